"""One stream from images to what is made of them: open ahead, encode in batches, finish behind."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

import numpy as np

from helpers.images import ImageError, Source, image_pixels


def pixels_or_error(image: Source | np.ndarray, size: int) -> np.ndarray | ImageError:
    """Return uint8 pixels (size, size, 3) of an image, which it may be, or why there are none."""
    try:
        return image if isinstance(image, np.ndarray) else image_pixels(image, size)
    except ImageError as error:
        return error


def read_ahead(
    images: Iterable[Source],
    size: int,
    batch_size: int,
    open_one: Callable[[Source, int], np.ndarray | ImageError] = image_pixels,
    threads: int = 2,
) -> Iterator[list[np.ndarray | ImageError]]:
    """Yield batches of pixels, each uint8 (size, size, 3), the next ones read while one is used.

    Beside the batch in use, three at most are in memory, however many images there are.
    Raises ImageError for an image that can't be read, unless `open_one` is `pixels_or_error`.
    Taught in lesson 02.
    """
    images, coming = iter(images), deque()
    pool = ThreadPoolExecutor(threads)
    try:
        while batch := list(islice(images, batch_size)):
            coming.append([pool.submit(open_one, image, size) for image in batch])
            if len(coming) > 2:
                yield [pixels.result() for pixels in coming.popleft()]
        while coming:
            yield [pixels.result() for pixels in coming.popleft()]
    finally:
        pool.shutdown(cancel_futures=True)


def on_readable(function: Callable[[np.ndarray], Iterable], items: list) -> list:
    """Apply a function to all arrays at once; an ImageError among them keeps its place."""
    good = [item for item in items if not isinstance(item, ImageError)]
    results = iter(function(np.stack(good)) if good else ())
    return [item if isinstance(item, ImageError) else next(results) for item in items]


def in_flight(
    function: Callable,
    items: Iterable,
    threads: int = 1,
    most: int = 1,
    stop: Callable[[], object] = int,
) -> Iterator[object | None]:
    """Yield function(item) for every item, in order, worked out on threads meanwhile.

    Arguments:
        function: what it raises is raised here.
        items: asked for in the caller's thread; best a generator that does much itself. For a None
            among them, what is ready comes out, and then a None. Where it raises something, Ctrl-C
            as well, the results that are due come first.
        most: items under way beside the one that is asked for.
        stop: called when no more results are wanted than those under way.
    """
    due: deque = deque()
    with ThreadPoolExecutor(threads, "captions") as pool:
        try:
            for item in items:
                due.extend([] if item is None else [pool.submit(function, item)])
                while due and (len(due) > most or due[0].done()):
                    yield due[0].result()
                    due.popleft()
                if item is None:
                    yield None
            while due:
                yield due[0].result()
                due.popleft()
        except (Exception, KeyboardInterrupt):
            stop()
            while due and not due[0].exception():
                yield due.popleft().result()
            raise
        finally:
            stop()
            pool.shutdown(wait=False, cancel_futures=True)
