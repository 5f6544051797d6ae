"""Image features: encode photos in batches and keep the result in a pickle.

A pickle can run any program when it is opened, so `load_features` reads it with an unpickler
that admits NumPy arrays and nothing else.
"""

import json
import pickle
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm.auto import tqdm

from helpers.encoders import Encoder
from helpers.images import ImageError, image_pixels


class FeaturesError(ValueError):
    """Features that cannot be read, made or matched; the message says what to do."""


@dataclass
class Features:
    """The features of many photos.

    Attributes:
        encoder: name of the encoder that made them.
        names: file names of the photos.
        vectors: float16 (photos, *feature_shape), in the order of `names`.
    """

    encoder: str
    names: list[str]
    vectors: np.ndarray

    def rows(self, names: Sequence[str]) -> np.ndarray:
        """Return float32 features of the named photos, in that order.

        A name may stand behind a folder ("images/dog.jpg"); only the file name counts. Raises
        FeaturesError for photos that have none.
        """
        places = {name: row for row, name in enumerate(self.names)}
        names = [name.split("/")[-1] for name in names]
        missing = [name for name in names if name not in places]
        if missing:
            raise FeaturesError(
                f"no features for {missing[0]} and {len(missing) - 1} other photos: "
                "delete the features file and extract again (lesson 02)"
            )
        return self.vectors[[places[name] for name in names]].astype("float32")


def read_ahead(paths: Sequence[Path], size: int, batch_size: int) -> Iterator[np.ndarray]:
    """Yield uint8 batches (photos, size, size, 3), the next ones read while one is used.

    Beside the batch in use, three at most are in memory, however many photos there are.
    Raises ImageError for a photo that can't be read.
    Taught in lesson 02.
    """
    chunks = [paths[start : start + batch_size] for start in range(0, len(paths), batch_size)]
    coming: deque = deque()
    with ThreadPoolExecutor(2) as pool:
        for chunk in chunks:
            coming.append([pool.submit(image_pixels, path, size) for path in chunk])
            if len(coming) > 2:
                yield np.stack([photo.result() for photo in coming.popleft()])
        while coming:
            yield np.stack([photo.result() for photo in coming.popleft()])


def extract_features(
    encoder: Encoder,
    paths: Sequence[Path],
    target: str | Path,
    batch_size: int = 32,
    mirror: bool = False,
) -> Features:
    """Encode photos and pickle their features; a second run goes on where the first stopped.

    Arguments:
        encoder: from `load_encoder`.
        paths: the photos; their file names become the names of the features.
        target: the pickle to write. While it works, what is done stands in `target.part`.
        batch_size: photos encoded at a time.
        mirror: encode the photos' mirror images, left and right exchanged.

    Raises FeaturesError, naming the photo and how many are safe, for a photo that can't be
    read or a full disk. Taught in lesson 02.
    """
    part = PartFile(Path(target), encoder, [Path(path).name for path in paths])
    try:
        part.open()
        with tqdm(desc="photos", total=len(paths), initial=part.done, unit="photo") as bar:
            for pixels in read_ahead(paths[part.done :], encoder.image_size, batch_size):
                part.append(encoder.encode(pixels[:, :, ::-1] if mirror else pixels))
                bar.update(len(pixels))
        return part.finish()
    except (ImageError, OSError) as error:
        problem = f"{target}: {error}" if isinstance(error, OSError) else error
        kept = f"{part.done:,} of {len(paths):,} photos are kept"
        raise FeaturesError(f"{problem}\n{kept}; mend this and run again to go on") from error


class PartFile:
    """Features on their way to a pickle: plain float16 rows that survive a kill.

    Attributes:
        done: how many photos are safe.
    """

    def __init__(self, target: Path, encoder: Encoder, names: list[str]):
        self.target, self.names, self.encoder = target, names, encoder
        self.rows = target.with_name(target.name + ".part")
        self.label = target.with_name(target.name + ".part.json")
        self.row_bytes = 2 * int(np.prod(encoder.feature_shape))
        self.done = 0

    def open(self) -> None:
        """Find out how many photos are done; drop rows of other photos or another encoder."""
        self.target.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps({"encoder": self.encoder.name, "names": self.names})
        before = self.label.read_text("utf-8") if self.label.exists() else ""
        self.done = self.matching_rows(before)
        with self.rows.open("ab") as file:
            file.truncate(self.done * self.row_bytes)
        if text != before:
            self.label.write_text(text, "utf-8")

    def matching_rows(self, label: str) -> int:
        """Return how many rows belong to this encoder and to the first of these names.

        A photo added or taken out further back thus costs nothing. A label that a kill cut
        off counts as another's.
        """
        try:
            content = json.loads(label)
            rows = min(self.rows.stat().st_size // self.row_bytes, len(self.names))
        except (ValueError, FileNotFoundError):
            return 0
        same = content["names"][:rows] == self.names[:rows]
        return rows if same and content["encoder"] == self.encoder.name else 0

    def append(self, vectors: np.ndarray) -> None:
        """Write a batch behind the rows that are done, over what a kill left of a batch."""
        with self.rows.open("r+b") as file:
            file.seek(self.done * self.row_bytes)
            file.write(vectors.astype("float16").tobytes())
        self.done += len(vectors)

    def finish(self) -> Features:
        """Turn the rows into the pickle and remove them."""
        shape = (len(self.names), *self.encoder.feature_shape)
        vectors = np.fromfile(self.rows, "float16").reshape(shape)
        features = Features(self.encoder.name, self.names, vectors)
        save_features(features, self.target)
        self.rows.unlink()
        self.label.unlink()
        return features


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


def load_features(path: str | Path, encoder: str | None = None) -> Features:
    """Read a features pickle without running anything in it.

    Arguments:
        path: a file that `extract_features` wrote.
        encoder: name of the encoder that must have made it; None takes any.

    Raises FeaturesError for a missing, foreign, broken or booby-trapped pickle, or features of
    another encoder. Taught in lesson 02.
    """
    try:
        with Path(path).open("rb") as file:
            features = as_features(ArrayUnpickler(file).load())
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
