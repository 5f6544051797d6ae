"""Round the matrices of a captioner so far that their file is half as large.

    python data/captioners/round_captioner.py FOLDER

Each matrix is rounded to steps of 1/8 to 1/4 of its own spread. The steps are powers of two, so
float16 holds the rounded numbers exactly, and the file packs to less than half its size. Then run
the command that trained the captioner again: it scores what is in the folder now.
"""

import sys
from pathlib import Path

import keras
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))
from helpers.captioner import Captioner


def round_matrix(matrix: np.ndarray) -> np.ndarray:
    """Return a matrix in steps of the largest power of two up to a quarter of its spread."""
    spread = np.std(matrix)
    step = 2.0 ** np.floor(np.log2(spread / 4)) if spread else 1.0
    return np.rint(matrix / step) * step


def round_model(model: keras.Model) -> None:
    """Round all trainable matrices of a model; vectors stay as they are."""
    for weight in model.trainable_variables:
        if weight.ndim > 1:
            weight.assign(round_matrix(weight.numpy()))


def main(folder: str) -> None:
    """Round the captioner in a folder, in place."""
    captioner = Captioner.load(folder)
    round_model(captioner.decoder)
    captioner.save(folder)
    weights = Path(folder, "decoder.weights.h5")
    print(f"wrote {weights}, {weights.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main(*sys.argv[1:])
