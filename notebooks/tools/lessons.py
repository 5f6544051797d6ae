"""Where the lessons lie and how their sources are read; every tool starts here."""

import hashlib
import re
import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import jupytext
import nbformat
from nbformat import NotebookNode

ROOT = Path(__file__).resolve().parents[2]
HASH_KEY = "source_sha256"


class LessonError(ValueError):
    """A lesson that is missing or can't be used; the message names it and the cure."""


@dataclass(frozen=True)
class Lesson:
    """One lesson of the course under `root`: its source, its notebook and its picture."""

    root: Path
    name: str

    @property
    def source_path(self) -> Path:
        """The py:percent script that people edit."""
        return self.root / "notebooks" / "src" / f"{self.name}.py"

    @property
    def notebook_path(self) -> Path:
        """The notebook that readers open."""
        return self.root / "notebooks" / f"{self.name}.ipynb"

    @property
    def picture_path(self) -> Path:
        """The picture at the top, saved from the cell tagged `picture`."""
        return self.root / "notebooks" / "images" / f"{self.name}.png"

    @cached_property
    def source(self) -> NotebookNode:
        """The source as a notebook without outputs."""
        notebook = jupytext.reads(self.source_path.read_text("utf-8"), fmt="py:percent")
        notebook.metadata = nbformat.from_dict({})
        return notebook

    @cached_property
    def built(self) -> NotebookNode | None:
        """The built notebook, or None while there is none."""
        if not self.notebook_path.exists():
            return None
        return nbformat.read(self.notebook_path, as_version=4)

    @property
    def source_hash(self) -> str:
        """SHA-256 of the source text, which the built notebook carries as well."""
        text = self.source_path.read_text("utf-8")
        return hashlib.sha256(text.encode("utf-8")).hexdigest()


def lesson_names(root: Path = ROOT) -> list[str]:
    """Names of all lessons in numeric order, such as "01_clean_captions"."""
    return sorted(path.stem for path in (root / "notebooks" / "src").glob("[0-9][0-9]_*.py"))


def choose_lessons(wanted: list[str], root: Path = ROOT) -> list[Lesson]:
    """Return the wanted lessons, by number or name, in numeric order; all if none is named.

    Raises LessonError for a number that no lesson has, or when there are no lessons.
    """
    names = lesson_names(root)
    if not names:
        raise LessonError(f"no lessons in {root / 'notebooks' / 'src'}: expected NN_name.py")
    chosen = [find_name(text, names) for text in wanted] or names
    return [Lesson(root, name) for name in sorted(set(chosen))]


def find_name(wanted: str, names: list[str]) -> str:
    """Return the lesson name that `wanted` (a number, a name or a path) stands for."""
    stem = Path(wanted).stem
    for name in names:
        if stem == name or (stem.isdigit() and int(stem) == int(name[:2])):
            return name
    raise LessonError(f"no lesson {wanted!r}: choose from {', '.join(name[:2] for name in names)}")


def tags(cell: NotebookNode) -> list[str]:
    """The tags of a cell."""
    return list(cell.metadata.get("tags", []))


def tagged(notebook: NotebookNode, tag: str) -> list[NotebookNode]:
    """The cells that carry a tag, in order."""
    return [cell for cell in notebook.cells if tag in tags(cell)]


def output_text(cell: NotebookNode) -> str:
    """What a code cell printed or returned, as plain text."""
    parts = []
    for output in cell.get("outputs", []):
        if output.output_type == "stream":
            parts.append(output.text)
        elif output.output_type in ("display_data", "execute_result"):
            parts.append(output.data.get("text/plain", "") + "\n")
    return "".join(parts)


def read_address(root: Path = ROOT) -> str:
    """Return "owner/name" of the repository, as pyproject.toml states it."""
    with (root / "pyproject.toml").open("rb") as file:
        address = tomllib.load(file)["project"]["urls"]["Repository"]
    return re.sub(r"^https://github\.com/", "", address)
