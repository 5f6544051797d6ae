"""A training killed at any moment and started again comes to what an undisturbed one does."""

import json
import math
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest

from test_pipeline import write_dataset


@pytest.mark.slow
@pytest.mark.timeout(7200)  # 50 trainings of seconds, which a busy machine makes minutes
@pytest.mark.long(1, 50)
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs /proc")
def test_a_killed_training_goes_on_to_the_same_end(tmp_path, root, length):
    """In a process of its own, which loads TensorFlow once and forks for every training."""
    folder = write_dataset(tmp_path / "tiny")
    command = [sys.executable, __file__, str(folder), str(tmp_path / "runs"), str(length)]
    paths = os.pathsep.join([str(root), *sys.path])
    quiet = {**os.environ, "PYTHONPATH": paths, "TF_CPP_MIN_LOG_LEVEL": "3"}
    run = subprocess.run(command, cwd=root, env=quiet, capture_output=True, text=True, timeout=7000)
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-3000:]
    assert f"{length} of {length} equal" in run.stdout, run.stdout[-3000:]


def train(folder, place, killed_after=None):
    """Run the command in a fork of this process.

    killed_after: so many seconds of the processor; those of the clock hit no work on a busy machine

    Return whether it came to its end, and how many seconds of the processor it took.
    """
    child = os.fork()
    if not child:
        import tensorflow as tf

        from helpers.pipeline.__main__ import main

        tf.config.run_functions_eagerly(True)  # compiling takes most of the time here

        os.environ["CAPTION_WORK"] = str(place / "work")
        log = os.open(place.parent / "log.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(log, 1), os.dup2(log, 2)
        options = ["--out", str(place / "out"), "--self-critical", "2"]
        os._exit(main(["--dataset", str(folder), *options]))
    if killed_after is not None:
        while processor_seconds(child) < killed_after:
            time.sleep(0.002)
        os.kill(child, signal.SIGKILL)
    _, status, used = os.wait4(child, 0)
    return status == 0, used.ru_utime + used.ru_stime


def processor_seconds(process):
    """Return how long a process has computed, or infinity for one that has ended."""
    state, *numbers = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    used = (int(numbers[10]) + int(numbers[11])) / os.sysconf("SC_CLK_TCK")
    return math.inf if state == "Z" else used


def arrays(folder):
    """Return the weights of a captioner by their place."""
    found = {}
    with h5py.File(folder / "decoder.weights.h5") as file:
        file.visititems(lambda name, item: found.update({folder.name + name: item}))
        return {name: item[()] for name, item in found.items() if isinstance(item, h5py.Dataset)}


def outcome(place):
    """Return what a training came to: the config without its date, the words, the weights."""
    weights = arrays(place / "out") | arrays(place / "out" / "word-by-word")
    config = json.loads((place / "out" / "config.json").read_text("utf-8"))
    config.pop("date")
    return config, (place / "out" / "tokenizer.json").read_text("utf-8"), weights


def same(one, other):
    """Return whether two trainings came to the same."""
    pairs = zip(one[2].items(), other[2].items(), strict=True)
    near = all(a == b and np.allclose(x, y, atol=1e-4) for (a, x), (b, y) in pairs)
    return one[:2] == other[:2] and near


def main(folder, runs, kills):
    """Kill as many trainings, run each again, and count those that end like an undisturbed one."""
    import test_pipeline
    from helpers.pipeline import materials
    from helpers.training import RECIPES

    materials.load_encoder = lambda name, changes: test_pipeline.FakeEncoder()
    tiny = replace(test_pipeline.TINY, epochs=3, learning_rate=0.03, max_length=8, mirror=True)
    RECIPES["mini"]["merge"] = tiny
    (runs / "whole").mkdir(parents=True)
    ended, seconds = train(folder, runs / "whole")
    assert ended, (runs / "log.txt").read_text()[-2000:]
    whole, equal = outcome(runs / "whole"), 0
    for number in range(kills):
        place = runs / f"killed{number}"
        place.mkdir()
        moment = random.Random(number).uniform(0, seconds)
        early, _ = train(folder, place, moment)
        again, more = train(folder, place)
        equal += again and same(outcome(place), whole)
        print(f"killed after {moment:.2f} of {seconds:.2f} s, ended: {early}", end="; ")
        print(f"again {again} in {more:.2f} s, equal {equal}", flush=True)
    print(f"{equal} of {kills} equal")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
