# make run   set everything up, then run the daemon on config/eightk.toml
# make demo  the same, then an offline show: a pretend EDGAR, the daemon, a webhook receiver
# make test  the same, then every check
# make bench side by side with peers, each in an environment of its own; BENCH="FOLDER --repeat 9" for its options
# make week  a made-up week of EDGAR with every fault, the daemon killed at random; WEEK="--seed 2" for its options
# make many  a busy day for three daemons on one PostgreSQL, killed at random; MANY="--seed 2", or "--rate"
# Needs Python 3.11 or later (PYTHON=... to choose one), git and make.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run demo test bench week many lint lock clean

run: $(VENV)/run.stamp
	$(BIN)/eightk run

demo: $(VENV)/run.stamp
	$(BIN)/eightk demo

test: lint
	$(BIN)/pytest --numprocesses auto --dist loadfile

bench: $(VENV)/run.stamp
	$(BIN)/python -m bench $(BENCH)

week: $(VENV)/run.stamp
	$(BIN)/python -m bench.week $(WEEK)

many: $(VENV)/test.stamp
	$(BIN)/python -m bench.many $(MANY)

lint: $(VENV)/test.stamp
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "eightk needs Python 3.11 or later; name one with: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
		|| { rm -rf $(VENV); echo "Python cannot make a virtual environment; on Debian: apt install python3-venv"; exit 1; }

# Nothing unlocked is fetched: every dependency has its hash in the lock file, the build tool too.
$(VENV)/run.stamp: requirements.txt pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/test.stamp: requirements-test.txt $(VENV)/run.stamp
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-test.txt
	@touch $@

# For maintainers: write the lock files anew (needs uv).
LOCK := uv pip compile --quiet --universal --upgrade --generate-hashes --no-header
lock:
	$(LOCK) --extra build pyproject.toml -o requirements.txt
	$(LOCK) --extra build --extra test pyproject.toml -o requirements-test.txt

clean:
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache
