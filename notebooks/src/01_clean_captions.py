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
# Two captions of one picture: as people wrote them, after our cleaning, and after the cleaning of
# older tutorials. By the end you know why the third version serves badly those who can't see the
# picture.

# %% [markdown]
# **You will learn**
#
# * what a captions file looks like, line by line, and where reading it goes wrong
# * how to clean a caption and keep `t-shirt`, `dog's`, `2` and `Bär` whole
# * what cleaning does to a vocabulary, in numbers and in a plot
# * why the word "a" matters to a person who can't see the photo
# * why a data set is split by photo and never by caption
#
# **You need** nothing but some Python: strings, lists, dictionaries, functions.
#
# **Run times**
#
# | | Colab T4 | CPU, 2 cores |
# |---|---|---|
# | mini | about 15 s (estimate) | 20-60 s |
# | Flickr8k | about 25 s (estimate), and the download | 40-120 s, and the download |
#
# **Mini** is a small set of drawn scenes that comes with the course, **Flickr8k** a set of 8,000
# real photos. **Colab** runs notebooks in your browser, on Google's computers. The **T4** is the
# graphics card (**GPU**) that it lends: a chip that does thousands of small calculations at once,
# where a computer's processor (CPU) does a few.

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
# Four helpers come in untaught here: `open_dataset` finds the files, `open_image` reads a photo
# (lesson 02 opens it up), `Workspace` knows the folder for your results, and the plots draw.
# `captions` is the module that you write yourself in this lesson; it is here to compare with.

# %%
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
# from which all chance in a lesson follows, such as the order of a shuffle: the same **seed**
# gives the same run.

# %% tags=["parameters"]
DATASET = "mini"  # or "flickr8k", or a folder of your own
DATA_DIR = None  # where Flickr8k lies; None looks in data/flickr8k, then downloads it
SEED = 7

# %% [markdown]
# ## 1. What is in a captioning data set?
#
# A **captioner** is a program that writes a sentence about a photo. It learns from examples:
# photos, and sentences that people wrote about them. Such a sentence is a **caption**, learning
# from examples is called **training**, and the part of the captioner that learns is the **model**.
# Look at the data before you do anything.

# %%
dataset = open_dataset(DATASET, DATA_DIR)
names = dataset.splits["train"][:6]
photos = [open_image(dataset.image_paths[name]) for name in names]
show_images(photos, [dataset.captions[name][0] for name in names], columns=3)

# %% [markdown]
# Each photo has five captions, by five different people (on mini a grammar, a program that builds
# sentences by rules, plays the five). Read these five and compare: who mentions the place, who
# counts, who gives a colour?

# %%
show_captioned(photos[0], dataset.captions[names[0]])

# %% [markdown]
# There is no single right caption. That is why a data set brings five, and why lesson 06 compares
# a machine's caption with all of them.
#
# `dataset.captions` is a dictionary: the file name of a photo leads to the list of its captions,
# exactly as they were written. What did `open_dataset` find, and what did it leave out? It tells you in a **report**.

# %%
print(dataset.report)

# %% [markdown]
# Read it line by line, whenever you open a data set:
#
# * *captions*, *images*: what you work with from here on.
# * *splits*: which photos teach, tune and test. Section 7 is about them.
# * *images whose file is missing*: a name that has captions but no photo. In Flickr8k it is
#   `2258277193_586949ec62.jpg.1`. Its captions can't teach anything, so they are left out. Mini
#   repeats this accident on purpose.
# * *images without captions*, *images in no split*: photos that stay unused.
# * *captions empty after cleaning*: captions without a single word. You meet one in section 4.
#
# A loader that stays silent about its losses will one day lose half of your data.

# %% [markdown]
# ## 2. What does a captions file look like?
#
# Time to open the file itself. Both mini and Flickr8k keep their captions in
# `Flickr8k.token.txt`. (If you use a folder of your own, this section looks at mini's file, and
# lesson 10 at yours.) `repr` makes the invisible visible: `\t` is a tab.

# %%
photo_folder = dataset.image_paths[names[0]].parent
captions_file = photo_folder.parent / "Flickr8k.token.txt"
if not captions_file.exists():
    captions_file = DATA_FOLDER / "mini" / "Flickr8k.token.txt"
lines = captions_file.read_text("utf-8").split("\n")
for line in lines[:6]:
    print(repr(line))

# %% [markdown]
# So a line is: file name, `#`, the number of the caption, a tab, the caption. Splitting seems
# easy, and three traps wait in it. Three made-up lines show them.

# %%
TRAPS = [
    "dog.jpg#0\tA dog on track #1 .",
    "run.jpg.1#0\tTwo dogs run .",
    "sign.jpg#3\tA sign says\tSTOP .",
]
for line in TRAPS:
    print(line.split("#"), line.split(".")[0], line.split("\t"), sep="\n", end="\n\n")

# %% [markdown]
# * Split at every `#`, and the first caption falls apart.
# * Cut the name at its first dot, as many tutorials do, and `run.jpg.1` becomes `run`: captions
#   without a file now look like those of some photo named `run`.
# * Split at every tab, and the third line has three parts where two are expected.
#
# The cure: split at the *first tab* only, then cut the name at its *last* `#`.


# %%
def split_line(line):
    name, caption = line.split("\t", 1)
    return name.rsplit("#", 1)[0], caption


for line in TRAPS:
    print(split_line(line))

# %% [markdown]
# Now the whole file. Does your reader agree with `read_captions`, the helper behind
# `open_dataset`? That one knows many more formats, and names the line if one is damaged. Then look
# up which names have no file: the one of the report must turn up again.

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
# A captioner deals in words. "Dog", "dog" and "dog." mean the same to you, but a computer sees
# three different strings. **Cleaning** decides what counts as the same word. First put everything
# in lower case, then let a pattern find the words. The pattern that comes to mind is `[a-z]+`.

# %%
EXAMPLES = ["A girl in a T-shirt .", "The dog's ball .", "Ein kleiner Bär läuft .", "2 BOATS !"]
for text in EXAMPLES:
    print(f"{text:24}", re.findall("[a-z]+", text.lower()))

# %% [markdown]
# Four captions, four accidents. The t-shirt is torn in two, the dog's `s` stands alone, the German
# bear (`Bär`) becomes `b` and `r`, and the number is lost.
#
# In such a pattern (a **regular expression**), `\w` stands for a letter or a digit of any script.
# That saves the bear and the number. Now the hyphen and the apostrophe, the **joiners**. *Inside*
# a word they belong to it; beside a word they are punctuation. So a word is: letters, and then,
# any number of times, a `-` or a `'` with more letters. (The price: the apostrophe of "the dogs'
# balls", at the end of its word, goes.)

# %%
for text in [*EXAMPLES, "' hello - goodbye '", "the dogs' balls"]:
    print(f"{text:24}", re.findall(r"\w+(?:[-']\w+)*", text.lower()))

# %% [markdown]
# One trap is left, and you can't see it. An accented letter can be stored as one character, or as
# a plain letter followed by a **combining mark**. Both look the same on the screen. **NFC**
# (a normal form of Unicode) turns the second into the first.

# %%
one, two = "ni\u00f1o", "nin\u0303o"
print(one, two, len(one), len(two), one == two)
print(unicodedata.normalize("NFC", two) == one)

# %% [markdown]
# Some scripts have marks without a ready-made character, such as the vowel signs of Hindi. For
# those, the real pattern lets marks follow a letter. The two codes at its end are invisible, and
# used in Persian and in Hindi. `(?![ -~])` only saves time: a plain space, letter or stop is no
# mark, so the long list of marks need not be searched for it. Typographic apostrophes and hyphens
# turn into plain ones, and `_`, which `\w` admits as well, into a space.

# %% tags=["same-as:helpers.captions.MARKS", "same-as:helpers.captions.LETTERS", "same-as:helpers.captions.WORD", "same-as:helpers.captions.PLAIN_JOINERS", "same-as:helpers.captions.NO_PUNCTUATION"]
MARKS = "".join(chr(c) for c in range(0x300, 0x20000) if unicodedata.category(chr(c))[0] == "M")
LETTERS = rf"\w+(?:(?![ -~])[\w{MARKS}\u200c\u200d]+)?"
WORD = re.compile(rf"{LETTERS}(?:[-']{LETTERS})*")
PLAIN_JOINERS = str.maketrans("’‐‑_", "'-- ")
NO_PUNCTUATION = str.maketrans("", "", string.punctuation)

print(re.findall(r"\w+", "हिन्दी"), WORD.findall("हिन्दी"), "dog’s".translate(PLAIN_JOINERS))

# %% [markdown]
# ## 4. How do you clean a caption?
#
# People clean in different ways, so make the choices visible: three switches, each of which says
# what is *kept*. Ours keeps every word. The classic cleaning, which you find in many older
# tutorials, drops words of one letter and words with digits, and deletes all punctuation.
# `is_kept` tells whether a word passes the first two switches; the third concerns whole captions.


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
# And a whole caption: lower case, plain joiners, NFC; then find the words, keep those that pass,
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
# Follow the words through the classic column. `t-shirt` closes up to `tshirt`. `dog's` becomes
# `dogs`, so one dog's ball now reads like that of many. `2` and `4-wheeler` vanish. `Bär` and
# `niño` survive both, since in Python a letter is a letter in any language. (Tutorials that use
# `[a-z]+` lose them.) And the last line is empty.
#
# How close is our classic cleaning to the tutorials' own? Here that is, in two lines.


# %%
def tutorial_cleaning(caption):
    words = caption.lower().translate(NO_PUNCTUATION).split()
    return " ".join(word for word in words if len(word) > 1 and word.isalpha())


texts = [text for group in dataset.captions.values() for text in group]
alike = sum(tutorial_cleaning(text) == clean_caption(text, CLASSIC_CLEANING) for text in texts)
print(f"{alike:,} of {len(texts):,} captions come out alike")

# %% [markdown]
# ### A caption that becomes empty
#
# An empty caption would teach a captioner to say nothing. So cleaning a whole data set drops
# empty captions, and drops a photo when it loses all of its captions.


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
# Dropping is fine, dropping in silence is not. This function lists what is lost. Two captions of
# the full Flickr8k are nothing but the letter A: under the classic cleaning they disappear.


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
# Now the real data, all of it: a second on mini, a few seconds on Flickr8k. What you wrote has to
# give exactly what the helpers give.

# %%
descriptions = clean_captions(dataset.captions)
classic = clean_captions(dataset.captions, CLASSIC_CLEANING)
assert descriptions == captions.clean_captions(dataset.captions)
assert classic == captions.clean_captions(dataset.captions, captions.CLASSIC_CLEANING)
for title, cleaning in [("ours", KEEP_EVERY_WORD), ("classic", CLASSIC_CLEANING)]:
    print(f"{title:8} empty: {empty_after_cleaning(dataset.captions, cleaning)}")

# %% [markdown]
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
# Before and after cleaning:


# %%
def describe(title, counts):
    once = sum(count == 1 for count in counts.values())
    print(f"{title:10}{len(counts):8,} words {counts.total():10,} running {once:8,} occur once")


before, after = count_words(dataset.captions), count_words(descriptions)
describe("as written", before)
describe("cleaned", after)

# %% [markdown]
# Hardly any meaning is lost, and still the vocabulary shrinks: on mini by 10-20%, on Flickr8k by
# 5-10% of its 9,500 words. `A` and `a`, `Dog` and `dog` have become one. Which words lead, before
# and after?

# %%
display(plot_word_counts(before, top=10))
display(plot_word_counts(after, top=20))

# %% [markdown]
# As written, the full stop is one of the leading "words", and `A` and `a` are strangers. Cleaned, the list
# begins to tell you what the photos are about. A few small words make up much of the text; that is so in most languages. At the other end are
# the words that occur *once*. On mini there are few or none, since a grammar repeats itself and makes no
# slips of the pen. On Flickr8k they are more than a third of the vocabulary, and some are misspelt.

# %%
once = sorted(word for word, count in after.items() if count == 1)
print(f"{len(once):,} words occur once")
print(", ".join(random.Random(SEED).sample(once, min(30, len(once)))))

# %% [markdown]
# From a single example a captioner can't learn when to say a word. Cleaning leaves such words
# in; lesson 03 decides which of them get a place in the vocabulary of the model.
#
# ## 6. Why keep "a"?
#
# The classic cleaning drops it. What does that save?

# %%
after_classic = count_words(classic)
describe("ours", after)
describe("classic", after_classic)
lost = 1 - after_classic.total() / after.total()
print(f"{lost:.0%} of the running words are gone")

# %% [markdown]
# Compare the two rows. The vocabulary stays nearly the same, since "a" is one word. But a good
# share of the text is gone: expect 8-15%. On Flickr8k "a" is the most frequent word of all. With
# fewer words per caption a model trains a little faster. The price is paid by the reader.
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
# The right-hand column is a telegram. Worse, it can mislead. "A dog chases dogs" names one dog
# after many; "dog chases dogs" leaves you to guess. "2 boys" turns into "boys", and the owner of
# one dog into "dogs owner".
#
# And a captioner repeats its teacher: a word that is missing from every training caption is a word
# that it can never say. No later step puts the "a" back. That is why all lessons clean with
# `KEEP_EVERY_WORD`, and why the other one is called by its name wherever it is compared.
#
# The same happens to the captions of your data set. Here is the training photo whose captions have
# the most different words to lose, with two of them in all three versions. Read the two "classic"
# lines aloud, then look at the picture.


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
# ## 7. Who learns, who tests?
#
# To know whether a captioner works, you show it photos that it has never seen. So the photos are
# **split** in three: **train** teaches, **dev** helps to choose between models, **test** is kept
# for the final score. The question is what to deal out: photos or captions?
#
# Do it wrongly first. Shuffle all captions and give a tenth of them to dev, another tenth to
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
# Nearly every photo of dev has been seen in training, with its other captions. A model that has
# learnt the photos by heart gets full marks. Such a mistake is called a **leak**: what should be
# new to the model is not. It doesn't raise an error. It makes the scores too good, and you find out when the captioner meets the world.
#
# So photos are dealt out, each with all of its captions. Flickr8k comes with three lists of names
# (6,000, 1,000 and 1,000); mini has lists of its own. Using the published lists lets you compare
# your scores with those of others. Do they share a photo?

# %%
train, dev, test = (set(dataset.splits[split]) for split in ("train", "dev", "test"))
assert not train & dev and not train & test and not dev & test
print(f"train {len(train):,}, dev {len(dev):,}, test {len(test):,}, shared: none")

# %% [markdown]
# ## 8. Write the descriptions down
#
# The cleaned captions go to `descriptions.txt`, one a line: name, tab, caption. A plain text file
# can be opened in any editor, and it will still be readable in twenty years. `write_text` takes care
# of two details: UTF-8, so that `Bär` survives on every machine, and a file that is whole or not
# there, whatever happens meanwhile.
#
# `descriptions.txt` lies in the work folder, where every lesson leaves what it makes: `work/mini/` in
# the course folder, beside `notebooks/`. (The variable `CAPTION_WORK` of your system can name
# another place.)


# %% tags=["same-as:helpers.captions.write_descriptions"]
def write_descriptions(descriptions, path):
    lines = [f"{name}\t{text}\n" for name, texts in descriptions.items() for text in texts]
    write_text(path, "".join(lines))


work = Workspace(dataset)
path = work.folder / "descriptions.txt"
write_descriptions(descriptions, path)
print(path, *path.read_text("utf-8").split("\n")[:3], sep="\n")

# %% [markdown]
# A file that nobody has read back is a hope. Read it and compare. `work.descriptions` is what the
# later lessons take: it cleans once more, and writes this file if you have skipped this lesson.

# %%
assert captions.read_descriptions(path) == descriptions
assert work.descriptions == descriptions
print(f"{path.name}: {path.stat().st_size / 1000:,.0f} KB, read back, equal")

# %% [markdown]
# The lesson in four lines:

# %% tags=["scores"]
print(f"images {len(descriptions):,}, captions {sum(map(len, descriptions.values())):,}")
print(f"words as written {len(before):,}, cleaned {len(after):,}, classic {len(after_classic):,}")
print(f"running words lost by the classic cleaning {lost:.1%}")
print(f"words that occur once {len(once):,}")

# %% [markdown]
# ## Recap
#
# * Split a line at its first tab, the name at its last `#`; report what has no file.
# * A word is letters of any script, with `-` or `'` inside. Lower case and NFC make equal words
#   equal.
# * The classic cleaning hardly shrinks the vocabulary, but takes "a" and the numbers from every
#   sentence. Alt text needs them.
# * Deal out photos, never captions, or dev and test leak into training.
# * Write UTF-8, read it back, compare.

# %% [markdown]
# ## Exercises
#
# ### Exercise 1: Read another format
#
# Another well-known copy of Flickr8k has lines such as `dog.jpg,A dog runs`. Commas may stand in
# the caption, too. Return the name and the caption. (Real files of this kind also use quotation
# marks; for those take Python's `csv`, as lesson 10 does.)


# %% tags=["exercise"]
def split_at_comma(line):
    return line, ""  # your turn


found = split_at_comma("dog.jpg,A dog , two cats , a bird .")
print("right" if found == ("dog.jpg", "A dog , two cats , a bird .") else "not yet")


# %% tags=["solution"]
# @title Solution 1
def split_at_comma(line):
    name, caption = line.split(",", 1)
    return name, caption


found = split_at_comma("dog.jpg,A dog , two cats , a bird .")
print("right" if found == ("dog.jpg", "A dog , two cats , a bird .") else "not yet")

# %% [markdown]
# ### Exercise 2: Find words that the classic cleaning merges
#
# `dog's` turns into `dogs`, which is a word of its own. Given a set of words, return those with a
# joiner whose letters, closed up, are another word of the set.


# %% tags=["exercise"]
def merged(words):
    return set()  # your turn


toy_words = {"dog's", "dogs", "t-shirt", "cat"}
print(f"right: {sorted(merged(after))[:8]}" if merged(toy_words) == {"dog's"} else "not yet")


# %% tags=["solution"]
# @title Solution 2
def merged(words):
    closed = {word: word.translate(NO_PUNCTUATION) for word in words}
    return {word for word in words if closed[word] != word and closed[word] in words}


toy_words = {"dog's", "dogs", "t-shirt", "cat"}
print(f"right: {sorted(merged(after))[:8]}" if merged(toy_words) == {"dog's"} else "not yet")

# %% [markdown]
# ### Exercise 3: Spell numbers out
#
# `2` and `two` are one word to a listener. Replace the digits 1 to 9 by words after cleaning,
# where a digit is a word of its own: `4-wheeler` stays as it is.

# %% tags=["exercise"]
DIGITS = dict(zip("123456789", "one two three four five six seven eight nine".split(), strict=True))


def spell_digits(text):
    return text  # your turn


done = spell_digits("2 boys on 1 4-wheeler")
print("right" if done == "two boys on one 4-wheeler" else "not yet")


# %% tags=["solution"]
# @title Solution 3
def spell_digits(text):
    return " ".join(DIGITS.get(word, word) for word in text.split())


done = spell_digits("2 boys on 1 4-wheeler")
print("right" if done == "two boys on one 4-wheeler" else "not yet")

# %% [markdown]
# ### Exercise 4: Clean your own language
#
# Open: write three captions in a language that you speak, with all its accents, hyphens and
# apostrophes. Clean them with both cleanings. Which words are damaged, and which switch of
# `Cleaning` would you set for your language?

# %% tags=["exercise"]
my_captions = []  # your turn

for text in my_captions:
    print(f"{clean_caption(text):36}{clean_caption(text, CLASSIC_CLEANING)}")
print("look closely" if len(my_captions) >= 3 else "not yet")

# %% tags=["solution"]
# @title Solution 4
# The classic cleaning glues article and noun together ("lenfant") and drops "a", which means
# "has", and "à", which means "at". For French, keep one_letter_words and joiners.
my_captions = ["L'enfant a 2 chiens .", "Été à la plage !", "Un arc-en-ciel , c'est-à-dire ..."]

for text in my_captions:
    print(f"{clean_caption(text):36}{clean_caption(text, CLASSIC_CLEANING)}")
print("look closely" if len(my_captions) >= 3 else "not yet")

# %% [markdown]
# ## Next
#
# You can read, clean and split a data set of captions, and `descriptions.txt` holds the result for
# every later lesson. The photos come next: [02 extract features](02_extract_features.ipynb) turns
# each of them into 3,032 numbers that a captioner can learn from.
