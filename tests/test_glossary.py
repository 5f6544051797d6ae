"""GLOSSARY.md: each term that a lesson sets in bold is in it, with the lesson that has it first."""

import re
from functools import cache
from pathlib import Path

import pytest

from check_content import prose_cells
from lessons import ROOT, Lesson, lesson_names

PAGE = (ROOT / "GLOSSARY.md").read_text("utf-8")
ENTRY = re.compile(
    r"^\* \*\*(?P<term>.+?)\*\*(?: \((?P<aliases>[^)]+)\))?: (?P<meaning>.+) "
    r"\[(?P<number>\d\d)\]\((?P<path>[\w/.]+)\)$",
    re.MULTILINE,
)
BOLD = re.compile(r"\*\*(.+?)\*\*", re.DOTALL)
NOT_PROSE = re.compile(r"^```.*?^```|^\|(?! \d \|).*?$", re.DOTALL | re.MULTILINE)  # code, tables
OPENING = {"you will learn", "you need", "run times"}  # of every lesson
TERM_WORDS, MEANING_WORDS = 3, 30


def is_term(text):
    """True for a term, such as "beam search"; a sentence, a label or a number is emphasis.

    What is bold and has no more than three words and no end of a sentence is a term; stress on
    a word of the running text is set in italics.
    """
    ends = text.endswith((".", "?", "!", ":")) or ":" in text
    words = text.lower().split()
    return not ends and len(words) <= TERM_WORDS and " ".join(words) not in OPENING


@cache
def bold_terms(name):
    """The bold terms of a lesson's prose in small letters, in order."""
    cells = prose_cells(Lesson(ROOT, name))
    prose = "\n\n".join(NOT_PROSE.sub("", cell.source) for cell in cells)
    bold = [" ".join(text.split()) for text in BOLD.findall(prose)]
    return [text.lower() for text in bold if is_term(text)]


def entries():
    """The entries of the page, in order."""
    return [match.groupdict() for match in ENTRY.finditer(PAGE)]


def names_of(entry):
    """A term and its other names, in small letters."""
    return {entry["term"].lower(), *(entry["aliases"] or entry["term"]).lower().split(", ")}


@pytest.mark.parametrize("name", lesson_names())
def test_every_bold_term_is_explained(name):
    known = set().union(*map(names_of, entries()))
    lacking = sorted(set(bold_terms(name)) - known)
    assert lacking == [], "explain them in GLOSSARY.md, or set mere stress in italics"


def first_lesson(entry):
    """Name of the first lesson that has a term, or one of its other names, in bold."""
    return next(name for name in lesson_names() if names_of(entry) & set(bold_terms(name)))


def test_each_link_leads_to_the_lesson_that_has_the_term_first():
    wanted = {entry["term"]: f"notebooks/{first_lesson(entry)}.ipynb" for entry in entries()}
    assert {entry["term"]: entry["path"] for entry in entries()} == wanted
    for entry in entries():
        assert Path(entry["path"]).name.startswith(entry["number"])


def test_every_line_is_an_entry_and_in_order():
    terms = [re.sub(r"\W", "", entry["term"]).lower() for entry in entries()]
    assert len(terms) == PAGE.count("\n* ") == len(set(terms))
    assert terms == sorted(terms)


def test_meanings_are_short():
    lengths = {entry["term"]: len(entry["meaning"].split()) for entry in entries()}
    assert {term: words for term, words in lengths.items() if not 4 <= words <= MEANING_WORDS} == {}
    assert all(entry["meaning"].endswith(".") for entry in entries())


def test_terms_are_told_from_stress():
    assert is_term("beam search") and is_term("server-side request forgery") and is_term("`x`")
    for stress in ("Too much.", "never print a BLEU without it", "Change 1: compile", "Go!"):
        assert not is_term(stress)
