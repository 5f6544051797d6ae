"""The pages on which images stand: visited once each, with the manners of all visits."""

import re
import zlib
from collections.abc import Iterable, Iterator

from helpers.apps.alt_text import statuses
from helpers.apps.alt_text.findings import Finding
from helpers.apps.alt_text.reading.markup import Page, page_of
from helpers.apps.alt_text.visiting.politeness import Hosts
from helpers.apps.alt_text.visiting.visits import Errand, answers
from helpers.images import Answer, ImageError

MOST_BYTES = 3_000_000  # of a page; images and styles are no part of it
NOT_A_PAGE = "not_a_page"  # a status of pages alone
NO_PAGE = re.compile(r"(image|video|audio|font)/|application/(pdf|zip|octet)", re.IGNORECASE)
CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w:.-]+)", re.IGNORECASE)


def read_pages(addresses: Iterable[str], hosts: Hosts) -> Iterator[tuple[Finding, Page | None]]:
    """Yield what was read of each page, in the order in which the answers come."""
    return answers(addresses, hosts, look_at_page, MOST_BYTES)


def look_at_page(errand: Errand, answer: Answer) -> tuple[Finding, Page]:
    """Read a page; raises ImageError for what is none."""
    kind = answer.headers.get("Content-Type", "")
    data = unpacked(answer.data, answer.headers.get("Content-Encoding", ""))
    if NO_PAGE.match(kind) or b"<" not in data[:20_000]:
        raise ImageError("is no page of HTML.", NOT_A_PAGE)
    charset = CHARSET.search(kind)
    page = page_of(data, errand.place, charset[1] if charset else "")
    return Finding(errand.address, statuses.OK), page


def unpacked(data: bytes, packed: str) -> bytes:
    """Return a page that its server packed although it was asked not to, within the usual size."""
    if packed.strip().lower() not in ("gzip", "x-gzip", "deflate"):
        return data
    unpacking = zlib.decompressobj(zlib.MAX_WBITS | 32)
    try:
        data = unpacking.decompress(data, MOST_BYTES + 1)
    except zlib.error as error:
        raise ImageError(f"is packed, and damaged ({error}).", NOT_A_PAGE) from None
    if len(data) > MOST_BYTES:
        raise ImageError(f"has more than {MOST_BYTES / 1e6:g} MB.", "too_large")
    return data
