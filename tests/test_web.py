"""The web page: answers, refusals in words, hostile uploads, a full queue, a clean stop."""

import builtins
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from urllib.parse import urlsplit

import pytest

import test_image_zoo as zoo
from helpers.apps.web import (
    MAX_BYTES,
    MAX_PHOTOS,
    BusyError,
    CaptionDesk,
    PageServer,
    PhotoPage,
    ServerError,
    page,
)
from helpers.apps.web.__main__ import main
from helpers.images import ImageError
from web_parts import (
    BORDER,
    POISON,
    ColourCaptioner,
    captions,
    command,
    form_of,
    photo,
    post,
    serving,
)

FORM = f"multipart/form-data; boundary={BORDER}"
RED = "A red <b>dog</b>."


@pytest.fixture
def captioner():
    return ColourCaptioner()


@pytest.fixture
def desk(captioner):
    desk = CaptionDesk(captioner)
    yield desk
    captioner.go.set()
    desk.close()


@pytest.fixture
def client(desk):
    return PhotoPage(desk, "colours & more").test_client()


@pytest.fixture(scope="module")
def server():
    with serving(ColourCaptioner()) as server:
        yield server


def sent(client, *files, to="/caption"):
    """Send (name, content) pairs as a form."""
    return client.post(to, data=form_of(files), content_type=FORM)


# Answers


def test_a_photo_gets_captions(client):
    answer = sent(client, ("dog.png", photo()))
    assert answer.status_code == 200 and answer.content_type == "application/json"
    assert answer.get_json() == {
        "images": [
            {
                "name": "dog.png",
                "alt_text": RED,
                "caption": "a photo of a red <b>dog</b>",
                "candidates": [
                    {
                        "caption": "a photo of a red <b>dog</b>",
                        "probability": 0.3,
                        "in_words": "30%",
                    },
                    {"caption": "a dog", "probability": 2e-5, "in_words": "1 in 50,000"},
                ],
            }
        ]
    }


def test_several_photos_get_theirs_in_order_and_errors_stand_in_their_places(client):
    files = [("1", photo("blue")), ("2.txt", b"no image"), ("3", photo("red"))]
    answer = sent(client, *files)
    assert answer.status_code == 200
    first, second, third = captions(answer.text)
    assert (first, third) == ("A blue <b>dog</b>.", RED)
    assert second.startswith("2.txt is no image of a supported format. Save it as one of JPEG")


def test_without_javascript_the_page_shows_photos_and_captions_escaped(client):
    name = "<img src=x onerror=alert(1)>.png"
    answer = sent(client, (name, photo()), ("b.txt", b"text"), to="/")
    assert answer.status_code == 200 and answer.mimetype == "text/html"
    assert "A red &lt;b&gt;dog&lt;/b&gt;." in answer.text and "<b>dog" not in answer.text
    assert (
        "&lt;img src=x onerror=alert(1)&gt;.png" in answer.text and "<img src=x" not in answer.text
    )
    assert "b.txt is no image" in answer.text and "1 of 2 captioned." in answer.text
    assert answer.text.count('src="data:image/jpeg;base64,') == 1
    assert "colours &amp; more" in answer.text


def test_the_form_can_be_used_by_everybody(client):
    text = client.get("/").text
    assert '<html lang="en">' in text and text.count("<h1>") == 1
    assert re.search(r'<label for="photos">.*<input id="photos" name="photos"', text, re.DOTALL)
    assert 'role="status"' in text and 'role="alert"' in text
    assert 'method="post" action="/" enctype="multipart/form-data"' in text


def test_no_words_are_said_in_words(client, captioner, monkeypatch):
    from helpers.captioner import Candidate

    monkeypatch.setattr(captioner, "feature_candidates", lambda f: [[Candidate("", 0.1)]])
    assert captions(sent(client, ("a.png", photo())).text) == [page.NO_WORDS]


def test_a_captioner_that_is_not_sure_or_tells_no_probability(client, captioner, monkeypatch):
    from helpers.captioner import Candidate

    monkeypatch.setattr(captioner, "feature_candidates", lambda f: [[]])
    assert captions(sent(client, ("a.png", photo())).text) == [page.NOT_SURE]
    monkeypatch.setattr(captioner, "feature_candidates", lambda f: [[Candidate("a dog")]])
    (image,) = sent(client, ("a.png", photo())).get_json()["images"]
    assert image["alt_text"] == "A dog."
    assert image["candidates"] == [{"caption": "a dog", "probability": None, "in_words": ""}]


@pytest.mark.parametrize("address", ["/", "/caption", "/static/page.js", "/nothing", "/health"])
def test_every_answer_lets_the_browser_run_nothing_of_others(client, address):
    headers = client.get(address).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy and "http" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_the_page_has_no_script_or_style_of_its_own(client):
    text = sent(client, ("a.png", photo()), to="/").text
    assert re.findall(r"<script(?! src=)|<style|\sstyle=|\son\w+=|javascript:", text) == []


def test_health(client, captioner, desk):
    assert client.get("/health").get_json() == {"status": "ok", "photos": 0, "places": 100}
    desk.close()
    assert client.get("/health").status_code == 503


# Refusals


@pytest.mark.parametrize(
    "body, kind",
    [
        (b"", FORM),
        (b"", "multipart/form-data"),
        (b"a=1", "application/x-www-form-urlencoded"),
        (photo(), "image/png"),
        (b"{}", "application/json"),
        (form_of([("", photo())]), FORM),
        (form_of([("a.png", photo())], "other"), FORM),
        (form_of([("a.png", photo())]).replace(b'name="photos"', b'name="other"'), FORM),
        (form_of([("a.png", photo())])[:90], FORM),
        (b"\0" * 5000, FORM),
        (f"--{BORDER}\r\n".encode() * 500, FORM),
        (b"--" + BORDER.encode() + b"\r\nContent-Disposition: \xff\xfe\r\n\r\nx", FORM),
    ],
)
@pytest.mark.parametrize("to", ["/", "/caption"])
def test_a_form_without_a_photo_is_answered_in_words(client, body, kind, to):
    answer = client.post(to, data=body, content_type=kind)
    assert answer.status_code == 400
    assert page.NO_PHOTO in (answer.text if to == "/" else answer.get_json()["error"])


@pytest.mark.parametrize("to", ["/", "/caption"])
def test_too_much_is_refused_in_words(client, captioner, to):
    exactly = photo() + bytes(MAX_BYTES - len(photo()))
    assert sent(client, ("a.png", exactly), to=to).status_code == 200
    too_long = sent(client, ("a.png", exactly + bytes(page.ENVELOPE)), to=to)
    too_many = sent(client, *[("a.png", photo())] * (MAX_PHOTOS + 1), to=to)
    field = form_of([("a.png", b"x" * 600_000)]).replace(b'; filename="a.png"', b"")
    too_long_a_field = client.post(to, data=field, content_type=FORM)
    for answer in (too_long, too_many, too_long_a_field):
        assert answer.status_code == 413
        said = answer.text if to == "/" else answer.get_json()["error"]
        assert "10 MB and 20 photos at a time. Scale the photo down" in said
    assert captioner.batches == [1]


@pytest.mark.parametrize("name", ["a" * 5000, "../../etc/passwd", "日本.png", "a\u202egnp.exe"])
def test_names_are_shown_and_never_used(client, name):
    (image,) = sent(client, (name, b"no image")).get_json()["images"]
    assert len(image["name"]) <= 80 and image["name"].isprintable()
    assert image["error"].startswith(image["name"] + " is no image")


def test_other_addresses_and_methods_are_answered_in_words(client):
    assert client.get("/nothing").status_code == 404
    assert "There is nothing at this address" in client.get("/nothing").text
    answer = client.get("/caption")
    assert answer.status_code == 405 and "POST" in answer.headers["Allow"]
    assert client.get("/static/../desk.py").status_code == 404


def test_an_error_in_the_model_is_said_and_the_worker_lives(client, caplog):
    answer = sent(client, ("a.png", photo(POISON)))
    assert answer.status_code == 500
    assert answer.get_json() == {"error": page.WORDS[500]}
    assert "RuntimeError: poison" in caplog.text
    assert captions(sent(client, ("a.png", photo())).text) == [RED]


def test_nothing_is_written_to_the_disk(monkeypatch):
    """Neither by Werkzeug nor by waitress, both of which have temporary files for long uploads."""
    made = []
    for name in ("TemporaryFile", "NamedTemporaryFile", "SpooledTemporaryFile", "mkstemp"):
        monkeypatch.setattr(tempfile, name, lambda *a, n=name, **o: made.append(n) or io.BytesIO())
    monkeypatch.setattr("werkzeug.formparser.SpooledTemporaryFile", lambda *a, **o: made.append(1))
    real = builtins.open

    def watched(file, mode="r", *a, **o):
        if set(mode) & set("wax+"):
            made.append(file)
        return real(file, mode, *a, **o)

    monkeypatch.setattr(builtins, "open", watched)
    long = photo(kind="JPEG") + bytes(9_000_000)
    with serving(ColourCaptioner()) as server:
        assert post(server.address, [("a.jpg", long)])[0] == 200
        assert post(server.address, [("a.jpg", long)], "/")[0] == 200
        body = (piece for piece in [form_of([("a.jpg", long)])])
        assert post(server.address, [], body=body)[0] == 200  # chunked
    assert made == []


# The desk


def test_photos_that_wait_are_captioned_together(captioner, desk):
    captioner.go.clear()
    results, threads = [], []
    for colour in ["red"] + ["blue"] * 40:
        files = [io.BytesIO(photo(colour))]
        threads.append(threading.Thread(target=lambda f=files: results.extend(desk.caption(f))))
        threads[-1].start()
        if colour == "red":
            until(lambda: captioner.batches == [1])
    until(lambda: desk.waiting.qsize() == 40)
    captioner.go.set()
    for thread in threads:
        thread.join(10)
    assert captioner.batches == [1, 32, 8]
    assert sorted(r[0].caption.split()[4] for r in results) == ["blue"] * 40 + ["red"]
    assert desk.taken == 0


def test_one_batch_is_encoded_while_another_is_searched(captioner, desk, monkeypatch):
    searching, real = threading.Event(), captioner.feature_candidates

    def search(features):
        if not searching.is_set():
            searching.set()
            until(lambda: captioner.batches == [1, 1])
        return real(features)

    monkeypatch.setattr(captioner, "feature_candidates", search)
    first = threading.Thread(target=lambda: desk.caption([photo()]))
    first.start()
    assert searching.wait(10)
    ((blue,),) = [desk.caption([photo("blue")])]
    assert "blue" in blue[0].caption
    first.join(10)


def test_an_error_of_the_encoder_is_told_and_the_worker_lives(captioner, desk, monkeypatch):
    with monkeypatch.context() as patch, pytest.raises(MemoryError):
        patch.setattr(captioner, "encode", lambda pixels: (_ for _ in ()).throw(MemoryError()))
        desk.caption([photo(), photo("blue")])
    assert len(desk.caption([photo()])) == 1


def until(true, seconds=10):
    """Wait until something is true."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_full_desk_says_when_to_come_again(captioner):
    desk = CaptionDesk(captioner, places=2)
    client = PhotoPage(desk).test_client()
    captioner.go.clear()
    first = threading.Thread(target=lambda: sent(client, ("a", photo()), ("b", photo())))
    first.start()
    until(lambda: desk.taken == 2)
    desk.pace = 3.6
    for to in ("/", "/caption"):
        answer = sent(client, ("c", photo()), to=to)
        assert answer.status_code == 503 and answer.headers["Retry-After"] == "8"
        assert "Too many photos are waiting. Try again in 8 seconds." in answer.text
    assert client.get("/health").get_json()["photos"] == 2
    captioner.go.set()
    first.join(10)
    assert sent(client, ("c", photo())).status_code == 200
    with pytest.raises(BusyError):
        desk.caption([photo()] * 3)
    assert desk.taken == 0
    desk.close()


def test_places_are_given_back_after_errors(desk):
    for _ in range(3):
        (error,) = desk.caption([b"no image"])
        assert isinstance(error, ImageError)
        with pytest.raises(RuntimeError):
            desk.caption([photo(POISON)])
    assert desk.taken == 0


# Over the network


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_the_whole_zoo_is_answered_and_the_server_lives():
    """Every image file that may break something, each captioned or refused in words."""
    animals = {name: (make, "") for name, make in zoo.TWINS.items()}
    animals |= {name: (make, "") for name, (make, *_) in zoo.STRANGERS.items()}
    with serving(ColourCaptioner()) as server:
        for name, (make, said) in {**animals, **zoo.REFUSED}.items():
            data = make()
            status, _, text = post(server.address, [(name, data)])
            if len(data) > MAX_BYTES:
                assert status == 413 and "That is too much" in text, name
                continue
            (answer,) = captions(text)
            assert status == (400 if said else 200), name
            assert said in answer and (answer.startswith(name) if said else "dog" in answer), name
        assert post(server.address, [("a.png", photo())])[0] == 200


def raw(server, request, pieces=(), wait=20):
    """Send bytes until the server has enough, and return what it says."""
    host, port = urlsplit(server.address).netloc.split(":")
    with socket.create_connection((host, int(port)), timeout=wait) as line:
        count = 0
        try:
            line.sendall(request)
            for piece in pieces:
                line.sendall(piece)
                count += len(piece)
        except OSError:
            pass
        said = b""
        try:
            while data := line.recv(1 << 16):
                said += data
        except ConnectionError:
            pass
    return said, count


HEAD = f"POST /caption HTTP/1.1\r\nHost: localhost\r\nContent-Type: {FORM}\r\n".encode()


def test_a_stream_without_end_is_cut_and_its_sender_told(server):
    piece = b"100000\r\n" + bytes(1 << 20) + b"\r\n"
    chunks = (piece for _ in range(1024))
    said, count = raw(server, HEAD + b"Transfer-Encoding: chunked\r\n\r\n", chunks)
    assert b" 413 " in said and b"That is too much" in said
    assert count < 40 << 20


def test_a_photo_a_little_too_large_is_read_to_its_end(server):
    """Or who sends it, such as a browser, would see a broken line instead of the answer."""
    status, headers, text = post(server.address, [], body=bytes(60_000_000))
    assert status == 413 and "That is too much" in text
    assert headers["Connection"] == "close"


def test_who_announces_a_gigabyte_is_refused_at_once(server):
    pieces = (bytes(1 << 16) for _ in range(10**9 // (1 << 16)))
    said, count = raw(server, HEAD + b"Content-Length: 1000000000\r\n\r\n", pieces)
    assert b" 413 " in said and b"That is too much" in said
    assert count < 40 << 20


@pytest.mark.parametrize(
    "request_, status",
    [
        (b"\0\xff\xfe\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\n" + b"A: " + b"a" * 300_000 + b"\r\n\r\n", b"431"),
        (HEAD + b"Content-Length: -5\r\n\r\n", b"400"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", b"400"),
        (HEAD + b"Transfer-Encoding: gzip\r\n\r\n", b"501"),
    ],
)
def test_broken_requests_are_answered(server, request_, status):
    said, _ = raw(server, request_)
    assert said.split(b" ", 2)[1] == status


def test_who_hangs_up_in_the_middle_disturbs_nobody(server):
    host, port = urlsplit(server.address).netloc.split(":")
    for _ in range(20):
        with socket.create_connection((host, int(port))) as line:
            line.sendall(HEAD + b"Content-Length: 5000000\r\n\r\n" + bytes(100_000))
    assert post(server.address, [("a.png", photo())])[0] == 200


def test_a_port_that_is_taken_is_named(server, desk):
    port = urlsplit(server.address).port
    with pytest.raises(ServerError, match=f"can't listen on 127.0.0.1, port {port} .*another"):
        PageServer(PhotoPage(desk), port=port)


# The command


def test_the_command_names_a_captioner_that_is_not_there(capsys):
    assert main(["--captioner", "nobody"]) == 1
    assert "there is no captioner 'nobody'" in capsys.readouterr().err


def test_the_command_refuses_a_senseless_beam(capsys):
    with pytest.raises(SystemExit):
        main(["--beam-size", "0"])
    assert "0 is not a whole number from 1 to 100" in capsys.readouterr().err


@pytest.mark.slow
def test_a_polite_kill_lets_photos_at_work_get_their_captions():
    with command(seconds=2) as (process, address):
        answers = []
        ask = lambda: answers.append(post(address, [("a.png", photo())]))  # noqa: E731
        threads = [threading.Thread(target=ask) for _ in range(3)]
        for thread in threads:
            thread.start()
        until(lambda: waiting_at(address) == 3)
        process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        with pytest.raises(OSError):
            post(address, [("late.png", photo())])
        for thread in threads:
            thread.join(30)
        assert process.wait(20) == 0
    assert [(status, captions(text)) for status, _, text in answers] == [(200, [RED])] * 3
    assert "Traceback" not in process.stdout.read()


def waiting_at(address):
    """Return how many photos are at work."""
    script = "import sys, urllib.request as r; print(r.urlopen(sys.argv[1]).read().decode())"
    done = subprocess.run(
        [sys.executable, "-c", script, address + "/health"], capture_output=True, text=True
    )
    return json.loads(done.stdout)["photos"]


@pytest.mark.slow
def test_ctrl_c_stops_an_idle_server_at_once():
    with command(seconds=0) as (process, address):
        idle = socket.create_connection(urlsplit(address).netloc.split(":"))
        os.kill(process.pid, signal.SIGINT)
        assert process.wait(20) == 0
        idle.close()
