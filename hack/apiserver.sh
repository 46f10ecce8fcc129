#!/usr/bin/env bash
# A Kubernetes API server for tests and the demo: an existing cluster, given binaries, or built from source.
#
#   hack/apiserver.sh [jobs]      with "jobs", also the controllers and the scheduler that run batch/v1 Jobs
#
# Order: DEPUTY_TEST_KUBECONFIG names a cluster (nothing to do); KUBEBUILDER_ASSETS names a folder that holds
# etcd and kube-apiserver (nothing to build); else both are built from the modules pinned in hack/go.
. "$(dirname "${BASH_SOURCE[0]}")/cache.sh"
. "$HACK/go.sh"

KUBERNETES_VERSION=$(awk '{ for (i = 1; i < NF; i++) if ($i == "k8s.io/kubernetes") { print $(i + 1); exit } }' \
    "$HACK/go/kubernetes/go.mod")
VERSION_PACKAGE=k8s.io/component-base/version
VERSION_FLAGS="-X $VERSION_PACKAGE.gitVersion=$KUBERNETES_VERSION -X $VERSION_PACKAGE.gitMajor=1 \
-X $VERSION_PACKAGE.gitMinor=$(printf %s "$KUBERNETES_VERSION" | cut -d. -f2)"

kubernetes_program() { build_go "$1" kubernetes "k8s.io/kubernetes/cmd/$1" "$2" "$VERSION_FLAGS"; }

control_plane() {
    if [ -n "${DEPUTY_TEST_KUBECONFIG:-}" ]; then
        [ -r "$DEPUTY_TEST_KUBECONFIG" ] || die "DEPUTY_TEST_KUBECONFIG names no readable file: $DEPUTY_TEST_KUBECONFIG"
        return 0
    fi
    if [ -n "${KUBEBUILDER_ASSETS:-}" ]; then
        local program
        for program in etcd kube-apiserver; do
            [ -x "$KUBEBUILDER_ASSETS/$program" ] || die "KUBEBUILDER_ASSETS holds no $program: $KUBEBUILDER_ASSETS"
        done
        return 0
    fi
    build_go etcd etcd go.etcd.io/etcd/server/v3 "20 s"
    kubernetes_program kube-apiserver "6 min"
}

command_line() {
    command -v kubectl >/dev/null 2>&1 && return 0
    [ -x "${KUBEBUILDER_ASSETS:-/nonexistent}/kubectl" ] && return 0
    kubernetes_program kubectl "1 min"
}

alone
control_plane
command_line
if [ "${1:-}" = jobs ]; then
    kubernetes_program kube-controller-manager "2 min"
    kubernetes_program kube-scheduler "30 s"
fi
