"""What a captioner keeps of its training captions beside its words: for votes, and for repeats."""

from collections import Counter
from collections.abc import Iterable
from math import exp, log
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from helpers.arrays import read_arrays
from helpers.files import replacing
from helpers.metrics import LONGEST_NGRAM, Rarity, References

if TYPE_CHECKING:
    from helpers.tokenizer import CaptionTokenizer

NGRAMS = "ngrams.npz"  # in a captioner's folder
OFTEN = 0.4  # of the photos: words that their captions have without naming what is to be seen
LARGEST = 2**24  # bytes of their file, unpacked: 800,000 n-grams; those of Flickr8k are 35,000
COMMON = 3  # photos that must have an n-gram for it to be kept; a rarer one counts as unseen


def function_words(references: References, often: float = OFTEN) -> list[str]:
    """Return the words that hold sentences together, as the captions of most photos have them.

    Arguments:
        references: clean captions, a list for each training photo.
        often: share of photos from which on a word is one of them; 0.4 was chosen on dev.

    It takes no list of words, so it works in any language. Taught in lesson 05.
    """
    photos = Counter(word for captions in references for word in set(" ".join(captions).split()))
    return [word for word, count in photos.most_common() if count >= often * len(references)]


def once_each(tokenizer: "CaptionTokenizer", may_return: Iterable[str]) -> np.ndarray:
    """Return bool (vocab,): True for words that a caption should not have twice."""
    return ~np.isin(tokenizer.words, list(may_return))


def write_ngrams(path: str | Path, rarity: Rarity, tokenizer: "CaptionTokenizer") -> None:
    """Write how rare n-grams are: those that some photos share, in words of the vocabulary."""
    limit = rarity.unseen - log(COMMON) + 1e-6
    kept = {
        tuple(tokenizer.ids[word] for word in ngram): value
        for ngram, value in rarity.known.items()
        if value < limit and tokenizer.ids.keys() >= set(ngram)
    }
    ids = [ngram + (0,) * (LONGEST_NGRAM - len(ngram)) for ngram in kept]
    order = np.lexsort(np.transpose(ids)[::-1]) if ids else []  # neighbours alike: a smaller file
    table = np.reshape(ids, (-1, LONGEST_NGRAM)).astype("uint32")[order]
    photos = np.rint([exp(rarity.unseen - value) for value in kept.values()]).astype("uint32")
    with replacing(path) as unfinished, unfinished.open("wb") as file:
        np.savez_compressed(
            file, ngrams=table, photos=photos[order], all_photos=round(exp(rarity.unseen))
        )


def read_ngrams(path: str | Path, tokenizer: "CaptionTokenizer") -> Rarity:
    """Read what `write_ngrams` has written. Raises ValueError for anything else."""
    arrays = read_arrays(path, LARGEST)
    if missing := {"ngrams", "photos", "all_photos"} - set(arrays):
        raise ValueError(f"{Path(path).name} lacks {', '.join(sorted(missing))}")
    try:
        words = np.array(["", *tokenizer.words[1:]], dtype=object)[arrays["ngrams"]]
        photos, unseen = arrays["photos"].astype(float), log(int(arrays["all_photos"]))
    except (LookupError, TypeError, ValueError) as error:
        raise ValueError(f"{Path(path).name}: {error}") from error
    fits = photos.ndim == 1 and words.shape == (len(photos), LONGEST_NGRAM)
    if not fits or not (photos >= 1).all():
        raise ValueError(f"{Path(path).name}: its arrays don't fit together")
    ngrams = (tuple(filter(None, row)) for row in words.tolist())
    return Rarity(dict(zip(ngrams, (unseen - np.log(photos)).tolist(), strict=True)), unseen)
