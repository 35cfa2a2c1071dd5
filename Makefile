# What there is to run. `make` alone lists it.

GOLANGCI_LINT ?= go run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
PACKAGES      ?= ./...
TESTFLAGS     ?=
BENCHTIME     ?= 3s
SEEDS         ?= 20000
FROM          ?= 1

# The race detector needs cgo and a C compiler; without them the tests run all the same.
# It watches the memory that Go manages; SQLite, which is C made into Go, has its own elsewhere. To look
# into its code finds nothing, and takes ten times as long.
NORACE := $(foreach package,modernc.org/sqlite/lib modernc.org/libc modernc.org/memory,-gcflags=$(package)=-race=false)
RACE   := $(shell command -v $$(go env CC) >/dev/null 2>&1 && [ "$$(go env CGO_ENABLED)" = 1 ] && echo -race $(NORACE))

.PHONY: help demo test simulate mutants generate lint lint-goldens bench setup

help: ## lists what there is to run
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1|\2/' | awk -F'|' '{printf "%-16s %s\n", $$1, $$2}'

demo: ## runs a shop over 20 orders, kills it in the middle of a charge, and shows how the orders end
	@echo "Compiling bextgen and what the shop needs (the first time, that takes a while)."
	@go build modernc.org/sqlite ./cmd/bextgen # together: SQLite by itself keeps one core busy
	@go generate ./examples/...
	@go run ./examples/orders/demo

test: setup ## runs all tests, with the race detector where there is a C compiler
	@[ -n "$(RACE)" ] || echo "test: no C compiler, so the race detector is left out"
	go test $(RACE) $(TESTFLAGS) $(PACKAGES)

simulate: ## runs the runtime under random trouble, SEEDS times; see docs/testing.md
	go test ./runtime/simulation -seeds $(SEEDS) -from $(FROM)

mutants: ## shows that the simulation finds the bugs in runtime/simulation/mutants
	go run ./runtime/simulation/mutants

generate: ## writes the generated files again
	go generate ./...

lint: ## runs the linters, the import rules and the formatter's check
	go vet ./...
	$(GOLANGCI_LINT) run ./... ./testdata/gen/... ./testdata/machine/... ./testdata/versions/...
	@$(MAKE) --no-print-directory lint-goldens

# What the goldens generate is compiled and vetted by the tests; here staticcheck reads it.
lint-goldens:
	@dir=$$(mktemp -d) && trap 'rm -rf "$$dir"' EXIT && go run ./testdata/gen/unpack "$$dir" && \
	cd "$$dir" && $(GOLANGCI_LINT) run --config "$(CURDIR)/.golangci.yml" --enable-only staticcheck,unused,ineffassign ./...

bench: ## measures the engine: flows a second and latencies, with every commit synced and without
	go test -run '^$$' -bench . -benchtime $(BENCHTIME) ./runtime/...

# What the tests use beyond Go. A test that lacks its tool skips itself and says so.
setup:
	@.ci/setup
