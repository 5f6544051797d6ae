"""The table of `make benchmark`, and that the README repeats what was recorded."""

import json
import runpy

import pytest


@pytest.fixture
def benchmark(root, monkeypatch):
    """The names of tests/benchmarks/run.py."""
    monkeypatch.syspath_prepend(str(root / "tests" / "benchmarks"))
    return runpy.run_path(str(root / "tests" / "benchmarks" / "run.py"))


@pytest.fixture
def agreement(root):
    """The names of tests/benchmarks/agreement.py."""
    return runpy.run_path(str(root / "tests" / "benchmarks" / "agreement.py"))


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


# Agreement with people


def test_tau_is_100_for_the_same_order_and_its_opposite_for_the_reverse(agreement):
    tau_c = agreement["tau_c"]
    marks = [1, 1, 2, 3, 4, 4]
    assert tau_c(marks, marks) == pytest.approx(100 * 26 / 36 * 4 / 3)  # 13 pairs, no two alike
    assert tau_c([1, 2, 3, 4], [4, 3, 2, 1]) == -100
    assert tau_c([1, 2, 1, 2], [1, 1, 2, 2]) == 0


def test_judged_captions_are_those_of_other_photos(agreement, tmp_path):
    captions = {"a.jpg": ["a dog", "dogs"], "b.jpg": ["a cat", "a dog"]}
    lines = ["a.jpg\tb.jpg#0\t1\t1\t2", "a.jpg\tb.jpg#1\t4\t4\t4"]
    (tmp_path / "ExpertAnnotations.txt").write_text("\n".join(lines), "utf-8")
    assert agreement["judged"](tmp_path, captions) == [("a.jpg", "a cat", [1, 1, 2])]
