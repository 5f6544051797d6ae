"""Run lessons as on Colab: `python tests/colab/session.py --environment FOLDER 01 03`.

An environment with Colab's packages, an empty folder, a kernel that has `google.colab` loaded,
and a git server of our own in the place of GitHub: nothing of the course is there until the
lesson's set-up cell fetches it.
"""

import argparse
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "notebooks" / "tools"))

from jupyter_client.kernelspec import KernelSpecManager  # noqa: E402
from jupyter_client.manager import AsyncKernelManager  # noqa: E402
from nbclient import NotebookClient  # noqa: E402
from nbclient.exceptions import CellControlSignal, DeadKernelError  # noqa: E402

from lessons import Lesson, choose_lessons, output_text, tagged  # noqa: E402

PYTHONS = ("python3.13", "python3.12", "python3.11")
COLABS_PYTHON = "3.13"
COLAB_FOLDER = Path("/content")
NEEDED = {"requests-hardened"}  # what every set-up cell may add
NEEDED_IN = {"09": {"protego"}, "11": {"waitress"}}  # what a lesson may add, by its number
START = "import google.colab\n"
CELL_TIMEOUT = 3600  # seconds: Colab has no limit, and this machine may be busy


def make_environment(folder: Path) -> Path:
    """Return the interpreter of an environment with Colab's packages, made now if missing."""
    python = folder / "bin" / "python"
    if not (folder / "complete").exists():
        found = [name for name in PYTHONS if works(name)] or [sys.executable]
        print(f"making {folder} with {found[0]}", flush=True)
        subprocess.run([found[0], "-m", "venv", "--clear", str(folder)], check=True)
        install = [python, "-m", "pip", "install", "-q", "-r", HERE / "packages.txt"]
        subprocess.run(list(map(str, install)), check=True)
        (folder / "complete").touch()
    print(describe_python(version_of(python)), flush=True)
    earlier = sorted(NEEDED.union(*NEEDED_IN.values()))  # what an earlier session has added
    forget = [str(python), "-m", "pip", "uninstall", "-q", "-y", *earlier]
    subprocess.run(forget, check=True, stderr=subprocess.DEVNULL)
    return python


def version_of(python: Path) -> str:
    """Return the version of an interpreter, such as "3.13"."""
    program = "import sys; print('%d.%d' % sys.version_info[:2])"
    asked = subprocess.run([str(python), "-c", program], capture_output=True, text=True, check=True)
    return asked.stdout.strip()


def describe_python(version: str) -> str:
    """Return a line that says which Python this is, and a warning if Colab has another."""
    if version == COLABS_PYTHON:
        return f"Python {version}, as on Colab"
    return (
        f"warning: Python {version}, but Colab has {COLABS_PYTHON}: install python{COLABS_PYTHON} "
        "and delete the environment to prove that the lessons run there"
    )


def allowed(lessons: Iterable[str]) -> set[str]:
    """Return the packages that these lessons, named such as "11_a_web_page", add."""
    return NEEDED.union(*(NEEDED_IN.get(name[:2], ()) for name in lessons))


def works(name: str) -> bool:
    """True for the name of an interpreter that starts."""
    with contextlib.suppress(OSError):
        return subprocess.run([name, "-c", ""], capture_output=True).returncode == 0
    return False


def packages(python: Path) -> set[str]:
    """Return what is installed, as lines such as "numpy==2.1.3"."""
    listed = subprocess.run(
        [str(python), "-m", "pip", "freeze"], capture_output=True, text=True, check=True
    )
    return set(listed.stdout.splitlines())


def copy_course(target: Path) -> None:
    """Copy what git knows or would take in, as it stands now."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target / name)


def publish_course(server: Path, address: str) -> dict[str, str]:
    """Put the course on a server of our own; return the variables that make git go there.

    address: "owner/name" that the set-up cells ask GitHub for.
    """
    folder = server / address
    copy_course(folder)
    name = ["-c", "user.name=course", "-c", "user.email=course@example.org"]
    for command in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-q", "-m", "all"]):
        subprocess.run(["git", *name, *command], cwd=folder, check=True)
    return {
        "GIT_CONFIG_COUNT": "2",
        "GIT_CONFIG_KEY_0": f"url.{server.as_uri()}/.insteadOf",
        "GIT_CONFIG_VALUE_0": "https://github.com/",
        "GIT_CONFIG_KEY_1": "safe.directory",
        "GIT_CONFIG_VALUE_1": "*",
    }


@dataclass
class Session:
    """One machine that Colab lends: its interpreter, its folder, its variables.

    `failures` holds what went wrong, by lesson; `seconds` how long each took.
    """

    python: Path
    content: Path
    variables: dict[str, str]
    kernels: Path
    failures: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    scores: dict[str, str] = field(default_factory=dict)

    def run(self, lesson: Lesson) -> None:
        """Run a lesson in a new kernel, from its set-up cell on."""
        notebook, start = self.as_opened(lesson), time.perf_counter()
        manager = AsyncKernelManager(
            kernel_name="colab",
            kernel_spec_manager=KernelSpecManager(kernel_dirs=[str(self.kernels)]),
        )
        resources = {"metadata": {"path": str(self.content)}}
        client = NotebookClient(notebook, manager, timeout=CELL_TIMEOUT, resources=resources)
        try:
            client.execute(env=self.environment())
        except (CellControlSignal, DeadKernelError) as error:
            self.failures[lesson.name] = str(error)[-3000:]
        self.seconds[lesson.name] = time.perf_counter() - start
        cells = tagged(notebook, "scores")
        self.scores[lesson.name] = "".join(map(output_text, cells)).strip()

    def as_opened(self, lesson: Lesson):
        """Return the notebook, its course folder moved where /content cannot be written."""
        notebook = lesson.source.copy()
        for cell in tagged(notebook, "setup"):
            cell.source = cell.source.replace(f'"{COLAB_FOLDER}/', f'"{self.content}/')
        return notebook

    def environment(self) -> dict[str, str]:
        """Return the variables of a kernel: Colab's, git's, and where pip installs."""
        kept = {name: value for name, value in os.environ.items() if name != "CAPTION_WORK"}
        own = {
            "PYTHONPATH": str(HERE),
            "MPLBACKEND": "module://matplotlib_inline.backend_inline",
            "VIRTUAL_ENV": str(self.python.parents[1]),
        }
        return kept | own | self.variables


@contextlib.contextmanager
def colab_session(environment: Path, work: Path | None = None) -> Iterator[Session]:
    """Lend a machine as Colab does, and take it away with all that was written.

    environment: folder of the environment with Colab's packages, made if it is missing.
    work: a work folder, copied in, so that what it holds is not made again.
    """
    python = make_environment(environment)
    with tempfile.TemporaryDirectory() as temporary:
        folder, content = Path(temporary), COLAB_FOLDER
        if content.exists() or not os.access("/", os.W_OK):
            content = folder / "content"
        variables = publish_course(folder / "server", read_address())
        if work is not None:
            shutil.copytree(work, folder / "work")
            variables["CAPTION_WORK"] = str(folder / "work")
        variables["IPYTHONDIR"] = str(write_profile(folder / "ipython"))
        content.mkdir()
        try:
            yield Session(python, content, variables, write_kernel(folder / "kernels", python))
        finally:
            shutil.rmtree(content)


def read_address() -> str:
    """Return "owner/name" of the repository."""
    from lessons import read_address

    return read_address(ROOT)


def write_profile(folder: Path) -> Path:
    """Write a profile of IPython that loads `google.colab` at its start, as Colab's does."""
    startup = folder / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "colab.py").write_text(START)
    return folder


def write_kernel(folder: Path, python: Path) -> Path:
    """Write the description of a kernel that this interpreter runs; return the folder."""
    (folder / "colab").mkdir(parents=True)
    arguments = [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    content = {"argv": arguments, "display_name": "Colab", "language": "python"}
    (folder / "colab" / "kernel.json").write_text(json.dumps(content))
    return folder


def main() -> int:
    """Run the chosen lessons in one session; return 1 if one failed or packages changed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lessons", nargs="*", help="numbers such as 04; all if none is given")
    parser.add_argument("--environment", type=Path, required=True, help="made if it is missing")
    parser.add_argument("--work", type=Path, help="a work folder to begin with (it is copied)")
    options = parser.parse_args()
    with colab_session(options.environment.resolve(), options.work) as session:
        before = packages(session.python)
        for lesson in choose_lessons(options.lessons):
            session.run(lesson)
            state = "FAILED" if lesson.name in session.failures else "ok"
            print(f"{lesson.name}  {session.seconds[lesson.name]:.0f} s  {state}", flush=True)
            print(session.failures.get(lesson.name) or session.scores[lesson.name], flush=True)
        changes = sorted(before ^ packages(session.python))
    print(f"packages that changed: {', '.join(changes) or 'none'}")
    added = {name_of(line) for line in changes}
    return int(bool(session.failures) or not added <= allowed(session.seconds))


def name_of(line: str) -> str:
    """Return the package that a line of `pip freeze` names."""
    return line.split("==")[0].split(" @ ")[0].replace("_", "-").lower()


if __name__ == "__main__":
    sys.exit(main())
