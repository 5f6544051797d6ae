"""The largest image of every kind that is let in takes 300 MB at most, and is let in.

Each is opened in a process of its own, which tells its peak.
"""

import io
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image, features

MAX_MEGABYTES = 300
LARGEST, OF_WEBP, PROGRESSIVE_CMYK = (8000, 5000), (4600, 3450), (6000, 4900)
CHILD = """
import pathlib, sys
from PIL import Image
from helpers.images import open_image

def peak():
    lines = pathlib.Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) * 1024 / 1e6

Image.init()
pathlib.Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
before, size = peak(), int(sys.argv[2]) or None
image = open_image(sys.argv[1], size)
print(peak() - before, *image.size)
"""
# Name -> size, mode, format, how it is saved.
KINDS = {
    "jpeg-turned": (LARGEST, "RGB", "JPEG", {"turn": 6}),
    "jpeg-progressive-444": (LARGEST, "RGB", "JPEG", {"progressive": True, "subsampling": 0}),
    "jpeg-cmyk": (LARGEST, "CMYK", "JPEG", {}),
    "jpeg-progressive-cmyk": (PROGRESSIVE_CMYK, "CMYK", "JPEG", {"progressive": True}),
    "png-rgba-turned": (LARGEST, "RGBA", "PNG", {"turn": 5, "compress_level": 1}),
    "png-sixteen-bits": (LARGEST, "I;16", "PNG", {"compress_level": 1}),
    "bmp": (LARGEST, "RGBA", "BMP", {}),
    "webp-rgba": (OF_WEBP, "RGBA", "WEBP", {"method": 0}),
    "avif-rgba": (OF_WEBP, "RGBA", "AVIF", {"speed": 10, "subsampling": "4:4:4"}),
}
SHORT = ("jpeg-progressive-444", "png-rgba-turned")  # the most by a codec, and by turning
HALVED = ("jpeg-progressive-444", "jpeg-progressive-cmyk")  # when opened whole

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not Path("/proc/self/clear_refs").exists(),
        reason="this system does not tell how much memory a process had at most",
    ),
]


@pytest.fixture(
    scope="module",
    params=[pytest.param(k, marks=() if k in SHORT else pytest.mark.long) for k in KINDS],
)
def animal(request, tmp_path_factory):
    """A large image: name, path, size."""
    size, mode, kind, options = KINDS[request.param]
    if kind == "AVIF" and not features.check("avif"):
        pytest.skip("this Pillow has no AVIF")
    if turn := options.get("turn"):
        exif = Image.Exif()
        exif[0x0112] = turn
        options = {"exif": exif} | {k: v for k, v in options.items() if k != "turn"}
    file = tmp_path_factory.mktemp("large") / request.param
    drawn = Image.linear_gradient("L").resize(size)
    rgb = Image.merge("RGB", (drawn, drawn.transpose(Image.Transpose.ROTATE_180), drawn))
    data = io.BytesIO()
    (drawn if mode in ("I;16", "LA") else rgb).convert(mode).save(data, kind, **options)
    file.write_bytes(data.getbuffer())
    yield request.param, file, size
    file.unlink()


def opened(root, path, size):
    """Open an image in a process of its own; return megabytes, width, height."""
    command = [sys.executable, "-c", CHILD, str(path), str(size or 0)]
    run = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stderr
    megabytes, width, height = run.stdout.split()
    return float(megabytes), int(width), int(height)


@pytest.mark.parametrize("hint", [None, 299])
def test_the_largest_takes_300_megabytes_at_most(root, animal, hint):
    name, path, size = animal
    megabytes, *sides = opened(root, path, hint)
    print(f"{name}, opened {'reduced' if hint else 'whole'}: {megabytes:.0f} MB")
    assert megabytes < MAX_MEGABYTES
    if hint:
        assert 299 <= min(sides) < min(size) / 2
    else:
        expected = [side // 2 for side in size] if name in HALVED else [*size]
        assert sorted(sides) == sorted(expected)
        assert megabytes > 35  # 10 megapixels and more: so it does measure
