"""How far a caption can be trusted: two questions, and one number for both.

*Is this a photo of a world I know?* Photos like those of the training lie along a few hundred
directions of feature space; what a chart or a logo has outside them is much. *Is this sentence
right?* Words that the decoder is sure of, in phrases that people use often, are right more often.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from functools import partial
from math import exp, log
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from helpers.arrays import read_arrays
from helpers.files import replacing

if TYPE_CHECKING:
    from helpers.metrics import Rarity

WORLD = "world.npz"  # in a captioner's folder
AXES = 192  # directions; 384 tell strange pictures no better
LARGEST = 2**24  # bytes of their file, unpacked; those of 10,000 numbers a photo have 2 MB
STEPS = 127  # of an axis' numbers on either side of zero


@dataclass(frozen=True)
class World:
    """What the photos of the training have in common, by their features.

    Attributes:
        mean, spread: float32 (size,), of the training photos' features.
        axes: float32 (axes, size), the main directions of their standardised features.
    """

    mean: np.ndarray
    spread: np.ndarray
    axes: np.ndarray

    @classmethod
    def of_photos(cls, features: np.ndarray, axes: int = AXES) -> "World":
        """Return the world of photos, features float (photos, size), more of them than axes."""
        mean, spread = features.mean(axis=0), features.std(axis=0) + 1e-6
        _, _, directions = np.linalg.svd((features - mean) / spread, full_matrices=False)
        return cls(mean, spread, directions[:axes])

    def strangeness(self, features: np.ndarray) -> np.ndarray:
        """Return how strange photos are: the mean square of what is left outside the axes.

        features: float (photos, size), or (photos, regions, size), of which the mean is taken.
        Returns float (photos,); about 0.4 for photos like those of the training.
        """
        features = features if features.ndim == 2 else features.mean(axis=1)
        standard = (features - self.mean) / self.spread
        inside = standard @ self.axes.T
        left = np.square(standard).sum(axis=1) - np.square(inside).sum(axis=1)
        return np.maximum(left, 0) / standard.shape[1]

    def save(self, path: str | Path) -> None:
        """Write it, the axes as int8."""
        scales = np.abs(self.axes).max(axis=1, keepdims=True) / STEPS
        axes = np.rint(self.axes / scales).astype("int8")
        arrays = {"mean": self.mean, "spread": self.spread, "scales": scales}
        small = {name: array.astype("float16") for name, array in arrays.items()}
        with replacing(path) as unfinished, unfinished.open("wb") as file:
            np.savez_compressed(file, axes=axes, **small)

    @classmethod
    def load(cls, path: str | Path) -> "World":
        """Read what `save` has written. Raises ValueError for anything else."""
        names, arrays = ("mean", "spread", "scales", "axes"), read_arrays(path, LARGEST)
        if missing := set(names) - set(arrays):
            raise ValueError(f"{Path(path).name} lacks {', '.join(sorted(missing))}")
        mean, spread, scales, axes = (arrays[name].astype("float32") for name in names)
        fits = mean.ndim == 1 and spread.shape == mean.shape == axes.shape[1:]
        if not fits or scales.shape != (len(axes), 1) or not (spread > 0).all():
            raise ValueError(f"{Path(path).name}: its arrays don't fit together")
        return cls(mean, spread, axes * scales)


@dataclass(frozen=True)
class Trust:
    """How both answers become one number from 0 to 1; fitted by `tests/benchmarks/confidence.py`.

    Attributes:
        constant, words, phrases: of the chance that a sentence is right, as in a logistic
            regression: `words` times the mean log-probability of its words, `phrases` times the
            mean rarity of its three-word phrases.
        strange: the strangeness at which half of that chance is left; it falls steeply there.
        least: the confidence below which a captioner is "not sure".
    """

    constant: float
    words: float
    phrases: float
    strange: float
    least: float

    STEEP: ClassVar[int] = (
        20  # a strangeness of 1.2 times `strange` leaves 3 % of the chance, 0.8 times 99 %
    )

    def confidence(self, strangeness: float, words: float, phrases: float) -> float:
        """Return how far a caption can be trusted.

        Arguments:
            strangeness: of its photo, from `World.strangeness`.
            words: mean log-probability of its words and its end.
            phrases: from `rarity_of`.
        """
        right = sigmoid(self.constant + self.words * words + self.phrases * phrases)
        return right * sigmoid(self.STEEP * log(self.strange / max(strangeness, 1e-9)))


def check_trust(known: dict) -> None:
    """Raise ValueError for what is no "confidence" of a config."""
    names = [one.name for one in fields(Trust)]
    if set(known) != set(names):
        raise ValueError(f'"confidence" in config.json has not just {", ".join(names)}')
    for name, value in known.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 10**6:
            raise ValueError(f'"confidence" in config.json: {name} is no number of a usual size')
    if known["strange"] <= 0:
        raise ValueError('"confidence" in config.json: "strange" must be above 0')


def judges_of(
    known: dict | None, world: World | None, rarity: "Rarity | None", features: np.ndarray
) -> list[Callable[[float, Sequence[str]], tuple[float | None, bool]]]:
    """Return for each photo what tells the confidence of a caption of it, and if it is enough.

    Arguments:
        known: "confidence" of a captioner's config; without it, a world or a rarity of n-grams,
            the confidence of everything is None, which has to be enough.
        features: float (photos, size) or (photos, regions, size).

    Each takes the mean log-probability of a caption's words and the words.
    """
    if not (known and world and rarity):
        return [lambda sure, words: (None, True)] * len(features)
    trust = Trust(**known)

    def judge(strangeness: float, sure: float, words: Sequence[str]) -> tuple[float, bool]:
        confidence = trust.confidence(strangeness, sure, rarity_of(words, rarity))
        return confidence, confidence >= trust.least

    return [partial(judge, float(strange)) for strange in world.strangeness(features)]


def rarity_of(words: Sequence[str], rarity: "Rarity") -> float:
    """Return the mean rarity of a caption's three-word phrases, as CIDEr-D weighs them."""
    phrases = list(zip(words, words[1:], words[2:], strict=False)) or [()]
    return sum(rarity.known.get(phrase, rarity.unseen) for phrase in phrases) / len(phrases)


def sigmoid(value: float) -> float:
    """Return 1 / (1 + e ** -value), also for values whose power is too large."""
    return 1 / (1 + exp(-max(-500.0, min(500.0, value))))
