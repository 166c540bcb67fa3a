# make demo, make test: all that a newcomer needs. Everything goes into .venv and out/.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed

.PHONY: help demo demo-production test lint types long bench clean

help:
	@echo "make demo   install, then run the demo brief through Ray on this machine"
	@echo "make demo-production   the same with a real S3 server and PostgreSQL, through Ray"
	@echo "make test   install, then run the tests"
	@echo "make lint types   ruff, mypy"
	@echo "make long   the long tests      make bench   the benchmarks"

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -c "import sys; sys.exit(0 if (3, 11) <= sys.version_info[:2] <= (3, 12) else 'creative-farm needs Python 3.11 or 3.12: make PYTHON=python3.12')"
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet -c constraints.txt --editable '.[studio,dev]'
	@touch $(STAMP)

demo: $(STAMP)
	$(BIN)/creative run templates/briefs/demo/brief.yaml

# The same brief on what production has: a real S3 server and a real PostgreSQL, started for it on this machine.
demo-production: $(STAMP)
	$(BIN)/python -m tests.support.stack out/production -- \
	  $(BIN)/creative run templates/briefs/demo/brief.yaml --out out/production

test: $(STAMP)
	$(BIN)/python -m pytest -m "not long" -q -n auto --maxprocesses 4 --dist loadfile

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP)
	$(BIN)/mypy

long: $(STAMP)
	$(BIN)/python -m pytest tests/long -m long -q

bench: $(STAMP)
	$(BIN)/python -m tests.benchmarks

clean:
	rm -rf out
