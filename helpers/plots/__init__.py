"""The figures of the lessons: `from helpers import plots`, then `plots.show_images(…)`.

Every function takes arrays and words only and returns a Matplotlib figure of at most 900
pixels in width: the last value of a cell, or what `display` shows.
"""

from helpers.plots.charts import (
    plot_caption_lengths,
    plot_losses,
    plot_next_word,
    plot_scores,
    plot_times,
    plot_vocabulary_coverage,
    plot_word_counts,
)
from helpers.plots.decoders import draw_joints, draw_top_down
from helpers.plots.diagrams import Arrow, Box, draw_diagram
from helpers.plots.drawings import draw_batch, draw_beam_tree, draw_route
from helpers.plots.networks import draw_lstm_step, draw_merge_decoder
from helpers.plots.photos import (
    show_attention,
    show_captioned,
    show_epoch_captions,
    show_framed,
    show_gallery,
    show_images,
    show_neighbours,
)
from helpers.plots.transformers import draw_block, draw_prefix
