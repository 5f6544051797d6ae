# %% [markdown]
# # 02 · Extract features
#
# You turn every photo of the data set into 3,032 numbers that say what is in it, and keep them in one file for all later lessons.
#
# [![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)](https://colab.research.google.com/github/OWNER/REPOSITORY/blob/main/notebooks/02_extract_features.ipynb)
#
# [← 01 clean captions](01_clean_captions.ipynb) · [contents](../README.md) · [03 build tokenizer →](03_build_tokenizer.ipynb)

# %% [markdown]
# ![Three photos, each in a row with the four training photos whose features are most like its own](images/02_extract_features.png)
#
# Nobody told the computer what these photos show: it found the neighbours by comparing numbers.

# %% [markdown]
# **You will learn**
#
# * what features are, and why a network that was trained on other photos makes good ones
# * the road of one photo, step by step: file → pixels → three grids → 3,032 numbers
# * to encode thousands of photos in batches, with a run that survives a crash
# * to find photos that are alike with cosine similarity
# * why you never open a stranger's pickle, and how to open one safely
#
# **You need** some NumPy: how to make an array and take rows from it. No earlier lesson has to be run.
#
# **Run times** (T4: estimates)
#
# | | Colab T4 | CPU, 2 cores |
# |---|---|---|
# | mini | 1 min | 2-5 min |
# | Flickr8k | 4 min (estimate) | 20-30 min (estimate) |

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
# **Keras** is the library in which this course builds networks; **TensorFlow** does the calculations below it. What you import from `helpers` and do not see built here: `open_dataset` and `clean_captions` come from lesson 01, `open_image` opens any photo the right way up, `Workspace` knows the folder for what you make, `plots` draws.

# %%
import os
import pickle
import shutil
import tempfile
import time

import keras
import numpy as np
from PIL import Image

from helpers import plots
from helpers.captions import clean_captions
from helpers.datasets import open_dataset
from helpers.encoders import load_encoder
from helpers.features.extracting import part_file
from helpers.features.files import (
    ARRAY_FILE,
    FeaturesError,
    OldFeaturesError,
    as_features,
    read_array,
)
from helpers.features.pickles import LARGEST, Limits, OldPickleError, as_array, size_of
from helpers.files import replacing
from helpers.images import open_image
from helpers.pipeline import Workspace

# %% [markdown]
# Settings: `DATASET = "flickr8k"` runs the same lesson on the real photos. Sections 3 to 5 and 7 look into Xception; `ENCODER` is for section 6.

# %% tags=["parameters"]
DATASET = "mini"  # or "flickr8k", or a folder of your own
DATA_DIR = None  # where Flickr8k lies; None looks in data/flickr8k, then downloads it
ENCODER = "xception"  # or "vgg16"
SEED = 7

# %% [markdown]
# ## 1. A photo is too many numbers
#
# To a computer, a photo is a box of numbers: one for red, one for green and one for blue at every point, or **pixel**. NumPy calls the box an **array**, its directions **axes**, and the lengths along them its **shape**, here `(height, width, colours)`. How many numbers are there?

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
# So many numbers, and none of them says "dog" or "beach". Move the photo one pixel to the left and most of them change, while what it shows stays the same. A captioner that had to learn seeing from a few thousand photos would never get to the sentences.
#
# So you borrow eyes. A neural **network** is a chain of **layers**: each works on its input with numbers of its own, its **weights**, and hands the result on. Training finds the weights. **Xception** is a network that was trained on **ImageNet**: 1.3 million photos, each sorted into one of 1,000 kinds of things. Its last layer names the kind. You cut this layer off and take the 2,048 numbers from which it told the kinds, and 984 (728 + 256) from further inside the network, which know better what things look like. These numbers are the photo's **features**, the row of them is a **vector**, and the network that makes them is the **encoder**.
#
# The encoder stays **frozen**: none of its weights will change. That saves more than work. A frozen encoder gives the same features every time, so each photo goes through it once, and training the captioner (lesson 04) never touches a photo again.

# %% [markdown]
# ## 2. From a file to pixels
#
# Xception wants squares of 299 × 299 pixels. Photos come in every shape, so something has to give. You may cut off the sides, add black bars, or stretch. This course stretches: nothing at the rim gets lost, and the network has seen enough odd shapes to cope.


# %% tags=["same-as:helpers.images.opening.image_pixels"]
def image_pixels(source, size):
    image = open_image(source, size)
    return np.array(image.resize((size, size), Image.Resampling.BICUBIC))


# %% [markdown]
# See what stretching does: you cut a wide strip out of the first photo, save it as a file of its own, and put it through the function.

# %%
play = Path(tempfile.mkdtemp())  # a folder for experiments
height = photo.height
photo.crop((0, height // 4, photo.width, 3 * height // 4)).save(play / "wide.png")
strip = open_image(play / "wide.png")
pixels = image_pixels(play / "wide.png", 299)
print(strip.size, "becomes", pixels.shape, pixels.dtype)
plots.show_images([strip, pixels], ["a wide photo", "what the encoder sees"], columns=2)

# %% [markdown]
# You still know what it is. What matters is that training and use do the same: one function opens every photo in this course.
#
# ## 3. The encoder, and what rounding costs
#
# The next cell loads Xception. It asks for the official weights first (a download of about 80 MB). If there is no way to the internet, it says so in one line and takes a smaller copy that comes with the course. Loading takes 5-30 seconds.

# %%
encoder = load_encoder("xception")
size = encoder.network.count_params()
print(f"{encoder.name}: {size:,} weights, features {encoder.feature_shape}")

# %% [markdown]
# The official weights take four bytes each. How can the copy be a quarter as large? Each weight is **rounded** to one byte, a whole number from −127 to 127 (`int8`). Try it on four weights. You need a **scale**: the largest weight divided by 127.

# %%
weights = np.array([0.50, -0.31, 0.02, -0.127], "float32")
scale = np.abs(weights).max() / 127
small = np.rint(weights / scale).astype("int8")
back = small.astype("float32") * scale
print(f"scale {scale:.5f}\nint8  {small}\nback  {back.round(3)}")
assert np.abs(back - weights).max() <= scale / 2

# %% [markdown]
# No weight is off by more than half a step. In the copy, each output of a large layer has a scale of its own; small layers keep more digits.
#
# Do many small errors add up to a wrong answer? To find out you need a way to say how alike two vectors are. **Cosine similarity** asks whether they point the same way: multiply them number by number and add up (this is the **scalar product**, `@` in NumPy), then divide by both lengths. 1 means the same direction, 0 means nothing in common.

# %%
a, b, c = np.array([3.0, 4, 0]), np.array([6.0, 8, 0]), np.array([0.0, 0, 2])
print("a and b:", (3 * 6 + 4 * 8 + 0 * 0) / (5 * 10))  # the length of a is 5: 3² + 4² = 5²
print("a and c:", (3 * 0 + 4 * 0 + 0 * 2) / (5 * 2))


def cosine(a, b):
    return a @ b / (np.linalg.norm(a) * np.linalg.norm(b))


assert cosine(a, b) == 1 and cosine(a, c) == 0

# %% [markdown]
# `b` is twice `a`: longer, but the same direction. Now the test: a layer whose weights are a **matrix**, a table of 500 × 200 random numbers, once exact and once rounded with one scale per output. The layer takes the scalar product of its input with each of the 200 columns. Both get the same input.

# %%
random = np.random.default_rng(SEED)
kernel, inputs = random.normal(size=(500, 200)), random.random(500)
scales = np.abs(kernel).max(axis=0) / 127  # (200,): one for each output
rounded = np.rint(kernel / scales) * scales
print(f"cosine similarity of the outputs: {cosine(inputs @ kernel, inputs @ rounded):.5f}")

# %% [markdown]
# You see several nines after the point. The errors go up as often as down, and mostly cancel. That is why the small copy will do.
#
# ## 4. One photo through the network
#
# Now send the first photo through, one step at a time. A network takes many photos at once, so its input has one more axis in front: `(photos, height, width, colours)`. Here it is a pile of one.
#
# Pixels go from 0 to 255 (`uint8`, one byte each). Xception was trained on numbers from −1 to 1. Divide by 127.5 and take away 1: 0 becomes −1, 127.5 becomes 0, and 255 becomes 1.

# %%
pixels = image_pixels(paths[0], encoder.image_size)[np.newaxis]
scaled = pixels.astype("float32") / 127.5 - 1
print(pixels.shape, pixels.dtype, "from", pixels.min(), "to", pixels.max())
print(scaled.shape, scaled.dtype, f"from {scaled.min():.2f} to {scaled.max():.2f}")

# %% [markdown]
# Xception is built of 14 **blocks**, each a few layers. A block reads what the one before has made and finds larger, more telling patterns. What it puts out is a **grid**: places of the photo, with some numbers at each. Five blocks halve it: early ones see every detail and know little, late ones know much and have forgotten the detail. `keras.Model` makes a network that stops where you want, so look at three of them. (A layer is named after its block; what block 3 has found is what block 4 begins with.)

# %%
ends = {"block 3": "block4_sepconv1_act", "block 12": "block13_sepconv1_act"}
ends["block 14"] = "block14_sepconv2_act"
outputs = [encoder.network.get_layer(layer).output for layer in ends.values()]
network = keras.Model(encoder.network.input, outputs)
inside = dict(zip(ends, network(scaled), strict=True))
for name, grid in inside.items():
    print(f"{name:8} {tuple(grid.shape)}")

# %% [markdown]
# The axes are `(photos, rows, columns, channels)`. Each place has looked mostly at its own part of the photo. A **channel** is one of the numbers, and it grows large where its own pattern is. Here is the liveliest channel of each block, bright where it found something:

# %%
grids = [grid.numpy()[0] for grid in inside.values()]
maps = [grid[:, :, grid.mean(axis=(0, 1)).argmax()] for grid in grids]
plots.show_images([pixels[0], *maps], ["the photo", *inside], columns=4)

# %% [markdown]
# The channels have no names, nobody chose them; training on ImageNet made them. The last block was asked for kinds of things: whether a car is red or blue made no difference. Captions do say red or blue. So this course takes all three, and section 7 shows what each knows.
#
# The finer grids are averaged to the 10 × 10 places of the last one: each place gets the mean of its patch. First by hand, on 4 × 4 places and one channel, then with a Keras layer:

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
# For a caption it is enough, for now, to know *that* a pattern is there and not *where*. So you average once more, over all places, and get the vector. Does it equal what the encoder returns when it does everything by itself?

# %%
vector = grid.mean(axis=(1, 2))
print(f"{grid.shape} averaged over rows and columns: {vector.shape}")
assert cosine(vector[0], encoder.encode(pixels)[0]) > 0.999
print("equal to encoder.encode; the first five:", vector[0, :5].round(3))

# %% [markdown]
# 268,203 numbers went in, 3,032 came out. Lesson 08 comes back to the grid, so that each word can look at its own place.

# %% [markdown]
# ## 5. Many photos: batches, and reading ahead
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
# The features are the same. With TensorFlow on two CPU cores expect the batch to be 1.1 to 2 times as fast; a GPU gains far more. One by one, each layer of the network is set up and its weights fetched for a single photo; in a batch, this price is paid once for all.
#
# Batches cost memory, so you don't put all photos into one. 32 are a good size.
#
# Where **OpenVINO** is installed (the course's extra `fast`), `load_encoder` takes it: a photo on each core, so that a batch gains little. Two cores then encoded 1.5 times as many photos a second. The features stay the same (in some processors' bfloat16, to a cosine of 0.999).
#
# While the network works, the disk idles, and the other way round. So let two helpers, called **threads**, read the next batches meanwhile. (`yield` hands out one batch; when the next one is wanted, the function goes on from there.)

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


# %% [markdown]
# `islice` takes the next few images. `pool.submit` hands out a task and returns at once; `.result()` waits until it is done. `coming` is a waiting line that never holds more than three batches, so memory does not grow with the number of photos. And the order stays.

# %%
batches = list(read_ahead(paths[:7], 64, batch_size=3))
print([np.stack(batch).shape for batch in batches])
assert np.array_equal(batches[2][0], image_pixels(paths[6], 64))

# %% [markdown]
# ## 6. All photos, in a run that survives
#
# Thousands of photos take a while, and in a while things happen: one photo is broken, the disk is full, Colab hangs up. So each batch goes to the disk as soon as it is encoded, into `features.pkl.part`, and a label beside it (`features.pkl.part.json`) says whose rows these are. `part_file` does this file work for you: it finds what is `todo`, `append` adds a batch, `finish` writes the final file and clears up.


# %% tags=["same-as:helpers.features.extracting.extract_features"]
def extract_features(encoder, photos, target, batch_size=32, mirror=False):
    with part_file(target, encoder, photos) as part:
        for batch in read_ahead(part.todo, encoder.image_size, batch_size):
            pixels = np.stack(batch)
            part.append(encoder.encode(pixels[:, :, ::-1] if mirror else pixels))
        return part.finish()


# %% [markdown]
# (`photos` maps names to files. `mirror` exchanges left and right: lesson 04 uses it to get more out of the photos.)
#
# An encoder is anything with a name, an image size, a feature shape and `encode`. A quick one, to try it, reduces a photo to its average red, green and blue:


# %%
class ColourEncoder:
    name, image_size, feature_shape = "colour", 8, (3,)

    def encode(self, pixels):
        return pixels.mean(axis=(1, 2)) / 255


colour_encoder = ColourEncoder()
colour_encoder.encode(image_pixels(paths[0], 8)[np.newaxis]).round(2)

# %% [markdown]
# Now break something on purpose: copy 100 photos and cut the 80th off in the middle, as a failed download would.

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
# One message names the photo, and two full batches are safe. The final file does not exist yet: `features.pkl` appears only when it is complete, so no later lesson ever reads half of it. Mend the photo and run again. The bar starts at 64:

# %%
broken.write_bytes(whole)
average_colours = extract_features(colour_encoder, copies, play / "colours.pkl")
print(average_colours.vectors.shape, sorted(path.name for path in play.glob("colours*")))

# %% [markdown]
# The `.part` files are gone. A kill amid a batch is no worse: the next run measures how many rows are complete and goes on behind them. It also notices replaced photos.
#
# Now Xception, on all photos. On two quiet CPU cores expect 6 to 10 photos a second (1-2 min on mini, 15-25 min on Flickr8k); on a T4 some 50-100 (an estimate). Interrupt it if you like, and run the cell again; a file that is there already is read.

# %%
target = work.file(ENCODER)
if target.exists():
    features = work.features(ENCODER)
else:
    chosen = encoder if ENCODER == encoder.name else load_encoder(ENCODER)
    features = extract_features(chosen, photos, target)
print(features.encoder, features.vectors.shape, features.vectors.dtype)
print(f"{target.name}: {target.stat().st_size / 1e6:.1f} MB")

# %% [markdown]
# `features.vectors` has the shape `(photos, 3032)`, and `features.names` says which row belongs to which photo. The numbers are kept as `float16`, in two bytes instead of four: three good digits each, at half the size.

# %% [markdown]
# ## 7. Do the numbers know what is in a photo?
#
# If they do, photos with similar features should show similar things. Begin with block 14, the first 2,048 numbers. Take a photo from the test split and look for its **nearest neighbours**: the training photos with the highest cosine similarity. Subtract the mean of the training photos first, or all look alike; a cosine below 0 then means opposite. Divide each row by its length, and a single matrix product gives all cosines.


# %%
known = {"block 14": slice(0, 2048), "block 12": slice(2048, 2776), "block 3": slice(2776, 3032)}
train, test = dataset.splits["train"], dataset.splits["test"]


def directions(names, block):
    shared = features.rows(train)[:, known[block]].mean(axis=0)
    rows = features.rows(names)[:, known[block]] - shared
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def cosines(block):
    return directions(test, block) @ directions(train, block).T


similarities = cosines("block 14")
print(similarities.shape, "from", similarities.min().round(2), "to", similarities.max().round(2))

# %% [markdown]
# One row for each test photo, one column for each training photo. You pick three test photos that have little in common, sort their rows, and look at the four best of each:


# %% tags=["picture"]
def show_nearest(similarities, chosen):
    best = similarities.argsort(axis=1)[:, ::-1][:, :4]  # (test photos, 4)
    queries = [open_image(dataset.image_paths[test[row]]) for row in chosen]
    found = [[open_image(dataset.image_paths[train[at]]) for at in best[row]] for row in chosen]
    return plots.show_neighbours(queries, found, [similarities[row, best[row]] for row in chosen])


test_rows = directions(test, "block 14")
chosen = [0]
for _ in range(2):  # the photo least like those that are chosen already
    chosen.append(int((test_rows @ test_rows[chosen].T).max(axis=1).argmin()))
show_nearest(similarities, chosen)

# %% [markdown]
# Look at what the neighbours share with their photo. On mini it is the kind of thing, the place, or both; colour and number may differ. On Flickr8k a motorcycle race finds other races, and a dog in the snow finds the same breed.
#
# Ask block 3 about the same photos:

# %%
show_nearest(cosines("block 3"), chosen)

# %% [markdown]
# Place and light are right, the nearest often has the colour too, and what the thing *is* hardly matters. On mini the scenes were drawn from facts, so count: how often does the nearest neighbour show the same object, the same colour, the same place?

# %%
if dataset.scenes:
    facts = dataset.scenes["scenes"]
    for block in known:
        found = [train[at] for at in cosines(block).argmax(axis=1)]
        for key in ("object", "colour", "place"):
            same = np.mean(
                [facts[a][key] == facts[b][key] for a, b in zip(test, found, strict=True)]
            )
            print(f"{block:8}  same {key:6} {same:4.0%}")

# %% [markdown]
# Block 14 knows things best, block 12 places, block 3 colours. The captioner of lesson 04 may ask all three.
#
# And people's words? They wrote five captions for each photo. How many of the words used for a photo are used for its neighbour, too? Compare three neighbours: nearest by block 14, nearest by average colour, and a random one. (The colours take a few seconds on mini, a minute or two on Flickr8k.)

# %%
colours = extract_features(colour_encoder, photos, play / "all-colours.pkl")
by_colour = np.linalg.norm(colours.rows(test)[:, None] - colours.rows(train)[None], axis=2)
words = {
    name: {word for caption in captions for word in caption.split()}
    for name, captions in clean_captions(dataset.captions).items()
}


def shared_words(columns):
    pairs = [(words[a], words[train[column]]) for a, column in zip(test, columns, strict=True)]
    return np.mean([len(a & b) / len(a | b) for a, b in pairs])


# %% [markdown]
# `shared_words` divides the words that both photos have by the words that either has, and averages over the test photos.

# %% tags=["scores"]
by_block_14, by_chance = similarities.argmax(axis=1), random.integers(len(train), size=len(test))
print(f"photos encoded: {len(features.names):,}")
print(f"words shared with the neighbour by block 14: {shared_words(by_block_14):.0%}")
print(f"words shared with the neighbour by colour: {shared_words(by_colour.argmin(axis=1)):.0%}")
print(f"words shared with a random photo: {shared_words(by_chance):.0%}")

# %% [markdown]
# On mini expect 30-40% for block 14, 20-30% for colour and 15-20% for chance. On Flickr8k people choose among far more words, so all shares are lower: 17-21% for block 14, 10-13% for chance. So features carry what people write about; colour alone carries less.
#
# ## 8. The pickle trap
#
# `features.pkl` is a **pickle**, Python's own way to write objects into a file. Captioning tutorials have always used it. Yours holds one dictionary of plain things, the array as bytes. `replacing` lets it appear when complete:


# %% tags=["same-as:helpers.features.files.save_features"]
def save_features(features, path):
    array = features.vectors
    plain = {"dtype": array.dtype.str, "shape": list(array.shape), "vectors": array.tobytes()}
    with replacing(path) as unfinished, unfinished.open("wb") as file:
        pickle.dump({**features.label, **plain}, file, protocol=5)


save_features(average_colours, play / "again.pkl")
print(sorted(pickle.loads((play / "again.pkl").read_bytes())))


# %% [markdown]
# `pickle.load` (or `loads`, from bytes) reads such a file back: harmless here, since you made it yourself. But a pickle is a little *program* that builds data, and it may call any function. An object can even say which. See what this one does when opened:


# %%
class Surprise:
    def __reduce__(self):  # "to rebuild me, call this function with these arguments"
        return print, ("I am a photo's features. Or am I? I ran code on your computer.",)


harmless = pickle.dumps(Surprise())
result = pickle.loads(harmless)

# %% [markdown]
# You only loaded it, and `print` ran. It could have deleted your files. So never open a pickle from a stranger with `pickle.load`, whatever its name promises.
#
# Here is a pickle that bites, gently: opening it would create a file named `bitten`. Look into it, but don't load it.


# %%
class Trap:
    def __reduce__(self):
        return os.system, (f'echo gotcha > "{play / "bitten"}"',)


(play / "free-features.pkl").write_bytes(pickle.dumps({"encoder": "xception", "names": Trap()}))
print((play / "free-features.pkl").read_bytes()[:75])
print("bitten:", (play / "bitten").exists())

# %% [markdown]
# Between the letters you can read a module and `system`: a trap has to *ask* for a function by its name. Python's reader passes each such question to `find_class`, which you may replace. This course once admitted four names there, with which NumPy rebuilds arrays, and refused all others. It seemed safe. It wasn't: the file chooses the arguments, too. With NumPy's own `_reconstruct` and `dtype`, an attacker reads and writes the program's memory, and so can run any command. Another file asked for 4.6 GB in eight bytes.
#
# So admit no name. Texts, numbers, bytes and lists need none: hence the array as bytes. A pickle consists of steps (*opcodes*), and `pickletools.genops` lists them without taking one. Twenty kinds are enough:


# %% tags=["same-as:helpers.features.pickles.PLAIN", "same-as:helpers.features.pickles.check_steps"]
import io
import pickletools

PLAIN = set(
    "PROTO FRAME MARK STOP EMPTY_DICT SETITEMS EMPTY_LIST APPEND APPENDS MEMOIZE BINGET "
    "LONG_BINGET SHORT_BINUNICODE BINUNICODE BININT BININT1 BININT2 SHORT_BINBYTES BINBYTES "
    "BINBYTES8".split()
)


def check_steps(data):
    file, limits = io.BytesIO(data), Limits(data)
    limits.admit(0)
    for opcode, argument, _ in pickletools.genops(file):
        limits.count(opcode.name, argument, file.tell())


try:
    check_steps(harmless)
except pickle.UnpicklingError as error:
    print("refused:", error)

# %% [markdown]
# `Limits` refuses a step outside of `PLAIN` before its argument is read, too many lists, and more memory than three times the file (and 8 MiB). Only then is the file read, behind a second lock: `find_class` finds nothing.


# %% tags=["same-as:helpers.features.pickles.PlainUnpickler", "same-as:helpers.features.pickles.load_plain"]
class PlainUnpickler(pickle.Unpickler):
    def find_class(self, module, name):
        raise pickle.UnpicklingError(f"it asks for {module}.{name}, which is not plain")


def load_plain(path):
    if size_of(path) > LARGEST:
        raise ValueError(f"it is larger than {LARGEST // 2**30} GiB")
    data = Path(path).read_bytes()
    check_steps(data)
    return PlainUnpickler(io.BytesIO(data)).load()


print(load_plain(play / "again.pkl")["shape"])

# %% [markdown]
# `load_features` puts it to use. `as_array` makes an array once dtype, shape and number of bytes agree; `as_features` wants as many rows as names. Each way to fail gets a message that says what to do. (`read_array` opens the larger files of lesson 08, which are no pickles.)


# %% tags=["same-as:helpers.features.files.read_pickle", "same-as:helpers.features.files.load_features"]
def read_pickle(path):
    content = load_plain(path)
    return as_features(content, as_array(content))


def load_features(path, encoder=None):
    path = Path(path)
    try:
        features = read_array(path) if path.suffix == ARRAY_FILE else read_pickle(path)
    except FileNotFoundError:
        raise FeaturesError(f"{path} is missing; lesson 02 makes it") from None
    except OldPickleError as error:
        raise OldFeaturesError(f"{path} is refused: {error}; run lesson 02 again") from error
    except Exception as error:  # a broken pickle can raise anything
        raise FeaturesError(
            f"{path} is not a features file of this course ({error}); "
            "if you don't know who made it, delete it and run lesson 02 again"
        ) from error
    if encoder is not None and features.encoder != encoder:
        raise FeaturesError(
            f"{path} holds features of {features.encoder!r}, not of {encoder!r}; "
            "delete it and run lesson 02 with the right encoder"
        )
    return features


# %% [markdown]
# The test. Will the trap snap?

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
# One more mistake: features of another encoder. Often they have the right shape, but their channels mean other things, and a captioner would talk nonsense. The file knows its encoder:

# %%
again = load_features(target, encoder=features.encoder)
assert again.names == features.names and np.array_equal(again.vectors, features.vectors)
print(f"{len(again.names):,} photos, made by {again.encoder}")
try:
    load_features(play / "colours.pkl", encoder=ENCODER)
except FeaturesError as error:
    print(str(error).replace(str(play), "play"))

# %% [markdown]
# ## Recap
#
# * A frozen encoder turns each photo into 3,032 features, once and for all: stretch to 299 × 299, scale to −1 … 1, take the grids of three blocks, average.
# * Batches share the network's overhead; threads read ahead; `.part` files let a broken run go on.
# * Cosine similarity compares directions. Photos with similar features show similar things, as the captions confirm.
# * A pickle is a program. Open one from elsewhere with a reader that admits plain things and nothing else.

# %% [markdown]
# ## Exercises
#
# ### Exercise 1: Find the most alike
#
# Write `most_alike(query, rows)`: the number of the row with the highest cosine similarity to `query`. Mind that long rows are no better than short ones.

# %% tags=["exercise"]
toy_rows = np.array([[9.0, 9, 9], [0, 1, 0], [0, 2, 1]])


def most_alike(query, rows):
    return 0  # your turn


print("right" if most_alike(np.array([0.0, 4, 2]), toy_rows) == 2 else "not yet")


# %% tags=["solution"]
# @title Solution 1
def most_alike(query, rows):
    return int(np.argmax([cosine(query, row) for row in rows]))


print("right" if most_alike(np.array([0.0, 4, 2]), toy_rows) == 2 else "not yet")

# %% [markdown]
# ### Exercise 2: Round to half a byte
#
# Write `round_to(weights, largest)`: round weights to whole steps from `-largest` to `largest` with one scale, and turn them back. With `largest=7` a weight fits into half a byte. How alike are the outputs now?


# %% tags=["exercise"]
def round_to(weights, largest):
    return np.zeros_like(weights)  # your turn


half = round_to(kernel, 7)
half_a_step = np.abs(kernel).max() / 13.99
if np.abs(half - kernel).max() <= half_a_step and len(np.unique(half)) <= 15:
    print(f"right: with half a byte {cosine(inputs @ kernel, inputs @ half):.3f}")
else:
    print("not yet")


# %% tags=["solution"]
# @title Solution 2
def round_to(weights, largest):
    scale = np.abs(weights).max() / largest
    return np.rint(weights / scale) * scale


half = round_to(kernel, 7)
half_a_step = np.abs(kernel).max() / 13.99
if np.abs(half - kernel).max() <= half_a_step and len(np.unique(half)) <= 15:
    print(f"right: with half a byte {cosine(inputs @ kernel, inputs @ half):.3f}")
else:
    print("not yet")

# %% [markdown]
# ### Exercise 3: Look into a mirror
#
# Does a photo keep its features when left and right are exchanged? Write `mirror_similarity(path)`: the cosine similarity of the features of a photo and of its mirror image. Two photos in one batch will do.


# %% tags=["exercise"]
def mirror_similarity(path):
    return 0.0  # your turn


mirrored = mirror_similarity(paths[0])
print(f"right: {mirrored:.3f}" if 0.8 < mirrored < 0.99999 else "not yet")


# %% tags=["solution"]
# @title Solution 3
def mirror_similarity(path):
    pixels = image_pixels(path, encoder.image_size)
    return float(cosine(*encoder.encode(np.stack([pixels, pixels[:, ::-1]]))))


mirrored = mirror_similarity(paths[0])
print(f"right: {mirrored:.3f}" if 0.8 < mirrored < 0.99999 else "not yet")

# %% [markdown]
# ### Exercise 4: Set a trap of your own
#
# Make the bytes of a pickle that would call `eval` on `"6 * 7"` when opened, and let `check_steps` refuse it. Then try to get past it. If you find a way, please report it.


# %% tags=["exercise"]
def set_trap():
    return pickle.dumps(None)  # your turn


try:
    check_steps(set_trap())
    print("not yet: nothing was refused")
except pickle.UnpicklingError as error:
    print("right:" if "eval" in str(error) else "not yet:", error)


# %% tags=["solution"]
# @title Solution 4
class EvalTrap:
    def __reduce__(self):
        return eval, ("6 * 7",)


def set_trap():
    return pickle.dumps(EvalTrap())


try:
    check_steps(set_trap())
    print("not yet: nothing was refused")
except pickle.UnpicklingError as error:
    print("right:" if "eval" in str(error) else "not yet:", error)

# %% [markdown]
# ## Next
#
# You can encode a folder of photos of any size, find photos that are alike, and open a stranger's pickle. The photos are numbers now, and the words have to follow: [03 build tokenizer](03_build_tokenizer.ipynb) gives every word a number of its own.
