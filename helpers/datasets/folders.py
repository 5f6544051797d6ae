"""Find the captions and the splits in a folder of any usual layout."""

import os
import random
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from helpers.captions import (
    CaptionFile,
    CaptionFormatError,
    plain_spelling,
    read_caption_file,
)
from helpers.datasets.dataset import SPLITS
from helpers.datasets.photos import SPLIT_WORD, DatasetError, Photos, fold, split_in

# Subfolders, in small letters and at any depth, that are searched for captions and images.
SUBFOLDERS = {"flicker8k_dataset", "flickr8k_dataset", "flickr8k_text", "images", "annotations"}
SUBFOLDERS |= {"flickr30k_images", "flickr30k-images", "data"}
SUBFOLDERS |= {"train2014", "val2014", "train2017", "val2017"}
SUBFOLDERS |= {"train", "dev", "val", "valid", "validation", "test"}
TEXT_ENDINGS = (".txt", ".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".token")

LAYOUTS = """\
Expected is a folder with captions and the images, for example:
  Flickr8k.token.txt   Flicker8k_Dataset/   Flickr_8k.trainImages.txt, …dev…, …test…
  captions.txt         Images/                           (Kaggle's Flickr8k)
  results.csv          flickr30k_images/                 (Kaggle's Flickr30k)
  dataset.json         images/                           (Karpathy or COCO JSON)
  annotations/captions_train2017.json, …val…   train2017/   val2017/              (COCO)
  captions.csv         images beside it                  (columns image, caption)
  metadata.jsonl       images beside it                  (Hugging Face's imagefolder)"""


def scan(folder: Path, subfolders: Iterable[str] = SUBFOLDERS) -> list[str]:
    """List the files of a folder and of such subfolders in one pass, as paths inside it."""
    if not folder.is_dir():
        raise DatasetError(
            f"{folder} is neither 'mini', 'mini-de', 'flickr8k' nor a folder (there is no "
            f"{folder.absolute()}). Check the name, or DATA_DIR."
        )
    files = []
    for here, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if fold(name) in subfolders)
        inside = Path(here).relative_to(folder)
        start = "" if inside == Path() else f"{inside.as_posix()}/"
        files += [start + name for name in sorted(names) if not name.startswith(".")]
    return files


def find_photos(folder: Path, files: list[str], parts: dict[Path, CaptionFile]) -> Photos:
    """List the photos of a folder; subfolders that captions name are searched as well."""
    paths = {name.rpartition("/")[0] for part in parts.values() for name in part.captions}
    named = {fold(name) for path in paths for name in path.split("/") if name}
    return Photos(folder, files if named <= SUBFOLDERS else scan(folder, SUBFOLDERS | named))


def find_captions(folder: Path, files: list[str]) -> dict[Path, CaptionFile]:
    """Read the first file that holds captions, and those of other splits that belong to it.

    Lemmas and cleaned captions come last. Raises DatasetError when no file holds captions.
    """
    refusals = []
    texts = [folder / name for name in files if name.lower().endswith(TEXT_ENDINGS)]
    texts.sort(key=lambda path: ("lemma" in path.name, "descriptions" in path.name, path.name))
    for path in texts:
        try:
            found = read_caption_file(path)
        except CaptionFormatError as error:
            refusals.append("  " + str(error).split("\n")[0])
            continue
        if found.captions:
            return with_siblings(folder, path, found, texts)
        refusals.append(f"  {path}: {found.format} without a caption")
    looked_at = "\n".join(refusals[:5]) or "  (no text file)"
    raise DatasetError(f"{folder}: no captions file found. Looked at:\n{looked_at}\n{LAYOUTS}")


def without_split(folder: Path, path: Path) -> str:
    """Return a path with a gap where it names a split, or "" where it names none."""
    inside = path.relative_to(folder).as_posix()
    found = list(SPLIT_WORD.finditer(inside.lower()))
    return f"{inside[: found[-1].start()]}…{inside[found[-1].end() :]}" if found else ""


def with_siblings(
    folder: Path, first: Path, found: CaptionFile, texts: list[Path]
) -> dict[Path, CaptionFile]:
    """Add the files of the other splits, such as captions_val2017.json to …train2017.json."""
    parts, place = {first: found}, without_split(folder, first)
    alike = [path for path in texts if path != first and without_split(folder, path) == place]
    if place and alike:
        parts |= {path: read_caption_file(path) for path in sorted(alike)}
        for path, part in parts.items():
            split = split_in(path.relative_to(folder).as_posix())
            part.assign((name, split) for name in part.captions)
    return parts


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


def find_splits(
    photos: Photos, files: list[str], sources: list[Path], found: CaptionFile
) -> tuple[dict[str, list[str]], str]:
    """Return the splits that a folder brings, and their origin; ({}, "") if it brings none.

    They stand in Flickr8k's lists, with the captions, or in a Karpathy JSON beside them.
    """
    folder, places = photos.folder, {name.rpartition("/")[2]: name for name in reversed(files)}
    lists = {split: f"Flickr_8k.{split}Images.txt" for split in SPLITS}
    present = [name for name in lists.values() if name in places]
    if len(present) == len(lists):
        paths = {split: folder / places[name] for split, name in lists.items()}
        return {split: read_list(photos, path) for split, path in paths.items()}, "split lists"
    if present:
        missing = ", ".join(name for name in lists.values() if name not in places)
        raise DatasetError(
            f"{folder}: {missing} missing beside {present[0]}. Add it or take all out."
        )
    if found.splits:
        return found.splits, ", ".join(path.relative_to(folder).as_posix() for path in sources)
    for path in (folder / name for name in files if name.endswith(".json")):
        with suppress(CaptionFormatError):
            if path not in sources and (splits := read_caption_file(path).splits):
                own = {split: identities(photos, names, path) for split, names in splits.items()}
                return own, path.name
    return {}, ""


def read_list(photos: Photos, path: Path) -> list[str]:
    """Read a split list, one image a line; a name given twice counts once."""
    names = (plain_spelling(name.strip()) for name in path.read_text("utf-8-sig").splitlines())
    return identities(photos, filter(None, names), path)


def identities(photos: Photos, names: Iterable[str], source: Path) -> list[str]:
    """Return the images that a file names, each once."""
    return list(dict.fromkeys(own for own, _ in photos.identities(names, source).values()))


def make_splits(
    listed: dict[str, list[str]], origin: str, images: list[str], seed: int
) -> tuple[dict[str, list[str]], str]:
    """Make the splits that are missing, by image: a tenth for dev, a tenth for test.

    Without any splits all images are shuffled; if dev or test alone is missing, it is taken
    from train; if train is missing, it is what no other split has. Returns splits and origin.
    """
    splits = {split: list(listed.get(split, [])) for split in SPLITS}
    missing = [split for split in SPLITS if not splits[split]]
    if not missing:
        return splits, origin
    taken, known = {*splits["dev"], *splits["test"]}, set(images)
    pool = splits["train"] or [name for name in images if name not in taken]
    train = sorted(name for name in pool if name in known)
    shuffled, tenth = random.Random(seed).sample(train, len(train)), max(1, len(train) // 10)
    for split in missing:
        if split != "train":
            splits[split], shuffled = shuffled[:tenth], shuffled[tenth:]
    splits["train"] = shuffled
    made = f"{' and '.join(missing)} made" if origin else "shuffled"
    return splits, ", ".join(part for part in (origin, made, f"seed {seed}") if part)
