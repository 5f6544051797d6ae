"""Encode photos in batches; what is done survives a kill."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import takewhile
from operator import eq
from pathlib import Path

import numpy as np
from tqdm.auto import tqdm

from helpers.clusters import ClusterError
from helpers.encoders import Encoder
from helpers.features.files import (
    ARRAY_FILE,
    Features,
    FeaturesError,
    array_header,
    as_float16,
    as_label,
    load_features,
    save_features,
    stamp_of,
)
from helpers.features.pickles import LARGEST
from helpers.files import check_target, put, write_text
from helpers.images import ImageError
from helpers.stream import read_ahead


def extract_features(
    encoder: Encoder,
    photos: Mapping[str, Path],
    target: str | Path,
    batch_size: int = 32,
    mirror: bool = False,
) -> Features:
    """Encode photos and keep their features; a second run goes on where the first stopped.

    Arguments:
        encoder: from `load_encoder`.
        photos: name and file of each, such as `Dataset.image_paths`.
        target: the pickle to write, or an array file if its name ends in `.npy`. While it works,
            what is done stands in `target.part`.
        batch_size: photos encoded at a time.
        mirror: encode the photos' mirror images, left and right exchanged.

    Raises FeaturesError, naming the photo and how many are safe, for a photo that can't be
    read, a number beyond float16 or a full disk. Taught in lesson 02.
    """
    with part_file(target, encoder, photos) as part:
        for batch in read_ahead(part.todo, encoder.image_size, batch_size):
            pixels = np.stack(batch)
            part.append(encoder.encode(pixels[:, :, ::-1] if mirror else pixels))
        return part.finish()


@contextmanager
def part_file(
    target: str | Path, encoder: Encoder, photos: Mapping[str, Path]
) -> Iterator["PartFile"]:
    """Open a part file and draw a bar; an error inside says how many photos are safe."""
    part = PartFile(Path(target), encoder, photos)
    try:
        part.open()
        with tqdm(desc="photos", total=len(photos), initial=part.done, unit="photo") as part.bar:
            yield part
    except (ClusterError, FeaturesError, ImageError, OSError) as error:
        problem = f"{target}: {error}" if isinstance(error, OSError) else error
        kept = f"{part.done:,} of {len(photos):,} photos are kept"
        raise FeaturesError(f"{problem}\n{kept}; mend this and run again to go on") from error


class PartFile:
    """Features on their way to a file: plain float16 rows, of which `done` survive a kill."""

    def __init__(self, target: Path, encoder: Encoder, photos: Mapping[str, Path]):
        stamps = [stamp_of(path) for path in photos.values()]
        precision = getattr(encoder, "precision", "float32")
        self.features = Features(encoder.name, list(photos), np.empty(0), stamps, precision)
        self.target, self.paths = target, list(photos.values())
        self.rows = target.with_name(target.name + ".part")
        self.label = target.with_name(target.name + ".part.json")
        self.shape = (len(photos), *encoder.feature_shape)
        self.header = array_header(self.shape) if target.suffix == ARRAY_FILE else b""
        self.row_bytes = 2 * int(np.prod(encoder.feature_shape))
        self.done, self.bar = 0, None

    @property
    def todo(self) -> list[Path]:
        """The photos that are not done."""
        return self.paths[self.done :]

    def open(self) -> None:
        """Find out how many photos are done; drop rows of other photos or another encoder."""
        if not self.header and len(self.paths) * self.row_bytes >= LARGEST:  # nobody could read it
            most = f"a pickle of features has less than {LARGEST // 2**30} GiB"
            raise FeaturesError(f"{self.target}: {most}; let its name end in {ARRAY_FILE}")
        check_target(self.target)
        self.target.parent.mkdir(parents=True, exist_ok=True)
        self.done = self.matching_rows()
        with self.rows.open("r+b" if self.rows.exists() else "w+b") as file:
            file.write(self.header)
            file.truncate(len(self.header) + self.done * self.row_bytes)
        write_text(self.label, json.dumps(self.features.label))  # last: it vouches for the rows

    def matching_rows(self) -> int:
        """Return how many rows are of this encoder and of the first of these photos.

        A photo added, taken out or replaced further back thus costs nothing.
        """
        try:
            before = as_label(json.loads(self.label.read_text("utf-8")))
            pairs = list(zip(before.names, before.stamps, strict=True))
            rows = (self.rows.stat().st_size - len(self.header)) // self.row_bytes
        except (ValueError, RecursionError, FileNotFoundError):  # of an older version, too
            return 0
        ours = zip(self.features.names, self.features.stamps, strict=True)
        alike = map(eq, pairs[: max(0, rows)], ours)
        done = len([*takewhile(bool, alike)]) if before.encoder == self.features.encoder else 0
        if done:
            precisions = {self.features.precision, *before.precision.split(", ")}
            self.features.precision = ", ".join(sorted(precisions))
        return done

    def append(self, vectors: np.ndarray) -> None:
        """Write a batch behind the rows that are done, over what a kill left of a batch."""
        rows = as_float16(vectors, self.features.names[self.done :])
        self.write(rows.tobytes())
        self.done += len(rows)
        self.bar.update(len(rows))

    def write(self, content: bytes) -> None:
        """Write behind the rows that are done."""
        with self.rows.open("r+b") as file:
            file.seek(len(self.header) + self.done * self.row_bytes)
            file.write(content)

    def finish(self) -> Features:
        """Turn the rows into the file that was asked for."""
        if self.header:
            self.write(json.dumps(self.features.label).encode())
            put(self.rows, self.target)
            self.label.unlink()
            return load_features(self.target)
        self.features.vectors = np.fromfile(self.rows, "float16").reshape(self.shape)
        save_features(self.features, self.target)
        self.rows.unlink()
        self.label.unlink()
        return self.features
