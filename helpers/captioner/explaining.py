"""A caption of one photo, and where the captioner looked before it wrote each word."""

import math
from dataclasses import dataclass

import numpy as np

from helpers.captioner.captioner import Candidate, Captioner
from helpers.captioner.folder import CaptionerError
from helpers.images import Source, open_image


@dataclass
class Explanation:
    """A caption, and for each of its words where the captioner looked before writing it.

    Attributes:
        image: uint8 (height, width, 3).
        candidates: the captions in the beam, best first.
        words: the words of the best one.
        maps: float32 (words, rows, columns) over the image; each map sums to 1.
    """

    image: np.ndarray
    candidates: list[Candidate]
    words: list[str]
    maps: np.ndarray


def explain(
    captioner: Captioner, image: Source, beam_size: int | None = None, search: str | None = None
) -> Explanation:
    """Caption one image and tell where the captioner looked before every word.

    beam_size, search: as in `Captioner.caption_features`.

    Raises ImageError for an image that can't be read, CaptionerError for a captioner that knows
    no regions.
    """
    from helpers.decoding import where_it_looked

    decoder = captioner.decoder
    nothing = np.zeros((1, *[size or 2 for size in decoder.feature_shape]), "float32")
    if decoder.attention(decoder.start(nothing)) is None:
        raise CaptionerError(
            f"the decoder {decoder.kind!r} sees an image as a whole, so it can't tell "
            "where it looked; take a captioner with attention"
        )
    opened = open_image(image, captioner.image_size)
    features = captioner.encoder.encode(captioner.prepare(opened)[None])
    (candidates,) = captioner.feature_candidates(features, beam_size, search)
    side = math.isqrt(features.shape[1])
    words = [captioner.tokenizer.words[word] for word in candidates[0].ids]
    (looks,) = where_it_looked(captioner.compiled, features, [list(candidates[0].ids)])
    maps = looks.reshape(len(words), side, side)
    return Explanation(np.asarray(opened), candidates, words, maps)
