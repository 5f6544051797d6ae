"""The folder of a captioner: config, tokenizer and weights, written and read without pickles."""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from helpers.backend import refuse_fork
from helpers.captioner.confidence import WORLD, check_trust
from helpers.captioner.search import search_of
from helpers.captioner.weights import (
    brief,
    check_values,
    check_weights,
    checked_shapes,
    halve_weights,
)
from helpers.console import one_line
from helpers.files import refuse_long_name, replacing, write_text
from helpers.places import DATA
from helpers.strangers import read_json, small_text

if TYPE_CHECKING:
    from helpers.models import Decoder
    from helpers.tokenizer import CaptionTokenizer

CAPTIONERS = DATA / "captioners"
DEFAULT = "attention-xception"  # the captioner of the widget and the command line
FORMAT = 1  # goes up when the same weights would say something else
FILES = ("config.json", "tokenizer.json", "decoder.weights.h5")
CHANGES = "encoder.npz"  # what training has changed in the encoder; most folders have none
LARGEST = 2**20  # bytes of config.json
ENTRIES = {  # of config.json, as far as they are read again: what each holds, in words
    **dict.fromkeys(("decoder", "encoder", "encoder_weights", "dataset"), (str, "a text")),
    **dict.fromkeys(
        ("sizes", "search", "recipe", "made of", "scores", "confidence"), (dict, "an object")
    ),
    "seed": (int, "a whole number"),
    "own encoder": (bool, "true or false"),
}
PROMISED = {"own encoder": CHANGES, "confidence": WORLD}  # what config.json says of other files


class CaptionerError(ValueError):
    """A captioner folder that cannot be used; the message says what is wrong with it."""


def captioner_names() -> list[str]:
    """Return the names of the captioners in `data/captioners`."""
    return sorted(path.parent.name for path in CAPTIONERS.glob("*/config.json"))


def find_captioner(name_or_folder: str | Path) -> Path:
    """Return the folder of a captioner, complete.

    Raises CaptionerError that lists the captioners there are, or the files that are missing.
    """
    folder = Path(name_or_folder)
    if not os.path.isdir(folder):  # which takes any name, however long
        folder = CAPTIONERS / folder
    if not os.path.isdir(folder):
        known = ", ".join(captioner_names()) or "none yet"
        raise CaptionerError(
            f"there is no captioner {str(name_or_folder)!r}; there are: {known} "
            f"(in {CAPTIONERS}; `python -m helpers.pipeline` trains one)"
        )
    with named(folder):
        missing = [name for name in FILES if not (folder / name).is_file()]
    if missing:
        lacks = f"the captioner in {one_line(folder)} lacks {', '.join(missing)}"
        raise CaptionerError(f"{lacks}; train it anew")
    return folder


def write_folder(
    folder: str | Path, tokenizer: "CaptionTokenizer", decoder: "Decoder", config: dict
) -> None:
    """Write the three files of a captioner, each whole or not at all, the weights as float16."""
    refuse_long_name(folder)
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(folder / "tokenizer.json")
    with replacing(folder / "decoder.weights.h5") as unfinished:
        decoder.save_weights(unfinished)
        halve_weights(unfinished)
    write_text(folder / "config.json", json.dumps({"format": FORMAT, **config}, indent=2) + "\n")


def read_config(name_or_folder: str | Path) -> dict:
    """Return the config of a captioner. Raises CaptionerError for one that can't be used."""
    return config_in(find_captioner(name_or_folder))


def config_in(folder: Path) -> dict:
    """Return the config in a folder, whatever else is there. Raises CaptionerError as above."""
    with named(folder, "config.json"):
        content = read_json(small_text(folder / "config.json", LARGEST))
        if not isinstance(content, dict):
            raise ValueError("config.json holds no object")
        config = renamed(content)
        check_config(config)
        for entry, file in PROMISED.items():  # else it would caption in silence, and worse
            if config.get(entry) and not (folder / file).is_file():
                raise ValueError(f'"{entry}" in config.json needs {file}, and there is none')
    return config


def check_config(config: dict) -> None:
    """Raise ValueError for a config that lacks something, or holds it in another form."""
    missing = [key for key in ("decoder", "sizes", "encoder") if key not in config]
    if missing:
        raise ValueError(f"config.json lacks {', '.join(missing)}")
    if config.get("format", FORMAT) != FORMAT:
        problem = f"it has format {brief(config['format'])}, this code reads format {FORMAT}"
        raise ValueError(problem)
    for key, (kind, said) in ENTRIES.items():
        if key in config and not isinstance(config[key], kind):
            raise ValueError(f'"{key}" in config.json is {brief(config[key])}; {said} is due')
    words = config.get("function_words", [])
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise ValueError('"function_words" in config.json is no list of words')
    search_of(config)
    if known := config.get("confidence"):
        check_trust(known)


def read_folder(name_or_folder: str | Path) -> tuple["CaptionTokenizer", "Decoder", dict]:
    """Return tokenizer, decoder and config of a captioner.

    The decoder is rebuilt in code and then filled with weights: no pickled object is read.
    Raises CaptionerError for a folder that is missing, incomplete or doesn't fit together.
    """
    from helpers.models import rebuild  # here, and so below, because Keras takes long to load
    from helpers.tokenizer import CaptionTokenizer

    refuse_fork()
    folder, config = find_captioner(name_or_folder), read_config(name_or_folder)
    with named(folder, "tokenizer.json"):
        tokenizer = CaptionTokenizer.load(folder / "tokenizer.json")
    with named(folder, "config.json"):
        shapes = checked_shapes(config["decoder"], config["sizes"])
    with named(folder, "decoder.weights.h5"):
        weights = folder / "decoder.weights.h5"
        check_weights(weights, shapes)
        decoder = rebuild(config["decoder"], config["sizes"])
        decoder.load_weights(weights)
        check_values(decoder)
    if len(tokenizer) != decoder.sizes["vocab_size"]:
        raise CaptionerError(
            f"the captioner in {one_line(folder)} doesn't fit together: {len(tokenizer)} words in "
            f"tokenizer.json, weights for {decoder.sizes['vocab_size']}; both come from one "
            "training, so copy the whole folder again"
        )
    return tokenizer, decoder, config


def changes_in(folder: Path) -> Path | None:
    """Return the file of what training has changed in the encoder, or None."""
    path = folder / CHANGES
    return path if path.is_file() else None


def copy_changes(changes: Path | None, folder: Path) -> None:
    """Let a folder have the changes of an encoder, and no others."""
    target = folder / CHANGES
    if changes is None:
        target.unlink(missing_ok=True)
    elif not (target.exists() and os.path.samefile(changes, target)):
        with replacing(target) as unfinished:
            shutil.copyfile(changes, unfinished)


@contextmanager
def named(folder: Path, file: str = "") -> Iterator[None]:
    """Say of which captioner, and of which of its files, is what goes wrong inside; what to do.

    Whatever a file holds, the libraries below may raise any Exception over it.
    """
    try:
        yield
    except Exception as error:
        reason = one_line(str(error).partition("\n")[0] or type(error).__name__)
        reason = (reason if file in reason else f"{file}: {reason}")[:300]
        problem = f"the captioner in {one_line(folder)} can't be loaded ({reason})"
        raise CaptionerError(f"{problem}; fetch it or train it anew") from error


def renamed(config: dict) -> dict:
    """Return a config in today's words: before 2026-12 a decoder was called a model."""
    recipe = config.get("recipe")
    known = {**config, "recipe": renamed(recipe)} if isinstance(recipe, dict) else config
    return {("decoder" if key == "model" else key): value for key, value in known.items()}
