"""Many images on their way to captions: opened ahead, encoded in batches, captioned behind."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import chain

import numpy as np

from helpers.captioner.search import Candidate
from helpers.encoders import Encoder
from helpers.images import ImageError
from helpers.stream import on_readable, one_behind, pixels_or_error, read_ahead

PHOTOS_AT_ONCE = 16  # Xception then works in 0.7 GB; twice as many take twice that
OPENED_AT_ONCE = 8  # threads; images from the web mostly wait


def feature_batches(encoder: Encoder, images: Iterable) -> Iterator[list[np.ndarray | ImageError]]:
    """Yield the features of a batch of images; an unreadable image gives its ImageError."""
    options = encoder.image_size, PHOTOS_AT_ONCE, pixels_or_error, OPENED_AT_ONCE
    for opened in read_ahead(images, *options):
        yield on_readable(encoder.encode, opened)


def caption_stream(
    encoder: Encoder,
    captioner: Callable[[], object],
    images: Iterable,
    beam_size: int | None = None,
    search: str | None = None,
) -> Iterator[list[Candidate] | ImageError]:
    """Yield what `Captioner.caption_each` yields, of a captioner that may still be loading.

    captioner: gives it, and is waited for when the first batch is encoded.
    """

    def find(features: list) -> list:
        options = {"beam_size": beam_size, "search": search}
        return on_readable(partial(captioner().feature_candidates, **options), features)

    yield from chain.from_iterable(one_behind(find, feature_batches(encoder, images)))
