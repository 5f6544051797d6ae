"""Two captioners that look at the same photos, so that a person may choose between their texts."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from itertools import takewhile, tee

from PIL import Image

from helpers.captioner import AnyCaptioner, Candidate, choices_of
from helpers.captioner.streaming import with_contexts
from helpers.images import ImageError

ENDING = " beside"  # of the digest under which the second one's candidates are kept
Answer = list[Candidate] | ImageError | None


class Both(list):
    """The candidates of one captioner; `beside` holds those of the other."""

    beside: list[Candidate]


class Prepared(tuple):
    """What each of two captioners needs of a photo."""


class Pair:
    """Stands in for one captioner, as the job knows it, and asks two of any kind.

    first: whose texts are suggested, and whose doubt counts.
    second: whose texts a person may take instead.
    """

    def __init__(self, first: AnyCaptioner, second: AnyCaptioner):
        self.first, self.second = first, second
        self.name, self.identity = first.name, f"{first.identity} {second.identity}"
        self.note = note_of(first, second)
        self.languages = first.languages
        self.host = " and ".join(sorted({first.host, second.host} - {""}))

    @property
    def image_size(self) -> int:
        """Pixels a side beyond which neither sees more."""
        return max(self.first.image_size, self.second.image_size)

    def prepare(self, image: Image.Image) -> Prepared:
        """Return what each of them needs of an opened photo."""
        return Prepared((self.first.prepare(image), self.second.prepare(image)))

    def caption_each(
        self, images: Iterable, contexts: Iterable[str | None] | None = None
    ) -> Iterator[Both | ImageError | None]:
        """Yield what both say of each image, as `AnyCaptioner` says.

        images: what `prepare` has returned, or paths, addresses or bytes.
        """
        _ = self.image_size  # what has to be loaded for it is loaded here, not on many threads
        over = []
        pairs = takewhile(lambda _: not over, with_contexts(images, contexts))
        answers = [self.answers(number, own) for number, own in enumerate(tee(pairs))]
        with closing(answers[0]), closing(answers[1]):
            yield from together(*map(Side, answers), stop=lambda: over.append(True))

    def answers(self, number: int, pairs: Iterator[tuple | None]) -> Iterator[Answer]:
        """Return what one of the two says of images with their contexts."""
        photos, words = tee(pairs)
        return (self.first, self.second)[number].caption_each(
            (pair and part(pair[0], number) for pair in photos),
            (pair and pair[1] for pair in words),
        )


def part(image: object, number: int) -> object:
    """Return what one of the two captioners is given of an image."""
    return image[number] if isinstance(image, Prepared) else image


def note_of(first: AnyCaptioner, second: AnyCaptioner) -> str:
    """Return what two captioners say of themselves; once, if it is the same."""
    said = second.note.removeprefix(second.name)
    if first.note == f"{first.name}{said}":
        return f"{first.name} and {second.name}{said}"
    return f"{first.note} Beside it {second.note}"


class Side:
    """The answers of one captioner, and those that the other one has not given yet."""

    def __init__(self, answers: Iterator[Answer]):
        self.answers, self.due = answers, deque()
        self.over, self.error = False, None

    def go_on(self) -> bool:
        """Take an answer if there is one; return whether it is a None."""
        try:
            answer = None if self.over else next(self.answers)
        except StopIteration:
            self.over = True
        except (Exception, KeyboardInterrupt) as error:
            self.over, self.error = True, error
        else:
            self.due.extend([] if answer is None else [answer])
            return answer is None and not self.over
        return False


def together(
    first: Side, second: Side, stop: Callable[[], object]
) -> Iterator[Both | ImageError | None]:
    """Yield the answers of two captioners to the same images as one, and each None of the first.

    stop: ends the images. After an error of one of them, Ctrl-C as well, the other one finishes
    what both were given; what both have answered comes out, and then the error is raised.
    """
    while not (first.over and second.over):
        lull, _ = first.go_on(), second.go_on()
        if first.error or second.error:
            stop()
        while first.due and second.due:
            yield joined(first.due.popleft(), second.due.popleft())
        if lull:
            yield None
    if error := first.error or second.error:
        raise error


def joined(first: Answer, second: Answer) -> Both | ImageError:
    """Return two answers to one image as one: an error of the first, or of a second that stops."""
    if isinstance(first, ImageError):
        return first
    if isinstance(second, ImageError):
        if second.status == "pending":  # it was not even tried
            return second
        second = []
    both = Both(first)
    both.beside = second
    return both


def open_pair(open_it: Callable, name: str, beside: str, options: Mapping[str, object]) -> Pair:
    """Return two captioners as one; each gets those options that its kind has.

    open_it: as `open_captioner`. Raises what it raises, also for an option that neither has.
    """
    given = {key: value for key, value in options.items() if value is not None}
    names = name, beside
    if given.keys() - {choice for one in names for choice in choices_of(one)}:
        open_it(name, **given)  # says which one it lacks
    return Pair(
        *(open_it(one, **{key: given[key] for key in choices_of(one) if key in given})
          for one in names)
    )  # fmt: skip


def parts(captioner: AnyCaptioner) -> tuple[AnyCaptioner, ...]:
    """Return the captioners that look at each photo: one or two."""
    return (captioner.first, captioner.second) if isinstance(captioner, Pair) else (captioner,)
