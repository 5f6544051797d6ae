"""The guard at the door: no connection, no client and no upload may take more than its share."""

from collections import Counter
from collections.abc import Mapping
from time import monotonic

from helpers.apps.web.uploads import UploadChannel

CONNECTIONS = 200  # in all
PER_CLIENT = 160  # of one address: a school's classroom, or a proxy in front
ROOM = 150_000_000  # bytes that all uploads and unread answers together may take
DEADLINE = 120  # seconds that a request may take to arrive, or an answer to be read
PATIENCE = 20  # seconds without progress until a connection is cut
LOOK = 1  # seconds between two looks at who makes progress
SLOWEST = 5_000  # bytes between two looks that count as progress
STALLED = 3  # seconds without progress after which an upload makes room for another


class Guard:
    """Cuts whoever is slow, and says whether there is room for an upload.

    A connection whose photo is at the desk is never cut. Where a place is wanted, it is taken
    from the client who has the most connections, and of those from the one that has made no
    progress for the longest time: so whoever only holds places makes way for those who use them.

    Arguments:
        channels: the connections that are open now; waitress keeps this mapping up to date.
    """

    def __init__(self, channels: Mapping[int, UploadChannel]):
        self.channels, self.looked = channels, monotonic()

    def open_channels(self) -> list[UploadChannel]:
        """Return the connections that aren't about to be closed."""
        return [channel for channel in list(self.channels.values()) if not channel.will_close]

    def make_way(self) -> None:
        """Cut a connection if there are too many; called for each new one."""
        channels = self.open_channels()
        (client, most), *_ = Counter(channel.client for channel in channels).most_common(1)
        if most > PER_CLIENT or len(channels) > CONNECTIONS:
            self.cut_slowest([channel for channel in channels if channel.client == client])

    def has_room(self, size: int) -> bool:
        """Return whether an upload of so many bytes may come in; stalled ones make room for it."""
        channels = self.open_channels()
        free = ROOM - size - sum(channel.held for channel in channels)
        early = monotonic() - STALLED
        stalled = [each for each in channels if each.held and each.progress < early]
        while free < 0 and (slowest := self.cut_slowest(stalled)):
            free += slowest.held
            stalled.remove(slowest)
        return free >= 0

    def cut_slowest(self, channels: list[UploadChannel]) -> UploadChannel | None:
        """Cut the connection that has made no progress for the longest time, and return it."""
        waiting = [channel for channel in channels if not channel.requests]
        slowest = min(waiting, key=lambda channel: channel.progress, default=None)
        if slowest:
            slowest.will_close = True
        return slowest

    def look(self) -> None:
        """Once a second, see who makes progress; cut those who are too slow."""
        now = monotonic()
        if now < self.looked + LOOK:
            return
        self.looked = now
        for channel in self.open_channels():
            channel.note_progress(now, SLOWEST)
            late = now > channel.progress + PATIENCE or now > channel.began + DEADLINE
            channel.will_close |= late
