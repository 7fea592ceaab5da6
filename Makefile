# The commands of this project. `make` alone lists them.

PYTHON ?= python3
BIN := .venv/bin
REQUIREMENTS := requirements/dev.txt
# A copy of the requirements that are installed in .venv.
INSTALLED := .venv/installed.txt
# The programs that the benchmarks compare Flowzz with.
PEERS_REQUIREMENTS := requirements/bench.txt
PEERS := .flowzz/peers
MUTATION_REQUIREMENTS := requirements/mutation.txt
MUTATION := .flowzz/mutation
# npm's packages that check the API's document. The Node in .venv runs them.
NODE := .flowzz/npm
TYPESCRIPT := tests/typescript
REDOCLY := REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true $(BIN)/node $(NODE)/node_modules/@redocly/cli/bin/cli.js
WORKERS ?= 2
COVERAGE := .flowzz/coverage
COMPILE := --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-emit-find-links --no-annotate --no-header --quiet --upgrade

# Without compiled files each of a run's many processes would compile all modules again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
# The slowest first, so that two parallel jobs end at about the same time.
CHECKS := check-types check-api check-imports check-migrations check-libraries check-manifests check-style
.PHONY: help install reinstall peers node run test test-faults lint format openapi bench bench-admin bench-limits \
	bench-faults mutate real-data requirements screenshots $(CHECKS)

help:  ## list the commands
	@sed -nE 's/^([a-z-]+):[^#]*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22

install:  ## prepare .venv with the pinned dependencies
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "Flowzz needs Python 3.11 or newer; $(PYTHON) is: $$($(PYTHON) --version 2>&1)"; \
		echo "Choose another Python: make PYTHON=/path/to/python3.12 ..."; exit 1; }
	@test -x $(BIN)/python && cmp -s $(REQUIREMENTS) $(INSTALLED) || \
		$(MAKE) --no-print-directory reinstall

reinstall:
	@echo "Installing the dependencies into .venv: about a minute, once ..."
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv || { \
		echo "$(PYTHON) cannot create .venv; on Debian and Ubuntu: apt install python3-venv"; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		--require-hashes --requirement $(REQUIREMENTS)
	@cp $(REQUIREMENTS) $(INSTALLED)

node: install
	@cmp -s $(TYPESCRIPT)/package-lock.json $(NODE)/installed.json || { \
		echo "Installing npm's packages into $(NODE): some seconds, once ..."; \
		rm -rf $(NODE) && mkdir -p $(NODE) && cp $(TYPESCRIPT)/package*.json $(NODE) && \
		PATH="$(CURDIR)/$(BIN):$$PATH" NODE_USE_SYSTEM_CA=1 npm ci --prefix $(NODE) --ignore-scripts --no-audit --no-fund --loglevel=error && \
		cp $(TYPESCRIPT)/package-lock.json $(NODE)/installed.json; }

run: install  ## start everything with demo data, until Ctrl-C
	@$(BIN)/python manage.py up --demo

test: lint  ## lint, then run all tests with their branch coverage
	$(BIN)/python -m slipcover --dont-wrap-pytest --json --out $(COVERAGE).json -m pytest -n $(WORKERS)
	@$(BIN)/python -m slipcover --fail-under 90 --merge $(COVERAGE).json --out $(COVERAGE).json \
		> $(COVERAGE).txt || { cat $(COVERAGE).txt; echo "Coverage is below 90 %."; exit 1; }
	@echo "Coverage: $$(awk 'END { print $$NF }' $(COVERAGE).txt) %, by file in $(COVERAGE).txt."
	@echo "Not run: the fault tests (make test-faults). Skipped tests are listed above."

test-faults: install  ## kill processes and servers under load, and check the data
	$(BIN)/pytest -m faults

lint: node  ## check style, types, imports, migrations, libraries and the API's document
	@$(MAKE) --no-print-directory --jobs 2 --output-sync=target $(CHECKS)
	@cat .flowzz/lint-warning.txt

check-types:
	$(BIN)/mypy .

check-style:
	$(BIN)/ruff check
	$(BIN)/ruff format --check

check-imports:
	$(BIN)/lint-imports --no-cache

check-migrations:  # runs Django's system checks, too
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python -m tests.repository.migration_lint

check-libraries:  # with CI_STRICT=1 it fails if it can't reach the vulnerability service
	$(BIN)/python -m tests.repository.vulnerabilities

check-manifests:  # against the schemas that the package brings
	@$(BIN)/kubernetes-validate --strict --quiet deploy/kubernetes/*.yaml

check-api:
	$(BIN)/python manage.py spectacular --validate --fail-on-warn --file .flowzz/openapi.yaml
	@diff -u docs/openapi.yaml .flowzz/openapi.yaml || { \
		echo "The API has changed: update docs/openapi.yaml by 'make openapi'."; exit 1; }
	$(REDOCLY) lint docs/openapi.yaml --config $(TYPESCRIPT)/redocly.yaml --format=stylish
	$(BIN)/python -m tests.repository.api_contract

format: install  ## format the code
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

screenshots: install  ## update the screenshots of docs/back-office.md
	SCREENSHOTS=1 $(BIN)/pytest tests/browser/test_pages.py

real-data: install  ## try inputs of real accounts and write docs/real-data.md
	REAL_DATA=1 $(BIN)/pytest -n 0 tests/real_data

openapi: install  ## update docs/openapi.yaml
	$(BIN)/python manage.py spectacular --validate --fail-on-warn --file docs/openapi.yaml

bench: install peers  ## measure intake, draining and syncing, beside other programs
	$(BIN)/python -m tests.benchmarks

# The programs that Flowzz is compared with, in an environment of their own.
peers:
	@cmp -s $(PEERS_REQUIREMENTS) $(PEERS)/installed.txt || { \
		echo "Installing the peers of the benchmarks into $(PEERS): half a minute, once ..."; \
		$(PYTHON) -m venv --clear $(PEERS) && $(PEERS)/bin/python -m pip install --quiet --disable-pip-version-check \
			--require-hashes --requirement $(PEERS_REQUIREMENTS) && cp $(PEERS_REQUIREMENTS) $(PEERS)/installed.txt; }

bench-admin: install  ## measure the back-office with a million sales
	$(BIN)/python -m tests.benchmarks.admin

bench-limits: install  ## measure everything that shows, reads or exports the worst input
	$(BIN)/python -m tests.benchmarks.limits

bench-faults: install  ## run the fault scenarios with KILLS=1000 and print the table of docs/faults.md
	$(BIN)/python -m tests.benchmarks.faults

# In a copy. Mutmut can't change functions with a decorator, nor those whose results are cached.
# MUTANTS='clients.names.*' changes one module alone.
mutate: install  ## change the pure rules one by one, and list the changes that no test notices
	@cmp -s $(MUTATION_REQUIREMENTS) $(MUTATION)/venv/installed.txt || { \
		echo "Installing mutmut into $(MUTATION): half a minute, once ..."; \
		$(PYTHON) -m venv --clear $(MUTATION)/venv && $(MUTATION)/venv/bin/python -m pip install --quiet --disable-pip-version-check \
			--require-hashes --requirement $(MUTATION_REQUIREMENTS) && \
		$(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))' > \
			"$$($(MUTATION)/venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/flowzz.pth" && \
		cp $(MUTATION_REQUIREMENTS) $(MUTATION)/venv/installed.txt; }
	@rm -rf $(MUTATION)/tree && mkdir -p $(MUTATION)/tree && git ls-files -z | xargs -0 cp --parents -t $(MUTATION)/tree
	@find $(MUTATION)/tree/clients $(MUTATION)/tree/integrations -name '*.py' -exec sed -i '/^@lru_cache/d; /^@cache_short/d' {} +
	@cd $(MUTATION)/tree && ../venv/bin/mutmut run $(MUTANTS) && ../venv/bin/mutmut results

requirements:  ## pin the newest dependencies that pyproject.toml allows (needs uv)
	uv pip compile $(COMPILE) --output-file requirements/production.txt pyproject.toml
	uv pip compile $(COMPILE) --group sentry --constraint requirements/production.txt --output-file requirements/sentry.txt
	uv pip compile $(COMPILE) --group traces --constraint requirements/production.txt --output-file requirements/traces.txt
	uv pip compile $(COMPILE) --group dev --output-file requirements/dev.txt pyproject.toml
	uv pip compile $(COMPILE) --group bench --constraint requirements/production.txt --output-file $(PEERS_REQUIREMENTS)
	uv pip compile $(COMPILE) --group mutation --output-file $(MUTATION_REQUIREMENTS)
