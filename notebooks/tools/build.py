"""Build the notebooks from their sources: `python notebooks/tools/build.py [04 …]`."""

import argparse
import base64
import os
import sys
import tempfile
from pathlib import Path

import nbformat

from clean import clean_notebook, stamp
from compare import differences
from execute import Run, execute
from lessons import Lesson, LessonError, choose_lessons, tagged


def build_lesson(lesson: Lesson, work: Path) -> Run:
    """Run a lesson on mini and write its notebook and picture, unless a cell failed."""
    run = execute(lesson, work=work)
    if not run.error:
        notebook = clean_notebook(run.notebook, lesson, work)
        save_pictures(notebook, lesson)
        write_notebook(notebook, lesson.notebook_path)
    return run


def compare_lesson(lesson: Lesson, work: Path) -> tuple[Run, list[str]]:
    """Run a lesson on mini, write nothing, and return how its outputs differ from its notebook's.

    Raises LessonError if the notebook is not built from this source.
    """
    if lesson.built is None or code_of(lesson.built) != code_of(lesson.source):
        raise LessonError(f"{lesson.name}: its source was changed since; build it first")
    run = execute(lesson, work=work)
    if run.error:
        return run, []
    return run, differences(lesson.built, clean_notebook(run.notebook, lesson, work))


def write_notebook(notebook: nbformat.NotebookNode, path: Path) -> None:
    """Write a notebook; a reader never sees it half written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".unfinished")
    nbformat.write(notebook, unfinished)
    os.replace(unfinished, path)


def refresh_text(lesson: Lesson) -> None:
    """Take the text anew from the source and keep the outputs, after a change of prose alone.

    The set-up cell counts as prose: what it says matters on Colab, where nothing is kept.

    Raises LessonError if code changed too, or there is no notebook yet.
    """
    built, notebook = lesson.built, lesson.source
    if built is None or code_of(built) != code_of(notebook):
        raise LessonError(f"{lesson.name}: its code changed too; build it without --text")
    for old, new in zip(code_cells(built), code_cells(notebook), strict=True):
        new.outputs, new.execution_count = old.outputs, old.execution_count
    write_notebook(stamp(notebook, lesson), lesson.notebook_path)


def save_pictures(notebook: nbformat.NotebookNode, lesson: Lesson) -> None:
    """Save the first figure of the cell tagged `picture`, which the lesson shows at its top.

    What the cell tagged `readme-picture` draws becomes `images/route.png`, at the top of README.md.
    Raises LessonError if such a cell drew nothing.
    """
    path = lesson.picture_path
    for tag, target in {"picture": path, "readme-picture": path.with_name("route.png")}.items():
        for cell in tagged(notebook, tag):
            figures = [output.data["image/png"] for output in cell.outputs if has_figure(output)]
            if not figures:
                raise LessonError(f"{lesson.name}: the cell tagged {tag} draws no figure")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(base64.b64decode(figures[0]))


def code_cells(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    """Return the cells that run."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def code_of(notebook: nbformat.NotebookNode) -> list[str]:
    """Return the code of the cells that run, but for the set-up cell."""
    cells = code_cells(notebook)
    return [cell.source for cell in cells if "setup" not in cell.metadata.get("tags", [])]


def has_figure(output: nbformat.NotebookNode) -> bool:
    """True for an output that holds a PNG."""
    return "image/png" in output.get("data", {})


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lessons", nargs="*", help="numbers such as 04; all if none is given")
    parser.add_argument("--work", type=Path, help="work folder to use again (default: a new one)")
    parser.add_argument(
        "--compare", action="store_true", help="write nothing: say what a new build would change"
    )
    parser.add_argument("--text", action="store_true", help="only prose changed: run nothing")
    return parser.parse_args(arguments)


def report(lesson: Lesson, work: Path, options: argparse.Namespace) -> bool:
    """Build or compare one lesson and say what came of it; return whether all is well."""
    if options.compare:
        run, changes = compare_lesson(lesson, work)
    else:
        run, changes = build_lesson(lesson, work), []
    said = f"{len(changes)} changes" if options.compare else "built"
    print(f"{lesson.name}  {run.seconds:.0f} s  {'FAILED' if run.error else said}", flush=True)
    for line in changes:
        print(f"  {line}")
    if run.error:
        print(run.error, file=sys.stderr)
    return not (run.error or changes)


def main(arguments: list[str] | None = None) -> int:
    """Build the chosen lessons in one work folder; return 1 if one of them failed."""
    options, failed = parse_arguments(arguments), False
    if options.text:
        for lesson in choose_lessons(options.lessons):
            refresh_text(lesson)
        return 0
    with tempfile.TemporaryDirectory() as temporary:
        for lesson in choose_lessons(options.lessons):
            failed |= not report(lesson, (options.work or Path(temporary)).resolve(), options)
    return int(failed)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except LessonError as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
