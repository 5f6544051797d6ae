"""Odd places to start from: a folder with a blank and accents, no home, no history of git."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NEEDED = ["helpers", "data/weights", "data/captioners"]
NO_HOME = os.devnull + "/home"  # nobody can make a folder there, not even root


@pytest.mark.slow
def test_the_command_line_works_from_an_odd_place_without_a_home(tmp_path):
    course = tmp_path / "Ein Pfäd mit Leer"
    for name in NEEDED:
        shutil.copytree(ROOT / name, course / name)
    photo = tmp_path / "Hünd am Strand 犬.jpg"
    shutil.copy(next((ROOT / "data/mini/Flicker8k_Dataset").glob("*.jpg")), photo)
    kept = {name: text for name, text in os.environ.items() if name != "PYTHONPATH"}
    command = [sys.executable, "-m", "helpers.captioner", photo, "--beam-size", "1", "--anyway"]
    result = subprocess.run(
        list(map(str, command)),
        cwd=course,
        env=kept | {"HOME": NO_HOME, "PYTHONUTF8": "1"},
        capture_output=True,
        encoding="utf-8",
    )
    assert result.returncode == 0, result.stderr[-2000:]
    source, _, caption = result.stdout.strip().partition("\t")
    assert source == str(photo) and len(caption.split()) > 2
