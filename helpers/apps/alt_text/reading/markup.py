"""A page of HTML, however broken: its title, and how each image stands in it.

lxml reads it (libxml2): in time that grows with the page alone, whatever is left open in it.
"""

import codecs
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from urllib.parse import urldefrag, urljoin

from lxml import etree

from helpers.apps.alt_text.reading.cells import CANDIDATE, LATE, SETS, address_of, placeholder

MOST_IMAGES, LONGEST = 2000, 300  # of a page, and characters of a text on it
MOST_ABOVE = 60  # elements around an image that are looked at
MOST_PIECES, PIECES = 1000, 300_000  # between tags: of one text, of all texts of a page
IMAGES = ("img", "amp-img", "input")
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
MARKUP = ("alt", "role", "aria-hidden", "aria-label", "title", "width", "height")
CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w:.-]{2,40})", re.IGNORECASE)
MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
BLOCKS = (*HEADINGS, "figure", "table", "section", "article", "main", "ul")  # in no heading
SILENT = ("script", "style", "template", "svg")


@dataclass
class Page:
    """What was read of a page.

    Attributes:
        images: absolute address -> how that image stands there: the attributes MARKUP, `heading`
            (the nearest one before), `figcaption`, `link` (absolute), `link_name`, `alone`.
        given: the same by the address as the page has it.
    """

    title: str = ""
    h1: str = ""
    images: dict[str, dict[str, str]] = field(default_factory=dict)
    given: dict[str, dict[str, str]] = field(default_factory=dict)


def page_of(data: bytes, address: str, charset: str = "", base: str = "") -> Page:
    """Read a page.

    address: where it was found; what is relative in it belongs to it, or to `base`.
    charset: what its server says of its encoding, "" if nothing.
    """
    text = decoded(data, charset).replace("\0", "")
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, huge_tree=True)
    root = None
    with suppress(etree.LxmlError, AssertionError):  # no element at all
        root = etree.fromstring(text.encode("utf-8", "replace"), parser)
    return Page() if root is None else Reader(root, base or address).page


def decoded(data: bytes, charset: str) -> str:
    """Return the text of a page: by its mark, its server's word, its own word, or as UTF-8."""
    marked = next((name for mark, name in MARKS.items() if data.startswith(mark)), "")
    own = CHARSET.search(data[:4096])
    for name in (marked, charset, own[1].decode() if own else "", "utf-8"):
        name = {"iso-8859-1": "cp1252", "latin-1": "cp1252"}.get(name.lower(), name)
        with suppress(LookupError, ValueError, TypeError):
            if name:
                return str(data.decode(name, "strict" if name == "utf-8" else "replace"))
    return data.decode("cp1252", "replace")


class Reader:
    """Goes through a page once, from its top.

    Attributes:
        page: what was read.
    """

    def __init__(self, root: etree._Element, base: str):
        self.root, self.page, self.heading, self.noted = root, Page(), "", 0
        self.left = PIECES
        self.links: dict[etree._Element, dict[str, str]] = {}
        self.captions: dict[etree._Element, str] = {}
        self.names: dict[str, etree._Element] | None = None
        own = next((e.get("href") for e in root.iter("base") if e.get("href")), "")
        self.base = joined(base, own)
        for element in root.iter(*IMAGES, *HEADINGS, "title"):
            if element.tag == "title":
                self.page.title = self.page.title or self.outside(element)
            elif element.tag in HEADINGS:
                self.heading = self.text_in(element, BLOCKS) or self.heading
                self.page.h1 = self.page.h1 or self.heading * (element.tag == "h1")
            elif element.tag != "input" or element.get("type", "").lower() == "image":
                self.noted += 1
                if self.noted <= MOST_IMAGES:
                    self.note(element)

    def outside(self, element: etree._Element) -> str:
        """Return the text of a title, unless it is that of a drawing inside the page."""
        return "" if any(islice(element.iterancestors("svg"), 1)) else self.text_in(element)

    def note(self, element: etree._Element) -> None:
        """Note an image; of two of one address the one that has no alt text."""
        image = {name: str(element.get(name) or "") for name in MARKUP if name in element.attrib}
        image |= {name: text for name, text in self.around(element).items() if text}
        if label := self.labelled(element):
            image["aria-label"] = label
        for given in addresses_of(element):
            for known, address in (
                (self.page.given, given), (self.page.images, joined(self.base, given))
            ):  # fmt: skip
                if address not in known or ("alt" in known[address] and "alt" not in image):
                    known[address] = image

    def around(self, element: etree._Element) -> dict[str, str]:
        """Return what stands around an image."""
        found = {"heading": self.heading}
        if element.tag == "input":
            return found | {"alone": "yes", "link_name": element.get("title") or ""}
        for above in islice(element.iterancestors(), MOST_ABOVE):
            if is_link(above) and "link" not in found:
                found |= self.link(above)
            if caption := self.caption(above):
                found.setdefault("figcaption", caption)
        return found

    def caption(self, element: etree._Element) -> str:
        """Return the caption that a figure has, WordPress's older ones among them."""
        if element.tag != "figure" and "wp-caption" not in (element.get("class") or ""):
            return ""
        if element not in self.captions:
            below = islice(element, MOST_PIECES)
            texts = (e for e in below if "caption" in f"{e.tag} {e.get('class')}")
            self.captions[element] = next(map(self.text_in, texts), "")
        return self.captions[element]

    def text_in(self, element: etree._Element, until: tuple[str, ...] = ()) -> str:
        """Return the text that people read in an element, its white space as single spaces.

        until: elements that begin what is no part of it: its own end is missing.
        """
        words, letters = [], 0
        for piece in islice(pieces_of(element, until), min(MOST_PIECES, self.left)):
            self.left -= 1
            letters += len(piece)
            words.append(piece)
            if letters > 4 * LONGEST:
                break
        return " ".join("".join(words)[: 4 * LONGEST].split())[:LONGEST]

    def link(self, element: etree._Element) -> dict[str, str]:
        """Return what a link or button tells of the images in it."""
        if element not in self.links:
            given = (element.get("href") or "").strip()
            nowhere = given[:1] in ("", "#") or given[:11].lower() == "javascript:"
            target = "" if nowhere else joined(self.base, given)
            text = self.text_in(element)
            others = [image.get("alt") or "" for image in islice(element.iter("img"), 50)]
            alone = not text and (len(others) == 1 or not any(others))
            name = self.labelled(element) or element.get("aria-label") or element.get("title") or ""
            self.links[element] = {"link": target, "link_text": text, "link_name": name.strip()}
            self.links[element]["alone"] = "yes" * alone
        return self.links[element]

    def labelled(self, element: etree._Element) -> str:
        """Return the text of the elements that aria-labelledby names."""
        names = (element.get("aria-labelledby") or "").split()[:5]
        if names and self.names is None:
            self.names = {e.get("id"): e for e in self.root.iter(etree.Element) if e.get("id")}
        there = (self.names[name] for name in names if name in (self.names or {}))
        return " ".join(filter(None, map(self.text_in, there)))[:LONGEST]


def is_link(element: etree._Element) -> bool:
    """True for a link or a button."""
    by_role = (element.get("role") or "").lower() in ("button", "link")
    return by_role or element.tag == "button" or (element.tag == "a" and "href" in element.attrib)


def pieces_of(element: etree._Element, until: tuple[str, ...]) -> Iterator[str]:
    """Yield the pieces of text in an element, without those of scripts, styles and drawings."""
    silent = None
    for event, part in etree.iterwalk(element, events=("start", "end")):
        if part.tag in until and part is not element:
            return
        if event == "start":
            silent = part if silent is None and part.tag in SILENT else silent
            yield (part.text or "") if silent is None else ""
        else:
            silent = None if silent is part else silent
            yield (part.tail or "") if silent is None and part is not element else ""


def addresses_of(element: etree._Element) -> set[str]:
    """Return all addresses of an image: what it shows now, later, and on larger screens."""
    attributes = {name: str(value) for name, value in element.attrib.items()}
    sets = [attributes.get(name, "") for name in SETS]
    parent = element.getparent()
    if parent is not None and parent.tag == "picture":
        sets += [source.get("srcset") or "" for source in islice(parent.iter("source"), 20)]
    found = {attributes.get(name, "").strip() for name in ("src", *LATE)} | {address_of(attributes)}
    found |= {address for text in sets for address, _ in islice(CANDIDATE.findall(text), 50)}
    return {address for address in found if address and not placeholder(address)}


def joined(base: str, address: str) -> str:
    """Return an address in full; "" for one that is none."""
    with suppress(ValueError):
        return urldefrag(urljoin(base, address.strip())).url
    return ""
