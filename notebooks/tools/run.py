"""Run the lessons in order: `python notebooks/tools/run.py [--dataset flickr8k] [04 05 …]`."""

import argparse
import sys
import time
from pathlib import Path

from build import write_notebook
from execute import Run, execute
from lanes import CHAIN, LANES, Job, in_lanes, plan
from lessons import ROOT, Lesson, LessonError, choose_lessons, output_text, tagged

sys.path.append(str(ROOT))  # the course need not be installed

from helpers.datasets import NAMES, open_dataset

MINI_TIMEOUT = 10 * 60  # seconds a cell may take on mini
FULL_TIMEOUT = 24 * 60 * 60  # and on real data, where extraction and training take hours
WIDTH = 60  # characters, so that a line on a terminal leaves nothing of the one before


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
    lesson: Lesson,
    settings: dict[str, str],
    target: Path,
    work: Path | None = None,
    reached: dict[str, str] | None = None,
) -> Run:
    """Run one lesson, show how far it is, and write the executed copy into `target`.

    reached: how far the lessons are that run just now; a terminal shows them in one line.
    """
    reached = {} if reached is None else reached

    def progress(done: int, total: int) -> None:
        reached[lesson.name] = f"{lesson.name[:2]}: cell {done + 1} of {total}"
        if sys.stdout.isatty():
            print(f"\r{'   '.join([*reached.values()]):{WIDTH}}", end="", flush=True)

    if not sys.stdout.isatty():
        print(f"{lesson.name}  …\n", end="", flush=True)  # at once, for another lane prints too
    run = execute(lesson, settings, work, cell_timeout(settings), progress)
    write_notebook(run.notebook, target / f"{lesson.name}.ipynb")
    reached.pop(lesson.name, None)
    said = f"{lesson.name}  {run.seconds:.0f} s  {'FAILED' if run.error else 'ok'}"
    said = f"\r{said:{WIDTH}}\n" if sys.stdout.isatty() else f"{said}\n"
    print(said + (f"\n{lesson.name}, {run.error}\n\n" if run.error else ""), end="", flush=True)
    return run


def run_lessons(
    lessons: list[Lesson], settings: dict[str, str], target: Path, work: Path | None = None
) -> list[Run]:
    """Run lessons, side by side where that is sound, and return their runs in numeric order.

    A failure does not keep the later ones from running. On real data, a lesson needs all cores and
    most of the memory. Without the first lessons, any lesson may have to make what others use.
    """
    chosen, reached = {lesson.name: lesson for lesson in lessons}, {}
    jobs, lanes = [Job(name) for name in chosen], 1
    if settings.get("DATASET", "mini") == "mini" and {*CHAIN} <= {name[:2] for name in chosen}:
        jobs, lanes = plan(lessons), LANES
    done = in_lanes(
        jobs, lambda job: run_lesson(chosen[job.name], settings, target, work, reached), lanes
    )
    return sorted((run for _, run in done), key=lambda run: run.lesson.name)


def scores(run: Run) -> str:
    """What the cells tagged `scores` printed."""
    return "".join(output_text(cell) for cell in tagged(run.notebook, "scores")).strip()


def print_summary(runs: list[Run], target: Path, seconds: float) -> None:
    """Print each lesson's final scores, how long all took, and where the copies lie."""
    print("\nFinal scores")
    for run in runs:
        for line in scores(run).splitlines():
            print(f"  {run.lesson.name[:2]}  {line}")
    failed = [run.lesson.name for run in runs if run.error]
    ran = f"{len(runs) - len(failed)} of {len(runs)} lessons ran"
    print(f"\n{ran}, {seconds:.0f} s in all; {target}")
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
    start = time.perf_counter()
    runs = run_lessons(lessons, settings, target, work)
    print_summary(runs, target.relative_to(ROOT), time.perf_counter() - start)
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
