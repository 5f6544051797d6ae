"""A form in which a person judges suggested alt texts: accept, edit, reject."""

from collections.abc import Mapping, MutableMapping

import ipywidgets as widgets

from helpers.images import Source, open_image

VERDICTS = ("accept", "edit", "reject")
SIDE = 120  # pixels


def review_form(
    images: Mapping[str, Source], captions: Mapping[str, str], verdicts: MutableMapping[str, str]
) -> widgets.VBox:
    """Return a form with a row per caption; each click is noted in `verdicts`, by label.

    Arguments:
        images: label -> what `open_image` takes.
        captions: label -> what was suggested for it; labels without one have no row.
        verdicts: label -> one of VERDICTS; what is in it already is shown as chosen.

    Shown in lesson 14.
    """
    return widgets.VBox(
        [row_of(label, images[label], captions[label], verdicts) for label in captions]
    )


def row_of(
    label: str, image: Source, caption: str, verdicts: MutableMapping[str, str]
) -> widgets.HBox:
    """Return one row of the form."""
    small = open_image(image)
    small.thumbnail((SIDE, SIDE))
    photo = widgets.Image(value=small._repr_png_(), format="png", width=SIDE)
    chosen = widgets.ToggleButtons(options=VERDICTS, value=verdicts.get(label), description=label)
    chosen.observe(lambda change: verdicts.update({label: change["new"]}), "value")
    return widgets.HBox([photo, widgets.VBox([widgets.Label(caption), chosen])])
