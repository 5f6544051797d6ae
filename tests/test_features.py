"""Features: extraction that survives, files that know their photos, pickles that can't bite."""

import errno
import json
import os
import re
import signal
import subprocess
import sys
import time
import tracemalloc
from contextlib import suppress
from dataclasses import replace
from itertools import count
from pathlib import Path
from random import Random

import numpy as np
import pytest
from PIL import Image

from helpers.features import (
    Features,
    FeaturesError,
    extract_features,
    fit_reduction,
    gather_regions,
    load_features,
    reduce_features,
    region_files,
    save_features,
    stamp_of,
)
from helpers.features.files import array_header
from helpers.images import image_pixels

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
    """Ten photos, each of noise of its own: names and files."""
    random, paths = np.random.default_rng(3), {}
    (tmp_path / "photos").mkdir()
    for number in range(10):
        name = f"{number}.png"
        paths[name] = tmp_path / "photos" / name
        Image.fromarray(random.integers(0, 256, (12, 9, 3), "uint8")).save(paths[name])
    return paths


def some(photos, *chosen):
    """The photos of these slices, one behind the other."""
    names = list(photos)
    return {name: photos[name] for part in chosen for name in names[part]}


def fifty_times(photos):
    """Each photo under fifty names."""
    return {f"{time}/{name}": path for time in range(50) for name, path in photos.items()}


HEADER = 128  # bytes before the rows of an array file


@pytest.fixture(params=["features.pkl", "features.npy"])
def target(tmp_path, request):
    return tmp_path / "work" / request.param


@pytest.fixture
def expected(photos):
    pixels = np.stack([image_pixels(path, SIZE) for path in photos.values()])
    return FakeEncoder().encode(pixels).astype("float16")


def leftovers(target):
    """Names of the files there, without a label that a kill left half written (gone in a day)."""
    names = [path.name for path in target.parent.iterdir()]
    return sorted(name for name in names if not re.match(r"\.[0-9a-f]{8}-", name))


def complete(target):
    """Names of the files of a run that has ended."""
    return [target.name]


def unfinished(target):
    """Names of the files of a run that was stopped."""
    return [f"{target.name}.part", f"{target.name}.part.json"]


# Extraction


@pytest.mark.parametrize("batch_size", [1, 3, 10, 99])
def test_extracts_every_photo_in_order(photos, target, expected, batch_size):
    made = extract_features(FakeEncoder(), photos, target, batch_size)
    assert (made.encoder, made.names) == ("fake", list(photos))
    assert made.stamps == [stamp_of(path) for path in photos.values()]
    assert made.vectors.dtype == np.float16
    np.testing.assert_array_equal(made.vectors, expected)
    np.testing.assert_array_equal(load_features(target).vectors, expected)
    assert leftovers(target) == complete(target)


def test_no_photos_give_no_rows(target):
    assert extract_features(FakeEncoder(), {}, target).vectors.shape == (0, 4)
    assert load_features(target).rows([]).shape == (0, 4)


def test_paths_may_be_strings_and_features_grids(photos, target):
    encoder = FakeEncoder()
    encoder.feature_shape = (SIZE, SIZE, 3)
    encoder.encode = lambda pixels: pixels.astype("float32")
    made = extract_features(
        encoder, {name: str(path) for name, path in photos.items()}, str(target), 4
    )
    assert made.vectors.shape == (10, SIZE, SIZE, 3)
    np.testing.assert_array_equal(made.vectors[7], image_pixels(photos["7.png"], SIZE))


def test_mirror_exchanges_left_and_right(photos, target):
    made = extract_features(FakeEncoder(), photos, target, mirror=True)
    assert made.vectors[2, 3] == image_pixels(photos["2.png"], SIZE)[0, -1, 0]


# Runs that stop in the middle


def test_ctrl_c_keeps_the_batches_that_are_done(photos, target, expected):
    with pytest.raises(KeyboardInterrupt):
        extract_features(FakeEncoder(stop_after=6), photos, target, 3)
    assert leftovers(target) == unfinished(target)
    encoder = FakeEncoder()
    made = extract_features(encoder, photos, target, 3)
    assert encoder.seen == 4
    np.testing.assert_array_equal(made.vectors, expected)


# A process of its own that starts quickly: it has all that it needs, but no TensorFlow.
START = """
import resource, signal, sys, time, types
sys.path[:0] = [{root!r}, {tests!r}]
encoders = sys.modules["helpers.encoders"] = types.ModuleType("helpers.encoders")
encoders.__path__, encoders.Encoder = [{root!r} + "/helpers/encoders"], object
from pathlib import Path
from test_features import FakeEncoder, FeaturesError, WideEncoder, extract_features, fifty_times
photos = fifty_times({{path.name: path for path in sorted(Path({photos!r}).iterdir())}})
target = {target!r}
"""
KILLED = """
class Slow(FakeEncoder):
    def encode(self, pixels):
        time.sleep({pause})
        return super().encode(pixels)
print("go", flush=True)
extract_features(Slow(), photos, target, 2)
"""
LIMITED = """
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (43_000, 43_000))
try:
    extract_features(WideEncoder(), photos, target, 10)
except FeaturesError as error:
    print(error)
"""
needs_unix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")


def start(script, root, photos, target):
    names = {
        "root": root,
        "tests": root / "tests",
        "photos": photos["0.png"].parent,
        "target": target,
    }
    script = START.format(**{key: str(path) for key, path in names.items()}) + script
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
    return subprocess.Popen([sys.executable, "-c", script], **pipes)


@pytest.mark.slow
@needs_unix
def test_a_killed_run_goes_on_where_it_stopped(root, photos, target, expected):
    part, limit = target.with_name(f"{target.name}.part"), time.monotonic() + 60
    with start(KILLED.format(pause=0.02), root, photos, target) as process:
        while not (part.exists() and part.stat().st_size > 300) and time.monotonic() < limit:
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert leftovers(target) == unfinished(target)
    done = (part.stat().st_size - HEADER * (target.suffix == ".npy")) // 8
    assert 0 < done < 500
    encoder = FakeEncoder()
    made = extract_features(encoder, fifty_times(photos), target)
    assert encoder.seen == 500 - done
    np.testing.assert_array_equal(made.vectors, np.tile(expected, (50, 1)))


@needs_unix
@pytest.mark.slow
@pytest.mark.long(2, 50)
def test_runs_killed_at_random_moments_come_to_what_an_undisturbed_one_comes_to(
    root, photos, target, tmp_path, length
):
    """Killed, run again, killed …"""
    undisturbed, random, kills = tmp_path / "undisturbed" / target.name, Random(), 0
    extract_features(FakeEncoder(), fifty_times(photos), undisturbed)
    while True:
        pause = random.choice([0.001, 0.01])
        with start(KILLED.format(pause=pause), root, photos, target) as process:
            assert process.stdout.readline() == "go\n"
            with suppress(subprocess.TimeoutExpired):
                process.wait(random.uniform(0, 1.2) if kills < length else 60)
            process.kill()
        kills += process.returncode == -signal.SIGKILL
        assert not target.exists() or target.read_bytes() == undisturbed.read_bytes()
        if process.returncode == 0 and kills >= length:
            break
    assert leftovers(target) == complete(target)
    assert target.read_bytes() == undisturbed.read_bytes()


@pytest.mark.parametrize("step", range(6))
def test_a_run_that_dies_at_any_step_leaves_a_file_of_one_run(photos, target, monkeypatch, step):
    """Never rows of some photos under the names of others."""
    extract_features(FakeEncoder(), some(photos, np.s_[:3]), target)
    with monkeypatch.context() as patch:
        steps = count()

        def dying(real):
            def call(*given, **options):
                if next(steps) == step:
                    raise SystemExit
                return real(*given, **options)

            return call

        patch.setattr(os, "replace", dying(os.replace))
        patch.setattr(Path, "replace", dying(Path.replace))
        patch.setattr(Path, "unlink", dying(Path.unlink))
        with suppress(SystemExit):
            extract_features(FakeEncoder(), some(photos, np.s_[3:6]), target)
    found = load_features(target)
    for name, row in zip(found.names, found.vectors, strict=True):
        pixels = image_pixels(photos[name], SIZE)
        np.testing.assert_array_equal(row, FakeEncoder().encode(pixels[None])[0].astype("float16"))
    made = extract_features(FakeEncoder(), some(photos, np.s_[3:6]), target)
    assert made.stale(some(photos, np.s_[3:6])) == "" and leftovers(target) == complete(target)


@pytest.mark.slow
@needs_unix
def test_a_real_limit_of_the_system_stops_a_run_that_then_goes_on(root, photos, target, expected):
    with start(LIMITED, root, photos, target) as process:
        said = process.communicate()[0]
    assert f"{target}: [Errno 27] File too large" in said
    assert "\n50 of 500 photos are kept; mend this and run again to go on" in said
    encoder = WideEncoder()
    made = extract_features(encoder, fifty_times(photos), target)
    assert encoder.seen in (447, 450)  # a block that fitted may hold 53 rows
    np.testing.assert_array_equal(made.vectors, np.tile(expected, (50, 100)))


def stop_in_the_middle(photos, target, encoder=None):
    """Leave a part of six photos."""
    encoder = encoder or FakeEncoder()
    encoder.stop_after = 6
    with pytest.raises(KeyboardInterrupt):
        extract_features(encoder, photos, target, 3)


def test_a_pickle_that_would_be_refused_is_not_begun(photos, tmp_path, monkeypatch):
    monkeypatch.setattr("helpers.features.extracting.LARGEST", 8 * len(photos))
    encoder = FakeEncoder()
    with pytest.raises(FeaturesError, match=r"features\.pkl: a pickle .* name end in \.npy"):
        extract_features(encoder, photos, tmp_path / "features.pkl")
    assert not encoder.seen and not list(tmp_path.glob("*.p*"))
    extract_features(encoder, photos, tmp_path / "features.npy")


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
    made = extract_features(encoder, some(photos, np.s_[::-1]), target)
    assert encoder.seen == 10
    np.testing.assert_array_equal(made.vectors, expected[::-1])


def test_taking_out_a_later_photo_costs_nothing(photos, target, expected):
    stop_in_the_middle(photos, target)
    encoder = FakeEncoder()
    made = extract_features(encoder, some(photos, np.s_[:8], np.s_[9:]), target)
    assert encoder.seen == 3
    np.testing.assert_array_equal(made.vectors, np.delete(expected, 8, axis=0))


def test_fewer_photos_than_are_done(photos, target, expected):
    stop_in_the_middle(photos, target)
    encoder = FakeEncoder()
    made = extract_features(encoder, some(photos, np.s_[:4]), target)
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
    seven = photos["7.png"]
    whole = seven.read_bytes()
    harm(seven)
    with pytest.raises(FeaturesError) as caught:
        extract_features(FakeEncoder(), photos, target, 3)
    message = str(caught.value)
    assert message.startswith(str(seven))
    assert "\n6 of 10 photos are kept; mend this and run again" in message
    assert not target.exists()
    seven.write_bytes(whole)
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


@needs_unix
@pytest.mark.parametrize("write", ["save", "regions", "reduced", "axes"])
def test_a_full_disk_is_named_and_the_old_file_stays(tmp_path, write):
    """In every writer: this process may write files of 3,000 bytes for a while."""
    resource = pytest.importorskip("resource")
    (tmp_path / "boxes").mkdir()
    np.save(tmp_path / "boxes" / "a.npy", np.ones((50, 50), "float16"))
    wide = Features("fake", ["a"], np.ones((1, 50, 50), "float16"))
    reduction = fit_reduction(np.random.default_rng(1).normal(size=(99, 50)), 40)
    target = tmp_path / ("f.pkl" if write == "save" else "f.npz" if write == "axes" else "f.npy")
    target.write_bytes(b"old")
    writers = {
        "save": lambda: save_features(wide, target),
        "regions": lambda: gather_regions(tmp_path / "boxes", ["a.jpg"], target),
        "reduced": lambda: reduce_features(wide, reduction, target),
        "axes": lambda: reduction.save(target),
    }
    before, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.getsignal(signal.SIGXFSZ)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3000, before[1]))
    try:
        with pytest.raises(OSError, match=f"File too large.*{target.name}"):
            writers[write]()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert target.read_bytes() == b"old" and leftovers(target) == ["boxes", target.name]


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
        fill_disk(patch, "features.pkl", "wb")
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


def test_two_photos_of_one_name_in_two_folders_stay_two():
    made = Features("fake", ["a/1.jpg", "b/1.jpg"], np.array([[1], [2]], "float16"))
    np.testing.assert_array_equal(made.rows(["b/1.jpg", "a/1.jpg"]), [[2], [1]])
    with pytest.raises(FeaturesError, match="no features for 1.jpg"):
        made.rows(["1.jpg"])


# Whether they are of these photos


def test_features_know_of_which_photos_they_were_made(photos, target):
    made = extract_features(FakeEncoder(), photos, target)
    assert made.stale(photos) == load_features(target).stale(photos) == ""
    assert made.stale(some(photos, np.s_[3:5])) == made.stale({}) == ""
    more = photos | {"new.png": photos["1.png"]}
    assert made.stale(more) == "it lacks 1 photo, for example new.png"
    more |= {"newer.png": photos["2.png"]}
    assert made.stale(more) == "it lacks 2 photos, for example new.png"
    os.utime(photos["3.png"], (0, 0))  # unpacked again, or copied
    assert made.stale(photos) == ""
    data = photos["3.png"].read_bytes()
    photos["3.png"].write_bytes(data[:-1] + b"\0")
    assert made.stale(photos) == "3.png was replaced since"
    photos["3.png"].unlink()
    assert made.stale(photos) == "3.png was replaced since"
    assert made.stale(some(photos, np.s_[:3])) == ""


def test_files_without_stamps_are_read_and_not_known(photos, tmp_path, expected):
    """As array files of before 2026-12 are, with a label in a file of its own."""
    np.save(tmp_path / "f.npy", expected)
    (tmp_path / "f.json").write_text(json.dumps({"encoder": "fake", "names": list(photos)}))
    features = load_features(tmp_path / "f.npy")
    np.testing.assert_array_equal(features.vectors, expected)
    assert features.stale(photos) == "it is not known of which files it was made"


@pytest.mark.parametrize("replaced, kept", [(0, 0), (2, 2), (5, 5), (6, 6), (8, 6)])
def test_a_photo_that_was_replaced_costs_the_rows_behind_it(photos, target, replaced, kept):
    stop_in_the_middle(photos, target)
    Image.new("RGB", (5, 5), "red").save(photos[f"{replaced}.png"])
    encoder = FakeEncoder()
    made = extract_features(encoder, photos, target)
    assert encoder.seen == 10 - kept and made.stale(photos) == ""
    pixels = image_pixels(photos[f"{replaced}.png"], SIZE)
    np.testing.assert_array_equal(made.vectors[replaced, :3], pixels.mean((0, 1)))


# Numbers that don't fit


class LoudEncoder(FakeEncoder):
    """Of the photo number 7 one number is beyond float16, or none."""

    loud = 1e5

    def encode(self, pixels):
        vectors = super().encode(pixels)
        vectors[
            [7 - self.seen + len(pixels)] if self.seen > 7 >= self.seen - len(pixels) else []
        ] = self.loud
        return vectors


@pytest.mark.parametrize("number", [1e5, -1e5, np.inf, np.nan])
def test_a_number_beyond_float16_is_refused_with_the_photo(photos, target, number, recwarn):
    encoder = LoudEncoder()
    encoder.loud = number
    with pytest.raises(FeaturesError, match="7.png hold numbers beyond .65,504.*\n6 of 10 photos"):
        extract_features(encoder, photos, target, 3)
    assert not target.exists() and not recwarn.list
    assert extract_features(FakeEncoder(), photos, target, 3).vectors.max() < 256


def test_regions_and_reductions_beyond_float16_are_refused_too(tmp_path):
    np.save(tmp_path / "a.npy", np.full((2, 3), 1e5, "float32"))
    with pytest.raises(FeaturesError, match="features of a.jpg hold numbers beyond"):
        gather_regions(tmp_path, ["a.jpg"], tmp_path / "regions.npy")
    grids = Features("grid", ["b.jpg", "c.jpg"], np.eye(4, dtype="float16").reshape(2, 2, 4))
    reduction = fit_reduction(np.random.default_rng(0).normal(size=(9, 4)), 2)
    loud = replace(reduction, axes=reduction.axes * 1e6)
    with pytest.raises(FeaturesError, match="features of b.jpg hold numbers beyond"):
        reduce_features(grids, loud, tmp_path / "grid-2.npy")
    assert leftovers(tmp_path / "a.npy") == ["a.npy"]


def test_rows_name_a_photo_without_features():
    made = Features("fake", ["a"], np.ones((1, 4), "float16"))
    with pytest.raises(FeaturesError, match="no features for b and 1 other photos.*lesson 02"):
        made.rows(["a", "b", "c"])


# Array files


@pytest.fixture
def array_file(photos, tmp_path):
    path = tmp_path / "grid.npy"
    extract_features(FakeEncoder(), photos, path)
    return path


def test_rows_of_an_array_file_stay_on_the_disk(array_file, photos, expected):
    features = load_features(array_file, "fake")
    assert isinstance(features.vectors, np.memmap) and not features.vectors.flags.writeable
    chosen = features.select(["7.png", "2.png", "5.png"])
    assert chosen.shape == (3, 4) and len(chosen) == 3
    assert chosen[[2, 0]].dtype == np.float32
    np.testing.assert_array_equal(chosen[[2, 0]], expected[[5, 7]])
    np.testing.assert_array_equal(chosen[1:], expected[[2, 5]])


def test_a_label_without_end_is_refused_before_it_is_read(array_file):
    os.truncate(array_file, 10**9)  # takes no room on the disk, and would take 1 GB of memory
    with pytest.raises(FeaturesError, match="its label is too long for so few rows"):
        load_features(array_file)


def test_a_label_of_nothing_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "grid.npy"
    path.write_bytes(array_header((10**6, 1)) + bytes(2 * 10**6))
    os.truncate(path, 2**32)
    tracemalloc.start()
    with pytest.raises(FeaturesError, match="its label is too long"):
        load_features(path)
    assert tracemalloc.get_traced_memory()[1] < 2**20
    tracemalloc.stop()


def test_numpy_opens_an_array_file_as_its_own(array_file, expected):
    np.testing.assert_array_equal(np.load(array_file, allow_pickle=False), expected)


@pytest.mark.parametrize(
    "harm, problem",
    [
        (lambda path: path.unlink(), "is missing; lesson 02 makes it"),
        (lambda path: path.write_bytes(path.read_bytes()[:150]), "is not a features file"),
        (lambda path: path.write_bytes(path.read_bytes()[:-9]), "is not a features file"),
        (lambda path: path.write_bytes(path.read_bytes() + b"{}"), "is not a features file"),
        (lambda path: np.save(path, np.zeros((9, 4), "float16")), "is missing; lesson 02 makes it"),
        (lambda path: np.save(path, [print], allow_pickle=True), "is not a features file"),
    ],
    ids=["gone", "cut off", "label cut off", "strange label", "no label", "objects"],
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


def test_regions_of_photos_in_two_folders(tmp_path):
    for number, place in enumerate(["train/1", "test/1", "2", "test/3"]):
        path = tmp_path / f"{place}.npy"
        path.parent.mkdir(exist_ok=True)
        np.save(path, np.full((1, 2), number))
    names = ["train/1.png", "test/1.jpg", "train/2.png", "test/3.png"]
    made = gather_regions(tmp_path, names, tmp_path / "regions.npy")
    assert made.names == names and made.vectors[:, 0, 0].tolist() == [0, 1, 2, 3]
    assert made.stale(region_files(tmp_path, names)) == ""
    np.save(tmp_path / "2.npy", np.full((2, 2), 9))
    assert made.stale(region_files(tmp_path, names)) == "train/2.png was replaced since"
    np.save(tmp_path / "1.npy", np.ones((1, 2)))
    (tmp_path / "test" / "1.npy").unlink()
    with pytest.raises(FeaturesError, match="there is no .*test/1.npy .* regions of test/1.jpg"):
        region_files(tmp_path, names)
    with pytest.raises(FeaturesError, match="1.npy would be of two photos, one of them 1.png"):
        region_files(tmp_path, ["1.jpg", "1.png"])


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
        (lambda folder: np.save(folder / "a.npy", np.full((2, 6), np.nan)), "what is no number"),
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
    assert leftovers(target) == ["grid-2.npy"]
