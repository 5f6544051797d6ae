"""Read captions in any usual format, clean them, count their words, write them down.

Raw captions travel as a dictionary: image file name -> its captions, in the order of the file.
The format of a file is recognised by its content, never by its name.
"""

import csv
import io
import json
import re
import string
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

KNOWN_FORMATS = """\
Known formats:
  Flickr8k/30k token file    dog.jpg#0<TAB>A dog runs .
  table (CSV, TSV)           image,caption            one caption a line, header optional
  Flickr30k results.csv      dog.jpg| 0| A dog runs .
  Karpathy JSON              {"images": [{"filename": …, "split": …, "sentences": [{"raw": …}]}]}
  COCO JSON                  {"images": [{"id": …, "file_name": …}], "annotations": [{…}]}"""

IMAGE_TITLES = {"image", "image_id", "image_name", "image_file", "file", "file_name", "filename"}
CAPTION_TITLES = {"caption", "captions", "comment", "description", "sentence", "text"}
SPLIT_NAMES = {"train": "train", "restval": "train", "val": "dev", "dev": "dev", "test": "test"}

TOKEN_ROW = re.compile(r"([^\t]+)#\d+\t(.*)")
BAR_HEADER = re.compile(r"\A\s*\w*name\s*\|[^|\n]*\|[^|\n]*")
BAR_ROW = re.compile(r"(.+?)\|\s*\d+\s*\|?\s*(.*)")  # one row lacks its second bar
IMAGE_NAME = re.compile(r".+\.(jpe?g|png|webp|gif|bmp|avif)", re.IGNORECASE)
SWALLOWED_ROW = re.compile(rf"\n{IMAGE_NAME.pattern}\s*[,;\t]", re.IGNORECASE)

# Accents and vowel signs stand on their letter and belong to the word, but are no letters.
MARKS = "".join(chr(c) for c in range(0x300, 0x20000) if unicodedata.category(chr(c))[0] == "M")
LETTERS = rf"\w[\w{MARKS}\u200c\u200d]*"
WORD = re.compile(rf"{LETTERS}(?:[-']{LETTERS})*")
PLAIN_JOINERS = str.maketrans("’‐‑_", "'-- ")
NO_PUNCTUATION = str.maketrans("", "", string.punctuation)


class CaptionFormatError(ValueError):
    """A file of captions cannot be read; the message names the file and the line."""


@dataclass(frozen=True)
class Cleaning:
    """What cleaning keeps: words of one letter, words with digits, - and ' inside a word.

    Without joiners all punctuation goes and the letters close up: "t-shirt" becomes "tshirt".
    Taught in lesson 01.
    """

    one_letter_words: bool = True
    numbers: bool = True
    joiners: bool = True


KEEP_EVERY_WORD = Cleaning()
CLASSIC_CLEANING = Cleaning(one_letter_words=False, numbers=False, joiners=False)


def clean_caption(caption: str, cleaning: Cleaning = KEEP_EVERY_WORD) -> str:
    """Return the words of a caption in lower case, one space between them.

    A word is a run of letters and digits of any script, with - or ' inside it.
    An empty string comes back when no word is left.
    Taught in lesson 01.
    """
    text = unicodedata.normalize("NFC", caption.lower()).translate(PLAIN_JOINERS)
    if not cleaning.joiners:
        text = text.translate(NO_PUNCTUATION)
    return " ".join(word for word in WORD.findall(text) if is_kept(word, cleaning))


def is_kept(word: str, cleaning: Cleaning) -> bool:
    """Tell whether a word in lower case passes the cleaning. Taught in lesson 01."""
    if len(word) == 1 and not cleaning.one_letter_words:
        return False
    return cleaning.numbers or not any(letter.isdigit() for letter in word)


def clean_captions(
    captions: dict[str, list[str]], cleaning: Cleaning = KEEP_EVERY_WORD
) -> dict[str, list[str]]:
    """Clean every caption; drop captions that become empty, and images that lose all of theirs.

    Taught in lesson 01.
    """
    cleaned = {}
    for name, sentences in captions.items():
        texts = [clean_caption(sentence, cleaning) for sentence in sentences]
        if any(texts):
            cleaned[name] = [text for text in texts if text]
    return cleaned


def empty_after_cleaning(
    captions: dict[str, list[str]], cleaning: Cleaning = KEEP_EVERY_WORD
) -> list[tuple[str, str]]:
    """List the (image name, raw caption) pairs that `clean_captions` drops. Taught in lesson 01."""
    return [
        (name, sentence)
        for name, sentences in captions.items()
        for sentence in sentences
        if not clean_caption(sentence, cleaning)
    ]


def count_words(captions: dict[str, list[str]]) -> Counter:
    """Count how often each word stands in cleaned captions.

    Taught in lesson 01.
    """
    return Counter(
        word for sentences in captions.values() for text in sentences for word in text.split()
    )


def write_descriptions(descriptions: dict[str, list[str]], path: str | Path) -> None:
    """Write cleaned captions as UTF-8 lines `name<TAB>caption`.

    Taught in lesson 01.
    """
    lines = [f"{name}\t{text}\n" for name, texts in descriptions.items() for text in texts]
    Path(path).write_text("".join(lines), encoding="utf-8", newline="\n")


def read_descriptions(path: str | Path) -> dict[str, list[str]]:
    """Read what `write_descriptions` wrote; CaptionFormatError for a line without a tab."""
    return _group(_match_lines(_read_text(path), re.compile(r"([^\t]+)\t(.*)"), path))


def read_captions(path: str | Path) -> dict[str, list[str]]:
    """Read the raw captions of a file: image file name -> captions, in the order of the file.

    The file is UTF-8, with or without BOM, in one of KNOWN_FORMATS.
    Raises CaptionFormatError when the format is unknown or a line of the file is damaged.
    """
    text = _read_text(path)
    first_line = text.lstrip().split("\n")[0].rstrip()
    if first_line.startswith("{"):
        return _group(_json_rows(_read_json(text, path), path))
    if TOKEN_ROW.match(first_line):
        return _group(_match_lines(text, TOKEN_ROW, path))
    for delimiter in ",;\t":
        if columns := _columns(first_line, delimiter):
            return _group(_table_rows(text, delimiter, columns, path))
    if BAR_HEADER.fullmatch(first_line) or BAR_ROW.fullmatch(first_line):
        return _group(_match_lines(BAR_HEADER.sub("", text, count=1), BAR_ROW, path))
    problem = f"unknown format. Its first line is {first_line[:80]!r}."
    raise CaptionFormatError(f"{path}: {problem}\n{KNOWN_FORMATS}")


def read_splits(path: str | Path) -> dict[str, list[str]]:
    """Read the splits of a Karpathy JSON: {"train": [image names], "dev": …, "test": …}.

    Its "val" becomes "dev", its "restval" belongs to "train". Other formats give {}.
    """
    text = _read_text(path)
    images = _read_json(text, path).get("images", []) if text.lstrip().startswith("{") else []
    splits = {"train": [], "dev": [], "test": []}
    for image in images:
        if isinstance(image, dict) and (split := SPLIT_NAMES.get(image.get("split"))):
            splits[split].append(image["filename"])
    return splits if any(splits.values()) else {}


def _read_text(path: str | Path) -> str:
    """Read UTF-8 with or without BOM; line ends become \\n."""
    data = Path(path).read_bytes()
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        cure = "Open the file in an editor and save it as UTF-8."
        raise CaptionFormatError(f"{path}, line {line}: not UTF-8. {cure}") from None


def _read_json(text: str, path: str | Path) -> dict:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        problem = f"broken JSON ({error.msg}). Fetch the file again."
        raise CaptionFormatError(f"{path}, line {error.lineno}: {problem}") from None


def _group(rows: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Gather (image name, caption) pairs by image."""
    captions = {}
    for name, caption in rows:
        captions.setdefault(name.strip(), []).append(caption.strip())
    return captions


def _match_lines(text: str, row: re.Pattern, path: str | Path) -> Iterator[tuple[str, str]]:
    """Yield (image name, caption) of every line that is not blank."""
    for number, line in enumerate(text.split("\n"), start=1):
        if match := row.fullmatch(line):
            yield match.groups()
        elif line.strip():
            problem = f"no image name and caption in {line[:80]!r}. Mend the line."
            raise CaptionFormatError(f"{path}, line {number}: {problem}")


def _columns(first_line: str, delimiter: str) -> tuple[int, slice, bool] | None:
    """Find the columns of name and caption in a header, or in a first row; tell which it is."""
    cells = next(csv.reader([first_line], delimiter=delimiter, skipinitialspace=True))
    titles = [cell.strip().lower() for cell in cells]
    names = [column for column, title in enumerate(titles) if title in IMAGE_TITLES]
    captions = [column for column, title in enumerate(titles) if title in CAPTION_TITLES]
    if names and captions:
        is_last = captions[0] == len(cells) - 1
        return names[0], slice(captions[0], None if is_last else captions[0] + 1), True
    is_row = len(cells) >= 2 and IMAGE_NAME.fullmatch(cells[0]) and not IMAGE_NAME.match(cells[1])
    return (0, slice(1, None), False) if is_row else None


def _table_rows(text: str, delimiter: str, columns, path) -> Iterator[tuple[str, str]]:
    """Yield (image name, caption) of every row; commas of a last, unquoted caption stay in it."""
    name_at, caption_at, has_header = columns
    rows = csv.reader(io.StringIO(text), delimiter=delimiter, skipinitialspace=True)
    try:
        for number, row in enumerate(filter(any, rows)):
            caption = f"{delimiter} ".join(row[caption_at])
            if len(row) <= max(name_at, caption_at.start) or SWALLOWED_ROW.search(caption):
                raise csv.Error(f"{str(row)[:80]} is not one row")
            if number > 0 or not has_header:
                yield row[name_at], caption
    except csv.Error as error:
        cure = "Mend the line or close its quotation mark."
        raise CaptionFormatError(f"{path}, line {rows.line_num}: {error}. {cure}") from None


def _json_rows(content: dict, path: str | Path) -> Iterator[tuple[str, str]]:
    """Yield (image name, caption) from a COCO or a Karpathy JSON."""
    try:
        if "annotations" in content:
            names = {image["id"]: image["file_name"] for image in content["images"]}
            for note in content["annotations"]:
                yield names[note["image_id"]], note["caption"]
        else:
            for image in content["images"]:
                for sentence in image["sentences"]:
                    yield image["filename"], sentence["raw"]
    except (KeyError, TypeError) as error:
        problem = f"neither Karpathy nor COCO JSON, {error} is missing."
        raise CaptionFormatError(f"{path}: {problem}\n{KNOWN_FORMATS}") from None
