"""Each function loads what stands in the work folder, or makes it."""

import os
from collections.abc import Sequence
from dataclasses import asdict, replace
from itertools import chain
from pathlib import Path

import keras

from helpers.batches import CaptionBatches, caption_rows, group_by_photo
from helpers.captioner import Captioner
from helpers.captions import clean_captions, read_descriptions, write_descriptions
from helpers.datasets import Dataset
from helpers.encoders import RANDOM, load_encoder
from helpers.features import (
    Features,
    Reduction,
    extract_features,
    fit_reduction,
    gather_regions,
    load_features,
    reduce_features,
    spread_features,
)
from helpers.metrics import score_captions
from helpers.pipeline.backups import backup_of, describe_run
from helpers.pipeline.making import copy_decoder, new_captioner, sample_vectors, widen
from helpers.self_critical import Criticism, SelfCriticalBatches, train_on_score
from helpers.tokenizer import CaptionTokenizer
from helpers.training import RECIPES, SMALL, Recipe, train_decoder

ROOT = Path(__file__).parents[2]
FILES = {"xception": "features.pkl"}  # of every other encoder: <its name>.npy


class PipelineError(ValueError):
    """Files of an earlier run that don't fit this one; the message says what to delete."""


def recipe_for(dataset: Dataset, model: str = "merge") -> Recipe:
    """Return the recipe that suits a data set: mini's if it is as small, else Flickr8k's."""
    small = len(dataset.splits["train"]) < SMALL
    return RECIPES.get(dataset.name, RECIPES["mini" if small else "flickr8k"])[model]


def work_folder(dataset: Dataset) -> Path:
    """Return the folder of a data set's files: `work/<name>`, or below $CAPTION_WORK."""
    folder = Path(os.environ.get("CAPTION_WORK", ROOT / "work")) / dataset.name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def build_descriptions(dataset: Dataset, work: Path) -> dict[str, list[str]]:
    """Return the clean captions of every image (lesson 01).

    Raises PipelineError for a file of other data: two folders of one name share a work folder.
    """
    path = work / "descriptions.txt"
    if not path.exists():
        write_descriptions(clean_captions(dataset.captions), path)
    descriptions = read_descriptions(path)
    if missing := set(chain(*dataset.splits.values())) - descriptions.keys():
        raise PipelineError(f"{path} lacks {min(missing)}: delete {work}, which holds other data")
    return descriptions


def build_features(
    dataset: Dataset, work: Path, encoder_name: str = "xception", scheduler: str | None = None
) -> Features:
    """Return the features of every image of the three splits (lesson 02).

    scheduler: address of a Dask cluster that extracts them, if they are not there.
    """
    paths = [path for split in dataset.splits for path in dataset.paths(split)]
    return _features_of(paths, work, encoder_name, scheduler=scheduler)


def build_mirror_features(
    dataset: Dataset, work: Path, encoder_name: str = "xception", scheduler: str | None = None
) -> Features:
    """Return the features of the training images seen in a mirror: more to learn from."""
    return _features_of(dataset.paths("train"), work, encoder_name, "mirror-", scheduler)


def build_regions(dataset: Dataset, work: Path, folder: str | Path) -> Features:
    """Return the regions that somebody else found, gathered from a folder (lesson 08)."""
    path = features_file(work, "regions")
    names = [path.name for split in dataset.splits for path in dataset.paths(split)]
    if path.exists():
        print(f"{path} is there already: it is used, and {folder} is not read", flush=True)
        return load_features(path)
    return gather_regions(folder, names, path)


def build_reduction(dataset: Dataset, work: Path, recipe: Recipe) -> Reduction:
    """Return the main directions of the training images' regions (lesson 08)."""
    path = work / f"{recipe.encoder}-{recipe.components}.npz"
    if not path.exists():
        regions = build_features(dataset, work, recipe.encoder).select(dataset.splits["train"])
        reduction = fit_reduction(sample_vectors(regions), recipe.components)
        for old in work.glob(f"*{path.stem}.npy"):  # reduced by other directions
            old.unlink()
        reduction.save(path)
    return Reduction.load(path)


def _views(dataset: Dataset, work: Path, recipe: Recipe, training: bool) -> list[Features]:
    """Return what the photos of a data set look like to a model, and their mirror images."""
    views = {"": build_features(dataset, work, recipe.encoder)}
    if training and recipe.mirror:
        views["mirror-"] = build_mirror_features(dataset, work, recipe.encoder)
    if not recipe.components:
        return list(views.values())
    reduction = build_reduction(dataset, work, recipe)
    for prefix, features in views.items():
        target = features_file(work, f"{recipe.encoder}-{recipe.components}", prefix)
        old = load_features(target) if target.exists() else None
        fits = old and old.names == features.names
        views[prefix] = old if fits else reduce_features(features, reduction, target)
    return list(views.values())


def features_file(work: Path, encoder_name: str, prefix: str = "") -> Path:
    """Return where an encoder's features stand: Xception's in a pickle, others in array files."""
    return work / (prefix + FILES.get(encoder_name, f"{encoder_name}.npy"))


def _features_of(
    paths: list[Path],
    work: Path,
    encoder_name: str,
    prefix: str = "",
    scheduler: str | None = None,
) -> Features:
    """Return features from their file if it holds all these images, else extract them anew."""
    target = features_file(work, encoder_name, prefix)
    if target.exists():
        features = load_features(target, encoder_name)
        if {path.name for path in paths} <= set(features.names):
            return features
    encoder = load_encoder(encoder_name)
    if encoder.name == encoder_name + RANDOM:  # its weights could not be had
        return _features_of(paths, work, encoder.name, prefix, scheduler)
    mirror = prefix == "mirror-"
    if scheduler:
        return spread_features(encoder, load_encoder, paths, target, scheduler, mirror=mirror)
    return extract_features(encoder, paths, target, mirror=mirror)


def build_tokenizer(dataset: Dataset, work: Path, recipe: Recipe | None = None) -> CaptionTokenizer:
    """Return the tokenizer of the training captions (lesson 03)."""
    path = work / "tokenizer.json"
    if not path.exists():
        recipe = recipe or recipe_for(dataset)
        captions, _ = caption_rows(build_descriptions(dataset, work), dataset.splits["train"])
        CaptionTokenizer.from_captions(captions, recipe.min_count, recipe.max_length).save(path)
    return CaptionTokenizer.load(path)


def caption_batches(
    dataset: Dataset, work: Path, tokenizer: CaptionTokenizer, split: str, recipe: Recipe, seed: int
) -> CaptionBatches:
    """Return the batches of one split: shuffled for "train", in order of length for others."""
    names, training = dataset.splits[split], split == "train"
    captions, photo_rows = caption_rows(build_descriptions(dataset, work), names)
    views = [features.select(names) for features in _views(dataset, work, recipe, training)]
    ids = tokenizer.encode_batch(captions)
    if recipe.decoder == "attention":  # much work per photo: all its captions share it
        photo_rows, ids = group_by_photo(photo_rows, ids)
    return CaptionBatches(views, photo_rows, ids, recipe.batch_size, shuffle=training, seed=seed)


def build_captioner(
    dataset: Dataset,
    work: Path,
    recipe: Recipe | None = None,
    seed: int = 7,
    folder: Path | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> Captioner:
    """Return the captioner in `folder`, trained now if there is none (lesson 04).

    Without a folder it is `captioner/` in the work folder. A training that was interrupted
    goes on after its last complete epoch if recipe, seed and captions are the same, and else
    begins anew. `callbacks` go to `train_decoder`.
    """
    folder = folder or work / "captioner"
    if (folder / "config.json").exists():
        return Captioner.load(folder)
    recipe = recipe or recipe_for(dataset)
    encoder_name = build_features(dataset, work, recipe.encoder).encoder  # vgg16 may be -random
    recipe = replace(recipe, encoder=encoder_name)
    keras.utils.set_random_seed(seed)
    tokenizer = build_tokenizer(dataset, work, recipe)
    train = caption_batches(dataset, work, tokenizer, "train", recipe, seed)
    dev = caption_batches(dataset, work, tokenizer, "dev", recipe, seed)
    captioner = new_captioner(tokenizer, train.views[0], recipe, dataset)
    backup = backup_of(folder, describe_run(captioner, train, seed))
    history = train_decoder(captioner.decoder, train, dev, recipe, backup, callbacks)
    captioner.config["dev loss"] = round(history["val_loss"][-1], 4) if history else None
    captioner.config["seed"] = seed
    if recipe.components:
        captioner = widen(captioner, build_reduction(dataset, work, recipe))
    captioner.save(folder)
    return Captioner.load(folder)  # its weights are rounded: every run scores the same ones


def build_self_critical(
    captioner: Captioner,
    dataset: Dataset,
    work: Path,
    folder: Path,
    criticism: Criticism,
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> Captioner:
    """Return a captioner that went on to train on the score of its captions (lesson 12).

    It is in `folder` or put there. An interrupted training goes on as in `build_captioner`.
    `callbacks` go to `train_on_score`.
    """
    if (folder / "config.json").exists():
        return Captioner.load(folder)
    config, tokenizer = dict(captioner.config), captioner.tokenizer
    recipe, seed = Recipe(**{**config["recipe"], "components": 0}), config.get("seed", 7)
    model = copy_decoder(captioner.decoder, recipe.precision)
    train = caption_batches(dataset, work, tokenizer, "train", recipe, seed)
    batches = SelfCriticalBatches(model, train, tokenizer, criticism, seed)
    run = describe_run(captioner, train, seed, criticism=asdict(criticism))
    train_on_score(model, batches, backup_of(folder, run), callbacks)
    config = {key: config[key] for key in config if key not in ("scores", "dev loss")}
    Captioner(tokenizer, model, {**config, "self-critical": asdict(criticism)}).save(folder)
    return Captioner.load(folder)


def score_captioner(
    captioner: Captioner, dataset: Dataset, work: Path, split: str = "test", beam_size: int = 3
) -> dict[str, float]:
    """Return the scores of a captioner on one split of a data set (lesson 06)."""
    features = build_features(dataset, work, captioner.config["encoder"])
    features = features.select(dataset.splits[split])
    captions = captioner.caption_features(features, beam_size)
    return score_captions(dataset.references(split), captions)
