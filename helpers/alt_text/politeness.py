"""Manners of a visitor: robots.txt, one request after the other, and patience when told to wait."""

import re
from collections.abc import Mapping
from contextlib import suppress
from threading import Lock
from time import time
from urllib.parse import urlsplit
from urllib.robotparser import RobotFileParser

from urllib3.exceptions import InvalidHeader
from urllib3.util import Retry

from helpers.images import USER_AGENT, ImageError, fetch_answer

ROBOT = USER_AGENT.partition("/")[0]  # the name to which a robots.txt may speak
RULES_BYTES = 2_000_000
SLOWEST = 60  # seconds between two requests, however long a robots.txt wishes
LONGEST_WAIT = 120  # seconds; who asks for more is visited in another run
RETRIES = Retry(total=3, backoff_factor=1, backoff_max=60)
BUSY = ("http_429", "http_503")
OPT_OUTS = {"noai", "noimageai"}


class Host:
    """A server, and when it may be visited next."""

    def __init__(self, gap: float):
        self.gap, self.next, self.entered, self.reading = gap, 0.0, False, Lock()
        self.rules: RobotFileParser | ImageError | None = None


class Hosts:
    """All servers of a job.

    rate: requests a second to one server.
    local: one server of your own that is let in, such as "127.0.0.1:8000".
    folder: of images that are fetched already, and need no visit.
    """

    def __init__(
        self, rate: float = 5, local: str = "", user_agent: str = USER_AGENT, folder: str = ""
    ):
        self.gap, self.local, self.user_agent, self.folder = 1 / rate, local, user_agent, folder
        self.known: dict[str, Host] = {}
        self.lock = Lock()

    def of(self, address: str) -> Host:
        """Return the server of an address."""
        with self.lock:
            return self.known.setdefault(origin(address), Host(self.gap))

    def take_turn(self, address: str, now: float) -> float:
        """Return 0 if an address may be visited now, which counts as done; else when to ask again.

        Until its robots.txt is read, a server has one visitor.
        """
        if not origin(address):
            return 0.0
        host = self.of(address)
        if host.entered and host.rules is None:
            return now + 0.05
        if host.next > now:
            return host.next
        host.entered, host.next = True, now + host.gap
        return 0.0

    def wait(self, address: str, seconds: float) -> None:
        """Leave a server alone for a while."""
        host = self.of(address)
        host.next = max(host.next, time() + seconds)

    def check(self, address: str) -> None:
        """Raise ImageError, status "robots", for an address that its robots.txt closes.

        Source: RFC 9309; a robots.txt that is not there (4xx) allows all, one that fails (5xx)
        forbids all.
        """
        if not origin(address):
            return
        host = self.of(address)
        with host.reading:
            if host.rules is None:
                host.rules = self.read_rules(origin(address))
                if isinstance(host.rules, RobotFileParser):
                    asked = float(host.rules.crawl_delay(ROBOT) or 0)
                    host.gap = max(host.gap, min(asked, SLOWEST))
                host.next = max(host.next, time() + host.gap)
        if isinstance(host.rules, ImageError):
            raise ImageError(str(host.rules), host.rules.status)
        if not host.rules.can_fetch(ROBOT, address):
            problem = f"its robots.txt keeps {ROBOT} out. Is the site yours? Allow {ROBOT} there."
            raise ImageError(problem, "robots")

    def read_rules(self, start: str) -> RobotFileParser | ImageError:
        """Fetch and read a server's robots.txt, or return why none of its images can be had."""
        rules = RobotFileParser()
        try:
            answer = fetch_answer(
                f"{start}/robots.txt", 15, RULES_BYTES, self.local, self.user_agent
            )
            rules.parse(answer.data.decode("utf-8", "replace").splitlines())
        except ImageError as error:
            if error.status in ("unreachable", "timeout"):
                return error
            if error.status == "http_429" or error.status.startswith("http_5"):
                problem = f"its robots.txt answers {error.status[5:]}: no visits now. Retry later."
                return ImageError(problem, "robots")
            rules.allow_all = True
        except Exception:  # the parser trips over some rubbish; what says nothing allows all
            rules.allow_all = True
        return rules


def origin(address: str) -> str:
    """Return scheme and server of an address; "" if no server is asked for it."""
    with suppress(ValueError):
        parts = urlsplit(address.strip())
        if parts.scheme in ("http", "https") and parts.netloc:
            return f"{parts.scheme}://{parts.netloc}"
    return ""


def opted_out(headers: Mapping[str, str]) -> bool:
    """True if a server keeps its images from machines that learn. Taught in lesson 09."""
    value = next((v for k, v in headers.items() if k.lower() == "x-robots-tag"), "")
    return bool(OPT_OUTS & set(re.split(r"[,:;\s]+", value.lower())))


def patience(retry: Retry, headers: Mapping[str, str]) -> float:
    """Return for how many seconds to leave a busy server alone."""
    value = next((v for k, v in headers.items() if k.lower() == "retry-after"), None)
    with suppress(InvalidHeader):
        if value is not None:
            return max(1.0, retry.parse_retry_after(value))
    return max(1.0, retry.get_backoff_time())
