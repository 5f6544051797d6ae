# %% [markdown]
# # 09 · Write alt text
#
# You take a website whose images have no alt text, and end with a table that suggests one for every image, or says why not, ready for a person to review.
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/OWNER/REPOSITORY/blob/main/notebooks/09_write_alt_text.ipynb)
#
# [← 08 attend to regions](08_attend_to_regions.ipynb) · [contents](../README.md) · [10 bring your own data →](10_bring_your_own_data.ipynb)

# %% [markdown]
# ![Twelve drawn scenes in three rows. Above each stands the alt text that the captioner suggests and how sure it was of a word](images/09_write_alt_text.png)
#
# What a reviewer sees: every image, the suggested alt text, and how sure the captioner was of a word. The doubtful ones come first.

# %% [markdown]
# **You will learn**
#
# * what alt text is for, and what makes a good one
# * how to find images in a crawler's table, and which of them need no caption
# * the manners of a program that visits other people's servers
# * how to make a long job that can be stopped at any time and never does a thing twice
# * how to share the work among many machines, and what a million images take
#
# **You need** nothing; the captioner of lesson 04 is made by `helpers.pipeline` if it is missing.
#
# **Run times** (with the captioner there; Colab is an estimate)
#
# | | Colab T4 | CPU, 2 cores |
# |---|---|---|
# | mini | about 60 s (estimate) | about 50 s |
# | Flickr8k | about 60 s (estimate) | about 70 s |

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
    subprocess.run([sys.executable, "-m", "pip", "install", "-q", "protego"], check=True)
folders = [folder for folder in (here, *here.parents) if (folder / "helpers/__init__.py").exists()]
if not folders:
    raise FileNotFoundError(f"no helpers/ above {here}: open this lesson inside the course folder")
sys.path.insert(0, str(folders[0]))
import helpers  # before Keras, which it sets to TensorFlow

ROOT = Path(helpers.__file__).parents[1]

# %% [markdown]
# Everything new stands in `helpers.apps.alt_text`. From earlier lessons come `open_dataset`, `open_image`, `Workspace`, which loads or trains the captioner of lesson 04, and `plots`.

# %%
import csv
import hashlib
import importlib.util
import json
import os
import re
import shutil
import time
from collections import Counter
from contextlib import closing
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from statistics import fmean
from textwrap import shorten
from threading import Thread
from urllib.parse import urldefrag, urljoin

from helpers import plots
from helpers.apps.alt_text import Job, Settings
from helpers.apps.alt_text.__main__ import main
from helpers.apps.alt_text.visiting.politeness import Hosts
from helpers.apps.wording import LONGEST, RULES, alt_text
from helpers.datasets import open_dataset
from helpers.images import ImageError, open_image
from helpers.pipeline import Workspace

# %% [markdown]
# Settings: `PHOTOS` is how many photos your small website shows. The data set only lends them.

# %% tags=["parameters"]
DATASET = "mini"  # or "flickr8k", or a folder of your own
DATA_DIR = None  # where Flickr8k lies; None looks in data/flickr8k, then downloads it
SEED = 7
PHOTOS = 24

# %% [markdown]
# ## 1. Who reads it?
#
# Somebody who can't see your photo. When a screen reader comes to an image, it says "image" and then the alt text, which stands in the HTML:
#
# ```html
# <img src="dog.jpg" alt="A dog runs along the beach.">
# ```
#
# Without an alt text, many screen readers spell out the name of the file instead. Try to find your way through a shop in which everything is called "I M G underscore 4 0 7 1 dot J P G".
#
# What makes a good one? The course keeps five rules. The review page, which you will meet in section 7, shows them too.

# %%
for rule in RULES:
    print("•", rule)

# %% [markdown]
# The first rule is the one that no captioner can keep. The same photo of a dog says "Our office dog, Bo" on the page of a team and "A collar with a steel buckle" in a shop. Ours sees pixels, never the page. So it makes *suggestions*, and a person decides.
#
# The other rules are about form, so a program can help. Lesson 07 made a sentence of a caption. What is left is the length. `shorten` cuts between two words.


# %% tags=["same-as:helpers.apps.wording.short_alt_text"]
def short_alt_text(caption):
    text = alt_text(caption)
    return text if len(text) <= LONGEST else shorten(text, LONGEST, placeholder=" …")


for caption in ("a photo of two boats on a lake", "a very long dog and " * 9):
    print(short_alt_text(caption))

# %% [markdown]
# And now alt texts as they are found in the wild. What is wrong with each of them?

# %%
found = {
    "IMG_4071.jpg": "the name of a file says nothing",
    "Photo of a dog": "heard as “image, photo of a dog”",
    "dog": "which dog, doing what? And no full stop, so no pause",
    "dog puppy dogs buy dog food cheap dog": "written for search engines, not for people",
}
for text, problem in found.items():
    print(f"{text:40}{problem}")

# %% [markdown]
# ## 2. A website without words
#
# You need a site to work on. Other people's servers are no toys, so you run one yourself. A web server answers a path, such as `/photos/00.jpg`, with a status (200 is “here it is”, 404 “no such thing”), some headers (lines of information) and some bytes. Yours also counts who asks for what: `visits` is the witness all along.


# %%
class Site(BaseHTTPRequestHandler):
    files, visits = {}, Counter()

    def do_GET(self):
        self.visits[self.path] += 1
        path, lost = self.path.partition("?")[0], (404, {}, b"not here")
        status, headers, body = self.files.get(path, lost)
        if "Retry-After" in headers and self.visits[self.path] > 1:
            status, headers = 200, {}  # it was busy the first time only
        self.send_response(status)
        for name, value in {**headers, "Content-Length": len(body)}.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass  # it would print a line for every request


server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
Thread(target=server.serve_forever, daemon=True).start()
local = f"127.0.0.1:{server.server_port}"

# %% [markdown]
# It shows photos of the test split, which the captioner has never met. And it holds what every site holds after some years: a photo that is busy the first time you ask, a page where a photo should be, a photo whose maker wants no machines, and a folder that is closed to programs.

# %%
dataset = open_dataset(DATASET, DATA_DIR)
paths = dataset.paths("test")[:PHOTOS]
spare = dataset.paths("test")[PHOTOS].read_bytes()
for number, path in enumerate(paths):
    Site.files[f"/photos/{number:02}.jpg"] = (200, {}, path.read_bytes())
Site.files |= {
    "/busy.jpg": (503, {"Retry-After": 1}, spare),
    "/soup.jpg": (200, {}, b"<!doctype html><title>Soup of the day</title>"),
    "/artist.jpg": (200, {"X-Robots-Tag": "noai"}, spare),
    "/staff/party.jpg": (200, {}, spare),
    "/robots.txt": (200, {}, b"User-agent: *\nDisallow: /staff/\n"),
}
print(f"{len(Site.files)} files")

# %% [markdown]
# A **crawler** is a program that goes from link to link through a site. Site owners use one to find pages that lack something, and it exports what it found as **CSV**, a table with commas between its cells. Here is one for your site, a row per image. Look at the second column: crawlers note addresses in every form.

# %%
page = f"http://{local}/animals/index.html"
rows = [(page, f"../photos/{number:02}.jpg", "") for number in range(PHOTOS)]
rows += [
    (page, f"http://{local}/photos/00.jpg", ""),
    (page, "/photos/01.jpg#top", ""),
    (page, '<img class="big" src="/photos/02.jpg?size=big">', ""),
    (page, '<img src="/line.gif" width="600" height="2">', ""),
    (page, '<img src="/wave.jpg" role="presentation">', ""),
    (page, "/photos/03.jpg", "Our summer fair"),
    (page, "/lost.jpg", ""),
    (page, "/soup.jpg", ""),
    (page, "/staff/party.jpg", ""),
    (page, "/artist.jpg", ""),
    (page, "/busy.jpg", ""),
]
folder = Workspace(dataset).folder / "alt_text"
shutil.rmtree(folder, ignore_errors=True)  # of an earlier run
folder.mkdir(parents=True)
crawl = folder / "crawl.csv"
with crawl.open("w", encoding="utf-8", newline="") as file:
    csv.writer(file).writerows([("page", "image", "alt"), *rows])
print(len(rows), "rows")

# %% [markdown]
# Some cells hold an address, others a whole tag. Don't cut a tag apart with a regular expression: attributes stand in any order, in any kind of quotes, and may hold a `>`. Python has a parser, which calls a method for every tag it meets. This one collects the attributes of images.


# %% tags=["same-as:helpers.apps.alt_text.reading.cells._Images"]
class _Images(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attributes):
        if tag in ("img", "amp-img"):
            self.found.append({name: value or "" for name, value in attributes})


parser = _Images()
parser.feed("<p>A dog: <IMG alt='a > b' src=dog.jpg hidden>")
print(parser.found)

# %% [markdown]
# Most addresses are **relative**: they say how to get there from the page on which they stand. `urljoin` makes them whole, and `urldefrag` takes off what follows a `#`, which a server never sees.

# %%
for relative in ("../photos/00.jpg", "/photos/01.jpg#top", "//other.example/a.jpg"):
    print(urldefrag(urljoin("https://site.example/animals/index.html", relative)).url)

# %% [markdown]
# Not every image needs words. One that has an alt text keeps it, unless that says nothing: `IMG_4071.jpg` is the name of a file (status `weak`, made anew with `--weak`). And a line between two paragraphs or a wave in the background is **decorative**: it has the empty text `alt=""`, and the screen reader skips it. That is an answer, too, and it stays. Often the tag says so by its role; where only its size does, the image `looks_decorative`, and a person has to confirm it.


# %% tags=["same-as:helpers.apps.alt_text.signs.by_size", "same-as:helpers.apps.alt_text.signs.ICON", "same-as:helpers.apps.alt_text.signs.SPACER"]
ICON = 32  # pixels: smaller images are icons
SPACER = 3  # pixels: thinner images are tracking pixels, spacers and lines


def by_size(width, height):
    known = [side for side in (width, height) if side is not None]
    size = f"{'?' if width is None else width} x {'?' if height is None else height} pixels"
    if known and min(known) <= SPACER:
        return f"{size}: a tracking pixel or spacer"
    if known and max(known) < ICON:
        return f"{size}: an icon"
    return ""


for sides in ((600, 2), (16, 16), (None, 1), (299, 299)):
    print(sides, by_size(*sides) or "may say something")

# %% [markdown]
# (An icon that is the only content of a link does need words. Where it leads to, that is: "Basket", not "A small cart". No captioner can tell. But the markup can: the tool takes the link's title, or the name of the page that it leads to.)
#
# The whole of this is a dry run. It reads the table and tells what would be done, without a single visit.

# %%
main([str(crawl), "--dry-run"])
assert not Site.visits

# %% [markdown]
# ## 3. Manners
#
# A program asks faster than any person, and a small server may break down under it. So visitors of this kind have manners.
#
# **Ask whether you may come in.** `robots.txt` says which paths are closed to programs. The visitor gives a name, its **user agent**; the course's is `caption-lessons`. `Hosts` is the part of the helpers that keeps the manners. It reads `robots.txt` with the library Protego: Python's own reader overlooks patterns such as `/*.jpg$`.

# %%
hosts = Hosts(local=local)
for path in ("/photos/00.jpg", "/staff/party.jpg"):
    try:
        hosts.check(f"http://{local}{path}")
        print(path, "is open")
    except ImageError as error:
        print(path, "is closed:", error)

# %% [markdown]
# (`local` lets in your own server. All other private addresses stay closed, for the reasons of lesson 07.)
#
# **Take no for an answer.** With the header `X-Robots-Tag: noai` makers say that their images are not for machines to learn from. Does a caption count? The course plays safe: such an image is left to a person.


# %% tags=["same-as:helpers.apps.alt_text.visiting.politeness.opted_out", "same-as:helpers.apps.alt_text.visiting.politeness.OPT_OUTS"]
OPT_OUTS = {"noai", "noimageai"}


def opted_out(headers):
    value = next((v for k, v in headers.items() if k.lower() == "x-robots-tag"), "")
    return bool(OPT_OUTS & set(re.split(r"[,:;\s]+", value.lower())))


print(opted_out({"X-Robots-Tag": "noindex, noai"}), opted_out({"X-Robots-Tag": "noindex"}))

# %% [markdown]
# **Don't push.** Each server gets five requests a second at most, whoever else is being visited meanwhile. `take_turn` is told what time it is. It answers 0 for "go ahead", or the time at which to ask again.

# %%
now = time.monotonic() + 10
for moment in (now, now + 0.05, now + 0.2):
    later = hosts.take_turn(f"http://{local}/photos/00.jpg", moment)
    print(
        f"after {moment - now:.2f} s:", f"wait until {later - now:.2f} s" if later else "go ahead"
    )

# %% [markdown]
# **Come back when told to.** A busy server answers **503** (“too busy”) or 429 (“too many requests”) and says in `Retry-After` for how many seconds it wants to be left alone. Four tries are made, then the image gets the status `http_503`, and a later run may try again.
#
# ## 4. Once is enough
#
# A logo stands on every page. If a site has 10,000 pages, a careless job fetches and captions it 10,000 times. So an *address* is visited once. But one picture may also lie at several addresses, as `02.jpg` does here. How would you notice that?
#
# By a **hash**: a number worked out from all the bytes. Equal bytes give equal hashes, and with SHA-256 nobody has ever found two different files that share one.

# %%
addresses = ["/photos/02.jpg", "/photos/02.jpg?size=big", "/photos/03.jpg"]
for address in addresses:
    data = Site.files[address.partition("?")[0]][2]
    print(hashlib.sha256(data).hexdigest()[:16], address)

# %% [markdown]
# So a *picture* is captioned once. Row → address → hash → caption: many rows lead to one address, many addresses to one picture. On large sites this saves more time than any faster computer.
#
# ## 5. Run it
#
# In a terminal, in the course folder and its environment (lesson 05), the whole job is one command:
#
# ```sh
# python -m helpers.apps.alt_text crawl.csv -o out.csv
# ```
#
# Here you call the same `main`. It is told which captioner to take and which server of yours to let in. `open_it` hands over the captioner that is in memory already, so it isn't loaded anew. And for now, `--limit` makes it stop after ten addresses. (The first captions take some seconds, for the encoder has to be loaded.)

# %%
captioner = Workspace(dataset).captioner(seed=SEED)
trained = str(folder.parent / "captioner")
out = folder / "out.csv"
command = [str(crawl), "-o", str(out), "--captioner", trained, "--local", local, "--rate", "50"]
Site.visits.clear()
code = main([*command, "--limit", "10"], open_it=lambda name, **options: captioner)
print("exit code", code, "·", Site.visits.total(), "visits")

# %% [markdown]
# Ten addresses and `robots.txt` make eleven visits. `--rate 50` is fine for a server of your own.
#
# ## 6. Stopped, and gone on with
#
# A job of hours gets interrupted: a laptop is closed, a cable pulled, a process killed. So what is done has to survive, and what is half done must not look done.
#
# That is what databases are for. The job keeps its state in `out.state`, a file of **SQLite**, the database that comes with Python. It writes in **transactions**: all that belongs together is written, or nothing of it. A kill at the worst moment loses the photos in hand, a few dozen, and they are fetched again. (The tests of the course kill it at random, dozens of times, and compare the tables.)
#
# The same command goes on. Which addresses are asked for twice?

# %%
before = Site.visits.copy()
main(command, open_it=lambda name, **options: captioner)
after = Site.visits - before
twice = [path for path in before if after[path]]
print(len(after), "paths were visited, of them again:", twice)
assert twice == ["/robots.txt"]

# %% [markdown]
# Only `robots.txt`, since the rules may have changed meanwhile. (And the new path `/busy.jpg` was asked for twice, as its server wished.) A third run finds nothing left to do, and visits nobody at all.

# %%
before = Site.visits.copy()
assert main(command, open_it=lambda name, **options: captioner) == 0
assert Site.visits == before and before["/busy.jpg"] == 2

# %% [markdown]
# What came out? Your columns as they were, and seven more. Here are some of them, for the last two plain photos and the rows after them.


# %%
def read(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


table = read(out)
for row in table[PHOTOS - 2 :]:
    words = row["alt_text"] or row["message"]
    print(f"{row['image'][:24]:25}{row['status']:17}{shorten(words, 70, placeholder=' …')}")

# %% [markdown]
# Every row has a status and, if nothing was captioned, a reason. `ok` means captioned, `exists` that an alt text was there. (`helpers/apps/alt_text/statuses.py` lists them all.) With `--retry-failed`, a later run visits again what failed. One thing is done to your own cells: a cell that a spreadsheet would run as a formula gets a `'` in front.
#
# ## 7. A person has the last word
#
# Beside the table lies `out.report.html`. Open it in a browser: it shows one picture at a time, with its suggestion and what is known of the page around it. A key accepts, edits or rejects, or says that the picture only decorates. *Save the review* gives a file, and the command takes it back: `--review out.review.json` writes what was decided into the table, and `--for html`, `wordpress` or `shopify` writes a file for the way back to the site.
#
# Try before you pay: `--sample 20` captions a spread of twenty images, and the review of those tells how many of the rest you would accept.
#
# With thousands of suggestions, where should a person begin? Where the captioner was least sure. But lesson 07 has shown that the probability of a sentence shrinks with every word. Sorted by it, the long captions come first, right or wrong. On Flickr8k its order is much like that of length, turned round: the **rank correlation** of the two is -0.80 for the course's captioner. (1 is the same order, -1 the opposite one, 0 no connection.) So take what *a word* got on average, the geometric mean. The end of the sentence counts as a word.


# %% tags=["same-as:helpers.apps.wording.per_word"]
def per_word(probability, caption):
    return probability ** (1 / (len(caption.split()) + 1))


for caption, probability in {"a dog": 0.6**3, "a dog runs along the beach": 0.6**7}.items():
    print(f"{probability:.3f} in all, {per_word(probability, caption):.0%} a word: {caption}")

# %% [markdown]
# That is the `confidence` of the table. It is still a little lower for longer captions (-0.20), yet no longer a yardstick of length, and 60% is read more easily than 1 in 36. The figure shows what the review page would show first, beginning with the least sure. How many texts would you accept?

# %% tags=["picture"]
done = {row["image_address"]: row for row in table if row["status"] == "ok"}
done = [row for row in done.values() if "?" not in row["image_address"]]
done.sort(key=lambda row: float(row["confidence"]))
first = done[:12]
pictures = [Site.files[row["image_address"].split(local)[1]][2] for row in first]
titles = [f"{row['alt_text']} ({float(row['confidence']):.0%} a word)" for row in first]
plots.show_images([open_image(picture) for picture in pictures], titles)

# %% [markdown]
# Don't read 50% as "right every second time". Confidence says what the captioner *expected*, and it can be sure and wrong, above all of things that it never met in training. Does the order help at all? People have described these photos, so you can look: what share of a caption's words stands in at least one of their five captions?

# %%
agreement = []
for row in (row for row in done if "/photos/" in row["image_address"]):
    path = paths[int(row["image_address"][-6:-4])]
    known = {
        word for text in dataset.captions[path.name] for word in re.findall(r"\w+", text.lower())
    }
    words = re.findall(r"\w+", row["alt_text"].lower())
    agreement.append(fmean(word in known for word in words))
half = len(agreement) // 2
print(f"less sure half: {fmean(agreement[:half]):.0%} of the words are people's words, too")
print(f"surer half:     {fmean(agreement[half:]):.0%}")

# %% [markdown]
# On mini the two halves are about alike, whichever is ahead. There, being unsure is mostly a choice between ways to say the same: "by the lake" or "at the lakeside". On the 1,000 test photos of Flickr8k, the course's captioner `attention-xception` shows a difference: in the surest quarter 80% of the words are people's words, in the least sure quarter 62%.
#
# So the order is a hint where to look first, and a weak one. It is no reason to leave out the rest.
#
# ## 8. Many machines
#
# The captions of two photos have nothing to do with each other, so the work can be shared. Computer scientists call that **embarrassingly parallel**. **Dask** is a library for it. A **scheduler** hands out the work, and **workers**, on this machine or on hundreds, do it.
#
# `helpers.apps.alt_text.captioning.cluster` adds little to it. Workers get some addresses at a time, fetch, caption, and answer. Only your own process writes the state. So when a worker dies, its addresses go to another, and nothing else is lost.
#
# The workers don't talk to each other. Each takes its share of the rate: with four workers, each visits a server at a quarter of it, so that on average all together keep to it. When a server asks one of them to wait, the others go on until they are told the same. And a picture at two addresses may be captioned by two workers. That costs time, but the state keeps the first caption, for both.
#
# First the measure: one process, this one. The function does by hand what `main` does: open a state, read the table, work, write.


# %%
def timed_job(name, work):
    for path in folder.glob(f"{Path(name).stem}.*"):  # of an earlier run
        path.unlink()
    with closing(Job(crawl, folder / name)) as job:
        job.open_state({"name": name})
        job.scan()
        start = time.perf_counter()
        work(job)
        seconds = time.perf_counter() - start
        job.write(report=False)
    return seconds


settings = Settings(trained, rate=1000, local=local)
photos = len(paths) + 1
speed = {1: photos / timed_job("here.csv", lambda job: job.work(captioner, settings))}
print(f"{photos} photos, {speed[1]:.1f} a second")

# %% [markdown]
# Now two workers, each a process of its own with its own TensorFlow. They need a while to load it all, so they warm up with eight addresses that are not timed. For so few addresses, a worker gets four at a time; usually it is 64. (The next cell takes about 25 s on a quiet CPU. Dask is the extra `scale` of the course; without it the cell says so.)

# %%
if importlib.util.find_spec("distributed"):
    from distributed import LocalCluster

    options = {"threads_per_worker": 1, "dashboard_address": None, "silence_logs": 50}
    with LocalCluster(n_workers=2, **options) as cluster:

        def share(job, limit=None):
            at = cluster.scheduler_address
            job.work_on_cluster(at, settings, limit, chunk=4)

        timed_job("warm.csv", lambda job: share(job, limit=8))
        speed[2] = photos / timed_job("there.csv", share)
    print(f"two workers: {speed[2]:.1f} photos a second, {speed[2] / speed[1]:.1f} times as fast")
else:
    print("No Dask here, so no cluster: pip install 'dask[distributed]'")

# %% [markdown]
# Don't build on that last number. TensorFlow uses all cores of a machine already, so two workers on one machine share what there is, and what else runs there decides. Workers pay on *other* machines. There you start `dask scheduler` once and `dask worker tcp://…` on each machine, and add `--scheduler tcp://…:8786` to the command. The features of lesson 02 can use the same cluster: `python -m helpers.pipeline … --scheduler tcp://…:8786`; every worker needs the photos under the same path.
#
# But do the same rows come out? (Confidence may differ in its last digit: a batch of four adds up its numbers in another order than a batch of 16.)

# %%
if 2 in speed:
    for one, other in zip(read(folder / "here.csv"), read(folder / "there.csv"), strict=True):
        near = float(one.pop("confidence") or 0) - float(other.pop("confidence") or 0)
        assert one == other and abs(near) < 0.02
    print("the same rows")

# %% [markdown]
# ## 9. A million images
#
# How long would that take, and what would it cost? Your small job has measured the speed of one process and of two workers, the size of a photo, and what the job's own files (state, tables, review page) take on disk. The first two lines of this cell are assumptions; put in your own.

# %%
images, servers, rate = 1_000_000, 5, 5  # visits a second and server
price = 0.10  # of a machine like this one, an hour
photo_bytes = fmean(path.stat().st_size for path in paths)
disk_bytes = sum(path.stat().st_size for path in folder.glob("out.*")) / photos
cores = os.cpu_count()


def project(workers):
    machines = 1 if workers in speed else workers
    captioning = images / speed.get(workers, speed[1] * workers) / 3600
    visiting = images / (servers * rate) / 3600
    return machines, max(captioning, visiting)


print(f"{photo_bytes / 1000:.0f} kB a photo: {images * photo_bytes / 1e9:,.0f} GB fetched")
print(f"{disk_bytes / 1000:.0f} kB of files an image: {images * disk_bytes / 1e9:,.0f} GB of disk")
print(f"{speed[1]:.1f} images a second on {cores} cores: {speed[1] / cores:.1f} a core")
for workers in (1, 2, 5, 20, 100):
    machines, hours = project(workers)
    basis = "speed measured here" if workers in speed else "projected, a machine each"
    print(f"{workers:4} workers{hours:7.1f} hours, {hours * machines * price:6.2f} paid; {basis}")

# %% [markdown]
# The speeds of one and two workers are measured, both on this machine. All rows below are a projection: they assume a machine for each worker, as fast as this one, and a network that keeps up. See where the hours stop falling. From there on it is not the captioner that you wait for but manners: five servers at five visits a second. No number of machines helps against that, and no machine should.
#
# If the images lie on thousands of servers, there are tools made for fetching alone. **img2dataset** is one: its authors report 100 million images in 20 hours on one machine. It leaves a folder of **shards**, numbered folders with some thousands of images each:
#
# ```sh
# img2dataset --url_list crawl.csv --input_format csv --url_col image --output_format files \
#   --resize_mode keep_ratio --output_folder fetched
# python -m helpers.apps.alt_text fetched -o out.csv
# ```
#
# It asks no `robots.txt` and lets in addresses of your own network, so give it no list that strangers wrote. It also wants whole addresses. Here is a folder as it writes it, made by hand from four photos. Beside each image stands a JSON file.

# %%
fetched = folder / "fetched"
(fetched / "00000").mkdir(parents=True)
for number in range(4):
    path, key = f"/photos/{number:02}.jpg", f"{number:09}"
    known = {"url": f"http://{local}{path}", "key": key, "status": "success"}
    known |= {"error_message": None, "width": 299, "height": 299}
    (fetched / "00000" / f"{key}.jpg").write_bytes(Site.files[path][2])
    (fetched / "00000" / f"{key}.json").write_text(json.dumps(known))

before = Site.visits.copy()
arguments = [str(fetched), "-o", str(folder / "fetched.csv"), "--captioner", trained]
main([*arguments, "--no-report"], open_it=lambda name, **options: captioner)
assert Site.visits == before

# %% [markdown]
# No visits, and the captions are those of before:

# %%
texts = {row["image_address"]: row["alt_text"] for row in table if row["status"] == "ok"}
for row in read(folder / "fetched.csv"):
    assert row["alt_text"] == texts[row["image_address"]]
    print(row["file"], row["alt_text"])

# %% [markdown]
# This lesson in numbers:

# %% tags=["scores"]
counts = Counter(row["status"] for row in table)
print(f"{len(table)} rows:", ", ".join(f"{n} {status}" for status, n in counts.most_common()))
mean = fmean(float(row["confidence"]) for row in done)
print(f"confidence {mean:.0%} a word on average; people's words {fmean(agreement):.0%}")

# %% [markdown]
# ## Recap
#
# * Alt text is for people who listen. A captioner suggests, a person who knows the page decides.
# * Images that decorate get an empty text; images that have one keep it.
# * Ask `robots.txt`, keep to a rate, come back when told to, take no for an answer.
# * Visit an address once, caption a picture once, and write what is done in transactions: then any kill is harmless.
# * Confidence is a hint where a reviewer may begin, and no more.
# * More machines help until manners are the limit.

# %% [markdown]
# ## Exercises
#
# ### Exercise 1: Find names of files
#
# The commonest bad alt text is the name of a file. Write `is_file_name(text)`: True for one word that ends like an image.


# %% tags=["exercise"]
def is_file_name(text):
    return None  # your turn


texts = ["IMG_4071.jpg", "hero-banner_2.PNG", "A dog.", "The file dog.jpg in a list.", "x.webp"]
print(
    "right" if [is_file_name(t) for t in texts] == [True, True, False, False, True] else "not yet"
)


# %% tags=["solution"]
# @title Solution 1
def is_file_name(text):
    return bool(re.fullmatch(r"\S+\.(jpe?g|png|gif|webp|svg)", text.strip(), re.IGNORECASE))


texts = ["IMG_4071.jpg", "hero-banner_2.PNG", "A dog.", "The file dog.jpg in a list.", "x.webp"]
print(
    "right" if [is_file_name(t) for t in texts] == [True, True, False, False, True] else "not yet"
)

# %% [markdown]
# ### Exercise 2: Wait as long as you are told
#
# Write `patience(headers, tries)`: the number of seconds in `Retry-After`, but at least 1. Without that header wait 1 second after the first try, 2 after the second, 4 after the third. (`Retry-After` may also be a date; the helper reads both.)


# %% tags=["exercise"]
def patience(headers, tries):
    return 0  # your turn


waits = [patience({"Retry-After": "30"}, 1), patience({"Retry-After": "0"}, 1)]
waits += [patience({}, tries) for tries in (1, 2, 3)]
print("right" if waits == [30, 1, 1, 2, 4] else "not yet")


# %% tags=["solution"]
# @title Solution 2
def patience(headers, tries):
    return max(1, int(headers["Retry-After"])) if "Retry-After" in headers else 2 ** (tries - 1)


waits = [patience({"Retry-After": "30"}, 1), patience({"Retry-After": "0"}, 1)]
waits += [patience({}, tries) for tries in (1, 2, 3)]
print("right" if waits == [30, 1, 1, 2, 4] else "not yet")

# %% [markdown]
# ### Exercise 3: Make a reviewer's list
#
# A reviewer has time for `number` images. Return the addresses to look at, the least sure first, each address once, and only rows with the status `ok`.


# %% tags=["exercise"]
def to_review(table, number):
    return []  # your turn


sample = [("ok", "0.7", "a"), ("http_404", "", "b"), ("ok", "0.2", "c"), ("ok", "0.2", "c")]
sample = [dict(zip(("status", "confidence", "image_address"), row, strict=True)) for row in sample]
print("right" if to_review(sample, 2) == ["c", "a"] else "not yet")


# %% tags=["solution"]
# @title Solution 3
def to_review(table, number):
    captioned = [row for row in table if row["status"] == "ok"]
    captioned.sort(key=lambda row: float(row["confidence"]))
    return list(dict.fromkeys(row["image_address"] for row in captioned))[:number]


sample = [("ok", "0.7", "a"), ("http_404", "", "b"), ("ok", "0.2", "c"), ("ok", "0.2", "c")]
sample = [dict(zip(("status", "confidence", "image_address"), row, strict=True)) for row in sample]
print("right" if to_review(sample, 2) == ["c", "a"] else "not yet")

# %% [markdown]
# ### Exercise 4: Stop buying machines
#
# Open. From which number of machines on does another one save less than 3% of the time? Return the smallest such number for a speed per machine, a number of servers and a rate. Then try your own site. Which assumption matters most?


# %% tags=["exercise"]
def enough_machines(speed, servers, rate):
    return None  # your turn


sites = [(10, 20, 5), (8, 20, 5), (1, 1000, 5)]
print("right" if [enough_machines(*site) for site in sites] == [10, 13, 33] else "not yet")


# %% tags=["solution"]
# @title Solution 4
def enough_machines(speed, servers, rate):
    machines = 1
    most = servers * rate
    while min(machines * speed, most) <= 0.97 * min((machines + 1) * speed, most):
        machines += 1
    return machines


sites = [(10, 20, 5), (8, 20, 5), (1, 1000, 5)]
print("right" if [enough_machines(*site) for site in sites] == [10, 13, 33] else "not yet")

# %% [markdown]
# ## Next
#
# You can now write alt text for a whole website, with a captioner that knows what its training captions knew. Your own photos may show other things, and your readers may speak another language. [10 bring your own data](10_bring_your_own_data.ipynb) trains a captioner on captions of your own.
