"""The folder that img2dataset leaves, as an input: images that are fetched already.

00000/000000000.jpg, .txt, .json   an image, its text, and what is known of it
00000.parquet                      the same for the whole shard, also what could not be fetched

Source: github.com/rom1504/img2dataset, `--output_format files`. Without pyarrow the JSON files are
read instead of the Parquet files, and what could not be fetched stays unmentioned.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from helpers.apps.alt_text import statuses
from helpers.apps.alt_text.reading.context import seen_by
from helpers.apps.alt_text.reading.occurrences import Occurrence, cell_of
from helpers.apps.alt_text.reading.purpose import weak_alt
from helpers.apps.alt_text.reading.rows import TableError
from helpers.apps.alt_text.reading.tables import SAMPLE_ROWS, Table
from helpers.apps.alt_text.signs import by_size, pixels
from helpers.strangers import read_json

SCHEME = "shard:"  # begins the address of an image inside the folder
ENDINGS = (".jpg", ".png", ".webp")
BROKEN = (".json", ".parquet")  # a row for a file that can't be read, since others go on
HAS_ALT = "has an alt text already"
LONGEST_JSON = 1_000_000  # bytes
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
            if file.endswith(BROKEN):
                self.broken.add(file)
            known = (content.get(name) for name in self.columns[1:])
            yield [text_of(value) for value in (file, *known)]

    def images(self, row: list[str]) -> list[Occurrence]:
        """Return the one image of a row, judged by what img2dataset says of it."""
        named = dict(zip(self.columns, row, strict=True))
        file, shown, alt = row[0], row[self.places.address], cell_of(row, self.places.alt)
        sides = (named.get(f"original_{side}", "") for side in ("width", "height"))
        if file.endswith(BROKEN):
            message = "can't be read, so nothing is known of its images; fetch them again"
            return [Occurrence(file, "failed", message)]
        status, message = "", by_size(*map(pixels, sides))
        weak = weak_alt(alt, shown, self.known.repeated(alt)) if alt else ""
        if alt and not self.reading.everything and not (weak and self.reading.weak):
            status, message = (statuses.WEAK, weak) if weak else (statuses.EXISTS, HAS_ALT)
        elif not file:
            message = named.get("error_message") or "img2dataset has left no file of it"
            status, alt = status_of(message), ""
        else:
            status, alt = statuses.LOOKS_DECORATIVE * bool(message), ""
        context = seen_by({name: cell_of(row, at) for name, at in self.places.context.items()})
        return [Occurrence(f"{SCHEME}{file}", status, message, alt, shown, context=context)]

    def digest(self) -> str:
        """Return a hash of names and sizes of the folder's shards."""
        digest, folder = hashlib.sha256(), self.path
        for path in sorted(folder.glob("[0-9]*/*")) + sorted(folder.glob("[0-9]*.parquet")):
            name = path.relative_to(folder).as_posix()
            size = path.stat(follow_symlinks=False).st_size
            digest.update(f"{name} {size}\n".encode("utf-8", "surrogatepass"))
        return digest.hexdigest()


def open_shards(folder: str | Path) -> Shards:
    """Recognise a folder that img2dataset has filled.

    Raises TableError for any other folder.
    """
    folder = Path(folder)
    found, broken = next_whole(images_in(folder))
    if found is None and broken:
        raise TableError(f"{broken[0]} can't be read, nor any other of {folder}. Fetch them again")
    if found is None:
        tars = any(folder.glob("*.tar"))
        cure = "let img2dataset write with --output_format files" if tars else "give a CSV file"
        raise TableError(f"{folder} is a folder, but not one of img2dataset; {cure}")
    names = ["file", *(name for name in found if name not in LEFT_OUT)]
    if "url" not in names:
        raise TableError(f"{folder}: the images have no “url”; was it img2dataset that wrote them?")
    shards = Shards(folder, "folder of shards", "utf-8", columns=names, header=True, address="url")
    shards.alt = "caption" if "caption" in names else ""
    shards.folder = str(folder.resolve())  # as another machine has to see it
    shards.sample = list(islice(shards.rows(), SAMPLE_ROWS))
    return shards


def next_whole(images: Iterator[tuple[str, dict]]) -> tuple[dict | None, list[str]]:
    """Return what is known of the first image of which something is, and the files before it."""
    broken = []
    for file, known in images:
        if not file.endswith(BROKEN):
            return known, broken
        broken.append(file)
    return None, broken


def images_in(folder: Path) -> Iterator[tuple[str, dict]]:
    """Yield (file, "" if it failed; what is known of it) of each image.

    A file of img2dataset that can't be read is yielded itself, and nothing is known of it.
    """
    names = {path.stem for path in folder.iterdir() if re.fullmatch(r"\d+(\.parquet)?", path.name)}
    for name in sorted(names):
        for broken, content in known_in(folder, name):
            files = (f"{name}/{content.get('key')}{ending}" for ending in ENDINGS)
            there = (file for file in files if not broken and is_file(folder / file))
            yield broken or next(there, ""), content


def known_in(folder: Path, name: str) -> Iterator[tuple[str, dict]]:
    """Yield ("", what is known of an image) of a shard, or (a file that is broken, nothing)."""
    table, seen = folder / f"{name}.parquet", set()
    reader = parquet_reader()
    if reader and is_file(table):
        try:
            with reader(table) as opened:
                for group in opened.iter_batches():
                    for known in group.to_pylist():
                        seen.add(str(known["key"]))
                        yield "", known
            return
        except Exception:  # its readers raise nearly anything; what is left is in the JSON files
            yield table.name, {}
    for path in sorted((folder / name).glob("*.json")):
        if path.stem not in seen:
            known = json_of(path)
            yield ("", known) if known else (f"{name}/{path.name}", {})


def json_of(path: Path) -> dict | None:
    """Return what a JSON file says of an image, None for one that is broken."""
    if not is_file(path):  # to open a pipe is to wait for ever
        return None
    try:
        with open(path, "rb") as file:
            known = read_json(file.read(LONGEST_JSON))
    except (OSError, ValueError):
        return None
    return known if isinstance(known, dict) else None


def is_file(path: Path) -> bool:
    """True for an ordinary file; False also where a name is none."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def text_of(value: object) -> str:
    """Return a value for a cell; half characters, which no file can hold, become “?”."""
    return "" if value is None else str(value).encode("utf-8", "replace").decode()


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
