"""What a data set holds."""

from dataclasses import dataclass
from pathlib import Path

SPLITS = ("train", "dev", "test")


@dataclass
class Dataset:
    """Raw captions, image paths and splits; every image in a split has a file and captions.

    An image is known by its name in the captions if that leads to one photo, else by its path
    relative to the folder; with forward slashes, in NFC.
    """

    name: str
    captions: dict[str, list[str]]
    image_paths: dict[str, Path]
    splits: dict[str, list[str]]
    report: str
    folder: Path = Path()
    scenes: dict | None = None
    format: str = ""

    def photos(self, *splits: str) -> dict[str, Path]:
        """Return image -> path of these splits, or of all, in the order train, dev, test."""
        images = [image for split in splits or SPLITS for image in self.splits[split]]
        return {image: self.image_paths[image] for image in images}

    def paths(self, split: str) -> list[Path]:
        """Return the image paths of "train", "dev" or "test"."""
        return [self.image_paths[name] for name in self.splits[split]]

    def references(self, split: str) -> list[list[str]]:
        """Return the raw captions of "train", "dev" or "test", one list an image."""
        return [self.captions[name] for name in self.splits[split]]
