"""Write a data set in another layout: COCO JSON, or Flickr8k's folder."""

import glob
import os
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import chain, count
from pathlib import Path
from tempfile import TemporaryDirectory

from helpers.captions import write_coco, write_tokens
from helpers.datasets.dataset import SPLITS, Dataset
from helpers.datasets.photos import DatasetError, fold
from helpers.files import LockedError, check_target, locked, write_text

PHOTO_FOLDER = "Flicker8k_Dataset"  # spelt as in Flickr8k


def to_coco(dataset: Dataset, target: str | Path) -> str:
    """Write the captions of a data set as COCO JSON; return what was done, in a sentence.

    Every image carries its split, and the photos stay where they are. Raises DatasetError for
    a file that exists.
    """
    refuse_existing(target)
    write_coco(dataset.captions, target, dataset.splits)
    folders = {path.parent for path in dataset.image_paths.values()}
    folder = folders.pop() if len(folders) == 1 else dataset.folder
    return f"{target} written; the photos stay in {folder}"


def to_flickr8k(dataset: Dataset, target: str | Path, link: bool = False) -> str:
    """Write a data set in Flickr8k's layout; return what was done, in a sentence.

    link: put links to the photos into the folder instead of copies. Images in no split come
    along. The folder appears when it is complete. Raises DatasetError for one that exists.
    """
    refuse_existing(target)
    names = plain_names(dataset.image_paths)
    with unfinished_folder(Path(target)) as folder:
        (folder / PHOTO_FOLDER).mkdir()
        captions = {names[name]: texts for name, texts in dataset.captions.items()}
        write_tokens(captions, folder / "Flickr8k.token.txt")
        for split in SPLITS:
            lines = "".join(f"{names[name]}\n" for name in dataset.splits[split])
            write_text(folder / f"Flickr_8k.{split}Images.txt", lines)
        for name, path in dataset.image_paths.items():
            place = folder / PHOTO_FOLDER / names[name]
            os.symlink(path.resolve(), place) if link else shutil.copyfile(path, place)
    done = "linked, keep the originals where they are" if link else "copied"
    renamed = [name for name in names if names[name] != name.rpartition("/")[2]]
    if renamed:
        done += f"; {len(renamed):,} of one name renamed, such as {renamed[0]} to "
        done += names[renamed[0]]
    return f"{target} written; {len(names):,} photos {done}"


def refuse_existing(target: str | Path) -> None:
    """Raise DatasetError for a path at which something stands, OSError for none to write to."""
    if os.path.lexists(target):
        raise DatasetError(f"{target} exists and is left alone; choose another name")
    check_target(target)


@contextmanager
def unfinished_folder(target: Path) -> Iterator[Path]:
    """Give a new folder, which becomes `target` when the block ends without an error.

    Until then it lies in a hidden folder beside it, which is locked, and removed at the end. What
    a kill left there goes at the next call: nobody holds its lock.
    """
    begin, beside = f".{target.name}.unfinished-", target.absolute().parent
    try:
        beside.mkdir(parents=True, exist_ok=True)
        for left in beside.glob(f"{glob.escape(begin)}*"):
            with suppress(LockedError, OSError):
                if not (left / f".{PHOTO_FOLDER}.lock").exists():
                    left.rmdir()  # does nothing to a folder that holds something
                    continue
                with locked(left / PHOTO_FOLDER):
                    pass
                shutil.rmtree(left)
        with (
            TemporaryDirectory("", begin, beside, ignore_cleanup_errors=True) as hidden,
            locked(Path(hidden, PHOTO_FOLDER)),
        ):
            unfinished = Path(hidden, target.name)
            unfinished.mkdir()
            yield unfinished
            refuse_existing(target)
            unfinished.rename(target)
    except OSError as error:
        raise DatasetError(f"{target} could not be written: {error}") from error


def plain_names(image_paths: dict[str, Path]) -> dict[str, str]:
    """Return a name without folder for every image; of one name, each gets its folder in front.

    Names that differ in capitals only count as one: some disks know no difference.
    """
    plain = {name: name.rpartition("/")[2] for name in image_paths}
    amounts = Counter(map(fold, plain.values()))
    taken = {name for name, amount in amounts.items() if amount == 1}
    for name, path in image_paths.items():
        if amounts[fold(plain[name])] > 1:
            whole = Path(f"{path.parent.name}_{plain[name]}")
            endings = chain([""], (f"-{number}" for number in count(2)))
            names = (f"{whole.stem}{ending}{whole.suffix}" for ending in endings)
            plain[name] = next(other for other in names if fold(other) not in taken)
            taken.add(fold(plain[name]))
    return plain
