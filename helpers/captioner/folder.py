"""The folder of a captioner: config, tokenizer and weights, written and read without pickles."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from helpers.files import replacing, write_text
from helpers.places import DATA

if TYPE_CHECKING:
    from helpers.models import Decoder
    from helpers.tokenizer import CaptionTokenizer

CAPTIONERS = DATA / "captioners"
DEFAULT = "attention-xception"  # the captioner of the widget and the command line
FORMAT = 1  # goes up when the same weights would say something else
FILES = ("config.json", "tokenizer.json", "decoder.weights.h5")


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
    if not folder.is_dir():
        folder = CAPTIONERS / folder
    if not folder.is_dir():
        known = ", ".join(captioner_names()) or "none yet"
        raise CaptionerError(
            f"there is no captioner {str(name_or_folder)!r}; there are: {known} "
            f"(in {CAPTIONERS}; `python -m helpers.pipeline` trains one)"
        )
    missing = [name for name in FILES if not (folder / name).is_file()]
    if missing:
        raise CaptionerError(f"the captioner in {folder} lacks {', '.join(missing)}; train it anew")
    return folder


def write_folder(
    folder: str | Path, tokenizer: "CaptionTokenizer", decoder: "Decoder", config: dict
) -> None:
    """Write the three files of a captioner, each whole or not at all, the weights as float16."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(folder / "tokenizer.json")
    with replacing(folder / "decoder.weights.h5") as unfinished:
        decoder.save_weights(unfinished)
        halve_weights(unfinished)
    write_text(folder / "config.json", json.dumps({"format": FORMAT, **config}, indent=2) + "\n")


def read_config(name_or_folder: str | Path) -> dict:
    """Return the config of a captioner. Raises CaptionerError for one that can't be used."""
    folder = find_captioner(name_or_folder)
    with named(folder):
        config = renamed(json.loads((folder / "config.json").read_text("utf-8")))
        missing = [key for key in ("decoder", "sizes", "encoder") if key not in config]
        if missing:
            raise ValueError(f"config.json lacks {', '.join(missing)}")
        if config.get("format", FORMAT) != FORMAT:
            raise ValueError(f"it has format {config['format']!r}, this code reads format {FORMAT}")
        words = config.get("function_words", [])
        if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
            raise ValueError('"function_words" in config.json is no list of words')
    return config


def read_folder(name_or_folder: str | Path) -> tuple["CaptionTokenizer", "Decoder", dict]:
    """Return tokenizer, decoder and config of a captioner.

    The decoder is rebuilt in code and then filled with weights: no pickled object is read.
    Raises CaptionerError for a folder that is missing, incomplete or doesn't fit together.
    """
    from helpers.models import rebuild  # here, and so below, because Keras takes long to load
    from helpers.tokenizer import CaptionTokenizer

    folder, config = find_captioner(name_or_folder), read_config(name_or_folder)
    with named(folder):
        decoder = rebuild(config["decoder"], config["sizes"])
        decoder.load_weights(folder / "decoder.weights.h5")
        tokenizer = CaptionTokenizer.load(folder / "tokenizer.json")
    if len(tokenizer) != config["sizes"]["vocab_size"]:
        raise CaptionerError(
            f"the captioner in {folder} doesn't fit together: {len(tokenizer)} words in "
            f"tokenizer.json, weights for {config['sizes']['vocab_size']}; both come from one "
            "training, so copy the whole folder again"
        )
    return tokenizer, decoder, config


@contextmanager
def named(folder: Path) -> Iterator[None]:
    """Say of which captioner it is what goes wrong inside, and what to do."""
    try:
        yield
    except (KeyError, ValueError, TypeError, OSError) as error:
        reason = str(error).partition("\n")[0]
        raise CaptionerError(
            f"the captioner in {folder} can't be loaded ({reason}); fetch it or train it anew"
        ) from error


def renamed(config: dict) -> dict:
    """Return a config in today's words: before 2026-12 a decoder was called a model."""
    if not isinstance(config, dict):
        raise ValueError("config.json holds no object")
    recipe = config.get("recipe")
    known = {**config, "recipe": renamed(recipe)} if isinstance(recipe, dict) else config
    return {("decoder" if key == "model" else key): value for key, value in known.items()}


def halve_weights(path: str | Path) -> None:
    """Store the float32 arrays of a weights file as float16, in place, compressed."""
    import h5py

    packed = {"compression": "gzip", "shuffle": True}
    with (
        replacing(path) as unfinished,
        h5py.File(path) as source,
        h5py.File(unfinished, "w") as target,
    ):

        def copy(name, item):
            if name.split("/")[0] == "optimizer":  # a trained model brings three times its size
                return
            if isinstance(item, h5py.Group):
                target.require_group(name).attrs.update(item.attrs)
                return
            matrix, kind = item.ndim > 1, item.dtype
            kind = np.float16 if matrix and kind == np.float32 else kind
            target.create_dataset(name, data=item[()].astype(kind), **packed if matrix else {})

        target.attrs.update(source.attrs)
        source.visititems(copy)
