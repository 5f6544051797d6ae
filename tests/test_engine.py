"""The fast engine: what it makes of an encoder, when it stands aside, what it says then."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec

import keras
import numpy as np
import pytest

from conftest import few_quick
from helpers.encoders import Encoder, EncoderError, EncoderSpec, engine, load_encoder
from helpers.encoders import loading as module
from helpers.encoders.loading import filled
from helpers.features import FeaturesError, extract_features, load_features

if find_spec("openvino") is None:
    pytest.skip("needs the extra “fast”", allow_module_level=True)
openvino = engine.openvino()
SIZE, SHAPE = 24, (9, 5)
IGNORED = "so TensorFlow encodes, more slowly."


@pytest.fixture(autouse=True)
def work(work, monkeypatch):
    """A work folder of its own for every test, and no wish for an engine."""
    monkeypatch.delenv(engine.SETTING, raising=False)
    monkeypatch.setattr(engine, "GPU_DEVICES", ())
    build.times, build.filled = 0, False
    return work / "encoders"


def network():
    """A network with what Xception has: convolutions of both kinds, normalisation, pooling."""
    keras.utils.set_random_seed(5)
    layers, photo = keras.layers, keras.Input((SIZE, SIZE, 3))
    fine = layers.SeparableConv2D(8, 3, padding="same")(photo)
    fine = layers.Activation("relu")(layers.BatchNormalization()(fine))
    grid = layers.AveragePooling2D(8)(layers.Conv2D(5, 3, padding="same")(fine))
    return keras.Model(photo, layers.Reshape(SHAPE)(grid))


def build(fill):
    """Make the network and note it; its weights come from a file only if a test says so."""
    build.times += 1
    return fill(network()) if build.filled else network()


def scale(pixels):
    return pixels / 127.5 - 1


SPEC = EncoderSpec("toy", SIZE, SHAPE, scale, build, None)


@pytest.fixture
def pixels():
    return np.random.default_rng(3).integers(0, 256, (5, SIZE, SIZE, 3), "uint8")


@pytest.fixture
def expected(pixels, monkeypatch):
    """TensorFlow's features of them."""
    build.times = 0
    with monkeypatch.context() as patch:
        patch.setenv(engine.SETTING, "TensorFlow")
        encoder = Encoder(SPEC)
    assert encoder.engine is None and encoder.precision == "float32"
    features = encoder.encode(pixels)
    build.times = 0
    return features


def cosines(ours, theirs):
    ours, theirs = ours.reshape(len(ours), -1), theirs.reshape(len(theirs), -1)
    lengths = np.linalg.norm(ours, axis=1) * np.linalg.norm(theirs, axis=1)
    return (ours * theirs).sum(axis=1) / lengths


def test_both_engines_say_the_same(pixels, expected, work):
    encoder = Encoder(SPEC)
    features = encoder.encode(pixels)
    assert encoder.engine and encoder.precision in ("float32", "bfloat16")
    assert (features.shape, features.dtype) == (expected.shape, np.float32)
    assert cosines(features, expected).min() > 0.999
    if encoder.precision == "float32":
        np.testing.assert_allclose(features, expected, atol=1e-4)
    assert sorted(path.suffix for path in work.iterdir()) == [".bin", ".xml"]


@pytest.mark.slow
def test_a_second_start_builds_no_network(pixels, expected):
    features = Encoder(SPEC).encode(pixels)
    assert build.times == 1
    again = Encoder(SPEC)
    np.testing.assert_array_equal(again.encode(pixels), features)
    assert build.times == 1
    assert again.network.output.shape == (None, *SHAPE) and build.times == 2, "who asks gets it"


@pytest.mark.parametrize("count", few_quick([7, 1, 0]))
def test_any_number_of_photos_goes_through(count):
    pixels = np.zeros((count, SIZE, SIZE, 3), "uint8")
    assert Encoder(SPEC).encode(pixels).shape == (count, *SHAPE)


@pytest.mark.parametrize("view", few_quick([(np.s_[:, :, ::-1],), np.s_[::-1]]))
def test_views_of_arrays_go_through(pixels, view):
    encoder = Encoder(SPEC)
    whole = encoder.encode(np.ascontiguousarray(pixels[view]))
    np.testing.assert_array_equal(encoder.encode(pixels[view]), whole)


@pytest.mark.slow
def test_threads_may_ask_together(pixels, expected):
    encoder, orders = Encoder(SPEC), [np.s_[:], np.s_[:1], np.s_[::-1], np.s_[2:]] * 5
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda order: encoder.encode(pixels[order]), orders))
    for order, features in zip(orders, found, strict=True):
        assert cosines(features, expected[order]).min() > 0.999


def test_features_stay_when_others_are_made(pixels):
    encoder = Encoder(SPEC)
    first = encoder.encode(pixels)
    kept = first.copy()
    encoder.encode(255 - pixels)
    np.testing.assert_array_equal(first, kept)


@pytest.mark.slow
def test_other_weights_are_another_graph_and_old_ones_go(tmp_path, work, pixels):
    """Of the same encoder: those of a name that begins alike stay."""
    ones = network()
    ones.set_weights([np.ones(weight.shape) for weight in ones.weights])
    ones.save_weights(tmp_path / "ones.weights.h5")
    Encoder(EncoderSpec("toy-grid", SIZE, SHAPE, scale, build, None))
    before = {path.name for path in work.iterdir()}
    random = Encoder(SPEC).encode(pixels)
    build.filled = True
    trained = Encoder(SPEC, tmp_path / "ones.weights.h5").encode(pixels)
    assert np.abs(trained - random).max() > 0.1
    after = {path.name for path in work.iterdir()}
    assert before < after and len(after) == 4


def test_weights_that_do_not_fit_are_named(tmp_path, capsys):
    build.filled = True
    (tmp_path / "noise.weights.h5").write_bytes(b"no HDF5")
    with pytest.raises(EncoderError, match="noise.weights.h5 does not fit toy"):
        Encoder(SPEC, tmp_path / "noise.weights.h5")
    assert capsys.readouterr().out == ""


@pytest.mark.slow
def test_nobody_is_told(root):
    """OpenVINO itself reports every import to its makers; that starts a thread, and a module."""
    code = (
        "import sys, threading\n"
        "from helpers.encoders import engine\n"
        "engine.openvino().convert_model\n"
        "assert threading.active_count() == 1, threading.enumerate()\n"
        "assert not [name for name in sys.modules if name.startswith('openvino_telemetry.')]\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=root, check=True)


# Where it can't be used


def falls_back(capsys, pixels, expected, reason):
    """Load the encoder: a line says why, and TensorFlow's features come."""
    encoder = Encoder(SPEC)
    said = capsys.readouterr().out
    assert said.count("\n") == 1 and reason in said and said.endswith(f"{IGNORED}\n"), said
    np.testing.assert_array_equal(encoder.encode(pixels), expected)
    assert encoder.precision == "float32"


def test_a_gpu_is_the_faster_engine(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(engine, "GPU_DEVICES", (str(tmp_path),))  # there is one, it seems
    devices = ["a GPU"]
    monkeypatch.setattr("tensorflow.config.list_physical_devices", lambda kind: devices)
    assert Encoder(SPEC).engine is None and capsys.readouterr().out == ""
    devices.clear()
    assert Encoder(SPEC).engine


@pytest.mark.parametrize("error", [ImportError("libopenvino.so.2: no such file"), AttributeError])
def test_another_version_of_openvino(pixels, expected, monkeypatch, capsys, error):
    def Core():
        raise error

    monkeypatch.setattr(openvino, "Core", Core)
    falls_back(capsys, pixels, expected, "OpenVINO can't be used (")


def test_a_processor_without_the_instructions(pixels, expected, monkeypatch, capsys):
    def compile_model(*_):
        raise RuntimeError("Exception from src/core.cpp:7\n[CPU] needs SSE4.2")

    monkeypatch.setattr(openvino.Core, "compile_model", compile_model)
    falls_back(capsys, pixels, expected, "toy: OpenVINO can't be used (")


def test_a_folder_that_cannot_be_written(pixels, expected, monkeypatch, capsys, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("CAPTION_WORK", str(tmp_path / "file"))
    falls_back(capsys, pixels, expected, "file")


@pytest.mark.parametrize("photos", few_quick([1, 2]))
@pytest.mark.parametrize("wrong", few_quick([np.nan, 0, -1]))
def test_an_engine_that_answers_something_else(
    pixels, expected, monkeypatch, capsys, work, wrong, photos
):
    """For a single photo, or for several, which take another way through it."""
    call = engine.Engine.__call__

    def answer(self, pixels):
        return call(self, pixels) * (wrong if len(pixels) == photos else 1)

    monkeypatch.setattr(engine.Engine, "__call__", answer)
    falls_back(capsys, pixels, expected, "TensorFlow's")
    (note,) = work.iterdir()
    build.times = 0
    falls_back(capsys, pixels, expected, f"delete {note} to try again")
    assert build.times == 1, "it is not tried again"


@pytest.mark.slow
def test_a_graph_that_is_broken_is_made_anew(pixels, capsys, work):
    features = Encoder(SPEC).encode(pixels)
    for path in work.iterdir():
        path.write_bytes(path.read_bytes()[:100])
    np.testing.assert_array_equal(Encoder(SPEC).encode(pixels), features)
    assert build.times == 2 and capsys.readouterr().out == ""


# Features


def test_features_record_the_precision_and_a_run_goes_on_in_another(
    tmp_path, make_image, monkeypatch
):
    monkeypatch.setattr(engine, "precision_of", lambda core: "float32")
    photos = {f"{n}.png": make_image(f"{n}.png", (SIZE, SIZE), "RGB", (n, 0, 0)) for n in range(6)}
    encoder, done = Encoder(SPEC), []

    def encode(pixels):
        if done:
            raise OSError("unplugged")
        done.append(pixels)
        return np.zeros((2, *SHAPE))

    encoder.precision, encoder.encode = "bfloat16", encode
    with pytest.raises(FeaturesError, match="2 of 6 photos are kept"):
        extract_features(encoder, photos, tmp_path / "features.pkl", batch_size=2)
    extract_features(Encoder(SPEC), photos, tmp_path / "features.pkl", batch_size=2)
    assert load_features(tmp_path / "features.pkl").precision == "bfloat16, float32"


@pytest.mark.slow
def test_the_official_route_ends_in_an_engine(monkeypatch, tmp_path):
    """`load_encoder` and no other call is what users and the pipeline know."""
    build.filled, source = True, network()
    source.save_weights(tmp_path / "toy.weights.h5")
    monkeypatch.setitem(module.ENCODERS, "toy", SPEC)
    encoder = load_encoder("toy", tmp_path / "toy.weights.h5")
    assert encoder.engine and encoder.feature_shape == SHAPE
    weights = filled(network(), tmp_path / "toy.weights.h5", SPEC).get_weights()
    for ours, theirs in zip(encoder.network.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)
