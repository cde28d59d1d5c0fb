# Everything a fresh machine needs is Python >= 3.11 (with venv) and make. `make serve` and
# `make test` build the environment by themselves; it is built anew when its inputs change.

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.safelight-installed
PIP := $(BIN)/python -m pip --disable-pip-version-check
CANDIDATES := python3 python3.14 python3.13 python3.12 python3.11 python
GOOD := import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for p in $(CANDIDATES); do $$p -c '$(GOOD)' 2>/dev/null && echo $$p && break; done)
# All tests run on every core, a file's tests in one process: many of them wait for servers.
SIDE_BY_SIDE := --numprocesses auto --dist loadfile --quiet --durations 15
SOURCES := emulator contracts tests benchmarks docs examples

.DEFAULT_GOAL := help
.PHONY: help install serve test lint format check bench constraints clean

help: ## show this list
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /make \1\t/' | expand -t 20

install: $(STAMP) ## make the environment in .venv

$(STAMP): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { \
	  echo "Safelight needs Python 3.11 or newer with venv and ensurepip; none of these is one:" \
	       "$(CANDIDATES). Install it, or name it: make PYTHON=/path/to/python3.12" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) install --quiet --constraint constraints.txt --upgrade pip
	$(PIP) install --quiet --constraint constraints.txt --editable . --group dev
	@touch $@

serve: $(STAMP) ## serve on 127.0.0.1:4010; more flags by ARGS="--lenient"
	@$(BIN)/safelight serve $(ARGS)

test: $(STAMP) ## run every test; one of them by ARGS="tests/test_cli.py -k port"
	$(BIN)/python -m pytest $(or $(ARGS),$(SIDE_BY_SIDE))

lint: $(STAMP) ## format check, ruff, mypy --strict
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/mypy

format: $(STAMP) ## rewrite the sources the way `make lint` wants them
	$(BIN)/ruff format $(SOURCES)
	$(BIN)/ruff check --fix $(SOURCES)

check: lint test ## what CI runs: lint, then test

bench: $(STAMP) ## compare with a bare Starlette app; see benchmarks/
	$(BIN)/python benchmarks/serve.py $(ARGS)

constraints: $(STAMP) ## write constraints.txt anew from .venv
	$(BIN)/python -m pip freeze --all --exclude-editable --exclude setuptools \
	  | sed -nE 's/^([A-Za-z0-9._-]+==[^ ;]+)$$/\1/p' > constraints.tmp
	@mv constraints.tmp constraints.txt

clean: ## remove the environment and everything built
	rm -rf $(VENV) .cache tests/node/node_modules build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage htmlcov
	find $(SOURCES) -name __pycache__ -type d -prune -exec rm -rf {} +
