"""The captioners that come with the course: small, complete, with a record, and they see."""

import json

import numpy as np
import pytest

from helpers.captioner import DEFAULT, Captioner, captioner_names
from helpers.captioner.confidence import WORLD
from helpers.captioner.folder import CAPTIONERS, CHANGES, FILES
from helpers.captioner.ngrams import NGRAMS
from helpers.datasets import open_dataset

MEGABYTES = {"merge-xception": 5, "attention-xception": 12}
REGIONS = 100
each_captioner = pytest.mark.parametrize("name", captioner_names())


def test_there_is_the_captioner_that_commands_take_when_none_is_named():
    assert DEFAULT in captioner_names()


@each_captioner
def test_the_folder_holds_a_few_small_files(name):
    files = list((CAPTIONERS / name).iterdir())
    names = {file.name for file in files}
    assert {*FILES, NGRAMS} <= names <= {*FILES, NGRAMS, WORLD, CHANGES}
    assert sum(file.stat().st_size for file in files) <= 1e6 * MEGABYTES.get(name, 2)


@each_captioner
def test_the_config_records_how_it_was_made_and_what_it_reached(name):
    config = json.loads((CAPTIONERS / name / "config.json").read_text("utf-8"))
    assert {"dataset", "recipe", "seed", "date", "versions", "scores"} <= config.keys()
    assert "dev loss" in config or config["self-critical"]["epochs"] > 0
    assert config["recipe"]["precision"] in ("float32", "mixed_bfloat16")
    for split in ("dev", "test"):
        for search in ("beam 1", "beam 3", "beam 5", "vote"):
            scores = config["scores"][f"{split}, {search}"]
            assert scores["BLEU-1"] > scores["BLEU-4"] > 10 and scores["CIDEr-D"] > 30


@pytest.mark.slow
@each_captioner
def test_other_features_give_other_captions(name):
    captioner = Captioner.load(name)
    standardise = captioner.decoder.standardise
    mean, spread = np.asarray(standardise.mean), np.sqrt(np.asarray(standardise.variance))
    shape = [size or REGIONS for size in captioner.decoder.feature_shape]
    noise = np.random.default_rng(1).normal(0, 1, (8, shape[-1]))
    features = (mean + spread * noise).reshape(8, -1).astype("float32")
    if len(shape) == 2:  # all regions of a photo alike: what differs by chance would even out
        features = np.repeat(features[:, None], shape[0], axis=1)
    captions = captioner.caption_features(features, 1)
    assert len(set(captions)) >= 3 and all(2 < len(text.split()) < 30 for text in captions)


@pytest.mark.slow
def test_drawn_dogs_and_drawn_boats_are_told_apart():
    dataset = open_dataset("mini")
    scenes = dataset.scenes["scenes"]
    kinds = [
        next(path for path in dataset.paths("test") if scenes[path.name]["object"] == kind)
        for kind in ("dog", "boat")
    ]
    first, second = Captioner.load().caption(kinds)
    assert first != second
