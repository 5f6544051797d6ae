"""The folder that img2dataset leaves, as an input: images that are fetched already.

00000/000000000.jpg, .txt, .json   an image, its text, and what is known of it
00000.parquet                      the same for the whole shard, also what could not be fetched

Source: github.com/rom1504/img2dataset, `--output_format files`. Without pyarrow the JSON files are
read instead of the Parquet files, and what could not be fetched stays unmentioned.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from helpers.apps.alt_text.columns import Columns
from helpers.apps.alt_text.occurrences import Occurrence, by_size, cell_of
from helpers.apps.alt_text.tables import SAMPLE_ROWS, Table, TableError
from helpers.images import ImageError

SCHEME = "shard:"  # begins the address of an image inside the folder
ENDINGS = (".jpg", ".png", ".webp")
LEFT_OUT = ("status", "exif", "sha256", "md5", "sha512")  # of no use to those who write alt text
# What img2dataset says of a failure -> our status. The first that fits.
STATUSES = {
    r"HTTP Error (\d{3})": "http_",
    r"timed? ?out": "timeout",
    r"disallowed|X-Robots-Tag": "noai",
    r"decod|resiz|cannot identify": "not_an_image",
    "": "unreachable",
}


@dataclass
class Shards(Table):
    """A folder of shards, recognised. Its first column names the file of each image."""

    @property
    def alt_column(self) -> str:
        """The column that img2dataset was given as texts."""
        return "caption" if "caption" in self.columns else ""

    def rows(self) -> Iterator[list[str]]:
        """Yield the cells of each image, shard by shard."""
        for file, content in images_in(self.path):
            known = (content.get(name) for name in self.columns[1:])
            yield [file, *("" if value is None else str(value) for value in known)]

    def occurrence(self, row: list[str], columns: Columns, everything: bool = False) -> Occurrence:
        """Judge an image by what img2dataset says of it."""
        named = dict(zip(self.columns, row, strict=True))
        alt, address = cell_of(row, columns.alt), f"{SCHEME}{row[0]}"
        if alt and not everything:
            return Occurrence(address, "exists", "has an alt text already", alt)
        if not row[0]:
            message = named.get("error_message") or "img2dataset has left no file of it"
            return Occurrence(named["url"], status_of(message), message)
        sides = (named.get(f"original_{side}", "") for side in ("width", "height"))
        reason = by_size(*(int(side) if side.isdecimal() else None for side in sides))
        return Occurrence(address, "decorative" if reason else "", reason)


def open_shards(folder: str | Path) -> Shards:
    """Recognise a folder that img2dataset has filled.

    Raises TableError for any other folder.
    """
    folder = Path(folder)
    first = next(images_in(folder), None)
    if first is None:
        tars = any(folder.glob("*.tar"))
        cure = "let img2dataset write with --output_format files" if tars else "give a CSV file"
        raise TableError(f"{folder} is a folder, but not one of img2dataset; {cure}")
    names = ["file", *(name for name in first[1] if name not in LEFT_OUT)]
    if "url" not in names:
        raise TableError(f"{folder}: the images have no “url”; was it img2dataset that wrote them?")
    shards = Shards(folder, "folder of shards", "utf-8", columns=names, header=True)
    shards.sample = list(islice(shards.rows(), SAMPLE_ROWS))
    return shards


def images_in(folder: Path) -> Iterator[tuple[str, dict]]:
    """Yield (file, "" if it failed; what is known of it) of each image."""
    parquet = parquet_reader()
    names = {path.stem for path in folder.iterdir() if re.fullmatch(r"\d+(\.parquet)?", path.name)}
    for name in sorted(names):
        table, shard = folder / f"{name}.parquet", folder / name
        if parquet and table.exists():
            known = (row for group in parquet(table).iter_batches() for row in group.to_pylist())
        else:
            known = (json.loads(path.read_text("utf-8")) for path in sorted(shard.glob("*.json")))
        for content in known:
            files = (f"{name}/{content.get('key')}{ending}" for ending in ENDINGS)
            yield next((file for file in files if (folder / file).is_file()), ""), content


def parquet_reader() -> object | None:
    """Return what opens Parquet files, None without pyarrow."""
    try:
        from pyarrow.parquet import ParquetFile
    except ImportError:
        return None
    return ParquetFile


def status_of(message: str) -> str:
    """Return "http_404" for "HTTP Error 404: Not Found", and so on."""
    found = ((re.search(words, message, re.IGNORECASE), s) for words, s in STATUSES.items())
    match, status = next((match, status) for match, status in found if match)
    return status + "".join(match.groups())


def read_shard(address: str, folder: str) -> bytes:
    """Return the bytes of an image inside a folder of shards.

    Raises ImageError for what lies outside of it, or is not there.
    """
    path = Path(folder, address.removeprefix(SCHEME)).resolve()
    if not folder or not path.is_relative_to(Path(folder).resolve()):
        raise ImageError("leads out of the folder of shards.", "blocked")
    try:
        return path.read_bytes()
    except OSError:
        problem = "can't be read. Does every worker see the folder under the same path?"
        raise ImageError(problem, "failed") from None


def folder_hash(folder: str | Path) -> str:
    """Return a hash of names and sizes of a folder's shards."""
    digest = hashlib.sha256()
    for path in sorted(Path(folder).glob("[0-9]*/*")) + sorted(Path(folder).glob("[0-9]*.parquet")):
        digest.update(f"{path.relative_to(folder).as_posix()} {path.stat().st_size}\n".encode())
    return digest.hexdigest()
