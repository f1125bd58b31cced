# The commands of the project. Each installs what it needs first: into .venv and frontend/node_modules, and only what changed.
# PORT and CISTERNA_HOME are honoured: `make demo PORT=9000`.

.PHONY: help demo serve dev test check bench soak lock install screenshots
.DELETE_ON_ERROR:

help:
	@echo 'make demo    the portal with its sample dataset, from nothing to a page'
	@echo 'make serve   the portal as it is in CISTERNA_HOME'
	@echo 'make dev     the same, reloading Python and rebuilding the frontend on every change'
	@echo 'make test    every test; ARGS="-k ranges" hands arguments to pytest'
	@echo 'make check   format, lint, types, import rules, migrations'
	@echo 'make bench   benchmarks, as ratios against a reference measured in the same run'
	@echo 'make soak    random requests by the hundred thousand, opening and withdrawing a thousand times; takes two hours'
	@echo 'make screenshots  every page at three widths, light and dark, into build/screenshots; takes half an hour'
	@echo 'make lock    the lock files anew from pyproject.toml; UPGRADE=--upgrade takes the newest versions'

# What is compiled once is not compiled again by each of the many processes, even for somebody who keeps no bytecode.
export PYTHONDONTWRITEBYTECODE :=

python := .venv/bin/python
pip := $(python) -m pip install --quiet --disable-pip-version-check --require-hashes
together := $(MAKE) --no-print-directory -j2
with_node := node="$$(deploy/toolchain/find-node)" && cd frontend && PATH="$$node:$$PATH"

# What stands when a step is done; make compares its time with what the step was made from.
runtime := .venv/runtime-installed
development := .venv/development-installed
compared := .venv/bench/installed
modules := frontend/node_modules/.package-lock.json
frontend := frontend/dist/.vite/manifest.json

demo:
	@$(together) $(runtime) $(frontend)
	@$(python) deploy/demo/run.py

serve: $(runtime) $(frontend)
	@$(python) manage.py serve

dev: $(development) $(frontend)
	@($(with_node) exec node_modules/.bin/vite build --watch) & vite=$$!; trap 'kill $$vite' EXIT INT TERM; \
	$(python) manage.py serve --reload

# Everything on SQLite, and at the same time what uses the database on PostgreSQL; pytest's 5 says that ARGS chose nothing
# of that. Four processes for two cores: a third of the time a test waits for something that it killed, slowed or started.
TESTS := test-frontend test-sqlite test-postgresql
.PHONY: $(TESTS)

test:
	@$(together) $(development) $(frontend)
	@$(MAKE) --no-print-directory -j3 --output-sync $(TESTS)

test-frontend:
	@$(with_node) npm test

test-sqlite:
	@$(python) -m pytest -n 3 $(ARGS)

test-postgresql:
	@CISTERNA_TEST_DATABASE=postgresql $(python) -m pytest -n 1 $(ARGS) || [ $$? = 5 ]

bench: $(development) $(frontend) comparison
	@$(python) tests/benchmarks/run.py $(ARGS)

soak: $(development) $(frontend)
	@folder="$$(mktemp -d)" && chmod 755 "$$folder" && trap 'rm -rf "$$folder"' EXIT && \
	$(python) -m tests.soak.fuzz && \
	$(python) -m tests.soak.api && \
	$(python) -m tests.soak.kills "$$folder/kills" && \
	$(python) -m tests.soak.jobs "$$folder/jobs" && \
	$(python) -m tests.soak.withdrawal "$$folder/home" --datasets 25 --turns 40 --readers 16 $(ARGS)

screenshots: $(development) $(frontend)
	@$(python) tests/screenshots/run.py $(ARGS)

# Each check is a test as well (tests/architecture/test_checks.py), so `make test` holds all of them.
CHECKS := check-format check-lint check-types check-imports check-migrations check-frontend
.PHONY: $(CHECKS)

check: $(development) $(modules)
	@$(MAKE) --no-print-directory --keep-going $(CHECKS)

check-format:
	@$(python) -m ruff format --check
check-lint:
	@$(python) -m ruff check
check-types:
	@$(python) -m mypy
check-imports:
	@.venv/bin/lint-imports --no-cache --no-logo
check-migrations:
	@$(python) manage.py makemigrations --check --dry-run
check-frontend:
	@$(with_node) npm run --silent check

# Without an index's address: whoever installs decides where from, the hashes decide what.
compile := .venv/bin/uv pip compile --quiet --universal --generate-hashes --no-header --python-version 3.12 $(UPGRADE)
lock: $(development)
	$(compile) pyproject.toml --output-file requirements.txt
	$(compile) pyproject.toml --group dev --output-file requirements-dev.txt
	$(compile) --group node --output-file requirements-node.txt
	$(compile) --group bench --output-file requirements-bench.txt
	$(with_node) npm install --package-lock-only

install: $(runtime) $(frontend)

.venv/bin/python:
	@python="$$(deploy/toolchain/find-python)" && \
	echo "Making the virtual environment .venv with $$python" && "$$python" -m venv --clear .venv

$(runtime): requirements.txt | .venv/bin/python
	@deploy/toolchain/find-node >/dev/null # before the long steps: what is missing is said first
	@echo 'Installing the Python packages of requirements.txt'
	@$(pip) --requirement requirements.txt
	@touch $@

$(development): requirements-dev.txt requirements-evidence.txt | .venv/bin/python
	@deploy/toolchain/find-node >/dev/null
	@echo 'Installing the Python packages of requirements-dev.txt'
	@$(pip) --requirement requirements-dev.txt
	@$(pip) --no-deps --requirement requirements-evidence.txt
	@touch $(runtime) $@

# In an environment of their own: what the servers that `make bench` compares with need never touches ours. Without them
# it says which lines it leaves out.
.PHONY: comparison
comparison: | .venv/bin/python
	@$(MAKE) --no-print-directory $(compared) || echo 'The servers of requirements-bench.txt are left out'

$(compared): requirements-bench.txt | .venv/bin/python
	@echo 'Installing the Python packages of requirements-bench.txt into .venv/bench'
	@$(python) -m venv --clear .venv/bench
	@.venv/bench/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $<
	@touch $@

$(modules): frontend/package.json frontend/package-lock.json | .venv/bin/python
	@echo 'Installing the npm packages of frontend/package-lock.json'
	@$(with_node) npm ci --silent
	@touch $@

$(frontend): $(modules) $(shell find frontend -mindepth 1 \( -path frontend/node_modules -o -path frontend/dist \) -prune -o -print)
	@echo 'Building the frontend'
	@$(with_node) npm run --silent build -- --logLevel warn
	@touch $@
