"""What becomes of an address, and the picture it leads to: what the steps hand on, and keep."""

import json
from dataclasses import dataclass, field
from typing import NamedTuple

from helpers.captioner import Candidate
from helpers.strangers import number_in, read_json


class Finding(NamedTuple):
    """What became of an address; `digest` names the picture it led to."""

    address: str
    status: str
    message: str = ""
    digest: str = ""


@dataclass(frozen=True)
class Picture:
    """A picture, however many addresses lead to it.

    Attributes:
        digest: the hash of its bytes.
        thumbnail: a small WebP.
        candidates: best first; of each the caption, its probability and its confidence are kept.
        sure: whether the captioner is; else none of its captions is suggested.
    """

    digest: str
    thumbnail: bytes = b""
    candidates: list[Candidate] = field(default_factory=list)
    sure: bool = True

    def said(self) -> str:
        """Return the candidates as JSON, their probabilities with three digits that count."""
        rounded = [
            (c.caption, number(c.probability, ".3g"), number(c.confidence, ".3f"))
            for c in self.candidates
        ]
        return json.dumps(rounded)


def picture(digest: str, thumbnail: bytes, candidates: str, sure: int) -> Picture:
    """Return a picture as it was kept; raises ValueError for what was not kept by us."""
    found = []
    for caption, *numbers in read_json(candidates):
        expect(str, caption)
        expect(int | float, *(number_in(number, 0, 1) for number in numbers if number is not None))
        probability, confidence = (*numbers, None)[:2]  # an older state holds no confidence
        found.append(Candidate(caption, probability, confidence=confidence))
    expect(bytes, thumbnail)
    return Picture(digest, thumbnail, found, bool(sure))


def number(value: float | None, spelling: str) -> float | None:
    """Return a number as it is spelt."""
    return None if value is None else float(f"{value:{spelling}}")


def expect(kind: type | tuple, *values: object) -> None:
    """Raise ValueError for values that are not of a kind: someone else has written them."""
    for value in values:
        if not isinstance(value, kind):
            raise ValueError(f"{value!r:.60} stands in it")
