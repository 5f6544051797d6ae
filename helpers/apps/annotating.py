"""Write captions for your own photos in a notebook; they are kept as COCO JSON (lesson 10).

`CocoFile` changes one image's captions in a file and leaves all else in it as it is;
`AnnotationWidget` is the form around it, for ipywidgets 7 (Colab) and 8.
"""

import io
import json
from collections.abc import Sequence
from html import escape
from pathlib import Path
from threading import RLock, Timer

import ipywidgets as widgets

from helpers.captions import CaptionFormatError, read_caption_file
from helpers.captions.writing import replace_text
from helpers.images import ImageError, open_image

ENDINGS = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp")
SIDE = 420  # pixels of the photo shown
LIVE = '<div role="status" style="line-height:1.5">{}</div>'  # read out aloud
ENTER_WAIT = 0.1  # seconds: a browser tells of the Enter key before the text that it ends
WIDE = {"layout": {"width": "auto"}}


class CocoFile:
    """A COCO JSON file that several people may write to, each of them a photo at a time.

    It is read anew before every change, so what others wrote in the meantime stays.
    Raises CaptionFormatError for a file that exists and is no COCO JSON.
    """

    def __init__(self, path: str | Path):
        self.path = Path(path)
        if self.path.exists() and (form := read_caption_file(self.path).format) != "COCO JSON":
            raise CaptionFormatError(f"{self.path}: {form}, not COCO JSON. Take another name.")

    def content(self) -> dict:
        """Return what stands in the file, or the beginning of a new one."""
        if self.path.exists():
            return json.loads(self.path.read_text("utf-8-sig"))
        return {"info": {}, "licenses": [], "images": [], "annotations": []}

    def captions(self) -> dict[str, list[str]]:
        """Return the captions of every image in the file, those without captions as well."""
        content = self.content()
        names = {image["id"]: image["file_name"] for image in content["images"]}
        captions = {name: [] for name in names.values()}
        for note in content["annotations"]:
            if note["image_id"] in names and isinstance(note.get("caption"), str):
                captions[names[note["image_id"]]].append(note["caption"])
        return captions

    def write(self, name: str, captions: Sequence[str]) -> None:
        """Give an image these captions. Ids and further keys of its annotations stay.

        The file is replaced only when the new one is complete.
        """
        content = self.content()
        images, notes = content["images"], content["annotations"]
        image_id = next((image["id"] for image in images if image["file_name"] == name), None)
        if image_id is None:
            image_id = next_id(images)
            images.append({"id": image_id, "file_name": name})
        own = [note for note in notes if note["image_id"] == image_id]
        for note, caption in zip(own, captions, strict=False):
            note["caption"] = caption
        for caption in captions[len(own) :]:
            notes.append({"id": next_id(notes), "image_id": image_id, "caption": caption})
        gone = {id(note) for note in own[len(captions) :]}
        content["annotations"] = [note for note in notes if id(note) not in gone]
        self.path.parent.mkdir(parents=True, exist_ok=True)
        replace_text(self.path, json.dumps(content, ensure_ascii=False, indent=1) + "\n")


def next_id(items: list[dict]) -> int:
    """Return an id above all that are taken; ids in words don't count."""
    return 1 + max((item["id"] for item in items if isinstance(item["id"], int)), default=0)


class AnnotationWidget(widgets.VBox):
    """A photo with boxes for its captions. Every box is saved as soon as it is left."""

    def __init__(self, photos: Sequence[Path], file: CocoFile, amount: int):
        super().__init__(layout={"max_width": "900px"})
        self.photos, self.file, self.amount = list(photos), file, amount
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
            if len(captions.get(self.photos[place].name, [])) < self.amount:
                return place
        return self.index

    def show(self, index: int) -> None:
        """Show a photo and its captions; before the first and after the last nothing happens."""
        with self.lock:
            self.index = min(max(index, 0), len(self.photos) - 1)
            path = self.photos[self.index]
            known = self.file.captions().get(path.name, [])[: self.amount]
            self.filling = True
            for number, box in enumerate(self.boxes):
                box.value = known[number] if number < len(known) else ""
            self.filling = False
            try:
                self.picture.value, problem = jpeg(path), ""
            except ImageError as error:
                self.picture.value, problem = b"", f"{error} "
            self.title.value = f"<b>{escape(path.name)}</b>, {self.index + 1} of {len(self.photos)}"
            self.back.disabled = self.index == 0
            self.forward.disabled = self.index == len(self.photos) - 1
            self.tell(problem)

    def save(self, _=None) -> None:
        """Write the captions of the photo that is shown."""
        with self.lock:
            if not self.filling:
                hidden = self.file.captions().get(self.photos[self.index].name, [])[self.amount :]
                self.file.write(self.photos[self.index].name, self.texts() + hidden)
                self.tell("Saved. ")

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
        done = [len(captions.get(path.name, [])) >= self.amount for path in self.photos]
        self.bar.value, texts = sum(done), self.texts()
        words = f"{begin}{len(texts)} of {self.amount} captions here, "
        words += f"{sum(done)} of {len(done)} photos done."
        if len({text.casefold() for text in texts}) < len(texts):
            words += " Two captions are alike: say it in another way."
        self.message.value = LIVE.format(escape(words))


def jpeg(path: Path) -> bytes:
    """Return a photo as a small JPEG. Raises ImageError for a file that can't be read."""
    file = io.BytesIO()
    open_image(path, SIDE).save(file, "JPEG", quality=88)
    return file.getvalue()


def annotation_widget(
    photos: str | Path | Sequence[str | Path], path: str | Path, amount: int = 5
) -> AnnotationWidget:
    """Return a form to write captions with; they are saved in a COCO JSON file as you write.

    photos: a folder, or paths; path: the file, which may exist: you go on where it ends.
    amount: captions an image.
    Raises ValueError for a folder without photos, or two photos of one name; CaptionFormatError
    for a file that is no COCO JSON. Taught in lesson 10.
    """
    if isinstance(photos, str | Path):
        found = sorted(Path(photos).iterdir())
        paths = [path for path in found if path.suffix.lower() in ENDINGS and path.name[0] != "."]
    else:
        paths = [Path(photo) for photo in photos]
    names = [path.name for path in paths]
    if not paths:
        raise ValueError(f"{photos} holds no photo: put some there ({', '.join(ENDINGS)})")
    if twice := next((name for name in names if names.count(name) > 1), ""):
        raise ValueError(f"two photos are called {twice}: rename one, the file knows only names")
    return AnnotationWidget(paths, CocoFile(path), amount)
