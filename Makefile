# What people and CI run. `make` lists it.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
PART ?=
ROW ?=
DOOR ?=
STORY ?=
ALL ?=
JSON ?=
REPLICAS ?=
VENV := .venv
BIN := $(VENV)/bin
REPLICATED := $(if $(REPLICAS),--replicas $(REPLICAS))
STAMP := $(VENV)/.installed
# Per cent: what unit and contract tests reach alone. Raise it to 5 below what all three reach.
FLOOR := 74

export SERVERS
# A stack starts a dozen processes: each from what was compiled once.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help venv run tour up play down servers test browse shots mails fault race bench timing coverage lint types fmt proof docs

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo "SERVERS=urls|containers|local says where PostgreSQL and RabbitMQ come from (else: the first that works)"
	@echo "REPLICAS=3 starts that many of each service: run, tour, up"
	@echo "KILLS=200 is how often \`make race PART=kills\` kills, ROUNDS=1000 how often \`PART=secrets\` races for each and \`PART=merges\` for merges (KILLS=200 kills beside them), MINUTES=40 for how long at the most"
	@echo "ROW=consumer narrows \`make bench\` to that row; JSON=file also writes every figure there"
	@echo "AUDIT_ROWS=10000000 makes \`make bench ROW=audit\` go along that many (else 200,000)"
	@echo "MERGE_ACCOUNTS=1000000 makes \`make bench ROW=merges\` merge and offer among that many (else 100,000)"
	@echo "DRAIN_ROWS=100000 and BACKLOG_ROWS=100000 are how many wait for \`make bench ROW=\"drain backlog\"\`"
	@echo "PART=\"unit contract\" narrows \`make test\` to these folders; PYTHON=python3.13 makes the environment with that one"

venv: $(STAMP) ## make .venv with everything that is needed, at the versions of constraints.txt

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or later is needed: make PYTHON=python3.13"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "python3-venv is missing: apt-get install python3-venv"; \
	  [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null || exit 1; \
	  echo "installing it"; \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv >/dev/null; }
	@echo "making $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

run: $(STAMP) ## start everything, play the tour, stay up until Ctrl-C
	@$(BIN)/python -m deploy.local run $(REPLICATED)

tour: $(STAMP) ## start everything, play the tour, stop; exits 0 when every step did what its row says
	@$(BIN)/python -m deploy.local tour $(REPLICATED)

up: $(STAMP) ## build and start everything in containers, three of each service
	@$(BIN)/python -m deploy.local up $(REPLICATED)

play: $(STAMP) ## play the tour on the stack that is up: of `make up`, or of `make run`
	@$(BIN)/python -m deploy.local play

down: $(STAMP) ## remove the containers of `make up`, their data and images
	@$(BIN)/python -m deploy.local down

servers: $(STAMP) ## start PostgreSQL and RabbitMQ only, print their URLs, stay up until Ctrl-C
	@$(BIN)/python -m deploy.local servers

test: $(STAMP) ## run the whole suite: unit, contract, architecture, integration, e2e
	@$(BIN)/pytest --numprocesses 3 --no-loadscope-reorder $(addprefix tests/,$(PART))

browse: $(STAMP) ## play the stories in a real browser; STORY=words narrows, ALL=1 looks at a page each time
	@$(BIN)/pytest tests/browse --numprocesses 2 $(if $(STORY),-k "$(STORY)") $(if $(ALL),--again)

shots: $(STAMP) ## the same, and a picture of every page to .local/shots
	@$(BIN)/pytest tests/browse --numprocesses 2 --shots $(if $(STORY),-k "$(STORY)")
	@echo "pictures: .local/shots/index.html"

mails: $(STAMP) ## write every mail, in both languages, to one page: .local/mails/index.html
	@$(BIN)/python -m tests.support.mails

fault: $(STAMP) ## kill every service at every crash point on every path, and its servers; minutes
	@$(BIN)/pytest tests/fault --every-path

race: $(STAMP) ## what chance finds: PART=kills kills notify's replicas, PART=secrets has 64 race for what is good once, PART=merges merges beside all else
	@$(BIN)/python -m tests.race $(PART) $(if $(KILLS),--kills $(KILLS)) $(if $(ROUNDS),--rounds $(ROUNDS)) $(if $(MINUTES),--minutes $(MINUTES))

bench: $(STAMP) ## measure what the limits are held against, each beside its ceiling; minutes
	@$(BIN)/python -m tests.bench $(ROW) $(if $(JSON),--json $(JSON))

timing: $(STAMP) ## knock at public doors, and tell what the time of a reply gives away; DOOR=resets narrows
	@$(BIN)/python -m tests.timing $(DOOR)

coverage: $(STAMP) ## measure what the tests inside one process reach, with a floor
	@$(BIN)/pytest tests/unit tests/contract tests/integration --cov=services --cov=shared --cov-report= --cov-fail-under=$(FLOOR)

lint: $(STAMP) ## check style and imports
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports

types: $(STAMP) ## check types
	@$(BIN)/mypy

fmt: $(STAMP) ## format
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

proof: $(STAMP) ## print the rows that are built, and the tests that prove them
	@$(BIN)/python -m tests.support.proof

docs: $(STAMP) ## write the tables of the services' READMEs as the code has them
	@$(BIN)/python -m deploy.readmes
