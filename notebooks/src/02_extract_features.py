# %% [markdown]
# # 02 · Extract features
#
# You turn every photo of the data set into 3,032 numbers that describe what is in it, and keep them in one file for all later lessons.
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/OWNER/REPOSITORY/blob/main/notebooks/02_extract_features.ipynb)
#
# [← 01 clean captions](01_clean_captions.ipynb) · [contents](../README.md) · [03 build tokenizer →](03_build_tokenizer.ipynb)

# %% [markdown]
# ![Three photos, each in a row with the four training photos whose features are most like its own](images/02_extract_features.png)
#
# Three photos, each beside its four nearest neighbours: nobody told the computer what any of them shows. It compared numbers.

# %% [markdown]
# **You will learn**
#
# * what features are, and why a network that was trained on other photos makes good ones
# * what happens to one photo, step by step: file → pixels → three grids → 3,032 numbers
# * how to encode thousands of photos in batches, in a run that survives a crash
# * how to find photos that are alike, and to tell when "nearest" means nothing
# * why you never open a stranger's pickle file, and how to open one safely
#
# **You need** some NumPy: how to make an array and take rows from it. No earlier lesson has to be run.
#
# **Run times** (T4: estimates)
#
# | | Colab T4 | CPU, 2 cores |
# |---|---|---|
# | mini | 1 min | 20-90 s |
# | Flickr8k | 4 min | about 8 min |

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
# **Keras** is the library in which this course builds networks; **TensorFlow** does the calculations underneath. Used without being built here: `open_image` opens any photo the right way up, `free_photos` lists photos that other packages bring along, `Workspace` knows the folder for what you make, `plots` draws.

# %%
import io
import os
import pickle
import pickletools
import shutil
import tempfile
import time
from mmap import ACCESS_READ, mmap

import keras
import numpy as np
from PIL import Image

from helpers import plots
from helpers.apps.samples import free_photos
from helpers.captions import clean_captions
from helpers.datasets import open_dataset
from helpers.encoders import load_encoder
from helpers.features import load_features
from helpers.features.extracting import part_file
from helpers.features.files import FeaturesError, as_float16
from helpers.features.pickles import DTYPE, LARGEST, Limits, Skimmer, size_of
from helpers.files import replacing
from helpers.images import open_image
from helpers.pipeline import Workspace
from helpers.stream import read_ahead

# %% [markdown]
# Settings: `DATASET = "flickr8k"` runs the same lesson on the real photos.

# %% tags=["parameters"]
DATASET = "mini"  # or "flickr8k", or a folder of your own
DATA_DIR = None  # where Flickr8k lies; None looks in data/flickr8k, then downloads it
SEED = 7

# %% [markdown]
# ## 1. A photo is too many numbers
#
# To a computer, a photo is a box of numbers: one for red, one for green and one for blue at every point, or **pixel**. NumPy calls the box an **array**, its directions **axes**, and its lengths along them its **shape**, here `(height, width, colours)`. How many numbers are there?

# %%
dataset = open_dataset(DATASET, DATA_DIR)
work = Workspace(dataset)
photos = dataset.photos()
paths = list(photos.values())
photo = open_image(paths[0])
print(f"{len(paths):,} photos; the first has {photo.width} x {photo.height} pixels")
print(f"that makes {np.array(photo).size:,} numbers")
photo

# %% [markdown]
# So many numbers, and none of them says "dog" or "beach". Move the photo a little to the left and many of them change, while what it shows stays the same.
#
# What helps is a network that can already see. A neural **network** is a chain of **layers**: each works on its input with numbers of its own, its **weights**, and hands the result on. Training finds the weights. The network **Xception** was trained on **ImageNet**: 1.3 million photos, each sorted into one of 1,000 kinds of things. Its last layer names the kind. You cut this layer off and take the 2,048 numbers from which it told the kinds apart, and 984 more (728 + 256) from further inside the network, which know better what things look like. These numbers are the photo's **features**. Written in a row, they are a **vector**, and the network that makes them is the **encoder**.
#
# The encoder stays **frozen**: none of its weights will change. A photo gets the same features every time, so it goes through once, and training the captioner (lesson 04) never touches it again.

# %% [markdown]
# ## 2. From a file to pixels
#
# Xception wants squares of 299 × 299 pixels, and photos come in every shape. This course stretches them (`BICUBIC` does it smoothly), so that nothing at the edges gets lost.


# %% tags=["same-as:helpers.images.opening.image_pixels"]
def image_pixels(source, size):
    image = open_image(source, size)
    return np.array(image.resize((size, size), Image.Resampling.BICUBIC))


# %% [markdown]
# To see what stretching does, cut a wide strip out of the first photo and put it through the function.

# %%
play = Path(tempfile.mkdtemp())  # a folder for experiments
height = photo.height
photo.crop((0, height // 4, photo.width, 3 * height // 4)).save(play / "wide.png")
strip = open_image(play / "wide.png")
pixels = image_pixels(play / "wide.png", 299)
print(strip.size, "becomes", pixels.shape, pixels.dtype)
plots.show_images([strip, pixels], ["a wide photo", "what the encoder sees"], columns=2)

# %% [markdown]
# Whatever you choose, do the same in training and in use: here one function opens every photo.
#
# ## 3. The encoder, and when two vectors are alike
#
# The next cell loads Xception. It tries to download the official weights (about 80 MB). Without internet it takes the course's own smaller copy; the appendix shows how that was made. Loading takes 5-30 seconds.

# %%
encoder = load_encoder("xception")
size = encoder.network.count_params()
print(f"{encoder.name}: {size:,} weights, features {encoder.feature_shape}")

# %% [markdown]
# How alike are the features of two photos? **Cosine similarity** asks whether two vectors point the same way: multiply them number by number and add up (the **scalar product**, `@` in NumPy), then divide by both lengths. 1 means the same direction, −1 the opposite one, 0 nothing in common.

# %%
a, b, c = np.array([3.0, 4, 0]), np.array([6.0, 8, 0]), np.array([0.0, 0, 2])
print("a and b:", (3 * 6 + 4 * 8 + 0 * 0) / (5 * 10))  # the length of a is 5: 3² + 4² = 5²
print("a and c:", (3 * 0 + 4 * 0 + 0 * 2) / (5 * 2))


def cosine(a, b):
    return a @ b / (np.linalg.norm(a) * np.linalg.norm(b))


assert cosine(a, b) == 1 and cosine(a, c) == 0

# %% [markdown]
# `b` is twice as long as `a`, but has the same direction.
#
# ## 4. One photo through the network
#
# Now send the first photo through, one step at a time. A network takes many photos at once, so its input has one more axis in front: `(photos, height, width, colours)`.
#
# Pixels go from 0 to 255 (`uint8`, one byte each). Xception was trained on numbers from −1 to 1. Divide by 127.5 and subtract 1: 0 becomes −1, 127.5 becomes 0, and 255 becomes 1.

# %%
pixels = image_pixels(paths[0], encoder.image_size)[np.newaxis]
scaled = pixels.astype("float32") / 127.5 - 1
print(pixels.shape, pixels.dtype, "from", pixels.min(), "to", pixels.max())
print(scaled.shape, scaled.dtype, f"from {scaled.min():.2f} to {scaled.max():.2f}")

# %% [markdown]
# Xception is built of 14 **blocks**, each a few layers. A block puts out a **grid**: places of the photo, with some numbers at each. Later grids are coarser. `keras.Model` makes a network that stops where you want; look at three grids. (Blocks 3 and 12 are read off the next block's first layer, which only sets negative numbers to 0.)

# %%
ends = {"block 3": "block4_sepconv1_act", "block 12": "block13_sepconv1_act"}
ends["block 14"] = "block14_sepconv2_act"
outputs = [encoder.network.get_layer(layer).output for layer in ends.values()]
network = keras.Model(encoder.network.input, outputs)
inside = dict(zip(ends, network(scaled), strict=True))
for name, grid in inside.items():
    print(f"{name:8} {tuple(grid.shape)}")

# %% [markdown]
# The axes are `(photos, rows, columns, channels)`. A **channel** is one number at every place; it grows large where its own pattern is. Below is each block's channel with the largest mean, bright where it found its pattern:

# %%
grids = [grid.numpy()[0] for grid in inside.values()]
maps = [grid[:, :, grid.mean(axis=(0, 1)).argmax()] for grid in grids]
plots.show_images([pixels[0], *maps], ["the photo", *inside], columns=4)

# %% [markdown]
# Nobody chose the channels; training made them. The last block was trained to tell kinds of things apart; whether a car is red or blue made no difference. But captions do say red or blue. So this course takes all three, and section 7 shows what each knows.
#
# The finer grids are averaged down to the 10 × 10 places of the last one: each place gets the mean of its patch. First by hand, on 4 × 4 places and one channel, then with a Keras layer:

# %%
toy = np.arange(16.0).reshape(4, 4)
by_hand = [[toy[r : r + 2, c : c + 2].mean() for c in (0, 2)] for r in (0, 2)]
print(toy, np.array(by_hand), sep="\n")


def patch_means(grid, side):  # "same": patches at the rim may be smaller
    return keras.layers.AveragePooling2D(side, padding="same")(grid).numpy()


assert np.allclose(patch_means(toy[None, :, :, None], 2)[0, :, :, 0], by_hand)
finer = [patch_means(inside["block 12"], 2), patch_means(inside["block 3"], 4)]
grid = np.concatenate([inside["block 14"], *finer], axis=-1)  # side by side, place by place
print("grid", grid.shape)

# %% [markdown]
# To know *that* a pattern is there, and not *where*, you average once more, over all places, and get the vector. Does the encoder return the same?

# %%
vector = grid.mean(axis=(1, 2))
print(f"{grid.shape} averaged over rows and columns: {vector.shape}")
assert cosine(vector[0], encoder.encode(pixels)[0]) > 0.999
print("equal to encoder.encode; the first five:", vector[0, :5].round(3))

# %% [markdown]
# 268,203 numbers went in, 3,032 came out. Lesson 08 comes back to the grid, so that each word can look at a place of its own.

# %% [markdown]
# ## 5. Many photos: batches
#
# Should you encode photos one by one, or several at once, as a **batch**? Measure it on 16 photos.

# %%
sixteen = np.stack([image_pixels(path, encoder.image_size) for path in paths[:16]])
encoder.encode(sixteen)  # the first call is slower; leave it out of the comparison
start = time.perf_counter()
single = np.concatenate([encoder.encode(sixteen[i : i + 1]) for i in range(16)])
one_by_one = time.perf_counter() - start
start = time.perf_counter()
batch = encoder.encode(sixteen)
at_once = time.perf_counter() - start
print(f"one by one {one_by_one:.1f} s, at once {at_once:.1f} s: {one_by_one / at_once:.1f} times")
assert min(cosine(*pair) for pair in zip(single, batch, strict=True)) > 0.999

# %% [markdown]
# The features are the same. One by one, each layer fetches its weights for a single photo; in a batch, once for all. On a CPU that may gain little, on a GPU much more. But a batch has to fit into memory; the course uses batches of 32. While one is encoded, the next are already being read (`read_ahead`, in the appendix).
#
# ## 6. All photos, in a run that survives
#
# In a long run things go wrong: a photo is broken, the disk is full, Colab hangs up. So each batch goes to the disk as soon as it is encoded, into `features.pkl.part`. `part_file` does this file work for you: it finds what is `todo`, `append` adds a batch, `finish` writes the final file and clears up. (`mirror` exchanges left and right; exercise 2 uses it.)


# %% tags=["same-as:helpers.features.extracting.extract_features"]
def extract_features(encoder, photos, target, batch_size=32, mirror=False):
    with part_file(target, encoder, photos) as part:
        for batch in read_ahead(part.todo, encoder.image_size, batch_size):
            pixels = np.stack(batch)
            part.append(encoder.encode(pixels[:, :, ::-1] if mirror else pixels))
        return part.finish()


# %% [markdown]
# An encoder is anything with a name, an image size, a feature shape and `encode`. A quick one to try reduces a photo to its average red, green and blue:


# %%
class ColourEncoder:
    name, image_size, feature_shape = "colour", 8, (3,)

    def encode(self, pixels):
        return pixels.mean(axis=(1, 2)) / 255


colour_encoder = ColourEncoder()
colour_encoder.encode(image_pixels(paths[0], 8)[np.newaxis]).round(2)

# %% [markdown]
# Now break something on purpose: copy 100 photos and cut the file of the 80th in half, as a failed download would.

# %%
copies = {path.name: Path(shutil.copy(path, play)) for path in paths[:100]}
broken = list(copies.values())[4 * len(copies) // 5 - 1]
whole = broken.read_bytes()
broken.write_bytes(whole[: len(whole) // 2])
try:
    extract_features(colour_encoder, copies, play / "colours.pkl")
except FeaturesError as error:
    print(str(error).replace(str(play), "play"))
print(sorted(path.name for path in play.glob("colours*")))

# %% [markdown]
# One message names the photo, and two full batches are safe. The final file appears only when it is complete. Mend the photo and run again. The bar starts at 64:

# %%
broken.write_bytes(whole)
average_colours = extract_features(colour_encoder, copies, play / "colours.pkl")
print(average_colours.vectors.shape, sorted(path.name for path in play.glob("colours*")))

# %% [markdown]
# Now Xception, on all photos, unless the file is there. On two CPU cores expect 5 to 50 photos a second (up to 2 min on mini, 25 on Flickr8k); on a T4 an estimated 50-100.

# %%
target = work.file(encoder.name)
if target.exists():
    features = work.features(encoder.name)
else:
    features = extract_features(encoder, photos, target)
print(features.encoder, features.vectors.shape, features.vectors.dtype)
print(f"{target.name}: {target.stat().st_size / 1e6:.1f} MB")

# %% [markdown]
# `features.vectors` has the shape `(photos, 3032)`, and `features.names` says which row belongs to which photo. The numbers are kept as `float16`, two bytes instead of four.

# %% [markdown]
# ## 7. Do the numbers know what is in a photo?
#
# If they do, photos with similar features should show similar things. Begin with block 14, the first 2,048 numbers. Take each photo of the test split (lesson 01) and look for its **nearest neighbours**: the training photos with the highest cosine similarity. Subtract the mean of the training photos first, or all look alike. A single matrix product then gives all scalar products.

# %%
known = {"block 14": slice(0, 2048), "block 12": slice(2048, 2776), "block 3": slice(2776, 3032)}
train, test = dataset.splits["train"], dataset.splits["test"]
train_rows, test_rows = features.rows(train), features.rows(test)


def cosines(ours, theirs, block):
    shared = train_rows[:, known[block]].mean(axis=0)
    ours, theirs = ours[:, known[block]] - shared, theirs[:, known[block]] - shared
    lengths = np.outer(np.linalg.norm(ours, axis=1), np.linalg.norm(theirs, axis=1))
    return ours @ theirs.T / lengths


similarities = cosines(test_rows, train_rows, "block 14")
print(similarities.shape, "from", similarities.min().round(2), "to", similarities.max().round(2))

# %% [markdown]
# Rows are test photos, columns training photos. Pick three test photos that have little in common, and look at their four best neighbours:


# %% tags=["picture"]
def show_nearest(queries, similarities):
    best = similarities.argsort(axis=1)[:, ::-1][:, :4]  # (queries, 4)
    found = [[open_image(dataset.image_paths[train[at]]) for at in row] for row in best]
    numbers = np.take_along_axis(similarities, best, axis=1)
    return plots.show_neighbours([open_image(path) for path in queries], found, numbers)


among_test, chosen = cosines(test_rows, test_rows, "block 14"), [0]
for _ in range(2):  # the photo least like those that are chosen already
    chosen.append(int(among_test[:, chosen].max(axis=1).argmin()))
queries = [dataset.image_paths[test[row]] for row in chosen]
show_nearest(queries, similarities[chosen])

# %% [markdown]
# On mini, the car finds cars and the balloon finds balloons, whatever their colour or place. The dogs find birds: here the beach at night weighs more than the animal. Ask block 3 about the same photos:

# %%
show_nearest(queries, cosines(test_rows[chosen], train_rows, "block 3"))

# %% [markdown]
# Now all places are right and the light mostly, and what the thing *is* hardly matters: the car finds a cat. Three photos prove nothing, so count. Mini's scenes were drawn from facts: how often does the nearest neighbour show the same object, colour or place? The last row picks neighbours by chance.

# %%
random = np.random.default_rng(SEED)
nearest = {block: cosines(test_rows, train_rows, block).argmax(axis=1) for block in known}
nearest["chance"] = random.integers(len(train), size=len(test))
if dataset.scenes:
    facts = dataset.scenes["scenes"]
    for name, found in nearest.items():
        pairs = [(facts[a], facts[train[b]]) for a, b in zip(test, found, strict=True)]
        same = {k: np.mean([a[k] == b[k] for a, b in pairs]) for k in ("object", "colour", "place")}
        print(f"{name:9}", *[f"same {key} {share:4.0%}  " for key, share in same.items()])

# %% [markdown]
# Block 14 is best at objects, block 3 at colours; for objects, block 3 is no better than chance. All three know the place. So the captioner of lesson 04 gets all three.
#
# And words? How many of the words in one photo's captions are also in its neighbour's? `shared_words` divides the number of words that both photos have by the number that either has. Compare three neighbours: nearest by block 14, nearest by average colour, and random.

# %%
colours = extract_features(colour_encoder, photos, play / "all-colours.pkl")
gaps = np.linalg.norm(colours.rows(test)[:, None] - colours.rows(train)[None], axis=2)
nearest["colour"] = gaps.argmin(axis=1)
words = {
    name: {word for caption in captions for word in caption.split()}
    for name, captions in clean_captions(dataset.captions).items()
}


def shared_words(columns):
    pairs = [(words[a], words[train[column]]) for a, column in zip(test, columns, strict=True)]
    return np.array([len(a & b) / len(a | b) for a, b in pairs])


# %% [markdown]
# Compare photo by photo, too: how often does block 14's neighbour share more words than the other?

# %% tags=["scores"]
print(f"photos encoded: {len(features.names):,}")
shared = {name: shared_words(nearest[name]) for name in ("block 14", "colour", "chance")}
for name, shares in shared.items():
    ahead = np.mean(shared["block 14"] > shares)
    behind = np.mean(shared["block 14"] < shares)
    print(f"neighbour by {name:8} shares {shares.mean():.0%} of the words", end="")
    print("" if name == "block 14" else f"; block 14 more on {ahead:.0%}, less on {behind:.0%}")

# %% [markdown]
# Features carry what captions mention; average colour carries less of it. On Flickr8k people choose among far more words, so all shares are lower: 19% by block 14 and 11% by chance, measured in November 2026 with this code.
#
# ### Real photos among drawings
#
# Every photo has a nearest neighbour. Does that mean they are alike? Try real photos: Matplotlib brings one and scikit-image five, all free to use.

# %%
real = free_photos()  # "portrait" comes from Matplotlib, the others from scikit-image
if len(real) < 2:
    print("without scikit-image only Matplotlib's portrait is shown")
pixels = np.stack([image_pixels(path, encoder.image_size) for path in real.values()])
real_rows = encoder.encode(pixels)
to_train = cosines(real_rows, train_rows, "block 14")
show_nearest([*real.values()], to_train)

# %% [markdown]
# On mini the drawing nearest to the cat shows cats. But the same drawing is nearest to the photographer, the coffee and the rocket. The numbers above the pictures say how much that is worth. Print them beside those of the test photos:

# %%
best = similarities.max(axis=1)
print(f"test photos: best neighbour at {np.median(best):.2f} (median), {best.min():.2f} (lowest)")
among_real = cosines(real_rows, real_rows, "block 14") - 2 * np.eye(len(real))  # not itself
for label, row, others in zip(real, to_train, among_real, strict=True):
    other = [*real][others.argmax()]
    print(f"{label:13} training photo {row.max():.2f}   real photo {others.max():.2f} ({other})")

# %% [markdown]
# On mini, no real photo comes as near to a training photo as even the loneliest test scene does. Real photos are nearer to each other than to any drawing. So a captioner trained on drawings could only guess here. A low similarity to everything in training is a warning, and the course's tools heed it: they say "not sure" about a photo from another world.
#
# ## 8. The pickle trap
#
# `features.pkl` is a **pickle**, Python's own way to write objects into a file. Many captioning tutorials use it. Yours holds one dictionary of plain values, the array as bytes. (`replacing` hides a file until it is complete.)


# %% tags=["same-as:helpers.features.files.save_features"]
def save_features(features, path):
    vectors = features.vectors
    array = vectors if vectors.dtype == DTYPE else as_float16(vectors, features.names)
    plain = {"dtype": array.dtype.str, "shape": list(array.shape), "vectors": array.tobytes()}
    with replacing(path) as unfinished, unfinished.open("wb") as file:
        pickle.dump({**features.label, **plain}, file, protocol=5)


save_features(average_colours, play / "again.pkl")
print(sorted(pickle.loads((play / "again.pkl").read_bytes())))

# %% [markdown]
# `pickle.load` (or `loads`, from bytes) reads such a file back: harmless here, since you made it yourself. But a pickle is a little *program* that builds data, and it may call any function. See what this object does when opened:


# %%
class Surprise:
    def __reduce__(self):  # "to rebuild me, call this function with these arguments"
        return print, ("I am a photo's features. Or am I? I ran code on your computer.",)


harmless = pickle.dumps(Surprise())
result = pickle.loads(harmless)

# %% [markdown]
# You only loaded it, and `print` ran. It could have deleted your files. So never open a stranger's pickle with `pickle.load`.
#
# Here is a pickle that bites, gently: opening it would create a file named `bitten`. Look into it, without loading it.


# %%
class Trap:
    def __reduce__(self):
        return os.system, (f'echo gotcha > "{play / "bitten"}"',)


(play / "free-features.pkl").write_bytes(pickle.dumps({"encoder": "xception", "names": Trap()}))
print((play / "free-features.pkl").read_bytes()[:75])
print("bitten:", (play / "bitten").exists())

# %% [markdown]
# Between the letters you can read a module and `system`: a trap has to *ask* for a function by its name. Python's reader passes each such request to its method `find_class`, which you may replace. Refuse them all. Texts, numbers, bytes and lists need no function, which is why the array is kept as bytes.


# %% tags=["same-as:helpers.features.pickles.PlainUnpickler"]
class PlainUnpickler(pickle.Unpickler):
    def find_class(self, module, name):
        raise pickle.UnpicklingError(f"it asks for {module}.{name}, which is not plain")


try:
    PlainUnpickler(io.BytesIO(harmless)).load()
except pickle.UnpicklingError as error:
    print("refused:", error)
print(PlainUnpickler(io.BytesIO((play / "again.pkl").read_bytes())).load()["shape"])

# %% [markdown]
# `load_features` uses this reader, behind a second lock (see the appendix). Will the trap snap?

# %%
try:
    load_features(play / "free-features.pkl")
except FeaturesError as error:
    print(str(error).replace(str(play), "play"))
print("bitten:", (play / "bitten").exists())
assert not (play / "bitten").exists()

# %% [markdown]
# No file, no bite. Your own file opens as it should, the same to the last digit.
#
# Another mistake is to mix up encoders, whose channels mean different things. The file knows its encoder:

# %%
again = load_features(target, encoder=features.encoder)
assert again.names == features.names and np.array_equal(again.vectors, features.vectors)
print(f"{len(again.names):,} photos, made by {again.encoder}")
try:
    load_features(play / "colours.pkl", encoder=encoder.name)
except FeaturesError as error:
    print(str(error).replace(str(play), "play"))

# %% [markdown]
# ## Appendix
#
# **A quarter of the size.** The official weights take four bytes each, those of the small copy one. Each weight is **rounded** to a whole number from −127 to 127 (`int8`). You need a **scale**: the largest weight, sign aside, divided by 127.

# %%
weights = np.array([0.50, -0.31, 0.02, -0.127], "float32")
scale = np.abs(weights).max() / 127
small = np.rint(weights / scale).astype("int8")
back = small.astype("float32") * scale
print(f"scale {scale:.5f}\nint8  {small}\nback  {back.round(3)}")
assert np.abs(back - weights).max() <= scale / 2

# %% [markdown]
# No weight is off by more than half a step. Do the errors add up? Test a layer of 500 × 200 random weights, exact and rounded with one scale per output:

# %%
kernel, inputs = random.normal(size=(500, 200)), random.random(500)
scales = np.abs(kernel).max(axis=0) / 127  # (200,): one for each output
rounded = np.rint(kernel / scales) * scales
print(f"cosine similarity of the outputs: {cosine(inputs @ kernel, inputs @ rounded):.5f}")

# %% [markdown]
# Some weights are rounded up, others down, so the errors mostly cancel.
#
# **Reading ahead.** While the network works, the disk idles. So **threads**, workers inside the program, read the next batches meanwhile. `pool.submit` hands out a task and returns at once; `.result()` waits until it is done. At most three batches are in `coming`. `yield` hands out one batch; when the next one is wanted, the function continues from there.

# %% tags=["same-as:helpers.stream.read_ahead"]
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from itertools import islice


def read_ahead(images, size, batch_size, open_one=image_pixels, threads=2):
    images, coming = iter(images), deque()
    pool = ThreadPoolExecutor(threads)
    try:
        while batch := list(islice(images, batch_size)):
            coming.append([pool.submit(open_one, image, size) for image in batch])
            if len(coming) > 2:
                yield [pixels.result() for pixels in coming.popleft()]
        while coming:
            yield [pixels.result() for pixels in coming.popleft()]
    finally:
        pool.shutdown(cancel_futures=True)


# %%
batches = list(read_ahead(paths[:7], 64, batch_size=3))
print([np.stack(batch).shape for batch in batches])
assert np.array_equal(batches[2][0], image_pixels(paths[6], 64))

# %% [markdown]
# **The second lock.** A pickle without a single function can still do harm: eight bytes can ask for gigabytes of memory. A pickle consists of steps (*opcodes*), and `pickletools.genops` lists them without carrying any out. Twenty kinds are enough. `Limits` refuses any other, and whatever needs more memory than three times the file's size plus 8 MiB, before the file is loaded.

# %% tags=["same-as:helpers.features.pickles.PLAIN", "same-as:helpers.features.pickles.check_steps"]
PLAIN = set(
    "PROTO FRAME MARK STOP EMPTY_DICT SETITEMS EMPTY_LIST APPEND APPENDS MEMOIZE BINGET "
    "LONG_BINGET SHORT_BINUNICODE BINUNICODE BININT BININT1 BININT2 SHORT_BINBYTES BINBYTES "
    "BINBYTES8".split()
)


def check_steps(data):
    file, limits = Skimmer(data), Limits(data)
    limits.admit(0)
    for opcode, argument, _ in pickletools.genops(file):
        limits.count(opcode.name, argument, file.tell())


try:
    check_steps(harmless)
except pickle.UnpicklingError as error:
    print("refused:", error)


# %% tags=["same-as:helpers.features.pickles.load_plain"]
def load_plain(path):
    if (size := size_of(path)) > LARGEST:
        raise ValueError(f"it has {size / 2**30:.1f} GiB, more than {LARGEST // 2**30}")
    with open(path, "rb") as file:
        with mmap(file.fileno(), 0, access=ACCESS_READ) as data:  # it stays on the disk
            check_steps(data)
        return PlainUnpickler(file).load()


print(load_plain(play / "again.pkl")["shape"])

# %% [markdown]
# ## Recap
#
# * A frozen encoder turns each photo into 3,032 features, once and for all.
# * Batches fetch the weights once for many photos; `.part` files let an interrupted run continue.
# * Cosine similarity compares directions. Photos with similar features show similar things, and their captions share words. A nearest neighbour that is far away means nothing.
# * A pickle is a program. Open one from elsewhere with a reader that admits plain things and nothing else.
#
# ### Further reading
#
# * Chollet, [Xception](https://arxiv.org/abs/1610.02357) (2016): the network of this lesson.
# * Donahue and others, [DeCAF](https://arxiv.org/abs/1310.1531) (2013): features of a network trained on ImageNet serve other tasks.
# * Stanford's [CS231n notes](https://cs231n.github.io/convolutional-networks/) on convolutional networks: what happens inside a block.
# * Keras, [Transfer learning and fine-tuning](https://keras.io/guides/transfer_learning/): frozen networks, and how to thaw them.
# * Python, [pickle](https://docs.python.org/3/library/pickle.html): read the warning at its top.

# %% [markdown]
# ## Exercises
#
# ### Exercise 1: Find the most alike
#
# Write `most_alike(query, rows)`: the index of the row with the highest cosine similarity to `query`. Long rows are no better than short ones, and opposite directions are not alike.


# %% tags=["exercise"]
def most_alike(query, rows):
    return 0  # your turn


trials = [([0.0, 4, 2], [[9.0, 9, 9], [0, 1, 0], [0, 20, 10], [0, 4, 1]], 2)]
trials += [
    ([0.0, 4, 2], [[9.0, 9, 9], [0, 1, 0.5]], 1),
    ([1.0, 0], [[-5.0, 0], [1, 2], [0, -1]], 1),
]
found = [most_alike(np.array(query), np.array(rows)) for query, rows, _ in trials]
due = [row for _, _, row in trials]
print("right" if found == due else f"not yet: you find rows {found}, due are {due}")


# %% tags=["solution"]
# @title Solution 1
def most_alike(query, rows):
    return int(np.argmax([cosine(query, row) for row in rows]))


trials = [([0.0, 4, 2], [[9.0, 9, 9], [0, 1, 0], [0, 20, 10], [0, 4, 1]], 2)]
trials += [
    ([0.0, 4, 2], [[9.0, 9, 9], [0, 1, 0.5]], 1),
    ([1.0, 0], [[-5.0, 0], [1, 2], [0, -1]], 1),
]
found = [most_alike(np.array(query), np.array(rows)) for query, rows, _ in trials]
due = [row for _, _, row in trials]
print("right" if found == due else f"not yet: you find rows {found}, due are {due}")

# %% [markdown]
# ### Exercise 2: Look into a mirror
#
# Does a photo keep its features when left and right are exchanged? Write `mirror_similarity(path)`: the cosine similarity of the features of a photo and of its mirror image.


# %% tags=["exercise"]
def mirror_similarity(path):
    return 0.0  # your turn


mirrored = extract_features(encoder, {"it": paths[0]}, play / "mirrored.pkl", mirror=True)
found = float(mirror_similarity(paths[0]) or 0)
due = float(cosine(vector[0], mirrored.vectors[0].astype("float32")))
close = abs(found - due) < 0.002
print(f"right: {found:.3f}" if close else f"not yet: you find {found:.3f}, due is {due:.3f}")


# %% tags=["solution"]
# @title Solution 2
def mirror_similarity(path):
    pixels = image_pixels(path, encoder.image_size)
    return float(cosine(*encoder.encode(np.stack([pixels, pixels[:, ::-1]]))))


mirrored = extract_features(encoder, {"it": paths[0]}, play / "mirrored.pkl", mirror=True)
found = float(mirror_similarity(paths[0]) or 0)
due = float(cosine(vector[0], mirrored.vectors[0].astype("float32")))
close = abs(found - due) < 0.002
print(f"right: {found:.3f}" if close else f"not yet: you find {found:.3f}, due is {due:.3f}")

# %% [markdown]
# ### Exercise 3: Set a trap of your own
#
# Make the bytes of a pickle that would call `eval` on `"6 * 7"` when opened, and let `PlainUnpickler` refuse it. Then try to get past `load_plain`, an open task; if you find a way, please report it.


# %% tags=["exercise"]
def set_trap():
    return pickle.dumps(None)  # your turn


trap = set_trap()
steps = [(opcode.name, argument) for opcode, argument, _ in pickletools.genops(trap)]
calls = ("REDUCE", None) in steps and any(argument == "6 * 7" for _, argument in steps)
try:
    PlainUnpickler(io.BytesIO(trap)).load()
    print("not yet: nothing was refused")
except pickle.UnpicklingError as error:
    print("right:" if calls and "builtins.eval" in str(error) else "not yet:", error)


# %% tags=["solution"]
# @title Solution 3
class EvalTrap:
    def __reduce__(self):
        return eval, ("6 * 7",)


def set_trap():
    return pickle.dumps(EvalTrap())


trap = set_trap()
steps = [(opcode.name, argument) for opcode, argument, _ in pickletools.genops(trap)]
calls = ("REDUCE", None) in steps and any(argument == "6 * 7" for _, argument in steps)
try:
    PlainUnpickler(io.BytesIO(trap)).load()
    print("not yet: nothing was refused")
except pickle.UnpicklingError as error:
    print("right:" if calls and "builtins.eval" in str(error) else "not yet:", error)

# %% [markdown]
# ## Next
#
# The photos are numbers now; the words come next: [03 build tokenizer](03_build_tokenizer.ipynb) gives every word a number of its own.
