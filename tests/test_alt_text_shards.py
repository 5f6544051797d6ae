"""A folder of img2dataset as an input: its images are captioned without a visit, none else read."""

import csv
import json
import sys

import pytest

from alt_text_site import photo, run, site
from helpers.apps.alt_text.reading.rows import TableError
from helpers.apps.alt_text.reading.shards import open_shards, status_of
from helpers.apps.alt_text.visiting.visits import read_shard
from helpers.images import ImageError

SITE = "https://a.example/"


def sample(key, url, status="success", message=None, caption=None, **more):
    """Return what img2dataset writes of an image."""
    size = dict(width=48, height=40, original_width=480, original_height=400)
    known = dict(caption=caption, url=SITE + url, key=key, status=status, error_message=message)
    return known | (size if status == "success" else dict.fromkeys(size)) | {"exif": "{}"} | more


@pytest.fixture
def folder(tmp_path):
    """Fill a folder as img2dataset does."""

    def fill(*samples, parquet=True, ending=".jpg"):
        for known in samples:
            shard = tmp_path / "shards" / known["key"][:5]
            shard.mkdir(parents=True, exist_ok=True)
            if known["status"] == "success":
                (shard / f"{known['key']}{ending}").write_bytes(photo(int(known["key"][-2:])))
                (shard / f"{known['key']}.json").write_text(json.dumps(known))
                (shard / f"{known['key']}.txt").write_text(known["caption"] or "")
        for shard in {known["key"][:5] for known in samples} if parquet else ():
            write_parquet(tmp_path / "shards" / f"{shard}.parquet", samples, shard)
        return tmp_path / "shards"

    return fill


def write_parquet(path, samples, shard):
    pa = pytest.importorskip("pyarrow")
    from pyarrow.parquet import write_table

    rows = [known for known in samples if known["key"].startswith(shard)]
    write_table(pa.Table.from_pylist(rows), path)
    path.with_name(f"{shard}_stats.json").write_text("{}")


def read(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def failed(key, message):
    return sample(key, f"{key}.jpg", "failed_to_download", message)


def test_each_image_gets_its_answer_without_a_visit(folder, tmp_path):
    full = folder(
        sample("000000001", "1.jpg", page=SITE),
        failed("000000002", "HTTP Error 404: Not Found"),
        sample("000000003", "3.jpg", caption="Three dogs", page=SITE),
        sample("000010004", "4.jpg", original_width=1, original_height=1),
        sample("000010001", "copy.jpg"),
    )
    with site() as running:
        assert run(full, tmp_path / "out.csv", running) == 0
        assert not running.visits
    rows = read(tmp_path / "out.csv")
    found = [(row["status"], row["alt_text"], row["image_address"]) for row in rows]
    assert found == [
        ("ok", "A 1 0 128 dog.", f"{SITE}1.jpg"),
        ("http_404", "", f"{SITE}000000002.jpg"),
        ("exists", "Three dogs", f"{SITE}3.jpg"),
        ("looks_decorative", "", f"{SITE}4.jpg"),
        ("ok", "A 1 0 128 dog.", f"{SITE}copy.jpg"),
    ]
    assert rows[0]["file"] == "00000/000000001.jpg" and "exif" not in rows[0]
    assert "000000001" not in (tmp_path / "out.report.html").read_text().partition('id="data"')[0]


def test_all_captions_also_what_has_a_text(folder, tmp_path):
    full = folder(sample("000000003", "3.jpg", caption="Three dogs"))
    assert run(full, tmp_path / "out.csv", None, "--all") == 0
    assert read(tmp_path / "out.csv")[0]["alt_text"] == "A 3 0 128 dog."


@pytest.mark.parametrize("ending", [".jpg", ".png", ".webp"])
def test_without_parquet_the_json_files_are_read(folder, tmp_path, ending, monkeypatch):
    full = folder(sample("000000001", "1.jpg"), sample("000010002", "2.jpg"), ending=ending)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    assert run(full, tmp_path / "out.csv") == 0
    assert [row["alt_text"] for row in read(tmp_path / "out.csv")] == [
        "A 1 0 128 dog.", "A 2 0 128 dog."
    ]  # fmt: skip


def test_a_stopped_job_goes_on_and_a_grown_folder_is_another_job(folder, tmp_path, capsys):
    full = folder(*(sample(f"00000000{n}", f"{n}.jpg") for n in range(5)), parquet=False)
    assert run(full, tmp_path / "out.csv", None, "--limit", "2") == 0
    assert [row["status"] for row in read(tmp_path / "out.csv")].count("pending") == 3
    assert run(full, tmp_path / "out.csv") == 0
    assert {row["status"] for row in read(tmp_path / "out.csv")} == {"ok"}
    folder(sample("000010006", "6.jpg"), parquet=False)
    assert run(full, tmp_path / "out.csv") == 1
    assert "belongs to another job: input changed" in capsys.readouterr().err


def test_a_dry_run_says_what_would_be_done(folder, tmp_path, capsys):
    full = folder(sample("000000001", "1.jpg"))
    assert run(full, tmp_path / "out.csv", None, "--dry-run") == 0
    said = capsys.readouterr().out
    assert "1 file of the folder would be captioned" in said and "visited" not in said


@pytest.mark.parametrize(
    "message, status",
    [("HTTP Error 403: Forbidden", "http_403"), ("<urlopen error timed out>", "timeout")]
    + [("Use of image disallowed by X-Robots-Tag directive", "noai")]
    + [("Image decoding error", "not_an_image"), ("<urlopen error [Errno -2]>", "unreachable")],
)
def test_failures_get_our_words(message, status):
    assert status_of(message) == status


def test_other_folders_are_refused(tmp_path):
    with pytest.raises(TableError, match="is a folder, but not one of img2dataset; give a CSV"):
        open_shards(tmp_path)
    (tmp_path / "00000.tar").write_bytes(b"")
    with pytest.raises(TableError, match="--output_format files"):
        open_shards(tmp_path)


@pytest.mark.parametrize("address", ["shard:../secret", "shard:a/../../secret", "shard:/secret"])
def test_nothing_outside_the_folder_is_read(tmp_path, address):
    (tmp_path / "secret").write_bytes(b"secret")
    (tmp_path / "shards").mkdir()
    with pytest.raises(ImageError, match="leads out"):
        read_shard(address, str(tmp_path / "shards"))
    with pytest.raises(ImageError, match="leads out"):
        read_shard("shard:secret", "")


def test_a_table_cannot_name_files_of_a_folder(tmp_path):
    table = tmp_path / "crawl.csv"
    table.write_text(f"Page,Image\n{SITE},shard:crawl.csv\n{SITE},file:///etc/hosts.png\n")
    assert run(table, tmp_path / "out.csv", None, "--address-column", "Image") == 0
    assert {row["status"] for row in read(tmp_path / "out.csv")} == {"blocked"}
