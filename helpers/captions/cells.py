"""What stands in a cell of a table: one caption, a list of them, or a word for nothing."""

import ast
import json
import re
import warnings
from contextlib import suppress

from helpers.captions.caption_file import CaptionFile
from helpers.captions.records import texts_of

LIST = re.compile(r"\[\s*\]|[\[({]\s*['\"{]|\[\s*(?:nan|None)\b")
ITEM = re.compile(
    r"""[\s,]*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|(?:nan|NaN|None|null)(?=[\s,\])]))""", re.S
)
ARRAY = re.compile(r"(?:np\.|numpy\.)?(?:array|list)\((.*?)(?:,\s*dtype=[^,()]*)?\)\s*", re.S)
LAST = re.compile(r"[\s,]*[\])]\s*")
ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U000[0-9a-fA-F]{5}|.)", re.S)
CODES = {"n": "\n", "t": "\t", "r": "\r"}
LONGEST_OBJECTS = 100_000  # characters of Python's own notation, which is parsed as a program
NOTHING = {"nan", "NaN", "NAN", "<NA>", "None", "null", "NULL"}  # of pandas, Python, databases


def listed(cell: str) -> list:
    """Return what a cell lists, as JSON, Python or NumPy write lists and objects; else the cell.

    Raises ValueError for a list that can't be read.
    """
    if (array := ARRAY.fullmatch(cell)) and LIST.match(array[1]):
        cell = array[1].strip()
    if not LIST.match(cell):
        return [cell]
    with suppress(ValueError, RecursionError):
        content = json.loads(cell)
        return texts_of(content)
    if cell.startswith(("[{", "{")) and len(cell) < LONGEST_OBJECTS:
        with suppress(ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            with warnings.catch_warnings(action="ignore"):  # of a \\ that Python doesn't know
                return texts_of(ast.literal_eval(cell))
    texts = literals(cell)
    if texts is None and cell.rstrip().endswith(("]", ")")):
        raise ValueError(f"{cell[:80]} begins as a list, and is none")
    return [cell] if texts is None else texts


def literals(cell: str) -> list | None:
    """Return the texts in Python's or NumPy's list; nan and None are None. None for no list."""
    at, texts = 1, []
    while item := ITEM.match(cell, at):
        at, quoted = item.end(), item[1] if item[1] is not None else item[2]
        texts.append(quoted and ESCAPE.sub(unescaped, quoted))
    return texts if LAST.fullmatch(cell, at) else None


def unescaped(escape: re.Match) -> str:
    """Return the character that a backslash and a code stand for."""
    code = escape[1]
    return chr(int(code[1:], 16)) if code[1:] else CODES.get(code, code)


def drop_nothing(found: CaptionFile) -> None:
    """Leave out captions such as "nan", with which programs fill cells that hold nothing.

    Not for files that leave such cells empty: there, "NaN" is what somebody wrote.
    """
    for name, texts in [*found.captions.items()]:
        for text in NOTHING.intersection(texts):
            found.drop('captions "nan", taken for empty cells', f"{name}: {text}")
        found.captions[name] = [text for text in texts if text not in NOTHING]
        if not found.captions[name]:
            del found.captions[name]
