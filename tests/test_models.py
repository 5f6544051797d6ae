"""The decoders: one set of tests for all of them, and what each has of its own."""

import json
from functools import cache

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from conftest import few_quick
from helpers import plots
from helpers.captioner import Captioner
from helpers.decoding import START, beam_search, greedy, take_rows, where_it_looked
from helpers.models import (
    DECODERS,
    AttentionDecoder,
    Ensemble,
    MergeDecoder,
    TransformerDecoder,
    next_word_model,
    rebuild,
)
from helpers.models.transformer import attend, join_heads, split_heads
from helpers.tokenizer import CaptionTokenizer
from helpers.training import words_loss

VOCAB, FEATURES, REGIONS = 11, 6, 4
WORDS = np.array([[2, 4, 5, 6, 7], [2, 8, 9, 0, 0], [2, 10, 4, 5, 0]], "int32")
FEW = WORDS[:, :3]  # where nothing is compiled, every word takes its time
SEVERAL = np.random.default_rng(2).integers(4, VOCAB, (6, 5)).astype("int32")  # of two images
TOKENIZER = CaptionTokenizer([*CaptionTokenizer.MARKERS, *"abcdefg"], max_length=9)


SIZES = {  # a row for every decoder; all tests that take `decoder` try it
    "merge": {"embedding_size": 5, "units": 7},
    "attention": {"embedding_size": 5, "units": 7, "attention_size": 3},
    "concatenate": {"embedding_size": 5, "units": 7},
    "transformer": {"width": 8, "heads": 2, "blocks": 2},
}
ENSEMBLES = {"ensemble": ("attention", "attention"), "ensemble of two": ("merge", "concatenate")}


def made(kind, seed=3):
    if kind in ENSEMBLES:
        model = Ensemble([made(part, seed + place) for place, part in enumerate(ENSEMBLES[kind])])
        model.build()
        return model
    keras.utils.set_random_seed(seed)
    model = DECODERS[kind](VOCAB, FEATURES, **SIZES[kind])
    model.standardise.adapt(np.random.default_rng(0).normal(2, 3, (50, FEATURES)))
    model.build()
    for weight in model.trainable_weights:  # as a captioner's folder holds them
        weight.assign(weight.numpy().astype("float16"))
    return model


def some_features(decoder, images=3):
    shape = (images, *[size or REGIONS for size in decoder.feature_shape])
    return np.random.default_rng(1).normal(2, 3, shape).astype("float32")


@pytest.fixture(params=few_quick([*SIZES, *ENSEMBLES], 2))
def kind(request):
    return request.param


@cache
def shared(kind):
    """One of each, compiled once for all tests; they must not change it."""
    decoder = made(kind)
    signature = tf.TensorSpec([None, *decoder.feature_shape]), tf.TensorSpec([None, None], "int32")
    at_once = tf.function(decoder.call, input_signature=[signature])
    decoder.call = lambda inputs, training=False: at_once(inputs)
    decoder.start = tf.function(decoder.start, reduce_retracing=True)
    decoder.step = tf.function(decoder.step, reduce_retracing=True)
    return decoder


@pytest.fixture
def decoder(kind):
    return shared(kind)


@pytest.fixture
def features(decoder):
    return some_features(decoder)


def plainly(decoder, features):
    """What it says with nothing compiled: to the last bit what others of its weights say."""
    return np.asarray(type(decoder).call(decoder, (features, FEW)))


@pytest.fixture(params=few_quick(["attention", "transformer"]))
def looking(request):
    """The decoders that look at regions."""
    return shared(request.param)


@pytest.fixture
def attention():
    return shared("attention")


@pytest.fixture
def regions():
    return some_features(shared("attention"))


def steps(decoder, state, words):
    """Logits and state after every word: words int (captions, words)."""
    for column in words.T:
        logits, state = decoder.step(column, state)
        yield np.asarray(logits), state


# The contract: what every decoder keeps to


def test_every_decoder_is_tested():
    assert SIZES.keys() == DECODERS.keys()
    assert all(decoder.kind == kind for kind, decoder in DECODERS.items())


def test_logits_have_one_row_for_every_word(decoder, features):
    assert decoder((features, WORDS)).shape == (3, 5, VOCAB)
    logits, _ = decoder.step(WORDS[:, 0], decoder.start(features))
    assert logits.shape == (3, VOCAB) and decoder.sizes["vocab_size"] == VOCAB


def test_stepping_through_a_caption_gives_the_logits_of_one_call(decoder, features):
    at_once = np.asarray(decoder((features, WORDS)))
    for place, (logits, _) in enumerate(steps(decoder, decoder.start(features), WORDS)):
        np.testing.assert_allclose(logits, at_once[:, place], atol=1e-5)


def test_a_state_serves_several_captions_of_each_image(decoder):
    """Two images, three captions each, one after the other: as six images with one each."""
    two = some_features(decoder, 2)
    one_by_one = np.asarray(decoder((np.repeat(two, 3, axis=0), SEVERAL)))
    image, memory = decoder.start(two)
    state = image, take_rows(memory, np.repeat([0, 1], 3))
    for place, (logits, _) in enumerate(steps(decoder, state, SEVERAL)):
        np.testing.assert_allclose(logits, one_by_one[:, place], atol=1e-5)


def test_captions_of_one_photo_share_its_row_where_photos_are_grouped(decoder):
    two = some_features(decoder, 2)
    rows = two if decoder.groups_photos else np.repeat(two, 3, axis=0)
    expected = [decoder((two, SEVERAL[place::3])) for place in range(3)]
    found = np.asarray(decoder((rows, SEVERAL))).reshape(2, 3, 5, VOCAB)
    np.testing.assert_allclose(found, np.stack(expected, axis=1), atol=1e-5)


def test_a_later_word_leaves_earlier_logits_alone(decoder, features):
    before = np.asarray(decoder((features, WORDS)))
    changed = WORDS.copy()
    changed[:, 3] = 1
    after = np.asarray(decoder((features, changed)))
    np.testing.assert_array_equal(before[:, :3], after[:, :3])
    assert np.abs(before[:, 3:] - after[:, 3:]).max() > 1e-4


def test_padding_changes_neither_logits_nor_loss(decoder, features):
    inputs, targets = WORDS[:, :-1], WORDS[:, 1:]
    wider = np.pad(inputs, ((0, 0), (0, 4))), np.pad(targets, ((0, 0), (0, 4)))
    logits, padded = decoder((features, inputs)), decoder((features, wider[0]))
    np.testing.assert_allclose(logits, padded[:, :4], atol=1e-6)
    loss = words_loss(targets, logits)
    np.testing.assert_allclose(loss, words_loss(wider[1], padded), rtol=1e-6)


def test_the_image_matters(decoder, features):
    other = np.asarray(decoder((features[::-1].copy(), WORDS)))
    assert np.abs(np.asarray(decoder((features, WORDS))) - other).max() > 1e-3


def test_kind_sizes_and_weights_rebuild_it(decoder, features, tmp_path):
    decoder.save_weights(tmp_path / "decoder.weights.h5")
    twin = rebuild(decoder.kind, json.loads(json.dumps(decoder.sizes)))
    twin.load_weights(tmp_path / "decoder.weights.h5")
    assert type(twin) is type(decoder) and twin.sizes == decoder.sizes
    np.testing.assert_array_equal(plainly(decoder, features), twin((features, FEW)))


def test_a_copy_says_the_same_in_another_precision(decoder, features):
    expected = plainly(decoder, features)
    for policy, tolerance in {"float32": 0, "mixed_bfloat16": 0.05}.items():
        copy = decoder.copy(policy)
        np.testing.assert_allclose(
            np.asarray(copy((features, FEW)), "float32"), expected, atol=tolerance
        )
        assert not {id(weight) for weight in copy.weights} & {id(w) for w in decoder.weights}
        precisions = {layer.compute_dtype for layer in copy._flatten_layers(include_self=False)}
        assert policy.removeprefix("mixed_") in precisions
    assert keras.config.dtype_policy().name == "float32"


def test_training_changes_every_weight(kind, features):
    decoder = made(kind)
    before = [weight.numpy().copy() for weight in decoder.trainable_weights]
    decoder.compile("sgd", loss=words_loss, run_eagerly=True)
    decoder.train_on_batch((features, FEW), WORDS[:, 1:4])
    after = decoder.trainable_weights
    same = [w.path for b, w in zip(before, after, strict=True) if np.array_equal(b, w)]
    assert before and not same


def test_a_beam_of_one_is_greedy(decoder):
    features = some_features(decoder, 5)
    beams = beam_search(decoder, features, 9, beam_size=1)
    assert [beam[0].ids for beam in beams] == greedy(decoder, features, 9)


def test_a_beam_captions_every_image_as_if_it_were_alone(decoder):
    features = some_features(decoder, 3)
    together = beam_search(decoder, features, 9, beam_size=3)
    for image, beams in enumerate(together):
        (alone,) = beam_search(decoder, features[image : image + 1], 9, beam_size=3)
        assert [beam.ids for beam in alone] == [beam.ids for beam in beams]


def test_written_captions_tell_where_it_looked_if_it_looks(decoder, features):
    captions = [[], *(beams[0].ids for beams in beam_search(decoder, features[1:], 7, beam_size=2))]
    again = where_it_looked(decoder, features, captions)
    if decoder.attention(decoder.start(features)) is None:
        assert again is None
        return
    assert again[0].shape == (0, REGIONS)
    for image, ids, found in zip(features[1:], captions[1:], again[1:], strict=True):
        assert found.shape == (len(ids), REGIONS) and found.dtype == np.float32
        np.testing.assert_allclose(found, looks(decoder, image, ids), atol=1e-6)
        np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)


def looks(decoder, image, ids):
    """Where a decoder looks before every word of a caption (words, regions), or None."""
    words = np.array([[START, *ids[:-1]]])
    maps = [
        decoder.attention(after) for _, after in steps(decoder, decoder.start(image[None]), words)
    ]
    return None if maps[0] is None else np.concatenate(maps)[: len(ids)]


def test_a_captioner_holds_it_captions_and_keeps_it(decoder, features, tmp_path):
    captioner = Captioner(TOKENIZER, decoder)
    captioner.compiled = decoder  # it is
    (best, *_), *_ = captioner.feature_candidates(features, 3)
    captions = captioner.caption_features(features)
    assert TOKENIZER.decode(best.ids) == best.caption == captions[0]
    captioner.save(tmp_path / "toy")
    loaded = Captioner.load(tmp_path / "toy")
    loaded.compiled = loaded.decoder  # compiling would take the test's time
    assert loaded.config["decoder"] == decoder.kind and loaded.decoder is not decoder
    assert loaded.caption_features(features) == captions


# What each has of its own


def test_a_linear_image_layer_adds_up_and_is_rebuilt_as_one():
    model = MergeDecoder(VOCAB, FEATURES, 5, 7, image_activation="linear")
    twin = rebuild("merge", model.sizes)
    one, other = np.random.default_rng(1).normal(size=(2, 3, FEATURES)).astype("float32")
    for linear in (model, twin):
        linear.build()
        both = linear.image_vector(one + other) + linear.image_vector(np.zeros_like(one))
        parts = linear.image_vector(one) + linear.image_vector(other)
        np.testing.assert_allclose(both, parts, atol=1e-5)
    assert np.min(twin.image_vector(one)) < 0 <= np.min(shared("merge").image_vector(one))


def test_the_diagram_of_the_merge_decoder_names_each_layer_with_weights():
    sizes = {"feature_size": 30, "embedding_size": 12, "units": 19, "vocab_size": 24}
    parts = vars(MergeDecoder(**sizes)).items()
    layer_names = {
        name.replace("_", " ").lower()
        for name, part in parts
        if isinstance(part, layers.Layer) and not isinstance(part, layers.Dropout)
    }
    figure = plots.draw_merge_decoder(["<start>", "dog", "<end>"], sizes)
    drawn = {text.get_text().lower() for text in figure.axes[0].texts}
    assert layer_names == drawn & (layer_names | {"dense"})


def test_concatenation_leaves_image_and_words_apart():
    """Adding confuses who brought what; side by side, exchanging the two changes the answer."""
    image, words = np.random.default_rng(1).normal(size=(2, 3, 7)).astype("float32")
    added, apart = shared("merge"), shared("concatenate")
    np.testing.assert_allclose(added.join(image, words), added.join(words, image), atol=1e-6)
    assert np.abs(apart.join(image, words) - apart.join(words, image)).max() > 1e-3
    assert apart.merge_dense.kernel.shape == (14, 7)


def test_the_classic_form_gives_the_same_probabilities():
    merge = shared("merge")
    features = some_features(merge)
    classic = next_word_model(merge, max_length=6)
    logits = merge((features, WORDS))
    for length in (1, 2):
        so_far = np.zeros((3, 6), "int32")
        so_far[:, :length] = WORDS[:, :length]
        expected = keras.ops.softmax(logits[:, length - 1])
        np.testing.assert_allclose(classic([features, so_far]), expected, atol=1e-6)


# Attention


def maps_of(model, features):
    """Where the model looks before every word of `WORDS`: (words, captions, regions)."""
    states = [state for _, state in steps(model, model.start(features), WORDS)]
    return np.array([model.attention(state) for state in states])


def test_attention_sums_to_one_and_moves(looking, regions):
    maps = maps_of(looking, regions)
    assert maps.shape == (5, 3, REGIONS) and maps.min() > 0
    np.testing.assert_allclose(maps.sum(axis=2), 1, atol=1e-6)
    assert np.abs(maps[0] - maps[1]).max() > 1e-4


def test_padded_regions_are_never_looked_at(looking, regions):
    padded = np.pad(regions, ((0, 0), (0, 5), (0, 0)))
    np.testing.assert_allclose(looking((padded, WORDS)), looking((regions, WORDS)), atol=1e-5)
    for map_ in maps_of(looking, padded):
        assert map_[:, REGIONS:].max() == 0 and map_[:, :REGIONS].min() > 0


def test_images_of_one_batch_may_differ_in_regions(looking, regions):
    fewer = regions.copy()
    fewer[0, 2:] = 0
    expected = looking((regions[:1, :2], WORDS[:1]))
    np.testing.assert_allclose(looking((fewer, WORDS))[:1], expected, atol=1e-5)


def test_the_order_of_regions_does_not_matter(looking, regions):
    turned = looking((regions[:, ::-1].copy(), WORDS))
    np.testing.assert_allclose(turned, looking((regions, WORDS)), atol=1e-5)


def test_attention_is_what_its_formula_says(attention, regions):
    """Softmax over the regions of key · query / √size, worked out with NumPy."""
    cell = attention.cell
    image, memory = attention.start(regions)
    _, (_, after) = attention.step(WORDS[:, 0], (image, memory))
    query = cell.query_dense(after[0]) / np.sqrt(cell.attention_size)
    scores = np.einsum("irk,ik->ir", image[1], query)
    weights = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(attention.attention((image, after)), weights, atol=1e-6)


# The Transformer


def theirs_of(block):
    """Keras' own attention with the weights of a block."""
    width, heads = block.width, block.heads
    theirs = layers.MultiHeadAttention(heads, width // heads, use_bias=False)
    theirs.build((None, None, width), (None, None, width))
    apart = (width, heads, width // heads)
    made = [dense.kernel.numpy() for dense in (block.query_dense, block.key_dense)]
    made = [*made, block.value_dense.kernel.numpy()]
    mix = block.mix_dense.kernel.numpy().reshape(heads, width // heads, width)
    theirs.set_weights([*(kernel.reshape(apart) for kernel in made), mix])
    return theirs


@pytest.mark.parametrize("images", [1, 3])
def test_attention_is_that_of_keras(images):
    """Three captions read an image, or three, and no word after their own."""
    block, random = shared("transformer").blocks[0], np.random.default_rng(6)
    words = random.normal(size=(3, 5, 8)).astype("float32")
    regions = random.normal(size=(images, REGIONS, 8)).astype("float32")
    causal, every = np.tri(5, dtype=bool), np.ones((5, REGIONS), bool)
    expected, expected_weights = theirs_of(block)(
        words,
        np.concatenate([np.repeat(regions, 3 // images, axis=0), words], axis=1),
        attention_mask=np.concatenate([every, causal], axis=1)[None],
        return_attention_scores=True,
    )
    image, caption = (
        [split_heads(dense(tokens), block.heads) for dense in (block.key_dense, block.value_dense)]
        for tokens in (regions, words)
    )
    queries = split_heads(block.query_dense(words), block.heads)
    seen, weights = attend(queries, [(*image, every), (*caption, causal)])
    np.testing.assert_allclose(block.mix_dense(join_heads(seen)), expected, atol=1e-5)
    np.testing.assert_allclose(weights, expected_weights, atol=1e-5)


@pytest.mark.slow
def test_a_long_caption_is_stepped_through_without_compiling_anew():
    """The memory grows by a word a step; two traces are the first words', one is all others'."""
    model, features = made("transformer"), some_features(shared("attention"))
    words = np.random.default_rng(7).integers(4, VOCAB, (3, 40)).astype("int32")
    model.step = tf.function(model.step, reduce_retracing=True)
    *_, (logits, (_, memory)) = steps(model, model.start(features), words)
    np.testing.assert_allclose(logits, model((features, words))[:, -1], atol=1e-4)
    assert {tensor.shape[2] for pair in memory[0] for tensor in pair} == {40}
    assert model.step.experimental_get_tracing_count() <= 3


@pytest.mark.parametrize(
    "sizes, problem",
    [
        ({"width": 9, "heads": 2}, "width is 9"),
        ({"width": 9, "heads": 3}, "width is 9"),
        ({"blocks": 0}, "blocks is 0; it must be from 1 to 48"),
        ({"blocks": 10**8}, "blocks is 100000000"),  # it would be built for days
    ],
)
def test_a_transformer_that_cannot_be_built_is_refused(sizes, problem):
    with pytest.raises(ValueError, match=problem):
        TransformerDecoder(VOCAB, FEATURES, **sizes)


@pytest.mark.slow
@pytest.mark.parametrize("regions, channels", [(10, 5), (100, 12)])
def test_any_number_of_regions_of_any_width_trains(regions, channels):
    keras.utils.set_random_seed(1)
    model = AttentionDecoder(VOCAB, channels, embedding_size=5, units=7, attention_size=3)
    features = np.random.default_rng(4).normal(0, 1, (3, regions, channels)).astype("float32")
    model.standardise.adapt(features.reshape(-1, channels))
    model.build()
    model.compile(keras.optimizers.Adam(0.05), loss=words_loss, run_eagerly=True)
    history = model.fit((features, WORDS[:, :-1]), WORDS[:, 1:], epochs=6, verbose=0)
    assert history.history["loss"][-1] < 0.9 * history.history["loss"][0]
