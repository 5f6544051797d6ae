"""The course as pages: `make site` builds them with Sphinx and MyST-NB, outputs as committed."""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "notebooks" / "tools"))
from lessons import choose_lessons, read_address  # noqa: E402

project, html_title = "Caption lessons", "Caption lessons"
extensions = ["myst_nb"]
html_theme = "furo"
html_theme_options = {"source_repository": f"https://github.com/{read_address(ROOT)}/"}
language = "en"
root_doc = "README"
LESSONS = [f"notebooks/{lesson.name}" for lesson in choose_lessons([], ROOT)]
REST = ["GLOSSARY", "TROUBLESHOOTING", "data/captioners/README", "CONTRIBUTING", "CHANGELOG"]
include_patterns = [f"{name}.*" for name in (root_doc, *LESSONS, *REST)]
exclude_patterns = ["**.py", "**.png"]
nb_execution_mode = "off"
nb_merge_streams = True
myst_heading_anchors = 4
myst_enable_extensions = ["dollarmath"]
suppress_warnings = ["mystnb.unknown_mime_type"]
html_copy_source = False
html_static_path, html_js_files = ["static"], ["focus.js"]

CONTENTS = "\n\n```{{toctree}}\n:hidden:\n\n{names}\n```\n"
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)(#[^)\s]*)?\)")


def add_contents(app, docname: str, source: list[str]) -> None:
    """Give the first page the table of contents, and let links to code lead to the repository."""
    if docname == root_doc:
        source[0] += CONTENTS.format(names="\n".join([*LESSONS, *REST]))
    source[0] = LINK.sub(lambda link: led_out(link, ROOT / docname), source[0])


def led_out(link: re.Match, page: Path) -> str:
    """Return a Markdown link; to the repository if it leads to a file that is no page."""
    target = (page.parent / link[1]).resolve()
    inside = target.is_relative_to(ROOT)
    name = target.relative_to(ROOT).as_posix() if inside else ""
    pages = {root_doc, *LESSONS, *REST}
    if not inside or Path(name).with_suffix("").as_posix() in pages or name.endswith(".png"):
        return link[0]
    kind = "tree" if target.is_dir() else "blob"
    return f"](https://github.com/{read_address(ROOT)}/{kind}/main/{name}{link[2] or ''})"


def setup(app) -> None:
    """Connect the above."""
    app.connect("source-read", add_contents)
