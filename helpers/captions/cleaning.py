"""Clean captions: words in lower case, without punctuation, in any script."""

import re
import string
import unicodedata
from collections import Counter
from dataclasses import dataclass

# Accents and vowel signs stand on their letter and belong to the word, but are no letters.
MARKS = "".join(chr(c) for c in range(0x300, 0x20000) if unicodedata.category(chr(c))[0] == "M")
# (?![ -~]): what follows plain letters is mostly a space, and is not looked up among the marks.
LETTERS = rf"\w+(?:(?![ -~])[\w{MARKS}\u200c\u200d]+)?"
WORD = re.compile(rf"{LETTERS}(?:[-']{LETTERS})*")
PLAIN_JOINERS = str.maketrans("’‐‑_", "'-- ")
NO_PUNCTUATION = str.maketrans("", "", string.punctuation)


@dataclass(frozen=True)
class Cleaning:
    """What cleaning keeps: words of one letter, words with digits, - and ' inside a word.

    Without joiners all punctuation goes and the letters close up: "t-shirt" becomes "tshirt".
    Taught in lesson 01.
    """

    one_letter_words: bool = True
    numbers: bool = True
    joiners: bool = True


KEEP_EVERY_WORD = Cleaning()
CLASSIC_CLEANING = Cleaning(one_letter_words=False, numbers=False, joiners=False)


def clean_caption(caption: str, cleaning: Cleaning = KEEP_EVERY_WORD) -> str:
    """Return the words of a caption in lower case, one space between them.

    A word is a run of letters and digits of any script, with - or ' inside it.
    An empty string comes back when no word is left.
    Taught in lesson 01.
    """
    text = caption.lower().translate(PLAIN_JOINERS)
    if not cleaning.joiners:
        text = text.translate(NO_PUNCTUATION)
    words = WORD.findall(unicodedata.normalize("NFC", text))
    return " ".join(word for word in words if is_kept(word, cleaning))


def is_kept(word: str, cleaning: Cleaning) -> bool:
    """Tell whether a word in lower case passes the cleaning. Taught in lesson 01."""
    if len(word) == 1 and not cleaning.one_letter_words:
        return False
    return cleaning.numbers or not any(letter.isdigit() for letter in word)


def clean_captions(
    captions: dict[str, list[str]], cleaning: Cleaning = KEEP_EVERY_WORD
) -> dict[str, list[str]]:
    """Clean every caption; drop captions that become empty, and images that lose all of theirs.

    Taught in lesson 01.
    """
    cleaned = {}
    for name, sentences in captions.items():
        texts = [clean_caption(sentence, cleaning) for sentence in sentences]
        if any(texts):
            cleaned[name] = [text for text in texts if text]
    return cleaned


def empty_after_cleaning(
    captions: dict[str, list[str]], cleaning: Cleaning = KEEP_EVERY_WORD
) -> list[tuple[str, str]]:
    """List the (image name, raw caption) pairs that `clean_captions` drops. Taught in lesson 01."""
    return [
        (name, sentence)
        for name, sentences in captions.items()
        for sentence in sentences
        if not clean_caption(sentence, cleaning)
    ]


def count_words(captions: dict[str, list[str]]) -> Counter:
    """Count how often each word stands in cleaned captions. Taught in lesson 01."""
    return Counter(
        word for sentences in captions.values() for text in sentences for word in text.split()
    )
