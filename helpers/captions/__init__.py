"""Read captions in any usual format, clean them, count their words, write them down.

Raw captions travel as a dictionary: image file name -> its captions, in the order of the file.
"""

from helpers.captions.caption_file import CaptionFile, plain_spelling
from helpers.captions.cleaning import (
    CLASSIC_CLEANING,
    KEEP_EVERY_WORD,
    LETTERS,
    MARKS,
    NO_PUNCTUATION,
    PLAIN_JOINERS,
    WORD,
    Cleaning,
    clean_caption,
    clean_captions,
    count_words,
    empty_after_cleaning,
    is_kept,
)
from helpers.captions.columns import NONE_CHOSEN, Chosen
from helpers.captions.reading import KNOWN_FORMATS, OTHER_TITLES, read_caption_file, read_captions
from helpers.captions.records import text_of, texts_of
from helpers.captions.source import CaptionFormatError, Source
from helpers.captions.spaceless import lacks_spaces, single_letters, split_captions
from helpers.captions.split_names import SPLIT_NAMES, split_called
from helpers.captions.writing import read_descriptions, write_coco, write_descriptions, write_tokens
