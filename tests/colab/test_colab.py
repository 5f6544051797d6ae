"""Every lesson on Colab's own packages, from an empty folder, through its set-up cell.

Skipped unless COLAB_ENVIRONMENT names a folder for an environment of about 3 GB:
`COLAB_ENVIRONMENT=~/colab python -m pytest tests/colab`. COLAB_WORK may name a work folder.
"""

import os
from pathlib import Path

import pytest
from session import allowed, colab_session, name_of, packages

from lessons import ROOT, Lesson, lesson_names

FOLDER = os.environ.get("COLAB_ENVIRONMENT")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.notebook,
    pytest.mark.skipif(not FOLDER, reason="COLAB_ENVIRONMENT names no folder"),
]


@pytest.fixture(scope="module")
def session():
    """A session, and what was installed when it began."""
    work = os.environ.get("COLAB_WORK")
    with colab_session(Path(FOLDER).expanduser().resolve(), work and Path(work)) as lent:
        lent.before = packages(lent.python)
        yield lent


@pytest.mark.parametrize("name", lesson_names())
def test_the_lesson_runs_as_on_colab(name, session):
    session.run(Lesson(ROOT, name))
    assert name not in session.failures, session.failures[name]


def test_nothing_was_installed_but_what_colab_lacks(session):
    changed = session.before ^ packages(session.python)
    assert {name_of(line) for line in changed} == allowed(session.seconds), sorted(changed)
