# Every target that a person runs is the one that CI runs. `make` alone lists them.
#
#   PYTHON=...   the interpreter to use; otherwise infra/local/find_python.sh looks for one
#   VENV=...     where the virtual environment goes, so that two Pythons can be tested side by side

VENV ?= .venv
BIN := $(VENV)/bin

# uv brings its own list of certificate authorities; behind a company proxy only the system's own list will do.
export UV_SYSTEM_CERTS ?= true

.DEFAULT_GOAL := help
.PHONY: help setup demo deploy destroy access-code costs test test-site lighthouse pictures test-deploy check format lock openapi privacy bench evaluate real-data build clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## make or refresh the virtual environment, with the daltonify command in it
	@infra/local/setup.sh "$(VENV)"

demo: setup ## serve everything on this machine, with invented tracks or CATALOGUE=file-or-folder (PORT=8000)
	@$(BIN)/python -m infra.local.demo $(ARGS)

test: setup ## run every test that needs no browser
	@$(BIN)/python -m pytest $(ARGS)

test-site: setup ## run the tests of the page in headless Chromium
	@$(BIN)/python -m pytest tests/e2e $(ARGS)

check: setup ## formatting, lint, types and tests: what has to pass before a commit
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/python -m pytest $(ARGS)

format: setup ## format the code and mend what lint can mend
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

# --universal: one file serves every supported Python and platform. Neither header nor index lines: they would record
# who made the file and from which registry.
COMPILE := pip compile --quiet --universal --python-version 3.12 --generate-hashes \
	--no-emit-index-url --no-header --no-annotate $(if $(UPGRADE),--upgrade)

lock: ## re-make the pinned requirements from pyproject.toml (UPGRADE=1: to the newest versions)
	@uv=$$(infra/local/boot_uv.sh "$$(infra/local/find_python.sh --fetch)") && \
	"$$uv" $(COMPILE) pyproject.toml --all-extras -o requirements.txt && \
	"$$uv" $(COMPILE) pyproject.toml --all-extras --group dev -c requirements.txt -o requirements-dev.txt && \
	"$$uv" $(COMPILE) pyproject.toml --extra service -c requirements.txt -o layers/dependencies/requirements.txt && \
	"$$uv" $(COMPILE) --group sam -o requirements-sam.txt && \
	"$$uv" $(COMPILE) --group emulator -o requirements-emulator.txt && \
	"$$uv" $(COMPILE) --group scan -o requirements-scan.txt && \
	"$$uv" $(COMPILE) --group peers -c requirements.txt -o requirements-peers.txt && \
	"$$uv" $(COMPILE) --group uv -o requirements-uv.txt

build: ## build what is deployed, and look for faults that would only show there
	@infra/local/build.sh

lighthouse: setup ## score the page with Lighthouse as a phone sees it, and time its first list (needs Node and npm)
	@$(BIN)/python -m tests.benchmark.lighthouse $(ARGS)

pictures: setup ## take pictures of every state of the page of a running demo: ARGS='FOLDER --only list,tune'
	@$(BIN)/python -m tests.e2e.pictures $(ARGS)

test-deploy: setup build ## deploy what was built to an emulator of AWS and use it there
	@$(BIN)/python -m pytest tests/deploy $(ARGS)

# As variables of the shell, so that nothing in them is run.
export CATALOGUE CONTACT ALARM_EMAIL
STAGE ?= dev

deploy: setup ## deploy to AWS and fill it: CATALOGUE=file-or-folder CONTACT=mail [STAGE=dev] [ALARM_EMAIL=mail]
	@$(BIN)/python -m infra.local.deploy up --stage "$(STAGE)" --catalogue "$$CATALOGUE" --contact "$$CONTACT" \
		--alarm-email "$$ALARM_EMAIL"

destroy: setup ## delete a stage from AWS, except what is worth keeping: STAGE=dev
	@$(BIN)/python -m infra.local.deploy down --stage "$(STAGE)"

access-code: setup ## make one more access code for publishing: STAGE=dev
	@$(BIN)/python -m infra.local.deploy access-code --stage "$(STAGE)"

costs: setup ## print what a month on AWS costs, and how that is computed
	@$(BIN)/python -m infra.local.costs

openapi: setup ## write infra/openapi.json anew from the API's routes
	@PYTHONPATH=functions $(BIN)/python -m infra.local.write_openapi

privacy: setup ## write infra/site/privacy.html anew from what is really stored
	@$(BIN)/python -m infra.local.write_privacy

bench: setup ## measure speed at 10,000 to 1,000,000 tracks, beside other libraries: ARGS='--only search --sizes 100000'
	@$(BIN)/python -m tests.benchmark $(ARGS)

EVALUATED = $(DALTONIFY_DATA)/spotify_songs_tidytuesday.csv.gz

evaluate: real-data setup ## score recommendations against playlists that people made (needs DALTONIFY_DATA)
	@$(BIN)/python -m infra.cli.main evaluate --catalogue "$(EVALUATED)" --playlists "$(EVALUATED)" $(ARGS)

# Before setup: whoever lacks the data should not wait for it.
real-data:
	@test -f "$(EVALUATED)" || { echo "Set DALTONIFY_DATA to the folder with spotify_songs_tidytuesday.csv.gz:" \
		"its playlists are what recommendations are scored against." >&2; exit 2; }

clean: ## remove environments, caches and build output; catalogues and indexes stay
	rm -rf .venv* .boot .tools .aws-sam .cache .hypothesis .mypy_cache .pytest_cache .ruff_cache build *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
