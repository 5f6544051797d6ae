"""A COCO JSON file that several people write captions to."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from helpers.captions import CaptionFormatError, plain_spelling, read_caption_file
from helpers.files import locked, refuse_long_name, write_text

LOCK_WAIT = 60  # seconds; another writer holds the file for a few hundredths of one


class CocoFile:
    """A COCO JSON file that several people may write to, each of them a photo at a time.

    It is locked and read anew for every change, so what others wrote in the meantime stays.
    Raises CaptionFormatError for a file that exists and is no COCO JSON, LongNameError for a name
    that is too long for it and its lock.
    """

    def __init__(self, path: str | Path):
        refuse_long_name(path)
        self.path = Path(path)
        if self.path.exists() and (form := read_caption_file(self.path).format) != "COCO JSON":
            raise CaptionFormatError(f"{self.path}: {form}, not COCO JSON. Take another name.")

    def content(self) -> dict:
        """Return what stands in the file, or the beginning of a new one."""
        if self.path.exists():
            return json.loads(self.path.read_text("utf-8-sig"))
        return {"info": {}, "licenses": [], "images": [], "annotations": []}

    def captions(self) -> dict[str, list[str]]:
        """Return the captions of every image in the file, those without captions as well."""
        return captions_of(self.content())

    def write(self, name: str, captions: Sequence[str], seen: Sequence[str] | None = None) -> list:
        """Give an image these captions; return those that the file holds of it then.

        seen: what the writer knew of; what others have added to it stays. None: everything.
        Ids and further keys of annotations stay. Raises OSError, or LockedError if another
        program holds the file all the time.
        """
        name, problem = plain_spelling(name), f"{self.path}: another program holds it; try again."
        with locked(self.path, LOCK_WAIT, problem):
            content = self.content()
            seen = captions_of(content).get(name, []) if seen is None else seen
            change(content, name, Counter(seen), Counter(captions))
            write_text(self.path, json.dumps(content, ensure_ascii=False, indent=1) + "\n")
        return captions_of(content)[name]


def captions_of(content: dict) -> dict[str, list[str]]:
    """Return the captions of every image in COCO JSON."""
    names = {image["id"]: plain_spelling(image["file_name"]) for image in content["images"]}
    captions = {name: [] for name in names.values()}
    for note in content["annotations"]:
        if note["image_id"] in names and isinstance(note.get("caption"), str):
            captions[names[note["image_id"]]].append(note["caption"])
    return captions


def change(content: dict, name: str, seen: Counter, captions: Counter) -> None:
    """Change what differs between the captions of an image that were seen and these."""
    images, notes = content["images"], content["annotations"]
    ids = {plain_spelling(image["file_name"]): image["id"] for image in reversed(images)}
    if name not in ids:
        ids[name] = next_id(images)
        images.append({"id": ids[name], "file_name": name})
    gone, new = seen - captions, list((captions - seen).elements())
    for note in [note for note in notes if note["image_id"] == ids[name]]:
        if gone[note.get("caption")] > 0:
            gone[note["caption"]] -= 1
            if new:
                note["caption"] = new.pop(0)
            else:
                del notes[next(at for at, other in enumerate(notes) if other is note)]
    for caption in new:
        notes.append({"id": next_id(notes), "image_id": ids[name], "caption": caption})


def next_id(items: list[dict]) -> int:
    """Return an id above all that are taken; ids in words don't count."""
    return 1 + max((item["id"] for item in items if isinstance(item["id"], int)), default=0)
