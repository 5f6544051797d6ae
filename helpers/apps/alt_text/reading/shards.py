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

from helpers.apps.alt_text.reading.occurrences import Occurrence, cell_of
from helpers.apps.alt_text.reading.rows import TableError
from helpers.apps.alt_text.reading.tables import SAMPLE_ROWS, Table
from helpers.apps.alt_text.signs import by_size, pixels

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

    def rows(self) -> Iterator[list[str]]:
        """Yield the cells of each image, shard by shard."""
        for file, content in images_in(self.path):
            known = (content.get(name) for name in self.columns[1:])
            yield [file, *("" if value is None else str(value) for value in known)]

    def images(self, row: list[str]) -> list[Occurrence]:
        """Return the one image of a row, judged by what img2dataset says of it."""
        named = dict(zip(self.columns, row, strict=True))
        file, shown, alt = row[0], row[self.places.address], cell_of(row, self.places.alt)
        sides = (named.get(f"original_{side}", "") for side in ("width", "height"))
        status, message = "", by_size(*map(pixels, sides))
        if alt and not self.reading.everything:
            status, message = "exists", "has an alt text already"
        elif not file:
            message = named.get("error_message") or "img2dataset has left no file of it"
            status, alt = status_of(message), ""
        else:
            status, alt = "decorative" * bool(message), ""
        return [Occurrence(f"{SCHEME}{file}", status, message, alt, shown)]

    def digest(self) -> str:
        """Return a hash of names and sizes of the folder's shards."""
        digest, folder = hashlib.sha256(), self.path
        for path in sorted(folder.glob("[0-9]*/*")) + sorted(folder.glob("[0-9]*.parquet")):
            name = path.relative_to(folder).as_posix()
            digest.update(f"{name} {path.stat().st_size}\n".encode())
        return digest.hexdigest()


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
    shards = Shards(folder, "folder of shards", "utf-8", columns=names, header=True, address="url")
    shards.alt = "caption" if "caption" in names else ""
    shards.folder = str(folder.resolve())  # as another machine has to see it
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
