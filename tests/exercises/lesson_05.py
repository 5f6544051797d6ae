"""Right and wrong answers to the exercises of lesson 05; the third needs a trained captioner."""

BEFORE = """
import math

import numpy as np

NEXT = {
    "<start>": {"dogs": 0.55, "a": 0.45},
    "dogs": {"<end>": 0.4, "a": 0.3, "dog": 0.3},
    "a": {"dog": 0.95, "dogs": 0.05},
    "dog": {"<end>": 1.0},
}


def probability(sentence):
    words = ["<start>", *sentence.split(), "<end>"]
    return math.prod(NEXT[word][follower] for word, follower in zip(words, words[1:]))
"""
SUM = """
def log_probability(sentence):
    words = {words}
    return {sign}sum(math.{log}(NEXT[a][b]) for a, b in zip(words, words[1:]))
"""
MARKED = '["<start>", *sentence.split(), "<end>"]'
OPEN = '["<start>", *sentence.split()]'
EXERCISES = {
    1: {
        "right": [
            SUM.format(words=MARKED, sign="", log="log"),
            "def log_probability(sentence):\n    return math.log(probability(sentence))",
        ],
        "wrong": [
            SUM.format(words=OPEN, sign="", log="log"),
            SUM.format(words=MARKED, sign="-", log="log"),
            SUM.format(words=MARKED, sign="", log="log10"),
            "def log_probability(sentence):\n    return probability(sentence)",
            "def log_probability(sentence):\n    return -0.85",
        ],
    },
    2: {
        "right": [
            "def keep_top(log_probabilities, k):\n"
            "    numbers = np.asarray(log_probabilities)\n"
            "    kept = np.full_like(numbers, -1e9)\n"
            "    best = np.argsort(-numbers, axis=-1)[:, :k]\n"
            "    np.put_along_axis(kept, best, np.take_along_axis(numbers, best, -1), -1)\n"
            "    return kept",
            "def keep_top(log_probabilities, k):\n"
            "    edge = np.partition(log_probabilities, -k, axis=-1)[:, -k, None]\n"
            "    return np.where(log_probabilities < edge, -1e9, log_probabilities)",
        ],
        "wrong": [
            "def keep_top(log_probabilities, k):\n"
            "    edge = np.sort(log_probabilities, axis=-1)[:, -k, None]\n"
            "    return np.where(log_probabilities > edge, log_probabilities, -1e9)",
            "def keep_top(log_probabilities, k):\n"
            "    return np.sort(log_probabilities, axis=-1)[:, -k:]",
            "def keep_top(log_probabilities, k):\n"
            "    edge = np.sort(log_probabilities, axis=None)[-k]\n"
            "    return np.where(log_probabilities >= edge, log_probabilities, -1e9)",
            "def keep_top(log_probabilities, k):\n"
            "    edge = np.sort(log_probabilities, axis=-1)[:, -2, None]\n"
            "    return np.where(log_probabilities >= edge, log_probabilities, -1e9)",
        ],
    },
}
