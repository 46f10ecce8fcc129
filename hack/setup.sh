#!/usr/bin/env bash
# Fetches and builds what the demo and the tests need, once, without root. A second run takes a second.
#
#   hack/setup.sh demo | test | jobs
. "$(dirname "${BASH_SOURCE[0]}")/cache.sh"

need cargo "Install Rust from your distribution or with rustup."
need cc "Install a C compiler (gcc or clang)."

"$HACK/python.sh"
"$HACK/corpora.sh"
for_tests() { "$HACK/helm.sh" && "$HACK/judge.sh" && "$HACK/postgres.sh" && "$HACK/buckets.sh" && "$HACK/browser.sh"; }
case "${1:-test}" in
demo) "$HACK/apiserver.sh" ;;
test) "$HACK/apiserver.sh" && for_tests ;;
jobs) "$HACK/apiserver.sh" jobs && for_tests ;;
*) die "use: hack/setup.sh demo | test | jobs" ;;
esac
