"""The same file of features from a Dask cluster, also one whose workers are killed."""

import os
import signal
import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path
from socket import gethostname
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("distributed", reason="needs the extra “scale”")

from distributed import CancelledError, KilledWorker, LocalCluster

from helpers import clusters
from helpers.clusters import ClusterError
from helpers.features import (
    FeaturesError,
    extract_features,
    extracting,
    spread_features,
)
from helpers.features import spreading as module
from helpers.features.extracting import PartFile
from helpers.images import image_pixels
from helpers.stream import read_ahead

SIZE = 8
OPTIONS = {"threads_per_worker": 1, "dashboard_address": None, "silence_logs": 50}


class Pixels:
    """The first row of pixels, and what its one weight adds."""

    name, image_size, feature_shape = "pixels", SIZE, (SIZE, 3)

    def __init__(self, name="pixels", weight=0.5):
        self.weight = np.float32(weight)
        self.network = SimpleNamespace(get_weights=lambda: [self.weight])

    def encode(self, pixels):
        return pixels[:, 0].astype("float32") / 255 + self.weight


class Slow(Pixels):
    """Takes a while, and leaves a file named after its process: that one can be killed then."""

    def encode(self, pixels):
        Path(os.environ["BEGUN"], str(os.getpid())).touch()
        time.sleep(0.05 * len(pixels))
        return super().encode(pixels)


@pytest.fixture(autouse=True)
def nothing_loaded():
    module.loaded.cache_clear()


@pytest.fixture(scope="module")
def cluster():
    """Two workers in this process, which take no time to start."""
    with LocalCluster(n_workers=2, processes=False, protocol="tcp", **OPTIONS) as cluster:
        yield cluster.scheduler_address


@pytest.fixture
def photos(tmp_path):
    random, paths = np.random.default_rng(3), {}
    (tmp_path / "photos").mkdir()
    for number in range(40):
        name = f"{number}.png"
        paths[name] = tmp_path / "photos" / name
        Image.fromarray(random.integers(0, 256, (12, 9, 3), "uint8")).save(paths[name])
    return paths


@pytest.fixture(params=["features.pkl", "features.npy"])
def name(request):
    return request.param


def here_and_there(tmp_path, name):
    return tmp_path / "here" / name, tmp_path / "there" / name


def same_files(here, there):
    names = sorted(path.name for path in here.parent.iterdir())
    assert sorted(path.name for path in there.parent.iterdir()) == names
    for one in names:
        assert (there.parent / one).read_bytes() == (here.parent / one).read_bytes(), one


@pytest.mark.slow
@pytest.mark.parametrize("mirror", [False, True])
def test_the_same_file_comes_out(cluster, photos, tmp_path, name, mirror):
    here, there = here_and_there(tmp_path, name)
    extract_features(Pixels(), photos, here, 3, mirror)
    made = spread_features(Pixels(), Pixels, photos, there, cluster, 3, mirror)
    assert made.names == list(photos) and made.vectors.shape == (40, SIZE, 3)
    same_files(here, there)


def test_paths_may_be_relative(cluster, photos, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    sent, real = [], module.encoded

    def noted(client, todo, order):
        return real(client, (sent.extend(batch) or batch for batch in todo), order)

    monkeypatch.setattr(module, "encoded", noted)
    paths = {name: path.relative_to(tmp_path) for name, path in photos.items()}
    made = spread_features(Pixels(), Pixels, paths, tmp_path / "f.pkl", cluster)
    assert made.names == list(photos)
    assert sent == [str(path) for path in photos.values()]


def test_results_come_in_order_and_few_are_on_the_cluster(cluster, photos, monkeypatch):
    asked, seen = [], []
    monkeypatch.setattr(module, "encode_batch", lambda batch, order: int(Path(batch[0]).stem))
    counted = (asked.append(path) or [str(path)] for path in photos.values())
    with module.connect(cluster) as client:
        for number in module.encoded(client, counted, None):
            seen.append(number)
            assert len(asked) <= len(seen) + 2 * module.AHEAD  # two workers of one thread
    assert seen == list(range(40))


@pytest.mark.parametrize("stopped_there", [True, False])
def test_an_interrupted_run_goes_on_here_or_there(
    cluster, photos, tmp_path, name, monkeypatch, stopped_there
):
    here, there = here_and_there(tmp_path, name)
    extract_features(Pixels(), photos, here)
    kept, opened = PartFile.append, []

    def append(part, vectors):
        if part.done >= 12:
            raise KeyboardInterrupt
        kept(part, vectors)

    def run(spread, paths=photos):
        if spread:
            return spread_features(Pixels(), Pixels, paths, there, cluster, 4)
        return extract_features(Pixels(), paths, there, 4)

    def open_noted(path, size):
        opened.append(Path(path).name)
        return image_pixels(path, size)

    monkeypatch.setattr(PartFile, "append", append)
    with pytest.raises(KeyboardInterrupt):
        run(stopped_there)
    monkeypatch.undo()
    noted = partial(read_ahead, open_one=open_noted)
    for place in (module, extracting):
        monkeypatch.setattr(place, "read_ahead", noted)
    run(not stopped_there)
    assert opened and not {*opened} & {*list(photos)[:12]}
    same_files(here, there)


def refused(cluster, photos, target, encoder=None):
    with pytest.raises(FeaturesError) as caught:
        spread_features(encoder or Pixels(), Pixels, photos, target, cluster, 4)
    return str(caught.value)


@pytest.mark.slow
def test_a_photo_that_a_worker_lacks_is_named_with_worker_and_cure(cluster, photos, tmp_path):
    lost = photos["21.png"]
    whole = lost.read_bytes()
    lost.unlink()
    said = refused(cluster, photos, tmp_path / "f.pkl")
    assert said.startswith("the worker tcp://127.0.0.1:")
    assert f" on {gethostname()}: {lost}: there is no such file" in said
    assert "share their folder, or copy it\n20 of 40 photos are kept; mend this and run" in said
    lost.write_bytes(whole)
    spread_features(Pixels(), Pixels, photos, tmp_path / "f.pkl", cluster)


def test_a_full_disk_is_told_and_the_next_run_goes_on(cluster, photos, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(PartFile, "append", full)
    said = refused(cluster, photos, tmp_path / "f.pkl")
    assert "f.pkl: [Errno 28] No space left on device\n0 of 40 photos are kept" in said


@pytest.mark.slow
def test_other_weights_on_a_worker_are_refused(cluster, photos, tmp_path):
    said = refused(cluster, photos, tmp_path / "f.pkl", Pixels(weight=0.501))
    assert said.startswith("the worker tcp://127.0.0.1:") and "its weights of 'pixels'" in said
    assert "download the official weights, or none" in said and "0 of 40 photos are kept" in said


def no_weights(name):
    raise OSError("no weights here")


@pytest.mark.slow
def test_a_worker_without_weights_is_named(cluster, photos, tmp_path):
    with pytest.raises(FeaturesError, match="the worker tcp.*: no weights here. Let all machines"):
        spread_features(Pixels(), no_weights, photos, tmp_path / "f.pkl", cluster)


def test_weights_differ_in_their_fingerprint():
    marks = [module.fingerprint(Pixels(weight=weight)) for weight in (0.5, 0.5, 0.5001)]
    assert marks[0] == marks[1] != marks[2]
    other = Pixels()
    other.name = "other"
    assert module.fingerprint(other) != marks[0]


def future_of(error):
    def result():
        raise error

    return SimpleNamespace(result=result)


def wrapped(error, cause):
    error.__cause__ = cause
    return error


LACKING = ModuleNotFoundError("No module named 'helpers'")
FAILURES = [
    (CancelledError(), ClusterError, "^the scheduler went away"),
    (LACKING, ClusterError, "No module named 'helpers'. Install this version of the course"),
    (
        wrapped(RuntimeError("Error"), LACKING),
        ClusterError,
        "^the scheduler or a worker says: No module .* for scheduler and workers",
    ),
    (RuntimeError("dog"), RuntimeError, "^dog$"),
    (
        KilledWorker("task", SimpleNamespace(address="tcp://a"), 3),
        ClusterError,
        "worker after worker died of a.png and the 1 photos after it. Give .* more memory",
    ),
]


@pytest.mark.parametrize("error, kind, said", FAILURES, ids=range(5))
def test_failures_of_a_cluster_are_told_in_words(error, kind, said):
    with pytest.raises(kind, match=said):
        module.outcome(future_of(error), ["a.png", "b.png"])


def test_without_dask_the_message_says_what_to_install(photos, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ClusterError, match="--scheduler needs Dask: pip install 'dask"):
        spread_features(Pixels(), Pixels, photos, tmp_path / "f.pkl", "tcp://a:1")
    assert not (tmp_path / "f.pkl.part").exists()


# Workers that are processes of their own

WITHOUT_COURSE = """
import sys
sys.modules["helpers"] = None
from distributed.cli.dask_worker import main
main([sys.argv[1], "--no-nanny", "--no-dashboard", "--nthreads", "1"])
"""


@pytest.mark.slow
def test_a_worker_without_the_course_is_named(photos, tmp_path):
    with LocalCluster(n_workers=0, processes=False, protocol="tcp", **OPTIONS) as cluster:
        scheduler = cluster.scheduler_address
        command = [sys.executable, "-c", WITHOUT_COURSE, scheduler]
        with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.DEVNULL) as worker:
            try:
                with pytest.raises(ClusterError, match="the worker tcp.* says: .*Install this"):
                    spread_features(Pixels(), Pixels, photos, tmp_path / "f.pkl", scheduler)
            finally:
                worker.kill()


@pytest.mark.slow
def test_that_no_worker_is_left_is_said_and_a_new_one_goes_on(monkeypatch, capsys):
    monkeypatch.setattr(clusters, "LOOK", 0.05)
    said, limit = "", time.monotonic() + 20
    with LocalCluster(n_workers=1, processes=False, protocol="tcp", **OPTIONS) as cluster:
        with clusters.connect(cluster.scheduler_address) as client:
            cluster.scale(0)
            waiting = client.submit(sum, [1, 2], pure=False)
            while "no workers left" not in said and time.monotonic() < limit:
                time.sleep(0.05)
                said += capsys.readouterr().err
            time.sleep(0.3)  # more looks, which find no news
            cluster.scale(1)
            assert waiting.result(timeout=20) == 3
    said += capsys.readouterr().err
    address = cluster.scheduler_address
    assert f"{address} has no workers left; the work goes on as soon as one is started" in said
    assert said.count("no workers left") == 1


@pytest.mark.slow
def test_a_worker_that_is_killed_loses_nothing(photos, tmp_path, monkeypatch):
    begun, killed = tmp_path / "begun", []
    begun.mkdir()

    def kill():
        limit = time.monotonic() + 200
        while not killed and time.monotonic() < limit:
            for path in begun.iterdir():
                if not killed:
                    killed.append(int(path.name))
                    os.kill(killed[0], signal.SIGKILL)
            time.sleep(0.01)

    here, there = here_and_there(tmp_path, "features.npy")
    extract_features(Pixels(), photos, here)
    with LocalCluster(n_workers=2, env={"BEGUN": str(begun)}, **OPTIONS) as cluster:
        killer = threading.Thread(target=kill)
        killer.start()
        spread_features(Pixels(), Slow, photos, there, cluster.scheduler_address, 2)
        killer.join()
    assert killed and len(list(begun.iterdir())) >= 2
    same_files(here, there)
