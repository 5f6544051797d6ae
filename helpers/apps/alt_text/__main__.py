"""Write alt texts for a table of images: crawl.csv -o out.csv"""

import argparse
import dataclasses
import re
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict
from errno import ENOSPC
from math import inf
from pathlib import Path
from tempfile import TemporaryDirectory

from helpers.apps.alt_text.captioning.loading import (
    captioner_hash,
    default_captioner,
    load_captioner,
)
from helpers.apps.alt_text.captioning.work import Settings
from helpers.apps.alt_text.job import LASTING, Job, JobError
from helpers.apps.alt_text.reading import Reading, Table
from helpers.apps.alt_text.reviewing import (
    about,
    add_review_options,
    addresses_to_visit,
    both,
    check_exports,
    remember,
    said_of_review,
    show,
    take_reviews,
)
from helpers.apps.alt_text.signs import origin
from helpers.apps.alt_text.store import Store
from helpers.apps.alt_text.writing.outputs import require_pyarrow
from helpers.apps.alt_text.writing.verdict import Rest
from helpers.captioner import add_search_options
from helpers.console import print_anything, program
from helpers.images import USER_AGENT

EPILOG = """It visits each address once, as robots.txt allows, and can be stopped at any time: the
same command goes on. Beside out.csv it leaves out.jsonl, out.report.html for a person to review,
and out.state, which remembers what is done; delete that one when you are. What a review decided
is kept in out.reviewed.json, and stands whatever is suggested later."""


def main(
    arguments: Sequence[str] | None = None,
    load: Callable = load_captioner,
    fingerprint: Callable = captioner_hash,
) -> int:
    """Write alt texts for a table of images; return 1 for a user's mistake, 130 if stopped.

    load, fingerprint: how to get a captioner and its hash by name; tests take one of their own.
    """
    print_anything()
    options = parse_arguments(arguments)
    try:
        check(options)
        with closing(Job(options.input, options.output or "", reading_of(options))) as job:
            return run(job, options, load, fingerprint)
    except (ValueError, OSError, ImportError) as error:  # ours say what to do
        full = getattr(error, "errno", None) == ENOSPC
        cure = "the disk is full. Make room, and give the command again. " * full
        print(f"{cure}{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped; the same command goes on from here", file=sys.stderr)
        return 130


def parse_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog=program(), description=__doc__, epilog=EPILOG)
    add = parser.add_argument
    add("input", help="a table, a sitemap, a list of addresses, img2dataset's folder")
    add("-o", "--output", metavar="OUT.CSV")
    add("--captioner", help="a name or a folder")
    add_search_options(parser)
    add("--all", action="store_true", help="caption images that have an alt text, too")
    add("--limit", type=number_from(int, 0), help="visit so many addresses in this run")
    add("--retry-failed", action="store_true", help="visit again what failed")
    add("--dry-run", action="store_true", help="tell what would be done; write nothing")
    add("--parquet", action="store_true", help="write out.parquet as well")
    add("--no-report", action="store_true", help="write no page to review")
    add("--scheduler", metavar="tcp://…", help="work on a Dask cluster")
    add_review_options(parser, number_from)
    add_groups(parser)
    options = parser.parse_args(arguments)
    if not options.output and not options.dry_run:
        parser.error("-o OUT.CSV is missing: where should the alt texts go?")
    return options


def check(options: argparse.Namespace) -> None:
    """Raise JobError or ImportError for options that would make every visit fail, or the end."""
    if options.parquet:
        require_pyarrow()
    if not re.fullmatch(r"[\x20-\x7e\xa0-\xff]*", options.contact):
        problem = f"--contact {options.contact!r} holds letters that no header of HTTP can carry"
        raise JobError(f"{problem}. Write it without them, such as you@example.org")
    if re.search(r"[/@\s]", options.local):
        raise JobError(f"--local {options.local!r} is no server and port. Write 127.0.0.1:8000")
    if options.base and not origin(options.base):
        raise JobError(f"--base {options.base!r} is no address. Write https://… in full")


def add_groups(parser: argparse.ArgumentParser) -> None:
    """Add the options about visits and about the input."""
    add = parser.add_argument_group("visits").add_argument
    add("--rate", type=number_from(float, 0.001), default=5, help="a second and server; 5")
    add("--contact", default="", help="your address, for those who read their server's log")
    add("--local", default="", metavar="127.0.0.1:8000", help="let in a server of your own")
    add = parser.add_argument_group("the input, where it isn't recognised").add_argument
    add("--address-column", default="", metavar="NAME", help="its name, or 1 for the first")
    add("--page-column", default="", metavar="NAME", help="the page on which an image stands")
    add("--alt-column", default="", metavar="NAME", help="the alt text that an image has")
    add("--base", default="", metavar="https://…", help="what relative addresses belong to")
    add("--encoding", default="", help="such as cp1252 or shift_jis")
    add("--delimiter", default="", help="one character, or tab")


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


def run(job: Job, options: argparse.Namespace, load: Callable, fingerprint: Callable) -> int:
    """Do the job, or what is left of it."""
    if options.dry_run:
        print(plan(job, options))
        return 0
    name = options.captioner or default_captioner()
    load, fingerprint = both(options, load, fingerprint)
    identity = {"input": job.table.digest(), "captioner": fingerprint(name)}
    identity |= {"options": [asdict(job.table.reading), options.beam_size, options.search]}
    check_exports(job, options.exports)
    job.open_state(identity, options.parquet, not options.no_report, options.exports)
    job.scan()
    notes = take_reviews(job, options.review)
    if options.retry_failed:
        print(f"{job.store.forget_failures(LASTING):,} addresses are visited again")
    code = 0
    try:
        if (limit := addresses_to_visit(job, options)) not in (0, []):
            agent = f"{USER_AGENT} (+{options.contact})" if options.contact else USER_AGENT
            visits = options.rate, options.local, agent, job.table.folder
            how = options.beam_size, options.search
            work(job, Settings(name, load, *how, *visits, fingerprint), options.scheduler, limit)
    except KeyboardInterrupt:
        print("stopped; writing what is done. The same command goes on.", file=sys.stderr)
        code = 130
    finish(job, options, name, notes)
    return code


def finish(job: Job, options: argparse.Namespace, name: str, notes: list[str]) -> None:
    """Write all files and tell what is in them, what the captioner is first.

    name: of the captioner.
    notes: what there is to say before; the exports add to them.
    """
    said = about(job, options, name)
    wish = {"parquet": options.parquet, "report": not options.no_report, "about": said}
    counts, files = job.write(**wish, exports=options.exports, notes=notes)
    for note in job.notes(job.store.scanned()):
        print(note, file=sys.stderr)
    lines = [said.note, summary(counts), *said_of_review(job, options), *notes]
    print("\n".join([*lines, *map(str, files)]))
    show(files, options)


def work(job: Job, settings: Settings, scheduler: str, limit: int | list[str] | None) -> None:
    """Visit and caption, here or on a cluster; limit: as for `Job.work`."""
    if scheduler:
        job.work_on_cluster(scheduler, settings, limit)
    else:
        captioner = settings.load(settings.captioner)
        remember(job, captioner)
        job.work(captioner, settings, limit)


def summary(counts: Mapping[str, int]) -> str:
    """Return how many rows have which status, most first."""
    most_first = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    if not counts:
        return "0 images: nothing to do"
    return f"{sum(counts.values()):,} rows: " + ", ".join(f"{n:,} {s}" for s, n in most_first)


def plan(job: Job, options: argparse.Namespace) -> str:
    """Return what would be done, for --dry-run."""
    with TemporaryDirectory() as folder, closing(Store(Path(folder, "state"))) as job.store:
        counts, first = job.scan(), list(job.store.waiting(5))
    table, others = job.table, ("exists", "decorative", "no_address", "bad_address")
    known = ", ".join(f"{counts[status]:,} {status}" for status in others if status in counts)
    lines = [
        f"{table.path}: a {table.kind} in {table.encoding.removesuffix('-sig')}, {used(table)}",
        *job.notes(counts),
        f"{counts['rows']:,} rows hold {counts['images']:,} images; without a visit: "
        + (known or "none"),
        f"{counts['addresses']:,} files of the folder would be captioned"
        if table.folder
        else f"{counts['addresses']:,} addresses on {counts['servers']:,} servers would be visited",
        *(f"  {address[:200]}" for address in first),
        *[Rest(counts["addresses"], None, 1 + bool(options.beside), options.price).sentence()],
        "nothing was fetched, nothing written",
    ]
    return "\n".join(filter(None, lines))


def used(table: Table) -> str:
    """Return which columns are read, and that none holds alt texts, where none was found."""
    places = table.places
    columns = {"addresses": places.address, "pages": places.page, "alt texts": places.alt}
    found = [f"{what} in {table.columns[at]!r}" for what, at in columns.items() if at is not None]
    missing = ["no alt column found (--alt-column NAME names it)"] * (places.alt is None)
    return ", ".join(found + missing)


def command() -> int:
    """Do as a shell's command: a polite kill (SIGTERM) is a Ctrl-C."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    return main()


if __name__ == "__main__":
    sys.exit(command())
