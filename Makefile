# Two commands: `make demo` shows it, `make test` proves it. Both prepare what they need first (see hack/).

CARGO ?= cargo

.PHONY: demo test check bench setup jobs browser

demo: ## From three YAML files to rows, on a real API server with simulated vendors. SYSTEMS=google,microsoft365,sendsafely,deputy shows all.
	hack/setup.sh demo
	$(CARGO) build --workspace --bins
	hack/demo

test: ## All tests. They need no network and no root once set up.
	hack/setup.sh test
	$(CARGO) test --workspace --doc
	$(CARGO) test --workspace --lib --bins
	hack/clients.sh
	# Most of them wait for servers, so more run at once than there are cores.
	$(CARGO) test --workspace --test '*' -- --test-threads 6

check: ## Form: formatting, lints and documentation, without a single warning.
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS='-D warnings' $(CARGO) doc --workspace --no-deps --document-private-items

browser: ## The Dropzone's page in a real Chromium (an installed one), with a gibibyte through it. DEPUTY_TEST_SHOTS=FOLDER keeps the screenshots.
	hack/setup.sh test
	$(CARGO) test --workspace --test integration -- --ignored dropzone::browser

bench: ## Speed and memory, beside the official client and the bare limit.
	hack/setup.sh test
	$(CARGO) build --workspace --bins --release
	hack/bench

setup: ## Only fetch and build what the others need.
	hack/setup.sh test

jobs: ## The same, and the controllers that run batch/v1 Jobs.
	hack/setup.sh jobs
