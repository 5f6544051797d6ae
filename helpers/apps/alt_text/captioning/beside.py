"""Two captioners that look at the same photos, so that a person may choose between their texts."""

from collections.abc import Callable, Iterator

import numpy as np
from PIL import Image

ENDING = " beside"  # of the digest under which the second one's candidates are kept


class Both(list):
    """The candidates of one captioner; `beside` holds those of the other."""

    beside: list


class Pair:
    """Stands in for one captioner, as the job knows it, and asks two.

    first, second: captioners; each gets pixels of its own size.
    """

    def __init__(self, first: object, second: object):
        self.first, self.second, self.encoder = first, second, self
        self.image_size = max(first.encoder.image_size, second.encoder.image_size)
        self.note = getattr(first, "note", "")

    def encode(self, pixels: np.ndarray) -> np.ndarray:
        """Return objects (photos, 2): the features of each captioner's own encoder."""
        rows = np.empty((len(pixels), 2), object)
        for side, captioner in enumerate((self.first, self.second)):
            sized = of_size(pixels, captioner.encoder.image_size)
            for row, features in zip(rows, captioner.encoder.encode(sized), strict=True):
                row[side] = features
        return rows

    def feature_candidates(self, features: np.ndarray, *how: object) -> Iterator[Both]:
        """Yield the candidates of both, photo by photo."""
        sides = zip((self.first, self.second), features.T, strict=True)
        said = [captioner.feature_candidates(np.stack(list(own)), *how) for captioner, own in sides]
        for one, other in zip(*said, strict=True):
            both = Both(one)
            both.beside = other
            yield both


def of_size(pixels: np.ndarray, size: int) -> np.ndarray:
    """Return uint8 pixels (photos, size, size, 3)."""
    if pixels.shape[1] == size:
        return pixels
    shape, how = (size, size), Image.Resampling.BICUBIC
    return np.stack([np.asarray(Image.fromarray(photo).resize(shape, how)) for photo in pixels])


def load_pair(name: str, load: Callable, beside: str) -> Pair:
    """Return two captioners as one; load gives each by its name."""
    return Pair(load(name), load(beside))


def hash_of_pair(name: str, fingerprint: Callable, beside: str) -> str:
    """Return what two captioners are known by; fingerprint gives the hash of each."""
    return f"{fingerprint(name)} {fingerprint(beside)}"
