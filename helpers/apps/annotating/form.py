"""The form that captions are written with, for ipywidgets 7 (Colab) and 8."""

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from threading import RLock, Timer

import ipywidgets as widgets

from helpers.apps.annotating.coco_file import CocoFile
from helpers.captions import plain_spelling
from helpers.files import LockedError
from helpers.images import ImageError, encoded, open_image

ENDINGS = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp")
SIDE = 420  # pixels of the photo shown
LIVE = '<div role="status" style="line-height:1.5">{}</div>'  # read out aloud
ENTER_WAIT = 0.1  # seconds: a browser tells of the Enter key before the text that it ends
WIDE = {"layout": {"width": "auto"}}


class AnnotationWidget(widgets.VBox):
    """A photo with boxes for its captions. Every box is saved as soon as it is left."""

    def __init__(self, photos: Mapping[str, Path], file: CocoFile, amount: int):
        super().__init__(layout={"max_width": "900px"})
        self.names, self.photos = list(photos), list(photos.values())
        self.file, self.amount = file, amount
        self.seen, self.hidden = [], []  # captions in the file; those that no box is left for
        self.index, self.filling, self.lock = 0, False, RLock()
        self.picture, self.title, self.message = widgets.Image(), widgets.HTML(), widgets.HTML()
        self.picture.layout.max_width = f"{SIDE}px"
        self.bar = widgets.IntProgress(max=len(self.photos), description="Done", **WIDE)
        self.boxes = [self.caption_box(number) for number in range(1, amount + 1)]
        self.back, self.forward, self.unfinished = self.buttons()
        moves = widgets.HBox([self.back, self.forward, self.unfinished])
        fields = widgets.VBox([self.title, *self.boxes, moves, self.bar, self.message])
        fields.layout.flex = "1 1 380px"
        row = {"flex_flow": "row wrap", "align_items": "flex-start", "grid_gap": "0 16px"}
        self.children = [widgets.HBox([self.picture, fields], layout=row)]
        self.show(self.first_unfinished())

    def caption_box(self, number: int) -> widgets.Text:
        """Return the box of one caption; leaving it, or Enter, saves."""
        box = widgets.Text(description=f"Caption {number}", continuous_update=False, **WIDE)
        box.placeholder = "Say what you see, in a sentence"
        box.observe(self.save, "value")
        box.on_msg(self.enter)
        return box

    def buttons(self) -> list[widgets.Button]:
        """Return the buttons that go to another photo."""
        buttons = []
        for label, move in (
            ("← previous", lambda: self.index - 1),
            ("next →", lambda: self.index + 1),
            ("next without captions", self.first_unfinished),
        ):
            button = widgets.Button(description=label, **WIDE)
            button.on_click(lambda _, move=move: self.show(move()))
            buttons.append(button)
        return buttons

    def texts(self) -> list[str]:
        """Return the captions in the boxes, without empty ones."""
        return [text for box in self.boxes if (text := " ".join(box.value.split()))]

    def first_unfinished(self) -> int:
        """Return the number of the next photo that lacks captions, from here on, or this one."""
        captions, count = self.file.captions(), len(self.photos)
        for step in range(count):
            place = (self.index + step) % count
            if len(captions.get(self.names[place], [])) < self.amount:
                return place
        return self.index

    def show(self, index: int) -> None:
        """Show a photo and its captions; before the first and after the last nothing happens.

        Captions that could not be saved are tried again; the form stays with them if that fails.
        """
        with self.lock:
            said = [" ".join(text.split()) for text in self.seen]
            if self.texts() + self.hidden != [*filter(None, said)] and not self.save():
                return
            self.index = min(max(index, 0), len(self.photos) - 1)
            name, path = self.names[self.index], self.photos[self.index]
            self.fill(self.file.captions().get(name, []))
            try:
                photo = open_image(path, SIDE)
                self.picture.value, problem = encoded(photo, "JPEG", quality=88), ""
            except ImageError as error:
                self.picture.value, problem = b"", f"{error} "
            self.title.value = f"<b>{escape(name)}</b>, {self.index + 1} of {len(self.photos)}"
            self.back.disabled = self.index == 0
            self.forward.disabled = self.index == len(self.photos) - 1
            self.tell(problem)

    def fill(self, captions: list[str]) -> None:
        """Put the captions that the file holds into the boxes."""
        self.seen, self.hidden, self.filling = captions, captions[self.amount :], True
        for number, box in enumerate(self.boxes):
            box.value = captions[number] if number < len(captions) else ""
        self.filling = False

    def save(self, _=None) -> bool:
        """Write the captions of the photo that is shown; return whether they are in the file."""
        with self.lock:
            if not self.filling:
                wanted = self.texts() + self.hidden
                try:
                    now = self.file.write(self.names[self.index], wanted, self.seen)
                except (OSError, LockedError) as error:
                    self.tell(f"Not saved: {error} ")
                    return False
                self.seen = wanted
                if Counter(now) != Counter(wanted):  # somebody else wrote to this photo
                    self.fill(now)
                self.tell("Saved. ")
            return True

    def enter(self, _, content: dict, __) -> None:
        """Take the Enter key as: on to the next empty box, or to the next photo."""
        if content.get("event") == "submit":
            Timer(ENTER_WAIT, self.go_on).start()

    def go_on(self) -> None:
        """Go to the next photo if every box is filled, else put the cursor into an empty box."""
        empty = [box for box in self.boxes if not box.value.strip()]
        if not empty:
            self.show(self.index + 1)
        if hasattr(self.boxes[0], "focus"):  # ipywidgets 8
            (empty or self.boxes)[0].focus()

    def tell(self, begin: str) -> None:
        """Write the line below the boxes, and set the bar."""
        captions = self.file.captions()
        done = [len(captions.get(name, [])) >= self.amount for name in self.names]
        self.bar.value, texts = sum(done), self.texts()
        words = f"{begin}{len(texts)} of {self.amount} captions here, "
        words += f"{sum(done)} of {len(done)} photos done."
        if len({text.casefold() for text in texts}) < len(texts):
            words += " Two captions are alike: say it in another way."
        self.message.value = LIVE.format(escape(words))


def named(photos: str | Path | Sequence[str | Path]) -> dict[str, Path]:
    """Return photos under their path in the folder, or, from a list, their name if all differ."""
    if isinstance(photos, str | Path):
        root, paths = Path(photos), sorted(Path(photos).rglob("*.*"))
        paths = [path for path in paths if path.suffix.lower() in ENDINGS and path.is_file()]
        paths = [path for path in paths if "/." not in f"/{path.relative_to(root).as_posix()}"]
    else:
        paths = [Path(photo).absolute() for photo in photos]
        if len({path.name for path in paths}) == len(paths):
            return {plain_spelling(path.name): path for path in paths}
        root = Path(os.path.commonpath([path.parent for path in paths]))
    return {plain_spelling(path.relative_to(root).as_posix()): path for path in paths}


def annotation_widget(
    photos: str | Path | Sequence[str | Path], path: str | Path, amount: int = 5
) -> AnnotationWidget:
    """Return a form to write captions with; they are saved in a COCO JSON file as you write.

    photos: a folder, or paths; path: the file, which may exist: you go on where it ends.
    amount: captions an image.
    Raises ValueError for a folder without photos, CaptionFormatError for a file that is no COCO
    JSON. Taught in lesson 10.
    """
    if not (found := named(photos)):
        raise ValueError(f"{photos} holds no photo: put some there ({', '.join(ENDINGS)})")
    return AnnotationWidget(found, CocoFile(path), amount)
