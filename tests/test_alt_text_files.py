"""The files of a job: named well, nobody else's, and all possible before the work begins."""

import sys
from contextlib import closing

import pytest

from alt_text_site import Colours, arguments, fingerprint, run, site
from helpers.apps.alt_text.__main__ import main
from helpers.apps.alt_text.job import Job, JobError


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
    begun = []
    assert main([str(word) for word in words], begun.append, fingerprint) == 1
    message = capsys.readouterr().err
    assert "Traceback" not in message and not begun
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
