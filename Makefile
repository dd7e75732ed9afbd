# csp-audit: everything runs from .venv, which every target builds by itself from requirements.lock.
# Needed beforehand: make and Python 3.11 or newer. `make` alone lists the targets.

# The first of these that is new enough; choose another with `make install PYTHON=...`.
PYTHON ?= $(shell for python in python3.11 python3 python3.12 python3.13; do \
    if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; \
    then echo $$python; exit; fi; done; echo python3)

VENV := .venv
BIN := $(VENV)/bin
LOCKED := $(VENV)/.locked
INSTALLED := $(VENV)/.installed
NODE := tests/browser/node_modules
SOURCES := schemas sql reports pipeline sample_data
LOCK_TOOL := uv==0.13.8
AUDIT_TOOL := pip-audit==2.10.1

export PIP_DISABLE_PIP_VERSION_CHECK := 1
MAKEFLAGS += --no-print-directory

.DEFAULT_GOAL := help
.PHONY: help install demo test check bench faults fix messages lock audit wheel clean browser-tools

help: ## List the targets
	@echo "csp-audit: make TARGET"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-8s %s\n", $$1, $$2 }' Makefile

install: $(INSTALLED) ## Set up .venv from requirements.lock (quick when nothing changed)
	@echo "Ready: $(BIN)/csp-audit --help"

demo: $(INSTALLED) ## Audit the sample nights; the last line is the path of the report
	@$(BIN)/csp-audit demo

test: $(INSTALLED) browser-tools ## Run the tests, with branch coverage
	@echo "Tests"
	@$(BIN)/python -m pytest -n 2 --cov --cov-report=term $(PYTEST)

check: $(INSTALLED) ## Check format, lint, types and the direction of imports
	@echo "Format";  $(BIN)/ruff format --check --quiet --output-format concise . || { echo "Not formatted: run make fix."; exit 1; }
	@echo "Lint";    $(BIN)/ruff check --quiet .
	@echo "Types";   $(BIN)/mypy --no-error-summary
	@echo "Imports"; report=$$($(BIN)/lint-imports --no-cache 2>&1) || { echo "$$report"; exit 1; }
	@echo "All in order."

bench: $(INSTALLED) ## Measure speed and memory; options go in BENCH="..."
	@$(BIN)/python -m tests.bench.run $(BENCH)

faults: $(INSTALLED) ## Kill and disturb runs, an hour or so, into tests/faults/RESULTS.md
	@$(BIN)/python -m tests.faults.results $(FAULTS)

fix: $(INSTALLED) ## Format the code and mend what the linter can mend
	@$(BIN)/ruff check --fix --exit-zero --silent .
	@$(BIN)/ruff format --quiet .
	@$(BIN)/ruff check --quiet . || { echo "These are left for you."; exit 1; }

messages: $(INSTALLED) ## Bring the catalogs of all languages up to date with the texts
	@$(BIN)/python -m pipeline.messages

lock: ## Pin all versions in requirements.lock; UPGRADE=1 takes the newest
	@$(call need_python)
	@$(PYTHON) -m venv build/lock && build/lock/bin/pip install --quiet $(LOCK_TOOL)
	@build/lock/bin/uv pip compile pyproject.toml --group dev --universal --python-version 3.11 \
	    --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-config --quiet \
	    $(if $(UPGRADE),--upgrade) --output-file requirements.lock
	@echo "Written: requirements.lock"

audit: ## Ask an advisory database about every pinned dependency
	@$(call need_python)
	@$(PYTHON) -m venv build/audit
	@if build/audit/bin/pip install --quiet $(AUDIT_TOOL); then build/audit/bin/python -m tests.advisories; \
	    else echo "$(AUDIT_TOOL) cannot be installed here: nothing was audited."; fi

wheel: $(INSTALLED) ## Build the source archive and the wheel into dist/
	@rm -rf dist; mkdir -p build
	@$(BIN)/python -m build --no-isolation --outdir dist . >build/wheel.log 2>&1 || { cat build/wheel.log; exit 1; }
	@ls dist/*

clean: ## Remove everything that make has made
	@rm -rf $(VENV) $(NODE) build dist .coverage .coverage.* .hypothesis .mypy_cache .pytest_cache .ruff_cache
	@find $(SOURCES) tests -name __pycache__ -type d -prune -exec rm -rf {} +

# ------------------------------------------------------------------------------------------ the setup

define need_python
$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
    echo "csp-audit needs Python 3.11 or newer; here $(PYTHON) is: $$($(PYTHON) --version 2>&1 || true)"; \
    echo "Install it, or name it: make install PYTHON=python3.11"; exit 1; }; \
$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
    echo "$(PYTHON) cannot make virtual environments: its venv module is missing."; \
    echo "On Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
endef

# Two stamps: a new lock builds .venv afresh, a new pyproject.toml only installs the project again.
$(LOCKED): requirements.lock
	@$(call need_python)
	@echo "Setting up $(VENV) from requirements.lock (about 175 MB to download, a minute or so)"
	@$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/pip install --quiet --require-hashes -r requirements.lock
	@touch $@

$(INSTALLED): $(LOCKED) pyproject.toml
	@$(BIN)/pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@

# The accessibility and HTML checkers for the browser tests; without npm those tests skip and say so.
browser-tools:
	@if command -v npm >/dev/null; then $(MAKE) -s $(NODE)/.installed; \
	else echo "npm is not here: the browser tests will skip."; fi

$(NODE)/.installed: tests/browser/package.json
	@echo "Setting up $(NODE) from tests/browser/package.json"
	@npm install --prefix tests/browser --no-package-lock --no-audit --no-fund --ignore-scripts --silent \
	    && touch $@ || echo "npm could not install them: the browser tests will skip."
