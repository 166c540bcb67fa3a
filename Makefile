# make demo, make test: all that a newcomer needs. Everything goes into .venv and out/.
PYTHON ?= python3
BIN := .venv/bin
MADE := .venv/.made
STUDIO := .venv/.studio
STAMP := .venv/.installed

.PHONY: help demo demo-world demo-production test lint types long bench clean

help:
	@echo "make demo   install, then run the demo brief through Ray on this machine"
	@echo "make demo-world   the second brief: five languages, two products, 186 ads"
	@echo "make demo-production   the same with a real S3 server and PostgreSQL, through Ray"
	@echo "make test   install, then run the tests"
	@echo "make lint types   ruff, mypy"
	@echo "make long   the long tests      make bench   the benchmarks"

$(MADE):
	$(PYTHON) -c "import sys; sys.exit(0 if (3, 11) <= sys.version_info[:2] <= (3, 12) else 'creative-farm needs Python 3.11 or 3.12: make PYTHON=python3.12')"
	$(PYTHON) -m venv .venv
	@touch $(MADE)

# What makes ads.
$(STUDIO): pyproject.toml constraints.txt | $(MADE)
	$(BIN)/python -m pip install --quiet -c constraints.txt --editable '.[studio]'
	@touch $(STUDIO)

# With the tests' tools, judges and more voices on top. Not compiled: of torch's and its libraries' 16,000 modules, a minute's
# work for one core, most are never loaded.
$(STAMP): pyproject.toml constraints.txt | $(MADE)
	$(BIN)/python -m pip install --quiet --no-compile -c constraints.txt --editable '.[studio,dev]'
	@touch $(STUDIO) $(STAMP)

demo: $(STUDIO)
	$(BIN)/creative run templates/briefs/demo/brief.yaml

# Two products, five languages and currencies, ten placements, two variants.
demo-world: $(STUDIO)
	$(BIN)/creative run templates/briefs/world/brief.yaml --out out/world

# The demo's brief on what production has: a real S3 server and a real PostgreSQL, started for it on this machine.
demo-production: $(STAMP)
	$(BIN)/python -m tests.support.stack out/production -- \
	  $(BIN)/creative run templates/briefs/demo/brief.yaml --out out/production

# Where nothing compiled may be kept, each of the hundreds of processes that are started compiles the package anew.
test long demo demo-world demo-production: export PYTHONDONTWRITEBYTECODE =

# Four files side by side, as some only wait, in the order that tests/conftest.py gives: the longest first.
test: $(STAMP)
	$(BIN)/python -m pytest -m "not long" -q -n 4 --dist loadfile --no-loadscope-reorder

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP)
	$(BIN)/mypy --num-workers 2

long: $(STAMP)
	$(BIN)/python -m pytest -m long -q

bench: $(STAMP)
	$(BIN)/python -m tests.benchmarks

clean:
	rm -rf out
