"""A captioner of each kind, small: for the tests of what all of them keep to.

python tests/every_captioner.py crawl.csv -o out.csv …   is the command of alt text with any of them
"""

import os
import sys

from helpers.apps.alt_text.__main__ import main
from helpers.captioner import Captioner, OwnCaptioner, open_captioner


class ColourEncoder:
    """Stands in for an encoder: a photo's features are its mean colours."""

    name, image_size, feature_shape = "xception", 8, (3,)

    def encode(self, pixels):
        return pixels.mean(axis=(1, 2), dtype="float32") / 255


def save_own(folder):
    """Write a captioner of ours that has learnt nothing into a folder; return its path."""
    from helpers.metrics import ngram_rarity
    from helpers.models import MergeDecoder  # here: a server's captioner needs no Keras
    from helpers.tokenizer import CaptionTokenizer

    tokenizer = CaptionTokenizer.from_captions(["a red dog runs", "blue sky"])
    decoder, config = MergeDecoder(len(tokenizer), 3, 8, 8), {"encoder": "xception"}
    rarity = ngram_rarity([["a red dog runs"], ["blue sky"]], str.split)
    Captioner(tokenizer, decoder, config, rarity).save(folder)
    return folder


def open_any(name, **options):
    """Return a captioner by its name; one of ours sees colours alone."""
    captioner = open_captioner(name, **options)
    if isinstance(captioner, OwnCaptioner):
        captioner.encoder = ColourEncoder()
    return captioner


def logged(words, log):
    """Run the command in this process, which writes into a file what it says, and end it."""
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(file, 1), os.dup2(file, 2)
    sys.exit(main(words, open_any))


if __name__ == "__main__":
    sys.exit(main(None, open_any))
