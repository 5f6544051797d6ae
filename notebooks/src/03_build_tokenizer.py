# %% [markdown]
# # 03 · Build a tokenizer
#
# You turn words into numbers and back, choose which words get a number and how long a caption may
# be, and save the result as a small readable file.
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/OWNER/REPOSITORY/blob/main/notebooks/03_build_tokenizer.ipynb)
#
# [← 02 extract features](02_extract_features.ipynb) · [contents](../README.md) · [04 train captioner →](04_train_captioner.ipynb)

# %% [markdown]
# ![A grid with one caption a row and one word a cell: each row begins with a start token, then come the words, an end token, and pale padding up to the right-hand edge](images/03_build_tokenizer.png)
#
# A batch of captions as the model will read it: one caption a row, one word a cell, padding at the
# right. Words that the vocabulary lacks are orange.

# %% [markdown]
# **You will learn**
#
# * how a caption becomes a list of ids, and a list of ids a caption
# * what the four special tokens are for
# * why padding belongs on the right
# * how to choose, from counts, the longest caption and the rarest word
# * how one space kept many captioners from stopping, and which test catches it
#
# **You need** cleaned captions from lesson 01; if they are missing, `helpers.pipeline` makes them.
#
# **Run times**
#
# | | Colab T4 | CPU, 2 cores |
# |---|---|---|
# | mini | about 15 s (estimate) | 5-40 s |
# | Flickr8k | about 25 s (estimate), and the download | 30-70 s, and the download |

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
# `open_dataset`, `count_words` and the cleaned captions, which a `Workspace` keeps, come from
# lesson 01. `recipe_for` knows the settings of a training run; lesson 04 explains them, and here
# you use two, `min_count` and `max_length`.

# %%
import json
import random
from collections import Counter
from tempfile import TemporaryDirectory

import numpy as np
from IPython.display import display
from keras.utils import pad_sequences

from helpers.captions import count_words
from helpers.datasets import open_dataset
from helpers.pipeline import Workspace, recipe_for
from helpers.plots import draw_batch, plot_caption_lengths, plot_vocabulary_coverage

# %% [markdown]
# Settings: `DATASET = "flickr8k"` runs the same lesson on the captions of 8,000 real photos.

# %% tags=["parameters"]
DATASET = "mini"  # or "flickr8k", or a folder of your own
DATA_DIR = None  # where Flickr8k lies; None looks in data/flickr8k, then downloads it
SEED = 7

# %% [markdown]
# ## 1. How does a model read?
#
# A neural network computes with numbers. It can't read "dog". So you number the words: every word
# gets an **id** (also called its index), and the list of all words with an id is the
# **vocabulary**. Four words are enough to see it.

# %%
toy_captions = ["a dog runs", "a dog sleeps"]
words = ["a", "dog", "runs", "sleeps"]
ids = {word: number for number, word in enumerate(words)}
print(ids)

# %% [markdown]
# To **encode** is to go from words to ids, to **decode** is to go back. By hand: "a dog sleeps" is
# 0, 1, 3.

# %%
encoded = [ids[word] for word in "a dog sleeps".split()]
decoded = " ".join(words[number] for number in encoded)
print(encoded, "→", decoded)

# %% [markdown]
# A **tokenizer** does both. The units that it numbers are called **tokens**: here they are whole
# words, elsewhere often pieces of words. This toy tokenizer is nearly finished; three problems are
# left. The first is a word that it has never seen.

# %% tags=["raises-exception"]
[ids[word] for word in "a cat sleeps".split()]

# %% [markdown]
# The second problem: captions differ in length, and an array needs rows of one length. The third: a
# captioner produces one word after another. What does it start from? And how does it say "I have
# finished"?
#
# ## 2. Four special tokens
#
# Four ids that are not words solve all three problems. They are called **special tokens** (in the
# code: `MARKERS`).
#
# | id | special token | meaning |
# |---|---|---|
# | 0 | `<pad>` | **padding**: fills up a short caption; means nothing |
# | 1 | `<unknown>` | replaces every word that has no id |
# | 2 | `<start>` | the first input, before there is any word |
# | 3 | `<end>` | "finished": the model learns to say it like a word |
#
# No word of a cleaned caption contains a `<`, so a special token can't be mistaken for a word. That
# padding is 0 is a convention: whatever is not zero counts.

# %%
words = ["<pad>", "<unknown>", "<start>", "<end>", *words]
ids = {word: number for number, word in enumerate(words)}
encoded = [2, *[ids.get(word, 1) for word in "a cat sleeps".split()], 3]
print(encoded, "→", [words[number] for number in encoded])

# %% [markdown]
# "cat" became `<unknown>`, and the caption says where it begins and ends. A shorter caption gets
# zeros on the right. Two captions of five ids make an array of the shape `(captions, words)`:

# %%
by_hand = np.array([[2, 4, 5, 6, 3], [2, 4, 5, 3, 0]])
print(by_hand.shape)
draw_batch(by_hand, words)

# %% [markdown]
# ## 3. The tokenizer as a class
#
# Now for real captions. The class keeps two things: `words`, where the place of a word is its id,
# and `max_length`, the number of ids in the longest caption that it will produce. It raises an
# error if the special tokens are missing, a word comes twice, or `max_length` leaves no room for a
# word.
#
# `from_captions` learns the vocabulary. It counts all words, keeps those that occur at least
# `min_count` times, and numbers them from the most frequent down.


# %% tags=["same-as:helpers.tokenizer.CaptionTokenizer.MARKERS", "same-as:helpers.tokenizer.CaptionTokenizer.__init__", "same-as:helpers.tokenizer.CaptionTokenizer.from_captions"]
class CaptionTokenizer:
    MARKERS = ("<pad>", "<unknown>", "<start>", "<end>")
    PAD, UNKNOWN, START, END = range(4)

    def __init__(self, words, max_length):
        self.words = list(words)
        self.max_length = int(max_length)
        self.ids = {word: index for index, word in enumerate(self.words)}
        if tuple(self.words[:4]) != self.MARKERS:
            raise ValueError(f"a tokenizer's words begin with {self.MARKERS}, not {words[:4]}")
        if len(self.ids) != len(self.words):
            twice = [word for word, count in Counter(self.words).items() if count > 1]
            raise ValueError(f"these words are in the vocabulary twice: {twice[:5]}")
        if self.max_length < 3:
            raise ValueError(f"max_length is {max_length}; a caption needs at least 3 ids")

    @classmethod
    def from_captions(cls, captions, min_count=1, max_length=None):
        split_captions = [caption.split() for caption in captions]
        if not split_captions:
            raise ValueError("there are no captions to learn words from; is the split empty?")
        counts = Counter(word for words in split_captions for word in words)
        frequent = [word for word, count in counts.most_common() if count >= min_count]
        longest = max(len(words) for words in split_captions)
        return cls([*cls.MARKERS, *frequent], max_length or longest + 2)


print(CaptionTokenizer.from_captions(toy_captions).words)

# %% [markdown]
# The same eight words as by hand. From here on you use the helper's class, which has these two
# methods and the three that you are about to write.

# %%
by_us = CaptionTokenizer.from_captions(toy_captions)
from helpers.tokenizer import CaptionTokenizer

toy = CaptionTokenizer.from_captions(toy_captions)
assert toy.words == by_us.words == words
assert toy.max_length == by_us.max_length == 5

# %% [markdown]
# A **method** is a function whose first argument is the object. So you can write each method as a
# plain function, try it, and compare it with the helper's. First `encode`. If a caption is too
# long, its last words are cut off, but never its `<end>`: from captions without an end, a model
# can't learn to stop.


# %% tags=["same-as:helpers.tokenizer.CaptionTokenizer.encode"]
def encode(self, caption):
    ids = [self.ids.get(word, self.UNKNOWN) for word in caption.split()]
    return [self.START, *ids[: self.max_length - 2], self.END]


for caption in ["a dog sleeps", "a cat sleeps", "a dog runs a dog runs a dog runs"]:
    print(encode(toy, caption), caption)
    assert encode(toy, caption) == toy.encode(caption)

# %% [markdown]
# Training reads many captions at once, a **batch**. `encode_batch` encodes each caption and pads it
# on the right to `max_length`. Keras's `pad_sequences` does the padding.


# %% tags=["same-as:helpers.tokenizer.CaptionTokenizer.encode_batch"]
def encode_batch(self, captions):
    ids = [self.encode(caption) for caption in captions]
    return pad_sequences(ids, self.max_length, padding="post", value=self.PAD)


batch = encode_batch(toy, ["a dog runs", "a dog"])
assert np.array_equal(batch, by_hand)
assert np.array_equal(batch, toy.encode_batch(["a dog runs", "a dog"]))
print(batch, batch.dtype, batch.shape)

# %% [markdown]
# ## 4. Why on the right?
#
# Leave `padding="post"` out, and `pad_sequences` pads on the left. Many older tutorials do so.

# %%
left = pad_sequences([toy.encode("a dog runs"), toy.encode("a dog")], 6)
draw_batch(left, toy.words)

# %% [markdown]
# What is wrong with that? First, the columns no longer match: where `<start>` is depends on the
# length of the caption. When the model captions a photo, there is no padding, and `<start>` comes
# first. With padding on the right, training looks the same: column 0 is `<start>`.
#
# The second reason is practical. A model can be told which places to skip; this is called a
# **mask**. On a CPU any mask works. On a GPU, the fast code for the layer that reads the words in
# lesson 04 accepts only right-padded masks. With a mask, a left-padded batch passes every test on
# your laptop, then stops the program on Colab's GPU. So this course always pads on the right.
# Checking costs one line: once a row has a zero, only zeros may follow.


# %%
def is_right_padded(ids):
    filled = np.asarray(ids) != 0
    return bool((filled[:, :-1] >= filled[:, 1:]).all())


print("ours", is_right_padded(batch), " left", is_right_padded(left))

# %% [markdown]
# ## 5. How long is a caption?
#
# Now the real captions. A tokenizer may learn from the training split only: dev and test play the
# part of captions that nobody has seen yet.

# %%
dataset = open_dataset(DATASET, DATA_DIR)
work = Workspace(dataset)
descriptions = work.descriptions
train = [text for name in dataset.splits["train"] for text in descriptions[name]]
dev = [text for name in dataset.splits["dev"] for text in descriptions[name]]
print(f"train {len(train):,} captions, dev {len(dev):,}", train[0], sep="\n")

# %% [markdown]
# Count the words of each training caption. Under yours you see the same count for Flickr8k's
# 30,000 training captions, recorded by `data/recorded/count_captions.py`. The record holds pairs: a
# length, and how many captions have it.

# %%
recorded = json.loads((ROOT / "data" / "recorded" / "flickr8k.json").read_text("utf-8"))
lengths = np.array([len(text.split()) for text in train])
flickr8k_lengths = np.repeat(*np.transpose(recorded["lengths"]))
display(plot_caption_lengths(lengths))
display(plot_caption_lengths(flickr8k_lengths))

# %% [markdown]
# Both have a median of ten words, but people's captions vary more: on Flickr8k a thin tail reaches
# far to the right. The array must be as wide as the longest caption that is kept whole. Two ids go
# to `<start>` and `<end>`. How wide should it be?


# %%
def show_widths(name, lengths):
    for max_length in (12, 16, 20, 24, 32, 40):
        whole = np.mean(lengths + 2 <= max_length)
        padding = 1 - np.minimum(lengths + 2, max_length).mean() / max_length
        print(f"{name:9} max_length {max_length}: {whole:7.2%} kept whole, {padding:4.0%} padding")


show_widths(dataset.name, lengths)
show_widths("Flickr8k", flickr8k_lengths)
needed = int(np.quantile(lengths, 0.99, method="higher")) + 2
print(f"99% of your captions fit into {needed} ids")

# %% [markdown]
# A small `max_length` cuts sentences; a large one fills the array with padding. The course takes 32
# for every data set, and cuts hardly any caption of Flickr8k. What about the padding, more than
# half of the array? Lesson 04 puts captions of similar length together and trims each batch to its
# longest caption, which leaves little padding.

# %%
recipe = recipe_for(dataset)
cut = int(np.sum(lengths + 2 > recipe.max_length))
print(f"max_length {recipe.max_length}: {cut} of {len(lengths):,} captions are cut")

# %% [markdown]
# ## 6. Which words get an id?
#
# Each word costs memory and work: in lesson 04's model it has a row of numbers where words come in,
# and another where they go out. And a word can hardly be learnt from one or two examples. So keep the frequent words. How
# many do you need? The **coverage** is the share of running words that have an id. (The recorded
# counts say how many words occur once, twice, and so on.)

# %%
counts = count_words({"train": train})
flickr8k_counts = np.repeat(*np.transpose(recorded["train"]["often"]))
display(plot_vocabulary_coverage(counts))
display(plot_vocabulary_coverage(dict(enumerate(flickr8k_counts))))

# %% [markdown]
# Mind the axis: each labelled step to the right is ten times as many words. Twenty to thirty words
# make up half of the text, in mini as in Flickr8k. But going from 90% to 99% takes about a hundred more
# words in mini, and thousands more in Flickr8k.
#
# You choose with `min_count`. What does it cost? Train gives the number of ids; dev, how many words
# of *new* captions are unknown.


# %%
def unknown_share(tokenizer, captions):
    running = [word for text in captions for word in text.split()]
    return np.mean([word not in tokenizer.ids for word in running])


for min_count in (1, 2, 3, 5, 10):
    trial = CaptionTokenizer.from_captions(train, min_count)
    share = unknown_share(trial, dev)
    print(
        f"{dataset.name:9} min_count {min_count:2}: {len(trial):6,} ids, {share:.2%} unknown on dev"
    )
for min_count, share in recorded["unknown on dev"]:
    ids = 4 + np.sum(flickr8k_counts >= min_count)
    print(f"Flickr8k  min_count {min_count:2}: {ids:6,} ids, {share:.2%} unknown on dev")

# %% [markdown]
# Even with `min_count` 1, dev brings words that train doesn't have. And there is a trade-off: on
# Flickr8k, going from 1 to 5 shrinks the vocabulary to a third, while the unknown share rises from
# 1.34% to 3.38%. The course takes 5 there. On mini, going from 1 to 2 throws out a fifth of the
# ids, and the unknown share stays below half a per cent. The course takes 2 there.

# %%
tokenizer = CaptionTokenizer.from_captions(train, recipe.min_count, recipe.max_length)
print(f"min_count {recipe.min_count}: {len(tokenizer):,} ids")
print(tokenizer.words[:12])

# %% [markdown]
# Which words of dev are unknown now?

# %%
unknown = Counter(word for text in dev for word in text.split() if word not in tokenizer.ids)
print(f"{len(unknown):,} different words, {unknown.total():,} running words")
print(", ".join(word for word, _ in unknown.most_common(25)))

# %% [markdown]
# Rare words and spelling mistakes. The model learns `<unknown>` like a word, since it occurs in the
# training captions as well. But nobody wants to hear it. Lesson 05 forbids it: where the model
# would say `<unknown>`, it has to say the next best word.
#
# Here is a batch as the model reads it: captions of dev, some of them with unknown words.

# %% tags=["picture"]
short = [text for text in dev if len(text.split()) <= 13]
odd = [text for text in short if not set(text.split()) <= set(tokenizer.ids)][:3]
chosen = random.Random(SEED).sample(short, 8 - len(odd)) + odd
batch = tokenizer.encode_batch(sorted(chosen, key=lambda text: len(text.split())))
draw_batch(batch[:, : np.count_nonzero(batch, axis=1).max()], tokenizer.words)

# %% [markdown]
# Pale blue cells are words, dark ones special tokens, orange ones unknown words, grey ones padding.
# To the model the same batch is this:

# %%
assert is_right_padded(batch) and batch.shape == (8, tokenizer.max_length)
print(batch[:, :12])

# %% [markdown]
# ## 7. Back to words, and a famous bug
#
# A captioner produces ids, one after another. When does it stop? When it says `<end>`. A well-known
# captioning example does it like this, and many have copied it. Can you find the mistake?


# %%
def caption_with_bug(next_word, longest=12):
    caption = "<start>"
    for step in range(1, longest):
        word = next_word(step)
        if word == " <end>":
            break
        caption += " " + word
    return caption.replace("<start> ", "").replace(" <end>", ""), step


# %% [markdown]
# To try it you need no model. A parrot will do: it says a fixed list of words, and then repeats the
# last one for ever.


# %%
def parrot(text):
    said = text.split()
    return lambda step: said[min(step, len(said)) - 1]


print(caption_with_bug(parrot("a dog runs <end>")))
print(caption_with_bug(parrot("a dog runs <end> on the the grass")))

# %% [markdown]
# The first caption looks perfect. But see how many steps it took: eleven, where four would do. The
# second keeps talking after its end.
#
# The culprit is one space. The loop compares each word with `" <end>"`, but the words come without
# the space, so the two are never equal. The loop *never* stops early. The `replace` at the end then
# removes the traces: as long as the model repeats `<end>`, nobody notices, except that captioning
# takes longer than it should. When the model keeps talking, the caption runs on past its end.
#
# What would have caught it? A test of a few lines, with a parrot that keeps talking.


# %%
def stops_at_the_end(make_caption):
    caption, steps = make_caption(parrot("a dog runs <end> on the the grass"))
    return caption == "a dog runs" and steps == 4


print("the test passes:", stops_at_the_end(caption_with_bug))

# %% [markdown]
# The test fails, as it should: a test that can't fail proves nothing. The cure is to compare *ids*.
# No space can hide in the number 3. `decode` stops at the first `<end>`, leaves out `<start>` and
# padding, and needs no `replace`.


# %% tags=["same-as:helpers.tokenizer.CaptionTokenizer.decode"]
def decode(self, ids):
    words = []
    for index in map(int, ids):
        if index == self.END:
            break
        if index not in (self.PAD, self.START):
            words.append(self.words[index])
    return " ".join(words)


assert decode(toy, [2, 4, 5, 6, 3, 4, 4, 0]) == toy.decode([2, 4, 5, 6, 3, 4, 4, 0])
decode(toy, [2, 4, 5, 6, 3, 4, 4, 0])

# %% [markdown]
# The same loop with ids stops in time, and the test passes:


# %%
def caption_with_ids(next_word, longest=12):
    said = [toy.START]
    for step in range(1, longest):
        said.append(toy.ids.get(next_word(step), toy.UNKNOWN))
        if said[-1] == toy.END:
            break
    return toy.decode(said), step


print("the test passes:", stops_at_the_end(caption_with_ids))

# %% [markdown]
# One more test, on real captions: encode, decode, and you get the caption back. This has to hold
# for every training caption that is not cut and has no unknown word.

# %%
pairs = zip(tokenizer.encode_batch(train), train, strict=True)
back = [tokenizer.decode(row) == text for row, text in pairs]
known = [all(word in tokenizer.ids for word in text.split()) for text in train]
fits = lengths + 2 <= tokenizer.max_length
assert all(np.array(back)[np.array(known) & fits])
print(f"{np.mean(back):.1%} of the training captions come back word for word")

# %% [markdown]
# ## 8. Save it as JSON
#
# A trained model without its tokenizer is useless: who knows that 17 meant "dog"? So the tokenizer
# is saved with the model. What has to be in the file? The words in order, and `max_length`.
# Everything else follows from them. (`save` and `load` are the helper's.)

# %%
path = work.folder / "tokenizer.json"
tokenizer.save(path)
print(*path.read_text("utf-8").split("\n")[:12], sep="\n")

# %% [markdown]
# **JSON** is a text format: one word a line here, readable in any editor and by any language. Many
# tutorials write a pickle instead, Python's own format. But a pickle is a program, and opening it
# runs it (lesson 02). It also needs the class that it was made from: Keras 3 dropped the
# `Tokenizer` that old pickles ask for. And you can't read it, or compare two of them.
#
# Load the file: the copy has the same words. Plain `json` can read it, too.

# %%
twin = CaptionTokenizer.load(path)
assert twin.words == tokenizer.words and twin.max_length == tokenizer.max_length
assert json.loads(path.read_text("utf-8"))["words"] == tokenizer.words
print(twin.decode(twin.encode(train[0])))

# %% [markdown]
# Later lessons call `work.tokenizer()`, which makes this file if you have skipped this lesson. Does
# it make the same one? Let it start from nothing, in an empty folder.

# %%
with TemporaryDirectory() as empty:
    made = Workspace(dataset, empty).tokenizer()
assert made.words == tokenizer.words and made.max_length == tokenizer.max_length
print(f"the same {len(made):,} words, in the same order")

# %% [markdown]
# The lesson in three lines:

# %% tags=["scores"]
print(f"vocabulary {len(tokenizer):,} ids, min_count {recipe.min_count}")
print(f"max_length {tokenizer.max_length}; 99% of the captions fit into {needed}")
print(f"unknown running words on dev {unknown_share(tokenizer, dev):.2%}")

# %% [markdown]
# ## Recap
#
# * The place of a word in the list is its id; four special tokens come first.
# * A caption is `<start> … <end>`, then padding, always on the right.
# * `max_length` and `min_count` follow from counts: lengths, coverage, unknown words on dev.
# * Stop at the *id* of `<end>`, and test it with a model that keeps talking.
# * JSON holds the words; a pickle would hold a program.
#
# ### Further reading
#
# * Vinyals and others, [Show and Tell](https://arxiv.org/abs/1411.4555) (2014): the captioner that
#   many follow; it, too, keeps only words that occur at least five times.
# * Sennrich, Haddow and Birch, [Neural Machine Translation of Rare Words with Subword
#   Units](https://arxiv.org/abs/1508.07909) (2015): tokens that are pieces of words, so that no
#   word is unknown.
# * Karpathy, [minbpe](https://github.com/karpathy/minbpe): such a tokenizer in a few hundred lines.
# * Keras, [Understanding masking and
#   padding](https://keras.io/guides/understanding_masking_and_padding/).

# %% [markdown]
# ## Exercises
#
# ### Exercise 1: Encode by hand
#
# Which ids does `toy` give the caption "a dog and a cat"? Write them down before you run it. Mind
# the words that it doesn't know, and its `max_length` of 5.

# %% tags=["exercise"]
my_ids = []  # your turn

due = toy.encode("a dog and a cat")
hits = sum(mine == right for mine, right in zip(my_ids, due, strict=False))
if list(my_ids) == due:
    print("right")
else:
    print(f"not yet: {len(due)} ids are due, you have {len(my_ids)}, and {hits} are in their place")

# %% tags=["solution"]
# @title Solution 1
my_ids = [2, 4, 5, 1, 3]  # "a cat" is cut off, the end stays

due = toy.encode("a dog and a cat")
hits = sum(mine == right for mine, right in zip(my_ids, due, strict=False))
if list(my_ids) == due:
    print("right")
else:
    print(f"not yet: {len(due)} ids are due, you have {len(my_ids)}, and {hits} are in their place")

# %% [markdown]
# ### Exercise 2: Find the smallest `max_length`
#
# Write a function that returns the smallest `max_length` for which at least `share` of the captions
# are kept whole. `lengths` are in words, without the special tokens, in any order.


# %% tags=["exercise"]
def smallest_max_length(lengths, share):
    return 0  # your turn


trials = [(np.array([3, 5, 5, 9]), (0.25, 0.75, 1.0)), (np.array([9, 2, 4, 4, 30]), (0.2, 0.5))]
found = [smallest_max_length(lengths, share) for lengths, shares in trials for share in shares]
due = [5, 7, 11, 4, 6]
print("right" if found == due else f"not yet: you find {found}, due are {due}")


# %% tags=["solution"]
# @title Solution 2
def smallest_max_length(lengths, share):
    max_length = 3
    while np.mean(lengths + 2 <= max_length) < share:
        max_length += 1
    return max_length


trials = [(np.array([3, 5, 5, 9]), (0.25, 0.75, 1.0)), (np.array([9, 2, 4, 4, 30]), (0.2, 0.5))]
found = [smallest_max_length(lengths, share) for lengths, shares in trials for share in shares]
due = [5, 7, 11, 4, 6]
print("right" if found == due else f"not yet: you find {found}, due are {due}")

# %% [markdown]
# ### Exercise 3: Mend a left-padded batch
#
# Someone hands you ids that are padded on the left. Move the padding to the right, and keep the
# order of the ids.


# %% tags=["exercise"]
def to_the_right(ids):
    return ids  # your turn


batch = np.vstack([left, [[2, 5, 1, 4, 6, 3]]])  # the last row is full
mended, due = (
    to_the_right(batch.copy()),
    [[2, 4, 5, 6, 3, 0], [2, 4, 5, 3, 0, 0], [2, 5, 1, 4, 6, 3]],
)
print("right" if np.array_equal(mended, due) else f"not yet: you make\n{mended}\nfrom\n{batch}")


# %% tags=["solution"]
# @title Solution 3
def to_the_right(ids):
    return pad_sequences([row[row != 0] for row in ids], ids.shape[1], padding="post")


batch = np.vstack([left, [[2, 5, 1, 4, 6, 3]]])  # the last row is full
mended, due = (
    to_the_right(batch.copy()),
    [[2, 4, 5, 6, 3, 0], [2, 4, 5, 3, 0, 0], [2, 5, 1, 4, 6, 3]],
)
print("right" if np.array_equal(mended, due) else f"not yet: you make\n{mended}\nfrom\n{batch}")

# %% [markdown]
# ### Exercise 4: Take words apart
#
# "boat's" can be unknown although "boat" is known. Split `'s` off as a token of its own. Then write
# a second function that splits at hyphens, too, and put it into `more`. You are done when you can
# say what each does to the size of the vocabulary and to the length of the captions, and how you
# would join the pieces again after decoding.


# %% tags=["exercise"]
def take_apart(caption):
    return caption  # your turn


more = {}  # then {"hyphens, too": your second function}

due = {"a boat's sail": "a boat 's sail", "the girl's cat's fur": "the girl 's cat 's fur"}
due["a ship sails"] = "a ship sails"
wrong = {text: take_apart(text) for text in due if take_apart(text) != due[text]}
if wrong:
    print(f"not yet: {wrong}")
for title, way in ({} if wrong else {"before": str, "'s apart": take_apart, **more}).items():
    pieces = [way(text) for text in train]
    tokens = np.mean([len(text.split()) for text in pieces])
    apart = CaptionTokenizer.from_captions(pieces, recipe.min_count)
    unknown = unknown_share(apart, [way(text) for text in dev])
    print(f"{title:13}{len(apart):,} ids, {tokens:.2f} tokens a caption, {unknown:.2%} unknown")


# %% tags=["solution"]
# @title Solution 4
# On mini, splitting off 's saves some ids, and the captions stay nearly as short. Hyphens cost half
# a token a caption and save nothing: pieces such as "lit" (of "sun-lit") are words of their own.
def take_apart(caption):
    return caption.replace("'s", " 's")


def hyphens_too(caption):
    return take_apart(caption).replace("-", " - ")


def join(text):
    return text.replace(" 's", "'s").replace(" - ", "-")


more = {"hyphens, too": hyphens_too}
assert all(join(hyphens_too(text)) == text for text in train)

due = {"a boat's sail": "a boat 's sail", "the girl's cat's fur": "the girl 's cat 's fur"}
due["a ship sails"] = "a ship sails"
wrong = {text: take_apart(text) for text in due if take_apart(text) != due[text]}
if wrong:
    print(f"not yet: {wrong}")
for title, way in ({} if wrong else {"before": str, "'s apart": take_apart, **more}).items():
    pieces = [way(text) for text in train]
    tokens = np.mean([len(text.split()) for text in pieces])
    apart = CaptionTokenizer.from_captions(pieces, recipe.min_count)
    unknown = unknown_share(apart, [way(text) for text in dev])
    print(f"{title:13}{len(apart):,} ids, {tokens:.2f} tokens a caption, {unknown:.2%} unknown")

# %% [markdown]
# ## Next
#
# You can turn any caption into ids and back, and you know how long captions are and which words
# they use. [04 train captioner](04_train_captioner.ipynb) brings photos and words together: a model
# learns to say the next word.
