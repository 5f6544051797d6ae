"""Score captions: BLEU-1..4, CIDEr-D, ROUGE-L, and two baselines to compare them with.

`references` holds the human captions, one list per image, and `hypotheses` one caption per
image in the same order. Both may be raw: by default they are lower-cased and lose their
punctuation, and all words are kept. Scores are times 100: where COCO prints 0.555, read 55.5.
"""

import math
import sys
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean

from helpers.captions import PLAIN_JOINERS, WORD

References = Sequence[Sequence[str]]
Split = Callable[[str], list[str]]
Ngram = tuple[str, ...]
Scores = dict[str, float]

LONGEST_NGRAM = 4
BLEU_WEIGHTS = [(1 / n,) * n for n in range(1, LONGEST_NGRAM + 1)]
LENGTH_SIGMA = 6.0  # words; CIDEr-D, Vedantam et al. 2015, section 4
ROUGE_BETA = 1.2  # recall counts a little more than precision; COCO caption toolkit


def normalise(caption: str) -> list[str]:
    """Return the words of a caption: lower case, without punctuation, none left out.

    A word is a run of letters or digits of any script, with hyphens and apostrophes inside
    it: "A T-shirt, 2 dogs." gives ["a", "t-shirt", "2", "dogs"]. Taught in lesson 06.
    """
    return WORD.findall(unicodedata.normalize("NFC", caption.lower()).translate(PLAIN_JOINERS))


def _unsmoothed(precisions, **_) -> list[float]:
    """Replace a precision of zero by the smallest float, as nltk does, but without a warning."""
    return [precision or sys.float_info.min for precision in precisions]


def bleu_scores(
    references: References, hypotheses: Sequence[str], split: Split = normalise
) -> Scores:
    """Return {"BLEU-1": …, …, "BLEU-4": …}, times 100, over the whole set of captions.

    `split` turns a caption into words; another one gives another convention: `str.split`
    keeps full stops and markers. A caption of fewer than four words loses in BLEU-4 even
    when it is right: nltk counts the missing quadruple as one wrong one.
    Source: Papineni et al. 2002, computed by nltk's `corpus_bleu`. Taught in lesson 06.
    """
    from nltk.translate.bleu_score import corpus_bleu  # here, because nltk takes a second to load

    check_captions(references, hypotheses)
    reference_words = [[split(caption) for caption in captions] for captions in references]
    hypothesis_words = [split(caption) for caption in hypotheses]
    scores = corpus_bleu(reference_words, hypothesis_words, BLEU_WEIGHTS, _unsmoothed)
    return {f"BLEU-{n}": round(100 * score, 12) for n, score in enumerate(scores, start=1)}


def count_ngrams(words: Sequence[str]) -> list[Counter[Ngram]]:
    """Count the single words, pairs, triples and quadruples of a caption, a counter for each."""
    return [
        Counter(zip(*(words[start:] for start in range(n)), strict=False))
        for n in range(1, LONGEST_NGRAM + 1)
    ]


@dataclass(frozen=True)
class Rarity:
    """How rare each n-gram is among the images of a set: log(images / images that have it)."""

    known: dict[Ngram, float]
    unseen: float

    def weigh(self, words: Sequence[str]) -> list[dict[Ngram, float]]:
        """Return one vector per order of n-gram: count times rarity (tf-idf)."""
        return [
            {ngram: count * self.known.get(ngram, self.unseen) for ngram, count in counts.items()}
            for counts in count_ngrams(words)
        ]


def ngram_rarity(references: References, split: Split = normalise) -> Rarity:
    """Measure the rarity of every n-gram; an image has it when one of its references has."""
    images_with = Counter()
    for captions in references:
        counts = [count for caption in captions for count in count_ngrams(split(caption))]
        images_with.update(set().union(*counts))
    log_images = math.log(len(references))
    known = {ngram: log_images - math.log(images) for ngram, images in images_with.items()}
    return Rarity(known, unseen=log_images)


def clipped_cosine(hypothesis: dict[Ngram, float], reference: dict[Ngram, float]) -> float:
    """Return the cosine of two n-gram vectors; repeating an n-gram earns nothing."""
    shared = hypothesis.keys() & reference.keys()
    product = math.fsum(min(hypothesis[n], reference[n]) * reference[n] for n in shared)
    lengths = math.hypot(*hypothesis.values()) * math.hypot(*reference.values())
    return product / lengths if lengths else 0.0


def cider_d_each(
    references: References,
    hypotheses: Sequence[str],
    rarity: Rarity | None = None,
    split: Split = normalise,
) -> list[float]:
    """Return the CIDEr-D of each caption, times 100; 1000 when it equals its only reference.

    `rarity` is measured on `references` unless given. It says little on fewer than about 100
    images, and on one image every score is 0: give the rarity of a larger set then.
    Source: Vedantam et al. 2015; equal to `Cider` of pycocoevalcap. Taught in lesson 06.
    """
    check_captions(references, hypotheses)
    rarity = rarity or ngram_rarity(references, split)
    scores = []
    for captions, hypothesis in zip(references, hypotheses, strict=True):
        words = split(hypothesis)
        vectors = rarity.weigh(words)
        total = 0.0
        for reference in map(split, captions):
            cosines = map(clipped_cosine, vectors, rarity.weigh(reference))
            difference = len(words) - len(reference)
            total += math.fsum(cosines) * math.exp(-(difference**2) / (2 * LENGTH_SIGMA**2))
        scores.append(100 * 10 * total / LONGEST_NGRAM / len(captions))
    return scores


def cider_d(references: References, hypotheses: Sequence[str], split: Split = normalise) -> float:
    """Return the CIDEr-D of a set of captions, times 100: the mean of `cider_d_each`."""
    return fmean(cider_d_each(references, hypotheses, split=split))


def longest_common_subsequence(first: Sequence[str], second: Sequence[str]) -> int:
    """Return how many words two captions share in the same order, gaps allowed."""
    row = [0] * (len(second) + 1)
    for word in first:
        above_left = 0
        for column, other in enumerate(second, start=1):
            above = row[column]
            row[column] = above_left + 1 if word == other else max(above, row[column - 1])
            above_left = above
    return row[-1]


def _rouge_l_of_one(references: References, hypothesis: Sequence[str]) -> float:
    """Return the ROUGE-L (0 to 1) of one caption, given as words, against its references."""
    common = [longest_common_subsequence(words, hypothesis) for words in references]
    if not any(common):
        return 0.0
    precision = max(common) / len(hypothesis)
    recall = max(n / len(words) for n, words in zip(common, references, strict=True) if words)
    beta2 = ROUGE_BETA**2
    return (1 + beta2) * precision * recall / (recall + beta2 * precision)


def rouge_l(references: References, hypotheses: Sequence[str], split: Split = normalise) -> float:
    """Return the mean ROUGE-L of a set of captions, times 100.

    The best precision and the best recall over the references count, as in pycocoevalcap's
    `Rouge`; other packages differ. Source: Lin and Och 2004. Taught in lesson 06.
    """
    check_captions(references, hypotheses)
    pairs = zip(references, hypotheses, strict=True)
    return 100 * fmean(_rouge_l_of_one(list(map(split, refs)), split(hyp)) for refs, hyp in pairs)


def score_captions(
    references: References, hypotheses: Sequence[str], split: Split = normalise
) -> Scores:
    """Return BLEU-1..4, CIDEr-D and ROUGE-L, times 100, and two plain facts.

    "distinct" is the number of different captions: 1 means that the model says the same of
    every image. "mean length" is in words. Taught in lesson 06.
    """
    check_captions(references, hypotheses)
    words = [split(caption) for caption in hypotheses]
    return {
        **bleu_scores(references, hypotheses, split),
        "CIDEr-D": cider_d(references, hypotheses, split),
        "ROUGE-L": rouge_l(references, hypotheses, split),
        "distinct": len({tuple(caption) for caption in words}),
        "mean length": fmean(map(len, words)),
    }


def human_scores(references: References, split: Split = normalise) -> Scores:
    """Score people against people: one reference of each image against its others.

    Every reference takes its turn, and the results are averaged: with five references, five
    turns of one against four. Four references lower BLEU: a model scored against all five
    has an advantage of a few points over this baseline. Taught in lesson 06.
    """
    fewest = min(map(len, references), default=0)
    if fewest < 2:
        raise ValueError(f"an image has {fewest} references: give every image 2 or more")
    turns = []
    for turn in range(fewest):
        hypotheses = [captions[turn] for captions in references]
        others = [[*captions[:turn], *captions[turn + 1 :]] for captions in references]
        turns.append(score_captions(others, hypotheses, split))
    return {name: fmean(scores[name] for scores in turns) for name in turns[0]}


def constant_scores(references: References, caption: str = "a man in a blue shirt") -> Scores:
    """Score one caption said of every image: what a model reaches without looking."""
    return score_captions(references, [caption] * len(references))


def named_share(
    hypotheses: Sequence[str],
    records: Sequence[dict],
    synonyms: dict[str, dict[str, list[str]]],
    key: str,
) -> float:
    """Return the share (0 to 1) of captions that name what their scene holds under `key`.

    `records[i]` describes the image of `hypotheses[i]`, such as {"object": "dog", …}, and
    `synonyms[key][value]` lists the clean words or phrases for a value. Taught in lesson 06.
    """
    if not hypotheses or len(records) != len(hypotheses):
        raise ValueError(f"{len(hypotheses)} captions but {len(records)} records: give one each")
    named = 0
    for caption, record in zip(hypotheses, records, strict=True):
        said = f" {' '.join(normalise(caption))} "
        named += any(f" {phrase} " in said for phrase in synonyms[key][str(record[key])])
    return named / len(hypotheses)


def check_captions(references: References, hypotheses: Sequence[str]) -> None:
    """Raise ValueError, saying what is wrong, unless the captions can be scored."""
    images, captions = len(references), len(hypotheses)
    if images != captions:
        raise ValueError(f"{captions} captions but {images} lists of references: give one each")
    if not hypotheses:
        raise ValueError("there are no captions to score: give at least one")
    for image, (captions, hypothesis) in enumerate(zip(references, hypotheses, strict=True)):
        if isinstance(captions, str):
            raise ValueError(f"the references of image {image} are one text: put it in a list")
        if not captions:
            raise ValueError(f"image {image} has no references: leave it out or add one")
        for caption in (*captions, hypothesis):
            if not isinstance(caption, str):
                raise ValueError(f"image {image} has {caption!r}, not a text: join its words first")
