"""How the captions on dev get better with the minutes of training, for the README's figure.

    python tests/benchmarks/curves.py --data-dir data/flickr8k --model attention --out FOLDER

Trains a captioner as `python -m helpers.pipeline` does, writes what dev said after every epoch to
`data/captioners/curves.json` and draws `notebooks/images/curves.png` from all runs in there.
Captioning dev costs some seconds an epoch; they don't count.
"""

import argparse
import json
import sys
import time
from dataclasses import replace
from datetime import date
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

import keras  # noqa: E402
import matplotlib.pyplot as plt  # noqa: E402

from helpers.captioner import Captioner  # noqa: E402
from helpers.datasets import Dataset, open_dataset  # noqa: E402
from helpers.metrics import cider_d  # noqa: E402
from helpers.pipeline import build_captioner, build_features, recipe_for, work_folder  # noqa: E402
from helpers.pipeline.steps import build_tokenizer  # noqa: E402
from helpers.plots.style import COLOURS, in_style  # noqa: E402

CURVES, FIGURE = ROOT / "data/captioners/curves.json", ROOT / "notebooks/images/curves.png"


class Curve(keras.callbacks.Callback):
    """Notes minutes of training, dev loss and dev CIDEr-D (greedy) after every epoch."""

    def __init__(self, dataset: Dataset, work: Path, encoder: str):
        super().__init__()
        self.references = dataset.references("dev")
        self.features = build_features(dataset, work, encoder).select(dataset.splits["dev"])
        self.tokenizer = build_tokenizer(dataset, work)
        self.encoder, self.seconds, self.points = encoder, 0.0, []

    def on_epoch_begin(self, epoch: int, logs=None) -> None:
        """Start the clock."""
        self.start = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs=None) -> None:
        """Stop it, and caption dev with the averaged weights."""
        self.seconds += time.perf_counter() - self.start
        captioner = Captioner(self.tokenizer, self.model, {"encoder": self.encoder})
        score = cider_d(self.references, captioner.caption_features(self.features, 1))
        point = {"minutes": self.seconds / 60, "dev loss": logs["val_loss"], "dev CIDEr-D": score}
        self.points.append({name: round(float(value), 4) for name, value in point.items()})
        print(self.points[-1], flush=True)


@in_style
def draw(runs: list[dict]):
    """Draw dev CIDEr-D against minutes, one colour per model."""
    figure, axes = plt.subplots(figsize=(7, 3.2))
    colours = dict(zip(sorted({run["name"] for run in runs}), COLOURS, strict=False))
    for run in runs:
        minutes = [point["minutes"] for point in run["points"]]
        scores = [point["dev CIDEr-D"] for point in run["points"]]
        axes.plot(minutes, scores, marker=".", color=colours[run["name"]], label=run["name"])
    axes.set(xlabel="minutes of training, features apart", ylabel="CIDEr-D on dev, greedy")
    handles = dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True))
    axes.legend(handles.values(), handles.keys(), loc="lower right")
    axes.set_ylim(0)
    return figure


def add(run: dict) -> list[dict]:
    """Add a run to the file, in place of an older one of its name and seed; return all."""
    runs = json.loads(CURVES.read_text("utf-8")) if CURVES.exists() else []
    others = [old for old in runs if (old["name"], old["seed"]) != (run["name"], run["seed"])]
    runs = sorted([*others, run], key=lambda run: (run["name"], run["seed"]))
    CURVES.write_text(json.dumps(runs, indent=1) + "\n", "utf-8")
    return runs


def main() -> None:
    """Train, note, draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dataset", default="flickr8k")
    parser.add_argument("--data-dir")
    parser.add_argument("--model", default="merge")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--precision", default="mixed_bfloat16")
    parser.add_argument("--out", required=True, type=Path)
    options = parser.parse_args()
    if (options.out / "config.json").exists():
        parser.error(f"{options.out} holds a captioner already; a curve needs a whole training")
    dataset = open_dataset(options.dataset, options.data_dir)
    work = work_folder(dataset)
    recipe = replace(recipe_for(dataset, options.model), precision=options.precision)
    curve = Curve(dataset, work, recipe.encoder)
    build_captioner(dataset, work, recipe, options.seed, options.out, [curve])
    about = {"name": f"{recipe.model}-{recipe.encoder}", "seed": options.seed}
    runs = add({**about, "date": date.today().isoformat(), "points": curve.points})
    draw(runs).savefig(FIGURE)


if __name__ == "__main__":
    main()
