"""What is known of the page around an image: from the table, from markup, from the page itself."""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from helpers.apps.alt_text.reading.cells import address_of
from helpers.apps.alt_text.reading.markup import page_of

# What it is called for people, in the order in which it helps.
WORDS = {
    "title": "Page",
    "h1": "H1",
    "heading": "Heading",
    "figcaption": "Caption",
    "product": "Product",
    "link_text": "Link text",
    "link_name": "Link",
    "link": "Link to",
    "keywords": "Keywords",
}
AROUND = re.compile(r"<(a|button|figure)[\s>]|<\w[^>]{0,200}\brole\s*=", re.IGNORECASE)
LONGEST, LONGEST_CONTEXT = 200, 700  # characters of one of them, and of all together


def seen_by(*given: Mapping[str, str]) -> dict[str, str]:
    """Return what several sources say of an image, the last one's word before the others'.

    A blank cell says nothing; alt="" in markup says much. A link around an image whose table says
    that it has no text holds the image alone.
    """
    seen: dict[str, str] = {}
    for source in given:
        seen |= {name: value for name, value in source.items() if value or name == "alt"}
    table = given[0]
    if table.get("link") and table.get("link_text") == "":
        seen.setdefault("alone", "yes")
    return seen


def context_words(seen: Mapping[str, str]) -> dict[str, str]:
    """Return what is known of the page around an image, under the names that people give it."""
    said: dict[str, str] = {}
    for name, word in WORDS.items():
        text = " ".join(seen.get(name, "").split())[:LONGEST]
        if text and text not in said:
            said[text] = word
    return {word: text for text, word in said.items()}


def context_text(seen: Mapping[str, str]) -> str:
    """Return the same as a short text, for captioners and for tables."""
    said = context_words(seen)
    return ". ".join(f"{word}: {text}" for word, text in said.items())[:LONGEST_CONTEXT]


def in_links(cell: str, images: Iterable[dict[str, str]], page: str) -> Iterator[dict[str, str]]:
    """Yield the images of a cell, with the links that stand around them in its markup."""
    around = linked_images(cell, page) if AROUND.search(cell) else {}
    for image in images:
        yield {**around.get(address_of(image), {}), **image} if around else image


@lru_cache(4)
def linked_images(cell: str, page: str) -> dict[str, dict[str, str]]:
    """Return what stands around the images in a cell of HTML: address as given -> what."""
    return page_of(cell.encode("utf-8", "replace"), "", "utf-8", page).given
