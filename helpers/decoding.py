"""From logits to sentences: greedy, beam search and sampling.

These functions know a decoder by `start` and `step` alone, and treat its state as `Decoder` says:
rows of the images, and rows of their captions.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
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


@dataclass(frozen=True)
class Beam:
    """One caption that beam search ends with.

    Attributes:
        ids: word ids without markers.
        log_probability: natural logarithm of the probability of the words, and of `<end>`.
        score: what beams are ranked by, log_probability / (words, and `<end>`) ** length_power.
        ended: whether `<end>` was written. Where max_length cut the caption off, it was not, and
            counts in neither number above.
        attention: float32 (words, regions), where the decoder looked before every word, or None.
    """

    ids: list[int]
    log_probability: float
    score: float
    ended: bool
    attention: np.ndarray | None = field(default=None, compare=False, repr=False)


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


@tf.function(reduce_retracing=True)
def best_continuations(
    logits: tf.Tensor, totals: tf.Tensor, count: int
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Return the `count` best ways to go on from the beams of each image.

    Arguments:
        logits: float (images * beams, vocab) for the next word of every beam.
        totals: float32 (images, beams), log-probability of every beam so far.

    Returns totals, beams they continue and words they add, each (images, count), best first.
    """
    images, beams = tf.unstack(tf.shape(totals))
    vocab = tf.shape(logits)[-1]
    log_probabilities = tf.reshape(word_log_probabilities(logits), (images, beams, vocab))
    all_totals = tf.reshape(totals[:, :, None] + log_probabilities, (images, beams * vocab))
    best, index = tf.math.top_k(all_totals, count)
    return best, index // vocab, index % vocab


def beam_search(
    model: Model,
    features: np.ndarray,
    max_length: int,
    beam_size: int = 3,
    length_power: float = 0.7,
    attention: bool = False,
) -> list[list[Beam]]:
    """Write captions by keeping the `beam_size` best beginnings of every image.

    Arguments:
        model, features, max_length: as in `write_captions`.
        beam_size: beginnings kept, and captions returned, per image.
        length_power: 0 ranks by log-probability, which favours short captions; 1 by its mean.
        attention: whether beams tell where a decoder that looks has looked before every word.

    Returns for every image its `beam_size` captions, best first; fewer if there are no more.
    Source: Wu et al. 2016 (length normalisation). Taught in lesson 05.
    """
    if beam_size < 1:
        raise ValueError(f"beam_size is {beam_size}; it must be 1 or more")
    search = _Search(model, features, beam_size, length_power, attention)
    for _ in range(max_length - 2):
        if len(search.images):
            search.write_one_word()
    return search.ranked()


class _Search:
    """The beams of all images that are still being written."""

    def __init__(self, model, features, beam_size: int, length_power: float, attention: bool):
        count = len(features)
        self.model, self.beam_size, self.length_power = model, beam_size, length_power
        self.attention = attention
        self.found: list[list[Beam]] = [[] for _ in range(count)]
        self.images = np.arange(count)
        self.written = np.full((count, beam_size, 1), START, "int32")
        self.totals = np.full((count, beam_size), -1e9, "float32")
        self.totals[:, 0] = 0.0  # all beams begin alike, so only one of them may count
        image, memory = model.start(tf.convert_to_tensor(features, "float32"))
        self.state = image, take_rows(memory, np.repeat(np.arange(count), beam_size))
        self.looks = self.look(self.state)[:, :, :0]  # none before the first word

    def look(self, state) -> np.ndarray:
        """Return where the beams looked last, (images, beams, 1, regions); else no regions."""
        last = self.model.attention(state) if self.attention else None
        last = ops.zeros((self.totals.size, 0)) if last is None else ops.cast(last, "float32")
        return np.reshape(last, (*self.totals.shape, 1, last.shape[-1]))

    def write_one_word(self) -> None:
        """Lengthen every beam by a word, set aside those that end, keep the best others."""
        logits, state = self.model.step(self.written[:, :, -1].ravel(), self.state)
        candidates = best_continuations(logits, self.totals, 2 * self.beam_size)
        totals, parents, words = (part.numpy() for part in candidates)
        ends = words == END
        for row, place in np.argwhere(ends[:, : self.beam_size]):
            self.set_aside(row, parents[row, place], totals[row, place], ended=True)
        going_on = np.argsort(ends, axis=1, kind="stable")[:, : self.beam_size]
        self.keep(state, going_on, totals, parents, words)

    def keep(self, state, going_on, totals, parents, words) -> None:
        """Go on with the chosen continuations of the images that have not ended yet."""
        places = np.arange(len(self.images))[:, None]
        beams, best = parents[places, going_on], totals[places, going_on][:, 0]
        rows = np.array([self.can_improve(*pair) for pair in zip(self.images, best, strict=True)])
        longer = np.concatenate([self.written[places, beams], words[places, going_on, None]], 2)
        self.looks = np.concatenate([self.looks, self.look(state)], 2)[places, beams][rows]
        image, memory = state
        memory = take_rows(memory, (places * self.beam_size + beams)[rows].ravel())
        self.state = image if rows.all() else take_rows(image, np.flatnonzero(rows)), memory
        self.written, self.totals = longer[rows], totals[places, going_on][rows]
        self.images = self.images[rows]

    def can_improve(self, image: int, total: float) -> bool:
        """Tell whether an image's best open beam still beats one of its ended captions."""
        ended = sorted((beam.score for beam in self.found[image]), reverse=True)
        open_score = float(total) / self.written.shape[2] ** self.length_power
        return len(ended) < self.beam_size or open_score > ended[self.beam_size - 1]

    def set_aside(self, row: int, beam: int, total: float, ended: bool) -> None:
        """Note a caption, unless it holds a word that is never written."""
        if total < -1e8:
            return
        ids = [int(word) for word in self.written[row, beam, 1:]]
        score = float(total) / max(len(ids) + ended, 1) ** self.length_power
        looks = self.looks[row, beam] if self.looks.shape[-1] else None
        self.found[self.images[row]].append(Beam(ids, float(total), score, ended, looks))

    def ranked(self) -> list[list[Beam]]:
        """Return every image's best captions, those that max_length cut off among them."""
        for row, beam in np.ndindex(*self.totals.shape):
            self.set_aside(row, beam, self.totals[row, beam], ended=False)
        found = (sorted(beams, key=lambda beam: -beam.score) for beams in self.found)
        return [beams[: self.beam_size] for beams in found]
