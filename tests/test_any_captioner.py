"""What every captioner keeps to: ours, a pretrained one, and one behind a server."""

import io
import threading
import time

import pytest
from PIL import Image

from chat_server import ChatServer
from conftest import few_quick
from every_captioner import ColourEncoder, open_any, save_own
from helpers.apps.alt_text.captioning.beside import Pair
from helpers.captioner import Candidate, CaptionerError, open_captioner
from helpers.captioner.tiny import save_preset
from helpers.images import ImageError


@pytest.fixture(scope="module")
def own_folder(tmp_path_factory):
    return save_own(tmp_path_factory.mktemp("captioners") / "toy")


@pytest.fixture(scope="session")
def preset(tmp_path_factory):
    """A folder with a tiny real preset, made once."""
    pytest.importorskip("keras_hub", reason="needs the extra “hub”")
    pytest.importorskip("sentencepiece")
    return save_preset(tmp_path_factory.mktemp("preset"))


@pytest.fixture(scope="module")
def own(own_folder):
    return open_any(own_folder)


@pytest.fixture(scope="module")
def pretrained(preset):
    return open_captioner(f"keras-hub:{preset}")


@pytest.fixture(scope="module")
def endpoint():
    with ChatServer() as server:
        yield open_captioner("chat:tiny", endpoint=server.at())


@pytest.fixture(scope="module")
def pair(own, endpoint):
    return Pair(own, endpoint)


@pytest.fixture(scope="module")
def together(own_folder):
    captioner = open_captioner(f"vote:{own_folder},{own_folder}", mirrored=True)
    for member in captioner.members:
        member.encoder = ColourEncoder()
    return captioner


@pytest.fixture(params=few_quick(["own", "endpoint", "pair", "together", "pretrained"], 3))
def captioner(request):
    return request.getfixturevalue(request.param)


def photo(colour="red"):
    file = io.BytesIO()
    Image.new("RGB", (60, 40), colour).save(file, "PNG")
    return file.getvalue()


def captions(found):
    assert all(isinstance(each, Candidate) for each in found)
    return [each.caption for each in found]


def test_it_says_what_it_is(captioner):
    for text in (captioner.name, captioner.identity, captioner.note):
        assert isinstance(text, str) and text and "\n" not in text
    assert captioner.note.startswith(captioner.name) and captioner.note.endswith(".")
    assert isinstance(captioner.host, str) and isinstance(captioner.image_size, int)
    assert captioner.languages is None or isinstance(captioner.languages, tuple)
    assert captioner.identity == captioner.identity


def test_one_photo(captioner):
    (found,) = captioner.caption_each([photo()])
    assert captions(found)
    for each in found:
        assert each.probability is None or 0 <= each.probability <= 1
        assert each.confidence is None


def test_no_photo(captioner):
    assert list(captioner.caption_each([])) == []


def test_many_photos_keep_their_order_and_broken_ones_their_places(captioner):
    photos = [photo(colour) for colour in ("red", "blue") * 10]
    photos[3], photos[17] = b"no photo", "nowhere.png"
    found = list(captioner.caption_each(iter(photos), iter(["a page"] * 20)))
    wrong = [number for number, each in enumerate(found) if isinstance(each, ImageError)]
    assert wrong == [3, 17] and len(found) == 20
    assert "nowhere.png" in str(found[17])


def test_a_photo_says_the_same_prepared_or_not(captioner):
    image = Image.open(io.BytesIO(photo("blue")))
    prepared = captioner.prepare(image)
    parts = prepared if isinstance(prepared, tuple) else (prepared,)
    assert sum(memoryview(part).nbytes for part in parts) < 2_000_000
    one, other = captioner.caption_each([prepared, photo("blue")])
    assert captions(one) == captions(other)


def test_a_none_gives_a_none_and_what_was_begun_comes_out(captioner):
    handed_over = []

    def photos():
        yield photo()
        for _ in range(4_000):
            time.sleep(0.005)
            yield None
            if handed_over:
                break
        assert handed_over, "the first photo waits for the second"
        yield photo("blue")

    for found in captioner.caption_each(photos()):
        handed_over += [] if found is None else [found]
    assert len(handed_over) == 2


def test_photos_are_asked_for_in_the_callers_thread_beside_their_contexts(captioner):
    asked = []

    def items(kind, item):
        for _ in range(5):
            asked.append((kind, threading.current_thread()))
            yield item

    found = list(captioner.caption_each(items("photo", photo()), items("context", None)))
    assert len(found) == 5 and {thread for _, thread in asked} == {threading.main_thread()}
    assert [kind for kind, _ in asked] == ["photo", "context"] * 5
    with pytest.raises(ValueError):
        list(captioner.caption_each([photo()] * 3, [None]))


@pytest.mark.slow
@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
def test_what_was_done_before_ctrl_c_or_an_error_comes_out(captioner, error):
    def photos():
        yield from [photo()] * 150
        raise error

    found = []
    with pytest.raises(error):
        for each in captioner.caption_each(photos()):
            found.append(each)
    assert sum(isinstance(each, list) for each in found) >= 64
    assert {each.status for each in found if isinstance(each, ImageError)} <= {"pending"}


def test_who_wants_no_more_ends_it(captioner):
    answers = captioner.caption_each(photo() for _ in range(10**6))
    assert captions(next(answers))
    answers.close()


# A pretrained model


@pytest.mark.slow
def test_prompts_of_any_length_and_batches_of_any_size(preset):
    captioner = open_captioner(f"keras-hub:{preset}", prompt="what does this image show?")
    contexts = [None, "a page about dogs " * 9, "x"]
    found = list(captioner.caption_each([photo()] * 3, contexts))
    assert all(captions(each) is not None for each in found) and len(found) == 3
    assert captioner.identity != open_captioner(f"keras-hub:{preset}").identity


@pytest.mark.slow
def test_a_model_too_large_for_the_memory_says_its_size_first(preset, monkeypatch, capsys):
    from helpers.captioner import pretrained as module

    monkeypatch.setattr(module, "size_of", lambda preset: 12e9)
    monkeypatch.setattr(module, "free_memory", lambda: 8e9)
    captioner = open_captioner(f"keras-hub:{preset}")
    with pytest.raises(CaptionerError, match="takes about 12.0 GB of memory, and 8.0 GB are free"):
        list(captioner.caption_each([photo()]))
    assert "takes about 12.0 GB" in capsys.readouterr().err


def test_without_the_extra_the_command_to_install_it_is_told(monkeypatch):
    from helpers.captioner import pretrained as module

    monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match="needs KerasHub: pip install .*our extra “hub”"):
        open_captioner("keras-hub:pali_gemma_3b_mix_224")


@pytest.mark.parametrize(
    "files, problem",
    few_quick(
        [
            ({"config.json": "{}"}, "can't be loaded"),
            ({}, "is no folder with a preset of KerasHub"),
            ({"config.json": '{"registered_name": "keras_hub>GemmaBackbone"}'}, "takes no images"),
            ({"config.json": "no JSON"}, "can't be loaded"),
        ]
    ),
)
def test_a_folder_that_is_no_preset_is_refused(tmp_path, files, problem):
    pytest.importorskip("keras_hub", reason="needs the extra “hub”")
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(CaptionerError, match=problem):
        list(open_captioner(f"keras-hub:{tmp_path}").caption_each([photo()]))
