"""The same features from a Dask cluster: workers open photos and encode them, this process writes.

Every worker reads the photos from the path that they have here: put their folder on a drive that
all machines share, or a copy of it in the same place. What a lost worker had in hand goes to
another one.
"""

import hashlib
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from itertools import islice
from pathlib import Path
from threading import Lock
from typing import NamedTuple

import numpy as np

from helpers.clusters import COURSE, ClusterError, connect, this_worker
from helpers.encoders import Encoder
from helpers.features.extracting import part_file
from helpers.features.files import Features, FeaturesError
from helpers.images import ImageError
from helpers.stream import read_ahead

AHEAD = 2  # batches for each thread of a worker, so that it never waits for the next
LOADING, ENCODING = Lock(), Lock()  # a network takes all cores of its machine as it is


class Order(NamedTuple):
    """What a worker has to know beside the photos; `load` has to be importable there."""

    load: Callable[[str], Encoder]
    name: str
    digest: str  # the `fingerprint` that the encoder has to have
    mirror: bool


def spread_features(
    encoder: Encoder,
    load: Callable[[str], Encoder],
    photos: Mapping[str, Path],
    target: str | Path,
    scheduler: str,
    batch_size: int = 32,
    mirror: bool = False,
) -> Features:
    """Do what `extract_features` does on a Dask cluster; each goes on where the other stopped.

    Arguments:
        encoder: the one whose features are wanted; workers must have the same weights.
        load: how a worker gets it by its name, such as `load_encoder`.
        photos, target, batch_size, mirror: as for `extract_features`.
        scheduler: its address, such as "tcp://192.168.1.5:8786".

    Raises ClusterError if there is no scheduler, no worker, or no Dask. Raises FeaturesError,
    saying how many photos are safe, for a photo that can't be read, a worker that lacks a photo
    or has other weights (it is named), a scheduler that went away, or a full disk.
    """
    order = Order(load, encoder.name, fingerprint(encoder), mirror)
    with connect(scheduler) as client, part_file(target, encoder, photos) as part:
        paths = [str(Path(path).absolute()) for path in part.todo]  # as another machine needs them
        batches = (paths[n : n + batch_size] for n in range(0, len(paths), batch_size))
        for vectors in encoded(client, batches, order):
            part.append(vectors)
        return part.finish()


def fingerprint(encoder: Encoder) -> str:
    """Return a hash of an encoder's weights: official, rounded and random ones differ."""
    digest = hashlib.sha256(encoder.name.encode())
    for weight in encoder.network.get_weights():
        digest.update(np.ravel(weight))
    return digest.hexdigest()


def encoded(client: object, todo: Iterator[list[str]], order: Order) -> Iterator[np.ndarray]:
    """Yield float16 (photos, *feature_shape) of each batch in order; few are on the cluster."""
    coming: deque = deque()
    while True:
        room = AHEAD * max(1, sum(client.nthreads().values())) - len(coming)
        for batch in islice(todo, max(0, room)):
            coming.append((client.submit(encode_batch, batch, order, pure=False), batch))
        if not coming:
            return
        yield outcome(*coming.popleft())


def outcome(future: object, batch: list[str]) -> np.ndarray:
    """Return what a worker made of a batch, or raise what went wrong in words."""
    from distributed import CancelledError, KilledWorker

    try:
        return future.result()
    except CancelledError:
        raise ClusterError("the scheduler went away") from None
    except KilledWorker:
        photos = f"{batch[0]} and the {len(batch) - 1} photos after it"
        cure = "Give the workers more memory, or look at these photos"
        raise ClusterError(f"worker after worker died of {photos}. {cure}") from None
    except (ImportError, RuntimeError) as error:
        reason = error.__cause__ or error  # Dask wraps what the scheduler can't import
        if not isinstance(reason, ImportError):
            raise
        raise ClusterError(f"the scheduler or a worker says: {reason}. {COURSE}") from error


def encode_batch(paths: list[str], order: Order) -> np.ndarray:
    """Open and encode some photos: what a worker does.

    Returns float16 (photos, *feature_shape). Raises FeaturesError, with the worker's name, for a
    photo that it can't read.
    """
    with LOADING:
        encoder = loaded(order.load, order.name, order.digest)
    try:
        (batch,) = read_ahead(paths, encoder.image_size, len(paths))
    except ImageError as error:
        cure = "Workers read photos from the path that they have here: share their folder"
        raise FeaturesError(f"the worker {this_worker()}: {error} {cure}, or copy it") from None
    pixels = np.stack(batch)
    with ENCODING, np.errstate(over="ignore"):  # the part file refuses what is too large
        vectors = encoder.encode(pixels[:, :, ::-1] if order.mirror else pixels)
        return vectors.astype("float16")


@lru_cache(1)
def loaded(load: Callable[[str], Encoder], name: str, digest: str) -> Encoder:
    """Return the encoder of this process, loaded once.

    digest: the fingerprint that it has to have.
    Raises FeaturesError, with the worker's name, for other weights or none: features of two sets
    of weights have the same shape and do not belong together.
    """
    try:
        encoder = load(name)
        if fingerprint(encoder) == digest:
            return encoder
        problem = f"its weights of {name!r} are not those of the machine that gave the command"
    except (ValueError, OSError) as error:
        problem = error
    cure = "Let all machines download the official weights, or none, and start the worker again"
    raise FeaturesError(f"the worker {this_worker()}: {problem}. {cure}")
