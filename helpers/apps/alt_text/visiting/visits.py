"""From addresses to photos: each server at its own pace, several at a time."""

import heapq
import re
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import count, islice
from pathlib import Path
from time import monotonic, sleep

from urllib3.exceptions import MaxRetryError
from urllib3.util import Retry

from helpers.apps.alt_text import statuses
from helpers.apps.alt_text.findings import Finding
from helpers.apps.alt_text.reading.shards import SCHEME
from helpers.apps.alt_text.visiting.lettering import Lettering
from helpers.apps.alt_text.visiting.photos import DECODING, Result, look
from helpers.apps.alt_text.visiting.politeness import (
    BUSY,
    LONGEST_WAIT,
    RETRIES,
    Hosts,
    opted_out,
)
from helpers.captioner import AnyCaptioner
from helpers.images import Answer, ImageError, fetch_answer
from helpers.images.errors import name_of
from helpers.images.fetching import MAX_REDIRECTS
from helpers.images.limits import MAX_BYTES
from helpers.strangers import patience

VISITS_AT_ONCE = 8  # threads; they mostly wait for an answer
MAX_FETCHED = 10**7  # bytes
IN_HAND = 256  # addresses waiting for their turn
BY_HAND = re.compile(r"(?:; |,? or )(?:right-click.*|(?:save the image and )?upload it.*)(?=\.$)")
NAMELESS = re.compile(r"^The image of [\d,]+ bytes ")
# What `open_image` says of images that may be whole, but of a kind that it doesn't open.
OTHER_KINDS = re.compile("is an? (SVG drawing|XML file|PDF|TIFF image|HEIC photo)")


@dataclass(frozen=True)
class Errand:
    """An address to visit.

    Attributes:
        address: as it stands in the table.
        retry: how often a busy server may still be asked.
        moved: where its server has led; "" if it has not. It is visited like any address: in its
            turn, and if its own server's robots.txt allows.
        redirects: how often it has been led on.
    """

    address: str
    retry: Retry = RETRIES
    moved: str = ""
    redirects: int = 0

    @property
    def place(self) -> str:
        """The address to ask."""
        return self.moved or self.address

    def led_to(self, target: str) -> "Errand":
        """Return the errand that goes on elsewhere; raises ImageError if it has gone far enough."""
        if self.redirects == MAX_REDIRECTS:
            raise ImageError("leads from one address to the next.", "unreachable")
        return replace(self, moved=target, redirects=self.redirects + 1)


Look = Callable[[Errand, Answer], Result]


def visits(
    addresses: Iterable[str],
    hosts: Hosts,
    captioner: AnyCaptioner,
    lettering: Lettering | None = None,
) -> Iterator[Result]:
    """Yield the photo at each address, or what becomes of it; lettering: reads images of text."""

    def look_at_image(errand: Errand, answer: Answer) -> Result:
        with DECODING:
            return look(errand.address, answer.data, captioner, lettering)

    return answers(addresses, hosts, look_at_image)


def answers(
    addresses: Iterable[str], hosts: Hosts, look: Look, max_bytes: int = MAX_FETCHED
) -> Iterator[Result]:
    """Yield what each address gave, in the order in which the answers come.

    Each server is visited at its own pace; while it is waited for, others are visited.
    look: makes a result of what a server sent, which has at most max_bytes.
    """
    coming, order, running = map(Errand, addresses), count(), {}
    due: list[tuple[float, int, Errand]] = []
    with ExitStack() as stack:
        pool = ThreadPoolExecutor(VISITS_AT_ONCE, "visitor")
        stack.callback(pool.shutdown, wait=False, cancel_futures=True)
        while True:
            for errand in islice(coming, max(0, IN_HAND - len(due) - len(running))):
                heapq.heappush(due, (0.0, next(order), errand))
            while due and due[0][0] <= monotonic() and len(running) < VISITS_AT_ONCE:
                _, number, errand = heapq.heappop(due)
                if later := hosts.take_turn(errand.place, monotonic()):
                    heapq.heappush(due, (later, number, errand))
                else:
                    running[pool.submit(visit, errand, hosts, look, max_bytes)] = errand
            if not due and not running:
                return
            for visited in finished(running, due[0][0] if due else None):
                result = judged(running.pop(visited), visited.result(), hosts)
                if isinstance(result, Errand):
                    heapq.heappush(due, (0.0, next(order), result))
                else:
                    yield result


def finished(running: dict[Future, Errand], next_due: float | None) -> list[Future]:
    """Wait until a visit has ended, or until the next one is due, one second at most."""
    busy = len(running) >= VISITS_AT_ONCE or next_due is None
    seconds = 1.0 if busy else min(1.0, max(0.0, next_due - monotonic()))
    if not running:
        sleep(seconds)
    return list(wait(running, seconds, FIRST_COMPLETED).done)


def visit(errand: Errand, hosts: Hosts, look: Look, most: int) -> Result | Errand | ImageError:
    """Fetch an address and return what is seen there, or what to say about it, or where it leads.

    most: bytes that are taken.
    """
    try:
        answer = fetch_politely(errand.place, hosts, most)
        return errand.led_to(answer.target) if answer.target else look(errand, answer)
    except ImageError as error:
        return error
    except Exception as error:  # one strange image is not to end the work on all the others
        return ImageError(f"failed in an unforeseen way ({error!r})", "failed")


def fetch_politely(address: str, hosts: Hosts, most: int = MAX_FETCHED) -> Answer:
    """Fetch an address if its server wants that; raises ImageError."""
    if hosts.folder and address.startswith(SCHEME):
        return Answer(read_shard(address, hosts.folder), {})
    hosts.check(address)
    line = {"local": hosts.local, "user_agent": hosts.user_agent, "follow": False}
    answer = fetch_answer(address, max_bytes=most, **line)
    if opted_out(answer.headers):
        raise ImageError("its server answers “noai”: not for machines. Describe it.", "noai")
    return answer


def read_shard(address: str, folder: str) -> bytes:
    """Return the bytes of an image inside a folder of shards.

    Raises ImageError for what lies outside of it, or is not there.
    """
    path = Path(folder, address.removeprefix(SCHEME)).resolve()
    if not folder or not path.is_relative_to(Path(folder).resolve()):
        raise ImageError("leads out of the folder of shards.", "blocked")
    try:
        with open(path, "rb") as file:
            return file.read(MAX_BYTES + 1)  # one more is refused later
    except OSError:
        problem = "can't be read. Does every worker see the folder under the same path?"
        raise ImageError(problem, "failed") from None


def judged(errand: Errand, result: Result | Errand | ImageError, hosts: Hosts) -> Result | Errand:
    """Judge a visit; whatever its answer holds, it ends no work on other images."""
    try:
        return judge(errand, result, hosts)
    except Exception as error:
        return failure(
            errand, ImageError(f"failed in an unforeseen way ({error!r})", "failed")
        ), None


def judge(errand: Errand, result: Result | Errand | ImageError, hosts: Hosts) -> Result | Errand:
    """Return what is to be kept of a visit, or an errand: elsewhere, or again if it was busy."""
    if not isinstance(result, ImageError):
        return result
    if result.status in BUSY:
        try:
            retry = errand.retry.increment("GET", errand.place)
        except MaxRetryError:
            return failure(errand, result), None
        seconds = patience(retry, result.headers)
        if seconds <= LONGEST_WAIT:
            hosts.wait(errand.place, seconds)
            return replace(errand, retry=retry)
        problem = f"its server asks to come back in {seconds:,.0f} s; run with --retry-failed then"
        return Finding(errand.address, result.status, problem), None
    return failure(errand, result), None


def failure(errand: Errand, error: ImageError) -> Finding:
    """Return what an error means for a table, in which the address stands already."""
    place, said = name_of(errand.place), NAMELESS.sub("", str(error))
    words = BY_HAND.sub("", said.removeprefix(place).strip())
    if errand.moved:
        joint = ": " if words.startswith(("its ", "http")) else ", which "
        words = f"leads to {place}{joint}{words}"
    if error.status == "blocked":
        words += " Is the server yours? Let it in with --local, and --retry-failed."
    other = error.status == "not_an_image" and OTHER_KINDS.search(words)
    return Finding(errand.address, statuses.UNSUPPORTED if other else error.status, words)
