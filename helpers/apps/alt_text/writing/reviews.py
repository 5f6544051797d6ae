"""What people decided, image by image: kept beside the job in a file, and never written over.

The page saves a file of decisions, `--review` brings it back, and the command keeps all of them in
`out.reviewed.json`. It survives the job: delete the state, begin anew with another captioner, and
each image is known again by its key.
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from helpers.apps.alt_text.files import JobError
from helpers.files import write_text
from helpers.strangers import read_json

KINDS = ("accepted", "edited", "rejected", "decorative")
WITHDRAWN = "open"  # a decision that was undone, so that an older file doesn't bring it back
FORMAT, MOST_BYTES, LONGEST_TEXT = "alt text review 1", 200_000_000, 2000
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z", re.ASCII)


@dataclass(frozen=True)
class Decision:
    """What a person decided about an image.

    Attributes:
        kind: one of KINDS, or WITHDRAWN.
        text: the alt text that they want; "" for all but accepted and edited.
        by: the captioner whose text they accepted.
        at: when, as in "2026-11-26T08:15:00.000Z", "" if unknown; the later one holds.
        image: the address, for whoever reads the file.
    """

    kind: str
    text: str = ""
    by: str = ""
    at: str = ""
    image: str = ""


Decisions = dict[str, Decision]


def key_of(address: str, own: object = "") -> str:
    """Return what an image is known by in a review, whichever captioner looks at it.

    own: what its row says of it, where that is no caption: two pages may know it in two ways.
    """
    return hashlib.sha256(json.dumps([address, own]).encode()).hexdigest()[:16]


def read_review(path: str | Path) -> Decisions:
    """Return the decisions in a file that the page, or this command, has saved.

    Raises JobError for any other file, and for a decision that is none; OSError if it isn't there.
    """
    path, cure = Path(path), "Give the file that “Save the review” has saved: out.review.json"
    if path.stat().st_size > MOST_BYTES:
        raise JobError(f"{path} has more than {MOST_BYTES:,} bytes and is no review. {cure}")
    try:
        content = read_json(path.read_bytes())
        entries = content["images"] if content["format"] == FORMAT else None
        pairs = [(entry["key"], decision_in(entry)) for entry in entries]
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise JobError(f"{path} is no review of this command ({error}). {cure}") from None
    return merged({}, pairs)


def decision_in(entry: Mapping) -> Decision:
    """Return a decision out of JSON; raises ValueError, which names the image, if it is none."""
    parts = {name: entry.get(name, "") for name in ("text", "by", "at", "image")}
    kind, image = entry["decision"], f"{parts['image']!r:.80}"
    if not all(isinstance(part, str) for part in (entry["key"], *parts.values())):
        raise ValueError(f"{image} holds what is no text")
    parts["text"] = one_line(parts["text"]) if kind in ("accepted", "edited") else ""
    if kind not in (*KINDS, WITHDRAWN):
        raise ValueError(f"{image} is {kind!r:.40}; it may be {', '.join(KINDS)} or {WITHDRAWN}")
    if kind in ("accepted", "edited") and not 0 < len(parts["text"]) <= LONGEST_TEXT:
        raise ValueError(f"{image} is {kind} with a text of {len(parts['text'])} characters")
    parts["at"] = parts["at"] if TIME.fullmatch(parts["at"]) else ""
    return Decision(kind, **parts)


def one_line(text: str) -> str:
    """Return a text without control characters, its white space single spaces."""
    shown = (" " if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") else c for c in text)
    return " ".join("".join(shown).split())


def merged(known: Decisions, new: object) -> Decisions:
    """Return what is known, with each new (key, decision) that is not older than it."""
    found = dict(known)
    for key, decision in new:
        if key not in found or decision.at >= found[key].at:
            found[key] = decision
    return found


def write_review(path: Path, decisions: Decisions) -> None:
    """Keep all decisions in a file, whole or as it was before."""
    entries = []
    for key, decision in decisions.items():
        parts = asdict(decision)
        entries.append({"key": key, "decision": parts.pop("kind"), **parts})
    content = {"format": FORMAT, "images": entries}
    write_text(path, json.dumps(content, ensure_ascii=False, indent=1) + "\n")


def holding(decisions: Decisions, key: str) -> Decision | None:
    """Return what was decided about an image, None if nothing, or nothing any more."""
    decision = decisions.get(key)
    return None if decision is None or decision.kind == WITHDRAWN else decision
