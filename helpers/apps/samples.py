"""Pictures to try a captioner on: free photos of other packages, and drawn scenes."""

from importlib.util import find_spec
from pathlib import Path

from helpers.places import DATA

MINI = DATA / "mini" / "Flicker8k_Dataset"
SCENES = ("1474644272_e86d0cb9b1.jpg", "1032777586_b583be4390.jpg")
FREE = {  # of packages: label -> photo in the public domain or CC0
    "matplotlib": {"portrait": "mpl-data/sample_data/grace_hopper.jpg"},
    "skimage": {
        "photographer": "data/camera.png",
        "cat": "data/chelsea.png",
        "astronaut": "data/astronaut.png",
        "coffee": "data/coffee.png",
        "rocket": "data/rocket.jpg",
    },
}
SHOWN = ("portrait", "photographer", "cat")


def packaged(table: dict[str, dict[str, str]]) -> dict[str, Path]:
    """Return label -> path of those pictures whose packages are installed.

    table: package -> label -> path inside it.
    """
    pictures = {}
    for package, found in table.items():
        if place := find_spec(package):
            folder = Path(place.origin).parent
            pictures |= {label: folder / name for label, name in found.items()}
    return {label: path for label, path in pictures.items() if path.exists()}


def free_photos() -> dict[str, Path]:
    """Return the real photos, label -> path, that Matplotlib and scikit-image bring with them.

    Without scikit-image there is only the portrait.
    """
    return packaged(FREE)


def sample_photos() -> dict[str, Path]:
    """Return examples for the widget, label -> path: three free photos and two drawn scenes."""
    photos = {label: path for label, path in free_photos().items() if label in SHOWN}
    return photos | {f"scene {number}": MINI / name for number, name in enumerate(SCENES, start=1)}
