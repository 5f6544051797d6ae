"""Write a data set in another layout: COCO JSON, or Flickr8k's folder."""

import os
import shutil
from pathlib import Path

from helpers.captions import write_coco, write_tokens
from helpers.datasets.folders import SPLITS, DatasetError

PHOTO_FOLDER = "Flicker8k_Dataset"  # spelt as in Flickr8k


def to_coco(dataset: object, target: str | Path) -> str:
    """Write the captions of a `Dataset` as COCO JSON; return what was done, in a sentence.

    Every image carries its split, and the photos stay where they are. Raises DatasetError for
    a file that exists.
    """
    target = new_place(target)
    write_coco(dataset.captions, target, dataset.splits)
    folder = next(iter(dataset.image_paths.values())).parent
    return f"{target} written; the photos stay in {folder}"


def to_flickr8k(dataset: object, target: str | Path, link: bool = False) -> str:
    """Write a `Dataset` in Flickr8k's layout; return what was done, in a sentence.

    link: put links to the photos into the folder instead of copies. Images in no split come
    along. Raises DatasetError for a folder that exists, and for two photos of one name.
    """
    names = plain_names(dataset.image_paths)
    target = new_place(target)
    unfinished = target.with_name(target.name + ".new")
    shutil.rmtree(unfinished, ignore_errors=True)
    (unfinished / PHOTO_FOLDER).mkdir(parents=True)
    captions = {names[name]: texts for name, texts in dataset.captions.items()}
    write_tokens(captions, unfinished / "Flickr8k.token.txt")
    for split in SPLITS:
        text = "".join(f"{names[name]}\n" for name in dataset.splits[split])
        path = unfinished / f"Flickr_8k.{split}Images.txt"
        path.write_text(text, encoding="utf-8", newline="\n")
    for name, path in dataset.image_paths.items():
        place = unfinished / PHOTO_FOLDER / names[name]
        os.symlink(path.resolve(), place) if link else shutil.copyfile(path, place)
    unfinished.rename(target)
    done = "linked, keep the originals where they are" if link else "copied"
    return f"{target} written; {len(names):,} photos {done}"


def new_place(target: str | Path) -> Path:
    """Return a path at which nothing stands yet, its folder made; raise DatasetError otherwise."""
    refuse_existing(target)
    target = Path(target)
    target.absolute().parent.mkdir(parents=True, exist_ok=True)
    return target


def refuse_existing(target: str | Path) -> None:
    """Raise DatasetError for a path at which something stands."""
    if os.path.lexists(target):
        raise DatasetError(f"{target} exists and is left alone; choose another name")


def plain_names(image_paths: dict[str, Path]) -> dict[str, str]:
    """Return the name of every image without its folder; refuse two images of one name."""
    names, taken = {}, {}
    for name in image_paths:
        names[name] = plain = name.split("/")[-1]
        if taken.setdefault(plain, name) != name:
            raise DatasetError(f"{taken[plain]} and {name} would share one place: rename one")
    return names
