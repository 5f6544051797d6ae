# %% [markdown]
# # 11 · VGG16 and a web page
#
# You build the other captioner that everybody builds, VGG16 and an LSTM side by side, and put it on a web page for others to use.
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/OWNER/REPOSITORY/blob/main/notebooks/11_vgg16_and_a_web_page.ipynb)
#
# [← 10 bring your own data](10_bring_your_own_data.ipynb) · [contents](../README.md) · [12 optimise the metric →](12_optimise_the_metric.ipynb)

# %% [markdown]
# ![A road in five stations: a photo, the network VGG16, the 4,096 numbers of its layer fc2 as bars, image and words side by side in front of an LSTM captioner, and a web page with the photo and its caption](images/11_vgg16_and_a_web_page.png)
#
# The whole way: photo, VGG16, 4,096 numbers, image and words side by side, a page that anybody can use.

# %% [markdown]
# **You will learn**
#
# * to read Flickr30k's table, broken row included
# * to take features out of the middle of a network, and why `pop()` doesn't do it
# * what changes when image and words are put side by side instead of added
# * what a web page needs before strangers may use it: limits, escaping, a queue, a clean end
#
# **You need** nothing; features of lesson 02 are used if they are there.
#
# **Run times** (Colab, Flickr8k and Flickr30k are estimates)
#
# | | Colab T4 | CPU, 2 cores |
# |---|---|---|
# | mini | about 1 min (estimate) | about 3 min |
# | Flickr8k | about 25 min (estimate) | about 2 h (estimate) |
# | Flickr30k | about 1 h (estimate) | about 8 h (estimate) |

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
# `Flask` makes web pages. `Workspace` takes the steps of lessons 01-06, `save_features` writes a features file, and `open_image` opens whatever is a photo.

# %%
import io
import shutil
import textwrap
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from html import escape
from importlib.util import find_spec
from queue import Empty, SimpleQueue
from threading import Thread
from time import perf_counter
from types import SimpleNamespace

import keras
import matplotlib.pyplot as plt
import numpy as np
import requests
from flask import Flask, request
from keras import ops

from helpers.datasets import open_dataset
from helpers.features import Features, save_features, stamp_of
from helpers.images import open_image
from helpers.models import ConcatenateDecoder
from helpers.pipeline import Workspace, recipe_for

# %% [markdown]
# Settings: `DATASET` may be the folder of the real Flickr30k. VGG16 is slow, so this lesson takes only some of mini's 600 scenes.

# %% tags=["parameters"]
DATASET = "mini"  # or "flickr8k", or a folder such as that of Flickr30k
DATA_DIR = None  # where Flickr8k lies; None looks in data/flickr8k, then downloads it
SEED = 7
PHOTOS = 240

# %% [markdown]
# ## 1. A table with a broken row
#
# Flickr30k has 31,783 photos, and most people get it from Kaggle, as a folder of photos and the `results.csv` with bars that lesson 10 showed. You can't download it here without an account. So you write such a table for mini's scenes, broken row included. In the real file that single row has stopped thousands of notebooks with `'float' object has no attribute 'lower'`.

# %%
mini = open_dataset("mini")
folder = Workspace(mini).folder / "mini30k"
shutil.rmtree(folder, ignore_errors=True)
(folder / "flickr30k_images").mkdir(parents=True)
lines = ["image_name| comment_number| comment"]
for name in sorted(mini.captions)[:PHOTOS]:
    shutil.copy2(mini.image_paths[name], folder / "flickr30k_images")
    lines += [f"{name}| {n}| {text}" for n, text in enumerate(mini.captions[name])]
lines[5] = lines[5].replace("| 4| ", "| 4   ")  # the broken row
(folder / "results.csv").write_text("\n".join(lines), "utf-8")
print("\n".join(lines[:7]))

# %% [markdown]
# The fifth caption is the broken one. What does the usual way of reading do with it?

# %%
for line in lines[4:6]:
    print(line.split("| "))

# %% [markdown]
# Two parts instead of three: the number and the caption have become one. `open_dataset` reads a row by a pattern in which the second bar may be missing. Nothing is lost.

# %%
dataset = open_dataset(folder if DATASET == "mini" else DATASET, DATA_DIR)
work = Workspace(dataset)
print(dataset.report)
print(dataset.captions[min(dataset.captions)][-1])

# %% [markdown]
# Kaggle's table names no splits, so the photos are shuffled: 80% to train, 10% to choose by, 10% for the end. If you compare with numbers in papers, take Karpathy's split file instead (lesson 10).
#
# ## 2. VGG16, and how not to cut it
#
# **VGG16** (2014) is a plain tower: 13 convolutions and three dense layers called `fc1`, `fc2` and `predictions`. (A **convolution** is a layer that slides a small window over the picture, here of 3 × 3 places, and uses the same weights everywhere.) Xception is younger, smaller and better. But half of all captioning tutorials use VGG16, so you should be able to read them.
#
# Here is the tower without its learnt weights. That is enough to look at shapes. `None` in a shape stands for any number of photos.

# %%
whole = keras.applications.VGG16(weights=None)
print("whole network:", whole.output.shape)
for layer in whole.layers[-4:]:
    print(f"{layer.name:12} {layer.output.shape!s:14} {layer.count_params():>12,} weights")

# %% [markdown]
# Whole, it gives 1,000 numbers: one for each kind of thing in ImageNet, from tench to toilet tissue. A caption needs more than the name of one kind. The layer before, `fc2`, has 4,096 numbers from which the kinds are worked out. Those are wanted.
#
# Look at `fc1` too. It holds 103 of VGG16's 138 million weights, which is why the download has 528 MB.
#
# Old tutorials cut the last layer off with `layers.pop()`. Try it.

# %%
whole.layers.pop()
print(len(whole.layers), "layers, output", whole.output.shape)

# %% [markdown]
# Nothing happened, and nobody complained! `layers` is a list made for you to look at. You took the last item off your copy. The code runs on, the features have 1,000 numbers instead of 4,096, and an error shows up much later, if ever.
#
# The way that works is a new model from the same input to the layer you want. By its name: `layers[-2]` is the same layer today, but a name says what you mean.

# %%
fc2 = keras.Model(whole.input, whole.get_layer("fc2").output)
print("up to fc2:", fc2.output.shape)
assert whole.layers[-2] is whole.get_layer("fc2")
del whole, fc2  # half a gigabyte

# %% [markdown]
# Each network wants its pixels the way it has met them in training. Xception wants −1 … 1. VGG16 was trained with a library named Caffe, which read photos blue first, and took away the mean colour of ImageNet. What becomes of one red pixel?

# %%
red = np.array([[[200.0, 0.0, 0.0]]])
by_hand = red[..., ::-1] - [103.939, 116.779, 123.68]
print(by_hand)
assert np.allclose(by_hand, keras.applications.vgg16.preprocess_input(red.copy()))

# %% [markdown]
# Whoever forgets this step gets features all the same, from a network that sees odd colours. The captions are a little worse, and nothing tells why. In this course the encoder does it, so it can't be forgotten.
#
# ## 3. Features
#
# `load_encoder("vgg16")` puts these pieces together, and `work.features` runs it over all photos. One photo takes 15 billion multiplications, nearly twice as many as in Xception: 0.2-0.3 seconds on two cores. Expect about a minute for 240 photos on a quiet computer. The 31,783 photos of Flickr30k take two to three hours there, and perhaps ten minutes on a T4.
#
# If the weights can't be downloaded, VGG16 gets **random weights**, and a line says so. Such a network has learnt nothing. Then every score below is marked.

# %%
features = work.features("vgg16")
NOTE = " (random weights)" if features.encoder.endswith("-random") else ""
print(features.encoder, features.vectors.shape, features.vectors.dtype)
rows = features.rows(dataset.splits["train"])
print(f"zeros: {np.mean(rows == 0):.0%}, largest {rows.max():.0f}{NOTE}")

# %% [markdown]
# Many zeros: `fc2` ends in a ReLU (lesson 04). The numbers are large beside Xception's, so the model's first layer, which standardises, is not a luxury.
#
# Are random features worth anything? More than you would think. Photos with like colours in like places get like features, whatever the weights are. But a cat in the sun and a cat at night are strangers.
#
# ## 4. Side by side
#
# Where image and words meet, the model of lesson 04 *adds* two vectors. Many recipes *concatenate* them: they put one behind the other. Toy numbers first:

# %%
image, words = np.array([1.0, 2.0]), np.array([10.0, 20.0])
print("added:       ", image + words)
print("concatenated:", np.concatenate([image, words]))

# %% [markdown]
# A sum can't be taken apart: 11 might be 1 + 10 or 5 + 6. Side by side, everything is still there, at the price of twice the length. What does the dense layer behind them make of it? Cut its matrix in two, and see.

# %%
numbers = np.random.default_rng(SEED)
matrix = numbers.normal(size=(4, 3))
for_image, for_words = matrix[:2], matrix[2:]
together = np.concatenate([image, words]) @ matrix
assert np.allclose(together, image @ for_image + words @ for_words)
print(together.round(2))

# %% [markdown]
# So concatenating *is* adding, after each of the two went through a matrix of its own. With a sum, both go through the same one. Since the image has passed a dense layer of its own before, the gain may be small. You will see.
#
# In code, `ConcatenateDecoder` takes everything from the merge model and replaces `join`. `image` has one row for each photo, so `broadcast_to` repeats it for every word.


# %% tags=["same-as:helpers.models.merge.ConcatenateDecoder.join"]
def join(self, image, words, training=False):
    both = ops.concatenate([ops.broadcast_to(image, ops.shape(words)), words], axis=-1)
    merged = self.merge_dropout(both, training=training)
    return self.word_logits(self.merge_dense(merged))


toy = ConcatenateDecoder(vocab_size=7, feature_size=2, embedding_size=3, units=4)
toy.build()
one_photo, three_words = numbers.normal(size=(1, 1, 4)), numbers.normal(size=(1, 3, 4))
print("logits", join(toy, one_photo, three_words).shape, "· matrix", toy.merge_dense.kernel.shape)

# %% [markdown]
# ## 5. Train and compare
#
# Three captioners, on the same photos, with the same words, the same seed and the same number of epochs. First the classic recipe. On mini, training takes less than a minute a captioner.

# %%
recipe = replace(recipe_for(dataset, "concatenate"), encoder=features.encoder)
captioner = work.captioner(recipe, SEED, "concatenate")

# %% [markdown]
# Now the merge model on the same features: the only difference is `join`.

# %%
recipe = replace(recipe, decoder="merge")
merge_vgg16 = work.captioner(recipe, SEED, "merge-vgg16")

# %% [markdown]
# And the same on Xception's features. For mini, lesson 02 has extracted them; the rows of these photos are copied.

# %%
if DATASET == "mini":
    photos = dataset.photos()
    vectors = Workspace(mini).features().rows(photos).astype("float16")
    stamps = [stamp_of(path) for path in photos.values()]
    save_features(Features("xception", [*photos], vectors, stamps), work.folder / "features.pkl")
merge_xception = work.captioner(replace(recipe, encoder="xception"), SEED)

# %% [markdown]
# The scores, as in lesson 06: five references, a beam of three.

# %% tags=["scores"]
rows = {
    "concatenate, VGG16" + NOTE: captioner,
    "merge, VGG16" + NOTE: merge_vgg16,
    "merge, Xception": merge_xception,
}
print(len(dataset.splits["test"]), "test photos")
for label, each in rows.items():
    scores = work.score(each)
    line = "  ".join(f"{name} {scores[name]:5.1f}" for name in ("BLEU-1", "BLEU-4", "CIDEr-D"))
    print(f"{label:36} {line}  distinct {scores['distinct']:.0f}")

# %% [markdown]
# Read this table with care. Two dozen photos are few: another seed moves BLEU-4 by several points. Expect CIDEr-D, which rewards naming what *this* photo shows, to be 110-120 with Xception. Two cases for VGG16:
#
# * Its rows say "random weights", as in the run that comes with this notebook. Then the encoder is what stands out: VGG16 catches some colours and places, the captioner guesses the rest from what people usually write, and CIDEr-D is 50-75.
# * They don't, because the ImageNet weights could be fetched, as on Colab. Then VGG16 knows things, too. Expect it clearly above that range; if it is not, look at section 2 again.
#
# Is it better to add or to concatenate? Two dozen photos can't tell. In the run that comes with this notebook concatenating is ahead; in an earlier one, with the same seed, adding had the higher BLEU-4 (17.7 against 15.7).
#
# The captions themselves tell more than the scores. Do they name the right thing, or only its colour and place?

# %%
names = dataset.splits["test"][:3]
seen = {name: features.rows([name]) for name in names}
for name in names:
    print(f"{captioner.caption_features(seen[name])[0]}{NOTE}")
    print("   a person:", dataset.captions[name][0])

# %% [markdown]
# ## 6. A web page in ten lines
#
# A captioner on your disk helps you alone. With **Flask**, a function becomes a page: the line above it that begins with `@` says at which address, and what it returns is sent to the browser. A **form** sends the file that somebody has chosen.

# %%
tiny = Flask("tiny")
FORM = '<form method="post" enctype="multipart/form-data"><input type="file" name="photo">'
FORM += "<button>Caption</button></form>"


@tiny.get("/")
def form():
    return FORM


@tiny.post("/")
def answer():
    file = request.files["photo"]
    return f"{FORM}<p>{file.filename}: {captioner.caption([file.read()])[0]}</p>"


# %% [markdown]
# In a terminal, `flask run` would put it on a port. Here a test client plays the browser. (The first photo takes some seconds: the encoder is loaded.)

# %%
photo = dataset.paths("test")[0]
browser = tiny.test_client()


def upload(name, content):
    response = browser.post("/", data={"photo": (io.BytesIO(content), name)})
    return response.status_code, response.text.removeprefix(FORM)[:120]


print(*upload("dog.jpg", photo.read_bytes()))

# %% [markdown]
# It works! Tutorials end here. What would happen on the day you give the address to others?
#
# ## 7. What goes wrong
#
# **Text that is code.** The name of a file is text from a stranger. In this page it becomes HTML.

# %%
name = "<script>alert('hello')</script>.jpg"
print(*upload(name, photo.read_bytes()))
print(escape(name))

# %% [markdown]
# The first line would run in the reader's browser. `escape` cures it, and Flask's templates escape by themselves. As a second lock, a header named **content security policy** tells the browser to run no script but the page's own files.
#
# **Files that are no photos.** A stranger's text file breaks the page: "500 Internal Server Error". The reader has no idea what to do.

# %%
tiny.logger.disabled = True  # it would print the whole traceback
print(*upload("letter.txt", b"Dear Sir or Madam"))

# %% [markdown]
# **No limit.** Flask reads whatever is sent, up to the last gigabyte. One setting caps it, and an upload above it is answered with 413, "content too large".

# %%
print(upload("big.jpg", photo.read_bytes() + bytes(12_000_000))[0])
tiny.config["MAX_CONTENT_LENGTH"] = 10_000_000
print(upload("big.jpg", photo.read_bytes() + bytes(12_000_000))[0])

# %% [markdown]
# **Photos on the disk.** Where is an upload while your function works? Up to 500 KB it is in memory. Longer ones go into a temporary file, and so does what the server before it receives. If your page promises to keep nothing, that matters, also on the day the disk is full.

# %%
for size in (400_000, 600_000):
    data = {"photo": (io.BytesIO(bytes(size)), "a.jpg")}
    with tiny.test_request_context(method="POST", data=data):
        stream = request.files["photo"].stream
        on_disk = getattr(stream, "_rolled", False)
        print(f"{size:,} bytes: {type(stream).__name__}, on the disk: {on_disk}")

# %% [markdown]
# **Many at once.** A server answers each visitor in a thread of its own. If 64 threads call the model at the same moment, they fight for two cores and for memory. A lock lets one at a time in, but then photos wait that could be captioned *together*. How much would that save?

# %%
paths = dataset.paths("test")[:8]
start = perf_counter()
for path in paths:
    captioner.caption([path])
one_by_one = perf_counter() - start
captioner.caption(paths)  # compiles for this number of photos
start = perf_counter()
captioner.caption(paths)
print(f"one by one {one_by_one:.1f} s, together {perf_counter() - start:.1f} s")

# %% [markdown]
# **`debug=True`.** Every tutorial has it, since it shows errors in the browser, with a console beside them. That console runs any Python line that a visitor types, on your computer. Never serve a page with it.
#
# ## 8. A desk with places
#
# Batches for visitors who know nothing of each other: how? Think of a desk with one clerk. Visitors lay their photo on a pile, the **queue**, and wait. The clerk takes all that lie there, 32 at most, captions them in one go, and hands out the answers. While the clerk works, the next pile grows. The busier it gets, the larger the batches.


# %% tags=["same-as:helpers.apps.web.desk.CaptionDesk.next_batch", "same-as:helpers.apps.web.desk.PHOTOS_AT_ONCE"]
from contextlib import suppress

PHOTOS_AT_ONCE = 32


def next_batch(self):
    batch = [self.waiting.get()]
    with suppress(Empty):
        while len(batch) < PHOTOS_AT_ONCE:
            batch.append(self.waiting.get_nowait())
    if None in batch:
        batch.remove(None)
        self.waiting.put(None)
    return batch


toy_desk = SimpleNamespace(waiting=SimpleQueue())
for number in range(40):
    toy_desk.waiting.put(number)
print(len(next_batch(toy_desk)), len(next_batch(toy_desk)))

# %% [markdown]
# The first `get` waits for somebody to come; the others take what is there and wait for nobody. `None` is the sign to go home.
#
# A pile must not grow for ever. If a thousand visitors wait, the last of them waits minutes, and has long gone away when the answer comes. So the desk has 100 places. Whoever comes when all are taken gets an answer at once: **503**, "service unavailable", and a header `Retry-After` that says when to come again.

# %% [markdown]
# `helpers.apps.web` is this desk and a page around it, with what section 7 asks for: names escaped, 10 MB at most, uploads in memory and nowhere else, errors in words. And a guard stands at its door: all uploads together may take 150 MB, one visitor may hold 160 connections, and whoever sends nothing for 20 seconds is cut off. It shows a preview, takes several photos and dropped ones, can be used with keys and screen readers, and works without JavaScript too. In a terminal it is one command:
#
# ```sh
# python -m helpers.apps.web
# ```
#
# Here you start it in a thread, with the captioner of this lesson. Port 0 means any free one. The server below Flask is named **waitress**; Colab lacks it, so it is fetched there.

# %%
if find_spec("waitress") is None:
    subprocess.run([sys.executable, "-m", "pip", "install", "-q", "waitress"], check=True)
from helpers.apps.web import CaptionDesk, PageServer, PhotoPage

desk = CaptionDesk(captioner)
server = PageServer(PhotoPage(desk, "concatenate, VGG16" + NOTE), port=0)
Thread(target=server.run, daemon=True).start()
print(requests.get(server.address + "/health").json())

# %% [markdown]
# Besides the page for people, `/caption` gives the same answers to programs, as JSON.


# %%
def send(path):
    files = {"photos": (path.name, path.read_bytes())}
    return requests.post(server.address + "/caption", files=files).json()


reply = send(photo)["images"][0]
print(reply["name"], "→", reply["alt_text"])
for candidate in reply["candidates"]:
    print(f"   {candidate['in_words']:>16}  {candidate['caption']}")

# %% [markdown]
# Eight visitors at the same moment are answered sooner than eight in a row (section 7); how much sooner depends on how many photos lay on the pile when the clerk took the first. And the files of section 7 are answered in words:

# %%
start = perf_counter()
with ThreadPoolExecutor(8) as visitors:
    replies = list(visitors.map(send, paths))
print(f"{len(replies)} captions in {perf_counter() - start:.1f} s")

for name, content in {"letter.txt": b"Dear Sir", "big.jpg": bytes(12_000_000)}.items():
    response = requests.post(server.address + "/caption", files={"photos": (name, content)})
    said = response.json()
    print(response.status_code, said.get("error") or said["images"][0]["error"])

# %% [markdown]
# Last, the end. A server gets stopped: for a new version, or because a computer restarts. If it drops dead, those who wait get a broken page. `stop` lets nobody new in, finishes what has begun, and ends then. Whoever would have to wait longer than some seconds is told to come again.

# %%
server.stop()
desk.close()

# %% [markdown]
# One thing this page does *not* have: a box for addresses. Lesson 07 has shown why. At your own desk such a box harms you at worst; on a server it opens your network to everybody.
#
# By default the page can be reached from your own computer alone. Not even that is safe by itself: a website can let its own name lead to 127.0.0.1, and its scripts then speak to your page as if it were theirs. So the page looks at the name by which it was called, and answers a stranger's with **421**, "misdirected request". `--host 0.0.0.0` opens it to the network around you. For the whole internet, put a web server such as Caddy or nginx in front: it brings https. Tell the page by which name that server is called, with `--name photos.example.org`.
#
# The whole road in one figure:

# %% tags=["picture"]
widths = [2.2, 1.3, 1.1, 1.9, 2.6]
figure, axes = plt.subplots(1, 5, figsize=(8.7, 2.9), width_ratios=widths, layout="constrained")
for each, title in zip(axes, ["photo", "VGG16", "fc2", "side by side", "page"], strict=True):
    each.set_title(title, fontsize=9)
    each.axis("off")
image = open_image(photo)
axes[0].imshow(image)
for row, width in enumerate([1.0, 0.8, 0.6, 0.45, 0.3, 0.5]):
    axes[1].barh(row, width, 0.75, -width / 2, color="#56B4E9" if row < 5 else "#0072B2")
axes[1].set(xlim=(-0.6, 0.6), ylim=(5.6, -0.6))
axes[2].barh(range(40), seen[names[0]][0][:4000:100], color="#0072B2")
axes[2].invert_yaxis()
for place, label, colour in ((0, "4,096 →\nimage", "#0072B2"), (1, "LSTM →\nwords", "#E69F00")):
    axes[3].barh(0.6, 1, 0.2, place, color=colour)
    axes[3].text(place + 0.5, 0.8, label, ha="center", fontsize=8)
axes[3].text(1, 0.3, "↓\nthe next word", ha="center", va="center", fontsize=9)
axes[3].set(xlim=(-0.1, 2.1), ylim=(0, 1.1))
axes[4].add_patch(plt.Rectangle((0, 0), 1, 1, fill=False, color="#767676"))
axes[4].add_patch(plt.Rectangle((0, 0.9), 1, 0.1, color="#D9D9D9"))
axes[4].text(0.04, 0.95, "127.0.0.1:8000", va="center", fontsize=7, family="monospace")
axes[4].inset_axes([0.05, 0.36, 0.9, 0.5]).imshow(image)
axes[4].child_axes[0].axis("off")
sentence = textwrap.fill(reply["alt_text"] + NOTE, 34)
axes[4].set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
axes[4].text(0.5, 0.17, sentence, ha="center", va="center", fontsize=7)
plt.close(figure)
figure

# %% [markdown]
# ## Recap
#
# * A loader that looks at the content reads Flickr30k's table, broken row and all.
# * Features come from a new model that ends at a named layer. `pop()` changes nothing, and says nothing.
# * Each encoder has its own size, colours and scale. Random weights are said so wherever a score stands.
# * To concatenate is to add with a matrix for each side. The features decide, not the joint.
# * A page for strangers needs limits, escaping, memory instead of files, a queue with places, and a clean end.

# %% [markdown]
# ## Exercises
#
# ### Exercise 1: Back to colours
#
# `preprocess_input` reversed the order of the colours and moved the numbers (section 2). Write `undo(prepared)`, which gives the pixels back: red first, from 0 to 255, `uint8`. Round before you turn the numbers into `uint8` (`np.rint`), for `astype` cuts off.


# %% tags=["exercise"]
def undo(prepared):
    return prepared  # your turn


pixels = numbers.integers(0, 256, (4, 5, 3)).astype("uint8")
back = undo(keras.applications.vgg16.preprocess_input(pixels.astype("float32")))
print("right" if back.dtype == "uint8" and np.array_equal(back, pixels) else "not yet")


# %% tags=["solution"]
# @title Solution 1
def undo(prepared):
    blue_first = np.rint(prepared + [103.939, 116.779, 123.68])
    return blue_first[..., ::-1].astype("uint8")


pixels = numbers.integers(0, 256, (4, 5, 3)).astype("uint8")
back = undo(keras.applications.vgg16.preprocess_input(pixels.astype("float32")))
print("right" if back.dtype == "uint8" and np.array_equal(back, pixels) else "not yet")

# %% [markdown]
# ### Exercise 2: Turn a sum into a concatenation
#
# Given the matrix `shared` behind a sum, write `side_by_side(shared)`: the matrix that gives the same answer for the concatenated vectors. So whatever the merge model can say, the other one can say too.


# %% tags=["exercise"]
def side_by_side(shared):
    return shared  # your turn


shared, a, b = numbers.normal(size=(4, 3)), numbers.normal(size=4), numbers.normal(size=4)
twice = side_by_side(shared)
same = len(twice) == 8 and np.allclose(np.concatenate([a, b]) @ twice, (a + b) @ shared)
print("right" if same else "not yet")


# %% tags=["solution"]
# @title Solution 2
def side_by_side(shared):
    return np.concatenate([shared, shared])


shared, a, b = numbers.normal(size=(4, 3)), numbers.normal(size=4), numbers.normal(size=4)
twice = side_by_side(shared)
same = len(twice) == 8 and np.allclose(np.concatenate([a, b]) @ twice, (a + b) @ shared)
print("right" if same else "not yet")

# %% [markdown]
# ### Exercise 3: Places at the desk
#
# Write a class `Places(most)`. `enter()` returns True and takes a place, or returns False if all are taken; `leave()` gives one back. What goes wrong in your class if two threads call `enter` at the same moment, and what cures it?


# %% tags=["exercise"]
class Places:
    def __init__(self, most):
        self.free = most

    def enter(self):
        return True  # your turn

    def leave(self):
        pass


places = Places(2)
said = [places.enter(), places.enter(), places.enter(), places.leave(), places.enter()]
print("right" if said == [True, True, False, None, True] else "not yet")


# %% tags=["solution"]
# @title Solution 3
from threading import Lock


class Places:
    def __init__(self, most):
        self.free, self.lock = most, Lock()

    def enter(self):
        with self.lock:  # else both see the last free place, and both take it
            if self.free == 0:
                return False
            self.free -= 1
            return True

    def leave(self):
        with self.lock:
            self.free += 1


places = Places(2)
said = [places.enter(), places.enter(), places.enter(), places.leave(), places.enter()]
print("right" if said == [True, True, False, None, True] else "not yet")

# %% [markdown]
# ## Next
#
# You can read and rebuild both classic recipes, and serve a captioner to others. All captioners so far were trained to guess the next word, and judged by CIDEr. [12 optimise the metric](12_optimise_the_metric.ipynb) trains on what is judged, and asks how far frozen features can go.
