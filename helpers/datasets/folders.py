"""Find the captions, the splits and the images in a folder of any usual layout."""

import os
import random
import re
from pathlib import Path

from helpers.captions import (
    CaptionFile,
    CaptionFormatError,
    read_caption_file,
    read_splits,
)

SPLITS = ("train", "dev", "test")

# Subfolders, in small letters and at any depth, that are searched for captions and images.
SUBFOLDERS = {"flicker8k_dataset", "flickr8k_dataset", "flickr8k_text", "images", "annotations"}
SUBFOLDERS |= {"flickr30k_images", "flickr30k-images", "data"}
SUBFOLDERS |= {"train2014", "val2014", "train2017", "val2017"}
SUBFOLDERS |= {"train", "dev", "val", "valid", "validation", "test"}
TEXT_ENDINGS = (".txt", ".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".token")

# A split in the name of a file or its folder: captions_val2017.json, train/metadata.csv.
SPLIT_WORD = re.compile(r"(?<![a-z])(train|val|valid|validation|dev|test|restval)(?![a-z])")

LAYOUTS = """\
Expected is a folder with captions and the images, for example:
  Flickr8k.token.txt   Flicker8k_Dataset/   Flickr_8k.trainImages.txt, …dev…, …test…
  captions.txt         Images/                           (Kaggle's Flickr8k)
  results.csv          flickr30k_images/                 (Kaggle's Flickr30k)
  dataset.json         images/                           (Karpathy or COCO JSON)
  annotations/captions_train2017.json, …val…   train2017/   val2017/              (COCO)
  captions.csv         images beside it                  (columns image, caption)
  metadata.jsonl       images beside it                  (Hugging Face's imagefolder)"""


class DatasetError(ValueError):
    """A data set cannot be opened; the message names the folder and the cure."""


def scan(folder: Path) -> dict[str, Path]:
    """List the files of a folder and its known subfolders in one pass: name -> path.

    Of two files of one name the first counts, but for texts, which are listed by their path
    inside the folder as well.
    """
    if not folder.is_dir():
        raise DatasetError(
            f"{folder} is neither 'mini', 'mini-de', 'flickr8k' nor a folder (there is no "
            f"{folder.absolute()}). Check the name, or DATA_DIR."
        )
    files = {}
    for here, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name.lower() in SUBFOLDERS)
        for name in sorted(names):
            if not name.startswith("."):
                path = Path(here, name)
                files.setdefault(name, path)
                if name.lower().endswith(TEXT_ENDINGS):
                    files.setdefault(path.relative_to(folder).as_posix(), path)
    return files


def find_captions(folder: Path, files: dict[str, Path]) -> tuple[list[Path], CaptionFile]:
    """Read the first file that holds captions, and those of other splits that belong to it.

    Lemmas and cleaned captions come last. Raises DatasetError when no file holds captions.
    """
    refusals = []
    texts = {path: None for name, path in files.items() if name.lower().endswith(TEXT_ENDINGS)}
    for path in sorted(texts, key=lambda path: order(path.name)):
        try:
            found = read_caption_file(path)
        except CaptionFormatError as error:
            refusals.append("  " + str(error).split("\n")[0])
            continue
        if found.captions:
            return with_siblings(folder, path, found, list(texts))
        refusals.append(f"  {path}: {found.format} without a caption")
    looked_at = "\n".join(refusals[:5]) or "  (no text file)"
    raise DatasetError(f"{folder}: no captions file found. Looked at:\n{looked_at}\n{LAYOUTS}")


def order(name: str) -> tuple:
    """Return what text files are sorted by."""
    return "lemma" in name, "descriptions" in name, name


def split_place(folder: Path, path: Path) -> tuple[str, str]:
    """Return a path with a gap where it names a split, and that split; "" where it names none."""
    inside = path.relative_to(folder).as_posix()
    found = list(SPLIT_WORD.finditer(inside.lower()))
    if not found:
        return inside, ""
    start, end = found[-1].span()
    return f"{inside[:start]}…{inside[end:]}", found[-1].group()


def with_siblings(
    folder: Path, first: Path, found: CaptionFile, texts: list[Path]
) -> tuple[list[Path], CaptionFile]:
    """Add the files of the other splits, such as captions_val2017.json to …train2017.json."""
    place, split = split_place(folder, first)
    others = [path for path in texts if path != first and split_place(folder, path)[0] == place]
    if not split or not others:
        return [first], found
    parts = {first: found} | {path: read_caption_file(path) for path in sorted(others)}
    whole, pairs = CaptionFile(found.format), []
    for path, part in parts.items():
        pairs += [(name, split_place(folder, path)[1]) for name in part.captions]
        for name, texts in part.captions.items():
            whole.captions.setdefault(name, []).extend(texts)
        for reason, examples in part.dropped.items():
            whole.dropped.setdefault(reason, []).extend(examples)
    whole.assign(pairs)
    return list(parts), whole


def find_splits(
    folder: Path, files: dict[str, Path], sources: list[Path], found: CaptionFile
) -> tuple[dict[str, list[str]], str]:
    """Return the splits that a folder brings, and their origin; ({}, "") if it brings none.

    They stand in Flickr8k's lists, with the captions, or in a Karpathy JSON beside them.
    """
    lists = {split: f"Flickr_8k.{split}Images.txt" for split in SPLITS}
    present = [name for name in lists.values() if name in files]
    if len(present) == len(lists):
        return {split: read_list(files[name]) for split, name in lists.items()}, "split lists"
    if present:
        missing = ", ".join(name for name in lists.values() if name not in files)
        raise DatasetError(
            f"{folder}: {missing} missing beside {present[0]}. Add it or take all out."
        )
    if found.splits:
        return found.splits, ", ".join(path.relative_to(folder).as_posix() for path in sources)
    for name, path in files.items():
        if name.endswith(".json") and path not in sources:
            try:
                splits = read_splits(path)
            except CaptionFormatError:
                continue
            if splits:
                return splits, path.name
    return {}, ""


def read_list(path: Path) -> list[str]:
    """Read the image names of a split list, one a line; a name given twice counts once."""
    names = map(str.strip, path.read_text("utf-8-sig").splitlines())
    return list(dict.fromkeys(name for name in names if name))


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
