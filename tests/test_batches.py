"""Batches: right padding, targets one ahead, every caption once an epoch, the classic rows."""

import keras
import numpy as np
import pytest

from helpers.batches import (
    CaptionBatches,
    caption_rows,
    group_by_photo,
    prefix_generator,
    prefix_rows,
)
from helpers.models import MergeDecoder, next_word_model

VOCAB = 40
LENGTHS = [3, 5, 3, 8, 4, 6, 5, 3, 8, 4, 7]  # ids of every caption, both markers counted


def numbered_captions(lengths=LENGTHS, width=10):
    """Captions whose second id tells which one it is: 2, 4 + number, words, 3, padding."""
    ids = np.zeros((len(lengths), width), "int64")
    for number, length in enumerate(lengths):
        ids[number, :length] = [2, 4 + number, *range(20, 17 + length), 3]
    return ids


def features_of(photos, size=3):
    """Features that tell which photo they belong to."""
    return np.repeat(np.arange(photos, dtype="float16")[:, None], size, axis=1)


def make_batches(**options):
    photo_rows = np.arange(len(LENGTHS)) // 2
    options = {"batch_size": 4, "seed": 5, **options}
    return CaptionBatches(features_of(6), photo_rows, numbered_captions(), **options)


def order_of(batches):
    return [int(number) for (_, inputs), _ in batches for number in inputs[:, 1] - 4]


@pytest.mark.parametrize("shuffle", [True, False])
def test_targets_are_one_word_ahead_of_inputs(shuffle):
    for (features, inputs), targets in make_batches(shuffle=shuffle):
        numbers = inputs[:, 1] - 4
        whole = numbered_captions()[numbers]
        np.testing.assert_array_equal(inputs, whole[:, : inputs.shape[1]])
        np.testing.assert_array_equal(targets, whole[:, 1 : inputs.shape[1] + 1])
        np.testing.assert_array_equal(features, features_of(6)[numbers // 2])
        assert (features.dtype, inputs.dtype, targets.dtype) == ("float32", "int32", "int32")


def test_padding_is_on_the_right_and_no_wider_than_the_longest_caption():
    for _, targets in make_batches():
        words = (targets != 0).astype(int)
        assert (np.diff(words, axis=1) <= 0).all() and words[:, -1].any()
        last = targets[np.arange(len(targets)), words.sum(axis=1) - 1]
        assert (last == 3).all()


@pytest.mark.parametrize("shuffle", [True, False])
def test_an_epoch_holds_every_caption_once(shuffle):
    batches = make_batches(shuffle=shuffle)
    for _ in range(3):
        assert sorted(order_of(batches)) == list(range(len(LENGTHS)))
    assert len(list(batches)) == len(batches) == 3


def test_captions_of_like_length_share_a_batch():
    ranges = []
    for _, targets in make_batches():
        lengths = np.count_nonzero(targets, axis=1)
        ranges.append((lengths.min(), lengths.max()))
    ranges.sort()
    assert ranges[0] == (2, 3) and ranges[-1] == (6, 7)
    assert all(first[1] <= second[0] for first, second in zip(ranges, ranges[1:], strict=False))


def test_every_batch_holds_about_as_many_words():
    """A loss that is a mean over a batch would else favour the words of short captions."""
    lengths = np.random.default_rng(0).integers(4, 30, 3000)
    batches = CaptionBatches(
        features_of(1), np.zeros(3000, int), numbered_captions(lengths, 30), 64
    )
    words = [np.count_nonzero(targets) + len(targets) for _, targets in batches]
    captions = [len(targets) for _, targets in batches]
    assert len(words) == len(batches) == 47
    assert max(words) - min(words) <= 2 * 30
    assert max(captions) > 3 * min(captions)


@pytest.mark.parametrize("batch_size", [1, 2, 3, 100])
def test_no_batch_is_empty(batch_size):
    sizes = [len(targets) for _, targets in make_batches(batch_size=batch_size)]
    assert min(sizes) > 0 and sum(sizes) == len(LENGTHS)
    assert len(sizes) == len(make_batches(batch_size=batch_size))


def test_the_order_is_new_every_epoch_and_repeats_with_the_seed():
    batches, again, other = make_batches(), make_batches(), make_batches(seed=6)
    first, second = order_of(batches), order_of(batches)
    assert first != second
    assert [first, second] == [order_of(again), order_of(again)]
    assert first != order_of(other)


def test_the_order_of_an_epoch_depends_on_its_number_alone():
    """A training that goes on in its third epoch sees the third epoch, not the first again."""
    undisturbed, resumed = make_batches(), make_batches()
    third = [order_of(undisturbed) for _ in range(3)][2]
    resumed.epoch = 2
    assert order_of(resumed) == third


def test_without_shuffling_the_shortest_captions_come_first_every_time():
    batches = make_batches(shuffle=False)
    lengths = [LENGTHS[number] for number in order_of(batches)]
    assert lengths == sorted(LENGTHS)
    assert order_of(batches) == order_of(batches)


def test_an_abandoned_epoch_does_not_change_a_later_one():
    one, other = make_batches(), make_batches()
    left_early, whole = iter(one), iter(other)
    next(left_early), list(whole)
    assert order_of(one) == order_of(other)


def test_training_batches_take_one_of_the_views_and_others_the_first():
    views = [features_of(6), features_of(6) + 100]
    rows, ids = np.arange(len(LENGTHS)) // 2, numbered_captions()
    train = CaptionBatches(views, rows, ids, batch_size=2, seed=1)
    mirrored = [(features >= 100) for _ in range(4) for (features, _), _ in train]
    assert all(batch.all() or not batch.any() for batch in mirrored)
    assert 0.2 < np.mean([batch.all() for batch in mirrored]) < 0.8
    dev = CaptionBatches(views, rows, ids, batch_size=2, shuffle=False)
    assert all((features < 100).all() for (features, _), _ in dev)


def test_rows_and_captions_have_to_agree_in_number():
    with pytest.raises(ValueError, match="2 photo rows for 11 captions"):
        CaptionBatches(features_of(6), [0, 1], numbered_captions())
    with pytest.raises(ValueError, match="0 captions: .* at least"):
        CaptionBatches(features_of(6), [], numbered_captions([]))


def test_the_dataset_holds_the_same_batches_and_knows_their_number():
    dataset = make_batches(shuffle=False).dataset()
    assert int(dataset.cardinality()) == 3
    pairs = zip(dataset.as_numpy_iterator(), make_batches(shuffle=False), strict=True)
    for ((photos, words), targets), expected in pairs:
        np.testing.assert_array_equal(photos, expected[0][0])
        np.testing.assert_array_equal(words, expected[0][1])
        np.testing.assert_array_equal(targets, expected[1])


def test_caption_rows_names_the_photo_of_every_caption():
    captions = {"a.jpg": ["one", "two"], "b.jpg": ["three"], "c.jpg": ["four"]}
    texts, rows = caption_rows(captions, ["c.jpg", "a.jpg"])
    assert texts == ["four", "one", "two"] and rows.tolist() == [0, 1, 1]
    with pytest.raises(KeyError):
        caption_rows(captions, ["missing.jpg"])


def test_classic_rows_of_one_caption_by_hand():
    photo = np.array([0.5, 1.5], "float16")
    photos, so_far, next_words = prefix_rows(photo, np.array([2, 5, 4, 3, 0, 0], "int32"), 7)
    assert photos.tolist() == [[0.5, 1.5]] * 3
    assert so_far.tolist() == [[2, 0, 0, 0, 0], [2, 5, 0, 0, 0], [2, 5, 4, 0, 0]]
    expected = [[0, 0, 0, 0, 0, 1, 0], [0, 0, 0, 0, 1, 0, 0], [0, 0, 0, 1, 0, 0, 0]]
    assert next_words.tolist() == expected
    assert photos.dtype == next_words.dtype == "float32"


def test_a_caption_without_padding_loses_no_row():
    _, so_far, next_words = prefix_rows(np.zeros(2), np.array([2, 5, 4, 3], "int32"), 7)
    assert so_far.tolist() == [[2, 0, 0], [2, 5, 0], [2, 5, 4]]
    assert next_words.argmax(axis=1).tolist() == [5, 4, 3]


def test_the_classic_generator_gives_a_photo_at_a_time_for_ever():
    rows = np.array([1, 0, 1])
    generator = prefix_generator(features_of(2), rows, numbered_captions([3, 4, 5]), VOCAB)
    sizes = []
    for _ in range(5):
        (photos, so_far), next_words = next(generator)
        assert len(np.unique(photos)) == 1 and len(photos) == len(so_far) == len(next_words)
        sizes.append((int(photos[0, 0]), len(photos)))
    assert sizes == [(0, 3), (1, 6), (0, 3), (1, 6), (0, 3)]


@pytest.mark.slow
def test_keras_fits_a_model_on_the_classic_generator():
    keras.utils.set_random_seed(0)
    captioner = MergeDecoder(VOCAB, feature_size=3, embedding_size=4, units=4)
    captioner.build()
    model = next_word_model(captioner, max_length=9)
    model.compile("sgd", loss="categorical_crossentropy")
    generator = prefix_generator(features_of(2), np.array([0, 1]), numbered_captions([3, 5]), VOCAB)
    history = model.fit(generator, steps_per_epoch=2, verbose=0)
    assert np.isfinite(history.history["loss"]).all()


# All captions of a photo together

PHOTO_OF = np.array([0, 2, 0, 1, 2, 2, 0, 5, 1, 5, 2])  # photos 3 and 4 have no captions


def grouped_batches(**options):
    rows, ids = group_by_photo(PHOTO_OF, numbered_captions())
    options = {"batch_size": 4, "seed": 5, **options}
    return CaptionBatches([features_of(6), features_of(6) + 100], rows, ids, **options)


def test_captions_of_a_photo_come_together_in_their_order():
    rows, ids = group_by_photo(PHOTO_OF, numbered_captions())
    assert rows.tolist() == [0, 1, 2, 5] and ids.shape == (4, 4, 10)
    assert (ids[:, :, 1] - 4).tolist() == [
        [0, 2, 6, -4],
        [3, 8, -4, -4],
        [1, 4, 5, 10],
        [7, 9, -4, -4],
    ]
    assert not ids[0, 3].any() and ids.dtype == np.int32


@pytest.mark.parametrize("shuffle", [True, False])
def test_a_photo_has_one_row_of_features_for_all_its_captions(shuffle):
    batches, seen = grouped_batches(shuffle=shuffle), []
    for (features, inputs), targets in batches:
        assert len(inputs) == len(targets) == 4 * len(features)
        for number, caption in enumerate(inputs[:, 1] - 4):
            if caption >= 0:
                seen.append(int(caption))
                assert features[number // 4, 0] % 100 == PHOTO_OF[caption]
            else:
                assert not inputs[number].any() and not targets[number].any()
    assert sorted(seen) == list(range(len(LENGTHS)))


def test_grouped_batches_are_as_wide_as_their_longest_caption():
    for (_, _), targets in grouped_batches():
        assert targets[:, -1].any()


def test_grouped_batches_count_captions_and_weigh_words():
    """Of 200 photos with 1 to 5 captions: as many batches as captions ask for, of like words."""
    random = np.random.default_rng(8)
    photo_of = np.repeat(np.arange(200), random.integers(1, 6, 200))
    ids = numbered_captions(random.integers(4, 20, len(photo_of)), width=24)
    batches = CaptionBatches(features_of(200), *group_by_photo(photo_of, ids), batch_size=50)
    words = [np.count_nonzero(targets) for _, targets in batches]
    assert len(words) == len(batches) == np.ceil(len(photo_of) / 50)
    assert max(words) < 1.4 * min(words)
