"""Twenty images as they are found on a website: free ones of other packages, and drawn ones."""

from pathlib import Path

from helpers.apps.drawings import button, drawn_pictures
from helpers.apps.samples import free_photos, packaged
from helpers.images import encoded

NOT_PHOTOS = {  # of packages: label -> picture without a known restriction
    "skimage": {
        "coins": "data/coins.png",
        "brick wall": "data/brick.png",
        "gravel": "data/gravel.png",
        "blurred clock": "data/clock_motion.png",
        "galaxies": "data/hubble_deep_field.jpg",
        "moon": "data/moon.png",
        "silhouette": "data/horse.png",
        "scanned page": "data/page.png",
        "handwriting": "data/text.png",
        "logo": "data/logo.png",
    },
    "matplotlib": {"product": "mpl-data/sample_data/Minduka_Present_Blue_Pack.png"},
}
DRAWN = ("chart", "screenshot", "button")


def site_images() -> dict[str, Path | bytes]:
    """Return twenty images of a website, label -> path or PNG; without scikit-image five.

    Shown in lesson 14.
    """
    drawn = drawn_pictures() | {"button": encoded(button(), "PNG")}
    return free_photos() | packaged(NOT_PHOTOS) | {label: drawn[label] for label in DRAWN}
