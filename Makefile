# Commands of the course. `make` alone lists them.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

# As helpers/backend.py does, for a script that imports Keras first.
export KERAS_BACKEND = tensorflow
export TF_CPP_MIN_LOG_LEVEL ?= 2
export PIP_DISABLE_PIP_VERSION_CHECK = 1

# True for an interpreter that the course runs on and that can make a virtual environment.
SUITABLE = import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
OTHERS = $(if $(filter file,$(origin PYTHON)),python3.13 python3.12 python3.11)
WITHOUT_DEPENDENCIES = import tomllib; project = tomllib.load(open("pyproject.toml", "rb")); \
	print(*project["tool"]["caption-lessons"]["without-dependencies"])

# Jupyter drops larger messages without a word, 10 MB by itself; then no photo reaches the widget.
LARGE_UPLOADS = --ServerApp.tornado_settings={'websocket_max_message_size':50000000}

.DEFAULT_GOAL := help
.PHONY: help setup lessons test test-long lab notebooks benchmark site publish

help:  ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY)  ## make or update .venv (the others call it)
	@true

lessons: setup  ## run every lesson; DATASET=flickr8k DATA_DIR=folder, LESSONS="04 05"
	@$(BIN)/python notebooks/tools/run.py $(if $(DATASET),--dataset "$(DATASET)") \
		$(if $(DATA_DIR),--data-dir "$(DATA_DIR)") $(LESSONS)

test: setup  ## lint, unit, notebook and browser tests
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports --no-logo --no-cache
	@$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

test-long: setup  ## what is short there, at full length: kills, crowds, memory, the wheel
	@LONG=1 $(BIN)/python -m pytest -s -m long

lab: setup  ## open JupyterLab on lesson 01
	@$(BIN)/jupyter lab "$(LARGE_UPLOADS)" --ServerApp.root_dir=. notebooks/01_clean_captions.ipynb

notebooks: setup  ## rebuild the notebooks from notebooks/src; LESSONS="04 05"
	@$(BIN)/python notebooks/tools/build.py $(LESSONS)

benchmark: setup  ## speed and memory beside the classic recipe
	@$(BIN)/python tests/benchmarks/run.py

site: setup  ## the course as pages in build/site, to read in a browser
	@$(BIN)/sphinx-build -q -W --keep-going -c notebooks/site -b html . build/site
	@echo "open build/site/README.html"

publish: setup  ## write the address into the files: REPOSITORY=owner/name
	@$(BIN)/python notebooks/tools/publish.py --repository "$(REPOSITORY)"

$(READY): pyproject.toml
	@for python in $(PYTHON) $(OTHERS); do \
		if "$$python" -c '$(SUITABLE)' 2>/dev/null; then found="$$python"; break; fi; \
	done; \
	if $(BIN)/python -c '$(SUITABLE)' 2>/dev/null; then exit 0; fi; \
	if [ -z "$$found" ]; then \
		echo "error: $(PYTHON) is not a Python 3.11, 3.12 or 3.13 with the venv module;" \
			"name one: make setup PYTHON=/path/to/python3.13" >&2; exit 1; \
	fi; \
	echo "making $(VENV) with $$found"; "$$found" -m venv --clear $(VENV)
	@echo "installing what pyproject.toml lists (some minutes the first time)"
	@$(BIN)/python -m pip install --quiet --editable ".[dev,fast,hub,plot,scale,text]"
	@$(BIN)/python -m pip install --quiet --no-deps \
		$$($(BIN)/python -c '$(WITHOUT_DEPENDENCIES)') \
		|| echo "note: pycocoevalcap is missing; the tests that compare with it are skipped"
	@touch $@
