"""What `test_distil.py` asks of the files that run on JAX, in a process of its own.

KERAS_BACKEND=jax python tests/distil_on_jax.py QUESTIONS.npz ANSWERS.npz
"""

import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "data/captioners"))


class NoTensorFlow:
    """Hides TensorFlow, which isn't there on the GPU; Keras would load it, too, if it were."""

    def find_spec(self, name, path=None, target=None):
        if name == "tensorflow":
            raise ModuleNotFoundError(name)


sys.meta_path.insert(0, NoTensorFlow())
import distil_on_gpu as gpu  # noqa: E402
import distil_score as score  # noqa: E402
import distil_sight as sight  # noqa: E402
import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
import keras  # noqa: E402

SIZES = {"vocab_size": 9, "feature_size": 18, "embedding_size": 4, "units": 8, "attention_size": 4}
SIZES |= {"image_dropout": 0.1, "word_dropout": 0.1, "output_dropout": 0.1}
PHOTOS, VIEWS = 4, 2


def scores(asked, table):
    """Scores, advantages and losses of what was asked."""
    return {
        "cider": jax.jit(score.cider_d)(asked["captions"], asked["references"], table),
        "repeats": score.repeats(asked["captions"], asked["content"]),
        "advantages": score.advantages(jnp.asarray(asked["rewards"]).ravel(), 5),
        "surprise": gpu.surprise(asked["logits"], asked["targets"], 0.1),
        "drawn": gpu.surprise(gpu.chances(jnp.asarray(asked["logits"])), asked["targets"]),
    }


def flows(asked):
    """The exit flow of Xception, frozen and changed."""
    weights = sight.exit_weights({name: array for name, array in asked.items() if "/" in name})
    changes = [asked[name] for name in sight.LEARNT]
    flow = jax.jit(sight.exit_flow)
    return {
        "frozen": flow(weights, asked["entered"], [0 * change for change in changes]),
        "changed": flow(weights, asked["entered"], changes),
    }


def adams(random):
    """A weight after three steps, and its running mean: by ours and by Keras' Adam."""
    stage = gpu.Stage("words", 3, 1, 0.01, 0, told=0, clip=5, average=0.9)
    start, gradients = random.normal(size=(2, 3)), random.normal(0, 4, (3, 2, 3))
    kept, by_keras = keras.Variable(start, dtype="float32"), keras.optimizers.Adam(0.01, clipnorm=5)
    weight, state, average = start, (0 * start, 0 * start, start), start
    for number, gradient in enumerate(gradients, start=1):
        by_keras.apply([jnp.float32(gradient)], [kept])
        weight, state = gpu.adam(weight, gradient, state, 0.01, number, stage)
        average = 0.9 * average + 0.1 * kept.numpy()
    answers = {"weight": weight, "average": state[2]}
    return answers | {"weight by Keras": kept.numpy(), "average by Keras": average}


def material(random, table):
    """Photos of 8 channels, with captions of 4 words."""
    exits, inside = {"shortcut": (8, 10)}, 8
    for name, outside in zip(sight.LEARNT, (8, 10, 12, 14), strict=True):
        exits[name], inside = (inside, outside), outside
    flow = {
        name: (random.normal(0, 0.5, shape), np.ones(shape[1]), np.zeros(shape[1]))
        for name, shape in exits.items()
    }
    for name in sight.LEARNT:
        flow[name] = random.normal(0, 0.5, (3, 3, exits[name][0])), *flow[name]
    flow = jax.tree.map(jnp.float32, flow)
    entered = jnp.float16(random.normal(size=(PHOTOS * VIEWS, 19, 19, 8)))
    grid = jax.jit(sight.exit_flow)(flow, entered.astype("float32"), [0.0] * 4).astype("float16")
    rest = jnp.float16(random.normal(size=(PHOTOS * VIEWS, 100, 4)))
    ids = np.zeros((PHOTOS, 5, 8), "int32")
    ids[..., :6] = [2, *random.permutation(5)[:4] + 4, 3]
    return {
        "seen": {"entered": entered, "grid": grid, "rest": rest, "exit": flow},
        "ids": jnp.asarray(ids),
        "references": jnp.asarray(ids[..., 1:]),
        "content": jnp.arange(9) > 4,
        "rarity": table,
    }


def students(random, table):
    """What a change of 0 sees, what a teacher draws, and how far two students' exit flows move."""
    given = material(random, table)
    seen, rows = given["seen"], np.arange(3)
    decoders = gpu.Decoders(SIZES, random.normal(size=(5, 10, 18)).astype("float32"))
    stage = gpu.Stage("words", 80, 2, 0.05, 5, told=0, clip=5, average=0.5)
    taught = gpu.Training(stage, decoders, given)((decoders.fresh((1, 2)), []))
    kernels = [jnp.zeros((2, *seen["exit"][name][1].shape)) for name in sight.LEARNT]
    stage = gpu.Stage("score", 2, 2, 0.01, 6, told=0.1, clip=1, average=0.5)
    learner = gpu.Training(stage, decoders, given, taught[0])
    _, changes = learner((taught[0], kernels), (0, 0.3))
    see, first = jax.jit(sight.features_of), [weight[0] for weight in taught[0]]
    frozen = see(seen, rows, [])
    return {
        "unchanged": see(seen, rows, [0.0] * 4).astype("float32"),
        "stored": frozen.astype("float32"),
        "drawn ids": jax.jit(decoders.draw)(first, frozen, jax.random.PRNGKey(0)),
        "said": given["ids"][0, 0],
        "still": np.concatenate([np.ravel(change[0]) for change in changes]),
        "moved": np.array([np.abs(change[1]).max() for change in changes]),
    }


def looked():
    """What a network of averages sees in five photos, two at once; their right is brighter."""
    image = keras.Input((sight.SIDE, sight.SIDE, 3))
    halves = keras.layers.AveragePooling2D(sight.SIDE // 2)(image)
    same = keras.layers.Activation("linear", name=f"{sight.LEARNT[0]}_act")(halves)
    network = keras.Model(image, keras.layers.Reshape((4, 3))(same))
    photos = np.zeros((5, 8, 8, 3), "uint8") + 40 * np.arange(5, dtype="uint8")[:, None, None, None]
    photos[:, :, 4:] += 20
    sight.GRID = 2  # of three numbers
    seen = sight.look(network, photos, ["plain", "mirrored", "crop"], at_once=2)
    return {f"looked {name}": rows.astype("float32") for name, rows in seen.items()}


def main(questions: str, answers: str) -> None:
    """Answer all at once: to load Keras and JAX takes longer than that."""
    random = np.random.default_rng(0)
    with np.load(questions) as arrays:
        asked = dict(arrays)
    table = score.rarity_table(asked["references"])
    found = scores(asked, table) | flows(asked) | students(random, table) | adams(random)
    found |= looked()
    np.savez(answers, **{name: np.asarray(value) for name, value in found.items()})


if __name__ == "__main__":
    main(*sys.argv[1:])
