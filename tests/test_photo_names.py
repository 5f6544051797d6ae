"""Which photo a name means: any spelling of its path, the nearest photo, never a guess."""

import csv
import json
import os
import unicodedata
from pathlib import Path

import pytest

from helpers.datasets import DatasetError, open_dataset

CAFE = unicodedata.normalize("NFC", "café")


def data(folder: Path, photos: list[str], names: list[str], table: str = "captions.csv") -> Path:
    """A folder with photos and a table that calls them by these names."""
    for photo in photos:
        (folder / photo).parent.mkdir(parents=True, exist_ok=True)
        (folder / photo).write_text(photo)
    (folder / table).parent.mkdir(parents=True, exist_ok=True)
    with (folder / table).open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("image", "caption"), *((n, f"This is {n} .") for n in names)])
    return folder


def found(folder: Path) -> dict[str, str]:
    """Return identity -> path inside the folder."""
    dataset = open_dataset(folder)
    assert dataset.folder == folder and dataset.captions.keys() == dataset.image_paths.keys()
    paths = dataset.image_paths.items()
    return {name: path.relative_to(folder).as_posix() for name, path in paths}


def numbered(pattern: str, count: int = 3) -> list[str]:
    return [pattern.format(number) for number in range(count)]


@pytest.mark.parametrize(
    ("photo", "name", "identity"),
    [
        ("images/{}.png", "images\\{}.png", "images/{}.png"),
        ("images/{}.png", ".\\images\\{}.png", "images/{}.png"),
        ("images/{}.png", "./images//{}.png", "images/{}.png"),
        ("images/{}.png", "/images/{}.png", "images/{}.png"),
        ("images/{}.png", "{}.png", "{}.png"),
        ("data/images/{}.png", "images/{}.png", "images/{}.png"),
        ("images/{}.JPG", "{}.jpg", "{}.jpg"),
        ("Images/{}.jpg", "images/{}.JPG", "images/{}.JPG"),
        ("my cats/{}.jpg", "My Cats/{}.jpg", "My Cats/{}.jpg"),
        (unicodedata.normalize("NFD", CAFE) + "{}.jpg", CAFE + "{}.jpg", CAFE + "{}.jpg"),
        (CAFE + "{}.jpg", unicodedata.normalize("NFD", CAFE) + "{}.jpg", CAFE + "{}.jpg"),
        (unicodedata.normalize("NFD", CAFE) + "/{}.jpg", CAFE + "\\{}.jpg", CAFE + "/{}.jpg"),
        ("images/{}.png", "/kaggle/input/images/{}.png", "images/{}.png"),
        ("images/{}.png", "D:\\ana\\images\\{}.png", "images/{}.png"),
        ("images/{}.png", "photos/{}.png", "images/{}.png"),
    ],
)
def test_other_spellings_of_a_path(tmp_path, photo, name, identity):
    data(tmp_path, numbered(photo), numbered(name))
    photos = dict(zip(numbered(identity), numbered(photo), strict=True))
    assert found(tmp_path) == photos
    assert sorted(open_dataset(tmp_path).photos()) == sorted(numbered(identity))


@pytest.mark.parametrize("folders", [("train", "val", "test"), ("cats", "dogs", "a/b")])
def test_photos_of_one_name_in_several_folders_stay_several(tmp_path, folders):
    photos = [f"{folder}/{number}.png" for folder in folders for number in range(3)]
    assert found(data(tmp_path, photos, photos)) == {photo: photo for photo in photos}
    report = open_dataset(tmp_path).report
    assert "file is missing: 0\nimages without captions: 0" in report


def imagefolder(folder: Path) -> None:
    """Hugging Face's layout, whose photos are called alike in every split."""
    for split, count in (("train", 4), ("val", 2), ("test", 2)):
        data(folder, numbered(split + "/{}.jpg", count), [])
        lines = [
            json.dumps({"file_name": f"{n}.jpg", "text": f"{n}, {split}"}) for n in range(count)
        ]
        (folder / split / "metadata.jsonl").write_text("\n".join(lines))
    (folder / "captions.csv").unlink()


def test_an_imagefolder_has_a_name_space_for_each_split(tmp_path):
    imagefolder(tmp_path)
    dataset = open_dataset(tmp_path)
    assert dataset.splits == {
        "train": ["train/0.jpg", "train/1.jpg", "2.jpg", "3.jpg"],
        "dev": ["val/0.jpg", "val/1.jpg"],
        "test": ["test/0.jpg", "test/1.jpg"],
    }
    for name, path in dataset.photos().items():
        number, split = path.stem, path.parent.name
        assert dataset.captions[name] == [f"{number}, {split}"]
    assert [*dataset.photos("dev", "test")] == dataset.splits["dev"] + dataset.splits["test"]
    (tmp_path / "test" / "1.jpg").unlink()
    dataset = open_dataset(tmp_path)
    assert dataset.splits["test"] == ["test/0.jpg"]
    assert "images whose file is missing: 1 (test/1.jpg)" in dataset.report


def test_annotations_of_two_splits_name_photos_alike(tmp_path):
    photos = [f"{split}/{number}.png" for split in ("train", "val") for number in range(2)]
    data(tmp_path, photos, numbered("{}.png", 2), "annotations/captions_train.csv")
    data(tmp_path, [], numbered("{}.png", 2), "annotations/captions_val.csv")
    assert found(tmp_path) == {photo: photo for photo in photos}
    assert open_dataset(tmp_path).splits["dev"] == ["val/0.png", "val/1.png"]


def test_names_lead_on_from_the_folder_of_their_file(tmp_path):
    names = numbered("../images/{}.png")
    data(tmp_path, numbered("images/{}.png"), names, "annotations/captions.csv")
    assert found(tmp_path) == {photo: photo for photo in numbered("images/{}.png")}


def test_a_name_that_fits_two_photos_is_no_guess(tmp_path):
    data(tmp_path, ["images/1.png", "train/1.png", "train/2.png"], ["1.png", "2.png"])
    with pytest.raises(
        DatasetError, match=r"'1\.png' in captions\.csv may be images/1.*train/1"
    ) as e:
        open_dataset(tmp_path)
    assert "Write there which, with its folder" in str(e.value)


def test_the_photo_beside_the_captions_is_the_nearest(tmp_path):
    photos = ["0.png", *numbered("data/{}.png"), *numbered("images/{}.png")]
    data(tmp_path, photos, numbered("{}.png"), "data/captions.csv")
    assert found(tmp_path) == {f"data/{n}.png": f"data/{n}.png" for n in range(3)}


def test_a_missing_photo_is_not_taken_from_another_split(tmp_path):
    data(
        tmp_path,
        numbered("train/{}.png", 4),
        [*numbered("train/{}.png"), "test/1.png", "test/3.png"],
    )
    assert found(tmp_path) == {f"train/{n}.png": f"train/{n}.png" for n in range(3)}
    assert "missing: 2 (test/1.png, test/3.png)" in open_dataset(tmp_path).report


def test_two_names_of_one_photo_are_one_image(tmp_path):
    names = ["images/0.png", "0.png", "0.PNG", "images\\1.png", "images/1.png", "2.png"]
    data(tmp_path, numbered("images/{}.png"), names)
    dataset = open_dataset(tmp_path)
    assert [*dataset.captions] == ["images/0.png", "images/1.png", "2.png"]
    assert len(dataset.captions["images/0.png"]) == 3


@pytest.mark.skipif(os.path.exists(__file__.upper()), reason="this disk ignores capitals")
def test_names_that_differ_in_capitals_are_two_photos_where_the_disk_has_two(tmp_path):
    photos = ["Dog.jpg", "dog.jpg", "cat.jpg"]
    assert found(data(tmp_path, photos, photos)) == {photo: photo for photo in photos}


def test_split_lists_name_photos_in_other_spellings(tmp_path):
    photos = [f"{split}/{number}.png" for split in ("train", "dev", "test") for number in range(2)]
    data(tmp_path, photos, photos)
    for split in ("train", "dev", "test"):
        lines = "".join(f".\\{split}\\{number}.PNG\n" for number in range(2))
        (tmp_path / f"Flickr_8k.{split}Images.txt").write_text(lines)
    assert open_dataset(tmp_path).splits["dev"] == ["dev/0.png", "dev/1.png"]
