"""What a command line says about a data set: which, which of its captions, split how."""

import argparse
from collections.abc import Callable
from pkgutil import resolve_name

from helpers.captions import Chosen, single_letters
from helpers.datasets.dataset import Dataset
from helpers.datasets.opening import open_dataset
from helpers.datasets.photos import DatasetError


def add_choices(parser: argparse.ArgumentParser) -> None:
    """Add the options by which `open_chosen` opens a data set."""
    add = parser.add_argument
    add("--data-dir", help="where flickr8k lies")
    add("--captions", metavar="FILE", help="of several files of captions in the folder, this one")
    add("--image-column", metavar="TITLE", help="where a table has another title than usual")
    add("--caption-column", metavar="TITLE", help="likewise")
    add("--words", metavar="letters|MODULE:FUNCTION", help="splits texts without spaces")


def open_chosen(options: argparse.Namespace, seed: int = 7) -> Dataset:
    """Open the data set that a command line asks for; errors as in `open_dataset`.

    seed: for splits that are made.
    """
    words_of = word_splitter(options.words) if options.words else None
    columns = Chosen(options.image_column, options.caption_column)
    where = options.dataset, options.data_dir
    return open_dataset(*where, seed, words_of, options.captions, columns)


def word_splitter(name: str) -> Callable[[str], list[str]]:
    """Return the function that splits a text into words: "letters", or such as "jieba:lcut"."""
    if name == "letters":
        return single_letters
    try:
        return resolve_name(name)
    except (ImportError, AttributeError, ValueError) as error:
        raise DatasetError(f"--words {name}: {error}. Such as jieba:lcut is due") from None
