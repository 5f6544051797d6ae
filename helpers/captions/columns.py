"""Which columns of a table, or keys of a record, hold images and captions."""

import re
from typing import NamedTuple

# Titles, as `plain_title` writes them. Of several, the first in this order names the image.
IMAGE_TITLES = ["file_name", "filename", "image_file_name", "image_filename", "image_file"]
IMAGE_TITLES += ["image_path", "image_name", "imagename", "img_name", "img_path", "image"]
IMAGE_TITLES += ["img", "photo", "file", "filepath", "file_path", "path", "image_id", "img_id"]
IMAGE_TITLES += ["image_url", "url", "name", "uid", "id"]
CAPTION_TITLE = re.compile(
    r"(captions?|caption_str|comments?|descriptions?|sentences?|prompts?|texts?|raw|alt|alt_text)"
    r"_?(\d*)"
)


class Chosen(NamedTuple):
    """Titles of columns that somebody chose; None leaves the choice to the reader."""

    image: str | None = None
    caption: str | None = None


NONE_CHOSEN = Chosen()


def plain_title(title: str) -> str:
    """Return a title in small letters, with _ for what stands between its words."""
    return re.sub(r"[\s_-]+", "_", title.strip("\ufeff \t\"'").lower())


def title_columns(titles: list[str], chosen: Chosen = NONE_CHOSEN) -> tuple[int, list[int]] | None:
    """Find the columns of the image name and the captions among titles.

    "caption_0" to "caption_4" are columns of one kind, and all of them are taken. Returns None
    when a name or a caption has no column.
    """
    titles = [plain_title(title) for title in titles]
    wanted = [plain_title(chosen.image)] if chosen.image else IMAGE_TITLES
    named = [titles.index(title) for title in wanted if title in titles]
    captions = caption_columns(titles, chosen.caption)
    if not captions or not named:
        return None
    return named[0], captions


def caption_columns(titles: list[str], chosen: str | None) -> list[int]:
    """Return the columns of captions among plain titles: the chosen one, or those of one kind."""
    if chosen:
        return [at for at, title in enumerate(titles) if title == plain_title(chosen)][:1]
    matches = {at: CAPTION_TITLE.fullmatch(title) for at, title in enumerate(titles)}
    kinds = {at: match[1] for at, match in matches.items() if match}
    first = next(iter(kinds.values()), None)
    alike = [at for at, kind in kinds.items() if kind == first]
    return alike if all(matches[at][2] for at in alike) else alike[:1]


def unread_columns(titles: list[str], read: list[int]) -> list[str]:
    """Return the titles of columns that look like captions, and are not read."""
    return [
        title
        for at, title in enumerate(titles)
        if at not in read and CAPTION_TITLE.fullmatch(plain_title(title))
    ]
