"""What the lessons' prose ranks ("A is better than B"), and how to find that in their outputs."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from nbformat import NotebookNode

from lessons import Lesson, output_text

Rows = list[list[float]]
NUMBER = re.compile(r"[-+−]?\d[\d,]*(?:\.\d+)?")
RANKS = re.compile(
    r"\b(?:than|better|worse|worst|likelier|faster|slower|ahead|behind|beats?|hardly|nearly|"
    r"gains|improves?|hurts?|longer|shorter|larger|smaller|higher|fewer|falls?|rises?|"
    r"shrinks?|wins?|prefers?)\b",
    re.IGNORECASE,
)
SENTENCE_END = re.compile(r"(?<=[.!?:])[”\"*)]*\s+(?=[\"“(*`A-Z\d])")
UNCLAIMED = ("## Set-up", "**You will learn**", "## Exercises", "### Exercise", "## Next")


@dataclass(frozen=True)
class Claim:
    """A sentence that ranks, and the output of the same lesson that bears it out.

    Attributes:
        sentence: as the lesson has it, in prose or in a comment; line breaks don't matter.
        shown: pattern of the output, line by line; each of its groups is a row of numbers.
        holds: tells whether such rows bear the sentence out.
        against: rows, or single numbers, that would contradict it.
        table: whether the rows are in a table of the lesson's prose, recorded elsewhere.
        others: numbers of lessons, such as "06", whose outputs are read after the lesson's own.
    """

    sentence: str
    shown: str
    holds: Callable[[Rows], bool]
    against: Sequence[float | Sequence[float]]
    table: bool = False
    others: Sequence[str] = ()

    def rows(self, *notebooks: NotebookNode) -> Rows:
        """Return the numbers that notebooks show for it, none if no output matches."""
        text = tables if self.table else outputs
        return [row for each in notebooks for row in read_rows(self.shown, text(each))]

    def refutes(self) -> Rows:
        """Return `against` as rows."""
        return [[row] if isinstance(row, int | float) else [*row] for row in self.against]


def read_rows(pattern: str, text: str) -> Rows:
    """Return the numbers in every group of every match, a row a group."""
    found = re.finditer(pattern, text, re.MULTILINE)
    groups = [group for match in found for group in match.groups() if group is not None]
    return [[as_number(digits) for digits in NUMBER.findall(group)] for group in groups]


def as_number(digits: str) -> float:
    """Read "1,432", "+5.5" or "−1"."""
    return float(digits.replace(",", "").replace("−", "-"))


def outputs(notebook: NotebookNode) -> str:
    """All that a notebook's cells printed."""
    return "\n".join(output_text(cell) for cell in notebook.cells if cell.cell_type == "code")


def tables(notebook: NotebookNode) -> str:
    """The rows of all tables in a notebook's prose."""
    lines = [line for cell in prose_cells(notebook) for line in cell.source.splitlines()]
    return "\n".join(line for line in lines if line.startswith("|"))


def prose_cells(notebook: NotebookNode) -> list[NotebookNode]:
    """The markdown cells of a notebook."""
    return [cell for cell in notebook.cells if cell.cell_type == "markdown"]


def squeeze(text: str) -> str:
    """Put one space where there are blanks, line breaks or the signs of a comment or a list."""
    return " ".join(re.sub(r"^\s*(?:# |\* |\d+\. )", "", text, flags=re.MULTILINE).split())


def said(lesson: Lesson) -> str:
    """All that a lesson's source says, on one line."""
    return " ".join(squeeze(cell.source) for cell in lesson.source.cells)


def rankings(lesson: Lesson) -> list[str]:
    """The sentences of a lesson's prose that rank: those with a word of `RANKS`.

    Questions rank nothing; aims, exercises, headings and tables are left out, too.
    """
    cells = [cell.source for cell in prose_cells(lesson.source)]
    paragraphs = [text for cell in cells if not cell.startswith(UNCLAIMED) for text in parts(cell)]
    sentences = [each for text in paragraphs for each in SENTENCE_END.split(text)]
    return [each for each in sentences if RANKS.search(each) and not each.endswith("?")]


def parts(prose: str) -> list[str]:
    """Return the paragraphs and points of a cell, each on one line, without headings and tables."""
    kept = [line for line in prose.splitlines() if not line.startswith(("#", "|"))]
    return [squeeze(part) for part in re.split(r"\n\s*\n|\n(?=\* |\d\. )", "\n".join(kept))]


# What rows of numbers may show


def flat(rows: Rows) -> list[float]:
    """All numbers, in the output's order."""
    return [number for row in rows for number in row]


def rising(rows: Rows) -> bool:
    """Each number is larger than the one before; there are two at least."""
    return len(flat(rows)) > 1 and all(one < other for one, other in pairwise(flat(rows)))


def falling(rows: Rows) -> bool:
    """Each number is smaller than the one before; there are two at least."""
    return len(flat(rows)) > 1 and all(one > other for one, other in pairwise(flat(rows)))


def between(low: float, high: float) -> Callable[[Rows], bool]:
    """No number is outside the limits."""
    return lambda rows: all(low <= number <= high for number in flat(rows))


def close(tolerance: float) -> Callable[[Rows], bool]:
    """In no row do two numbers differ by more; a row has two at least."""
    return lambda rows: all(len(row) > 1 and max(row) - min(row) <= tolerance for row in rows)


def ahead(rows: Rows) -> bool:
    """Place by place, each row's number is larger than that of the row before."""
    pairs = [pair for rows in pairwise(rows) for pair in zip(*rows, strict=True)]
    return bool(pairs) and all(one < other for one, other in pairs)
