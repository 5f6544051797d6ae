"""What several tests share."""

import gc
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from PIL import Image

import helpers  # before any test imports Keras, which it sets to TensorFlow

ROOT = Path(__file__).parents[1]
LONG = os.environ.get("LONG", "0") != "0"  # `make test-long`: everything at full length
WAYS = ("in order", "alone")
FIRST = (  # the longest files
    "lessons", "widget_browser", "pipeline", "alt_text_cluster", "alt_text_kill", "distil",
    "encoders", "training", "training_kill", "models", "captioner", "site", "alt_text_report",
    "any_captioner", "ways_in", "quiet", "web_siege", "annotating_browser", "explanation",
)  # fmt: skip
assert ROOT.samefile(Path(helpers.__file__).parents[1]), f"tests of {ROOT}, but {helpers.__file__}"

# Below nbformat lies jsonschema, which would compile a grammar of addresses, for seconds in every
# process. No notebook's format asks for that check, and without its library it is left out.
sys.modules.setdefault("rfc3987_syntax", None)
# NLTK and TensorFlow import these two where they find them, which takes a second or two of every
# process and serves nothing here. The course asks for neither; they come with tools of the tests.
sys.modules.setdefault("scipy.stats", None)
sys.modules.setdefault("jax", None)


@pytest.fixture(scope="session")
def root() -> Path:
    """The course folder."""
    return ROOT


@pytest.fixture
def length(request: pytest.FixtureRequest) -> int:
    """How much a test does: the first number of its mark `long`, at full length the second."""
    return next(mark.args for mark in request.node.iter_markers("long") if mark.args)[LONG]


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty work folder that the pipeline uses during one test."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.setenv("CAPTION_WORK", str(folder))
    return folder


@pytest.fixture
def uncompiled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let captioners decode without compiling: for a few captions, that takes most of the time."""
    monkeypatch.setattr("helpers.decoding.CompiledModel", lambda decoder: decoder)


@pytest.fixture
def eager() -> Iterator[None]:
    """Nothing is compiled: a training of a few steps takes most of its time for that."""
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.fixture
def make_image(tmp_path: Path) -> Callable[..., Path]:
    """A factory of small image files: `make_image("a.png", size=(8, 6), mode="RGBA")`."""

    def make(name: str = "image.png", size=(32, 24), mode: str = "RGB", colour=None) -> Path:
        path = tmp_path / name
        Image.new(mode, size, 0 if colour is None else colour).save(path)
        return path

    return make


@pytest.fixture(scope="session")
def built_course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course of two good lessons, the first of them built; copy it before changing it."""
    import sample_course  # here, because they bring nbformat
    from build import build_lesson
    from lessons import Lesson

    course = sample_course.write_course(tmp_path_factory.mktemp("course"))
    run = build_lesson(Lesson(course, sample_course.FIRST), course / "work")
    assert not run.error, run.error
    return course


@pytest.fixture
def course(built_course: Path, tmp_path: Path) -> Path:
    """A copy of the good course, to break."""
    return shutil.copytree(built_course, tmp_path / "course")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what has no short form, and begin with the lessons.

    One process of pytest-xdist runs those, the other does the rest, of which the longest files
    come first, so that no process is left alone with one of them.
    """
    places = {f"test_{name}.py": place for place, name in enumerate(FIRST)}
    items.sort(key=lambda item: places.get(item.path.name, len(places)))
    if not LONG:
        bare = [item for item in items if not all(mark.args for mark in item.iter_markers("long"))]
        config.hook.pytest_deselected(items=bare)
        items[:] = [item for item in items if item not in bare]


def few_quick(values: Iterable, quick: int = 1) -> list:
    """Leave the first values of a parameter as they are, and mark the tests of the rest as slow.

    A tuple holds a value for each of several parameters.
    """
    each = [value if type(value) is tuple else (value,) for value in values]
    rest = [pytest.param(*value, marks=pytest.mark.slow) for value in each[quick:]]
    return [pytest.param(*value) for value in each[:quick]] + rest


def pytest_collection_finish() -> None:
    """Spare the collector of garbage the million objects of TensorFlow and of the tests."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def pytest_terminal_summary(terminalreporter) -> None:
    """Print how long each lesson ran, in order and alone."""
    reports = [
        report for kind in ("passed", "failed") for report in terminalreporter.getreports(kind)
    ]
    times = {r.nodeid: dict(r.user_properties) for r in reports if "test_lesson_runs" in r.nodeid}
    if times:
        terminalreporter.section("lessons, seconds in order / alone")
    for test, seconds in sorted(times.items()):
        ways = (f"{seconds[way]:6.0f}" if way in seconds else "     –" for way in WAYS)
        terminalreporter.write_line(f"{test.partition('[')[2][:-1]:32}{' '.join(ways)}")
