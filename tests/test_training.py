"""Training: the loss, the two ways of asking the same, averaged weights, interruption."""

import dataclasses
import signal
from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
import pytest

from helpers.batches import CaptionBatches, prefix_rows
from helpers.decoding import greedy
from helpers.models import MergeDecoder, next_word_model
from helpers.resuming import Progress
from helpers.training import (
    CaptionEveryEpoch,
    CaptionLoss,
    Recipe,
    compile_decoder,
    train_decoder,
    words_loss,
)

VOCAB, SIZE = 12, 6
PHOTOS = np.random.default_rng(1).normal(2, 3, (3, SIZE)).astype("float32")
IDS = np.array([[2, 4, 5, 6, 7, 3], [2, 8, 9, 3, 0, 0], [2, 10, 4, 11, 3, 0]], "int32")
NO_DROPOUT = {"image_dropout": 0.0, "word_dropout": 0.0, "merge_dropout": 0.0}
TINY = Recipe(epochs=4, batch_size=3, learning_rate=0.02, smoothing=0.0, average=0.8)


def new_model(seed=3, **sizes):
    keras.utils.set_random_seed(seed)
    sizes = {"embedding_size": 8, "units": 16, **NO_DROPOUT, **sizes}
    model = MergeDecoder(VOCAB, feature_size=SIZE, **sizes)
    model.standardise.adapt(PHOTOS)
    model.build()
    return model


def batches_of(times=1, shuffle=False, ids=IDS):
    rows, ids = np.tile(np.arange(3), times), np.tile(ids, (times, 1))
    return CaptionBatches(PHOTOS, rows, ids, batch_size=3, shuffle=shuffle)


def dev_loss(model):
    ((features, inputs), targets), *_ = batches_of()
    return float(words_loss(targets, model((features, inputs))))


def random_logits(seed=0):
    targets = IDS[:, 1:]
    return targets, np.random.default_rng(seed).normal(0, 2, (*targets.shape, VOCAB)).astype("f4")


def test_the_loss_of_two_words_by_hand():
    logits = np.log([[[0.1, 0.2, 0.3, 0.4], [0.7, 0.1, 0.1, 0.1], [0.25] * 4]]).astype("f4")
    loss = words_loss(np.array([[3, 1, 0]]), logits)
    np.testing.assert_allclose(loss, -(np.log(0.4) + np.log(0.1)) / 2, rtol=1e-6)


def test_the_loss_is_keras_cross_entropy_of_the_unpadded_words():
    targets, logits = random_logits()
    real = targets != 0
    oracle = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    np.testing.assert_allclose(
        words_loss(targets, logits), oracle(targets[real], logits[real]), rtol=1e-6
    )


def test_smoothing_is_keras_label_smoothing():
    targets, logits = random_logits()
    real = targets != 0
    oracle = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.3)
    expected = oracle(keras.utils.to_categorical(targets[real], VOCAB), logits[real])
    np.testing.assert_allclose(words_loss(targets, logits, 0.3), expected, rtol=1e-6)


def test_the_mask_comes_from_the_targets():
    targets, logits = random_logits()
    loss = float(words_loss(targets, logits))
    wild = np.where((targets == 0)[..., None], 50 * np.ones(VOCAB, "f4"), logits)
    wild[targets == 0, 5] = -900
    np.testing.assert_allclose(words_loss(targets, wild), loss, rtol=1e-6)
    wider = np.pad(targets, ((0, 0), (0, 3))), np.pad(logits, ((0, 0), (0, 3), (0, 0)))
    np.testing.assert_allclose(words_loss(*wider), loss, rtol=1e-6)
    assert float(words_loss(np.zeros_like(targets), logits)) == 0
    changed = targets.copy()
    changed[0, 0] = 9
    assert abs(float(words_loss(changed, logits)) - loss) > 1e-3


def test_the_loss_object_is_the_function():
    targets, logits = random_logits()
    loss = CaptionLoss(0.2)
    np.testing.assert_allclose(loss(targets, logits), words_loss(targets, logits, 0.2), rtol=1e-6)


def test_classic_rows_and_whole_captions_have_the_same_loss_per_word():
    model = new_model()
    rows = [prefix_rows(photo, caption, VOCAB) for photo, caption in zip(PHOTOS, IDS, strict=True)]
    photos, so_far, next_words = map(np.concatenate, zip(*rows, strict=True))
    probabilities = next_word_model(model, IDS.shape[1] - 1)([photos, so_far])
    classic = keras.losses.CategoricalCrossentropy()(next_words, probabilities)
    assert len(photos) == np.count_nonzero(IDS[:, 1:])
    np.testing.assert_allclose(dev_loss(model), classic, rtol=1e-5)


class Watch(keras.callbacks.Callback):
    """Notes the dev loss that `fit` reports beside that of the weights at the epoch's end."""

    def on_epoch_end(self, epoch, logs=None):
        average = self.model.optimizer._model_variables_moving_average
        weights = self.model.trainable_variables
        pairs = zip(weights, average, strict=True)
        apart = max(float(keras.ops.max(keras.ops.abs(a - b))) for a, b in pairs)
        self.noted = [*getattr(self, "noted", []), (logs["val_loss"], dev_loss(self.model), apart)]


@pytest.fixture(scope="module")
def overfitted():
    """A tiny model trained on three captions, and what was noted on the way."""
    model, watch, shown = new_model(), Watch(), []
    captions = CaptionEveryEpoch(lambda: greedy(model, PHOTOS, 6), lambda *line: shown.append(line))
    train = batches_of(times=25, shuffle=True)
    history = train_decoder(model, train, batches_of(), TINY, None, [captions, watch], verbose=0)
    return model, history, captions.captions, shown, watch.noted


@pytest.mark.slow
def test_a_tiny_model_learns_three_captions_by_heart(overfitted):
    model, history, *_ = overfitted
    assert greedy(model, PHOTOS, 6) == [[4, 5, 6, 7], [8, 9], [10, 4, 11]]
    assert history["val_loss"][-1] < 0.2 < history["val_loss"][0]
    assert len(history["loss"]) == TINY.epochs


@pytest.mark.slow
def test_captions_are_noted_untrained_and_after_every_epoch(overfitted):
    model, history, captions, shown, _ = overfitted
    assert len(captions) == TINY.epochs + 1
    assert captions[0] != captions[-1] == greedy(model, PHOTOS, 6)
    labels = [label for label, _ in shown]
    assert labels[0] == "untrained" and labels[2].startswith("epoch  2, dev loss ")
    assert labels[2].endswith(f"{history['val_loss'][1]:.3f}")
    assert [line for _, line in shown] == captions


@pytest.mark.slow
def test_the_dev_loss_is_that_of_the_averaged_weights(overfitted):
    model, history, _, _, noted = overfitted
    for reported, of_the_weights, apart in noted[:-1]:
        np.testing.assert_allclose(reported, of_the_weights, rtol=1e-4)
        assert apart > 1e-4  # the weights as the optimiser left them are others
    np.testing.assert_allclose(history["val_loss"][-1], dev_loss(model), rtol=1e-4)


UNLIKE = np.zeros((6, 14), "int32")  # five short captions and a long one
for row, length in enumerate((4, 4, 4, 4, 4, 12)):
    words = np.random.default_rng(row).integers(4, VOCAB, length - 2)
    UNLIKE[row, :length] = [2, *words, 3]


@pytest.mark.slow
def test_the_loss_of_an_epoch_is_a_mean_of_its_words(eager):
    """Keras' own is one of the photos: five short captions outweighed a long one."""
    photos = np.random.default_rng(1).normal(size=(6, SIZE)).astype("float32")
    dev = CaptionBatches(photos, np.arange(6), UNLIKE, batch_size=3, shuffle=False)
    assert len({len(targets) for _, targets in dev}) > 1, "else both means are the same"
    model, nats, words = new_model(), 0.0, 0
    for inputs, targets in dev:
        count = np.count_nonzero(targets)
        nats, words = nats + count * float(words_loss(targets, model(inputs))), words + count
    still = dataclasses.replace(TINY, epochs=1, learning_rate=0.0)
    history = train_decoder(model, dev, dev, still, verbose=0)
    np.testing.assert_allclose([history["val_loss"], history["loss"]], nats / words, rtol=1e-5)


class PressCtrlC(keras.callbacks.Callback):
    """Presses Ctrl-C at one moment of a training, such as "on_test_begin"."""

    def __init__(self, moment, error=None):
        super().__init__()
        self.error = error
        setattr(self, moment, self.press)

    def press(self, *_, **logs):
        signal.raise_signal(signal.SIGINT)
        if self.error:
            raise self.error


def brief(times=1):
    """Batches of captions of one word, where it does not matter which they are."""
    return batches_of(times, ids=np.array([[2, 4, 3], [2, 8, 3], [2, 10, 3]], "int32"))


def noted(number, frame):
    raise KeyboardInterrupt("by the handler from before")


@pytest.fixture
def handler():
    """A handler of Ctrl-C from before the training."""
    before = signal.signal(signal.SIGINT, noted)
    yield noted
    signal.signal(signal.SIGINT, before)


@pytest.mark.slow
def test_an_error_in_a_training_leaves_ctrl_c_as_it_was(eager, handler):
    press = PressCtrlC("on_train_batch_end", MemoryError("no memory"))
    with pytest.raises(MemoryError):
        train_decoder(new_model(), brief(), brief(), TINY, callbacks=[press], verbose=0)
    assert signal.getsignal(signal.SIGINT) is handler
    with pytest.raises(KeyboardInterrupt, match="from before"):
        signal.raise_signal(signal.SIGINT)


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["on_train_batch_end", "on_test_begin", "on_epoch_end"])
def test_ctrl_c_in_the_last_epoch_is_heard_and_nothing_is_lost(tmp_path, eager, handler, moment):
    """In the last validation it was lost, and the pipeline went on to save and score."""
    recipe, backup = dataclasses.replace(TINY, epochs=1), tmp_path / "unfinished"
    train, press = brief(2), PressCtrlC(moment)
    with pytest.raises(KeyboardInterrupt):
        train_decoder(new_model(), train, brief(), recipe, backup, [press], verbose=0)
    assert signal.getsignal(signal.SIGINT) is handler
    saved = (backup / "latest.weights.h5").exists()
    assert saved == (moment == "on_epoch_end"), "what was done is kept for the next run"


@pytest.mark.slow
def test_a_training_in_a_thread_needs_no_signals(eager):
    with ThreadPoolExecutor(1) as pool:
        recipe = dataclasses.replace(TINY, epochs=1)
        given = (new_model(), brief(), brief(), recipe)
        assert "loss" in pool.submit(train_decoder, *given, verbose=0).result()


class StopInEpoch(keras.callbacks.Callback):
    """Presses Ctrl-C in the middle of an epoch."""

    def __init__(self, epoch):
        super().__init__()
        self.stop_in = epoch

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if self.epoch == self.stop_in and batch == 1:
            raise KeyboardInterrupt


@pytest.mark.slow
def test_an_interrupted_training_goes_on_to_the_same_end(tmp_path, eager):
    """It replayed the first epoch's order, and dropout began anew."""
    recipe, backup = dataclasses.replace(TINY, epochs=3), tmp_path / "unfinished"
    dropout = {"word_dropout": 0.5, "merge_dropout": 0.5}
    whole, stopped, resumed = (new_model(**dropout) for _ in range(3))
    expected = train_decoder(whole, batches_of(4, True), batches_of(), recipe, verbose=0)
    with pytest.raises(KeyboardInterrupt):
        stop = [StopInEpoch(2)]
        train_decoder(stopped, batches_of(4, True), batches_of(), recipe, backup, stop, verbose=0)
    assert backup.exists()
    begun, labels = batches_of(4, True), []
    list(begun), list(begun)  # how often somebody went through them doesn't matter
    more = [CaptionEveryEpoch(lambda: ["a"], lambda label, _: labels.append(label))]
    history = train_decoder(resumed, begun, batches_of(), recipe, backup, more, verbose=0)
    np.testing.assert_allclose(history["val_loss"], expected["val_loss"][2:], rtol=1e-4)
    for weight, other in zip(resumed.weights, whole.weights, strict=True):
        np.testing.assert_allclose(weight, other, atol=1e-6)
    assert labels[0] == "restored" and labels[1].startswith("epoch  3") and len(labels) == 2
    assert not backup.exists()


@pytest.mark.slow
def test_a_kill_while_an_epoch_is_saved_leaves_the_one_before(tmp_path, eager, monkeypatch):
    recipe, backup = dataclasses.replace(TINY, epochs=2), tmp_path / "unfinished"
    save, model, files = keras.Model.save_weights, new_model(), []

    def killed(self, path):
        save(self, path) if not files else path.write_bytes(b"half of it")
        files.append((backup / "latest.weights.h5").exists())
        if len(files) == 2:
            raise SystemExit

    monkeypatch.setattr(keras.Model, "save_weights", killed)
    with pytest.raises(SystemExit):
        train_decoder(model, brief(), brief(), recipe, backup, verbose=0)
    assert files == [False, True]
    resumed = new_model(seed=9)
    compile_decoder(resumed, recipe, 2)
    assert Progress(brief(), backup).restore(resumed) == 1


@pytest.mark.slow
def test_a_training_stopped_after_its_last_epoch_keeps_the_average(tmp_path, eager):
    backup = tmp_path / "unfinished"
    recipe = dataclasses.replace(TINY, epochs=1)

    class StopAtTheEnd(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            raise KeyboardInterrupt

    model, resumed = new_model(), new_model(seed=9)
    with pytest.raises(KeyboardInterrupt):
        train_decoder(model, brief(2), brief(), recipe, backup, [StopAtTheEnd()], 0)
    averaged = dev_loss(model)
    assert train_decoder(resumed, brief(2), brief(), recipe, backup, verbose=0) == {}
    np.testing.assert_allclose(dev_loss(resumed), averaged, rtol=1e-4)
