"""The weights of a captioner: written small, and looked through before any of them is loaded.

A weights file may come from anybody. What it and `config.json` say of themselves is compared, and
held against a top, while neither has taken more memory than their names and numbers.
"""

import math
import zlib
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from helpers.files import replacing
from helpers.strangers import number_in

if TYPE_CHECKING:
    import h5py

MOST_NUMBERS = 10**8  # of a decoder: ten times the largest of ours, 400 MB
MOST_DECODERS = 10  # of an ensemble
MOST_ITEMS = 10_000  # arrays, groups and chunks of a file
MOST_CHUNK = 2**25  # bytes of one chunk, unpacked
PACKERS = {1, 2, 3}  # filters of HDF5: gzip, shuffle, checksum
SKIPPED = ("optimizer", "seed_generator")  # parts of names that are never loaded
KINDS = {
    int: ("a whole number from 1 to 100,000,000", lambda it: is_number(it, int, 1, 10**8)),
    float: ("a number from 0 to 1,000", lambda it: is_number(it, int | float, 0, 1000)),
    str: ("a name", lambda it: isinstance(it, str) and it.isidentifier()),
}


def checked_shapes(decoder: str, sizes: dict) -> Counter:
    """Return how many arrays of which shape a decoder has; none is made, and no memory taken.

    Arguments:
        decoder: its kind; sizes: its arguments, both as `config.json` has them.

    Raises ValueError for sizes that are none, or too many numbers, and TypeError for those that
    the decoder does not know.
    """
    from helpers.models import Ensemble  # here, and so below, because Keras takes long to load

    parts = [{"decoder": decoder, "sizes": sizes}]
    if decoder == Ensemble.kind:
        parts = sizes.get("decoders")
        fine = isinstance(parts, list) and all(isinstance(part, dict) for part in parts)
        if not fine or len(parts) > MOST_DECODERS:
            raise ValueError(f'"decoders" is no list of {MOST_DECODERS} decoders at most')
    with ThreadPoolExecutor(1) as pool:  # what Keras notes on a thread goes with the thread
        shapes = Counter(shape for part in parts for shape in pool.submit(outline, **part).result())
    numbers = sum(math.prod(shape) * count for shape, count in shapes.items())
    if numbers > MOST_NUMBERS:
        raise ValueError(f'"sizes" ask for {numbers:,} numbers; {MOST_NUMBERS:,} are the most')
    return shapes


def outline(decoder: str, sizes: dict) -> list[tuple[int, ...]]:
    """Return the shapes of the arrays of one decoder."""
    from helpers.models import DECODERS

    if not isinstance(decoder, str) or decoder not in DECODERS:
        raise ValueError(f"there is no decoder {brief(decoder)}; there is: {', '.join(DECODERS)}")
    check_sizes(sizes, DECODERS[decoder])
    return shapes_of(DECODERS[decoder], sizes)


def shapes_of(decoder: type, sizes: dict) -> list[tuple[int, ...]]:
    """Return the shapes of a decoder's arrays, which Keras works out without their values."""
    import keras

    with keras.StatelessScope(initialize_variables=False):
        model = decoder(**sizes)
        model.built = True  # else it would be called on arrays
        features = keras.KerasTensor((1, *[size or 2 for size in model.feature_shape]))
        model.compute_output_spec((features, keras.KerasTensor((1, 2), "int32")))
        return [tuple(weight.shape) for weight in model.weights]


def check_sizes(sizes: dict, decoder: type) -> None:
    """Raise ValueError for a size of another kind than the decoder's own arguments are."""
    if not isinstance(sizes, dict):
        raise ValueError(f'"sizes" is {brief(sizes)}; an object is due')
    wanted = signature(decoder).parameters
    for name, value in sizes.items():
        if name in wanted and wanted[name].annotation in KINDS:
            said, fits = KINDS[wanted[name].annotation]
            if not fits(value):
                raise ValueError(f'"{name}" in "sizes" is {brief(value)}; {said} is due')


def is_number(value: object, kind: type, least: float, most: float) -> bool:
    """Tell whether a value out of JSON is a number of some kind, within a range."""
    return isinstance(value, kind) and number_in(value, least, most) is not None


def brief(value: object) -> str:
    """Return what a message says of a value: its first letters."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"


def check_weights(path: str | Path, shapes: Counter) -> None:
    """Raise ValueError unless a file holds arrays of these shapes, each of them plain."""
    import h5py

    left = Counter(shapes)
    with h5py.File(path) as file:
        for name, array in arrays_in(file):
            if not set(SKIPPED) & set(name.split("/")):
                left[array.shape] -= 1
                if left[array.shape] < 0:
                    problem = f"{name} has shape {array.shape}, or there is one too many of it"
                    raise ValueError(f"{path.name} is of another decoder: {problem}")
                check_array(name, array, path.stat().st_size)
    if missing := +left:
        raise ValueError(f"{path.name} is of another decoder: it lacks shapes {[*missing]}")


def arrays_in(file: "h5py.File") -> Iterator[tuple[str, "h5py.Dataset"]]:
    """Yield the arrays of a file with their names. Raises ValueError for links, and too many."""
    import h5py

    groups, seen = [file], 0
    while groups:
        group = groups.pop()
        for name in group:
            seen += 1
            if seen > MOST_ITEMS:
                raise ValueError(f"it holds more than {MOST_ITEMS:,} things")
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                raise ValueError(f"{name!r} is a link")  # to another file, maybe
            item = group[name]
            if isinstance(item, h5py.Group):
                groups.append(item)
            elif isinstance(item, h5py.Dataset):
                yield item.name.strip("/"), item
            else:
                raise ValueError(f"{name!r} is neither a group nor an array")


def check_array(name: str, array: "h5py.Dataset", file_size: int) -> None:
    """Raise ValueError for an array that isn't plain numbers, or unpacks to more than it is."""
    if array.dtype.kind not in "fiu" or array.external or array.is_virtual:
        raise ValueError(f"{name} is not made of plain numbers")
    if array.chunks is None:
        return
    plan, size = array.id.get_create_plist(), math.prod(array.chunks) * array.dtype.itemsize
    filters = {plan.get_filter(number)[0] for number in range(plan.get_nfilters())}
    chunks = array.id.get_num_chunks()
    if not filters <= PACKERS or size > MOST_CHUNK or chunks > MOST_ITEMS:
        raise ValueError(f"{name} is packed in another way than ours")
    for number in range(chunks if 1 in filters else 0):
        known = array.id.get_chunk_info(number)
        if known.size > min(file_size, 2 * size + 1000):
            raise ValueError(f"{name} is damaged")
        _, packed = array.id.read_direct_chunk(known.chunk_offset)
        if len(zlib.decompressobj().decompress(packed, size + 100)) > size + 4:  # 4: a checksum
            raise ValueError(f"{name} unpacks to more than it is")


def check_values(decoder: object) -> None:
    """Raise ValueError for weights that are no numbers: nothing good can come of them."""
    for weight in decoder.weights:
        if not np.isfinite(weight.numpy()).all():
            raise ValueError(f"{weight.path} holds infinity, or what is no number")


def halve_weights(path: str | Path) -> None:
    """Store the float32 arrays of a weights file as float16, in place, compressed."""
    import h5py

    packed = {"compression": "gzip", "shuffle": True}
    with (
        replacing(path) as unfinished,
        h5py.File(path) as source,
        h5py.File(unfinished, "w") as target,
    ):

        def copy(name, item):
            if name.split("/")[0] == "optimizer":  # a trained model brings three times its size
                return
            if isinstance(item, h5py.Group):
                target.require_group(name).attrs.update(item.attrs)
                return
            matrix, kind = item.ndim > 1, item.dtype
            kind = np.float16 if matrix and kind == np.float32 else kind
            target.create_dataset(name, data=item[()].astype(kind), **packed if matrix else {})

        target.attrs.update(source.attrs)
        source.visititems(copy)
