# Every target builds the environment that it needs under .venv/, with `python3 -m venv` and pip alone, and keeps it until
# pyproject.toml changes. Another interpreter: make test PYTHON=python3.13. CPU-only PyTorch for the benchmarks:
# PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu make bench.

PYTHON ?= python3
VERSION := $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null || echo none)

DEMO := .venv/demo-$(VERSION)
TEST := .venv/test-$(VERSION)
BENCH := .venv/bench-$(VERSION)
OLDEST := .venv/oldest-$(VERSION)
PIP := pip install --quiet --disable-pip-version-check
INSTALL = $(PIP)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help demo test lint types kernels oldest soak notebooks course pages gallery bench clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile

demo: $(DEMO)/ready ## train a small network, and write pictures of it to demo/
	@$(DEMO)/bin/python -m nn.demo

test: lint types $(TEST)/ready ## lint, types, then all tests with their coverage, the checked kernels, then the notebooks
	$(TEST)/bin/python -m pytest --cov --cov-report=term
	@$(MAKE) --no-print-directory kernels
	@$(MAKE) --no-print-directory notebooks

lint: $(TEST)/ready ## check the style with ruff
	$(TEST)/bin/python -m ruff check

types: $(TEST)/ready ## check the types with mypy
	$(TEST)/bin/python -m mypy

kernels: $(TEST)/ready ## run compiled programs with every index checked that a kernel knows the bounds of, and without numba
	NUMBA_BOUNDSCHECK=1 NUMBA_CACHE_DIR=$(abspath $(TEST))/checked $(TEST)/bin/python -m pytest -q -m "not slow and not network" tests/test_compiled.py tests/test_compiled_training.py
	NUMBA_DISABLE_JIT=1 $(TEST)/bin/python -m pytest -q tests/test_kernels_in_python.py tests/test_value.py tests/test_reverse.py

oldest: $(OLDEST)/ready ## run the tests with the oldest packages that pyproject.toml allows
	$(OLDEST)/bin/python -m pytest -q

soak: $(TEST)/ready ## train random nets for an hour, eagerly and natively, and compare
	$(TEST)/bin/python tests/soak.py --minutes 60

notebooks: $(TEST)/ready ## run every notebook, its exercises solved too, and compare it with what is committed
	$(TEST)/bin/python -m notebooks --check

course: $(TEST)/ready ## run every notebook, and write its outputs, the thumbnails and the index
	$(TEST)/bin/python -m notebooks

pages: $(TEST)/ready ## write the notebooks to pages/, to be read in a browser
	$(TEST)/bin/python -m notebooks --html pages

gallery: $(DEMO)/ready ## draw the pictures of notebooks/gallery.md anew
	@$(DEMO)/bin/python -m nn.gallery

bench: $(BENCH)/ready ## measure against PyTorch, JAX, CasADi, tinygrad, NumPy, C and more; writes to bench/; ARGS=--quick
	$(BENCH)/bin/python -m benchmarks $(ARGS)

clean: ## remove the environments, and all that tools and the demo have written
	rm -rf .venv bench demo pages dist build .coverage htmlcov .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find autograd nn benchmarks tests notebooks \( -name __pycache__ -o -name .ipynb_checkpoints \) -prune -exec rm -rf {} + 2>/dev/null || true

$(DEMO)/ready: EXTRAS := draw,plot,data,progress
$(TEST)/ready $(OLDEST)/ready: EXTRAS := draw,plot,data,progress,save,onnx,search,test
$(BENCH)/ready: EXTRAS := draw,plot,data,progress,bench

$(OLDEST)/ready: INSTALL = $(PIP) uv && $*/bin/python -m uv pip install --quiet --resolution lowest-direct

$(DEMO)/ready $(TEST)/ready $(BENCH)/ready $(OLDEST)/ready: %/ready: pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "Chalkgrad needs Python 3.11 or newer, and there is no '$(PYTHON)'; name one: make $(MAKECMDGOALS) PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Chalkgrad needs Python 3.11 or newer, and '$(PYTHON)' is $(VERSION); name another: make $(MAKECMDGOALS) PYTHON=python3.13" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "'$(PYTHON)' cannot make virtual environments; on Debian and Ubuntu: sudo apt-get install python3-venv" >&2; exit 1; }
	@echo "Preparing $* (once, until pyproject.toml changes)"
	@$(PYTHON) -m venv --clear $*
	@$*/bin/python -m $(INSTALL) --editable '.[$(EXTRAS)]'
	@touch $@
