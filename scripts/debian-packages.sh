#!/bin/sh
# Installs the Debian packages that acceptances ask for: sh scripts/debian-packages.sh web mdns ...
# Exit 0: they are there now. Exit 77: they are not and cannot be installed here, with the reason on the last line.
set -eu

packages=
for need in "$@"; do
  case "$need" in
    web) packages="$packages chromium fonts-noto-cjk" ;;
    mdns) packages="$packages iproute2" ;;
    jail) packages="$packages bubblewrap" ;;
    share) packages="$packages samba smbclient cifs-utils" ;;
    office) packages="$packages libreoffice-core libreoffice-writer libreoffice-calc libreoffice-impress" ;;
    crash) packages="$packages gcc libc6-dev" ;;
    disks) packages="$packages util-linux xfsprogs btrfs-progs dosfstools exfatprogs exfat-fuse" ;;
    units) packages="$packages systemd" ;;
    *) echo "unknown: $need (web, mdns, jail, share, office, crash, disks, units)" >&2; exit 2 ;;
  esac
done

missing=
for package in $packages; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null 2>&1; then
  echo "UNAVAILABLE: needs$missing, and this is not Debian"
  exit 77
fi
if [ "$(id -u)" != 0 ]; then
  echo "UNAVAILABLE: needs$missing; install them with: sudo apt-get install$missing"
  exit 77
fi

export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# shellcheck disable=SC2086 # a list of words
if ! { apt-get update && apt-get install -y --no-install-recommends $missing; } >"$log" 2>&1; then
  tail -5 "$log" >&2
  echo "UNAVAILABLE: apt-get could not install$missing"
  exit 77
fi
