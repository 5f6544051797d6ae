"""One way to open an image: every dress of a photo gives the same pixels."""

import io
import struct
import tracemalloc
import warnings
import zlib

import numpy as np
import pytest
from PIL import Image, ImageOps, features

from helpers.images import ImageError, decoding, image_pixels, open_image, upright
from helpers.images.limits import count_passes

ORIENTATION = 0x0112


@pytest.fixture(scope="module")
def photo() -> Image.Image:
    """A smooth photo of 80 x 60 pixels whose four corners differ."""
    y, x = np.mgrid[0:60, 0:80]
    colours = [x * 3, y * 4, 255 - x * 2 - y]
    return Image.fromarray(np.stack(colours, axis=-1).clip(0, 255).astype(np.uint8))


def encoded(image: Image.Image, kind: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def difference(image: Image.Image, other: Image.Image) -> float:
    """Return the mean absolute difference of two images, in steps of 0..255."""
    assert image.mode == other.mode == "RGB" and image.size == other.size
    return float(np.abs(np.asarray(image, int) - np.asarray(other, int)).mean())


@pytest.mark.parametrize(
    ("kind", "mode", "options", "tolerance"),
    [
        ("JPEG", "RGB", {"quality": 95}, 1.5),
        ("JPEG", "RGB", {"quality": 95, "progressive": True}, 1.5),
        ("JPEG", "CMYK", {"quality": 95}, 2),
        ("MPO", "RGB", {"quality": 95}, 1.5),
        ("PNG", "RGB", {}, 0),
        ("PNG", "RGBA", {}, 0),
        ("WEBP", "RGB", {"lossless": True}, 0),
        ("WEBP", "RGBA", {"lossless": True}, 0),
        ("BMP", "RGB", {}, 0),
        ("PNG", "P", {}, 6),
        ("GIF", "P", {}, 6),
    ],
)
def test_every_dress_of_a_photo_gives_the_same_pixels(photo, kind, mode, options, tolerance):
    dressed = photo.quantize(256) if mode == "P" else photo.convert(mode)
    assert difference(open_image(encoded(dressed, kind, **options)), photo) <= tolerance


@pytest.mark.skipif(not features.check("avif"), reason="this Pillow has no AVIF")
def test_avif(photo):
    assert difference(open_image(encoded(photo, "AVIF", quality=95)), photo) < 4


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_rotation_is_undone(photo, orientation):
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = photo.transpose(undo[orientation]) if orientation > 1 else photo
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    data = encoded(stored, "JPEG", quality=95, exif=exif)
    assert difference(open_image(data), photo) < 1.5
    assert difference(open_image(data, size=10), photo.resize(open_image(data, 10).size)) < 4
    data = encoded(stored, "PNG", exif=exif)
    assert difference(open_image(data), photo) == 0
    reduced = open_image(data, size=10)
    assert reduced.size == (27, 20)  # blocks of 3 x 3, the last ones of a row cut off
    assert difference(reduced, photo.resize((27, 20))) < 4


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_damaged_exif_does_not_cost_the_photo(photo):
    for exif in (
        b"Exif\0\0rubbish",
        b"Exif\0\0II*\0\xff\xff\xff\xff",
        b"Exif\0\0MM\0*\0\0\0\x08\xff",
    ):
        assert difference(open_image(encoded(photo, "JPEG", quality=95, exif=exif)), photo) < 1.5


def test_a_photo_with_damaged_exif_is_turned_all_the_same(photo):
    """The model of this camera is a number, so Pillow cannot write the EXIF data anew."""
    entries = struct.pack(">HHIHHHHII", 0x0112, 3, 1, 6, 0, 0x010F, 5, 1, 38) + bytes(4)
    exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x02" + entries + struct.pack(">II", 72, 1)
    data = encoded(photo.transpose(Image.Transpose.ROTATE_90), "JPEG", quality=95, exif=exif)
    with Image.open(io.BytesIO(data)) as image, pytest.raises(AttributeError):
        ImageOps.exif_transpose(image)
    assert difference(open_image(data), photo) < 1.5


def test_transparency_lies_on_white():
    palette = Image.new("P", (4, 4), 3)
    palette.putpalette([0, 0, 0, 255, 0, 0, 0, 255, 0, 9, 9, 9])
    clear = {
        encoded(Image.new("RGBA", (4, 4), (0, 0, 0, 0)), "PNG"),
        encoded(Image.new("RGBA", (4, 4), (0, 0, 0, 0)), "WEBP", lossless=True),
        encoded(Image.new("LA", (4, 4), (0, 0)), "PNG"),
        encoded(Image.new("L", (4, 4), 7), "PNG", transparency=7),
        encoded(Image.new("RGB", (4, 4), (1, 2, 3)), "PNG", transparency=(1, 2, 3)),
        encoded(palette, "PNG", transparency=3),
        encoded(palette, "GIF", transparency=3),
    }
    for data in clear:
        assert open_image(data).getpixel((0, 0)) == (255, 255, 255)
    half = open_image(encoded(Image.new("RGBA", (4, 4), (255, 0, 0, 128)), "PNG"))
    assert half.getpixel((0, 0)) == pytest.approx((255, 127, 127), abs=1)


def test_grey_and_bilevel_images(photo):
    grey = open_image(encoded(photo.convert("L"), "JPEG", quality=95))
    assert difference(grey, photo.convert("L").convert("RGB")) < 1.5
    assert open_image(encoded(Image.new("1", (3, 3), 1), "PNG")).getpixel((1, 1)) == (255,) * 3


def test_sixteen_bits_are_scaled_not_cut():
    values = np.array([[0, 255, 40_000, 65_535]], dtype=np.uint16)
    pixels = np.asarray(open_image(encoded(Image.fromarray(values), "PNG")))
    assert pixels[0, :, 0].tolist() == [0, 0, 156, 255]


def test_an_animation_shows_its_first_frame():
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    for kind in ("GIF", "WEBP", "PNG"):
        data = encoded(frames[0], kind, save_all=True, append_images=frames[1:])
        red, green, blue = open_image(data).getpixel((4, 4))
        assert red > 240 and green < 15 and blue < 15


@pytest.mark.parametrize("shape", [(1000, 700), (700, 1000), (2000, 401), (450, 450)])
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_large_jpegs_are_reduced_but_never_below_size(photo, shape, mode):
    data = encoded(photo.resize(shape).convert(mode), "JPEG", quality=95)
    reduced, whole = open_image(data, size=100), open_image(data)
    assert whole.size == shape
    assert reduced.size < whole.size and min(reduced.size) >= 100
    square = (100, 100), Image.Resampling.BICUBIC
    assert difference(reduced.resize(*square), whole.resize(*square)) < 1


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "P", "I;16"])
def test_other_large_images_are_reduced_as_well(photo, mode):
    image = photo.resize((1000, 700))
    image = image.quantize(256) if mode == "P" else image.convert(mode[0] if ";" in mode else mode)
    if mode == "I;16":
        image = Image.fromarray(np.asarray(image.convert("L"), np.uint16) * 257)
    data = encoded(image, "PNG")
    reduced, whole = open_image(data, size=100), open_image(data)
    assert (reduced.size, whole.size) == ((334, 234), (1000, 700))
    square = (100, 100), Image.Resampling.BICUBIC
    assert difference(reduced.resize(*square), whole.resize(*square)) < 1


def test_what_is_clear_does_not_bleed_when_reduced():
    pixels = np.zeros((300, 300, 4), np.uint8)  # black and clear, with one opaque red pixel in 9
    pixels[::3, ::3] = 255, 0, 0, 255
    red, green, blue = open_image(encoded(Image.fromarray(pixels), "PNG"), size=50).getpixel((9, 9))
    assert red == 255 and green == blue == pytest.approx(255 * 8 / 9, abs=1)


def test_small_jpegs_are_not_touched_by_size(photo):
    data = encoded(photo, "JPEG")
    assert difference(open_image(data, size=299), open_image(data)) == 0


def test_image_pixels(photo):
    pixels = image_pixels(encoded(photo, "PNG"), 32)
    assert pixels.shape == (32, 32, 3) and pixels.dtype == np.uint8 and pixels.flags.writeable
    expected = photo.resize((32, 32), Image.Resampling.BICUBIC)
    assert np.array_equal(pixels, np.asarray(expected))


def test_path_bytes_and_binary_file_are_the_same(photo, tmp_path):
    data = encoded(photo, "PNG")
    path = tmp_path / "ü photo.txt"  # the name says nothing
    path.write_bytes(data)
    file = io.BytesIO(data)
    for source in (path, str(path), data, bytearray(data), memoryview(data), file, file):
        assert difference(open_image(source), photo) == 0
    with path.open("rb") as binary:
        assert difference(open_image(binary), photo) == 0
        assert not binary.closed


def test_the_file_of_a_path_is_closed(photo, tmp_path):
    path = tmp_path / "photo.jpg"
    path.write_bytes(encoded(photo, "JPEG"))
    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        open_image(path)
        path.write_bytes(encoded(photo, "JPEG")[:300])
        with pytest.raises(ImageError):
            open_image(path)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP"])
@pytest.mark.parametrize("size", [None, 10])
def test_a_truncated_image_is_refused(photo, kind, size):
    data = encoded(photo, kind)
    for share in (0.4, 0.8):
        with pytest.raises(ImageError, match=r"The image of .* bytes is damaged or cut off"):
            open_image(data[: int(len(data) * share)], size)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is empty"),
        (b"\n <!DOCTYPE html><title>404</title>", "web page; right-click the image on it"),
        (b"\xef\xbb\xbf<HTML>", "web page"),
        (b"<script>location = '/'</script>", "web page"),
        (b"<?xml version='1.0'?><svg/>", "SVG drawing"),
        (b"\x1f\x8b\x08", "packed with gzip"),
        (b"MM\0*", "TIFF"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG drawing"),
        (b"%PDF-1.7", "PDF"),
        (b"\0\0\0\x18ftypheic\0\0\0\0", "HEIC photo"),
        (b"A dog runs .", "no image of a supported format.*JPEG, PNG, WEBP"),
    ],
)
def test_what_is_no_image_is_called_by_its_name(tmp_path, data, reason):
    path = tmp_path / "photo.jpg"
    path.write_bytes(data)
    with pytest.raises(ImageError, match=rf"photo\.jpg .*{reason}"):
        open_image(path)


@pytest.mark.parametrize("kind", ["TIFF", "ICO", "PPM", "JPEG2000"])
def test_formats_off_the_list_are_refused(photo, kind):
    with pytest.raises(ImageError, match="Save it as"):
        open_image(encoded(photo, kind))


def test_missing_file_and_folder(tmp_path):
    with pytest.raises(ImageError, match=r"none\.jpg: there is no such file"):
        open_image(tmp_path / "none.jpg")
    with pytest.raises(ImageError, match="is a folder"):
        open_image(tmp_path)
    with pytest.raises(ImageError, match="cannot be read"):
        open_image("a\0b.jpg")


def test_wrong_kinds_of_source():
    with pytest.raises(ImageError, match="Give a path, a URL, bytes or a binary file"):
        open_image(None)
    with pytest.raises(ImageError, match="open as text"):
        open_image(io.StringIO("text"))


def png_header(width: int, height: int) -> bytes:
    """A PNG of a few bytes that announces any size."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("side", [6_400, 10_000, 20_000])
def test_too_many_pixels_are_refused_before_decoding(side, monkeypatch):
    monkeypatch.setattr(decoding, "upright_rgb", pytest.fail)
    with pytest.raises(ImageError, match="more than 40 megapixels"):
        open_image(png_header(side, side))


def test_the_warning_of_pillow_is_an_error_too():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(ImageError, match="more than 40 megapixels"):
            open_image(png_header(10_000, 10_000))


def test_forty_megapixels_may_be_decoded():
    with pytest.raises(ImageError, match="cut off"):  # no pixels in the file, yet not too large
        open_image(png_header(8_000, 5_000))


@pytest.fixture
def peak():
    """A function that tells how many bytes Python has held at most since the test began."""
    tracemalloc.start()
    yield lambda: tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()


def bloated(path, start: bytes, megabytes: int):
    """Write a file that begins like a photo and takes room that no disk has to give."""
    path.write_bytes(start)
    with path.open("r+b") as file:
        file.truncate(megabytes * 1_000_000)
    return path


@pytest.mark.parametrize(
    ("kind", "megabytes"), [("JPEG", 2000), ("WEBP", 101), ("PNG", 251), ("AVIF", 101)]
)
def test_a_file_larger_than_any_photo_is_refused_unread(photo, tmp_path, peak, kind, megabytes):
    if kind == "AVIF" and not features.check("avif"):
        pytest.skip("this Pillow has no AVIF")
    options = {"progressive": True} if kind == "JPEG" else {}
    path = bloated(tmp_path / "photo.jpg", encoded(photo, kind, **options), megabytes)
    with pytest.raises(ImageError, match=r"photo.jpg has more than \d+ MB, which") as caught:
        open_image(path)
    assert caught.value.status == "too_large"
    assert peak() < 20_000_000


def test_the_passes_of_a_large_jpeg_are_counted_piece_by_piece(photo, tmp_path, peak):
    path = bloated(tmp_path / "photo.jpg", encoded(photo, "JPEG", progressive=True), 90)
    assert open_image(path).size == photo.size
    assert peak() < 20_000_000


@pytest.mark.parametrize("place", [0, 1, 2, 3])
def test_a_pass_that_begins_between_two_pieces_counts_once(place):
    marks = b"x" * ((1 << 20) - 2 + place - 1) + b"\xff\xda" + b"\xff\xda"
    assert count_passes(io.BytesIO(marks)) == 2


# What drawings and cameras leave


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
@pytest.mark.parametrize("light", [255, 225, 200])
def test_a_light_drawing_on_clear_ground_can_be_seen(mode, light):
    drawing = Image.new("RGBA", (90, 60))
    drawing.paste((light, light, light, 255), (20, 20, 70, 40))
    for size in (None, 20):
        image = open_image(encoded(drawing.convert(mode), "PNG"), size)
        low, high = image.convert("L").getextrema()
        assert high == light and light - low > 100, "nobody can see it"
        assert image.getpixel((0, 0)) == upright.GREY


@pytest.mark.parametrize("colour", [(0, 0, 0), (200, 0, 0), (90, 120, 90)])
def test_a_dark_drawing_lies_on_white_and_so_does_nothing_at_all(colour):
    drawing = Image.new("RGBA", (90, 60))
    assert open_image(encoded(drawing, "PNG")).getpixel((0, 0)) == upright.WHITE
    drawing.paste((*colour, 255), (20, 20, 70, 40))
    assert open_image(encoded(drawing, "PNG")).getpixel((0, 0)) == upright.WHITE


def test_a_light_photo_without_clear_pixels_stays_as_it_is():
    snow = Image.new("RGBA", (9, 9), (240, 240, 250, 255))
    assert open_image(encoded(snow, "PNG")).getpixel((4, 4)) == (240, 240, 250)


@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
def test_fewer_bits_in_a_file_of_sixteen_are_as_bright_as_ever(bits):
    most = (1 << bits) - 1
    values = np.array([[0, most // 4, most // 2, most]], dtype=np.uint16)
    pixels = np.asarray(open_image(encoded(Image.fromarray(values), "PNG")))
    assert pixels[0, :, 0].tolist() == pytest.approx([0, 63, 127, 255], abs=1)


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"optimize": True}])
@pytest.mark.parametrize("missing", [1, 2])
def test_a_jpeg_without_its_end_is_a_whole_picture(photo, options, missing):
    data = encoded(photo, "JPEG", quality=95, **options)
    assert difference(open_image(data[:-missing]), open_image(data)) == 0
    assert open_image(data[:-missing], 10).size == open_image(data, 10).size


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"optimize": True}])
@pytest.mark.parametrize("missing", [20, 200, 900])
def test_a_jpeg_without_more_is_cut_off(options, missing):
    noise = np.random.default_rng(1).integers(0, 256, (80, 60, 3), "uint8")
    data = encoded(Image.fromarray(noise), "JPEG", **options)
    with pytest.raises(ImageError, match="cut off"):
        open_image(data[:-missing])


def test_heic_says_how_it_becomes_a_jpeg():
    with pytest.raises(ImageError, match="HEIC photo. Save it as JPEG: .*export") as error:
        open_image(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
    assert "Most Compatible" in str(error.value)
    with pytest.raises(ImageError, match="is a film"):
        open_image(b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom")
