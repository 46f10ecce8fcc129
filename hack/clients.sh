#!/usr/bin/env bash
# The vendors' own Python clients against the sandbox: they decide whether it is right.
#
#   hack/clients.sh [pytest arguments]
. "$(dirname "${BASH_SOURCE[0]}")/cache.sh"

"$HACK/python.sh"
cd "$REPO"
cargo build --quiet --workspace --bin deputy-sandbox
target=${CARGO_TARGET_DIR:-$REPO/target}
DEPUTY_SANDBOX=$target/debug/deputy-sandbox exec "$CACHE/venv/bin/python" -B -m pytest -q -p no:cacheprovider \
    sandbox/clients "$@"
