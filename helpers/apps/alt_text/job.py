"""The conductor: what happens to a row is read, visited, captioned and written, a step each.

Each step looks into the state file first, so the same command goes on wherever it was stopped.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm.auto import tqdm

from helpers.apps.alt_text.captioning.cluster import CHUNK, share_out
from helpers.apps.alt_text.captioning.work import Batch, Settings, work_off
from helpers.apps.alt_text.files import JobError, beside, refuse_others, table_path, written
from helpers.apps.alt_text.known import Known
from helpers.apps.alt_text.reading import Reading, open_input
from helpers.apps.alt_text.reading.context import context_text
from helpers.apps.alt_text.reading.occurrences import Occurrence
from helpers.apps.alt_text.reading.purpose import REPEATED
from helpers.apps.alt_text.scanning import scan
from helpers.apps.alt_text.store import Store
from helpers.apps.alt_text.visiting.pages import read_pages
from helpers.apps.alt_text.visiting.politeness import Hosts
from helpers.apps.alt_text.writing import output_files
from helpers.apps.alt_text.writing.outputs import Record, record_of, unique
from helpers.files import locked

if TYPE_CHECKING:
    from helpers.captioner import AnyCaptioner

MORE_COLUMNS = 8  # without a name; what a row holds beyond them shares the last one
MOST_REPEATED = 2000  # characters of a row that stand beside its second image, and each after it
# What was seen on a page, and the column that it gets.
PAGE_COLUMNS = {
    "title": "page_title",
    "h1": "page_h1",
    "heading": "page_heading",
    "figcaption": "page_caption",
    "link": "page_link",
    "link_name": "page_link_name",
}
UNDER_WAY = "this job is under way in another process; wait for it"


class Job:
    """An input, an output, and what stands between them.

    Attributes:
        output: the CSV file; the others stand beside it and share the first part of its name.
        table: the input.
        store: the state, once it is open.
        known: what is known beside the rows, once they have been read.
    """

    store: Store
    known: Known

    def __init__(self, source: str | Path, output: str | Path, reading: Reading | None = None):
        self.output, self.held = table_path(output), ExitStack()
        self.table = open_input(source, reading or Reading())

    def open_state(self, identity: dict, parquet: bool = False, report: bool = True) -> None:
        """Open the job's state file, or begin one.

        identity: what must not change while a job goes on.
        parquet, report: as for `write`.
        Raises JobError if the state or a file to write is another job's, LockedError if it is
        under way.
        """
        state, files = beside(self.output, ".state"), written(self.output, parquet, report)
        if not state.exists():
            refuse_others(files, [], self.table.path)
        with ExitStack() as stack:
            stack.enter_context(locked(state, problem=UNDER_WAY))
            self.store = stack.enter_context(closing(Store(state)))
            known, names = self.store.manifest, [path.name for path in files]
            identical = identity if "scanned" in known else {}  # before, it's no job yet
            other = [key for key, value in identical.items() if known.get(key, value) != value]
            if other:
                there = " and ".join(str(path) for path in [state, *files] if path.exists())
                raise JobError(
                    f"{state} belongs to another job: {' and '.join(other)} changed since. "
                    f"Choose another -o, or delete {there} to begin anew"
                )
            own = known.get("files", names if known else [])
            refuse_others(files, own, self.table.path)
            self.store.note(**identity, files=sorted({*own, *names}))
            self.held = stack.pop_all()

    def close(self) -> None:
        """Let others open the state file."""
        self.held.close()

    def scan(self) -> dict:
        """Read the input and note its distinct addresses; return what was counted.

        Once is enough, unless pages have been read since. Raises JobError if pages are to be read
        and no row names one.
        """
        if self.table.reading.read_pages and self.table.places.page is None:
            problem = "--read-pages: no column names the page on which an image stands"
            raise JobError(f"{problem}. Name it with --page-column NAME")
        self.table.known = self.known = Known(self.store, REPEATED)
        return scan(self.table, self.store, self.known)

    def read_pages(self, hosts: Hosts, limit: int | None = None) -> None:
        """Read the pages on which images stand, each once, at most `limit`, and scan anew."""
        total, done, _ = self.known.count_pages()
        total = total if limit is None else min(total, done + limit)
        bar = tqdm(desc="pages", total=total, initial=done, unit="page", disable=None)
        with bar, closing(read_pages(self.known.unread(limit), hosts)) as pages:
            for finding, page in pages:
                self.known.save_page(finding, page)
                bar.update()
        self.scan()

    def work(
        self,
        captioner: "AnyCaptioner",
        settings: Settings,
        limit: int | None = None,
        hosts: Hosts | None = None,
    ) -> None:
        """Fetch and caption what is not done yet, at most `limit` addresses.

        hosts: what is known of the servers by now.
        """
        addresses, hosts = self.store.waiting(limit), hosts or settings.hosts()
        known = self.store.has_picture, self.known.context
        self.keep(work_off(addresses, captioner, hosts, *known, settings.read_text), limit)

    def work_on_cluster(
        self, scheduler: str, settings: Settings, limit: int | None = None, chunk: int = CHUNK
    ) -> None:
        """Do the same on a Dask cluster; scheduler, chunk: as for `share_out`."""
        addresses, context_of = self.store.waiting(limit), self.known.context
        self.keep(share_out(addresses, settings, scheduler, chunk, context_of), limit)

    def keep(self, batches: Iterator[Batch], limit: int | None) -> None:
        """Save what is found as it comes, under a bar over the addresses not done yet."""
        counts = self.store.count()
        done, total = sum(counts.values()) - counts.get("pending", 0), sum(counts.values())
        total = total if limit is None else min(total, done + limit)
        bar = tqdm(desc="images", total=total, initial=done, unit="image", disable=None)
        with bar, closing(batches):
            for findings, pictures in batches:
                self.store.save(findings, pictures)
                bar.update(len(findings))

    def width(self) -> int:
        """Return how many of the input's columns the output has."""
        named, widest = len(self.table.columns), self.store.scanned()["width"]
        return max(named, min(widest, named + MORE_COLUMNS))

    def columns(self) -> list[str]:
        """Return the names of the output's columns, before those that hold the answers."""
        named = self.table.columns
        named = named + [f"column {n}" for n in range(len(named) + 1, self.width() + 1)]
        added = [*PAGE_COLUMNS.values(), "context"] if self.table.reading.read_pages else []
        return [*named, *unique([*named, *added])[len(named) :]]

    def records(self) -> Iterator[Record]:
        """Yield the rows of the output: for a row with several images several."""
        width = self.width()
        for row, found in self.table.occurrences():
            cells = fitted(row, width, self.table.delimiter)
            for image in found:
                yield record_of([*cells, *self.seen(image)], image, self.store.find)
                cells = repeated(cells)

    def seen(self, image: Occurrence) -> list[str]:
        """Return the cells that say what was seen around an image on its page."""
        if not self.table.reading.read_pages:
            return []
        cells = [image.context.get(name, "") for name in PAGE_COLUMNS]
        return [*cells, context_text(image.context)]

    def notes(self, counts: Mapping[str, int]) -> list[str]:
        """Return what of the input is left out, and why."""
        table = self.table
        above = [f"above the header, left out: {line[:200]}" for line in table.above]
        names = ", ".join(repr(table.columns[at]) for at in table.places.kinds)
        left = counts.get("left_out", 0)
        broken = ", ".join(sorted(table.broken)[:3]) + ", …" * (len(table.broken) > 3)
        above += [f"{len(table.broken):,} files can't be read: {broken}"] * bool(broken)
        return above + [f"{left:,} rows left out, whose {names} is no image"] * bool(left)

    def write(self, parquet: bool = False, report: bool = True) -> tuple[Counter, list[Path]]:
        """Write all output files; return how many rows have which status, and the files.

        After an error or Ctrl-C all of them are as they were.
        """
        names, counts = self.columns(), Counter()
        files = output_files(self.output, names, self.table.delimiter, parquet, report)
        with files as (paths, writers):
            for record in self.records():
                counts[record.status] += 1
                for write in writers:
                    write(record)
        return counts, paths


def fitted(row: Sequence[str], width: int, delimiter: str) -> list[str]:
    """Return as many cells as there are columns; what is too much shares the last one."""
    if len(row) <= width:
        return [*row, *[""] * (width - len(row))]
    return [*row[: width - 1], delimiter.join(row[width - 1 :])]


def repeated(cells: list[str]) -> list[str]:
    """Return the cells of a row beside its second image: the long ones stand by the first alone.

    Else a cell of n images would be written n times.
    """
    if sum(map(len, cells)) <= MOST_REPEATED:
        return cells
    most = MOST_REPEATED // len(cells)
    return [cell if len(cell) <= most else f"{cell[:most]}…" for cell in cells]
