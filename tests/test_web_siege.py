"""The page under siege: slow and idle connections, too many bytes at once, strangers' names."""

import io
import signal
import threading
import time
from contextlib import closing
from http.client import HTTPConnection
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest

from helpers.apps.web import CaptionDesk, PageServer, PhotoPage, guard, hosts, page
from helpers.apps.web import server as serving_room
from helpers.apps.web.guard import CONNECTIONS, PER_CLIENT, Guard
from helpers.apps.web.uploads import LINES, UploadChannel
from test_web import FORM, raw, sent, until
from web_load import SCENES
from web_parts import ColourCaptioner, command, form_of, photo, post, serving
from web_siege import (
    BEGINNINGS,
    CHUNKED,
    LONG_BODY,
    Siege,
    clients,
    largest_photos,
    megabytes,
    seconds_to_stop,
    watched,
)
from web_siege import page as whole_page

MEGABYTES = 1000  # over its idle state, the most that a page under siege may take


@pytest.fixture
def server():
    with serving(ColourCaptioner()) as server:
        yield server


def line(client="a", progress=0.0, held=0, requests=(), **more):
    """Return what the guard sees of a connection."""
    state = {"client": client, "progress": progress, "held": held, "requests": [*requests]}
    return SimpleNamespace(**state, will_close=False, **more)


def guarded(*lines):
    """Return a guard of these connections."""
    return Guard(dict(enumerate(lines)))


def cut(lines):
    """Return the places of those that are to be closed."""
    return [place for place, each in enumerate(lines) if each.will_close]


# Numbers


def test_one_client_takes_no_more_than_its_number_of_connections():
    lines = [line("greedy", float(n)) for n in range(PER_CLIENT)] + [line("b", -1.0)]
    guarded(*lines).make_way()
    assert cut(lines) == []
    lines.append(line("greedy", 9999.0))
    guarded(*lines).make_way()
    assert cut(lines) == [0]


def test_where_all_places_are_taken_the_one_with_most_gives_one():
    lines = [line("a", 50.0 - n) for n in range(CONNECTIONS // 2 + 1)]
    lines += [line(f"client {n}", -99.0) for n in range(CONNECTIONS // 2)]
    guarded(*lines).make_way()
    assert cut(lines) == [CONNECTIONS // 2]


def test_whose_photo_is_at_the_desk_is_never_cut():
    lines = [line(requests=["a photo"]) for _ in range(CONNECTIONS + 5)]
    guarded(*lines).make_way()
    assert cut(lines) == []


@pytest.mark.slow
def test_idle_connections_of_one_client_shut_nobody_out(server, monkeypatch):
    monkeypatch.setattr(guard, "PER_CLIENT", 10)
    siege = Siege(server.address, {"idle": 30})
    assert post(server.address, [("a.png", photo())])[0] == 200
    siege.end()


# Bytes


def test_an_upload_without_room_waits_until_there_is_some():
    lines = [line(held=guard.ROOM // 2, progress=time.monotonic()) for _ in range(2)]
    assert guarded(*lines).has_room(0)
    assert not guarded(*lines).has_room(1)
    assert cut(lines) == []


def test_stalled_uploads_make_room_and_no_more_of_them_than_needed():
    now = time.monotonic()
    lines = [line(held=guard.ROOM // 3, progress=now - ago) for ago in (50, 90, 0)]
    assert guarded(*lines).has_room(guard.ROOM // 4)
    assert cut(lines) == [1]


def test_uploads_are_counted_before_they_are_read(server, monkeypatch):
    monkeypatch.setattr(guard, "ROOM", 12_000_000)
    with closing(HTTPConnection(urlsplit(server.address).netloc)) as first:
        first.putrequest("POST", "/caption")
        first.putheader("Content-Type", FORM)
        first.putheader("Content-Length", "10000000")
        first.endheaders(b"x")
        until(lambda: server.guard.has_room(0) and not server.guard.has_room(5_000_000))
        status, headers, text = post(server.address, [("a", photo() + bytes(3_000_000))])
        assert status == 503 and int(headers["Retry-After"]) and headers["Connection"] == "close"
        assert "Too many photos are arriving. Try again in" in text
        assert "Too many photos are arriving" in post(server.address, [], "/", unannounced())[2]
        assert post(server.address, [("a", photo())])[0] == 200
    until(lambda: server.guard.has_room(5_000_000))
    assert post(server.address, [("a", photo() + bytes(3_000_000))])[0] == 200


def unannounced():
    """Return a body whose length isn't announced: it counts as the longest."""
    return (piece for piece in [form_of([("a.png", photo())])])


def test_who_asks_first_is_not_told_to_go_on_where_there_is_no_room(server, monkeypatch):
    monkeypatch.setattr(guard, "ROOM", 1000)
    said, _ = raw(server, LONG_BODY.replace(b"Host", b"Expect: 100-continue\r\nHost"))
    assert said.startswith(b"HTTP/1.1 503 ") and b"Too many photos are arriving" in said


def test_a_form_lets_go_of_the_body_that_it_has_read():
    desk = CaptionDesk(ColourCaptioner())
    app, body = PhotoPage(desk), io.BytesIO(form_of([("a.png", photo())]))
    with app.test_request_context("/", method="POST", input_stream=body, content_type=FORM):
        assert len(page.photos_sent()) == 1
    assert body.closed
    desk.close()


# Deadlines


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(guard, "PATIENCE", 0.5)
    monkeypatch.setattr(guard, "LOOK", 0.1)


@pytest.mark.slow
@pytest.mark.parametrize("kind", BEGINNINGS)
def test_whoever_makes_no_progress_is_cut(server, impatient, kind):
    siege = Siege(server.address, {kind: 3})
    if kind == "reader":  # who doesn't read doesn't see that the line is cut
        until(lambda: not server.server.active_channels)
    else:
        until(lambda: siege.cut[kind] == 3)
    siege.end()


@pytest.mark.slow
def test_a_photo_that_takes_its_time_at_the_desk_is_waited_for(impatient):
    with serving(ColourCaptioner(1.5)) as server:
        assert post(server.address, [("a.png", photo())])[0] == 200


@pytest.mark.slow
def test_progress_does_not_help_beyond_the_deadline(server, monkeypatch):
    monkeypatch.setattr(guard, "LOOK", 0.1)
    monkeypatch.setattr(guard, "DEADLINE", 1)
    pieces = (time.sleep(0.02) or bytes(10_000) for _ in range(800))
    said, count = raw(server, LONG_BODY, pieces)
    assert said == b"" and 10_000 < count < 7_000_000


def test_a_stay_at_the_desk_counts_for_no_deadline():
    channel = UploadChannel.__new__(UploadChannel)
    channel.requests, channel.request, channel.began = ["a photo"], None, 0.0
    channel.note_progress(500.0, 1)
    assert channel.began == channel.progress == 500.0


# Stopping


def test_stop_may_be_called_twice_and_after_the_end():
    desk = CaptionDesk(ColourCaptioner())
    server = PageServer(PhotoPage(desk), port=0)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    server.stop()
    server.stop(signal.SIGTERM, None)
    thread.join(20)
    assert not thread.is_alive()
    server.stop()
    desk.close()


@pytest.mark.slow
def test_a_stop_does_not_wait_for_those_who_drip(monkeypatch):
    monkeypatch.setattr(serving_room, "GRACE", 0.2)
    with serving(ColourCaptioner()) as server:
        siege = Siege(server.address, dict.fromkeys(BEGINNINGS, 2))
        monkeypatch.setattr(serving_room, "FAREWELL", 0.2)
    siege.end()


@pytest.mark.slow
def test_a_stop_tells_those_who_wait_to_come_again(monkeypatch):
    monkeypatch.setattr(serving_room, "GRACE", 0.2)
    captioner, answers = ColourCaptioner(), []
    with serving(captioner) as server:
        captioner.go.clear()
        ask = lambda: answers.append(post(server.address, [("a.png", photo())]))  # noqa: E731
        threads = [threading.Thread(target=ask) for _ in range(4)]
        for number, thread in enumerate(threads):
            thread.start()
            until(lambda n=number: server.desk.taken == n + 1)
            until(lambda: captioner.batches)
        until(lambda: server.desk.waiting.qsize() == 3)
        server.stop()
        until(lambda: len(answers) == 3)
        captioner.go.set()
        for thread in threads:
            thread.join(10)
    assert sorted(status for status, *_ in answers) == [200, 503, 503, 503]
    assert all("The page is being stopped." in text for status, _, text in answers if status > 200)


def test_a_desk_that_has_given_up_takes_no_photo():
    desk = CaptionDesk(ColourCaptioner())
    desk.close()
    desk.give_up()
    assert sent(PhotoPage(desk).test_client(), ("a.png", photo())).status_code == 503


@pytest.mark.slow
def test_a_polite_kill_ends_a_page_under_siege():
    with command(seconds=0) as (process, address):
        siege = Siege(address, dict.fromkeys(BEGINNINGS, 5))
        assert post(address, [("a.png", photo())])[0] == 200
        seconds_to_stop(process)
        siege.end()
        assert process.returncode == 0 and "Traceback" not in process.stdout.read()


# Names


@pytest.mark.parametrize(
    "header, host, ours",
    [
        ("localhost:8000", "127.0.0.1", True),
        ("LocalHost", "127.0.0.1", True),
        ("localhost.", "127.0.0.1", True),
        ("127.0.0.1:8000", "127.0.0.1", True),
        ("127.1.2.3", "127.0.0.1", True),
        ("[::1]:8000", "127.0.0.1", True),
        ("[::1]", "::1", True),
        ("evil.example", "127.0.0.1", False),
        ("localhost.evil.example", "127.0.0.1", False),
        ("127.0.0.1.evil.example", "127.0.0.1", False),
        ("evil.example", "0.0.0.0", False),
        ("192.168.1.5:8000", "0.0.0.0", True),
        ("192.168.1.5", "127.0.0.1", False),
        ("192.168.1.5", "192.168.1.5", True),
        ("[fe80::1]", "::", True),
        ("photos.lan", "photos.lan", True),
        ("", "127.0.0.1", False),
        ("localhost:99999999", "127.0.0.1", False),
        ("localhost:x", "127.0.0.1", False),
        ("evil@localhost", "127.0.0.1", False),
        ("localhost/evil", "127.0.0.1", False),
        ("localhost, evil.example", "127.0.0.1", False),
        ("[::1", "127.0.0.1", False),
        ("0", "127.0.0.1", False),
    ],
)
def test_the_names_of_the_page(header, host, ours):
    assert hosts.is_ours(header, host) is ours


def test_further_names_and_those_of_the_computer(monkeypatch):
    monkeypatch.setattr(hosts.socket, "gethostname", lambda: "Desk.lan")
    assert hosts.is_ours("Photos.Example:443", "127.0.0.1", ["photos.example"])
    named = {name: hosts.is_ours(name, "0.0.0.0") for name in ("desk.lan", "desk", "desk.local")}
    assert all(named.values()) and not hosts.is_ours("desk", "127.0.0.1")


@pytest.mark.parametrize("to", ["/", "/caption", "/static/page.js", "/nothing"])
def test_a_stranger_who_lets_a_name_lead_here_gets_nothing(server, to):
    status, _, text = post(server.address, [("a.png", photo())], to, Host="evil.example")
    assert status == 421 and "called by the name in your address bar" in text
    said, _ = raw(server, f"GET {to} HTTP/1.0\r\n\r\n".encode())
    assert b" 421 " in said


def test_who_watches_over_the_page_may_call_it_anything(server):
    said, _ = raw(server, b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert b" 200 " in said


def test_the_server_tells_the_page_where_it_listens():
    desk = CaptionDesk(ColourCaptioner())
    app = PhotoPage(desk, names=["photos.example"])
    server = PageServer(app, "0.0.0.0", 0)
    ask = app.test_client().get
    statuses = [
        ask("/", headers={"Host": name}).status_code
        for name in ("10.0.0.7", "photos.example", "evil.example")
    ]
    assert statuses == [200, 200, 421]
    server.stop()
    server.run()
    desk.close()


# Lines that don't end


@pytest.mark.parametrize(
    "body",
    [
        b"1;" + b"a" * 50_000,
        b"0" * 50_000,
        b"0\r\n" + b"X: y\r\n" * 5000,
        b"1\r\nx\r\n" * 5000,
    ],
    ids=["extension", "size", "trailer", "tiny pieces"],
)
def test_lines_within_a_body_have_an_end(server, body):
    said, _ = raw(server, CHUNKED + body)
    assert said.startswith(b"HTTP/1.1 400 ") and len(body) > LINES


@pytest.mark.parametrize(
    "request_",
    [
        b"POST / HTTP/1.1\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n",
        b"GET http://[evil/ HTTP/1.1\r\n\r\n",
        CHUNKED.replace(b"Host", b"Content-Length: 4\r\nHost") + b"0\r\n\r\n",
    ],
    ids=["digits", "address", "two lengths"],
)
def test_requests_that_cannot_be_read_are_answered_once(server, request_):
    said, _ = raw(server, request_ + b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert said.startswith(b"HTTP/1.1 400 ") or said.startswith(b"HTTP/1.0 400 ")
    assert said.count(b"HTTP/1.") == 1


def test_a_name_of_any_length_is_refused_in_words(server):
    said, _ = raw(server, b"GET / HTTP/1.0\r\nHost: " + b"a" * 10_000 + b"\r\n\r\n")
    assert b" 421 " in said and b"address bar" in said


def test_fields_without_files_are_not_even_read():
    desk = CaptionDesk(ColourCaptioner())
    app, kind = PhotoPage(desk), "application/x-www-form-urlencoded"
    with app.test_request_context("/", method="POST", data=b"a=1&" * 9, content_type=kind):
        assert not page.request.form
    desk.close()


# Sieges


def besieged(folder, seconds, number, photos, lines, open_page=whole_page):
    """Let ordinary clients send photos beside others who only hold places; return what happens."""
    with open_page() as (process, address):
        watched(process, clients(address, 2, 2, SCENES))  # warm
        idle = megabytes(process.pid)
        siege = Siege(address, lines)
        report, most = watched(process, clients(address, seconds, number, photos))
        ordinary = clients(address, seconds, number, photos)
        time.sleep(2)
        more = Siege(address, lines)
        stopped = seconds_to_stop(process)
        ordinary.kill()
        ordinary.wait()
        siege.end()
        more.end()
    print(f"{report}: memory {idle:.0f} +{most - idle:.0f} MB, stopped in {stopped:.1f} s")
    assert process.returncode == 0
    return report["counts"], most - idle, stopped


@pytest.mark.slow
def test_ordinary_clients_are_answered_beside_those_who_hold_places(tmp_path):
    """More idle and dripping ones than one client may have, and a captioner that does little."""
    lines = {"idle": 70, "header": 60, "body": 35}
    counts, more, _ = besieged(tmp_path, 1, 8, SCENES, lines, lambda: command(0))
    assert counts["200"] and set(counts) <= {"200", "503"}
    assert more < MEGABYTES


@pytest.mark.long
@pytest.mark.parametrize("kind", ["ordinary", "largest", "progressive"])
def test_a_minute_of_64_clients_beside_165_who_hold_places(tmp_path, kind):
    photos = SCENES
    if kind != "ordinary":
        photos = largest_photos(tmp_path, progressive=kind == "progressive")
    lines = {"idle": 45, "header": 35, "body": 35, "nearly": 20, "chunks": 15, "reader": 15}
    counts, more, stopped = besieged(tmp_path, 60, 64, photos, lines)
    assert counts["200"] and set(counts) <= {"200", "503"}
    assert more < MEGABYTES
    assert stopped < 10
