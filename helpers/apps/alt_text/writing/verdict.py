"""What a review says about the images that are left: how good, how long, how dear."""

from collections import Counter
from dataclasses import dataclass
from math import sqrt

from helpers.apps.alt_text.writing.reviews import KINDS
from helpers.apps.wording import counted

NORMAL = 1.96  # standard deviations on either side that hold 95 %


@dataclass(frozen=True)
class Rest:
    """What is left of a job.

    Attributes:
        images: addresses not visited yet.
        seconds: that one took until now; None if none was visited.
        captioners: that look at each of them.
        price: of 1,000 requests to a captioner, in whatever money; None if not told.
    """

    images: int
    seconds: float | None = None
    captioners: int = 1
    price: float | None = None

    def sentence(self) -> str:
        """Return what the rest would take; "" if nothing is left."""
        if not self.images:
            return ""
        requests = self.images * self.captioners
        parts = [] if self.seconds is None else [f"about {duration(self.seconds * self.images)}"]
        parts += [f"{counted(requests, 'request')} to the captioner"]
        if self.price is not None:
            parts += [f"{requests * self.price / 1000:,.2f} at {self.price:g} per 1,000"]
        return f"{counted(self.images, 'image')} left: {', '.join(parts)}."


def verdict(counts: Counter) -> str:
    """Return what was decided, and between which shares a captioner's texts would be accepted.

    counts: images by decision. "" if none was decided. The shares hold for images that were picked
    at random; those of `--sample` are a spread, chosen before anything is known of them.
    """
    total = sum(counts[kind] for kind in KINDS)
    if not total:
        return ""
    each = ", ".join(f"{counts[kind]:,} {kind}" for kind in KINDS)
    low, high = interval(counts["accepted"], total)
    return (
        f"{total:,} reviewed: {each}. {counts['accepted'] / total:.0%} were accepted as they are. "
        f"If they were picked at random, that means between {low:.0%} and {high:.0%} of the rest."
    )


def interval(hits: int, total: int) -> tuple[float, float]:
    """Return the shares between which the true one lies, 95 times in 100 (Wilson, 1927)."""
    share, width = hits / total, NORMAL**2 / total
    middle = (share + width / 2) / (1 + width)
    half = sqrt(share * (1 - share) * width + width**2 / 4) / (1 + width)
    return max(0.0, middle - half), min(1.0, middle + half)


def duration(seconds: float) -> str:
    """Return a time for people: "40 seconds", "35 minutes", "2.5 hours", "3.0 days"."""
    for size, name in ((86_400, "days"), (3600, "hours")):
        if seconds >= 2 * size:
            return f"{seconds / size:,.1f} {name}"
    if seconds >= 120:
        return f"{seconds / 60:.0f} minutes"
    return counted(max(1, round(seconds)), "second")
