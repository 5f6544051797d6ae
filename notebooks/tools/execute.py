"""Run one lesson in a fresh kernel, top to bottom."""

import asyncio
import atexit
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import ClassVar

from nbclient import NotebookClient
from nbclient.exceptions import CellControlSignal, DeadKernelError
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from lessons import Lesson, LessonError, tags

COLOURS = re.compile(r"\x1b\[[0-9;]*m")
TRACEBACK_LINES = 15

Progress = Callable[[int, int], None]


@dataclass
class Run:
    """What came of one run; `error` is empty when every cell went through."""

    lesson: Lesson
    notebook: NotebookNode
    seconds: float
    error: str = ""


class Client(NotebookClient):
    """A client that Ctrl-C or `kill` stops for good; nbclient alone reports a kernel that died.

    All clients of a program stop together, in whatever threads they run.
    """

    stopped = Event()
    begun: ClassVar[list["Client"]] = []

    async def async_start_new_kernel(self, **options) -> None:
        """Start the kernel, and take both signals over from nbclient, which has set a handler."""
        self.loop = asyncio.get_running_loop()
        self.begun.append(self)
        with suppress(RuntimeError):  # on Windows and in a thread the caller sees to Ctrl-C
            for number in (signal.SIGINT, signal.SIGTERM):
                asyncio.get_running_loop().add_signal_handler(number, self.stop)
        await super().async_start_new_kernel(**options)
        if self.stopped.is_set():
            raise DeadKernelError("stopped before it began")

    def stop(self) -> None:
        """End the kernel, which then is found dead."""
        self.stopped.set()
        self.ending = asyncio.ensure_future(self.km.shutdown_kernel(now=True))

    @classmethod
    def stop_all(cls) -> None:
        """End the kernels of all threads; one that is about to start ends as well."""
        cls.stopped.set()
        for client in cls.begun:
            client.loop.call_soon_threadsafe(client.stop)

    def run(self, **options) -> Exception | None:
        """Execute the notebook; return what ended a cell. Raises KeyboardInterrupt after Ctrl-C."""
        try:
            self.execute(**options)
        except (CellControlSignal, RuntimeError) as problem:
            if not self.stopped.is_set():
                if isinstance(problem, CellControlSignal | DeadKernelError):
                    return problem
                raise
        finally:
            self.begun.remove(self)
        if self.stopped.is_set():
            self.clean_up()
            raise KeyboardInterrupt
        return None

    def clean_up(self) -> None:
        """End what has begun of a kernel, now and not at exit, where nbclient would do it twice."""
        if self.km is not None:
            self._cleanup_kernel()
        atexit.unregister(self._cleanup_kernel)


def insert_settings(notebook: NotebookNode, settings: dict[str, str]) -> None:
    """Add a cell that sets `settings` right after the one tagged `parameters`.

    Raises LessonError if no cell carries that tag.
    """
    if not settings:
        return
    for index, cell in enumerate(notebook.cells):
        if "parameters" in tags(cell):
            lines = [f"{name} = {value!r}" for name, value in settings.items()]
            metadata = {"tags": ["injected-parameters"]}
            notebook.cells.insert(index + 1, new_code_cell("\n".join(lines), metadata=metadata))
            return
    raise LessonError("no cell is tagged parameters, so DATASET and DATA_DIR can't be set")


def kernel_environment(work: Path | None) -> dict[str, str]:
    """Return the environment of a kernel: figures inline, files in `work`."""
    environment = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}
    environment |= {"PYTHONHASHSEED": "0", "PYDEVD_DISABLE_FILE_VALIDATION": "1"}
    if work is not None:
        environment["CAPTION_WORK"] = str(work)
    return environment


def execute(
    lesson: Lesson,
    settings: dict[str, str] | None = None,
    work: Path | None = None,
    cell_timeout: int = 600,
    progress: Progress = lambda done, total: None,
) -> Run:
    """Run a lesson's source in a fresh kernel whose current folder is `notebooks/`.

    work: folder that the lessons of one run share; None leaves it to the course.
    cell_timeout: seconds that one cell may take.
    progress: called with (cells done, cells in all) before each cell.
    Raises KeyboardInterrupt after Ctrl-C; the kernel is gone then.
    """
    notebook = lesson.source.copy()
    insert_settings(notebook, settings or {})
    reached = {"index": 0}

    def on_cell_start(cell: NotebookNode, cell_index: int) -> None:
        reached["index"] = cell_index
        progress(cell_index, len(notebook.cells))

    client = Client(
        notebook,
        timeout=cell_timeout,
        kernel_name="python3",
        extra_arguments=["--log-level=ERROR", "--IPKernelApp.capture_fd_output=False"],
        record_timing=False,
        coalesce_streams=True,
        on_cell_start=on_cell_start,
        resources={"metadata": {"path": str(lesson.notebook_path.parent)}},
    )
    start = time.perf_counter()
    # Drops TensorFlow's notices, which go past Python; what cells write to stderr stays.
    problem = client.run(env=kernel_environment(work), stderr=subprocess.DEVNULL)
    index = reached["index"]
    error = describe_failure(notebook.cells[index], index, problem) if problem else ""
    return Run(lesson, notebook, time.perf_counter() - start, error)


def describe_failure(cell: NotebookNode, index: int, problem: Exception) -> str:
    """Return the failing cell's number and source, then what Python said about it."""
    said = COLOURS.sub("", getattr(problem, "traceback", "") or str(problem)).strip()
    source = "\n".join(f"    {line}" for line in cell.source.splitlines())
    last_lines = "\n".join(said.splitlines()[-TRACEBACK_LINES:])
    return f"cell {index + 1} failed:\n\n{source}\n\n{last_lines}"
