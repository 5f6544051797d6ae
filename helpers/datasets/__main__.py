"""What does a data set hold, and what was dropped? python -m helpers.datasets FOLDER"""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pkgutil import resolve_name

from helpers.captions import KNOWN_FORMATS, CaptionFormatError, single_letters
from helpers.console import print_anything, program
from helpers.datasets import DatasetError, describe, open_dataset, to_coco, to_flickr8k
from helpers.datasets.converting import refuse_existing

WRITERS = {"coco": to_coco, "flickr8k": to_flickr8k}


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the report of a data set, or convert it; return 1 for a user's mistake."""
    print_anything()
    options = parse_arguments(arguments)
    try:
        if options.to:
            refuse_existing(options.to[1])  # before minutes of reading, and before the report
        words_of = word_splitter(options.words) if options.words else None
        dataset = open_dataset(options.dataset, options.data_dir, options.seed, words_of)
        print(describe(dataset, options.examples), flush=True)
        if options.to:
            form, target = options.to
            link = {"link": True} if options.link else {}
            print(WRITERS[form](dataset, target, **link))
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (DatasetError, CaptionFormatError, OSError, TypeError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def parse_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog=program(),
        description=f"{__doc__}\n\n{KNOWN_FORMATS}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("dataset", help="a folder, or mini, mini-de, flickr8k")
    add("--data-dir", help="where flickr8k lies")
    add("--seed", type=int, default=7, help="for splits that are made")
    add("--examples", type=int, default=2, help="images whose captions are printed")
    add("--words", metavar="letters|MODULE:FUNCTION", help="splits texts without spaces")
    add("--to", nargs=2, metavar=("FORMAT", "OUT"), help="coco OUT.json, or flickr8k FOLDER")
    add("--link", action="store_true", help="--to flickr8k: link the photos, don't copy them")
    options = parser.parse_args(arguments)
    if options.to and options.to[0] not in WRITERS:
        parser.error(f"--to {options.to[0]}: there is {' and '.join(WRITERS)}")
    if options.link and (not options.to or options.to[0] != "flickr8k"):
        parser.error("--link belongs to --to flickr8k")
    return options


def word_splitter(name: str) -> Callable[[str], list[str]]:
    """Return the function that splits a text into words: "letters", or such as "jieba:lcut"."""
    if name == "letters":
        return single_letters
    try:
        return resolve_name(name)
    except (ImportError, AttributeError, ValueError) as error:
        raise DatasetError(f"--words {name}: {error}. Such as jieba:lcut is due") from None


if __name__ == "__main__":
    sys.exit(main())
