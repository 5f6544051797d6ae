"""The input, read once before all visits: which addresses wait, and what is known of them."""

from collections import Counter
from collections.abc import Sequence

from tqdm.auto import tqdm

from helpers.apps.alt_text import statuses
from helpers.apps.alt_text.known import Known
from helpers.apps.alt_text.reading import Table
from helpers.apps.alt_text.reading.context import context_text
from helpers.apps.alt_text.reading.occurrences import Occurrence
from helpers.apps.alt_text.signs import origin
from helpers.apps.alt_text.store import Store

ADDED_AT_ONCE = 1000  # addresses
KEPT_SO_FAR = (statuses.EXISTS, statuses.WEAK)


def scan(table: Table, store: Store, known: Known) -> dict[str, int]:
    """Note the distinct addresses of an input; return what was counted.

    It is read again if its alt texts turn out to repeat, and whenever pages have been read since.
    """
    read = int(known.count_pages()[2])
    counts = store.scanned()
    if counts and counts.get("pages_read", 0) == read:
        return counts
    counts = Scan(table, store, known).counted()
    if known.find_repeated():
        counts = Scan(table, store, known).counted()
    counts |= {"pages": known.count_pages()[0], "pages_read": read}
    store.note(scanned=counts)
    return counts


class Scan:
    """One way through the rows.

    Attributes:
        new: the addresses met since the last were kept, and their turns.
        contexts, alts, pages: the same for what is known beside them.
    """

    def __init__(self, table: Table, store: Store, known: Known):
        self.table, self.store, self.known = table, store, known
        self.counts = Counter(rows=0, images=0, width=0, left_out=0)
        self.turns, self.page_turns = Counter(), Counter()
        self.new: dict[str, int] = {}
        self.contexts: dict[str, str] = {}
        self.pages: dict[str, int] = {}
        self.alts: list[tuple[str, str]] = []

    def counted(self) -> dict[str, int]:
        """Go through the rows; return what was counted."""
        self.store.start_anew()
        self.known.forget_contexts()
        for row, found in tqdm(self.table.occurrences(), "reading", unit="row", disable=None):
            self.count(row, found)
            for image in found:
                self.note(image)
            if max(map(len, (self.new, self.alts, self.pages))) >= ADDED_AT_ONCE:
                self.keep()
        self.keep()
        addresses = sum(self.store.count().values())
        self.counts.update(addresses=addresses, servers=len(self.turns))
        return dict(self.counts)

    def count(self, row: Sequence[str], found: Sequence[Occurrence]) -> None:
        """Count a row and its images."""
        counts = self.counts
        counts["rows"] += 1
        counts["left_out"] += not found
        counts["images"] += sum(bool(image.address) for image in found)
        counts["width"] = max(counts["width"], len(row))
        counts.update(image.status or "to caption" for image in found)

    def note(self, image: Occurrence) -> None:
        """Note what an image brings: an address to visit, a page to read, an alt text."""
        address = image.address
        if image.status in KEPT_SO_FAR:
            self.alts.append((image.alt, address))
        if image.status in ("", statuses.LOOKS_DECORATIVE) and self.table.reading.read_pages:
            server = origin(image.page)
            if server and image.page not in self.pages:
                self.pages[image.page] = self.page_turns[server]
                self.page_turns[server] += 1
        if image.status or address in self.new:
            return
        if not self.store.knows(address):
            self.new[address] = self.turns[origin(address)]
        self.turns[origin(address)] += 1
        if text := context_text(image.context):
            self.contexts.setdefault(address, text)

    def keep(self) -> None:
        """Keep what was noted."""
        self.store.add(self.new.items())
        self.known.add_pages(self.pages)
        self.known.note_alts(self.alts)
        self.known.note_contexts(self.contexts)
        self.new, self.contexts, self.pages, self.alts = {}, {}, {}, []
