"""Each figure is drawn headless from tiny input; what it shows is counted and read back."""

import matplotlib

matplotlib.use("Agg")

import functools
import io

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from helpers import plots
from helpers.plots import Arrow, Box

GREY_PHOTO = np.linspace(0, 1, 48).reshape(6, 8)
COLOUR_PHOTO = np.full((8, 8, 3), 90, np.uint8)
PALETTE_PHOTO = Image.new("P", (8, 8))
PHOTOS = [GREY_PHOTO, COLOUR_PHOTO, PALETTE_PHOTO, Image.new("RGBA", (5, 9)), COLOUR_PHOTO]
WORDS = ["<pad>", "<unknown>", "<start>", "<end>", "a", "dog", "runs"]
TREE = [
    dict(id=0, parent=None, word="<start>", log_probability=0, kept=True, best=False),
    dict(id=1, parent=0, word="a", log_probability=-1, kept=True, best=False),
    dict(id=2, parent=0, word="the", log_probability=-2, kept=True, best=False),
    dict(id=3, parent=0, word="two", log_probability=-5, kept=False, best=False),
    dict(id=4, parent=2, word="dog", log_probability=-2.5, kept=True, best=True),
    dict(id=5, parent=1, word="dog", log_probability=-3, kept=True, best=False),
]
FIGURES = {
    "show_images": lambda: plots.show_images(PHOTOS, ["a long title " * 5] * 5),
    "show_one_image": lambda: plots.show_images([GREY_PHOTO]),
    "show_many_images": lambda: plots.show_images(PHOTOS * 3, columns=12),
    "show_framed": lambda: plots.show_framed(COLOUR_PHOTO, "a screenshot of the app"),
    "show_captioned": lambda: plots.show_captioned(COLOUR_PHOTO, ["a dog $5 " * 30, "two $"]),
    "plot_word_counts": lambda: plots.plot_word_counts({"a": 5, "dog": 2, "<end>": 1}),
    "plot_caption_lengths": lambda: plots.plot_caption_lengths([3, 4, 4, 9]),
    "plot_vocabulary_coverage": lambda: plots.plot_vocabulary_coverage({"a": 9, "dog": 1}),
    "show_neighbours": lambda: plots.show_neighbours(
        PHOTOS[:2], [PHOTOS[:3], PHOTOS[2:]], [[0.9, 0.8, 0.7], [0.6, 0.5, 0.4]]
    ),
    "plot_losses": lambda: plots.plot_losses({"loss": [3, 2, 1], "val_loss": [3, 2.5, 2.6]}),
    "plot_losses_without_dev": lambda: plots.plot_losses({"loss": [3.0]}),
    "show_epoch_captions": lambda: plots.show_epoch_captions(
        PHOTOS[:2], [[f"a dog {epoch}", ""] for epoch in range(20)]
    ),
    "draw_batch": lambda: plots.draw_batch([[2, 4, 5, 3, 0], [2, 1, 3, 0, 0]], WORDS),
    "draw_long_batch": lambda: plots.draw_batch(np.zeros((3, 40), int), WORDS),
    "plot_times": lambda: plots.plot_times({"slow": 1234.5, "fast": 0.5}),
    "plot_next_word": lambda: plots.plot_next_word(["cat", "dog", "man"], [0.2, 0.5, 0.1], top=2),
    "draw_beam_tree": lambda: plots.draw_beam_tree(TREE),
    "show_gallery": lambda: plots.show_gallery(
        PHOTOS, list("vwxyz"), [1, 5, 3, 2, 4], [["a dog"]] * 5, each=2
    ),
    "show_short_gallery": lambda: plots.show_gallery(PHOTOS[:2], ["a", "b"], [1, 2]),
    "plot_scores": lambda: plots.plot_scores(
        {"human": {"BLEU-4": 21.4, "CIDEr-D": 82}, "model": {"BLEU-4": 18.8}}
    ),
    "plot_many_scores": lambda: plots.plot_scores({str(i): {"BLEU-4": i} for i in range(20)}),
    "draw_block": lambda: plots.draw_block(64, 4),
    "draw_prefix": lambda: plots.draw_prefix(["a", "brown", "dog", "runs"], 2),
    "draw_diagram": lambda: plots.draw_diagram(
        {
            "photo": Box("photo\n(3032)", 0, 0, "data"),
            "words": Box("words", 0, -1, "data"),
            "plus": Box("+", 3, -0.5, "round"),
            "logits": Box("logits", 12, -0.5, "answer"),
        },
        [Arrow("photo", "plus", "dense", "across"), ("words", "plus"), ("plus", "logits", "dense")],
    ),
    "draw_lstm_step": lambda: plots.draw_lstm_step(3, 4),
    "draw_merge_decoder": lambda: plots.draw_merge_decoder(
        ["<start>", "a", "dog", "<end>"],
        {"feature_size": 30, "embedding_size": 12, "units": 19, "vocab_size": 24},
    ),
    "draw_top_down": lambda: plots.draw_top_down(512, 256),
    "draw_joints": lambda: plots.draw_joints(512),
    "show_attention": lambda: plots.show_attention(
        COLOUR_PHOTO, ["a", "dog", "runs", "in", "the", "snow"], np.eye(8)[:6].reshape(6, 2, 4)
    ),
    "show_attention_to_two_words": lambda: plots.show_attention(
        GREY_PHOTO, ["a", "dog"], np.ones((2, 3, 3))
    ),
    "draw_route": lambda: plots.draw_route(
        COLOUR_PHOTO, np.arange(3032), [("a", 0.8), ("dog", 0.5), ("runs", 1)]
    ),
}


@functools.cache
def drawn(name: str) -> Figure:
    return FIGURES[name]()


def words_in(figure: Figure) -> list[str]:
    texts = [text.get_text() for text in figure.findobj(Text) if text.get_visible()]
    return [text for text in texts if text]


def photos_in(figure: Figure) -> int:
    return sum(len(axes.images) for axes in figure.axes)


@pytest.mark.slow
@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_fits_a_notebook(name):
    figure = drawn(name)
    assert isinstance(figure, Figure)
    assert not plt.get_fignums(), "an open figure would be shown twice"
    picture = io.BytesIO()
    figure.savefig(picture, bbox_inches="tight")  # as notebooks save it
    assert 200 < Image.open(picture).width <= 900


def test_every_public_figure_is_tested():
    figures = {name for name in vars(plots) if name.startswith(("draw_", "plot_", "show_"))}
    assert figures and figures - set(FIGURES) == set()


def test_images_stand_under_wrapped_titles():
    figure = drawn("show_images")
    assert photos_in(figure) == 5
    assert all("\n" in axes.get_title(loc="left") for axes in figure.axes[:5])
    assert photos_in(drawn("show_many_images")) == 15


@pytest.mark.slow
def test_every_word_has_the_photo_under_its_heat_map():
    figure = drawn("show_attention")
    titles = [axes.get_title(loc="left") for axes in figure.axes if axes.images]
    assert titles == ["the photo", "a", "dog", "runs", "in", "the", "snow"]
    assert [len(axes.images) for axes in figure.axes if axes.images] == [1] + 6 * [2]
    photo, heat = figure.axes[2].images
    assert photo.get_extent() == heat.get_extent() == [-0.5, 7.5, 7.5, -0.5]
    assert np.argwhere(heat.get_array() == 1).tolist() == [[0, 1]]


def coloured(weights, photo=None):
    """The photo under a heat map, the heat map's colours, and how many lines go round it."""
    figure = plots.show_attention(COLOUR_PHOTO if photo is None else photo, ["dog"], weights[None])
    axes = figure.axes[1]
    photo, heat = axes.images
    lines = [path for path in axes.collections for path in path.get_paths() if len(path.vertices)]
    return photo.get_array(), heat.cmap(heat.norm(weights)), len(lines)


def test_a_look_is_coloured_and_outlined_and_an_even_one_is_neither():
    sharp, even = np.full((10, 10), 0.005), np.full((10, 10), 0.01)
    sharp[2, 3] = 0.505
    _, colours, lines = coloured(sharp)
    assert lines == 1 and colours[2, 3, 3] > 0.8 and colours[9, 9, 3] == 0
    _, colours, lines = coloured(even)
    assert lines == 0 and colours[..., 3].max() == 0


def test_a_look_is_seen_on_a_dark_photo():
    dark = np.random.default_rng(0).integers(0, 20, (30, 40, 3)).astype("uint8")
    photo, _, _ = coloured(np.eye(10), dark)
    assert photo.min() > 0.3 and photo.max() > 0.9
    assert np.ptp(photo, axis=-1).max() == 0  # so that the colour is the look's alone


def test_the_diagrams_of_decoders_name_their_parts_and_shapes():
    assert {"attention LSTM", "language LSTM", "seen", "heard (512,)"} <= set(
        words_in(drawn("draw_top_down"))
    )
    texts = words_in(drawn("draw_joints"))
    assert {"dense\nmatrix (512, 512)", "dense\nmatrix (1024, 512)"} <= set(texts)


def test_captioned_photo_keeps_its_lines_and_dollars():
    text = words_in(drawn("show_captioned"))[0]
    assert text.replace("\n", " ").count("a dog $5") == 30
    assert text.endswith("two $")


def test_word_counts_are_sorted_and_limited():
    figure = plots.plot_word_counts({"dog": 2, "a": 5, "cat": 1}, top=2)
    axes = figure.axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "dog"]
    assert [bar.get_width() for bar in axes.patches] == [5, 2]


def test_caption_lengths_are_counted():
    figure = drawn("plot_caption_lengths")
    assert [bar.get_height() for bar in figure.axes[0].patches][3:] == [1, 2, 0, 0, 0, 0, 1]
    assert "median 4" in words_in(figure)
    wide = plots.plot_caption_lengths([1, 10, 19])
    assert all(float(tick).is_integer() for tick in wide.axes[0].get_xticks())


def test_coverage_ends_at_all_words():
    figure = plots.plot_vocabulary_coverage({"dog": 3, "a": 6, "cat": 1})
    curve = figure.axes[0].lines[0]
    assert curve.get_ydata() == pytest.approx([0.6, 0.9, 1])
    assert any("90%: 2 words" in text for text in words_in(figure))


def test_neighbours_show_their_similarity():
    figure = drawn("show_neighbours")
    assert photos_in(figure) == 8
    assert {"0.90", "0.40"} <= set(words_in(figure))


def test_losses_name_the_best_epoch():
    figure = drawn("plot_losses")
    assert "2.500 in epoch 2" in figure.axes[0].get_title(loc="left")
    assert list(figure.axes[0].lines[0].get_ydata()) == [3, 2, 1]
    assert len(drawn("plot_losses_without_dev").axes[0].lines) == 1


def test_epoch_captions_choose_epochs_with_first_and_last():
    words = words_in(drawn("show_epoch_captions"))
    epochs = [text for text in words if text.startswith("epoch")]
    assert len(epochs) == 2 * 8
    assert {"epoch 1", "epoch 20", "a dog 0", "a dog 19", "(no words)"} <= set(words)


def test_batch_has_a_cell_for_every_word():
    figure = drawn("draw_batch")
    assert len(figure.axes[0].patches) == 10
    assert words_in(figure).count("<pad>") == 3
    assert figure.axes[0].get_title(loc="left") == "(2 captions, 5 words)"
    own = plots.draw_batch([[2, 4], [4, 3]], WORDS, title="in and out")
    assert own.axes[0].get_title(loc="left") == "in and out"
    assert "<pad>" not in words_in(drawn("draw_long_batch"))


def test_next_words_are_sorted_and_the_rest_is_told():
    figure = drawn("plot_next_word")
    axes = figure.axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["dog", "cat"]
    assert "30.0%" in axes.get_title(loc="left")


def test_beam_tree_makes_the_winners_path_bold():
    figure = drawn("draw_beam_tree")
    assert len(figure.axes[0].lines) == 5
    bold = [t.get_text() for t in figure.axes[0].texts if t.get_weight() == "bold"]
    assert bold == ["<start>", "the", "dog"]


def test_beam_tree_keeps_children_in_the_order_of_their_parents():
    figure = drawn("draw_beam_tree")
    heights = {}
    for text in figure.axes[0].texts:
        heights.setdefault(text.get_text(), []).append(text.get_position()[1])
    assert heights["a"] < heights["the"] < heights["two"]
    winner, other = heights["dog"]
    assert other < winner


def test_gallery_sorts_by_score():
    figure = drawn("show_gallery")
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert titles == ["best: 5", "best: 4", "worst: 2", "worst: 1"]
    assert [axes.texts[0].get_text() for axes in figure.axes] == ["w", "z", "y", "v"]
    assert figure.axes[0].texts[1].get_text() == "a dog"


def test_scores_leave_out_what_a_model_lacks():
    figure = drawn("plot_scores")
    assert {"human", "model", "21.4", "82.0", "18.8"} <= set(words_in(figure))
    assert "nan" not in words_in(figure)


def test_route_builds_the_sentence_word_by_word():
    words = words_in(drawn("draw_route"))
    assert {"a dog runs", "3,032 features", "a dog", " 80%"} <= set(words)


def test_diagram_has_its_boxes_and_arrows():
    figure = drawn("draw_diagram")
    assert {"photo\n(3032)", "words", "+", "logits", "dense"} == set(words_in(figure))
    boxes, arrows = figure.axes[0].patches[:4], figure.axes[0].patches[4:]
    assert [arrow.patchB for arrow in arrows] == [boxes[2], boxes[2], boxes[3]]


def test_a_block_names_its_sizes_and_what_it_keeps():
    words = set(words_in(drawn("draw_block")))
    assert {"attention, 4 heads", "Dense, 256, GELU", "tokens, 64 numbers each"} <= words
    assert "keys and values of\nregions and words before" in words


def test_above_every_word_of_a_prefix_is_the_next():
    figure = drawn("draw_prefix")
    places = {text.get_position(): text.get_text() for text in figure.axes[0].texts}
    low, high = ({x: t for (x, y), t in places.items() if t and y == h} for h in (1.5, 4))
    assert [low.pop(x) for x in sorted(low)][1:] == ["<start>", "a", "brown", "dog", "runs"]
    assert [high[x] for x in sorted(high)] == ["a", "brown", "dog", "runs", "<end>"]


def test_a_wide_diagram_shrinks_with_its_letters():
    sizes = {text.get_text(): text.get_fontsize() for text in drawn("draw_diagram").findobj(Text)}
    assert sizes["words"] < 9


@pytest.mark.parametrize("way", ["straight", "across", "upright"])
def test_text_of_an_arrow_keeps_off_its_boxes(way):
    start, end = Box("a", 0, 0), Box("b", 2, 1)
    figure = plots.draw_diagram({"a": start, "b": end}, [Arrow("a", "b", "text", way)])
    x, y = next(t for t in figure.axes[0].texts if t.get_text() == "text").get_position()
    for box in (start, end):
        assert abs(x - box.x) > box.size[0] / 2 or abs(y - box.y) > box.size[1] / 2


def test_an_arrow_to_nowhere_is_named():
    with pytest.raises(ValueError, match="'there'; boxes are a, b"):
        plots.draw_diagram({"a": Box("a", 0, 0), "b": Box("b", 1, 0)}, [("a", "there")])


def test_lstm_step_has_three_gates_and_says_its_sizes():
    words = words_in(drawn("draw_lstm_step"))
    assert [word.endswith("\nσ") for word in words].count(True) == 3
    assert {"memory\nbefore (4)", "memory\nafter (4)", "output\n(4)"} <= set(words)


def test_decoder_says_every_word_one_step_later():
    words = words_in(drawn("draw_merge_decoder"))
    assert [words.count(word) for word in ("<start>", "a", "dog", "<end>", "LSTM")] == [
        1,
        2,
        2,
        1,
        3,
    ]
    assert {"photo\n(30)", "(captions, words, 12)", "(captions, words, 24)"} <= set(words)
