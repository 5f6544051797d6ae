"""The project's decoder on a GPU: its weights come with every call, so that several learn in step.

Keras has to run on JAX.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import jax
import jax.numpy as jnp
import keras
import numpy as np
from jax import lax

ROOT = Path(__file__).parents[2]
for name in ("helpers", "helpers.encoders"):
    # Modules without what their __init__ does: to settle Keras on TensorFlow, and to import
    # packages that this environment need not have.
    package = sys.modules[name] = ModuleType(name)
    package.__path__ = [str(ROOT.joinpath(*name.split(".")))]
from helpers.encoders.table import xception_grid  # noqa: E402, F401
from helpers.models import AttentionDecoder, precision  # noqa: E402

START, END = 2, 3  # ids, as in helpers/tokenizer.py
NEVER_WRITTEN = np.array([0, 1, 2])  # as in helpers/decoding/writing.py
DRAWN, LONGEST, TEMPERATURE = 5, 24, 0.5  # captions of a photo, their ids; as in lesson 12


class Decoders:
    """Decoders of one kind, whose weights come with every call.

    Arguments:
        sizes: of `AttentionDecoder`.
        features: float32 (photos, regions, 3032) of some photos, for their spread.
    """

    def __init__(self, sizes: dict, features: np.ndarray):
        self.sizes, self.model = sizes, self.new(0, sizes)
        self.model.learn_spread(features)
        self.variables = self.model.trainable_variables
        self.seeds = [variable for variable in self.model.variables if "seed" in variable.path]

    @staticmethod
    def new(seed: int, sizes: dict) -> AttentionDecoder:
        """Return an untrained decoder."""
        keras.utils.set_random_seed(seed)
        with precision("mixed_bfloat16"):
            model = AttentionDecoder(**sizes)
            model.build()
        return model

    def fresh(self, seeds: tuple[int, ...]) -> list:
        """Return untrained weights, each (models, …)."""
        models = [self.new(seed, self.sizes).trainable_variables for seed in seeds]
        return [jnp.stack([w.value for w in weights]) for weights in zip(*models, strict=True)]

    @contextmanager
    def holding(self, weights: list, key=None) -> Iterator[AttentionDecoder]:
        """Give the decoder with these weights; a key is for its dropout."""
        held = list(zip(self.variables, weights, strict=True))
        if key is not None:
            bits = jax.random.randint(key, (len(self.seeds), 2), 0, 2**31 - 1).astype("uint32")
            held += zip(self.seeds, bits, strict=True)
        with keras.StatelessScope(state_mapping=held):
            yield self.model

    def logits(self, weights: list, features, ids, key=None):
        """Return float32 logits (captions, words, vocab); with a key there is dropout."""
        with self.holding(weights, key) as model:
            return model((features, ids), training=key is not None).astype("float32")

    def draw(self, weights: list, features, key):
        """Return int32 ids (captions, LONGEST) from `<start>` on, every word drawn at random."""

        def write(before, _):
            ids, state, key = before
            with self.holding(weights) as model:
                logits, state = model.step(ids, state)
            key, now = jax.random.split(key)
            words = jax.random.categorical(now, chances(logits.astype("float32")))
            words = jnp.where((ids == 0) | (ids == END), 0, words).astype("int32")
            return (words, state, key), words

        with self.holding(weights) as model:
            image, memory = model.start(features)
        memory = jax.tree.map(lambda rows: jnp.repeat(rows, DRAWN, 0), memory)
        first = jnp.full(DRAWN * len(features), START)
        _, words = lax.scan(write, (first, (image, memory), key), length=LONGEST - 1)
        return jnp.concatenate([first[:, None], words.T], axis=1)


def chances(logits):
    """Return log-probabilities at the draw's temperature, not yet of sum 1."""
    return jax.nn.log_softmax(logits.at[..., NEVER_WRITTEN].add(-1e9)) / TEMPERATURE
