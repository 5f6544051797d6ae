"""A captioner's folder may come from anybody: it is read, or refused with its name and the cure."""

import json
import os
import re
import shutil
import tracemalloc
import zipfile
import zlib
from pathlib import Path
from types import SimpleNamespace

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conftest import LONG, few_quick
from helpers.captioner import Captioner, CaptionerError, OwnCaptioner
from helpers.captioner import folder as folders
from helpers.captioner import weights as weighing
from helpers.captioner.folder import FILES, find_captioner, read_config
from helpers.captioner.weights import checked_shapes
from helpers.metrics import ngram_rarity
from helpers.models import DECODERS, Ensemble, MergeDecoder, rebuild
from helpers.tokenizer import CaptionTokenizer

EXAMPLES = (150, 20_000)  # folders tried
CAPTIONS = ["a red dog runs", "two green frogs", "blue sky"]
CONFIG, TOKENIZER, WEIGHTS, NGRAMS = *FILES, "ngrams.npz"
SMALL = {"feature_size": 3, "embedding_size": 4, "units": 5}
DEEP = "[" * 100_000


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    """The folder of a small captioner with all that one may hold; tests must not change it."""
    tokenizer = CaptionTokenizer.from_captions(CAPTIONS)
    decoder = MergeDecoder(len(tokenizer), **SMALL)
    rarity = ngram_rarity([[caption] for caption in CAPTIONS] * 5, str.split)
    config = {"search": {"kind": "vote", "beam_size": 4}, "function_words": ["a"], "seed": 7}
    config |= {"recipe": {"epochs": 3}, "made of": {"photos": "abc"}, "length_power": 0.8}
    folder = tmp_path_factory.mktemp("captioners") / "toy"
    Captioner(tokenizer, decoder, config, rarity).save(folder)
    return folder


@pytest.fixture
def folder(good, tmp_path):
    """A copy of that folder, to break."""
    return shutil.copytree(good, tmp_path / "toy")


def slow(*values):
    """These values of parameters, for a test that takes long with them."""
    return pytest.param(*values, marks=pytest.mark.slow)


def refused(folder, *said):
    with pytest.raises(CaptionerError) as caught:
        Captioner.load(folder)
    message = str(caught.value)
    assert str(folder) in message and "train it anew" in message and "\n" not in message
    assert len(message) < 600 and all(part in message for part in said), message
    assert any(name in message for name in (*FILES, NGRAMS)), message


def change(folder, name, *path, to):
    """Put a value in a JSON file, at the end of a path of keys."""
    content = inner = json.loads((folder / name).read_text("utf-8"))
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = to
    (folder / name).write_text(json.dumps(content), "utf-8")


# config.json and tokenizer.json

WRONG = {
    "null": None,
    "true": True,
    "a number": 3.5,
    "below 0": -1,
    "10^9": 10**9,
    "40 digits": 10**40,
    "NaN": float("nan"),
    "infinity": float("inf"),
    "a text": "no name, this",
    "a list": [1],
    "an object": {"a": 1},
}
PLACES = [("decoder",), ("sizes", "vocab_size"), ("sizes", "units"), ("search",)]
PLACES += [("search", "beam_size"), ("search", "kind"), ("encoder",)]
ALLOWED = {("encoder", "a text")}


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("place", PLACES, ids=".".join)
def test_entries_of_the_config_that_are_none_are_refused(folder, place, wrong):
    if (place[-1], wrong) not in ALLOWED:
        change(folder, CONFIG, *place, to=WRONG[wrong])
        refused(folder)


@pytest.mark.parametrize("place", [("length_power",), ("sizes", "word_dropout")], ids=".".join)
@pytest.mark.parametrize("wrong", sorted({*WRONG} - {"a number", "below 0", "10^9"}))
def test_numbers_of_the_config_that_are_none_are_refused(folder, place, wrong):
    change(folder, CONFIG, *place, to=WRONG[wrong])
    refused(folder, place[-1])


@pytest.mark.parametrize("key", ["recipe", "made of", "scores", "sizes", "dataset", "seed"])
@pytest.mark.parametrize("wrong", ["null", "a number", "a list"])
def test_records_that_are_read_again_are_what_they_should_be(folder, key, wrong):
    change(folder, CONFIG, key, to=WRONG[wrong])
    refused(folder, f'"{key}" in config.json is', "is due")


TEXTS = {
    "deep": DEEP,
    "deep inside": '{"sizes": ' + DEEP,
    "deep and closed": '{"sizes": ' + "[" * 50_000 + "]" * 50_000 + "}",
    "a page": "<!DOCTYPE html><title>404</title>",
    "nothing": "",
    "large": '{"a": "' + "x" * 2**25 + '"}',
    "a number of 5,000 digits": '{"a": ' + "9" * 5000 + "}",
    "a pointer of Git LFS": "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 1\n",
    "half a character": '{"words": ["\\ud800"], "decoder": "\\ud800"}',
}


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("name", [CONFIG, TOKENIZER])
def test_files_that_hold_something_else_are_refused(folder, name, text):
    (folder / name).write_text(TEXTS[text], "utf-8")
    refused(folder)


@pytest.mark.parametrize("mark", [b"\xff\xfe", b"\x00", b"\x80"])
@pytest.mark.parametrize("name", [CONFIG, TOKENIZER])
def test_files_in_another_encoding_are_refused(folder, name, mark):
    (folder / name).write_bytes(mark + (folder / name).read_bytes())
    refused(folder)


@pytest.mark.parametrize("name", few_quick([CONFIG, TOKENIZER]))
def test_a_byte_order_mark_of_an_editor_does_no_harm(folder, name):
    (folder / name).write_bytes(b"\xef\xbb\xbf" + (folder / name).read_bytes())
    assert Captioner.load(folder)


@pytest.mark.parametrize("wrong", [*WRONG.values(), 2, 1001, "32", 1e999])
def test_a_length_that_is_none_is_refused(folder, wrong):
    change(folder, TOKENIZER, "max_length", to=wrong)
    refused(folder, "max_length is")


@pytest.mark.parametrize(
    "wrong", [3, None, ["a"], "", "two words", "\ud800", "a\x1b[2J", "x" * 2000]
)
def test_words_that_are_none_are_refused(folder, wrong):
    change(folder, TOKENIZER, "words", 6, to=wrong)
    refused(folder, "among the words")


@pytest.mark.parametrize("wrong", [None, 3, "words", {}, [], {"a": 1}, ["dog"]])
def test_vocabularies_that_are_none_are_refused(folder, wrong):
    change(folder, TOKENIZER, "words", to=wrong)
    refused(folder)


# Sizes and weights


@pytest.mark.parametrize("kind", few_quick(DECODERS))
def test_shapes_are_known_without_making_a_decoder(kind):
    small = {"feature_size": 3, "width": 4} if kind == "transformer" else SMALL
    made = rebuild(kind, {"vocab_size": 9, **small})
    assert sorted(checked_shapes(kind, made.sizes).elements()) == sorted(
        tuple(weight.shape) for weight in made.weights
    )


@pytest.mark.slow
def test_shapes_of_an_ensemble_are_those_of_its_decoders():
    parts = [MergeDecoder(9, **SMALL), MergeDecoder(9, **{**SMALL, "units": 6})]
    made = Ensemble(parts)
    made.build()
    assert sorted(checked_shapes("ensemble", made.sizes).elements()) == sorted(
        tuple(weight.shape) for weight in made.weights
    )


@pytest.mark.parametrize("decoders", [None, 3, [3], [{}], [{"decoder": "merge"}], [{"a": 1}]])
def test_ensembles_of_something_else_are_refused(folder, decoders):
    change(folder, CONFIG, "decoder", to="ensemble")
    change(folder, CONFIG, "sizes", to={"decoders": decoders})
    refused(folder)


def test_ensembles_do_not_nest_and_do_not_grow(folder):
    change(folder, CONFIG, "decoder", to="ensemble")
    part = {"decoder": "merge", "sizes": {"vocab_size": 9, **SMALL}}
    for decoders in ([part] * 11, [{"decoder": "ensemble", "sizes": {"decoders": [part]}}]):
        change(folder, CONFIG, "sizes", to={"decoders": decoders})
        refused(folder)


@pytest.mark.parametrize("name", ["vocab_size", "feature_size", "embedding_size", "units"])
def test_sizes_are_held_against_the_top_before_anything_is_made(folder, monkeypatch, name):
    monkeypatch.setattr("helpers.models.rebuild", None)  # it would have to be called
    change(folder, CONFIG, "sizes", name, to=10**8)
    refused(folder, "are the most")


@pytest.mark.parametrize("shape", few_quick([((10**9,),), ((3, 6),), ((5, 3),), ((),)], 2))
def test_arrays_of_another_shape_are_refused_unread(folder, shape):
    with h5py.File(folder / WEIGHTS, "r+") as file:
        del file["image_dense/vars/0"]
        chunks = {"chunks": (1024,)} if len(shape) == 1 else {}
        file.create_dataset("image_dense/vars/0", shape=shape, dtype="f4", **chunks)
    refused(folder, "of another decoder")


def replace_array(path, made):
    with h5py.File(path, "r+") as file:
        del file["image_dense/vars/0"]
        made(file)


def bomb(file):
    """A chunk that says 60 bytes and unpacks to 64 MB."""
    array = file.create_dataset("image_dense/vars/0", (3, 5), "f4", chunks=(3, 5), compression=9)
    array.id.write_direct_chunk((0, 0), zlib.compress(bytes(2**26)))


def endless(file):
    file["image_dense/again"] = file["/"]


PLACE = "image_dense/vars/0"
ARRAYS = {
    "a bomb": bomb,
    "a circle": endless,
    "a link to another file": lambda file: file.__setitem__(PLACE, h5py.ExternalLink("a.h5", "/a")),
    "a soft link": lambda file: file.__setitem__(PLACE, h5py.SoftLink("/layers")),
    "texts": lambda file: file.create_dataset(PLACE, data=[["a"] * 5] * 3),
    "a type": lambda file: file.__setitem__(PLACE, np.dtype("f4")),
    "pairs": lambda file: file.create_dataset(PLACE, (3, 5), [("a", "f4"), ("b", "f4")]),
    "outside": lambda file: file.create_dataset(
        PLACE, (3, 5), "f4", external=[("/etc/hostname", 0, 60)]
    ),
    "another packing": lambda file: file.create_dataset(
        PLACE, data=np.ones((3, 5), "f4"), compression="lzf"
    ),
    "large chunks": lambda file: file.create_dataset(
        PLACE, (3, 5), "f4", maxshape=(None, None), chunks=(10**4, 10**4)
    ),
    "NaN": lambda file: file.create_dataset(PLACE, data=np.full((3, 5), np.nan, "f4")),
    "nothing": lambda file: None,
    "a group": lambda file: file.create_group(PLACE),
}


@pytest.mark.parametrize("made", few_quick(sorted(ARRAYS, key="a bomb".__eq__), 4))
def test_arrays_that_are_no_plain_numbers_are_refused(folder, made):
    replace_array(folder / WEIGHTS, ARRAYS[made])
    refused(folder)


@pytest.mark.parametrize("seed", few_quick(range(40), 2))
def test_damaged_weights_are_refused_or_read(folder, seed):
    """Anywhere: in its tables, Keras or HDF5 stumbles; in an array, a number is another one."""
    chance, data = np.random.default_rng(seed), bytearray((folder / WEIGHTS).read_bytes())
    for place in chance.integers(0, len(data), 30):
        data[place] = chance.integers(256)
    (folder / WEIGHTS).write_bytes(data)
    try:
        Captioner.load(folder)
    except CaptionerError as error:
        assert str(folder) in str(error) and "\n" not in str(error)


# ngrams.npz


def archive(path, **members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in members.items():
            file.writestr(f"{name}.npy", data)


def header(shape):
    return (
        b"\x93NUMPY\x01\x00v\x00"
        + repr({"descr": "<u4", "fortran_order": False, "shape": shape}).ljust(117).encode()
        + b"\n"
    )


ONES = np.ones((2, 4), "uint32")
ARCHIVES = {
    "a bomb": lambda path: archive(path, ngrams=header((2**24, 4)) + bytes(2**28)),
    "a claim": lambda path: archive(path, ngrams=header((10**12, 4)), photos=b"", all_photos=b""),
    "another width": lambda path: np.savez(
        path, ngrams=ONES[:, :3], photos=ONES[0, :2], all_photos=3
    ),
    "fewer photos": lambda path: np.savez(path, ngrams=ONES, photos=ONES[0, :1], all_photos=3),
    "no photos": lambda path: np.savez(path, ngrams=ONES, photos=ONES[0, :2] * 0, all_photos=3),
    "of no photos": lambda path: np.savez(path, ngrams=ONES, photos=ONES[0, :2], all_photos=0),
    "one photo": lambda path: np.savez(path, ngrams=ONES, photos=3, all_photos=3),
    "one row of photos": lambda path: np.savez(
        path, ngrams=ONES, photos=ONES[:1, :2], all_photos=3
    ),
    "a part": lambda path: np.savez(path, ngrams=ONES, photos=ONES[0, :2]),
    "texts": lambda path: np.savez(path, ngrams=ONES, photos=np.array(["a", "b"]), all_photos=3),
    "a pickle": lambda path: np.savez(path, ngrams=np.array([{}]), photos=ONES[0], all_photos=3),
    "a page": lambda path: path.write_text("<!DOCTYPE html>"),
    "nothing": lambda path: path.write_bytes(b""),
}


@pytest.mark.parametrize("made", few_quick([*list(ARCHIVES)[1:], "a bomb"], 2))
def test_archives_of_something_else_are_refused(folder, made):
    ARCHIVES[made](folder / NGRAMS)
    refused(folder, NGRAMS)


def test_a_large_file_is_hashed_piece_by_piece(folder):
    os.truncate(folder / NGRAMS, 50_000_000)  # takes no room on the disk
    tracemalloc.start()
    assert OwnCaptioner(folder).identity
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 10_000_000


# Things that are no files


@pytest.mark.parametrize("name", [*FILES, NGRAMS])
@pytest.mark.parametrize("kind", ["folder", "pipe", "dangling link"])
def test_what_is_no_file_is_not_waited_for(folder, name, kind):
    (folder / name).unlink()
    if kind == "folder":
        (folder / name).mkdir()
    elif kind == "pipe":
        os.mkfifo(folder / name) if hasattr(os, "mkfifo") else pytest.skip("needs pipes")
    else:
        (folder / name).symlink_to("nowhere")
    if name == NGRAMS:
        assert OwnCaptioner(folder).identity
    if (name, kind) == (NGRAMS, "dangling link"):
        assert Captioner.load(folder)
    else:
        refused(folder, name)


@pytest.mark.parametrize("name", ["", "a" * 5000, "a\0b", "../..", "merge-xception\n", "~", "//"])
def test_names_of_any_kind_are_refused(name):
    with pytest.raises(CaptionerError, match="train"):
        find_captioner(name)


def test_a_new_line_in_the_name_of_a_folder_is_escaped(good, tmp_path):
    folder = shutil.copytree(good, tmp_path / "two\nlines")
    (folder / CONFIG).write_text("{")
    with pytest.raises(CaptionerError, match=re.escape("two\\nlines can't be loaded")) as caught:
        read_config(folder)
    assert "\n" not in str(caught.value)


# Folders of before


@pytest.mark.slow
def test_an_old_folder_says_once_what_it_lacks(folder, capsys):
    config = json.loads((folder / CONFIG).read_text("utf-8"))
    del config["search"], config["function_words"]
    (folder / CONFIG).write_text(json.dumps(config), "utf-8")
    (folder / NGRAMS).unlink()
    captioner = [Captioner.load(folder) for _ in range(2)][1]
    said = capsys.readouterr()
    known = "toy is of before 2026-12: its captions don't vote and may repeat words; "
    assert said.err.count(known) == 1 and said.out == ""
    assert captioner.search().kind == "beam"


def test_a_voter_that_has_lost_its_ngrams_searches_by_beam_and_says_so(folder, capsys):
    (folder / NGRAMS).unlink()
    captioner = Captioner.load(folder)
    assert "its captions don't vote;" in capsys.readouterr().err
    assert (captioner.search().kind, captioner.search().beam_size) == ("beam", 3)
    with pytest.raises(CaptionerError, match="can't vote"):
        captioner.search("vote")


# Fuzzing

LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-10, 3000),
    st.sampled_from([10**9, 10**18, 10**30, -(10**30), float("nan"), float("inf"), 1e308, 0.5]),
    st.sampled_from(["merge", "attention", "ensemble", "vote", "relu", "\ud800", "a b", "", "\n"]),
    st.text(max_size=5),
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["decoder", "sizes", "kind", "a"]), inner, max_size=3)
    ),
    max_leaves=6,
)
KEYS = ["format", "decoder", "model", "sizes", "encoder", "search", "length_power", "recipe"]
KEYS += ["function_words", "made of", "scores", "seed", "dataset", "words", "max_length"]
KEYS += [
    "vocab_size",
    "units",
    "image_activation",
    "image_dropout",
    "kind",
    "beam_size",
    "flatness",
]
EDITS = st.tuples(
    st.lists(st.integers(0, 30), min_size=1, max_size=3),  # which entry, in the file and below
    st.sampled_from(["set", "delete", "add", "bytes", "cut"]),
    VALUES,
    st.sampled_from(KEYS),
)


def edited(text, path, way, value, key):
    """Return the text of a JSON file with one change."""
    if way in ("bytes", "cut"):
        place = sum(path) * len(text) // 90
        return text[:place] + ("" if way == "cut" else repr(value) + text[place + 3 :])
    try:
        content = inner = json.loads(text)
        for number in path[:-1]:
            found = list(inner.values()) if isinstance(inner, dict) else inner
            below = found[number % len(found)]
            inner = below if below and isinstance(below, dict | list) else inner
        place = path[-1] % len(inner)
        place = list(inner)[place] if isinstance(inner, dict) else place
        if way == "delete":
            del inner[place]
        else:
            inner[key if way == "add" and isinstance(inner, dict) else place] = value
    except (ValueError, TypeError, IndexError, ZeroDivisionError, AttributeError):
        return text  # it is none any more
    return json.dumps(content)


def fast(monkeypatch):
    """Leave out what Keras takes its time for: the checks of config and tokenizer stay."""

    def made(decoder, sizes):
        part = sizes["decoders"][0]["sizes"] if decoder == "ensemble" else sizes
        nothing = {"build": lambda: None, "load_weights": lambda path: None, "weights": []}
        return SimpleNamespace(sizes=part, kind=decoder, encoder="xception", **nothing)

    monkeypatch.setattr(weighing, "shapes_of", lambda decoder, sizes: [(sizes["vocab_size"], 1)])
    monkeypatch.setattr(folders, "check_weights", lambda path, shapes: None)
    monkeypatch.setattr("helpers.models.rebuild", made)


@pytest.mark.slow
@pytest.mark.long(*EXAMPLES)
def test_mutated_folders_are_read_or_refused(folder, monkeypatch, length):
    texts = {name: (folder / name).read_text("utf-8") for name in (CONFIG, TOKENIZER)}
    fast(monkeypatch)
    outcomes = []

    @settings(
        max_examples=length,
        deadline=None,
        database=None,
        derandomize=not LONG,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.sampled_from([CONFIG, CONFIG, TOKENIZER]), st.lists(EDITS, min_size=1, max_size=3))
    def try_one(name, edits):
        text = texts[name]
        for edit in edits:
            text = edited(text, *edit)
        other = ({*texts} - {name}).pop()
        (folder / other).write_text(texts[other], "utf-8")
        (folder / name).write_text(text, "utf-8", errors="surrogatepass")
        try:
            captioner = Captioner.load(folder)
        except CaptionerError as error:
            said = str(error)
            assert str(folder) in said and "\n" not in said and len(said) < 800
            outcomes.append("refused")
        else:
            assert captioner.search().beam_size <= 100
            " ".join(captioner.tokenizer.words).encode()
            outcomes.append("read")

    try_one()
    print({kind: outcomes.count(kind) for kind in sorted({*outcomes})})
    assert {*outcomes} == {"read", "refused"}


@pytest.mark.slow
def test_the_course_s_own_captioners_pass():
    for folder in sorted(Path(folders.CAPTIONERS).glob("*/config.json")):
        config = read_config(folder.parent)
        weighing.check_weights(
            folder.parent / WEIGHTS, checked_shapes(config["decoder"], config["sizes"])
        )


@pytest.mark.parametrize(
    ("name", "said"),
    [("vgg16", "reads 3 numbers a photo, and vgg16 gives others"), ("retina", "there is no enc")],
)
def test_an_encoder_of_another_captioner_is_refused_before_it_is_made(folder, name, said):
    change(folder, CONFIG, "encoder", to=name)
    for captioner in (OwnCaptioner(folder), Captioner.load(folder)):
        with pytest.raises(CaptionerError, match=f"^config.json of toy: .*{said}") as error:
            list(captioner.caption_each(["photo.jpg"]))
        assert str(error.value).endswith("; fetch it or train it anew")


@pytest.mark.parametrize("wrong", WRONG)
def test_a_size_of_features_that_is_none_is_refused_before_an_encoder_is_made(folder, wrong):
    change(folder, CONFIG, "sizes", "feature_size", to=WRONG[wrong])
    with pytest.raises(CaptionerError, match="config.json.* train it anew$"):
        list(OwnCaptioner(folder).caption_each(["photo.jpg"]))
