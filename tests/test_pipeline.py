"""The pipeline: what it builds, what it refuses, what it never looks at."""

import json
import os
import pickle
import re
import runpy
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from socket import gethostname
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from PIL import Image

from conftest import few_quick
from ctrl_c import LISTEN
from helpers.captioner import Captioner
from helpers.captions import read_descriptions
from helpers.datasets import Dataset, open_dataset
from helpers.features import (
    Features,
    Reduction,
    fit_reduction,
    load_features,
    save_features,
    stamp_of,
)
from helpers.files import LockedError
from helpers.models import DECODERS, Decoder, MergeDecoder, repeat_rows
from helpers.pipeline import PipelineError, Workspace, materials, recipe_for, workspace
from helpers.pipeline.__main__ import main, parse_arguments
from helpers.pipeline.record import read_record
from helpers.self_critical import Criticism
from helpers.tokenizer import CaptionTokenizer
from helpers.training import RECIPES, Recipe

ROOT = Path(__file__).parents[1]
NUMBERS = 8  # per photo, in these tests
SPLITS = {
    "train": ["t0.jpg", "t1.jpg", "t2.jpg", "t3.jpg"],
    "dev": ["d0.jpg", "d1.jpg"],
    "test": ["x0.jpg", "x1.jpg"],
}
ANIMALS = {"train": "dog", "dev": "cat", "test": "zebra"}  # one word that no other split has
NAMES = [name for names in SPLITS.values() for name in names]
TINY_SIZES = {"embedding_size": 4, "units": 8}
TINY = Recipe(epochs=1, batch_size=4, min_count=1, max_length=8, mirror=False, sizes=TINY_SIZES)


class FakeEncoder:
    """Means of colours in place of Xception."""

    name, image_size, feature_shape = "xception", 8, (NUMBERS,)

    def encode(self, pixels):
        """Return float32 (photos, NUMBERS)."""
        return np.resize(pixels.mean((1, 2)).T, (NUMBERS, len(pixels))).T.astype("float32")


@pytest.fixture
def folder(tmp_path):
    """A data set of eight photos in the layout of Flickr8k."""
    return write_dataset(tmp_path / "tiny")


def write_dataset(folder):
    """Write that data set; return its folder."""
    (folder / "images").mkdir(parents=True)
    lines = []
    for split, names in SPLITS.items():
        (folder / f"Flickr_8k.{split}Images.txt").write_text("\n".join(names))
        for number, name in enumerate(names):
            Image.new("RGB", (8, 8), (60 * number, 90, 30)).save(folder / "images" / name)
            for place, text in enumerate(["A {} runs .", "The {} is on grass ."]):
                lines.append(f"{name}#{place}\t{text.format(ANIMALS[split])}")
    (folder / "Flickr8k.token.txt").write_text("\n".join(lines))
    return folder


@pytest.fixture
def dataset(folder):
    return open_dataset(folder)


@pytest.fixture
def ready(work, folder, uncompiled):
    """The work folder of `tiny` with features in it, so that no encoder is needed."""
    place = materials.work_folder(open_dataset(folder))
    place.mkdir()
    vectors = np.random.default_rng(7).normal(size=(len(NAMES), NUMBERS)).astype("float16")
    stamps = [stamp_of(folder / "images" / name) for name in NAMES]
    save_features(Features("xception", NAMES, vectors, stamps), place / "features.pkl")
    return place


class Guess(Decoder):
    """A decoder of two layers, built, saved and loaded in no time."""

    def __init__(self, vocab_size, feature_size, **others):
        sizes = {"vocab_size": vocab_size, "feature_size": feature_size, **others}
        super().__init__(sizes, (feature_size,))
        self.standardise = keras.layers.Normalization()
        self.image_dense = keras.layers.Dense(vocab_size)
        self.embedding = keras.layers.Embedding(vocab_size, vocab_size)

    def call(self, inputs, training=False):
        features, word_ids = inputs
        return self.start(features)[0][:, None] + self.embedding(word_ids)

    def start(self, features):
        return self.image_dense(self.standardise(features)), ()

    def step(self, word_ids, state):
        logits = repeat_rows(state[0], len(word_ids)) + self.embedding(word_ids)
        return logits, state


@pytest.fixture
def guessing(monkeypatch):
    """Put a decoder that is made quickly in the place of those that see a photo as a whole."""
    for kind in ("merge", "concatenate"):
        monkeypatch.setitem(DECODERS, kind, type(kind, (Guess,), {"kind": kind}))


@pytest.fixture
def no_training(monkeypatch, guessing):
    """Leave the models untrained; return what training was given."""
    given = {"count": 0}

    def note(model, train, dev, recipe, *_, **options):
        given.update(train=train, dev=dev, count=given["count"] + 1)
        return {"val_loss": [1.0]}

    monkeypatch.setattr(workspace, "train_decoder", note)
    return given


def arguments(folder, out, *more):
    return ["--dataset", str(folder), "--out", str(out), *more]


def refusal(capsys, *command):
    """Run the command line, expect exit code 1 and a message; return the message."""
    assert main(arguments(*command)) == 1
    message = capsys.readouterr().err
    assert message.strip() and "Traceback" not in message
    return message


# What is built, and what is not built twice


def test_no_two_folders_share_their_work(work, tmp_path):
    """Not even one called as a lesson's is, or as the course's own data are."""
    sets = [open_dataset(write_dataset(tmp_path / place / "shop")) for place in ("a", "b/c")]
    sets += [open_dataset(write_dataset(tmp_path / name)) for name in ("mini", "flickr8k")]
    folders = [Workspace(dataset).folder for dataset in (*sets, open_dataset("mini"))]
    assert len({*folders}) == 5 and all(folder.parent == work for folder in folders)
    assert folders[-1].name == "mini" and folders[0].name.startswith("shop-")
    assert [dataset.name for dataset in sets] == ["shop", "shop", "my-mini", "my-flickr8k"]
    assert Workspace(open_dataset(tmp_path / "a" / ".." / "a" / "shop")).folder == folders[0]


def test_each_step_makes_its_file_once(dataset, ready, capsys, monkeypatch):
    made = Workspace(dataset).descriptions
    assert made["x0.jpg"] == ["a zebra runs", "the zebra is on grass"]
    tokenizer = Workspace(dataset).tokenizer(TINY)
    assert "dog" in tokenizer.words and "zebra" not in tokenizer.words
    monkeypatch.setattr(materials, "write_descriptions", None)
    monkeypatch.setattr(CaptionTokenizer, "save", None)
    again = Workspace(dataset)
    assert again.descriptions == made and again.tokenizer(TINY).words == tokenizer.words
    assert capsys.readouterr().out == ""


@pytest.fixture
def loads(monkeypatch):
    """The names of the features files that are read, one for each time."""
    read = []
    monkeypatch.setattr(
        materials, "load_features", lambda path: read.append(path.name) or load_features(path)
    )
    return read


@pytest.mark.slow
def test_one_training_loads_the_features_once(
    folder, ready, tmp_path, loads, monkeypatch, no_training
):
    """They were loaded nine times: by every batch maker, and by every score."""
    monkeypatch.setitem(RECIPES["mini"], "merge", TINY)
    assert main(arguments(folder, tmp_path / "out")) == 0
    assert loads == ["features.pkl"]


def test_features_are_extracted_once_and_mirrored_for_training_alone(dataset, work, monkeypatch):
    encoders = []
    monkeypatch.setattr(
        materials, "load_encoder", lambda name, changes=None: encoders.append(name) or FakeEncoder()
    )
    for _ in range(2):
        assert set(Workspace(dataset, work).features().names) == set(NAMES)
        assert Workspace(dataset, work).features(mirror=True).names == SPLITS["train"]
    assert encoders == ["xception"] * 2


# Kept under what it was made of


def rewrite(folder, old, new):
    """Change the captions of a data set, and open it."""
    tokens = folder / "Flickr8k.token.txt"
    tokens.write_text(tokens.read_text().replace(old, new))
    return open_dataset(folder)


def test_edited_captions_are_cleaned_and_learnt_anew(folder, dataset, ready, capsys):
    first = Workspace(dataset)
    assert "dog" in first.tokenizer(TINY).words
    second = Workspace(rewrite(folder, "dog", "hound"))
    assert "hound" in second.tokenizer(TINY).words and "dog" not in second.tokenizer(TINY).words
    assert read_descriptions(ready / "descriptions.txt") == second.descriptions
    said = capsys.readouterr().out.splitlines()
    assert [line.split("/")[-1] for line in said] == [
        "descriptions.txt was made of other captions: it is made anew",
        "tokenizer.json was made of other captions: it is made anew",
    ]


def test_another_min_count_is_another_tokenizer(dataset, ready):
    work = Workspace(dataset)
    assert len(work.tokenizer(TINY)) > 5 == len(work.tokenizer(replace(TINY, min_count=5)))
    assert len(CaptionTokenizer.load(ready / "tokenizer.json")) == 5


@pytest.mark.parametrize("file", ["descriptions.txt", "tokenizer.json"])
def test_files_that_something_else_wrote_are_replaced(dataset, ready, capsys, file):
    (ready / file).write_text("neither captions nor words")
    work = Workspace(dataset)
    assert "dog" in work.tokenizer(TINY).words and len(work.descriptions) == len(NAMES)
    assert f"{file} was made of other captions" in capsys.readouterr().out
    assert Workspace(dataset).tokenizer(TINY).words == work.tokenizer(TINY).words
    assert capsys.readouterr().out == ""


def test_features_of_replaced_photos_are_made_anew(dataset, ready, monkeypatch, capsys):
    monkeypatch.setattr(materials, "load_encoder", lambda name, changes=None: FakeEncoder())
    monkeypatch.setattr(Features, "stale", lambda *_: "t1.jpg was replaced since")
    old = load_features(ready / "features.pkl").vectors
    assert not np.array_equal(Workspace(dataset).features().vectors, old)
    assert "features.pkl: t1.jpg was replaced since; it is made anew" in capsys.readouterr().out


def test_features_of_another_encoder_are_made_anew(dataset, ready, monkeypatch, capsys):
    old = load_features(ready / "features.pkl")
    save_features(Features("vgg16", old.names, old.vectors, old.stamps), ready / "features.pkl")
    monkeypatch.setattr(materials, "load_encoder", lambda name, changes=None: FakeEncoder())
    assert Workspace(dataset).features().encoder == "xception"
    assert "those of 'vgg16', not of 'xception'" in capsys.readouterr().out


@pytest.mark.parametrize("protocol", [4, 5])
def test_features_of_before_are_made_anew(dataset, ready, monkeypatch, capsys, protocol):
    old = load_features(ready / "features.pkl")
    (ready / "features.pkl").write_bytes(pickle.dumps(vars(old), protocol))
    monkeypatch.setattr(materials, "load_encoder", lambda name, changes=None: FakeEncoder())
    made = Workspace(dataset).features()
    assert made.names == load_features(ready / "features.pkl").names == old.names
    told = (
        "features.pkl: a course of before 2026-12 wrote it, in a way that is no longer read; it is"
    )
    assert f"{told} made anew" in capsys.readouterr().out


def change_nothing(folder, ready):
    return {}


def change_recipe(folder, ready):
    return {"recipe": replace(TINY, batch_size=3)}


def change_seed(folder, ready):
    return {"seed": 8}


def change_captions(folder, ready):
    rewrite(folder, "dog", "hound")
    return {}


def change_photos(folder, ready):
    old = load_features(ready / "features.pkl")
    changed = Features("xception", old.names, old.vectors + 1, old.stamps)
    save_features(changed, ready / "features.pkl")
    return {}


CHANGES = [
    (change_nothing, ""),
    (change_recipe, "batch_size 4, not 3"),
    (change_seed, "seed 3, not 8"),
    (change_captions, "other captions"),
    (change_photos, "other photos"),
]


@pytest.mark.parametrize("change, problem", few_quick(CHANGES))
def test_a_captioner_of_something_else_is_trained_anew(
    folder, dataset, ready, no_training, capsys, tmp_path, change, problem
):
    Workspace(dataset).captioner(TINY, 3)
    shutil.copytree(ready / "captioner", tmp_path / "mine")
    before = {path: path.read_bytes() for path in (tmp_path / "mine").glob("*.*")}
    asked, no_training["count"] = {"recipe": TINY, "seed": 3, **change(folder, ready)}, 0
    work = Workspace(open_dataset(folder))
    captioner = work.captioner(**asked)
    said = capsys.readouterr().out
    assert no_training["count"] == bool(problem) and captioner.config["seed"] == asked["seed"]
    assert (f"something else ({problem}): it is trained anew" in said) == bool(problem)
    work.captioner(**asked)
    assert no_training["count"] == bool(problem) and "anew" not in capsys.readouterr().out
    if problem:  # a folder that the user named stays as it is
        with pytest.raises(PipelineError, match=r"mine holds .* choose another folder, or delete"):
            work.captioner(**asked, folder=tmp_path / "mine")
    assert before == {path: path.read_bytes() for path in before} and len(before) == 4


def test_a_captioner_of_before_gets_what_its_search_needs(dataset, ready, no_training):
    work = Workspace(dataset)
    captioner = work.captioner(TINY, 3)
    assert captioner.rarity and captioner.config["search"] == TINY.search
    lacking = {"search", "function_words"}
    config = {key: value for key, value in captioner.config.items() if key not in lacking}
    found = work.with_phrases(replace(captioner, config=config, rarity=None))
    assert found.decoder is captioner.decoder and found.rarity.unseen == captioner.rarity.unseen
    assert {key: found.config[key] for key in lacking} == {
        key: captioner.config[key] for key in lacking
    }


def test_who_asks_for_no_recipe_takes_the_captioner_there_is(dataset, ready, no_training, capsys):
    Workspace(dataset).captioner(replace(TINY, epochs=2), 3)
    assert Workspace(dataset).captioner().config["seed"] == 3
    assert no_training["count"] == 1 and "anew" not in capsys.readouterr().out


@pytest.mark.slow
def test_an_old_captioner_is_compared_by_what_is_known(dataset, ready, no_training, capsys):
    work = Workspace(dataset)
    captioner = work.captioner(TINY, 3)
    del captioner.config["made of"], captioner.config["recipe"]["mirror"]
    captioner.save(ready / "captioner")
    assert Workspace(dataset).captioner(TINY, 3).config["seed"] == 3
    assert "not known of which captions and photos; it is used" in capsys.readouterr().out
    Workspace(dataset).captioner(TINY, 4)
    assert no_training["count"] == 2 and "(seed 3, not 4)" in capsys.readouterr().out


def test_a_training_killed_while_it_replaces_a_captioner_leaves_none(
    dataset, ready, no_training, monkeypatch
):
    Workspace(dataset).captioner(TINY, 3)

    def killed(self, folder):
        assert not (folder / "config.json").exists()
        raise OSError("killed")

    monkeypatch.setattr(Captioner, "save", killed)
    with pytest.raises(OSError, match="killed"):
        Workspace(dataset).captioner(TINY, 4)


@pytest.mark.slow
@pytest.mark.parametrize("criticism", [None, Criticism(epochs=1)])
def test_a_kill_before_the_captioner_is_saved_loses_no_training(
    dataset, ready, monkeypatch, eager, capfd, criticism
):
    """The last epoch is kept until the captioner is."""
    options = {"recipe": replace(TINY, epochs=2), "criticism": criticism}
    whole = Workspace(dataset).captioner(folder="whole", **options)

    def killed(self, folder):
        if folder.name == "captioner":
            raise SystemExit
        save(self, folder)

    save = Captioner.save
    with monkeypatch.context() as dying:
        dying.setattr(Captioner, "save", killed)
        with pytest.raises(SystemExit):
            Workspace(dataset).captioner(**options)
    capfd.readouterr()
    resumed = Workspace(dataset).captioner(**options)
    assert "Epoch" not in capfd.readouterr().out, "it is trained already"
    for weight, other in zip(resumed.decoder.weights, whole.decoder.weights, strict=True):
        np.testing.assert_allclose(weight, other, atol=1e-4)
    assert resumed.config.get("dev loss") == whole.config.get("dev loss")
    assert not (ready / "captioner" / "unfinished").exists()


def test_a_folder_that_cannot_be_written_names_the_cure(dataset, tmp_path, monkeypatch, capsys):
    (tmp_path / "course").write_text("no folder can be made in a file")
    monkeypatch.setenv("CAPTION_WORK", str(tmp_path / "course" / "work"))
    with pytest.raises(PipelineError, match="can't be written; set .* CAPTION_WORK to"):
        Workspace(dataset)
    monkeypatch.setattr(materials.os, "access", lambda *_: False)
    with pytest.raises(PipelineError, match="CAPTION_WORK"):
        Workspace(dataset, tmp_path / "there")


HOLD = """
import sys, time
from helpers.files import locked
with locked(sys.argv[1]):
    print("held", flush=True)
    time.sleep(float(sys.argv[2]))
"""


def hold(path, seconds, root):
    """Let another program hold a lock for some time; return when it does."""
    command = [sys.executable, "-c", HOLD, str(path), str(seconds)]
    program = subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True)
    assert program.stdout.readline() == "held\n"
    return program


def test_a_folder_in_which_another_program_trains_is_named(
    dataset, ready, no_training, root, capsys, tmp_path
):
    work = Workspace(dataset)
    program = hold(ready / "captioner", 60, root)
    since = r", since 20\d\d-\d\d-\d\d \d\d:\d\d, is at work on .*captioner; wait for it"
    with pytest.raises(LockedError, match=rf"process {program.pid} on {gethostname()}{since}"):
        work.captioner(TINY)
    program.kill()
    program.wait()
    assert work.captioner(TINY) and no_training["count"] == 1, "a kill opens the lock"


@pytest.mark.slow
def test_features_that_another_program_extracts_are_waited_for(dataset, ready, root, capsys, loads):
    program = hold(ready / "features.pkl", 1, root)
    assert Workspace(dataset).features().names == NAMES
    assert f"process {program.pid} on" in capsys.readouterr().out
    program.wait()


# Features of other kinds


@pytest.mark.parametrize("size", [0, 1e-3, 1, 1e3])
@pytest.mark.parametrize("photos", [1, 3])
def test_photos_that_are_all_alike_leave_room_for_others(size, photos):
    """A single photo varies in nothing: what differs from it was divided by nearly nothing."""
    decoder = MergeDecoder(5, 4, **TINY_SIZES)
    decoder.build()
    vector = np.float32(size) * np.arange(1, 5, dtype="float32")
    decoder.learn_spread(np.tile(vector, (photos, 1)))
    assert np.abs(decoder.standardise(2 * vector[None] + size)).max() < 10


@pytest.mark.slow
def test_too_few_photos_are_a_warning(monkeypatch, work, tmp_path, capsys, no_training):
    monkeypatch.setattr(materials, "load_encoder", lambda name, changes=None: FakeEncoder())
    dataset = open_dataset(write_dataset(tmp_path / "tiny"))
    photos = len(dataset.splits["train"])
    for few in (photos, photos + 1):
        monkeypatch.setattr(workspace, "FEW", few)
        Workspace(dataset).captioner(TINY, folder=f"below {few}")
        warned = f"warning: photos to train on: {photos}, too few" in capsys.readouterr().out
        assert warned == (few > photos)


def test_a_number_that_never_varied_does_not_drown_the_others_when_it_does():
    vectors = np.random.default_rng(1).normal(5, 2, (50, 4)).astype("float32")
    vectors[:, 2] = 0
    decoder = MergeDecoder(6, 4, 4, 4)
    decoder.learn_spread(vectors)
    layer = decoder.standardise
    ordinary = keras.layers.Normalization()
    ordinary.adapt(vectors)
    kept = [0, 1, 3]
    ours, theirs = np.asarray(layer(vectors)), np.asarray(ordinary(vectors))
    np.testing.assert_allclose(ours[:, kept], theirs[:, kept], atol=1e-5)
    new = np.full((1, 4), 5, "float32")
    assert np.abs(np.asarray(layer(new))).max() < 10 < np.abs(np.asarray(ordinary(new))).max()


@pytest.mark.slow
def test_random_weights_are_told_in_files_config_and_scores(
    folder, ready, tmp_path, monkeypatch, capsys, eager
):
    """VGG16 that could not be downloaded: nobody may take its scores for VGG16's."""

    class Random(FakeEncoder):
        name = "vgg16-random"

    names = []
    monkeypatch.setattr(
        materials, "load_encoder", lambda name, changes=None: names.append(name) or Random()
    )
    assert main(arguments(folder, tmp_path / "out", "--model", "concatenate", "--epochs", "1")) == 0
    assert names == ["vgg16", "vgg16-random"]
    assert (ready / "vgg16-random.npy").exists() and not (ready / "vgg16.npy").exists()
    config = json.loads((tmp_path / "out" / "config.json").read_text())
    assert (config["decoder"], config["encoder"]) == ("concatenate", "vgg16-random")
    assert config["encoder_weights"] == "random weights"
    scores = [line for line in capsys.readouterr().out.splitlines() if "BLEU-4" in line]
    assert len(scores) == 8
    assert all(line.endswith("(encoder: random weights)") for line in scores)
    monkeypatch.setattr(workspace, "train_decoder", None)  # what is there is not trained again
    assert main(arguments(folder, tmp_path / "out", "--model", "concatenate", "--epochs", "1")) == 0


def test_features_that_lack_a_photo_are_made_anew(dataset, ready, monkeypatch):
    old = load_features(ready / "features.pkl")
    fewer = Features("xception", old.names[1:], old.vectors[1:], old.stamps[1:])
    save_features(fewer, ready / "features.pkl")
    monkeypatch.setattr(materials, "load_encoder", lambda name, changes=None: FakeEncoder())
    assert set(Workspace(dataset).features().names) == set(NAMES)


@pytest.mark.parametrize(
    "name, photos, small",
    [("mini", 440, True), ("holiday", 50, True), ("holiday", 6000, False)],
)
def test_a_small_folder_gets_the_small_recipe(name, photos, small):
    """Of a few hundred captions, five uses of a word is too much to ask."""
    dataset = Dataset(name, {}, {}, {"train": ["photo"] * photos}, "")
    small_recipe = RECIPES["mini"]["merge"]
    assert recipe_for(dataset) == (small_recipe if small else Recipe())


class GridEncoder(FakeEncoder):
    """Six regions a photo, in place of Xception's grid."""

    name, feature_shape = "xception-grid", (6, NUMBERS)

    def encode(self, pixels):
        """Return float32 (photos, 6, NUMBERS)."""
        rows = np.repeat(super().encode(pixels)[:, None], 6, axis=1)
        return rows + np.arange(6, dtype="float32")[:, None]


ATTENTION_SIZES = {**TINY_SIZES, "attention_size": 4}
TINY_ATTENTION = replace(
    TINY, decoder="attention", encoder="xception-grid", mirror=True, sizes=ATTENTION_SIZES
)


@pytest.mark.slow
def test_the_attention_model_trains_on_grids_and_is_scored_on_them(
    dataset, work, monkeypatch, uncompiled, eager
):
    monkeypatch.setattr(materials, "load_encoder", lambda name, changes=None: GridEncoder())
    folder, work = work, Workspace(dataset, work)
    captioner = work.captioner(TINY_ATTENTION)
    assert captioner.config["decoder"] == "attention"
    assert captioner.config["encoder"] == "xception-grid"
    assert {"xception-grid.npy", "mirror-xception-grid.npy"} <= {p.name for p in folder.iterdir()}
    assert captioner.config["dev loss"] < 5
    scores = work.score(captioner, "dev")
    assert scores["mean length"] >= 0
    batches = work.batches("train", TINY_ATTENTION, 1)
    (features, inputs), _ = next(iter(batches))
    assert features.shape[1:] == (6, NUMBERS) and len(inputs) == 2 * len(features)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["attention", "transformer"])
def test_reducing_becomes_part_of_the_first_layer(kind):
    random = np.random.default_rng(6)
    regions = random.normal(3, 2, size=(4, 6, 7)).astype("float32")
    regions[1, 4:] = 0  # padding
    reduction = fit_reduction(regions[0], 3)
    narrow = DECODERS[kind](
        6, 3, **{"attention": ATTENTION_SIZES, "transformer": {"width": 8}}[kind]
    )
    narrow.build()
    narrow.set_spread(0, 1)
    wide = narrow.widened(reduction.mean, reduction.spread, reduction.axes)
    assert wide.sizes["feature_size"] == 7
    words = np.array([[2, 4, 5]] * 4)
    logits = narrow((reduction(regions), words))
    np.testing.assert_allclose(wide((regions, words)), logits, atol=1e-5)


@pytest.mark.slow
def test_a_captioner_of_reduced_regions_reads_whole_ones(
    folder, work, tmp_path, monkeypatch, capsys, uncompiled, eager
):
    encode = GridEncoder.encode
    monkeypatch.setattr(materials, "load_encoder", lambda name, changes=None: GridEncoder())
    tiny = {"attention": replace(TINY_ATTENTION, epochs=1)}
    monkeypatch.setitem(RECIPES, "mini", tiny)
    record, more = tmp_path / "runs.json", ["--model", "attention", "--components", "2"]
    more += ["--record", str(record), "--self-critical", "1"]
    assert main(arguments(folder, tmp_path / "out", *more)) == 0
    captioner = Captioner.load(tmp_path / "out")
    assert captioner.config["encoder"] == "xception-grid"
    assert captioner.config["recipe"]["components"] == 2
    assert captioner.config["self-critical"]["learning_rate"] == 2e-5  # the merge model has 5e-5
    assert captioner.decoder.sizes["feature_size"] == NUMBERS
    (run,) = read_record(record)["runs"]
    assert run["name"] == "attention-xception-grid-2-self-critical"
    made = materials.work_folder(open_dataset(folder))
    assert load_features(made / "mirror-xception-grid-2.npy").vectors.shape == (4, 6, 2)
    grid, recipe = load_features(made / "xception-grid.npy"), captioner.config["recipe"]
    (view,) = Workspace(open_dataset(folder)).views(Recipe(**{**recipe, "mirror": False}), True)
    reduction = Reduction.load(made / "xception-grid-2.npz")
    np.testing.assert_allclose(view.vectors, reduction(grid.vectors), atol=0.01)
    capsys.readouterr()
    old = (made / "xception-grid-2.npy").read_bytes()
    monkeypatch.setattr(GridEncoder, "encode", lambda self, pixels: 3 + encode(self, pixels) ** 2)
    (made / "xception-grid.npy").unlink()  # other photos: what was reduced of them goes too
    Workspace(open_dataset(folder)).views(Recipe(**recipe), True)
    assert (made / "xception-grid-2.npy").read_bytes() != old
    said = capsys.readouterr().out
    assert "2.npz was made of other photos" in said and "2.npy was made of other photos" in said


@pytest.mark.slow
def test_regions_from_a_folder_train_from_the_command_line(
    folder, work, tmp_path, capsys, uncompiled, eager
):
    boxes, random = tmp_path / "boxes", np.random.default_rng(1)
    boxes.mkdir()
    for number, name in enumerate(NAMES):
        np.save(boxes / f"{Path(name).stem}.npy", random.normal(size=(3 + number, 5)))
    more = ["--model", "attention", "--regions", str(boxes), "--epochs", "1"]
    assert main(arguments(folder, tmp_path / "out", *more)) == 0
    captioner = Captioner.load(tmp_path / "out")
    assert captioner.config["encoder"] == "regions"
    assert captioner.decoder.sizes["feature_size"] == 5
    capsys.readouterr()
    Workspace(open_dataset(folder)).regions("elsewhere")
    assert "regions.npy is there already: it is used" in capsys.readouterr().out
    (boxes / "t0.npy").unlink()
    (materials.work_folder(open_dataset(folder)) / "regions.npy").unlink()
    message = refusal(capsys, folder, tmp_path / "other", *more)
    assert "t0.npy" in message and "regions of t0.jpg" in message


@pytest.mark.parametrize("option", [["--regions", "boxes"], ["--components", "2"]])
def test_regions_are_of_no_use_to_the_merge_model(folder, tmp_path, capsys, option):
    with pytest.raises(SystemExit):
        main(arguments(folder, tmp_path / "out", *option))
    assert f"{option[0]} needs --model attention" in capsys.readouterr().err


@pytest.mark.parametrize(
    "options, problem",
    [
        ([], "gives regions, which merge can't read; take --decoder attention"),
        (["--model", "attention"], None),
        (["--model", "attention", "--regions", "boxes"], "give one of them"),
    ],
)
def test_an_encoder_is_chosen_or_refused(capsys, options, problem):
    command = arguments("mini", "out", "--encoder", "xception-grid", *options)
    if problem is None:
        assert parse_arguments(command).encoder == "xception-grid"
        return
    with pytest.raises(SystemExit):
        parse_arguments(command)
    assert problem in capsys.readouterr().err


def test_a_decoder_without_a_recipe_of_its_own_gets_the_usual_one(dataset, monkeypatch):
    monkeypatch.delitem(RECIPES["mini"], "concatenate")
    recipe = recipe_for(dataset, "concatenate")
    usual = RECIPES["mini"]["merge"]
    assert recipe == replace(usual, decoder="concatenate", encoder="vgg16", sizes={})


def test_a_captioner_comes_back_as_it_was_saved(dataset, ready, no_training):
    first = Workspace(dataset).captioner(TINY, seed=3)
    again = Workspace(dataset).captioner(TINY)
    for one, other in zip(first.decoder.weights, again.decoder.weights, strict=True):
        np.testing.assert_array_equal(one.numpy(), other.numpy())
    assert again.config["seed"] == 3 and again.config["dev loss"] == 1.0
    assert again.config["dataset"] == "tiny"


# The test split steers nothing


def test_training_never_meets_the_test_split(dataset, ready, no_training, monkeypatch):
    asked = []
    select, references = Features.select, Dataset.references
    monkeypatch.setattr(Features, "select", lambda self, n: asked.extend(n) or select(self, n))
    monkeypatch.setattr(
        Dataset, "references", lambda self, s: asked.append(s) or references(self, s)
    )
    captioner = Workspace(dataset).captioner(TINY)
    assert set(asked) == {*SPLITS["train"], *SPLITS["dev"]}
    words = captioner.tokenizer.words
    assert "dog" in words and not {"cat", "zebra"} & set(words)
    for split in ("train", "dev"):
        batches = no_training[split]
        wanted = load_features(ready / "features.pkl").rows(SPLITS[split])
        np.testing.assert_array_equal(batches.views[0][:], wanted)
        assert len(batches.ids) == 2 * len(SPLITS[split])
    train = no_training["train"].views[0]
    np.testing.assert_allclose(
        captioner.decoder.standardise.mean.numpy()[0], train[:].mean(0), atol=1e-3
    )
    asked.clear()
    scores = Workspace(dataset).score(captioner, beam_size=1)
    assert asked == [*SPLITS["test"], "test"] and "CIDEr-D" in scores


# Mistakes of the person at the keyboard


def test_an_unknown_folder_is_named(tmp_path, work, capsys):
    message = refusal(capsys, tmp_path / "nowhere", tmp_path / "out")
    assert "nowhere" in message and message.count("\n") == 1


def test_a_folder_without_captions_is_named(folder, tmp_path, work, capsys):
    (folder / "Flickr8k.token.txt").unlink()
    message = refusal(capsys, folder, tmp_path / "out")
    assert message.startswith(f"{folder}: no captions file found")


def test_a_broken_image_is_named(folder, tmp_path, work, capsys, monkeypatch):
    (folder / "images" / "d1.jpg").write_bytes(b"\xff\xd8 no photo")
    monkeypatch.setattr(materials, "load_encoder", lambda name, changes=None: FakeEncoder())
    message = refusal(capsys, folder, tmp_path / "out")
    last = [line for line in message.splitlines() if "d1.jpg" in line]
    assert len(last) == 1 and "run again" in message


@pytest.mark.parametrize(
    "content, problem",
    [
        (pickle.dumps({"x0.jpg": [1.0, 2.0]}), "not a features file"),
        (pickle.dumps(Path("a-class-of-another-program")), "not a features file"),
        (b"no pickle at all", "not a features file"),
    ],
)
def test_a_foreign_features_file_is_refused(content, problem, folder, ready, tmp_path, capsys):
    (ready / "features.pkl").write_bytes(content)
    message = refusal(capsys, folder, tmp_path / "out")
    assert problem in message and "features.pkl" in message and message.count("\n") == 1


def test_a_folder_that_cannot_be_made_is_told_before_the_training(
    folder, ready, tmp_path, capsys, no_training
):
    (tmp_path / "out").write_text("a file")
    message = refusal(capsys, folder, tmp_path / "out")
    assert str(tmp_path / "out") in message and message.count("\n") == 1
    assert not no_training["count"]


def test_a_captioner_of_other_data_is_not_overwritten(
    folder, dataset, ready, tmp_path, capsys, no_training, monkeypatch
):
    monkeypatch.setitem(RECIPES["mini"], "merge", TINY)
    captioner = Workspace(dataset).captioner(TINY, 7, tmp_path / "out")
    captioner.config["dataset"] = "flickr8k"
    captioner.save(tmp_path / "out")
    message = refusal(capsys, folder, tmp_path / "out")
    assert "something else (dataset 'flickr8k', not 'tiny'); choose another" in message


@pytest.mark.parametrize("epochs", ["0", "-1", "many"])
def test_epochs_are_at_least_one(epochs, folder, tmp_path, capsys):
    with pytest.raises(SystemExit) as end:
        main(arguments(folder, tmp_path / "out", "--epochs", epochs))
    assert end.value.code == 2
    assert epochs in capsys.readouterr().err


def test_an_interrupt_ends_in_130_and_a_message(folder, ready, tmp_path, capsys, monkeypatch):
    def interrupt(*_, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(workspace, "train_decoder", interrupt)
    assert main(arguments(folder, tmp_path / "out")) == 130
    assert "run the same command again" in capsys.readouterr().err


@pytest.fixture
def interrupted(monkeypatch, guessing):
    """Every training stops in its second epoch; returns which weights each of them found."""
    found = []

    def stop(*given, **options):
        backup = next(item for item in given if isinstance(item, Path))
        weights = backup / "latest.weights.h5"
        found.append(weights.exists() and weights.read_text())
        backup.mkdir(exist_ok=True)
        weights.write_text(f"of training {len(found)}")
        raise KeyboardInterrupt

    monkeypatch.setattr(workspace, "train_decoder", stop)
    monkeypatch.setattr(workspace, "train_on_score", stop)
    return found


OTHERS = [
    (["--seed", "2"], "seed"),
    (["--epochs", "9"], "epochs"),
    (["--precision", "mixed_bfloat16"], "precision"),
    (["--decoder", "concatenate"], "decoder"),
]


@pytest.mark.parametrize("more, changed", few_quick(OTHERS))
def test_what_another_training_left_is_dropped(
    folder, ready, tmp_path, capsys, interrupted, monkeypatch, more, changed
):
    monkeypatch.setitem(RECIPES["mini"], "merge", TINY)
    monkeypatch.setitem(RECIPES["mini"], "concatenate", replace(TINY, decoder="concatenate"))
    for options in ([], [], more, more):
        assert main(arguments(folder, tmp_path / "out", *options)) == 130
    assert interrupted == [False, "of training 1", False, "of training 3"]
    said = [line for line in capsys.readouterr().out.splitlines() if "another training" in line]
    assert len(said) == 1 and changed in said[0] and "begins anew" in said[0]
    note = tmp_path / "out" / "unfinished" / "run.json"
    assert json.loads(note.read_text("utf-8"))["seed"] == (2 if changed == "seed" else 7)


def test_other_captions_and_a_backup_of_unknown_origin_begin_anew(
    folder, dataset, ready, capsys, interrupted
):
    for file in (None, "run.json", "descriptions.txt"):
        if file == "run.json":
            (ready / "captioner" / "unfinished" / file).unlink()
        if file == "descriptions.txt":
            dataset = rewrite(folder, "dog", "grass")
        with pytest.raises(KeyboardInterrupt):
            Workspace(dataset).captioner(TINY)
    assert interrupted == [False, False, False]
    said = capsys.readouterr().out
    assert "(which one is not known)" in said and "(captions)" in said


@pytest.mark.slow
def test_a_first_stage_is_not_taken_for_a_second(
    folder, dataset, ready, tmp_path, capsys, interrupted, monkeypatch
):
    monkeypatch.setitem(RECIPES["mini"], "merge", TINY)
    out = tmp_path / "out"
    assert main(arguments(folder, out)) == 130
    with monkeypatch.context() as trained:
        trained.setattr(workspace, "train_decoder", lambda *_, **options: {"val_loss": [1.0]})
        Workspace(dataset).captioner(TINY, 7, out / "word-by-word")
    for more in ([], ["--seed", "7"], ["--self-critical", "4"]):
        assert main(arguments(folder, out, "--self-critical", "3", *more)) == 130
    assert interrupted == [False, False, "of training 2", False]
    said = capsys.readouterr().out
    assert said.count("(self-critical)") == 2
    assert said.count("word-by-word is trained already, with seed 7: it goes on from there") == 3
    message = refusal(capsys, folder, out, "--self-critical", "3", "--seed", "8")
    assert "word-by-word holds a captioner of something else (seed 7, not 8)" in message


@pytest.mark.slow
def test_self_critical_training_is_a_second_stage(
    folder, ready, tmp_path, capsys, monkeypatch, eager
):
    monkeypatch.setitem(RECIPES["mini"], "merge", TINY)
    out, drawn = tmp_path / "out", []
    inputs = np.ones((1, NUMBERS)), np.array([[2, 5]])

    def note(model, batches, backup, callbacks, keep_backup):
        drawn.append((batches.criticism, sorted(batches.references.values()), model(inputs)))
        model.word_logits.bias.assign_add(np.eye(model.word_logits.bias.shape[0])[5])

    monkeypatch.setattr(workspace, "train_on_score", note)
    assert main(arguments(folder, out, "--self-critical", "3")) == 0
    first, second = Captioner.load(out / "word-by-word"), Captioner.load(out)
    criticism, references, logits = drawn[0]
    assert np.allclose(logits, first.decoder(inputs), atol=1e-5), "it begins as the first one ended"
    assert criticism.epochs == 3 and "zebra" not in str(references) and "cat" not in str(references)
    assert second.config["self-critical"]["epochs"] == 3 and "self-critical" not in first.config
    moved = np.subtract(second.decoder.get_weights()[-1], first.decoder.get_weights()[-1])
    assert np.allclose(moved, np.eye(len(moved))[5], atol=0.01)
    assert "scores" in second.config and "scores" not in first.config
    shutil.rmtree(out / "word-by-word")
    record = tmp_path / "runs.json"
    again = arguments(folder, out, "--self-critical", "3", "--record", str(record))
    assert main(again) == 0 and len(drawn) == 1, "what is done is scored, and nothing is trained"
    assert not (out / "word-by-word").exists()
    assert json.loads(record.read_text())["runs"][0]["name"] == "merge-xception-self-critical"


# The whole way, as a command


def epochs_seen(text):
    return [int(number) for number in re.findall(r"^Epoch (\d+)/", text, re.MULTILINE)]


@pytest.mark.slow
def test_the_command_trains_scores_and_goes_on_after_an_interrupt(folder, ready, tmp_path, capsys):
    """One run is stopped by Ctrl-C; the next goes on after its last whole epoch, to the end."""
    out, epochs = tmp_path / "out", "60"
    command = arguments(folder, out, "--epochs", epochs)
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **LISTEN}
    options["env"] = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    module = [sys.executable, "-u", "-m", "helpers.pipeline"]
    stopped = subprocess.Popen([*module, *command], cwd=ROOT, **options)
    seen = ""
    for line in stopped.stdout:
        seen += line
        if line.startswith("Epoch 4/"):
            stopped.send_signal(signal.SIGINT)
            break
    rest, message = stopped.communicate(timeout=600)
    assert stopped.returncode == 130, message
    assert "run the same command again" in message and "Traceback" not in message
    assert not (out / "config.json").exists()
    last = epochs_seen(seen + rest)[-1]

    assert main(command) == 0
    printed = capsys.readouterr().out
    assert epochs_seen(printed)[0] in (last, last + 1)
    assert epochs_seen(printed)[-1] == int(epochs) and "begins anew" not in printed
    assert f"the captioner is in {out}" in printed and not (out / "unfinished").exists()

    scores = json.loads((out / "config.json").read_text("utf-8"))["scores"]
    searches = ["beam 1", "beam 3", "beam 5", "vote"]
    assert list(scores) == [f"{s}, {name}" for s in ("dev", "test") for name in searches]
    captioner = Captioner.load(out)
    features = load_features(ready / "features.pkl").rows(SPLITS["test"])
    captions = captioner.caption_features(features)
    assert len(captions) == len(features) and "zebra" not in " ".join(captions)


# Many machines


class WeighedEncoder(FakeEncoder):
    """Has weights that can be compared with those of another machine."""

    network = SimpleNamespace(get_weights=lambda: [np.ones(3, "float32")])

    def __init__(self, name, changes=None):
        assert name == "xception" and changes is None


@pytest.mark.slow
def test_a_cluster_extracts_what_the_command_needs(
    folder, dataset, work, no_training, tmp_path, monkeypatch
):
    distributed = pytest.importorskip("distributed", reason="needs the extra “scale”")
    monkeypatch.setattr(materials, "load_encoder", WeighedEncoder)
    monkeypatch.setitem(RECIPES, "mini", {"merge": replace(TINY, mirror=True)})
    Workspace(dataset, work).features()
    Workspace(dataset, work).features(mirror=True)
    monkeypatch.setattr(materials, "extract_features", None)  # nobody extracts here
    options = {"dashboard_address": None, "silence_logs": 50, "protocol": "tcp"}
    with distributed.LocalCluster(n_workers=2, processes=False, **options) as cluster:
        more = ["--scheduler", cluster.scheduler_address]
        assert main(arguments(folder, tmp_path / "out", *more)) == 0
    for name in ("features.pkl", "mirror-features.pkl"):
        assert (materials.work_folder(open_dataset(folder)) / name).read_bytes() == (
            work / name
        ).read_bytes()
    (
        materials.work_folder(open_dataset(folder)) / "mirror-features.pkl"
    ).unlink()  # a captioner that is only scored needs none
    assert main(arguments(folder, tmp_path / "out", "--scheduler", "tcp://127.0.0.1:1")) == 0


@pytest.mark.slow
def test_a_scheduler_that_is_not_there_is_named(folder, work, tmp_path, capsys, monkeypatch):
    pytest.importorskip("distributed", reason="needs the extra “scale”")
    monkeypatch.setattr("helpers.clusters.PATIENCE", 1)
    monkeypatch.setattr(materials, "load_encoder", WeighedEncoder)
    message = refusal(capsys, folder, tmp_path / "out", "--scheduler", "tcp://127.0.0.1:1")
    assert "no Dask scheduler answers at tcp://127.0.0.1:1; start one" in message
    assert not list(materials.work_folder(open_dataset(folder)).glob("*.part*"))


# The record of runs


@pytest.mark.slow
def test_runs_are_recorded_side_by_side(folder, ready, no_training, tmp_path):
    path = tmp_path / "results.json"
    for seed in ("2", "1", "2"):
        out = tmp_path / f"out{seed}"
        assert main(arguments(folder, out, "--seed", seed, "--record", str(path))) == 0
    content = json.loads(path.read_text("utf-8"))
    assert [(run["name"], run["seed"]) for run in content["runs"]] == [
        ("merge-xception", 1),
        ("merge-xception", 2),
    ]
    config = Captioner.load(tmp_path / "out2").config
    assert content["runs"][1]["scores"] == config["scores"]
    assert set(content["baselines"]["tiny"]) == {"constant", "people"}


@pytest.mark.slow
def test_captioners_together_are_scored_and_recorded(
    folder, ready, no_training, tmp_path, monkeypatch, capsys
):
    script = runpy.run_path(str(ROOT / "tests" / "benchmarks" / "together.py"))
    path, outs = tmp_path / "results.json", [str(tmp_path / f"out{seed}") for seed in "12"]
    for out, seed in zip(outs, "12", strict=True):
        assert main(arguments(folder, out, "--seed", seed, "--record", str(path))) == 0
    runs = read_record(path)["runs"]
    command = ["together.py", *outs, "--dataset", str(folder), "--record", str(path)]
    monkeypatch.setattr(sys, "argv", command)
    capsys.readouterr()
    script["main"]()
    record = read_record(path)
    assert record["runs"] == runs and record["together"]["names"] == ["merge-xception"]
    assert record["together"]["seeds"] == [1, 2]
    assert list(record["together"]["scores"]) == list(runs[0]["scores"])
    assert len(capsys.readouterr().out.splitlines()) == 8


@pytest.mark.slow
def test_captioners_together_choose_by_their_mean(folder, ready, no_training, tmp_path):
    script = runpy.run_path(str(ROOT / "tests" / "benchmarks" / "together.py"))
    outs = [tmp_path / "out1", tmp_path / "out2"]
    for out, seed in zip(outs, "12", strict=True):
        assert main(arguments(folder, out, "--seed", seed)) == 0
    one, two = (Captioner.load(out) for out in outs)
    features = load_features(ready / "features.pkl").vectors[:].astype("float32")
    mean = sum(keras.ops.softmax(first_logits(captioner, features)) for captioner in (one, two)) / 2
    joined = np.exp(first_logits(script["join"]([one, two]), features))
    np.testing.assert_allclose(joined, mean, rtol=1e-4)
    two.tokenizer = CaptionTokenizer([*two.tokenizer.words[:-1], "other"], 8)
    with pytest.raises(SystemExit, match="different words"):
        script["join"]([one, two])
    two.tokenizer, two.config["encoder"] = one.tokenizer, "vgg16"
    with pytest.raises(SystemExit, match="one reads xception, one vgg16"):
        script["join"]([one, two])


def first_logits(captioner, features):
    """What a captioner's decoder says of the first word of each photo, with no word barred."""
    start = np.full(len(features), captioner.tokenizer.START, "int32")
    return captioner.decoder.step(start, captioner.decoder.start(features))[0]


BROKEN_RECORDS = {
    "half of one": '{"runs": [',
    "another thing": "[1, 2]",
    "no runs": '{"baselines": {}}',
    "runs of another kind": '{"runs": [3], "baselines": {}}',
    "runs without a seed": '{"runs": [{"name": "a"}], "baselines": {}}',
    "no text": b"\xff\xfe\x00{",
    "nested without end": "[" * 100_000,
}


@pytest.mark.parametrize("kind", BROKEN_RECORDS)
def test_a_record_that_can_t_be_read_is_said_before_the_training(kind, folder, tmp_path, capsys):
    record, content = tmp_path / "runs.json", BROKEN_RECORDS[kind]
    record.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert main(arguments(folder, tmp_path / "out", "--record", str(record))) == 1
    said = capsys.readouterr()
    assert f"{record} is no record of trainings (" in said.err and not said.out
    assert said.err.count("\n") == 1 and not (tmp_path / "out").exists()


def test_captions_without_a_word_to_learn_train_nothing(folder, work, ready):
    workspace = Workspace(open_dataset(folder))
    with pytest.raises(PipelineError, match="no word occurs 9 times or more in 8 training"):
        workspace.tokenizer(replace(TINY, min_count=9))
