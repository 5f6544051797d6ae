"""Train a captioner and score it: --dataset flickr8k --data-dir FOLDER --out my-captioner"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from helpers.captioner import Captioner
from helpers.datasets import Dataset, open_dataset
from helpers.models import DECODERS
from helpers.pipeline.record import record_baselines, record_run
from helpers.pipeline.steps import (
    PipelineError,
    build_captioner,
    build_features,
    build_mirror_features,
    build_regions,
    build_self_critical,
    recipe_for,
    score_captioner,
    work_folder,
)
from helpers.places import program
from helpers.self_critical import Criticism
from helpers.training import Recipe


def main(arguments: Sequence[str] | None = None) -> int:
    """Clean, extract, train and score without a notebook; return 1 for a user's mistake."""
    options = parse_arguments(arguments)
    try:
        train_and_score(options)
    except (ValueError, OSError) as error:  # ours are ValueErrors with the cure in the message
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped; run the same command again to go on from here", file=sys.stderr)
        return 130
    return 0


def parse_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog=program(), description=__doc__)
    add = parser.add_argument
    add("--dataset", default="mini", help="mini, flickr8k or a folder")
    add("--data-dir", help="where flickr8k lies")
    add("--decoder", "--model", default="merge", choices=sorted(DECODERS))
    add("--regions", help="folder with regions of another kind (lesson 08)")
    add("--components", type=positive, metavar="N", help="train on N numbers a region (lesson 08)")
    add("--out", required=True, help="folder for the captioner")
    add("--seed", type=int, default=7)
    add("--epochs", type=positive, help="instead of the recipe's")
    add("--self-critical", type=positive, metavar="EPOCHS", help="then train on the score itself")
    add("--precision", default="float32", choices=["float32", "mixed_bfloat16"])
    add("--scheduler", metavar="tcp://…", help="extract features on a Dask cluster")
    add("--record", metavar="FILE", help="add the scores to this JSON of runs")
    options = parser.parse_args(arguments)
    for name in ("regions", "components"):
        if getattr(options, name) and not DECODERS[options.decoder].groups_photos:
            parser.error(f"--{name} needs --model attention: the other ones know no regions")
    return options


def positive(text: str) -> int:
    """Read a number of epochs; argparse turns the ValueError into its usage message."""
    if int(text) < 1:
        raise ValueError(f"{text} is not 1 or more")
    return int(text)


def check_folder(folder: Path, dataset: Dataset) -> None:
    """Make the folder of a captioner; refuse one trained on other data, and report a reuse."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "config.json").exists():
        return
    trained_on = Captioner.load(folder).config.get("dataset")
    if trained_on != dataset.name:
        problem = f"{folder} holds a captioner of {trained_on!r}, not of {dataset.name!r}"
        raise PipelineError(f"{problem}; choose another --out")
    print(f"{folder} holds a captioner already: it is scored, not trained", flush=True)


def extract_on_cluster(
    dataset: Dataset, work: Path, recipe: Recipe, options: argparse.Namespace
) -> None:
    """Let a cluster extract what is missing; all later steps find it in its files."""
    trained = Path(options.out, "config.json").exists()
    name = Captioner.load(options.out).config["encoder"] if trained else recipe.encoder
    name = build_features(dataset, work, name, options.scheduler).encoder  # vgg16 may be -random
    if recipe.mirror and not trained:
        build_mirror_features(dataset, work, name, options.scheduler)


def build_both_stages(
    dataset: Dataset, work: Path, recipe: Recipe, options: argparse.Namespace
) -> Captioner:
    """Train word by word, and where that is asked for, on the score as well."""
    out = Path(options.out)
    if not options.self_critical or (out / "config.json").exists():
        return build_captioner(dataset, work, recipe, options.seed, out)
    ready = (out / "word-by-word" / "config.json").exists()
    first = build_captioner(dataset, work, recipe, options.seed, out / "word-by-word")
    if ready:
        trained = f"trained already, with seed {first.config.get('seed')}"
        print(f"{out / 'word-by-word'} is {trained}: training goes on from there", flush=True)
    rate = DECODERS[recipe.decoder].criticism_rate
    criticism = Criticism(options.self_critical, learning_rate=rate)
    return build_self_critical(first, dataset, work, out, criticism)


def add_scores(captioner: Captioner, dataset: Dataset, work: Path) -> None:
    """Score a captioner on both splits that it was not trained on; print and keep the scores."""
    scores = captioner.config.setdefault("scores", {})
    random = captioner.config.get("encoder_weights") == "random weights"
    note = "  (encoder: random weights)" if random else ""
    for split in ("dev", "test"):
        for beam_size in (1, 3, 5):
            scored = score_captioner(captioner, dataset, work, split, beam_size)
            scores[f"{split}, beam {beam_size}"] = {k: round(v, 2) for k, v in scored.items()}
            row = "  ".join(f"{name} {value:.1f}" for name, value in scored.items())
            print(f"{split:4}  beam {beam_size}  {row}{note}", flush=True)


def train_and_score(options: argparse.Namespace) -> None:
    """Do what the command line asks for."""
    dataset = open_dataset(options.dataset, options.data_dir)
    print(dataset.report, flush=True)
    check_folder(Path(options.out), dataset)
    work = work_folder(dataset)
    recipe = replace(recipe_for(dataset, options.decoder), precision=options.precision)
    if options.regions:
        recipe = replace(recipe, encoder="regions", mirror=False)
        build_regions(dataset, work, options.regions)
    recipe = replace(recipe, epochs=options.epochs or recipe.epochs)
    recipe = replace(recipe, components=options.components or 0)
    if options.scheduler:
        extract_on_cluster(dataset, work, recipe, options)
    captioner = build_both_stages(dataset, work, recipe, options)
    add_scores(captioner, dataset, work)
    captioner.save(options.out)
    if options.record:
        record_run(options.record, captioner.config)
        record_baselines(options.record, dataset)
    print(f"the captioner is in {options.out}")


if __name__ == "__main__":
    sys.exit(main())
