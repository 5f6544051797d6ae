"""Sentences of the lessons that rank ("A is better than B") are borne out by their outputs.

`tests/claims/lesson_NN.py` lists a lesson's claims, and the sentences with a ranking word that
claim nothing. The outputs are those of the committed notebook. The list of all sentences:

    python -m pytest tests/test_claims.py -k bears --collect-only -q
"""

import runpy
from functools import cache
from pathlib import Path

import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from check_outputs import check_agreement
from lessons import Lesson, choose_lessons
from ranking import SENTENCE_END, Claim, ahead, close, falling, rankings, read_rows, rising, said
from sample_course import FIRST, break_source, write_course

FILES = sorted((Path(__file__).parent / "claims").glob("lesson_[0-9][0-9].py"))
CONTENTS = {path.stem[-2:]: runpy.run_path(str(path)) for path in FILES}
CASES = {
    f"{number} {claim.sentence[:70]}": (number, claim)
    for number, content in CONTENTS.items()
    for claim in content["CLAIMS"]
}
each_claim = pytest.mark.parametrize("case", CASES)
each_lesson = pytest.mark.parametrize("number", CONTENTS)


@cache
def lesson(number):
    (found,) = choose_lessons([number])
    return found


@each_claim
def test_an_output_bears_the_sentence_out(case):
    number, claim = CASES[case]
    rows = claim.rows(*(lesson(each).built for each in (number, *claim.others)))
    if not rows and check_agreement(lesson(number)):
        pytest.skip("the notebook is older than its source and lacks this output")
    assert rows, "no output matches its pattern"
    assert claim.holds(rows), f"{claim.sentence}\nBut its output says {rows}"


@each_claim
def test_the_lesson_says_so_and_other_numbers_would_refute_it(case):
    number, claim = CASES[case]
    assert claim.sentence in said(lesson(number))
    assert not claim.holds(claim.refutes())


@each_lesson
def test_every_ranking_is_claimed_or_claims_nothing(number):
    """What is new belongs into CLAIMS, or with its reason into NO_CLAIM."""
    claimed = [claim.sentence for claim in CONTENTS[number]["CLAIMS"]]
    excused = [each for reason in CONTENTS[number]["NO_CLAIM"].values() for each in reason]
    found = rankings(lesson(number))
    covered = [
        part
        for part in found
        if any(part in claim or claim in part for claim in claimed)
        or any(fragment in part for fragment in excused)
    ]
    assert [part for part in found if part not in covered] == []
    unused = [each for each in excused if not any(each in part for part in found)]
    assert unused == [], "these rank no longer: take them out of NO_CLAIM"


TOY = "beam of 1: −8.66, CIDEr-D 1,159.0\nbeam of 3: -8.62, CIDEr-D 157.7\n"


def test_groups_are_rows_of_numbers():
    assert read_rows(r"^beam of \d: (.*)", TOY) == [[-8.66, 1159], [-8.62, 157.7]]
    assert read_rows(r"^beam of \d: (\S+), CIDEr-D (.*)", TOY) == [
        [-8.66],
        [1159],
        [-8.62],
        [157.7],
    ]
    assert read_rows("nothing (.*)", TOY) == []


@pytest.mark.parametrize("shown, holds", [("1\n2\n", True), ("2\n1\n", False), ("1\n1\n", False)])
def test_a_claim_falls_with_its_output(shown, holds):
    claim = Claim("The numbers grow.", r"^([\d.]+)$", rising, [2, 1])
    cell = new_code_cell("show()", outputs=[new_output("stream", text=shown)])
    assert claim.holds(claim.rows(new_notebook(cells=[cell]))) == holds


@pytest.mark.parametrize(
    "holds, right, wrong",
    [
        (rising, [[1], [2, 3]], [[1], [1]]),
        (falling, [[3, 2], [1]], [[1]]),
        (close(1), [[1, 2], [5, 5.5]], [[1, 2.5]]),
        (ahead, [[1, 5], [2, 6], [3, 7]], [[1, 5], [2, 5]]),
    ],
    ids=["rising", "falling", "close", "ahead"],
)
def test_a_relation_tells_right_from_wrong(holds, right, wrong):
    assert holds(right) and not holds(wrong)


RANKING_PROSE = """# Draw. This is better
# than that. Is it worse?
#
# | a | worse row |
#
# * It wins."""


def test_a_new_ranking_is_found_and_what_ranks_nothing_is_not(tmp_path):
    first = Lesson(write_course(tmp_path / "course"), FIRST)
    assert rankings(first) == []
    changed = break_source(first, "# Draw.", RANKING_PROSE)
    assert rankings(changed) == ["This is better than that.", "It wins."]
    assert "This is better than that. Is it worse?" in said(changed)


def test_sentences_end_where_the_next_begins():
    text = "It rises. So does “that.” And (see 3.5 below)? *No*: it falls."
    assert len(SENTENCE_END.split(text)) == 4
