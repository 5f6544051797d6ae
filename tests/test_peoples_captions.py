"""Captions in the clothes that people bring them in."""

import csv
import json
from pathlib import Path

import pytest

from helpers.apps.annotating.coco_file import CocoFile
from helpers.captions import NONE_CHOSEN, CaptionFormatError, Chosen, read_caption_file
from helpers.datasets import DatasetError, open_dataset
from helpers.datasets.__main__ import main as look
from helpers.datasets.choosing import open_chosen

TWO = ["A dog runs.", 'A "wet" dog\'s ball']
BOTH = {"a.jpg": TWO, "b.jpg": TWO}


def read(folder: Path, text: str, chosen: Chosen = NONE_CHOSEN):
    (folder / "some.file").write_text(text, "utf-8")
    return read_caption_file(folder / "some.file", chosen)


def photos(folder: Path, amount: int = 6) -> list[str]:
    """Put photos into a folder; return their names."""
    (folder / "images").mkdir(parents=True)
    names = [f"{number}.jpg" for number in range(amount)]
    for name in names:
        (folder / "images" / name).touch()
    return names


@pytest.mark.parametrize(
    "cell",
    [
        str(TWO),
        json.dumps(TWO),
        str(tuple(TWO)),
        "['A dog runs.' 'A \"wet\" dog\\'s ball']",  # NumPy
        "['A dog runs.'\n 'A \"wet\" dog\\'s ball']",
        "  ['A dog runs.',\n'A \"wet\" dog\\'s ball',]",
        str([{"caption": text} for text in TWO]),
        json.dumps([{"raw": text} for text in TWO]),
        "['A dog runs.', nan, 'A \"wet\" dog\\'s ball']",
        "['A dog runs.', None, 'A \"wet\" dog\\'s ball']",
        "['A\\x20dog\\u0020runs.', 'A \"wet\" dog\\'s ball']",
        "array(['A dog runs.', 'A \"wet\" dog\\'s ball'],\n      dtype=object)",
        "list(['A dog runs.', 'A \"wet\" dog\\'s ball'])",
    ],
)
@pytest.mark.parametrize("title", ["captions", "raw", "caption_1"])
def test_lists_in_cells(tmp_path, cell, title):
    with (tmp_path / "some.file").open("w", newline="") as file:
        csv.writer(file).writerows([("image", title), ("a.jpg", cell), ("b.jpg", cell)])
    found = read_caption_file(tmp_path / "some.file")
    assert found.captions == BOTH
    assert bool(found.dropped) == ("nan" in cell or "None" in cell)


@pytest.mark.parametrize(
    "text",
    [
        "[two] dogs",
        "(a dog)",
        "['n' roll",
        '["Stop"] is written on it',
        "[]x",
        "{a dog}",
        "list(a dog)",
    ],
)
def test_brackets_that_are_no_list(tmp_path, text):
    with (tmp_path / "some.file").open("w", newline="") as file:
        csv.writer(file).writerows([("image", "caption"), ("a.jpg", text)])
    assert read_caption_file(tmp_path / "some.file").captions == {"a.jpg": [text]}


@pytest.mark.parametrize("cell", ["['a' ... 'z']", "['a', b'c']", "['a', 'b'", "['a', 3]"])
def test_a_list_that_cannot_be_read_is_refused_or_a_text(tmp_path, cell):
    with (tmp_path / "some.file").open("w", newline="") as file:
        csv.writer(file).writerows([("image", "caption"), ("a.jpg", "A"), ("b.jpg", cell)])
    if cell.endswith("]"):
        with pytest.raises(CaptionFormatError, match="line 3: .*begins as a list, and is none"):
            read_caption_file(tmp_path / "some.file")
    else:
        assert read_caption_file(tmp_path / "some.file").captions["b.jpg"] == [cell]


@pytest.mark.parametrize("cell", ["{'caption': 'A dog', 'id': 7}", '{"text": "A dog"}'])
def test_an_object_in_a_cell(tmp_path, cell):
    with (tmp_path / "some.file").open("w", newline="") as file:
        csv.writer(file).writerows([("image", "caption"), ("a.jpg", cell)])
    assert read_caption_file(tmp_path / "some.file").captions == {"a.jpg": ["A dog"]}


def test_an_empty_list_is_no_caption(tmp_path):
    assert read(tmp_path, "image,caption\na.jpg,[]\nb.jpg,A\n").captions == {"b.jpg": ["A"]}


RECORD = {"file_name": "a.jpg", "captions": TWO}


@pytest.mark.parametrize(
    "content",
    [
        {"a.jpg": TWO},
        {"a": TWO},
        {"a.jpg": [{"caption": text} for text in TWO]},
        {"a.jpg": {"captions": TWO, "split": "train"}},
        [RECORD],
        RECORD,
        {"data": [RECORD]},
        {"annotations": [RECORD], "info": {"description": "mine"}},
        {"train": [RECORD], "val": []},
        {"images": [{"filename": "a.jpg", "sentences": TWO}]},
        [{"image": "a.jpg", "captions": [{"caption": text} for text in TWO]}],
        [{"image": "a.jpg", "caption": {"text": text}} for text in TWO],
        [{"image": "a.jpg", "sentences": [{"tokens": text.split()} for text in TWO]}],
        {"data": [{"image_id": "a.jpg", "caption_str": text} for text in TWO]},
        {"data": [{"image_id": "a", "caption_str": t, "reference_strs": TWO} for t in TWO]},
        {"data": [{"image_id": "7", "image_name": "a", "reference_strs": TWO}]},
        [{"Image Name": "a.jpg", "Prompt": TWO}],
        [{"ID": "a.jpg", "text": TWO}],
        {"images": [{"file_name": "a.jpg", "captions": TWO}]},
        {"image": {"0": "a.jpg", "1": "a.jpg"}, "text": {"0": TWO[0], "1": TWO[1]}},  # pandas
        {"image": ["a.jpg", "a.jpg"], "text": TWO},
        {"columns": ["image", "text"], "index": [0], "data": [["a.jpg", TWO]]},
    ],
)
def test_json_in_many_clothes(tmp_path, content):
    found = read(tmp_path, json.dumps(content))
    assert [*found.captions.values()] == [TWO] and found.dropped == {}
    assert next(iter(found.captions)).removesuffix(".jpg") == "a"


def test_splits_in_json(tmp_path):
    rows = [{"image": "a.jpg", "caption": "A"}]
    content = {"train": rows, "valid": [{"image": "b.jpg", "caption": "B"}], "test": []}
    splits = {"train": ["a.jpg"], "dev": ["b.jpg"], "test": []}
    assert read(tmp_path, json.dumps(content)).splits == splits
    content = {"data": [{"image_id": "a.jpg", "caption_str": "A", "set_name": "train"}]}
    assert read(tmp_path, json.dumps(content)).splits["train"] == ["a.jpg"]
    content = {"a.jpg": {"caption": "A", "split": "train"}, "b.jpg": {"caption": "B"}}
    assert read(tmp_path, json.dumps(content)).splits["train"] == ["a.jpg"]


def test_karpathys_folders_tell_photos_of_one_name_apart(tmp_path):
    images = [
        {"filepath": folder, "filename": name, "sentences": [{"raw": f"{folder}, {name}"}]}
        for folder, name in [("x", "a.jpg"), ("y", "a.jpg"), ("y", "b.jpg")]
    ]
    captions = {"x/a.jpg": ["x, a.jpg"], "y/a.jpg": ["y, a.jpg"], "b.jpg": ["y, b.jpg"]}
    assert read(tmp_path, json.dumps({"images": images})).captions == captions


def test_coco_with_numbers_here_and_texts_there(tmp_path):
    content = {
        "images": [{"id": 7, "file_name": "a.jpg"}, {"id": "8", "file_name": "b.jpg"}],
        "annotations": [{"image_id": "7", "caption": "A"}, {"image_id": 8, "caption": "B"}],
    }
    assert read(tmp_path, json.dumps(content)).captions == {"a.jpg": ["A"], "b.jpg": ["B"]}


@pytest.mark.parametrize("header", ["image,caption", "caption,image", "n,image,caption"])
def test_a_cell_that_swallows_rows_is_refused(tmp_path, header):
    def row(n, text):
        return ",".join({"image": f"{n}.jpg", "caption": text, "n": "1"}[t] for t in titles)

    titles = header.split(",")
    texts = ["A dog.", '"A cat.', "A cow.", "A pig.", 'A hen."', "A fly."]
    lines = [header, *(row(n, text) for n, text in enumerate(texts))]
    (tmp_path / "some.file").write_text("\n".join(lines))
    with pytest.raises(CaptionFormatError, match="line [36]: .*close its quotation mark"):
        read_caption_file(tmp_path / "some.file")


def test_a_row_with_more_cells_than_titles_is_refused(tmp_path):
    for text in (
        "image,caption,split\na.jpg,A,train\nb.jpg,A dog, wet,train\n",
        "caption,image\nA,a.jpg\nA dog, wet,b.jpg\n",
    ):
        with pytest.raises(CaptionFormatError, match="line 3: .*has more cells than"):
            read(tmp_path, text)
    assert len(read(tmp_path, "image,caption,split\na.jpg,A,train,,\n").captions) == 1


@pytest.mark.parametrize(
    "content",
    [
        {"name": "a-package", "version": "1.0"},
        {"train": ["a.jpg"], "val": ["b.jpg"]},
        {"columns": [1], "data": [2]},
        {"columns": ["image", "text"], "data": [["a.jpg"]]},
        {"classes": [1, 2], "a": []},
        {"data": []},
        {"data": [{"image_id": 3, "bbox": []}]},
        {"a": {"caption": "names no image"}},
        {},
    ],
)
def test_other_json_is_refused(tmp_path, content):
    with pytest.raises(CaptionFormatError, match="Known formats"):
        read(tmp_path, json.dumps(content))


@pytest.mark.parametrize(
    "header",
    [
        "ID,Caption",
        "filepath,prompt",
        "Image Name,Description",
        "image-name,alt text",
        "IMG NAME,Sentences",
        "photo,text",
        "file path,Comment",
        "\ufeffimage,Captions",
        " Name , TEXT ",
    ],
)
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_titles(tmp_path, header, delimiter):
    text = f"{header}\na.jpg,A dog\nb.jpg,A cat\n".replace(",", delimiter)
    assert read(tmp_path, text).captions == {"a.jpg": ["A dog"], "b.jpg": ["A cat"]}


def test_columns_that_are_not_read_are_named(tmp_path):
    found = read(tmp_path, "image,caption,text,note\na.jpg,A dog,Ein Hund,x\n")
    assert found.captions == {"a.jpg": ["A dog"]}
    assert found.dropped == {"columns that are not read (--caption-column takes one)": ["text"]}
    found = read(tmp_path, '[{"image": "a.jpg", "caption": "A dog", "text": "Ein Hund"}]')
    assert "text" in next(iter(found.dropped.values()))


@pytest.mark.parametrize(
    "text",
    [
        "image,caption,Bild-Text\na.jpg,A dog,Ein Hund\n",
        "datei;bild text\na.jpg;Ein Hund\n",
        '[{"datei": "a.jpg", "caption": "A dog", "Bild Text": "Ein Hund"}]',
        '{"rows": [{"datei": "a.jpg", "caption": "A dog", "bild_text": "Ein Hund"}]}',
    ],
)
def test_chosen_columns(tmp_path, text):
    chosen = Chosen("Datei" if "datei" in text else None, "bild text")
    assert read(tmp_path, text, chosen).captions == {"a.jpg": ["Ein Hund"]}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("image,caption\na.jpg,A\n", "its first line is 'image,caption'"),
        ("a.jpg,A dog\n", "first line is 'a.jpg,A dog'"),
        ("a.jpg#0\tA dog\n", "it is Flickr8k/30k token file"),
        ('{"a.jpg": ["A"]}', "it is captions by image"),
    ],
)
def test_chosen_columns_that_are_not_there(tmp_path, text, problem):
    with pytest.raises(CaptionFormatError, match="no columns 'file' and 'alt': ") as error:
        read(tmp_path, text, Chosen("file", "alt"))
    assert problem in str(error.value)


def test_an_unknown_table_tells_of_the_options(tmp_path):
    with pytest.raises(CaptionFormatError, match="--image-column and --caption-column"):
        read(tmp_path, "datei,bildtext\na.jpg,Ein Hund\n")
    with pytest.raises(DatasetError, match="'datei,bildtext'(.|\n)*--image-column and --caption"):
        (tmp_path / "some.file").rename(tmp_path / "some.csv")
        open_dataset(tmp_path)


@pytest.mark.parametrize(
    "line",
    [
        "a.jpg#zhc#0 一只狗",
        "a.jpg#zhc#0\t一只狗",
        "a.jpg#enc#12  一只狗",
        "a.jpg#0 一只狗",
        "a.jpg#0\t一只狗",
        "a.jpg#zhmbosontoken#1 一只狗",
    ],
)
def test_token_lines_with_a_kind_or_a_blank(tmp_path, line):
    assert read(tmp_path, f"{line}\n{line}\n").captions == {"a.jpg": ["一只狗", "一只狗"]}


def test_names_without_ending_before_a_tab(tmp_path):
    assert read(tmp_path, "R_0\ta dog\nR_1\t一只狗\n").captions == {
        "R_0": ["a dog"],
        "R_1": ["一只狗"],
    }
    with pytest.raises(CaptionFormatError):
        read(tmp_path, "dog\t17\ncat\t3\n")  # a vocabulary with counts


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("Tom &amp; Ada", "Tom & Ada"),
        ("the dog&#39;s &quot;ball&quot;", 'the dog\'s "ball"'),
        ("caf&eacute; &#x1F415;", "café 🐕"),
        ("AT&T, R&D; salt&pepper", "AT&T, R&D; salt&pepper"),
        ("&copy 2020", "&copy 2020"),
    ],
)
def test_html_entities(tmp_path, raw, text):
    assert read(tmp_path, f"a.jpg#0\t{raw}\n").captions == {"a.jpg": [text]}
    assert read(tmp_path, json.dumps({"a.jpg": [raw]})).captions == {"a.jpg": [text]}


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("<p>A <b>d</b>og</p>", "A dog"),
        ("A dog<br/>and a cat", "A dog and a cat"),
        ("&lt;p&gt;A dog&lt;/p&gt;", "A dog"),
        ("<a href='/x' title=\"y\">A dog</a> runs", "A dog runs"),
    ],
)
def test_tags_of_web_pages_are_no_words(tmp_path, raw, text):
    found = read(tmp_path, json.dumps({"a.jpg": [raw]}))
    assert found.captions == {"a.jpg": [text]}
    assert [*found.dropped] == ["captions with HTML, whose tags are left out"]


@pytest.mark.parametrize(
    "raw", ["<PERSON> runs", "1 < 2 and 3 > 2", "a <dog>", "<start> a dog <end>"]
)
def test_other_words_in_angle_brackets_stay(tmp_path, raw):
    found = read(tmp_path, json.dumps({"a.jpg": [raw]}))
    assert found.captions == {"a.jpg": [raw]} and found.dropped == {}


def test_captions_in_several_languages_are_told(tmp_path):
    rows = "a.jpg,en,A dog\na.jpg,de,Ein Hund\n"
    found = read(tmp_path, f"image,lang,caption\n{rows}")
    assert found.dropped == {"languages in column 'lang', read together": ["de, en"]}
    assert read(tmp_path, "image,lang,caption\na.jpg,en,A dog\n").dropped == {}


@pytest.mark.parametrize("word", ["nan", "NaN", "None", "null", "<NA>"])
def test_nothing_and_the_text_nan(tmp_path, word):
    filled = read(tmp_path, f"image,caption\na.jpg,A dog\nb.jpg,{word}\n")  # str() of a missing one
    assert filled.captions == {"a.jpg": ["A dog"]}
    assert filled.dropped == {'captions "nan", taken for empty cells': [f"b.jpg: {word}"]}
    empty = read(tmp_path, f"image,caption\na.jpg,\nb.jpg,{word}\n")  # pandas, a spreadsheet
    assert empty.captions == {"a.jpg": [""], "b.jpg": [word]} and empty.dropped == {}
    assert read(tmp_path, json.dumps({"b.jpg": [word]})).captions == {"b.jpg": [word]}
    columns = read(tmp_path, f"image,caption_0,caption_1\na.jpg,{word},A dog\n")
    assert columns.captions == {"a.jpg": ["A dog"]}


def test_json_with_nan_drops_it_by_name(tmp_path):
    text = '[{"image": "a.jpg", "caption": NaN}, {"image": "b.jpg", "caption": "NaN"}]'
    found = read(tmp_path, text)
    assert found.captions == {"b.jpg": ["NaN"]}
    assert found.dropped == {"captions that are no text": ["'a.jpg': nan"]}


BROKEN_COCO = {
    "images by id": ({"1": {"file_name": "a.jpg"}}, [], "a list of images, or of annotations"),
    "no annotations": ([{"id": 1, "file_name": "a.jpg"}], None, "a list of images, or of"),
    "a number for a name": ([{"id": 1, "file_name": 5}], [], r"file name \(5 is none\)"),
    "one id of two photos": (
        [{"id": 1, "file_name": "a.jpg"}, {"id": 1, "file_name": "b.jpg"}],
        [{"image_id": 1, "caption": "A dog"}],
        "'a.jpg' and 'b.jpg' have one id, 1. Were two files joined",
    ),
}


@pytest.mark.parametrize("kind", BROKEN_COCO)
def test_coco_that_cannot_be_understood_is_refused_by_readers_and_by_writers(tmp_path, kind):
    images, notes, said = BROKEN_COCO[kind]
    text = json.dumps({"images": images, "annotations": notes})
    with pytest.raises(CaptionFormatError, match=said):
        read(tmp_path, text)
    with pytest.raises(CaptionFormatError, match=said):
        CocoFile(tmp_path / "some.file")


def test_captions_that_vizwiz_rejects_are_left_out_and_named(tmp_path):
    marks = [{}, {"is_rejected": True}, {"is_precanned": True}, {"is_rejected": False}]
    notes = [{"image_id": 1, "caption": f"A dog {at}", **mark} for at, mark in enumerate(marks)]
    content = {"images": [{"id": 1, "file_name": "a.jpg"}], "annotations": notes}
    found = read(tmp_path, json.dumps(content))
    assert found.captions == {"a.jpg": ["A dog 0", "A dog 3"]}
    assert found.dropped == {
        "captions that the data set itself rejects": ["a.jpg: A dog 1", "a.jpg: A dog 2"]
    }


# Whole folders


@pytest.mark.parametrize("placeholder", ["??", "a dog"])
def test_a_form_to_hand_in_is_no_file_of_captions(tmp_path, placeholder):
    """As Kaggle's competitions have it: captions for train alone, and a form for test's."""
    for split, other in (("train", "train.csv"), ("test", "sample_submission.csv")):
        (tmp_path / split).mkdir()
        for number in range(4):
            (tmp_path / split / f"{split}{number}.jpg").touch()
        text = placeholder if split == "test" else "A cat sleeps"
        rows = "".join(f"{split}{number}.jpg,{text}\n" for number in range(4))
        (tmp_path / other).write_text("image,caption\n" + rows)
    (tmp_path / "test.csv").write_text("image\n" + "".join(f"test{n}.jpg\n" for n in range(4)))
    assert open_dataset(tmp_path).captions["train0.jpg"] == ["A cat sleeps"]
    (tmp_path / "train.csv").unlink()
    if placeholder == "??":
        with pytest.raises(DatasetError, match=r"no word .* for example \['\?\?'\] of test0"):
            open_dataset(tmp_path)


@pytest.mark.parametrize("text", ["{}.txt", "{}.caption", "{}.jpg.txt", "../captions/{}.txt"])
def test_a_text_beside_each_photo(tmp_path, text):
    for number, name in enumerate(photos(tmp_path)):
        path = tmp_path / "images" / text.format(number)
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"a dog, {name}\n\nanother &amp; {number}\n", "utf-8")
    dataset = open_dataset(tmp_path)
    assert dataset.captions["images/3.jpg"] == ["a dog, 3.jpg", "another & 3"]
    assert len(dataset.captions) == 6 and dataset.format == "a text beside each photo"


def test_texts_in_folders_like_those_of_the_photos(tmp_path):
    for split in ("train", "val", "test"):
        for number in range(2):
            for path in (f"images/{split}/{number}.jpg", f"texts/{split}/{number}.txt"):
                (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
                (tmp_path / path).write_text(f"a dog, {split} {number}")
    dataset = open_dataset(tmp_path)
    assert dataset.captions["images/val/1.jpg"] == ["a dog, val 1"]
    assert len(dataset.splits["dev"]) == 2


def test_a_json_beside_each_photo(tmp_path):
    for number, name in enumerate(photos(tmp_path)):
        content = {"key": number, "caption": name, "width": 3}
        (tmp_path / "images" / f"{number}.json").write_text(json.dumps(content))
    assert open_dataset(tmp_path).captions["images/3.jpg"] == ["3.jpg"]


def test_texts_among_those_beside_photos_that_are_not_read_are_named(tmp_path):
    for number, _ in enumerate(photos(tmp_path)):
        (tmp_path / "images" / f"{number}.txt").write_text("a dog")
    (tmp_path / "images" / "stray.txt").write_text("a cat")
    (tmp_path / "images" / "3.json").write_text('{"caption": "a cat"}')
    report = open_dataset(tmp_path).report
    assert "texts called as no photo is, not read: 1 (images/stray.txt)" in report
    assert "texts of another ending beside photos, not read: 1 (images/3.json)" in report


def test_boxes_beside_photos_are_no_captions(tmp_path):
    for number, _ in enumerate(photos(tmp_path)):
        (tmp_path / "images" / f"{number}.txt").write_text("0 0.5 0.5 0.2 0.2\n")
    with pytest.raises(DatasetError, match="no captions file found"):
        open_dataset(tmp_path)


def test_a_table_goes_before_texts_beside_photos_which_are_named(tmp_path):
    names = photos(tmp_path)
    for number, _ in enumerate(names):
        (tmp_path / "images" / f"{number}.txt").write_text("tags")
    (tmp_path / "z.csv").write_text("\n".join(f"{name},A dog" for name in names))
    dataset = open_dataset(tmp_path)
    assert dataset.captions["0.jpg"] == ["A dog"]
    assert "texts beside photos, not read: 6 (images/0.txt" in dataset.report


def test_a_broken_text_beside_a_photo_is_named(tmp_path):
    for number, _ in enumerate(photos(tmp_path)):
        (tmp_path / "images" / f"{number}.txt").write_bytes("un été".encode("latin-1"))
    with pytest.raises(CaptionFormatError, match=r"0\.txt, line 1: not UTF-8"):
        open_dataset(tmp_path)


@pytest.fixture
def several(tmp_path) -> Path:
    """A folder with captions in English and Japanese, and a damaged file."""
    names = photos(tmp_path / "d")
    for file, text in {"english.csv": "a dog runs", "nippon.csv": "犬 が 走る"}.items():
        rows = "".join(f"{name},{text}\n" for name in names)
        (tmp_path / "d" / file).write_text("image,caption\n" + rows, "utf-8")
    (tmp_path / "d" / "broken.csv").write_text('image,caption\n0.jpg,"A\n1.jpg,A\n')
    (tmp_path / "d" / "a_package.json").write_text('{"keys": ["a", "b"], "of": ["c"]}')
    return tmp_path / "d"


def test_other_files_of_captions_are_listed(several):
    dataset = open_dataset(several)
    assert dataset.captions["0.jpg"] == ["a dog runs"]
    line = "other files of captions, not read (--captions FILE takes one): "
    assert line + "2 (a_package.json, nippon.csv)" in dataset.report
    assert "files that are damaged, not read: 1 (broken.csv, line 3: " in dataset.report


@pytest.mark.parametrize("file", ["nippon.csv", "{}/nippon.csv", "../nippon.csv"])
def test_a_file_of_captions_is_chosen(several, file, capsys, monkeypatch):
    if file.startswith(".."):
        (several / "nippon.csv").rename(several.parent / "nippon.csv")
    assert look([str(several), "--captions", file.format(several)]) == 0
    output = capsys.readouterr().out
    assert "6 captions (nippon.csv)" in output and "犬" in output and "other files" not in output


def test_a_chosen_file_brings_its_other_splits(tmp_path):
    names = photos(tmp_path)
    for word, part in {"train": names[:4], "val": names[4:5], "test": names[5:]}.items():
        for file in "az":
            rows = "".join(f"{name},{file}\n" for name in part)
            (tmp_path / f"{file}_{word}.csv").write_text("image,caption\n" + rows)
    dataset = open_dataset(tmp_path, captions="z_train.csv")
    assert dataset.splits["train"] == names[:4] and dataset.references("test") == [["z"]]


def test_a_chosen_file_is_read_once_from_wherever_it_is_named(several, monkeypatch):
    (several / "nippon.csv").rename(several / "train.csv")
    monkeypatch.chdir(several.parent)
    for file in ("train.csv", "d/train.csv", "./d/../d/train.csv", several / "train.csv"):
        assert open_dataset("d", captions=file).captions["0.jpg"] == ["犬 が 走る"]


def test_texts_beside_photos_go_before_lists_of_something_else(tmp_path):
    for number, _ in enumerate(photos(tmp_path)):
        (tmp_path / "images" / f"{number}.txt").write_text("a dog")
    (tmp_path / "vocabulary.json").write_text('{"nouns": ["dog", "cat"], "verbs": ["runs"]}')
    assert open_dataset(tmp_path).captions["images/0.jpg"] == ["a dog"]


def test_senseless_choices_are_refused(several, capsys):
    for arguments, problem in (
        (["--captions", "nowhere.csv"], "nowhere.csv: there is no such file, neither here nor in"),
        (["--captions", "broken.csv"], "broken.csv, line 3: "),
        (["--captions", "nippon.csv", "--image-column", "Bild"], "no columns 'Bild'"),
        (["--caption-column", "Text"], "no columns 'Text'"),
    ):
        assert look([str(several), *arguments]) == 1
        error = capsys.readouterr().err
        assert problem in error and "Traceback" not in error


def test_columns_are_chosen_on_the_command_line(tmp_path, capsys):
    rows = "".join(f"{name},x,Ein Hund\n" for name in photos(tmp_path))
    (tmp_path / "t.csv").write_text("datei,caption,Bild Text\n" + rows)
    arguments = [str(tmp_path), "--image-column", "Datei", "--caption-column", "bild text"]
    assert look(arguments) == 0
    assert "  Ein Hund" in capsys.readouterr().out


def test_a_training_takes_the_same_choices(several):
    from helpers.pipeline.__main__ import parse_arguments  # here: it loads TensorFlow

    line = ["--dataset", str(several), "--captions", "nippon.csv", "--words", "letters"]
    dataset = open_chosen(parse_arguments([*line, "--out", "x"]))
    assert dataset.captions["0.jpg"] == ["犬 が 走 る"]
