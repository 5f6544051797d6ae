"""The proof on Colab's packages: what lessons may install, and which Python it ran on."""

import re
import sys

import pytest

from lessons import ROOT, Lesson, lesson_names


@pytest.fixture
def session(monkeypatch):
    """The module tests/colab/session.py."""
    monkeypatch.syspath_prepend(ROOT / "tests" / "colab")
    import session

    return session


@pytest.mark.parametrize("name", lesson_names())
def test_a_lesson_may_install_what_its_cells_install(session, name):
    cells = "\n".join(cell.source for cell in Lesson(ROOT, name).source.cells)
    calls = re.findall(r'"pip", "install", "-q", ((?:"[\w-]+"(?:, )?)+)', cells)
    installed = {package for call in calls for package in re.findall(r"[\w-]+", call)}
    known = {session.name_of(line) for line in (session.HERE / "packages.txt").read_text().split()}
    assert "requests-hardened" in installed
    assert installed - known == session.allowed([name])


def test_all_lessons_together_may_install_what_each_may(session):
    each = [session.allowed([name]) for name in lesson_names()]
    assert (
        session.allowed(lesson_names()) == set().union(*each) >= {"requests-hardened", "waitress"}
    )


def test_the_python_that_was_used_is_told(session):
    assert session.describe_python("3.13") == "Python 3.13, as on Colab"
    assert session.describe_python("3.11").startswith("warning: Python 3.11, but Colab has 3.13")
    assert session.version_of(sys.executable) == ".".join(map(str, sys.version_info[:2]))


def test_an_environment_of_another_python_is_reported_each_time(
    session, tmp_path, monkeypatch, capsys
):
    """Nothing is installed or removed here: commands are noted, and the version is made up."""
    commands = []
    monkeypatch.setattr(session.subprocess, "run", lambda command, **_: commands.append(command))
    monkeypatch.setattr(session, "version_of", lambda python: "3.12")
    monkeypatch.setattr(session, "works", lambda name: False)
    for _ in range(2):
        tmp_path.joinpath("complete").touch()
        session.make_environment(tmp_path)
        assert "warning: Python 3.12, but Colab has 3.13" in capsys.readouterr().out
    assert [command[-2:] for command in commands] == [["requests-hardened", "waitress"]] * 2
