"""Batches of captions for `fit`: whole captions at once, and the classic row per word."""

from collections.abc import Iterator, Sequence

import keras
import numpy as np
import tensorflow as tf


class CaptionBatches:
    """Whole captions: the model sees all words of a caption and is asked for each next word.

    Going through it once is an epoch. Every batch is `((features, inputs), targets)`: features
    float32 (captions, feature_size), inputs int32 (captions, words) from `<start>` on, targets
    int32 of the same shape, one word ahead, up to `<end>`. Captions of like length share a
    batch, so little of it is padding, and every batch has about as many words, so that a word
    of a long caption counts as much as one of a short caption.

    After `group_by_photo` the captions of a photo stay together: a batch then has one row of
    features for all captions of a photo.

    Arguments:
        features: array (photos, …, feature_size), or a list of several of one shape (photos and
            their mirror images), each of any float type; or what `Features.select` gives. A
            shuffled batch takes one of them at random, others take the first.
        photo_rows: int (captions,): the row of `features` that each caption describes.
        ids: int32 (captions, max_length) from the tokenizer, right-padded with 0.
        batch_size: captions in a batch, on average.
        shuffle: whether captions and batches come in a new order every epoch.
        seed: makes that order repeatable. Which order an epoch has depends on the seed and on
            `epoch`, its number from 0 on, which going through the batches raises by one.

    Raises ValueError when rows and ids differ in number, or there are none.
    Taught in lesson 04.
    """

    def __init__(
        self,
        features: np.ndarray | list[np.ndarray],
        photo_rows: np.ndarray,
        ids: np.ndarray,
        batch_size: int = 128,
        shuffle: bool = True,
        seed: int = 0,
    ):
        if len(photo_rows) != len(ids) or not len(ids):
            raise ValueError(
                f"{len(photo_rows)} photo rows for {len(ids)} captions: give every caption one "
                "row, and one caption at least"
            )
        self.views = features if isinstance(features, list) else [features]
        self.photo_rows, self.ids = np.asarray(photo_rows), np.asarray(ids, "int32")
        lengths = np.count_nonzero(self.ids, axis=-1).reshape(len(ids), -1)
        self.words, self.lengths = lengths.sum(axis=1), lengths.max(axis=1)
        self.batch_size, self.shuffle = batch_size, shuffle
        self.seed, self.epoch = seed, 0
        self.cuts = self.cut()

    def __len__(self) -> int:
        """Return the number of batches in an epoch."""
        return len(self.cuts) + 1

    def __iter__(self) -> Iterator[tuple]:
        """Yield the batches of one epoch as ((features, inputs), targets)."""
        self.random = np.random.default_rng([self.seed, self.epoch])
        self.epoch += 1
        groups = self.groups()
        views = self.random.integers(len(self.views) if self.shuffle else 1, size=len(groups))
        for chosen, view in zip(groups, views, strict=True):
            longest = self.lengths[chosen].max()
            ids = self.ids[chosen][..., :longest].reshape(-1, longest)
            features = self.views[view][self.photo_rows[chosen]].astype("float32")
            yield (features, ids[:, :-1]), ids[:, 1:]

    def cut(self) -> np.ndarray:
        """Return where the captions, sorted by length, are cut into batches of as many words."""
        words = np.cumsum(self.words[np.argsort(self.lengths)])
        batches = np.ceil(np.count_nonzero(self.ids[..., 0]) / self.batch_size)
        return 1 + np.flatnonzero(np.diff((words - 1) * batches // words[-1]))

    def groups(self) -> list[np.ndarray]:
        """Return which captions share a batch: sorted by length, ties and batches shuffled."""
        ties = self.random.random(len(self.ids)) if self.shuffle else np.arange(len(self.ids))
        order = np.lexsort((ties, self.lengths))
        groups = np.split(order, self.cuts)
        if self.shuffle:
            self.random.shuffle(groups)
        return groups

    def dataset(self) -> tf.data.Dataset:
        """Return the batches as `fit` wants them: any number of captions, any number of words."""
        photo = tf.TensorSpec((None, *self.views[0].shape[1:]), tf.float32)
        words = tf.TensorSpec((None, None), tf.int32)
        batches = tf.data.Dataset.from_generator(
            lambda: iter(self), output_signature=((photo, words), words)
        )
        return batches.apply(tf.data.experimental.assert_cardinality(len(self))).prefetch(2)


def caption_rows(captions: dict[str, list[str]], names: Sequence[str]) -> tuple[list, np.ndarray]:
    """Return the captions of `names` in one list, and for each the place of its photo in `names`.

    Raises KeyError for a name without captions. Taught in lesson 04.
    """
    texts = [text for name in names for text in captions[name]]
    rows = np.repeat(np.arange(len(names)), [len(captions[name]) for name in names])
    return texts, rows


def group_by_photo(photo_rows: np.ndarray, ids: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Bring the captions of every photo together, for `CaptionBatches`.

    Arguments as in `CaptionBatches`. Returns the photos' rows int (photos,) and their captions
    int32 (photos, captions, max_length); photos with fewer captions than others are filled up
    with empty ones, which have no words to be wrong about. Taught in lesson 08.
    """
    photos, place, counts = np.unique(photo_rows, return_inverse=True, return_counts=True)
    order = np.argsort(place, kind="stable")
    number = np.arange(len(order)) - np.repeat(np.cumsum(counts) - counts, counts)
    grouped = np.zeros((len(photos), counts.max(), np.shape(ids)[1]), "int32")
    grouped[place[order], number] = np.asarray(ids)[order]
    return photos, grouped


def prefix_rows(features: np.ndarray, ids: np.ndarray, vocab_size: int) -> tuple:
    """Return the classic training rows of one caption, one per word.

    Arguments:
        features: float (feature_size,), the photo.
        ids: int (max_length,), the padded caption.
        vocab_size: words of the tokenizer.

    Returns features (rows, feature_size), words so far (rows, max_length - 1) padded on the
    right, and one-hot next words (rows, vocab_size) as float32. Taught in lesson 04.
    """
    length = np.count_nonzero(ids)
    words_so_far = np.tile(ids[:-1], (length - 1, 1))
    words_so_far[np.triu_indices(length - 1, 1, len(ids) - 1)] = 0
    next_words = keras.utils.to_categorical(ids[1:length], vocab_size).astype("float32")
    return np.tile(features, (length - 1, 1)).astype("float32"), words_so_far, next_words


def prefix_generator(
    features: np.ndarray, photo_rows: np.ndarray, ids: np.ndarray, vocab_size: int
) -> Iterator[tuple]:
    """Yield the classic batches for ever: all rows of all captions of one photo at a time.

    Arguments as in `CaptionBatches`. Yields ((features, words so far), one-hot next words),
    a tuple of tuples as Keras 3 wants it. Taught in lesson 04.
    """
    while True:
        for photo in np.unique(photo_rows):
            rows = [
                prefix_rows(features[photo], caption, vocab_size)
                for caption in ids[photo_rows == photo]
            ]
            photos, words_so_far, next_words = map(np.concatenate, zip(*rows, strict=True))
            yield (photos, words_so_far), next_words
