"""The files of a job: which they are, and whose."""

from collections.abc import Iterable
from pathlib import Path

MADE_BESIDE = (".jsonl", ".parquet", ".html", ".htm", ".state")


class JobError(ValueError):
    """A job that cannot be done like this; the message says what to change."""


def table_path(output: str | Path) -> Path:
    """Return the path of the table to write.

    Raises JobError for an ending that belongs to one of the files beside it.
    """
    path = Path(output)
    if path.suffix.lower() in MADE_BESIDE:
        table = path.with_name(f"{path.stem.removesuffix('.report')}.csv")
        problem = f"-o names the table, and {path.name} is no name for one"
        raise JobError(f"{problem}. Write -o {table}; the other files come beside it")
    return path


def beside(output: Path, ending: str) -> Path:
    """Return the path of another file of the job that writes `output`."""
    return output.with_name(output.stem + ending)


def written(output: Path, parquet: bool, report: bool, more: Iterable[str] = ()) -> list[Path]:
    """Return the files that a job writes; of the report's pages the first two.

    more: endings of further ones.
    """
    endings = [".jsonl", *[".report.html", ".report-2.html"] * report, *[".parquet"] * parquet]
    return [output, *(beside(output, ending) for ending in [*endings, *more])]


def refuse_others(files: Iterable[Path], own: Iterable[str], source: Path) -> None:
    """Raise JobError for files that are there already and not the job's own.

    own: their names.
    source: the input, which may be none of them.
    """
    there = [path for path in files if path.exists() and path.name not in own]
    if any(path.samefile(source) for path in there):
        raise JobError(f"-o would write over the input itself, {source}; choose another name")
    if there:
        names, one = " and ".join(map(str, there)), len(there) == 1
        problem = f"{names} {'exists' if one else 'exist'} already and {'is' if one else 'are'}"
        cure = f"Move or delete {'it' if one else 'them'}, or choose another -o"
        raise JobError(f"{problem} not this job's. {cure}")
