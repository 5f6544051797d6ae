"""Files of arrays that somebody has damaged, or made to do harm."""

import io
import os
import zipfile

import numpy as np
import pytest

from helpers.arrays import read_arrays
from helpers.captioner.confidence import World
from helpers.encoders import EncoderError, read_changes
from helpers.features.reducing import Reduction
from helpers.features.regions import FeaturesError, read_regions

MOST = 10_000  # bytes


def npy(array):
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


def npz(packing=zipfile.ZIP_DEFLATED, **members):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", packing) as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.npy", content)
    return file.getvalue()


def says(shape, kind="<f4"):
    """An array file that says it is so large, and holds twelve bytes."""
    head = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}".encode()
    return b"\x93NUMPY\x01\x00" + len(head + b"\n").to_bytes(2, "little") + head + b"\n" + bytes(12)


def damaged(place, content=b"XXXX"):
    good = npz(a=npy(np.arange(100.0)))
    return good[:place] + content + good[place + len(content) :]


FINE = npy(np.ones(3))
BROKEN = {
    "empty": b"",
    "a page": b"<html>",
    "cut off": npz(a=FINE)[:60],
    "no directory": npz(a=FINE)[:-30],
    "packed data damaged": damaged(100),
    "directory damaged": damaged(-70),
    "a member's head damaged": damaged(0),
    "a cut .npy": npy(np.ones(30))[:-9],
    "a cut .npy within": npz(a=npy(np.ones(30))[:-9]),
    "numbers of 128 bits": npy(np.ones(3, "longdouble")),
    "a head without end": npz(
        a=b"\x93NUMPY\x02\x00" + (200_000).to_bytes(4, "little") + b"(" * 2000
    ),
    "a name without end": npz(**{"n" * 60_000: npy(np.array(["a"]))}),
    "says 8 TB": says((10**9, 2048)),
    "says 8 TB within": npz(a=says((10**9, 2048))),
    "says 2**70": says((2**70,)),
    "too large": npy(np.ones(MOST)),
    "a bomb": npz(a=npy(np.zeros(10**6))),
    "bombs": npz(a=npy(np.zeros(1000)), b=npy(np.zeros(1000))),
    "another packer": npz(zipfile.ZIP_LZMA, a=FINE),
    "too many": npz(**{str(n): b"" for n in range(1001)}),
    "objects": npy(np.array([print])),
    "objects within": npz(a=npy(np.array([print]))),
    "texts": npy(np.array(["a"])),
    "no array within": npz(a=b"hello"),
    "not a number": npy(np.array([1, np.nan])),
    "infinity within": npz(a=FINE, b=npy(np.array([np.inf]))),
    "complex": npy(np.ones(3, complex)),
    "a strange type": says((3,), "<V4"),
    "no type": says((3,), "nix"),
}


def test_what_is_no_file_of_arrays_gets_no_advice_about_pickles(tmp_path):
    path = tmp_path / "world.npz"
    for content in (b"", b"<html>", b"\x80\x04."):
        path.write_bytes(content)
        with pytest.raises(ValueError, match="world.npz: it is no file of arrays"):
            read_arrays(path, MOST)


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_what_is_no_file_of_plain_numbers_is_named(tmp_path, content):
    path = tmp_path / "given.npz"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="^given.npz: .") as error:
        read_arrays(path, MOST)
    assert "\n" not in str(error.value) and len(str(error.value)) < 400


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_regions_and_reductions_that_are_none_are_named(tmp_path, content, monkeypatch):
    for module in ("regions", "reducing"):
        monkeypatch.setattr(f"helpers.features.{module}.LARGEST", MOST)
    for name, read, error in (
        ("a.npz", read_regions, FeaturesError),
        ("b.npz", Reduction.load, ValueError),
        ("c.npz", read_changes, EncoderError),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(error, match=name):
            read(tmp_path / name)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
def test_a_pipe_a_folder_and_nothing_are_no_file(tmp_path):
    os.mkfifo(tmp_path / "pipe.npz")
    (tmp_path / "folder.npz").mkdir()
    for name in ("pipe.npz", "folder.npz", "nothing.npz"):
        with pytest.raises(ValueError, match=f"^{name}: it is no file"):
            read_arrays(tmp_path / name, MOST)


def test_good_files_are_read_whatever_their_names(tmp_path):
    (tmp_path / "a").write_bytes(npz(**{"../../a": FINE, "/b": FINE}))
    assert {*read_arrays(tmp_path / "a", MOST)} == {"../../a", "/b"}
    (tmp_path / "b").write_bytes(npy(np.ones((0, 6))))
    assert read_arrays(tmp_path / "b", MOST)[""].shape == (0, 6)


def test_what_a_detector_says_beside_its_regions_is_not_read(tmp_path):
    path = tmp_path / "photo.npz"
    np.savez(path, features=np.ones((2, 6)), info={"boxes": 2})
    assert read_regions(path).shape == (2, 6)


@pytest.mark.parametrize("name", ["mean", "spread", "scales"])
def test_a_world_that_is_no_number_is_refused(tmp_path, name):
    """Every confidence would be as high as can be."""
    path = tmp_path / "world.npz"
    World.of_photos(np.random.default_rng(3).normal(size=(9, 4)), 2).save(path)
    arrays = dict(np.load(path))
    arrays[name][0] = np.nan
    np.savez(path, **arrays)
    with pytest.raises(ValueError, match=f"world.npz: {name} holds infinity, or what is no number"):
        World.load(path)


def test_a_world_without_a_spread_is_refused(tmp_path):
    path = tmp_path / "world.npz"
    World.of_photos(np.random.default_rng(3).normal(size=(9, 4)), 2).save(path)
    np.savez(path, **{**np.load(path), "spread": np.zeros(4, "float16")})
    with pytest.raises(ValueError, match="world.npz: its arrays don't fit together"):
        World.load(path)


def test_changes_that_are_no_number_are_refused(tmp_path):
    path, scales = tmp_path / "encoder.npz", np.full(2, np.nan, "float32")
    np.savez(path, **{"a/kernel": np.ones((3, 2), "int8"), "a/kernel_scales": scales})
    with pytest.raises(EncoderError, match="kernel_scales holds infinity, or what is no number"):
        read_changes(path)
