"""Serve a page that captions photos: start it, then open the address that it prints."""

import argparse
import os
import signal
import sys
from collections.abc import Sequence

from helpers.apps.web.desk import CaptionDesk
from helpers.apps.web.page import PhotoPage
from helpers.apps.web.server import PageServer, ServerError
from helpers.captioner import (
    CaptionerError,
    add_captioner_options,
    captioner_options,
    open_captioner,
    warm_up,
)
from helpers.console import print_anything, program, tell
from helpers.encoders import EncoderError


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve the page until Ctrl-C or SIGTERM; return 1 if it can't begin."""
    print_anything()
    options = parse_arguments(arguments)
    try:
        desk = open_desk(options.captioner, **captioner_options(options))
        page = PhotoPage(desk, options.captioner, options.name)
        server = PageServer(page, options.host, options.port)
    except (CaptionerError, EncoderError, ServerError, ImportError) as error:
        return tell(error)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, server.stop)
    try:
        print(f"The page is at {server.address} (Ctrl-C stops it)", flush=True)
        server.run()
        print("stopped", flush=True)
    except OSError as error:  # below standard output: a full disk, a reader that is gone
        return tell(error)
    if not desk.close(0.3):
        os._exit(0)  # Python would wait for photos that nobody wants any more, or abort
    return 0


def parse_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog=program(), description=__doc__)
    called = "a further name by which the page is called, such as that of a server in front"
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="0.0.0.0 lets in the whole network")
    add("--name", action="append", default=[], help=called)
    add("--port", type=int, default=8000, help="0 takes a free one")
    add_captioner_options(parser)
    return parser.parse_args(arguments)


def open_desk(captioner: str, **options: object) -> CaptionDesk:
    """Return a desk whose captioner is loaded and warm: the first caption takes seconds.

    options: as for `open_captioner`.
    Raises CaptionerError, EncoderError, or ImportError for an extra that is not installed.
    """
    return CaptionDesk(warm_up(open_captioner(captioner, **options)))


if __name__ == "__main__":
    sys.exit(main())
