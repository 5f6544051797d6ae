"""Open a data set: captions, photos and splits, from data/mini, Flickr8k, or a folder of yours."""

import json
import os
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from helpers.captions import NONE_CHOSEN, WORD, Chosen, split_captions
from helpers.datasets.dataset import Dataset
from helpers.datasets.flickr8k import download_flickr8k
from helpers.datasets.folders import LAYOUTS, find_captions, find_photos, join_parts, unopened
from helpers.datasets.photos import IMAGE_ENDINGS, DatasetError, place_in
from helpers.datasets.reporting import write_report
from helpers.datasets.scanning import scan
from helpers.datasets.splits import find_splits, make_splits, refuse_empty, refuse_overlap, usable
from helpers.places import DATA as DATA_FOLDER
from helpers.places import home, work_root

NAMES = ("mini", "mini-de", "flickr8k")


def open_dataset(
    name: str | Path = "mini",
    data_dir: str | Path | None = None,
    seed: int = 7,
    words_of: Callable[[str], list[str]] | None = None,
    captions: str | Path | None = None,
    columns: Chosen = NONE_CHOSEN,
) -> Dataset:
    """Open "mini", "mini-de", "flickr8k", or a folder with captions and images in any layout.

    data_dir: where Flickr8k lies; otherwise $CAPTION_DATA_DIR, otherwise data/flickr8k, where it
        is downloaded if it is missing.
    seed: shuffles the images if the folder brings no splits (80 % train, 10 % dev, 10 % test).
    words_of: text -> its words, for captions without spaces between words, such as `jieba.lcut`
        for Chinese; the captions of the data set then have a space between their words.
    captions: the file of captions, where a folder holds several; also as a path inside it.
    columns: titles of the columns of image and caption, where a table has others than usual.
    Raises DatasetError when captions, images or splits are missing or contradict each other.
    """
    mini, options = DATA_FOLDER / "mini", (seed, words_of, columns)
    if name == "mini":
        dataset = open_folder(mini, name, *options, captions or mini / "Flickr8k.token.txt")
        dataset.scenes = json.loads((mini / "scenes.json").read_text("utf-8"))
        return dataset
    if name == "mini-de":  # German captions of mini's scenes
        return open_folder(mini, name, *options, captions or mini / "de" / "Flickr8k.token.txt")
    if name != "flickr8k":
        own = Path(name).resolve().name
        own = f"my-{own}" if own in NAMES else own
        return open_folder(Path(name), own, *options, captions)
    folder = data_dir or os.environ.get("CAPTION_DATA_DIR") or own_flickr8k()
    return open_folder(Path(folder), name, *options, captions)


def work_folder(dataset: Dataset) -> Path:
    """Return where the work on a data set is kept if nothing else is said: `work/<its name>`.

    Behind the name of a folder of yours, or its first 60 letters, is a hash of its place: another
    folder of that name, a lesson's too, works elsewhere.
    """
    place = sha256(os.fsencode(dataset.folder.resolve())).hexdigest()[:8]
    own = f"{dataset.name[:60]}-{place}"
    return work_root() / (dataset.name if dataset.name in NAMES else own)


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
    columns: Chosen = NONE_CHOSEN,
    captions_file: str | Path | None = None,
) -> Dataset:
    """Find captions, images and splits in a folder, and report what is missing.

    captions_file: the captions to take instead of those found in the folder.
    Other arguments and errors as in `open_dataset`.
    """
    skipped = {}
    files = scan(folder, skipped)
    named = find_file(folder, captions_file) if captions_file else None
    sources = find_captions(folder, files, named, columns)
    sources.skipped |= skipped
    photos = find_photos(folder, files, sources.parts)
    found, places = join_parts(photos, sources.parts)
    raw = split_captions(found.captions, words_of) if words_of else found.captions
    captions = {
        image: texts
        for image, texts in raw.items()
        if places[image] and any(map(WORD.search, texts))
    }
    title = ", ".join(path.name for path in sources.parts)
    if not captions:
        refuse_without_images(folder, title, raw, files)
    listed, origin = find_splits(photos, files, sources, found.splits, places)
    refuse_overlap(listed, f"{folder}, {origin}")
    listed, origin = make_splits(usable(listed, captions, sources), origin, sorted(captions), seed)
    refuse_empty(listed, captions, f"{folder}, {origin}")
    seen = photos, places, raw, found.dropped | sources.skipped
    report = write_report(name, (title, origin), captions, listed, seen)
    paths = {image: folder / places[image] for image in captions}
    return Dataset(name, captions, paths, listed, report, folder, format=found.format)


def find_file(folder: Path, file: str | Path) -> Path:
    """Return the path of a file that is named from here or from a folder on."""
    for path in (Path(file), folder / file):
        if path.is_file():
            return folder / place_in(folder, path)
    raise DatasetError(f"{file}: there is no such file, neither here nor in {folder}")


def refuse_without_images(folder: Path, title: str, raw: dict, files: list[str]) -> None:
    """Raise DatasetError for captions without words, or images; name an image that is there."""
    images = [path for path in files if path.lower().endswith(IMAGE_ENDINGS)]
    if not any(WORD.search(text) for texts in raw.values() for text in texts):
        name, texts = next(iter(raw.items()))
        problem = f"no word in the captions. {title} holds {len(raw):,}, for example {texts[:1]}"
        raise DatasetError(f"{folder}: {problem} of {name}. --captions FILE takes another file.")
    there = f" The folder holds {len(images):,} images, such as {images[0]}." if images else ""
    there += "".join(f"\n{line}" for line in [*unopened(files)][:5])
    raise DatasetError(
        f"{folder}: no images found. {title} lists {len(raw):,}, for example "
        f"{next(iter(raw))}.{there}\n{LAYOUTS}"
    )
