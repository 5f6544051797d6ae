"""The images in a cell: addresses in all kinds of clothes, or HTML; once through it, no more."""

import html
import re
from collections.abc import Iterator
from html.parser import HTMLParser

from helpers.apps.alt_text.signs import ADDRESS_LIKE, IMAGE_ENDING, SPACERS

# (A run is looked at from its first character only: else a long one takes for ever.)
SPLIT = re.compile(r"(?<![\s|;,])[\s|;,]+(?=(?:https?:)?//|data:image/)", re.IGNORECASE)
SEVERAL = re.compile(r"[\r\n|]|[,;]\s+")  # a comma alone may be part of an address
NAMED_IMAGE = re.compile(rf"[^?#]*{IMAGE_ENDING}([?#]\S*)?", re.IGNORECASE)
PLACEHOLDER = re.compile(r"data:|about:|#|$", re.IGNORECASE)
LATE = ("data-src", "data-lazy-src", "data-original")  # where pages keep what they load late
SETS = ("srcset", "data-srcset", "data-lazy-srcset", "picture")
# The white space or the end behind an address decides what of its commas belong to it.
CANDIDATE = re.compile(r"([^\s,](?:\S*[^\s,])?)([^,]*)")
DESCRIPTOR = re.compile(r"\s(\d+(?:\.\d+)?)[wx](?!\S)")
A_SET = re.compile(r"\s*\S+\s+\d+(\.\d+)?[wx]\s*(,|$)")
HUGE_NUMBER = re.compile(r"&#\d{9,};?")  # no character has one, and int() refuses the longest

INVISIBLE = "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"  # comes along when people copy

# Addresses in brackets or quotes: url(…) of CSS, ![alt](…), name.jpg (https://…), JSON, formulas.
CSS = re.compile(r"""\burl\(\s*(?:"([^"]*)"|'([^']*)'|([^"'()\s]+))\s*\)""", re.IGNORECASE)
MARKDOWN = re.compile(r"!\[([^\]\[]*)\]\(\s*<?([^\s()<>]*(?:\([^\s()<>]*\)[^\s()<>]*)*)")
QUOTED = re.compile(r'''"((?:https?:)?//[^"\s]+)"|'((?:https?:)?//[^'\s]+)'|'''
                    r'''\(\s*((?:https?:)?//[^\s()"']*(?:\([^\s()"']*\)[^\s()"']*)*)\s*\)|'''
                    r'''(?<![^\s,;>|\[{])(https?://[^\s"'<>{}\[\]|]+)''', re.I)  # fmt: skip
AMONG_WORDS = re.compile(r"\w\s+https?://", re.IGNORECASE)
NAMES = re.compile(r"""["']([^"'\s][^"']*)["']""")

# Where a tag begins: a comment, a text without tags, one of ours, or any other.
BEGIN = re.compile(
    r"<(?:(?P<comment>!--)|(?P<raw>script|style)(?=[\s/>])"
    r"|(?P<ours>img|amp-img|/?picture|source)(?=[\s/>])|(?P<other>[a-z])|[/!?])",
    re.IGNORECASE,
)
INSIDE = re.compile(r"""[^"'>]*(?:(?:"[^"]*"|'[^']*')[^"'>]*)*""")


class _Images(HTMLParser):
    """Collects the attributes of every <img>. Taught in lesson 09."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attributes):
        if tag in ("img", "amp-img"):
            self.found.append({name: value or "" for name, value in attributes})


class _Pictures(_Images):
    """Also notes, of an <img> in a <picture>, what the <source> tags beside it name."""

    def __init__(self):
        super().__init__()
        self.sources = []

    def handle_starttag(self, tag, attributes):
        super().handle_starttag(tag, attributes)
        if tag == "picture":
            self.sources = []
        elif tag == "source":
            self.sources += [value for name, value in attributes if name in SETS and value]
        elif tag == "img" and self.sources:
            self.found[-1]["picture"] = ", ".join(self.sources)
            self.sources = []  # a picture has one image; else many of both would multiply

    def handle_endtag(self, tag):
        if tag == "picture":
            self.sources = []


def images_of(cell: str) -> Iterator[dict[str, str]]:
    """Yield the attributes of every image in a cell; of a bare address only `src`."""
    cell = cell.strip(INVISIBLE)
    if "<" not in cell and "&" in cell:
        cell = unescaped(cell)
    if "<" not in cell or ADDRESS_LIKE.match(cell) or MARKDOWN.search(cell):
        yield from (image for image in addresses_in(cell) if image["src"])
        return
    found = parse(cell) or parse(cell + '">') or parse(cell + "'>")  # cut off inside the tag
    yield from (image for image in found if address_of(image))


def unescaped(cell: str) -> str:
    """Return a cell whose address or tags were escaped: "&amp;" is "&", "&lt;img" a tag."""
    if re.search(r"&lt;\s*(img|picture|amp-img)\b", cell, re.IGNORECASE):
        return html.unescape(HUGE_NUMBER.sub("\ufffd", cell))
    return cell.replace("&amp;", "&")


def addresses_in(cell: str) -> list[dict[str, str]]:
    """Return the addresses in a cell without tags; relative ones if all look like images."""
    if A_SET.match(cell):
        return [{"src": largest(cell)}]
    bare = ADDRESS_LIKE.match(cell) or cell[:5].lower() == "data:"
    if not bare and {*cell} & {*"(['\""} and (found := wrapped(cell)):
        return found
    parts = [part.strip() for part in SEVERAL.split(cell) if part.strip()]
    alike = all(map(NAMED_IMAGE.fullmatch, parts))
    if alike and not bare and len(names := cell.split(",/")) > 1:  # Magento's "/a.jpg,/b.jpg"
        alike = all(map(NAMED_IMAGE.fullmatch, names))
        parts = [names[0], *(f"/{name}" for name in names[1:])] if alike else parts
    if not bare and not alike and AMONG_WORDS.search(cell) and (found := wrapped(cell)):
        return found
    pieces = (piece for part in (parts if alike else [cell]) for piece in SPLIT.split(part))
    return [{"src": piece.strip(" ,;|")} for piece in pieces]


def wrapped(cell: str) -> list[dict[str, str]]:
    """Return the addresses in a cell that stand in brackets or quotes, without these."""
    if found := MARKDOWN.findall(cell):
        return [{"src": address, "alt": alt} for alt, address in found]
    text = cell.replace("\\/", "/")  # as JSON may write it
    found = CSS.findall(text) or QUOTED.findall(text)
    if not found and text.lstrip()[:1] in "[\"'":
        names = NAMES.findall(text)
        found = [(name,) for name in names] if all(map(NAMED_IMAGE.fullmatch, names)) else []
    return [{"src": "".join(groups).strip(" ,;")} for groups in found]


def parse(cell: str) -> list[dict[str, str]]:
    """Return the attributes of the images in HTML, however broken."""
    parser = _Pictures()
    for tag in tags_in(cell):
        parser.reset()  # what the last one left open is not to be read again
        parser.feed(HUGE_NUMBER.sub("\ufffd", tag))
    return parser.found


def tags_in(cell: str) -> Iterator[str]:
    """Yield the tags that tell of images. No character is looked at more often than a few times.

    (`html.parser` looks for the end of each unfinished tag anew: 60 kB of them take it 40 s.)
    """
    place, quotes = 0, True
    while begin := BEGIN.search(cell, place):
        start, place = begin.start(), begin.end()
        if begin["comment"]:
            place = cell.find("-->", start + 2) + 1
        elif begin["raw"]:
            closing = re.compile(f"</{begin['raw']}", re.IGNORECASE).search(cell, place)
            place = closing.end() if closing else 0
        else:
            end = INSIDE.match(cell, place).end() if quotes and begin.lastgroup else -1
            if not cell.startswith(">", max(end, 0)) or end < 0:  # a quote that is never closed
                quotes = quotes and not begin.lastgroup
                end = cell.find(">", place)
            place = end + 1
            if begin["ours"] and place:
                yield cell[start:place]
        if not place:  # cut off; what is inside is not for the reader
            return


def address_of(image: dict[str, str]) -> str:
    """Return where an image is; pages that load late keep it beside a placeholder in `src`."""
    given = [image.get(name, "").strip() for name in ("src", *LATE)]
    given += [largest(image[name]) for name in SETS if name in image]
    return next((a for a in given if not placeholder(a)), next(filter(None, given), ""))


def placeholder(address: str) -> bool:
    """True if an address stands for an image that comes later, or is that of a spacer."""
    return bool(PLACEHOLDER.match(address) or SPACERS.search(f"/{address.partition('?')[0]}"))


def largest(candidates: str) -> str:
    """Return the largest image of a `srcset`, "" if there is none but placeholders.

    candidates: such as "a.jpg 640w, b.jpg 1280w" or "a.jpg, b.jpg 2x".
    Source: https://html.spec.whatwg.org/multipage/images.html#srcset-attributes.
    """
    found = [match.groups() for match in CANDIDATE.finditer(candidates)]
    sizes = {a: DESCRIPTOR.search(words) for a, words in found if not placeholder(a)}
    return max(sizes, key=lambda a: float(sizes[a][1]) if sizes[a] else 1, default="")
