"""The drawn pictures of lesson 09: what they are is what the lesson says of them."""

import io

import pytest
from PIL import Image

from helpers.apps.alt_text.visiting.lettering import Lettering, has_rapidocr
from helpers.apps.drawings import drawn_pictures


def test_each_picture_is_a_small_png_and_always_the_same():
    pictures = drawn_pictures()
    assert list(pictures) == ["logo", "chart", "screenshot", "banner"]
    sizes = {label: Image.open(io.BytesIO(data)).size for label, data in pictures.items()}
    assert min(min(size) for size in sizes.values()) >= 200
    assert max(map(len, pictures.values())) < 30_000
    assert pictures == drawn_pictures()


@pytest.mark.slow
@pytest.mark.skipif(not has_rapidocr(), reason="images of text are read with the extra text")
def test_two_of_them_are_images_of_text():
    reader = Lettering()
    images = {
        label: Image.open(io.BytesIO(data)).convert("RGB")
        for label, data in drawn_pictures().items()
    }
    said = {label: reader.read(image) for label, image in images.items() if reader.likely(image)}
    texts = {label: found[0] for label, found in said.items() if found}
    assert texts["banner"] == "Summer sale: 20% off. All beans, until 31 August."
    assert texts["screenshot"].startswith("Opening hours. Monday to Friday: 8 am to 6 pm. Saturday")
    assert set(texts) == {"screenshot", "banner"}
