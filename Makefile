# Every target sets itself up; nothing needs to be installed or activated first but Python 3.11.
PYTHON ?= python3.11
VENV   ?= .venv
OUT    ?= out
BIN    := $(VENV)/bin

.PHONY: run stream test check lint types format clean

run: $(VENV)/.run  ## the main job on the bundled sample
	$(BIN)/shenava run --input examples/parsi/posts --config runners/config/reference.yaml --output $(OUT) --overwrite

stream: $(VENV)/.run  ## the same as a stream: a Pub/Sub server, the job, a publisher, and alerts as they come
	$(BIN)/python -m runners.demo --output $(OUT)-stream

test: $(VENV)/.test  ## all tests
	$(BIN)/python -m pytest

check: lint types test  ## exactly what CI runs

lint: $(VENV)/.test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/python -m schemas check

types: $(VENV)/.test
	$(BIN)/mypy

format: $(VENV)/.test
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf $(VENV) $(OUT) build dist *.egg-info

# constraints.txt pins every package, torch to a build without CUDA's gigabytes
$(VENV)/.run: setup.py constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	touch $@

$(VENV)/.test: $(VENV)/.run
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test]'
	touch $@
