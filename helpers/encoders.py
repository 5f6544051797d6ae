"""Encoders: frozen networks that turn photos into numbers a captioner can use.

| name | photo | pixels become | features |
|---|---|---|---|
| xception | 299 x 299, RGB | -1 … 1 | (2048,), the mean of the grid |
| xception-grid | 299 x 299, RGB | -1 … 1 | (100, 2048), the grid row by row |
| vgg16 | 224 x 224, RGB | BGR, less the mean colour of ImageNet ("caffe") | (4096,), layer fc2 |
| vgg16-random | as vgg16, which becomes it where its weights can't be downloaded | | |
"""

import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from urllib.request import Request, urlopen

import keras
import numpy as np
import tensorflow as tf

ROUNDED_WEIGHTS = Path(__file__).parents[1] / "data" / "weights" / "xception-int8.npz"
SERVER = "https://storage.googleapis.com/tensorflow/keras-applications"
FILE = "weights_tf_dim_ordering_tf_kernels"
OFFICIAL_WEIGHTS = {  # address and hash as keras.applications has them
    "xception": (f"{SERVER}/xception/xception_{FILE}_notop.h5", "b0042744bf5b25fce3cb969f33bebb97"),
    "vgg16": (f"{SERVER}/vgg16/vgg16_{FILE}.h5", "64373286793e3c8b2b4e3219cbf3544b"),
}
PATIENCE, RETRY = 4, 600  # seconds for that server to answer; until it is asked again if not
RANDOM = "-random"  # ends the name of an encoder that has learnt nothing
IMAGE_SIZES = {"xception": 299, "xception-grid": 299, "vgg16": 224, "vgg16-random": 224}  # pixels
LAST_LAYERS = {  # what each encoder makes of the grid in which the network ends
    "xception": keras.layers.GlobalAveragePooling2D,
    "xception-grid": partial(keras.layers.Reshape, (100, 2048)),
}


class EncoderError(ValueError):
    """An encoder that cannot be had; the message says what to do."""


def scale(pixels: tf.Tensor) -> tf.Tensor:
    """Return pixels 0 … 255 as -1 … 1, as Xception has learnt to see them."""
    return pixels / 127.5 - 1.0


class Encoder:
    """A frozen network that turns photos into features.

    Attributes:
        name: one of the table above.
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
        name: one of the table above.
        weights: a Keras weights file, of Xception without its top or of the whole VGG16; None
            downloads the official one. Where that fails, Xception takes the rounded copy in
            `data/weights`, and VGG16 random weights: the encoder's name then is "vgg16-random".

    Raises EncoderError for another name or a missing weights file. Taught in lessons 02 and 11.
    """
    if name not in IMAGE_SIZES:
        raise EncoderError(f"there is no encoder {name!r}; there are {', '.join(IMAGE_SIZES)}")
    if weights is not None and not Path(weights).is_file():
        raise EncoderError(f"there is no weights file {weights}; leave it out to download")
    if name in LAST_LAYERS:
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
    """Return Xception, pooled or as a grid."""
    if weights is None:
        network = official_or_rounded_xception()
    else:
        network = filled(xception(), weights, "Xception without its top")
    output = LAST_LAYERS[name]()(network.output)
    return Encoder(name, keras.Model(network.input, output), IMAGE_SIZES[name])


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


def official_weights(network: str) -> str:
    """Return the path of Keras' own file, in Keras' own cache; download it if it is not there.

    Keras would do so only after building the network, which without a download is then built twice,
    and would wait long for a server that a firewall keeps from answering.
    """
    address, digest = OFFICIAL_WEIGHTS[network]
    name = address.rpartition("/")[2]
    cache = Path(os.path.expanduser(os.environ.get("KERAS_HOME", "~/.keras")))
    if not os.access(cache, os.W_OK):
        cache = Path("/tmp", ".keras")  # as Keras does
    if not (cache / "models" / name).exists():
        check_reachable(address, cache / "models" / f"{name}.no-answer")
    with network_timeout(20):
        return keras.utils.get_file(name, address, cache_subdir="models", file_hash=digest)


def check_reachable(address: str, note: Path) -> None:
    """Raise OSError unless a server answers in time; a failure is noted and believed a while."""
    if note.exists() and abs(time.time() - note.stat().st_mtime) < RETRY:
        raise TimeoutError(f"no answer a few minutes ago; to ask again at once, delete {note}")
    answers = SimpleQueue()
    Thread(target=_ask, args=(address, answers), daemon=True).start()  # a look-up has no time limit
    try:
        problem = answers.get(timeout=PATIENCE)
    except Empty:
        problem = TimeoutError(f"no answer from {address} within {PATIENCE} seconds")
    if problem:
        with suppress(OSError):
            note.parent.mkdir(parents=True, exist_ok=True)
            note.touch()
        raise problem


def _ask(address: str, answers: SimpleQueue) -> None:
    """Put None where a server answers, else what went wrong; by way of a proxy if there is one."""
    try:
        urlopen(Request(address, method="HEAD"), timeout=PATIENCE - 1).close()
        answers.put(None)
    except Exception as error:
        answers.put(error)


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
