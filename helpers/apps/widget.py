"""The widget of lesson 07, for ipywidgets 7 (Colab) and 8; it imports no TensorFlow by itself."""

import base64
import io
import sys
from collections.abc import Callable, Mapping, Sequence
from html import escape
from pathlib import Path
from threading import Lock, RLock, Thread, Timer

import ipywidgets as widgets
from PIL import Image

from helpers.apps.samples import sample_photos
from helpers.apps.wording import alt_text, in_words
from helpers.captioner import DEFAULT, candidates_of, captioner_names, is_sure, open_warm
from helpers.images import URL, encoded, fetch_image, open_image

HINT = "JPEG, PNG, WebP, GIF or BMP, at most 10 MB:<br>larger files get lost on their way"
NO_FILE = "No file arrived. Scale the photo down to less than 10 MB, or paste its address."
MAX_UPLOAD = (
    10_000_000  # bytes: what `fetch_image` takes, and what an ordinary Jupyter lets through
)
TOO_LARGE = "{} has {:.1f} MB, and 10 MB is the most. Scale the photo down."
NO_IMAGE = "Paste the address of an image (it begins with https://), or upload one below."
AUTO = {"layout": {"width": "auto"}}
ROW = {"flex_flow": "row wrap", "align_items": "flex-start", "grid_gap": "0 12px"}
SEARCHES = {  # what people see: size of the beam, kind of search
    "the captioner's own": (None, None),
    "greedy": (None, "greedy"),
    "a beam of 3": (3, "beam"),
    "a vote": (None, "vote"),
}
BUSY, NO_WORDS = "Looking at the image …", "The captioner found no words for this image."
NOT_SURE = "The captioner isn't sure what this image shows."
LIVE = '<div role="{}" style="padding:2px 8px; line-height:1.4; {}">{}</div>'  # read out aloud
ALERT, BIG = "border-left:4px solid #d33", "font-size:1.5em"
PREVIEW, THUMBNAIL = 400, 88  # pixels
ENTER_WAIT = 0.1  # seconds: a browser tells of the Enter key before the text that it ends


def candidates_table(candidates: Sequence) -> str:
    """Return HTML: a row per `Candidate`, with a bar as long as its probability (lesson 07)."""
    most, rows = max(candidate.probability for candidate in candidates) or 1, ""
    for candidate in candidates:
        width = max(1, round(80 * candidate.probability / most))
        bar = f'<div style="width:{width}px; height:10px; background:#3b82c4"></div>'
        cells = (escape(candidate.caption) or "(no words)", bar, in_words(candidate.probability))
        rows += f"<tr><td>{'</td><td>'.join(cells)}</td></tr>"
    head = '<tr><th scope="col">candidate</th><th scope="col" colspan="2">probability</th></tr>'
    return f'<table cellpadding="4" style="text-align:left; line-height:1.4">{head}{rows}</table>'


def image_html(image: Image.Image, side: int, alt: str, below: str = "") -> str:
    """Return HTML of an image, at most `side` pixels wide and high, with a line below it."""
    data = base64.b64encode(encoded(image, "JPEG", side, quality=85)).decode()
    picture = f'<img src="data:image/jpeg;base64,{data}" alt="{escape(alt)}"><br>'
    style = f"max-width:{side}px; overflow-wrap:anywhere; line-height:1.4"
    return f'<div style="{style}">{picture}{escape(below)}</div>'


def uploaded_files(value: dict | Sequence) -> list[tuple[str, bytes]]:
    """Return (name, content) of the files of a FileUpload: ipywidgets 7 has a dict, 8 a tuple."""
    files = value.items() if isinstance(value, dict) else ((f["name"], f) for f in value)
    return [(name, bytes(file["content"])) for name, file in files]


class CaptionWidget(widgets.VBox):
    """The form, and below it the answer. `press` and `take` begin a request; `answer` serves it."""

    def __init__(self, captioners: Mapping, photos: Mapping, fetch: Callable):
        super().__init__(layout={"max_width": "880px"})
        self.captioners, self.fetch = dict(captioners), fetch
        self.picked, self.number, self.busy = None, 0, False
        self.showing, self.captioning = RLock(), Lock()
        self.message, self.preview, self.caption, self.table = (widgets.HTML() for _ in range(4))
        self.box = widgets.Text(description="Address of an image", continuous_update=False)
        self.box.placeholder, self.box.layout.flex = "https://", "1 1 400px"
        self.button = widgets.Button(description="Caption that image!", **AUTO)
        self.button.button_style = "primary"
        self.upload = self.upload_button()
        self.output = widgets.Output()  # here Colab asks for a file
        self.choice = widgets.Dropdown(options=list(self.captioners), description="Captioner")
        self.search = widgets.Dropdown(options=list(SEARCHES.items()), description="Search")
        self.alt = widgets.Textarea(description="Alt text", rows=2, **AUTO)
        self.box.style.description_width = self.alt.style.description_width = "initial"
        words = widgets.VBox([self.caption, self.table, self.alt], layout={"flex": "1 1 320px"})
        self.answers = widgets.HBox([self.preview, words], layout=ROW | {"display": "none"})
        examples = [self.example(label, path) for label, path in photos.items()]
        hint = widgets.HTML(LIVE.format("note", "", HINT))
        tools = widgets.VBox([self.upload, hint, self.choice, self.search, self.output])
        rows = [self.box, self.button], [self.message], [*examples, tools]
        self.children = [*(widgets.HBox(parts, layout=ROW) for parts in rows), self.answers]
        self.box.on_msg(self.enter)
        self.button.on_click(self.press)
        self.say("")

    def upload_button(self) -> widgets.Widget:
        """Return the button that asks for a file; Colab loses files unless it asks its own way."""
        if "google.colab" in sys.modules:
            button = widgets.Button(description="Upload a photo", icon="upload", **AUTO)
            button.on_click(self.upload_in_colab)
        else:
            button = widgets.FileUpload(description="Upload a photo", accept="image/*", **AUTO)
            button.observe(self.take_upload, "value")
            button.observe(lambda change: self.fail(NO_FILE), "error")
        return button

    def example(self, label: str, path: Path) -> widgets.VBox:
        """Return a small photo above a button that captions it."""
        button = widgets.Button(description=label, layout={"width": f"{THUMBNAIL}px"})
        button.on_click(lambda _: self.take([(label, path.read_bytes())]))
        picture = image_html(open_image(path, THUMBNAIL), THUMBNAIL, label)
        return widgets.VBox([widgets.HTML(picture), button])

    def enter(self, _, content: dict, __) -> None:
        """Take the Enter key in the box as a press."""
        if content.get("event") == "submit":
            Timer(ENTER_WAIT, self.press).start()

    def press(self, *_) -> None:
        """Caption what the box names, or the last image again if it is empty; not while busy."""
        address = self.box.value.strip()
        with self.showing:
            if self.busy:
                return
            if URL.match(address):
                self.start(address if len(address) < 90 else f"{address[:80]} …", address)
            elif self.picked and not address:
                self.start(*self.picked)
            else:
                self.fail(NO_IMAGE)

    def take_upload(self, change: Mapping) -> None:
        """Caption an uploaded file, and empty the button, so that it takes the same file again."""
        if change["new"]:
            change["owner"].set_trait("value", type(change["new"])())
            self.take(uploaded_files(change["new"]))

    def upload_in_colab(self, _) -> None:
        """Let Colab ask for a file."""
        from google.colab import files

        with self.output:
            uploaded = files.upload()
        self.output.clear_output()
        self.take(list(uploaded.items()))

    def take(self, files: Sequence[tuple[str, bytes]]) -> None:
        """Caption the first file, even while a request runs, whose answer is then dropped."""
        self.box.value = ""
        if not files or not files[0][1]:
            return self.fail(NO_FILE)
        name, data = files[0]
        if len(data) > MAX_UPLOAD:
            return self.fail(TOO_LARGE.format(name, len(data) / 1e6))
        return self.start(*files[0])

    def start(self, name: str, source: str | bytes) -> None:
        """Begin a request for an address or bytes, with the settings of this moment."""
        with self.showing:
            self.number, self.picked = self.number + 1, (name, source)
            self.say(BUSY, busy=True)
            request = (self.number, name, source, self.choice.value, self.search.value)
        Thread(target=self.answer, args=request, daemon=True).start()  # the widget listens on

    def answer(self, number: int, name: str, source: str | bytes, choice: str, how: tuple) -> None:
        """Open an image and caption it; show what is ready unless a newer request has begun."""
        try:
            file = io.BytesIO(source if isinstance(source, bytes) else self.fetch(source))
            file.name = name  # so errors call it
            image, below = open_image(file, PREVIEW), f"{name}, {len(file.getvalue()):,} bytes"
            self.show(number, image, below)
            with self.captioning:
                candidates = candidates_of(self.captioner(choice), file, *how)
            self.show(number, image, below, candidates)
        except Exception as error:  # nobody would see a traceback, and the button stay disabled
            ours = isinstance(error, ValueError)  # with a message for people
            self.fail(str(error) if ours else f"Something broke ({error!r}). Try again.", number)

    def captioner(self, choice: str) -> object:
        """Return the chosen captioner, loaded."""
        if isinstance(self.captioners[choice], str | Path):
            self.captioners[choice] = open_warm(self.captioners[choice])
        return self.captioners[choice]

    def show(
        self, number: int, image: Image.Image, below: str, candidates: Sequence | None = None
    ) -> None:
        """Show an image, and its captions once they are there."""
        sentence = alt_text(candidates[0].caption) if is_sure(candidates) else ""
        preview = image_html(image, PREVIEW, sentence or "The image to caption", below)
        with self.showing:
            if number == self.number:
                self.answers.layout.display = None
                self.preview.value, self.alt.value, self.table.value = preview, sentence, ""
                self.caption.value = LIVE.format("status", BIG, escape(sentence))
                if candidates and candidates[0].probability is not None:
                    self.table.value = candidates_table(candidates)
                if candidates is not None:
                    self.say("" if sentence else NO_WORDS if is_sure(candidates) else NOT_SURE)

    def fail(self, problem: str, number: int | None = None) -> None:
        """Say what went wrong, in words, and show no image of an earlier request beside it."""
        with self.showing:
            if number in (None, self.number):
                self.answers.layout.display = "none"
                self.say(problem, "alert")

    def say(self, text: str, role: str = "status", busy: bool = False) -> None:
        """Write the line below the box, which screen readers read out, and set the button."""
        self.busy = self.button.disabled = busy
        self.message.value = LIVE.format(role, ALERT if role == "alert" else "", escape(text))


def caption_widget(
    captioner: object = None, photos: Mapping | None = None, fetch: Callable = fetch_image
) -> CaptionWidget:
    """Return a form to caption images with, its first captioner loaded.

    captioner: any captioner, or the name or folder of one; several as {label: either}; None
        offers all in data/captioners. `open_captioner` gives one that needs an endpoint or prompt.
    photos: ready examples, label -> path; None takes `sample_photos()`.
    fetch: returns the bytes of a URL; tests let it read from their own server.
    Raises CaptionerError for a captioner that is not there. Taught in lesson 07.
    """
    if captioner is None or isinstance(captioner, str | Path):
        first = {Path(captioner or DEFAULT).name: captioner or DEFAULT}
        captioner = first | {name: name for name in captioner_names()} | first
    elif not isinstance(captioner, Mapping):
        captioner = {"yours": captioner}
    widget = CaptionWidget(captioner, sample_photos() if photos is None else photos, fetch)
    widget.captioner(widget.choice.value)
    return widget
