"""The scores, against nltk, sacrebleu and the COCO toolkit."""

import random
import warnings

import pytest
import sacrebleu
from nltk.translate.bleu_score import corpus_bleu

from helpers import metrics
from helpers.captions import clean_caption

WORDS = "a the two dog cat man boat red t-shirt runs jumps on in water grass beach".split()


def random_captions(images=60, per_image=5, seed=7):
    """Return references and hypotheses of random words, some of them repetitive."""
    chance = random.Random(seed)

    def caption():
        return " ".join(chance.choices(WORDS, k=chance.randint(4, 14)))

    references = [[caption() for _ in range(per_image)] for _ in range(images)]
    hypotheses = [chance.choice([caption(), captions[0] + " a a"]) for captions in references]
    return references, hypotheses


@pytest.fixture(scope="module")
def captions():
    return random_captions()


def coco_score(scorer, references, hypotheses):
    return scorer.compute_score(
        dict(enumerate(references)), {i: [caption] for i, caption in enumerate(hypotheses)}
    )


@pytest.mark.parametrize(
    "caption, words",
    [
        ("A dog runs .", ["a", "dog", "runs"]),
        ("The T-shirt -- man's, I think!", ["the", "t-shirt", "man's", "i", "think"]),
        ("Man’s best friend", ["man's", "best", "friend"]),
        ('"2 dogs" & 1 CAT', ["2", "dogs", "1", "cat"]),
        ("Zwei Männer überqueren die Straße.", "zwei männer überqueren die straße".split()),
        ("Собака бежит", ["собака", "бежит"]),
        ("snake_case 'quoted' -dash-", ["snake", "case", "quoted", "dash"]),
        ("कुत्ता दौड़ता है।", ["कुत्ता", "दौड़ता", "है"]),
        ("cafe\u0301 au lait", ["café", "au", "lait"]),
        (" . ", []),
    ],
)
def test_normalise_keeps_every_word_and_nothing_else(caption, words):
    assert metrics.normalise(caption) == words
    assert clean_caption(caption).split() == words


def test_bleu_equals_four_calls_of_nltk(captions):
    references, hypotheses = captions
    scores = metrics.bleu_scores(references, hypotheses)
    split = [[caption.split() for caption in image] for image in references]
    for n in range(1, 5):
        expected = corpus_bleu(split, [h.split() for h in hypotheses], weights=(1 / n,) * n)
        assert scores[f"BLEU-{n}"] == pytest.approx(100 * expected, rel=1e-9)


def test_bleu_equals_sacrebleu(captions):
    references, hypotheses = captions
    scores = metrics.bleu_scores(references, hypotheses)
    streams = [list(stream) for stream in zip(*references, strict=True)]
    for n in range(1, 5):
        bleu = sacrebleu.BLEU(
            tokenize="none", smooth_method="none", effective_order=False, max_ngram_order=n
        )
        expected = bleu.corpus_score(hypotheses, streams).score
        assert scores[f"BLEU-{n}"] == pytest.approx(expected, rel=1e-9)


def test_cider_d_equals_the_coco_toolkit(captions):
    cider = pytest.importorskip("pycocoevalcap.cider.cider").Cider()
    mean, each = coco_score(cider, *captions)
    assert metrics.cider_d(*captions) == pytest.approx(100 * mean, rel=1e-6)
    assert metrics.cider_d_each(*captions) == pytest.approx(100 * each, rel=1e-6, abs=1e-9)


def test_rouge_l_equals_the_coco_toolkit(captions):
    rouge = pytest.importorskip("pycocoevalcap.rouge.rouge").Rouge()
    mean, _ = coco_score(rouge, *captions)
    assert metrics.rouge_l(*captions) == pytest.approx(100 * mean, rel=1e-6)


def test_the_cat_on_the_mat_of_the_bleu_paper():
    """Papineni et al. 2002: "the" seven times earns 2/7, not 7/7."""
    references = [["the cat is on the mat", "there is a cat on the mat"]]
    scores = metrics.bleu_scores(references, ["the the the the the the the"])
    assert scores["BLEU-1"] == pytest.approx(100 * 2 / 7)
    assert scores["BLEU-2"] == 0


def test_brevity_penalty_by_hand():
    scores = metrics.bleu_scores([["a dog runs on the beach"]], ["a dog runs"])
    assert scores["BLEU-1"] == pytest.approx(100 * 2.718281828459045 ** (1 - 6 / 3))


def test_rouge_l_by_hand():
    """Three words in common, of four said and five meant, recall weighing 1.2 squared."""
    score = metrics.rouge_l([["a dog runs on grass"]], ["a cat runs on"])
    precision, recall = 3 / 4, 3 / 5
    expected = (1 + 1.44) * precision * recall / (recall + 1.44 * precision)
    assert score == pytest.approx(100 * expected)
    assert metrics.longest_common_subsequence("abcde", "xbxdx") == 2


def test_perfect_captions_score_100():
    references, _ = random_captions(per_image=1)
    hypotheses = [captions[0] for captions in references]
    scores = metrics.score_captions(references, hypotheses)
    assert [scores[f"BLEU-{n}"] for n in (1, 2, 3, 4)] == [100] * 4
    assert scores["ROUGE-L"] == pytest.approx(100)
    assert metrics.cider_d_each(references, hypotheses) == pytest.approx([1000] * len(hypotheses))


def test_a_short_caption_counts_as_one_wrong_long_ngram():
    """A quirk of nltk that sacrebleu and the COCO toolkit don't share; see `bleu_scores`."""
    scores = metrics.bleu_scores([["a dog runs on grass"], ["a dog"]], ["a dog runs on", "a dog"])
    assert scores["BLEU-4"] < scores["BLEU-2"]
    short = metrics.bleu_scores([["a dog runs"]], ["a dog runs"])
    assert short == {"BLEU-1": 100, "BLEU-2": 100, "BLEU-3": 100, "BLEU-4": 0}


def test_empty_captions_score_0_quietly(captions):
    references, hypotheses = captions
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scores = metrics.score_captions(references, [" ."] * len(references))
        metrics.score_captions(references, ["", *hypotheses[1:]])
    assert set(scores.values()) == {0, 1}
    assert scores["distinct"] == 1


def test_a_reference_without_words_is_harmless():
    references = [["...", "a dog runs on grass"], ["a cat", "!"]]
    scores = metrics.score_captions(references, ["a dog runs on grass", "a cat"])
    assert scores["ROUGE-L"] == pytest.approx(100)


def test_scores_do_not_depend_on_order(captions):
    references, hypotheses = captions
    scores = metrics.score_captions(references, hypotheses)
    order = random.Random(1).sample(range(len(hypotheses)), len(hypotheses))
    shuffled = [references[i][::-1] for i in order], [hypotheses[i] for i in order]
    assert metrics.score_captions(*shuffled) == pytest.approx(scores, rel=1e-9)


def test_raw_and_clean_captions_score_alike(captions):
    references, hypotheses = captions
    raw = [[f"{caption.capitalize()} ." for caption in image] for image in references]
    shouted = [caption.upper() + "!" for caption in hypotheses]
    expected = metrics.score_captions(references, hypotheses)
    assert metrics.score_captions(raw, shouted) == expected


def test_score_captions_counts_captions_and_words():
    scores = metrics.score_captions([["a dog"], ["a cat"], ["a man"]], ["a dog", "A dog.", "a"])
    assert scores["distinct"] == 2
    assert scores["mean length"] == pytest.approx(5 / 3)


def test_split_decides_the_convention():
    """One word of three is right: 33; with markers three of five, with a full stop two of four."""
    references, hypotheses = [["a dog runs ."]], ["a cat sits ."]

    def marked(caption):
        return ["<start>", *metrics.normalise(caption), "<end>"]

    assert metrics.bleu_scores(references, hypotheses)["BLEU-1"] == pytest.approx(100 / 3)
    assert metrics.bleu_scores(references, hypotheses, marked)["BLEU-1"] == pytest.approx(60)
    assert metrics.bleu_scores(references, hypotheses, str.split)["BLEU-1"] == pytest.approx(50)


def test_clipping_and_length_are_punished_by_cider_d():
    references, _ = random_captions()
    honest = [captions[0] for captions in references]
    repeated = [f"{caption} {caption}" for caption in honest]
    assert metrics.cider_d(references, repeated) < metrics.cider_d(references, honest)


def test_cider_d_of_one_image_needs_the_rarity_of_a_set(captions):
    references, hypotheses = captions
    rarity = metrics.ngram_rarity(references)
    alone = metrics.cider_d_each(references[:1], hypotheses[:1], rarity)
    assert alone == metrics.cider_d_each(references, hypotheses)[:1]
    assert metrics.cider_d_each(references[:1], hypotheses[:1]) == [0]


@pytest.mark.slow
def test_human_scores_average_one_against_the_others(captions):
    references, _ = captions
    first = metrics.score_captions([c[1:] for c in references], [c[0] for c in references])
    scores = metrics.human_scores(references)
    assert list(scores) == list(first)
    assert scores["BLEU-1"] != first["BLEU-1"]
    rotated = [captions[2:] + captions[:2] for captions in references]
    assert metrics.human_scores(rotated) == pytest.approx(scores, rel=1e-9)


def test_constant_scores_say_one_caption():
    scores = metrics.constant_scores([["a man in a red shirt"], ["two dogs run"]])
    assert scores["distinct"] == 1
    assert scores["mean length"] == 6


@pytest.mark.parametrize(
    "references, hypotheses, message",
    [
        ([["a dog"]], ["a dog", "a cat"], "2 captions but 1 lists of references"),
        ([], [], "no captions"),
        ([["a dog"], []], ["a dog", "a cat"], "image 1 has no references"),
        (["a dog"], ["a dog"], "image 0 are one text"),
        ([["a dog"]], [["a", "dog"]], "image 0 has .* not a text"),
    ],
)
@pytest.mark.parametrize("score", [metrics.bleu_scores, metrics.cider_d, metrics.rouge_l])
def test_wrong_captions_are_named(score, references, hypotheses, message):
    with pytest.raises(ValueError, match=message):
        score(references, hypotheses)


@pytest.mark.parametrize("references", [[], [["a dog"], ["a cat", "a kitten"]]])
def test_human_scores_need_two_references(references):
    with pytest.raises(ValueError, match="2 or more"):
        metrics.human_scores(references)


def test_named_share_counts_captions_that_name_the_value():
    synonyms = {"object": {"dog": ["dog", "puppy"], "cat": ["cat"]}, "count": {"2": ["two"]}}
    records = [{"object": "dog"}, {"object": "dog"}, {"object": "cat"}, {"object": "cat"}]
    hypotheses = ["A puppy runs.", "a dogfish", "a cat", "a dog"]
    assert metrics.named_share(hypotheses, records, synonyms, "object") == 0.5
    assert metrics.named_share(["two dogs"], [{"count": 2}], synonyms, "count") == 1
    phrase = {"place": {"beach": ["by the sea"]}}
    assert metrics.named_share(["A dog by the sea."], [{"place": "beach"}], phrase, "place") == 1
    with pytest.raises(ValueError, match="1 captions but 0 records"):
        metrics.named_share(["a dog"], [], synonyms, "object")
