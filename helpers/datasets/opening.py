"""Open a data set: captions, photos and splits, from data/mini, Flickr8k, or a folder of yours."""

import json
import os
from collections.abc import Callable
from pathlib import Path

from helpers.captions import WORD, read_caption_file, split_captions
from helpers.datasets.dataset import SPLITS, Dataset
from helpers.datasets.flickr8k import download_flickr8k
from helpers.datasets.folders import (
    LAYOUTS,
    find_captions,
    find_photos,
    find_splits,
    join_parts,
    make_splits,
    scan,
)
from helpers.datasets.photos import DatasetError
from helpers.datasets.reporting import write_report
from helpers.places import DATA as DATA_FOLDER
from helpers.places import home

NAMES = ("mini", "mini-de", "flickr8k")


def open_dataset(
    name: str | Path = "mini",
    data_dir: str | Path | None = None,
    seed: int = 7,
    words_of: Callable[[str], list[str]] | None = None,
) -> Dataset:
    """Open "mini", "mini-de", "flickr8k", or a folder with captions and images in any layout.

    data_dir: where Flickr8k lies; otherwise $CAPTION_DATA_DIR, otherwise data/flickr8k, where it
        is downloaded if it is missing.
    seed: shuffles the images if the folder brings no splits (80 % train, 10 % dev, 10 % test).
    words_of: text -> its words, for captions without spaces between words, such as `jieba.lcut`
        for Chinese; the captions of the data set then have a space between their words.
    Raises DatasetError when captions, images or splits are missing or contradict each other.
    """
    mini = DATA_FOLDER / "mini"
    if name == "mini":
        dataset = open_folder(mini, name, seed, words_of)
        dataset.scenes = json.loads((mini / "scenes.json").read_text("utf-8"))
        return dataset
    if name == "mini-de":  # German captions of mini's scenes
        return open_folder(mini, name, seed, words_of, mini / "de" / "Flickr8k.token.txt")
    if name != "flickr8k":
        return open_folder(Path(name), Path(name).resolve().name, seed, words_of)
    folder = data_dir or os.environ.get("CAPTION_DATA_DIR") or own_flickr8k()
    return open_folder(Path(folder), name, seed, words_of)


def own_flickr8k() -> Path:
    """Return data/flickr8k; download what belongs there unless it holds captions already.

    It is in the course folder, or, where the course is installed, in the user's cache.
    """
    folder = home() / "data" / "flickr8k"
    try:
        find_captions(folder, scan(folder))
    except DatasetError:
        download_flickr8k(folder)
    return folder


def open_folder(
    folder: Path,
    name: str,
    seed: int = 7,
    words_of: Callable[[str], list[str]] | None = None,
    captions_file: Path | None = None,
) -> Dataset:
    """Find captions, images and splits in a folder, and report what is missing.

    captions_file: the captions to take instead of those found in the folder.
    Other arguments and errors as in `open_dataset`.
    """
    files = scan(folder)
    parts = {captions_file: read_caption_file(captions_file)} if captions_file else None
    parts = parts or find_captions(folder, files)
    photos = find_photos(folder, files, parts)
    found, places = join_parts(photos, parts)
    raw = split_captions(found.captions, words_of) if words_of else found.captions
    captions = {
        image: texts
        for image, texts in raw.items()
        if places[image] and any(map(WORD.search, texts))
    }
    title = ", ".join(path.name for path in parts)
    if not captions:
        raise DatasetError(
            f"{folder}: no images found. {title} lists {len(raw):,}, for example "
            f"{next(iter(raw))}.\n{LAYOUTS}"
        )
    listed, origin = find_splits(photos, files, list(parts), found)
    refuse_overlap(listed, f"{folder}, {origin}")
    listed, origin = make_splits(listed, origin, sorted(captions), seed)
    splits = usable(listed, captions, f"{folder}, {origin}")
    report = write_report(name, (title, origin), captions, splits, (photos, places, raw), found)
    paths = {image: folder / places[image] for image in captions}
    return Dataset(name, captions, paths, splits, report, folder, format=found.format)


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


def usable(listed: dict, captions: dict, origin: str) -> dict[str, list[str]]:
    """Keep the images that have captions; refuse splits that end up empty."""
    splits = {split: [image for image in listed[split] if image in captions] for split in SPLITS}
    for split, images in splits.items():
        if not images:
            raise DatasetError(
                f"{origin}: the split {split!r} is empty. It needs images that have a file and "
                f"captions; {len(captions):,} images have both."
            )
    return splits
