"""Where a model looked: heat maps over a photo."""

from collections.abc import Sequence

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from helpers.plots.style import ImageLike, in_style, photo_grid, place_photo

# A spotlight: what is looked at is left as it is, the rest of the photo lies in the dark.
SPOTLIGHT = LinearSegmentedColormap.from_list("spotlight", [(0, 0, 0, 0.75), (0, 0, 0, 0)])


@in_style
def show_attention(
    image: ImageLike, words: Sequence[str], maps: np.ndarray, columns: int = 5
) -> Figure:
    """Show a photo once for every word of its caption, bright where the model looked.

    Arguments:
        image: the photo.
        words: the caption.
        maps: float (words, rows, columns), one weight per region of a grid over the photo.
    """
    height, width = np.shape(image)[:2]
    count = len(words) + 1
    columns = min(columns, count)
    figure, grid = photo_grid(-(-count // columns), columns, 1.2, height / width)
    place_photo(grid.flat[0], image, "the photo")
    for axes, word, weights in zip(grid.flat[1:], words, maps, strict=False):
        place_photo(axes, image)
        axes.set_title(word, fontsize=11, weight="bold")
        place = {"extent": (-0.5, width - 0.5, height - 0.5, -0.5), "interpolation": "bicubic"}
        axes.imshow(weights, SPOTLIGHT, **place, vmin=0, vmax=weights.max())
    return figure
