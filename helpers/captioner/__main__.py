"""Caption images: photo.jpg https://example.org/another.png, or many names by way of a pipe."""

import argparse
import json
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import chain
from pathlib import Path

from tqdm.auto import tqdm

from helpers.captioner import (
    Candidate,
    CaptionerError,
    OwnCaptioner,
    add_captioner_options,
    captioner_options,
    explain,
    is_sure,
    open_captioner,
)
from helpers.console import (
    StreamError,
    input_lines,
    one_line,
    print_anything,
    printable,
    program,
    require_stdout,
    silence_stdout,
    tell,
)
from helpers.encoders import EncoderError
from helpers.files import check_target
from helpers.images import ImageError

NOT_SURE = "not sure"
TOLD = ("caption", "probability", "confidence")  # of each candidate, as JSON


def main(arguments: Sequence[str] | None = None) -> int:
    """Caption the images named on the command line; return 1 if one of them failed.

    Standard output holds captions only, one line an image; everything else goes to stderr.
    """
    print_anything()
    options = parse_arguments(arguments)
    try:
        require_stdout("captions")
        return print_captions(options)
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        silence_stdout()
        return 0
    except (CaptionerError, EncoderError, StreamError, ImportError, OSError) as error:
        return tell(error)  # OSError: of the --explain folder, or a full disk below standard output
    except KeyboardInterrupt:
        return 130


def parse_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog=program(), description=__doc__)
    add = parser.add_argument
    add("images", nargs="+", metavar="IMAGE_OR_URL", help="- reads them from standard input")
    add_captioner_options(parser)
    add("--json", action="store_true", help="one JSON object a line, all candidates")
    add("--explain", metavar="FOLDER", help="draw where it looked, a PNG per image in FOLDER")
    add("--anyway", action="store_true", help="the best guess instead of “not sure”")
    return parser.parse_args(arguments)


def print_captions(options: argparse.Namespace) -> int:
    """Print a line per image as soon as its batch is done; return 1 if one of them failed."""
    failed, sources = 0, list_sources(options.images)
    with suppress(AttributeError):  # as in `print_anything`
        sys.stdout.reconfigure(errors="surrogateescape")  # a file's name leaves as it came
    bar = tqdm(results(sources, options), "captions", len(sources), disable=None)  # on a terminal
    for source, result in zip(sources, bar, strict=True):
        if isinstance(result, ImageError):
            tqdm.write(one_line(result), file=sys.stderr)
            failed = 1
        else:
            print(line_of(source, result, options.json, options.anyway), flush=True)
    return failed


def results(
    sources: Sequence[str], options: argparse.Namespace
) -> Iterator[list[Candidate] | ImageError]:
    """Yield what each image gives; the first ones are encoded while Keras loads, if that can be."""
    captioner = open_captioner(options.captioner, **captioner_options(options))
    if options.explain:
        yield from explain_each(captioner, sources, Path(options.explain))
    else:
        yield from captioner.caption_each(sources)


def explain_each(
    opened: OwnCaptioner, sources: Sequence[str], folder: Path
) -> Iterator[list[Candidate] | ImageError]:
    """Yield what `caption_each` yields, and draw for every image where the captioner looked."""
    from helpers import plots  # here, because Matplotlib takes a second to load

    check_target(folder, folder=True)
    if not isinstance(opened, OwnCaptioner):
        raise CaptionerError(f"{opened.name} doesn't tell where it looked; leave out --explain")
    captioner, (beam_size, search) = opened.loaded(), opened.how
    folder.mkdir(parents=True, exist_ok=True)
    for number, source in enumerate(sources, start=1):
        try:
            explanation = explain(captioner, source, beam_size, search)
        except ImageError as error:
            yield error
            continue
        figure = plots.show_attention(explanation.image, explanation.words, explanation.maps)
        name = re.sub(r"[^\w-]", "_", Path(source).stem[:40])  # an address holds odd characters
        figure.savefig(folder / f"{number:03}-{name}.png", dpi=150)
        yield explanation.candidates


def list_sources(named: Sequence[str]) -> list[str]:
    """Return the images that were named; for "-" the lines of standard input.

    A file's name is bytes, which need not be UTF-8, and may hold anything but the end of a line.
    """
    lines = (filter(str.strip, input_lines()) if name == "-" else [name] for name in named)
    return [*chain.from_iterable(lines)]  # an empty name fails, as it may be a variable's


def line_of(source: str, candidates: list[Candidate], as_json: bool, anyway: bool = False) -> str:
    """Return what is printed for one image; `anyway` also where the captioner isn't sure."""
    told = candidates and (anyway or is_sure(candidates))
    caption = candidates[0].caption if told else NOT_SURE
    if not as_json:
        source = source.replace("\n", "\\n").replace("\t", "\\t")  # they end a name
        return printable(f"{source}\t{caption}", "surrogateescape")
    beams = [{name: getattr(each, name) for name in TOLD} for each in candidates]
    best = beams[0] if beams else dict.fromkeys(TOLD)
    sure = {"caption": caption if told else "", "sure": is_sure(candidates)}
    record = {"image": source, **best, **sure, "candidates": beams}
    line = json.dumps(record, ensure_ascii=False)
    return line if line == printable(line) else json.dumps(record)


if __name__ == "__main__":
    sys.exit(main())
