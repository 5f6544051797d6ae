"""What an image is for, by its markup, its alt text and the link around it: what becomes of it."""

import re
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

from helpers.apps.alt_text import statuses
from helpers.apps.alt_text.signs import IMAGE_ENDING, decorative, hidden

REPEATED = 10  # different images that share an alt text: it describes none of them
LONGEST_NAME = 150  # characters of what a link does
Verdict = tuple[str, str, str]  # status ("" to caption it), message, suggestion

# Words that say of an image that it is one, with a number or without.
IMAGE_WORDS = """image images img photo photos photograph picture pic graphic icon banner
thumbnail placeholder untitled unnamed default alt alttext null undefined none na noalt spacer blank
screenshot bild bilder foto fotos grafik unbenannt ohnetitel imagen imagenes sintítulo fotografía
imagem imagens semtítulo immagine immagini senzatitolo photographie sanstitre afbeelding plaatje
zondertitel obraz obrazek zdjęcie изображение фото фотография картинка безназвания bildet kuva
billede bilde resim görsel εικόνα φωτογραφία 画像 写真 無題 图片 照片 图像 圖片 이미지 사진 그림
صورة תמונה""".split()
NOTHING = re.compile(r"[\W\d_]*|[a-z]")
FILE_NAME = re.compile(rf"\S.*{IMAGE_ENDING}|\S+\.(heif|psd|eps|pdf)", re.IGNORECASE)
CAMERA = re.compile(
    r"(dsc[nf]?|img|imag|image|pic|pict|photo|bild|foto|gopr|pxl|mvimg|dcim|vid|scan|screen ?shot"
    r"|whatsapp image|bildschirmfoto|captura|p|dji|sam|cimg|unnamed|download)"
    r"[\W_]*\d[\d\W_a-z]{0,30}",
    re.IGNORECASE,
)
HASH = re.compile(r"(?=.*\d)[0-9a-f][0-9a-f-]{11,}", re.IGNORECASE)
UNSUPPORTED = re.compile(r"\.(svgz?|tiff?|heic|heif|pdf|eps|ai|psd|ico|jxl|jp2|mp4|webm)$", re.I)
UNSUPPORTED_MIME = re.compile(
    r"image/(svg|tiff|heic|heif|x-icon|vnd\.microsoft|vnd\.adobe|jxl)", re.I
)
FRUITLESS = re.compile(r"(javascript|data|about|blob):|#|$", re.IGNORECASE)
INDEX = re.compile(r"(index|default|home)(\.\w+)?$", re.IGNORECASE)


class NothingKnown:
    """What is known beside a row, where no job has looked: nothing."""

    def markup(self, page: str, address: str) -> dict[str, str]:
        """Return how an image stands on a page that was read."""
        return {}

    def title(self, address: str) -> str:
        """Return the H1, else the title, of a page that was read; "" for any other."""
        return ""

    def repeated(self, alt: str) -> bool:
        """True for an alt text that many different images share."""
        return False


NOTHING_KNOWN = NothingKnown()


def verdict(
    image: Mapping[str, str], address: str, alt: str, weak: bool, known: NothingKnown
) -> Verdict:
    """Return what becomes of an image.

    image: its markup, and what was seen around it on its page (`markup.py` says what).
    alt: its alt text, from the markup or the table.
    weak: alt texts that say little are made anew.
    """
    reason = weak_alt(alt, address, known.repeated(alt)) if alt else ""
    if alt and not reason:
        return statuses.EXISTS, "has an alt text already", ""
    if reason and not weak:
        return statuses.WEAK, reason, ""
    if function := function_of(image, known):
        return function
    if reason := "" if alt else hidden(image):
        return statuses.DECORATIVE, reason, ""
    if UNSUPPORTED.search(path_of(address)) or address[:14].lower() == "data:image/svg":
        return statuses.UNSUPPORTED, "a kind of file that isn't looked into; describe it", ""
    if reason := decorative(image, address):
        return statuses.LOOKS_DECORATIVE, reason, ""
    return "", "", ""


def weak_alt(alt: str, address: str, repeated: bool = False) -> str:
    """Return why an alt text says nothing of its image; "" for one that may."""
    letters = re.sub(r"[\W\d_]", "", alt).lower()
    if NOTHING.fullmatch(alt.strip().lower()):
        return f"its alt text “{alt[:40]}” holds no word"
    if letters in IMAGE_WORDS:
        return f"its alt text “{alt[:40]}” says only that it is an image"
    named = re.search(r"[_\d-]", alt) and alt.strip() == stem_of(address)
    if named or any(kind.fullmatch(alt.strip()) for kind in (FILE_NAME, CAMERA, HASH)):
        return f"its alt text “{alt[:60]}” is the name of a file"
    return f"{REPEATED} or more images share its alt text “{alt[:60]}”" if repeated else ""


def stem_of(address: str) -> str:
    """Return the name of the file at an address, without its ending."""
    return re.sub(r"\.\w+$", "", path_of(address).rpartition("/")[2])


def path_of(address: str) -> str:
    """Return the path in an address as people read it; "" where there is none."""
    try:
        return unquote(urlsplit(address).path)
    except ValueError:
        return ""


def function_of(image: Mapping[str, str], known: NothingKnown) -> Verdict | None:
    """Return what a link or button does in which an image stands alone; None for other images.

    A link that is named already needs no second name from an empty alt text.
    """
    target, name = image.get("link", ""), image.get("link_name", "").strip()
    enlarges = re.search(rf"{IMAGE_ENDING}$", path_of(target), re.IGNORECASE)
    if not image.get("alone") or enlarges or (is_empty(image) and name):
        return None
    if text := (name or known.title(target) or readable(target))[:LONGEST_NAME]:
        return statuses.FUNCTIONAL, "it is alone in a link or button, which it has to name", text
    problem = "it is alone in a link or button, and nothing tells what that does; say it"
    return statuses.UNSURE, problem, ""


def is_empty(image: Mapping[str, str]) -> bool:
    """True if markup says that an image needs no words: alt=""."""
    return "alt" in image and not image["alt"].strip()


def readable(target: str) -> str:
    """Return where a link leads in words: "/about-us.html" is “About us”; "" for no words."""
    if FRUITLESS.match(target.strip()):
        return ""
    try:
        parts = urlsplit(target.strip())
    except ValueError:
        return ""
    if parts.scheme in ("mailto", "tel"):
        return unquote(parts.path)
    places = [unquote(place) for place in parts.path.split("/") if place]
    places = [place for place in places if not INDEX.match(place)]
    if not places:
        return parts.netloc.rpartition("@")[2].removeprefix("www.")
    words = re.sub(r"[\s_+-]+", " ", re.sub(r"\.\w{2,5}$", "", places[-1])).strip()
    tells = re.search(r"[^\W\d_]{3}|[\u3040-\u9fff\uac00-\ud7af]", words) and not HASH.fullmatch(
        words
    )
    return words[:1].upper() + words[1:] if tells else ""
