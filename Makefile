# Two commands matter: `make run` and `make test`. Both set up whatever is missing first.
# The work is in scripts/; ARGS is handed on, e.g. make test ARGS="-k ranges".

.DEFAULT_GOAL := help
.PHONY: help run setup test test-fast test-faults test-deployment lint bench lock clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile

run: ## set up and serve at http://localhost:8000, with SQLite and ./data
	@scripts/run $(ARGS)

setup: ## install what serving needs
	@scripts/setup

test: ## set up and run the tests, on all cores
	@scripts/setup dev
	@.venv/bin/python -m pytest -n auto --dist loadfile $(ARGS)

test-fast: ## set up and run the tests that need no browser, no server process and no other engine
	@scripts/setup dev
	@.venv/bin/python -m pytest -n auto --dist loadfile -m "not slow" $(ARGS)

test-faults: ## set up and test what happens when disks fill, processes die and clients misbehave
	@scripts/setup dev
	@.venv/bin/python -m pytest tests/faults $(ARGS)

test-deployment: ## set up and test nginx, servers, workers and every engine together
	@scripts/setup dev
	@scripts/test-deployment $(ARGS)

lint: ## lint, check formatting, types and the layers
	@scripts/setup dev
	@scripts/lint

bench: ## run the benchmarks
	@scripts/setup dev
	@.venv/bin/python benchmarks/run.py $(ARGS)

lock: ## pin the requirements again (ARGS=--upgrade for newer versions)
	@scripts/lock $(ARGS)

clean: ## remove what make made; ./data stays
	@scripts/clean
