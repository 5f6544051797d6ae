"""Checks of a lesson's prose and code: sizes, words, imports, code that equals a helper's."""

import ast
import re
from pathlib import Path

from nbformat import NotebookNode

from check_skeleton import code_cells
from lessons import Lesson, tags

CELLS = (35, 90)
PROSE_PER_CODE = (1.0, 1.8)
WORDS = (1200, 2400)
CODE_LINES, CLASS_LINES, LINE_LENGTH = 30, 40, 100
AFTER_PROSE = 0.75
KNOWN_TAGS = {
    "setup", "parameters", "picture", "readme-picture", "scores", "exercise", "solution",
    "raises-exception",
}  # fmt: skip
TEACHES = "same-as:"
BANNED_WORDS = re.compile(r"\b(simply|just|obviously)\b", re.IGNORECASE)
MACHINE_PATH = re.compile(
    r"(?<![\w.~/:-])/(?:home|root|Users|tmp|private|var|opt|work|mnt|workspace)/[\w.-]+"
    r"|\b[A-Z]:\\\\?Users\b"
)
NOT_PROSE = re.compile(
    r"^```.*?^```|`[^`\n]*`|!?\[!\[.*?\)\]\(.*?\)|\]\([^)]*\)|\$[^$]*\$", re.S | re.M
)


def prose(cell: NotebookNode) -> str:
    """A prose cell's words without code, addresses, formulas and the badge."""
    return NOT_PROSE.sub(" ", cell.source)


def prose_cells(lesson: Lesson) -> list[NotebookNode]:
    """The lesson's markdown cells."""
    return [cell for cell in lesson.source.cells if cell.cell_type == "markdown"]


def outside(value: float, limits: tuple[float, float]) -> bool:
    """True when the value lies outside the limits."""
    return not limits[0] <= value <= limits[1]


def check_sizes(lesson: Lesson) -> list[str]:
    """Number of cells, prose cells per code cell, words of prose; solutions don't count."""
    code = [cell for cell in code_cells(lesson) if "solution" not in tags(cell)]
    texts = prose_cells(lesson)
    words = sum(len(re.findall(r"[^\W_]+(?:['’-][^\W_]+)*", prose(cell))) for cell in texts)
    count, ratio = len(code) + len(texts), len(texts) / max(len(code), 1)
    problems = []
    if outside(count, CELLS):
        problems.append(f"{count} cells without the solutions: {CELLS[0]}-{CELLS[1]} are due")
    if outside(ratio, PROSE_PER_CODE):
        problems.append(f"{len(texts)} prose cells to {len(code)} code cells: 1.0-1.8 to 1 are due")
    if outside(words, WORDS):
        problems.append(f"{words} words of prose: {WORDS[0]}-{WORDS[1]} are due")
    return problems


def check_code_cells(lesson: Lesson) -> list[str]:
    """Code cells are short, their lines fit, and most of them come straight after prose."""
    problems = []
    for number, cell in enumerate(lesson.source.cells, start=1):
        lines = cell.source.splitlines()
        if cell.cell_type == "code":
            limit = CLASS_LINES if re.search(r"^class ", cell.source, re.M) else CODE_LINES
            if len(lines) > limit:
                problems.append(f"cell {number}: {len(lines)} lines of code, {limit} at most")
            if any(len(line) > LINE_LENGTH for line in lines):
                problems.append(f"cell {number}: a line of more than {LINE_LENGTH} characters")
    share = share_after_prose(lesson)
    if share < AFTER_PROSE:
        problems.append(f"{share:.0%} of the code cells come straight after prose: 75% are due")
    return problems


def share_after_prose(lesson: Lesson) -> float:
    """Share (0..1) of code cells, solutions left out, that come straight after prose."""
    pairs = zip([None, *lesson.source.cells], lesson.source.cells, strict=False)
    follows = [
        before is not None and before.cell_type == "markdown"
        for before, cell in pairs
        if cell.cell_type == "code" and "solution" not in tags(cell)
    ]
    return sum(follows) / max(len(follows), 1)


def check_words(lesson: Lesson) -> list[str]:
    """No word that tells readers something is easy, and no path of a machine."""
    problems = []
    for number, cell in enumerate(lesson.source.cells, start=1):
        if cell.cell_type == "markdown":
            for word in BANNED_WORDS.findall(prose(cell)):
                problems.append(f"cell {number}: the word {word!r}; leave it out")
        for path in MACHINE_PATH.findall(cell.source):
            problems.append(f"cell {number}: a path of a machine, {path!r}")
    return problems


def check_code(lesson: Lesson) -> list[str]:
    """Code parses; no star-import, no bare except, no switch for test runs, no unknown tag."""
    problems = []
    for number, cell in enumerate(lesson.source.cells, start=1):
        unknown = [
            tag for tag in tags(cell) if tag not in KNOWN_TAGS and not tag.startswith(TEACHES)
        ]
        problems += [f"cell {number}: unknown tag {tag!r}" for tag in unknown]
        if cell.cell_type == "code":
            problems += [f"cell {number}: {problem}" for problem in code_problems(cell.source)]
    return problems


def code_problems(source: str) -> list[str]:
    """Problems of one code cell."""
    try:
        nodes = list(ast.walk(ast.parse(source)))
    except SyntaxError as error:
        return [f"not plain Python, line {error.lineno}: {error.msg}"]
    problems = []
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.names[0].name == "*":
            problems.append(f"star-import from {node.module}")
        if isinstance(node, ast.ExceptHandler) and node.type is None:
            problems.append("bare except")
        if isinstance(node, ast.Constant) and node.value in ("CI", "PYTEST_CURRENT_TEST"):
            problems.append("asks whether it runs in a test")
    return problems


def check_same_as(lesson: Lesson) -> list[str]:
    """A cell tagged same-as:helpers.module.name defines what the helper defines."""
    problems = []
    for number, cell in enumerate(lesson.source.cells, start=1):
        for tag in tags(cell):
            if tag.startswith(TEACHES):
                problem = compare_with_helper(cell, tag.removeprefix(TEACHES), lesson)
                problems += [f"cell {number}: {problem}"] if problem else []
    return problems


def compare_with_helper(cell: NotebookNode, target: str, lesson: Lesson) -> str:
    """Return what is wrong between a cell and `helpers.module.name`, empty if they agree."""
    path, names = place_of(target.split("."), lesson)
    if path is None:
        return f"no module for the tag {TEACHES}{target}"
    taught = find_definition(ast.parse(cell.source), names)
    helper = find_definition(ast.parse(path.read_text("utf-8")), names)
    if helper is None:
        return f"{target} is not in {path.name}"
    if taught is None:
        return f"the cell does not define {names[-1]}"
    same = ast.dump(Bare().visit(taught)) == ast.dump(Bare().visit(helper))
    return "" if same else f"{names[-1]} differs from {target}"


def place_of(parts: list[str], lesson: Lesson) -> tuple[Path | None, list[str]]:
    """Find the file of `helpers.module.name`, and what it is to define; (None, …) without one.

    `helpers.package.name` is looked for in all modules of a package.
    """
    for count in range(2, len(parts)):
        path = lesson.root.joinpath(*parts[:count]).with_suffix(".py")
        if parts[0] == "helpers" and path.is_file():
            return path, parts[count:]
    names = parts[2:] if parts[0] == "helpers" else []
    for path in sorted(lesson.root.joinpath(*parts[:2]).glob("*.py")):
        if names and find_definition(ast.parse(path.read_text("utf-8")), names):
            return path, names
    return None, names


def find_definition(tree: ast.AST, names: list[str]) -> ast.AST | None:
    """Find a function, class or assignment by its dotted name; a method may stand alone."""
    for node in getattr(tree, "body", []):
        targets = [target.id for target in assigned(node) if isinstance(target, ast.Name)]
        if getattr(node, "name", None) == names[0] or names[0] in targets:
            return node if len(names) == 1 else find_definition(node, names[1:])
    return find_definition(tree, names[1:]) if len(names) > 1 else None


def assigned(node: ast.AST) -> list[ast.AST]:
    """Targets of an assignment, none for another statement."""
    return getattr(node, "targets", None) or [getattr(node, "target", None)]


class Bare(ast.NodeTransformer):
    """Drops docstrings and type hints from a syntax tree."""

    def visit(self, node: ast.AST) -> ast.AST:
        """Visit a node without its docstring, hints and type parameters."""
        body = getattr(node, "body", None)
        documented = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        if documented and ast.get_docstring(node) is not None:
            node.body = body[1:] or [ast.Pass()]
        for hint in ("annotation", "returns"):
            if hasattr(node, hint):
                setattr(node, hint, None)
        return super().visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        """Turn `name: hint = value` into `name = value`."""
        self.generic_visit(node)
        if node.value is None:
            return ast.Expr(node.target)
        return ast.Assign([node.target], node.value)


CHECKS = [check_sizes, check_code_cells, check_words, check_code, check_same_as]
