"""Beam search: several beginnings of a caption are kept, and the best way to end one is found."""

from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from helpers.decoding.writing import END, START, Model, take_rows, word_log_probabilities


@dataclass(frozen=True)
class Beam:
    """One caption that beam search ends with.

    Attributes:
        ids: word ids without markers.
        log_probability: natural logarithm of the probability of the words, and of `<end>`.
        score: what beams are ranked by, log_probability / (words, and `<end>`) ** length_power.
        ended: whether `<end>` was written. Where max_length cut the caption off, it was not, and
            counts in neither number above.
    """

    ids: list[int]
    log_probability: float
    score: float
    ended: bool


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
) -> list[list[Beam]]:
    """Write captions by keeping the `beam_size` best beginnings of every image.

    Arguments:
        model, features, max_length: as in `write_captions`.
        beam_size: beginnings kept, and captions returned, per image.
        length_power: 0 ranks by log-probability, which favours short captions; 1 by its mean.

    Returns for every image its `beam_size` captions, best first; fewer if there are no more.
    Source: Wu et al. 2016 (length normalisation). Taught in lesson 05.
    """
    if beam_size < 1:
        raise ValueError(f"beam_size is {beam_size}; it must be 1 or more")
    search = _Search(model, features, beam_size, length_power)
    for _ in range(max_length - 2):
        if len(search.images):
            search.write_one_word()
    return search.ranked()


class _Search:
    """The beams of all images that are still being written."""

    def __init__(self, model: Model, features, beam_size: int, length_power: float):
        count = len(features)
        self.model, self.beam_size, self.length_power = model, beam_size, length_power
        self.found: list[list[Beam]] = [[] for _ in range(count)]
        self.images = np.arange(count)
        self.written = np.full((count, beam_size, 1), START, "int32")
        self.totals = np.full((count, beam_size), -1e9, "float32")
        self.totals[:, 0] = 0.0  # all beams begin alike, so only one of them may count
        image, memory = model.start(tf.convert_to_tensor(features, "float32"))
        self.state = image, take_rows(memory, np.repeat(np.arange(count), beam_size))

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
        self.found[self.images[row]].append(Beam(ids, float(total), score, ended))

    def ranked(self) -> list[list[Beam]]:
        """Return every image's best captions, those that max_length cut off among them."""
        for row, beam in np.ndindex(*self.totals.shape):
            self.set_aside(row, beam, self.totals[row, beam], ended=False)
        found = (sorted(beams, key=lambda beam: -beam.score) for beams in self.found)
        return [beams[: self.beam_size] for beams in found]
