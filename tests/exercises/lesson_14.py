"""Right and wrong answers to the exercises of lesson 14."""

BEFORE = ""

JUDGED = "    judged = [v for v in verdicts if v in ('accept', 'edit', 'reject')]\n"

EXERCISES = {
    1: {
        "right": [
            f"def trusted(verdicts):\n{JUDGED}"
            "    return sum(v != 'reject' for v in judged) / len(judged) if judged else None",
            "def trusted(verdicts):\n    good = verdicts.count('accept') + verdicts.count('edit')\n"
            "    judged = good + verdicts.count('reject')\n"
            "    return good / judged if judged else None",
        ],
        "wrong": [
            "def trusted(verdicts):\n"
            "    return sum(v in ('accept', 'edit') for v in verdicts) / max(len(verdicts), 1)",
            f"def trusted(verdicts):\n{JUDGED}"
            "    return judged.count('accept') / len(judged) if judged else None",
            f"def trusted(verdicts):\n{JUDGED}"
            "    return sum(v != 'reject' for v in judged) / len(judged) if judged else 0.0",
            f"def trusted(verdicts):\n{JUDGED}"
            "    return sum(v != 'reject' for v in judged) / len(judged)",
        ],
    },
    2: {
        "right": [
            "def largest_rank(rows, columns, share):\n"
            "    return int(share * rows * columns // (rows + columns))",
            "def largest_rank(rows, columns, share):\n    rank = 0\n"
            "    while (rank + 1) * (rows + columns) <= share * rows * columns:\n"
            "        rank += 1\n    return rank",
        ],
        "wrong": [
            "def largest_rank(rows, columns, share):\n    return int(share * min(rows, columns))",
            "def largest_rank(rows, columns, share):\n"
            "    return round(share * rows * columns / (rows + columns))",
            "def largest_rank(rows, columns, share):\n"
            "    return max(1, int(share * rows * columns / (rows + columns)))",
            "def largest_rank(rows, columns, share):\n    return int(share * columns / 2)",
        ],
    },
    3: {
        "right": [
            "PLAIN = {'man': 'person', 'woman': 'person', 'men': 'people', 'women': 'people',\n"
            "         'boy': 'child', 'girl': 'child', 'boys': 'children', 'girls': 'children',\n"
            "         'his': 'their', 'her': 'their'}\n"
            "def neutral(caption):\n"
            "    return ' '.join(PLAIN.get(word, word) for word in caption.split())",
            "import re\n"
            "RULES = {r'(wo)?man': 'person', r'(wo)?men': 'people', '(boy|girl)s': 'children',\n"
            "         'boy|girl': 'child', 'his|her': 'their'}\n"
            "def neutral(caption):\n    for old, new in RULES.items():\n"
            "        caption = re.sub(rf'\\b({old})\\b', new, caption)\n    return caption",
        ],
        "wrong": [
            "def neutral(caption):\n"
            "    return caption.replace('woman', 'person').replace('man', 'person')",
            "def neutral(caption):\n"
            "    pairs = {'women': 'people', 'woman': 'person', 'men': 'people', 'man': 'person',\n"
            "             'boys': 'children', 'girls': 'children', 'boy': 'child',\n"
            "             'girl': 'child', 'his': 'their', 'her': 'their'}\n"
            "    for old, new in pairs.items():\n        caption = caption.replace(old, new)\n"
            "    return caption",
            "def neutral(caption):\n    plain = {'man': 'person', 'woman': 'person'}\n"
            "    return ' '.join(plain.get(word, word) for word in caption.split())",
            "import re\ndef neutral(caption):\n"
            "    return re.sub(r'\\b(wo)?man\\b', 'person', caption)",
        ],
    },
}
