"""What every decoder is: the contract, and what all of them share."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
from keras import KerasTensor, ops

State = tuple[Any, Any]  # of the images, and of their captions


class Decoder(keras.Model):
    """Turns features of images into logits: for every word of a caption, what comes next.

    A new one is a subclass in a file of its own, a name in `DECODERS`, a row in `test_models.py`.
    It has three calls, which go through the same layers, so that they can't disagree:

    * `call((features, inputs))`, for training: all words of captions at once;
    * `start(features)`: the state before the first word;
    * `step(word_ids, state)`: reads one word per caption, int ids (captions,), and gives the
      logits of the next, and the state after it.

    features: float32 (images, *feature_shape). inputs: int ids (captions, words) from `<start>`
    on, padded with 0 on the right: no logits may depend on what stands to their right. There are
    as many captions for each image, one image's after the other's. Logits: (captions, vocab), in
    `call` (captions, words, vocab), not yet probabilities, of any float type.

    A state is a pair. Its first part is what is known of the images, its second the memory of
    what was written; both are nests of tensors of any shape, whose first axis is the images, and
    the captions. A search repeats and drops rows of them (`decoding.take_rows`) and looks at
    nothing else, so a memory may grow with every word.

    Attributes:
        kind: the name in `DECODERS` and in a captioner's config.json.
        encoder: whose features it reads unless told otherwise.
        groups_photos: whether `call` takes one row of features for all captions of a photo. If
            not, it takes a row for each caption. `step` always takes several captions an image.
        criticism_rate: size of the first steps when it is trained on the score (lesson 12).
        sizes: the arguments that rebuild it, for JSON, "vocab_size" among them.
        feature_shape: of one image's features; None stands for any number of regions.
        standardise: `layers.Normalization` that a subclass makes; features go through it first.
    """

    kind: str
    encoder = "xception"
    groups_photos = False
    criticism_rate = 5e-5

    def __init__(self, sizes: dict, feature_shape: tuple[int | None, ...]):
        """Note what rebuilds it: sizes are the `locals()` of a subclass's `__init__`."""
        super().__init__()
        self.sizes = {key: sizes[key] for key in sizes if key not in ("self", "__class__")}
        self.feature_shape = feature_shape

    def start(self, features: KerasTensor) -> State:
        """Return the state before the first word, one caption for each image."""
        raise NotImplementedError

    def step(self, word_ids: KerasTensor, state: State) -> tuple[KerasTensor, State]:
        """Read one word per caption; return logits (captions, vocab), and the state after it."""
        raise NotImplementedError

    def attention(self, state: State) -> KerasTensor | None:
        """Return where it looked last, (captions, regions), every row summing to 1, if it does."""
        return None

    def build(self, input_shape: Any = None) -> None:
        """Make all weights: the decoder is called once on one empty caption."""
        if not self.built:
            self.built = True
            features = ops.zeros((1, *[size or 2 for size in self.feature_shape]))
            self((features, ops.zeros((1, 2), "int32")))

    def learn_spread(self, vectors: np.ndarray) -> None:
        """Standardise features from now on by the mean and spread of some (vectors, numbers).

        A number that is the same in all of them, such as one that a ReLU has always cut off, gets
        the mean spread of the others: divided by nearly nothing, its first change would drown the
        rest. Where all numbers are, as those of a single photo, they get their own size for that.
        """
        self.standardise.adapt(vectors)
        variance = np.array(self.standardise.adapt_variance)
        size = np.square(self.standardise.adapt_mean).mean() or 1.0
        usual = variance.mean() if variance.mean() > 1e-9 * size else size
        variance[variance < 1e-9 * usual] = usual
        self.set_spread(self.standardise.adapt_mean, variance)

    def set_spread(self, mean: np.ndarray, variance: np.ndarray) -> None:
        """Standardise features by this mean and variance, each (numbers,) or one for all."""
        layer = self.standardise
        for weight, value in ((layer.adapt_mean, mean), (layer.adapt_variance, variance)):
            weight.assign(np.broadcast_to(np.float32(value), weight.shape))
        layer.finalize_state()

    def widened(self, mean: np.ndarray, spread: np.ndarray, axes: np.ndarray) -> "Decoder":
        """Return the decoder of whole regions that says what this one says of reduced regions.

        To reduce, by what `features.Reduction` holds, is to multiply by a matrix, and so is
        `region_dense`, the layer that every decoder of regions has behind `standardise`: both
        become one.
        """
        wide = type(self)(**{**self.sizes, "feature_size": len(mean)})
        wide.build()
        for old, new in zip(self.weights, wide.weights, strict=True):
            if old.shape == new.shape:
                new.assign(old)
        kernel, bias = self.region_dense.get_weights()
        wide.region_dense.set_weights([spread[:, None] * (axes @ kernel), bias])
        wide.set_spread(mean, spread**2)
        return wide

    def copy(self, policy: str = "float32") -> "Decoder":
        """Return a decoder of the same weights that computes in this precision."""
        with precision(policy):
            copy = type(self)(**self.sizes)
            copy.build()
        copy.set_weights(self.get_weights())
        copy.standardise.finalize_state()  # what it subtracts was worked out from its old weights
        return copy


@contextmanager
def precision(policy: str) -> Iterator[None]:
    """Make the layers created inside compute in another precision, such as "mixed_bfloat16"."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def repeat_rows(rows: KerasTensor, captions: int) -> KerasTensor:
    """Repeat the row of each image for its captions: (images, …) -> (captions, …)."""
    images, *shape = ops.shape(rows)
    each = images, captions // images, *shape
    return ops.reshape(ops.broadcast_to(rows[:, None], each), (captions, *shape))
