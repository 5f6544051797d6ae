"""Measure how far a captioner's sentences can be trusted, and let its folder tell.

    python tests/benchmarks/no_photos.py build/no-photos
    python tests/benchmarks/confidence.py FOLDER --no-photos build/no-photos --others coco-small

The world of a captioner is that of the photos it was trained on; nothing else is needed to tell
strange pictures. Whether a sentence is right is learnt from the dev split, and from `--others`,
photos of another world with five captions each: right by as much as its CIDEr-D has of 100. What is
no photo is used for measuring only. `--record` keeps the figures in `results.json`.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from helpers.captioner import Captioner  # noqa: E402
from helpers.captioner.confidence import Trust, World, rarity_of  # noqa: E402
from helpers.datasets import open_dataset  # noqa: E402
from helpers.metrics import cider_d_each, ngram_rarity  # noqa: E402
from helpers.pipeline import Workspace  # noqa: E402
from helpers.pipeline.record import read_record, write_record  # noqa: E402

KEPT = 0.97  # of dev photos that get a caption
STRANGE = 0.97  # of dev photos that are less strange than `Trust.strange`
FOLDS = 5


def curve_area(scores: np.ndarray, risks: np.ndarray) -> float:
    """Return the area under risk against coverage: the mean risk of the surest, for every share.

    Source: Geifman and El-Yaniv 2017, "Selective classification for deep neural networks".
    """
    risks = risks[np.argsort(-scores, kind="stable")]
    return float(np.mean(np.cumsum(risks) / np.arange(1, len(risks) + 1)))


def logistic(inputs: np.ndarray, targets: np.ndarray, steps: int = 30) -> np.ndarray:
    """Return constant and weights of a logistic regression on targets from 0 to 1 (Newton)."""
    rows = np.column_stack([np.ones(len(inputs)), inputs])
    weights = np.zeros(rows.shape[1])
    for _ in range(steps):
        chances = 1 / (1 + np.exp(-rows @ weights))
        curvature = rows.T @ (rows * (chances * (1 - chances))[:, None])
        weights -= np.linalg.solve(curvature, rows.T @ (chances - targets))
    return weights


class Looked:
    """What a captioner says of some pictures, and what its confidence is made of.

    references: of each picture; None for pictures of which every sentence is wrong.
    """

    def __init__(self, captioner: Captioner, features: np.ndarray, references: Sequence | None):
        best = [found[0] for found in captioner.feature_candidates(features)]
        self.captions = [one.caption for one in best]
        # Whether it has written an end is nearly always so; the fit doesn't see the difference.
        words = [np.log(one.probability) / (len(one.ids) + 1) for one in best]
        phrases = [rarity_of(caption.split(), captioner.rarity) for caption in self.captions]
        self.inputs = np.column_stack([words, phrases])
        self.strangeness = world_of(captioner).strangeness(features[:])
        self.risks = np.ones(len(best))
        if references is not None:
            scores = cider_d_each(references, self.captions, ngram_rarity(references))
            self.risks = 1 - np.clip(np.array(scores) / 100, 0, 1)

    def confidence(self, trust: Trust) -> np.ndarray:
        """Return the confidence of each."""
        rows = zip(self.strangeness, self.inputs, strict=True)
        return np.array([trust.confidence(float(strange), *row) for strange, row in rows])


def world_of(captioner: Captioner) -> World:
    """Return the world of a captioner, which has one by now."""
    assert captioner.world
    return captioner.world


def mean_features(features: np.ndarray, at_once: int = 200) -> np.ndarray:
    """Return float32 (photos, size): the mean over regions, read in parts."""
    starts = range(0, len(features), at_once)
    return np.concatenate([features[s : s + at_once].mean(axis=1) for s in starts])


def fitted(looked: Sequence[Looked], strange: float) -> Trust:
    """Return a Trust that was learnt from these; its `least` is 0."""
    inputs = np.concatenate([each.inputs for each in looked])
    weights = logistic(inputs, 1 - np.concatenate([each.risks for each in looked]))
    constant, words, phrases = (round(float(weight), 4) for weight in weights)
    return Trust(constant, words, phrases, round(strange, 4), 0.0)


def cross_fitted(looked: Sequence[Looked], strange: float) -> list[np.ndarray]:
    """Return the confidence of each, from fits that haven't seen it."""
    folds = [np.random.default_rng(0).integers(0, FOLDS, len(each.risks)) for each in looked]
    given = [np.zeros(len(each.risks)) for each in looked]
    for fold in range(FOLDS):
        seen = [part(each, folds[n] != fold) for n, each in enumerate(looked)]
        trust = fitted(seen, strange)
        for n, each in enumerate(looked):
            given[n][folds[n] == fold] = each.confidence(trust)[folds[n] == fold]
    return given


def part(looked: Looked, rows: np.ndarray) -> Looked:
    """Return what was looked at in these rows."""
    some = object.__new__(Looked)
    some.inputs, some.risks = looked.inputs[rows], looked.risks[rows]
    some.strangeness = looked.strangeness[rows]
    return some


def figures(dev: Looked, others: Looked | None, none: Looked, strange: float) -> dict:
    """Return what the README tells of confidence; dev and others by cross-fitting."""
    known = [dev, *([others] if others else [])]
    sure = cross_fitted(known, strange)
    foreign = none.confidence(fitted(known, strange))
    risks = np.concatenate([*(each.risks for each in known), none.risks])
    words = np.concatenate([each.inputs[:, 0] for each in (*known, none)])
    refused = np.quantile(foreign, 0.95)
    return {
        "dev: area by word probability": curve_area(dev.inputs[:, 0], dev.risks),
        "dev: area": curve_area(sure[0], dev.risks),
        "dev: area, at best": curve_area(-dev.risks, dev.risks),
        "all: area by word probability": curve_area(words, risks),
        "all: area": curve_area(np.concatenate([*sure, foreign]), risks),
        "all: area, at best": curve_area(-risks, risks),
        "dev photos kept where 95 % of what is no photo is refused": np.mean(sure[0] > refused),
    }


def main() -> None:
    """Fit, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", help="of the captioner")
    parser.add_argument("--dataset", default="flickr8k")
    parser.add_argument("--data-dir")
    parser.add_argument("--work", type=Path, help="a work folder that has features")
    parser.add_argument("--no-photos", type=Path, required=True)
    parser.add_argument("--others", type=Path, help="another data set")
    parser.add_argument(
        "--taught-on-others", action="store_true", help="those with fewer captions were trained on"
    )
    parser.add_argument("--record", type=Path)
    options = parser.parse_args()
    captioner = Captioner.load(options.folder)
    dataset = open_dataset(options.dataset, options.data_dir)
    work = Workspace(dataset, options.work)
    features = work.features(captioner.config["encoder"], changes=captioner.changes)
    train, dev = (features.select(dataset.splits[split]) for split in ("train", "dev"))
    known = [mean_features(train)]
    if options.taught_on_others:
        known.append(means_of_others(captioner, options.others))
    captioner = replace(captioner, world=World.of_photos(np.concatenate(known)))
    seen = Looked(captioner, dev, dataset.references("dev"))
    strange = float(np.quantile(seen.strangeness, STRANGE))
    pictures = sorted(options.no_photos.rglob("*.png"))
    none = Looked(captioner, captioner.features(pictures), None)
    others = look_at_others(captioner, options.others) if options.others else None
    trust = fitted([seen, *([others] if others else [])], strange)
    least = float(np.quantile(seen.confidence(trust), 1 - KEPT))
    trust = replace(trust, least=round(least, 4))
    captioner.config["confidence"] = asdict(trust)
    captioner.save(options.folder)
    found = {
        name: round(float(value), 4) for name, value in figures(seen, others, none, strange).items()
    }
    found |= shares(trust, {"dev": seen, "others": others, "no photos": none})
    kinds = {path.parent.name for path in pictures}
    for kind in sorted(kinds):
        rows = np.array([path.parent.name == kind for path in pictures])
        found[f"refused: {kind}"] = round(
            float(np.mean(none.confidence(trust)[rows] < trust.least)), 3
        )
    print(json.dumps({**asdict(trust), **found}, indent=2))
    if options.record:
        run = {"date": date.today().isoformat(), "captioner": captioner.name, "scores": found}
        write_record(options.record, {**read_record(options.record), "confidence": run})


def means_of_others(captioner: Captioner, folder: Path, at_once: int = 200) -> np.ndarray:
    """Return float32 (photos, size) of the photos with fewer than five captions."""
    others = open_dataset(folder)
    names = [name for name, captions in others.captions.items() if len(captions) < 5]
    paths = [others.image_paths[name] for name in names]
    starts = range(0, len(paths), at_once)
    return np.concatenate([captioner.features(paths[s : s + at_once]).mean(axis=1) for s in starts])


def look_at_others(captioner: Captioner, folder: Path) -> Looked:
    """Look at the photos of another data set that have five captions."""
    others = open_dataset(folder)
    names = [name for name, captions in others.captions.items() if len(captions) >= 5]
    features = captioner.features([others.image_paths[name] for name in names])
    return Looked(captioner, features, [others.captions[name] for name in names])


def shares(trust: Trust, looked: dict) -> dict:
    """Return the share of each kind of picture that gets a sentence, and what it is worth."""
    found = {}
    for name, each in looked.items():
        if each is not None:
            kept = each.confidence(trust) >= trust.least
            found[f"{name}: gets a sentence"] = round(float(kept.mean()), 3)
            found[f"{name}: mean risk of those"] = round(float(each.risks[kept].mean()), 3)
    return found


if __name__ == "__main__":
    main()
