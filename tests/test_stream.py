"""The stream: order, what is read ahead, what is due, and what happens when a step fails."""

import threading
import time
from concurrent.futures import Future
from itertools import count

import numpy as np
import pytest
from PIL import Image

from helpers.images import ImageError, image_pixels
from helpers.stream import in_flight, on_readable, pixels_or_error, read_ahead

SIZE = 8


@pytest.fixture
def photos(tmp_path):
    """Ten photos, each of noise of its own."""
    random = np.random.default_rng(3)
    paths = [tmp_path / f"{number}.png" for number in range(10)]
    for path in paths:
        Image.fromarray(random.integers(0, 256, (12, 9, 3), "uint8")).save(path)
    return paths


# In flight


def test_results_come_in_the_order_of_their_items():
    assert list(in_flight(lambda number: number * number, range(5))) == [0, 1, 4, 9, 16]
    assert list(in_flight(str, [])) == []


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

    assert list(in_flight(finish, items())) == [(1, True), (2, True)]


def test_at_a_none_what_is_ready_comes_out_and_nothing_is_waited_for():
    go, done = threading.Event(), threading.Event()

    def items():
        yield from (1, None, None)
        go.set()
        assert done.wait(10), "the first item was not finished"
        yield from [None] * 200  # at each it may be that the thread has not yet said so
        yield 2

    def finish(item):
        assert go.wait(10)
        done.set()
        return item

    results = in_flight(finish, items())
    assert [next(results), next(results)] == [None, None]
    assert [result for result in results if result] == [1, 2]


def test_several_may_be_under_way_and_come_in_order():
    together = threading.Barrier(3)

    def meet(number):
        together.wait(10)
        return number

    assert list(in_flight(meet, range(9), threads=3, most=5)) == list(range(9))


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
def test_an_error_among_the_items_loses_nothing_that_was_begun(error):
    def items():
        yield from (1, 2)
        raise error

    taken = []
    with pytest.raises(error):
        for result in in_flight(str, items()):
            taken.append(result)
    assert taken == ["1", "2"]


def test_what_the_function_raises_is_raised_where_its_result_was_due():
    results = in_flight(lambda number: 1 // number, [1, 0, 1])
    assert next(results) == 1
    with pytest.raises(ZeroDivisionError):
        next(results)


def test_who_wants_no_more_stops_the_items():
    results, made = in_flight(str, count()), threading.active_count()
    assert next(results) == "0"
    results.close()
    assert threading.active_count() == made


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
def test_ctrl_c_while_a_result_is_waited_for_loses_none(error, monkeypatch):
    """Neither the one that is waited for nor the one that was begun behind it."""
    waited, real = [], Future.result

    def interrupted(future, *given):
        waited.append(future)
        if len(waited) == 1:
            raise error
        return real(future, *given)

    def finish(item):
        assert begun.wait(10)
        return str(item)

    begun = threading.Event()
    monkeypatch.setattr(Future, "result", interrupted)
    taken = []
    with pytest.raises(error):
        for result in in_flight(finish, range(9), stop=begun.set):
            taken.append(result)
    assert taken == ["0", "1"]


# Reading ahead


@pytest.mark.parametrize("batch_size", [1, 3, 4, 10, 11])
def test_read_ahead_keeps_order_and_sizes(photos, batch_size):
    batches = list(read_ahead(photos, SIZE, batch_size))
    assert [len(batch) for batch in batches[:-1]] == [batch_size] * (len(batches) - 1)
    expected = [image_pixels(path, SIZE) for path in photos]
    np.testing.assert_array_equal(np.concatenate(batches), expected)


def test_read_ahead_keeps_order_when_photos_take_their_time():
    def slow_pixels(path, size):
        time.sleep(0.02 if path % 2 else 0)
        return np.full((size, size, 3), path, "uint8")

    batches = read_ahead(range(13), 2, 3, slow_pixels)
    assert [int(pixel[0, 0, 0]) for batch in batches for pixel in batch] == list(range(13))


def test_read_ahead_holds_three_batches_and_really_reads_ahead():
    asked, lock = [], threading.Lock()

    def counted_pixels(path, size):
        with lock:
            asked.append(path)
        return np.zeros((size, size, 3), "uint8")

    ahead = []
    batches = read_ahead(range(100), 2, 5, counted_pixels)
    for number, batch in enumerate(batches, start=1):
        time.sleep(0.005)
        ahead.append(len(asked) - number * len(batch))
    assert max(ahead) <= 10  # two batches wait while one is used
    assert max(ahead) > 0


def test_read_ahead_stops_its_threads_when_it_is_abandoned(photos):
    before = threading.active_count()
    batches = read_ahead(photos, SIZE, 2)
    next(batches)
    batches.close()
    assert threading.active_count() == before


def test_read_ahead_names_the_photo_it_cannot_read(photos):
    photos[4].write_text("no photo")
    batches = read_ahead(photos, SIZE, 2)
    assert [len(next(batches)), len(next(batches))] == [2, 2]
    with pytest.raises(ImageError, match="4.png"):
        next(batches)


def test_read_ahead_lets_go_of_what_nobody_wants():
    """An address that answers late must not hold up Ctrl-C, nor those behind it."""
    opened = []

    def slow(image, size):
        opened.append(image)
        time.sleep(0.02)

    batches = read_ahead(range(90), 2, 30, slow)
    next(batches)
    batches.close()
    assert len(opened) < 40


def test_an_unreadable_image_keeps_its_place(photos):
    photos[4].write_text("no photo")
    (batch,) = read_ahead(photos, SIZE, 99, pixels_or_error, threads=8)
    assert [place for place, item in enumerate(batch) if isinstance(item, ImageError)] == [4]
    means = on_readable(lambda pixels: pixels.mean(axis=(1, 2, 3)), batch)
    assert means[4] is batch[4] and means[5] == image_pixels(photos[5], SIZE).mean()
    assert on_readable(None, [batch[4]]) == [batch[4]] and on_readable(None, []) == []
