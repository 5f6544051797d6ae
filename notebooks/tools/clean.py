"""Clean an executed notebook, so that rebuilding it gives small diffs and shows no machine."""

import base64
import hashlib
import io
import re
import sys
from collections import Counter
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbstripout import strip_output
from PIL import Image

from lessons import HASH_KEY, Lesson, tags

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
WIDGET_STATE = "application/vnd.jupyter.widget-state+json"
WIDGET_NOTE = "(a widget: run this cell to use it)"
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}
TENSORFLOW_NOISE = re.compile(
    r"^(?:\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+: .|[IWEF]\d{4} \d\d:\d\d|[IWEF]0000 |"
    r"WARNING: All log messages before absl|To enable the following instructions:).*\n?",
    re.MULTILINE,
)
REPLACEMENTS = [
    (re.compile(r"\x1b\[[0-9;?]*[A-Za-z]"), ""),  # colours of a terminal
    (re.compile(r" ?\[\d+:\d\d[^\]\n]*(?:it|s|B)[^\]\n]*\]"), ""),  # tqdm: [00:01<00:02, 55it/s]
    (re.compile(r" \d+m?s(?: \d+[mu]?s/(?:step|epoch))(?= -|$)", re.MULTILINE), ""),  # Keras: 3s …
    (re.compile(r"\S*ipykernel_\d+\S*?\.py:\d+"), "cell"),
    (re.compile(r"<cell line: \d+>"), "<cell>"),
    (re.compile(r" at 0x[0-9a-fA-F]{6,}"), ""),
    (re.compile(r"0x[0-9a-fA-F]{8,}"), "0x…"),
    (re.compile(r"\b127\.0\.0\.1:\d{5}\b"), "127.0.0.1:54321"),  # a free port, new each time
]


def clean_notebook(notebook: NotebookNode, lesson: Lesson, work: Path | None) -> NotebookNode:
    """Return the notebook with tidy outputs and metadata, ready to be committed.

    work: the work folder of the run; its path is shortened to "work".
    """
    states = notebook.metadata.get("widgets", {}).get(WIDGET_STATE, {}).get("state", {})
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            clean_output(output, states, machine_paths(lesson.root, work))
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if not is_empty(output)]
    notebook = strip_output(notebook, keep_output=True, keep_count=True, keep_id=True)
    return stamp(notebook, lesson)


def stamp(notebook: NotebookNode, lesson: Lesson) -> NotebookNode:
    """Set what does not come from the run: metadata, hash of the source, cell ids, hidden code."""
    language = {"name": "python"}
    own = {HASH_KEY: lesson.source_hash}
    notebook.metadata = nbformat.from_dict(
        {"caption_lessons": own, "kernelspec": KERNEL, "language_info": language}
    )
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    seen: Counter = Counter()
    for cell in notebook.cells:
        cell.id = cell_id(cell, seen)
        if "solution" in tags(cell):
            cell.metadata.update({"cellView": "form", "jupyter": {"source_hidden": True}})
    return notebook


def cell_id(cell: NotebookNode, seen: Counter) -> str:
    """Return an id made from the cell's content, so that other cells' edits leave it alone."""
    seen[cell.source] += 1
    text = f"{cell.source}\n{seen[cell.source]}"
    return hashlib.sha256(text.encode("utf-8")).hexdigest()[:8]


def machine_paths(root: Path, work: Path | None) -> dict[str, str]:
    """Return the machine's own paths and what to show instead, longest first."""
    paths = {f"{root}/": "", str(root): ".", sys.prefix: "(environment)", str(Path.home()): "~"}
    if work is not None:
        paths |= {str(work): "work", str(work.resolve()): "work"}
    paths.pop("/", None)
    return dict(sorted(paths.items(), key=lambda item: -len(item[0])))


def clean_output(output: NotebookNode, states: dict, paths: dict[str, str]) -> None:
    """Clean one output in place: text, and the plain text that stands in for a widget."""
    if output.output_type == "stream":
        output.text = clean_text(output.text, paths)
    elif output.output_type == "error":
        output.traceback = [clean_text(line, paths) for line in output.traceback]
    else:
        view = output.data.pop(WIDGET_VIEW, None)
        if view is not None:
            output.data = nbformat.from_dict({"text/plain": widget_text(view.model_id, states)})
        if "image/png" in output.data:
            output.data["image/png"] = shrink_figure(output.data["image/png"])
        for kind in [kind for kind in output.data if kind.startswith("text/")]:
            output.data[kind] = clean_text(output.data[kind], paths)


def shrink_figure(encoded: str) -> str:
    """Return a base64-encoded PNG with 128 colours: photos take a fifth of the room."""
    with Image.open(io.BytesIO(base64.b64decode(encoded))) as image:
        if image.mode == "P":
            return encoded
        palette, small = image.convert("RGB").quantize(128, dither=Image.Dither.NONE), io.BytesIO()
    palette.save(small, "PNG", optimize=True)
    return min(base64.b64encode(small.getvalue()).decode("ascii"), encoded, key=len)


def clean_text(text: str, paths: dict[str, str]) -> str:
    """Return the text without TensorFlow's notices, addresses, times of bars and own paths."""
    text = TENSORFLOW_NOISE.sub("", text)
    for pattern, replacement in REPLACEMENTS:
        text = pattern.sub(replacement, text)
    for path, replacement in paths.items():
        text = text.replace(path, replacement)
    return re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE)


def widget_text(model_id: str, states: dict) -> str:
    """Return a progress bar's last words ("100% 10/10"), or a note for another widget."""
    children = states.get(model_id, {}).get("state", {}).get("children", [])
    models = [states.get(child.removeprefix("IPY_MODEL_"), {}) for child in children]
    if not any(model.get("model_name") == "FloatProgressModel" for model in models):
        return WIDGET_NOTE
    words = [model["state"].get("value", "") for model in models if "HTML" in model["model_name"]]
    return " ".join(" ".join(word.replace("\u2007", " ").split()) for word in words).strip()


def is_empty(output: NotebookNode) -> bool:
    """True for text output of which cleaning left nothing."""
    return output.output_type == "stream" and not output.text.strip()
