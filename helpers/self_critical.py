"""Self-critical training: the model writes captions, and those that score well become likelier."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from helpers.batches import CaptionBatches
from helpers.decoding import END, START, CompiledModel, take_rows, word_log_probabilities
from helpers.metrics import cider_d_each, ngram_rarity
from helpers.models import Decoder
from helpers.resuming import resumable
from helpers.tokenizer import CaptionTokenizer


@dataclass(frozen=True)
class Criticism:
    """The choices of one self-critical training.

    Attributes:
        epochs: passes over the training photos.
        photos: photos in a batch.
        captions: captions drawn for each.
        temperature: of the draw.
        learning_rate: it falls to 0 along a half cosine; a decoder's own is its `criticism_rate`.
        average: momentum of the running mean of the weights that is kept in the end.

    Taught in lesson 12.
    """

    epochs: int = 3
    photos: int = 64
    captions: int = 5
    temperature: float = 0.5
    learning_rate: float = Decoder.criticism_rate
    average: float = 0.98


def draw_captions(
    model: Decoder | CompiledModel,
    features: np.ndarray,
    captions: int,
    max_length: int,
    temperature: float,
    random: np.random.Generator,
) -> np.ndarray:
    """Draw several captions per image, every word at random by its probability.

    Arguments:
        model: a decoder, compiled or not.
        features: float features, first axis the images.
        captions: how many to draw for each image.
        max_length: the longest caption in ids, both markers counted.
        temperature: below 1 the likely words become likelier still.
        random: where the chance comes from.

    Returns int32 ids (images * captions, words) from `<start>` to `<end>`, padded with 0, an
    image's captions one after the other. Taught in lesson 12.
    """
    image, memory = model.start(tf.convert_to_tensor(features, "float32"))
    state = image, take_rows(memory, np.repeat(np.arange(len(features)), captions))
    rows = np.zeros((len(features) * captions, max_length), "int32")
    rows[:, 0] = START
    for place in range(1, max_length):
        logits, state = model.step(rows[:, place - 1], state)
        log_chances = word_log_probabilities(logits) / temperature
        seed = random.integers(2**31, size=2)
        words = tf.random.stateless_categorical(log_chances, 1, seed, "int32")[:, 0]
        rows[:, place] = np.where(np.isin(rows[:, place - 1], (0, END)), 0, words)
        if not rows[:, place].any():
            break
    longest = np.count_nonzero(rows, axis=1).max()
    return rows[:, :longest]


def advantages(rewards: np.ndarray) -> np.ndarray:
    """Return by how much each caption beats the mean of the others of its image.

    Arguments:
        rewards: float (images, captions), two captions at least.

    Returns floats of that shape; every row sums to 0. Source: Luo 2020, "A better variant of
    self-critical sequence training". Taught in lesson 12.
    """
    others = rewards.shape[1] - 1
    return rewards - (rewards.sum(axis=1, keepdims=True) - rewards) / others


class AdvantageLoss(keras.losses.Loss):
    """Surprise at each caption, in nats; `fit` weighs it with the caption's advantage.

    Minimising it makes captions with a positive advantage likelier and the others less likely.
    The probabilities are those of the draw: of words that are never written, there are none.

    Arguments:
        temperature: the one that the captions were drawn with.

    Called with targets int (batch, words), 0 where there is no word, and logits float
    (batch, words, vocab). Source: Rennie et al. 2017. Taught in lesson 12.
    """

    def __init__(self, temperature: float = 1.0):
        super().__init__(reduction="sum_over_batch_size")
        self.temperature = temperature

    def call(self, targets, logits):
        """Return a number per caption: minus its log-probability, as it was drawn."""
        log_chances = word_log_probabilities(logits) / self.temperature
        chosen = ops.take_along_axis(log_chances, ops.expand_dims(targets, -1), axis=-1)[..., 0]
        real = ops.cast(ops.not_equal(targets, 0), "float32")
        return ops.sum((ops.logsumexp(log_chances, axis=-1) - chosen) * real, axis=-1)


class SelfCriticalBatches:
    """Batches that the model writes itself, with the advantage of every caption.

    Going through it once is an epoch: every photo has its turn. A batch is
    `((features, inputs), targets, advantages)`, shaped as in `CaptionBatches` after
    `group_by_photo`, advantages float32 (captions,).

    Arguments:
        model: the decoder that is being trained; each batch is written with its weights of
            that moment.
        batches: the training split, its captions being the references.
        tokenizer: turns ids into words.
        criticism: photos in a batch, captions drawn for each, temperature.
        seed: makes the draw repeatable.

    `rewards` holds the mean CIDEr-D of every batch so far. Taught in lesson 12.
    """

    def __init__(
        self,
        model: Decoder,
        batches: CaptionBatches,
        tokenizer: CaptionTokenizer,
        criticism: Criticism,
        seed: int = 0,
    ):
        self.model, self.tokenizer, self.criticism = CompiledModel(model), tokenizer, criticism
        self.views, self.seed, self.epoch, self.rewards = batches.views, seed, 0, []
        self.references = photo_references(batches, tokenizer)
        self.rows = np.array(list(self.references))
        self.rarity = ngram_rarity(list(self.references.values()), str.split)
        self.draw = criticism.captions, tokenizer.max_length, criticism.temperature
        self.photos = min(criticism.photos, len(self.rows))
        self.pairs = batches.ids.ndim == 2  # then every caption needs a row of features

    def __len__(self) -> int:
        """Return the number of batches in an epoch; photos that fill no batch wait."""
        return len(self.rows) // self.photos

    def __iter__(self) -> Iterator[tuple]:
        """Yield the batches of one epoch; chance depends on the seed and its number, `epoch`."""
        self.random = np.random.default_rng([self.seed, self.epoch])
        self.epoch += 1
        order = self.random.permutation(self.rows)[: len(self) * self.photos]
        for rows in order.reshape(-1, self.photos):
            view = self.views[self.random.integers(len(self.views))]
            features = view[rows].astype("float32")
            ids = draw_captions(self.model, features, *self.draw, self.random)
            gains = advantages(self.reward(rows, ids)).astype("float32").ravel()
            if self.pairs:
                features = np.repeat(features, self.criticism.captions, axis=0)
            yield (features, ids[:, :-1]), ids[:, 1:], gains

    def reward(self, rows: np.ndarray, ids: np.ndarray) -> np.ndarray:
        """Return the CIDEr-D (photos, captions) of drawn captions, 1 where people write 100."""
        texts = [with_end(self.tokenizer, caption) for caption in ids]
        references = [self.references[row] for row in np.repeat(rows, self.criticism.captions)]
        scores = cider_d_each(references, texts, self.rarity, str.split)
        self.rewards.append(float(np.mean(scores)))
        return np.reshape(scores, (len(rows), -1)) / 100

    def dataset(self) -> tf.data.Dataset:
        """Return the batches as `fit` wants them; none is written before its turn."""
        photo = tf.TensorSpec((None, *self.views[0].shape[1:]), tf.float32)
        words, gains = tf.TensorSpec((None, None), tf.int32), tf.TensorSpec((None,), tf.float32)
        batches = tf.data.Dataset.from_generator(
            lambda: iter(self), output_signature=((photo, words), words, gains)
        )
        return batches.apply(tf.data.experimental.assert_cardinality(len(self)))


def train_on_score(
    model: Decoder,
    batches: SelfCriticalBatches,
    backup: str | Path | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    verbose: int = 2,
    keep_backup: bool = False,
) -> dict[str, list[float]]:
    """Train a decoder, which has learnt to guess words, on the score of its captions.

    Arguments:
        model: the decoder whose captions `batches` draws.
        batches: of the training split; the choices are theirs.
        backup, callbacks, verbose, keep_backup: as in `train_decoder`.

    Returns the history. Taught in lesson 12.
    """
    choices = batches.criticism
    steps = choices.epochs * len(batches)
    schedule = keras.optimizers.schedules.CosineDecay(choices.learning_rate, steps)
    optimiser = keras.optimizers.Adam(
        schedule, clipnorm=1.0, use_ema=True, ema_momentum=choices.average
    )
    model.compile(optimiser, AdvantageLoss(choices.temperature), jit_compile=False)
    average = keras.callbacks.SwapEMAWeights(swap_on_epoch=True)
    with resumable(model, batches, backup, keep_backup) as (progress, epochs_done):
        options = {"initial_epoch": epochs_done, "epochs": choices.epochs, "verbose": verbose}
        every = [progress, average, *callbacks]
        history = model.fit(batches.dataset(), shuffle=False, callbacks=every, **options)
    return history.history


def photo_references(batches: CaptionBatches, tokenizer: CaptionTokenizer) -> dict[int, list[str]]:
    """Return the captions of every photo of a split, by its row, as `with_end` writes them."""
    references = {}
    captions = batches.ids.reshape(len(batches.ids), -1, batches.ids.shape[-1])
    for row, group in zip(batches.photo_rows, captions, strict=True):
        texts = [with_end(tokenizer, ids) for ids in group if ids.any()]
        references.setdefault(int(row), []).extend(texts)
    return references


def with_end(tokenizer: CaptionTokenizer, ids: np.ndarray) -> str:
    """Return a caption whose `<end>`, if it has one, counts as a word.

    Otherwise the model learns to stop in mid-sentence: leaving off "on a" costs nothing, and
    "on a" is likely to be right.
    """
    return f"{tokenizer.decode(ids)} <end>" if END in ids else tokenizer.decode(ids)
