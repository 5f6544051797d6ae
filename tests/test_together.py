"""Captioners that vote together, and photos with their mirror images."""

from concurrent.futures import Future
from types import SimpleNamespace

import numpy as np
import pytest

from helpers.captioner import Candidate, CaptionerError, open_captioner
from helpers.captioner.together import Views
from helpers.metrics import ngram_rarity
from helpers.models import MergeDecoder
from helpers.tokenizer import CaptionTokenizer

RARITY = ngram_rarity([["a dog runs"], ["a cat sleeps"], ["a dog sleeps"]], str.split)


class Corner:
    """Stands in for an encoder: the mean of the left half of a photo."""

    name, image_size, feature_shape = "xception", 8, (1, 3)

    def encode(self, pixels):
        return pixels[:, :, :4].mean(axis=(1, 2), dtype="float32")[:, None]


def half_red():
    pixels = np.zeros((1, 8, 8, 3), "uint8")
    pixels[:, :, :4, 0] = 100
    return pixels


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    from helpers.captioner import Captioner

    tokenizer, places = CaptionTokenizer.from_captions(["a dog runs", "a cat sleeps"]), {}
    for name, encoder, rarity in (
        ("one", "xception", RARITY), ("small", "vgg16", RARITY), ("old", "xception", None),
    ):  # fmt: skip
        places[name] = tmp_path_factory.mktemp("captioners") / name
        decoder = MergeDecoder(len(tokenizer), 3, 8, 8)
        Captioner(tokenizer, decoder, {"encoder": encoder}, rarity).save(places[name])
    return places


def says(*candidates, rarity=RARITY):
    """A captioner that gives these candidates for every photo."""
    loading = Future()
    find = lambda features, beams, kind: [list(candidates)] * len(features)  # noqa: E731
    loading.set_result(SimpleNamespace(feature_candidates=find, rarity=rarity))
    return loading


def voting(folders, *said, **options):
    names = ",".join([str(folders["one"])] * len(said))
    captioner = open_captioner(f"vote:{names}", **options)
    for member, loading in zip(captioner.members, said, strict=True):
        member.loading, member.encoder = loading, Corner()
    return captioner


def test_views_of_all_encoders_come_back_in_their_shapes():
    views = Views([Corner(), Corner()], mirrored=True)
    first, second = views.parts(views.encode(half_red()))
    assert [part.shape for part in first + second] == [(1, 1, 3)] * 4
    assert [float(part[0, 0, 0]) for part in first] == [100, 0]  # the mirror image is red elsewhere


def test_the_caption_wins_that_several_say(folders):
    dog, cat = Candidate("a dog runs", 0.3, (4, 5)), Candidate("a cat sleeps", 0.4, (6, 7))
    captioner = voting(folders, says(cat, dog), says(dog), says(dog))
    ((best, second),) = captioner.caption_each([half_red()[0]])
    assert (best.caption, second.caption) == ("a dog runs", "a cat sleeps")
    assert best.agreement > second.agreement and best.ids == (4, 5)


def test_its_mirror_image_votes_too(folders):
    class Odd(Corner):
        def encode(self, pixels):
            asked.append(pixels[0, 0, 0, 0])
            return super().encode(pixels)

    asked = []
    captioner = voting(folders, says(Candidate("a dog runs", 0.3)), mirrored=True)
    captioner.members[0].encoder = Odd()
    ((best,),) = captioner.caption_each([half_red()[0]])
    assert best.caption == "a dog runs" and asked == [100, 0]


def test_what_is_asked_decides_the_identity(folders):
    name = str(folders["one"])
    ways = [
        open_captioner(f"vote:{name}"), open_captioner(f"vote:{name}", mirrored=True),
        open_captioner(f"vote:{name},{name}"), open_captioner(f"vote:{name}", beam_size=4),
    ]  # fmt: skip
    assert len({captioner.identity for captioner in ways}) == 4
    assert ways[2].note.count("one: learnt") == 1


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("vote:{one},{small}", {}, "different sizes"),
        ("vote:{one},nobody", {}, "there is no captioner 'nobody'"),
        ("vote:{one},", {}, "names no captioner beside a comma"),
        ("{one}", {"mirrored": True, "search": "greedy"}, "leave out --search greedy"),
        ("vote:{one}", {"search": "beam"}, "no choice of --search"),
        ("chat:x", {"mirrored": True}, "no choice of --mirrored"),
        ("vote:{one}", {"language": "de"}, "not de"),
    ],
    ids=["sizes", "unknown", "nameless", "greedy", "search", "chat", "language"],
)
def test_what_cannot_vote_is_refused(folders, name, options, message):
    with pytest.raises(CaptionerError, match=message):
        open_captioner(name.format(**folders), **options)


def test_without_rarity_nobody_votes(folders):
    captioner = voting(folders, says(Candidate("a dog", 0.3), rarity=None))
    with pytest.raises(CaptionerError, match=r"no folder of theirs has an ngrams\.npz"):
        list(captioner.caption_each([half_red()[0]]))


def test_captioners_of_one_encoder_see_a_photo_once(folders):
    class Counting(Corner):
        def encode(self, pixels):
            asked.append(len(pixels))
            return super().encode(pixels)

    asked, dog = [], Candidate("a dog runs", 0.3)
    captioner = voting(folders, says(dog), says(dog))
    for member in captioner.members:
        member.encoder = Counting()
    list(captioner.caption_each([half_red()[0]]))
    assert asked == [1]
