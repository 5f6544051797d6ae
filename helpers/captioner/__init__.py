"""A captioner: encoder, tokenizer and decoder in one folder, ready to caption photos.

* `captioner`: the `Captioner` itself and its `Candidate`s;
* `folder`: how one is written and read;
* `__main__`: the command line.
"""

from helpers.captioner.captioner import Candidate, Captioner
from helpers.captioner.folder import CaptionerError, captioner_names

__all__ = ["Candidate", "Captioner", "CaptionerError", "captioner_names"]
