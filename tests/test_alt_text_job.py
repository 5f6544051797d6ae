"""Alt text for a table: from rows to rows, stopped and gone on with, and files that are safe."""

import csv
import io
import json
import re
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from alt_text_site import Colours, arguments, open_it, photo, run, site
from conftest import few_quick
from helpers.apps.alt_text import __main__ as command
from helpers.apps.alt_text import job as jobs
from helpers.apps.alt_text.__main__ import main
from helpers.apps.alt_text.job import Job
from helpers.apps.alt_text.store import Store
from helpers.apps.alt_text.visiting import visits
from helpers.apps.alt_text.writing.outputs import ADDED, added_names, safe, unique
from helpers.apps.wording import LONGEST, counted, per_word, short_alt_text
from hostile_server import answer


@pytest.fixture
def running():
    with site() as running:
        yield running


@pytest.fixture
def crawl(tmp_path):
    """Write a table of (page, image, alt), and return its path."""

    def write(*rows, header=("Page", "Image", "Alt"), name="crawl.csv"):
        path = tmp_path / name
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([header, *rows])
        return path

    return write


def read(path, delimiter=","):
    """Return the rows of an output as dicts."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, delimiter=delimiter))


def statuses(path):
    return [row["status"] for row in read(path)]


# One visit an address, one caption a picture, one answer a row


def test_each_row_gets_its_answer(running, crawl, tmp_path):
    page = f"{running.url}/animals/dogs.html"
    table = crawl(
        [page, "/1.png", ""],
        [page, "../2.png", ""],
        [page, "/404", ""],
        [page, "/3.png", "Three dogs"],
        [page, "<img src='/4.png' alt=''><img src='/5.png' role='presentation'>", ""],
        [page, "/page-as-image", ""],
        [page, "http://10.0.0.1/a.png", ""],
        [page, "/photo.png", ""],
        [page, "", ""],
    )
    assert run(table, tmp_path / "out.csv", running) == 0
    rows = read(tmp_path / "out.csv")
    found = "ok ok http_404 exists decorative decorative not_an_image blocked looks_decorative"
    assert [row["status"] for row in rows] == [*found.split(), "no_address"]
    texts = ["A 1 0 128 dog.", "A 2 0 128 dog.", "", "Three dogs", "", ""]
    assert [row["alt_text"] for row in rows][:6] == texts
    assert rows[0]["confidence"] == "0.857" and rows[2]["confidence"] == ""
    assert rows[2]["message"] == "answers 404 (Not Found). Check the address."
    assert "Let it in with --local" in rows[7]["message"]
    assert rows[5]["message"] == 'its role is "presentation"'
    assert rows[8]["message"] == "8 x 6 pixels: an icon" and rows[8]["alt_text"] == ""
    assert list(rows[0]) == ["Page", "Image", "Alt", *ADDED]


def test_an_address_is_visited_once_and_a_picture_captioned_once(crawl, tmp_path):
    captioner = Colours()
    with site() as running:
        running.pages["/copy-of-7.png"] = answer(photo(7))
        names = ["7.png", "8.png", "copy-of-7.png", "7.png", "7.png#top", "./8.png"]
        table = crawl(*([f"{running.url}/", name, ""] for name in names))
        assert run(table, tmp_path / "out.csv", running, captioner=captioner) == 0
        assert set(running.visits.values()) == {1} and len(running.visits) == 4
    rows = read(tmp_path / "out.csv")
    assert captioner.photos == 2 and [row["status"] for row in rows] == ["ok"] * 6
    assert len({row["alt_text"] for row in rows}) == 2


def test_all_captions_also_what_has_an_alt_text(running, crawl, tmp_path):
    table = crawl([running.url, "/1.png", "old"], [running.url, '<img src="/2.png" alt="bee">', ""])
    assert run(table, tmp_path / "a.csv", running) == 0
    assert statuses(tmp_path / "a.csv") == ["exists", "exists"] and not running.visits
    assert run(table, tmp_path / "b.csv", running, "--all") == 0
    assert statuses(tmp_path / "b.csv") == ["ok", "ok"]


def test_json_lines_hold_row_and_candidates(running, crawl, tmp_path):
    table = crawl([running.url, "/1.png", "", "extra"], header=("Page", "Image", "Page"))
    assert run(table, tmp_path / "out.csv", running) == 0
    (line,) = (tmp_path / "out.jsonl").read_text("utf-8").splitlines()
    content = json.loads(line)
    assert content["row"] == {
        "Page": running.url, "Image": "/1.png", "Page 2": "", "column 4": "extra"
    }  # fmt: skip
    first, second = content["candidates"]
    assert first == {
        "caption": "a photo of a 1 0 128 dog",
        "probability": 0.25,
        "confidence": 0.857,
    }
    assert second == {"caption": "a <b>cat</b>", "probability": 0.001, "confidence": None}
    assert content["confidence"] == 0.857 and content["status"] == "ok"


def test_parquet_holds_the_same_rows(running, crawl, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    rows = [[running.url, f"/{n}.png", ""] for n in range(5)] + [[running.url, "/404", ""]]
    assert run(crawl(*rows), tmp_path / "out.csv", running, "--parquet") == 0
    table = parquet.read_table(tmp_path / "out.parquet").to_pylist()
    for row in (expected := read(tmp_path / "out.csv")):
        row["confidence"] = float(row["confidence"]) if row["confidence"] else None
    assert table == expected and len(table) == 6


# Safe to open


@pytest.mark.parametrize(
    "cell, kept",
    [("=1+1", "'=1+1"), ("@SUM(A1)", "'@SUM(A1)"), ("+cmd|x", "'+cmd|x"), ("-2+3", "'-2+3")]
    + [("\t=1", "'\t'=1"), ("\r=1", "'\r'=1"), ("＝1+1", "'＝1+1")]
    + [("-5", "-5"), ("+49.5", "+49.5")]
    + [("a=b", "a=b"), ("", ""), ("'=1", "'=1"), ("-1,000.5", "-1,000.5"), ("-5\n=1", "'-5\n'=1")]
    + [("a;=1+1", "a;'=1+1"), ('a|"@x', "a|\"'@x"), ("a;-5; b", "a;-5; b"), ("a,=1", "a,=1")]
    + [("a\n-5\t+x", "a\n-5\t'+x"), ("https://a.example/x,-y.jpg", "https://a.example/x,-y.jpg")],
)
def test_no_cell_is_a_formula(cell, kept):
    assert safe(cell) == kept


def test_cells_of_strangers_are_made_safe(running, crawl, tmp_path):
    table = crawl(["=HYPERLINK(1)", f"{running.url}/1.png", ""], header=("@x", "Image", "Alt"))
    assert run(table, tmp_path / "out.csv", running) == 0
    assert read(tmp_path / "out.csv")[0]["'@x"] == "'=HYPERLINK(1)"


def test_columns_that_exist_get_no_twin():
    taken = ["Status", "alt_text", "new_alt_text"]
    assert added_names(taken) == [
        "image_address", "new_new_alt_text", "confidence", "new_status", "message", "lang", "review"
    ]  # fmt: skip
    assert unique(["a", "a", "a 2", "a"]) == ["a", "a 2", "a 2 2", "a 3"]


def test_a_long_caption_is_cut_between_words():
    text = short_alt_text("a photo of " + "a very long dog and " * 20)
    assert len(text) <= LONGEST and text.startswith("A very long dog") and text.endswith(" …")
    assert short_alt_text("a dog") == "A dog."


@pytest.mark.parametrize("words", [0, 1, 2, 12])
def test_confidence_is_that_of_a_word_however_many_there_are(words):
    assert per_word(0.8 ** (words + 1), " ".join(["dog"] * words)) == pytest.approx(0.8)
    assert per_word(0.0, "a dog") == 0 and per_word(1.0, "a dog") == 1


@pytest.mark.parametrize("number, said", [(0, "0 rows"), (1, "1 row"), (1000, "1,000 rows")])
def test_one_thing_is_no_plural(number, said):
    assert counted(number, "row") == said


def test_a_noun_in_s_gets_es():
    assert [counted(n, "address") for n in (1, 2)] == ["1 address", "2 addresses"]


# Stopped, gone on with, tried again


def test_a_limit_stops_and_the_same_command_goes_on(running, crawl, tmp_path):
    table = crawl(*([running.url, f"/{n}.png", ""] for n in range(10)))
    assert run(table, tmp_path / "out.csv", running, "--limit", "4") == 0
    assert sorted(statuses(tmp_path / "out.csv")) == ["ok"] * 4 + ["pending"] * 6
    assert run(table, tmp_path / "out.csv", running, "--limit", "0") == 0
    assert sorted(statuses(tmp_path / "out.csv")) == ["ok"] * 4 + ["pending"] * 6
    assert run(table, tmp_path / "out.csv", running) == 0
    assert statuses(tmp_path / "out.csv") == ["ok"] * 10
    assert set(running.images().values()) == {1}


def test_failures_are_tried_again_when_asked(running, crawl, tmp_path):
    table = crawl(*([running.url, path, ""] for path in ("/1.png", "/new.png", "/8.png")))
    assert run(table, tmp_path / "out.csv", running) == 0
    assert statuses(tmp_path / "out.csv") == ["ok", "http_404", "ok"]
    running.pages["/new.png"] = answer(photo(9))
    assert run(table, tmp_path / "out.csv", running) == 0
    assert statuses(tmp_path / "out.csv") == ["ok", "http_404", "ok"]
    assert run(table, tmp_path / "out.csv", running, "--retry-failed") == 0
    assert statuses(tmp_path / "out.csv") == ["ok"] * 3
    assert running.images() == {"/1.png": 1, "/new.png": 2, "/8.png": 1}


class Interrupted(Colours):
    """Is interrupted at its second batch, as by Ctrl-C."""

    def caption_each(self, images, contexts=None):
        return super().caption_each(map(self.stopped, images, range(100)))

    def stopped(self, image, number):
        if number == 32:
            raise KeyboardInterrupt
        return image


@pytest.mark.slow
def test_ctrl_c_leaves_usable_files(running, crawl, tmp_path, capsys):
    table = crawl(*([running.url, f"/{n}.png", ""] for n in range(80)))
    assert run(table, tmp_path / "out.csv", running, captioner=Interrupted()) == 130
    assert "the same command goes on" in capsys.readouterr().err.lower()
    found = statuses(tmp_path / "out.csv")
    assert found.count("ok") == 32 and found.count("pending") == 48
    assert run(table, tmp_path / "out.csv", running) == 0
    assert statuses(tmp_path / "out.csv") == ["ok"] * 80


def test_a_list_of_waiting_addresses_may_be_given_up_by_another_thread(tmp_path):
    with closing(Store(tmp_path / "out.state")) as store, ThreadPoolExecutor(1) as other:
        store.add([("https://a.example/1.png", 0), ("https://a.example/2.png", 1)])
        waiting = store.waiting()
        assert other.submit(next, waiting).result() == "https://a.example/1.png"
        waiting.close()


def test_a_dry_run_visits_and_writes_nothing(running, crawl, tmp_path, capsys):
    table = crawl([running.url, "/1.png", ""], [running.url, "/2.png", "dog"], ["", "3.png", ""])
    before = sorted(tmp_path.iterdir())
    assert main([str(table), "--dry-run", "--local", running.address]) == 0
    said = capsys.readouterr().out
    assert "addresses in 'Image', pages in 'Page', alt texts in 'Alt'" in said
    assert "3 rows, 3 images; without a visit: 1 no_address, 1 exists" in said
    assert "1 address on 1 server " in said and f"{running.url}/1.png" in said
    assert sorted(tmp_path.iterdir()) == before and not running.visits


def test_a_dry_run_shows_addresses_in_the_order_of_the_visits(crawl, capsys):
    table = crawl(*(["", f"https://{name}.jpg", ""] for name in "a/1 a/2 a/3 b/1 a/1 b/2".split()))
    assert main([str(table), "--dry-run"]) == 0
    shown = re.findall(r"  https://(\S+).jpg", capsys.readouterr().out)
    assert shown == "a/1 b/1 a/2 b/2 a/3".split()


@pytest.mark.parametrize("rows", [[], [["", "https://a.example/1.jpg", "A dog."]]])
def test_with_nothing_to_visit_nothing_is_visited(crawl, tmp_path, capsys, rows):
    table = crawl(*rows)
    words = ["--address-column", "Image"]
    assert run(table, tmp_path / "out.csv", None, *words, "--dry-run") == 0
    assert "0 addresses on 0 servers would be visited" in capsys.readouterr().out
    assert run(table, tmp_path / "out.csv", None, *words) == 0
    assert statuses(tmp_path / "out.csv") == ["exists"] * len(rows)


def test_a_console_without_the_letters_of_a_table_shows_them_escaped(crawl, tmp_path, monkeypatch):
    table = crawl(["", "https://a.example/犬.jpg", ""], header=("ページ", "画像", "Alt"))
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, "cp1252", write_through=True))
    assert main([str(table), "--dry-run"]) == 0
    assert run(table, tmp_path / "犬.csv", None, "--limit", "0") == 0
    said = written.getvalue().decode("cp1252")
    assert r"addresses in '\u753b\u50cf'" in said and r"a.example/\u72ac.jpg" in said
    assert r"\u72ac.report.html" in said


def test_no_state_stays_open(crawl, tmp_path, capsys, monkeypatch):
    opened = []

    class Noted(Store):
        def __init__(self, *arguments):
            opened.append(self)
            super().__init__(*arguments)

    for module in (jobs, command):
        monkeypatch.setattr(module, "Store", Noted, raising=False)
    table, target = crawl(["https://a.example", "1.png", "x"]), tmp_path / "out.csv"
    assert main([str(table), "--dry-run"]) == 0
    assert run(table, target) == 0
    assert run(table, target, None, "--all") == 1  # belongs to another job
    target.with_name("out.state").write_bytes(b"no database" * 100)
    assert run(table, target) == 1
    assert len(opened) >= 4
    for store in opened:
        with pytest.raises(sqlite3.ProgrammingError, match="closed database"):
            store.count()


# Refusals


def refused(capsys, *words):
    assert main([str(word) for word in words], open_it) == 1
    message = capsys.readouterr().err
    assert "Traceback" not in message
    return message


def test_an_output_that_exists_is_refused(crawl, tmp_path, capsys):
    table, target = crawl(["https://a.example", "1.png", "x"]), tmp_path / "out.csv"
    target.write_text("precious", "utf-8")
    assert "exists already" in refused(capsys, *arguments(table, target))
    assert target.read_text("utf-8") == "precious"
    assert "input itself" in refused(capsys, *arguments(table, table))
    assert table.exists()


def test_the_state_of_another_job_is_refused(running, crawl, tmp_path, capsys):
    table, target = crawl([running.url, "/1.png", ""]), tmp_path / "out.csv"
    assert run(table, target, running) == 0
    assert "options changed" in refused(capsys, *arguments(table, target, running, "--all"))
    words = arguments(table, target, running)
    words[words.index("--captioner") + 1] = "0.0"
    assert "captioner changed" in refused(capsys, *words)
    crawl([running.url, "/2.png", ""])
    assert "input changed" in refused(capsys, *arguments(table, target, running))
    assert statuses(target) == ["ok"]


def test_a_job_under_way_is_not_begun_twice(crawl, tmp_path, capsys):
    table, target = crawl(["https://a.example", "1.png", "x"]), tmp_path / "out.csv"
    with closing(Job(table, target)) as job:
        job.open_state({"input": 1})
        assert "under way in another process" in refused(capsys, *arguments(table, target))
    target.with_name("out.state").unlink()
    assert run(table, target) == 0 and not target.with_name("out.state-lock").exists()


def test_a_state_that_is_none_is_refused(crawl, tmp_path, capsys):
    table = crawl(["https://a.example", "1.png", "x"])
    (tmp_path / "out.state").write_bytes(b"no database" * 100)
    assert "no state file" in refused(capsys, *arguments(table, tmp_path / "out.csv"))


def test_a_kill_before_the_first_word_of_the_state_costs_nothing(running, crawl, tmp_path):
    sqlite3.connect(tmp_path / "out.state").close()
    (tmp_path / "out.state").touch()
    table = crawl([running.url, "/1.png", ""])
    assert run(table, tmp_path / "out.csv", running) == 0


@pytest.mark.parametrize(
    "words, said",
    [(["no-such.csv"], "there is no such file"), (["."], "is a folder")]
    + [(["crawl.csv", "--delimiter", "ab"], "not one character")]
    + [(["crawl.csv", "--encoding", "dog"], "there is no encoding 'dog'")]
    + [(["crawl.csv", "--address-column", "Dog"], "it has 'Page', 'Image', 'Alt'")]
    + few_quick([(["crawl.csv", "--scheduler", "tcp://127.0.0.1:1"], "scheduler")], 0),
)
def test_mistakes_are_answered_in_words(crawl, tmp_path, capsys, monkeypatch, words, said):
    if "--scheduler" in words:
        pytest.importorskip("distributed")
        monkeypatch.setattr("helpers.clusters.PATIENCE", 1)
    crawl(["https://a.example", "1.png", ""])
    monkeypatch.chdir(tmp_path)
    assert said in refused(capsys, *words, "-o", "out.csv", "--captioner", "0")


@pytest.mark.parametrize(
    "option, number",
    [("--rate", number) for number in ("nan", "inf", "-inf", "1e999", "0", "-1", "dog")]
    + [("--limit", number) for number in ("-1", "inf")],
)
def test_a_number_that_is_none_is_refused(crawl, capsys, option, number):
    table = crawl(["https://a.example", "1.png", ""])
    with pytest.raises(SystemExit, match="2"):
        main([str(table), "-o", "out.csv", f"{option}={number}"])
    assert f"argument {option}: invalid number value: {number!r}" in capsys.readouterr().err


@pytest.mark.parametrize("number", ["0", "nan", "2.5"])
def test_a_senseless_beam_is_refused(crawl, capsys, number):
    with pytest.raises(SystemExit, match="2"):
        main([str(crawl(["a", "1.png", ""])), "-o", "out.csv", "--beam-size", number])
    assert f"{number} is not a whole number from 1 to 100" in capsys.readouterr().err


@pytest.mark.slow
def test_a_captioner_that_is_not_there_is_answered_in_words(crawl, tmp_path, capsys):
    table = crawl(["https://a.example", "1.png", ""])
    assert main([str(table), "-o", str(tmp_path / "out.csv"), "--captioner", "no-such"]) == 1
    assert "there is no captioner 'no-such'" in capsys.readouterr().err


@pytest.mark.slow
def test_the_help_needs_no_tensorflow():
    code = "import sys, helpers.apps.alt_text.__main__; assert 'tensorflow' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[1], check=True)


def test_what_nobody_foresaw_costs_one_image(running, crawl, tmp_path, monkeypatch):
    real = visits.look

    def look(address, data, *how):
        if address.endswith("/2.png"):
            raise ZeroDivisionError("dog")
        return real(address, data, *how)

    monkeypatch.setattr(visits, "look", look)
    table = crawl(*([running.url, f"/{n}.png", ""] for n in (1, 2)))
    assert run(table, tmp_path / "out.csv", running) == 0
    assert statuses(tmp_path / "out.csv") == ["ok", "failed"]
