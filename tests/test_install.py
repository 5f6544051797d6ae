"""Installed by pip, away from the course folder: what the wheel holds, and that it captions."""

import importlib
import importlib.metadata
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from helpers import console, places

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
SCRIPTS = PROJECT["project"]["scripts"]
SOURCES = ["pyproject.toml", "setup.py", "README.md", "LICENSE", "helpers", "data"]
SETUPTOOLS = int(importlib.metadata.version("setuptools").split(".")[0])
DATA = [
    "captioners/attention-xception/decoder.weights.h5",
    "captioners/merge-xception/tokenizer.json",
    "captioners/README.md",
    "mini/Flickr8k.token.txt",
    "mini/de/Flickr8k.token.txt",
    "mini/boxes.json",
    "weights/xception-int8.npz",
    "weights/README.md",  # with the notice that the licence of these weights asks for
]
NOT_SHIPPED = {
    "results.json",
    "curves.json",
    "recorded",
    "flickr8k",
    "flickr30k",
}  # records; not ours


# Places


def load_places(package):
    """The module `places` as if it stood in this package."""
    package.mkdir(exist_ok=True)
    shutil.copy(places.__file__, package)
    spec = importlib.util.spec_from_file_location("placed", package / "places.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_course_folder_holds_data_and_work(monkeypatch):
    monkeypatch.delenv("CAPTION_WORK", raising=False)
    assert not places.INSTALLED
    assert ROOT / "data" == places.DATA
    assert (places.home(), places.work_root()) == (ROOT, ROOT / "work")


def test_an_installed_course_reads_from_its_package_and_works_in_a_cache(monkeypatch, tmp_path):
    (tmp_path / "site" / "data").mkdir(parents=True)  # some other package's
    (tmp_path / "site" / "helpers" / "data").mkdir(parents=True)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("CAPTION_WORK", raising=False)
    placed = load_places(tmp_path / "site" / "helpers")
    assert placed.INSTALLED
    assert tmp_path / "site" / "helpers" / "data" == placed.DATA
    assert tmp_path / "site" not in placed.work_root().parents
    if sys.platform == "linux":
        assert placed.work_root() == tmp_path / "cache" / "caption-lessons" / "work"


@pytest.mark.parametrize("installed", [True, False])
def test_caption_work_names_the_work_folder(monkeypatch, tmp_path, installed):
    if installed:
        (tmp_path / "data").mkdir()
    monkeypatch.setenv("CAPTION_WORK", str(tmp_path / "elsewhere"))
    assert load_places(tmp_path).work_root() == tmp_path / "elsewhere"


def test_a_usage_line_names_the_command_that_was_typed(monkeypatch):
    spec = SimpleNamespace(parent="helpers.captioner")
    monkeypatch.setitem(sys.modules, "__main__", SimpleNamespace(__spec__=spec))
    assert console.program() == "python -m helpers.captioner"
    monkeypatch.setitem(sys.modules, "__main__", SimpleNamespace(__spec__=None))
    assert console.program() is None  # argparse takes the name of the script


# The wheel


@pytest.mark.parametrize("name", SCRIPTS)
def test_every_command_leads_to_a_function(name):
    module, _, function = SCRIPTS[name].partition(":")
    assert callable(getattr(importlib.import_module(module), function))


def test_every_file_that_the_code_reads_is_named_for_the_wheel():
    """The wheel itself, which takes a minute to build, is looked at by `make test-long`."""
    shipped = set()
    for package, patterns in PROJECT["tool"]["setuptools"]["package-data"].items():
        folder = ROOT / package.replace(".", "/").replace("helpers/data", "data")  # see setup.py
        shipped.update(path for pattern in patterns for path in folder.glob(pattern))
    files = {path for top in ("helpers", "data") for path in (ROOT / top).rglob("*.*")}
    code = {path for path in files if path.suffix == ".py" and ROOT / "helpers" in path.parents}
    files = {path for path in files if path.is_file() and not NOT_SHIPPED & {*path.parts}}
    files = {path for path in files if path.suffix not in (".py", ".pyc", ".png")}
    assert files >= {ROOT / "data" / name for name in DATA}
    assert files <= shipped, "pyproject.toml, package-data: name these files"
    assert all((path.parent / "__init__.py").exists() for path in code)  # setup.py finds them


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The course's wheel, built from a copy: a build leaves folders behind."""
    if SETUPTOOLS < 77:
        pytest.skip("needs setuptools 77 or newer: `make setup` brings it")
    folder = tmp_path_factory.mktemp("wheel")
    ignored = shutil.ignore_patterns("__pycache__", "flickr8k", "flickr30k")
    for name in SOURCES:
        copy = shutil.copy if (ROOT / name).is_file() else shutil.copytree
        copy(ROOT / name, folder / name, **({} if copy is shutil.copy else {"ignore": ignored}))
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    done = subprocess.run([*command, "-w", folder, folder], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return next(folder.glob("*.whl"))


@pytest.mark.long
def test_the_wheel_holds_the_code_and_the_data_and_no_more(wheel):
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    paths = (ROOT / "helpers").rglob("*.*")
    code = {str(path.relative_to(ROOT)) for path in paths if path.is_file()}
    code = {name for name in code if "__pycache__" not in name}
    data = {name.removeprefix("helpers/data/") for name in held - code}
    assert code <= held and data.issuperset(DATA)
    photos = {name for name in data if re.fullmatch(r"mini/Flicker8k_Dataset/\w+\.jpg", name)}
    assert len(photos) == len(list((ROOT / "data/mini/Flicker8k_Dataset").glob("*.jpg")))
    assert not [name for name in data if name.endswith((".py", ".png"))]
    assert wheel.stat().st_size < 45_000_000


@pytest.mark.long
def test_the_wheel_captions_a_photo_from_any_folder(wheel, tmp_path):
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    (tmp_path / "away").mkdir()
    shutil.copy(next((ROOT / "data/mini/Flicker8k_Dataset").glob("*.jpg")), tmp_path / "away/a.jpg")
    module, _, function = SCRIPTS["caption"].partition(":")
    code = f"import sys; from {module} import {function}; sys.exit({function}(['a.jpg']))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path / "away",
        env=os.environ | {"PYTHONPATH": str(tmp_path / "site"), "HOME": str(tmp_path / "away")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    source, _, caption = done.stdout.strip().partition("\t")
    assert source == "a.jpg" and len(caption.split()) > 2
