# %% [markdown]
# # 03 · Build a tokenizer
#
# You turn words into numbers and back, choose how many words and how long a caption, and save the
# result as a small readable file.
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/OWNER/REPOSITORY/blob/main/notebooks/03_build_tokenizer.ipynb)
#
# [← 02 extract features](02_extract_features.ipynb) · [contents](../README.md) · [04 train captioner →](04_train_captioner.ipynb)

# %% [markdown]
# ![A grid with one caption a row and one word a cell: each row begins with a start marker, then come the words, an end marker, and pale padding up to the right-hand rim](images/03_build_tokenizer.png)
#
# A batch of captions as the model will get it: one caption a row, one word a cell, padding at the
# right.

# %% [markdown]
# **You will learn**
#
# * how a caption becomes a list of ids, and a list of ids a caption
# * what the four markers are for
# * why padding belongs on the right
# * how to choose the longest caption and the rarest word
# * how a single space keeps a captioner from stopping, and which test catches it
#
# **You need** cleaned captions from lesson 01; if they are missing, `helpers.pipeline` makes them.
#
# **Run times**
#
# | | Colab T4 | CPU, 2 cores |
# |---|---|---|
# | mini | about 15 s (estimate) | 15-40 s |
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
# From lesson 01 come `open_dataset`, `count_words` and the cleaned captions, which a
# `Workspace` keeps. `recipe_for` knows the settings of a training run, which
# lesson 04 explains; here you use two of them. The plots draw.

# %%
import json
import random
from collections import Counter
from tempfile import TemporaryDirectory

import numpy as np
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
# gets an **id**, and the list of all words with an id is the **vocabulary**. Four words are enough
# to see it.

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
# A **tokenizer** is the thing that does both. This one is nearly finished, with three problems
# left. The first: a word that it has never seen.

# %% tags=["raises-exception"]
[ids[word] for word in "a cat sleeps".split()]

# %% [markdown]
# The second: captions differ in length, and an array needs rows of one length. The third: a
# captioner says one word after the other. Who tells it to begin? And how does it say "I have
# finished"?
#
# ## 2. Four markers
#
# Four ids that are not words solve all three problems. They are called **markers**.
#
# | id | marker | meaning |
# |---|---|---|
# | 0 | `<pad>` | **padding**: fills a short caption up; means nothing |
# | 1 | `<unknown>` | stands for every word without an id |
# | 2 | `<start>` | the first input, before any word is said |
# | 3 | `<end>` | "finished": a word like any other that the model learns to say |
#
# No word of a cleaned caption has a `<` in it, so a marker can't be mistaken for a word. Padding is
# 0 by an old custom: whatever is not zero is text.

# %%
words = ["<pad>", "<unknown>", "<start>", "<end>", *words]
ids = {word: number for number, word in enumerate(words)}
encoded = [2, *[ids.get(word, 1) for word in "a cat sleeps".split()], 3]
print(encoded, "→", [words[number] for number in encoded])

# %% [markdown]
# "cat" became `<unknown>`, and the caption says where it begins and ends. A shorter one gets zeros
# at its right. Two captions of five ids make an array of the shape `(captions, words)`:

# %%
by_hand = np.array([[2, 4, 5, 6, 3], [2, 4, 5, 3, 0]])
print(by_hand.shape)
draw_batch(by_hand, words)

# %% [markdown]
# ## 3. The tokenizer as a class
#
# Now in earnest. The class keeps two things: `words`, where a word's place is its id, and
# `max_length`, the number of ids in the longest caption it will produce. It refuses words that
# can't be right.
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
            raise ValueError(f"these words stand in the vocabulary twice: {twice[:5]}")
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
# long, its last words are cut off, but never its `<end>`: a model that sees captions without an
# end learns to ramble.


# %% tags=["same-as:helpers.tokenizer.CaptionTokenizer.encode"]
def encode(self, caption):
    ids = [self.ids.get(word, self.UNKNOWN) for word in caption.split()]
    return [self.START, *ids[: self.max_length - 2], self.END]


for caption in ["a dog sleeps", "a cat sleeps", "a dog runs a dog runs a dog runs"]:
    print(encode(toy, caption), caption)
    assert encode(toy, caption) == toy.encode(caption)

# %% [markdown]
# A training step reads a batch of captions. `encode_batch` encodes each caption and pads it on the
# right to `max_length`. The padding itself is Keras's `pad_sequences`.


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
# What is wrong with that? The words of a column no longer match: `<start>` stands wherever the
# length of the caption puts it. When the model captions a photo, there is no padding at all, and
# `<start>` comes first. With padding on the right, training looks the same: column 0 is `<start>`.
#
# The second reason bites harder. A model can be told which places to skip; that is a **mask**. On
# a CPU any mask works. On a GPU, Keras hands an **LSTM** (a layer that reads word after word;
# lesson 04 has one) to the fast library **cuDNN** of the GPU's maker, which takes only
# right-padded masks. A left-padded batch passes every test on your laptop, then stops the program
# on Colab's GPU. So: on the right, always. Checking costs one line: once a row has a zero, only
# zeros may follow.


# %%
def is_right_padded(ids):
    filled = np.asarray(ids) != 0
    return bool((filled[:, :-1] >= filled[:, 1:]).all())


print("ours", is_right_padded(batch), " left", is_right_padded(left))

# %% [markdown]
# ## 5. How long is a caption?
#
# Time for the real captions. A tokenizer may learn from the training split only: dev and test
# stand for the captions that nobody has seen yet. `work` keeps what the lessons make,
# in `work/mini/` in the course folder.

# %%
dataset = open_dataset(DATASET, DATA_DIR)
work = Workspace(dataset)
descriptions = work.descriptions
train = [text for name in dataset.splits["train"] for text in descriptions[name]]
dev = [text for name in dataset.splits["dev"] for text in descriptions[name]]
print(f"train {len(train):,} captions, dev {len(dev):,}", train[0], sep="\n")

# %% [markdown]
# Count the words of each caption:

# %%
lengths = np.array([len(text.split()) for text in train])
plot_caption_lengths(lengths)

# %% [markdown]
# Expect a median of about ten words. On mini the longest caption has about twenty; on Flickr8k a
# few go beyond thirty, a thin tail at the right. The whole array must be as wide as the longest
# caption that is kept whole. How wide does it have to be? Two ids go to `<start>` and `<end>`.

# %%
for max_length in (8, 12, 16, 20, 24, 32, 40):
    whole = np.mean(lengths + 2 <= max_length)
    filled = np.minimum(lengths + 2, max_length).mean() / max_length
    print(f"max_length {max_length:2}: {whole:6.1%} kept whole, {1 - filled:4.0%} padding")
needed = int(np.quantile(lengths, 0.99, method="higher")) + 2
print(f"99 % of the captions fit into {needed} ids")

# %% [markdown]
# A small `max_length` cuts sentences; a large one fills the array with nothing. The course takes
# 32 for all data sets: on Flickr8k that keeps more than 99% whole, and nearly all of the rest
# loses only a few words. And the padding? Lesson 04 puts captions of like length together and cuts
# each batch to its longest caption, so little of it is ever computed.

# %%
recipe = recipe_for(dataset)
cut = int(np.sum(lengths + 2 > recipe.max_length))
print(f"max_length {recipe.max_length}: {cut} of {len(lengths):,} captions are cut")

# %% [markdown]
# ## 6. Which words get an id?
#
# Each word costs the model a row of numbers at its entrance and another at its exit. And a word
# that occurs once or twice can hardly be learnt. So keep the frequent ones. How many do you need?
# The **coverage** is the share of running words that have an id.

# %%
counts = count_words({"train": train})
plot_vocabulary_coverage(counts)

# %% [markdown]
# Mind the axis: each step to the right is ten times as many words. On Flickr8k half of the text is
# made of a few dozen words, and a few thousand cover 99% of it. On mini the grammar knows only a
# few hundred words in all.
#
# The knob is `min_count`. What does it cost? Train tells how much of the text is covered; dev, how
# many words of *new* captions are unknown.


# %%
def unknown_share(tokenizer, captions):
    running = [word for text in captions for word in text.split()]
    return np.mean([word not in tokenizer.ids for word in running])


for min_count in (1, 2, 3, 5, 10):
    trial = CaptionTokenizer.from_captions(train, min_count)
    new, seen = unknown_share(trial, dev), unknown_share(trial, train)
    print(f"min_count {min_count:2}: {len(trial):6,} ids, unknown {seen:.2%} train, {new:.2%} dev")

# %% [markdown]
# Two things to see. Even with `min_count` 1, dev may bring words that train does not have: on
# Flickr8k more than 1% of the running words. And from 1 to 5 the vocabulary of Flickr8k shrinks to
# about a third, while the unknown share on dev rises to no more than 3-4%. A third of the price
# for a few rare words: the course takes 5 there. Mini is so small that every word counts, and
# takes 1.

# %%
tokenizer = CaptionTokenizer.from_captions(train, recipe.min_count, recipe.max_length)
print(f"min_count {recipe.min_count}: {len(tokenizer):,} ids")
print(tokenizer.words[:12])

# %% [markdown]
# Which words of dev are unknown now? On mini a handful at most, since the grammar that wrote train
# wrote dev as well. On Flickr8k look closely: rare things, slips of the pen, words with a hyphen.

# %%
unknown = Counter(word for text in dev for word in text.split() if word not in tokenizer.ids)
print(f"{len(unknown):,} different words, {unknown.total():,} running words")
print(", ".join(word for word, _ in unknown.most_common(25)))

# %% [markdown]
# The model learns `<unknown>` like a word, since it occurs in the training captions (not on mini,
# where every training word has an id). But no reader wants to hear it. Lesson 05 forbids it: where
# the model would say `<unknown>`, it has to say the next best word.
#
# Here is a batch as the model gets it: seven captions of dev, shortest first, and an invented one
# that is bound to hold unknown words.

# %% tags=["picture"]
short = [text for text in dev if len(text.split()) <= 13]
chosen = sorted(random.Random(SEED).sample(short, 7), key=lambda text: len(text.split()))
batch = tokenizer.encode_batch([*chosen, "a unicorn plays the zither on the beach"])
draw_batch(batch[:, : np.count_nonzero(batch, axis=1).max()], tokenizer.words)

# %% [markdown]
# Pale blue cells are words, dark ones markers, orange ones unknown, grey ones padding. To the model the same batch is this:

# %%
assert is_right_padded(batch) and batch.shape == (8, tokenizer.max_length)
print(batch[:, :12])

# %% [markdown]
# ## 7. Back to words, and a famous bug
#
# A captioner produces ids, one after the other. When does it stop? When it says `<end>`. A
# well-known captioning example does it like this, and many copies have taken it over. Find the
# mistake.


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
# A stand-in for a model will do to try it: a parrot that says a fixed list of words, and repeats
# the last one for ever.


# %%
def parrot(text):
    said = text.split()
    return lambda step: said[min(step, len(said)) - 1]


print(caption_with_bug(parrot("a dog runs <end>")))
print(caption_with_bug(parrot("a dog runs <end> on the the grass")))

# %% [markdown]
# The first caption looks perfect. But see how many steps it took: eleven, where four would do. The
# second goes on talking after its end.
#
# The culprit is one space. The loop compares with `" <end>"`, the words come without it, and so
# the two are never equal. The loop *never* stops early. The `replace` at the end then wipes out
# the traces: as long as the model repeats `<end>`, nobody notices, except that captioning takes
# longer than it has to. When the model talks on, words are tacked on after the end.
#
# What would have caught it? A test of a few lines, with a parrot that goes on talking.


# %%
def stops_at_the_end(make_caption):
    caption, steps = make_caption(parrot("a dog runs <end> on the the grass"))
    return caption == "a dog runs" and steps == 4


print("the test passes:", stops_at_the_end(caption_with_bug))

# %% [markdown]
# The test fails, as it should: a test that can't fail proves nothing. The cure is to compare
# *ids*. The number 3 has no spaces around it. `decode` stops at the first `<end>`, leaves out
# `<start>` and padding, and needs no `replace`.


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
# One more test, on real captions: whoever encodes and decodes gets the caption back. It holds
# for every training caption that is neither cut nor has an unknown word.

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
# A trained model without its tokenizer is worthless: who knows that 17 meant "dog"? So the
# tokenizer is saved, and travels with the model. What has to be in the file? The words in order,
# and `max_length`. Everything else follows from them.

# %%
path = work.folder / "tokenizer.json"
tokenizer.save(path)
print(*path.read_text("utf-8").split("\n")[:12], sep="\n")

# %% [markdown]
# **JSON** is a text format: one word a line, readable in any editor and by any language. Many
# tutorials write a pickle instead. Three reasons against it:
#
# * it is a program, and opening it runs it (lesson 02);
# * it holds the name of a class, not its code. Keras 3 took its `Tokenizer` out of its public
#   parts, and old pickles depend on where that class lives;
# * you can't read it, compare two of them, or mend one.
#
# Load it, and the twin is the same. `json` alone would do, too.

# %%
twin = CaptionTokenizer.load(path)
assert twin.words == tokenizer.words and twin.max_length == tokenizer.max_length
assert json.loads(path.read_text("utf-8"))["words"] == tokenizer.words
print(twin.decode(twin.encode(train[0])))

# %% [markdown]
# Later lessons call `work.tokenizer()`, which makes this file if you have skipped this lesson.
# Would it have made the same one? Let it start from nothing, in an empty folder.

# %%
with TemporaryDirectory() as empty:
    made = Workspace(dataset, empty).tokenizer()
assert made.words == tokenizer.words and made.max_length == tokenizer.max_length
print(f"the same {len(made):,} words, in the same order")

# %% [markdown]
# The lesson in three lines:

# %% tags=["scores"]
print(f"vocabulary {len(tokenizer):,} ids, min_count {recipe.min_count}")
print(f"max_length {tokenizer.max_length}; 99 % of the captions fit into {needed}")
print(f"unknown running words on dev {unknown_share(tokenizer, dev):.2%}")

# %% [markdown]
# ## Recap
#
# * A word's place in the list is its id; four markers come first.
# * Captions are `<start> … <end>` and padding, always on the right.
# * `max_length` and `min_count` are read off the data: lengths, coverage, unknown words on dev.
# * Stop at the *id* of `<end>`, and test it with a model that goes on talking.
# * JSON holds the words; a pickle would hold a program.

# %% [markdown]
# ## Exercises
#
# ### Exercise 1: Encode by hand
#
# Which ids does `toy` give the caption "a dog and a cat"? Write them down before you run it. Mind
# the words it doesn't know, and its `max_length` of 5.

# %% tags=["exercise"]
my_ids = []  # your turn

print("right" if my_ids == toy.encode("a dog and a cat") else "not yet")

# %% tags=["solution"]
# @title Solution 1
my_ids = [2, 4, 5, 1, 3]  # "a cat" is cut off, the end stays

print("right" if my_ids == toy.encode("a dog and a cat") else "not yet")

# %% [markdown]
# ### Exercise 2: Find the smallest `max_length`
#
# Write a function that returns the smallest `max_length` for which at least `share` of the
# captions are kept whole. `lengths` are in words, without the markers.


# %% tags=["exercise"]
def smallest_max_length(lengths, share):
    return 0  # your turn


found = [smallest_max_length(np.array([3, 5, 5, 9]), share) for share in (0.2, 0.75, 1.0)]
print("right" if found == [5, 7, 11] else "not yet")


# %% tags=["solution"]
# @title Solution 2
def smallest_max_length(lengths, share):
    max_length = 3
    while np.mean(lengths + 2 <= max_length) < share:
        max_length += 1
    return max_length


found = [smallest_max_length(np.array([3, 5, 5, 9]), share) for share in (0.2, 0.75, 1.0)]
print("right" if found == [5, 7, 11] else "not yet")

# %% [markdown]
# ### Exercise 3: Mend a left-padded batch
#
# Someone hands you ids that are padded on the left. Move the padding to the right, the order of
# the ids unchanged.


# %% tags=["exercise"]
def to_the_right(ids):
    return ids  # your turn


mended = np.array(to_the_right(left))
print("right" if mended.tolist() == [[2, 4, 5, 6, 3, 0], [2, 4, 5, 3, 0, 0]] else "not yet")


# %% tags=["solution"]
# @title Solution 3
def to_the_right(ids):
    return pad_sequences([row[row != 0] for row in ids], ids.shape[1], padding="post")


mended = np.array(to_the_right(left))
print("right" if mended.tolist() == [[2, 4, 5, 6, 3, 0], [2, 4, 5, 3, 0, 0]] else "not yet")

# %% [markdown]
# ### Exercise 4: Take words apart
#
# Open: "boat's" can be unknown although "boat" is known. Split `'s` off as a word of its own, so
# that the vocabulary shrinks and fewer words are unknown. Then try hyphens, too. What do the
# captions gain in length, and how would you join them again after decoding?


# %% tags=["exercise"]
def take_apart(caption):
    return caption  # your turn


apart = CaptionTokenizer.from_captions(map(take_apart, train), recipe.min_count)
shares = unknown_share(tokenizer, dev), unknown_share(apart, list(map(take_apart, dev)))
answer = f"{len(apart):,} ids, unknown on dev {shares[0]:.2%} before and {shares[1]:.2%} now"
print(answer if take_apart("a boat's sail") == "a boat 's sail" else "not yet")


# %% tags=["solution"]
# @title Solution 4
def take_apart(caption):
    return caption.replace("'s", " 's")  # to join again: text.replace(" 's", "'s")


apart = CaptionTokenizer.from_captions(map(take_apart, train), recipe.min_count)
shares = unknown_share(tokenizer, dev), unknown_share(apart, list(map(take_apart, dev)))
answer = f"{len(apart):,} ids, unknown on dev {shares[0]:.2%} before and {shares[1]:.2%} now"
print(answer if take_apart("a boat's sail") == "a boat 's sail" else "not yet")

# %% [markdown]
# ## Next
#
# You can turn any caption into ids and back, and you know how long captions are and which words
# count. [04 train captioner](04_train_captioner.ipynb) brings photos and words together: a model
# learns to say the next word.
