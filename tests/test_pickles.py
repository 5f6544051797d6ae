"""Pickles of features: plain things and nothing else, whatever a file asks for or claims."""

import io
import json
import os
import pickle
import pickletools
import sys
import tracemalloc
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from conftest import LONG, few_quick
from helpers.features import (
    Features,
    FeaturesError,
    OldFeaturesError,
    extract_features,
    load_features,
    save_features,
)
from helpers.features.pickles import PLAIN, SPARE, PlainUnpickler, check_steps

EXAMPLES = (150, 20_000)  # pickles tried for each property
FLOOR = 2**18  # bytes that a small file may take, beside three times its size
BIG = (2**15, 2**20)[LONG]  # steps of a flood
fuzzed = settings(
    max_examples=EXAMPLES[LONG], deadline=None, suppress_health_check=list(HealthCheck)
)

# What is ours


@pytest.mark.parametrize("shape", [(3, 2048), (2, 100, 8), (0, 5)])
@pytest.mark.parametrize("order", ["C", "F"])
def test_round_trip_keeps_every_bit(tmp_path, shape, order):
    vectors = np.random.default_rng(1).normal(size=shape).astype("float16", order=order)
    names = [f"Hündin {number}.jpg" for number in range(len(vectors))]
    save_features(Features("fake", names, vectors), tmp_path / "f.pkl")
    again = load_features(tmp_path / "f.pkl", "fake")
    assert (again.encoder, again.names, again.vectors.dtype) == ("fake", names, np.float16)
    np.testing.assert_array_equal(again.vectors, vectors)


@pytest.mark.parametrize("dtype", ["float32", "float64", ">f2", "int64", "float16"])
def test_what_is_saved_is_read_whatever_numbers_it_has(tmp_path, dtype):
    save_features(
        Features("fake", ["a", "b"], np.array([[1, 2], [3, 4]], dtype)), tmp_path / "f.pkl"
    )
    vectors = load_features(tmp_path / "f.pkl").vectors
    assert vectors.tolist() == [[1, 2], [3, 4]] and vectors.dtype == np.float16


def test_a_number_that_no_file_of_features_holds_is_refused(tmp_path):
    with pytest.raises(FeaturesError, match="features of b hold numbers beyond"):
        save_features(Features("fake", ["a", "b"], np.array([[1.0], [1e6]])), tmp_path / "f.pkl")
    assert not os.listdir(tmp_path)


def test_plain_pickle_reads_the_file_too(tmp_path):
    save_features(Features("fake", ["a"], np.ones((1, 2), "float16")), tmp_path / "f.pkl")
    content = pickle.loads((tmp_path / "f.pkl").read_bytes())
    assert content == {
        **{"encoder": "fake", "names": ["a"], "stamps": [], "precision": "float32"},
        **{"dtype": "<f2", "shape": [1, 2], "vectors": b"\0\x3c\0\x3c"},
    }


def test_saving_fails_without_harm_to_the_file_that_is_there(tmp_path):
    save_features(Features("fake", ["a"], np.ones((1, 2), "float16")), tmp_path / "f.pkl")
    before = (tmp_path / "f.pkl").read_bytes()
    with pytest.raises((AttributeError, TypeError, pickle.PicklingError)):
        save_features(Features("fake", [lambda: None], np.ones((1, 2))), tmp_path / "f.pkl")
    assert (tmp_path / "f.pkl").read_bytes() == before
    assert os.listdir(tmp_path) == ["f.pkl"]


def test_many_photos_and_long_or_equal_names_are_read(tmp_path):
    names = [f"{'ж' * (number % 300)}/😀{number}.jpg" for number in range(5000)]
    vectors = np.zeros((5000, 1), "float16")
    for stamps in ([], [""] * 5000, names):
        save_features(Features("fake", names, vectors, stamps), tmp_path / "f.pkl")
        again = load_features(tmp_path / "f.pkl")
        assert (again.names, again.stamps) == (names, stamps)


def test_features_of_another_encoder_are_refused(tmp_path):
    save_features(Features("vgg16", ["a"], np.ones((1, 2), "float16")), tmp_path / "f.pkl")
    with pytest.raises(FeaturesError, match="holds features of 'vgg16', not of 'xception'; delete"):
        load_features(tmp_path / "f.pkl", "xception")


def test_a_missing_file_names_the_lesson(tmp_path):
    with pytest.raises(FeaturesError, match="f.pkl is missing; lesson 02 makes it"):
        load_features(tmp_path / "f.pkl")


# What wants to run


class Calls:
    """Pickles as a call."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def good():
    label = {"encoder": "fake", "names": ["a"], "stamps": ["1-2-3"], "precision": "float32"}
    return label | {"dtype": "<f2", "shape": [1, 2], "vectors": b"\0\x3c\0\x3c"}


def named(module_name, name, *, new=False):
    """A pickle that asks for a name, by the old opcode or the new one, and calls it."""
    if not new:
        return f"c{module_name}\n{name}\n(tR.".encode()
    texts = b"".join(b"\x8c" + bytes([len(t)]) + t.encode() for t in (module_name, name))
    return b"\x80\x04" + texts + b"\x93)R."


TRAPS = {
    "os.system": lambda bitten: pickle.dumps(good() | {"x": Calls(os.system, f"touch {bitten}")}),
    "eval": lambda bitten: pickle.dumps(Calls(eval, f"open({str(bitten)!r}, 'w')")),
    "old protocol": lambda bitten: pickle.dumps(Calls(eval, f"open({str(bitten)!r}, 'w')"), 0),
    "getattr": lambda bitten: pickle.dumps(Calls(getattr, np.ndarray, "tofile")),
    "runpy": lambda bitten: pickle.dumps(Calls(__import__, "antigravity")),
    "tofile": lambda bitten: named("numpy", "ndarray.tofile", new=True),
    "array's module": lambda bitten: named("numpy", "ndarray.__class__", new=True),
    "load": lambda bitten: named("numpy", "load"),
    "numpy's os": lambda bitten: named("numpy.lib._npyio_impl", "os.system", new=True),
    "a main program": lambda bitten: named("numpy.f2py.__main__", "ndarray"),
    "another numpy": lambda bitten: named("numpy_evil", "ndarray"),
    "a module below": lambda bitten: named("numpy.testing", "dtype"),
    "instance": lambda bitten: b"(ios\nsystem\n.",
    "a class of ours": lambda bitten: pickle.dumps(Features("x", [], np.ones(1))),
    "numpy's array": lambda bitten: named("numpy", "ndarray"),
    "numpy's dtype": lambda bitten: named("numpy", "dtype", new=True),
    "a set, by a name": lambda bitten: pickle.dumps({1, 2}, 2),
}


@pytest.mark.parametrize("trap", TRAPS.values(), ids=TRAPS)
def test_traps_are_refused_before_anything_runs_or_is_imported(tmp_path, trap):
    bitten, file = tmp_path / "bitten", tmp_path / "f.pkl"
    file.write_bytes(trap(bitten))
    imported = set(sys.modules)
    with pytest.raises(FeaturesError, match="not a features file.*it asks for.*delete it"):
        load_features(file)
    assert not bitten.exists()
    assert set(sys.modules) == imported


def test_the_traps_would_have_snapped(tmp_path):
    for name in ("os.system", "eval", "old protocol"):
        pickle.loads(TRAPS[name](tmp_path / name))
        assert (tmp_path / name).exists()


def test_a_trap_in_an_old_file_is_not_called_an_old_file(tmp_path):
    old = {"encoder": "fake", "names": Calls(os.getcwd), "vectors": np.ones((1, 2), "float16")}
    (tmp_path / "f.pkl").write_bytes(pickle.dumps(old))
    with pytest.raises(FeaturesError, match="it asks for posix.getcwd|it asks for nt") as caught:
        load_features(tmp_path / "f.pkl")
    assert not isinstance(caught.value, OldFeaturesError)


@pytest.mark.parametrize("protocol", [4, 5])
def test_a_file_of_before_says_that_lesson_02_is_to_be_run_again(tmp_path, protocol):
    """As `save_features` wrote them before 2026-12: the array pickled by NumPy."""
    old = vars(Features("fake", ["a", "b"], np.ones((2, 3), "float16"), ["1-2-3", "4-5-6"]))
    (tmp_path / "f.pkl").write_bytes(pickle.dumps(old, protocol))
    with pytest.raises(OldFeaturesError, match="f.pkl is refused: .*; run lesson 02 again"):
        load_features(tmp_path / "f.pkl")


def test_the_second_lock_finds_nothing():
    for trap in ("eval", "load", "numpy's array", "a class of ours"):
        file = io.BytesIO(TRAPS[trap](""))
        with pytest.raises(pickle.UnpicklingError, match="it asks for"):
            PlainUnpickler(file).load()


# What is no features file


WRONG = {
    "classic": {"a.jpg": np.ones((1, 4), "float32"), "b.jpg": np.ones((1, 4), "float32")},
    "a list": [1, 2, 3],
    "None": None,
    "too few names": good() | {"names": []},
    "names in one text": good() | {"names": "a"},
    "rows in a list": good() | {"vectors": [[1.0, 2.0]]},
    "other digits": good() | {"dtype": "<f4"},
    "objects": good() | {"dtype": "|O", "vectors": bytes(16)},
    "two dtypes": good() | {"dtype": ["<f2", "<f2"]},
    "too few stamps": good() | {"stamps": ["1-2", "3-4"]},
    "one number": good() | {"shape": [], "vectors": b"\0\0"},
    "too few bytes": good() | {"shape": [1, 3]},
    "too many bytes": good() | {"vectors": bytes(6)},
    "sides below zero": good() | {"shape": [-1, -2]},
    "a side that is true": good() | {"shape": [True, 2]},
    "a huge shape of nothing": good()
    | {"shape": [0] + 7 * [2**31 - 1], "names": [], "vectors": b""},
    "many axes": good() | {"shape": [1] * 60 + [2]},
    "a thousand huge sides": good() | {"shape": [2**31 - 1] * 1000},
    "a shape in text": good() | {"shape": "12"},
    "rows in text": good() | {"vectors": "abcd"},
    "a name that is a number": good() | {"names": [1]},
    "a name that is a list": good() | {"names": [["a"]]},
    "stamps in a dict": good() | {"stamps": {"a": "b"}},
    "a stamp that is none": good() | {"stamps": [b"1-2-3"]},
    "precision in a list": good() | {"precision": ["float32"]},
    "encoder in bytes": good() | {"encoder": b"fake"},
}


@pytest.mark.parametrize("content", WRONG.values(), ids=WRONG)
def test_other_contents_are_refused(tmp_path, content):
    (tmp_path / "f.pkl").write_bytes(pickle.dumps(content))
    with pytest.raises(FeaturesError, match="f.pkl is not a features file of this course"):
        load_features(tmp_path / "f.pkl")


@pytest.mark.parametrize("length", [0, 1, 40, 120, -1])
def test_a_truncated_pickle_is_refused(tmp_path, length):
    save_features(Features("fake", ["a"], np.ones((1, 99), "float16")), tmp_path / "f.pkl")
    whole = (tmp_path / "f.pkl").read_bytes()
    (tmp_path / "f.pkl").write_bytes(whole[:length])
    with pytest.raises(FeaturesError, match="not a features file"):
        load_features(tmp_path / "f.pkl")


def test_noise_is_refused(tmp_path):
    random = np.random.default_rng(5)
    for _ in range(50):
        (tmp_path / "f.pkl").write_bytes(random.bytes(60))
        with pytest.raises(FeaturesError):
            load_features(tmp_path / "f.pkl")


# What would fill the memory, take for ever, or be read in two ways


def number(value, width=4):
    """A number as pickles have it."""
    return value.to_bytes(width, "little")


def text(content):
    """A step that makes a text."""
    data = content.encode("utf-8", "surrogatepass")
    return b"X" + number(len(data)) + data


WIDE = text("a" * 1000 + "😀")  # four bytes a letter, in memory
BOMBS = {
    "memo of 4.6 GB": b"\x80\x02]r\xff\xff\xff\x1f.",
    "4 GiB of bytes": b"B\xff\xff\xff\xff.",
    "more bytes than there are": b"\x8e" + number(2**62, 8) + b".",
    "a frame of 4 GiB": b"\x95" + number(2**32, 8) + b"N.",
    "a number of many digits": b"L" + b"9" * BIG + b"L\n.",
    "a long number": b"\x8b" + number(BIG) + b"\x7f" * BIG + b".",
    "a wide text": text("😀" + "a" * BIG) + b".",
    "a wide text, old": b"V\\U0001f600" + b"a" * BIG + b"\n.",
    "wide texts": b"](" + WIDE * (BIG // 100) + b"e.",
    "short texts": b"](" + b"\x8c\2ab" * BIG + b"e.",
    "no texts": b"](" + b"\x8c\0" * BIG + b"e.",
    "numbers": b"](" + b"J\xff\xff\xff\x7f" * BIG + b"e.",
    "the same list": b"]\x94(" + b"h\0" * BIG + b"e.",
    "lists": b"](" + b"]" * BIG + b"e.",
    "deep lists": b"]" * BIG + b"a" * (BIG - 1) + b".",
    "deep tuples": b")" + b"\x85" * BIG + b".",
    "laughs": b"]" + b"\x94(h\0h\0e" * BIG + b".",
    "marks": b"(" * BIG + b".",
    "memos": b"]" + b"\x94" * BIG + b".",
    "protocols": b"\x80\5" * BIG + b"N.",
    "frames": b"\x95" + bytes(8) + (b"\x95" + bytes(8)) * BIG + b"N.",
    "nothing, often": b"]" + b"(e" * BIG + b".",
    "pops": b"]" + b"20" * BIG + b".",
    "a list in itself": b"]\x94h\0a.",
    "a dict of lists": b"}(]]u.",
    "no step": b"\xff" * BIG,
    "no end": pickle.dumps(good(), 5)[:-1],
    "more behind the end": pickle.dumps(good(), 5) + b".",
}
LARGEST = ["laughs", "short texts", "no texts", "nothing, often", "numbers", "lists"]
LARGEST += ["the same list", "frames", "protocols", "memos"]


def peak_of(file):
    """Load a file; return what came of it and the bytes that were taken at a time."""
    tracemalloc.start()
    try:
        return load_features(file), tracemalloc.get_traced_memory()[1]
    except FeaturesError as error:
        return error, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.timeout(60)
@pytest.mark.parametrize("bomb", few_quick(sorted(BOMBS, key=LARGEST.__contains__), -len(LARGEST)))
def test_bombs_are_refused_in_little_memory_and_time(tmp_path, bomb):
    (tmp_path / "f.pkl").write_bytes(BOMBS[bomb])
    outcome, peak = peak_of(tmp_path / "f.pkl")
    assert isinstance(outcome, FeaturesError) and "not a features file" in str(outcome)
    assert len(str(outcome)) < 500 + len(str(tmp_path))
    assert peak <= 3 * len(bomb) + SPARE


def test_a_large_good_file_takes_as_much_memory(tmp_path):
    save_features(Features("fake", ["a"], np.ones((1, 2**20), "float16")), tmp_path / "f.pkl")
    _, peak = peak_of(tmp_path / "f.pkl")
    assert peak < (tmp_path / "f.pkl").stat().st_size + FLOOR


def test_a_frame_that_ends_within_a_step_is_refused():
    """What is left of a frame is dropped, so what `pickletools` sees would not be what is read."""
    inner = b"\x8c\x09" + b"NNNNNNNNN"  # a text, or as many steps
    for end in range(1, len(inner)):
        data = b"\x80\5\x95" + number(end, 8) + inner + b"."
        with pytest.raises(pickle.UnpicklingError, match="a frame ends within the step at byte 11"):
            check_steps(data)
    check_steps(b"\x80\5\x95" + number(len(inner), 8) + inner + b".")  # at its end, it may
    with pytest.raises(pickle.UnpicklingError, match="FRAME at byte 9 is too large"):
        check_steps((b"\x95" + number(20, 8)) * 2 + b"NN.")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
@pytest.mark.timeout(20)
@pytest.mark.parametrize("name", ["features.pkl", "features.npy"])
def test_a_pipe_or_a_folder_is_refused_without_waiting(tmp_path, name):
    os.mkfifo(tmp_path / name)
    with pytest.raises(FeaturesError, match="no ordinary file"):
        load_features(tmp_path / name)
    (tmp_path / name).unlink()
    (tmp_path / name).mkdir()
    with pytest.raises(FeaturesError, match="no ordinary file"):
        load_features(tmp_path / name)


def test_a_huge_file_is_refused_before_it_is_read(tmp_path):
    with (tmp_path / "f.pkl").open("wb") as file:
        file.write(b"\x80\5\x8e" + number(2**34, 8))
        file.truncate(2**35)  # it takes no room on the disk
    outcome, peak = peak_of(tmp_path / "f.pkl")
    assert "it has 32.0 GiB, more than 4" in str(outcome) and peak < 2**20


@pytest.mark.timeout(60)
@pytest.mark.parametrize("begin", [b"", b"\x80\5}", b"B" + b"\xff" * 4, b"\x8e" + number(2**31, 8)])
@pytest.mark.parametrize("size", [2**32, 8 * 2**30])
def test_a_file_with_a_hole_costs_no_memory(tmp_path, begin, size):
    (tmp_path / "f.pkl").write_bytes(begin)
    os.truncate(tmp_path / "f.pkl", size)  # it takes no room on the disk
    outcome, peak = peak_of(tmp_path / "f.pkl")
    assert isinstance(outcome, FeaturesError) and peak < 2**20


# What is beside the file


@pytest.mark.parametrize(
    "label",
    [
        "[]",
        "5",
        "{}",
        '{"names": []}',
        '{"encoder": "fake", "names": ["a"], "stamps": [1]}',
        '{"encoder": "fake", "names": [["a"]], "stamps": [["a"]]}',
        '{"encoder": ["fake"], "names": [], "stamps": []}',
        '{"encoder": "fake", "names": ["a"], "stamps": ["b"], "precision": 5}',
        '{"encoder": "fake", "names": "a", "stamps": "b"}',
        '{"encoder": "fake", "names": {"a": 1}, "stamps": null}',
        "[" * 100_000,
        "\ud800",
    ],
)
@pytest.mark.parametrize("name", ["f.pkl", "f.npy"])
def test_whatever_stands_in_a_part_files_label_the_rows_are_made_anew(tmp_path, label, name):
    (tmp_path / f"{name}.part").write_bytes(bytes(500))
    (tmp_path / f"{name}.part.json").write_bytes(label.encode("utf-8", "surrogatepass"))
    encoder = SimpleNamespace(name="fake", image_size=8, feature_shape=(3,))
    encoder.encode = lambda pixels: pixels.mean((1, 2))
    Image.new("RGB", (8, 8), "white").save(tmp_path / "a.png")
    made = extract_features(encoder, {"a": tmp_path / "a.png"}, tmp_path / name)
    np.testing.assert_array_equal(made.vectors, [[255, 255, 255]])
    np.testing.assert_array_equal(load_features(tmp_path / name).vectors, made.vectors)


@pytest.mark.parametrize(
    "label",
    [
        {"names": [["a"]]},
        {"names": [5]},
        {"stamps": 5},
        {"stamps": [None]},
        {"stamps": {"a": "b"}},
        {"precision": None},
        {"encoder": None},
    ],
)
def test_labels_of_array_files_are_texts(tmp_path, label):
    np.save(tmp_path / "f.npy", np.ones((1, 2), "float16"))
    content = {"encoder": "fake", "names": ["a"], "stamps": ["1-2-3"]} | label
    with (tmp_path / "f.npy").open("ab") as file:
        file.write(json.dumps(content).encode())
    with pytest.raises(FeaturesError, match="not a features file"):
        load_features(tmp_path / "f.npy")


# Whatever it is


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    """A file that every example writes anew."""
    return tmp_path_factory.mktemp("fuzz") / "f.pkl"


@pytest.fixture(scope="module")
def unasked():
    """No name is looked up, here: what asks for one is refused before it runs."""
    asked = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PlainUnpickler, "find_class", lambda _, *names: asked.append(names))
        yield
    assert asked == []


def load_or_refuse(file, data):
    """Read bytes: features come out whose parts fit, or a FeaturesError, in little memory."""
    file.write_bytes(data)
    found, peak = peak_of(file)
    assert peak <= 3 * len(data) + FLOOR
    if not isinstance(found, FeaturesError):
        assert found.vectors.dtype == np.float16 and len(found.vectors) == len(found.names)
        assert all(isinstance(text, str) for text in (*found.names, *found.stamps))
        assert found.vectors.nbytes < len(data)
    return found


def old():
    """Features as they were pickled before 2026-12."""
    return good() | {"vectors": np.ones((1, 2), "float16")}


MANY = good() | {"names": [f"{n}.jpg" for n in range(40)], "stamps": [""] * 40, "shape": [40, 1]}
GOOD = [pickle.dumps(content, 5) for content in (good(), MANY | {"vectors": bytes(80)})]
SEEDS = [*GOOD, *(pickle.dumps(content, n) for content in (good(), old()) for n in (0, 2, 4, 5))]
SIZES = st.sampled_from(
    [0, 1, 2, 3, 255, 256, 2**16, 2**29, 2**31 - 1, 2**32 - 1, 2**62, 2**64 - 1]
)
NAMES = st.sampled_from(
    ["numpy", "ndarray", "dtype", "os", "system", "encoder", "names", "<f2", "a"]
)


def one_step(opcode, size, name, data):
    """A step with an argument of its kind, or nearly."""
    code, kind = opcode.code.encode("latin-1"), opcode.arg and opcode.arg.n
    if kind is None:
        return code
    if kind == pickletools.UP_TO_NEWLINE:
        lines = 2 if opcode.name in ("GLOBAL", "INST") else 1
        return code + b"".join(f"{name}\n".encode() for _ in range(lines))
    width = {-2: 1, -3: 4, -4: 4, -5: 8}.get(kind, kind)
    content = b"" if kind > 0 else (data or name.encode())
    size = size if kind > 0 or size > 2**8 else len(content)
    return code + number(size % 256**width, width) + content


ALL = st.sampled_from(pickletools.opcodes)
OURS = st.sampled_from([opcode for opcode in pickletools.opcodes if opcode.name in PLAIN])
STEPS = [
    st.builds(one_step, kind, SIZES | st.integers(0, 9), NAMES, st.binary(max_size=9))
    for kind in (ALL, OURS)
]
PLACES = st.floats(0, 1, exclude_max=True)
EDITS = st.tuples(PLACES, st.integers(0, 9), st.one_of(*STEPS, st.binary(max_size=4)))


def edited(data, edits):
    """Bytes with some of them replaced, left out or put in between."""
    for place, gone, new in edits:
        at = int(place * len(data))
        data = data[:at] + new + data[at + gone :]
    return data


@pytest.mark.slow
@pytest.mark.long(*EXAMPLES)
@fuzzed
@given(st.sampled_from(SEEDS), st.lists(EDITS, min_size=1, max_size=4))
def test_mutated_pickles_are_read_or_refused(file, unasked, seed, edits):
    load_or_refuse(file, edited(seed, edits))


@pytest.mark.slow
@pytest.mark.long(*EXAMPLES)
@fuzzed
@given(st.lists(st.one_of(*STEPS), max_size=40))
def test_pickles_made_of_any_steps_are_read_or_refused(file, unasked, steps):
    load_or_refuse(file, b"\x80\5" + b"".join(steps) + b".")


PARTS = st.recursive(
    st.one_of(NAMES, st.integers(-(2**31), 2**31 - 1), st.binary(max_size=20), st.just("x" * 300)),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)
KEYS = st.sampled_from([*good()])


@pytest.mark.slow
@pytest.mark.long(*EXAMPLES)
@fuzzed
@given(st.dictionaries(KEYS, PARTS), st.lists(st.integers(-2, 4), max_size=4), st.integers(2, 5))
def test_pickles_of_other_plain_things_are_read_or_refused(file, unasked, parts, shape, protocol):
    load_or_refuse(file, pickle.dumps(good() | {"shape": shape} | parts, protocol))


def test_the_seeds_are_what_they_should_be(file):
    found = [load_or_refuse(file, seed) for seed in SEEDS]
    assert [isinstance(one, Features) for one in found[:2]] == [True, True]
    assert [type(one) for one in found[-2:]] == [OldFeaturesError] * 2
