"""The merge model: an LSTM reads the words, and the image joins behind it."""

import keras
from keras import layers, ops


def repeat_rows(rows: keras.KerasTensor, captions: int) -> keras.KerasTensor:
    """Repeat the row of each image for its captions: (images, …) -> (captions, …)."""
    each = ops.shape(rows)[0], captions // ops.shape(rows)[0], *rows.shape[1:]
    return ops.reshape(ops.broadcast_to(rows[:, None], each), (captions, *rows.shape[1:]))


@keras.saving.register_keras_serializable("caption_lessons")
class MergeDecoder(keras.Model):
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
        **options,
    ):
        super().__init__(**options)
        self.sizes = {
            "vocab_size": vocab_size,
            "feature_size": feature_size,
            "embedding_size": embedding_size,
            "units": units,
            "image_scale": image_scale,
            "image_activation": image_activation,
            "image_dropout": image_dropout,
            "word_dropout": word_dropout,
            "merge_dropout": merge_dropout,
        }
        self.feature_shape = (feature_size,)
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
        """Return logits (batch, words, vocab): at each place, for the word that follows it.

        Arguments:
            inputs: features (batch, feature_size) and word ids (batch, words), as a pair.
        """
        features, word_ids = inputs
        embedded = self.word_dropout(self.embedding(word_ids), training=training)
        image = ops.expand_dims(self.image_vector(features, training), axis=1)
        return self.join(image, self.lstm(embedded), training)

    def start(self, features):
        """Return the state before the first word: the image's vector and an empty memory."""
        image = self.image_vector(features)
        return image, self.lstm.cell.get_initial_state(batch_size=ops.shape(image)[0])

    def step(self, word_ids, state):
        """Read one word per caption and return logits (captions, vocab) and the next state.

        Arguments:
            word_ids: int ids (captions,) of the words written last.
            state: what `start` or the step before returned.
        """
        image, memory = state
        words, memory = self.lstm.cell(self.embedding(word_ids), memory)
        return self.join(repeat_rows(image, ops.shape(words)[0]), words), (image, memory)

    def build(self, input_shape=None):
        """Make all weights: the model is called once on one empty caption."""
        if not self.built:
            self.built = True
            self((ops.zeros((1, self.sizes["feature_size"])), ops.zeros((1, 2), "int32")))

    def get_config(self) -> dict:
        """Return the arguments that rebuild this model."""
        return {**super().get_config(), **self.sizes}


@keras.saving.register_keras_serializable("caption_lessons")
class ConcatenateDecoder(MergeDecoder):
    """The merge model with image and words side by side instead of added.

    The layer behind them then has twice as many inputs, and learns for itself how much of either
    it takes. Taught in lesson 11.
    """

    def join(self, image, words, training: bool = False):
        """Return logits (…, vocab) from an image and what was read so far, both (…, units)."""
        both = ops.concatenate([ops.broadcast_to(image, ops.shape(words)), words], axis=-1)
        merged = self.merge_dropout(both, training=training)
        return self.word_logits(self.merge_dense(merged))


def next_word_model(captioner: MergeDecoder, max_length: int) -> keras.Model:
    """Return the classic form of a captioner: one row in, the next word's probabilities out.

    It takes features (batch, feature_size) and padded words so far (batch, max_length), gives
    probabilities (batch, vocab), and is made of the captioner's own layers and weights.
    Where older recipes write `mask_zero`, it takes the LSTM's output at the last real word:
    what the LSTM gives after it differs between CPU and GPU.

    Source: Brownlee 2017, the "merge" tutorial. Taught in lesson 04.
    """
    features = keras.Input((captioner.sizes["feature_size"],), name="features")
    word_ids = keras.Input((max_length,), dtype="int32", name="words_so_far")
    read = captioner.lstm(captioner.word_dropout(captioner.embedding(word_ids)))
    last = ops.sum(ops.cast(ops.not_equal(word_ids, 0), "int32"), axis=1) - 1
    read = ops.einsum("bwu,bw->bu", read, ops.one_hot(last, max_length))
    standard = captioner.standardise(features) * captioner.sizes["image_scale"]
    image = captioner.image_dense(captioner.image_dropout(standard))
    hidden = captioner.merge_dense(captioner.merge_dropout(ops.add(image, read)))
    probabilities = ops.softmax(captioner.word_logits(hidden))
    return keras.Model([features, word_ids], probabilities, name="next_word")
