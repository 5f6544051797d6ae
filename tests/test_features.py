"""Features: extraction that survives, batches read ahead, pickles that can't bite."""

import builtins
import errno
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from helpers.features import (
    ArrayUnpickler,
    Features,
    FeaturesError,
    extract_features,
    fit_reduction,
    gather_regions,
    load_features,
    read_ahead,
    reduce_features,
    save_features,
)
from helpers.features import extracting as module
from helpers.images import ImageError, image_pixels

SIZE = 8


class FakeEncoder:
    """Mean colour and one corner; counts the photos it has seen."""

    image_size, feature_shape = SIZE, (4,)

    def __init__(self, name="fake", stop_after=None):
        self.name, self.seen, self.stop_after = name, 0, stop_after

    def encode(self, pixels):
        if self.stop_after is not None and self.seen >= self.stop_after:
            raise KeyboardInterrupt
        self.seen += len(pixels)
        corner = pixels[:, 0, 0, :1].astype("float32")
        return np.concatenate([pixels.mean(axis=(1, 2)), corner], axis=1).astype("float32")


class WideEncoder(FakeEncoder):
    """The same numbers a hundred times: 800 bytes a photo."""

    feature_shape = (400,)

    def encode(self, pixels):
        return np.tile(super().encode(pixels), 100)


@pytest.fixture
def photos(tmp_path):
    """Ten photos, each of noise of its own."""
    random, paths = np.random.default_rng(3), []
    (tmp_path / "photos").mkdir()
    for number in range(10):
        paths.append(tmp_path / "photos" / f"{number}.png")
        Image.fromarray(random.integers(0, 256, (12, 9, 3), "uint8")).save(paths[-1])
    return paths


HEADER = 128  # bytes before the rows of an array file


@pytest.fixture(params=["features.pkl", "features.npy"])
def target(tmp_path, request):
    return tmp_path / "work" / request.param


@pytest.fixture
def expected(photos):
    pixels = np.stack([image_pixels(path, SIZE) for path in photos])
    return FakeEncoder().encode(pixels).astype("float16")


def leftovers(target):
    return sorted(path.name for path in target.parent.iterdir())


def complete(target):
    """Names of the files of a run that has ended."""
    return ["features.pkl"] if target.suffix == ".pkl" else ["features.json", "features.npy"]


def unfinished(target):
    """Names of the files of a run that was stopped."""
    return [f"{target.name}.part", f"{target.name}.part.json"]


# Extraction


@pytest.mark.parametrize("batch_size", [1, 3, 10, 99])
def test_extracts_every_photo_in_order(photos, target, expected, batch_size):
    made = extract_features(FakeEncoder(), photos, target, batch_size)
    assert (made.encoder, made.names) == ("fake", [path.name for path in photos])
    assert made.vectors.dtype == np.float16
    np.testing.assert_array_equal(made.vectors, expected)
    np.testing.assert_array_equal(load_features(target).vectors, expected)
    assert leftovers(target) == complete(target)


def test_no_photos_give_no_rows(target):
    assert extract_features(FakeEncoder(), [], target).vectors.shape == (0, 4)
    assert load_features(target).rows([]).shape == (0, 4)


def test_paths_may_be_strings_and_features_grids(photos, target):
    encoder = FakeEncoder()
    encoder.feature_shape = (SIZE, SIZE, 3)
    encoder.encode = lambda pixels: pixels.astype("float32")
    made = extract_features(encoder, [str(path) for path in photos], str(target), 4)
    assert made.vectors.shape == (10, SIZE, SIZE, 3)
    np.testing.assert_array_equal(made.vectors[7], image_pixels(photos[7], SIZE))


def test_mirror_exchanges_left_and_right(photos, target):
    made = extract_features(FakeEncoder(), photos, target, mirror=True)
    assert made.vectors[2, 3] == image_pixels(photos[2], SIZE)[0, -1, 0]


# Runs that stop in the middle


def test_ctrl_c_keeps_the_batches_that_are_done(photos, target, expected):
    with pytest.raises(KeyboardInterrupt):
        extract_features(FakeEncoder(stop_after=6), photos, target, 3)
    assert leftovers(target) == unfinished(target)
    encoder = FakeEncoder()
    made = extract_features(encoder, photos, target, 3)
    assert encoder.seen == 4
    np.testing.assert_array_equal(made.vectors, expected)


# A process of its own that starts quickly: it has features.py, but no TensorFlow.
START = """
import resource, signal, sys, time, types
sys.path[:0] = [{root!r}, {tests!r}]
sys.modules["helpers.encoders"] = types.SimpleNamespace(Encoder=object)
from pathlib import Path
from test_features import FakeEncoder, FeaturesError, WideEncoder, extract_features
photos, target = sorted(Path({photos!r}).iterdir()) * 50, {target!r}
"""
KILLED = """
class Slow(FakeEncoder):
    def encode(self, pixels):
        time.sleep(0.02)
        return super().encode(pixels)
extract_features(Slow(), photos, target, 2)
"""
LIMITED = """
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (14_000, 14_000))
try:
    extract_features(WideEncoder(), photos, target, 10)
except FeaturesError as error:
    print(error)
"""
needs_unix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")


def start(script, root, photos, target):
    names = {"root": root, "tests": root / "tests", "photos": photos[0].parent, "target": target}
    script = START.format(**{key: str(path) for key, path in names.items()}) + script
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
    return subprocess.Popen([sys.executable, "-c", script], **pipes)


@needs_unix
def test_a_killed_run_goes_on_where_it_stopped(root, photos, target, expected):
    part, limit = target.with_name(f"{target.name}.part"), time.monotonic() + 60
    with start(KILLED, root, photos, target) as process:
        while not (part.exists() and part.stat().st_size > 300) and time.monotonic() < limit:
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert leftovers(target) == unfinished(target)
    done = (part.stat().st_size - HEADER * (target.suffix == ".npy")) // 8
    assert 0 < done < 500
    encoder = FakeEncoder()
    made = extract_features(encoder, photos * 50, target)
    assert encoder.seen == 500 - done
    np.testing.assert_array_equal(made.vectors, np.tile(expected, (50, 1)))


@needs_unix
def test_a_real_limit_of_the_system_stops_a_run_that_then_goes_on(root, photos, target, expected):
    with start(LIMITED, root, photos, target) as process:
        said = process.communicate()[0]
    assert f"{target}: [Errno 27] File too large" in said
    assert "\n10 of 500 photos are kept; mend this and run again to go on" in said
    encoder = WideEncoder()
    made = extract_features(encoder, photos * 50, target)
    assert encoder.seen in (483, 490)  # a block that fitted may hold 17 rows
    np.testing.assert_array_equal(made.vectors, np.tile(expected, (50, 100)))


def stop_in_the_middle(photos, target, encoder=None):
    """Leave a part of six photos."""
    encoder = encoder or FakeEncoder()
    encoder.stop_after = 6
    with pytest.raises(KeyboardInterrupt):
        extract_features(encoder, photos, target, 3)


@pytest.mark.parametrize("extra", [1, 7, 9, 20])
def test_half_a_row_at_the_end_is_written_anew(photos, target, expected, extra):
    stop_in_the_middle(photos, target)
    with target.with_name(f"{target.name}.part").open("ab") as file:
        file.write(b"\x7f" * extra)
    made = extract_features(FakeEncoder(), photos, target, 3)
    np.testing.assert_array_equal(made.vectors[:6], expected[:6])
    np.testing.assert_array_equal(made.vectors[6 + extra // 8 :], expected[6 + extra // 8 :])


@pytest.mark.parametrize("label", ["", '{"encoder": "fake", "na', "[]"[:1]])
def test_a_label_that_was_cut_off_means_starting_again(photos, target, expected, label):
    stop_in_the_middle(photos, target)
    target.with_name(f"{target.name}.part.json").write_text(label)
    encoder = FakeEncoder()
    made = extract_features(encoder, photos, target, 3)
    assert encoder.seen == 10
    np.testing.assert_array_equal(made.vectors, expected)


@pytest.mark.parametrize("missing", [".part", ".part.json"])
def test_half_a_pair_of_part_files_means_starting_again(photos, target, expected, missing):
    stop_in_the_middle(photos, target)
    target.with_name(target.name + missing).unlink()
    np.testing.assert_array_equal(extract_features(FakeEncoder(), photos, target).vectors, expected)


def test_a_part_of_another_encoder_is_dropped(photos, target):
    stop_in_the_middle(photos, target, FakeEncoder("other"))
    encoder = FakeEncoder()
    assert extract_features(encoder, photos, target).encoder == "fake"
    assert encoder.seen == 10


def test_a_part_of_other_photos_is_dropped(photos, target, expected):
    stop_in_the_middle(photos, target)
    encoder = FakeEncoder()
    made = extract_features(encoder, photos[::-1], target)
    assert encoder.seen == 10
    np.testing.assert_array_equal(made.vectors, expected[::-1])


def test_taking_out_a_later_photo_costs_nothing(photos, target, expected):
    stop_in_the_middle(photos, target)
    encoder = FakeEncoder()
    made = extract_features(encoder, photos[:8] + photos[9:], target)
    assert encoder.seen == 3
    np.testing.assert_array_equal(made.vectors, np.delete(expected, 8, axis=0))


def test_fewer_photos_than_are_done(photos, target, expected):
    stop_in_the_middle(photos, target)
    encoder = FakeEncoder()
    made = extract_features(encoder, photos[:4], target)
    assert encoder.seen == 0
    np.testing.assert_array_equal(made.vectors, expected[:4])


# Photos and disks that fail


def cut_off(path):
    path.write_bytes(path.read_bytes()[:80])


@pytest.mark.parametrize(
    "harm",
    [
        Path.unlink,
        cut_off,
        lambda path: path.write_text("<html>"),
        lambda path: path.write_text(""),
    ],
    ids=["missing", "truncated", "a web page", "empty"],
)
def test_a_bad_photo_stops_with_one_message_and_the_next_run_goes_on(photos, target, harm):
    whole = photos[7].read_bytes()
    harm(photos[7])
    with pytest.raises(FeaturesError) as caught:
        extract_features(FakeEncoder(), photos, target, 3)
    message = str(caught.value)
    assert message.startswith(str(photos[7]))
    assert "\n6 of 10 photos are kept; mend this and run again" in message
    assert not target.exists()
    photos[7].write_bytes(whole)
    encoder = FakeEncoder()
    extract_features(encoder, photos, target, 3)
    assert encoder.seen == 4


class FullDisk:
    """A file on a disk that takes so many more bytes."""

    def __init__(self, file, room):
        self.file, self.room = file, room

    def write(self, data):
        self.file.write(data[: self.room])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def __getattr__(self, name):
        return getattr(self.file, name)

    def __enter__(self):
        return self

    def __exit__(self, *problem):
        self.file.close()


def fill_disk(monkeypatch, ending, mode, allowed=0):
    """Make the write number `allowed` to a file fail with ENOSPC after five bytes."""
    real_open, writes = Path.open, []

    def open_(self, *arguments, **options):
        file = real_open(self, *arguments, **options)
        if self.name.endswith(ending) and arguments[:1] == (mode,):
            writes.append(self)
            return FullDisk(file, 5) if len(writes) > allowed else file
        return file

    monkeypatch.setattr(Path, "open", open_)


def test_a_full_disk_keeps_what_is_done(photos, target, expected, monkeypatch):
    with monkeypatch.context() as patch:
        fill_disk(patch, ".part", "r+b", allowed=2)
        with pytest.raises(FeaturesError, match=r"No space left on device\n6 of 10 photos"):
            extract_features(FakeEncoder(), photos, target, 3)
    encoder = FakeEncoder()
    made = extract_features(encoder, photos, target, 3)
    assert encoder.seen == 4
    np.testing.assert_array_equal(made.vectors, expected)


def test_a_disk_too_full_for_the_pickle_keeps_all_rows(photos, tmp_path, expected, monkeypatch):
    target = tmp_path / "work" / "features.pkl"
    with monkeypatch.context() as patch:
        fill_disk(patch, ".new", "wb")
        with pytest.raises(FeaturesError, match=rf"{target.name}.*\n10 of 10 photos are kept"):
            extract_features(FakeEncoder(), photos, target, 3)
    assert leftovers(target) == unfinished(target)
    encoder = FakeEncoder()
    np.testing.assert_array_equal(extract_features(encoder, photos, target).vectors, expected)
    assert encoder.seen == 0


def test_a_work_folder_that_cannot_be_made(photos, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(FeaturesError, match="0 of 10 photos are kept"):
        extract_features(FakeEncoder(), photos, tmp_path / "file" / "features.pkl")


# Rows


def test_rows_come_in_the_order_asked_for():
    made = Features("fake", ["a", "b", "c"], np.array([[1], [2], [3]], "float16"))
    rows = made.rows(["c", "a", "c"])
    assert rows.dtype == np.float32
    np.testing.assert_array_equal(rows, [[3], [1], [3]])


def test_rows_look_at_the_file_name_only():
    made = Features("fake", ["a.jpg"], np.ones((1, 4), "float16"))
    assert made.rows(["images/2014/a.jpg"]).shape == (1, 4)


def test_rows_name_a_photo_without_features():
    made = Features("fake", ["a"], np.ones((1, 4), "float16"))
    with pytest.raises(FeaturesError, match="no features for b and 1 other photos.*lesson 02"):
        made.rows(["a", "b", "c"])


# The pickle


@pytest.mark.parametrize("shape", [(3, 2048), (2, 100, 8), (0, 5)])
@pytest.mark.parametrize("order", ["C", "F"])
def test_round_trip_keeps_every_bit(tmp_path, shape, order):
    vectors = np.random.default_rng(1).normal(size=shape).astype("float16", order=order)
    names = [f"Hündin {number}.jpg" for number in range(len(vectors))]
    save_features(Features("fake", names, vectors), tmp_path / "f.pkl")
    again = load_features(tmp_path / "f.pkl", "fake")
    assert (again.encoder, again.names, again.vectors.dtype) == ("fake", names, np.float16)
    np.testing.assert_array_equal(again.vectors, vectors)


def test_plain_pickle_reads_the_file_too(tmp_path):
    save_features(Features("fake", ["a"], np.ones((1, 2), "float16")), tmp_path / "f.pkl")
    content = pickle.loads((tmp_path / "f.pkl").read_bytes())
    assert sorted(content) == ["encoder", "names", "vectors"]


def test_saving_fails_without_harm_to_the_file_that_is_there(tmp_path):
    save_features(Features("fake", ["a"], np.ones((1, 2), "float16")), tmp_path / "f.pkl")
    before = (tmp_path / "f.pkl").read_bytes()
    with pytest.raises((AttributeError, TypeError, pickle.PicklingError)):
        save_features(Features("fake", [lambda: None], np.ones((1, 2))), tmp_path / "f.pkl")
    assert (tmp_path / "f.pkl").read_bytes() == before
    assert leftovers(tmp_path / "f.pkl") == ["f.pkl"]


def test_features_of_another_encoder_are_refused(tmp_path):
    save_features(Features("vgg16", ["a"], np.ones((1, 2), "float16")), tmp_path / "f.pkl")
    with pytest.raises(FeaturesError, match="holds features of 'vgg16', not of 'xception'; delete"):
        load_features(tmp_path / "f.pkl", "xception")


def test_a_missing_file_names_the_lesson(tmp_path):
    with pytest.raises(FeaturesError, match="f.pkl is missing; lesson 02 makes it"):
        load_features(tmp_path / "f.pkl")


class Calls:
    """Pickles as a call."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def good():
    return {"encoder": "fake", "names": ["a"], "vectors": np.ones((1, 2), "float16")}


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


def test_admitted_names_lead_to_nothing_but_makers_of_arrays():
    reader = ArrayUnpickler(open(os.devnull, "rb"))
    for name in ArrayUnpickler.ADMITTED:
        found = reader.find_class(*name.rsplit(".", 1))
        assert found.__name__ == name.rsplit(".", 1)[1]
        assert found not in vars(builtins).values()


def test_an_admitted_name_cannot_be_bent_with_new_attributes(tmp_path):
    """BUILD sets attributes on what it is given: on a function, that could replace its code."""
    admitted = b"cnumpy._core.numeric\n_frombuffer\n"
    (tmp_path / "f.pkl").write_bytes(b"\x80\x02" + admitted + b"N}X\x08\0\0\0__code__Ns\x86b.")
    with pytest.raises(FeaturesError):
        load_features(tmp_path / "f.pkl")
    save_features(Features("fake", ["a"], np.ones((1, 2), "float16")), tmp_path / "g.pkl")
    assert load_features(tmp_path / "g.pkl").vectors.shape == (1, 2)


WRONG = {
    "classic": {"a.jpg": np.ones((1, 4), "float32"), "b.jpg": np.ones((1, 4), "float32")},
    "a list": [1, 2, 3],
    "None": None,
    "too few names": good() | {"names": []},
    "names in one text": good() | {"names": "a"},
    "rows in a list": good() | {"vectors": [[1.0, 2.0]]},
    "other digits": good() | {"vectors": np.ones((1, 2))},
    "objects": good() | {"vectors": np.array([["x", None]], object)},
    "one number": good() | {"vectors": np.float16(1) * np.ones((), "float16")},
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


# Array files


@pytest.fixture
def array_file(photos, tmp_path):
    path = tmp_path / "grid.npy"
    extract_features(FakeEncoder(), photos, path)
    return path


def test_rows_of_an_array_file_stay_on_the_disk(array_file, photos, expected):
    features = load_features(array_file, "fake")
    assert isinstance(features.vectors, np.memmap) and not features.vectors.flags.writeable
    chosen = features.select([photos[7].name, photos[2].name, photos[5].name])
    assert chosen.shape == (3, 4) and len(chosen) == 3
    assert chosen[[2, 0]].dtype == np.float32
    np.testing.assert_array_equal(chosen[[2, 0]], expected[[5, 7]])
    np.testing.assert_array_equal(chosen[1:], expected[[2, 5]])


def test_numpy_opens_an_array_file_as_its_own(array_file, expected):
    np.testing.assert_array_equal(np.load(array_file, allow_pickle=False), expected)


@pytest.mark.parametrize(
    "harm, problem",
    [
        (lambda path: path.unlink(), "is missing; lesson 02 makes it"),
        (lambda path: path.with_suffix(".json").unlink(), "is missing; lesson 02 makes it"),
        (lambda path: path.write_bytes(path.read_bytes()[:150]), "is not a features file"),
        (lambda path: path.with_suffix(".json").write_text("{"), "is not a features file"),
        (lambda path: path.with_suffix(".json").write_text("[]"), "is not a features file"),
        (lambda path: np.save(path, np.zeros((9, 4), "float16")), "is not a features file"),
        (lambda path: np.save(path, [print], allow_pickle=True), "is not a features file"),
    ],
    ids=["gone", "no label", "cut off", "label cut off", "strange label", "rows lost", "objects"],
)
def test_a_broken_array_file_is_named(array_file, harm, problem):
    harm(array_file)
    with pytest.raises(FeaturesError, match=f"{array_file.name}.*{problem}"):
        load_features(array_file)


def test_an_array_file_of_another_encoder_is_refused(array_file):
    with pytest.raises(FeaturesError, match="holds features of 'fake', not of 'xception-grid'"):
        load_features(array_file, "xception-grid")


# Regions of others


@pytest.fixture
def boxes(tmp_path):
    """Regions of three photos, of different number and in three kinds of files."""
    random, folder = np.random.default_rng(5), tmp_path / "boxes"
    folder.mkdir()
    arrays = {
        name: random.normal(size=(count, 6)) for name, count in zip("abc", (2, 5, 3), strict=True)
    }
    np.save(folder / "a.npy", arrays["a"].astype("float32"))
    np.savez(folder / "b.npz", feat=arrays["b"], boxes=np.zeros((5, 4)))
    np.savez_compressed(folder / "c.npz", arrays["c"])
    return folder, arrays


def test_regions_of_different_number_come_into_one_file(boxes, tmp_path):
    folder, arrays = boxes
    made = gather_regions(folder, ["c.jpg", "a.png", "b.jpg"], tmp_path / "regions.npy")
    assert (made.encoder, made.names) == ("regions", ["c.jpg", "a.png", "b.jpg"])
    assert made.vectors.shape == (3, 5, 6)
    for row, name in enumerate("cab"):
        count = len(arrays[name])
        np.testing.assert_allclose(made.vectors[row, :count], arrays[name], atol=2e-3)
        assert not made.vectors[row, count:].any()
    again = load_features(tmp_path / "regions.npy", "regions")
    np.testing.assert_array_equal(again.vectors, made.vectors)


@pytest.mark.parametrize(
    "write, problem",
    [
        (lambda folder: (folder / "a.npy").unlink(), "there is no .*a.npy .*regions of a.jpg"),
        (lambda folder: np.save(folder / "a.npy", np.ones(6)), "a.npy has the shape"),
        (lambda folder: np.save(folder / "a.npy", np.ones((0, 6))), "a.npy has the shape"),
        (lambda folder: np.save(folder / "a.npy", np.full((2, 6), np.nan)), "finite numbers"),
        (lambda folder: np.save(folder / "a.npy", np.ones((2, 7))), r"of \[6, 7\] channels"),
        (lambda folder: np.save(folder / "a.npy", [print], allow_pickle=True), "no array of reg"),
        (lambda folder: (folder / "a.npy").write_bytes(b""), "no array of regions"),
        (lambda folder: np.savez(folder / "b.npz", x=1, y=2), "call one of them features"),
    ],
)
def test_regions_that_do_not_fit_are_named(boxes, tmp_path, write, problem):
    folder, _ = boxes
    write(folder)
    with pytest.raises(FeaturesError, match=problem):
        gather_regions(folder, ["a.jpg", "b.jpg", "c.jpg"], tmp_path / "regions.npy")
    assert not (tmp_path / "regions.npy").exists()


# Fewer numbers per region


@pytest.fixture
def regions():
    """100 regions of 6 channels that differ along 2 directions only, and one channel that is 3."""
    random = np.random.default_rng(5)
    plane = random.normal(size=(100, 2)) @ random.normal(size=(2, 6))
    return np.hstack([plane * [1, 10, 100, 1, 1, 1], np.full((100, 1), 3)]).astype("float32")


def test_two_numbers_keep_what_differs_in_two_directions(regions):
    reduction = fit_reduction(regions, 2)
    reduced = reduction(regions)
    assert reduced.shape == (100, 2) and reduced.dtype == np.float32
    assert reduction.kept == pytest.approx(1) and fit_reduction(regions, 1).kept < 0.95
    np.testing.assert_allclose(reduced.mean(axis=0), 0, atol=1e-5)
    assert reduced.var(axis=0).mean() == pytest.approx(1, abs=1e-4)
    assert np.corrcoef(reduced.T)[0, 1] == pytest.approx(0, abs=1e-4)
    standard = (regions - reduction.mean) / reduction.spread
    back = reduced @ np.linalg.pinv(reduction.axes * reduction.spread[:, None])
    np.testing.assert_allclose(back, standard, atol=1e-4)


def test_padding_stays_padding(regions):
    padded = np.stack([regions[:3], np.zeros((3, 7), "float32")])
    reduced = fit_reduction(regions, 2)(padded)
    assert reduced[0].all() and not reduced[1].any()


@pytest.mark.parametrize("components", [0, 8, 101])
def test_components_that_cannot_be_had_are_refused(regions, components):
    with pytest.raises(FeaturesError, match=f"{components} components .* choose 1 to 7"):
        fit_reduction(regions, components)


def test_a_reduction_comes_back_as_it_was_saved(regions, tmp_path):
    reduction = fit_reduction(regions, 2)
    reduction.save(tmp_path / "axes.npz")
    again = type(reduction).load(tmp_path / "axes.npz")
    assert again.kept == reduction.kept
    np.testing.assert_array_equal(again(regions), reduction(regions))


def test_reduced_features_stand_in_a_file_of_their_own(regions, tmp_path, monkeypatch):
    monkeypatch.setattr("helpers.features.reducing.AT_ONCE", 3)
    grids = Features("grid", [f"{n}.jpg" for n in range(20)], regions.reshape(20, 5, 7))
    reduction, target = fit_reduction(regions, 2), tmp_path / "grid-2.npy"
    made = reduce_features(grids, reduction, target)
    assert made.encoder == "grid-2" and made.names == grids.names
    assert made.vectors.dtype == np.float16 and isinstance(made.vectors, np.memmap)
    np.testing.assert_allclose(made.vectors, reduction(grids.vectors), atol=2e-3)
    broken = Features("grid", ["a.jpg", "b.jpg"], np.zeros((2, 5, 6), "float16"))
    with pytest.raises(ValueError):
        reduce_features(broken, reduction, tmp_path / "other.npy")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["grid-2.json", "grid-2.npy"]
