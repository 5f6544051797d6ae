"""The last step: files for machines, and a page for the person who reviews."""

import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from helpers.apps.alt_text.files import beside
from helpers.apps.alt_text.writing.exports import exports_beside
from helpers.apps.alt_text.writing.outputs import Write, csv_file, json_file, parquet_file
from helpers.apps.alt_text.writing.report import About, report_pages
from helpers.files import replacing


@dataclass
class Wish:
    """Which files are wanted.

    Attributes:
        parquet, report: whether these are, beside the table.
        exports: for which sites' own tools.
        about: what the report says of the job.
        notes: what there is to say of the job; the exports add to them.
    """

    parquet: bool = False
    report: bool = True
    exports: Sequence[str] = ()
    about: About = field(default_factory=About)
    notes: list[str] = field(default_factory=list)


@contextmanager
def output_files(
    output: Path, columns: Sequence[str], delimiter: str, wish: Wish
) -> Iterator[tuple[list[Path], list[Write]]]:
    """Give the paths of all output files, and functions that write a Record into them.

    All are whole, and on the disk, before the first takes its place. The table comes first: if a
    spreadsheet holds it, nothing is changed.
    """
    tables = {output: partial(csv_file, delimiter=delimiter), beside(output, ".jsonl"): json_file}
    tables |= {beside(output, ".parquet"): parquet_file} if wish.parquet else {}
    tables |= exports_beside(wish.exports, partial(beside, output), wish.notes.append)
    with ExitStack() as pages, ExitStack() as places:
        unfinished = {path: places.enter_context(replacing(path)) for path in reversed(tables)}
        paths, writers = list(tables), []

        def page(path: Path) -> Path:
            paths.append(path)
            unfinished[path] = pages.enter_context(replacing(path))
            return unfinished[path]

        with ExitStack() as files:
            for path, table in tables.items():
                writers.append(files.enter_context(table(unfinished[path], columns)))
            if wish.report:
                first = beside(output, ".report.html")
                writers.append(files.enter_context(report_pages(first, wish.about, page)))
            yield paths, writers
        for path in unfinished.values():
            with path.open("rb+") as file:
                os.fsync(file.fileno())
