"""Files that are whole or not there, one lock, and what any console can print."""

import io
import os
import sys
import time

import pytest

from helpers.console import print_anything
from helpers.files import LockedError, locked, replacing, write_text


def test_an_error_leaves_the_old_file_and_nothing_beside_it(tmp_path):
    write_text(tmp_path / "a.txt", "old")
    with pytest.raises(ZeroDivisionError), replacing(tmp_path / "a.txt") as unfinished:
        unfinished.write_text("half")
        raise ZeroDivisionError
    assert [path.read_text() for path in tmp_path.iterdir()] == ["old"]


def test_what_a_kill_left_goes_after_a_day_and_what_is_being_written_stays(tmp_path):
    left, running = tmp_path / ".0123abcd-a.txt", tmp_path / ".4567abcd-a.txt"
    other = tmp_path / ".0123abcd-b.txt"
    for path in (left, running, other):
        path.touch()
    for path in (left, other):
        os.utime(path, (0, time.time() - 2 * 24 * 60 * 60))
    write_text(tmp_path / "a.txt", "new")
    assert {path.name for path in tmp_path.iterdir()} == {running.name, other.name, "a.txt"}


def test_a_link_stays_a_link(tmp_path):
    write_text(tmp_path / "a.txt", "old")
    (tmp_path / "link.txt").symlink_to(tmp_path / "a.txt")
    write_text(tmp_path / "link.txt", "new")
    assert (tmp_path / "link.txt").is_symlink() and (tmp_path / "a.txt").read_text() == "new"


def test_who_holds_a_lock_is_named_until_it_is_free(tmp_path):
    with locked(tmp_path / "a"), pytest.raises(LockedError, match=f"process {os.getpid()} on"):
        with locked(tmp_path / "a"):
            pass
    with locked(tmp_path / "a"):
        pass


def test_a_console_without_letters_gets_backslashes(monkeypatch):
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, "cp1252"))
    print_anything()
    print("狗 é", flush=True)
    assert written.getvalue().decode("cp1252").strip() == r"\u72d7 é"
