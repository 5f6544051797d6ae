"""The exercises of a lesson, and what their checks say to an answer."""

import ast
import io
import traceback
from contextlib import redirect_stdout
from dataclasses import dataclass

from lessons import Lesson, tagged

ANSWER, CHECK = "<answer>", "<check>"
NOT_YET = "not yet"


@dataclass(frozen=True)
class Exercise:
    """One exercise in three parts.

    Attributes:
        number: from 1.
        stub, solution: what the two cells hold before the check.
        check: the statements in which both cells end.
    """

    number: int
    stub: str
    solution: str
    check: str


@dataclass(frozen=True)
class Verdict:
    """What a check printed about an answer, and the error that ended it, if any did.

    Attributes:
        said: everything that was printed.
        error: the last line of the traceback, empty if there was none.
        broke: where the error comes from: ANSWER, CHECK or "".
    """

    said: str
    error: str = ""
    broke: str = ""

    @property
    def praises(self) -> bool:
        """True if the check ran to its end, said something, and did not say "not yet"."""
        return bool(self.said.strip()) and NOT_YET not in self.said and not self.error


def exercises_of(lesson: Lesson) -> list[Exercise]:
    """Return the exercises of a lesson, in order."""
    cells = zip(tagged(lesson.source, "exercise"), tagged(lesson.source, "solution"), strict=True)
    return [
        split_exercise(number, stub.source, solution.source)
        for number, (stub, solution) in enumerate(cells, start=1)
    ]


def split_exercise(number: int, stub: str, solution: str) -> Exercise:
    """Part two cells from the statements that end them both."""
    ours, theirs = ast.parse(stub).body, ast.parse(solution).body
    shared = 0
    while shared < min(len(ours), len(theirs)):
        if ast.dump(ours[-1 - shared]) != ast.dump(theirs[-1 - shared]):
            break
        shared += 1
    parts = ours[: len(ours) - shared], theirs[: len(theirs) - shared], ours[len(ours) - shared :]
    return Exercise(number, *(source_of(statements) for statements in parts))


def source_of(statements: list[ast.stmt]) -> str:
    """Return statements as text."""
    return ast.unparse(ast.Module(statements, []))


def judge(exercise: Exercise, answer: str, namespace: dict) -> Verdict:
    """Run stub, answer and check in a copy of a namespace, as the reader would.

    Arguments:
        answer: Python code that takes the place of the stub.
        namespace: what the lesson's earlier cells define.
    """
    space, printed = dict(namespace), io.StringIO()
    try:
        with redirect_stdout(printed):
            exec(compile(exercise.stub, "<stub>", "exec"), space)
            exec(compile(answer, ANSWER, "exec"), space)
            run_cell(exercise.check, space)
    except Exception as error:  # whatever an answer may do
        last = traceback.format_exception_only(error)[-1].strip()
        return Verdict(printed.getvalue(), last, source_of_error(error))
    return Verdict(printed.getvalue())


def run_cell(source: str, space: dict) -> None:
    """Run the statements of a cell; print the value of its last line, as a notebook does."""
    *statements, last = ast.parse(source).body
    exec(compile(ast.Module(statements, []), CHECK, "exec"), space)
    if not isinstance(last, ast.Expr):
        exec(compile(ast.Module([last], []), CHECK, "exec"), space)
    elif (value := eval(compile(ast.Expression(last.value), CHECK, "eval"), space)) is not None:
        print(repr(value))


def source_of_error(error: Exception) -> str:
    """Return whose code raised an error, or called what raised it: ANSWER or CHECK."""
    if isinstance(error, SyntaxError) and error.filename == ANSWER:
        return ANSWER
    files = [frame.filename for frame in traceback.extract_tb(error.__traceback__)]
    return next((name for name in reversed(files) if name in (ANSWER, CHECK)), CHECK)
