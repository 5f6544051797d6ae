"""Where people's photos lie, what they are called, and how their folders say which split."""

import json
import os
import unicodedata
from pathlib import Path

import pytest

from helpers.datasets import DatasetError, open_dataset, scanning, to_coco, to_flickr8k
from helpers.datasets.scanning import scan

CAFE = unicodedata.normalize("NFC", "café")
NFD = unicodedata.normalize("NFD", "café")


def put(folder: Path, *files: str, **texts: str) -> Path:
    """Put empty files into a folder."""
    for name in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    return folder


def table(folder: Path, names: list[str], file: str = "captions.csv") -> Path:
    """A table that says of each image that it is a photo."""
    (folder / file).parent.mkdir(parents=True, exist_ok=True)
    rows = "".join(f'"{name}",A photo\n' for name in names)
    (folder / file).write_text("image,caption\n" + rows, "utf-8")
    return folder


def many(pattern: str, amount: int = 4) -> list[str]:
    return [pattern.format(number) for number in range(amount)]


def found(folder: Path) -> list[str]:
    """Return the paths of all images that have captions, as seen from the folder."""
    dataset = open_dataset(folder)
    assert dataset.captions.keys() == dataset.image_paths.keys()
    assert all(path.is_file() for path in dataset.image_paths.values())
    return [Path(os.path.relpath(p, folder)).as_posix() for p in dataset.image_paths.values()]


@pytest.mark.parametrize(
    ("photo", "name"),
    [
        ("cats/tabby{}.jpg", "tabby{}.jpg"),
        ("cats/tabby{}.jpg", "tabby{}"),
        ("class a/n0{}/x{}.png", "x{}.png"),
        ("raw/2024/05/{}.jpg", "05/{}.jpg"),
        ("raw/2024/05/{}.jpg", "2024\\05\\{}.JPG"),
        ("photos/{}.jpg", "{}"),
        ("photos/R_{}.JPG", "r_{}"),
        ("photos/v1.2_{}.jpg", "v1.2_{}"),
        ("photos/{}.jpeg", "photos/{}"),
        ("photos/{}.webp", "/somewhere/else/photos/{}"),
        ("photos/" + NFD + "{}.jpg", CAFE + "{}"),
        (NFD.upper() + "/{}.PNG", CAFE + "/{}.png"),
        ("My Photos/A b {}.jpg", "my%20photos/a%20b%20{}.jpg"),
        ("img/100%{}.jpg", "100%{}.jpg"),
        ("img/{}.tiff", "{}"),
        ("img/{}.HEIC", "{}"),
        ("img/{}.jpg", "https://example.org/files/{}.jpg?w=300"),
        ("img/a&b {}.jpg", "a&amp;b {}.jpg"),
        ("img/{}.jpg", "\\\\server\\photos\\{}.jpg"),
        ("a.b/c.d/{}.jpg", "c.d/{}.jpg"),
        ("img/#{}.jpg", "#{}.jpg"),
        ("img/a, b {}.jpg", "a, b {}.jpg"),
        ("照片/图{}.jpg", "图{}.jpg"),
        ("img/{}", "{}"),
        ("img/{}.jpg", "https://example.org/files/{}.jpg"),
        ("img/{}.jpg", "file:///elsewhere/img/{}.jpg"),
    ],
)
def test_photos_lie_anywhere_and_are_called_anyhow(tmp_path, photo, name):
    photos = [photo.replace("{}", str(number)) for number in range(4)]
    names = [name.replace("{}", str(number)) for number in range(4)]
    assert found(table(put(tmp_path, *photos), names)) == photos


def test_an_identity_has_the_ending_of_its_photo(tmp_path):
    folder = table(put(tmp_path / "d", *many("x/R_{}.png")), many("R_{}"))
    dataset = open_dataset(folder)
    assert [*dataset.captions] == many("R_{}.png")
    to_flickr8k(dataset, tmp_path / "out")
    assert [*open_dataset(tmp_path / "out").captions] == many("R_{}.png")
    to_coco(dataset, tmp_path / "c.json")
    assert '"R_0.png"' in (tmp_path / "c.json").read_text()


def test_a_name_without_ending_of_two_photos_is_no_guess(tmp_path):
    table(put(tmp_path, *many("x/{}.png"), "x/0.jpg"), many("{}"))
    with pytest.raises(DatasetError, match=r"'0' in captions\.csv may be x/0\.jpg or x/0\.png"):
        open_dataset(tmp_path)


def test_another_ending_is_another_photo(tmp_path):
    table(put(tmp_path, *many("x/{}.png")), [*many("{}.png"), "0.jpg"])
    assert found(tmp_path) == many("x/{}.png")
    assert "file is missing: 1 (0.jpg)" in open_dataset(tmp_path).report


def test_usual_folders_go_before_others(tmp_path):
    table(put(tmp_path, *many("images/{}.jpg"), *many("small/{}.jpg")), many("{}.jpg"))
    assert found(tmp_path) == many("images/{}.jpg")
    assert "images without captions: 4 (small/0.jpg" in open_dataset(tmp_path).report


def test_linked_folders_and_photos(tmp_path):
    put(tmp_path / "disk", *many("{}.jpg"))
    table(put(tmp_path / "d", "readme.md"), many("{}.jpg"))
    (tmp_path / "d" / "pictures").symlink_to(tmp_path / "disk")
    assert found(tmp_path / "d") == many("pictures/{}.jpg")
    (tmp_path / "d" / "pictures" / "again").symlink_to(tmp_path / "d")  # round in a circle
    (tmp_path / "d" / "all").symlink_to(tmp_path / "disk")  # the same photos
    assert len(found(tmp_path / "d")) == 4


def test_a_link_to_a_photo_that_is_there_is_no_question(tmp_path):
    table(put(tmp_path, *many("a/{}.jpg")), many("{}.jpg"))
    (tmp_path / "b").mkdir()
    for name in many("{}.jpg"):
        (tmp_path / "b" / name).symlink_to(tmp_path / "a" / name)
    assert found(tmp_path) == many("a/{}.jpg")


def test_links_that_lead_nowhere_are_missing_photos(tmp_path):
    table(put(tmp_path, *many("{}.jpg")), [*many("{}.jpg"), "gone.jpg", "circle.jpg"])
    (tmp_path / "gone.jpg").symlink_to(tmp_path / "nowhere.jpg")
    (tmp_path / "circle.jpg").symlink_to(tmp_path / "circle.jpg")
    os.mkfifo(tmp_path / "pipe.jpg")
    dataset = open_dataset(tmp_path)
    assert [*dataset.captions] == many("{}.jpg")
    assert "file is missing: 2 (gone.jpg, circle.jpg)" in dataset.report
    assert "links that lead nowhere: 2 (" in dataset.report
    assert "devices, pipes and sockets: 1 (pipe.jpg)" in dataset.report


def test_a_folder_that_cannot_be_read_is_named(tmp_path, monkeypatch):
    put(tmp_path, "a.jpg", "closed/b.jpg")
    scandir = os.scandir

    def refuse(path):
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(scanning.os, "scandir", refuse)
    skipped = {}
    assert scan(tmp_path, skipped) == ["a.jpg"]
    assert skipped == {"folders that can't be read": ["closed: Permission denied"]}


@pytest.mark.parametrize("place", ["../photos/{}.jpg", "{tmp}/photos/{}.jpg"])
def test_photos_elsewhere_that_the_table_names(tmp_path, place):
    put(tmp_path, *many("photos/{}.jpg"))
    names = [place.replace("{tmp}", str(tmp_path)).replace("{}", str(n)) for n in range(4)]
    table(tmp_path / "d", names)
    assert found(tmp_path / "d") == many("../photos/{}.jpg")


def test_files_elsewhere_that_are_no_photos_by_their_names_are_left_alone(tmp_path):
    """A data set of a stranger's may name anything, and a copy of it would hold it."""
    put(tmp_path, "secret", *many("d/{}.jpg"))
    names = [f"{n}.jpg" for n in range(4)] + ["../secret", f"{tmp_path}/secret"]
    table(tmp_path / "d", names)
    assert found(tmp_path / "d") == many("{}.jpg")


def test_absolute_names_of_photos_inside(tmp_path):
    table(put(tmp_path, *many("x/{}.jpg")), [f"{tmp_path}/x/{n}.jpg" for n in range(4)])
    dataset = open_dataset(tmp_path)
    assert [*dataset.captions] == many("x/{}.jpg")
    assert "images without captions: 0" in dataset.report


def test_names_that_lead_nowhere_show_a_photo_that_is_there(tmp_path):
    table(put(tmp_path, *many("x/img_{}.png")), many("{}.jpg"))
    with pytest.raises(DatasetError, match=r"holds 4 images, such as x/img_0\.png"):
        open_dataset(tmp_path)


# Splits

WORDS = ["train", "val", "test"], ["training", "validation", "testing"], ["Train", "eval", "TEST"]
WORDS += (
    ["restval", "valid", "test"],
    ["train_val", "dev", "test"],
    ["trainval", "dev", "test"],
    ["train2017", "val2017", "test"],
)
SIZES = {"train": 4, "dev": 2, "test": 2}


def sizes(folder: Path) -> dict[str, int]:
    return {split: len(images) for split, images in open_dataset(folder).splits.items()}


def parted(words: list[str]) -> list[tuple[str, str]]:
    """Return eight images with the names of their splits."""
    names = many("{}.jpg", 8)
    return list(zip(names, [words[0]] * 4 + [words[1]] * 2 + [words[2]] * 2, strict=True))


@pytest.mark.parametrize("words", WORDS)
def test_splits_by_column(tmp_path, words):
    put(tmp_path, *many("x/{}.jpg", 8))
    for title in ("split", "Set", "subset"):
        rows = "".join(f"{name},A photo,{word}\n" for name, word in parted(words))
        (tmp_path / "captions.csv").write_text(f"image,caption,{title}\n{rows}")
        assert sizes(tmp_path) == SIZES
        assert "unknown split" not in open_dataset(tmp_path).report


@pytest.mark.parametrize("words", WORDS)
@pytest.mark.parametrize("names", ["{0}/{1}", "{1}"])
def test_splits_by_the_photos_folders(tmp_path, words, names):
    put(tmp_path, *(f"data/{word}_images/cats/{name}" for name, word in parted(words)))
    table(tmp_path, [names.format(f"{w}_images/cats", name) for name, w in parted(words)])
    assert sizes(tmp_path) == SIZES
    assert "(the photos' folders)" in open_dataset(tmp_path).report


def test_splits_by_the_photos_names(tmp_path):
    names = [f"COCO_{word}2014_{name}" for name, word in parted(["train", "val", "test"])]
    table(put(tmp_path, *(f"x/{name}" for name in names)), names)
    assert sizes(tmp_path) == SIZES
    assert "(the photos' names)" in open_dataset(tmp_path).report
    table(put(tmp_path, "x/flower.jpg"), [*names, "flower.jpg"])
    assert "(shuffled, seed 7)" in open_dataset(tmp_path).report


@pytest.mark.parametrize("words", WORDS)
@pytest.mark.parametrize("file", ["captions_{}.csv", "{}.csv", "{}/captions.csv", "x.{}.v2.csv"])
def test_splits_by_the_names_of_caption_files(tmp_path, words, file):
    put(tmp_path, *many("x/{}.jpg", 8))
    for word in words:
        table(tmp_path, [name for name, own in parted(words) if own == word], file.format(word))
    assert sizes(tmp_path) == SIZES


@pytest.mark.parametrize("words", WORDS)
@pytest.mark.parametrize(
    "file", ["{}.txt", "Flickr_8k.{}Images.txt", "splits/{}_ids.lst", "{}/names.txt", "my_{}.csv"]
)
@pytest.mark.parametrize("ending", [".jpg", "", ".JPG", ".jpg#0"])
def test_splits_by_list(tmp_path, words, file, ending):
    table(put(tmp_path, *many("x/{}.jpg", 8)), many("{}.jpg", 8))
    for word in words:
        lines = [name[:-4] + ending for name, own in parted(words) if own == word]
        (tmp_path / file.format(word)).parent.mkdir(exist_ok=True)
        (tmp_path / file.format(word)).write_text("\n".join(lines) + "\n")
    dataset = open_dataset(tmp_path)
    assert sizes(tmp_path) == SIZES and "(split lists)" in dataset.report
    assert dataset.splits["test"] == ["6.jpg", "7.jpg"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_lists_from_powershell(tmp_path, encoding):
    table(put(tmp_path, *many("x/" + NFD + "{}.jpg", 8)), many(CAFE + "{}.jpg", 8))
    for word in ("train", "val", "test"):
        lines = [f"x\\{NFD}{n}" for n, own in parted(["train", "val", "test"]) if own == word]
        (tmp_path / f"{word}.txt").write_text("\r\n".join(lines) + "\r\n", encoding)
    assert sizes(tmp_path) == SIZES


def test_a_list_that_is_not_utf8_is_named(tmp_path):
    table(put(tmp_path, *many("{}.jpg")), many("{}.jpg"))
    (tmp_path / "train.txt").write_bytes("caf\xe9.jpg\n".encode("latin-1"))
    with pytest.raises(ValueError, match=r"train\.txt, line 1: not UTF-8"):
        open_dataset(tmp_path)


def test_splits_in_a_json_of_names(tmp_path):
    table(put(tmp_path, *many("x/{}.jpg", 8)), many("{}.jpg", 8))
    names = many("{}", 8)
    splits = {"train": names[:4], "valid": names[4:6], "test": names[6:]}
    (tmp_path / "splits.json").write_text(json.dumps(splits))
    assert sizes(tmp_path) == SIZES and "(splits.json)" in open_dataset(tmp_path).report


@pytest.mark.parametrize(
    "line", ["{}.jpg 7", "{}.jpg,-1", "'{}.jpg'", '"{}.jpg"', "/elsewhere/x/{}.jpg"]
)
def test_lists_with_classes_quotes_or_a_title(tmp_path, line):
    table(put(tmp_path, *many("x/{}.jpg", 8)), many("{}.jpg", 8))
    for word, numbers in {"train": range(4), "val": range(4, 6), "test": range(6, 8)}.items():
        title = [] if line[-1].isdigit() else ["image"]
        lines = [*title, *(line.replace("{}", str(n)) for n in numbers)]
        (tmp_path / f"{word}.txt").write_text("\n".join(lines))
    assert sizes(tmp_path) == SIZES
    named = "names in split lists without a photo: 3 (image, image, image)"
    assert (named in open_dataset(tmp_path).report) == bool(title)


def test_lists_in_json(tmp_path):
    table(put(tmp_path, *many("x/{}.jpg", 8)), many("{}.jpg", 8))
    for word, numbers in {"train": range(4), "val": range(4, 6), "test": range(6, 8)}.items():
        (tmp_path / f"{word}.json").write_text(json.dumps([f"{n}.jpg" for n in numbers]))
    assert sizes(tmp_path) == SIZES


def test_files_that_need_another_program_are_named(tmp_path):
    for name in ("photos.zip", "captions.xlsx", "captions.parquet"):
        put(tmp_path, name)
    with pytest.raises(DatasetError, match=r"captions\.xlsx: not read; save it as CSV") as error:
        open_dataset(tmp_path)
    assert "photos.zip: not read; unpack it first" in str(error.value)
    with pytest.raises(DatasetError, match=r"photos\.zip: not read; unpack it first"):
        open_dataset(table(tmp_path, many("{}.jpg")))


def test_names_that_would_break_a_line_are_written_with_backslashes(tmp_path):
    table(put(tmp_path, *many("{}.jpg"), "two\nlines.jpg"), many("{}.jpg"))
    with open(os.fsencode(tmp_path) + b"/caf\xe9.jpg", "wb"):
        pass
    report = open_dataset(tmp_path).report
    assert r"images without captions: 2 (caf\udce9.jpg, two\nlines.jpg)" in report


def test_trainval_beside_train_is_not_read_twice(tmp_path):
    table(put(tmp_path, *many("x/{}.jpg", 8)), many("{}.jpg", 8))
    lists = {"train": range(4), "val": range(4, 6), "trainval": range(6), "test": range(6, 8)}
    for word, numbers in lists.items():
        (tmp_path / f"{word}.txt").write_text("".join(f"{n}\n" for n in numbers))
    dataset = open_dataset(tmp_path)
    assert sizes(tmp_path) == SIZES
    assert "other split lists, not read: 1 (trainval.txt)" in dataset.report
    for word, numbers in lists.items():
        (tmp_path / f"{word}.txt").unlink()
        table(tmp_path, [f"{n}.jpg" for n in numbers], f"{word}.csv")
    (tmp_path / "captions.csv").unlink()
    assert sizes(tmp_path) == SIZES
    assert "others have, not read: 1 (trainval.csv)" in open_dataset(tmp_path).report


def test_one_set_of_lists_is_taken_and_the_others_are_named(tmp_path):
    table(put(tmp_path, *many("x/{}.jpg", 8)), many("{}.jpg", 8))
    for word, numbers in {"train": range(4), "val": range(4, 6), "test": range(6, 8)}.items():
        (tmp_path / f"{word}.txt").write_text("".join(f"{n}\n" for n in numbers))
    (tmp_path / "small_train.txt").write_text("7.jpg\n")
    assert sizes(tmp_path) == SIZES
    assert "other split lists, not read: 1 (small_train.txt)" in open_dataset(tmp_path).report


def test_a_text_called_after_a_split_is_no_list(tmp_path):
    table(put(tmp_path, *many("x/{}.jpg", 8)), many("{}.jpg", 8))
    (tmp_path / "how to train.txt").write_text("once upon a time\n")
    report = open_dataset(tmp_path).report
    assert "shuffled" in report and "no lists of these photos: 1 (how to train.txt)" in report


@pytest.mark.parametrize("empty", ["column", "file", "json", "list"])
def test_a_split_without_captions_is_left_out_and_named(tmp_path, empty):
    put(tmp_path, *many("x/{}.jpg", 12))
    words = [("train", range(8)), ("val", range(8, 10)), ("test", range(10, 12))]
    if empty == "column":
        rows = [f"{n}.jpg,{'' if w == 'test' else 'A photo'},{w}" for w, ns in words for n in ns]
        (tmp_path / "captions.csv").write_text("image,caption,split\n" + "\n".join(rows))
    else:
        for word, numbers in words[:2]:
            table(tmp_path, [f"{n}.jpg" for n in numbers], f"captions_{word}.csv")
    if empty == "file":
        (tmp_path / "captions_test.csv").write_text("image\n10.jpg\n11.jpg\n")
    if empty == "json":
        (tmp_path / "captions_train.csv").unlink(), (tmp_path / "captions_val.csv").unlink()
        for word, numbers in words:
            images = [{"id": n, "file_name": f"{n}.jpg"} for n in numbers]
            notes = [{"image_id": n, "caption": "A photo"} for n in numbers]
            content = {"images": images} | ({} if word == "test" else {"annotations": notes})
            (tmp_path / f"captions_{word}2017.json").write_text(json.dumps(content))
    if empty == "list":
        for word, numbers in words:
            (tmp_path / f"{word}.txt").write_text("".join(f"{n}\n" for n in numbers))
    dataset = open_dataset(tmp_path)
    assert {split: len(images) for split, images in dataset.splits.items()} == {
        "train": 7,
        "dev": 2,
        "test": 1,
    }
    assert "splits without captions, left out: 1 (" in dataset.report
    assert "test made, seed 7" in dataset.report


def test_a_damaged_file_of_a_split_is_refused_with_its_line(tmp_path):
    put(tmp_path, *many("x/{}.jpg"))
    table(tmp_path, many("{}.jpg"), "train.csv")
    (tmp_path / "val.csv").write_text('image,caption\n5.jpg,"A photo\n6.jpg,A photo\n')
    with pytest.raises(ValueError, match=r"val\.csv, line 3: "):
        open_dataset(tmp_path)


TITLES = "fold", "mode", "Phase", "usage", "Data Role", "partition_name", "ds", "split (karpathy)"


@pytest.mark.parametrize("words", [["train", "val", "test"], ["TRAIN", "Validation", "Dev Test"]])
@pytest.mark.parametrize("title", TITLES)
def test_a_column_of_splits_is_known_by_its_values(tmp_path, title, words):
    words = [*words[:2], words[2].split()[-1]]
    put(tmp_path, *many("x/{}.jpg", 8))
    rows = [(name, word, f"A {word} photo") for name, word in parted(words)]
    records = [{"image": name, title: word, "caption": text} for name, word, text in rows]
    images = [
        {"filename": r["image"], title: r[title], "sentences": [{"raw": "Hi"}]} for r in records
    ]
    coco = [{"id": r["image"], "file_name": r["image"], title: r[title]} for r in records]
    notes = [{"image_id": r["image"], "caption": r["caption"]} for r in records]
    named = {r["image"]: {"captions": [r["caption"]], title: r[title]} for r in records}
    lines = "".join(f"{name},{word},{text}\n" for name, word, text in rows)
    for text in (
        f"image,{title},caption\n{lines}",
        json.dumps(records),
        json.dumps({"images": images}),
        json.dumps({"images": coco, "annotations": notes}),
        json.dumps(named),
    ):
        (tmp_path / "captions.txt").write_text(text)
        assert sizes(tmp_path) == SIZES, text
        assert "(captions.txt)" in open_dataset(tmp_path).report


@pytest.mark.parametrize("row", ["{name},{word},A wet, happy dog", "{name},A dog,{word}"])
def test_a_table_without_titles_may_have_splits(tmp_path, row):
    put(tmp_path, *many("x/{}.jpg", 8))
    rows = [row.format(name=name, word=word) for name, word in parted(["train", "val", "test"])]
    (tmp_path / "captions.csv").write_text("\n".join(rows))
    assert sizes(tmp_path) == SIZES
    assert {text for own in open_dataset(tmp_path).captions.values() for text in own} <= {
        "A wet, happy dog",
        "A dog",
    }


def test_a_caption_that_ends_in_the_name_of_a_split_is_one(tmp_path):
    put(tmp_path, *many("x/{}.jpg", 8))
    ends = ["train", "test", *many("thing {}", 6)]
    rows = [f"{i}.jpg,A photo of a bus, {end}" for i, end in enumerate(ends)]
    (tmp_path / "captions.csv").write_text("\n".join(rows))
    dataset = open_dataset(tmp_path)
    assert dataset.captions["0.jpg"] == ["A photo of a bus, train"]
    assert "(shuffled, seed 7)" in dataset.report


def test_of_two_columns_of_splits_the_other_is_named(tmp_path):
    put(tmp_path, *many("x/{}.jpg", 8))
    rows = [
        f"{name},A dog,{word},{'dev' if i % 2 else 'train'},extra"
        for i, (name, word) in enumerate(parted(["train", "val", "test"]))
    ]
    (tmp_path / "captions.csv").write_text("image,caption,split,fold,set\n" + "\n".join(rows))
    assert sizes(tmp_path) == SIZES
    assert "columns of splits that are not read: 2 (fold, set)" in open_dataset(tmp_path).report


def test_most_cells_of_a_column_of_splits_name_splits(tmp_path):
    put(tmp_path, *many("x/{}.jpg", 8))
    words = ["train", "train", "val", "test", "holdout", "", "none", "train"]
    rows = [f"{i}.jpg,A dog,{word},{i % 2}" for i, word in enumerate(words)]
    (tmp_path / "captions.csv").write_text("image,caption,fold,set\n" + "\n".join(rows))
    dataset = open_dataset(tmp_path)
    assert dataset.splits == {
        "train": ["0.jpg", "1.jpg", "7.jpg"],
        "dev": ["2.jpg"],
        "test": ["3.jpg"],
    }
    assert "images of an unknown split: 2 (4.jpg: holdout, 6.jpg: none)" in dataset.report
    (tmp_path / "captions.csv").write_text(
        "image,caption,kind\n0.jpg,A dog,train\n1.jpg,A,test\n"
        + "".join(f"{i}.jpg,A dog,bus\n" for i in range(2, 8))
    )
    assert "(shuffled, seed 7)" in open_dataset(tmp_path).report


@pytest.mark.parametrize("title", ["is_train", "train", "In Test", "fold", "k-fold", "isVal"])
def test_a_column_that_tells_of_a_split_by_its_title_is_named(tmp_path, title):
    put(tmp_path, *many("x/{}.jpg", 6))
    rows = "".join(f"{i}.jpg,A dog,{bool(i % 2)}\n" for i in range(6))
    (tmp_path / "captions.csv").write_text(f"image,caption,{title}\n{rows}")
    assert f"columns of splits that are not read: 1 ({title})" in open_dataset(tmp_path).report
