"""How a captioner looks for its captions: greedy, by beams, or by a vote among candidates.

What needs TensorFlow is imported where it is used: programs offer these choices before it loads.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from helpers.decoding import Beam, CompiledModel
    from helpers.metrics import Rarity

BEAMS = {"greedy": 1, "beam": 3, "vote": 10}  # kinds, and how many beams each has unless told
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
    """

    caption: str
    probability: float | None = None
    ids: tuple[int, ...] = ()
    agreement: float | None = None
    confidence: float | None = None


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
        if self.kind not in BEAMS:
            raise ValueError(f"there is no search {self.kind!r}; there are {', '.join(BEAMS)}")
        if not self.beam_size >= 1:
            raise ValueError(f"beam_size is {self.beam_size}; it must be 1 or more")
        if not self.flatness > 0:
            raise ValueError(f"flatness is {self.flatness}; it must be above 0")

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


def add_search_options(parser: argparse.ArgumentParser) -> None:
    """Add `--search` and `--beam-size`, which are None unless given: a captioner knows its own."""
    parser.add_argument("--search", choices=list(BEAMS), help="how captions are looked for")
    parser.add_argument(
        "--beam-size",
        type=at_least_one,
        metavar="N",
        help="captions kept per image; without --search it asks for a beam search",
    )


def at_least_one(text: str) -> int:
    """Read a number of beams for argparse."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number of 1 or more")
    return int(text)
