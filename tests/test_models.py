"""The merge model: stepping equals one call, the future cannot leak, padding changes nothing."""

import keras
import numpy as np
import pytest

from helpers.models import MergeCaptioner, next_word_model
from helpers.training import words_loss

VOCAB, FEATURES = 11, 6


@pytest.fixture
def model():
    keras.utils.set_random_seed(3)
    model = MergeCaptioner(VOCAB, feature_size=FEATURES, embedding_size=5, units=7)
    model.standardise.adapt(np.random.default_rng(0).normal(2, 3, (50, FEATURES)))
    model.build()
    return model


@pytest.fixture
def features():
    return np.random.default_rng(1).normal(2, 3, (3, FEATURES)).astype("float32")


WORDS = np.array([[2, 4, 5, 6, 7], [2, 8, 9, 0, 0], [2, 10, 4, 5, 0]], "int32")


def test_logits_have_one_row_for_every_word(model, features):
    assert model((features, WORDS)).shape == (3, 5, VOCAB)


def test_stepping_through_a_caption_gives_the_logits_of_one_call(model, features):
    at_once = np.asarray(model((features, WORDS)))
    state = model.start(features)
    for place in range(WORDS.shape[1]):
        logits, state = model.step(WORDS[:, place], state)
        np.testing.assert_allclose(logits, at_once[:, place], atol=1e-5)


def test_a_later_word_leaves_earlier_logits_alone(model, features):
    before = np.asarray(model((features, WORDS)))
    changed = WORDS.copy()
    changed[:, 3] = 1
    after = np.asarray(model((features, changed)))
    np.testing.assert_array_equal(before[:, :3], after[:, :3])
    assert np.abs(before[:, 3:] - after[:, 3:]).max() > 1e-4


def test_padding_does_not_change_the_loss(model, features):
    inputs, targets = WORDS[:, :-1], WORDS[:, 1:]
    wider = np.pad(inputs, ((0, 0), (0, 4))), np.pad(targets, ((0, 0), (0, 4)))
    loss = words_loss(targets, model((features, inputs)))
    padded = words_loss(wider[1], model((features, wider[0])))
    np.testing.assert_allclose(loss, padded, rtol=1e-6)


def test_the_image_matters(model, features):
    other = np.asarray(model((features[::-1].copy(), WORDS)))
    assert np.abs(np.asarray(model((features, WORDS))) - other).max() > 1e-3


def test_weights_and_config_rebuild_the_model(model, features, tmp_path):
    path = tmp_path / "decoder.weights.h5"
    model.save_weights(path)
    twin = MergeCaptioner.from_config(model.get_config())
    twin.build()
    twin.load_weights(path)
    np.testing.assert_array_equal(model((features, WORDS)), twin((features, WORDS)))


def test_the_classic_form_gives_the_same_probabilities(model, features):
    classic = next_word_model(model, max_length=6)
    logits = model((features, WORDS))
    for length in (1, 2):
        so_far = np.zeros((3, 6), "int32")
        so_far[:, :length] = WORDS[:, :length]
        expected = keras.ops.softmax(logits[:, length - 1])
        np.testing.assert_allclose(classic([features, so_far]), expected, atol=1e-6)


def test_training_changes_every_weight(model, features):
    before = [weight.numpy().copy() for weight in model.trainable_weights]
    model.compile("sgd", loss=words_loss)
    model.fit((features, WORDS[:, :-1]), WORDS[:, 1:], verbose=0)
    after = model.trainable_weights
    same = [w.path for b, w in zip(before, after, strict=True) if np.array_equal(b, w)]
    assert len(before) == 10 and not same
