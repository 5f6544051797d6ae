"""A real vision-language model of KerasHub, as small as can be: its weights are random.

It runs the same code as a large one, and knows nothing: for lesson 14 and for tests.
"""

import io
from collections.abc import Sequence
from pathlib import Path

SENTENCES = (
    "caption en a dog runs over the grass",
    "caption de a cat sits on a mat",
    "two people stand by a lake, and one of them waves",
    "a red ball lies in the snow. what does this image show?",
)


def tokenizer_file(folder: Path, sentences: Sequence[str] = SENTENCES, words: int = 64) -> str:
    """Return the path of a sentencepiece model that was trained on a few sentences.

    words: how many tokens it has.
    """
    import sentencepiece

    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([*sentences] * 5),
        model_writer=model,
        vocab_size=words,
        model_type="BPE",
        pad_id=0,
        eos_id=1,
        bos_id=2,
        unk_id=3,
        pad_piece="<pad>",
        eos_piece="<eos>",
        bos_piece="<bos>",
        unk_piece="<unk>",
        user_defined_symbols=["\n"],
        minloglevel=2,
    )
    path = folder / "vocabulary.spm"
    path.write_bytes(model.getvalue())
    return str(path)


def save_preset(
    folder: Path, sentences: Sequence[str] = SENTENCES, width: int = 16, seed: int = 5
) -> Path:
    """Write a PaliGemma of a few thousand weights into a folder; return its path.

    Arguments:
        sentences: on which its tokenizer is trained.
        width: numbers of a token inside the model.
        seed: of its weights.

    Needs the extra `hub`, which brings sentencepiece. Used in lesson 14.
    """
    import keras
    from keras_hub import models as hub
    from keras_hub.layers import PaliGemmaImageConverter

    keras.utils.set_random_seed(seed)
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = hub.PaliGemmaTokenizer(tokenizer_file(folder, sentences))
    converter = PaliGemmaImageConverter(image_size=(28, 28), scale=1 / 127.5, offset=-1)
    preprocessor = hub.PaliGemmaCausalLMPreprocessor(tokenizer, converter, sequence_length=128)
    both = {"num_layers": 2, "hidden_dim": width, "intermediate_dim": 2 * width}
    sizes = both | {f"vit_{name}": size for name, size in both.items()}
    sizes |= {"num_query_heads": width // 8, "num_key_value_heads": 1, "head_dim": 8}
    sizes |= {"vit_num_heads": 2, "vit_patch_size": 14}
    words = tokenizer.vocabulary_size()
    backbone = hub.PaliGemmaBackbone(vocabulary_size=words, image_size=28, **sizes)
    model = hub.PaliGemmaCausalLM(preprocessor=preprocessor, backbone=backbone)
    model.save_to_preset(str(folder / "tiny"))
    return folder / "tiny"
