# Tutela. `make` alone lists what there is.
# Everything lands in .venv beside this file; nothing is installed for the user or the machine,
# except by `make test`, which adds PostgreSQL and Chromium where they are missing.

VENV := .venv
BIN := $(VENV)/bin
UV_VERSION := 0.13.9

# uv must see this project's own environment, no interpreter of its own making, and the
# certificates this machine trusts.
export UV_PROJECT_ENVIRONMENT := $(CURDIR)/$(VENV)
export VIRTUAL_ENV := $(CURDIR)/$(VENV)
export UV_PYTHON_DOWNLOADS := never
export UV_SYSTEM_CERTS := true
# Thousands of tests start processes; each would compile every module again.
unexport PYTHONHOME PYTHONPATH PYTHONDONTWRITEBYTECODE

RUNS := $(VENV)/.tutela-runs
DEVELOPS := $(VENV)/.tutela-develops
# The peers need libraries that Tutela does not, so they have an environment of their own.
BENCH_VENV := .venv-bench
BENCHES := $(BENCH_VENV)/.tutela-benches
FUZZ_VENV := .venv-fuzz
FUZZES := $(FUZZ_VENV)/.tutela-fuzzes

.DEFAULT_GOAL := help
.PHONY: help install demo test check fmt bench fuzz fuzz-native contract sbom judges faults docs languages pictures clean

help: ## List every target with a sentence.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile

install: $(DEVELOPS) ## Set everything up in .venv; quick when nothing changed.

demo: $(RUNS) ## Run the main job on benign pictures and leave it open in the browser (ARGS=--once: headless).
	@$(BIN)/tutela demo $(ARGS)

test: $(DEVELOPS) ## Run every test on SQLite and PostgreSQL (ARGS='-k audit' narrows it).
	@sh scripts/system-packages.sh
	@$(BIN)/python -m pytest -n 2 --dist worksteal $(ARGS)

check: $(DEVELOPS) ## Check style, types, import direction, the lock file, licences and known flaws.
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/uv lock --check
	$(BIN)/python scripts/audit_dependencies.py

fmt: $(DEVELOPS) ## Put the code into its one format.
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: $(BENCHES) ## Measure speed on this machine beside the peers (ARGS='index --large', --quick, --keep).
	@$(BENCH_VENV)/bin/python -m bench $(ARGS)

fuzz: $(FUZZES) ## Fuzz the parsers by coverage, each for a while (ARGS='pictures --seconds 300').
	@$(FUZZ_VENV)/bin/python -m fuzz $(ARGS)

fuzz-native: $(FUZZES) ## Test and fuzz the native kernels under the address sanitizer (SECONDS=60; needs GCC).
	@sh scripts/fuzz-native.sh $(FUZZ_VENV) $(or $(SECONDS),60)

contract: $(DEVELOPS) ## Hold the running API against its OpenAPI document for long (EXAMPLES=300 for each call).
	@sh scripts/system-packages.sh
	@TUTELA_CONTRACT_EXAMPLES=$(or $(EXAMPLES),300) $(BIN)/python -m pytest -q tests/contract $(ARGS)

sbom: $(DEVELOPS) ## Write the software bill of materials to dist/tutela.cdx.json (CycloneDX).
	@PYTHONPATH=$(CURDIR) $(BIN)/python scripts/write_sbom.py dist/tutela.cdx.json

judges: $(DEVELOPS) ## Have outside packages judge what we say to the CyberTipline (needs Python 3.13 and Node).
	@test -x .venv-judges/bin/python || $(BIN)/uv venv --quiet --python 3.13 .venv-judges
	@$(BIN)/uv pip install --quiet --python .venv-judges/bin/python ncmec-cybertip==0.1.1
	@npm install --silent --no-fund --no-audit --prefix .venv-judges/npm @civitai/cybertipline-tools@0.1.0
	@$(BIN)/python -m bench.judges .venv-judges/bin/python $(CURDIR)/.venv-judges/npm

faults: $(DEVELOPS) ## Break all around a platform under load, then check its books (ARGS='--rounds 100', referrals).
	@sh scripts/system-packages.sh
	@test -x .venv-faults/bin/python || $(BIN)/uv venv --quiet --python $(BIN)/python .venv-faults
	@$(BIN)/uv pip install --quiet --python .venv-faults/bin/python 'moto[s3,server]==5.2.5'
	@$(BIN)/python -m tests.faults $(ARGS)

docs: $(DEVELOPS) ## Write the reference pages that come from the code, and check every page.
	@$(BIN)/python scripts/write_reference.py
	@$(BIN)/python -m pytest -q tests/docs

languages: $(DEVELOPS) ## Bring the console's language files up to date with its sentences (ARGS=fr begins one).
	@$(BIN)/python scripts/write_languages.py $(ARGS)

pictures: $(DEVELOPS) ## Draw every screen of the console anew into docs/pictures, from benign pictures.
	@sh scripts/system-packages.sh
	@PYTHONPATH=$(CURDIR) $(BIN)/python scripts/draw_console.py

clean: ## Remove .venv, caches and build results; never a home folder with data.
	rm -rf $(VENV) $(BENCH_VENV) $(FUZZ_VENV) .venv-judges .venv-faults build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find src tests bench scripts -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

# What a run needs; --inexact keeps the developers' tools, so demo and test do not undo each other.
$(RUNS): pyproject.toml uv.lock scripts/make-venv.sh
	@sh scripts/make-venv.sh $(VENV) $(UV_VERSION)
	@$(BIN)/uv sync --locked --no-dev --inexact --quiet
	@touch $@

$(DEVELOPS): $(RUNS)
	@$(BIN)/uv sync --locked --quiet
	@touch $@

$(BENCHES): $(RUNS)
	@UV_PROJECT_ENVIRONMENT=$(CURDIR)/$(BENCH_VENV) $(BIN)/uv sync --locked --no-default-groups --group bench \
		--python $(BIN)/python --quiet
	@touch $@

$(FUZZES): $(RUNS)
	@UV_PROJECT_ENVIRONMENT=$(CURDIR)/$(FUZZ_VENV) $(BIN)/uv sync --locked --no-default-groups --group fuzz \
		--python $(BIN)/python --quiet
	@touch $@
