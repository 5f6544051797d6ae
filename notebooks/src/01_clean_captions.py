# %% [markdown]
# # 01 · Clean captions
#
# You open a data set of photos with captions, clean the captions word by word, and write them to
# a file that every later lesson reads.
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/OWNER/REPOSITORY/blob/main/notebooks/01_clean_captions.ipynb)
#
# [contents](../README.md) · [02 extract features →](02_extract_features.ipynb)

# %% [markdown]
# ![A picture beside two of its captions, each in three versions: as written, with our cleaning, and with the classic cleaning, which drops short words and digits](images/01_clean_captions.png)
#
# Two captions of one picture: as written, after our cleaning, and after the cleaning that many
# tutorials use. By the end you will know why the third version fails a person who can't see the picture.

# %% [markdown]
# **You will learn**
#
# * how to read a captions file, and three ways to misread it
# * how to clean a caption and keep `t-shirt`, `dog's`, `2` and `Bär` whole
# * what cleaning does to a vocabulary, counted on drawn scenes and on real photos
# * why the word "a" matters to a person who can't see the photo
# * why a data set is split by photo and never by caption
#
# **You need** nothing but some Python: strings, lists, dictionaries, functions.
#
# **Run times**
#
# | | Colab T4 | CPU, 2 cores |
# |---|---|---|
# | mini | about 15 s (estimate) | 6-60 s |
# | Flickr8k | about 25 s (estimate), and the download | 40-120 s, and the download |
#
# **Mini** is a small set of drawn scenes that comes with the course; **Flickr8k** is a set of 8,000
# real photos. **Colab** shows notebooks in your browser and runs them on Google's computers. The
# **T4** is the graphics card (**GPU**) that it lends you: a chip that does thousands of small
# calculations at once, where a computer's processor (CPU) does a few.

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
# Some helpers are used here without being built: `open_dataset` finds the files, `open_image` reads
# a photo, `Workspace` knows the folder for your results, `write_text` writes a file, and the plots
# draw. You write most of the module `captions` yourself in this lesson; it is imported for
# comparison.

# %%
import json
import random
import re
import string
import unicodedata
from collections import Counter
from dataclasses import dataclass

from IPython.display import display

from helpers import captions
from helpers.datasets import DATA_FOLDER, open_dataset
from helpers.files import write_text
from helpers.images import open_image
from helpers.pipeline import Workspace
from helpers.plots import plot_word_counts, show_captioned, show_images

# %% [markdown]
# Settings: `DATASET = "flickr8k"` runs the same lesson on the real photos. `SEED` is the number
# from which all chance in a lesson follows, such as the order of a shuffle: the same **seed** gives
# the same run.

# %% tags=["parameters"]
DATASET = "mini"  # or "flickr8k", or a folder of your own
DATA_DIR = None  # where Flickr8k lies; None looks in data/flickr8k, then downloads it
SEED = 7

# %% [markdown]
# ## 1. What is in a captioning data set?
#
# A **captioner** is a program that writes a sentence about a photo. It learns from examples:
# photos, each with sentences that describe it. Such a sentence is a **caption**. Learning from
# examples is called **training**, and the part of the captioner that learns is the **model**. Look
# at the data first.

# %%
dataset = open_dataset(DATASET, DATA_DIR)
names = dataset.splits["train"][:6]
photos = [open_image(dataset.image_paths[name]) for name in names]
show_images(photos, [dataset.captions[name][0] for name in names], columns=3)

# %% [markdown]
# Each photo has five captions (mini's drawings count as photos). Flickr8k's come from five
# different people. Mini's were written by a **grammar**, a program that builds sentences by rules
# and now and then makes a spelling mistake on purpose. Compare these five: which ones mention the
# place, which ones count, which ones give a colour?

# %%
show_captioned(photos[0], dataset.captions[names[0]])

# %% [markdown]
# There is no single right caption. That is why each photo comes with five, and why lesson 06
# compares a machine's caption with all of them.
#
# `dataset.captions` is a dictionary: the keys are the file names of the photos, the values lists of
# captions, exactly as they were written. What did `open_dataset` find, and what did it leave out? It says so
# in a **report**.

# %%
print(dataset.report)

# %% [markdown]
# Read such a report line by line whenever you open a data set:
#
# * *captions*, *images*: what you work with from here on.
# * *splits*: which photos are for training, for choosing and for testing. Section 7 explains them.
# * *images whose file is missing*: a name that has captions but no photo. Flickr8k lists
#   `2258277193_586949ec62.jpg.1`, and mini repeats this accident on purpose. Captions without a
#   photo can't teach anything, so they are left out.
# * *images without captions*, *images in no split*: photos that stay unused.
# * *captions empty after cleaning*: captions without a single word. You will meet mini's in
#   section 4.
#
# A program that leaves data out without a word will one day leave out half of yours.

# %% [markdown]
# ## 2. What does a captions file look like?
#
# Now open the file itself. Mini and Flickr8k both keep their captions in `Flickr8k.token.txt`. (For
# a folder of your own, you see mini's.) `repr` makes invisible characters visible: `\t` is a tab.

# %%
photo_folder = dataset.image_paths[names[0]].parent
captions_file = photo_folder.parent / "Flickr8k.token.txt"
if not captions_file.exists():
    captions_file = DATA_FOLDER / "mini" / "Flickr8k.token.txt"
lines = captions_file.read_text("utf-8").split("\n")
for line in lines[:6]:
    print(repr(line))

# %% [markdown]
# So each line holds a file name, `#`, the number of the caption, a tab and the caption. Splitting
# it looks easy. Three invented lines show how it can go wrong.

# %%
TRAPS = [
    "dog.jpg#0\tA dog on track #1 .",
    "run.jpg.1#0\tTwo dogs run .",
    "sign.jpg#3\tA sign says\tSTOP .",
]
print("split at every #:     ", TRAPS[0].split("#"))
print("cut at the first dot: ", TRAPS[1].split(".")[0])
print("split at every tab:   ", TRAPS[2].split("\t"))

# %% [markdown]
# * Split at every `#`, and the first caption falls apart.
# * Cut the name at its first dot, as many tutorials do, and `run.jpg.1` becomes `run`. If there is
#   a photo `run.jpg`, it now gets captions that belong to another file.
# * Split at every tab, and the third line has three parts where two are expected.
#
# The cure: split at the *first* tab only, then cut the name at its *last* `#`.


# %%
def split_line(line):
    name, caption = line.split("\t", 1)
    return name.rsplit("#", 1)[0], caption


for line in TRAPS:
    print(split_line(line))

# %% [markdown]
# Now read the whole file. The result must equal that of `read_captions`, the helper behind
# `open_dataset`, which knows many more formats. Then list the names that have no file: the one in
# the report must turn up again.

# %%
raw = {}
for line in filter(str.strip, lines):
    name, caption = split_line(line)
    raw.setdefault(name, []).append(caption.strip())
assert raw == captions.read_captions(captions_file)
print(f"{sum(map(len, raw.values())):,} captions of {len(raw):,} names. Without a file:")
files = {path.name for path in captions_file.parent.rglob("*.jpg")}
for name in set(raw) - files:
    print(name, *raw[name][:2], sep="\n  ")

# %% [markdown]
# ## 3. What is a word?
#
# A captioner deals in words. "Dog", "dog" and "dog." mean the same to you, but they are three
# different strings. **Cleaning** decides what counts as the same word. First put everything in
# lower case, then let a pattern find the words. The pattern that comes to mind is `[a-z]+`: one or
# more of the letters from a to z.

# %%
EXAMPLES = ["A girl in a T-shirt .", "The dog's ball .", "Ein kleiner Bär läuft .", "2 BOATS !"]
for text in EXAMPLES:
    print(f"{text:24}", re.findall("[a-z]+", text.lower()))

# %% [markdown]
# Four captions, four accidents. The t-shirt is torn in two, the `s` of `dog's` is on its own, the
# German bear (`Bär`) becomes `b` and `r`, and the number is lost.
#
# In such a pattern (a **regular expression**), `\w` matches a letter or a digit of any script
# (writing system). That saves the bear and the number. The hyphen and the apostrophe are
# **joiners**: *inside* a word they belong to it; at its edge they are punctuation. So a word is a
# run of letters and then, any number of times (`(?:…)*`), a `-` or a `'` with more letters:
# `\w+(?:[-']\w+)*`. (The price: the apostrophe of "the dogs' balls" is lost.)

# %%
for text in [*EXAMPLES, "' hello - goodbye '", "the dogs' balls"]:
    print(f"{text:24}", re.findall(r"\w+(?:[-']\w+)*", text.lower()))

# %% [markdown]
# One trap is left, and you can't see it. An accented letter can be stored as one character, or as a
# plain letter followed by a **combining mark**. Both look the same on the screen. **NFC**, a
# standard form of Unicode text, turns the second into the first.

# %%
one, two = "ni\u00f1o", "nin\u0303o"
print(one, two, len(one), len(two), one == two)
print(unicodedata.normalize("NFC", two) == one)

# %% [markdown]
# The helpers' pattern, `WORD`, also keeps the vowel signs of scripts such as Hindi's; the appendix
# takes it apart. Two small tables go with it. `PLAIN_JOINERS` turns typographic apostrophes and
# hyphens into plain ones, and `_`, which `\w` matches as well, into a space. `NO_PUNCTUATION`, for
# later, deletes all punctuation.

# %% tags=["same-as:helpers.captions.PLAIN_JOINERS", "same-as:helpers.captions.NO_PUNCTUATION"]
WORD = captions.WORD
PLAIN_JOINERS = str.maketrans("’‐‑_", "'-- ")
NO_PUNCTUATION = str.maketrans("", "", string.punctuation)

print(WORD.findall("the dog’s t-shirt".translate(PLAIN_JOINERS)))

# %% [markdown]
# ## 4. How do you clean a caption?
#
# There is more than one way to clean, so make the choices visible: three switches, each of which
# says what is *kept*. Our cleaning keeps every word. The **classic cleaning**, which you find in
# many tutorials, drops words of one letter and words with digits, and deletes all punctuation.
# `is_kept` tells whether a word passes the first two switches; the third concerns the whole
# caption.


# %% tags=["same-as:helpers.captions.Cleaning", "same-as:helpers.captions.KEEP_EVERY_WORD", "same-as:helpers.captions.CLASSIC_CLEANING", "same-as:helpers.captions.is_kept"]
@dataclass(frozen=True)
class Cleaning:
    one_letter_words: bool = True
    numbers: bool = True
    joiners: bool = True


KEEP_EVERY_WORD = Cleaning()
CLASSIC_CLEANING = Cleaning(one_letter_words=False, numbers=False, joiners=False)


def is_kept(word, cleaning):
    if len(word) == 1 and not cleaning.one_letter_words:
        return False
    return cleaning.numbers or not any(letter.isdigit() for letter in word)


for word in ["a", "dog", "2", "4-wheeler"]:
    print(f"{word:10}", is_kept(word, KEEP_EVERY_WORD), is_kept(word, CLASSIC_CLEANING))

# %% [markdown]
# Now a whole caption: lower case, plain joiners, NFC; then find the words, keep those that pass,
# and put one space between them.


# %% tags=["same-as:helpers.captions.clean_caption"]
def clean_caption(caption, cleaning=KEEP_EVERY_WORD):
    text = caption.lower().translate(PLAIN_JOINERS)
    if not cleaning.joiners:
        text = text.translate(NO_PUNCTUATION)
    words = WORD.findall(unicodedata.normalize("NFC", text))
    return " ".join(word for word in words if is_kept(word, cleaning))


clean_caption("A  Dog , in a T-shirt , runs .")

# %% [markdown]
# Put the two cleanings side by side. Cover the right-hand column and guess it first.

# %%
TRICKY = [*EXAMPLES, "El niño come .", "A 4-wheeler jumps .", "The dogs’ bowls", "A"]
print(f"{'as written':26}{'ours':26}classic")
for text in TRICKY:
    print(f"{text:26}{clean_caption(text):26}{clean_caption(text, CLASSIC_CLEANING)}")

# %% [markdown]
# Follow the words through the classic column. `a` is dropped, and `t-shirt` closes up to `tshirt`.
# `dog's` becomes `dogs`, so the ball of one dog now reads like that of many. `2` and `4-wheeler`
# vanish. `Bär` and `niño` survive both, since Python knows the letters of every language (tutorials
# that use `[a-z]+` lose them). Of the last caption nothing is left.

# %% [markdown]
# ### A caption that becomes empty
#
# An empty caption would teach a captioner to say nothing. So cleaning a whole data set drops empty
# captions, and drops a photo that has lost all of its captions.


# %% tags=["same-as:helpers.captions.clean_captions"]
def clean_captions(captions, cleaning=KEEP_EVERY_WORD):
    cleaned = {}
    for name, sentences in captions.items():
        texts = [clean_caption(sentence, cleaning) for sentence in sentences]
        if any(texts):
            cleaned[name] = [text for text in texts if text]
    return cleaned


toy = {"dog.jpg": ["A dog runs .", "A"], "cat.jpg": ["..."]}
print(clean_captions(toy))
print(clean_captions(toy, CLASSIC_CLEANING))

# %% [markdown]
# Dropping is fine; dropping in silence is not. This function lists what is lost:


# %% tags=["same-as:helpers.captions.empty_after_cleaning"]
def empty_after_cleaning(captions, cleaning=KEEP_EVERY_WORD):
    return [
        (name, sentence)
        for name, sentences in captions.items()
        for sentence in sentences
        if not clean_caption(sentence, cleaning)
    ]


print(empty_after_cleaning(toy), empty_after_cleaning(toy, CLASSIC_CLEANING))

# %% [markdown]
# Now clean the whole data set. Your functions have to give exactly what the helpers give. Which
# captions are lost?

# %%
descriptions = clean_captions(dataset.captions)
classic = clean_captions(dataset.captions, CLASSIC_CLEANING)
assert descriptions == captions.clean_captions(dataset.captions)
assert classic == captions.clean_captions(dataset.captions, captions.CLASSIC_CLEANING)
for title, cleaning in [("ours", KEEP_EVERY_WORD), ("classic", CLASSIC_CLEANING)]:
    print(f"{title:8}", empty_after_cleaning(dataset.captions, cleaning))

# %% [markdown]
# Two of mini's captions are lost: "..." is empty after any cleaning, "3 !" only after the classic
# one.
#
# ## 5. How many words are there?
#
# The set of different words is the **vocabulary**. A **running word** is a word each time it
# occurs: "a dog and a cat" has five running words and a vocabulary of four. A `Counter` counts
# both.


# %% tags=["same-as:helpers.captions.count_words"]
def count_words(captions):
    return Counter(
        word for sentences in captions.values() for text in sentences for word in text.split()
    )


count_words({"pets.jpg": ["a dog and a cat"]})

# %% [markdown]
# Count before and after cleaning. Mini is small and drawn, so compare it with the real thing: the
# same counts were recorded on Flickr8k, by `data/recorded/count_captions.py`. `often` says how many
# words occur once, how many twice, and so on.


# %%
def running(often):
    return sum(count * words for count, words in often.items())


def describe(title, often):
    words, once = sum(often.values()), often[1]
    print(f"{title:22}{words:7,} words {running(often):9,} running {once:7,} occur once")


recorded = json.loads((ROOT / "data" / "recorded" / "flickr8k.json").read_text("utf-8"))
flickr8k = {way: Counter(dict(recorded[way]["often"])) for way in ("as written", "ours", "classic")}
before, after = count_words(dataset.captions), count_words(descriptions)
describe(f"{dataset.name}, as written", Counter(before.values()))
describe(f"{dataset.name}, cleaned", Counter(after.values()))
describe("Flickr8k, as written", flickr8k["as written"])
describe("Flickr8k, cleaned", flickr8k["ours"])
# %% [markdown]
# Cleaning shrinks the vocabulary, since `A` and `a`, `Dog` and `dog` become one word. The running
# words get fewer, too: as written, each full stop and comma counts as a "word". Which words are the
# most frequent, before and after?

# %%
display(plot_word_counts(before, top=10))
display(plot_word_counts(after, top=10))
for way in ("as written", "ours"):
    print(f"Flickr8k, {way}:", *[word for word, _ in recorded[way]["top"]])

# %% [markdown]
# As written, the full stop is one of the leading "words", and `A` and `a` are counted apart.
# Cleaned, small words lead, but the list begins to tell what the photos show: colours on mini, a
# dog and a man on Flickr8k.
#
# The other end of the list is as telling. These words occur *once*:

# %%
once = sorted(word for word, count in after.items() if count == 1)
print(f"{len(once):,} of {len(after):,} words occur once")
print(", ".join(random.Random(SEED).sample(once, min(30, len(once)))))

# %% [markdown]
# Some are rare, some misspelt. On Flickr8k, words that occur once make up two fifths of the
# vocabulary. From a single example a captioner can't learn when to say a word. Lesson 03 decides
# which words the model gets.
#
# ## 6. Why keep "a"?
#
# The classic cleaning drops "a". What does that save?

# %%
after_classic = count_words(classic)
rows = {dataset.name: (Counter(after.values()), Counter(after_classic.values()))}
rows["Flickr8k"] = (flickr8k["ours"], flickr8k["classic"])
for name, (ours, classics) in rows.items():
    describe(f"{name}, ours", ours)
    describe(f"{name}, classic", classics)
    lost = 1 - running(classics) / running(ours)
    print(f"the classic cleaning loses {lost:.1%} of the running words\n")

# %% [markdown]
# The vocabulary stays nearly the same, since "a" is one word. But a good share of the text is gone:
# on Flickr8k, every seventh word, for "a" is the most frequent of all. Shorter captions take less
# time to train on, and the reader pays the price.
#
# **Alt text** is the description of a picture that a **screen reader** reads aloud to people who
# can't see it. Read these aloud, left and right:

# %%
SENTENCES = [
    "A man sees a dog in a park .",
    "A dog chases dogs .",
    "The dog's owner and 2 boys wait .",
    "A girl in a t-shirt holds a cat .",
]
for text in SENTENCES:
    print(f"{clean_caption(text):36}{clean_caption(text, CLASSIC_CLEANING)}")

# %% [markdown]
# The right-hand column reads like a telegram. Worse, it can mislead. "A dog chases dogs" has one
# dog running after many; "dog chases dogs" leaves you to guess. "2 boys" turns into "boys", and the
# owner of one dog into "dogs owner".
#
# And a captioner repeats what it was taught: a word that is missing from every training caption is
# a word that it can never say. No later step puts the "a" back. That is why all lessons clean with
# `KEEP_EVERY_WORD`.
#
# Your data set suffers in the same way. Here is the training photo whose captions lose the most
# different words, with two of its captions in all three versions.


# %% tags=["picture"]
def lost_words(text):
    kept = clean_caption(text, CLASSIC_CLEANING).split()
    return {word for word in clean_caption(text).split() if word not in kept}


def lost_by_photo(name):
    return len(set().union(*map(lost_words, dataset.captions[name])))


photo = max(dataset.splits["train"], key=lost_by_photo)
rows = []
for text in sorted(dataset.captions[photo], key=lambda text: len(lost_words(text)))[-2:]:
    rows.append(f"as written:  {text}")
    rows.append(f"ours:  {clean_caption(text)}")
    rows.append(f"classic:  {clean_caption(text, CLASSIC_CLEANING)}")
show_captioned(open_image(dataset.image_paths[photo]), rows)

# %% [markdown]
# ## 7. Which photos are for training, which for testing?
#
# To find out whether a captioner works, you show it photos that it has never seen. So the photos
# are **split** into three: **train** is for training, **dev** (development) for choosing between
# models, and **test** is kept for the final score. What should you deal out: photos or captions?
#
# Do it the wrong way first. Shuffle all captions and give a tenth of them to dev, another tenth to
# test, and the rest to train.

# %%
pairs = [(name, text) for name, texts in descriptions.items() for text in texts]
random.Random(SEED).shuffle(pairs)
tenth = len(pairs) // 10
dev_photos = {name for name, _ in pairs[:tenth]}
train_photos = {name for name, _ in pairs[2 * tenth :]}
shared = len(dev_photos & train_photos) / len(dev_photos)
print(f"{shared:.1%} of the photos in dev are in train as well. One of them:")
leak = next(name for name, _ in pairs[:tenth] if name in train_photos)
print("dev:  ", next(text for name, text in pairs[:tenth] if name == leak))
for text in [text for name, text in pairs[2 * tenth :] if name == leak]:
    print("train:", text)

# %% [markdown]
# The photos of dev are in train as well, each with other captions. A model that has learnt its
# training photos by heart would score well on dev. Such a mistake is called a **leak**: what should
# be new to the model is not. Nothing raises an error; the scores come out too high.
#
# So you deal out photos, each with all of its captions. Flickr8k comes with three lists of names
# (6,000, 1,000 and 1,000); mini has lists of its own. Do any two of them share a photo?

# %%
train, dev, test = (set(dataset.splits[split]) for split in ("train", "dev", "test"))
assert not train & dev and not train & test and not dev & test
print(f"train {len(train):,}, dev {len(dev):,}, test {len(test):,}, shared: none")

# %% [markdown]
# ## 8. Write the descriptions down
#
# The cleaned captions go to `descriptions.txt`, one a line: name, tab, caption. `write_text` takes
# care of two details: UTF-8, so that `Bär` survives on every machine, and a file that is either
# complete or not there at all.
#
# The file goes into the work folder, where every lesson leaves what it makes: `work/mini/` in the
# course folder.


# %% tags=["same-as:helpers.captions.write_descriptions"]
def write_descriptions(descriptions, path):
    lines = [f"{name}\t{text}\n" for name, texts in descriptions.items() for text in texts]
    write_text(path, "".join(lines))


work = Workspace(dataset)
path = work.folder / "descriptions.txt"
write_descriptions(descriptions, path)
print(path, *path.read_text("utf-8").split("\n")[:3], sep="\n")

# %% [markdown]
# Read the file back and compare. `work.descriptions` is what the later lessons use: it cleans
# afresh, and writes this file if you have skipped this lesson.

# %%
assert captions.read_descriptions(path) == descriptions
assert work.descriptions == descriptions
print(f"{path.name}: {path.stat().st_size / 1000:,.0f} KB, read back, equal")

# %% [markdown]
# The lesson in four lines:

# %% tags=["scores"]
print(f"images {len(descriptions):,}, captions {sum(map(len, descriptions.values())):,}")
print(f"words as written {len(before):,}, cleaned {len(after):,}, classic {len(after_classic):,}")
lost = 1 - after_classic.total() / after.total()
print(f"running words lost by the classic cleaning {lost:.1%}")
print(f"words that occur once {len(once):,}")

# %% [markdown]
# ## Appendix: the pattern for a word in any script
#
# Some scripts, such as Hindi's, write vowels as marks on a letter, and NFC has no single character
# for most of these pairs. `\w` doesn't match such marks, so a plain pattern tears the word apart.
# `MARKS` lists them (Unicode's category M), and `LETTERS` lets them follow a letter. (The two codes
# at the end of `LETTERS` are invisible characters inside Persian and Hindi words. `(?![ -~])` only
# saves time: a plain letter, space or full stop is no mark, so it need not be looked up in the long
# list.)

# %% tags=["same-as:helpers.captions.MARKS", "same-as:helpers.captions.LETTERS", "same-as:helpers.captions.WORD"]
MARKS = "".join(chr(c) for c in range(0x300, 0x20000) if unicodedata.category(chr(c))[0] == "M")
LETTERS = rf"\w+(?:(?![ -~])[\w{MARKS}\u200c\u200d]+)?"
WORD = re.compile(rf"{LETTERS}(?:[-']{LETTERS})*")

assert WORD == captions.WORD
print(re.findall(r"\w+", "हिन्दी"), WORD.findall("हिन्दी"))

# %% [markdown]
# ## Recap
#
# * Split a line at its first tab and the name at its last `#`; report what has no file.
# * A word is a run of letters of any script, with `-` or `'` inside. Lower case and NFC make equal
#   words equal.
# * The classic cleaning hardly shrinks the vocabulary, but takes "a" and the numbers out of every
#   sentence. Alt text needs them.
# * Deal out photos, never captions, or what dev and test hold leaks into training.
# * Write UTF-8, read it back and compare.
#
# ### Further reading
#
# * Hodosh, Young and Hockenmaier, [Framing Image Description as a Ranking
#   Task](https://doi.org/10.1613/jair.3994) (2013): how Flickr8k was made, and by whom.
# * [Regular expression HOWTO](https://docs.python.org/3/howto/regex.html): the patterns of this
#   lesson from the beginning.
# * [Unicode HOWTO](https://docs.python.org/3/howto/unicode.html): characters, UTF-8 and normal
#   forms in Python.
# * W3C, [Images Tutorial](https://www.w3.org/WAI/tutorials/images/): what good alt text says, and
#   when a picture needs none.

# %% [markdown]
# ## Exercises
#
# ### Exercise 1: Read another format
#
# Another well-known copy of Flickr8k has lines such as `dog.jpg,A dog runs`. The caption may hold
# commas, too. Return the name and the caption.


# %% tags=["exercise"]
def split_at_comma(line):
    return line, ""  # your turn


due = [("dog.jpg", "A dog runs"), ("cats.jpg", "A cat , two cats , a bird ."), ("a.b.png", ",")]
for name, caption in due:
    found = split_at_comma(f"{name},{caption}")
    if tuple(found or ()) != (name, caption):
        print(f"not yet: of {name},{caption} you make {found!r}")
        break
else:
    print("right")


# %% tags=["solution"]
# @title Solution 1
def split_at_comma(line):
    name, caption = line.split(",", 1)
    return name, caption


due = [("dog.jpg", "A dog runs"), ("cats.jpg", "A cat , two cats , a bird ."), ("a.b.png", ",")]
for name, caption in due:
    found = split_at_comma(f"{name},{caption}")
    if tuple(found or ()) != (name, caption):
        print(f"not yet: of {name},{caption} you make {found!r}")
        break
else:
    print("right")

# %% [markdown]
# ### Exercise 2: Find words that the classic cleaning merges
#
# `dog's` turns into `dogs`, which is a word of its own. Given a set of words, return those with a
# joiner that turn into another word of the set once `NO_PUNCTUATION` has deleted it.


# %% tags=["exercise"]
def merged(words):
    return set()  # your turn


toy_words = {"dog's", "dogs", "t-shirt", "tshirt", "cat's", "hot-air", "a", "merry-go-round"}
found, due = merged(toy_words), {"dog's", "t-shirt"}
if found == due and merged({"cat", "cats"}) == set():
    print("right: in your data set", sorted(merged(set(after)))[:8])
else:
    print(f"not yet: of the toy words you return {found!r}")


# %% tags=["solution"]
# @title Solution 2
def merged(words):
    closed = {word: word.translate(NO_PUNCTUATION) for word in words}
    return {word for word in words if closed[word] != word and closed[word] in words}


toy_words = {"dog's", "dogs", "t-shirt", "tshirt", "cat's", "hot-air", "a", "merry-go-round"}
found, due = merged(toy_words), {"dog's", "t-shirt"}
if found == due and merged({"cat", "cats"}) == set():
    print("right: in your data set", sorted(merged(set(after)))[:8])
else:
    print(f"not yet: of the toy words you return {found!r}")

# %% [markdown]
# ### Exercise 3: Spell numbers out
#
# `2` and `two` are one word to a listener. In a cleaned caption, replace the digits 1 to 9 by words
# where a digit is a word of its own: `4-wheeler` and `10` stay as they are.

# %% tags=["exercise"]
DIGITS = dict(zip("123456789", "one two three four five six seven eight nine".split(), strict=True))


def spell_digits(text):
    return text  # your turn


due = {"2 boys on 1 4-wheeler": "two boys on one 4-wheeler", "10 dogs and 9": "10 dogs and nine"}
wrong = {text: spell_digits(text) for text in due if spell_digits(text) != due[text]}
print(f"not yet: {wrong}" if wrong else "right")


# %% tags=["solution"]
# @title Solution 3
def spell_digits(text):
    return " ".join(DIGITS.get(word, word) for word in text.split())


due = {"2 boys on 1 4-wheeler": "two boys on one 4-wheeler", "10 dogs and 9": "10 dogs and nine"}
wrong = {text: spell_digits(text) for text in due if spell_digits(text) != due[text]}
print(f"not yet: {wrong}" if wrong else "right")

# %% [markdown]
# ### Exercise 4: Clean your own language
#
# This exercise is open. Write three captions in a language that you speak, with its accents,
# hyphens and apostrophes. Clean them with both cleanings. You are done when you can name, for each
# switch of `Cleaning`, a word that is damaged when it is off, or say why your language has none.

# %% tags=["exercise"]
my_captions = []  # your turn

for text in my_captions:
    print(f"{clean_caption(text):36}{clean_caption(text, CLASSIC_CLEANING)}")
changed = [
    text for text in my_captions if clean_caption(text) != clean_caption(text, CLASSIC_CLEANING)
]
if len(my_captions) >= 3 and changed:
    print(f"the two cleanings differ on {len(changed)} of {len(my_captions)}: which switch is it?")
else:
    print("not yet: three captions are due, and at least one that the cleanings treat differently")

# %% tags=["solution"]
# @title Solution 4
# The classic cleaning glues article and noun together ("lenfant"); it drops "a", which means
# "has", and "à", which means "at"; and it loses the 2. French needs all three switches on.
my_captions = ["L'enfant a 2 chiens .", "Été à la plage !", "Un arc-en-ciel , c'est-à-dire ..."]

for text in my_captions:
    print(f"{clean_caption(text):36}{clean_caption(text, CLASSIC_CLEANING)}")
changed = [
    text for text in my_captions if clean_caption(text) != clean_caption(text, CLASSIC_CLEANING)
]
if len(my_captions) >= 3 and changed:
    print(f"the two cleanings differ on {len(changed)} of {len(my_captions)}: which switch is it?")
else:
    print("not yet: three captions are due, and at least one that the cleanings treat differently")

# %% [markdown]
# ## Next
#
# Every later lesson can use `descriptions.txt`. Next come the photos:
# [02 extract features](02_extract_features.ipynb) turns each of them into 3,032 numbers that a
# captioner can learn from.
