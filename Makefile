# DataTrust 360. `make help` lists the targets; each sets up what it misses, so that each works on a fresh machine.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
# Container images often forbid Python to keep what it compiled; then every process compiles our modules anew.
unexport PYTHONDONTWRITEBYTECODE

VENV := .venv
BIN := $(VENV)/bin
RUNS := $(VENV)/.runs
STAMP := $(VENV)/.locked
PYTEST := $(BIN)/pytest
HOST ?= 127.0.0.1
PORT ?= 7860

.PHONY: help setup chat pipeline sample test soak faults check eval bench dashboards snap clean java jars chromium postgres

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 14

setup: $(STAMP) java jars ## install everything: uv, Python packages, Java, Delta's JARs

# What the product itself runs on: less than half of all packages, so that the first chat is there sooner.
$(RUNS): pyproject.toml uv.lock tools/setup.sh
	@bash tools/setup.sh packages
	@touch $@

$(STAMP): pyproject.toml uv.lock tools/setup.sh
	@bash tools/setup.sh tools
	@touch $(RUNS) $@

java: ## find Java 17 or 21, or install a headless one
	@bash tools/setup.sh java

jars: $(RUNS) java ## fetch Delta's JARs once, into the user's cache
	@$(BIN)/python -m datatrust.core.jars

chromium: ## find Chromium for the browser tests, or install it
	@bash tools/setup.sh chromium

postgres: ## find PostgreSQL for the tests of database sources, or install it
	@bash tools/setup.sh postgres

sample: $(RUNS) ## write the sample company's raw files, where there are none
	@[ -d data/raw ] || $(BIN)/datatrust sample build

pipeline: $(RUNS) java jars sample ## raw files to a new release
	@$(BIN)/datatrust pipeline run

chat: $(RUNS) ## the chat at http://127.0.0.1:7860, on sample data where there is no release yet
	@if ! compgen -G "warehouse/releases/*.json" >/dev/null; then $(MAKE) --no-print-directory pipeline; fi
	@$(BIN)/datatrust serve --host $(HOST) --port $(PORT)

check: $(STAMP) ## format, lint, types, import rules, catalog and contract lint, fast tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/datatrust semantic check
	$(BIN)/datatrust source check
	$(PYTEST) -n 2 -m "not spark and not browser and not slow and not soak"

test: setup chromium postgres ## every test: unit, Spark, browser
	$(PYTEST) -n 3 --dist loadscope --no-loadscope-reorder -m "not soak"

soak: setup ## the long confirmations that make test leaves out: the sample and many loads against a rebuild
	$(PYTEST) -n 2 --dist loadscope -m soak

faults: setup ## kill -9 at random moments, run again, compare: make faults [N=200]; goes on where it was stopped
	@$(BIN)/python tools/faults.py $(or $(N),20)

eval: setup ## score the answers to question sets: make eval [SET=sample] [PLANNER=llm] [PROJECT=DIR FILE=F] [KEEP=V AGAINST=V]
	@$(if $(PROJECT),,compgen -G "warehouse/releases/*.json" >/dev/null || $(MAKE) --no-print-directory pipeline)
	@$(BIN)/datatrust --project $(or $(PROJECT),.) eval $(or $(FILE),$(if $(SET),eval/$(SET).jsonl,eval/*.jsonl)) $(if $(PLANNER),--planner $(PLANNER)) $(if $(AGAINST),--against $(AGAINST)) $(if $(KEEP),--keep $(KEEP)) --wrong

bench: setup ## speed tables beside a baseline: make bench [ONLY=backfill] [N=30]
	@$(BIN)/python bench/run.py $(ONLY)

dashboards: $(STAMP) ## the dashboards' notebooks, executed, as pages in dist/dashboards: make dashboards [PROJECT=DIR] [NAME=sales_kpis_plotly]
	@$(BIN)/python tools/dashboards.py $(if $(PROJECT),--project $(PROJECT)) $(NAME)

snap: $(STAMP) ## rewrite the golden files; review them as a diff
	DATATRUST_SNAP=1 $(PYTEST) tests/golden -m "not spark" || true
	@git --no-pager diff --stat -- tests/golden

clean: ## remove releases, sample data and caches of this project
	rm -rf warehouse data .datatrust logs .cache/tests
