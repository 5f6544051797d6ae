"""The tools of the lessons: cleaning, running, building, publishing."""

import base64
import io
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_output
from PIL import Image

import lanes
import run
from build import build_lesson, compare_lesson, refresh_text
from check import notebook_problems, source_problems
from check_outputs import check_answers, check_metadata, check_outputs
from clean import clean_notebook, clean_text, shrink_figure, widget_text
from compare import text_differences
from ctrl_c import LISTEN
from execute import Run, execute
from helpers.datasets import NAMES, DatasetError, opening
from lessons import Lesson, LessonError, choose_lessons, output_text, read_address, tagged
from publish import check_repository, publish, replace_address
from sample_course import FIRST, SECOND, break_source

PRINT = 'print("more")'


@pytest.mark.slow
def test_lesson_with_widgets_and_paths_is_cleaned(course):
    code = (
        "import os, sys\n\nfrom tqdm.auto import tqdm\n\n"
        "for _ in tqdm(range(3)):\n    pass\n"
        "print(object(), os.environ['CAPTION_WORK'])\n"
        "print('half', end='\\r')\nprint('done')\n"
        "print('2026-01-01 00:00:00.000001: I cpu_feature_guard.cc:1] x', file=sys.stderr)"
    )
    lesson = break_source(Lesson(course, FIRST), "print(2)", code)
    run = execute(lesson, work=course / "work")
    assert not run.error, run.error
    notebook = clean_notebook(run.notebook, lesson, course / "work")
    text = next(output_text(cell) for cell in notebook.cells if "tqdm" in cell.source)
    assert text.splitlines() == ["100% 3/3", "<object object> work", "done"]
    nbformat.write(notebook, lesson.notebook_path)
    checks = (check_metadata, check_outputs, check_answers)
    assert [check(Lesson(course, FIRST)) for check in checks] == [[], [], []]


@pytest.mark.parametrize(
    "text, expected",
    [
        ("100%|███| 10/10 [00:00<00:00, 55.6it/s]", "100%|███| 10/10"),
        ("\x1b[1m9/9\x1b[0m \x1b[32m━━\x1b[0m 3s 12ms/step - loss: 2.1", "9/9 ━━ - loss: 2.1"),
        ("I0000 00:00:1700.1 cuda.cc:1] no\nkept [1, 2]\n", "kept [1, 2]\n"),
        ("saved /course/data/a.txt", "saved data/a.txt"),
        ("http://127.0.0.1:43847/photos/00.jpg", "http://127.0.0.1:54321/photos/00.jpg"),
        ("http://127.0.0.1:8888/lab", "http://127.0.0.1:8888/lab"),
    ],
)
def test_clean_text(text, expected):
    assert clean_text(text, {"/course/": ""}) == expected


def test_figures_take_less_room_and_look_alike():
    height, width = np.mgrid[:100, :150]
    noise = np.random.default_rng(1).normal(0, 2, (100, 150))
    photo = np.stack([height * 2 + noise, width + noise, height + noise], -1).clip(0, 255)
    file = io.BytesIO()
    Image.fromarray(photo.astype("uint8")).save(file, "PNG")
    before = base64.b64encode(file.getvalue()).decode("ascii")
    after = shrink_figure(before)
    assert len(after) < len(before) / 2
    image = Image.open(io.BytesIO(base64.b64decode(after))).convert("RGB")
    assert np.abs(np.asarray(image) - photo).mean() < 5
    assert shrink_figure(after) == after


def test_other_widgets_leave_a_note():
    assert widget_text("1", {"1": {"state": {}}}) == "(a widget: run this cell to use it)"


def test_cell_ids_stay_when_another_cell_changes(course, built_course):
    before = Lesson(built_course, FIRST).built
    lesson = break_source(Lesson(course, FIRST), "SEED = 7", "SEED = 8")
    after = clean_notebook(lesson.source.copy(), lesson, None)
    changed = [a.id != b.id for a, b in zip(before.cells, after.cells, strict=True)]
    assert sum(changed) == 1
    assert len({cell.id for cell in after.cells}) == len(after.cells)


def test_solutions_are_folded_away(built_course):
    for cell in tagged(Lesson(built_course, FIRST).built, "solution"):
        assert cell.metadata["jupyter"]["source_hidden"] and cell.metadata["cellView"] == "form"


@pytest.mark.slow
def test_run_injects_settings_and_repeats_scores(course, capsys):
    runs = run.run_lessons([Lesson(course, FIRST)], {"DATASET": "flickr8k"}, course / "build")
    run.print_summary(runs, course / "build", 1.0)
    assert "01  flickr8k words 3" in capsys.readouterr().out
    copy = nbformat.read(course / "build" / f"{FIRST}.ipynb", as_version=4)
    assert tagged(copy, "injected-parameters")[0].source == "DATASET = 'flickr8k'"


@pytest.mark.slow
def test_run_shows_the_failing_cell(course, capsys):
    lesson = break_source(Lesson(course, FIRST), PRINT, "print(1 / 0)")
    assert run.run_lesson(lesson, {}, course / "build").error
    said = capsys.readouterr().out
    assert "FAILED" in said and "    print(1 / 0)" in said and "ZeroDivisionError" in said


def test_run_refuses_missing_folders_and_lessons(course, monkeypatch):
    monkeypatch.chdir(course)
    assert run.resolve_settings(None, "helpers")["DATA_DIR"] == str((course / "helpers").resolve())
    for dataset, folder in [("flickr8k", "nowhere"), ("nowhere", None)]:
        with pytest.raises(LessonError, match="nowhere"):
            run.resolve_settings(dataset, folder)
    with pytest.raises(LessonError, match="'77'"):
        choose_lessons(["77"], course)
    assert [lesson.name for lesson in choose_lessons(["2", FIRST], course)] == [FIRST, SECOND]


def test_data_that_cannot_be_opened_is_told_once_before_any_lesson(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(run, "run_lesson", pytest.fail)
    (tmp_path / "notes.txt").write_text("no captions")
    for arguments in (["--dataset", str(tmp_path)], ["--dataset", "flickr8k", "--data-dir", "."]):
        monkeypatch.chdir(tmp_path)
        assert run.main(arguments) == 1
        said = capsys.readouterr()
        assert said.err.startswith(f"error: {tmp_path}: no captions file found. Looked at:")
        assert said.err.count("no captions file") == 1 and said.out == ""


def test_flickr8k_without_a_network_is_told_once(capsys, monkeypatch):
    def no_download(folder):
        raise DatasetError("Flickr8k_text.zip could not be downloaded: no route")

    monkeypatch.delenv("CAPTION_DATA_DIR", raising=False)
    monkeypatch.setattr(opening, "find_captions", lambda *_: no_download(None))
    monkeypatch.setattr(opening, "download_flickr8k", no_download)
    monkeypatch.setattr(run, "run_lesson", pytest.fail)
    assert run.main(["--dataset", "flickr8k"]) == 1
    said = capsys.readouterr().err
    assert said == "error: Flickr8k_text.zip could not be downloaded: no route\n"


@pytest.mark.parametrize("name", NAMES)
def test_every_data_set_that_is_known_by_name_is_let_through(name):
    assert run.resolve_settings(name, None) == {"DATASET": name}
    mini = name.startswith("mini")
    assert run.cell_timeout({"DATASET": name}) == (run.MINI_TIMEOUT if mini else run.FULL_TIMEOUT)


def test_the_plan_holds_every_chosen_lesson_once_and_waits_for_chosen_ones_alone():
    for wanted in ([], ["05", "13", "08"], ["11", "03", "01"]):
        chosen = choose_lessons(wanted)
        jobs = lanes.plan(chosen)
        assert sorted(job.name for job in jobs) == [lesson.name for lesson in chosen]
        for place, job in enumerate(jobs):
            assert {*job.after} <= {before.name for before in jobs[:place]}
    after = {
        job.name[:2]: {name[:2] for name in job.after} for job in lanes.plan(choose_lessons([]))
    }
    assert after["04"] == {"01", "02", "03"} and after["13"] == {*lanes.CHAIN, "08"}
    assert after["11"] == {"01", "02"} and after["12"] == {*lanes.CHAIN}


def test_jobs_run_side_by_side_after_those_they_need():
    both, ended = threading.Barrier(2, timeout=60), []
    jobs = [
        lanes.Job("a"),
        lanes.Job("b", ("a",)),
        lanes.Job("c", ("a",)),
        lanes.Job("d", ("b", "c")),
    ]

    def work(job):
        assert {*job.after} <= {*ended}
        if job.name == "a":
            time.sleep(0.2)  # another could begin too early
        if job.name in "bc":
            both.wait()  # breaks unless the other one runs at the same time
        ended.append(job.name)
        return job.name.upper()

    done = lanes.in_lanes(jobs, work, 2)
    assert {job.name: result for job, result in done} == dict(zip("abcd", "ABCD", strict=True))
    assert (ended[0], {*ended[1:3]}, ended[3]) == ("a", {"b", "c"}, "d")


@pytest.mark.parametrize(
    ("wanted", "dataset", "side_by_side"),
    [([], None, True), ([], "flickr8k", False), (["05", "06"], None, False)],
)
def test_lessons_run_in_lanes_on_mini_after_the_first(wanted, dataset, side_by_side, monkeypatch):
    used, begun = [], []
    in_lanes = lanes.in_lanes
    monkeypatch.setattr(run, "LANES", 2)
    monkeypatch.setattr(run, "in_lanes", lambda *given: used.append(given[2]) or in_lanes(*given))
    monkeypatch.setattr(
        run, "run_lesson", lambda lesson, *_: begun.append(lesson) or Run(lesson, None, 0.0)
    )
    chosen = choose_lessons(wanted)
    runs = run.run_lessons(chosen, {"DATASET": dataset} if dataset else {}, Path("nowhere"))
    assert used == [1 + side_by_side]
    assert [each.lesson for each in runs] == chosen
    assert (begun == chosen) is not side_by_side, "one lane goes in order, two the longest first"


RUN_COURSE = """
import sys
from pathlib import Path

import lanes, lessons, run

run.CHAIN = lanes.CHAIN = eval(sys.argv[2])
run.LANES = 2
run.ROOT = Path(sys.argv[1])
run.choose_lessons = lambda wanted: lessons.choose_lessons(wanted, run.ROOT)
sys.exit(run.main([]))
"""


COUNTS = 'print(DATASET, "words", count_words("a dog runs"))'  # a line of both lessons


def sleeps(note):
    """Return lines that write their process into a file and wait."""
    return f'import os, time\n\nopen({str(note)!r}, "w").write(str(os.getpid()))\ntime.sleep(100)'


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows has no groups of processes to send Ctrl-C to")
@pytest.mark.parametrize(
    ("stop", "moment"),  # or seconds, in which a kernel starts
    [
        ("SIGTERM", "in a cell"),
        ("SIGINT", "in a cell"),
        ("SIGINT", 0.35),
        *(pytest.param("SIGINT", moment, marks=pytest.mark.long) for moment in (0.15, 0.5)),
    ],
)
def test_ctrl_c_and_kill_stop_all_lessons_with_one_line(course, stop, moment):
    begun = course / "begun"
    lesson = break_source(Lesson(course, FIRST), COUNTS, sleeps(begun))
    command = [sys.executable, "-u", "-c", RUN_COURSE, str(course), "['01', '02', '03', '04']"]
    environment = {**os.environ, "PYTHONPATH": str(Path(run.__file__).parent)}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **LISTEN}
    with subprocess.Popen(command, env=environment, start_new_session=True, **pipes) as process:
        assert process.stdout.readline().startswith(lesson.name)
        while moment == "in a cell" and not (begun.exists() and begun.read_text()):
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.1)
        time.sleep(0.5 if moment == "in a cell" else moment)
        send = os.killpg if stop == "SIGINT" else os.kill  # a terminal asks its whole group
        send(process.pid, getattr(signal, stop))
        out, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert said.strip() == "stopped; what is done is kept, and the next run uses it"
    assert SECOND not in out and "FAILED" not in out
    if begun.exists():
        with pytest.raises(ProcessLookupError):
            os.kill(int(begun.read_text()), 0)


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows has no groups of processes to send Ctrl-C to")
def test_ctrl_c_stops_both_lanes(course):
    notes = [course / "first", course / "second"]
    for name, note in zip((FIRST, SECOND), notes, strict=True):
        break_source(Lesson(course, name), COUNTS, sleeps(note))
    command = [sys.executable, "-u", "-c", RUN_COURSE, str(course), "[]"]  # no lesson waits
    environment = {**os.environ, "PYTHONPATH": str(Path(run.__file__).parent)}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **LISTEN}
    with subprocess.Popen(command, env=environment, start_new_session=True, **pipes) as process:
        while not all(note.exists() and note.read_text() for note in notes):
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.1)
        os.killpg(process.pid, signal.SIGINT)
        out, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert said.strip() == "stopped; what is done is kept, and the next run uses it"
    assert FIRST in out and SECOND in out and "FAILED" not in out
    for note in notes:
        with pytest.raises(ProcessLookupError):
            os.kill(int(note.read_text()), 0)


def test_prose_is_refreshed_without_a_run(course):
    lesson = Lesson(course, FIRST)
    before = [cell.outputs for cell in lesson.built.cells if cell.cell_type == "code"]
    lesson.source_path.write_text(
        lesson.source_path.read_text("utf-8") + "\n# %% [markdown]\n# New.\n"
    )
    assert notebook_problems(Lesson(course, FIRST)) != []
    refresh_text(Lesson(course, FIRST))
    after = Lesson(course, FIRST).built
    assert notebook_problems(Lesson(course, FIRST)) == [] and after.cells[-1].source == "New."
    assert [cell.outputs for cell in after.cells if cell.cell_type == "code"] == before
    assert any(before), "the course has outputs to keep"
    install = break_source(Lesson(course, FIRST), '"requests-hardened"', '"requests-hardened2"')
    refresh_text(install)  # what is installed on Colab needs no run here
    assert "requests-hardened2" in tagged(Lesson(course, FIRST).built, "setup")[0].source
    with pytest.raises(LessonError, match="its code changed too"):
        refresh_text(break_source(Lesson(course, FIRST), PRINT, "print(1)"))


def test_real_data_gets_more_time():
    assert run.cell_timeout({}) == 600
    assert run.cell_timeout({"DATASET": "flickr8k"}) > 3600


def test_publish_keeps_the_course_green_and_can_be_repeated(course):
    before = {path: path.read_bytes() for path in course.rglob("*") if path.is_file()}
    old = read_address(course)
    assert publish("anna/lessons", course)
    assert publish("anna/lessons", course) == []
    for name in (FIRST, SECOND):
        assert source_problems(Lesson(course, name)) == []
    assert notebook_problems(Lesson(course, FIRST)) == []
    publish("berta/other.course", course)
    publish(old, course)
    assert {path: path.read_bytes() for path in course.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("name", ["", "a", "a/b/c", "a b/c", "a/b.git", "-a/b", "a/..", "a/b\n"])
def test_publish_refuses_malformed_names(name):
    with pytest.raises(LessonError):
        check_repository(name)


def test_publish_leaves_other_words_alone():
    text = "see data/b and https://github.com/a/b-c and https://github.com/a/b."
    assert replace_address(text, "a/b", "x/y").endswith("a/b-c and https://github.com/x/y.")


@pytest.mark.slow
def test_a_failed_run_is_not_built(course):
    lesson = break_source(Lesson(course, SECOND), PRINT, "raise ValueError('no')")
    result = build_lesson(lesson, course / "work")
    assert isinstance(result, Run) and "ValueError: no" in result.error
    assert not lesson.notebook_path.exists()


@pytest.mark.slow
def test_a_second_build_differs_in_nothing(course):
    lesson = Lesson(course, FIRST)
    run, changes = compare_lesson(lesson, course / "work")
    assert not run.error and changes == []


@pytest.mark.slow
def test_what_a_new_build_would_change_is_named(course):
    lesson, blue = Lesson(course, FIRST), io.BytesIO()
    Image.new("RGB", (40, 30), "blue").save(blue, "PNG")
    old = lesson.built
    next(cell for cell in old.cells if cell.source == PRINT).outputs[0]["text"] = "other\n"
    drawn = next(cell for cell in old.cells if "Image.new" in cell.source)
    drawn.outputs[0].data["image/png"] = base64.b64encode(blue.getvalue()).decode("ascii")
    nbformat.write(old, lesson.notebook_path)
    _, changes = compare_lesson(lesson, course / "work")
    assert len(changes) == 2
    assert "another figure" in changes[0] and "'other' became 'more'" in changes[1]


def test_times_and_speeds_may_differ():
    texts = {"took 3.21 s, 1,200 photos/s": True, "55 MB": True, "3 dogs": False, "loss 1.2": False}
    for text, may_differ in texts.items():
        cells = [
            new_code_cell("", outputs=[new_output("stream", text=said)])
            for said in (text, re.sub(r"\d", "9", text))
        ]
        assert (text_differences(*cells) == []) == may_differ, text


def test_a_changed_source_is_built_before_it_is_compared(course):
    lesson = break_source(Lesson(course, FIRST), PRINT, "print(1)")
    with pytest.raises(LessonError, match="build it first"):
        compare_lesson(lesson, course / "work")
