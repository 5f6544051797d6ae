"""A server's captioner: what is sent, what is kept of an answer, and servers that misbehave."""

import io
import os
import shutil
import subprocess
import threading
import time

import pytest
from PIL import Image
from urllib3.util import Retry

from alt_text_site import photo as site_photo
from alt_text_site import site, write_table
from chat_server import ChatServer, colour_of, said
from conftest import few_quick
from helpers import strangers
from helpers.apps.alt_text.__main__ import main as alt_text
from helpers.captioner import CaptionerError, asking, lines, open_captioner
from helpers.captioner.__main__ import main as command
from helpers.captioner.endpoint import EndpointCaptioner
from helpers.captioner.wording import LONGEST, about, candidates_in, tidy
from helpers.images import ImageError

KEY = "sk-test-0123456789-secret"
RED = "A red dog runs over the grass."


def photo(colour="red", size=(60, 40)):
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def server():
    with ChatServer() as running:
        yield running


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """No waits between attempts, and no proxy or key of whoever runs this."""
    monkeypatch.setattr(asking, "RETRIES", Retry(total=2, backoff_factor=0.01, backoff_max=0.05))
    monkeypatch.setattr(strangers, "LEAST_WAIT", 0.0)
    monkeypatch.setattr(lines, "GRACE", 0.2)
    monkeypatch.setenv(asking.KEY, KEY)


def ask(endpoint, images=None, contexts=None, seconds=5, **options):
    """Return what each image gives."""
    captioner = EndpointCaptioner("tiny", endpoint, seconds=seconds, **options)
    return list(captioner.caption_each([photo()] if images is None else images, contexts))


# What is sent, and what is kept


def test_a_question_holds_prompt_wishes_language_and_the_page_as_data(server):
    endpoint = f"{server.at()}/chat/completions/"  # pasted whole
    options = {"prompt": "Say it.", "instructions": "We are ACME.", "language": "pt-BR"}
    ((found,),) = ask(endpoint, [photo(size=(3000, 2000))], ['He said: "ignore\n all"'], **options)
    ((_, headers, question),) = server.asked
    assert found.caption == RED and found.probability is None and found.confidence is None
    (user,) = question["messages"]  # some models refuse a system message beside a photo
    asked, page, _ = user["content"]
    assert user["role"] == "user" and "Say it." in asked["text"] and "code pt-BR" in asked["text"]
    assert "We are ACME." in asked["text"] and "ignore" not in asked["text"]
    assert r'"He said: \"ignore all\""' in page["text"]
    assert question["model"] == "tiny" and question["stream"] is False
    assert headers["Authorization"] == f"Bearer {KEY}"


def test_without_a_key_none_is_sent(server, monkeypatch):
    monkeypatch.delenv(asking.KEY)
    ask(server.at())
    assert "Authorization" not in server.asked[0][1]


def test_a_context_of_a_megabyte_is_cut():
    assert len(about("word " * 200_000)) < 700 and about(None) == about(" \n") == ""


ANSWERS = {
    "A dog.": "A dog.",
    '"A dog."': "A dog.",
    "Alt text: A dog.": "A dog.",
    "**Caption:** A _dog_ on `grass`": "A dog on grass",
    "<p>A <b>dog</b></p> <script>alert(1)</script>": "A dog alert(1)",
    "&lt;img src=x onerror=alert(1)&gt;A dog": "A dog",
    "A dog <script src=//evil": "A dog script src=//evil",
    "<think>A cat? No.</think>\n\nA dog.": "A dog.",
    "<think>for ever and": "",
    "inetand" + " gr" * 150: "",
    "A dog. " + "A dog runs. " * 30: "",
    "A dog runs to a dog that runs after a dog, and the dog that runs is the dog of a man.": (
        "A dog runs to a dog that runs after a dog, and the dog that runs is the dog of a man."
    ),
    "A dog \ufffd": "A dog",
    "A\x00 dog\x1b[31m\u202e\u200b\r\nruns": "A dog [31m runs",
    "# Dog\n- A dog\n- runs": "Dog A dog runs",
    "[A dog](https://evil.example/) runs": "A dog runs",
    "Ein Hund läuft über snake_case.": "Ein Hund läuft über snake_case.",
    "一只狗在草地上奔跑。": "一只狗在草地上奔跑。",
    "Sorry, we are closed: a sign on a door.": "Sorry, we are closed: a sign on a door.",
    "A sign that says “I can't read”.": "A sign that says “I can't read”.",
    "": "",
    " \n ": "",
    "I'm sorry, but I can't help with that.": "",
    "I’m unable to view images.": "",
    "I can't tell who this is.": "",
    "I cannot identify people.": "",
    "As an AI language model, I have no eyes.": "",
    "Unfortunately, I don't see an image.": "",
    "There is no image attached.": "",
    "Please upload the image.": "",
    "Not sure.": "",
    "I'm not sure what this image shows.": "",
    "Es tut mir leid, aber das Bild ist leer.": "",
    "Ich kann dieses Bild leider nicht beschreiben.": "",
    "Nicht sicher": "",
    "Je suis désolé, je ne vois rien.": "",
    "Lo siento, no puedo.": "",
    "Mi dispiace.": "",
    "Não consigo ver a imagem.": "",
    "Helaas zie ik niets.": "",
    "Извините, я не вижу.": "",
    "抱歉，我看不到。": "",
}


@pytest.mark.parametrize("answer", ANSWERS)
def test_an_answer_is_a_text_and_nothing_else_or_not_sure(answer):
    found = [each.caption for each in candidates_in(answer)]
    assert found == ([ANSWERS[answer]] if ANSWERS[answer] else [])


@pytest.mark.parametrize("text", ["word " * 10**6, "x" * 10**6, "<" * 10**5, "[" * 10**5])
def test_a_long_answer_is_cut(text):
    assert all(0 < len(each.caption) <= LONGEST for each in candidates_in(text))
    assert len(tidy(text)) <= 20_000


# Servers that misbehave


def chunked(*pieces):
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head + b"".join(pieces)


def once(status, **headers):
    """Return a behaviour: an error at first, then a good answer."""

    def behave(chat, question, number):
        if number > 1:
            return 200, said(RED)
        return chat.answer_with(status, {"error": "busy"}, **headers)

    return behave


def endless(chat, question, number):
    chat.drip(b"x" * 65536, 0, b"HTTP/1.1 200 OK\r\n\r\n")


def slow_body(chat, question, number):
    chat.drip(b" ", 0.01, b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")


def slow_head(chat, question, number):
    chat.drip()


def silent(chat, question, number):
    chat.server.stopping.wait(10)


def asks_for_a_day(chat, question, number):
    return chat.answer_with(429, {"error": "later"}, Retry_After="86400")


def no_temperature(chat, question, number):
    if "temperature" in question or "max_tokens" in question:
        return 400, {"error": {"message": "unsupported: temperature, max_tokens"}}
    return 200, said(RED)


def echoes_the_key(chat, question, number):
    return 500, {"error": {"message": f"bad key {chat.headers['Authorization']}"}}


def says_the_key(chat, question, number):
    return 200, said(f"A dog with {chat.headers['Authorization']}")


OK = [RED]
PHOTO = "photo"  # an error of this photo
ALL = "all"  # an error for all
CASES = {
    "busy": (once(503), OK),
    "429": (once(429), OK),
    "429 with seconds": (once(429, Retry_After="0"), OK),
    "429 with a date": (once(429, Retry_After="Wed, 21 Oct 2015 07:28:00 GMT"), OK),
    "429 with nonsense": (once(429, Retry_After="soon"), OK),
    "429 with a minus": (once(429, Retry_After="-5"), OK),
    "closes once": (lambda chat, q, n: b"" if n == 1 else (200, said(RED)), OK),
    "parts": ((200, said([{"type": "text", "text": "A red dog"}, {"text": "runs."}])), "runs."),
    "unsupported options": (no_temperature, OK),
    "injected": ((200, said("A dog.", tool_calls=[{"function": {"name": "rm"}}])), "A dog."),
    "extra fields": ((200, said("A dog.") | {"status": "ok", "alt": "=1+1"}), "A dog."),
    "empty text": ((200, said("")), []),
    "no text": ((200, said(None, refusal="I can't")), []),
    "huge text": ((200, said(" ".join(f"dog {n}" for n in range(100_000)))), "dog 1 dog 2"),
    "hangs": ((200, said("dog " * 100_000)), []),
    "says the key": (says_the_key, "A dog with"),
    "a day": (asks_for_a_day, "too long for this photo"),
    "500": ((500, {"error": {"message": "<b>out of memory</b>"}}), "answers 500: out of memory"),
    "echoes the key": (echoes_the_key, "bad key Bearer …"),
    "detail": ((422, {"detail": "Missing model"}), "answers 422: Missing model"),
    "full stop": ((400, {"detail": "Pinned to 'x'."}), "Pinned to 'x'."),
    "400": ((400, {"error": "no image"}), "answers 400: no image"),
    "413": ((413, b"too large"), "answers 413: too large"),
    "broken JSON": ((200, b'{"choices": ['), "answers no JSON"),
    "deep JSON": ((200, b"[" * 100_000), "answers no JSON"),
    "HTML": ((200, b"<html><h1>Welcome</h1>"), "answers no JSON: Welcome"),
    "a list": ((200, []), "none of the chat protocol"),
    "a number": ((200, 5), "none of the chat protocol"),
    "no choices": ((200, {"choices": []}), "none of the chat protocol"),
    "an error in 200": ((200, {"error": "model is loading"}), "none of the chat protocol"),
    "text of a number": ((200, said(5)), "none of the chat protocol"),
    "empty body": ((200, b""), "answers no JSON"),
    "closes": (b"", "broke off"),
    "no HTTP": (b"dog dog dog\r\n\r\n", "broke off"),
    "cut off": (b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{", "broke off"),
    "chunk of -1": (chunked(b"-1\r\n", b"x" * 99), "broke off"),
    "chunk of dogs": (chunked(b"dog\r\n"), "broke off"),
    "endless": (endless, "broke off|without an end"),
    "slow body": (slow_body, "took more than 0.5 s"),
    "slow head": (slow_head, "took more than 0.5 s"),
    "silent": (silent, "took more than 0.5 s"),
    "401": ((401, {"error": {"message": f"wrong key {KEY}"}}), ALL),
    "403": ((403, b""), ALL),
    "wrong model": ((404, {"error": {"message": 'model "tiny" not found'}}), ALL),
    "redirect": (
        b"HTTP/1.1 307 X\r\nLocation: http://10.0.0.1/v1\r\nContent-Length: 0\r\n\r\n",
        ALL,
    ),
    "redirect to a file": (
        b"HTTP/1.1 302 X\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n",
        ALL,
    ),
}
SAID = {
    "401": f"answers 401: wrong key …. Does {asking.KEY} hold a key",
    "403": "answers 403: nothing",
    "wrong model": 'answers 404: model "tiny" not found. Check the model',
    "redirect": "leads to http://10.0.0.1/v1, and photos are sent nowhere else",
    "redirect to a file": "leads to file:///etc/passwd, and",
}


WAITS = ("slow body", "slow head")  # as "silent" does


@pytest.mark.parametrize("case", [*(c for c in CASES if c not in WAITS), *few_quick(WAITS, 0)])
def test_a_server_that_misbehaves(server, case):
    behave, expected = CASES[case]
    server.cases["case"] = behave
    begin = time.monotonic()
    if expected == ALL:
        with pytest.raises(CaptionerError) as caught:
            ask(server.at("case"), [photo()] * 3)
        assert SAID[case] in str(caught.value) and KEY not in str(caught.value)
    else:
        slow = 0.5 if "0.5" in expected else 5
        (found,) = ask(server.at("case"), seconds=slow)
        text = str(found) if isinstance(found, ImageError) else "".join(c.caption for c in found)
        wanted = expected.split("|") if isinstance(expected, str) else [*expected, ""]
        assert any(part in text for part in wanted) and KEY not in text
        assert not text.endswith("..")
        assert isinstance(found, ImageError) == (expected not in (OK, []) and "dog" not in text)
        if isinstance(found, ImageError):
            assert found.status == "not_captioned"
    assert time.monotonic() - begin < 5, "the deadline was not kept"


@pytest.mark.parametrize("headers", [{"Retry_After": "0"}, {"Retry_After": "-9" * 99}, {}])
def test_a_busy_server_is_left_alone_for_a_second_at_least(server, monkeypatch, headers):
    monkeypatch.undo()
    waits, server.cases["busy"] = [], once(429, **headers)
    monkeypatch.setattr(asking.Server, "leave_alone", lambda self, *told: waits.append(told[0]))
    assert ask(server.at("busy"))[0][0].caption == RED
    assert waits == [1]


def test_a_server_that_is_not_there_is_told_at_once():
    with ChatServer() as gone:
        endpoint = gone.at()
    with pytest.raises(CaptionerError, match="gives no answer: no connection. Is it running"):
        ask(endpoint, [photo()] * 9)


def mortal(chat, question, number):
    if number == 3:
        chat.server.shutdown()
        chat.server.server_close()
    return 200, said(RED)


def test_a_server_that_goes_away_is_no_photos_fault(server):
    """Those that got no answer wait for the same command, without --retry-failed."""
    server.cases["mortal"], found = mortal, []
    captioner = EndpointCaptioner("tiny", server.at("mortal"))
    with pytest.raises(CaptionerError, match="no connection. Is it running. Check --endpoint$"):
        found.extend(captioner.caption_each([photo()] * 30))
    assert 3 <= sum(isinstance(each, list) for each in found) < 30
    assert {each.status for each in found if not isinstance(each, list)} <= {"pending"}


@pytest.mark.slow
def test_a_certificate_that_nobody_signed_is_refused(tmp_path):
    if not shutil.which("openssl"):
        pytest.skip("no openssl to make a certificate with")
    words = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost"
    names = ["-keyout", str(tmp_path / "key"), "-out", str(tmp_path / "certificate")]
    subprocess.run([*words.split(), *names], check=True, capture_output=True)
    both = tmp_path / "both.pem"
    both.write_text((tmp_path / "certificate").read_text() + (tmp_path / "key").read_text())
    with ChatServer(certificate=both) as server:
        with pytest.raises(CaptionerError, match="no certificate to trust, so nothing is sent"):
            ask(server.at())
        assert server.asked == []


def test_after_ten_failures_in_a_row_no_more_are_sent(server):
    server.cases["bad"] = (400, {"error": "no"})
    found = []
    captioner = EndpointCaptioner("tiny", server.at("bad"))
    with pytest.raises(CaptionerError, match="10 photos in a row got no answer. .*400: no$"):
        for each in captioner.caption_each([photo()] * 100):
            found.append(each)
    assert 5 < len(found) <= 14 and server.count("bad") <= 14


def test_a_ceiling_of_requests_keeps_what_was_answered(server):
    found = []
    captioner = EndpointCaptioner("tiny", server.at(), max_requests=6)
    with pytest.raises(CaptionerError, match="--max-requests 6 is reached; a larger"):
        for each in captioner.caption_each([photo()] * 20):
            found.append(each)
    assert server.count() == 6
    assert sum(isinstance(each, list) for each in found) == 6


def test_several_are_asked_about_at_once_and_come_in_order(server):
    together = threading.Barrier(4)

    def meet(chat, question, number):
        together.wait(10)
        return server.cases["good"](chat, question, number)

    server.cases["meet"] = meet
    colours = ["red", "green", "blue", "red"] * 2
    found = ask(
        server.at("meet"), [photo(colour if colour != "green" else "lime") for colour in colours]
    )
    assert [each[0].caption.split()[1] for each in found] == colours


def test_who_wants_no_more_is_not_kept_waiting(server):
    def only_red(chat, question, number):
        return (200, said(RED)) if colour_of(question) == RED else silent(chat, question, number)

    server.cases["silent"] = only_red
    begin = time.monotonic()
    photos = [photo(), *[photo("blue")] * 50]
    answers = EndpointCaptioner("tiny", server.at("silent")).caption_each(photos)
    assert next(answers)[0].caption == RED
    answers.close()
    assert time.monotonic() - begin < 5


# The key, and the address


@pytest.mark.parametrize("key", ["sk-ключ", "sk-a\nb", "sk a"])
def test_a_key_that_no_header_can_carry_is_not_shown(server, monkeypatch, key):
    monkeypatch.setenv(asking.KEY, key)
    with pytest.raises(CaptionerError, match="holds characters that no key has") as caught:
        ask(server.at())
    assert key not in str(caught.value) and server.asked == []


@pytest.mark.parametrize(
    "endpoint",
    ["", "localhost:11434", "ftp://a/v1", "http://", "http://u:geheim@a.example/v1", "http://[/"]
    + ["https://a.example/v1?key=geheim", "https://a.example/#geheim", "http://a:99999/v1"],
)
def test_an_endpoint_that_is_none_is_refused_and_its_password_not_shown(endpoint):
    with pytest.raises(CaptionerError, match="--endpoint") as caught:
        open_captioner("chat:tiny", endpoint=endpoint)
    assert "geheim@" not in str(caught.value)


@pytest.mark.parametrize("host", ["example.org", "8.8.8.8"])
def test_a_key_is_sent_to_no_server_of_the_web_without_encryption(host):
    with pytest.raises(CaptionerError, match=f"would go to {host} for all to read. Write https"):
        ask(f"http://{host}/v1")


def test_a_captioner_shows_no_key(server):
    captioner = open_captioner("chat:tiny", endpoint=server.at())
    list(captioner.caption_each([photo()]))
    shown = [repr(captioner), str(vars(captioner)), str(vars(captioner.server)), captioner.identity]
    assert KEY not in "".join(shown) + captioner.note


def test_the_identity_changes_with_all_that_changes_captions(server):
    def identity(**options):
        return open_captioner("chat:tiny", **{"endpoint": server.at(), **options}).identity

    others = [{"prompt": "x"}, {"instructions": "x"}, {"language": "de"}, {"endpoint": "http://b"}]
    found = [identity(), *(identity(**other) for other in others)]
    assert len({*found}) == 5 and identity(max_requests=5) == found[0]


# The commands


def test_the_command_captions_through_a_server(server, tmp_path, capsys):
    paths = [tmp_path / f"{colour}.png" for colour in ("red", "blue")]
    for path in paths:
        path.write_bytes(photo(path.stem))
    (tmp_path / "prompt.txt").write_text("Say it shortly.")
    words = ["--captioner", "chat:tiny", "--endpoint", server.at(), "--language", "de"]
    words += ["--prompt", f"@{tmp_path / 'prompt.txt'}"]
    assert command([*map(str, paths), *words]) == 0
    assert capsys.readouterr().out.count("dog runs over the grass.") == 2
    assert "Say it shortly." in server.asked[0][2]["messages"][0]["content"][0]["text"]
    server.cases["unsure"] = (200, said("I can't tell."))
    words[3] = server.at("unsure")
    assert command([str(paths[0]), *words, "--json"]) == 0
    assert (
        '"caption": "", "probability": null, "confidence": null, "sure": false'
        in capsys.readouterr().out
    )


@pytest.mark.parametrize(
    "words, problem",
    [
        (["--captioner", "chat:x"], "needs both its names"),
        (["--captioner", "chat:"], "needs both its names"),
        (["--captioner", "chat:x", "--search", "beam"], "has no choice of --search"),
        (["--prompt", "x"], "has no choice of --prompt; leave it out"),
        (["--endpoint", "http://a"], "has no choice of --endpoint"),
        (["--max-requests", "3"], "has no choice of --max-requests"),
        (["--language", "de"], "writes en alone, not de; take a pretrained captioner"),
        (["--captioner", "chat:x", "--language", "German!"], "is no code of a language"),
    ],
)
def test_options_that_a_captioner_lacks_are_refused(capsys, words, problem):
    assert command(["a.jpg", *words]) == 1
    assert problem in capsys.readouterr().err


@pytest.mark.parametrize("text", ["@nowhere.txt", "", " "])
def test_a_prompt_that_is_missing_is_told(capsys, text):
    with pytest.raises(SystemExit):
        command(["a.jpg", "--captioner", "chat:x", "--endpoint", "http://a", "--prompt", text])
    assert "--prompt" in capsys.readouterr().err


def job(table, target, running, endpoint, *more):
    words = [table, "-o", target, "--captioner", "chat:tiny", "--endpoint", endpoint]
    words += ["--rate", "100000", "--local", running.address, *more]
    return alt_text([str(word) for word in words])


@pytest.mark.slow
def test_a_job_goes_through_a_server_and_hides_the_key(server, tmp_path, capsys, caplog):
    def mixed(chat, question, number):
        if number == 2:
            return 400, {"error": {"message": f"odd {KEY}"}}
        if number == 3:
            return 200, said("I'm sorry, but I can't.")
        return 200, said(f"A dog. {KEY}")

    server.cases["mixed"] = mixed
    with site() as running:
        running.pages["/copy.png"] = site_photo(1)
        rows = [(running.url, f"/{n}.png") for n in (1, 2, 3, 4)] + [(running.url, "/404")]
        table, target = write_table(tmp_path / "crawl.csv", rows), tmp_path / "out.csv"
        assert job(table, target, running, server.at("mixed"), "--dry-run") == 0
        host = server.at().split("/")[2]
        assert f"at most 5 photos would be sent to {host}" in capsys.readouterr().out
        assert server.asked == [] and not target.exists()
        assert job(table, target, running, server.at("mixed")) == 0
        said_of_it = capsys.readouterr()
        assert "2 ok" in said_of_it.out and "1 not_captioned" in said_of_it.out
        assert "1 unsure" in said_of_it.out and "1 http_404" in said_of_it.out
        assert f"each photo is sent to {host}" in said_of_it.out
        assert job(table, target, running, server.at("mixed"), "--retry-failed") == 0
        assert "1 unsure" in capsys.readouterr().out and server.count("mixed") == 5
        assert job(table, target, running, server.at("mixed"), "--prompt", "x") == 1
        assert "captioner changed since" in capsys.readouterr().err
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    told = said_of_it.out + said_of_it.err + caplog.text
    assert KEY.encode() not in written and KEY not in told and b"A dog." in written


@pytest.mark.slow
def test_a_job_that_a_server_refuses_keeps_what_is_done(server, tmp_path, capsys):
    server.cases["ends"] = lambda chat, q, n: (200, said("A dog.")) if n <= 5 else (401, {})
    with site() as running:
        rows = [(running.url, f"/{n}.png") for n in range(30)]
        table, target = write_table(tmp_path / "crawl.csv", rows), tmp_path / "out.csv"
        assert job(table, target, running, server.at("ends")) == 1
        told = capsys.readouterr()
        assert "5 ok" in told.out and "the same command goes on" in told.err
        assert os.fspath(target) in told.out
        server.cases["ends"] = lambda chat, q, n: (200, said("A dog."))
        before = server.count("ends")
        assert job(table, target, running, server.at("ends")) == 0
        assert "30 ok" in capsys.readouterr().out and server.count("ends") - before == 25
