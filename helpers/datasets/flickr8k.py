"""Fetch Flickr8k from the release that TensorFlow's own tutorial uses."""

from pathlib import Path

from helpers.datasets.photos import DatasetError
from helpers.downloads import DownloadError, download, unzip

FLICKR8K_URL = "https://github.com/jbrownlee/Datasets/releases/download/Flickr8k"
FLICKR8K_ARCHIVES = {  # archive: (hash, what stands in the folder after unzipping)
    "Flickr8k_Dataset.zip": ("md5:f18a1e2920de5bd84dae7cf08ec78978", "Flicker8k_Dataset"),
    "Flickr8k_text.zip": ("md5:bf6c1abcb8e4a833b7f922104de18627", "Flickr8k.token.txt"),
}


def download_flickr8k(
    folder: str | Path,
    base_url: str = FLICKR8K_URL,
    archives: dict[str, tuple[str, str]] = FLICKR8K_ARCHIVES,
) -> None:
    """Download Flickr8k (1.1 GB) and unzip it in a folder, leaving out what is there already.

    Raises DatasetError, which tells how to do it by hand.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        for file, (known_hash, result) in archives.items():
            if not (folder / result).exists():
                archive = download(f"{base_url}/{file}", known_hash, folder)
                unzip(archive, folder)
                archive.unlink()
    except DownloadError as error:
        addresses = "\n".join(f"  {base_url}/{file}" for file in archives)
        raise DatasetError(
            f"{error}\nRun this again to go on where it stopped, or do it by hand: fetch\n"
            f"{addresses}\nand unzip both in {folder}. A copy elsewhere is found through data_dir "
            f"or the environment variable CAPTION_DATA_DIR."
        ) from error
