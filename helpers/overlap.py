"""Two steps side by side: while one item is made, the one before it is finished."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor


def one_behind(function: Callable, items: Iterable) -> Iterator:
    """Yield function(item) for every item, worked out on a thread while the next item is made.

    An encoder keeps all cores busy and beam search does not: so together they take less time.

    Arguments:
        function: called with one item at a time, in their order; what it raises is raised here.
        items: best a generator that does much itself. A None among them gives nothing; it asks
            for the result that is still due when the next item may be long in coming. Where it
            raises something, Ctrl-C as well, the result that is due comes first.
    """
    with ThreadPoolExecutor(1, "one-behind") as pool:
        due = None
        try:
            for item in items:
                begun = None if item is None else pool.submit(function, item)
                if due:
                    yield due.result()
                due = begun
        except (Exception, KeyboardInterrupt):
            if due and not due.exception():
                yield due.result()
            raise
        if due:
            yield due.result()
