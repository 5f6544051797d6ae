"""Let the last block of Xception learn, together with the decoder that reads it.

    ls flickr8k/Flicker8k_Dataset/*.jpg | python -m helpers.captioner - --json --anyway \\
        --captioner vote:attention-xception,merge-xception --mirrored > voted.jsonl
    python data/captioners/fine_tune.py attention-xception FOLDER --data-dir flickr8k \\
        --voted voted.jsonl --more coco-small --work build/fine-tune

What enters block 14 is written to the work folder once (0.8 MB a photo with its mirror image), so
that an epoch runs no more of the network than learns. First each next word is learnt, from people's
captions and from what the captioners at hand have voted for; then the score, less a penalty for
every content word that is said twice. Both stages go on where they were stopped. README.md beside
it tells what it gave.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import keras
import numpy as np
from keras import ops

sys.path.insert(0, str(Path(__file__).parents[2]))
from helpers.batches import CaptionBatches, caption_rows, group_by_photo  # noqa: E402
from helpers.captioner import Captioner  # noqa: E402
from helpers.captioner.ngrams import function_words, once_each  # noqa: E402
from helpers.captions import clean_captions  # noqa: E402
from helpers.datasets import Dataset, open_dataset  # noqa: E402
from helpers.encoders import load_encoder, write_changes  # noqa: E402
from helpers.metrics import ngram_rarity  # noqa: E402
from helpers.models import Decoder  # noqa: E402
from helpers.self_critical import (  # noqa: E402
    Criticism,
    SelfCriticalBatches,
    train_on_score,
)
from helpers.stream import read_ahead  # noqa: E402
from helpers.tokenizer import CaptionTokenizer  # noqa: E402
from helpers.training import Recipe, train_decoder  # noqa: E402

ENCODER, FIRST, LAST = "xception-grid", "block14_sepconv1", "block14_sepconv2_act"
ENTERS, LEAVES = 1024, 2048  # numbers of a region before and after block 14
SLOWER = 0.25  # the block's steps, as a share of the decoder's
WORDS = Recipe(epochs=2, batch_size=128, learning_rate=2e-4)
SCORE = Criticism(epochs=2, learning_rate=2e-5)
PENALTY = 0.2  # of CIDEr-D for each content word that comes again; people have 0.82
DRAWN = 3  # captions of a photo in an epoch of the first stage
VOTED = 2  # of the captions that were voted for


class BlockAndDecoder(Decoder):
    """A decoder that reads what enters block 14, and teaches the block.

    Its features are float32 (images, 100, 1024 + 984): what enters the block, and the features of
    the earlier blocks. The kernels are the frozen ones plus changes, which start from 0.
    """

    kind, encoder, groups_photos = "block14", ENCODER, True

    def __init__(self, decoder: Decoder, network: keras.Model):
        super().__init__({}, (100, ENTERS + decoder.feature_shape[-1] - LEAVES))
        block = keras.Model(network.get_layer(FIRST).input, network.get_layer(LAST).output)
        block.trainable = False
        self.decoder, self.block = decoder, block
        self.places = [place for place, w in enumerate(block.weights) if "kernel" in w.path]
        for place in self.places:
            shape, name = block.weights[place].shape, f"changes_{place}"
            self.add_weight(shape=shape, initializer="zeros", name=name)
        self.learnt = self._trainable_variables[:]

    def regions(self, features):
        """Return the features (images, 100, 3032) that the decoder reads."""
        grid = ops.reshape(features[..., :ENTERS], (-1, 10, 10, ENTERS))
        values = list(self.block.non_trainable_variables)
        for place, change in zip(self.places, self.learnt, strict=True):
            values[place] = values[place] + SLOWER * change
        seen, _ = self.block.stateless_call([], values, grid, training=False)
        return ops.concatenate(
            [ops.reshape(seen, (-1, 100, LEAVES)), features[..., ENTERS:]], axis=-1
        )

    def call(self, inputs, training=None):
        """Return logits, as every decoder does."""
        features, ids = inputs
        return self.decoder((self.regions(features), ids), training=training)

    def start(self, features):
        """Return the decoder's state before the first word."""
        return self.decoder.start(self.regions(features))

    def step(self, word_ids, state):
        """Take the decoder's step."""
        return self.decoder.step(word_ids, state)

    def changes(self) -> dict[str, np.ndarray]:
        """Return what was learnt, by the name of the kernel."""
        pairs = zip(self.places, self.learnt, strict=True)
        return {
            self.block.weights[place].path: SLOWER * np.array(change) for place, change in pairs
        }


class SomeCaptions(CaptionBatches):
    """Batches of a few captions of each photo, others every epoch."""

    def __iter__(self) -> Iterator[tuple]:
        """Yield the batches of one epoch."""
        random = np.random.default_rng([self.seed, self.epoch, 1])
        some = np.stack([shuffled(ids, random)[:DRAWN] for ids in self.ids])
        options = {"batch_size": self.batch_size, "seed": self.seed}
        drawn = CaptionBatches(self.views, self.photo_rows, some, **options)
        drawn.epoch, self.epoch = self.epoch, self.epoch + 1
        yield from drawn

    def __len__(self) -> int:
        """Return the number of batches in an epoch."""
        captions = np.minimum(np.count_nonzero(self.ids[..., 0], axis=1), DRAWN).sum()
        return int(np.ceil(captions / self.batch_size))


class PenalisedBatches(SelfCriticalBatches):
    """Batches whose reward is less where a caption says a content word twice."""

    content: np.ndarray  # bool (words,): those that should come once

    def reward(self, rows: np.ndarray, ids: np.ndarray) -> np.ndarray:
        """Return the rewards (photos, captions)."""
        rewards = super().reward(rows, ids)
        counted = [Counter(int(word) for word in row if self.content[word]) for row in ids]
        again = [sum(count - 1 for count in words.values()) for words in counted]
        return rewards - PENALTY * np.reshape(again, rewards.shape)


def shuffled(ids: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Return the captions (captions, words) of a photo in another order, empty ones last."""
    real = np.flatnonzero(ids[:, 0])
    return ids[[*random.permutation(real), *np.flatnonzero(ids[:, 0] == 0)]]


def entries(paths: Sequence[Path], network: keras.Model, file: Path, mirrored: bool) -> np.ndarray:
    """Return float16 (photos, 100, 2008), what enters block 14 and the earlier blocks' features.

    They are written to a file, which goes on where it was stopped.
    """
    both = keras.Model(network.input, [network.get_layer(FIRST).input, network.output])
    done = file.with_suffix(".done")
    start = int(done.read_text()) if done.exists() and file.exists() else 0
    shape = (len(paths), 100, ENTERS + network.output.shape[-1] - LEAVES)
    mode = "r+" if start else "w+"
    rows = np.lib.format.open_memmap(file, mode, "float16", shape)
    bar = keras.utils.Progbar(len(paths))
    for pixels in read_ahead(paths[start:], 299, 16):
        photos = np.stack(pixels)[:, :, ::-1] if mirrored else np.stack(pixels)
        enters, leaves = both.predict_on_batch(photos.astype("float32") / 127.5 - 1)
        enters = enters.reshape(len(photos), 100, ENTERS)
        rows[start : start + len(photos)] = np.concatenate([enters, leaves[..., LEAVES:]], axis=-1)
        start += len(photos)
        rows.flush()
        done.write_text(str(start))
        bar.update(start)
    return np.load(file, mmap_mode="r")


def widened(captioner: Captioner, tokenizer: CaptionTokenizer) -> Decoder:
    """Return its decoder with the words of another tokenizer; new ones start as unknown words."""
    old = captioner.decoder
    new = type(old)(**{**old.sizes, "vocab_size": len(tokenizer)})
    new.build()
    unknown = captioner.tokenizer.ids.get("<unk>", 1)
    places = [captioner.tokenizer.ids.get(word, unknown) for word in tokenizer.words]
    for before, after in zip(old.weights, new.weights, strict=True):
        value = np.array(before)
        axis = [axis for axis, size in enumerate(value.shape) if size != after.shape[axis]]
        after.assign(np.take(value, places, axis[0]) if axis else value)
    new.standardise.finalize_state()
    return new


def batches_of(
    kind: type, captions: dict, names: Sequence[str], coded: partial, **options
) -> CaptionBatches:
    """Return batches of the captions of some photos."""
    texts, rows = caption_rows(captions, names)
    rows, ids = group_by_photo(rows, coded(texts))
    return kind(photo_rows=options.pop("first", 0) + rows, ids=ids, **options)


def read_voted(path: Path | None) -> dict[str, list[str]]:
    """Return what was voted for, by the name of the photo, from what the command has printed."""
    lines = path.read_text("utf-8").splitlines() if path else []
    return {
        Path(record["image"]).name: [one["caption"] for one in record["candidates"][:VOTED]]
        for record in map(json.loads, lines)
    }


def train(options: argparse.Namespace) -> Captioner:
    """Run both stages and return the captioner."""
    keras.utils.set_random_seed(options.seed)
    options.work.mkdir(parents=True, exist_ok=True)
    dataset, teacher = open_dataset("flickr8k", options.data_dir), Captioner.load(options.start)
    more = open_dataset(options.more) if options.more else Dataset("none", {}, {}, {}, "")
    captions, voted = clean_captions(dataset.captions), read_voted(options.voted)
    captions |= clean_captions(more.captions)
    names = [*dataset.splits["train"], *(n for n, c in more.captions.items() if len(c) < 5)]
    dev = dataset.splits["dev"]
    own = {name: captions[name] for name in (*names, *dev)}
    tokenizer = CaptionTokenizer.from_captions([t for n in names for t in own[n]], 5, 32)
    network = load_encoder(ENCODER).network
    paths = [(dataset.image_paths | more.image_paths)[name] for name in (*names, *dev)]
    views = [
        entries(paths, network, options.work / f"{name}.npy", name == "mirrored")
        for name in ("plain", "mirrored")
    ]
    model = BlockAndDecoder(widened(teacher, tokenizer), network)
    model.build()
    made = partial(batches_of, coded=tokenizer.encode_batch, features=views, seed=options.seed)
    taught = {name: own[name] + voted.get(name, []) for name in names}
    some = made(SomeCaptions, taught, names, batch_size=WORDS.batch_size)
    watched = made(CaptionBatches, own, dev, first=len(names), shuffle=False)
    train_decoder(model, some, watched, WORDS, options.work / "words")
    written = made(CaptionBatches, own, names)
    scored = PenalisedBatches(model, written, tokenizer, SCORE, options.seed)
    references = [own[name] for name in dataset.splits["train"]]
    words = function_words(references)
    scored.content = once_each(tokenizer, words)
    train_on_score(model, scored, options.work / "score")
    changes = options.work / "encoder.npz"
    write_changes(changes, model.changes())
    config = {**teacher.config, "function_words": words, "date": None, "scores": {}}
    config.pop("confidence", None)  # `tests/benchmarks/confidence.py` measures it anew
    rarity = ngram_rarity(references, str.split)
    return Captioner(tokenizer, model.decoder, config, rarity, options.out.name, changes=changes)


def main() -> None:
    """Read the command line, train, save."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("start", help="the captioner to begin with")
    parser.add_argument("out", type=Path, help="the folder to write")
    parser.add_argument("--data-dir", help="of Flickr8k")
    parser.add_argument("--more", type=Path, help="photos of another data set, to train on as well")
    parser.add_argument("--voted", type=Path, help="what captioners have voted for, as JSON lines")
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    train(options).save(options.out)


if __name__ == "__main__":
    main()
