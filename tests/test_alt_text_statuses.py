"""Statuses: one table that everything asks."""

import re
from pathlib import Path

import pytest

from helpers.apps.alt_text import statuses
from helpers.apps.alt_text.statuses import KNOWN, TABLE, status_named


def test_each_status_is_named_once_and_says_what_it_means():
    assert len(KNOWN) == len(TABLE)
    assert [KNOWN[row.name].order for row in TABLE] == list(range(len(TABLE)))
    assert all(re.fullmatch(r"[A-Z].+\.", row.meaning) for row in TABLE)


def test_no_status_suggests_and_keeps_at_once():
    assert not [row.name for row in TABLE if row.suggests and row.keeps]
    assert {row.name for row in TABLE if row.suggests} == {
        statuses.OK, statuses.TEXT, statuses.FUNCTIONAL, statuses.LOOKS_DECORATIVE
    }  # fmt: skip


@pytest.mark.parametrize("name, kind", [("http_404", "http"), ("ok", "ok"), ("new", "failed")])
def test_any_status_is_answered(name, kind):
    assert status_named(name) == KNOWN[kind]


def test_the_code_uses_no_status_that_the_table_lacks():
    folder = Path(statuses.__file__).parent
    given = set()
    for path in folder.rglob("*.py"):
        given |= set(
            re.findall(r'(?:Finding|Occurrence|ImageError)\([^()]*, "(\w+)"', path.read_text())
        )
    assert given and given <= {*KNOWN}
