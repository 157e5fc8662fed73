# demo · test · check · bench · dev, each on a clean clone. Nothing is installed outside .venv, except by `make test` as root.

PORT ?= 8000
PYTHON ?= python3
BIN := .venv/bin
TORCH ?= torch==2.13.0
# Some containers switch off what Python keeps of compiling: every process that a test starts would compile everything.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo dev test test-python test-postgresql test-js check bench migration clean

demo: .venv/base
	@exec $(BIN)/commentsvc demo --port $(PORT)

dev: .venv/base  ## the demo, restarted whenever a file changes
	@$(BIN)/python .ci/dev.py --port $(PORT)

test: test-python test-postgresql test-js

test-python: .venv/test node_modules/.package-lock.json
	$(BIN)/python -m pytest -n 4 --dist worksteal

test-postgresql: .venv/test node_modules/.package-lock.json
	TEST_DATABASE=postgresql $(BIN)/python -m pytest -n 3 --dist worksteal

test-js: node_modules/.package-lock.json
	npm test
	npm run types
	npm run lint

check: .venv/test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m benchmarks.sizes

bench: .venv/test  ## DATA=DIR with real comments, QUICK=1 for a rough look, ONLY=NAME for one of them
	@$(BIN)/python -m benchmarks.bench $(ONLY) $(if $(DATA),--data $(DATA)) $(if $(QUICK),--quick)

migration: .venv/base  ## print what the next migration must do
	@$(BIN)/python migrations/draft.py

clean:
	rm -rf .venv node_modules

.PHONY: system
system:
	@.ci/system

# What is used is pinned exactly in package.json; a lock file would name what each platform's registry offers.
node_modules/.package-lock.json: package.json | system  # npm writes it last
	@echo "Installing what the tests need of JavaScript"
	@npm install --loglevel=error --no-audit --no-fund --no-package-lock
	@touch $@

.venv/base: pyproject.toml
	@echo "Installing commentsvc into .venv (about half a minute)"
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || .ci/venv
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --upgrade pip
	@$(BIN)/python -m pip install -qq --editable .
	@touch $@

.venv/test: .venv/base
	@echo "Installing what the tests and checks need: $(TORCH) first (about a minute, 1.2 GB as a CPU build)"
	@$(BIN)/python -m pip install -qq $(TORCH)
	@$(BIN)/python -m pip install -qq --group test --group check --editable '.[detoxify,training]'
	@touch $@
