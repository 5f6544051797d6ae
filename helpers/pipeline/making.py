"""Captioners that are about to be trained: a new one, or a copy in another precision."""

import platform
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date

import keras
import numpy as np

from helpers.captioner import Captioner
from helpers.encoders import RANDOM
from helpers.features import Reduction
from helpers.models import DECODERS
from helpers.tokenizer import CaptionTokenizer
from helpers.training import Recipe

SAMPLE = 30_000  # vectors of features from which their mean and spread are taken


def new_captioner(
    tokenizer: CaptionTokenizer, features: np.ndarray, recipe: Recipe, record: dict
) -> Captioner:
    """Return an untrained captioner that has seen nothing but the spread of some features.

    record: what else its config is to hold.
    """
    sizes = {"vocab_size": len(tokenizer), "feature_size": features.shape[-1], **recipe.sizes}
    with precision(recipe.precision):
        model = DECODERS[recipe.decoder](**sizes)
        learn_spread(model.standardise, sample_vectors(features))
        if recipe.components:  # reduced features are standardised already
            set_spread(model.standardise, 0, 1)
        model.build()
    config = {
        "decoder": recipe.decoder,
        "sizes": model.sizes,
        "encoder": recipe.encoder,
        **({"encoder_weights": "random weights"} if recipe.encoder.endswith(RANDOM) else {}),
        "length_power": recipe.length_power,
        "recipe": asdict(recipe),
        **record,
        "versions": {"python": platform.python_version(), "keras": keras.__version__},
        "date": date.today().isoformat(),
    }
    return Captioner(tokenizer, model, config)


def sample_vectors(features: np.ndarray) -> np.ndarray:
    """Return vectors (vectors, numbers) of photos taken at random, without those of padding."""
    photos = SAMPLE // int(np.prod(features.shape[1:-1]))
    sample = np.random.default_rng(0).permutation(len(features))[:photos]
    vectors = features[np.sort(sample)].reshape(-1, features.shape[-1])
    return vectors[vectors.any(axis=1)]


def widen(captioner: Captioner, reduction: Reduction) -> Captioner:
    """Return the captioner of whole regions that says what one of reduced regions says.

    To reduce is to multiply by a matrix, and so is the first layer behind it: both become one.
    """
    narrow, channels = captioner.decoder, len(reduction.mean)
    wide = type(narrow)(**{**narrow.sizes, "feature_size": channels})
    wide.build()
    for old, new in zip(narrow.weights, wide.weights, strict=True):
        if old.shape == new.shape:
            new.assign(old)
    kernel, bias = narrow.region_dense.get_weights()
    kernel = reduction.spread[:, None] * (reduction.axes @ kernel)
    wide.region_dense.set_weights([kernel, bias])
    set_spread(wide.standardise, reduction.mean, reduction.spread**2)
    return Captioner(captioner.tokenizer, wide, captioner.config)


def copy_decoder(model: keras.Model, policy: str) -> keras.Model:
    """Return a decoder with the same weights that computes in another precision."""
    with precision(policy):
        copy = type(model)(**model.sizes)
        copy.build()
    copy.set_weights(model.get_weights())
    copy.standardise.finalize_state()  # what it subtracts was worked out from its old weights
    return copy


def learn_spread(layer: keras.layers.Normalization, vectors: np.ndarray) -> None:
    """Let a layer standardise by the mean and spread of some vectors (vectors, numbers).

    A number that is the same in all of them, such as one that a ReLU has always cut off, gets the
    mean spread of the others: divided by nearly nothing, its first change would drown the rest.
    """
    layer.adapt(vectors)
    variance = np.array(layer.adapt_variance)
    variance[variance < 1e-9 * variance.mean()] = variance.mean()
    set_spread(layer, layer.adapt_mean, variance)


def set_spread(layer: keras.layers.Normalization, mean: np.ndarray, variance: np.ndarray) -> None:
    """Let a layer standardise by this mean and variance, each (numbers,) or one for all."""
    for weight, value in ((layer.adapt_mean, mean), (layer.adapt_variance, variance)):
        weight.assign(np.broadcast_to(np.float32(value), weight.shape))
    layer.finalize_state()


@contextmanager
def precision(policy: str) -> Iterator[None]:
    """Make the layers created inside compute in another precision."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
