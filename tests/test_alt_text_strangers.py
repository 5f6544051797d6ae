"""What strangers send to the alt text command: numbers, JSON, state files, shards; none ends a job.

Each input of a kind is one of many alike; the last tests make some of any kind.
"""

import csv
import gzip
import json
import os
import shutil
import socket
import sqlite3
import threading
from contextlib import closing
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alt_text_site import photo, run, site
from conftest import few_quick
from helpers.apps.alt_text.reading import open_input, sitemaps
from helpers.apps.alt_text.reading.cells import images_of
from helpers.apps.alt_text.reading.occurrences import Columns, Reading, occurrences_in
from helpers.apps.alt_text.reading.rows import TableError
from helpers.apps.alt_text.signs import pixels
from helpers.apps.alt_text.visiting.politeness import RETRIES
from helpers.images import ImageError, fetch_image
from helpers.strangers import number_in, patience, read_json
from hostile_server import answer

DIGITS = "9" * 4301


def rows_of(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def statuses(path):
    return [row["status"] for row in rows_of(path)]


# Numbers


@pytest.mark.parametrize(
    "given, number",
    [("5", 5), (" 5 ", 5), ("+5", 5), ("5.0", 5.0), (5, 5), (0, 0), ("007", 7), (4.5, 4.5)]
    + [(bad, None) for bad in ("", "x", DIGITS, "1e3", "0x5", "５", "²", "5 5", "-1", "101", "1_0")]
    + [(bad, None) for bad in (True, None, [], float("nan"), float("inf"), 10**400, -1, "nan")],
)
def test_a_number_is_within_its_range_or_absent(given, number):
    assert number_in(given, 0, 100) == number


def test_json_ends_in_a_value_or_in_one_kind_of_error():
    assert read_json(f'{{"a": {DIGITS}, "b": 5}}') == {"a": None, "b": 5}
    for text in ("[" * 100_000, '{"a":' * 100_000, "", "nul", b"\xff", '"\\ud8'):
        with pytest.raises(ValueError):
            read_json(text)


@pytest.mark.parametrize(
    "width",
    [DIGITS, f"-{DIGITS}", "1" + "0" * 30, "5e9", "NaN", "0x1", "٣", "", "100%", "-5", "1.5em"],
)
def test_a_senseless_width_counts_as_absent(width):
    assert pixels(width) is None
    (image,) = occurrences_in(
        [f"<img src=/a.jpg width='{width}'>"], Columns(0), Reading(base="https://a.example")
    )
    assert image.status == ""


@pytest.mark.parametrize(
    "reference", [f"&#{DIGITS};", f"&#x{DIGITS};", f"&#{DIGITS}", "&#0;", "&#xd800;", "&#1114112;"]
)
def test_a_senseless_character_costs_no_other_image(reference):
    cell = f"<img src='/a.jpg?{reference}'><img src=/b.jpg>"
    found = occurrences_in([cell], Columns(0), Reading(base="https://a.example"))
    assert [image.address[-6:] for image in found][1] == "/b.jpg" and len(found) == 2
    cell = cell.replace("<", "&lt;").replace("'", "&quot;")
    assert len(occurrences_in([cell], Columns(0), Reading(base="https://a.example"))) == 2


WAITS = [DIGITS, f"-{DIGITS}", "-1", "1e9", "nan", "inf", "５", "", " ", "\t5x", "0x10", "9" * 18]
WAITS += ["Fri, 31 Dec 99999 23:59:59 GMT", f"Fri, 31 Dec {DIGITS} 23:59:59 GMT", "Fri, 31 Dec"]
WAITS += ["Thu, 01 Jan 1970 00:00:00 GMT", "Mon, 99 Foo 2026 99:99:99 GMT", "0000", "1 2 3 4 5"]
WAITS += [f"Fri, 31 Dec 9999 23:59:59 +{DIGITS}", "Fri, 31 Dec 0001 23:59:59 -9999", ", , ,"]


@pytest.mark.parametrize("value", WAITS)
def test_a_senseless_wait_counts_as_absent(value):
    retry = RETRIES.increment("GET", "/")
    assert patience(retry, {"Retry-After": value}) == patience(retry, {})
    assert patience(retry, {"retry-after": "5", "Date": value}) == 5


def test_a_date_to_wait_for_is_counted_on_the_clock_that_gave_it():
    now, then = (f"Fri, 01 Jan 1999 00:00:{seconds} GMT" for seconds in ("00", "30"))
    assert patience(RETRIES, {"Retry-After": then, "date": now}) == 30


@pytest.mark.slow
def test_one_servers_senseless_wait_ends_no_job(tmp_path):
    with site() as running:
        for number, value in enumerate((DIGITS, "Fri, 31 Dec 99999 23:59:59 GMT")):
            turns = iter([answer(status="429 No", Retry_After=value), answer(photo(number))])
            running.pages[f"/{number}.png"] = turns.__next__
        running.pages["/3.png"] = answer(photo(3), Set_Cookie=f"a=b; Max-Age={DIGITS}")
        running.pages["/4.png"] = answer(photo(4), X_Robots_Tag=DIGITS)
        lines = "".join(f"{running.url}/{number}.png\n" for number in range(9))
        (tmp_path / "c.csv").write_text(f"Image\n{lines}")
        assert run(tmp_path / "c.csv", tmp_path / "out.csv", running) == 0
    assert statuses(tmp_path / "out.csv") == ["ok"] * 9


# Bytes of a server, counted as they come


@pytest.mark.parametrize(
    "start",
    [b"-1\r\n", b"-1;x\r\n", b"-f\r\n", b"-9999999999\r\n", b" -1\r\n", b"f" * 99 + b"\r\n"],
)
def test_a_chunk_of_any_size_takes_no_more_than_is_allowed(start):
    sent, listening = [0], socket.create_server(("127.0.0.1", 0))

    def serve():
        line, _ = listening.accept()
        with line:
            line.recv(4096)
            try:
                line.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + start)
                for _ in range(60):
                    line.sendall(bytes(1 << 20))
                    sent[0] += 1
            except OSError:
                pass

    threading.Thread(target=serve, daemon=True).start()
    local = f"127.0.0.1:{listening.getsockname()[1]}"
    with closing(listening), pytest.raises(ImageError):
        fetch_image(f"http://{local}/", max_bytes=10**6, local=local)
    assert sent[0] < 20


def test_a_data_address_is_held_to_the_limit_too():
    assert fetch_image("data:,%41b%4", max_bytes=10) == b"Ab%4"
    assert fetch_image("data:image/png;base64,QUJD", max_bytes=3) == b"ABC"
    text = "%41b" * 100_000
    assert fetch_image(f"data:,{text}", max_bytes=200_000) == b"Ab" * 100_000
    for url in ("data:,abcd", "data:;base64,QUJDRA==", f"data:,{'%41' * 999_999}"):
        with pytest.raises(ImageError, match="has more than"):
            fetch_image(url, max_bytes=3)


# A state file that somebody has changed


@pytest.fixture(scope="module")
def begun(tmp_path_factory):
    """A job of which a third is done: its folder and its site."""
    folder = tmp_path_factory.mktemp("begun")
    with site() as running:
        lines = "".join(f"{running.url}/{number}.png\n" for number in range(6))
        (folder / "c.csv").write_text("Image\n" + lines)
        assert run(folder / "c.csv", folder / "out.csv", running, "--limit", "2") == 0
        yield folder, running


BAD = ["'5'", "'null'", "'[]'", "'{'", "NULL", "x'ff00'", "''", f"'{DIGITS}'"]
BAD += ["cast(x'ff' as text)", f"'{'[' * 90_000}'"]
OTHERS = ["NULL", "x'ff'", "5", "'x'", "-9223372036854775808", "9e999"]
PAIRS = [["a"], ["a", "b"], [1, 0.5], ["a", 2], ["a", -1], ["a", float("nan")], "ab"]
COUNTED = [('"width": 1', '"width": 999999999999'), ('"width": 1', '"width": 0')]
COUNTED += [('"rows": 6', f'"rows": {value}') for value in ("1e999", -1, '"6"', "[]", "null")]
SCANNED = "UPDATE manifest SET value={} WHERE key='scanned'"
CHANGES = [SCANNED.format(value) for value in BAD]
CHANGES += [SCANNED.format(f"replace(value, '{a}', '{b}')") for a, b in COUNTED]
CHANGES += [f"UPDATE manifest SET value={value} WHERE key='files'" for value in BAD]
CHANGES += [f"UPDATE pictures SET candidates={value}" for value in BAD]
CHANGES += [f"UPDATE pictures SET candidates='{json.dumps([pair])}'" for pair in PAIRS]
CHANGES += [f"UPDATE pictures SET thumbnail={value}" for value in OTHERS]
for column in ("message", "digest", "status"):
    CHANGES += [f"UPDATE addresses SET {column}={v} WHERE status='ok'" for v in OTHERS]
for column in ("address", "turn"):
    CHANGES += [f"UPDATE addresses SET {column}={v} WHERE number=5" for v in OTHERS]
CHANGES += [f"DROP TABLE {table}" for table in ("manifest", "addresses", "pictures")]
CHANGES += [f"DELETE FROM {table}" for table in ("manifest", "addresses", "pictures")]
CHANGES += ["ALTER TABLE addresses RENAME COLUMN turn TO x", "DROP INDEX waiting"]
CHANGES += ["ALTER TABLE pictures DROP COLUMN thumbnail"]
CHANGES += ["CREATE TRIGGER t AFTER INSERT ON manifest BEGIN DELETE FROM manifest; END"]
CHANGES += ["INSERT INTO manifest VALUES (5, '5')", "INSERT INTO manifest VALUES (NULL, 'x')"]


@pytest.mark.parametrize("sql", few_quick(CHANGES, 9))
def test_a_changed_state_is_refused_in_words_or_gone_on_with(begun, tmp_path, capsys, sql):
    folder, running = begun
    for path in folder.iterdir():
        shutil.copy2(path, tmp_path)
    with closing(sqlite3.connect(tmp_path / "out.state")) as database:
        database.execute(sql)
        database.commit()
    code, said = run(tmp_path / "c.csv", tmp_path / "out.csv", running), capsys.readouterr().err
    if code:
        assert "out." in said and "delete" in said.lower() and "another program" not in said
        assert said.count("\n") == 1
    else:
        assert len(rows_of(tmp_path / "out.csv")) == 6


@pytest.mark.parametrize("place", [0, 16, 18, 24, 28, 44, 60, 100, 105, 2000, 4096, 5000, 9000])
@pytest.mark.parametrize("change", few_quick([b"\xff" * 8, b"\0" * 60, None]))
def test_a_damaged_state_is_refused_in_words_or_gone_on_with(
    begun, tmp_path, capsys, place, change
):
    folder, running = begun
    for path in folder.iterdir():
        shutil.copy2(path, tmp_path)
    data = (tmp_path / "out.state").read_bytes()
    data = data[:place] if change is None else data[:place] + change + data[place + len(change) :]
    (tmp_path / "out.state").write_bytes(data)
    assert run(tmp_path / "c.csv", tmp_path / "out.csv", running) in (0, 1)
    said = capsys.readouterr().err
    assert "Traceback" not in said


def test_a_full_disk_is_called_one(begun, tmp_path, capsys, monkeypatch):
    connect = sqlite3.connect

    def small(*arguments, **options):
        database = connect(*arguments, **options)
        database.execute("PRAGMA max_page_count = 8")
        return database

    monkeypatch.setattr(sqlite3, "connect", small)
    lines = "".join(f"https://a.example/{'x' * 200}{number}.jpg\n" for number in range(2000))
    (tmp_path / "c.csv").write_text(f"Image\n{lines}")
    assert run(tmp_path / "c.csv", tmp_path / "out.csv", None) == 1
    assert "out.state cannot be written: the disk is full. Make room" in capsys.readouterr().err


@pytest.mark.parametrize(
    "name", ["state-wal", "state-shm", "state-journal", "state.holder", "state.lock"]
)
def test_no_file_beside_the_state_follows_a_link(begun, tmp_path, name):
    folder, running = begun
    shutil.copy2(folder / "c.csv", tmp_path)
    (tmp_path / "victim").write_bytes(b"precious")
    for place in (f"out.{name}", f".out.{name}"):
        (tmp_path / place).symlink_to(tmp_path / "victim")
    run(tmp_path / "c.csv", tmp_path / "out.csv", running)
    assert (tmp_path / "victim").read_bytes() == b"precious"


# Shards


JSONS = [b"[1]", b"[" * 100_000, b"", b"{", b"null", b"5", b'"x"', b"\xff\xfe\0", b"{}" + bytes(9)]
JSONS += [b" " * 2_000_000, b'{"url": 5, "key": {}}', b'{"url": "u", "key": "a\\u0000b"}']
JSONS += [b'{"url": "u", "key": %s}' % DIGITS.encode(), b'{"url": "u", "error_message": ["a"]}']
JSONS += [b'{"url": "\\ud800", "key": "../../x"}', b'{"url": "u", "key": "%s"}' % (b"x" * 300)]
JSONS += [b'{"url": "u", "key": "000000000", "original_width": %s}' % DIGITS.encode()]
JSONS += [b'{"url": "u", "original_width": NaN}']


@pytest.mark.parametrize("said", JSONS, ids=range(len(JSONS)))
@pytest.mark.parametrize("key", few_quick(["000000002", "000000000"]))
def test_one_broken_file_of_a_shard_is_named_and_the_others_go_on(tmp_path, said, key):
    shard = tmp_path / "shards" / "00000"
    shard.mkdir(parents=True)
    known = {"url": "https://a.example/1.jpg", "key": "000000001", "caption": None}
    (shard / "000000001.json").write_text(json.dumps(known))
    (shard / "000000001.jpg").write_bytes(photo(1))
    (shard / f"{key}.json").write_bytes(said)
    (tmp_path / "shards" / "00000.parquet").write_bytes(b"PAR1 and no more PAR1")
    assert run(tmp_path / "shards", tmp_path / "out.csv") == 0
    assert "ok" in statuses(tmp_path / "out.csv")
    assert len(rows_of(tmp_path / "out.csv")) == 3


def test_a_pipe_among_the_shards_is_not_waited_for(tmp_path, capsys):
    shard = tmp_path / "shards" / "00000"
    shard.mkdir(parents=True)
    (shard / "000000001.json").write_text('{"url": "https://a.example/1.jpg", "key": "000000001"}')
    os.mkfifo(shard / "000000001.jpg")
    os.mkfifo(shard / "000000002.json")
    os.mkfifo(tmp_path / "shards" / "00000.parquet")
    (shard / "000000003.json").symlink_to("nowhere")
    assert run(tmp_path / "shards", tmp_path / "out.csv") == 0
    assert statuses(tmp_path / "out.csv") == ["unreachable", "failed", "failed"]
    files = "00000/000000002.json, 00000/000000003.json"
    assert f"2 files can't be read: {files}\n" in capsys.readouterr().err


def test_shards_of_which_none_can_be_read_are_refused(tmp_path):
    (tmp_path / "00000").mkdir()
    (tmp_path / "00000" / "000000000.json").write_text("[]")
    with pytest.raises(TableError, match="00000/000000000.json can't be read, nor any other"):
        open_input(tmp_path, Reading())


# Sitemaps


XML = '<?xml version="1.0" encoding="{}"?><urlset>{}</urlset>'
URL = "<url><loc>https://a.example/</loc><image><loc>/a.jpg</loc></image></url>"


@pytest.mark.parametrize(
    "encoding",
    ["utf8mb4", "klingon", "gbk", "shift_jis", "utf-16", "ucs-4", "hex", "x" * 999, "idna"],
)
def test_unknown_encodings_of_a_sitemap_are_named(tmp_path, encoding):
    (tmp_path / "s.xml").write_text(XML.format(encoding, URL))
    with pytest.raises(TableError, match=r"s\.xml"):
        list(open_input(tmp_path / "s.xml", Reading()).rows())


@pytest.mark.parametrize(
    "content",
    [
        "<urlset>&x;",
        "<urlset><url><image>",
        f"<urlset {'a ' * 99}>",
        "<urlset>\0",
        "<urlset>\x01</urlset>",
    ]
    + ["<?xml version='9'?><urlset/>", "<!-- ", "<urlset/><urlset/>", "<?xml?>", "<urlset>]]>"]
    + ["<sitemapindex>" + "<sitemap><loc>x</loc></sitemap>" * 9999 + "</sitemapindex>"]
    + few_quick(
        [f"<urlset>{'<a>' * 300_000}", f"<urlset><url>{'<a/>' * 300_000}</url></urlset>"], 0
    ),
    ids=range(13),
)
@pytest.mark.timeout(300)
def test_broken_and_senseless_sitemaps_are_refused_at_once(tmp_path, content):
    (tmp_path / "s.xml").write_text(content)
    with pytest.raises(TableError, match=r"s\.xml"):
        list(open_input(tmp_path / "s.xml", Reading()).rows())


# Anything


@cache
def scratch():
    from tempfile import mkdtemp

    return mkdtemp(prefix="alt-text-")


WORDS = ['"', ",", ";", "\n", "\r", "\t", "|", "sep=;", "#", "# x", "Image", "Alt Text", "Type"]
WORDS += ["https://a.example/1.jpg", "<img src=", "<img src='a.jpg'>", "&#99999999999;", "\ufeff"]
WORDS += ["\0", "é", "=", "[", "(", "url(", "Hyperlink", "image/png", "<?xml", "<urlset>", "//"]
TEXTS = st.lists(st.sampled_from(WORDS) | st.text(max_size=5), max_size=40).map("".join)


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(TEXTS, st.sampled_from(["utf-8", "cp1252", "utf-16"]))
def test_any_table_is_read_or_refused(text, encoding):
    path = os.path.join(scratch(), "t.csv")
    with open(path, "wb") as file:
        file.write(text.encode(encoding, "replace"))
    try:
        for row, _ in open_input(path, Reading(base="https://a.example/")).occurrences():
            assert all(isinstance(cell, str) for cell in row)
    except TableError as error:
        assert str(error)


@pytest.mark.slow
@settings(max_examples=500, deadline=None)
@given(TEXTS)
def test_any_cell_gives_an_image_or_says_why_not(cell):
    assert occurrences_in([cell], Columns(0), Reading(base="https://a.example/p"))


# What a sitemap or a cell may cost

PAGE = "<url><loc>https://a.example/</loc>"
DEAR_SITEMAPS = {
    "a tag that goes on and on": ("<urlset><a b='" + "x" * 3_000_000, "too long"),
    "a comment that does": ("<urlset><!--" + "x" * 3_000_000, "too long"),
    "nested": (f"<urlset>{PAGE}" + "<a>" * 5_000, "nested too deep"),
    "of many kinds": (f"<urlset>{PAGE}" + "".join(f"<a{n}/>" for n in range(5_000)), "kinds"),
    "of many attributes": (
        "<urlset><a " + "".join(f"a{n}='' " for n in range(5_000)) + "/>",
        "kinds",
    ),
    "of many images on a page": (f"<urlset>{PAGE}" + "<image/>" * 11_000, "10,000 images"),
}


@pytest.mark.parametrize("name", DEAR_SITEMAPS)
def test_a_sitemap_that_costs_more_than_one_may_is_refused(tmp_path, name):
    content, words = DEAR_SITEMAPS[name]
    for path, data in (
        (tmp_path / "a.xml", content.encode()),
        (tmp_path / "a.xml.gz", gzip.compress(content.encode())),
    ):
        path.write_bytes(data)
        with pytest.raises(TableError, match=words):
            list(sitemaps.sitemap_rows(path))


def test_a_sitemap_has_its_time_and_its_size(tmp_path, monkeypatch):
    path = tmp_path / "a.xml"
    path.write_text("<urlset>" + f"{PAGE}<image><loc>a.jpg</loc></image></url>" * 9 + "</urlset>")
    assert len(list(sitemaps.sitemap_rows(path))) == 9
    for name, words in (("MOST_SECONDS", "too long"), ("MOST_BYTES", "twice what is allowed")):
        with monkeypatch.context() as here, pytest.raises(TableError, match=words):
            here.setattr(sitemaps, name, 0)
            list(sitemaps.sitemap_rows(path))


def test_what_a_cell_takes_grows_with_its_length_alone():
    """Many <source> and many <img> multiplied: each image got a list of all sources before it."""
    units = ("<source srcset=a.jpg>", "<img>")
    for cell in ("".join(units) * 2_000, units[0] * 2_000 + units[1] * 2_000):
        found = list(images_of("<picture>" + cell))
        assert sum(len(text) for image in found for text in image.values()) < len(cell)
