"""What Keras runs on, whatever else the computer is set to, and what TensorFlow says of it.

Keras and TensorFlow are imported late, if at all; so what is to be settled waits for their import.
"""

import ctypes
import logging
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path
from traceback import walk_tb
from types import ModuleType

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_MMAP_MAX = -1, -3, -4  # of glibc's malloc.h
COMMANDS = ("caption", "alt-text", "caption-page", "caption-train")  # that pip installs
NOTICE = re.compile(
    rb"(WARNING: All log messages before absl|[IW]\d{4} \d\d:|\d{4}-\d\d-\d\d .{8,20}: [IW] |"
    rb"To enable the following instructions).*\n?|E\d{4} \d\d:.*(cuda|CUDA|cuInit).*\n?"
)


def settle_keras() -> None:
    """Let Keras run as the course needs it, for this program alone: TensorFlow, channels last.

    `helpers/__init__.py` calls this, so it comes before any other line of the course; a lesson's
    set-up cell imports `helpers` before Keras. `keras.json` is a default for all of a person's
    programs, often a forgotten one: what it says otherwise is passed over without a word, and the
    file stays as it is. `KERAS_BACKEND` is set on purpose, so a line on stderr says that it is not
    followed. A command's stderr is kept free of TensorFlow's notices, unless the person has set
    TF_CPP_MIN_LOG_LEVEL.

    Raises ImportError if Keras runs on another backend already.
    """
    logging.getLogger("tensorflow").addFilter(is_no_retracing)
    if keras := sys.modules.get("keras"):
        return set_up(keras)
    chosen = os.environ.get("KERAS_BACKEND") or "tensorflow"
    if chosen != "tensorflow":
        print(
            f"KERAS_BACKEND={chosen}: the course runs on TensorFlow all the same", file=sys.stderr
        )
    os.environ["KERAS_BACKEND"] = "tensorflow"
    sys.meta_path.insert(0, LoadedInside("keras", settled))
    if is_command() and "TF_CPP_MIN_LOG_LEVEL" not in os.environ:
        os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
        sys.meta_path.insert(0, LoadedInside("tensorflow", without_notices))
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


def is_no_retracing(record: logging.LogRecord) -> bool:
    """False for the warning that a function is traced again and again, which ours are.

    Photos and captions come in batches of many sizes, each of which is traced once.
    """
    return "triggered tf.function retracing" not in record.getMessage()


@contextmanager
def kept_memory() -> Iterator[None]:
    """Let the C library keep what is freed inside for the next tensor, up to 2 GB.

    A training asks for the same memory in every step. By itself, glibc hands large pieces back at
    once, and Linux clears every page before it gives it out again: that took half of an epoch.
    Memory settings of the person's own (MALLOC_…) are left alone.
    """
    library = ctypes.CDLL(None) if sys.platform == "linux" else None
    if not hasattr(library, "gnu_get_libc_version") or "MALLOC_" in " ".join(os.environ):
        yield
        return
    library.mallopt(M_MMAP_MAX, 0)
    library.mallopt(M_TRIM_THRESHOLD, 2**31 - 1)
    try:
        yield
    finally:  # what glibc arrives at by itself in a program with large arrays
        library.mallopt(M_MMAP_MAX, 65_536)
        library.mallopt(M_MMAP_THRESHOLD, 2**25)
        library.mallopt(M_TRIM_THRESHOLD, 2**26)
        library.malloc_trim(0)


@cache
def first_process() -> int:
    """Return the process in which TensorFlow was first put to work; a fork of it knows this."""
    return os.getpid()


def refuse_fork() -> None:
    """Raise RuntimeError in a fork of the process in which TensorFlow works: it would hang there.

    A fork copies TensorFlow's locks, but not the threads that would open them.
    """
    if first_process() != os.getpid():
        raise RuntimeError(
            "TensorFlow has worked in the process of which this one is a fork, and would wait "
            'here for ever; start it by multiprocessing.get_context("spawn")'
        )


def set_up(keras: ModuleType) -> None:
    """Undo what `keras.json` has changed; raise ImportError for another backend."""
    if keras.config.backend() != "tensorflow":
        raise ImportError(
            f"Keras runs on {keras.config.backend()} already, and the course needs TensorFlow: "
            "import helpers before keras, in a notebook after restarting the kernel"
        )
    keras.config.set_floatx("float32")
    keras.config.set_epsilon(1e-7)
    keras.config.set_image_data_format("channels_last")


def is_command() -> bool:
    """True for `python -m helpers.…` and the commands that pip has installed."""
    flag, module = (*sys.orig_argv[1:3], "", "")[:2]
    return (flag == "-m" and module.startswith("helpers.")) or Path(sys.argv[0]).stem in COMMANDS


class LoadedInside:
    """Finds one module as ever and loads it inside a context: for `sys.meta_path`."""

    def __init__(self, name: str, context: Callable[[ModuleType], AbstractContextManager]):
        self.name, self.context = name, context

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec of the module with this as its loader; None for all others."""
        if name != self.name:
            return None
        sys.meta_path.remove(self)
        if spec := find_spec(name):
            self.loader, spec.loader = spec.loader, self
        return spec

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """Make the module as ever."""
        return self.loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        """Run the module's code inside the context."""
        module.__spec__.loader = module.__loader__ = self.loader
        try:
            with self.context(module):
                self.loader.exec_module(module)
        except BaseException:
            sys.meta_path.insert(0, self)  # Keras tries TensorFlow a second time
            raise


@contextmanager
def settled(keras: ModuleType) -> Iterator[None]:
    """Set Keras up after its import; name `keras.json` if it holds what Keras refuses."""
    try:
        with without_plots():
            yield
        set_up(keras)
    except (ImportError, ValueError, TypeError, AttributeError, AssertionError, OSError) as error:
        path = Path(os.environ.get("KERAS_HOME") or "~/.keras", "keras.json").expanduser()
        modules = [frame.f_globals.get("__name__", "") for frame, _ in walk_tb(error.__traceback__)]
        of_tensorflow = any(name.partition(".")[0] == "tensorflow" for name in modules)
        if isinstance(error, ModuleNotFoundError) or of_tensorflow or not path.exists():
            raise
        problem = f"Keras refuses its settings in {path} ({error})"
        raise ImportError(f"{problem}; mend or delete that file") from error


@contextmanager
def without_plots() -> Iterator[None]:
    """Keep Keras from loading Matplotlib in a command, which needs none of its plots."""
    hidden = is_command() and "matplotlib" not in sys.modules
    if hidden:
        sys.modules["matplotlib"] = None  # Python's way to say that it is not there
    try:
        yield
    finally:
        if hidden:
            del sys.modules["matplotlib"]


@contextmanager
def without_notices(tensorflow: ModuleType) -> Iterator[None]:
    """Leave out the notices that TensorFlow's C++ writes to stderr; all else is written after it.

    They come before any setting of Python's counts, at the import and when it looks for devices.
    """
    if sys.stderr is None:  # closed by whoever started this
        yield
        return
    sys.stderr.flush()
    with tempfile.TemporaryFile() as kept:
        stderr = os.dup(2)
        os.dup2(kept.fileno(), 2)
        try:
            yield
            tensorflow.config.list_physical_devices()
        finally:
            os.dup2(stderr, 2)
            kept.seek(0)
            os.write(stderr, NOTICE.sub(b"", kept.read()))
            os.close(stderr)
