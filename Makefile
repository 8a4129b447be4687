# Two commands do all the set-up: `make demo` and `make test`. Each target is a line or two.
PYTHON ?= python3
BIN := .venv/bin
# Tests run in as many processes, each with servers of its own; those that hold services to times, in one.
WORKERS ?= 2
TIMED = tests/faults tests/journeys
PYTEST = $(BIN)/python -m pytest
TOGETHER = -n $(WORKERS) --dist loadfile $(addprefix --ignore=,$(TIMED))
export BENTOML_DO_NOT_TRACK = True
export DO_NOT_TRACK = 1
# Tests start hundreds of processes: without kept bytecode each would parse every module anew.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test check format lint types contracts acceptance bench serve services lock docs clean

demo: .venv/run.stamp  ## the main job: histories in, decisions out, served on 127.0.0.1:3000
	$(BIN)/vouch demo $(if $(ONCE),--once)

test: .venv/test.stamp  ## the whole test suite
	$(PYTEST) $(TOGETHER) $(ARGS)
	$(PYTEST) $(TIMED) $(ARGS)

check: lint types contracts test  ## everything CI holds the code against

lint: .venv/test.stamp
	$(BIN)/ruff format --check --no-cache .
	$(BIN)/ruff check --no-cache .

format: .venv/test.stamp
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

types: .venv/test.stamp
	$(BIN)/mypy

contracts: .venv/test.stamp
	$(BIN)/lint-imports

acceptance: .venv/test.stamp  ## the long forms of what CI runs short
	VOUCH_ACCEPTANCE=1 $(PYTEST) --timeout 7200 $(TOGETHER) $(ARGS)
	VOUCH_ACCEPTANCE=1 $(PYTEST) --timeout 7200 $(TIMED) $(ARGS)

bench: .venv/bench.stamp  ## every speed claim, measured again
	$(BIN)/python -m benchmarks.decision.run
	$(BIN)/python -m benchmarks.ledger.run
	$(BIN)/python -m benchmarks.policy.run
	$(BIN)/python -m benchmarks.size.run
	$(BIN)/python -m benchmarks.ranking.run
	$(BIN)/python -m benchmarks.features.run

serve: .venv/run.stamp
	$(BIN)/vouch serve

docs: .venv/test.stamp  ## writes the generated pages anew
	$(BIN)/python -m console.pages

services:  ## servers and tools that some tests start for themselves; nothing is left running
	@.ci/services

lock: .venv/bench.stamp  ## exact versions and hashes, without index addresses
	for kind in run test bench; do $(BIN)/uv pip compile requirements/$$kind.in -o requirements/$$kind.txt \
	  --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate \
	  --override requirements/overrides.in --custom-compile-command "make lock"; done

clean:
	rm -rf .venv .vouch build dist *.egg-info

# A stamp is as new as the lock it was installed from, so a changed lock installs anew.
.venv/pip.stamp:
	$(PYTHON) -m venv .venv
	@touch $@

.venv/run.stamp: .venv/pip.stamp requirements/run.txt pyproject.toml
	$(call install,run)
.venv/test.stamp: .venv/run.stamp requirements/test.txt
	$(call install,test)
.venv/bench.stamp: .venv/test.stamp requirements/bench.txt
	$(call install,bench)

define install
@echo "Installing requirements/$(1).txt (a few minutes the first time)"
@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/$(1).txt
@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
@touch .venv/$(1).stamp
endef
