# Freshet's front door. `make` alone says what there is; the work is done in scripts/ and by CMake's presets.
SHELL := /bin/bash
.DEFAULT_GOAL := help

# Two cores are what the project is measured on; more are used when they are there.
JOBS ?= $(shell nproc)

# What `make up` understands; see `scripts/up.sh --help`.
export SOURCE DATA PROJECT DAYS RATE FOR
export SOURCE_ORIGIN := $(origin SOURCE)

.PHONY: help deps test-deps build dev up test bench torture asan fuzz format format-check lint clean

help: ## say what there is
	@echo "Freshet: PostgreSQL into ClickHouse, seconds behind, exactly."
	@echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo "  make up takes SOURCE=postgres://…  DATA=dir  PROJECT=dir  DAYS=7  RATE=1000  FOR=seconds"

deps: ## install what a build needs (Debian packages, libchdb)
	@scripts/install-deps.sh build

test-deps: ## install what tests need besides
	@scripts/install-deps.sh test

build: deps ## build/release/freshet and build/release/freshet-store
	@scripts/build.sh release programs

dev: deps ## the build for daily work, in build/dev
	@scripts/build.sh dev

up: build ## run the whole line on this machine; Ctrl-C stops it, a second call goes on
	@scripts/up.sh

test: deps test-deps dev ## build, and run every test
	@scripts/run-tests.sh

bench: build test-deps ## measure, and write docs/performance.md
	@scripts/bench.sh

torture: deps test-deps dev ## kill at random N times, then compare: make torture N=500
	@FRESHET_KILLS=$(or $(N),500) FRESHET_HISTORIES=$$(($(or $(N),500) / 5 + 3)) scripts/run-tests.sh -L fault

asan: deps test-deps ## the unit tests under address and undefined-behaviour sanitizers
	@scripts/build.sh asan unit_tests
	@ctest --test-dir build/asan -L '^unit$$' -j$(JOBS) --output-on-failure --no-tests=error

fuzz: deps test-deps ## feed arbitrary bytes to all that reads some: make fuzz SECONDS=60 (each), or ONLY=yaml
	@scripts/fuzz.sh $(or $(SECONDS),60) $(ONLY)

format: test-deps ## format the C++ sources in place
	@scripts/format.sh

format-check: test-deps ## fail when a C++ source isn't formatted
	@scripts/format.sh --check

lint: dev test-deps ## clang-tidy and the lock annotations over all sources, or those changed since BASE=commit
	@scripts/lint.sh $(BASE)

clean: ## remove what was built (never what `make up` keeps in .freshet)
	rm -rf build
