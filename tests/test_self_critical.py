"""Self-critical training: what is drawn, what it is worth, and that training on it pays."""

from functools import cache

import keras
import numpy as np
import pytest
import tensorflow as tf

from conftest import few_quick
from helpers.batches import CaptionBatches, group_by_photo
from helpers.decoding import END, START, beam_search
from helpers.models import DECODERS, AttentionDecoder, Ensemble, MergeDecoder
from helpers.self_critical import (
    AdvantageLoss,
    Criticism,
    SelfCriticalBatches,
    advantages,
    draw_captions,
    photo_references,
    train_on_score,
    with_end,
)
from helpers.tokenizer import CaptionTokenizer

WORDS = [f"word{number}" for number in range(6)]
TOKENIZER = CaptionTokenizer([*CaptionTokenizer.MARKERS, *WORDS], max_length=7)


class Coin:
    """A model that writes word 4 or 5, or ends, by fixed chances; images make no difference."""

    def __init__(self, chances, unknown=1e-30):
        never = [1e-30, unknown, 1e-30]
        self.logits = tf.math.log([never + [chances[0]] + list(chances[1:]) + [1e-30] * 4])

    def start(self, features):
        return (features,), (tf.zeros((len(features), 1)),)

    def step(self, word_ids, state):
        return tf.repeat(self.logits, len(word_ids), axis=0), state


def draw(chances, images=400, captions=5, temperature=1.0, seed=0, longest=7):
    features, random = np.zeros((images, 2), "float32"), np.random.default_rng(seed)
    return draw_captions(Coin(chances), features, captions, longest, temperature, random)


def test_drawn_captions_run_from_start_to_end():
    rows = draw([0.4, 0.3, 0.3])
    assert rows.dtype == np.int32 and len(rows) == 2000 and rows.shape[1] <= 7
    assert (rows[:, 0] == START).all() and set(np.unique(rows)) <= {0, 2, 3, 4, 5}
    for row in rows:
        words = row[1 : np.count_nonzero(row)]
        assert row[np.count_nonzero(row) :].sum() == 0
        assert END not in words[:-1] and (words[-1] == END or len(words) == 6)


def test_words_are_drawn_by_their_chances():
    first = draw([0.5, 0.3, 0.2])[:, 1]
    shares = [np.mean(first == word) for word in (END, 4, 5)]
    assert shares == pytest.approx([0.5, 0.3, 0.2], abs=0.04)
    cold = draw([0.5, 0.3, 0.2], temperature=0.5)[:, 1]
    squares = np.array([0.25, 0.09, 0.04]) / 0.38
    assert [np.mean(cold == word) for word in (END, 4, 5)] == pytest.approx(squares, abs=0.04)


def test_a_seed_repeats_the_draw_and_another_does_not():
    assert np.array_equal(draw([0.4, 0.3, 0.3]), draw([0.4, 0.3, 0.3]))
    assert not np.array_equal(draw([0.1, 0.4, 0.5]), draw([0.1, 0.4, 0.5], seed=1))


def test_the_longest_caption_is_cut():
    assert draw([0.0, 0.5, 0.5], longest=4).shape[1] == 4


def test_an_advantage_is_what_a_caption_has_over_its_brothers():
    assert advantages(np.array([[1.0, 2.0, 6.0], [3.0, 3.0, 3.0]])).tolist() == [
        [-3.0, -1.5, 4.5],
        [0.0, 0.0, 0.0],
    ]


def test_the_loss_is_minus_the_log_probability_of_a_caption():
    random = np.random.default_rng(0)
    logits, targets = random.normal(size=(2, 3, 8)), np.array([[4, 5, 3], [6, 3, 0]])
    logits[..., 0] = 0  # padding, unknown and start are never drawn, so they count for nothing
    allowed = np.where(np.arange(8) < 3, -np.inf, logits)
    for temperature in (1.0, 0.5):
        log_chances = np.asarray(tf.nn.log_softmax(allowed / temperature))
        wanted = [-sum(log_chances[0, range(3), [4, 5, 3]]), -sum(log_chances[1, [0, 1], [6, 3]])]
        assert np.asarray(AdvantageLoss(temperature).call(targets, logits)) == pytest.approx(
            wanted, rel=1e-5
        )


@pytest.mark.parametrize("temperature", [1.0, 0.5])
def test_the_loss_is_that_of_the_draw_where_unknown_is_likely(temperature):
    """A third of the mass is the unknown word's: it is never drawn, so the rest shares it."""
    model, random = Coin([0.2, 0.2, 0.1], unknown=0.5), np.random.default_rng(0)
    rows = draw_captions(model, np.zeros((4000, 1), "float32"), 1, 7, temperature, random)
    for word in (END, 4, 5):
        loss = AdvantageLoss(temperature).call(np.array([[word]]), model.logits[None])
        assert np.exp(-loss[0]) == pytest.approx(np.mean(rows[:, 1] == word), abs=0.03)


def test_what_is_never_drawn_has_no_gradient():
    logits = tf.Variable(np.log([[[1e-9, 0.4, 1e-9, 0.3, 0.2, 0.1]]]), dtype="float32")
    with tf.GradientTape() as tape:
        loss = AdvantageLoss(0.5)(np.array([[END]]), logits)
    gradient = tape.gradient(loss, logits).numpy().ravel()
    assert np.abs(gradient[:3]).max() < 1e-6 < 0.1 < np.abs(gradient[3:]).min()


def batches_of(grouped):
    """Three photos, two captions each; photo 1 comes first."""
    rows = np.array([1, 1, 0, 0, 2, 2])
    texts = [f"{WORDS[row]} {WORDS[(row + number) % 6]}" for number, row in enumerate(rows)]
    ids = TOKENIZER.encode_batch(texts)
    if grouped:
        rows, ids = group_by_photo(rows, ids)
    shape = (3, 5, 4) if grouped else (3, 4)
    features = np.random.default_rng(0).normal(size=shape).astype("float32")
    return CaptionBatches(features, rows, ids, batch_size=2, seed=1)


def test_the_end_counts_as_a_word():
    assert with_end(TOKENIZER, np.array([2, 4, 5, 3, 0])) == "word0 word1 <end>"
    assert with_end(TOKENIZER, np.array([2, 4, 5])) == "word0 word1"


@pytest.mark.parametrize("grouped", [False, True])
def test_references_are_those_of_the_photo(grouped):
    references = photo_references(batches_of(grouped), TOKENIZER)
    assert references[1] == ["word1 word1 <end>", "word1 word2 <end>"]
    assert sorted(references) == [0, 1, 2] and all(len(texts) == 2 for texts in references.values())


@cache
def shared_model(grouped):
    """One for all tests that leave it as it is."""
    return small_model(grouped)


def small_model(grouped):
    """A decoder for features of four numbers, with attention where photos are grouped."""
    keras.utils.set_random_seed(0)
    sizes = {"feature_size": 4, "embedding_size": 6, "units": 8}
    model = (
        AttentionDecoder(len(TOKENIZER), attention_size=4, **sizes)
        if grouped
        else MergeDecoder(len(TOKENIZER), **sizes)
    )
    model.build()
    return model


@pytest.mark.parametrize("grouped", few_quick([False, True]))
def test_batches_fit_the_model_and_carry_their_advantage(grouped):
    model = shared_model(grouped)
    batches = SelfCriticalBatches(
        model, batches_of(grouped), TOKENIZER, Criticism(photos=2, captions=3)
    )
    assert len(batches) == 1 and len(batches.rewards) == 0
    ((features, inputs), targets, gains) = next(iter(batches))
    assert len(features) == (2 if grouped else 6) and inputs.shape == targets.shape
    assert np.array_equal(
        inputs[:, 1:][targets[:, :-1] != END], targets[:, :-1][targets[:, :-1] != END]
    )
    if not grouped:  # a photo's captions stand one after the other, and so do its features
        assert np.array_equal(features, np.repeat(features[::3], 3, axis=0))
        assert not np.array_equal(features[0], features[3])
    assert gains.dtype == np.float32 and np.allclose(gains.reshape(2, 3).sum(axis=1), 0, atol=1e-5)
    assert model((features, inputs)).shape == (6, inputs.shape[1], len(TOKENIZER))


def test_a_perfect_caption_has_the_highest_reward():
    batches = SelfCriticalBatches(
        shared_model(False), batches_of(False), TOKENIZER, Criticism(captions=2)
    )
    rows = TOKENIZER.encode_batch(["word1 word1", "word3", "word0 word2", "word5"])
    rewards = batches.reward(np.array([1, 0]), rows)
    assert rewards.shape == (2, 2) and rewards[0, 0] > 3 and rewards[0, 1] == 0
    assert batches.rewards == [pytest.approx(100 * rewards.mean())]


@pytest.mark.slow
@pytest.mark.parametrize("grouped", [False, pytest.param(True, marks=pytest.mark.long)])
def test_training_on_the_score_raises_it(grouped):
    model = small_model(grouped)
    choices = Criticism(50, captions=20, temperature=1.0, learning_rate=0.03, average=0.9)
    batches = SelfCriticalBatches(model, batches_of(grouped), TOKENIZER, choices)
    train_on_score(model, batches, verbose=0)
    first, last = np.mean(batches.rewards[:10]), np.mean(batches.rewards[-10:])
    assert last > 2 * first, (first, last)


def test_the_draw_of_an_epoch_depends_on_its_number_alone():
    """A training that goes on in its third epoch draws what an undisturbed one draws there."""
    choices = Criticism(photos=2, captions=3)
    undisturbed, resumed = (
        SelfCriticalBatches(shared_model(False), batches_of(False), TOKENIZER, choices, seed=4)
        for _ in range(2)
    )
    epochs = [[inputs.tolist() for (_, inputs), *_ in undisturbed] for _ in range(3)]
    resumed.epoch = 2
    assert [inputs.tolist() for (_, inputs), *_ in resumed] == epochs[2] != epochs[0]


def test_an_ensemble_is_the_mean_of_its_models():
    models, features = [shared_model(True), small_model(True)], np.ones((2, 5, 4), "float32")
    models[1].set_weights([0.9 * weight for weight in models[1].get_weights()])
    ensemble, words = Ensemble(models), np.array([2, 2, 2, 2])
    one, both = [model.start(features) for model in models], ensemble.start(features)
    both = both[0], tf.nest.map_structure(lambda part: tf.repeat(part, 2, axis=0), both[1])
    chances = []
    for model, (image, memory) in zip(models, one, strict=True):
        memory = tf.nest.map_structure(lambda part: tf.repeat(part, 2, axis=0), memory)
        chances.append(tf.nn.softmax(model.step(words, (image, memory))[0]))
    logits, state = ensemble.step(words, both)
    assert np.allclose(np.exp(logits), np.mean(chances, axis=0), atol=1e-6)
    assert tf.nest.map_structure(np.shape, state) == tf.nest.map_structure(np.shape, both)


def test_an_ensemble_of_one_model_twice_says_what_the_model_says():
    model, features = shared_model(False), np.random.default_rng(0).normal(size=(4, 4))
    alone, twice = (
        [[beam.ids for beam in beams] for beams in beam_search(m, features, 7, 2)]
        for m in (model, Ensemble([model, model]))
    )
    assert alone == twice


def test_an_ensemble_of_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="same features and the same words, not"):
        Ensemble([small_model(True), small_model(False)])


def test_attention_takes_smaller_steps():
    rates = {kind: decoder.criticism_rate for kind, decoder in DECODERS.items()}
    for kind in ("attention", "transformer"):
        assert 0 < rates.pop(kind) < Criticism().learning_rate
    assert set(rates.values()) == {Criticism().learning_rate}
