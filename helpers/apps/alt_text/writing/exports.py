"""The way back: the texts that a person accepted, in the form that a site's own tools take.

Each writer takes all records and keeps those accepted or edited. It says at its end how many it
wrote, and which it had to leave out.
"""

import csv
import json
import re
import shlex
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from urllib.parse import unquote, urlsplit

from helpers.apps.alt_text.files import JobError
from helpers.apps.alt_text.writing.outputs import Record, Write, safe
from helpers.apps.wording import counted

Say = Callable[[str], object]
UPLOADS = re.compile(r"/wp-content/uploads/(?:sites/\d+/)?(?=.)")
SIZED = re.compile(r"-\d+x\d+(?=\.\w+$)")  # WordPress's smaller copies: photo-300x200.jpg
SCALED = re.compile(r"(?=\.\w+$)")  # and the large one that it keeps of a huge photo
SHOPIFY = ("Handle", "Title", "Image Src", "Image Alt Text")
SHOPIFY_TEXT, SHOPIFY_BYTES = 512, 15_000_000  # what its import takes at most
WORDPRESS = """#!/bin/sh
# Gives the reviewed alt texts to a WordPress, through WP-CLI (https://wp-cli.org). Run it in the
# folder of the WordPress. What you add is handed to wp: sh {script} --url=https://site.example
# It takes some seconds an image, and may be run again.
IFS=$(printf '\\t')
while read -r text file plain scaled <&3; do
  ids=
  for name in "$file" "$plain" "$scaled"; do
    [ -n "$ids" ] || ids=$(wp "$@" post list --post_type=attachment --format=ids \\
      --meta_key=_wp_attached_file "--meta_value=${{name#file:}}" < /dev/null)
  done
  [ -n "$ids" ] || printf 'not in this WordPress: %s\\n' "${{file#file:}}" >&2
  for id in $(printf '%s' "$ids" | tr ' ' '\\t'); do
    printf '%s' "${{text#alt:}}" | wp "$@" post meta update "$id" _wp_attachment_image_alt
  done
done 3< "$(dirname -- "$0")"/{data}
"""


def wanted(record: Record) -> bool:
    """True if a person accepted or wrote the text of a record."""
    return record.review is not None and record.review.kind in ("accepted", "edited")


def ending(path: Path, written: int, left: Counter) -> str:
    """Return what to say of a file: how many texts it holds, and what was left out, why."""
    reasons = ", ".join(f"{n:,} {why}" for why, n in left.items() if n)
    left_out = f"; left out: {reasons}" if reasons else ""
    return f"{path.name}: {counted(written, 'text')}{left_out}"


@contextmanager
def html_file(path: Path, columns: Sequence[str], name: Path, say: Say) -> Iterator[Write]:
    """Give a writer of a JSON map from address to text, for a template or a script."""
    texts, left = {}, Counter()

    def write(record: Record) -> None:
        if wanted(record) and not record.image_address.startswith(("http://", "https://")):
            left["without an address on the web"] += 1
        elif wanted(record):
            known = texts.setdefault(record.image_address, record.text)
            left["whose address has another text already"] += known != record.text

    yield write
    path.write_text(json.dumps(texts, ensure_ascii=False, indent=1) + "\n", "utf-8")
    say(ending(name, len(texts), left))


def uploaded(address: str) -> str:
    """Return the name of an image inside WordPress's uploads, "" for any other address."""
    try:
        parts = UPLOADS.split(urlsplit(address).path, maxsplit=1)
    except ValueError:
        return ""
    name = unquote(parts[1]) if len(parts) == 2 else ""
    return "" if re.search(r"[\0-\x1f\x7f]", name) else name


@contextmanager
def wordpress_file(path: Path, columns: Sequence[str], name: Path, say: Say) -> Iterator[Write]:
    """Give a writer of the lines that `script_file` reads: a text, and what its file may be called.

    No cell begins like a formula, and none is empty, since a shell takes two tabs for one.
    """
    known, left = {}, Counter()

    def write(record: Record) -> None:
        if not wanted(record):
            return
        if not (uploads := uploaded(record.image_address)):
            left["whose address is not in wp-content/uploads"] += 1
            return
        text = known.setdefault(uploads, record.text)
        left["whose file has another text already"] += text != record.text

    yield write
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for uploads, text in known.items():
            plain = SIZED.sub("", uploads)
            names = (uploads, plain, SCALED.sub("-scaled", plain))
            file.write("\t".join([f"alt:{text}", *(f"file:{n}" for n in names)]) + "\n")
    say(ending(name, len(known), left))


@contextmanager
def script_file(path: Path, columns: Sequence[str], name: Path, say: Say) -> Iterator[Write]:
    """Write the lines for WP-CLI. No text stands in them: they read it from the file beside."""
    data = name.with_suffix(".tsv").name
    script = "".join(c if c.isprintable() else "?" for c in name.name)  # it stands in a comment
    lines = WORDPRESS.format(script=script, data=shlex.quote(data))
    path.write_text(lines, "utf-8", newline="\n")
    yield lambda record: None


def require_shopify(columns: Sequence[str]) -> None:
    """Raise JobError for a table that is none of Shopify's products: the import would need more."""
    if missing := [name for name in SHOPIFY[:3] if name not in columns]:
        problem = f"--for shopify: the input has no column {', '.join(map(repr, missing))}"
        raise JobError(f"{problem}. Take the file that Shopify exports: Products, Export, CSV")


@contextmanager
def shopify_file(path: Path, columns: Sequence[str], name: Path, say: Say) -> Iterator[Write]:
    """Give a writer of a product CSV that changes nothing but alt texts."""
    require_shopify(columns)
    with path.open("w", encoding="utf-8", newline="") as file:
        products = Products(columns, csv.writer(file, lineterminator="\n"))
        yield products.write
    if products.guarded:
        changed = "got an apostrophe, since a spreadsheet would run them"
        say(f"{name.name}: {counted(products.guarded, 'text')} {changed}")
    if path.stat().st_size > SHOPIFY_BYTES:
        say(f"{name.name} has more than {SHOPIFY_BYTES / 1e6:.0f} MB: cut it before the import")
    say(ending(name, products.written.total(), products.left))


class Products:
    """Writes lines for Shopify's import, which asks for Handle and Title.

    The first line of a product has to hold its title, wherever the table has it.
    """

    def __init__(self, columns: Sequence[str], writer: object):
        self.places = [list(columns).index(name) for name in SHOPIFY[:3]]
        self.writer, self.titles, self.guarded = writer, {}, 0
        self.written, self.left = Counter(), Counter()
        self.writer.writerow(SHOPIFY)

    def write(self, record: Record) -> None:
        """Add the line of a record that a person accepted."""
        product, title, source = (record.row[place] for place in self.places)
        title = self.titles[product] = self.titles.get(product) or title
        if not wanted(record):
            return
        if problem := shopify_problem(record, product, title):
            self.left[problem] += 1
            return
        text = safe(record.text)
        self.guarded += text != record.text
        cells = [product, "" if self.written[product] else title, source]
        self.writer.writerow([*map(safe, cells), text])
        self.written[product] += 1


def shopify_problem(record: Record, product: str, title: str) -> str:
    """Return why Shopify's import would refuse a line, "" if it takes it."""
    if not product or not title:
        return "without a handle and a title"
    long = len(record.text) > SHOPIFY_TEXT
    return f"longer than the {SHOPIFY_TEXT} characters that Shopify takes" if long else ""


EXPORTS = {  # --for NAME: the files beside the output, by their endings
    "wordpress": {".for-wordpress.tsv": wordpress_file, ".for-wordpress.sh": script_file},
    "shopify": {".for-shopify.csv": shopify_file},
    "html": {".for-html.json": html_file},
}


def exports_beside(names: Sequence[str], place: Callable[[str], Path], say: Say) -> dict:
    """Return path -> writer of the files for the given sites; place gives a path by an ending."""
    found = {place(end): kind for name in names for end, kind in EXPORTS[name].items()}
    return {path: partial(kind, name=path, say=say) for path, kind in found.items()}
