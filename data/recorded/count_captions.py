"""Count a data set's captions as lessons 01 and 03 do, so that lessons can show its numbers.

    python data/recorded/count_captions.py flickr8k --data-dir FOLDER

Writes numbers and the most frequent words; no caption is kept.
"""

import argparse
import json
from collections import Counter
from pathlib import Path

from helpers.captions import CLASSIC_CLEANING, clean_captions, count_words, empty_after_cleaning
from helpers.datasets import Dataset, open_dataset
from helpers.files import write_text

HERE = Path(__file__).parent
MIN_COUNTS = (1, 2, 3, 5, 10)
TOP = 10


def counted(counts: Counter) -> dict:
    """Return the leading words, and how many words occur how often, as [count, words] pairs."""
    return {"top": counts.most_common(TOP), "often": sorted(Counter(counts.values()).items())}


def count_dataset(dataset: Dataset) -> dict:
    """Return what the lessons show of a data set that the reader may not have."""
    ours = clean_captions(dataset.captions)
    classic = clean_captions(dataset.captions, CLASSIC_CLEANING)
    train, dev = (
        [text for name in dataset.splits[split] for text in ours[name]]
        for split in ("train", "dev")
    )
    words = count_words({"train": train})
    new = count_words({"dev": dev})
    return {
        "images": len(dataset.captions),
        "captions": sum(map(len, dataset.captions.values())),
        "empty": {
            "ours": len(empty_after_cleaning(dataset.captions)),
            "classic": len(empty_after_cleaning(dataset.captions, CLASSIC_CLEANING)),
        },
        "as written": counted(count_words(dataset.captions)),
        "ours": counted(count_words(ours)),
        "classic": counted(count_words(classic)),
        "train": counted(words),
        "lengths": sorted(Counter(len(text.split()) for text in train).items()),
        "unknown on dev": [[least, unknown_share(words, new, least)] for least in MIN_COUNTS],
    }


def unknown_share(words: Counter, new: Counter, least: int) -> float:
    """Return the share of new running words that occur fewer than `least` times among `words`."""
    unknown = sum(count for word, count in new.items() if words[word] < least)
    return round(unknown / new.total(), 6)


def main() -> None:
    """Write `<data set>.json` beside this file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("dataset")
    parser.add_argument("--data-dir")
    options = parser.parse_args()
    dataset = open_dataset(options.dataset, options.data_dir)
    write_text(HERE / f"{dataset.name}.json", json.dumps(count_dataset(dataset)) + "\n")


if __name__ == "__main__":
    main()
