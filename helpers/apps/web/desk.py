"""The desk between many threads and one model: it takes so many photos, and no more."""

import math
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue
from time import monotonic, sleep
from typing import NamedTuple

from helpers.captioner import AnyCaptioner, Candidate
from helpers.images import ImageError, Source, open_image

PLACES = 100  # photos at the desk: being opened, waiting, being captioned
PHOTOS_AT_ONCE = 32  # a batch of the encoder
OPENED_AT_ONCE = 1  # one of 40 megapixels takes 300 MB; the encoder has the other cores
LOOK = 0.005  # seconds between two looks for an answer, while one is due
COME_AGAIN = 10  # seconds
WAITING = "Too many photos are waiting."
STOPPING = "The page is being stopped."


class BusyError(RuntimeError):
    """All places are taken, or there is another reason to come later.

    Attributes:
        seconds: after how long it makes sense to come again.
    """

    def __init__(self, seconds: int, reason: str = WAITING):
        super().__init__(f"{reason} Try again in {seconds} seconds.")
        self.seconds = seconds


class Due(NamedTuple):
    """An answer that is due, and when its batch of so many photos began."""

    future: Future
    start: float
    photos: int


class CaptionDesk:
    """Captions photos that many threads bring: one worker takes what waits, in batches.

    Arguments:
        captioner: any; it searches its own way.
        places: photos that may be here at once; whoever brings more gets a BusyError.

    Taught in lesson 11.
    """

    def __init__(self, captioner: AnyCaptioner, places: int = PLACES):
        self.captioner, self.places = captioner, places
        self.taken, self.pace = 0, 0.1  # seconds that one photo took in the last batch
        self.closing = False
        self.lock, self.opening = threading.Lock(), threading.Semaphore(OPENED_AT_ONCE)
        self.waiting: SimpleQueue[tuple[object, Future] | None] = SimpleQueue()
        self.due: deque[Due] = deque()
        self.worker = threading.Thread(target=self.work, name="captions", daemon=True)
        self.worker.start()

    def caption(self, images: Sequence[Source]) -> list[list[Candidate] | ImageError]:
        """Return the candidates of each image, or the ImageError that kept it from being read.

        It waits until they are there. Raises BusyError if there are not enough free places.
        """
        with self.seats(len(images)):
            return [result_of(answer) for answer in [self.bring(image) for image in images]]

    @contextmanager
    def seats(self, photos: int) -> Iterator[None]:
        """Take places for some photos, and give them back; raise BusyError if there are too few."""
        with self.lock:
            if self.taken + photos > self.places:
                raise BusyError(max(1, math.ceil(self.taken * self.pace)))
            self.taken += photos
        try:
            yield
        finally:
            with self.lock:
                self.taken -= photos

    def bring(self, image: Source) -> Future:
        """Open an image and put what the captioner needs into the queue; the answer comes later."""
        answer: Future = Future()
        try:
            with self.opening:
                self.check_open()
                prepared = self.captioner.prepare(open_image(image, self.captioner.image_size))
            self.waiting.put((prepared, answer))
        except (ImageError, BusyError) as error:
            answer.set_exception(error)
        return answer

    def work(self) -> None:
        """Caption what waits until `close`; an error is told to those who wait for an answer."""
        while True:
            try:
                for result in self.captioner.caption_each(self.photos()):
                    if result is not None:
                        self.answer(result)
                return
            except Exception as error:
                while self.due:
                    self.due.popleft().future.set_exception(error)

    def photos(self) -> Iterator[object | None]:
        """Yield what waits, in batches that end in a None; look again and again for answers due."""
        while batch := self.next_batch():
            start = monotonic()
            self.due += [Due(future, start, len(batch)) for _, future in batch]
            yield from (prepared for prepared, _ in batch)
            yield None
            while self.due and self.waiting.empty():
                sleep(LOOK)
                yield None

    def answer(self, result: list[Candidate] | ImageError) -> None:
        """Hand a result to who waits for it the longest."""
        future, start, photos = self.due.popleft()
        future.set_result(result)
        self.pace = (monotonic() - start) / photos

    def next_batch(self) -> list[tuple[object, Future]]:
        """Wait for a photo, and return it with the others that are there; nothing after `close`."""
        batch = [self.waiting.get()]
        with suppress(Empty):
            while len(batch) < PHOTOS_AT_ONCE:
                batch.append(self.waiting.get_nowait())
        if None in batch:
            batch.remove(None)
            self.waiting.put(None)
        return batch

    def check_open(self) -> None:
        """Raise BusyError after `give_up`."""
        if self.closing:
            raise BusyError(COME_AGAIN, STOPPING)

    def give_up(self) -> None:
        """Tell all whose photos aren't in a batch yet to come again, and take no others."""
        self.closing = True
        left = []
        with suppress(Empty):
            while True:
                left.append(self.waiting.get_nowait())
        for _, answer in filter(None, left):
            answer.set_exception(BusyError(COME_AGAIN, STOPPING))
        if None in left:
            self.waiting.put(None)

    def close(self, seconds: float | None = None) -> bool:
        """Let the worker finish what waits; return whether all is over, in so many seconds."""
        self.waiting.put(None)
        self.worker.join(seconds)
        return not (self.worker.is_alive() or self.taken)


def result_of(answer: Future) -> list[Candidate] | ImageError:
    """Wait for an answer; an ImageError is one too, any other error is raised."""
    try:
        return answer.result()
    except ImageError as error:
        return error
