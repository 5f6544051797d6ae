"""Where a captioner with attention looked before every word of a caption."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from helpers.captioner.captioner import Candidate, Captioner
from helpers.captioner.folder import CaptionerError
from helpers.decoding import START, Decoder
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


def attention_maps(model: Decoder, features: np.ndarray, ids: Sequence[int]) -> np.ndarray:
    """Return the attention before every word of a caption: float32 (words, regions).

    Arguments:
        model: a decoder with `attention`.
        features: float32 (regions, feature_size) of one image.
        ids: the caption without markers.

    Taught in lesson 08.
    """
    state, maps = model.start(features[None]), []
    for word in [START, *ids][: len(ids)]:
        _, state = model.step(np.array([word], "int32"), state)
        maps.append(np.asarray(model.attention(state))[0])
    return np.array(maps, "float32").reshape(len(ids), len(features))


def explain(captioner: Captioner, image: Source, beam_size: int = 3) -> Explanation:
    """Caption one image and tell where the captioner looked before every word.

    Raises ImageError for an image that can't be read, CaptionerError for a captioner that knows
    no regions.
    """
    if not hasattr(captioner.decoder, "attention"):
        raise CaptionerError(
            f"the model {captioner.config['decoder']!r} sees an image as a whole, so it can't tell "
            "where it looked; take a captioner with attention"
        )
    size = captioner.encoder.image_size
    opened = open_image(image, size)
    pixels = np.asarray(opened.resize((size, size), Image.Resampling.BICUBIC))
    features = captioner.encoder.encode(pixels[None])
    (candidates,) = captioner.feature_candidates(features, beam_size)
    caption = candidates[0].caption
    ids = captioner.tokenizer.encode(caption)[1:-1]
    maps = attention_maps(captioner.decoder, features[0], ids)
    side = math.isqrt(len(features[0]))
    maps = maps.reshape(len(ids), side, side)
    return Explanation(np.asarray(opened), candidates, caption.split(), maps)
