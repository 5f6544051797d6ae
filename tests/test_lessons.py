"""Every lesson: its structure, its notebook, a run in order and a run alone."""

import shutil
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path

import pytest

import run
from check import notebook_problems, source_problems
from check_outputs import answer_problems
from check_skeleton import check_badge, check_set_up
from clean import clean_notebook
from compare import differences
from lessons import ROOT, Lesson, choose_lessons, lesson_names, read_address, tagged
from publish import publish, stale_notebooks

NAMES = lesson_names()
FEATURES = ["features.pkl", "xception-grid.*", "vgg16.*"]  # take over a minute to make
CAPTIONERS = ["captioner/*", "attention-captioner/*"]
AT_ONCE = 2
EXACT = ["01_clean_captions", "03_build_tokenizer"]  # no processor rounds anything in them
PUBLISHED = ["pyproject.toml", "README.md", "CONTRIBUTING.md", "notebooks"]

each_lesson = pytest.mark.parametrize("name", NAMES)


def test_there_are_lessons():
    assert NAMES, "no lessons in notebooks/src"


def test_lessons_are_numbered_without_gaps():
    assert [int(name[:2]) for name in NAMES] == list(range(1, len(NAMES) + 1))


@each_lesson
def test_structure(name):
    assert source_problems(Lesson(ROOT, name)) == []


@each_lesson
def test_notebook_agrees_with_source(name):
    assert notebook_problems(Lesson(ROOT, name)) == []


def test_no_notebook_without_source():
    assert sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb")) == NAMES


def files_readers_see():
    """Files that running a lesson must leave as they are."""
    folders = [ROOT / name for name in ("notebooks", "helpers", "tests", "data/captioners")]
    paths = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    hidden = {"__pycache__", ".ipynb_checkpoints"}
    return {path: path.stat().st_mtime_ns for path in paths if not hidden & set(path.parts)}


@pytest.fixture(scope="session")
def ordered(tmp_path_factory, lesson_times):
    """All lessons, one after the other, in one work folder that is empty at first."""
    folder, before = tmp_path_factory.mktemp("ordered"), files_readers_see()
    runs = run.run_lessons(choose_lessons([]), {}, folder / "copies", folder / "work")
    for result in runs:
        lesson_times.setdefault(result.lesson.name, {})["in order"] = result.seconds
    runs_by_name = {result.lesson.name: result for result in runs}
    return runs_by_name, folder / "work", before == files_readers_see()


@pytest.fixture(scope="session")
def alone(ordered, tmp_path_factory, lesson_times):
    """Each lesson but the first in a work folder of its own; the first ran alone in `ordered`."""

    def run_alone(name: str) -> run.Run:
        folder = tmp_path_factory.mktemp(name)
        keep(FEATURES, ordered[1], folder / "work")
        if name[:2] > "05":  # 04 trains a captioner, and 05 builds one because it is missing
            keep(CAPTIONERS, ordered[1], folder / "work")
        return run.run_lesson(Lesson(ROOT, name), {}, folder / "copies", folder / "work")

    with ThreadPoolExecutor(AT_ONCE) as pool:
        runs = dict(zip(NAMES[1:], pool.map(run_alone, NAMES[1:]), strict=True))
    for name, result in runs.items():
        lesson_times.setdefault(name, {})["alone"] = result.seconds
    return runs


def keep(patterns: list[str], source: Path, target: Path) -> None:
    """Copy the files that fit a pattern, and nothing else, from one work folder to another."""
    for path in chain.from_iterable(source.rglob(pattern) for pattern in patterns):
        copy = target / path.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)


@pytest.mark.slow
@pytest.mark.notebook
@each_lesson
def test_lesson_runs_in_order(name, ordered):
    result = ordered[0][name]
    assert not result.error, result.error
    assert answer_problems(result.notebook) == []
    assert run.scores(result) or not tagged(result.notebook, "scores")


@pytest.mark.slow
@pytest.mark.notebook
@pytest.mark.parametrize("name", EXACT)
def test_a_new_run_prints_what_the_notebook_shows(name, ordered):
    runs, work, _ = ordered
    assert (
        differences(
            Lesson(ROOT, name).built, clean_notebook(runs[name].notebook, runs[name].lesson, work)
        )
        == []
    )


@pytest.mark.slow
@pytest.mark.notebook
def test_lessons_write_only_into_the_work_folder(ordered):
    assert ordered[2], "a lesson changed files beside the work folder"


@pytest.mark.slow
@pytest.mark.notebook
@pytest.mark.parametrize("name", NAMES[1:])
def test_lesson_runs_alone(name, alone):
    assert not alone[name].error, alone[name].error


@pytest.mark.slow
def test_publish_reaches_every_lesson(tmp_path):
    for name in PUBLISHED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name)
        elif source.exists():
            shutil.copy(source, tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    publish("anna/lessons", tmp_path)
    for lesson in choose_lessons([], tmp_path):
        assert check_badge(lesson) + check_set_up(lesson) == []
        assert [cell.source for cell in lesson.built.cells] == [
            cell.source for cell in lesson.source.cells
        ]
    readme = (tmp_path / "README.md").read_text("utf-8")
    assert "git clone https://github.com/anna/lessons " in readme
    assert read_address(ROOT) not in readme
    assert stale_notebooks(tmp_path) == []
    publish(read_address(ROOT), tmp_path)
    assert {path: path.read_bytes() for path in before} == before


def test_publish_names_notebooks_that_it_leaves_alone(course):
    first, second = choose_lessons([], course)
    first.source_path.write_text(first.source_path.read_text("utf-8") + "\n# more\n", "utf-8")
    assert second.built is None and stale_notebooks(course) == [first.notebook_path.name]
