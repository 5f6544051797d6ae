# %% [markdown]
# # 08 · Attend to regions
#
# You teach a captioner to look: before every word it chooses which parts of the photo matter, and you see where it looked.
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/OWNER/REPOSITORY/blob/main/notebooks/08_attend_to_regions.ipynb)
#
# [← 07 caption from url](07_caption_from_url.ipynb) · [contents](../README.md) · [09 write alt text →](09_write_alt_text.ipynb)

# %% [markdown]
# ![A drawn scene, then the same scene in grey once for every word of its caption, each time with another part coloured and outlined](images/08_attend_to_regions.png)
#
# One caption, word by word. The coloured part is what the model looked at before it wrote the word.

# %% [markdown]
# **You will learn**
#
# * what a photo loses when it is averaged to one vector
# * attention by hand: a query, keys, weights, a weighted mean
# * the top-down model, two LSTMs with attention between them, built in sight
# * how to train on more features than fit into memory
# * how to draw where the model looked, and how to test whether the look matters
#
# **You need** nothing: `helpers.pipeline` makes whatever is missing. The real photos come with scikit-image; without it there is only one.
#
# **Run times**
#
# | | Colab T4 | CPU, 2 cores |
# |---|---|---|
# | mini | about 2 min (estimate) | 1-4 min |
# | Flickr8k | about 15 min (estimate) | about 34 min |

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
# New among the helpers: `explain` is section 7 in one call, `DECODERS` lists the course's models by name, and `gather_regions` serves the appendix.

# %%
import json
import math
import time
from typing import NamedTuple

import keras
import numpy as np
from IPython.display import display
from keras import layers, ops

from helpers import plots
from helpers.apps.samples import free_photos
from helpers.batches import caption_rows
from helpers.captioner import Captioner
from helpers.captioner.explaining import explain
from helpers.datasets import DATA_FOLDER, open_dataset
from helpers.decoding import START
from helpers.features import gather_regions
from helpers.images import open_image
from helpers.metrics import cider_d_each, named_share, score_captions
from helpers.models import DECODERS, Decoder, repeat_rows
from helpers.pipeline import Workspace, recipe_for

# %% [markdown]
# Settings: `DATASET = "flickr8k"` runs the same lesson on the real photos.

# %% tags=["parameters"]
DATASET = "mini"  # or "flickr8k", or a folder of your own
DATA_DIR = None  # where Flickr8k lies; None looks in data/flickr8k, then downloads it
SEED = 7

# %% [markdown]
# ## 1. What does an average forget?
#
# Until now a photo was one vector of 3,032 numbers. But in lesson 02 Xception made a **grid** of 10 × 10 vectors, one for each **region** of the photo, and only the last step averaged them. This lesson keeps the grid.

# %%
dataset = open_dataset(DATASET, DATA_DIR)
work = Workspace(dataset)
recipe = recipe_for(dataset, "attention")
grid = work.features("xception-grid")
pooled = work.features("xception")
print("grid  ", grid.vectors.shape, grid.vectors.dtype)
print("pooled", pooled.vectors.shape, pooled.vectors.dtype)

# %% [markdown]
# Is the vector of lesson 02, the **pooled** one, really nothing but the mean of the regions? (Both files store 16-bit numbers.)

# %%
dev = dataset.splits["dev"]
regions, vectors = grid.rows(dev[:20]), pooled.rows(dev[:20])
print("largest difference", np.abs(regions.mean(axis=1) - vectors).max().round(4))
assert np.allclose(regions.mean(axis=1), vectors, rtol=0.02, atol=0.02)

# %% [markdown]
# An average keeps *what* is there and forgets *where*. And it drowns what is small: an object in five regions of a hundred makes up a twentieth of the mean.
#
# The regions still know where. Pick one and compare all others with it by cosine, as in lesson 02, after subtracting what all regions of the photo share. Below is a real photo (from scikit-image, CC0), encoded by the course's trained captioner: the more colour, the more alike.


# %%
def likeness(regions):
    own = regions - regions.mean(axis=0)
    unit = own / np.linalg.norm(own, axis=1, keepdims=True)
    return unit @ unit.T


photos = free_photos()
shown = photos.get("cat", photos["portrait"])
shipped = Captioner.load("attention-xception")
cosines = likeness(shipped.features([shown])[0])
places = {"like the middle": 55, "like top left": 11, "like the right": 49, "like bottom left": 80}
maps = np.maximum(cosines[list(places.values())], 0).reshape(-1, 10, 10)
plots.show_attention(open_image(shown), list(places), maps)

# %% [markdown]
# Are regions of one thing alike, or do regions merely resemble their neighbours? Mini can tell, because `boxes.json` records where its figures (the drawn things) are, as left, top, right and bottom in pixels. Take only pairs of regions exactly five apart: both on figures, or one on a figure and one off it.


# %%
def covered(boxes):
    inside = np.zeros((300, 300))  # a scene has 299 pixels a side, a region 30
    for left, top, right, bottom in boxes:
        inside[top:bottom, left:right] = 1
    return inside.reshape(10, 30, 10, 30).mean(axis=(1, 3))  # share of each region


boxes = {}
if DATASET == "mini":
    boxes = json.loads((DATA_FOLDER / "mini" / "boxes.json").read_text("utf-8"))
rows, columns = np.divmod(np.arange(100), 10)
apart = np.hypot(rows[:, None] - rows, columns[:, None] - columns) == 5  # as 3 by 4 are
both, one = [], []
for name, photo in zip(dev[:20] if boxes else [], regions, strict=False):
    on, cosines = covered(boxes[name]).ravel() > 0.5, likeness(photo)
    both += [*cosines[np.triu(apart & on[:, None] & on)]]  # each pair once
    one += [*cosines[apart & on[:, None] & ~on]]
if boxes:
    print(f"both on figures:     mean cosine {np.mean(both):5.2f} of {len(both):,} pairs")
    print(f"one on, one beside:  mean cosine {np.mean(one):5.2f} of {len(one):,} pairs")

# %% [markdown]
# All pairs are equally far apart, so distance doesn't explain the difference. A model that may choose among regions can use such likeness to find things.
#
# **Where do regions come from?** Anderson et al. (2018) took them from an **object detector**, a network that draws boxes around things: "bottom-up" attention, because the picture proposes what to look at. Jiang et al. (2020) found that the plain grid of such a network works about as well and is many times faster to compute. Ours comes from a network that learnt only to name things; such a grid did worse there. The appendix is about boxes.
#
# ## 2. More than fits into memory
#
# A hundred times as many numbers call for another kind of file. A NumPy **array file** (`.npy`) can be **mapped**: the array looks as if it were in memory, and the system reads from the disk only what you touch.

# %%
print(type(grid.vectors).__name__)
print(f"{len(grid.names):,} photos: {grid.vectors.nbytes / 1e9:.2f} GB on the disk")
per_photo = grid.vectors[0].nbytes
print(f"one photo {per_photo / 1e6:.2f} MB, the 8,000 of Flickr8k {8000 * per_photo / 1e9:.1f} GB")

# %% [markdown]
# `rows` reads the photos that you name at once. `select` only notes which photos you mean, and reads each when you ask for it.

# %%
train_regions = grid.select(dataset.splits["train"])
some = train_regions[[3, 0, 5]]
print("selected", train_regions.shape, "· read", some.shape, some.dtype)

# %% [markdown]
# ## 3. Attention by hand
#
# Take a scene with four regions. Three made-up numbers describe each: how much it looks like an animal, like a plant, like sky.

# %%
places = ["dog", "tree", "meadow", "sky"]
toy = np.array([[0.9, 0.1, 0.0], [0.1, 0.9, 0.1], [0.0, 0.8, 0.2], [0.0, 0.0, 1.0]])
print("mean", toy.mean(axis=0).round(2))

# %% [markdown]
# The mean says: a little of everything. Suppose the caption so far is "a brown", so an animal may follow. The model turns this into a vector, the **query**: a lot of animal, plants don't matter, preferably no sky. Each region has a **key** to compare it with; here the key is the region itself. Their scalar product (lesson 02) is the score, and softmax turns the scores into weights.

# %%
query = np.array([4.0, 0.0, -1.0])
scores = toy @ query
weights = np.exp(scores) / np.exp(scores).sum()
for place, score, weight in zip(places, scores, weights, strict=True):
    print(f"{place:8} score {score:5.2f}   weight {weight:.2f}")

# %% [markdown]
# The weights add up to 1. What the model sees is the mean of the regions, *weighted*:

# %%
seen = weights @ toy
print("seen", seen.round(2), "instead of", toy.mean(axis=0).round(2))
layer = layers.Attention()
theirs = layer([query[None, None], toy[None], toy[None]])
assert np.allclose(theirs[0, 0], seen)

# %% [markdown]
# That is **attention**, and the assertion says that Keras' layer does the same. (It takes the query, what is averaged, and the keys; here the last two are one.) Every region counts, some more than others. So what is seen changes smoothly with the query, and training can tell the model which way its query should have pointed.
#
# Three details. In the model a dense layer makes the keys from the regions, so that it can learn *by what* a region is found. Keys of many numbers have large products, which would make softmax all or nothing; so the products are divided by the square root of how many numbers a key has. And where a photo has fewer regions than another, zeros fill the gaps, and a **mask** tells the layer to give them no weight:

# %%
padded = np.concatenate([toy, np.zeros((2, 3))])
real = padded.any(axis=1)
_, weights = layer(
    [query[None, None], padded[None], padded[None]],
    mask=[None, real[None]],
    return_attention_scores=True,
)
print(ops.convert_to_numpy(weights)[0, 0].round(2))

# %% [markdown]
# ## 4. Two LSTMs with attention between them
#
# Where does the query come from? Here is one step of the **top-down** model, so called because the sentence decides where to look:

# %%
plots.draw_top_down(recipe.sizes.get("units", 512), recipe.sizes.get("attention_size", 256))

# %% [markdown]
# 1. The **attention LSTM** reads three things: the last word, the mean of all regions, and the other LSTM's output from the step before.
# 2. A dense layer turns its output into the query, and attention returns what is **seen**.
# 3. The **language LSTM** reads what is seen and the attention LSTM's output. Its own output and what is seen are added up, and the next word is chosen from the sum.
#
# Anderson et al. score regions by a small network with tanh, not by a scaled product; and the sum is ours: it gives what is seen a short way to the word. In code, `heard` and `said` are the outputs of the two LSTMs; `heard_cell` and `said_cell` are their inner memories. `build` tells each layer the size of its inputs. The captions of one image lie in consecutive rows and share its regions: hence `repeat_rows`, and the query's shape (images, captions of each, size).


# %% tags=["same-as:helpers.models.attention.TopDownCell"]
class TopDownCell(layers.Layer):
    def __init__(self, units, attention_size):
        super().__init__()
        self.units, self.attention_size = units, attention_size
        self.attention_lstm = layers.LSTMCell(units)
        self.query_dense = layers.Dense(attention_size)
        self.attention = layers.Attention()
        self.language_lstm = layers.LSTMCell(units)
        self.state_size = [units] * 9  # `layers.RNN` wants to know how many parts there are

    def build(self, word_shape):
        units, keys = self.units, self.attention_size
        self.attention_lstm.build((None, 2 * units + word_shape[-1]))
        self.query_dense.build((None, units))
        self.attention.build([(None, None, keys), (None, None, units), (None, None, keys)])
        self.language_lstm.build((None, 2 * units))

    def call(self, word, states, training=False):
        regions, keys, mean, real, heard, heard_cell, said, said_cell, _ = states
        captions = ops.shape(word)[0]
        query_input = ops.concatenate([said, repeat_rows(mean, captions), word], axis=-1)
        heard, (heard, heard_cell) = self.attention_lstm(query_input, [heard, heard_cell])
        query = self.query_dense(heard) / math.sqrt(self.attention_size)
        query = ops.reshape(query, (ops.shape(keys)[0], -1, self.attention_size))
        seen, weights = self.attention(
            [query, regions, keys], mask=[None, real], return_attention_scores=True
        )
        seen = ops.reshape(seen, (captions, self.units))
        weights = ops.reshape(weights, (captions, ops.shape(keys)[1]))
        language_input = ops.concatenate([seen, heard], axis=-1)
        said, (said, said_cell) = self.language_lstm(language_input, [said, said_cell])
        return said + seen, [regions, keys, mean, real, heard, heard_cell, said, said_cell, weights]


# %% [markdown]
# Try it on one image with four regions and two captions. The first four states describe the image, the other five are the memory:

# %%
cell = TopDownCell(units=6, attention_size=3)
random = keras.random.SeedGenerator(SEED)
image = [
    keras.random.normal((1, 4, 6), seed=random),
    keras.random.normal((1, 4, 3), seed=random),
    keras.random.normal((1, 6), seed=random),
    ops.ones((1, 4), "bool"),
]
words = keras.random.normal((2, 5), seed=random)
vectors, states = cell(words, [*image, *[ops.zeros((2, 6))] * 4, ops.zeros((2, 4))])
print("vectors", tuple(vectors.shape), "· weights", tuple(states[-1].shape))
print(ops.convert_to_numpy(states[-1]).round(2))

# %% [markdown]
# The two captions of one image weigh its regions a little differently, because they have read different words.
#
# Around the cell there is a decoder as in lesson 04. `look` does, once per image, everything that needs no words: it standardises and scales the features, turns them into regions of `units` numbers, and makes the keys and the mean.


# %% tags=["same-as:helpers.models.attention.AttentionDecoder.__init__", "same-as:helpers.models.attention.AttentionDecoder.look"]
class AttentionDecoder(Decoder):
    kind, groups_photos = "attention", True  # one row of features for all captions of a photo

    def __init__(
        self,
        vocab_size,
        feature_size=3032,
        embedding_size=256,
        units=512,
        attention_size=256,
        image_scale=0.3,
        image_dropout=0.3,
        word_dropout=0.3,
        output_dropout=0.5,
    ):
        super().__init__(locals(), (None, feature_size))
        self.standardise = layers.Normalization()
        self.image_dropout = layers.Dropout(image_dropout)
        self.region_dense = layers.Dense(units, activation="relu")
        self.key_dense = layers.Dense(attention_size, use_bias=False)
        wide = keras.initializers.RandomNormal(stddev=0.5)  # Keras' own ±0.05 starts very slowly
        self.embedding = layers.Embedding(vocab_size, embedding_size, wide)
        self.word_dropout = layers.Dropout(word_dropout)
        self.cell = TopDownCell(units, attention_size)
        self.reader = layers.RNN(self.cell, return_sequences=True)
        self.output_dropout = layers.Dropout(output_dropout)
        self.word_logits = layers.Dense(vocab_size)

    def look(self, features, training=False):
        real = ops.any(ops.not_equal(features, 0), axis=-1)
        standard = self.standardise(features) * self.sizes["image_scale"]
        regions = self.region_dense(self.image_dropout(standard, training=training))
        share = ops.expand_dims(ops.cast(real, regions.dtype), axis=-1)
        mean = ops.sum(regions * share, axis=1) / ops.maximum(ops.sum(share, axis=1), 1)
        return regions, self.key_dense(regions), mean, real


# %% [markdown]
# What does `look` return for an image with four regions, one of them missing?

# %%
toy_model = AttentionDecoder(vocab_size=9, feature_size=3, units=6, attention_size=2)
for label, part in zip(
    ["regions", "keys", "mean", "real"], toy_model.look(padded[None, 1:5]), strict=True
):
    print(f"{label:8}", tuple(part.shape))

# %% [markdown]
# Now the methods that need words. `call` reads whole captions for training; `layers.RNN` runs the cell along the words, as `layers.LSTM` does with its own. `start` and `step` write word by word, with the same layers.


# %% tags=["same-as:helpers.models.attention.AttentionDecoder.empty_memory", "same-as:helpers.models.attention.AttentionDecoder.call", "same-as:helpers.models.attention.AttentionDecoder.start", "same-as:helpers.models.attention.AttentionDecoder.step", "same-as:helpers.models.attention.AttentionDecoder.attention"]
class AttentionDecoder(AttentionDecoder):
    def empty_memory(self, image, captions):
        regions = image[0]
        zeros = ops.zeros((captions, self.sizes["units"]), regions.dtype)
        return *[zeros] * 4, ops.zeros((captions, ops.shape(regions)[1]), regions.dtype)

    def call(self, inputs, training=False):
        features, word_ids = inputs
        image = self.look(features, training)
        memory = self.empty_memory(image, ops.shape(word_ids)[0])
        words = self.word_dropout(self.embedding(word_ids), training=training)
        vectors = self.reader(words, initial_state=[*image, *memory], training=training)
        return self.word_logits(self.output_dropout(vectors, training=training))

    def start(self, features):
        image = self.look(features)
        return image, self.empty_memory(image, ops.shape(features)[0])

    def step(self, word_ids, state):
        image, memory = state
        vectors, states = self.cell(self.embedding(word_ids), [*image, *memory])
        return self.word_logits(vectors), (image, tuple(states[len(image) :]))

    def attention(self, state):
        _, memory = state
        return memory[-1]


DECODERS["attention"] = AttentionDecoder  # from here on the course trains this class

# %% [markdown]
# Does stepping give the same logits as one call? And how many weights does the model have?

# %%
tokenizer = work.tokenizer()
model = AttentionDecoder(len(tokenizer), **recipe.sizes)
model.build()
captions, photo_rows = caption_rows(work.descriptions, dataset.splits["train"])
ids = tokenizer.encode_batch(captions)
at_once = model((train_regions[:3], ids[[0, 5, 10], :8]))
state = model.start(train_regions[:3])
for place in range(8):
    logits, state = model.step(ids[[0, 5, 10], place], state)
    assert np.allclose(logits, at_once[:, place], atol=1e-4)
print("stepping agrees with one call;", f"{model.count_params():,} weights")

# %% [markdown]
# ## 5. Five captions, one look
#
# Must `look` run five times, once for each caption of a photo? `group_by_photo` brings the captions of a photo together, so that a batch has one row of features for all of them. In it, `number` counts the captions of each photo from 0. A photo with fewer captions than others gets empty ones.


# %% tags=["same-as:helpers.batches.group_by_photo"]
def group_by_photo(photo_rows, ids):
    photos, place, counts = np.unique(photo_rows, return_inverse=True, return_counts=True)
    order = np.argsort(place, kind="stable")
    number = np.arange(len(order)) - np.repeat(np.cumsum(counts) - counts, counts)
    grouped = np.zeros((len(photos), counts.max(), np.shape(ids)[1]), "int32")
    grouped[place[order], number] = np.asarray(ids)[order]
    return photos, grouped


# %% [markdown]
# Three captions go in, two of them of photo 0:

# %%
toy_photos, toy_ids = np.array([0, 1, 0]), np.array([[2, 4, 3], [2, 5, 3], [2, 6, 3]])
for photo, caption in zip(toy_photos, toy_ids, strict=True):
    print(f"in:  photo {photo}  {caption.tolist()}")
for photo, group in zip(*group_by_photo(toy_photos, toy_ids), strict=True):
    print(f"out: photo {photo}  {group.tolist()}")

# %% [markdown]
# Photo 1 has an empty caption, which the mask of lesson 04 keeps out of the loss.
#
# How much does it save for a batch of 16 photos?

# %%
_, grouped = group_by_photo(photo_rows, ids)
few, their_ids = train_regions[:16], grouped[:16].reshape(-1, ids.shape[1])
ways = {"look once a photo": few, "look once a caption": np.repeat(few, grouped.shape[1], axis=0)}
results = {}
for way, features in ways.items():
    times = []
    for _ in range(4):
        begin = time.perf_counter()
        results[way] = model((features, their_ids))
        times.append(time.perf_counter() - begin)
    print(f"{way}: {min(times):.2f} s, the best of four")
assert np.allclose(*results.values(), atol=1e-4)

# %% [markdown]
# ## 6. Train it
#
# Recipe, loss and callbacks are those of lesson 04; `work.batches` groups by photo, because the decoder's `groups_photos` asks for it.

# %%
train = work.batches("train", recipe, SEED)
(features, inputs), targets = next(iter(train))
print("features", features.shape, "inputs", inputs.shape, "targets", targets.shape)
untrained = work.new_captioner(recipe, SEED)
assert type(untrained.decoder) is AttentionDecoder  # the class of section 4

# %% [markdown]
# With 2 cores this takes one to three minutes on mini; expect a dev loss of 1.9-2.2 at the end. (Lesson 04's merge model ended at 1.95. But a loss doesn't say what a model writes; section 8 compares that.) On Flickr8k the recorded runs ended at 3.51 and 3.52.

# %%
begin = time.perf_counter()
captioner = work.captioner(recipe, SEED, "attention-captioner")
print(f"{(time.perf_counter() - begin) / 60:.1f} min; dev loss {captioner.config['dev loss']}")

# %% [markdown]
# ## 7. Where does it look?
#
# Walk the model through the words of a caption, its own or any other, and note the weights with which each word is chosen.


# %%
def attention_maps(model, features, ids):
    state, maps = model.start(features[None]), []
    for word in [START, *ids][: len(ids)]:
        _, state = model.step(np.array([word], "int32"), state)
        maps.append(np.asarray(model.attention(state))[0])
    return np.array(maps, "float32").reshape(len(ids), len(features))


# %% [markdown]
# Below are the maps of the dev photo with the best score among those with short captions. Colour begins where a region has more than an even share of the weight; the line encloses the regions that have much more.


# %%
def looks(captioner, name, caption):
    ids = captioner.tokenizer.encode(caption)[1:-1]
    maps = attention_maps(captioner.compiled, grid.rows([name])[0], ids)  # compiled: lesson 05
    return maps.reshape(-1, 10, 10)


dev_captions = dict(zip(dev, captioner.caption_features(grid.select(dev)), strict=True))
dev_scores = cider_d_each(dataset.references("dev"), [*dev_captions.values()])
short = [i for i, caption in enumerate(dev_captions.values()) if len(caption.split()) < 10]
best = dev[max(short, key=lambda i: dev_scores[i])]
caption = dev_captions[best]
maps = looks(captioner, best, caption)
assert np.allclose(maps.sum(axis=(1, 2)), 1, atol=1e-3)
print(caption)

# %% tags=["picture"]
plots.show_attention(open_image(dataset.image_paths[best]), caption.split(), maps)

# %% [markdown]
# Most looks fit, not all: nobody told the model where anything is. Walk section 6's untrained twin through the same words:

# %%
blank = attention_maps(untrained.decoder, grid.rows([best])[0], tokenizer.encode(caption)[1:-1])
for label, weights in {"untrained": blank, "trained": maps}.items():
    print(f"{label:10} largest weight {weights.max():.3f}; even attention would be 0.010")

# %% [markdown]
# The twin's attention is nearly even. Where to look is learnt, like everything else.
#
# ### Real photos
#
# The course's captioner `attention-xception` is this model, trained on real photos of Flickr8k and COCO. What does it look at in photos that come with Matplotlib (the portrait) and scikit-image (the others), all in the public domain or CC0? Left out are the eight commonest words, such as "a" and "in"; of the others you see the first five. The confidence is that of lesson 07.

# %%
for label in ("portrait", "astronaut", "cat", "rocket"):
    if label not in photos:
        print(f"{label}: left out; pip install scikit-image brings the photo")
        continue
    seen = explain(shipped, photos[label])
    dull = shipped.config.get("function_words", [])
    content = [i for i, word in enumerate(seen.words) if word not in dull]
    confidence = seen.candidates[0].confidence
    sure = "" if confidence is None else f" (confidence {confidence:.0%})"
    print(f"{label}: {' '.join(seen.words)}{sure}")
    words = [seen.words[i] for i in content[:5]]
    display(plots.show_attention(seen.image, words, seen.maps[content[:5]], columns=6))

# %% [markdown]
# Judge for yourself which captions are true, and where a look explains a word. What the captioner has never met, it describes in the words of Flickr8k, and it looks *somewhere* for every word. The command line draws the same maps:
#
# ```sh
# python -m helpers.captioner photo.jpg --captioner attention-xception --explain looks
# ```
#
# ### Right words, wrong words
#
# Do wrong words come from wrong looks? One picture proves nothing, so count. How much of a map's weight lies on the figures? (As a test, even weights must give the boxes' share of the area.)


# %%
def share_on(boxes, weights):
    return float((covered(boxes) * weights).sum())


print(f"left half, even weights: {share_on([[0, 0, 150, 300]], np.full((10, 10), 0.01)):.2f}")

# %% [markdown]
# Go through all photos that the model was not trained on. Words for an object, a colour or a number should come from the figures, and mini's `scenes.json` says whether each is right.


# %%
class Look(NamedTuple):
    share: float  # of the weights, on the figures
    key: str  # what the word names: object, colour or count
    word: str
    name: str
    caption: str
    right: bool


said = []
held_out = [*dev, *dataset.splits["test"]] if boxes else []
captions = captioner.caption_features(grid.select(held_out)) if held_out else []
for name, caption in zip(held_out, captions, strict=True):
    maps = looks(captioner, name, caption)
    for key in ("object", "colour", "count"):
        record = str(dataset.scenes["scenes"][name][key])
        meant = {
            word: value
            for value, names in dataset.scenes["synonyms"][key].items()
            for word in names
        }
        for word, weights in zip(caption.split(), maps, strict=True):
            if word in meant and meant[word] != "1":  # one thing needs no word for its number
                share = share_on(boxes[name], weights)
                said.append(Look(share, key, word, name, caption, meant[word] == record))
print(len(said), "words")

# %% [markdown]
# Compare the means over *all* words. A bootstrap (lesson 06) says how far chance alone moves their difference:

# %%
numbers = np.random.default_rng(SEED)


def interval(*groups):
    means = [numbers.choice(group, (1000, len(group))).mean(axis=1) for group in groups]
    return np.percentile(means[0] - sum(means[1:]), [2.5, 97.5])


print("weight on the figures    right words      wrong words      difference (95 %)")
for key in ("object", "colour", "count") if boxes else ():
    right = [look.share for look in said if look.key == key and look.right]
    wrong = [look.share for look in said if look.key == key and not look.right]
    row = f"{key:8} {'':12} {np.mean(right or [0]):6.0%} of {len(right):3}"
    row += f"    {np.mean(wrong or [0]):6.0%} of {len(wrong):3}     "
    if min(len(right), len(wrong)) >= 10:
        low, high = interval(right, wrong)
        print(f"{row}{low:+.0%} to {high:+.0%}")
    else:
        print(f"{row}too few")

# %% [markdown]
# Fewer than ten wrong words are too few for an interval. That of the numbers contains 0: nothing shows that the model looks elsewhere where it counts wrongly.
#
# Here is a typical wrong word: the middle one of all, sorted by share. (Data sets without boxes show the dev photo with the worst score.)

# %%
name, caption = dev[int(np.argmin(dev_scores))], None
if mistakes := sorted(look for look in said if not look.right):
    typical = mistakes[len(mistakes) // 2]
    name, caption = typical.name, typical.caption
    print(f'on the figures at "{typical.word}": {typical.share:.0%}')
caption = caption or dev_captions[name]
print("model:    ", caption)
print("reference:", dataset.captions[name][0])
maps = looks(captioner, name, caption)
plots.show_attention(open_image(dataset.image_paths[name]), caption.split(), maps)

# %% [markdown]
# Did it look *elsewhere*, or at the right thing and *name it wrongly*? In the second case the look isn't to blame, but the features or the words. Where it looks for "a" or "on" means little: the language LSTM can write such words from memory.
#
# A heat map shows what the model *weighed*, not *why* it wrote a word (Jain and Wallace 2019). And a region's vector also describes what lies far beyond its own square.
#
# ### Blindfold it
#
# Does the look matter? For each of sixty dev photos keep the three regions that got the largest weights for any word, and caption again: the others become zeros, which count as missing (section 3). Then keep three at random, and the three with the smallest weights.


# %%
def keep_only(features, places):
    kept = np.zeros_like(features)
    kept[places] = features[places]
    return kept


sixty = [name for name in dev[:60] if dev_captions[name]]  # those with a word at least
references = [dataset.captions[name] for name in sixty]
order = [looks(captioner, name, dev_captions[name]).max(axis=0).ravel().argsort() for name in sixty]
ways = {"most looked at": [places[-3:] for places in order]}
ways["at random"] = [numbers.permutation(100)[:3] for _ in sixty]
ways["least looked at"] = [places[:3] for places in order]
said = [dev_captions[name] for name in sixty]
blind = {"all 100 regions": cider_d_each(references, said)}
for label, kept in ways.items():
    pairs = zip(grid.rows(sixty), kept, strict=True)
    texts = captioner.caption_features(np.stack([keep_only(*pair) for pair in pairs]))
    blind[label] = cider_d_each(references, texts)
    print(f"{label:16} {texts[0][:70]}")
for label, scores in blind.items():
    print(f"{label:16} CIDEr-D {np.mean(scores):5.1f}")
low, high = interval(np.subtract(blind["most looked at"], blind["at random"]))
print(f"most looked at, less at random: {low:+.0f} to {high:+.0f} (95 %)")

# %% [markdown]
# The more looked at, the more three regions are worth: the weights say something about what the model needs. But part of every loss is shock, as in "a flowers a a meadow": the model has never met such photos, and the mean that its attention LSTM reads has lost those regions, too.
#
# ## 8. Does looking pay?
#
# Compare the merge model of lesson 04 and this one on the same dev photos. The last line is the paired comparison of lesson 06.

# %% tags=["scores"]
merge = work.captioner()
said = {"merge": merge.caption_features(pooled.select(dev)), "attention": [*dev_captions.values()]}
for label, captions in said.items():
    scores = score_captions(dataset.references("dev"), captions)
    row = f"{label:10} dev BLEU-4 {scores['BLEU-4']:5.1f}  CIDEr-D {scores['CIDEr-D']:6.1f}"
    if dataset.scenes:
        records = [dataset.scenes["scenes"][name] for name in dev]
        for key in ("object", "place", "colour", "count"):
            share = named_share(captions, records, dataset.scenes["synonyms"], key)
            row += f"  {key} {share:.0%}"
    print(row)
each = cider_d_each(dataset.references("dev"), said["merge"])
low, high = interval(np.subtract(dev_scores, each))
print(f"attention less merge, photo by photo: CIDEr-D {low:+.1f} to {high:+.1f} (95 %)")

# %% [markdown]
# The interval contains 0: on sixty drawings the two can't be told apart. In counting, lesson 06's question, attention did worse. One reason may be that attention averages what it looks at: three birds look like one.
#
# Real photos are the better judge. These are the course's recorded runs, on Flickr8k's 1,000 test photos, seed by seed:

# %%
recorded = json.loads((DATA_FOLDER / "captioners" / "results.json").read_text("utf-8"))["runs"]
for name in ("merge-xception", "attention-xception-grid"):
    scores = [run["scores"]["test, beam 3"]["CIDEr-D"] for run in recorded if run["name"] == name]
    print(f"{name:24} CIDEr-D", "  ".join(f"{score:.1f}" for score in scores))

# %% [markdown]
# On real photos every run of the attention model is ahead of every run of the merge model.
#
# ## Appendix: regions from elsewhere
#
# Do you have boxes from a detector? Save the features of each photo as an array (regions, channels), `dog.npy` for `dog.jpg`, and `gather_regions` makes one array file of them. Here are three made-up ones:

# %%
folder = work.folder / "boxes"
folder.mkdir(exist_ok=True)
for name, count in [("one", 10), ("two", 36), ("three", 100)]:
    np.save(folder / f"{name}.npy", numbers.normal(size=(count, 64)).astype("float16"))
detected = gather_regions(folder, ["one.jpg", "two.jpg", "three.jpg"], work.folder / "boxes.npy")
print(detected.encoder, detected.vectors.shape)
other = AttentionDecoder(len(tokenizer), feature_size=64)
print("logits", tuple(other((detected.vectors[:].astype("float32"), ids[:3, :6])).shape))

# %% [markdown]
# `python -m helpers.pipeline --model attention --regions FOLDER …` trains on such a folder. To caption a *new* photo you need the detector, too.

# %% [markdown]
# ## Recap
#
# * The average of a grid forgets where things are and drowns small things.
# * Attention is a weighted mean. A query is compared with keys; softmax makes the weights.
# * Do once per photo what needs no words.
# * A heat map shows weights, not reasons. To learn whether a look matters, count, or cover it up.
#
# ## Exercises
#
# ### Exercise 1: Sharper and softer looks
#
# Divide the scores by a temperature (lesson 05) before softmax. Write `attend(scores, temperature)`. What do very low and very high temperatures do?


# %% tags=["exercise"]
def attend(scores, temperature):
    return scores  # your turn


four, problem = np.array([3.6, 0.3, -0.2, -1.0]), ""
cases = {0.01: [1, 0, 0, 0], 1: [0.937, 0.035, 0.021, 0.009], 1000: [0.25] * 4, 1e-4: [1, 0, 0, 0]}
for temperature, wanted in cases.items():
    got = np.asarray(attend(four.copy(), temperature), float)
    if got.shape != (4,) or not np.allclose(got, wanted, atol=0.002):
        problem = problem or f"at temperature {temperature} the weights are {got}, due are {wanted}"
print(f"not yet: {problem}" if problem else "right")


# %% tags=["solution"]
# @title Solution 1
def attend(scores, temperature):
    powers = np.exp((scores - np.max(scores)) / temperature)  # the largest is 1: no overflow
    return powers / powers.sum()


# Low: all the weight on one region. High: all regions alike, which is the mean of lesson 04.

four, problem = np.array([3.6, 0.3, -0.2, -1.0]), ""
cases = {0.01: [1, 0, 0, 0], 1: [0.937, 0.035, 0.021, 0.009], 1000: [0.25] * 4, 1e-4: [1, 0, 0, 0]}
for temperature, wanted in cases.items():
    got = np.asarray(attend(four.copy(), temperature), float)
    if got.shape != (4,) or not np.allclose(got, wanted, atol=0.002):
        problem = problem or f"at temperature {temperature} the weights are {got}, due are {wanted}"
print(f"not yet: {problem}" if problem else "right")

# %% [markdown]
# ### Exercise 2: How many regions does a word look at?
#
# The **entropy** of the weights w is −Σ w log w. Raise e to that power, and you get a number of regions: 100 if all weigh the same, 1 if one has all the weight. (A weight of 0 adds nothing, but `np.log(0)` would spoil the sum: keep it above 0.) Write `regions_looked_at(maps)` for maps of shape (words, rows, columns). Which words of the first caption of section 7 look at the fewest regions?


# %% tags=["exercise"]
def regions_looked_at(maps):
    return np.zeros(len(maps))  # your turn


even, one, pair = np.full(100, 0.01), np.eye(100)[0], np.repeat([0.5, 0], [2, 98])
uneven, wanted = np.repeat([0.7, 0.3, 0], [1, 1, 98]), [100, 1, 2, 1.842]
got = regions_looked_at(np.stack([even, one, pair, uneven]).reshape(4, 10, 10))
same = np.shape(got) == (4,) and np.allclose(got, wanted, atol=0.01)
print("right" if same else f"not yet: of four maps you find {got}, due are {wanted}")


# %% tags=["solution"]
# @title Solution 2
def regions_looked_at(maps):
    weights = maps.reshape(len(maps), -1)
    entropy = -(weights * np.log(np.maximum(weights, 1e-12))).sum(axis=1)
    return np.exp(entropy)


maps = looks(captioner, best, dev_captions[best])
for word, number in zip(dev_captions[best].split(), regions_looked_at(maps), strict=True):
    print(f"{word:12} {number:5.1f} regions")

even, one, pair = np.full(100, 0.01), np.eye(100)[0], np.repeat([0.5, 0], [2, 98])
uneven, wanted = np.repeat([0.7, 0.3, 0], [1, 1, 98]), [100, 1, 2, 1.842]
got = regions_looked_at(np.stack([even, one, pair, uneven]).reshape(4, 10, 10))
same = np.shape(got) == (4,) and np.allclose(got, wanted, atol=0.01)
print("right" if same else f"not yet: of four maps you find {got}, due are {wanted}")

# %% [markdown]
# ### Exercise 3: Cover what it looks at
#
# The blindfold the other way round: write `hide(features, weights, count)`, which returns features of shape (regions, channels) with the `count` regions of the largest weights set to zero, and leaves the original as it is. Then an open task: how many regions can you cover before the score falls clearly? You are done when you have the CIDEr-D for 5, 20 and 50 covered regions, and for as many covered at random.


# %% tags=["exercise"]
def hide(features, weights, count):
    return features  # your turn


original = np.arange(1.0, 9).reshape(4, 2)
weights, problem = np.array([0.4, 0.1, 0.3, 0.2]), ""
for count, left in {2: [1, 3], 1: [1, 2, 3], 0: [0, 1, 2, 3], 4: []}.items():
    given = original.copy()
    got = np.asarray(hide(given, weights, count))
    rows = np.flatnonzero(got.any(axis=-1)).tolist() if got.shape == (4, 2) else got.shape
    if rows != left or not np.array_equal(got[left], original[left]):
        problem = problem or f"with {count} of 4 covered, regions {left} are due, you leave {rows}"
    if not np.array_equal(given, original):
        problem = problem or "the features that were given have changed: work on a copy"
print(f"not yet: {problem}" if problem else "right")


# %% tags=["solution"]
# @title Solution 3
def hide(features, weights, count):
    left = np.array(features)
    left[np.argsort(-weights)[:count]] = 0  # not [-count:], which takes all for a count of 0
    return left


ways = {"most looked at": [places.argsort() for places in order]}  # their ranks serve as weights
ways["at random"] = [numbers.random(100) for _ in sixty]
print(f"none covered: CIDEr-D {np.mean(blind['all 100 regions']):.1f}")
for count in (5, 20, 50):
    for way, ranks in ways.items():
        pairs = zip(grid.rows(sixty), ranks, strict=True)
        texts = captioner.caption_features(np.stack([hide(*pair, count) for pair in pairs]))
        score = np.mean(cider_d_each(references, texts))
        print(f"{count:2} covered, {way:14}: CIDEr-D {score:.1f}")
# Twenty can be missed: other regions tell much the same. Of fifty it seems to matter which.


original = np.arange(1.0, 9).reshape(4, 2)
weights, problem = np.array([0.4, 0.1, 0.3, 0.2]), ""
for count, left in {2: [1, 3], 1: [1, 2, 3], 0: [0, 1, 2, 3], 4: []}.items():
    given = original.copy()
    got = np.asarray(hide(given, weights, count))
    rows = np.flatnonzero(got.any(axis=-1)).tolist() if got.shape == (4, 2) else got.shape
    if rows != left or not np.array_equal(got[left], original[left]):
        problem = problem or f"with {count} of 4 covered, regions {left} are due, you leave {rows}"
    if not np.array_equal(given, original):
        problem = problem or "the features that were given have changed: work on a copy"
print(f"not yet: {problem}" if problem else "right")

# %% [markdown]
# ## Next
#
# Your captioner now looks before it speaks. A website may have thousands of photos, and often they lack alt text: [09 write alt text](09_write_alt_text.ipynb) captions them all, and politely.
#
# ### Further reading
#
# * Xu et al. 2015, [Show, attend and tell](https://arxiv.org/abs/1502.03044): the first captioner that looks.
# * Anderson et al. 2018, [Bottom-up and top-down attention](https://arxiv.org/abs/1707.07998): the model of this lesson, with boxes from a detector.
# * Jiang et al. 2020, [In defense of grid features](https://arxiv.org/abs/2001.03615): why a plain grid is enough, if its network learnt to detect things.
# * Vaswani et al. 2017, [Attention is all you need](https://arxiv.org/abs/1706.03762): scaled products, and a model made of nothing else; lesson 13 builds one.
# * Jain and Wallace 2019, [Attention is not explanation](https://arxiv.org/abs/1902.10186), and the answer of Wiegreffe and Pinter 2019, [Attention is not not explanation](https://arxiv.org/abs/1908.04626).
