"""Checks of a built notebook: it agrees with its source, and its outputs are fit to commit."""

import base64
import re
import struct

from nbformat import NotebookNode

from check_content import MACHINE_PATH
from exercises import NOT_YET
from lessons import HASH_KEY, Lesson, output_text, tagged, tags

TEXT_LINES, FIGURE_WIDTH, NOTEBOOK_BYTES = 30, 900, 750_000  # real photos take room
ADDRESS_IN_MEMORY = re.compile(r"\b0x[0-9a-fA-F]{8,}")


def check_agreement(lesson: Lesson) -> list[str]:
    """The notebook holds the source's cells, exactly, and the hash of the source."""
    if lesson.built is None:
        return [f"{lesson.notebook_path.name} is not built: run make notebooks"]
    stale = f"{lesson.notebook_path.name} is older than its source: run make notebooks"
    source = [(cell.cell_type, cell.source, tags(cell)) for cell in lesson.source.cells]
    built = [(cell.cell_type, cell.source, tags(cell)) for cell in lesson.built.cells]
    own = lesson.built.metadata.get("caption_lessons", {})
    if source != built or own.get(HASH_KEY) != lesson.source_hash:
        return [stale]
    return [] if lesson.picture_path.exists() else [f"{lesson.picture_path.name} is missing"]


def check_metadata(lesson: Lesson) -> list[str]:
    """No widget state, no execution times; cells ran from top to bottom in a fresh kernel."""
    if lesson.built is None:
        return []
    problems, cells = [], [cell for cell in lesson.built.cells if cell.cell_type == "code"]
    if "widgets" in lesson.built.metadata:
        problems.append("the notebook keeps widget state: run make notebooks")
    if any("execution" in cell.metadata for cell in lesson.built.cells):
        problems.append("the notebook keeps execution times: run make notebooks")
    counts = [cell.execution_count for cell in cells if cell.source.strip()]
    if counts != list(range(1, len(counts) + 1)):
        problems.append("the cells did not run once each, top to bottom: run make notebooks")
    if lesson.notebook_path.stat().st_size > NOTEBOOK_BYTES:
        size = lesson.notebook_path.stat().st_size / 1000
        problems.append(f"the notebook has {size:.0f} KB, {NOTEBOOK_BYTES // 1000} at most")
    return problems


def check_outputs(lesson: Lesson) -> list[str]:
    """Outputs are short, narrow, free of the machine's traces; only tagged cells raise."""
    problems = []
    for number, cell in enumerate(lesson.built.cells if lesson.built else [], start=1):
        for output in cell.get("outputs", []):
            problems += [f"cell {number}: {problem}" for problem in output_problems(output)]
            if output.output_type == "error" and "raises-exception" not in tags(cell):
                problems.append(f"cell {number}: an error is stored")
    return problems


def output_problems(output: NotebookNode) -> list[str]:
    """Problems of one output."""
    problems, data = [], output.get("data", {})
    texts = [output.get("text", ""), "\n".join(output.get("traceback", []))]
    texts += [text for kind, text in data.items() if kind.startswith("text/")]
    plain = max(output.get("text", ""), data.get("text/plain", ""), key=len)
    if len(plain.splitlines()) > TEXT_LINES:
        problems.append(f"{len(plain.splitlines())} lines of text, {TEXT_LINES} at most")
    for text in texts:
        problems += [f"a path of a machine, {path!r}" for path in MACHINE_PATH.findall(text)]
        problems += [f"a memory address, {found}" for found in ADDRESS_IN_MEMORY.findall(text)]
    if any("widget-view" in kind for kind in data):
        problems.append("a widget's view is stored")
    if "image/png" in data and png_width(data["image/png"]) > FIGURE_WIDTH:
        problems.append(f"figure of {png_width(data['image/png'])} pixels, {FIGURE_WIDTH} at most")
    return problems


def png_width(encoded: str) -> int:
    """Width in pixels of a base64-encoded PNG, as its header states it."""
    return struct.unpack(">I", base64.b64decode(encoded[:64])[16:20])[0]


def check_answers(lesson: Lesson) -> list[str]:
    """Stubs print "not yet"; solutions print something else."""
    return answer_problems(lesson.built) if lesson.built else []


def answer_problems(notebook: NotebookNode) -> list[str]:
    """Problems of the exercises of a notebook that was run."""
    problems = []
    for number, cell in enumerate(tagged(notebook, "exercise"), start=1):
        if NOT_YET not in output_text(cell):
            problems.append(f"exercise {number}: the stub does not print {NOT_YET!r}")
    for number, cell in enumerate(tagged(notebook, "solution"), start=1):
        text = output_text(cell)
        if NOT_YET in text or not text.strip():
            problems.append(f"solution {number} does not pass its check: {text.strip()!r}")
    return problems


CHECKS = [check_agreement, check_metadata, check_outputs, check_answers]
