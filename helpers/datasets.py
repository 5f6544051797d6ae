"""Open a data set: captions, photos and splits, from data/mini, Flickr8k, or a folder of yours."""

import json
import os
import random
from dataclasses import dataclass
from pathlib import Path

from helpers.captions import WORD, CaptionFormatError, read_captions, read_splits
from helpers.downloads import DownloadError, download, unzip

DATA_FOLDER = Path(__file__).parents[1] / "data"
SPLITS = ("train", "dev", "test")

FLICKR8K_URL = "https://github.com/jbrownlee/Datasets/releases/download/Flickr8k"
FLICKR8K_ARCHIVES = {  # archive: (hash, what stands in the folder after unzipping)
    "Flickr8k_Dataset.zip": ("md5:f18a1e2920de5bd84dae7cf08ec78978", "Flicker8k_Dataset"),
    "Flickr8k_text.zip": ("md5:bf6c1abcb8e4a833b7f922104de18627", "Flickr8k.token.txt"),
}

# Subfolders, in small letters and at any depth, that are searched for captions and images.
SUBFOLDERS = {"flicker8k_dataset", "flickr8k_dataset", "flickr8k_text", "images", "annotations"}
SUBFOLDERS |= {"flickr30k_images", "flickr30k-images"}
SUBFOLDERS |= {"train2014", "val2014", "train2017", "val2017"}
IMAGE_ENDINGS = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".avif")
TEXT_ENDINGS = (".txt", ".csv", ".tsv", ".json", ".token")

LAYOUTS = """\
Expected is a folder with one captions file and the images, for example:
  Flickr8k.token.txt   Flicker8k_Dataset/   Flickr_8k.trainImages.txt, …dev…, …test…
  captions.txt         Images/                           (Kaggle's Flickr8k)
  results.csv          flickr30k_images/                 (Kaggle's Flickr30k)
  dataset.json         images/                           (Karpathy or COCO JSON)
  captions.csv         images beside it                  (columns image, caption)"""


class DatasetError(ValueError):
    """A data set cannot be opened; the message names the folder and the cure."""


@dataclass
class Dataset:
    """Raw captions, image paths and splits; every image in a split has a file and captions."""

    name: str
    captions: dict[str, list[str]]
    image_paths: dict[str, Path]
    splits: dict[str, list[str]]
    report: str
    scenes: dict | None = None

    def paths(self, split: str) -> list[Path]:
        """Return the image paths of "train", "dev" or "test"."""
        return [self.image_paths[name] for name in self.splits[split]]

    def references(self, split: str) -> list[list[str]]:
        """Return the raw captions of "train", "dev" or "test", one list an image."""
        return [self.captions[name] for name in self.splits[split]]


def open_dataset(
    name: str | Path = "mini", data_dir: str | Path | None = None, seed: int = 7
) -> Dataset:
    """Open "mini", "flickr8k", or a folder with captions and images in any usual layout.

    data_dir: where Flickr8k lies; otherwise $CAPTION_DATA_DIR, otherwise data/flickr8k, where it
        is downloaded if it is missing.
    seed: shuffles the images if the folder brings no splits (80 % train, 10 % dev, 10 % test).
    Raises DatasetError when captions, images or splits are missing or contradict each other.
    """
    if name == "mini":
        dataset = _open_folder(DATA_FOLDER / "mini", "mini", seed)
        dataset.scenes = json.loads((DATA_FOLDER / "mini" / "scenes.json").read_text("utf-8"))
        return dataset
    if name != "flickr8k":
        return _open_folder(Path(name), Path(name).resolve().name, seed)
    folder = data_dir or os.environ.get("CAPTION_DATA_DIR") or _own_flickr8k()
    return _open_folder(Path(folder), "flickr8k", seed)


def _own_flickr8k() -> Path:
    """Return data/flickr8k; download what belongs there unless it holds captions already."""
    folder = DATA_FOLDER / "flickr8k"
    try:
        _find_captions(folder, _scan(folder))
    except DatasetError:
        download_flickr8k(folder)
    return folder


def download_flickr8k(
    folder: str | Path,
    base_url: str = FLICKR8K_URL,
    archives: dict[str, tuple[str, str]] = FLICKR8K_ARCHIVES,
) -> None:
    """Download Flickr8k (1.1 GB) and unzip it in a folder, leaving out what is there already.

    Raises DatasetError, which tells how to do it by hand.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        for file, (known_hash, result) in archives.items():
            if not (folder / result).exists():
                archive = download(f"{base_url}/{file}", known_hash, folder)
                unzip(archive, folder)
                archive.unlink()
    except DownloadError as error:
        addresses = "\n".join(f"  {base_url}/{file}" for file in archives)
        raise DatasetError(
            f"{error}\nRun this again to go on where it stopped, or do it by hand: fetch\n"
            f"{addresses}\nand unzip both in {folder}. A copy elsewhere is found through data_dir "
            f"or the environment variable CAPTION_DATA_DIR."
        ) from error


def _open_folder(folder: Path, name: str, seed: int) -> Dataset:
    """Find captions, images and splits in a folder, and report what is missing."""
    files = _scan(folder)
    captions_file, raw = _find_captions(folder, files)
    places = {image: files.get(image) or files.get(image.split("/")[-1]) for image in raw}
    captions = {
        image: texts
        for image, texts in raw.items()
        if places[image] and any(map(WORD.search, texts))
    }
    if not captions:
        raise DatasetError(
            f"{folder}: no images found. {captions_file.name} lists {len(raw):,}, for example "
            f"{next(iter(raw))}.\n{LAYOUTS}"
        )
    listed, origin = _find_splits(folder, files, captions_file, sorted(captions), seed)
    splits = _usable(listed, captions, f"{folder}, {origin}")
    sizes = ", ".join(f"{split} {len(images):,}" for split, images in splits.items())
    report = [
        f"{name}: {sum(map(len, captions.values())):,} captions ({captions_file.name})",
        f"images with captions: {len(captions):,}",
        f"splits: {sizes} ({origin})",
        *_losses(files, places, raw, splits),
    ]
    paths = {image: places[image] for image in captions}
    return Dataset(name, captions, paths, splits, "\n".join(report))


def _usable(listed: dict, captions: dict, origin: str) -> dict[str, list[str]]:
    """Keep the images that have captions; refuse splits that overlap or end up empty."""
    for split, other in (("train", "dev"), ("train", "test"), ("dev", "test")):
        if shared := sorted(set(listed[split]) & set(listed[other])):
            raise DatasetError(
                f"{origin}: {len(shared):,} images are in {split} and in {other}, for example "
                f"{shared[0]}. Take them out of one of the two."
            )
    splits = {split: [image for image in listed[split] if image in captions] for split in SPLITS}
    for split, images in splits.items():
        if not images:
            raise DatasetError(
                f"{origin}: the split {split!r} is empty. It needs images that have a file and "
                f"captions; {len(captions):,} images have both."
            )
    return splits


def _losses(files: dict, places: dict, raw: dict, splits: dict) -> list[str]:
    """Report what falls out on the way from the files to the splits."""
    used, in_splits = set(places.values()), set().union(*splits.values())
    images = [name for name in files if name.lower().endswith(IMAGE_ENDINGS)]
    empty = [name for name, texts in raw.items() for text in texts if not WORD.search(text)]
    return [
        _count("images whose file is missing", [name for name in raw if not places[name]]),
        _count("images without captions", [name for name in images if files[name] not in used]),
        _count("images in no split", [n for n in raw if places[n] and n not in in_splits]),
        _count("captions empty after cleaning", empty),
    ]


def _count(title: str, names: list[str]) -> str:
    """Write one line of the report: how many, and the first three names."""
    examples = ", ".join(names[:3]) + (", …" if len(names) > 3 else "")
    return f"{title}: {len(names):,}" + (f" ({examples})" if names else "")


def _scan(folder: Path) -> dict[str, Path]:
    """List the files of a folder and its known subfolders in one pass: name -> path."""
    if not folder.is_dir():
        raise DatasetError(
            f"{folder} is neither 'mini', 'flickr8k' nor a folder (there is no "
            f"{folder.absolute()}). Check the name, or DATA_DIR."
        )
    files = {}
    for here, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name.lower() in SUBFOLDERS)
        for name in sorted(names):
            if not name.startswith("."):
                files.setdefault(name, Path(here, name))
    return files


def _find_captions(folder: Path, files: dict[str, Path]) -> tuple[Path, dict[str, list[str]]]:
    """Read the first file that holds captions; lemmas and cleaned captions come last."""
    refusals = []
    for name in sorted(files, key=lambda name: ("lemma" in name, "descriptions" in name, name)):
        if name.lower().endswith(TEXT_ENDINGS):
            try:
                return files[name], read_captions(files[name])
            except CaptionFormatError as error:
                refusals.append("  " + str(error).split("\n")[0])
    looked_at = "\n".join(refusals[:5]) or "  (no text file)"
    raise DatasetError(f"{folder}: no captions file found. Looked at:\n{looked_at}\n{LAYOUTS}")


def _find_splits(
    folder: Path, files: dict[str, Path], captions_file: Path, images: list[str], seed: int
) -> tuple[dict[str, list[str]], str]:
    """Return the splits and their origin: the split lists, a Karpathy JSON, or a shuffle."""
    lists = {split: f"Flickr_8k.{split}Images.txt" for split in SPLITS}
    present = [name for name in lists.values() if name in files]
    if len(present) == len(lists):
        return {split: _read_list(files[name]) for split, name in lists.items()}, "split lists"
    if present:
        missing = ", ".join(name for name in lists.values() if name not in files)
        raise DatasetError(
            f"{folder}: {missing} missing beside {present[0]}. Add it or take all out."
        )
    for name in [captions_file.name, *(name for name in files if name.endswith(".json"))]:
        if splits := read_splits(files[name]):
            return splits, name
    shuffled = random.Random(seed).sample(images, len(images))
    tenth = max(1, len(images) // 10)
    parts = shuffled[2 * tenth :], shuffled[:tenth], shuffled[tenth : 2 * tenth]
    return dict(zip(SPLITS, parts, strict=True)), f"shuffled, seed {seed}"


def _read_list(path: Path) -> list[str]:
    """Read the image names of a split list, one a line; a name given twice counts once."""
    names = map(str.strip, path.read_text("utf-8-sig").splitlines())
    return list(dict.fromkeys(name for name in names if name))
