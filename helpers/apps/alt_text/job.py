"""The conductor: what happens to a row is read, visited, captioned and written, a step each.

Each step looks into the state file first, so the same command goes on wherever it was stopped.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from tqdm.auto import tqdm

from helpers.apps.alt_text.captioning.cluster import share_out
from helpers.apps.alt_text.captioning.work import Batch, Settings, work_off
from helpers.apps.alt_text.files import JobError, beside, refuse_others, table_path, written
from helpers.apps.alt_text.known import Known
from helpers.apps.alt_text.reading import Reading, open_input
from helpers.apps.alt_text.reading.columns import unread
from helpers.apps.alt_text.reading.purpose import REPEATED
from helpers.apps.alt_text.records import Records
from helpers.apps.alt_text.sampling import pages_of
from helpers.apps.alt_text.scanning import scan
from helpers.apps.alt_text.store import Store
from helpers.apps.alt_text.visiting.pages import read_pages
from helpers.apps.alt_text.visiting.politeness import Hosts
from helpers.apps.alt_text.writing import Wish, output_files
from helpers.apps.alt_text.writing.exports import EXPORTS
from helpers.apps.alt_text.writing.reviews import Decisions
from helpers.apps.wording import counted
from helpers.files import check_target, locked

if TYPE_CHECKING:
    from helpers.captioner import AnyCaptioner

UNDER_WAY = "this job is under way in another process; wait for it"


class Job:
    """An input, an output, and what stands between them.

    Attributes:
        output: the CSV file; the others stand beside it and share the first part of its name.
        table: the input.
        store: the state, once it is open.
        known: what is known beside the rows, once they have been read.
        reviews, language: as in `Records`.
        keys, decided: of the images of the last `write`, and what was decided about them.
    """

    store: Store
    known: Known

    def __init__(self, source: str | Path, output: str | Path, reading: Reading | None = None):
        self.output, self.held = table_path(output), ExitStack()
        self.reviews: Decisions = {}
        self.keys: set[str] = set()
        self.decided: dict[str, str] = {}
        self.language = ""
        self.table = open_input(source, reading or Reading())

    def open_state(self, identity: dict, wish: Wish | None = None) -> None:
        """Open the job's state file, or begin one.

        identity: what must not change while a job goes on.
        wish: which files are to be written.
        Raises JobError if the state or a file to write is another job's, LockedError if it is
        under way, OSError where nothing can be written.
        """
        check_target(self.output)
        wish = wish or Wish()
        more = [ending for name in wish.exports for ending in EXPORTS[name]]
        files = written(self.output, wish.parquet, wish.report, more)
        state = beside(self.output, ".state")
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

    def read_pages(self, hosts: Hosts, limit: int | list[str] | None = None) -> None:
        """Read the pages on which images stand, each once, and scan anew.

        limit: at most so many pages, or those of these images, or all.
        """
        total, done, _ = self.known.count_pages()
        if isinstance(limit, list):
            unread = self.known.unread_among(pages_of(self.table, limit))
            total = done + len(unread)
        else:
            unread = self.store.waiting(limit, "pages")
            total = total if limit is None else min(total, done + limit)
        bar = tqdm(desc="pages", total=total, initial=done, unit="page", disable=None)
        with bar, closing(read_pages(unread, hosts)) as pages:
            for finding, page in pages:
                self.known.save_page(finding, page)
                bar.update()
        self.scan()

    def todo(self, limit: int | list[str] | None) -> tuple[Iterator[str], int | None]:
        """Return the addresses to visit, and how many they are at most.

        limit: so many of those not done yet, or these, or all.
        """
        if isinstance(limit, list):
            return iter(limit), len(limit)
        return self.store.waiting(limit), limit

    def work(
        self,
        captioner: "AnyCaptioner",
        settings: Settings,
        limit: int | list[str] | None = None,
        hosts: Hosts | None = None,
    ) -> None:
        """Fetch and caption what is not done yet.

        limit: as for `todo`.
        hosts: what is known of the servers by now.
        """
        (addresses, limit), hosts = self.todo(limit), hosts or settings.hosts()
        known = self.store.has_picture, self.known.context
        self.keep(work_off(addresses, captioner, hosts, *known, settings.read_text), limit)

    def work_on_cluster(
        self,
        scheduler: str,
        settings: Settings,
        limit: int | list[str] | None = None,
    ) -> None:
        """Do the same on a Dask cluster; scheduler: as for `share_out`."""
        (addresses, limit), context_of = self.todo(limit), self.known.context
        self.keep(share_out(addresses, settings, scheduler, context_of=context_of), limit)

    def keep(self, batches: Iterator[Batch], limit: int | None) -> None:
        """Save what is found as it comes, under a bar over the addresses not done yet."""
        counts = self.store.count()
        done, total = sum(counts.values()) - counts.get("pending", 0), sum(counts.values())
        total = total if limit is None else min(total, done + limit)
        bar = tqdm(desc="images", total=total, initial=done, unit="image", disable=None)
        begun, visited = monotonic(), 0
        with bar, closing(batches):
            for findings, pictures in batches:
                self.store.save(findings, pictures)
                bar.update(len(findings))
                visited += len(findings)
        if visited:
            self.store.note(seconds=round((monotonic() - begun) / visited, 3))

    def notes(self, counts: Mapping[str, int]) -> list[str]:
        """Return what of the input is left out, and why."""
        table = self.table
        above = [f"above the header, left out: {line[:200]}" for line in table.above]
        names = ", ".join(repr(table.columns[at]) for at in table.places.kinds)
        left = counts.get("left_out", 0)
        broken = ", ".join(sorted(table.broken)[:3]) + ", …" * (len(table.broken) > 3)
        above += [f"{counted(len(table.broken), 'file')} can't be read: {broken}"] * bool(broken)
        above += [f"{counted(left, 'row')} left out, whose {names} is no image"] * bool(left)
        if more := ", ".join(map(repr, unread(table))):
            cure = "--address-column and --alt-column take others"
            above.append(f"more columns of images or alt texts, not read: {more}; {cure}")
        return above

    def records(self) -> Records:
        """Return the rows of the output."""
        return Records(self.table, self.store, self.reviews, self.language)

    def write(self, wish: Wish) -> tuple[Counter, list[Path]]:
        """Write all output files; return how many rows have which status, and the files.

        After an error or Ctrl-C all files are as they were.
        """
        records, counts = self.records(), Counter()
        names, delimiter = records.columns(), self.table.delimiter
        with output_files(self.output, names, delimiter, wish) as (paths, writers):
            for record in records:
                counts[record.status] += 1
                if record.key in self.reviews:
                    self.keys.add(record.key)
                if record.review:
                    self.decided[record.key] = record.review.kind
                for write in writers:
                    write(record)
        return counts, paths
