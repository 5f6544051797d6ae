"""A sample first, decisions that stay, and what they say about the rest."""

import csv
import json
from collections import Counter
from contextlib import closing
from dataclasses import replace

import pytest

from alt_text_site import Colours, arguments, open_it, run, site
from helpers.apps.alt_text import reviewing
from helpers.apps.alt_text.__main__ import main
from helpers.apps.alt_text.job import JobError
from helpers.apps.alt_text.sampling import spread
from helpers.apps.alt_text.store import Store
from helpers.apps.alt_text.writing.reviews import (
    FORMAT,
    Decision,
    holding,
    key_of,
    merged,
    read_review,
    write_review,
)
from helpers.apps.alt_text.writing.verdict import Rest, duration, interval, verdict
from helpers.captioner import Candidate
from helpers.captioner.ours import NOTES
from test_alt_text_report import embedded


@pytest.fixture
def running():
    with site() as running:
        yield running


@pytest.fixture
def crawl(running, tmp_path):
    """A table of so many images."""

    def crawl(count, alt=""):
        path = tmp_path / "crawl.csv"
        rows = "".join(f"{running.url}/p{n % 3},/{n}.png,{alt}\n" for n in range(count))
        path.write_text(f"Page,Image,Alt\n{rows}", "utf-8")
        return path

    return crawl


def rows_of(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def review(path, **decisions):
    """Write a review; by image key a decision, as (kind, text, at)."""
    images = [
        {"key": key, "decision": kind, "text": text, "at": at, "image": "x"}
        for key, (kind, text, at) in decisions.items()
    ]
    path.write_text(json.dumps({"format": FORMAT, "images": images}), "utf-8")
    return path


def key(running, number, own=""):
    return key_of(f"{running.url}/{number}.png", own)


# Decisions


TIME = "2026-11-26T08:15:00.000Z"
LATER = "2026-11-26T08:15:00.001Z"


def test_the_later_decision_holds_in_whichever_order_they_come():
    early, late = Decision("accepted", "A.", at=TIME), Decision("rejected", at=LATER)
    assert merged({"a": early}, [("a", late)])["a"] == merged({"a": late}, [("a", early)])["a"]
    undated = Decision("edited", "B.")
    assert merged({"a": undated}, [("a", early)])["a"] == early


def test_an_undone_decision_stays_undone():
    undone = merged({"a": Decision("accepted", "A.", at=TIME)}, [("a", Decision("open", at=LATER))])
    assert holding(undone, "a") is None
    assert holding(merged(undone, [("a", Decision("accepted", "A.", at=TIME))]), "a") is None


@pytest.mark.parametrize("text", ["A dog.", "=1+1", "犬 “x”\\ ' \" </b>", "a" * 2000, "-"])
def test_decisions_come_back_as_they_were_written(tmp_path, text):
    decisions = {"a": Decision("edited", text, "ours", TIME, "https://a.example/1.jpg")}
    decisions["b"] = Decision("rejected", "", "", TIME, "x")
    write_review(tmp_path / "r.json", decisions)
    assert read_review(tmp_path / "r.json") == decisions


@pytest.mark.parametrize(
    "text, one", [("a\n\tb", "a b"), ("\x00a\x1b[0m", "a [0m"), ("a\u2028b\ud800", "a b")]
)
def test_a_text_is_one_line_of_letters(tmp_path, text, one):
    path = review(tmp_path / "r.json", a=("edited", text, TIME))
    assert read_review(path)["a"].text == one


STRANGE = ["", "{", "[]", "5", "null", "[" * 100_000, '{"images": []}', "Page,Image\na,b\n"]
STRANGE += [json.dumps({"format": FORMAT, "images": i}) for i in (5, [5], [{}], {"a": 1}, None)]
GOOD = {"key": "a", "decision": "edited", "text": "A."}
STRANGE += [
    json.dumps({"format": FORMAT, "images": [GOOD | change]})
    for change in (
        {"decision": "maybe"}, {"decision": ["edited"]}, {"text": 5}, {"text": ""}, {"key": None},
        {"text": "a" * 2001}, {"decision": "accepted", "text": " \n"}, {"at": 5}, {"by": []},
    )
]  # fmt: skip


@pytest.mark.parametrize("content", STRANGE, ids=range(len(STRANGE)))
def test_what_is_no_review_is_refused_in_words(tmp_path, content):
    (tmp_path / "r.json").write_text(content, "utf-8")
    with pytest.raises(JobError, match=r"r\.json is no review .*“Save the review” has saved"):
        read_review(tmp_path / "r.json")


def test_a_senseless_time_counts_as_unknown(tmp_path):
    for time in ("9999", "zzzz-99-99", "2026-11-26T08:15:00+01:00", "２026-11-26T08:15:00Z"):
        assert read_review(review(tmp_path / "r.json", a=("rejected", "", time)))["a"].at == ""


# Through the command


def test_decisions_reach_the_table_and_stay_there(running, crawl, tmp_path, capsys):
    table, target = crawl(4), tmp_path / "out.csv"
    assert run(table, target, running) == 0
    suggested = [row["alt_text"] for row in rows_of(target)]
    path = review(
        tmp_path / "saved.json",
        **{key(running, 0): ("accepted", suggested[0], TIME)},
        **{key(running, 1): ("edited", "=1+1", TIME)},
        **{key(running, 2): ("rejected", "", TIME)},
        **{"ffff": ("decorative", "", TIME)},
    )
    capsys.readouterr()
    assert run(table, target, running, "--review", str(path)) == 0
    out = capsys.readouterr().out
    assert "3 reviewed: 1 accepted, 1 edited, 1 rejected, 0 decorative" in out
    assert "1 decision on what is no image of this table" in out
    found = rows_of(target)
    assert [row["review"] for row in found] == ["accepted", "edited", "rejected", ""]
    assert [row["alt_text"] for row in found] == [suggested[0], "'=1+1", "", suggested[3]]
    assert [row["status"] for row in found] == ["ok"] * 4
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text("utf-8").splitlines()]
    assert lines[1]["alt_text"] == "=1+1" and lines[1]["review"] == "edited"
    assert lines[1]["candidates"] and lines[1]["confidence"] == float(found[1]["confidence"])
    path.unlink()
    assert run(table, target, running) == 0
    assert rows_of(target) == found


def test_reviewed_texts_outlive_state_and_captioner(running, crawl, tmp_path):
    table, target = crawl(2), tmp_path / "out.csv"
    path = review(tmp_path / "saved.json", **{key(running, 1): ("edited", "Mine.", TIME)})
    assert run(table, target, running) == 0
    assert run(table, target, running, "--review", str(path)) == 0
    for name in ("out.state", "out.csv", "out.jsonl", "out.report.html"):
        (tmp_path / name).unlink()
    assert main([*arguments(table, target, running), "--beam-size", "1"], open_it) == 0
    assert rows_of(target)[1]["alt_text"] == "Mine."
    cards = embedded(tmp_path / "out.report.html")["cards"]
    assert [card["review"] and card["review"]["text"] for card in cards] == [None, "Mine."]
    assert cards[1]["text"] != "Mine."


def test_a_review_visits_nothing_and_the_command_goes_on_without_it(running, crawl, tmp_path):
    table, target = crawl(6), tmp_path / "out.csv"
    assert run(table, target, running, "--sample", "2") == 0
    path = review(tmp_path / "saved.json", **{key(running, 1): ("rejected", "", TIME)})
    assert run(table, target, running, "--review", str(path)) == 0
    assert sum(running.images().values()) == 2
    assert run(table, target, running) == 0
    assert {row["status"] for row in rows_of(target)} == {"ok"}
    assert rows_of(target)[1]["review"] == "rejected"


def test_an_alt_text_that_is_there_can_be_reviewed_apart(running, tmp_path):
    table, target = tmp_path / "crawl.csv", tmp_path / "out.csv"
    table.write_text(f"Image,Alt\n{running.url}/1.png,\n{running.url}/1.png,Dogs\n", "utf-8")
    path = review(
        tmp_path / "saved.json",
        **{key(running, 1, ["exists", "Dogs"]): ("edited", "Not dogs.", TIME)},
    )
    assert run(table, target, running) == 0
    assert run(table, target, running, "--review", str(path)) == 0
    assert [row["review"] for row in rows_of(target)] == ["", "edited"]
    assert rows_of(target)[1]["alt_text"] == "Not dogs."


@pytest.mark.parametrize("words, said", [(["no.json"], "no such file"), (["x.csv"], "no review")])
def test_a_review_that_is_none_is_refused_and_changes_nothing(
    running, crawl, tmp_path, capsys, words, said
):
    table, target = crawl(1), tmp_path / "out.csv"
    assert run(table, target, running) == 0
    (tmp_path / "x.csv").write_text("a,b\n", "utf-8")
    before = {path: path.read_bytes() for path in tmp_path.glob("out.[cjr]*")}
    assert run(table, target, running, "--review", str(tmp_path / words[0])) == 1
    assert said in capsys.readouterr().err
    assert {path: path.read_bytes() for path in tmp_path.glob("out.[cjr]*")} == before


def test_the_language_of_a_suggestion_is_kept(running, crawl, tmp_path):
    table, target = crawl(2), tmp_path / "out.csv"
    captioner = Colours()
    captioner.languages, captioner.note = ("de",), "Kennt nur Farben."
    assert run(table, target, running, captioner=captioner) == 0
    assert [row["lang"] for row in rows_of(target)] == ["de", "de"]
    data = embedded(tmp_path / "out.report.html")
    assert data["language"] == "de"
    assert "Kennt nur Farben." in (tmp_path / "out.report.html").read_text("utf-8")


@pytest.mark.parametrize(
    "languages, words, known",
    [
        (("de",), [], "de"),
        ((), [], ""),
        (None, [], "en"),  # our question is in English
        (None, ["--prompt", "Beschreibe das Bild."], ""),
        (None, ["--language", "pt-BR", "--prompt", "?"], "pt-BR"),
    ],
)
def test_what_a_captioner_says_of_itself_is_in_the_state(
    running, crawl, tmp_path, languages, words, known
):
    captioner = Colours()
    captioner.languages = languages
    assert run(crawl(1), tmp_path / "out.csv", running, *words, captioner=captioner) == 0
    assert rows_of(tmp_path / "out.csv")[0]["lang"] == known
    with closing(Store(tmp_path / "out.state")) as store:
        said = {"name": "colours", "note": "It knows colours.", "language": known}
        assert store.manifest["captioner_says"] == said
        assert store.manifest["captioner"] == captioner.identity


def test_the_summary_begins_with_what_the_captioner_is(running, crawl, tmp_path, capsys):
    captioner = Colours()
    captioner.note = "Knows colours."
    for _ in range(2):
        assert run(crawl(1), tmp_path / "out.csv", running, captioner=captioner) == 0
        assert capsys.readouterr().out.startswith("Knows colours.\n")


def test_our_captioner_says_in_a_sentence_what_it_is():
    for word in ("learnt from", "research", "teaching", "can't read text", "lesson 14"):
        assert word in NOTES["flickr8k"]
    assert ". " not in NOTES["flickr8k"]


# A sample


def sampled(tmp_path, spots, count):
    with closing(Store(tmp_path / "state")) as store:
        return spread(store, spots, count)


def test_a_sample_takes_servers_pages_and_folders_in_turns(tmp_path):
    spots = [
        (f"https://{host}.example/{folder}/{n}.jpg", f"https://{host}.example/page{n % 10}")
        for host, many in (("a", 300), ("b", 30), ("c", 3))
        for folder in ("x", "y", "z")
        for n in range(many)
    ]
    found = sampled(tmp_path, spots, 20)
    hosts = Counter(address.split("/")[2] for address in found)
    assert hosts["c.example"] >= 6 and min(hosts.values()) >= 6 and len(set(found)) == 20
    pages = dict(spots)
    for host in "ab":
        own = [address for address in found if address.startswith(f"https://{host}.")]
        assert len({pages[address] for address in own}) == len(own)
        assert {address.split("/")[3] for address in own} == set("xyz")


def test_a_sample_is_the_same_each_time_and_grows(tmp_path):
    spots = [(f"https://a.example/{n % 7}/{n}.jpg", "") for n in range(200)]
    small, large = sampled(tmp_path, spots, 5), sampled(tmp_path, spots[::-1], 20)
    assert large[:5] == small and len({address.split("/")[3] for address in large[:7]}) == 7
    assert len(sampled(tmp_path, spots[:3] * 2, 20)) == 3


def test_a_sample_is_captioned_shown_and_not_done_twice(running, crawl, tmp_path, capsys):
    table, target = crawl(50), tmp_path / "out.csv"
    for _ in range(2):
        assert run(table, target, running, "--sample", "5", "--price", "2") == 0
        assert sum(running.images().values()) == 5
        said = capsys.readouterr().out
        assert "45 images left: about" in said and "0.09 at 2 per 1,000" in said
        assert str(tmp_path / "out.report.html") in said
    assert len(embedded(tmp_path / "out.report.html")["cards"]) == 5
    assert "45 images left" in (tmp_path / "out.report.html").read_text("utf-8")
    assert Counter(row["status"] for row in rows_of(target)) == {"ok": 5, "pending": 45}
    assert run(table, target, running, "--sample", "7", "--limit", "1") == 0
    assert sum(running.images().values()) == 6


def test_a_sample_is_opened_where_somebody_sits(running, crawl, tmp_path, monkeypatch):
    opened, there = [], [False]
    monkeypatch.setattr(reviewing.webbrowser, "open", opened.append)
    monkeypatch.setattr(reviewing.sys.stdout, "isatty", lambda: there[0], raising=False)
    words = [crawl(2), tmp_path / "out.csv", running]
    assert run(*words, "--sample", "1") == 0
    there[0] = True
    assert run(*words) == 0 and opened == []
    assert run(*words, "--sample", "1") == 0
    assert opened == [(tmp_path / "out.report.html").as_uri()]


def test_a_dry_run_tells_the_price(running, crawl, tmp_path, capsys):
    words = [str(crawl(4)), "--dry-run", "--price", "10"]
    words += ["--captioner", "0", "--beside", "cats"]
    assert main(words, open_either) == 0
    said = capsys.readouterr().out
    assert "4 images left: 8 requests to the captioner, 0.08 at 10 per 1,000." in said


@pytest.mark.parametrize(
    "option, number", [("--sample", "0"), ("--price", "-1"), ("--price", "nan")]
)
def test_a_senseless_number_is_refused(crawl, capsys, option, number):
    with pytest.raises(SystemExit, match="2"):
        main([str(crawl(1)), "-o", "out.csv", option, number])
    assert "invalid number value" in capsys.readouterr().err


# What it says about the rest


def test_a_verdict_counts_and_says_how_sure_it_is():
    counts = Counter(accepted=12, edited=3, rejected=4, decorative=1)
    assert verdict(counts) == (
        "20 reviewed: 12 accepted, 3 edited, 4 rejected, 1 decorative. 60% were accepted as they "
        "are. If they were picked at random, that means between 39% and 78% of the rest."
    )
    assert verdict(Counter()) == ""


def test_the_interval_is_wilsons():
    statsmodels = {(12, 20): (0.386582, 0.781193), (0, 20): (0, 0.161125), (20, 20): (0.838875, 1)}
    for (hits, total), known in statsmodels.items():
        assert interval(hits, total) == pytest.approx(known, abs=1e-4)


def test_the_rest_is_told_in_time_requests_and_money():
    assert Rest(0, 1.0, 1, 5).sentence() == ""
    assert Rest(1).sentence() == "1 image left: 1 request to the captioner."
    said = "1,234 images left: about 2.1 hours, 2,468 requests to the captioner, 12.34 at 5"
    assert Rest(1234, 6.0, 2, 5).sentence() == f"{said} per 1,000."


@pytest.mark.parametrize(
    "seconds, said",
    [
        (0, "1 second"),
        (1.2, "1 second"),
        (90, "90 seconds"),
        (150, "2 minutes"),
        (7200, "2.0 hours"),
    ]
    + [(3600, "60 minutes"), (200_000, "2.3 days")],
)
def test_times_are_for_people(seconds, said):
    assert duration(seconds) == said


# Two captioners


class Cats(Colours):
    """Another captioner, whose photos are smaller."""

    def __init__(self):
        super().__init__(identity="cats", size=8)
        self.name = "cats"

    def prepare(self, image):
        return super().prepare(image)[:8, :8]

    def candidates(self, pixels):
        assert pixels.shape == (8, 8, 3)
        return [Candidate(f"a cat of {pixels[..., 0].mean().round()}", 0.5)]


def open_either(name, **options):
    return Cats() if name == "cats" else Colours(float(name))


def test_two_captioners_see_each_photo_once(running, crawl, tmp_path, capsys):
    table, target = crawl(5), tmp_path / "out.csv"
    words = [*arguments(table, target, running), "--beside", "cats"]
    assert main(words, open_either) == 0
    assert set(running.images().values()) == {1}
    data = embedded(tmp_path / "out.report.html")
    assert data["names"] == ["colours", "cats"]
    for card in data["cards"]:
        assert card["guesses"][0][0].endswith("dog.") and card["beside"][0][0].startswith("A cat")
    assert all(row["alt_text"].endswith("dog.") for row in rows_of(target))
    assert main(arguments(table, target, running), open_either) == 1
    assert "captioner changed since" in capsys.readouterr().err


def test_keys_tell_images_and_what_their_rows_say_apart():
    assert len({key_of("a"), key_of("b"), key_of("a", ["exists", "x"]), key_of("a", "x")}) == 4
    assert replace(Decision("open"), kind="edited") == Decision("edited")
