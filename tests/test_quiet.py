"""A command's stderr: at most a line of ours, unless something goes wrong or is asked for."""

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SCENE = "data/mini/Flicker8k_Dataset/1474644272_e86d0cb9b1.jpg"
BROKEN = """
import os
os.write(2, b"WARNING: All log messages before absl::InitializeLog() is called\\n")
os.write(2, b"E0000 00:00:1.2 3 loader.cc:4] libmatrix.so.7 is of another version\\n")
raise ImportError("libmatrix.so.7: undefined symbol")
"""


def command(*arguments, **environment):
    """Run a command of the course; return its exit code, stdout and stderr."""
    own = {name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"}
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=ROOT, env=own | environment, capture_output=True, text=True,
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


@pytest.mark.slow
def test_the_first_caption_says_a_line_at_most_on_stderr():
    code, said, notices = command("helpers.captioner", SCENE)
    assert code == 0 and said.startswith(SCENE)
    assert len(notices.splitlines()) <= 1, notices


@pytest.mark.slow
def test_who_asks_for_the_notices_gets_them():
    _, _, notices = command("helpers.captioner", "no-such.jpg", TF_CPP_MIN_LOG_LEVEL="0")
    assert "oneDNN" in notices or "cpu_feature_guard" in notices


@pytest.mark.slow
def test_what_is_wrong_with_an_installation_comes_through(tmp_path):
    (tmp_path / "tensorflow").mkdir()
    (tmp_path / "tensorflow" / "__init__.py").write_text(BROKEN)
    code, _, said = command("helpers.captioner", SCENE, PYTHONPATH=str(tmp_path))
    assert code == 1 and "libmatrix.so.7: undefined symbol" in said
    assert "is of another version" in said and "All log messages" not in said


def test_functions_that_are_traced_for_each_size_of_batch_are_no_news(caplog):
    log = logging.getLogger("tensorflow")
    for text in ("5 out of the last 5 calls to f triggered tf.function retracing. …", "no disk"):
        log.warning(text)
    assert [record.message for record in caplog.records] == ["no disk"]
