"""Pictures to try a captioner on: free photos of other packages, and drawn scenes."""

from importlib.util import find_spec
from pathlib import Path

from helpers.places import DATA

MINI = DATA / "mini" / "Flicker8k_Dataset"
SCENES = ("1474644272_e86d0cb9b1.jpg", "1032777586_b583be4390.jpg")
FREE = {  # of packages: label -> photo in the public domain
    "matplotlib": {"portrait": "mpl-data/sample_data/grace_hopper.jpg"},
    "skimage": {"photographer": "data/camera.png", "cat": "data/chelsea.png"},
}


def sample_photos() -> dict[str, Path]:
    """Return examples, label -> path: free photos of Matplotlib and scikit-image, drawn scenes."""
    photos = {}
    for package, found in FREE.items():
        if place := find_spec(package):
            folder = Path(place.origin).parent
            photos |= {label: folder / name for label, name in found.items()}
    photos |= {f"scene {number}": MINI / name for number, name in enumerate(SCENES, start=1)}
    return {label: path for label, path in photos.items() if path.exists()}
