"""Interrupted trainings: which run left its last epoch, and whether this one may go on from it."""

import json
import shutil
from pathlib import Path
from zlib import crc32

from helpers.batches import CaptionBatches
from helpers.captioner import Captioner

NOTE = "run.json"


def describe_run(captioner: Captioner, train: CaptionBatches, seed: int, **stage) -> dict:
    """Return all that decides what a training comes to, for JSON.

    captioner: as it is before the training; train: what it is trained on.
    stage: what tells this training from others of the same captioner.
    """
    begun = {name: captioner.config.get(name) for name in ("dataset", "encoder", "dev loss")}
    run = {**captioner.config["recipe"], **begun, "sizes": captioner.decoder.sizes, "seed": seed}
    return json.loads(json.dumps({**run, "captions": crc32(train.ids.tobytes()), **stage}))


def backup_of(folder: Path, run: dict) -> Path:
    """Return the folder in which a training keeps its last epoch, and note there which one it is.

    What another training left there is dropped, and a line says so.
    folder: of the captioner; run: as `describe_run` returns it.
    """
    backup = folder / "unfinished"
    if backup.is_dir() and (changed := differences(backup / NOTE, run)):
        shutil.rmtree(backup)
        problem = f"{backup} is of another training ({changed})"
        print(f"{problem}: it is dropped, and this one begins anew", flush=True)
    backup.mkdir(parents=True, exist_ok=True)
    (backup / NOTE).write_text(json.dumps(run, indent=1), "utf-8")
    return backup


def differences(note: Path, run: dict) -> str:
    """Return the names of what differs between the run that wrote a note and this one."""
    try:
        before = json.loads(note.read_text("utf-8"))
    except (OSError, ValueError):
        return "which one is not known"
    changed = [name for name in {**before, **run} if before.get(name) != run.get(name)]
    return ", ".join(changed)
