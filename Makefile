# Every target sets up what it needs: `make run` and `make test` work in a fresh clone.

PYTHON ?= python3
PORT ?= 8000
SCALE ?= 0.02
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
SPARK_VENV := .venv-spark
SPARK_READY := $(SPARK_VENV)/.ready

# What the benches compare with lives apart from the shop's own environment.
BENCH_VENV := .bench-venv
BENCH_READY := $(BENCH_VENV)/.ready

.PHONY: run job evaluate test test-spark spark-package check format import rebuild sample account migrate schema lock bench-import bench-products bench-search bench-checkout bench-recommendations bench-signals bench-conversations bench-analytics forecast-backtest fuzz races crashes model-crashes analytics-crashes dialogues clean help

help: ## show the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 24

REVISION = GIT_REVISION=$${GIT_REVISION:-$$(git rev-parse HEAD 2>/dev/null)}

run: $(READY) ## open the shop on this machine: make run [PORT=8000] [SCALE=0.02]
	@$(REVISION) exec $(BIN)/python -m infra.run --port $(PORT) --scale $(SCALE)

test: $(READY) check ## all tests, on SQLite and on a private MariaDB (or on TEST_DATABASE_URL)
	@$(BIN)/python -m infra.private_mariadb --ensure
	@$(BIN)/python -m pytest -n auto

test-spark: $(SPARK_READY) ## tests of the Spark job, in local mode
	@$(BIN)/python -m infra.spark.tools --ensure-java
	@PYTHONPATH=. $(SPARK_VENV)/bin/python -m pytest -c tests/infra/spark/pytest.ini --rootdir . --durations 6 --confcutdir tests/infra/spark tests/infra/spark

spark-package: $(READY) ## write what the Spark job is made of: make spark-package DIR=...
	@test -n "$(DIR)" || { echo "Say where to: make spark-package DIR=dist/spark"; exit 1; }
	@$(BIN)/python -m infra.spark.tools --package "$(DIR)"

check: $(READY) ## style and types
	@$(BIN)/ruff format --check -q . || { echo "Run: make format"; exit 1; }
	@$(BIN)/ruff check -q .
	@$(BIN)/mypy --no-error-summary

format: $(READY) ## put the code into its form
	@$(BIN)/ruff check --fix -q . ; $(BIN)/ruff format -q .

import: $(READY) ## import a folder of CSV files: make import DIR=... [STRICT=1]
	@test -n "$(DIR)" || { echo "Say which folder: make import DIR=path/to/csv"; exit 1; }
	@$(BIN)/python -m infra.import_csv "$(DIR)" $(if $(STRICT),--strict)

job: $(READY) ## run scheduled work by hand until nothing is left: make job [NAME=purge_events]
	@$(REVISION) $(BIN)/python -m infra.job $(NAME)

rebuild: $(READY) ## build the model for recommendations now, on the database of the settings
	@$(REVISION) $(BIN)/python -m infra.rebuild

sample: $(READY) ## write the sample shop as CSV files: make sample DIR=... [SCALE=0.02]
	@test -n "$(DIR)" || { echo "Say where to: make sample DIR=path/to/csv"; exit 1; }
	@$(BIN)/python -m infra.sample_shop "$(DIR)" --scale $(SCALE)

account: $(READY) ## make an account: make account USERNAME=robin ROLE=admin
	@test -n "$(USERNAME)" -a -n "$(ROLE)" || { echo "Say who: make account USERNAME=robin ROLE=admin"; exit 1; }
	@$(BIN)/python -m infra.account "$(USERNAME)" "$(ROLE)"

migrate: $(READY) ## bring the database to the newest schema
	@$(BIN)/python -m infra.migrate

schema: $(READY) ## rewrite sql/schema.sql from the tables
	@$(BIN)/python -m infra.migrate --write-schema

bench-import: $(READY) ## import speed and memory beside LOAD DATA
	@$(BIN)/python -m infra.private_mariadb --ensure
	@$(BIN)/python -m bench.import_speed

bench-products: $(READY) ## latency of GET /products beside bare PyMySQL
	@$(BIN)/python -m infra.private_mariadb --ensure
	@$(BIN)/python -m bench.products_latency

bench-search: $(READY) ## latency of the product search beside a page by primary key
	@$(BIN)/python -m infra.private_mariadb --ensure
	@$(BIN)/python -m bench.search_latency

bench-checkout: $(READY) ## checkouts a second beside a purchase in bare SQL
	@$(BIN)/python -m infra.private_mariadb --ensure
	@$(BIN)/python -m bench.checkout_throughput

bench-recommendations: $(READY) $(BENCH_READY) ## quality, rebuild and serving beside the peers: [SIZE=small|medium|large] [DATA=...] [JSON=...]
	@$(BIN)/python -m infra.private_mariadb --ensure
	@$(BIN)/python -m bench.recommendations --size $(or $(SIZE),large) --peers-python $(BENCH_VENV)/bin/python \
		$(if $(DATA),--data "$(DATA)") $(if $(JSON),--json "$(JSON)") $(if $(ONLY),--only $(ONLY))

bench-conversations: $(READY) ## messages, sessions and the assistant beside reads by primary key: [MESSAGES=200000]
	@$(BIN)/python -m infra.private_mariadb --ensure
	@$(BIN)/python -m bench.conversations --messages $(or $(MESSAGES),200000)

bench-analytics: $(READY) ## building figures of sales beside bare SQL, reading them with many times the orders: [SIZE=1] [TIMES=10]
	@$(BIN)/python -m infra.private_mariadb --ensure
	@$(BIN)/python -m bench.analytics --scale $(or $(SIZE),1) --times $(or $(TIMES),10)

forecast-backtest: $(READY) ## how well sales are foretold, beside repeating the last week: [DATA=../shared/data] [SCALE=0.05]
	@$(BIN)/python -m bench.forecast_backtest --data $(or $(DATA),../shared/data) --scale $(or $(SCALE),0.05)

bench-signals: $(READY) ## the stream of what people did, and one person's history: make bench-signals [ROWS=400000]
	@$(BIN)/python -m infra.private_mariadb --ensure
	@$(BIN)/python -m bench.signals_stream --rows $(or $(ROWS),400000)

evaluate: $(READY) ## how good recommendations are on any CSV of interactions: make evaluate DATA=... [ITEMS=...]
	@test -n "$(DATA)" || { echo "Say which file: make evaluate DATA=path/to/interactions.csv [ITEMS=path/to/items.csv]"; exit 1; }
	@$(BIN)/python -m infra.evaluate "$(DATA)" $(if $(ITEMS),--items "$(ITEMS)")

fuzz: $(READY) ## schemathesis, all checks, as nobody and as each role: make fuzz [EXAMPLES=50] [ONLY=regex]
	@$(BIN)/python -m tests.fuzz.run --examples $(or $(EXAMPLES),50) $(if $(ONLY),--only '$(ONLY)')

races: $(READY) ## hundreds of buyers at once for too few units: make races [SEEDS=20]
	@$(BIN)/python -m infra.private_mariadb --ensure
	@$(BIN)/python -m tests.commerce.race_checkouts --seeds $(or $(SEEDS),20)

crashes: $(READY) ## kill the process and the database at every statement: make crashes [KIND=..] [SCENARIO=..] [POINT=..]
	@$(BIN)/python -m infra.private_mariadb --ensure
	@$(BIN)/python -m tests.commerce.crashes --seed $(or $(SEED),1) $(if $(KIND),--kind $(KIND)) \
		$(if $(SCENARIO),--scenario "$(SCENARIO)") $(if $(POINT),--point $(POINT)) $(if $(SAMPLE),--sample $(SAMPLE))

model-crashes: $(READY) ## kill builds and roll-backs of models at every step: make model-crashes [KIND=sqlite] [SEED=1]
	@$(BIN)/python -m infra.private_mariadb --ensure
	@$(BIN)/python -m tests.recommendations.models.killed_builds --seed $(or $(SEED),1) $(if $(KIND),--kind $(KIND))

analytics-crashes: $(READY) ## kill runs that sum sales up, at random statements: make analytics-crashes [KILLS=50] [SEED=1]
	@$(BIN)/python -m infra.private_mariadb --ensure
	@$(BIN)/python -m tests.analytics.sales.killed_runs --kills $(or $(KILLS),50) --seed $(or $(SEED),1)

dialogues: $(READY) ## scripted dialogues with the assistant, and the share passed: make dialogues [ONLY=orders] [SAY=1] [WRITE=1]
	@$(BIN)/python -m tests.conversations.assistant.dialogues.run $(if $(ONLY),--only '$(ONLY)') $(if $(SAY),--say) $(if $(WRITE),--write)

lock: $(READY) ## pin all requirements anew
	@$(BIN)/uv pip compile --universal --python-version 3.11 --no-header -q -U requirements.in -o requirements.txt
	@$(BIN)/uv pip compile --universal --python-version 3.11 --no-header -q -U requirements-dev.in -o requirements-dev.txt
	@$(BIN)/uv pip compile --universal --python-version 3.11 --no-header -q -U infra/spark/requirements.in -o infra/spark/requirements.txt
	@$(BIN)/uv pip compile --universal --python-version 3.11 --no-header -q -U bench/requirements.in -o bench/requirements.txt

clean: ## remove what was made here: environment, caches and the local data
	@rm -rf $(VENV) $(BENCH_VENV) $(SPARK_VENV) .local .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(READY): requirements.txt requirements-dev.txt
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is missing: install Python 3.11 or newer."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=python3.11 ..."; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "Python's venv module is missing: apt-get install python3-venv"; exit 1; }
	@echo "Setting up $(VENV) (once)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -q --disable-pip-version-check uv==$$(sed -n 's/^uv==\([0-9.]*\).*/\1/p' requirements-dev.txt)
	@$(BIN)/uv pip sync -q --python $(BIN)/python requirements-dev.txt
	@touch $@

$(SPARK_READY): $(READY) infra/spark/requirements.txt
	@echo "Setting up $(SPARK_VENV) (once)"
	@$(PYTHON) -m venv --without-pip $(SPARK_VENV)
	@$(BIN)/uv pip sync -q --python $(SPARK_VENV)/bin/python infra/spark/requirements.txt
	@touch $@

$(BENCH_READY): $(READY) bench/requirements.txt
	@echo "Setting up $(BENCH_VENV) (once)"
	@$(BIN)/uv venv -q --allow-existing --python $(BIN)/python $(BENCH_VENV)
	@$(BIN)/uv pip sync -q --python $(BENCH_VENV)/bin/python bench/requirements.txt
	@touch $@
