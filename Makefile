# LifeCircle. `make` alone lists the targets.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test check lint format assets docs wheel bench lock clean env env-dev env-bench

export PYTHON ?= python3
unexport PYTHONDONTWRITEBYTECODE  # every new process would compile all of pandas and the like again
SERVE ?= 1
PORT ?= 8000
PYTEST ?=
JOBS ?= 2
VENV := .venv
BIN := $(VENV)/bin
NPM := npm --no-audit --no-fund --no-update-notifier --loglevel=error
COPIED := maps/assets/assets.json

help: ## this list
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

demo: env assets ## build the embedded sample city and serve it (SERVE=0: build only; PORT=8000)
	@$(BIN)/lifecircle demo $(if $(filter 0,$(SERVE)),--no-serve,--port $(PORT))

test: env-dev assets lint ## everything: format, lint, types, import contracts, tests, notebooks, wheel (PYTEST="-k snap" picks; JOBS=2: processes)
	@echo "== pytest"
	@.ci/need chromium? atomic? cjk?
	@$(BIN)/python -m pytest --numprocesses=$(JOBS) $(PYTEST)

check: test ## the same as test

lint: env-dev ## format, lint, types and import contracts only
	@echo "== ruff format" && $(BIN)/ruff format --check .
	@echo "== ruff check" && $(BIN)/ruff check .
	@echo "== mypy" && $(BIN)/mypy
	@echo "== import contracts" && $(BIN)/lint-imports

format: env-dev ## rewrite the code in the house format
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

assets: $(COPIED) ## front-end files from npm into maps/assets

$(COPIED): maps/package.json maps/package-lock.json maps/copy_assets.mjs
	@.ci/need npm
	@echo "assets: Leaflet and its plugins from npm into maps/assets"
	@$(NPM) ci --prefix maps >/dev/null
	@node maps/copy_assets.mjs >/dev/null
	@touch $@

docs: env-dev ## renew layers/COLUMNS.md from layers/results.py
	@LIFECIRCLE_WRITE_DOCS=1 $(BIN)/python -m pytest -q -k columns_page tests/test_docs.py

wheel: env-dev assets ## dist/lifecircle-*.whl
	@$(BIN)/python -m build --no-isolation --wheel

bench: env-bench assets ## timings against networkx, pandana, scipy and cafein (needs ../shared/data)
	@set -e; shopt -s nullglob; for script in tests/benchmarks/*.py; do echo "== $$script"; .venv-bench/bin/python "$$script"; done

env:
	@.ci/need python
	@.ci/venv $(VENV) requirements.lock

env-dev:
	@.ci/need python
	@.ci/venv $(VENV) requirements-dev.lock

env-bench:
	@.ci/need python
	@.ci/venv .venv-bench requirements-bench.lock

UV_COMPILE = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header --upgrade
lock: env-dev ## renew the lock files from pyproject.toml, in agreement with each other
	@$(UV_COMPILE) pyproject.toml --group dev --group bench -o requirements-all.tmp
	@$(UV_COMPILE) -c requirements-all.tmp pyproject.toml -o requirements.lock
	@$(UV_COMPILE) -c requirements-all.tmp pyproject.toml --group dev -o requirements-dev.lock
	@$(UV_COMPILE) -c requirements-all.tmp pyproject.toml --group bench -o requirements-bench.lock
	@$(UV_COMPILE) -c requirements-all.tmp --group build -o requirements-bootstrap.lock
	@rm -f requirements-all.tmp
	@sed -i '/# .*requirements-all.tmp$$/d' requirements*.lock
	@wc -l requirements*.lock

clean: ## everything made here: environments, assets, builds, demo output
	@rm -rf $(VENV) .venv-bench build dist artefacts demo-city demo-run maps/assets maps/node_modules \
		.mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
