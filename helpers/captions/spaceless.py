"""Scripts that write no space between words: Chinese, Japanese, Thai, Lao, Khmer, Burmese.

Everything from cleaning to scoring takes a space for the end of a word. So these captions are
split once, right after reading, and a space is put between their words.
"""

import re
from collections.abc import Callable

from helpers.captions.cleaning import MARKS

IDEOGRAPHS = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
ALPHABETS = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Burmese, Khmer
LONG_RUN = re.compile(rf"[{IDEOGRAPHS}]{{5,}}|[{ALPHABETS}]{{14,}}")
ONE_LETTER = re.compile(rf"[{IDEOGRAPHS}{ALPHABETS}][{MARKS}\u200c\u200d]*")


def lacks_spaces(captions: dict[str, list[str]]) -> bool:
    """Tell whether half of the captions hold a run of letters that must be several words."""
    texts = [text for sentences in captions.values() for text in sentences]
    runs = sum(not text.isascii() and bool(LONG_RUN.search(text)) for text in texts)
    return 2 * runs > len(texts)


def split_captions(
    captions: dict[str, list[str]], words_of: Callable[[str], list[str]]
) -> dict[str, list[str]]:
    """Put a space between the words of every caption.

    words_of: text -> its words in their order, such as `jieba.lcut`, or `single_letters`.
    Raises TypeError when it returns something else than a list of words. Taught in lesson 10.
    """
    spaced = {}
    for name, sentences in captions.items():
        groups = [words_of(sentence) for sentence in sentences]
        if any(isinstance(words, str) for words in groups):
            raise TypeError(f"words_of returns a text for {sentences[0]!r}; a list of words is due")
        spaced[name] = [" ".join(words) for words in groups]
    return spaced


def single_letters(text: str) -> list[str]:
    """Return words in which every letter of such a script stands alone; other words stay whole.

    Needs no dictionary: "狗在 T-shirt 上" gives ["狗", "在", "T-shirt", "上"]. Taught in lesson 10.
    """
    return ONE_LETTER.sub(r" \g<0> ", text).split()
