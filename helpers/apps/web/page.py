"""What is shown at which address: the form, the answers, and every refusal in words."""

import base64
import io
from collections.abc import Collection

from flask import Flask, Request, Response, jsonify, render_template, request
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import (
    BadRequest,
    HTTPException,
    MisdirectedRequest,
    RequestEntityTooLarge,
)

from helpers.apps.web.desk import COME_AGAIN, BusyError, CaptionDesk
from helpers.apps.web.hosts import is_ours
from helpers.apps.web.uploads import NO_ROOM
from helpers.apps.wording import alt_text, in_words
from helpers.captioner import Candidate, is_sure
from helpers.images import ImageError, encoded, open_image

MAX_BYTES, MAX_PHOTOS = 10_000_000, 20  # of one request
ENVELOPE = 100_000  # bytes that a form adds to its files
PREVIEW = 400  # pixels
FIELD = "photos"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src blob: data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
NO_PHOTO = "No photo arrived. Choose one, or send it as a form field named “photos”."
NO_WORDS = "The captioner found no words for this photo."
NOT_SURE = "The captioner isn't sure what this photo shows. Describe it in your own words."
TOO_MUCH = (
    f"That is too much: {MAX_BYTES // 10**6} MB and {MAX_PHOTOS} photos at a time. "
    "Scale the photo down, or send fewer at once."
)
ARRIVING = "Too many photos are arriving."
WORDS = {
    404: "There is nothing at this address. The form is on the first page.",
    405: "This address doesn't work that way. The form is on the first page.",
    413: TOO_MUCH,
    421: "This page isn't called by the name in your address bar. If it is yours, use --name.",
    500: "Something broke while your photo was at work. Try again.",
}


class PhotoRequest(Request):
    """A request whose files stay in memory; Werkzeug writes those above 500 KB to the disk."""

    @property
    def want_form_data_parsed(self) -> bool:
        """Whether there is a form with files; 9 MB of other fields would take 200 MB."""
        return self.mimetype == "multipart/form-data"

    def _get_file_stream(self, *sizes: object, **names: object) -> io.BytesIO:
        return io.BytesIO()

    def _load_form_data(self) -> None:
        """Read the form, and let go of the body, which would take as much memory once more."""
        super()._load_form_data()
        if isinstance(body := self.environ["wsgi.input"], io.BytesIO):
            body.close()


class PhotoPage(Flask):
    """The page: `/` the form, `/caption` the same answers as JSON, `/health`.

    Arguments:
        desk: where the photos are captioned.
        captioner: what the page calls it.
        names: further names by which the page may be called, beside where it listens.

    Taught in lesson 11.
    """

    request_class = PhotoRequest

    def __init__(self, desk: CaptionDesk, captioner: str = "", names: Collection[str] = ()):
        super().__init__(__name__)
        self.desk, self.captioner, self.names = desk, captioner, names
        self.config["HOST"] = "127.0.0.1"
        self.config["MAX_CONTENT_LENGTH"] = MAX_BYTES + ENVELOPE
        self.json.ensure_ascii = False
        self.add_url_rule("/", view_func=self.form)
        self.add_url_rule("/", view_func=self.take_form, methods=["POST"])
        self.add_url_rule("/caption", view_func=self.take_photos, methods=["POST"])
        self.add_url_rule("/health", view_func=self.health)
        self.before_request(self.check)
        self.register_error_handler(Exception, self.refuse)
        self.after_request(with_headers)

    def check(self) -> None:
        """Refuse what came by a stranger's name, and uploads for which there was no room.

        Programs that watch over the page may call `/health` by any name: it tells of no photo.
        """
        by_name = is_ours(request.environ.get("HTTP_HOST", ""), self.config["HOST"], self.names)
        if not by_name and request.endpoint != "health":
            raise MisdirectedRequest
        if NO_ROOM in request.environ:
            raise BusyError(COME_AGAIN, ARRIVING)

    def give_up(self) -> None:
        """Tell those who still wait to come again: the server stops."""
        self.desk.give_up()

    def form(self, **found: object) -> str:
        """Show the form, with answers below it or a problem."""
        limits = {"max_bytes": MAX_BYTES, "max_photos": MAX_PHOTOS}
        return render_template("page.html", captioner=self.captioner, **limits, **found)

    def take_form(self) -> tuple[str, int]:
        """Answer a browser without JavaScript: the form again, with the captions."""
        files = photos_sent()
        answers = self.answers(files)
        for file, answer in zip(files, answers, strict=True):
            if "caption" in answer:
                with self.desk.opening:
                    answer["preview"] = preview_of(file)
        return self.form(answers=answers), status_of(answers)

    def take_photos(self) -> tuple[Response, int]:
        """Answer as JSON."""
        answers = self.answers(photos_sent())
        return jsonify(images=answers), status_of(answers)

    def answers(self, files: list[io.BytesIO]) -> list[dict]:
        """Return what is said of each file."""
        results = self.desk.caption(files)
        return [answer_of(file.name, result) for file, result in zip(files, results, strict=True)]

    def health(self) -> tuple[Response, int]:
        """Tell a program that watches over this one how it is."""
        well = self.desk.worker.is_alive()
        status = "ok" if well else "the worker has ended; start the server again"
        state = {"status": status, "photos": self.desk.taken, "places": self.desk.places}
        return jsonify(state), 200 if well else 503

    def refuse(self, error: Exception) -> tuple[str | Response, int, dict[str, str]]:
        """Say in words what went wrong."""
        problem, code, headers = in_plain_words(error)
        if code == 500:
            self.logger.error("a request failed", exc_info=error)
        if request.path == "/caption":
            return jsonify(error=problem), code, headers
        if code == 421:  # a name may be of a kind with which no addresses can be made for the form
            return problem, code, headers
        return self.form(problem=problem), code, headers


def photos_sent() -> list[io.BytesIO]:
    """Return the files of the form, each under its name.

    Raises BadRequest if there is none, RequestEntityTooLarge if there are too many.
    """
    files = [named(file) for file in request.files.getlist(FIELD) if file.filename]
    if not files:
        raise BadRequest(NO_PHOTO)
    if len(files) > MAX_PHOTOS:
        raise RequestEntityTooLarge
    return files


def named(file: FileStorage) -> io.BytesIO:
    """Return the file in memory; errors call it by its name, of which no more is kept."""
    file.stream.name = "".join(filter(str.isprintable, file.filename))[:80] or "The photo"
    return file.stream


def answer_of(name: str, result: list[Candidate] | ImageError) -> dict:
    """Return a file's name with its captions, or with what is wrong with it."""
    if isinstance(result, ImageError):
        return {"name": name, "error": str(result)}
    if not is_sure(result):
        return {"name": name, "error": NOT_SURE}
    if not (sentence := alt_text(result[0].caption)):
        return {"name": name, "error": NO_WORDS}
    candidates = [
        {"caption": c.caption, "probability": c.probability, "in_words": likely(c)} for c in result
    ]
    best = {"alt_text": sentence, "caption": result[0].caption}
    return {"name": name, **best, "candidates": candidates}


def likely(candidate: Candidate) -> str:
    """Return a candidate's probability for people; "" where the captioner doesn't tell."""
    return "" if candidate.probability is None else in_words(candidate.probability)


def status_of(answers: list[dict]) -> int:
    """Return 200 if anything was captioned, 400 if nothing was."""
    return 200 if any("caption" in answer for answer in answers) else 400


def preview_of(file: io.BytesIO) -> str:
    """Return a small copy of a photo as a data address, for browsers without JavaScript."""
    small = encoded(open_image(file, PREVIEW), "JPEG", PREVIEW, quality=85)
    return f"data:image/jpeg;base64,{base64.b64encode(small).decode()}"


def in_plain_words(error: Exception) -> tuple[str, int, dict[str, str]]:
    """Return what to say of an error, its HTTP status, and headers."""
    if isinstance(error, BusyError):
        return str(error), 503, {"Retry-After": str(error.seconds)}
    code = error.code if isinstance(error, HTTPException) else 500
    said = WORDS.get(code) or (NO_PHOTO if code == 400 else WORDS[500])
    allowed = getattr(error, "valid_methods", None)
    return said, code, {"Allow": ", ".join(allowed)} if allowed else {}


def with_headers(response: Response) -> Response:
    """Let the browser run nothing but the page's own files, and keep nothing."""
    response.headers.update(HEADERS)
    return response
