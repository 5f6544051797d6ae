"""The table of `make benchmark`, and that the README repeats what was recorded."""

import json
import runpy

import pytest


@pytest.fixture
def benchmark(root, monkeypatch):
    """The names of tests/benchmarks/run.py."""
    monkeypatch.syspath_prepend(str(root / "tests" / "benchmarks"))
    return runpy.run_path(str(root / "tests" / "benchmarks" / "run.py"))


def content(**figures):
    return {"parts": {"part": {"figures": figures}}}


def test_ratios_come_first_each_beside_the_recorded_one(benchmark):
    newest = content(**{"epoch [s]": 4.0, "times faster": 30.0, "new [s]": 1.0})
    recorded = content(**{"epoch [s]": 5.0, "times faster": 20.0})
    _, *lines = benchmark["table"](newest, recorded).splitlines()
    assert [line.split() for line in lines] == [
        ["times", "faster", "30.000", "20.000"],
        ["epoch", "[s]", "4.000", "5.000"],
        ["new", "[s]", "1.000", "–"],
    ]


def test_the_readme_repeats_the_recorded_figures(benchmark, root):
    recorded = json.loads((root / "tests" / "benchmarks" / "recorded.json").read_text("utf-8"))
    assert benchmark["readme_table"](recorded) in (root / "README.md").read_text("utf-8")
    assert set(recorded["parts"]) == set(benchmark["PARTS"]), "a part was not measured"
    for part in recorded["parts"].values():
        assert part["machine"] and part["date"] and part["figures"]


def test_the_machine_is_named(benchmark):
    assert "cores" in benchmark["machine"]() and "tensorflow 2." in benchmark["machine"]()


def test_a_part_of_an_unknown_name_is_refused(benchmark, capsys):
    with pytest.raises(SystemExit):
        benchmark["main"](["speed"])
    assert "no part speed; there are training, " in capsys.readouterr().err
