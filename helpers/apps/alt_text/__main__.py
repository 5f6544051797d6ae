"""Write alt texts for a table of images: crawl.csv -o out.csv"""

import argparse
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

from helpers.apps.alt_text.captioning.beside import parts
from helpers.apps.alt_text.captioning.work import Settings
from helpers.apps.alt_text.job import Job
from helpers.apps.alt_text.options import check, parse_arguments, reading_of
from helpers.apps.alt_text.reading import Table
from helpers.apps.alt_text.reviewing import (
    about,
    addresses_to_visit,
    chosen,
    remember,
    said_of_review,
    show,
    take_reviews,
)
from helpers.apps.alt_text.statuses import KNOWN, LASTING
from helpers.apps.alt_text.store import Store
from helpers.apps.alt_text.visiting.politeness import Hosts
from helpers.apps.alt_text.writing import Wish
from helpers.apps.alt_text.writing.exports import require_shopify
from helpers.apps.alt_text.writing.verdict import Rest
from helpers.apps.wording import counted
from helpers.captioner import AnyCaptioner, CaptionerError, captioner_options, open_captioner
from helpers.console import one_line, print_anything, tell
from helpers.images import USER_AGENT

NO_ALTS = "no alt column found (--alt-column NAME names it)"


def main(arguments: Sequence[str] | None = None, open_it: Callable = open_captioner) -> int:
    """Write alt texts for a table of images; return 1 for a user's mistake, 130 if stopped.

    open_it: gives a captioner as `open_captioner` does; tests take one of their own.
    """
    print_anything()
    options = parse_arguments(arguments)
    try:
        check(options)
        with closing(Job(options.input, options.output or "", reading_of(options))) as job:
            return run(job, options, open_it)
    except (ValueError, OSError, ImportError) as error:  # ours say what to do
        return tell(error)
    except KeyboardInterrupt:
        print("stopped; the same command goes on from here", file=sys.stderr)
        return 130


def run(job: Job, options: argparse.Namespace, open_it: Callable) -> int:
    """Do the job, or what is left of it."""
    settings = settings_of(job, options, open_it)
    captioner = settings.opened()
    if options.dry_run:
        print(plan(job, captioner, options))
        return 0
    identity = {"input": job.table.digest(), "captioner": captioner.identity}
    identity |= {"options": [asdict(job.table.reading), options.beam_size, options.search]}
    if "shopify" in options.exports:
        require_shopify(job.table.columns)
    wish = Wish(options.parquet, not options.no_report, options.exports)
    job.open_state(identity, wish)
    remember(job, captioner, options)
    job.scan()
    if job.table.kind == "table" and job.table.places.alt is None:
        print(NO_ALTS, file=sys.stderr)
    wish.notes, hosts = take_reviews(job, options.review), settings.hosts()
    limit = look_around(job, options, hosts)
    code = 0 if limit in (0, []) else worked(job, settings, captioner, options, limit, hosts)
    finish(job, options, captioner, wish)
    return code


def settings_of(job: Job, options: argparse.Namespace, open_it: Callable) -> Settings:
    """Return what those who visit and caption have to know."""
    agent = f"{USER_AGENT} (+{options.contact})" if options.contact else USER_AGENT
    how = tuple(captioner_options(options).items())
    visits = options.rate, options.local, agent, job.table.folder
    more = {"read_text": options.read_text, "beside": options.beside}
    return Settings(options.captioner, open_it, how, *visits, **more)


def look_around(job: Job, options: argparse.Namespace, hosts: Hosts) -> int | list[str] | None:
    """Read the pages on which images stand; return what to visit then, as `Job.work` takes it."""
    if options.retry_failed:
        tables = ("addresses", "pages")
        failed, pages = (job.store.forget_failures(LASTING, table) for table in tables)
        also = f" and {counted(pages, 'page')}" if pages else ""
        print(f"visiting again: {counted(failed, 'address')}{also}")
    sampled = chosen(job, options)
    if options.read_pages and options.limit != 0 and not options.review:
        job.read_pages(hosts, options.limit if sampled is None else sampled)
    return addresses_to_visit(job, options, sampled)


def worked(
    job: Job,
    settings: Settings,
    captioner: AnyCaptioner,
    options: argparse.Namespace,
    limit: int | list[str] | None,
    hosts: Hosts,
) -> int:
    """Visit and caption what is left, here or on a cluster; return the exit code."""
    try:
        if options.scheduler:
            job.work_on_cluster(options.scheduler, settings, limit)
        else:
            job.work(captioner, settings, limit, hosts)
    except KeyboardInterrupt:
        print("stopped; writing what is done. The same command goes on.", file=sys.stderr)
        return 130
    except CaptionerError as error:  # such as a server that went away
        print(f"{error}. Writing what is done; the same command goes on.", file=sys.stderr)
        return 1
    return 0


def finish(job: Job, options: argparse.Namespace, captioner: AnyCaptioner, wish: Wish) -> None:
    """Write all files and tell what is in them, what the captioner is first."""
    said = wish.about = about(job, options, captioner)
    counts, files = job.write(wish)
    for note in job.notes(job.store.scanned()):
        print(note, file=sys.stderr)
    lines = [said.note, summary(counts), *said_of_review(job, options, said.rest), *wish.notes]
    print("\n".join([*lines, *map(one_line, files)]))
    show(files, options)


def summary(counts: Mapping[str, int]) -> str:
    """Return how many rows have which status, most first."""
    most_first = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    if not counts:
        return "0 images: nothing to do"
    rows = counted(sum(counts.values()), "row")
    return f"{rows}: " + ", ".join(f"{n:,} {s}" for s, n in most_first)


def plan(job: Job, captioner: AnyCaptioner, options: argparse.Namespace) -> str:
    """Return what would be done, for --dry-run."""
    with TemporaryDirectory() as folder, closing(Store(Path(folder, "state"))) as job.store:
        counts, first = job.scan(), list(job.store.waiting(5))
    table = job.table
    known = ", ".join(f"{counts[status]:,} {status}" for status in KNOWN if status in counts)
    lines = [
        f"{table.path}: a {table.kind} in {table.encoding.removesuffix('-sig')}, {used(table)}",
        *job.notes(counts),
        f"{counted(counts['rows'], 'row')}, {counted(counts['images'], 'image')}; without a visit: "
        + (known or "none"),
        f"{counted(counts['addresses'], 'file')} of the folder would be captioned"
        if table.folder
        else f"{counted(counts['addresses'], 'address')} on {counted(counts['servers'], 'server')} "
        "would be visited",
        *(f"  {address[:200]}" for address in first),
        *[f"{counted(counts['pages'], 'page')} would be read before"] * bool(counts["pages"]),
        *["images of text would be described: --read-text reads them"]
        * (not table.reading.read_text),
        captioner.note,
        Rest(counts["addresses"], None, len(parts(captioner)), options.price).sentence(),
        *[f"at most {counted(counts['addresses'], 'photo')} would be sent to {captioner.host}"]
        * bool(captioner.host),
        "nothing was fetched, nothing written",
    ]
    return "\n".join(filter(None, lines))


def used(table: Table) -> str:
    """Return which columns are read, and that none holds alt texts, where none was found."""
    places = table.places
    columns = {"addresses": places.address, "pages": places.page, "alt texts": places.alt}
    found = [f"{what} in {table.columns[at]!r}" for what, at in columns.items() if at is not None]
    missing = [NO_ALTS] * (places.alt is None)
    return ", ".join(found + missing)


def command() -> int:
    """Do as a shell's command: a polite kill (SIGTERM) is a Ctrl-C."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    return main()


if __name__ == "__main__":
    sys.exit(command())
