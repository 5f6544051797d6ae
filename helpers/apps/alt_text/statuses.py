"""What may become of an image: the one table of statuses that steps, report and outputs ask."""

import re
from dataclasses import dataclass

OK, TEXT, FUNCTIONAL, LOOKS_DECORATIVE = "ok", "text", "functional", "looks_decorative"
UNSURE, NO_WORDS, WEAK, EXISTS, DECORATIVE = "unsure", "no_words", "weak", "exists", "decorative"
UNSUPPORTED, NOAI, BAD_ADDRESS, NO_ADDRESS = "unsupported", "noai", "bad_address", "no_address"
PENDING, FAILED = "pending", "failed"


@dataclass(frozen=True)
class Status:
    """What a status says.

    Attributes:
        name: as it stands in the column `status`.
        meaning: a sentence for people.
        suggests: the row holds a suggestion of ours, which a person has to confirm. The suggestion
            of LOOKS_DECORATIVE is the empty text.
        keeps: the image stays as it is: it has an answer already.
        lasting: no use to visit the address again.
        order: its place in the report, doubt first.
    """

    name: str
    meaning: str
    suggests: bool = False
    keeps: bool = False
    lasting: bool = False
    order: int = 0


# In the order of the report: what asks most of a person comes first.
TABLE = (
    Status(UNSURE, "The captioner isn't sure: no suggestion. Describe it by hand.", lasting=True),
    Status(NO_WORDS, "The captioner found no words. Describe it by hand.", lasting=True),
    Status(OK, "A suggested description.", suggests=True, lasting=True),
    Status(TEXT, "An image of text: the text that was read in it.", suggests=True, lasting=True),
    Status(FUNCTIONAL, "It stands alone in a link or button: what that does.", suggests=True),
    Status(LOOKS_DECORATIVE, "It seems only to decorate: an empty alt text is suggested.",
           suggests=True, lasting=True),
    Status(WEAK, "Its alt text says little, such as a file name. --weak makes a new one."),
    Status(UNSUPPORTED, "A kind of file that isn't looked into, such as SVG. Describe it by hand.",
           lasting=True),
    Status(NOAI, "Its server keeps it from machines. Describe it by hand.", lasting=True),
    Status("robots", "Its server's robots.txt closes it."),
    Status("blocked", "An address that must not be visited, such as a private one."),
    Status("not_an_image", "The address gave no image, or a damaged one."),
    Status("too_large", "Too large to be opened."),
    Status("timeout", "The server took too long."),
    Status("unreachable", "No answer came."),
    Status("http", "The server answered with an error, such as 404."),
    Status("not_captioned", "It was fetched, and the captioner gave no answer."),
    Status(FAILED, "It failed in an unforeseen way."),
    Status(NO_ADDRESS, "The row holds no address of an image."),
    Status(BAD_ADDRESS, "The address is none.", lasting=True),
    Status(PENDING, "Not visited yet: run the command again."),
    Status(EXISTS, "It has an alt text already, which is kept.", keeps=True),
    Status(DECORATIVE, "Its page says that it only decorates: kept.", keeps=True, lasting=True),
)  # fmt: skip
KNOWN = {row.name: Status(**{**vars(row), "order": at}) for at, row in enumerate(TABLE)}
LASTING = tuple(row.name for row in TABLE if row.lasting)  # no use to visit it again


def status_named(name: str) -> Status:
    """Return what a status says; "http_404" is of the kind "http", an unknown one "failed"."""
    kind = "http" if re.fullmatch(r"http_\d+", name) else name
    return KNOWN.get(kind, KNOWN[FAILED])
