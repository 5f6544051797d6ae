"""The checks of the exercises: right answers are praised, plausible wrong ones are refused.

`tests/exercises/lesson_NN.py` holds the answers: BEFORE is code that takes the place of the
lesson's earlier cells, EXERCISES maps the number of an exercise to "right" and "wrong" answers.
An answer stands where the stub does; the check comes from the lesson.
"""

import re
import runpy
from functools import cache
from pathlib import Path

import pytest

from exercises import ANSWER, exercises_of, judge, split_exercise
from lessons import choose_lessons

ANSWERS = {
    path.stem[-2:]: runpy.run_path(str(path))
    for path in sorted((Path(__file__).parent / "exercises").glob("lesson_[0-9][0-9].py"))
}
CASES = {
    f"{lesson}-{number}-{kind}-{place}": (lesson, number, kind, answer)
    for lesson, content in ANSWERS.items()
    for number, kinds in content["EXERCISES"].items()
    for kind in ("right", "wrong")
    for place, answer in enumerate(kinds[kind], start=1)
}
CHECKED = [(lesson, number) for lesson in ANSWERS for number in ANSWERS[lesson]["EXERCISES"]]
each_checked = pytest.mark.parametrize(
    "lesson, number", CHECKED, ids=[f"{lesson}-{number}" for lesson, number in CHECKED]
)


@cache
def namespace(lesson):
    """What stands for the earlier cells of a lesson."""
    space = {"__name__": f"lesson_{lesson}"}
    exec(compile(ANSWERS[lesson]["BEFORE"], f"<before {lesson}>", "exec"), space)
    return space


@cache
def exercises(lesson):
    """The exercises of a lesson, by number."""
    return {exercise.number: exercise for exercise in exercises_of(*choose_lessons([lesson]))}


@pytest.mark.parametrize("case", CASES)
def test_a_check_tells_right_from_wrong(case):
    lesson, number, kind, answer = CASES[case]
    verdict = judge(exercises(lesson)[number], answer, namespace(lesson))
    if kind == "right":
        assert verdict.praises, verdict
    else:
        assert not verdict.praises, verdict
        assert verdict.broke in ("", ANSWER), f"the check breaks on this answer: {verdict}"


@each_checked
def test_a_lessons_own_solution_is_praised_and_its_stub_is_not(lesson, number):
    exercise = exercises(lesson)[number]
    assert judge(exercise, exercise.solution, namespace(lesson)).praises
    verdict = judge(exercise, "", namespace(lesson))
    assert not verdict.praises and not verdict.error, verdict


@each_checked
def test_each_check_is_tried_with_enough_answers(lesson, number):
    kinds = ANSWERS[lesson]["EXERCISES"][number]
    assert len(set(kinds["right"])) >= 2 and len(set(kinds["wrong"])) >= 3
    assert number in exercises(lesson)


STUB = "def double(value):\n    return value  # your turn\n\n\n"
RIGHT = "def double(value):\n    return 2 * value\n\n\n"
GOOD_CHECK = "found = double(3)\nprint('right' if found == 6 else f'not yet: {found}')"
TOY = split_exercise(1, STUB + GOOD_CHECK, "# @title Solution 1\n" + RIGHT + GOOD_CHECK)


def test_the_check_is_what_stub_and_solution_share():
    assert TOY.check == re.sub(r"\n+", "\n", GOOD_CHECK) and "found" not in TOY.stub + TOY.solution


@pytest.mark.parametrize(
    "answer, praised, broke",
    [
        ("double = lambda value: value + value", True, ""),
        ("double = lambda value: value ** 2", False, ""),
        ("double = lambda value: value.two", False, ANSWER),
        ("double = 'no function'", False, "<check>"),
        ("double value", False, ANSWER),
    ],
    ids=["right", "wrong", "raises", "breaks the check", "no Python"],
)
def test_a_verdict_says_whether_who_and_what(answer, praised, broke):
    verdict = judge(TOY, answer, {})
    assert verdict.praises == praised and verdict.broke == broke
    assert bool(verdict.error) == bool(broke)


def test_an_answer_leaves_the_namespace_as_it_was():
    space = {"value": 1}
    judge(TOY, "value = 2\n" + RIGHT, space)
    assert space == {"value": 1}


@pytest.mark.parametrize("last", ["'right' if double(3) == 6 else 'not yet'", "double(3) and None"])
def test_the_value_of_the_last_line_counts_as_said(last):
    toy = split_exercise(1, STUB + last, RIGHT + last)
    assert judge(toy, RIGHT, {}).praises == ("right" in last)
