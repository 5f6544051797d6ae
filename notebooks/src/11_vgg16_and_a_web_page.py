# %% [markdown]
# # 11 · VGG16 and a web page
#
# Two parts: you rebuild a recipe that many tutorials use, VGG16 with image and words side by side, and you put a captioner on a web page for others to use.
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/OWNER/REPOSITORY/blob/main/notebooks/11_vgg16_and_a_web_page.ipynb)
#
# [← 10 bring your own data](10_bring_your_own_data.ipynb) · [contents](../README.md) · [12 optimise the metric →](12_optimise_the_metric.ipynb)

# %% [markdown]
# ![Left: VGG16 as a tower of bars, its layer fc2 with 4,096 numbers, image and words side by side, the next word. Right: a web page with a real photo and a caption below it](images/11_vgg16_and_a_web_page.png)
#
# Left, part one: the classic recipe (here with random weights: no download). Right, part two: a page, here with the course's trained captioner.

# %% [markdown]
# **You will learn**
#
# * to read Flickr30k's table, broken row included
# * to take features out of the middle of a network, and why `pop()` doesn't do it
# * what changes when image and words are put side by side instead of added
# * how to tell whether one recipe is better than another
# * what a web page needs before strangers may use it: limits, a queue, a clean end
#
# **You need** nothing; features of lesson 02 are used if they are there. If you came for the web page, run the cells down to the settings and go to section 6.
#
# **Run times** (Colab and Flickr30k are estimates)
#
# | | Colab T4 | CPU, 2 cores |
# |---|---|---|
# | mini | about 1 min (estimate) | 80-180 s |
# | Flickr8k | about 25 min (estimate) | about 17 min; with VGG16's weights 45 (estimate) |
# | Flickr30k | about 1 h (estimate) | about 3 h (estimate) |

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
# `Flask` makes web pages. `Workspace` runs the steps of lessons 01-06, `save_features` writes a features file, `plots` draws, and `open_image` opens a photo in any common format.

# %%
import io
import shutil
import textwrap
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stdout, suppress
from dataclasses import replace
from html import escape
from importlib.util import find_spec
from queue import Empty, SimpleQueue
from threading import Thread
from time import perf_counter, sleep
from types import SimpleNamespace

import keras
import matplotlib.pyplot as plt
import numpy as np
import requests
from flask import Flask, request
from keras import ops

from helpers import plots
from helpers.apps.samples import free_photos
from helpers.captioner import Captioner
from helpers.datasets import open_dataset
from helpers.encoders import load_encoder
from helpers.features import Features, save_features, stamp_of
from helpers.images import open_image
from helpers.metrics import cider_d_each
from helpers.models import DECODERS, MergeDecoder
from helpers.pipeline import Workspace, recipe_for

# %% [markdown]
# Settings: `DATASET` may be the folder of the real Flickr30k. Part one trains several captioners, so on mini it takes only `PHOTOS` of the 600 scenes.

# %% tags=["parameters"]
DATASET = "mini"  # or "flickr8k", or a folder such as that of Flickr30k
DATA_DIR = None  # where Flickr8k lies; None looks in data/flickr8k, then downloads it
SEED = 7
PHOTOS = 400

# %% [markdown]
# ## Part one: the other recipe
#
# ## 1. A table with a broken row
#
# Flickr30k has 31,783 photos, and most people get it from Kaggle, as a folder of photos and the `results.csv` with bars between its cells. That takes an account, so you write such a table for mini's scenes: lesson 10's broken row again, now in a whole folder. In the real file pandas finds that row's caption missing and puts in NaN, a float. Many a notebook has stopped there with `'float' object has no attribute 'lower'`.

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
# The fifth caption is the broken one. `open_dataset` reads a row by a pattern in which the second bar may be missing, as in lesson 10's first exercise. Nothing is lost.

# %%
dataset = open_dataset(folder if DATASET == "mini" else DATASET, DATA_DIR)
work = Workspace(dataset)
print(dataset.report)
print(dataset.captions[min(dataset.captions)][-1])

# %% [markdown]
# Kaggle's table names no splits, so the photos are shuffled and dealt out: 80% train, 10% dev, 10% test. If you compare with numbers in papers, take Karpathy's split file instead (lesson 10).
#
# ## 2. VGG16, and how not to cut it
#
# **VGG16** (2014) is a plain tower: 13 convolutions and three dense layers called `fc1`, `fc2` and `predictions`. (A **convolution** is a layer that slides a small window over the picture, here of 3 × 3 places, and uses the same weights everywhere.) Xception is younger, smaller and better at ImageNet. But many captioning tutorials use VGG16, and you should be able to read them.
#
# Here is the tower without its learnt weights, to look at shapes. `None` means any number of photos.

# %%
whole = keras.applications.VGG16(weights=None)
print("whole network:", whole.output.shape)
for layer in whole.layers[-4:]:
    print(f"{layer.name:12} {layer.output.shape!s:14} {layer.count_params():>12,} weights")

# %% [markdown]
# Whole, it gives 1,000 numbers: one for each kind of thing in ImageNet, from tench to toilet tissue. A caption needs more than the name of one kind. The layer before, `fc2`, has 4,096 numbers from which the kinds are worked out. Those are the ones you want.
#
# Look at `fc1`. It holds 103 of VGG16's 138 million weights, the reason for a download of 528 MB.
#
# Old tutorials cut the last layer off with `layers.pop()`. Try it.

# %%
whole.layers.pop()
print(len(whole.layers), "layers, output", whole.output.shape)

# %% [markdown]
# Nothing happened, and nothing complained. Keras makes the list `layers` afresh each time you ask, and you took the last item off your copy. The code runs on, the features have 1,000 numbers instead of 4,096, and an error shows up much later, if ever.
#
# What works is a new model, from the same input to the layer you want. Ask for that layer by name: `layers[-2]` is the same one today, but a name says what you mean.

# %%
fc2 = keras.Model(whole.input, whole.get_layer("fc2").output)
print("up to fc2:", fc2.output.shape)
assert whole.layers[-2] is whole.get_layer("fc2")
del whole, fc2  # half a gigabyte

# %% [markdown]
# Each network wants its pixels as they were in its training. Xception wants −1 … 1. VGG16 was trained with a library named Caffe: colours in the order blue, green, red, and ImageNet's mean colour subtracted. What becomes of one red pixel?

# %%
red = np.array([[[200.0, 0.0, 0.0]]])
by_hand = red[..., ::-1] - [103.939, 116.779, 123.68]
print(by_hand)
assert np.allclose(by_hand, keras.applications.vgg16.preprocess_input(red.copy()))

# %% [markdown]
# If you forget this step, you get features all the same, from a network that sees odd colours, and nothing tells you. In this course the encoder does it, so it can't be forgotten.
#
# ## 3. Features
#
# `load_encoder("vgg16")` puts these pieces together. One photo takes 15 billion multiplications, nearly twice as many as in Xception: 0.2-0.3 seconds on two cores.
#
# If the weights can't be downloaded, VGG16 gets **random weights**, and a line says so. On a few photos such a network shows that the code works; the scores of a captioner trained on it would mean nothing.

# %%
vgg16 = load_encoder("vgg16")
learnt = not vgg16.name.endswith("-random")
paths = dataset.paths("test")[:4]
few = vgg16.encode(np.stack([np.asarray(open_image(path).resize((224, 224))) for path in paths]))
print(vgg16.name, few.shape, few.dtype)
print(
    f"zeros: {np.mean(few == 0):.0%}, largest {few.max():.0f}", "" if learnt else "(random weights)"
)

# %% [markdown]
# Many zeros: `fc2` ends in a ReLU (lesson 04). Numbers of any size may come out, which is why a captioner's first layer standardises them.
#
# ## 4. Side by side
#
# Where image and words meet, the model of lesson 04 *adds* two vectors. Many recipes *concatenate* them, that is, put one behind the other:

# %%
plots.draw_joints(recipe_for(dataset).sizes.get("units", 512))

# %% [markdown]
# Toy numbers first:

# %%
image, words = np.array([1.0, 2.0]), np.array([10.0, 20.0])
print("added:       ", image + words)
print("concatenated:", np.concatenate([image, words]))

# %% [markdown]
# A sum can't be taken apart: 11 might be 1 + 10 or 5 + 6. Side by side, everything is still there, at the price of twice the length. What does the next dense layer make of it? Cut its matrix in two, and see.

# %%
numbers = np.random.default_rng(SEED)
matrix = numbers.normal(size=(4, 3))
for_image, for_words = matrix[:2], matrix[2:]
together = np.concatenate([image, words]) @ matrix
assert np.allclose(together, image @ for_image + words @ for_words)
print(together.round(2))

# %% [markdown]
# So concatenating *is* adding, after each of the two has gone through a matrix of its own. With a sum, both go through the same one. But the image has been through a dense layer of its own already, so it is hard to tell in advance what the second matrix gains.
#
# In code, `ConcatenateDecoder` inherits from the merge model of lesson 04 and replaces `join` alone. `image` has one row for each photo, so `broadcast_to` repeats it for every word.


# %% tags=["same-as:helpers.models.merge.ConcatenateDecoder"]
class ConcatenateDecoder(MergeDecoder):
    kind = "concatenate"
    encoder = "vgg16"

    def join(self, image, words, training=False):
        both = ops.concatenate([ops.broadcast_to(image, ops.shape(words)), words], axis=-1)
        merged = self.merge_dropout(both, training=training)
        return self.word_logits(self.merge_dense(merged))


DECODERS["concatenate"] = ConcatenateDecoder  # from here on the course trains this class
toy = ConcatenateDecoder(vocab_size=7, feature_size=2, embedding_size=3, units=4)
toy.build()
one_photo, three_words = numbers.normal(size=(1, 1, 4)), numbers.normal(size=(1, 3, 4))
print("logits", toy.join(one_photo, three_words).shape)
print("matrix", toy.merge_dense.kernel.shape)

# %% [markdown]
# ## 5. Add or concatenate?
#
# Compare the two on features of a network that has learnt something: Xception's, from lesson 02. Photos, words, recipe and seeds are the same. What differs is `join`: side by side, its matrix has 384 × 192 weights instead of 192 × 192, and dropout acts on twice the width. Two seeds, because one proves little (one on larger data). With VGG16's weights the two are compared on its features as well. Without them, as in the outputs here, no captioner has seen VGG16's features.

# %%
if DATASET == "mini":
    photos = dataset.photos()
    vectors = Workspace(mini).features().rows(photos).astype("float16")
    stamps = [stamp_of(path) for path in photos.values()]
    save_features(Features("xception", [*photos], vectors, stamps), work.folder / "features.pkl")
captioners, seeds = {}, [SEED, SEED + 1] if DATASET == "mini" else [SEED]
for encoder in ["xception", "vgg16"] if learnt else ["xception"]:
    recipe = recipe_for(dataset, "merge" if encoder == "xception" else "concatenate")
    for decoder in ("merge", "concatenate"):
        for seed in seeds:
            name = f"{decoder}-{encoder}-{seed}"
            choices = replace(recipe, encoder=encoder, decoder=decoder)
            with redirect_stdout(io.StringIO()):  # four trainings would fill a page
                captioners[encoder, decoder, seed] = work.captioner(choices, seed, name)
            print(f"{name}: dev loss {captioners[encoder, decoder, seed].config['dev loss']:.3f}")

# %% [markdown]
# Now score photos that had no part in any choice, once per captioner (CIDEr-D, beam of 3). The recipe's number of epochs, for instance, was chosen on the dev split of mini, so its photos are left out. Each photo's scores are averaged over the seeds. Then comes the paired comparison of lesson 06: draw the photos anew a thousand times, and see how far the mean difference moves.

# %% tags=["scores"]
judged = {*(mini if DATASET == "mini" else dataset).splits["dev"]}  # the recipe was chosen on these
unseen = [*dataset.splits["dev"], *dataset.splits["test"]]
held_out = [name for name in unseen if name not in judged]
print(f"{len(unseen)} photos were not trained on, {len(held_out)} of them had no part in a choice")
references = [dataset.captions[name] for name in held_out]
for encoder in dict.fromkeys(encoder for encoder, *_ in captioners):
    rows, means = work.features(encoder).select(held_out), {}
    for decoder in ("merge", "concatenate"):
        said = [captioners[encoder, decoder, seed].caption_features(rows, 3) for seed in seeds]
        each = np.array([cider_d_each(references, captions) for captions in said])
        means[decoder] = each.mean(axis=0)
        print(f"{encoder:9} {decoder:12} CIDEr-D by seed {each.mean(axis=1).round(1)}")
    gain = means["concatenate"] - means["merge"]
    drawn = numbers.choice(gain, (1000, len(gain))).mean(axis=1)
    low, high = np.percentile(drawn, [2.5, 97.5])
    print(f"{encoder:9} concatenate less merge: {gain.mean():+.1f} ({low:+.1f} to {high:+.1f})")

# %% [markdown]
# Read "concatenate less merge" first. If the interval holds 0, these photos name no winner. Do the seeds agree? An earlier build, same cells and seeds, printed +15.1 (+3.8 to +26.1), a winner that no later run has confirmed: the interval sees the luck of the photos, not of the training. Seeds 7 to 10 gave −1.3 (−9.7 to +8.6). The dev loss is lower side by side, which need not make better captions.
#
# So the course adds, with fewer weights. Flickr8k is left to you.

# %% [markdown]
# ## Part two: a web page
#
# ## 6. A web page in ten lines
#
# A captioner on your disk helps only you. This part puts one on a page: the course's `attention-xception`, trained on Flickr8k and COCO. The photos here are real, too, from Matplotlib and scikit-image (public domain or CC0; without scikit-image there is one).
#
# With **Flask**, a function becomes a page: the line above it that begins with `@` says at which address, and what it returns is sent to the browser. A **form** sends the file that somebody has chosen. The file's name is text from a stranger, so it is escaped, as in lesson 07.

# %%
captioner = Captioner.load("attention-xception")
paths = [path for label, path in free_photos().items() if label != "photographer"]
tiny = Flask("tiny")
FORM = '<form method="post" enctype="multipart/form-data"><input type="file" name="photo">'
FORM += "<button>Caption</button></form>"


@tiny.get("/")
def form():
    return FORM


@tiny.post("/")
def answer():
    file = request.files["photo"]
    return f"{FORM}<p>{escape(file.filename)}: {captioner.caption([file.read()])[0]}</p>"


# %% [markdown]
# In a terminal, `flask run` would put it on a port. Here a test client plays the browser. (The first photo takes some seconds: the encoder is loaded.)

# %%
browser = tiny.test_client()


def upload(name, content):
    response = browser.post("/", data={"photo": (io.BytesIO(content), name)})
    return response.status_code, response.text.removeprefix(FORM)[:120]


for path in paths[:3]:
    print(*upload(path.name, path.read_bytes()))

# %% [markdown]
# It works, though not every caption is true. What happens on the day you give the address to others?
#
# ## 7. What goes wrong
#
# **Files that are no photos.** Somebody uploads a letter, and gets "500 Internal Server Error" and no idea what to do.

# %%
tiny.logger.disabled = True  # it would print the whole traceback
print(*upload("letter.txt", b"Dear Sir or Madam"))

# %% [markdown]
# **No limit.** Flask reads whatever is sent, up to the last gigabyte. One setting caps it, and an upload above it is answered with 413, "content too large".

# %%
big = paths[0].read_bytes() + bytes(12_000_000)
print(upload("big.jpg", big)[0])
tiny.config["MAX_CONTENT_LENGTH"] = 10_000_000
print(upload("big.jpg", big)[0])

# %% [markdown]
# **Photos on the disk.** Where is an upload while your function works? Up to 500 KB it is in memory; a longer one goes into a temporary file (`_rolled` says so). If your page promises that no photo is ever stored, that matters.

# %%
for size in (400_000, 600_000):
    data = {"photo": (io.BytesIO(bytes(size)), "a.jpg")}
    with tiny.test_request_context(method="POST", data=data):
        stream = request.files["photo"].stream
        on_disk = getattr(stream, "_rolled", False)
        print(f"{size:,} bytes: {type(stream).__name__}, on the disk: {on_disk}")

# %% [markdown]
# **Many at once.** A server answers each visitor in a thread of its own. If 64 threads call the model at the same moment, they fight for two cores and for memory. A lock lets in one at a time, but then photos wait in line that could be captioned *together*. How much would that save?

# %%
eight = (8 * paths)[:8]
start = perf_counter()
for path in eight:
    captioner.caption([path])
one_by_one = perf_counter() - start
captioner.caption(eight)  # compiles for this number of photos
start = perf_counter()
captioner.caption(eight)
print(f"one by one {one_by_one:.1f} s, together {perf_counter() - start:.1f} s")

# %% [markdown]
# **`debug=True`.** Many tutorials have it, since it shows errors in the browser, beside a console. That console runs any Python that is typed there, on your computer, and only a PIN guards it. Never serve a page with it.
#
# ## 8. A desk with places
#
# How do photos of visitors who know nothing of each other get into one batch? Think of a desk with one clerk. Visitors put their photos on a pile, the **queue**, and wait. The clerk takes all of them, 32 at most, captions them in one go, and hands out the answers. Meanwhile the next pile grows. The busier the desk, the larger the batches.


# %% tags=["same-as:helpers.apps.web.desk.CaptionDesk.next_batch", "same-as:helpers.apps.web.desk.PHOTOS_AT_ONCE"]
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
# The first `get` waits for somebody to come; `get_nowait` takes what is there and waits for nobody. `None` is the sign to go home; it is put back, so that the clerk finishes this batch first.
#
# A pile must not grow for ever: the last of a thousand visitors would wait for minutes. So the desk has 100 places. Whoever comes when all are taken is told so at once: **503**, "service unavailable", and a header `Retry-After` that says when to come again.

# %% [markdown]
# `helpers.apps.web` is this desk with a page around it that avoids the mistakes of section 7 and can be used by keyboard and with screen readers. In a terminal it is one command:
#
# ```sh
# python -m helpers.apps.web
# ```
#
# Here you start it in a thread. Port 0 means any free port. The server that runs the Flask page is named **waitress**; Colab lacks it, so it is fetched there.

# %%
if find_spec("waitress") is None:
    subprocess.run([sys.executable, "-m", "pip", "install", "-q", "waitress"], check=True)
from helpers.apps.web import CaptionDesk, PageServer, PhotoPage

desk = CaptionDesk(captioner)
server = PageServer(PhotoPage(desk, "attention-xception"), port=0)
Thread(target=server.run, daemon=True).start()
print(requests.get(server.address + "/health").json())

# %% [markdown]
# Besides the page for people, `/caption` gives the same answers to programs, as JSON. Each candidate says how likely its words are. A small number isn't doubt: that is what confidence measures (lesson 07). Where it isn't, there is no caption at all.


# %%
def send(path):
    files = {"photos": (path.name, path.read_bytes())}
    return requests.post(server.address + "/caption", files=files).json()


for path in paths:
    reply = send(path)["images"][0]
    for first in reply.get("candidates", [])[:1]:
        print(f"{reply['name']:16} {first['in_words']:>16}  {first['caption']}")
    if "candidates" not in reply:  # the captioner isn't sure
        print(f"{reply['name']:16} {'':16}  {reply['error']}")
on_page = send(paths[0])["images"][0]

# %% [markdown]
# Now eight visitors at the same moment; compare with section 7. What is saved depends on how many were on the pile when the clerk began. And the files that broke section 7 get an answer in words:

# %%
start = perf_counter()
with ThreadPoolExecutor(8) as visitors:
    replies = list(visitors.map(send, eight))
print(f"{len(replies)} captions in {perf_counter() - start:.1f} s")

for name, content in {"letter.txt": b"Dear Sir", "big.jpg": bytes(12_000_000)}.items():
    response = requests.post(server.address + "/caption", files={"photos": (name, content)})
    said = response.json()
    print(response.status_code, said.get("error") or said["images"][0]["error"])

# %% [markdown]
# Last, the end. A server is stopped for a new version, or because its computer restarts. Killed, it leaves those who wait a broken page. `stop` lets nobody new in and finishes what has begun. Send a photo, stop as soon as it is at the desk, and see whether an answer comes.

# %%
with ThreadPoolExecutor(1) as visitors:
    reply = visitors.submit(send, paths[0])
    while not (desk.taken or reply.done()):
        sleep(0.01)
    server.stop()
last = reply.result().get("images", [reply.result()])[0]
print(last.get("alt_text", last.get("error")))
assert desk.close()  # True: nobody waits any more

# %% [markdown]
# One thing this page does *not* have: a box for addresses. Lesson 07 has shown why: on a server, such a box opens your network to everybody.
#
# By default the page can be reached from your own computer alone; `--host 0.0.0.0` opens it to the network around you. For the whole internet, put a web server such as Caddy or nginx in front, which brings https, and give the page that server's name, with `--name photos.example.org`. (Why? The owner of a website can point its name at 127.0.0.1, and its scripts could then talk to your page as if it were theirs. A request under any other name is answered with **421**, "misdirected request".)
#
# Both parts in one figure:

# %% tags=["picture"]
figure, axes = plt.subplots(
    1, 4, figsize=(8.7, 2.9), width_ratios=[1.3, 1.1, 1.9, 3], layout="constrained"
)
for each, title in zip(axes, ["VGG16", "fc2", "side by side", "a page"], strict=True):
    each.set_title(title, fontsize=9)
    each.axis("off")
for row, width in enumerate([1.0, 0.8, 0.6, 0.45, 0.3, 0.5]):
    axes[0].barh(row, width, 0.75, -width / 2, color="#56B4E9" if row < 5 else "#0072B2")
axes[0].set(xlim=(-0.6, 0.6), ylim=(5.6, -0.6))
if "few" in globals():  # part one was run
    axes[1].barh(range(40), few[0][:4000:100], color="#0072B2")
    axes[1].invert_yaxis()
for place, label, colour in ((0, "4,096 →\nimage", "#0072B2"), (1, "LSTM →\nwords", "#E69F00")):
    axes[2].barh(0.6, 1, 0.2, place, color=colour)
    axes[2].text(place + 0.5, 0.8, label, ha="center", fontsize=8)
axes[2].text(1, 0.3, "↓\nthe next word", ha="center", va="center", fontsize=9)
axes[2].set(xlim=(-0.1, 2.1), ylim=(0, 1.1))
page = axes[3]
page.add_patch(plt.Rectangle((0, 0), 1, 1, fill=False, color="#767676"))
page.add_patch(plt.Rectangle((0, 0.9), 1, 0.1, color="#D9D9D9"))
page.text(0.04, 0.95, "127.0.0.1:8000", va="center", fontsize=7, family="monospace")
page.inset_axes([0.05, 0.3, 0.9, 0.56]).imshow(open_image(paths[0]))
page.child_axes[0].axis("off")
sentence = textwrap.fill(on_page.get("alt_text", on_page.get("error", "")), 42)
page.text(0.5, 0.14, sentence, ha="center", va="center", fontsize=8)
page.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
plt.close(figure)
figure

# %% [markdown]
# ## Recap
#
# * A loader that looks at the content reads Flickr30k's table, broken row and all.
# * Features come from a new model that ends at a named layer. `pop()` changes nothing, and says nothing.
# * Each encoder has its own size, colours and scale. A network with random weights shows that code runs, and nothing else.
# * To concatenate is to add, with a matrix for each side. Only a paired comparison over several seeds can show whether it pays.
# * A page for strangers needs limits, memory instead of files, a queue with places, and a clean end.

# %% [markdown]
# ## Exercises
#
# ### Exercise 1: Back to colours
#
# `preprocess_input` reversed the order of the colours and shifted the numbers (section 2). Write `undo(prepared)`, which gives the pixels back: red first, from 0 to 255, `uint8`. Round (`np.rint`) before you turn the numbers into `uint8`, since `astype` drops the fraction.


# %% tags=["exercise"]
def undo(prepared):
    return prepared  # your turn


numbers = np.random.default_rng(SEED)
pixels = numbers.integers(0, 256, (4, 5, 3)).astype("uint8")
pixels[0, :2] = [[0, 0, 0], [255, 255, 255]]
problem = ""
for case in (pixels, pixels[None].repeat(2, axis=0)):
    given = keras.applications.vgg16.preprocess_input(case.astype("float32"))
    got = np.asarray(undo(given.copy()))
    if got.dtype != "uint8":
        problem = problem or f"the numbers are {got.dtype}, due is uint8"
    elif got.shape != case.shape or not np.array_equal(got, case):
        wrong = "" if got.shape != case.shape else f": {np.mean(got != case):.0%} of the numbers"
        problem = problem or f"pixels of shape {case.shape} come back changed{wrong}"
print(f"not yet: {problem}" if problem else "right")


# %% tags=["solution"]
# @title Solution 1
def undo(prepared):
    blue_first = np.rint(prepared + [103.939, 116.779, 123.68])
    return blue_first[..., ::-1].astype("uint8")


numbers = np.random.default_rng(SEED)
pixels = numbers.integers(0, 256, (4, 5, 3)).astype("uint8")
pixels[0, :2] = [[0, 0, 0], [255, 255, 255]]
problem = ""
for case in (pixels, pixels[None].repeat(2, axis=0)):
    given = keras.applications.vgg16.preprocess_input(case.astype("float32"))
    got = np.asarray(undo(given.copy()))
    if got.dtype != "uint8":
        problem = problem or f"the numbers are {got.dtype}, due is uint8"
    elif got.shape != case.shape or not np.array_equal(got, case):
        wrong = "" if got.shape != case.shape else f": {np.mean(got != case):.0%} of the numbers"
        problem = problem or f"pixels of shape {case.shape} come back changed{wrong}"
print(f"not yet: {problem}" if problem else "right")

# %% [markdown]
# ### Exercise 2: Turn a sum into a concatenation
#
# `shared` is the matrix that a sum is multiplied by. Write `side_by_side(shared)`: the matrix that gives the same answer for the concatenated vectors. So whatever the merge model can say, the other one can say, too.


# %% tags=["exercise"]
def side_by_side(shared):
    return shared  # your turn


numbers, problem = np.random.default_rng(SEED), ""
for size, units in ((4, 3), (2, 2), (1, 5)):
    shared = numbers.normal(size=(size, units))
    a, b = numbers.normal(size=(2, size))
    twice = np.asarray(side_by_side(shared.copy()))
    if twice.shape != (2 * size, units):
        problem = problem or f"of {shared.shape} you make {twice.shape}, due is {(2 * size, units)}"
    elif not np.allclose(np.concatenate([a, b]) @ twice, (a + b) @ shared):
        problem = problem or f"the shape is right, the answer is not (shared {shared.shape})"
print(f"not yet: {problem}" if problem else "right")


# %% tags=["solution"]
# @title Solution 2
def side_by_side(shared):
    return np.concatenate([shared, shared])


numbers, problem = np.random.default_rng(SEED), ""
for size, units in ((4, 3), (2, 2), (1, 5)):
    shared = numbers.normal(size=(size, units))
    a, b = numbers.normal(size=(2, size))
    twice = np.asarray(side_by_side(shared.copy()))
    if twice.shape != (2 * size, units):
        problem = problem or f"of {shared.shape} you make {twice.shape}, due is {(2 * size, units)}"
    elif not np.allclose(np.concatenate([a, b]) @ twice, (a + b) @ shared):
        problem = problem or f"the shape is right, the answer is not (shared {shared.shape})"
print(f"not yet: {problem}" if problem else "right")

# %% [markdown]
# ### Exercise 3: Places at the desk
#
# Write a class `Places(most)`. `enter()` returns True and takes a place, or returns False if all are taken; `leave()` gives one back. What goes wrong in your class if two threads call `enter` at the same moment? You are done when the check says "right" and you have named what cures that.


# %% tags=["exercise"]
class Places:
    def __init__(self, most):
        self.free = most

    def enter(self):
        return True  # your turn

    def leave(self):
        pass


problem = ""
for most in (2, 1, 3):
    places, other = Places(most), Places(1)
    said = [places.enter() for _ in range(most + 2)]
    said += [places.leave(), places.enter(), places.enter(), other.enter()]
    due = [True] * most + [False, False, None, True, False, True]
    if said != due:
        problem = (
            problem or f"{most} places, {most + 2} enter, 1 leaves, 2 enter: due {due}, not {said}"
        )
print(f"not yet: {problem}" if problem else "right")


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


problem = ""
for most in (2, 1, 3):
    places, other = Places(most), Places(1)
    said = [places.enter() for _ in range(most + 2)]
    said += [places.leave(), places.enter(), places.enter(), other.enter()]
    due = [True] * most + [False, False, None, True, False, True]
    if said != due:
        problem = (
            problem or f"{most} places, {most + 2} enter, 1 leaves, 2 enter: due {due}, not {said}"
        )
print(f"not yet: {problem}" if problem else "right")

# %% [markdown]
# ## Next
#
# You can read and rebuild both classic recipes, and serve a captioner to others. The captioners that you have trained so far learnt to guess the next word, and are judged by CIDEr. [12 optimise the metric](12_optimise_the_metric.ipynb) trains them on what they are judged by, and asks how far frozen features can go.
#
# ### Further reading
#
# * Simonyan and Zisserman 2014, [Very deep convolutional networks](https://arxiv.org/abs/1409.1556): VGG16.
# * Tanti et al. 2018, [Where to put the image in an image caption generator](https://arxiv.org/abs/1703.09137): adding, concatenating, and other places for the photo.
# * Keras, [Transfer learning and fine-tuning](https://keras.io/guides/transfer_learning/): networks cut, frozen and reused.
# * Flask, [Uploading files](https://flask.palletsprojects.com/en/stable/patterns/fileuploads/), and waitress, [documentation](https://docs.pylonsproject.org/projects/waitress/).
# * MDN, [HTTP response status codes](https://developer.mozilla.org/en-US/docs/Web/HTTP/Status): 413, 421, 500 and 503.
