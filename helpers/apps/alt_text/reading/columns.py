"""Which column holds what: found by names and by content, or named by the user."""

from collections.abc import Callable

from helpers.apps.alt_text.reading.names import (
    ADDRESSES,
    ALTS,
    CONTEXT,
    MIME,
    PAGES,
    SEVERAL,
    TYPES,
    is_alt,
    plain,
    says_image,
    trailing_number,
)
from helpers.apps.alt_text.reading.occurrences import Columns, is_no_image
from helpers.apps.alt_text.reading.rows import TableError
from helpers.apps.alt_text.reading.tables import Table
from helpers.apps.alt_text.signs import ADDRESS_LIKE, IMAGE_LIKE


def find_columns(table: Table, address: str = "", page: str = "", alt: str = "") -> Columns:
    """Return the columns of a table; those that are named ("" for not) must be there.

    Raises TableError that lists the columns seen.
    """
    address, alt = address or table.address, alt or table.alt
    kinds = find_kinds(table) if table.kind == "table" else {}
    sample = [row for row in table.sample if not is_no_image(row, Columns(-1, kinds=kinds))]
    table.sample = sample or table.sample
    where = named(table, address, "--address-column") if address else find_address(table)
    here = {where}
    page_at = named(table, page, "--page-column") if page else find_page(table, here)
    alt_at = named(table, alt, "--alt-column") if alt else find_alt(table, where)
    kinds = {at: known for at, known in kinds.items() if at != where}
    context = find_context(table, {where, page_at, alt_at, *kinds})
    several = alt_at is not None and bool(SEVERAL.search(table.columns[alt_at]))
    return Columns(where, page_at, alt_at, kinds, context, several)


def unread(table: Table) -> list[str]:
    """Return the names of further columns of images or alt texts; each row has one of both."""
    places = table.places
    read = {places.address, places.page, places.alt, *places.context.values()}
    return [
        name
        for at, name in enumerate(table.columns)
        if table.kind == "table" and table.header and at not in read
        if is_alt(name) or share(table, at, IMAGE_LIKE.search) > 0.5
    ]


def find_context(table: Table, without: set[int | None]) -> dict[str, int]:
    """Return the columns that tell of the page around an image: what they hold -> where."""
    found = {kind: by_name(table, names, without) for kind, names in CONTEXT.items()}
    return {kind: at for kind, at in found.items() if at is not None}


def find_kinds(table: Table) -> dict[int, bool]:
    """Return the columns that say of what kind a row is, and whether “Image” is among the kinds."""
    places = range(len(table.columns))
    columns = [
        c for c in places if plain(table.columns[c]) in TYPES or share(table, c, MIME.match) > 0.5
    ]
    words = {c: {row[c] for row in table.sample if len(row) > c} for c in columns}
    return {c: any(says_image(w) and not MIME.match(w) for w in words[c]) for c in columns}


def find_alt(table: Table, address: int) -> int | None:
    """Return the column of alt texts: of several the one that bears the number of the addresses."""
    names = {at: name for at, name in enumerate(table.columns) if at != address and is_alt(name)}
    fitting = [at for at in names if share(table, at, ADDRESS_LIKE.match) <= 0.5]
    number = trailing_number(table.columns[address])
    own = plain(table.columns[address]).rstrip("s")
    ranks = {name: rank for rank, name in enumerate(ALTS)}

    def order(at: int) -> tuple[bool, bool, int]:
        other = trailing_number(names[at]) != number
        another = not plain(names[at]).startswith(own)
        return other, another, ranks.get(plain(names[at]), len(ranks))

    return min(fitting, key=order, default=None)


def named(table: Table, name: str, option: str) -> int:
    """Return the column of a name, or of a number counted from 1."""
    names = [plain(column) for column in table.columns]
    if plain(name) in names:
        return names.index(plain(name))
    if name.isdecimal() and 1 <= int(name) <= len(names):
        return int(name) - 1
    raise TableError(f"{table.path} has no column {name!r} for {option}; {seen(table)}")


def find_address(table: Table) -> int:
    """Return the column with most images in its cells; with none, the one whose name fits."""
    shares = [share(table, column, IMAGE_LIKE.search) for column in range(len(table.columns))]
    order = {name: -rank for rank, name in enumerate(ADDRESSES)}
    ranks = [order.get(plain(name).rstrip("0123456789"), -len(order)) for name in table.columns]
    if shares and max(shares) > 0.05:
        return max(range(len(shares)), key=lambda column: (shares[column], ranks[column]))
    known = [c for c, rank in enumerate(ranks) if rank > -len(order)]
    filled = [c for c in known if share(table, c, ADDRESS_LIKE.match) > 0]
    blank = [c for c in known if not share(table, c, str.strip)]  # nothing in it, so far
    if filled or blank:
        return max(filled or blank, key=lambda column: ranks[column])
    problem = f"{table.path} has no column with addresses of images; {seen(table)}"
    raise TableError(f"{problem}. Name one with --address-column NAME")


def find_page(table: Table, without: set[int]) -> int | None:
    """Return the column of pages: by its name, or as it holds addresses, not of images."""
    if (place := by_name(table, PAGES, without)) is not None:
        return place
    others = [column for column in range(len(table.columns)) if column not in without]
    web = [column for column in others if share(table, column, ADDRESS_LIKE.match) > 0.5]
    return next((c for c in web if share(table, c, IMAGE_LIKE.search) <= 0.05), None)


def share(table: Table, column: int, fits: Callable[[str], object]) -> float:
    """Return the share of a column's filled cells that a test fits."""
    cells = [row[column] for row in table.sample if len(row) > column and row[column].strip()]
    return sum(bool(fits(cell.strip())) for cell in cells) / len(cells) if cells else 0


def by_name(table: Table, names: list[str], without: set[int]) -> int | None:
    """Return the column that bears the likeliest of some names."""
    found = [plain(name) if at not in without else "" for at, name in enumerate(table.columns)]
    return next((found.index(name) for name in names if name in found), None)


def seen(table: Table) -> str:
    """List the columns for a message."""
    if not table.header:
        return f"it has {len(table.columns)} columns without names: --address-column 1 is the first"
    return "it has " + ", ".join(repr(name[:60]) for name in table.columns[:40])
