"""Right and wrong answers to the exercises of lesson 10."""

BEFORE = """import json
import re
import tempfile
from pathlib import Path

from helpers import captions
from helpers.captions import clean_caption, read_captions

work = Path(tempfile.mkdtemp())"""
KARPATHY = """def karpathy_content(group, splits):
    images = []
    for split, names in splits.items():
        for name in names:
            sentences = [{{"raw": text, "tokens": text.split()}} for text in {texts}]
            images.append({{"filename": name, "split": {split}, "sentences": sentences}})
    return {{"images": {images}}}"""
IN_ORDER = "sorted(images, key=lambda image: list(group).index(image['filename']))"
EXERCISES = {
    1: {
        "right": [
            r"""def split_bars(line):
    name, rest = line.split("|", 1)
    return name, re.sub(r"^\s*\d+\s*\|?\s*", "", rest).strip()""",
            r"""def split_bars(line):
    name, number, text = re.match(r"([^|]*)\|\s*(\d+)[\s|]*(.*)", line).groups()
    return name, text.strip()""",
        ],
        "wrong": [
            "def split_bars(line):\n    return line.split('|')[0], line.split('|')[-1].strip()",
            "def split_bars(line):\n"
            "    parts = line.split('|', 2)\n"
            "    return parts[0], parts[-1].strip()",
            r"""def split_bars(line):
    return line.split("|")[0], re.sub(r"^.*?[\d|\s]+", "", line).strip()""",
        ],
    },
    2: {
        "right": [
            KARPATHY.format(
                texts="group[name]", split="{'dev': 'val'}.get(split, split)", images=IN_ORDER
            ),
            """def karpathy_content(group, splits):
    of = {name: "val" if split == "dev" else split for split in splits for name in splits[split]}
    images = [{"filename": n, "split": of[n], "sentences": [{"raw": t} for t in group[n]]}
              for n in group]
    return {"images": images}""",
        ],
        "wrong": [
            KARPATHY.format(texts="group[name]", split="split", images=IN_ORDER),
            KARPATHY.format(texts="group[name]", split="'train'", images=IN_ORDER),
            KARPATHY.format(
                texts="group[name][:1]", split="{'dev': 'val'}.get(split, split)", images=IN_ORDER
            ),
            KARPATHY.format(
                texts="map(clean_caption, group[name])",
                split="{'dev': 'val'}.get(split, split)",
                images=IN_ORDER,
            ),
        ],
    },
    3: {
        "right": [
            """def longest_words(text, known):
    words, start = [], 0
    while start < len(text):
        fitting = [w for w in known if text.startswith(w, start)]
        words.append(max(fitting, key=len, default=text[start]))
        start += len(words[-1])
    return words""",
            """def longest_words(text, known):
    pattern = "|".join(sorted(known, key=len, reverse=True))
    return re.findall(f"{pattern}|.", text)""",
        ],
        "wrong": [
            "def longest_words(text, known):\n    return sorted(known, key=len)",
            """def longest_words(text, known):
    pattern = "|".join(sorted(known, key=len))
    return re.findall(f"{pattern}|.", text)""",
            """def longest_words(text, known):
    return re.findall("|".join(sorted(known, key=len, reverse=True)), text)""",
            "def longest_words(text, known):\n"
            "    return [text[i:i + 2] for i in range(0, len(text), 2)]",
        ],
    },
    4: {
        "right": [
            r"""def unseeable(texts, pattern):
    hits = [text for text in texts if re.search(rf"\b(?:{pattern})\b", text, re.I)]
    return len(hits) / len(texts) if texts else 0""",
            """def unseeable(texts, pattern):
    wanted = set(pattern.lower().split("|"))
    hits = sum(bool(wanted & set(re.findall(r"\\w+", text.lower()))) for text in texts)
    return hits / max(len(texts), 1)""",
        ],
        "wrong": [
            "def unseeable(texts, pattern):\n"
            "    return sum(pattern in text for text in texts) / max(1, len(texts))",
            "def unseeable(texts, pattern):\n"
            "    hits = [text for text in texts if re.search(pattern, text, re.I)]\n"
            "    return len(hits) / max(1, len(texts))",
            r"""def unseeable(texts, pattern):
    hits = [text for text in texts if re.search(rf"\b(?:{pattern})\b", text)]
    return len(hits) / max(1, len(texts))""",
            r"""def unseeable(texts, pattern):
    return len([t for t in texts if re.search(rf"\b({pattern})\b", t, re.I)])""",
        ],
    },
}
