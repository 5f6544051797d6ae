"""The website of lesson 09: what it serves, what it counts."""

import pytest
import requests

from helpers.apps.local_site import LocalSite

FILES = {
    "/dog.jpg": (200, {"X-Robots-Tag": "noai"}, b"a dog"),
    "/busy.jpg": (503, {"Retry-After": 1}, b"a cat"),
}


@pytest.fixture
def site():
    site = LocalSite(FILES)
    yield site
    site.close()


def get(site, path):
    return requests.get(f"http://{site.host}{path}", timeout=10)


def test_a_file_comes_with_its_headers_and_nothing_is_printed(site, capfd):
    reply = get(site, "/dog.jpg")
    assert (reply.status_code, reply.content) == (200, b"a dog")
    assert reply.headers["X-Robots-Tag"] == "noai"
    assert "".join(capfd.readouterr()) == ""


def test_what_follows_a_question_mark_leads_to_the_same_file_and_is_counted_apart(site):
    assert get(site, "/dog.jpg?size=big").content == b"a dog"
    get(site, "/dog.jpg")
    get(site, "/dog.jpg")
    assert site.visits == {"/dog.jpg?size=big": 1, "/dog.jpg": 2}


def test_a_busy_file_is_sent_the_second_time(site):
    first, second = get(site, "/busy.jpg"), get(site, "/busy.jpg")
    assert (first.status_code, first.headers["Retry-After"]) == (503, "1")
    assert (second.status_code, second.content) == (200, b"a cat")
    assert "Retry-After" not in second.headers


def test_other_paths_are_lost_and_counted(site):
    assert get(site, "/cat.jpg").status_code == 404
    assert site.visits["/cat.jpg"] == 1


def test_two_sites_count_apart_and_a_file_may_come_later(site):
    other = LocalSite({})
    other.files["/late.jpg"] = (200, {}, b"late")
    assert get(other, "/late.jpg").content == b"late" and not site.visits
    other.close()
    with pytest.raises(requests.ConnectionError):
        get(other, "/late.jpg")
