"""The house: one list of dependencies, commands, sizes, no machine's traces."""

import ast
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from check_content import MACHINE_PATH

ROOT = Path(__file__).parents[1]
HELPERS = sorted((ROOT / "helpers").rglob("*.py"))
TOOLS = sorted((ROOT / "notebooks" / "tools").glob("*.py"))
MADE_HERE = {".git", ".venv", "build", "work", "__pycache__", ".ipynb_checkpoints"}
MADE_HERE |= {
    ".pytest_cache",
    ".hypothesis",
    ".ruff_cache",
    ".import_linter_cache",
    ".virtual_documents",
    "flickr8k",
    "flickr30k",
}
TEXT = {".py", ".md", ".toml", ".yml", ".ipynb", ".html", ".css", ".js", ".json", ".txt", ""}
COMMANDS = "setup lessons test test-long lab notebooks benchmark site publish help".split()
IMPORT_NAMES = {"pillow": "PIL", "pyyaml": "yaml", "requests-hardened": "requests_hardened"}
IMPORT_NAMES |= {"keras-hub": "keras_hub"}
LISTED = r'  +(- (?!conda-forge|pip:)|"[\w\[\]-]+[>=])'  # a line that lists a dependency
MODULE_LINES, FUNCTION_LINES, FILE_BYTES = 250, 25, 25_000_000
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def files_of_the_course():
    """All files but what tools leave behind."""
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in folders if name not in MADE_HERE and "egg" not in name]
        yield from (Path(folder) / name for name in names if name != ".git")  # of a worktree


def tree(path):
    return ast.parse(path.read_text("utf-8"))


def functions(path):
    return [node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef)]


def short(path):
    return str(path.relative_to(ROOT))


# Dependencies


def test_environment_yml_agrees_with_pyproject():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))
    conda = [item for item in environment["dependencies"] if isinstance(item, str)]
    pip = next(item["pip"] for item in environment["dependencies"] if isinstance(item, dict))
    assert f"python{PROJECT['project']['requires-python']}" in conda
    extras = ",".join(sorted(PROJECT["project"]["optional-dependencies"]))
    assert pip == [f"-e .[{extras}]"]
    assert f'".[{extras}]"' in (ROOT / "Makefile").read_text("utf-8")


@pytest.mark.parametrize("name", ["environment.yml", "pyproject.toml"])
def test_every_dependency_says_what_needs_it(name):
    lines = (ROOT / name).read_text("utf-8").splitlines()
    listed = [
        line for line in lines if re.match(r'  +(- (?!conda-forge|pip:)|"[\w\[\]-]+[>=])', line)
    ]
    assert len(listed) >= 4
    assert [line for line in listed if not re.search(r"  # \w", line)] == []


def declared_imports():
    """Names that pyproject.toml makes importable."""
    project = PROJECT["project"]
    lists = [project["dependencies"], *project["optional-dependencies"].values()]
    lists.append(PROJECT["tool"]["caption-lessons"]["without-dependencies"])
    names = {re.match(r"[\w-]+", line).group() for lines in lists for line in lines}
    return {IMPORT_NAMES.get(name, name) for name in names} | {
        "distributed",
        "IPython",
        "jupyter_client",
    }


def imported(path):
    """Top-level names that a file imports."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module.split(".")[0]


@pytest.mark.slow
def test_every_import_is_declared():
    own = {"helpers", "google", "__future__"}
    folders = ["helpers", "notebooks/src", "notebooks/tools", "tests", "data"]
    paths = [path for name in folders for path in (ROOT / name).rglob("*.py")]
    own |= {path.stem for path in paths} | set(sys.stdlib_module_names)
    allowed = own | declared_imports()
    unknown = {(short(path), name) for path in paths for name in imported(path)}
    assert {pair for pair in unknown if pair[1] not in allowed} == set()


# Commands


def test_make_lists_every_command():
    listed = subprocess.run(
        ["make", "--no-print-directory"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert sorted(re.findall(r"^  make ([\w-]+) ", listed, re.MULTILINE)) == sorted(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_make_knows_the_command(command):
    result = subprocess.run(
        ["make", "-n", command, "REPOSITORY=a/b"], cwd=ROOT, capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr


def test_setup_names_the_cure_for_an_unsuitable_python(tmp_path):
    arguments = ["make", "setup", "PYTHON=no-such-python", f"VENV={tmp_path / 'venv'}"]
    result = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True)
    assert result.returncode != 0
    assert "no-such-python is not a Python 3.11, 3.12 or 3.13" in result.stderr
    assert not (tmp_path / "venv").exists()


# Sizes and style


@pytest.mark.parametrize("path", HELPERS + TOOLS, ids=short)
def test_modules_and_functions_are_short(path):
    assert len(path.read_text("utf-8").splitlines()) <= MODULE_LINES
    long = {node.name: body_lines(node) for node in functions(path)}
    assert {name: lines for name, lines in long.items() if lines > FUNCTION_LINES} == {}


def body_lines(node):
    """Lines of a function's body, its docstring left out."""
    body = node.body[1:] if ast.get_docstring(node) else node.body
    return body[-1].end_lineno - body[0].lineno + 1 if body else 0


def test_no_file_is_too_big():
    big = [short(path) for path in files_of_the_course() if path.stat().st_size > FILE_BYTES]
    assert big == []


def test_mini_is_small():
    files = [path for path in (ROOT / "data" / "mini").rglob("*.*") if path.is_file()]
    kept = [path for path in files if path.suffix != ".pyc"]
    assert sum(path.stat().st_size for path in kept) <= 8_200_000  # German takes 0.3 of them


@pytest.mark.slow
def test_no_path_of_a_machine():
    found = {}
    for path in files_of_the_course():
        if path.suffix in TEXT and path.stat().st_size < 2_000_000:
            paths = MACHINE_PATH.findall(path.read_text("utf-8", errors="ignore"))
            if paths:
                found[short(path)] = paths
    assert found == {}


def test_repository_address_is_one():
    address = PROJECT["project"]["urls"]["Repository"].removeprefix("https://github.com/")
    assert re.fullmatch(r"[\w.-]+/[\w.-]+", address)
    badge = r"colab\.research\.google\.com/github/([\w.-]+/[\w.-]+)/blob/"
    for path in files_of_the_course():
        if path.suffix in (".md", ".ipynb") or path.parent.name == "src":
            others = set(re.findall(badge, path.read_text("utf-8"))) - {address}
            assert others == set(), f"{short(path)}: run make publish REPOSITORY={address}"
