"""The part of `distil.py` that needs a GPU: teachers, then their students, on Keras' JAX backend.

    KERAS_BACKEND=jax python data/captioners/distil_on_gpu.py WORK

Several decoders are trained in step (`jax.vmap`). First they learn each next word of people's
captions; then to write captions of a high score. Students learn besides what their teachers hold
likely, and change the exit flow of the encoder.

Axes: models; photos, of a batch; captions, those of a photo one after the other; words; vocab.
What is learnt is float32; decoders compute in bfloat16.
"""

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

os.environ.setdefault("XLA_PYTHON_CLIENT_MEM_FRACTION", "0.92")  # of the GPU's; JAX takes 0.75
import jax
import jax.numpy as jnp
import keras
import numpy as np
from distil_decoders import DRAWN, Decoders, chances, xception_grid
from distil_score import advantages, cider_d, rarity_table, repeats
from distil_sight import LEARNT, exit_weights, features_of, look

READ = 26  # ids of people's captions that are read; few are longer
SMOOTHING = 0.1
PENALTY = 0.2  # of CIDEr-D, for each content word that comes again; people have 0.82


@dataclass(frozen=True)
class Stage:
    """One training of several models.

    Attributes:
        goal: "words" or "score".
        steps, photos: how many steps, of how many photos each.
        rate: size of the first steps; it falls to 0 along a half cosine.
        seed: of the order, the draw and the dropout.
        told: weight of what the teachers say: of the whole loss with words, else beside it.
        clip: the largest norm of the gradient of one weight.
        average: momentum of the running mean of the weights, which is kept in the end.
    """

    goal: str
    steps: int
    photos: int
    rate: float
    seed: int
    told: float
    clip: float
    average: float


TEACHERS = (1, 2, 3, 4, 5, 6)  # their seeds
TEACHING = (
    Stage("words", 2490, 32, 1.2e-3, 21, told=0, clip=5, average=0.998),
    Stage("score", 744, 64, 2e-5, 22, told=0, clip=1, average=0.98),
)
STUDENTS = (0, 0, 0, 0)  # with the words of which teacher each begins
SPEEDS = (0.12, 0.12, 0.3, 0.3)  # of their exit flow's steps, as shares of their decoder's
LEARNING = (
    Stage("words", 1800, 64, 4e-4, 31, told=0.5, clip=5, average=0.998),
    Stage("score", 1800, 64, 2e-5, 32, told=0.1, clip=1, average=0.98),
)


def surprise(logits, targets, smoothing: float = 0.0):
    """Return the cross-entropy (captions, words), as `words_loss` in helpers/training.py."""
    chosen = jnp.take_along_axis(logits, targets[..., None], -1)[..., 0]
    wanted = (1 - smoothing) * chosen + smoothing * logits.mean(-1)
    return jax.nn.logsumexp(logits, -1) - wanted


def adam(weight, gradient, state, rate, number, stage: Stage):
    """Return a weight and its state after a step, as Keras' Adam with `clipnorm`.

    state: running means of the gradient, of its square and of the weight; the last one begins at
    the weight before the first step. number: 1 at first.
    Source: Kingma and Ba 2015, "Adam: a method for stochastic optimization".
    """
    mean, square, average = state
    norm = jnp.sqrt(jnp.sum(gradient**2))
    shorter = gradient * stage.clip / jnp.maximum(norm, 1e-12)
    gradient = jnp.where(norm > stage.clip, shorter, gradient)
    mean, square = 0.9 * mean + 0.1 * gradient, 0.999 * square + 0.001 * gradient**2
    rate = rate * jnp.sqrt(1 - 0.999**number) / (1 - 0.9**number)
    weight = weight - rate * mean / (jnp.sqrt(square) + 1e-7)
    return weight, (mean, square, stage.average * average + (1 - stage.average) * weight)


class Training:
    """One stage. Weights are a pair of lists: of decoders, and changes of exit flows or none.

    Arguments:
        stage: its choices.
        decoders: how to call those that are trained, and their teachers.
        material: "seen" (`features_of`); of the photos "ids" int (photos, captions, words) and
            "references" int (photos, captions, words); "rarity" of their n-grams
            (`rarity_table`); "content" bool (vocab,), the words that should come once.
        teachers: weights of decoders, each (models, …), or None.
    """

    def __init__(self, stage: Stage, decoders: Decoders, material: dict, teachers=None):
        self.stage, self.decoders = stage, decoders
        self.material, self.teachers = material, teachers
        self.photos = len(material["ids"])
        self.views = len(material["seen"]["rest"]) // self.photos
        self.step = jax.jit(self.take_step, donate_argnums=(0, 1))

    def __call__(self, weights: tuple[list, list], speeds: tuple = ()) -> tuple[list, list]:
        """Return the running mean of weights (models, …); speeds: of the models' exit flows."""
        weights, form = jax.tree.map(jnp.array, weights), jax.tree.structure(weights)
        state = [(0 * w, 0 * w, jnp.array(w)) for w in jax.tree.leaves(weights)]
        key, models = jax.random.PRNGKey(self.stage.seed), len(weights[0][0])
        speeds = np.array([[1] * models, speeds or [1] * models], "float32")
        for step, batch in enumerate(self.batches(models)):
            key, now = jax.random.split(key)
            rate = self.stage.rate * (1 + np.cos(np.pi * step / self.stage.steps)) / 2
            varying = batch, now, jnp.float32(step + 1), jnp.float32(rate) * speeds
            weights, state, notes = self.step(
                weights, state, self.material, self.teachers, *varying
            )
            if step % 50 == 0:
                print(self.stage.goal, step, np.round(notes, 3), flush=True)
        return jax.tree.unflatten(form, [average for _, _, average in state])

    def batches(self, models: int) -> Iterator[np.ndarray]:
        """Yield int32 (models, 2, photos): each model's photos of a step, and how they are seen."""
        size, seed = self.stage.photos, self.stage.seed
        randoms = [np.random.default_rng([seed, model]) for model in range(models)]
        for step in range(self.stage.steps):
            place = step % (self.photos // size) * size
            if place == 0:
                orders = [random.permutation(self.photos) for random in randoms]
            views = [random.integers(self.views, size=size) for random in randoms]
            photos = [order[place : place + size] for order in orders]
            yield np.stack([photos, views], axis=1).astype("int32")

    def take_step(self, weights, state, material, teachers, batch, key, number, rates):
        """Return weights and state after a step, and the loss or the score of each model."""
        keys = jax.random.split(key, len(batch))
        notes, gradients = jax.vmap(partial(self.gradients, material, teachers))(
            weights, batch, keys
        )
        parts = [[rate] * len(part) for rate, part in zip(rates, weights, strict=True)]
        each = zip(*map(jax.tree.leaves, (weights, gradients)), state, sum(parts, []), strict=True)
        move = jax.vmap(partial(adam, number=number, stage=self.stage))
        moved, state = zip(*(move(*one) for one in each), strict=True)
        return jax.tree.unflatten(jax.tree.structure(weights), moved), list(state), notes

    def gradients(self, material, teachers, weights, batch, key):
        """Return the loss of one model, or CIDEr-D times 100, and the gradients."""
        photos, views = batch
        dropout, now = jax.random.split(key)
        see = partial(features_of, material["seen"], views * self.photos + photos)
        ids = material["ids"][photos].reshape(-1, material["ids"].shape[-1])[:, :READ]
        note = gains = told = None
        if self.stage.goal == "score":
            ids = self.decoders.draw(weights[0], see(weights[1]), now)
            references = jnp.repeat(material["references"][photos], DRAWN, 0)
            scores = cider_d(ids[:, 1:], references, material["rarity"])
            gains = advantages(scores - PENALTY * repeats(ids, material["content"]), DRAWN)
            note = 100 * scores.mean()
        if teachers:
            told = self.told(teachers, see([]), ids[:, :-1])

        def loss(weights):
            features, inputs = see(weights[1]), ids[:, :-1]
            logits = self.decoders.logits(weights[0], features, inputs, dropout)
            return self.loss(logits, ids[:, 1:], gains, told)

        value, gradients = jax.value_and_grad(loss)(weights)
        return value if note is None else note, gradients

    def told(self, teachers, features, ids):
        """Return the mean of the teachers' probabilities, (captions, words, vocab)."""
        logits = partial(self.decoders.logits, features=features, ids=ids)
        return jax.vmap(lambda weights: jax.nn.softmax(logits(weights)))(teachers).mean(0)

    def loss(self, logits, targets, gains, told):
        """Return the loss of a batch: with words per word, with gains (captions,) per caption.

        Sources: Hinton et al. 2015, "Distilling the knowledge in a neural network"; Rennie et al.
        2017, "Self-critical sequence training". Taught in lesson 12.
        """
        real, weight = (targets != 0).astype("float32"), self.stage.told
        taught = 0.0 if told is None else -jnp.sum(told * jax.nn.log_softmax(logits), -1)
        if gains is None:
            own = surprise(logits, targets, SMOOTHING)
            return jnp.sum(((1 - weight) * own + weight * taught) * real) / real.sum()
        own = surprise(chances(logits), targets)
        return jnp.mean(jnp.sum((gains[:, None] * own + weight * taught) * real, -1))


def main(work: Path) -> None:
    """Teach the teachers, then the students, and write what these have learnt."""
    network = xception_grid(lambda network: network)
    with np.load(work / "encoder.npz", allow_pickle=False) as arrays:
        network.set_weights([arrays[name] for name in arrays.files])
    with np.load(work / "captions.npz", allow_pickle=False) as arrays:
        captions = dict(arrays)
    own = int(captions.pop("own"))  # photos come first that say how rare an n-gram is
    photos = np.load(work / "photos.npy", mmap_mode="r")
    weights = {weight.path: weight.numpy() for weight in network.weights}
    seen = look(network, photos, ["plain", "mirrored", *["crop"] * 4])
    material = {
        **jax.tree.map(jnp.asarray, captions),
        "rarity": rarity_table(captions["references"][:own]),
        "seen": {**seen, "exit": exit_weights(weights)},
    }
    sizes = json.loads((work / "captioner" / "config.json").read_text("utf-8"))["sizes"]
    some = np.arange(0, own, max(1, own // 500))
    features = np.concatenate([np.float32(seen[part][some]) for part in ("grid", "rest")], -1)
    decoders = Decoders(sizes, features)
    write(work, decoders.model.standardise, learnt(decoders, material))


def learnt(decoders: Decoders, material: dict) -> tuple[list, list]:
    """Return the weights of the students' decoders, and the changes of their exit flows."""
    words, score = (Training(stage, decoders, material) for stage in TEACHING)
    talkers = words((decoders.fresh(TEACHERS), []))
    teachers, _ = score(talkers)
    kernels = [material["seen"]["exit"][name][1] for name in LEARNT]
    students = (
        [weight[np.array(STUDENTS)] for weight in talkers[0]],
        [jnp.zeros((len(STUDENTS), *kernel.shape)) for kernel in kernels],
    )
    for stage in LEARNING:
        students = Training(stage, decoders, material, teachers)(students, SPEEDS)
    return students


def write(work: Path, spread: keras.layers.Normalization, students: tuple[list, list]) -> None:
    """Write a file for each student: its weights in order, its changes by kernel, the spread."""
    fixed = {"mean": spread.adapt_mean, "variance": spread.adapt_variance}
    for student in range(len(students[0][0])):
        weights, changes = ([np.array(each[student]) for each in part] for part in students)
        arrays = {f"{place:03d}": weight for place, weight in enumerate(weights)}
        names = [f"{name}/pointwise_kernel" for name in LEARNT]
        arrays |= {name: change[None, None] for name, change in zip(names, changes, strict=True)}
        arrays |= {name: value.numpy() for name, value in fixed.items()}
        np.savez(work / f"student-{student}.npz", **arrays)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
