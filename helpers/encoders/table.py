"""The table of encoders: a new one is one entry.

Keras is imported where a network is built: with a faster engine a photo can be encoded without it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

RANDOM = "-random"  # ends the name of an encoder that has learnt nothing
FINER = {"block13": 2, "block4": 4}  # what enters them is so many times finer
FOLDER, FILE = "tensorflow/keras-applications", "weights_tf_dim_ordering_tf_kernels"
Fill = Callable[["keras.Model"], "keras.Model"]  # returns a network with its weights in it


class EncoderError(ValueError):
    """An encoder that cannot be had; the message says what to do."""


class Weights(NamedTuple):
    """Weights that Keras trained: of which network, the file below `official.SERVER`, its MD5."""

    title: str
    file: str
    digest: str


@dataclass(frozen=True)
class EncoderSpec:
    """How an encoder is made.

    Attributes:
        name: the same as in the table; "-random" at its end takes the place of the one without
            where that can't be downloaded.
        image_size: pixels along each side of its input.
        feature_shape: shape of one photo's features.
        preprocess: turns float32 RGB, 0 … 255, into what the network has learnt to see.
        build: returns the network from photos to features; `Fill` takes all that is in the file.
        weights: None for an encoder that has learnt nothing: they are drawn at random.
    """

    name: str
    image_size: int
    feature_shape: tuple[int, ...]
    preprocess: Callable[["tf.Tensor"], "tf.Tensor"]
    build: Callable[[Fill], "keras.Model"]
    weights: Weights | None


def scale(pixels: "tf.Tensor") -> "tf.Tensor":
    """Return pixels 0 … 255 as -1 … 1, as Xception has learnt to see them."""
    return pixels / 127.5 - 1.0


def caffe(pixels: "tf.Tensor") -> "tf.Tensor":
    """Return RGB pixels as BGR, less the mean colour of ImageNet, as VGG16 has learnt to see."""
    return pixels[..., ::-1] - (103.939, 116.779, 123.68)


def xception() -> "keras.Model":
    """Return Xception without its classifier; its output is (photos, 10, 10, 2048).

    Source: Chollet 2017, "Xception: deep learning with depthwise separable convolutions".
    """
    from keras import applications

    return applications.Xception(weights=None, include_top=False, input_shape=(299, 299, 3))


def grid_of_blocks(network: "keras.Model") -> "keras.KerasTensor":
    """Return what three of Xception's blocks say of 10 x 10 places: (photos, 100, 3032).

    The last block (2048 numbers a place) names things and forgets what they look like. Block 12
    (728) and block 3 (256) know more of colour and texture; their finer grids are averaged to
    the last one's places. Taught in lesson 02.
    """
    from keras import layers

    blocks = [network.output]
    for reader, side in FINER.items():
        finer = network.get_layer(f"{reader}_sepconv1_act").output
        blocks.append(layers.AveragePooling2D(side, padding="same")(finer))
    return layers.Reshape((100, -1))(layers.Concatenate()(blocks))


def xception_grid(filled: Fill) -> "keras.Model":
    """Return three blocks of Xception as a grid."""
    import keras

    network = filled(xception())
    return keras.Model(network.input, grid_of_blocks(network))


def xception_mean(filled: Fill) -> "keras.Model":
    """Return the mean of Xception's grid."""
    import keras

    grid = xception_grid(filled)
    return keras.Model(grid.input, keras.layers.GlobalAveragePooling1D()(grid.output))


def vgg16() -> "keras.Model":
    """Return VGG16 with its classifier; its output is (photos, 1000).

    Source: Simonyan and Zisserman 2015, "Very deep convolutional networks for large-scale image
    recognition".
    """
    from keras import applications

    return applications.VGG16(weights=None)


def vgg16_fc2(filled: Fill) -> "keras.Model":
    """Return VGG16 up to its layer fc2."""
    import keras

    network = filled(vgg16())
    return keras.Model(network.input, network.get_layer("fc2").output)


XCEPTION = Weights(
    "Xception without its top",
    f"{FOLDER}/xception/xception_{FILE}_notop.h5",
    "b0042744bf5b25fce3cb969f33bebb97",
)
VGG16 = Weights(
    "VGG16 with its top", f"{FOLDER}/vgg16/vgg16_{FILE}.h5", "64373286793e3c8b2b4e3219cbf3544b"
)
SPECS = [
    EncoderSpec("xception", 299, (3032,), scale, xception_mean, XCEPTION),
    EncoderSpec("xception-grid", 299, (100, 3032), scale, xception_grid, XCEPTION),
    EncoderSpec("vgg16", 224, (4096,), caffe, vgg16_fc2, VGG16),
    EncoderSpec(f"vgg16{RANDOM}", 224, (4096,), caffe, vgg16_fc2, None),
]
ENCODERS = {spec.name: spec for spec in SPECS}
