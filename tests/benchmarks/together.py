"""The scores of captioners that write together.

    python tests/benchmarks/together.py FOLDER FOLDER --data-dir data/flickr8k

They choose every word by the mean of their probabilities (lesson 12). `--record
data/captioners/results.json` keeps the scores for the README's table.
"""

import argparse
import sys
from datetime import date
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from helpers.captioner import Captioner  # noqa: E402
from helpers.datasets import open_dataset  # noqa: E402
from helpers.models import Ensemble  # noqa: E402
from helpers.pipeline import Workspace  # noqa: E402
from helpers.pipeline.__main__ import add_scores  # noqa: E402
from helpers.pipeline.record import name_of_run, read_record, write_record  # noqa: E402


def join(captioners: list[Captioner]) -> Captioner:
    """Return a captioner that decodes with all of these, or exit with what keeps them apart."""
    first, *others = captioners
    for other in others:
        if other.tokenizer.words != first.tokenizer.words:
            sys.exit("these captioners know different words: train them with one work folder")
        if other.config["encoder"] != first.config["encoder"]:
            sys.exit(f"one reads {first.config['encoder']}, one {other.config['encoder']}")
    config = {key: first.config[key] for key in first.config if key != "scores"}
    together = Ensemble([captioner.decoder for captioner in captioners])
    return Captioner(first.tokenizer, together, config, first.rarity)


def main() -> None:
    """Score, print, record."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="+", metavar="FOLDER")
    parser.add_argument("--dataset", default="flickr8k")
    parser.add_argument("--data-dir")
    parser.add_argument("--record", type=Path)
    options = parser.parse_args()
    dataset = open_dataset(options.dataset, options.data_dir)
    captioners = [Captioner.load(folder) for folder in options.folders]
    joined = join(captioners)
    add_scores(joined, Workspace(dataset))
    if options.record:
        names = sorted({name_of_run(captioner.config) for captioner in captioners})
        seeds = [captioner.config.get("seed") for captioner in captioners]
        run = {"names": names, "seeds": seeds, "dataset": dataset.name}
        run |= {"date": date.today().isoformat(), "scores": joined.config["scores"]}
        write_record(options.record, {**read_record(options.record), "together": run})


if __name__ == "__main__":
    main()
