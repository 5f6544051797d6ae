"""Several decoders that write one caption together."""

from collections.abc import Sequence

from keras import KerasTensor, ops

from helpers.models.decoder import Decoder, State


class Ensemble(Decoder):
    """Chooses every word by the mean of several decoders' probabilities.

    Its logits are the logarithms of these means, and its attention the mean of theirs.

    Arguments:
        decoders: they read the same features and know the same words.

    Raises ValueError for decoders of different features, or of different numbers of words.
    Taught in lesson 12.
    """

    kind = "ensemble"

    def __init__(self, decoders: Sequence[Decoder]):
        known = {(each.feature_shape, each.sizes["vocab_size"]) for each in decoders}
        if len(known) != 1:
            found = ", ".join(map(str, known)) or "none"
            raise ValueError(f"decoders need the same features and the same words, not {found}")
        ((shape, vocab_size),) = known
        parts = [{"decoder": each.kind, "sizes": each.sizes} for each in decoders]
        super().__init__({"vocab_size": vocab_size, "decoders": parts}, shape)
        self.decoders = list(decoders)

    def call(self, inputs: tuple, training: bool = False) -> KerasTensor:
        """Return log-probabilities (captions, words, vocab); a row of features per caption."""
        return mean_of([decoder(inputs, training=training) for decoder in self.decoders])

    def start(self, features: KerasTensor) -> State:
        """Return the state before the first word: all decoders' images, then their memories."""
        states = [decoder.start(features) for decoder in self.decoders]
        return tuple(image for image, _ in states), tuple(memory for _, memory in states)

    def step(self, word_ids: KerasTensor, state: State) -> tuple[KerasTensor, State]:
        """Read one word per caption; return log-probabilities (captions, vocab), and the state."""
        parts = zip(self.decoders, *state, strict=True)
        steps = [decoder.step(word_ids, (image, memory)) for decoder, image, memory in parts]
        images, memories = zip(*[after for _, after in steps], strict=True)
        return mean_of([logits for logits, _ in steps]), (images, memories)

    def attention(self, state: State) -> KerasTensor | None:
        """Return the mean of where the decoders looked, if all of them look."""
        pairs = zip(self.decoders, zip(*state, strict=True), strict=True)
        maps = [decoder.attention(part) for decoder, part in pairs]
        return None if any(map_ is None for map_ in maps) else sum(maps) / len(maps)

    def copy(self, policy: str = "float32") -> "Ensemble":
        """Return an ensemble of copies that compute in this precision."""
        return Ensemble([decoder.copy(policy) for decoder in self.decoders])


def mean_of(logits: Sequence[KerasTensor]) -> KerasTensor:
    """Return log-probabilities (…, vocab) of what several logits of that shape say on average."""
    chances = [ops.softmax(ops.cast(each, "float32")) for each in logits]
    return ops.log(sum(chances) / len(chances))
