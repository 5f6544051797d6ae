"""The answers, row by row, into files: CSV that is safe to open, JSON Lines, Parquet."""

import csv
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from helpers.apps.alt_text import statuses
from helpers.apps.alt_text.findings import Finding, Picture
from helpers.apps.alt_text.reading.occurrences import Occurrence
from helpers.apps.alt_text.writing.reviews import Decision
from helpers.apps.wording import short_alt_text

ADDED = ("image_address", "alt_text", "confidence", "status", "message", "lang", "review")
# A spreadsheet runs a cell that begins like this, unless it is a number (source: OWASP).
FORMULA = re.compile(r"^(?![+-]?\d[\d.,]*$)[=+\-@\t\r\n＝＋－＠]")
# What may stand before one inside of a cell, where another spreadsheet splits at “;” or a tab.
INNER = re.compile(
    r'(?<![\s",;|])[\s",;|]+(?=[=+\-@＝＋－＠])(?![+-]?\d[\d.,]*[\s"]*([,;\t|\r\n]|$))'
)
TOLD = ("caption", "probability", "confidence")  # of each candidate, in JSON Lines
SEPARATORS = ",;\t|\r\n"
NOT_SURE = "the captioner isn't sure; describe it by hand"
NO_WORDS = "the captioner found no words; describe it by hand"
NOT_LOOKED_AT = Finding("", statuses.PENDING), None
LONGEST_SHOWN = 300  # characters of an image that is its own address (data:…)


@dataclass(frozen=True)
class Record:
    """A row of the output.

    Attributes:
        row: the input's cells, as many as there are columns.
        image_address: absolute.
        confidence: 0 to 1, the chance that the captioner's text is right, or how surely a text was
            read; None where nobody has measured it.
        picture: thumbnail and candidates, where there are some.
        key: names the image in a review, whatever a captioner says of it.
        context: what its page says around it, label -> text.
        beside: what a second captioner says of it.
        lang: the language of a suggestion, such as "en".
        review: what a person decided; their text stands, whatever is suggested.
    """

    row: list[str]
    image_address: str
    alt_text: str
    confidence: float | None
    status: str
    message: str
    picture: Picture | None = None
    key: str = ""
    context: dict[str, str] = field(default_factory=dict)
    beside: Picture | None = None
    lang: str = ""
    review: Decision | None = None

    @property
    def text(self) -> str:
        """The text to publish: a person's, else the suggestion."""
        return self.review.text if self.review else self.alt_text

    @property
    def image(self) -> str:
        """The address; of an image that is its own address (data:…) the beginning."""
        image = self.image_address
        return image if len(image) <= LONGEST_SHOWN else f"{image[:60]}…"

    def added(self) -> list[str]:
        """Return the cells of the columns ADDED."""
        confidence = "" if self.confidence is None else f"{self.confidence:g}"
        decision = self.review.kind if self.review else ""
        said = [self.status, self.message, self.lang, decision]
        return [self.image, self.text, confidence, *said]


def record_of(
    row: list[str], image: Occurrence, find: Callable[[str], tuple[Finding, Picture | None]]
) -> Record:
    """Return what is to be written of one image of one row.

    find: tells what became of an address.
    """
    shown = image.shown or image.address
    (_, status, message, _), picture = find(image.address) if image.address else NOT_LOOKED_AT
    if image.status:
        text = image.suggestion or image.alt
        return Record(row, shown, text, None, image.status, image.message, picture)
    said = picture.candidates if picture and status in (statuses.OK, statuses.TEXT) else []
    text, confidence = (said[0].caption, said[0].confidence) if said else ("", None)
    if status == statuses.OK:
        text = short_alt_text(text)
        if picture and not picture.sure:
            status, text, message = statuses.UNSURE, "", NOT_SURE
        elif not text:
            status, message = statuses.NO_WORDS, NO_WORDS
    return Record(row, shown, text, confidence, status, message, picture)


def added_names(columns: Sequence[str]) -> list[str]:
    """Return the names of the columns ADDED, other ones where the input has them already."""
    taken, names = {column.lower() for column in columns}, []
    for name in ADDED:
        while name in taken:
            name = f"new_{name}"
        names.append(name)
    return names


Write = Callable[[Record], object]


def unique(names: Sequence[str]) -> list[str]:
    """Return names that differ: "a", "a" gives "a", "a 2"."""
    given, times = {}, Counter()  # a dict keeps their order
    for name in names:
        text = name
        while text in given:
            times[name] += 1
            text = f"{name} {times[name] + 1}"
        given[text] = None
    return list(given)


def safe(cell: str, delimiter: str = ",") -> str:
    """Return a cell that no spreadsheet takes for a formula: "=1+1" gives "'=1+1".

    delimiter: of the file. At any other one a spreadsheet may cut the cell: "a;=1" gives "a;'=1".
    """

    def guarded(run: re.Match) -> str:
        cut = set(run[0]) & set(SEPARATORS) - {delimiter}
        return f"{run[0]}'" if cut else run[0]

    return INNER.sub(guarded, f"'{cell}" if FORMULA.match(cell) else cell)


@contextmanager
def csv_file(path: Path, columns: Sequence[str], delimiter: str) -> Iterator[Write]:
    """Give a function that writes a Record into a CSV file, with the input's delimiter."""
    # The mark at the start tells spreadsheets that it is UTF-8.
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file, delimiter=delimiter)

        def write(cells: list[str]) -> None:
            writer.writerow(safe(cell, delimiter) for cell in cells)

        write([*columns, *added_names(columns)])
        yield lambda record: write([*record.row, *record.added()])


@contextmanager
def json_file(path: Path, columns: Sequence[str]) -> Iterator[Write]:
    """Give a function that writes a Record as a line of JSON, its candidates included."""
    names = unique(columns)

    def line(record: Record) -> str:
        candidates = record.picture.candidates if record.picture else []
        content = {
            "row": dict(zip(names, record.row, strict=True)),
            **dict(zip(ADDED, record.added(), strict=True)),
            "image_address": record.image_address,
            "confidence": record.confidence,
            "candidates": [{name: getattr(c, name) for name in TOLD} for c in candidates],
        }
        return json.dumps(content, ensure_ascii=False) + "\n"

    with path.open("w", encoding="utf-8") as file:
        yield lambda record: file.write(line(record))


def require_pyarrow() -> None:
    """Raise ImportError, in words, where Parquet can't be written: before the work, not after."""
    try:
        import pyarrow  # noqa: F401
    except ImportError:
        problem = "--parquet needs pyarrow: pip install pyarrow (our extra “scale”)"
        raise ImportError(f"{problem}, or leave --parquet out") from None


@contextmanager
def parquet_file(path: Path, columns: Sequence[str]) -> Iterator[Write]:
    """Give a function that writes a Record into a Parquet file; needs pyarrow."""
    import pyarrow as pa
    from pyarrow.parquet import ParquetWriter

    names = unique([*columns, *added_names(columns)])
    number = len(names) - len(ADDED) + ADDED.index("confidence")
    kinds = [pa.float64() if at == number else pa.string() for at in range(len(names))]
    schema, rows = pa.schema(list(zip(names, kinds, strict=True))), []

    with ParquetWriter(path, schema) as writer:

        def flush() -> None:
            cells = list(zip(*rows, strict=True)) or [[] for _ in names]
            arrays = [pa.array(c, kind) for c, kind in zip(cells, kinds, strict=True)]
            writer.write_batch(pa.record_batch(arrays, schema))
            rows.clear()

        def write(record: Record) -> None:
            rows.append([*record.row, *record.added()])
            rows[-1][number] = record.confidence
            if len(rows) == 1000:
                flush()

        yield write
        flush()
