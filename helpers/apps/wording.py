"""The words that people read: a caption as alt text, a probability as a number one can grasp."""

import re
from textwrap import shorten

OPENING = re.compile(r"^(an?|the) (photo|photograph|picture|image) (of|showing) ", re.IGNORECASE)
LONGEST = 125  # characters: a custom, no standard
RULES = (  # what people who review alt text should know; the report shows it
    "Say what matters on this page, not all that can be seen.",
    "Begin with a capital and end with a full stop: a screen reader pauses there.",
    "Leave out “image of” or “photo of”: the screen reader says so by itself.",
    f"Be brief: {LONGEST} characters are a common guide. Longer texts belong beside the image.",
    "An image that only decorates gets an empty text: the screen reader then skips it.",
)


def alt_text(caption: str) -> str:
    """Return a caption as a sentence: "a photo of a dog" gives "A dog.". Taught in lesson 07."""
    text = OPENING.sub("", caption.strip()).rstrip(" .")
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def short_alt_text(caption: str) -> str:
    """Return a caption as a sentence of at most LONGEST characters, cut between words.

    Taught in lesson 09.
    """
    text = alt_text(caption)
    return text if len(text) <= LONGEST else shorten(text, LONGEST, placeholder=" …")


def counted(number: int, thing: str) -> str:
    """Return a number with its noun: "1 row", "1,000 rows", "0 addresses"."""
    ending = "es" if thing.endswith("s") else "s"
    return f"{number:,} {thing}{ending * (number != 1)}"


def per_word(probability: float, caption: str) -> float:
    """Return what one word of a caption got on average, its end counted as a word.

    The geometric mean, so a long caption is no less probable for its length. Taught in lesson 09.
    """
    return probability ** (1 / (len(caption.split()) + 1))


def in_words(probability: float) -> str:
    """Return 0.25 as "25%" and 0.0000005 as "1 in 2,000,000". Taught in lesson 07."""
    if probability >= 0.01:
        return f"{probability:.0%}"
    return f"1 in {float(f'{1 / probability:.2g}'):,.0f}" if probability > 0 else "0%"
