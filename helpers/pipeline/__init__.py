"""The order of the steps: clean, extract, tokenize, train, score.

* `workspace`: the way from top to bottom, a `Workspace` for each data set;
* `materials`: what comes before the training, each thing made once and kept;
* `making`: a new captioner, or a copy of one's model, for training;
* `origin`: what a training is made of, and whether another one is the same;
* `record`: the scores of several runs in one file, for the README;
* `__main__`: the command line, which takes all steps without a notebook.
"""

from helpers.pipeline.materials import PipelineError, recipe_for, work_root
from helpers.pipeline.workspace import Workspace

__all__ = ["PipelineError", "Workspace", "recipe_for", "work_root"]
