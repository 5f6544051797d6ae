"""Files of several splits, splits that are missing, the report, the command, the conversions."""

import csv
import errno
import json
import os
import random
import shutil
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest
from PIL import Image

from helpers.captions import read_captions, single_letters
from helpers.datasets import DatasetError, describe, open_dataset, to_coco, to_flickr8k
from helpers.datasets.__main__ import main
from helpers.datasets.converting import plain_names

ROOT = Path(__file__).parents[1]
FORMATS = Path(__file__).parent / "fixtures" / "formats"
NAMES = [f"photo{number:02}.jpg" for number in range(20)]


def write_images(folder: Path, names: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(names):
        Image.new("RGB", (8, 6), (number, 0, 0)).save(folder / name)


def coco_content(names: list[str], first_id: int = 1) -> dict:
    """COCO JSON of some names, two captions an image, and one image that nobody described."""
    images = [{"id": first_id + n, "file_name": name} for n, name in enumerate(names)]
    notes = [
        {"id": 2 * n + k, "image_id": image["id"], "caption": f"Caption {k}, of {image['id']}."}
        for n, image in enumerate(images)
        for k in range(2)
    ]
    return {"images": [*images, {"id": 9999, "file_name": "nobody.jpg"}], "annotations": notes}


def write_json(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), "utf-8")


@pytest.fixture
def coco(tmp_path) -> Path:
    """A folder as COCO unzips it, its test images without captions."""
    write_json(tmp_path / "annotations" / "captions_train2017.json", coco_content(NAMES[:15]))
    write_json(tmp_path / "annotations" / "captions_val2017.json", coco_content(NAMES[15:], 100))
    write_json(tmp_path / "annotations" / "instances_val2017.json", {"images": [], "boxes": []})
    write_images(tmp_path / "train2017", NAMES[:15])
    write_images(tmp_path / "val2017", NAMES[15:])
    return tmp_path


@pytest.fixture
def table(tmp_path) -> Path:
    """A folder with a table of two captions an image, and no splits."""
    folder = tmp_path / "table"
    write_images(folder / "images", NAMES)
    rows = [(name, f'Number {k} says "hi, you" in {name}') for name in NAMES for k in range(2)]
    with (folder / "captions.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("image", "caption"), *rows])
    return folder


def test_files_of_coco_are_splits_and_the_missing_one_is_made_from_train(coco):
    dataset = open_dataset(coco)
    assert dataset.splits["dev"] == NAMES[15:]
    assert len(dataset.splits["test"]) == 1 and len(dataset.splits["train"]) == 14
    assert sorted(sum(dataset.splits.values(), [])) == NAMES
    origin = "(annotations/captions_train2017.json, annotations/captions_val2017.json, test made, "
    assert origin + "seed 7)" in dataset.report
    assert "40 captions (captions_train2017.json, captions_val2017.json)" in dataset.report
    assert open_dataset(coco).splits == dataset.splits
    assert open_dataset(coco, seed=1).splits["dev"] == NAMES[15:]


def test_an_image_in_two_files_is_refused(coco):
    content = coco_content(NAMES[14:], 100)
    write_json(coco / "annotations" / "captions_val2017.json", content)
    with pytest.raises(DatasetError, match=r"1 images are in train and in dev.*photo14"):
        open_dataset(coco)


@pytest.mark.parametrize("names", [("train", "validation", "test"), ("train", "val", "test")])
def test_a_folder_for_each_split(tmp_path, names):
    parts = NAMES[:14], NAMES[14:17], NAMES[17:]
    for split, part in zip(names, parts, strict=True):
        write_images(tmp_path / "data" / split, part)
        lines = [json.dumps({"file_name": name, "text": f"A photo, {name}"}) for name in part]
        (tmp_path / "data" / split / "metadata.jsonl").write_text("\n".join(lines))
    dataset = open_dataset(tmp_path)
    assert tuple(dataset.splits.values()) == parts
    assert dataset.image_paths[NAMES[-1]] == tmp_path / "data" / names[2] / NAMES[-1]


def test_an_imagefolder_with_numbered_columns(tmp_path):
    rows = [["file_name", "split", "caption_0", "caption_1"]]
    splits = ["train"] * 14 + ["validation"] * 3 + ["test"] * 3
    for name, split in zip(NAMES, splits, strict=True):
        rows.append([name, split, f"First, {name}", f"Second, {name}"])
    write_images(tmp_path, NAMES)
    with (tmp_path / "metadata.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    dataset = open_dataset(tmp_path)
    assert dataset.splits["dev"] == NAMES[14:17]
    assert dataset.references("test")[0] == ["First, photo17.jpg", "Second, photo17.jpg"]


def test_a_split_by_caption_is_seen(tmp_path):
    write_images(tmp_path, NAMES)
    lines = [f"{name},A photo,{split}" for name in NAMES for split in ("train", "test")]
    (tmp_path / "captions.csv").write_text("image,caption,split\n" + "\n".join(lines))
    with pytest.raises(DatasetError, match="20 images are in train and in test"):
        open_dataset(tmp_path)


def test_a_lone_file_named_after_a_split_is_shuffled_or_knows_better(tmp_path):
    write_images(tmp_path, NAMES)
    write_json(tmp_path / "train.json", coco_content(NAMES))
    dataset = open_dataset(tmp_path)
    assert [len(names) for names in dataset.splits.values()] == [16, 2, 2]
    assert "(shuffled, seed 7)" in dataset.report
    content = coco_content(NAMES)
    for image in content["images"][:3]:
        image["split"] = "val"
    write_json(tmp_path / "train.json", content)
    dataset = open_dataset(tmp_path)
    assert dataset.splits["dev"] == NAMES[:3]
    assert "(train.json, train and test made, seed 7)" in dataset.report


def test_the_report_names_what_the_reader_dropped(tmp_path):
    names = ["soup.jpg", "wall.jpg", *NAMES]
    write_images(tmp_path, names)
    content = json.loads((FORMATS / "coco_with_losses.json").read_text("utf-8"))
    extra = coco_content(NAMES, 1000)
    content["images"] += extra["images"]
    content["annotations"] += extra["annotations"]
    write_json(tmp_path / "captions.json", content)
    lines = open_dataset(tmp_path).report.splitlines()
    assert "annotations of images that the file does not list: 1 (8)" in lines
    assert any(line.startswith("captions that are no text: 2 ('soup.jpg': None,") for line in lines)


# Texts without spaces

CHINESE = ["一只狗在海边跑。", "海滩上有一只快乐的狗。", "一只黑色的狗在跑。"]


@pytest.fixture
def chinese(tmp_path) -> Path:
    """A folder with captions in Chinese."""
    write_images(tmp_path / "zh", NAMES)
    lines = [f"{name},{text}" for name in NAMES for text in CHINESE]
    (tmp_path / "zh" / "captions.csv").write_text("image,caption\n" + "\n".join(lines), "utf-8")
    return tmp_path / "zh"


def test_texts_without_spaces_get_a_hint_until_they_are_split(chinese):
    report = open_dataset(chinese).report
    assert f"no spaces between words: {CHINESE[0]}" in report and "jieba.lcut" in report
    dataset = open_dataset(chinese, words_of=single_letters)
    assert "no spaces" not in dataset.report
    assert dataset.captions[NAMES[0]][0] == "一 只 狗 在 海 边 跑 。"


def test_a_splitter_that_returns_a_text_is_refused(chinese):
    with pytest.raises(TypeError, match="a list of words is due"):
        open_dataset(chinese, words_of=str.upper)


# Conversions


@pytest.mark.parametrize("source", ["table", "coco"])
def test_conversions_come_back_the_same(source, request, tmp_path):
    dataset = open_dataset(request.getfixturevalue(source))
    done = to_flickr8k(dataset, tmp_path / "as flickr")
    assert done.endswith("20 photos copied")
    flickr = open_dataset(tmp_path / "as flickr")
    assert flickr.captions == dataset.captions and flickr.splits == dataset.splits
    assert flickr.image_paths[NAMES[3]].read_bytes() == dataset.image_paths[NAMES[3]].read_bytes()
    place = tmp_path / "as coco"
    shutil.copytree(tmp_path / "as flickr" / "Flicker8k_Dataset", place)
    to_coco(flickr, place / "captions.json")
    again = open_dataset(place)
    assert again.captions == dataset.captions
    assert {key: set(names) for key, names in again.splits.items()} == {
        key: set(names) for key, names in dataset.splits.items()
    }


def test_photos_are_linked_on_request(table, tmp_path):
    done = to_flickr8k(open_dataset(table), tmp_path / "linked", link=True)
    assert "20 photos linked" in done
    place = tmp_path / "linked" / "Flicker8k_Dataset" / NAMES[0]
    assert place.is_symlink() and place.samefile(table / "images" / NAMES[0])


@pytest.mark.parametrize("convert", [to_coco, to_flickr8k])
def test_nothing_is_overwritten(convert, table, tmp_path):
    (tmp_path / "mine").write_text("precious")
    with pytest.raises(DatasetError, match="exists and is left alone"):
        convert(open_dataset(table), tmp_path / "mine")
    assert (tmp_path / "mine").read_text() == "precious"


def split_folders(folder: Path) -> Path:
    """A folder with train/, val/ and test/, whose photos have the same names; photo00 is alone."""
    rows = [("image", "caption")]
    for number, (split, amount) in enumerate([("train", 5), ("val", 2), ("test", 2)]):
        write_images(folder / split, NAMES[number : number + amount])
        rows += [(f"{split}/{name}", f"{name}, {split}") for name in NAMES[number:][:amount]]
    with (folder / "captions.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    return folder


@pytest.mark.parametrize("link", [False, True])
def test_photos_of_one_name_stay_two_in_flickr8ks_folder(tmp_path, link):
    dataset = open_dataset(split_folders(tmp_path / "d"))
    done = to_flickr8k(dataset, tmp_path / "out", link)
    assert "; 7 of one name renamed, such as train/photo01.jpg to train_photo01.jpg" in done
    again = open_dataset(tmp_path / "out")
    assert len(again.captions) == 9 and "photo00.jpg" in again.captions
    for split, images in dataset.splits.items():
        assert again.references(split) == dataset.references(split)
        for name, path in zip(images, again.paths(split), strict=True):
            assert path.read_bytes() == dataset.image_paths[name].read_bytes()


def test_names_that_are_taken_or_differ_in_capitals_get_numbers():
    paths = ["a/x/1.png", "b/x/1.png", "x_1.png", "c/Dog.jpg", "d/dog.jpg"]
    names = plain_names({path: Path(path) for path in paths})
    assert [*names.values()] == ["x_1-2.png", "x_1-3.png", "x_1.png", "c_Dog.jpg", "d_dog.jpg"]


def test_photos_of_one_name_stay_two_as_coco(tmp_path):
    dataset = open_dataset(split_folders(tmp_path / "d"))
    assert to_coco(dataset, tmp_path / "c.json").endswith(f"the photos stay in {tmp_path / 'd'}")
    (tmp_path / "d" / "captions.csv").unlink()
    shutil.move(tmp_path / "c.json", tmp_path / "d")
    again = open_dataset(tmp_path / "d")
    assert again.image_paths == dataset.image_paths and again.captions == dataset.captions


def test_what_stands_beside_the_target_is_left_alone(table, tmp_path):
    for name in ("out.new", ".out.unfinished-mine"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "thesis.txt").write_text("precious")
    (tmp_path / ".out.unfinished-killed").mkdir()
    to_flickr8k(open_dataset(table), tmp_path / "out")
    assert all((tmp_path / n / "thesis.txt").exists() for n in ("out.new", ".out.unfinished-mine"))
    assert len(list(tmp_path.iterdir())) == 4


def test_a_conversion_that_fails_is_named_and_leaves_nothing(table, tmp_path, capsys, monkeypatch):
    def full_disk(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(shutil, "copyfile", full_disk)
    monkeypatch.setattr(os, "replace", full_disk)
    for form in ("flickr8k", "coco"):
        (tmp_path / form).mkdir()
        assert main([str(table), "--to", form, str(tmp_path / form / "out")]) == 1
        error = capsys.readouterr().err
        assert "out" in error and "No space left on device" in error and error.count("\n") == 1
        assert list((tmp_path / form).iterdir()) == []


def test_a_folder_that_cannot_be_made_is_named(table, tmp_path, capsys):
    (tmp_path / "file").touch()
    for form in ("flickr8k", "coco"):
        assert main([str(table), "--to", form, str(tmp_path / "file" / "out")]) == 1
        assert str(tmp_path / "file") in capsys.readouterr().err


def contents(folder: Path) -> dict[str, bytes]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def await_sign(process: subprocess.Popen, folder: Path) -> None:
    """Return once a program has begun to write into an empty folder, or has ended."""
    while not any(folder.iterdir()) and process.poll() is None:
        time.sleep(0.001)


@pytest.mark.slow
@pytest.mark.long(2, 50)
def test_a_conversion_killed_at_any_moment_is_made_up_for(tmp_path, length):
    names = [f"photo{number:03}.jpg" for number in range(250)]
    write_images(tmp_path / "d", names)
    write_json(tmp_path / "d" / "captions.json", coco_content(names))
    command = [sys.executable, "-m", "helpers.datasets", str(tmp_path / "d"), "--to", "flickr8k"]
    start = partial(subprocess.Popen, cwd=ROOT, stdout=subprocess.DEVNULL)
    goal, chance, disturbed = tmp_path / "undisturbed" / "out", random.Random(7), 0
    goal.parent.mkdir()
    with start([*command, str(goal)]) as process:
        await_sign(process, goal.parent)
        begin = time.monotonic()
    seconds = time.monotonic() - begin
    for kill in range(length):
        out = tmp_path / f"{kill}" / "out"
        out.parent.mkdir()
        with start([*command, str(out)]) as process:
            await_sign(process, out.parent)
            time.sleep(chance.uniform(0, 0.8) * seconds)
            process.kill()
        if not out.exists():
            disturbed += 1
            assert start([*command, str(out)]).wait() == 0
        assert contents(out) == contents(goal)
        assert [path.name for path in out.parent.iterdir()] == ["out"]
    assert disturbed


# The command


def test_the_command_prints_the_report_and_converts(table, tmp_path, capsys):
    assert main([str(table), "--to", "coco", str(tmp_path / "out.json")]) == 0
    output = capsys.readouterr().out
    for part in (
        "table: 40 captions (captions.csv)",
        "(shuffled, seed 7)",
        "images without captions: 0",
        "format: table (CSV, TSV)",
        "captions an image: 2",
        "words: 320 running, 28 different, 0 once",
        "longest caption: 8 words",
        f"{tmp_path / 'out.json'} written; the photos stay in {table / 'images'}",
    ):
        assert part in output, output
    assert read_captions(tmp_path / "out.json") == open_dataset(table).captions


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["nowhere"], "nowhere is neither"),
        (["TABLE", "--to", "coco", "TABLE"], "exists and is left alone"),
        (["TABLE", "--words", "no_such_module:lcut"], "Such as jieba:lcut is due"),
        (["TABLE", "--words", "builtins:str"], "a list of words is due"),
    ],
)
def test_a_mistake_gives_its_reason_and_no_traceback(arguments, problem, table, capsys):
    assert main([str(table) if part == "TABLE" else part for part in arguments]) == 1
    error = capsys.readouterr().err
    assert problem in error and "Traceback" not in error and error.count("\n") == 1


def test_an_existing_target_is_refused_before_anything_is_read(table, tmp_path, capsys):
    for name in (str(table), "no such data set"):
        assert main([name, "--to", "flickr8k", str(tmp_path)]) == 1
        printed = capsys.readouterr()
        assert printed.out == "" and "exists and is left alone" in printed.err


@pytest.mark.parametrize(
    "arguments", [["x", "--to", "voc", "out"], ["x", "--link"], ["x", "--to", "coco"]]
)
def test_a_senseless_command_gets_a_usage_message(arguments, capsys):
    with pytest.raises(SystemExit) as stop:
        main(arguments)
    assert stop.value.code == 2 and "usage:" in capsys.readouterr().err


def test_the_command_splits_texts(chinese, tmp_path, capsys):
    target = tmp_path / "spaced.json"
    assert main([str(chinese), "--words", "letters", "--to", "coco", str(target)]) == 0
    assert read_captions(target)[NAMES[0]][0] == "一 只 狗 在 海 边 跑 。"
    assert "longest caption: 10 words" in capsys.readouterr().out


@pytest.mark.slow
def test_a_console_without_the_letters_gets_backslashes(chinese):
    environment = os.environ | {"PYTHONIOENCODING": "cp1252"}
    command = [sys.executable, "-m", "helpers.datasets"]
    options = {"capture_output": True, "encoding": "cp1252"}
    run = partial(subprocess.run, cwd=ROOT, env=environment, **options)
    done = run([*command, str(chinese)])
    assert done.returncode == 0, done.stderr
    assert "\\u4e00" in done.stdout and "images with captions: 20" in done.stdout
    assert "Known formats" in run([*command, "--help"]).stdout


def test_the_command_starts_without_tensorflow(table):
    code = "import sys; from helpers.datasets.__main__ import main; main([sys.argv[1]]); "
    code += "assert 'tensorflow' not in sys.modules and 'keras' not in sys.modules"
    done = subprocess.run([sys.executable, "-c", code, str(table)], cwd=ROOT, capture_output=True)
    assert done.returncode == 0, done.stderr


def test_a_reader_that_has_seen_enough_is_no_mistake(table):
    command = [sys.executable, "-m", "helpers.datasets", str(table), "--examples", "20000"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, cwd=ROOT, **pipes) as process:
        process.stdout.close()
        assert process.stderr.read() == b"" and process.wait() == 0


def test_describe_counts_words_after_cleaning(table):
    text = describe(open_dataset(table), examples=1)
    assert text.count('Number 0 says "hi, you"') >= 1 and "captions an image: 2" in text
