#!/usr/bin/env bash
# What kstatus and Argo CD's script engine make of an object: their own code, built for the tests.
. "$(dirname "${BASH_SOURCE[0]}")/cache.sh"
. "$HACK/go.sh"

alone
build_go judge judge . "1 min"
