"""What Keras runs on: TensorFlow, float32, channels last, whatever else the computer is set to."""

import json
import os
import sys
from pathlib import Path
from types import ModuleType

from helpers.quiet import hush_tensorflow, started_as_command

KEPT = {"floatx": "float32", "epsilon": 1e-7, "image_data_format": "channels_last"}
UNSET = {"nnx_enabled": False}  # JAX alone has it


def settle_keras() -> None:
    """Let Keras run as the course needs it, for this program alone.

    `helpers/__init__.py` calls this, so it comes before any other line of the course; a lesson's
    set-up cell imports `helpers` before Keras. `keras.json` is a default for all of a person's
    programs, often a forgotten one: what it says otherwise is passed over without a word, and the
    file stays as it is. `KERAS_BACKEND` is set on purpose, so a line on stderr says that it is not
    followed. Keras is imported here only if its file says something else than the course needs.

    Raises ImportError if Keras runs on another backend already, or refuses its own file.
    """
    if "keras" not in sys.modules:
        choose_tensorflow()
        if as_needed(settings_file()):
            return
    keras = import_keras()
    if keras.config.backend() != "tensorflow":
        raise ImportError(
            f"Keras runs on {keras.config.backend()} already, and the course needs TensorFlow: "
            "import helpers before keras, in a notebook after restarting the kernel"
        )
    keras.config.set_floatx(KEPT["floatx"])
    keras.config.set_epsilon(KEPT["epsilon"])
    keras.config.set_image_data_format(KEPT["image_data_format"])


def choose_tensorflow() -> None:
    """Make TensorFlow the backend, quiet unless something fails; name a choice that is dropped."""
    chosen = os.environ.get("KERAS_BACKEND") or "tensorflow"
    if chosen != "tensorflow":
        print(
            f"KERAS_BACKEND={chosen}: the course runs on TensorFlow all the same", file=sys.stderr
        )
    os.environ["KERAS_BACKEND"] = "tensorflow"
    if started_as_command():
        hush_tensorflow()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


def settings_file() -> Path:
    """Return the path of `keras.json`, found as Keras finds it."""
    folder = os.environ.get("KERAS_HOME")
    if folder is None:
        home = os.path.expanduser("~")
        folder = os.path.join(home if os.access(home, os.W_OK) else "/tmp", ".keras")
    return Path(os.path.expanduser(os.path.join(folder, "keras.json")))


def as_needed(path: Path) -> bool:
    """True if a `keras.json` leaves everything as the course needs it; its backend is overruled."""
    try:
        settings = json.loads(path.read_text("utf-8"))
        return all(settings.get(name, value) == value for name, value in (KEPT | UNSET).items())
    except (FileNotFoundError, NotADirectoryError, ValueError):  # no JSON: Keras passes over it
        return True
    except (OSError, AttributeError):
        return False


def import_keras() -> ModuleType:
    """Return Keras. Raises ImportError that names `keras.json` if it holds what Keras refuses."""
    try:
        import keras
    except ModuleNotFoundError:  # of Keras or TensorFlow
        raise
    except (ImportError, ValueError, TypeError, AttributeError, OSError) as error:
        problem = f"Keras refuses its settings in {settings_file()} ({error})"
        raise ImportError(f"{problem}; mend or delete that file") from error
    return keras
