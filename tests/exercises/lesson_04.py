"""Right and wrong answers to the exercises of lesson 04; the third needs training."""

BEFORE = """
import math

import helpers
import keras
import numpy as np
from keras import ops

from helpers.training import words_loss
"""
CROSS_ENTROPY = "keras.losses.sparse_categorical_crossentropy(targets, logits, from_logits=True)"
EXERCISES = {
    1: {
        "right": [
            "def perplexity(loss):\n    return np.exp(loss)",
            "def perplexity(loss):\n    return math.e ** loss",
        ],
        "wrong": [
            "def perplexity(loss):\n    return 2**loss",
            "def perplexity(loss):\n    return np.exp(-loss)",
            "def perplexity(loss):\n    return 5",
            "def perplexity(loss):\n    return np.log(loss + 1e-9)",
        ],
    },
    2: {
        "right": [
            f"def unmasked_loss(targets, logits):\n    return ops.mean({CROSS_ENTROPY})",
            "def unmasked_loss(targets, logits):\n"
            "    logs = ops.log_softmax(logits)\n"
            "    return -ops.mean(ops.take_along_axis(logs, targets[..., None], axis=-1))",
        ],
        "wrong": [
            "def unmasked_loss(targets, logits):\n    return words_loss(targets, logits) / 2",
            f"def unmasked_loss(targets, logits):\n    return ops.sum({CROSS_ENTROPY})",
            "def unmasked_loss(targets, logits):\n    return ops.shape(targets)[1]",
            f"def unmasked_loss(targets, logits):\n    return ops.sum({CROSS_ENTROPY})"
            " / np.count_nonzero(targets)",
        ],
    },
}
