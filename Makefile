# The front door. Each target makes what it needs and says what it does; a second call is quick.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo run test check coverage messages prove simulate bench lock clean help

help:
	@echo "make demo   play a whole exam day and a bad one on two nodes, proving every step (about three minutes)"
	@echo "make run    the same day in the browser: point on :8000, regional centre on :8001"
	@echo "make test   every test        make check  format, lint, types, import order, migrations"
	@echo "make prove  the long proofs   make bench  figures beside their limits"
	@echo "make simulate  two hundred exam days of both nodes, everything failing"
	@echo "make coverage  branches that each room's own tests take, beside their floors (about half an hour)"
	@echo "make messages  collect the sentences of the portal for their Russian catalogue"

$(READY): requirements-dev.txt
	@echo "• Setting up Python packages in $(VENV) (once; a minute or two)…"
	@test -d $(VENV) || $(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $(READY)

demo: $(READY)
	@$(BIN)/python -m demo demo

run: $(READY)
	@$(BIN)/python -m demo run

test: $(READY)
	@echo "• Running the tests…"
	@$(BIN)/pytest -q -rs -n 2 --dist worksteal

check: $(READY)
	@echo "• Format";     $(BIN)/ruff format --check .
	@echo "• Lint";       $(BIN)/ruff check .
	@echo "• Import order"; $(BIN)/lint-imports --no-cache
	@echo "• Types";      $(BIN)/mypy .
	@echo "• Templates";  $(BIN)/djlint --lint --quiet . && $(BIN)/pytest -q -n 0 tests/ppe_portal/test_templates.py
	@echo "• Migrations"; PPE_DATA_DIR=var/check $(BIN)/python manage.py makemigrations --check --dry-run
	@echo "• System checks"; PPE_DATA_DIR=var/check $(BIN)/python manage.py check

coverage: $(READY)
	@$(BIN)/python -m benchmarks.coverage $(ROOMS)

messages: $(READY)
	@PPE_DATA_DIR=var/check $(BIN)/python manage.py messages

prove: $(READY)
	@$(BIN)/pytest -q -m prove tests

simulate: $(READY)
	@$(BIN)/python -m tests.simulator --days 200

bench: $(READY)
	@$(BIN)/python -m benchmarks

lock:
	@$(BIN)/pip install --quiet uv
	@$(BIN)/uv pip compile --quiet --generate-hashes --python-version 3.11 requirements.in -o requirements.txt
	@$(BIN)/uv pip compile --quiet --generate-hashes --python-version 3.11 requirements-dev.in -o requirements-dev.txt

clean:
	rm -rf var $(VENV)
