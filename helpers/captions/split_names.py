"""What the splits are called, and which column of a table, or key of records, holds them."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache

from helpers.captions.columns import CAPTION_TITLE, plain_title

SPLIT_NAMES = dict.fromkeys(("train", "training", "restval", "trainval"), "train")
SPLIT_NAMES |= dict.fromkeys(("dev", "val", "valid", "validation", "eval", "evaluation"), "dev")
SPLIT_NAMES |= {"test": "test", "testing": "test"}
SPLIT_TITLES = ["split", "set_name", "set", "subset", "partition"]
LONGEST = 30  # characters of a split's name


@lru_cache  # a column repeats a few words
def split_called(word: str) -> str:
    """Return the split that a word such as "Val2017" or "train+val" stands for, or ""."""
    return SPLIT_NAMES.get(re.sub(r"[\W\d_]", "", word).lower(), "")


def says_split(title: object) -> bool:
    """Tell whether a title names a split itself, as "is_train" does, or parts that take turns."""
    bare = re.sub(r"^(is|in|for)_?|_", "", plain_title(str(title)))
    return bool(split_called(bare)) or bare in ("fold", "folds", "kfold")


def split_columns(rows: Iterable[Mapping[str, object]]) -> list[str]:
    """Return the titles of the columns that name splits, the likeliest first.

    Whatever their titles are, most of their cells name splits, and not all the same one; or they
    have one of SPLIT_TITLES.
    """
    filled, named = Counter(), {}
    is_text = cache(lambda title: CAPTION_TITLE.fullmatch(plain_title(title)))
    for title, value in (item for row in rows for item in row.items()):
        if value is not None and value != "" and not is_text(title):
            filled[title] += 1
            if isinstance(value, str) and len(value) < LONGEST and (split := split_called(value)):
                named.setdefault(title, Counter())[split] += 1

    def likely(title: str) -> tuple[bool, int]:
        plain, splits = plain_title(title), named.get(title, Counter())
        by_values = len(splits) > 1 and splits.total() * 2 >= filled[title]
        usual = plain in SPLIT_TITLES
        return not by_values, SPLIT_TITLES.index(plain) if usual else len(SPLIT_TITLES)

    return sorted((t for t in filled if likely(t) < (True, len(SPLIT_TITLES))), key=likely)
