"""Manners: robots.txt, noai, a pace per server, and patience with busy ones."""

import csv
import email.utils
import time
from urllib.parse import urlsplit

import numpy as np
import pytest

from alt_text_site import photo, run, site
from helpers.alt_text import politeness, working
from helpers.alt_text.occurrences import by_size
from helpers.alt_text.photos import Photo, look
from helpers.alt_text.politeness import Hosts, opted_out, origin, patience
from helpers.images import fetching, image_pixels
from hostile_server import answer, redirect

FORBIDDEN = b"User-agent: *\nDisallow: /closed/\nDisallow: /8.png\n"


def crawl(tmp_path, running, *paths):
    """Write a table of addresses; return it and where the answers go."""
    with (tmp_path / "crawl.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["Image"], *([running.url + path] for path in paths)])
    return tmp_path / "crawl.csv", tmp_path / "out.csv"


def answers(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return [(row["status"], row["message"]) for row in csv.DictReader(file)]


def test_robots_txt_is_asked_once_and_respected(tmp_path):
    with site(robots_txt=answer(FORBIDDEN)) as running:
        files = crawl(tmp_path, running, "/1.png", "/8.png", "/closed/a.png", "/2.png")
        assert run(*files, running) == 0
        assert running.visits == {"/robots.txt": 1, "/1.png": 1, "/2.png": 1}
        found = answers(files[1])
        assert [status for status, _ in found] == ["ok", "robots", "robots", "ok"]
        assert "Allow caption-lessons there" in found[1][1]
        running.pages["/robots.txt"] = answer(b"")  # as the message says
        assert run(*files, running, "--retry-failed") == 0
        assert running.visits["/1.png"] == 1
    assert [status for status, _ in answers(files[1])] == ["ok", "ok", "http_404", "ok"]


def test_a_robots_txt_may_speak_to_us_by_name(tmp_path):
    rules = b"User-agent: caption-lessons\nAllow: /\n\nUser-agent: *\nDisallow: /\n"
    with site(robots_txt=answer(rules)) as running:
        files = crawl(tmp_path, running, "/1.png")
        assert run(*files, running, "--contact", "https://me.example/") == 0
        agent = "User-Agent: caption-lessons/1.0.0 (+https://me.example/)"
        assert all(agent in request for request in running.requests)
    assert answers(files[1]) == [("ok", "")]


@pytest.mark.parametrize(
    "robots, status",
    [(answer(status="404 Not Found"), "ok"), (answer(status="403 Forbidden"), "ok")]
    + [(answer(status="500 Oh"), "robots"), (answer(status="503 Busy"), "robots")]
    + [(answer(b"\xff\xfe\0<html>rubbish"), "ok"), (answer("Crawl-delay: ²".encode()), "ok")]
    + [(answer(b"User-agent: *\nCrawl-delay: \xc2\xb2\n"), "ok"), (b"", "unreachable")],
)
def test_a_robots_txt_that_is_none(tmp_path, robots, status):
    with site(robots_txt=robots) as running:
        files = crawl(tmp_path, running, "/1.png", "/2.png")
        assert run(*files, running) == 0
        assert running.visits["/robots.txt"] == 1
    assert [found for found, _ in answers(files[1])] == [status] * 2


@pytest.fixture
def both_let_in(monkeypatch):
    """Lets in every server of 127.0.0.1, where --local lets in one."""

    class Line(fetching._Line):
        def __init__(self, url, local, *more):
            place = urlsplit(url).netloc
            super().__init__(url, place if place.startswith("127.0.0.1:") else local, *more)

    monkeypatch.setattr(fetching, "_Line", Line)


def test_the_robots_txt_of_the_server_that_is_led_to_is_respected(tmp_path, both_let_in):
    with site() as first, site(robots_txt=answer(FORBIDDEN)) as second:
        for name in ("closed/a", "8", "1", "2", "none"):
            first.pages[f"/to/{name}"] = redirect(f"{second.url}/{name}.png")
        files = crawl(tmp_path, first, *first.pages)
        assert run(*files, first) == 0
        assert second.visits == {"/robots.txt": 1, "/1.png": 1, "/2.png": 1, "/none.png": 1}
    found = answers(files[1])
    assert [status for status, _ in found] == ["robots", "robots", "ok", "ok", "http_404"]
    assert f"leads to {second.url}/8.png: its robots.txt keeps caption-lessons out" in found[1][1]
    assert f"leads to {second.url}/none.png, which answers 404" in found[4][1]


def test_a_redirect_within_a_server_is_no_way_past_its_robots_txt(tmp_path):
    with site(robots_txt=answer(FORBIDDEN)) as running:
        running.pages |= {"/open": redirect("/8.png"), "/away": redirect("/1.png")}
        files = crawl(tmp_path, running, "/open", "/away")
        assert run(*files, running) == 0
        assert "/8.png" not in running.visits and running.visits["/robots.txt"] == 1
    assert [status for status, _ in answers(files[1])] == ["robots", "ok"]


@pytest.mark.slow
def test_a_server_that_is_led_to_keeps_its_pace(tmp_path, both_let_in):
    with site() as first, site(robots_txt=answer(b"User-agent: *\nCrawl-delay: 1")) as second:
        first.pages |= {f"/to/{n}": redirect(f"{second.url}/{n}.png") for n in range(3)}
        files = crawl(tmp_path, first, *first.pages)
        assert run(*files, first) == 0
        times = [moment for path, moment in second.times if path != "/robots.txt"]
    assert len(times) == 3 and min(np.diff(sorted(times))) >= 0.9


def test_redirects_lead_only_so_far_and_never_away_from_the_web(tmp_path):
    with site() as running:
        running.pages |= {f"/{n}": redirect(f"/{n - 1}") for n in range(1, 6)}
        running.pages |= {"/0": answer(photo(9)), "/away": redirect("shard:00000/0.jpg")}
        files = crawl(tmp_path, running, "/3", "/4", "/away")
        assert run(*files, running) == 0
    found = answers(files[1])
    assert [status for status, _ in found] == ["ok", "unreachable", "blocked"]
    assert "leads from one address to the next" in found[1][1]
    assert "leads to shard:00000/0.jpg, which has to begin with http://" in found[2][1]


@pytest.mark.parametrize(
    "value, out",
    [("noai", True), ("NoImageAI, noindex", True), ("caption-lessons: noai", True)]
    + [("noindex", False), ("", False), ("noairline", False)],
)
def test_noai_is_respected(tmp_path, value, out):
    assert opted_out({"x-robots-TAG": value}) == out
    page = answer(photo(3), X_Robots_Tag=value)
    with site() as running:
        running.pages["/3.jpg"] = page
        files = crawl(tmp_path, running, "/3.jpg")
        assert run(*files, running) == 0
    assert answers(files[1])[0][0] == ("noai" if out else "ok")


def test_visits_keep_their_pace(tmp_path):
    with site() as running:
        files = crawl(tmp_path, running, *(f"/{n}.png" for n in range(8)))
        assert run(*files, running, "--rate", "10") == 0
        times = [moment for path, moment in running.times if path != "/robots.txt"]
    gaps = np.diff(sorted(times))
    assert times[-1] - times[0] >= 0.6 and np.median(gaps) >= 0.08


@pytest.mark.slow
def test_a_robots_txt_may_ask_for_a_slower_pace(tmp_path):
    with site(robots_txt=answer(b"User-agent: *\nCrawl-delay: 1\n")) as running:
        files = crawl(tmp_path, running, "/1.png", "/2.png", "/3.png")
        assert run(*files, running) == 0
        times = [moment for path, moment in running.times if path != "/robots.txt"]
    assert min(np.diff(times)) >= 0.9


@pytest.mark.slow
def test_a_busy_server_is_left_alone_for_as_long_as_it_asks(tmp_path):
    busy = iter([answer(status="429 Too Many", Retry_After="1"), answer(status="503 Busy")])
    with site() as running:
        running.pages["/busy.png"] = lambda: next(busy, answer(photo(9)))
        files = crawl(tmp_path, running, "/busy.png", *(f"/{n}.png" for n in range(20)))
        assert run(*files, running) == 0
        times = [moment for path, moment in running.times if path == "/busy.png"]
    assert len(times) == 3 and min(np.diff(times)) >= 0.9
    assert {status for status, _ in answers(files[1])} == {"ok"}


def test_a_server_that_stays_busy_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(working, "patience", lambda retry, headers: 0.01)
    with site() as running:
        running.pages["/busy.png"] = answer(status="503 Busy")
        files = crawl(tmp_path, running, "/busy.png")
        assert run(*files, running) == 0
        assert running.visits["/busy.png"] == 4
    assert answers(files[1])[0][0] == "http_503"


def test_who_asks_for_an_hour_is_visited_in_another_run(tmp_path):
    with site() as running:
        running.pages["/busy.png"] = answer(status="429 Too Many", Retry_After="3600")
        files, begin = crawl(tmp_path, running, "/busy.png", "/2.png"), time.monotonic()
        assert run(*files, running) == 0 and time.monotonic() - begin < 5
        assert running.visits["/busy.png"] == 1
        found = answers(files[1])
        assert found[0][0] == "http_429" and "3,600 s; run with --retry-failed" in found[0][1]
        running.pages["/busy.png"] = answer(photo(5))
        assert run(*files, running, "--retry-failed") == 0
    assert [status for status, _ in answers(files[1])] == ["ok", "ok"]


def test_waits_are_read_as_servers_write_them():
    retry = politeness.RETRIES.increment("GET", "/").increment("GET", "/")
    assert patience(retry, {"retry-after": "7"}) == 7
    soon = email.utils.formatdate(time.time() + 30, usegmt=True)
    assert 25 < patience(retry, {"Retry-After": soon}) <= 31
    assert patience(retry, {"Retry-After": "dog"}) == patience(retry, {}) >= 1


def test_while_one_server_is_waited_for_others_are_visited():
    hosts, now = Hosts(rate=1), 1000.0
    one, other = "http://a.example/1", "http://b.example/1"
    for address in (one, other):
        hosts.of(address).rules = object()
        assert hosts.take_turn(address, now) == 0
    assert hosts.take_turn(one, now) == 1001 and hosts.take_turn("data:image/png,", now) == 0
    assert hosts.take_turn(one, 1001) == 0


@pytest.mark.parametrize(
    "address, start",
    [("https://a.example:443/x", "https://a.example:443"), ("data:image/png,x", "")]
    + [("ftp://a.example", ""), ("http://[", ""), ("", "")],
)
def test_a_server_is_known_by_its_start(address, start):
    assert origin(address) == start


def test_pixels_are_those_that_the_captioner_reads(make_image):
    data = make_image("a.png", (400, 300), colour=(9, 8, 7)).read_bytes()
    assert look("a", data, 16)[0].status == "decorative"  # one colour
    data = photo(77, (500, 300))
    seen = look("a", data, 64)
    assert isinstance(seen, Photo) and np.array_equal(seen.pixels, image_pixels(data, 64))


@pytest.mark.parametrize(
    "size, reason",
    [((31, 31), "icon"), ((32, 8), ""), ((600, 3), "spacer"), ((1, 1), "spacer"), ((32, 32), "")],
)
def test_small_images_decorate(size, reason):
    assert reason in by_size(*size) and bool(by_size(*size)) == bool(reason)
