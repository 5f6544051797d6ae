"""How far a caption can be trusted: strange pictures, unsure sentences, and files that lie."""

import json
import shutil
from dataclasses import asdict, replace

import numpy as np
import pytest

from helpers.captioner import Candidate, Captioner, CaptionerError, OwnCaptioner, is_sure
from helpers.captioner.__main__ import line_of
from helpers.captioner.confidence import WORLD, Trust, World, judges_of, rarity_of
from helpers.metrics import ngram_rarity
from helpers.models import MergeDecoder
from helpers.tokenizer import CaptionTokenizer

TRUST = Trust(constant=2.0, words=3.0, phrases=-0.5, strange=0.5, least=0.2)


@pytest.fixture(scope="module")
def photos():
    """Features of photos that vary along three directions of twenty, and little else."""
    random = np.random.default_rng(3)
    main = random.normal(size=(400, 3)) @ random.normal(size=(3, 20))
    return (main + 0.1 * random.normal(size=main.shape)).astype("float32")


@pytest.fixture(scope="module")
def world(photos):
    return World.of_photos(photos[:300], axes=3)


def test_strange_pictures_lie_outside_the_directions_of_the_photos(world, photos):
    strange = np.random.default_rng(4).normal(size=(50, 20)).astype("float32") * photos.std(axis=0)
    known, foreign = world.strangeness(photos[300:]), world.strangeness(strange)
    assert known.max() < foreign.min()


def test_regions_count_by_their_mean(world, photos):
    regions = np.stack([photos[:5] - 1, photos[:5] + 1], axis=1)
    np.testing.assert_allclose(world.strangeness(regions), world.strangeness(photos[:5]), rtol=1e-3)


def test_a_world_comes_back_from_its_file(world, photos, tmp_path):
    world.save(tmp_path / WORLD)
    again = World.load(tmp_path / WORLD)
    assert again.axes.shape == (3, 20) and again.mean.dtype == "float32"
    strange = photos[300:] + np.linspace(-2, 2, 20, dtype="float32")
    np.testing.assert_allclose(again.strangeness(strange), world.strangeness(strange), rtol=0.05)


@pytest.mark.parametrize("content", [b"", b"<html>", "other"])
def test_a_foreign_file_is_no_world(tmp_path, content):
    if content == "other":
        np.savez(
            tmp_path / WORLD, mean=np.ones(3), spread=np.ones(4), scales=1, axes=np.ones((2, 3))
        )
    else:
        (tmp_path / WORLD).write_bytes(content)
    with pytest.raises(ValueError, match=WORLD):
        World.load(tmp_path / WORLD)


def test_confidence_falls_with_strangeness_and_rises_with_sure_words():
    sure = [TRUST.confidence(strange, -0.3, 4.0) for strange in (0.2, 0.45, 0.5, 0.55, 2.0)]
    assert sure == sorted(sure, reverse=True) and sure[-1] < 1e-6
    assert sure[2] == pytest.approx(sure[0] / 2, rel=0.01)
    assert TRUST.confidence(0.2, -0.3, 4.0) > TRUST.confidence(0.2, -1.5, 4.0)
    assert TRUST.confidence(0.2, -0.3, 4.0) > TRUST.confidence(0.2, -0.3, 8.0)
    assert 0 <= TRUST.confidence(0, -1e9, 1e9) <= TRUST.confidence(0, 1e9, -1e9) <= 1


def test_phrases_that_people_use_are_less_rare():
    rarity = ngram_rarity([["a dog runs fast"], ["a dog runs"], ["the red ball"]], str.split)
    assert rarity_of("a dog runs".split(), rarity) < rarity_of("the red ball".split(), rarity)
    assert rarity_of("red dog runs".split(), rarity) == rarity.unseen == rarity_of([], rarity)


def test_without_a_measurement_nobody_is_confident(world, photos):
    rarity = ngram_rarity([["a dog"], ["a cat"]], str.split)
    known = asdict(TRUST)
    for lacking in [(None, world, rarity), (known, None, rarity), (known, world, None)]:
        assert [judge(-1, ["a"]) for judge in judges_of(*lacking, photos[:2])] == [(None, True)] * 2
    near, far = judges_of(
        known, world, rarity, np.stack([photos[0], photos[0] + 9 * photos[1] ** 2])
    )
    assert near(-0.1, "a dog".split())[0] > far(-0.1, "a dog".split())[0]


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """The folder of a captioner that knows its world, of four numbers; tests must not change it."""
    tokenizer = CaptionTokenizer([*CaptionTokenizer.MARKERS, "a", "dog"], 4)
    decoder = MergeDecoder(len(tokenizer), feature_size=4, embedding_size=4, units=5)
    config = {"search": {"kind": "beam", "beam_size": 2}, "function_words": ["a"]}
    config["confidence"] = asdict(TRUST)
    world = World(np.zeros(4, "float32"), np.ones(4, "float32"), np.eye(4, dtype="float32")[:2])
    rarity = ngram_rarity([["a dog"], ["a"], ["dog"]] * 3, str.split)
    folder = tmp_path_factory.mktemp("captioners") / "captioner"
    Captioner(tokenizer, decoder, config, rarity, world=world).save(folder)
    return folder


@pytest.fixture
def folder(saved, tmp_path):
    """A copy of that folder, to change."""
    return shutil.copytree(saved, tmp_path / "captioner")


def test_a_captioner_tells_its_confidence(folder, uncompiled):
    captioner = Captioner.load(folder)
    known, strange = np.eye(4, dtype="float32")[0], 9 * np.eye(4, dtype="float32")[3]
    here, there = captioner.feature_candidates(np.stack([known, strange]))
    assert 0.01 < here[0].confidence < 1 and there[0].confidence < 1e-6
    assert here[0].sure is (here[0].confidence >= 0.2) and not there[0].sure


@pytest.mark.slow
def test_without_its_world_it_tells_none_and_another_captioner_leaves_none(folder, uncompiled):
    captioner = Captioner.load(folder)
    known = OwnCaptioner(folder).identity
    replace(captioner, world=None).save(folder)
    assert not (folder / WORLD).exists() and OwnCaptioner(folder).identity != known
    (best, *_), *_ = Captioner.load(folder).feature_candidates(np.ones((1, 4), "float32"))
    assert best.confidence is None and best.sure


def test_a_captioner_that_has_lost_its_world_is_refused(folder):
    """It would be sure of everything."""
    (folder / WORLD).unlink()
    for read in (OwnCaptioner, Captioner.load):
        with pytest.raises(CaptionerError, match=f"needs {WORLD}, and there is none"):
            read(folder)


@pytest.mark.parametrize(
    "known",
    [
        [],
        {"least": 1},
        {**asdict(TRUST), "more": 1},
        {**asdict(TRUST), "least": "high"},
        {**asdict(TRUST), "words": None},
        {**asdict(TRUST), "words": True},
        {**asdict(TRUST), "constant": 1e300},
        {**asdict(TRUST), "strange": 0},
    ],
)
def test_a_config_that_lies_is_refused(folder, known):
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "confidence": known}))
    if known == []:
        pytest.raises(CaptionerError, Captioner.load, folder).match("an object is due")
    else:
        pytest.raises(CaptionerError, Captioner.load, folder).match('"confidence" in config.json')


GUESS = [Candidate("a dog", 0.5, confidence=0.1, sure=False), Candidate("a cat", 0.4)]


@pytest.mark.parametrize(
    "candidates, anyway, said",
    [
        (GUESS, False, "not sure"),
        (GUESS, True, "a dog"),
        ([], True, "not sure"),
        ([Candidate("a dog", 0.5)], False, "a dog"),
    ],
)
def test_the_command_says_that_it_is_not_sure(candidates, anyway, said):
    assert line_of("photo.jpg", candidates, False, anyway) == f"photo.jpg\t{said}"
    record = json.loads(line_of("photo.jpg", candidates, True, anyway))
    assert record["caption"] == (said if said != "not sure" else "")
    assert record["sure"] is is_sure(candidates)
    assert [each["caption"] for each in record["candidates"]] == [c.caption for c in candidates]
