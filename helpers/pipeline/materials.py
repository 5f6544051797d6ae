"""What captioners are made of: clean captions, tokenizer, features, batches; each made once.

What stands in the work folder already is taken if it was made of the same things, whoever made
it; else it is made anew, and a line says why.
"""

import os
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import numpy as np

from helpers.batches import CaptionBatches, caption_rows, group_by_photo
from helpers.captions import clean_captions, read_descriptions, write_descriptions
from helpers.datasets import Dataset, work_folder
from helpers.encoders import ENCODERS, changed, load_encoder
from helpers.features import (
    Features,
    OldFeaturesError,
    Reduction,
    extract_features,
    fit_reduction,
    gather_regions,
    load_features,
    reduce_features,
    region_files,
    sample_vectors,
    spread_features,
)
from helpers.files import LockedError, locked
from helpers.models import DECODERS
from helpers.tokenizer import CaptionTokenizer
from helpers.training import RECIPES, SMALL, Recipe


class PipelineError(ValueError):
    """A step that can't be taken; the message says what to do."""


def recipe_for(dataset: Dataset, decoder: str = "merge") -> Recipe:
    """Return the recipe that suits a data set: mini's if it is as small, else Flickr8k's."""
    small = len(dataset.splits["train"]) < SMALL
    recipes = RECIPES.get(dataset.name, RECIPES["mini" if small else "flickr8k"])
    if decoder in recipes:
        return recipes[decoder]
    return replace(recipes["merge"], decoder=decoder, encoder=DECODERS[decoder].encoder, sizes={})


class Materials:
    """The steps of one data set up to the batches, kept in a folder.

    Arguments:
        dataset: from `open_dataset`.
        folder: where things are kept; None takes `work_folder`.
        scheduler: address of a Dask cluster that extracts missing features.

    Raises PipelineError for a folder that can't be written.
    """

    def __init__(
        self, dataset: Dataset, folder: str | Path | None = None, scheduler: str | None = None
    ):
        self.dataset, self.scheduler = dataset, scheduler
        self.folder = Path(folder or work_folder(dataset)).absolute()
        self.made: dict[Path, Features | Reduction] = {}
        self.tokenizers: dict[tuple, CaptionTokenizer] = {}
        with suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
        if not os.access(self.folder, os.W_OK):
            raise PipelineError(
                f"{self.folder}, the folder for your results, can't be written; set the "
                "environment variable CAPTION_WORK to a folder that can"
            )

    @cached_property
    def descriptions(self) -> dict[str, list[str]]:
        """The clean captions of every image (lesson 01)."""
        made, path = clean_captions(self.dataset.captions), self.folder / "descriptions.txt"
        if not holds(path, lambda: read_descriptions(path) == made):
            write_descriptions(made, path)
        return made

    def tokenizer(self, recipe: Recipe | None = None) -> CaptionTokenizer:
        """Return the tokenizer of the training captions (lesson 03)."""
        recipe = recipe or recipe_for(self.dataset)
        choices = recipe.min_count, recipe.max_length
        if choices not in self.tokenizers:
            captions, _ = caption_rows(self.descriptions, self.dataset.splits["train"])
            made = CaptionTokenizer.from_captions(captions, *choices)
            if len(made) == len(made.MARKERS):  # it could say nothing
                problem = f"no word occurs {recipe.min_count:,} times or more in {len(captions):,}"
                cure = "Take a recipe with a lower min_count; texts without spaces need --words"
                raise PipelineError(f"{problem} training captions. {cure}")
            path = self.folder / "tokenizer.json"
            if not holds(path, lambda: vars(CaptionTokenizer.load(path)) == vars(made)):
                made.save(path)
            self.tokenizers[choices] = made
        return self.tokenizers[choices]

    def features(
        self, encoder: str | None = None, mirror: bool = False, changes: Path | None = None
    ) -> Features:
        """Return the features of every image of the three splits (lesson 02).

        Arguments:
            encoder: which; None takes the one of the data set's recipe.
            mirror: those of the training images in a mirror instead: more to learn from.
            changes: of a captioner that has taught its encoder, too.
        """
        encoder = encoder or recipe_for(self.dataset).encoder
        if encoder not in ENCODERS:
            return self.regions()
        photos = self.dataset.photos(*["train"] * mirror)
        name = changed(ENCODERS[encoder], changes).name if changes else encoder

        def make(path: Path) -> Features:
            made = kept(path, name, photos)
            return made or self.extracted(path, encoder, photos, mirror, changes)

        return self.once(self.file(name, mirror), make)

    def extracted(
        self, path: Path, name: str, photos: dict, mirror: bool, changes: Path | None
    ) -> Features:
        """Extract features, here or, with an encoder that every machine has, on the cluster."""
        encoder = load_encoder(name, changes=changes)
        if not changes and encoder.name != name:  # its weights could not be had
            return self.features(encoder.name, mirror)
        if changes or not self.scheduler:
            return extract_features(encoder, photos, path, mirror=mirror)
        return spread_features(encoder, load_encoder, photos, path, self.scheduler, mirror=mirror)

    def regions(self, folder: str | Path | None = None) -> Features:
        """Return the regions that somebody else found, gathered from a folder (lesson 08).

        folder: holds a file for every photo; None takes what has been gathered.
        """

        def make(path: Path) -> Features:
            if folder is None or (path.exists() and not Path(folder).is_dir()):
                if folder:
                    print(f"{path} is there already: it is used; there is no {folder}", flush=True)
                return load_features(path)
            files = region_files(folder, self.dataset.photos())
            return kept(path, "regions", files) or gather_regions(folder, files, path)

        return self.once(self.file("regions"), make)

    def file(self, encoder: str, mirror: bool = False) -> Path:
        """Return where an encoder's features stand: Xception's in a pickle, others in arrays."""
        name = "features.pkl" if encoder == "xception" else f"{encoder}.npy"
        return self.folder / f"{'mirror-' if mirror else ''}{name}"

    def once(self, path: Path, make: Callable) -> Features | Reduction:
        """Return what is in a file, opened or made at the first call; one program makes it."""
        if path not in self.made:
            with ExitStack() as stack:
                try:
                    stack.enter_context(locked(path))
                except LockedError as error:  # it says who makes it
                    print(error, flush=True)
                    stack.enter_context(locked(path, seconds=-1))
                self.made[path] = make(path)
        return self.made[path]

    def reduction(self, recipe: Recipe) -> Reduction:
        """Return the main directions of the training images' regions (lesson 08)."""

        def make(path: Path) -> Reduction:
            regions = self.features(recipe.encoder).select(self.dataset.splits["train"])
            sample = sample_vectors(regions)
            mean = sample.mean(axis=0)
            if not holds(path, lambda: np.array_equal(Reduction.load(path).mean, mean), "photos"):
                fit_reduction(sample, recipe.components).save(path)
            return Reduction.load(path)

        return self.once(self.folder / f"{recipe.encoder}-{recipe.components}.npz", make)

    def reduced(self, recipe: Recipe, mirror: bool) -> Features:
        """Return features along the main directions of regions."""
        features, reduction = self.features(recipe.encoder, mirror), self.reduction(recipe)

        def fits(old: Features) -> bool:
            first = reduction(features.vectors[:, 0])
            return old.names == features.names and np.allclose(old.vectors[:, 0], first, atol=0.01)

        def make(path: Path) -> Features:
            if holds(path, lambda: fits(load_features(path)), "photos"):
                return load_features(path)
            return reduce_features(features, reduction, path)

        return self.once(self.file(f"{recipe.encoder}-{recipe.components}", mirror), make)

    def views(self, recipe: Recipe, training: bool) -> list[Features]:
        """Return what photos look like to a decoder, and in training their mirror images, too."""
        mirrors = [False, True] if training and recipe.mirror else [False]
        if recipe.components:
            return [self.reduced(recipe, mirror) for mirror in mirrors]
        return [self.features(recipe.encoder, mirror) for mirror in mirrors]

    def batches(
        self, split: str, recipe: Recipe, seed: int = 7, tokenizer: CaptionTokenizer | None = None
    ) -> CaptionBatches:
        """Return the batches of one split: shuffled for "train", in order of length for others.

        tokenizer: None takes the workspace's own.
        """
        names, training = self.dataset.splits[split], split == "train"
        captions, photo_rows = caption_rows(self.descriptions, names)
        views = [features.select(names) for features in self.views(recipe, training)]
        ids = (tokenizer or self.tokenizer(recipe)).encode_batch(captions)
        if DECODERS[recipe.decoder].groups_photos:  # much work per photo: all its captions share it
            photo_rows, ids = group_by_photo(photo_rows, ids)
        return CaptionBatches(
            views, photo_rows, ids, recipe.batch_size, shuffle=training, seed=seed
        )


def holds(path: Path, fits: Callable[[], bool], made_of: str = "captions") -> bool:
    """Return whether a file holds what it should; a line says so if it holds something else."""
    if not path.exists():
        return False
    with suppress(ValueError):  # cut off, or of another program
        if fits():
            return True
    print(f"{path} was made of other {made_of}: it is made anew", flush=True)
    return False


def kept(path: Path, encoder: str, photos: dict[str, Path]) -> Features | None:
    """Return features from their file, or None, and a line why, if they don't serve these photos.

    Raises FeaturesError for a file that is not one: somebody else may need it.
    """
    if not path.exists():
        return None
    try:
        features = load_features(path)
        problem = features.stale(photos)
        if features.encoder != encoder:
            problem = f"its features are those of {features.encoder!r}, not of {encoder!r}"
        if not problem:
            return features
    except OldFeaturesError:
        problem = "a course of before 2026-12 wrote it, in a way that is no longer read"
    print(f"{path}: {problem}; it is made anew", flush=True)
