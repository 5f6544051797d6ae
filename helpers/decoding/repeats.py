"""No caption says a content word twice."""

from typing import Any

import keras
import numpy as np
from keras import ops

from helpers.models import Decoder
from helpers.models.decoder import State


class NoRepeats:
    """A decoder that writes none of some words twice: a wrapper, for decoding alone.

    The memory of a caption notes which of these words it has; the logits of the next word then bar
    them, so that their probability goes to the others. A search sees nothing of it.

    Arguments:
        decoder: any decoder.
        once: bool (vocab,), True for words that a caption may have once. The end is none of them,
            so a caption that has used up its words can always end.

    Taught in lesson 05.
    """

    def __init__(self, decoder: Decoder, once: np.ndarray):
        self.decoder, self.once = decoder, np.asarray(once, "float32")

    def start(self, features: keras.KerasTensor) -> State:
        """Return the decoder's state, and that nothing has been written."""
        image, memory = self.decoder.start(features)
        return image, (memory, ops.zeros((ops.shape(features)[0], len(self.once))))

    def step(self, word_ids: keras.KerasTensor, state: State) -> tuple[keras.KerasTensor, State]:
        """Read one word per caption; return logits of the next, -1e9 for what is used up."""
        image, (memory, used) = state
        used = ops.maximum(used, ops.one_hot(word_ids, len(self.once)) * self.once)
        logits, (image, memory) = self.decoder.step(word_ids, (image, memory))
        return ops.cast(logits, "float32") - 1e9 * used, (image, (memory, used))

    def attention(self, state: State) -> Any:
        """Return where the decoder looked last, if it does."""
        image, (memory, _) = state
        return self.decoder.attention((image, memory))
