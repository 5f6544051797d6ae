"""One image at a time, for a form: any captioner, warm, and for ours a search of each moment."""

from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from helpers.captioner.captioner import Captioner
from helpers.captioner.folder import CaptionerError
from helpers.captioner.opening import kind_of, open_captioner
from helpers.captioner.protocol import AnyCaptioner
from helpers.captioner.search import Candidate
from helpers.images import Source


def warm_up(captioner: AnyCaptioner) -> AnyCaptioner:
    """Load a captioner and return it: TensorFlow compiles for one photo, then for any number.

    A server is not asked: it would count, and cost.
    """
    black = Image.new("RGB", (64, 64))
    for photos in () if captioner.host else (1, 2):
        list(captioner.caption_each([captioner.prepare(black)] * photos))
    return captioner


def open_warm(name: str | Path) -> AnyCaptioner:
    """Return a captioner by its name, loaded; raises as `open_captioner` does."""
    return warm_up(open_captioner(name) if kind_of(name) else Captioner.load(name))


def candidates_of(
    captioner: AnyCaptioner, image: Source, beam_size: int | None = None, search: str | None = None
) -> Sequence[Candidate]:
    """Return the candidates of one image; raises ImageError if it can't be read or captioned.

    beam_size, search: as in `Captioner.caption_features`; other kinds raise CaptionerError.
    """
    if hasattr(captioner, "candidates"):
        return captioner.candidates([image], beam_size, search)[0]
    if (beam_size, search) != (None, None):
        raise CaptionerError(f"{captioner.name} searches in one way; choose “the captioner's own”")
    (found,) = captioner.caption_each([image])
    if isinstance(found, Exception):
        raise found
    return found
