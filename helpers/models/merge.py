"""The merge model: an LSTM reads the words, and the image joins behind it."""

import keras
from keras import layers, ops

from helpers.models.decoder import Decoder, repeat_rows


class MergeDecoder(Decoder):
    """The merge model: an LSTM reads the words, the image joins behind it.

    Features `(batch, feature_size)` and words `(batch, words)` are each turned into `units`
    numbers, added, mixed in one dense layer, and turned into logits `(batch, words, vocab)`.
    The LSTM reads from left to right and captions are padded on the right, so padding comes
    after every real word and cannot change it: no mask is needed.

    Arguments:
        vocab_size: words of the tokenizer, markers included.
        feature_size: numbers per image, 3032 for Xception.
        embedding_size: numbers per word.
        units: width of the LSTM and of the layer that joins words and image.
        image_scale: what standardised features are multiplied by: the smaller it is, the less
            the image weighs beside the words when training begins.
        image_activation: of the image's dense layer; "linear" suits a small data set, whose
            combinations of thing, colour and place a ReLU would learn by heart.
        image_dropout, word_dropout, merge_dropout: shares set to zero while training.

    Source: Tanti et al. 2018, "Where to put the image in an image caption generator".
    Taught in lesson 04.
    """

    kind = "merge"

    def __init__(
        self,
        vocab_size: int,
        feature_size: int = 3032,
        embedding_size: int = 256,
        units: int = 512,
        image_scale: float = 0.4,
        image_activation: str = "relu",
        image_dropout: float = 0.5,
        word_dropout: float = 0.3,
        merge_dropout: float = 0.5,
    ):
        super().__init__(locals(), (feature_size,))
        self.standardise = layers.Normalization()
        self.image_dropout = layers.Dropout(image_dropout)
        self.image_dense = layers.Dense(units, activation=image_activation)
        self.embedding = layers.Embedding(vocab_size, embedding_size)
        self.word_dropout = layers.Dropout(word_dropout)
        self.lstm = layers.LSTM(units, return_sequences=True)
        self.merge_dropout = layers.Dropout(merge_dropout)
        self.merge_dense = layers.Dense(units, activation="relu")
        self.word_logits = layers.Dense(vocab_size)

    def image_vector(self, features, training: bool = False):
        """Return what the image adds to every word: features -> (batch, units)."""
        standard = self.standardise(features) * self.sizes["image_scale"]
        return self.image_dense(self.image_dropout(standard, training=training))

    def join(self, image, words, training: bool = False):
        """Return logits (…, vocab) from an image and what was read so far, both (…, units)."""
        merged = self.merge_dropout(ops.add(image, words), training=training)
        return self.word_logits(self.merge_dense(merged))

    def call(self, inputs, training: bool = False):
        """Return logits (batch, words, vocab): at each place, for the word that follows it."""
        features, word_ids = inputs
        embedded = self.word_dropout(self.embedding(word_ids), training=training)
        image = ops.expand_dims(self.image_vector(features, training), axis=1)
        return self.join(image, self.lstm(embedded), training)

    def start(self, features):
        """Return the state before the first word: the image's vector and an empty memory."""
        image = self.image_vector(features)
        return image, self.lstm.cell.get_initial_state(batch_size=ops.shape(image)[0])

    def step(self, word_ids, state):
        """Read one word per caption; return logits (captions, vocab), and the state after it."""
        image, memory = state
        words, memory = self.lstm.cell(self.embedding(word_ids), memory)
        return self.join(repeat_rows(image, ops.shape(words)[0]), words), (image, memory)


class ConcatenateDecoder(MergeDecoder):
    """The merge model with image and words side by side instead of added.

    The layer behind them then has twice as many inputs, and learns for itself how much of either
    it takes. Taught in lesson 11.
    """

    kind = "concatenate"
    encoder = "vgg16"

    def join(self, image, words, training: bool = False):
        """Return logits (…, vocab) from an image and what was read so far, both (…, units)."""
        both = ops.concatenate([ops.broadcast_to(image, ops.shape(words)), words], axis=-1)
        merged = self.merge_dropout(both, training=training)
        return self.word_logits(self.merge_dense(merged))


def next_word_model(decoder: MergeDecoder, max_length: int) -> keras.Model:
    """Return the classic form of a merge model: one row in, the next word's probabilities out.

    It takes features (batch, feature_size) and padded words so far (batch, max_length), gives
    probabilities (batch, vocab), and is made of the decoder's own layers and weights.
    Where older recipes write `mask_zero`, it takes the LSTM's output at the last real word:
    what the LSTM gives after it differs between CPU and GPU.

    Source: Brownlee 2017, the "merge" tutorial. Taught in lesson 04.
    """
    features = keras.Input((decoder.sizes["feature_size"],), name="features")
    word_ids = keras.Input((max_length,), dtype="int32", name="words_so_far")
    read = decoder.lstm(decoder.word_dropout(decoder.embedding(word_ids)))
    last = ops.sum(ops.cast(ops.not_equal(word_ids, 0), "int32"), axis=1) - 1
    read = ops.einsum("bwu,bw->bu", read, ops.one_hot(last, max_length))
    standard = decoder.standardise(features) * decoder.sizes["image_scale"]
    image = decoder.image_dense(decoder.image_dropout(standard))
    hidden = decoder.merge_dense(decoder.merge_dropout(ops.add(image, read)))
    probabilities = ops.softmax(decoder.word_logits(hidden))
    return keras.Model([features, word_ids], probabilities, name="next_word")
