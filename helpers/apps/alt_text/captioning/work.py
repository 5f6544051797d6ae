"""From addresses to findings: the captioner is at work while other images are fetched.

One function, `work_off`, does all of it, here and on every worker of a cluster.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import partial
from queue import Empty, Full, Queue
from threading import Event, Thread

import numpy as np

from helpers.apps.alt_text.captioning.beside import ENDING
from helpers.apps.alt_text.captioning.loading import captioner_hash
from helpers.apps.alt_text.store import Finding, Picture
from helpers.apps.alt_text.visiting.photos import Photo, Result
from helpers.apps.alt_text.visiting.politeness import Hosts
from helpers.apps.alt_text.visiting.visits import visits
from helpers.images import USER_AGENT
from helpers.stream import on_readable, one_behind

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
        beam_size, search: as in `Captioner.caption_features`.
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
    beam_size: int | None = None
    search: str | None = None
    rate: float = 5
    local: str = ""
    user_agent: str = USER_AGENT
    folder: str = ""
    fingerprint: Callable = captioner_hash
    digest: str = ""
    run: str = ""

    def hosts(self) -> Hosts:
        """Return the servers, of which nothing is known yet."""
        return Hosts(self.rate, self.local, self.user_agent, self.folder)


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
    with closing(ahead(visits(addresses, hosts, captioner.encoder.image_size))) as results:
        yield from one_behind(
            partial(captioned, captioner=captioner, how=(settings.beam_size, settings.search)),
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


def captioned(batch: Encoded, captioner: object, how: tuple) -> Batch:
    """Return the findings of a batch, and its new pictures with their captions."""
    results, new, features = batch
    photos = [result for result in results if isinstance(result, Photo)]
    others = [result for result in results if not isinstance(result, Photo)]
    pictures = [picture for _, picture in others if picture]
    beams = on_readable(lambda found: captioner.feature_candidates(found, *how), features)
    for photo, candidates in zip(new, beams, strict=True):
        digest = photo.picture.digest
        pictures.append(Picture(digest, photo.picture.thumbnail, kept(candidates)))
        if beside := getattr(candidates, "beside", None):
            pictures.append(Picture(digest + ENDING, b"", kept(beside)))
    findings = [finding for finding, _ in others]
    findings += [Finding(photo.address, "ok", "", photo.picture.digest) for photo in photos]
    return findings, pictures


def kept(candidates: Iterable) -> list[tuple[str, float]]:
    """Return candidates as the state keeps them."""
    return [(c.caption, float(f"{c.probability:.3g}")) for c in candidates]


def ahead(items: Iterator) -> Iterator:
    """Yield the items of an iterator, worked out in advance on a thread; None in a lull."""
    queue, over = Queue(PHOTOS_AT_ONCE), Event()
    Thread(target=fill, args=(queue, items, over), daemon=True).start()
    try:
        while True:
            try:
                item = queue.get(timeout=LULL)
            except Empty:
                item = None
            if isinstance(item, StopIteration):
                return
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        over.set()


def fill(queue: Queue, items: Iterator, over: Event) -> None:
    """Put items into a queue until they end or nobody wants them; what is raised goes there too."""
    try:
        with closing(items):
            while not over.is_set():
                put(queue, next(items), over)
    except BaseException as error:  # raised again where the items are used
        put(queue, error, over)


def put(queue: Queue, item: object, over: Event) -> None:
    """Hand over an item as soon as there is room."""
    while not over.is_set():
        with suppress(Full):
            return queue.put(item, timeout=0.2)
