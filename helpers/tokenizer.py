"""Words to ids and back: the vocabulary of a captioner, kept as a readable JSON file."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from keras.utils import pad_sequences

from helpers.files import write_text
from helpers.strangers import number_in, read_json, small_text

LARGEST = 2**24  # bytes of a file
LONGEST = 1000  # ids of a caption
PLAIN = re.compile(r"[^\s\x00-\x1f\x7f-\x9f\ud800-\udfff]{1,1000}")  # a word as a file may hold it


class CaptionTokenizer:
    """The words a captioner knows, each with its id.

    Ids 0 to 3 are the markers `<pad>`, `<unknown>`, `<start>` and `<end>`; the words of the
    captions follow, most frequent first. Captions are cleaned text, words joined by spaces.

    Arguments:
        words: every word in order of its id, markers included.
        max_length: ids in the longest encoded caption, `<start>` and `<end>` counted.

    Raises ValueError for words that repeat or do not begin with the four markers.
    Taught in lesson 03.
    """

    MARKERS = ("<pad>", "<unknown>", "<start>", "<end>")
    PAD, UNKNOWN, START, END = range(4)

    def __init__(self, words: Sequence[str], max_length: int):
        self.words = list(words)
        self.max_length = int(max_length)
        self.ids = {word: index for index, word in enumerate(self.words)}
        if tuple(self.words[:4]) != self.MARKERS:
            raise ValueError(f"a tokenizer's words begin with {self.MARKERS}, not {words[:4]}")
        if len(self.ids) != len(self.words):
            twice = [word for word, count in Counter(self.words).items() if count > 1]
            raise ValueError(f"these words are in the vocabulary twice: {twice[:5]}")
        if self.max_length < 3:
            raise ValueError(f"max_length is {max_length}; a caption needs at least 3 ids")

    @classmethod
    def from_captions(
        cls, captions: Iterable[str], min_count: int = 1, max_length: int | None = None
    ) -> "CaptionTokenizer":
        """Learn the vocabulary of clean captions.

        Arguments:
            captions: clean captions of the training split.
            min_count: how often a word must occur to get an id of its own.
            max_length: ids per caption with both markers; None fits the longest caption.

        Raises ValueError when there are no captions. Taught in lesson 03.
        """
        split_captions = [caption.split() for caption in captions]
        if not split_captions:
            raise ValueError("there are no captions to learn words from; is the split empty?")
        counts = Counter(word for words in split_captions for word in words)
        frequent = [word for word, count in counts.most_common() if count >= min_count]
        longest = max(len(words) for words in split_captions)
        return cls([*cls.MARKERS, *frequent], max_length or longest + 2)

    def __len__(self) -> int:
        """Return the size of the vocabulary, markers included."""
        return len(self.words)

    def encode(self, caption: str) -> list[int]:
        """Return the ids of a caption between `<start>` and `<end>`; unknown words become 1.

        Taught in lesson 03.
        """
        ids = [self.ids.get(word, self.UNKNOWN) for word in caption.split()]
        return [self.START, *ids[: self.max_length - 2], self.END]

    def encode_batch(self, captions: Iterable[str]) -> np.ndarray:
        """Return int32 ids of shape (captions, max_length), padded with 0 on the right.

        Taught in lesson 03.
        """
        ids = [self.encode(caption) for caption in captions]
        return pad_sequences(ids, self.max_length, padding="post", value=self.PAD)

    def decode(self, ids: Iterable[int]) -> str:
        """Return the caption that ids spell: up to the first `<end>`, without markers.

        Raises IndexError for an id that no word has. Taught in lesson 03.
        """
        words = []
        for index in map(int, ids):
            if index == self.END:
                break
            if index not in (self.PAD, self.START):
                words.append(self.words[index])
        return " ".join(words)

    def save(self, path: str | Path) -> None:
        """Write the tokenizer as JSON (UTF-8, one word a line)."""
        content = {"max_length": self.max_length, "words": self.words}
        write_text(path, json.dumps(content, ensure_ascii=False, indent=0))

    @classmethod
    def load(cls, path: str | Path) -> "CaptionTokenizer":
        """Read a tokenizer that `save` wrote.

        Raises ValueError for a file that is not one, FileNotFoundError for none.
        """
        try:
            return cls(**checked(read_json(small_text(path, LARGEST))))
        except FileNotFoundError:
            raise FileNotFoundError(f"{path} is missing; lesson 03 makes it") from None
        except (ValueError, TypeError) as error:
            problem = f"{path} is not a caption tokenizer ({error})"
            raise ValueError(f"{problem}; run lesson 03 to make one") from error


def checked(content: object) -> dict:
    """Return the arguments of a tokenizer that a file may hold; raise ValueError for others."""
    if not isinstance(content, dict):
        raise ValueError("it holds no object")
    words, length = content.get("words"), content.get("max_length")
    if not isinstance(words, list) or not words:
        raise ValueError('"words" is no list of words')
    for word in words:
        if not isinstance(word, str) or not PLAIN.fullmatch(word):
            raise ValueError(f"{str(word)[:60]!r} among the words is none")
    if not isinstance(length, int) or number_in(length, 3, LONGEST) is None:
        raise ValueError(f"max_length is {str(length)[:60]}; it must be 3 to {LONGEST:,}")
    return {"words": words, "max_length": length}
