"""Right and wrong answers to the exercises of lesson 06."""

BEFORE = """
from collections import Counter

import numpy as np

from helpers import metrics
from helpers.comparing import share_better

SEED = 7
captions = ["a dog runs", "two cats sleep on a sofa"]
"""
DRAWS = "np.random.default_rng({seed}).multinomial(n, np.full(n, 1 / n), 1000)"
UNPAIRED = """
def share_unpaired(first, second):
    n = len(first)
    ours, theirs = {ours}, {theirs}
    return float(np.mean({compared}))
"""
OURS, THEIRS = DRAWS.format(seed=1), DRAWS.format(seed=2)
EXERCISES = {
    1: {
        "right": [
            "def openings(captions):\n"
            "    first = [' '.join(caption.split()[:2]) for caption in captions]\n"
            "    return sum(first.count(opening) == 1 for opening in first) / len(first)",
            "def openings(captions):\n"
            "    counts = Counter(tuple(caption.split()[:2]) for caption in captions)\n"
            "    return list(counts.values()).count(1) / len(captions)",
        ],
        "wrong": [
            "def openings(captions):\n"
            "    return len({tuple(c.split()[:2]) for c in captions}) / len(captions)",
            "def openings(captions):\n"
            "    counts = Counter(caption.split()[0] for caption in captions)\n"
            "    return list(counts.values()).count(1) / len(captions)",
            "def openings(captions):\n"
            "    counts = Counter(tuple(caption.split()[:2]) for caption in captions)\n"
            "    return list(counts.values()).count(1) / len(counts)",
            "def openings(captions):\n    return 0.5",
        ],
    },
    2: {
        "right": [
            "common_words_in_order = metrics.longest_common_subsequence",
            "def common_words_in_order(first, second):\n"
            "    row = [0] * (len(second) + 1)\n"
            "    for word in first:\n"
            "        old = row[:]\n"
            "        for i, other in enumerate(second):\n"
            "            row[i + 1] = old[i] + 1 if word == other else max(old[i + 1], row[i])\n"
            "    return row[-1]",
        ],
        "wrong": [
            "def common_words_in_order(first, second):\n    return len(set(first) & set(second))",
            "def common_words_in_order(first, second):\n"
            "    return (Counter(first) & Counter(second)).total()",
            "def common_words_in_order(first, second):\n"
            "    return sum(a == b for a, b in zip(first, second))",
            "def common_words_in_order(first, second):\n"
            "    place = 0\n"
            "    for word in first:\n"
            "        place += place < len(second) and word == second[place]\n"
            "    return place",
        ],
    },
    3: {
        "right": [
            UNPAIRED.format(ours=OURS, theirs=THEIRS, compared="ours @ first > theirs @ second"),
            "def share_unpaired(first, second):\n"
            "    random = np.random.default_rng(0)\n"
            "    ours, theirs = (\n"
            "        random.choice(scores, (1000, len(scores))).mean(axis=1)\n"
            "        for scores in (first, second)\n"
            "    )\n"
            "    return float(np.mean(ours > theirs))",
        ],
        "wrong": [
            "share_unpaired = share_better",
            "def share_unpaired(first, second):\n"
            f"    n = len(first)\n    draws = {OURS}\n"
            "    return float(np.mean(draws @ first > draws @ second))",
            UNPAIRED.format(ours=OURS, theirs=THEIRS, compared="ours @ first < theirs @ second"),
            "def share_unpaired(first, second):\n"
            "    return float(np.mean(first) > np.mean(second))",
            "def share_unpaired(first, second):\n    return 0.51",
        ],
    },
}
