"""What crawlers export, and worse: delimiters, encodings, columns, tags, sitemaps, lists."""

import csv
import gzip
import itertools
import tracemalloc

import pytest

from helpers.apps.alt_text.reading import rows
from helpers.apps.alt_text.reading.cells import largest
from helpers.apps.alt_text.reading.columns import find_columns
from helpers.apps.alt_text.reading.occurrences import Columns, Reading, occurrences_in
from helpers.apps.alt_text.reading.rows import TableError
from helpers.apps.alt_text.reading.tables import open_table

PAGE = "https://a.example/dir/page.html"
ROWS = [["Page", "Bild", "Größe"], [PAGE, "bär.jpg", "5; 6, 7"], [PAGE, "b.jpg", ""]]


@pytest.fixture
def table(tmp_path):
    """Write an input and open it."""

    def table(content, *options, name="crawl.csv"):
        data = content if isinstance(content, bytes) else content.encode()
        (tmp_path / name).write_bytes(data)
        return open_table(tmp_path / name, *options)

    return table


def text_of(rows, delimiter):
    quoted = [[f'"{c}"' if {*c} & {*",;\t|"} else c for c in row] for row in rows]
    return "".join(delimiter.join(row) + "\r\n" for row in quoted)


# Tables


@pytest.mark.parametrize(
    "delimiter, encoding",
    list(itertools.product(",;\t|", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])),
)
def test_delimiter_and_encoding_are_found(table, delimiter, encoding):
    named = [encoding] if encoding == "cp1252" else []
    found = table(text_of(ROWS, delimiter).encode(encoding), *named)
    assert (found.kind, found.delimiter, found.header) == ("table", delimiter, True)
    assert found.columns == ROWS[0] and list(found.rows()) == ROWS[1:]


def test_what_is_named_is_not_guessed(table):
    found = table("Seite^Bild\n犬^犬.jpg\n".encode("shift_jis"), "shift_jis", "^")
    assert list(found.rows()) == [["犬", "犬.jpg"]]


def test_mixed_encodings_in_one_file_are_read_where_that_is_said(table):
    content = b"Image\nb\xc3\xa4r.jpg\nb\xe4r.jpg\n\x93dog\x94.jpg\n\x81.jpg\n"
    with pytest.raises(TableError, match="line 3 is not in utf-8.*; --encoding utf-8 takes such"):
        table(content)
    found = table(content, "utf-8")
    assert [row[0] for row in found.rows()] == ["bär.jpg", "bär.jpg", "“dog”.jpg", "\ufffd.jpg"]


def test_cells_hold_line_ends_quotes_and_separators_of_lines(table):
    found = table('Image,Note\na.jpg,"two\nlines, ""quoted"""\nb.jpg,one\u2028line\x0c\n')
    assert [row[1] for row in found.rows()] == ['two\nlines, "quoted"', "one\u2028line\x0c"]


def test_rows_longer_and_shorter_than_the_header_are_kept(table):
    found = table("Image,Alt\na.jpg,,x,y\nb.jpg\n\n,\n")
    assert list(found.rows()) == [["a.jpg", "", "x", "y"], ["b.jpg"], ["", ""]]


def test_a_table_without_header_has_numbered_columns(table):
    found = table(f"{PAGE},https://a.example/a.jpg\n{PAGE},https://a.example/b.jpg\n")
    assert found.columns == ["column 1", "column 2"] and len(list(found.rows())) == 2
    assert find_columns(found).address == 1


def test_a_quote_that_is_never_closed_is_named(table, monkeypatch):
    monkeypatch.setattr(rows, "LONGEST_CELL", 1000)
    before = csv.field_size_limit()
    with pytest.raises(TableError, match=r"line \d+: field larger.*quote never closed"):
        table('Image\n"a.jpg\n' + "b.jpg\n" * 1000)
    csv.field_size_limit(before)


SWALLOWED = "".join(f"{PAGE},https://a.example/{n}.jpg,\n" for n in range(9))


@pytest.mark.parametrize(
    "opening, closing",
    [(f'{PAGE},/a.jpg,"x', f'{PAGE},/b.jpg,y"'), (f'{PAGE},"/a.jpg,', '/b.jpg",')],
)
@pytest.mark.parametrize("first", ["", f"{PAGE},/c.jpg,\n"])
def test_a_quote_that_a_later_row_closes_is_named(table, opening, closing, first):
    text = f"Page,Image,Alt\n{first}{opening}\n{SWALLOWED}{closing}\n"
    line = 3 if first else 2
    with pytest.raises(TableError, match=rf"line {line}: .*swallows rows in line {line + 10}"):
        list(table(text).rows())


@pytest.mark.parametrize(
    "cell",
    ["a dog\na cat, wet\n", "<img src=/a.jpg>\n<img src=/b.jpg>", "/a.jpg,\n/b.jpg,\n"]
    + ["/a.jpg 1x,\n/b.jpg 2x, /c.jpg 3x", "https://a.example\nhttps://a.example/b.jpg"],
)
def test_cells_of_several_lines_are_no_rows(table, cell):
    found = table(f'Page,Image\n{PAGE},/c.jpg\n{PAGE},"{cell}"\n')
    assert list(found.rows())[1] == [PAGE, cell]


def test_a_line_that_is_none_is_refused(table, monkeypatch):
    monkeypatch.setattr(rows, "LONGEST_LINE", 1000)
    with pytest.raises(TableError, match=r"line 3 has more than 1,000 characters\. Export a table"):
        table("Image,Alt\na.jpg,\n" + "b.jpg," * 200 + "\n")
    assert len(list(table("Image\n" + "b" * 995 + ".jpg\n" * 2).rows())) == 2


@pytest.mark.slow
def test_a_file_of_one_line_is_not_read_whole(tmp_path):
    (tmp_path / "packed.csv.gz").write_bytes(gzip.compress(b"x" * 10**6) * 100)
    tracemalloc.start()
    with pytest.raises(TableError, match="more than 20,000,000 characters"):
        open_table(tmp_path / "packed.csv.gz")
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 150e6


def test_a_packed_table_is_unpacked(table):
    found = table(gzip.compress(text_of(ROWS, ",").encode()), name="crawl.csv.gz")
    assert list(found.rows()) == ROWS[1:]


@pytest.mark.parametrize(
    "content, said",
    [
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        ("\ufeff\ufeff".encode("utf-16"), "is empty"),
        (b"PK\x03\x04rest", "is no text"),
    ]
    + [(b"\xff\xd8\xff\xe0\0\0JFIF", "is no text"), (b"%PDF-1.7", "is no text")],
)
def test_what_is_no_table_is_refused(table, content, said):
    with pytest.raises(TableError, match=said):
        table(content)


# Lists and sitemaps


def test_a_plain_list_is_one_address_a_line(table):
    found = table(
        "https://a.example/a,b.jpg\r\n\r\n  //a.example/c.jpg \ndata:image/png;base64,iV=\n"
    )
    assert (found.kind, find_columns(found)) == ("list", Columns(0))
    assert [row[0] for row in found.rows()] == [
        "https://a.example/a,b.jpg", "//a.example/c.jpg", "data:image/png;base64,iV="
    ]  # fmt: skip


def test_a_list_may_have_a_name_above_it(table):
    found = table("Bild\nhttps://a.example/a,b\nhttps://a.example/c\n")
    assert (found.kind, found.columns, find_columns(found)) == ("list", ["Bild"], Columns(0))
    assert [row[0] for row in found.rows()] == ["https://a.example/a,b", "https://a.example/c"]


def test_a_table_of_addresses_is_no_list(table):
    found = table("https://a.example/1,https://a.example/a.jpg\n" * 2)
    assert (found.kind, len(found.columns)) == ("table", 2)


def test_a_sitemap_without_images_is_refused(table):
    with pytest.raises(TableError, match="pages but no images"):
        table("<urlset><url><loc>https://a.example/</loc></url></urlset>")


def test_an_index_of_sitemaps_is_named(table):
    parts = "".join(f"<sitemap><loc> https://a.example/{n}.xml </loc></sitemap>" for n in range(4))
    index = f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{parts}'
    first = ", ".join(f"https://a.example/{number}.xml" for number in range(3))
    cure = r"\. Download them and give each by itself"
    with pytest.raises(TableError, match=rf"an index of sitemaps: {first}, …{cure}"):
        table(f"{index}</sitemapindex>")
    with pytest.raises(TableError, match=rf"an index of sitemaps: https://a.example/0.xml{cure}"):
        table(f"{index.partition('</sitemap>')[0]}</sitemap></sitemapindex>")


def test_a_list_of_names_is_a_table_without_header(table):
    found = table("a.jpg\nb.png\n")
    assert not found.header and find_columns(found) == Columns(0)
    assert len(list(found.rows())) == 2


SITEMAP = """<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"
        xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">
<url><loc> https://a.example/1 </loc>
  <image:image><image:loc>https://a.example/a.jpg</image:loc>
  <image:title>A &amp; B</image:title></image:image>
  <image:image><image:loc>/b.jpg</image:loc></image:image></url>
<url><loc>https://a.example/2</loc></url>
</urlset>"""


def test_a_sitemap_of_images_is_read(table):
    found = table(SITEMAP)
    assert list(found.rows()) == [
        ["https://a.example/1", "https://a.example/a.jpg", "A & B", ""],
        ["https://a.example/1", "/b.jpg", "", ""],
    ]
    assert find_columns(found) == Columns(1, 0)
    packed = table(gzip.compress(SITEMAP.encode()), name="sitemap.xml.gz")
    assert list(packed.rows()) == list(found.rows())


def test_a_broken_sitemap_is_named(table):
    with pytest.raises(TableError, match="no well-formed sitemap"):
        table(SITEMAP.replace("</image:image></url>", "</url>"))


def test_a_sitemap_that_blows_up_is_refused(table):
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 30}">' for n in range(1, 9))
    bomb = f'<?xml version="1.0"?><!DOCTYPE u [<!ENTITY e0 "dog">{entities}]>'
    with pytest.raises(TableError, match="no well-formed sitemap"):
        table(f"{bomb}<urlset><url><loc>&e8;</loc></url></urlset>")


# Columns


@pytest.mark.parametrize(
    "header, row, columns",
    [
        ("Type,Source,Destination,Alt Text,Anchor", f"Image,{PAGE},/a.jpg,,", Columns(2, 1, 3)),
        ("Address,Content Type,Status Code", "https://a.example/a.jpg,x,200", Columns(0)),
        (
            "Handle,Image Src,Image Alt Text",
            "dog,https://a.example/a.jpg?v=1,",
            Columns(1, None, 2),
        ),
        ("url,html", f'{PAGE},<img src=""/a"" alt="""">', Columns(1, 0)),
        ("page_url,image_url,alt", f"{PAGE},https://cdn.example/42,", Columns(1, 0, 2)),
        ("URL,Größe", "https://cdn.example/42,5", Columns(0)),
        ("From,Dog", f"{PAGE},x.webp", Columns(1, 0)),
    ],
)
def test_columns_are_found_by_name_and_content(table, header, row, columns):
    row = ",".join(f'"{cell}"' if "<" in cell else cell for cell in row.split(","))
    assert find_columns(table(f"{header}\n{row}\n")) == columns


def test_columns_can_be_named_in_any_case_or_by_number(table):
    found = table("A,B,C\nx.jpg,y.jpg,z\n")
    assert find_columns(found, "b", "3", "a") == Columns(1, 2, 0)


def test_without_a_column_of_addresses_the_columns_are_listed(table):
    with pytest.raises(TableError) as caught:
        find_columns(table("Name,Preis €\ndog,5\n"))
    assert "it has 'Name', 'Preis €'. Name one with --address-column NAME" in str(caught.value)


# Cells


def seen(cell, page=PAGE, alt="", **options):
    images = occurrences_in([cell, page, alt], Columns(0, 1, 2), Reading(**options))
    return [(image.status or "go", image.address or image.message) for image in images]


@pytest.mark.parametrize(
    "cell, address",
    [
        ("https://b.example/a.jpg", "https://b.example/a.jpg"),
        (" a.jpg ", "https://a.example/dir/a.jpg"),
        ("../a b.jpg", "https://a.example/a b.jpg"),
        ("/a.jpg?b=1&c=2#top", "https://a.example/a.jpg?b=1&c=2"),
        ("//cdn.example/a.jpg", "https://cdn.example/a.jpg"),
        ('<img class="x" src="/a.jpg?b=1&amp;c=2" alt="">', "https://a.example/a.jpg?b=1&c=2"),
        ("<IMG SRC=a.jpg>", "https://a.example/dir/a.jpg"),
        ("<p><a href='x'><img src='a.jpg' alt></a>", "https://a.example/dir/a.jpg"),
        ('<img alt="" src="a.jpg"', "https://a.example/dir/a.jpg"),
        ('<img alt="" src="a.jpg', "https://a.example/dir/a.jpg"),
        ("<img alt='' src='a.jpg", "https://a.example/dir/a.jpg"),
        ('<![dog[<img src="a.jpg">', "the cell holds no <img> with an address"),
        ('<img src="data:image/gif;base64,R0" data-src="a.jpg">', "https://a.example/dir/a.jpg"),
        ('<img srcset="a.jpg 1x, b.jpg 2x">', "https://a.example/dir/b.jpg"),
        ("<p>no image</p>", "the cell holds no <img> with an address"),
        ("", "the cell is empty"),
        ("http://[a.jpg", "http://[a.jpg"),
    ],
)
def test_cells_give_absolute_addresses(cell, address):
    ((_, found),) = seen(cell)
    assert found == address


def test_a_cell_may_hold_several_images():
    assert len(seen('<img src="a.jpg"><img src="b.jpg" alt="B"><img src="c.jpg" width="1">')) == 3
    both = [("go", "https://b.example/a,b.jpg"), ("go", "https://b.example/c.jpg")]
    for separator in (" ", ", ", "|", "\n", ";"):
        assert seen(separator.join(address for _, address in both)) == both


@pytest.mark.parametrize(
    "tag",
    [
        '<img src="/blank.gif" data-src="real.jpg">',
        '<img src="blank.gif?v=1" data-src="" data-lazy-src="real.jpg">',
        '<img src="data:image/svg+xml,x" data-original="real.jpg" data-src="data:image/gif,x">',
        '<img src="about:blank" srcset="s.jpg 320w, real.jpg 1280w, m.jpg 640w">',
        '<img src="#" data-srcset="s.jpg, real.jpg 1.5x">',
        '<img srcset="data:image/gif;base64,R0lGOD 9w" data-srcset="\nreal.jpg 2w,\n s.jpg 1w,">',
        '<img src="/spacer.gif" data-src="real.jpg" data-srcset="other.jpg 9w">',
        '<picture><source srcset="real.jpg 2x, s.jpg"><img src="/1x1.png"></picture>',
        '<picture><source srcset="s.jpg 1w"><source data-srcset="real.jpg 2w"><img></picture>',
        '<picture><source srcset="no.jpg"></picture><img src="/blank.gif" data-src="real.jpg">',
        '<picture><source srcset="no.jpg"><img src="real.jpg"></picture>',
        '<img src="real.jpg" data-src="no.jpg" srcset="no.jpg 2x">',
    ],
)
def test_what_a_page_loads_late_is_found(tag):
    assert seen(tag) == [("go", "https://a.example/dir/real.jpg")]


@pytest.mark.parametrize(
    "tag",
    ['<img src="/blank.gif" data-src="">', '<img src="/blank.gif" srcset="data:image/gif,x 1x">']
    + ['<picture><source srcset="no.jpg"></picture><img src="/blank.gif">'],
)
def test_a_spacer_without_more_stays_one(tag):
    assert seen(tag) == [("looks_decorative", "https://a.example/blank.gif")]


@pytest.mark.parametrize(
    "candidates, address",
    [("a,b.jpg 1x,c,d.jpg 2x", "c,d.jpg"), ("a.jpg 640w,b.jpg 320w", "a.jpg")]
    + [("a.jpg", "a.jpg"), ("a.jpg,, b.jpg", "a.jpg"), (" , a,.jpg 1w , ", "a,.jpg"), ("", "")]
    + [("a.jpg 100w 50h, b.jpg 20w 90h", "a.jpg"), ("a.jpg w, b.jpg 0.5x", "a.jpg"), (",,", "")]
    + [("a.jpg?w=640w 1x, b.jpg?w=1 2x", "b.jpg?w=1")],
)
def test_the_largest_of_a_set_is_taken(candidates, address):
    assert largest(candidates) == address


@pytest.mark.parametrize(
    "cell, parts",
    [
        ("/img/a.jpg, /img/b.jpg", ["/img/a.jpg", "/img/b.jpg"]),
        ("a.jpg,\n b.PNG?v=1,  c.webp#x,", ["dir/a.jpg", "dir/b.PNG?v=1", "dir/c.webp"]),
        ("/a b.jpg; /c.jpg", ["/a b.jpg", "/c.jpg"]),
        ("/a.jpg|/b.jpg\n/c.jpg", ["/a.jpg", "/b.jpg", "/c.jpg"]),
        ("/w_300,h_200/a.jpg, /w_1,h_2/b.jpg", ["/w_300,h_200/a.jpg", "/w_1,h_2/b.jpg"]),
        ("/w_300,h_200/a.jpg", ["/w_300,h_200/a.jpg"]),
        ("/a.jpg,/b.jpg", ["/a.jpg", "/b.jpg"]),  # as Magento has it
        ("/Boats, red.jpg", ["/Boats, red.jpg"]),
        ("/42, /43", ["/42, /43"]),
        ("/crop?of=a.jpg, b.jpg", ["/crop?of=a.jpg, b.jpg"]),
        ("/a.jpg, https://a.example/b.jpg https://a.example/c.jpg", ["/a.jpg", "/b.jpg", "/c.jpg"]),
    ],
)
def test_relative_addresses_share_a_cell_if_all_look_like_images(cell, parts):
    assert seen(cell) == [("go", f"https://a.example/{part.lstrip('/')}") for part in parts]


@pytest.mark.timeout(60)  # each character looked at from each other one would take hours
def test_long_runs_of_space_do_not_hang():
    seen(f"a{' ' * 1_000_000}b")


def test_a_relative_address_needs_a_page():
    assert seen("a.jpg", page="") == [("no_address", "a.jpg")]
    assert seen("a.jpg", page="", base="https://b.example/x/") == [
        ("go", "https://b.example/x/a.jpg")
    ]
    assert occurrences_in(["a.jpg"], Columns(0, 7))[0].status == "no_address"


@pytest.mark.parametrize(
    "cell",
    ['<img src="a.jpg" role="presentation">', '<img src="a.jpg" role="none">']
    + ['<img src="a.jpg" aria-hidden="true">', '<img src="a.jpg" alt="">', "<img alt src=a.jpg>"]
    + ['<img src="a.jpg" alt="  " width="1">'],
)
def test_what_markup_calls_decorative_stays_so(cell):
    assert seen(cell)[0][0] == seen(cell, everything=True)[0][0] == "decorative"


@pytest.mark.parametrize(
    "cell",
    ['<img src="a.jpg" width="1" height="1">']
    + ['<img src="a.jpg" width="16px" height="16">', "/img/spacer.gif", "/pixel-1.png?x=1"]
    + ["https://stats.g.doubleclick.net/r/1", "https://www.facebook.com/tr?id=1"]
    + ['<img src="a.jpg" height=2>'],
)
def test_what_looks_decorative_is_for_a_person_to_confirm(cell):
    ((status, _),) = seen(cell)
    assert status == "looks_decorative"


@pytest.mark.parametrize(
    "cell",
    ['<img src="a.jpg" width="100%">', '<img src="a.jpg" width=32 height=31>', "/pixels.jpg"],
)
def test_other_images_are_not_taken_for_decorative(cell):
    ((status, _),) = seen(cell)
    assert status == "go"


def test_alt_text_is_kept_unless_everything_is_asked_for():
    tag = '<img src="a.jpg" alt=" A dog ">'
    assert occurrences_in([tag], Columns(0), Reading(base=PAGE))[0].alt == "A dog"
    assert seen("a.jpg", alt="A dog")[0][0] == "exists"
    assert seen("a.jpg", alt="A dog", everything=True)[0][0] == "go"
    assert seen(tag, everything=True)[0][0] == "go"
    assert seen("a.jpg", alt="  ")[0][0] == "go"  # a blank cell: nothing was there
