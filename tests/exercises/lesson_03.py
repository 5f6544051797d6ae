"""Right and wrong answers to the exercises of lesson 03."""

BEFORE = """
from types import SimpleNamespace

import numpy as np
from keras.utils import pad_sequences

from helpers.tokenizer import CaptionTokenizer

toy = CaptionTokenizer.from_captions(["a dog runs", "a dog sleeps"])
left = pad_sequences([toy.encode("a dog runs"), toy.encode("a dog")], 6)
recipe = SimpleNamespace(min_count=1)
more = {}
train, dev = ["the dog's bone", "a boat"], ["the boat's sail"]
tokenizer = CaptionTokenizer.from_captions(train)


def unknown_share(tokenizer, captions):
    return np.mean([word not in tokenizer.ids for text in captions for word in text.split()])
"""

EXERCISES = {
    1: {
        "right": ["my_ids = [2, 4, 5, 1, 3]", "my_ids = (2, 4, 5, 1, 3)"],
        "wrong": [
            "my_ids = [2, 4, 5, 1, 4]",
            "my_ids = [2, 4, 5, 1, 4, 1, 3]",
            "my_ids = [4, 5, 1, 4, 1]",
            "my_ids = [2, 4, 5, 1, 4, 3]",
        ],
    },
    2: {
        "right": [
            "def smallest_max_length(lengths, share):\n    ordered = sorted(lengths)\n"
            "    return ordered[int(np.ceil(share * len(ordered))) - 1] + 2",
            "def smallest_max_length(lengths, share):\n"
            "    return np.quantile(lengths, share, method='inverted_cdf') + 2",
        ],
        "wrong": [
            "def smallest_max_length(lengths, share):\n    return max(lengths) + 2",
            "def smallest_max_length(lengths, share):\n"
            "    return int(np.quantile(lengths, share)) + 2",
            "def smallest_max_length(lengths, share):\n"
            "    return lengths[int(np.ceil(share * len(lengths))) - 1] + 2",
            "def smallest_max_length(lengths, share):\n    longest = 3\n"
            "    while np.mean(lengths <= longest) < share:\n        longest += 1\n"
            "    return longest",
            "def smallest_max_length(lengths, share):\n    longest = 3\n"
            "    while np.mean(lengths + 2 <= longest) <= share:\n        longest += 1\n"
            "        if longest > 99:\n            break\n    return longest",
        ],
    },
    3: {
        "right": [
            "def to_the_right(ids):\n    return [[*row[row != 0], *row[row == 0]] for row in ids]",
            "def to_the_right(ids):\n    order = np.argsort(ids == 0, axis=1, kind='stable')\n"
            "    return np.take_along_axis(ids, order, axis=1)",
        ],
        "wrong": [
            "def to_the_right(ids):\n    return ids[:, ::-1]",
            "def to_the_right(ids):\n    return np.sort(ids, axis=1)[:, ::-1]",
            "def to_the_right(ids):\n    return np.roll(ids, -1, axis=1)",
            "def to_the_right(ids):\n"
            "    return pad_sequences([row[1:] for row in ids], 6, padding='post')",
        ],
    },
    4: {
        "right": [
            'def take_apart(caption):\n    return caption.replace("\'s", " \'s")',
            "import re\ndef take_apart(caption):\n"
            '    return re.sub(r"(\\w)(\'s)\\b", r"\\1 \\2", caption)',
        ],
        "wrong": [
            'def take_apart(caption):\n    return caption.replace("\'", " \'", 1)',
            'def take_apart(caption):\n    return caption.replace("s ", " s ")',
            'def take_apart(caption):\n    return caption.replace("\'s", "")',
            'def take_apart(caption):\n    return caption.split("\'")',
        ],
    },
}
