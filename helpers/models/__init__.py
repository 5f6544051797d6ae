"""Decoders: models that turn image features into words, one word at a time.

Every decoder offers the same three calls:

* `model((features, word_ids))` gives logits for all words of captions at once, for training;
* `model.start(features)` gives the state before the first word;
* `model.step(word_ids, state)` gives the logits of the next word and the state after it.

Training and decoding go through the same layers, so they cannot disagree.

A state is a pair: what is known of the images, with a row per image, and the memory of what was
written, with a row per caption. There may be several captions per image, as many for each, and
they stand one after the other: the five captions of a photo in training, its beams in a search.
What costs work per image is so done once per image.
"""

from helpers.models.attention import AttentionDecoder, TopDownCell
from helpers.models.ensemble import Ensemble
from helpers.models.merge import ConcatenateDecoder, MergeDecoder, next_word_model

DECODERS = {  # the names in config.json
    "attention": AttentionDecoder,
    "concatenate": ConcatenateDecoder,
    "merge": MergeDecoder,
}

__all__ = [
    "DECODERS",
    "AttentionDecoder",
    "ConcatenateDecoder",
    "Ensemble",
    "MergeDecoder",
    "TopDownCell",
    "next_word_model",
]
