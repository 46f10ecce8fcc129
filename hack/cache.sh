# Sourced by the set-up scripts: where things are kept, what is said, what is fresh.
#
# Everything that is fetched or built goes into one folder: DEPUTY_CACHE, or .cache in the repository.
# Deleting it is always safe; it is filled again by the next run.

set -euo pipefail

HACK=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
REPO=$(dirname "$HACK")
CACHE=${DEPUTY_CACHE:-$REPO/.cache}
mkdir -p "$CACHE/bin" "$CACHE/logs" "$CACHE/stamps"

say() { printf '%s\n' "deputy: $*" >&2; }

die() {
    say "$*"
    exit 1
}

# need PROGRAM HINT: stops with one line when a program is missing.
need() { command -v "$1" >/dev/null 2>&1 || die "missing: $1. $2"; }

# fresh NAME KEY: whether NAME was last made from exactly this KEY.
fresh() { [ -f "$CACHE/stamps/$1" ] && [ "$(cat "$CACHE/stamps/$1")" = "$2" ]; }

# remember NAME KEY: call it after NAME is in place, so that an interrupted run is done again.
remember() { printf '%s' "$2" >"$CACHE/stamps/$1"; }

# digest FILE…: one line that changes when any of the files does.
digest() { cat "$@" | cksum | tr -s ' \n' '-'; }

# at_work TITLE LOG COMMAND…: runs a long command, its output in a log, and says now and then that it goes on.
at_work() {
    local title=$1 log=$CACHE/logs/$2 started=$SECONDS pid
    shift 2
    say "$title"
    "$@" </dev/null >"$log" 2>&1 &
    pid=$!
    # A background child ignores ^C, so it is passed on.
    trap 'kill "$pid" 2>/dev/null; exit 130' INT TERM
    while kill -0 "$pid" 2>/dev/null; do
        sleep 1
        if [ $(((SECONDS - started) % 20)) = 19 ]; then
            say "  still at it: $((SECONDS - started)) s, $(wc -l <"$log" | tr -d ' ') steps done"
        fi
    done
    trap - INT TERM
    if ! wait "$pid"; then
        tail -n 25 "$log" >&2
        die "failed: $title (the whole log: $log)"
    fi
    say "  done in $((SECONDS - started)) s"
}

# alone: two set-ups at once would build everything twice, so the second waits for the first.
alone() {
    [ -z "${DEPUTY_SETUP_ALONE:-}" ] || return 0
    export DEPUTY_SETUP_ALONE=yes # for the scripts that this one calls
    command -v flock >/dev/null 2>&1 || return 0
    exec 9>"$CACHE/lock"
    flock -n 9 && return 0
    say "another set-up is running; waiting for it"
    flock 9
}
