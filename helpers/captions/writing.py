"""Write captions: descriptions.txt, Flickr8k's token file, COCO JSON."""

import json
import re
from collections.abc import Mapping
from pathlib import Path

from helpers.captions.source import CaptionFormatError, Source
from helpers.files import write_text

DESCRIPTION = re.compile(r"([^\t]+)\t(.*)")


def write_descriptions(descriptions: dict[str, list[str]], path: str | Path) -> None:
    """Write cleaned captions as UTF-8 lines `name<TAB>caption`. Taught in lesson 01."""
    lines = [f"{name}\t{text}\n" for name, texts in descriptions.items() for text in texts]
    write_text(path, "".join(lines))


def read_descriptions(path: str | Path) -> dict[str, list[str]]:
    """Read what `write_descriptions` wrote; CaptionFormatError for a line without a tab."""
    descriptions = {}
    for _, (name, caption) in Source(path).rows(DESCRIPTION):
        descriptions.setdefault(name.strip(), []).append(caption.strip())
    return descriptions


def write_tokens(captions: dict[str, list[str]], path: str | Path) -> None:
    """Write raw captions as Flickr8k does, `name#number<TAB>caption`.

    A line break inside a caption becomes a space. Raises CaptionFormatError for a file name
    with a tab or a line break, which this format cannot hold.
    """
    lines = []
    for name, texts in captions.items():
        if re.search(r"[\t\n\r]", name):
            raise CaptionFormatError(f"{name!r} holds a tab or a line break: rename the image")
        for number, text in enumerate(texts):
            text = re.sub(r"[\n\r]+", " ", text)
            lines.append(f"{name}#{number}\t{text}\n")
    write_text(path, "".join(lines))


def write_coco(
    captions: dict[str, list[str]], path: str | Path, splits: Mapping[str, list[str]] | None = None
) -> None:
    """Write raw captions as COCO JSON; images carry their split, which other readers skip.

    Ids count from 1 in the order of the captions. Taught in lesson 10.
    """
    split_of = {name: split for split, names in (splits or {}).items() for name in names}
    images, annotations = [], []
    for image_id, (name, texts) in enumerate(captions.items(), start=1):
        split = {"split": split_of[name]} if name in split_of else {}
        images.append({"id": image_id, "file_name": name, **split})
        for text in texts:
            note = {"id": len(annotations) + 1, "image_id": image_id, "caption": text}
            annotations.append(note)
    content = {"info": {}, "licenses": [], "images": images, "annotations": annotations}
    write_text(path, json.dumps(content, ensure_ascii=False, indent=1) + "\n")
