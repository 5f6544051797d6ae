"""From logits to sentences: greedy, by chance, beam search, and candidates that vote.

These functions know a decoder by `start` and `step` alone, and treat its state as `Decoder` says:
rows of the images, and rows of their captions.
"""

from helpers.decoding.beams import Beam, beam_search, best_continuations
from helpers.decoding.repeats import NoRepeats
from helpers.decoding.voting import agreements, vote
from helpers.decoding.writing import (
    END,
    NEVER_WRITTEN,
    START,
    CompiledModel,
    greedy,
    sample,
    take_rows,
    where_it_looked,
    word_log_probabilities,
    write_captions,
)
