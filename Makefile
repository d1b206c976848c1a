# Two commands do everything: make demo, make test.
PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin
# Tests start the program hundreds of times: its byte code is kept.
export PYTHONDONTWRITEBYTECODE :=
.DEFAULT_GOAL := help
TESTS := $(shell find tests -name '*.py')
SLOW := $(foreach folder,browser cli client coordination deploy fuzz jobs operations race upgrades verifying,--ignore=tests/$(folder))
SENTENCES := $(foreach name,say _ Refusal BadShape Forbidden NotFound Conflict CodeUsed TokenUsed TextChanged TooEarly Over TooLong SlowDown,-k $(name))

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "make %-10s %s\n", $$1, $$2}'

.venv/run: requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

.venv/test: .venv/run requirements-test.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-test.lock
	touch $@

demo: .venv/run  ## build a throw-away site with a signed letter, and serve it (PORT=8000)
	@$(BIN)/petition demo --port $(PORT)

dev: .venv/run  ## the demo's site, kept in .dev, for people who change pages: starts anew after each change (PORT=8000)
	@$(BIN)/petition demo --keep .dev --no-serve --port $(PORT)
	@PETITION_DATA=.dev/data PETITION_URL=http://127.0.0.1:$(PORT) $(BIN)/flask --app petition run --debug --port $(PORT) --extra-files "$$(find templates petition -name '*.html' -o -name '*.css' -o -name '*.js' -o -name '*.typ' -o -name '*.svg' -o -name '*.mo' | paste -sd:)"

run: .venv/run  ## serve the site in ./data (PORT=8000)
	@$(BIN)/petition run --port $(PORT)

test: .venv/test browser  ## what CI runs: all but the long tests
	@$(MAKE) --no-print-directory -j 2 lint .venv/compiled
	$(BIN)/python -m pytest -m "not long" --hypothesis-profile quick -n 4 --dist worksteal -q

test-fast: .venv/test lint  ## the quick ones: rules and pages on SQLite; no browsers, races, commands, clients, updates or attacks
	$(BIN)/python -m pytest -m "not long and not browser and not race and not thorough" -k "not postgresql" $(SLOW) --hypothesis-profile quick -n 2 --dist worksteal -q

test-long: .venv/test lint firefox office servers  ## all tests: what takes minutes too, and all on PostgreSQL
	$(BIN)/python -m pytest

browser: .venv/test
	@$(BIN)/python tests/install_browser.py

office: .venv/test
	@$(BIN)/python tests/install_office.py

servers: .venv/test
	@$(BIN)/python tests/install_servers.py

firefox: .venv/test
	@$(BIN)/python tests/install_browser.py --firefox

.venv/compiled: .venv/test $(TESTS)  # their byte code, made once instead of by each of those that run at once
	@$(BIN)/python -m pytest -qq --collect-only -m "not long" >/dev/null || true
	@touch $@

lint: .venv/test  ## style, types, and who may import whom
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/test firefox  ## what the program costs, as ratios
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks --http
	$(BIN)/python -m benchmarks.starting
	$(BIN)/python -m benchmarks.verifying
	$(BIN)/python -m benchmarks.exports 100000
	$(BIN)/python -m benchmarks.publishing
	$(BIN)/python -m benchmarks.overload
	$(BIN)/python -m benchmarks.phone
	$(BIN)/python -m benchmarks.growth
	$(BIN)/python -m benchmarks.large_letters
	$(BIN)/python -m benchmarks.groups
	$(BIN)/python -m benchmarks.counting
	$(BIN)/python -m benchmarks.sealing

screenshots: browser  ## take the pictures of the documentation anew, of a demo
	$(BIN)/python -m tests.browser.screenshots

translations: .venv/test  ## collect the sentences and bring the catalogs up to date
	$(BIN)/pybabel -q extract -F pyproject.toml $(SENTENCES) --no-location --sort-output --project=petition -o petition/translations/petition.pot .
	for po in petition/translations/*.po; do test ! -e $$po || $(BIN)/pybabel -q update -N --ignore-obsolete -i petition/translations/petition.pot -o $$po -l $$(basename $$po .po | tr - _); done

lock: .venv/test  ## choose the newest dependencies and write the lock files
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --extra build --extra redis --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --quiet --upgrade -o requirements.lock
	$(BIN)/uv pip compile pyproject.toml --extra build --extra redis --extra test --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --quiet --upgrade -o requirements-test.lock

clean:  ## remove what can be made again
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache *.egg-info

.PHONY: help demo dev run test test-fast test-long browser firefox office servers lint bench screenshots translations lock clean
