"""Draw the data set "mini": pictures, captions and splits in the layout of Flickr8k.

    python data/mini/draw_scenes.py [--seed 7] [--target data/mini] [--texts]

Needs Pillow only. The same seed gives the same text files, and with the same Pillow the
same pixels. The folder de/ gets captions of the same pictures in German.
"""

import argparse
import json
import random
from collections.abc import Callable
from pathlib import Path

from grammar import captions_for
from grammar_german import german_captions_for
from plan import plan_scenes
from scenes import Box, Scene, draw_scene
from slips import drop_words, slipped
from words import synonyms

HERE = Path(__file__).parent
PHOTO_FOLDER = "Flicker8k_Dataset"  # spelt as in Flickr8k
TOKENS = "Flickr8k.token.txt"
SPLIT_FILES = {
    "train": "Flickr_8k.trainImages.txt",
    "dev": "Flickr_8k.devImages.txt",
    "test": "Flickr_8k.testImages.txt",
}
GHOST = "2258277193_586949ec62.jpg.1"  # Flickr8k lists this name, and no such file exists
QUALITY = 71


def draw_photos(scenes: dict[str, Scene], folder: Path, seed: int) -> dict[str, list[Box]]:
    """Draw every scene, remove pictures of an earlier plan, and return where the figures stand."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.glob("*.jpg"):
        if path.name not in scenes:
            path.unlink()
    boxes = {}
    for name, scene in scenes.items():
        image, boxes[name] = draw_scene(scene, random.Random(f"{seed} {name}"))
        image.save(folder / name, quality=QUALITY, optimize=True)
    return boxes


def describe_scenes(
    scenes: dict[str, Scene], seed: str, describe: Callable[..., list[str]]
) -> dict[str, list[str]]:
    """Return name -> captions of every scene, and of a name without a picture."""
    rng = random.Random(seed)
    listed = dict(scenes)
    listed[GHOST] = Scene("dog", "red", 2, "run", "meadow", "day")
    return {name: describe(listed[name], rng) for name in sorted(listed)}


def add_slips(
    captions: dict[str, list[str]], scenes: dict[str, Scene], train: list[str], seed: int
) -> None:
    """Add rare words and slips of the pen everywhere, captions without a word in training."""
    rng = random.Random(f"{seed} slips")
    texts = iter(slipped([text for name in scenes for text in captions[name]], rng))
    captions |= {name: [next(texts) for _ in captions[name]] for name in scenes}
    counts = {name: scenes[name].count for name in train}
    drop_words({name: captions[name] for name in train}, counts, rng)


def write_captions(captions: dict[str, list[str]], path: Path) -> None:
    """Write "name#number<TAB>caption" lines."""
    lines = [
        f"{name}#{number}\t{text}\n"
        for name, texts in captions.items()
        for number, text in enumerate(texts)
    ]
    path.parent.mkdir(exist_ok=True)
    path.write_text("".join(lines), encoding="utf-8", newline="\n")


def write_splits(splits: dict[str, list[str]], folder: Path) -> None:
    """Write the three lists of file names."""
    for split, names in splits.items():
        text = "".join(f"{name}\n" for name in names)
        (folder / SPLIT_FILES[split]).write_text(text, encoding="utf-8", newline="\n")


def write_records(scenes: dict[str, Scene], path: Path) -> None:
    """Write what each picture shows, and the words that name each value."""
    records = {name: scene.record() for name, scene in scenes.items()}
    text = json.dumps({"scenes": records, "synonyms": synonyms()}, indent=1)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")


def write_boxes(boxes: dict[str, list[Box]], path: Path) -> None:
    """Write where the figures of each picture stand, one picture a line."""
    lines = (f"{json.dumps(name)}: {json.dumps(places)}" for name, places in boxes.items())
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8", newline="\n")


def main() -> None:
    """Write the whole data set into the target folder."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--target", type=Path, default=HERE)
    parser.add_argument("--texts", action="store_true", help="leave the pictures alone")
    options = parser.parse_args()
    target, seed = options.target, options.seed
    scenes, splits = plan_scenes(seed)
    if not options.texts:
        boxes = draw_photos(scenes, target / PHOTO_FOLDER, seed)
        write_boxes(boxes, target / "boxes.json")
    english = describe_scenes(scenes, f"{seed} captions", captions_for)
    add_slips(english, scenes, splits["train"], seed)
    write_captions(english, target / TOKENS)
    german = describe_scenes(scenes, f"{seed} captions de", german_captions_for)
    write_captions(german, target / "de" / TOKENS)
    write_splits(splits, target)
    write_records(scenes, target / "scenes.json")
    print(f"{len(scenes)} scenes {'described' if options.texts else 'drawn'} in {target}")


if __name__ == "__main__":
    main()
