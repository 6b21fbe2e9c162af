# Everything here works in a fresh clone: Python 3.11 or newer, make and a package index are all it needs.
PYTHON ?= python3
VENV := .venv
PEER := .venv-peer
MTEB := .venv-mteb
BUILDER := .venv-build
BIN := $(VENV)/bin
# One pinned set for the package, its tests, its documentation and its build.
export PIP_CONSTRAINT := $(CURDIR)/constraints.txt
export PIP_BUILD_CONSTRAINT := $(CURDIR)/constraints.txt
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PYTHONUNBUFFERED := 1
WORKERS ?= 2
# Real data and models for parity and speed.
SHARED := $(or $(LEADERBENCH_SHARED),../shared)

.PHONY: help demo test slow lint format types docs words reference story picture tour docs-serve build parity parity-boards perf perf-boards perf-explain ci clean

help:  ## what can be typed here
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "leaderbench needs Python 3.11 or newer; choose one with: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 3; }
	@echo "Installing the pinned dependencies into $(VENV) (once; a few minutes, torch is large) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -qq torch==2.13.0 --editable '.[dev]'
	@touch $@

demo: $(VENV)/.installed  ## three tiny models, one small exam, five implementations; then all of it in a browser
	@$(BIN)/leaderbench demo
	@$(BIN)/leaderbench serve --store "$${LEADERBENCH_STORE:-leaderbench-store}/demo"

test: $(VENV)/.installed  ## the whole test suite, offline
	HF_HUB_OFFLINE=1 OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS)

slow: $(VENV)/.installed  ## the tests marked slow
	HF_HUB_OFFLINE=1 $(BIN)/python -m pytest -m slow

lint: $(VENV)/.installed  ## ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(VENV)/.installed  ## rewrite files in the house's format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

types: $(VENV)/.installed  ## mypy, strict
	$(BIN)/mypy

docs: $(VENV)/.installed  ## build the documentation into site/
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

reference: $(VENV)/.installed  ## write the reference pages that are made from code
	$(BIN)/python docs/generate.py

words: $(VENV)/.installed  ## bring the translations of the site up to its templates and code
	@$(BIN)/python scripts/site_words.py

story: $(VENV)/.installed  ## run the commands of docs/why.md and fill in what they print
	$(BIN)/python docs/story.py

picture: $(VENV)/.installed  ## draw the README's picture from a run of the demo
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python docs/picture.py

tour: $(VENV)/.installed  ## take the pictures of docs/tour.md in Chromium
	$(BIN)/python -m docs.tour

docs-serve: $(VENV)/.installed  ## read the documentation at http://127.0.0.1:8000
	$(BIN)/mkdocs serve

# Tools that only packaging needs have an environment of their own, so that the tested one is what users get.
$(BUILDER)/.installed: Makefile
	@$(PYTHON) -m venv $(BUILDER)
	@PIP_CONSTRAINT= $(BUILDER)/bin/python -m pip install -qq build==1.6.1 cyclonedx-bom==7.5.0
	@touch $@

build: $(BUILDER)/.installed  ## the wheel, the source archive and what they are made of (SBOM), into dist/
	@rm -rf dist
	@$(BUILDER)/bin/python -m build --outdir dist . >/dev/null
	@$(BUILDER)/bin/cyclonedx-py requirements --pyproject pyproject.toml --mc-type library --output-reproducible \
		--output-file dist/leaderbench.cdx.json constraints.txt
	@ls -l dist

# The peer that we compare with has its own environment and is no dependency.
$(PEER)/.installed: Makefile
	@echo "Installing lm_eval 0.4.13 into $(PEER) (once) ..."
	@$(PYTHON) -m venv $(PEER)
	@PIP_CONSTRAINT= PIP_BUILD_CONSTRAINT= $(PEER)/bin/python -m pip install -qq torch==2.13.0 'lm_eval[hf]==0.4.13'
	@touch $@

parity: $(VENV)/.installed $(PEER)/.installed  ## the same prompts, predictions and log-likelihoods as the references
	$(BIN)/python -m parity.golden
	$(BIN)/python -m parity.compare --peer $(PEER)/bin/python

$(MTEB)/.installed: Makefile
	@echo "Installing mteb 2.26.24 into $(MTEB) (once) ..."
	@$(PYTHON) -m venv $(MTEB)
	@PIP_CONSTRAINT= PIP_BUILD_CONSTRAINT= $(MTEB)/bin/python -m pip install -qq torch==2.13.0 mteb==2.26.24
	@touch $@

parity-boards: $(VENV)/.installed $(MTEB)/.installed  ## Borda and means as MTEB's own table has them
	$(BIN)/python -m parity.borda --peer $(MTEB)/bin/python

perf: $(VENV)/.installed $(PEER)/.installed  ## speed and memory as ratios to lm-eval, on this machine
	$(BIN)/python -m perf --datasets $(SHARED)/hub --peer $(PEER)/bin/python

perf-boards: $(VENV)/.installed  ## how long readers of 10,000 models wait, and imports, ranks and indexes take
	test -d perf/out/stores/long || $(BIN)/python -m perf.boards perf/out/stores
	$(BIN)/python -m perf.load perf/out/stores

perf-explain: $(VENV)/.installed  ## what an explanation costs beside the plain runs that it explains
	$(BIN)/python -m perf.explain --datasets $(SHARED)/hub --model $(SHARED)/models/gpt2like

ci:  ## what .ci/run does
	./.ci/run

clean:  ## remove the environments and everything built
	rm -rf $(VENV) $(PEER) $(MTEB) $(BUILDER) site dist build .mypy_cache .ruff_cache .pytest_cache
