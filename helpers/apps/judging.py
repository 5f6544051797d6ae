"""A form in which a person judges suggested alt texts: accept, edit, reject."""

from collections.abc import Callable, Mapping, MutableMapping
from time import perf_counter

import ipywidgets as widgets

from helpers.images import Source, open_image

VERDICTS = ("accept", "edit", "reject")
SIDE = 120  # pixels


def review_form(
    images: Mapping[str, Source],
    captions: Mapping[str, str],
    verdicts: MutableMapping[str, str],
    seconds: MutableMapping[str, float] | None = None,
) -> widgets.VBox:
    """Return a form with a row per caption; each click is noted in `verdicts`, by label.

    Arguments:
        images: label -> what `open_image` takes.
        captions: label -> what was suggested for it; labels without one have no row.
        verdicts: label -> one of VERDICTS; what is in it already is shown as chosen.
        seconds: label -> the time since the click before, or since the form was made; if a
            verdict is changed, both count. None notes no times.

    Shown in lesson 14.
    """
    last = perf_counter()

    def note(label: str, verdict: str) -> None:
        nonlocal last
        before, last = last, perf_counter()
        if seconds is not None:
            seconds[label] = seconds.get(label, 0.0) + last - before
        verdicts[label] = verdict

    rows = [
        row_of(label, images[label], captions[label], verdicts.get(label), note)
        for label in captions
    ]
    return widgets.VBox(rows)


def row_of(
    label: str,
    image: Source,
    caption: str,
    verdict: str | None,
    note: Callable[[str, str], None],
) -> widgets.HBox:
    """Return one row of the form."""
    small = open_image(image)
    small.thumbnail((SIDE, SIDE))
    photo = widgets.Image(value=small._repr_png_(), format="png", width=SIDE)
    chosen = widgets.ToggleButtons(options=VERDICTS, value=verdict, description=label)
    chosen.observe(lambda change: note(label, change["new"]), "value")
    return widgets.HBox([photo, widgets.VBox([widgets.Label(caption), chosen])])
