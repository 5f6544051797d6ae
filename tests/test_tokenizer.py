"""Words to ids and back."""

import json

import pytest

from helpers.tokenizer import CaptionTokenizer

CAPTIONS = ["a dog runs", "a dog sleeps", "the girl's t-shirt", "ein kleiner Bär läuft"]


@pytest.fixture
def tokenizer():
    return CaptionTokenizer.from_captions(CAPTIONS)


def test_the_markers_come_first_and_then_the_most_frequent_words(tokenizer):
    assert tokenizer.words[:6] == ["<pad>", "<unknown>", "<start>", "<end>", "a", "dog"]
    assert len(tokenizer) == len(set(tokenizer.words)) == 4 + 11


def test_every_caption_comes_back(tokenizer):
    assert [tokenizer.decode(tokenizer.encode(caption)) for caption in CAPTIONS] == CAPTIONS


def test_batches_are_padded_on_the_right(tokenizer):
    ids = tokenizer.encode_batch(["a dog", "a dog runs"])
    assert ids.tolist()[0] == [2, 4, 5, 3, 0, 0]
    assert ids.dtype == "int32" and ids.shape == (2, tokenizer.max_length)


def test_the_end_survives_truncation():
    tokenizer = CaptionTokenizer.from_captions(CAPTIONS, max_length=4)
    assert tokenizer.encode_batch(["a dog runs"]).tolist() == [[2, 4, 5, 3]]


def test_decoding_stops_at_the_end_and_drops_the_markers(tokenizer):
    assert tokenizer.decode([2, 4, 5, 3, 4, 4, 0]) == "a dog"
    assert tokenizer.decode([3, 4]) == ""


def test_rare_and_new_words_become_unknown():
    tokenizer = CaptionTokenizer.from_captions(CAPTIONS, min_count=2)
    assert tokenizer.words[4:] == ["a", "dog"]
    assert tokenizer.encode("a cat") == [2, 4, 1, 3]
    assert tokenizer.decode([2, 4, 1, 3]) == "a <unknown>"


def test_saved_and_loaded_it_is_the_same(tokenizer, tmp_path):
    path = tmp_path / "tokenizer.json"
    tokenizer.save(path)
    twin = CaptionTokenizer.load(path)
    assert twin.words == tokenizer.words and twin.max_length == tokenizer.max_length
    assert "läuft" in path.read_text("utf-8")


@pytest.mark.parametrize(
    "content",
    ["", "[]", '{"words": ["a"]}', json.dumps({"words": ["a", "b"], "max_length": 9})],
)
def test_a_file_that_is_no_tokenizer_is_named(tmp_path, content):
    path = tmp_path / "tokenizer.json"
    path.write_text(content)
    with pytest.raises(ValueError, match=r"tokenizer\.json is not a caption tokenizer"):
        CaptionTokenizer.load(path)


def test_a_missing_file_says_which_lesson_makes_it(tmp_path):
    with pytest.raises(FileNotFoundError, match="lesson 03"):
        CaptionTokenizer.load(tmp_path / "tokenizer.json")


def test_no_captions_is_an_error():
    with pytest.raises(ValueError, match="no captions"):
        CaptionTokenizer.from_captions([])


def test_words_twice_are_refused():
    with pytest.raises(ValueError, match="twice.*dog"):
        CaptionTokenizer([*CaptionTokenizer.MARKERS, "dog", "dog"], 5)
