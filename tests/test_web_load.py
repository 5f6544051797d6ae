"""64 clients at once: no error but 503, and flat memory. How fast is told by `make benchmark`."""

import pytest

from web_load import served, under_load
from web_parts import ColourCaptioner, serving


def crowded(server, seconds):
    """Send a crowd and a larger one; return the counts of both, and the memory meanwhile."""
    report, megabytes = under_load(server, seconds)
    crowd, _ = under_load(server, min(seconds, 3), clients=140)
    counts = report["counts"], crowd["counts"]
    assert counts[0]["200"] and set(counts[0]) <= {"200", "503"}
    assert set(counts[1]) == {"200", "503"}
    return counts, megabytes


@pytest.mark.slow
def test_64_clients_get_captions_or_are_told_to_come_again():
    """From a captioner that takes 0.05 s for a batch, whatever its size."""
    with serving(ColourCaptioner(0.05)) as server:
        crowded(server, 1)


@pytest.mark.long
def test_a_minute_of_64_clients_takes_no_memory():
    with served() as server:
        under_load(server, 10)  # warm: searches of every size have run
        counts, megabytes = crowded(server, 60)
    third = len(megabytes) // 3
    first, last = max(megabytes[:third]), max(megabytes[-third:])
    print("64 clients: {}; 140 clients: {}".format(*counts))
    print(f"memory {first:.0f} -> {last:.0f} MB")
    assert last < 1.1 * first
