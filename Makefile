# make run   set everything up, then run the daemon on config/eightk.toml
# make demo  the same, then an offline show: a pretend EDGAR, the daemon, a webhook receiver
# make test  the same, then every check
# make bench side by side with peers, each in an environment of its own; BENCH="FOLDER --repeat 9" for its options
# make week  a made-up week of EDGAR with every fault, the daemon killed at random; WEEK="--seed 2" for its options
# make docs  the reference written anew from the program, every link checked, and the pages in build/docs to read in a browser
# make many  a busy day for three daemons on one PostgreSQL, killed at random; MANY="--seed 2", or "--rate"
# make chaos what can go wrong, done on purpose, again and again, on both stores; CHAOS="--only NAME" for its options
# make soak  a quarter in minutes, ten times the busiest minute, a million filings; SOAK="--only quarter" for its options
# make audit licences and known vulnerabilities of every locked package; AUDIT="--ignore-vuln ID" for its options
# make dist  wheel, sdist and bill of materials in dist/, built twice and looked over; make release-check: tried, too
# make fuzz  inputs made up to break whatever reads them, and bombs; FUZZ="--target items --seconds 60" for its options
# Needs Python 3.11 or later (PYTHON=... to choose one), git and make.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run demo test bench week many chaos soak docs fuzz lint lock secrets licences audit dist sbom pipx-check release-check clean

run: $(VENV)/run.stamp
	$(BIN)/eightk run

demo: $(VENV)/run.stamp
	$(BIN)/eightk demo

# What failed is run once more by itself, and both are shown: beside other work a daemon may be late, which is worth a
# look, but no reason to believe nothing. What is broken fails again.
test: lint
	$(BIN)/pytest --numprocesses auto --dist worksteal \
		|| { [ $$? -eq 1 ] && $(BIN)/pytest --last-failed --last-failed-no-failures none; }

bench: $(VENV)/run.stamp
	$(BIN)/python -m bench $(BENCH)

docs: $(VENV)/test.stamp
	$(BIN)/python -m docs._make $(DOCS)

week: $(VENV)/run.stamp
	$(BIN)/python -m bench.week $(WEEK)

many: $(VENV)/test.stamp
	$(BIN)/python -m bench.many $(MANY)

chaos: $(VENV)/test.stamp
	$(BIN)/python -m bench.chaos $(CHAOS)

soak: $(VENV)/run.stamp
	$(BIN)/python -m bench.soak $(SOAK)

fuzz: $(VENV)/test.stamp
	$(BIN)/python -m tests.fuzz $(FUZZ)

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
	$(LOCK) --group release -o requirements-release.txt

# What a release is looked over with has an environment of its own: docs/releasing.md.
RELEASE := build/release
$(RELEASE)/release.stamp: requirements-release.txt | $(VENV)/bin/python
	$(BIN)/python -m venv --clear $(RELEASE)
	$(RELEASE)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-release.txt
	@touch $@

licences: $(VENV)/test.stamp $(RELEASE)/release.stamp
	$(BIN)/python -m release.licences --write

# Exit code 3: no service of advisories could be reached, which is said, and is no fault of ours.
audit: $(VENV)/test.stamp $(RELEASE)/release.stamp
	$(BIN)/python -m release.licences
	$(BIN)/python -m release.audit $(AUDIT) || [ $$? -eq 3 ]

dist: $(VENV)/test.stamp $(RELEASE)/release.stamp
	$(BIN)/python -m release.dist
	$(BIN)/python -m release.sbom

sbom: $(VENV)/test.stamp $(RELEASE)/release.stamp
	$(BIN)/python -m release.sbom

pipx-check: dist
	$(BIN)/python -m release.pipx

release-check: pipx-check
	$(BIN)/python -m release.check $(CHECK)

# What looks like a secret and is none, by hash: look at what comes in.
secrets: $(VENV)/test.stamp
	@mkdir -p build
	$(BIN)/detect-secrets scan --no-verify --exclude-files '^requirements|\.(png|gz|webp|woff2|ico)$$' \
		--exclude-lines '_file = "' > build/secrets.json
	mv build/secrets.json .secrets.baseline

clean:
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache
