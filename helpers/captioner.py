"""A captioner: encoder, tokenizer and decoder in one folder, ready to caption photos.

python -m helpers.captioner photo.jpg another.png
"""

import argparse
import json
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import h5py
import keras
import numpy as np

from helpers.decoding import Beam, CompiledModel, beam_search, greedy
from helpers.encoders import Encoder, EncoderError, load_encoder
from helpers.images import ImageError, image_pixels
from helpers.models import MergeCaptioner
from helpers.tokenizer import CaptionTokenizer

CAPTIONERS = Path(__file__).parents[1] / "data" / "captioners"
MODELS = {"merge": MergeCaptioner}
FILES = ("config.json", "tokenizer.json", "decoder.weights.h5")
PHOTOS_AT_ONCE = 32  # a batch of Xception in 299 x 299 pixels then takes under 1 GB


class CaptionerError(ValueError):
    """A captioner folder that cannot be used; the message says what is wrong with it."""


@dataclass
class Captioner:
    """Everything that turns a photo into a sentence.

    Attributes:
        tokenizer: words and ids.
        model: a decoder of `helpers.models`, built.
        config: what `config.json` holds: "model" and "sizes" rebuild the decoder, "encoder"
            names the features it reads, "length_power" ranks its beams; the rest is record.
            "sizes" always come from the model.
    """

    tokenizer: CaptionTokenizer
    model: keras.Model
    config: dict = field(default_factory=lambda: {"model": "merge", "encoder": "xception"})

    def __post_init__(self) -> None:
        self.config = {**self.config, "sizes": self.model.sizes}

    @cached_property
    def compiled(self) -> CompiledModel:
        """The decoder with its steps compiled, made at the first caption."""
        return CompiledModel(self.model)

    @cached_property
    def encoder(self) -> Encoder:
        """The encoder, loaded at the first photo."""
        return load_encoder(self.config["encoder"])

    def beams(self, features: np.ndarray, beam_size: int = 3) -> list[list[Beam]]:
        """Return the best captions of each image as ids.

        Arguments:
            features: float (images, feature_size).
            beam_size: captions kept per image; 1 is greedy but for its log-probability.

        Raises CaptionerError for features of another size, ValueError for a senseless beam_size.
        """
        self.check_features(features)
        power = self.config.get("length_power", 0.7)
        return beam_search(self.compiled, features, self.tokenizer.max_length, beam_size, power)

    def check_features(self, features: np.ndarray) -> None:
        """Raise CaptionerError, with the cure, for features that the decoder can't read."""
        wanted, shape = self.model.sizes["feature_size"], np.shape(features)
        if shape[1:] != (wanted,):
            raise CaptionerError(
                f"features of shape {shape}, but this captioner reads (images, {wanted}) "
                f"of {self.config['encoder']}; extract them with that encoder"
            )

    def caption_features(self, features: np.ndarray, beam_size: int = 3) -> list[str]:
        """Return one caption per row of features; a `beam_size` of 1 is greedy.

        Arguments and errors as in `beams`. Taught in lesson 05.
        """
        self.check_features(features)
        if beam_size != 1:
            return [self.tokenizer.decode(b[0].ids) for b in self.beams(features, beam_size)]
        ids = greedy(self.compiled, features, self.tokenizer.max_length)
        return [self.tokenizer.decode(caption) for caption in ids]

    def features(self, images: Sequence) -> np.ndarray:
        """Return float32 features (images, feature_size) of paths, bytes or open files.

        Raises ImageError for the first image that can't be read.
        """
        if isinstance(images, str | bytes | Path) or hasattr(images, "read"):
            raise ImageError(f"{str(images)[:60]!r} is one image; put it in a list: [image]")
        batches = []
        for start in range(0, len(images), PHOTOS_AT_ONCE):
            chosen = images[start : start + PHOTOS_AT_ONCE]
            pixels = [image_pixels(image, self.encoder.image_size) for image in chosen]
            batches.append(self.encoder.encode(np.stack(pixels)))
        return np.concatenate(batches) if batches else np.zeros((0, *self.encoder.feature_shape))

    def caption(self, images: Sequence, beam_size: int = 3) -> list[str]:
        """Return one caption per image.

        Arguments:
            images: paths, bytes or open binary files.
            beam_size: as in `caption_features`.

        Raises ImageError for the first image that can't be read. Taught in lesson 05.
        """
        return self.caption_features(self.features(images), beam_size)

    def save(self, folder: str | Path) -> None:
        """Write config, tokenizer and weights, the weights as float16."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        self.tokenizer.save(folder / "tokenizer.json")
        self.model.save_weights(folder / "decoder.weights.h5")
        halve_weights(folder / "decoder.weights.h5")
        (folder / "config.json").write_text(json.dumps(self.config, indent=2) + "\n", "utf-8")

    @classmethod
    def load(cls, name_or_folder: str | Path = "merge-xception") -> "Captioner":
        """Read a captioner by its name in `data/captioners`, or from a folder.

        The decoder is rebuilt in code and then filled with weights: no pickled object is read.
        Raises CaptionerError for a folder that is missing, incomplete or doesn't fit together.
        """
        folder = find_captioner(name_or_folder)
        try:
            config = json.loads((folder / "config.json").read_text("utf-8"))
            model = model_of(config)
            model.load_weights(folder / "decoder.weights.h5")
            tokenizer = CaptionTokenizer.load(folder / "tokenizer.json")
        except (KeyError, ValueError, TypeError, OSError) as error:
            reason = str(error).partition("\n")[0]
            raise CaptionerError(
                f"the captioner in {folder} can't be loaded ({reason}); fetch it or train it anew"
            ) from error
        if len(tokenizer) != config["sizes"]["vocab_size"]:
            raise CaptionerError(
                f"the captioner in {folder} doesn't fit together: {len(tokenizer)} words in "
                f"tokenizer.json, weights for {config['sizes']['vocab_size']}; both come from one "
                "training, so copy the whole folder again"
            )
        return cls(tokenizer, model, config)


def model_of(config: dict) -> keras.Model:
    """Return the untrained decoder that a config describes, built.

    Raises ValueError for a config that lacks something or names an unknown model.
    """
    missing = [key for key in ("model", "sizes", "encoder") if key not in config]
    if missing:
        raise ValueError(f"config.json lacks {', '.join(missing)}")
    if config["model"] not in MODELS:
        known = ", ".join(sorted(MODELS))
        raise ValueError(f"config.json names the model {config['model']!r}; there is: {known}")
    model = MODELS[config["model"]](**config["sizes"])
    model.build()
    return model


def find_captioner(name_or_folder: str | Path) -> Path:
    """Return the folder of a captioner, complete.

    Raises CaptionerError that lists the captioners there are, or the files that are missing.
    """
    folder = Path(name_or_folder)
    if not folder.is_dir():
        folder = CAPTIONERS / folder
    if not folder.is_dir():
        known = ", ".join(sorted(path.name for path in CAPTIONERS.glob("*/"))) or "none yet"
        raise CaptionerError(
            f"there is no captioner {str(name_or_folder)!r}; there are: {known} "
            "(in data/captioners; `python -m helpers.pipeline` trains one)"
        )
    missing = [name for name in FILES if not (folder / name).is_file()]
    if missing:
        raise CaptionerError(f"the captioner in {folder} lacks {', '.join(missing)}; train it anew")
    return folder


def halve_weights(path: str | Path) -> None:
    """Store the float32 arrays of a weights file as float16, in place, compressed."""
    path = Path(path)
    unfinished = path.with_name("halved." + path.name)
    with h5py.File(path) as source, h5py.File(unfinished, "w") as target:

        def copy(name, item):
            if name.split("/")[0] == "optimizer":  # a trained model brings three times its size
                return
            if isinstance(item, h5py.Group):
                target.require_group(name).attrs.update(item.attrs)
                return
            half = item.dtype == np.float32 and item.ndim > 1
            kind = np.float16 if half else item.dtype
            compression = "gzip" if item.ndim > 1 else None
            target.create_dataset(name, data=item[()].astype(kind), compression=compression)

        target.attrs.update(source.attrs)
        source.visititems(copy)
    unfinished.replace(path)


def main(arguments: Sequence[str] | None = None) -> int:
    """Caption the images named on the command line; return 1 if one of them failed.

    Standard output holds captions only, one line an image; everything else goes to stderr.
    """
    parser = argparse.ArgumentParser(prog="python -m helpers.captioner", description=__doc__)
    parser.add_argument("images", nargs="+", metavar="IMAGE")
    parser.add_argument("--captioner", default="merge-xception", help="a name or a folder")
    parser.add_argument("--beam-size", type=int, default=3)
    options = parser.parse_args(arguments)
    if options.beam_size < 1:
        parser.error(f"--beam-size is {options.beam_size}; it must be 1 or more")
    failed = 0
    try:
        captioner = Captioner.load(options.captioner)
        with redirect_stdout(sys.stderr):
            _ = captioner.encoder  # a download draws a bar
        for image in options.images:
            try:
                print(f"{image}\t{captioner.caption([image], options.beam_size)[0]}", flush=True)
            except ImageError as error:
                print(error, file=sys.stderr)
                failed = 1
    except (CaptionerError, EncoderError) as error:
        print(error, file=sys.stderr)
        return 1
    return failed


if __name__ == "__main__":
    sys.exit(main())
