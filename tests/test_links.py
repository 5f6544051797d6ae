"""Links lead somewhere, badges open what they stand beside, figures agree with their sources."""

import json
import re
from functools import cache
from statistics import fmean, stdev
from urllib.parse import unquote

import pytest

from check_content import prose_cells
from check_skeleton import BADGE
from helpers.captioner import DEFAULT, captioner_names
from helpers.pipeline.record import name_of_run
from lessons import ROOT, Lesson, lesson_names, read_address

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "data").glob("*/README.md")])
README = (ROOT / "README.md").read_text("utf-8")
FENCED = re.compile(r"^```.*?^```|`[^`\n]*`", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\(<?([^)\s>]+)>?(?: \"[^\"]*\")?\)|(?:src|href)=\"([^\"]+)\"")
ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:|//")
TIMED_ROW = re.compile(r"^\| \[(\d\d) [^|]+\|[^|]+\|([^|]+)\|([^|]+)\|", re.MULTILINE)
CONFIG = "data/captioners/{}/config.json"
RESULTS = json.loads((ROOT / "data/captioners/results.json").read_text("utf-8"))


def short(path):
    return str(path.relative_to(ROOT))


# Links


def links(text):
    """The relative links of a text: code is left out."""
    found = (one or other for one, other in LINK.findall(FENCED.sub("", text)))
    return [link for link in found if not ELSEWHERE.match(link)]


@cache
def anchors(path):
    """What a `#…` can lead to in a page or a notebook: GitHub makes it of the headings."""
    if path.suffix == ".ipynb":
        cells = json.loads(path.read_text("utf-8"))["cells"]
        text = "\n\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
    else:
        text = path.read_text("utf-8")
    headings = re.findall(r"^#+ +(.+?) *$", re.sub(r"^```.*?^```", "", text, flags=16 | 8), re.M)
    names = [slug(heading) for heading in headings]
    assert len(names) == len(set(names)) or path.suffix == ".ipynb", f"{path}: equal headings"
    return {*names, *re.findall(r"\b(?:id|name)=\"([^\"]+)\"", text)}


def slug(heading):
    """The anchor that GitHub gives a heading."""
    plain = re.sub(r"[*`]|!?\[|\]\([^)]*\)", "", heading).lower()
    return re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")


def broken(text, folder, page):
    """The relative links of a text that lead nowhere."""
    for link in links(text):
        file, _, anchor = unquote(link).partition("#")
        target = (folder / file).resolve() if file else page
        if not target.exists() or ROOT not in [target, *target.parents]:
            yield f"{link}: no such file"
        elif anchor and target.is_file() and anchor not in anchors(target):
            yield f"{link}: no such heading"


@pytest.mark.parametrize("page", PAGES, ids=short)
def test_links_of_a_page_lead_somewhere(page):
    assert list(broken(page.read_text("utf-8"), page.parent, page)) == []


@pytest.mark.parametrize("name", lesson_names())
def test_links_of_a_lesson_lead_somewhere(name):
    lesson = Lesson(ROOT, name)
    text = "\n\n".join(cell.source for cell in prose_cells(lesson))
    assert list(broken(text, ROOT / "notebooks", lesson.notebook_path)) == []


def test_a_broken_link_is_found():
    text = "[a](b.md) [c](README.md#nowhere) [d](README.md#results) `[e](f.md)` [g](https://h.i)"
    assert [link.split(":")[0] for link in broken(text, ROOT, ROOT / "README.md")] == [
        "b.md",
        "README.md#nowhere",
    ]


def test_people_find_their_way_from_the_first_page():
    wanted = {"TROUBLESHOOTING.md", "GLOSSARY.md", "CONTRIBUTING.md"}
    assert wanted <= set(links(README))


def test_the_first_screen_leads_to_a_caption():
    screen = README.split("## ")[0]
    steps = [
        f"git clone https://github.com/{read_address(ROOT)} caption-lessons",
        "make setup",
        ".venv/bin/python -m helpers.captioner photo.jpg",
        "notebooks/07_caption_from_url.ipynb",
    ]
    assert [screen.count(step) for step in steps] == [1, 1, 1, 1]
    assert steps == sorted(steps, key=screen.index) and len(screen.splitlines()) <= 35


# Badges


def test_badges_open_the_lesson_of_their_row():
    rows = [line for line in README.splitlines() if line.startswith("| [")]
    shown = [re.findall(r"notebooks/(\w+)\.ipynb", row) for row in rows]
    assert [set(names) for names in shown] == [{name} for name in lesson_names()]
    assert all(len(names) == 2 for names in shown), "each row links its lesson and has its badge"


def test_the_badge_at_the_top_opens_the_first_lesson():
    first = BADGE.format(address=read_address(ROOT), name=lesson_names()[0])
    assert first in README.split("## ")[0]


# Times


def run_times(name):
    """The last column of a lesson's "Run times", by row: mini and Flickr8k on a CPU."""
    opening = "\n".join(cell.source for cell in prose_cells(Lesson(ROOT, name)))
    rows = re.findall(r"^\| (mini|Flickr8k) \|(?:[^|\n]*\|)*([^|\n]*)\|$", opening, re.MULTILINE)
    return {row: text.strip() for row, text in rows}


def numbers(text):
    """The figures and units of a time, such as ["20-60 s"]."""
    return re.findall(r"\d+(?:-\d+)? (?:s|min|h)\b", text)


@pytest.mark.parametrize("name", lesson_names())
def test_times_in_the_table_are_those_of_the_lesson(name):
    mini, flickr8k = next(row[1:] for row in TIMED_ROW.findall(README) if row[0] == name[:2])
    own, times = run_times(name), zip(("mini", "Flickr8k"), (mini, flickr8k), strict=True)
    for dataset, text in times:
        wanted = own["mini"] if "the same" in text else own[dataset]
        shown = mini if "the same" in text else text
        assert numbers(shown) == numbers(wanted), f"{name}, {dataset}: README says {shown!r}"
        assert ("estimate" in text) == ("estimate" in own[dataset]), f"{name}, {dataset}: estimate"


# Scores

FEATURES_OF = {"merge": "merge-xception", "attention": "attention-xception-grid"}
TOGETHER = "-both runs together"
METRICS = ["BLEU-1", "BLEU-2", "BLEU-3", "BLEU-4", "CIDEr-D"]
SHORT = README.split("## Results")[1].split("\n## ")[0]
PAGE = (ROOT / "data/captioners/README.md").read_text("utf-8")
SECTION = PAGE.split("## All runs")[1]


def recorded(name):
    """The scores of all runs of a captioner, or of its runs together: a dictionary per run."""
    if name.endswith(TOGETHER):
        return [RESULTS["together"]["scores"]]
    return [run["scores"] for run in RESULTS["runs"] if run["name"] == name]


def score_rows():
    """(run, "test, beam 3", cells) of each row of the table with scores of captioners."""
    for line in SECTION.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 7 and (search := re.fullmatch(r"greedy|beam (\d)", cells[1])):
            model, *stage = cells[0].split(", ")
            yield "-".join([FEATURES_OF[model], *stage]), f"test, beam {search[1] or 1}", cells[2:]


def test_the_table_of_results_is_what_was_recorded():
    """One run as it is, several as mean and standard deviation."""
    rows, names = list(score_rows()), {run["name"] for run in RESULTS["runs"]}
    (joined,) = RESULTS["together"]["names"]
    assert {name for name, _, _ in rows} == names | {joined + TOGETHER}
    seeds = [run["seed"] for run in RESULTS["runs"] if run["name"] == joined]
    assert RESULTS["together"]["seeds"] == seeds
    for name, key, cells in rows:
        for metric, cell in zip(METRICS, cells, strict=True):
            values = [scores[key][metric] for scores in recorded(name)]
            wanted = f"{fmean(values):.1f}"
            wanted += f" ± {stdev(values):.1f}" if len(values) > 1 else ""
            assert cell == wanted, f"{name}, {key}, {metric}: recorded are {values}"


def test_lesson_06_says_how_well_scores_agree_with_people():
    source = Lesson(ROOT, "06_score_captions").source_path.read_text("utf-8")
    heads, _, cells = source.split("0 is chance.\n#\n")[1].splitlines()[:3]
    shown = dict(zip(heads.strip("#| ").split(" | "), cells.strip("#| ").split(" | "), strict=True))
    assert {name: float(value) for name, value in shown.items()} == RESULTS["agreement"]


def test_lessons_quote_the_table():
    quoted, stages = {}, ("", "-self-critical")
    names = [name + stage for name in FEATURES_OF.values() for stage in stages]
    for name in [*names, names[-1] + TOGETHER]:
        runs = [scores["test, beam 3"] for scores in recorded(name)]
        quoted[name] = tuple(f"{fmean(run[m] for run in runs):.1f}" for m in ("BLEU-4", "CIDEr-D"))
    sources = {
        name[:2]: Lesson(ROOT, name).source_path.read_text("utf-8") for name in lesson_names()
    }
    ours = "one vector of Xception|grid of Xception|the same|two such"
    row = rf"^# \| (?:{ours}).* \| ([\d.]+) \| ([\d.]+) \|$"
    assert re.findall(row, sources["12"], re.MULTILINE) == list(quoted.values())


def test_the_curves_are_described():
    runs = json.loads((ROOT / "data/captioners/curves.json").read_text("utf-8"))
    for run in runs:
        assert f"{run['name'].split('-')[0]}: seed {run['seed']}" in SECTION


@pytest.mark.parametrize("folder", captioner_names())
def test_the_record_holds_the_captioners_that_come_with_the_course(folder):
    config = json.loads((ROOT / CONFIG.format(folder)).read_text("utf-8"))
    if made := config.get("distilled"):  # its scores stand in its config alone
        script, rate = (ROOT / made["script"]).read_text("utf-8"), made["encoder"]["rate"]
        assert f"default={[number - 1 for number in made['students']]}" in script
        assert f"two students, they learn at {rate} of it" in PAGE
        return
    runs = [run for run in RESULTS["runs"] if run["name"] == name_of_run(config)]
    assert (config["seed"], config["date"]) in [(run["seed"], run["date"]) for run in runs]


def test_the_captioners_page_says_what_their_configs_say():
    rows = re.findall(r"^\| `([\w-]+)` \|.*\| ([\d.]+), ([\d.]+) \|$", PAGE, re.MULTILINE)
    assert sorted(name for name, _, _ in rows) == sorted(
        path.parent.name for path in (ROOT / "data/captioners").glob("*/config.json")
    )
    for name, *shown in rows:
        config = json.loads((ROOT / CONFIG.format(name)).read_text("utf-8"))
        search = config["search"]
        key = "vote" if search["kind"] == "vote" else f"beam {search['beam_size']}"
        best = config["scores"][f"test, {key}"]
        assert shown == [f"{best['BLEU-4']:.1f}", f"{best['CIDEr-D']:.1f}"]


def test_what_is_said_of_dev_is_in_the_config():
    scores = json.loads((ROOT / CONFIG.format(DEFAULT)).read_text("utf-8"))["scores"]
    said = " ".join(PAGE.split()).split("greedy, beam 3, beam 5, vote:")[1].split(";")[0]
    wanted = [scores[f"dev, {name}"]["CIDEr-D"] for name in ("beam 1", "beam 3", "beam 5", "vote")]
    assert re.findall(r"\d\d\.\d", said) == [f"{score:.1f}" for score in wanted]


def test_the_short_table_repeats_what_was_recorded():
    rows = [line.strip("| ").split(" | ") for line in SHORT.splitlines() if line[:2] == "| "][1:]
    scores = json.loads((ROOT / CONFIG.format(DEFAULT)).read_text("utf-8"))["scores"]["test, vote"]
    (ours,) = [row for row in rows if row[0].startswith(f"`{DEFAULT}`")]
    assert ours[1:] == ["vote", *(f"{scores[metric]:.1f}" for metric in METRICS)]
    others = [" ".join(row).strip() for row in rows if row is not ours]
    long = {line.strip("| ").replace(" | ", " ") for line in SECTION.splitlines()}
    assert len(others) == 4 and set(others) <= long


def test_baselines_are_what_was_recorded():
    for name, words in {"constant": "constant caption", "people": "people, one against"}.items():
        cells = next(line for line in SECTION.splitlines() if words in line).split("|")[3:-1]
        scores = RESULTS["baselines"]["flickr8k"][name]
        assert [cell.strip() for cell in cells] == [f"{scores[metric]:.1f}" for metric in METRICS]
