# Every goal sets up what it needs; nothing has to be installed by hand but Python 3.11 or newer.
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
JOBS ?= $(shell nproc 2>/dev/null || echo 2)

.PHONY: help setup demo test lint bench docs clean

help: ## list the goals
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

$(PY):
	$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: pyproject.toml | $(PY)
	$(PY) -m pip install --disable-pip-version-check -q -e ".[demo]"
	$(PY) -m pip install --disable-pip-version-check -q --no-deps scikit-image "alibi==0.9.4" # for their photographs
	@touch $@

$(VENV)/.dev: pyproject.toml | $(PY)
	$(PY) -m pip install --disable-pip-version-check -q -e ".[dev]"
	$(PY) -m pip install --disable-pip-version-check -q --no-deps scikit-image "alibi==0.9.4" # for their photographs
	@touch $@

setup: $(VENV)/.dev ## make the environment for development in .venv

demo: $(VENV)/.demo ## compile the network that ships with Pith and run it on photographs
	$(PY) -m pith.demo.run

test: $(VENV)/.dev ## run all tests
	$(PY) -m pytest -n $(JOBS) --dist worksteal

lint: $(VENV)/.dev ## ruff and mypy --strict
	$(PY) -m ruff check pith tests benchmarks examples
	$(PY) -m mypy

bench: $(VENV)/.dev ## the tables of the README
	$(PY) benchmarks/real_models.py --csv benchmarks/results/real_models.csv
	$(PY) benchmarks/compile_time.py --csv benchmarks/results/compile_time.csv
	$(PY) benchmarks/cold_start.py --csv benchmarks/results/cold_start.csv

docs: $(VENV)/.dev ## the generated pages: operators, conformance
	$(PY) -m pith ops --markdown > docs/operators.md
	$(PY) -m tests.conformance.scoreboard

clean: ## remove the environment and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .hypothesis build
