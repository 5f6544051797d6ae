"""Standard streams as other programs leave them: closed, full, or in another encoding."""

import os
import subprocess
import sys

import pytest

from conftest import few_quick
from helpers import backend
from helpers.apps.alt_text.__main__ import main as alt_text
from helpers.captioner import Captioner
from helpers.captioner import __main__ as captioner_command
from helpers.console import decoded, input_lines, is_closed, one_line, tell, tell_once
from helpers.datasets.__main__ import main as datasets
from helpers.images import ImageError
from helpers.images.errors import name_of
from helpers.pipeline.__main__ import main as pipeline

NAMES = ["a.jpg", "Hündin im Gras.jpg", "图片/犬.png", "https://example.org/ü?x=1&y=2"]
WRITTEN = {
    "UTF-8": lambda text: text.encode(),
    "UTF-8 with a mark": lambda text: text.encode("utf-8-sig"),
    "PowerShell 5": lambda text: text.replace("\n", "\r\n").encode("utf-16"),
    "UTF-16 of the other end": lambda text: b"\xfe\xff" + text.encode("utf-16-be"),
    "UTF-16 without a mark": lambda text: text.encode("utf-16-le"),
    "big UTF-16 without a mark": lambda text: text.encode("utf-16-be"),
    "UTF-32": lambda text: text.encode("utf-32"),
    "Windows": lambda text: text.replace("\n", "\r\n").encode(),
    "find -print0": lambda text: text.replace("\n", "\0").encode(),
    "two files after each other": lambda text: text.encode("utf-8-sig") * 2,
}
UNIX = pytest.mark.skipif(os.name != "posix", reason="needs a shell of Unix")


@pytest.mark.parametrize("form", WRITTEN)
def test_a_list_of_names_is_read_whoever_wrote_it(form, tmp_path, monkeypatch):
    (tmp_path / "list").write_bytes(WRITTEN[form]("".join(f"{name}\n" for name in NAMES)))
    with (tmp_path / "list").open(encoding="utf-8") as file:
        monkeypatch.setattr("sys.stdin", file)
        lines = input_lines()
    assert lines == NAMES * (2 if "two" in form else 1)


@pytest.mark.parametrize(
    ("data", "encoding", "text"),
    [
        (b"", "utf-8", ""),
        (b"caf\xe9.png\n", "cp1252", "café.png\n"),
        (b"caf\x82.png\n", "cp850", "café.png\n"),
        (b"caf\xe9.png\n", "utf-8", "caf\udce9.png\n"),
        ("café.png\n".encode(), "cp1252", "café.png\n"),
        (b"\xff\xfea\x00\x00", "utf-8", "a\ufffd"),
        (b"\0\0\0\0", "utf-8", "\0\0\0\0"),
        (b"a.jpg\0b b.jpg\0a.jpg\0", "utf-8", "a.jpg\0b b.jpg\0a.jpg\0"),
    ],
)
def test_a_list_without_a_mark_is_in_utf8_or_in_the_console_s_code_page(data, encoding, text):
    assert decoded(data, encoding) == text


def test_control_characters_of_a_path_are_escaped(capsys):
    assert one_line("a\nb\r\tc\x1b[2J\x85\u2028é犬") == r"a\nb\r\tc\x1b[2J\x85\u2028é犬"
    assert name_of("two\nlines.jpg") == r"two\nlines.jpg"
    assert tell(ValueError("two\nlines\x1b")) == 1
    assert capsys.readouterr().err == "two\nlines\\x1b\n"
    line = captioner_command.line_of("a\nb\tc.jpg", [captioner_command.Candidate("dog", 1)], False)
    assert line == "a\\nb\\tc.jpg\tdog"


def test_a_full_disk_is_named_as_such(capsys):
    tell(OSError(28, "No space left on device", "/a/out.csv"))
    said = capsys.readouterr().err
    assert said.startswith("the disk is full. Make room") and "/a/out.csv" in said


def test_an_error_that_cannot_be_told_is_no_other_error(monkeypatch):
    class Full:
        def write(self, text):
            raise OSError(28, "No space left on device")

    monkeypatch.setattr("sys.stderr", Full())
    assert tell(ValueError("a problem")) == 1


def test_an_empty_name_is_an_image_that_is_not_there(monkeypatch):
    monkeypatch.setattr(captioner_command, "input_lines", lambda: ["a.jpg", "  "])
    assert captioner_command.list_sources(["", "-", "b.jpg"]) == ["", "a.jpg", "b.jpg"]


def test_what_is_told_once_is_told_once(capsys):
    for _ in range(3):
        tell_once("only once, of this test")
    assert capsys.readouterr().err.count("only once") == 1


COMMANDS = {
    "captioner": captioner_command.main,
    "alt text": alt_text,
    "datasets": datasets,
    "pipeline": pipeline,
}


@pytest.mark.parametrize("command", COMMANDS)
def test_help_is_printed_on_a_console_of_few_letters(command, tmp_path, monkeypatch):
    with (tmp_path / "out").open("w", encoding="ascii") as file:
        monkeypatch.setattr("sys.stdout", file)
        with pytest.raises(SystemExit) as ended:
            COMMANDS[command](["--help"])
    assert ended.value.code == 0 and "usage" in (tmp_path / "out").read_text("ascii")


def shell(line, root):
    """Run a line of the shell; %P is Python."""
    line = line.replace("%P", sys.executable)
    return subprocess.run(line, shell=True, cwd=root, capture_output=True, text=True, timeout=300)


@UNIX
@pytest.mark.parametrize(
    ("line", "said"),
    few_quick(
        [
            ("%P -m helpers.captioner - 0<&-", "standard input is closed"),
            ("%P -m helpers.captioner a.jpg 1>&-", "standard output is closed"),
            ("%P -m helpers.captioner - 0>/dev/null", "standard input can't be read"),
        ]
    ),
)
def test_a_stream_that_is_closed_is_named_before_any_work(line, said, root):
    run = shell(line, root)
    assert run.returncode == 1 and run.stdout == "" and "Traceback" not in run.stderr
    assert said in run.stderr and len(run.stderr.splitlines()) == 1


@UNIX
@pytest.mark.parametrize("closed", ["0<&-", "1>&-", "2>&-", "0<&- 2>&-", "0<&- 1>&- 2>&-"])
def test_a_closed_stream_s_place_is_not_given_to_a_file(closed, tmp_path, root):
    """Else all that is printed would go into it."""
    code = "\n".join(
        [
            "import sys",
            "sys.orig_argv = ['python', '-m', 'helpers.any']",
            "import os, helpers",
            "from helpers.console import is_closed",
            "file = open(sys.argv[1], 'w')",
            "streams = [sys.stdin, sys.stdout, sys.stderr]",
            "file.write(f'{file.fileno() > 2} {[is_closed(each) for each in streams]}')",
            "print('out'), print('err', file=sys.stderr)",
        ]
    )
    (tmp_path / "code.py").write_text(code)
    run = shell(f"PYTHONPATH=. %P {tmp_path}/code.py {tmp_path}/out {closed}", root)
    expected = [name in closed for name in ("0<&-", "1>&-", "2>&-")]
    assert run.returncode == 0 and (tmp_path / "out").read_text() == f"True {expected}"


@UNIX
@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_a_full_disk_below_standard_output_is_named(root):
    run = shell("%P -m helpers.datasets mini > /dev/full", root)
    assert run.returncode == 1 and run.stderr.startswith("the disk is full")
    assert "Traceback" not in run.stderr and "ignored" not in run.stderr


def test_an_ordinary_stream_is_not_closed():
    assert not is_closed(sys.stdout) and not is_closed(sys.stderr)


# Forks


@UNIX
def test_a_fork_is_refused_where_it_would_wait_for_ever(monkeypatch):
    first = backend.first_process()
    assert first == os.getpid()
    backend.refuse_fork()
    monkeypatch.setattr(backend.os, "getpid", lambda: first + 1)
    with pytest.raises(RuntimeError, match='get_context."spawn".'):
        backend.refuse_fork()
    with pytest.raises(RuntimeError, match="of which this one is a fork"):
        Captioner.load()


@pytest.mark.slow
def test_what_a_download_says_does_not_go_to_standard_output(monkeypatch, capsys):
    def load(name, changes=None):
        print("downloading", name)
        return name

    monkeypatch.setattr("helpers.captioner.ours.load_encoder", load)
    captioner = Captioner.load("merge-xception")
    assert captioner.encoder == "xception"
    said = capsys.readouterr()
    assert said.out == "" and said.err == "downloading xception\n"


def test_an_error_names_its_image_on_one_line(capsys, monkeypatch):
    monkeypatch.setattr(captioner_command, "results", lambda *_: iter([ImageError("a\nb")]))
    assert captioner_command.main(["x.jpg"]) == 1
    assert "a\\nb\n" in capsys.readouterr().err
