"""Checks of a lesson's skeleton, as template.md states it; each returns a list of problems."""

import ast
import re
from pathlib import Path

from nbformat import NotebookNode

from lessons import Lesson, lesson_names, read_address, tagged, tags

BADGE = (
    "[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)]"
    "(https://colab.research.google.com/github/{address}/blob/main/notebooks/{name}.ipynb)"
)
TEMPLATE = Path(__file__).with_name("template.md")
TEMPLATE_SET_UP = re.compile(r'# %% tags=\["setup"\]\n(.*?)\n\n# %%', re.DOTALL)
PIP = r'\n    subprocess\.run\(\[sys\.executable, "-m", "pip", "install", '
INSTALL = re.compile(PIP + r'"-q", "([\w-]+)"\], check=True\)')
CLONE_ADDRESS = re.compile(r'address, here = "https://github\.com/[^"/]+/[^"/]+"')
FENCED = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
FIXED_HEADINGS = ["Recap", "Exercises", "Next"]
LAST_HEADING = "Further reading"


def code_cells(lesson: Lesson) -> list[NotebookNode]:
    """The lesson's code cells."""
    return [cell for cell in lesson.source.cells if cell.cell_type == "code"]


def headings(lesson: Lesson, level: int) -> list[str]:
    """Texts of all headings of one level, in order; fenced code does not count."""
    cells = [cell for cell in lesson.source.cells if cell.cell_type == "markdown"]
    prose = "\n".join(FENCED.sub("", cell.source) for cell in cells)
    return re.findall(rf"^#{{{level}}} +(.+?) *$", prose, re.MULTILINE)


def first_cell(lesson: Lesson) -> str:
    """Text of the first cell, empty if it is not prose."""
    cells = lesson.source.cells
    return cells[0].source if cells and cells[0].cell_type == "markdown" else ""


def check_title(lesson: Lesson) -> list[str]:
    """One H1, in the first cell, beginning with the lesson's number, a sentence below it."""
    titles, problems = headings(lesson, 1), []
    if len(titles) != 1 or not first_cell(lesson).startswith("# "):
        problems.append(f"{len(titles)} H1 headings: one is due, at the start of the first cell")
    elif not titles[0].startswith(lesson.name[:2]):
        problems.append(f"the title {titles[0]!r} does not begin with {lesson.name[:2]}")
    paragraphs = [part for part in first_cell(lesson).split("\n\n")[1:] if part[:1].isalpha()]
    return problems if paragraphs else [*problems, "the first cell lacks its one sentence"]


def check_badge(lesson: Lesson) -> list[str]:
    """The Colab badge opens this very notebook."""
    badge = BADGE.format(address=read_address(lesson.root), name=lesson.name)
    return [] if badge in first_cell(lesson) else [f"the first cell lacks the badge {badge}"]


def navigation_bar(lesson: Lesson) -> str:
    """Return the bar that leads to the lessons before and after, and to the contents."""
    names = lesson_names(lesson.root)
    place = names.index(lesson.name)
    parts = ["[contents](../README.md)"]
    if place > 0:
        before = names[place - 1]
        parts.insert(0, f"[← {before.replace('_', ' ')}]({before}.ipynb)")
    if place + 1 < len(names):
        after = names[place + 1]
        parts.append(f"[{after.replace('_', ' ')} →]({after}.ipynb)")
    return " · ".join(parts)


def check_navigation(lesson: Lesson) -> list[str]:
    """The bar names the neighbours that exist, and every linked notebook exists."""
    bar, problems = navigation_bar(lesson), []
    if bar not in first_cell(lesson).splitlines():
        problems.append(f"the first cell lacks the navigation bar {bar}")
    names = lesson_names(lesson.root)
    for cell in lesson.source.cells:
        for target in re.findall(r"\]\(([\w.-]+)\.ipynb[)#]", cell.source):
            if cell.cell_type == "markdown" and target not in names:
                problems.append(f"link to {target}.ipynb, which no lesson is")
    return problems


def check_goal(lesson: Lesson) -> list[str]:
    """Picture, "You will learn", "You need" and run times stand before the set-up cell."""
    opening, problems = "", []
    for cell in lesson.source.cells:
        if cell.cell_type == "code":
            break
        opening += cell.source + "\n"
    wanted = ["**You will learn**", "**You need**", "**Run times**", "| mini |", "| Flickr8k |"]
    wanted.append(f"](images/{lesson.name}.png)")
    problems += [
        f"before the set-up cell, {text!r} is missing" for text in wanted if text not in opening
    ]
    if re.search(r"!\[\s*\]\(", opening):
        problems.append("the picture at the top has no alt text")
    if len(tagged(lesson.source, "picture")) != 1:
        problems.append("one cell has to be tagged picture: it draws the figure at the top")
    return problems


def expected_set_up(address: str) -> str:
    """Return the set-up cell of template.md with the address of the repository."""
    cell = TEMPLATE_SET_UP.search(TEMPLATE.read_text("utf-8")).group(1)
    return CLONE_ADDRESS.sub(f'address, here = "https://github.com/{address}"', cell)


def check_set_up(lesson: Lesson) -> list[str]:
    """The first code cell is the set-up cell of template.md; it may install one package more."""
    cells = code_cells(lesson)
    if not cells or "setup" not in tags(cells[0]):
        return ["the first code cell is not tagged setup"]
    own, expected = cells[0].source, expected_set_up(read_address(lesson.root))
    same = INSTALL.sub("", own) == INSTALL.sub("", expected)
    same = same and INSTALL.findall(own)[:1] == INSTALL.findall(expected)
    return [] if same else ["the set-up cell differs from the one in notebooks/tools/template.md"]


def check_settings(lesson: Lesson) -> list[str]:
    """The third code cell is tagged parameters, begins with DATASET and holds plain constants."""
    cells, problems = code_cells(lesson), []
    if len(cells) < 3 or "parameters" not in tags(cells[2]):
        return ["the third code cell is not tagged parameters (set-up, imports, settings)"]
    if not cells[2].source.startswith('DATASET = "mini"'):
        problems.append('the settings do not begin with DATASET = "mini"')
    for statement in ast.parse(cells[2].source).body:
        if not is_constant_setting(statement):
            line = ast.unparse(statement)
            problems.append(f"settings: {line!r} is not NAME = constant; compute in a later cell")
    for name in ("DATA_DIR = None", "SEED = "):
        if name not in cells[2].source:
            problems.append(f"settings: {name!r} is missing")
    return problems


def is_constant_setting(statement: ast.stmt) -> bool:
    """True for `NAME = literal`."""
    if not isinstance(statement, ast.Assign) or not isinstance(statement.targets[0], ast.Name):
        return False
    try:
        ast.literal_eval(statement.value)
    except ValueError:
        return False
    return True


def check_headings(lesson: Lesson) -> list[str]:
    """Sections are numbered from 1; recap, exercises, next and further reading come last."""
    texts, problems = headings(lesson, 2), []
    sections = [text for text in texts if re.match(r"\d+\. ", text)]
    numbers = [int(text.split(".")[0]) for text in sections]
    if not 4 <= len(sections) <= 9 or numbers != list(range(1, len(sections) + 1)):
        problems.append(f"sections are numbered {numbers}: 5-8 are due, numbered 1, 2, 3 …")
    last = [text for text in texts if text != LAST_HEADING][-3:]
    if last != FIXED_HEADINGS or LAST_HEADING in texts[:-1]:
        due = [*FIXED_HEADINGS, LAST_HEADING]
        problems.append(f"the last headings are {texts[-4:]}: due are {due}")
    return problems


def check_exercises(lesson: Lesson) -> list[str]:
    """Three to five exercises, each with a stub and, right after it, its solution."""
    titles = [text for text in headings(lesson, 3) if text.startswith("Exercise")]
    numbers = [int(number) for text in titles for number in re.findall(r"^Exercise (\d+): ", text)]
    problems = []
    if not 3 <= len(titles) <= 5 or numbers != list(range(1, len(titles) + 1)):
        problems.append(
            f"exercises {titles}: three to five are due, 'Exercise 1: …', 'Exercise 2…'"
        )
    stubs = [index for index, cell in enumerate(lesson.source.cells) if "exercise" in tags(cell)]
    if len(stubs) != len(titles) or len(tagged(lesson.source, "solution")) != len(titles):
        problems.append("each exercise needs one cell tagged exercise and one tagged solution")
    for number, index in enumerate(stubs, start=1):
        problems += check_solution(number, lesson.source.cells[index : index + 2])
    return problems


def check_solution(number: int, cells: list[NotebookNode]) -> list[str]:
    """A solution carries its title and ends in the statement that ends its stub."""
    if len(cells) < 2 or "solution" not in tags(cells[1]):
        return [f"exercise {number}: the cell after its stub is not tagged solution"]
    problems = []
    if not cells[1].source.startswith(f"# @title Solution {number}\n"):
        problems.append(f"solution {number} does not begin with '# @title Solution {number}'")
    endings = [ast.dump(ast.parse(cell.source).body[-1]) for cell in cells]
    if endings[0] != endings[1]:
        problems.append(f"exercise {number}: stub and solution end in different checks")
    return problems


CHECKS = [
    check_title, check_badge, check_navigation, check_goal, check_set_up, check_settings,
    check_headings, check_exercises,
]  # fmt: skip
