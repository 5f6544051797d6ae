"""What each trick of training is worth on mini: `python tests/benchmarks/tricks.py [SEED …]`.

Trains a merge decoder plainly, then with one trick more each time, down to the recipe of
lesson 04, and writes what dev says of each into `data/recorded/tricks.json`, which the
lesson shows. Six trainings a seed; a minute each on two idle cores.
"""

import argparse
import json
import sys
import time
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))
from helpers.captioner import Captioner  # noqa: E402
from helpers.datasets import open_dataset  # noqa: E402
from helpers.files import write_text  # noqa: E402
from helpers.metrics import cider_d  # noqa: E402
from helpers.models import MergeDecoder  # noqa: E402
from helpers.pipeline import Workspace, recipe_for  # noqa: E402
from helpers.training import CaptionLoss, LossPerWord, Recipe  # noqa: E402

# isort: split
import keras  # noqa: E402  # after helpers, which set it to TensorFlow

RECORD = ROOT / "data/recorded/tricks.json"
FOUND_OUT = ("vocab_size", "feature_size")  # sizes that the workspace knows
PLAIN = {"image_scale": 1.0, "image_activation": "relu", "image_dropout": 0.0}
PLAIN |= {"word_dropout": 0.0, "merge_dropout": 0.0}
DROPOUT = ("image_dropout", "word_dropout", "merge_dropout")
RUNGS = {
    "plain": (),
    "+ dropout": DROPOUT,
    "+ a quieter, linear photo": ("image_scale", "image_activation"),
    "+ a falling learning rate": ("schedule",),
    "+ averaged weights": ("average",),
    "+ label smoothing": ("smoothing",),
}


def compile_with(model: MergeDecoder, recipe: Recipe, steps: int, tricks: set[str]) -> None:
    """Give a model the optimiser and the loss that some tricks make."""
    rate = recipe.learning_rate
    if "schedule" in tricks:
        rate = keras.optimizers.schedules.CosineDecay(rate, steps)
    average = {"use_ema": True, "ema_momentum": recipe.average} if "average" in tricks else {}
    optimiser = keras.optimizers.Adam(rate, clipnorm=5.0, **average)
    loss = CaptionLoss(recipe.smoothing if "smoothing" in tricks else 0.0)
    model.compile(optimiser, loss, metrics=[LossPerWord()], jit_compile=False)


def train(work: Workspace, recipe: Recipe, seed: int, tricks: set[str]) -> dict:
    """Train once; return what dev says: loss (not smoothed) of every epoch, and CIDEr-D."""
    known = MergeDecoder(2).sizes
    sizes = {**known, **recipe.sizes}
    sizes |= {key: value for key, value in PLAIN.items() if key not in tricks}
    own = replace(recipe, sizes={key: sizes[key] for key in sizes if key not in FOUND_OUT})
    captioner, dev = work.new_captioner(own, seed), work.batches("dev", own, seed)
    batches = work.batches("train", own, seed)
    compile_with(captioner.decoder, own, own.epochs * len(batches), tricks)
    average = [keras.callbacks.SwapEMAWeights(swap_on_epoch=True)] if "average" in tricks else []
    options = {"epochs": own.epochs, "shuffle": False, "verbose": 0, "callbacks": average}
    history = captioner.decoder.fit(
        batches.dataset(), validation_data=dev.dataset(), **options
    ).history
    return {"dev losses": [round(x, 4) for x in history["val_loss"]], **scored(work, captioner)}


def scored(work: Workspace, captioner: Captioner) -> dict:
    """Return the CIDEr-D of greedy captions of dev."""
    dev = work.dataset.splits["dev"]
    captions = captioner.caption_features(work.features().rows(dev), beam_size=1)
    return {"CIDEr-D": round(cider_d(work.dataset.references("dev"), captions), 2)}


def main() -> None:
    """Train every rung with every seed and record what is found after each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("seeds", nargs="*", type=int, default=[1, 2, 3])
    work = Workspace(open_dataset("mini"))
    recipe = recipe_for(work.dataset)
    found = json.loads(RECORD.read_text("utf-8")) if RECORD.exists() else {}
    for seed in parser.parse_args().seeds:
        tricks: set[str] = set()
        for name, more in RUNGS.items():
            tricks |= set(more)
            start = time.perf_counter()
            row = train(work, recipe, seed, tricks)
            found.setdefault(name, {})[str(seed)] = row
            RECORD.parent.mkdir(exist_ok=True)
            write_text(RECORD, json.dumps(found, indent=1) + "\n")
            seconds = time.perf_counter() - start
            print(seed, name, row["dev losses"], row["CIDEr-D"], f"{seconds:.0f} s", flush=True)


if __name__ == "__main__":
    main()
