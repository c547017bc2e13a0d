# The commands of the house; CONTRIBUTING.md explains them. `make demo` and `make test` need
# nothing but Rust, Node and the rights to install what is missing.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo demo-reset test chaos build check bench lighthouse openapi web setup

export PATH := $(HOME)/.cargo/bin:$(PATH)
TARGET := $(or $(CARGO_TARGET_DIR),target)
WEB_SOURCES := $(shell find web -path web/node_modules -prune -o -path web/dist -prune -o -type f -print 2>/dev/null)
# Words for the command behind a target: make demo ARGS="--port 9000"
ARGS ?=

help:
	@echo "make demo        everything on this machine, with a sandbox CRM (ARGS=\"--port 9000\")"
	@echo "make demo-reset  forget what the demo kept"
	@echo "make test        all tests, from a clean clone; what CI runs"
	@echo "make chaos       the long versions of the tests that break things; figures land in target/chaos"
	@echo "make build       the release binary, with the web app inside: $(TARGET)/release/tandem"
	@echo "make check       format, lints, docs, dependency rules"
	@echo "make bench       measure imports, reads, deliveries and reports; figures land in target/bench"
	@echo "make lighthouse  measure the pages of the demo in a browser; figures land in target/lighthouse"
	@echo "make openapi     write the OpenAPI document and the client made from it"

demo: build
	@exec $(TARGET)/release/tandem demo $(ARGS)

# The data may be elsewhere than in .tandem (see `embedded`), so the binary removes it.
demo-reset: build
	@$(TARGET)/release/tandem demo --reset

build:
	@.ci/setup build
	@$(MAKE) --no-print-directory web
	cargo build --release --locked

web: web/dist/index.html

web/node_modules/.package-lock.json: web/package.json web/package-lock.json
	npm ci --prefix web --no-audit --no-fund

web/dist/index.html: web/node_modules/.package-lock.json $(WEB_SOURCES)
	npm run --prefix web build
	@touch $@

test:
	@.ci/setup test
	@.ci/test

chaos:
	@.ci/setup test
	@.ci/chaos

check:
	@.ci/setup build
	@$(MAKE) --no-print-directory web
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps --document-private-items
	cargo test --locked --test it tidy
	npm run --prefix web lint
	npm run --prefix web typecheck
	@if command -v cargo-deny >/dev/null; then \
	  cargo deny --offline --config .deny.toml check bans licenses sources; \
	else \
	  echo "make check: cargo-deny is not installed, so licences were not checked; version floors were (tests/it/tidy)"; \
	fi

bench: build
	$(TARGET)/release/tandem bench $(ARGS)

# A package of its own: it is larger than all of the web app's.
lighthouse: build
	@.ci/setup test
	npm ci --prefix tests/lighthouse --no-audit --no-fund
	TANDEM_BIN=$(TARGET)/release/tandem OUT=$(TARGET)/lighthouse node tests/lighthouse/run.mjs

openapi:
	cargo run --quiet --locked -- openapi > web/openapi.json.new
	mv web/openapi.json.new web/openapi.json
	npm run --prefix web api
