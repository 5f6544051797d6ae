"""A pretrained vision-language model through KerasHub as a captioner (extra `hub`)."""

import hashlib
import json
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import redirect_stdout, suppress
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from PIL import Image

from helpers.captioner.folder import CaptionerError
from helpers.captioner.search import Candidate
from helpers.captioner.streaming import batches, opened_ahead, with_contexts
from helpers.captioner.wording import PROMPT, about, candidates_in, question
from helpers.images import ImageError, open_image
from helpers.stream import in_flight

PHOTOS_AT_ONCE = 8
WORDS = 60  # tokens of an answer at most
BYTES_A_WEIGHT = 4  # float32
# How a kind of model is asked, "{}" being the question. PaliGemma has learnt this one by heart.
PALIGEMMA = "caption {language}\n"
FORMS = {
    "PaliGemma": "{}\n",
    "Gemma3": "<start_of_turn>user\n<start_of_image>{}<end_of_turn>\n<start_of_turn>model\n",
    "Qwen": "<|im_start|>user\n<|vision_start|><|image_pad|><|vision_end|>{}<|im_end|>\n"
    "<|im_start|>assistant\n",
}


class PretrainedCaptioner:
    """Writes captions with any CausalLM of KerasHub that takes images.

    Arguments:
        preset: its name in KerasHub, an address such as "hf://…", or a folder.
        prompt, instructions, language: as in `open_captioner`.

    Raises ImportError without the extra, CaptionerError for a folder that is no preset or takes no
    images; what a preset from the web is, is known when it is loaded.
    """

    languages, host = None, ""

    def __init__(
        self,
        preset: str,
        prompt: str | None = None,
        instructions: str | None = None,
        language: str | None = None,
    ):
        if not find_spec("keras_hub"):
            cure = "pip install 'keras-hub>=0.32,<0.33' (our extra “hub”)"
            raise ImportError(f"keras-hub:{preset} needs KerasHub: {cure}")
        self.preset, self.name = preset, f"keras-hub:{Path(preset).name}"
        self.prompt, self.instructions, self.language = prompt, instructions, language
        files = files_of(preset)
        if files:
            check_images(files, self.name)
        asked = json.dumps(["keras-hub", None if files else preset, prompt, instructions, language])
        self.identity = hashlib.sha256(asked.encode() + signs_of(files)).hexdigest()

    @property
    def note(self) -> str:
        """Who knows what it was trained on."""
        return (
            f"{self.name}: a pretrained model through KerasHub; what it was trained on, what it "
            "can't see, and its licence stand on its own page."
        )

    @cached_property
    def model(self) -> object:
        """The model, loaded; raises CaptionerError if it can't be."""
        if size := size_of(self.preset):
            problem = f"{self.name} takes about {size / 1e9:.1f} GB of memory"
            print(problem, file=sys.stderr)
            if size > (free := free_memory()):
                cure = "Take a smaller preset, or a server (chat:MODEL --endpoint …)"
                raise CaptionerError(f"{problem}, and {free / 1e9:.1f} GB are free. {cure}")
        from keras_hub.models import CausalLM

        try:
            with redirect_stdout(sys.stderr):  # a download draws a bar
                model = CausalLM.from_preset(self.preset)
        except Exception as error:  # whatever the libraries below it raise
            reason = " ".join(str(error).split())[:300]
            raise CaptionerError(f"{self.name} can't be loaded ({reason})") from None
        if getattr(model.preprocessor, "image_converter", None) is None:
            raise CaptionerError(no_images(self.name))
        return model

    @property
    def image_size(self) -> int:
        """Pixels a side that the model looks at."""
        return max(self.shape)

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width that the model looks at, in pixels."""
        return tuple(self.model.preprocessor.image_converter.image_size or (768, 768))

    def prepare(self, image: Image.Image) -> np.ndarray:
        """Return uint8 pixels (height, width, 3)."""
        height, width = self.shape
        return np.array(image.resize((width, height), Image.Resampling.BICUBIC))

    def caption_each(
        self, images: Iterable, contexts: Iterable[str | None] | None = None
    ) -> Iterator[list[Candidate] | ImageError | None]:
        """Yield what each image gives, as `AnyCaptioner` says."""
        _ = self.model
        opened = opened_ahead(self.opened, with_contexts(images, contexts))
        for results in in_flight(self.written, batches(opened, PHOTOS_AT_ONCE)):
            yield from [None] if results is None else results

    def opened(self, pair: tuple) -> tuple[np.ndarray | ImageError, str | None]:
        """Open one image."""
        image, context = pair
        try:
            ready = isinstance(image, np.ndarray)
            return image if ready else self.prepare(open_image(image, self.image_size)), context
        except ImageError as error:
            return error, context

    def written(self, batch: list[tuple]) -> list[list[Candidate] | ImageError]:
        """Return what each image of a batch gives."""
        good = [pair for pair in batch if not isinstance(pair[0], ImageError)]
        answers = iter(self.answers(good) if good else ())
        return [
            image if isinstance(image, ImageError) else candidates_in(next(answers))
            for image, _ in batch
        ]

    def answers(self, pairs: list[tuple[np.ndarray, str | None]]) -> list[str]:
        """Return what the model says of some photos.

        One photo or a full batch: for each other number, TensorFlow would compile anew.
        """
        full = pairs + pairs[-1:] * (PHOTOS_AT_ONCE - len(pairs)) if len(pairs) > 1 else pairs
        prompts = [self.question(context) for _, context in full]
        inputs = {"images": np.stack([image for image, _ in full]), "prompts": prompts}
        try:
            length = self.length(prompts)
            texts = self.model.generate(inputs, max_length=length, strip_prompt=True)
        except Exception as error:  # out of memory, or a prompt that this model can't read
            reason = " ".join(str(error).split())[:300]
            problem = f"{self.name} failed ({type(error).__name__}: {reason})"
            raise CaptionerError(f"{problem}. Check --prompt, or take a smaller preset") from None
        return list(texts)[: len(pairs)]

    def length(self, prompts: list[str]) -> int:
        """Return how long a text may get: rounded up, so that few lengths are compiled for."""
        tokenizer = self.model.preprocessor.tokenizer
        longest = max(len(tokenizer(prompt)) for prompt in prompts) + WORDS + 2
        images = getattr(self.model.preprocessor, "num_vision_tokens_per_image", 0) or 0
        return 64 * -(-(longest + images) // 64)

    def question(self, context: str | None) -> str:
        """Return what the model is asked about one photo."""
        kind = type(self.model).__name__
        form = next((form for name, form in FORMS.items() if kind.startswith(name)), "{}")
        if kind.startswith("PaliGemma") and not (self.prompt or self.instructions):
            return PALIGEMMA.replace("{language}", self.language or "en")  # it reads no more
        asked = question(self.prompt or PROMPT, self.instructions, self.language)
        words = "\n".join(filter(None, (asked, about(context))))
        return form.replace("{}", words)


def files_of(preset: str) -> list[Path]:
    """Return the files of a preset in a folder; none for one in the web.

    Raises CaptionerError for a folder that is no preset.
    """
    if "://" in preset or not (os.sep in preset or Path(preset).is_dir()):
        return []
    folder = Path(preset)
    if not (folder / "config.json").is_file():
        raise CaptionerError(f"{preset} is no folder with a preset of KerasHub: no config.json")
    return sorted(path for path in folder.rglob("*") if path.is_file())


def signs_of(files: list[Path]) -> bytes:
    """Return what tells the files of a preset from others: all but their weights, and those' size.

    Weights have gigabytes, which would be read twice.
    """
    return b"".join(
        path.name.encode()
        + (path.read_bytes() if path.stat().st_size < 10**7 else b"%d" % path.stat().st_size)
        for path in files
    )


def check_images(files: list[Path], name: str) -> None:
    """Raise CaptionerError for a preset in Keras' own format that takes no images."""
    names = {path.name for path in files}
    text = next(path for path in files if path.name == "config.json").read_text("utf-8", "replace")
    if '"registered_name"' in text and "image_converter.json" not in names:
        raise CaptionerError(no_images(name))


def no_images(name: str) -> str:
    """Return that a preset can't be a captioner."""
    return f"{name} takes no images; a captioner is one that does, such as pali_gemma_3b_mix_224"


def size_of(preset: str) -> int:
    """Return the bytes of memory that a preset takes; 0 if nobody knows."""
    if files := files_of(preset):
        return sum(p.stat().st_size for p in files if p.suffix in (".h5", ".safetensors"))
    from keras_hub.models import Backbone

    metadata = (Backbone.presets.get(preset) or {}).get("metadata", {})
    return BYTES_A_WEIGHT * (metadata.get("params") or 0)


def free_memory() -> float:
    """Return the bytes of memory that are free here; infinite where that can't be asked."""
    with suppress(ValueError, OSError, AttributeError, IndexError):
        lines = Path("/proc/meminfo").read_text().splitlines()
        free = next(line for line in lines if line.startswith("MemAvailable"))
        return 1024 * int(free.split()[1])
    return float("inf")
