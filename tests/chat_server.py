"""A server that speaks OpenAI's chat protocol, or misbehaves: for the tests of captioners.

Each endpoint is `server.at("slow")`; what is asked of it is kept in `server.asked`.
"""

import base64
import contextlib
import io
import json
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from PIL import Image


def said(text, **message):
    """Return the body of an answer that says a text."""
    message = {"role": "assistant", "content": text, **message}
    return {"object": "chat.completion", "choices": [{"index": 0, "message": message}]}


def colour_of(question):
    """Return what a good server says of a photo of one colour; the photo is looked at."""
    (shown,) = [part for part in question["messages"][-1]["content"] if part["type"] != "text"]
    code = shown["image_url"]["url"].removeprefix("data:image/jpeg;base64,")
    image = Image.open(io.BytesIO(base64.b64decode(code)))
    assert image.format == "JPEG" and max(image.size) <= 768
    red, green, blue = image.getpixel((0, 0))
    name = ["red", "green", "blue"][[red, green, blue].index(max(red, green, blue))]
    return f"A {name} dog runs over the grass."


class Chat(BaseHTTPRequestHandler):
    """One request; the first part of its path says how it is answered."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        case = self.path.split("/")[1]
        with self.server.noting:
            self.server.asked.append((case, dict(self.headers), json.loads(body)))
            number = sum(asked[0] == case for asked in self.server.asked)
        behave = self.server.cases[case]
        with contextlib.suppress(OSError):
            answer = behave(self, json.loads(body), number) if callable(behave) else behave
            if isinstance(answer, bytes):
                self.connection.sendall(answer)
                self.close_connection = True
            elif answer is not None:
                self.answer(*answer)

    def answer(self, status, content, **headers):
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def answer_with(self, status, content, **headers):
        self.answer(status, content, **headers)

    def drip(self, piece=b"x", seconds=0.02, start=b"HTTP/1.1 200 OK\r\nX-Slow: "):
        """Send without an end, until the other side has enough or the server closes."""
        self.close_connection = True
        self.connection.sendall(start)
        while not self.server.stopping.is_set():
            self.connection.sendall(piece)
            time.sleep(seconds)

    def log_message(self, *_):
        """Stay silent."""


class ChatServer(ThreadingHTTPServer):
    """Serves `cases`: name -> bytes to send, (status, content), or a function that gives either."""

    daemon_threads, block_on_close, request_queue_size = True, False, 64

    def __init__(self, cases=(), certificate=None):
        super().__init__(("127.0.0.1", 0), Chat)
        self.cases = {"good": lambda chat, question, number: (200, said(colour_of(question)))}
        self.cases |= dict(cases)
        self.asked, self.noting, self.stopping = [], threading.Lock(), threading.Event()
        self.scheme = "https" if certificate else "http"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.socket = context.wrap_socket(self.socket, server_side=True)

    def at(self, case="good"):
        """Return the endpoint that behaves as a case says."""
        return f"{self.scheme}://127.0.0.1:{self.server_port}/{case}/v1"

    def count(self, case="good"):
        return sum(asked[0] == case for asked in self.asked)

    def handle_error(self, request, client_address):
        """Stay silent: callers that break off are what the tests are about."""

    def __enter__(self):
        threading.Thread(target=self.serve_forever, args=(0.005,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.shutdown()
        self.server_close()
