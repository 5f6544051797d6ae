"""What Keras runs on: TensorFlow, whatever keras.json or KERAS_BACKEND say."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from check_skeleton import expected_set_up
from helpers import backend

ROOT = Path(__file__).parents[1]
OTHER = {"floatx": "float16", "epsilon": 0.1, "image_data_format": "channels_first"}
SHOW = """
import json, keras
settings = keras.config
print(json.dumps([settings.backend(), settings.image_data_format(), settings.floatx()]))
print(settings.epsilon(), keras.layers.Dense(1).compute_dtype)
"""


def run(code, home, cwd=ROOT, **variables):
    """Run Python code on a computer whose keras.json is in `home`."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith("KERAS")}
    kept |= {"KERAS_HOME": str(home), "PYTHONPATH": str(ROOT), **variables}
    command = [sys.executable, "-c", code]
    return subprocess.run(command, cwd=cwd, env=kept, capture_output=True, text=True)


@pytest.fixture
def keras_json(tmp_path):
    """Writes settings into the file that Keras reads."""

    def write(text):
        text = text if isinstance(text, str) else json.dumps(text)
        (tmp_path / "keras.json").write_text(text)
        return tmp_path / "keras.json"

    return write


def test_an_ordinary_computer_imports_no_keras_and_says_nothing(tmp_path):
    done = run("import helpers, os, sys; print('keras' in sys.modules, *os.listdir())", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("False")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_lesson_runs_on_tensorflow_whatever_the_computer_is_set_to(keras_json, tmp_path):
    text = keras_json({"backend": "theano", **OTHER}).read_text()
    set_up = expected_set_up("owner/name")
    done = run(set_up + SHOW, tmp_path, ROOT / "notebooks", KERAS_BACKEND="jax")
    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()
    assert json.loads(first) == ["tensorflow", "channels_last", "float32"]
    assert second == "1e-07 float32"
    assert "KERAS_BACKEND=jax: the course runs on TensorFlow all the same\n" in done.stderr
    assert (tmp_path / "keras.json").read_text() == text


@pytest.mark.parametrize("settings", [{"floatx": "float8"}, {"epsilon": 1}, [1]], ids=str)
def test_a_keras_json_that_keras_refuses_is_named(keras_json, tmp_path, settings):
    path = keras_json(settings)
    done = run("import helpers, keras", tmp_path)
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith(f"ImportError: Keras refuses its settings in {path} (")
    assert last.endswith("); mend or delete that file")


def test_keras_on_another_backend_already_is_refused(monkeypatch):
    jax = SimpleNamespace(config=SimpleNamespace(backend=lambda: "jax"))
    monkeypatch.setitem(sys.modules, "keras", jax)
    with pytest.raises(ImportError, match="runs on jax already.*import helpers before keras"):
        backend.settle_keras()


def test_keras_that_was_imported_first_is_set_right():
    import keras

    keras.config.set_image_data_format("channels_first")
    backend.settle_keras()
    assert keras.config.image_data_format() == "channels_last"
