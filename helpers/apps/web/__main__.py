"""Serve a page that captions photos: start it, then open the address that it prints."""

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout

import numpy as np

from helpers.apps.web.desk import CaptionDesk
from helpers.apps.web.page import PhotoPage
from helpers.apps.web.server import PageServer, ServerError
from helpers.captioner import DEFAULT, Captioner, CaptionerError, add_search_options
from helpers.console import print_anything, program, tell
from helpers.encoders import EncoderError


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve the page until Ctrl-C or SIGTERM; return 1 if it can't begin."""
    print_anything()
    options = parse_arguments(arguments)
    try:
        desk = open_desk(options.captioner, options.beam_size, options.search)
        page = PhotoPage(desk, options.captioner, options.name)
        server = PageServer(page, options.host, options.port)
    except (CaptionerError, EncoderError, ServerError) as error:
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
    parser.add_argument("--host", default="127.0.0.1", help="0.0.0.0 lets in the whole network")
    parser.add_argument(
        "--name",
        action="append",
        default=[],
        help="a further name by which the page is called, such as that of a server in front",
    )
    parser.add_argument("--port", type=int, default=8000, help="0 takes a free one")
    parser.add_argument("--captioner", default=DEFAULT, help="a name or a folder")
    add_search_options(parser)
    return parser.parse_args(arguments)


def open_desk(
    captioner: str, beam_size: int | None = None, search: str | None = None
) -> CaptionDesk:
    """Return a desk whose captioner is loaded and warm: the first caption takes seconds.

    Raises CaptionerError or EncoderError.
    """
    loaded = Captioner.load(captioner)
    with redirect_stdout(sys.stderr):
        size = loaded.encoder.image_size  # a download draws a bar
    for photos in (1, 2):  # TensorFlow compiles for one photo, then for any number
        features = loaded.encoder.encode(np.zeros((photos, size, size, 3), "uint8"))
        loaded.feature_candidates(features, beam_size, search)
    return CaptionDesk(loaded, beam_size, search)


if __name__ == "__main__":
    sys.exit(main())
