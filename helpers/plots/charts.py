"""Charts: counts, lengths, losses, scores."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from helpers.plots.style import BLUE, COLOURS, FULL_WIDTH, GREY, ORANGE, PALE, in_style


def _draw_bars(words: Sequence[str], numbers: Sequence[float], labels: Sequence[str]) -> Figure:
    """Draw one horizontal bar per word, the first on top, its label at its end."""
    figure, axes = plt.subplots(figsize=(7, 0.6 + 0.24 * len(words)))
    bars = axes.barh(range(len(words)), numbers, color=BLUE)
    axes.bar_label(bars, labels, padding=4, color=GREY, fontsize=9)
    axes.set_yticks(range(len(words)), words)
    axes.set_ylim(len(words) - 0.4, -0.6)
    axes.set_xlim(0, 1.1 * max(numbers, default=1))
    axes.tick_params(left=False, bottom=False, labelbottom=False)
    axes.spines[["left", "bottom"]].set_visible(False)
    return figure


@in_style
def plot_word_counts(counts: Mapping[str, int], top: int = 20) -> Figure:
    """Draw the `top` most frequent words and how often each occurs."""
    pairs = Counter(counts).most_common(top)
    numbers = [number for _, number in pairs]
    figure = _draw_bars([word for word, _ in pairs], numbers, [f"{n:,}" for n in numbers])
    figure.axes[0].set_title(f"The {len(pairs)} most frequent of {len(counts):,} words")
    return figure


@in_style
def plot_next_word(words: Sequence[str], probabilities: Sequence[float], top: int = 10) -> Figure:
    """Draw the `top` most probable next words; the likeliest stands out.

    `words[i]` has the probability (0 to 1) `probabilities[i]`.
    """
    likeliest = np.argsort(probabilities)[::-1][:top]
    numbers = [float(probabilities[i]) for i in likeliest]
    figure = _draw_bars([words[i] for i in likeliest], numbers, [f"{n:.1%}" for n in numbers])
    axes = figure.axes[0]
    axes.patches[0].set_color(ORANGE)
    rest = max(0.0, 1 - sum(numbers))
    axes.set_title(f"The next word: all other words share {rest:.1%}")
    return figure


@in_style
def plot_times(milliseconds: Mapping[str, float]) -> Figure:
    """Draw how long each way of doing something takes, on a logarithmic scale."""
    numbers = list(milliseconds.values())
    labels = [f"{number:,.{0 if number >= 10 else 1}f} ms" for number in numbers]
    figure = _draw_bars(list(milliseconds), numbers, labels)
    figure.axes[0].set(xscale="log", xlim=(min(numbers) / 2, 3 * max(numbers)))
    figure.axes[0].tick_params(which="both", bottom=False, labelbottom=False)
    return figure


@in_style
def plot_caption_lengths(lengths: Iterable[int]) -> Figure:
    """Draw how many captions have each length, in words, and where the middle is."""
    lengths = np.asarray(list(lengths))
    counts = np.bincount(lengths)
    figure, axes = plt.subplots(figsize=(7, 2.8))
    axes.bar(range(len(counts)), counts, color=BLUE, width=0.85)
    median = float(np.median(lengths))
    axes.axvline(median, color=ORANGE, linewidth=2)
    axes.text(median + 0.3, 1.03 * counts.max(), f"median {median:g}", color=GREY, va="bottom")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.yaxis.set_major_formatter(lambda count, _: f"{count:,.0f}")
    axes.set(xlabel="words in the caption", ylabel="captions", xlim=(lengths.min() - 1, None))
    axes.set_title(f"{len(lengths):,} captions, {lengths.min()} to {lengths.max()} words", pad=16)
    return figure


@in_style
def plot_vocabulary_coverage(counts: Mapping[str, int]) -> Figure:
    """Draw which share of all running words the k most frequent words cover."""
    covered = np.cumsum(sorted(counts.values(), reverse=True)) / sum(counts.values())
    figure, axes = plt.subplots(figsize=(7, 3.2))
    axes.plot(range(1, len(covered) + 1), covered, color=BLUE, linewidth=2.5)
    for share in (0.5, 0.9, 0.99):
        needed = int(np.searchsorted(covered, share)) + 1
        axes.plot(needed, covered[needed - 1], "o", color=ORANGE, markersize=7)
        text = f"{share:.0%}: {needed:,} words  "
        axes.text(needed, covered[needed - 1] + 0.015, text, ha="right", va="bottom", fontsize=9)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(lambda k, _: f"{k:,.0f}")
    axes.yaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
    axes.set(xlabel="most frequent words that are kept", ylabel="running words covered")
    axes.set_ylim(0, 1.12)
    return figure


@in_style
def plot_losses(history: Mapping[str, Sequence[float]]) -> Figure:
    """Draw the loss of every epoch from {"loss": […], "val_loss": […]}, and mark the best."""
    figure, axes = plt.subplots(figsize=(7, 3.2))
    for key, name, colour in [("loss", "training", BLUE), ("val_loss", "dev", ORANGE)]:
        if losses := list(history.get(key, [])):
            epochs = range(1, len(losses) + 1)
            axes.plot(epochs, losses, "o-", color=colour, linewidth=2, markersize=4)
            axes.annotate(f"   {name}", (epochs[-1], losses[-1]), color=colour, va="center")
    if losses := list(history.get("val_loss", [])):
        best = int(np.argmin(losses))
        axes.plot(best + 1, losses[best], "o", color=ORANGE, markersize=11, fillstyle="none")
        axes.set_title(f"Lowest dev loss: {losses[best]:.3f} in epoch {best + 1}")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set(xlabel="epoch", ylabel="loss")
    axes.grid(axis="y", color=PALE, linewidth=0.6)
    return figure


@in_style
def plot_scores(table: Mapping[str, Mapping[str, float]]) -> Figure:
    """Draw {"model": {"BLEU-4": 18.8, …}, …} as bars grouped by score, one colour per model."""
    names = list(dict.fromkeys(name for scores in table.values() for name in scores))
    width = 0.84 / max(2, len(table))
    figure, axes = plt.subplots(figsize=(FULL_WIDTH, 3.4))
    for number, (model, scores) in enumerate(table.items()):
        places = np.arange(len(names)) + (number - (len(table) - 1) / 2) * width
        heights = [scores.get(name, np.nan) for name in names]
        colour = COLOURS[number % len(COLOURS)]
        bars = axes.bar(places, heights, 0.92 * width, color=colour, label=model)
        if len(names) * len(table) <= 28:
            labels = ["" if np.isnan(height) else f"{height:.1f}" for height in heights]
            axes.bar_label(bars, labels, padding=2, fontsize=8, color=GREY)
    axes.set_xticks(range(len(names)), names)
    axes.set_xlim(-0.6, len(names) - 0.4)
    axes.tick_params(bottom=False)
    columns = min(4, len(table))
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1.02), ncols=columns, borderaxespad=0)
    return figure
