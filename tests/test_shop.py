"""The invented shop of lesson 10: what it draws and what its headlines say."""

from collections import Counter

import numpy as np

from helpers.apps.shop import COLOURS, DELIVERY, PRAISE, SIDE, products
from helpers.captions import clean_caption

THINGS = products(each=2)


def test_each_kind_comes_in_each_colour_in_a_mixed_order():
    seen = Counter((thing.kind, thing.colour) for thing in THINGS)
    assert set(seen.values()) == {2} and len(seen) == len(PRAISE) * len(COLOURS)
    assert len({thing.kind for thing in THINGS[:12]}) > 1
    assert len({thing.name for thing in THINGS}) == len(THINGS)


def test_each_headline_says_all_that_is_known_and_no_other_delivery():
    for thing in THINGS:
        for headline in map(clean_caption, thing.headlines):
            said = [thing.kind, thing.colour, thing.praise, thing.delivery]
            assert all(words in headline for words in said), headline
            assert sum(words in headline for words in DELIVERY) == 1
            assert sum(kind in headline.split() for kind in PRAISE) == 1
            assert sum(colour in headline.split() for colour in COLOURS) == 1
        assert len(set(thing.headlines)) == len(thing.headlines)


def test_photos_hold_their_colour_and_differ():
    for thing in THINGS:
        pixels = np.asarray(thing.photo).reshape(-1, 3)
        wanted = [int(COLOURS[thing.colour][at : at + 2], 16) for at in (1, 3, 5)]
        assert thing.photo.size == (SIDE, SIDE)
        assert (np.abs(pixels - wanted).max(axis=1) < 3).mean() > 0.03, thing.name
    assert len({thing.photo.tobytes() for thing in THINGS}) == len(THINGS)


def test_the_same_seed_gives_the_same_shop():
    again = products(each=2)
    assert [thing.headlines for thing in again] == [thing.headlines for thing in THINGS]
    assert again[0].photo.tobytes() == THINGS[0].photo.tobytes()
    assert products(each=2, seed=8)[0].photo.tobytes() != THINGS[0].photo.tobytes()
