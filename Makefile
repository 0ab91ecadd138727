# `make run` and `make test` are all most people need; both prepare everything themselves.

VENV ?= .venv
BIN := $(VENV)/bin
# The first Python that is new enough; override with `make PYTHON=/path/to/python3`.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)

# Small networks on few cores: more threads than free cores make torch slower, not faster.
export OMP_NUM_THREADS ?= 1

.DEFAULT_GOAL := help
.PHONY: help run test check setup setup-test lint types format unit bench lock clean installer \
	installer-test translations docs

help:  ## Show this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 20

run: setup  ## Prepare what is missing and open the window
	@env -u OMP_NUM_THREADS $(BIN)/python -m ldm_studio

test: setup-test lint types unit  ## Prepare what is missing; lint, types and all tests

check: setup-test  ## Lint, types and the quick tests, in under a minute
	@$(BIN)/python tools/check.py

setup: python
	@$(PYTHON) tools/setup_env.py --venv $(VENV) run

setup-test: python
	@$(PYTHON) tools/setup_env.py --venv $(VENV) test

.PHONY: python
python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; none was found." >&2; exit 1; }

lint: setup-test  ## Check style
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache

types: setup-test  ## Check types: strict on core, standard elsewhere
	$(BIN)/basedpyright --pythonpath $(BIN)/python

unit: setup-test  ## Run all tests, without a display
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest --numprocesses=auto

format: setup-test  ## Rewrite the code in the house style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: setup-test  ## Measure speed and latency
	env -u OMP_NUM_THREADS QT_QPA_PLATFORM=offscreen $(BIN)/python -m benchmarks

translations: setup-test  ## Bring translations up to date with the texts in the code
	$(BIN)/python tools/translations.py

DOCS_VENV := build/docs/venv

docs: python  ## Build the documentation website, into build/docs/site
	@$(PYTHON) tools/setup_env.py --venv $(DOCS_VENV) docs
	@$(DOCS_VENV)/bin/python tools/docs_site/build.py

# For instance `make installer INSTALLER="--flavour cuda --quick"`.
INSTALLER ?=

installer: python  ## Build what people install, into dist
	@$(PYTHON) build_installer.py $(INSTALLER)

installer-test: setup-test  ## Install what `make installer` built, try it, remove it
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest tests/installer/smoke.py

UV_COMPILE = $(BIN)/uv pip compile --universal --fork-strategy fewest --python-version 3.11 \
	--no-annotate --upgrade --quiet --no-header
UV_LOCK = $(UV_COMPILE) pyproject.toml --group base --no-emit-package torch

lock: setup-test  ## Choose newer versions of everything and write the lock files
	$(BIN)/python -m pip install --quiet uv
	{ echo "# What \`make run\` installs. Written by \`make lock\`; installed with --no-deps."; \
	  $(UV_LOCK); } > requirements.lock.new
	{ echo "# What \`make test\` installs. Written by \`make lock\`; installed with --no-deps."; \
	  $(UV_LOCK) --extra test --extra recipes --constraints requirements.lock.new; \
	  echo "k-diffusion==0.1.1.post1  # only its samplers, so without its many dependencies"; \
	  echo "sd-prompt-reader==1.3.5  # only its readers, so without its window"; \
	} > requirements-test.lock.new
	{ echo "# What \`build_installer.py\` installs. Written by \`make lock\`; installed with --no-deps."; \
	  $(UV_LOCK) --extra installer --constraints requirements.lock.new; \
	} > requirements-installer.lock.new
	{ echo "# What \`make docs\` installs. Written by \`make lock\`; installed with --no-deps."; \
	  $(UV_COMPILE) --group docs; \
	} > requirements-docs.lock.new
	mv requirements.lock.new requirements.lock
	mv requirements-test.lock.new requirements-test.lock
	mv requirements-installer.lock.new requirements-installer.lock
	mv requirements-docs.lock.new requirements-docs.lock

clean:  ## Remove the environment and everything that can be made again
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
