"""The order of the steps: scan the input, work off its addresses, write the answers.

Each step looks into the state file first, so the same command goes on wherever it was stopped.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tqdm.auto import tqdm

from helpers.apps.alt_text.columns import Columns, find_columns
from helpers.apps.alt_text.files import JobError, beside, hold, refuse_others, table_path, written
from helpers.apps.alt_text.occurrences import Occurrence, occurrences_in
from helpers.apps.alt_text.outputs import Record, csv_file, json_file, parquet_file
from helpers.apps.alt_text.politeness import Hosts, origin
from helpers.apps.alt_text.report import Report
from helpers.apps.alt_text.shards import Shards, folder_hash, open_shards
from helpers.apps.alt_text.store import Store
from helpers.apps.alt_text.tables import Table, open_table
from helpers.apps.alt_text.working import Settings, work_off
from helpers.apps.wording import per_word, short_alt_text

ADDED_AT_ONCE = 1000  # addresses
LASTING = ("ok", "decorative", "noai", "bad_address")  # no use to try again


@dataclass(frozen=True)
class Reading:
    """How to read the input; "" leaves it to be found.

    Attributes:
        base: what addresses are relative to where a row names no page.
        everything: caption also images that have an alt text.
    """

    address_column: str = ""
    page_column: str = ""
    alt_column: str = ""
    encoding: str = ""
    delimiter: str = ""
    base: str = ""
    everything: bool = False


class Job:
    """An input, an output, and what stands between them.

    Attributes:
        output: the CSV file; the others stand beside it and share the first part of its name.
    """

    def __init__(self, source: str | Path, output: str | Path, reading: Reading = Reading()):
        self.source, self.output, self.reading = Path(source), table_path(output), reading
        self.table: Table = open_input(self.source, reading)
        names = [reading.address_column, reading.page_column, reading.alt_column]
        if isinstance(self.table, Shards):
            names = ["url", reading.page_column, reading.alt_column or self.table.alt_column]
        self.columns: Columns = find_columns(self.table, *names)
        self.store, self.lock = Store(), None

    def beside(self, ending: str) -> Path:
        """Return the path of another file of this job."""
        return beside(self.output, ending)

    def open_state(self, identity: dict, parquet: bool = False, report: bool = True) -> None:
        """Open the job's state file, or begin one.

        identity: what must not change while a job goes on.
        parquet, report: as for `write`.
        Raises JobError if the state or a file to write is another job's.
        """
        state, files = self.beside(".state"), written(self.output, parquet, report)
        if not state.exists():
            refuse_others(files, [], self.source)
        self.output.parent.mkdir(parents=True, exist_ok=True)
        self.lock = hold(self.beside(".state-lock"))
        self.store = Store(state)
        known, names = self.store.manifest, [path.name for path in files]
        other = [key for key, value in identity.items() if known.get(key, value) != value]
        if other:
            there = " and ".join(str(path) for path in [state, *files] if path.exists())
            raise JobError(
                f"{state} belongs to another job: {' and '.join(other)} changed since. "
                f"Choose another -o, or delete {there} to begin anew"
            )
        own = known.get("files", names if known else [])
        refuse_others(files, own, self.source)
        self.store.note(**identity, files=sorted({*own, *names}))

    def close(self) -> None:
        """Let others open the state file."""
        self.store.close()
        if self.lock:
            self.lock.close()
            self.beside(".state-lock").unlink(missing_ok=True)

    def occurrences(self) -> Iterator[tuple[list[str], list[Occurrence]]]:
        """Yield the rows of the input, each with its images."""
        base, everything, table = self.reading.base, self.reading.everything, self.table
        for row in table.rows():
            if isinstance(table, Shards):
                yield row, [table.occurrence(row, self.columns, everything)]
            else:
                yield row, occurrences_in(row, self.columns, base, everything)

    def scan(self) -> dict:
        """Read the input once and note its distinct addresses; return what was counted."""
        if counts := self.store.manifest.get("scanned"):
            return counts
        self.store.start_anew()
        counts, turns, new = Counter(rows=0, images=0), Counter(), []
        fresh: set[str] = set()
        for row, found in tqdm(self.occurrences(), "reading", unit="row", disable=None):
            counts["rows"] += 1
            counts["images"] += sum(bool(image.address) for image in found)
            counts["width"] = max(counts["width"], len(row))
            counts.update(image.status or "to caption" for image in found)
            for address in (image.address for image in found if not image.status):
                if address not in fresh and not self.store.knows(address):
                    fresh.add(address)
                    new.append((address, turns[origin(address)]))
                    turns[origin(address)] += 1
            if len(new) >= ADDED_AT_ONCE:
                self.store.add(new)
                new, fresh = [], set()
        self.store.add(new)
        counts |= {"addresses": sum(turns.values()), "servers": len(turns)}
        self.store.note(scanned=dict(counts))
        return dict(counts)

    def work(self, captioner: object, settings: Settings, limit: int | None = None) -> None:
        """Fetch and caption what is not done yet, at most `limit` addresses."""
        with self.bar(limit) as bar:
            hosts = Hosts(settings.rate, settings.local, settings.user_agent, settings.folder)
            addresses, known = self.store.waiting(limit), self.store.has_picture
            for findings, pictures in work_off(addresses, captioner, settings, hosts, known):
                self.store.save(findings, pictures)
                bar.update(len(findings))

    def bar(self, limit: int | None) -> tqdm:
        """Return a bar over the addresses that are not done yet."""
        counts = self.store.count()
        done, total = sum(counts.values()) - counts.get("pending", 0), sum(counts.values())
        total = total if limit is None else min(total, done + limit)
        return tqdm(desc="images", total=total, initial=done, unit="image", disable=None)

    def records(self) -> Iterator[Record]:
        """Yield the rows of the output: for a row with several images several."""
        width = self.width()
        for row, found in self.occurrences():
            cells = row + [""] * (width - len(row))
            for image in found:
                yield self.record(cells, image)

    def width(self) -> int:
        """Return how many columns the widest row has."""
        return max(len(self.table.columns), self.store.manifest["scanned"]["width"])

    def record(self, cells: list[str], image: Occurrence) -> Record:
        """Return what is known of one image of one row."""
        shards = isinstance(self.table, Shards)
        shown = cells[self.columns.address] if shards else image.address
        if image.status:
            return Record(cells, shown, image.alt, None, image.status, image.message)
        finding, picture = self.store.find(image.address)
        status, message = finding.status, finding.message
        text, confidence = "", None
        if status == "ok" and picture and picture.candidates:
            caption, probability = picture.candidates[0]
            confidence = round(per_word(probability, caption), 3)
            text = short_alt_text(caption)
        if status == "ok" and not text:
            status, message = "no_words", "the captioner found no words; describe it by hand"
        return Record(cells, shown, text, confidence, status, message, picture)

    def write(self, parquet: bool = False, report: bool = True) -> tuple[Counter, list[Path]]:
        """Write all output files; return how many rows have which status, and the files."""
        width, counts = self.width(), Counter()
        names = self.table.columns
        names = names + [f"column {n}" for n in range(len(names) + 1, width + 1)]
        with ExitStack() as stack:
            enter, files = stack.enter_context, [self.output, self.beside(".jsonl")]
            writers: list[Callable[[Record], object]] = [
                enter(csv_file(files[0], names, self.table.delimiter)),
                enter(json_file(files[1], names)),
            ]
            if parquet:
                files.append(self.beside(".parquet"))
                writers.append(enter(parquet_file(files[2], names)))
            if report:
                pages = Report(self.beside(".report.html"), names, self.table.delimiter)
                stack.callback(lambda: files.extend(pages.close()))
                writers.append(pages.write)
            for record in self.records():
                counts[record.status] += 1
                for write in writers:
                    write(record)
        return counts, files


def open_input(source: Path, reading: Reading) -> Table:
    """Recognise a file, or a folder of img2dataset."""
    if source.is_dir():
        return open_shards(source)
    return open_table(source, reading.encoding, reading.delimiter)


def input_hash(path: str | Path) -> str:
    """Return the SHA-256 of a file, read piece by piece, or of what a folder lists."""
    if Path(path).is_dir():
        return folder_hash(path)
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def first_addresses(job: Job, number: int = 5) -> list[str]:
    """Return the first addresses that would be visited; reads no further than it has to."""
    found: dict[str, None] = {}
    for _, images in job.occurrences():
        found |= dict.fromkeys(image.address for image in images if not image.status)
        if len(found) >= number:
            break
    return list(found)[:number]
