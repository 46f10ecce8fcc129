#!/usr/bin/env bash
# Servers that speak the protocols of object stores, for tests: an S3 server, built from the module pinned in hack/go, and
# Azurite, Microsoft's own emulator of Azure's Blob Storage, from the packages pinned in hack/node.
. "$(dirname "${BASH_SOURCE[0]}")/cache.sh"
. "$HACK/go.sh"
. "$HACK/node.sh"

install_azurite() {
    local pins=$HACK/node/azurite key
    key="$(digest "$pins/package.json" "$pins/package-lock.json") $CACHE"
    # The Node.js that it was installed with may be gone.
    if [ -x "$CACHE/azurite/node" ] && [ -x "$CACHE/bin/azurite-blob" ] && fresh azurite "$key"; then return 0; fi
    find_node
    rm -rf "$CACHE/azurite"
    mkdir -p "$CACHE/azurite"
    cp "$pins"/package*.json "$CACHE/azurite"
    at_work "fetching Azurite (about 1 min, once)" azurite.log \
        npm ci --prefix "$CACHE/azurite" --cache "$CACHE/azurite/npm" --ignore-scripts --no-audit --no-fund
    rm -rf "$CACHE/azurite/npm"
    ln -s "$(command -v node)" "$CACHE/azurite/node"
    local program=$CACHE/azurite/node_modules/azurite/dist/src/blob/main.js
    printf '#!/bin/sh\nexec "%s" "%s" "$@"\n' "$CACHE/azurite/node" "$program" >"$CACHE/bin/azurite-blob"
    chmod +x "$CACHE/bin/azurite-blob"
    remember azurite "$key"
}

alone
build_go versitygw versitygw github.com/versity/versitygw/cmd/versitygw "1 min 40 s"
install_azurite
