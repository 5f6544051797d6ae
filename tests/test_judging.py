"""The twenty images of lesson 14, and the form in which a person judges their captions."""

import pytest

from helpers.apps import judging
from helpers.apps.drawings import button
from helpers.apps.judging import VERDICTS, review_form
from helpers.apps.samples import find_spec
from helpers.apps.site_images import site_images
from helpers.images import encoded, open_image


def test_there_are_twenty_and_each_can_be_opened():
    pytest.importorskip("skimage")
    images = site_images()
    assert len(images) == 20
    for image in images.values():
        assert min(open_image(image).size) >= 100


def test_without_scikit_image_there_are_seven(monkeypatch):
    def lacking(name):
        return None if name == "skimage" else find_spec(name)

    monkeypatch.setattr("helpers.apps.samples.find_spec", lacking)
    drawn = ["logo", "chart", "screenshot", "banner", "button", "product"]
    assert [*site_images()] == ["portrait", *drawn]


def test_a_click_is_noted_and_what_was_noted_is_shown():
    images = {label: encoded(button(), "PNG") for label in ("a", "b", "c")}
    verdicts = {"b": "edit"}
    form = review_form(images, {"a": "A dog.", "b": "A cat."}, verdicts)
    assert len(form.children) == 2  # none for an image without a suggestion
    first, second = (row.children[1].children[1] for row in form.children)
    assert first.value is None and second.value == "edit"
    first.value = VERDICTS[0]
    second.value = VERDICTS[2]
    assert verdicts == {"a": "accept", "b": "reject"}


def test_the_time_that_each_image_takes_is_noted(monkeypatch):
    monkeypatch.setattr(judging, "perf_counter", iter([100.0, 104.0, 105.0, 112.0]).__next__)
    images, seconds = {label: encoded(button(), "PNG") for label in "ab"}, {}
    form = review_form(images, {"a": "A dog.", "b": "A cat."}, {}, seconds)
    first, second = (row.children[1].children[1] for row in form.children)
    first.value, second.value, first.value = VERDICTS
    assert seconds == {"a": 4.0 + 7.0, "b": 1.0}
