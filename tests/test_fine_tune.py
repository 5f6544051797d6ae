"""The script that teaches the encoder's last block: what it learns is what captioners then read."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from helpers.batches import CaptionBatches
from helpers.encoders import load_encoder, write_changes
from helpers.models import AttentionDecoder
from helpers.tokenizer import CaptionTokenizer

ROOT = Path(__file__).parents[1]
SCENES = sorted((ROOT / "data/mini/Flicker8k_Dataset").glob("*.jpg"))[:2]


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("fine", ROOT / "data/captioners/fine_tune.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def network():
    return load_encoder("xception-grid").network


@pytest.fixture(scope="module")
def model(script, network):
    model = script.BlockAndDecoder(AttentionDecoder(9, 3032, 4, 4, 4), network)
    model.build()
    return model


@pytest.fixture
def entered(script, network, tmp_path):
    return script.entries(SCENES, network, tmp_path / "plain.npy", False)


@pytest.mark.slow
def test_the_block_begins_as_the_frozen_one_and_travels_as_changes(
    script, model, entered, tmp_path
):
    pixels = np.stack([read(path) for path in SCENES])
    frozen = load_encoder("xception-grid").encode(pixels)
    features = entered.astype("float32")
    np.testing.assert_allclose(model.regions(features), frozen, atol=0.03, rtol=0.03)
    for change in model.learnt:
        change.assign(np.random.default_rng(0).normal(0, 0.1, change.shape))
    write_changes(tmp_path / "encoder.npz", model.changes())
    taught = load_encoder("xception-grid", changes=tmp_path / "encoder.npz").encode(pixels)
    seen, taught, frozen = (
        np.asarray(each)[..., : script.LEAVES] for each in (model.regions(features), taught, frozen)
    )
    assert alike(seen, taught) > 0.99 > alike(seen, frozen)
    for change in model.learnt:
        change.assign(0 * change)


@pytest.mark.slow
def test_what_was_written_is_not_written_again(script, network, tmp_path):
    first = script.entries(SCENES[:1], network, tmp_path / "plain.npy", False)
    kept = np.array(first)
    again = script.entries(SCENES[:1], network, tmp_path / "plain.npy", True)
    np.testing.assert_array_equal(again, kept)  # the mirror image would differ


def test_an_epoch_has_as_many_batches_as_it_says(script):
    ids = np.zeros((5, 4, 6), "int32")
    ids[:, :, :3] = 1
    ids[3, 1:] = 0  # a photo with one caption
    some = script.SomeCaptions(np.zeros((5, 2), "float32"), np.arange(5), ids, batch_size=4)
    batches = list(some)
    assert len(batches) == len(some) == 4
    written = sum(np.count_nonzero(inputs[:, 0]) for (_, inputs), _ in batches)
    assert written == 4 * script.DRAWN + 1


def test_a_word_said_twice_costs_reward(script):
    tokenizer = CaptionTokenizer.from_captions(["a red dog runs"] * 5)
    rows, ids = np.arange(1), tokenizer.encode_batch(["a red dog runs"])[:, None]
    decoder = AttentionDecoder(len(tokenizer), 3, 4, 4, 4)
    batches = CaptionBatches(np.zeros((1, 2, 3), "float32"), rows, ids)
    criticism = script.Criticism(captions=2)
    scored = script.PenalisedBatches(decoder, batches, tokenizer, criticism)
    drawn = tokenizer.encode_batch(["a red dog dog", "a red dog runs"])
    scored.content = np.zeros(len(tokenizer), bool)
    free = scored.reward(rows, drawn)
    scored.content[tokenizer.ids["dog"]] = True
    np.testing.assert_allclose(free - scored.reward(rows, drawn), [[script.PENALTY, 0]])


def test_new_words_begin_as_unknown_ones(script):
    from helpers.captioner import Captioner

    old = CaptionTokenizer.from_captions(["a dog runs"])
    new = CaptionTokenizer.from_captions(["a cup", "a dog runs"])
    captioner = Captioner(old, AttentionDecoder(len(old), 3, 4, 4, 4))
    wide = script.widened(captioner, new)
    vectors = np.array(wide.embedding.get_weights()[0])
    before = np.array(captioner.decoder.embedding.get_weights()[0])
    np.testing.assert_array_equal(vectors[new.ids["cup"]], before[1])
    np.testing.assert_array_equal(vectors[new.ids["dog"]], before[old.ids["dog"]])


def alike(first, second):
    """The cosine between two arrays."""
    first, second = np.ravel(first), np.ravel(second)
    return float(first @ second / np.linalg.norm(first) / np.linalg.norm(second))


def read(path):
    from helpers.images import image_pixels

    return image_pixels(path, 299)
