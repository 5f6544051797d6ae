"""How a captioner looks for its captions: greedy, by beams, or by a vote among candidates.

What needs TensorFlow is imported where it is used: programs offer these choices before it loads.
"""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from helpers.strangers import number_in

if TYPE_CHECKING:
    from helpers.decoding import Beam, CompiledModel
    from helpers.metrics import Rarity

BEAMS = {"greedy": 1, "beam": 3, "vote": 10}  # kinds, and how many beams each has unless told
MOST_BEAMS = 100  # for 16 photos and 10,000 words they take 64 MB at every word
KEPT = 3  # captions that come of a vote; the rest had their say


@dataclass(frozen=True)
class Candidate:
    """One of the captions that a captioner would write.

    Attributes:
        caption: its words.
        probability: 0 to 1, as the decoder has it: of the words, and of the end if it has one.
            None where a captioner doesn't tell.
        ids: the ids of the words.
        agreement: how well all candidates agree with it, as CIDEr-D, where they have voted.
        confidence: 0 to 1, the chance that it is right; None where nobody has measured that.
        sure: whether that is enough to show it unasked; apps say “not sure” where it isn't.
    """

    caption: str
    probability: float | None = None
    ids: tuple[int, ...] = ()
    agreement: float | None = None
    confidence: float | None = None
    sure: bool = True


def is_sure(candidates: Sequence[Candidate] | None) -> bool:
    """Tell whether there is a caption, and its captioner sure enough of it."""
    return bool(candidates) and candidates[0].sure


@dataclass(frozen=True)
class Search:
    """The choices of a search.

    Attributes:
        kind: "greedy", "beam", or "vote": beams are ranked by how well they agree with each other.
        beam_size: beams kept for each photo; as many captions come of it, of a vote the best 3.
        length_power: of beam search.
        flatness: of a vote: a beam's voice is its probability ** (1 / flatness). 1 listens to the
            likeliest alone, a large one to all alike.

    Raises ValueError for another kind, fewer than one beam, or a flatness of 0. Taught in
    lessons 05 and 12.
    """

    kind: str = "beam"
    beam_size: int = 3
    length_power: float = 0.7
    flatness: float = 10.0

    def __post_init__(self) -> None:
        if not isinstance(self.kind, str) or self.kind not in BEAMS:
            raise ValueError(f"there is no search {self.kind!r}; there are {', '.join(BEAMS)}")
        size = int(self.beam_size) if isinstance(self.beam_size, np.integer) else self.beam_size
        if not isinstance(size, int) or number_in(size, 1, MOST_BEAMS) is None:
            raise ValueError(f"beam_size is {self.beam_size!r}; it must be 1 to {MOST_BEAMS}")
        if not number_in(self.flatness, 0, 1e6):
            raise ValueError(f"flatness is {self.flatness!r}; it must be above 0")
        if number_in(self.length_power, -10, 10) is None:
            raise ValueError(f"length_power is {self.length_power!r}; it must be -10 to 10")

    def asked(self, kind: str | None = None, beam_size: int | None = None) -> "Search":
        """Return it with what is asked for; a number of beams alone asks for a beam search."""
        kind = kind or (self.kind if beam_size is None else "beam")
        if beam_size is None:
            beam_size = self.beam_size if kind == self.kind else BEAMS.get(kind, 1)
        return replace(self, kind=kind, beam_size=beam_size)

    def __call__(
        self,
        model: "CompiledModel",
        features: np.ndarray,
        max_length: int,
        words: Sequence[str] = (),
        rarity: "Rarity | None" = None,
    ) -> list[list[tuple["Beam", float | None]]]:
        """Return the captions of each image, best first, and their agreement if they have voted.

        Arguments:
            model, features, max_length: as in `decoding.write_captions`.
            words, rarity: as in `decoding.vote`; only a vote needs them.
        """
        from helpers.decoding import beam_search, vote

        found = beam_search(model, features, max_length, self.beam_size, self.length_power)
        if self.kind == "vote":
            return [vote(beams, words, rarity, self.flatness)[:KEPT] for beams in found]
        return [[(beam, None) for beam in beams] for beams in found]


def search_of(config: dict) -> Search:
    """Return the search that a captioner's config names. Raises ValueError for none."""
    own = {"length_power": config.get("length_power", 0.7)}
    try:
        return Search(**own, **config.get("search", {}))
    except TypeError as error:
        raise ValueError(f'"search" in config.json: {error}') from error


def add_search_options(parser: argparse.ArgumentParser) -> None:
    """Add `--search` and `--beam-size`, which are None unless given: a captioner knows its own."""
    size = "captions kept per image; without --search it asks for a beam search"
    parser.add_argument("--search", choices=list(BEAMS), help="how captions are looked for")
    parser.add_argument("--beam-size", type=whole_number(MOST_BEAMS), metavar="N", help=size)


def whole_number(most: int) -> Callable[[str], int]:
    """Return what reads a number from 1 on for argparse."""

    def number(text: str) -> int:
        found = number_in(text, 1, most)
        if not isinstance(found, int):
            raise argparse.ArgumentTypeError(f"{text} is not a whole number from 1 to {most:,}")
        return found

    return number
