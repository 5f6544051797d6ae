"""What an image is for: empty, weak and repeated alt texts, links, kinds that can't be read."""

import pytest

from alt_text_site import Colours, photo, rows_of, run, site, table_of
from helpers.apps.alt_text import statuses
from helpers.apps.alt_text.__main__ import main
from helpers.apps.alt_text.reading.occurrences import Columns, Reading, occurrences_in
from helpers.apps.alt_text.reading.purpose import NOTHING_KNOWN, NothingKnown, readable, weak_alt
from helpers.captioner import Candidate, is_sure
from hostile_server import SVG, answer

S = "https://a.example"


def judged(cell, page=f"{S}/dir/", alt="", known=NOTHING_KNOWN, **options):
    """Return status and suggestion of the one image of a row."""
    (image,) = occurrences_in([cell, page, alt], Columns(0, 1, 2), Reading(**options), known)
    return image.status, image.suggestion


WEAK = ["IMG_4071.jpg", "IMG_4071", "DSC_0042", "image", "Image 3", "photo", "img", "Photo 12", "7"]
WEAK += [
    "untitled",
    "Bild",
    "imagen 2",
    "画像",
    "фото",
    "image.png",
    "hero-banner_v2.webp",
    "...",
    "x",
]
WEAK += [
    "Screenshot 2024-05-01 at 10.31.02",
    "0b3d91e2-77aa-4c11",
    "WhatsApp Image 2024-01-02",
    "n/a",
]
WEAK += ["summer-hike_2"]  # as the file is called


@pytest.mark.parametrize("alt", WEAK)
def test_an_alt_text_that_says_nothing_is_weak(alt):
    address = f"{S}/summer-hike_2.jpg"
    assert judged(address, alt=alt)[0] == "weak"
    assert (
        judged(address, alt=alt, weak=True)[0] == judged(address, alt=alt, everything=True)[0] == ""
    )


@pytest.mark.parametrize(
    "alt",
    [
        "A dog",
        "dog",
        "犬",
        "Photo of a dog",
        "Image of the year 2024",
        "3 dogs",
        "P. Miller",
        "IMG group",
    ]
    + [
        "Scan of the letter of 1912",
        "download our app",
        "Bildungszentrum",
        "B2B",
        "T-shirt",
        "BBC",
    ],
)
def test_an_alt_text_that_says_something_is_kept(alt):
    assert judged(f"{S}/dog.jpg", alt=alt) == ("exists", "")


def test_an_alt_text_that_many_images_share_is_weak():
    assert "10 or more images share" in weak_alt("Our shop", f"{S}/a.jpg", repeated=True)


@pytest.mark.parametrize("images, status", [(10, "weak"), (9, "exists")])
def test_repeated_alt_texts_are_found_in_the_whole_table(tmp_path, capsys, images, status):
    with site() as running:
        shared = [["", f"{running.url}/{n}.png", "Our  shop" if n % 2 else "our shop"]
                  for n in range(images)]  # fmt: skip
        same = [["", f"{running.url}/99.png", "Our shop too"]] * 12  # one image, often shown
        crawl = table_of(tmp_path / "crawl.csv", shared + same)
        assert main([str(crawl), "--dry-run"]) == 0
        assert f"{images:,} weak" * (images == 10) in capsys.readouterr().out
        assert run(crawl, tmp_path / "out.csv", running) == 0 and not running.visits
        found = [row["status"] for row in rows_of(tmp_path / "out.csv")]
        assert found == [status] * images + ["exists"] * 12
        assert run(crawl, tmp_path / "weak.csv", running, "--weak") == 0
        again = [row["status"] for row in rows_of(tmp_path / "weak.csv")]
        assert again == ["ok" if images == 10 else "exists"] * images + ["exists"] * 12


LINKED = [
    ('<a href="/cart"><img src="i.png"></a>', "Cart"),
    ('<a href="/about-us.html"><img src="i.png" alt=""></a>', "About us"),
    ('<a href="/x" title="Basket"><img src="i.png"></a>', "Basket"),
    ('<a href="/x" aria-label="Search"><img src="i.png" alt="image"></a>', "Search"),
    ('<button title="Menu"><img src="i.png"></button>', "Menu"),
    ('<a href="/"><span> <img src="i.png" role=presentation></span></a>', "a.example"),
    ('<a href="mailto:me@a.example"><img src="i.png"></a>', "me@a.example"),
    ('<a href="https://www.b.example/"><img src="i.png" width=16></a>', "b.example"),
    ('<div role=button aria-label=Play><img src="i.png"></div>', "Play"),
]


@pytest.mark.parametrize("cell, text", LINKED)
def test_an_image_alone_in_a_link_says_what_the_link_does(cell, text):
    assert judged(cell, weak=True) == ("functional", text)


@pytest.mark.parametrize(
    "cell, status",
    [('<a href="/cart"><img src="i.png"> Cart</a>', ""), ('<a name=x><img src="i.png"></a>', "")]
    + [('<a href="/i-large.jpg"><img src="i.png"></a>', "")]  # shows it larger
    + [('<a href="/c"><img src="i.png" alt="Cart"></a>', "exists")]
    + [('<a href="/c" aria-label="Cart"><img src="i.png" alt=""></a>', "decorative")]
    + [('<a href="/c">Cart <img src="i.png" alt=""></a>', "decorative")]
    + [
        ('<a href="#"><img src="i.png"></a>', "unsure"),
        ('<a href="/?p=7"><img src=i.png></a>', "unsure"),
    ]
    + [('<a href="javascript:go()"><img src="i.png"></a>', "unsure")],
)
def test_other_images_in_links_are_judged_as_elsewhere(cell, status):
    if "?p=7" in cell:
        cell = cell.replace("/?p", "/7/?p")
    assert judged(cell) == (status, "")


def test_a_link_in_the_table_without_a_text_holds_the_image_alone():
    columns = Columns(0, context={"link": 1, "link_text": 2})
    found = [
        occurrences_in([f"{S}/a.png", f"{S}/our-team", text], columns)[0] for text in ("", "Us")
    ]
    assert [(image.status, image.suggestion) for image in found] == [
        ("functional", "Our team"),
        ("", ""),
    ]


def test_a_target_that_is_known_gives_its_title():
    class Site(NothingKnown):
        def title(self, address):
            return {f"{S}/c7": "Your basket"}.get(address, "")

    assert judged('<a href="/c7"><img src=i.png></a>', known=Site()) == (
        "functional",
        "Your basket",
    )


@pytest.mark.parametrize(
    "target, words",
    [(f"{S}/shop/blue-shoes_2.html?x=1#a", "Blue shoes 2"), (f"{S}/%C3%BCber-uns/", "Über uns")]
    + [(f"{S}/a/index.php", ""), (f"{S}/p/12345", ""), (f"{S}/0b3d91e277aa4c11", "")]
    + [
        ("http://[", ""),
        ("#top", ""),
        ("", ""),
        ("tel:+49123", "+49123"),
        (f"{S}/联系我们", "联系我们"),
    ],
)
def test_a_target_in_words(target, words):
    assert readable(target) == words


@pytest.mark.parametrize(
    "name", ["a.svg", "a.SVG?x=1", "a.tiff", "a.heic", "data:image/svg+xml;base64,PHN2Zy8+"]
)
def test_kinds_that_cannot_be_read_cost_no_visit(tmp_path, capsys, name):
    (tmp_path / "crawl.csv").write_text(f'Page,Image\n{S},"{name}"\n{S},b.jpg\n')
    assert main([str(tmp_path / "crawl.csv"), "--dry-run"]) == 0
    said = capsys.readouterr().out
    assert "without a visit: 1 unsupported" in said and "\n1 address on 1 server " in said


def test_a_drawing_without_its_ending_is_named_after_the_visit(tmp_path):
    with site(logo=answer(SVG), plan=answer(b"%PDF-1.7")) as running:
        rows = [["", f"{running.url}/{name}", ""] for name in ("logo", "plan")]
        assert run(table_of(tmp_path / "crawl.csv", rows), tmp_path / "out.csv", running) == 0
    assert [row["status"] for row in rows_of(tmp_path / "out.csv")] == ["unsupported"] * 2


def test_a_mime_type_in_the_table_costs_no_visit():
    row = [f"{S}/logo", "image/svg+xml"]
    assert occurrences_in(row, Columns(0, kinds={1: False}))[0].status == "unsupported"


class Doubting(Colours):
    """Is sure of dark photos alone."""

    def candidates(self, pixels):
        sure = bool(pixels[..., 0].mean() < 100)
        said, confidence = super().candidates(pixels), 0.9 if sure else 0.05
        return [Candidate(c.caption, c.probability, (), None, confidence, sure) for c in said]


def test_a_captioner_in_doubt_suggests_nothing_and_shows_what_it_thought(tmp_path):
    with site(copy_png=answer(photo(200))) as running:
        rows = [["", f"{running.url}/{name}.png", ""] for name in ("7", "200", "copy")]
        crawl = table_of(tmp_path / "crawl.csv", rows)
        assert run(crawl, tmp_path / "out.csv", running, captioner=Doubting()) == 0
    found = rows_of(tmp_path / "out.csv")
    assert [row["status"] for row in found] == ["ok", "unsure", "unsure"]
    assert [bool(row["alt_text"]) for row in found] == [True, False, False]
    assert [row["confidence"] for row in found] == ["0.9", "0.05", "0.05"]
    assert '"a photo of a 200 0 128 dog"' in (tmp_path / "out.jsonl").read_text()


def test_who_tells_no_confidence_is_taken_at_their_word():
    said = [Candidate("a dog", 0.5)]
    assert is_sure(said) and not is_sure([])


def test_who_says_nothing_is_not_sure():
    assert not is_sure([])


def test_a_functional_image_shows_the_picture_that_another_row_brought(tmp_path):
    with site() as running:
        cell = f'<a href="/cart"><img src="{running.url}/1.png"></a>'
        crawl = table_of(tmp_path / "crawl.csv", [["", cell, ""], ["", f"{running.url}/1.png", ""]])
        assert run(crawl, tmp_path / "out.csv", running) == 0
    first, second = rows_of(tmp_path / "out.csv")
    assert (first["status"], first["alt_text"]) == (statuses.FUNCTIONAL, "Cart")
    assert second["status"] == statuses.OK
