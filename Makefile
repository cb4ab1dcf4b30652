# Each target sets up what it needs: `make demo` shows Gaugetrail, `make test` tests it, `make check` reads it.
.DEFAULT_GOAL := help
.PHONY: help demo test test-servers check docs bench bench-trace drill fuzz wheel deb try-install clean

# The first Python of a supported version on the PATH; override with PYTHON=…
PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && echo $$p && break; done)
BIN := .venv/bin
UV_VERSION := 0.13.9
RUN_EXTRAS := --extra agent --extra collector --extra sim

# make demo: FOR=seconds of line time, STORE=sqlite|influxdb, KEEP=1 leaves it running, JSON=1 ends with one JSON object
FOR ?=
STORE ?= sqlite
SEED ?=
KEEP ?=
JSON ?=
# make test: WORKERS take the tests, a file at a time, and as many those that wait; ARGS are handed to pytest
ARGS ?=
WORKERS ?= 2
# make deb: the Python that the packages are for, the system's own
DEB_PYTHON ?= /usr/bin/python3
# make bench, make drill: NAMES of the ones to run, all by default; LONG=1 for the drill's soak
NAMES ?=
LONG ?=

help:
	@echo "make demo    see it run: simulated gauges, scanner and PLC, the real agent and collector (FOR, STORE, KEEP, JSON)"
	@echo "make test    all tests, with a real mosquitto and InfluxDB where they can be had"
	@echo "make test-servers  what needs a database, on each InfluxDB that is given (INFLUXD=/path; INFLUXDB_URL, _TOKEN, _ORG) and on 1.8.3"
	@echo "make check   ruff, mypy --strict, import layers, generated pages up to date"
	@echo "make docs    write the generated pages and schemas anew"
	@echo "make bench   benchmarks (NAMES; JSON=1: the last line is one JSON object); make bench-trace for the million"
	@echo "make drill   kill, cut and fill real processes, and count what was lost (NAMES, LONG, JSON)"
	@echo "make fuzz    random and mutated bytes through every parser, more than a million frames, about ten minutes (WORKERS)"
	@echo "make wheel   the one wheel that agents and collectors are installed from, in dist/"
	@echo "make deb     Debian packages of agent and collector, each with its own virtual environment (DEB_PYTHON), in dist/"
	@echo "make try-install  packages laid, run, upgraded and taken off in a fresh Debian (root; needs debootstrap)"
	@echo "make clean   away with .venv, dist and what tools have kept"

.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "Gaugetrail needs Python 3.11, 3.12 or 3.13 (or say PYTHON=/path/to/python3)"; exit 1; }
	@$(PYTHON) -m venv .venv || { \
		rm -rf .venv; \
		echo "$(PYTHON) has no venv module; trying the virtualenv package instead"; \
		$(PYTHON) -m pip install -q --target .venv-boot virtualenv && PYTHONPATH=.venv-boot $(PYTHON) -m virtualenv -q .venv && rm -rf .venv-boot; } || { \
		rm -rf .venv .venv-boot; echo "install Debian's package python3-venv, then run make again"; exit 1; }

.venv/.uv: .venv/bin/python
	@echo "setting up .venv from uv.lock (once)"
	@$(BIN)/python -m pip install -q --disable-pip-version-check "uv==$(UV_VERSION)"
	@touch $@

# Libraries and our code compiled once: a command's start would else compile them each time where Python may keep nothing.
COMPILE_OURS := $(BIN)/python -m compileall -q foundation agent collector simulators >/dev/null || true
COMPILE := $(BIN)/python -m compileall -q -j 2 .venv/lib/python3*/site-packages >/dev/null || true; $(COMPILE_OURS)

# The second way serves machines whose package index is a mirror: the same versions and hashes, through pip's settings.
define sync
	@$(BIN)/uv sync -q --frozen --inexact --python $(BIN)/python $(1) 2>.venv/sync.log \
		|| { $(BIN)/uv export -q --frozen --no-emit-project $(1) -o .venv/locked.txt \
			&& $(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r .venv/locked.txt \
			&& $(BIN)/python -m pip install -q --disable-pip-version-check -e .; } \
		|| { cat .venv/sync.log; exit 1; }
	@$(COMPILE)
	@touch $@
endef

.venv/.run: .venv/.uv uv.lock pyproject.toml
	$(call sync,$(RUN_EXTRAS))

.venv/.dev: .venv/.uv uv.lock pyproject.toml
	$(call sync,--all-extras)
	@touch .venv/.run

demo: .venv/.run
	@$(BIN)/gaugetrail-sim demo --store $(STORE) $(if $(FOR),--for $(FOR)) $(if $(SEED),--seed $(SEED)) $(if $(KEEP),--keep) $(if $(JSON),--json)

test: .venv/.dev
	@sh tests/install_servers.sh
	@$(COMPILE_OURS) # what was changed since the set-up: the tests start it hundreds of times
ifdef ARGS
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile $(ARGS)
else
	@$(MAKE) --no-print-directory -j 2 test-computing test-waiting
endif

# What pytest makes of each test's assertions it keeps beside them, also where Python is told to keep nothing: to make it
# anew is more than half of the collecting, in each worker and at each run.
test test-computing test-waiting test-servers: export PYTHONDONTWRITEBYTECODE =

.PHONY: test-computing test-waiting
# The files of tests that wait for others' time rather than compute need no core of their own, nor need those who run them
# read the others. In their order: by number of tests, as is usual, the few that take longest would come last.
test-computing: .venv/.dev
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder -m "not waits"

test-waiting: .venv/.dev
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder -m waits \
		$$(grep -rl --include='test_*.py' 'pytest\.mark\.waits' tests)

# INFLUXD, INFLUXDB_URL, INFLUXDB_TOKEN, INFLUXDB_ORG and GO come by the environment or as words of make, which hands them on.
test-servers: .venv/.dev
	@sh tests/install_servers.sh
	@$(BIN)/python tests/servers.py -n $(WORKERS) --dist loadfile $(ARGS)

check: .venv/.dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q tests/shape

docs: .venv/.dev
	$(BIN)/python docs/generate.py

bench: .venv/.dev
	@sh tests/install_servers.sh
	@$(BIN)/python tests/bench/run.py $(NAMES) $(if $(JSON),--json)

bench-trace: .venv/.dev
	@sh tests/install_servers.sh
	@$(BIN)/python tests/bench/run.py trace $(if $(JSON),--json)

drill: .venv/.dev
	@sh tests/install_servers.sh
	@$(BIN)/python tests/drill/run.py $(NAMES) $(if $(LONG),--long) $(if $(JSON),--json)

fuzz: .venv/.dev
	$(BIN)/python -m pytest -q tests/agent tests/collector tests/contract -k "any_bytes or fuzz" --hypothesis-profile=long \
		-n $(WORKERS) --dist worksteal --frames 1000000

wheel: .venv/.uv
	$(BIN)/uv build -q --wheel --out-dir dist
	@ls dist

deb: wheel
	@for part in agent collector; do \
		PYTHON=$(DEB_PYTHON) UV=$(BIN)/uv sh config/debian/make_deb.sh $$part "$$(ls -t dist/gaugetrail-*.whl | head -n 1)" dist || exit 1; done

try-install: deb
	@$(BIN)/python tests/install/try_install.py dist

clean:
	rm -rf .venv .venv-boot .demo .servers build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
