"""A course of two small good lessons, written from the template, for the tests to break."""

import shutil
from pathlib import Path

from check_skeleton import BADGE, expected_set_up, navigation_bar
from lessons import Lesson, read_address

ROOT = Path(__file__).parents[1]
FIRST, SECOND = "01_count_words", "02_read_words"
HELPER = '''"""Count words."""


def count_words(caption: str) -> int:
    """Return the number of words."""
    words = caption.split()
    return len(words)
'''
OPENING = """\
# %% [markdown]
# # {number} · A lesson of the tests
#
# You count the words of a caption.
#
# {badge}
#
# {navigation}

# %% [markdown]
# ![A red square](images/{name}.png)

# %% [markdown]
# **You will learn** to count.
#
# **You need** nothing.
#
# **Run times**
#
# | | Colab T4 | CPU, 2 cores |
# |---|---|---|
# | mini | 1 s | 1 s |
# | Flickr8k | 1 s | 1 s |

# %% [markdown]
# ## Set-up

# %% tags=["setup"]
{set_up}

# %% [markdown]
# The **image** library draws.

# %%
from PIL import Image

# %% [markdown]
# Settings.

# %% tags=["parameters"]
DATASET = "mini"
DATA_DIR = None
SEED = 7

# %% [markdown]
# ## 1. Teach

# %% tags=["same-as:helpers.words.count_words"]
def count_words(caption):
    words = caption.split()  # at white space
    return len(words)


# %% [markdown]
# Draw.

# %% tags=["picture"]
Image.new("RGB", (40, 30), "red")

# %% [markdown]
# The score.

# %% tags=["scores"]
print(DATASET, "words", count_words("a dog runs"))
"""
SECTION = """
# %% [markdown]
# ## {number}. Section
#
# {words}

# %%
print({number})

# %% [markdown]
# {words}

# %%
{number} + 1

# %% [markdown]
# {words}

# %%
print("more")
"""
ENDING = """
# %% [markdown]
# ## Recap
#
# * Words are counted.

# %% [markdown]
# ## Exercises
"""
EXERCISE = """
# %% [markdown]
# ### Exercise {number}: Add
#
# Add {number}.

# %% tags=["exercise"]
def add(value):
    return value  # your turn


print("right" if add(1) == 1 + {number} else "not yet")

# %% tags=["solution"]
# @title Solution {number}
def add(value):
    return value + {number}


print("right" if add(1) == 1 + {number} else "not yet")
"""
CLOSING = """
# %% [markdown]
# ## Next
#
# That is all.
"""


def lesson_text(lesson: Lesson) -> str:
    """Return the source of a good lesson."""
    address = read_address(lesson.root)
    opening = OPENING.format(
        number=lesson.name[:2],
        name=lesson.name,
        badge=BADGE.format(address=address, name=lesson.name),
        navigation=navigation_bar(lesson),
        set_up=expected_set_up(address),
    )
    words = " ".join(["You count every word that a caption holds."] * 12)
    sections = [SECTION.format(number=number, words=words) for number in range(2, 7)]
    exercises = [EXERCISE.format(number=number) for number in (1, 2, 3)]
    return "".join([opening, *sections, ENDING, *exercises, CLOSING])


def write_course(root: Path) -> Path:
    """Write the course into an empty folder and return it."""
    for folder in ("helpers", "notebooks/src", "notebooks/tools"):
        (root / folder).mkdir(parents=True)
    (root / "helpers" / "__init__.py").touch()
    (root / "helpers" / "words.py").write_text(HELPER)
    shutil.copy(ROOT / "pyproject.toml", root)
    shutil.copy(ROOT / "notebooks" / "tools" / "template.md", root / "notebooks" / "tools")
    lessons = [Lesson(root, FIRST), Lesson(root, SECOND)]
    for lesson in lessons:
        lesson.source_path.touch()
    for lesson in lessons:
        lesson.source_path.write_text(lesson_text(lesson), "utf-8")
    return root


def break_source(lesson: Lesson, old: str, new: str) -> Lesson:
    """Replace text in a lesson's source and return the lesson as it then is."""
    text = lesson.source_path.read_text("utf-8")
    assert old in text
    lesson.source_path.write_text(text.replace(old, new), "utf-8")
    return Lesson(lesson.root, lesson.name)
