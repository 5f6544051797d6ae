"""A small website on your own machine, to visit without bothering anybody's server."""

from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

Answer = tuple[int, dict, bytes]  # status, headers, content
LOST: Answer = (404, {}, b"not here")


class LocalSite:
    """Serves files from memory and counts who asks for what; it ends with the program.

    Arguments:
        files: path, such as "/dog.jpg", -> (status, headers, content as bytes). One with a header
            `Retry-After` is busy the first time only; then it is sent as if nothing had happened.

    `host` is "127.0.0.1:" and a free port; `visits` counts the requests of each path, what follows
    a question mark included. Paths that `files` lacks are answered with 404. Used in lesson 09.
    """

    def __init__(self, files: dict[str, Answer]):
        self.files, self.visits = files, Counter()
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                status, headers, content = site.answer(self.path)
                self.send_response(status)
                for name, value in {**headers, "Content-Length": len(content)}.items():
                    self.send_header(name, str(value))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_):
                pass  # it would print a line for every request

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self.server.server_port}"
        Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def answer(self, path: str) -> Answer:
        """Count a visit; return the status, headers and content (bytes) with which it is met."""
        self.visits[path] += 1
        status, headers, content = self.files.get(path.partition("?")[0], LOST)
        if "Retry-After" in headers and self.visits[path] > 1:
            return 200, {}, content
        return status, headers, content

    def close(self) -> None:
        """Stop serving."""
        self.server.shutdown()
        self.server.server_close()
