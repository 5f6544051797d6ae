# %% [markdown]
# # 10 · Bring your own data
#
# You read captions in every usual format, write some for photos of your own, and train a captioner that speaks German.
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/OWNER/REPOSITORY/blob/main/notebooks/10_bring_your_own_data.ipynb)
#
# [← 09 write alt text](09_write_alt_text.ipynb) · [contents](../README.md) · [11 vgg16 and a web page →](11_vgg16_and_a_web_page.ipynb)

# %% [markdown]
# ![A drawn scene beside three sentences: its English caption, its German caption, and what the captioner says in German](images/10_bring_your_own_data.png)
#
# A scene that the captioner has never seen, with a caption in each language, and the model's own words in German.

# %% [markdown]
# **You will learn**
#
# * what the usual caption files look like, and how each of them trips up a program in a hurry
# * how to find out what was lost on the way from files to training
# * how to write captions for photos of your own, in COCO's format
# * what changes for another language, and what doesn't
# * what to do with a language that writes no spaces
#
# **You need** nothing; features and captioner are made by `helpers.pipeline` if they are missing.
#
# **Run times**
#
# | | Colab T4 | CPU, 2 cores |
# |---|---|---|
# | mini | about 1 min (estimate) | about 80 s with lesson 02's features, 3 min without (estimate) |
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
# `captions` reads and writes caption files, `datasets` opens a folder with captions and photos. From earlier lessons you know the pipeline, the widget and the scores. `annotation_widget` is new: a form to write captions with.

# %%
import csv
import io
import json
import random
import re
import shutil

from helpers import captions, plots
from helpers.apps.annotating import annotation_widget
from helpers.apps.widget import caption_widget
from helpers.captions import clean_caption, clean_captions, count_words, read_captions
from helpers.datasets import describe, open_dataset
from helpers.files import write_text
from helpers.images import open_image
from helpers.metrics import score_captions
from helpers.pipeline import Workspace

# %% [markdown]
# Settings: `SECOND` is the data set that a captioner is trained on in section 6. `"mini-de"` has the drawings of mini with German captions. It can be a folder of yours as well.

# %% tags=["parameters"]
DATASET = "mini"  # or "flickr8k", or a folder of your own
DATA_DIR = None  # where Flickr8k lies; None looks in data/flickr8k, then downloads it
SEED = 7
SECOND = "mini-de"

# %% [markdown]
# ## 1. What do caption files look like?
#
# A data set for captioning is a folder of photos and a text that says which sentence belongs to which photo. That is all. And yet everybody writes it in another way. You know Flickr8k's way from lesson 01; **Flickr30k**, its larger sister of 31,783 photos, has the same. Here are the others, as tiny as can be. `put` writes them into a folder to play in, and shows them.


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
# **Kaggle** is a site that shares data sets. Its copies of Flickr8k are CSV (lesson 09). If a caption holds a comma, it stands in quotation marks.

# %%
kaggle = 'image,caption\ndog.jpg,"A dog , wet and happy , runs ."\ndog.jpg,A wet dog .\n'
put("kaggle.csv", kaggle)

# %% [markdown]
# Kaggle's copy of Flickr30k is separated by bars, each with a blank behind it. One row of the real file, number 19,999, lacks its second bar. So does the second row here.

# %%
bars = "image_name| comment_number| comment\ndog.jpg| 0| A dog , wet and happy , runs .\n"
bars += "dog.jpg| 1   A wet dog .\ncat.jpg| 0| A cat .\n"
put("flickr30k.csv", bars)

# %% [markdown]
# **COCO** is the largest of the classic sets: 123,000 photos with five captions each. Its file is a JSON with two lists. Images have a number and a name; annotations have a caption and the *number* of an image. Many tools read this format, so it is the one to choose for data of your own.

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
# **Karpathy**'s JSON files (named after Andrej Karpathy, who made them for Flickr8k, Flickr30k and COCO) keep sentences inside their image, and say to which split the image belongs. Most papers use these splits. Note the name: his "val" is dev here.

# %%
sentences = [{"raw": text, "tokens": clean_caption(text).split()} for text in ("A wet dog .",)]
karpathy = {"images": [{"filename": "dog.jpg", "split": "val", "sentences": sentences}]}
put("karpathy.json", json.dumps(karpathy))

# %% [markdown]
# Last, what **Hugging Face**, a site that shares data sets and models, calls an imagefolder: photos, and a `metadata.jsonl` with one JSON object a line. (Its tables look alike, with columns such as `caption_0` to `caption_4` and `split`.)

# %%
record = {"file_name": "dog.jpg", "split": "train", "captions": ["A wet dog .", "A happy dog ."]}
put("metadata.jsonl", json.dumps(record) + "\n")

# %% [markdown]
# How is a program to know which is which? Not by the name of the file: Kaggle's table is called `captions.txt`, and the Flickr30k table with bars ends in `.csv`. It looks at the first line, as you would.

# %%
for path in sorted(play.glob("*.*")):
    found = captions.read_caption_file(path)
    print(f"{path.name:15} {found.format:32} {found.captions['dog.jpg'][-1]}")

# %% [markdown]
# ## 2. Three ways to lose captions
#
# ### The comma
#
# Reading a CSV looks easy: split each line at its commas. Try it on your whole data set. The module `csv` writes it as Kaggle does; then you read it in a hurry, and count the captions that come back as they were.


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
# No error, no warning! The captions with a comma have lost their end. "On the beach , a red dog runs" has become a quotation mark and "On the beach". A model trained on that learns to stop early, and you search for the fault everywhere but here.
#
# Splitting at the first comma only doesn't help either: the quotation marks stay. The module that wrote the file reads it, too.

# %%
partitioned = [line.partition(",")[2] for line in table.splitlines()[1:]]
print("partition(','): {} of {} intact".format(*intact(dataset.captions, partitioned)))
rows = list(csv.reader(io.StringIO(table)))[1:]
print("csv.reader:     {} of {} intact".format(*intact(dataset.captions, [r[1] for r in rows])))

# %% [markdown]
# ### The phantom
#
# Lesson 01 met `2258277193_586949ec62.jpg.1`: five captions, and no such photo. Neither is there a `2258277193_586949ec62.jpg`, but whoever cuts off what follows the first dot looks for one, and the program fails hours later. A **phantom image** is one that has captions and no file. COCO's lists have the opposite as well: photos that nobody described.
#
# So match the names with the files *first*, drop what doesn't match, and say so. `open_dataset` does this. Read its report of your data:

# %%
print(dataset.report)

# %% [markdown]
# And a JSON with losses: an annotation of an image that was taken out of the list, a caption that is empty.

# %%
damaged = json.loads(json.dumps(coco))
damaged["images"].pop()
damaged["annotations"][2]["caption"] = None
put("coco.json", json.dumps(damaged))
captions.read_caption_file(play / "coco.json").dropped

# %% [markdown]
# ### The leak
#
# A table has one caption a row, and tools for tables deal out rows. You saw in lesson 01 what that does: nearly every photo of dev is in train as well. A folder whose split column was made like this is refused, before it makes your scores too good:

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
# COCO's captions know only the number of their image. To read them, make a dictionary from numbers to names, then go through the annotations once. (Looking up each number in the list of images takes 123,000 × 600,000 / 2 steps. People have waited for that.)


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
# And back. Numbers count from 1; every image carries its split, which other readers pass over. `write_text` writes to a second file and swaps the two at the end, so that a crash leaves the old file in place.


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
# COCO itself comes in two files, `captions_train2017.json` and `captions_val2017.json`. Unzip them into one folder with the photos, give `open_dataset` that folder, and the files become splits. COCO's test captions are kept secret by its makers, so the test split is a tenth of train.
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
# The first line prints what `describe` returns; the others convert. Nothing is overwritten.

# %%
print(describe(dataset, examples=1))

# %% [markdown]
# Four questions to ask of it. Are the losses few, and can you explain each? Is the longest caption a caption, or did two lines run together? How many words occur once: most of them slips of the pen? And do the examples fit their photos?
#
# ## 5. Captions of your own
#
# Six hundred photos with five captions each are enough for a narrow subject, as mini shows: your plants, your machines, your cats. Six drawings stand for them.

# %%
photos = work / "my photos"
photos.mkdir(exist_ok=True)
for name in dataset.splits["train"][:6]:
    shutil.copy(dataset.image_paths[name], photos)
form = annotation_widget(photos, photos / "captions.json", amount=5)
form

# %% [markdown]
# Write a sentence and press Tab or Enter; what you have written is saved at that moment. Close the notebook in the middle of it, come back, and the form shows the first photo that lacks captions. (On GitHub you see no form above: it needs a kernel.)
#
# What to write? The rules that COCO gave its writers are good ones: say what is important, in a sentence of at least eight words; don't begin with "There is"; don't guess what people think or what happens next; give nobody a name. Five *different* captions teach more than one five times. Better still, ask five people.
#
# Code can fill in the boxes, too. Here it does so in a form with a file of its own, so that your captions stay yours:

# %%
by_code = work / "captions by code.json"
by_code.unlink(missing_ok=True)
second_form = annotation_widget(photos, by_code, amount=5)
for box, text in zip(second_form.boxes, dataset.captions[second_form.photos[0].name], strict=False):
    box.value = text
print(re.sub("<.*?>", "", second_form.message.value))
print(by_code.read_text("utf-8")[:400])

# %% [markdown]
# The file may have been begun by somebody else. It is read anew before each change, and whatever the form doesn't know (licences, sizes, other people's photos) stays in it. This is COCO JSON, and your own lies in a folder with its photos. So `open_dataset(photos)` opens it as soon as three photos have captions, one for each split (to learn anything, take hundreds), and
#
# ```sh
# python -m helpers.pipeline --dataset "work/mini/my photos" --out my-captioner
# ```
#
# trains on it. You do the same in the next section, with another data set.
#
# ## 6. Another language
#
# What has to change for German? Think about it before you read on: encoder, tokenizer, model, training, scores.

# %%
german = open_dataset(SECOND)
print(german.report)

# %% [markdown]
# The encoder sees pixels. The model sees numbers of words. The tokenizer takes the words as they come. So the answer is: **nothing, if cleaning leaves the letters alone**. Look at what the pattern of many tutorials does to them.

# %%
text = "Ein weißes Kätzchen läuft über die Straße ."
print(" ".join(re.findall("[a-z]+", text.lower())))
print(clean_caption(text))

# %% [markdown]
# "weißes" falls into "wei" and "es", and "es" means "it". In Polish or Vietnamese little is left, in Russian nothing.
#
# Lower case is a choice as well. German writes nouns with a capital, and cleaning takes it away: *Fliegen* are flies, *fliegen* is to fly, and now both are one word. Lesson 07 puts the capital back at the start of a sentence; a German reader misses it in every noun. The course accepts that. What else is different? Count the words.

# %%
for title, data in (("first", dataset), ("second", german)):
    words = count_words(clean_captions(data.captions))
    print(f"{title:7} {len(words):6,} words, {words.total():8,} running words")

# %% [markdown]
# If both are mini: the same scenes take more different words in German. "red" is *rot*, *roter*, *rote*, *rotes* or *roten*, depending on gender, number and case. The model has to learn each form by itself, from fewer examples of each. Languages such as Finnish or Turkish have dozens of forms per word, and there people cut words into pieces. That is another course.
#
# The features of the drawings don't depend on the language. If lesson 02 has left them for mini, copy them; otherwise the pipeline extracts them now, which takes a minute or two on a CPU. Training takes less.

# %%
second_work = Workspace(german)
known = second_work.folder.parent / "mini" / "features.pkl"
if SECOND == "mini-de" and known.exists() and not (second_work.folder / "features.pkl").exists():
    shutil.copy(known, second_work.folder)
captioner = second_work.captioner(seed=SEED)

# %% [markdown]
# And the test photos, which it has never seen? To know what a score is worth, score the first caption of each photo against the other four as well, as lesson 06 does.

# %%
scores = second_work.score(captioner, "test", beam_size=3)
references = german.references("test")
first = score_captions([group[1:] for group in references], [group[0] for group in references])
for title, values in (("captioner", scores), ("first caption", first)):
    shown = "  ".join(f"{name} {values[name]:5.1f}" for name in ("BLEU-1", "BLEU-4", "CIDEr-D"))
    print(f"{title:14} {shown}")

# %% [markdown]
# On mini-de expect a BLEU-4 of 30-40 and a CIDEr-D of 100-135 for the captioner; if yours is outside, look at the report again. In English the same model, trained in the same way, has 44 and 159 (lesson 06, beam 3). Where does German lose? The forms are one reason. The order of words is another: a German sentence may begin with the place, the time or the dog, and the verb moves. There are more ways to be right, so five captions cover fewer of them, and the captions themselves agree less with each other.

# %% [markdown]
# Look at some. If you read German: are the endings right? A wrong ending is a wrong word to BLEU, though every reader would understand it. A right ending with the wrong colour costs the same. (One more thing that cleaning takes away: the commas, which German needs.)

# %%
chosen = random.Random(SEED).sample(german.splits["test"], 4)
said = captioner.caption([german.image_paths[name] for name in chosen])
plots.show_images([open_image(german.image_paths[name]) for name in chosen], said)

# %% [markdown]
# One scene with a caption in each language and the model's words, the picture at the top:


# %% tags=["picture"]
def best_match(name, text):
    return score_captions([german.captions[name]], [text])["BLEU-2"]


name = max(zip(chosen, said, strict=True), key=lambda pair: best_match(*pair))[0]
english = dataset.captions.get(name, [""])[0].rstrip(" .")
lines = [f"In English:  {english}"] if english else []
lines += [f"In the second language:  {german.captions[name][0].rstrip(' .')}"]
lines += [f"The captioner:  {said[chosen.index(name)]}"]
plots.show_captioned(open_image(german.image_paths[name]), lines)

# %% [markdown]
# The widget of lesson 07 takes the new captioner as it is. So do `Captioner.load` and the bulk command of lesson 09, with its folder.

# %%
caption_widget({"yours": captioner}, {"a drawing": german.image_paths[chosen[0]]})

# %% [markdown]
# ## 7. Without spaces
#
# Now a harder case. Chinese, Japanese and Thai write no space between words. Here are four made-up captions for two photos.

# %%
chinese = {
    "dog.jpg": ["一只黑狗在雪地里跑。", "雪地里有一只狗在跑。"],
    "cats.jpg": ["两只白猫坐在海边。", "海边坐着两只猫。"],
}
print([clean_caption(text).split() for text in chinese["dog.jpg"]])

# %% [markdown]
# Each sentence has become *one word*. Nothing breaks! The tokenizer learns a vocabulary of whole sentences, and the scores compare sentence with sentence. Two captions that differ in one letter have nothing in common:

# %%
scored = score_captions([chinese["dog.jpg"][:1]], chinese["dog.jpg"][1:])
print(f"BLEU-1 of two captions of one photo: {scored['BLEU-1']:.1f}")

# %% [markdown]
# `open_dataset` notices such texts and says so in its report. What they need is a function from a text to its words. Everything after it stays as it is, since a space is put between the words once, right after reading.


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
# `single_letters` makes every character a word. It needs no dictionary, and for Chinese it is a usual choice: translations into Chinese are mostly scored by character. For real words take a library: `jieba.lcut` for Chinese (`pip install jieba` in the course's environment), others for Japanese and Thai. You hand it over when you open the data:
#
# ```python
# import jieba
# dataset = open_dataset("my chinese folder", words_of=jieba.lcut)
# ```
#
# or convert once with `python -m helpers.datasets FOLDER --words jieba:lcut --to coco spaced.json`. State which way you split when you publish a score. The captioner's sentences have spaces as well; for readers take them out: `caption.replace(" ", "")`.
#
# One more thing: fonts. Matplotlib brings Latin, Greek and Cyrillic letters. For other scripts the figures take a font of your machine if there is one (Noto Sans CJK, for example); otherwise you see empty boxes and a warning about missing glyphs. It does not join Arabic letters or put them from right to left.

# %% tags=["scores"]
print(f"{german.name}: " + "  ".join(f"{name} {value:.1f}" for name, value in scores.items()))

# %% [markdown]
# ## Recap
#
# * Recognise a format by its content; leave CSV to `csv`, JSON to `json`.
# * Match names with files first. Say what was dropped, and why.
# * Deal out photos, never rows.
# * COCO JSON is the format to write your own captions in.
# * Another language needs a cleaning that keeps its letters; a script without spaces needs a function that finds the words. The model needs neither.

# %% [markdown]
# ## Exercises
#
# ### Exercise 1: Mend the broken row
#
# Return (name, caption) of a line with bars, with or without its second bar. A regular expression with `\|?` helps.


# %% tags=["exercise"]
def split_bars(line):
    return line.split("|")[0], ""  # your turn


rows = [split_bars("a.jpg| 0| A dog | cat sign ."), split_bars("b.jpg| 4   A dog runs .")]
print(
    "right" if rows == [("a.jpg", "A dog | cat sign ."), ("b.jpg", "A dog runs .")] else "not yet"
)


# %% tags=["solution"]
# @title Solution 1
def split_bars(line):
    return re.fullmatch(r"(.+?)\|\s*\d+\s*\|?\s*(.*)", line).groups()


rows = [split_bars("a.jpg| 0| A dog | cat sign ."), split_bars("b.jpg| 4   A dog runs .")]
print(
    "right" if rows == [("a.jpg", "A dog | cat sign ."), ("b.jpg", "A dog runs .")] else "not yet"
)

# %% [markdown]
# ### Exercise 2: Make Karpathy's file
#
# Return the captions of two photos as the content of a Karpathy JSON: `filename`, `split` and `sentences` with `raw`. What does he call dev?


# %% tags=["exercise"]
def karpathy_content(group, splits):
    return {"images": []}  # your turn


toy = {"a.jpg": ["A dog .", "A wet dog ."], "b.jpg": ["A cat ."]}
content = karpathy_content(toy, {"train": ["a.jpg"], "dev": ["b.jpg"], "test": []})
_ = (work / "yours.json").write_text(json.dumps(content), encoding="utf-8")
good = content["images"] and read_captions(work / "yours.json") == toy
print("right" if good and content["images"][1]["split"] == "val" else "not yet")


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


toy = {"a.jpg": ["A dog .", "A wet dog ."], "b.jpg": ["A cat ."]}
content = karpathy_content(toy, {"train": ["a.jpg"], "dev": ["b.jpg"], "test": []})
_ = (work / "yours.json").write_text(json.dumps(content), encoding="utf-8")
good = content["images"] and read_captions(work / "yours.json") == toy
print("right" if good and content["images"][1]["split"] == "val" else "not yet")

# %% [markdown]
# ### Exercise 3: Split with a dictionary
#
# Write `longest_words(text, known)`: from the left, take the longest known word each time, or a single letter if none fits. This is the oldest way to find Chinese words. Where does it go wrong?


# %% tags=["exercise"]
def longest_words(text, known):
    return list(text)  # your turn


known_words = {"雪地", "雪地里", "海边", "一只", "黑狗"}
found_words = longest_words("一只黑狗在雪地里跑", known_words)
print("right" if found_words == ["一只", "黑狗", "在", "雪地里", "跑"] else "not yet")


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


known_words = {"雪地", "雪地里", "海边", "一只", "黑狗"}
found_words = longest_words("一只黑狗在雪地里跑", known_words)
print("right" if found_words == ["一只", "黑狗", "在", "雪地里", "跑"] else "not yet")

# %% [markdown]
# ### Exercise 4: Forgive a wrong ending
#
# BLEU punishes *roter* for *rote* as much as *blaue* for *rote*. Return a caption whose words are cut to their first four letters. Then score stems against stems, and think: which mistakes does this score no longer see?


# %% tags=["exercise"]
def stems(text):
    return text  # your turn


one, two = "ein roter hund läuft", "eine rote hunde laufen"
print(
    "right" if stems(one).split()[1:3] == stems(two).split()[1:3] == ["rote", "hund"] else "not yet"
)


# %% tags=["solution"]
# @title Solution 4
def stems(text):
    return " ".join(word[:4] for word in clean_caption(text).split())


features = second_work.features().select(german.splits["test"])
written = captioner.caption_features(features)
for label, change in {"whole words": str, "stems": stems}.items():
    wanted = [[change(text) for text in group] for group in references]
    scored = score_captions(wanted, [change(text) for text in written])
    print(f"{label:12} BLEU-4 {scored['BLEU-4']:.1f}")

one, two = "ein roter hund läuft", "eine rote hunde laufen"
print(
    "right" if stems(one).split()[1:3] == stems(two).split()[1:3] == ["rote", "hund"] else "not yet"
)

# %% [markdown]
# ## Next
#
# You can train a captioner on captions of any format and language, your own included. [11 vgg16 and a web page](11_vgg16_and_a_web_page.ipynb) takes another encoder and another way to join photo and words, and puts a captioner on a web page.
