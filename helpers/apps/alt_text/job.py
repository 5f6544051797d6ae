"""The conductor: what happens to a row is read, visited, captioned and written, a step each.

Each step looks into the state file first, so the same command goes on wherever it was stopped.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from tqdm.auto import tqdm

from helpers.apps.alt_text.captioning.beside import ENDING
from helpers.apps.alt_text.captioning.cluster import CHUNK, share_out
from helpers.apps.alt_text.captioning.work import Batch, Settings, work_off
from helpers.apps.alt_text.files import JobError, beside, refuse_others, table_path, written
from helpers.apps.alt_text.reading import Reading, open_input
from helpers.apps.alt_text.reading.occurrences import Occurrence, cell_of
from helpers.apps.alt_text.signs import origin
from helpers.apps.alt_text.store import Store
from helpers.apps.alt_text.writing import Wish, output_files
from helpers.apps.alt_text.writing.exports import EXPORTS
from helpers.apps.alt_text.writing.outputs import Record, record_of
from helpers.apps.alt_text.writing.reviews import Decisions, holding, key_of
from helpers.files import locked

if TYPE_CHECKING:
    from helpers.captioner import Captioner

ADDED_AT_ONCE = 1000  # addresses
MORE_COLUMNS = 8  # without a name; what a row holds beyond them shares the last one
MOST_REPEATED = 2000  # characters of a row that stand beside its second image, and each after it
LASTING = ("ok", "decorative", "noai", "bad_address")  # no use to try again
UNDER_WAY = "this job is under way in another process; wait for it"


class Job:
    """An input, an output, and what stands between them.

    Attributes:
        output: the CSV file; the others stand beside it and share the first part of its name.
        table: the input.
        store: the state, once it is open.
        reviews: what people decided, by the keys of the images.
        keys, decided: of the images of the last `write`, and what was decided about them.
        language: of the captioner's texts.
    """

    store: Store

    def __init__(self, source: str | Path, output: str | Path, reading: Reading | None = None):
        self.output, self.held = table_path(output), ExitStack()
        self.reviews: Decisions = {}
        self.keys: set[str] = set()
        self.decided: dict[str, str] = {}
        self.language = "en"
        self.table = open_input(source, reading or Reading())

    def open_state(
        self,
        identity: dict,
        parquet: bool = False,
        report: bool = True,
        exports: Sequence[str] = (),
    ) -> None:
        """Open the job's state file, or begin one.

        identity: what must not change while a job goes on.
        parquet, report, exports: as in a `Wish`.
        Raises JobError if the state or a file to write is another job's, LockedError if it is
        under way.
        """
        more = [ending for name in exports for ending in EXPORTS[name]]
        state, files = beside(self.output, ".state"), written(self.output, parquet, report, more)
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
        """Read the input once and note its distinct addresses; return what was counted."""
        if counts := self.store.scanned():
            return counts
        self.store.start_anew()
        counts, turns, new = Counter(rows=0, images=0, width=0, left_out=0), Counter(), {}
        for row, found in tqdm(self.table.occurrences(), "reading", unit="row", disable=None):
            counts["rows"] += 1
            counts["left_out"] += not found
            counts["images"] += sum(bool(image.address) for image in found)
            counts["width"] = max(counts["width"], len(row))
            counts.update(image.status or "to caption" for image in found)
            for address in (image.address for image in found if not image.status):
                if address not in new and not self.store.knows(address):
                    new[address] = turns[origin(address)]
                    turns[origin(address)] += 1
            if len(new) >= ADDED_AT_ONCE:
                self.store.add(new.items())
                new = {}
        self.store.add(new.items())
        counts.update(addresses=sum(turns.values()), servers=len(turns))
        self.store.note(scanned=dict(counts))
        return dict(counts)

    def todo(self, limit: int | list[str] | None) -> tuple[Iterator[str], int | None]:
        """Return the addresses to visit, and how many they are at most.

        limit: so many of those not done yet, or these, or all.
        """
        if isinstance(limit, list):
            return iter(limit), len(limit)
        return self.store.waiting(limit), limit

    def work(
        self, captioner: "Captioner", settings: Settings, limit: int | list[str] | None = None
    ) -> None:
        """Fetch and caption what is not done yet; limit: as for `todo`."""
        addresses, limit = self.todo(limit)
        hosts, known = settings.hosts(), self.store.has_picture
        self.keep(work_off(addresses, captioner, settings, hosts, known), limit)

    def work_on_cluster(
        self,
        scheduler: str,
        settings: Settings,
        limit: int | list[str] | None = None,
        chunk: int = CHUNK,
    ) -> None:
        """Do the same on a Dask cluster; scheduler, chunk: as for `share_out`."""
        addresses, limit = self.todo(limit)
        self.keep(share_out(addresses, settings, scheduler, chunk), limit)

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

    def width(self) -> int:
        """Return how many of the input's columns the output has."""
        named, widest = len(self.table.columns), self.store.scanned()["width"]
        return max(named, min(widest, named + MORE_COLUMNS))

    def records(self) -> Iterator[Record]:
        """Yield the rows of the output: for a row with several images several."""
        width = self.width()
        for row, found in self.table.occurrences():
            cells = fitted(row, width, self.table.delimiter)
            for image in found:
                yield self.reviewed(record_of(cells, image, self.store.find), row, image)
                cells = repeated(cells)

    def reviewed(self, record: Record, row: Sequence[str], image: Occurrence) -> Record:
        """Return a record with what people decided, and what helps them to decide."""
        own = [image.status, image.alt] if image.status else ""
        key = key_of(record.image_address or "\t".join(row), own)
        picture, review = record.picture, holding(self.reviews, key)
        beside = self.store.picture(picture.digest + ENDING) if picture else None
        suggested = record.text and picture and picture.candidates
        lang = self.language if suggested or (review and review.text) else ""
        page = cell_of(row, self.table.places.page)
        context = {"Page": page} if page else {}
        return replace(record, key=key, review=review, beside=beside, lang=lang, context=context)

    def notes(self, counts: Mapping[str, int]) -> list[str]:
        """Return what of the input is left out, and why."""
        table = self.table
        above = [f"above the header, left out: {line[:200]}" for line in table.above]
        names = ", ".join(repr(table.columns[at]) for at in table.places.kinds)
        left = counts.get("left_out", 0)
        broken = ", ".join(sorted(table.broken)[:3]) + ", …" * (len(table.broken) > 3)
        above += [f"{len(table.broken):,} files can't be read: {broken}"] * bool(broken)
        return above + [f"{left:,} rows left out, whose {names} is no image"] * bool(left)

    def write(self, **wanted: object) -> tuple[Counter, list[Path]]:
        """Write all output files; return how many rows have which status, and the files.

        wanted: as in a `Wish`. After an error or Ctrl-C all files are as they were.
        """
        names, counts = self.table.columns, Counter()
        names = names + [f"column {n}" for n in range(len(names) + 1, self.width() + 1)]
        files = output_files(self.output, names, self.table.delimiter, Wish(**wanted))
        with files as (paths, writers):
            for record in self.records():
                counts[record.status] += 1
                if record.key in self.reviews:
                    self.keys.add(record.key)
                if record.review:
                    self.decided[record.key] = record.review.kind
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
