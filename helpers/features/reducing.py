"""Fewer numbers per region: features along the main directions in which regions differ."""

from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np
from tqdm.auto import tqdm

from helpers.arrays import read_arrays
from helpers.features.files import Features, FeaturesError, write_array
from helpers.files import replacing

SAMPLE = 30_000  # vectors of features from which their mean and spread are taken
LARGEST = 10**9  # bytes of a reduction's file
AT_ONCE = 64  # photos reduced together; 78 MB of Xception's grids


@dataclass(frozen=True)
class Reduction:
    """Principal component analysis (PCA): `(regions - mean) @ axes` keeps what differs most.

    Attributes:
        mean, spread: float32 (channels,), mean and standard deviation of every channel.
        axes: float32 (channels, components): the main directions of standardised regions, scaled
            so that what comes out has a mean variance of 1.
        kept: share of the standardised regions' variance that is kept, 0 to 1.

    Source: Hotelling 1933. Taught in lesson 08.
    """

    mean: np.ndarray
    spread: np.ndarray
    axes: np.ndarray
    kept: float

    def __call__(self, regions: np.ndarray) -> np.ndarray:
        """Return float32 (…, components) of regions (…, channels); padding stays zero."""
        regions = regions.astype("float32")
        return ((regions - self.mean) @ self.axes) * regions.any(axis=-1, keepdims=True)

    def save(self, path: str | Path) -> None:
        """Write an `.npz` file."""
        with replacing(path) as unfinished, unfinished.open("wb") as file:
            np.savez(file, **asdict(self))

    @classmethod
    def load(cls, path: str | Path) -> "Reduction":
        """Read what `save` has written. Raises ValueError for anything else."""
        arrays = read_arrays(path, LARGEST)
        if set(arrays) != {field.name for field in fields(cls)}:
            raise ValueError(f"{Path(path).name} has the arrays {[*arrays]}")
        return cls(**{**arrays, "kept": float(arrays["kept"])})


def fit_reduction(regions: np.ndarray, components: int) -> Reduction:
    """Find the main directions of some regions.

    Arguments:
        regions: float (regions, channels) of the training split, without padding.
        components: numbers that stay of every region.

    Raises FeaturesError for more components than channels or regions.
    """
    if not 1 <= components <= min(regions.shape):
        raise FeaturesError(
            f"{components} components of {len(regions)} regions with {regions.shape[1]} channels; "
            f"choose 1 to {min(regions.shape)}"
        )
    mean, spread = regions.mean(axis=0), regions.std(axis=0)
    spread[spread < 1e-5 * spread.mean()] = spread.mean()  # a channel that never differs
    standard = (regions - mean) / spread
    variances, directions = np.linalg.eigh(standard.T @ standard / len(standard))
    variances, directions = variances[::-1], directions[:, ::-1]  # the largest first
    size = np.sqrt(variances[:components].mean())
    axes = directions[:, :components] / spread[:, None] / size
    kept = float(variances[:components].sum() / variances.sum())
    return Reduction(mean, spread, axes.astype("float32"), kept)


def reduce_features(features: Features, reduction: Reduction, target: str | Path) -> Features:
    """Write reduced features of every photo into an array file, a few photos at a time.

    Arguments:
        features: float16 (photos, regions, channels), mapped from the disk if they are many.
        reduction: from `fit_reduction`.
        target: the `.npy` file; its encoder gets the number of components as an ending.

    Taught in lesson 08.
    """
    vectors, components = features.vectors, reduction.axes.shape[1]
    label = {**features.label, "encoder": f"{features.encoder}-{components}"}
    starts = tqdm(range(0, len(vectors), AT_ONCE), "reduced")
    reduced = (reduction(vectors[start : start + AT_ONCE]) for start in starts)
    return write_array(Path(target), label, (*vectors.shape[1:-1], components), reduced)


def sample_vectors(features: np.ndarray) -> np.ndarray:
    """Return vectors (vectors, numbers) of photos taken at random, without those of padding."""
    photos = SAMPLE // int(np.prod(features.shape[1:-1]))
    sample = np.random.default_rng(0).permutation(len(features))[:photos]
    vectors = features[np.sort(sample)].reshape(-1, features.shape[-1])
    return vectors[vectors.any(axis=1)]
