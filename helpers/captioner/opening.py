"""Any captioner by its name, and the options with which a command asks for one."""

import argparse
import re
from itertools import chain
from pathlib import Path

from helpers.captioner.folder import DEFAULT, CaptionerError
from helpers.captioner.protocol import AnyCaptioner
from helpers.captioner.search import add_search_options, whole_number

HUB, CHAT, VOTE = "keras-hub:", "chat:", "vote:"
KINDS = {  # how a name begins -> options that such a captioner has
    CHAT: ("endpoint", "prompt", "instructions", "language", "max_requests"),
    HUB: ("prompt", "instructions", "language"),
    VOTE: ("beam_size", "mirrored", "language"),
    "": ("search", "beam_size", "mirrored", "language"),
}
OPTIONS = tuple(dict.fromkeys(chain(*KINDS.values())))
LANGUAGE = re.compile(r"[a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,8}){0,3}")
MOST_REQUESTS = 10**9
LONGEST_TEXT = 20_000  # characters of a prompt


def open_captioner(
    name: str | Path = DEFAULT,
    search: str | None = None,
    beam_size: int | None = None,
    mirrored: bool | None = None,
    endpoint: str | None = None,
    prompt: str | None = None,
    instructions: str | None = None,
    language: str | None = None,
    max_requests: int | None = None,
) -> AnyCaptioner:
    """Return a captioner; its model is loaded when it is needed.

    Arguments:
        name: of one of ours, or its folder; "vote:" and several of them, with commas between;
            "keras-hub:" and a preset of KerasHub or its folder; "chat:" and a model that the
            endpoint knows.
        search, beam_size: of ours, as in `Captioner.search`.
        mirrored: whether ours also sees the mirror image of each photo, and both vote.
        endpoint: the address of a server that speaks OpenAI's chat protocol, such as
            "http://127.0.0.1:11434/v1". Its key stands in CAPTION_API_KEY, nowhere else.
        prompt: what a pretrained captioner is asked, instead of our words.
        instructions: a site's own words to add: tone, names of brands.
        language: the code of the language to write in, such as "de".
        max_requests: how many the endpoint is sent at most.

    Raises CaptionerError for one that is not there, ImportError for an extra that is not installed,
    ValueError for an option that it doesn't have. Taught in lesson 14.
    """
    asked = dict(locals())
    given = {option: asked[option] for option in OPTIONS if asked[option] is not None}
    kind = kind_of(name)
    for option in given.keys() - set(KINDS[kind]):
        flag = f"--{option.replace('_', '-')}"
        raise CaptionerError(f"the captioner {name} has no choice of {flag}; leave it out")
    if language is not None and not LANGUAGE.fullmatch(language):
        raise CaptionerError(f"{language!r} is no code of a language; write de, or pt-BR")
    return opened(kind, str(name).removeprefix(kind), given)


def kind_of(name: str | Path) -> str:
    """Return how the names of a kind of captioners begin; "" for ours."""
    return next(kind for kind in KINDS if str(name).startswith(kind))


def choices_of(name: str | Path) -> tuple[str, ...]:
    """Return the options that a captioner of this name has."""
    return KINDS[kind_of(name)]


def opened(kind: str, name: str, given: dict) -> AnyCaptioner:
    """Return a captioner of one kind; only that kind's code is loaded."""
    if kind == CHAT:
        from helpers.captioner.endpoint import EndpointCaptioner

        return EndpointCaptioner(name, **given)
    if kind == HUB:
        from helpers.captioner.pretrained import PretrainedCaptioner

        return PretrainedCaptioner(name, **given)
    return opened_of_ours(kind, name, **given)


def opened_of_ours(
    kind: str,
    name: str,
    language: str | None = None,
    search: str | None = None,
    mirrored: bool | None = None,
    beam_size: int | None = None,
) -> AnyCaptioner:
    """Return one captioner of ours, or several that vote. Raises CaptionerError as above."""
    from helpers.captioner.own import OwnCaptioner
    from helpers.captioner.together import TogetherCaptioner

    if kind == VOTE or mirrored:
        if search not in (None, "vote"):
            raise CaptionerError(f"a photo and its mirror image vote; leave out --search {search}")
        captioner = TogetherCaptioner(name, beam_size, bool(mirrored))
    else:
        captioner = OwnCaptioner(name, search, beam_size)
    if language not in (None, *captioner.languages):
        known = " and ".join(captioner.languages) or "the language of its training captions"
        raise CaptionerError(
            f"{captioner.name} writes {known} alone, not {language}; take a pretrained captioner "
            f"({HUB}… or {CHAT}…), or train one on captions in that language (lesson 10)"
        )
    return captioner


def add_captioner_options(parser: argparse.ArgumentParser, default: str = DEFAULT) -> None:
    """Add `--captioner` and all options of `open_captioner` to a command."""
    names = f"a name or a folder of ours, {VOTE}NAME,NAME, {HUB}PRESET_OR_FOLDER, or {CHAT}MODEL"
    both = "see each photo's mirror image, too, and let both vote: twice the time"
    parser.add_argument("--captioner", default=default, metavar="NAME", help=names)
    add_search_options(parser)
    parser.add_argument("--mirrored", action="store_true", default=None, help=both)
    add = parser.add_argument_group("captioners that are pretrained, or a server's").add_argument
    add("--endpoint", metavar="http://…/v1", help=f"the server of {CHAT}MODEL")
    add("--prompt", type=text_or_file, metavar="TEXT", help="what it is asked; @FILE reads a file")
    add("--instructions", type=text_or_file, metavar="TEXT", help="your own words to add, or @FILE")
    add("--language", metavar="CODE", help="the language to write in, such as de")
    most = whole_number(MOST_REQUESTS)
    add("--max-requests", type=most, metavar="N", help="requests to the server at most")


def captioner_options(options: argparse.Namespace) -> dict:
    """Return what a command line says of `add_captioner_options`, for `open_captioner`."""
    return {name: getattr(options, name) for name in OPTIONS}


def text_or_file(given: str) -> str:
    """Return a text for argparse; "@prompt.txt" is read from that file."""
    text = given
    if given.startswith("@"):
        try:
            text = Path(given[1:]).read_text("utf-8-sig")
        except (OSError, ValueError) as error:
            problem = f"{given[1:]} can't be read as a text in UTF-8 ({error})"
            raise argparse.ArgumentTypeError(problem) from None
    if not text.strip() or len(text) > LONGEST_TEXT:
        raise argparse.ArgumentTypeError(f"a text of 1 to {LONGEST_TEXT:,} characters is needed")
    return text.strip()
