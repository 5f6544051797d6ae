# %% [markdown]
# # 10 · Bring your own data
#
# You read captions in every usual format, train one captioner on the photos of a shop, with headlines that sum up its reviews, and another that writes German.
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/OWNER/REPOSITORY/blob/main/notebooks/10_bring_your_own_data.ipynb)
#
# [← 09 write alt text](09_write_alt_text.ipynb) · [contents](../README.md) · [11 vgg16 and a web page →](11_vgg16_and_a_web_page.ipynb)

# %% [markdown]
# ![Eight drawn products, such as mugs and lamps, under the headlines that a captioner wrote for them: colour, kind, what buyers praise, how the delivery went](images/10_bring_your_own_data.png)
#
# A shop's photos that the captioner has never seen, with its headlines. Some of the words it can know, and some it can't.

# %% [markdown]
# **You will learn**
#
# * what the usual caption files look like, and how they trip up a careless program
# * how to find out what was lost on the way from files to training
# * how to caption photos of your own, train on them, and see what the photos can teach
# * what changes for another language, and what doesn't
# * what to do with a language that writes no spaces
#
# **You need** nothing; features and captioner are made by `helpers.pipeline` if they are missing.
#
# **Run times**
#
# | | Colab T4 | CPU, 2 cores |
# |---|---|---|
# | mini | about 1 min (estimate) | 40-90 s with lesson 02's features |
# | Flickr8k | about 2 min (estimate) | about 3 min |

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
# `captions` reads and writes caption files, `datasets` opens a folder with captions and photos. From earlier lessons you know the pipeline, the widget and the scores. New are `annotation_widget`, a form to write captions with, and `products`, which draws an invented shop.

# %%
import csv
import io
import json
import random
import re
import shutil
from collections import Counter
from contextlib import redirect_stdout
from dataclasses import replace
from statistics import fmean

from helpers import captions, plots
from helpers.apps.annotating import annotation_widget
from helpers.apps.shop import products
from helpers.apps.widget import caption_widget
from helpers.captions import clean_caption, clean_captions, count_words, read_captions
from helpers.datasets import describe, open_dataset
from helpers.files import write_text
from helpers.images import open_image
from helpers.metrics import human_scores, score_captions
from helpers.pipeline import Workspace, recipe_for

# %% [markdown]
# Settings: `SECOND` is the data set for section 7. `"mini-de"` has the drawings of mini with German captions. It can be a folder of your own as well.

# %% tags=["parameters"]
DATASET = "mini"  # or "flickr8k", or a folder of your own
DATA_DIR = None  # where Flickr8k lies; None looks in data/flickr8k, then downloads it
SEED = 7
SECOND = "mini-de"

# %% [markdown]
# ## 1. What do caption files look like?
#
# A data set for captioning is a folder of photos and a file that says which sentence belongs to which photo. Everybody writes that file differently. You know Flickr8k's way from lesson 01; **Flickr30k**, its larger sister of 31,783 photos, has the same. Here are tiny files in all the formats. `put` writes each into a folder to play in, and shows it.


# %%
dataset = open_dataset(DATASET, DATA_DIR)
work = Workspace(dataset).folder
play = work / "formats"
play.mkdir(exist_ok=True)


def put(name, text):
    (play / name).write_text(text, encoding="utf-8")
    print(text)


put("flickr8k.txt", "dog.jpg#0\tA dog , wet and happy , runs .\ndog.jpg#1\tA wet dog .\n")

# %% [markdown]
# **Kaggle** is a site that shares data sets. Its copies of Flickr8k are CSV (lesson 09). A caption that holds a comma is put in quotation marks.

# %%
kaggle = 'image,caption\ndog.jpg,"A dog , wet and happy , runs ."\ndog.jpg,A wet dog .\n'
put("kaggle.csv", kaggle)

# %% [markdown]
# Kaggle's copy of Flickr30k is separated by bars, each followed by a space. Row 19,999 of the real file lacks its second bar. So does the second row here.

# %%
bars = "image_name| comment_number| comment\ndog.jpg| 0| A dog , wet and happy , runs .\n"
bars += "dog.jpg| 1   A wet dog .\ncat.jpg| 0| A cat .\n"
put("flickr30k.csv", bars)

# %% [markdown]
# **COCO** is the largest of the classic sets: 123,000 photos with five captions each. Its JSON file has two lists. Images have a number and a name; annotations have a caption and the *number* of an image. Many tools read this format, so choose it for data of your own.

# %%
coco = {
    "images": [{"id": 7, "file_name": "dog.jpg"}, {"id": 9, "file_name": "cat.jpg"}],
    "annotations": [
        {"id": 1, "image_id": 7, "caption": "A dog , wet and happy , runs ."},
        {"id": 2, "image_id": 9, "caption": "A cat ."},
        {"id": 3, "image_id": 7, "caption": "A wet dog ."},
    ],
}
put("coco.json", json.dumps(coco))

# %% [markdown]
# **Karpathy**'s JSON files (by Andrej Karpathy, for Flickr8k, Flickr30k and COCO) keep the sentences inside their image, and name its split. Most papers use these splits. Their “val” is dev here.

# %%
sentences = [{"raw": text, "tokens": clean_caption(text).split()} for text in ("A wet dog .",)]
karpathy = {"images": [{"filename": "dog.jpg", "split": "val", "sentences": sentences}]}
put("karpathy.json", json.dumps(karpathy))

# %% [markdown]
# Last, what **Hugging Face**, a site that shares data sets and models, calls an imagefolder: photos, and a `metadata.jsonl` with one JSON object on each line.

# %%
record = {"file_name": "dog.jpg", "split": "train", "captions": ["A wet dog .", "A happy dog ."]}
put("metadata.jsonl", json.dumps(record) + "\n")

# %% [markdown]
# How does a program tell them apart? Not by the file's name: Kaggle's table is called `captions.txt`, and the one with bars ends in `.csv`. A program looks at the content, as you would.

# %%
for path in sorted(play.glob("*.*")):
    found = captions.read_caption_file(path)
    print(f"{path.name:15} {found.format:32} {found.captions['dog.jpg'][-1]}")

# %% [markdown]
# ## 2. Three ways to lose captions
#
# ### The comma
#
# Reading a CSV looks easy: split each line at its commas. Try it on the whole data set. The module `csv` writes it as Kaggle does; then you read it the easy way, and count the captions that come back as they were.


# %%
def as_kaggle(group):
    file = io.StringIO()
    rows = [(name, text) for name, texts in group.items() for text in texts]
    csv.writer(file, lineterminator="\n").writerows([("image", "caption"), *rows])
    return file.getvalue()


def intact(group, read):
    texts = [text for name in group for text in group[name]]
    return sum(text == back for text, back in zip(texts, read, strict=True)), len(texts)


table = as_kaggle(dataset.captions)
hurried = [line.split(",")[1] for line in table.splitlines()[1:]]
print("split(','):  {} of {} captions intact".format(*intact(dataset.captions, hurried)))

# %% [markdown]
# No error, no warning! A caption such as “On the beach , a red dog runs” has become a quotation mark and “On the beach”. A model trained on that learns to stop early. Splitting at the first comma only doesn't help either: the quotation marks stay. The module that wrote the file reads it, too.

# %%
partitioned = [line.partition(",")[2] for line in table.splitlines()[1:]]
print("partition(','): {} of {} intact".format(*intact(dataset.captions, partitioned)))
rows = list(csv.reader(io.StringIO(table)))[1:]
print("csv.reader:     {} of {} intact".format(*intact(dataset.captions, [r[1] for r in rows])))

# %% [markdown]
# ### The phantom
#
# Lesson 01 met `2258277193_586949ec62.jpg.1`: five captions, and no such photo. A **phantom image** has captions and no file, and a program that looks for it fails, maybe hours later. COCO has the opposite as well: photos that nobody described. So match the names with the files *first*, drop what doesn't match, and report it. `open_dataset` does this. Read its report:

# %%
print(dataset.report)

# %% [markdown]
# Now a COCO file with losses: one annotation's image was taken out of the list, and one caption is empty.

# %%
damaged = json.loads(json.dumps(coco))
damaged["images"].pop()
damaged["annotations"][2]["caption"] = None
put("coco.json", json.dumps(damaged))
captions.read_caption_file(play / "coco.json").dropped

# %% [markdown]
# ### The leak
#
# A table has one caption a row, and tools for tables deal out rows. Lesson 01 showed what that does: nearly every photo of dev is in train as well. `open_dataset` refuses such a folder, before it makes your scores too good:

# %%
leaky = work / "leaky"
leaky.mkdir(exist_ok=True)
names = dataset.splits["train"][:20]
for name in names:
    shutil.copy(dataset.image_paths[name], leaky)
deal = random.Random(SEED)
lines = ["image\tcaption\tsplit"]
for name in names:
    for text in dataset.captions[name]:
        lines.append(f"{name}\t{text}\t{deal.choice(['train', 'dev', 'test'])}")
_ = (leaky / "captions.tsv").write_text("\n".join(lines), encoding="utf-8")
try:
    open_dataset(leaky)
except ValueError as error:
    print(str(error).replace(str(leaky), "leaky"))

# %% [markdown]
# Without a split column the photos are dealt out, each with all of its captions, and the seed is written into the report.
#
# ## 3. COCO by hand
#
# COCO's captions know only the number of their image. To read them, make a dictionary from numbers to names, then go through the annotations once.


# %%
def read_coco(content):
    names = {image["id"]: image["file_name"] for image in content["images"]}
    found = {}
    for note in content["annotations"]:
        found.setdefault(names[note["image_id"]], []).append(note["caption"])
    return found


put("coco.json", json.dumps(coco))
assert read_coco(coco) == read_captions(play / "coco.json")
read_coco(coco)

# %% [markdown]
# Now write it. Numbers count from 1; every image carries its split, which other readers ignore. `write_text` writes to a second file and swaps the two at the end, so that a crash leaves the old file in place.


# %% tags=["same-as:helpers.captions.write_coco"]
def write_coco(captions, path, splits=None):
    split_of = {name: split for split, names in (splits or {}).items() for name in names}
    images, annotations = [], []
    for image_id, (name, texts) in enumerate(captions.items(), start=1):
        split = {"split": split_of[name]} if name in split_of else {}
        images.append({"id": image_id, "file_name": name, **split})
        for text in texts:
            note = {"id": len(annotations) + 1, "image_id": image_id, "caption": text}
            annotations.append(note)
    content = {"info": {}, "licenses": [], "images": images, "annotations": annotations}
    write_text(path, json.dumps(content, ensure_ascii=False, indent=1) + "\n")


write_coco(dataset.captions, work / "coco.json", dataset.splits)
again = captions.read_caption_file(work / "coco.json")
print(again.captions == dataset.captions, {k: len(names) for k, names in again.splits.items()})

# %% [markdown]
# COCO itself comes in two files, `captions_train2017.json` and `captions_val2017.json`. Unzip them into one folder with the photos, and `open_dataset` turns them into splits.
#
# ## 4. What is in there?
#
# Before you train on a folder, look at it. In a terminal, in the course folder and its environment (lesson 05):
#
# ```sh
# python -m helpers.datasets my-folder
# python -m helpers.datasets my-folder --to coco captions.json
# python -m helpers.datasets my-folder --to flickr8k my-flickr
# ```
#
# The first line prints what `describe` returns; the others convert into another format.

# %%
print(describe(dataset, examples=1))

# %% [markdown]
# Ask four questions. Are the losses few, and can you explain each? Is the longest caption one caption, or did two lines run together? Are the words that occur once typos? And do the examples fit their photos?
#
# ## 5. Captions of your own
#
# Say you have a shop. This one is invented, so that nobody's rights are touched: 120 “photos”, drawn by a program, of four kinds of things in six colours, and what their buyers say.

# %%
shop = work / "shop"
shop.mkdir(exist_ok=True)
things = products(seed=SEED)
for thing in things:
    thing.photo.save(shop / thing.name, quality=90)
print(f"{len(things)} photos; the first thing's reviews:")
print("\n".join(things[0].reviews))
plots.show_images([thing.photo for thing in things[:8]])

# %% [markdown]
# What should captions say? COCO gave its writers good rules for *descriptions*: say what is important, in a sentence of at least eight words; don't begin with “There is”; don't say what somebody might say, or what came before or after; don't name people.
#
# But a caption need not describe. A shop may want a **headline** that sums up its reviews:

# %%
for headline in things[0].headlines:
    print("•", headline)

# %% [markdown]
# To write captions yourself, use this form. Press Tab or Enter after a sentence, and it is saved. If you close the notebook and come back, the form shows the first photo that lacks captions. (GitHub shows no form.)

# %%
form = annotation_widget(shop, work / "captions by hand.json", amount=3)
form

# %% [markdown]
# Code can fill in the boxes, too. Here it uses a second form with its own file, so that your captions stay yours:

# %%
by_code = work / "captions by code.json"
by_code.unlink(missing_ok=True)
second_form = annotation_widget(shop, by_code, amount=3)
named = {thing.name: thing for thing in things}
for box, text in zip(second_form.boxes, named[second_form.photos[0].name].headlines, strict=True):
    box.value = text
bar = second_form.bar
print(f"{bar.value} of {bar.max} photos done")
print(by_code.read_text("utf-8")[:330])

# %% [markdown]
# The form keeps whatever else is in such a file (licences, sizes, other people's photos). Nobody types 360 headlines during a lesson, so `write_coco` of section 3 writes them all. The photos are in a mixed order, so slices can deal them out.

# %%
names = list(named)
dealt = {"train": names[:84], "dev": names[84:96], "test": names[96:]}
write_coco({name: list(named[name].headlines) for name in names}, shop / "captions.json", dealt)
own = open_dataset(shop)
print(own.report)

# %% [markdown]
# ## 6. Train on them
#
# In a terminal this is one command, for any folder of photos with captions:
#
# ```sh
# python -m helpers.pipeline --dataset work/mini/shop --epochs 30 --out shop-captioner
# ```
#
# It cleans, extracts, trains and scores. On a quiet CPU the features take about 10 s, training about 20 s.

# %%
own_work = Workspace(own)
recipe = replace(recipe_for(own), epochs=30)  # few photos, so more rounds than mini's 12
with redirect_stdout(io.StringIO()) as log:  # two lines an epoch
    seller = own_work.captioner(recipe, seed=SEED)
print(*log.getvalue().splitlines()[-2:], sep="\n")

# %% [markdown]
# What does it write for photos that it has never seen?

# %% tags=["picture"]
unseen = own.splits["test"]
written = seller.caption_features(own_work.features().select(unseen))
plots.show_images([named[name].photo for name in unseen[:8]], written[:8])

# %% [markdown]
# Readable, but for the commas: cleaning took them (lesson 01), so lunch seems to come a week late. Are they true? Each of the 24 should name the kind, the colour, what buyers praise and how the delivery went, and you know the right answers. So count. For comparison, each line ends with the share that the training photos' commonest answer would get.


# %%
def right_share(what, texts):
    return sum(getattr(named[n], what) in text for n, text in zip(unseen, texts, strict=True)) / 24


for what in ("kind", "colour", "praise", "delivery"):
    of_training = Counter(getattr(named[name], what) for name in dealt["train"])
    common = of_training.most_common(1)[0][0]
    print(f"{what:10}{right_share(what, written):5.0%} right", end="")
    print(f", the commonest answer {right_share(what, [common] * 24):.0%}: {common}")

# %% [markdown]
# Three kinds of words have been learnt in three ways. Kind and colour can be *seen*, although 84 photos may be too few for all the colours. The praise can't, but it *goes with the kind*: buyers of mugs praise that they keep tea warm, so whoever knows a mug knows the praise. And the delivery is *in no photo*. The model writes about it all the same, since every training headline did. Dice threw the deliveries, so a coin would be right for half of them, too.
#
# That is a **hallucination** by construction: captions that say what the photos can't show teach a model to make it up. More photos don't help. So ask of each word of your captions: could somebody know that from the photo alone? Take what can't be seen from your database, and put it beside the caption.
#
# ## 7. Another language
#
# What has to change for German? Think about it before you read on: encoder, tokenizer, model, training, scores.

# %%
german = open_dataset(SECOND)
print(german.report)

# %% [markdown]
# The encoder sees pixels. The model sees ids. The tokenizer takes the words as they come. So the answer is: **nothing, if cleaning leaves the letters alone**. Look at what the pattern of many tutorials does to them.

# %%
text = "Ein weißes Kätzchen läuft über die Straße ."
print(" ".join(re.findall("[a-z]+", text.lower())))
print(clean_caption(text))

# %% [markdown]
# “weißes” falls apart into “wei” and “es”, and “es” means “it”. Polish and Vietnamese fall apart in the same way; of Russian nothing is left.
#
# Lower case is a choice as well. German writes nouns with a capital, and cleaning takes it away: *Fliegen* are flies, *fliegen* is to fly, and now both are one word. What else is different? Count the words of both data sets.

# %%
for data in (dataset, german):
    words = count_words(clean_captions(data.captions))
    often = sum(count >= 5 for count in words.values())
    print(f"{data.name:8}{len(words):6,} words, {often:,} of them five times or more", end="")
    print(f", {words.total():,} running words")

# %% [markdown]
# Mini's English captions hold rare words and slips of the pen. So compare the words that come five times or more: of these German has more. "red" is *rot*, *roter*, *rote*, *rotes* or *roten*, depending on gender, number and case. The model has to learn each form separately, from fewer examples of each. For languages with dozens of forms per word, such as Finnish, captioners cut words into pieces, as those of lesson 14 do.
#
# The features don't depend on the language: what lesson 02 left for mini is copied, else the pipeline extracts them, a minute or two on a CPU.

# %%
second_work = Workspace(german)
known = second_work.folder.parent / "mini" / "features.pkl"
if SECOND == "mini-de" and known.exists() and not (second_work.folder / "features.pkl").exists():
    shutil.copy(known, second_work.folder)
captioner = second_work.captioner(seed=SEED)

# %% [markdown]
# How does it do on the test photos? As in lesson 06, each reference takes a turn against the other four. Score the captioner on four as well, since five match more words.

# %% tags=["scores"]
rows = second_work.features().select(german.splits["test"])
captions_said, references = captioner.caption_features(rows, 3), german.references("test")
fewest = min(map(len, references))
without = [[[*group[:n], *group[n + 1 :]] for group in references] for n in range(fewest)]
on_four = [score_captions(others, captions_said) for others in without]
scores = {
    "captioner": score_captions(references, captions_said),
    "on four": {name: fmean(each[name] for each in on_four) for name in on_four[0]},
    "references": human_scores(references),
}
for title, values in scores.items():
    shown = "  ".join(f"{name} {values[name]:5.1f}" for name in ("BLEU-1", "BLEU-4", "CIDEr-D"))
    print(f"{title:12} {shown}")

# %% [markdown]
# On mini-de expect a BLEU-4 of 35-45 and a CIDEr-D of 100-135 for the captioner; if yours is outside, look at the report again. On four it still scores above the references: it says what most people say. That makes it no better. English does better: 164 to 107 in lesson 06, German 124 to 110 (both captioners on five). The many forms may be one reason. Word order may be another: a German sentence can begin with the place, the time or the dog, and the verb moves.

# %% [markdown]
# Look at some. If you read German: are the endings right? To BLEU a wrong one is a wrong word.

# %%
chosen = random.Random(SEED).sample(german.splits["test"], 4)
said = captioner.caption([german.image_paths[name] for name in chosen])
plots.show_images([open_image(german.image_paths[name]) for name in chosen], said)

# %% [markdown]
# The widget of lesson 07 takes both captioners as they are. `Captioner.load` and the command of lesson 09 take their folders.

# %%
examples = {"a drawing": german.image_paths[chosen[0]], "a product": shop / unseen[0]}
caption_widget({"German": captioner, "the shop": seller}, examples)

# %% [markdown]
# ## 8. Without spaces
#
# A harder case: Chinese, Japanese and Thai write no space between words. Here are four made-up captions for two photos.

# %%
chinese = {
    "dog.jpg": [
        "一只黑狗在雪地里跑。",  # a black dog runs in the snow
        "雪地里有一只狗在跑。",  # in the snow a dog is running
    ],
    "cats.jpg": [
        "两只白猫坐在海边。",  # two white cats sit by the sea
        "海边坐着两只猫。",  # by the sea sit two cats
    ],
}
print([clean_caption(text).split() for text in chinese["dog.jpg"]])

# %% [markdown]
# Each sentence has become *one word*. Nothing breaks! The tokenizer learns a vocabulary of whole sentences, and the scores compare sentence with sentence. Two captions with most of their characters in common count as entirely different:

# %%
scored = score_captions([chinese["dog.jpg"][:1]], chinese["dog.jpg"][1:])
print(f"BLEU-1 of two captions of one photo: {scored['BLEU-1']:.1f}")

# %% [markdown]
# `open_dataset` notices such texts and says so in its report. What they need is a function that splits a text into words. `split_captions` puts a space between the words, right after reading; everything after that stays as it is.


# %% tags=["same-as:helpers.captions.split_captions"]
def split_captions(captions, words_of):
    spaced = {}
    for name, sentences in captions.items():
        groups = [words_of(sentence) for sentence in sentences]
        if any(isinstance(words, str) for words in groups):
            raise TypeError(f"words_of returns a text for {sentences[0]!r}; a list of words is due")
        spaced[name] = [" ".join(words) for words in groups]
    return spaced


spaced = split_captions(chinese, captions.single_letters)
scored = score_captions([spaced["dog.jpg"][:1]], spaced["dog.jpg"][1:])
print(spaced["dog.jpg"][0], "  BLEU-1:", round(scored["BLEU-1"], 1))

# %% [markdown]
# `single_letters` makes every character a word. It needs no dictionary, and for Chinese it is a usual choice: translations into Chinese are mostly scored by character. For real words use a library: `jieba.lcut` for Chinese (`pip install jieba` in the course's environment), others for Japanese and Thai. You pass its function when you open the data:
#
# ```python
# import jieba
# dataset = open_dataset("my chinese folder", words_of=jieba.lcut)
# ```
#
# Or you convert once with `python -m helpers.datasets FOLDER --words jieba:lcut --to coco spaced.json`. The captioner then writes spaces, too; take them out for readers: `caption.replace(" ", "")`.
#
# For letters beyond Latin, Greek and Cyrillic the figures use a font of your machine if there is one, such as Noto Sans CJK.

# %% [markdown]
# ## Recap
#
# * Recognise a format by its content; leave CSV to `csv`, JSON to `json`.
# * Match names with files first. Say what was dropped, and why.
# * Deal out photos, never rows.
# * A model learns to say what captions say. It makes up what no photo shows.
# * Another language needs a cleaning that keeps its letters; a script without spaces needs a function that finds the words. The model stays the same.

# %% [markdown]
# ## Exercises
#
# ### Exercise 1: Mend the broken row
#
# Write `split_bars(line)`: it returns (name, caption) of a line of Kaggle's Flickr30k, with or without its second bar. A caption may hold bars and digits, too. A regular expression with `\|?` helps.


# %% tags=["exercise"]
def split_bars(line):
    return line.split("|")[0], ""  # your turn


lines = {"a.jpg| 0| A dog | cat sign .": ("a.jpg", "A dog | cat sign .")}
lines["b.jpg| 4   A dog runs ."] = ("b.jpg", "A dog runs .")
lines["c.jpg| 10| 2 dogs ."] = ("c.jpg", "2 dogs .")
lines["my dog.jpg| 3| A wet dog . "] = ("my dog.jpg", "A wet dog .")
differs = [line for line, wanted in lines.items() if split_bars(line) != wanted]
print(f"not yet, the answer differs for: {differs}" if differs else "right")


# %% tags=["solution"]
# @title Solution 1
def split_bars(line):
    return re.fullmatch(r"(.+?)\|\s*\d+\s*\|?\s*(.*?)\s*", line).groups()


lines = {"a.jpg| 0| A dog | cat sign .": ("a.jpg", "A dog | cat sign .")}
lines["b.jpg| 4   A dog runs ."] = ("b.jpg", "A dog runs .")
lines["c.jpg| 10| 2 dogs ."] = ("c.jpg", "2 dogs .")
lines["my dog.jpg| 3| A wet dog . "] = ("my dog.jpg", "A wet dog .")
differs = [line for line, wanted in lines.items() if split_bars(line) != wanted]
print(f"not yet, the answer differs for: {differs}" if differs else "right")

# %% [markdown]
# ### Exercise 2: Make Karpathy's file
#
# Write `karpathy_content(group, splits)`: it returns captions and splits as the content of a Karpathy file, with `filename`, `split`, and `sentences` with `raw`. What does he call dev? The check reads your file back and compares captions and splits.


# %% tags=["exercise"]
def karpathy_content(group, splits):
    return {"images": []}  # your turn


toy = {"a.jpg": ["A dog .", "A wet dog ."], "b.jpg": ["A cat ."], "c.jpg": ["Two boats ."]}
toy_splits = {"train": ["a.jpg"], "dev": ["c.jpg"], "test": ["b.jpg"]}
content, differs = karpathy_content(toy, toy_splits), "it holds no images"
if content["images"]:
    _ = (work / "yours.json").write_text(json.dumps(content), encoding="utf-8")
    back = captions.read_caption_file(work / "yours.json")
    differs = "" if back.captions == toy else f"captions read back: {back.captions}"
    kept = {name: list(names) for name, names in (back.splits or {}).items()}
    named_so = {image["split"] for image in content["images"]} == {"train", "val", "test"}
    differs = differs or ("" if kept == toy_splits and named_so else f"splits read back: {kept}")
print(f"not yet, {differs}" if differs else "right")


# %% tags=["solution"]
# @title Solution 2
def karpathy_content(group, splits):
    split_of = {name: split for split, names in splits.items() for name in names}
    images = []
    for name, texts in group.items():
        split = split_of[name].replace("dev", "val")
        sentences = [{"raw": text, "tokens": clean_caption(text).split()} for text in texts]
        images.append({"filename": name, "split": split, "sentences": sentences})
    return {"images": images}


toy = {"a.jpg": ["A dog .", "A wet dog ."], "b.jpg": ["A cat ."], "c.jpg": ["Two boats ."]}
toy_splits = {"train": ["a.jpg"], "dev": ["c.jpg"], "test": ["b.jpg"]}
content, differs = karpathy_content(toy, toy_splits), "it holds no images"
if content["images"]:
    _ = (work / "yours.json").write_text(json.dumps(content), encoding="utf-8")
    back = captions.read_caption_file(work / "yours.json")
    differs = "" if back.captions == toy else f"captions read back: {back.captions}"
    kept = {name: list(names) for name, names in (back.splits or {}).items()}
    named_so = {image["split"] for image in content["images"]} == {"train", "val", "test"}
    differs = differs or ("" if kept == toy_splits and named_so else f"splits read back: {kept}")
print(f"not yet, {differs}" if differs else "right")

# %% [markdown]
# ### Exercise 3: Split with a dictionary
#
# Write `longest_words(text, known)`: from the left, take the longest known word each time, or a single character if none fits. This is the oldest way to find Chinese words. The third text shows where it goes wrong: “research | life | origin” becomes “graduate student | order | origin”.


# %% tags=["exercise"]
def longest_words(text, known):
    return list(text)  # your turn


known_words = {"雪地", "雪地里", "海边", "一只", "黑狗", "研究", "研究生", "生命", "起源"}
texts = {"一只黑狗在雪地里跑": ["一只", "黑狗", "在", "雪地里", "跑"], "": []}
texts |= {"研究生命起源": ["研究生", "命", "起源"], "狗海边": ["狗", "海边"], "雪地": ["雪地"]}
differs = [text for text, wanted in texts.items() if longest_words(text, known_words) != wanted]
print(f"not yet, the words differ for: {differs}" if differs else "right")


# %% tags=["solution"]
# @title Solution 3
def longest_words(text, known):
    words = []
    while text:
        sizes = [size for size in range(len(text), 1, -1) if text[:size] in known]
        size = sizes[0] if sizes else 1
        words.append(text[:size])
        text = text[size:]
    return words


known_words = {"雪地", "雪地里", "海边", "一只", "黑狗", "研究", "研究生", "生命", "起源"}
texts = {"一只黑狗在雪地里跑": ["一只", "黑狗", "在", "雪地里", "跑"], "": []}
texts |= {"研究生命起源": ["研究生", "命", "起源"], "狗海边": ["狗", "海边"], "雪地": ["雪地"]}
differs = [text for text, wanted in texts.items() if longest_words(text, known_words) != wanted]
print(f"not yet, the words differ for: {differs}" if differs else "right")

# %% [markdown]
# ### Exercise 4: Find captions that no photo can teach
#
# Write `unseeable(texts, pattern)`: the share (0 to 1) of captions in which a regular expression, such as `late|two days`, finds whole words; 0 for no captions. Capitals don't matter, and `late` is not in “plate”.
#
# Then an open task: take thirty photos of your own, caption them with the form, and train. You are done when you can name, as in section 6, a kind of word that the captioner gets right on photos it has not seen, and one that it makes up.


# %% tags=["exercise"]
def unseeable(texts, pattern):
    return None  # your turn


told = ["A red mug, came LATE", "A white plate", "late lamp", "It came later"]
asked = [(told, "late", 0.5), (told[:2], "late|mug", 0.5), ([], "late", 0), (told, "Lamp", 0.25)]
differs = [pattern for texts, pattern, share in asked if unseeable(texts, pattern) != share]
print(f"not yet, the share differs for: {differs}" if differs else "right")


# %% tags=["solution"]
# @title Solution 4
def unseeable(texts, pattern):
    word = re.compile(rf"\b({pattern})\b", re.IGNORECASE)
    return sum(bool(word.search(text)) for text in texts) / max(1, len(texts))


told = ["A red mug, came LATE", "A white plate", "late lamp", "It came later"]
asked = [(told, "late", 0.5), (told[:2], "late|mug", 0.5), ([], "late", 0), (told, "Lamp", 0.25)]
differs = [pattern for texts, pattern, share in asked if unseeable(texts, pattern) != share]
print(f"not yet, the share differs for: {differs}" if differs else "right")

# %% [markdown]
# ## Next
#
# You can train a captioner on captions of any format and language, your own included. [11 vgg16 and a web page](11_vgg16_and_a_web_page.ipynb) takes another encoder and another way to join photo and words, and puts a captioner on a web page.
#
# ### Further reading
#
# * [Microsoft COCO Captions: Data Collection and Evaluation Server](https://arxiv.org/abs/1504.00325) (Chen and others 2015): how its captions were asked for.
# * [Multi30K: Multilingual English-German Image Descriptions](https://arxiv.org/abs/1605.00459) (Elliott and others 2016): what changes when people describe the same photos in German.
# * [Object Hallucination in Image Captioning](https://arxiv.org/abs/1809.02156) (Rohrbach and others 2018): how often captioners name what isn't there.
# * [Datasheets for Datasets](https://arxiv.org/abs/1803.09010) (Gebru and others 2018): what to write down about data of your own.
# * [jieba](https://github.com/fxsjy/jieba): a library that finds Chinese words.
