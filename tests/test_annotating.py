"""The annotation form without a browser: what it writes, keeps and takes up again."""

import errno
import json
import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

from helpers.apps.annotating import CocoFile, annotation_widget
from helpers.captions import CaptionFormatError, read_captions
from helpers.datasets import open_dataset

ROOT = Path(__file__).parents[1]


@pytest.fixture
def photos(tmp_path):
    """Three photos, a broken one among them, and what is no photo."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for name in ("a.jpg", "b.png"):
        Image.new("RGB", (60, 40), "red").save(folder / name)
    (folder / "c.jpg").write_bytes(b"not a photo")
    (folder / "notes.txt").write_text("no photo")
    return folder


def test_every_box_is_saved_as_soon_as_it_is_left(photos, tmp_path):
    file = tmp_path / "new folder" / "captions.json"
    form = annotation_widget(photos, file, amount=2)
    assert "a.jpg" in form.title.value and "1 of 3" in form.title.value and not file.exists()
    form.boxes[0].value = "A red  wall ."
    assert read_captions(file) == {"a.jpg": ["A red wall ."]}
    assert "Saved. 1 of 2 captions here, 0 of 3 photos done." in form.message.value
    form.boxes[1].value = "Something red ."
    assert "1 of 3 photos done" in form.message.value and form.bar.value == 1
    form.boxes[0].value = ""
    assert read_captions(file) == {"a.jpg": ["Something red ."]}
    remains = {path.name for path in file.parent.iterdir()}
    assert remains == {"captions.json", ".captions.json.lock"}


def test_moving_shows_what_was_written(photos, tmp_path):
    form = annotation_widget(photos, tmp_path / "captions.json", amount=2)
    assert form.back.disabled and form.picture.value[:2] == b"\xff\xd8"
    form.boxes[0].value = "Of a"
    form.forward.click()
    assert form.boxes[0].value == "" and "b.png" in form.title.value
    form.boxes[0].value = "Of b"
    form.back.click()
    assert form.boxes[0].value == "Of a"
    form.boxes[1].value = "Of a, too"
    form.unfinished.click()
    assert "b.png" in form.title.value
    form.forward.click()
    assert form.forward.disabled and "no image" in form.message.value
    assert read_captions(tmp_path / "captions.json") == {
        "a.jpg": ["Of a", "Of a, too"],
        "b.png": ["Of b"],
    }


def test_work_is_taken_up_where_it_ended(photos, tmp_path):
    file = tmp_path / "captions.json"
    form = annotation_widget(photos, file, amount=1)
    form.boxes[0].value = "Of a"
    again = annotation_widget(photos, file, amount=1)
    assert "b.png" in again.title.value and again.bar.value == 1


def test_what_others_wrote_stays(photos, tmp_path):
    file = tmp_path / "captions.json"
    theirs = {
        "info": {"year": 2026},
        "licenses": [{"id": 4}],
        "images": [
            {"id": 70, "file_name": "theirs.jpg", "width": 5},
            {"id": 71, "file_name": "a.jpg", "split": "train"},
        ],
        "annotations": [
            {"id": 900, "image_id": 70, "caption": "Theirs", "author": "Ana"},
            {"id": 901, "image_id": 71, "caption": "Old", "author": "Ben"},
            {"id": 902, "image_id": 71, "caption": "Old, too"},
            {"id": 903, "image_id": 71, "caption": "A third one"},
        ],
        "more": [1, 2],
    }
    file.write_text(json.dumps(theirs))
    form = annotation_widget(photos, file, amount=2)
    form.show(0)
    assert [box.value for box in form.boxes] == ["Old", "Old, too"]
    in_between = json.loads(file.read_text())
    in_between["annotations"].append({"id": 910, "image_id": 70, "caption": "In between"})
    file.write_text(json.dumps(in_between))
    form.boxes[0].value = "New"
    after = json.loads(file.read_text())
    assert after["images"] == theirs["images"]
    assert after["info"] == theirs["info"] and after["more"] == [1, 2]
    assert after["annotations"] == [
        theirs["annotations"][0],
        {"id": 901, "image_id": 71, "caption": "New", "author": "Ben"},
        *theirs["annotations"][2:],
        {"id": 910, "image_id": 70, "caption": "In between"},
    ]


def full_disk(*_):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_what_could_not_be_saved_is_said_and_tried_again(photos, tmp_path, monkeypatch):
    form = annotation_widget(photos, tmp_path / "captions.json", amount=1)
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", full_disk)
        form.boxes[0].value = "Of a"
        assert "Not saved: [Errno 28] No space left on device" in form.message.value
        form.forward.click()
        assert "a.jpg" in form.title.value and form.boxes[0].value == "Of a"
    form.forward.click()
    assert "b.png" in form.title.value
    assert read_captions(tmp_path / "captions.json") == {"a.jpg": ["Of a"]}


def test_two_people_at_one_photo_lose_nothing_and_see_each_other(photos, tmp_path):
    file = tmp_path / "captions.json"
    CocoFile(file).write("a.jpg", ["First", "Second", "Third"])
    ana, ben = (annotation_widget(photos, file, amount=2) for _ in range(2))
    for form in (ana, ben):
        form.show(0)
    ana.boxes[0].value = "First, by Ana"
    ben.boxes[1].value = "Second, by Ben"
    assert read_captions(file)["a.jpg"] == ["First, by Ana", "Second, by Ben", "Third"]
    assert [box.value for box in ben.boxes] == ["First, by Ana", "Second, by Ben"]
    ben.boxes[1].value = ""
    ben.boxes[1].value = "Again"
    assert sorted(read_captions(file)["a.jpg"]) == ["Again", "First, by Ana", "Third"]


WRITER = """
import sys
from helpers.apps.annotating import CocoFile
who, path, amount = sys.argv[1:]
file = CocoFile(path)
for number in range(int(amount)):
    file.write(f"{who}{number}.jpg", [f"caption {number} of {who}"])
    print(number, flush=True)
"""


def start_writer(who: str, file: Path, amount: int) -> subprocess.Popen:
    command = [sys.executable, "-c", WRITER, who, str(file), str(amount)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)


@pytest.mark.slow
@pytest.mark.long(1, 20)
def test_two_programs_that_write_at_once_lose_nothing(tmp_path, length):
    amount = 40
    for round_ in range(length):
        file = tmp_path / f"{round_}.json"
        for writer in [start_writer(who, file, amount) for who in ("ana", "ben")]:
            assert writer.communicate()[0].split()[-1] == str(amount - 1) and not writer.returncode
        names = {f"{who}{number}.jpg" for who in ("ana", "ben") for number in range(amount)}
        assert read_captions(file).keys() == names


@pytest.mark.slow
@pytest.mark.long(2, 50)
def test_killed_at_any_moment_the_file_holds_what_was_said_to_be_saved(tmp_path, length):
    chance, file = random.Random(7), tmp_path / "captions.json"
    for kill in range(length):
        writer = start_writer(f"{kill}-", file, 1_000_000)
        said = writer.stdout.readline()  # it is at work
        time.sleep(chance.uniform(0, 0.3))
        writer.kill()
        said = [*said.split(), *writer.communicate()[0].split()]
        kept = read_captions(file)
        assert all(kept[f"{kill}-{n}.jpg"] == [f"caption {n} of {kill}-"] for n in said)


def test_a_crash_while_writing_leaves_the_old_file(photos, tmp_path, monkeypatch):
    file = CocoFile(tmp_path / "captions.json")
    file.write("a.jpg", ["Precious"])
    monkeypatch.setattr(os, "replace", full_disk)
    with pytest.raises(OSError, match=r"No space left on device: .*captions\.json"):
        file.write("a.jpg", ["Lost"])
    assert read_captions(tmp_path / "captions.json") == {"a.jpg": ["Precious"]}
    assert len(list(tmp_path.glob("captions*"))) == 1


def test_captions_that_are_alike_are_noticed(photos, tmp_path):
    form = annotation_widget(photos, tmp_path / "captions.json")
    form.boxes[0].value, form.boxes[1].value = "A red wall", "a red WALL"
    assert "alike" in form.message.value


def test_enter_goes_on_when_every_box_is_filled(photos, tmp_path):
    form = annotation_widget(photos, tmp_path / "captions.json", amount=1)
    form.enter(None, {"event": "submit"}, None)
    form.boxes[0].value = "The text comes after the key"
    deadline = time.monotonic() + 10
    while "b.png" not in form.title.value and time.monotonic() < deadline:
        time.sleep(0.02)
    assert "b.png" in form.title.value
    assert read_captions(tmp_path / "captions.json") == {"a.jpg": ["The text comes after the key"]}


def test_mistakes_are_named(photos, tmp_path):
    table = tmp_path / "captions.csv"
    table.write_text("image,caption\na.jpg,A dog\n")
    with pytest.raises(CaptionFormatError, match="not COCO JSON"):
        annotation_widget(photos, table)
    assert table.read_text() == "image,caption\na.jpg,A dog\n"
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="holds no photo"):
        annotation_widget(tmp_path / "empty", tmp_path / "captions.json")


def test_two_photos_of_one_name_are_known_by_their_folders(photos, tmp_path):
    twins = [photos / "a.jpg", shutil.copytree(photos, photos / "more") / "a.jpg"]
    (photos / ".hidden").mkdir()
    shutil.copy(twins[0], photos / ".hidden")
    form = annotation_widget(photos, photos / "captions.json", amount=1)
    assert form.names == ["a.jpg", "b.png", "c.jpg", "more/a.jpg", "more/b.png", "more/c.jpg"]
    for index, text in ((0, "Of a"), (3, "Of the other a"), (4, "Of the other b")):
        form.show(index)
        form.boxes[0].value = text
    dataset = open_dataset(photos)
    assert dataset.image_paths["more/a.jpg"] == twins[1]
    assert dataset.captions["more/a.jpg"] == ["Of the other a"]
    listed = annotation_widget(twins, photos / "captions.json", amount=1)
    assert listed.names == ["a.jpg", "more/a.jpg"] and listed.boxes[0].value == "Of a"
