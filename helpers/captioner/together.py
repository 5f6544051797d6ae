"""Several captioners of ours, and a photo and its mirror image, whose candidates vote together."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from helpers.captioner.folder import CaptionerError
from helpers.captioner.ours import Ours
from helpers.captioner.own import OwnCaptioner
from helpers.captioner.search import BEAMS, KEPT, Candidate, Search
from helpers.encoders import ENCODERS, Encoder
from helpers.images import ImageError

if TYPE_CHECKING:
    from helpers.metrics import Rarity


@dataclass
class Views:
    """What several encoders see of photos, and of their mirror images, as one flat row a photo."""

    encoders: Sequence[Encoder]
    mirrored: bool

    @property
    def image_size(self) -> int:
        """Pixels a side that all of them read."""
        return self.encoders[0].image_size

    def encode(self, pixels: np.ndarray) -> np.ndarray:
        """Return float (photos, all numbers of all views) of uint8 (photos, size, size, 3)."""
        looks = [pixels, np.ascontiguousarray(pixels[:, :, ::-1])][: 1 + self.mirrored]
        every = {id(encoder): encoder for encoder in self.encoders}  # several may share one
        seen = {name: [each.encode(look) for look in looks] for name, each in every.items()}
        parts = [features for encoder in self.encoders for features in seen[id(encoder)]]
        return np.concatenate([part.reshape(len(pixels), -1) for part in parts], axis=1)

    def parts(self, rows: np.ndarray) -> list[list[np.ndarray]]:
        """Return for each encoder its features of each view, in their own shape."""
        views = 1 + self.mirrored  # how many times each encoder sees a photo
        shapes = [encoder.feature_shape for encoder in self.encoders for _ in range(views)]
        ends = np.cumsum([np.prod(shape) for shape in shapes])[:-1].astype(int)
        cut = np.split(rows, ends, axis=1)
        shaped = [part.reshape(-1, *shape) for part, shape in zip(cut, shapes, strict=True)]
        return [shaped[first : first + views] for first in range(0, len(shaped), views)]


class TogetherCaptioner(Ours):
    """Captioners of ours that vote together. Taught in lesson 12.

    Arguments:
        names: of captioners or their folders, with commas between them.
        beam_size: candidates that each of them gives for each view of a photo.
        mirrored: whether each of them also sees every photo's mirror image.

    Their time adds up, and twice as much of it goes with mirror images. Raises CaptionerError for
    one that is not there, and for captioners that read photos of different sizes.
    """

    def __init__(self, names: str, beam_size: int | None = None, mirrored: bool = False):
        asked = [name.strip() for name in names.split(",")]
        if not all(asked):
            raise CaptionerError(f"{names!r} names no captioner beside a comma; write one,another")
        self.members = [OwnCaptioner(name) for name in asked]
        self.name = f"vote:{','.join(member.name for member in self.members)}"
        self.config = self.members[0].config
        self.beam_size, self.mirrored = beam_size or BEAMS["vote"], bool(mirrored)
        sizes = {ENCODERS[member.config["encoder"]].image_size for member in self.members}
        if len(sizes) > 1:
            raise CaptionerError(
                f"{names} read photos of different sizes; they can't vote together"
            )

    @property
    def identity(self) -> str:
        """The identities of all, and how they vote."""
        known = " and ".join(member.identity for member in self.members)
        return f"{known}, {self.beam_size} each{', mirrored' * self.mirrored}"

    @property
    def note(self) -> str:
        """What each of them was trained on; a sentence that several share is said once."""
        return f"{self.name}: " + " ".join(dict.fromkeys(member.note for member in self.members))

    @cached_property
    def encoder(self) -> Views:
        """Their encoders as one; those of one kind, and with the same changes, see photos once."""
        known: dict[tuple, OwnCaptioner] = {}
        kinds = [(one.config["encoder"], one.changes) for one in self.members]
        for kind, one in zip(kinds, self.members, strict=True):
            known.setdefault(kind, one)
        return Views([known[kind].encoder for kind in kinds], self.mirrored)

    def find(self, features: np.ndarray) -> list[list[Candidate]]:
        """Return what the vote leaves of all their candidates, for each row of `Views.encode`."""
        found = []
        for member, parts in zip(self.members, self.encoder.parts(features), strict=True):
            captioner = member.loading.result()
            found += [captioner.feature_candidates(part, self.beam_size, "beam") for part in parts]
        photos = zip(*found, strict=True)
        return [self.elect([one for part in photo for one in part]) for photo in photos]

    def elect(self, candidates: Sequence[Candidate]) -> list[Candidate]:
        """Return the candidates that agree best with all others; who says the same adds a voice."""
        from helpers.decoding import agreements

        voices: dict[str, float] = {}
        for one in candidates:
            voice = max(one.probability, 1e-300) ** (1 / Search.flatness)
            voices[one.caption] = voices.get(one.caption, 0) + voice
        first = {one.caption: one for one in reversed(candidates)}
        words = [caption.split() for caption in voices]
        agreed = agreements(words, list(voices.values()), self.rarity)
        best = sorted(zip(voices, agreed.tolist(), strict=True), key=lambda pair: -pair[1])[:KEPT]
        return [replace(first[caption], agreement=agreement) for caption, agreement in best]

    @cached_property
    def rarity(self) -> "Rarity":
        """How rare each phrase is, from the first of them that knows.

        Raises CaptionerError if none does.
        """
        for member in self.members:
            if rarity := member.loading.result().rarity:
                return rarity
        raise CaptionerError(f"{self.name} can't vote: no folder of theirs has an ngrams.npz")

    def caption_each(
        self, images: Iterable, contexts: Iterable[str | None] | None = None
    ) -> Iterator[list[Candidate] | ImageError | None]:
        """Yield what each image gives; whatever is wrong with their files is said without any."""
        _ = self.encoder
        for member in self.members:
            member.loading.result()
        yield from super().caption_each(images, contexts)
