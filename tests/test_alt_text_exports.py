"""The way back to a site: each file is read by its own rules, by a reader that isn't ours."""

import csv
import io
import json
import os
import stat
import subprocess
import sys

import pytest

from alt_text_site import run, site
from helpers.apps.alt_text.findings import Picture
from helpers.apps.alt_text.writing.exports import (
    SHOPIFY,
    html_file,
    script_file,
    shopify_file,
    uploaded,
    wordpress_file,
)
from helpers.apps.alt_text.writing.outputs import Record
from helpers.apps.alt_text.writing.reviews import FORMAT, Decision, key_of

TEXTS = [
    "A dog.", "It’s Ada’s “dog”.", "'single'", '"double"', "`id`", "$(id)", "$HOME ${IFS}", "a\\nb",
    "\\", "\\'", "--help", "-n", "-e a", "100 % cotton", "%s %d", "a; rm -rf x", "a | b & c > d",
    "# no comment", "!! !x", "*", "~", "[a-z]?", "{a,b}", "é 犬 🐕", "alt:", "file:x", "a  b", "!",
]  # fmt: skip
FORMULAS = ["=1+1", "+A1", "-A1", "@SUM(A1)", "a; =1+1", "=HYPERLINK(\"x\")", "＝1"]  # fmt: skip
UPLOADS = "https://a.example/wp-content/uploads/"


def record(number=0, text="A dog.", kind="accepted", image=None, row=()):
    image = image or f"{UPLOADS}2026/11/{number}.jpg"
    review = Decision(kind, text) if kind else None
    return Record(list(row), image, "Suggested.", 0.5, "ok", "", Picture("x"), review=review)


def written(kind, path, records, columns=()):
    """Write an export; returns what it had to say."""
    said = []
    with kind(path, columns, path, said.append) as write:
        for one in records:
            write(one)
    return said


KINDS = ("rejected", "decorative", "")


# WordPress


WP = """
import json, sys
# As WP-CLI reads a command line: whatever begins with -- is an option, wherever it stands.
words = [word for word in sys.argv[1:] if not word.startswith("--")]
given = [word[2:].partition("=") for word in sys.argv[1:] if word.startswith("--")]
options = {name: value for name, _, value in given}
library = json.load(open("library.json"))
if words[:2] == ["post", "list"]:
    assert options["post_type"] == "attachment" and options["meta_key"] == "_wp_attached_file"
    names = options["meta_value"]
    print(" ".join(number for number, one in library.items() if one["file"] == names))
else:
    assert words[:3] == ["post", "meta", "update"] and words[4] == "_wp_attachment_image_alt"
    library[words[3]]["alt"] = words[5] if len(words) > 5 else sys.stdin.read()
    library[words[3]]["options"] = options
    json.dump(library, open("library.json", "w"))
    print("Success: Updated custom field.")
"""


@pytest.fixture
def wordpress(tmp_path):
    """Run the lines in a folder of a WordPress that holds some files; returns their alt texts."""
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "wp").write_text(f"#!{sys.executable}\n{WP}", "utf-8")
    (tools / "wp").chmod(stat.S_IRWXU)

    def wordpress(records, files, *words, name="out"):
        library = {str(n): {"file": file, "alt": "before"} for n, file in enumerate(files, 7)}
        (tmp_path / "library.json").write_text(json.dumps(library), "utf-8")
        tsv, script = (tmp_path / f"{name}.for-wordpress.{end}" for end in ("tsv", "sh"))
        said = written(wordpress_file, tsv, records)
        written(script_file, script, [])
        environment = os.environ | {"PATH": f"{tools}{os.pathsep}{os.environ['PATH']}"}
        done = subprocess.run(
            ["sh", script, *words], env=environment, cwd=tmp_path, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        library = json.loads((tmp_path / "library.json").read_text("utf-8"))
        return library, said, done.stderr

    return wordpress


@pytest.mark.slow
def test_wordpress_gets_any_text_as_it_is(wordpress):
    texts = TEXTS + FORMULAS
    records = [record(n, text) for n, text in enumerate(texts)]
    records += [record(900 + n, "No.", kind) for n, kind in enumerate(KINDS)]
    files = [f"2026/11/{n}.jpg" for n in (*range(len(texts)), 900, 901, 902)]
    library, said, errors = wordpress(records, files)
    assert [one["alt"] for one in library.values()] == [*texts, *["before"] * 3]
    assert said == [f"out.for-wordpress.tsv: {len(texts)} texts"] and errors == ""


@pytest.mark.slow
@pytest.mark.parametrize("name", ['it\'s; $(touch evil) `x` "q"', "out", "-rf", "é"])
def test_wordpress_finds_files_by_any_of_their_names(wordpress, tmp_path, name):
    addresses = ["2026/11/a-300x200.jpg", "2026/11/b.jpg", "c%20d%27s.png", "sites/3/2026/e.webp"]
    addresses += ["f-12x12.png", "none.jpg"]
    records = [record(n, f"Text {n}.", image=UPLOADS + at) for n, at in enumerate(addresses)]
    records.append(record(9, image="https://a.example/other/x.jpg"))
    files = ["2026/11/a.jpg", "2026/11/b-scaled.jpg", "c d's.png", "2026/e.webp", "f-12x12.png"]
    library, said, errors = wordpress(records, files, "--url=https://b.example", name=name)
    assert [one["alt"] for one in library.values()] == [f"Text {n}." for n in range(5)]
    assert {one["options"]["url"] for one in library.values()} == {"https://b.example"}
    assert errors == "not in this WordPress: none.jpg\n"
    assert said[0].endswith("6 texts; left out: 1 whose address is not in wp-content/uploads")
    assert not (tmp_path / "evil").exists()


def test_no_cell_for_wordpress_is_a_formula(tmp_path):
    records = [record(n, text, image=f"{UPLOADS}{text}.jpg") for n, text in enumerate(FORMULAS)]
    written(wordpress_file, tmp_path / "out.tsv", records)
    for line in (tmp_path / "out.tsv").read_text("utf-8").splitlines():
        assert all(cell.startswith(("alt:", "file:")) for cell in line.split("\t"))


@pytest.mark.parametrize(
    "address, name",
    [("http://[", ""), (UPLOADS, ""), (f"{UPLOADS}a%0Ab.jpg", ""), (f"{UPLOADS}a%09.jpg", "")]
    + [("data:image/png;base64,xx", ""), (f"{UPLOADS}a.jpg?w=3#x", "a.jpg")]
    + [("https://i0.wp.com/a.example/wp-content/uploads/2026/a.jpg?resize=9", "2026/a.jpg")],
)
def test_what_wordpress_calls_a_file_is_read_from_its_address(address, name):
    assert uploaded(address) == name


# Shopify


PRODUCTS = ["Handle", "Title", "Body (HTML)", "Image Src", "Image Alt Text"]


def product(number, text, kind="accepted", handle="mug", title="Mug", image=None):
    source = image or f"https://cdn.shopify.com/s/files/1/{number}.jpg?v=1"
    return record(number, text, kind, source, [handle, title, "<p>", source, ""])


def imported(path):
    """Read a product CSV as Shopify's import does; returns (handle, image) -> alt text."""
    text = path.read_bytes().decode("utf-8")
    assert not text.startswith("\ufeff") and "\r" not in text
    reader = pytest.importorskip("pyarrow.csv")
    as_text = reader.ConvertOptions(column_types=dict.fromkeys(SHOPIFY, "string"))
    table = reader.read_csv(io.BytesIO(path.read_bytes()), convert_options=as_text)
    assert table.column_names == list(SHOPIFY)
    found, titled = {}, set()
    for handle, title, source, alt in zip(*table.to_pydict().values(), strict=True):
        assert handle and source.startswith("https://") and len(alt) <= 512
        assert bool(title) == (handle not in titled)  # on the first line of a product
        titled.add(handle)
        found[handle, source] = alt
    return found


def test_shopify_gets_each_text_at_its_image(tmp_path):
    harmless = [text for text in TEXTS if not text.startswith("-")]
    records = [product(n, text) for n, text in enumerate(harmless)]
    records += [product(900 + n, "No.", kind, "cup", "Cup") for n, kind in enumerate(KINDS)]
    records += [product(910, "A cup.", handle="cup", title="")]
    said = written(shopify_file, tmp_path / "out.csv", records, PRODUCTS)
    found = imported(tmp_path / "out.csv")
    assert list(found.values()) == [*harmless, "A cup."]
    assert found[("cup", records[-1].row[3])] == "A cup."
    assert said == [f"out.csv: {len(harmless) + 1} texts"]


def test_a_formula_for_shopify_gets_an_apostrophe_that_is_told(tmp_path):
    records = [product(n, text) for n, text in enumerate(FORMULAS)]
    said = written(shopify_file, tmp_path / "out.csv", records, PRODUCTS)
    texts = list(imported(tmp_path / "out.csv").values())
    assert [text.replace("'", "", 1) for text in texts] == FORMULAS
    assert all("'" in text for text in texts)
    assert said[0].endswith("7 texts got an apostrophe, since a spreadsheet would run them")


def test_what_shopify_would_refuse_is_left_out_and_counted(tmp_path):
    records = [product(1, "a" * 513), product(2, "A.", handle=""), product(3, "A.", title="")]
    records[2].row[0] = "untitled"
    (said,) = written(shopify_file, tmp_path / "out.csv", records, PRODUCTS)
    assert imported(tmp_path / "out.csv") == {}
    assert "1 longer than the 512 characters" in said and "2 without a handle and a title" in said


def test_shopify_needs_its_own_table(tmp_path, capsys):
    (tmp_path / "crawl.csv").write_text("Image\nhttps://a.example/1.jpg\n", "utf-8")
    assert run(tmp_path / "crawl.csv", tmp_path / "out.csv", None, "--for", "shopify") == 1
    assert "no column 'Handle', 'Title', 'Image Src'. Take the file" in capsys.readouterr().err
    assert not (tmp_path / "out.csv").exists()


# HTML


def test_html_gets_a_map_from_address_to_text(tmp_path):
    records = [record(n, text) for n, text in enumerate(TEXTS + FORMULAS)]
    records += [record(900 + n, "No.", kind) for n, kind in enumerate(KINDS)]
    records += [record(0, "Another."), record(0, image="data:image/png;base64,xx")]
    (said,) = written(html_file, tmp_path / "out.json", records)
    found = json.loads((tmp_path / "out.json").read_text("utf-8"))
    assert list(found.values()) == TEXTS + FORMULAS
    assert list(found)[0] == f"{UPLOADS}2026/11/0.jpg"
    assert "1 whose address has another text already, 1 without an address on the web" in said


# Through the command


def test_all_ways_back_through_the_command(tmp_path, capsys):
    source, target = tmp_path / "products.csv", tmp_path / "out.csv"
    with site() as running:
        addresses = [f"{running.url}/{n}.png" for n in range(3)]
        with source.open("w", encoding="utf-8", newline="") as file:
            rows = [["mug", "Mug" * (not n), "x", at, ""] for n, at in enumerate(addresses)]
            csv.writer(file).writerows([PRODUCTS, *rows])
        assert run(source, target, running) == 0
        images = [
            {"key": key_of(at), "decision": kind, "text": "Ours."}
            for at, kind in zip(addresses, ("accepted", "rejected", "edited"), strict=True)
        ]
        review = tmp_path / "saved.json"
        review.write_text(json.dumps({"format": FORMAT, "images": images}), "utf-8")
        words = [f"--for={name}" for name in ("html", "shopify", "wordpress")]
        capsys.readouterr()
        assert run(source, target, running, "--review", str(review), *words) == 0
        said = capsys.readouterr().out
        again = run(source, target, running, *words)
    assert again == 0
    assert json.loads((tmp_path / "out.for-html.json").read_text("utf-8")) == {
        addresses[0]: "Ours.", addresses[2]: "Ours."
    }  # fmt: skip
    assert "out.for-shopify.csv: 2 texts\n" in said and "out.for-html.json: 2 texts\n" in said
    assert "left out: 2 whose address is not in wp-content/uploads" in said
    lines = (tmp_path / "out.for-shopify.csv").read_text("utf-8").splitlines()
    assert lines == [
        "Handle,Title,Image Src,Image Alt Text",
        f"mug,Mug,{addresses[0]},Ours.",
        f"mug,,{addresses[2]},Ours.",
    ]


def test_an_export_of_somebody_else_is_not_written_over(tmp_path, capsys):
    (tmp_path / "crawl.csv").write_text("Image\nhttps://a.example/1.jpg\n", "utf-8")
    (tmp_path / "out.for-html.json").write_text("precious", "utf-8")
    assert run(tmp_path / "crawl.csv", tmp_path / "out.csv", None, "--for", "html") == 1
    assert "out.for-html.json exists already" in capsys.readouterr().err
    assert (tmp_path / "out.for-html.json").read_text("utf-8") == "precious"
