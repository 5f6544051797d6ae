"""Two steps side by side: order, what is due, and what happens when one of them fails."""

import threading
from itertools import count

import pytest

from helpers.overlap import one_behind


def test_results_come_in_the_order_of_their_items():
    assert list(one_behind(lambda number: number * number, range(5))) == [0, 1, 4, 9, 16]
    assert list(one_behind(str, [])) == []


def test_the_next_item_is_made_while_one_is_finished():
    finishing, made = threading.Event(), threading.Event()

    def items():
        yield 1
        assert finishing.wait(10), "the first item was not begun"
        made.set()
        yield 2

    def finish(item):
        finishing.set()
        return item, made.wait(10)

    assert list(one_behind(finish, items())) == [(1, True), (2, True)]


def test_none_asks_for_what_is_due_and_gives_nothing():
    asked = []

    def items():
        for item in (1, None, 2, None, None):
            asked.append(item)
            yield item

    results = one_behind(str, items())
    assert next(results) == "1" and asked == [1, None]
    assert next(results) == "2" and asked == [1, None, 2, None]
    assert list(results) == []


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
def test_an_error_among_the_items_loses_nothing_that_was_begun(error):
    def items():
        yield from (1, 2)
        raise error

    taken = []
    with pytest.raises(error):
        for result in one_behind(str, items()):
            taken.append(result)
    assert taken == ["1", "2"]


def test_what_the_function_raises_is_raised_where_its_result_was_due():
    results = one_behind(lambda number: 1 // number, [1, 0, 1])
    assert next(results) == 1
    with pytest.raises(ZeroDivisionError):
        next(results)


def test_who_wants_no_more_stops_the_items():
    results, made = one_behind(str, count()), threading.active_count()
    assert next(results) == "0"
    results.close()
    assert threading.active_count() == made
