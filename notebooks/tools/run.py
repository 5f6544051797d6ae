"""Run the lessons in order: `python notebooks/tools/run.py [--dataset flickr8k] [04 05 …]`."""

import argparse
import sys
from pathlib import Path

from build import write_notebook
from execute import Run, execute
from lessons import ROOT, Lesson, LessonError, choose_lessons, output_text, tagged

sys.path.append(str(ROOT))  # the course need not be installed

from helpers.datasets import NAMES, open_dataset

MINI_TIMEOUT = 10 * 60  # seconds a cell may take on mini
FULL_TIMEOUT = 24 * 60 * 60  # and on real data, where extraction and training take hours


def resolve_settings(dataset: str | None, data_dir: str | None) -> dict[str, str]:
    """Return the settings to give to every lesson; folders become absolute paths.

    Relative folders start at the caller's current folder. Raises LessonError for a missing one.
    """
    settings = {}
    if dataset:
        settings["DATASET"] = existing_folder(dataset) if is_folder_name(dataset) else dataset
    if data_dir:
        settings["DATA_DIR"] = existing_folder(data_dir)
    return settings


def is_folder_name(dataset: str) -> bool:
    """True unless the data set is one that the course knows by name."""
    return dataset not in NAMES


def existing_folder(text: str) -> str:
    """Return a folder's absolute path. Raises LessonError if it is not there."""
    folder = Path(text).expanduser().resolve()
    if not folder.is_dir():
        raise LessonError(f"no folder {text!r} ({folder}): give the folder that holds the data")
    return str(folder)


def check_data(settings: dict[str, str]) -> None:
    """Open the data set once, before every lesson does. Raises LessonError if that fails."""
    try:
        open_dataset(settings.get("DATASET", "mini"), settings.get("DATA_DIR"))
    except (ValueError, OSError) as error:  # ours are ValueErrors with the cure in the message
        raise LessonError(str(error)) from error


def cell_timeout(settings: dict[str, str]) -> int:
    """Seconds that one cell may take on the data set of these settings."""
    mini = settings.get("DATASET", "mini").startswith("mini")  # a folder's path is absolute
    return MINI_TIMEOUT if mini else FULL_TIMEOUT


def run_lesson(
    lesson: Lesson, settings: dict[str, str], target: Path, work: Path | None = None
) -> Run:
    """Run one lesson, show how far it is, and write the executed copy into `target`."""

    def progress(done: int, total: int) -> None:
        if sys.stdout.isatty():
            print(f"\r{lesson.name}  cell {done + 1} of {total}   ", end="", flush=True)

    if not sys.stdout.isatty():
        print(f"{lesson.name}  …", flush=True)
    run = execute(lesson, settings, work, cell_timeout(settings), progress)
    write_notebook(run.notebook, target / f"{lesson.name}.ipynb")
    start = "\r" if sys.stdout.isatty() else ""
    print(f"{start}{lesson.name}  {run.seconds:.0f} s  {'FAILED' if run.error else 'ok':20}")
    if run.error:
        print(f"\n{lesson.name}, {run.error}\n", flush=True)
    return run


def run_lessons(
    lessons: list[Lesson], settings: dict[str, str], target: Path, work: Path | None = None
) -> list[Run]:
    """Run lessons one after the other; a failure does not keep the later ones from running."""
    return [run_lesson(lesson, settings, target, work) for lesson in lessons]


def scores(run: Run) -> str:
    """What the cells tagged `scores` printed."""
    return "".join(output_text(cell) for cell in tagged(run.notebook, "scores")).strip()


def print_summary(runs: list[Run], target: Path) -> None:
    """Print each lesson's final scores, the time of all, and where the copies lie."""
    print("\nFinal scores")
    for run in runs:
        for line in scores(run).splitlines():
            print(f"  {run.lesson.name[:2]}  {line}")
    failed = [run.lesson.name for run in runs if run.error]
    total = sum(run.seconds for run in runs)
    print(f"\n{len(runs) - len(failed)} of {len(runs)} lessons ran, {total:.0f} s in all; {target}")
    if failed:
        print(f"failed: {', '.join(failed)}")


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lessons", nargs="*", help="numbers such as 04; all if none is given")
    parser.add_argument("--dataset", help=f"{', '.join(NAMES)}, or a folder of your own")
    parser.add_argument("--data-dir", help="where flickr8k lies")
    parser.add_argument("--work", type=Path, help="work folder (default: the course's own)")
    return parser.parse_args(arguments)


def run_all(options: argparse.Namespace) -> int:
    """Run the chosen lessons; return 1 if one of them failed. Raises LessonError."""
    lessons = choose_lessons(options.lessons)
    settings = resolve_settings(options.dataset, options.data_dir)
    check_data(settings)
    target = ROOT / "build" / Path(settings.get("DATASET", "mini")).name
    work = options.work.resolve() if options.work else None
    runs = run_lessons(lessons, settings, target, work)
    print_summary(runs, target.relative_to(ROOT))
    return int(any(run.error for run in runs))


def main(arguments: list[str] | None = None) -> int:
    """Do what the command line asks for; return 1 for any failure and 130 after Ctrl-C."""
    options = parse_arguments(arguments)
    try:
        return run_all(options)
    except LessonError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nstopped; what is done is kept, and the next run uses it", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
