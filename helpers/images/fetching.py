"""Fetch an image from the public web, and nothing else from anywhere else."""

import base64
import re
import socket
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from http.client import responses
from ipaddress import ip_address, ip_network
from time import monotonic
from urllib.parse import unquote_to_bytes, urljoin, urlsplit
from urllib.request import Request

import requests
from requests_hardened import ip_filter
from requests_hardened.ip_filter_adapter import IPFilterAdapter

from helpers.images.errors import ImageError, name_of
from helpers.strangers import counted_lines

URL = re.compile(r"\s*(data:|[a-z][a-z0-9+.-]+://)", re.IGNORECASE)
USER_AGENT = "caption-lessons/1.0.0"
MAX_REDIRECTS = 3
SMALL_TALK = 10**6  # bytes that an answer may have beside what is twice max_bytes: headers, chunks
PIECE = 1 << 16  # characters of a data address that are decoded at once
UPLOAD = "save the image and upload it instead"
ip_filter.logger.setLevel("ERROR")  # its warnings say what our ImageError says

# What the library's filter lets through: addresses inside one site (RFC 3879), IPv4 written as
# IPv6 in two ways that are no longer used (RFC 4291, 2765), what Azure answers its machines from.
INSIDE = [*map(ip_network, ("fec0::/10", "::/96", "::ffff:0:0:0/96", "168.63.129.16"))]
PRIVATE = f"has a private address, and only the public web is open; {UPLOAD}"
NO_ANSWER = f"gives no answer: no connection to {{host}}; {UPLOAD}"

# Why a URL cannot be fetched: kind of error -> status, what is wrong, what to do. The first fits.
REASONS = {
    ImageError: ("", "{error}"),
    ip_filter.InvalidIPAddress: ("blocked", PRIVATE),
    requests.exceptions.SSLError: ("unreachable", f"has no certificate to trust; {UPLOAD}"),
    requests.ConnectionError: ("unreachable", NO_ANSWER),
    ValueError: ("bad_address", "is no valid address. Copy it once more"),
    Exception: ("unreachable", f"broke off. Try again, or {UPLOAD}"),
}


@dataclass(frozen=True)
class Answer:
    """What a server sent.

    Attributes:
        headers: their names have no case.
        target: where it leads, if it leads on and that was not to be followed; else "".
    """

    data: bytes
    headers: Mapping[str, str]
    target: str = ""


def fetch_image(url: str, seconds: float = 15, max_bytes: int = 10**7, local: str = "") -> bytes:
    """Fetch the bytes of an image from the public web, or take them out of a data URL.

    url: http or https, port 80 or 443, no password; each redirect is held to that as well.
    seconds: for everything, from looking up the name to the last byte.
    local: "127.0.0.1:8123" lets in this one server on your own machine; for tests.
    Raises ImageError. Source: requests-hardened looks a name up once and dials what it checked.
    """
    return fetch_answer(url, seconds, max_bytes, local).data


def fetch_answer(
    url: str,
    seconds: float = 15,
    max_bytes: int = 10**7,
    local: str = "",
    user_agent: str = USER_AGENT,
    follow: bool = True,
) -> Answer:
    """Fetch as `fetch_image` does, and keep the headers: for work in bulk, which is to be polite.

    user_agent: who asks, as servers read it in their logs.
    follow: go where a server leads; else its target is returned, which is as safe to ask.
    """
    sockets, worker, deadline = [], ThreadPoolExecutor(1), monotonic() + seconds
    try:
        line = sockets, deadline, max_bytes, local, user_agent, follow
        return worker.submit(_follow, url, *line).result(seconds)
    except TimeoutError:
        problem = f"{name_of(url)} took more than {seconds:g} seconds; {UPLOAD}."
        raise ImageError(problem, "timeout") from None
    finally:
        worker.shutdown(wait=False)
        for line in sockets:  # else a server that drips byte by byte would hold the worker
            with suppress(OSError):
                socket.socket.shutdown(line, socket.SHUT_RDWR)


def _follow(
    url: str,
    sockets: list,
    deadline: float,
    max_bytes: int,
    local: str,
    user_agent: str,
    follow: bool,
) -> Answer:
    """Ask for a URL and go where it leads, each step checked alike."""
    name = start = name_of(url)
    for step in range(MAX_REDIRECTS + 1):
        try:
            if step == 0 and url.lstrip()[:5].lower() == "data:":
                return Answer(_data_of(Request(url).full_url, max_bytes), {})
            headers = {"User-Agent": user_agent, "Accept-Encoding": "identity"}
            request = requests.Request("GET", url.strip(), headers).prepare()
            line = _Line(request.url, local, sockets, deadline, max_bytes)
            if step and not follow:
                return Answer(b"", {}, request.url)
            patience = deadline - monotonic() + 1  # a little more than the caller has
            with line.send(request, stream=True, timeout=patience) as response:
                if not response.is_redirect:
                    return Answer(_body(response, max_bytes), response.headers)
            url = urljoin(request.url, response.headers["Location"])
        except Exception as error:
            raise _in_words(error, name, url) from None
        name = f"{start} leads to {name_of(url)}, which"
    raise ImageError(f"{start} leads from one address to the next; {UPLOAD}.", "unreachable")


def _in_words(error: Exception, name: str, url: str) -> ImageError:
    """Say what an error means."""
    status, words = next(reason for kind, reason in REASONS.items() if isinstance(error, kind))
    host = "".join(url.split("/")[2:3])
    status, headers = status or error.status, getattr(error, "headers", {})
    return ImageError(f"{name} {words.format(error=error, host=host)}.", status, headers)


class _Line(IPFilterAdapter):
    """A line to the server of one URL, whose socket another thread can see and cut."""

    def __init__(self, url: str, local: str, sockets: list, deadline: float, max_bytes: int):
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or "@" in parts.netloc:
            problem = "has to begin with http:// or https:// and to hold no password"
            raise ImageError(problem, "blocked")
        if parts.netloc != local and parts.port not in (None, 80, 443):
            problem = f"asks for port {parts.port}, and only 80 and 443 are open; {UPLOAD}"
            raise ImageError(problem, "blocked")
        super().__init__(parts.scheme == "https", allow_loopback=parts.netloc == local)
        self.sockets, self.deadline, self.max_bytes = sockets, deadline, max_bytes

    def build_connection_pool_key_attributes(self, *arguments, **options):
        """Refuse an address after the library has looked it up; it is the one that is dialled."""
        host, pool = super().build_connection_pool_key_attributes(*arguments, **options)
        address = ip_address(host["host"].strip("[]"))
        if any(address in network for network in INSIDE):
            raise ip_filter.InvalidIPAddress(address)
        return host, pool

    def get_connection_with_tls_context(self, *arguments, **options):
        pool = super().get_connection_with_tls_context(*arguments, **options)
        error = partial(_too_large, self.max_bytes)
        opened = partial(_note, self.sockets, self.deadline)
        return counted_lines(pool, 2 * self.max_bytes + SMALL_TALK, error, opened)


def _note(sockets: list, deadline: float, line: socket.socket) -> None:
    """Note a socket, for who cuts it. (A method would hold its adapter, and that the socket.)"""
    sockets.append(line)
    if monotonic() > deadline:  # nobody is left to cut it
        raise TimeoutError


def _too_large(max_bytes: int) -> ImageError:
    problem = f"has more than {max_bytes / 1e6:g} MB. Save it, scale it down and upload it"
    return ImageError(problem, "too_large")


def _data_of(url: str, max_bytes: int) -> bytes:
    """Return the bytes in a data address, decoded piece by piece; raises ValueError."""
    head, comma, text = url.partition(",")
    if not comma:
        raise ValueError(head[:60])
    if len(text) > 3 * max_bytes + SMALL_TALK:  # a byte takes three characters at most
        raise _too_large(max_bytes)
    data, place = bytearray(), 0
    while place < len(text):
        end = place + PIECE
        end -= next((n for n in (1, 2) if text[end - n : end - n + 1] == "%"), 0)
        data += unquote_to_bytes(text[place:end])
        place = end
    found = base64.decodebytes(data) if head.endswith(";base64") else bytes(data)
    if len(found) > max_bytes:
        raise _too_large(max_bytes)
    return found


def _body(response: requests.Response, max_bytes: int) -> bytes:
    """Read what was sent, as it was sent: unpacked, 10 MB could become 10 GB."""
    if (status := response.status_code) != 200:
        phrase = responses.get(status, "unknown")
        problem = f"answers {status} ({phrase}). Check the address, or {UPLOAD}"
        raise ImageError(problem, f"http_{status}", dict(response.headers))
    data, length = bytearray(), response.raw.length_remaining or 0
    while max(len(data), length) <= max_bytes:
        if not (chunk := response.raw.read(1 << 16, decode_content=False)):
            return bytes(data)
        data += chunk
    raise _too_large(max_bytes)
