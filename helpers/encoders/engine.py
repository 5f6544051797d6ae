"""OpenVINO runs a frozen encoder faster than TensorFlow, where it is installed (extra `fast`).

It reads a graph of the network, weights and all, which is written into the work folder once; from
then on no start has to build the network.
"""

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import cached_property
from hashlib import sha256
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from types import ModuleType

import numpy as np

from helpers.encoders.table import EncoderError
from helpers.files import replacing, write_text
from helpers.places import work_root

SETTING = "CAPTION_ENGINE"  # "tensorflow" leaves OpenVINO aside
FORMAT = 1  # goes up when the network of a name becomes another one
GPU_DEVICES = ("nvidiactl", "dxg")  # in /dev, where Linux or WSL has a GPU that TensorFlow may use
ALIKE = 0.999  # cosine that two engines' features of one picture must reach


class EngineError(RuntimeError):
    """OpenVINO can't run an encoder; the message says why."""


class Engine:
    """An encoder's graph, compiled for this processor.

    It takes one photo at a time, so its memory is the same for any number: a single photo gets all
    cores, several get a core each, which is a little faster for all of them together.

    Attributes:
        precision: of the numbers inside, "bfloat16" where the processor has instructions for it,
            else "float32".
    """

    def __init__(self, graph: object | Path):
        """Take a graph: what `openvino.convert_model` gives, or the path of a saved one."""
        self.core, self.lock = openvino().Core(), Lock()
        self.precision = precision_of(self.core)
        self.model = self.core.read_model(graph) if isinstance(graph, Path) else graph.clone()
        shape = self.model.input(0).partial_shape
        shape[0] = 1
        self.model.reshape(shape)
        self.request = self.compiled("LATENCY").create_infer_request()

    def compiled(self, hint: str) -> object:
        """Return the network, compiled to end soon with one photo, or with many."""
        precision = {"float32": "f32", "bfloat16": "bf16"}[self.precision]
        options = {"PERFORMANCE_HINT": hint, "INFERENCE_PRECISION_HINT": precision}
        return self.core.compile_model(self.model, "CPU", options)

    @cached_property
    def queue(self) -> object:
        """What several photos go through, compiled when they first come."""
        return openvino().AsyncInferQueue(self.compiled("THROUGHPUT"))

    def __call__(self, pixels: np.ndarray) -> np.ndarray:
        """Return float32 features (photos, …) of uint8 pixels; several threads may ask."""
        features = np.empty((len(pixels), *self.model.output(0).shape[1:]), "float32")
        with self.lock:
            if len(pixels) == 1:
                features[0] = self.request.infer(np.ascontiguousarray(pixels))[0][0]
                return features
            self.queue.wait_all()  # for what a Ctrl-C left
            self.queue.set_callback(
                lambda request, place: np.copyto(
                    features[place], request.get_output_tensor().data[0]
                )
            )
            for place, photo in enumerate(pixels):
                self.queue.start_async(np.ascontiguousarray(photo[None]), place)
            self.queue.wait_all()
        return features


def openvino() -> ModuleType:
    """Return OpenVINO, imported without the package by which it tells its makers who uses it."""
    sys.modules.setdefault("openvino_telemetry", None)  # Python's way to say that it is not there
    return import_module("openvino")


def precision_of(core: object) -> str:
    """Return the precision in which OpenVINO is fastest on this processor and exact enough."""
    return (
        "bfloat16" if "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES") else "float32"
    )


def fast_engine(name: str, weights: str, forward: Callable[[], Callable]) -> Engine | None:
    """Return OpenVINO with the graph of an encoder, or None where TensorFlow has to run it.

    Arguments:
        name: the encoder's.
        weights: tells its weights from others; a new text, a new graph.
        forward: gives the `tf.function` from pixels to features; called if there is no graph yet.

    Where OpenVINO is installed and can't be used, a line says why.
    """
    unwanted = os.environ.get(SETTING, "").lower() == "tensorflow"
    if unwanted or not find_spec("openvino") or has_gpu():
        return None
    try:
        return saved_engine(name, weights, forward)
    except EncoderError:
        raise
    except Exception as error:  # of another version, of another processor, a folder, a full disk
        reason = " ".join(str(error).split()) or type(error).__name__
        print(f"{name}: OpenVINO can't be used ({reason}), so TensorFlow encodes, more slowly.")
        return None


def has_gpu() -> bool:
    """True where TensorFlow has a GPU, and so is the faster engine; it is asked only if it may."""
    if not any(Path("/dev", name).exists() for name in GPU_DEVICES):
        return False
    import tensorflow as tf

    return bool(tf.config.list_physical_devices("GPU"))


def saved_engine(name: str, weights: str, forward: Callable[[], Callable]) -> Engine:
    """Return the engine of a saved graph, made first if need be.

    Where that fails, a note beside the graph's place says why, and is believed next time.
    Raises EngineError for it, and OSError for a folder that can't be written.
    """
    version, precision = openvino().__version__, precision_of(openvino().Core())
    made_of = f"{FORMAT} {name} {weights} {version} {precision}"
    graph = work_root() / "encoders" / f"{name}-{sha256(made_of.encode()).hexdigest()[:12]}.xml"
    note = graph.with_suffix(".txt")
    if note.exists():
        raise EngineError(note.read_text("utf-8"))
    if graph.exists():
        with suppress(RuntimeError):  # a broken one is made anew
            return Engine(graph)
    run = forward()
    try:
        return make_engine(name, graph, run)
    except (RuntimeError, AttributeError, ValueError, TypeError) as error:
        write_text(note, f"{error}; delete {note} to try again")
        raise


def make_engine(name: str, graph: Path, forward: Callable) -> Engine:
    """Convert an encoder, compare both engines, save the graph and forget older ones of it.

    Raises EngineError if their features differ, and what OpenVINO raises.
    """
    with replacing(graph) as text, replacing(graph.with_suffix(".bin")) as numbers:
        text.touch()  # a folder that can't be written is found out before the work
        model = openvino().convert_model(forward.get_concrete_function())
        engine = Engine(model)
        cosine = agreement(engine, forward)
        if not cosine >= ALIKE:  # NaN, too
            raise EngineError(f"its features have a cosine of {cosine:.3f} with TensorFlow's")
        openvino().serialize(model, text, numbers)
    for old in graph.parent.glob(f"{name}-{'?' * 12}.*"):
        if old.stem != graph.stem:
            with suppress(OSError):  # another program may be reading it
                old.unlink()
    return engine


def agreement(engine: Engine, forward: Callable) -> float:
    """Return the cosine of both engines' features of one drawn picture, alone and as a pair."""
    _, height, width, _ = forward.get_concrete_function().inputs[0].shape
    rows, columns = np.mgrid[0:height, 0:width]
    waves = [np.sin(rows / 9) * np.cos(columns / 7), rows / height * 2 - 1, np.sin(columns / 5)]
    picture = np.uint8(127.5 + 127 * np.stack(waves, axis=-1))[None]
    ours = np.concatenate([engine(picture), engine(np.repeat(picture, 2, axis=0))]).ravel()
    theirs = np.tile(np.ravel(forward(picture)), 3)
    with np.errstate(invalid="ignore", divide="ignore"):
        return float(ours @ theirs / np.linalg.norm(ours) / np.linalg.norm(theirs))
