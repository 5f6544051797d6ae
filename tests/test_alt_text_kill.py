"""Killed at any moment and begun again: the same rows, and nothing fetched twice that was done."""

import base64
import csv
import multiprocessing
import os
import random
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing, nullcontext
from functools import partial
from pathlib import Path

import pytest

import every_captioner
from alt_text_site import Colours, arguments, photo, run, site, table_of, write_table
from chat_server import ChatServer, said
from ctrl_c import LISTEN
from helpers.apps.alt_text.visiting import visits
from helpers.captioner.tiny import save_preset
from hostile_server import BEHAVIOURS

TESTS = Path(__file__).parent
PATHS = [str(TESTS.parent), str(TESTS)]
OUTPUTS = (".csv", ".jsonl", ".report.html")
PHOTOS = {"ours": 60, "keras-hub": 10, "chat": 40}  # for each kill; ours takes 32 at once
BROKEN = sorted(set(BEHAVIOURS) - {"/photo.png"})

pytestmark = pytest.mark.slow


def start(table, target, running, seconds=0.002):
    """Begin the command in a process of its own; its captioner takes so long for a photo."""
    words = arguments(table, target, running)
    words[words.index("--captioner") + 1] = str(seconds)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(PATHS)}
    command = [sys.executable, str(TESTS / "alt_text_site.py"), *words]
    pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, env=environment, **pipes, **LISTEN)


def finish(process):
    _, errors = process.communicate(timeout=240)
    assert process.returncode == 0, errors.decode()


def done_in(state):
    """Return the addresses of which something is known."""
    return asked_of(state, "SELECT address FROM addresses WHERE status IS NOT NULL")


def asked_of(state, query):
    """Return the first cells of a query to a state file, which may not be there yet."""
    if not state.exists() or not state.stat().st_size:
        return set()
    with closing(sqlite3.connect(state)) as database:
        try:
            return {cell for (cell,) in database.execute(query)}
        except sqlite3.OperationalError:  # no table yet
            return set()


def visits_of(running, addresses):
    return {address: running.visits[address.removeprefix(running.url)] for address in addresses}


def await_visits(process, running, number):
    """Return once the process has asked the server for more than a number, or has ended."""
    before = running.visits.total()
    while process.poll() is None and running.visits.total() <= before + number:
        time.sleep(0.005)


@pytest.mark.long(3, 50)
def test_killed_at_random_moments_the_same_rows_come_out(tmp_path, length):
    chance, seconds, size = random.Random(7), 0.0036, 120 * length  # all kills find work to disturb
    with site() as running:
        rows = [(running.url, f"/{chance.randrange(size)}.png") for _ in range(3 * size)]
        table = write_table(tmp_path / "crawl.csv", [*rows, (running.url, "/404")])
        finish(start(table, tmp_path / "whole" / "out.csv", running, seconds))
        running.visits.clear()
        done, left = {}, []  # address -> how often it was visited by the time it was done
        for _ in range(length):
            process = start(table, tmp_path / "out.csv", running, seconds)
            if chance.random() < 0.8:  # else while it starts, reads its input or its state
                await_visits(process, running, chance.randrange(110))
            time.sleep(chance.uniform(0, 0.4))
            process.send_signal(signal.SIGKILL)
            process.communicate()
            time.sleep(0.05)  # requests on their way are still counted
            assert visits_of(running, done) == done
            done |= visits_of(running, done_in(tmp_path / "out.state"))
            left.append(len({*rows}) + 1 - len(done))
        finish(start(table, tmp_path / "out.csv", running, seconds))
        assert visits_of(running, done) == done
    print(f"addresses left after each kill: {left}")
    assert 0 < left[-1] < len({*rows})
    for ending in OUTPUTS:
        one, other = tmp_path / "whole" / f"out{ending}", tmp_path / f"out{ending}"
        assert one.read_text("utf-8") == other.read_text("utf-8"), ending


@pytest.fixture
def forks(monkeypatch):
    """Processes that begin as a fork of one that has imported Keras, and has not used it.

    Importing takes longer than a job that is soon killed, and there is nothing in it to lose.
    """
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(PATHS))
    forks = multiprocessing.get_context("forkserver")
    forks.set_forkserver_preload(["every_captioner", "tensorflow", "keras_hub"])
    return forks


class Kind:
    """One kind of captioner, and the command with it.

    asked: what a server said -> how often it was asked for that.
    """

    def __init__(self, kind, folder, forks):
        self.kind, self.asked, self.words = kind, Counter(), ["--captioner"]
        self.forks, self.log = forks, folder / "log.txt"
        self.server = ChatServer({"each": self.say}) if kind == "chat" else nullcontext()
        if kind == "ours":
            self.words += [str(every_captioner.save_own(folder / "toy"))]
        elif kind == "keras-hub":
            pytest.importorskip("keras_hub", reason="needs the extra “hub”")
            self.words += [f"keras-hub:{save_preset(folder)}"]
        else:
            self.words += ["chat:tiny", "--endpoint", self.server.at("each")]

    def say(self, chat, question, number):
        parts = question["messages"][-1]["content"]
        told = " ".join(part.get("text", "") for part in parts)
        text = f"It is {re.search(r'image [0-9]+', told)[0]}."
        with chat.server.noting:
            self.asked[text] += 1
            chat.server.asked.clear()
        time.sleep(0.1)  # so that kills find it at work on any machine
        return 200, said(text)

    def start(self, table, target, running):
        words = arguments(table, target, running)
        place = words.index("--captioner")
        words = words[:place] + self.words + words[place + 2 :]
        process = self.forks.Process(target=every_captioner.logged, args=(words, self.log))
        process.start()
        return process

    def finish(self, process):
        process.join(1200)
        assert process.exitcode == 0, self.log.read_text()[-3000:]

    def answered(self, state):
        """Return what a server said and the state has kept -> how often it was asked for."""
        query = "SELECT json_extract(candidates, '$[0][0]') FROM pictures"
        return {text: self.asked[text] for text in asked_of(state, query) if self.asked[text]}


def wait_for_work(process, state, number):
    """Return once the process has done more than a number of addresses, or has ended."""
    before = len(done_in(state))
    while process.is_alive() and len(done_in(state)) <= before + number:
        time.sleep(0.02)


def wait_while(seconds, holds):
    """Return after some seconds, or once something holds no longer."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and holds():
        time.sleep(0.01)


@pytest.mark.timeout(7200)  # 50 times TensorFlow traces a model: 3 seconds, on a busy machine 30
@pytest.mark.long(1, 50)
@pytest.mark.parametrize(
    "kind", ["ours", pytest.param("keras-hub", marks=pytest.mark.long), "chat"]
)
def test_killed_with_each_kind_of_captioner_no_answer_is_asked_for_again(
    tmp_path, length, kind, forks
):
    chance, state, done, answered, left = random.Random(5), tmp_path / "out.state", {}, {}, []
    one = Kind(kind, tmp_path, forks)
    with site() as running, one.server:
        rows = [(f"/{n}.png", f"image {n}") for n in range(PHOTOS[kind] * length)]
        rows = [(running.url, *row) for row in rows]
        table = table_of(tmp_path / "crawl.csv", rows, ("Page", "Image", "Title"))
        one.finish(one.start(table, tmp_path / "whole" / "out.csv", running))
        running.visits.clear()
        one.asked.clear()
        for kill in range(length):
            process = one.start(table, tmp_path / "out.csv", running)
            if kill % 5 < 4:  # else while it starts
                wait_for_work(process, state, chance.randrange(4))
            most = len(rows) * (kill + 1) // (length + 1)  # however fast the machine is
            wait_while(chance.uniform(0, 0.4), lambda: len(done_in(state)) < most)  # noqa: B023
            process.kill()
            process.join()
            time.sleep(0.05)
            assert visits_of(running, done) == done
            assert answered.items() <= one.answered(state).items()
            done |= visits_of(running, done_in(state))
            answered = one.answered(state)
            left.append(len(rows) - len(done))
        one.finish(one.start(table, tmp_path / "out.csv", running))
        assert visits_of(running, done) == done
        assert answered.items() <= one.answered(state).items()
    print(f"{kind}: addresses left after each kill: {left}")
    print(f"{one.asked.total()} questions to the server for {len(one.asked)} photos")
    assert left[0] > 0 and left[-1] < len(rows)
    for ending in OUTPUTS:
        whole, other = tmp_path / "whole" / f"out{ending}", tmp_path / f"out{ending}"
        assert whole.read_text("utf-8") == other.read_text("utf-8"), ending


def test_ctrl_c_ends_soon_and_leaves_usable_files(tmp_path):
    with site() as running:
        rows = [(running.url, f"/{number}.png") for number in range(3000)]
        rows += [(running.url, f"/silent?{number}") for number in range(20)]
        table = write_table(tmp_path / "crawl.csv", rows)
        process = start(table, tmp_path / "out.csv", running, 0.01)
        while process.poll() is None and not done_in(tmp_path / "out.state"):
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=240)
    assert process.returncode == 130 and b"Traceback" not in errors, errors.decode()
    with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as file:
        found = [row["status"] for row in csv.DictReader(file)]
    assert len(found) == len(rows) and set(found) >= {"ok", "pending"}


@pytest.mark.long(1_000, 10_000)
def test_thousands_of_rows_with_broken_addresses(tmp_path, monkeypatch, length):
    chance, patience = random.Random(7), partial(visits.fetch_answer, seconds=1.5)
    monkeypatch.setattr(visits, "fetch_answer", patience)
    with site() as running:
        good = [f"/{number}.png" for number in range(length * 17 // 100)]
        broken = [f"{path}?{n}" for n in range(length // 1000) for path in BROKEN]
        rows = [(running.url, path) for path in good + broken]
        rows += [(running.url, chance.choice(good + broken)) for _ in range(length - len(rows))]
        table = write_table(tmp_path / "crawl.csv", rows)
        captioner = Colours()
        assert run(table, tmp_path / "out.csv", running, captioner=captioner) == 0
        assert captioner.photos <= len(good)
    with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as file:
        found = list(csv.DictReader(file))
    assert [(row["Page"], row["Image"]) for row in found] == rows
    fine = [row["status"] for row in found if row["Image"] in set(good)]
    assert set(fine) == {"ok"} and all(row["status"] not in ("", "pending") for row in found)
    assert all(row["message"] for row in found if row["status"] not in ("ok", "looks_decorative"))


def peak(table, target, running, seconds):
    """Return the most memory, in MB, that a run takes."""
    process = start(table, target, running, seconds)
    most = 0
    while process.poll() is None:
        status = Path(f"/proc/{process.pid}/status").read_text()
        lines = [line for line in status.splitlines() if line.startswith("VmHWM")]
        most = max([most, *(int(line.split()[1]) / 1000 for line in lines)])
        time.sleep(0.05)
    finish(process)
    return most


def addresses(number):
    """Distinct images, nine in ten of them inside their addresses: those cost no visit.

    2,000 of them take 10 MB.
    """
    for n in range(number):
        code = base64.b64encode(photo(n) + b"x" * 4000).decode()
        yield f"/{n}.png" if n % 10 == 0 else f"data:image/png;base64,{code}"


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")
@pytest.mark.long(1_000, 18_500)
def test_memory_does_not_grow_with_the_input(tmp_path, monkeypatch, length):
    """Both jobs fill a page of the report, the one thing that is held until it is full."""
    few, many, most = 500, 500 + length, {}
    monkeypatch.setenv("CARDS", str(few))
    with site() as running:
        for number in (few, many):
            rows = [(running.url, address) for address in addresses(number)]
            table = write_table(tmp_path / f"{number}.csv", [*rows, *rows[:100]])
            most[number] = peak(table, tmp_path / f"out{number}.csv", running, 0)
    print(", ".join(f"{mb:.0f} MB for {number:,} addresses" for number, mb in most.items()))
    assert most[many] < most[few] + 8
