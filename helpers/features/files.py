"""Files of features, and how they are read without running anything in them.

A pickle can run any program when it is opened, so `load_features` reads it with an unpickler
that admits NumPy arrays and nothing else.
"""

import json
import pickle
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

ARRAY_FILE = ".npy"  # how the name of a file ends that is read piece by piece


class FeaturesError(ValueError):
    """Features that cannot be read, made or matched; the message says what to do."""


@dataclass
class Features:
    """The features of many photos.

    Attributes:
        encoder: name of the encoder that made them.
        names: file names of the photos.
        vectors: float16 (photos, *feature_shape), in the order of `names`; from an array file
            it is a memory map, and stays on the disk until rows of it are asked for.
    """

    encoder: str
    names: list[str]
    vectors: np.ndarray

    def rows(self, names: Sequence[str]) -> np.ndarray:
        """Return float32 features of the named photos, in that order.

        A name may stand behind a folder ("images/dog.jpg"); only the file name counts. Raises
        FeaturesError for photos that have none.
        """
        return self.select(names)[:]

    def select(self, names: Sequence[str]) -> "Selection":
        """Return the named photos' features without reading them yet; names as in `rows`."""
        places = {name: row for row, name in enumerate(self.names)}
        names = [name.split("/")[-1] for name in names]
        missing = [name for name in names if name not in places]
        if missing:
            raise FeaturesError(
                f"no features for {missing[0]} and {len(missing) - 1} other photos: "
                "delete the features file and extract again (lesson 02)"
            )
        return Selection(self.vectors, np.array([places[name] for name in names], int))


@dataclass
class Selection:
    """Some rows of an array, read when they are asked for; indexed like an array by its rows."""

    vectors: np.ndarray
    places: np.ndarray

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape it has as an array."""
        return len(self.places), *self.vectors.shape[1:]

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.places)

    def __getitem__(self, rows) -> np.ndarray:
        """Return the chosen rows as float32, in memory."""
        return self.vectors[self.places[rows]].astype("float32")


def save_features(features: Features, path: str | Path) -> None:
    """Pickle names and one array; the file appears only when it is complete.

    Taught in lesson 02.
    """
    content = {"encoder": features.encoder, "names": features.names, "vectors": features.vectors}
    unfinished = Path(path).with_name(Path(path).name + ".new")
    try:
        with unfinished.open("wb") as file:
            pickle.dump(content, file, protocol=5)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


class ArrayUnpickler(pickle.Unpickler):
    """Reads pickles of NumPy arrays and plain Python data; refuses everything else.

    Taught in lesson 02.
    """

    ADMITTED = {
        "numpy.ndarray",
        "numpy.dtype",
        "numpy._core.numeric._frombuffer",
        "numpy._core.multiarray._reconstruct",
    }

    def find_class(self, module: str, name: str):
        """Return one of NumPy's array makers, or refuse before anything is imported."""
        if f"{module}.{name}" in self.ADMITTED:
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"it asks for {module}.{name}, which is not an array")


def as_features(content: object) -> Features:
    """Turn what a pickle held into Features. Raises ValueError if it is something else."""
    match content:
        case {"encoder": str(encoder), "names": list(names), "vectors": np.ndarray() as vectors}:
            if vectors.dtype == np.float16 and len(names) == len(vectors):
                return Features(encoder, names, vectors)
    raise ValueError("it lacks an encoder, names, or as many float16 rows as names")


def label_of(path: str | Path) -> Path:
    """Return the file that names the photos and the encoder of an array file."""
    return Path(path).with_suffix(".json")


@contextmanager
def new_array(
    target: Path, shape: tuple[int, ...], encoder: str, names: Sequence[str]
) -> Iterator[np.ndarray]:
    """Open an array file of features to be filled; it takes its place when it is complete."""
    unfinished = target.with_name(target.name + ".new")
    try:
        rows = np.lib.format.open_memmap(unfinished, "w+", "float16", shape)
        yield rows
        rows.flush()
        label_of(target).write_text(json.dumps({"encoder": encoder, "names": list(names)}), "utf-8")
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)


def read_array(path: Path) -> Features:
    """Return features from an array file, its rows left on the disk until they are needed."""
    label = json.loads(label_of(path).read_text("utf-8"))
    return as_features({**label, "vectors": np.load(path, mmap_mode="r", allow_pickle=False)})


def read_pickle(path: Path) -> Features:
    """Return features from a pickle, without running anything in it."""
    with path.open("rb") as file:
        return as_features(ArrayUnpickler(file).load())


def load_features(path: str | Path, encoder: str | None = None) -> Features:
    """Read a file of features without running anything in it.

    Arguments:
        path: a file that `extract_features` wrote, a pickle or an array file.
        encoder: name of the encoder that must have made it; None takes any.

    Raises FeaturesError for a missing, foreign, broken or booby-trapped file, or features of
    another encoder. Taught in lesson 02.
    """
    path = Path(path)
    try:
        features = read_array(path) if path.suffix == ARRAY_FILE else read_pickle(path)
    except FileNotFoundError:
        raise FeaturesError(f"{path} is missing; lesson 02 makes it") from None
    except Exception as error:  # a broken pickle can raise anything
        raise FeaturesError(
            f"{path} is not a features file of this course ({error}); "
            "if you don't know who made it, delete it and run lesson 02"
        ) from error
    if encoder is not None and features.encoder != encoder:
        raise FeaturesError(
            f"{path} holds features of {features.encoder!r}, not of {encoder!r}; "
            "delete it and run lesson 02 with the right encoder"
        )
    return features
