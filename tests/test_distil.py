"""The scripts that make the captioner that ships: what they write, what they work out on JAX."""

import importlib.util
import os
import subprocess
import sys
from importlib.machinery import PathFinder
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import ops

from helpers.captioner import Captioner
from helpers.datasets import Dataset, open_dataset
from helpers.encoders import load_encoder, read_changes
from helpers.images import image_pixels
from helpers.metrics import cider_d_each, ngram_rarity
from helpers.models import AttentionDecoder
from helpers.self_critical import AdvantageLoss, advantages
from helpers.tokenizer import CaptionTokenizer
from helpers.training import words_loss

ROOT = Path(__file__).parents[1]
SCENE = min((ROOT / "data/mini/Flicker8k_Dataset").glob("*.jpg"))
SENTENCES = ["a dog runs", "a red dog runs in the snow", "two dogs", "a man on a red bike", "snow"]
SIZES = {"feature_size": 3, "embedding_size": 4, "units": 4, "attention_size": 4}


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("distil", ROOT / "data/captioners/distil.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# Before and after the GPU


class NoEncoder:
    """In place of Xception, which takes long to load."""

    network = property(lambda self: self)

    def get_weights(self):
        return [np.arange(3), np.ones((2, 2))]


@pytest.fixture(scope="module")
def work(script, tmp_path_factory):
    """The work folder of two photos with five captions, one with one, and one left alone."""
    mini = open_dataset("mini")
    some = mini.splits["train"][:4]
    captions = {name: mini.captions[name] for name in some}
    own = Dataset("own", captions, mini.image_paths, {"train": some[:2]}, "")
    more = {"one.jpg": [" ".join(SENTENCES[0:1])], "many.jpg": SENTENCES[:2]}
    paths = dict.fromkeys(more, mini.image_paths[some[3]])
    patch, folder = pytest.MonkeyPatch(), tmp_path_factory.mktemp("work")
    with patch.context() as patched:
        patched.setattr(script, "load_encoder", lambda name: NoEncoder())
        small = script.replace(script.RECIPE, min_count=1, sizes=SIZES)
        patched.setattr(script, "RECIPE", small)
        script.prepare(folder, own, Dataset("more", more, paths, {}, ""))
    return folder


@pytest.mark.slow
def test_captions_of_both_are_prepared(work, script):
    tokenizer = Captioner.load(work / "captioner").tokenizer
    with np.load(work / "captions.npz") as arrays:
        ids, references, own, content = (
            arrays[name] for name in ("ids", "references", "own", "content")
        )
    assert own == 2 and ids.shape == (3, 5, 32) and references.shape == (3, 5, script.LONGEST)
    assert tokenizer.decode(ids[2, 0]) == "a dog runs" and not ids[2, 1:].any()
    np.testing.assert_array_equal(references[2, 0, :4], ids[2, 0, 1:5])  # with <end>
    assert content[tokenizer.ids["runs"]] and not content[tokenizer.ids["a"]]


def test_an_unknown_word_matches_none(script):
    tokenizer = CaptionTokenizer.from_captions(["a dog"] * 2)
    texts, rows = ["a dog", "a cat", "a bird"], np.array([0, 0, 1])
    known, cat, bird = script.references_of(texts, rows, tokenizer)[[0, 0, 1], [0, 1, 0], 1]
    assert known == tokenizer.ids["dog"] < len(tokenizer) <= cat < bird


def test_photos_and_weights_are_prepared(work, script):
    photos = np.load(work / "photos.npy", mmap_mode="r")
    assert photos.shape == (3, script.SIDE, script.SIDE, 3) and photos.dtype == "uint8"
    assert np.std(photos, axis=(1, 2, 3)).min() > 1
    with np.load(work / "encoder.npz") as arrays:
        assert [arrays[name].size for name in arrays.files] == [3, 4]


def learnt(work, change, student=2):
    """The file of a student, and what is in it."""
    decoder = AttentionDecoder(len(Captioner.load(work / "captioner").tokenizer), **SIZES)
    decoder.build()
    random = np.random.default_rng(student)
    weights = [random.normal(size=w.shape) for w in decoder.trainable_variables]
    arrays = {f"{place:03d}": weight for place, weight in enumerate(weights)}
    arrays |= {"mean": np.arange(3), "variance": np.arange(3) + 1}
    arrays["block14_sepconv1/pointwise_kernel"] = np.full((1, 1, 2, 2), change)
    np.savez(work / f"student-{student}.npz", **arrays)
    return weights


@pytest.mark.slow
def test_a_student_becomes_a_captioner(work, script, tmp_path):
    weights = learnt(work, 0.5)
    script.save(work, tmp_path, [2])
    captioner = Captioner.load(tmp_path)
    for found, weight in zip(captioner.decoder.trainable_variables, weights, strict=True):
        np.testing.assert_allclose(found.numpy(), weight, atol=2e-3)  # float16
    mean = captioner.decoder.standardise.adapt_mean.numpy()
    np.testing.assert_array_equal(mean, np.arange(3))
    changes = read_changes(captioner.changes)
    np.testing.assert_allclose(changes["block14_sepconv1/pointwise_kernel"], 0.5)
    assert captioner.config["search"]["kind"] == "vote"
    assert captioner.rarity.unseen == pytest.approx(np.log(2))


@pytest.mark.slow
def test_two_students_become_their_mean(work, script, tmp_path):
    weights = zip(learnt(work, 0.5, 2), learnt(work, 0.1, 3), strict=True)
    script.save(work, tmp_path, [2, 3])
    captioner = Captioner.load(tmp_path)
    for found, pair in zip(captioner.decoder.trainable_variables, weights, strict=True):
        np.testing.assert_allclose(found.numpy(), np.mean(pair, axis=0), atol=2e-3)
    changes = read_changes(captioner.changes)
    np.testing.assert_allclose(changes["block14_sepconv1/pointwise_kernel"], 0.3, rtol=1e-6)


@pytest.mark.slow
def test_a_student_with_the_frozen_encoder_brings_no_changes(work, script, tmp_path):
    learnt(work, 0)
    script.save(work, tmp_path, [2])
    assert Captioner.load(tmp_path).changes is None


# On the GPU


@pytest.fixture(scope="module")
def asked():
    """Captions, references and losses to work out."""
    random = np.random.default_rng(0)
    texts = [SENTENCES, SENTENCES[1:3], ["a man and two dogs run"]]
    captions = ["a red dog and a red dog", "two dogs", ""]
    tokenizer = CaptionTokenizer.from_captions([*sum(texts, []), *captions])
    references = np.zeros((3, 5, tokenizer.max_length), "int32")
    for photo, group in enumerate(texts):
        references[photo, : len(group), :-1] = tokenizer.encode_batch(group)[:, 1:]
    references[references == tokenizer.END] = 0
    written = np.pad(tokenizer.encode_batch(captions)[:, 1:], ((0, 0), (0, 2)))
    written[written == tokenizer.END] = 0
    return {
        "texts": texts,
        "said": captions,
        "captions": written,
        "references": references,
        "content": ~np.isin(tokenizer.words, ["a"]),
        "rewards": random.normal(size=(3, 5)).astype("float32"),
        "logits": random.normal(size=(3, 4, 9)).astype("float32"),
        "targets": np.array([[4, 5, 6, 3], [7, 8, 3, 0], [3, 0, 0, 0]]),
    }


@pytest.fixture(scope="module")
def exit_flow():
    """Photos that enter the exit flow, its weights, how they change, and what Keras makes of it."""
    network, random = load_encoder("xception-grid").network, np.random.default_rng(1)
    photo = image_pixels(SCENE, 299) / 127.5 - 1
    entry = network.get_layer("block13_sepconv1_act").input
    layers = keras.Model(entry, network.get_layer("block14_sepconv2_act").output)
    arrays = {weight.path: weight.numpy() for weight in network.weights}
    entered = keras.Model(network.input, entry)(photo[None].astype("float32")).numpy()
    by_keras = {"frozen": layers(entered).numpy()}
    for name in [f"block{block}_sepconv{layer}" for block in (13, 14) for layer in (1, 2)]:
        kernel = network.get_layer(name).weights[1]
        spread = np.std(kernel.numpy()) / 4
        arrays[name] = random.normal(0, spread, kernel.shape[2:]).astype("float32")
        kernel.assign_add(arrays[name][None, None])
    by_keras["changed"] = layers(entered).numpy()
    return {"entered": entered, **arrays}, by_keras


@pytest.fixture(scope="module")
def answers(asked, exit_flow, tmp_path_factory):
    """What the files for JAX make of it."""
    if not PathFinder.find_spec("jax"):  # `conftest.py` hides it from this process
        pytest.skip("needs jax")
    folder = tmp_path_factory.mktemp("jax")
    questions, answers = folder / "questions.npz", folder / "answers.npz"
    arrays = {name: asked[name] for name in asked if name not in ("texts", "said")}
    np.savez(questions, **arrays, **exit_flow[0])
    command = [sys.executable, ROOT / "tests/distil_on_jax.py", questions, answers]
    settings = {"KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"}
    settings["XLA_FLAGS"] = "--xla_backend_optimization_level=0"  # it compiles more than it runs
    subprocess.run(command, env=os.environ | settings, check=True)
    with np.load(answers) as arrays:
        return dict(arrays)


@pytest.mark.slow
def test_its_cider_d_is_that_of_the_course(asked, answers):
    rarity = ngram_rarity(asked["texts"], str.split)
    scores = np.array(cider_d_each(asked["texts"], asked["said"], rarity, str.split)) / 100
    assert scores[0] > 0.1 and scores[2] == 0
    np.testing.assert_allclose(answers["cider"], scores, rtol=1e-3)  # rarity is float16


@pytest.mark.slow
def test_only_content_words_count_as_repeated(answers):
    np.testing.assert_array_equal(answers["repeats"], [2, 0, 0])  # red and dog, but not a


@pytest.mark.slow
def test_its_losses_are_those_of_the_course(asked, answers):
    logits, targets = asked["logits"], asked["targets"]
    real = targets != 0
    loss = np.sum(answers["surprise"] * real) / real.sum()
    np.testing.assert_allclose(loss, words_loss(targets, logits, 0.1), rtol=1e-5)
    as_drawn = AdvantageLoss(0.5).call(targets, ops.convert_to_tensor(logits))
    np.testing.assert_allclose(np.sum(answers["drawn"] * real, -1), as_drawn, rtol=1e-5)
    gains = advantages(asked["rewards"]).ravel()
    np.testing.assert_allclose(answers["advantages"], gains, rtol=1e-4, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["frozen", "changed"])
def test_its_exit_flow_is_that_of_keras(answers, exit_flow, name):
    ours, layers = answers[name], exit_flow[1][name].reshape(1, 100, 2048)
    assert layers.max() > 0.5
    np.testing.assert_allclose(ours, layers, atol=1e-4 * layers.max())


@pytest.mark.slow
def test_a_change_moves_the_exit_flow(answers):
    assert np.abs(answers["frozen"] - answers["changed"]).max() > 0.1


@pytest.mark.slow
@pytest.mark.parametrize("name", ["weight", "average"])
def test_its_adam_is_that_of_keras(answers, name):
    np.testing.assert_allclose(answers[name], answers[f"{name} by Keras"], rtol=1e-4)


@pytest.mark.slow
def test_every_photo_has_its_row_in_every_view(answers):
    entered, grid, rest = (answers[f"looked {name}"] for name in ("entered", "grid", "rest"))
    np.testing.assert_array_equal(np.concatenate([grid, rest], -1), entered.reshape(15, 4, 3))
    means = (entered.mean((1, 2, 3)) + 1) * 127.5
    due = 40 * np.arange(5) + 10
    for view, tolerance in enumerate((1, 1, 10)):  # a crop may lie on one side
        np.testing.assert_allclose(means[5 * view :][:5], due, atol=tolerance)
    brighter = entered[:, :, 1].mean((1, 2)) > entered[:, :, 0].mean((1, 2))
    assert brighter[:5].all() and not brighter[5:10].any()


@pytest.mark.slow
def test_a_change_of_nothing_sees_what_was_stored(answers):
    assert np.abs(answers["stored"]).max() > 1
    assert np.corrcoef(answers["unchanged"].ravel(), answers["stored"].ravel())[0, 1] > 0.999


@pytest.mark.slow
def test_models_learn_the_words_and_draw_them(answers):
    said, drawn = answers["said"], answers["drawn ids"]
    said = np.pad(said, (0, drawn.shape[1] - len(said)))
    assert (drawn == said).all(axis=1).mean() > 0.8


@pytest.mark.slow
def test_the_exit_flow_learns_as_fast_as_it_is_told(answers):
    assert not answers["still"].any() and answers["moved"].min() > 1e-5
