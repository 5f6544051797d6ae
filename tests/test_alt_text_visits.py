"""Manners: robots.txt, noai, a pace per server, and patience with busy ones."""

import csv
import email.utils
import gzip
import time
from threading import Event
from urllib.parse import urlsplit

import numpy as np
import pytest

from alt_text_site import Colours, photo, run, site
from helpers.apps.alt_text.captioning import work
from helpers.apps.alt_text.findings import Picture
from helpers.apps.alt_text.signs import by_size, origin
from helpers.apps.alt_text.visiting import politeness, visits
from helpers.apps.alt_text.visiting.photos import Photo, look
from helpers.apps.alt_text.visiting.politeness import Hosts, opted_out, rules_in
from helpers.images import ImageError, fetching, image_pixels
from helpers.strangers import patience
from hostile_server import answer, redirect

FORBIDDEN = b"User-agent: *\nDisallow: /closed/\nDisallow: /8.png\n"


def crawl(tmp_path, running, *paths):
    """Write a table of addresses; return it and where the answers go."""
    with (tmp_path / "crawl.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["Image"], *([running.url + path] for path in paths)])
    return tmp_path / "crawl.csv", tmp_path / "out.csv"


@pytest.fixture
def turns(monkeypatch):
    """The moments of all visits, (address, seconds); time passes in a visitor's sleep alone."""
    clock, turns, take_turn = [1000.0], [], Hosts.take_turn

    def note(self, address, now):
        if not (later := take_turn(self, address, now)):
            turns.append((address, now))
        return later

    def sleep(seconds):
        clock[0] += seconds

    monkeypatch.setattr(Hosts, "take_turn", note)
    monkeypatch.setattr(visits, "sleep", sleep)
    for module in (visits, politeness):
        monkeypatch.setattr(module, "monotonic", lambda: clock[0])
    return turns


def gaps(turns, start):
    """The seconds between the visits of addresses that begin so."""
    return np.diff([moment for address, moment in turns if address.startswith(start)])


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


CLOSED, OPEN = b"User-agent: *\nDisallow: /\n", b"User-agent: *\nDisallow:\n"


@pytest.mark.parametrize(
    "robots, status",
    [(answer(status="404 Not Found"), "ok"), (answer(status="403 Forbidden"), "ok")]
    + [(answer(status="500 Oh"), "robots"), (answer(status="503 Busy"), "robots")]
    + [(answer(b"\xff\xfe\0<html>rubbish"), "ok"), (answer("Crawl-delay: ²".encode()), "ok")]
    + [(answer(b"User-agent: *\nCrawl-delay: \xc2\xb2\n"), "ok"), (b"", "unreachable")]
    + [(answer(gzip.compress(CLOSED, mtime=0), Content_Encoding="gzip"), "robots")]
    + [
        (answer(gzip.compress(CLOSED, mtime=0)), "robots"),
        (answer(gzip.compress(OPEN, mtime=0)), "ok"),
    ]
    + [
        (answer(gzip.compress(CLOSED, mtime=0)[:-9]), "robots"),
        (answer(gzip.compress(bytes(10**7), mtime=0)), "robots"),
    ]
    + [(answer(OPEN, Content_Encoding="br"), "robots"), (answer(OPEN[:3] + b"\1"), "robots")]
    + [(answer(CLOSED.decode().encode(name)), "robots") for name in ("utf-16", "utf-16-le")]
    + [(answer(CLOSED.decode().encode("utf-32")), "robots"), (answer(b"\xff\xfe\0"), "robots")]
    + [(redirect("https://127.0.0.1:8443/robots.txt"), "robots"), (redirect("ftp://a/"), "robots")]
    + [(answer(status="206 Partial"), "robots")]
    + [(answer(CLOSED, Content_Encoding="GZIP"), "robots")],
)
def test_a_robots_txt_that_is_none(tmp_path, robots, status):
    with site(robots_txt=robots) as running:
        files = crawl(tmp_path, running, "/1.png", "/2.png")
        assert run(*files, running) == 0
        assert running.visits["/robots.txt"] == 1
    assert [found for found, _ in answers(files[1])] == [status] * 2


EVERYONE = "User-agent: *\n"
LONGEST_WINS = f"{EVERYONE}Disallow: /img/\nAllow: /img/open/\n"


@pytest.mark.parametrize(
    "rules, path, open_to_us",
    [(f"{EVERYONE}Disallow: /*.jpg$", "/a/1.jpg", False)]
    + [(f"{EVERYONE}Disallow: /*.jpg$", "/a/1.jpg?big", True)]
    + [(f"{EVERYONE}Disallow: /*/private/", "/a/private/1.png", False)]
    + [(f"{EVERYONE}Disallow: /*/private/", "/private.png", True)]
    + [(f"{EVERYONE}Disallow: /a/\n\n{EVERYONE}Disallow: /b/", "/a/1.png", False)]
    + [(f"{EVERYONE}Disallow: /a/\n\n{EVERYONE}Disallow: /b/", "/b/1.png", False)]
    + [(f"{EVERYONE}\nDisallow: /", "/1.png", False)]
    + [(f"\ufeff{EVERYONE}Disallow: /", "/1.png", False)]
    + [(LONGEST_WINS, "/img/1.png", False), (LONGEST_WINS, "/img/open/1.png", True)]
    + [("User-agent: Caption-Lessons/1.0.0\nDisallow: /", "/1.png", False)]
    + [("User-agent: other\nDisallow: /", "/1.png", True), ("", "/1.png", True)],
)
def test_a_robots_txt_is_read_as_rfc_9309_says(rules, path, open_to_us):
    with site(robots_txt=answer(rules.encode())) as running:
        hosts = Hosts(local=running.address)
        if open_to_us:
            return hosts.check(running.url + path)
        with pytest.raises(ImageError, match="its robots.txt keeps caption-lessons out") as raised:
            hosts.check(running.url + path)
        assert raised.value.status == "robots"


LONG = EVERYONE + f"Disallow: /{'x' * 900}\n" * 600 + "Disallow: /closed/"
MADE_TO_HURT = "User-agent: a\n" * 1500 + "Disallow: /a\n" * 1500


@pytest.mark.parametrize("rules", [LONG * 4, MADE_TO_HURT], ids=["2.2 MB", "names times rules"])
def test_a_robots_txt_that_is_too_long_closes_its_server(tmp_path, rules):
    with site(robots_txt=answer(rules.encode())) as running:
        files = crawl(tmp_path, running, "/1.png", "/2.png")
        assert run(*files, running) == 0
        assert running.visits == {"/robots.txt": 1}
    status, message = answers(files[1])[0]
    assert status == "robots" and "is too long to be read: no visits" in message


def test_a_robots_txt_of_540_kb_is_read_to_its_end():
    assert len(LONG) > 500 * 1024
    assert not rules_in(LONG.encode()).can_fetch("http://a.example/closed/1.png", "dog")


def test_a_robots_txt_that_trips_the_reader_closes_its_server(tmp_path, monkeypatch):
    monkeypatch.setattr(politeness, "rules_in", lambda *data: 1 / 0)
    with site(robots_txt=answer(b"")) as running:
        files = crawl(tmp_path, running, "/1.png", "/2.png")
        assert run(*files, running) == 0
        assert running.visits == {"/robots.txt": 1}
    status, message = answers(files[1])[0]
    assert status == "failed" and "its robots.txt can't be read (ZeroDivisionError" in message


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


def test_a_server_that_is_led_to_keeps_its_pace(tmp_path, both_let_in, turns):
    with site() as first, site(robots_txt=answer(b"User-agent: *\nCrawl-delay: 7")) as second:
        first.pages |= {f"/to/{n}": redirect(f"{second.url}/{n}.png") for n in range(3)}
        files = crawl(tmp_path, first, *first.pages)
        assert run(*files, first) == 0
    assert gaps(turns, second.url) == pytest.approx([7, 7])


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


def test_visits_keep_their_pace(tmp_path, turns):
    with site() as running:
        files = crawl(tmp_path, running, *(f"/{n}.png" for n in range(8)))
        assert run(*files, running, "--rate", "10") == 0
    assert gaps(turns, running.url) == pytest.approx([0.1] * 7)


def test_a_robots_txt_may_ask_for_a_slower_pace(tmp_path, turns):
    with site(robots_txt=answer(b"User-agent: *\nCrawl-delay: 7\n")) as running:
        files = crawl(tmp_path, running, "/1.png", "/2.png", "/3.png")
        assert run(*files, running) == 0
    assert gaps(turns, running.url) == pytest.approx([7, 7])


def test_a_busy_server_is_left_alone_for_as_long_as_it_asks(tmp_path, turns):
    busy = iter([answer(status="429 Too Many", Retry_After="7"), answer(status="503 Busy")])
    with site() as running:
        running.pages["/busy.png"] = lambda: next(busy, answer(photo(9)))
        files = crawl(tmp_path, running, "/busy.png", *(f"/{n}.png" for n in range(20)))
        assert run(*files, running) == 0
    first, second = gaps(turns, f"{running.url}/busy.png")
    assert first >= 7 and second >= 1, "what it asks for, then a second of our own"
    assert {status for status, _ in answers(files[1])} == {"ok"}


def test_a_server_that_stays_busy_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(visits, "patience", lambda retry, headers: 0.01)
    with site() as running:
        running.pages["/busy.png"] = answer(status="503 Busy")
        files = crawl(tmp_path, running, "/busy.png")
        assert run(*files, running) == 0
        assert running.visits["/busy.png"] == 4
    assert answers(files[1])[0][0] == "http_503"


def test_who_asks_for_an_hour_is_visited_in_another_run(tmp_path):
    with site() as running:
        running.pages["/busy.png"] = answer(status="429 Too Many", Retry_After="3600")
        files = crawl(tmp_path, running, "/busy.png", "/2.png")
        assert run(*files, running) == 0
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


class Asked(Hosts):
    """Notes when it is asked for a turn."""

    def take_turn(self, address, now):
        self.moments = [*getattr(self, "moments", []), now]
        return super().take_turn(address, now)


def test_turns_are_timed_by_a_clock_that_nobody_sets_back():
    with site() as running:
        hosts = Asked(rate=1000, local=running.address)
        begin = time.monotonic()
        assert len(list(visits.visits([f"{running.url}/1.png"], hosts, Colours()))) == 1
        end, host = time.monotonic(), hosts.of(running.url)
        assert all(begin <= now <= end for now in hosts.moments)
        assert begin <= host.next <= end + 1
        begin = time.monotonic()
        hosts.wait(running.url, 9)
        assert begin + 9 <= host.next <= time.monotonic() + 9


def test_while_one_server_is_waited_for_others_are_visited():
    hosts, now = Hosts(rate=1), 1000.0
    one, other = "http://a.example/1", "http://b.example/1"
    for address in (one, other):
        hosts.of(address).rules = object()
        assert hosts.take_turn(address, now) == 0
    assert hosts.take_turn(one, now) == 1001 and hosts.take_turn("data:image/png,", now) == 0
    assert hosts.take_turn(one, 1001) == 0


def visits_of(hosts, address, seconds, asked=0.0, tick=0.01):
    """The moments at which several workers visit a server, each with Hosts of its own."""
    for each in hosts:
        each.of(address).rules, each.of(address).asked = object(), asked
    moments = [1000 + tick * number for number in range(round(seconds / tick))]
    return [now for now in moments for each in hosts if not each.take_turn(address, now)]


@pytest.mark.parametrize("rate, asked, pause", [(5, 0, 0.2), (5, 2, 2), (0.25, 2, 4)])
def test_all_workers_together_keep_to_the_rate_and_to_the_pause_asked_for(rate, asked, pause):
    hosts = [Hosts(rate, workers=4) for _ in range(4)]
    moments = visits_of(hosts, "http://a.example/1", 200 * pause, asked, tick=pause / 20)
    assert 0.9 * 200 - 4 <= len(moments) <= 200 + 4


def test_workers_that_begin_together_do_not_come_together(monkeypatch):
    parts = iter([0.1, 0.5, 0.9])
    monkeypatch.setattr(politeness, "random", lambda: next(parts))
    moments = visits_of([Hosts(0.5, workers=3) for _ in range(3)], "http://a.example/1", 5)
    assert np.allclose(moments, [1000.4, 1002, 1003.6], atol=0.011)


def test_a_pace_follows_the_number_of_workers_and_forgets_nothing():
    hosts, address = Hosts(rate=1), "http://a.example/1"
    hosts.of(address).rules = object()
    assert hosts.take_turn(address, 1000) == 0
    hosts.workers = 3
    assert hosts.take_turn(address, 1000.5) == 1001
    assert hosts.take_turn(address, 1001) == 0 and hosts.take_turn(address, 1001) == 1004
    hosts.workers = 1
    assert hosts.take_turn(address, 1004) == 0 and hosts.take_turn(address, 1004) == 1005


def test_one_server_in_two_spellings_has_one_pace():
    hosts = Hosts(rate=1)
    hosts.of("http://a.example/1").rules = object()
    assert hosts.take_turn("http://a.example/1", 1000) == 0
    assert hosts.take_turn("http://A.example:80/2", 1000) == 1001


@pytest.mark.parametrize(
    "address, start",
    [("https://a.example:443/x", "https://a.example"), ("data:image/png,x", "")]
    + [("HTTP://EX.com:80/A", "http://ex.com"), ("http://ex.com:/", "http://ex.com")]
    + [("http://ex.com:443", "http://ex.com:443"), ("http://ex.com:8080", "http://ex.com:8080")]
    + [("http://[::80]/x", "http://[::80]"), ("http://[::1]:80/x", "http://[::1]")]
    + [("http://a:b@ex.com", "http://a:b@ex.com")]  # never visited, and no other's rules
    + [("ftp://a.example", ""), ("http://[", ""), ("", "")],
)
def test_a_server_is_known_by_its_start(address, start):
    assert origin(address) == start


def test_pixels_are_those_that_the_captioner_reads(make_image):
    data = make_image("a.png", (400, 300), colour=(9, 8, 7)).read_bytes()
    assert look("a", data, Colours())[0].status == "looks_decorative"  # one colour
    data = photo(77, (500, 300))
    seen = look("a", data, Colours())
    assert isinstance(seen, Photo) and np.array_equal(seen.prepared, image_pixels(data, 16))


@pytest.mark.parametrize(
    "size, reason",
    [((31, 31), "icon"), ((32, 8), ""), ((600, 3), "spacer"), ((1, 1), "spacer"), ((32, 32), "")],
)
def test_small_images_decorate(size, reason):
    assert reason in by_size(*size) and bool(by_size(*size)) == bool(reason)


def found(name, colour):
    """What a visit to a picture of one colour gives."""
    return Photo(f"https://a.example/{name}.png", Picture(colour), np.zeros((16, 16, 3), "uint8"))


def worked_off(monkeypatch, visited, captioner):
    """Begin to work off what stands in for visits."""
    monkeypatch.setattr(work, "visits", lambda *_: visited)
    return work.work_off([], captioner, None)


def test_a_lull_hands_over_what_has_been_begun(monkeypatch):
    handed_over = Event()

    def visited():
        yield found("first", "red")
        assert handed_over.wait(10), "the first photo waits for the second"
        yield found("second", "blue")

    monkeypatch.setattr(work, "LULL", 0.1)
    batches = worked_off(monkeypatch, visited(), Colours())
    ((finding,), (picture,)) = next(batches)
    assert finding.address.endswith("first.png") and picture.digest == "red"
    handed_over.set()
    assert [finding.digest for findings, _ in batches for finding in findings] == ["blue"]


def test_a_picture_of_the_batch_before_is_not_captioned_again(monkeypatch):
    captioner = Colours(0.005)  # at work while the others come
    visited = (found(number, f"{number % 33}") for number in range(40))  # 33 pictures, 32 at once
    batches = list(worked_off(monkeypatch, visited, captioner))
    assert sum(len(findings) for findings, _ in batches) == 40
    assert sum(len(pictures) for _, pictures in batches) == captioner.photos == 33
