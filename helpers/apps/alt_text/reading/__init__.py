"""The first step: the rows of the input, whatever it is, and the images in each."""

from pathlib import Path

from helpers.apps.alt_text.reading.columns import find_columns
from helpers.apps.alt_text.reading.shards import open_shards
from helpers.apps.alt_text.reading.tables import Reading, Table, open_table


def open_input(source: str | Path, reading: Reading) -> Table:
    """Recognise a file, or a folder of img2dataset, and find its columns.

    Raises TableError for what is neither, or holds no column of addresses.
    """
    if Path(source).is_dir():
        table: Table = open_shards(source)
    else:
        table = open_table(source, reading.encoding, reading.delimiter)
    named = reading.address_column, reading.page_column, reading.alt_column
    table.places, table.reading = find_columns(table, *named), reading
    return table
