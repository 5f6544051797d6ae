"""Find the captions and the photos in a folder of any usual layout."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from helpers.captions import (
    NONE_CHOSEN,
    OTHER_TITLES,
    WORD,
    CaptionFile,
    CaptionFormatError,
    Chosen,
    read_caption_file,
)
from helpers.datasets.namesakes import called_alike, split_in, split_word
from helpers.datasets.photos import (
    DatasetError,
    Photos,
    fold,
    place_in,
    start_of,
    stem,
)
from helpers.datasets.scanning import is_usual, outside
from helpers.datasets.sidecars import find_sidecars, read_sidecars, unread_beside

TEXT_ENDINGS = (".txt", ".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".token")
LARGEST_LOOK = 50_000_000  # bytes of a file that is read only to tell what else is there

CURES = dict.fromkeys(("zip", "gz", "tgz", "tar", "7z", "rar", "bz2", "xz"), "unpack it first")
CURES |= dict.fromkeys(("xlsx", "xls", "ods", "numbers"), "save it as CSV in UTF-8")
CURES |= dict.fromkeys(("parquet", "arrow", "feather", "pkl", "pickle"), "write it as CSV or JSON")

LAYOUTS = """\
Expected is a folder with captions and the images, for example:
  Flickr8k.token.txt   Flicker8k_Dataset/   Flickr_8k.trainImages.txt, …dev…, …test…
  captions.txt         Images/                           (Kaggle's Flickr8k)
  results.csv          flickr30k_images/                 (Kaggle's Flickr30k)
  dataset.json         images/                           (Karpathy or COCO JSON)
  annotations/captions_train2017.json, …val…   train2017/   val2017/              (COCO)
  captions.csv         images beside it                  (columns image, caption)
  metadata.jsonl       images beside it                  (Hugging Face's imagefolder)
  dog.txt              dog.jpg                           (a text beside each photo)"""


@dataclass
class FoundCaptions:
    """The files of captions of a data set.

    Attributes:
        parts: path -> what was read of it; several files are the splits of one data set.
        skipped: reason -> files that were not read for it.
        sidecars: the texts beside photos.
    """

    parts: dict[Path, CaptionFile]
    skipped: dict[str, list[str]] = field(default_factory=dict)
    sidecars: Iterable[str] = ()

    def skip(self, reason: str, example: object) -> None:
        """Note a file that is not read."""
        self.skipped.setdefault(reason, []).append(str(example).split("\n")[0])


def find_photos(folder: Path, files: list[str], parts: dict[Path, CaptionFile]) -> Photos:
    """List the photos of a folder, and those of folders elsewhere that captions name."""
    starts = {path: start_of(place_in(folder, path)) for path in parts}
    names = {(starts[path], name) for path, part in parts.items() for name in part.captions}
    return Photos(folder, files + outside(folder, names), lambda path: not is_usual(path))


def find_captions(
    folder: Path, files: list[str], named: Path | None = None, chosen: Chosen = NONE_CHOSEN
) -> FoundCaptions:
    """Read the first file whose captions lead to photos, and those of other splits beside it.

    Files in folders of usual names come first, lemmas and cleaned captions last; then texts
    beside the photos.
    named: the file to read instead. chosen: the titles of its columns.
    Raises DatasetError when no file holds captions.
    """
    sidecars = find_sidecars(files)
    texts = caption_texts(folder, [path for path in files if path not in sidecars])
    if named:
        found = FoundCaptions({named: read_caption_file(named, chosen)}, sidecars=sidecars)
        return with_siblings(folder, found, texts, chosen)
    found, serves, refusals = first_captions(folder, files, texts, chosen)
    if not serves and sidecars:
        beside = read_sidecars(folder, sidecars)
        if beside.captions:
            found = FoundCaptions({folder / "*.txt": beside}, sidecars=sidecars)
            found.skipped |= unread_beside(files, sidecars)
            return found
    if not found:
        refuse(folder, refusals + [*unopened(files)])
    found.sidecars = sidecars
    found = with_siblings(folder, found, texts, chosen)
    for text in texts:
        if text not in found.parts:
            note_other(folder, found, text)
    if sidecars:
        found.skipped["texts beside photos, not read"] = [*sidecars]
    return found


def caption_texts(folder: Path, files: list[str]) -> list[Path]:
    """Return the files that may hold captions, the likeliest first."""
    texts = [name for name in files if name.lower().endswith(TEXT_ENDINGS)]

    def likely(name: str) -> tuple:
        own = name.rpartition("/")[2]
        poor = [word in own for word in ("submission", "lemma", "descriptions")]
        return *poor, not is_usual(name), own

    return [folder / name for name in sorted(texts, key=likely)]


def first_captions(
    folder: Path, files: list[str], texts: list[Path], chosen: Chosen
) -> tuple[FoundCaptions | None, bool, list[str]]:
    """Return the first file whose names lead to photos, else the first with captions, else None.

    Returns also whether its names lead to photos, and why files before it are none.
    """
    photos = {name for path in files for name in (last_part(path), last_part(stem(path)))}
    first, serves, refusals = None, False, []
    for path in texts:
        try:
            found = read_caption_file(path, chosen)
        except CaptionFormatError as error:
            refusals.append("  " + str(error).split("\n")[0])
            continue
        if not found.captions:
            refusals.append(f"  {path}: {found.format} without a caption")
            continue
        told = (name for name, texts in found.captions.items() if any(map(WORD.search, texts)))
        serves = any(last_part(name) in photos for name in told)
        if serves or first is None:
            first = FoundCaptions({path: found})
        if serves:
            break
    return first, serves, refusals


def last_part(path: str) -> str:
    """Return what all spellings of a file's own name have in common."""
    return fold(path).rpartition("/")[2]


def unopened(files: Iterable[str]) -> Iterable[str]:
    """Yield a line about every file whose captions or photos only another program can open."""
    for path in files:
        if cure := CURES.get(path.lower().rpartition(".")[2]):
            yield f"  {path}: not read; {cure}"


def refuse(folder: Path, refusals: list[str]) -> None:
    """Raise DatasetError for a folder without captions."""
    looked_at = "\n".join(refusals[:5]) or "  (no text file)"
    raise DatasetError(
        f"{folder}: no captions file found. Looked at:\n{looked_at}\n{LAYOUTS}\n{OTHER_TITLES}"
    )


def note_other(folder: Path, found: FoundCaptions, path: Path) -> None:
    """Note a file of other captions, which somebody may have meant."""
    place = place_in(folder, path)
    if path.stat().st_size > LARGEST_LOOK:
        found.skip("large files, not looked at (--captions FILE takes one)", place)
        return
    try:
        if any(read_caption_file(path).captions.values()):
            found.skip("other files of captions, not read (--captions FILE takes one)", place)
    except CaptionFormatError as error:
        if not error.holds_none:
            problem = place + str(error).removeprefix(str(path))
            found.skip("files that are damaged, not read", problem)


def with_siblings(
    folder: Path, found: FoundCaptions, texts: Iterable[Path], chosen: Chosen
) -> FoundCaptions:
    """Add the files of the other splits, such as captions_val2017.json to …train2017.json.

    One that holds no captions is left out and noted.
    """
    for path in siblings(folder, found, texts):
        try:
            part = found.parts.get(path) or read_caption_file(path, chosen)
        except CaptionFormatError as error:
            if not error.holds_none:
                raise
            part = CaptionFile("")
        if part.captions:
            found.parts[path] = part
        else:
            found.skip("splits without captions, left out", place_in(folder, path))
    if len(found.parts) > 1:
        for path, part in found.parts.items():
            split = split_in(place_in(folder, path))
            part.assign((name, split) for name in part.captions)
    return found


def siblings(folder: Path, found: FoundCaptions, texts: Iterable[Path]) -> list[Path]:
    """Return the files that are called as the first one is but for a split; not trainval and train.

    The captions of trainval stand in train as well.
    """
    places = {place_in(folder, path): path for path in [*texts, *found.parts]}
    alike = called_alike(place_in(folder, next(iter(found.parts))), places)
    for place in alike[:] if "train" in map(split_word, alike) else ():
        if split_word(place) == "trainval":
            found.parts.pop(places[place], None)
            alike.remove(place)
            found.skip("files whose captions others have, not read", place)
    return sorted(places[place] for place in alike)


def join_parts(photos: Photos, parts: dict[Path, CaptionFile]) -> tuple[CaptionFile, dict]:
    """Make one of several files of captions, with the identities of the photos for their names.

    Returns it with a dictionary: identity -> path of the photo inside the folder, "" for none.
    """
    whole, places, pairs = CaptionFile(next(iter(parts.values())).format), {}, []
    for source, part in parts.items():
        listed = [(name, split) for split, names in part.splits.items() for name in names]
        named = photos.identities(part.captions | dict(listed), source)
        for name, texts in part.captions.items():
            identity, places[identity] = named[name]
            whole.captions.setdefault(identity, []).extend(texts)
        for reason, examples in part.dropped.items():
            whole.dropped.setdefault(reason, []).extend(examples)
        pairs += [(named[name][0], split) for name, split in listed]
    whole.assign(pairs)
    return whole, places
