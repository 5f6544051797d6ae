"""Files that are whole or not there, one lock, and what any console can print."""

import errno
import io
import os
import re
import sys
import time
from tempfile import TemporaryFile
from unittest.mock import patch

import pytest
from filelock import Timeout

from every_captioner import ColourEncoder
from helpers.apps.alt_text.__main__ import main as alt_text
from helpers.apps.annotating.coco_file import CocoFile
from helpers.captioner.__main__ import main as caption
from helpers.captioner.folder import write_folder
from helpers.console import print_anything
from helpers.datasets import Dataset, work_folder
from helpers.datasets.__main__ import main as datasets
from helpers.features import FeaturesError, extract_features
from helpers.files import (
    LockedError,
    LongNameError,
    locked,
    replacing,
    write_text,
)
from helpers.pipeline.__main__ import main as pipeline


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


LONG = (
    "n" * 245
)  # a name that its file could have, and what is beside it while it is made could not
SAID = r"n{60}… \(24[59] letters\) is too long for this disk.*Choose a shorter name"
COMMANDS = {
    "alt text": (alt_text, "crawl.csv", "-o", LONG),
    "alt text, with an ending": (alt_text, "crawl.csv", "-o", f"{LONG}.csv"),
    "a folder on the way": (alt_text, "crawl.csv", "-o", f"new/{LONG}/out.csv"),
    "captions as COCO": (datasets, "mini", "--to", "coco", LONG),
    "captions as Flickr8k": (datasets, "mini", "--to", "flickr8k", LONG),
    "a captioner": (pipeline, "--out", LONG),
    "the record of a training": (pipeline, "--out", "own", "--record", LONG),
    "pictures that explain": (caption, "photo.jpg", "--explain", LONG),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_a_name_too_long_for_its_disk_is_said_before_any_work(
    command, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "crawl.csv").write_text("url\nhttps://a.example/a.jpg\n")
    main, *arguments = COMMANDS[command]
    assert main(arguments) == 1
    said = capsys.readouterr()
    assert re.fullmatch(SAID, said.err.strip()) and not said.out
    assert [path.name for path in tmp_path.iterdir()] == ["crawl.csv"]


READING = {
    "a table": (alt_text, LONG + LONG, "--dry-run"),
    "a data set": (datasets, LONG + LONG),
    "a file of captions": (datasets, "mini", "--captions", LONG + LONG),
    "a data set to learn": (pipeline, "--dataset", LONG + LONG, "--out", "own"),
}


@pytest.mark.parametrize("command", READING)
def test_a_name_that_no_file_can_have_gets_its_cure(command, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    main, *arguments = READING[command]
    assert main(arguments) == 1
    assert capsys.readouterr().err.startswith("no file here can have so long a name. Check what")


def refuse_writing(folder):
    """Let a folder take no file, as on a disk that can only be read; root heeds no rights."""

    def no_file(*, dir):
        if str(dir) == str(folder):
            raise OSError(errno.EROFS, "Read-only file system")
        return TemporaryFile(dir=dir)

    return patch("helpers.files.TemporaryFile", no_file)


PLACES = {  # the path to write to -> what is said; "there" is a file, "folder" a folder
    "there/new": r"no file can be made in .*there \(Not a directory\). Choose another place",
    "disk/new": r"no file can be made in .*disk \(Read-only file system\). Choose another place",
    "disk/deep/new": r"no file can be made in .*disk \(Read-only",
}


@pytest.mark.parametrize("command", ["alt text", "captions as COCO", "a captioner", "pictures"])
@pytest.mark.parametrize("place", [*PLACES, "another kind"])
def test_a_place_that_takes_no_file_is_said_before_any_work(
    command, place, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "crawl.csv").write_text("url\nhttps://a.example/a.jpg\n")
    (tmp_path / "there").write_text("mine")
    (tmp_path / "disk").mkdir()
    main, *arguments = COMMANDS.get(command) or COMMANDS["pictures that explain"]
    folder_due = command in ("a captioner", "pictures")
    target, said = place, PLACES.get(place, " is due|exists and is left alone")
    if place == "another kind":
        target = "there" if folder_due else "disk"
    with refuse_writing(tmp_path / "disk"):
        assert main([target if word == LONG else word for word in arguments]) == 1
    told = capsys.readouterr()
    assert re.search(said, told.err) and told.err.count("\n") == 1 and not told.out
    assert {path.name for path in tmp_path.rglob("*")} == {"crawl.csv", "there", "disk"}


def test_a_lock_that_cannot_be_made_is_nobodys(tmp_path, monkeypatch):
    def acquire(self):
        raise Timeout(self.lock_file)  # what filelock does where nothing can be made

    monkeypatch.setattr("helpers.files.FileLock.acquire", acquire)
    with refuse_writing(tmp_path), pytest.raises(OSError, match="no file can be made in"):
        locked(tmp_path / "a").__enter__()


def test_what_python_writes_by_a_long_name_is_refused_alike(tmp_path):
    place, short = tmp_path / LONG, "Choose a shorter name"
    for write in (
        lambda: CocoFile(place),
        lambda: write_folder(place, None, None, {}),
        lambda: write_text(f"{place}-and-some-more", "text"),
        lambda: locked(place).__enter__(),
    ):
        with pytest.raises(LongNameError, match=short):
            write()
    with pytest.raises(FeaturesError, match=f"{short}\n0 of 0 photos are kept"):
        extract_features(ColourEncoder(), {}, place)
    assert list(tmp_path.iterdir()) == []


def test_the_folder_for_results_has_a_name_however_long_that_of_the_data_set_is(tmp_path):
    one, other = (Dataset(LONG, {}, {}, {}, "", tmp_path / name / LONG) for name in "ab")
    assert work_folder(one) != work_folder(other) and len(work_folder(one).name) < 100


def test_the_home_folder_may_be_written_as_a_tilde(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("CAPTION_WORK", "~/results")  # as a container's settings have it
    assert work_folder(Dataset("mini", {}, {}, {}, "")) == tmp_path / "results" / "mini"
