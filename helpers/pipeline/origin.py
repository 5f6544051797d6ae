"""What a training is made of: what tells it from another one, in its folder and its config."""

import json
import shutil
from contextlib import suppress
from pathlib import Path

from helpers.captioner.folder import config_in
from helpers.files import write_text

UNFINISHED = "unfinished"  # folder of a captioner's training, within the captioner's


def origin_of(config: dict) -> dict:
    """Return all that decides what a training comes to, by name, from a captioner's config.

    "captions" and "photos", which are hashes, are missing from captioners made before 2026-12.
    """
    own = {key: config[key] for key in ("dataset", "encoder", "seed") if key in config}
    second = {"self-critical": config.get("self-critical")}
    return {**config.get("recipe", {}), **own, **second, **config.get("made of", {})}


def origin_in(folder: Path) -> dict:
    """Return the origin of the captioner in a folder; {} if its config can't be read."""
    with suppress(ValueError):  # `Captioner.load` says what is wrong with it
        return origin_of(config_in(folder))
    return {}


def differences(before: dict, now: dict) -> str:
    """Return, in words, what differs between two origins among the things that both know."""
    words = []
    for name, value in now.items():
        if name in before and (old := before[name]) != value:
            long = name in ("captions", "photos") or isinstance(value, dict)
            words.append(f"other {name}" if long else f"{name} {old!r}, not {value!r}")
    return ", ".join(words)


def backup_of(folder: Path, config: dict) -> Path:
    """Return the folder in which a training keeps its last epoch, and note there which one it is.

    What another training left there is dropped, and a line says so.
    folder: of the captioner; config: its own.
    """
    backup, note = folder / UNFINISHED, folder / UNFINISHED / "run.json"
    origin = json.loads(json.dumps(origin_of(config)))
    try:
        before = json.loads(note.read_text("utf-8"))
        changed = [name for name in {**before, **origin} if before.get(name) != origin.get(name)]
    except (OSError, ValueError, TypeError):
        changed = ["which one is not known"]
    if backup.is_dir() and changed:
        shutil.rmtree(backup)
        problem = f"{backup} is of another training ({', '.join(changed)})"
        print(f"{problem}: it is dropped, and this one begins anew", flush=True)
    write_text(note, json.dumps(origin, indent=1))
    return backup
