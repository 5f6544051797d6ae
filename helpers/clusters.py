"""What every job on a Dask cluster needs: its scheduler, and words for what goes wrong there."""

import sys
from socket import gethostname
from threading import Thread
from time import sleep

from tqdm import tqdm

PATIENCE = 20  # seconds until a scheduler answers, and until it has a worker
LOOK = 5  # seconds between two looks at how many workers are left
COURSE = "Install this version of the course for scheduler and workers, and start them anew"


class ClusterError(ValueError):
    """A cluster that is of no use; the message says what to do."""


def connect(scheduler: str) -> object:
    """Return a client of a scheduler that has workers.

    scheduler: its address, such as "tcp://192.168.1.5:8786".
    Raises ClusterError if there is no scheduler, no worker, or no Dask, or if a worker lacks the
    course.
    """
    try:
        from distributed import Client
    except ImportError:
        problem = "--scheduler needs Dask: pip install 'dask[distributed]' (our extra “scale”)"
        raise ClusterError(problem) from None
    try:
        client = Client(scheduler, timeout=PATIENCE, set_as_default=False)
    except (OSError, ValueError):
        problem = f"no Dask scheduler answers at {scheduler}; start one with `dask scheduler`"
        raise ClusterError(problem) from None
    try:
        client.wait_for_workers(1, timeout=PATIENCE)
        check_course(client)
    except TimeoutError:
        client.close()
        problem = f"the scheduler at {scheduler} has no workers"
        raise ClusterError(f"{problem}; start one with `dask worker {scheduler}`") from None
    except ClusterError:
        client.close()
        raise
    Thread(target=watch, args=(client, scheduler), daemon=True).start()
    return client


def watch(client: object, scheduler: str) -> None:
    """Say so when the last worker has gone: Dask waits for another one without a word."""
    had = True
    while client.status == "running":
        try:
            has = bool(client.nthreads())
        except Exception:  # the client was closed, or the scheduler went away
            return
        if had and not has:
            problem = f"the scheduler at {scheduler} has no workers left"
            cure = f"the work goes on as soon as one is started with `dask worker {scheduler}`"
            tqdm.write(f"{problem}; {cure}", file=sys.stderr)
        had = has
        sleep(LOOK)


def check_course(client: object) -> None:
    """Raise ClusterError for a worker without the course: it would die of its first task."""
    answers = client.run(exec, "import helpers.clusters", on_error="return")
    for worker, answer in answers.items():
        if isinstance(answer, ImportError):
            raise ClusterError(f"the worker {worker} says: {answer}. {COURSE}")


def this_worker() -> str:
    """Return the address of the Dask worker in whose process this runs, and its machine."""
    from distributed import get_worker

    return f"{get_worker().address} on {gethostname()}"
