"""Every lesson: its structure, its notebook, a run in order and a run alone."""

import ast
import builtins
import shutil
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from functools import cached_property
from itertools import chain

import pytest
from nbformat.v4 import new_code_cell

import lanes
import run
from check import notebook_problems, source_problems
from check_outputs import answer_problems
from check_skeleton import check_badge, check_set_up
from clean import clean_notebook
from compare import differences
from conftest import LONG
from helpers.training import RECIPES
from lanes import CHAIN, LONGEST_FIRST
from lessons import ROOT, Lesson, choose_lessons, lesson_names, read_address, tagged, tags
from publish import publish, stale_notebooks

NAMES = lesson_names()
FEATURES = ("features.pkl", "xception-grid.*", "vgg16.*", "encoders/*")  # take a minute to make
CAPTIONER = ("captioner/*",)
# What the pipeline makes for whichever lesson comes first.
SHARED = [f"*/{name}" for name in (*FEATURES, *CAPTIONER, "descriptions.txt", "tokenizer.json")]
REGIONS_CAPTIONER = ("attention-captioner/*",)
SHARED += ["encoders/*", f"*/{REGIONS_CAPTIONER[0]}"]  # of lesson 08, or 13 without it
MAKE_THEIRS = ("11", "04", "05", "03")  # they train, or make what is missing
# Nothing that these train need be good, not even for their own later cells.
SHORT_IN_ALL = ("04", "05", "10", "11")
EPOCHS = (3, 12)  # of a captioner that no other lesson uses
SHORTER = """
from dataclasses import replace
from helpers.training import RECIPES
for kind in RECIPES["mini"].keys() - {kept}:
    RECIPES["mini"][kind] = replace(RECIPES["mini"][kind], epochs={epochs})
"""
EXACT = ["01_clean_captions", "03_build_tokenizer"]  # no processor rounds anything in them
PUBLISHED = ["pyproject.toml", "README.md", "CONTRIBUTING.md", "notebooks"]

each_lesson = pytest.mark.parametrize("name", NAMES)


def slow_lessons(test):
    """Mark a test that needs the lessons run; the first of them waits for all lessons."""
    marks = pytest.mark.slow, pytest.mark.notebook, pytest.mark.timeout(2 * 60 * 60)
    for mark in (*marks, pytest.mark.long(*EPOCHS)):
        test = mark(test)
    return test


def test_there_are_lessons():
    assert NAMES, "no lessons in notebooks/src"


def test_lessons_are_numbered_without_gaps():
    assert [int(name[:2]) for name in NAMES] == list(range(1, len(NAMES) + 1))


def test_every_lesson_is_run():
    assert {job.name for job in jobs()} == set(NAMES)


@each_lesson
def test_structure(name):
    assert source_problems(Lesson(ROOT, name)) == []


@each_lesson
def test_notebook_agrees_with_source(name):
    assert notebook_problems(Lesson(ROOT, name)) == []


def test_no_notebook_without_source():
    assert sorted(path.stem for path in (ROOT / "notebooks").glob("*.ipynb")) == NAMES


def test_the_page_of_lesson_11_needs_nothing_of_part_one():
    """Who comes for the page runs the cells down to the settings, then section 6 and the rest."""
    cells = Lesson(ROOT, named("11")).source.cells
    settings = next(place for place, cell in enumerate(cells) if "parameters" in tags(cell))
    page = next(place for place, cell in enumerate(cells) if "## 6. " in cell.source)
    run = [cell for cell in [*cells[: settings + 1], *cells[page:]] if cell.cell_type == "code"]
    nodes = [*nodes_of(ast.parse("\n".join(cell.source for cell in run)))]
    read = {node.id for node in nodes if isinstance(node, ast.Name)}
    assert read - bound_names(nodes) == set()


def nodes_of(tree):
    """A tree's nodes, but for what is only done if a name is there."""
    for node in ast.iter_child_nodes(tree):
        if not (isinstance(node, ast.If) and "globals()" in ast.unparse(node.test)):
            yield node
            yield from nodes_of(node)


def bound_names(nodes):
    """The names that these nodes bind, and Python's own."""
    names = set(dir(builtins))
    for node in nodes:
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            names.add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.alias | ast.arg):
            names.add(node.arg if isinstance(node, ast.arg) else node.asname or node.name)
    return names


def files_readers_see():
    """Files that running a lesson must leave as they are."""
    folders = [ROOT / name for name in ("notebooks", "helpers", "tests", "data/captioners")]
    paths = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    hidden = {"__pycache__", ".ipynb_checkpoints"}
    return {path: path.stat().st_mtime_ns for path in paths if not hidden & set(path.parts)}


@dataclass(frozen=True)
class Job(lanes.Job):
    """A lesson to run: "in order" in the shared work folder, "alone" in one of its own.

    found: which files of the lessons before it finds there;
    maker: a lesson with a folder of its own, whose captioner of regions it finds there, too.
    """

    way: str = "in order"
    found: tuple[str, ...] = ()
    maker: str | None = None

    @property
    def gives(self):
        """Of the first lessons, others need what they make in order."""
        return self.name if self.way == "in order" or self.name[:2] not in CHAIN else None

    @property
    def short(self):
        """Whether everything that it trains is trained for few epochs."""
        return self.way == "alone" and self.name[:2] in SHORT_IN_ALL


def jobs():
    """All runs, the ones that others wait for and the longest first.

    Lessons 01-04 make what the others use, so they run one after the other. The others run in a
    folder that holds features, or features and a captioner, and nothing else: as after the
    earlier lessons, and as for somebody who opens this one alone. Lesson 13 finds the captioner of
    lesson 08 besides; at full length, it trains one.
    """
    chain = NAMES[:4]
    yield from (Job(name, after=tuple(chain[:place])) for place, name in enumerate(chain))
    for number in LONGEST_FIRST:
        if number in MAKE_THEIRS:
            yield Job(named(number), tuple(chain[:2]), "alone", FEATURES)
        elif number == "13" and not LONG:
            maker = named("08")
            yield Job(named(number), (*chain, maker), "alone", FEATURES + CAPTIONER, maker)
        else:
            yield Job(named(number), tuple(chain), "alone", FEATURES + CAPTIONER)


@dataclass(frozen=True)
class Short(Lesson):
    """A lesson that trains for few epochs: a cell behind its settings shortens mini's recipes.

    Every cell of its own runs as it is. At full length no cell is added.

    kept: decoders that are trained as long as ever.
    """

    kept: tuple[str, ...] = ()

    @cached_property
    def cell(self):
        return SHORTER.format(kept=set(self.kept) or "set()", epochs=EPOCHS[0])

    @cached_property
    def source(self):
        notebook = super().source
        ((place, _),) = [
            each for each in enumerate(notebook.cells) if "parameters" in tags(each[1])
        ]
        notebook.cells.insert(place + 1, new_code_cell(self.cell))
        return notebook


def to_run(job):
    """Return a lesson as it is run here: what lesson 04 trains is trained in full."""
    if LONG or job.name in EXACT:
        return Lesson(ROOT, job.name)
    return Short(ROOT, job.name, () if job.short else ("merge",))


@pytest.mark.slow
@pytest.mark.parametrize("kept", [(), ("merge",)])
def test_a_short_lesson_differs_by_a_cell_that_shortens_trainings(monkeypatch, kept):
    mini = RECIPES["mini"]
    assert {recipe.epochs for recipe in mini.values()} == {EPOCHS[1]}
    monkeypatch.setitem(RECIPES, "mini", dict(mini))
    exec(Short(ROOT, NAMES[0], kept).cell, {})
    due = {kind: EPOCHS[kind in kept] for kind in mini}
    assert RECIPES["mini"] == {kind: replace(mini[kind], epochs=due[kind]) for kind in mini}
    for name in set(NAMES) - set(EXACT):
        lesson, short = Lesson(ROOT, name), Short(ROOT, name, kept)
        sources = [cell.source for cell in short.source.cells]
        sources.remove(short.cell)
        assert sources == [cell.source for cell in lesson.source.cells]


def test_the_captioner_that_others_find_is_trained_in_full():
    short = {job: to_run(job) for job in jobs() if isinstance(to_run(job), Short)}
    assert LONG or {job.name for job in short} | {*EXACT} == {*NAMES}
    assert all(lesson.kept == (() if job.short else ("merge",)) for job, lesson in short.items())
    assert not [job for job in short if job.short and job.way == "in order"]
    assert LONG or Job(NAMES[3], after=tuple(NAMES[:3])) in short


def named(number):
    return next(name for name in NAMES if name.startswith(number))


def run_all(folder):
    """Run all jobs in lanes; return (job, run, written files, work folder) of each."""
    done = lanes.in_lanes([*jobs()], lambda job: run_job(job, folder))
    return [(job, *results) for job, results in done]


def run_job(job, folder):
    """Run a lesson; return its run, the files that it wrote, and its work folder."""
    shared, own = folder / "work", folder / job.name / "work"
    work = shared if job.way == "in order" else own
    if job.way == "alone":
        keep(job.found, shared, own)
    if job.maker:
        keep(REGIONS_CAPTIONER, folder / job.maker / "work", own)
    before = contents(work)
    result = run.run_lesson(to_run(job), {}, work.parent / "copies", work)
    after = contents(work)
    return result, {path for path in after if after[path] != before.get(path)}, work


def contents(work):
    """Return {path inside a work folder: size and time} of its files, locks left out."""
    files = [path for path in work.rglob("*") if path.is_file() and path.name[0] != "."]
    stats = {path.relative_to(work).as_posix(): path.stat() for path in files}
    return {name: (stat.st_size, stat.st_mtime_ns) for name, stat in stats.items()}


def keep(patterns, source, target):
    """Copy the files that fit a pattern, and nothing else, from one work folder to another."""
    for path in chain.from_iterable(source.rglob(pattern) for pattern in patterns):
        copy = target / path.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, copy)


@pytest.fixture(scope="session")
def runs(tmp_path_factory):
    """Every run of every lesson, and whether all of them left the course as it was."""
    before, done = files_readers_see(), run_all(tmp_path_factory.mktemp("lessons"))
    return done, before == files_readers_see()


def runs_of(name, runs):
    return [(job, result, work) for job, result, _, work in runs[0] if job.name == name]


@slow_lessons
@each_lesson
def test_lesson_runs(name, runs, record_property):
    for job, result, _ in runs_of(name, runs):
        record_property(job.way, result.seconds)
        assert not result.error, f"{job.way}: {result.error}"
        assert answer_problems(result.notebook) == [], job.way
        assert run.scores(result) or not tagged(result.notebook, "scores")


@slow_lessons
@pytest.mark.parametrize("name", EXACT)
def test_a_new_run_prints_what_the_notebook_shows(name, runs):
    pairs = [(run, work) for job, run, work in runs_of(name, runs) if job.way == "in order"]
    ((result, work),) = pairs
    again = clean_notebook(result.notebook, result.lesson, work)
    assert differences(Lesson(ROOT, name).built, again) == []


@slow_lessons
def test_lessons_write_only_into_the_work_folder(runs):
    assert runs[1], "a lesson changed files beside the work folder"


@slow_lessons
def test_no_two_lessons_write_the_same_file(runs):
    """Else what a lesson shows could depend on which ones ran before it, or beside it."""
    writers = {}
    for job, _, written, _ in runs[0]:
        for path in written:
            if not any(fnmatch(path, pattern) for pattern in SHARED):
                writers.setdefault(path, set()).add(job.name)
    assert {path: names for path, names in writers.items() if len(names) > 1} == {}


@pytest.mark.slow
def test_publish_reaches_every_lesson(tmp_path):
    for name in PUBLISHED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name)
        elif source.exists():
            shutil.copy(source, tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    publish("anna/lessons", tmp_path)
    for lesson in choose_lessons([], tmp_path):
        assert check_badge(lesson) + check_set_up(lesson) == []
        assert [cell.source for cell in lesson.built.cells] == [
            cell.source for cell in lesson.source.cells
        ]
    readme = (tmp_path / "README.md").read_text("utf-8")
    assert "git clone https://github.com/anna/lessons " in readme
    assert read_address(ROOT) not in readme
    assert stale_notebooks(tmp_path) == []
    publish(read_address(ROOT), tmp_path)
    assert {path: path.read_bytes() for path in before} == before


@pytest.mark.slow
def test_publish_names_notebooks_that_it_leaves_alone(course):
    first, second = choose_lessons([], course)
    first.source_path.write_text(first.source_path.read_text("utf-8") + "\n# more\n", "utf-8")
    assert second.built is None and stale_notebooks(course) == [first.notebook_path.name]
