"""A few addresses that stand for all: spread over servers, pages and folders, always the same."""

import hashlib
from collections.abc import Iterable

from helpers.apps.alt_text.reading import Table
from helpers.apps.alt_text.signs import origin
from helpers.apps.alt_text.statuses import PENDING
from helpers.apps.alt_text.store import Store, in_words

TABLE = "CREATE TEMP TABLE spots (address TEXT PRIMARY KEY, page TEXT, host TEXT, folder TEXT)"
# The first of each page, those of different folders before; then the servers take turns.
QUERY = """
WITH pages AS (
    SELECT *, row_number() OVER (PARTITION BY host, page ORDER BY dice(address)) AS in_page
    FROM spots
), folders AS (
    SELECT *, row_number() OVER (
        PARTITION BY host, in_page, folder ORDER BY dice(address)
    ) AS in_folder FROM pages
), turns AS (
    SELECT address, host, row_number() OVER (
        PARTITION BY host ORDER BY in_page, in_folder, dice(address)
    ) AS turn FROM folders
)
SELECT address FROM turns ORDER BY turn, dice(host) LIMIT ?
"""


def sample(store: Store, table: Table, count: int) -> list[str]:
    """Return as many addresses of a table that stand for all, without those that are done.

    store: the state of the job, after its scan.
    """
    spots = (
        (image.address, image.page)
        for _, found in table.occurrences()
        for image in found
        if not image.status
    )
    chosen = spread(store, spots, count)
    return [address for address in chosen if store.find(address)[0].status == PENDING]


def pages_of(table: Table, addresses: Iterable[str]) -> list[str]:
    """Return the pages on which some images stand, each once."""
    wanted = set(addresses)
    found = (image for _, images in table.occurrences() for image in images)
    return list(dict.fromkeys(one.page for one in found if one.page and one.address in wanted))


def spread(store: Store, spots: Iterable[tuple[str, str]], count: int) -> list[str]:
    """Return some addresses that differ in server, page and folder as far as they can.

    Arguments:
        store: of the job; its file is not changed.
        spots: each address and the page on which it stands, "" if unknown.
        count: how many; a larger sample begins with the smaller one.
    """
    with in_words(store.path):
        database = store.database
        database.create_function("dice", 1, dice, deterministic=True)
        database.execute("DROP TABLE IF EXISTS temp.spots")
        database.execute(TABLE)
        rows = (
            (address, page or address, origin(address), address.rpartition("/")[0])
            for address, page in spots
        )
        database.executemany("INSERT OR IGNORE INTO spots VALUES (?, ?, ?, ?)", rows)
        return [address for (address,) in database.execute(QUERY, (count,))]


def dice(text: str) -> str:
    """Return what orders texts at random, in the same way each time."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
