"""What every captioner offers, and all that an app may know of it."""

from collections.abc import Iterable, Iterator
from typing import Protocol

from PIL import Image

from helpers.captioner.search import Candidate
from helpers.images import ImageError, Source


class AnyCaptioner(Protocol):
    """Ours, a pretrained one, or a server's: `open_captioner` gives each of them by its name.

    Attributes:
        name: what `--captioner` calls it.
        identity: tells it from every other one that would say something else of the same photo,
            its prompt and search included; it holds no secret.
        note: a sentence on what it was trained on, what it can't see, and its licence.
        languages: the codes of those that it writes, such as ("en",); None for any that it is
            asked for, () if nobody knows.
        host: where photos are sent to; "" if they stay on this machine.
        image_size: pixels a side beyond which it sees nothing more of a photo.
    """

    name: str
    identity: str
    note: str
    languages: tuple[str, ...] | None
    host: str
    image_size: int

    def prepare(self, image: Image.Image) -> object:
        """Return all that the captioner needs of an opened photo; it is small. For any thread."""

    def caption_each(
        self, images: Iterable[Source | object | None], contexts: Iterable[str | None] | None = None
    ) -> Iterator[list[Candidate] | ImageError | None]:
        """Yield what each image gives, in their order.

        Arguments:
            images: what `open_image` takes, or what `prepare` has returned. They are asked for in
                the caller's thread, some of them ahead. A None says that the next one may be long
                in coming: what has been begun is then captioned as it is, what is ready comes out,
                and then a None.
            contexts: a short text for each image (and each None) on where it stands, or None. Each
                is asked for beside its image, also by a captioner without a prompt, which has no
                use for it. They are data: they change words at most.

        Yields candidates, best first: none at all if the captioner says that it isn't sure. Or the
        ImageError that kept this image from being read or captioned, with the status "pending" if
        it was not even tried, as all was stopped before. Nothing is loaded before the
        first one is asked for. Raises CaptionerError for what would keep all others from it, too;
        what was done until then comes out first, after Ctrl-C as well.
        """
