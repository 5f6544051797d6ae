"""Pages on which images stand: read once each, politely, however broken."""

import gzip
import sqlite3
from contextlib import closing
from functools import partial
from typing import NamedTuple

import pytest

from alt_text_site import rows_of, run, site, table_of
from conftest import few_quick
from helpers.apps.alt_text.__main__ import main
from helpers.apps.alt_text.reading.context import context_text, seen_by
from helpers.apps.alt_text.reading.markup import decoded, page_of
from helpers.apps.alt_text.visiting import pages
from hostile_server import answer, redirect

S = "https://a.example"
HTML = partial(answer, Content_Type="text/html; charset=utf-8")


class Made(NamedTuple):
    """A page and what is to be found on it; heading and link of each of its three images."""

    html: str
    title: str
    h1: str
    headings: list[str]
    links: list[str]


def shop(n):
    html = f"""<!doctype html><html><head><meta charset=utf-8>
    <title>Kettle {n} &amp; cups | Shop</title>
    <body><header><a href="/"><img src="/{3 * n}.png"></a><nav><ul><li><a href=/c>C</a></ul></nav>
    </header>
    <main><h1>Kettle <em>{n}</em></h1><img src="/{3 * n + 1}.png"><section><h2>Goes well with</h2>
    <a href="/cup-{n}"><img src='/{3 * n + 2}.png'></a></section></main>"""
    return Made(html, f"Kettle {n} & cups | Shop", f"Kettle {n}",
                ["", f"Kettle {n}", "Goes well with"], ["/", "", f"/cup-{n}"])  # fmt: skip


def blog(n):
    html = f"""<html><TITLE>Day {n}</title><script>document.write("<h1>no</h1>")</script>
    <style>h1 {{}}</style><svg><title>icon</title></svg><h1>Day {n}<h1>Other</h1>
    <figure><img src=/{3 * n}.png data-x="<h2>no"><figcaption>Caption {n}</figcaption></figure>
    <p>text<p>more <h3>Lunch</h3><div><picture><source srcset="/big.png 2x">
    <img src="/{3 * n + 1}.png">
    </picture></div><button aria-label="Menu"><img srcset="/{3 * n + 2}.png 1x"></button>"""
    return Made(html, f"Day {n}", f"Day {n}", ["Other", "Lunch", "Lunch"], ["", "", ""])


def broken(n):
    html = f"""<title>Broken {n}</title><body <p><table><tr><td><b><font><h1 class="x>Not</h1>
    "><i>Broken {n}</i></h1><img src="/{3 * n}.png" alt><td></b></font><h2>Second<h2>
    <a href="/next-{n}" title="Next"><center><img src=/{3 * n + 1}.png></a></center></h2></table>
    <div><div></p></span><h4>Last</h4><ul><li><img src="/{3 * n + 2}.png" width=99<b>
    </body></html><p>after"""
    return Made(html, f"Broken {n}", f"Broken {n}",
                [f"Broken {n}", "Second", "Last"], ["", f"/next-{n}", ""])  # fmt: skip


@pytest.mark.slow
@pytest.mark.long(60, 300)
@pytest.mark.timeout(120)
def test_each_page_is_read_once_and_rightly(tmp_path, length):
    made = [(shop, blog, broken)[n % 3](n) for n in range(length)]
    with site() as running:
        running.pages |= {f"/page-{n}": HTML(page.html.encode()) for n, page in enumerate(made)}
        rows = [
            (f"{running.url}/page-{n}", f"/{3 * n + i}.png")
            for n in range(length)
            for i in range(3)
        ]
        crawl = table_of(tmp_path / "crawl.csv", rows)
        assert run(crawl, tmp_path / "out.csv", running, "--read-pages") == 0
        assert {running.visits[f"/page-{n}"] for n in range(length)} == {1}
        assert max(running.images().values()) == running.visits["/robots.txt"] == 1
        assert run(crawl, tmp_path / "out.csv", running, "--read-pages") == 0
        assert {running.visits[f"/page-{n}"] for n in range(length)} == {1}
    found, right = (
        rows_of(tmp_path / "out.csv"),
        dict.fromkeys(("title", "h1", "heading", "link"), 0),
    )
    for number, row in enumerate(found):
        page, image = made[number // 3], number % 3
        link = page.links[image] and f"{running.url}{page.links[image]}"
        right["title"] += row["page_title"] == page.title
        right["h1"] += row["page_h1"] == page.h1
        right["heading"] += row["page_heading"] == page.headings[image]
        right["link"] += row["page_link"] == link
    share = {name: count / len(found) for name, count in right.items()}
    assert min(share["title"], share["h1"]) >= 0.99 and min(share["heading"], share["link"]) >= 0.95
    assert found[3]["page_caption"] == "Caption 1" and "Caption: Caption 1" in found[3]["context"]


PAGE = """<title>Shop</title><h1>Our shop</h1><img src=1.png alt="">
<a href=/cart><img src=2.png></a>
<img src=3.png alt="A dog"><img src=4.png alt=IMG_0004><img src=5.png><img src=6.png aria-label=Map>
<a href=/about><img src=7.png></a><img src=8.png role=none><b id=l>Our&nbsp; van</b>
<img src=9.png aria-labelledby="l no">"""
FOUND = "decorative functional exists weak ok exists functional decorative exists".split()


def test_the_page_says_what_an_image_is_for(tmp_path):
    with site(
        p=HTML(PAGE.encode()), about=HTML(b"<title>x</title><h1>About Miller</h1>")
    ) as running:
        rows = [(f"{running.url}/p", f"{n}.png") for n in range(1, 10)]
        rows += [(f"{running.url}/about", "/30.png")]
        crawl = table_of(tmp_path / "crawl.csv", rows)
        assert run(crawl, tmp_path / "out.csv", running, "--read-pages") == 0
        assert not {f"/{n}.png" for n in (1, 2, 3, 4, 6, 7, 8, 9)} & {*running.visits}
    found = rows_of(tmp_path / "out.csv")
    assert [row["status"] for row in found] == [*FOUND, "ok"]
    texts = [row["alt_text"] for row in found]
    assert [texts[at] for at in (1, 2, 5, 6, 8)] == [
        "Cart",
        "A dog",
        "Map",
        "About Miller",
        "Our van",
    ]
    assert found[1]["context"] == f"Page: Shop. H1: Our shop. Link to: {running.url}/cart"
    with closing(sqlite3.connect(tmp_path / "out.state")) as state:
        contexts = dict(state.execute("SELECT address, context FROM contexts"))
    assert contexts[f"{running.url}/5.png"] == "Page: Shop. H1: Our shop"


def test_pages_have_the_manners_of_images(tmp_path):
    robots = answer(b"User-agent: *\nDisallow: /closed\n")
    big = HTML(b"<title>big</title>" + b"<p>x" * (pages.MOST_BYTES // 4 + 9))
    made = {
        "moved": redirect("/new/p"),
        "big": big,
        "image": answer(b"<GIF", Content_Type="image/gif"),
    }
    packed = answer(gzip.compress(b"<title>Packed</title>"), Content_Encoding="gzip")
    bomb = answer(gzip.compress(b"<b>" * 5_000_000), Content_Encoding="gzip")
    with site(robots_txt=robots, packed=packed, bomb=bomb, text=answer(b"dog"), **made) as running:
        running.pages["/new/p"] = HTML(
            b"<title>New</title><h1>Here</h1><a href=there><img src=/9.png></a>"
        )
        names = ["closed", "moved", "big", "image", "packed", "bomb", "text", "404", "endless"]
        rows = [(f"{running.url}/{name}", f"/{n}.png") for n, name in enumerate(names)]
        rows += [(f"{running.url}/moved", "/9.png"), ("http://10.0.0.1/p", f"{running.url}/10.png")]
        crawl = table_of(tmp_path / "crawl.csv", rows)
        assert run(crawl, tmp_path / "out.csv", running, "--read-pages") == 0
        assert not running.visits["/closed"] and running.visits["/robots.txt"] == 1
    found = rows_of(tmp_path / "out.csv")
    titles = ["", "New", "", "", "Packed", "", "", "", "", "New", ""]
    assert [row["page_title"] for row in found] == titles
    assert found[9]["page_link"] == f"{running.url}/new/there"  # relative to where it was led
    assert {row["status"] for row in found} == {"ok", "functional"}
    with closing(sqlite3.connect(tmp_path / "out.state")) as state:
        kept = dict(state.execute("SELECT address, status FROM pages"))
    statuses = [kept[page] for page, _ in rows[:9]]
    assert statuses[:7] == [
        "robots",
        "ok",
        "too_large",
        "not_a_page",
        "ok",
        "too_large",
        "not_a_page",
    ]
    assert kept["http://10.0.0.1/p"] == "blocked"


def test_a_dry_run_counts_pages_and_reads_none(tmp_path, capsys):
    crawl = table_of(tmp_path / "crawl.csv", [(f"{S}/p{n % 2}", f"{n}.png") for n in range(5)])
    assert main([str(crawl), "--dry-run", "--read-pages"]) == 0
    assert "2 pages would be read before" in capsys.readouterr().out


def test_pages_are_read_in_several_runs_and_again_if_they_failed(tmp_path):
    with site(a=HTML(b"<title>A</title>")) as running:
        rows = [(f"{running.url}/{page}", "/1.png") for page in "abc"]
        crawl = table_of(tmp_path / "crawl.csv", rows)
        words = [crawl, tmp_path / "out.csv", running, "--read-pages"]
        for _ in range(3):
            assert run(*words, "--limit", "1") == 0
        assert [running.visits[f"/{page}"] for page in "abc"] == [1, 1, 1]
        running.pages["/b"] = HTML(b"<title>B</title>")
        assert run(*words, "--retry-failed") == 0
        assert [running.visits[f"/{page}"] for page in "abc"] == [1, 2, 2]
    assert [row["page_title"] for row in rows_of(tmp_path / "out.csv")] == ["A", "B", ""]


def test_without_pages_to_read_the_option_says_so(tmp_path, capsys):
    crawl = table_of(tmp_path / "crawl.csv", [(f"{S}/1.png",)], ("Image",))
    assert main([str(crawl), "--dry-run", "--read-pages"]) == 1
    assert "--page-column" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["utf-8", "utf-16", "shift_jis", "cp1252", "utf-8-sig"])
def test_encodings_of_pages(name):
    text = "<title>Tür</title>" if name == "cp1252" else "<title>画像</title>"
    said = "" if name.startswith("utf") else "cp1252" if name == "cp1252" else "shift_jis"
    assert text in decoded(text.encode(name), said)
    declared = f"<meta charset='{name}'>{text}".encode(name)
    assert text in decoded(declared, "" if name != "utf-16" else "klingon")


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "unit",
    ["<div>", "<a href=x>", "<img src=x ", "<table><td>", "<!--", "<a '>\"", "&#", "<h1>", "<svg>"]
    + ["<figure><img src=q>", "<h2><a href=x><b>", "\0", "<", "\ud800"]
    + few_quick(["<img src=a><a href=b>", "<figure class=wp-caption><img src=u>"], 0)
    + few_quick(["<img aria-labelledby='a b' src=p><i id=a>"], 0),
)
def test_a_page_takes_time_for_its_length(unit):
    """With the square of its length it would hang, and its time run out."""
    data = (unit * (500_000 // len(unit))).encode("utf-8", "surrogatepass")
    page_of(b"<title>T</title>" + data, S)


@pytest.mark.parametrize(
    "data", [b"", b" ", b"\0\0", b"<", b"text", b"<!doctype html>", b"<?xml?>"]
)
def test_a_page_without_anything_holds_nothing(data):
    page = page_of(data, S)
    assert (page.title, page.images) == ("", {})


def test_of_two_places_of_an_image_that_without_alt_text_counts():
    page = page_of(
        b"<img src=a.png alt=Dog><h2>x</h2><img src=a.png><img src=a.png alt=Cat>", f"{S}/"
    )
    assert page.images[f"{S}/a.png"] == {"heading": "x"}


def test_a_base_and_late_images_are_understood():
    html = b"<base href=/b/><img src=data:,x data-src=a.png><noscript><img src=c.png></noscript>"
    assert {*page_of(html, S).images} == {f"{S}/b/a.png", f"{S}/b/c.png"}


def test_a_context_is_short_and_says_nothing_twice():
    seen = seen_by({"title": "x" * 999, "h1": "Dogs", "heading": "Dogs", "product": "Y" * 999})
    text = context_text(seen)
    assert len(text) <= 700 and text.count("Dogs") == 1
    assert seen_by({"title": "a", "link": ""}, {"title": ""}, {"alt": ""}) == {
        "title": "a",
        "alt": "",
    }
