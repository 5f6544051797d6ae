"""What a captioner's training has changed in its encoder; it travels in the captioner's folder.

The file holds differences from the ImageNet weights, not weights: small numbers, of which fifteen
steps for each output channel are enough, and which pack well.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache, partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from helpers.arrays import read_arrays
from helpers.encoders.table import EncoderError, EncoderSpec, Fill
from helpers.files import replacing

if TYPE_CHECKING:
    import keras

STEPS = 7  # on either side of zero
SCALES = "_scales"
LARGEST = 10**8  # bytes of all arrays
MOST = 1000  # of a difference; ours are below 1


def write_changes(path: str | Path, changes: Mapping[str, np.ndarray]) -> None:
    """Write differences of kernels, rounded to fifteen steps for each output channel.

    changes: float (…, channels) by name, "layer/kernel" as in Keras' paths.
    """
    arrays = {}
    for name, change in changes.items():
        largest = np.abs(change).max(axis=tuple(range(change.ndim - 1)))
        scales = np.maximum(largest, 1e-12).astype("float32") / STEPS
        arrays[name] = np.rint(change / scales).astype("int8")
        arrays[name + SCALES] = scales
    with replacing(path) as unfinished, open(unfinished, "wb") as file:
        np.savez_compressed(file, **arrays)


def read_changes(path: str | Path) -> dict[str, np.ndarray]:
    """Return float32 differences by the name of the kernel.

    Raises EncoderError for a file that holds something else.
    """
    try:
        found = read_arrays(path, LARGEST)
        names = [name for name in found if not name.endswith(SCALES)]
        if not names:
            raise ValueError("it is empty")
        return {name: scaled(name, found[name], found[name + SCALES]) for name in names}
    except (KeyError, ValueError) as error:  # KeyError: scales are missing
        problem = f"{path} holds no changes of an encoder ({str(error)[:300]})"
        raise EncoderError(f"{problem}; fetch the captioner again") from error


def scaled(name: str, steps: np.ndarray, scales: np.ndarray) -> np.ndarray:
    """Return a float32 difference; raise ValueError for one that no training makes."""
    if scales.shape != steps.shape[-1:]:  # NumPy would spread them over gigabytes
        raise ValueError(f"{name} has not one scale for each channel")
    with np.errstate(over="ignore"):
        change = steps * scales.astype("float32")
    if not (np.abs(change) <= MOST).all():
        raise ValueError(f"{name} changes by more than {MOST}")
    return change


def changed(spec: EncoderSpec, path: str | Path) -> EncoderSpec:
    """Return the entry of an encoder whose kernels a captioner's training has changed.

    Its name has a sign of its own, so that its features are never taken for the frozen one's.
    """
    return replace(
        spec,
        name=f"{spec.name}+{sign_of(Path(path), Path(path).stat().st_mtime_ns)}",
        build=partial(built, spec=spec, path=path),
    )


@lru_cache
def sign_of(path: Path, _: int) -> str:
    """Return what tells a file of changes from another one; it is read once.

    Raises EncoderError for one that is too large.
    """
    if path.stat().st_size > LARGEST:
        problem = f"{path} has more than {LARGEST:,} bytes, too many for changes of an encoder"
        raise EncoderError(f"{problem}; fetch the captioner again")
    return sha256(path.read_bytes()).hexdigest()[:8]


def built(filled: Fill, spec: EncoderSpec, path: str | Path) -> "keras.Model":
    """Return the network with its changes.

    Raises EncoderError for a kernel that it has not, or of another shape.
    """
    network = spec.build(filled)
    kernels = {weight.path: weight for weight in network.weights}
    for name, change in read_changes(path).items():
        if name not in kernels or tuple(kernels[name].shape) != change.shape:
            problem = f"{path} changes {name} {change.shape}, which {spec.name} has not"
            raise EncoderError(f"{problem}; fetch the captioner again")
        kernels[name].assign_add(change)
    return network
