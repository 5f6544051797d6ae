"""What a fetched image tells a program beside words: a status, and the server's headers."""

import pickle

import pytest

from helpers.images import ImageError, fetch_answer, open_image
from hostile_server import BEHAVIOURS, PNG, HostileServer, answer


@pytest.fixture
def server():
    with HostileServer() as running:
        yield running


def refusal(server, path, seconds=2.0):
    with pytest.raises(ImageError) as caught:
        fetch_answer(server.url + path, seconds, 1_000_000, server.address)
    return caught.value


@pytest.mark.parametrize(
    "path, status",
    [("/404", "http_404"), ("/403", "http_403"), ("/500", "http_500"), ("/206", "http_206")]
    + [("/endless", "too_large"), ("/announces-a-terabyte", "too_large")]
    + [("/silent", "timeout"), ("/drip-headers", "timeout"), ("/closes", "unreachable")]
    + [("/loop", "unreachable"), ("/truncated", "unreachable")],
)
def test_every_refusal_has_a_status(server, path, status):
    seconds = 0.3 if status == "timeout" else 2.0
    assert refusal(server, path, seconds).status == status


@pytest.mark.parametrize(
    "url, status",
    [("http://10.0.0.1/a.png", "blocked"), ("ftp://example.org/a.png", "blocked")]
    + [("http://127.0.0.1/a.png", "blocked"), ("http://example.org:22/a.png", "blocked")]
    + [("http://[/a.png", "bad_address"), ("http://169.254.169.254/latest", "blocked")],
)
def test_addresses_that_must_not_be_visited_have_a_status(url, status):
    with pytest.raises(ImageError) as caught:
        fetch_answer(url)
    assert caught.value.status == status


def test_headers_come_with_the_image_and_with_the_refusal(server, monkeypatch):
    busy = answer(status="429 Too Many Requests", Retry_After="7")
    monkeypatch.setitem(BEHAVIOURS, "/busy", lambda: [busy])
    assert refusal(server, "/busy").headers["Retry-After"] == "7"
    found = fetch_answer(f"{server.url}/photo.png", local=server.address, user_agent="a/1 (+b)")
    assert (found.data, found.headers["content-TYPE"]) == (PNG, "image/png")
    assert "User-Agent: a/1 (+b)\r\n" in server.requests[-1]


def test_a_refusal_can_be_sent_to_another_process():
    error = pickle.loads(pickle.dumps(ImageError("a.png answers 404.", "http_404", {"A": "b"})))
    assert (str(error), error.status, error.headers) == (
        "a.png answers 404.",
        "http_404",
        {"A": "b"},
    )


def test_bytes_that_are_no_image_have_a_status():
    with pytest.raises(ImageError) as caught:
        open_image(b"<html>")
    assert caught.value.status == "not_an_image"
