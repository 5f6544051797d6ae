"""A file of captions as readers get it: its text, its lines, its JSON."""

import codecs
import json
import re
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

from helpers.captions.columns import NONE_CHOSEN, Chosen

JSON_BEGINS = re.compile(r"\{|\[\s*\{")
MOST_LINES = 10_000_000  # they take seconds, even if blank; COCO, a value a line, has 4 million
LONGEST_HEADER = 10_000  # characters; a JSON file may be a single line of a hundred million


class CaptionFormatError(ValueError):
    """A file of captions cannot be read; the message names the file and the line.

    holds_none: whether the file may be whole, but holds no captions in a known format.
    """

    holds_none = False


class Source:
    """A UTF-8 file, with or without BOM, or a UTF-16 one with it, as PowerShell writes.

    Attributes:
        path, text: where it is and what stands in it; line ends are \\n.
        first_line: the first line that is not blank.
        chosen: the titles of the columns that somebody chose.

    Raises CaptionFormatError for another encoding, or more than MOST_LINES lines.
    """

    def __init__(self, path: str | Path, chosen: Chosen = NONE_CHOSEN):
        self.path, self.chosen, data = path, chosen, Path(path).read_bytes()
        wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        try:
            text = data.decode("utf-16" if wide else "utf-8-sig")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            cure = "Open the file in an editor and save it as UTF-8."
            raise self.error(f"not UTF-8. {cure}", line) from None
        self.text = text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
        if (lines := self.text.count("\n")) > MOST_LINES:
            cure = "Delete blank lines, or divide the file."
            raise self.error(f"{lines:,} lines are more than {MOST_LINES:,}. {cure}")
        self.first_line = self.text.lstrip()[:LONGEST_HEADER].split("\n")[0].rstrip(" \r")

    def error(
        self, problem: str, line: int | None = None, holds_none: bool = False
    ) -> CaptionFormatError:
        """Return an error that names the file and the line."""
        place = self.path if line is None else f"{self.path}, line {line}"
        error = CaptionFormatError(f"{place}: {problem}")
        error.holds_none = holds_none
        return error

    def rows(self, row: re.Pattern) -> Iterator[tuple[int, tuple]]:
        """Yield (number of the line, groups) of every line that is not blank.

        Raises CaptionFormatError for a line that does not match.
        """
        for number, line in enumerate(self.text.split("\n"), start=1):
            if match := row.fullmatch(line):
                yield number, match.groups()
            elif line.strip():
                problem = f"no image name and caption in {line[:80]!r}. Mend the line."
                raise self.error(problem, number)

    @cached_property
    def json(self) -> dict | list | None:
        """The content of a JSON file; that of JSON Lines is a list; None for other files.

        Raises CaptionFormatError for broken JSON.
        """
        if not JSON_BEGINS.match(self.text.lstrip()):
            return None
        try:
            return json.loads(self.text)
        except json.JSONDecodeError as error:
            if error.msg == "Extra data" and self.text[: error.pos].strip().count("\n") == 0:
                return [*self.json_lines()]
            problem = f"broken JSON ({error.msg}). Fetch the file again."
            raise self.error(problem, error.lineno) from None
        except (ValueError, RecursionError) as error:  # a number or a nesting without end
            raise self.error(f"broken JSON ({error}). Fetch it again.") from None

    def json_lines(self) -> Iterator[object]:
        """Yield the records of JSON Lines, one a line."""
        for number, line in enumerate(self.text.split("\n"), start=1):
            try:
                if line.strip():
                    yield json.loads(line)
            except (ValueError, RecursionError) as error:
                problem = f"broken JSON ({getattr(error, 'msg', error)}). Mend the line."
                raise self.error(problem, number) from None
