# Two commands do all the set-up on a machine that has Python 3.11, make and git:
#   make demo    a virtual trial of every step, its ledger and its report, in demo-lstcar019/
#   make test    everything continuous integration checks

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV   := .venv
BIN    := $(VENV)/bin
JOBS   ?= 2
STUDIES := lilrb4-start cll1-cart cd7-cart cd123-cart lstcar019
FORMATS ?= html,rtf,docx,pdf,csv,json

.PHONY: demo test demos reports docs bench lock clean

demo: $(VENV)/run
	$(BIN)/protocyte demo lstcar019

demos: $(VENV)/run
	for study in $(STUDIES); do $(BIN)/protocyte demo $$study || exit 1; done

# The whole set of outputs of each demonstration, in the formats of FORMATS, in demo-STUDY/reports.
reports: demos
	for study in $(STUDIES); do \
	  $(BIN)/protocyte report build demo-$$study --set full --format $(FORMATS) --out demo-$$study/reports || exit 1; \
	  $(BIN)/protocyte report verify demo-$$study || exit 1; done

test: $(VENV)/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict
	$(BIN)/pytest -n $(JOBS) --dist loadfile --durations=15

docs: $(VENV)/dev
	$(BIN)/mkdocs serve

bench: $(VENV)/dev
	$(BIN)/pytest bench -o testpaths=bench --benchmark-only

# The run lock is enough to use Protocyte; the development lock adds what tests and documentation need.
$(VENV)/run: requirements/run.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements/run.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

$(VENV)/dev: requirements/dev.txt $(VENV)/run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements/dev.txt
	touch $@

# Locks hold versions and hashes only: no addresses of any index.
lock: $(VENV)/dev
	$(BIN)/python -m pip install --quiet pip-tools
	$(BIN)/pip-compile --quiet --strip-extras --generate-hashes --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --allow-unsafe --extra build --extra formats -o requirements/run.txt pyproject.toml
	$(BIN)/pip-compile --quiet --strip-extras --generate-hashes --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --allow-unsafe --extra build --extra formats --extra dev -o requirements/dev.txt pyproject.toml

clean:
	rm -rf $(VENV) site demo-* build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
