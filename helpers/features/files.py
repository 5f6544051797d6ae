"""Files of features, and how they are read without running anything in them.

A pickle can run any program, so ours holds plain things only. An array file is NumPy's own, with
a label (JSON) behind the rows: one file, so that they can't come apart.
"""

import io
import json
import os
import pickle
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from zlib import crc32

import numpy as np

from helpers.features.pickles import DTYPE, OldPickleError, as_array, load_plain, size_of
from helpers.files import replacing

ENDS = 4096  # bytes at the beginning and at the end of a file that its stamp sums up
ARRAY_FILE, LABEL = ".npy", 9_000  # how such a file's name ends; bytes of its label a photo


class FeaturesError(ValueError):
    """Features that cannot be read, made or matched; the message says what to do."""


class OldFeaturesError(FeaturesError):
    """A features file that an earlier version of the course wrote, and that has to be made anew."""


def stamp_of(path: str | Path) -> str:
    """Return size, time of change and a checksum of both ends of a file; "" if there is none."""
    try:
        with open(path, "rb") as file:
            status = os.fstat(file.fileno())
            ends = file.read(ENDS)
            file.seek(max(0, status.st_size - ENDS))
            return f"{status.st_size}-{status.st_mtime_ns}-{crc32(ends + file.read()):08x}"
    except OSError:
        return ""


def is_stamped(path: str | Path, stamp: str) -> bool:
    """Tell whether a file is the one of a stamp; a copy of it is, though its time may differ."""
    try:
        status = Path(path).stat()
    except OSError:
        return False
    if stamp.startswith(f"{status.st_size}-{status.st_mtime_ns}-"):
        return True
    size, _, ends = stamp.split("-") if stamp.count("-") == 2 else ("", "", "")
    return size == str(status.st_size) and stamp_of(path).endswith(f"-{ends}")


@dataclass
class Features:
    """The features of many photos.

    Attributes:
        encoder: name of the encoder that made them.
        names: identities of the photos, as in `Dataset.image_paths`.
        vectors: float16 (photos, *feature_shape), in the order of `names`; may be a memory map.
        stamps: `stamp_of` every photo's file as it was; empty where that is not known.
        precision: of the encoder's numbers, such as "float32"; "bfloat16, float32" if some photos
            were encoded in each. A captioner reads all alike.
    """

    encoder: str
    names: list[str]
    vectors: np.ndarray
    stamps: list[str] = field(default_factory=list)
    precision: str = "float32"

    @property
    def label(self) -> dict:
        """All but the vectors, for JSON."""
        return {key: value for key, value in vars(self).items() if key != "vectors"}

    def rows(self, names: Sequence[str]) -> np.ndarray:
        """Return float32 features of the named photos, in that order.

        Raises FeaturesError for photos that have none.
        """
        return self.select(names)[:]

    def select(self, names: Sequence[str]) -> "Selection":
        """Return the named photos' features without reading them yet; errors as in `rows`."""
        places = {name: row for row, name in enumerate(self.names)}
        missing = [name for name in names if name not in places]
        if missing:
            raise FeaturesError(
                f"no features for {missing[0]} and {len(missing) - 1} other photos: "
                "delete the features file and extract again (lesson 02)"
            )
        return Selection(self.vectors, np.array([places[name] for name in names], int))

    def stale(self, photos: Mapping[str, Path]) -> str:
        """Return why these can't serve the photos (names and files); "" if they can."""
        known = dict(zip(self.names, self.stamps or self.names, strict=True))
        if missing := [name for name in photos if name not in known]:
            plural = "s" * (len(missing) > 1)
            return f"it lacks {len(missing):,} photo{plural}, for example {missing[0]}"
        if photos and not self.stamps:
            return "it is not known of which files it was made"
        changed = (name for name, path in photos.items() if not is_stamped(path, known[name]))
        return next((f"{name} was replaced since" for name in changed), "")


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


def as_float16(vectors: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """Return vectors as float16; raise FeaturesError for a photo whose numbers don't fit."""
    with np.errstate(over="ignore"):
        half = np.asarray(vectors).astype(DTYPE, copy=False)
    fits = np.isfinite(half).all(axis=tuple(range(1, half.ndim)))
    if not fits.all():
        raise FeaturesError(
            f"the features of {names[fits.argmin()]} hold numbers beyond ±65,504, or none at all; "
            "divide them all, so that they fit into float16"
        )
    return half


def save_features(features: Features, path: str | Path) -> None:
    """Pickle plain things, the array as bytes; the file appears only when it is complete.

    Raises FeaturesError for a number beyond float16. Taught in lesson 02.
    """
    vectors = features.vectors
    array = vectors if vectors.dtype == DTYPE else as_float16(vectors, features.names)
    plain = {"dtype": array.dtype.str, "shape": list(array.shape), "vectors": array.tobytes()}
    with replacing(path) as unfinished, unfinished.open("wb") as file:
        pickle.dump({**features.label, **plain}, file, protocol=5)


def as_label(content: object) -> Features:
    """Turn what a file says of its rows into Features that lack them; ValueError if it can't be."""
    match content:
        case {"encoder": str(encoder), "names": list(names)}:
            stamps, precision = content.get("stamps", []), content.get("precision", "float32")
            if isinstance(stamps, list):
                if all(isinstance(text, str) for text in (*names, *stamps, precision)):
                    return Features(encoder, names, np.empty(0), stamps, precision)
    raise ValueError("it lacks an encoder, or names")


def as_features(content: object, vectors: np.ndarray) -> Features:
    """Turn what a file held into Features. Raises ValueError if it is something else."""
    features = as_label(content)
    counts = {len(features.names), len(features.stamps or features.names), *vectors.shape[:1]}
    if vectors.dtype != np.float16 or not vectors.ndim or len(counts) > 1:
        raise ValueError("it has not as many float16 rows as names")
    return replace(features, vectors=vectors)


def array_header(shape: Sequence[int]) -> bytes:
    """Return how a NumPy array file of float16 begins; its length doesn't depend on the rows."""
    header = io.BytesIO()
    content = {"descr": DTYPE, "fortran_order": False, "shape": tuple(shape)}
    np.lib.format.write_array_header_1_0(header, content)
    return header.getvalue()


def write_array(
    target: Path, label: dict, shape: Sequence[int], chunks: Iterable[np.ndarray]
) -> Features:
    """Write an array file of all photos, some at a time; it appears only when it is complete.

    label: as `Features.label`; shape: of a photo's features; chunks: float (photos, *shape).
    Raises FeaturesError for a number beyond float16, OSError for a full disk.
    """
    names, done = label["names"], 0
    with replacing(target) as unfinished, unfinished.open("wb") as file:
        file.write(array_header((len(names), *shape)))
        for chunk in chunks:
            file.write(as_float16(chunk, names[done:]).tobytes())
            done += len(chunk)
        file.write(json.dumps(label).encode())
    return load_features(target)


def read_array(path: Path) -> Features:
    """Return features from an array file, its rows left on the disk until they are needed."""
    size_of(path)  # refuses a pipe
    vectors = np.load(path, mmap_mode="r", allow_pickle=False)
    with path.open("rb") as file:
        file.seek(vectors.offset + vectors.nbytes)
        label = file.read(1)
        label += file.read(LABEL * (len(vectors) + 1)) if label == b"{" else b""  # or a hole
        if file.read(1):
            raise ValueError("its label is too long for so few rows")
        label = label or path.with_suffix(".json").read_bytes()  # before 2026-12 a file
    return as_features(json.loads(label), vectors)


def read_pickle(path: Path) -> Features:
    """Return features from a pickle, without running anything in it."""
    content = load_plain(path)
    return as_features(content, as_array(content))


def load_features(path: str | Path, encoder: str | None = None) -> Features:
    """Read a file of features without running anything in it.

    Arguments:
        path: a file that `extract_features` wrote, a pickle or an array file.
        encoder: name of the encoder that must have made it; None takes any.

    Raises FeaturesError for a missing, foreign, broken or booby-trapped file, or features of
    another encoder; OldFeaturesError for a pickle of before 2026-12.
    """
    path = Path(path)
    try:
        features = read_array(path) if path.suffix == ARRAY_FILE else read_pickle(path)
    except FileNotFoundError:
        raise FeaturesError(f"{path} is missing; lesson 02 makes it") from None
    except OldPickleError as error:
        raise OldFeaturesError(f"{path} is refused: {error}; run lesson 02 again") from error
    except Exception as error:  # a broken pickle can raise anything
        raise FeaturesError(
            f"{path} is not a features file of this course ({error}); "
            "if you don't know who made it, delete it and run lesson 02 again"
        ) from error
    if encoder is not None and features.encoder != encoder:
        raise FeaturesError(
            f"{path} holds features of {features.encoder!r}, not of {encoder!r}; "
            "delete it and run lesson 02 with the right encoder"
        )
    return features
