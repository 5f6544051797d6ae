"""Make an encoder of an entry of the table and the best weights that can be had."""

from collections.abc import Callable
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from helpers.arrays import read_arrays
from helpers.backend import refuse_fork
from helpers.encoders.changes import changed
from helpers.encoders.engine import fast_engine
from helpers.encoders.official import official_weights
from helpers.encoders.table import ENCODERS, RANDOM, EncoderError, EncoderSpec
from helpers.places import DATA

if TYPE_CHECKING:
    import keras

COPIES = DATA / "weights"
LARGEST = 10**9  # bytes of a rounded copy, unpacked; VGG16 has 138 million numbers


class Encoder:
    """A frozen network that turns photos into features.

    Attributes:
        name, image_size, feature_shape: as in its entry of the table.
        precision: of the numbers inside: "float32", or "bfloat16" where a faster engine takes that.
    """

    def __init__(self, spec: EncoderSpec, weights: str | Path | None = None):
        """Make an encoder of an entry and a file of weights, which None draws at random."""
        refuse_fork()
        self.spec, self.weights = spec, weights
        self.name, self.image_size, self.feature_shape = (
            spec.name,
            spec.image_size,
            spec.feature_shape,
        )
        self.engine = fast_engine(self.name, stamp(weights), lambda: self.forward)
        self.precision = self.engine.precision if self.engine else "float32"
        if self.engine is None:
            _ = self.network  # weights that don't fit are found out here

    @cached_property
    def network(self) -> "keras.Model":
        """The Keras model inside; it sees what `preprocess` makes of float32 pixels."""
        return self.spec.build(partial(filled, file=self.weights, spec=self.spec))

    @cached_property
    def forward(self) -> Callable:
        """The network as a `tf.function` of uint8 pixels: TensorFlow's engine."""
        import tensorflow as tf

        network, preprocess = self.network, self.spec.preprocess
        signature = [tf.TensorSpec((None, self.image_size, self.image_size, 3), tf.uint8, "pixels")]

        @tf.function(input_signature=signature)
        def forward(pixels):
            return network(preprocess(tf.cast(pixels, tf.float32)), training=False)

        return forward

    def encode(self, pixels: np.ndarray) -> np.ndarray:
        """Return features float32 (photos, *feature_shape).

        Arguments:
            pixels: uint8 (photos, image_size, image_size, 3), RGB; preprocessed in here.

        Taught in lesson 02.
        """
        refuse_fork()
        if self.engine:
            return self.engine(pixels)
        return self.forward(pixels).numpy()


def stamp(file: str | Path | None) -> str:
    """Return what tells a file of weights from another one."""
    status = Path(file).stat() if file else None
    return f"{Path(file).name} {status.st_size} {status.st_mtime_ns}" if status else "random"


def load_encoder(
    name: str = "xception",
    weights: str | Path | None = None,
    changes: str | Path | None = None,
) -> Encoder:
    """Return a frozen ImageNet encoder, or one that a captioner's training has changed.

    Arguments:
        name: one of the table in `helpers.encoders`.
        weights: a Keras weights file, of Xception without its top or of the whole VGG16; None
            downloads the official one. Where that fails, Xception takes the rounded copy in
            `data/weights`, and VGG16 random weights: the encoder's name then is "vgg16-random".
        changes: the file of a captioner's folder that holds them; the name then ends in a sign of
            that file.

    Where OpenVINO is installed (extra `fast`), it is the engine, and TensorFlow where not.
    Raises EncoderError for another name, or where there are no weights. Taught in lessons 02, 11.
    """
    if name not in ENCODERS:
        raise EncoderError(f"there is no encoder {name!r}; there are {', '.join(ENCODERS)}")
    if weights is not None and not Path(weights).is_file():
        raise EncoderError(f"there is no weights file {weights}; leave it out to download")
    spec, file = best_weights(ENCODERS[name], weights)
    return Encoder(changed(spec, changes) if changes else spec, file)


def best_weights(
    spec: EncoderSpec, given: str | Path | None
) -> tuple[EncoderSpec, str | Path | None]:
    """Return whose weights can be had, and their file; None is for random ones.

    The order: the file that was given, Keras' own download, the rounded copy, random weights;
    raises EncoderError if there is none of them.
    """
    if given is not None or spec.weights is None:
        return spec, given
    network = spec.weights.title.split()[0]
    copy = COPIES / f"{network.lower()}-int8.npz"
    try:
        return spec, official_weights(spec.weights)
    except Exception as error:  # Keras raises a bare Exception when a download fails
        if copy.exists():
            print(f"{network}: no download, so the rounded weights in data/weights/ are used.")
            return spec, copy
        if spec.name + RANDOM in ENCODERS:
            print(f"{network}: no download, so it has random weights and has learnt nothing.")
            return ENCODERS[spec.name + RANDOM], None
        problem = f"no download ({error}) and no {copy}"
        cure = "fetch the course again, with data/weights, or give a weights file"
        raise EncoderError(f"{problem}; {cure}") from error


def filled(network: "keras.Model", file: str | Path | None, spec: EncoderSpec) -> "keras.Model":
    """Return a network with the weights of a file; raise EncoderError if they don't fit it."""
    if file is None:
        return filled_at_random(network)
    try:
        if Path(file).suffix == ".npz":
            network.set_weights(read_rounded_weights(file))
        else:
            network.load_weights(file)
    except Exception as error:  # h5py and Keras raise several kinds
        problem = f"{file} does not fit {spec.weights.title if spec.weights else spec.name}"
        raise EncoderError(f"{problem}; leave it out to download one that does") from error
    return network


def filled_at_random(network: "keras.Model", seed: int = 16) -> "keras.Model":
    """Return a network with weights drawn at random, always the same.

    Their spread keeps signals alive through many layers. Source: He et al. 2015, "Delving deep
    into rectifiers".
    """
    numbers = np.random.default_rng(seed)
    for weight in network.weights:
        spread = (2 / np.prod(weight.shape[:-1])) ** 0.5 if len(weight.shape) > 1 else 0
        values = numbers.standard_normal(weight.shape, "float32")
        weight.assign(values * np.float32(spread))
    return network


def read_rounded_weights(path: str | Path) -> list[np.ndarray]:
    """Return float32 weights in Keras' order from a file that `round_xception.py` wrote.

    Raises ValueError, which names the file, for one that holds something else.
    """
    arrays = read_arrays(path, LARGEST)
    keys = sorted(key for key in arrays if not key.endswith("_scales"))
    scales = {key: arrays.get(f"{key}_scales", np.float32(1)) for key in keys}
    return [arrays[key].astype("float32") * scales[key] for key in keys]
