"""TROUBLESHOOTING.md: what it says people see is what they see, and each trouble has one entry."""

import html
import io
import os
import pickle
import re
import subprocess
import sys
import tomllib
import warnings
from contextlib import redirect_stdout
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import keras
import numpy as np
import pytest
import requests_hardened
from keras import layers
from nltk.translate.bleu_score import corpus_bleu
from nltk.translate.meteor_score import meteor_score
from PIL import Image

from check_skeleton import expected_set_up
from helpers.apps.alt_text.__main__ import main as alt_text
from helpers.apps.alt_text.job import Job
from helpers.apps.web import PhotoPage
from helpers.apps.widget import NO_FILE
from helpers.captioner import Captioner
from helpers.captioner.asking import Server
from helpers.captions import read_captions
from helpers.datasets import download_flickr8k, open_dataset
from helpers.features import Features, extract_features, load_features, spreading
from helpers.images import open_image
from helpers.images.guarding import CHILDREN
from helpers.metrics import score_captions
from helpers.models import MergeDecoder
from helpers.tokenizer import CaptionTokenizer

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "TROUBLESHOOTING.md").read_text("utf-8")
ENTRY = re.compile(r"^### (.+?)(?: †)?\n\n(.*?)(?=^##|\Z)", re.DOTALL | re.MULTILINE)
MESSAGE = re.compile(r"^```text\n(.*?)^```", re.DOTALL | re.MULTILINE)
TRIGGERS = {}

# What can't be brought about on a machine without a GPU, without Colab, or has no message.
OUT_OF_REACH = {
    "Training stops on a GPU because of a mask",
    "Which versions fit together",
    "Every image gets the same caption",
    "A caption never ends, or shows its markers",
    "Captioning takes seconds per image",
    "The files are gone after a pause",
    "Colab wants to restart the session",
}


def trouble(title):
    """Name the entry that a function brings about; it returns the messages or raises the error."""

    def register(function):
        TRIGGERS[title] = function
        return function

    return register


def entries():
    """Title -> text of every entry."""
    return dict(ENTRY.findall(PAGE))


def messages(text):
    """The messages that an entry shows."""
    return [block.strip() for block in MESSAGE.findall(text)]


def as_pattern(message):
    """A message of the page as a pattern: … stands for anything, a line end for any space."""
    parts = [r"\s+".join(map(re.escape, part.split())) for part in message.split("…")]
    return r"[\s\S]*?".join(part for part in parts)


# Set-up


@trouble("make finds no suitable Python")
def _(folder):
    arguments = ["make", "setup", "PYTHON=python3.9", "OTHERS=", f"VENV={folder / 'venv'}"]
    return subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True).stderr


@trouble("A lesson does not find the course")
def _(folder):
    return run_python(expected_set_up("anna/lessons"), folder)


@trouble("Python does not find numpy or keras")
def _(folder):
    return run_python("import helpers.captioner", folder, options=["-S"], PYTHONPATH=str(ROOT))


@trouble("Keras refuses its settings")
def _(folder):
    (folder / "keras.json").write_text("[1]")
    return run_python("import helpers, keras", folder, PYTHONPATH=str(ROOT), KERAS_HOME=str(folder))


@trouble("Keras was there first")
def _(folder):
    (folder / "keras.py").write_text("class config:\n    backend = staticmethod(lambda: 'jax')")
    return run_python("import keras, helpers", folder, PYTHONPATH=f"{folder}:{ROOT}")


def run_python(code, folder, options=(), **variables):
    """What Python says on stderr when it runs a piece of code in a folder."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [sys.executable, *options, "-c", code]
    environment |= variables
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True
    ).stderr


@trouble("A name that Keras 3 no longer has")
def _(folder):
    wrong = (
        lambda: import_module("keras.preprocessing.text"),
        lambda: two_inputs().fit_generator(None),
        lambda: keras.optimizers.Adam(lr=0.001),
    )
    return "\n".join(map(what_it_raises, wrong))


def what_it_raises(function):
    """The error of a call, as Python prints it; an empty text if there is none."""
    try:
        function()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""


# Data


@trouble("Flickr8k cannot be downloaded")
def _(folder):
    download_flickr8k(folder, "http://127.0.0.1:9")


@trouble("No captions file is found")
def _(folder):
    (folder / "notes.txt").write_text("a dog runs\n")
    open_dataset(folder)


@trouble("A line of the captions file is refused")
def _(folder):
    path = folder / "captions.txt"
    path.write_text('image,caption\ndog.jpg,"A dog runs .\ncat.jpg,A cat sleeps .\n')
    read_captions(path)


@trouble("A JSON of captions lacks something")
def _(folder):
    path = folder / "captions.json"
    path.write_text('{"images": [{"id": 1}], "annotations": [{"image_id": 1, "caption": "a dog"}]}')
    read_captions(path)


@trouble("The captions file is not UTF-8")
def _(folder):
    path = folder / "captions.txt"
    path.write_bytes("hund.jpg#0\tEin Hund läuft über die Straße .\n".encode("latin-1"))
    read_captions(path)


@trouble("No images are found")
def _(folder):
    (folder / "captions.csv").write_text("image,caption\ndog.jpg,A dog runs .\n")
    open_dataset(folder)


# Features


def grey_encoder():
    """An encoder without a network: the mean colour of a photo."""

    def encode(pixels):
        return pixels.mean((1, 2)).astype("float32")

    return SimpleNamespace(name="mean", image_size=8, feature_shape=(3,), encode=encode)


@trouble("A photo is damaged")
def _(folder):
    Image.effect_noise((64, 64), 50).save(folder / "dog.jpg")
    (folder / "cat.jpg").write_bytes((folder / "dog.jpg").read_bytes()[:900])
    photos = {name: folder / name for name in ("dog.jpg", "cat.jpg")}
    extract_features(grey_encoder(), photos, folder / "features.pkl", batch_size=1)


@trouble("A photo has one or four channels")
def _(folder):
    photo = layers.Input((299, 299, 3))
    keras.Model(photo, layers.Flatten()(photo))(np.zeros((1, 299, 299, 4)))


@trouble("Photos without features")
def _(folder):
    Features("xception", ["cat.jpg"], np.zeros((1, 2), "float16")).rows(["dog.jpg", "cow.jpg"])


@trouble("Features have the wrong shape")
def _(folder):
    Captioner.load("merge-xception").caption_features(np.zeros((1, 1000), "float32"))


@trouble("A pickle is refused")
def _(folder):
    path = folder / "features.pkl"
    path.write_bytes(pickle.dumps(os.getcwd))
    load_features(path)


@trouble("An old features file is refused")
def _(folder):
    old = {"encoder": "xception", "names": ["cat.jpg"], "vectors": np.zeros((1, 2), "float16")}
    path = folder / "features.pkl"
    path.write_bytes(pickle.dumps(old, protocol=5))
    load_features(path)


@trouble("A tokenizer cannot be loaded")
def _(folder):
    path = folder / "tokenizer.json"
    path.write_text('{"class_name": "Tokenizer", "config": {}}')
    CaptionTokenizer.load(path)


# Training


def two_inputs():
    """A model of the classic shape: a photo and the words so far."""
    photo, words = layers.Input((4,)), layers.Input((3,))
    next_word = layers.Dense(5)(layers.concatenate([photo, words]))
    model = keras.Model([photo, words], next_word)
    model.compile(loss="mse")
    return model


def generator(*batches):
    """A generator, as classic code makes its batches."""
    yield from batches


@trouble("The generator yields a list")
def _(folder):
    batch = [[np.ones((1, 4)), np.ones((1, 3))], np.ones((1, 5))]
    return "\n".join(
        what_it_raises(lambda kind=kind: two_inputs().fit(generator(kind(batch)), verbose=0))
        for kind in (tuple, list)
    )


@trouble("Training runs out of data")
def _(folder):
    batch = ((np.ones((1, 4)), np.ones((1, 3))), np.ones((1, 5)))
    steps = {"steps_per_epoch": 5, "epochs": 2, "verbose": 0}
    return what_it_warns_of(lambda: two_inputs().fit(generator(batch), **steps))


def what_it_warns_of(function):
    """The warnings of a call, as Python prints them."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        function()
    return "\n".join(f"{warning.category.__name__}: {warning.message}" for warning in caught)


@trouble("A word id is out of bounds")
def _(folder):
    keras.utils.to_categorical([50], 50)


@trouble("Memory runs out")
def _(folder):
    np.zeros((400_000_000, 8449))


@trouble("A saved model cannot be loaded")
def _(folder):
    words = layers.Input((3,))
    encoded = layers.LSTM(2)(layers.Embedding(9, 2, mask_zero=True)(words))
    keras.Model(words, encoded).save(folder / "model.h5")
    keras.models.load_model(folder / "model.h5")


def test_keras_says_so_about_masks():
    text = "\n".join(messages(entries()["Training stops on a GPU because of a mask"]))
    source = Path(keras.__file__).parent / "src" / "backend" / "tensorflow" / "rnn.py"
    words = re.sub(r'"\s+"', "", source.read_text("utf-8"))
    assert re.search(as_pattern(text), words)


@trouble("OpenVINO is not used")
def _(folder):
    (folder / "openvino.py").write_text("raise ImportError('libopenvino.so.2 is missing')")
    code = "from helpers.encoders.engine import fast_engine; fast_engine('xception', '', None)"
    code = f"import sys; sys.stdout = sys.stderr; {code}"
    return run_python(code, folder, PYTHONPATH=f"{folder}:{ROOT}")


# Captions


@trouble("There is no such captioner")
def _(folder):
    Captioner.load("my-captioner")


@trouble("A captioner can't vote")
def _(folder):
    tokenizer = CaptionTokenizer.from_captions(["a dog"])
    Captioner(tokenizer, MergeDecoder(len(tokenizer), 3, 4, 4)).search("vote")


@trouble("BLEU is 0, or very small")
def _(folder):
    words = ["a", "dog", "runs"]
    said = what_it_warns_of(lambda: corpus_bleu([[words]], [words]))
    return said + what_it_raises(lambda: score_captions(["a dog runs"], ["a dog runs"]))


@trouble("METEOR asks for Java or a download")
def _(folder):
    meteor_score([["a", "dog"]], ["a", "hound"])


@trouble("The caption has another length than the model expects")
def _(folder):
    model = two_inputs()
    model([np.ones((1, 4)), np.ones((1, 7))])


@trouble("A server has been asked often enough")
def _(folder):
    server = Server("http://127.0.0.1:9/v1", max_requests=6)
    for _ in range(7):
        server.count()


# Photos


@trouble("A photo would take too long to open")
def _(folder):
    with mock.patch("helpers.images.opening.is_cheap", lambda file: False):
        with mock.patch.object(CHILDREN, "lent", mock.Mock(side_effect=EOFError)):
            open_image(a_photo())


def a_photo():
    """The bytes of a small JPEG."""
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, "JPEG")
    return file.getvalue()


@trouble("An image is no file")
def _(folder):
    open_image(os.devnull)


# Widget


@trouble("The address leads to a page, not to an image")
def _(folder):
    path = folder / "dog.jpg"
    path.write_text("<!doctype html><title>A dog</title>")
    open_image(path)


@trouble("The address is not allowed")
def _(folder):
    open_image("http://192.168.1.7/dog.jpg")


@trouble("The page should be open to others")
def _(folder):
    code = "from werkzeug.serving import make_server; make_server('', 0, None).log_startup()"
    return run_python(code, folder)


@trouble("The page isn't called by that name")
def _(folder):
    page = PhotoPage(SimpleNamespace()).test_client()
    return html.unescape(page.get("/", headers={"Host": "photos.example"}).text)


@trouble("The upload does not arrive")
def _(folder):
    return NO_FILE


@trouble("The photo of a phone is refused")
def _(folder):
    open_image(b"\0\0\0\x18ftypheic" + bytes(40))


# Alt text


@trouble("The table has no column of addresses")
def _(folder):
    (folder / "crawl.csv").write_text("page,words\nhome,12\nabout,7\n")
    Job(folder / "crawl.csv", folder / "out.csv")


@trouble("A quotation mark of the table is never closed")
def _(folder):
    rows = "".join(f"https://a.example/,https://a.example/{n}.jpg,x\n" for n in range(9))
    text = f'Page,Image,Alt\nhttps://a.example/,/a.jpg,"x\n{rows}https://a.example/,/b.jpg,y"\n'
    (folder / "crawl.csv").write_text(text)
    list(Job(folder / "crawl.csv", folder / "out.csv").table.rows())


@trouble("The table's alt texts are not found")
def _(folder):
    (folder / "crawl.csv").write_text("Image,Price\nhttps://a.example/1.jpg,12\n")
    with redirect_stdout(io.StringIO()) as printed:
        alt_text([str(folder / "crawl.csv"), "--dry-run"])
    return printed.getvalue()


@trouble("The output belongs to another job")
def _(folder):
    (folder / "crawl.csv").write_text("image\nhttps://photos.example/dog.jpg\n")
    job = Job(folder / "crawl.csv", folder / "out.csv")
    job.open_state({"captioner": "one"})
    job.scan()
    job.close()
    Job(folder / "crawl.csv", folder / "out.csv").open_state({"captioner": "two"})


@trouble("A file of that name is there already")
def _(folder):
    (folder / "crawl.csv").write_text("image\nhttps://photos.example/dog.jpg\n")
    (folder / "out.csv").write_text("somebody's table")
    Job(folder / "crawl.csv", folder / "out.csv").open_state({"captioner": "one"})


@trouble("The state of a job is damaged")
def _(folder):
    (folder / "crawl.csv").write_text("image\nhttps://photos.example/dog.jpg\n")
    (folder / "out.state").write_bytes(b"no database" * 100)
    Job(folder / "crawl.csv", folder / "out.csv").open_state({"captioner": "one"})


@trouble("A machine of the cluster has other weights")
def _(folder):
    encoder = SimpleNamespace(name="toy", network=keras.Sequential([layers.Input((2,))]))
    with mock.patch.object(spreading, "this_worker", lambda: "tcp://10.0.0.2:4000 on two"):
        spreading.loaded(lambda name: encoder, "toy", "the hash of others")


# Colab


@trouble("The course cannot be fetched")
def _(folder):
    code = expected_set_up("anna/lessons").replace("/content", str(folder))
    return run_python(f"import sys; sys.modules['google.colab'] = sys\n{code}", folder, **NO_REMOTE)


NO_REMOTE = {  # git looks into a folder that is not there instead of asking a server
    "GIT_CONFIG_COUNT": "1",
    "GIT_CONFIG_KEY_0": "url./nowhere/.insteadOf",
    "GIT_CONFIG_VALUE_0": "https://github.com/",
}


@trouble("requests_hardened is missing")
def _(folder):
    return run_without("requests_hardened", "import helpers.images", folder)


@trouble("protego is missing")
def _(folder):
    return run_without("protego", "import helpers.apps.alt_text", folder)


def run_without(package, code, folder):
    """What Python says on stderr when it runs a piece of code and lacks a package."""
    for path in Path(requests_hardened.__file__).parents[1].iterdir():
        if not path.name.startswith(package):
            (folder / path.name).symlink_to(path)
    paths = os.pathsep.join([str(ROOT), str(folder)])
    return run_python(code, folder, options=["-S"], PYTHONPATH=paths)


# The page


def test_the_versions_named_are_those_asked_for():
    asked = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    named = entries()["Which versions fit together"].split(". ")[0].replace("\n", " ")
    for name, first, last in re.findall(r"(\w+) ([\d.]+) (?:to|or) ([\d.]+)", named):
        listed = asked["requires-python"]
        if name != "Python":
            (listed,) = (r for r in asked["dependencies"] if r.startswith(f"{name.lower()}>="))
        low, high = re.search(r">=([\d.]+),<([\d.]+)", listed).groups()
        *major, minor = high.split(".")
        assert (first, last) == (low, ".".join([*major, str(int(minor) - 1)])), name
    assert len(re.findall(r"(?:to|or) [\d.]+", named)) == 4


def said(title, folder):
    """What the trouble of an entry shows: a text, or the error it raises."""
    texts = []
    raised = what_it_raises(lambda: texts.append(TRIGGERS[title](folder)))
    return raised or texts[0] or ""


@pytest.mark.parametrize("title", TRIGGERS)
def test_the_message_is_what_the_page_says(title, tmp_path):
    shown = messages(entries()[title])
    assert shown, "the entry shows no message"
    text = said(title, tmp_path).replace(str(tmp_path), "work")
    for message in shown:
        assert re.search(as_pattern(message), text), f"the message is:\n{text}"


def test_every_entry_is_tried_or_said_to_be_out_of_reach():
    assert set(entries()) == set(TRIGGERS) | OUT_OF_REACH
    assert not set(TRIGGERS) & OUT_OF_REACH


def test_no_trouble_has_two_entries():
    titles = re.findall(r"^### (.+?)(?: †)?$", PAGE, re.MULTILINE)
    shown = [message for text in entries().values() for message in messages(text)]
    assert len(titles) == len(set(titles)) == len(entries())
    assert len(shown) == len(set(shown))
    for message in shown:
        meant = [title for title, text in entries().items() if message in messages(text)]
        fits = [other for other in shown if re.search(as_pattern(message), other)]
        assert len(meant) == 1 and fits == [message], f"{message!r} also stands for {fits}"


@pytest.mark.parametrize("title", entries())
def test_every_entry_has_a_cure(title):
    cure = MESSAGE.sub("", entries()[title])
    assert len(cure.split()) >= 15
    assert len(cure.split()) <= 120, "keep entries short"
