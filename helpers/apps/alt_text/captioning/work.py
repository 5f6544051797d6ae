"""From addresses to findings: the captioner is at work while other images are fetched.

One function, `work_off`, does all of it, here and on every worker of a cluster.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass
from itertools import tee

from helpers.apps.alt_text import statuses
from helpers.apps.alt_text.captioning.beside import ENDING, open_pair
from helpers.apps.alt_text.findings import Finding, Picture
from helpers.apps.alt_text.visiting.lettering import Lettering
from helpers.apps.alt_text.visiting.photos import Photo, Result
from helpers.apps.alt_text.visiting.politeness import Hosts
from helpers.apps.alt_text.visiting.visits import visits
from helpers.captioner import AnyCaptioner, Candidate, is_sure, open_captioner
from helpers.images import USER_AGENT, ImageError

RESULTS_AHEAD = 32  # fetched while the captioner is busy
FINDINGS_AT_ONCE = 200  # saved together if no photo is among them
LULL = 5  # seconds without news after which a batch is captioned although it isn't full
OVER = object()  # stands for the end of an iterator

Batch = tuple[list[Finding], list[Picture]]


@dataclass(frozen=True)
class Settings:
    """What a worker has to know.

    Attributes:
        captioner: its name or folder.
        open: gives the captioner of that name, as `open_captioner` does.
        options: for `open`, as pairs of name and value. No key is among them: each machine has its
            own in CAPTION_API_KEY.
        rate, local, user_agent, folder: as in `Hosts`.
        identity: the captioner's where the command was given; a cluster fills it in.
        run: names this run of the command; a cluster fills it in.
        read_text: read images of text.
        beside: the name of a second captioner; "" without such.
    """

    captioner: str
    open: Callable = open_captioner
    options: tuple[tuple[str, object], ...] = ()
    rate: float = 5
    local: str = ""
    user_agent: str = USER_AGENT
    folder: str = ""
    identity: str = ""
    run: str = ""
    read_text: bool = False
    beside: str = ""

    def opened(self) -> AnyCaptioner:
        """Return the captioner, or two as one."""
        if self.beside:
            return open_pair(self.open, self.captioner, self.beside, dict(self.options))
        return self.open(self.captioner, **dict(self.options))

    def hosts(self) -> Hosts:
        """Return the servers, of which nothing is known yet."""
        return Hosts(self.rate, self.local, self.user_agent, self.folder)


def work_off(
    addresses: Iterable[str],
    captioner: AnyCaptioner,
    hosts: Hosts,
    known: Callable[[str], bool] = lambda digest: False,
    context_of: Callable[[str], str | None] = lambda address: None,
    read_text: bool = False,
) -> Iterator[Batch]:
    """Yield findings and their pictures, as they come.

    Arguments:
        known: tells of a digest whether that picture has been captioned already. Without it a
            picture may be captioned again, unless it is at the captioner at that moment.
        context_of: gives what is known of the page around an address; asked in this thread. A
            picture at several addresses is captioned with the context of the first.
        read_text: read images of text.
    """
    lettering = Lettering() if read_text else None
    with closing(ahead(visits(addresses, hosts, captioner, lettering))) as results:
        passage = Passage(captioner, known)
        images, contexts = tee(passage.photos(results))
        answers = captioner.caption_each(
            (photo and photo.prepared for photo in images),
            (photo and (context_of(photo.address) or None) for photo in contexts),
        )
        for answer in answers:
            if answer is not None:
                passage.note_answer(answer)
            yield from passage.taken()
        yield from passage.taken()


class Passage:
    """Between visits and captions: which photos are at the captioner, what is to be saved.

    Attributes:
        addresses: digest -> the addresses of a picture that is at the captioner; in the order in
            which the photos went there, as its answers come.
    """

    def __init__(self, captioner: AnyCaptioner, known: Callable[[str], bool]):
        self.captioner, self.known = captioner, known
        self.findings, self.pictures = [], []
        self.addresses: dict[str, list[str]] = {}
        self.sent: deque[Picture] = deque()

    def photos(self, results: Iterable[Result | None]) -> Iterator[Photo | None]:
        """Yield each new picture once; None in a lull, and when there is much to be saved."""
        for result in results:
            if isinstance(result, Photo):
                if self.is_new(result):
                    yield result
            elif result:
                finding, picture = result
                self.findings.append(finding)
                self.pictures += [picture] if picture else []
            if result is None or len(self.findings) >= FINDINGS_AT_ONCE:
                yield None

    def is_new(self, photo: Photo) -> bool:
        """Note a photo; True if its picture is to be captioned."""
        digest = photo.picture.digest
        if digest in self.addresses:
            self.addresses[digest].append(photo.address)
        elif self.known(digest):
            self.findings.append(Finding(photo.address, statuses.OK, "", digest))
        else:
            self.addresses[digest] = [photo.address]
            self.sent.append(photo.picture)
            return True
        return False

    def note_answer(self, answer: list[Candidate] | ImageError) -> None:
        """Note what the captioner says of the photo that has been with it for longest."""
        picture = self.sent.popleft()
        addresses = self.addresses.pop(picture.digest)
        if isinstance(answer, ImageError):
            said = answer.status, str(answer)
            failed = [Finding(address, *said) for address in addresses]
            self.findings += failed if answer.status != statuses.PENDING else []
            return
        sure = is_sure(answer)
        self.pictures.append(Picture(picture.digest, picture.thumbnail, [*answer], sure))
        if beside := getattr(answer, "beside", None):
            self.pictures.append(Picture(picture.digest + ENDING, b"", beside))
        self.findings += [Finding(a, statuses.OK, "", picture.digest) for a in addresses]

    def taken(self) -> list[Batch]:
        """Return what is to be saved now, and forget it."""
        batch, self.findings, self.pictures = (self.findings, self.pictures), [], []
        return [batch] if batch[0] else []


def ahead(items: Iterator) -> Iterator:
    """Yield the items of an iterator, worked out in advance on a thread; None in a lull."""
    pool = ThreadPoolExecutor(1, "ahead")
    due = deque(pool.submit(next, items, OVER) for _ in range(RESULTS_AHEAD))
    try:
        while True:
            if not wait([due[0]], LULL).done:
                yield None
                continue
            due.append(pool.submit(next, items, OVER))
            if (item := due.popleft().result()) is OVER:
                return
            yield item
    finally:
        for future in due:
            future.cancel()
        pool.submit(items.close)  # there, since it may be at work
        pool.shutdown(wait=False)
