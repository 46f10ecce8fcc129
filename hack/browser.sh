#!/usr/bin/env bash
# A headless Chromium for `make browser`: DEPUTY_TEST_BROWSER, one that is installed, or the one that an npm package carries, which
# takes npm and node.
. "$(dirname "${BASH_SOURCE[0]}")/cache.sh"

PACKAGE=@sparticuz/chromium@153.0.0

[ -n "${DEPUTY_TEST_BROWSER:-}" ] && exit 0
for name in chromium chromium-browser google-chrome chrome-headless-shell; do
    command -v "$name" >/dev/null 2>&1 && exit 0
done

alone
browser=$CACHE/browser
if [ -x "$browser/chromium" ] && fresh browser "$PACKAGE"; then exit 0; fi
need npm "Install Chromium, or Node.js with npm to fetch one, or set DEPUTY_TEST_BROWSER."
need node "Install Chromium, or Node.js with npm to fetch one, or set DEPUTY_TEST_BROWSER."
rm -rf "$browser"
mkdir -p "$browser"
at_work "fetching Chromium (none is installed)" browser.log npm pack --pack-destination "$browser" "$PACKAGE"
tar -xzf "$browser"/*.tgz -C "$browser"
for part in chromium al2023.tar swiftshader.tar fonts.tar; do
    node -e 'const [from, to] = process.argv.slice(1), fs = require("fs");
        fs.writeFileSync(to, require("zlib").brotliDecompressSync(fs.readFileSync(from)));' \
        "$browser/package/bin/$part.br" "$browser/$part"
done
for part in al2023 swiftshader fonts; do tar -xf "$browser/$part.tar" -C "$browser"; done
rm -rf "$browser/package" "$browser"/*.tgz "$browser"/*.tar
chmod +x "$browser/chromium"
LD_LIBRARY_PATH=$browser/lib "$browser/chromium" --version >/dev/null ||
    die "the fetched Chromium does not run here; install one and put it on PATH"
remember browser "$PACKAGE"
