"""A web server that misbehaves in every way a test asks for.

Each path names a behaviour: a function that writes to the connection until it has done its worst.
"""

import contextlib
import gzip
import io
import itertools
import socket
import socketserver
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path

from PIL import Image

BLOCK = bytes(1 << 16)


def photo() -> bytes:
    """Return a PNG of 8 x 6 red pixels."""
    file = io.BytesIO()
    Image.new("RGB", (8, 6), "red").save(file, "PNG")
    return file.getvalue()


@cache
def bomb() -> bytes:
    """Return 97 kB that unpack to 100 MB; packing them takes most of a second."""
    return gzip.compress(bytes(100_000_000))


PNG = photo()
PAGE = b"<!doctype html><title>Dogs</title><img src=dog.jpg>"
SVG = b"<svg xmlns='http://www.w3.org/2000/svg'/>"


def answer(body: bytes = b"", status: str = "200 OK", **headers: str) -> bytes:
    """Return a whole answer; `Content_Type="text/html"` makes a header."""
    lines = [f"HTTP/1.1 {status}"]
    headers = {"Content_Length": str(len(body))} | headers
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items() if value]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def redirect(target: str, status: str = "302 Found") -> bytes:
    return answer(status=status, Location=target)


def drip(data: Iterable[bytes]) -> Iterator[bytes]:
    for piece in data:
        yield piece
        time.sleep(0.05)


def bytewise(data: bytes) -> list[bytes]:
    return [data[place : place + 1] for place in range(len(data))]


def head(*lines: str) -> bytes:
    return "\r\n".join(("HTTP/1.1 200 OK", *lines, "", "")).encode()


def forever(start: bytes, block: bytes = BLOCK) -> Iterator[bytes]:
    return itertools.chain([start], itertools.repeat(block))


def silence() -> Iterator[bytes]:
    return drip(itertools.repeat(b""))


CHUNKED = "Transfer-Encoding: chunked"
BEHAVIOURS: dict[str, Callable[[], Iterable[bytes]]] = {
    "/photo.png": lambda: [answer(PNG, Content_Type="image/png")],
    "/wrong-type": lambda: [answer(PNG, Content_Type="text/html")],
    "/keep-alive": lambda: itertools.chain([answer(PNG)], silence()),
    "/no-length": lambda: [head(), PNG],
    "/chunked": lambda: [head(CHUNKED), b"%x\r\n" % len(PNG), PNG, b"\r\n0\r\n\r\n"],
    # Too much
    "/endless": lambda: forever(head()),
    "/endless-chunks": lambda: forever(head(CHUNKED), b"10000\r\n" + BLOCK + b"\r\n"),
    "/endless-chunk-size": lambda: forever(head(CHUNKED), b"0" * 65536),
    "/endless-trailers": lambda: forever(head(CHUNKED) + b"0\r\n", b"X: y\r\n" * 9999),
    "/endless-headers": lambda: forever(b"HTTP/1.1 200 OK\r\n", b"X: y\r\n" * 9999),
    "/endless-header": lambda: forever(b"HTTP/1.1 200 OK\r\nX: "),
    "/endless-continue": lambda: forever(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 999),
    "/announces-a-terabyte": lambda: forever(head("Content-Length: 1000000000000")),
    "/gzip-bomb": lambda: [answer(bomb(), Content_Encoding="gzip", Content_Type="image/png")],
    "/gzip-endless": lambda: forever(head("Content-Encoding: gzip"), bomb()),
    "/redirect-and-gzip-bomb": lambda: [
        answer(bomb(), "302 Found", Location="/photo.png", Content_Encoding="gzip")
    ],
    "/redirect-and-endless": lambda: forever(b"HTTP/1.1 302 Found\r\nLocation: /photo.png\r\n\r\n"),
    # Too slow
    "/drip": lambda: drip([head("Content-Length: 5000"), *bytewise(PNG * 90)]),
    "/drip-without-length": lambda: drip([head(), *bytewise(PNG * 90)]),
    "/drip-chunks": lambda: drip(forever(head(CHUNKED), b"1\r\nx\r\n")),
    "/drip-headers": lambda: drip(bytewise(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 5000)),
    "/drip-status": lambda: drip(bytewise(b"HTTP/1.1 200 " + b"O" * 5000)),
    "/drip-continue": lambda: drip(itertools.repeat(b"HTTP/1.1 100 Continue\r\n\r\n")),
    "/drip-redirect": lambda: drip(bytewise(redirect("/photo.png"))),
    "/silent": lambda: silence(),
    "/silent-body": lambda: itertools.chain([head("Content-Length: 500")], silence()),
    "/late-redirect": lambda: time.sleep(0.2) or [redirect("/late-redirect?again")],
    # Broken
    "/truncated": lambda: [answer(PNG[:-30], Content_Length=str(len(PNG)))],
    "/truncated-chunks": lambda: [head(CHUNKED), b"ffff\r\n", PNG],
    "/half-an-image": lambda: [answer(PNG[:-30])],
    "/closes": lambda: [],
    "/rubbish": lambda: [b"\0\1\2 this is no HTTP\r\n\r\n"],
    "/bad-chunk-size": lambda: [head(CHUNKED), b"dog\r\n", PNG],
    "/bad-length": lambda: [answer(PNG, Content_Length="dog")],
    "/negative-length": lambda: [answer(PNG, Content_Length="-5")],
    "/two-lengths": lambda: [answer(PNG, Content_Length="5, 70")],
    "/bad-status": lambda: [b"HTTP/1.1 dog\r\n\r\n"],
    # No image
    "/empty": lambda: [answer()],
    "/page": lambda: [answer(PAGE, Content_Type="text/html")],
    "/page-as-image": lambda: [answer(b" \n" + PAGE, Content_Type="image/jpeg")],
    "/svg": lambda: [answer(SVG, Content_Type="image/svg+xml")],
    "/404": lambda: [answer(PAGE, "404 Not Found")],
    "/404-with-photo": lambda: [answer(PNG, "404 Not Found")],
    "/403": lambda: [answer(b"", "403 Forbidden")],
    "/500": lambda: [answer(b"", "500 Internal Server Error")],
    "/599": lambda: [answer(b"", "599 \x1b[31mred")],
    "/204": lambda: [b"HTTP/1.1 204 No Content\r\n\r\n"],
    "/206": lambda: [answer(PNG, "206 Partial Content")],
    "/304": lambda: [b"HTTP/1.1 304 Not Modified\r\n\r\n"],
    # Redirects; `redirects` of the server adds more
    "/1": lambda: [redirect("photo.png", "301 Moved Permanently")],
    "/2": lambda: [redirect("/1", "303 See Other")],
    "/3": lambda: [redirect("2", "307 Temporary Redirect")],
    "/4": lambda: [redirect("/3", "308 Permanent Redirect")],
    "/loop": lambda: [redirect("/loop")],
    "/nowhere": lambda: [answer(status="302 Found")],
    "/cookie": lambda: [
        answer(status="302 Found", Location="/photo.png", Set_Cookie="dog=1; Path=/")
    ],
}


class Connection(socketserver.BaseRequestHandler):
    """One connection: notes what was asked, then behaves as the path says."""

    def handle(self) -> None:
        server = self.server
        server.connections.append(self.client_address)
        with contextlib.suppress(OSError):
            request = b""
            while b"\r\n\r\n" not in request and (more := self.request.recv(4096)):
                request += more
                if request[:1] == b"\x16" and not server.context:  # a greeting in TLS
                    self.request.sendall(answer(status="400 Bad Request"))
                    return
            if not request:
                return
            server.requests.append(request.decode("latin-1"))
            path = request.split()[1].decode("latin-1").partition("?")[0]
            for piece in server.behaviour(path):
                if server.stopping.is_set():
                    break
                if self.was_closed():
                    server.hung_up.set()
                    break
                self.request.sendall(piece)
                server.sent += len(piece)
            return
        server.hung_up.set()

    def was_closed(self) -> bool:
        """See whether the other side has closed or cut its line."""
        self.request.setblocking(False)
        try:
            return self.request.recv(1) == b""
        except (BlockingIOError, ssl.SSLWantReadError):
            return False
        finally:
            self.request.setblocking(True)


class HostileServer(socketserver.ThreadingTCPServer):
    """Serves BEHAVIOURS on a free port of 127.0.0.1; with a certificate, over TLS.

    requests: what was asked, as text. sent: bytes written. connections: who called.
    hung_up: set once a caller cut its line before the end. redirects: path -> target.
    """

    daemon_threads = True
    block_on_close = False
    request_queue_size = 50

    def __init__(self, certificate: Path | None = None):
        super().__init__(("127.0.0.1", 0), Connection)
        self.requests, self.connections, self.redirects, self.sent = [], [], {}, 0
        self.hung_up, self.stopping = threading.Event(), threading.Event()
        self.context = None
        if certificate:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(certificate)
        self.port = self.server_address[1]
        self.address = f"127.0.0.1:{self.port}"
        self.url = f"{'https' if certificate else 'http'}://{self.address}"

    def get_request(self):
        line, address = super().get_request()
        # Small buffers, so that `sent` is close to what the caller has read.
        line.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 16)
        if self.context:
            line = self.context.wrap_socket(line, server_side=True)
        return line, address

    def behaviour(self, path: str) -> Iterable[bytes]:
        if path in self.redirects:
            return [redirect(self.redirects[path])]
        return BEHAVIOURS.get(path, BEHAVIOURS["/404"])()

    def handle_error(self, request, client_address) -> None:
        """Stay silent: callers that break off are what the tests are about."""

    def __enter__(self) -> "HostileServer":
        threading.Thread(target=self.serve_forever, args=(0.005,), daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self.stopping.set()
        self.shutdown()
        self.server_close()
