# %% [markdown]
# # 13 · Write with a Transformer
#
# You take the LSTM out of the captioner and put in its place what today's language models are made of: a Transformer. It reads the photo as if it were a hundred words, and then writes.
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/OWNER/REPOSITORY/blob/main/notebooks/13_write_with_a_transformer.ipynb)
#
# [← 12 optimise the metric](12_optimise_the_metric.ipynb) · [contents](../README.md) · [14 ship with a pretrained model →](14_ship_with_a_pretrained_model.ipynb)

# %% [markdown]
# ![A drawn scene, shown once for every word of the caption that a Transformer wrote; the stronger the orange, the more it looked there](images/13_write_with_a_transformer.png)
#
# A caption by the Transformer of this lesson. The stronger the orange, the more the model looked there before it chose the word.

# %% [markdown]
# **You will learn**
#
# * self-attention: how words look at words, by hand
# * why a mask lets the whole caption train at once
# * what a block is, and how a photo becomes a hundred tokens before the first word
# * the cache: why the thirtieth word need hardly cost more than the first
# * what the vision-language models LLaVA and PaliGemma share with yours, and why they are better
#
# **You need** lesson 08, whose attention is taken further here. What is missing is made by `helpers.pipeline`.
#
# **Run times** (Colab and Flickr8k are estimates)
#
# | | Colab T4 | CPU, 2 cores |
# |---|---|---|
# | mini | about 2 min (estimate) | 1-4 min |
# | Flickr8k | about 15 min (estimate) | about 90 min (estimate) |

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
# From earlier lessons come `open_dataset`, `Workspace`, `recipe_for`, `caption_rows`, `CompiledModel`, the scores of lesson 06 and `plots`; `where_it_looked` returns the maps of a caption. `Decoder` is the base class that the merge and the attention model share. `positions` and `refuse_sizes` are explained where they are used.

# %%
import json
import math
import time

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

from helpers import plots
from helpers.batches import caption_rows
from helpers.datasets import DATA_FOLDER, open_dataset
from helpers.decoding import CompiledModel, where_it_looked
from helpers.images import open_image
from helpers.metrics import cider_d_each, score_captions
from helpers.models import DECODERS, Decoder, repeat_rows
from helpers.models.transformer import positions, refuse_sizes
from helpers.pipeline import Workspace, recipe_for

# %% [markdown]
# Settings: `DATASET = "flickr8k"` runs the same lesson on the real photos.

# %% tags=["parameters"]
DATASET = "mini"  # or "flickr8k", or a folder of your own
DATA_DIR = None  # where Flickr8k lies; None looks in data/flickr8k, then downloads it
SEED = 7

# %% [markdown]
# ## 1. Words look at words
#
# In lesson 08 a query looked at regions, and an LSTM had to make the query: it carried all that was written so far in one vector, word after word. A **Transformer** (Vaswani et al. 2017) has no LSTM. Every word makes its own query and looks at the other *words*, too. That is **self-attention**.
#
# Three words, each described by three numbers that you can read: is it an article, a colour, a thing?

# %%
words = ["a", "brown", "dog"]
toy = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])

# %% [markdown]
# A matrix turns each word into a query: what would it like to know? Ours, made up for this page, says that a thing asks for a colour above all, and that an article and a colour ask for a thing. Keys and values are the words themselves here; in a model two more matrices make them. Then as in lesson 08: scalar products, divided by the square root of the keys' length, softmax, weighted mean. But this time every word has a row of weights, one for each word that it looks at.


# %%
def softmax(scores):
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def show(table):
    print(" " * 7, *(f"{word:>6}" for word in words))
    for word, row in zip(words, table, strict=True):
        print(f"{word:7}", *(f"{number:6.2f}" for number in row))


asks = np.array([[0.0, 0.0, 3.0], [0.0, 0.0, 3.0], [0.0, 5.0, 1.0]])
scores = (toy @ asks) @ toy.T / math.sqrt(3)
show(softmax(scores))

# %% [markdown]
# Read the last row: "dog" gives most of its weight to "brown". Its new vector, the weighted mean, says "colour" more than "thing". (In section 4 a block adds it to the old one, and so makes a brown thing of it.)

# %%
mixed = softmax(scores) @ toy
print("dog before", toy[2], "after", mixed[2].round(2))

# %% [markdown]
# Nothing here waits for anything else. An LSTM must finish word 1 before it reads word 2; three matrix products serve all words at once, and any word is one step away from any other.
#
# ## 2. No word may see the next one
#
# There is a leak in that table: "a" looks at "dog". In training the model reads the whole caption and has to guess, at each place, the word that follows (lesson 04). If "a brown" can see "dog", there is nothing to guess. The **causal mask** sets the scores of all later words to a very large negative number before softmax, so that their weights are 0.

# %%
earlier = np.tri(3, dtype=bool)
causal = softmax(np.where(earlier, scores, -1e9))
show(causal)

# %% [markdown]
# Is the leak closed? Swap "dog" for something else, and see whether the results for the first two words change.

# %%
other = toy.copy()
other[2] = [0.0, 2.0, 0.5]
scores_of_other = (other @ asks) @ other.T / math.sqrt(3)
for label, mask in {"all words": np.ones((3, 3), bool), "causal": earlier}.items():
    before = softmax(np.where(mask, scores, -1e9)) @ toy
    after = softmax(np.where(mask, scores_of_other, -1e9)) @ other
    print(f"{label:10} first two words change by {np.abs(after - before)[:2].max():.2f}")

# %% [markdown]
# One thing is lost. A weighted mean doesn't know in which order its parts came: for the word after it, "dog bites man" would be "man bites dog". (The mask tells order, but only in a roundabout way.) That is what **positions** are for: vectors, one for each place, that are added to the words. `positions` makes them of sines and cosines, from fast to slow, like the hands of a clock. Five places, a row each; first three sines, then three cosines:

# %%
clock = ops.convert_to_numpy(positions(0, 5, 6))
print(clock.round(2))

# %% [markdown]
# ## 3. Several looks at once
#
# With one query, a word can ask for one thing only. "dog" may want to know its colour, its number and what it does. So the vectors are cut into pieces, called **heads**, each of which looks on its own; at the end the pieces are put together again, and one more matrix mixes them. The axes of the pieces are (captions, heads, words, size).


# %% tags=["same-as:helpers.models.transformer.split_heads", "same-as:helpers.models.transformer.join_heads"]
def split_heads(vectors, heads):
    captions, words, _ = ops.shape(vectors)
    pieces = ops.reshape(vectors, (captions, words, heads, vectors.shape[-1] // heads))
    return ops.transpose(pieces, (0, 2, 1, 3))


def join_heads(pieces):
    captions, heads, words, size = ops.shape(pieces)
    return ops.reshape(ops.transpose(pieces, (0, 2, 1, 3)), (captions, words, heads * size))


# %%
pieces = split_heads(ops.reshape(ops.arange(12), (1, 2, 6)), 3)
print("heads", tuple(pieces.shape), "· what the first head has of each word:")
print(ops.convert_to_numpy(pieces)[0, 0])

# %% [markdown]
# Now attention itself, ready for what comes later: words will look at two kinds of tokens, the regions of the photo and the words before. (Whatever the model reads as one vector is a token here.) Each kind is a *source*: keys, values, and a mask that says who may be looked at. `product` is a matrix product with one addition: the five captions of a photo share its regions, and nothing is copied for them. (`einsum` names each axis by a letter: `i` images, `n` captions of each, `h` heads, `w` words, `t` tokens, `s` size; it sums over those that the result lacks.)


# %% tags=["same-as:helpers.models.transformer.product", "same-as:helpers.models.transformer.attend"]
def product(equation, rows, shared):
    captions, heads, words, numbers = ops.shape(rows)
    grouped = ops.reshape(rows, (ops.shape(shared)[0], -1, heads, words, numbers))
    found = ops.einsum(equation, grouped, shared)
    return ops.reshape(found, (captions, heads, words, ops.shape(found)[-1]))


def attend(queries, sources):
    scores = [
        ops.where(allowed, product("inhws,ihts->inhwt", queries, keys), -1e9)
        for keys, _, allowed in sources
    ]
    scale = math.sqrt(queries.shape[-1])
    weights = ops.softmax(ops.concatenate(scores, axis=-1) / scale)
    seen, place = 0, 0
    for _, values, _ in sources:
        tokens = ops.shape(values)[2]
        seen += product("inhwt,ihts->inhws", weights[..., place : place + tokens], values)
        place += tokens
    return seen, weights


# %% [markdown]
# Does it do what Keras' own `MultiHeadAttention` does? Three words of 6 numbers, 2 heads, random matrices, the causal mask:

# %%
theirs = layers.MultiHeadAttention(num_heads=2, key_dim=3, use_bias=False)
three = keras.random.normal((1, 3, 6), seed=SEED)
expected = theirs(three, three, use_causal_mask=True)
to_query, to_key, to_value, to_mix = (kernel.reshape(6, 6) for kernel in theirs.get_weights())
queries, keys, values = (split_heads(three @ kernel, 2) for kernel in (to_query, to_key, to_value))
seen, weights = attend(queries, [(keys, values, earlier)])
assert np.allclose(join_heads(seen) @ to_mix, expected, atol=1e-5)
print("weights (captions, heads, words, words):", tuple(weights.shape), "· equal to Keras")

# %% [markdown]
# ## 4. A block
#
# Attention only mixes vectors. To make something new of the mixture, two dense layers follow, the same for every word. Attention and dense layers together are a **block**:

# %%
dataset = open_dataset(DATASET, DATA_DIR)
work = Workspace(dataset)
recipe = recipe_for(dataset, "transformer")
plots.draw_block(recipe.sizes.get("width", 256), recipe.sizes.get("heads", 4))

# %% [markdown]
# Two things in the drawing keep a tower of many blocks trainable. What each part finds is *added* to the token, which is otherwise passed on unchanged, so that the gradient has a straight way down (a **residual connection**). And before each part the token is *normalised* to mean 0 and spread 1. The orange box and the arguments `past` and `image` are for section 5. (`gelu` is a smooth ReLU.)


# %% tags=["same-as:helpers.models.transformer.TransformerBlock"]
class TransformerBlock(layers.Layer):
    def __init__(self, width, heads, dropout):
        super().__init__()
        self.width, self.heads = width, heads
        self.attention_norm = layers.LayerNormalization()
        self.thought_norm = layers.LayerNormalization()
        self.query_dense, self.key_dense, self.value_dense, self.mix_dense = (
            layers.Dense(width, use_bias=False) for _ in range(4)
        )
        self.wide_dense = layers.Dense(4 * width, activation="gelu")
        self.narrow_dense = layers.Dense(width)
        self.dropout = layers.Dropout(dropout)

    def build(self, tokens_shape):
        of_tokens = self.attention_norm, self.query_dense, self.key_dense, self.value_dense
        for layer in (*of_tokens, self.mix_dense, self.thought_norm, self.wide_dense):
            layer.build((None, None, self.width))
        self.narrow_dense.build((None, None, 4 * self.width))

    def call(self, tokens, allowed, past=None, image=None, training=False):
        calm = self.attention_norm(tokens)
        made = self.query_dense(calm), self.key_dense(calm), self.value_dense(calm)
        queries, *kept = [split_heads(vectors, self.heads) for vectors in made]
        if past is not None:
            kept = [ops.concatenate(pair, axis=2) for pair in zip(past, kept, strict=True)]
        sources = [(*kept, allowed)] if image is None else [image, (*kept, allowed)]
        seen, weights = attend(queries, sources)
        tokens += self.dropout(self.mix_dense(join_heads(seen)), training=training)
        thought = self.narrow_dense(self.wide_dense(self.thought_norm(tokens)))
        return tokens + self.dropout(thought, training=training), kept, weights


# %% [markdown]
# Try the block on a caption of four words, and look at what it keeps:

# %%
block = TransformerBlock(width=6, heads=2, dropout=0.0)
four = keras.random.normal((1, 4, 6), seed=SEED)
after, (keys, values), weights = block(four, np.tri(4, dtype=bool))
print("tokens", tuple(after.shape), "· keys", tuple(keys.shape), "· values", tuple(values.shape))
print("weights of the first head:")
print(ops.convert_to_numpy(weights)[0, 0].round(2))

# %% [markdown]
# ## 5. A photo is a hundred tokens
#
# How does the photo come in? In the plainest way there is: as tokens *before* the words, a **prefix**. A dense layer makes each of the 100 regions as wide as a word, and the same blocks read both.

# %%
plots.draw_prefix(["a", "brown", "dog", "runs"], blocks=2)

# %% [markdown]
# Who may look at whom? Regions look at all regions: a photo has no before and after. Words look at all regions and at the words up to themselves. No region looks at a word. So what the blocks make of the regions depends on no word, and can be worked out once per photo.


# %%
def who_sees_whom(regions, words):
    sees = np.zeros((regions + words, regions + words), int)
    sees[:, :regions] = 1
    sees[regions:, regions:] = np.tri(words)
    return sees


print(who_sees_whom(regions=3, words=4))

# %% [markdown]
# In the decoder this table is never built. What a block keeps of the regions, their keys and values, is one source; what it keeps of the words is the other. `look` makes the first; `real` marks the regions that are not padding. `refuse_sizes` refuses a width that the heads can't share.


# %% tags=["same-as:helpers.models.transformer.TransformerDecoder.__init__", "same-as:helpers.models.transformer.TransformerDecoder.look"]
class TransformerDecoder(Decoder):
    kind, encoder, groups_photos = "transformer", "xception-grid", True

    def __init__(
        self,
        vocab_size,
        feature_size=3032,
        width=256,
        heads=4,
        blocks=2,
        image_scale=0.3,
        image_dropout=0.3,
        word_dropout=0.3,
        block_dropout=0.1,
        output_dropout=0.3,
    ):
        super().__init__(locals(), (None, feature_size))
        refuse_sizes(width, heads, blocks)
        self.standardise = layers.Normalization()
        self.image_dropout = layers.Dropout(image_dropout)
        self.region_dense = layers.Dense(width)
        wide = keras.initializers.RandomNormal(
            stddev=0.5
        )  # about as large as the positions that are added
        self.embedding = layers.Embedding(vocab_size, width, wide)
        self.word_dropout = layers.Dropout(word_dropout)
        self.blocks = [TransformerBlock(width, heads, block_dropout) for _ in range(blocks)]
        self.last_norm = layers.LayerNormalization()
        self.output_dropout = layers.Dropout(output_dropout)
        self.word_logits = layers.Dense(vocab_size)

    def look(self, features, training=False):
        real = ops.any(ops.not_equal(features, 0), axis=-1)[:, None, None]  # heads, words
        standard = self.standardise(features) * self.sizes["image_scale"]
        tokens = self.region_dense(self.image_dropout(standard, training=training))
        image = []
        for block in self.blocks:
            tokens, kept, _ = block(tokens, real, training=training)
            image.append((*kept, real))
        return tuple(image)


# %% [markdown]
# `read` reads words, as many as you like, after those that it has read before. (The class is continued in this cell, by inheriting from itself.) `allowed` is the causal mask for that case: the word at place p sees the places up to p, counted from the first word of the caption. `repeat_rows` (lesson 04) gives each caption the mask of its photo. `looked`, for the maps of section 7, is how the last word's attention was spread over the regions.


# %% tags=["same-as:helpers.models.transformer.TransformerDecoder.empty_memory", "same-as:helpers.models.transformer.TransformerDecoder.read"]
class TransformerDecoder(TransformerDecoder):
    def empty_memory(self, image, captions):
        keys = image[0][0]
        _, heads, regions, size = ops.shape(keys)
        nothing = ops.zeros((captions, heads, 0, size), keys.dtype)
        return tuple((nothing, nothing) for _ in image), ops.zeros((captions, regions), keys.dtype)

    def read(self, word_ids, image, memory, training=False):
        past, _ = memory
        before, words = ops.shape(past[0][0])[2], ops.shape(word_ids)[1]
        place = positions(before, words, self.sizes["width"])
        tokens = self.embedding(word_ids)
        tokens = self.word_dropout(tokens + ops.cast(place, tokens.dtype), training=training)
        allowed = ops.arange(before + words) <= before + ops.arange(words)[:, None]
        kept = []
        for block, (keys, values, real), earlier in zip(self.blocks, image, past, strict=True):
            regions = keys, values, repeat_rows(real, ops.shape(word_ids)[0])
            tokens, now, weights = block(tokens, allowed, earlier, regions, training=training)
            kept.append(tuple(now))
        looked = ops.mean(weights[:, :, -1, : ops.shape(keys)[2]], axis=1)
        looked = looked / ops.maximum(ops.sum(looked, axis=-1, keepdims=True), 1e-9)
        return self.last_norm(tokens), (tuple(kept), looked)


# %% [markdown]
# Training and writing now share one method, `read`: `call` reads all words after an empty memory, `step` one word after all that came before it. The memory that goes from step to step holds the keys and values of all words so far, and grows by one word each time.


# %% tags=["same-as:helpers.models.transformer.TransformerDecoder.call", "same-as:helpers.models.transformer.TransformerDecoder.start", "same-as:helpers.models.transformer.TransformerDecoder.step", "same-as:helpers.models.transformer.TransformerDecoder.attention"]
class TransformerDecoder(TransformerDecoder):
    def call(self, inputs, training=False):
        features, word_ids = inputs
        image = self.look(features, training)
        memory = self.empty_memory(image, ops.shape(word_ids)[0])
        vectors, _ = self.read(word_ids, image, memory, training)
        return self.word_logits(self.output_dropout(vectors, training=training))

    def start(self, features):
        image = self.look(features)
        return image, self.empty_memory(image, ops.shape(features)[0])

    def step(self, word_ids, state):
        image, memory = state
        vectors, memory = self.read(word_ids[:, None], image, memory)
        return self.word_logits(vectors[:, 0]), (image, memory)

    def attention(self, state):
        return state[1][1]


DECODERS["transformer"] = TransformerDecoder  # from here on, the recipe trains this class

# %% [markdown]
# Does stepping give the same logits as one call? On three photos:

# %%
tokenizer, grid = work.tokenizer(recipe), work.features("xception-grid")
captions, _ = caption_rows(work.descriptions, dataset.splits["train"][:3])
ids = tokenizer.encode_batch(captions[::5][:3])[:, :8]
regions = grid.rows(dataset.splits["train"][:3])
model = TransformerDecoder(len(tokenizer), **recipe.sizes)
model.build()
at_once, state = model((regions, ids)), model.start(regions)
for place in range(8):
    logits, state = model.step(ids[:, place], state)
    assert np.allclose(logits, at_once[:, place], atol=1e-4)
print("stepping agrees with one call;", f"{model.count_params():,} weights")

# %% [markdown]
# ## 6. The cache
#
# The memory of keys and values has a name: the **key-value cache**. Without it the model would have to read the whole caption again for every word. Is it worth the trouble? Take twenty photos with ten captions each, as in a vote (lesson 12): how long does one more word take, with the cache and without?


# %%
def shortest(function, *arguments):
    times = []
    for _ in range(5):
        begin = time.perf_counter()
        function(*arguments)
        times.append(1000 * (time.perf_counter() - begin))
    return min(times)


compiled = CompiledModel(model)
image = compiled.start(grid.rows(dataset.splits["train"][:20]))[0]
written = np.full((200, 30), tokenizer.START, "int32")
state, cached = (image, model.empty_memory(image, 200)), {}
for place in range(30):
    before, (_, state) = state, compiled.step(written[:, place], state)
    if place + 1 in (1, 10, 20, 30):
        cached[place + 1] = shortest(compiled.step, written[:, place], before)

# %% [markdown]
# Without the cache, all words so far go through `read` again, after an empty memory:


# %%
@tf.function(reduce_retracing=True)
def read_again(ids):
    return model.read(ids, image, model.empty_memory(image, 200))[0]


print("word    with cache    reading all words again")
for count in cached:
    read_again(written[:, :count])  # the first calls compile
    again = shortest(read_again, written[:, :count])
    print(f"{count:4} {cached[count]:10.0f} ms {again:15.0f} ms")

# %% [markdown]
# With the cache, a late word costs little more than an early one: all that grows is the number of keys with which its query is compared. Without it a late word costs many times as much as the first. A chat model that writes long answers would be far too slow without a cache.
#
# ## 7. Train it on mini
#
# Loss, optimiser and averaged weights are those of lesson 04. On 2 cores that do nothing else, this takes about two minutes.

# %%
begin = time.perf_counter()
captioner = work.captioner(recipe, SEED, "transformer-captioner")
assert type(captioner.decoder).__name__ == "TransformerDecoder"
print(f"{(time.perf_counter() - begin) / 60:.1f} min; dev loss {captioner.config['dev loss']}")

# %% [markdown]
# Compare it with the model of lesson 08, which is loaded, or trained if it isn't there. Both search with a beam of 3.

# %% tags=["scores"]
dev = dataset.splits["dev"]
top_down = work.captioner(recipe_for(dataset, "attention"), SEED, "attention-captioner")
said = {
    label: each.caption_features(grid.select(dev), 3)
    for label, each in {"LSTMs with attention": top_down, "Transformer": captioner}.items()
}
for label, captions in said.items():
    scores = score_captions(dataset.references("dev"), captions)
    print(f"{label:21} dev BLEU-4 {scores['BLEU-4']:5.1f}  CIDEr-D {scores['CIDEr-D']:6.1f}")

# %% [markdown]
# Which is better? A mean hides how much single photos differ. So compare photo by photo: the mean difference, and on either side twice its standard error (the spread of the differences, divided by the square root of their number). If that range holds 0, these photos can't tell.

# %%
each = [np.array(cider_d_each(dataset.references("dev"), captions)) for captions in said.values()]
gains = each[1] - each[0]
error = 2 * gains.std(ddof=1) / math.sqrt(len(gains))
print(f"Transformer minus LSTMs, CIDEr-D: {gains.mean():+.1f} ± {error:.1f} on {len(gains)} photos")

# %% [markdown]
# Where did it look? The last block's weights on the regions, averaged over its heads, for the short caption that scored best. (The share that went to words is left out.)

# %% tags=["picture"]
short = [place for place, caption in enumerate(said["Transformer"]) if len(caption.split()) < 10]
best = max(short, key=lambda place: each[1][place])
caption = said["Transformer"][best]
written = tokenizer.encode(caption)[1:-1]
(maps,) = where_it_looked(captioner.decoder, grid.rows([dev[best]]), [written])
photo = open_image(dataset.image_paths[dev[best]])
plots.show_attention(photo, caption.split(), maps.reshape(-1, 10, 10))

# %% [markdown]
# These maps say less than those of lesson 08. There, one look per word was the only way to single regions. Here the words have seen the regions in the first block already, and what the last block looks at need not be what mattered.
#
# ## 8. On 6,000 photos, and on millions
#
# What of real photos? Recorded runs on Flickr8k's test split, by the convention of lesson 06, mean ± standard deviation. There the LSTMs have 10.6 million weights, the Transformer 3.7.

# %%
path = DATA_FOLDER / "captioners" / "results.json"
runs = json.loads(path.read_text("utf-8"))["runs"]
record = json.loads((ROOT / "data" / "recorded" / "transformer.json").read_text("utf-8"))
METRICS = ("BLEU-4", "CIDEr-D")


def of_lstms(stage, search):
    name = f"attention-xception-grid{stage}"
    scores = [run["scores"][f"test, {search}"] for run in runs if run["name"] == name]
    each = [[score[metric] for score in scores] for metric in METRICS]
    return [(np.mean(values), np.std(values, ddof=1)) for values in each]


print(f"{'':34} {METRICS[0]:11}   {METRICS[1]}")
for stage, search in (("", "beam 1"), ("", "beam 5"), ("-self-critical", "beam 5")):
    ours = record["scores"][f"transformer{stage}"][search]
    rows = {"LSTMs": of_lstms(stage, search), "Transformer": [ours[metric] for metric in METRICS]}
    for label, row in rows.items():
        cells = (f"{mean:.1f} ± {spread:.1f}" for mean, spread in row)
        print(f"{label + stage:26} {search} ", *(f"{cell:11}" for cell in cells), sep="  ")

# %% [markdown]
# Beam 1 is greedy; self-critical means trained on the score (lesson 12). The LSTMs' rows: two runs, 23 November 2026, 2-core CPU. The Transformer's: three of this lesson's recipe, 26 November 2026 (one on the same kind of CPU, two in bfloat16 on one H100), in the last row two. Settings were chosen on dev. The Transformer's search bars a second use of a content word (lesson 05: worth 0.6 to 0.7); these LSTMs could still repeat themselves.
#
# So far, no miracle. One reason may be this (sizes, epochs and hardware differ, too): an LSTM *has* to read in order, and lesson 08's model *has* to look before each word. A Transformer is free to look anywhere, and must learn from examples what an LSTM is born with. 30,000 captions of 6,000 photos are few: they hold about 2,500 words that occur five times or more, and most things in the world have no word among them. On COCO's 113,000 photos the freedom paid: Cornia et al. (2020) report a CIDEr of 131.2; LSTMs with top-down attention had 120.1 (2018), and 129.8 where the regions looked at each other (Huang et al. 2019).
#
# And there is much more to learn from. LLaVA, PaliGemma and many of the models behind today's assistants are the figure of section 5 with bigger parts:
#
# | | here | PaliGemma (2024) | LLaVA-1.5 (2023) |
# |---|---|---|---|
# | encoder | Xception, learnt from 1.3 million labelled photos | SigLIP, learnt from billions of photos with their texts | CLIP, learnt from 400 million photos with their texts |
# | image tokens | 100 | 256 (at 224 pixels) | 576 |
# | between them | one dense layer | one dense layer | two dense layers |
# | Transformer | 2 blocks, learns from captions alone | Gemma, 2 billion weights, has read much of the web | Vicuna, 7 or 13 billion weights, likewise |
# | words after the prefix | a caption | a question, then the answer | a question, then the answer |
#
# The mask is nearly PaliGemma's: there the image's tokens see the question, too. LLaVA's is causal throughout. What makes these models better is none of the parts that you built here, but what their encoders and language models had learnt before.

# %% [markdown]
# ## Recap
#
# * Self-attention: every token asks, every token answers, all at once. Order has to be added.
# * The causal mask keeps later words out of sight, so that one pass trains all places.
# * A block is attention, then two dense layers; both add to the token.
# * A photo is a prefix of tokens. Its keys and values are made once, and serve all captions.
# * With the cache, a late word costs little more than an early one.
# * On 6,000 photos our Transformer is behind the LSTMs; on COCO's 113,000, Transformers were ahead.
#
# ## Exercises
#
# ### Exercise 1: The mask of a cache
#
# `before` words are in the cache, and `words` more are read at once. Write `may_see(before, words)`: a bool array (words, before + words), True where a new word, a row, may look at a word, a column.


# %% tags=["exercise"]
def may_see(before, words):
    return np.ones((words, before + words), bool)  # your turn


problem = ""
for before, words_read in [(0, 3), (2, 3), (4, 1), (1, 2)]:
    places = range(before + words_read)
    wanted = np.array([[key <= before + row for key in places] for row in range(words_read)])
    got = np.asarray(may_see(before, words_read))
    if got.shape != wanted.shape or got.dtype != bool or not np.array_equal(got, wanted):
        problem = problem or f"with {before} before and {words_read} read you say\n{got}"
print(f"not yet: {problem}" if problem else "right")


# %% tags=["solution"]
# @title Solution 1
def may_see(before, words):
    return np.arange(before + words) <= before + np.arange(words)[:, None]


problem = ""
for before, words_read in [(0, 3), (2, 3), (4, 1), (1, 2)]:
    places = range(before + words_read)
    wanted = np.array([[key <= before + row for key in places] for row in range(words_read)])
    got = np.asarray(may_see(before, words_read))
    if got.shape != wanted.shape or got.dtype != bool or not np.array_equal(got, wanted):
        problem = problem or f"with {before} before and {words_read} read you say\n{got}"
print(f"not yet: {problem}" if problem else "right")

# %% [markdown]
# ### Exercise 2: A cache by hand
#
# Write `one_word(query, key, value, cache)` for one head in NumPy. `cache` holds the keys and values of the words before, both (words, size); `query`, `key` and `value` (size,) belong to the new word, which sees itself, too. Return what it sees, (size,), and the new cache; leave the old one as it is. Word by word it must give what causal attention gives at once.


# %% tags=["exercise"]
def one_word(query, key, value, cache):
    return value, cache  # your turn


numbers, problem = np.random.default_rng(3).normal(size=(3, 5, 4)), ""
queries, keys, values = numbers
table = np.where(np.tri(5, dtype=bool), queries @ keys.T / 2, -1e9)
wanted = np.exp(table) / np.exp(table).sum(axis=1, keepdims=True) @ values
cache = np.zeros((0, 4)), np.zeros((0, 4))
for place in range(5):
    old = cache
    got, cache = one_word(queries[place], keys[place], values[place], old)
    if np.shape(got) != (4,) or not np.allclose(got, wanted[place]):
        problem = problem or f"word {place + 1} sees {got}, due is {wanted[place].round(3)}"
    if len(old[0]) != place or np.shape(cache[0]) != (place + 1, 4):
        problem = problem or f"after word {place + 1} the cache is {np.shape(cache[0])}"
print(f"not yet: {problem}" if problem else "right")


# %% tags=["solution"]
# @title Solution 2
def one_word(query, key, value, cache):
    keys, values = np.vstack([cache[0], key]), np.vstack([cache[1], value])
    powers = np.exp(keys @ query / math.sqrt(len(query)))
    return powers / powers.sum() @ values, (keys, values)


numbers, problem = np.random.default_rng(3).normal(size=(3, 5, 4)), ""
queries, keys, values = numbers
table = np.where(np.tri(5, dtype=bool), queries @ keys.T / 2, -1e9)
wanted = np.exp(table) / np.exp(table).sum(axis=1, keepdims=True) @ values
cache = np.zeros((0, 4)), np.zeros((0, 4))
for place in range(5):
    old = cache
    got, cache = one_word(queries[place], keys[place], values[place], old)
    if np.shape(got) != (4,) or not np.allclose(got, wanted[place]):
        problem = problem or f"word {place + 1} sees {got}, due is {wanted[place].round(3)}"
    if len(old[0]) != place or np.shape(cache[0]) != (place + 1, 4):
        problem = problem or f"after word {place + 1} the cache is {np.shape(cache[0])}"
print(f"not yet: {problem}" if problem else "right")

# %% [markdown]
# ### Exercise 3: How much does a cache hold?
#
# Keys and values, for every block: of the regions once per *image*, of the words once per *caption*. Write `numbers_kept(images, captions, regions, words, blocks, width)`, where `captions` counts all captions of all images, and `words` those read so far in each. Then an open question: a model of 7 billion weights has about 32 blocks of width 4,096. How many photos of 576 tokens fill 16 GB with 2 bytes a number? You are done when you can say whether the weights or the cache fill a graphics card first.


# %% tags=["exercise"]
def numbers_kept(images, captions, regions, words, blocks, width):
    return 0  # your turn


problem = ""
for sizes in [(1, 1, 100, 0, 2, 128), (1, 10, 100, 7, 2, 128), (3, 6, 4, 5, 3, 8)]:
    images_, captions_, regions_, words_, blocks_, width_ = sizes
    wanted = sum(2 * blocks_ * width_ * n for n in (images_ * regions_, captions_ * words_))
    if numbers_kept(*sizes) != wanted:
        problem = problem or f"for {sizes} you say {numbers_kept(*sizes)}, but {wanted} is right"
print(f"not yet: {problem}" if problem else "right")


# %% tags=["solution"]
# @title Solution 3
def numbers_kept(images, captions, regions, words, blocks, width):
    return 2 * blocks * width * (images * regions + captions * words)


per_photo = 2 * numbers_kept(1, 1, 576, 0, 32, 4096)  # bytes
print(f"{per_photo / 1e6:.0f} MB a photo, {16e9 / per_photo:.0f} photos in 16 GB")
# The weights need 14 GB at 2 bytes each: they nearly fill the card, and a few photos do the rest.
# So it is with Vicuna. Many newer models share keys and values among heads, and keep less.

problem = ""
for sizes in [(1, 1, 100, 0, 2, 128), (1, 10, 100, 7, 2, 128), (3, 6, 4, 5, 3, 8)]:
    images_, captions_, regions_, words_, blocks_, width_ = sizes
    wanted = sum(2 * blocks_ * width_ * n for n in (images_ * regions_, captions_ * words_))
    if numbers_kept(*sizes) != wanted:
        problem = problem or f"for {sizes} you say {numbers_kept(*sizes)}, but {wanted} is right"
print(f"not yet: {problem}" if problem else "right")

# %% [markdown]
# ## Next
#
# You have built every part of a vision-language model. The big ones can be had ready-made; [lesson 14](14_ship_with_a_pretrained_model.ipynb) sets one beside your captioner and asks when it is worth its cost.
#
# ### Further reading
#
# * Vaswani et al. 2017, [Attention is all you need](https://arxiv.org/abs/1706.03762): the Transformer.
# * Xiong et al. 2020, [On layer normalization in the Transformer architecture](https://arxiv.org/abs/2002.04745): why to normalise first.
# * Alammar, [The illustrated Transformer](https://jalammar.github.io/illustrated-transformer/): the same in many pictures.
# * Cornia et al. 2020, [Meshed-memory Transformer](https://arxiv.org/abs/1912.08226): a Transformer on COCO, beside LSTMs.
# * Karpathy, [nanoGPT](https://github.com/karpathy/nanoGPT): a language model in the 300 lines of `model.py` (its successor is [nanochat](https://github.com/karpathy/nanochat)).
# * Liu et al. 2023, [Visual instruction tuning](https://arxiv.org/abs/2304.08485): LLaVA.
# * Beyer et al. 2024, [PaliGemma](https://arxiv.org/abs/2407.07726): the prefix and its mask, measured with care.
