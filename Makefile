# Everything sets itself up: needs git, make and Python 3.11+, nothing else. `make` lists the targets.

VENV   := .venv
BIN    := $(VENV)/bin
PY     := $(BIN)/python
READY  := $(VENV)/.ready
SOURCE := storyrunner tui tests benchmarks docs
UV     := 0.13.9
ATHERIS := .atheris

export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(READY) ## a GitOps repository to try everything on
	@$(BIN)/storyrunner demo

test: $(READY) ## the tests that need no tools
	@$(PY) -m pytest $(ARGS)

check: format-check lint types contracts test faults-quick build smoke ## the whole gate

faults-quick: $(READY) ## the fault suites, a minute for each; prints the counts they reached
	@STORYRUNNER_FAULTS=50 $(PY) -m pytest tests/faults $(ARGS)

faults: $(READY) ## the fault suites to their goals (an hour or two), figures into docs/reference/faults.md
	@STORYRUNNER_FAULTS=whole STORYRUNNER_FAULTS_KEEP=1 $(PY) -m pytest tests/faults --ignore=tests/faults/test_fuzz.py --ignore=tests/faults/test_guided.py $(ARGS)

fuzz: $(READY) ## a million inputs and more, and atheris where it has a wheel; figures into the docs
	@[ -d $(ATHERIS) ] || $(PY) -m pip install --quiet --only-binary :all: --target $(ATHERIS) 'atheris>=3' \
	  || echo "no wheel of atheris for this Python and machine: its part is skipped"
	@STORYRUNNER_FAULTS=whole STORYRUNNER_FAULTS_KEEP=1 STORYRUNNER_ATHERIS=$(CURDIR)/$(ATHERIS) \
	  $(PY) -m pytest tests/faults/test_fuzz.py tests/faults/test_guided.py $(ARGS)

setup: $(READY) ## the virtual environment, from the lock

format: $(READY) ## format the code
	@$(PY) -m ruff format $(SOURCE)
	@$(PY) -m ruff check --fix $(SOURCE)

format-check: $(READY) ## is the code formatted
	@$(PY) -m ruff format --check $(SOURCE)

lint: $(READY) ## ruff
	@$(PY) -m ruff check $(SOURCE)

types: $(READY) ## mypy, strict
	@$(PY) -m mypy

contracts: $(READY) ## who may import whom
	@$(BIN)/lint-imports

build: $(READY) ## wheel and sdist into dist/
	@rm -rf dist
	@$(PY) -m build --no-isolation

smoke: build ## the wheel, away from the checkout
	@.ci/smoke-wheel $(CURDIR)/$(PY) dist/*.whl

tools: ## the real kubectl, kustomize, flux, yq and kubeconform (Go, about ten minutes)
	@.ci/tools --all

tools-all: $(READY) ## a kubectl of every minor version too, and its contract suite on each
	@.ci/tools --kubectls
	@STORYRUNNER_REQUIRE_TOOLS=1 $(PY) -m pytest -m tools tests/contract/test_kubectl.py $(ARGS)

test-tools: $(READY) tools ## the contract suite on the real tools
	@STORYRUNNER_REQUIRE_TOOLS=1 $(PY) -m pytest -m tools tests/contract $(ARGS)

snapshots: $(READY) ## draw the pictures of the screens anew
	@$(PY) -m pytest tests/tui --snapshot-update $(ARGS)

bench: $(READY) ## ratios, measured in one run, each beside its budget
	@$(PY) -m benchmarks $(ARGS)

picture: $(READY) ## draw the picture of the README anew
	@$(PY) -m docs.images.draw

reference: $(READY) ## write the generated parts of docs anew
	@$(PY) -m tests.docs.generated

lock: ## resolve pyproject.toml into the two locks
	@PYTHON="$(PYTHON)" .ci/lock $(UV)

clean: ## remove what was built
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache snapshot_report.html $(ATHERIS)
	find storyrunner tui tests -name __pycache__ -type d -prune -exec rm -rf {} +

$(PY):
	@python=$$(PYTHON="$(PYTHON)" .ci/find-python) && echo "using $$python" && "$$python" -m venv --clear $(VENV)

$(READY): $(PY) requirements-dev.lock pyproject.toml
	@$(PY) -m pip install --quiet --require-hashes -r requirements-dev.lock
	@$(PY) -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

.PHONY: help demo test check faults-quick faults fuzz setup format format-check lint types contracts build smoke tools tools-all test-tools snapshots reference lock clean picture bench
