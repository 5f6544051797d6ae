"""Greedy, beam search and sampling, over a model whose best captions are known."""

import itertools

import numpy as np
import pytest
import tensorflow as tf

from conftest import few_quick
from helpers.decoding import (
    Beam,
    CompiledModel,
    NoRepeats,
    agreements,
    beam_search,
    greedy,
    sample,
    vote,
)
from helpers.metrics import cider_d_each, ngram_rarity

END, WORD_A, WORD_B, WORD_C = 3, 4, 5, 6
VOCAB = 7


class TableModel:
    """A model whose next word depends on the image and the word before, by a table."""

    attention = None  # `CompiledModel` hands it on

    def __init__(self, table):
        self.table = tf.constant(table, "float32")

    def start(self, features):
        images = tf.cast(features[:, 0], "int32")
        return (images,), tf.identity(images)

    def step(self, word_ids, state):
        """The memory knows its image: it must stay beside the row of that image."""
        (images,), memory = state
        tf.debugging.assert_equal(tf.repeat(images, len(memory) // len(images)), memory)
        return tf.gather_nd(self.table, tf.stack([memory, word_ids], axis=1)), state


def random_table(seed, images=4):
    return np.random.default_rng(seed).normal(0, 2, (images, VOCAB, VOCAB))


def images_numbered(count):
    return np.arange(count, dtype="float32")[:, None]


def log_probability(table, image, ids):
    total, last = 0.0, 2
    for word in ids:
        row = table[image, last]
        total += row[word] - np.log(np.exp(row).sum())
        last = word
    return total


def test_greedy_takes_the_likeliest_word_and_stops_at_the_end():
    table = np.zeros((2, VOCAB, VOCAB))
    table[0, 2, WORD_A] = table[0, WORD_A, WORD_B] = table[0, WORD_B, END] = 9
    table[1, 2, WORD_C] = table[1, WORD_C, END] = 9
    captions = greedy(TableModel(table), images_numbered(2), max_length=9)
    assert captions == [[WORD_A, WORD_B], [WORD_C]]


def test_markers_are_never_written_and_length_is_capped():
    table = np.zeros((1, VOCAB, VOCAB))
    table[..., :3] = 50  # padding, unknown and start are far the likeliest
    table[..., WORD_A], table[..., END] = 9, -1e4
    captions = greedy(TableModel(table), images_numbered(1), max_length=6)
    assert captions == [[WORD_A] * 4]
    (beams,) = beam_search(TableModel(table), images_numbered(1), 6, beam_size=2)
    assert all(set(beam.ids) <= {WORD_A, WORD_B, WORD_C} for beam in beams)
    assert max(len(beam.ids) for beam in beams) == 4


def test_a_caption_may_be_empty():
    table = np.zeros((1, VOCAB, VOCAB))
    table[..., END] = 20
    assert greedy(TableModel(table), images_numbered(1), 5) == [[]]
    assert beam_search(TableModel(table), images_numbered(1), 5, 1)[0][0].ids == []


@pytest.mark.parametrize("seed", range(8))
def test_a_beam_of_one_is_greedy(seed):
    model = TableModel(random_table(seed))
    beams = beam_search(model, images_numbered(4), 8, beam_size=1)
    assert [beam[0].ids for beam in beams] == greedy(model, images_numbered(4), 8)


@pytest.mark.parametrize("seed", range(4))
def test_a_wide_beam_finds_the_best_of_all_captions(seed):
    table = random_table(seed, images=2)
    table[..., :3] = -1e9
    found = beam_search(TableModel(table), images_numbered(2), 5, beam_size=60, length_power=0)
    words = (WORD_A, WORD_B, WORD_C)
    for image in range(2):
        ended = [ids + (END,) for n in range(3) for ids in itertools.product(words, repeat=n)]
        cut = list(itertools.product(words, repeat=3))
        everything = sorted(log_probability(table, image, ids) for ids in ended + cut)
        assert found[image][0].log_probability == pytest.approx(everything[-1], abs=1e-4)


@pytest.mark.parametrize("length_power", [0.0, 0.7, 1.0])
def test_beams_carry_their_own_log_probability_and_come_best_first(length_power):
    """`<end>` counts where it was written, and nowhere else."""
    table = random_table(5)
    table[..., :3] = -1e9
    table[0, :, END], table[2, :, END] = 3, -9  # of the latter, captions are cut off
    found = beam_search(TableModel(table), images_numbered(4), 6, 3, length_power)
    for image, beams in enumerate(found):
        assert [b.score for b in beams] == sorted((b.score for b in beams), reverse=True)
        for beam in beams:
            written = [*beam.ids, END] if beam.ended else beam.ids
            exact = log_probability(table, image, written)
            assert beam.log_probability == pytest.approx(exact, abs=1e-4)
            assert beam.score == pytest.approx(exact / len(written) ** length_power, abs=1e-4)
            assert beam.ended or len(beam.ids) == 4
    assert {beam.ended for beams in found for beam in beams} == {True, False}


def test_what_is_cut_off_is_ranked_by_its_words_alone():
    """All captions are a word again and again, 0.47 each time, until `<end>` comes with 0.53."""
    table = np.full((1, VOCAB, VOCAB), -30.0)
    table[0, :, WORD_A], table[0, :, END] = np.log(0.47), np.log(0.53)
    (beams,) = beam_search(TableModel(table), images_numbered(1), 6, 6, length_power=1.0)
    lengths = [(len(beam.ids), beam.ended) for beam in beams[:5]]
    assert lengths == [(0, True), (1, True), (2, True), (3, True), (4, False)]
    assert beams[4].score == pytest.approx(np.log(0.47), abs=1e-4)  # by five it would come first


def test_no_word_at_all_fits_into_the_shortest_length():
    ((beam, *_),) = beam_search(TableModel(random_table(1, 1)), images_numbered(1), 2, 2)
    assert (beam.ids, beam.ended, beam.score) == ([], False, 0.0)


def test_captions_do_not_depend_on_their_neighbours_in_the_batch():
    model = TableModel(random_table(6))
    together = beam_search(model, images_numbered(4), 9, 3)
    for image in range(4):
        alone = beam_search(model, images_numbered(4)[image : image + 1], 9, 3)
        assert [beam.ids for beam in alone[0]] == [beam.ids for beam in together[image]]


def test_length_power_prefers_longer_captions():
    table = np.full((1, VOCAB, VOCAB), -30.0)
    table[0, 2, END], table[0, 2, WORD_A] = -0.6, -0.9
    table[0, WORD_A, WORD_B] = table[0, WORD_B, END] = 0.0
    short = beam_search(TableModel(table), images_numbered(1), 6, 2, length_power=0.0)
    long = beam_search(TableModel(table), images_numbered(1), 6, 2, length_power=1.0)
    assert short[0][0].ids == [] and long[0][0].ids == [WORD_A, WORD_B]


def test_samples_follow_the_probabilities_and_the_seed():
    table = np.full((1, VOCAB, VOCAB), -1e9)
    table[0, 2, WORD_A], table[0, 2, WORD_B] = np.log(0.7), np.log(0.3)
    table[0, :, END] = 0.0
    table[0, 2, END] = -1e9
    many = np.zeros((4000, 1), "float32")
    captions = sample(TableModel(table), many, 5, seed=1)
    share = np.mean([caption == [WORD_A] for caption in captions])
    assert 0.67 < share < 0.73
    assert captions == sample(TableModel(table), many, 5, seed=1)
    cold = sample(TableModel(table), many, 5, temperature=0.1, seed=1)
    assert np.mean([caption == [WORD_A] for caption in cold]) > 0.99


def test_models_of_different_vocabularies_live_side_by_side():
    for vocab in (7, 9, 8):
        table = np.random.default_rng(vocab).normal(0, 2, (4, vocab, vocab))
        beams = beam_search(TableModel(table), images_numbered(4), 8, beam_size=1)
        captions = greedy(TableModel(table), images_numbered(4), 8)
        assert [beam[0].ids for beam in beams] == captions


def test_no_images_give_no_captions():
    model = TableModel(random_table(1))
    assert greedy(model, images_numbered(0), 8) == beam_search(model, images_numbered(0), 8) == []


def test_compiled_and_plain_model_agree():
    model = TableModel(random_table(7))
    plain = greedy(model, images_numbered(4), 8)
    assert greedy(CompiledModel(model), images_numbered(4), 8) == plain


def test_a_beam_wider_than_all_captions_holds_real_captions_only():
    table = np.zeros((1, VOCAB, VOCAB))
    (beams,) = beam_search(TableModel(table), images_numbered(1), 4, beam_size=60)
    captions = [tuple(beam.ids) for beam in beams]
    assert len(captions) == len(set(captions)) == 13  # 1 empty, 3 of one word, 9 of two
    assert min(beam.log_probability for beam in beams) > -20


@pytest.mark.parametrize(
    "wrong", [{"beam_size": 0}, {"temperature": 0.0}, {"temperature": float("nan")}]
)
def test_senseless_settings_are_refused(wrong):
    decode = beam_search if "beam_size" in wrong else sample
    with pytest.raises(ValueError, match="must be"):
        decode(TableModel(random_table(1)), images_numbered(2), 5, **wrong)


# No repeats


def once(*words):
    return np.isin(np.arange(VOCAB), words)


def stutter():
    """A model that would write A for ever, now and then with a B between."""
    table = np.zeros((1, VOCAB, VOCAB))
    table[0, :, WORD_A], table[0, :, WORD_B], table[0, :, END] = 9, 8, 5
    return TableModel(table)


def test_no_word_comes_twice_that_may_come_once():
    assert greedy(stutter(), images_numbered(1), 6) == [[WORD_A] * 4]
    model = NoRepeats(stutter(), once(WORD_A))
    assert greedy(model, images_numbered(1), 6) == [[WORD_A, WORD_B, WORD_B, WORD_B]]
    model = NoRepeats(stutter(), once(WORD_A, WORD_B))
    assert greedy(model, images_numbered(1), 6) == [[WORD_A, WORD_B]]


@pytest.mark.parametrize("seed", few_quick(range(4)))
@pytest.mark.parametrize("compiled", [False, True])
def test_neither_beams_nor_draws_repeat_a_word(seed, compiled):
    """All words may come once, so captions use them up and end."""
    table = random_table(seed)
    table[:, :, :END] = -99  # padding and markers, which are never written
    model = NoRepeats(TableModel(table), once(WORD_A, WORD_B, WORD_C))
    model = CompiledModel(model) if compiled else model
    found = beam_search(model, images_numbered(4), 9, beam_size=30)
    captions = [beam.ids for beams in found for beam in beams]
    captions += sample(model, images_numbered(4), 9, seed=seed)
    assert all(len(set(ids)) == len(ids) for ids in captions)
    assert all(len(beams) == 16 for beams in found)  # 1 + 3 + 6 + 6 ways to order three words
    chances = [sum(np.exp(beam.log_probability) for beam in beams) for beams in found]
    np.testing.assert_allclose(chances, 1, atol=1e-5)  # what is barred goes to the others


def test_where_every_word_may_return_nothing_changes():
    model = TableModel(random_table(3))
    plain = beam_search(model, images_numbered(4), 7, beam_size=4)
    barred = beam_search(NoRepeats(model, once()), images_numbered(4), 7, beam_size=4)
    assert [[b.ids for b in beams] for beams in plain] == [
        [b.ids for b in beams] for beams in barred
    ]


# Votes

CANDIDATES = [
    "a dog runs on the grass",
    "a dog is running on the grass",
    "two dogs on the beach",
    "a a dog dog on a a a dog",
    "",
]
PHOTOS = [["a dog runs"], ["two dogs on the beach", "dogs"], ["the grass"], ["a cat on the grass"]]


def test_agreement_is_the_mean_score_against_all_candidates():
    rarity, votes = ngram_rarity(PHOTOS, str.split), [1, 2, 1, 1, 3]
    told = [text for text, count in zip(CANDIDATES, votes, strict=True) for _ in range(count)]
    expected = cider_d_each([told] * len(CANDIDATES), CANDIDATES, rarity, str.split)
    found = agreements([text.split() for text in CANDIDATES], votes, rarity)
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_the_candidate_wins_with_which_the_others_agree():
    words = ["<pad>", "<unknown>", "<start>", "<end>", "dog", "runs", "cat", "sits"]
    beams = [Beam(ids, -1.0, -1.0, True) for ids in ([6, 7], [4, 5], [4, 7])]
    rarity = ngram_rarity([["dog"], ["cat"], ["runs"], ["sits"]], str.split)
    ranked = vote(beams, words, rarity)
    assert ranked[0][0].ids == [4, 7]  # it shares a word with both of the others
    scores = [score for _, score in ranked]
    assert scores == sorted(scores, reverse=True)
    likeliest = [Beam(beam.ids, -9.0 * (beam.ids != [6, 7]), 0.0, True) for beam in beams]
    assert vote(likeliest, words, rarity, flatness=0.1)[0][0].ids == [6, 7]  # heard alone
    assert vote(likeliest, words, rarity, flatness=1e6)[0][0].ids == [4, 7]
    assert vote(beams[:1], words, rarity)[0][0] is beams[0] and vote([], words, rarity) == []
