"""Several decoders that write one caption together."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops


class Ensemble:
    """Chooses every word by the mean of several models' probabilities.

    It has `start` and `step` like a model, so every way of decoding works on it. The models
    read the same features and know the same words.

    Arguments:
        models: the decoders.

    Taught in lesson 12.
    """

    def __init__(self, models: Sequence[keras.Model]):
        self.models = list(models)

    def start(self, features: Any) -> tuple:
        """Return the state before the first word: the images', then the memories of all models."""
        states = [model.start(features) for model in self.models]
        return tuple(image for image, _ in states), tuple(memory for _, memory in states)

    def step(self, word_ids: Any, state: tuple) -> tuple[keras.KerasTensor, tuple]:
        """Read one word per caption; return log-probabilities (captions, vocab), and the state."""
        pairs = zip(self.models, *state, strict=True)
        steps = [model.step(word_ids, (image, memory)) for model, image, memory in pairs]
        chances = [ops.softmax(ops.cast(logits, "float32")) for logits, _ in steps]
        images, memories = zip(*[after for _, after in steps], strict=True)
        return ops.log(sum(chances) / len(chances)), (images, memories)
