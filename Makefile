# Every goal sets up what it needs; nothing has to be installed by hand but Python 3.11 or newer.
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip install --disable-pip-version-check -q
JOBS ?= $(shell nproc 2>/dev/null || echo 2)
# Installed for the photographs inside; what they depend on is not needed.
PHOTOS := $(PIP) --no-deps scikit-image "alibi==0.9.4"

.PHONY: help setup demo test lint bench docs clean

help: ## list the goals
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

$(PY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Pith needs Python 3.11 or newer; choose it with: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: pyproject.toml | $(PY)
	@echo "installing what the demonstration needs into $(VENV) (once) ..."
	@$(PIP) -e ".[demo]"
	@$(PHOTOS)
	@touch $@

$(VENV)/.dev: pyproject.toml | $(PY)
	@echo "installing what development needs into $(VENV) (once) ..."
	@$(PIP) -e ".[dev,train]"
	@$(PHOTOS)
	@touch $@ $(VENV)/.demo

setup: $(VENV)/.dev ## make the environment for development in .venv

demo: $(VENV)/.demo ## compile the network that ships with Pith and run it on photographs
	@$(PY) -m pith.demo.run

test: $(VENV)/.dev ## run all tests
	$(PY) -m pytest -n $(JOBS) --dist worksteal --durations 25

lint: $(VENV)/.dev ## ruff and mypy --strict
	$(PY) -m ruff check pith tests benchmarks examples
	$(PY) -m mypy

bench: $(VENV)/.dev ## measure, and write the tables of the README; MODELS=FOLDER: beside other runtimes too
	mkdir -p benchmarks/results
	$(PY) -m benchmarks.real_models --csv benchmarks/results/real_models.csv
	$(PY) -m benchmarks.compile_time --csv benchmarks/results/compile_time.csv
	$(PY) -m benchmarks.cold_start $(if $(MODELS),--models $(MODELS)) --csv benchmarks/results/cold_start.csv
	$(if $(MODELS),$(PY) -m benchmarks.peers --models $(MODELS) --threads 1$(shell [ $(JOBS) -gt 1 ] && echo ,2) --repeat 3 --csv benchmarks/results/peers.csv)
	$(PY) -m benchmarks.winograd_error --csv benchmarks/results/winograd_error.csv
	$(PY) -m benchmarks.readme_tables
	$(PY) -m benchmarks.pictures

docs: $(VENV)/.dev ## the generated pages: operators, conformance
	$(PY) -m pith ops --markdown > docs/operators.md
	$(PY) -m tests.conformance.scoreboard

clean: ## remove the environment, caches and build folders
	rm -rf $(VENV) .mypy_cache .ruff_cache .hypothesis .cache-ci build pith-demo
