# %% [markdown]
# # 05 · Generate captions
#
# You let a trained model write: word by word, first slowly, then fast, then with foresight.
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/OWNER/REPOSITORY/blob/main/notebooks/05_generate_captions.ipynb)
#
# [← 04 train captioner](04_train_captioner.ipynb) · [contents](../README.md) · [06 score captions →](06_score_captions.ipynb)

# %% [markdown]
# ![A tree of words growing from left to right; three branches are kept at every step and one, in orange, becomes the caption](images/05_generate_captions.png)
#
# A beam search at work: the model tries several sentences at once and keeps the most promising ones.

# %% [markdown]
# **You will learn**
#
# * how sentences come out of a model that only knows the next word
# * three changes that speed up the usual loop without changing a word
# * how sampling with a temperature makes captions varied
# * how beam search finds likelier captions, and why likelier is not always better
# * why captioners stutter, and what to do about it
#
# **You need** nothing; if lesson 04 has left no captioner in the work folder, `helpers.pipeline` trains one first.
#
# **Run times** (with the captioner of lesson 04; Colab is an estimate)
#
# | | Colab T4 | CPU, 2 cores |
# |---|---|---|
# | mini | about 1 min | 15-50 s |
# | Flickr8k | about 2 min | about 45 s |

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
# Helpers that are not taught here: `open_dataset` and `Workspace` fetch what earlier lessons made, `plots` draws, `free_photos` finds real photos on your disk. `cider_d_each` scores captions, `share_better` compares two captioners; lesson 06 takes both apart.

# %%
import math
import time
from collections import Counter
from dataclasses import dataclass

import keras
import numpy as np
import tensorflow as tf
from IPython.display import display
from keras import ops, tree

from helpers import decoding, plots
from helpers.apps.samples import free_photos
from helpers.captioner import Captioner
from helpers.comparing import share_better
from helpers.datasets import open_dataset
from helpers.images import encoded, image_pixels, open_image
from helpers.metrics import cider_d, cider_d_each, named_share
from helpers.models import next_word_model
from helpers.pipeline import Workspace

# %% [markdown]
# Settings: `DATASET = "flickr8k"` runs the same lesson on the real photos. `HANDFUL` photos go through the slow ways of writing; `BEAM_SIZE` is for section 5.

# %% tags=["parameters"]
DATASET = "mini"  # or "flickr8k", or a folder of your own
DATA_DIR = None  # where Flickr8k lies; None looks in data/flickr8k, then downloads it
SEED = 7
HANDFUL = 4
BEAM_SIZE = 3

# %% [markdown]
# Fetch the trained model of lesson 04 and photos that it has never seen, those of dev.

# %%
dataset = open_dataset(DATASET, DATA_DIR)
work = Workspace(dataset)
captioner = work.captioner()
model, tokenizer, max_length = (
    captioner.decoder,
    captioner.tokenizer,
    captioner.tokenizer.max_length,
)
features = work.features().rows(dataset.splits["dev"])
print("features (photos, numbers):", features.shape)
print("words that the model knows:", len(tokenizer))

# %% [markdown]
# ## 1. What does the model say first?
#
# Here is the first of these photos. What would you write about it?

# %%
photos = dataset.paths("dev")
plots.show_images([open_image(photos[0])])

# %% [markdown]
# The model only says which word may come *next*. Making sentences out of such answers is called **decoding**.
#
# Lesson 04 gave its model two methods for it. `start(features)` returns the **state**, everything the model needs to remember, as a pair: the photo's vector, and the LSTM's output and memory. `step(word_ids, state)` reads one word and returns **logits**, a number for each word of the vocabulary, and the next state.

# %%
state = model.start(features[:1])
logits, state = model.step(np.array([tokenizer.START]), state)
print("state:", tree.map_structure(lambda part: tuple(part.shape), state))
print("logits (batch, vocab):", tuple(logits.shape))

# %% [markdown]
# Every sentence begins with `<start>`, so that is what the model reads first. Softmax turns the logits into probabilities (lesson 04). Look at the likeliest words, take the best one, let the model read it, and ask again, three times in all:

# %%
so_far = "<start>"
for _ in range(3):
    probabilities = ops.convert_to_numpy(ops.softmax(logits))[0]
    figure = plots.plot_next_word(tokenizer.words, probabilities, top=6)
    figure.axes[0].set_title(f"after “{so_far}”", loc="left", fontsize=10)
    display(figure)
    word = int(np.argmax(probabilities))
    so_far += " " + tokenizer.words[word]
    logits, state = model.step(np.array([word]), state)

# %% [markdown]
# Always taking the likeliest word is called **greedy decoding**. It ends when that word is `<end>`.
#
# ## 2. The loop that everybody writes first
#
# Most tutorials keep the words so far in a padded list, give photo and list to `model.predict`, take the likeliest word, append it and start over. `next_word_model` of lesson 04 turns the trained layers into such a classic model.
#
# Nobody wants to read `<pad>`, `<unknown>` or `<start>`, so these three may not win. `ask` is a function that returns probabilities; faster ones will replace it.

# %% tags=["same-as:helpers.decoding.NEVER_WRITTEN"]
START, END = 2, 3
NEVER_WRITTEN = (0, 1, 2)


def classic_caption(ask, photo):
    ids = [START]
    while len(ids) < max_length - 1:
        words_so_far = keras.utils.pad_sequences([ids], max_length, padding="post")
        probabilities = np.array(ask([photo[None], words_so_far])[0])
        probabilities[list(NEVER_WRITTEN)] = 0
        word = int(np.argmax(probabilities))
        if word == END:
            break
        ids.append(word)
    return ids[1:]


# %% [markdown]
# Let it write one caption.

# %%
classic = next_word_model(model, max_length)


def ask_by_predict(inputs):
    return classic.predict(inputs, verbose=0)


print(tokenizer.decode(classic_caption(ask_by_predict, features[0])))

# %% [markdown]
# How long does that take? `timed` notes the milliseconds per caption. The first call of anything in TensorFlow prepares things, so one photo goes ahead, untimed.

# %%
milliseconds = {}


def timed(label, write, chosen):
    write(chosen[:1])
    start = time.perf_counter()
    captions = write(chosen)
    milliseconds[label] = 1000 * (time.perf_counter() - start) / len(chosen)
    print(f"{label}: {milliseconds[label]:,.1f} ms per caption")
    return captions


few = features[:HANDFUL]
wanted = timed("predict", lambda chosen: [classic_caption(ask_by_predict, p) for p in chosen], few)
for caption in wanted:
    print(" ", tokenizer.decode(caption))

# %% [markdown]
# On a CPU, expect half a second to two seconds for one caption. These captions are the yardstick from here on: each change has to give *exactly the same words*, only faster.
#
# ## 3. The same words, faster
#
# `predict` is made for big piles of data. Each call sets up a data pipeline, callbacks and a loop, all for one row. Why not call the model like a function?

# %%
captions = timed("call", lambda chosen: [classic_caption(classic, p) for p in chosen], few[:1])
assert captions == wanted[:1]
print(f"predict took {milliseconds['predict'] / milliseconds['call']:.1f} times as long")

# %% [markdown]
# Why not more? Python now starts every small calculation separately, while `predict` follows a plan of the whole, a **graph**. **`tf.function`** makes a graph of any function.
#
# *Change 1: compile the model, and leave `predict` out.*

# %%
graph = tf.function(classic)
captions = timed("compiled", lambda chosen: [classic_caption(graph, p) for p in chosen], few)
assert captions == wanted

# %% [markdown]
# What remains is real work, but most of it is wasted: for each word, the LSTM reads the whole padded sentence again.
#
# *Change 2: keep the state.* With `start` and `step`, the LSTM reads each word once. Both are compiled. `reduce_retracing` asks for one graph that serves any batch size, instead of a new one for each. (`attention` is for lesson 08.)


# %% tags=["same-as:helpers.decoding.CompiledModel"]
class CompiledModel:
    def __init__(self, model):
        self.start = tf.function(model.start, reduce_retracing=True)
        self.step = tf.function(model.step, reduce_retracing=True)
        self.attention = model.attention


compiled = CompiledModel(model)
logits, state = compiled.step(np.array([START], "int32"), compiled.start(features[:1]))
print("logits (batch, vocab):", tuple(logits.shape))

# %% [markdown]
# The logarithms of the probabilities are called **log-probabilities**; beam search will need them, and the likeliest word still has the largest. A word with -1e9 added can't win. With this function the loop becomes shorter than the classic one:


# %% tags=["same-as:helpers.decoding.word_log_probabilities"]
def word_log_probabilities(logits):
    forbidden = tf.one_hot(NEVER_WRITTEN, tf.shape(logits)[-1], on_value=-1e9)
    return tf.nn.log_softmax(tf.cast(logits, "float32")) + tf.reduce_sum(forbidden, axis=0)


def stepwise_caption(model, photo):
    ids, word, state = [], START, model.start(photo[None])
    while len(ids) < max_length - 2:
        logits, state = model.step(np.array([word], "int32"), state)
        word = int(np.argmax(word_log_probabilities(logits)))
        if word == END:
            break
        ids.append(word)
    return ids


captions = timed("state kept", lambda chosen: [stepwise_caption(compiled, p) for p in chosen], few)
assert captions == wanted

# %% [markdown]
# On a small model this may gain little, since each call from Python costs time. But it makes the next change possible.
#
# *Change 3: all photos at once.* A step for sixty photos costs far less than sixty steps for one. But captions end at different places. Here are eight of them as a batch; the grey cells are places nobody needs:

# %%
eight = [tokenizer.decode(stepwise_caption(compiled, photo)) for photo in features[:8]]
ids = tokenizer.encode_batch(eight)
plots.draw_batch(ids[:, : np.count_nonzero(ids, axis=1).max()], tokenizer.words)

# %% [markdown]
# So a caption that has ended leaves the batch, and its row of the state leaves with it. `take_rows` picks rows from every array of a state, however it is nested.


# %% tags=["same-as:helpers.decoding.take_rows"]
def take_rows(state, rows):
    return tree.map_structure(lambda tensor: ops.take(tensor, rows, axis=0), state)


first, second = take_rows(
    (tf.constant([10, 20, 30]), tf.constant([[1, 1], [2, 2], [3, 3]])), [0, 2]
)
print(first.numpy().tolist(), second.numpy().tolist())

# %% [markdown]
# Now the whole loop. `writing` holds the row numbers of the captions that still grow. The function `choose` decides on the next words; greedy decoding chooses the likeliest.


# %% tags=["same-as:helpers.decoding.write_captions", "same-as:helpers.decoding.greedy"]
def write_captions(model, features, max_length, choose):
    captions = [[] for _ in range(len(features))]
    writing = np.arange(len(features))
    state = model.start(tf.convert_to_tensor(features, "float32"))
    word_ids = tf.fill([len(features)], START)
    for _ in range(max_length - 2):
        if not len(writing):
            break
        logits, state = model.step(word_ids, state)
        word_ids = np.asarray(choose(word_log_probabilities(logits)), "int32")
        going_on = np.flatnonzero(word_ids != END)
        if len(going_on) < len(writing):
            state = take_rows(state, going_on)
        writing, word_ids = writing[going_on], word_ids[going_on]
        for caption, word in zip(writing, word_ids, strict=True):
            captions[caption].append(int(word))
    return captions


def greedy(model, features, max_length):
    return write_captions(model, features, max_length, lambda words: tf.argmax(words, axis=-1))


# %% [markdown]
# Are the words still the same, and the helper's too? Time all dev photos:

# %%
assert greedy(compiled, features, max_length) == decoding.greedy(compiled, features, max_length)
captions = timed("all at once", lambda chosen: greedy(compiled, chosen, max_length), features)
assert captions[:HANDFUL] == wanted
plots.plot_times(milliseconds)

# %% [markdown]
# The scale is logarithmic: equal steps in length mean equal factors. On a CPU, expect all changes together to make captioning 200 to 4,000 times as fast.
#
# ## 4. Can it say something else?
#
# Greedy decoding says the same about a photo every time. For variety, *draw* the next word by its probability: a word with 30% comes up in about 30 of 100 draws. That is **sampling**.
#
# A **temperature** sets how wild the draw is: divide all logits by it before the softmax. Below 1 the likely word becomes likelier; near 0 sampling turns into greedy decoding. Above 1 the unlikely words catch up.
#
# The **Gumbel trick** draws for a whole batch at once: add random noise of a certain kind to every logit (or log-probability) and take the largest. Try it on three numbers: probabilities at each temperature, and shares of ten thousand draws.

# %%
toy_logits, random = np.array([2.0, 1.0, 0.0]), np.random.default_rng(SEED)
for temperature in (0.5, 1.0, 1.5):
    expected = ops.convert_to_numpy(ops.softmax(toy_logits / temperature))
    draws = np.argmax(toy_logits / temperature + random.gumbel(size=(10_000, 3)), axis=1)
    shares = np.bincount(draws, minlength=3) / len(draws)
    print(temperature, expected.round(2), shares.round(2))
    assert np.allclose(shares, expected, atol=0.02)

# %% [markdown]
# `sample` is `write_captions` with another `choose`; its `seed` makes the draw repeatable. Five captions of one photo at each of three temperatures:


# %% tags=["same-as:helpers.decoding.sample"]
def sample(model, features, max_length, temperature=1.0, seed=None):
    if not temperature > 0:  # catches nan as well
        raise ValueError(f"temperature is {temperature}; it must be above 0 (greedy is the limit)")
    random = np.random.default_rng(seed)

    def draw(log_probabilities):
        noise = random.gumbel(size=log_probabilities.shape)
        return np.argmax(np.asarray(log_probabilities) / temperature + noise, axis=-1)

    return write_captions(model, features, max_length, draw)


for temperature in (0.5, 1.0, 1.5):
    print(f"temperature {temperature}")
    for caption in sample(compiled, features[[0] * 5], max_length, temperature, SEED):
        print("   ", tokenizer.decode(caption))

# %% [markdown]
# The higher the temperature, the more captions go astray: one odd word is enough, because the model continues from what it wrote (exercise 3). And label smoothing (lesson 04) has taught it to leave some probability to every word.
#
# ## 5. Looking further than one word
#
# Greedy decoding can't know what it passes up. Here is a toy language of three words, with the probability of every next word:

# %%
NEXT = {
    "<start>": {"dogs": 0.55, "a": 0.45},
    "dogs": {"<end>": 0.4, "a": 0.3, "dog": 0.3},
    "a": {"dog": 0.95, "dogs": 0.05},
    "dog": {"<end>": 1.0},
}


def probability(sentence):
    words = ["<start>", *sentence.split(), "<end>"]
    return math.prod(NEXT[word][follower] for word, follower in zip(words, words[1:], strict=False))


for sentence in ("dogs", "a dog"):
    print(f"{sentence:6} {probability(sentence):.4f}")

# %% [markdown]
# Greedy takes "dogs", 0.55 against 0.45, and then `<end>`: 0.55 × 0.4 = 0.22. The sentence "a dog" begins with the second-best word and yet reaches 0.45 × 0.95 × 1 = 0.43.
#
# **Beam search** keeps the `beam_size` best beginnings instead of one. With two, "a" stays in the race. Products of many probabilities shrink towards zero, so you add logarithms instead. Here is every step:

# %%
beams = [(["<start>"], 0.0)]
while beams:
    longer = [
        ([*words, word], total + math.log(p))
        for words, total in beams
        for word, p in NEXT[words[-1]].items()
    ]
    best = sorted(longer, key=lambda beam: -beam[1])[:2]
    for words, total in best:
        print(f"{' '.join(words[1:]):12} {total:6.2f}   probability {math.exp(total):.4f}")
    print()
    beams = [beam for beam in best if beam[0][-1] != "<end>"]

# %% [markdown]
# After one word "dogs" leads. After two, "a dog" has overtaken "dogs `<end>`". After three, the better sentence has its own `<end>`.
#
# Now for the real model, one photo at a time. A **node** is a beginning: its ids, its summed logarithms, and the model's state before it reads the last word. (`kept` is for a drawing.) `continuations` asks for the likeliest next words of a node.


# %%
@dataclass
class Node:
    ids: tuple  # <start> first
    log_probability: float
    state: tuple
    kept: bool = False


def continuations(model, node, count):
    logits, state = model.step(np.array([node.ids[-1]], "int32"), node.state)
    numbers = np.asarray(word_log_probabilities(logits))[0]
    likeliest = np.argsort(-numbers)[:count]
    return [
        Node((*node.ids, int(word)), node.log_probability + numbers[word], state)
        for word in likeliest
    ]


root = Node((START,), 0.0, compiled.start(features[:1]))
for node in continuations(compiled, root, 3):
    print(f"{tokenizer.words[node.ids[-1]]:10} {node.log_probability:.2f}")

# %% [markdown]
# Captions of different lengths compete, ranked by a **score**: the sum of logarithms divided by a power of the number of words, `<end>` counted. Section 6 asks which `POWER` is best.
#
# Two details complete the search. A caption that ends among the best `beam_size` is set aside, and `beam_size` *open* beginnings continue, taken from the best 2 × `beam_size` continuations. And the search stops when `beam_size` captions have ended and the best open beginning scores no better than the worst of them.

# %%
POWER = captioner.config["length_power"]


def score(node, length_power=POWER):
    return node.log_probability / (len(node.ids) - 1) ** length_power


def small_beam_search(model, photo, beam_size, length_power=POWER):
    beams, ended = [Node((START,), 0.0, model.start(photo[None]))], []
    nodes = list(beams)
    for _ in range(max_length - 2):
        longer = [new for node in beams for new in continuations(model, node, 2 * beam_size)]
        longer = sorted(longer, key=lambda node: -node.log_probability)[: 2 * beam_size]
        ended += [node for node in longer[:beam_size] if node.ids[-1] == END]
        beams = [node for node in longer if node.ids[-1] != END][:beam_size]
        for node in [*beams, *ended]:
            node.kept = True
        nodes += longer
        ended.sort(key=lambda node: -score(node, length_power))
        if len(ended) >= beam_size:
            if score(beams[0], length_power) <= score(ended[beam_size - 1], length_power):
                break
    else:
        ended += beams
    return sorted(ended, key=lambda node: -score(node, length_power))[:beam_size], nodes


best, nodes = small_beam_search(compiled, features[0], BEAM_SIZE)
for node in best:
    print(f"{score(node):6.2f}  {tokenizer.decode(node.ids)}")

# %% [markdown]
# `nodes` holds every beginning that the search has looked at, so you can draw its tree. Among the first twenty photos, take the shortest caption that differs from greedy decoding's.


# %%
def words_of(node):
    return [word for word in node.ids if word not in (START, END)]


searches = [small_beam_search(compiled, photo, BEAM_SIZE) for photo in features[:20]]
winners = [words_of(best[0]) for best, _ in searches]
lengths = [
    len(winner) + 100 * (winner == caption)
    for winner, caption in zip(winners, captions, strict=False)
]
chosen = int(np.argmin(lengths))
print("greedy:", tokenizer.decode(captions[chosen]))
print("beam:  ", tokenizer.decode(winners[chosen]))
plots.show_images([open_image(photos[chosen])])

# %% [markdown]
# The tree grows from left to right, a word at a time. Under each word is the sum of logarithms so far. Blue beginnings are kept, grey ones pruned, and the orange path is the caption that wins.

# %% tags=["picture"]
best, nodes = searches[chosen]
plots.draw_beam_tree(
    [
        {
            "id": node.ids,
            "parent": node.ids[:-1] or None,
            "word": tokenizer.words[node.ids[-1]],
            "log_probability": node.log_probability,
            "kept": node.kept,
            "best": node is best[0],
        }
        for node in nodes
    ]
)

# %% [markdown]
# Follow the orange path. Where a word on it was not the likeliest next one, greedy decoding went another way.
#
# One photo at a time is slow again. `helpers.decoding.beam_search` carries all beams of all photos through one `step`. Its heart is the choice among all continuations of a photo: lay the beams' words side by side in one long row and take the best. Division by the size of the vocabulary tells which beam a winner continues, the remainder which word it adds. `best_continuations` takes the second step of the toy language in one go.


# %% tags=["same-as:helpers.decoding.best_continuations"]
@tf.function(reduce_retracing=True)
def best_continuations(logits, totals, count):
    images, beams = tf.unstack(tf.shape(totals))
    vocab = tf.shape(logits)[-1]
    log_probabilities = tf.reshape(word_log_probabilities(logits), (images, beams, vocab))
    all_totals = tf.reshape(totals[:, :, None] + log_probabilities, (images, beams * vocab))
    best, index = tf.math.top_k(all_totals, count)
    return best, index // vocab, index % vocab


toy_words = ["<pad>", "<unknown>", "<start>", "<end>", "dogs", "a", "dog"]
toy_beams = ["dogs", "a"]
rows = [[math.log(NEXT[beam].get(word, 1e-9)) for word in toy_words] for beam in toy_beams]
totals = tf.constant([[math.log(0.55), math.log(0.45)]])
for total, beam, word in zip(*best_continuations(tf.constant(rows), totals, 2), strict=True):
    for number in range(2):
        words = toy_beams[beam[number]], toy_words[word[number]]
        print(f"{' '.join(words):12} {total[number]:6.2f}")

# %% [markdown]
# The same two as by hand. Now all dev photos with the helper. Its captions and scores must be the small search's, and a beam of one greedy decoding.


# %%
def search(beam_size, length_power=POWER):
    return decoding.beam_search(compiled, features, max_length, beam_size, length_power)


found = {size: search(size) for size in (1, BEAM_SIZE, 5)}
for (best, _), beams in zip(searches, found[BEAM_SIZE], strict=False):
    assert [words_of(node) for node in best] == [beam.ids for beam in beams]
    assert np.allclose([score(node) for node in best], [b.score for b in beams], atol=1e-3)
assert [beams[0].ids for beams in found[1]] == captions
print(f"{len(searches)} photos alike, and {len(captions)} captions of a beam of one are greedy's")

# %% [markdown]
# ### Likelier is not better
#
# Does a beam find sentences of a higher score than greedy decoding's (a beam of 1)? Are they better? Ask **CIDEr-D**, a score that compares captions with the references, the captions of the data set. The last number is the share of 1,000 sets of photos, redrawn from dev, in which greedy scores higher: near 50% nothing can be said, above 97.5% it is hardly luck.

# %%
references = dataset.references("dev")
each, texts = {}, {}
for size, beams in found.items():
    texts[size] = [tokenizer.decode(best[0].ids) for best in beams]
    each[size] = cider_d_each(references, texts[size])
    own = np.mean([best[0].score for best in beams])
    line = f"beam of {size}: mean score {own:.2f}, CIDEr-D {np.mean(each[size]):5.1f}"
    if size > 1:
        line += f", greedy is better in {share_better(each[1], each[size], seed=SEED):.1%}"
    print(line)

# %% [markdown]
# The larger the beam, the higher the model's own score: likelier sentences, their length allowed for. CIDEr-D doesn't follow: on mini it falls, if not beyond luck. What does the beam change? Count the captions that name what is in the scene:

# %%
if dataset.scenes:
    records = [dataset.scenes["scenes"][name] for name in dataset.splits["dev"]]
    synonyms = dataset.scenes["synonyms"]
    for key in ("object", "place", "colour", "count"):
        shares = {size: named_share(texts[size], records, synonyms, key) for size in found}
        print(f"{key:7}", *(f"beam of {size}: {share:.0%}" for size, share in shares.items()))

# %% [markdown]
# Objects, places and colours hardly change; counts do, but not in step with CIDEr-D. What is left is the wording. One thing can be said in many ways ("two", "a pair of") that share its probability, while a search looks for the one likeliest *sentence*. Lesson 12 lets candidates vote: what they share adds up.
#
# On Flickr8k's dev photos, the course's captioner `attention-xception` (lesson 08) gains from its beam: section 7 has the numbers. So measure.

# %% [markdown]
# ## 6. Why do captions come out short?
#
# Each word adds the logarithm of a number below 1, so each word *costs*. Suppose the model is 80% sure of every word. What do five words cost, what do ten?

# %%
for words in (5, 10):
    total = words * math.log(0.8)
    print(f"{words:2} words: sum {total:6.2f}   divided by words {total / words:6.2f}")

# %% [markdown]
# The sum prefers the short caption, although the model is no surer of it. The mean treats both alike. In between is a sum divided by *words to a power*: 0 gives the sum, 1 the mean. This is **length normalisation** (Wu et al. 2016), and `length_power` its knob. Which power is best? That is a choice, so dev decides, never test.

# %%
by_power = {}
for power in sorted({0.0, 0.4, 0.7, 1.0, POWER}):
    tried = [tokenizer.decode(beams[0].ids) for beams in search(BEAM_SIZE, power)]
    by_power[power] = cider_d_each(references, tried)
    words, mean = np.mean([len(text.split()) for text in tried]), np.mean(by_power[power])
    print(f"length_power {power}: {words:.1f} words on average, CIDEr-D {mean:.1f}")
for power in sorted(by_power.keys() - {POWER}):
    certain = share_better(by_power[POWER], by_power[power], seed=SEED)
    print(f"the captioner's {POWER} is better than {power} in {certain:.1%} of draws")

# %% [markdown]
# The captions grow longer with the power. Which power is best is less certain. None of the others beats the captioner's own by more than luck (a share below 2.5%); but where the share is below 97.5%, dev doesn't prove it better either.
#
# ## 7. Why does it say things twice?
#
# A captioner that is not sure of what it sees repeats itself: "a yellow and yellow and yellow ball". Ours is sure of mini's drawings and rarely does. Let another one describe them: the course's `merge-xception`, trained on real photos.
#
# Which words may come twice? "a" and "the" may, "yellow" should not. Words of the first kind, **function words**, are in the captions of many photos, which is enough to find them:

# %% tags=["same-as:helpers.captioner.ngrams.function_words"]
OFTEN = 0.4


def function_words(references, often=OFTEN):
    photos = Counter(word for captions in references for word in set(" ".join(captions).split()))
    return [word for word, count in photos.most_common() if count >= often * len(references)]


print(function_words([work.descriptions[name] for name in dataset.splits["train"]]))

# %% [markdown]
# All others are **content words**. Which captions use one twice?

# %%
real = Captioner.load("merge-xception")
may_return = real.config["function_words"]  # found in the captions of Flickr8k in the same way


def stutters(texts):
    return [
        text
        for text in texts
        if any(text.split().count(word) > 1 for word in {*text.split()} - {*may_return})
    ]


def say(model):
    return [real.tokenizer.decode(ids) for ids in greedy(model, features, 32)]


before = say(CompiledModel(real.decoder))
twice = stutters(before)
print(f"{len(twice)} of {len(features)} captions, such as:")
print(*twice[:4], sep="\n")

# %% [markdown]
# The cure needs no training: the state also holds which content words are used up. Their logits fall by 1e9, and their probability goes to the other words. This wrapper serves greedy decoding, sampling and beams alike:


# %% tags=["same-as:helpers.decoding.NoRepeats"]
class NoRepeats:
    def __init__(self, decoder, once):
        self.decoder, self.once = decoder, np.asarray(once, "float32")

    def start(self, features):
        image, memory = self.decoder.start(features)
        return image, (memory, ops.zeros((ops.shape(features)[0], len(self.once))))

    def step(self, word_ids, state):
        image, (memory, used) = state
        used = ops.maximum(used, ops.one_hot(word_ids, len(self.once)) * self.once)
        logits, (image, memory) = self.decoder.step(word_ids, (image, memory))
        return ops.cast(logits, "float32") - 1e9 * used, (image, (memory, used))

    def attention(self, state):
        image, (memory, _) = state
        return self.decoder.attention((image, memory))


once = np.array([word not in may_return for word in real.tokenizer.words])
careful = CompiledModel(NoRepeats(real.decoder, once))
after = say(careful)
print(f"{len(stutters(after))} of {len(features)} captions; those from above now read:")
print(*[after[before.index(text)] for text in twice[:4]], sep="\n")

# %% [markdown]
# The stutter is gone. Whether the new words are true is another matter. On the 1,000 dev photos of Flickr8k, barring repeats lifts the CIDEr-D of `attention-xception` from 59.7 to 60.4 (greedy) and from 62.5 to 63.1 (beam 5). A `Captioner` does it whenever its config has `function_words`, as yours has. (So lesson 06 scores its beams differently from section 5.)
#
# ## 8. From a file to a sentence
#
# So far you began with features. A `Captioner` does it all: it opens the photo, encodes it, searches and spells out the words. Step by step, for one photo of dev:

# %%
encoder, photo = captioner.encoder, photos[31 % len(photos)]
pixels = image_pixels(photo, encoder.image_size)
vector = encoder.encode(pixels[None])
best = captioner.feature_candidates(vector, BEAM_SIZE)[0][0]
print(pixels.shape, "->", vector.shape, "->", best.ids, "->", best.caption)

start = time.perf_counter()
assert captioner.caption([photo], BEAM_SIZE) == [best.caption]
print(f"{time.perf_counter() - start:.2f} s from the file to the sentence")

# %% [markdown]
# Most of that time is spent in Xception; the words cost little. Here is the whole route, with the probability of every word. Low ones show where the model wavered.


# %%
def probabilities(captioner, features, best):
    logits = captioner.decoder((features, np.array([[START, *best.ids]])))
    row, words = ops.convert_to_numpy(ops.softmax(logits))[0], captioner.tokenizer.words
    return [(words[word], float(row[place, word])) for place, word in enumerate(best.ids)]


plots.draw_route(open_image(photo), vector[0], probabilities(captioner, vector, best))

# %% [markdown]
# ### Real photos
#
# Free photos come with Matplotlib (the portrait) and scikit-image (the others, if it is installed). The course's `attention-xception` learnt from Flickr8k and COCO (lesson 10). It captions each greedily, with beam 5 and by a vote (lesson 12); last comes a crop of the second.

# %%
real_captioner, real_photos = Captioner.load("attention-xception"), list(free_photos().items())[:5]
size = real_captioner.encoder.image_size
regions = real_captioner.encoder.encode(
    np.stack([image_pixels(path, size) for _, path in real_photos])
)
ways = {
    "greedy": real_captioner.caption_features(regions, search="greedy"),
    "beam 5": real_captioner.caption_features(regions, beam_size=5),
    "vote": real_captioner.caption_features(regions, search="vote"),
}
for number, (label, _) in enumerate(real_photos):
    print(label, *(f"{way:6}  {said[number]}" for way, said in ways.items()), sep="\n  ")
images = [open_image(path) for _, path in real_photos]
plots.show_images(images, [label for label, _ in real_photos], columns=5)

# %% tags=["readme-picture"]
route = None
if "photographer" in dict(real_photos):  # a part of it, by a vote
    part = open_image(dict(real_photos)["photographer"]).crop((112, 112, 512, 512))
    seen = real_captioner.encoder.encode(image_pixels(encoded(part, "PNG"), size)[None])
    found = real_captioner.feature_candidates(seen)[0][0]
    words = probabilities(real_captioner, seen, found)
    route = plots.draw_route(part, seen[0].mean(axis=0), words)
route

# %% [markdown]
# Check them word by word. A fluent sentence about something that isn't there is called a *hallucination*, and no way of choosing words helps a model that has never seen what is there. Lesson 07 shows how a captioner says that it isn't sure.
#
# In a terminal, in the course folder, all this is one command:
#
# ```sh
# python -m helpers.captioner photo.jpg --captioner work/mini/captioner
# ```
#
# The lesson's numbers:

# %% tags=["scores"]
faster = milliseconds["predict"] / milliseconds["all at once"]
print(f"greedy, all at once: {milliseconds['all at once']:.1f} ms, {faster:.0f} times as fast")
scores = ", ".join(f"{np.mean(values):.1f} with a beam of {size}" for size, values in each.items())
print(f"dev CIDEr-D {scores}; length_power {POWER}")

# %% [markdown]
# ## Recap
#
# * A captioner only knows the next word; decoding makes sentences of it.
# * Compile the model, keep the state, batch the photos: the same words in a small fraction of the time.
# * Sampling draws words by their probability; the temperature sets how daringly.
# * Beam search finds likelier captions; dev must say whether they are better.
# * Sums favour short captions; `length_power` makes up for it.
# * A content word is said once: the state notes it and bars it.
#
# ## Exercises
#
# ### Exercise 1: Sum up a sentence
#
# Return the summed logarithms of a sentence of the toy language, `<end>` included. `NEXT` and `math.log` are all you need.


# %% tags=["exercise"]
def log_probability(sentence):
    return 0.0  # your turn


rights = {"a dog": -0.850, "dogs": -1.514, "dogs a dog": -1.853, "a dogs dog": -4.998}
said = {sentence: log_probability(sentence) for sentence in rights}
wrong = [
    f"{s!r} is {rights[s]}, not {said[s]:.3f}" for s in rights if abs(said[s] - rights[s]) > 1e-3
]
print(f"not yet: {wrong[0]}" if wrong else "right")


# %% tags=["solution"]
# @title Solution 1
def log_probability(sentence):
    words = ["<start>", *sentence.split(), "<end>"]
    pairs = zip(words, words[1:], strict=False)
    return sum(math.log(NEXT[word][follower]) for word, follower in pairs)


rights = {"a dog": -0.850, "dogs": -1.514, "dogs a dog": -1.853, "a dogs dog": -4.998}
said = {sentence: log_probability(sentence) for sentence in rights}
wrong = [
    f"{s!r} is {rights[s]}, not {said[s]:.3f}" for s in rights if abs(said[s] - rights[s]) > 1e-3
]
print(f"not yet: {wrong[0]}" if wrong else "right")

# %% [markdown]
# ### Exercise 2: Draw from the best only
#
# **Top-k sampling** draws among the `k` likeliest words and never from the long tail. Return log-probabilities (batch, vocab) in which all but the `k` largest of each row are -1e9.


# %% tags=["exercise"]
def keep_top(log_probabilities, k):
    return np.asarray(log_probabilities)  # your turn


rows = np.array([[-1.0, -3.0, -2.0, -4.0], [-9.0, -5.0, -6.0, -7.0]])
dues = {k: np.where(rows >= np.sort(rows)[:, -k, None], rows, -1e9) for k in (1, 2, 4)}
said = {k: np.asarray(keep_top(rows.copy(), k)) for k in dues}
wrong = [k for k in dues if said[k].shape != rows.shape or not np.allclose(said[k], dues[k])]
print(f"not yet: k={wrong[0]} gives {said[wrong[0]].tolist()}" if wrong else "right")


# %% tags=["solution"]
# @title Solution 2
def keep_top(log_probabilities, k):
    numbers = np.asarray(log_probabilities)
    smallest_kept = np.sort(numbers, axis=-1)[:, -k, None]
    return np.where(numbers >= smallest_kept, numbers, -1e9)


rows = np.array([[-1.0, -3.0, -2.0, -4.0], [-9.0, -5.0, -6.0, -7.0]])
dues = {k: np.where(rows >= np.sort(rows)[:, -k, None], rows, -1e9) for k in (1, 2, 4)}
said = {k: np.asarray(keep_top(rows.copy(), k)) for k in dues}
wrong = [k for k in dues if said[k].shape != rows.shape or not np.allclose(said[k], dues[k])]
print(f"not yet: k={wrong[0]} gives {said[wrong[0]].tolist()}" if wrong else "right")

# %% [markdown]
# ### Exercise 3: Weigh variety against truth
#
# For temperatures of your choice, sample a caption of every dev photo. Return triples (temperature, number of different captions, CIDEr-D). You are done when you can say what variety costs, and where greedy decoding belongs among the temperatures.


# %% tags=["exercise"]
def variety_and_truth(temperatures):
    return []  # your turn


results = variety_and_truth((0.3, 1.0, 2.0))
print("not yet" if len(results) != 3 else f"greedy {np.mean(each[1]):.1f}, then {results}")


# %% tags=["solution"]
# @title Solution 3
# The answer: greedy is the limit of low temperatures, and scores best of all. mini's captions are
# different anyhow, one for nearly every photo, so here variety costs truth and brings nothing.
def variety_and_truth(temperatures):
    results = []
    for temperature in temperatures:
        drawn = sample(compiled, features, max_length, temperature, SEED)
        sampled = [tokenizer.decode(caption) for caption in drawn]
        results.append((temperature, len(set(sampled)), round(cider_d(references, sampled), 1)))
    return results


results = variety_and_truth((0.3, 1.0, 2.0))
print("not yet" if len(results) != 3 else f"greedy {np.mean(each[1]):.1f}, then {results}")

# %% [markdown]
# ## Next
#
# [06 score captions](06_score_captions.ipynb) asks how good these sentences are, and takes apart the scores that claim to know.
#
# ### Further reading
#
# * [The curious case of neural text degeneration](https://arxiv.org/abs/1904.09751), Holtzman and others 2020: why likely text is dull.
# * [If beam search is the answer, what was the question?](https://arxiv.org/abs/2010.02650), Meister, Vieira and Cotterell 2020.
# * [Six challenges for neural machine translation](https://arxiv.org/abs/1706.03872), Koehn and Knowles 2017: larger beams, worse translations.
# * [Google's neural machine translation system](https://arxiv.org/abs/1609.08144), Wu and others 2016: length normalisation, in its section 7.
