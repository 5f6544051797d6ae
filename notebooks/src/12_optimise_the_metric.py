# %% [markdown]
# # 12 · Optimise the metric
#
# Your captioner learnt to guess the next word. Now you train it on what it is scored by: whole captions, and their CIDEr.
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/OWNER/REPOSITORY/blob/main/notebooks/12_optimise_the_metric.ipynb)
#
# [← 11 vgg16 and a web page](11_vgg16_and_a_web_page.ipynb) · [contents](../README.md) · [13 write with a transformer →](13_write_with_a_transformer.ipynb)

# %% [markdown]
# ![CIDEr-D of drawn captions, batch by batch: three thin jagged lines, one a seed, and thick the mean of each epoch](images/12_optimise_the_metric.png)
#
# The score of drawn captions, while three models train on nothing else (section 5).

# %% [markdown]
# **You will learn**
#
# * why a lower loss is not yet a better caption
# * how to train on a score that has no gradient
# * self-critical training, from a die with three sides to a captioner
# * how a metric is tricked, and how to notice
# * three cheaper ways to a better score
# * how to tell a gain from luck
#
# **You need** nothing; `helpers.pipeline` makes what is missing. The real photos come with scikit-image; without it there is only one.
#
# **Run times** (Colab: estimates)
#
# | | Colab T4 | CPU, 2 cores |
# |---|---|---|
# | mini | about 1 min (estimate) | 35-90 s |
# | Flickr8k | about 15 min (estimate) | about 12 min |

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
# `open_dataset`, `Workspace`, `Captioner`, `plots` and the scores are known from earlier lessons.

# %%
import json
from collections import Counter
from dataclasses import replace

import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from keras import ops
from PIL import ImageOps

from helpers import plots
from helpers.apps.samples import free_photos
from helpers.captioner import Captioner
from helpers.datasets import DATA_FOLDER, open_dataset
from helpers.decoding import (
    END,
    START,
    CompiledModel,
    take_rows,
    word_log_probabilities,
)
from helpers.images import open_image
from helpers.metrics import cider_d_each, ngram_rarity, score_captions
from helpers.models import Ensemble
from helpers.pipeline import Workspace, recipe_for
from helpers.resuming import resumable
from helpers.self_critical import Criticism, SelfCriticalBatches

# %% [markdown]
# Settings: `DATASET = "flickr8k"` runs the same lesson on the real photos.

# %% tags=["parameters"]
DATASET = "mini"  # or "flickr8k", or a folder of your own
DATA_DIR = None  # where Flickr8k lies; None looks in data/flickr8k, then downloads it
SEED = 7

# %% [markdown]
# ## 1. What is asked, and what is scored
#
# Since lesson 04 you have trained the model with one question: *here are the first words of a reference; what is the next?* The loss is its surprise at the answer. The model is scored with another: *write a whole caption; how much is it like the references?*
#
# * In training, the words so far always come from a reference (**teacher forcing**). When the model writes, they are its own, mistakes included.
# * The loss counts every word alike. CIDEr gives much for "dog" and next to nothing for "a".
# * Five references describe a photo in five ways. The loss wants a share of the probability for each; the score wants *one* caption, close to all five.
#
# Begin with the finished captioner of lesson 04, and note its score. Nothing will be chosen by it, so dev is pooled with test.

# %%
dataset = open_dataset(DATASET, DATA_DIR)
work = Workspace(dataset)
captioner = work.captioner()
tokenizer = captioner.tokenizer
train = work.batches("train", recipe_for(dataset), SEED)
held_out = [*dataset.splits["dev"], *dataset.splits["test"]]
features = work.features().select(held_out)
references = [dataset.captions[name] for name in held_out]


def scored(writer):
    captions = writer.caption_features(features, 1)  # greedy
    return captions, np.array(cider_d_each(references, captions))


before, scores_before = scored(captioner)
print(f"{len(held_out):,} photos, greedy: CIDEr-D {scores_before.mean():.1f}")

# %% [markdown]
# Why not use CIDEr as the loss? It has no gradient (lesson 04). The score depends on which words were written, and a word is either written or not. Change a weight a little, and most likely all captions stay as they are.
#
# ## 2. A die with three sides
#
# The way out is chance. Let the model *draw* its caption, as in lesson 05. Then the *expected* score, the mean over all captions, each weighted by its probability, moves smoothly with the weights.
#
# A toy, the die: the model knows three captions, and their probabilities are the softmax of three logits. Their scores are 9, 1 and 2.

# %%
logits, rewards = np.array([0.0, 1.0, 0.5]), np.array([9.0, 1.0, 2.0])


def softmax(numbers):
    powers = np.exp(numbers - np.max(numbers))
    return powers / powers.sum()


chances = softmax(logits)
print("chances ", chances.round(2))
print("expected score", round(float(chances @ rewards), 3))

# %% [markdown]
# With three captions the gradient can be had by trying: move each logit a little and look. From here on, a caption's score is its **reward**.

# %%
nudges = 1e-5 * np.eye(3)
tried = np.array(
    [(softmax(logits + nudge) @ rewards - chances @ rewards) / 1e-5 for nudge in nudges]
)
print("by trying", tried.round(3))

# %% [markdown]
# A real model knows millions of captions. But here is a rule that needs only those that were drawn (Williams 1992): take the gradient of the log-probability of what was drawn, times its reward. On average this *is* the gradient of the expected reward. It is called **policy gradient**, or REINFORCE.
#
# With softmax, the gradient of the log-probability of caption i, with respect to the logits, is 1 at place i and 0 elsewhere, minus the chances. So:


# %%
def drawn_gradients(count, baseline, random):
    drawn = random.choice(3, size=count, p=chances)
    return (rewards[drawn] - baseline)[:, None] * (np.eye(3)[drawn] - chances)


random = np.random.default_rng(SEED)
many = drawn_gradients(100_000, 0.0, random)
print("by drawing", many.mean(axis=0).round(2))
assert np.allclose(many.mean(axis=0), tried, atol=0.05)

# %% [markdown]
# The mean is right, but single draws differ widely. All rewards are above 0, so whatever is drawn becomes likelier, even the worst caption. The cure: subtract a **baseline**, such as the mean reward. What is better than usual becomes likelier, what is worse less likely. The mean of the gradient stays, its noise shrinks:

# %%
for baseline in (0.0, float(chances @ rewards)):
    gradients = drawn_gradients(100_000, baseline, random)
    mean, spread = gradients.mean(axis=0).round(2), gradients.std(axis=0).mean()
    print(f"baseline {baseline:.2f}: mean {mean}, spread {spread:.2f}")

# %% [markdown]
# ## 3. Draw captions
#
# Now the captioner: draw five captions for every photo, word by word. `take_rows` repeats a photo's memory for its five captions; a caption that has ended gets zeros. `temperature` divides the log-probabilities (lesson 05); below 1 the draws keep closer to greedy decoding.


# %% tags=["same-as:helpers.self_critical.draw_captions"]
def draw_captions(model, features, captions, max_length, temperature, random):
    image, memory = model.start(tf.convert_to_tensor(features, "float32"))
    state = image, take_rows(memory, np.repeat(np.arange(len(features)), captions))
    rows = np.zeros((len(features) * captions, max_length), "int32")
    rows[:, 0] = START
    for place in range(1, max_length):
        logits, state = model.step(rows[:, place - 1], state)
        log_chances = word_log_probabilities(logits) / temperature
        seed = random.integers(2**31, size=2)
        words = tf.random.stateless_categorical(log_chances, 1, seed, "int32")[:, 0]
        rows[:, place] = np.where(np.isin(rows[:, place - 1], (0, END)), 0, words)
        if not rows[:, place].any():
            break
    longest = np.count_nonzero(rows, axis=1).max()
    return rows[:, :longest]


# %% [markdown]
# Five captions of one photo, and what each would score:

# %%
compiled = CompiledModel(captioner.decoder)
drawn = draw_captions(compiled, features[:1], 5, tokenizer.max_length, 0.5, random)
texts = [tokenizer.decode(ids) for ids in drawn]
rarity = ngram_rarity(references)
scores = cider_d_each([references[0]] * 5, texts, rarity)
for text, score in zip(texts, scores, strict=True):
    print(f"{score:6.1f}  {text}")

# %% [markdown]
# Is the best always the truest? The scene, and two captions that another model drew:

# %%
if dataset.scenes:
    print(dataset.scenes["scenes"][held_out[0]])
    pair = (
        "there are two yellow bird flying above the flowers",
        "two cheerful blue songbirds are flying above the meadow under a starry night",
    )
    for text, score in zip(pair, cider_d_each([references[0]] * 2, pair, rarity), strict=True):
        print(f"{score:6.1f}  {text}")

# %% [markdown]
# On mini, the first is wrong in colour and grammar and scores higher than the true one: the reward knows n-grams and nothing else. Section 6 comes back to that.
#
# ## 4. Better than its siblings
#
# What is the baseline of a caption? Some photos are easy, so take the mean of *the other four* captions of the same photo. By how much a caption's reward exceeds that is its **advantage**. Rennie et al. (2017) compared with the greedy caption; since the model is measured against itself, they call the training **self-critical**. The mean of the others (Luo 2020) also trains large language models (as RLOO; its close kin is GRPO).


# %% tags=["same-as:helpers.self_critical.advantages"]
def advantages(rewards):
    others = rewards.shape[1] - 1
    return rewards - (rewards.sum(axis=1, keepdims=True) - rewards) / others


# %%
toy = np.array([[1.0, 2.0, 6.0]])
print(advantages(toy), "· sum", advantages(toy).sum())
print(advantages(np.array([scores])).round(1))

# %% [markdown]
# The loss is the surprise at the drawn caption: its log-probability with the sign reversed. `fit` multiplies it by the advantage, as the weight of the sample. The probabilities must be those of the draw, or the gradient is wrong: with the same temperature, over the same words. `<pad>`, `<unknown>` and `<start>` are never drawn.


# %% tags=["same-as:helpers.self_critical.AdvantageLoss"]
class AdvantageLoss(keras.losses.Loss):
    def __init__(self, temperature=1.0):
        super().__init__(reduction="sum_over_batch_size")
        self.temperature = temperature

    def call(self, targets, logits):
        log_chances = word_log_probabilities(logits) / self.temperature
        chosen = ops.take_along_axis(log_chances, ops.expand_dims(targets, -1), axis=-1)[..., 0]
        real = ops.cast(ops.not_equal(targets, 0), "float32")
        return ops.sum((ops.logsumexp(log_chances, axis=-1) - chosen) * real, axis=-1)


# %% [markdown]
# Test it on the die: each caption is one "word", weighted by its reward. TensorFlow's `GradientTape` works out the gradient. With its sign reversed, because `fit` goes downhill, it must be the one found by trying.

# %%
chosen = random.choice(3, size=100_000, p=chances)
variable = tf.Variable(np.tile(logits, (1, 1, 1)), dtype="float32")
with tf.GradientTape() as tape:
    spread = tf.repeat(variable, len(chosen), axis=0)
    markers = tf.ones((len(chosen), 1, 3))  # ids 0 to 2, which are never drawn
    loss = AdvantageLoss()(
        chosen[:, None] + 3, tf.concat([markers, spread], axis=-1), rewards[chosen]
    )
print("by the loss", -tape.gradient(loss, variable).numpy().ravel().round(2))

# %% [markdown]
# ## 5. Train on the score
#
# `SelfCriticalBatches` puts it together: take some photos, draw captions with the current weights, score them by the training captions, and hand features, words and advantages to `fit`. `Criticism` holds the settings.

# %%
small = Criticism(3, photos=44, learning_rate=5e-4, average=0.9)
choices = {"mini": small}.get(DATASET, Criticism())
batches = SelfCriticalBatches(captioner.decoder, train, tokenizer, choices, SEED)
print(choices)
(their_features, inputs), targets, gains = next(iter(batches))
print("features", their_features.shape, "inputs", inputs.shape, "advantages", gains.shape)

# %% [markdown]
# The weights are averaged, because single batches are noisy (lesson 04; `resumable`, too). Begin with a trained model: an untrained one draws nonsense, all of it scores 0, and no caption has an advantage.


# %% tags=["same-as:helpers.self_critical.train_on_score"]
def train_on_score(model, batches, backup=None, callbacks=(), verbose=2, keep_backup=False):
    choices = batches.criticism
    steps = choices.epochs * len(batches)
    schedule = keras.optimizers.schedules.CosineDecay(choices.learning_rate, steps)
    optimiser = keras.optimizers.Adam(
        schedule, clipnorm=1.0, use_ema=True, ema_momentum=choices.average
    )
    model.compile(optimiser, AdvantageLoss(choices.temperature), jit_compile=False)
    average = keras.callbacks.SwapEMAWeights(swap_on_epoch=True)
    with resumable(model, batches, backup, keep_backup) as (progress, epochs_done):
        options = {"initial_epoch": epochs_done, "epochs": choices.epochs, "verbose": verbose}
        every = [progress, average, *callbacks]
        history = model.fit(batches.dataset(), shuffle=False, callbacks=every, **options)
    return history.history


# %% [markdown]
# One training may be luck. So train with three seeds (one on larger data), and compare each with its start, photo by photo.

# %%
SEEDS = range(SEED, SEED + {"mini": 3}.get(DATASET, 1))
twins, rewards, gained = [], [], []
for seed in SEEDS:
    twin = Captioner(tokenizer, captioner.decoder.copy(), captioner.config, captioner.rarity)
    batches = SelfCriticalBatches(twin.decoder, train, tokenizer, choices, seed)
    train_on_score(twin.decoder, batches, verbose=0)
    captions, scores = scored(twin)
    twins, rewards = [*twins, twin], [*rewards, batches.rewards]
    gained.append(scores - scores_before)
    epochs = np.reshape(batches.rewards, (choices.epochs, -1)).mean(axis=1).round(1)
    print(f"seed {seed}: drawn {epochs}, greedy on new photos {gained[-1].mean():+.1f}")

# %% tags=["picture"]
figure, axes = plt.subplots(figsize=(8, 3), layout="constrained")
places = np.arange(1, len(rewards[0]) + 1)
for seed, line in zip(SEEDS, rewards, strict=True):
    label = "one seed each" if seed == SEED else None
    axes.plot(places, line, color="#9CC5E3", linewidth=1, label=label)
by_epoch = np.mean(rewards, axis=0).reshape(choices.epochs, -1).mean(axis=1)
middles = places.reshape(choices.epochs, -1).mean(axis=1)
axes.plot(middles, by_epoch, "o-", color="#0072B2", linewidth=2.5, label="mean of each epoch")
axes.set(xlabel="batches", ylabel="CIDEr-D of drawn captions")
axes.spines[["top", "right"]].set_visible(False)
axes.legend(frameon=False)
plt.close(figure)
figure

# %% [markdown]
# The drawn captions are of training photos, with `<end>` as a word (section 6), so on another scale. Do greedy captions of *new* photos improve, too? Take each photo's mean gain over the seeds, and draw the photos anew a thousand times, as in lesson 06.


# %% tags=["scores"]
def show_gain(label, gains):
    means = random.choice(gains, (1000, len(gains))).mean(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    print(f"{label}: {gains.mean():+.1f}, 95 % between {low:+.1f} and {high:+.1f}")


print(f"finished captioner, greedy: CIDEr-D {scores_before.mean():.1f}")
show_gain(f"trained on the score, {len(SEEDS)} seeds", np.mean(gained, axis=0))
after = twins[0].caption_features(features, 1)
for label, captions in {"before": before, f"seed {SEED}": after}.items():
    row = score_captions(references, captions)
    print(
        f"{label:6} BLEU-4 {row['BLEU-4']:.1f}, {row['mean length']:.1f} words a caption, "
        f"{row['distinct']} distinct"
    )

# %% [markdown]
# If the interval contains 0, mini proves no gain. What the model learns, its drawn captions show; less carries over to dev and test, where object, colour and place meet as in no training scene. The course's recorded runs on Flickr8k, each beside its start; 1,000 test photos, beam of 3:

# %%
path = DATA_FOLDER / "captioners" / "results.json"
results = json.loads(path.read_text("utf-8"))
recorded = {(run["name"], run["seed"]): run["scores"] for run in results["runs"]}
for name in ("merge-xception", "attention-xception-grid"):
    for seed in (1, 2, 3):
        if (name, seed) in recorded:
            runs = [
                recorded[each, seed]["test, beam 3"] for each in (name, f"{name}-self-critical")
            ]
            first, second = (run["CIDEr-D"] for run in runs)
            print(f"{name:24} seed {seed}: {first:.2f} → {second:.2f}, {second - first:+.2f}")

# %% [markdown]
# There every seed of both models gains.
#
# What changed in the sentences? Those of the first seed whose scores changed most, for better and for worse, before and after:

# %%
gain = gained[0]
for place in [*np.argsort(gain)[-2:], *np.argsort(gain)[:2]]:
    print(f"{scores_before[place]:6.0f}  {before[place]}")
    print(f"{scores_before[place] + gain[place]:6.0f}  {after[place]}\n")

# %% [markdown]
# CIDEr pays for the wording that references share, which is not always what a reader wants: a detail that only one of five mentions can cost more than it earns. Watch the words and the distinct captions above: if they fall, details are being lost.
#
# ## 6. Tricking the metric
#
# Training finds whatever is rewarded, including what you did not mean. The best-known case: captions that end in mid-sentence. Suppose the model sees a dog, but not where: on a beach, a street, a meadow or a field, each equally likely. Which caption does the score prefer *on average*, one that guesses or one that breaks off? Score both in all four cases, once as lesson 06 does, once with the end as a word:

# %%
for end in ("", " <end>"):
    cases = [
        [f"a dog runs along the {place}{end}", f"a dog on a {place}{end}"]
        + [f"a dog runs on a {place}{end}"]
        for place in ("beach", "street", "meadow", "field")
    ]
    others = [[f"a cat sleeps on a chair{end}"], [f"two girls sit in a room{end}"]] * 15
    known = ngram_rarity(cases + others, str.split)
    for text in ("a dog on a", f"a dog on a beach{end}"):
        mean = np.mean(cider_d_each(cases, [text] * 4, known, str.split))
        print(f"{'with' if end else 'without'} <end>: {mean:6.1f}  {text}")

# %% [markdown]
# Without the end, breaking off pays better than an honest guess, and training would find that out. With `<end>` as a word, a caption that breaks off also loses the n-grams that end in it, and the whole sentence wins. That is why training adds it to captions and references (`with_end`). Exercise 3 looks for another trick.
#
# How would you notice? Never by the metric that you trained on. Look at others, at lengths, and read fifty captions aloud.
#
# ## 7. Cheaper ways
#
# You have used **label smoothing** since lesson 04, whose table gives it 16.5 CIDEr-D. It asks for 90% on the next word and spreads 10% over all words. So the ideal gap between the right word's logit and the others is finite. With a vocabulary of five:

# %%
for smoothing in (0.0, 0.1):
    wanted = np.full(5, smoothing / 5)
    wanted[2] += 1 - smoothing
    with np.errstate(divide="ignore"):
        gap = np.ptp(np.log(wanted))
    print(f"smoothing {smoothing}: target {wanted.round(2)}, ideal gap of logits {gap:.1f}")

# %% [markdown]
# An **ensemble** asks several models and takes the mean of their probabilities. Decoding knows a decoder by `start` and `step` alone, so an ensemble is a decoder like any other:


# %% tags=["same-as:helpers.models.ensemble.mean_of", "same-as:helpers.models.ensemble.Ensemble.start", "same-as:helpers.models.ensemble.Ensemble.step"]
def mean_of(logits):
    chances = [ops.softmax(ops.cast(each, "float32")) for each in logits]
    return ops.log(sum(chances) / len(chances))


class Ensemble(Ensemble):  # the helper's, whose constructor keeps the models in `decoders`
    def start(self, features):
        states = [decoder.start(features) for decoder in self.decoders]
        return tuple(image for image, _ in states), tuple(memory for _, memory in states)

    def step(self, word_ids, state):
        parts = zip(self.decoders, *state, strict=True)
        steps = [decoder.step(word_ids, (image, memory)) for decoder, image, memory in parts]
        images, memories = zip(*[after for _, after in steps], strict=True)
        return mean_of([logits for logits, _ in steps]), (images, memories)


# %% [markdown]
# Let the captioners of section 5 write together:

# %%
together = Captioner(tokenizer, Ensemble([twin.decoder for twin in twins]))
alone = np.mean([scored(twin)[1] for twin in twins], axis=0)
print(f"mean of {len(twins)} alone: CIDEr-D {alone.mean():.1f}")
show_gain("together", scored(together)[1] - alone)

# %% [markdown]
# They all began with the same weights. If the interval contains 0, no gain can be seen: an ensemble lives on differences. On Flickr8k, two attention models that were trained separately from the start:

# %%
names, together = "attention-xception-grid-self-critical", results["together"]["scores"]
for seed in results["together"]["seeds"]:
    print(f"seed {seed}:   CIDEr-D {recorded[names, seed]['test, beam 3']['CIDEr-D']:.1f}")
print(f"together: CIDEr-D {together['test, beam 3']['CIDEr-D']:.1f}")

# %% [markdown]
# Two models cost twice the time.
#
# A **vote** needs one model and no training. Beam search ends with several captions and returns the likeliest. But the score measures likeness to references, which you don't know. The candidates are a guess at them that costs nothing more. Ask what each would score if all of them were the references. That is **minimum Bayes risk** decoding (Kumar and Byrne 2004). By hand, with five candidates of one photo:

# %%
train_captions = [work.descriptions[name] for name in dataset.splits["train"]]
rarity = ngram_rarity(train_captions, str.split)
five = [each.caption for each in captioner.feature_candidates(features[3:4], 5, "beam")[0]]
likeness = np.array([cider_d_each([[said]] * 5, five, rarity, str.split) for said in five])
if dataset.scenes:
    print(dataset.scenes["scenes"][held_out[3]])
print("likeliest first, and how well each agrees with all five:")
for caption, agreement in zip(five, likeness.mean(axis=0), strict=True):
    print(f"{agreement:6.1f}  {caption}")

# %% [markdown]
# On mini the likeliest says blue, and the vote sets it right. But a vote adds up words, not meanings: "a trio" doesn't support "a group of three", and might lose to a "pair" that more candidates share. In `helpers.decoding.vote` likelier candidates count for more. On dev and test:

# %%
each = []
for search, beams in (("beam", 3), ("beam", 10), ("vote", 10)):
    captions = captioner.caption_features(features, beams, search)
    row = score_captions(references, captions)
    each.append(np.array(cider_d_each(references, captions)))
    print(f"{search} of {beams:2}: BLEU-4 {row['BLEU-4']:.1f}, CIDEr-D {row['CIDEr-D']:.1f}")
show_gain("vote of 10 less beam of 10", each[2] - each[1])

# %% [markdown]
# Compare the vote with the beam of 10, which has the same candidates, and with the beam of 3: where likelier is not better (lesson 05), more beams hurt. Whether the vote repairs a part of it is open if the interval contains 0. The course's `attention-xception`, on Flickr8k:

# %%
shipped = Captioner.load("attention-xception")
print(" " * 12, *(f"{search:>6}" for search in ("beam 3", "beam 5", "vote")))
for split in ("dev", "test"):
    found = [shipped.config["scores"][f"{split}, {way}"] for way in ("beam 3", "beam 5", "vote")]
    print(f"{split:4} CIDEr-D", *(f"{scores['CIDEr-D']:6.2f}" for scores in found))

# %% [markdown]
# On dev the vote wins, on test a beam of 3: what is chosen on dev flatters dev.
#
# What does it change on real photos?

# %%
photos = free_photos()
if len(photos) == 1:
    print("one photo only; pip install scikit-image brings five more")
seen, titles = shipped.features([*photos.values()]), []
for beam, voted in zip(
    shipped.feature_candidates(seen, 10, "beam"),
    shipped.feature_candidates(seen, 10, "vote"),
    strict=True,
):
    same = beam[0].caption == voted[0].caption
    first = "" if same else f"beam: {beam[0].caption}. "
    titles.append(f"{first}{'both' if same else 'vote'}: {voted[0].caption}")
shown = [ImageOps.fit(open_image(path), (330, 250)) for path in photos.values()]
plots.show_images(shown, titles, columns=3)

# %% [markdown]
# Training on a score and voting change the wording, not always for the better: the cat's table became "it". Neither gives the captioner new eyes.
#
# ## 8. How far do frozen features go?
#
# Your captioners see through one network, trained on ImageNet and frozen since.
#
# | | BLEU-4 | CIDEr-D |
# |---|---|---|
# | one vector of VGG16, merge model (Tanti et al. 2018) | 17.8 | 46.9 |
# | one vector of Xception, our merge model | 20.7 | 54.2 |
# | the same, trained on its score | 23.1 | 59.8 |
# | grid of Xception, attention (lesson 08) | 21.8 | 58.1 |
# | the same, trained on its score | 23.5 | 61.1 |
# | two such captioners together (section 7) | 24.3 | 63.2 |
# | grid of ResNet-50, attention ([capit](https://github.com/Bukunmi2108/capit), 2026) | 23.6 | 62.8 |
# | people, one against the other four | 21.3 | 82.0 |
#
# With Xception, from 54 to 63 in CIDEr-D; people reach 82. In BLEU-4 people are behind: it pays for what is common, and they had four references, the others five. Test split; beam of 3 (capit 5); lower case, no punctuation, all words kept. Ours allow repeats and don't vote; others report their own figures.
#
# ## 9. One from six, with eyes that learn
#
# **Knowledge distillation** (Hinton et al. 2015) makes one of an ensemble: a *student* learns from the mean probabilities of six *teachers*, and from people's words.
#
# Nor need the eyes stay frozen. Let the decoder learn, then train the last blocks of Xception along with it, in smaller steps (**fine-tuning**).
#
# `data/captioners/distil.py` does both, on Flickr8k and on 1,995 photos of COCO with one sentence each. CIDEr-D of a vote (the 80 have five captions each):
#
# | | Flickr8k, 1,000 dev photos | COCO, 80 photos |
# |---|---|---|
# | Flickr8k alone, no teachers, frozen encoder | 62.4 | 38.1 |
# | two students with a frozen encoder | 60.3 and 61.2 | 73.2 and 69.9 |
# | the same two, blocks 13 and 14 learn | 62.8 and 62.1 | 70.8 and 75.3 |
# | two others, more views and steps | 64.1 and 64.0 | 76.7 and 78.7 |
# | the mean of these two, rounded | 65.1 | 79.7 |
#
# 26 November 2026, one H100. What teachers are worth this doesn't show: the first two rows differ in COCO and recipe, too. On Flickr8k, open eyes gain one to two and a half points; on COCO one student lost 2.4, the other gained 5.4. The large step is to the right: two thousand photos of *other things* (the teachers had no more). A captioner can't say what it was never shown.
#
# The last row is a **model soup** (Wortsman et al. 2022): the mean, number by number, of two students that began with the same weights. It runs at the cost of one, and is the course's `attention-xception`. What it adds on Flickr8k is unsure: before its weights were rounded it had 64.3, and another soup 63.7, made of 63.8 and 64.2.

# %% [markdown]
# ## Recap
#
# * Cross-entropy asks for the next word of a reference; scores judge the model's own sentences.
# * A score without a gradient can be trained on by drawing: gradient of the log-probability, times the advantage.
# * What is rewarded is found, tricks included. Judge by something that was not trained.
# * A gain is a gain if it survives other seeds and a comparison photo by photo.
# * Smoothing costs nothing, an ensemble the time of all its models, a vote the search for its candidates.
#
# ## Exercises
#
# ### Exercise 1: The first baseline
#
# Write the advantage of Rennie et al. (2017), `over_greedy(rewards, greedy)`, for rewards of shape (photos, captions) and one greedy reward per photo. When is its mean not zero?


# %% tags=["exercise"]
def over_greedy(rewards, greedy):
    return rewards  # your turn


cases = [
    ([[1.0, 2.0], [5.0, 3.0]], [2.0, 4.0]),
    ([[1.0, 2.0, 3.0]], [2.0]),
    ([[0.0]] * 3, [1, 2, 3]),
]
problem = ""
for drawn, greedy in cases:
    rewards = np.array(drawn)
    got = np.asarray(over_greedy(rewards.copy(), np.array(greedy, float)))
    due = np.stack([row - reward for row, reward in zip(rewards, greedy, strict=True)])
    if got.shape != due.shape or not np.allclose(got, due):
        problem = problem or f"rewards {drawn}, greedy {greedy}: due are {due.tolist()}, not {got}"
print(f"not yet: {problem}" if problem else "right")


# %% tags=["solution"]
# @title Solution 1
def over_greedy(rewards, greedy):
    return rewards - greedy[:, None]  # zero on average only if draws are as good as greedy


cases = [
    ([[1.0, 2.0], [5.0, 3.0]], [2.0, 4.0]),
    ([[1.0, 2.0, 3.0]], [2.0]),
    ([[0.0]] * 3, [1, 2, 3]),
]
problem = ""
for drawn, greedy in cases:
    rewards = np.array(drawn)
    got = np.asarray(over_greedy(rewards.copy(), np.array(greedy, float)))
    due = np.stack([row - reward for row, reward in zip(rewards, greedy, strict=True)])
    if got.shape != due.shape or not np.allclose(got, due):
        problem = problem or f"rewards {drawn}, greedy {greedy}: due are {due.tolist()}, not {got}"
print(f"not yet: {problem}" if problem else "right")

# %% [markdown]
# ### Exercise 2: Another way to agree
#
# An ensemble can also take the **geometric** mean: multiply the probabilities, take the root, divide by the sum. Then one model's "never" is a veto. Write `agree(chances)` for chances of shape (models, vocab).


# %% tags=["exercise"]
def agree(chances):
    return chances.mean(axis=0)  # your turn


cases = {"a veto": [[0.5, 0.5, 0.0], [0.5, 0.25, 0.25]], "one model": [[0.2, 0.8]]}
cases["three models"] = [[0.9, 0.1], [0.8, 0.2], [0.1, 0.9]]
due, problem = {"a veto": [0.5858, 0.4142, 0], "one model": [0.2, 0.8]}, ""
due["three models"] = [0.6136, 0.3864]
for label, chances in cases.items():
    got = np.asarray(agree(np.array(chances)))
    if got.shape != np.shape(due[label]) or not np.allclose(got, due[label], atol=1e-3):
        problem = problem or f"{label}, {chances}: due are {due[label]}, not {got}"
print(f"not yet: {problem}" if problem else "right")


# %% tags=["solution"]
# @title Solution 2
def agree(chances):
    product = np.prod(chances, axis=0) ** (1 / len(chances))
    return product / product.sum()


cases = {"a veto": [[0.5, 0.5, 0.0], [0.5, 0.25, 0.25]], "one model": [[0.2, 0.8]]}
cases["three models"] = [[0.9, 0.1], [0.8, 0.2], [0.1, 0.9]]
due, problem = {"a veto": [0.5858, 0.4142, 0], "one model": [0.2, 0.8]}, ""
due["three models"] = [0.6136, 0.3864]
for label, chances in cases.items():
    got = np.asarray(agree(np.array(chances)))
    if got.shape != np.shape(due[label]) or not np.allclose(got, due[label], atol=1e-3):
        problem = problem or f"{label}, {chances}: due are {due[label]}, not {got}"
print(f"not yet: {problem}" if problem else "right")

# %% [markdown]
# ### Exercise 3: A reward of your own
#
# Alt text should be short. Write `reward(score, words, longest)`: the score, less 10 points for every word beyond `longest`. What would a model do to earn it? Guess, then train one: override `SelfCriticalBatches.reward(self, rows, ids)`. It gets the photos' rows and the drawn ids (captions, words), and returns CIDEr-D / 100, (photos, captions). You are done when you can say how many words a caption has before and after, and what was left out.


# %% tags=["exercise"]
def reward(score, words, longest):
    return score  # your turn


problem = ""
for score, words, due in [(50, 8, 50), (50, 10, 50), (50, 13, 20), (5, 13, -25), (50, 1, 50)]:
    if (got := reward(score, words, 10)) != due:
        problem = problem or f"score {score}, {words} words, longest 10: due is {due}, not {got}"
print(f"not yet: {problem}" if problem else "right")


# %% tags=["solution"]
# @title Solution 3
def reward(score, words, longest):
    return score - 10 * max(0, words - longest)


class ShortBatches(SelfCriticalBatches):
    def reward(self, rows, ids):
        scores = 100 * super().reward(rows, ids)
        words = (ids > END).sum(axis=1).reshape(scores.shape)  # markers have the lowest ids
        return np.vectorize(reward)(scores, words, 6) / 100


short = Captioner(tokenizer, captioner.decoder.copy(), captioner.config, captioner.rarity)
quick = replace(choices, epochs=2, learning_rate=2 * choices.learning_rate)
train_on_score(short.decoder, ShortBatches(short.decoder, train, tokenizer, quick, SEED), verbose=0)
brief = short.caption_features(features, 1)
for label, captions in {"before": before, "after": brief}.items():
    row = score_captions(references, captions)
    ends = np.mean([text.split()[-1:] in (["a"], ["the"], ["in"], ["on"]) for text in captions])
    row = f"{row['mean length']:.1f} words, CIDEr-D {row['CIDEr-D']:.0f}"
    print(f"{label:6} {row}, broken off {ends:.0%}")
gone = Counter(" ".join(before).split()) - Counter(" ".join(brief).split())
print("left out:", *(f"{word} {count}," for word, count in gone.most_common(10)))
old, new = max(zip(before, brief, strict=True), key=lambda two: len(two[0]) - len(two[1]))
print(f"{old}  →  {new}")
# "a pair of" and "a group of" go: "two" says it in a word. So do words such as "jumping", and
# those are news. A caption that ended in "on the" would have found a trick: it saves the names.

problem = ""
for score, words, due in [(50, 8, 50), (50, 10, 50), (50, 13, 20), (5, 13, -25), (50, 1, 50)]:
    if (got := reward(score, words, 10)) != due:
        problem = problem or f"score {score}, {words} words, longest 10: due is {due}, not {got}"
print(f"not yet: {problem}" if problem else "right")

# %% [markdown]
# ## Next
#
# [Lesson 13](13_write_with_a_transformer.ipynb) rebuilds the decoder as a Transformer, which today's large models are made of.
#
# ### Further reading
#
# * Rennie et al. 2017, [Self-critical sequence training](https://arxiv.org/abs/1612.00563): the method of sections 3 to 5.
# * Luo 2020, [A better variant of self-critical sequence training](https://arxiv.org/abs/2003.09971): the mean of the others.
# * Ranzato et al. 2016, [Sequence level training](https://arxiv.org/abs/1511.06732): why teacher forcing is not enough.
# * Sutton and Barto, [Reinforcement learning](http://incompleteideas.net/book/the-book-2nd.html), chapter 13: policy gradients.
