"""Set-up cells install what Colab lacks, and nothing else."""

import re

import pytest
from session import HERE, NEEDED, allowed

from check_skeleton import INSTALL
from lessons import ROOT, Lesson, lesson_names, tagged


def installed_by(name):
    """The packages that a lesson's set-up cell installs."""
    (cell,) = tagged(Lesson(ROOT, name).source, "setup")
    return set(INSTALL.findall(cell.source))


def test_what_set_up_cells_install_is_what_colab_lacks():
    for name in lesson_names():
        assert NEEDED <= installed_by(name) <= allowed([name])
    there = re.findall(
        r"^[\w.-]+", (HERE / "packages.txt").read_text("utf-8").lower(), re.MULTILINE
    )
    assert len(there) > 20 and not allowed(lesson_names()) & set(there)


@pytest.mark.parametrize("name", lesson_names())
def test_a_lesson_that_reads_robots_txt_installs_its_reader(name):
    source = Lesson(ROOT, name).source_path.read_text("utf-8")
    assert ("protego" in installed_by(name)) == ("helpers.apps.alt_text" in source)
