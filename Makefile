# Everything that a person or a machine does with a clone of this project. `make help` lists it.
PYTHON ?= python3
PORT ?= 8000
CHROMIUM ?= $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)
BIN := .venv/bin
PYTEST := $(BIN)/pytest
SERVERS := $(foreach version,15 16 17 18,$(if $(wildcard /usr/lib/postgresql/$(version)/bin/postgres),$(version)))
COMPILE := $(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-emit-find-links \
	--python-version 3.11 --universal
OF_SERVERS := tests/test_*.py tests/models tests/services tests/jobs tests/stories
# Written so that this line does not find itself.
REGISTRIES := p[y]pi\.org|p[y]thonhosted\.org|n[p]mjs\.(org|com)|deb\.d[e]bian\.org|--(extra-)?[i]ndex-url
NOT_OURS := .git .venv .run build node_modules __pycache__ .mypy_cache .ruff_cache .hypothesis .import_linter_cache
# One file for each migration, with its own BEGIN and COMMIT and the timeouts of all: what an earlier one made is old.
EACH_MIGRATION := /^$$/ { next } /^SET / { timeouts = timeouts $$0 "\n"; next } /^BEGIN;$$/ { begin = $$0 "\n"; next } \
	/^-- Running upgrade / { file = "build/migrations/" $$NF ".sql"; printf "%s", timeouts > file } \
	file { printf "%s%s\n", begin, $$0 > file; begin = "" }

.DEFAULT_GOAL := help
.PHONY: help run test tests-of-all tests-of-servers tests-left-out servers cover soak check style types layers \
	migrations bench lock browser
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory
unexport PYTHONDONTWRITEBYTECODE  # many short processes: what one of them compiled, the others find

help: ## show what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-7s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: .venv/.installed ## start the demo: database, simulator, web and jobs (PORT=8000)
	@exec $(BIN)/flask --app wsgi demo --port $(PORT)

test: .venv/.installed-dev browser ## run the checks and every test; on each other PostgreSQL, every statement
	@$(MAKE) -k -j 3 tests-of-all tests-of-servers check
	@$(MAKE) tests-left-out

tests-of-all:
	@rm -f build/not-covered.txt
	@if [ -n "$(CHROMIUM)" ]; then CHROMIUM="$(CHROMIUM)" $(PYTEST) --statements note --workers 3; else $(PYTEST) --statements note --workers 3 -m "not browser"; fi

# Beside the rest, which waits for processes to come back now and then: the tests of tests/data/server_cover.txt.
tests-of-servers: $(SERVERS:%=cover-on-%)

# What that file does not name and yet sends a statement of its own: it is found by running all.
tests-left-out:
	@[ ! -s build/not-covered.txt ] || [ -z "$(SERVERS)" ] || { $(MAKE) $(SERVERS:%=left-out-on-%) && \
		echo "$$(wc -l < build/not-covered.txt) tests were run there beside the cover: 'make cover' takes them into it."; }

servers: .venv/.installed-dev ## run all that depends on the server on each other PostgreSQL, not the cover alone
	@$(if $(SERVERS),$(MAKE) -j 2 $(SERVERS:%=all-on-%),echo "No other PostgreSQL is installed.")

cover: .venv/.installed-dev ## choose anew what `make test` runs on each other PostgreSQL
	@$(PYTEST) --statements choose --workers 2 -m "server and not processes" $(OF_SERVERS)

cover-on-%: tests_there = --statements cover
left-out-on-%: tests_there = @build/not-covered.txt
all-on-%: tests_there = -m server $(OF_SERVERS)
cover-on-% left-out-on-% all-on-%:
	@mkdir -p build
	@RECOVERY_TEST_POSTGRES=/usr/lib/postgresql/$*/bin $(BIN)/pytest $(tests_there) > build/$@.txt 2>&1 || \
		{ cat build/$@.txt; echo "With PostgreSQL $* the tests fail."; exit 1; }
	@echo "With the installed PostgreSQL $*: $$(tail -n 1 build/$@.txt)"

soak: .venv/.installed-dev ## the long runs of the tests that sample
	@$(PYTEST) --long -m soak --workers 2 --timeout 0
	@mkdir -p build && $(BIN)/python -m tests.fuzz.replies

check: .venv/.installed-dev ## lint, check types, layers and migrations
	@mkdir -p build
	@$(MAKE) $(if $(findstring jobserver,$(MAKEFLAGS)),,-j 4) style types layers migrations
	@echo "Checks passed: style, types, layers, migrations, no registry named."

style:
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --check --quiet
	@! grep -rnIE '$(REGISTRIES)' . $(NOT_OURS:%=--exclude-dir=%) || \
		{ echo "A package registry or index is named above: say it without."; exit 1; }

types:
	@$(BIN)/mypy --no-error-summary

layers:
	@$(BIN)/lint-imports --no-logo > build/layers.txt 2>&1 || { cat build/layers.txt; exit 1; }

migrations:
	@$(BIN)/flask --app wsgi db upgrade --sql > build/upgrade.sql 2> build/upgrade.log || { cat build/upgrade.log; exit 1; }
	@rm -rf build/migrations build/migrations.sql && mkdir build/migrations && awk '$(EACH_MIGRATION)' build/upgrade.sql
	@$(BIN)/squawk build/migrations/*.sql > build/squawk.txt 2>&1 || { cat build/squawk.txt; exit 1; }

bench: .venv/.installed-dev ## measure, in an hour; writes bench/results.json (EPISODES=2000 plans fewer years, for less)
	@$(BIN)/python -m bench

lock: .venv/.uv ## pin every requirement with its hashes again (UPGRADE=--upgrade for newer ones)
	@$(COMPILE) $(UPGRADE) requirements-uv.in -o requirements-uv.txt
	@$(COMPILE) $(UPGRADE) requirements.in -o requirements.txt
	@$(COMPILE) $(UPGRADE) requirements-dev.in -o requirements-dev.txt

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' || \
		{ echo "Python 3.11, 3.12 or 3.13 is needed; name one, as in: make PYTHON=python3.12"; exit 1; }
	@echo "Making .venv"
	@$(PYTHON) -m venv --clear .venv

.venv/.uv: requirements-uv.txt | .venv/bin/python
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r requirements-uv.txt
	@touch $@

.venv/.installed: requirements.txt .venv/.uv
	@echo "Installing requirements.txt"
	@$(call install,requirements.txt)
	@touch $@

.venv/.installed-dev: requirements-dev.txt .venv/.installed
	@echo "Installing requirements-dev.txt"
	@$(call install,requirements-dev.txt)
	@touch $@

# uv is many times faster; pip knows the settings of machines that uv does not.
install = $(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --require-hashes -r $(1) || \
	$(BIN)/python -m pip install -qq --disable-pip-version-check --require-hashes -r $(1)

browser:
	@mkdir -p build
	@[ -n "$(CHROMIUM)" ] || { [ "$$(id -u)" = 0 ] && command -v apt-get > build/apt.log && \
		echo "Installing chromium for the browser tests" && apt-get update -qq >> build/apt.log 2>&1 && \
		DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 -qq -y --no-install-recommends \
			install chromium fonts-liberation >> build/apt.log 2>&1; } || \
		{ echo "No chromium was found and none can be installed: set CHROMIUM=/path/to/it."; [ -z "$$CI" ] || exit 1; \
		echo "The browser tests are left out."; }
