"""A paired bootstrap tells better from luckier."""

import numpy as np
import pytest

from helpers.comparing import share_better


def test_better_on_every_photo_is_sure():
    assert share_better(np.arange(50) + 1, np.arange(50)) == 1
    assert share_better(np.arange(50), np.arange(50) + 1) == 0


def test_better_on_half_of_them_is_not():
    first, second = np.r_[np.ones(50), np.zeros(50)], np.r_[np.zeros(50), np.ones(50)]
    assert 0.3 < share_better(first, second) < 0.7


def test_the_photos_are_paired():
    """Photos differ far more than captioners do; drawn apart, this gain would drown."""
    photos = np.random.default_rng(0).normal(100, 90, 60)
    assert share_better(photos + 1, photos) == 1


def test_the_same_seed_draws_the_same_sets():
    first, second = np.random.default_rng(1).normal(size=(2, 30))
    assert share_better(first, second, seed=3) == share_better(first, second, seed=3)
    assert share_better(first, second, draws=1) in (0, 1)


@pytest.mark.parametrize("first, second", [([1, 2], [1]), ([], [])])
def test_scores_of_other_photos_are_refused(first, second):
    with pytest.raises(ValueError, match="one for each photo"):
        share_better(first, second)
