# %% [markdown]
# # 12 · Optimise the metric
#
# Your captioner learnt to guess the next word. Now you teach it what you score: whole captions, by CIDEr.
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/OWNER/REPOSITORY/blob/main/notebooks/12_optimise_the_metric.ipynb)
#
# [← 11 vgg16 and a web page](11_vgg16_and_a_web_page.ipynb) · [contents](../README.md) · [14 ship with a pretrained model →](14_ship_with_a_pretrained_model.ipynb)

# %% [markdown]
# ![The CIDEr-D of drawn captions as a jagged line, batch by batch, and its rising mean of each epoch; the line of greedy captions on dev rises a little](images/12_optimise_the_metric.png)
#
# The score itself, rising while the model trains on nothing else.

# %% [markdown]
# **You will learn**
#
# * why a lower loss is not yet a better caption
# * how to train on a score that has no gradient
# * self-critical training, from three dice to a captioner
# * how a metric is tricked, and how to notice
# * three cheaper ways to a better score: label smoothing, ensembles and a vote
#
# **You need** nothing; what is missing is made here, by `helpers.pipeline`.
#
# **Run times** (Colab and Flickr8k are estimates)
#
# | | Colab T4 | CPU, 2 cores |
# |---|---|---|
# | mini | about 1 min (estimate) | about 2 min |
# | Flickr8k | about 15 min (estimate) | about 35 min (estimate) |

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
# `open_dataset`, `Workspace` and the scores are known from earlier lessons. What is new is taken apart below.

# %%
from dataclasses import replace

import keras
import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf
from keras import ops

from helpers.captioner import Captioner
from helpers.datasets import open_dataset
from helpers.decoding import (
    END,
    START,
    CompiledModel,
    take_rows,
    word_log_probabilities,
)
from helpers.metrics import cider_d_each, human_scores, ngram_rarity, score_captions
from helpers.models import Ensemble
from helpers.pipeline import Workspace, recipe_for
from helpers.resuming import resumable
from helpers.self_critical import AdvantageLoss, Criticism, SelfCriticalBatches

# %% [markdown]
# Settings: `DATASET = "flickr8k"` runs the same lesson on the real photos.

# %% tags=["parameters"]
DATASET = "mini"  # or "flickr8k", or a folder of your own
DATA_DIR = None  # where Flickr8k lies; None looks in data/flickr8k, then downloads it
SEED = 7

# %% [markdown]
# ## 1. What is asked, and what is scored
#
# Since lesson 04 the model has been trained by one question: *here are the first words that a person wrote; what is the next?* The loss is its surprise at the answer. It is scored by another: *write a whole caption; how much is it like what people wrote?*
#
# The two differ in three ways.
#
# * In training the words so far are always a person's. When it writes, they are its own, mistakes included.
# * The loss counts every word alike. CIDEr gives much for "dog" and nothing for "a".
# * Five people describe a photo in five ways. The loss wants a share of the probability for each; the score wants *one* caption, close to all five.
#
# Begin with a captioner that knows its words, and write down where it stands on dev. On mini it is one in the middle of its training, after 4 of 12 epochs: 440 drawn scenes are soon known by heart, and then there is little left to gain. On Flickr8k it is one that has finished, with the recipe of lesson 04. Either is trained here, into the folder `first-captioner`: under half a minute on mini with two cores, about 15 min on Flickr8k (estimate). On mini expect a dev loss of about 2.2 at its end.

# %%
dataset = open_dataset(DATASET, DATA_DIR)
work = Workspace(dataset)
recipe = recipe_for(dataset)
recipe = replace(recipe, epochs={"mini": 4}.get(DATASET, recipe.epochs))
captioner = work.captioner(recipe, SEED, "first-captioner")
tokenizer = captioner.tokenizer
train = work.batches("train", recipe, SEED)
dev_features = work.features().select(dataset.splits["dev"])
dev_references = dataset.references("dev")
before = {size: captioner.caption_features(dev_features, size) for size in (1, 3)}
for size, captions in before.items():
    scores = score_captions(dev_references, captions)
    print(f"beam {size}: BLEU-4 {scores['BLEU-4']:.1f}, CIDEr-D {scores['CIDEr-D']:.1f}")

# %% [markdown]
# Why not use CIDEr as the loss? Because it has no gradient (lesson 04). The score depends on which words were written, and a word is either written or not. Turn a weight a little: most likely all captions stay as they are, and the score does not move. Nothing says in which direction to go.
#
# ## 2. Three dice
#
# The way out is chance. Let the model *draw* its caption, as in lesson 05. Then the *expected* score, the mean over all that might be drawn, moves smoothly with the probabilities.
#
# A toy: the model knows three captions, and the probabilities are the softmax of three logits. Their scores are 9, 1 and 2.

# %%
logits, rewards = np.array([0.0, 1.0, 0.5]), np.array([9.0, 1.0, 2.0])


def softmax(numbers):
    powers = np.exp(numbers - np.max(numbers))
    return powers / powers.sum()


chances = softmax(logits)
print("chances ", chances.round(2))
print("expected score", round(float(chances @ rewards), 3))

# %% [markdown]
# With three captions the gradient can be had by trying: move each logit a little and look. The score of a caption is called its **reward** from here on.

# %%
nudges = 1e-5 * np.eye(3)
tried = np.array(
    [(softmax(logits + nudge) @ rewards - chances @ rewards) / 1e-5 for nudge in nudges]
)
print("by trying", tried.round(3))

# %% [markdown]
# A real model knows millions of captions, and nobody can try them all. But here is a rule that needs only captions which were drawn (Williams 1992): take the gradient of the log-probability of what was drawn, times its reward. On average this *is* the gradient of the expected reward. It is called **policy gradient**, or REINFORCE.
#
# For softmax, the gradient of the log-probability of caption i is 1 at place i, minus the chances. So:


# %%
def drawn_gradients(count, baseline, random):
    drawn = random.choice(3, size=count, p=chances)
    return (rewards[drawn] - baseline)[:, None] * (np.eye(3)[drawn] - chances)


random = np.random.default_rng(SEED)
many = drawn_gradients(100_000, 0.0, random)
print("by drawing", many.mean(axis=0).round(2))
assert np.allclose(many.mean(axis=0), tried, atol=0.05)

# %% [markdown]
# The mean is right; a single draw is wild. All rewards are above 0, so whatever is drawn becomes likelier, even the worst caption. Better to ask: *better than what?* Subtract a **baseline**, such as the mean reward. What is better than usual becomes likelier, what is worse less likely. The mean of the gradient stays, its noise shrinks:

# %%
for baseline in (0.0, float(chances @ rewards)):
    gradients = drawn_gradients(100_000, baseline, random)
    mean, spread = gradients.mean(axis=0).round(2), gradients.std(axis=0).mean()
    print(f"baseline {baseline:.2f}: mean {mean}, spread {spread:.2f}")

# %% [markdown]
# ## 3. Draw captions
#
# Now with the captioner: draw five captions for every photo. What depends on the photo is done once; then all captions grow together, word by word. `temperature` divides the log-probabilities (lesson 05); below 1 the draw keeps closer to what the model would write by itself.


# %% tags=["same-as:helpers.self_critical.draw_captions"]
def draw_captions(model, features, captions, max_length, temperature, random):
    image, memory = model.start(tf.convert_to_tensor(features, "float32"))
    state = image, take_rows(memory, np.repeat(np.arange(len(features)), captions))
    rows = np.zeros((len(features) * captions, max_length), "int32")
    rows[:, 0] = START
    for place in range(1, max_length):
        logits, state = model.step(rows[:, place - 1], state)
        chances, seed = word_log_probabilities(logits) / temperature, random.integers(2**31, size=2)
        words = tf.random.stateless_categorical(chances, 1, seed, "int32")[:, 0]
        rows[:, place] = np.where(np.isin(rows[:, place - 1], (0, END)), 0, words)
        if not rows[:, place].any():
            break
    longest = np.count_nonzero(rows, axis=1).max()
    return rows[:, :longest]


# %% [markdown]
# Five captions of one photo, and what each would score:

# %%
compiled = CompiledModel(captioner.decoder)
drawn = draw_captions(compiled, dev_features[:1], 5, tokenizer.max_length, 0.5, random)
texts = [tokenizer.decode(ids) for ids in drawn]
rarity = ngram_rarity(dev_references)
scores = cider_d_each([dev_references[0]] * 5, texts, rarity)
for text, score in zip(texts, scores, strict=True):
    print(f"{score:6.1f}  {text}")

# %% [markdown]
# ## 4. Better than its brothers
#
# What is the baseline of a caption? Some photos are easy, so one number for all would be unfair. Each photo has five drawn captions, so the baseline is the mean of *the other four*. What a caption's reward has above it is its **advantage**. The first version (Rennie et al. 2017) compared with the greedy caption, and gave the method its name: **self-critical** training, since the model is measured against itself. The mean of the others (Luo 2020) does as well and needs no greedy caption.


# %% tags=["same-as:helpers.self_critical.advantages"]
def advantages(rewards):
    others = rewards.shape[1] - 1
    return rewards - (rewards.sum(axis=1, keepdims=True) - rewards) / others


# %%
toy = np.array([[1.0, 2.0, 6.0]])
print(advantages(toy), "· sum", advantages(toy).sum())
print(advantages(np.array([scores])).round(1))

# %% [markdown]
# (In the run shown here the puppies win, though the photo shows two birds: the words around them are people's.)
#
# The loss is the surprise at the drawn caption: its log-probability with the sign turned round. `fit` multiplies it with the advantage, as the weight of the sample. When this loss falls, a caption with a positive advantage becomes likelier; a negative weight does the opposite. The probabilities must be those of the draw, or the gradient is wrong: divided by the temperature, and shared among the words that can be drawn. `<pad>`, `<unknown>` and `<start>` never are.


# %% tags=["same-as:helpers.self_critical.AdvantageLoss.call"]
def call(self, targets, logits):
    chances = word_log_probabilities(logits) / self.temperature
    chosen = ops.take_along_axis(chances, ops.expand_dims(targets, -1), axis=-1)[..., 0]
    real = ops.cast(ops.not_equal(targets, 0), "float32")
    return ops.sum((ops.logsumexp(chances, axis=-1) - chosen) * real, axis=-1)


# %% [markdown]
# The dice say whether that is right. One "word" of three, the rewards as weights, each drawn as often as its chance says: the gradient, which TensorFlow's `GradientTape` works out, must be the one found by trying, with its sign turned round, because `fit` goes downhill.

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
# `SelfCriticalBatches` puts it together: take some photos, draw captions with the weights of this moment, score them, and hand features, words and advantages to `fit`. The references are the training captions; dev is only looked at.

# %%
twin = Captioner.load(
    work.folder / "first-captioner"
)  # trained further; `captioner` stays as it was
small = Criticism(6, photos=44, learning_rate=5e-4, average=0.95)
choices = {"mini": small}.get(DATASET, Criticism())
batches = SelfCriticalBatches(twin.decoder, train, tokenizer, choices, SEED)
print(choices)
(features, inputs), targets, gains = next(iter(batches))
print("features", features.shape, "inputs", inputs.shape, "advantages", gains.shape)
batches.rewards.clear()  # that batch was only looked at

# %% [markdown]
# Steps are small and the weights are averaged (lesson 04, like `resumable`), because single batches are noisy and the model knows much already.


# %% tags=["same-as:helpers.self_critical.train_on_score"]
def train_on_score(model, batches, backup=None, callbacks=(), verbose=2):
    choices = batches.criticism
    steps = choices.epochs * len(batches)
    schedule = keras.optimizers.schedules.CosineDecay(choices.learning_rate, steps)
    optimiser = keras.optimizers.Adam(
        schedule, clipnorm=1.0, use_ema=True, ema_momentum=choices.average
    )
    model.compile(optimiser, AdvantageLoss(choices.temperature), jit_compile=False)
    average = keras.callbacks.SwapEMAWeights(swap_on_epoch=True)
    with resumable(model, batches, backup) as (progress, epochs_done):
        options = {"initial_epoch": epochs_done, "epochs": choices.epochs, "verbose": verbose}
        every = [progress, average, *callbacks]
        history = model.fit(batches.dataset(), shuffle=False, callbacks=every, **options)
    return history.history


# %% [markdown]
# It has to be a trained model. An untrained one draws nonsense, all of it scores 0, and no caption has an advantage over its brothers. A callback scores the greedy captions of dev after every epoch.
#
# This is the longest cell of the lesson, and on mini it takes less than a minute with two cores. There, expect drawn captions to rise from about 175 to 190, and greedy ones of dev from 150-155 by 2 to 15 points. (There is no loss to read: weighted with advantages, it goes up and down.)


# %%
class ScoreEveryEpoch(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.scores = []

    def on_train_begin(self, logs=None):
        scores = score_captions(dev_references, twin.caption_features(dev_features, 1))
        self.scores.append(scores["CIDEr-D"])

    def on_epoch_end(self, epoch, logs=None):
        self.on_train_begin()
        drawn = np.mean(batches.rewards[-len(batches) :])
        print(f"epoch {epoch + 1:2}: drawn {drawn:.1f}, dev greedy {self.scores[-1]:.1f}")


watch = ScoreEveryEpoch()
history = train_on_score(twin.decoder, batches, callbacks=[watch], verbose=0)

# %% [markdown]
# The drawn captions go on improving: they are what training sees. Greedy captions of dev photos improve only as far as what was learnt holds outside the training split: in the run shown here by a few points, no more than chance (lesson 06). On Flickr8k, in the run drawn in `data/captioners/curves.png`, the merge model of lesson 04 rose from 50.3 to 53.4, 55.3 and 55.4 in three epochs. The number of epochs is chosen on dev, like everything else, and so is the size of the steps: the attention model of lesson 08, trained with the merge model's, fell apart within five epochs, so its steps are smaller.

# %% tags=["picture"]
figure, axes = plt.subplots(figsize=(8, 3.2), layout="constrained")
axes.plot(
    np.arange(1, len(batches.rewards) + 1),
    batches.rewards,
    color="#CFE3F1",
    label="drawn, each batch",
)
ends = np.arange(choices.epochs + 1) * len(batches)
drawn = np.reshape(batches.rewards, (choices.epochs, -1)).mean(axis=1)
axes.plot(ends[1:], drawn, color="#0072B2", linewidth=2.5, label="drawn, mean of the epoch")
axes.plot(ends, watch.scores, color="#E69F00", linewidth=2.5, label="greedy, dev")
axes.set(xlabel="batches", ylabel="CIDEr-D")
axes.spines[["top", "right"]].set_visible(False)
axes.legend(frameon=False)
plt.close(figure)
figure

# %% [markdown]
# The blue and the orange line have different references and rarities, and the reward counts `<end>` as a word (section 6), so compare their slopes, not their heights.

# %% tags=["scores"]
people = human_scores(dev_references)
print(f"people, one against the others: CIDEr-D {people['CIDEr-D']:.1f}")
after = {size: twin.caption_features(dev_features, size) for size in (1, 3)}
for label, results in {"word by word": before, "on the score": after}.items():
    for size, captions in results.items():
        scores = score_captions(dev_references, captions)
        row = f"{label}, beam {size}: dev CIDEr-D {scores['CIDEr-D']:.1f}"
        row += f", BLEU-4 {scores['BLEU-4']:.1f}, {scores['mean length']:.1f} words"
        print(f"{row}, {scores['distinct']} distinct")

# %% [markdown]
# Could more training word by word have done the same? On mini, more: the captioner of lesson 04, trained three times as long, reaches 171 (greedy). Guessing words comes first, polishing second. On the real photos of Flickr8k the first recorded run took a *finished* merge model from 48.5 to 54.9 (greedy, dev), and with a beam of 3 from 52.8 to 59.0.
#
# What changed in the sentences? The photos whose greedy captions changed their score the most, for better and for worse:

# %%
rarity = ngram_rarity(dev_references)
old, new = (np.array(cider_d_each(dev_references, said[1], rarity)) for said in (before, after))
for place in [*np.argsort(new - old)[-2:], *np.argsort(new - old)[:2]]:
    print(f"{old[place]:6.0f}  {before[1][place]}")
    print(f"{new[place]:6.0f}  {after[1][place]}\n")

# %% [markdown]
# The trained twin prefers the wording that people share, such as "hot-air balloon". That is what CIDEr pays for, and it is not always what a reader wants: a detail that only one of five people mentions costs more than it earns. And there are new mistakes: here yellow cats turn red, and children shrink to their coats. Watch length and distinct captions in the table above: if they fall, details are being lost. Grammar slips, too: CIDEr counts n-grams and forgives "a girls", so a sentence with such a slip may score more than a clean one. The next section is about that.
#
# ## 6. Tricking the metric
#
# Whatever is rewarded is found, also what you did not mean. The best known case: captions that end in mid-sentence. Score one sentence against a reference, once as lesson 06 does, once with the end as a word.

# %%
reference = ["a dog runs along the beach", "a dog on a beach", "the dog is at the beach"]
others = [["a cat sleeps on a chair"], ["two girls sit in a meadow"], ["a boat on a lake"]]
for end in ("", " <end>"):
    images = [
        [text + end for text in reference],
        *[[text + end for text in group] for group in others],
    ]
    known = ngram_rarity(images, str.split)
    stops = {"a dog on a": "a dog on a", "a dog on a beach": "a dog on a beach" + end}
    for label, text in stops.items():
        (score,) = cider_d_each(images[:1], [text], known, str.split)
        print(f"{'with' if end else 'without'} <end>: {score:6.1f}  {label}")

# %% [markdown]
# In both cases the whole sentence wins here. But where the model can't know whether it is a beach or a street, "a dog on a" is safe, and costs little as long as the end does not count. With `<end>` as a word, a caption that breaks off loses the n-grams "beach `<end>`", "a beach `<end>`" … as well. That is why `with_end` in `helpers.self_critical` adds it to captions and references.
#
# How would you notice a trick? Never by the metric that was trained. Look at other metrics (BLEU-4 is in the table above), at lengths and distinct captions, and read fifty captions aloud.
#
# ## 7. Cheaper ways
#
# **Label smoothing** you have used since lesson 04 (`smoothing=0.1` in the recipe). It asks for the next word with 90% and spreads 10% over all words. The model becomes less sure of itself, which keeps beam search from falling for one over-confident word. On a single word of a vocabulary of five:

# %%
for smoothing in (0.0, 0.1):
    wanted = np.full(5, smoothing / 5)
    wanted[2] += 1 - smoothing
    best = np.log(np.maximum(wanted, 1e-9))
    print(
        f"smoothing {smoothing}: target {wanted.round(2)}, largest gap of logits {np.ptp(best):.1f}"
    )

# %% [markdown]
# Without smoothing the ideal gap between the right word and the others is infinite (the print stops at one in a thousand million). With it, there is a gap at which the model may rest.
#
# An **ensemble** asks several models and takes the mean of their probabilities. Their mistakes differ, what they have right is the same. Decoding knows a decoder by `start` and `step` alone, so an ensemble is a decoder like any other, and a captioner can hold it:


# %% tags=["same-as:helpers.models.ensemble.mean_of", "same-as:helpers.models.ensemble.Ensemble.start", "same-as:helpers.models.ensemble.Ensemble.step"]
def mean_of(logits):
    chances = [ops.softmax(ops.cast(each, "float32")) for each in logits]
    return ops.log(sum(chances) / len(chances))


def start(self, features):
    states = [decoder.start(features) for decoder in self.decoders]
    return tuple(image for image, _ in states), tuple(memory for _, memory in states)


def step(self, word_ids, state):
    parts = zip(self.decoders, *state, strict=True)
    steps = [decoder.step(word_ids, (image, memory)) for decoder, image, memory in parts]
    images, memories = zip(*[after for _, after in steps], strict=True)
    return mean_of([logits for logits, _ in steps]), (images, memories)


# %% [markdown]
# Train a second captioner that differs in its seed alone, and let the two write together. (The first is the one from before section 5; this one takes as long, and should reach about the same loss.)

# %%
second = work.captioner(recipe, SEED + 1, "second-captioner")
pair = Captioner(tokenizer, Ensemble([captioner.decoder, second.decoder]))
for label, writer in {"first": captioner, "second": second, "both": pair}.items():
    scores = score_captions(dev_references, writer.caption_features(dev_features, 1))
    print(f"{label:7} greedy dev BLEU-4 {scores['BLEU-4']:.1f}, CIDEr-D {scores['CIDEr-D']:.1f}")

# %% [markdown]
# Two models cost twice the time. Papers that report an ensemble should say so, and compare with others of their size.
#
# A **vote** needs one model and no training. Beam search ends with several captions and hands over the likeliest. But what will be scored is the likeness to what people say, and you don't know what they will say. The candidates are the best guess there is: so ask of each one what it would score if people said what the candidates say. That is **minimum Bayes risk** decoding (Kumar and Byrne 2004). By hand, with five candidates of one photo as each other's references:

# %%
train_captions = [work.descriptions[name] for name in dataset.splits["train"]]
rarity = ngram_rarity(train_captions, str.split)
five = [each.caption for each in captioner.feature_candidates(dev_features[3:4], 5)[0]]
likeness = np.array([cider_d_each([[said]] * 5, five, rarity, str.split) for said in five])
print("likeliest first, and how well each agrees with all five:")
for caption, agreement in zip(five, likeness.mean(axis=0), strict=True):
    print(f"{agreement:6.1f}  {caption}")

# %% [markdown]
# The winner is the one whose words most of the others use, too; who says something of its own agrees with nobody and loses, right or wrong. In `helpers.decoding.vote` likelier candidates have a louder voice, and the n-grams of all of them are counted once for all comparisons. On all dev photos:

# %%
for search, beams in (("beam", 3), ("beam", 10), ("vote", 10)):
    texts = captioner.caption_features(dev_features, beams, search)
    scores = score_captions(dev_references, texts)
    print(f"{search} of {beams:2}: BLEU-4 {scores['BLEU-4']:.1f}, CIDEr-D {scores['CIDEr-D']:.1f}")

# %% [markdown]
# On mini the vote loses: this captioner knows its drawings, and its likeliest caption is hard to better. About photos it is less sure, and there a vote can help: on the dev photos of Flickr8k it lifts the course's `attention-xception` from a CIDEr-D of 60.9 (beam 5) to 62.4, while `merge-xception` gains nothing. So dev decides here, too, and a captioner's `config.json` remembers: `"search": {"kind": "vote", "beam_size": 10}`.
#
# ## 8. How far do frozen features go?
#
# Everything in this course looks through one network, trained on ImageNet to name a thousand kinds of objects and never changed since. What can be had through these eyes, on Flickr8k?
#
# | | BLEU-4 | CIDEr-D |
# |---|---|---|
# | one vector of VGG16, merge model, beam 3 (Tanti et al. 2018) | 17.8 | 46.9 |
# | one vector of Xception, this course's merge model, beam 3 | 20.7 | 54.2 |
# | the same, trained on its score, beam 3 | 23.1 | 59.8 |
# | grid of Xception, attention (lesson 08), beam 3 | 21.8 | 58.1 |
# | the same, trained on its score, beam 3 | 23.5 | 61.1 |
# | two such captioners together (section 7), beam 3 | 24.3 | 63.2 |
# | grid of ResNet-50, attention, beam 5 (the project capit, 2026) | 23.6 | 62.8 |
# | people, one against the other four | 21.3 | 82.0 |
#
# Test split; lower case, no punctuation, all words kept. ResNet-50 is one more network trained on ImageNet. Ours are the runs recorded in `data/captioners/README.md`, searched without a bar on repeats and without a vote.
#
# Attention gave four points of CIDEr-D, training on the score nearly six, both together seven; a second captioner beside the first gave two more. Two earlier blocks of the same network (lesson 02) had given two to three before: with the last block alone, the merge model had 52.1 and 56.7. What then remains is mostly in the eyes: an encoder that learnt from photos *and sentences*, such as CLIP, sees what people talk about. With it a decoder like ours has been reported at a BLEU-4 of 25.9 (greedy, on a dev split of its own). And people? They lead by CIDEr-D and not by BLEU-4, which says as much about BLEU-4 as about models.

# %% [markdown]
# ## Recap
#
# * Cross-entropy asks for the next word of a person's sentence; scores judge whole sentences of the model's own.
# * A score without a gradient can be trained on by drawing: gradient of the log-probability, times the advantage.
# * A good baseline changes nothing on average and removes noise.
# * What is rewarded is found, tricks included. Judge by something that was not trained.
# * Smoothing costs nothing, an ensemble costs its size, a vote the search for its candidates.
#
# ## Exercises
#
# ### Exercise 1: The first baseline
#
# Rennie et al. (2017) compared each drawn caption with the *greedy* caption of its photo. Write `over_greedy(rewards, greedy)` for rewards of shape (photos, captions) and one greedy reward a photo. When is its mean not zero?


# %% tags=["exercise"]
def over_greedy(rewards, greedy):
    return rewards  # your turn


gained = over_greedy(np.array([[1.0, 2.0], [5.0, 3.0]]), np.array([2.0, 4.0]))
print("right" if np.allclose(gained, [[-1, 0], [1, -1]]) else "not yet")


# %% tags=["solution"]
# @title Solution 1
def over_greedy(rewards, greedy):
    return rewards - greedy[:, None]  # zero on average only if draws are as good as greedy


gained = over_greedy(np.array([[1.0, 2.0], [5.0, 3.0]]), np.array([2.0, 4.0]))
print("right" if np.allclose(gained, [[-1, 0], [1, -1]]) else "not yet")

# %% [markdown]
# ### Exercise 2: Another way to agree
#
# An ensemble can also take the **geometric** mean: multiply the probabilities, take the root, divide by the sum. Then one model's "never" is a veto. Write `agree(chances)` for chances of shape (models, vocab).


# %% tags=["exercise"]
def agree(chances):
    return chances.mean(axis=0)  # your turn


two = np.array([[0.5, 0.5, 0.0], [0.5, 0.25, 0.25]])
print("right" if np.allclose(agree(two), [0.5858, 0.4142, 0], atol=1e-4) else "not yet")


# %% tags=["solution"]
# @title Solution 2
def agree(chances):
    product = np.prod(chances, axis=0) ** (1 / len(chances))
    return product / product.sum()


two = np.array([[0.5, 0.5, 0.0], [0.5, 0.25, 0.25]])
print("right" if np.allclose(agree(two), [0.5858, 0.4142, 0], atol=1e-4) else "not yet")

# %% [markdown]
# ### Exercise 3: A reward of your own
#
# Alt text should be short. Write `reward(score, words, longest)`: the score, less 10 points for every word beyond `longest`. Then think about what a model would do to earn it, and train one: `SelfCriticalBatches.reward` is the place to change.


# %% tags=["exercise"]
def reward(score, words, longest):
    return score  # your turn


print("right" if [reward(50, 8, 10), reward(50, 13, 10)] == [50, 20] else "not yet")


# %% tags=["solution"]
# @title Solution 3
def reward(score, words, longest):
    return score - 10 * max(0, words - longest)


print("right" if [reward(50, 8, 10), reward(50, 13, 10)] == [50, 20] else "not yet")

# %% [markdown]
# ## Next
#
# This was the last lesson. You have built every part of a captioner: captions, features, words, a model that speaks, one that looks, scores, an app, a service for a whole website, and training on the score itself. [The contents](../README.md) lead back to any of them. Change one thing, and measure.
