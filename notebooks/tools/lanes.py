"""Lessons side by side: one alone leaves a core idle, at its start and in work on one core."""

import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from execute import Client
from lessons import Lesson

CORES = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
LANES = min(2, os.cpu_count() or 1)
CHAIN = ("01", "02", "03", "04")  # they make what the others use
LONGEST_FIRST = ("11", "08", "13", "12", "04", "14", "10", "09", "07", "05", "06", "03")
NEEDED = {"11": CHAIN[:2], "13": (*CHAIN, "08")}  # by others than those that need the chain

Result = TypeVar("Result")


@dataclass(frozen=True)
class Job:
    """A lesson to run, once those that it needs are done.

    after: names of the lessons that it needs; those that are not run now have been run before.
    """

    name: str
    after: tuple[str, ...] = ()

    @property
    def gives(self) -> str | None:
        """The name by which others wait for it, None if they wait for another run of the lesson."""
        return self.name


def plan(lessons: Sequence[Lesson]) -> list[Job]:
    """Return lessons as jobs: those that make what others use, then the longest first."""
    names = {lesson.name[:2]: lesson.name for lesson in lessons}
    first = [number for number in CHAIN if number in names]
    rest = [number for number in LONGEST_FIRST if number in names and number not in first]
    rest += [number for number in names if number not in (*first, *rest)]
    jobs = []
    for number in (*first, *rest):
        needed = CHAIN[: CHAIN.index(number)] if number in CHAIN else NEEDED.get(number, CHAIN)
        after = tuple(names[needs] for needs in needed if needs in names)
        jobs.append(Job(names[number], after))
    return jobs


def in_lanes(
    jobs: Sequence[Job], work: Callable[[Job], Result], lanes: int = LANES
) -> list[tuple[Job, Result]]:
    """Do jobs, as many as there are lanes at a time; return them with their results.

    Ctrl-C and `kill` end the kernels of all lanes, and KeyboardInterrupt is raised.
    """
    waiting, running, done = list(jobs), {}, []
    with ThreadPoolExecutor(lanes, "lane") as pool, stopped_by_signals():
        while waiting or running:
            finished = {job.gives for job, _ in done}
            ready = [job for job in waiting if finished.issuperset(job.after)]
            for job in ready[: lanes - len(running)]:
                waiting.remove(job)
                alone = lanes == 1 or len(ready) == 1 and not running
                running[pool.submit(in_lane, job, work, alone)] = job
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                done.append((running.pop(future), future.result()))
    return done


def in_lane(job: Job, work: Callable[[Job], Result], alone: bool) -> Result:
    """Do a job on this lane's cores, on all if nothing runs beside it.

    Two kernels on the same two cores would spend much of their time waiting for each other's
    threads. A kernel has the cores of the thread that starts it.
    """
    if len(CORES) >= LANES:
        lane = int(threading.current_thread().name.rpartition("_")[2])
        os.sched_setaffinity(0, CORES if alone else CORES[lane::LANES])
    return work(job)


@contextmanager
def stopped_by_signals() -> Iterator[None]:
    """End the kernels of all lanes when Ctrl-C or `kill` comes; KeyboardInterrupt goes on."""
    numbers = signal.SIGINT, signal.SIGTERM
    before = [signal.signal(number, signal.default_int_handler) for number in numbers]
    try:
        yield
    except KeyboardInterrupt:
        Client.stop_all()
        raise
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
