# Rapport. `make` lists what there is; nothing but Python 3.11+ and make is needed to begin.
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
LOCKS := deploy/locks
PIP := $(PY) -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes
COMPILE := uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--custom-compile-command "make lock" --quiet
PYTEST_FLAGS ?= -n auto --dist loadfile --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev demo run mail test bench lint manifests check lock clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.run ## Make .venv with what the suite needs to run
setup-dev: $(VENV)/.dev ## Make .venv with the tests' and linters' packages too

demo: setup ## Play a real year of a real shop through the four services and report on it
	@$(PY) -m deploy.demo $(ARGS)

run: setup ## Start the four services on 127.0.0.1 and keep them running until Ctrl-C
	@$(PY) -m deploy.local $(ARGS) run

mail: setup ## Show the last letter that the local mail catcher caught (ARGS='--last 5' for more)
	@$(PY) -m deploy.local mail $(ARGS)

# Tests start hundreds of processes, and none is to compile again what the first has compiled.
test: setup-dev ## Run every test, with a real Kafka and a real PostgreSQL
	@PYTHONDONTWRITEBYTECODE= $(PY) -m pytest $(PYTEST_FLAGS) $(ARGS)

bench: setup-dev ## Measure every part beside a peer or a limit (docs/performance.md)
	@$(PY) -m tests.benchmarks $(ARGS)

lint: setup-dev ## Check style, types and the architecture's import rules
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy
	@$(VENV)/bin/lint-imports

manifests: $(VENV)-manifests/.installed ## Check Kubernetes manifests, Dockerfile and scripts (offline)
	@deploy/check.sh $(VENV)-manifests

check: lint manifests test ## What CI runs: lint, the manifests, then every test

lock: ## Choose all versions anew (needs uv) and write the locks
	@$(COMPILE) pyproject.toml --upgrade $(foreach g,profile messaging scoring events cli local test lint,--group $(g)) -o $(LOCKS)/dev.txt
	@$(COMPILE) pyproject.toml -c $(LOCKS)/dev.txt $(foreach g,profile messaging scoring events cli local,--group $(g)) -o $(LOCKS)/run.txt
	@for service in profile messaging scoring events; do \
		$(COMPILE) pyproject.toml -c $(LOCKS)/dev.txt --group $$service -o $(LOCKS)/$$service.txt || exit 1; done
	@$(COMPILE) --upgrade --group pyproject.toml:manifests -o $(LOCKS)/manifests.txt

clean: ## Remove .venv, caches and everything under var/
	rm -rf $(VENV) $(VENV)-manifests .cache var .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(PY):
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Rapport needs Python 3.11 or newer; $(PYTHON) is %d.%d. Try: make PYTHON=python3.11 ..." % sys.version_info[:2])'
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "$(PYTHON) cannot make a virtual environment: install its venv package" >&2; exit 1; }

# The command `rapport`, from this folder; its packages are in the locks already.
INSTALL := $(PY) -m pip install --quiet --disable-pip-version-check --no-index --no-deps --no-build-isolation --editable .

UNFETCHED := { echo "Packages could not be fetched. They come from the index that pip is configured with (PIP_INDEX_URL);" \
	"once it can be reached, run the same command again." >&2; exit 1; }

# The development lock holds every package of the run lock, in the same version.
$(VENV)/.run: $(LOCKS)/run.txt | $(PY)
	@echo "Installing packages (once) ..."
	@$(PIP) -r $< || $(UNFETCHED)
	@$(INSTALL)
	@touch $@

$(VENV)/.dev: $(LOCKS)/dev.txt | $(PY)
	@echo "Installing packages for development (once) ..."
	@$(PIP) -r $< || $(UNFETCHED)
	@$(INSTALL)
	@touch $@ $(VENV)/.run

$(VENV)-manifests/.installed: $(LOCKS)/manifests.txt | $(PY)
	@echo "Installing the checks of deploy/ (once) ..."
	@$(PYTHON) -m venv $(VENV)-manifests
	@$(VENV)-manifests/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $< || $(UNFETCHED)
	@touch $@
