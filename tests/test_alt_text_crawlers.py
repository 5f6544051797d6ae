"""Tables as crawlers, shops and people leave them: read as they are meant, or refused in words."""

import csv
import gzip
import io
import json

import pytest

from alt_text_site import run, site
from helpers.apps.alt_text.__main__ import main
from helpers.apps.alt_text.reading import open_input
from helpers.apps.alt_text.reading.cells import images_of
from helpers.apps.alt_text.reading.names import is_alt
from helpers.apps.alt_text.reading.occurrences import Columns, Reading, occurrences_in
from helpers.apps.alt_text.reading.rows import TableError
from helpers.apps.alt_text.records import MORE_COLUMNS, fitted, repeated
from helpers.apps.alt_text.writing.outputs import safe, unique
from helpers.apps.wording import counted

SITE = "https://a.example"


@pytest.fixture
def opened(tmp_path):
    """Write an input and recognise it."""

    def opened(content, name="crawl.csv", **reading):
        data = content if isinstance(content, bytes) else content.encode()
        (tmp_path / name).write_bytes(data)
        return open_input(tmp_path / name, Reading(**reading))

    return opened


def found(table):
    """Return address and alt text of every image, in the order of the rows."""
    return [
        (image.address.removeprefix(f"{SITE}/"), image.alt)
        for _, images in table.occurrences()
        for image in images
    ]


ROWS = f'"{SITE}/p","{SITE}/1.jpg",""\n"{SITE}/p","{SITE}/2.jpg","a dog"\n'
BOTH = [("1.jpg", ""), ("2.jpg", "a dog")]
HEADER = '"Source","Destination","Alt Text"\n'


@pytest.mark.parametrize(
    "above",
    ["", "Images - Missing Alt Text\n", '"Images - Missing Alt Text",,\n', "\n\nTitle\n\n"]
    + ["# crawled 2024-05-01\n", "# crawled, in May, by me\n", "sep=,\n", '"sep=,"\n', "#\n"]
    + ["Report: images\nDate: 2024-05-01\n\n", "Crawl of,a.example\n", f"{SITE}\n"]
    + ["sep=,\nTitle\n# comment\n", "Images, of May\n", f"Crawl of {SITE}/a.jpg\n"],
)
@pytest.mark.parametrize("header", [HEADER, "Von,Nach,Alternativtext\n"])
def test_what_stands_above_the_header_is_no_row(opened, above, header):
    if above == f"{SITE}\n" and header != HEADER:
        pytest.skip("an address above unknown names is a row")
    table = opened(above + header + ROWS)
    assert table.header and found(table) == BOTH
    assert table.places == Columns(1, 0, 2)
    lines = [line for line in above.splitlines() if line.strip('",') and "sep=" not in line]
    assert len(table.above) == len(lines)


@pytest.mark.parametrize("delimiter", ",;\t|")
def test_a_table_below_hundreds_of_empty_lines_is_read(opened, delimiter):
    assert found(opened("\n" * 300 + (HEADER + ROWS).replace('","', f'"{delimiter}"'))) == BOTH


@pytest.mark.parametrize("header", [HEADER, "Page,Image,Remark\n", "a,b,c\n"])
@pytest.mark.parametrize("rows", [1, 2, 5])
def test_semicolons_within_cells_are_no_delimiter(opened, header, rows):
    style = "color:red;width:1px;height:2px;border:0"
    cell = f"<img src='/1.jpg' style='{style}' alt='&lt;&gt;'>"
    table = opened(header + f'{SITE}/p,"{cell}",\n' * rows)
    assert (table.delimiter, len(table.columns)) == (",", 3)
    assert [address for address, _ in found(table)] == ["1.jpg"] * rows


@pytest.mark.parametrize("delimiter", ";\t|^")
def test_a_first_line_names_the_separator(opened, delimiter):
    text = f"sep={delimiter}\n{HEADER}{ROWS}".replace('","', f'"{delimiter}"')
    assert found(opened(text)) == BOTH


@pytest.mark.parametrize(
    "header", ["#,Image,Alt", "#id,Image,Alt", ",Image,Alt", "# ,Image,Alt", "Nr,Image,Alt"]
)
def test_a_header_that_looks_like_less_is_one(opened, header):
    table = opened(f"{header}\n1,{SITE}/1.jpg,\n2,{SITE}/2.jpg,a dog\n")
    assert found(table) == BOTH and not table.above and table.columns == header.split(",")


def test_no_row_with_an_address_is_taken_for_a_title(opened):
    assert len(found(opened(f"{SITE}/0.jpg\n{SITE}/1.jpg,a,b\n{SITE}/2.jpg,a,b\n"))) == 3
    assert len(found(opened(f"{SITE}/0.jpg,,\n{SITE}/1.jpg,a,b\n"))) == 2
    assert found(opened("My images\nImage\nx.jpg\ny.jpg\n")) == [("x.jpg", ""), ("y.jpg", "")]


@pytest.mark.parametrize(
    "content",
    ["Address,Content Type\n", "Image\n", "Source,Destination,Alt Text\n", "Title\nImage,Alt\n"]
    + ["Type,Source,Destination\n", "Bild-URL;Alternativtext\n", "sep=;\nImage;Alt\n"]
    + [f"Type,From,To\nHyperlink,{SITE}/a,{SITE}/b\n", f"image,alt\n{SITE}/a.jpg,dog\n"]
    + [f"Address,Content Type\n{SITE}/,text/html\n", "Image,Alt\n,\n"],
)
def test_nothing_to_do_is_no_error(tmp_path, capsys, content):
    (tmp_path / "crawl.csv").write_text(content)
    assert main([str(tmp_path / "crawl.csv"), "--dry-run"]) == 0
    assert "\n0 addresses on 0 servers" in capsys.readouterr().out
    for _ in "again":
        assert run(tmp_path / "crawl.csv", tmp_path / "out.csv") == 0
    if "\n" not in content.removeprefix("sep=;\n").strip():
        assert "0 images: nothing to do" in capsys.readouterr().out


@pytest.mark.parametrize(
    "content", ["\n\r# x\n", "#\n#\n", "sep=;\n", "# a\n\n\n", ",,\n,,\n", "sep=\n"]
)
def test_what_is_above_nothing_is_refused(opened, content):
    with pytest.raises(TableError, match="no column with addresses"):
        opened(content)


def test_a_header_alone_without_a_known_name_is_refused(opened):
    with pytest.raises(TableError, match="no column with addresses of images; it has 'Name'"):
        opened("Name,Price\n")


@pytest.mark.parametrize(
    "name",
    [
        "Alt",
        "alt_text",
        "Alt Text 1",
        "altText2",
        "Current Alt Text",
        "Texte Alt",
        "Texte alternatif",
    ]
    + ["Alternativtext", "Alternativtext 3", "Testo alternativo", "Texto alternativo", "Alt-tekst"]
    + [
        "代替テキスト",
        "替代文本",
        "대체 텍스트",
        "Tekst alternatywny",
        "Альтернативный текст",
        "ALT",
    ]
    + ["Image Alt Text", "img_alt", "Bild-Alt-Text", "Original Alt", "Alt-Attribut", "alt属性"]
    + ["Product Image Alt Text", "Alternative text", "Texto alternativo de la imagen", "Alt tag"]
    + ["Alternatieve tekst", "Alt Txt", "النص البديل"],
)
def test_columns_of_alt_texts_are_known(opened, name):
    assert is_alt(name)
    table = opened(
        f"Kind,Page URL,Image URL,{name}\nx,{SITE}/p,{SITE}/1.jpg,\n,,{SITE}/2.jpg,a dog\n"
    )
    assert found(table) == BOTH and table.places.alt == 3


@pytest.mark.parametrize(
    "name",
    [
        "Alt Text Length",
        "Missing Alt Text",
        "New alt text",
        "Alternative image",
        "Altitude",
        "Title",
    ]
    + [
        "代替テキスト長",
        "Alt URL",
        "Alternativpreis",
        "Alter",
        "Images missing alt",
        "Alt Text Pixels",
    ],
)
def test_other_columns_are_not_taken_for_alt_texts(tmp_path, capsys, name):
    assert not is_alt(name)
    (tmp_path / "crawl.csv").write_text(f"Image,{name}\n{SITE}/1.jpg,12\n", "utf-8")
    assert main([str(tmp_path / "crawl.csv"), "--dry-run"]) == 0
    assert "no alt column found (--alt-column NAME" in capsys.readouterr().out


def test_a_run_without_alt_texts_says_so_before_it_visits(tmp_path, capsys):
    with site() as running:
        (tmp_path / "crawl.csv").write_text(f"Image,Price\n{running.url}/1.png,12\n", "utf-8")
        assert run(tmp_path / "crawl.csv", tmp_path / "out.csv", running) == 0
    assert "no alt column found (--alt-column NAME" in capsys.readouterr().err


def test_of_several_alt_columns_that_of_the_image_is_taken(opened):
    head = "Image 1,Alt Text 1,Image 2,Alt Text 2\n"
    table = opened(f"{head}{SITE}/1.jpg,one,{SITE}/2.jpg,two\n", address_column="Image 2")
    assert found(table) == [("2.jpg", "two")]
    assert found(opened(f"Image,Alt 1,Alt\n{SITE}/1.jpg,no,yes\n")) == [("1.jpg", "yes")]


KINDS = ["Image", "Hyperlink", "CSS", "JavaScript", "Canonical", "iFrame"]
MIMES = ["image/jpeg", "text/html; charset=UTF-8", "text/css", "application/pdf", "video/mp4"]


@pytest.mark.parametrize(
    "header, kinds",
    [("Type", KINDS), ("Kind", [kind.lower() for kind in KINDS]), ("Content Type", MIMES)]
    + [("Typ", ["Bild", "Link", "CSS"]), ("種類", ["画像", "リンク"]), ("Was", MIMES)]
    + [("Type", ["Image", "Lien hypertexte", "Feuille de style"]), ("Type", ["IMG", "Page"])]
    + [("Resource Type", ["image", "document", "script", "font", "xhr"])],
)
def test_rows_of_another_kind_are_left_out_and_counted(tmp_path, capsys, header, kinds):
    rows = [f"{kind},{SITE}/p,{SITE}/{n}" for n, kind in enumerate(kinds)]
    (tmp_path / "crawl.csv").write_text("\n".join([f"{header},Source,Address", *rows]), "utf-8")
    assert main([str(tmp_path / "crawl.csv"), "--dry-run"]) == 0
    said = capsys.readouterr().out
    assert f"{counted(len(kinds) - 1, 'row')} left out, whose '{header}' is no image" in said
    assert f"\n1 address on 1 server would be visited\n  {SITE}/0\n" in said


@pytest.mark.parametrize(
    "kind", ["", "Shoes", "Photo", "image/svg+xml", "application/octet-stream", "Video", "hero"]
)
def test_other_rows_are_kept(opened, kind):
    table = opened(f"Handle,Type,Image Src\nx,{kind},{SITE}/1.jpg\ny,Image,{SITE}/2.jpg\n")
    assert [address for address, _ in found(table)] == ["1.jpg", "2.jpg"]


def test_a_link_to_an_image_file_is_no_image(opened):
    table = opened(f"Type,Source,Destination\nHyperlink,{SITE}/,{SITE}/1.jpg\n")
    assert found(table) == []


def sources(cell):
    return [image["src"] for image in images_of(cell)]


A, B = f"{SITE}/a.jpg", f"{SITE}/b_(1).png?x=1,2"


@pytest.mark.parametrize(
    "cell, addresses",
    [
        (f"dog.jpg ({A})", [A]),
        (f"dog.jpg ({A}),b (1).png ({B})", [A, B]),
        (f'["{A}","{B}"]', [A, B]),
        (f"['{A}', '{B}']", [A, B]),
        (json.dumps([A, B]).replace("/", "\\/"), [A, B]),
        (json.dumps([{"url": A, "name": "a.jpg"}, {"url": B}]), [A, B]),
        ('["/a.jpg", "b.png"]', ["/a.jpg", "b.png"]),
        (f"url({A})", [A]),
        (f'background: #fff url("{A}") no-repeat, url(\'b.png\')', [A, "b.png"]),
        (f"![a dog]({A})", [A]),
        (f"text ![]({B}) and ![x](<{A}> \"title\")", [B, A]),
        (f'=IMAGE("{A}")', [A]),
        (f'=HYPERLINK("{A}";"dog")', [A]),
        (f'"{A}"', [A]),
        (f"see {A} please", [A]),
        (f"{SITE}/a.jpg?x=1&amp;y=2", [f"{SITE}/a.jpg?x=1&y=2"]),
        (f"&lt;img src=&quot;{A}&quot;&gt;", [A]),
        (f"{A} 1x, {B} 2x", [B]),
        ("a.jpg 320w, b.jpg 640w", ["b.jpg"]),
        (f"{A} | {B}", [A, B]),
        (B, [B]),
        (f"{SITE}/dog's (1).jpg", [f"{SITE}/dog's (1).jpg"]),
        ("img/dog's (1).jpg", ["img/dog's (1).jpg"]),
        ("photo (2).jpg", ["photo (2).jpg"]),
        (f"<img src={A} title='x > <img src=no.jpg>'><img src=b.png>", [A, "b.png"]),
        (f"<!-- <img src=no.jpg> --><script>'<img src=no.jpg>'</script><img src={A}>", [A]),
        (f'<a title="<img src=no.jpg>"><img src="{A}"></a>', [A]),
    ],
)  # fmt: skip
def test_addresses_are_found_in_what_is_around_them(cell, addresses):
    assert sources(cell) == addresses


def test_markdown_has_an_alt_text():
    (image,) = occurrences_in([f"![a dog]({A})"], Columns(0))
    assert (image.status, image.alt) == ("exists", "a dog")


TEXT = f"Image,Note\n{SITE}/1.jpg,bär\n{SITE}/2.jpg,犬\n"


@pytest.mark.parametrize(
    "data, said",
    [(f"Image,Note\n{SITE}/1.jpg,Bär\n".encode("cp1252"), "line 2 .*“[^”]*Bär” in cp1252")]
    + [(f"Image,Note\n{SITE}/1.jpg,собака\n".encode("cp1251"), "line 2 .*собака” in cp1251")]
    + [(f"Image,Note\n{SITE}/1.jpg,犬の画像\n".encode("shift_jis"), "犬の画像” in shift_jis")]
    + [(f"Image,Note\n{SITE}/1.jpg,一只狗\n".encode("gb18030"), "一只狗” in gb18030")]
    + [
        (TEXT.encode()[:-2], "line 3 is not in utf-8"),
        (TEXT.encode("utf-16")[:-1], "line 3 is not"),
    ],
)
def test_other_encodings_are_asked_for(opened, data, said):
    with pytest.raises(TableError, match=said) as raised:
        opened(data)
    assert "Name the encoding with --encoding" in str(raised.value)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32"])
def test_encodings_that_say_themselves_are_read(opened, encoding):
    assert [row[1] for row, _ in opened(TEXT.encode(encoding)).occurrences()] == ["bär", "犬"]


def test_a_named_encoding_that_does_not_fit_is_refused(opened):
    for encoding in ("shift_jis", "ascii", "cp1252"):
        with pytest.raises(TableError, match=rf"line 2 is not in {encoding}"):
            opened(f"Image,Note\n{SITE}/1.jpg,\x81 \xff\n".encode("latin-1"), encoding=encoding)
    for encoding in ("klingon", "hex", "undefined", "\0"):
        with pytest.raises(TableError, match="there is no encoding"):
            opened(TEXT, encoding=encoding)


@pytest.mark.slow
def test_what_is_not_utf_8_far_below_is_refused_before_any_visit(tmp_path, capsys):
    with site() as running:
        lines = [f"{running.url}/{n}.png,x\n" for n in range(3000)]
        data = ("Image,Note\n" + "".join(lines)).encode() + b"http://a.example/1.png,b\xe4r\n"
        (tmp_path / "crawl.csv").write_bytes(data)
        assert run(tmp_path / "crawl.csv", tmp_path / "out.csv", running) == 1
        assert not running.visits and "line 3,002 is not in utf-8" in capsys.readouterr().err
        (tmp_path / "crawl.csv").write_text("Image\n")  # mended, it is no other job
        assert run(tmp_path / "crawl.csv", tmp_path / "out.csv", running) == 0


@pytest.mark.parametrize(
    "row, said",
    [(f'{SITE}/p,{SITE}/x.jpg,"5 inch', "line 6: the quote that opens there reaches to the end")]
    + [(f'{SITE}/p,"{SITE}/x.jpg,', "line 6: the quote that opens there reaches to the end")]
    + [(f'"{SITE}/p,{SITE}/x.jpg,', "line 6: the quote that opens there reaches")]
    + [(f'{SITE}/p,{SITE}/x.jpg,"<img src="x.jpg">"', "line 6: a quote closes in the midst")],
)
def test_a_quote_that_is_never_closed_is_named_by_its_line(opened, row, said):
    rows = f"{SITE}/p,{SITE}/1.jpg,\n"
    with pytest.raises(TableError, match=said):
        list(opened(HEADER + rows * 4 + row + "\n" + rows * 300).rows())


def test_a_quote_that_closes_rows_below_is_named(opened):
    rows = f"{SITE}/p,{SITE}/1.jpg,\n"
    content = HEADER + rows * 2 + f'{SITE}/p,{SITE}/x.jpg,"5 inch\n' + rows * 500
    with pytest.raises(TableError, match="line 4: a quote closes in line 505 in the midst"):
        list(opened(content + f'{SITE}/p,{SITE}/x.jpg,"a dog"\n').rows())


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_quotes_that_are_closed_are_read(opened, end):
    rows = [["Image", "Note"], [f"{SITE}/1.jpg", f'two{end}lines, "quoted"'], ["2.jpg", '5" ']]
    file = io.StringIO()
    csv.writer(file, lineterminator=end).writerows(rows)
    assert list(opened(file.getvalue()).rows()) == rows[1:]


# What it costs


@pytest.mark.slow
def test_a_wide_row_makes_no_other_one_wider(tmp_path):
    with site() as running:
        rows = [f"{running.url}/{n % 3}.png,x\n" for n in range(2000)]
        wide = f"{running.url}/4.png," + ",".join(map(str, range(50_000)))
        (tmp_path / "crawl.csv").write_text("".join(["Image,Note\n", *rows, wide, "\n"]))
        assert run(tmp_path / "crawl.csv", tmp_path / "out.csv", running) == 0
    written = sum(path.stat().st_size for path in tmp_path.glob("out.*"))
    assert written < 6 * (tmp_path / "crawl.csv").stat().st_size + 2000 * 500
    with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as file:
        *_, last = csv.reader(file)
    assert ",".join(last[1 : 2 + MORE_COLUMNS]) == wide.partition(",")[2]  # nothing is lost


@pytest.mark.slow
def test_a_cell_of_thousands_of_images_is_written_once(tmp_path):
    cell = " ".join(f"https://10.0.0.1/{n}.jpg" for n in range(3000))
    (tmp_path / "crawl.csv").write_text(f"Image,Note\n{cell},dog\n")
    assert run(tmp_path / "crawl.csv", tmp_path / "out.csv", None, "--limit", "0") == 0
    assert sum(path.stat().st_size for path in tmp_path.glob("out.*")) < 15e6
    rows = list(csv.reader((tmp_path / "out.csv").open(encoding="utf-8-sig", newline="")))
    assert len(rows) == 3001 and rows[1][0] == cell and rows[3000][1] == "dog"
    assert rows[3000][2] == "https://10.0.0.1/2999.jpg"


def test_a_table_of_too_many_columns_is_refused(opened):
    with pytest.raises(TableError, match="has 2,001 columns.*--delimiter"):
        opened(",".join(["Image"] * 2001) + "\n")
    assert len(unique(["a"] * 2000)) == 2000


def test_rows_fit_their_columns():
    assert fitted(["a"], 3, ",") == ["a", "", ""] and fitted(["a", "b", "c"], 2, ";") == [
        "a",
        "b;c",
    ]
    assert repeated(["x" * 2001, "y"]) == ["x" * 1000 + "…", "y"] and repeated(["x"]) == ["x"]


@pytest.mark.slow
@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "unit",
    ["<a ", "<!--", '<img src="', "<img ", "<![", "</", "<script>", "<a '>\"", '<a ">" \'', "<"]
    + ["&#", "<picture>", "<img a='", "![", "url(", "(//", '["//', "a ", " ,;", "=", "\t", ',\n;"']
    + [
        "<style",
        "<img\n=",
        "![](",
        "![](a(",
        "('//a(",
        "http://",
        "data:,",
        "1x, ",
        "<source srcset='",
    ],
)
@pytest.mark.timeout(300)
def test_a_cell_takes_time_for_its_length(unit):
    """With the square of its length it would hang, and its time run out."""
    for cell in (f"<img src=a.png>{unit * 20_000}", unit * 20_000, f"{unit * 20_000}=x"):
        occurrences_in([cell], Columns(0), Reading(base=SITE))
        safe(cell)


@pytest.mark.parametrize("delimiter", ",;\t|")
@pytest.mark.parametrize("reads", ",;\t|")
def test_no_cell_is_a_formula_whatever_separates_them(delimiter, reads):
    starts = ["", "a", "a ", '"', "'", "5", "\n", "é"]
    marks = [f"{sep}{pad}" for sep in ",;\t|\n\r" for pad in ("", " ", '"', '""', "\n", ";")]
    cells = [f"{a}{b}{c}1+1" for a in starts for b in marks for c in "=+-@"]
    file = io.StringIO()
    writer = csv.writer(file, delimiter=delimiter)
    writer.writerows([["x", safe(cell, delimiter), "x"] for cell in cells])
    for row in csv.reader(io.StringIO(file.getvalue(), newline=""), delimiter=reads):
        assert not [cell for cell in row if cell.strip(' "')[:1] in tuple("=+-@")]


@pytest.mark.slow
def test_a_packed_table_that_is_cut_off_is_named(tmp_path, capsys):
    lines = "".join(f"{SITE}/{hash(str(n))}.jpg\n" for n in range(20_000))
    (tmp_path / "crawl.csv.gz").write_bytes(gzip.compress(f"Image\n{lines}".encode())[:-5000])
    assert run(tmp_path / "crawl.csv.gz", tmp_path / "out.csv") == 1
    assert "is packed, and cut off or damaged" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words, said",
    [
        (["--contact", "Łukasz"], "--contact 'Łukasz' holds letters"),
        (["--contact", "a\nb"], "--contact"),
    ]
    + [
        (["--local", "http://127.0.0.1:80"], "no server and port"),
        (["--base", "a.example"], "https://"),
    ]
    + [(["--delimiter", '"'], "--delimiter")],
)
def test_options_that_no_visit_survives_are_told_at_the_start(tmp_path, capsys, words, said):
    (tmp_path / "crawl.csv").write_text("Image\nhttps://10.0.0.1/a.jpg\n")
    for more in ([], ["--dry-run"]):
        assert run(tmp_path / "crawl.csv", tmp_path / "out.csv", None, *words, *more) == 1
        assert said in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["crawl.csv"]


@pytest.mark.parametrize(
    ("header", "row", "more"),
    [
        ("sku,image_1,alt_1,image_2,alt_2", "7,{}/1.jpg,,{}/2.jpg,a dog", ["image_2", "alt_2"]),
        ("Thumbnail,Image,Alt", "{}/t.jpg,{}/1.jpg,", ["Thumbnail"]),
        ("Image,Alt,Alt", "{}/1.jpg,,a dog", ["Alt"]),
        ("Page,Image,Alt,Title", "{}/p,{}/1.jpg,,a dog", []),
    ],
)
def test_further_columns_of_images_or_alt_texts_are_named(tmp_path, capsys, header, row, more):
    (tmp_path / "crawl.csv").write_text(f"{header}\n{row.replace('{}', SITE)}\n")
    assert main([str(tmp_path / "crawl.csv"), "--dry-run"]) == 0
    said = ", ".join(map(repr, more))
    told = f"more columns of images or alt texts, not read: {said}; --address-column and"
    assert (told in capsys.readouterr().out) == bool(more)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (json.dumps([{"url": f"{SITE}/1.jpg", "alt": ""}]), "is JSON. Write it as CSV"),
        (json.dumps([{"url": f"{SITE}/1.jpg", "alt": ""}], indent=1), "is JSON"),
        (json.dumps([f"{SITE}/1.jpg", f"{SITE}/2.jpg"], indent=1), "is JSON"),
        (json.dumps({"url": f"{SITE}/1.jpg", "alt": ""}) + "\n" + "{}\n", "is JSON"),
        (f'<!DOCTYPE html>\n<html>\n<img src="{SITE}/1,2.jpg">\n', "is a web page"),
        (f'\n<html lang="en">\n<img src="{SITE}/1,2.jpg">\n', "is a web page"),
        (f'"Image,Alt"\n"{SITE}/1.jpg,"\n', "one cell, 'Image,Alt'. Take away quotes"),
        (f"\"Image;Alt\"\n'{SITE}/1.jpg;'\n", "else ';' is the --delimiter"),
        (f'"Image\r\n,Alt"\n"{SITE}/1.jpg,"\n', "the names of the columns are one cell"),
    ],
)
def test_what_would_be_read_wrongly_as_a_table_is_refused(opened, content, said):
    with pytest.raises(TableError) as error:
        opened(content)
    assert said in str(error.value)


def test_invisible_characters_around_an_address_are_no_part_of_it(opened):
    rows = f"{SITE}/1.jpg\u200b,\n\ufeff{SITE}/2.jpg\u200e,a dog\n\xa0{SITE}/3.jpg\xa0,\n"
    assert found(opened(f"Image,Alt\n{rows}")) == [*BOTH, ("3.jpg", "")]
