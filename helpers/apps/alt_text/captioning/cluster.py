"""The same work on many machines: a Dask scheduler hands chunks of addresses to its workers.

Workers only answer; this process alone writes the state file. So a worker that is lost takes
nothing with it but the chunk in its hands, which Dask gives to another one.

Workers don't talk to each other, so

* the rate, and the pause that a robots.txt asks for, are divided by how many they are. On average
  all together keep to them; a worker learns with its next chunk that others have come or gone;
* each asks for a server's robots.txt, and waits when it is told to (429, 503). The others go on
  until they are told the same;
* a picture at two addresses may be captioned twice, at the cost of time: the store keeps what came
  first, for both.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from itertools import islice
from threading import Lock
from types import MappingProxyType
from uuid import uuid4

from helpers.apps.alt_text.captioning.work import Batch, Settings, work_off
from helpers.apps.alt_text.findings import Finding
from helpers.captioner import AnyCaptioner
from helpers.clusters import ClusterError, connect, this_worker

CHUNK = 64  # addresses; what a lost worker costs
AHEAD = 2  # chunks a worker has in hand, so that it never waits for the next
LOADING = Lock()
# What this process knows of servers. Another run has settings of its own, and asks for each
# robots.txt anew.
known_hosts = lru_cache(4)(Settings.hosts)


def share_out(
    addresses: Iterator[str],
    settings: Settings,
    scheduler: str,
    chunk: int = CHUNK,
    context_of: Callable[[str], str | None] = lambda address: None,
) -> Iterator[Batch]:
    """Yield findings and their pictures as `work_off` does, from the workers of a cluster.

    scheduler: its address, such as "tcp://192.168.1.5:8786".
    chunk: addresses handed to a worker at once.
    context_of: as for `work_off`; contexts travel with their addresses.
    Raises ClusterError if there is no scheduler, no worker, or no Dask, or if a worker has another
    captioner under the same name.
    """
    settings = replace(settings, identity=settings.opened().identity, run=uuid4().hex)
    todo = iter(lambda: list(islice(addresses, chunk)), [])
    with connect(scheduler) as client:
        yield from answers(client, todo, settings, context_of)


def answers(
    client: object, todo: Iterator[list[str]], settings: Settings, context_of: Callable
) -> Iterator[Batch]:
    """Yield what the workers find; a few chunks at a time are on the cluster."""
    from distributed import as_completed

    running, given = as_completed(loop=client.loop), {}

    def send(chunks: Iterable[list[str]]) -> None:
        for chunk in chunks:
            more = max(1, len(client.nthreads())), known_contexts(chunk, context_of)
            future = client.submit(caption_chunk, chunk, settings, *more, pure=False)
            given[future.key] = chunk
            running.add(future)

    def fill() -> None:
        free = AHEAD * max(1, sum(client.nthreads().values())) - len(given)
        send(islice(todo, max(0, free)))

    fill()
    for future in running:
        chunk = given.pop(future.key)
        if future.status == "finished":
            yield from future.result()
        else:
            again, lost = after_failure(future, chunk)
            send(again)
            yield lost, []
        fill()


def known_contexts(chunk: list[str], context_of: Callable) -> dict[str, str]:
    """Return what is known of the pages around some addresses."""
    return {address: text for address in chunk if (text := context_of(address))}


def after_failure(future: object, chunk: list[str]) -> tuple[list[list[str]], list[Finding]]:
    """Return the chunks to try again and the addresses to give up.

    A chunk at which worker after worker dies is halved, until the image that kills is alone.
    """
    from distributed import KilledWorker

    error = future.exception() if future.status == "error" else None
    if error is None:
        raise ClusterError("the scheduler went away; the same command goes on from here")
    if not isinstance(error, KilledWorker):
        raise error
    if len(chunk) == 1:
        return [], [Finding(chunk[0], "failed", "worker after worker died of it. Look at it alone")]
    half = len(chunk) // 2
    return [chunk[:half], chunk[half:]], []


def caption_chunk(
    addresses: list[str],
    settings: Settings,
    workers: int,
    contexts: Mapping[str, str] = MappingProxyType({}),
) -> list[Batch]:
    """Fetch and caption some addresses: what a worker does.

    workers: how many share the rate at which a server may be visited.
    contexts: what is known of the page around an address.
    """
    with LOADING:
        how = {"identity": settings.identity, "beside": settings.beside}
        captioner = opened(Settings(settings.captioner, settings.open, settings.options, **how))
        hosts = known_hosts(settings)
        hosts.workers = workers
    more = {"context_of": contexts.get, "read_text": settings.read_text}
    return list(work_off(addresses, captioner, hosts, **more))


@lru_cache(1)
def opened(settings: Settings) -> AnyCaptioner:
    """Return the captioner of this process, opened once.

    settings: what concerns it, and nothing else.
    Raises ClusterError, with the worker's name, if this machine has another one or none.
    """
    name = " and ".join(map(repr, filter(None, (settings.captioner, settings.beside))))
    cure = f"Copy the captioner {name} there from the machine on which you gave the command"
    try:
        captioner = settings.opened()
        if captioner.identity == settings.identity:
            return captioner
        problem = f"its files of the captioner {name} are not those of this job. {cure}"
    except (ValueError, OSError, ImportError) as error:
        problem = f"{error}. {cure}"
    raise ClusterError(f"the worker {this_worker()}: {problem}, then give it again")
