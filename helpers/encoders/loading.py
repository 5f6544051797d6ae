"""Make an encoder of a network and its weights."""

from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from helpers.encoders.official import official_weights
from helpers.places import DATA

ROUNDED_WEIGHTS = DATA / "weights" / "xception-int8.npz"
RANDOM = "-random"  # ends the name of an encoder that has learnt nothing
IMAGE_SIZES = {"xception": 299, "xception-grid": 299, "vgg16": 224, "vgg16-random": 224}  # pixels
FINER = {"block13": 2, "block4": 4}  # what enters them is so many times finer


class EncoderError(ValueError):
    """An encoder that cannot be had; the message says what to do."""


def scale(pixels: tf.Tensor) -> tf.Tensor:
    """Return pixels 0 … 255 as -1 … 1, as Xception has learnt to see them."""
    return pixels / 127.5 - 1.0


class Encoder:
    """A frozen network that turns photos into features.

    Attributes:
        name: one of the table in `helpers.encoders`.
        image_size: pixels along each side of its input.
        feature_shape: shape of one photo's features.
        network: the Keras model inside; it sees what `preprocess` makes of float32 pixels.
    """

    def __init__(
        self,
        name: str,
        network: keras.Model,
        image_size: int,
        preprocess: Callable[[tf.Tensor], tf.Tensor] = scale,
    ):
        self.name, self.image_size, self.network = name, image_size, network
        self.feature_shape = tuple(network.output.shape[1:])
        signature = [tf.TensorSpec((None, image_size, image_size, 3), tf.uint8)]

        @tf.function(input_signature=signature)
        def forward(pixels):
            return network(preprocess(tf.cast(pixels, tf.float32)), training=False)

        self.forward = forward

    def encode(self, pixels: np.ndarray) -> np.ndarray:
        """Return features float32 (photos, *feature_shape).

        Arguments:
            pixels: uint8 (photos, image_size, image_size, 3), RGB; preprocessed in here.

        Taught in lesson 02.
        """
        return self.forward(tf.convert_to_tensor(pixels)).numpy()


def load_encoder(name: str = "xception", weights: str | Path | None = None) -> Encoder:
    """Return a frozen ImageNet encoder.

    Arguments:
        name: one of the table in `helpers.encoders`.
        weights: a Keras weights file, of Xception without its top or of the whole VGG16; None
            downloads the official one. Where that fails, Xception takes the rounded copy in
            `data/weights`, and VGG16 random weights: the encoder's name then is "vgg16-random".

    Raises EncoderError for another name or a missing weights file. Taught in lessons 02 and 11.
    """
    if name not in IMAGE_SIZES:
        raise EncoderError(f"there is no encoder {name!r}; there are {', '.join(IMAGE_SIZES)}")
    if weights is not None and not Path(weights).is_file():
        raise EncoderError(f"there is no weights file {weights}; leave it out to download")
    if name.startswith("xception"):
        return xception_encoder(name, weights)
    return vgg16_encoder(name, weights)


def filled(network: keras.Model, weights: str | Path, title: str) -> keras.Model:
    """Return a network with the weights of a file; raise EncoderError if they don't fit it."""
    try:
        network.load_weights(weights)
    except Exception as error:  # h5py and Keras raise several kinds
        problem = f"{weights} does not fit {title}"
        raise EncoderError(f"{problem}; leave it out to download one that does") from error
    return network


def xception_encoder(name: str, weights: str | Path | None) -> Encoder:
    """Return three blocks of Xception as a grid, or its mean."""
    if weights is None:
        network = official_or_rounded_xception()
    else:
        network = filled(xception(), weights, "Xception without its top")
    output = grid_of_blocks(network)
    if not name.endswith("-grid"):
        output = keras.layers.GlobalAveragePooling1D()(output)
    return Encoder(name, keras.Model(network.input, output), IMAGE_SIZES[name])


def grid_of_blocks(network: keras.Model) -> keras.KerasTensor:
    """Return what three of Xception's blocks say of 10 x 10 places: (photos, 100, 3032).

    The last block (2048 numbers a place) names things and forgets what they look like. Block 12
    (728) and block 3 (256) know more of colour and texture; their finer grids are averaged to
    the last one's places. Taught in lesson 02.
    """
    layers, blocks = keras.layers, [network.output]
    for reader, side in FINER.items():
        finer = network.get_layer(f"{reader}_sepconv1_act").output
        blocks.append(layers.AveragePooling2D(side, padding="same")(finer))
    return layers.Reshape((100, -1))(layers.Concatenate()(blocks))


def vgg16_encoder(name: str, weights: str | Path | None) -> Encoder:
    """Return VGG16 up to its layer fc2; without a network it has random weights, and says so."""
    if weights is not None:
        network = filled(vgg16(), weights, "VGG16 with its top")
    elif name.endswith(RANDOM):
        network = random_vgg16()
    else:
        try:
            network = vgg16(official_weights("vgg16"))
        except Exception:  # Keras raises a bare Exception when a download fails
            print("VGG16: no download, so it has random weights and has learnt nothing.")
            return vgg16_encoder(name + RANDOM, None)
    fc2 = keras.Model(network.input, network.get_layer("fc2").output)
    return Encoder(name, fc2, IMAGE_SIZES[name], keras.applications.vgg16.preprocess_input)


def vgg16(weights: str | None = None) -> keras.Model:
    """Return VGG16 with its classifier; its output is (photos, 1000).

    Source: Simonyan and Zisserman 2015, "Very deep convolutional networks for large-scale image
    recognition".
    """
    return keras.applications.VGG16(weights=weights)


def random_vgg16(seed: int = 16) -> keras.Model:
    """Return VGG16 with weights drawn at random, always the same.

    Their spread keeps signals alive through 15 layers. Source: He et al. 2015, "Delving deep into
    rectifiers".
    """
    network, numbers = vgg16(), np.random.default_rng(seed)
    for weight in network.weights:
        spread = (2 / np.prod(weight.shape[:-1])) ** 0.5 if len(weight.shape) > 1 else 0
        values = numbers.standard_normal(weight.shape, "float32")
        weight.assign(values * np.float32(spread))
    return network


def xception(weights: str | None = None) -> keras.Model:
    """Return Xception without its classifier; its output is (photos, 10, 10, 2048).

    Source: Chollet 2017, "Xception: deep learning with depthwise separable convolutions".
    """
    shape = (299, 299, 3)
    return keras.applications.Xception(weights=weights, include_top=False, input_shape=shape)


def official_or_rounded_xception() -> keras.Model:
    """Download the official weights; without a network take the rounded ones, and say so."""
    try:
        return xception(official_weights("xception"))
    except Exception as error:  # Keras raises a bare Exception when a download fails
        if not ROUNDED_WEIGHTS.exists():
            problem = f"no download ({error}) and no {ROUNDED_WEIGHTS}"
            raise EncoderError(f"{problem}; fetch the course again, with data/weights") from error
        print("Xception: no download, so the rounded weights in data/weights/ are used.")
    network = xception()
    network.set_weights(read_rounded_weights(ROUNDED_WEIGHTS))
    return network


def read_rounded_weights(path: str | Path) -> list[np.ndarray]:
    """Return float32 weights in Keras' order from a file that `round_xception.py` wrote."""
    with np.load(path, allow_pickle=False) as arrays:
        keys = sorted(key for key in arrays.files if not key.endswith("_scales"))
        scales = {key: arrays.get(f"{key}_scales", np.float32(1)) for key in keys}
        return [arrays[key].astype("float32") * scales[key] for key in keys]
