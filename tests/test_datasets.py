"""Data sets: layouts, splits, reports, errors, and the download against a local server."""

import hashlib
import http.server
import io
import json
import shutil
import threading
import zipfile
from pathlib import Path

import pytest

from helpers import downloads
from helpers.captions import read_captions
from helpers.datasets import DatasetError, download_flickr8k, open_dataset, opening

FORMATS = Path(__file__).parent / "fixtures" / "formats"
NAMES = [f"photo{number:02}.jpg" for number in range(20)]


def write_images(folder: Path, names: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).touch()  # opening a data set looks at names only


def write_tokens(path: Path, names: list[str], captions_per_image: int = 2) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [
        f"{name}#{n}\tPhoto {n} of {name} .\n" for name in names for n in range(captions_per_image)
    ]
    path.write_text("".join(rows), encoding="utf-8")


def write_lists(folder: Path, **lists: list[str]) -> None:
    for split, names in lists.items():
        (folder / f"Flickr_8k.{split}Images.txt").write_text("\n".join(names) + "\n")


@pytest.fixture
def flickr(tmp_path) -> Path:
    """A folder in Flickr8k's own layout with 20 images."""
    folder = tmp_path / "flickr"
    write_images(folder / "Flicker8k_Dataset", NAMES)
    write_tokens(folder / "Flickr8k.token.txt", NAMES)
    write_lists(folder, train=NAMES[:14], dev=NAMES[14:17], test=NAMES[17:])
    return folder


def test_flickr8k_layout(flickr):
    dataset = open_dataset(flickr)
    assert dataset.name == "flickr" and dataset.scenes is None
    assert dataset.splits == {"train": NAMES[:14], "dev": NAMES[14:17], "test": NAMES[17:]}
    assert dataset.paths("dev") == [flickr / "Flicker8k_Dataset" / name for name in NAMES[14:17]]
    assert dataset.references("test")[0] == ["Photo 0 of photo17.jpg .", "Photo 1 of photo17.jpg ."]
    assert "40 captions (Flickr8k.token.txt)" in dataset.report
    assert "images with captions: 20" in dataset.report
    assert "train 14, dev 3, test 3 (split lists)" in dataset.report


def test_losses_are_dropped_counted_and_named(flickr):
    with (flickr / "Flickr8k.token.txt").open("a") as file:
        file.write("gone.jpg.1#0\tA ghost .\n" + "".join(f"gone{n}.jpg#0\tA\n" for n in range(3)))
        file.write("photo00.jpg#2\t...\nmute.jpg#0\t!\nspare.jpg#0\tA spare .\n")
    write_images(flickr / "Flicker8k_Dataset", ["extra.jpg", "mute.jpg", "spare.jpg"])
    write_lists(flickr, train=[*NAMES[:14], "gone1.jpg", "mute.jpg", "extra.jpg", NAMES[0]])
    dataset = open_dataset(flickr)
    assert dataset.splits["train"] == NAMES[:14]
    assert set(dataset.captions) == set(dataset.image_paths) == {*NAMES, "spare.jpg"}
    lines = dataset.report.splitlines()
    assert "images whose file is missing: 4 (gone.jpg.1, gone0.jpg, gone1.jpg, …)" in lines
    assert "images without captions: 1 (extra.jpg)" in lines
    assert "images in no split: 2 (mute.jpg, spare.jpg)" in lines
    assert "captions empty after cleaning: 2 (photo00.jpg, mute.jpg)" in lines


@pytest.mark.parametrize(
    "place",
    [
        "Flicker8k_Dataset",
        "Flickr8k_Dataset",
        "Flickr8k_Dataset/Flicker8k_Dataset",
        "Images",
        "images",
        "flickr30k_images/flickr30k_images",
        ".",
    ],
)
def test_images_are_found_in_the_usual_places(tmp_path, place):
    write_images(tmp_path / place, NAMES)
    write_tokens(tmp_path / "captions.txt", NAMES)
    assert open_dataset(tmp_path).image_paths[NAMES[0]].samefile(tmp_path / place / NAMES[0])


@pytest.mark.parametrize("place", [".", "Flickr8k_text", "flickr30k_images"])
def test_captions_and_lists_are_found_beside_the_images(flickr, place):
    (flickr / place).mkdir(exist_ok=True)
    for path in list(flickr.glob("*.txt")):
        shutil.move(path, flickr / place / path.name)
    assert len(open_dataset(flickr).splits["train"]) == 14


def test_paths_written_in_the_captions_file(tmp_path):
    write_images(tmp_path / "images", NAMES)
    rows = "".join(f"images/{name},A photo\n" for name in NAMES)
    (tmp_path / "captions.csv").write_text("image,caption\n" + rows)
    dataset = open_dataset(tmp_path)
    assert dataset.image_paths["images/photo00.jpg"] == tmp_path / "images" / "photo00.jpg"
    assert "images whose file is missing: 0" in dataset.report
    assert "images without captions: 0" in dataset.report


def test_clutter_is_ignored(flickr):
    write_images(flickr / "__MACOSX" / "Images", ["a.jpg"])
    write_images(flickr / "Flicker8k_Dataset", ["._photo00.jpg", "Thumbs.db", ".DS_Store"])
    (flickr / "._Flickr8k.token.txt").write_text("._photo00.jpg#0\tA ghost\n")
    dataset = open_dataset(flickr)
    assert set(dataset.captions) == set(NAMES)
    assert "images without captions: 0" in dataset.report


def test_the_other_files_of_flickr8k_are_not_taken_for_its_captions(flickr):
    (flickr / "CrowdFlowerAnnotations.txt").write_text("photo00.jpg\tphoto01.jpg#2\t0.3\t1\t2\n")
    (flickr / "ExpertAnnotations.txt").write_text("photo00.jpg\tphoto01.jpg#2\t1\t1\t1\n")
    (flickr / "descriptions.txt").write_text("photo00.jpg\tcleaned words\n")
    (flickr / "Flickr8k.lemma.txt").write_text("photo00.jpg#0\tlemma be here\n")
    (flickr / "readme.txt").write_text("If you use this corpus, please cite …")
    assert "40 captions (Flickr8k.token.txt)" in open_dataset(flickr).report


def test_raw_captions_go_before_cleaned_ones(flickr):
    (flickr / "Flickr8k.token.txt").rename(flickr / "results_20130124.token")
    (flickr / "descriptions.txt").write_text("photo00.jpg\tcleaned words\n")
    assert "40 captions (results_20130124.token)" in open_dataset(flickr).report


@pytest.mark.parametrize("name", [path.name for path in sorted(FORMATS.iterdir())])
def test_every_format_opens(tmp_path, name):
    captions = read_captions(FORMATS / name)
    write_images(tmp_path / "images", [*(name.split("/")[-1] for name in captions), *NAMES])
    shutil.copy(FORMATS / name, tmp_path)
    if len(captions) < 3:  # too few for three splits
        with pytest.raises(DatasetError, match="is empty"):
            open_dataset(tmp_path)
        return
    dataset = open_dataset(tmp_path)
    assert set(dataset.captions) == set(captions)
    assert all(dataset.splits.values())


def test_karpathy_splits(tmp_path):
    shutil.copy(FORMATS / "karpathy.json", tmp_path / "dataset.json")
    write_images(tmp_path / "images", ["dog.jpg", "kite.jpg", "cat.png", "boat.jpg"])
    dataset = open_dataset(tmp_path)
    assert dataset.splits["train"] == ["dog.jpg", "kite.jpg"]
    assert dataset.splits["dev"] == ["cat.png"]
    assert "(dataset.json)" in dataset.report


def test_karpathy_splits_serve_a_kaggle_table(tmp_path):
    shutil.copy(FORMATS / "karpathy.json", tmp_path / "dataset.json")
    names = ["dog.jpg", "kite.jpg", "cat.png", "boat.jpg"]
    write_images(tmp_path / "Images", names)
    rows = "".join(f"{name},A photo\n" for name in names)
    (tmp_path / "captions.txt").write_text("image,caption\n" + rows)
    dataset = open_dataset(tmp_path)
    assert dataset.references("test") == [["A photo"]]
    assert dataset.splits["test"] == ["boat.jpg"]


def test_splits_are_made_by_image_and_repeat_with_the_seed(tmp_path):
    write_images(tmp_path / "images", NAMES)
    write_tokens(tmp_path / "captions.txt", NAMES, captions_per_image=5)
    splits = open_dataset(tmp_path).splits
    assert [len(splits[split]) for split in ("train", "dev", "test")] == [16, 2, 2]
    assert sorted(sum(splits.values(), [])) == NAMES
    assert open_dataset(tmp_path).splits == splits
    assert open_dataset(tmp_path, seed=8).splits != splits
    write_tokens(tmp_path / "captions.txt", NAMES[::-1])
    assert open_dataset(tmp_path).splits == splits  # the order of the file does not matter


def test_error_for_a_missing_folder(tmp_path):
    with pytest.raises(
        DatasetError, match=r"nowhere is neither 'mini', 'mini-de', 'flickr8k' nor a folder"
    ):
        open_dataset(tmp_path / "nowhere")


def test_error_without_captions_lists_the_layouts(tmp_path):
    (tmp_path / "notes.txt").write_text("buy milk")
    with pytest.raises(DatasetError, match="no captions file found") as error:
        open_dataset(tmp_path)
    for part in ("notes.txt", "buy milk", "Flicker8k_Dataset/", "results.csv", "Karpathy"):
        assert part in str(error.value)


def test_error_for_captions_in_another_encoding_names_the_line(tmp_path):
    (tmp_path / "captions.txt").write_bytes("a.jpg,A dog\na.jpg,Un été\n".encode("latin-1"))
    with pytest.raises(DatasetError, match="line 2: not UTF-8"):
        open_dataset(tmp_path)


def test_error_without_images(flickr):
    shutil.rmtree(flickr / "Flicker8k_Dataset")
    with pytest.raises(DatasetError, match=r"no images found.*lists 20, for example photo00\.jpg"):
        open_dataset(flickr)


def test_a_list_of_unknown_images_is_named_and_its_split_made(flickr):
    write_lists(flickr, dev=["unknown.jpg"])
    dataset = open_dataset(flickr)
    assert "(split lists, dev made, seed 7)" in dataset.report and len(dataset.splits["dev"]) == 1
    assert "text files called after a split, no lists of these photos: 1" in dataset.report


def test_error_for_splits_that_overlap(flickr):
    write_lists(flickr, test=[*NAMES[17:], NAMES[3]])
    with pytest.raises(DatasetError, match=r"1 images are in train and in test.*photo03\.jpg"):
        open_dataset(flickr)


def test_a_missing_list_is_made(flickr):
    (flickr / "Flickr_8k.devImages.txt").unlink()
    dataset = open_dataset(flickr)
    assert "train 13, dev 1, test 3 (split lists, dev made, seed 7)" in dataset.report


def test_mini_brings_its_scenes(flickr, monkeypatch):
    monkeypatch.setattr(opening, "DATA_FOLDER", flickr.parent)
    flickr.rename(flickr.parent / "mini")
    (flickr.parent / "mini" / "scenes.json").write_text(json.dumps({"scenes": {}, "synonyms": {}}))
    dataset = open_dataset()
    assert dataset.name == "mini" and dataset.scenes == {"scenes": {}, "synonyms": {}}


def test_flickr8k_is_found_by_argument_variable_and_place(flickr, monkeypatch):
    monkeypatch.setattr(opening, "home", lambda: flickr.parent)
    monkeypatch.setattr(opening, "download_flickr8k", pytest.fail)
    monkeypatch.setenv("CAPTION_DATA_DIR", str(flickr))
    assert open_dataset("flickr8k").name == "flickr8k"
    monkeypatch.setenv("CAPTION_DATA_DIR", str(flickr / "nowhere"))
    assert open_dataset("flickr8k", flickr).paths("train")[0].is_relative_to(flickr)
    with pytest.raises(DatasetError, match="nowhere"):
        open_dataset("flickr8k")
    monkeypatch.delenv("CAPTION_DATA_DIR")
    (flickr.parent / "data").mkdir()
    flickr.rename(flickr.parent / "data" / "flickr8k")
    assert open_dataset("flickr8k").image_paths[NAMES[0]].parts[-3] == "flickr8k"


# The download, against a server on this machine.


class Server(http.server.BaseHTTPRequestHandler):
    """Serves the class attribute `files`, with ranges; breaks off after `limit` bytes."""

    files: dict[str, bytes] = {}
    ranges = True
    limit: int | None = None
    sent: list[tuple[str, int]] = []  # (path, first byte) of every answer

    def do_GET(self):
        data = self.files.get(self.path)
        if data is None:
            return self.send_error(404)
        start = 0
        if self.ranges and "Range" in self.headers:
            start = int(self.headers["Range"].removeprefix("bytes=").rstrip("-"))
        if start and start >= len(data):
            return self.send_error(416)
        self.sent.append((self.path, start))
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(data) - start))
        self.end_headers()
        self.wfile.write(data[start : start + self.limit] if self.limit else data[start:])

    def log_message(self, *_):
        pass


def zipped(names: list[str], content: bytes = b"") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, content)
    return buffer.getvalue()


@pytest.fixture
def server(flickr, monkeypatch):
    """Serve the two archives of a small Flickr8k; yield (handler class, address, archives)."""
    images = [f"Flicker8k_Dataset/{name}" for name in NAMES]
    images += ["__MACOSX/Flicker8k_Dataset/._photo00.jpg", "Flicker8k_Dataset/._photo01.jpg"]
    text = io.BytesIO()
    with zipfile.ZipFile(text, "w") as archive:
        for path in flickr.glob("*.txt"):
            archive.write(path, path.name)
    files = {
        "/Flickr8k_Dataset.zip": zipped(images, b"x" * 40_000),
        "/Flickr8k_text.zip": text.getvalue(),
    }
    handler = type("Handler", (Server,), {"files": files, "sent": []})
    archives = {
        name.strip("/"): (f"md5:{hashlib.md5(data).hexdigest()}", result)
        for (name, data), result in zip(
            files.items(), ("Flicker8k_Dataset", "Flickr8k.token.txt"), strict=True
        )
    }
    running = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=running.serve_forever, args=(0.02,), daemon=True).start()
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    yield handler, f"http://127.0.0.1:{running.server_port}", archives
    running.shutdown()
    running.server_close()


def test_download_unzips_a_data_set_that_opens(server, tmp_path, capsys):
    handler, address, archives = server
    download_flickr8k(tmp_path / "data", address, archives)
    dataset = open_dataset("flickr8k", tmp_path / "data")
    assert len(dataset.captions) == 20 and dataset.paths("train")[0].read_bytes() == b"x" * 40_000
    left = {path.name for path in (tmp_path / "data").iterdir()}
    assert left == {"Flicker8k_Dataset", "Flickr8k.token.txt"} | {
        f"Flickr_8k.{split}Images.txt" for split in ("train", "dev", "test")
    }
    assert len(list((tmp_path / "data" / "Flicker8k_Dataset").iterdir())) == 20
    assert "Flickr8k_Dataset.zip: 100%" in capsys.readouterr().err  # the progress bar
    requests_made = len(handler.sent)
    download_flickr8k(tmp_path / "data", address, archives)
    assert len(handler.sent) == requests_made  # what is there is not fetched again


def test_flickr8k_is_downloaded_when_its_folder_holds_nothing(tmp_path, monkeypatch, flickr):
    def fake_download(folder):
        shutil.copytree(flickr, folder)

    monkeypatch.setattr(opening, "home", lambda: tmp_path)
    monkeypatch.setattr(opening, "download_flickr8k", fake_download)
    monkeypatch.delenv("CAPTION_DATA_DIR", raising=False)
    assert len(open_dataset("flickr8k").captions) == 20


@pytest.mark.parametrize("ranges", [True, False])
def test_an_interrupted_download_goes_on(server, tmp_path, ranges):
    handler, address, archives = server
    handler.limit = 300_000
    with pytest.raises(DatasetError, match="go on where it stopped"):
        download_flickr8k(tmp_path, address, archives)
    saved = (tmp_path / "Flickr8k_Dataset.zip.part").stat().st_size
    assert 200_000 < saved <= 300_000
    handler.limit, handler.ranges = None, ranges
    download_flickr8k(tmp_path, address, archives)
    assert handler.sent[1] == ("/Flickr8k_Dataset.zip", saved if ranges else 0)
    assert len(open_dataset(tmp_path).captions) == 20


def test_a_finished_part_is_not_fetched_again(server, tmp_path):
    handler, address, archives = server
    data = handler.files["/Flickr8k_Dataset.zip"]
    (tmp_path / "Flickr8k_Dataset.zip.part").write_bytes(data)
    download_flickr8k(tmp_path, address, archives)
    assert [path for path, _ in handler.sent] == ["/Flickr8k_text.zip"]


def test_another_hash_is_refused_and_removed(server, tmp_path):
    handler, address, archives = server
    handler.files = handler.files | {"/Flickr8k_Dataset.zip": zipped(["evil.jpg"])}
    with pytest.raises(DatasetError, match="hash of downloaded file"):
        download_flickr8k(tmp_path, address, archives)
    assert list(tmp_path.glob("*.zip*")) == [] and not (tmp_path / "evil.jpg").exists()


@pytest.mark.parametrize("broken", ["server down", "file missing"])
def test_an_unreachable_server_gives_the_way_by_hand(server, tmp_path, broken):
    handler, address, archives = server
    if broken == "file missing":
        handler.files = {}
    else:
        address = "http://127.0.0.1:9"
    with pytest.raises(DatasetError) as error:
        download_flickr8k(tmp_path, address, archives)
    for part in (f"{address}/Flickr8k_text.zip", str(tmp_path), "data_dir", "CAPTION_DATA_DIR"):
        assert part in str(error.value)


def test_archives_over_the_caps_are_refused(tmp_path, monkeypatch):
    (tmp_path / "many.zip").write_bytes(zipped(["a", "b", "c"], b"12345"))
    for limit, value in (("MAX_MEMBERS", 2), ("MAX_UNZIPPED_BYTES", 14)):
        with monkeypatch.context() as patch:
            patch.setattr(downloads, limit, value)
            with pytest.raises(downloads.DownloadError, match="3 files of 15 bytes"):
                downloads.unzip(tmp_path / "many.zip", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["many.zip"]
    downloads.unzip(tmp_path / "many.zip", tmp_path)
    assert (tmp_path / "c").read_bytes() == b"12345"


def test_an_archive_cannot_write_outside_its_folder(tmp_path):
    (tmp_path / "inner").mkdir()
    (tmp_path / "evil.zip").write_bytes(zipped(["../evil.txt", "good.txt"]))
    downloads.unzip(tmp_path / "evil.zip", tmp_path / "inner")
    assert not (tmp_path / "evil.txt").exists() and (tmp_path / "inner" / "good.txt").exists()


def test_a_damaged_archive_is_refused(tmp_path):
    (tmp_path / "half.zip").write_bytes(zipped(["a"], b"12345")[:-30])
    with pytest.raises(downloads.DownloadError, match="no whole zip archive"):
        downloads.unzip(tmp_path / "half.zip", tmp_path)
