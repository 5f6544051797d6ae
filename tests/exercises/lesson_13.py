"""Right and wrong answers to the exercises of lesson 13."""

BEFORE = """
import math

import numpy as np
"""

MASK = "def may_see(before, words):\n    return "
WORD = "def one_word(query, key, value, cache):\n    "
GROW = "keys, values = np.vstack([cache[0], key]), np.vstack([cache[1], value])\n    "
END = "return powers / powers.sum() @ values, (keys, values)"
KEPT = "def numbers_kept(images, captions, regions, words, blocks, width):\n    return "
EXERCISES = {
    1: {
        "right": [
            MASK + "np.tri(words, before + words, before, dtype=bool)",
            MASK + "np.array([[k <= before + r for k in range(before + words)]"
            " for r in range(words)])",
        ],
        "wrong": [
            MASK + "np.tri(words, before + words, dtype=bool)",  # forgets those before
            MASK + "np.tri(words, before + words, before - 1, dtype=bool)",  # not itself
            MASK + "np.tri(words, dtype=bool)",
            MASK + "~np.tri(words, before + words, before, dtype=bool)",
            MASK + "np.tri(words, before + words, before)",  # 1.0 is not True
        ],
    },
    2: {
        "right": [
            WORD + GROW + "powers = np.exp(keys @ query / len(query) ** 0.5)\n    " + END,
            WORD
            + "keys = np.concatenate([cache[0], key[None]])\n    "
            + "values = np.concatenate([cache[1], value[None]])\n    "
            + "scores = query @ keys.T / math.sqrt(4)\n    "
            + "powers = np.exp(scores - scores.max())\n    "
            + END,
        ],
        "wrong": [
            WORD + GROW + "powers = np.exp(keys @ query)\n    " + END,  # not divided
            WORD + GROW + "powers = np.exp(keys @ query / len(query))\n    " + END,
            WORD  # does not see itself
            + "powers = np.exp(cache[0] @ query / 2)\n    "
            + "seen = powers / max(powers.sum(), 1e-9) @ cache[1]\n    "
            + "return seen, (np.vstack([cache[0], key]), np.vstack([cache[1], value]))",
            WORD  # never grows
            + GROW
            + "powers = np.exp(keys @ query / 2)\n    "
            + "return powers / powers.sum() @ values, cache",
            WORD + GROW + "return value, (keys, values)",  # sees itself alone
            WORD  # weights that do not sum to 1
            + GROW
            + "powers = np.exp(keys @ query / 2)\n    return powers @ values, (keys, values)",
        ],
    },
    3: {
        "right": [
            KEPT + "2 * blocks * width * (images * regions + captions * words)",
            KEPT + "sum(width * (images * regions + captions * words)"
            " for _ in range(blocks) for _ in 'kv')",
        ],
        "wrong": [
            KEPT + "blocks * width * (images * regions + captions * words)",  # keys or values
            KEPT + "2 * width * (images * regions + captions * words)",  # one block
            KEPT + "2 * blocks * width * captions * (regions + words)",  # regions per caption
            KEPT + "2 * blocks * width * images * (regions + words)",  # one caption an image
        ],
    },
}
