"""Training a captioner: the recipe, the loss, and a look at the captions after every epoch."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import keras
import numpy as np
from keras import ops

from helpers.batches import CaptionBatches
from helpers.resuming import resumable


class CaptionLoss(keras.losses.Loss):
    """`words_loss` in the form that `compile` wants. Taught in lesson 04."""

    def __init__(self, smoothing: float = 0.0, name: str = "caption_loss"):
        super().__init__(name=name, reduction=None)
        self.smoothing = smoothing

    def call(self, targets, logits):
        """Return one number, the loss per real word of the batch."""
        return words_loss(targets, logits, self.smoothing)


class LossPerWord(keras.metrics.Mean):
    """The mean of `words_loss` over all words of an epoch, in nats.

    Keras' own mean of the batches counts photos: a batch of short captions has more of them, and
    would weigh more. Called "loss", it takes that one's place. Taught in lesson 04.
    """

    def __init__(self, smoothing: float = 0.0, name: str = "loss"):
        super().__init__(name=name)
        self.smoothing = smoothing

    def update_state(self, targets, logits, sample_weight=None):
        """Add a batch; its loss counts as often as it has words."""
        words = ops.count_nonzero(targets)
        super().update_state(words_loss(targets, logits, self.smoothing), words)


def words_loss(
    targets: keras.KerasTensor, logits: keras.KerasTensor, smoothing: float = 0.0
) -> keras.KerasTensor:
    """Return the mean cross-entropy over the real words of a batch, in nats.

    Arguments:
        targets: int (batch, words), 0 where there is no word.
        logits: float (batch, words, vocab).
        smoothing: share of the target given to all words alike (label smoothing,
            Szegedy et al. 2016); 0 asks for the next word alone.

    Taught in lesson 04.
    """
    logits = ops.cast(logits, "float32")
    real = ops.cast(ops.not_equal(targets, 0), "float32")
    chosen = ops.take_along_axis(logits, ops.expand_dims(targets, -1), axis=-1)[..., 0]
    wanted = (1 - smoothing) * chosen + smoothing * ops.mean(logits, axis=-1)
    losses = ops.logsumexp(logits, axis=-1) - wanted
    return ops.sum(losses * real) / ops.maximum(ops.sum(real), 1.0)


class CaptionEveryEpoch(keras.callbacks.Callback):
    """Captions the same images before training and after every epoch.

    Arguments:
        caption: function without arguments that returns the captions as they are now.
        show: what to do with a label, such as "epoch  3, dev loss 2.104", and the captions;
            `print` for one.

    `captions` holds one list per epoch, the untrained model's first. Taught in lesson 04.
    """

    def __init__(
        self,
        caption: Callable[[], list[str]],
        show: Callable[[str, list[str]], None] | None = None,
    ):
        super().__init__()
        self.caption, self.show, self.captions = caption, show, []

    def on_train_begin(self, logs=None) -> None:
        """Note what the model says before it has learnt anything, or where it goes on."""
        self.note("restored" if int(self.model.optimizer.iterations) else "untrained")

    def on_epoch_end(self, epoch: int, logs=None) -> None:
        """Note what the model says after this epoch."""
        self.note(f"epoch {epoch + 1:2}, dev loss {(logs or {}).get('val_loss', np.nan):.3f}")

    def note(self, label: str) -> None:
        """Caption the images and keep the result."""
        self.captions.append(self.caption())
        if self.show:
            self.show(label, self.captions[-1])


@dataclass(frozen=True)
class Recipe:
    """The choices of one training run.

    Attributes:
        decoder: one of the table in `helpers.models`.
        encoder: whose features it reads.
        epochs: passes over the training captions.
        batch_size: captions in a batch, on average.
        learning_rate: where it begins; it falls to 0 along a half cosine.
        smoothing: of `words_loss`.
        average: momentum of the running mean of the weights that is kept in the end.
        min_count: how often a word must occur in the training captions to be learnt.
        max_length: ids of the longest caption, both markers counted.
        mirror: whether mirror images of the training photos are used too.
        length_power: of beam search, chosen on dev.
        search: how captions are looked for, the fields of `captioner.Search`; chosen on dev, too.
        components: numbers to which regions are reduced for training (PCA); 0 takes all of them.
        precision: "float32", or "mixed_bfloat16" to train faster on processors that have it.
        sizes: arguments of the model.

    Taught in lesson 04.
    """

    decoder: str = "merge"
    encoder: str = "xception"
    epochs: int = 14
    batch_size: int = 128
    learning_rate: float = 1e-3
    smoothing: float = 0.1
    average: float = 0.998
    min_count: int = 5
    max_length: int = 32
    mirror: bool = True
    length_power: float = 0.8
    search: dict = field(default_factory=lambda: {"kind": "beam", "beam_size": 3})
    components: int = 0
    precision: str = "float32"
    sizes: dict = field(default_factory=dict)


ATTENTION = {"decoder": "attention", "encoder": "xception-grid"}
TRANSFORMER = {"decoder": "transformer", "encoder": "xception-grid"}
CONCATENATE = {"decoder": "concatenate", "encoder": "vgg16"}
MINI = {"epochs": 12, "average": 0.99, "min_count": 2, "mirror": False}
VOTE = {"kind": "vote", "beam_size": 10}
MINI_SIZES = {"embedding_size": 128, "units": 192, "word_dropout": 0.2, "merge_dropout": 0.4}
MINI_MERGE_SIZES = {**MINI_SIZES, "image_scale": 0.1, "image_activation": "linear"}
MINI_CONCATENATE_SIZES = {**MINI_SIZES, "image_scale": 0.02}
MINI_ATTENTION_SIZES = {"embedding_size": 128, "units": 192, "attention_size": 96}
MINI_TRANSFORMER_SIZES = {"width": 128, "image_scale": 0.3}
TRANSFORMER_SIZES = {"image_dropout": 0.5, "block_dropout": 0.15, "output_dropout": 0.4}
RECIPES = {
    "mini": {
        "merge": Recipe(
            batch_size=16, learning_rate=3e-3, length_power=0.4, sizes=MINI_MERGE_SIZES, **MINI
        ),
        "attention": Recipe(
            batch_size=40, learning_rate=2e-3, sizes=MINI_ATTENTION_SIZES, **MINI, **ATTENTION
        ),
        "transformer": Recipe(
            batch_size=40, learning_rate=2e-3, sizes=MINI_TRANSFORMER_SIZES, **MINI, **TRANSFORMER
        ),
        "concatenate": Recipe(
            batch_size=16, learning_rate=3e-3, sizes=MINI_CONCATENATE_SIZES, **MINI, **CONCATENATE
        ),
    },
    "flickr8k": {
        "merge": Recipe(),
        "attention": Recipe(
            epochs=12, batch_size=80, search=VOTE, sizes={"image_dropout": 0.5}, **ATTENTION
        ),
        "transformer": Recipe(
            epochs=10, batch_size=80, search=VOTE, sizes=TRANSFORMER_SIZES, **TRANSFORMER
        ),
    },
}
SMALL = 1000  # training photos; with fewer, most words are rarer than the large recipe asks


def compile_decoder(model: keras.Model, recipe: Recipe, steps: int) -> None:
    """Give a model its loss and its optimiser.

    Arguments:
        model: a decoder.
        recipe: learning rate, label smoothing, weight averaging.
        steps: batches of the whole training.

    Our batches differ in shape. With a GPU, Keras would let XLA compile the attention model anew
    for each shape, and that takes longer than the training. Taught in lesson 04.
    """
    schedule = keras.optimizers.schedules.CosineDecay(recipe.learning_rate, steps)
    optimiser = keras.optimizers.Adam(
        schedule, clipnorm=5.0, use_ema=True, ema_momentum=recipe.average
    )
    per_word = LossPerWord(recipe.smoothing)
    model.compile(optimiser, CaptionLoss(recipe.smoothing), metrics=[per_word], jit_compile=False)


def train_decoder(
    model: keras.Model,
    train: CaptionBatches,
    dev: CaptionBatches,
    recipe: Recipe,
    backup: str | Path | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    verbose: int = 2,
    keep_backup: bool = False,
) -> dict[str, list[float]]:
    """Train a decoder; the loss on dev after every epoch is that of the averaged weights.

    Arguments:
        model: a decoder, built, its `standardise` layer adapted.
        train, dev: batches of the two splits; the test split has no place here.
        recipe: the choices of this run.
        backup: folder in which every epoch is saved; an interrupted run goes on from there.
        callbacks: more callbacks for `fit`, such as `CaptionEveryEpoch`; at the end of an epoch
            they meet the averaged weights.
        verbose: of `fit`: 2 prints a line per epoch, 0 nothing.
        keep_backup: leaves `backup` to the caller, who removes it once the decoder is saved.

    Returns the history, a list per quantity with one number per epoch; after an interruption,
    per epoch since then. Taught in lesson 04.
    """
    compile_decoder(model, recipe, steps=recipe.epochs * len(train))
    average = keras.callbacks.SwapEMAWeights(swap_on_epoch=True)
    with resumable(model, train, backup, keep_backup) as (progress, epochs_done):
        history = model.fit(
            train.dataset(),
            validation_data=dev.dataset(),
            initial_epoch=epochs_done,
            epochs=recipe.epochs,
            shuffle=False,
            verbose=verbose,
            callbacks=[progress, average, *callbacks],
        )
    return history.history
