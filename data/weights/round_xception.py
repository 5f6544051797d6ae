"""Make `xception-int8.npz`: the ImageNet weights of Keras' Xception in a quarter of their size.

    python data/weights/round_xception.py [WEIGHTS.weights.h5]

Without an argument the official weights are downloaded through Keras. Every large kernel is
rounded to int8 with one scale per output channel; kernels of fewer than 200,000 numbers, which
cost little and matter most, are rounded to float16; the rest stays as it is.
"""

import sys
from pathlib import Path

import keras
import numpy as np

SMALL_KERNEL = 200_000
TARGET = Path(__file__).with_name("xception-int8.npz")


def round_kernel(kernel: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return a kernel as int8 and its float32 scales, one per output channel (the last axis)."""
    largest = np.abs(kernel).max(axis=tuple(range(kernel.ndim - 1)))
    scales = np.maximum(largest, 1e-12).astype("float32") / 127
    return np.rint(kernel / scales).astype("int8"), scales


def round_weights(weights: list[np.ndarray]) -> dict[str, np.ndarray]:
    """Return the arrays of the file: `000`, `001`, … in Keras' order, `000_scales` beside int8."""
    arrays = {}
    for index, weight in enumerate(weights):
        key = f"{index:03d}"
        if weight.ndim < 4:
            arrays[key] = weight
        elif weight.size < SMALL_KERNEL:
            arrays[key] = weight.astype("float16")
        else:
            arrays[key], arrays[f"{key}_scales"] = round_kernel(weight)
    return arrays


def main(source: str | None = None) -> None:
    """Round the weights of Xception without its classifier and write them."""
    official = None if source else "imagenet"
    xception = keras.applications.Xception(weights=official, include_top=False)
    if source:
        xception.load_weights(source)
    np.savez_compressed(TARGET, **round_weights(xception.get_weights()))
    print(f"wrote {TARGET.name}, {TARGET.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main(*sys.argv[1:2])
