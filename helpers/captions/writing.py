"""Write captions: descriptions.txt, Flickr8k's token file, COCO JSON."""

import json
import re
from collections.abc import Mapping
from pathlib import Path

from helpers.captions.caption_file import CaptionFormatError
from helpers.captions.reading import read_text
from helpers.captions.tables import match_lines

LINE_BREAKS = re.compile(r"[\n\r]+")
DESCRIPTION = re.compile(r"([^\t]+)\t(.*)")


def write_descriptions(descriptions: dict[str, list[str]], path: str | Path) -> None:
    """Write cleaned captions as UTF-8 lines `name<TAB>caption`.

    Taught in lesson 01.
    """
    lines = [f"{name}\t{text}\n" for name, texts in descriptions.items() for text in texts]
    Path(path).write_text("".join(lines), encoding="utf-8", newline="\n")


def read_descriptions(path: str | Path) -> dict[str, list[str]]:
    """Read what `write_descriptions` wrote; CaptionFormatError for a line without a tab."""
    descriptions = {}
    for _, (name, caption) in match_lines(read_text(path), DESCRIPTION, path):
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
            lines.append(f"{name}#{number}\t{LINE_BREAKS.sub(' ', text)}\n")
    replace_text(path, "".join(lines))


def write_coco(
    captions: dict[str, list[str]],
    path: str | Path,
    splits: Mapping[str, list[str]] | None = None,
) -> None:
    """Write raw captions as COCO JSON; images carry their split, which other readers skip.

    Ids count from 1 in the order of the captions. The file appears only when it is complete.
    Taught in lesson 10.
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
    replace_text(path, json.dumps(content, ensure_ascii=False, indent=1) + "\n")


def replace_text(path: str | Path, text: str) -> None:
    """Write a UTF-8 file that appears, or replaces an older one, only when it is complete."""
    unfinished = Path(path).with_name(Path(path).name + ".new")
    try:
        unfinished.write_text(text, encoding="utf-8", newline="\n")
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
