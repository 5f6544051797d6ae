"""Decoders: models that turn image features into words, one word at a time.

`Decoder` says what each of them offers. `DECODERS` has all that can be trained, by their names.
"""

from helpers.models.attention import AttentionDecoder, TopDownCell
from helpers.models.decoder import Decoder, precision, repeat_rows
from helpers.models.ensemble import Ensemble
from helpers.models.merge import ConcatenateDecoder, MergeDecoder, next_word_model
from helpers.models.transformer import TransformerBlock, TransformerDecoder

TRAINED = (AttentionDecoder, ConcatenateDecoder, MergeDecoder, TransformerDecoder)
DECODERS: dict[str, type[Decoder]] = {decoder.kind: decoder for decoder in TRAINED}


def rebuild(decoder: str, sizes: dict) -> Decoder:
    """Return an untrained decoder, built, from its `kind`, which must be known, and `sizes`."""
    if decoder == Ensemble.kind:
        model = Ensemble([rebuild(**part) for part in sizes["decoders"]])
    elif decoder in DECODERS:
        model = DECODERS[decoder](**sizes)
    else:
        raise ValueError(f"there is no decoder {decoder!r}; there is: {', '.join(DECODERS)}")
    model.build()
    return model
