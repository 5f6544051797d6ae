"""How the captions of dev get better with the minutes of training.

    python tests/benchmarks/curves.py --data-dir data/flickr8k --model attention --out FOLDER

Trains a captioner as `python -m helpers.pipeline` does, and notes what dev said after every epoch
in `build/curves.json`; all runs in there of that data set are drawn beside it, in `curves.png`.
Captioning dev costs some seconds an epoch; they don't count. The same command with
`--self-critical EPOCHS` takes the captioner in FOLDER/word-by-word, or trains one, and goes on to
train on the score. The README's figure comes from `--record data/captioners/curves.json`.
"""

import argparse
import json
import sys
import time
from dataclasses import asdict, replace
from datetime import date
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

import keras  # noqa: E402
import matplotlib.pyplot as plt  # noqa: E402

from helpers.captioner import Captioner  # noqa: E402
from helpers.datasets import open_dataset  # noqa: E402
from helpers.metrics import cider_d  # noqa: E402
from helpers.models import DECODERS  # noqa: E402
from helpers.pipeline import Workspace, recipe_for  # noqa: E402
from helpers.pipeline.record import name_of_run  # noqa: E402
from helpers.plots.style import COLOURS, in_style  # noqa: E402
from helpers.self_critical import Criticism  # noqa: E402
from helpers.training import Recipe  # noqa: E402

SAME = ("dataset", "name", "seed")  # what tells one run from another


class Curve(keras.callbacks.Callback):
    """Notes minutes of training and dev CIDEr-D (greedy) after every epoch, in a run's points."""

    def __init__(self, work: Workspace, recipe: Recipe, run: dict):
        super().__init__()
        self.references = work.dataset.references("dev")
        self.features = work.features(recipe.encoder).select(work.dataset.splits["dev"])
        self.tokenizer, self.encoder = work.tokenizer(recipe), recipe.encoder
        self.points, self.stage = run["points"], "words"
        self.minutes = self.points[-1]["minutes"] if self.points else 0.0

    def on_epoch_begin(self, epoch: int, logs=None) -> None:
        """Start the clock."""
        self.start = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs=None) -> None:
        """Stop it, and caption dev with the averaged weights."""
        self.minutes += (time.perf_counter() - self.start) / 60
        captioner = Captioner(self.tokenizer, self.model, {"encoder": self.encoder})
        score = cider_d(self.references, captioner.caption_features(self.features, 1))
        point = {"minutes": round(self.minutes, 2), "dev CIDEr-D": round(float(score), 2)}
        self.points.append({"stage": self.stage, **point})
        print(self.points[-1], flush=True)


@in_style
def draw(runs: list[dict]):
    """Draw dev CIDEr-D against minutes, one colour per model; the second stage is dashed."""
    figure, axes = plt.subplots(figsize=(7, 3.2))
    names = sorted({run["name"] for run in runs}, reverse=True)
    colours = dict(zip(names, COLOURS, strict=False))
    for run in runs:
        places = [(point["minutes"], point["dev CIDEr-D"]) for point in run["points"]]
        turn = [point["stage"] for point in run["points"]].count("words")
        look = {"marker": ".", "color": colours[run["name"]]}
        axes.plot(*zip(*places[:turn], strict=True), label=run["name"], **look)
        axes.plot(*zip(*places[turn - 1 :], strict=True), linestyle="--", **look)
    axes.set(xlabel="minutes of training, features apart", ylabel="CIDEr-D on dev, greedy")
    handles = dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True))
    axes.legend(handles.values(), handles.keys(), loc="lower right")
    axes.set_ylim(0)
    return figure


def read_runs(path: Path, new: dict) -> tuple[list[dict], dict]:
    """Return the runs of a record, and among them the one like `new`, put there if need be."""
    runs = json.loads(path.read_text("utf-8")) if path.exists() else []
    for run in runs:
        if all(run[key] == new[key] for key in SAME):
            return runs, run
    return [*runs, new], new


def write_runs(path: Path, runs: list[dict], dataset: str) -> None:
    """Write a record, and the figure of one data set's runs beside it."""
    path.parent.mkdir(exist_ok=True)
    runs = sorted(runs, key=lambda run: [run[key] for key in SAME])
    path.write_text(json.dumps(runs, indent=1) + "\n", "utf-8")
    figure = draw([run for run in runs if run["dataset"] == dataset])
    figure.savefig(path.with_suffix(".png"))


def main() -> None:
    """Train, note, draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--dataset", default="flickr8k")
    parser.add_argument("--data-dir")
    parser.add_argument("--decoder", "--model", default="merge")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--precision", default="mixed_bfloat16")
    parser.add_argument("--self-critical", type=int, metavar="EPOCHS")
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--record", type=Path, default=ROOT / "build" / "curves.json")
    options = parser.parse_args()
    first = options.out / "word-by-word" if options.self_critical else options.out
    if any((folder / "unfinished").exists() for folder in (first, options.out)):
        parser.error(f"{options.out} holds a training cut short; a curve needs a whole one")
    train(options, first)


def train(options: argparse.Namespace, first: Path) -> None:
    """Train what is not there yet: the captioner in `first`, then the one in `--out`."""
    dataset = open_dataset(options.dataset, options.data_dir)
    work, first = Workspace(dataset), first.absolute()
    recipe = replace(recipe_for(dataset, options.decoder), precision=options.precision)
    new = {"dataset": dataset.name, "name": name_of_run(asdict(recipe)), "seed": options.seed}
    new |= {"date": date.today().isoformat(), "points": []}
    runs, run = read_runs(options.record, new)
    if not (first / "config.json").exists():
        run["points"].clear()
    elif not run["points"]:
        sys.exit(f"{options.record} has no curve of {first}; train it anew, in another --out")
    curve = Curve(work, recipe, run)
    work.captioner(recipe, options.seed, first, [curve])
    write_runs(options.record, runs, dataset.name)
    if options.self_critical:
        curve.stage = "score"
        rate = DECODERS[recipe.decoder].criticism_rate
        criticism = Criticism(options.self_critical, learning_rate=rate)
        out = options.out.absolute()
        work.captioner(recipe, options.seed, out, [curve], criticism)
        write_runs(options.record, runs, dataset.name)


if __name__ == "__main__":
    main()
