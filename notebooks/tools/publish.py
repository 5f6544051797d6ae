"""Write the repository's address into the course: `publish.py --repository owner/name`."""

import argparse
import re
import sys
from pathlib import Path

import nbformat

from build import write_notebook
from clean import stamp
from lessons import HASH_KEY, ROOT, Lesson, LessonError, choose_lessons, read_address

OWNER = r"[A-Za-z0-9](?:-?[A-Za-z0-9]){0,38}"
NAME = r"(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}(?<!\.git)"
FILES = ["pyproject.toml", "README.md", "CONTRIBUTING.md", "notebooks/tools/template.md"]
PREFIX = r"(github\.com/|githubusercontent\.com/|research\.google\.com/github/)"


def check_repository(repository: str) -> str:
    """Return the name if GitHub could hold it. Raises LessonError otherwise."""
    if not re.fullmatch(f"{OWNER}/{NAME}", repository):
        raise LessonError(f"{repository!r} is no repository: write it as owner/name")
    return repository


def replace_address(text: str, old: str, new: str) -> str:
    """Replace owner/name in GitHub and Colab addresses; nothing else is touched."""
    return re.sub(rf"{PREFIX}{re.escape(old)}(?![\w-])", rf"\g<1>{new}", text)


def publish(repository: str, root: Path = ROOT) -> list[Path]:
    """Write the address into all files that hold it and return those that changed.

    Raises LessonError for a malformed name.
    """
    old, new = read_address(root), check_repository(repository)
    lessons = choose_lessons([], root)
    files = [root / name for name in FILES if (root / name).exists()]
    files += [lesson.source_path for lesson in lessons]
    changed = [path for path in files if rewrite(path, old, new)]
    notebooks = [Lesson(root, lesson.name) for lesson in lessons if lesson.built is not None]
    return changed + [
        lesson.notebook_path for lesson in notebooks if rewrite_notebook(lesson, old, new)
    ]


def rewrite(path: Path, old: str, new: str) -> bool:
    """Replace the address in a text file; True if that changed it."""
    before = path.read_text("utf-8")
    after = replace_address(before, old, new)
    if after != before:
        path.write_text(after, "utf-8", newline="\n")
    return after != before


def rewrite_notebook(lesson: Lesson, old: str, new: str) -> bool:
    """Replace the address in a notebook's cells, not in its outputs; True if that changed it."""
    notebook = lesson.built
    before = nbformat.writes(notebook)
    for cell in notebook.cells:
        cell.source = replace_address(cell.source, old, new)
    if [cell.source for cell in notebook.cells] != [cell.source for cell in lesson.source.cells]:
        return False  # the notebook was stale before; make notebooks puts that right
    stamp(notebook, lesson)
    if nbformat.writes(notebook) == before:
        return False
    write_notebook(notebook, lesson.notebook_path)
    return True


def stale_notebooks(root: Path = ROOT) -> list[str]:
    """Return the names of the notebooks that were not built from their source as it stands."""
    lessons = [lesson for lesson in choose_lessons([], root) if lesson.built is not None]
    return [
        lesson.notebook_path.name
        for lesson in lessons
        if lesson.built.metadata.get("caption_lessons", {}).get(HASH_KEY) != lesson.source_hash
    ]


def main(arguments: list[str] | None = None) -> int:
    """Write the address and name the files that changed; return 1 if a notebook is stale."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repository", required=True, help="owner/name on GitHub")
    changed = publish(parser.parse_args(arguments).repository)
    for path in changed:
        print(path.relative_to(ROOT))
    print(f"{len(changed)} files changed")
    if late := stale_notebooks():
        print(f"{', '.join(late)}: older than the source, so left alone; run make notebooks")
    return int(bool(late))


if __name__ == "__main__":
    try:
        sys.exit(main())
    except LessonError as error:
        sys.exit(f"error: {error}")
