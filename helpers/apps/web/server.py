"""What listens: waitress, with a guard at the door and a stop that leaves nobody without an answer.

Other servers were looked at for what the guard does (November 2026): a deadline for a whole
request, a number of connections for each client, and one limit to the bytes of all uploads. None
has them: Granian, Hypercorn, cheroot and uvicorn time single reads, headers or pauses, gunicorn and
Granian run in processes of their own and not in a notebook's thread, and cheroot gives a thread to
every slow sender. waitress reads all uploads in one thread, so that a slow one takes no other.
"""

import socket
from contextlib import suppress
from functools import partial
from time import monotonic

from flask import Flask
from waitress import create_server, wasyncore

from helpers.apps.web.desk import PLACES
from helpers.apps.web.guard import CONNECTIONS, DEADLINE, Guard
from helpers.apps.web.uploads import UploadChannel

THREADS = PLACES + 8  # a thread per waiting photo, and some to say that there is no place left
HEADERS = 65_536  # bytes of a request before its body; a browser's cookies for localhost are long
GRACE = 3  # seconds to finish in after `stop`
FAREWELL = 2  # seconds for the last batch, and to tell the others to come again


class ServerError(ValueError):
    """The server can't listen where it should; the message says what to do."""


class PageServer:
    """Serves an app until `stop`.

    Arguments:
        app: a PhotoPage, or any Flask app with a MAX_CONTENT_LENGTH. It is told in its setting HOST
            where it is reached.
        host: "127.0.0.1" lets in this computer alone, "0.0.0.0" everybody who can reach it.
        port: 0 takes a free one.

    Attributes:
        address: where the page is.

    Raises ServerError where it can't listen. Taught in lesson 11.
    """

    def __init__(self, app: Flask, host: str = "127.0.0.1", port: int = 8000):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            listener = socket.create_server((host, port), family=family)
        except (OSError, OverflowError) as error:
            problem = f"can't listen on {host}, port {port} ({error}); choose another --port"
            raise ServerError(problem) from None
        limit = app.config["MAX_CONTENT_LENGTH"] + 1
        self.server = create_server(
            app,
            sockets=[listener],
            threads=THREADS,
            connection_limit=CONNECTIONS + 50,  # beyond those the guard makes way for no more
            max_request_header_size=HEADERS,
            max_request_body_size=limit,
            inbuf_overflow=2 * limit,  # else waitress writes longer uploads to temporary files
            outbuf_overflow=2 * limit,
            channel_timeout=DEADLINE,
            ident=None,
        )
        self.guard = Guard(self.server.active_channels)
        self.server.channel_class = partial(UploadChannel, self.guard)
        app.config["HOST"] = host
        name = f"[{host}]" if ":" in host else host
        self.address = f"http://{name}:{listener.getsockname()[1]}"
        self.app, self.stopping = app, False

    def run(self) -> None:
        """Serve until `stop`; then finish what has begun, for GRACE + FAREWELL seconds at most."""
        while not self.stopping:
            self.turn()
        wasyncore.dispatcher.close(self.server)  # nobody new comes in
        self.finish(GRACE)
        self.call_last_orders()
        self.finish(FAREWELL)
        self.server.task_dispatcher.shutdown(timeout=0.2)
        wasyncore.close_all(self.server._map)

    def turn(self) -> None:
        """Wait a moment for news on any connection and see to it."""
        wasyncore.loop(timeout=0.5, map=self.server._map, count=1)
        self.guard.look()

    def finish(self, seconds: float) -> None:
        """Go on until nothing is going on any more, or the time is over."""
        deadline = monotonic() + seconds
        while self.busy() and monotonic() < deadline:
            self.turn()

    def call_last_orders(self) -> None:
        """Cut uploads that are still on their way; the app tells those who wait to come again.

        It does so in its `give_up`, if it has one.
        """
        for channel in self.guard.open_channels():
            channel.will_close |= not (channel.requests or channel.total_outbufs_len)
        getattr(self.app, "give_up", lambda: None)()

    def busy(self) -> bool:
        """Hang up where nothing is going on; return whether something is going on elsewhere."""
        channels = list(self.server.active_channels.values())
        for channel in channels:
            channel.will_close |= channel.idle
        return any(not channel.idle for channel in channels)

    def stop(self, *_: object) -> None:
        """Let `run` end; may be called by another thread, or be a signal's handler."""
        self.stopping = True
        with suppress(OSError):  # `run` may have ended at that very moment
            self.server.pull_trigger()
