#!/bin/sh
# Mounts a disk image and runs the self-test of the app in it.
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
    echo "SKIPPED: Gatekeeper can only assess a signed and notarized app."
fi
"$app/Contents/MacOS/xdr-login" --version
"$app/Contents/MacOS/xdr-login" --selftest
