"""The top-down attention model: before every word it looks at the regions of the image anew."""

import math

import keras
from keras import layers, ops

from helpers.models.decoder import Decoder, repeat_rows


class TopDownCell(layers.Layer):
    """One word's work: read the word before, look at the regions, give the next word's vector.

    The attention LSTM reads the last word, the mean of all regions and what was said so far;
    from it comes the query that weighs the regions. The language LSTM reads their weighted mean;
    its output and the weighted mean add up to the vector from which the next word is chosen.

    Two things differ from the source, because they train faster. Query and keys are compared by
    their scaled product (Vaswani et al. 2017), not by tanh. And what is seen is added to what
    the language LSTM says, so that it has a short way to the word.

    Arguments:
        units: width of both LSTMs and of a region.
        attention_size: width of the keys and of the query.

    Source: Anderson et al. 2018, "Bottom-up and top-down attention". Taught in lesson 08.
    """

    def __init__(self, units: int, attention_size: int):
        super().__init__()
        self.units, self.attention_size = units, attention_size
        self.attention_lstm = layers.LSTMCell(units)
        self.query_dense = layers.Dense(attention_size)
        self.attention = layers.Attention()
        self.language_lstm = layers.LSTMCell(units)
        self.state_size = [units] * 9  # `layers.RNN` wants to know how many parts there are

    def build(self, word_shape) -> None:
        """Make all weights, for words of shape (captions, embedding_size)."""
        units, keys = self.units, self.attention_size
        self.attention_lstm.build((None, 2 * units + word_shape[-1]))
        self.query_dense.build((None, units))
        self.attention.build([(None, None, keys), (None, None, units), (None, None, keys)])
        self.language_lstm.build((None, 2 * units))

    def call(self, word, states, training: bool = False):
        """Return the vector of the next word (captions, units), and the states after it.

        Arguments:
            word: (captions, embedding_size), the words written last.
            states: the four parts of the image and the five of the memory, in one list.
        """
        regions, keys, mean, real, heard, heard_cell, said, said_cell, _ = states
        captions = ops.shape(word)[0]
        query_input = ops.concatenate([said, repeat_rows(mean, captions), word], axis=-1)
        heard, (heard, heard_cell) = self.attention_lstm(query_input, [heard, heard_cell])
        query = self.query_dense(heard) / math.sqrt(self.attention_size)
        query = ops.reshape(query, (ops.shape(keys)[0], -1, self.attention_size))
        seen, weights = self.attention(
            [query, regions, keys], mask=[None, real], return_attention_scores=True
        )
        seen = ops.reshape(seen, (captions, self.units))
        weights = ops.reshape(weights, (captions, ops.shape(keys)[1]))
        language_input = ops.concatenate([seen, heard], axis=-1)
        said, (said, said_cell) = self.language_lstm(language_input, [said, said_cell])
        return said + seen, [regions, keys, mean, real, heard, heard_cell, said, said_cell, weights]


class AttentionDecoder(Decoder):
    """The top-down model: two LSTMs with attention to the regions of the image between them.

    Features `(images, regions, feature_size)` may come from a grid or from a detector. A region
    of zeros is padding and is never looked at, so images may differ in their number of regions.

    Arguments:
        vocab_size: words of the tokenizer, markers included.
        feature_size: numbers per region, 3032 for Xception.
        embedding_size: numbers per word.
        units: width of both LSTMs and of a region inside the model.
        attention_size: width of what a query is compared with.
        image_scale: what standardised features are multiplied by.
        image_dropout, word_dropout, output_dropout: shares set to zero while training.

    Source: Anderson et al. 2018, "Bottom-up and top-down attention". Taught in lesson 08.
    """

    kind = "attention"
    encoder = "xception-grid"
    groups_photos = True  # turning regions into keys is much work, and needs no words
    criticism_rate = 2e-5  # with merge's steps its captions fell apart within five epochs

    def __init__(
        self,
        vocab_size: int,
        feature_size: int = 3032,
        embedding_size: int = 256,
        units: int = 512,
        attention_size: int = 256,
        image_scale: float = 0.3,
        image_dropout: float = 0.3,
        word_dropout: float = 0.3,
        output_dropout: float = 0.5,
    ):
        super().__init__(locals(), (None, feature_size))
        self.standardise = layers.Normalization()
        self.image_dropout = layers.Dropout(image_dropout)
        self.region_dense = layers.Dense(units, activation="relu")
        self.key_dense = layers.Dense(attention_size, use_bias=False)
        wide = keras.initializers.RandomNormal(stddev=0.5)  # Keras' own ±0.05 starts very slowly
        self.embedding = layers.Embedding(vocab_size, embedding_size, wide)
        self.word_dropout = layers.Dropout(word_dropout)
        self.cell = TopDownCell(units, attention_size)
        self.reader = layers.RNN(self.cell, return_sequences=True)
        self.output_dropout = layers.Dropout(output_dropout)
        self.word_logits = layers.Dense(vocab_size)

    def look(self, features, training: bool = False) -> tuple:
        """Return what is known of the images before any word.

        Returns regions (images, regions, units), keys (images, regions, attention_size), the
        mean of the regions (images, units), and which regions are real, bool (images, regions).
        """
        real = ops.any(ops.not_equal(features, 0), axis=-1)
        standard = self.standardise(features) * self.sizes["image_scale"]
        regions = self.region_dense(self.image_dropout(standard, training=training))
        share = ops.expand_dims(ops.cast(real, regions.dtype), axis=-1)
        mean = ops.sum(regions * share, axis=1) / ops.maximum(ops.sum(share, axis=1), 1)
        return regions, self.key_dense(regions), mean, real

    def empty_memory(self, image: tuple, captions: int) -> tuple:
        """Return the memory before the first word: zeros for both LSTMs and the last look."""
        regions = image[0]
        zeros = ops.zeros((captions, self.sizes["units"]), regions.dtype)
        return *[zeros] * 4, ops.zeros((captions, ops.shape(regions)[1]), regions.dtype)

    def call(self, inputs, training: bool = False):
        """Return logits (captions, words, vocab): at each place, for the word that follows it."""
        features, word_ids = inputs
        image = self.look(features, training)
        memory = self.empty_memory(image, ops.shape(word_ids)[0])
        words = self.word_dropout(self.embedding(word_ids), training=training)
        vectors = self.reader(words, initial_state=[*image, *memory], training=training)
        return self.word_logits(self.output_dropout(vectors, training=training))

    def start(self, features):
        """Return the state before the first word."""
        image = self.look(features)
        return image, self.empty_memory(image, ops.shape(features)[0])

    def step(self, word_ids, state):
        """Read one word per caption; return logits (captions, vocab), and the state after it."""
        image, memory = state
        vectors, states = self.cell(self.embedding(word_ids), [*image, *memory])
        return self.word_logits(vectors), (image, tuple(states[len(image) :]))

    def attention(self, state):
        """Return where the model looked last: (captions, regions)."""
        _, memory = state
        return memory[-1]
