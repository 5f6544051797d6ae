# %% [markdown]
# # 07 · Caption from a URL
#
# You build a small app inside a notebook: paste the address of a photo, press a button, read a
# sentence.
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/OWNER/REPOSITORY/blob/main/notebooks/07_caption_from_url.ipynb)
#
# [← 06 score captions](06_score_captions.ipynb) · [contents](../README.md) · [08 attend to regions →](08_attend_to_regions.ipynb)

# %% [markdown]
# ![A framed screenshot of a form, labelled “a screenshot of the app: to use it, run section 6”. The form has a box for an address, a button "Caption that image!", small pictures to try and an upload button. Below it are a photo, its caption in large letters, three candidates with bars, and the alt text ready to copy](images/07_caption_from_url.png)
#
# The app at the end of this lesson, as a screenshot: its buttons don't work. In a hurry? Run all
# cells, go to section 6 and paste.

# %% [markdown]
# **You will learn**
#
# * how little it takes to put a form around a model, and what such a form forgets
# * why a box for addresses is an open door, and how to let in images and nothing else
# * how to say in plain words how sure a model is, and when to say “not sure”
# * how to show text that others wrote without letting it take over your page
# * what happens when people press twice, or change their mind while the model is at work
#
# **You need** nothing. A trained captioner comes with the course. Without scikit-image there are fewer photos to try.
#
# **Run times**
#
# | | Colab T4 | CPU, 2 cores |
# |---|---|---|
# | mini | about 40 s (estimate) | 20-30 s |
# | Flickr8k | the same (estimate) | about 40 s |

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
# `Captioner` is what lessons 02-05 built up: encoder, tokenizer and decoder in one folder.
# `free_photos` finds the photos that Matplotlib and scikit-image bring with them, and `Workspace` knows where lesson 04 left its captioner. `open_image` opens a photo, and `caption_widget` is the finished app.

# %%
import io
import ipaddress
import re
import threading
from html import escape
from urllib.parse import urlsplit
from urllib.request import urlopen

import ipywidgets as widgets
from IPython.display import HTML
from PIL import Image

from helpers import plots
from helpers.apps.samples import free_photos
from helpers.apps.widget import caption_widget
from helpers.captioner import Captioner, captioner_names
from helpers.datasets import open_dataset
from helpers.images import ImageError, open_image
from helpers.pipeline import Workspace

# %% [markdown]
# Settings: `CAPTIONER` is the name of a folder in `data/captioners`. `ADDRESS` leads nowhere; put
# the address of one of your own photos there. The data set only decides which captioner of your own section 6 can offer.

# %% tags=["parameters"]
DATASET = "mini"  # or "flickr8k", or a folder of your own
DATA_DIR = None  # where Flickr8k lies; None looks in data/flickr8k, then downloads it
SEED = 7
CAPTIONER = "attention-xception"
BEAM_SIZE = 3
ADDRESS = "https://photos.example/dog.jpg"

# %% [markdown]
# ## 1. A captioner, ready to use
#
# Nothing is trained in this lesson. You open a captioner in `data/captioners` by its name.

# %%
dataset = open_dataset(DATASET, DATA_DIR)
captioner = Captioner.load(CAPTIONER)
print(captioner.note)

# %% [markdown]
# One call turns photos into sentences. The photos are real (the portrait comes with Matplotlib, the others with scikit-image, all in the public domain or CC0); the last picture is one of mini's drawings. The first call takes some seconds, since it loads the encoder and compiles the decoder.

# %%
photos = free_photos()
if len(photos) < 2:
    print("Without scikit-image there is one photo: pip install scikit-image brings five more")
photos["drawing"] = open_dataset("mini").paths("test")[0]
answers = captioner.candidates([*photos.values()], BEAM_SIZE)
best = {label: found[0] for label, found in zip(photos, answers, strict=True)}
images = [open_image(path) for path in photos.values()]
plots.show_images(images, [found.caption for found in best.values()])

# %% [markdown]
# Which are right? A captioner can name nothing that its training captions never named. This one learnt from 6,000 photos of Flickr8k, mostly of people and dogs, and from 1,995 of COCO with one sentence each. It may see a person or a table in a cup of coffee, a rocket or a drawing, as fluently as ever. The users of an app can't know that. The captioner can, a little: it compares a picture with its training photos (section 7 says how), looks at how probable its own words are, and makes a **confidence** from 0 to 1 of the two. Below its threshold, 14%, it says “not sure”:

# %%
for label, found in best.items():
    print(f"{label:14}{found.confidence or 0:6.1%}  {found.caption if found.sure else 'not sure'}")

# %% [markdown]
# It can also be sure and wrong; compare with the photos. So the app should show the runners-up, too. `candidates` has returned the whole beam of lesson 05, with the probability of each sentence.

# %%
photo = photos["portrait"]
candidates = answers[0]
for candidate in candidates:
    print(f"{candidate.probability:.1e}  {candidate.caption}")

# %% [markdown]
# Small numbers! The probability of a sentence is the product of the probabilities of its words. Take a
# model that gives every right word 40%. How probable is a sentence of nine words and `<end>`?

# %%
print(f"{0.4**10:.1e}")

# %% [markdown]
# So a tiny number doesn't mean a bad caption. What one word got on average, the geometric mean of lesson 06, is easier to judge. Take the root that undoes the product.

# %%
for candidate in candidates:
    steps = len(candidate.caption.split()) + 1  # the words and <end>
    print(f"{candidate.probability ** (1 / steps):.0%} a word  {candidate.caption}")

# %% [markdown]
# (The order of the candidates need not follow either number: the beam normalises by a power of the
# length, as lesson 05 shows.)
#
# For the app, "1 in 1,800,000" says more to most people than 5.5e-07. Two significant digits are enough.


# %% tags=["same-as:helpers.apps.wording.in_words"]
def in_words(probability):
    if probability >= 0.01:
        return f"{probability:.0%}"
    return f"1 in {float(f'{1 / probability:.2g}'):,.0f}" if probability > 0 else "0%"


for probability in (0.254, 0.004, 5.5e-7):
    print(in_words(probability))

# %% [markdown]
# ## 2. An app in fifteen lines
#
# A **widget** is a thing on the page that Python can see and change: a box, a button, a picture.
# You make four of them, and name the function that runs when the button is pressed: a callback, as in lesson 04.
#
# `urlopen`, which comes with Python, fetches what lies at an address.

# %%
box = widgets.Text(description="Address")
button = widgets.Button(description="Caption it")
picture = widgets.Image(width=200)
sentence = widgets.Label()


def caption_it(_):
    data = urlopen(box.value).read()
    picture.value = data
    sentence.value = captioner.caption([data])[0]


button.on_click(caption_it)
widgets.VBox([box, button, picture, sentence])

# %% [markdown]
# That's it. Copy the address of a photo on the web (right-click it, "Copy image
# address"), paste it and press. On GitHub you see no form above: a widget lives only while a
# **kernel** runs, the Python behind the notebook.
#
# Code can press the button as well. The address of a file on your own disk begins with `file://`.

# %%
box.value = photo.resolve().as_uri()
button.click()
print(sentence.value)

# %% [markdown]
# (Section 1 asked for a beam. `caption` uses the captioner's own search, a vote, and may say something else; lesson 12 explains it.)
#
# Now give it to a friend, and watch over their shoulder.

# %% [markdown]
# ## 3. What goes wrong?
#
# `attempt` types an address and runs the callback. It prints what your friend would *not* see: an
# error in a callback ends up in a log, and on the page nothing happens.


# %%
def attempt(address):
    box.value = address
    try:
        caption_it(button)
        print(sentence.value)
    except Exception as error:
        print(f"{type(error).__name__}: {error}")


# %% [markdown]
# **The page instead of the photo.** Most people copy what is in the address bar, and that is
# the page around the photo. You can try it without a network: a `data:` address carries its content
# within itself.

# %%
page = "data:text/html,<!doctype html><title>My dog</title><img src=dog.jpg>"
attempt(page)

# %% [markdown]
# **No answer at all.** The server is down, there is no network, or somebody mistyped:

# %%
attempt("nonsense://photos/dog.jpg")

# %% [markdown]
# **Too much.** `read()` fetches all there is. If the address leads to a film of 3 GB, then 3 GB end up in memory. The file need not even be big. This one holds a white square of 20,000 × 20,000 pixels, and PNG needs few bytes for it:

# %%
bomb = io.BytesIO()
Image.new("1", (20_000, 20_000), 1).save(bomb, "PNG")
print(
    f"{len(bomb.getvalue()) / 1e3:.0f} KB in the file, {20_000**2 * 3 / 1e6:,.0f} MB as RGB pixels"
)

# %% [markdown]
# That is a **decompression bomb**. A few such files can kill the kernel, and your friend's open work with it.
#
# **Doors inside your house.** You used `file://` a moment ago. What else does it open?

# %%
inside = ROOT / "pyproject.toml"
print(urlopen(inside.as_uri()).read()[:42])

# %% [markdown]
# It opens any file that the notebook may read! And `urlopen` reaches any address in your own network.
#
# A stranger types the address, but the notebook's computer fetches it. So a stranger can make that computer ask for what only it can reach: the settings page of a router, the
# page on which a cloud keeps the keys of its machines (`http://169.254.169.254/`).
#
# This is **server-side request forgery**, SSRF. Once the app is open to others, somebody will try it.

# %% [markdown]
# ## 4. Open what strangers send
#
# How would you know that an address leads inside? A name doesn't tell, but behind every name there is a number, the **IP address**. Python knows which numbers belong to the public internet.

# %%
for number in ("93.184.215.14", "127.0.0.1", "192.168.1.1", "169.254.169.254", "::1"):
    print(f"{number:18}{'public' if ipaddress.ip_address(number).is_global else 'inside'}")

# %% [markdown]
# That looks like a job for one `if`, and it is a trap. A name can have one number when you check it and another when you fetch. A public page can redirect you to one inside.
# And `http://2130706433/` is 127.0.0.1 in disguise. So the course leaves this to a library,
# `requests-hardened`, which looks a name up once and then dials the very number that it has
# checked.
#
# `open_image`, which has opened your photos so far, takes addresses too. Here is how it meets each danger. (A **port** is one of the numbered doors of a server.)
#
# | danger | answer |
# |---|---|
# | `file://` and the like | http, https and `data:` only, on the usual ports 80 and 443 |
# | addresses inside, by number, name or redirect | every step is checked, three redirects at most |
# | a film of 3 GB | reading stops after 10 MB |
# | a server that sends a byte a second | everything together may take 15 seconds |
# | 20,000 × 20,000 pixels | the size is written at the start of a file: over 40 megapixels (16 for WebP and AVIF) is refused |
# | a page, a PDF, a broken file | a few common formats are read, no others; the message says what it is |
#
# In each case it raises an `ImageError`, whose message says what to do.

# %%
hostile = [page, inside.as_uri().replace(str(ROOT), "…"), "http://192.168.1.1/"]
hostile += ["http://169.254.169.254/latest/", "http://2130706433/", "http://127.0.0.1:8888/lab"]
for image in [*hostile, bomb]:
    try:
        open_image(image)
    except ImageError as error:
        print("•", error)

# %% [markdown]
# And a friendly one? Put the address of a photo of yours into the settings above, run the settings cell again, then the cell below. For now the address leads to a server that doesn't exist, and you see what people without a network see.

# %%
try:
    print(captioner.caption([ADDRESS])[0])
except ImageError as error:
    print(error)

# %% [markdown]
# ## 5. Say it well
#
# People paste captions somewhere, often as alt text (lesson 01). The screen reader says "image" by itself, so "a photo of" in front is noise. And it pauses at a full stop, so there should be one.


# %% tags=["same-as:helpers.apps.wording.alt_text", "same-as:helpers.apps.wording.OPENING"]
OPENING = re.compile(r"^(an?|the) (photo|photograph|picture|image) (of|showing) ", re.IGNORECASE)


def alt_text(caption):
    text = OPENING.sub("", caption.strip()).rstrip(" .")
    return f"{text[:1].upper()}{text[1:]}." if text else ""


print(alt_text("a photo of a dog on the beach"))
print(alt_text(candidates[0].caption))

# %% [markdown]
# A page in a notebook is **HTML**, a text in which `<b>` means bold. Do you know who wrote the texts that you are about to show? The address comes from a stranger, and so does the name of an uploaded file. A captioner repeats words of its training captions, which strangers wrote as well. If such a text contains HTML, it becomes a part of *your* page, buttons and scripts included.
#
# `escape` replaces the five characters that mean something in HTML with their harmless names.

# %%
name = "dog.jpg<img src=x onerror=alert('hello')>"
print(escape(name))

# %% [markdown]
# Now the candidates as a table. The bars are in proportion to the probabilities; each caption is escaped, and `scope="col"` tells a screen reader that a heading belongs to its column.


# %% tags=["same-as:helpers.apps.widget.candidates_table"]
def candidates_table(candidates):
    most, rows = max(candidate.probability for candidate in candidates) or 1, ""
    for candidate in candidates:
        width = max(1, round(80 * candidate.probability / most))
        bar = f'<div style="width:{width}px; height:10px; background:#3b82c4"></div>'
        cells = (escape(candidate.caption) or "(no words)", bar, in_words(candidate.probability))
        rows += f"<tr><td>{'</td><td>'.join(cells)}</td></tr>"
    head = '<tr><th scope="col">candidate</th><th scope="col" colspan="2">probability</th></tr>'
    return f'<table cellpadding="4" style="text-align:left; line-height:1.4">{head}{rows}</table>'


HTML(candidates_table(candidates))

# %% [markdown]
# Not every photo has an address. `widgets.FileUpload` takes files, and its `value` depends on the version of ipywidgets: a dictionary in version 7 (Colab), a tuple in version 8 (this course's environment).


# %% tags=["same-as:helpers.apps.widget.uploaded_files"]
def uploaded_files(value):
    files = value.items() if isinstance(value, dict) else ((f["name"], f) for f in value)
    return [(name, bytes(file["content"])) for name, file in files]


print(uploaded_files({"dog.jpg": {"content": b"seven"}}))
print(uploaded_files(({"name": "dog.jpg", "content": memoryview(b"eight")},)))

# %% [markdown]
# Uploads have a trap of their own. Jupyter sends a file as one message, and silently drops messages of more than 10 MB: your function is never called. All you can do is say so next to the button, *before* somebody waits in vain.

# %% [markdown]
# ## 6. The whole app
#
# One question is left: what happens *while* the model works? Your callback keeps the notebook busy
# for as long as a slow server takes, up to 15 seconds. People press again, and each press waits in a queue. Or they lose patience and upload a file instead; when the slow answer arrives at last, it appears beside the wrong photo.
#
# Three habits help. The button is disabled while the model works, and further presses are ignored.
# A **thread**, which runs beside the notebook's own code, does the work. And every request gets a number, so that the app can drop an answer that comes too late:

# %%
newest = 0


def answer(number, text):
    print(f"{number}: {text}" if number == newest else f"{number}: {text} (too late, dropped)")


newest += 1
slow = threading.Timer(0.2, answer, (newest, "a photo from a slow server"))
slow.start()
newest += 1
answer(newest, "the file that was uploaded meanwhile")
slow.join()

# %% [markdown]
# `caption_widget` puts all of this together; the part that you haven't written lays out boxes and buttons. You can give it several captioners to choose from.

# %%
captioners = {name: name for name in captioner_names()} | {CAPTIONER: captioner}
own = Workspace(dataset).folder / "captioner"  # of lesson 04, if you have trained it
if (own / "config.json").exists():
    captioners["yours"] = own
caption_widget(captioners)

# %% [markdown]
# Paste an address and press **Caption that image!**, or press Enter. Or try one of the pictures, or
# upload a photo. Then change the search, or the captioner, and press again.
#
# For those who read this without a kernel: a screenshot of the app at work.

# %% tags=["picture"]
screenshot = Image.open(ROOT / "notebooks/images/widget.png")
plots.show_framed(screenshot, "a screenshot of the app: to use it, run section 6")

# %% [markdown]
# ## 7. Without a notebook
#
# Captions are also wanted where nobody presses buttons. In a terminal, in the course folder and its
# environment (lesson 05):
#
# ```sh
# python -m helpers.captioner photo.jpg https://example.org/dog.jpg
# ```
#
# prints one line per image: what you named, a tab, the caption. Errors go to standard error, and the exit code is 1 if an image failed, so that other programs notice. `--json` prints the candidates too. The next cell runs the command for the portrait (Grace Hopper, who wrote one of the first compilers) and for the drawing. This starts a new Python, which takes some seconds.

# %%
names = [str(photos["portrait"]), str(photos["drawing"])]
command = [sys.executable, "-m", "helpers.captioner", *names, "--captioner", CAPTIONER]


def run(*more):
    done = subprocess.run([*command, *more], cwd=ROOT, capture_output=True, text=True)
    for line in (done.stdout or done.stderr).splitlines():
        print(line.rpartition("/")[2])  # without the folder


run()

# %% [markdown]
# *Not sure* means that the confidence is below the threshold. How can the captioner know? The features of its training photos vary mostly along 192 of 3,032 possible directions. What a picture has *outside* these directions measures how strange it is: little for a photo like those, much for a drawing, a logo or a chart. `helpers/captioner/confidence.py` combines that with the probability of the words. All tools of the course keep a sentence back below the threshold; `--anyway` shows it.

# %%
run("--anyway")

# %% [markdown]
# And the portrait? It shows a woman. If the caption says “a man”, the captioner may be repeating what its training captions say most often about such clothes. Sure is not the same as right.

# %% [markdown]
# ## Recap
#
# * Four widgets and a callback make an app. What it lacks shows when others use it.
# * Whoever fetches addresses for others needs limits: which addresses, how many bytes, how many
#   seconds, how many pixels.
# * Escape every text that you did not write yourself.
# * An error message names the thing and says what to do.
# * Say how sure the model is, and what it was trained on. “Not sure” is an answer.

# %% [markdown]
# ## Exercises
#
# ### Exercise 1: Read no more than you want
#
# Write `read_at_most(file, limit)`: it returns the content of a file, or None if there are more than
# `limit` bytes. Never ask for much more than that. Mind that `file.read(n)` reads n bytes *at most*: a server's answer comes in pieces of any size, and an empty piece marks the end.


# %% tags=["exercise"]
def read_at_most(file, limit):
    return file.read()  # your turn


class Slow(io.BytesIO):
    asked = 0

    def read(self, n=-1):  # at most three bytes arrive at once
        self.asked += 2**30 if n is None or n < 0 else n
        return super().read(min(n, 3) if n and n > 0 else n)


asked = {"in one piece": (io.BytesIO(b"12345"), 5, b"12345"), "empty": (Slow(), 5, b"")}
asked |= {"in pieces": (Slow(b"12345"), 5, b"12345"), "too much": (Slow(b"1" * 90_000), 8, None)}
asked |= {"one too many": (Slow(b"123456"), 5, None), "smaller": (Slow(b"1234"), 900, b"1234")}
differs = [name for name, (file, limit, out) in asked.items() if read_at_most(file, limit) != out]
if asked["too much"][0].asked > 100:
    differs.append("too much: you asked for more than you want")
print(f"not yet, the answer differs for: {differs}" if differs else "right")


# %% tags=["solution"]
# @title Solution 1
def read_at_most(file, limit):
    data = b""
    while len(data) <= limit:  # one byte more tells "as much as allowed" from "too much"
        piece = file.read(limit + 1 - len(data))
        if not piece:
            return data
        data += piece
    return None


class Slow(io.BytesIO):
    asked = 0

    def read(self, n=-1):  # at most three bytes arrive at once
        self.asked += 2**30 if n is None or n < 0 else n
        return super().read(min(n, 3) if n and n > 0 else n)


asked = {"in one piece": (io.BytesIO(b"12345"), 5, b"12345"), "empty": (Slow(), 5, b"")}
asked |= {"in pieces": (Slow(b"12345"), 5, b"12345"), "too much": (Slow(b"1" * 90_000), 8, None)}
asked |= {"one too many": (Slow(b"123456"), 5, None), "smaller": (Slow(b"1234"), 900, b"1234")}
differs = [name for name, (file, limit, out) in asked.items() if read_at_most(file, limit) != out]
if asked["too much"][0].asked > 100:
    differs.append("too much: you asked for more than you want")
print(f"not yet, the answer differs for: {differs}" if differs else "right")

# %% [markdown]
# ### Exercise 2: Spot an address that leads inside
#
# Write `leads_inside(address, numbers_of)`. `numbers_of(name)` returns the IP addresses of a name, as texts; some names have several, and *one* inside is enough to do harm. `urlsplit(address).hostname` is the name. It may itself be a number. Anything but http and https
# counts as inside, and so does a name without a number.


# %% tags=["exercise"]
def leads_inside(address, numbers_of):
    return False  # your turn


book = {"a.example": ["93.184.215.14"], "trap.example": ["93.184.215.14", "10.0.0.7"]}
book |= {"localhost": ["127.0.0.1", "::1"], "8.8.8.8": ["8.8.8.8"], "10.0.0.7": ["10.0.0.7"]}
book |= {"::1": ["::1"], "2130706433": ["127.0.0.1"], "mapped.example": ["::ffff:192.168.1.1"]}
asked = {"http://a.example/a.jpg": False, "https://8.8.8.8/": False, "http://trap.example": True}
asked |= {"http://[::1]:8888/": True, "http://2130706433/": True, "http://localhost/": True}
asked |= {"http://8.8.8.8@10.0.0.7/": True, "file:///etc/hosts": True, "ftp://a.example": True}
asked |= {"http://mapped.example": True, "http://nobody.example/": True}
said = {address: leads_inside(address, lambda name: book.get(name, [])) for address in asked}
differs = [address for address in asked if said[address] is not asked[address]]
print(f"not yet, the answer differs for: {differs}" if differs else "right")


# %% tags=["solution"]
# @title Solution 2
def leads_inside(address, numbers_of):
    parts = urlsplit(address)
    numbers = numbers_of(parts.hostname) if parts.scheme in ("http", "https") else []
    return not numbers or not all(ipaddress.ip_address(number).is_global for number in numbers)


book = {"a.example": ["93.184.215.14"], "trap.example": ["93.184.215.14", "10.0.0.7"]}
book |= {"localhost": ["127.0.0.1", "::1"], "8.8.8.8": ["8.8.8.8"], "10.0.0.7": ["10.0.0.7"]}
book |= {"::1": ["::1"], "2130706433": ["127.0.0.1"], "mapped.example": ["::ffff:192.168.1.1"]}
asked = {"http://a.example/a.jpg": False, "https://8.8.8.8/": False, "http://trap.example": True}
asked |= {"http://[::1]:8888/": True, "http://2130706433/": True, "http://localhost/": True}
asked |= {"http://8.8.8.8@10.0.0.7/": True, "file:///etc/hosts": True, "ftp://a.example": True}
asked |= {"http://mapped.example": True, "http://nobody.example/": True}
said = {address: leads_inside(address, lambda name: book.get(name, [])) for address in asked}
differs = [address for address in asked if said[address] is not asked[address]]
print(f"not yet, the answer differs for: {differs}" if differs else "right")

# %% [markdown]
# Your function still falls for one trick: a name may have another number when you fetch than when you looked. That is why the course uses a library.
#
# ### Exercise 3: Say when the model is torn
#
# If the best candidates are about equally probable, the app should say so. Write `torn`: True if
# the second most probable candidate has at least half the probability of the most probable one. The
# candidates come in any order; a single one, or none, gives False.


# %% tags=["exercise"]
def torn(probabilities):
    return None  # your turn


asked = [([0.4, 0.3, 0.1], True), ([0.1, 0.4, 0.05], False), ([0.2], False), ([1e-7, 9e-8], True)]
asked += [([0.2, 0.4], True), ([0.01, 0.3, 0.2], True), ([], False)]
differs = [probabilities for probabilities, answer in asked if torn(probabilities) is not answer]
print(f"not yet, the answer differs for: {differs}" if differs else "right")


# %% tags=["solution"]
# @title Solution 3
def torn(probabilities):
    best, second = sorted([*probabilities, 0, 0], reverse=True)[:2]
    return best > 0 and second >= best / 2


asked = [([0.4, 0.3, 0.1], True), ([0.1, 0.4, 0.05], False), ([0.2], False), ([1e-7, 9e-8], True)]
asked += [([0.2, 0.4], True), ([0.01, 0.3, 0.2], True), ([], False)]
differs = [probabilities for probabilities, answer in asked if torn(probabilities) is not answer]
print(f"not yet, the answer differs for: {differs}" if differs else "right")

# %% [markdown]
# ### Exercise 4: Give the app a memory
#
# Write `remember(lines, line)`: it returns a new list with the new line in front, at most three lines,
# and each of them once. Don't change the old list.
#
# Then an open task: let `caption_it` of section 2 show its last three addresses, each with its caption, in a
# `widgets.HTML`. You are done when the address `data:,<b>bold</b>` shows up with its angle brackets.


# %% tags=["exercise"]
def remember(lines, line):
    return lines  # your turn


asked = [([], "a", ["a"]), (["a"], "b", ["b", "a"]), (["b", "a"], "a", ["a", "b"])]
asked += [(["c", "b", "a"], "d", ["d", "c", "b"]), (["c", "b", "a"], "a", ["a", "c", "b"])]
old = [list(lines) for lines, _, _ in asked]
differs = [(lines, line) for lines, line, answer in asked if remember(list(lines), line) != answer]
changed = [remember(lines, line) for lines, line, _ in asked] and old != [row[0] for row in asked]
differs += ["the old list has changed"] * changed
print(f"not yet, the answer differs for: {differs}" if differs else "right")


# %% tags=["solution"]
# @title Solution 4
def remember(lines, line):
    return [line, *(other for other in lines if other != line)][:3]


asked = [([], "a", ["a"]), (["a"], "b", ["b", "a"]), (["b", "a"], "a", ["a", "b"])]
asked += [(["c", "b", "a"], "d", ["d", "c", "b"]), (["c", "b", "a"], "a", ["a", "c", "b"])]
old = [list(lines) for lines, _, _ in asked]
differs = [(lines, line) for lines, line, answer in asked if remember(list(lines), line) != answer]
changed = [remember(lines, line) for lines, line, _ in asked] and old != [row[0] for row in asked]
differs += ["the old list has changed"] * changed
print(f"not yet, the answer differs for: {differs}" if differs else "right")

# %% [markdown]
# ## Next
#
# You have an app that others can use. Its captioner looks at parts of the photo before it writes a word, but the app doesn't show where. [08 attend to regions](08_attend_to_regions.ipynb) builds that captioner and draws where it looks.
#
# ### Further reading
#
# * [Server-Side Request Forgery Prevention](https://cheatsheetseries.owasp.org/cheatsheets/Server_Side_Request_Forgery_Prevention_Cheat_Sheet.html),
#   OWASP: section 4 in depth.
# * [Cross Site Scripting Prevention](https://cheatsheetseries.owasp.org/cheatsheets/Cross_Site_Scripting_Prevention_Cheat_Sheet.html),
#   OWASP: where escaping is enough, and where not.
# * [ipywidgets](https://ipywidgets.readthedocs.io/): all widgets, and how they talk to the kernel.
# * [On Calibration of Modern Neural Networks](https://arxiv.org/abs/1706.04599) (Guo and others
#   2017): when a probability of 80 % is right in 80 % of the cases.
# * [Women Also Snowboard](https://arxiv.org/abs/1803.09797) (Hendricks and others 2018): why
#   captioners call a woman a man, and what helps.
