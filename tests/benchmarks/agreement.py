"""Do scores agree with people? Kendall's tau of each score with the marks of Flickr8k's experts.

    python tests/benchmarks/agreement.py FOLDER_WITH_FLICKR8K

Flickr8k_text.zip holds ExpertAnnotations.txt: captions of one photo beside another, each marked
from 1 (says nothing of it) to 4 (describes it) by three people. As Hessel et al. 2021 ("CLIPScore")
do, a photo's own captions are left out, every mark counts by itself, and the coefficient is tau-c.
The result goes into `data/captioners/results.json`, from which lesson 06 takes its table.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from nltk.translate.bleu_score import corpus_bleu

from helpers.datasets import open_dataset
from helpers.metrics import BLEU_WEIGHTS, cider_d_each, normalise, rouge_l
from helpers.pipeline.record import read_record, write_record

ROOT = Path(__file__).parents[2]
RECORD = ROOT / "data" / "captioners" / "results.json"
AT_ONCE = 500  # rows of the table of all pairs


def tau_c(scores: Sequence[float], marks: Sequence[float]) -> float:
    """Return Kendall's tau-c, times 100: pairs that both order alike, less those they don't.

    Source: Stuart 1953. Ties count for neither; the scale makes 100 possible in spite of them.
    """
    scores, marks = np.asarray(scores, float), np.asarray(marks, float)
    alike = 0
    for start in range(0, len(scores), AT_ONCE):
        rows = slice(start, start + AT_ONCE)
        first, second = scores[rows, None] - scores, marks[rows, None] - marks
        alike += int((np.sign(first) * np.sign(second)).sum())
    levels = min(len(set(scores.tolist())), len(set(marks.tolist())))
    return 100 * alike / len(scores) ** 2 * levels / (levels - 1)


def judged(folder: Path, captions: dict) -> list[tuple[str, str, list[int]]]:
    """Return (photo, caption, three marks) of every caption that isn't the photo's own."""
    rows = []
    for line in (folder / "ExpertAnnotations.txt").read_text("utf-8").splitlines():
        photo, place, *marks = line.split("\t")
        name, number = place.split("#")
        caption = captions[name][int(number)]
        if caption not in captions[photo]:
            rows.append((photo, caption, [int(mark) for mark in marks]))
    return rows


def bleu_of_one(references: Sequence[str], caption: str) -> list[float]:
    """Return BLEU-1 to BLEU-4 of one caption; nearly all have no quadruple right.

    A precision of zero becomes 1e-15, as in the COCO toolkit, so that the others still count.
    """
    words = [[normalise(reference) for reference in references]], [normalise(caption)]
    return corpus_bleu(
        *words, BLEU_WEIGHTS, lambda precisions, **_: [p or 1e-15 for p in precisions]
    )


def agreement(folder: Path) -> dict[str, float]:
    """Return the tau-c of each score."""
    captions = open_dataset("flickr8k", folder).captions
    rows = judged(folder, captions)
    references = [captions[photo] for photo, _, _ in rows]
    texts = [caption for _, caption, _ in rows]
    pairs = list(zip(references, texts, strict=True))
    bleu = zip(*[bleu_of_one(own, text) for own, text in pairs], strict=True)
    scores = {f"BLEU-{n}": values for n, values in enumerate(bleu, start=1)}
    scores["CIDEr-D"] = cider_d_each(references, texts)
    scores["ROUGE-L"] = [rouge_l([own], [text]) for own, text in pairs]
    marks = [mark for _, _, three in rows for mark in three]
    print(f"{len(rows):,} captions, {len(marks):,} marks")
    return {name: tau_c(np.repeat(values, 3), marks) for name, values in scores.items()}


if __name__ == "__main__":
    found = {name: round(value, 1) for name, value in agreement(Path(sys.argv[1])).items()}
    for name, value in found.items():
        print(f"{name:8} {value:5.1f}")
    record = read_record(RECORD)
    write_record(RECORD, {**record, "agreement": found})
