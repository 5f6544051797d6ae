"""Captioners that are about to be trained: a new one, or a copy in another precision."""

import platform
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date

import keras
import numpy as np

from helpers.captioner import Captioner
from helpers.datasets import Dataset
from helpers.encoders import IMAGE_SIZES, RANDOM
from helpers.models import MODELS
from helpers.tokenizer import CaptionTokenizer
from helpers.training import Recipe

SAMPLE = 30_000  # vectors of features from which their mean and spread are taken


def new_captioner(
    tokenizer: CaptionTokenizer, features: np.ndarray, recipe: Recipe, dataset: Dataset
) -> Captioner:
    """Return an untrained captioner that has seen nothing but the spread of some features."""
    photos = SAMPLE // int(np.prod(features.shape[1:-1]))
    sample = np.random.default_rng(0).permutation(len(features))[:photos]
    vectors = features[np.sort(sample)].reshape(-1, features.shape[-1])
    sizes = {"vocab_size": len(tokenizer), "feature_size": features.shape[-1], **recipe.sizes}
    with precision(recipe.precision):
        model = MODELS[recipe.model](**sizes)
        learn_spread(model.standardise, vectors[vectors.any(axis=1)])  # zeros only: padding
        model.build()
    config = {
        "model": recipe.model,
        "sizes": model.sizes,
        "encoder": recipe.encoder,
        **({"encoder_weights": "random weights"} if recipe.encoder.endswith(RANDOM) else {}),
        "image_size": IMAGE_SIZES.get(recipe.encoder),
        "cleaning": {"one_letter_words": True, "numbers": True, "joiners": True},
        "dataset": dataset.name,
        "length_power": recipe.length_power,
        "recipe": asdict(recipe),
        "versions": {"python": platform.python_version(), "keras": keras.__version__},
        "date": date.today().isoformat(),
    }
    return Captioner(tokenizer, model, config)


def copy_model(model: keras.Model, policy: str) -> keras.Model:
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
    layer.adapt_variance.assign(variance)
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
