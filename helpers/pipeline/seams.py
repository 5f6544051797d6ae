"""Stand-ins for what the branches `data`, `encoder` and `decoder` bring, to be put in its place."""

from collections.abc import Mapping
from pathlib import Path

from helpers.datasets import Dataset
from helpers.encoders import IMAGE_SIZES
from helpers.features import Features
from helpers.models import DECODERS

ENCODERS = sorted(IMAGE_SIZES)  # sorted(helpers.encoders.ENCODERS)


def photos_of(dataset: Dataset, *splits: str) -> dict[str, Path]:
    """`dataset.photos(*splits)`."""
    names = [name for split in splits or dataset.splits for name in dataset.splits[split]]
    return {name: dataset.image_paths[name] for name in names}


def for_extraction(photos: Mapping[str, Path]) -> Mapping[str, Path] | list[Path]:
    """`photos`: names -> paths; until then paths alone."""
    return photos if hasattr(Features, "stale") else list(photos.values())


def for_regions(photos: Mapping[str, Path]) -> Mapping[str, Path] | list[str]:
    """`photos`; until then their file names."""
    return photos if hasattr(Features, "stale") else [path.name for path in photos.values()]


def stale(features: Features, photos: Mapping[str, Path]) -> str:
    """`features.stale(photos)`."""
    if hasattr(features, "stale"):
        return features.stale(photos)
    names = set(features.names)
    missing = [name for name in photos if name.split("/")[-1] not in names]
    return f"it lacks {len(missing)} photos, for example {missing[0]}" if missing else ""


def encoder_of(decoder: str) -> str:
    """`DECODERS[decoder].encoder`."""
    usual = {"attention": "xception-grid", "concatenate": "vgg16"}
    return getattr(DECODERS[decoder], "encoder", usual.get(decoder, "xception"))


def groups_photos(decoder: str) -> bool:
    """`DECODERS[decoder].groups_photos`."""
    return getattr(DECODERS[decoder], "groups_photos", decoder == "attention")


def has_regions(encoder: str) -> bool:
    """`len(ENCODERS[encoder].feature_shape) == 2`."""
    return encoder.endswith("-grid") or encoder == "regions"
