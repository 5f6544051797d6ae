"""Encoder, tokenizer and decoder together: a photo goes in, a sentence comes out.

What needs Keras is imported where it is used: a fast engine encodes photos while Keras loads.
"""

import hashlib
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from itertools import chain
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from helpers.backend import refuse_fork
from helpers.captioner.confidence import World, judges_of
from helpers.captioner.extras import read_extras, write_extras
from helpers.captioner.folder import (
    DEFAULT,
    CaptionerError,
    find_captioner,
    named,
    read_folder,
    write_folder,
)
from helpers.captioner.ngrams import once_each
from helpers.captioner.ours import Ours
from helpers.captioner.search import BEAMS, Candidate, Search, search_of
from helpers.captioner.streaming import feature_batches
from helpers.images import ImageError

if TYPE_CHECKING:
    from helpers.decoding import Beam, CompiledModel
    from helpers.metrics import Rarity
    from helpers.models import Decoder
    from helpers.tokenizer import CaptionTokenizer

DECODED_AT_ONCE = 200  # images whose regions and beams are in memory together


@dataclass
class Captioner(Ours):
    """Everything that turns a photo into a sentence.

    Apps know it as an `AnyCaptioner`; then it searches its own way.

    Attributes:
        tokenizer: words and ids.
        decoder: a decoder of `helpers.models`.
        config: what `config.json` holds: "decoder" and "sizes" rebuild the decoder, and always
            come from it; "encoder" names the features it reads; "search", "length_power" and
            "function_words" say how it looks for captions; the rest is record.
        rarity: of the n-grams of its training captions, for votes.
        name: its folder's.
        world: of the photos that it was trained on, for its confidence.
        changes: the file of what its training has changed in the encoder, if it has.
    """

    tokenizer: "CaptionTokenizer"
    decoder: "Decoder"
    config: dict = field(default_factory=dict)
    rarity: "Rarity | None" = None
    name: str = "yours"
    world: World | None = None
    changes: Path | None = None

    def __post_init__(self) -> None:
        refuse_fork()
        self.decoder.build()
        own = {"decoder": self.decoder.kind, "sizes": self.decoder.sizes}
        self.config = {**own, "encoder": self.decoder.encoder, **self.config, **own}

    @cached_property
    def compiled(self) -> "CompiledModel":
        """The decoder with its steps compiled, made at the first caption.

        It repeats no content word, unless the captioner is of a time before that was learnt.
        """
        from helpers.decoding import CompiledModel, NoRepeats

        if words := self.config.get("function_words"):
            return CompiledModel(NoRepeats(self.decoder, once_each(self.tokenizer, words)))
        return CompiledModel(self.decoder)

    def search(self, kind: str | None = None, beam_size: int | None = None) -> Search:
        """Return the captioner's own search, with what is asked for.

        Arguments:
            kind: "greedy", "beam" or "vote"; None takes its own.
            beam_size: captions kept per image; without a kind it asks for a beam search, and 1 for
                a greedy one.

        Raises ValueError for a kind or a size that makes no sense, and CaptionerError for a vote
        of a captioner that doesn't know the n-grams of its training captions.
        """
        try:
            search = search_of(self.config)
        except ValueError as error:
            raise CaptionerError(f"{error}; train it anew") from error
        if search.kind == "vote" and self.rarity is None and kind is None:  # `load` said so
            search = replace(search, kind="beam", beam_size=BEAMS["beam"])
        search = search.asked(kind, beam_size)
        if search.kind == "vote" and self.rarity is None:
            raise CaptionerError(
                "this captioner can't vote: its folder has no ngrams.npz, which tells how rare "
                'each phrase is; train it anew, or search by "beam"'
            )
        return search

    def in_parts(self, decode: Callable, features: np.ndarray) -> list:
        """Return what a decoding function gives for all images, done in parts to save memory.

        Raises CaptionerError, with the cure, for features that the decoder can't read.
        """
        refuse_fork()
        wanted, shape = self.decoder.feature_shape, tuple(features.shape)
        if len(shape) != 1 + len(wanted) or shape[-1] != wanted[-1]:
            sizes = ", ".join(str(size or "regions") for size in ("images", *wanted))
            raise CaptionerError(
                f"features of shape {shape}, but this captioner reads ({sizes}) "
                f"of {self.config['encoder']}; extract them with that encoder"
            )
        starts = range(0, len(features), DECODED_AT_ONCE)
        parts = (features[start : start + DECODED_AT_ONCE] for start in starts)
        longest = self.tokenizer.max_length
        return [caption for part in parts for caption in decode(self.compiled, part, longest)]

    def caption_features(
        self, features: np.ndarray, beam_size: int | None = None, search: str | None = None
    ) -> list[str]:
        """Return one caption per row of features.

        Arguments:
            features: float (images, feature_size), or (images, regions, feature_size) for a
                captioner with attention; an array or what `Features.select` gives.
            beam_size, search: size and kind of `Captioner.search`.

        Raises CaptionerError for features of another shape, and as `Captioner.search` does. Taught
        in lesson 05.
        """
        from helpers.decoding import greedy

        if self.search(search, beam_size).kind == "greedy":
            return [self.tokenizer.decode(caption) for caption in self.in_parts(greedy, features)]
        return [c[0].caption for c in self.feature_candidates(features, beam_size, search)]

    def candidates(
        self, images: Sequence, beam_size: int | None = None, search: str | None = None
    ) -> list[list[Candidate]]:
        """Return the captions that stay in the beam of each image, best first.

        Arguments and errors as in `caption`. Taught in lesson 07.
        """
        return self.feature_candidates(self.features(images), beam_size, search)

    def feature_candidates(
        self, features: np.ndarray, beam_size: int | None = None, search: str | None = None
    ) -> list[list[Candidate]]:
        """Return the captions that stay in the beam of each row of features, best first.

        Arguments and errors as in `caption_features`.
        """
        options = {"words": self.tokenizer.words, "rarity": self.rarity}
        find = partial(self.search(search, beam_size), **options)

        def decode(model: "CompiledModel", part: np.ndarray, longest: int) -> list:
            judges = judges_of(self.config.get("confidence"), self.world, self.rarity, part)
            found = zip(find(model, part, longest), judges, strict=True)
            return [[self.candidate(*pair, judge) for pair in beams] for beams, judge in found]

        return self.in_parts(decode, features)

    def candidate(self, beam: "Beam", agreement: float | None, judge: Callable) -> Candidate:
        """Return a beam in words; `judge` tells how far they can be trusted."""
        ids, probability = tuple(beam.ids), math.exp(beam.log_probability)
        caption = self.tokenizer.decode(ids)
        judged = judge(beam.log_probability / (len(ids) + beam.ended), caption.split())
        return Candidate(caption, probability, ids, agreement, *judged)

    def find(self, features: np.ndarray) -> list[list[Candidate]]:
        """Return the captions of its own search for each row of features."""
        return self.feature_candidates(features)

    @property
    def identity(self) -> str:
        """A hash of what decides its captions."""
        digest = hashlib.sha256(json.dumps([self.config, self.tokenizer.words]).encode())
        for weight in self.decoder.weights:
            digest.update(np.asarray(weight).tobytes())
        digest.update(self.changes.read_bytes() if self.changes else b"")
        return digest.hexdigest()

    def features(self, images: Sequence) -> np.ndarray:
        """Return float32 features (images, …) of paths, URLs, bytes or open files.

        Raises ImageError for the first image that can't be read.
        """
        if isinstance(images, str | bytes | PathLike) or hasattr(images, "read"):
            raise ImageError(f"{str(images)[:60]!r} is one image; put it in a list: [image]")
        rows = []
        for row in chain.from_iterable(feature_batches(self.encoder, images)):
            if isinstance(row, ImageError):
                raise row
            rows.append(row)
        return np.stack(rows) if rows else np.zeros((0, *self.encoder.feature_shape))

    def caption(
        self, images: Sequence, beam_size: int | None = None, search: str | None = None
    ) -> list[str]:
        """Return one caption per image.

        Arguments:
            images: paths, URLs, bytes or open binary files.
            beam_size, search: as in `caption_features`.

        Raises ImageError for the first image that can't be read. Taught in lesson 05.
        """
        return self.caption_features(self.features(images), beam_size, search)

    def save(self, folder: str | Path) -> None:
        """Write config, tokenizer, weights as float16, and what else it has."""
        unmet = {"own encoder", *["confidence"] * (self.world is None)}
        config = {key: value for key, value in self.config.items() if key not in unmet}
        config |= {"own encoder": True} if self.changes else {}
        write_folder(folder, self.tokenizer, self.decoder, config)
        extras = self.rarity, self.world, self.changes
        write_extras(Path(folder), self.tokenizer, *extras)

    @classmethod
    def load(cls, name_or_folder: str | Path = DEFAULT) -> "Captioner":
        """Read a captioner by its name in `data/captioners`, or from a folder.

        Raises CaptionerError for a folder that is missing, incomplete or doesn't fit together.
        """
        tokenizer, decoder, config = read_folder(name_or_folder)
        folder = find_captioner(name_or_folder)
        with named(folder):
            extras = read_extras(folder, tokenizer, config)
        return cls(tokenizer, decoder, config, name=folder.name, **extras)
