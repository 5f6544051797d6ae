"""What Xception sees in photos, on a GPU, and how its last two blocks can learn to see.

`distil_on_gpu.py` makes `helpers` importable without TensorFlow, and imports this.
"""

from functools import partial

import jax
import jax.numpy as jnp
import keras
import numpy as np
from jax import lax
from jax.nn import relu

SIDE = 299  # pixels that Xception reads
GRID = 2048  # numbers of a region that leave the exit flow; the rest is of earlier blocks
EPSILON = 1e-3  # of Keras' batch normalisation
LEARNT = [f"block{block}_sepconv{layer}" for block in (13, 14) for layer in (1, 2)]


def crops(photos: int, side: int, kind: str, random: np.random.Generator) -> tuple:
    """Return how photos of `side` pixels are seen: scales and shifts, (photos, 2), and mirrored.

    kind: "plain", "mirrored" or "crop": 65 to 100 % of the area, a little wider or higher.
    """
    if kind != "crop":
        scales = np.full((photos, 2), SIDE / side, "float32")
        return scales, np.zeros_like(scales), np.full(photos, kind == "mirrored")
    sides = np.sqrt(random.uniform(0.65, 1, (photos, 1)))
    sides = side * np.minimum(sides * np.exp(random.uniform(-0.1, 0.1, (photos, 2))), 1)
    scales = SIDE / sides
    shifts = -random.uniform(0, 1, (photos, 2)) * (side - sides) * scales
    return scales.astype("float32"), shifts.astype("float32"), random.random(photos) < 0.5


@jax.jit
@jax.vmap
def cropped(photo, scale, shift, mirrored):
    """Return what Xception reads of photos uint8 (photos, height, width, 3): numbers -1 to 1."""
    photo = jnp.where(mirrored, photo[:, ::-1], photo).astype("float32")
    pixels = jax.image.scale_and_translate(photo, (SIDE, SIDE, 3), (0, 1), scale, shift, "cubic")
    return jnp.clip(jnp.round(pixels), 0, 255) / 127.5 - 1


def look(network: keras.Model, photos: np.ndarray, kinds: list[str], at_once: int = 123) -> dict:
    """Return float16 features of all photos, plain, and so on: views * photos of each.

    "entered" (…, 19, 19, 728) is what enters the exit flow, "grid" (…, 100, 2048) what leaves it,
    "rest" (…, 100, 984) what earlier blocks say of the same regions.
    """
    entry = network.get_layer(f"{LEARNT[0]}_act").input
    both = keras.Model(network.input, [entry, network.output])
    both.trainable, random, row = False, np.random.default_rng(7), 0

    @jax.jit
    def see(weights, pixels):
        (entered, grid), _ = both.stateless_call([], weights, pixels, training=False)
        return entered, grid[..., :GRID], grid[..., GRID:]

    @partial(jax.jit, donate_argnums=0)  # there is no room for a second copy
    def put(whole, part, row):
        return lax.dynamic_update_slice_in_dim(whole, part.astype(whole.dtype), row, axis=0)

    weights = [weight.value for weight in both.non_trainable_variables]
    whole, rows = None, len(kinds) * len(photos)
    for kind in kinds:
        views = photos, *crops(len(photos), photos.shape[1], kind, random)
        for start in range(0, len(photos), at_once):
            parts = see(weights, cropped(*(each[start : start + at_once] for each in views)))
            whole = whole or [jnp.zeros((rows, *part.shape[1:]), "float16") for part in parts]
            whole = [put(*pair, row) for pair in zip(whole, parts, strict=True)]
            row += len(parts[0])
    return dict(zip(("entered", "grid", "rest"), whole, strict=True))


def exit_weights(arrays: dict[str, np.ndarray]) -> dict[str, tuple]:
    """Return the weights of the exit flow: (…, kernel, scale, shift) by the names of layers.

    Scale and shift are batch normalisation. "shortcut" is the convolution beside block 13.
    arrays: Xception's weights in order, by their paths.
    """

    def normalised(kernel, name):
        parts = "gamma", "beta", "moving_mean", "moving_variance"
        gamma, beta, mean, variance = (arrays[f"{name}/{part}"] for part in parts)
        scale = gamma / np.sqrt(variance + EPSILON)
        return kernel[0, 0], scale, beta - mean * scale

    beside, its_own = (
        [path.split("/")[0] for path in arrays if path.startswith(kind)][-1]
        for kind in ("conv2d", "batch_normalization")
    )
    weights = {"shortcut": normalised(arrays[f"{beside}/kernel"], its_own)}
    for name in LEARNT:
        pointwise = normalised(arrays[f"{name}/pointwise_kernel"], f"{name}_bn")
        weights[name] = arrays[f"{name}/depthwise_kernel"][..., 0], *pointwise
    return jax.tree.map(jnp.asarray, weights)


def exit_flow(weights: dict[str, tuple], entered, changes: list):
    """Return what leaves Xception, (photos, 100, 2048), where its pointwise kernels have changed.

    It is written in products of matrices, which stay fast where several models learn in step.

    Arguments:
        weights: from `exit_weights`.
        entered: (photos, 19, 19, 728), of any float type, in which it then computes.
        changes: what is added to the kernels of `LEARNT`, each (channels, channels).

    Source: Chollet 2017, "Xception: deep learning with depthwise separable convolutions".
    """
    one, two, three, four = (
        partial(separable, weights[name], change)
        for name, change in zip(LEARNT, changes, strict=True)
    )
    beside = product(entered[:, ::2, ::2], *weights["shortcut"])
    x = two(relu(one(relu(entered))))
    x = lax.reduce_window(x, -jnp.inf, lax.max, (1, 3, 3, 1), (1, 2, 2, 1), "SAME")
    x = relu(four(relu(three(x + beside))))
    return x.reshape(len(x), -1, x.shape[-1])


def separable(weights: tuple, change, x):
    """Return a separable convolution of x (photos, height, width, channels), normalised."""
    (depthwise, *pointwise), (height, width) = weights, x.shape[1:3]
    depthwise, padded = depthwise.astype(x.dtype), jnp.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    mixed = sum(
        padded[:, row : row + height, column : column + width] * depthwise[row, column]
        for row in range(3)
        for column in range(3)
    )
    return product(mixed, *pointwise, change)


def product(x, kernel, scale, shift, change=0.0):
    """Return x times a kernel that has changed, normalised."""
    return x @ ((kernel + change) * scale).astype(x.dtype) + shift.astype(x.dtype)


def features_of(seen: dict, rows, changes: list):
    """Return what decoders read, bfloat16 (photos, 100, 3032).

    Arguments:
        seen: from `look`, and as "exit" from `exit_weights`.
        rows: int (photos,), of `look`.
        changes: of the exit flow; none takes what was seen with the frozen one.
    """
    grid = seen["grid"][rows]
    if changes:
        grid = exit_flow(seen["exit"], seen["entered"][rows].astype("bfloat16"), changes)
    return jnp.concatenate([part.astype("bfloat16") for part in (grid, seen["rest"][rows])], -1)
