"""Every check of the lessons goes red on a broken copy and stays green on the good one."""

import base64
import io

import nbformat
import pytest
from PIL import Image

from check import notebook_problems, source_problems
from lessons import Lesson, choose_lessons, tagged
from sample_course import FIRST, SECOND, break_source

PROSE = "# You count every word"
PRINT = 'print("more")'
BROKEN_SOURCES = {
    "second H1": (PROSE, "# # Another title", "H1"),
    "title without number": ("# # 01 ·", "# # 02 ·", "does not begin with 01"),
    "no sentence": ("# You count the words of a caption.\n", "#\n", "one sentence"),
    "badge of another lesson": ("notebooks/01_count_words.ipynb)", "notebooks/x.ipynb)", "badge"),
    "navigation lost": (" · [02 read words →](02_read_words.ipynb)", "", "navigation"),
    "dead link": ("# That is all.", "# [03](03_more.ipynb)", "link to 03_more.ipynb"),
    "nothing to learn": ("**You will learn**", "You will learn", "You will learn"),
    "nothing needed": ("**You need**", "You need", "You need"),
    "no run times": ("**Run times**", "Times", "Run times"),
    "no time on mini": ("# | mini |", "# | small |", "| mini |"),
    "no picture": ("![A red square](images/01_count_words.png)", "Nothing", "images/01_count"),
    "picture without words": ("![A red square]", "![]", "alt text"),
    "no picture cell": ('tags=["picture"]', "", "tagged picture"),
    "set-up cell not tagged": ('tags=["setup"]', "", "not tagged setup"),
    "set-up cell changed": (
        "sys.path.insert(0, str(folders[0]))",
        "sys.path.insert(0, str(folders[-1]))",
        "set-up cell differs",
    ),
    "set-up cell installs another": (
        '"-q", "requests-hardened"',
        '"-q", "dog"',
        "set-up cell differs",
    ),
    "settings not tagged": ('tags=["parameters"]', "", "not tagged parameters"),
    "settings begin otherwise": ('DATASET = "mini"\n', 'DATASET = "flickr8k"\n', "do not begin"),
    "computed setting": ("SEED = 7", "SEED = 3 + len(DATASET)", "compute in a later cell"),
    "no data folder": ("DATA_DIR = None\n", "", "DATA_DIR"),
    "no seed": ("SEED = 7", "LUCK = 7", "SEED"),
    "section number skipped": ("# ## 3. Section", "# ## 7. Section", "sections are numbered"),
    "no recap": ("# ## Recap", "# ## In short", "last headings"),
    "exercise number skipped": ("### Exercise 2:", "### Exercise 4:", "exercises"),
    "no stub": ('tags=["exercise"]', "", "tagged exercise"),
    "no solution": ('tags=["solution"]', "", "not tagged solution"),
    "solution without title": ("# @title Solution 2", "# the answer", "does not begin with"),
    "different checks": ("value + 2\n\n\nprint(", "value + 2\n\n\nprint(1, ", "different checks"),
    "too few words": ("every word that a caption holds", "it", "words of prose"),
    "long cell": (PRINT, "\n".join(["print(1)"] * 31), "31 lines of code"),
    "long line": (PRINT, f"print('{'x' * 100}')", "more than 100 characters"),
    "easy word": (PROSE, "# You just count every word", "'just'"),
    "easy word, capital": (PROSE, "# Simply count every word", "'Simply'"),
    "machine path": (PRINT, 'print("/' + 'home/me/photos")', "path of a machine"),
    "star-import": (PRINT, "from math import *", "star-import from math"),
    "bare except": (PRINT, "try:\n    pass\nexcept:\n    pass", "bare except"),
    "not Python": (PRINT, "print(", "not plain Python"),
    "asks for CI": (PRINT, 'import os\n\nos.environ.get("CI")', "runs in a test"),
    "misspelt tag": ('tags=["scores"]', 'tags=["score"]', "unknown tag 'score'"),
    "helper differs": ("    return len(words)", "    return len(words) + 1", "differs from"),
    "helper not defined": ("def count_words(caption):", "def count(caption):", "not define"),
    "helper unknown": ("helpers.words.count_words", "helpers.words.nothing", "is not in words.py"),
    "module unknown": ("helpers.words.count_words", "helpers.none.count_words", "no module"),
}


@pytest.mark.slow
def test_good_course_has_no_problems(built_course):
    first, second = choose_lessons([], built_course)
    assert source_problems(first) == []
    assert source_problems(second) == []
    assert notebook_problems(first) == []


@pytest.mark.parametrize("name", BROKEN_SOURCES)
def test_broken_source_is_found(course, name):
    old, new, expected = BROKEN_SOURCES[name]
    found = source_problems(break_source(Lesson(course, FIRST), old, new))
    assert any(expected in problem for problem in found), found


def test_a_helper_may_stand_in_any_module_of_a_package(course):
    package = course / "helpers" / "words"
    package.mkdir()
    (package / "__init__.py").write_text('"""Words."""\n')
    helper = (course / "helpers" / "words.py").rename(package / "counting.py")
    assert source_problems(Lesson(course, FIRST)) == []
    helper.write_text(helper.read_text().replace("len(words)", "len(words) + 1"))
    assert any(
        "count_words differs" in problem for problem in source_problems(Lesson(course, FIRST))
    )
    helper.write_text('"""Nothing."""\n')
    assert any("no module for" in problem for problem in source_problems(Lesson(course, FIRST)))


def test_sizes_are_found(course):
    prose = break_source(Lesson(course, FIRST), "# %%\n", "# %% [markdown]\n# ")
    found = source_problems(prose)
    assert any("prose cells to" in problem for problem in found), found
    code = break_source(Lesson(course, SECOND), PRINT, PRINT + "\n\n# %%\nprint(2)" * 9)
    found = " ".join(source_problems(code))
    assert "straight after prose" in found and "cells without the solutions" in found


def stale_source(notebook):
    notebook.cells[0].source += " "


def widget_state(notebook):
    notebook.metadata["widgets"] = {}


def execution_times(notebook):
    notebook.cells[4].metadata["execution"] = {}


def run_twice(notebook):
    notebook.cells[4].execution_count = 2


def add_text(text):
    def add(notebook):
        notebook.cells[4].outputs = [nbformat.v4.new_output("stream", text=text)]

    return add


def too_big(notebook):
    add_text("x" * 900_000)(notebook)


def wide_figure(notebook):
    file = io.BytesIO()
    Image.new("RGB", (901, 2)).save(file, "PNG")
    data = {"image/png": base64.b64encode(file.getvalue()).decode()}
    notebook.cells[4].outputs = [nbformat.v4.new_output("display_data", data=data)]


def widget_view(notebook):
    data = {"application/vnd.jupyter.widget-view+json": {"model_id": "1"}}
    notebook.cells[4].outputs = [nbformat.v4.new_output("display_data", data=data)]


def stored_error(notebook):
    error = nbformat.v4.new_output("error", ename="E", evalue="e", traceback=[])
    notebook.cells[4].outputs = [error]


def stub_solved(notebook):
    tagged(notebook, "exercise")[0].outputs[0].text = "right\n"


def solution_wrong(notebook):
    tagged(notebook, "solution")[0].outputs[0].text = "not yet\n"


BROKEN_NOTEBOOKS = [
    (stale_source, "older than its source"),
    (widget_state, "widget state"),
    (execution_times, "execution times"),
    (run_twice, "top to bottom"),
    (too_big, "750 at most"),
    (add_text("line\n" * 31), "31 lines"),
    (add_text("file /" + "home/me/x.jpg"), "path of a machine"),
    (add_text("<object at 0x7f12345678>"), "memory address"),
    (wide_figure, "901 pixels"),
    (widget_view, "widget's view"),
    (stored_error, "error is stored"),
    (stub_solved, "stub does not print"),
    (solution_wrong, "does not pass"),
]


@pytest.mark.parametrize("change, expected", BROKEN_NOTEBOOKS)
def test_broken_notebook_is_found(course, change, expected):
    lesson = Lesson(course, FIRST)
    notebook = nbformat.read(lesson.notebook_path, as_version=4)
    change(notebook)
    nbformat.write(notebook, lesson.notebook_path)
    found = notebook_problems(Lesson(course, FIRST))
    assert any(expected in problem for problem in found), found


def test_changed_source_makes_notebook_stale(course):
    lesson = break_source(Lesson(course, FIRST), "SEED = 7", "SEED = 8")
    assert any("older than its source" in problem for problem in notebook_problems(lesson))


def test_unbuilt_and_missing_picture_are_found(course):
    assert "not built" in notebook_problems(Lesson(course, SECOND))[0]
    Lesson(course, FIRST).picture_path.unlink()
    assert "is missing" in notebook_problems(Lesson(course, FIRST))[0]
