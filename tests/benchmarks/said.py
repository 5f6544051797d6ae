"""What a captioner says of people, what it can name, its surest and its least sure captions.

    ls flickr8k/Flicker8k_Dataset/*.jpg | python -m helpers.captioner - --json --anyway > said.jsonl
    python tests/benchmarks/said.py said.jsonl --data-dir flickr8k --split test --pages pages/

It is scored, and what it says is counted beside what people said of the same photo. `--pages`
draws captions with their photos, to be read by a person.
"""

import argparse
import json
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from helpers.captions import clean_captions  # noqa: E402
from helpers.datasets import open_dataset  # noqa: E402
from helpers.metrics import score_captions  # noqa: E402

MALE = set("man men boy boys guy guys male males gentleman gentlemen he his him father".split())
FEMALE = set("woman women girl girls lady ladies female females she her mother".split())
PEOPLE = MALE | FEMALE | set("person people child children baby toddler couple kid kids".split())
SKIN = set("asian african black white dark-skinned light-skinned brown dark tan".split())
ALWAYS = {"asian", "african", "dark-skinned", "light-skinned"}  # of people, whatever comes next
THINGS = (  # the 80 categories of COCO (Lin et al. 2014), one word each
    "person bicycle car motorcycle airplane bus train truck boat light hydrant sign meter "
    "bench bird cat dog horse sheep cow elephant bear zebra giraffe backpack umbrella handbag "
    "tie suitcase frisbee skis snowboard ball kite bat glove skateboard surfboard racket "
    "bottle glass cup fork knife spoon bowl banana apple sandwich orange broccoli carrot "
    "hotdog pizza donut cake chair couch plant bed table toilet tv laptop mouse remote "
    "keyboard phone microwave oven toaster sink refrigerator book clock vase scissors teddy "
    "drier toothbrush"
).split()
SHOWN = 50
COLUMNS = 5


def gender(words: list[str]) -> str:
    """Return whom a sentence speaks of: "male", "female", "both" or "neither"."""
    said = bool(MALE & set(words)), bool(FEMALE & set(words))
    return {(1, 0): "male", (0, 1): "female", (1, 1): "both", (0, 0): "neither"}[said]


def skin(words: list[str]) -> bool:
    """Tell whether a sentence speaks of a person's skin or descent."""
    pairs = zip(words, [*words[1:], ""], strict=True)
    return any(word in ALWAYS or (word in SKIN and after in PEOPLE) for word, after in pairs)


def count_gender(said: dict[str, list[str]], people: dict[str, list[list[str]]]) -> list[str]:
    """Return lines: how often a caption says a gender, and what people say of the same photo."""
    says = ("the caption says", "photos", "people most often the same", "the other")
    lines = [f"| {' | '.join(says)} | neither, or both |"]
    lines.append("|---|---|---|---|---|")
    other = {"male": "female", "female": "male"}
    for one in other:
        photos = [photo for photo in said if gender(said[photo]) == one]
        votes = Counter()
        for photo in photos:
            counts = Counter(gender(words) for words in people[photo])
            votes[counts.most_common(1)[0][0]] += 1
        shares = [votes[one], votes[other[one]], len(photos) - votes[one] - votes[other[one]]]
        lines.append(f"| {one} | {len(photos)} | " + " | ".join(map(str, shares)) + " |")
    sentences = Counter(gender(words) for photo in said for words in people[photo])
    total = sum(sentences.values())
    lines.append(
        "people's own sentences: "
        + ", ".join(f"{name} {count / total:.0%}" for name, count in sentences.most_common())
    )
    return lines


def count_skin(said: dict[str, list[str]], people: dict[str, list[list[str]]]) -> str:
    """Return a line: captions that speak of skin or descent, and how many people agree."""
    photos = [photo for photo in said if skin(said[photo])]
    agreeing = Counter(sum(map(skin, people[photo])) for photo in photos)
    mentions = [skin(words) for photo in said for words in people[photo]]
    agreed = ", ".join(f"{count} photos by {n} of 5" for n, count in sorted(agreeing.items()))
    return (
        f"skin or descent: {len(photos)} of {len(said)} captions ({agreed or 'none'}); "
        f"{sum(mentions) / len(mentions):.1%} of people's sentences"
    )


def count_things(said: dict[str, list[str]]) -> str:
    """Return a line: which everyday things are ever named."""
    counts = Counter(word for words in said.values() for word in set(words))
    named = [f"{thing} {counts[thing]}" for thing in THINGS if counts[thing]]
    never = [thing for thing in THINGS if not counts[thing]]
    return f"of {len(THINGS)} everyday things named: {', '.join(named)}\nnever: {', '.join(never)}"


def draw_pages(records: list[dict], folder: Path) -> None:
    """Draw the surest and the least sure captions below their photos, a PNG each."""
    import matplotlib.pyplot as plt
    from PIL import Image

    folder.mkdir(parents=True, exist_ok=True)
    ranked = sorted(records, key=lambda record: -record["confidence"])
    for name, some in (("surest", ranked[:SHOWN]), ("least-sure", ranked[-SHOWN:])):
        for page in range(0, SHOWN, 25):
            figure, axes = plt.subplots(5, COLUMNS, figsize=(15, 17))
            for axis, record in zip(axes.ravel(), some[page : page + 25], strict=True):
                axis.imshow(Image.open(record["image"]))
                words = record["candidates"][0]["caption"].split()
                text = "\n".join(" ".join(words[at : at + 6]) for at in range(0, len(words), 6))
                axis.set_title(text, fontsize=9)
                axis.axis("off")
            figure.tight_layout()
            figure.savefig(folder / f"{name}-{page // 25 + 1}.png", dpi=60)
            plt.close(figure)


def main() -> None:
    """Read what the command has said, and print the counts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("said", type=Path, help="what `python -m helpers.captioner --json` printed")
    parser.add_argument("--dataset", default="flickr8k", help="or a folder")
    parser.add_argument("--data-dir", help="of Flickr8k")
    parser.add_argument("--split", help="photos of this one alone count")
    parser.add_argument("--pages", type=Path, help="a folder for the surest and the least sure")
    options = parser.parse_args()
    dataset = open_dataset(options.dataset, options.data_dir)
    captions = clean_captions(dataset.captions)
    wanted = set(dataset.splits[options.split]) if options.split else captions.keys()
    lines = options.said.read_text("utf-8").splitlines()
    records = [record for record in map(json.loads, lines) if Path(record["image"]).name in wanted]
    said = {Path(r["image"]).name: r["candidates"][0]["caption"].split() for r in records}
    people = {photo: [text.split() for text in captions[photo]] for photo in said}
    texts = [" ".join(words) for words in said.values()]
    scores = score_captions([dataset.captions[photo] for photo in said], texts)
    print(", ".join(f"{name} {value:.1f}" for name, value in scores.items()))
    print(*count_gender(said, people), count_skin(said, people), count_things(said), sep="\n")
    if options.pages:
        draw_pages(records, options.pages)


if __name__ == "__main__":
    main()
