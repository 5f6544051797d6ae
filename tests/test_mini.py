"""The captions of mini show what the lessons teach: slips, rare words, unknown ones, no words."""

import runpy
from collections import Counter
from pathlib import Path

import pytest

from helpers.captions import CLASSIC_CLEANING, clean_captions, count_words, empty_after_cleaning
from helpers.datasets import open_dataset

MINI = Path(__file__).parents[1] / "data" / "mini"


@pytest.fixture(scope="module")
def mini():
    return open_dataset("mini")


@pytest.fixture(scope="module")
def counts(mini):
    """How often each word occurs in each split."""
    cleaned = clean_captions(mini.captions)
    return {
        split: count_words({name: cleaned[name] for name in names})
        for split, names in mini.splits.items()
    }


@pytest.fixture(scope="module")
def slips():
    return runpy.run_path(str(MINI / "slips.py"))


def test_some_words_occur_once_in_training(counts):
    assert 30 <= Counter(counts["train"].values())[1] <= 100


@pytest.mark.parametrize("split", ["dev", "test"])
def test_some_words_of_other_splits_are_unknown_to_training(counts, split):
    unknown = sum(count for word, count in counts[split].items() if word not in counts["train"])
    assert 0.001 < unknown / counts[split].total() < 0.01


def test_one_training_caption_has_no_word_and_one_none_that_the_classic_cleaning_keeps(mini):
    ours = empty_after_cleaning(mini.captions)
    classic = empty_after_cleaning(mini.captions, CLASSIC_CLEANING)
    assert [text for _, text in ours] == ["..."] and len(classic) == 2
    assert {name for name, _ in classic} <= set(mini.splits["train"])
    assert f"captions empty after cleaning: 1 ({ours[0][0]})" in mini.report


def test_every_photo_of_dev_and_test_keeps_five_references(mini):
    cleaned = clean_captions(mini.captions)
    held_out = [*mini.splits["dev"], *mini.splits["test"]]
    assert {len(cleaned[name]) for name in held_out} == {5}


def test_a_word_names_one_value_only(mini):
    for key, values in mini.scenes["synonyms"].items():
        words = Counter(word for names in values.values() for word in set(names))
        twice = {word for word, count in words.items() if count > 1}
        assert twice <= {"stand", "standing", "stands"}, key  # of a horse, and of a car at rest


def test_rare_words_take_the_article_of_the_common_ones(slips):
    for common, rare in slips["RARE"].items():
        assert not {word[0] for word in [common, *rare]} & set("aeiou"), common


def test_rare_words_name_what_the_common_ones_name(mini, slips):
    for values in mini.scenes["synonyms"].values():
        for names in values.values():
            assert all(set(slips["RARE"].get(word, ())) <= set(names) for word in names)


def test_a_slip_gives_a_word_of_its_own(slips):
    rng = slips["random"].Random(1)
    known = {"boats", "bats", "boast"}
    for _ in range(50):
        assert slips["misspelt"]("boats", known, rng) not in known
