"""The annotation form without a browser: what it writes, keeps and takes up again."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

from helpers.apps.annotating import CocoFile, annotation_widget
from helpers.captions import CaptionFormatError, read_captions

ROOT = Path(__file__).parents[1]
OLDER = ["ipywidgets==7.7.1", "ipython_genutils"]  # Colab's


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
    assert [path.name for path in file.parent.iterdir()] == ["captions.json"]  # no remains


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


def test_a_crash_while_writing_leaves_the_old_file(photos, tmp_path, monkeypatch):
    file = CocoFile(tmp_path / "captions.json")
    file.write("a.jpg", ["Precious"])
    monkeypatch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
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
    with pytest.raises(ValueError, match="holds no photo"):
        annotation_widget(tmp_path, tmp_path / "captions.json")
    twins = [photos / "a.jpg", tmp_path / "a.jpg"]
    with pytest.raises(ValueError, match=r"two photos are called a\.jpg"):
        annotation_widget(twins, tmp_path / "captions.json")


@pytest.mark.slow
def test_it_works_with_the_older_widgets_of_colab(tmp_path):
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target"]
    subprocess.run([*install, tmp_path / "older", *OLDER], check=True)
    tests = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", __file__]
    tests += ["-m", "not slow", "--basetemp", str(tmp_path / "work")]
    paths = {"PYTHONPATH": f"{tmp_path / 'older'}{os.pathsep}{ROOT}"}
    code = "import ipywidgets; assert ipywidgets.__version__ == '7.7.1'"
    subprocess.run([sys.executable, "-c", code], env=os.environ | paths, check=True)
    done = subprocess.run(tests, cwd=ROOT, env=os.environ | paths, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
