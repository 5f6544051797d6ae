"""Captions in JSON: COCO's, Karpathy's, and one record an image or a caption."""

from collections import Counter
from collections.abc import Iterable

from helpers.captions.caption_file import CaptionFile, CaptionFormat
from helpers.captions.columns import CAPTION_TITLE, title_columns, unread_columns
from helpers.captions.source import Source
from helpers.captions.split_names import split_called


def read_coco(found: CaptionFile, source: Source) -> Iterable[tuple[str, dict]]:
    """Read COCO's images and annotations; return (image name, image), should it name splits.

    Raises CaptionFormatError for an id of two images: their captions can't be told apart.
    """
    images, notes = source.json["images"], source.json["annotations"]
    if not isinstance(images, list) or not isinstance(notes, list):
        raise TypeError("a list of images, or of annotations,")
    names = {}
    for image in images:
        key, name = image["id"], image["file_name"]
        if not isinstance(name, str):
            raise TypeError(f"an image's file name ({name!r} is none)")
        if names.setdefault(key, name) != name:
            problem = f"{names[key]!a} and {name!a} have one id, {key!r}"
            raise source.error(f"{problem}. Were two files joined? Number the images anew.")
    names |= {str(key): name for key, name in names.items()}  # some write 7 here and "7" there
    for note in notes:
        caption, image_id = note["caption"], note["image_id"]
        name = names.get(image_id) or names.get(str(image_id))
        if name is None:
            found.drop("annotations of images that the file does not list", image_id)
        elif True in (note.get("is_rejected"), note.get("is_precanned")):  # VizWiz's own marks
            found.drop("captions that the data set itself rejects", f"{name}: {caption}")
        else:
            found.add_text(name, caption)
    return [(image["file_name"], image) for image in images]


def read_karpathy(found: CaptionFile, source: Source) -> Iterable[tuple[str, dict]]:
    """Read Karpathy's images with their sentences; return (image name, image).

    Where photos in several folders are called alike, "filepath" tells the folder.
    """
    pairs, amounts = [], Counter(image["filename"] for image in source.json["images"])
    for image in source.json["images"]:
        name = image["filename"]
        if amounts[name] > 1 and isinstance(image.get("filepath"), str):
            name = f"{image['filepath']}/{name}"
        for sentence in image["sentences"]:
            found.add_text(name, text_of(sentence))
        pairs.append((name, image))
    return pairs


def is_karpathy(content: object) -> bool:
    """Tell whether JSON has a list of images, one of which has sentences."""
    images = content.get("images") if isinstance(content, dict) else None
    return isinstance(images, list) and any(
        isinstance(image, dict) and "sentences" in image for image in images
    )


def read_records(found: CaptionFile, source: Source) -> Iterable[tuple[str, dict]]:
    """Read records such as {"file_name": …, "caption": …}; a caption may be a list of them."""
    pairs, unread = [], set()
    for record in records_of(source):
        titles = list(record)
        columns = title_columns(titles, source.chosen)
        if columns is None:
            raise KeyError("image name or caption")
        name_at, caption_at = columns
        name = record[titles[name_at]]
        unread.update(unread_columns(titles, caption_at))
        for at in caption_at:
            value = record[titles[at]]
            if value is not None or len(caption_at) == 1:  # an image may have fewer captions
                for caption in texts_of(value):
                    found.add_text(name, caption)
        pairs.append((name, record))
    found.note_unread(sorted(unread))
    return pairs


def records_of(source: Source) -> list:
    """Return the records of JSON: a list of them, one alone, or lists below other keys.

    Lists below the names of splits, {"train": […], "val": […]}, give their records that split.
    """
    content = source.json
    if not isinstance(content, dict):
        return content or []
    if title_columns([*content], source.chosen):
        return rows_of(content) or [content]
    if rows := rows_below(content.get("columns"), content.get("data")):
        return rows if is_records(rows, source) else []
    lists = {key: value for key, value in content.items() if is_records(value, source)}
    if lists and all(map(split_called, lists)):
        return [{"split": key, **record} for key, rows in lists.items() for record in rows]
    return next(iter(lists.values())) if len(lists) == 1 else []


def rows_of(content: dict) -> list[dict]:
    """Return the rows of a table that is written column by column, as pandas does; else []."""
    columns = [list(v.values()) if isinstance(v, dict) else v for v in content.values()]
    is_table = all(isinstance(column, list) for column in columns)
    if not is_table or len({*map(len, columns)}) != 1:
        return []
    return [dict(zip(content, row, strict=True)) for row in zip(*columns, strict=True)]


def rows_below(titles: object, rows: object) -> list[dict]:
    """Return the rows of a table that is written as titles and rows, as pandas does; else []."""
    lists = [titles, *rows] if isinstance(rows, list) else [None]
    if not all(isinstance(row, list) and len(row) == len(titles) for row in lists):
        return []
    is_table = all(isinstance(title, str) for title in titles)
    return [dict(zip(titles, row, strict=True)) for row in rows] if is_table else []


def is_records(value: object, source: Source) -> bool:
    """Tell whether a value is a list of objects, the first of which names an image and captions."""
    if not isinstance(value, list) or not all(isinstance(record, dict) for record in value):
        return False
    return bool(value) and bool(title_columns([*value[0]], source.chosen))


def texts_of(value: object) -> list:
    """Return the captions in a text, in an object that holds one, or in a list of these."""
    return [text_of(part) for part in (value if isinstance(value, list) else [value])]


def text_of(value: object) -> object:
    """Return the text of an object such as {"caption": …}, {"tokens": […]}; others as they are."""
    if not isinstance(value, dict):
        return value
    held = [value[key] for key in value if value[key] and CAPTION_TITLE.fullmatch(key.lower())]
    tokens = value.get("tokens")
    if not held and isinstance(tokens, list) and all(isinstance(word, str) for word in tokens):
        return " ".join(tokens)
    return held[0] if held else value


COCO = CaptionFormat(
    name="COCO JSON",
    looks='{"images": [{"id": …, "file_name": …}], "annotations": [{…}]}',
    recognises=lambda source: (
        isinstance(source.json, dict) and {"images", "annotations"} <= source.json.keys()
    ),
    read=read_coco,
)
KARPATHY = CaptionFormat(
    name="Karpathy JSON",
    looks='{"images": [{"filename": …, "split": …, "sentences": [{"raw": …}]}]}',
    recognises=lambda source: is_karpathy(source.json),
    read=read_karpathy,
)
RECORDS = CaptionFormat(
    name="records (JSON Lines, JSON list)",
    looks='{"file_name": "dog.jpg", "caption": "A dog runs ."}',
    recognises=lambda source: isinstance(source.json, list) or bool(records_of(source)),
    read=read_records,
)
