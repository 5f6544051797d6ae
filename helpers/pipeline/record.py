"""The record of training runs, from which the README's table of results is taken.

`data/captioners/results.json` holds one entry per run, {"name", "seed", "dataset", "date",
"dev loss", "scores"}, and the baselines of each data set: a constant caption, and people. What
captioners score together comes from `tests/benchmarks/together.py`.
"""

import json
from pathlib import Path

from helpers.datasets import Dataset
from helpers.files import write_text
from helpers.metrics import constant_scores, human_scores
from helpers.strangers import read_json, small_text

LARGEST = 10**8  # bytes of a record; a run has 2,000
KEPT = ("seed", "dataset", "date", "dev loss", "scores")  # of a captioner's config


def read_record(path: str | Path) -> dict:
    """Return {"runs": […], "baselines": {…}}, both empty if there is no file yet.

    Raises ValueError for a file that holds something else.
    """
    if not Path(path).exists():
        return {"runs": [], "baselines": {}}
    try:
        record = read_json(small_text(path, LARGEST))
        match record:
            case {"runs": list(runs), "baselines": dict()}:
                if all(isinstance(run, dict) and {"name", "seed"} <= run.keys() for run in runs):
                    return record
        raise ValueError("it lacks runs with names and seeds, or baselines")
    except ValueError as error:
        problem = f"{path} is no record of trainings ({error})"
        raise ValueError(f"{problem}; choose another name for a new one") from error


def name_of_run(config: dict) -> str:
    """Return the name that runs of one recipe share: model, encoder, and how it was trained."""
    components = config.get("recipe", {}).get("components")
    reduced = f"-{components}" if components else ""
    second = "-self-critical" if "self-critical" in config else ""
    return f"{config['decoder']}-{config['encoder']}{reduced}{second}"


def record_run(path: str | Path, config: dict, dataset: Dataset) -> None:
    """Add to the record what a captioner's config says of its run, and its data set's baselines.

    A run of the same name and seed is replaced. The baselines, unless they are there, are the test
    scores of a constant caption and of people.
    """
    record, name = read_record(path), name_of_run(config)
    run = {"name": name, **{key: config.get(key) for key in KEPT}}
    others = [old for old in record["runs"] if (old["name"], old["seed"]) != (name, run["seed"])]
    record["runs"] = sorted([*others, run], key=lambda run: (run["name"], str(run["seed"])))
    if dataset.name not in record["baselines"]:
        references = dataset.references("test")
        baselines = {"constant": constant_scores(references), "people": human_scores(references)}
        record["baselines"][dataset.name] = {
            name: {key: round(value, 4) for key, value in scores.items()}
            for name, scores in baselines.items()
        }
    write_record(path, record)


def write_record(path: str | Path, record: dict) -> None:
    """Write a record as JSON."""
    write_text(path, json.dumps(record, indent=2, ensure_ascii=False) + "\n")
