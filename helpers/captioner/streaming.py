"""Many images on their way to captions: opened ahead, captioned in batches, in their order."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import repeat
from typing import TYPE_CHECKING

import numpy as np

from helpers.captioner.search import Candidate
from helpers.images import ImageError
from helpers.stream import in_flight, on_readable, pixels_or_error

if TYPE_CHECKING:
    from helpers.encoders import Encoder

PHOTOS_AT_ONCE = 32  # whose captions are searched for together
ENCODED_AT_ONCE = 16  # Xception then works in 0.7 GB; twice as many take twice that
OPENED_AT_ONCE = 8  # threads; images from the web mostly wait
OPENED_AHEAD = 3 * ENCODED_AT_ONCE


def opened_ahead(function: Callable, items: Iterable) -> Iterator[object | None]:
    """Yield function(item) for every item, worked out ahead; before a None, all that came first."""
    coming: deque = deque()
    pool = ThreadPoolExecutor(OPENED_AT_ONCE, "opening")
    try:
        for item in items:
            coming.extend([] if item is None else [pool.submit(function, item)])
            while len(coming) > (0 if item is None else OPENED_AHEAD):
                yield coming.popleft().result()
            if item is None:
                yield None
        while coming:
            yield coming.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def batches(items: Iterable, size: int) -> Iterator[list | None]:
    """Yield lists of so many items; before a None, a shorter one."""
    batch = []
    for item in items:
        batch += [] if item is None else [item]
        if batch and (item is None or len(batch) == size):
            yield batch
            batch = []
        if item is None:
            yield None
    if batch:
        yield batch


def with_contexts(images: Iterable, contexts: Iterable | None) -> Iterator[tuple | None]:
    """Yield (image, context), and None for a None; raises ValueError if one of them ends early."""
    pairs = zip(images, repeat(None) if contexts is None else contexts, strict=contexts is not None)
    return (pair if pair[0] is not None else None for pair in pairs)


def feature_batches(
    encoder: "Encoder", images: Iterable
) -> Iterator[list[np.ndarray | ImageError] | None]:
    """Yield the features of a batch of images; an unreadable image gives its ImageError."""

    def encode(pixels: np.ndarray) -> np.ndarray:
        parts = range(0, len(pixels), ENCODED_AT_ONCE)
        return np.concatenate([encoder.encode(pixels[at : at + ENCODED_AT_ONCE]) for at in parts])

    opened = opened_ahead(partial(pixels_or_error, size=encoder.image_size), images)
    for batch in batches(opened, PHOTOS_AT_ONCE):
        yield None if batch is None else on_readable(encode, batch)


def caption_stream(
    encoder: "Encoder", find: Callable[[np.ndarray], list], images: Iterable
) -> Iterator[list[Candidate] | ImageError | None]:
    """Yield what `AnyCaptioner.caption_each` yields.

    An encoder keeps all cores busy and beam search does not: so one batch is encoded while the
    captions of the one before are searched for.

    find: gives the candidates of each row of features, on a thread; it may wait for a captioner
        that is still loading.
    """
    features = feature_batches(encoder, images)
    for results in in_flight(lambda found: on_readable(find, found), features):
        yield from [None] if results is None else results
