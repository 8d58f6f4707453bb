# PAES Monitor: `make demo` or `make test` in a clean clone is all it takes; they need Python 3.11 or newer
# with its venv module, and the network once. Everything they fetch stays in this folder (.venv and the two
# git-ignored vendor folders); nothing needs root. Paths below are relative, so spaces in the path of the
# checkout do no harm.

VENV := .venv
PY := $(VENV)/bin/python
RUN := $(VENV)/.installed-run
DEV := $(VENV)/.installed-dev
CANDIDATES := python3.13 python3.12 python3.11 python3.14 python3

# Arguments for the program behind a target: make demo DEMO_ARGS="--port 9000", make test PYTEST_ARGS="-k store",
# make accuracy ACCURACY_ARGS=--write.
DEMO_ARGS ?=
PYTEST_ARGS ?=
UV_ARGS ?=
ACCURACY_ARGS ?=

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1
# A path set for another program must not shadow the checkout or the pinned packages.
unexport PYTHONPATH
unexport PYTHONHOME

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test check bench accuracy assets build requirements clean

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /  make \1	/p' Makefile | expand -t 22

# With a terminal the demo gets a process group of its own, as in an interactive shell: Ctrl-C then reaches
# the program alone, which ends tidily, and make reports success instead of "Interrupt". Without one the program
# takes the place of the shell, so that a signal to make reaches it.
demo: $(RUN) ## a simulated town, its collectors and the dashboard (Ctrl-C ends it)
	@$(PY) -m dashboard.browser_assets
	@[ -t 0 ] || exec $(VENV)/bin/paes demo $(DEMO_ARGS); set -m; $(VENV)/bin/paes demo $(DEMO_ARGS)

test: $(DEV) ## the test suite; PYTEST_ARGS="-k name" narrows it
	@$(PY) -m dashboard.browser_assets --tests
	$(PY) -m pytest $(PYTEST_ARGS)

check: $(DEV) ## lint, format, types, and who may import whom
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(VENV)/bin/lint-imports

bench: $(RUN) ## the benchmarks, each with its reference in the same run
	@for file in benchmarks/[a-z]*.py; do \
	  [ -e "$$file" ] || { echo "no benchmarks found in benchmarks/" >&2; exit 1; }; \
	  echo "== $$file"; $(PY) "$$file" || exit 1; \
	done

accuracy: $(RUN) ## the accuracy card, measured and held against what this version states
	$(PY) -m benchmarks.accuracy $(ACCURACY_ARGS)

assets: $(RUN) ## fetch the style sheet, fonts and charts that the dashboard serves
	@$(PY) -m dashboard.browser_assets

build: $(DEV) ## source archive and wheel in dist/
	@$(PY) -m dashboard.browser_assets
	rm -rf dist
	$(PY) -m build --no-isolation

# --universal keeps one file for every Python and platform. Versions already pinned stay; UV_ARGS=--upgrade
# moves them. The run file follows the dev file, so that both hold the same versions.
PIN = $(VENV)/bin/uv pip compile pyproject.toml --quiet --universal --generate-hashes --python-version 3.11 \
  --custom-compile-command "make requirements" $(UV_ARGS)

requirements: $(DEV) ## pin and hash the dependencies of pyproject.toml again
	$(PIN) --extra setup --extra parquet --extra dev --output-file requirements/dev.txt
	$(PIN) --extra setup --extra parquet --constraints requirements/dev.txt --output-file requirements/run.txt

# The first interpreter that is new enough and can make an environment; PYTHON=/path/to/python overrides.
$(PY):
	@found=; too_old=; no_venv=; \
	for python in $(if $(PYTHON),"$(PYTHON)",$(CANDIDATES)); do \
	  "$$python" -c '' 2>/dev/null || continue; \
	  "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { too_old=$$python; continue; }; \
	  "$$python" -c 'import ensurepip, venv' 2>/dev/null || { no_venv=$$python; continue; }; \
	  found=$$python; break; \
	done; \
	if [ -z "$$found" ] && [ -n "$$no_venv" ]; then \
	  echo "$$no_venv has no venv module: install it (Debian, Ubuntu: apt-get install python3-venv)." >&2; exit 1; \
	elif [ -z "$$found" ] && [ -n "$$too_old" ]; then \
	  echo "Python 3.11 or newer is needed; found $$("$$too_old" --version 2>&1). PYTHON=/path/to/python chooses one." >&2; exit 1; \
	elif [ -z "$$found" ]; then \
	  echo "Python 3.11 or newer is needed and none was found. PYTHON=/path/to/python chooses one." >&2; exit 1; \
	fi; \
	echo "Making $(VENV) with $$("$$found" --version) ..."; \
	"$$found" -m venv --clear $(VENV) || { rm -rf $(VENV); exit 1; }

# Exactly the pinned and hashed packages, then this checkout itself. The second step builds with hatchling,
# which therefore is in the pinned files (extra "setup"); it may fetch nothing.
$(VENV)/.installed-%: requirements/%.txt pyproject.toml | $(PY)
	@echo "Installing requirements/$*.txt into $(VENV) (once, a minute or two) ..."
	@$(PY) -m pip install --quiet --progress-bar on --require-hashes -r $<
	@$(PY) -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

clean: ## remove the environment, the fetched assets and what tools left behind
	rm -rf $(VENV) dist build dashboard/assets/vendor tests/vendor htmlcov .coverage .coverage.*
	rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
