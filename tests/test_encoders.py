"""Encoders: rounded weights, the way without a network, messages. Xception itself is slow."""

import hashlib
import importlib.util
import inspect
import os
import socket
import threading
import time
from dataclasses import replace
from functools import cache, partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from queue import SimpleQueue
from urllib.error import HTTPError

import h5py
import keras
import numpy as np
import pytest

from helpers.encoders import (
    ENCODERS,
    Encoder,
    EncoderError,
    EncoderSpec,
    Weights,
    load_encoder,
    official,
    table,
)
from helpers.encoders import loading as module
from helpers.encoders.loading import COPIES, read_rounded_weights


@pytest.fixture(autouse=True)
def tensorflow(monkeypatch):
    """What is tried here is the network itself; engines have tests of their own."""
    monkeypatch.setenv("CAPTION_ENGINE", "tensorflow")


@pytest.fixture(scope="module")
def rounding(root):
    """The module data/weights/round_xception.py."""
    path = root / "data" / "weights" / "round_xception.py"
    specification = importlib.util.spec_from_file_location("round_xception", path)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def weights():
    """Weights as a network has them: a large kernel, a small one, a bias; one channel is zero."""
    random = np.random.default_rng(2)
    large = random.normal(size=(3, 3, 160, 144)).astype("float32")
    large[..., :140] *= np.geomspace(1e-6, 1e3, 140, dtype="float32")
    large[..., 141] = 0
    small = random.normal(size=(3, 3, 4, 5)).astype("float32")
    return [large, random.normal(size=144).astype("float32"), small, np.float32(range(5))]


def no_download(weights):
    """Fail as Keras does without a network."""
    raise Exception("URL fetch failure on https://…: None -- Name not known")


@pytest.fixture
def tiny_xception(monkeypatch):
    """In place of Xception a small network, so that every way of loading is quick."""

    def build():
        build.times += 1
        layers, inputs = keras.layers, keras.Input((299, 299, 3))
        fine = layers.Activation("linear", name="block4_sepconv1_act")(
            layers.Conv2D(2, 8, 8)(inputs)
        )
        half = layers.Conv2D(3, 2, 2, padding="same")(fine)
        half = layers.Activation("linear", name="block13_sepconv1_act")(half)
        return keras.Model(inputs, layers.Conv2D(6, 2, 2, padding="same")(half))

    build.times = 0
    monkeypatch.setattr(table, "xception", build)
    monkeypatch.setattr(module, "official_weights", no_download)
    return build


# Rounded weights


def test_weights_come_back_within_half_a_step_of_their_channel(tmp_path, rounding, weights):
    np.savez_compressed(tmp_path / "rounded.npz", **rounding.round_weights(weights))
    back = read_rounded_weights(tmp_path / "rounded.npz")
    assert [array.shape for array in back] == [array.shape for array in weights]
    assert {array.dtype.name for array in back} == {"float32"}
    steps = np.abs(weights[0]).max(axis=(0, 1, 2)) / 127
    assert np.all(np.abs(back[0] - weights[0]) <= 0.5001 * steps)
    np.testing.assert_array_equal(back[0][..., 141], 0)
    np.testing.assert_array_equal(back[1], weights[1])
    np.testing.assert_allclose(back[2], weights[2], rtol=1e-3)
    np.testing.assert_array_equal(back[3], weights[3])


def test_large_kernels_take_one_byte_a_number(rounding, weights):
    arrays = rounding.round_weights(weights)
    assert [arrays[key].dtype.name for key in ("000", "001", "002")] == [
        "int8", "float32", "float16",
    ]  # fmt: skip
    assert arrays["000_scales"].shape == (144,)
    assert np.abs(arrays["000"].astype(int)).max() == 127


def test_the_order_survives_more_than_ten_arrays(tmp_path, rounding):
    many = [np.full(3, number, "float32") for number in range(237)]
    np.savez_compressed(tmp_path / "many.npz", **rounding.round_weights(many))
    assert [int(array[0]) for array in read_rounded_weights(tmp_path / "many.npz")] == [*range(237)]


def test_pickled_arrays_are_not_opened(tmp_path):
    np.savez(tmp_path / "trap.npz", **{"000": np.array([print], object)})
    with pytest.raises(ValueError, match="allow_pickle"):
        read_rounded_weights(tmp_path / "trap.npz")


@pytest.mark.parametrize("kind", ["cut", "infinite", "another thing", "a folder", "too large"])
def test_rounded_weights_that_are_damaged_are_named(kind, tmp_path, rounding, monkeypatch):
    path, weights = tmp_path / "rounded.npz", [np.ones((3, 4), "float32")]
    if kind == "infinite":
        weights[0][1, 1] = np.inf
    np.savez_compressed(path, **{"000": weights[0]})
    if kind == "too large":
        monkeypatch.setattr(module, "LARGEST", 40)
    if kind == "a folder":
        path.unlink()
        path.mkdir()
    elif kind in ("cut", "another thing"):
        path.write_bytes(path.read_bytes()[:100] if kind == "cut" else b"<html>")
    with pytest.raises(ValueError, match="rounded.npz: "):
        read_rounded_weights(path)


def test_the_rounded_copy_fits_xception():
    """Checked by its sizes alone: Xception without its top has 20,861,480 weights."""
    rounded = COPIES / "xception-int8.npz"
    with np.load(rounded) as arrays:
        keys = [key for key in arrays.files if not key.endswith("_scales")]
        sizes = [arrays[key].size for key in keys]
    assert sum(sizes) == 20_861_480
    assert rounded.stat().st_size < 25_000_000


# Loading


def test_without_a_network_one_line_says_so_and_it_works(
    tiny_xception, rounding, tmp_path, monkeypatch, capsys
):
    source = tiny_xception()
    np.savez(tmp_path / "xception-int8.npz", **rounding.round_weights(source.get_weights()))
    monkeypatch.setattr(module, "COPIES", tmp_path)
    tiny_xception.times = 0
    encoder = load_encoder()
    assert tiny_xception.times == 1  # a second one would cost a second
    said = capsys.readouterr().out
    assert said == "Xception: no download, so the rounded weights in data/weights/ are used.\n"
    pixels = np.random.default_rng(0).integers(0, 256, (2, 299, 299, 3), "uint8")
    expected = source(pixels.astype("float32") / 127.5 - 1).numpy().mean(axis=(1, 2))
    np.testing.assert_allclose(encoder.encode(pixels)[:, :6], expected, atol=2e-3)


def test_without_a_network_and_a_copy_the_message_says_both(tiny_xception, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "COPIES", tmp_path)
    with pytest.raises(
        EncoderError, match="no download .URL fetch failure.*and no .*-int8.npz; fe"
    ):
        load_encoder()


def test_ctrl_c_in_a_download_is_no_failed_download(monkeypatch):
    def interrupted(weights):
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "official_weights", interrupted)
    with pytest.raises(KeyboardInterrupt):
        load_encoder()


def test_a_weights_file_is_used_instead_of_a_download(tiny_xception, tmp_path, capsys):
    source = tiny_xception()
    source.save_weights(tmp_path / "tiny.weights.h5")
    encoder = load_encoder(weights=tmp_path / "tiny.weights.h5")
    assert capsys.readouterr().out == ""
    for ours, theirs in zip(encoder.network.get_weights(), source.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_missing_weights_file_is_named(tiny_xception):
    with pytest.raises(EncoderError, match="no weights file nowhere.weights.h5; leave it out"):
        load_encoder(weights="nowhere.weights.h5")


def test_a_weights_file_that_does_not_fit_is_named(tiny_xception, tmp_path):
    path = tmp_path / "noise.weights.h5"
    path.write_bytes(b"no HDF5")
    with pytest.raises(EncoderError, match="noise.weights.h5 does not fit Xception"):
        load_encoder(weights=path)
    keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)]).save_weights(path)
    with pytest.raises(EncoderError, match="noise.weights.h5 does not fit Xception"):
        load_encoder(weights=path)


TRAINED = [name for name, spec in ENCODERS.items() if spec.weights]


@cache
def asked_by_keras(title):
    """What Keras itself asks `get_file` for, when it builds a network with its weights."""
    asked, build = [], getattr(keras.applications, title.split()[0])

    def get_file(file, address, *_, file_hash=None, **__):
        asked.append((file, address, file_hash))
        raise EOFError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inspect.getmodule(build).file_utils, "get_file", get_file)
        zeros = keras.initializers.Zeros.__call__  # 138 million random numbers take seconds
        patch.setattr(keras.initializers.GlorotUniform, "__call__", zeros)
        with pytest.raises(EOFError):
            build(weights="imagenet", include_top=title.endswith("with its top"))
    return asked


@pytest.mark.slow
@pytest.mark.parametrize("name", TRAINED)
def test_the_official_weights_are_those_of_keras(name):
    """Same address, same hash, and so the same file in the cache: Keras itself is asked."""
    weights = ENCODERS[name].weights
    address = f"{official.SERVER}/{weights.file}"
    expected = [(address.rpartition("/")[2], address, weights.digest)]
    assert asked_by_keras(weights.title) == expected


@pytest.mark.slow
@pytest.mark.parametrize("name", ENCODERS)
def test_an_encoder_is_what_its_entry_says(name):
    """Without its weights, which may not be there; each new entry is tried here."""
    spec = ENCODERS[name]
    encoder = Encoder(replace(spec, build=lambda filled: spec.build(lambda network: network)))
    pixels = np.zeros((1, spec.image_size, spec.image_size, 3), "uint8")
    assert encoder.encode(pixels).shape == (1, *spec.feature_shape)
    assert encoder.name == name and encoder.feature_shape == spec.feature_shape


@pytest.fixture
def keras_cache(tmp_path, monkeypatch):
    """An empty cache of Keras', and `download` noting what it is asked for."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    asked = []
    monkeypatch.setattr(official, "download", lambda *given: asked.append(given) or "path")
    (tmp_path / "models").mkdir()
    return tmp_path / "models", asked


@pytest.fixture
def silent(monkeypatch):
    """A server that takes calls and never answers, in place of the official one."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setattr(official, "SERVER", f"http://127.0.0.1:{server.getsockname()[1]}")
        yield official.SERVER


WEIGHTS = Weights("Tiny", "weights.h5", "hash")


@pytest.fixture
def waits(monkeypatch):
    """The seconds that were to be waited for a server, one for each time; hardly any are."""
    waits = []

    class Impatient(SimpleQueue):
        def get(self, timeout):
            waits.append(timeout)
            return super().get(timeout=0.05)

    monkeypatch.setattr(official, "SimpleQueue", Impatient)
    return waits


def test_a_server_that_never_answers_is_waited_for_shortly_and_once(keras_cache, silent, waits):
    folder, asked = keras_cache
    with pytest.raises(TimeoutError, match="no answer from .* within 4 seconds"):
        official.official_weights(WEIGHTS)
    with pytest.raises(TimeoutError, match="no answer a few minutes ago"):
        official.official_weights(WEIGHTS)
    assert waits == [4], "it is remembered"
    (note,) = folder.glob("*.no-answer")
    os.utime(note, (0, time.time() - 601))
    with pytest.raises(TimeoutError, match="within 4 seconds"):
        official.official_weights(WEIGHTS)
    assert waits == [4, 4], "for ten minutes"
    assert asked == []


def test_the_question_itself_ends_within_that_time(silent):
    """A thread that asks for ever would keep its line."""
    answers = SimpleQueue()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(official, "PATIENCE", 1.1)
        official._ask(f"{official.SERVER}/weights.h5", answers)
    assert isinstance(answers.get(timeout=60), TimeoutError)


def test_a_name_that_is_looked_up_for_ever_is_not_waited_for(
    keras_cache, silent, waits, monkeypatch
):
    end = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **options: end.wait(30))
    with pytest.raises(TimeoutError, match="within 4 seconds"):
        official.official_weights(WEIGHTS)
    assert waits == [4]
    end.set()


def test_official_weights_in_the_cache_need_no_server(keras_cache, silent):
    folder, asked = keras_cache
    (folder / "weights.h5").touch()
    (folder / "weights.h5.no-answer").touch()
    assert official.official_weights(WEIGHTS) == "path" and len(asked) == 1


def test_a_server_that_answers_is_asked_for_the_weights(keras_cache, monkeypatch, tmp_path):
    folder, asked = keras_cache
    (tmp_path / "weights.h5").write_bytes(b"weights")
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        monkeypatch.setattr(official, "SERVER", address)
        assert official.official_weights(WEIGHTS) == "path"
        assert asked == [(f"{address}/weights.h5", "md5:hash", folder)]
        (tmp_path / "weights.h5").unlink()
        with pytest.raises(HTTPError, match="404"):  # at once
            official.official_weights(WEIGHTS)
        server.shutdown()
    assert [path.name for path in folder.iterdir()] == ["weights.h5.no-answer"]


@pytest.mark.slow
def test_the_grid_brings_two_earlier_blocks_along():
    """What they say of a place is the mean over its patch of their finer grids."""
    network = table.xception()
    finer = [network.get_layer(f"{block}_sepconv1_act").output for block in ("block13", "block4")]
    apart = keras.Model(network.input, [network.output, *finer])
    together = keras.Model(network.input, table.grid_of_blocks(network))
    photo = np.random.default_rng(5).uniform(-1, 1, (1, 299, 299, 3)).astype("float32")
    last, block12, block3 = (array[0] for array in apart.predict(photo, verbose=0))
    (grid,) = together.predict(photo, verbose=0).reshape(1, 10, 10, 3032)
    assert block12.shape == (19, 19, 728) and block3.shape == (37, 37, 256)
    np.testing.assert_allclose(grid[..., :2048], last, atol=1e-5)
    np.testing.assert_allclose(grid[2, 5, 2048:2776], block12[4:6, 10:12].mean((0, 1)), atol=1e-4)
    np.testing.assert_allclose(grid[2, 5, 2776:], block3[7:11, 19:23].mean((0, 1)), atol=1e-4)


def test_an_unknown_encoder_is_named():
    with pytest.raises(
        EncoderError, match="no encoder 'resnet'; there are xception, xception-grid, vgg16"
    ):
        load_encoder("resnet")


# VGG16


@pytest.fixture
def tiny_vgg16(monkeypatch):
    """In place of VGG16 a network of its shape in small, whose last layer but one is fc2."""

    def build():
        inputs = keras.Input((224, 224, 3))
        pooled = keras.layers.GlobalAveragePooling2D()(keras.layers.Conv2D(8, 1)(inputs))
        fc2 = keras.layers.Dense(5, name="fc2")(pooled)
        return keras.Model(inputs, keras.layers.Dense(4, name="predictions")(fc2))

    monkeypatch.setattr(module, "official_weights", no_download)
    monkeypatch.setattr(table, "vgg16", build)
    return build


def test_without_a_network_vgg16_has_random_weights_and_says_so(tiny_vgg16, capsys):
    encoder = load_encoder("vgg16")
    said = capsys.readouterr().out
    assert said == "VGG16: no download, so it has random weights and has learnt nothing.\n"
    assert encoder.name == "vgg16-random"
    again = load_encoder("vgg16-random")
    assert capsys.readouterr().out == ""
    pixels = np.random.default_rng(0).integers(0, 256, (2, 224, 224, 3), "uint8")
    np.testing.assert_array_equal(encoder.encode(pixels), again.encode(pixels))


def test_weights_of_vgg16_can_be_given(tiny_vgg16, tmp_path, capsys):
    source = tiny_vgg16()
    source.save_weights(tmp_path / "tiny.weights.h5")
    encoder = load_encoder("vgg16", tmp_path / "tiny.weights.h5")
    assert (encoder.name, capsys.readouterr().out) == ("vgg16", "")
    np.testing.assert_array_equal(encoder.network.get_weights()[0], source.get_weights()[0])
    (tmp_path / "noise.weights.h5").write_bytes(b"no HDF5")
    with pytest.raises(EncoderError, match="noise.weights.h5 does not fit VGG16 with its top"):
        load_encoder("vgg16", tmp_path / "noise.weights.h5")


def test_vgg16_sees_what_keras_prepares_for_it():
    """Blue first, less the mean colour of ImageNet: as `preprocess_input` says for floats."""
    inputs = keras.Input((2, 2, 3))
    show = toy(keras.Model(inputs, keras.layers.Flatten()(inputs)), ENCODERS["vgg16"].preprocess)
    prepare = keras.applications.vgg16.preprocess_input
    pixels = np.random.default_rng(0).integers(0, 256, (3, 2, 2, 3), "uint8")
    seen = show.encode(pixels)
    expected = prepare(pixels.astype("float32")).reshape(3, 12)
    np.testing.assert_allclose(seen, expected, atol=1e-5)
    red = show.encode(np.full((1, 2, 2, 3), (200, 0, 0), "uint8"))
    np.testing.assert_allclose(red[0, :3], [-103.939, -116.779, 200 - 123.68], atol=1e-3)


@pytest.fixture
def download_server(tmp_path):
    """The address of a server for the files in `tmp_path`."""
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.slow
def test_vgg16_is_downloaded_and_gives_4096_numbers(tmp_path, download_server, monkeypatch, capsys):
    """From a server of our own, with weights of our own."""
    weights = tmp_path / "small.h5"
    with h5py.File(weights, "w") as file:  # Keras' old layout, in which the real ones are
        network = table.vgg16()
        file.attrs["layer_names"] = [layer.name for layer in network.layers]
        for layer in network.layers:
            group = file.create_group(layer.name)
            group.attrs["weight_names"] = [f"{n}:0" for n in range(len(layer.weights))]
            for number, weight in enumerate(layer.weights):
                value = 3 if "fc2/bias" in weight.path else 0
                group.create_dataset(f"{number}:0", weight.shape, "float16", fillvalue=value)
    digest = hashlib.md5(weights.read_bytes()).hexdigest()
    monkeypatch.setattr(official, "SERVER", download_server)
    entry = replace(ENCODERS["vgg16"], weights=Weights("VGG16 with its top", "small.h5", digest))
    monkeypatch.setitem(ENCODERS, "vgg16", entry)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("keras.src.backend.config._KERAS_DIR", str(tmp_path / "cache"))
    (tmp_path / "cache").mkdir()
    encoder = load_encoder("vgg16")
    assert "random" not in capsys.readouterr().out
    assert (encoder.name, encoder.image_size, encoder.feature_shape) == ("vgg16", 224, (4096,))
    assert (tmp_path / "cache" / "models" / "small.h5").exists()
    pixels = np.zeros((1, 224, 224, 3), "uint8")
    np.testing.assert_array_equal(encoder.encode(pixels), np.full((1, 4096), 3))


# Encoding


def toy(network, preprocess=table.scale):
    """An encoder made of a network."""
    (_, size, _, _), (_, *shape) = network.input.shape, network.output.shape
    spec = EncoderSpec("toy", size, tuple(shape), preprocess, lambda filled: network, None)
    return Encoder(spec)


def brightness_encoder(size=4):
    inputs = keras.Input((size, size, 3))
    return toy(keras.Model(inputs, keras.layers.GlobalAveragePooling2D()(inputs)))


def test_pixels_are_scaled_to_minus_one_and_one():
    encoder = brightness_encoder()
    pixels = np.stack([np.full((4, 4, 3), value, "uint8") for value in (0, 51, 255)])
    vectors = encoder.encode(pixels)
    assert (encoder.name, encoder.image_size, encoder.feature_shape) == ("toy", 4, (3,))
    assert (vectors.shape, vectors.dtype) == ((3, 3), np.float32)
    np.testing.assert_allclose(vectors, [[-1] * 3, [-0.6] * 3, [1] * 3], atol=1e-6)


def test_an_encoder_is_frozen():
    """Dropout and batch normalisation behave as in use, and nothing is learned."""
    inputs = keras.Input((4, 4, 3))
    middle = keras.layers.BatchNormalization()(keras.layers.Dropout(0.9)(inputs))
    network = keras.Model(inputs, keras.layers.GlobalAveragePooling2D()(middle))
    encoder, before = toy(network), network.get_weights()
    pixels = np.random.default_rng(1).integers(0, 256, (5, 4, 4, 3), "uint8")
    np.testing.assert_array_equal(encoder.encode(pixels), encoder.encode(pixels))
    after = [weight for weight in network.get_weights() if weight.shape == (3,)]
    for ours, theirs in zip(after, [w for w in before if w.shape == (3,)], strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("count", [0, 1, 7])
def test_any_number_of_photos_goes_through(count):
    assert brightness_encoder().encode(np.zeros((count, 4, 4, 3), "uint8")).shape == (count, 3)


@pytest.mark.parametrize("view", [np.s_[:, :, ::-1], np.s_[::-1], np.s_[:, ::2, ::2]])
def test_views_of_arrays_go_through(view):
    pixels = np.random.default_rng(1).integers(0, 256, (3, 8, 8, 3), "uint8")[view]
    encoder = brightness_encoder(pixels.shape[1])
    expected = pixels.mean(axis=(1, 2)) / 127.5 - 1
    np.testing.assert_allclose(encoder.encode(pixels), expected, atol=1e-5)


@pytest.mark.slow
def test_xception_gives_3032_numbers_that_know_a_photo_from_its_neighbour(root):
    encoder = load_encoder()
    paths = sorted((root / "data" / "mini" / "Flicker8k_Dataset").glob("*.jpg"))[:3]
    from helpers.images import image_pixels

    pixels = np.stack([image_pixels(path, encoder.image_size) for path in paths])
    vectors = encoder.encode(np.concatenate([pixels, pixels[:, :, ::-1]]))
    assert vectors.shape == (6, *encoder.feature_shape) == (6, 3032)
    rows = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    alike = rows[:3] @ rows[3:].T  # photos beside mirror images
    assert [int(column) for column in alike.argmax(axis=1)] == [0, 1, 2]
    grid = keras.Model(encoder.network.input, encoder.network.layers[-2].output)
    scaled = pixels.astype("float32") / 127.5 - 1
    np.testing.assert_allclose(grid(scaled).numpy().mean(axis=1), vectors[:3], atol=1e-3)
