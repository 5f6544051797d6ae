"""Twenty images as they are found on a website: free ones of other packages, and drawn ones."""

from pathlib import Path

from helpers.apps.drawings import button, drawn_pictures
from helpers.apps.samples import free_photos, packaged
from helpers.apps.shop import products
from helpers.images import encoded

FREE = {  # of a package: label -> picture in the public domain, CC0, or without known restrictions
    "skimage": {
        "coins": "data/coins.png",
        "brick wall": "data/brick.png",
        "gravel": "data/gravel.png",
        "lawn": "data/grass.png",
        "blurred clock": "data/clock_motion.png",
        "galaxies": "data/hubble_deep_field.jpg",
        "silhouette": "data/horse.png",
        "handwriting": "data/text.png",
    }
}


def site_images() -> dict[str, Path | bytes]:
    """Return twenty images of a website, label -> path or PNG; without scikit-image seven.

    Shown in lesson 14.
    """
    drawn = drawn_pictures() | {
        "button": encoded(button(), "PNG"),
        "product": encoded(products(1)[0].photo, "PNG"),
    }
    return free_photos() | packaged(FREE) | drawn
