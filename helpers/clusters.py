"""What every job on a Dask cluster needs: its scheduler, and words for what goes wrong there."""

from socket import gethostname

PATIENCE = 20  # seconds until a scheduler answers, and until it has a worker


class ClusterError(ValueError):
    """A cluster that is of no use; the message says what to do."""


def connect(scheduler: str) -> object:
    """Return a client of a scheduler that has workers.

    scheduler: its address, such as "tcp://192.168.1.5:8786".
    Raises ClusterError if there is no scheduler, no worker, or no Dask.
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
    except TimeoutError:
        client.close()
        problem = f"the scheduler at {scheduler} has no workers"
        raise ClusterError(f"{problem}; start one with `dask worker {scheduler}`") from None
    return client


def this_worker() -> str:
    """Return the address of the Dask worker in whose process this runs, and its machine."""
    from distributed import get_worker

    return f"{get_worker().address} on {gethostname()}"


def explained(error: Exception) -> Exception:
    """Return a ClusterError for a machine of a cluster that lacks the course, else the error."""
    reason = error.__cause__ or error  # Dask wraps what the scheduler can't import
    if not isinstance(reason, ImportError):
        return error
    cure = "Install the same version of the course on the scheduler and on every worker"
    return ClusterError(f"a machine of the cluster says: {reason}. {cure}, and start them again")
