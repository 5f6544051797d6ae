"""Questions to a server that speaks OpenAI's chat protocol: patient, and never without an end."""

import os
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from ipaddress import ip_address
from threading import Lock
from time import monotonic
from urllib.parse import urljoin, urlsplit

import requests
from urllib3.exceptions import HTTPError, MaxRetryError
from urllib3.util import Retry

from helpers.captioner.folder import CaptionerError
from helpers.captioner.lines import Lines, NoAnswer, Way, body_of
from helpers.captioner.wording import tidy, without_markup
from helpers.images import USER_AGENT, ImageError
from helpers.images.errors import name_of
from helpers.strangers import patience, read_json

KEY = "CAPTION_API_KEY"
SECONDS = 300  # for one photo, all attempts together; a model on a CPU takes its time
CONNECTING = 10  # seconds
RETRIES = Retry(total=4, backoff_factor=1, backoff_max=60)
BUSY = (408, 425, 429, 500, 502, 503, 504, 529)
NO_KEY = (401, 402, 403)
OPTIONAL = ("max_tokens", "temperature")  # some servers refuse them
HEADERS = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity"}
PLAINLY = {"allow_redirects": False, "stream": True}
FAILURES = 10  # photos in a row without an answer, after which no more are sent
NOBODY = "gives no answer: no connection"
STATUS = "not_captioned"  # of a photo that was read and got no answer
AT_HOME = re.compile(r"localhost|[^.]+|.*\.(local|localhost|internal|lan|home|home\.arpa)")


class Server:
    """A server, known by its address.

    Arguments:
        address: of its protocol, such as "http://127.0.0.1:11434/v1". It may be private: its owner
            typed it. No other one is ever asked.
        seconds: for one question, from the first attempt to the last byte.
        max_requests: that are sent at most, failed ones included.

    Raises CaptionerError for an address that is none, or that holds a password.
    """

    def __init__(self, address: str, seconds: float = SECONDS, max_requests: int | None = None):
        self.address = address.strip().rstrip("/").removesuffix("/chat/completions")
        self.seconds, self.max_requests, self.sent = seconds, max_requests, 0
        self.lock, self.pause, self.failures, self.met = Lock(), 0.0, 0, False
        self.refused: set[str] = set()  # names of OPTIONAL
        self.host, self.private = host_of(self.address)

    def ask(self, question: Mapping, lines: Lines, read: Callable[[object], object]) -> object:
        """Return what can be read in the server's answer.

        read: takes it, out of JSON, and raises ImageError for what is no answer of the protocol.
        Raises ImageError if this question gets no answer, CaptionerError if no other would.
        """
        try:
            answer = read(self.answered(question, lines, monotonic() + self.seconds))
        except ImageError as error:
            with self.lock:
                self.failures += 1
            if self.failures >= FAILURES:
                problem = f"{FAILURES} photos in a row got no answer. The last one: {error}"
                raise CaptionerError(problem.rstrip(".")) from None
            raise
        self.failures, self.met = 0, True
        return answer

    def answered(self, question: Mapping, lines: Lines, deadline: float) -> object:
        """Ask until there is an answer, the time is over, or it has been asked often enough."""
        retry = RETRIES
        while True:
            self.wait(self.pause - monotonic(), lines, deadline)
            headers, away = {}, False
            try:
                status, headers, data = self.post(question, lines, deadline)
                if status == 200:
                    return self.json_in(data)
                problem = self.refusal(status, headers, data)
            except NoAnswer as error:
                problem, away = f"{self.host} {error}", NOBODY in str(error)
            try:
                if away and not self.met:
                    raise MaxRetryError(None, "/")
                retry = retry.increment("POST", "/")
            except MaxRetryError:
                if away:  # no photo's fault
                    cure = "Is it running? Check --endpoint"
                    raise CaptionerError(f"{problem}. {cure}") from None
                raise self.failed(problem) from None
            self.leave_alone(patience(retry, headers), problem, deadline)

    def json_in(self, data: bytes) -> object:
        """Return what JSON says; raise ImageError for what is none."""
        try:
            return read_json(data)
        except ValueError:
            raise self.failed(f"{self.host} answers no JSON: {self.said(data)}") from None

    def leave_alone(self, seconds: float, problem: str, deadline: float) -> None:
        """Let all questions wait; raise ImageError if this one's time is over before."""
        if monotonic() + seconds > deadline:
            raise self.failed(f"{problem}; it asks for {seconds:,.0f} s, too long for this photo")
        with self.lock:
            self.pause = max(self.pause, monotonic() + seconds)

    def wait(self, seconds: float, lines: Lines, deadline: float) -> None:
        """Wait, but no longer than there is time; raise CaptionerError if all is stopped."""
        if seconds > deadline - monotonic():
            raise self.failed(f"{self.host} has no time for it")
        if lines.over.wait(max(0, seconds)):
            raise CaptionerError(f"{self.host} is asked no more")

    def post(self, question: Mapping, lines: Lines, deadline: float) -> tuple[int, Mapping, bytes]:
        """Send a question once; return status, headers and body. Raises NoAnswer."""
        self.protect_key()
        self.count()
        way = Way(lines, deadline)
        seconds = CONNECTING, max(0.01, deadline - monotonic()) + 1
        options = {"headers": HEADERS, "auth": signed, "timeout": seconds, **PLAINLY}
        try:
            with way, requests.Session() as session:
                session.trust_env = not self.private  # no proxy, then
                session.mount("https://", way)
                session.mount("http://", way)
                url = f"{self.address}/chat/completions"
                with session.post(url, json=self.without(question), **options) as answer:
                    data = body_of(answer)
                way.check()
                return answer.status_code, answer.headers, data
        except requests.exceptions.SSLError:
            problem = f"{self.host} has no certificate to trust, so nothing is sent to it"
            raise CaptionerError(problem) from None
        except (requests.RequestException, HTTPError, OSError, EOFError) as error:
            if monotonic() > deadline:
                problem = f"{self.host} took more than {self.seconds:g} s for this photo"
                raise self.failed(problem) from None
            raise NoAnswer(why(error)) from None

    def protect_key(self) -> None:
        """Raise CaptionerError if the key would go through the web without encryption."""
        if not self.private and self.address.startswith("http:") and key():
            problem = f"{KEY} would go to {self.host} for all to read"
            raise CaptionerError(f"{problem}. Write https:// in --endpoint")

    def without(self, question: Mapping) -> dict:
        """Return a question as this server takes it."""
        taken = {name: value for name, value in question.items() if name not in self.refused}
        if "max_tokens" in self.refused:  # newer models of OpenAI
            taken["max_completion_tokens"] = question["max_tokens"]
        return taken

    def count(self) -> None:
        """Count a request; raise CaptionerError if there may be no more."""
        with self.lock:
            if self.max_requests is not None and self.sent >= self.max_requests:
                problem = f"--max-requests {self.max_requests:,} is reached; a larger one goes on"
                raise CaptionerError(problem)
            self.sent += 1

    def refusal(self, status: int, headers: Mapping, data: bytes) -> str:
        """Return why a busy server gave no answer; raise the error for any other one."""
        problem = f"{self.host} answers {status}: {self.said(data)}"
        refused = {name for name in OPTIONAL if name in problem} - self.refused
        if status in BUSY or (status == 400 and refused):
            self.refused |= refused if status == 400 else set()
            return problem
        if status in NO_KEY:
            raise CaptionerError(f"{problem}. Does {KEY} hold a key that is valid there?")
        if status == 404:
            raise CaptionerError(f"{problem}. Check the model's name, and --endpoint")
        if 300 <= status < 400:
            led = name_of(urljoin(self.address, headers.get("Location", "")))
            raise CaptionerError(f"{self.host} leads to {led}, and photos are sent nowhere else")
        raise self.failed(problem)

    def failed(self, problem: str) -> ImageError:
        """Return the error of one photo."""
        return ImageError(f"{problem}.", STATUS)

    def said(self, data: bytes) -> str:
        """Return what a server says of an error, short and without the key."""
        text = data[:5000].decode("utf-8", "replace")
        with suppress(ValueError, TypeError, KeyError, AttributeError):
            answer = read_json(data)
            error = answer.get("error") or answer["detail"]
            text = str(error["message"] if isinstance(error, dict) else error)
        return without_key(tidy(without_markup(text)))[:200].rstrip(". ") or "nothing"


def key() -> str:
    """Return the key, which stands in the environment alone; "" if there is none.

    Raises CaptionerError, without it, for one that no header can carry.
    """
    found = os.environ.get(KEY, "").strip()
    if not re.fullmatch(r"[\x21-\x7e]*", found):
        raise CaptionerError(f"{KEY} holds characters that no key has. Copy it once more")
    return found


def signed(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Give a request the key; for requests' `auth`, so that it reads none from a .netrc."""
    if found := key():
        request.headers["Authorization"] = f"Bearer {found}"
    return request


def without_key(text: str) -> str:
    """Return a text in which the key doesn't stand."""
    return text.replace(found, "…") if (found := key()) else text


def host_of(address: str) -> tuple[str, bool]:
    """Return the host (and port) of an endpoint, and whether it is at home: no host of the web.

    Raises CaptionerError for an address that is none, or that holds more than host and path.
    """
    problem = f"--endpoint {name_of(address)} is no address of a server"
    cure = "Write one such as http://127.0.0.1:11434/v1; a key belongs into " + KEY
    try:
        parts = urlsplit(address)
        name, port = parts.hostname or "", parts.port
    except ValueError:
        raise CaptionerError(f"{problem}. {cure}") from None
    extra = parts.username or parts.password or parts.query or parts.fragment
    if parts.scheme not in ("http", "https") or not name or extra or re.search(r"[\s\\]", address):
        raise CaptionerError(f"{problem}. {cure}")
    private = bool(AT_HOME.fullmatch(name))
    with suppress(ValueError):
        private = ip_address(name).is_private
    return f"{name}:{port}" if port else name, private


def why(error: Exception) -> str:
    """Return what became of a request."""
    if isinstance(error, requests.ConnectTimeout):
        return NOBODY
    refused = any(word in repr(error) for word in ("NewConnection", "NameResolution", "ProxyError"))
    return NOBODY if refused else "broke off"
