#!/usr/bin/env bash
# Servers that speak the protocols of object stores, for tests: an S3 server, built from the module pinned in hack/go.
. "$(dirname "${BASH_SOURCE[0]}")/cache.sh"
. "$HACK/go.sh"

alone
build_go versitygw versitygw github.com/versity/versitygw/cmd/versitygw "1 min 40 s"
