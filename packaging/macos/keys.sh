#!/bin/sh
# Puts what signs and notarizes where codesign and notarytool find it, on a runner that is thrown
# away afterwards. Without keys it says what is skipped, and succeeds.
set -eu
umask 077
folder=$RUNNER_TEMP/signing
keychain=$folder/signing.keychain-db
mkdir -p "$folder"

if [ -z "${MACOS_CERTIFICATE:-}" ]; then
    echo "SKIPPED: MACOS_CERTIFICATE is not set; the app is signed ad hoc, and is not notarized."
    exit 0
fi
# The password goes by the environment: arguments can be read by every program of the computer.
printf %s "$MACOS_CERTIFICATE" | base64 -D >"$folder/identity.p12"
openssl pkcs12 -in "$folder/identity.p12" -passin env:MACOS_CERTIFICATE_PASSWORD -nodes \
    -out "$folder/identity.pem"
# The keychain has no password: it holds what lies beside it as a file for this moment.
security create-keychain -p "" "$keychain"
security set-keychain-settings -lut 7200 "$keychain"
security unlock-keychain -p "" "$keychain"
security import "$folder/identity.pem" -k "$keychain" -T /usr/bin/codesign
security set-key-partition-list -S apple-tool:,apple:,codesign: -s -k "" "$keychain" >/dev/null
security list-keychains -d user -s "$keychain" login.keychain-db
rm "$folder/identity.p12" "$folder/identity.pem"
identity=$(security find-identity -v -p codesigning "$keychain" | sed -n 's/.*"\(.*\)"/\1/p' | head -n 1)
[ -n "$identity" ] || {
    echo "The certificate in MACOS_CERTIFICATE cannot sign code." >&2
    exit 1
}
echo "MACOS_IDENTITY=$identity" >>"$GITHUB_ENV"

if [ -z "${NOTARY_PRIVATE_KEY:-}" ]; then
    echo "SKIPPED: NOTARY_PRIVATE_KEY is not set; the app is signed, and not notarized."
    exit 0
fi
printf %s "$NOTARY_PRIVATE_KEY" >"$folder/notary.p8"
echo "NOTARY_KEY=$folder/notary.p8" >>"$GITHUB_ENV"
