"""Encoder, tokenizer and decoder together: a photo goes in, a sentence comes out.

What needs Keras is imported where it is used: a fast engine encodes photos while Keras loads.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from itertools import chain
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from helpers.captioner.folder import DEFAULT, CaptionerError, read_folder, write_folder
from helpers.encoders import Encoder, load_encoder
from helpers.images import ImageError
from helpers.stream import on_readable, one_behind, pixels_or_error, read_ahead

if TYPE_CHECKING:
    from helpers.decoding import Beam, CompiledModel
    from helpers.models import Decoder
    from helpers.tokenizer import CaptionTokenizer

PHOTOS_AT_ONCE = 16  # Xception then works in 0.7 GB; twice as many take twice that
DECODED_AT_ONCE = 200  # images whose regions and beams are in memory together
OPENED_AT_ONCE = 8  # threads; images from the web mostly wait


@dataclass(frozen=True)
class Candidate:
    """One of the captions that the captioner would write.

    Attributes:
        caption: its words.
        probability: 0 to 1, as the decoder has it: of the words, and of the end if it has one.
        ids: the ids of the words.
        attention: float32 (words, regions), where the decoder looked before every word, if asked.
    """

    caption: str
    probability: float
    ids: tuple[int, ...] = ()
    attention: np.ndarray | None = field(default=None, compare=False, repr=False)


@dataclass
class Captioner:
    """Everything that turns a photo into a sentence.

    Attributes:
        tokenizer: words and ids.
        decoder: a decoder of `helpers.models`.
        config: what `config.json` holds: "decoder" and "sizes" rebuild the decoder, and always
            come from it; "encoder" names the features it reads; "length_power" ranks its beams;
            the rest is record.
    """

    tokenizer: "CaptionTokenizer"
    decoder: "Decoder"
    config: dict = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.decoder.build()
        own = {"decoder": self.decoder.kind, "sizes": self.decoder.sizes}
        self.config = {**own, "encoder": self.decoder.encoder, **self.config, **own}

    @cached_property
    def compiled(self) -> "CompiledModel":
        """The decoder with its steps compiled, made at the first caption."""
        from helpers.decoding import CompiledModel

        return CompiledModel(self.decoder)

    @cached_property
    def encoder(self) -> Encoder:
        """The encoder, loaded at the first photo."""
        return load_encoder(self.config["encoder"])

    def beams(
        self, features: np.ndarray, beam_size: int = 3, attention: bool = False
    ) -> list[list["Beam"]]:
        """Return the best captions of each image as ids.

        Arguments:
            features: float (images, feature_size), or (images, regions, feature_size) for a
                captioner with attention; an array or what `Features.select` gives.
            beam_size: captions kept per image; 1 is greedy but for its log-probability.
            attention: whether each tells where the decoder looked before every word.

        Raises CaptionerError for features of another shape, ValueError for a senseless beam_size.
        """
        from helpers.decoding import beam_search

        power = self.config.get("length_power", 0.7)
        options = {"beam_size": beam_size, "length_power": power, "attention": attention}
        return self.in_parts(partial(beam_search, **options), features)

    def in_parts(self, decode: Callable, features: np.ndarray) -> list:
        """Return what a decoding function gives for all images, done in parts to save memory.

        Raises CaptionerError, with the cure, for features that the decoder can't read.
        """
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

    def caption_features(self, features: np.ndarray, beam_size: int = 3) -> list[str]:
        """Return one caption per row of features; a `beam_size` of 1 is greedy.

        Arguments and errors as in `beams`. Taught in lesson 05.
        """
        from helpers.decoding import greedy

        if beam_size != 1:
            return [self.tokenizer.decode(b[0].ids) for b in self.beams(features, beam_size)]
        return [self.tokenizer.decode(caption) for caption in self.in_parts(greedy, features)]

    def candidates(self, images: Sequence, beam_size: int = 3) -> list[list[Candidate]]:
        """Return the captions that stay in the beam of each image, best first.

        Arguments and errors as in `caption`. Taught in lesson 07.
        """
        return self.feature_candidates(self.features(images), beam_size)

    def feature_candidates(
        self, features: np.ndarray, beam_size: int = 3, attention: bool = False
    ) -> list[list[Candidate]]:
        """Return the captions that stay in the beam of each row of features, best first.

        Arguments and errors as in `beams`.
        """
        found = self.beams(features, beam_size, attention)
        return [[self.candidate(beam) for beam in beams] for beams in found]

    def candidate(self, beam: "Beam") -> Candidate:
        """Return a beam in words."""
        ids, probability = tuple(beam.ids), math.exp(beam.log_probability)
        return Candidate(self.tokenizer.decode(ids), probability, ids, beam.attention)

    def caption_each(
        self, images: Iterable, beam_size: int = 3
    ) -> Iterator[list[Candidate] | ImageError]:
        """Yield the candidates of each image, or the ImageError that kept it from being read.

        Images are opened by several threads and captioned in batches: for work in bulk. While one
        batch is encoded, the captions of the one before are searched for.
        """
        yield from caption_stream(self.encoder, lambda: self, images, beam_size)

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

    def caption(self, images: Sequence, beam_size: int = 3) -> list[str]:
        """Return one caption per image.

        Arguments:
            images: paths, URLs, bytes or open binary files.
            beam_size: as in `caption_features`.

        Raises ImageError for the first image that can't be read. Taught in lesson 05.
        """
        return self.caption_features(self.features(images), beam_size)

    def save(self, folder: str | Path) -> None:
        """Write config, tokenizer and weights, the weights as float16."""
        write_folder(folder, self.tokenizer, self.decoder, self.config)

    @classmethod
    def load(cls, name_or_folder: str | Path = DEFAULT) -> "Captioner":
        """Read a captioner by its name in `data/captioners`, or from a folder.

        Raises CaptionerError for a folder that is missing, incomplete or doesn't fit together.
        """
        return cls(*read_folder(name_or_folder))


def feature_batches(encoder: Encoder, images: Iterable) -> Iterator[list[np.ndarray | ImageError]]:
    """Yield the features of a batch of images; an unreadable image gives its ImageError."""
    options = encoder.image_size, PHOTOS_AT_ONCE, pixels_or_error, OPENED_AT_ONCE
    for opened in read_ahead(images, *options):
        yield on_readable(encoder.encode, opened)


def caption_stream(
    encoder: Encoder, captioner: Callable[[], Captioner], images: Iterable, beam_size: int = 3
) -> Iterator[list[Candidate] | ImageError]:
    """Yield what `Captioner.caption_each` yields, of a captioner that may still be loading.

    captioner: gives it, and is waited for when the first batch is encoded.
    """

    def search(features: list) -> list:
        return on_readable(partial(captioner().feature_candidates, beam_size=beam_size), features)

    yield from chain.from_iterable(one_behind(search, feature_batches(encoder, images)))
