# make demo   set everything up and open the demo district on http://127.0.0.1:8000
# make test   set everything up; run every check and test, on both databases and in a browser
# make lint | bench | chaos | simulate | powercut | mutants | coverage | scan | clean | lock | assets | assets-report
# make messages | screens

SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
PRODUCT := .venv/.product
DEVELOPMENT := .venv/.development
ASSETS := src/zhizhi/web/static/web/build/.built
MESSAGES := .venv/.messages
CLIENTS := .cache/conformance
# The examples of properties are the same each time here: who looks for new ones calls pytest alone.
PYTEST := $(BIN)/python -m pytest -q -n 2 --dist loadfile --no-loadscope-reorder --hypothesis-profile=ci
KILLS ?= 100
SEED ?= 1
DB ?= sqlite
CUTS ?= 200
SEEDS ?= 10000
TROUBLE ?=
LATE ?= 0
ONLY ?=
MOST ?= 0

.PHONY: demo test lint bench chaos simulate powercut mutants coverage scan clean lock assets assets-report messages screens unit-sqlite unit-postgres browser pages stories chaos-few

demo: $(PRODUCT) $(ASSETS) $(MESSAGES)
	$(BIN)/zhizhi demo $(if $(ONCE),--once) $(if $(FRESH),--fresh) $(if $(PORT),--port $(PORT))

test: packages lint unit-sqlite unit-postgres browser chaos-few

.PHONY: packages
packages:
	scripts/system_packages.sh venv npm chromium postgresql mosquitto fonts pango faketime

$(PRODUCT): requirements/product.lock pyproject.toml
	scripts/system_packages.sh venv
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed; say which with: make PYTHON=/path/to/python3.11 ..." >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/product.lock
	$(BIN)/python -m pip install -q --disable-pip-version-check --no-deps -e .
	touch $@

$(DEVELOPMENT): $(PRODUCT) requirements/dev.lock
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/dev.lock
	touch $@

assets: $(ASSETS)
node_modules/.installed: package.json package-lock.json
	scripts/system_packages.sh npm
	npm ci --no-audit --no-fund --loglevel=error
	touch $@
$(ASSETS): node_modules/.installed $(shell find src/zhizhi/web/assets -type f 2>/dev/null)
	npm run --silent build
	touch $@

messages: $(DEVELOPMENT)
	$(BIN)/python scripts/collect_messages.py src/zhizhi
	$(MAKE) $(MESSAGES)
$(MESSAGES): $(PRODUCT) $(shell find src/zhizhi -name '*.po')
	$(BIN)/python scripts/compile_messages.py src/zhizhi
	touch $@

lint: $(DEVELOPMENT) $(ASSETS) $(MESSAGES)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python scripts/check_migrations.py
	node --test src/zhizhi/web/assets/js/tests/

unit-sqlite: $(DEVELOPMENT) $(ASSETS) $(MESSAGES)
	$(PYTEST) -m "not browser and not chaos"

# What asks no database, starts installations on both, or is marked so, is the same here: once is
# enough.
unit-postgres: $(DEVELOPMENT) $(ASSETS) $(MESSAGES)
	$(BIN)/python -m tests.postgres $(PYTEST) -m "not browser and not chaos" --of-database

# Two read the pages, each in a browser and an installation of its own. What happens in the stories
# is seen by one alone, in the order of the files: they share an installation, and two take no less
# time. LOOKS=all plays the longest of them in four looks instead of two.
READ := tests/browser/test_every_page.py
browser: pages stories
pages: $(DEVELOPMENT) $(ASSETS) $(MESSAGES)
	$(BIN)/python -m pytest -q -n 2 -m browser $(READ)
stories: $(DEVELOPMENT) $(ASSETS) $(MESSAGES)
	$(BIN)/python -m pytest -q -p no:randomly -m browser --ignore=$(READ)

chaos-few: $(DEVELOPMENT) $(ASSETS) $(MESSAGES)
	$(BIN)/python -m pytest -q -m chaos

# Kills processes, or has another trouble: make chaos TROUBLE=pauses|database|disk|clock|broker. On a machine that
# has other work, LATE=180 lets rows come that many seconds late.
chaos: $(DEVELOPMENT) $(ASSETS) $(MESSAGES)
	$(BIN)/python -m tests.chaos --db $(DB) --kills $(KILLS) --seed $(SEED) --late $(LATE) $(if $(TROUBLE),--trouble $(TROUBLE))

# The durable runner in one process, struck at random by each seed and then at every point
simulate: $(DEVELOPMENT)
	$(BIN)/python -m tests.simulation --seeds $(SEEDS) --first $(SEED)

# Cuts the power of a file system in a file; root alone may mount one: sudo make powercut
powercut: $(DEVELOPMENT)
	$(BIN)/python -m tests.powercut --db $(DB) --cuts $(CUTS) --seed $(SEED)

# Plants mistakes in the rules and sees which tests notice: make mutants ONLY=kernel.dwell MOST=60
mutants: $(DEVELOPMENT) $(ASSETS) $(MESSAGES)
	$(BIN)/python -m tests.mutation --table --seed $(SEED) --most $(MOST) $(if $(ONLY),--only $(ONLY)) \
	  $(if $(AGAIN),--again)

# Branches of the kernel, of trust and of the engine that no test takes; below 95 % it fails. Their own
# tests and those of two systems alone: what a page's test happens to come by says little.
COVERING := $(addprefix src/zhizhi/,kernel trust engine systems/fishery systems/grid) tests/test_thinning.py
coverage: $(DEVELOPMENT) $(ASSETS) $(MESSAGES)
	$(PYTEST) -m "not browser and not chaos" --cov --cov-report=term $(COVERING)

# Programs that look for weaknesses, on this machine alone; the canary build shows that they find any
scan: $(DEVELOPMENT) $(ASSETS) $(MESSAGES)
	$(BIN)/python -m tests.scanning --canary
	$(BIN)/python -m tests.scanning
	$(BIN)/python -m tests.scanning.schemas
	$(BIN)/python -m tests.scanning.slow_headers

# Clients that others wrote read an installation, after a broken one that they must notice
conformance: $(DEVELOPMENT) $(ASSETS) $(MESSAGES) $(CLIENTS)/.installed
	$(BIN)/python -m tests.conformance --both
$(CLIENTS)/.installed: requirements/conformance.lock
	$(PYTHON) -m venv --clear $(CLIENTS)
	$(CLIENTS)/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r $<
	touch $@

# Pictures of every page for docs/screens, or of some: make screens PAGES="desk wall"
screens: $(DEVELOPMENT) $(ASSETS) $(MESSAGES)
	$(BIN)/python -m tests.browser.screens $(PAGES)

assets-report: node_modules/.installed
	npm run --silent build

bench: $(DEVELOPMENT) $(ASSETS) $(MESSAGES)
	$(BIN)/zhizhi bench all

# Written without addresses, so that any mirror may serve the packages.
lock: $(DEVELOPMENT)
	$(BIN)/uv pip compile -q pyproject.toml --group build --generate-hashes --no-header \
	  --no-emit-index-url --no-annotate -o requirements/product.lock
	$(BIN)/uv pip compile -q pyproject.toml --group build --group dev -c requirements/product.lock \
	  --generate-hashes --no-header --no-emit-index-url --no-annotate -o requirements/dev.lock
	$(BIN)/uv pip compile -q --group conformance --generate-hashes --no-header \
	  --no-emit-index-url --no-annotate -o requirements/conformance.lock
	npm install --package-lock-only --no-audit --no-fund

clean:
	rm -rf .venv node_modules src/zhizhi/web/static/web/build .mypy_cache .ruff_cache \
	  .import_linter_cache .hypothesis .cache/scanning $(CLIENTS) test-results
	find src tests bench -name __pycache__ -type d -prune -exec rm -rf {} +
	@echo "The data folder (data/) is kept; remove it by hand to start from nothing."
