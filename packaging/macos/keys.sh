#!/bin/sh
# Prepares the keys for codesign and notarytool on a temporary runner. Without keys it reports what
# is skipped and succeeds.
set -eu
umask 077
folder=$RUNNER_TEMP/signing
keychain=$folder/signing.keychain-db
mkdir -p "$folder"

if [ -z "${MACOS_CERTIFICATE:-}" ]; then
    echo "SKIPPED signing and notarizing, because MACOS_CERTIFICATE is not set."
    exit 0
fi
# The password is in the environment, because other programs can read arguments.
printf %s "$MACOS_CERTIFICATE" | base64 -D >"$folder/identity.p12"
openssl pkcs12 -in "$folder/identity.p12" -passin env:MACOS_CERTIFICATE_PASSWORD -nodes \
    -out "$folder/identity.pem"
# The keychain needs no password: the same key is in the files next to it for now.
security create-keychain -p "" "$keychain"
security set-keychain-settings -lut 7200 "$keychain"
security unlock-keychain -p "" "$keychain"
security import "$folder/identity.pem" -k "$keychain" -T /usr/bin/codesign
security set-key-partition-list -S apple-tool:,apple:,codesign: -s -k "" "$keychain" >/dev/null
security list-keychains -d user -s "$keychain" login.keychain-db
rm "$folder/identity.p12" "$folder/identity.pem"
identity=$(security find-identity -v -p codesigning "$keychain" | sed -n 's/.*"\(.*\)"/\1/p' | head -n 1)
[ -n "$identity" ] || {
    echo "The certificate in MACOS_CERTIFICATE can't sign code." >&2
    exit 1
}
echo "MACOS_IDENTITY=$identity" >>"$GITHUB_ENV"

if [ -z "${NOTARY_PRIVATE_KEY:-}" ]; then
    echo "SKIPPED notarizing, because NOTARY_PRIVATE_KEY is not set."
    exit 0
fi
printf %s "$NOTARY_PRIVATE_KEY" >"$folder/notary.p8"
echo "NOTARY_KEY=$folder/notary.p8" >>"$GITHUB_ENV"
