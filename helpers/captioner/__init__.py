"""A captioner: encoder, tokenizer and decoder in one folder, ready to caption photos.

* `captioner`: the `Captioner` itself and its `Candidate`s;
* `explanation`: where a captioner looked before every word;
* `folder`: how one is written and read;
* `__main__`: the command line.
"""

from helpers.captioner.captioner import Candidate, Captioner
from helpers.captioner.explanation import Explanation, explain
from helpers.captioner.folder import DEFAULT, CaptionerError, captioner_names

__all__ = [
    "DEFAULT",
    "Candidate",
    "Captioner",
    "CaptionerError",
    "Explanation",
    "captioner_names",
    "explain",
]
