"""The same rows from a Dask cluster, also one whose workers are killed."""

import json
import os
import pickle
import random
import signal
import subprocess
import sys
import threading
import time
from contextlib import closing
from dataclasses import replace
from types import SimpleNamespace

import pytest

pytest.importorskip("distributed", reason="needs the extra “scale”")

from distributed import KilledWorker, LocalCluster

from alt_text_site import open_it, photo, run, site, write_table
from helpers.apps.alt_text import Settings
from helpers.apps.alt_text.captioning import cluster as clusters
from helpers.apps.alt_text.captioning.beside import ENDING
from helpers.apps.alt_text.captioning.cluster import after_failure
from helpers.apps.alt_text.findings import Finding, Picture
from helpers.apps.alt_text.store import Store
from helpers.captioner import Candidate
from helpers.clusters import ClusterError, connect
from hostile_server import answer


@pytest.fixture(scope="module")
def cluster():
    options = {"threads_per_worker": 1, "dashboard_address": None, "silence_logs": 50}
    with LocalCluster(n_workers=2, processes=True, **options) as cluster:
        yield cluster


def same_files(folder):
    for name in ("out.csv", "out.jsonl", "out.report.html"):
        here, there = ((folder / side / name).read_text("utf-8") for side in ("here", "there"))
        assert here == there, name


@pytest.mark.slow
def test_the_same_rows_come_out(cluster, tmp_path):
    with site() as running:
        rows = [(running.url, f"/{n % 150}.png") for n in range(400)]
        rows += [(running.url, path) for path in ("/404", "/page", "/photo.png", "/closes")]
        copies = {f"/copy/{n}.png": answer(photo(n)) for n in range(9)}  # in another chunk
        running.pages |= copies
        rows += [(running.url, path) for path in copies]
        table = write_table(tmp_path / "crawl.csv", rows)
        assert run(table, tmp_path / "here" / "out.csv", running) == 0
        running.visits.clear()
        more = ["--scheduler", cluster.scheduler_address]
        assert run(table, tmp_path / "there" / "out.csv", running, *more, "--limit", "70") == 0
        assert sum(running.images().values()) == 70
        assert run(table, tmp_path / "there" / "out.csv", running, *more) == 0
        assert set(running.images().values()) == {1}
    same_files(tmp_path)


def workers_of(cluster):
    """The processes of the workers that the scheduler knows."""
    return {worker.pid for worker in list(cluster.scheduler.workers.values())}


@pytest.mark.slow
@pytest.mark.long(1, 50)
def test_workers_that_are_killed_lose_nothing(cluster, tmp_path, length):
    chance, over, kills, size = random.Random(7), threading.Event(), [], 600 * length

    def kill():
        """Kill a worker whenever so much work is done: so all kills find work to disturb."""
        for number in range(length):
            share = (number + chance.uniform(0.1, 0.7)) / length
            while running.visits.total() < share * size and not over.wait(0.01):
                pass
            while not (pids := workers_of(cluster) - {*kills}) and not over.wait(0.01):
                pass
            if over.is_set():
                return
            kills.append(chance.choice(sorted(pids)))
            os.kill(kills[-1], signal.SIGKILL)

    with site() as running:
        rows = [(running.url, f"/{n}.png") for n in range(size)]
        table = write_table(tmp_path / "crawl.csv", rows)
        assert run(table, tmp_path / "here" / "out.csv", running) == 0
        running.visits.clear()
        killer = threading.Thread(target=kill)
        killer.start()
        begin = time.monotonic()
        more = ["--scheduler", cluster.scheduler_address, "--captioner", "0.002"]
        assert run(table, tmp_path / "there" / "out.csv", running, *more) == 0
        over.set()
        killer.join()
    print(f"{len(kills)} workers killed within {time.monotonic() - begin:.0f} s")
    assert len({*kills}) == length
    same_files(tmp_path)


@pytest.mark.slow
def test_the_next_run_asks_a_worker_to_read_robots_txt_anew(tmp_path):
    closed = answer(b"User-agent: *\nDisallow: /")
    one = LocalCluster(n_workers=1, processes=False, dashboard_address=None)
    with site(robots_txt=closed) as running, one:
        table = write_table(tmp_path / "crawl.csv", [(running.url, "/1.png")])
        more = ["--scheduler", one.scheduler_address, "--retry-failed"]
        assert run(table, tmp_path / "out.csv", running, *more) == 0
        assert running.images() == {}
        running.pages["/robots.txt"] = answer(b"")  # as the message says
        assert run(table, tmp_path / "out.csv", running, *more) == 0
        assert running.images() == {"/1.png": 1}


def test_a_worker_remembers_servers_when_others_come_or_go(monkeypatch):
    seen = []
    monkeypatch.setattr(clusters, "work_off", lambda a, c, hosts, **_: seen.append(hosts) or [])
    settings = Settings("0", open_it, identity=open_it("0").identity, run="one")
    for workers in (4, 3):
        clusters.caption_chunk([], settings, workers)
        assert seen[-1].workers == workers and seen[-1].rate == settings.rate
    assert seen[0] is seen[1]
    clusters.caption_chunk([], replace(settings, run="two"), 3)
    assert seen[2] is not seen[1]


def noting(name, **options):
    """Return a captioner that is named by all it was told of pages."""
    captioner = open_it("0")
    captioner.told = told = []
    say = captioner.caption_each

    def caption_each(images, contexts=None):
        contexts = (told.append(each) or each for each in contexts)
        return say(images, contexts)

    captioner.name, captioner.caption_each = name, caption_each
    return captioner


def test_contexts_and_both_captioners_reach_a_worker():
    with site() as running:
        settings = Settings("one", noting, local=running.address, rate=10**6, beside="two")
        settings = replace(settings, identity=settings.opened().identity)
        addresses = [f"{running.url}/{n}.png" for n in (1, 2)]
        contexts = clusters.known_contexts(addresses, {addresses[0]: "Page: A"}.get)
        assert contexts == {addresses[0]: "Page: A"}
        sent = pickle.loads(pickle.dumps((addresses, settings, 1, contexts)))
        batches = clusters.caption_chunk(*sent)
        digests = [picture.digest for _, pictures in batches for picture in pictures]
        assert len(digests) == 4 and sum(digest.endswith(ENDING) for digest in digests) == 2
        clusters.caption_chunk(*pickle.loads(pickle.dumps(sent)))
    how = {"identity": settings.identity, "beside": "two"}
    pair = clusters.opened(Settings("one", noting, **how))  # the same one, opened once
    assert len(pair.first.told) == 4 and pair.first.name == "one" and pair.second.name == "two"
    assert sorted(pair.first.told, key=str) == [None, None, "Page: A", "Page: A"]
    assert pair.first.told == pair.second.told


def test_a_picture_that_two_workers_captioned_has_one_caption(tmp_path):
    with closing(Store(tmp_path / "state")) as store:
        store.add([("a", 0), ("b", 1)])
        for address, probability in (("a", 0.25), ("b", 0.251)):
            picture = Picture("digest", b"", [Candidate("a dog", probability)])
            store.save([Finding(address, "ok", "", "digest")], [picture])
        (_, one), (_, other) = store.find("a"), store.find("b")
    assert one == other and one.candidates == [Candidate("a dog", 0.25)]


def future_of(error, status="error"):
    return SimpleNamespace(status=status, exception=lambda: error)


def test_a_chunk_that_kills_is_halved_until_its_image_is_alone():
    killed = future_of(KilledWorker("task", SimpleNamespace(address="tcp://a"), 3))
    assert after_failure(killed, ["a", "b", "c"]) == ([["a"], ["b", "c"]], [])
    (again, (lost,)) = after_failure(killed, ["a"])
    assert again == [] and (lost.address, lost.status) == ("a", "failed")


def test_other_failures_are_told():
    with pytest.raises(ZeroDivisionError):
        after_failure(future_of(ZeroDivisionError()), ["a", "b"])
    with pytest.raises(ClusterError, match="went away"):
        after_failure(future_of(None, "cancelled"), ["a"])


# A process of its own: a Dask client that found nobody closes only when it is collected,
# and then holds up whatever thread happens to be running.
CALL = "import sys, helpers.clusters as c; c.PATIENCE = 1; c.connect(sys.argv[1])"


@pytest.mark.slow
@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "dog://x", "tcp://no such host:1"])
def test_a_scheduler_that_is_not_there_is_named(address):
    done = subprocess.run([sys.executable, "-c", CALL, address], capture_output=True, text=True)
    assert f"ClusterError: no Dask scheduler answers at {address}; start one" in done.stderr


@pytest.mark.slow
def test_a_cluster_without_workers_is_named(monkeypatch):
    monkeypatch.setattr("helpers.clusters.PATIENCE", 1)
    with LocalCluster(n_workers=0, processes=False, dashboard_address=None) as empty:
        with pytest.raises(ClusterError, match="has no workers; start one with `dask worker"):
            connect(empty.scheduler_address)


@pytest.mark.slow
@pytest.mark.parametrize(
    "files, problem",
    [("of last year", "its files of the captioner '0' are not those of this job")]
    + [("none", "there is no captioner '0'")],
)
def test_a_worker_with_another_captioner_is_named(tmp_path, capsys, files, problem):
    options = {"threads_per_worker": 1, "dashboard_address": None, "silence_logs": 50}
    with site() as running, LocalCluster(n_workers=1, env={"COLOURS": files}, **options) as other:
        table = write_table(tmp_path / "crawl.csv", [(running.url, "/1.png")])
        more = ["--scheduler", other.scheduler_address]
        assert run(table, tmp_path / "out.csv", running, *more) == 1
        (worker,) = (worker.worker_address for worker in other.workers.values())
        assert running.images() == {}
        told = capsys.readouterr().err
        assert f"the worker {worker} on " in told and problem in told
        assert "Copy the captioner '0' there" in told and "Traceback" not in told
    assert run(table, tmp_path / "out.csv", running, "--limit", "0") == 0  # the job can go on


@pytest.mark.slow
def test_workers_read_a_folder_of_shards(cluster, tmp_path):
    shard = tmp_path / "shards" / "00000"
    shard.mkdir(parents=True)
    for number in range(9):
        known = {"url": f"https://a.example/{number}.jpg", "key": f"{number:09}"}
        (shard / f"{number:09}.json").write_text(json.dumps(known))
        (shard / f"{number:09}.jpg").write_bytes(photo(number))
    assert run(shard.parent, tmp_path / "here" / "out.csv") == 0
    more = ["--scheduler", cluster.scheduler_address]
    assert run(shard.parent, tmp_path / "there" / "out.csv", None, *more) == 0
    same_files(tmp_path)
    assert ",A 8 0 128 dog.," in (tmp_path / "there" / "out.csv").read_text("utf-8-sig")
