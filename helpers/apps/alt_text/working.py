"""From addresses to findings: fetched by several threads while the captioner is at work.

One function, `work_off`, does all of it, here and on every worker of a cluster.
"""

import heapq
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from queue import Empty, Full, Queue
from threading import Event, Thread
from time import time

import numpy as np
from urllib3.exceptions import MaxRetryError

from helpers.apps.alt_text.loading import captioner_hash
from helpers.apps.alt_text.photos import Errand, Photo, Result, failure, visit
from helpers.apps.alt_text.politeness import BUSY, LONGEST_WAIT, Hosts, patience
from helpers.apps.alt_text.store import Finding, Picture
from helpers.encoders.stream import on_readable, one_behind
from helpers.images import USER_AGENT, ImageError

VISITS_AT_ONCE = 8  # threads; they mostly wait for an answer
IN_HAND = 256  # addresses waiting for their turn
PHOTOS_AT_ONCE = 32  # a batch of the encoder
FINDINGS_AT_ONCE = 200  # saved together if no photo is among them
LULL = 5  # seconds without news after which a batch is captioned although it isn't full

Batch = tuple[list[Finding], list[Picture]]
Encoded = tuple[list[Result], list[Photo], list[np.ndarray]]  # the new photos and their features


@dataclass(frozen=True)
class Settings:
    """What a worker has to know.

    Attributes:
        captioner: its name or folder.
        load: gives the captioner of that name: `encoder` and `feature_candidates`.
        beam_size: captions kept per image.
        rate: requests a second to one server, of all workers together.
        local: one server of your own that is let in.
        user_agent: who asks.
        folder: where the images lie that are fetched already; "" without such.
        fingerprint: gives the hash of the captioner of that name, wherever it is asked.
        digest: what it gave where the command was given; a cluster fills it in.
        run: names this run of the command; a cluster fills it in.
    """

    captioner: str
    load: Callable
    beam_size: int = 3
    rate: float = 5
    local: str = ""
    user_agent: str = USER_AGENT
    folder: str = ""
    fingerprint: Callable = captioner_hash
    digest: str = ""
    run: str = ""


def work_off(
    addresses: Iterable[str],
    captioner: object,
    settings: Settings,
    hosts: Hosts,
    known: Callable[[str], bool] = lambda digest: False,
) -> Iterator[Batch]:
    """Yield findings and their pictures, batch by batch, as they come.

    known: tells of a digest whether that picture has been captioned already. Without it a picture
        may be captioned again, in another batch.
    """
    with closing(Ahead(visits(addresses, hosts, captioner.encoder.image_size))) as results:
        yield from one_behind(
            partial(captioned, captioner=captioner, beam_size=settings.beam_size),
            encoded(in_batches(results), captioner.encoder, known),
        )


def in_batches(results: Iterable[Result | None]) -> Iterator[list[Result]]:
    """Yield results in batches for the encoder; an empty one tells of a lull."""
    batch = []
    for result in results:
        batch += [result] if result else []
        photos = sum(isinstance(result, Photo) for result in batch)
        full = photos == PHOTOS_AT_ONCE or len(batch) == FINDINGS_AT_ONCE
        if batch and (full or result is None):
            yield batch
            batch = []
        if result is None:
            yield []
    if batch:
        yield batch


def encoded(
    batches: Iterable[list[Result]], encoder: object, known: Callable[[str], bool]
) -> Iterator[Encoded | None]:
    """Yield batches with the features of each picture that isn't known; None for a lull."""
    before = {}
    for batch in batches:
        photos = [result for result in batch if isinstance(result, Photo)]
        new = {photo.picture.digest: photo for photo in photos}
        new = {key: new[key] for key in new if key not in before and not known(key)}
        features = on_readable(encoder.encode, [photo.pixels for photo in new.values()])
        yield (batch, list(new.values()), features) if batch else None
        before = new


def captioned(batch: Encoded, captioner: object, beam_size: int) -> Batch:
    """Return the findings of a batch, and its new pictures with their captions."""
    results, new, features = batch
    photos = [result for result in results if isinstance(result, Photo)]
    others = [result for result in results if not isinstance(result, Photo)]
    pictures = [picture for _, picture in others if picture]
    beams = on_readable(partial(captioner.feature_candidates, beam_size=beam_size), features)
    for photo, candidates in zip(new, beams, strict=True):
        said = [(c.caption, float(f"{c.probability:.3g}")) for c in candidates]
        pictures.append(Picture(photo.picture.digest, photo.picture.thumbnail, said))
    findings = [finding for finding, _ in others]
    findings += [Finding(photo.address, "ok", "", photo.picture.digest) for photo in photos]
    return findings, pictures


def visits(addresses: Iterable[str], hosts: Hosts, size: int) -> Iterator[Result]:
    """Yield what each address gave, in the order in which the answers come.

    Each server is visited at its own pace; while it is waited for, others are visited.
    """
    coming, order, running = map(Errand, addresses), count(), {}
    due: list[tuple[float, int, Errand]] = []
    with closing(Visitors()) as visitors:
        while True:
            for errand in some_of(coming, IN_HAND - len(due) - len(running)):
                heapq.heappush(due, (0.0, next(order), errand))
            while due and due[0][0] <= time() and len(running) < VISITS_AT_ONCE:
                _, number, errand = heapq.heappop(due)
                if later := hosts.take_turn(errand.place, time()):
                    heapq.heappush(due, (later, number, errand))
                else:
                    running[visitors.send(errand, hosts, size)] = errand
            if not due and not running:
                return
            for visited in visitors.finished(running, due[0][0] if due else None):
                result = judge(running.pop(visited), visited.result(), hosts)
                if isinstance(result, Errand):
                    heapq.heappush(due, (0.0, next(order), result))
                else:
                    yield result


def some_of(items: Iterator, number: int) -> Iterator:
    """Yield at most so many items; a negative number gives none."""
    return (item for _, item in zip(range(number), items, strict=False))


class Visitors:
    """The threads that fetch."""

    def __init__(self):
        self.pool = ThreadPoolExecutor(VISITS_AT_ONCE, "visitor")

    def send(self, errand: Errand, hosts: Hosts, size: int) -> Future:
        """Begin a visit."""
        return self.pool.submit(visit, errand, hosts, size)

    def finished(self, running: dict[Future, Errand], next_due: float | None) -> list[Future]:
        """Wait until a visit has ended, or until the next one is due, one second at most."""
        busy = len(running) >= VISITS_AT_ONCE or next_due is None
        seconds = 1.0 if busy else min(1.0, max(0.0, next_due - time()))
        if not running:
            Event().wait(seconds)
        return list(wait(running, seconds, FIRST_COMPLETED).done)

    def close(self) -> None:
        """Begin no more visits."""
        self.pool.shutdown(wait=False, cancel_futures=True)


def judge(errand: Errand, result: Result | Errand | ImageError, hosts: Hosts) -> Result | Errand:
    """Return what is to be kept of a visit, or an errand: elsewhere, or again if it was busy."""
    if not isinstance(result, ImageError):
        return result
    if result.status in BUSY:
        try:
            retry = errand.retry.increment("GET", errand.place)
        except MaxRetryError:
            return failure(errand, result), None
        seconds = patience(retry, result.headers)
        if seconds <= LONGEST_WAIT:
            hosts.wait(errand.place, seconds)
            return replace(errand, retry=retry)
        problem = f"its server asks to come back in {seconds:,.0f} s; run with --retry-failed then"
        return Finding(errand.address, result.status, problem), None
    return failure(errand, result), None


class Ahead(Thread):
    """Works out the items of an iterator in advance; iterating over it gives them.

    Gives None whenever it has a lull. Raises what the iterator raised.
    """

    def __init__(self, items: Iterator):
        super().__init__(daemon=True)
        self.items, self.queue, self.over = items, Queue(PHOTOS_AT_ONCE), Event()
        self.start()

    def run(self) -> None:
        """Fill the queue until the items end or nobody wants them."""
        try:
            with closing(self.items):
                for item in self.items:
                    self.put(item)
                    if self.over.is_set():
                        return
            self.put(StopIteration())
        except BaseException as error:  # raised again where the items are used
            self.put(error)

    def put(self, item: object) -> None:
        """Hand over an item as soon as there is room."""
        while not self.over.is_set():
            with suppress(Full):
                return self.queue.put(item, timeout=0.2)

    def __iter__(self) -> "Ahead":
        return self

    def __next__(self) -> object:
        try:
            item = self.queue.get(timeout=LULL)
        except Empty:
            return None
        if isinstance(item, BaseException):
            raise item
        return item

    def close(self) -> None:
        """Want no more items."""
        self.over.set()
