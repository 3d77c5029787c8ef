#!/bin/sh
# Installs XDR Login from repositories in a folder, instead of from where they are published:
#   sh repository-test.sh FOLDER
# For apt, dnf and zypper, as root.
set -eu
folder=$(cd "$1" && pwd)
if command -v apt-get >/dev/null; then
  sources=/etc/apt/sources.list.d/xdr-login.sources
  if [ -e "$folder/xdr-login-archive-keyring.deb" ]; then
    dpkg --install "$folder/xdr-login-archive-keyring.deb"
  else # not signed
    cp "$folder/apt/xdr-login.sources" "$sources"
  fi
  sed -i "s#^URIs: .*#URIs: file://$folder/apt#" "$sources"
  apt-get update
  apt-get install --yes xdr-login
  exit
fi
repos=/etc/yum.repos.d
[ ! -d /etc/zypp/repos.d ] || repos=/etc/zypp/repos.d
sed -e "s#^baseurl=.*/dnf/#baseurl=file://$folder/dnf/#" -e "s#^gpgkey=.*/#gpgkey=file://$folder/#" \
  "$folder/dnf/xdr-login.repo" >"$repos/xdr-login.repo"
if command -v dnf >/dev/null; then
  dnf install --assumeyes xdr-login
else
  zypper --non-interactive --gpg-auto-import-keys install xdr-login
fi
