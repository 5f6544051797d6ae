"""What the command does for the person who reviews: a sample, their decisions, the way back."""

import argparse
import sys
import webbrowser
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from helpers.apps.alt_text.captioning.beside import hash_of_pair, load_pair
from helpers.apps.alt_text.files import JobError, beside
from helpers.apps.alt_text.job import Job
from helpers.apps.alt_text.sampling import sample
from helpers.apps.alt_text.writing.exports import EXPORTS, require_shopify
from helpers.apps.alt_text.writing.report import About
from helpers.apps.alt_text.writing.reviews import merged, read_review, write_review
from helpers.apps.alt_text.writing.verdict import Rest, verdict
from helpers.apps.wording import ABOUT


def add_review_options(parser: argparse.ArgumentParser, number_from: Callable) -> None:
    """Add the options about the review; number_from: makes a reader of numbers."""
    add = parser.add_argument_group("the review").add_argument
    add(
        "--sample", type=number_from(int, 1), metavar="20", help="caption a spread of so many first"
    )
    add("--price", type=number_from(float, 0), metavar="P", help="of 1,000 requests to a captioner")
    add("--beside", default="", metavar="NAME", help="a second captioner, to choose between")
    add("--review", action="append", default=[], metavar="out.review.json",
        help="take back what the page has saved, and write the files; visits nothing")  # fmt: skip
    add("--for", action="append", default=[], choices=EXPORTS, dest="exports",
        help="write what was accepted for a site's own tools")  # fmt: skip


def both(
    options: argparse.Namespace, load: Callable, fingerprint: Callable
) -> tuple[Callable, Callable]:
    """Return how to get the captioner and its hash by name; with --beside that of two."""
    if not options.beside:
        return load, fingerprint
    return (
        partial(load_pair, load=load, beside=options.beside),
        partial(hash_of_pair, fingerprint=fingerprint, beside=options.beside),
    )


def take_reviews(job: Job, paths: Sequence[str]) -> list[str]:
    """Give a job all decisions, those of new files too, and keep them; return what to say.

    Raises JobError for a file that is no review.
    """
    kept = beside(job.output, ".reviewed.json")
    job.reviews = read_review(kept) if kept.exists() else {}
    new = {}
    for path in paths:
        if not Path(path).is_file():
            raise JobError(
                f"--review {path}: there is no such file. Where did the browser save it?"
            )
        new = merged(new, read_review(path).items())
    job.reviews = merged(job.reviews, new.items())
    if not paths:
        return []
    write_review(kept, job.reviews)
    return [f"{len(new):,} decisions taken over; all are kept in {kept}"]


def check_exports(job: Job, exports: Sequence[str]) -> None:
    """Raise JobError for a way back that this table doesn't lead to."""
    if "shopify" in exports:
        require_shopify(job.table.columns)


def addresses_to_visit(job: Job, options: argparse.Namespace) -> int | list[str] | None:
    """Return the limit of this run, as `Job.work` takes it: 0 where there is no work."""
    if options.review or not job.store.count().get("pending"):
        return 0
    if options.sample is None:
        return options.limit
    return sample(job.store, job.table, options.sample)[: options.limit]


def remember(job: Job, captioner: object) -> None:
    """Note what a captioner says of itself, for runs that load none."""
    parts = {name: getattr(captioner, name, "") for name in ("note", "language")}
    job.store.note(captioner_says={name: text for name, text in parts.items() if text})


def about(job: Job, options: argparse.Namespace, name: str) -> About:
    """Return what the report says of the job."""
    said = job.store.manifest.get("captioner_says")
    said = said if isinstance(said, dict) else {}
    note, job.language = str(said.get("note") or ABOUT), str(said.get("language") or "en")
    names = tuple(Path(one).name for one in (name, options.beside))
    sentence = rest(job, options).sentence()
    return About(note, names, sentence, options.sample is not None, job.language)


def rest(job: Job, options: argparse.Namespace) -> Rest:
    """Return what is left of a job."""
    waiting, seconds = job.store.count().get("pending", 0), job.store.manifest.get("seconds")
    seconds = seconds if isinstance(seconds, int | float) else None
    return Rest(waiting, seconds, 2 if options.beside else 1, options.price)


def said_of_review(job: Job, options: argparse.Namespace) -> list[str]:
    """Return what was decided, what that means for the rest, and what doesn't belong here."""
    strange = len(job.reviews) - len(job.reviews.keys() & job.keys)
    lines = [verdict(Counter(job.decided.values())), rest(job, options).sentence()]
    if options.review and strange:
        lines.append(f"{strange:,} decisions are about images that this table doesn't have")
    return [line for line in lines if line]


def show(files: Sequence[Path], options: argparse.Namespace) -> None:
    """Open the review of a sample in a browser, where a person sits at the terminal."""
    pages = [path for path in files if path.name.endswith(".report.html")]
    if options.sample is not None and pages and sys.stdout.isatty():
        webbrowser.open(pages[0].resolve().as_uri())
