"""What the command does for the person who reviews: a sample, their decisions, the way back."""

import argparse
import sys
import webbrowser
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from helpers.apps.alt_text.captioning.beside import parts
from helpers.apps.alt_text.files import JobError, beside
from helpers.apps.alt_text.job import Job
from helpers.apps.alt_text.sampling import sample
from helpers.apps.alt_text.writing.report import About
from helpers.apps.alt_text.writing.reviews import merged, read_review, write_review
from helpers.apps.alt_text.writing.verdict import Rest, verdict
from helpers.apps.wording import counted
from helpers.captioner import AnyCaptioner


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
    return [f"{counted(len(new), 'decision')} taken over; all are kept in {kept}"]


def chosen(job: Job, options: argparse.Namespace) -> list[str] | None:
    """Return the addresses of the sample that are not done yet; None if all are wanted."""
    if options.sample is None:
        return None
    return [] if options.review else sample(job.store, job.table, options.sample)[: options.limit]


def addresses_to_visit(
    job: Job, options: argparse.Namespace, sampled: list[str] | None
) -> int | list[str] | None:
    """Return the limit of this run, as `Job.work` takes it: 0 where there is no work.

    sampled: as `chosen` gave it; pages that were read since may have told what some of them are.
    """
    if options.review or not job.store.count().get("pending"):
        return 0
    return options.limit if sampled is None else list(filter(job.store.knows, sampled)) or 0


def remember(job: Job, captioner: AnyCaptioner, options: argparse.Namespace) -> None:
    """Note in the state what a captioner says of itself, and the language of its texts."""
    job.language = language_of(captioner, options)
    said = {"name": captioner.name, "note": captioner.note, "language": job.language}
    job.store.note(captioner_says=said)


def language_of(captioner: AnyCaptioner, options: argparse.Namespace) -> str:
    """Return the code of the language in which a captioner writes; "" if nobody knows."""
    if options.language:
        return options.language
    if captioner.languages is None:  # any: it writes that of what it is asked
        return "" if options.prompt or options.instructions else "en"
    return next(iter(captioner.languages), "")


def about(job: Job, options: argparse.Namespace, captioner: AnyCaptioner) -> About:
    """Return what the report says of the job."""
    names = [one.name for one in parts(captioner)]
    sentence = rest(job, options, captioner).sentence()
    sampled = options.sample is not None
    return About(captioner.note, (*names, "")[:2], sentence, sampled, job.language)


def rest(job: Job, options: argparse.Namespace, captioner: AnyCaptioner) -> Rest:
    """Return what is left of a job."""
    waiting, seconds = job.store.count().get("pending", 0), job.store.manifest.get("seconds")
    seconds = seconds if isinstance(seconds, int | float) else None
    return Rest(waiting, seconds, len(parts(captioner)), options.price)


def said_of_review(job: Job, options: argparse.Namespace, left: str) -> list[str]:
    """Return what was decided, what that means for the rest, and what doesn't belong here.

    left: what the images that are left would take.
    """
    strange = len(job.reviews) - len(job.reviews.keys() & job.keys)
    lines = [verdict(Counter(job.decided.values())), left]
    if options.review and strange:
        lines.append(f"{counted(strange, 'decision')} on what is no image of this table")
    return [line for line in lines if line]


def show(files: Sequence[Path], options: argparse.Namespace) -> None:
    """Open the review of a sample in a browser, where a person sits at the terminal."""
    pages = [path for path in files if path.name.endswith(".report.html")]
    if options.sample is not None and pages and sys.stdout.isatty():
        webbrowser.open(pages[0].resolve().as_uri())
