"""A captioner of ours by its name, which loads while its first photos are at work."""

import hashlib
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property
from pathlib import Path

import numpy as np

from helpers.captioner.captioner import Captioner
from helpers.captioner.confidence import WORLD
from helpers.captioner.folder import (
    CHANGES,
    DEFAULT,
    FILES,
    changes_in,
    find_captioner,
    read_config,
)
from helpers.captioner.ngrams import NGRAMS
from helpers.captioner.ours import Ours
from helpers.captioner.search import Candidate, Search
from helpers.images import ImageError


class OwnCaptioner(Ours):
    """A captioner of ours by its name or folder, which is read when its captions are needed.

    Raises CaptionerError for one that is not there, ValueError for a search that makes no sense.
    """

    def __init__(
        self,
        name_or_folder: str | Path = DEFAULT,
        search: str | None = None,
        beam_size: int | None = None,
    ):
        self.source, self.how = name_or_folder, (beam_size, search)
        self.name, self.config = find_captioner(name_or_folder).name, read_config(name_or_folder)
        Search().asked(search, beam_size)

    @cached_property
    def identity(self) -> str:
        """The hash of its files, and its search if one was asked for."""
        folder, digest = find_captioner(self.source), hashlib.sha256()
        for path in (folder / file for file in (*FILES, NGRAMS, WORLD, CHANGES)):
            if path.is_file():
                with path.open("rb") as file:
                    hashlib.file_digest(file, lambda: digest)  # goes on with it
        asked = f" {self.how}" if self.how != (None, None) else ""
        return digest.hexdigest() + asked

    @property
    def changes(self) -> Path | None:
        """The file of what its training has changed in the encoder, if it has."""
        return changes_in(find_captioner(self.source))

    @cached_property
    def loading(self) -> Future:
        """The whole captioner, which loads on a thread: a fast engine encodes photos meanwhile."""
        return ThreadPoolExecutor(1, "loading").submit(Captioner.load, self.source)

    def loaded(self) -> Captioner:
        """Return the whole captioner."""
        encoder, captioner = self.encoder, self.loading.result()
        captioner.encoder = encoder
        return captioner

    def find(self, features: np.ndarray) -> list[list[Candidate]]:
        """Return the candidates of each row of features."""
        return self.loading.result().feature_candidates(features, *self.how)

    def caption_each(
        self, images: Iterable, contexts: Iterable[str | None] | None = None
    ) -> Iterator[list[Candidate] | ImageError | None]:
        """Yield what each image gives; whatever is wrong with its files is said without any."""
        _ = self.encoder, self.loading  # in this order: the encoder may need no Keras
        yield from super().caption_each(images, contexts)
        self.loading.result()
