# %% [markdown]
# # 04 · Train a captioner
#
# You turn features and ids into a model that writes captions, and watch it learn to speak.
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/OWNER/REPOSITORY/blob/main/notebooks/04_train_captioner.ipynb)
#
# [← 03 build tokenizer](03_build_tokenizer.ipynb) · [contents](../README.md) · [05 generate captions →](05_generate_captions.ipynb)

# %% [markdown]
# ![Three images, each with a column of captions beside it: nonsense from the untrained model on top, a sentence from the end of training at the bottom](images/04_train_captioner.png)
#
# What the model says of three images that it never saw in training, from the first gibberish to the end.

# %% [markdown]
# **You will learn**
#
# * how a caption becomes a row of small questions: which word comes next?
# * the merge model: where the words go, where the photo goes, and every shape on the way
# * two ways to train it, a proof that they ask the same, and why one is many times faster
# * what label smoothing, dropout, a cosine learning rate and averaged weights do
# * how to save a captioner so that it still loads in five years
#
# **You need** features and a tokenizer (lessons 02 and 03); if they are missing, `helpers.pipeline` makes them.
#
# **Run times** (with the features of lesson 02; Colab is an estimate)
#
# | | Colab T4 | CPU, 2 cores |
# |---|---|---|
# | mini | about 1 min | about 75 s |
# | Flickr8k | about 5 min | about 20 min |

# %% [markdown]
# ## Set-up
#
# This cell finds the course folder; on Colab it fetches it first.

# %% tags=["setup"]
import subprocess
import sys
from pathlib import Path

here = Path.cwd()
if "google.colab" in sys.modules:
    address, here = "https://github.com/OWNER/REPOSITORY", Path("/content/caption-lessons")
    if not here.exists():
        subprocess.run(["git", "clone", "-q", "--depth", "1", address, str(here)], check=True)
    subprocess.run([sys.executable, "-m", "pip", "install", "-q", "requests-hardened"], check=True)
folders = [folder for folder in (here, *here.parents) if (folder / "helpers/__init__.py").exists()]
if not folders:
    raise FileNotFoundError(f"no helpers/ above {here}: open this lesson inside the course folder")
sys.path.insert(0, str(folders[0]))
import helpers  # before Keras, which it sets to TensorFlow

ROOT = Path(helpers.__file__).parents[1]

# %% [markdown]
# Helpers that you do not build here: `open_dataset` fetches the data, `Workspace` keeps what lessons 01-03 made and ties together what you do build, and `named_share` counts captions that name a thing (lesson 06).

# %%
import textwrap
import time
from dataclasses import asdict, replace

import keras
import numpy as np
from keras import ops

from helpers import plots
from helpers.batches import CaptionBatches
from helpers.captioner import Captioner
from helpers.datasets import open_dataset
from helpers.images import open_image
from helpers.metrics import named_share
from helpers.models import MergeDecoder
from helpers.pipeline import Workspace, recipe_for
from helpers.resuming import resumable
from helpers.training import CaptionLoss, LossPerWord

# %% [markdown]
# Settings: `DATASET = "flickr8k"` runs the same lesson on the real photos.

# %% tags=["parameters"]
DATASET = "mini"  # or "flickr8k", or a folder of your own
DATA_DIR = None  # where Flickr8k lies; None looks in data/flickr8k, then downloads it
SEED = 7

# %% [markdown]
# ## 1. One caption, many questions
#
# How do you teach a network to write? You teach it a smaller thing: **given a photo and the words so far, which word comes next?** A model that answers this well can write: it answers, you append the word, and you ask again.
#
# Fetch the clean captions, the photos' features and the tokenizer from the workspace, `work/mini/`.

# %%
dataset = open_dataset(DATASET, DATA_DIR)
work = Workspace(dataset)
recipe = recipe_for(dataset)
descriptions = work.descriptions
tokenizer = work.tokenizer(recipe)
train_names = dataset.splits["train"]
features = work.features().rows(train_names)
print(f"{len(train_names):,} training photos, features {features.shape}")
print(f"{len(tokenizer):,} words, captions of at most {tokenizer.max_length} ids")

# %% [markdown]
# One training photo with its captions:

# %%
first = train_names[0]
plots.show_captioned(open_image(dataset.image_paths[first]), descriptions[first])

# %% [markdown]
# Take its first caption and put the markers `<start>` and `<end>` around it. Now cut it after every word. Each cut is one question, and the next word is its answer:

# %%
words = ["<start>", *descriptions[first][0].split(), "<end>"]
for place in range(1, len(words)):
    print(f"photo + {' '.join(words[:place])}  →  {words[place]}")

# %% [markdown]
# The first question has nothing but the photo to go by. The last answer is `<end>`: the model has to learn when to stop.
#
# ## 2. The classic way: a row for every word
#
# Most captioning tutorials train on this table. Later it will judge a faster way.
#
# First you need all captions in one list, and for each the number of its photo; then `encode_batch` makes padded ids of them. Axes are named once for the whole lesson: features are `(photos, 3032)`, ids `(captions, words)`.


# %% tags=["same-as:helpers.batches.caption_rows"]
def caption_rows(captions, names):
    texts = [text for name in names for text in captions[name]]
    rows = np.repeat(np.arange(len(names)), [len(captions[name]) for name in names])
    return texts, rows


texts, photo_rows = caption_rows(descriptions, train_names)
ids = tokenizer.encode_batch(texts)
print("photo rows:", photo_rows[:12], "…")
print(f"ids {ids.shape}; the first caption: {ids[0]}")

# %% [markdown]
# Now the rows of one caption. `np.tile` writes the caption once per row, and everything after the words so far (the part above the diagonal) is set to zero. The answer becomes a **one-hot** vector: as many zeros as there are words, with a single 1 at the right one.
#
# Try it on a toy: a photo of two numbers, a language of seven ids, and the caption `2 5 4 3` (start, two words, end) with two zeros of padding.


# %% tags=["same-as:helpers.batches.prefix_rows"]
def prefix_rows(features, ids, vocab_size):
    length = np.count_nonzero(ids)
    words_so_far = np.tile(ids[:-1], (length - 1, 1))
    words_so_far[np.triu_indices(length - 1, 1, len(ids) - 1)] = 0
    next_words = keras.utils.to_categorical(ids[1:length], vocab_size).astype("float32")
    return np.tile(features, (length - 1, 1)).astype("float32"), words_so_far, next_words


toy_photo, toy_caption = np.array([0.5, 1.5], "float32"), np.array([2, 5, 4, 3, 0, 0], "int32")
toy_rows = prefix_rows(toy_photo, toy_caption, 7)
for name, rows in zip(["photos", "words so far", "next words"], toy_rows, strict=True):
    print(f"{name} {rows.shape}\n{rows}")

# %% [markdown]
# Three rows for a caption of two words. The **generator** (a function whose `yield` hands out one result after the other) gives the rows of one photo after the other, for ever. Mind the brackets of its last line: Keras 3 wants tuples, and refuses the `[[photos, words], next]` of older tutorials. Below: one photo's batch and its memory.


# %% tags=["same-as:helpers.batches.prefix_generator"]
def prefix_generator(features, photo_rows, ids, vocab_size):
    while True:
        for photo in np.unique(photo_rows):
            rows = [
                prefix_rows(features[photo], caption, vocab_size)
                for caption in ids[photo_rows == photo]
            ]
            photos, words_so_far, next_words = map(np.concatenate, zip(*rows, strict=True))
            yield (photos, words_so_far), next_words


generator = prefix_generator(features, photo_rows, ids, len(tokenizer))
(photos, words_so_far), next_words = next(generator)
print("photos", photos.shape, "words so far", words_so_far.shape, "next words", next_words.shape)
print(f"one-hot answers {next_words.nbytes:,} bytes, the same as ids {4 * len(next_words):,} bytes")
pairs = np.count_nonzero(ids) - len(ids)
print(f"{len(ids):,} captions make {pairs:,} rows: {pairs / len(ids):.1f} a caption")

# %% [markdown]
# Three things are wasted. The photo is copied into every row. Each row repeats the row before. And a one-hot answer is as long as the vocabulary, where one id of four bytes would do.

# %% [markdown]
# ## 3. The merge model
#
# Two things go in, a photo and some words. Where do they meet? Tanti and colleagues (2018) compared the possible places: the photo need not go through the part that reads the words. Digest each alone, and **merge** them at the end:
#
# ```
# photo (3032) ─ standardise ─ dropout ─ dense ──────────┐
#                                                        + ─ dropout ─ dense ─ word_logits
# words so far ─ embedding ─ dropout ─ LSTM ─────────────┘             one number per word
# ```
#
# * **standardise** shifts and scales each feature to mean 0 and spread 1; it is fitted once, to the training photos. `image_scale` then says how loud the photo speaks: 3,032 numbers around 1 can drown the words.
# * **dropout** sets a random share of its inputs to zero, in training only, so that the model can't lean on any single number.
# * a **dense** layer multiplies by a matrix of weights and adds an offset; its results are called **units**. Most then turn negative results into zeros (**ReLU**), or two in a row could do no more than one. mini's recipe spares the photo's layer: with a ReLU there, the model learns 440 scenes by heart (three seeds, mini's test: colours 92% right; without it, 96%).
# * an **embedding** is a table: for each id a row of numbers, learnt like all weights.
# * an **LSTM** reads the words one after the other and keeps a memory; after each word it puts out what it makes of the words so far.
# * **logits** are raw scores, one per word; **softmax** turns them into probabilities that sum to 1: *e* to the power of each, divided by their sum.
#
# Make a toy with photos of 2 numbers, 7 words, 3 numbers per word and 4 units, and look at its weights. (The LSTM's are four times as wide: one part is what is new, three **gates** say what to take in, to forget and to put out.)

# %%
keras.utils.set_random_seed(SEED)
toy = MergeDecoder(vocab_size=7, feature_size=2, embedding_size=3, units=4)
toy.standardise.adapt(np.random.default_rng(SEED).normal(5, 2, (50, 2)))
toy.build()
for name in ["image_dense", "embedding", "lstm", "merge_dense", "word_logits"]:
    print(f"{name:<12}", [tuple(weight.shape) for weight in getattr(toy, name).weights])

# %% [markdown]
# The methods of `toy` say how these layers are connected. The photo first: `(captions, 2)` in, `(captions, 4)` out, one number per unit. Check the standardising by hand.


# %% tags=["same-as:helpers.models.merge.MergeDecoder.image_vector"]
def image_vector(self, features, training=False):
    standard = self.standardise(features) * self.sizes["image_scale"]
    return self.image_dense(self.image_dropout(standard, training=training))


toy_photos = np.array([[5.0, 3.0], [7.0, 9.0]], "float32")
mean, variance = (ops.convert_to_numpy(x) for x in (toy.standardise.mean, toy.standardise.variance))
by_hand = (toy_photos - mean) / np.sqrt(variance)
assert np.allclose(by_hand, toy.standardise(toy_photos), atol=1e-4)
print(by_hand.round(2), "→", tuple(image_vector(toy, toy_photos).shape))

# %% [markdown]
# The meeting place comes next. The two are added, number by number, and two dense layers make logits of the sum. `call` is the whole model; `expand_dims` gives the photo a words axis of length 1, so that the same photo is added at every word.


# %% tags=["same-as:helpers.models.merge.MergeDecoder.join", "same-as:helpers.models.merge.MergeDecoder.call"]
def join(self, image, words, training=False):
    merged = self.merge_dropout(ops.add(image, words), training=training)
    return self.word_logits(self.merge_dense(merged))


def call(self, inputs, training=False):
    features, word_ids = inputs
    embedded = self.word_dropout(self.embedding(word_ids), training=training)
    image = ops.expand_dims(self.image_vector(features, training), axis=1)
    return self.join(image, self.lstm(embedded), training)


# %% [markdown]
# Follow two captions of three words through, shape by shape.

# %%
toy_words = np.array([[2, 5, 4], [2, 6, 6]], "int32")
embedded = toy.embedding(toy_words)
read = toy.lstm(embedded)
image = ops.expand_dims(image_vector(toy, toy_photos), axis=1)
logits = join(toy, image, read)
steps = {"words": toy_words, "embedded": embedded, "read": read, "image": image, "logits": logits}
for name, value in steps.items():
    print(f"{name:<9} {tuple(value.shape)}")
assert np.allclose(logits, call(toy, (toy_photos, toy_words))) and logits.shape == (2, 3, 7)
assert np.allclose(logits, toy((toy_photos, toy_words)))

# %% [markdown]
# The logits have the axes `(captions, words, vocab)`: an answer for *every* word of *every* caption, at once.
#
# What does a model of full size say before it has learnt anything? `caption_features` lets it write greedily: it always takes its favourite next word (lesson 05). The photos are from dev.

# %%
untrained = work.new_captioner(recipe, SEED)
dev_names = dataset.splits["dev"]
three = [dev_names[i] for i in (0, len(dev_names) // 3, 2 * len(dev_names) // 3)]
three_features = work.features().rows(three)
print(f"{untrained.decoder.count_params():,} weights")
for caption in untrained.caption_features(three_features, beam_size=1):
    print(textwrap.shorten(caption, 90))

# %% [markdown]
# Random weights, random words, and no idea when to stop.
#
# ## 4. Whole captions at once
#
# Look at the rows of section 1 again. The words so far of the last row contain those of all rows above it, and the LSTM puts out something after *each* word it reads. So one pass over the caption answers all its questions: inputs are the ids without the last place, targets the same ids one place ahead. It is called **teacher forcing**: whatever the model would have said, it reads the right words on.

# %%
inputs, targets = ids[:3, :-1], ids[:3, 1:]
width = np.count_nonzero(ids[:3], axis=1).max() - 1
plots.draw_batch(np.stack([inputs[0, :width], targets[0, :width]]), tokenizer.words)

# %% [markdown]
# Above what goes in, below what should come out, place by place. Is that fair? At each place the model must not see the words to come, or it would copy the answer. An LSTM reads from left to right, so it can't; this property is called **causality**. Test it: change the word at place 3 and see which logits move.

# %%
photo = features[:1]
before = untrained.decoder((photo, inputs[:1])).numpy()[0]
changed = inputs[:1].copy()
changed[0, 3] = tokenizer.UNKNOWN
moved = np.abs(untrained.decoder((photo, changed)).numpy()[0] - before).max(axis=1)
print("largest change at places 0-5:", moved[:6].round(4))
assert moved[:3].max() < 1e-5 < moved[3]

# %% [markdown]
# Places 0 to 2 do not move at all. For the same reason padding on the right is harmless: no real answer depends on what comes after it. What remains is to leave the padding out of the **loss**, the number that training makes small.
#
# The loss at one place is the **cross-entropy**: minus the logarithm of the probability that the model gives to the right word. Probability 1 costs nothing, ½ costs 0.69, 1/100 costs 4.6. By hand, for three places of which the last is padding (target 0):

# %%
probabilities = np.array([[0.1, 0.2, 0.3, 0.4], [0.7, 0.1, 0.1, 0.1], [0.25, 0.25, 0.25, 0.25]])
toy_targets = np.array([3, 1, 0])
costs = -np.log(probabilities[[0, 1, 2], toy_targets])
real = toy_targets != 0
print("cost of each place", costs.round(3), "real", real)
print(f"loss per word: ({costs[0]:.3f} + {costs[1]:.3f}) / 2 = {costs[real].mean():.3f}")

# %% [markdown]
# The same for a batch. `logsumexp` is the logarithm of softmax's denominator: cross-entropy is this minus the logit of the right word. `smoothing` waits until section 7; at 0 it is switched off. The mask `real` comes from the targets, never from the inputs: there, the place of `<end>` is a real word without a question. Three tests follow.


# %% tags=["same-as:helpers.training.words_loss"]
def words_loss(targets, logits, smoothing=0.0):
    logits = ops.cast(logits, "float32")
    real = ops.cast(ops.not_equal(targets, 0), "float32")
    chosen = ops.take_along_axis(logits, ops.expand_dims(targets, -1), axis=-1)[..., 0]
    wanted = (1 - smoothing) * chosen + smoothing * ops.mean(logits, axis=-1)
    losses = ops.logsumexp(logits, axis=-1) - wanted
    return ops.sum(losses * real) / ops.maximum(ops.sum(real), 1.0)


toy_logits = np.log(probabilities).astype("float32")[np.newaxis]
assert np.isclose(words_loss(toy_targets[np.newaxis], toy_logits), costs[real].mean())
logits = untrained.decoder((features[photo_rows[:3]], inputs))
loss = float(words_loss(targets, logits))
of_keras = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
assert np.isclose(loss, of_keras(targets[targets != 0], logits.numpy()[targets != 0]), atol=1e-4)
narrow = untrained.decoder((features[photo_rows[:3]], inputs[:, :width]))
assert np.isclose(loss, words_loss(targets[:, :width], narrow), atol=1e-4)
guess = np.log(len(tokenizer))
print(f"untrained: {loss:.2f} per word; pure guessing: ln({len(tokenizer)}) = {guess:.2f}")

# %% [markdown]
# The untrained model is no better than guessing. Now the batches. A short caption beside a long one is mostly padding, computed for nothing. `CaptionBatches` therefore sorts captions by length, cuts the sorted list into batches, and shuffles the batches, and captions of equal length among themselves.
#
# Where to cut? Not after a fixed number of captions. Each batch makes one step, by the mean loss of its words: a word of a long caption would share its step with many others, and the captioner would learn to be brief. So every batch gets about as many *words*: many short captions, or few long ones. Three methods:
#
# * `cut` returns the places of the cuts, `groups` says which captions share a batch.
# * `__iter__` goes through all captions once, which is called an **epoch**. Its order follows from seed and epoch, so that an interrupted training can go on. Each batch is as wide as its longest caption. (`views` may hold the mirrored photos' features too; the `reshape` serves lesson 08.)


# %% tags=["same-as:helpers.batches.CaptionBatches.cut", "same-as:helpers.batches.CaptionBatches.groups", "same-as:helpers.batches.CaptionBatches.__iter__"]
def cut(self):
    words = np.cumsum(self.words[np.argsort(self.lengths)])
    batches = np.ceil(np.count_nonzero(self.ids[..., 0]) / self.batch_size)
    return 1 + np.flatnonzero(np.diff((words - 1) * batches // words[-1]))


def groups(self):
    ties = self.random.random(len(self.ids)) if self.shuffle else np.arange(len(self.ids))
    order = np.lexsort((ties, self.lengths))
    groups = np.split(order, self.cuts)
    if self.shuffle:
        self.random.shuffle(groups)
    return groups


def __iter__(self):
    self.random = np.random.default_rng([self.seed, self.epoch])
    self.epoch += 1
    groups = self.groups()
    views = self.random.integers(len(self.views) if self.shuffle else 1, size=len(groups))
    for chosen, view in zip(groups, views, strict=True):
        longest = self.lengths[chosen].max()
        ids = self.ids[chosen][..., :longest].reshape(-1, longest)
        features = self.views[view][self.photo_rows[chosen]].astype("float32")
        yield (features, ids[:, :-1]), ids[:, 1:]


# %% [markdown]
# See what sorting saves: the share of padded places in one epoch, with batches by length and with every caption padded to `max_length`.

# %%
batches = CaptionBatches(features, photo_rows, ids, recipe.batch_size, seed=SEED)
shapes, places = [], 0
for _, batch_targets in batches:
    shapes.append(batch_targets.shape)
    places += batch_targets.size
print(f"{len(batches)} batches, the first ones", shapes[:4])
print(f"padding: {1 - pairs / places:.1%}, instead of {1 - pairs / ids[:, 1:].size:.0%}")

# %% [markdown]
# ## 5. The proof: both ways ask the same
#
# Is a whole caption worth all its rows? Here is the classic model: one row in, the probabilities of one next word out. It is made of the *same layers and weights*; only the wiring differs. (`einsum` picks what the LSTM says after the last real word.)


# %% tags=["same-as:helpers.models.merge.next_word_model"]
def next_word_model(decoder, max_length):
    features = keras.Input((decoder.sizes["feature_size"],), name="features")
    word_ids = keras.Input((max_length,), dtype="int32", name="words_so_far")
    read = decoder.lstm(decoder.word_dropout(decoder.embedding(word_ids)))
    last = ops.sum(ops.cast(ops.not_equal(word_ids, 0), "int32"), axis=1) - 1
    read = ops.einsum("bwu,bw->bu", read, ops.one_hot(last, max_length))
    standard = decoder.standardise(features) * decoder.sizes["image_scale"]
    image = decoder.image_dense(decoder.image_dropout(standard))
    hidden = decoder.merge_dense(decoder.merge_dropout(ops.add(image, read)))
    probabilities = ops.softmax(decoder.word_logits(hidden))
    return keras.Model([features, word_ids], probabilities, name="next_word")


# %% [markdown]
# Add up the loss of three photos' captions, row by row and caption by caption.


# %%
def prove(model):
    classic = next_word_model(model, tokenizer.max_length - 1)
    rows, captions = prefix_generator(features, photo_rows, ids, len(tokenizer)), 0.0
    by_rows = 0.0
    for photo in range(3):
        (photos, words_so_far), next_words = next(rows)
        answers = classic.predict_on_batch([photos, words_so_far])
        by_rows -= np.log(answers[next_words == 1]).sum()
        own = ids[photo_rows == photo]
        logits = model((np.repeat(features[[photo]], len(own), axis=0), own[:, :-1]))
        captions += float(words_loss(own[:, 1:], logits)) * np.count_nonzero(own[:, 1:])
    print(f"{by_rows:.4f} by rows, {captions:.4f} by whole captions")
    assert abs(by_rows / captions - 1) < 1e-4


prove(untrained.decoder)

# %% [markdown]
# The same loss, so the same changes of the weights.
#
# ## 6. How much faster?
#
# Give both models the same 64 captions and let each take some training steps. The first step is left out: it **compiles**, that is, TensorFlow writes a plan of the calculation, which later steps follow. About 10 seconds on mini; on Flickr8k up to a minute.


# %%
def seconds_per_step(model, make_batch, steps=3):
    model.train_on_batch(*make_batch())
    start = time.perf_counter()
    for _ in range(steps):
        model.train_on_batch(*make_batch())
    return (time.perf_counter() - start) / steps


def batch_of_rows():
    chosen = zip(features[photo_rows[:64]], ids[:64], strict=True)
    rows = [prefix_rows(photo, caption, len(tokenizer)) for photo, caption in chosen]
    photos, words_so_far, next_words = map(np.concatenate, zip(*rows, strict=True))
    return (photos, words_so_far), next_words


# %% [markdown]
# Both models learn here, so they share a scratch copy.

# %%
scratch = work.new_captioner(recipe, SEED).decoder
classic = next_word_model(scratch, tokenizer.max_length - 1)
classic.compile("adam", "categorical_crossentropy")
scratch.compile("adam", CaptionLoss())
whole = CaptionBatches(features, photo_rows[:64], ids[:64], 64, shuffle=False)
rows_time = seconds_per_step(classic, batch_of_rows)
whole_time = seconds_per_step(scratch, lambda: next(iter(whole)))
print(f"64 captions as rows {1000 * rows_time:.0f} ms, whole {1000 * whole_time:.0f} ms")
print(f"whole captions are {rows_time / whole_time:.0f} times faster")

# %% [markdown]
# On two cores expect a factor of 5-30. A caption of 10 words makes 11 rows, and each row is padded to `max_length`. Each sends its copy of the photo through a dense layer again. And the one-hot answers are large: about 0.7 MB for these 64 captions on mini, 7.6 MB on Flickr8k.
#
# ## 7. Training
#
# Training goes downhill in small steps. After each batch it works out how fast the loss changes with every weight, the **gradient**, and the **optimiser** moves the weights a little the other way. The choices of a run stand together in a **recipe**:

# %%
for name, value in asdict(recipe).items():
    print(f"{name:<14} {value}")

# %% [markdown]
# * `decoder`: the kind of **decoder**, the part that writes. `epochs`, `batch_size`: rounds through the captions, and captions per step, on average.
# * `learning_rate`: the size of a step. It begins here and falls to 0 along half a cosine wave (**cosine decay**): large steps first, to get near, small ones at the end, to settle.
# * `smoothing`: **label smoothing**. There are several good next words ("dog", "puppy"), so the target is not all on one: most of it, and the rest spread over all words.
# * `average`: a running mean of the weights (**EMA**, exponential moving average). The last steps zigzag; their mean is better than any of them. The number is its **momentum**: the share of the old mean that each step keeps.
# * `min_count`, `max_length`: the tokenizer's, from lesson 03. `mirror`: whether mirrored photos are used. `length_power`, `search`: how captions are looked for (lesson 05). `precision`: bytes per number. `components`: shortens the features of lesson 08; 0 leaves them whole. `sizes`: of the model, dropout included.
#
# Two of them by hand. Smoothing first, with 0.1 over 4 words: the right word keeps 0.9 and each word gets 0.1 / 4.

# %%
smooth = 0.9 * np.eye(4)[[3, 1]] + 0.1 / 4
by_hand = -(smooth * np.log(probabilities[:2])).sum(axis=1).mean()
print("targets\n", smooth.round(3))
assert np.isclose(words_loss(toy_targets[np.newaxis], toy_logits, smoothing=0.1), by_hand)
print(f"smoothed loss {by_hand:.3f}, plain loss {costs[real].mean():.3f}")

# %% [markdown]
# A smoothed loss can't fall to 0. Now the average, with a momentum of 0.9, of a weight that jumps between 1 and 3:

# %%
weights, average, track = [1, 3] * 15, 1.0, []
for weight in weights:
    average = 0.9 * average + 0.1 * weight
    track.append(round(average, 2))
print("weight ", weights[-6:])
print("average", track[-6:])

# %% [markdown]
# The average stays close to 2. Its memory is about 1 / (1 − momentum) steps long: 10 here. A short run needs one that forgets fast.
#
# In Keras all of this fits into the optimiser. **Adam** is a good default. `clipnorm` shortens a step that would be wildly long, `CaptionLoss` is your `words_loss` in the form that Keras wants, `LossPerWord` its mean over all words of an epoch. `compile` gives all three to the model.
#
# Where TensorFlow finds a GPU, it uses it. Keras then hands the LSTM to cuDNN (lesson 03), and would translate other models with **XLA**, a compiler that makes a new program for every shape of batch. Ours differ in shape, so `jit_compile=False` forbids it.
#
# Below: the learning rate along the way.


# %% tags=["same-as:helpers.training.compile_decoder"]
def compile_decoder(model, recipe, steps):
    schedule = keras.optimizers.schedules.CosineDecay(recipe.learning_rate, steps)
    optimiser = keras.optimizers.Adam(
        schedule, clipnorm=5.0, use_ema=True, ema_momentum=recipe.average
    )
    per_word = LossPerWord(recipe.smoothing)
    model.compile(optimiser, CaptionLoss(recipe.smoothing), metrics=[per_word], jit_compile=False)


schedule = keras.optimizers.schedules.CosineDecay(recipe.learning_rate, 100)
for share in (0, 25, 50, 75, 100):
    print(f"after {share:>3} % of the steps: {float(schedule(share)):.5f}")

# %% [markdown]
# A falling loss is good, but is the model learning to *speak*? A **callback** is called by Keras at fixed moments. This one writes the captions of the same images before training and after each epoch. The last lines try it.


# %% tags=["same-as:helpers.training.CaptionEveryEpoch"]
class CaptionEveryEpoch(keras.callbacks.Callback):
    def __init__(self, caption, show=None):
        super().__init__()
        self.caption, self.show, self.captions = caption, show, []

    def on_train_begin(self, logs=None):
        self.note("restored" if int(self.model.optimizer.iterations) else "untrained")

    def on_epoch_end(self, epoch, logs=None):
        self.note(f"epoch {epoch + 1:2}, dev loss {(logs or {}).get('val_loss', np.nan):.3f}")

    def note(self, label):
        self.captions.append(self.caption())
        if self.show:
            self.show(label, self.captions[-1])


dry = CaptionEveryEpoch(caption=lambda: ["a dog"], show=print)
dry.on_epoch_end(epoch=0, logs={"val_loss": 2.5})
assert dry.captions == [["a dog"]]

# %% [markdown]
# Training itself is one call of `fit`, with three callbacks:
#
# * `progress`, from `resumable`, saves every epoch. After an interruption run the cell again, and it goes on from there; on Colab, whose disk dies with the session, only with the work folder [on Drive](../TROUBLESHOOTING.md#the-files-are-gone-after-a-pause).
# * `SwapEMAWeights` then puts the averaged weights into the model, for the dev loss and for your captions, and takes them out again for the next epoch.
# * your `CaptionEveryEpoch` comes last and meets the averaged weights.


# %% tags=["same-as:helpers.training.train_decoder"]
def train_decoder(model, train, dev, recipe, backup=None, callbacks=(), verbose=2):
    compile_decoder(model, recipe, steps=recipe.epochs * len(train))
    average = keras.callbacks.SwapEMAWeights(swap_on_epoch=True)
    with resumable(model, train, backup) as (progress, epochs_done):
        history = model.fit(
            train.dataset(),
            validation_data=dev.dataset(),
            initial_epoch=epochs_done,
            epochs=recipe.epochs,
            shuffle=False,
            verbose=verbose,
            callbacks=[progress, average, *callbacks],
        )
    return history.history


# %% [markdown]
# Why dev and never test? Whatever you look at while you still make choices, you fit yourself to: keep the epoch that does best on test, and the test score is flattered. (Keras calls dev “validation”, hence `val_loss`.)
#
# `work.batches` makes your `CaptionBatches` of a split. Seed, recipe and order are those of `work.captioner`, so later lessons use this captioner. With 2 cores it takes about 40 s on mini, on Flickr8k about 80 s an *epoch*.

# %%
train = work.batches("train", recipe, SEED)
dev = work.batches("dev", recipe, SEED)
captioner = work.new_captioner(recipe, SEED)


def show(label, captions):
    print(f"{label:<26}{textwrap.shorten(captions[0], 60, placeholder=' …')}")


diary = CaptionEveryEpoch(lambda: captioner.caption_features(three_features, 1), show)
folder = work.folder / "captioner"
history = train_decoder(
    captioner.decoder, train, dev, recipe, folder / "unfinished", [diary], verbose=0
)

# %% [markdown]
# Each line is the caption of the first of the three images. On mini expect a dev loss between 1.8 and 2.1 at the end. It can't get near 0: nobody can guess which of several good words a person chose. The curves:

# %%
plots.plot_losses(history)

# %% [markdown]
# The dev curve may lie *below* the training curve: dropout is in the way in training only, and the training loss is the mean over an epoch in which the model was still worse. A dev loss that rises while the training loss falls on means **overfitting**: the model learns the training captions by heart.
#
# And here is what the model says of the three images as training goes on.

# %% tags=["picture"]
images = [open_image(dataset.image_paths[name]) for name in three]
plots.show_epoch_captions(images, diary.captions, first=0)

# %% [markdown]
# Epoch 1 brings frequent words (see the diary), epoch 2 sentences, the rest details. Numbers are the hardest: an average says that there are birds, not how many.
#
# ## 8. Save it so that it loads
#
# What do you keep? Many tutorials save the whole model, as a pickle (lesson 03 says why not) or as `.h5`, Keras' older format. That has a trap of its own. Watch it close, on a tiny model:

# %%
words_in = keras.Input((5,))
read = keras.layers.LSTM(4)(keras.layers.Embedding(9, 3, mask_zero=True)(words_in))
trap = work.folder / "trap.h5"
keras.Model(words_in, read).save(trap)
try:
    keras.models.load_model(trap)
except ValueError as error:
    print(textwrap.shorten(str(error), 90))
trap.unlink()

# %% [markdown]
# Keras cannot read what it saved. So a captioner is a folder of plain files: `config.json` says how to build the model in code, `tokenizer.json` holds the words, `decoder.weights.h5` and `ngrams.npz` (lesson 12) hold numbers.

# %%
dev_loss, _ = captioner.decoder.evaluate(dev.dataset(), verbose=0)
captioner.config["dev loss"] = round(dev_loss, 4)
captioner.save(folder)
for path in sorted(folder.iterdir()):
    print(f"{path.name:<20} {path.stat().st_size / 1e3:>8,.0f} KB")
print({key: captioner.config[key] for key in ("decoder", "encoder", "dataset", "dev loss", "seed")})

# %% [markdown]
# `evaluate` agrees with the last line of the diary: the averaged weights are what you keep. Load the folder, compare what the two say, and repeat the proof of section 5, now with trained weights:

# %%
loaded = Captioner.load(folder)
said = loaded.caption_features(three_features)
assert said == captioner.caption_features(three_features)
for name, caption in zip(three, said, strict=True):
    print(f"{name}: {caption}")
prove(loaded.decoder)

# %% [markdown]
# The same captions, though weights are stored in two bytes instead of four. (Beam search wrote them, lesson 05; the diary was greedy.)
#
# How good are they? Lesson 06 scores captions. mini's scenes were drawn from facts, so count the captions that name the right object, place and colour. Here, after all choices are made, the test split may come in as well.

# %% tags=["scores"]
print(f"dev loss {dev_loss:.3f}")
if dataset.scenes:
    facts, synonyms = dataset.scenes["scenes"], dataset.scenes["synonyms"]
    for split, names in dataset.splits.items():
        names = names[:100]
        captions = loaded.caption_features(work.features().rows(names))
        records = [facts[name] for name in names]
        shares = {
            key: f"{named_share(captions, records, synonyms, key):.0%}"
            for key in ("object", "place", "colour")
        }
        print(f"{split:<5} right: {shares}")

# %% [markdown]
# ## Recap
#
# * A captioner learns one thing: the next word, given a photo and the words so far.
# * The merge model reads words with an LSTM, adds the photo behind it, and gives logits `(captions, words, vocab)`.
# * Teacher forcing answers all questions of a caption in one pass. It is the same loss as the classic rows, and many times faster.
# * The mask comes from the targets, and with padding on the right the future cannot leak.
# * Choose on dev. Save numbers and JSON, not objects.
#
# ## Exercises
#
# ### Exercise 1: Read the loss as a number of words
#
# **Perplexity** is e to the power of the loss: a model with perplexity 5 hesitates as if between 5 equally likely words. Write it.


# %% tags=["exercise"]
def perplexity(loss):
    return 0  # your turn


print("right" if np.isclose(perplexity(np.log(5)), 5) else "not yet")


# %% tags=["solution"]
# @title Solution 1
def perplexity(loss):
    return np.exp(loss)


print("right" if np.isclose(perplexity(np.log(5)), 5) else "not yet")

# %% [markdown]
# ### Exercise 2: Count rows without making them
#
# How many classic rows do some captions make? Write a function of their padded ids, without any loop.


# %% tags=["exercise"]
def count_rows(ids):
    return 0  # your turn


print("right" if count_rows(ids) == pairs else "not yet")


# %% tags=["solution"]
# @title Solution 2
def count_rows(ids):
    return np.count_nonzero(ids[:, 1:])  # every word but <start> is the answer to one question


print("right" if count_rows(ids) == pairs else "not yet")

# %% [markdown]
# ### Exercise 3: Break the mask
#
# Write the loss without a mask: the plain mean over all places. See that it depends on the width of the batch, which a loss should not.


# %% tags=["exercise"]
def unmasked_loss(targets, logits):
    return words_loss(targets, logits)  # your turn


pair = [float(unmasked_loss(t, x)) for t, x in ((targets, logits), (targets[:, :width], narrow))]
print(f"wide {pair[0]:.3f}, narrow {pair[1]:.3f}")
print("right" if abs(pair[0] - pair[1]) > 1e-3 else "not yet")


# %% tags=["solution"]
# @title Solution 3
def unmasked_loss(targets, logits):
    return ops.mean(keras.losses.sparse_categorical_crossentropy(targets, logits, from_logits=True))


pair = [float(unmasked_loss(t, x)) for t, x in ((targets, logits), (targets[:, :width], narrow))]
print(f"wide {pair[0]:.3f}, narrow {pair[1]:.3f}")
print("right" if abs(pair[0] - pair[1]) > 1e-3 else "not yet")

# %% [markdown]
# ### Exercise 4: Cook with another recipe
#
# Open. Change one thing in the recipe and train for two epochs on the first 500 captions. Does the dev loss go down? Try another learning rate, no dropout, fewer units. Leave `smoothing` alone: it changes what the loss means.


# %% tags=["exercise"]
def short_run(recipe):
    model = work.new_captioner(recipe, SEED).decoder
    few = CaptionBatches(features, photo_rows[:500], ids[:500], recipe.batch_size, seed=SEED)
    return train_decoder(model, few, dev, recipe, verbose=0)["val_loss"][-1]


short = replace(recipe, epochs=2)
mine = replace(short)  # your turn: learning_rate=…, or sizes={**short.sizes, "units": …}
print("not yet" if mine == short else f"{short_run(short):.3f} before, {short_run(mine):.3f} after")

# %% tags=["solution"]
# @title Solution 4
# In a run this short, larger steps win. In a long one they need not: try it.
mine = replace(short, learning_rate=4 * short.learning_rate)
print("not yet" if mine == short else f"{short_run(short):.3f} before, {short_run(mine):.3f} after")

# %% [markdown]
# ## Next
#
# You have trained a captioner and saved it. [05 generate captions](05_generate_captions.ipynb) makes it write: fast, in whole batches, and with beam search that looks further ahead than one word.
