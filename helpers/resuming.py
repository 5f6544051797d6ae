"""Trainings that were cut short, by Ctrl-C or a kill, go on as if nothing had happened."""

import shutil
import signal
import threading
from collections.abc import Iterator, Sized
from contextlib import contextmanager
from pathlib import Path

import keras
from keras import ops

from helpers.backend import kept_memory
from helpers.files import replacing


class Progress(keras.callbacks.Callback):
    """Saves every epoch, and lets Ctrl-C wait: in the middle of a batch TensorFlow can crash.

    The order of the captions and the dropout of an epoch depend on its number alone, not on what
    was trained before in this process.

    Arguments:
        batches: what is trained on; their order follows from the epoch's number, `epoch`.
        backup: folder of the last whole epoch; None saves none.
    """

    def __init__(self, batches: Sized, backup: str | Path | None = None):
        super().__init__()
        self.batches, self.asked = batches, False
        self.path = None if backup is None else Path(backup) / "latest.weights.h5"

    def restore(self, model: keras.Model) -> int:
        """Give a model the weights of the last saved epoch; return how many epochs are done."""
        if self.path is None or not self.path.exists():
            return 0
        model.optimizer.build(model.trainable_variables)
        model.load_weights(self.path)
        return int(model.optimizer.iterations) // len(self.batches)

    def ask(self, number: int, frame) -> None:
        """Note that somebody pressed Ctrl-C."""
        self.asked = True

    def stop_if_asked(self, *_, **logs) -> None:
        """Raise the KeyboardInterrupt that waited."""
        if self.asked:
            raise KeyboardInterrupt

    on_train_batch_end = on_test_batch_end = stop_if_asked

    def on_epoch_begin(self, epoch: int, logs=None) -> None:
        """Set what this epoch's chance depends on."""
        self.batches.epoch = epoch
        weights = {id(weight) for weight in self.model.weights}
        for state in self.model.non_trainable_variables:  # what are no weights are dropout's seeds
            if id(state) not in weights:
                state.assign(ops.stack([state[0], ops.cast(epoch << 20, state.dtype)]))

    def on_epoch_end(self, epoch: int, logs=None) -> None:
        """Save weights and optimiser, whole or not at all."""
        if self.path is not None:
            with replacing(self.path) as unfinished:
                self.model.save_weights(unfinished)


@contextmanager
def resumable(
    model: keras.Model,
    batches: Sized,
    backup: str | Path | None = None,
    keep_backup: bool = False,
) -> Iterator[tuple[Progress, int]]:
    """Give `fit` its first callback and the number of epochs that are done already.

    The callback has to come first: it saves the weights before their average takes their place.
    After the training Ctrl-C is as it was, after an error, too; `backup` is removed, unless it is
    kept for somebody who saves the model first.
    Raises KeyboardInterrupt for a Ctrl-C that came too late for `fit`.
    """
    progress = Progress(batches, backup)
    main = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGINT, progress.ask) if main else None
    try:
        with kept_memory():
            yield progress, progress.restore(model)
        progress.stop_if_asked()
    finally:
        if main:
            signal.signal(signal.SIGINT, before or signal.SIG_DFL)
    if backup is not None and not keep_backup:
        shutil.rmtree(backup, ignore_errors=True)
