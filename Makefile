# `make demo` and `make test` need Node >= 20.19, npm and make; they bring the rest.
.DEFAULT_GOAL := help

.PHONY: help
help: ## Show these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-24s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: ## Install, build and start the demo, and run its tour (DEMO_EXIT=1 ends after the tour)
	@node scripts/demo.mjs

.PHONY: test
test: ## Install, find a Redis and a Chromium, then lint, format, type check, build and run every test
	@node scripts/test.mjs

.PHONY: install
install: ## Install the dependencies, unless they are there
	@node scripts/install.mjs

.PHONY: build
build: install ## Build the library and the demo
	@npm run --silent build

.PHONY: lint
lint: install ## Lint, the arrows between the folders included
	@npm run --silent lint

.PHONY: format
format: install ## Write every file as Prettier would
	@npm run --silent format

.PHONY: format-check
format-check: install ## Check that every file is as Prettier would write it
	@npm run --silent format-check

.PHONY: typecheck
typecheck: install ## Check the types
	@npm run --silent typecheck

.PHONY: test-cache-unit
test-cache-unit: ## Unit tests, with coverage (over 90 % of lines and branches)
	@node scripts/test.mjs unit

.PHONY: test-cache-redis
test-cache-redis: ## Tests that need a Redis (REDIS_RETRIES=n repeats a failed test)
	@node scripts/test.mjs redis

.PHONY: test-cache-integration
test-cache-integration: ## Integration, end-to-end and package tests
	@node scripts/test.mjs build integration e2e package

.PHONY: test-cache-browser
test-cache-browser: ## Tests of the pages in headless Chromium; screenshots in test-results/screenshots/
	@node scripts/test.mjs browser

.PHONY: test-cache-performance
test-cache-performance: ## The slow suites: memory, compression
	@node scripts/test.mjs performance

.PHONY: test-cache-all
test-cache-all: ## Every suite, the slow ones included
	@node scripts/test.mjs build suites

.PHONY: test-faults
test-faults: ## What Redis and the way to it may do wrong: real servers and processes, with a table at the end
	@node scripts/test.mjs build faults

.PHONY: licences
licences: install ## List the licences of all production dependencies, and fail on one that is not allowed
	@node scripts/licences.mjs

.PHONY: soak
soak: install ## Mixed load over three processes while Redis fails in turn, 10 minutes (SOAK_MINUTES=60), with a table at the end; WRITE=1 writes docs/soak.md
	@node scripts/soak.mjs

.PHONY: test-docker
test-docker: ## Redis in containers, through Testcontainers; needs a container engine
	@node scripts/test.mjs docker

.PHONY: test-package-all
test-package-all: install ## Try the packed library in fresh applications of every kind, and write docs/compatibility.md
	@npm run --silent test-package-all

.PHONY: bench
bench: ## The benchmark suite on this library's caches; reports in test-results/benchmarks/ (BENCH_ARGS='--preset production')
	@node scripts/bench.mjs $(BENCH_ARGS)

.PHONY: test-open-handles
test-open-handles: ## The suites that hold sockets and timers, with --detectOpenHandles
	@node scripts/test.mjs redis integration e2e -- --detectOpenHandles

.PHONY: bench-peers
bench-peers: ## Measure against peers, by turns, and write docs/performance.md (BENCH_QUICK=1: a try)
	@node benchmarks/peers/run.mjs

.PHONY: compare
compare: ## Try this library and its peers in the cases that hurt, and write the table of docs/comparison.md
	@node benchmarks/peers/compare.mjs

.PHONY: dashboard-preview
dashboard-preview: install ## Serve the page of the dashboard with made-up caches: healthy, Redis away, empty and others
	@node scripts/dashboard-preview.mjs

.PHONY: simulate
simulate: ## Simulate up to 1,000 instances, check it against 8 processes, and write docs/scale.md (SIMULATE_QUICK=1: a try)
	@node benchmarks/simulate/run.mjs

.PHONY: docs
docs: ## Build the pages of docs/ into a site, website/dist, and check its links
	@node scripts/docs.mjs

.PHONY: docs-serve
docs-serve: ## Build the site, and show it on the loopback interface (PORT, else 4173)
	@node scripts/docs.mjs --serve

.PHONY: proof
proof: install ## Write docs/proof.md: each promise with the tests that prove it, by their titles
	@node scripts/proof.mjs

.PHONY: clean
clean: ## Remove builds and test results
	@node scripts/clean.mjs
