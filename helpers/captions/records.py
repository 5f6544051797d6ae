"""Captions in JSON: COCO's, Karpathy's, and one record an image or a caption."""

import re
from collections.abc import Iterable

from helpers.captions.caption_file import CaptionFile, CaptionFormat, title_columns
from helpers.captions.source import Source

HALVES = re.compile("[\ud800-\udfff]")  # of characters: JSON may hold them, UTF-8 may not


def read_coco(found: CaptionFile, source: Source) -> Iterable[tuple[str, object]]:
    """Read COCO's images and annotations; return (image name, split), should it name splits."""
    images = source.json["images"]
    names = {image["id"]: image["file_name"] for image in images}
    for note in source.json["annotations"]:
        caption, name = note["caption"], names.get(note["image_id"])
        if name is None:
            found.drop("annotations of images that the file does not list", note["image_id"])
        else:
            add_text(found, name, caption)
    return [(image["file_name"], image.get("split")) for image in images]


def read_karpathy(found: CaptionFile, source: Source) -> Iterable[tuple[str, object]]:
    """Read Karpathy's images with their sentences; return (image name, split)."""
    images = source.json["images"]
    for image in images:
        for sentence in image["sentences"]:
            raw = sentence.get("raw") or " ".join(sentence["tokens"])
            add_text(found, image["filename"], raw)
    return [(image["filename"], image.get("split")) for image in images]


def read_records(found: CaptionFile, source: Source) -> Iterable[tuple[str, object]]:
    """Read records such as {"file_name": …, "caption": …}; a caption may be a list of them."""
    pairs = []
    for record in source.json if isinstance(source.json, list) else [source.json]:
        titles = list(record)
        columns = title_columns(titles)
        if columns is None:
            raise KeyError("image name or caption")
        name_at, caption_at, split_at = columns
        name = record[titles[name_at]]
        for at in caption_at:
            value = record[titles[at]]
            if value is not None or len(caption_at) == 1:  # an image may have fewer captions
                for caption in value if isinstance(value, list) else [value]:
                    add_text(found, name, caption)
        if split_at is not None:
            pairs.append((name, record[titles[split_at]]))
    return pairs


def add_text(found: CaptionFile, name: str, caption: object) -> None:
    """Add a caption unless it is null, a number, or half a character.

    Raises TypeError for an image whose name is no text.
    """
    if not isinstance(name, str):
        raise TypeError(f"an image's file name ({name!r} is none)")
    if isinstance(caption, str) and not HALVES.search(name + caption):
        found.add(name, caption)
    else:
        found.drop("captions that are no text", f"{name!a}: {caption!a}")


COCO = CaptionFormat(
    name="COCO JSON",
    looks='{"images": [{"id": …, "file_name": …}], "annotations": [{…}]}',
    recognises=lambda source: isinstance(source.json, dict) and "annotations" in source.json,
    read=read_coco,
)
KARPATHY = CaptionFormat(
    name="Karpathy JSON",
    looks='{"images": [{"filename": …, "split": …, "sentences": [{"raw": …}]}]}',
    recognises=lambda source: isinstance(source.json, dict) and "images" in source.json,
    read=read_karpathy,
)
RECORDS = CaptionFormat(
    name="records (JSON Lines, JSON list)",
    looks='{"file_name": "dog.jpg", "caption": "A dog runs ."}',
    recognises=lambda source: (
        isinstance(source.json, list) or bool(title_columns([*(source.json or {})]))
    ),
    read=read_records,
)
