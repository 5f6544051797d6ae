"""Captions in JSON whose layout is a data set's own: {name: [texts]}, and TextCaps'."""

from collections.abc import Iterable

from helpers.captions.caption_file import CaptionFile, CaptionFormat
from helpers.captions.records import text_of, texts_of
from helpers.captions.source import Source
from helpers.captions.split_names import split_called
from helpers.captions.tables import IMAGE_NAME


def read_named(found: CaptionFile, source: Source) -> Iterable[tuple[str, dict]]:
    """Read captions by image, {"dog.jpg": ["A dog runs .", …]}; return (image name, object)."""
    for name, value in source.json.items():
        for text in texts_of(text_of(value)):
            found.add_text(name, text)
    return [(name, value) for name, value in source.json.items() if isinstance(value, dict)]


def is_named(source: Source) -> bool:
    """Tell whether JSON gives captions by image: by its ending, or all in lists.

    {"train": ["dog.jpg"]} does not: it gives images by split.
    """
    content = source.json
    if not isinstance(content, dict) or all(map(split_called, content)):
        return False
    if any(IMAGE_NAME.fullmatch(key) for key in content):
        return True
    values = content.values()
    return all(isinstance(value, list) and value and is_text(value[0]) for value in values)


def is_text(value: object) -> bool:
    """Tell whether a value is a text or an object that holds one."""
    return isinstance(text_of(value), str)


def read_textcaps(found: CaptionFile, source: Source) -> Iterable[tuple[str, dict]]:
    """Read TextCaps' records, each of which repeats all captions of its image."""
    pairs = []
    for record in source.json["data"]:
        name, known = record.get("image_name") or record["image_id"], found.captions
        references = record.get("reference_strs") or []
        if not references or str(name) not in known:
            for text in references or [record["caption_str"]]:
                found.add_text(name, text)
        pairs.append((name, record))
    return pairs


def is_textcaps(source: Source) -> bool:
    """Tell whether JSON is TextCaps': {"data": [{"image_id": …, "caption_str": …}]}."""
    rows = source.json.get("data") if isinstance(source.json, dict) else None
    first = rows[0] if isinstance(rows, list) and rows else None
    return isinstance(first, dict) and bool({"caption_str", "reference_strs"} & first.keys())


NAMED = CaptionFormat(
    name="captions by image (JSON)",
    looks='{"dog.jpg": ["A dog runs .", "A wet dog ."]}',
    recognises=is_named,
    read=read_named,
)
TEXTCAPS = CaptionFormat(
    name="TextCaps JSON",
    looks='{"data": [{"image_id": …, "caption_str": …, "reference_strs": […]}]}',
    recognises=is_textcaps,
    read=read_textcaps,
)
