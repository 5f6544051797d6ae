"""Make `attention-xception`: six teach four, whose encoders learn, too, and two become one.

    python data/captioners/distil.py prepare WORK --data-dir flickr8k --more coco-small
    KERAS_BACKEND=jax python data/captioners/distil_on_gpu.py WORK
    python data/captioners/distil.py save WORK FOLDER
    python data/captioners/round_captioner.py FOLDER

`prepare` and `save` run where the course does. What lies between them needs a GPU of 80 GB and an
environment of its own, `pip install "jax[cuda12]" keras`; only the work folder has to be there.

The captioner that is shipped was made so in November 2026, in seven minutes on an H100, but for its
photos, which travelled to the GPU recompressed (WebP, quality 77 those of Flickr8k, 80 those of
COCO), and for what was learnt, which came back in steps of a sixth of its spread or less, finer
than those to which it is rounded in the end.
"""

import argparse
import platform
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import keras
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))
from helpers.batches import caption_rows, group_by_photo
from helpers.captioner import Captioner
from helpers.captioner.ngrams import function_words, once_each
from helpers.captions import clean_captions
from helpers.datasets import Dataset, open_dataset
from helpers.encoders import load_encoder, write_changes
from helpers.metrics import ngram_rarity
from helpers.models import AttentionDecoder
from helpers.stream import read_ahead
from helpers.tokenizer import CaptionTokenizer
from helpers.training import RECIPES

RECIPE = RECIPES["flickr8k"]["attention"]  # its words, sizes and search are those of the lessons
SIDE = 224  # pixels of a photo; the crops of it are enlarged to the encoder's 299
LONGEST = 40  # words of a reference, its end counted


def prepare(work: Path, dataset: Dataset, more: Dataset) -> None:
    """Write what the GPU needs into the work folder.

    Arguments:
        dataset: its training split is learnt from, and says how rare an n-gram is.
        more: photos with a single caption are learnt from as well; those with several could serve
            to see how it does on photos of another world, so they are left alone.
    """
    work.mkdir(parents=True, exist_ok=True)
    captions = clean_captions(dataset.captions) | clean_captions(more.captions)
    own = dataset.splits["train"]
    names = [*own, *(name for name, texts in more.captions.items() if len(texts) == 1)]
    texts, rows = caption_rows(captions, names)
    tokenizer = CaptionTokenizer.from_captions(texts, RECIPE.min_count, RECIPE.max_length)
    untrained = untrained_captioner(tokenizer, [captions[name] for name in own])
    untrained.save(work / "captioner")
    np.savez(
        work / "captions.npz",
        ids=group_by_photo(rows, tokenizer.encode_batch(texts))[1],
        references=references_of(texts, rows, tokenizer),
        own=len(own),
        content=once_each(tokenizer, untrained.config["function_words"]),
    )
    paths = dataset.image_paths | more.image_paths
    write_photos(work / "photos.npy", [paths[name] for name in names])
    np.savez(work / "encoder.npz", *load_encoder(RECIPE.encoder).network.get_weights())


def untrained_captioner(tokenizer: CaptionTokenizer, references: Sequence) -> Captioner:
    """Return a captioner that has all but what is to be learnt."""
    config = {
        "search": RECIPE.search,
        "function_words": function_words(references),
        "length_power": RECIPE.length_power,
        "dataset": "flickr8k+coco",
        "versions": {"python": platform.python_version(), "keras": keras.__version__},
        "date": date.today().isoformat(),
    }
    decoder = AttentionDecoder(len(tokenizer), **RECIPE.sizes)
    return Captioner(tokenizer, decoder, config, ngram_rarity(references, str.split))


def references_of(texts: list[str], rows: np.ndarray, tokenizer: CaptionTokenizer) -> np.ndarray:
    """Return int32 (photos, captions, LONGEST), the captions to compare with, up to `<end>`.

    Words that the tokenizer doesn't know have ids of their own behind its vocabulary: an unknown
    word is never written, so it shall not be a match. `<end>` counts as a word (`with_end` in
    helpers/self_critical.py says why).
    """
    found = dict.fromkeys(word for text in texts for word in text.split())
    every = [*tokenizer.words, *(word for word in found if word not in tokenizer.ids)]
    ids = CaptionTokenizer(every, LONGEST + 1).encode_batch(texts)
    return group_by_photo(rows, ids[:, 1:])[1]


def write_photos(file: Path, paths: Sequence[Path]) -> None:
    """Write the photos as one array, uint8 (photos, SIDE, SIDE, 3)."""
    shape, start = (len(paths), SIDE, SIDE, 3), 0
    photos = np.lib.format.open_memmap(file, "w+", "uint8", shape)
    for pixels in read_ahead(paths, SIDE, 32):
        photos[start : start + len(pixels)] = pixels
        start += len(pixels)
    photos.flush()


def save(work: Path, folder: Path, students: Sequence[int]) -> None:
    """Write the captioner that is the mean of these students, with what its encoder has learnt.

    They began with the same weights, which is why a mean of theirs is a captioner at all; it is a
    better one than each of them. Source: Wortsman et al. 2022, "Model soups".
    """
    captioner, changes = Captioner.load(work / "captioner"), work / "changes.npz"
    arrays = mean_of([work / f"student-{student}.npz" for student in students])
    kernels = {name: array for name, array in arrays.items() if "kernel" in name}
    captioner.decoder.set_spread(arrays["mean"], arrays["variance"])
    weights = [arrays[name] for name in sorted(arrays) if name.isdigit()]
    for variable, value in zip(captioner.decoder.trainable_variables, weights, strict=True):
        variable.assign(value)
    write_changes(changes, kernels)
    learnt = changes if any(map(np.any, kernels.values())) else None
    replace(captioner, changes=learnt).save(folder)


def mean_of(files: Sequence[Path]) -> dict[str, np.ndarray]:
    """Return the mean of each array that the files hold."""
    total: dict[str, np.ndarray] = {}
    for file in files:
        with np.load(file, allow_pickle=False) as arrays:
            total = {name: total.get(name, 0) + arrays[name] / len(files) for name in arrays.files}
    return total


def main() -> None:
    """Read the command line and do what it asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    before, after = commands.add_parser("prepare"), commands.add_parser("save")
    for command in (before, after):
        command.add_argument("work", type=Path, help="folder for what lies in between")
    before.add_argument("--data-dir", help="of Flickr8k")
    before.add_argument("--more", required=True, help="data set whose single captions are learnt")
    after.add_argument("folder", type=Path, help="of the captioner")
    after.add_argument("--students", type=int, nargs="+", default=[2, 3])
    options = parser.parse_args()
    if options.command == "prepare":
        datasets = open_dataset("flickr8k", options.data_dir), open_dataset(options.more)
        prepare(options.work, *datasets)
    else:
        save(options.work, options.folder, options.students)


if __name__ == "__main__":
    main()
