"""Caption formats, cleaning, counting and the descriptions file."""

import csv
import unicodedata
from collections import Counter
from pathlib import Path

import pytest

from helpers.captions import (
    CLASSIC_CLEANING,
    CaptionFormatError,
    Cleaning,
    clean_caption,
    clean_captions,
    count_words,
    empty_after_cleaning,
    read_caption_file,
    read_captions,
    read_descriptions,
    write_descriptions,
)

FORMATS = Path(__file__).parent / "fixtures" / "formats"

DOG = ["A brown dog , wet and happy , runs through the sea ."]
DOG += ['A dog carries a ball with " GO " written on it .', "Dog # 7 wins the race ."]
KITE = ["The girl 's kite is red-and-white .", "A"]
CATS = ["two cats sleep on a sofa", "Two cats sleep on a sofa ."]


def write(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "some.file"
    path.write_bytes(text.encode(encoding))
    return path


def test_flickr_token_file():
    captions = read_captions(FORMATS / "flickr8k.token.txt")
    lake = {"lake.jpg.1": ["A boat on a quiet lake ."]}
    assert captions == {"dog.jpg": DOG, "kite.jpg": KITE, **lake, "cat.png": CATS}
    assert list(captions) == ["dog.jpg", "kite.jpg", "lake.jpg.1", "cat.png"]


def test_token_file_splits_at_the_first_tab_and_the_last_number_sign(tmp_path):
    path = write(tmp_path, "a#1.jpg#0\tShirt #5\tis # 1 .\n")
    assert read_captions(path) == {"a#1.jpg": ["Shirt #5\tis # 1 ."]}


def test_kaggle_table_says_the_same_as_the_token_file():
    captions = read_captions(FORMATS / "kaggle_captions.txt")
    assert captions == {"dog.jpg": DOG, "kite.jpg": KITE, "cat.png": CATS}


@pytest.mark.parametrize(
    "text",
    [
        'a.jpg,"A dog, wet"\nb.png,A cat\n',
        "a.jpg,A dog, wet\nb.png,A cat\n",
        'image,caption\na.jpg,"A dog, wet"\nb.png,A cat\n',
        "image,caption\na.jpg,A dog, wet\nb.png,A cat\n",
        '\n Image_ID , Caption \n\n a.jpg, "A dog, wet"\n b.png, A cat\n',
        'FILENAME,comment_number,Comment\na.jpg,0,"A dog, wet"\nb.png,0,A cat\n',
        'caption,id,image\n"A dog, wet",1,a.jpg\nA cat,2,b.png\n',
        "file_name;sentence\na.jpg;A dog, wet\nb.png;A cat\n",
        "image\tcaption\na.jpg\tA dog, wet\nb.png\tA cat\n",
        "image_name| comment_number| comment\na.jpg| 0| A dog, wet\nb.png| 0| A cat\n",
        "age_name| comment_number| comment\na.jpg| 0| A dog, wet\nb.png| 0 A cat\n",
        "a.jpg| 0| A dog, wet\nb.png| 0| A cat",
        "a.jpg#0\tA dog, wet\nb.png#0\tA cat",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_variants_give_the_same_captions(tmp_path, text, encoding, line_end):
    path = write(tmp_path, text.replace("\n", line_end), encoding)
    assert read_captions(path) == {"a.jpg": ["A dog, wet"], "b.png": ["A cat"]}


def test_spreadsheet_with_semicolons_bom_and_other_languages():
    captions = read_captions(FORMATS / "spreadsheet.csv")
    assert captions["hund.jpg"] == ["Ein großer Hund; er rennt am Fluß .", "Der Hund läuft ."]
    assert captions["ape.jpg"] == ["घोड़ा दौड़ता है"]


def test_flickr30k_results_with_its_broken_row():
    captions = read_captions(FORMATS / "flickr30k_results.csv")
    assert captions["100.jpg"][1] == 'The sign says " wet paint " .'
    assert captions["200.jpg"][1] == "A dog runs across the grass ."
    assert captions["300.jpg"] == ["3 friends share 1 umbrella ."]
    assert len(captions) == 3


def test_karpathy_json_and_its_splits():
    captions = read_captions(FORMATS / "karpathy.json")
    assert captions["dog.jpg"] == DOG[:2]  # the raw sentences, not the tokens
    splits = read_caption_file(FORMATS / "karpathy.json").splits
    assert splits == {"train": ["dog.jpg", "kite.jpg"], "dev": ["cat.png"], "test": ["boat.jpg"]}


def test_coco_json():
    captions = read_captions(FORMATS / "coco.json")
    assert captions["000000000009.jpg"] == ["A bicycle leaning on a wall.", "An old bicycle."]
    assert captions["000000000007.jpg"] == ['A bowl of "hot" soup, and a spoon.']


def test_columns_and_records_say_the_same_as_the_token_file():
    for name in ("imagefolder.csv", "metadata.jsonl"):
        assert read_captions(FORMATS / name) == {"dog.jpg": DOG, "kite.jpg": KITE, "cat.png": CATS}
        splits = {"train": ["dog.jpg"], "dev": ["kite.jpg"], "test": ["cat.png"]}
        assert read_caption_file(FORMATS / name).splits == splits


def test_cells_that_hold_a_list():
    captions = read_captions(FORMATS / "lists_in_cells.csv")
    assert captions == {"dog.jpg": DOG[:2], "kite.jpg": KITE[:1], "cat.png": CATS}
    assert read_caption_file(FORMATS / "lists_in_cells.csv").splits["dev"] == ["kite.jpg"]


def test_a_list_of_records_with_a_caption_that_is_none():
    found = read_caption_file(FORMATS / "records.json")
    assert found.captions["images/kite.jpg"] == ["A"] and len(found.captions) == 3
    assert found.captions["images/dog.jpg"] == [DOG[0], DOG[2]]  # "image" goes before "image_id"
    assert found.dropped == {"captions that are no text": ["'images/kite.jpg': None"]}


def test_what_a_file_loses_is_noted():
    found = read_caption_file(FORMATS / "coco_with_losses.json")
    wall = ["A bicycle leaning on a wall."]
    assert found.captions == {"wall.jpg": wall, "soup.jpg": ["Soup, hot."]}
    assert found.dropped["annotations of images that the file does not list"] == ["8"]
    assert len(found.dropped["captions that are no text"]) == 2
    mended = read_caption_file(FORMATS / "flickr30k_results.csv").dropped
    assert mended == {"rows whose second bar is missing, read all the same": ["line 5, 200.jpg"]}


@pytest.mark.parametrize(
    ("name", "format"),
    [
        ("flickr8k.token.txt", "Flickr8k/30k token file"),
        ("kaggle_captions.txt", "table (CSV, TSV)"),
        ("imagefolder.csv", "table (CSV, TSV)"),
        ("flickr30k_results.csv", "Flickr30k results.csv"),
        ("karpathy.json", "Karpathy JSON"),
        ("coco.json", "COCO JSON"),
        ("metadata.jsonl", "records (JSON Lines, JSON list)"),
        ("records.json", "records (JSON Lines, JSON list)"),
    ],
)
def test_the_name_of_a_file_says_nothing(tmp_path, name, format):
    path = tmp_path / "notes.xyz"
    path.write_bytes((FORMATS / name).read_bytes())
    assert read_caption_file(path).format == format


@pytest.mark.parametrize(
    "text",
    [
        '{"file_name": "a.jpg", "text": "A dog, wet"}',
        '{"file_name": "a.jpg", "text": "A dog, wet"}\n',
        '[{"filename": "a.jpg", "id": 1, "caption_0": "A dog, wet", "caption_1": null}]',
        '{"images": [{"filename": "a.jpg", "sentences": [{"tokens": ["A", "dog,", "wet"]}]}]}',
        'id,text,file_name\n1,"A dog, wet",a.jpg\n',
        ",image,caption\n0,a.jpg,A dog, wet\n",  # pandas writes its index along
    ],
)
def test_more_variants(tmp_path, text):
    assert read_captions(write(tmp_path, text)) == {"a.jpg": ["A dog, wet"]}


def test_a_split_that_nobody_knows_is_noted(tmp_path):
    path = write(tmp_path, "image,caption,split\na.jpg,A dog,train\nb.jpg,A cat,holdout\n")
    found = read_caption_file(path)
    assert found.splits == {"train": ["a.jpg"], "dev": [], "test": []}
    assert found.dropped == {"images of an unknown split": ["b.jpg: holdout"]}


@pytest.mark.parametrize("name", ["coco.json", "flickr8k.token.txt", "kaggle_captions.txt"])
def test_other_formats_have_no_splits(name):
    assert read_caption_file(FORMATS / name).splits == {}


def test_csv_module_writes_what_we_read(tmp_path):
    rows = [("a.jpg", 'She said "hi, you"; #1'), ("a.jpg", "| one | two |"), ("b.jpg", "A")]
    with (tmp_path / "captions.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("image", "caption"), *rows])
    captions = read_captions(tmp_path / "captions.csv")
    assert captions == {"a.jpg": [rows[0][1], rows[1][1]], "b.jpg": ["A"]}


def test_unknown_format_shows_the_first_line_and_what_is_known(tmp_path):
    path = write(tmp_path, "\nonce upon a time\nthere was a dog\n")
    with pytest.raises(CaptionFormatError) as error:
        read_captions(path)
    for part in (str(path), "once upon a time", "token file", "CSV", "Karpathy", "COCO"):
        assert part in str(error.value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a.jpg\nb.jpg\n",  # a split list
        "a.jpg\tb.jpg#2\t1\t1\t1\n",  # Flickr8k's ExpertAnnotations.txt
        "a.jpg\tb.jpg#2\t0.3\t1\t2\n",  # CrowdFlowerAnnotations.txt
        '{"scenes": {}}',
        '{"images": [{"filename": "a.jpg"}]}',
        '{"images": [{"filename": 7, "sentences": [], "split": ["train"]}], "annotations": [7]}',
        '[{"image_id": 42, "caption": "A result of the COCO toolkit names no file"}]',
        "[{}]",
        '{"images": [], "annotations": [{"image_id": 3, "bbox": []}]}',
    ],
)
def test_files_that_hold_no_captions_are_refused(tmp_path, text):
    with pytest.raises(CaptionFormatError, match="Known formats"):
        read_captions(write(tmp_path, text))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a.jpg#0\tA dog\na.jpg A cat\n", 2),
        ("image,caption\na.jpg,A dog\nb.jpg\n", 3),
        ('image,caption\na.jpg," A dog\nb.jpg,A cat\nc.jpg,A cow\n', 4),
        ("a.jpg| 0| A dog\nA cat\n", 2),
        ('{"images":\n[}', 2),
        ('{"image": "a.jpg", "caption": "A dog"}\n{"image": "b.jpg", "cap\n', 2),
    ],
)
def test_a_damaged_line_is_named(tmp_path, text, line):
    with pytest.raises(CaptionFormatError, match=rf"some\.file, line {line}: "):
        read_captions(write(tmp_path, text))


def test_an_open_quotation_mark_does_not_swallow_a_large_file(tmp_path):
    text = 'image,caption\na.jpg," A dog\n' + "b.jpg,A cat\n" * 20_000
    with pytest.raises(CaptionFormatError, match="quotation mark"):
        read_captions(write(tmp_path, text))


@pytest.mark.parametrize("encoding", ["latin-1", "cp949"])
def test_another_encoding_names_the_line(tmp_path, encoding):
    word = "café" if encoding == "latin-1" else "개"
    path = write(tmp_path, f"a.jpg#0\tA dog\na.jpg#1\tA {word} !\n", encoding)
    with pytest.raises(CaptionFormatError, match="line 2: not UTF-8"):
        read_captions(path)


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        (
            "A black dog and a tri-colored dog , playing .",
            "a black dog and a tri-colored dog playing",
        ),
        ("The DOG's t-shirt", "the dog's t-shirt"),
        ("the dog’s ball", "the dog's ball"),
        ("the boys' 'new' -red- ball", "the boys new red ball"),
        ("one--two - three...four/five_six", "one two three four five six"),
        ("2 dogs, 10-year-old", "2 dogs 10-year-old"),
        ("Ein Hund läuft über die Straße", "ein hund läuft über die straße"),
        ("L'été, ça va ?", "l'été ça va"),
        ("Σκύλος στο νερό", "σκύλος στο νερό"),
        ("घोड़ा दौड़ता है।", "घोड़ा दौड़ता है"),
        ("कुत्ता", "कुत्ता"),
        ("一只狗 ， 在跑", "一只狗 在跑"),
        ("!!! -- ' \t\n", ""),
        ("A", "a"),
    ],
)
def test_clean_caption(raw, clean):
    assert clean_caption(raw) == unicodedata.normalize("NFC", clean)
    assert clean_caption(unicodedata.normalize("NFD", raw)) == unicodedata.normalize("NFC", clean)
    assert clean_caption(clean) == clean_caption(raw)


def test_letters_keep_their_marks():
    assert clean_caption("می‌روم") == "می‌روم"  # a joiner of no width inside the word
    assert len(clean_caption("कि").split()) == 1


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("A dog's t-shirt", "dogs tshirt"),
        ("the dog’s ball", "the dogs ball"),
        ("An at&t sign in Washington D.C.", "an att sign in washington dc"),
        ("I see 2 dogs , a 10-year-old and x2", "see dogs and"),
        ("A", ""),
        ("Fu.\u0308r", "für"),  # what closes up is in normal form as well
    ],
)
def test_classic_cleaning(raw, clean):
    assert clean_caption(raw, CLASSIC_CLEANING) == clean


@pytest.mark.parametrize(
    ("cleaning", "clean"),
    [
        (Cleaning(), "a dog's 2 t-shirts"),
        (Cleaning(one_letter_words=False), "dog's t-shirts"),
        (Cleaning(numbers=False), "a dog's t-shirts"),
        (Cleaning(joiners=False), "a dogs 2 tshirts"),
    ],
)
def test_each_option_drops_its_own_words(cleaning, clean):
    assert clean_caption("A dog's 2 T-shirts .", cleaning) == clean


def test_clean_captions_drops_what_becomes_empty():
    raw = {"a.jpg": ["A dog .", "?"], "b.jpg": ["A", "."]}
    assert clean_captions(raw) == {"a.jpg": ["a dog"], "b.jpg": ["a"]}
    assert clean_captions(raw, CLASSIC_CLEANING) == {"a.jpg": ["dog"]}
    assert empty_after_cleaning(raw) == [("a.jpg", "?"), ("b.jpg", ".")]
    assert empty_after_cleaning(raw, CLASSIC_CLEANING) == [
        ("a.jpg", "?"),
        ("b.jpg", "A"),
        ("b.jpg", "."),
    ]


def test_count_words():
    counts = count_words({"a.jpg": ["a dog", "a cat"], "b.jpg": ["a dog"]})
    assert counts == Counter({"a": 3, "dog": 2, "cat": 1})


def test_descriptions_come_back_as_written(tmp_path):
    descriptions = {"ü.jpg": ["a dog", "ein großer hund"], "b.jpg.1": ["a"]}
    write_descriptions(descriptions, tmp_path / "descriptions.txt")
    data = (tmp_path / "descriptions.txt").read_bytes()
    assert data == "ü.jpg\ta dog\nü.jpg\tein großer hund\nb.jpg.1\ta\n".encode()
    assert read_descriptions(tmp_path / "descriptions.txt") == descriptions


def test_descriptions_with_a_damaged_line(tmp_path):
    with pytest.raises(CaptionFormatError, match="line 2"):
        read_descriptions(write(tmp_path, "a.jpg\ta dog\nb.jpg a cat\n"))


@pytest.mark.parametrize("line", ["\n", "\r", " \r\n", ",\n"])
def test_lines_without_end_are_refused_before_they_are_read(tmp_path, line, monkeypatch):
    monkeypatch.setattr("helpers.captions.source.MOST_LINES", 1000)
    path = tmp_path / "captions.csv"
    good = "image,caption\ndog.jpg,A dog runs.\n"
    path.write_text(good + line * 998, newline="")
    assert read_captions(path) == {"dog.jpg": ["A dog runs."]}
    path.write_text(good + line * 999, newline="")
    with pytest.raises(CaptionFormatError, match=r"csv: 1,001 lines are more than 1,000\. Delete"):
        read_captions(path)
