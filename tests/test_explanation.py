"""Where a captioner looked: maps of a caption's words, their drawing, and what cannot be told."""

import io
from dataclasses import replace

import keras
import numpy as np
import pytest
from PIL import Image

from helpers.captioner import Candidate, Captioner, CaptionerError, explain, ours
from helpers.captioner.__main__ import main
from helpers.decoding import START
from helpers.encoders import ENCODERS
from helpers.images import ImageError
from helpers.models import AttentionDecoder, MergeDecoder
from helpers.tokenizer import CaptionTokenizer
from helpers.training import words_loss

pytestmark = pytest.mark.slow  # its toy is trained first
NO_DROPOUT = {"image_dropout": 0.0, "word_dropout": 0.0, "output_dropout": 0.0}
COLOURS = {"red": (230, 20, 20), "green": (20, 210, 20), "blue": (20, 20, 220)}


class CornerEncoder:
    """Stands in for Xception's grid: the mean colours of the four quarters of a photo."""

    name, image_size, feature_shape = "xception-grid", 8, (4, 3)

    def encode(self, pixels):
        quarters = pixels.reshape(-1, 2, 4, 2, 4, 3).mean(axis=(2, 4)) / 255
        return quarters.reshape(-1, 4, 3).astype("float32")


def photo_of(colour, corner):
    """Return the bytes of a grey photo with one coloured quarter."""
    pixels, file = np.full((8, 8, 3), 128, "uint8"), io.BytesIO()
    row, column = divmod(corner, 2)
    pixels[4 * row : 4 * row + 4, 4 * column : 4 * column + 4] = COLOURS[colour]
    Image.fromarray(pixels).resize((80, 80), Image.Resampling.NEAREST).save(file, "PNG")
    return file.getvalue()


@pytest.fixture(scope="module")
def captioner():
    """A toy that names the colour of one quarter; to do so it has to find the quarter."""
    keras.utils.set_random_seed(4)
    photos = [(colour, corner) for colour in COLOURS for corner in range(4)]
    captions = [f"something {colour}" for colour, _ in photos]
    tokenizer = CaptionTokenizer.from_captions(captions)
    model = AttentionDecoder(len(tokenizer), 3, 8, 32, 16, image_scale=1.0, **NO_DROPOUT)
    encoder, files = CornerEncoder(), [photo_of(*photo) for photo in photos]
    pixels = [np.asarray(Image.open(io.BytesIO(file)).resize((8, 8))) for file in files]
    features = encoder.encode(np.stack(pixels))
    model.standardise.adapt(features.reshape(-1, 3))
    model.build()
    ids = tokenizer.encode_batch(captions)
    model.compile(keras.optimizers.Adam(0.01), loss=words_loss)
    model.fit((features, ids[:, :-1]), ids[:, 1:], epochs=60, verbose=0)
    captioner = Captioner(tokenizer, model)
    captioner.encoder = encoder
    return captioner


@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize("corner", range(4))
def test_the_model_looks_at_the_quarter_whose_colour_it_names(captioner, colour, corner):
    explanation = explain(captioner, photo_of(colour, corner))
    assert explanation.words == ["something", colour]
    assert explanation.candidates[0].caption == f"something {colour}"
    assert explanation.image.shape == (16, 16, 3)  # twice the encoder's size will do
    assert explanation.maps.shape == (2, 2, 2)
    np.testing.assert_allclose(explanation.maps.sum(axis=(1, 2)), 1, atol=1e-5)
    assert np.argmax(explanation.maps.max(axis=0)) == corner


def test_maps_are_those_before_each_word(captioner):
    """As leading the decoder through the caption again, word by word, would show them."""
    explanation = explain(captioner, photo_of("red", 1))
    state = captioner.decoder.start(captioner.features([photo_of("red", 1)]))
    ids = [START, *explanation.candidates[0].ids]
    for word, found in zip(ids, explanation.maps, strict=False):
        _, state = captioner.decoder.step(np.array([word]), state)
        np.testing.assert_allclose(found.ravel(), captioner.decoder.attention(state)[0], atol=1e-6)


def test_nothing_is_read_again(captioner, monkeypatch):
    """The search brings ids and maps: the caption's text is not encoded, no word is replayed."""
    explain(captioner, photo_of("red", 1))  # compiles
    for object_, name in [(captioner.tokenizer, "encode"), (captioner.decoder, "step")]:
        monkeypatch.setattr(object_, name, None)
    assert explain(captioner, photo_of("red", 1)).words == ["something", "red"]


def test_explained_captions_are_the_plain_ones(captioner):
    photos = [photo_of(colour, corner) for colour in COLOURS for corner in range(4)]
    plain = captioner.caption(photos)
    assert [explain(captioner, photo).candidates[0].caption for photo in photos] == plain


def test_features_of_another_shape_are_refused(captioner):
    with pytest.raises(CaptionerError, match=r"reads \(images, regions, 3\) of xception-grid"):
        captioner.caption_features(np.ones((2, 3), "float32"))


def test_a_model_without_regions_cannot_tell():
    tokenizer = CaptionTokenizer.from_captions(["a dog"])
    blind = Captioner(tokenizer, MergeDecoder(len(tokenizer), 3, 4, 4))
    with pytest.raises(CaptionerError, match="'merge' sees an image as a whole.*with attention"):
        explain(blind, photo_of("red", 0))


def test_a_caption_without_words_has_no_maps(captioner, monkeypatch):
    nothing = Candidate("", 0.5, (), np.zeros((0, 4)))
    monkeypatch.setattr(captioner, "feature_candidates", lambda *_, **__: [[nothing]])
    assert explain(captioner, photo_of("red", 0)).maps.shape == (0, 2, 2)


def test_an_image_that_cannot_be_read_is_named(captioner):
    with pytest.raises(ImageError, match="nowhere.png"):
        explain(captioner, "nowhere.png")


@pytest.fixture
def command(captioner, tmp_path, monkeypatch):
    """Arguments of the command line for two photos and one that is missing."""
    captioner.save(tmp_path / "toy")
    for name in ("xception", "xception-grid"):
        spec = replace(ENCODERS[name], feature_shape=CornerEncoder.feature_shape)
        monkeypatch.setitem(ENCODERS, name, spec)
    monkeypatch.setattr(ours, "load_encoder", lambda name, changes: CornerEncoder())
    for name, photo in {"one": ("red", 0), "two": ("blue", 3)}.items():
        (tmp_path / f"{name}.png").write_bytes(photo_of(*photo))
    photos = [str(tmp_path / f"{name}.png") for name in ("one", "missing", "two")]
    return [*photos, "--captioner", str(tmp_path / "toy"), "--explain", str(tmp_path / "looks")]


def test_the_command_draws_a_picture_for_every_image(command, tmp_path, capsys):
    assert main(command) == 1
    output = capsys.readouterr()
    captions = [line.split("\t")[1] for line in output.out.splitlines()]
    assert captions == ["something red", "something blue"] and "missing.png" in output.err
    pictures = sorted((tmp_path / "looks").iterdir())
    assert [path.name for path in pictures] == ["001-one.png", "003-two.png"]
    with Image.open(pictures[0]) as picture:
        assert picture.width > 600


def test_odd_characters_of_an_address_stay_out_of_the_picture_s_name(command, tmp_path):
    odd = tmp_path / "a:b?c d.png"
    odd.write_bytes(photo_of("green", 1))
    assert main([str(odd), *command[3:]]) == 0
    assert [path.name for path in (tmp_path / "looks").iterdir()] == ["001-a_b_c_d.png"]


def test_the_command_says_that_a_folder_cannot_be_made(command, tmp_path, capsys):
    (tmp_path / "looks").write_text("a file")
    assert main(command) == 1
    output = capsys.readouterr()
    assert output.out == "" and "looks" in output.err and "Traceback" not in output.err


def test_the_command_says_that_a_blind_captioner_cannot_explain(command, tmp_path, capsys):
    tokenizer = CaptionTokenizer.from_captions(["a dog"])
    model = MergeDecoder(len(tokenizer), 3, 4, 4)
    model.build()
    Captioner(tokenizer, model).save(tmp_path / "toy")
    assert main(command) == 1
    output = capsys.readouterr()
    assert output.out == "" and "take a captioner with attention" in output.err
