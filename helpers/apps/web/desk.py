"""The desk between many threads and one model: it takes so many photos, and no more."""

import math
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from functools import partial
from queue import Empty, SimpleQueue
from time import monotonic

import numpy as np

from helpers.captioner import Candidate, Captioner
from helpers.images import ImageError, Source, image_pixels
from helpers.stream import one_behind

PLACES = 100  # photos at the desk: being opened, waiting, being captioned
PHOTOS_AT_ONCE = 32  # a batch of the encoder
OPENED_AT_ONCE = 1  # one of 40 megapixels takes 300 MB; the encoder has the other cores
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


class CaptionDesk:
    """Captions photos that many threads bring: one worker takes what waits, in batches.

    Arguments:
        captioner: offers `encoder` and `feature_candidates`, such as a Captioner.
        beam_size, search: as in `Captioner.caption_features`.
        places: photos that may be here at once; whoever brings more gets a BusyError.

    Taught in lesson 11.
    """

    def __init__(
        self,
        captioner: Captioner,
        beam_size: int | None = None,
        search: str | None = None,
        places: int = PLACES,
    ):
        self.captioner, self.how, self.places = captioner, (beam_size, search), places
        self.taken, self.pace = 0, 0.1  # seconds that one photo took in the last batch
        self.closing = False
        self.lock, self.opening = threading.Lock(), threading.Semaphore(OPENED_AT_ONCE)
        self.waiting: SimpleQueue[tuple[np.ndarray, Future] | None] = SimpleQueue()
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
        """Open an image and put its pixels into the queue; the answer comes later."""
        answer: Future = Future()
        try:
            with self.opening:
                self.check_open()
                pixels = image_pixels(image, self.captioner.encoder.image_size)
            self.waiting.put((pixels, answer))
        except (ImageError, BusyError) as error:
            answer.set_exception(error)
        return answer

    def work(self) -> None:
        """Caption what waits until `close`: one batch is encoded while another is searched."""
        for _ in one_behind(lambda step: step(), self.encoded()):
            pass

    def encoded(self) -> Iterator[Callable[[], None]]:
        """Encode what waits, and yield for each batch what is left to do: search and answer."""
        while batch := self.next_batch():
            start = monotonic()
            pixels, answers = zip(*batch, strict=True)
            with told(answers):
                features = self.captioner.encoder.encode(np.stack(pixels))
                yield partial(self.answer, answers, features, start)

    def answer(self, answers: Sequence[Future], features: np.ndarray, start: float) -> None:
        """Search for captions of a batch, and hand them to those who wait."""
        with told(answers):
            results = self.captioner.feature_candidates(features, *self.how)
            for answer, candidates in zip(answers, results, strict=True):
                answer.set_result(candidates)
        self.pace = (monotonic() - start) / len(answers)

    def next_batch(self) -> list[tuple[np.ndarray, Future]]:
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


@contextmanager
def told(answers: Sequence[Future]) -> Iterator[None]:
    """Let those who wait hear of an error in the block; the worker lives on."""
    try:
        yield
    except Exception as error:
        for answer in answers:
            answer.set_exception(error)


def result_of(answer: Future) -> list[Candidate] | ImageError:
    """Wait for an answer; an ImageError is one too, any other error is raised."""
    try:
        return answer.result()
    except ImageError as error:
        return error
