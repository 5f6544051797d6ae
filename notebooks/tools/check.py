"""Check lessons against template.md: `python notebooks/tools/check.py [04 …]`."""

import argparse
import sys

import check_content
import check_outputs
import check_skeleton
from lessons import Lesson, LessonError, choose_lessons

SOURCE_CHECKS = [*check_skeleton.CHECKS, *check_content.CHECKS]


def source_problems(lesson: Lesson) -> list[str]:
    """Problems of the source: skeleton, sizes, words, code."""
    return [problem for check in SOURCE_CHECKS for problem in check(lesson)]


def notebook_problems(lesson: Lesson) -> list[str]:
    """Problems of the built notebook: agreement with its source, outputs."""
    return [problem for check in check_outputs.CHECKS for problem in check(lesson)]


def main(arguments: list[str] | None = None) -> int:
    """Print every problem of the chosen lessons; return 1 if there is one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lessons", nargs="*", help="numbers such as 04; all if none is given")
    parser.add_argument("--source", action="store_true", help="leave the built notebooks out")
    options, count = parser.parse_args(arguments), 0
    for lesson in choose_lessons(options.lessons):
        found = source_problems(lesson) + ([] if options.source else notebook_problems(lesson))
        count += len(found)
        for problem in found:
            print(f"{lesson.name}: {problem}")
    print(f"{count} problems" if count else "no problems")
    return int(count > 0)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except LessonError as error:
        sys.exit(f"error: {error}")
