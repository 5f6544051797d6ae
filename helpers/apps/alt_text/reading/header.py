"""Where the header of a table is: below titles, comments and `sep=`, or nowhere."""

import re

from helpers.apps.alt_text.reading.names import is_known
from helpers.apps.alt_text.signs import ADDRESS_LIKE, IMAGE_LIKE

SEPARATOR = re.compile(r"\"?sep=([^\r\n\"])\"?[^\S\t\r\n]*[\r\n]", re.IGNORECASE)
ABOVE = 20  # rows among which the header is looked for


def header_at(rows: list[list[str]]) -> tuple[int, bool]:
    """Return how many rows stand above the header, or above the first row without one; is it there?

    rows: the first ones. A row with an address is below the header. What stands above the header
    is a comment, or has fewer cells.
    """
    below = first_below(rows)
    candidates = [at for at in range(below) if not is_comment(rows[at])]
    if not candidates:
        return (below, False) if below < len(rows) else (0, True)
    widest = max(width(rows[at]) for at in candidates)
    for at in candidates:
        known = sum(map(is_known, rows[at]))
        if known > 1 or (known and widest == 1) or (width(rows[at]) == widest > 1):
            return at, True
    return candidates[0], True


def first_below(rows: list[list[str]]) -> int:
    """Return where the first row with an address is, or how many rows may be above one."""
    for at, row in enumerate(rows[:ABOVE]):
        titled = width(row) == 1 and sum(map(is_known, [*rows, []][at + 1])) > 1
        cells = () if is_comment(row) or titled else row
        if any(ADDRESS_LIKE.match(cell) or IMAGE_LIKE.search(cell) for cell in cells):
            return at
    return min(ABOVE, len(rows))


def width(row: list[str]) -> int:
    """Return how many cells a row has up to its last filled one."""
    return max((at for at, cell in enumerate(row, 1) if cell.strip()), default=0)


def is_comment(row: list[str]) -> bool:
    """True for “# crawled in May”, and for “sep=;”; a header may begin with “#,” or “#id,”."""
    first = row[0].lstrip()
    if re.match(r"sep=.?$", first.strip(), re.IGNORECASE):
        return True
    known = sum(map(is_known, row)) > 1
    return not known and (bool(re.match(r"#+\s+\w", first)) or first[:1] == "#" and width(row) == 1)
