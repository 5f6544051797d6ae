"""The captioner of a job: loaded late, since TensorFlow takes its time, and known by its hash."""

import hashlib
import sys
from contextlib import redirect_stdout


def default_captioner() -> str:
    """Return the name of the captioner that is taken unless another is named."""
    from helpers.captioner import DEFAULT

    return DEFAULT


def load_captioner(name: str) -> object:
    """Return a captioner with its encoder loaded.

    Raises CaptionerError for one that is not there.
    """
    from helpers.captioner import Captioner

    captioner = Captioner.load(name)
    with redirect_stdout(sys.stderr):
        _ = captioner.encoder  # a download draws a bar
    return captioner


def captioner_hash(name: str) -> str:
    """Return the hash of a captioner's files: another one, another job.

    Raises CaptionerError for one that is not there.
    """
    from helpers.captioner.folder import CHANGES, FILES, find_captioner
    from helpers.captioner.ngrams import NGRAMS

    folder, digest = find_captioner(name), hashlib.sha256()
    for file in (*FILES, NGRAMS, CHANGES):
        digest.update((folder / file).read_bytes() if (folder / file).is_file() else b"")
    return digest.hexdigest()
