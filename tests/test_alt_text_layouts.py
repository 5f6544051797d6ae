"""Exports of crawlers and shops as they come, with content of our own: recognised in all."""

import csv
import io
from typing import NamedTuple

import pytest

from alt_text_site import open_it
from helpers.apps.alt_text.__main__ import main
from helpers.apps.alt_text.reading import Reading, open_input

S = "https://shop.example"
A, B = f"{S}/img/red-kettle.jpg", f"{S}/img/blue-cup.jpg"


class Layout(NamedTuple):
    """An export: how it is written, and what is to be found in it.

    found: (address, alt text) of each image. alt, page: names of columns, "" where there is none.
    """

    rows: list[list[str]]
    found: list[tuple[str, str]]
    alt: str = ""
    page: str = ""
    left_out: int = 0
    delimiter: str = ","
    encoding: str = "utf-8"
    above: str = ""
    base: str = ""


INLINKS = """Type|Source|Destination|Size (Bytes)|Alt Text|Anchor|Status Code|Status|Follow|Target
Rel|Path Type|Link Path|Link Position|Link Origin"""
INLINKS = INLINKS.replace("\n", "|").split("|")
SHOPIFY = """Handle|Title|Body (HTML)|Vendor|Product Category|Type|Tags|Published|Option1 Name
Option1 Value|Variant SKU|Variant Price|Image Src|Image Position|Image Alt Text|Gift Card|SEO Title
SEO Description|Variant Image|Status"""
SHOPIFY = SHOPIFY.replace("\n", "|").split("|")
MAGENTO = """sku|attribute_set_code|product_type|name|description|price|url_key|meta_title
meta_keywords|base_image|base_image_label|small_image|small_image_label|thumbnail_image
thumbnail_image_label|additional_images|additional_image_labels"""
MAGENTO = MAGENTO.replace("\n", "|").split("|")


def inlink(kind, target, alt="", anchor=""):
    path = ["Absolute", "//body/main/img", "Content", "HTML"]
    return [kind, f"{S}/page", target, "9120", alt, anchor, "200", "OK", "true", "", "", *path]


def product(image, position, alt, title="Kettle", body="<p>A kettle</p>"):
    middle = ["true", "Size", "L", "K-1", "20.00"]
    start = ["kettle", title, body, "Miller", "Kitchen", "Kettles", "red, kitchen"]
    return [*start, *middle, image, position, alt, "false", "", "", "", "active"]


def magento(image, label):
    start = [
        "K-1",
        "Default",
        "simple",
        "Kettle",
        "<p>Hot</p>",
        "20",
        "red-kettle",
        "Kettle",
        "tea",
    ]
    return [*start, image, label, image, "small", image, "tiny", "/a.jpg,/b.jpg", "one,two"]


LAYOUTS = {
    "Screaming Frog, images_missing_alt_text": Layout(
        [["Address", "Content Type", "Size (Bytes)", "IMG Inlinks", "Indexability"],
         [A, "image/jpeg", "9120", "3", "Indexable"], [B, "image/jpeg", "812", "1", "Indexable"]],
        [(A, ""), (B, "")],
    ),
    "Screaming Frog, images_all with a title": Layout(
        [["Address", "Content Type", "Size (Bytes)", "IMG Inlinks"],
         [A, "image/jpeg", "9120", "3"], [f"{S}/cdn/7", "image/webp", "812", "1"]],
        [(A, ""), (f"{S}/cdn/7", "")], above="Images - All\n",
    ),
    "Screaming Frog, all_inlinks": Layout(
        [INLINKS, inlink("Hyperlink", f"{S}/about", anchor="About us"), inlink("Image", A),
         inlink("CSS", f"{S}/a.css"), inlink("Image", B, "A blue cup"), inlink("Hyperlink", A)],
        [(A, ""), (B, "A blue cup")], alt="Alt Text", page="Source", left_out=3,
    ),
    "Screaming Frog, images_missing_alt_text_inlinks in German": Layout(
        [["Typ", "Quelle", "Ziel", "Größe (Bytes)", "Alt-Text", "Ankertext"],
         ["Bild", f"{S}/seite", A, "9120", "", ""], ["Hyperlink", f"{S}/", f"{S}/x", "0", "", "X"]],
        [(A, "")], alt="Alt-Text", page="Quelle", left_out=1,
    ),
    "Screaming Frog, internal_all": Layout(
        [["Address", "Content Type", "Status Code", "Indexability", "Title 1", "H1-1",
          "Canonical Link Element 1"],
         [f"{S}/", "text/html; charset=utf-8", "200", "Indexable", "Home", "Hello", f"{S}/"],
         [A, "image/jpeg", "200", "Indexable", "", "", ""]],
        [(A, "")], left_out=1,
    ),
    "Lumar, images": Layout(
        [["Found At URL", "Image URL", "Alt Tag", "HTTP Status Code"],
         [f"{S}/page", A, "", "200"], [f"{S}/page", B, "A cup", "200"]],
        [(A, ""), (B, "A cup")], alt="Alt Tag", page="Found At URL",
    ),
    "Sitebulb, images missing alt text": Layout(
        [["Referring URL", "Image URL", "Image Alt Text", "Image File Size (KiB)", "Location"],
         [f"{S}/page", A, "", "9.1", "Content"], [f"{S}/", B, "", "1.0", "Header"]],
        [(A, ""), (B, "")], alt="Image Alt Text", page="Referring URL",
    ),
    "Ahrefs, image links in UTF-16": Layout(
        [["Source URL", "Source HTTP status code", "Link URL", "Link type", "Alt attribute"],
         [f"{S}/page", "200", A, "image", ""], [f"{S}/page", "200", f"{S}/x", "hyperlink", ""]],
        [(A, "")], alt="Alt attribute", page="Source URL", left_out=1, delimiter="\t",
        encoding="utf-16",
    ),
    "Ahrefs, pages with missing alt texts": Layout(
        [["PR", "URL", "Organic traffic", "Missing alt attribute"],
         ["12", f"{S}/page", "3", f"{A}\n{B}"], ["2", f"{S}/", "1", A]],
        [(A, ""), (B, ""), (A, "")], page="URL",
    ),
    "Semrush, images without alt attributes": Layout(
        [["Page URL", "Image URL", "Discovered"],
         [f"{S}/page", A, "2026-05-01"], [f"{S}/page", f"{S}/i?id=7&amp;w=9", "2026-05-01"]],
        [(A, ""), (f"{S}/i?id=7&w=9", "")], page="Page URL",
    ),
    "Shopify, products": Layout(
        [SHOPIFY, product(A, "1", ""), product(B, "2", "A blue cup", "", ""),
         product("", "", "", "Mug", f"<p><img src='{A}'></p>")],
        [(A, ""), (B, "A blue cup"), ("", "")], alt="Image Alt Text",
    ),
    "WooCommerce, products": Layout(
        [["ID", "Type", "SKU", "Name", "Published", "Categories", "Tags", "Images"],
         ["7", "simple", "K-1", "Kettle", "1", "Kitchen", "red", f"{A}, {B}"],
         ["8", "variation", "K-2", "Cup", "1", "Kitchen", "", B]],
        [(A, ""), (B, ""), (B, "")],
    ),
    "WordPress, wp media list": Layout(
        [["ID", "post_title", "post_excerpt", "post_mime_type", "guid",
          "_wp_attachment_image_alt"],
         ["7", "kettle", "Hot", "image/jpeg", A, ""], ["8", "cup", "", "image/png", B, "Cup"],
         ["9", "film", "", "video/mp4", f"{S}/film.mp4", ""]],
        [(A, ""), (B, "Cup")], alt="_wp_attachment_image_alt", left_out=1,
    ),
    "WordPress, WP All Export": Layout(
        [["ID", "Title", "Image URL", "Image Title", "Image Caption", "Image Alt Text",
          "Permalink"],
         ["7", "Tea", f"{A}|{B}", "Kettle|Cup", "|", "", f"{S}/tea"]],
        [(A, ""), (B, "")], alt="Image Alt Text", page="Permalink",
    ),
    "Magento, catalog_product": Layout(
        [MAGENTO, magento("/r/e/red.jpg", ""), magento("/c/u/cup.jpg", "A cup")],
        [(f"{S}/r/e/red.jpg", ""), (f"{S}/c/u/cup.jpg", "A cup")], alt="base_image_label",
        base=f"{S}/",
    ),
    "PrestaShop, products": Layout(
        [["Product ID", "Active (0/1)", "Name *", "Image URLs (x,y,z...)",
          "Image alt texts (x,y,z...)"],
         ["7", "1", "Kettle", f"{A},{B}", "A red kettle,"], ["8", "1", "Cup", B, ""]],
        [(A, "A red kettle"), (B, ""), (B, "")], alt="Image alt texts (x,y,z...)", delimiter=";",
    ),
    "Airtable, a grid view": Layout(
        [["Name", "Attachments", "Alt text"],
         ["Tea", f"red kettle.jpg ({A}),cup (1).jpg ({B})", ""], ["Cup", f"c.jpg ({B})", "Cup"]],
        [(A, ""), (B, ""), (B, "Cup")], alt="Alt text",
    ),
    "Google Merchant, a feed": Layout(
        [["id", "title", "description", "link", "image_link", "additional_image_link", "price"],
         ["7", "Kettle", "Hot", f"{S}/kettle", A, f"{B},{A}", "20 EUR"],
         ["8", "Cup", "Blue", f"{S}/cup", B, "", "5 EUR"]],
        [(A, ""), (B, "")], page="link", delimiter="\t",
    ),
    "BigCommerce, products": Layout(
        [["Product ID", "Name", "Product Image URL - 1", "Product Image Description - 1",
          "Product URL"],
         ["7", "Kettle", A, "", f"{S}/kettle/"], ["8", "Cup", B, "A cup", f"{S}/cup/"]],
        [(A, ""), (B, "A cup")], alt="Product Image Description - 1", page="Product URL",
    ),
    "Wix, products": Layout(
        [["handleId", "fieldType", "name", "productImageUrl", "collection"],
         ["p7", "Product", "Kettle", f"{A};{B}", "Kitchen"], ["p7", "Variant", "", "", ""]],
        [(A, ""), (B, ""), ("", "")],
    ),
    "Squarespace, products": Layout(
        [["Product ID", "Product Page", "Product URL", "Title", "Hosted Image URLs"],
         ["7", "shop", "kettle", "Kettle", f"{A} {B}"]],
        [(A, ""), (B, "")],
    ),
    "Webflow, a collection": Layout(
        [["Name", "Slug", "Item ID", "Main image", "Main image: Alt", "Body"],
         ["Tea", "tea", "6f", A, "", "<p>x</p>"], ["Cup", "cup", "70", B, "A cup", "<p>y</p>"]],
        [(A, ""), (B, "A cup")], alt="Main image: Alt",
    ),
}  # fmt: skip


def written(layout, path):
    """Write an export; return its path."""
    file = io.StringIO()
    csv.writer(file, delimiter=layout.delimiter).writerows(layout.rows)
    path.write_bytes((layout.above + file.getvalue()).encode(layout.encoding))
    return path


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS.keys())
def test_rows_alt_column_and_images_of_an_export_are_recognised(layout, tmp_path):
    table = open_input(written(layout, tmp_path / "crawl.csv"), Reading(base=layout.base))
    rows = [images for _, images in table.occurrences()]
    assert [(image.address, image.alt) for images in rows for image in images] == layout.found
    assert sum(not images for images in rows) == layout.left_out
    alt, page = (
        "" if at is None else table.columns[at] for at in (table.places.alt, table.places.page)
    )
    assert (alt, page) == (layout.alt, layout.page)


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS.keys())
def test_an_export_with_nothing_to_do_is_no_error(layout, tmp_path, capsys):
    empty = layout._replace(rows=layout.rows[:1])
    path, target = written(empty, tmp_path / "crawl.csv"), str(tmp_path / "out.csv")
    named = ["--address-column", next(c for c in layout.rows[0] if says_address(c))]
    assert main([str(path), "-o", target, "--captioner", "0", *named], open_it) == 0
    assert "0 images: nothing to do" in capsys.readouterr().out


def says_address(column):
    return any(word in column for word in ("mage", "Address", "URL", "Destination", "Ziel", "guid",
                                           "Attachments", "Missing"))  # fmt: skip


def test_the_context_in_a_table_is_recognised(tmp_path):
    layout = LAYOUTS["Shopify, products"]
    table = open_input(written(layout, tmp_path / "crawl.csv"), Reading())
    _, (image,) = next(table.occurrences())
    assert image.context["title"] == "Kettle" and image.context["keywords"] == "red, kitchen"


def test_relative_names_between_commas_are_several_images(tmp_path):
    layout = LAYOUTS["Magento, catalog_product"]
    how = Reading(address_column="additional_images", base=f"{S}/")
    table = open_input(written(layout, tmp_path / "crawl.csv"), how)
    _, images = next(table.occurrences())
    assert [(i.address, i.alt) for i in images] == [(f"{S}/a.jpg", "one"), (f"{S}/b.jpg", "two")]
