# %% [markdown]
# # 08 · Attend to regions
#
# You give a captioner the power to look: before every word it chooses which parts of the photo matter, and you see where it looked.
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/OWNER/REPOSITORY/blob/main/notebooks/08_attend_to_regions.ipynb)
#
# [← 07 caption from url](07_caption_from_url.ipynb) · [contents](../README.md) · [09 write alt text →](09_write_alt_text.ipynb)

# %% [markdown]
# ![A drawn scene, shown once for every word of its caption; each time another part of it is lit and the rest lies in the dark](images/08_attend_to_regions.png)
#
# One caption, word by word. What is bright is what the model looked at before it wrote the word.

# %% [markdown]
# **You will learn**
#
# * what a photo loses when it is averaged to one vector
# * attention by hand: a query, keys, weights, a weighted mean
# * the top-down model, two LSTMs with attention between them
# * how to train on more features than fit into memory
# * how to draw where the model looked, and when not to believe the drawing
#
# **You need** nothing; the grid features and the captioner are made here, what else is missing by `helpers.pipeline`.
#
# **Run times** (Colab and Flickr8k are estimates)
#
# | | Colab T4 | CPU, 2 cores |
# |---|---|---|
# | mini | about 2 min (estimate) | about 4 min |
# | Flickr8k | about 15 min (estimate) | about 100 min (estimate) |

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
# Some helpers come from earlier lessons: `open_dataset`, `Workspace`, which loads or makes what a lesson needs, `open_image`, the scores of lesson 06, and `plots`. The model and all that is new is taken apart below.

# %%
import json
import math
import time

import keras
import numpy as np
from keras import layers, ops

from helpers import plots
from helpers.batches import caption_rows
from helpers.datasets import DATA_FOLDER, open_dataset
from helpers.decoding import START
from helpers.features import fit_reduction, gather_regions
from helpers.images import open_image
from helpers.metrics import cider_d_each, named_share, score_captions
from helpers.models import AttentionDecoder, TopDownCell, repeat_rows
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
# Until now a photo was one vector of 3,032 numbers. Xception did not make one vector, though. Lesson 02 had a **grid** of 10 × 10 vectors, one for each part of the photo, and the last thing it did was to average them. This lesson keeps the grid. Each of its 100 vectors is called a **region**.
#
# The first run encodes all photos anew and shows a bar; later runs find the file.

# %%
dataset = open_dataset(DATASET, DATA_DIR)
work = Workspace(dataset)
recipe = recipe_for(dataset, "attention")
grid = work.features("xception-grid")
pooled = work.features("xception")
print("grid  ", grid.vectors.shape, grid.vectors.dtype)
print("pooled", pooled.vectors.shape, pooled.vectors.dtype)

# %% [markdown]
# Is the vector of lesson 02, the **pooled** one, really nothing but the mean of the regions? Both files were made separately, and both keep 16-bit numbers.

# %%
names = dataset.splits["dev"][:20]
regions, vectors = grid.rows(names), pooled.rows(names)
print("largest difference", np.abs(regions.mean(axis=1) - vectors).max().round(4))
assert np.allclose(regions.mean(axis=1), vectors, rtol=0.02, atol=0.02)

# %% [markdown]
# An average keeps *what* is there and forgets *where*. Worse, it drowns what is small: an object that fills five regions of a hundred has a twentieth of the say.
#
# The regions still know. Pick one and compare all others with it: by cosine, as in lesson 02. What all regions share is subtracted first. Below, brightness is the cosine with the region in the middle, at the top, at the bottom, on the left; the least alike region is black.


# %%
def likeness(regions, chosen):
    own = regions - regions.mean(axis=0)
    unit = own / np.linalg.norm(own, axis=1, keepdims=True)
    cosines = unit @ unit[chosen]
    return ((cosines - cosines.min()) / np.ptp(cosines)).reshape(10, 10)


photo = open_image(dataset.image_paths[names[0]])
places = {"like the middle": 55, "like the top": 5, "like the bottom": 95, "like the left": 50}
maps = np.array([likeness(regions[0], chosen) for chosen in places.values()])
plots.show_attention(photo, list(places), maps)

# %% [markdown]
# Regions of one thing are alike. So a model that may choose among regions can find things.
#
# **Where do regions come from?** The paper that made this famous (Anderson et al. 2018) took them from an **object detector**, a network that draws boxes around things, up to 100 a photo: "bottom-up" attention, because the picture itself proposes what to look at. Jiang et al. (2020) found that the plain grid of such a network serves about as well and is many times faster to make. This course takes the grid. Section 8 shows where boxes would come in.
#
# ## 2. More than fits into memory
#
# 100 times as many numbers want another kind of file. A pickle is read as a whole. A NumPy **array file** (`.npy`) can be **mapped** instead: the array looks as if it were in memory, and the system reads from the disk what you touch.

# %%
print(type(grid.vectors).__name__)
print(f"{len(grid.names):,} photos: {grid.vectors.nbytes / 1e9:.2f} GB on the disk")
per_photo = grid.vectors[0].nbytes
print(f"one photo {per_photo / 1e6:.2f} MB, the 8,000 of Flickr8k {8000 * per_photo / 1e9:.1f} GB")

# %% [markdown]
# `rows` would copy everything that you name. `select` copies nothing: it notes which rows are meant, and reads when somebody asks for some of them.

# %%
train_regions = grid.select(dataset.splits["train"])
some = train_regions[[3, 0, 5]]
print("selected", train_regions.shape, "· read", some.shape, some.dtype)

# %% [markdown]
# If even the disk is too small, use fewer numbers. **Principal component analysis** (**PCA**) finds the directions in which regions differ most. A region is then described by its place along the first few hundred of them. How much of the regions' differences this keeps is measured by the **variance**, the mean squared distance from the mean:

# %%
sample = train_regions[np.arange(0, len(train_regions), 4)][:200].reshape(-1, 3032)
reduction = fit_reduction(sample, components=256)
print(f"256 numbers instead of 3,032 keep {reduction.kept:.0%} of the variance")
print("regions of one photo", reduction(regions[0]).shape)

# %% [markdown]
# `python -m helpers.pipeline --model attention --components 256 --out FOLDER` trains on such regions. PCA is a multiplication by a matrix, and the model's first layer is another one. After training the two are multiplied into one, so the captioner reads whole regions again. This lesson keeps all 3,032. In an earlier pair of runs on mini, 256 gave a dev loss of 2.03 instead of 2.00 and a CIDEr-D of 144 instead of 156 (beam 3), at a twelfth of the disk.
#
# ## 3. Attention by hand
#
# A scene with four regions. Each is described by three numbers, made up so that you can read them: how much it looks like an animal, like a plant, like sky.

# %%
places = ["dog", "tree", "meadow", "sky"]
toy = np.array([[0.9, 0.1, 0.0], [0.1, 0.9, 0.1], [0.0, 0.8, 0.2], [0.0, 0.0, 1.0]])
print("mean", toy.mean(axis=0).round(2))

# %% [markdown]
# The mean says: a little of everything. Suppose the caption so far is "a brown", so an animal may follow. The model turns this wish into a vector, the **query**: much animal, please, and no sky. Each region has a **key** to compare it with; here the key is the region itself. Their scalar product (lesson 02) is the score, and softmax makes weights of the scores.

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
# That is **attention**, and the assertion says that Keras' layer does the same. Nothing in it is cut out or chosen for good: every region counts, some more. So the whole is smooth, and training can tell the model in which direction its query should have pointed.
#
# Three details. A photo may have fewer regions than another: missing ones are filled with zeros, and a **mask** tells the layer to give them no weight. In a trained model keys are not the regions themselves: a dense layer makes them, so that the model can learn *by what* to be found. And long vectors have large products, which would make softmax all or nothing; so the products are divided by the square root of the keys' length.

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
# Who asks the query? Here is one word's work in the **top-down** model; "top-down" because the sentence decides where to look.
#
# 1. The **attention LSTM** reads three things: the word written last, the mean of all regions, and what the other LSTM said before. It keeps track of what is still missing.
# 2. A dense layer turns its output into the query, and attention returns what is **seen**.
# 3. The **language LSTM** reads what is seen, and what the attention LSTM made of it. Its output and what is seen are added up, and from the sum comes the next word.
#
# The sum is this course's addition to the paper: it gives what is seen a short way to the word, and the model learns much faster. In code, `heard` and `said` are the outputs of the two LSTMs; `heard_cell` and `said_cell` are their inner memories. There may be several captions of one image, one after the other. They share its regions: hence `repeat_rows`, and hence the query's shape (images, captions of each, size).


# %% tags=["same-as:helpers.models.attention.TopDownCell.call"]
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
# Try it on one image with four regions and two captions. The states are those of the image, then five of the memory:

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
# Two captions of one image look at different regions, because they have read different words.
#
# The rest of the model you know from lesson 04. `look` does, once per image, all that needs no words: features are standardised, scaled, and turned into regions of `units` numbers; keys and mean are made. `call` reads whole captions for training. `layers.RNN` leads `TopDownCell` along the words, as `layers.LSTM` does with a cell of its own.


# %% tags=["same-as:helpers.models.attention.AttentionDecoder.look", "same-as:helpers.models.attention.AttentionDecoder.call"]
def look(self, features, training=False):
    real = ops.any(ops.not_equal(features, 0), axis=-1)
    standard = self.standardise(features) * self.sizes["image_scale"]
    regions = self.region_dense(self.image_dropout(standard, training=training))
    share = ops.expand_dims(ops.cast(real, regions.dtype), axis=-1)
    mean = ops.sum(regions * share, axis=1) / ops.maximum(ops.sum(share, axis=1), 1)
    return regions, self.key_dense(regions), mean, real


def call(self, inputs, training=False):
    features, word_ids = inputs
    image = self.look(features, training)
    memory = self.empty_memory(image, ops.shape(word_ids)[0])
    words = self.word_dropout(self.embedding(word_ids), training=training)
    vectors = self.reader(words, initial_state=[*image, *memory], training=training)
    return self.word_logits(self.output_dropout(vectors, training=training))


# %% [markdown]
# For decoding there are `start` and `step` again, with the same layers inside. So greedy decoding and beam search of lesson 05 work as they are. Does stepping say the same as one call? And what does a model of full size weigh?

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
# Turning 100 regions of 3,032 numbers into regions of the model is a large piece of work, and needs no words. Each photo has five captions; shall it be done five times? `group_by_photo` brings the captions of a photo together. A batch then has one row of features for all captions of a photo, and a photo with fewer captions than others gets empty ones.


# %% tags=["same-as:helpers.batches.group_by_photo"]
def group_by_photo(photo_rows, ids):
    photos, place, counts = np.unique(photo_rows, return_inverse=True, return_counts=True)
    order = np.argsort(place, kind="stable")
    number = np.arange(len(order)) - np.repeat(np.cumsum(counts) - counts, counts)
    grouped = np.zeros((len(photos), counts.max(), np.shape(ids)[1]), "int32")
    grouped[place[order], number] = np.asarray(ids)[order]
    return photos, grouped


# %%
toy_ids = np.array([[2, 4, 3], [2, 5, 3], [2, 6, 3]])
print(group_by_photo(np.array([0, 1, 0]), toy_ids)[1].tolist())

# %% [markdown]
# Photo 0 has its two captions, photo 1 one and an empty one. An empty caption has no words to be wrong about: the mask of lesson 04 keeps it out of the loss.
#
# How much is saved? The logits of a batch of 16 photos, computed in both ways:

# %%
photos, grouped = group_by_photo(photo_rows, ids)
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
# The same logits for less work; how much less depends on the machine.
#
# ## 6. Train it
#
# Recipe, loss, averaged weights and callbacks are those of lesson 04. `work.batches` groups by photo, because this decoder asks for it. For later you keep an untrained twin.

# %%
train = work.batches("train", recipe, SEED)
(features, inputs), targets = next(iter(train))
print("features", features.shape, "inputs", inputs.shape, "targets", targets.shape)
untrained = work.new_captioner(recipe, SEED)

# %% [markdown]
# `work.captioner` trains, saves every epoch, and goes on after an interruption. If the folder holds a captioner already, it is loaded. With 2 cores expect about two minutes on mini, and a dev loss of 1.9-2.1 at the end. On Flickr8k this is most of the lesson's time; the runs behind the README's table ended at 3.51 and 3.52.

# %%
begin = time.perf_counter()
captioner = work.captioner(recipe, SEED, "attention-captioner")
print(f"{(time.perf_counter() - begin) / 60:.1f} min; dev loss {captioner.config['dev loss']}")

# %% [markdown]
# ## 7. Where does it look?
#
# Lead the model through the words of a caption, its own or any other, and note its weights before each of them. The weights before the second word are those with which the second word was chosen: the model has read `<start>` and the first word by then.


# %%
def attention_maps(model, features, ids):
    state, maps = model.start(features[None]), []
    for word in [START, *ids][: len(ids)]:
        _, state = model.step(np.array([word], "int32"), state)
        maps.append(np.asarray(model.attention(state))[0])
    return np.array(maps, "float32").reshape(len(ids), len(features))


# %% [markdown]
# The maps of one dev photo with a short caption: of the five best captioned the brightest, because in the dark little is seen. Weights of 10 × 10 regions are drawn over the photo and smoothed; the brightest spot of each map is its largest weight.


# %%
def looks(captioner, name, caption=None):
    features = grid.rows([name])[0]
    caption = caption or captioner.caption_features(features[None])[0]
    ids = captioner.tokenizer.encode(caption)[1:-1]
    maps = attention_maps(captioner.compiled, features, ids)  # compiled steps, as in lesson 05
    return caption, maps.reshape(-1, 10, 10)


dev = dataset.splits["dev"]
dev_captions = captioner.caption_features(grid.select(dev))
dev_scores = np.array(cider_d_each(dataset.references("dev"), dev_captions))
short = np.flatnonzero([len(caption.split()) < 10 for caption in dev_captions])
by_score = [dev[i] for i in short[np.argsort(dev_scores[short])]]
worst = by_score[0]
best = max(by_score[-5:], key=lambda name: np.mean(open_image(dataset.image_paths[name])))
caption, maps = looks(captioner, best)
assert np.allclose(maps.sum(axis=(1, 2)), 1, atol=1e-3)
print(caption)

# %% tags=["picture"]
plots.show_attention(open_image(dataset.image_paths[best]), caption.split(), maps)

# %% [markdown]
# Nobody told the model where anything is. It had photos and sentences; that looking at a thing helps to name it, it found by itself.
#
# Now the untrained twin, led through the same words. In one figure: the first words, above with the untrained one's looks, below with the trained one's. (A map of ones leaves the photo as it is.)

# %%
model_ids = tokenizer.encode(caption)[1:-1]
blank = attention_maps(untrained.decoder, grid.rows([best])[0], model_ids).reshape(-1, 10, 10)
titles, rows = [], []
for label, weights in {"untrained": blank, "trained": maps}.items():
    print(f"{label:10} largest weight {weights.max():.3f}; even attention would be 0.010")
    titles += ["the photo", *(f"{label}:\n{word}" for word in caption.split()[:4])]
    rows += [np.ones((1, 10, 10)), weights[:4]]
plots.show_attention(
    open_image(dataset.image_paths[best]), titles[1:], np.concatenate(rows)[1:], columns=5
)

# %% [markdown]
# The twin spreads its look nearly evenly. Attention is learnt, like everything else.
#
# ### A look that went wrong
#
# Mini knows where a look went wrong: `scenes.json` says what each scene shows, and `boxes.json` where its figures stand, as left, top, right and bottom in pixels. How much of a map lies on the figures? Even weights must give the share of the area:


# %%
def share_on(boxes, weights):
    inside = np.zeros((300, 300))  # a scene has 299 pixels a side, a region 30
    for left, top, right, bottom in boxes:
        inside[top:bottom, left:right] = 1
    return float((inside.reshape(10, 30, 10, 30).mean(axis=(1, 3)) * weights).sum())


print(f"left half, even weights: {share_on([[0, 0, 150, 300]], np.full((10, 10), 0.01)):.2f}")

# %% [markdown]
# Go through all photos that the model was not trained on. Each word for an object, a colour or a number should be read off the figures, and the record says whether it is right. Of the wrong words, take the one with the least attention on the figures. (Other data have no such record. There the dev photo whose short caption scored worst takes its place.)

# %%
words = []  # (share on the figures, what it names, word, photo, caption, right?)
held_out = [*dev, *dataset.splits["test"]] if dataset.scenes else []
captions = captioner.caption_features(grid.select(held_out)) if held_out else []
for name, caption in zip(held_out, captions, strict=True):
    boxes = json.loads((DATA_FOLDER / "mini" / "boxes.json").read_text("utf-8"))[name]
    _, maps = looks(captioner, name, caption)
    for key in ("object", "colour", "count"):
        for value, names in dataset.scenes["synonyms"][key].items():
            if value == "1":  # one thing needs no word for its number
                continue
            right = value == str(dataset.scenes["scenes"][name][key])
            for word, weights in zip(caption.split(), maps, strict=True):
                if word in names:
                    words.append((share_on(boxes, weights), key, word, name, caption, right))
wrong, caption = worst, None
if mistakes := [mistake for mistake in words if not mistake[-1]]:
    share, key, word, wrong, caption, _ = min(mistakes)
    usual = np.mean([share for share, named, *_, right in words if right and named == key])
    print(f'on the figures at "{word}": {share:.0%}; at right words for a {key}: {usual:.0%}')

# %%
caption, maps = looks(captioner, wrong, caption)
print("model: ", caption)
print("people:", dataset.captions[wrong][0])
plots.show_attention(open_image(dataset.image_paths[wrong]), caption.split(), maps)

# %% [markdown]
# Ask three questions of such a picture:
#
# * Did it look *elsewhere*, so that the first number is far below the second? Then the caption follows the look. In the run shown here the model looked at a house, not at the cars, and counted wrongly.
# * Did it look at the right thing and *name it wrongly*, as at "red"? Then the features, or the words, are to blame.
# * Is the map for "a" or "on" bright somewhere odd? Such words need no look at all; the language LSTM writes them from memory, and the weights then mean little.
#
# A heat map tells what the model *weighed*, not *why* it wrote a word (Jain and Wallace 2019). A region also describes what lies far beyond its own square. Read the maps as a hint.
#
# ## 8. Regions from elsewhere
#
# Do you have boxes from a detector? One file per photo, `dog.npy` for `dog.jpg`, an array (regions, channels): `gather_regions` makes one array file of them. Here three made-up photos with 10, 36 and 100 regions of 64 channels:

# %%
folder = work.folder / "boxes"
folder.mkdir(exist_ok=True)
numbers = np.random.default_rng(SEED)
for name, count in [("one", 10), ("two", 36), ("three", 100)]:
    np.save(folder / f"{name}.npy", numbers.normal(size=(count, 64)).astype("float16"))
boxes = gather_regions(folder, ["one.jpg", "two.jpg", "three.jpg"], work.folder / "boxes.npy")
print(boxes.encoder, boxes.vectors.shape)
other = AttentionDecoder(len(tokenizer), feature_size=64)
print("logits", tuple(other((boxes.vectors[:].astype("float32"), ids[:3, :6])).shape))

# %% [markdown]
# From a command line, `python -m helpers.pipeline --model attention --regions FOLDER …` (in the course's environment, lesson 05) trains on such a folder. To caption a *new* photo with that captioner you need the detector at hand as well, so the course goes on with its grid.
#
# ## 9. Does looking pay?
#
# The merge model of lesson 04 and this one, on dev. BLEU and CIDEr as in lesson 06, beam of 3.

# %% tags=["scores"]
merge = work.captioner()
said = {
    "merge": merge.caption_features(pooled.select(dev)),
    "attention": dev_captions,
}
for label, captions in said.items():
    scores = score_captions(dataset.references("dev"), captions)
    row = f"{label:10} dev BLEU-4 {scores['BLEU-4']:5.1f}  CIDEr-D {scores['CIDEr-D']:6.1f}"
    if dataset.scenes:
        records = [dataset.scenes["scenes"][name] for name in dev]
        for key in ("object", "place", "colour"):
            share = named_share(captions, records, dataset.scenes["synonyms"], key)
            row += f"  {key} {share:.0%}"
    print(row)

# %% [markdown]
# Sixty scenes are few, and a few per cent are a matter of luck. So here are three seeds of each on the 100 test scenes, with a beam of 3 (means; single seeds lie up to 2 points away): the merge model names the right object 98% of the time, the right place 99% and the right colour 96%; attention 97%, 99% and 99%. A drawn scene is plain enough for an average. Photos are the better judge. On the 1,000 test photos of Flickr8k, with a beam of 3, the merge model has a CIDEr-D of 54.2 and this one 58.1 (more in the [README](../README.md#results)). The course's captioner `attention-xception`, trained on Flickr8k, can explain itself on the command line, too:
#
# ```sh
# python -m helpers.captioner photo.jpg --captioner attention-xception --explain looks
# ```
#
# prints the caption, and draws the heat maps, which beam search has noted on its way, as a PNG in the folder `looks`.

# %% [markdown]
# ## Recap
#
# * The average of a grid forgets where things are and drowns the small ones.
# * Attention is a weighted mean. A query is compared with keys; softmax makes the weights.
# * In the top-down model one LSTM asks, the other speaks, and both learn from the captions alone.
# * Do once per photo what needs no words; map what does not fit into memory.
# * A heat map shows weights, not reasons.
#
# ## Exercises
#
# ### Exercise 1: Sharper and softer looks
#
# Divide the scores by a temperature (lesson 05) before softmax. Write `attend(scores, temperature)`. What do very low and very high temperatures do?


# %% tags=["exercise"]
def attend(scores, temperature):
    return scores  # your turn


four = np.array([3.6, 0.3, -0.2, -1.0])
cold, hot = attend(four, 0.01), attend(four, 1000)
right = np.allclose(cold, [1, 0, 0, 0]) and np.allclose(hot, 0.25, atol=0.01)
print("right" if right else "not yet")


# %% tags=["solution"]
# @title Solution 1
def attend(scores, temperature):
    powers = np.exp((scores - np.max(scores)) / temperature)
    return powers / powers.sum()


four = np.array([3.6, 0.3, -0.2, -1.0])
cold, hot = attend(four, 0.01), attend(four, 1000)
right = np.allclose(cold, [1, 0, 0, 0]) and np.allclose(hot, 0.25, atol=0.01)
print("right" if right else "not yet")

# %% [markdown]
# ### Exercise 2: How many regions does a word look at?
#
# The **entropy** of the weights w is −Σ w log w, and e to its power is a number of regions: 100 if all weigh the same, 1 if one has it all. (A weight of 0 adds nothing, but `np.log(0)` would spoil the sum: keep it above 0.) Write `regions_looked_at(maps)` for maps of shape (words, rows, columns). Which words of the first caption of section 7 look at the fewest regions?


# %% tags=["exercise"]
def regions_looked_at(maps):
    return np.zeros(len(maps))  # your turn


even, sharp = np.full((1, 10, 10), 0.01), np.eye(100)[:1].reshape(1, 10, 10)
both = np.concatenate([even, sharp])
print("right" if np.allclose(regions_looked_at(both), [100, 1]) else "not yet")


# %% tags=["solution"]
# @title Solution 2
def regions_looked_at(maps):
    weights = maps.reshape(len(maps), -1)
    entropy = -(weights * np.log(np.maximum(weights, 1e-12))).sum(axis=1)
    return np.exp(entropy)


caption, maps = looks(captioner, best)
for word, number in zip(caption.split(), regions_looked_at(maps), strict=True):
    print(f"{word:12} {number:5.1f} regions")

even, sharp = np.full((1, 10, 10), 0.01), np.eye(100)[:1].reshape(1, 10, 10)
both = np.concatenate([even, sharp])
print("right" if np.allclose(regions_looked_at(both), [100, 1]) else "not yet")

# %% [markdown]
# ### Exercise 3: Blindfold the model
#
# Is the look worth anything? Take sixty dev photos. In each, set all regions to zero but the three that any word of its caption weighed most, and caption again; then do so with three regions at random, and with the three weighed least. Write `keep_only(features, places)` for features of shape (regions, channels). What does CIDEr-D say? And why does chance do so well?


# %% tags=["exercise"]
def keep_only(features, places):
    return features  # your turn


small = keep_only(np.ones((4, 2)), [1, 3])
print("right" if small.tolist() == [[0, 0], [1, 1], [0, 0], [1, 1]] else "not yet")


# %% tags=["solution"]
# @title Solution 3
def keep_only(features, places):
    kept = np.zeros_like(features)
    kept[places] = features[places]
    return kept


# A region sees far beyond its own square, so three at random tell much of a scene, too. The three
# most looked at tell more, the three least looked at next to nothing.
sixty = dev[:60]
order = [
    looks(captioner, name, said)[1].max(axis=0).ravel().argsort()
    for name, said in zip(sixty, dev_captions, strict=False)
]
ways = {"looked at": [places[-3:] for places in order]}
ways["at random"] = [numbers.permutation(100)[:3] for _ in sixty]
ways["least looked at"] = [places[:3] for places in order]
for label, kept in ways.items():
    pairs = zip(grid.rows(sixty), kept, strict=True)
    said = captioner.caption_features(np.stack([keep_only(*pair) for pair in pairs]))
    score = score_captions(dataset.references("dev")[:60], said)["CIDEr-D"]
    print(f"{label:16} CIDEr-D {score:5.1f}  {said[0]}")

small = keep_only(np.ones((4, 2)), [1, 3])
print("right" if small.tolist() == [[0, 0], [1, 1], [0, 0], [1, 1]] else "not yet")

# %% [markdown]
# ## Next
#
# Your captioner now looks before it speaks. One photo at a time, that is a toy. A website has thousands, and most of them lack alt text: [09 write alt text](09_write_alt_text.ipynb) captions them all, safely and politely.
