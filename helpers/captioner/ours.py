"""What our captioners say of themselves, and how they caption, as one kind among others."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import redirect_stdout
from functools import cached_property
from pathlib import Path

import numpy as np
from PIL import Image

from helpers.captioner.folder import CaptionerError
from helpers.captioner.search import Candidate
from helpers.captioner.streaming import caption_stream, with_contexts
from helpers.captioner.weights import brief
from helpers.encoders import ENCODERS, Encoder, load_encoder
from helpers.images import ImageError

BOTH = "flickr8k+coco"
LANGUAGES = {"flickr8k": "en", "flickr30k": "en", "mini": "en", BOTH: "en"}  # of data sets
BLIND = (
    "so it can't read text and knows no logos, charts, screenshots or products; "
    "lesson 14 puts a better one in its place"
)
NOTES = {
    "flickr8k": "learnt from 6,000 photos of people and dogs (Flickr8k, licensed for research and "
    f"teaching only), {BLIND}",
    BOTH: "learnt from 6,000 photos of people and dogs and 2,000 of everyday things (Flickr8k, "
    f"licensed for research and teaching only, and COCO), {BLIND}",
    "mini": "learnt from 600 drawn scenes, and knows nothing of photos; it is for teaching",
}
ELSE = "learnt from the data set {!r} alone; it can't read text, and its licence is that data set's"


class Ours:
    """What our captioners have in common as an `AnyCaptioner`, loaded or not.

    Needs `name`, `config`, `changes`, and `find`, which gives the candidates of features.
    """

    host = ""
    name: str
    config: dict
    changes: Path | None
    find: Callable[[np.ndarray], list[list[Candidate]]]

    @cached_property
    def encoder(self) -> Encoder:
        """The encoder, loaded at the first photo.

        Raises CaptionerError if it can't be the captioner's own, before gigabytes are taken for it.
        """
        check_encoder(self.name, self.config)
        with redirect_stdout(sys.stderr):  # what a download says, or its bar, is no caption
            return load_encoder(self.config["encoder"], changes=self.changes)

    @property
    def note(self) -> str:
        """What it was trained on, what it can't see, and its licence."""
        dataset = self.config.get("dataset", "yours")
        return f"{self.name}: {NOTES.get(dataset, ELSE.format(dataset))}."

    @property
    def languages(self) -> tuple[str, ...]:
        """The one language of its training captions, if it is known."""
        dataset = self.config.get("dataset")
        return (LANGUAGES[dataset],) if dataset in LANGUAGES else ()

    @property
    def image_size(self) -> int:
        """Pixels a side that its encoder reads."""
        return self.encoder.image_size

    def prepare(self, image: Image.Image) -> np.ndarray:
        """Return uint8 pixels (size, size, 3), as `image_pixels` does."""
        size = self.image_size
        return np.array(image.resize((size, size), Image.Resampling.BICUBIC))

    def caption_each(
        self, images: Iterable, contexts: Iterable[str | None] | None = None
    ) -> Iterator[list[Candidate] | ImageError | None]:
        """Yield what each image gives, as `AnyCaptioner` says; it reads no contexts."""
        pairs = with_contexts(images, contexts)
        yield from caption_stream(self.encoder, self.find, (pair and pair[0] for pair in pairs))


def check_encoder(name: str, config: dict) -> None:
    """Raise CaptionerError for a config whose encoder is none, or fits another decoder."""
    encoder, sizes = config["encoder"], config.get("sizes", {})
    wanted, problem = sizes.get("feature_size"), ""
    if encoder not in ENCODERS:
        problem = f"there is no encoder {brief(encoder)}; there are {', '.join(ENCODERS)}"
    elif wanted and wanted != ENCODERS[encoder].feature_shape[-1]:
        problem = f"the decoder reads {brief(wanted)} numbers a photo, and {encoder} gives others"
    if problem:
        raise CaptionerError(f"config.json of {name}: {problem}; fetch it or train it anew")
