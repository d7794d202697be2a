# Every command of the platform, for people and for continuous integration; `make` lists them.

PYTHON = python3
HOST = 127.0.0.1
PORT = 8000

BIN = .venv/bin
FLASK = $(BIN)/flask --app wsgi
PIP = $(BIN)/pip install --quiet --disable-pip-version-check
TRANSLATIONS = procurement/translations
CATALOGUES = $(patsubst %.po,%.mo,$(wildcard $(TRANSLATIONS)/*/LC_MESSAGES/*.po))
TITLE = @printf '\n== %s ==\n'

.DELETE_ON_ERROR:
.PHONY: help install run test bench format translations clean

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: .venv/platform $(CATALOGUES) ## Make the virtual environment and compile the translations

# The worker that sends the letters runs beside the server, and what ends the server ends both.
run: export PROCUREMENT_PUBLIC_URL ?= http://$(HOST):$(PORT)
run: install ## Serve the platform, with its demonstration at the first start (HOST=, PORT=)
	@$(FLASK) db upgrade
	@$(FLASK) demo load --if-empty
	@test -e instance/demo/.written || { $(FLASK) demo outputs && touch instance/demo/.written; }
	@$(FLASK) demo welcome --host $(HOST) --port $(PORT)
	@$(FLASK) jobs work & worker=$$!; \
	$(BIN)/gunicorn --bind $(HOST):$(PORT) --workers 2 --threads 4 --graceful-timeout 5 \
		--no-control-socket wsgi:app & server=$$!; \
	trap 'asked=0; kill $$worker $$server 2>/dev/null' INT TERM HUP; \
	wait $$server; status=$$?; \
	kill $$worker $$server 2>/dev/null; wait; exit $${asked:-$$status}

test: .venv/tests $(CATALOGUES) ## Check style, types and imports, then run the whole suite
	$(TITLE) 'Programs that the suite drives'
	@$(BIN)/python -m tests.system
	$(TITLE) 'Style (ruff check)'
	@$(BIN)/ruff check
	$(TITLE) 'Layout (ruff format)'
	@$(BIN)/ruff format --check
	$(TITLE) 'Types (mypy)'
	@$(BIN)/mypy
	$(TITLE) 'Rooms (import-linter)'
	@$(BIN)/lint-imports
	$(TITLE) 'Tests (pytest)'
	@$(BIN)/pytest -n 2 --dist loadgroup

bench: .venv/tests $(CATALOGUES) ## Measure what must stay fast, each against the bare limit
	@$(BIN)/python -m tests.bench

format: .venv/tests ## Mend what ruff can mend by itself
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

translations: .venv/platform ## Collect the sentences, bring the .po files up to date, compile them
	@$(BIN)/pybabel --quiet extract -F $(TRANSLATIONS)/babel.cfg -k lazy_gettext -k lazy_ngettext:1,2 \
		-k lazy_pgettext:1c,2 --add-location file --sort-by-file -o $(TRANSLATIONS)/messages.pot .
	@$(BIN)/pybabel --quiet update --no-fuzzy-matching --ignore-obsolete --ignore-pot-creation-date \
		-i $(TRANSLATIONS)/messages.pot -d $(TRANSLATIONS)
	@$(MAKE) --no-print-directory install

clean: ## Remove what these commands made; the database stays
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@rm -f $(CATALOGUES) $(TRANSLATIONS)/messages.pot
	@find procurement migrations tests -name __pycache__ -prune -exec rm -rf {} +

.venv/platform: requirements.txt
	@command -v $(PYTHON) >/dev/null || { echo 'Python 3.11 or newer is needed: install python3.'; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; $(PYTHON) is $$($(PYTHON) --version). Try: make PYTHON=python3.11 ..."; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
		{ echo 'This Python cannot make virtual environments. On Debian: sudo apt-get install python3-venv'; exit 1; }
	@echo 'Installing the libraries in .venv (once, about a minute) ...'
	@$(PYTHON) -m venv .venv
	@$(PIP) -r requirements.txt
	@touch $@

.venv/tests: .venv/platform tests/requirements.txt
	@$(PIP) -r tests/requirements.txt
	@touch $@

%.mo: %.po | .venv/platform
	@$(BIN)/pybabel --quiet compile -i $< -o $@
