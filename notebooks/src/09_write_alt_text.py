# %% [markdown]
# # 09 · Write alt text
#
# You take a website whose images lack alt text, and end with a suggestion for each image, or the reason why there is none, ready for a person to review.
#
# Read this first. The course's captioner learnt from photos of people and dogs (Flickr8k, licensed for research and teaching only) and of everyday things (COCO). It can't read, and it knows no logos, charts, screenshots or products. For a real site, use a better one ([14 ship with a pretrained model](14_ship_with_a_pretrained_model.ipynb)).
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/OWNER/REPOSITORY/blob/main/notebooks/09_write_alt_text.ipynb)
#
# [← 08 attend to regions](08_attend_to_regions.ipynb) · [contents](../README.md) · [10 bring your own data →](10_bring_your_own_data.ipynb)

# %% [markdown]
# ![The images of a small website in rows: photos, a drawn scene, a logo, a chart, a screenshot and a banner. Above each is its status and, where there is one, the suggested alt text](images/09_write_alt_text.png)
#
# The images of a small website, each with its status and the suggestion for it.

# %% [markdown]
# **You will learn**
#
# * what alt text is for, and why the same picture needs different texts on different pages
# * which export of a crawler (a program that reads a whole site) you need
# * the manners of a program that visits other people's servers
# * how to run a long job that can be stopped, review it, and bring the result back
#
# **You need** nothing: the captioner comes with the course. Without scikit-image (free photos) or rapidocr (which reads text) the lesson leaves those parts out and says so.
#
# **Run times**
#
# | | Colab T4 | CPU, 2 cores |
# |---|---|---|
# | mini | about 60 s (estimate) | 20-50 s |
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
# Everything new is in `helpers.apps.alt_text`. `free_photos` finds real photos, and `drawn_pictures` draws four images that are no photos.

# %%
import contextlib
import csv
import hashlib
import importlib.util
import io
import re
import shutil
import time
from collections import Counter
from html.parser import HTMLParser
from textwrap import shorten
from urllib.parse import urljoin
from urllib.request import urlopen

from PIL import Image, ImageOps

from helpers import plots
from helpers.apps.alt_text.__main__ import main
from helpers.apps.alt_text.visiting.politeness import Hosts
from helpers.apps.alt_text.writing.reviews import Decision, key_of, write_review
from helpers.apps.drawings import drawn_pictures
from helpers.apps.local_site import LocalSite
from helpers.apps.samples import free_photos
from helpers.apps.wording import LONGEST, RULES, alt_text
from helpers.captioner import Captioner
from helpers.datasets import open_dataset
from helpers.images import ImageError, open_image
from helpers.pipeline import Workspace

# %% [markdown]
# Settings: `CAPTIONER` is the one that comes with the course. The data set lends two pictures.

# %% tags=["parameters"]
DATASET = "mini"  # or "flickr8k", or a folder of your own
DATA_DIR = None  # where Flickr8k lies; None looks in data/flickr8k, then downloads it
SEED = 7
CAPTIONER = "attention-xception"

# %% [markdown]
# ## 1. What does our captioner say about a website?
#
# What does a captioner that learnt from photos alone make of logos, charts and screenshots? Its own description first:

# %%
captioner = Captioner.load(CAPTIONER)
print(captioner.note)

# %% [markdown]
# Here are real photos (the portrait comes with Matplotlib, the others with scikit-image; all are in the public domain or CC0) and pictures that are no photos. `candidates` gives each caption with its confidence (lesson 07).

# %%
photos = free_photos()
if len(photos) < 2:
    print("Without scikit-image there is one photo: pip install scikit-image brings five more")
pictures = {label: path.read_bytes() for label, path in photos.items()} | drawn_pictures()
answers = captioner.candidates(list(pictures.values()))
found = {label: best[0] for label, best in zip(pictures, answers, strict=True)}
titles = [f"{label}: {best.caption} ({best.confidence or 0:.0%})" for label, best in found.items()]


def squares(files):  # of one shape, so that titles don't meet
    return [ImageOps.pad(open_image(data), (300, 300), color="white") for data in files]


plots.show_images(squares(pictures.values()), titles)

# %% [markdown]
# Which would you publish? Most captions are fluent, and a reader who can't see the picture has no way to notice a wrong one: it is worse than none. The percentages are the confidence. They order pictures; they are not the chance that a caption is true. Below a threshold, here 14 %, the tools of the course say “not sure” and suggest nothing:

# %%
for label, best in found.items():
    print(f"{label:14}{'suggested' if best.sure else 'not sure':12}{best.confidence or 0:.1%}")

# %% [markdown]
# It keeps quiet about most. But of four suggestions three are wrong: two women are called men; cigarette, building and people are invented. Sure is not the same as right.
#
# ## 2. Who reads it?
#
# Somebody who can't see your photo. When a screen reader comes to an image, it says “image” and then the alt text:
#
# ```html
# <img src="dog.jpg" alt="A dog runs along the beach.">
# ```
#
# Without an alt text, many screen readers read out the name of the file. What makes a good text? The review page (section 7) shows these rules:

# %%
for rule in RULES:
    print("•", rule)

# %% [markdown]
# No captioner can keep the first rule by looking at pixels. The same photo of a dog says “Our office dog, Bo” on the page of a team and “A collar with a steel buckle” in a shop. So a captioner *suggests*, and a person decides. `alt_text` of lesson 07 makes a sentence of a caption; `shorten` cuts a long one between two words.


# %% tags=["same-as:helpers.apps.wording.short_alt_text"]
def short_alt_text(caption):
    text = alt_text(caption)
    return text if len(text) <= LONGEST else shorten(text, LONGEST, placeholder=" …")


for caption in ("a photo of two boats on a lake", "a very long dog and " * 9):
    print(short_alt_text(caption))

# %% [markdown]
# ## 3. What is each image for?
#
# Other people's servers are no toys. So you make a site: that of an invented café, with three pages. The tags around each image say what it is for.

# %%
pages = {
    "index": """<title>Harbour Café</title><h1>Coffee by the sea</h1>
        <a href="/index.html"><img src="{logo}"></a> <img src="{wave}" alt="">
        <h2>Freshly roasted</h2>
        <img src="{coffee}">
        <img src="{banner}">""",
    "team": """<title>Our team</title><h1>Who we are</h1>
        <a href="/index.html"><img src="{logo}"></a>
        <figure><img src="{portrait}"><figcaption>Our founder</figcaption></figure>
        <img src="{photographer}" alt="DSC_0042.JPG">
        <img src="{cat}" alt="Oscar, our café cat, looks up.">
        <img src="{astronaut}">""",
    "news": """<title>News</title><h1>News from the harbour</h1>
        <a href="/index.html"><img src="{logo}"></a> <img src="{line}" width="600" height="2">
        <h2>Last week</h2>
        <a href="/team.html"><img src="{rocket}"></a>
        <img src="{chart}">
        <h2>Our new website</h2>
        <img src="{screenshot}">
        <img src="{scene}">""",
}

# %% [markdown]
# The pictures get addresses as WordPress makes them. `wave` and `line` have no file: nobody should ask for them. Beside them lies what sites collect over the years: a picture that the server is too busy to send the first time, a page where a picture should be, a photo whose maker wants no machines, and a folder that is closed to programs.

# %%
dataset = open_dataset(DATASET, DATA_DIR)
pictures["scene"], spare = (path.read_bytes() for path in dataset.paths("test")[:2])
at = {label: f"/wp-content/uploads/2026/08/{label}.png" for label in [*pictures, "wave", "line"]}
files = {at[label]: (200, {}, data) for label, data in pictures.items()}  # status, headers, content
for name, html in pages.items():
    lines = [line for line in html.splitlines() if set(re.findall(r"{(\w+)}", line)) <= set(at)]
    files[f"/{name}.html"] = (200, {}, "\n".join(lines).format(**at).encode())
files |= {
    "/busy.jpg": (503, {"Retry-After": 1}, spare),
    "/soup.jpg": (200, {}, b"<!doctype html><title>Soup of the day</title>"),
    "/artist.jpg": (200, {"X-Robots-Tag": "noai"}, spare),
    "/staff/party.jpg": (200, {}, spare),
    "/robots.txt": (200, {}, b"User-agent: *\nDisallow: /staff/\n"),
}
print(len(files), "files")

# %% [markdown]
# `LocalSite` serves these files on your own machine, and its `visits` count how often each path is asked for: your witness.

# %%
site = LocalSite(files)
local = site.host
print("the home page is at", f"http://{local}/index.html")

# %% [markdown]
# A **crawler** is a program that goes from link to link through a site and notes what it finds. To find images, it reads tags. Don't cut tags apart with a regular expression: their attributes come in any order, in any kind of quotes, and may hold a `>`. Python's `HTMLParser` calls a method for every tag.


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
# Most addresses are **relative**: they say how to get there from their page. `urljoin` makes them whole. Now crawl your site, and write what a crawler exports: a CSV with a row per image. Some rows that mean trouble come last.

# %%
rows = []
for name in pages:
    page, parser = f"http://{local}/{name}.html", _Images()
    parser.feed(files[f"/{name}.html"][2].decode())
    rows += [(page, urljoin(page, tag["src"]), tag.get("alt", "")) for tag in parser.found]
trouble = ["coffee.png?size=big"] * ("coffee" in photos)
trouble = [at["logo"].replace("logo.png", name) for name in trouble]
trouble += ["/lost.jpg", "/soup.jpg", "/staff/party.jpg", "/artist.jpg", "/busy.jpg"]
rows += [(f"http://{local}/index.html", f"http://{local}{path}", "") for path in trouble]

folder = Workspace(dataset).folder / "alt_text"
shutil.rmtree(folder, ignore_errors=True)  # of an earlier run
folder.mkdir(parents=True)
crawl = folder / "crawl.csv"
with crawl.open("w", encoding="utf-8", newline="") as file:
    csv.writer(file).writerows([("Source", "Destination", "Alt Text"), *rows])
print(len(rows), "rows, the third of them:", rows[2])

# %% [markdown]
# These columns are those of Screaming Frog. In your crawler, look for an export that names the images; many reports name only the pages on which alt texts are missing. (Menus move between versions. The file needs a column with the addresses of the images, or with their tags, and, if possible, one with their pages.)
#
# | crawler | export |
# |---|---|
# | Screaming Frog | Bulk Export → Images → Images Missing Alt Text Inlinks; for weak texts All Image Inlinks |
# | Lumar | the accessibility issues “… missing alt text”, which hold the tags |
# | Sitebulb | the images of the hint “Has images with missing alt text”; `alt=""` counts as missing there, and `--read-pages` tells them apart |
# | Ahrefs | the issue “Missing alt text” of its Site Audit; if it lists pages, add a column with their images |
#
# Sitemaps and product exports work, too.
#
# What an image gets depends on what it is for:
#
# | the image | what it gets | status |
# |---|---|---|
# | has an alt text that says something | nothing, it is kept | `exists` |
# | has an alt text like `DSC_0042.JPG` or “image” | a new one, if you ask with `--weak` | `weak` |
# | has `alt=""` in its page | nothing: its author says that it is decoration | `decorative` |
# | is a line, a spacer, a tiny icon | an empty text, to be confirmed | `looks_decorative` |
# | is alone in a link or a button | what that does, or the heading of the page to which it leads | `functional` |
# | is an image of text | the text | `text` |
# | is a photo that the captioner is sure of | a description | `ok` |
# | is no photo, or the captioner has doubts | no suggestion | `unsure` |
# | is no image, or can't or mustn't be fetched | a reason | `not_an_image`, `http_404`, `robots`, `noai` |
#
# Lines, spacers and icons, for example, are recognised by their size:


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
# A **dry run** reads the table, says what would be done, and visits nobody:

# %%
main([str(crawl), "--dry-run"])
assert not site.visits

# %% [markdown]
# Some things a table can't tell. A blank cell may be a missing alt text or an empty one, and nothing says that the logo is a link. The pages do, and `--read-pages` reads each of them once (section 5).
#
# ## 4. Manners
#
# A program asks faster than any person, and may bring a small server down. So it needs manners.
#
# **Ask whether you may come in.** `robots.txt` says which paths are closed to programs. The visitor gives a name, its **user agent**; the course's is `caption-lessons`. `Hosts` asks before each visit. (`local` lets in your own server. Other private addresses stay closed, as in lesson 07.)

# %%
hosts = Hosts(local=local)
for path in ("/busy.jpg", "/staff/party.jpg"):
    try:
        hosts.check(f"http://{local}{path}")
        print(path, "is open")
    except ImageError as error:
        print(path, "is closed:", error)

# %% [markdown]
# **Take no for an answer.** With the header `X-Robots-Tag: noai` authors forbid machines to learn from their images. The course doesn't learn from them, but leaves them to a person.


# %% tags=["same-as:helpers.apps.alt_text.visiting.politeness.opted_out", "same-as:helpers.apps.alt_text.visiting.politeness.OPT_OUTS"]
OPT_OUTS = {"noai", "noimageai"}


def opted_out(headers):
    value = next((v for k, v in headers.items() if k.lower() == "x-robots-tag"), "")
    return bool(OPT_OUTS & set(re.split(r"[,:;\s]+", value.lower())))


print(opted_out({"X-Robots-Tag": "noindex, noai"}), opted_out({"X-Robots-Tag": "noindex"}))

# %% [markdown]
# **Don't push.** Each server gets five requests a second at most.
#
# **Come back when told to.** A busy server answers 503 or 429 and says in `Retry-After` for how many seconds it wants to be left alone. After four tries the image gets the status `http_503`.
#
# **Ask once.** A logo is on every page, so an *address* is visited once. And one picture may have several addresses. A **hash** tells: a number worked out from all bytes of a file. Equal files have equal hashes, and nobody has ever found two different ones with the same SHA-256 hash. So a *picture* is captioned once.

# %%
twin = LocalSite(files)  # `site` shall count the visits of the tools alone
for path in (at["portrait"], at["portrait"] + "?size=big", at["chart"]):
    with urlopen(f"http://{twin.host}{path}") as answer:
        print(hashlib.sha256(answer.read()).hexdigest()[:16], path)
twin.close()

# %% [markdown]
# ## 5. Run it
#
# In a terminal (lesson 05) the whole job is one command:
#
# ```sh
# python -m helpers.apps.alt_text crawl.csv -o out.csv --read-pages
# ```
#
# `--captioner` names another captioner: a folder of yours, `keras-hub:…` or `chat:…` (lesson 14). Here you call the same `main`; `open_it` hands over the captioner that is already in memory. (`--rate 50`: the server is your own.) Try before you pay: `--sample 4` takes four images from different corners of the site, and `--price` says what 1,000 requests to a paid captioner cost.


# %%
def alt_texts(table, name, *more):
    command = [str(table), "-o", str(folder / name), "--local", local, "--rate", "50", *more]
    return main([*command, "--captioner", CAPTIONER], open_it=lambda *_, **options: captioner)


alt_texts(crawl, "out.csv", "--read-pages", "--sample", "4", "--price", "2")
print(site.visits.total(), "visits")

# %% [markdown]
# You would now review these four (section 7). The same command without `--sample` does the rest. Does it ask again for what the first run had?

# %%
before = site.visits.copy()
alt_texts(crawl, "out.csv", "--read-pages")
after = site.visits - before
twice = [path for path in before if after[path]]
print(len(after), "paths were visited, of them again:", twice)
print("visits of busy.jpg:", site.visits["/busy.jpg"])
assert twice == ["/robots.txt"]

# %% [markdown]
# Only `robots.txt`, since the rules may have changed. (`busy.jpg` told its first visitor to come back.) The result has your columns as they were, and new ones beside them:


# %%
def read(name):
    with (folder / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def label_of(row):
    return row["Destination"].rpartition("/")[2]


table = read("out.csv")
for row in table:
    words = row["alt_text"] or row["message"]
    print(f"{label_of(row)[:19]:20}{row['status']:17}{shorten(words, 62, placeholder=' …')}")

# %% [markdown]
# Compare them with the table of section 3. Every row has a status, and a reason if nothing is suggested. (Without rapidocr, of the extra `text`, images of text go to the captioner, too.)
#
# What did reading the pages change? Run the same table without `--read-pages` and compare:

# %%
with contextlib.redirect_stdout(io.StringIO()):
    alt_texts(crawl, "plain.csv", "--no-report")
for plain, row in zip(read("plain.csv"), table, strict=True):
    if plain["status"] != row["status"]:
        print(f"{label_of(row):15}{plain['status']:17} with its page: {row['status']}")

# %% [markdown]
# The reviewer sees what was read on the page, and so does a captioner that takes a prompt (lesson 14). Ours sees pixels alone.

# %%
for row in table:
    if label_of(row) in ("portrait.png", "chart.png"):
        print(f"{label_of(row):15}{row['context']}")

# %% [markdown]
# And the weak text, `DSC_0042.JPG`? `--weak` is another job, so it gets another output:

# %%
weak = folder / "weak.csv"
with weak.open("w", encoding="utf-8", newline="") as file:
    named = [("Source", "Destination", "Alt Text"), *rows]
    csv.writer(file).writerows(row for row in named if row[2] in ("Alt Text", "DSC_0042.JPG"))
alt_texts(weak, "weak.out.csv", "--weak", "--no-report")
for row in read("weak.out.csv"):
    print(f"{row['Alt Text']} -> {row['alt_text'] or row['status']}")

# %% [markdown]
# ## 6. Stopped, and continued
#
# A job of hours gets interrupted. What is done has to survive, and what is half done must not look done. So the job keeps its state in `out.state`, a file of **SQLite**, the database that comes with Python. It writes in **transactions**: what belongs together is written as a whole or not at all. A kill at the worst moment loses the few dozen photos in hand, and the same command fetches them again. A third run finds nothing left to do, and visits nobody:

# %%
before = site.visits.copy()
with contextlib.redirect_stdout(io.StringIO()):
    code = alt_texts(crawl, "out.csv", "--read-pages")
print("exit code", code, "and", (site.visits - before).total(), "visits")
assert site.visits == before

# %% [markdown]
# With `--retry-failed`, a later run tries again what failed.
#
# ## 7. A person has the last word
#
# Beside the table is `out.report.html`. In a browser it shows one picture at a time, with its suggestion and what is known of its page. With a key you accept, edit or reject it, or mark the picture as decoration. A screenshot (the percentages are confidences; the order is the search's own):

# %%
page = Image.open(ROOT / "notebooks/images/09_review_page.png")
plots.show_framed(page, "a screenshot of the review page")

# %% [markdown]
# Which images come first? The doubtful ones: those without a suggestion, then by the column `confidence`, which is that of section 1. Captioners that tell none are sorted by the probability that *a word* got on average, since a sentence's own shrinks with every word (lesson 07). The end counts as a word.


# %% tags=["same-as:helpers.apps.wording.per_word"]
def per_word(probability, caption):
    return probability ** (1 / (len(caption.split()) + 1))


for caption, probability in {"a dog": 0.6**3, "a dog runs along the beach": 0.6**7}.items():
    print(f"{probability:.3f} in all, {per_word(probability, caption):.0%} a word: {caption}")

# %% [markdown]
# It only hints where to look first. How many would you accept?

# %% tags=["picture"]
shown = {label_of(row): row for row in reversed(table) if label_of(row)[:-4] in pictures}
titles = [f"{row['status']}: {row['alt_text'] or '(no suggestion)'}" for row in shown.values()]
shown_files = [files[at[name[:-4]]][2] for name in shown]
plots.show_images(squares(shown_files), [shorten(t, 75, placeholder=" …") for t in titles])

# %% [markdown]
# *Save the review* downloads `out.review.json`. Here code plays the reviewer: it accepts the texts that were read, and writes one for the coffee.

# %%
mine = "coffee.png" if "coffee" in photos else "portrait.png"
decisions = {}
for row in table:
    address, text = row["image_address"], row["alt_text"]
    if row["status"] == "text":
        decisions[key_of(address)] = Decision("accepted", text, image=address)
    elif label_of(row) == mine:
        decisions[key_of(address)] = Decision(
            "edited", "Our espresso in the red cup.", image=address
        )
write_review(folder / "out.review.json", decisions)
sites = ["--for", "html", "--for", "wordpress"]
reviewed = ["--review", str(folder / "out.review.json")]
_ = alt_texts(crawl, "out.csv", "--read-pages", *reviewed, *sites)

# %% [markdown]
# The line “reviewed” judges the rest only if chance picked what you reviewed. Here the statuses did; `--sample` comes closer, since it picks before anything is known. `--for html` gives a map from address to text, for a template or a script:

# %%
print(re.sub(r"http://[^/]+", "", (folder / "out.for-html.json").read_text("utf-8")))

# %% [markdown]
# `--for wordpress` gives a table and a script that hands it to WP-CLI, its command line. It tries the name as linked, without a size such as -300x200, and with the `-scaled` of large uploads. `--for shopify` takes the product export of a Shopify shop and gives the file to import, changed only in its alt texts:

# %%
print((folder / "out.for-wordpress.tsv").read_text("utf-8"))
products = [("Handle", "Title", "Image Src", "Image Alt Text")]
products += [("beans", "Beans", f"http://{local}{at['banner']}", "")]
with (folder / "products.csv").open("w", encoding="utf-8", newline="") as file:
    csv.writer(file).writerows(products)
with contextlib.redirect_stdout(io.StringIO()):
    write_review(
        folder / "shop.review.json", {key_of(products[1][2]): Decision("edited", "20% off beans.")}
    )
    more = ["--review", str(folder / "shop.review.json"), "--for", "shopify", "--no-report"]
    alt_texts(folder / "products.csv", "shop.csv", *more)
print((folder / "shop.for-shopify.csv").read_text("utf-8").replace(local, "…"))

# %% [markdown]
# Count the statuses:

# %% tags=["scores"]
counts = Counter(row["status"] for row in table)
print(f"{len(table)} rows:", ", ".join(f"{n} {status}" for status, n in counts.most_common()))

# %% [markdown]
# ## Appendix: a million images
#
# Each photo is captioned by itself, so many machines can share the work. **Dask** shares it: a **scheduler** hands it out, **workers** do it. Start `dask scheduler` once and `dask worker tcp://…` on each machine, and add `--scheduler tcp://…:8786` to the command. Workers fetch and caption, each at its share of the rate; only your own process writes the state. Do the same texts come out? (About 25 s on a quiet CPU. The course's extra `scale` installs Dask.)

# %%
if importlib.util.find_spec("distributed"):
    from distributed import LocalCluster

    options = {"threads_per_worker": 1, "dashboard_address": None, "silence_logs": 50}
    with LocalCluster(n_workers=2, **options) as cluster:
        with contextlib.redirect_stdout(io.StringIO()):
            shared = ["--captioner", CAPTIONER, "--scheduler", cluster.scheduler_address]
            table_and_place = [str(crawl), "-o", str(folder / "shared.csv"), "--local", local]
            main([*table_and_place, *shared, "--rate", "50", "--no-report"])
    texts = {name: [row["alt_text"] for row in read(name)] for name in ("plain.csv", "shared.csv")}
    print("the same texts:", texts["plain.csv"] == texts["shared.csv"])
else:
    print("No Dask here, so no cluster: pip install 'dask[distributed]'")

# %% [markdown]
# How long would a million take? The cell measures the speed of one process and assumes the numbers in its first line.

# %%
images, servers, rate = 1_000_000, 5, 5  # visits a second and server
start = time.perf_counter()
captioner.caption([*pictures.values()])
speed = len(pictures) / (time.perf_counter() - start)
print(f"measured: {speed:.1f} images a second")
for machines in (1, 5, 20, 100):
    captioning, visiting = images / (speed * machines) / 3600, images / (servers * rate) / 3600
    slower = "the captioner" if captioning > visiting else "manners"
    print(f"{machines:4} machines{max(captioning, visiting):8.1f} hours, limited by {slower}")

# %% [markdown]
# No number of machines gets around manners, and none should.
#
# For images on servers of your own, **img2dataset** fetches faster, and the command takes its folder in place of the table:
#
# ```sh
# img2dataset --url_list crawl.csv --input_format csv --url_col Destination --output_format files \
#   --resize_mode keep_ratio --output_folder fetched
# python -m helpers.apps.alt_text fetched -o out.csv
# ```
#
# It reads no `robots.txt`, keeps no rate, and doesn't refuse addresses in your own network: give it no list that strangers wrote.

# %% [markdown]
# ## Recap
#
# * Alt text is for people who listen. A captioner suggests; a person who knows the page decides.
# * What an image is *for* comes before what it *shows*: text is read, links are named, decoration stays silent.
# * “Not sure” is an answer. A fluent wrong sentence is worse than none.
# * Ask `robots.txt`, keep to a rate, come back when told to, take no for an answer, ask once.
# * Only what a person accepted goes back to the site.

# %% [markdown]
# ## Exercises
#
# ### Exercise 1: Find alt texts that say nothing
#
# Write `says_nothing(alt)`: True for the name of an image file, a camera's number such as `DSC_0042`, a text without any letter, and the bare words “image”, “photo”, “picture” in any case, also with a number behind them. False for everything that may say something.


# %% tags=["exercise"]
def says_nothing(alt):
    return None  # your turn


weak_texts = ["IMG_4071.jpg", "hero banner.PNG", "DSC_0042", "Photo", "image 12", "...", "2026"]
good_texts = ["A dog.", "The file dog.jpg in a list.", "Photo of the year 2025", "Imagery", "Ö"]
asked = [(alt, alt in weak_texts) for alt in weak_texts + good_texts]
differs = [alt for alt, expected in asked if says_nothing(alt) is not expected]
print(f"not yet, the answer differs for: {differs}" if differs else "right")


# %% tags=["solution"]
# @title Solution 1
def says_nothing(alt):
    file = re.fullmatch(r"\S.*\.(jpe?g|png|gif|webp|svg)", alt, re.IGNORECASE)
    camera = re.fullmatch(r"(IMG|DSC|DSCN|P)_?\d+", alt)
    bare = re.fullmatch(r"(image|photo|picture)\W*\d*", alt, re.IGNORECASE)
    letterless = not any(letter.isalpha() for letter in alt)
    return bool(file or camera or bare or letterless)


weak_texts = ["IMG_4071.jpg", "hero banner.PNG", "DSC_0042", "Photo", "image 12", "...", "2026"]
good_texts = ["A dog.", "The file dog.jpg in a list.", "Photo of the year 2025", "Imagery", "Ö"]
asked = [(alt, alt in weak_texts) for alt in weak_texts + good_texts]
differs = [alt for alt, expected in asked if says_nothing(alt) is not expected]
print(f"not yet, the answer differs for: {differs}" if differs else "right")

# %% [markdown]
# ### Exercise 2: Wait as long as you are told
#
# Write `patience(headers, tries)`: the number of seconds in `Retry-After`, but at least 1 and at most 60. Without that header, or with one that is no whole number, wait 1 second after the first try, 2 after the second, 4 after the third. Names of headers come in any case.


# %% tags=["exercise"]
def patience(headers, tries):
    return 0  # your turn


asked = [({"Retry-After": "30"}, 1, 30), ({"retry-after": "7"}, 3, 7), ({"Retry-After": "0"}, 2, 1)]
asked += [({"Retry-After": "86400"}, 1, 60), ({"Retry-After": "Fri, 13 Nov 2026"}, 3, 4)]
asked += [({}, tries, seconds) for tries, seconds in ((1, 1), (2, 2), (3, 4), (4, 8))]
differs = [(headers, tries) for headers, tries, wait in asked if patience(headers, tries) != wait]
print(f"not yet, the answer differs for: {differs}" if differs else "right")


# %% tags=["solution"]
# @title Solution 2
def patience(headers, tries):
    told = {name.lower(): value for name, value in headers.items()}.get("retry-after", "")
    return min(60, max(1, int(told))) if told.isdecimal() else 2 ** (tries - 1)


asked = [({"Retry-After": "30"}, 1, 30), ({"retry-after": "7"}, 3, 7), ({"Retry-After": "0"}, 2, 1)]
asked += [({"Retry-After": "86400"}, 1, 60), ({"Retry-After": "Fri, 13 Nov 2026"}, 3, 4)]
asked += [({}, tries, seconds) for tries, seconds in ((1, 1), (2, 2), (3, 4), (4, 8))]
differs = [(headers, tries) for headers, tries, wait in asked if patience(headers, tries) != wait]
print(f"not yet, the answer differs for: {differs}" if differs else "right")

# %% [markdown]
# ### Exercise 3: Make a reviewer's list
#
# A reviewer has time for `number` images. Write `to_review(table, number)`: it returns the addresses to look at, the least sure first, each once, and only those of rows with the status `ok`. Mind that the cells of a table are texts.


# %% tags=["exercise"]
def to_review(table, number):
    return []  # your turn


cells = [("ok", "0.7", "a"), ("http_404", "", "b"), ("ok", "1e-05", "c"), ("ok", "0.2", "d")]
cells += [("ok", "1e-05", "c"), ("unsure", "0.1", "e"), ("exists", "", "f")]
names = ("status", "confidence", "image_address")
sample = [dict(zip(names, row, strict=True)) for row in cells]
expected = {0: [], 1: ["c"], 2: ["c", "d"], 9: ["c", "d", "a"]}
differs = [number for number, wanted in expected.items() if to_review(sample, number) != wanted]
print(f"not yet, the list differs for the numbers {differs}" if differs else "right")


# %% tags=["solution"]
# @title Solution 3
def to_review(table, number):
    captioned = [row for row in table if row["status"] == "ok"]
    captioned.sort(key=lambda row: float(row["confidence"]))
    return list(dict.fromkeys(row["image_address"] for row in captioned))[:number]


cells = [("ok", "0.7", "a"), ("http_404", "", "b"), ("ok", "1e-05", "c"), ("ok", "0.2", "d")]
cells += [("ok", "1e-05", "c"), ("unsure", "0.1", "e"), ("exists", "", "f")]
names = ("status", "confidence", "image_address")
sample = [dict(zip(names, row, strict=True)) for row in cells]
expected = {0: [], 1: ["c"], 2: ["c", "d"], 9: ["c", "d", "a"]}
differs = [number for number, wanted in expected.items() if to_review(sample, number) != wanted]
print(f"not yet, the list differs for the numbers {differs}" if differs else "right")

# %% [markdown]
# ### Exercise 4: Decide what an image is for
#
# Write `purpose(tag, link, weak)`. `tag` holds the attributes of an image, `link` says whether it is alone in a link, `weak` whether its alt text says nothing. Return the status by the table of section 3: `exists`, `weak`, `functional`, `decorative`, or `describe` for what goes to the captioner. An image alone in a link without a text needs a name even where `alt=""` calls it decorative; an alt text of blanks is empty.
#
# Then an open task: run the command with `--sample 20` on a site of yours and review the page. You are done when you can give a range for the share of all suggestions that you would accept, and name the kind of image at which our captioner fails most.


# %% tags=["exercise"]
def purpose(tag, link=False, weak=False):
    return ""  # your turn


asked = [({"src": "a"}, False, False, "describe"), ({"src": "a"}, True, False, "functional")]
asked += [({"alt": ""}, False, False, "decorative"), ({"alt": " "}, False, False, "decorative")]
asked += [({"alt": ""}, True, False, "functional"), ({"alt": "A cup."}, True, False, "exists")]
asked += [({"alt": "A cup."}, False, False, "exists"), ({"alt": "img1"}, False, True, "weak")]
differs = [(tag, link) for tag, link, weak, answer in asked if purpose(tag, link, weak) != answer]
print(f"not yet, the status differs for: {differs}" if differs else "right")


# %% tags=["solution"]
# @title Solution 4
def purpose(tag, link=False, weak=False):
    if tag.get("alt", "").strip():
        return "weak" if weak else "exists"
    if link:
        return "functional"
    return "decorative" if "alt" in tag else "describe"


asked = [({"src": "a"}, False, False, "describe"), ({"src": "a"}, True, False, "functional")]
asked += [({"alt": ""}, False, False, "decorative"), ({"alt": " "}, False, False, "decorative")]
asked += [({"alt": ""}, True, False, "functional"), ({"alt": "A cup."}, True, False, "exists")]
asked += [({"alt": "A cup."}, False, False, "exists"), ({"alt": "img1"}, False, True, "weak")]
differs = [(tag, link) for tag, link, weak, answer in asked if purpose(tag, link, weak) != answer]
print(f"not yet, the status differs for: {differs}" if differs else "right")

# %% [markdown]
# ## Next
#
# [10 bring your own data](10_bring_your_own_data.ipynb) trains a captioner on captions of your own; [14 ship with a pretrained model](14_ship_with_a_pretrained_model.ipynb) puts a large one behind this command.
#
# ### Further reading
#
# * [An alt decision tree](https://www.w3.org/WAI/tutorials/images/decision-tree/): W3C's questions that lead to the right alt text; section 3 in full.
# * [Alternative text](https://webaim.org/techniques/alttext/) by WebAIM: the same image in several contexts.
# * [RFC 9309](https://www.rfc-editor.org/rfc/rfc9309): the rules of `robots.txt`.
# * [Understanding Blind People's Experiences with Computer-Generated Captions of Social Media Images](https://doi.org/10.1145/3025453.3025814) (2017): how far readers trust wrong captions.
