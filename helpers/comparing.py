"""Which of two captioners is better, and how sure that is."""

from collections.abc import Sequence

import numpy as np


def share_better(
    first: Sequence[float], second: Sequence[float], draws: int = 1000, seed: int = 0
) -> float:
    """Return in which share of drawn sets the first captioner has the higher mean score.

    A paired bootstrap: photos are drawn anew, some twice, some not at all, and both captioners
    are scored on the same ones, so that luck with the photos cancels. Near 0.5 nothing can be
    said; above 0.975 luck hardly explains it.

    Arguments:
        first, second: a score of each photo, such as `cider_d_each` gives, in the same order.
        draws: how many sets are drawn.
        seed: makes the draws repeatable.

    Raises ValueError unless there are as many scores of both. Source: Koehn 2004. Taught in
    lesson 06.
    """
    if len(first) != len(second) or not len(first):
        raise ValueError(
            f"{len(first)} scores beside {len(second)}: give both one for each photo, of the same"
            " photos, and one at least"
        )
    gains = np.asarray(first, float) - np.asarray(second, float)
    photos = len(gains)
    sets = np.random.default_rng(seed).multinomial(photos, np.full(photos, 1 / photos), draws)
    return float(np.mean(sets @ gains > 0))
