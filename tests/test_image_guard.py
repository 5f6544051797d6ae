"""Files that might take minutes or all memory are decoded in a process that can be killed."""

import errno
import io
import os
import signal
import socket
import struct
import zlib
from threading import Thread

import numpy as np
import pytest
from PIL import Image, features

from helpers.images import ImageError, child, guarding, image_pixels, open_image, opening
from helpers.images.cheap import is_cheap
from helpers.stream import pixels_or_error, read_ahead


def segment(marker: int, data: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def photo(size: tuple[int, int] = (60, 40)) -> Image.Image:
    """Noise, so that no pixel is like another."""
    noise = np.random.default_rng(7).integers(0, 256, (size[1], size[0], 3), "uint8")
    return Image.fromarray(noise)


def encoded(kind: str, image: Image.Image | None = None, **options) -> bytes:
    file = io.BytesIO()
    (image or photo()).save(file, kind, **options)
    return file.getvalue()


def scans(width: int, height: int, count: int, frame: int = 0xC0) -> bytes:
    """A JPEG whose three colours come again and again, each in a scan of its own."""
    table = bytes([1] + [0] * 15)
    colours = b"".join(bytes([number, 0x11, 0]) for number in (1, 2, 3))
    data = b"\xff\xd8" + segment(0xDB, b"\0" + b"\1" * 64)
    data += segment(frame, struct.pack(">BHHB", 8, height, width, 3) + colours)
    data += segment(0xC4, b"\0" + table + b"\0") + segment(0xC4, b"\x10" + table + b"\0")
    scan = [segment(0xDA, bytes([1, number % 3 + 1, 0, 0, 63, 0])) for number in range(count)]
    return data + b"".join(scan) + b"\xff\xd9"


def exif(entries: int) -> bytes:
    """Exif data of so many entries, each of which points to all of them."""
    body = b"".join(struct.pack(">HHII", 700 + n, 7, 12 * entries, 0) for n in range(entries))
    return b"MM\0*\0\0\0\x08" + struct.pack(">H", entries) + body


def after(data: bytes, place: int, more: bytes) -> bytes:
    return data[:place] + more + data[place:]


JPEG, PNG, WEBP = encoded("JPEG"), encoded("PNG"), encoded("WEBP")
HEADER = 33  # bytes of a PNG before its second chunk
CHEAP = {
    "jpeg": JPEG,
    "jpeg-progressive": encoded("JPEG", progressive=True),
    "jpeg-cmyk": encoded("JPEG", photo().convert("CMYK")),
    "jpeg-of-a-camera": after(JPEG, 2, segment(0xE1, b"Exif\0\0" + exif(40))),
    "png": PNG,
    "png-rgba": encoded("PNG", photo().convert("RGBA")),
    "png-with-exif": after(PNG, HEADER, chunk(b"eXIf", exif(40))),
    "webp": WEBP,
    "webp-lossless": encoded("WEBP", lossless=True),
    "webp-rgba": encoded("WEBP", photo().convert("RGBA")),
    "gif": encoded("GIF"),
    "bmp": encoded("BMP"),
    "text": b"no image at all",
    "nothing": b"",
}
DEAR = {
    "jpeg-scans": scans(16, 16, 6),
    "jpeg-arithmetic": scans(16, 16, 6, 0xC9),
    "jpeg-passes": after(
        encoded("JPEG", photo((2000, 2000)), progressive=True, quality=1),
        -2,
        segment(0xDA, b"\1\1\0\0\0\0") * 90,
    ),
    "jpeg-of-many-segments": after(JPEG, 2, segment(0xE1, b"Exif\0\0") * 500),
    "jpeg-padded": after(JPEG, 2, b"\xff" * 5000),
    "jpeg-of-many-entries": after(JPEG, 2, segment(0xE1, b"Exif\0\0" + exif(5000))),
    "jpeg-of-many-parts": after(JPEG, 2, segment(0xE2, b"MPF\0" + exif(5000))),
    "png-of-many-chunks": after(PNG, HEADER, chunk(b"prIv", b"") * 1000),
    "png-of-many-profiles": after(PNG, HEADER, chunk(b"iCCP", b"a\0\0" + zlib.compress(b"")) * 9),
    "png-of-many-entries": after(PNG, HEADER, chunk(b"eXIf", exif(5000))),
    "png-of-entries-in-a-text": after(
        PNG, HEADER, chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(b"\n\n\n00"))
    ),
    "webp-of-many-chunks": encoded("WEBP", exif=exif(4)) + b"prIv\0\0\0\0" * 999,
    "webp-of-many-entries": encoded("WEBP", exif=exif(4000)),
    "webp-that-moves": encoded("WEBP", save_all=True, append_images=[photo().rotate(90)]),
    "gif-of-100-kilobytes": encoded("GIF", photo((300, 400))),
    "bmp-of-runs": after(encoded("BMP"), 30, b"\1")[: len(encoded("BMP"))],
}
if features.check("avif"):
    DEAR["avif"] = encoded("AVIF")


@pytest.mark.parametrize("name", CHEAP)
def test_what_photos_are_is_decoded_here(name):
    assert is_cheap(io.BytesIO(CHEAP[name]))


@pytest.mark.parametrize("name", DEAR)
def test_what_might_be_dear_is_decoded_elsewhere(name):
    assert not is_cheap(io.BytesIO(DEAR[name]))


@pytest.fixture
def children(monkeypatch):
    """One process that decodes, ended after the test."""
    made = guarding.Children(1)
    monkeypatch.setattr(opening, "CHILDREN", made)
    yield made
    if child := made.idle.get_nowait():
        guarding.end(child.process)


@pytest.fixture
def guarded(children, monkeypatch):
    """Every file is taken for a dear one."""
    monkeypatch.setattr(opening, "is_cheap", lambda file: False)
    return children


def pid_of(children) -> int:
    child = children.idle.get_nowait()
    children.idle.put(child)
    return child.process.pid


@pytest.mark.filterwarnings("ignore:Tag data|Corrupt EXIF")
def test_a_process_decodes_as_we_do_one_after_the_other(guarded, tmp_path, monkeypatch):
    pids = set()
    for name, data in CHEAP.items():
        if name in ("text", "nothing"):
            continue
        with monkeypatch.context() as here:
            here.setattr(opening, "is_cheap", lambda file: True)
            expected = [np.asarray(open_image(data, size)) for size in (None, 8)]
        (tmp_path / name).write_bytes(data)
        for size, pixels in zip((None, 8), expected, strict=True):
            for source in (data, io.BytesIO(data), tmp_path / name):
                np.testing.assert_array_equal(np.asarray(open_image(source, size)), pixels)
        pids.add(pid_of(guarded))
    assert len(pids) == 1


@pytest.mark.slow
def test_a_process_refuses_in_our_words(guarded, tmp_path):
    path = tmp_path / "ünal.jpg"
    path.write_bytes(JPEG[: len(JPEG) // 2])
    with pytest.raises(ImageError, match="ünal.jpg is damaged or cut off") as error:
        open_image(path)
    assert error.value.status == "not_an_image"
    with pytest.raises(ImageError, match="is no image of a supported format"):
        open_image(b"text")
    assert open_image(JPEG).size == (60, 40)


@pytest.mark.slow
def test_what_takes_too_long_costs_its_process_and_nothing_else(guarded, monkeypatch, tmp_path):
    """(A process that has been stopped decodes for ever.)"""
    open_image(JPEG)
    first = pid_of(guarded)
    os.kill(first, signal.SIGSTOP)
    monkeypatch.setattr(guarding, "SECONDS", 0.2)
    with pytest.raises(ImageError, match="too long or too much memory") as error:
        open_image(JPEG)
    assert error.value.status == "too_large"
    monkeypatch.setattr(guarding, "SECONDS", 60)
    assert open_image(JPEG).size == (60, 40) and pid_of(guarded) != first


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="no limit on memory here")
def test_what_takes_too_much_memory_is_refused(children, monkeypatch):
    code = f"from helpers.images import child; child.MEMORY = {child.MEMORY // 8}; "
    monkeypatch.setattr(guarding, "CODE", guarding.CODE.replace("serve()", code + "serve()"))
    large = scans(3000, 3000, 3)
    with pytest.raises(ImageError):
        open_image(large)
    assert open_image(DEAR["jpeg-scans"]).size == (16, 16)


@pytest.mark.slow
def test_ctrl_c_while_a_process_decodes_ends_it(guarded, monkeypatch):
    open_image(JPEG)
    first = pid_of(guarded)
    with monkeypatch.context() as here:
        here.setattr(
            guarding.Child, "answer", lambda child: (_ for _ in ()).throw(KeyboardInterrupt)
        )
        with pytest.raises(KeyboardInterrupt):
            open_image(JPEG)
    assert open_image(JPEG).size == (60, 40) and pid_of(guarded) != first


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_fork_starts_a_process_of_its_own():
    assert guarding.CHILDREN.idle.qsize() == guarding.AT_ONCE
    held = guarding.CHILDREN.idle.get()
    reading, writing = os.pipe()
    if not (pid := os.fork()):
        os.write(writing, bytes([guarding.CHILDREN.idle.qsize()]))
        os._exit(0)
    os.waitpid(pid, 0)
    guarding.CHILDREN.idle.put(held)
    assert os.read(reading, 1) == bytes([guarding.AT_ONCE])
    os.close(reading), os.close(writing)


class Failing(io.BytesIO):
    """A file on a disk that fails once it is read."""

    def read(self, *_):
        raise OSError(errno.EIO, "Input/output error")


@pytest.mark.parametrize("kind", ["path", "file", "closed"])
def test_a_file_that_fails_while_it_is_read_is_an_image_error(tmp_path, monkeypatch, kind):
    path = tmp_path / "a.jpg"
    path.write_bytes(JPEG)
    monkeypatch.setattr(opening, "open", lambda *_: Failing(), raising=False)
    source = {"path": path, "file": Failing(), "closed": io.BytesIO()}[kind]
    if kind == "closed":
        source.close()
    with pytest.raises(ImageError, match="cannot be read .* Check its name and rights"):
        open_image(source)


@pytest.mark.parametrize("sides", [(65_536, 1), (1, 65_536)])
def test_a_line_of_pixels_is_refused(sides):
    with pytest.raises(ImageError, match="a side of more than 65,535 pixels") as error:
        image_pixels(encoded("PNG", Image.new("1", sides)), 8)
    assert error.value.status == "too_large"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_or_socket_called_jpg_is_refused_and_the_others_are_read(tmp_path, monkeypatch):
    paths = [tmp_path / f"{number}.jpg" for number in range(16)]
    for path in paths:
        path.write_bytes(JPEG)
    paths[3].unlink(), paths[5].unlink()
    os.mkfifo(paths[3])
    with socket.socket(socket.AF_UNIX) as line:
        monkeypatch.chdir(tmp_path)  # a socket's path may not be long
        line.bind("5.jpg")
        (batch,) = read_ahead(paths, 8, 16, pixels_or_error)
    bad = [number for number, pixels in enumerate(batch) if isinstance(pixels, ImageError)]
    assert bad == [3, 5] and "is a pipe, a socket or a device" in str(batch[3])
    with pytest.raises(ImageError, match="a device"):
        open_image(os.devnull)


@pytest.mark.slow
def test_many_threads_share_the_processes(guarded):
    found = []
    threads = [Thread(target=lambda: found.append(open_image(JPEG).size)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert found == [(60, 40)] * 4
