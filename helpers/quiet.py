"""Commands start without TensorFlow's notices on stderr; what goes wrong is still said.

TensorFlow tells of processors, CUDA and logging from C++, before any setting of Python's counts, so
the notices are taken out of what arrives at stderr while it is imported and looks for devices.
"""

import os
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

COMMANDS = ("caption", "alt-text", "caption-page", "caption-train")
NOTICE = re.compile(
    rb"(WARNING: All log messages before absl|[IW]\d{4} \d\d:|\d{4}-\d\d-\d\d .{8,20}: [IW] |"
    rb"To enable the following instructions).*\n?|E\d{4} \d\d:.*(cuda|CUDA|cuInit).*\n?"
)


def started_as_command() -> bool:
    """True for `python -m helpers.…` and the commands that pip has installed."""
    module = sys.orig_argv[1:3]
    named = len(module) == 2 and module[0] == "-m" and module[1].startswith("helpers.")
    return named or Path(sys.argv[0]).stem in COMMANDS


def hush_tensorflow() -> None:
    """Leave TensorFlow's notices out of this program's stderr, should it import TensorFlow.

    Nothing is left out for those who have set TF_CPP_MIN_LOG_LEVEL themselves.
    """
    if "TF_CPP_MIN_LOG_LEVEL" not in os.environ:
        os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
        sys.meta_path.insert(0, QuietImport())


class QuietImport:
    """Finds TensorFlow as ever, and is its loader once: a finder for `sys.meta_path`."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec of TensorFlow with this as its loader; None for other modules."""
        if name != "tensorflow":
            return None
        sys.meta_path.remove(self)
        if spec := find_spec(name):
            self.loader, spec.loader = spec.loader, self
        return spec

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """Make the module as ever."""
        return self.loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        """Import it and let it look for devices, without its notices."""
        module.__spec__.loader = module.__loader__ = self.loader
        with without_notices():
            self.loader.exec_module(module)
            module.config.list_physical_devices()


@contextmanager
def without_notices() -> Iterator[None]:
    """Keep what C++ writes to stderr until the block ends, then write all of it but notices."""
    if sys.stderr is None:  # closed by whoever started this
        yield
        return
    sys.stderr.flush()
    with tempfile.TemporaryFile() as kept:
        stderr = os.dup(2)
        os.dup2(kept.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(stderr, 2)
            kept.seek(0)
            os.write(stderr, NOTICE.sub(b"", kept.read()))
            os.close(stderr)
