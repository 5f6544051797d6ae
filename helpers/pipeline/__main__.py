"""Train a captioner and score it: --dataset flickr8k --data-dir FOLDER --out my-captioner"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from helpers.captioner import Captioner
from helpers.console import print_anything, program, tell
from helpers.datasets.choosing import add_choices, open_chosen
from helpers.encoders import ENCODERS
from helpers.files import check_target
from helpers.models import DECODERS
from helpers.pipeline.materials import recipe_for
from helpers.pipeline.record import read_record, record_run
from helpers.pipeline.workspace import Workspace
from helpers.self_critical import Criticism
from helpers.training import Recipe

SEARCHES = {f"beam {size}": ("beam", size) for size in (1, 3, 5)} | {"vote": ("vote", None)}


def main(arguments: Sequence[str] | None = None) -> int:
    """Clean, extract, train and score without a notebook; return 1 for a user's mistake."""
    print_anything()
    options = parse_arguments(arguments)
    try:
        train_and_score(options)
    except (ValueError, OSError) as error:  # ours are ValueErrors with the cure in the message
        return tell(error)
    except KeyboardInterrupt:
        print("stopped; run the same command again to go on from here", file=sys.stderr)
        return 130
    return 0


def parse_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog=program(), description=__doc__)
    add = parser.add_argument
    add("--dataset", default="mini", help="mini, flickr8k or a folder")
    add_choices(parser)
    add("--decoder", "--model", default="merge", choices=sorted(DECODERS))
    add("--encoder", choices=sorted(ENCODERS), help="instead of the recipe's")
    add("--regions", help="folder with regions of another kind (lesson 08)")
    add("--components", type=positive, metavar="N", help="train on N numbers a region (lesson 08)")
    add("--out", required=True, help="folder for the captioner")
    add("--seed", type=int, help="7 if none is given")
    add("--epochs", type=positive, help="instead of the recipe's")
    add("--self-critical", type=positive, metavar="EPOCHS", help="then train on the score itself")
    add("--precision", default="float32", choices=["float32", "mixed_bfloat16"])
    add("--scheduler", metavar="tcp://…", help="extract features on a Dask cluster")
    add("--record", metavar="FILE", help="add the scores to this JSON of runs")
    options = parser.parse_args(arguments)
    refuse_mismatch(parser, options)
    return options


def refuse_mismatch(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """Exit with a message for features that the decoder can't read."""
    reads = {name: has_regions(decoder.encoder) for name, decoder in DECODERS.items()}
    fitting = " or ".join(name for name in reads if reads[name] != reads[options.decoder])
    for name in ("regions", "components"):
        if getattr(options, name) and not reads[options.decoder]:
            parser.error(f"--{name} needs --model {fitting}: the other ones know no regions")
    if options.encoder and options.regions:
        parser.error("--regions takes the place of --encoder; give one of them")
    if options.encoder and has_regions(options.encoder) != reads[options.decoder]:
        kind = "one vector a photo" if reads[options.decoder] else "regions"
        problem = f"--encoder {options.encoder} gives {kind}, which {options.decoder} can't read"
        parser.error(f"{problem}; take --decoder {fitting}, or another encoder")


def has_regions(encoder: str) -> bool:
    """Tell whether an encoder gives a vector for each region of a photo."""
    return len(ENCODERS[encoder].feature_shape) == 2


def positive(text: str) -> int:
    """Read a number of epochs; argparse turns the ValueError into its usage message."""
    if int(text) < 1:
        raise ValueError(f"{text} is not 1 or more")
    return int(text)


def recipe_of(options: argparse.Namespace, work: Workspace) -> Recipe:
    """Return the data set's recipe with what the command line changes in it."""
    recipe = replace(recipe_for(work.dataset, options.decoder), precision=options.precision)
    if options.regions:
        recipe = replace(recipe, encoder=work.regions(options.regions).encoder, mirror=False)
    recipe = replace(recipe, encoder=options.encoder or recipe.encoder)
    epochs = options.epochs or recipe.epochs
    return replace(recipe, epochs=epochs, components=options.components or 0)


def add_scores(captioner: Captioner, work: Workspace) -> None:
    """Score a captioner on both splits that it was not trained on; print and keep the scores."""
    scores = captioner.config.setdefault("scores", {})
    random = captioner.config.get("encoder_weights") == "random weights"
    note = "  (encoder: random weights)" if random else ""
    for split in ("dev", "test"):
        for name, (kind, beam_size) in SEARCHES.items():
            scored = work.score(captioner, split, beam_size, kind)
            scores[f"{split}, {name}"] = {k: round(v, 2) for k, v in scored.items()}
            row = "  ".join(f"{score} {value:.1f}" for score, value in scored.items())
            print(f"{split:4}  {name:6}  {row}{note}", flush=True)


def train_and_score(options: argparse.Namespace) -> None:
    """Do what the command line asks for."""
    check_target(options.out, folder=True)
    if options.record:
        check_target(options.record)
        read_record(options.record)  # one that is broken is said now, not after the training
    dataset, out = open_chosen(options), Path(options.out).absolute()
    print(dataset.report, flush=True)
    out.mkdir(parents=True, exist_ok=True)
    done = (out / "config.json").exists()
    work = Workspace(dataset, scheduler=options.scheduler)
    recipe, epochs = recipe_of(options, work), options.self_critical
    rate = DECODERS[recipe.decoder].criticism_rate
    criticism = Criticism(epochs, learning_rate=rate) if epochs else None
    captioner = work.captioner(recipe, options.seed, out, criticism=criticism)
    captioner = work.with_phrases(captioner)  # one of before 2026-12 lacks them
    if done:
        print(f"{out} holds this captioner already: it is scored, not trained", flush=True)
    add_scores(captioner, work)
    captioner.save(out)
    if options.record:
        record_run(options.record, captioner.config, dataset)
    print(f"the captioner is in {options.out}")


if __name__ == "__main__":
    sys.exit(main())
