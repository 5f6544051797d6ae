"""Right and wrong answers to the exercises of lesson 01."""

BEFORE = """
from helpers.captions import CLASSIC_CLEANING, clean_caption
from helpers.captions.cleaning import NO_PUNCTUATION

after = {"dog's": 3, "dogs": 2, "cat": 1}
"""

EXERCISES = {
    1: {
        "right": [
            "def split_at_comma(line):\n    return line.split(',', 1)",
            "def split_at_comma(line):\n    name, _, text = line.partition(',')\n"
            "    return name, text",
            "def split_at_comma(line):\n    place = line.index(',')\n"
            "    return [line[:place], line[place + 1 :]]",
        ],
        "wrong": [
            "def split_at_comma(line):\n    return line.split(',')",
            "def split_at_comma(line):\n    return line.rsplit(',', 1)",
            "def split_at_comma(line):\n    return line.split(',')[0], line.split(',')[1]",
            "def split_at_comma(line):\n    name, text = line.split(',', 1)\n"
            "    return name.split('.')[0], text",
            "def split_at_comma(line):\n    line.split(',', 1)",
        ],
    },
    2: {
        "right": [
            "def merged(words):\n    closed = {w: w.translate(NO_PUNCTUATION) for w in words}\n"
            "    return {w for w in words if closed[w] != w and closed[w] in words}",
            "def merged(words):\n    shut = lambda w: w.replace(\"'\", '').replace('-', '')\n"
            "    return set(w for w in words if shut(w) != w and shut(w) in words)",
        ],
        "wrong": [
            "def merged(words):\n    return {'dog\\'s'}",
            "def merged(words):\n    return {w for w in words if w.replace(\"'\", '') in words}",
            "def merged(words):\n    return {w for w in words if \"'\" in w or '-' in w}",
            "def merged(words):\n    shut = {w.translate(NO_PUNCTUATION): w for w in words}\n"
            "    return {w for w in words if shut[w] != w}",
            "def merged(words):\n"
            "    return {w for w in words if \"'\" in w and w.replace(\"'\", '') in words}",
            "def merged(words):\n    print(words)",
        ],
    },
    3: {
        "right": [
            "def spell_digits(text):\n"
            "    return ' '.join(DIGITS.get(word, word) for word in text.split())",
            "import re\ndef spell_digits(text):\n"
            "    return re.sub(r'(?<!\\S)[1-9](?!\\S)', lambda m: DIGITS[m[0]], text)",
        ],
        "wrong": [
            "def spell_digits(text):\n    for digit, word in DIGITS.items():\n"
            "        text = text.replace(digit, word)\n    return text",
            "import re\ndef spell_digits(text):\n"
            "    return re.sub(r'\\b[1-9]\\b', lambda m: DIGITS[m[0]], text)",
            "def spell_digits(text):\n"
            "    return text.replace('2 ', 'two ').replace(' 1 ', ' one ')",
            "def spell_digits(text):\n    return [DIGITS.get(word, word) for word in text.split()]",
        ],
    },
    4: {
        "right": [
            "my_captions = ['Ein T-Shirt', 'Der Hund', 'Zwei Katzen']",
            "my_captions = ['a dog', 'two dogs', 'three']",
        ],
        "wrong": [
            "my_captions = ['A dog', 'A cat']",
            "my_captions = ['Der Hund', 'Die Katze', 'Das Pferd']",
            "my_captions = ''",
        ],
    },
}
