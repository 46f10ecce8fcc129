#!/usr/bin/env bash
# A Python environment with the vendors' own clients and the tools of tests and the demo.
. "$(dirname "${BASH_SOURCE[0]}")/cache.sh"

VENV=$CACHE/venv

# A virtual environment belongs to its path and its interpreter: either change makes it anew.
key="$(digest "$HACK/requirements.txt") $VENV"
if [ -x "$VENV/bin/python" ] && "$VENV/bin/python" -c '' 2>/dev/null && fresh python "$key"; then exit 0; fi

alone
# newest_python: a Python that is new enough, the plain name first.
newest_python() {
    local python
    for python in python3 python3.14 python3.13 python3.12 python3.11; do
        if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            printf '%s' "$python"
            return 0
        fi
    done
    return 1
}

python=$(newest_python) || die "missing: Python 3.11 or newer as python3"
"$python" -c 'import ensurepip, venv' 2>/dev/null ||
    die "missing: Python's venv module. Install the package python3-venv."

rm -rf "$VENV"
"$python" -m venv "$VENV"
at_work "installing the Python packages" python.log \
    "$VENV/bin/python" -m pip install --disable-pip-version-check --no-input -r "$HACK/requirements.txt"
remember python "$key"
