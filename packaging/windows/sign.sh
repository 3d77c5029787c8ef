#!/bin/sh
# Signs programs and installers of Windows in place. Without a key it says so, and succeeds.
set -eu
if [ -z "${WINDOWS_CERTIFICATE:-}" ]; then
    echo "SKIPPED: WINDOWS_CERTIFICATE is not set; these are not signed:" "$@"
    exit 0
fi
umask 077
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# By files: arguments can be read by every program of the computer.
printf %s "$WINDOWS_CERTIFICATE" | base64 -d >"$folder/identity.p12"
printf %s "${WINDOWS_CERTIFICATE_PASSWORD:-}" >"$folder/password"
for file; do
    osslsigncode sign -pkcs12 "$folder/identity.p12" -readpass "$folder/password" -h sha256 \
        -n "XDR Login" ${TIMESTAMP_URL:+-ts "$TIMESTAMP_URL"} -in "$file" -out "$folder/signed"
    cat "$folder/signed" >"$file"
    rm "$folder/signed"
done
