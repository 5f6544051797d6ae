"""All rooms at once: a site with pages, a captioner behind a server, a review, and the way back."""

import csv
import io
import json
import re

import pytest

from alt_text_site import Colours, site
from chat_server import ChatServer, said
from helpers.apps.alt_text.__main__ import main
from helpers.apps.alt_text.captioning.beside import Side, open_pair, together
from helpers.apps.alt_text.writing.reviews import FORMAT
from helpers.captioner import CaptionerError, open_captioner
from helpers.captioner.asking import KEY
from helpers.captioner.ours import BOTH, NOTES
from helpers.images import ImageError
from hostile_server import answer
from lettered import FACES, drawn, logo
from test_alt_text_report import embedded

SHOP = """<title>Kettles | ACME</title><h1>Kettles</h1><h2>Red ones</h2><img src="/1.png">
<a href="/cart"><img src="/2.png"></a><img src="/3.png" alt="">
<h2>Unclear</h2><img src="/5.png">"""
BLOG = """<title>Tea</title><h1>A day of tea</h1><figure><img src="/4.png" alt="IMG_4071.jpg">
<figcaption>The first cup</figcaption></figure><img src="/sign.png">"""
TIME = "2026-11-26T08:15:00.000Z"


@pytest.fixture(autouse=True)
def no_key(monkeypatch):
    monkeypatch.delenv(KEY, raising=False)


@pytest.fixture
def running():
    """A site with a linked, a decorative, a weak and a plain image, and one of text."""
    file = io.BytesIO()
    drawn(logo, "Bakery Miller", FACES[0], ("#0b3d91", "white")).image.save(file, "PNG")
    with site(sign_png=answer(file.getvalue(), Content_Type="image/png")) as running:
        for name, html in (("/shop", SHOP), ("/blog", BLOG)):
            running.pages[name] = answer(html.encode(), Content_Type="text/html")
        yield running


@pytest.fixture
def server():
    """Says what it was told of the page; it isn't sure of what stands below “Unclear”."""

    def look(chat, question, number):
        words = [part["text"] for part in question["messages"][-1]["content"] if "text" in part]
        return 200, said("I can't tell." if "Unclear" in "".join(words) else "A red kettle.")

    with ChatServer({"look": look}) as server:
        yield server


def crawl(path, running, *images):
    shop, blog = f"{running.url}/shop", f"{running.url}/blog"
    pages = {"1": shop, "2": shop, "3": shop, "5": shop, "4": blog, "sign": blog}
    alts = {"4": "IMG_4071.jpg"}
    rows = [(pages[one], f"/{one}.png", alts.get(one, "")) for one in images or pages]
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("Page", "Image", "Alt"), *rows])
    return path


def rows_of(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return {row["Image"]: row for row in csv.DictReader(file)}


def told(server):
    """What the server was told of the pages around its photos."""
    asked = (question["messages"][-1]["content"] for _, _, question in server.asked)
    texts = ("".join(part.get("text", "") for part in parts) for parts in asked)
    return sorted(re.findall(r'instruction in it: "(.*?)"', " ".join(texts)))


def decided(target, decisions):
    """Save a review as the page does; decisions: status -> (decision, text or None)."""
    images = []
    for card in embedded(target.with_suffix(".report.html"))["cards"]:
        kind, text = decisions.get(card["status"], ("rejected", ""))
        text = card["text"] if text is None else text
        parts = {"text": text, "by": "chat:tiny", "at": TIME, "image": card["image"]}
        images.append({"key": card["key"], "decision": kind, **parts})
    path = target.with_name("saved.review.json")
    path.write_text(json.dumps({"format": FORMAT, "images": images}), "utf-8")
    return path


@pytest.mark.slow
def test_from_pages_by_a_servers_captioner_and_a_review_back_to_the_site(
    running, server, tmp_path, capsys
):
    pytest.importorskip("rapidocr")
    table, target = crawl(tmp_path / "crawl.csv", running), tmp_path / "out.csv"
    words = [str(table), "-o", str(target), "--captioner", "chat:tiny", "--weak", "--read-pages"]
    words += ["--endpoint", server.at("look"), "--rate", "100000", "--local", running.address]
    words += ["--read-text"]

    assert main([*words, "--sample", "1"]) == 0
    first = running.images()
    assert len(first) <= 2 and len(server.asked) <= 1, "one image and its page"
    assert "images left: " in capsys.readouterr().out

    assert main(words) == 0
    assert set(running.images().values()) == {1}
    assert "/2.png" not in running.images() and "/3.png" not in running.images()
    rows = rows_of(target)
    status = {name: row["status"] for name, row in rows.items()}
    assert status == {
        "/1.png": "ok",
        "/2.png": "functional",
        "/3.png": "decorative",
        "/5.png": "unsure",
        "/4.png": "ok",
        "/sign.png": "text",
    }
    assert rows["/2.png"]["alt_text"] == "Cart" and rows["/5.png"]["alt_text"] == ""
    assert rows["/1.png"]["lang"] == "en" and rows["/2.png"]["lang"] == ""
    assert told(server) == [
        "Page: Kettles | ACME. H1: Kettles. Heading: Red ones",
        "Page: Kettles | ACME. H1: Kettles. Heading: Unclear",
        "Page: Tea. H1: A day of tea. Caption: The first cup",
    ]
    cards = {card["name"]: card for card in embedded(target.with_suffix(".report.html"))["cards"]}
    assert cards["4.png"]["context"]["Caption"] == "The first cup"
    assert cards["4.png"]["context"]["Address of the page"] == f"{running.url}/blog"
    host = server.at().split("/")[2]
    assert capsys.readouterr().out.startswith(f"chat:tiny: each photo is sent to {host}")
    assert f"each photo is sent to {host}" in target.with_suffix(".report.html").read_text("utf-8")

    decisions = {name: ("accepted", None) for name in ("ok", "text", "functional")}
    saved = decided(target, decisions | {"unsure": ("edited", "A kettle in the mist.")})
    assert main([*words, "--review", str(saved), "--for", "html"]) == 0
    exported = json.loads(target.with_name("out.for-html.json").read_text("utf-8"))
    assert exported == {
        f"{running.url}/1.png": "A red kettle.",
        f"{running.url}/2.png": "Cart",
        f"{running.url}/4.png": "A red kettle.",
        f"{running.url}/5.png": "A kettle in the mist.",
        f"{running.url}/sign.png": "Bakery Miller.",
    }
    assert len(server.asked) == 3 and set(running.images().values()) == {1}


def test_a_context_of_the_table_grows_by_what_its_page_says(running, server, tmp_path):
    table, target = tmp_path / "crawl.csv", tmp_path / "out.csv"
    table.write_text(f"Page,Image,Title\n{running.url}/shop,/1.png,From the crawl\n", "utf-8")
    words = [str(table), "-o", str(target), "--captioner", "chat:tiny", "--no-read-text"]
    words += ["--endpoint", server.at("look"), "--rate", "100000", "--local", running.address]
    assert main([*words, "--read-pages"]) == 0
    assert "Heading: Red ones" in told(server)[0]


# Two captioners of different kinds


def open_any(name, **options):
    if name.startswith("chat:"):
        return open_captioner(name, **options)
    assert "endpoint" not in options, "ours is given what it has no use for"
    return Colours()


@pytest.mark.parametrize("names", [("chat:tiny", "colours"), ("colours", "chat:tiny")])
def test_a_server_stands_beside_another_captioner_and_its_refusal_is_doubt(
    running, server, tmp_path, names
):
    table, target = crawl(tmp_path / "crawl.csv", running, "1", "5"), tmp_path / "out.csv"
    words = [str(table), "-o", str(target), "--captioner", names[0], "--beside", names[1]]
    words += ["--endpoint", server.at("look"), "--rate", "100000", "--local", running.address]
    assert main([*words, "--read-pages", "--no-read-text"], open_any) == 0
    found = [row["status"] for row in rows_of(target).values()]
    assert found == ["ok", "unsure" if names[0] == "chat:tiny" else "ok"]
    one, other = sorted(
        embedded(target.with_suffix(".report.html"))["cards"], key=lambda card: card["name"]
    )
    assert one["guesses"] and one["beside"]
    assert bool(other["guesses"]) != bool(other["beside"]), "a refusal is no text"


def test_an_option_that_neither_captioner_has_is_refused():
    with pytest.raises(CaptionerError, match="no choice of --endpoint"):
        open_pair(open_captioner, "mini", "attention-xception", {"endpoint": "http://a/v1"})


def test_two_captioners_with_one_story_tell_it_once(monkeypatch):
    monkeypatch.setitem(NOTES, BOTH, NOTES["flickr8k"])
    pair = open_pair(open_captioner, "attention-xception", "merge-xception", {})
    assert pair.note.startswith("attention-xception and merge-xception: learnt from")
    assert pair.note.count("learnt") == 1
    assert open_pair(open_any, "chat:m", "x", {"endpoint": "http://a/v1"}).note.count(".") > 1


def side(*answers):
    """The answers of a captioner; an error among them ends it."""
    for each in answers:
        if isinstance(each, Exception) and not isinstance(each, ImageError):
            raise each
        yield each


def test_what_both_said_comes_out_before_the_error_of_one():
    stopped, found = [], []
    first = Side(side(["a"], ["b"], CaptionerError("gone")))
    second = Side(side(None, None, None, ["c"], ["d"], ["e"]))
    with pytest.raises(CaptionerError, match="gone"):
        for each in together(first, second, lambda: stopped.append(1)):
            found.append(each)
    assert [list(each) for each in found] == [["a"], ["b"]] and stopped
    assert [each.beside for each in found] == [["c"], ["d"]]


def test_a_broken_image_and_one_that_was_not_tried_are_no_candidates():
    broken, not_tried = ImageError("broken", "http"), ImageError("stopped", "pending")
    first = side(broken, ["a"], ["b"])
    second = side(["x"], not_tried, ImageError("no answer", "not_captioned"))
    found = list(together(Side(first), Side(second), lambda: None))
    assert found[:2] == [broken, not_tried] and list(found[2]) == ["b"] and found[2].beside == []
