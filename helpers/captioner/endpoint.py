"""A captioner behind a server that speaks OpenAI's chat protocol, such as Ollama or llama.cpp."""

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import takewhile

from PIL import Image

from helpers.captioner.asking import SECONDS, STATUS, Server, without_key
from helpers.captioner.folder import CaptionerError
from helpers.captioner.lines import Lines
from helpers.captioner.search import Candidate
from helpers.captioner.streaming import with_contexts
from helpers.captioner.wording import PROMPT, about, candidates_in, question
from helpers.images import ImageError, encoded, open_image
from helpers.stream import in_flight

SIDE, QUALITY = 768, 85  # pixels, of JPEG
AT_ONCE = 4  # requests
AHEAD = 16  # photos that may overtake a slow one
WORDS = 300  # tokens of an answer at most


class Jpeg(bytes):
    """A photo as it is sent."""


class EndpointCaptioner:
    """Asks a server about each photo.

    Arguments:
        model: its name at the server.
        endpoint, prompt, instructions, language, max_requests: as in `open_captioner`.
        seconds: for a photo, from the first request to the last byte of the last answer.

    Its key stands in CAPTION_API_KEY; it is read when a request is sent, and kept nowhere.
    Raises CaptionerError for an address that is none.
    """

    languages = None
    image_size = SIDE

    def __init__(
        self,
        model: str,
        endpoint: str = "",
        prompt: str | None = None,
        instructions: str | None = None,
        language: str | None = None,
        max_requests: int | None = None,
        seconds: float = SECONDS,
    ):
        if not model or not endpoint:
            wanted = "chat:MODEL --endpoint http://127.0.0.1:11434/v1"
            raise CaptionerError(f"a server's captioner needs both its names: --captioner {wanted}")
        self.model, self.name = model, f"chat:{model}"
        self.asked = question(prompt or PROMPT, instructions, language)
        self.server = Server(endpoint, seconds, max_requests)
        self.host = self.server.host
        same = json.dumps(["chat", model, self.server.address, self.asked])
        self.identity = hashlib.sha256(same.encode()).hexdigest()

    @property
    def note(self) -> str:
        """Where photos go, and who knows the rest."""
        return (
            f"{self.name}: each photo is sent to {self.host}; what that model was trained on, what "
            "it can't see, and its licence are for its maker to say."
        )

    def prepare(self, image: Image.Image) -> Jpeg:
        """Return a JPEG of at most 768 pixels a side, without what a camera notes in it."""
        small = image.convert("RGB")
        small.info.clear()
        return Jpeg(encoded(small, "JPEG", SIDE, quality=QUALITY))

    def caption_each(
        self, images: Iterable, contexts: Iterable[str | None] | None = None
    ) -> Iterator[list[Candidate] | ImageError | None]:
        """Yield what each image gives, as `AnyCaptioner` says; a few are asked about at once.

        After an error that would keep all others from an answer, none is asked about any more.
        """
        lines, stopped = Lines(), 0
        going = takewhile(lambda _: not lines.over.is_set(), with_contexts(images, contexts))
        work = partial(self.answer, lines=lines)
        for result in in_flight(work, going, AT_ONCE, AHEAD, lines.stop):
            if isinstance(result, CaptionerError):
                stopped += 1
                continue
            yield from [ImageError(str(lines.fatal), "pending")] * stopped
            stopped = 0
            yield result
        if lines.fatal:
            raise lines.fatal

    def answer(
        self, pair: tuple[object, str | None], lines: Lines
    ) -> list[Candidate] | ImageError | CaptionerError:
        """Return the candidates of one image, or what keeps it, or all of them, from an answer."""
        image, context = pair
        try:
            photo = image if isinstance(image, Jpeg) else self.prepare(open_image(image, SIDE))
            return self.server.ask(self.message(photo, context), lines, text_of)
        except CaptionerError as error:
            lines.give_up(error)
            return error
        except ImageError as error:
            return error

    def message(self, photo: Jpeg, context: str | None) -> dict:
        """Return the question about one photo, as the protocol wants it.

        All of it is the user's: some models, Llama 3.2 Vision for one, refuse a system message
        beside a photo, and servers then answer 500 or 400 without a reason.
        """
        address = f"data:image/jpeg;base64,{base64.b64encode(photo).decode()}"
        shown = {"type": "image_url", "image_url": {"url": address}}
        texts = filter(None, (self.asked, about(context)))
        words = [{"type": "text", "text": text} for text in texts]
        roles = [{"role": "user", "content": [*words, shown]}]
        limits = {"max_tokens": WORDS, "temperature": 0, "stream": False}
        return {"model": self.model, "messages": roles, **limits}


def text_of(answer: object) -> list[Candidate]:
    """Return the candidates in an answer: its text, and nothing else that may stand in it.

    Raises ImageError for what is no answer of the protocol.
    """
    try:
        content = answer["choices"][0]["message"].get("content") or ""
        if isinstance(content, list):
            content = " ".join(part.get("text") or "" for part in content)
        return candidates_in(without_key(content))
    except (KeyError, IndexError, TypeError, AttributeError):
        problem = "the server's answer is none of the chat protocol. Check --endpoint"
        raise ImageError(problem, STATUS) from None
