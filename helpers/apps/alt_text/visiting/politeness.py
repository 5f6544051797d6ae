"""Manners of a visitor: robots.txt, one request after the other, and patience when told to wait."""

import codecs
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import random
from threading import Lock
from time import monotonic
from urllib.parse import urljoin

from protego import Protego
from urllib3.util import Retry

from helpers.apps.alt_text.signs import origin
from helpers.images import USER_AGENT, ImageError, fetch_answer
from helpers.images.errors import name_of
from helpers.strangers import LONGEST_ASKED, number_in

ROBOT = USER_AGENT.partition("/")[0]  # the name to which a robots.txt may speak
RULES_BYTES = 2_000_000  # RFC 9309 wants 500 KiB at least
RULES_TIMES_NAMES = 500_000  # the parser keeps every rule once for each name above it
TOO_LONG = "its robots.txt is too long to be read: no visits. Is the site yours? Shorten it."
NOT_READ = "its robots.txt can't be had or read as text: no visits. Is the site yours? Mend it."
NO_TEXT = re.compile("[\0-\x08\x0e-\x19\x1b-\x1f]")
SLOWEST = 60  # seconds between two requests, however long a robots.txt wishes
LONGEST_WAIT = 120  # seconds; who asks for more is visited in another run
RETRIES = Retry(total=3, backoff_factor=1, backoff_max=60)
BUSY = ("http_429", "http_503")
OPT_OUTS = {"noai", "noimageai"}


class Host:
    """A server, when it may be visited next (0 if never yet), and the pause that it asks for."""

    def __init__(self):
        self.asked, self.next, self.entered, self.reading = 0.0, 0.0, False, Lock()
        self.rules: Protego | ImageError | None = None


@dataclass(eq=False)
class Hosts:
    """All servers of a job.

    rate: requests a second to one server, of all workers together.
    local: one server of your own that is let in, such as "127.0.0.1:8000".
    user_agent: who asks.
    folder: of images that are fetched already, and need no visit; "" without such.
    workers: how many visit the same servers, each with Hosts of its own. May change at any time.
    """

    rate: float = 5
    local: str = ""
    user_agent: str = USER_AGENT
    folder: str = ""
    workers: int = 1
    known: dict[str, Host] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def of(self, address: str) -> Host:
        """Return the server of an address."""
        with self.lock:
            return self.known.setdefault(origin(address), Host())

    def gap(self, host: Host) -> float:
        """Return the seconds between two visits of this worker, the others' turns among them."""
        return self.workers * max(1 / self.rate, host.asked)

    def lag(self, host: Host) -> float:
        """Return a random part of the others' turns, so that not all workers come at once."""
        return random() * self.gap(host) * (1 - 1 / self.workers)

    def take_turn(self, address: str, now: float) -> float:
        """Return 0 if an address may be visited now, which counts as done; else when to ask again.

        now: by `time.monotonic`, which nobody sets back.

        Until its robots.txt is read, a server has one visitor.
        """
        if not origin(address):
            return 0.0
        host = self.of(address)
        with self.lock:
            if host.entered and host.rules is None:
                return now + 0.05
            host.next = host.next or now + self.lag(host)
            if host.next > now:
                return host.next
            host.entered, host.next = True, now + self.gap(host)
        return 0.0

    def wait(self, address: str, seconds: float) -> None:
        """Leave a server alone for a while."""
        host = self.of(address)
        host.next = max(host.next, monotonic() + seconds)

    def check(self, address: str) -> None:
        """Raise ImageError, status "robots", for an address that its robots.txt closes.

        Source: RFC 9309, as the library Protego reads it; a robots.txt that is not there (4xx)
        allows all, one that fails (5xx) or is too long forbids all. Crawl-delay, which is no part
        of it, is kept up to a minute. One that can't be had or read as text forbids all as well.
        """
        if not origin(address):
            return
        host = self.of(address)
        with host.reading:
            if host.rules is None:
                host.rules = self.read_rules(address)
                if isinstance(host.rules, Protego):
                    asked = number_in(host.rules.crawl_delay(USER_AGENT), 0, LONGEST_ASKED)
                    host.asked = min(asked or 0, SLOWEST)
                host.next = max(host.next, monotonic() + self.gap(host) - self.lag(host))
        if isinstance(host.rules, ImageError):
            raise ImageError(str(host.rules), host.rules.status)
        if not host.rules.can_fetch(address, USER_AGENT):
            problem = f"its robots.txt keeps {ROBOT} out. Is the site yours? Allow {ROBOT} there."
            raise ImageError(problem, "robots")

    def read_rules(self, address: str) -> Protego | ImageError:
        """Fetch and read a server's robots.txt, or return why none of its images can be had."""
        place = urljoin(address.strip(), "/robots.txt")
        try:
            answer = fetch_answer(place, 15, RULES_BYTES, self.local, self.user_agent)
            return rules_in(answer.data, answer.headers.get("Content-Encoding", ""))
        except (zlib.error, UnicodeError):
            return ImageError(NOT_READ, "robots")
        except ImageError as error:
            led = str(error).startswith(f"{name_of(place)} leads to ")
            if error.status in ("unreachable", "timeout", "blocked", "bad_address") and not led:
                return error  # the same as of its images
            if error.status == "http_429" or error.status.startswith("http_5"):
                problem = f"its robots.txt answers {error.status[5:]}: no visits now. Retry later."
                return ImageError(problem, "robots")
            if error.status == "too_large":
                return ImageError(TOO_LONG, "robots")
            if error.status.startswith("http_4"):
                return Protego.parse("")
            return ImageError(NOT_READ, "robots")
        except Exception as error:  # else the server would be waited for without end
            problem = f"its robots.txt can't be read ({error!r}): no visits now. Retry later."
            return ImageError(problem, "failed")


def rules_in(data: bytes, packed: str = "") -> Protego:
    """Read a robots.txt.

    packed: how its server says that it is packed, although we have asked for it unpacked.
    Raises ImageError, status "too_large" or "robots", for one that is made to hurt or no text.
    """
    text = text_of(data, packed.strip().lower())
    lines = text.splitlines()
    names = sum(line.strip().lower().startswith("user") for line in lines)
    if names * len(lines) > RULES_TIMES_NAMES:
        raise ImageError(TOO_LONG, "too_large")
    return Protego.parse(text)


def text_of(data: bytes, packed: str) -> str:
    """Return the text of a robots.txt: packed, in UTF-16, and always within the usual size."""
    if packed in ("gzip", "x-gzip", "deflate") or data.startswith(b"\x1f\x8b"):
        unpacking = zlib.decompressobj(zlib.MAX_WBITS | 32)
        data = unpacking.decompress(data, RULES_BYTES + 1)
        if len(data) > RULES_BYTES:
            raise ImageError(TOO_LONG, "too_large")
        packed = "" if unpacking.eof else "cut off"
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    text = data.decode("utf-16") if wide else data.decode("utf-8-sig", "replace")
    if packed not in ("", "identity") or NO_TEXT.search(text):
        raise ImageError(NOT_READ, "robots")
    return text


def opted_out(headers: Mapping[str, str]) -> bool:
    """True if a server keeps its images from machines that learn. Taught in lesson 09."""
    value = next((v for k, v in headers.items() if k.lower() == "x-robots-tag"), "")
    return bool(OPT_OUTS & set(re.split(r"[,:;\s]+", value.lower())))
