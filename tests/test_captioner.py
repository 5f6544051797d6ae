"""A captioner's folder, its messages, its photos and its command line, with a toy model."""

import io
import json
import os
import runpy
import shutil
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from conftest import few_quick
from helpers.captioner import Captioner, CaptionerError, OwnCaptioner, Search, ours
from helpers.captioner import folder as folders
from helpers.captioner.__main__ import main
from helpers.captioner.folder import FILES, find_captioner
from helpers.captioner.ngrams import function_words, read_ngrams, write_ngrams
from helpers.encoders import ENCODERS
from helpers.images import ImageError
from helpers.metrics import ngram_rarity
from helpers.models import DECODERS, MergeDecoder
from helpers.tokenizer import CaptionTokenizer
from helpers.training import words_loss

ROOT = Path(__file__).parents[1]
SCENES = ROOT / "data" / "mini" / "Flicker8k_Dataset"
CAPTIONS = {
    (230, 20, 20): "a red dog runs",
    (20, 210, 20): "two green frogs sit by a lake",
    (20, 20, 220): "blue sky",
}
NO_DROPOUT = {"image_dropout": 0.0, "word_dropout": 0.0, "merge_dropout": 0.0}
FEATURES = np.array(list(CAPTIONS), "float32") / 255


class ColourEncoder:
    """Stands in for Xception: a photo's features are its mean red, green and blue."""

    name, image_size, feature_shape = "xception", 8, (3,)

    def __init__(self):
        self.batches = []

    def encode(self, pixels):
        self.batches.append(len(pixels))
        return pixels.mean(axis=(1, 2), dtype="float32") / 255


@pytest.fixture(scope="module")
def trained():
    """A toy captioner that knows three colours; tests must not change it."""
    keras.utils.set_random_seed(7)
    tokenizer = CaptionTokenizer.from_captions(CAPTIONS.values())
    model = MergeDecoder(len(tokenizer), 3, 16, 32, **NO_DROPOUT)
    model.standardise.adapt(FEATURES)
    model.build()
    ids = tokenizer.encode_batch(CAPTIONS.values())
    optimiser = keras.optimizers.Adam(0.02)
    optimiser.build(model.trainable_weights)

    @tf.function
    def step():  # `fit` would take three times as long
        with tf.GradientTape() as tape:
            loss = words_loss(ids[:, 1:], model((FEATURES, ids[:, :-1])))
        gradients = tape.gradient(loss, model.trainable_weights)
        optimiser.apply(gradients, model.trainable_weights)

    for _ in range(40):
        step()
    return Captioner(tokenizer, model, {"decoder": "merge", "encoder": "xception"})


@pytest.fixture(scope="module")
def saved(trained, tmp_path_factory):
    """The folder of the toy captioner; tests must not change it."""
    folder = tmp_path_factory.mktemp("captioners") / "toy"
    trained.save(folder)
    return folder


@pytest.fixture
def folder(saved, tmp_path):
    """A copy of that folder, to break."""
    return shutil.copytree(saved, tmp_path / "toy")


@pytest.fixture
def encoder(monkeypatch, uncompiled):
    """Every captioner loaded from now on sees colours only, and says so on standard output."""

    def load(name, changes=None):
        print("downloading", name)
        return ColourEncoder()

    spec = replace(ENCODERS["xception"], feature_shape=ColourEncoder.feature_shape)
    monkeypatch.setitem(ENCODERS, "xception", spec)
    monkeypatch.setattr(ours, "load_encoder", load)


@pytest.fixture(scope="module")
def loaded(saved):
    """The toy captioner from its folder, compiled once for many tests."""
    return Captioner.load(saved)


@pytest.fixture
def captioner(loaded):
    """The loaded captioner with an encoder of its own."""
    loaded.encoder = ColourEncoder()
    return loaded


def photo_of(colour, kind="PNG", mode="RGB"):
    """Return the bytes of a photo of one colour."""
    file = io.BytesIO()
    Image.new("RGB", (40, 30), colour).convert(mode).save(file, kind)
    return file.getvalue()


def change_config(folder, **changes):
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text("utf-8")), **changes}), "utf-8")


# The folder


@pytest.mark.parametrize("beam_size", [1, 3])
def test_the_toy_model_has_learnt_its_captions(trained, beam_size):
    assert trained.caption_features(FEATURES, beam_size) == list(CAPTIONS.values())


@pytest.mark.parametrize("beam_size", [1, 2, 5])
def test_a_captioner_says_the_same_after_saving_and_loading(trained, loaded, beam_size):
    between = (FEATURES + np.roll(FEATURES, 1, axis=0)) / 2
    features = np.concatenate([FEATURES, between])
    captions = trained.caption_features(features, beam_size)
    assert loaded.caption_features(features, beam_size) == captions


def test_logits_change_little_by_the_rounding_to_float16(trained, loaded):
    ids = trained.tokenizer.encode_batch(CAPTIONS.values())
    before = np.asarray(trained.decoder((FEATURES, ids)))
    after = np.asarray(loaded.decoder((FEATURES, ids)))
    assert 0 < np.abs(after - before).max() < 1e-2


@pytest.mark.slow
def test_a_second_round_trip_changes_nothing(trained, folder, tmp_path):
    once = Captioner.load(folder)
    once.save(tmp_path / "again")
    pairs = zip(
        once.decoder.weights, Captioner.load(tmp_path / "again").decoder.weights, strict=True
    )
    assert all(np.array_equal(first, second) for first, second in pairs)


def test_the_folder_holds_three_files_that_name_no_program(folder):
    assert sorted(path.name for path in folder.iterdir()) == sorted(FILES)
    config = json.loads((folder / "config.json").read_text("utf-8"))
    assert config["decoder"] == "merge" and config["encoder"] == "xception"
    assert config["sizes"]["feature_size"] == 3 and config["sizes"]["units"] == 32
    with h5py.File(folder / "decoder.weights.h5") as weights:
        kinds = []
        weights.visititems(lambda name, item: kinds.append(str(getattr(item, "dtype", "group"))))
    assert "float16" in kinds and set(kinds) <= {"group", "float16", "float32", "int32", "int64"}


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["merge", "attention"])
def test_a_folder_from_before_decoders_had_their_name_says_the_same(kind, tmp_path, uncompiled):
    """Until November 2026 config.json called the decoder "model", in its recipe as well."""
    tokenizer = CaptionTokenizer.from_captions(CAPTIONS.values())
    captioner = Captioner(tokenizer, DECODERS[kind](len(tokenizer), 3, 16, 32))
    shape = [size or 4 for size in captioner.decoder.feature_shape]
    features = np.random.default_rng(0).normal(size=(5, *shape))
    captioner.config |= {"recipe": {"decoder": kind, "epochs": 3}, "image_size": 299}
    captioner.save(tmp_path)
    today = json.loads((tmp_path / "config.json").read_text("utf-8"))
    before = {("model" if key == "decoder" else key): value for key, value in today.items()}
    before["recipe"] = {"model": kind, "epochs": 3}
    now = Captioner.load(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps(before), "utf-8")
    old = Captioner.load(tmp_path)
    assert old.config == now.config and old.config["recipe"] == {"decoder": kind, "epochs": 3}
    captions = now.caption_features(features, 1)
    assert old.caption_features(features, 1) == captions and any(captions)


@pytest.mark.parametrize("name", FILES)
def test_a_write_that_fails_leaves_the_old_file(trained, folder, monkeypatch, name):
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    other = Captioner(trained.tokenizer, trained.decoder.copy(), {"encoder": "another"})

    def fail(self, *_, **__):
        raise OSError(28, "No space left on device")

    broken = {"config.json": (Path, "write_text"), "decoder.weights.h5": (h5py.Group, "visititems")}
    monkeypatch.setattr(*broken.get(name, (CaptionTokenizer, "save")), fail)
    with pytest.raises(OSError, match="No space left"):
        other.save(folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()}[name] == before[name]
    assert sorted(path.name for path in folder.iterdir()) == sorted(FILES)


def test_saving_over_an_old_captioner_replaces_it(trained, folder):
    change_config(folder, encoder="something old")
    trained.save(folder)
    assert Captioner.load(folder).config["encoder"] == "xception"
    assert sorted(path.name for path in folder.iterdir()) == sorted(FILES)


@pytest.mark.slow
def test_a_captioner_without_a_config_of_its_own_can_be_saved(trained, tmp_path, uncompiled):
    Captioner(trained.tokenizer, trained.decoder).save(tmp_path / "plain")
    loaded = Captioner.load(tmp_path / "plain")
    assert loaded.caption_features(FEATURES) == list(CAPTIONS.values())


# Messages


@pytest.mark.slow
def test_an_unknown_name_lists_what_there_is(saved, tmp_path, monkeypatch, uncompiled):
    monkeypatch.setattr(folders, "CAPTIONERS", tmp_path)
    with pytest.raises(CaptionerError, match="no captioner 'poet'; there are: none yet"):
        find_captioner("poet")
    for name in ("merge-toy", "attention-toy"):
        shutil.copytree(saved, tmp_path / name)
    (tmp_path / "README.md").write_text("not a captioner")
    with pytest.raises(CaptionerError, match="'poet'; there are: attention-toy, merge-toy "):
        Captioner.load("poet")
    assert Captioner.load("merge-toy").caption_features(FEATURES[:1]) == ["a red dog runs"]


@pytest.mark.parametrize("name", FILES)
def test_an_incomplete_folder_names_the_missing_file(folder, name):
    (folder / name).unlink()
    with pytest.raises(CaptionerError, match=f"toy lacks {name}; train it anew"):
        Captioner.load(folder)


def test_a_tokenizer_that_does_not_fit_the_weights_is_refused(trained, folder):
    words = [*trained.tokenizer.words, "extra"]
    CaptionTokenizer(words, 9).save(folder / "tokenizer.json")
    count = len(words)
    with pytest.raises(CaptionerError, match=f"fit together: {count} words .* for {count - 1};"):
        Captioner.load(folder)


SIZES = {"vocab_size": 16, "feature_size": 3, "embedding_size": 16, "units": 32}
BROKEN_CONFIGS = {
    "not JSON": ("{model:", "Expecting property name"),
    "not UTF-8": (b"\xff\xfe\x00", "codec can't decode"),
    "a list": ("[]", "holds no object"),
    "a number": ("3", "holds no object"),
    "nothing": ("{}", "lacks decoder, sizes, encoder"),
    "no encoder": ({"decoder": "merge", "sizes": SIZES}, "lacks encoder"),
    "unknown decoder": (
        {"decoder": "poet", "sizes": {}, "encoder": "x"},
        "'poet'; there is: attention, concatenate, merge",
    ),
    "decoder of no name": ({"decoder": ["merge"], "sizes": SIZES, "encoder": "x"}, "a text is due"),
    "an ensemble of nothing": (
        {"decoder": "ensemble", "sizes": {"decoders": []}, "encoder": "x"},
        "of another decoder",
    ),
    "no sizes": ({"decoder": "merge", "sizes": {}, "encoder": "x"}, "vocab_size"),
    "another format": (
        {"format": 2, "decoder": "merge", "sizes": SIZES, "encoder": "x"},
        "it has format 2, this code reads format 1",
    ),
    "sizes null": (
        {"decoder": "merge", "sizes": None, "encoder": "x"},
        "is None; an object is due",
    ),
    "other sizes": (
        {"decoder": "merge", "sizes": {**SIZES, "units": 31}, "encoder": "x"},
        "decoder.weights.h5 is of another decoder",
    ),
    "a strange size": (
        {"decoder": "merge", "sizes": {**SIZES, "heads": 8}, "encoder": "x"},
        "heads",
    ),
}


@pytest.mark.parametrize("case", BROKEN_CONFIGS)
def test_a_broken_config_is_refused_with_its_folder_and_the_cure(folder, case):
    content, reason = BROKEN_CONFIGS[case]
    content = json.dumps(content) if isinstance(content, dict) else content
    content = content if isinstance(content, bytes) else content.encode()
    (folder / "config.json").write_bytes(content)
    with pytest.raises(CaptionerError, match="toy can't be loaded .*train it anew") as caught:
        Captioner.load(folder)
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["decoder.weights.h5", "tokenizer.json"])
@pytest.mark.parametrize("keep", [0, 0.5])
def test_files_cut_off_are_refused(folder, name, keep):
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[: int(keep * len(content))])
    with pytest.raises(CaptionerError, match="toy can't be loaded"):
        Captioner.load(folder)


@pytest.mark.parametrize("beam_size", [1, 3])
@pytest.mark.parametrize("shape", [(2, 2048), (3,), (2, 4, 3), (0, 7)])
def test_features_of_another_size_are_refused_with_the_cure(trained, shape, beam_size):
    with pytest.raises(CaptionerError, match=r"reads \(images, 3\) of xception; extract them"):
        trained.caption_features(np.zeros(shape, "float32"), beam_size)


@pytest.mark.parametrize("kind", ["float16", "float64", "int32"])
def test_features_of_other_kinds_of_number_are_read(trained, kind):
    features = (255 * FEATURES).round().astype(kind)
    assert [len(trained.caption_features(features, size)) for size in (1, 3)] == [3, 3]


@pytest.mark.parametrize("beam_size", [0, -1])
def test_a_senseless_beam_is_refused(trained, beam_size):
    with pytest.raises(ValueError, match=f"beam_size is {beam_size}; it must be 1 to 100"):
        trained.caption_features(FEATURES, beam_size)


def test_an_encoder_that_does_not_fit_the_decoder_is_refused(captioner):
    captioner.encoder.encode = lambda pixels: np.zeros((len(pixels), 5), "float32")
    with pytest.raises(CaptionerError, match=r"shape \(1, 5\).* reads \(images, 3\)"):
        captioner.caption([photo_of((9, 9, 9))])


# Photos


@pytest.mark.parametrize("beam_size", [1, 3])
@pytest.mark.parametrize(
    "kind, mode", [("JPEG", "RGB"), ("JPEG", "CMYK"), ("PNG", "RGB"), ("PNG", "RGBA"), ("PNG", "P")]
)
def test_photos_are_captioned_from_paths_bytes_and_files(
    captioner, tmp_path, kind, mode, beam_size
):
    for colour, caption in CAPTIONS.items():
        data = photo_of(colour, kind, mode)
        path = tmp_path / f"photo.{kind.lower()}"
        path.write_bytes(data)
        with path.open("rb") as file:
            sources = [path, str(path), data, io.BytesIO(data), file]
            assert captioner.caption(sources, beam_size) == [caption] * len(sources)


def test_many_photos_are_encoded_batch_by_batch(captioner):
    colours = [list(CAPTIONS)[number % 3] for number in range(70)]
    captions = captioner.caption([photo_of(colour) for colour in colours], 1)
    assert captions == [CAPTIONS[colour] for colour in colours]
    assert captioner.encoder.batches == [16, 16, 16, 16, 6]


def test_no_photos_give_no_captions(captioner):
    assert captioner.caption([]) == []
    assert captioner.caption_features(FEATURES[:0]) == captioner.caption_features(FEATURES[:0], 1)


@pytest.mark.parametrize("one", ["photo.jpg", Path("photo.jpg"), b"\x89PNG", io.BytesIO(b"x")])
def test_one_photo_without_a_list_is_refused_with_the_cure(captioner, one):
    with pytest.raises(ImageError, match=r"is one image; put it in a list: \[image\]"):
        captioner.caption(one)


def test_in_bulk_an_unreadable_photo_keeps_its_place(captioner):
    photos = [photo_of(colour) for colour in CAPTIONS] * 15
    photos[0], photos[40] = b"no photo", "nowhere.jpg"
    found = list(captioner.caption_each(iter(photos)))
    assert [number for number, item in enumerate(found) if isinstance(item, ImageError)] == [0, 40]
    expected = list(CAPTIONS.values()) * 15
    for number in {*range(45)} - {0, 40}:
        assert found[number][0].caption == expected[number] and len(found[number]) == 3
    assert captioner.encoder.batches == [16, 15, 12]  # 32 photos at once, in two parts


def test_candidates_come_with_falling_scores_and_true_probabilities(captioner):
    (candidates,) = captioner.candidates([photo_of((230, 20, 20))], 3)
    best = candidates[0]
    ids = captioner.tokenizer.encode_batch([best.caption])
    logits = np.asarray(captioner.decoder((captioner.features([photo_of((230, 20, 20))]), ids)))[0]
    words = keras.ops.log_softmax(logits)
    length = np.count_nonzero(ids[0])
    chance = np.exp(sum(float(words[place, ids[0, place + 1]]) for place in range(length - 1)))
    assert best.caption == "a red dog runs" and best.probability == pytest.approx(chance, rel=0.05)
    assert 0.5 < best.probability <= 1


def test_a_photo_that_cannot_be_read_is_named(captioner):
    with pytest.raises(ImageError, match="nowhere.jpg"):
        captioner.caption([photo_of((0, 0, 0)), "nowhere.jpg"])


# Command line


@pytest.fixture
def photos(tmp_path):
    """Three photo files, one a colour."""
    paths = [tmp_path / f"photo {number}.png" for number in range(3)]
    for path, colour in zip(paths, CAPTIONS, strict=True):
        path.write_bytes(photo_of(colour))
    return [str(path) for path in paths]


@pytest.mark.parametrize("more", few_quick([[], ["--beam-size", "1"]]))
def test_the_command_prints_one_line_an_image_and_nothing_else(
    folder, encoder, photos, capsys, more
):
    assert main([*photos, "--captioner", str(folder), *more]) == 0
    lines = [f"{path}\t{text}\n" for path, text in zip(photos, CAPTIONS.values(), strict=True)]
    output = capsys.readouterr()
    assert output.out == "".join(lines)
    assert "downloading" in output.err


def test_the_command_goes_on_after_a_photo_that_fails(folder, encoder, photos, capsys):
    assert main([photos[0], "nowhere.jpg", photos[2], "--captioner", str(folder)]) == 1
    output = capsys.readouterr()
    assert output.out == f"{photos[0]}\ta red dog runs\n{photos[2]}\tblue sky\n"
    assert "nowhere.jpg: there is no such file" in output.err


def test_json_holds_every_candidate_with_its_probability(folder, encoder, photos, capsys):
    assert main([*photos, "nowhere.jpg", "--captioner", str(folder), "--json"]) == 1
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [record["image"] for record in found] == photos
    for record, caption in zip(found, CAPTIONS.values(), strict=True):
        chances = [candidate["probability"] for candidate in record["candidates"]]
        assert len(chances) == 3 and sum(chances) <= 1 and max(chances) == record["probability"]
        assert record["caption"] == record["candidates"][0]["caption"] == caption


def strict(content: bytes = b"", encoding: str = "utf-8") -> io.TextIOWrapper:
    """A standard stream that raises an error for bytes that are none of its encoding's."""
    return io.TextIOWrapper(io.BytesIO(content), encoding, "strict")


def test_sources_come_from_standard_input(folder, encoder, photos, capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin", strict(f"{photos[1]}\r\n\n \n{photos[2]}\n".encode()))
    assert main([photos[0], "-", "--captioner", str(folder)]) == 0
    named = [line.split("\t")[0] for line in capsys.readouterr().out.splitlines()]
    assert named == photos


@pytest.fixture
def odd_photos(tmp_path):
    """Three photos whose names are no UTF-8, or hold what other programs take for a new line."""
    paths = [
        os.fsencode(tmp_path) + b"/" + name for name in (b"caf\xe9.png", b"a\x0bb\xc2\x85.png")
    ]
    paths.append(os.fsencode(tmp_path) + "/犬\r.png".encode())
    try:
        for path, colour in zip(paths, CAPTIONS, strict=True):
            Path(os.fsdecode(path)).write_bytes(photo_of(colour))
    except OSError:
        pytest.skip("this system has no such names")
    return paths


@pytest.mark.slow
def test_names_that_are_no_utf8_come_and_go_as_they_are(folder, encoder, odd_photos, monkeypatch):
    monkeypatch.setattr("sys.stdin", strict(b"\r\n".join(odd_photos)))
    monkeypatch.setattr("sys.stdout", strict())
    assert main(["-", "-", "--captioner", str(folder)]) == 0
    lines = zip(odd_photos, map(str.encode, CAPTIONS.values()), strict=True)
    assert sys.stdout.buffer.getvalue() == b"".join(b"%s\t%s\n" % line for line in lines)


@pytest.mark.parametrize("encoding", few_quick(["cp1252", "ascii", "utf-8"]))
@pytest.mark.parametrize("more", few_quick([["--json"], []]))
def test_no_name_stops_the_others(folder, encoder, odd_photos, monkeypatch, encoding, more):
    monkeypatch.setattr("sys.stdin", strict(b"\n".join(odd_photos)))
    monkeypatch.setattr("sys.stdout", strict(encoding=encoding))
    assert main(["-", "--captioner", str(folder), *more]) == 0
    lines = sys.stdout.buffer.getvalue().split(b"\n")[:-1]
    assert len(lines) == 3
    if more:
        named = [json.loads(line.decode(encoding))["image"] for line in lines]
        assert list(map(os.fsencode, named)) == odd_photos


def test_no_sources_at_all_are_no_failure(folder, encoder, capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin", strict())
    assert main(["-", "--captioner", str(folder)]) == 0
    assert capsys.readouterr().out == ""


def test_a_broken_captioner_is_told_without_any_source(folder, encoder, capsys, monkeypatch):
    (folder / "decoder.weights.h5").write_bytes(b"no HDF5")
    monkeypatch.setattr("sys.stdin", strict())
    assert main(["-", "--captioner", str(folder)]) == 1
    assert "can't be loaded" in capsys.readouterr().err


ONE_AT_ONCE = """
import sys
from helpers.captioner import __main__ as program, streaming

streaming.PHOTOS_AT_ONCE = 1
sys.exit(program.main())
"""


@pytest.mark.slow
def test_the_command_works_in_a_pipe_that_closes_early(trained, tmp_path):
    """A real process with the real encoder, and a reader like `head` that wants one line.

    A batch is one photo, so that more lines come after that one.
    """
    keras.utils.set_random_seed(7)
    model = MergeDecoder(len(trained.tokenizer), 3032, 16, 32)
    model.build()
    Captioner(trained.tokenizer, model).save(tmp_path / "real")
    paths = sorted(SCENES.glob("*.jpg"))[:8]
    command = [sys.executable, "-c", ONE_AT_ONCE, "-", "--captioner", tmp_path / "real"]
    environment = {**os.environ, "KERAS_HOME": str(tmp_path), "TF_CPP_MIN_LOG_LEVEL": "2"}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, cwd=ROOT, env=environment, text=True, **pipes) as process:
        process.stdin.write("\n".join(map(str, paths)))
        process.stdin.close()
        assert process.stdout.readline().startswith(f"{paths[0]}\t")
        process.stdout.close()
        said = process.stderr.read()
    assert process.returncode == 0 and "Traceback" not in said and "BrokenPipe" not in said


@pytest.mark.slow
def test_rounding_a_captioner_keeps_its_vectors_and_steps_its_matrices(folder, capsys):
    before = Captioner.load(folder).decoder.trainable_variables
    script = runpy.run_path(str(ROOT / "data" / "captioners" / "round_captioner.py"))
    script["main"](str(folder))
    after = Captioner.load(folder).decoder.trainable_variables
    assert "decoder.weights.h5, " in capsys.readouterr().out
    for old, new in zip(before, after, strict=True):
        old, new = old.numpy(), new.numpy()
        if old.ndim == 1:
            np.testing.assert_array_equal(new, old)
            continue
        step = 2.0 ** np.floor(np.log2(old.std() / 4))
        np.testing.assert_array_equal(new / step, np.rint(new / step))
        assert np.abs(new - old).max() <= step / 2 and (new != old).any()


def test_a_matrix_without_spread_can_be_rounded():
    script = runpy.run_path(str(ROOT / "data" / "captioners" / "round_captioner.py"))
    np.testing.assert_array_equal(script["round_matrix"](np.zeros((2, 3))), np.zeros((2, 3)))


@pytest.mark.parametrize("break_it", ["unknown", "incomplete", "broken", "strange encoder"])
def test_the_command_explains_a_captioner_that_fails(folder, photos, capsys, break_it):
    name, said = str(folder), "can't be loaded"
    if break_it == "unknown":
        name, said = "poet", "there is no captioner 'poet'"
    elif break_it == "incomplete":
        (folder / "tokenizer.json").unlink()
        said = "lacks tokenizer.json"
    elif break_it == "broken":
        (folder / "config.json").write_text("{")
    else:
        change_config(folder, encoder="retina")
        said = "there is no encoder 'retina'"
    assert main([*photos, "--captioner", name]) == 1
    output = capsys.readouterr()
    assert output.out == "" and said in output.err and "Traceback" not in output.err


@pytest.mark.parametrize(
    "arguments, said",
    [
        ([], "IMAGE"),
        (
            ["a.jpg", "--beam-size", "0"],
            "argument --beam-size: 0 is not a whole number from 1 to 100",
        ),
        (["a.jpg", "--beam-size", "x"], "x is not a whole number"),
        (["a.jpg", "--beam-size", "101"], "101 is not a whole number from 1 to 100"),
        (["a.jpg", "--beam-size", "9" * 5000], "is not a whole number from 1 to 100"),
    ],
)
def test_the_command_refuses_senseless_arguments(capsys, arguments, said):
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2 and said in capsys.readouterr().err


# The search


RARITY = ngram_rarity([[caption] for caption in CAPTIONS.values()] * 5, str.split)


@pytest.fixture(scope="module")
def voter(trained):
    """The toy captioner, which knows the n-grams of its captions and lets beams vote."""
    config = {**trained.config, "search": {"kind": "vote", "beam_size": 4}, "function_words": ["a"]}
    return replace(trained, config=config, rarity=RARITY)


def test_a_captioner_searches_as_its_config_says_and_as_it_is_asked(voter):
    assert asdict(voter.search()) == asdict(Search("vote", 4))
    assert asdict(voter.search("vote")) == asdict(Search("vote", 4))
    assert asdict(voter.search(beam_size=7)) == asdict(Search("beam", 7))
    assert asdict(voter.search("beam")) == asdict(Search("beam", 3))
    assert asdict(voter.search("greedy")) == asdict(Search("greedy", 1))


@pytest.mark.slow
def test_what_came_of_a_vote_is_what_agrees_best(voter):
    for candidates in voter.feature_candidates(FEATURES):
        agreements = [candidate.agreement for candidate in candidates]
        assert len(candidates) == 3 and agreements == sorted(agreements, reverse=True)
    assert voter.feature_candidates(FEATURES, 3)[0][0].agreement is None


@pytest.mark.slow
def test_a_voter_votes_after_saving_and_loading(voter, tmp_path):
    voter.save(tmp_path / "voter")
    loaded = Captioner.load(tmp_path / "voter")
    assert loaded.caption_features(FEATURES) == voter.caption_features(FEATURES)
    assert (
        loaded.rarity.known == pytest.approx(RARITY.known) and loaded.rarity.unseen == RARITY.unseen
    )


def test_other_ngrams_make_another_captioner_of_it(voter, tmp_path):
    """For a job of alt text: who votes by other phrases says other things."""
    voter.save(tmp_path / "voter")
    before = OwnCaptioner(tmp_path / "voter").identity
    (tmp_path / "voter" / "ngrams.npz").unlink()
    assert OwnCaptioner(tmp_path / "voter").identity != before


def test_rare_ngrams_and_unknown_words_stay_at_home(voter, tmp_path):
    photos = [["a red dog"]] * 4 + [["a zebra"]] * 4 + [["a dog"]] * 2
    write_ngrams(tmp_path / "ngrams.npz", ngram_rarity(photos, str.split), voter.tokenizer)
    found = read_ngrams(tmp_path / "ngrams.npz", voter.tokenizer).known
    known = {" ".join(ngram) for ngram in found}
    assert "a" in known and "a zebra" not in known and "a dog" not in known  # of two photos


def test_function_words_are_those_of_most_photos():
    photos = [["a dog on the grass", "the dog"], ["a cat on a mat"], ["the boat", "a boat"]]
    assert set(function_words(photos, often=0.6)) == {"a", "the", "on"}
    assert function_words([["hund"]]) == ["hund"] and function_words([]) == []


@pytest.mark.slow
def test_a_content_word_is_said_once(voter):
    """Every word has one turn, and the untrained decoder would say the same for ever."""
    decoder = DECODERS["merge"](len(voter.tokenizer), 3, 16, 32)
    stutterer = Captioner(voter.tokenizer, decoder, {"function_words": []}, RARITY)
    noise = np.random.default_rng(0).normal(size=(5, 3)).astype("float32")
    assert any(len(set(text.split())) < len(text.split()) for text in captions_of(stutterer, noise))
    careful = replace(stutterer, config={"function_words": ["a"]})
    for text in captions_of(careful, noise):
        words = [word for word in text.split() if word != "a"]
        assert len(set(words)) == len(words)


def captions_of(captioner, features):
    return [
        text
        for search in ("greedy", "beam", "vote")
        for text in captioner.caption_features(features, search=search)
    ]


def test_a_folder_of_before_works_and_says_what_it_lacks(folder, capsys):
    loaded = Captioner.load(folder)
    assert "toy is of before 2026-12: its captions don't vote" in capsys.readouterr().err
    assert loaded.search() == Search("beam", 3)
    with pytest.raises(CaptionerError, match="can't vote: its folder has no ngrams.npz"):
        loaded.caption_features(FEATURES, search="vote")


@pytest.mark.parametrize(
    ("search", "message"),
    [
        ({"kind": "guess"}, "there is no search 'guess'; there are greedy, beam, vote"),
        ({"beam_size": 0}, "beam_size is 0; it must be 1 to 100"),
        ({"flatness": 0}, "flatness is 0; it must be above 0"),
        ({"width": 3}, "\"search\" in config.json: .*'width'; train it anew"),
    ],
)
def test_a_senseless_search_is_refused(trained, search, message):
    wrong = replace(trained, config={**trained.config, "search": search})
    with pytest.raises(ValueError, match=message):
        wrong.caption_features(FEATURES)


def test_a_beam_may_be_larger_than_the_vocabulary(voter):
    assert voter.caption_features(FEATURES, 100) == list(CAPTIONS.values())


@pytest.mark.slow
def test_one_word_is_a_vocabulary():
    tokenizer = CaptionTokenizer([*CaptionTokenizer.MARKERS, "dog"], 5)
    config = {"function_words": ["a"], "search": {"kind": "vote"}}
    rarity = ngram_rarity([["dog"]], str.split)
    captioner = Captioner(tokenizer, DECODERS["merge"](5, 3, 4, 4), config, rarity)
    assert set(captions_of(captioner, FEATURES)) <= {"", "dog"}


def out_of_words(path):
    with np.load(path) as arrays:
        np.savez(path, **{**arrays, "ngrams": arrays["ngrams"] + 9000})


BROKEN_NGRAMS = {
    "no archive": lambda path: path.write_bytes(b"no archive"),
    "cut off": lambda path: path.write_bytes(path.read_bytes()[:200]),
    "other arrays": lambda path: np.savez(path, words=np.ones(3)),
    "floats": lambda path: np.savez(path, ngrams=np.ones((2, 4)), photos=np.ones(2), all_photos=3),
    "words that nobody knows": out_of_words,
}


@pytest.mark.parametrize("breaking", few_quick(BROKEN_NGRAMS))
def test_a_broken_file_of_ngrams_is_named(voter, tmp_path, breaking):
    voter.save(tmp_path / "voter")
    BROKEN_NGRAMS[breaking](tmp_path / "voter" / "ngrams.npz")
    with pytest.raises(CaptionerError, match="voter can't be loaded .*fetch it or train it anew"):
        Captioner.load(tmp_path / "voter")


@pytest.mark.parametrize("words", [3, "a", [1, 2], {"a": 1}, None])
def test_function_words_that_are_none_are_refused(folder, words):
    change_config(folder, function_words=words)
    with pytest.raises(CaptionerError, match="is no list of words"):
        Captioner.load(folder)
