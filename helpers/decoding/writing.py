"""A word at a time: greedy, by chance, and where the decoder looked as it wrote."""

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf
from keras import ops, tree

from helpers.models import Decoder
from helpers.tokenizer import CaptionTokenizer

START, END = CaptionTokenizer.START, CaptionTokenizer.END
NEVER_WRITTEN = (0, 1, 2)  # padding, the unknown word and the start marker


class CompiledModel:
    """A decoder for decoding: its `start` and `step` compiled once by TensorFlow.

    A compiled step costs about a millisecond where `model.predict` costs about fifty.
    Taught in lesson 05.
    """

    def __init__(self, model: Decoder):
        self.start = tf.function(model.start, reduce_retracing=True)
        self.step = tf.function(model.step, reduce_retracing=True)
        self.attention = model.attention


Model = Decoder | CompiledModel


def take_rows(state: Any, rows: np.ndarray) -> Any:
    """Return the rows (int ids) of every tensor in a state or a part of one, in that order."""
    return tree.map_structure(lambda tensor: ops.take(tensor, rows, axis=0), state)


def word_log_probabilities(logits: tf.Tensor) -> tf.Tensor:
    """Return float32 log-probabilities (batch, vocab); words never written get -1e9."""
    forbidden = tf.one_hot(NEVER_WRITTEN, tf.shape(logits)[-1], on_value=-1e9)
    return tf.nn.log_softmax(tf.cast(logits, "float32")) + tf.reduce_sum(forbidden, axis=0)


def write_captions(
    model: Model, features: np.ndarray, max_length: int, choose: Callable[[tf.Tensor], np.ndarray]
) -> list[list[int]]:
    """Write one caption per image, choosing every next word by `choose(log_probabilities)`.

    All captions grow together; those that have ended leave the batch.

    Arguments:
        model: a decoder, compiled or not.
        features: float features, first axis the images.
        max_length: the longest caption in ids, both markers counted.
        choose: function from log-probabilities (batch, vocab) to word ids (batch,).

    Returns the ids of every caption without markers. Taught in lesson 05.
    """
    captions = [[] for _ in range(len(features))]
    writing = np.arange(len(features))
    state = model.start(tf.convert_to_tensor(features, "float32"))
    word_ids = tf.fill([len(features)], START)
    for _ in range(max_length - 2):
        if not len(writing):
            break
        logits, state = model.step(word_ids, state)
        word_ids = np.asarray(choose(word_log_probabilities(logits)), "int32")
        going_on = np.flatnonzero(word_ids != END)
        if len(going_on) < len(writing):
            state = take_rows(state, going_on)
        writing, word_ids = writing[going_on], word_ids[going_on]
        for caption, word in zip(writing, word_ids, strict=True):
            captions[caption].append(int(word))
    return captions


def greedy(model: Model, features: np.ndarray, max_length: int) -> list[list[int]]:
    """Write one caption per image, always taking the likeliest next word.

    Arguments and result as in `write_captions`. Taught in lesson 05.
    """
    return write_captions(model, features, max_length, lambda words: tf.argmax(words, axis=-1))


def sample(
    model: Model,
    features: np.ndarray,
    max_length: int,
    temperature: float = 1.0,
    seed: int | None = None,
) -> list[list[int]]:
    """Write one caption per image, drawing every next word at random by its probability.

    Arguments:
        temperature: below 1 the likely words become likelier, above 1 the draw gets wilder.
        seed: makes the draw repeatable.

    Raises ValueError for a temperature that is not positive. Taught in lesson 05.
    """
    if not temperature > 0:  # catches nan as well
        raise ValueError(f"temperature is {temperature}; it must be above 0 (greedy is the limit)")
    random = np.random.default_rng(seed)

    def draw(log_probabilities):
        noise = random.gumbel(size=log_probabilities.shape)
        return np.argmax(np.asarray(log_probabilities) / temperature + noise, axis=-1)

    return write_captions(model, features, max_length, draw)


def where_it_looked(
    model: Model, features: np.ndarray, captions: list[list[int]]
) -> list[np.ndarray] | None:
    """Return where the decoder looked before every word of written captions.

    Arguments:
        model, features: as in `write_captions`.
        captions: one for each image, ids without markers.

    Returns float32 (words, regions) of each caption, or None of a decoder that doesn't look.
    """
    ids = np.zeros((len(captions), 1 + max(map(len, captions), default=0)), "int32")
    for row, caption in zip(ids, captions, strict=True):
        row[: 1 + len(caption)] = [START, *caption]
    state, looks = model.start(tf.convert_to_tensor(features, "float32")), []
    for before in ids.T:
        _, state = model.step(before, state)
        looks.append(model.attention(state))
    if looks[0] is None:
        return None
    looks = np.stack(looks, axis=1).astype("float32")
    return [look[: len(caption)] for look, caption in zip(looks, captions, strict=True)]
