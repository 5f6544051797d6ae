"""Candidates vote: the caption wins that agrees best with all the others."""

from collections.abc import Sequence

import numpy as np

from helpers.decoding.beams import Beam
from helpers.metrics import LENGTH_SIGMA, LONGEST_NGRAM, Rarity, count_ngrams


def agreements(
    captions: Sequence[Sequence[str]], voices: Sequence[float], rarity: Rarity
) -> np.ndarray:
    """Return how well each candidate of a photo agrees with all of them: its mean CIDEr-D.

    What a caption is worth is how well it would score if people said what the candidates say
    (minimum Bayes risk). The n-grams of all candidates are counted once, and compared as vectors.

    Arguments:
        captions: the candidates in words, no two alike.
        voices: how much each one's agreement counts.
        rarity: of the training captions' n-grams.

    Returns floats (candidates,), scaled as `cider_d_each`. Sources: Kumar and Byrne 2004; for
    captions Borgeaud and Emerson 2020. Taught in lesson 12.
    """
    counted = [count_ngrams(words) for words in captions]
    cosines = sum(
        clipped_cosines(*weighed([counts[order] for counts in counted], rarity))
        for order in range(LONGEST_NGRAM)
    )
    lengths = np.array([len(words) for words in captions])
    alike = np.exp(-((lengths[:, None] - lengths) ** 2) / (2 * LENGTH_SIGMA**2))
    scores = 100 * 10 / LONGEST_NGRAM * cosines * alike
    return scores @ np.divide(voices, np.sum(voices))


def weighed(counts: Sequence[dict], rarity: Rarity) -> tuple[np.ndarray, np.ndarray]:
    """Return how often captions have each n-gram, (captions, n-grams), and its weight."""
    places = {ngram: place for place, ngram in enumerate({n: None for c in counts for n in c})}
    table = np.zeros((len(counts), len(places)))
    for row, count in zip(table, counts, strict=True):
        row[[places[ngram] for ngram in count]] = list(count.values())
    return table, np.array([rarity.known.get(ngram, rarity.unseen) for ngram in places])


def clipped_cosines(table: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return what `metrics.clipped_cosine` gives for each caption (rows) and each other."""
    vectors = table * weights
    twice = table.max(axis=0, initial=0) > 1  # only for these does clipping change anything
    products = vectors[:, ~twice] @ vectors[:, ~twice].T
    theirs = vectors[:, twice]
    products += (np.minimum(theirs[:, None], theirs) * theirs).sum(axis=-1)
    lengths = np.linalg.norm(vectors, axis=1)
    scale = lengths[:, None] * lengths
    return np.divide(products, scale, out=np.zeros_like(products), where=scale > 0)


def vote(
    beams: Sequence[Beam], words: Sequence[str], rarity: Rarity, flatness: float = 10.0
) -> list[tuple[Beam, float]]:
    """Rank the beams of a photo by how well they agree with each other.

    Arguments:
        beams: the candidates.
        words: the word of every id.
        rarity: of the training captions' n-grams.
        flatness: a beam's voice is its probability ** (1 / flatness).

    Returns the beams with their agreement, best first; the likelier one wins a tie. Taught in
    lesson 12.
    """
    captions = [[words[index] for index in beam.ids] for beam in beams]
    voices = np.exp([beam.log_probability / flatness for beam in beams])
    found = agreements(captions, voices, rarity).tolist()
    return sorted(zip(beams, found, strict=True), key=lambda pair: -pair[1])
