"""The way from a data set to scores, from top to bottom: materials, training, scoring."""

import json
import platform
import shutil
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import date
from hashlib import sha256
from pathlib import Path

import keras

from helpers.captioner import Captioner
from helpers.captioner.ngrams import function_words
from helpers.encoders import ENCODERS
from helpers.encoders.table import RANDOM
from helpers.features import sample_vectors
from helpers.files import locked
from helpers.metrics import ngram_rarity, score_captions
from helpers.models import DECODERS, precision
from helpers.pipeline.materials import Materials, PipelineError, recipe_for
from helpers.pipeline.origin import UNFINISHED, backup_of, differences, origin_in
from helpers.self_critical import Criticism, SelfCriticalBatches, train_on_score
from helpers.training import Recipe, train_decoder

MISSING = "there is none"
SEED = 7
FEW = 10  # photos; with fewer, what a training comes to is chance


class Workspace(Materials):
    """All steps of one data set; each thing is made once, and kept in `folder`.

    Arguments and errors as in `Materials`.
    """

    def captioner(
        self,
        recipe: Recipe | None = None,
        seed: int | None = None,
        folder: str | Path = "captioner",
        callbacks: Sequence[keras.callbacks.Callback] = (),
        criticism: Criticism | None = None,
    ) -> Captioner:
        """Return the captioner in a folder, trained now if there is none (lesson 04).

        One that was made of something else is trained anew, and a line says so. A training that
        was cut short goes on after its last whole epoch.

        Arguments:
            recipe, seed: None takes a captioner of any, and trains with the usual ones.
            folder: a name within the workspace, or an absolute path.
            callbacks: more callbacks for `fit`.
            criticism: to train on the score as well (lesson 12), after the captioner in the folder
                `word-by-word` within.

        Raises PipelineError for a captioner of something else in a folder outside the workspace,
        LockedError for a folder in which another program trains.
        """
        folder, asked = self.folder / folder, asdict(recipe) if recipe else {}
        asked |= {} if seed is None else {"seed": seed}
        asked |= {"self-critical": asdict(criticism)} if criticism else {}
        if self.misfit(folder, asked):
            with locked(folder):
                if problem := self.misfit(folder, asked):  # nobody has trained it meanwhile
                    self.give_way(folder, problem)
                    if criticism:
                        made = self.trained_on_score(recipe, seed, folder, callbacks, criticism)
                    else:
                        made = self.trained(recipe, seed, folder, callbacks)
                    (folder / "config.json").unlink(missing_ok=True)  # rather none than half of one
                    made.save(folder)
                    shutil.rmtree(folder / UNFINISHED, ignore_errors=True)
        return Captioner.load(folder)  # its weights are rounded: every run scores the same ones

    def misfit(self, folder: Path, asked: dict) -> str:
        """Return why the captioner in a folder is not the one that was asked for, or ""."""
        if not (folder / "config.json").exists():
            return MISSING
        before = origin_in(folder)
        encoder, wanted = before.get("encoder", ""), asked.get("encoder", "")
        if encoder == wanted + RANDOM and not self.file(wanted).exists():
            asked = {**asked, "encoder": encoder}  # the weights of `wanted` can't be had here
        asked = {"dataset": self.dataset.name, **asked, "captions": self.captions_hash()}
        problem = differences(before, asked)
        if not problem and "photos" in before and self.file(encoder).exists():
            problem = differences(before, {"photos": self.photos_hash(encoder)})
        if not problem and "captions" not in before:
            print(f"{folder}: not known of which captions and photos; it is used", flush=True)
        return problem

    def give_way(self, folder: Path, problem: str) -> None:
        """Say what a captioner is that is going to be replaced; refuse that outside `folder`."""
        if problem == MISSING:
            return
        problem = f"{folder} holds a captioner of something else ({problem})"
        if not folder.is_relative_to(self.folder):
            raise PipelineError(f"{problem}; choose another folder, or delete it")
        print(f"{problem}: it is trained anew", flush=True)

    def captions_hash(self) -> str:
        """Return a hash of the clean captions that training and dev see."""
        seen = {
            split: [(name, self.descriptions[name]) for name in self.dataset.splits[split]]
            for split in ("train", "dev")
        }
        return sha256(json.dumps(seen).encode()).hexdigest()[:12]

    def photos_hash(self, encoder: str) -> str:
        """Return a hash of what an encoder says of those photos, of the first region of each."""
        features = self.features(encoder)
        places = features.select(self.dataset.splits["train"] + self.dataset.splits["dev"]).places
        first = features.vectors[:, 0] if features.vectors.ndim == 3 else features.vectors
        return sha256(first[places].tobytes()).hexdigest()[:12]

    def new_captioner(self, recipe: Recipe, seed: int = SEED) -> Captioner:
        """Return an untrained captioner that has seen nothing but the spread of the features."""
        recipe = replace(recipe, encoder=self.features(recipe.encoder).encoder)  # maybe -random
        tokenizer, (view, *_) = self.tokenizer(recipe), self.views(recipe, training=False)
        vectors = sample_vectors(view.select(self.dataset.splits["train"]))
        sizes = {"vocab_size": len(tokenizer), "feature_size": vectors.shape[-1], **recipe.sizes}
        keras.utils.set_random_seed(seed)
        with precision(recipe.precision):
            model = DECODERS[recipe.decoder](**sizes)
            model.learn_spread(vectors)
            if recipe.components:  # reduced features are standardised already
                model.set_spread(0, 1)
            model.build()
        return self.with_phrases(Captioner(tokenizer, model, self.config(recipe, seed)))

    def with_phrases(self, captioner: Captioner) -> Captioner:
        """Return a captioner that knows what its search needs of the training captions."""
        references = [self.descriptions[name] for name in self.dataset.splits["train"]]
        kind = captioner.decoder.kind
        captioner.config.setdefault("search", recipe_for(self.dataset, kind).search)
        captioner.config.setdefault("function_words", function_words(references))
        return replace(captioner, rarity=captioner.rarity or ngram_rarity(references, str.split))

    def config(self, recipe: Recipe, seed: int) -> dict:
        """Return what a new captioner's config holds."""
        spec = ENCODERS.get(recipe.encoder)  # none for regions of others
        hashes = {"captions": self.captions_hash(), "photos": self.photos_hash(recipe.encoder)}
        return {
            "encoder": recipe.encoder,
            **({"encoder_weights": "random weights"} if spec and not spec.weights else {}),
            "search": recipe.search,
            "length_power": recipe.length_power,
            "recipe": asdict(recipe),
            "dataset": self.dataset.name,
            "seed": seed,
            "made of": hashes,
            "versions": {"python": platform.python_version(), "keras": keras.__version__},
            "date": date.today().isoformat(),
        }

    def trained(
        self, recipe: Recipe | None, seed: int | None, folder: Path, callbacks: Sequence
    ) -> Captioner:
        """Return a captioner that has learnt to guess the next word."""
        recipe, seed = recipe or recipe_for(self.dataset), SEED if seed is None else seed
        if (photos := len(self.dataset.splits["train"])) < FEW:
            known = f"warning: photos to train on: {photos}, too few to learn from"
            print(f"{known}; give {FEW} at least, and hundreds for words that fit", flush=True)
        captioner = self.new_captioner(recipe, seed)
        train, dev = (self.batches(split, recipe, seed) for split in ("train", "dev"))
        backup = backup_of(folder, captioner.config)
        given = captioner.decoder, train, dev, recipe, backup, callbacks
        history = train_decoder(*given, keep_backup=True)
        if history:
            loss = history["val_loss"][-1]
        else:  # it was cut short after its last epoch
            loss, _ = captioner.decoder.evaluate(dev.dataset(), verbose=0)
        captioner.config["dev loss"] = round(float(loss), 4)
        if recipe.components:
            found = self.reduction(recipe)
            wide = captioner.decoder.widened(found.mean, found.spread, found.axes)
            captioner = replace(captioner, decoder=wide)
        return captioner

    def trained_on_score(
        self,
        recipe: Recipe | None,
        seed: int | None,
        folder: Path,
        callbacks: Sequence,
        criticism: Criticism,
    ) -> Captioner:
        """Return a copy of a captioner that was trained on the score of its captions."""
        place = folder / "word-by-word"
        ready = (place / "config.json").exists()
        first = self.captioner(recipe, seed, place)
        config, tokenizer = first.config, first.tokenizer
        recipe, seed = Recipe(**{**config["recipe"], "components": 0}), config.get("seed", SEED)
        if ready:
            known = f"{place} is trained already, with seed {seed}"
            print(f"{known}: it goes on from there", flush=True)
        config = {key: config[key] for key in config if key not in ("scores", "dev loss")}
        config["self-critical"] = asdict(criticism)
        keras.utils.set_random_seed(seed)
        decoder = first.decoder.copy(recipe.precision)
        train = self.batches("train", recipe, seed, tokenizer)
        batches = SelfCriticalBatches(decoder, train, tokenizer, criticism, seed)
        train_on_score(decoder, batches, backup_of(folder, config), callbacks, keep_backup=True)
        return Captioner(tokenizer, decoder, config, first.rarity)

    def score(
        self,
        captioner: Captioner,
        split: str = "test",
        beam_size: int | None = None,
        search: str | None = None,
    ) -> dict[str, float]:
        """Return the scores of a captioner on one split (lesson 06); it searches its own way."""
        features = self.features(captioner.config["encoder"], changes=captioner.changes)
        photos = features.select(self.dataset.splits[split])
        captions = captioner.caption_features(photos, beam_size, search)
        return score_captions(self.dataset.references(split), captions)
