"""The command line: what it offers, what it refuses, and how it says to read the input."""

import argparse
import dataclasses
import re
from collections.abc import Callable, Sequence
from math import inf

from helpers.apps.alt_text.files import JobError
from helpers.apps.alt_text.reading import Reading
from helpers.apps.alt_text.signs import origin
from helpers.apps.alt_text.visiting.lettering import has_rapidocr, require_rapidocr
from helpers.apps.alt_text.writing.exports import EXPORTS
from helpers.apps.alt_text.writing.outputs import require_pyarrow
from helpers.captioner import add_captioner_options
from helpers.console import program

DESCRIPTION = "Write alt texts for a table of images: crawl.csv -o out.csv"
EPILOG = """It visits each address once, as robots.txt allows, and can be stopped at any time: the
same command goes on. Beside out.csv it leaves out.jsonl, out.report.html for a person to review,
and out.state, which remembers what is done; delete that one when you are. What a review decided
is kept in out.reviewed.json, and stands whatever is suggested later."""

READ_TEXT = "read images of text instead of describing them; default: if rapidocr is installed"


def parse_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog=program(), description=DESCRIPTION, epilog=EPILOG)
    add = parser.add_argument
    add("input", help="a table, a sitemap, a list of addresses, img2dataset's folder")
    add("-o", "--output", metavar="OUT.CSV")
    add_captioner_options(parser)
    add("--all", action="store_true", help="caption images that have an alt text, too")
    add("--weak", action="store_true", help="and those whose alt text says little: a file name")
    add("--limit", type=number_from(int, 0), help="visit so many addresses in this run")
    add("--retry-failed", action="store_true", help="visit again what failed")
    add("--dry-run", action="store_true", help="tell what would be done; write nothing")
    add("--parquet", action="store_true", help="write out.parquet as well")
    add("--no-report", action="store_true", help="write no page to review")
    either = argparse.BooleanOptionalAction
    add("--read-text", action=either, default=has_rapidocr(), help=READ_TEXT)
    add("--scheduler", metavar="tcp://…", help="work on a Dask cluster")
    add_review_options(parser)
    add_groups(parser)
    options = parser.parse_args(arguments)
    if not options.output and not options.dry_run:
        parser.error("-o OUT.CSV is missing: where should the alt texts go?")
    return options


def check(options: argparse.Namespace) -> None:
    """Raise JobError or ImportError for options that would make every visit fail, or the end."""
    if options.parquet:
        require_pyarrow()
    if options.read_text:
        require_rapidocr()
    if not re.fullmatch(r"[\x20-\x7e\xa0-\xff]*", options.contact):
        problem = f"--contact {options.contact!r} holds letters that no header of HTTP can carry"
        raise JobError(f"{problem}. Write it without them, such as you@example.org")
    if options.max_requests and options.scheduler:
        problem = "--max-requests is counted by one process, and a cluster has many"
        raise JobError(f"{problem}. Leave out one of --max-requests and --scheduler")
    if re.search(r"[/@\s]", options.local):
        raise JobError(f"--local {options.local!r} is no server and port. Write 127.0.0.1:8000")
    if options.base and not origin(options.base):
        raise JobError(f"--base {options.base!r} is no address. Write https://… in full")


def add_groups(parser: argparse.ArgumentParser) -> None:
    """Add the options about visits and about the input."""
    add = parser.add_argument_group("visits").add_argument
    add("--rate", type=number_from(float, 0.001), default=5, help="a second and server; 5")
    add("--read-pages", action="store_true", help="read the pages on which images stand, too")
    add("--contact", default="", help="your address, for those who read their server's log")
    add("--local", default="", metavar="127.0.0.1:8000", help="let in a server of your own")
    add = parser.add_argument_group("the input, where it isn't recognised").add_argument
    add("--address-column", default="", metavar="NAME", help="its name, or 1 for the first")
    add("--page-column", default="", metavar="NAME", help="the page on which an image stands")
    add("--alt-column", default="", metavar="NAME", help="the alt text that an image has")
    add("--base", default="", metavar="https://…", help="what relative addresses belong to")
    add("--encoding", default="", help="such as cp1252 or shift_jis")
    add("--delimiter", default="", help="one character, or tab")


def add_review_options(parser: argparse.ArgumentParser) -> None:
    """Add the options about the review."""
    add = parser.add_argument_group("the review").add_argument
    some = number_from(int, 1)
    add("--sample", type=some, metavar="20", help="caption a spread of so many first")
    add("--price", type=number_from(float, 0), metavar="P", help="of 1,000 requests to a captioner")
    add("--beside", default="", metavar="NAME", help="a second captioner, to choose between")
    add("--review", action="append", default=[], metavar="out.review.json",
        help="take back what the page has saved, and write the files; visits nothing")  # fmt: skip
    add("--for", action="append", default=[], choices=EXPORTS, dest="exports",
        help="write what was accepted for a site's own tools")  # fmt: skip


def number_from(kind: Callable, least: float) -> Callable[[str], float]:
    """Return a reader of numbers that argparse turns into a usage message."""

    def number(text: str) -> float:
        if least <= kind(text) < inf:  # nan is neither
            return kind(text)
        raise ValueError(f"{text} is not {least} or more")

    return number


def reading_of(options: argparse.Namespace) -> Reading:
    """Return how the input is to be read."""
    given = {f.name: getattr(options, f.name, None) for f in dataclasses.fields(Reading)}
    given |= {"everything": options.all}
    given["delimiter"] = {"tab": "\t", "\\t": "\t"}.get(options.delimiter, options.delimiter)
    if len(given["delimiter"]) > 1 or given["delimiter"] in {*'"\r\n'}:
        raise JobError(f"--delimiter {options.delimiter!r} is not one character")
    return Reading(**given)
