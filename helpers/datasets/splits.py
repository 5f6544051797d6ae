"""Find the splits of a data set: in lists, with the captions, or by the photos' folders."""

import json
import posixpath
import random
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from helpers.captions import (
    CaptionFormatError,
    Source,
    plain_spelling,
    read_caption_file,
    split_called,
)
from helpers.datasets.dataset import SPLITS
from helpers.datasets.folders import FoundCaptions
from helpers.datasets.namesakes import called_alike, split_in, split_word
from helpers.datasets.photos import DatasetError, Photos, place_in

LIST_ENDINGS = (".txt", ".lst", ".list", ".csv", ".tsv", ".json")
LARGEST_LIST, LONGEST_NAME = 50_000_000, 1000  # bytes, characters
LABELLED = re.compile(r"(.*\.\w+)[\s,;]+-?\d+")  # dog.jpg 7


def find_splits(
    photos: Photos, files: list[str], found: FoundCaptions, own: dict, places: dict
) -> tuple[dict[str, list[str]], str]:
    """Return the splits that a folder brings, and their origin; ({}, "") if it brings none.

    They stand in lists such as train.txt, with the captions, in a JSON beside them, or in the
    names of the photos' folders.
    own: the splits that stand with the captions; places: image -> path of its photo.
    """
    if lists := split_lists(photos, files, found, amount(own)):
        return lists, "split lists"
    if own:
        return own, ", ".join(place_in(photos.folder, path) for path in found.parts)
    for path in (photos.folder / name for name in files if name.lower().endswith(".json")):
        if path not in found.parts and (splits := json_splits(path)):
            named = {split: identities(photos, names, path) for split, names in splits.items()}
            if any(places.get(name) for names in named.values() for name in names):
                return named, path.name
    return splits_by_place(places)


def split_lists(
    photos: Photos, files: list[str], found: FoundCaptions, fewest: int
) -> dict[str, list[str]]:
    """Read the lists of images, one a line, whose paths differ in the name of a split only.

    Of several such sets of lists, the one with most splits is taken; the others are noted, and
    so is one with fewer splits than `fewest`.
    """
    lists = read_lists(photos, files, found)
    sets = [called_alike(name, lists) for name in lists]
    sets = [names for names in sets if len({*map(split_in, names)}) >= fewest]
    best = max(sets, key=lambda names: len({*map(split_in, names)}), default=[])
    words, splits = [*map(split_word, best)], {split: {} for split in SPLITS}
    for name, images in lists.items():
        if name not in best or (split_word(name) == "trainval" and "train" in words):
            found.skip("other split lists, not read", name)
        else:
            splits[split_in(name)] |= dict.fromkeys(images)
    return {split: list(images) for split, images in splits.items()} if best else {}


def read_lists(photos: Photos, files: list[str], found: FoundCaptions) -> dict[str, list[str]]:
    """Return file -> images of all texts that are lists of images of a split."""
    lists, known = {}, {name for names in found.skipped.values() for name in names}
    known |= {place_in(photos.folder, path) for path in found.parts} | {*found.sidecars}
    for name in files:
        if name.lower().endswith(LIST_ENDINGS) and split_in(name) and name not in known:
            if images := read_list(photos, photos.folder / name, found):
                lists[name] = images
            elif split_in(posixpath.basename(name)) and not name.lower().endswith(".json"):
                found.skip("text files called after a split, no lists of these photos", name)
    return lists


def read_list(photos: Photos, path: Path, found: FoundCaptions) -> list[str]:
    """Read a split list, one image a line; [] for another text. A name given twice counts once.

    Names that lead to no photo, such as a title, are noted.
    """
    if path.stat().st_size > LARGEST_LIST:
        return []
    names = names_in(Source(path).text)
    if not names or max(map(len, names)) > LONGEST_NAME:
        return []
    known = photos.identities(names, path)
    images = list(dict.fromkeys(own for own, place in known.values() if place))
    for name in known if images else ():
        if not known[name][1]:
            found.skip("names in split lists without a photo", name)
    return images


def names_in(text: str) -> list[str]:
    """Return the names in a list: a line each, maybe with the number of a class, or in JSON."""
    with suppress(ValueError, RecursionError):
        content = json.loads(text)
        is_list = isinstance(content, list) and all(isinstance(name, str) for name in content)
        return [plain_spelling(name.strip()) for name in content] if is_list else []
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    classes = [LABELLED.fullmatch(line) for line in lines]
    names = [match[1] for match in classes] if all(classes) else lines
    return [plain_spelling(re.sub(r"#\d+$", "", name.strip("\"'"))) for name in names]


def identities(photos: Photos, names: Iterable[str], source: Path) -> list[str]:
    """Return the images that a file names, each once."""
    return list(dict.fromkeys(own for own, _ in photos.identities(names, source).values()))


def json_splits(path: Path) -> dict[str, list[str]]:
    """Return the splits of a JSON of captions, or of {"train": [names], …}; {} for others."""
    with suppress(CaptionFormatError):
        return read_caption_file(path).splits
    with suppress(CaptionFormatError):
        content, splits = Source(path).json, {}
        for key, names in content.items() if isinstance(content, dict) else ():
            is_list = isinstance(names, list) and all(isinstance(name, str) for name in names)
            if is_list and (split := split_called(key)):
                splits.setdefault(split, []).extend(map(plain_spelling, names))
        return splits
    return {}


def splits_by_place(places: dict[str, str]) -> tuple[dict[str, list[str]], str]:
    """Return the splits that the photos' folders, or all their names, are called after.

    One split alone is none.
    """
    for origin, part in (("folders", posixpath.dirname), ("names", posixpath.basename)):
        splits = {split: [] for split in SPLITS}
        for image, path in places.items():
            if split := split_in(part(path)):
                splits[split].append(image)
        everyone = sum(map(len, splits.values())) == sum(map(bool, places.values()))
        if amount(splits) > 1 and (everyone or origin == "folders"):
            return splits, f"the photos' {origin}"
    return {}, ""


def amount(splits: dict[str, list[str]]) -> int:
    """Return how many of some splits hold an image."""
    return sum(map(bool, splits.values()))


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


def refuse_overlap(listed: dict[str, list[str]], origin: str) -> None:
    """Raise DatasetError for an image in two splits: a captioner would be tested on what it knows.

    Such splits come from dealing out captions instead of images.
    """
    for split, other in (("train", "dev"), ("train", "test"), ("dev", "test")):
        if shared := sorted(set(listed.get(split, ())) & set(listed.get(other, ()))):
            raise DatasetError(
                f"{origin}: {len(shared):,} images are in {split} and in {other}, for example "
                f"{shared[0]}. Take them out of one of the two."
            )


def usable(
    listed: dict[str, list[str]], captions: dict[str, list[str]], found: FoundCaptions
) -> dict[str, list[str]]:
    """Keep the images that have a photo and captions; note a split that is left without any."""
    splits = {}
    for split, images in listed.items():
        splits[split] = [image for image in images if image in captions]
        if images and not splits[split]:
            found.skip("splits without captions, left out", f"{split}: {len(images):,} images")
    return splits


def refuse_empty(splits: dict[str, list[str]], captions: dict, origin: str) -> None:
    """Raise DatasetError for a split that ends up empty: there are too few images."""
    for split, images in splits.items():
        if not images:
            raise DatasetError(
                f"{origin}: the split {split!r} is empty. It needs images that have a file and "
                f"captions; {len(captions):,} images have both."
            )
