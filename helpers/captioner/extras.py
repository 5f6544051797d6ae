"""What a captioner's folder may hold beside the captioner: for votes, confidence, its encoder."""

from pathlib import Path
from typing import TYPE_CHECKING

from helpers.captioner.confidence import WORLD, World
from helpers.captioner.folder import changes_in, copy_changes
from helpers.captioner.ngrams import NGRAMS, read_ngrams, write_ngrams
from helpers.console import one_line, tell_once

if TYPE_CHECKING:
    from helpers.metrics import Rarity
    from helpers.tokenizer import CaptionTokenizer


def read_extras(folder: Path, tokenizer: "CaptionTokenizer", config: dict) -> dict:
    """Return rarity, world and changes of a captioner, None for what it hasn't.

    Where that makes its captions worse than they need be, a line on stderr says so.
    Raises ValueError or OSError for a file that holds something else.
    """
    ngrams, world = folder / NGRAMS, folder / WORLD
    rarity = read_ngrams(ngrams, tokenizer) if ngrams.exists() else None
    if lacking := lacks(config, rarity):
        cure = "`python -m helpers.pipeline` adds what is missing"
        tell_once(f"{one_line(folder)} is of before 2026-12: {lacking}; {cure}")
    return {
        "rarity": rarity,
        "world": World.load(world) if world.exists() else None,
        "changes": changes_in(folder),
    }


def write_extras(
    folder: Path,
    tokenizer: "CaptionTokenizer",
    rarity: "Rarity | None",
    world: World | None,
    changes: Path | None,
) -> None:
    """Write what there is of them; what another captioner has left in the folder goes."""
    if rarity:
        write_ngrams(folder / NGRAMS, rarity, tokenizer)
    if world:
        world.save(folder / WORLD)
    else:
        (folder / WORLD).unlink(missing_ok=True)
    copy_changes(changes, folder)


def lacks(config: dict, rarity: "Rarity | None") -> str:
    """Return what the captions of a captioner lack if it was made before 2026-12, else ""."""
    votes = config.get("search", {"kind": "vote"}).get("kind") != "vote" or rarity is not None
    said = ["its captions don't vote"] * (not votes)
    said += ["its captions may repeat words"] * ("function_words" not in config)
    return " and ".join(said).replace("and its captions ", "and ")
