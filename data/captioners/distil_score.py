"""What a drawn caption is worth, on a GPU.

N-grams are compared by their hashes, and their rarity stands in a table.
"""

from types import ModuleType

import jax
import jax.numpy as jnp
import numpy as np

BITS = 25  # of a hash that find a place in the table: 300,000 n-grams fill a hundredth of it
LENGTH_SIGMA = 6.0  # words; as in helpers/metrics.py


def hashes(ids, n: int, xp: ModuleType):
    """Return a hash for each run of n words, uint32 (…, words - n + 1), and which are real, bool.

    ids: int (…, words), padded with 0 on the right. xp: NumPy or `jax.numpy`. The mixing is that
    of MurmurHash3 (Appleby 2008).
    """
    runs = ids.shape[-1] - n + 1
    found = xp.full((*ids.shape[:-1], runs), np.uint32(n * 7919), "uint32")
    for place in range(n):
        words = ids[..., place : place + runs].astype("uint32")
        found = found * np.uint32(1000003) + words * np.uint32(2654435761) + np.uint32(12345)
        for shift, factor in ((15, 0x85EBCA6B), (13, 0xC2B2AE35)):
            found = (found ^ (found >> np.uint32(shift))) * np.uint32(factor)
        found = found ^ (found >> np.uint32(16))
    return found, ids[..., n - 1 :] != 0


def rarity_table(references: np.ndarray) -> jax.Array:
    """Return float16 (2 ** BITS,): the rarity of the n-gram whose hash begins with these bits.

    references: int (photos, captions, words), 0 where there is none. Rarity is as in
    `helpers.metrics.ngram_rarity`; an n-gram that no photo has now and then gets another's.
    """
    photos, table = len(references), np.ones(2**BITS, "float32")
    for n in (1, 2, 3, 4):
        found, real = hashes(references, n, np)
        owners = np.broadcast_to(np.arange(photos)[:, None, None], found.shape)
        pairs = np.unique(np.stack([found[real], owners[real]], axis=1), axis=0)
        ngrams, counts = np.unique(pairs[:, 0], return_counts=True)
        table[ngrams >> (32 - BITS)] = counts
    return jnp.asarray((np.log(photos) - np.log(table)).astype("float16"))


def cider_d(captions, references, table):
    """Return the CIDEr-D of captions, float32 (captions,), 1 where people write 100.

    Arguments:
        captions: int (captions, words), without `<start>`.
        references: int (captions, references, words), those of each one's photo.
        table: from `rarity_table`.

    Source: Vedantam et al. 2015; equal to `helpers.metrics.cider_d_each`. Taught in lesson 06.
    """
    written = references.any(-1)
    cosines = sum(clipped_cosines(captions, references, table, n) for n in (1, 2, 3, 4))
    difference = jnp.sum(captions != 0, -1)[:, None] - jnp.sum(references != 0, -1)
    cosines *= jnp.exp(-(difference**2) / (2 * LENGTH_SIGMA**2)) * written
    return jnp.sum(cosines, -1) / jnp.maximum(written.sum(-1), 1) * 10 / 4


def clipped_cosines(captions, references, table, n: int):
    """Return the cosine of each caption with each reference in their runs of n words.

    A caption's n-grams stand here as often as they occur in it, so each takes its share of what
    `clipped_cosine` in helpers/metrics.py counts once.
    """
    (own, real), (theirs, real_theirs) = (hashes(ids, n, jnp) for ids in (captions, references))
    weights, weights_theirs = (rarity_of(ngrams, table) for ngrams in (own, theirs))
    counts, counts_theirs = count(own, own, real), count(theirs, theirs, real_theirs)
    shared = count(own[:, None], theirs, real_theirs)  # (captions, references, n-grams)
    shares = (real * weights**2 / jnp.maximum(counts, 1))[:, None]
    product = jnp.sum(shares * jnp.minimum(counts[:, None], shared) * shared, -1)
    length = jnp.sqrt(jnp.sum(real * counts * weights**2, -1))[:, None]
    length_theirs = jnp.sqrt(jnp.sum(real_theirs * counts_theirs * weights_theirs**2, -1))
    return product / jnp.maximum(length * length_theirs, 1e-9)


def rarity_of(ngrams, table):
    """Return the rarity of n-grams, float32 of their shape."""
    return table[ngrams >> (32 - BITS)].astype("float32")


def count(ngrams, among, real):
    """Return how many of `among` that are `real` are the same n-gram, int (…, n-grams)."""
    return ((ngrams[..., :, None] == among[..., None, :]) & real[..., None, :]).sum(-1)


def repeats(ids, content):
    """Return how often each caption says again a word that is `content`, bool (vocab,).

    ids: int (captions, words); markers don't count.
    """
    before = jnp.tril(jnp.ones((ids.shape[1],) * 2, bool), -1)
    again = ((ids[:, :, None] == ids[:, None, :]) & before).any(-1)
    return (again & content[ids] & (ids > 3)).sum(-1)


def advantages(rewards, drawn: int):
    """Return by how much each caption (captions,) beats the mean of the others of its photo.

    drawn: captions of each photo.

    Source: Luo 2020, "A better variant of self-critical sequence training". Taught in lesson 12.
    """
    rewards = rewards.reshape(-1, drawn)
    others = (rewards.sum(1, keepdims=True) - rewards) / (drawn - 1)
    return (rewards - others).ravel()
