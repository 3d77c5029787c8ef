#!/bin/sh
# Signs Windows programs and installers in place. Without a certificate it reports that and succeeds.
set -eu
if [ -z "${WINDOWS_CERTIFICATE:-}" ]; then
    echo "SKIPPED signing, because WINDOWS_CERTIFICATE is not set:" "$@"
    exit 0
fi
umask 077
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# In files, because other programs can read arguments.
printf %s "$WINDOWS_CERTIFICATE" | base64 -d >"$folder/identity.p12"
printf %s "${WINDOWS_CERTIFICATE_PASSWORD:-}" >"$folder/password"
for file; do
    osslsigncode sign -pkcs12 "$folder/identity.p12" -readpass "$folder/password" -h sha256 \
        -n "XDR Login" ${TIMESTAMP_URL:+-ts "$TIMESTAMP_URL"} -in "$file" -out "$folder/signed"
    cat "$folder/signed" >"$file"
    rm "$folder/signed"
done
