# The whole life of a checkout: `make lab` to learn, `make test` before a change goes out.
# Each command makes what it needs in .venv and costs nothing the second time.
#
#   make lab                     install and open JupyterLab on notebooks/quickstart.ipynb
#   make lab TORCH=cpu           with the CPU-only torch build, which saves gigabytes (TORCH=default goes back)
#   make lab PYTHON=python3.12   with that Python (3.11 or newer)
#   make lab ARGS="--port 8900"  further arguments for `retroml-edu lab`
#   make test ARGS="-k knobs"    further arguments for pytest
#
# TORCH and PYTHON are remembered: a plain `make test` afterwards keeps what is in .venv.

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
LOCK := requirements.lock
ARGS ?=

# The Python that was asked for, else the one that .venv has, else python3.
PYTHON ?= python3
WANTED := $(if $(and $(filter file,$(origin PYTHON)),$(wildcard $(BIN)/python)),$(BIN)/python,$(PYTHON))
SHOW_VERSION := import platform; print(platform.python_version())
VERSION := $(shell $(WANTED) -c "$(SHOW_VERSION)" 2>/dev/null)
HAS_VENV := $(VENV)/.python-$(or $(VERSION),missing)

# The torch build that was asked for, else the one that .venv has, else the usual one.
TORCH ?= $(or $(patsubst $(VENV)/.torch-%,%,$(wildcard $(VENV)/.torch-*)),default)
HAS_TORCH := $(VENV)/.torch-$(TORCH)
TORCH_INDEX_cpu := --no-deps --index-url https://download.pytorch.org/whl/cpu
OTHER_TORCH = $(filter-out $(HAS_TORCH),$(wildcard $(VENV)/.torch-*))

# Tests and tools need no display; plots and games draw into memory.
HEADLESS := SDL_VIDEODRIVER=dummy MPLBACKEND=agg

.PHONY: help lab test lint format chromium lock benchmarks campaigns claims clean
.DEFAULT_GOAL := help

help:
	@sed -n 's/^# \{0,1\}//p' Makefile | sed -n '1,/remembered/p'

lab: $(VENV)/.lab
	$(BIN)/retroml-edu lab $(ARGS)

test: $(VENV)/.test chromium lint
	$(HEADLESS) $(BIN)/python -m tests $(ARGS)

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

benchmarks: $(VENV)/.test
	$(HEADLESS) $(BIN)/python -m tests.benchmarks $(ARGS)

campaigns: $(VENV)/.test
	$(HEADLESS) $(BIN)/python -m tests.campaigns $(ARGS)

claims: $(VENV)/.test
	$(HEADLESS) $(BIN)/python -m tests.lessons.claims $(ARGS)

# The exact set, for every system and Python at once. What torch alone brings for CUDA is left out: torch pins it
# itself, and the CPU build must not drag it in.
lock: $(VENV)/.test
	$(PIP) install --quiet "uv>=0.8"
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --extra test --upgrade \
	    --no-header --no-annotate --no-emit-index-url --no-emit-find-links pyproject.toml > $(VENV)/lock.txt
	@{ echo "# Exact versions for Python 3.11 and newer on Linux, macOS and Windows. Made by 'make lock'; use with pip's -c."; \
	   grep -Ev '^(nvidia-|cuda-|triton)' $(VENV)/lock.txt; } > $(LOCK)
	@echo "$(LOCK) is new: run 'make test' before you commit it."

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
	find retroml_edu tests -name __pycache__ -type d -prune -exec rm -rf {} +

# --- the environment, step by step; each stamp says what .venv holds ---

$(HAS_VENV):
	@$(WANTED) -c "import sys; sys.exit(sys.version_info < (3, 11))" 2>/dev/null || \
	    { echo "retroml_edu needs Python 3.11 or newer, and '$(WANTED)' is $(or $(VERSION),not there):" \
	           "name another one, as in 'make $(or $(firstword $(MAKECMDGOALS)),lab) PYTHON=python3.12'." >&2; exit 1; }
	@$(WANTED) -c "import ensurepip, venv" 2>/dev/null || \
	    { echo "'$(WANTED)' cannot make environments: install its venv package" \
	           "(Debian and Ubuntu: apt-get install python3-venv) or name another Python with PYTHON=..." >&2; exit 1; }
	@{ test "$$($(BIN)/python -c "$(SHOW_VERSION)" 2>/dev/null)" = "$(VERSION)" && $(PIP) --version >/dev/null 2>&1; } || \
	    { echo "Making $(VENV) with Python $(VERSION)"; $(WANTED) -m venv --clear $(VENV); }
	@rm -f $(VENV)/.python-*
	@touch $@

$(HAS_TORCH): $(HAS_VENV) $(LOCK)
	@case "$(TORCH)" in cpu|default) ;; \
	    *) echo "TORCH=$(TORCH) is unknown: use TORCH=cpu or TORCH=default." >&2; exit 1;; esac
	$(PIP) install $(if $(OTHER_TORCH),--force-reinstall) -c $(LOCK) $(TORCH_INDEX_$(TORCH)) torch
	@rm -f $(VENV)/.torch-*
	@touch $@

$(VENV)/.lab: pyproject.toml $(LOCK) $(HAS_TORCH)
	$(PIP) install -c $(LOCK) -e .
	$(BIN)/retroml-edu prepare
	@touch $@

$(VENV)/.test: pyproject.toml $(LOCK) $(HAS_TORCH)
	$(PIP) install -c $(LOCK) -e ".[test]"
	$(BIN)/retroml-edu prepare
	@touch $(VENV)/.lab $@

chromium: $(VENV)/.test
	@find() { $(BIN)/python -c "from playwright.sync_api import sync_playwright; \
	        from tests.browser.chromium import find_chromium; \
	        playwright = sync_playwright().start(); \
	        print('Chromium:', find_chromium(playwright)); playwright.stop()" 2>/dev/null; }; \
	apt() { test "$$(id -u)" = 0 && command -v apt-get >/dev/null && \
	        apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium; }; \
	own() { $(BIN)/python -m playwright install chromium; }; \
	find || { apt && find; } || { own && find; } || \
	    { echo "No Chromium was found or could be installed: install Chromium or Chrome and run 'make test' again," \
	           "or name yours in RETROML_CHROMIUM." >&2; exit 1; }
