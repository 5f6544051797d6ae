"""The files of a job: named well, nobody else's, and all possible before the work begins."""

import errno
import os
import sys
from contextlib import closing
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest

from alt_text_site import Colours, arguments, run, site
from helpers.apps.alt_text.__main__ import main
from helpers.apps.alt_text.job import Job, JobError
from helpers.apps.alt_text.records import Records
from helpers.apps.alt_text.writing import Wish, report
from helpers.files import LockedError


@pytest.fixture
def running():
    with site() as running:
        yield running


@pytest.fixture
def crawl(running, tmp_path):
    """A table of one image."""
    path = tmp_path / "crawl.csv"
    path.write_text(f"Page,Image\n{running.url},/1.png\n", "utf-8")
    return path


def refused(capsys, *words):
    """Return what is said to a command that begins no work."""
    captioner = Colours()
    captioner.caption_each = lambda images, contexts: pytest.fail("work has begun")
    assert main([str(word) for word in words], lambda name, **options: captioner) == 1
    message = capsys.readouterr().err
    assert "Traceback" not in message
    return message


BESIDE = ["out.csv", "out.jsonl", "out.report.html", "out.report-2.html", "out.parquet"]


@pytest.mark.parametrize("name", BESIDE)
def test_a_file_of_something_else_is_refused(running, crawl, tmp_path, capsys, name):
    (tmp_path / name).write_text("precious", "utf-8")
    before = sorted(tmp_path.iterdir())
    said = refused(capsys, *arguments(crawl, tmp_path / "out.csv", running, "--parquet"))
    assert f"{tmp_path / name} exists already and is not this job's. Move or delete it" in said
    assert (tmp_path / name).read_text("utf-8") == "precious"
    assert sorted(tmp_path.iterdir()) == before and not running.visits


def test_all_files_of_something_else_are_named(running, crawl, tmp_path, capsys):
    for name in BESIDE[1:3]:
        (tmp_path / name).touch()
    said = refused(capsys, *arguments(crawl, tmp_path / "out.csv", running))
    assert "out.jsonl and " in said and "out.report.html exist already and are not" in said


def test_what_is_not_asked_for_may_lie_there(running, crawl, tmp_path):
    for name in BESIDE[2:]:
        (tmp_path / name).write_text("precious", "utf-8")
    assert run(crawl, tmp_path / "out.csv", running, "--no-report") == 0
    assert [(tmp_path / name).read_text("utf-8") for name in BESIDE[2:]] == ["precious"] * 3


def test_a_job_knows_its_files_again(running, crawl, tmp_path, capsys):
    target = tmp_path / "out.csv"
    assert run(crawl, target, running, "--no-report") == 0
    assert run(crawl, target, running) == run(crawl, target, running) == 0
    (tmp_path / "out.tsv").write_text("precious", "utf-8")
    assert "out.tsv exists already" in refused(
        capsys, *arguments(crawl, target.with_suffix(".tsv"), running)
    )
    (tmp_path / "out.state").unlink()
    assert "out.csv and " in refused(capsys, *arguments(crawl, target, running))


def test_a_page_of_something_else_is_refused_also_when_a_job_goes_on(
    running, crawl, tmp_path, capsys
):
    assert run(crawl, tmp_path / "out.csv", running, "--no-report") == 0
    (tmp_path / "out.report.html").write_text("precious", "utf-8")
    said = refused(capsys, *arguments(crawl, tmp_path / "out.csv", running))
    assert "out.report.html exists already" in said
    assert (tmp_path / "out.report.html").read_text("utf-8") == "precious"


def test_a_job_of_before_this_was_noted_goes_on(running, crawl, tmp_path):
    with closing(Job(crawl, tmp_path / "out.csv")) as job:
        job.open_state({"input": 1})
        job.store.database.execute("DELETE FROM manifest WHERE key = 'files'")
    (tmp_path / "out.jsonl").touch()
    with closing(Job(crawl, tmp_path / "out.csv")) as job:
        job.open_state({"input": 1})


def test_to_begin_anew_is_to_delete_what_is_named(running, crawl, tmp_path, capsys):
    target = tmp_path / "out.csv"
    assert run(crawl, target, running) == 0
    said = refused(capsys, *arguments(crawl, target, running, "--all"))
    named = said.partition("or delete ")[2].partition(" to begin anew")[0].split(" and ")
    assert named == [str(target.with_name(f"out{e}")) for e in
                     (".state", ".csv", ".jsonl", ".report.html")]  # fmt: skip
    for path in named:
        (tmp_path / path).unlink()
    assert run(crawl, target, running, "--all") == 0


def test_the_input_is_not_written_over(running, crawl, tmp_path, capsys):
    source = crawl.rename(tmp_path / "crawl.jsonl")
    assert "input itself" in refused(capsys, *arguments(source, tmp_path / "crawl.csv", running))
    assert source.read_text("utf-8").startswith("Page")


@pytest.mark.parametrize(
    "name, better",
    [("out.jsonl", "out.csv"), ("out.PARQUET", "out.csv"), ("a.b.htm", "a.b.csv")]
    + [("out.report.html", "out.csv"), ("out.state", "out.csv")],
)
def test_a_name_of_another_kind_is_refused_at_once(tmp_path, capsys, name, better):
    said = refused(capsys, "no-such.csv", "-o", tmp_path / name)
    assert f"{name} is no name for one. Write -o {tmp_path / better}" in said
    with pytest.raises(JobError, match="is no name for one"):
        Job("no-such.csv", name)


def test_parquet_without_pyarrow_is_refused_before_the_work(running, crawl, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    said = refused(capsys, *arguments(crawl, crawl.with_name("out.csv"), running, "--parquet"))
    assert "--parquet needs pyarrow: pip install pyarrow (our extra “scale”)" in said
    assert [*crawl.parent.iterdir()] == [crawl] and not running.visits
    assert run(crawl, crawl.with_name("out.csv"), running, captioner=Colours()) == 0


# Whole, or as they were

FULL = OSError(errno.ENOSPC, "No space left on device")


@pytest.fixture
def job(tmp_path, monkeypatch):
    """A job that has written its files, three pages among them, and is about to write others."""
    pytest.importorskip("pyarrow")
    monkeypatch.setattr(report, "CARDS", 2)
    images = "".join(f"https://a.example/{number}.jpg,A dog.\n" for number in range(6))
    (tmp_path / "crawl.csv").write_text(f"image,alt\n{images}", "utf-8")
    with closing(Job(tmp_path / "crawl.csv", tmp_path / "out.csv")) as job:
        job.open_state({"input": 1}, Wish(parquet=True))
        job.scan()
        job.write(Wish(parquet=True))
        records = [replace(record, message="changed") for record in job.records()]
        monkeypatch.setattr(Records, "__iter__", lambda rows: iter(records))
        yield job


def outputs(job):
    """What lies beside the input and the state."""
    names = ("crawl.csv", "out.state", ".out.state")
    files = (path for path in job.output.parent.iterdir() if not path.name.startswith(names))
    return {path.name: path.read_bytes() for path in files}


def nothing_changes(job, error):
    """Write files in vain."""
    before = outputs(job)
    assert len(before) == 6
    with pytest.raises(type(error)):
        job.write(Wish(parquet=True))
    assert outputs(job) == before


def failing(function, number, error):
    """Return a function that raises an error when it is called for the n-th time."""
    calls = iter(range(number))

    def call(*arguments):
        if next(calls, None) is None:
            raise error
        return function(*arguments)

    return call


@pytest.mark.parametrize("error", [KeyboardInterrupt(), FULL])
@pytest.mark.parametrize("number", [0, 3, 6])
def test_files_stay_as_they_were_if_writing_stops_at_a_row(job, monkeypatch, number, error):
    records = list(job.records())

    def stopped(rows):
        yield from islice(records, number)
        raise error

    monkeypatch.setattr(Records, "__iter__", stopped)
    nothing_changes(job, error)


@pytest.mark.parametrize("page", [0, 1, 2])
def test_files_stay_as_they_were_if_a_page_does_not_fit(job, monkeypatch, page):
    monkeypatch.setattr(report.Report, "data", failing(report.Report.data, page, FULL))
    nothing_changes(job, FULL)


@pytest.mark.parametrize("file", range(6))
def test_files_stay_as_they_were_if_the_disk_is_full_at_last(job, monkeypatch, file):
    monkeypatch.setattr(os, "fsync", failing(os.fsync, file, FULL))
    nothing_changes(job, FULL)


def test_files_stay_as_they_were_if_a_spreadsheet_holds_the_table(job, monkeypatch):
    held, real = PermissionError(errno.EACCES, "held by a spreadsheet"), os.replace

    def replace_file(source, target):
        if Path(target).name == "out.csv":
            raise held
        real(source, target)

    monkeypatch.setattr(os, "replace", replace_file)
    nothing_changes(job, held)


def test_all_files_are_written_if_nothing_is_in_the_way(job):
    _, paths = job.write(Wish(parquet=True))
    assert sorted(path.name for path in paths) == sorted(outputs(job))
    assert paths[0].name == "out.csv" and paths[0].read_text("utf-8").count("changed") == 6
    assert all(b"changed" in path.read_bytes() for path in paths)


def test_a_lock_is_held_by_the_next_job_alone(job):
    others = [Job(job.table.path, job.output) for _ in range(2)]
    job.close()
    with closing(others[0]), closing(others[1]):
        others[0].open_state({"input": 1})
        with pytest.raises(LockedError, match="under way in another process; wait for it"):
            others[1].open_state({"input": 1})
