"""The decoders: stepping equals one call, the future cannot leak, padding changes nothing."""

import keras
import numpy as np
import pytest

from helpers.decoding import CompiledModel, beam_search, greedy
from helpers.models import (
    DECODERS,
    AttentionDecoder,
    ConcatenateDecoder,
    MergeDecoder,
    next_word_model,
)
from helpers.training import words_loss

VOCAB, FEATURES = 11, 6


REGIONS = 4


def merge_model():
    return MergeDecoder(VOCAB, feature_size=FEATURES, embedding_size=5, units=7)


def attention_model():
    return AttentionDecoder(VOCAB, FEATURES, embedding_size=5, units=7, attention_size=3)


def concatenate_model():
    return ConcatenateDecoder(VOCAB, feature_size=FEATURES, embedding_size=5, units=7)


MAKERS = {"merge": merge_model, "attention": attention_model, "concatenate": concatenate_model}


def some_features(model, images=3):
    shape = (images, *[size or REGIONS for size in model.feature_shape])
    return np.random.default_rng(1).normal(2, 3, shape).astype("float32")


def test_every_model_is_tested():
    assert MAKERS.keys() == DECODERS.keys()


def made(name):
    keras.utils.set_random_seed(3)
    model = MAKERS[name]()
    model.standardise.adapt(np.random.default_rng(0).normal(2, 3, (50, FEATURES)))
    model.build()
    return model


@pytest.fixture(params=MAKERS)
def model(request):
    return made(request.param)


@pytest.fixture
def attention():
    return made("attention")


@pytest.fixture
def regions(attention):
    return some_features(attention)


@pytest.fixture
def features(model):
    return some_features(model)


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
    twin = type(model).from_config(model.get_config())
    twin.build()
    twin.load_weights(path)
    np.testing.assert_array_equal(model((features, WORDS)), twin((features, WORDS)))


def test_a_linear_image_layer_adds_up_and_is_rebuilt_as_one():
    model = MergeDecoder(VOCAB, FEATURES, 5, 7, image_activation="linear")
    twin = MergeDecoder.from_config(model.get_config())
    one, other = np.random.default_rng(1).normal(size=(2, 3, FEATURES)).astype("float32")
    for linear in (model, twin):
        linear.build()
        both = linear.image_vector(one + other) + linear.image_vector(np.zeros_like(one))
        parts = linear.image_vector(one) + linear.image_vector(other)
        np.testing.assert_allclose(both, parts, atol=1e-5)
    assert np.min(twin.image_vector(one)) < 0 <= np.min(made("merge").image_vector(one))


def test_concatenation_leaves_image_and_words_apart():
    """Adding confuses who brought what; side by side, exchanging the two changes the answer."""
    image, words = np.random.default_rng(1).normal(size=(2, 3, 7)).astype("float32")
    added, apart = made("merge"), made("concatenate")
    np.testing.assert_allclose(added.join(image, words), added.join(words, image), atol=1e-6)
    assert np.abs(apart.join(image, words) - apart.join(words, image)).max() > 1e-3
    assert apart.merge_dense.kernel.shape == (14, 7)


def test_the_classic_form_gives_the_same_probabilities():
    merge = made("merge")
    features = some_features(merge)
    classic = next_word_model(merge, max_length=6)
    logits = merge((features, WORDS))
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
    assert len(before) == (10 if isinstance(model, MergeDecoder) else 14) and not same


# Several captions of one image


def test_a_state_serves_several_captions_of_each_image(model):
    """Two images, three captions each, one after the other: as six images with one each."""
    two = some_features(model, 2)
    words = np.random.default_rng(2).integers(4, VOCAB, (6, 5)).astype("int32")
    one_by_one = np.asarray(model((np.repeat(two, 3, axis=0), words)))
    image, _ = model.start(two)
    _, memory = model.start(np.repeat(two, 3, axis=0))
    state = image, memory
    for place in range(words.shape[1]):
        logits, state = model.step(words[:, place], state)
        np.testing.assert_allclose(logits, one_by_one[:, place], atol=1e-5)


def test_a_beam_of_one_is_greedy(model):
    features, compiled = some_features(model, 5), CompiledModel(model)
    beams = beam_search(compiled, features, 9, beam_size=1)
    assert [beam[0].ids for beam in beams] == greedy(compiled, features, 9)


def test_a_beam_captions_every_image_as_if_it_were_alone(model):
    features, compiled = some_features(model, 5), CompiledModel(model)
    together = beam_search(compiled, features, 9, beam_size=3)
    for image, beams in enumerate(together):
        (alone,) = beam_search(compiled, features[image : image + 1], 9, beam_size=3)
        assert [beam.ids for beam in alone] == [beam.ids for beam in beams]


# Attention


def looks(model, features, words=WORDS):
    """Where the model looks before every word: (words, captions, regions)."""
    state = model.start(features)
    for place in range(words.shape[1]):
        _, state = model.step(words[:, place], state)
        yield np.asarray(model.attention(state))


def test_captions_of_one_photo_share_its_row(attention):
    two = some_features(attention, 2)
    words = np.random.default_rng(2).integers(4, VOCAB, (6, 5)).astype("int32")
    grouped = attention((two, words))
    np.testing.assert_allclose(grouped, attention((np.repeat(two, 3, axis=0), words)), atol=1e-5)


def test_attention_sums_to_one_and_moves(attention, regions):
    maps = np.array(list(looks(attention, regions)))
    assert maps.shape == (5, 3, REGIONS) and maps.min() > 0
    np.testing.assert_allclose(maps.sum(axis=2), 1, atol=1e-6)
    assert np.abs(maps[0] - maps[1]).max() > 1e-4


def test_padded_regions_are_never_looked_at(attention, regions):
    padded = np.pad(regions, ((0, 0), (0, 5), (0, 0)))
    np.testing.assert_allclose(attention((padded, WORDS)), attention((regions, WORDS)), atol=1e-5)
    for map_ in looks(attention, padded):
        assert map_[:, REGIONS:].max() == 0 and map_[:, :REGIONS].min() > 0


def test_images_of_one_batch_may_differ_in_regions(attention, regions):
    fewer = regions.copy()
    fewer[0, 2:] = 0
    expected = attention((regions[:1, :2], WORDS[:1]))
    np.testing.assert_allclose(attention((fewer, WORDS))[:1], expected, atol=1e-5)


def test_the_order_of_regions_does_not_matter(attention, regions):
    turned = attention((regions[:, ::-1].copy(), WORDS))
    np.testing.assert_allclose(turned, attention((regions, WORDS)), atol=1e-5)


def test_attention_is_what_its_formula_says(attention, regions):
    """Softmax over the regions of key · query / √size, worked out with NumPy."""
    cell = attention.cell
    image, memory = attention.start(regions)
    _, (_, after) = attention.step(WORDS[:, 0], (image, memory))
    query = cell.query_dense(after[0]) / np.sqrt(cell.attention_size)
    scores = np.einsum("irk,ik->ir", image[1], query)
    weights = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(attention.attention((image, after)), weights, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("regions, channels", [(10, 5), (36, 9), (100, 12)])
def test_any_number_of_regions_of_any_width_trains(regions, channels):
    model = AttentionDecoder(VOCAB, channels, embedding_size=5, units=7, attention_size=3)
    features = np.random.default_rng(4).normal(0, 1, (3, regions, channels)).astype("float32")
    model.standardise.adapt(features.reshape(-1, channels))
    model.build()
    model.compile(keras.optimizers.Adam(0.02), loss=words_loss)
    history = model.fit((features, WORDS[:, :-1]), WORDS[:, 1:], epochs=30, verbose=0)
    assert history.history["loss"][-1] < 0.9 * history.history["loss"][0]
