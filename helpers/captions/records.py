"""Captions in JSON: COCO's, Karpathy's, and one record an image or a caption."""

import json
from collections.abc import Iterable
from pathlib import Path

from helpers.captions.caption_file import (
    KNOWN_FORMATS,
    CaptionFile,
    CaptionFormatError,
    title_columns,
)

NO_TEXT = "captions that are no text"
UNLISTED = "annotations of images that the file does not list"


def read_json(text: str, path: str | Path) -> CaptionFile:
    """Read COCO JSON, Karpathy JSON, a list of records, or JSON Lines.

    Raises CaptionFormatError for broken JSON, and for JSON of another kind.
    """
    found, pairs = CaptionFile("JSON"), []
    content = parse(text, path)
    try:
        if isinstance(content, list) or ("images" not in content and title_columns([*content])):
            pairs = read_records(found, content if isinstance(content, list) else [content])
        elif "annotations" in content:
            pairs = read_coco(found, content)
        else:
            pairs = read_karpathy(found, content)
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        problem = f"neither Karpathy nor COCO JSON nor records, {error} is missing."
        raise CaptionFormatError(f"{path}: {problem}\n{KNOWN_FORMATS}") from None
    found.assign(pairs)
    return found


def parse(text: str, path: str | Path) -> dict | list:
    """Return the content of a JSON file; that of JSON Lines is a list."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        if error.msg == "Extra data" and text[: error.pos].strip().count("\n") == 0:
            return parse_lines(text, path)
        problem = f"broken JSON ({error.msg}). Fetch the file again."
        raise CaptionFormatError(f"{path}, line {error.lineno}: {problem}") from None
    except (ValueError, RecursionError) as error:  # a number or a nesting without end
        raise CaptionFormatError(f"{path}: broken JSON ({error}). Fetch it again.") from None


def parse_lines(text: str, path: str | Path) -> list:
    """Return the records of JSON Lines, one a line."""
    records = []
    for number, line in enumerate(text.split("\n"), start=1):
        try:
            records += [json.loads(line)] if line.strip() else []
        except (ValueError, RecursionError) as error:
            problem = f"broken JSON ({getattr(error, 'msg', error)}). Mend the line."
            raise CaptionFormatError(f"{path}, line {number}: {problem}") from None
    return records


def read_coco(found: CaptionFile, content: dict) -> Iterable[tuple[str, object]]:
    """Read COCO's images and annotations; return (image name, split), should it name splits."""
    found.format = "COCO JSON"
    images = content["images"]
    names = {image["id"]: image["file_name"] for image in images}
    for note in content["annotations"]:
        caption, name = note["caption"], names.get(note["image_id"])
        if name is None:
            found.drop(UNLISTED, note["image_id"])
        else:
            add_text(found, name, caption)
    return [(image["file_name"], image.get("split")) for image in images]


def read_karpathy(found: CaptionFile, content: dict) -> Iterable[tuple[str, object]]:
    """Read Karpathy's images with their sentences; return (image name, split)."""
    found.format = "Karpathy JSON"
    for image in content["images"]:
        for sentence in image["sentences"]:
            raw = sentence.get("raw") or " ".join(sentence["tokens"])
            add_text(found, image["filename"], raw)
    return [(image["filename"], image.get("split")) for image in content["images"]]


def read_records(found: CaptionFile, records: list) -> Iterable[tuple[str, object]]:
    """Read records such as {"file_name": …, "caption": …}; a caption may be a list of them."""
    found.format, pairs = "records (JSON Lines, JSON list)", []
    for record in records:
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
    if isinstance(caption, str) and is_text(caption) and is_text(name):
        found.add(name, caption)
    else:
        found.drop(NO_TEXT, f"{name!a}: {caption!a}")


def is_text(text: str) -> bool:
    """Tell whether a text can be written as UTF-8: JSON may hold halves of characters."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
