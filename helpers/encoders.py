"""Encoders: frozen networks that turn photos into numbers a captioner can use."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

ROUNDED_WEIGHTS = Path(__file__).parents[1] / "data" / "weights" / "xception-int8.npz"


LAST_LAYERS = {  # what each encoder makes of the grid in which the network ends
    "xception": keras.layers.GlobalAveragePooling2D,
    "xception-grid": partial(keras.layers.Reshape, (100, 2048)),
}


class EncoderError(ValueError):
    """An encoder that cannot be had; the message says what to do."""


class Encoder:
    """A frozen network that turns photos into features.

    Attributes:
        name: "xception" or "xception-grid".
        image_size: pixels along each side of its input.
        feature_shape: shape of one photo's features, (2048,) for pooled Xception and (100, 2048)
            for its grid, the regions row by row.
        network: the Keras model inside; its input is scaled to -1 … 1.
    """

    def __init__(self, name: str, network: keras.Model, image_size: int):
        self.name, self.image_size, self.network = name, image_size, network
        self.feature_shape = tuple(network.output.shape[1:])
        signature = [tf.TensorSpec((None, image_size, image_size, 3), tf.uint8)]

        @tf.function(input_signature=signature)
        def forward(pixels):
            return network(tf.cast(pixels, tf.float32) / 127.5 - 1.0, training=False)

        self.forward = forward

    def encode(self, pixels: np.ndarray) -> np.ndarray:
        """Return features float32 (photos, *feature_shape).

        Arguments:
            pixels: uint8 (photos, image_size, image_size, 3), RGB; scaled to -1 … 1 in here.

        Taught in lesson 02.
        """
        return self.forward(tf.convert_to_tensor(pixels)).numpy()


def load_encoder(name: str = "xception", weights: str | Path | None = None) -> Encoder:
    """Return a frozen ImageNet encoder.

    Arguments:
        name: "xception" for pooled features, "xception-grid" for a grid of 10 x 10 regions.
        weights: a Keras weights file of the network without its top; None downloads the
            official one, and where that fails takes the rounded copy in `data/weights`.

    Raises EncoderError for another name or a missing weights file. Taught in lesson 02.
    """
    if name not in LAST_LAYERS:
        raise EncoderError(f"there is no encoder {name!r}; there are {', '.join(LAST_LAYERS)}")
    if weights is not None:
        if not Path(weights).is_file():
            raise EncoderError(f"there is no weights file {weights}; leave it out to download")
        network = xception()
        try:
            network.load_weights(weights)
        except Exception as error:  # h5py and Keras raise several kinds
            problem = f"{weights} does not fit Xception without its top"
            raise EncoderError(f"{problem}; leave it out to download one that does") from error
    else:
        network = official_or_rounded_xception()
    output = LAST_LAYERS[name]()(network.output)
    return Encoder(name, keras.Model(network.input, output), image_size=299)


def xception(weights: str | None = None) -> keras.Model:
    """Return Xception without its classifier; its output is (photos, 10, 10, 2048).

    Source: Chollet 2017, "Xception: deep learning with depthwise separable convolutions".
    """
    shape = (299, 299, 3)
    return keras.applications.Xception(weights=weights, include_top=False, input_shape=shape)


def official_or_rounded_xception() -> keras.Model:
    """Download the official weights; without a network take the rounded ones, and say so."""
    try:
        with network_timeout(20):
            return xception("imagenet")
    except Exception as error:  # Keras raises a bare Exception when a download fails
        if not ROUNDED_WEIGHTS.exists():
            problem = f"no download ({error}) and no {ROUNDED_WEIGHTS}"
            raise EncoderError(f"{problem}; fetch the course again, with data/weights") from error
        print("Xception: no download, so the rounded weights in data/weights/ are used.")
    network = xception()
    network.set_weights(read_rounded_weights(ROUNDED_WEIGHTS))
    return network


@contextmanager
def network_timeout(seconds: float) -> Iterator[None]:
    """Let every connection made inside fail after so many silent seconds."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def read_rounded_weights(path: str | Path) -> list[np.ndarray]:
    """Return float32 weights in Keras' order from a file that `round_xception.py` wrote."""
    with np.load(path, allow_pickle=False) as arrays:
        keys = sorted(key for key in arrays.files if not key.endswith("_scales"))
        scales = {key: arrays.get(f"{key}_scales", np.float32(1)) for key in keys}
        return [arrays[key].astype("float32") * scales[key] for key in keys]
