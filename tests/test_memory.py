"""Memory in a training: kept while it lasts, given back afterwards."""

import resource
import subprocess
import sys

import pytest

CODE = """
import resource
from helpers.backend import kept_memory

def faults(size=2**26):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(5):
        b"x" * size
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

def megabytes():
    return int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize() // 2**20

faults()
before, plain = megabytes(), faults()
with kept_memory():
    faults()
    kept, inside = faults(), megabytes()
print(plain, kept, inside - before, megabytes() - before)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="glibc is Linux's")
@pytest.mark.parametrize("own", [{}, {"MALLOC_ARENA_MAX": "2"}])
def test_pages_are_kept_inside_and_given_back(root, own):
    """64 MB five times are five times 64 MB of fresh pages, unless what is freed is kept."""
    environment = {"PATH": "", "PYTHONPATH": str(root), **own}
    run = subprocess.run(
        [sys.executable, "-c", CODE], env=environment, capture_output=True, text=True, check=True
    )
    plain, kept, inside, after = map(int, run.stdout.split())
    pages = 2**26 // resource.getpagesize()
    if own:
        assert kept > pages / 600, "a person's own settings count"
        return
    if plain < 4 * pages:
        pytest.skip("pages are large here, or not glibc's")
    assert kept < plain / 20
    assert inside >= 60 and after < 10
