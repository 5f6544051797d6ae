"""The Transformer: it reads the regions of the image as tokens, then the words after them."""

import math

import keras
from keras import layers, ops

from helpers.models.decoder import Decoder, repeat_rows

MOST_BLOCKS = 48  # of the largest models that one would train; a config may come from anybody


def refuse_sizes(width: int, heads: int, blocks: int) -> None:
    """Raise ValueError for a width that the heads can't share, and for too many blocks."""
    if width % heads or width % 2:
        raise ValueError(f"width is {width}; it must be even, and a multiple of heads, {heads}")
    if not 1 <= blocks <= MOST_BLOCKS:
        raise ValueError(f"blocks is {blocks}; it must be from 1 to {MOST_BLOCKS}")


def split_heads(vectors, heads: int):
    """Cut each vector, (captions, words, width), into pieces (captions, heads, words, size)."""
    captions, words, _ = ops.shape(vectors)
    pieces = ops.reshape(vectors, (captions, words, heads, vectors.shape[-1] // heads))
    return ops.transpose(pieces, (0, 2, 1, 3))


def join_heads(pieces):
    """Put the pieces of each vector together again: the reverse of `split_heads`."""
    captions, heads, words, size = ops.shape(pieces)
    return ops.reshape(ops.transpose(pieces, (0, 2, 1, 3)), (captions, words, heads * size))


def product(equation: str, rows, shared):
    """Multiply rows of captions by what an image shares with all of its captions.

    `einsum` gets rows (captions, heads, words, n) as (images, captions of each, heads, words, n),
    and shared (images, heads, tokens, size). Returns (captions, heads, words, tokens or size).
    """
    captions, heads, words, numbers = ops.shape(rows)
    grouped = ops.reshape(rows, (ops.shape(shared)[0], -1, heads, words, numbers))
    found = ops.einsum(equation, grouped, shared)
    return ops.reshape(found, (captions, heads, words, ops.shape(found)[-1]))


def attend(queries, sources):
    """Return for each query the mean of all values, weighed by how well their keys fit it.

    Arguments:
        queries: (captions, heads, words, size).
        sources: keys, values and which of them may be looked at, of one kind of tokens or of
            several. Keys and values are (captions, heads, tokens, size), or have a row for each
            image; the last is bool and fits (captions, heads, words, tokens).

    Returns the means, shaped as the queries, and the weights (captions, heads, words, all tokens),
    which sum to 1. Taught in lesson 13.
    """
    scores = [
        ops.where(allowed, product("inhws,ihts->inhwt", queries, keys), -1e9)
        for keys, _, allowed in sources
    ]
    scale = math.sqrt(queries.shape[-1])
    weights = ops.softmax(ops.concatenate(scores, axis=-1) / scale)
    seen, place = 0, 0
    for _, values, _ in sources:
        tokens = ops.shape(values)[2]
        seen += product("inhwt,ihts->inhws", weights[..., place : place + tokens], values)
        place += tokens
    return seen, weights


def positions(first, words, width: int):
    """Return a vector for each of some places in the caption, from the place `first` on.

    Sines and cosines from fast to slow, as the hands of a clock: (words, width). There is no last
    place, so captions may have any length. Source: Vaswani et al. 2017. Taught in lesson 13.
    """
    places = ops.cast(first + ops.arange(words), "float32")
    rates = 10000.0 ** (-ops.arange(0, width, 2, dtype="float32") / width)
    angles = places[:, None] * rates
    return ops.concatenate([ops.sin(angles), ops.cos(angles)], axis=-1)


class TransformerBlock(layers.Layer):
    """One round of looking around and thinking: attention, then two dense layers.

    What either part finds is added to the tokens; before each they are normalised.

    Arguments:
        width: numbers of a token.
        heads: how many queries a token asks at once; they share the width.
        dropout: share of what is found that is set to zero while training.

    Source: Vaswani et al. 2017; normalised first as in Xiong et al. 2020. Taught in lesson 13.
    """

    def __init__(self, width: int, heads: int, dropout: float):
        super().__init__()
        self.width, self.heads = width, heads
        self.attention_norm = layers.LayerNormalization()
        self.thought_norm = layers.LayerNormalization()
        self.query_dense, self.key_dense, self.value_dense, self.mix_dense = (
            layers.Dense(width, use_bias=False) for _ in range(4)
        )
        self.wide_dense = layers.Dense(4 * width, activation="gelu")
        self.narrow_dense = layers.Dense(width)
        self.dropout = layers.Dropout(dropout)

    def build(self, tokens_shape) -> None:
        """Make all weights."""
        of_tokens = self.attention_norm, self.query_dense, self.key_dense, self.value_dense
        for layer in (*of_tokens, self.mix_dense, self.thought_norm, self.wide_dense):
            layer.build((None, None, self.width))
        self.narrow_dense.build((None, None, 4 * self.width))

    def call(self, tokens, allowed, past=None, image=None, training: bool = False):
        """Return the tokens after it, what is to be kept of them, and the weights.

        Arguments:
            tokens: (captions, words, width), or regions for words.
            allowed: which tokens each of them may look at, those of the past first; bool, fits
                (captions, heads, words, past and present words).
            past: keys and values of the words before.
            image: a source for `attend`, of the image.

        What is to be kept are the keys and values of all words so far; weights as in `attend`,
        those of the image first.
        """
        calm = self.attention_norm(tokens)
        made = self.query_dense(calm), self.key_dense(calm), self.value_dense(calm)
        queries, *kept = [split_heads(vectors, self.heads) for vectors in made]
        if past is not None:
            kept = [ops.concatenate(pair, axis=2) for pair in zip(past, kept, strict=True)]
        sources = [(*kept, allowed)] if image is None else [image, (*kept, allowed)]
        seen, weights = attend(queries, sources)
        tokens += self.dropout(self.mix_dense(join_heads(seen)), training=training)
        thought = self.narrow_dense(self.wide_dense(self.thought_norm(tokens)))
        return tokens + self.dropout(thought, training=training), kept, weights


class TransformerDecoder(Decoder):
    """A causal Transformer that reads the regions of an image as its prefix.

    Regions look at each other, words at all regions and at the words before them. What the blocks
    keep of the regions, their keys and values, needs no word and is made once per image; those of
    the words are the memory, which grows by one word with every step. Regions have no order: that
    Xception saw them side by side is in their numbers.

    Features and their padding are as in `AttentionDecoder`.

    Arguments:
        vocab_size: words of the tokenizer, markers included.
        feature_size: numbers per region, 3032 for Xception.
        width: numbers of a token, an even number.
        heads: of each block; they share the width.
        blocks: how many there are.
        image_scale: what standardised features are multiplied by.
        image_dropout, word_dropout, block_dropout, output_dropout: as in `AttentionDecoder`.

    Raises ValueError as `refuse_sizes`. Taught in lesson 13.
    """

    kind = "transformer"
    encoder = "xception-grid"
    groups_photos = True  # reading the regions is much work, and needs no words
    criticism_rate = 2e-5

    def __init__(
        self,
        vocab_size: int,
        feature_size: int = 3032,
        width: int = 256,
        heads: int = 4,
        blocks: int = 2,
        image_scale: float = 0.3,
        image_dropout: float = 0.3,
        word_dropout: float = 0.3,
        block_dropout: float = 0.1,
        output_dropout: float = 0.3,
    ):
        super().__init__(locals(), (None, feature_size))
        refuse_sizes(width, heads, blocks)
        self.standardise = layers.Normalization()
        self.image_dropout = layers.Dropout(image_dropout)
        self.region_dense = layers.Dense(width)
        wide = keras.initializers.RandomNormal(stddev=0.5)  # as large as what is added: positions
        self.embedding = layers.Embedding(vocab_size, width, wide)
        self.word_dropout = layers.Dropout(word_dropout)
        self.blocks = [TransformerBlock(width, heads, block_dropout) for _ in range(blocks)]
        self.last_norm = layers.LayerNormalization()
        self.output_dropout = layers.Dropout(output_dropout)
        self.word_logits = layers.Dense(vocab_size)

    def look(self, features, training: bool = False) -> tuple:
        """Return what every block keeps of the regions: a source for `attend`."""
        real = ops.any(ops.not_equal(features, 0), axis=-1)[:, None, None]  # heads, words
        standard = self.standardise(features) * self.sizes["image_scale"]
        tokens = self.region_dense(self.image_dropout(standard, training=training))
        image = []
        for block in self.blocks:
            tokens, kept, _ = block(tokens, real, training=training)
            image.append((*kept, real))
        return tuple(image)

    def empty_memory(self, image: tuple, captions: int) -> tuple:
        """Return the memory before the first word: no keys, no values, and no look."""
        keys = image[0][0]
        _, heads, regions, size = ops.shape(keys)
        nothing = ops.zeros((captions, heads, 0, size), keys.dtype)
        return tuple((nothing, nothing) for _ in image), ops.zeros((captions, regions), keys.dtype)

    def read(self, word_ids, image: tuple, memory: tuple, training: bool = False) -> tuple:
        """Read words after those of the memory; return their vectors, and the memory after them."""
        past, _ = memory
        before, words = ops.shape(past[0][0])[2], ops.shape(word_ids)[1]
        place = positions(before, words, self.sizes["width"])
        tokens = self.embedding(word_ids)
        tokens = self.word_dropout(tokens + ops.cast(place, tokens.dtype), training=training)
        allowed = ops.arange(before + words) <= before + ops.arange(words)[:, None]
        kept = []
        for block, (keys, values, real), earlier in zip(self.blocks, image, past, strict=True):
            regions = keys, values, repeat_rows(real, ops.shape(word_ids)[0])
            tokens, now, weights = block(tokens, allowed, earlier, regions, training=training)
            kept.append(tuple(now))
        looked = ops.mean(weights[:, :, -1, : ops.shape(keys)[2]], axis=1)
        looked = looked / ops.maximum(ops.sum(looked, axis=-1, keepdims=True), 1e-9)
        return self.last_norm(tokens), (tuple(kept), looked)

    def call(self, inputs, training: bool = False):
        """Return logits (captions, words, vocab): at each place, for the word that follows it."""
        features, word_ids = inputs
        image = self.look(features, training)
        memory = self.empty_memory(image, ops.shape(word_ids)[0])
        vectors, _ = self.read(word_ids, image, memory, training)
        return self.word_logits(self.output_dropout(vectors, training=training))

    def start(self, features):
        """Return the state before the first word."""
        image = self.look(features)
        return image, self.empty_memory(image, ops.shape(features)[0])

    def step(self, word_ids, state):
        """Read one word per caption; return logits (captions, vocab), and the state after it."""
        image, memory = state
        vectors, memory = self.read(word_ids[:, None], image, memory)
        return self.word_logits(vectors[:, 0]), (image, memory)

    def attention(self, state):
        """Return where the last block looked last, the mean of its heads: (captions, regions)."""
        return state[1][1]
