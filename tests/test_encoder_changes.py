"""What a captioner's training has changed in its encoder: kept small, found, refused if foreign."""

import io
import os
import re
import zipfile
from dataclasses import replace
from unittest.mock import patch

import keras
import numpy as np
import pytest

from conftest import few_quick
from helpers.captioner import Captioner, CaptionerError, OwnCaptioner
from helpers.captioner.folder import CHANGES
from helpers.encoders import Encoder, EncoderError, EncoderSpec, changed, read_changes
from helpers.encoders import write_changes as write
from helpers.models import MergeDecoder
from helpers.tokenizer import CaptionTokenizer


@pytest.fixture(autouse=True)
def tensorflow(monkeypatch):
    monkeypatch.setenv("CAPTION_ENGINE", "tensorflow")


def build(filled=None):
    """A network of one convolution, whose kernel is all ones."""
    pixels = keras.Input((4, 4, 3))
    layer = keras.layers.Conv2D(2, 4, use_bias=False, kernel_initializer="ones", name="last")
    return keras.Model(pixels, keras.layers.Flatten()(layer(pixels)))


SPEC = EncoderSpec("toy", 4, (2,), lambda pixels: pixels, build, None)


@pytest.fixture
def changes(tmp_path):
    path = tmp_path / CHANGES
    write(path, {"last/kernel": np.stack([np.full((4, 4, 3), value) for value in (0.5, -2)], -1)})
    return path


def test_changes_come_back_within_a_step(tmp_path):
    change = np.random.default_rng(1).normal(size=(3, 3, 8, 6)).astype("float32")
    change[..., 0] = 0
    write(tmp_path / CHANGES, {"a/kernel": change})
    (name, found), *rest = read_changes(tmp_path / CHANGES).items()
    assert name == "a/kernel" and not rest and found.dtype == "float32"
    steps = np.abs(change).max(axis=(0, 1, 2)) / 7
    assert np.all(np.abs(found - change) <= steps / 2 + 1e-6)


def test_changes_are_added_to_the_weights(changes):
    pixels = np.ones((1, 4, 4, 3), "uint8")
    np.testing.assert_allclose(Encoder(SPEC).encode(pixels), [[48, 48]])
    np.testing.assert_allclose(Encoder(changed(SPEC, changes)).encode(pixels), [[72, -48]])


def test_a_changed_encoder_has_a_name_of_its_own(changes, tmp_path):
    name = changed(SPEC, changes).name
    assert re.fullmatch(r"toy\+[0-9a-f]{8}", name)
    write(tmp_path / "others.npz", {"last/kernel": np.ones((4, 4, 3, 2))})
    assert changed(SPEC, tmp_path / "others.npz").name not in (name, "toy")
    assert changed(SPEC, changes).name == name


@pytest.mark.parametrize(
    "kernels", [{"other/kernel": np.ones((2, 2))}, {"last/kernel": np.ones((4, 4, 3, 3))}]
)
def test_changes_of_another_network_are_refused(tmp_path, kernels):
    write(tmp_path / CHANGES, kernels)
    with pytest.raises(EncoderError, match="which toy has not; fetch the captioner again"):
        Encoder(changed(SPEC, tmp_path / CHANGES))


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({}, "it is empty"),
        ({"a": np.ones((9, 1), "int8"), "a_scales": np.ones(9, "f4")}, "one scale for each"),
        ({"a": np.ones((2, 2), "int8"), "a_scales": np.full(2, 3e38, "f4")}, "by more than 1000"),
        ({"a": np.ones((2, 2), "int8"), "a_scales": np.full(2, 1e300)}, "by more than 1000"),
    ],
)
def test_changes_that_no_training_makes_are_refused(tmp_path, arrays, said):
    np.savez(tmp_path / CHANGES, **arrays)
    with pytest.raises(EncoderError, match=said):
        read_changes(tmp_path / CHANGES)


def test_a_file_too_large_for_changes_is_not_read(tmp_path, changes):
    os.truncate(changes, 2**40)  # takes no room on the disk
    with pytest.raises(EncoderError, match="more than 100,000,000 bytes.*fetch the captioner"):
        changed(SPEC, changes)


def bomb() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.npy", bytes(10**8 + 1))
    return file.getvalue()


def without_scales(name: str = "a") -> bytes:
    file = io.BytesIO()
    np.savez(file, **{name: np.ones((2, 2), "int8")})
    return file.getvalue()


@pytest.mark.parametrize(
    "content", [b"", b"<html>", bomb(), without_scales(), without_scales("n" * 60_000)]
)
def test_a_broken_file_is_named(tmp_path, content):
    (tmp_path / CHANGES).write_bytes(content)
    with pytest.raises(EncoderError, match=f"{CHANGES} holds no changes of an encoder") as error:
        read_changes(tmp_path / CHANGES)
    assert len(str(error.value)) < 700


@pytest.fixture
def folder(tmp_path, changes):
    """A captioner with changes."""
    folder, tokenizer = (
        tmp_path / "captioner",
        CaptionTokenizer([*CaptionTokenizer.MARKERS, "a", "dog"], 4),
    )
    decoder = MergeDecoder(len(tokenizer), feature_size=3032)
    config = {"search": {"kind": "greedy"}, "function_words": ["a"]}
    Captioner(tokenizer, decoder, config, changes=changes).save(folder)
    return folder


@pytest.mark.slow
def test_changes_travel_with_the_captioner(folder, changes, tmp_path):
    again = Captioner.load(folder)
    assert again.changes == folder / CHANGES
    assert again.changes.read_bytes() == changes.read_bytes()
    again.save(folder)  # onto itself
    again.save(tmp_path / "second")
    assert (tmp_path / "second" / CHANGES).read_bytes() == changes.read_bytes()
    replace(again, changes=None).save(folder)
    assert not (folder / CHANGES).exists()


@pytest.mark.parametrize("kind", few_quick(["nothing", "a folder", "a link to nowhere"]))
def test_a_captioner_without_its_own_encoder_is_refused(folder, kind):
    (folder / CHANGES).unlink()
    if kind == "a folder":
        (folder / CHANGES).mkdir()
    elif kind == "a link to nowhere":
        (folder / CHANGES).symlink_to("nowhere")
    for read in (OwnCaptioner, Captioner.load):
        with pytest.raises(CaptionerError, match=f"needs {CHANGES}, and there is none"):
            read(folder)


@pytest.mark.slow
def test_the_captioner_loads_the_encoder_with_its_changes(folder, monkeypatch):
    asked = []
    monkeypatch.setattr(
        "helpers.captioner.ours.load_encoder",
        lambda name, changes: asked.append((name, changes)),
    )
    captioner = Captioner.load(folder)
    assert captioner.encoder is None and asked == [("xception", folder / CHANGES)]


@pytest.mark.slow
def test_changes_are_part_of_what_a_captioner_is(folder):
    loaded, opened = Captioner.load(folder), OwnCaptioner(folder).identity
    assert loaded.identity != replace(loaded, changes=None).identity
    asked = []
    with patch("helpers.captioner.ours.load_encoder", lambda name, changes: asked.append(changes)):
        assert OwnCaptioner(folder).encoder is None and asked == [folder / CHANGES]
    replace(loaded, changes=None).save(folder)
    assert OwnCaptioner(folder).identity != opened
