"""What a GPU treats differently: guarded without one, and tried on one where there is one."""

from functools import cache

import keras
import numpy as np
import pytest
import tensorflow as tf

from conftest import few_quick
from helpers.batches import CaptionBatches, group_by_photo
from helpers.models import AttentionDecoder, MergeDecoder
from helpers.self_critical import Criticism, train_on_score
from helpers.training import Recipe, compile_decoder, words_loss

GPUS = tf.config.list_physical_devices("GPU")
DEVICES = ["CPU:0", *["GPU:0"] * bool(GPUS)]
PRECISIONS = ["float32", "mixed_bfloat16", "mixed_float16"]
RISKY = "mixed_float16"  # small gradients vanish in it unless the loss is scaled
VOCAB, NUMBERS, REGIONS = 30, 16, 5
RANDOM = np.random.default_rng(8)
IDS = np.array([[2, 4, 5, 6, 3, 0, 0], [2, 7, 8, 3, 0, 0, 0], [2, 9, 10, 11, 12, 13, 3]], "int32")
ROWS = np.array([0, 0, 1])
DECODERS = {"merge": MergeDecoder, "attention": AttentionDecoder}
SHAPES = {"merge": (2, NUMBERS), "attention": (2, REGIONS, NUMBERS)}
FEATURES = {name: RANDOM.normal(size=shape).astype("float32") for name, shape in SHAPES.items()}
each_model = pytest.mark.parametrize("name", DECODERS)


def built(name):
    keras.utils.set_random_seed(4)
    model = DECODERS[name](VOCAB, NUMBERS, embedding_size=8, units=16)
    model.build()
    return model


@cache
def shared(name):
    """One for all tests that leave it as it is."""
    return built(name)


def batch_of(name):
    rows, ids = group_by_photo(ROWS, IDS) if name == "attention" else (ROWS, IDS)
    return next(iter(CaptionBatches(FEATURES[name], rows, ids, 9, shuffle=False)))


@pytest.fixture
def pretended_gpu(monkeypatch):
    """Let Keras believe that there is a GPU when it decides how to compile."""
    device = tf.config.PhysicalDevice("/physical_device:GPU:0", "GPU")
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda *_: [device])


@pytest.mark.slow
@each_model
def test_no_program_is_made_for_every_shape_of_batch(name, pretended_gpu):
    """XLA would compile the attention model anew for each; Keras asks for XLA by itself."""
    model = built(name)
    compile_decoder(model, Recipe(), steps=10)
    assert not model.jit_compile
    plain = built("attention")
    plain.compile("adam", "mse")
    assert plain.jit_compile  # else this test could not fail


@each_model
def test_no_program_is_made_for_every_shape_of_drawn_captions(name, pretended_gpu, monkeypatch):
    model = built(name)
    monkeypatch.setattr(model, "fit", lambda *_, **__: keras.callbacks.History())

    class Batches:
        criticism, dataset, __len__ = Criticism(), lambda self: None, lambda self: 3

    train_on_score(model, Batches())
    assert not model.jit_compile


def test_the_lstm_fits_the_gpu_s_own_library():
    """cuDNN takes an LSTM of plain form without a mask, or with padding on the right alone."""
    merge = shared("merge")
    lstm, cell = merge.lstm, merge.lstm.cell
    assert lstm.use_cudnn == "auto" and not (lstm.unroll or lstm.go_backwards)
    assert cell.use_bias and not cell.recurrent_dropout
    assert (cell.activation, cell.recurrent_activation) == (
        keras.activations.tanh,
        keras.activations.sigmoid,
    )
    assert merge.embedding.compute_mask(IDS) is None
    (_, inputs), targets = batch_of("merge")
    for ids in (inputs, targets):
        assert (np.diff((ids == 0).astype(int)) >= 0).all()


@cache
def what_it_says(name):
    (features, inputs), _ = batch_of(name)
    with tf.device("CPU:0"):
        return np.asarray(shared(name)((features, inputs)))


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("policy", few_quick(PRECISIONS))
@each_model
def test_every_device_and_precision_says_the_same(name, policy, device):
    (features, inputs), targets = batch_of(name)
    model, expected = shared(name), what_it_says(name)
    with tf.device(device):
        copy = model.copy(policy)
        logits = copy((features, inputs))
        loss = float(words_loss(targets, logits))
    tolerance = 1e-4 if policy == "float32" else 0.03
    np.testing.assert_allclose(np.asarray(logits, "float32"), expected, atol=tolerance)
    assert loss == pytest.approx(float(words_loss(targets, expected)), abs=tolerance)


@pytest.mark.slow
@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize(
    "policy",
    [pytest.param(name, marks=() if name == RISKY else pytest.mark.long) for name in PRECISIONS],
)
@each_model
def test_a_step_of_training_works_on_every_device(name, policy, device):
    (features, inputs), targets = batch_of(name)
    with tf.device(device):
        model = built(name).copy(policy)
        compile_decoder(model, Recipe(learning_rate=0.01), steps=100)
        losses = [model.train_on_batch((features, inputs), targets) for _ in range(8)]
    assert np.isfinite(losses).all() and losses[-1] < losses[0]
