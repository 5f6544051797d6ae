"""How close a job of alt text comes to the rate of an endpoint: python tests/benchmarks/endpoint.py

It runs 1,000 rows, then 10,000, through a server that takes 0.2 s for each photo and answers any
number at once, of which the captioner uses four: 20 photos a second are its own rate. All runs in
one process, so time on the processor and memory are those of the server and the site as well.
"""

import argparse
import resource
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from alt_text_site import site, write_table  # noqa: E402
from chat_server import ChatServer, said  # noqa: E402
from helpers.apps.alt_text.__main__ import main  # noqa: E402
from helpers.captioner.endpoint import AT_ONCE  # noqa: E402


def answered(seconds):
    """Return a behaviour that takes its time."""

    def behave(chat, question, number):
        chat.server.asked.clear()  # else the server's memory grows
        time.sleep(seconds)
        return 200, said(f"A dog, number {number}.")

    return behave


def job(rows, seconds, folder):
    """Return how many seconds a job of so many rows takes."""
    with site() as running, ChatServer({"timed": answered(seconds)}) as server:
        table = [(running.url, f"/{number}.png") for number in range(rows)]
        source = write_table(Path(folder) / "crawl.csv", table)
        words = [source, "-o", Path(folder) / "out.csv", "--captioner", "chat:m", "--no-report"]
        words += ["--endpoint", server.at("timed"), "--rate", "100000", "--local", running.address]
        begin = time.monotonic()
        assert main([str(word) for word in words]) == 0
        return time.monotonic() - begin


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000, 10_000])
    parser.add_argument("--seconds", type=float, default=0.2)
    options = parser.parse_args()
    own = AT_ONCE / options.seconds
    for rows in options.rows:
        begin = time.process_time()
        with tempfile.TemporaryDirectory() as folder:
            rate = rows / job(rows, options.seconds, folder)
        busy = (time.process_time() - begin) / rows
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"{rows:,} rows: {rate:.1f} photos a second, {rate / own:.0%} of the endpoint's own;")
        print(f"  {busy * 1000:.1f} ms of a processor each, {most:.0f} MB at most", flush=True)
