"""The rows of the output: the input's, what was seen around their images, what was decided."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from helpers.apps.alt_text import statuses
from helpers.apps.alt_text.captioning.beside import ENDING
from helpers.apps.alt_text.reading import Table
from helpers.apps.alt_text.reading.context import context_text, context_words
from helpers.apps.alt_text.reading.occurrences import Occurrence
from helpers.apps.alt_text.store import Store
from helpers.apps.alt_text.writing.outputs import Record, record_of, unique
from helpers.apps.alt_text.writing.reviews import Decisions, holding, key_of

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
UNANSWERED = ("", statuses.WEAK)  # of an image whose text a captioner gives, or may give


@dataclass
class Records:
    """What is to be written of a job.

    Attributes:
        table: the input.
        store: the state.
        reviews: what people decided, by the keys of the images.
        language: of the captioner's texts; "" if nobody knows.
    """

    table: Table
    store: Store
    reviews: Decisions = field(default_factory=dict)
    language: str = ""

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

    def __iter__(self) -> Iterator[Record]:
        """Yield the rows of the output: for a row with several images several."""
        width = self.width()
        for row, found in self.table.occurrences():
            cells = fitted(row, width, self.table.delimiter)
            for image in found:
                record = record_of([*cells, *self.seen(image)], image, self.store.find)
                yield self.reviewed(record, row, image)
                cells = repeated(cells)

    def seen(self, image: Occurrence) -> list[str]:
        """Return the cells that say what was seen around an image on its page."""
        if not self.table.reading.read_pages:
            return []
        cells = [image.context.get(name, "") for name in PAGE_COLUMNS]
        return [*cells, context_text(image.context)]

    def reviewed(self, record: Record, row: Sequence[str], image: Occurrence) -> Record:
        """Return a record with what people decided, and what helps them to decide.

        A weak alt text is no answer, so the image is known by the same key before and after --weak.
        """
        own = "" if image.status in UNANSWERED else [image.status, image.alt]
        key = key_of(record.image_address or "\t".join(row), own)
        picture, review = record.picture, holding(self.reviews, key)
        beside = self.store.picture(picture.digest + ENDING) if picture else None
        suggested = record.text and record.status == statuses.OK
        lang = self.language if suggested or (review and review.text) else ""
        stands = {"Address of the page": image.page} if image.page else {}
        around = context_words(image.context) | stands
        return replace(record, key=key, review=review, beside=beside, lang=lang, context=around)


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
