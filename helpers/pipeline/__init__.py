"""The order of the steps: clean, extract, tokenize, train, score; `Workspace` takes them all."""

from helpers.pipeline.materials import PipelineError, recipe_for
from helpers.pipeline.workspace import Workspace
