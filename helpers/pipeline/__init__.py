"""The order of the steps: clean, extract, tokenize, train, score.

* `steps`: each step loads what stands in the work folder, or makes it;
* `making`: a new captioner, or a copy of one's model, for training;
* `backups`: which run left its last epoch, and whether this one goes on from it;
* `record`: the scores of several runs in one file, for the README;
* `__main__`: the command line, which takes all of them without a notebook.
"""

from helpers.pipeline.making import new_captioner
from helpers.pipeline.steps import (
    PipelineError,
    build_captioner,
    build_descriptions,
    build_features,
    build_mirror_features,
    build_regions,
    build_self_critical,
    build_tokenizer,
    caption_batches,
    recipe_for,
    score_captioner,
    work_folder,
)

__all__ = [
    "PipelineError",
    "build_captioner",
    "build_descriptions",
    "build_features",
    "build_mirror_features",
    "build_regions",
    "build_self_critical",
    "build_tokenizer",
    "caption_batches",
    "new_captioner",
    "recipe_for",
    "score_captioner",
    "work_folder",
]
