"""The parts of the benchmark: each gives its figures, the classic recipe's beside ours.

A label ends in its unit in square brackets, and a ratio has none. The work has the size of Flickr8k
(6,000 training photos, 30,000 captions, 1,000 test photos); features and captions are drawn at
random, photos are those of mini. Where the classic recipe would take hours, a part is measured and
the whole computed from it; the label says so.
"""

import multiprocessing
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import numpy as np

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

PHOTOS, CAPTIONS_EACH, VOCAB, FEATURES, MAX_LENGTH = 6000, 5, 2540, 3032, 32
TEST_PHOTOS = 1000
CLASSIC_PHOTOS = 150  # of 6,000: the classic epoch is computed from these
CLASSIC_LOOP = 12  # captions written by the classic loop
SEED = 7


def seconds(work: Callable[[], object]) -> float:
    """Return how long a piece of work takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def peak_memory() -> int:
    """Return the most memory this process has used, in MiB.

    `getrusage` would do on Linux too, but there a process inherits the peak of its parent.
    """
    status = Path("/proc/self/status")
    if status.exists():
        return int(re.search(r"VmHWM:\s+(\d+)", status.read_text()).group(1)) // 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def make_captions(photos: int) -> tuple[np.ndarray, np.ndarray]:
    """Return ids (captions, MAX_LENGTH) with Flickr8k's lengths, and the photo of each caption."""
    random = np.random.default_rng(SEED)
    ids = np.zeros((photos * CAPTIONS_EACH, MAX_LENGTH), "int32")
    lengths = np.clip(random.normal(11.8, 3.7, len(ids)).round(), 3, MAX_LENGTH - 2).astype(int)
    for row, length in zip(ids, lengths, strict=True):
        words = 5 + random.zipf(1.3, length - 1) % (VOCAB - 5)
        row[: length + 2] = [2, *words, 4, 3]  # word 4 announces the end
    return ids, np.repeat(np.arange(photos), CAPTIONS_EACH)


def make_features(photos: int) -> np.ndarray:
    """Return float16 features (photos, FEATURES) spread like Xception's."""
    return np.random.default_rng(SEED).exponential(0.1, (photos, FEATURES)).astype("float16")


def make_model():
    """Return a merge captioner of the default sizes, built."""
    import keras

    from helpers.models import MergeDecoder

    keras.utils.set_random_seed(SEED)
    model = MergeDecoder(VOCAB)
    model.standardise.adapt(make_features(500).astype("float32"))
    model.build()
    return model


def whole_captions(policy: str) -> dict:
    """Train one epoch on whole captions in some precision."""
    from helpers.backend import kept_memory
    from helpers.batches import CaptionBatches
    from helpers.training import CaptionLoss

    model, (ids, photos) = make_model().copy(policy), make_captions(PHOTOS)
    model.compile("adam", CaptionLoss())
    features = make_features(PHOTOS)
    warm_up = CaptionBatches(features, photos[:1280], ids[:1280])
    batches = CaptionBatches(features, photos, ids)
    with kept_memory():  # as `train_decoder` does
        model.fit(warm_up.dataset(), shuffle=False, verbose=0)
        took = seconds(lambda: model.fit(batches.dataset(), shuffle=False, verbose=0))
    return {"seconds": took, "peak": peak_memory()}


def classic_rows(keep: bool) -> dict:
    """Train a part of an epoch on one row per word, and compute the whole."""
    from helpers.backend import kept_memory
    from helpers.batches import prefix_generator
    from helpers.models import next_word_model

    (ids, photos), features = make_captions(PHOTOS), make_features(PHOTOS)
    model = next_word_model(make_model(), MAX_LENGTH - 1)
    model.compile("adam", "categorical_crossentropy")
    rows = prefix_generator(features, photos, ids, VOCAB)
    fit = partial(model.fit, rows, shuffle=False, verbose=0)
    with kept_memory() if keep else nullcontext():
        fit(steps_per_epoch=10)
        took = seconds(lambda: fit(steps_per_epoch=CLASSIC_PHOTOS))
    return {"seconds": took * PHOTOS / CLASSIC_PHOTOS, "peak": peak_memory()}


def training() -> dict:
    """Compare an epoch of both generators, each in a process of its own.

    The classic one twice: with memory as the course keeps it, and as any other program has it.
    """
    classic, plain = apart(classic_rows, True), apart(classic_rows, False)
    ours, halved = apart(whole_captions, "float32"), apart(whole_captions, "mixed_bfloat16")
    part = f"(from {CLASSIC_PHOTOS} of {PHOTOS:,} photos)"
    return {
        "whole captions: times faster than the classic generator": (
            classic["seconds"] / ours["seconds"]
        ),
        "the same, mixed_bfloat16": classic["seconds"] / halved["seconds"],
        "the same, float32, beside a classic one that keeps no memory": (
            plain["seconds"] / ours["seconds"]
        ),
        f"classic generator, epoch {part} [s]": classic["seconds"],
        f"classic generator that keeps no memory, epoch {part} [s]": plain["seconds"],
        "whole captions, epoch [s]": ours["seconds"],
        "whole captions, mixed_bfloat16, epoch [s]": halved["seconds"],
        "whole captions, peak [MiB]": ours["peak"],
        "classic generator, peak [MiB]": classic["peak"],
    }


def classic_loop(model, features: np.ndarray) -> None:
    """Write captions as the older recipes do: one `predict` per word, one photo at a time."""
    for photo in features:
        words = np.zeros((1, MAX_LENGTH - 1), "int32")
        words[0, 0] = 2
        for place in range(1, MAX_LENGTH - 1):
            probabilities = model.predict([photo[None], words], verbose=0)
            words[0, place] = np.argmax(probabilities[0, 3:]) + 3
            if words[0, place] == 3:
                break


def decoding() -> dict:
    """Compare the classic loop with batched greedy and beam 5, per caption."""
    from helpers.batches import CaptionBatches
    from helpers.decoding import CompiledModel, beam_search, greedy
    from helpers.models import next_word_model
    from helpers.training import CaptionLoss

    model, (ids, photos), features = make_model(), make_captions(PHOTOS), make_features(PHOTOS)
    model.compile("adam", CaptionLoss())
    few = 5000  # captions; they are enough to learn that a caption ends
    batches = CaptionBatches(features, photos[:few], ids[:few])
    model.fit(batches.dataset(), shuffle=False, verbose=0)
    features = features[:TEST_PHOTOS].astype("float32")
    classic, compiled = next_word_model(model, MAX_LENGTH - 1), CompiledModel(model)
    classic_loop(classic, features[:1])
    words = [len(caption) for caption in greedy(compiled, features, MAX_LENGTH)]
    beam_search(compiled, features, MAX_LENGTH, 5)
    loop = seconds(lambda: classic_loop(classic, features[:CLASSIC_LOOP])) / CLASSIC_LOOP
    batched = seconds(lambda: greedy(compiled, features, MAX_LENGTH)) / TEST_PHOTOS
    beams = seconds(lambda: beam_search(compiled, features, MAX_LENGTH, 5)) / TEST_PHOTOS
    return {
        "greedy: times faster than the classic loop": loop / batched,
        "beam 5: times faster than the classic loop": loop / beams,
        f"classic loop, {CLASSIC_LOOP} captions [ms each]": 1000 * loop,
        f"batched greedy, {TEST_PHOTOS:,} captions [ms each]": 1000 * batched,
        f"beam 5, {TEST_PHOTOS:,} captions [ms each]": 1000 * beams,
        "length of a caption [words]": float(np.mean(words)),
    }


def engine() -> dict:
    """Compare the grid encoder's forward pass on both engines, in turn, photo by photo."""
    from helpers.captioner import Captioner
    from helpers.datasets import open_dataset
    from helpers.stream import read_ahead

    captioner = Captioner.load()
    fast, slow = encoders(captioner.config["encoder"])
    paths = open_dataset("mini").paths("train")[:96]
    batches = [np.stack(batch) for batch in read_ahead(paths, fast.image_size, 16)]
    times, features = {fast: [], slow: []}, {}
    for _ in range(3):
        for each in (slow, fast):
            each.encode(batches[0])
            times[each].append(
                seconds(lambda each=each: features.update({each: list(map(each.encode, batches))}))
            )
    ours, theirs = (np.concatenate(features[each]) for each in (fast, slow))
    said = [captioner.caption_features(each, 3) for each in (ours, theirs)]
    rate, bare = (len(paths) / min(times[each]) for each in (fast, slow))
    return {
        f"engine ({fast.precision}): times faster than TensorFlow's forward pass": rate / bare,
        "cosine of their features, least of all photos": float(cosines(ours, theirs).min()),
        "equal captions, share": float(np.mean([a == b for a, b in zip(*said, strict=True)])),
        "TensorFlow, forward pass [photos/s]": bare,
        "engine, forward pass [photos/s]": rate,
    }


def encoders(name: str) -> tuple:
    """Return an encoder on the engine that is installed, and on TensorFlow."""
    from helpers.encoders import load_encoder

    fast = load_encoder(name)
    with environment(CAPTION_ENGINE="tensorflow"):
        return fast, load_encoder(name)


def cosines(ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    """Return the cosine of each photo's features, taken as one vector."""
    ours, theirs = ours.reshape(len(ours), -1), theirs.reshape(len(theirs), -1)
    lengths = np.linalg.norm(ours, axis=1) * np.linalg.norm(theirs, axis=1)
    return (ours * theirs).sum(axis=1) / lengths


def extraction() -> dict:
    """Compare `extract_features` with one `predict` a photo, and with the bare forward pass."""
    import keras

    from helpers.datasets import open_dataset
    from helpers.encoders import load_encoder
    from helpers.features import extract_features
    from helpers.stream import read_ahead

    paths = open_dataset("mini").paths("train")[:192]
    photos = {path.name: path for path in paths}
    encoder = load_encoder()
    last = encoder.network.get_layer("block14_sepconv2_act").output
    network = keras.Model(encoder.network.input, last)
    batches = [np.stack(batch) for batch in read_ahead(paths, encoder.image_size, 32)]
    encoder.encode(batches[0])
    network.predict(batches[0][:1] / 127.5 - 1, verbose=0)
    bare, ours = [], []
    for _ in range(3):  # in turn, so that a slow minute hits both
        bare.append(seconds(lambda: [encoder.encode(batch) for batch in batches]))
        with tempfile.TemporaryDirectory() as folder:
            target = Path(folder) / "features.pkl"
            ours.append(seconds(lambda target=target: extract_features(encoder, photos, target)))
    one_by_one = seconds(lambda: [classic_photo(network, path) for path in paths[:32]]) / 32
    rate, bare_rate = len(paths) / min(ours), len(paths) / min(bare)
    return {
        "extract_features: share of the forward pass": rate / bare_rate,
        "extract_features: times faster than one by one": rate * one_by_one,
        "classic, one by one, 32 photos [photos/s]": 1 / one_by_one,
        f"forward pass, {len(paths)} photos [photos/s]": bare_rate,
        f"extract_features, {len(paths)} photos [photos/s]": rate,
    }


def classic_photo(network, path: Path) -> np.ndarray:
    """Extract features as the older recipes do."""
    import keras

    image = keras.utils.load_img(path, target_size=(299, 299))
    pixels = keras.utils.img_to_array(image)[None]
    return network.predict(keras.applications.xception.preprocess_input(pixels), verbose=0)


def attention() -> dict:
    """Time beam 5 of the attention captioner: what 1,000 images take once they are encoded."""
    from helpers.captioner import Captioner

    captioner = Captioner.load("attention-xception")
    random = np.random.default_rng(SEED)
    grids = random.exponential(0.1, (TEST_PHOTOS, 100, FEATURES)).astype("float16")
    captioner.caption_features(grids[:200], 5)
    took = seconds(lambda: captioner.caption_features(grids, 5))
    return {f"attention, beam 5, {TEST_PHOTOS:,} images after features [s]": took}


def command_line() -> dict:
    """Time `python -m helpers.captioner` from its start, TensorFlow's import and all.

    BESIDE names the folder of another version of the course, which takes its turn in the same run.
    """
    from helpers.datasets import open_dataset

    paths = open_dataset("mini").paths("train")[:100]
    beside = os.environ.get("BESIDE")
    ways = {"": (ROOT, "openvino"), ", TensorFlow alone": (ROOT, "tensorflow")}
    ways |= {", the version beside": (Path(beside), "")} if beside else {}
    found = {}
    for number in (1, 100):
        took = {way: [] for way in ways}
        for _ in range(3):
            for way, (folder, name) in ways.items():
                took[way].append(start(folder, name, paths[:number]))
        best = {way: float(np.median(times)) for way, times in took.items()}
        for way in list(ways)[:2] if beside else ():
            found[f"command line, {number} photos{way}: share of the version beside's time"] = (
                best[way] / best[", the version beside"]
            )
        found |= {f"command line, {number} photos{way} [s]": best[way] for way in ways}
    return found


def start(folder: Path, engine_name: str, paths: list[Path]) -> float:
    """Return how long the command takes in a checkout of the course, from start to end."""
    command = [sys.executable, "-m", "helpers.captioner", *map(str, paths)]
    with environment(CAPTION_ENGINE=engine_name, PYTHONPATH=str(folder)):
        run = partial(subprocess.run, command, cwd=folder, check=True, capture_output=True)
        return seconds(run)


def alt_text() -> dict:
    """Compare alt text for 500 photos of a local server with the bare forward pass of them."""
    from helpers.apps.alt_text import Job, Settings
    from helpers.captioner import DEFAULT, Captioner
    from helpers.datasets import open_dataset
    from helpers.stream import read_ahead

    captioner, dataset = Captioner.load(DEFAULT), open_dataset("mini")
    paths = [path for split in dataset.splits for path in dataset.paths(split)][:500]
    opened = read_ahead(paths, captioner.encoder.image_size, 32)
    batches = [np.stack(batch) for batch in opened]
    captioner.feature_candidates(captioner.encoder.encode(batches[0]), 3)
    with tempfile.TemporaryDirectory() as folder, serving(paths[0].parent) as address:
        crawl = Path(folder) / "crawl.csv"
        crawl.write_text("\n".join(["image", *(f"http://{address}/{p.name}" for p in paths)]))
        settings = Settings(DEFAULT, rate=10_000, local=address)
        with closing(Job(crawl, Path(folder) / "out.csv")) as job:
            job.open_state({})
            job.scan()
            work = seconds(lambda: job.work(captioner, settings))
            assert job.store.count() == {"ok": len(paths)}, job.store.count()
    features, number = [], len(paths)
    bare = seconds(lambda: features.extend(map(captioner.encoder.encode, batches)))
    search = seconds(lambda: [captioner.feature_candidates(batch, 3) for batch in features])
    return {
        "alt text: share of the forward pass": bare / work,
        "alt text: share of forward pass and beam search": (bare + search) / work,
        f"forward pass, {number} photos [photos/s]": number / bare,
        f"with beam search, {number} photos [photos/s]": number / (bare + search),
        f"fetched, captioned, kept, {number} photos [photos/s]": number / work,
    }


class Quiet(SimpleHTTPRequestHandler):
    """Serves the files of a folder without a word."""

    def log_message(self, *_) -> None:
        """Say nothing."""


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Serve a folder while a block runs; give the address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder)) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


def one_photo() -> dict:
    """Time the whole way from file to caption, everything loaded: a scene, and a phone's photo."""
    from PIL import Image

    from helpers.captioner import Captioner
    from helpers.datasets import open_dataset

    captioner, scene = Captioner.load(), open_dataset("mini").paths("test")[0]
    with tempfile.TemporaryDirectory() as folder:
        large = Path(folder) / "phone.jpg"
        Image.open(scene).resize((4000, 3000)).save(large, quality=92)
        captioner.caption([scene])
        times = {
            path: [seconds(lambda path=path: captioner.caption([path])) for _ in range(9)]
            for path in (scene, large)
        }
    return {
        "scene of 299 x 299, beam 3, median of 9 [s]": float(np.median(times[scene])),
        "photo of 12 megapixels, beam 3, median of 9 [s]": float(np.median(times[large])),
    }


def page() -> dict:
    """Compare what 64 clients get from the upload page with the bare captioner, in turn."""
    from web_load import bare_rate, served, under_load

    with served() as server:
        captioner = server.desk.captioner
        bare_rate(captioner, 1), under_load(server, 8)  # warm
        before, (report, _), after = (
            bare_rate(captioner, 10),
            under_load(server, 20),
            bare_rate(captioner, 10),
        )
    rate, bare = report["counts"]["200"] / report["seconds"], (before + after) / 2
    return {
        "page, 64 clients: share of the bare captioner": rate / bare,
        "bare captioner [photos/s]": bare,
        "page, 64 clients [photos/s]": rate,
        "page, 64 clients: a client's median wait [s]": report["median wait"],
    }


def extraction_memory(photos: int) -> dict:
    """Return the peak memory of extracting many photos with an encoder that costs nothing."""
    from helpers.datasets import open_dataset
    from helpers.features import extract_features

    class Free:
        name, image_size, feature_shape = "free", 299, (FEATURES,)

        def encode(self, pixels):
            return np.full((len(pixels), FEATURES), pixels[0, 0, 0, 0], "float32")

    paths = open_dataset("mini").paths("train")
    named = {str(number): paths[number % len(paths)] for number in range(photos)}
    with tempfile.TemporaryDirectory() as folder:
        took = seconds(lambda: extract_features(Free(), named, Path(folder) / "features.pkl"))
    return {"peak MiB": peak_memory(), "photos/s": photos / took}


def memory() -> dict:
    """Compare the peak memory of extracting 500 and 8,000 photos."""
    few, many = apart(extraction_memory, 500), apart(extraction_memory, 8000)
    return {
        "extract_features: peak memory of 8,000 photos, share of 500's": (
            many["peak MiB"] / few["peak MiB"]
        ),
        "extract_features, 500 photos, peak [MiB]": few["peak MiB"],
        "extract_features, 8,000 photos, peak [MiB]": many["peak MiB"],
        "reading photos alone [photos/s]": many["photos/s"],
    }


def apart(work: Callable[..., dict], *arguments) -> dict:
    """Run a piece of work in a fresh process, so that its peak memory is its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(work, arguments)


@contextmanager
def environment(**variables: str) -> Iterator[None]:
    """Set variables of the environment while a block runs."""
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


PARTS = {
    "training": training,
    "decoding": decoding,
    "engine": engine,
    "extraction": extraction,
    "one_photo": one_photo,
    "attention": attention,
    "command_line": command_line,
    "alt_text": alt_text,
    "page": page,
    "memory": memory,
}
