#!/usr/bin/env bash
# Make sure that the programs named as arguments are on this machine.
#   scripts/system_packages.sh npm chromium postgresql mosquitto fonts pango faketime
# As root on Debian or Ubuntu it installs what is missing; otherwise it prints the command to type
# and fails.
set -euo pipefail

has() {
  case "$1" in
    npm) command -v npm >/dev/null && command -v node >/dev/null ;;
    venv) "${PYTHON:-python3}" -c 'import ensurepip, venv' 2>/dev/null ;;
    chromium) command -v chromium >/dev/null || command -v chromium-browser >/dev/null ;;
    postgresql) command -v pg_ctl >/dev/null || ls /usr/lib/postgresql/*/bin/pg_ctl >/dev/null 2>&1 ;;
    mosquitto) command -v mosquitto >/dev/null || [ -x /usr/sbin/mosquitto ] ;;
    fonts) command -v fc-list >/dev/null && [ -n "$(fc-list :lang=zh-cn family 2>/dev/null | head -1)" ] ;;
    pango) "${PYTHON:-python3}" -c 'import ctypes; [ctypes.CDLL(f"lib{name}.so.0") for name in ("pango-1.0", "pangoft2-1.0", "harfbuzz-subset")]' 2>/dev/null ;;
    faketime) command -v faketime >/dev/null ;;
    *) echo "system_packages.sh: no program called '$1'" >&2; exit 2 ;;
  esac
}

package() {
  case "$1" in
    npm) echo nodejs npm ;;
    venv) echo python3-venv ;;
    pango) echo libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 ;;
    fonts) echo fontconfig fonts-noto-cjk ;;
    *) echo "$1" ;;
  esac
}

missing=()
for program in "$@"; do
  has "$program" || read -ra found <<<"$(package "$program")"
  [ -n "${found:-}" ] && missing+=("${found[@]}")
  unset found
done
[ ${#missing[@]} -eq 0 ] && exit 0

install="apt-get install -y --no-install-recommends ${missing[*]}"
if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
  echo "Installing: ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  $install -qq >/dev/null
  exit 0
fi
echo "These Debian packages are missing: ${missing[*]}" >&2
echo "Type:  sudo apt-get update && sudo $install" >&2
exit 1
