"""Say what was read of a data set, what was dropped and why."""

from pathlib import Path

from helpers.captions import WORD, clean_captions, count_words, lacks_spaces
from helpers.datasets.dataset import Dataset
from helpers.datasets.photos import IMAGE_ENDINGS, Photos

NO_SPACES = """\
no spaces between words: {example}
  A caption then counts as one word. Give open_dataset a function that splits it: words_of=
  jieba.lcut (Chinese, pip install jieba), or helpers.captions.single_letters for any language.
  On a command line this is --words jieba:lcut, or --words letters."""


def write_report(name: str, titles: tuple, captions: dict, splits: dict, seen: tuple) -> str:
    """Return the report of a data set.

    titles: of the captions file and of the splits; seen: the photos of the folder, the places of
    the images, all captions, those without an image as well, and reason -> what was dropped.
    """
    *seen, dropped = seen
    sizes = ", ".join(f"{split} {len(images):,}" for split, images in splits.items())
    report = [
        f"{name}: {sum(map(len, captions.values())):,} captions ({titles[0]})",
        f"images with captions: {len(captions):,}",
        f"splits: {sizes} ({titles[1]})",
        *losses(*seen, splits),
        *(count(reason, examples) for reason, examples in dropped.items()),
    ]
    if lacks_spaces(captions):
        report.append(NO_SPACES.format(example=next(iter(captions.values()))[0]))
    return "\n".join(report)


def losses(photos: Photos, places: dict, raw: dict, splits: dict) -> list[str]:
    """Report what falls out on the way from the files to the splits."""
    used, in_splits = set(places.values()), set().union(*splits.values())
    images = [path for path in photos.paths if path.lower().endswith(IMAGE_ENDINGS)]
    spare = [photos.identity(Path(path).name, path) for path in images if path not in used]
    empty = [name for name, texts in raw.items() for text in texts if not WORD.search(text)]
    return [
        count("images whose file is missing", [name for name in raw if not places[name]]),
        count("images without captions", spare),
        count("images in no split", [n for n in raw if places[n] and n not in in_splits]),
        count("captions empty after cleaning", empty),
    ]


def count(title: str, names: list[str]) -> str:
    """Write one line of the report: how many, and the first three names."""
    examples = ", ".join(map(printable, names[:3])) + (", …" if len(names) > 3 else "")
    return f"{title}: {len(names):,}" + (f" ({examples})" if names else "")


def printable(name: str) -> str:
    """Return a name with backslashes for what would break a line or a console."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in name)


def describe(dataset: Dataset, examples: int = 2) -> str:
    """Return the report of a data set with its words, its longest caption and a few examples."""
    words = count_words(clean_captions(dataset.captions))
    once = sum(number == 1 for number in words.values())
    pairs = [(name, text) for name, texts in dataset.captions.items() for text in texts]
    name, longest = max(pairs, key=lambda pair: len(WORD.findall(pair[1])))
    amounts = sorted(map(len, dataset.captions.values()))
    spread = f"{amounts[0]}" if amounts[0] == amounts[-1] else f"{amounts[0]} to {amounts[-1]}"
    lines = [dataset.report, f"format: {dataset.format}", f"captions an image: {spread}"]
    lines.append(f"words: {words.total():,} running, {len(words):,} different, {once:,} once")
    lines.append(f"longest caption: {len(WORD.findall(longest))} words ({name}: {longest[:300]})")
    for image in dataset.splits["train"][:examples]:
        lines += [f"{image} ({Path(dataset.image_paths[image]).parent.name})"]
        lines += [f"  {text}" for text in dataset.captions[image]]
    return "\n".join(lines)
