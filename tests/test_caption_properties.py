"""Properties that hold for any text: readers read or refuse, cleaning is stable, writing safe."""

import json
import string
import tempfile
import unicodedata
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conftest import LONG
from helpers import captions as module
from helpers.captions import (
    CLASSIC_CLEANING,
    KEEP_EVERY_WORD,
    CaptionFormatError,
    Cleaning,
    clean_caption,
    clean_captions,
    lacks_spaces,
    read_caption_file,
    read_descriptions,
    single_letters,
    split_captions,
    write_coco,
    write_descriptions,
    write_tokens,
)
from helpers.metrics import normalise

FORMATS = Path(__file__).parent / "fixtures" / "formats"
FIXTURES = [path.read_bytes() for path in sorted(FORMATS.iterdir())]
EXAMPLES = (60, 2000)  # texts tried for each property
pytestmark = pytest.mark.long(*EXAMPLES)
settings.register_profile(
    "captions", max_examples=EXAMPLES[LONG], deadline=None, suppress_health_check=list(HealthCheck)
)
settings.load_profile("captions")

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
# Letters that readers and cleaning treat in a special way, more often than chance has them.
ODD = st.text(
    st.sampled_from(list("aB1 .,;|#\t\n\r\"'-_{}[]:\\\u0301\u200dİΣß狗กि’‐\ufeff")), max_size=30
)
CAPTIONS = st.one_of(TEXTS, ODD)
NAMES = st.text(st.sampled_from(string.ascii_letters + string.digits + "_-. #é"), min_size=1)
NAMES = NAMES.map(lambda name: f"{name.strip()}.jpg")
GROUPS = st.dictionaries(NAMES, st.lists(CAPTIONS, min_size=1, max_size=3), min_size=1, max_size=4)
CLEANINGS = st.builds(Cleaning, st.booleans(), st.booleans(), st.booleans())


@pytest.fixture(scope="module")
def path():
    """A file that every example writes anew."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "captions"


def try_to_read(path: Path, data: bytes) -> None:
    """Read bytes: captions come out as texts of images, or a CaptionFormatError."""
    path.write_bytes(data)
    try:
        found = read_caption_file(path)
    except CaptionFormatError as error:
        assert str(path) in str(error)
        return
    for name, texts in [*found.captions.items(), *found.splits.items()]:
        assert name and all(isinstance(text, str) for text in texts)
        name.encode(), "".join(texts).encode()
    assert set(found.splits) <= {"train", "dev", "test"}
    clean_captions(found.captions)


@given(st.one_of(CAPTIONS, st.lists(ODD).map("\n".join)))
def test_any_text_is_read_or_refused(path, text):
    try_to_read(path, text.encode())


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(path, data):
    try_to_read(path, data)


@given(st.sampled_from(FIXTURES), st.integers(0, 2000), st.integers(0, 12), ODD)
def test_a_damaged_file_is_read_or_refused(path, data, place, length, odd):
    place %= len(data)
    try_to_read(path, data[:place] + odd.encode() + data[place + length :])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ODD,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                "images annotations id image_id file_name filename caption sentences raw "
                "tokens split image text caption_0 data columns train val set_name image_name "
                "caption_str reference_strs captions filepath a.jpg".split()
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@given(JSON)
def test_any_json_is_read_or_refused(path, content):
    try_to_read(path, json.dumps(content).encode())


LISTS = st.lists(st.sampled_from([*"[](){}'\",\\ \nx5", "nan", "None", "\\x", "\\u", "a dog"]))


@given(LISTS.map("".join))
def test_any_cell_is_read_or_refused(path, cell):
    quoted = cell.replace('"', '""')
    try_to_read(path, f'image,caption\na.jpg,"[{quoted}"\n'.encode())
    try_to_read(path, f'image,caption\na.jpg,"{quoted}]"\n'.encode())


@given(st.lists(JSON, min_size=1, max_size=3))
def test_any_json_lines_are_read_or_refused(path, records):
    try_to_read(path, "\n".join(map(json.dumps, records)).encode())


@given(CAPTIONS, CLEANINGS)
def test_cleaning_is_stable(text, cleaning):
    clean = clean_caption(text, cleaning)
    assert clean_caption(clean, cleaning) == clean
    assert clean == clean.strip() and "  " not in clean
    assert not set(clean) & set('\t\n\r"_.,;#|{}[]')
    assert unicodedata.is_normalized("NFC", clean)


@given(CAPTIONS)
def test_words_are_cleaned_one_by_one(text):
    words = [clean_caption(word) for word in text.split()]
    assert clean_caption(text) == " ".join(filter(None, words))


@given(CAPTIONS)
def test_classic_cleaning_keeps_fewer_letters(text):
    classic, ours = clean_caption(text, CLASSIC_CLEANING), clean_caption(text, KEEP_EVERY_WORD)
    assert sum(map(str.isalnum, classic)) <= sum(map(str.isalnum, ours))


@given(CAPTIONS)
def test_scoring_sees_the_words_that_training_saw(text):
    assert normalise(clean_caption(text)) == clean_caption(text).split()


def stripped(captions: dict) -> dict:
    """Captions as every reader returns them: without blanks at their ends."""
    return {name.strip(): [text.strip() for text in texts] for name, texts in captions.items()}


@given(GROUPS)
def test_coco_comes_back(path, captions):
    splits = {"train": list(captions)[:1], "dev": list(captions)[1:2], "test": list(captions)[2:]}
    write_coco(captions, path, splits)
    found = read_caption_file(path)
    assert found.format == "COCO JSON" and found.dropped == {}
    assert found.captions == stripped(captions)
    assert found.splits == splits


@given(GROUPS)
def test_tokens_come_back(path, captions):
    write_tokens(captions, path)
    found = read_caption_file(path)
    lines = {
        n: [" ".join(filter(None, t.replace("\r", "\n").split("\n"))) for t in ts]
        for n, ts in captions.items()
    }
    assert found.format.startswith("Flickr8k") and found.captions.keys() == captions.keys()
    joined = {n: ["".join(t.split()) for t in ts] for n, ts in found.captions.items()}
    assert joined == {n: ["".join(t.split()) for t in ts] for n, ts in lines.items()}
    single = {n: [t for t in ts if not set(t) & set("\r\n")] for n, ts in captions.items()}
    for name, texts in stripped(single).items():
        assert set(texts) <= set(found.captions[name])


@given(GROUPS)
def test_descriptions_come_back(path, captions):
    descriptions = clean_captions(captions)
    write_descriptions(descriptions, path)
    assert read_descriptions(path) == descriptions


@given(GROUPS)
def test_single_letters_lose_nothing(captions):
    lacks_spaces(captions)
    for name, texts in split_captions(captions, single_letters).items():
        for spaced, text in zip(texts, captions[name], strict=True):
            assert "".join(spaced.split()) == "".join(text.split())


def test_the_properties_can_fail(monkeypatch):
    """A cleaning that forgets NFC, as an example: the properties have to notice."""
    broken = module.cleaning
    monkeypatch.setattr(broken.unicodedata, "normalize", lambda form, text: text)
    with pytest.raises(AssertionError):
        test_cleaning_is_stable.hypothesis.inner_test("n\u0303", KEEP_EVERY_WORD)
