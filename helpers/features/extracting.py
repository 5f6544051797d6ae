"""Encode photos in batches; what is done survives a kill."""

import io
import json
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from tqdm.auto import tqdm

from helpers.encoders import Encoder
from helpers.features.files import (
    ARRAY_FILE,
    Features,
    FeaturesError,
    label_of,
    load_features,
    save_features,
)
from helpers.images import ImageError, image_pixels


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
    """Encode photos and keep their features; a second run goes on where the first stopped.

    Arguments:
        encoder: from `load_encoder`.
        paths: the photos; their file names become the names of the features.
        target: the pickle to write, or an array file if its name ends in `.npy`. While it works,
            what is done stands in `target.part`.
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
    """Features on their way to a file: plain float16 rows that survive a kill.

    Attributes:
        done: how many photos are safe.
    """

    def __init__(self, target: Path, encoder: Encoder, names: list[str]):
        self.target, self.names, self.encoder = target, names, encoder
        self.rows = target.with_name(target.name + ".part")
        self.label = target.with_name(target.name + ".part.json")
        self.shape = (len(names), *encoder.feature_shape)
        self.header = array_header(self.shape) if target.suffix == ARRAY_FILE else b""
        self.row_bytes = 2 * int(np.prod(encoder.feature_shape))
        self.done = 0

    def open(self) -> None:
        """Find out how many photos are done; drop rows of other photos or another encoder."""
        self.target.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps({"encoder": self.encoder.name, "names": self.names})
        before = self.label.read_text("utf-8") if self.label.exists() else ""
        self.done = self.matching_rows(before)
        with self.rows.open("r+b" if self.rows.exists() else "w+b") as file:
            file.write(self.header)
            file.truncate(self.place())
        if text != before:
            self.label.write_text(text, "utf-8")

    def place(self) -> int:
        """Return where in the file the next photo's row begins, in bytes."""
        return len(self.header) + self.done * self.row_bytes

    def matching_rows(self, label: str) -> int:
        """Return how many rows belong to this encoder and to the first of these names.

        A photo added or taken out further back thus costs nothing. A label that a kill cut
        off counts as another's.
        """
        try:
            content = json.loads(label)
            bytes_of_rows = max(0, self.rows.stat().st_size - len(self.header))
        except (ValueError, FileNotFoundError):
            return 0
        rows = min(bytes_of_rows // self.row_bytes, len(self.names))
        same = content["names"][:rows] == self.names[:rows]
        return rows if same and content["encoder"] == self.encoder.name else 0

    def append(self, vectors: np.ndarray) -> None:
        """Write a batch behind the rows that are done, over what a kill left of a batch."""
        with self.rows.open("r+b") as file:
            file.seek(self.place())
            file.write(vectors.astype("float16").tobytes())
        self.done += len(vectors)

    def finish(self) -> Features:
        """Turn the rows into the file that was asked for."""
        if self.header:  # the label first: without its array it says nothing
            self.label.replace(label_of(self.target))
            self.rows.replace(self.target)
            return load_features(self.target)
        vectors = np.fromfile(self.rows, "float16").reshape(self.shape)
        features = Features(self.encoder.name, self.names, vectors)
        save_features(features, self.target)
        self.rows.unlink()
        self.label.unlink()
        return features


def array_header(shape: tuple[int, ...]) -> bytes:
    """Return how a NumPy array file of float16 begins; its length doesn't depend on the rows."""
    header = io.BytesIO()
    content = {"descr": "<f2", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(header, content)
    return header.getvalue()
