"""Captions in other languages and scripts: mini in German, and texts from Cyrillic to Chinese."""

import itertools
import json
import re
import subprocess
import sys
import unicodedata
import warnings
from pathlib import Path

import numpy as np
import pytest

from helpers import plots
from helpers.captions import (
    clean_caption,
    clean_captions,
    lacks_spaces,
    read_captions,
    read_descriptions,
    single_letters,
    split_captions,
    write_coco,
    write_descriptions,
    write_tokens,
)
from helpers.datasets import open_dataset
from helpers.metrics import score_captions
from helpers.plots import style
from helpers.tokenizer import CaptionTokenizer

ROOT = Path(__file__).parents[1]
MINI = ROOT / "data" / "mini"
TEXTS = ["Flickr8k.token.txt", "de/Flickr8k.token.txt", "scenes.json", "Flickr_8k.trainImages.txt"]
TEXTS += ["Flickr_8k.devImages.txt", "Flickr_8k.testImages.txt"]

# Invented captions, one script each, with the words they consist of.
SCRIPTS = {
    "Cyrillic": ("Чёрная собака бежит по снегу .", "чёрная собака бежит по снегу"),
    "Greek": ("Ένας σκύλος τρέχει στο χιόνι .", "ένας σκύλος τρέχει στο χιόνι"),
    "Devanagari": ("एक काला कुत्ता बर्फ़ में दौड़ता है।", "एक काला कुत्ता बर्फ़ में दौड़ता है"),
    "Arabic": ("كلبٌ أسود يركض في الثلج ،", "كلبٌ أسود يركض في الثلج"),
    "Persian": ("سگ سیاه در برف می‌دود .", "سگ سیاه در برف می‌دود"),
    "Vietnamese": ("Một con chó đen chạy trên tuyết .", "một con chó đen chạy trên tuyết"),
    "Korean": ("검은 개가 눈 위를 달린다 .", "검은 개가 눈 위를 달린다"),
}
CHINESE = {
    "a.jpg": ["一只黑狗在雪地里跑。", "雪地里有一只狗。"],
    "b.jpg": ["两只猫坐在海边，看T-shirt。", "海边的两只白猫"],
    "c.jpg": ["三辆红色的汽车停在森林里。", "森林里有3辆汽车"],
}
THAI = {"a.jpg": ["สุนัขสีดำวิ่งบนหิมะ", "แมวสองตัวนั่งอยู่ริมทะเล"]}
JAPANESE = {"a.jpg": ["黒い犬が雪の中を走っています。", "ふたりの女の子が手を振っている"]}


# mini in German


def test_mini_de_has_the_pictures_and_splits_of_mini():
    english, german = open_dataset("mini"), open_dataset("mini-de")
    assert german.name == "mini-de" and german.splits == english.splits
    assert german.image_paths == english.image_paths
    assert all(len(set(texts)) == 5 for texts in german.captions.values())
    assert "3,000 captions (Flickr8k.token.txt)" in german.report


def test_the_texts_of_mini_come_out_byte_for_byte(tmp_path):
    command = [sys.executable, MINI / "draw_scenes.py", "--texts", "--target", tmp_path]
    subprocess.run(command, check=True, capture_output=True)
    for name in TEXTS:
        assert (tmp_path / name).read_bytes() == (MINI / name).read_bytes(), name
    assert not list(tmp_path.rglob("*.jpg"))


BOXES = """
import json, random
from draw_scenes import Scene, draw_scene
scenes = json.load(open("scenes.json"))["scenes"]
names = [next(n for n in scenes if scenes[n]["count"] == count) for count in (1, 2, 3)]
drawn = {n: draw_scene(Scene(**scenes[n]), random.Random(f"7 {n}"))[1] for n in names}
print(json.dumps(drawn))
"""


@pytest.mark.slow
def test_the_boxes_of_mini_are_where_the_figures_are_drawn():
    boxes = json.loads((MINI / "boxes.json").read_text("utf-8"))
    scenes = json.loads((MINI / "scenes.json").read_text("utf-8"))["scenes"]
    assert boxes.keys() == scenes.keys()
    assert all(len(boxes[name]) == scene["count"] for name, scene in scenes.items())
    for left, top, right, bottom in itertools.chain(*boxes.values()):
        assert 0 <= left < right <= 299 and 0 <= top < bottom <= 299
    command = [sys.executable, "-c", BOXES]
    done = subprocess.run(command, check=True, capture_output=True, cwd=MINI, text=True)
    for name, drawn in json.loads(done.stdout).items():
        assert np.abs(np.subtract(drawn, boxes[name])).max() <= 1, name


GENDERS = {
    "m": "Hund Welpe Welpen Vogel Singvogel Wagen Ballon Heißluftballon Mantel Strand See Wald",
    "f": "Katze Wiese Straße Berglandschaft Nacht Blumenwiese",
    "n": "Kätzchen Pferd Pony Mädchen Kind Auto Boot Schiff Tier Fahrzeug Wasserfahrzeug Feld",
}
GENDER_OF = {noun: gender for gender, nouns in GENDERS.items() for noun in nouns.split()}
GENDER_OF["Tag"] = "m"
CORRECT = {  # gender: article -> ending of the adjectives, from any German grammar book
    "m": {"ein": "er", "einen": "en", "einem": "en"},
    "f": {"eine": "e", "einer": "en"},
    "n": {"ein": "es", "einem": "en"},
}
SINGULAR = re.compile(r"\b(ein|eine|einen|einem|einer) ((?:[a-zäöüß]+ )*)([A-ZÄÖÜ][a-zäöüß]+)")
COUNTED = re.compile(r"\b(mit )?(?:zwei|drei|2|3) ((?:[a-zäöüß]+ )*)([A-ZÄÖÜ][a-zäöüß]+)")


def german_texts() -> list[str]:
    captions = read_captions(MINI / "de" / "Flickr8k.token.txt")
    return [text[0].lower() + text[1:] for texts in captions.values() for text in texts]


def test_german_articles_and_adjectives_agree_with_their_noun():
    checked = 0
    for text in german_texts():
        for article, adjectives, noun in SINGULAR.findall(text):
            if noun == "Gruppe":
                continue
            ending = CORRECT[GENDER_OF[noun]].get(article)
            assert ending, f"{article} {noun}: {text}"
            words = [word for word in adjectives.split() if word != "leuchtend"]
            assert all(word.endswith(ending) for word in words), text
            checked += 1
    assert checked > 1000


def test_german_plurals_stand_in_their_case():
    checked = 0
    for text in german_texts():
        for dative, adjectives, noun in COUNTED.findall(text):
            of_group = f"von drei {adjectives}{noun}" in text
            words = [word for word in adjectives.split() if word != "leuchtend"]
            ending = "en" if dative or of_group else "e"
            assert all(word.endswith(ending) for word in words), text
            if dative or of_group:
                assert noun[-1] in "ns", text
            checked += 1
    assert checked > 1000


def test_german_verbs_stand_in_the_second_place_or_last():
    verbs = "läuft|rennt|springt|sitzt|fliegt|fährt|steht|winkt|segelt"
    for text in german_texts():
        sentence = text.rstrip(" .")
        if match := re.search(r" , (der|die|das) ", sentence):
            assert re.search(r"(t|n)$", sentence), text
            assert not re.search(rf"^({verbs})\b", sentence[match.end() :]) or (
                " " not in sentence[match.end() :]
            ), text
        if re.match(r"(am|im|auf|in|bei|an|vor|über|unter|zwischen|durch|um) ", sentence):
            assert re.search(r"\w+(t|n) (ein|eine|zwei|drei|2|3) ", sentence), text


# Scripts with spaces


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_with_spaces_goes_from_captions_to_scores(script, tmp_path):
    raw, clean = SCRIPTS[script]
    clean = unicodedata.normalize("NFC", clean)
    captions = {"a.jpg": [raw, raw[::-1]]}
    for write in (write_coco, write_tokens):
        write(captions, tmp_path / "captions")
        assert read_captions(tmp_path / "captions")["a.jpg"][0] == raw
    cleaned = clean_captions(captions)
    assert cleaned["a.jpg"][0] == clean and not lacks_spaces(captions)
    write_descriptions(cleaned, tmp_path / "descriptions.txt")
    assert read_descriptions(tmp_path / "descriptions.txt") == cleaned
    CaptionTokenizer.from_captions([clean], 1, 20).save(tmp_path / "tokenizer.json")
    tokenizer = CaptionTokenizer.load(tmp_path / "tokenizer.json")
    assert tokenizer.decode(tokenizer.encode(clean)) == clean
    assert score_captions([[raw]], [clean])["BLEU-4"] == pytest.approx(100)


# Scripts without


@pytest.mark.parametrize("captions", [CHINESE, THAI, JAPANESE], ids=["zh", "th", "ja"])
def test_texts_without_spaces_are_noticed_and_split(captions):
    assert lacks_spaces(captions)
    spaced = split_captions(captions, single_letters)
    assert not lacks_spaces(spaced)
    for name, texts in captions.items():
        assert [text.replace(" ", "") for text in spaced[name]] == texts


def test_texts_with_spaces_give_no_hint():
    assert not lacks_spaces(read_captions(MINI / "Flickr8k.token.txt"))
    assert not lacks_spaces(read_captions(MINI / "de" / "Flickr8k.token.txt"))
    assert not lacks_spaces({"a.jpg": ["a sign says 出口", "an exit"]})


def two_letters(text: str) -> list[str]:
    """Stand in for a dictionary such as jieba's: words of two letters, punctuation alone."""
    return re.findall(r"[A-Za-z-]+|\d|[\u4e00-\u9fff]{1,2}|\S", text)


@pytest.mark.parametrize("words_of", [single_letters, two_letters])
def test_chinese_goes_from_captions_to_scores(words_of, tmp_path):
    spaced = split_captions(CHINESE, words_of)
    cleaned = clean_captions(spaced)
    assert cleaned["b.jpg"][0].split()[-1] == "t-shirt"
    write_descriptions(cleaned, tmp_path / "descriptions.txt")
    assert read_descriptions(tmp_path / "descriptions.txt") == cleaned
    texts = [text for group in cleaned.values() for text in group]
    CaptionTokenizer.from_captions(texts, 1, 30).save(tmp_path / "tokenizer.json")
    tokenizer = CaptionTokenizer.load(tmp_path / "tokenizer.json")
    said = tokenizer.decode(tokenizer.encode(texts[0]))
    assert said == texts[0] and said.replace(" ", "") == "一只黑狗在雪地里跑"
    assert score_captions([spaced["a.jpg"]], [said])["BLEU-4"] == pytest.approx(100)
    assert score_captions([spaced["c.jpg"]], [said])["BLEU-4"] < 20


def test_a_sentence_without_spaces_is_one_word_to_the_scores():
    said = clean_caption(CHINESE["a.jpg"][0])
    scores = score_captions([[CHINESE["a.jpg"][1]]], [said])
    assert len(said.split()) == 1 and scores["BLEU-1"] < 1


# Figures


@pytest.mark.parametrize("script", SCRIPTS)
def test_figures_draw_any_script(script, tmp_path):
    image = [[0, 1], [1, 0]]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        if script in ("Devanagari", "Korean"):  # a font for them may be missing
            warnings.filterwarnings("ignore", message="Glyph|Matplotlib currently")
        figure = plots.show_captioned(image, list(SCRIPTS[script]))
        figure.savefig(tmp_path / "figure.png")
    assert (tmp_path / "figure.png").stat().st_size > 1000


def test_a_font_of_this_machine_is_taken_for_other_scripts(monkeypatch):
    monkeypatch.setattr(style.font_manager, "get_font_names", lambda: ["Foo", "Noto Sans CJK SC"])
    assert style.font_families() == ["sans-serif", "Noto Sans CJK SC"]
    monkeypatch.setattr(style.font_manager, "get_font_names", list)
    assert style.font_families() == ["sans-serif"]
