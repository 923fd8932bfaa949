# `make` lists the targets. Everything runs in .venv, which the first target that needs it creates.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/installed
POSE := .venv-pose

help:  ## list every target with a sentence
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 20

$(STAMP): setup.py requirements/runtime.txt requirements/tests.txt requirements/constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements/constraints.txt -e '.[tests]'
	$(BIN)/python tools/check_environment.py
	@touch $@

install: $(STAMP)  ## create .venv and install reidzoo with its tested dependencies

demo: $(STAMP)  ## render the built-in benchmark, train, test, draw (about 3 minutes on 2 cores after installing)
	$(BIN)/python tools/demo.py

test: $(STAMP)  ## the fast tests
	$(BIN)/python -m pytest -n 2 -m "not slow" --durations 15 --durations-min 2

coverage: $(STAMP)  ## the fast tests, and which lines of the package they run; at least 85 %
	$(BIN)/python -m pytest -n 2 -m "not slow" --cov reidzoo --cov-report term:skip-covered --cov-fail-under 85

test-slow: $(STAMP)  ## the long tests: every config two steps, several processes, whole runs
	$(BIN)/python -m pytest -m slow

lint: $(STAMP)  ## ruff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

synthped: $(STAMP)  ## render SynthPed day and dusk (size default) under data/
	$(BIN)/python tools/make_synthped.py --out data/synthped-day --domain day
	$(BIN)/python tools/make_synthped.py --out data/synthped-dusk --domain dusk

$(POSE)/installed: requirements/pose.txt
	$(PYTHON) -m venv $(POSE)
	$(POSE)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -r requirements/pose.txt
	$(POSE)/bin/python -c 'import mediapipe.python.solutions.pose'
	@touch $@

pose-env: $(POSE)/installed  ## create .venv-pose for tools/extract_pose.py: MediaPipe, for Python 3.11 and 3.12

clean:  ## remove what demo, synthped and tests created; other data and runs, .venv and model_zoo stay
	rm -rf work_dirs/demo data/synthped-* .pytest_cache .ruff_cache .hypothesis build *.egg-info

.PHONY: help install demo test coverage test-slow lint synthped pose-env clean
