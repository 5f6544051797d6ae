"""Download a file once, checked and resumable, and unzip it within limits."""

import os
import shutil
import tempfile
import zipfile
from functools import partial
from pathlib import Path

import pooch
import requests
from tqdm.auto import tqdm

MAX_MEMBERS = 20_000
MAX_UNZIPPED_BYTES = 3_000_000_000


class DownloadError(ValueError):
    """A file cannot be fetched or unzipped; the message names it and the reason."""


def download(url: str, known_hash: str, folder: str | Path) -> Path:
    """Download a file into a folder, unless it is there already; return its path.

    An interrupted download goes on where it stopped, if the server can do that.
    known_hash: "md5:…" or "sha256:…"; a file with another hash is removed.
    Raises DownloadError when the server is out of reach or the hash is wrong.
    """
    target = Path(folder) / url.rsplit("/", 1)[-1]
    fetch = partial(_fetch, part=target.with_name(f"{target.name}.part"))
    try:
        pooch.retrieve(url, known_hash, target.name, target.parent, downloader=fetch)
    except (requests.RequestException, OSError, ValueError) as error:
        raise DownloadError(f"{url} could not be downloaded: {error}") from error
    return target


def _fetch(url: str, output_file: str, _pooch, part: Path) -> None:
    """Fetch for pooch: add to what an earlier try left in `part`, then hand it over."""
    start = part.stat().st_size if part.exists() else 0
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={start}-"} if start else {})
    with requests.get(url, headers=headers, stream=True, timeout=30) as response:
        if not (start and response.status_code == 416):  # 416: nothing is left to fetch
            response.raise_for_status()
            _append(response, part, start if response.status_code == 206 else 0)
    shutil.move(part, output_file)


def _append(response: requests.Response, part: Path, start: int) -> None:
    """Write the body of a response from byte `start` on, with a progress bar."""
    total = start + int(response.headers.get("Content-Length", 0)) or None
    with (
        part.open("ab" if start else "wb") as file,
        tqdm(desc=part.stem, initial=start, total=total, unit="B", unit_scale=True) as bar,
    ):
        for chunk in response.iter_content(1 << 16):
            bar.update(file.write(chunk))


def unzip(archive: str | Path, folder: str | Path) -> None:
    """Unzip into a folder, without macOS clutter; nothing stays there if it fails half-way.

    Raises DownloadError for a broken archive and for one with more than MAX_MEMBERS files or
    MAX_UNZIPPED_BYTES.
    """
    with tempfile.TemporaryDirectory(prefix=".unzip-", dir=folder) as staging:
        try:
            _extract(archive, staging)
        except zipfile.BadZipFile as error:
            raise DownloadError(f"{archive} is no whole zip archive: {error}.") from None
        for entry in os.listdir(staging):
            if not Path(folder, entry).exists():
                os.replace(Path(staging, entry), Path(folder, entry))


def _extract(archive: str | Path, folder: str) -> None:
    with zipfile.ZipFile(archive) as zipped:
        members = [member for member in zipped.infolist() if not _is_clutter(member.filename)]
        size = sum(member.file_size for member in members)
        if len(members) > MAX_MEMBERS or size > MAX_UNZIPPED_BYTES:
            raise DownloadError(
                f"{archive} unpacks to {len(members):,} files of {size:,} bytes; the limits are "
                f"{MAX_MEMBERS:,} files and {MAX_UNZIPPED_BYTES:,} bytes."
            )
        for member in tqdm(members, desc=f"unzip {Path(archive).name}"):
            zipped.extract(member, folder)


def _is_clutter(name: str) -> bool:
    """Tell macOS and Windows leavings from data."""
    parts = Path(name).parts
    return "__MACOSX" in parts or parts[-1].startswith("._") or parts[-1] == "Thumbs.db"
