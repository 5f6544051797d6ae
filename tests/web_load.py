"""64 clients of the upload page at once, and the bare captioner on the same photos."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from helpers.apps.web import PageServer, PhotoPage
from helpers.apps.web.__main__ import open_desk
from helpers.captioner import DEFAULT
from web_parts import ROOT

SCENES = sorted((ROOT / "data" / "mini" / "Flicker8k_Dataset").glob("*.jpg"))[:64]
CLIENTS = """
import collections, http.client, json, pathlib, sys, threading, time
sys.path[:0] = ["tests", "."]
BORDER = "photo-border"
host, seconds, clients = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
place = 'Content-Disposition: form-data; name="photos"; filename="a.jpg"'
head = f"--{BORDER}\\r\\n{place}\\r\\n\\r\\n"
bodies = [
    head.encode() + pathlib.Path(name).read_bytes() + f"\\r\\n--{BORDER}--\\r\\n".encode()
    for name in sys.argv[4:]
]
kind = {"Content-Type": f"multipart/form-data; boundary={BORDER}"}
start, counts, waits = time.monotonic(), collections.Counter(), []

def client(number):
    line = http.client.HTTPConnection(host, timeout=60)
    while time.monotonic() - start < seconds:
        begin = time.monotonic()
        try:
            line.request("POST", "/caption", bodies[number % len(bodies)], kind)
            response = line.getresponse()
            answer, status = response.read(), response.status
            done = b'"alt_text"' in answer or b"isn't sure" in answer  # of a scene it seldom is
            counts[200 if done else status if status == 503 else "wrong"] += 1
            if status == 503:
                time.sleep(float(response.headers["Retry-After"]))
        except OSError as error:
            counts[repr(error)] += 1
            line.close()
        waits.append(time.monotonic() - begin)

threads = [threading.Thread(target=client, args=(n,)) for n in range(clients)]
[t.start() for t in threads]
[t.join() for t in threads]
took = time.monotonic() - start
median = sorted(waits)[len(waits) // 2]
print(json.dumps({"counts": counts, "seconds": took, "median wait": median}))
"""


def resident():
    """Return the megabytes that this process holds in memory."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def bare_rate(captioner, seconds):
    """Return the photos a second that the captioner alone does in batches, beams and all."""
    start, photos = time.monotonic(), 0
    while time.monotonic() - start < seconds:
        photos += len(list(captioner.caption_each(SCENES)))
    return photos / (time.monotonic() - start)


def under_load(server, seconds, clients=64):
    """Let clients send photos from another process; return its report and the memory meanwhile."""
    host = server.address.removeprefix("http://")
    arguments = [sys.executable, "-c", CLIENTS, host, str(seconds), str(clients), *map(str, SCENES)]
    process = subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    megabytes = []
    while process.poll() is None:
        time.sleep(0.25)
        megabytes.append(resident())
    return json.loads(process.stdout.read()), megabytes


@contextmanager
def served() -> Iterator[PageServer]:
    """Serve the page of the default captioner while a block runs; `desk` is the server's."""
    desk = open_desk(DEFAULT)
    server = PageServer(PhotoPage(desk), port=0)
    server.desk, thread = desk, threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.stop()
        thread.join(30)
        desk.close()
    assert not thread.is_alive() and desk.taken == 0
