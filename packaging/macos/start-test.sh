#!/bin/sh
# Opens a disk image as a person would and lets the program in it test itself.
set -eu
image=$1
place=$(mktemp -d)
hdiutil attach -quiet -readonly -nobrowse -mountpoint "$place" "$image"
trap 'hdiutil detach -quiet "$place"' EXIT
app=$(find "$place" -maxdepth 1 -name "*.app")
codesign --verify --deep --strict --verbose=2 "$app"
if [ -n "${MACOS_IDENTITY:-}" ] && [ -n "${NOTARY_KEY:-}" ]; then
    spctl --assess --type execute --verbose "$app"
    xcrun stapler validate "$image"
else
    echo "SKIPPED: without keys there is nothing that Gatekeeper could assess."
fi
"$app/Contents/MacOS/xdr-login" --version
"$app/Contents/MacOS/xdr-login" --selftest
