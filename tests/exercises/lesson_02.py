"""Right and wrong answers to the exercises of lesson 02."""

BEFORE = '''
import io
import pickle
import pickletools
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from helpers.features import extract_features
from helpers.features.pickles import PlainUnpickler
from helpers.images import image_pixels


def cosine(a, b):
    return a @ b / (np.linalg.norm(a) * np.linalg.norm(b))


class Halves:
    """Stands for Xception: the colours of the four quarters of a photo."""

    name, image_size, feature_shape = "halves", 8, (12,)

    def encode(self, pixels):
        quarters = pixels.reshape(len(pixels), 2, 4, 2, 4, 3).mean(axis=(2, 4))
        return quarters.reshape(len(pixels), 12).astype("float32")


play, encoder = Path(tempfile.mkdtemp()), Halves()
colours = np.random.default_rng(1).integers(0, 256, (2, 2, 3), dtype="uint8")
paths = [play / "photo.png"]
Image.fromarray(colours.repeat(20, axis=0).repeat(20, axis=1)).save(paths[0])
vector = encoder.encode(image_pixels(paths[0], 8)[np.newaxis])
'''

_MIRROR = """
def mirror_similarity(path):
    pixels = image_pixels(path, encoder.image_size)
    return {}
"""

EXERCISES = {
    1: {
        "right": [
            "def most_alike(query, rows):\n"
            "    return int(np.argmax([cosine(query, row) for row in rows]))",
            "def most_alike(query, rows):\n"
            "    return (rows @ query / np.linalg.norm(rows, axis=1)).argmax()",
        ],
        "wrong": [
            "def most_alike(query, rows):\n    return int(np.argmax(rows @ query))",
            "def most_alike(query, rows):\n"
            "    return int(np.linalg.norm(rows - query, axis=1).argmin())",
            "def most_alike(query, rows):\n"
            "    return int(np.argmax([abs(cosine(query, row)) for row in rows]))",
            "def most_alike(query, rows):\n"
            "    return rows[np.argmax([cosine(query, row) for row in rows])].tolist()",
            "def most_alike(query, rows):\n    return max(cosine(query, row) for row in rows)",
        ],
    },
    2: {
        "right": [
            _MIRROR.format("cosine(*encoder.encode(np.stack([pixels, pixels[:, ::-1]])))"),
            _MIRROR.format(
                "float(cosine(vector[0], encoder.encode(np.fliplr(pixels)[np.newaxis])[0]))"
            ),
        ],
        "wrong": [
            _MIRROR.format("cosine(*encoder.encode(np.stack([pixels, pixels[::-1]])))"),
            _MIRROR.format("cosine(*encoder.encode(np.stack([pixels, pixels])))"),
            _MIRROR.format("cosine(*encoder.encode(np.stack([pixels, pixels[..., ::-1]])))"),
            "def mirror_similarity(path):\n    return 0.95",
        ],
    },
    3: {
        "right": [
            "class Trap:\n    def __reduce__(self):\n        return eval, ('6 * 7',)\n\n\n"
            "def set_trap():\n    return pickle.dumps(Trap())",
            'def set_trap():\n    return b"cbuiltins\\neval\\n(V6 * 7\\ntR."',
        ],
        "wrong": [
            "def set_trap():\n    return pickle.dumps(eval)",
            "def set_trap():\n    return pickle.dumps('eval 6 * 7')",
            "class Trap:\n    def __reduce__(self):\n        return print, ('eval 6 * 7',)\n\n\n"
            "def set_trap():\n    return pickle.dumps(Trap())",
            "class Trap:\n    def __reduce__(self):\n        return exec, ('6 * 7',)\n\n\n"
            "def set_trap():\n    return pickle.dumps(Trap())",
        ],
    },
}
