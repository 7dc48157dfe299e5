#!/usr/bin/env bash
# Installs what is missing, and nothing else: install-deps.sh build|test
# Debian packages come from scripts/packages.txt (build) and scripts/packages-test.txt (test); everything that
# isn't packaged comes from the install-*.sh scripts beside, each pinned by version and checksum.
set -euo pipefail
cd "$(dirname "$0")/.."

case "${1:-}" in
  build) list=scripts/packages.txt ;;
  test) list=scripts/packages-test.txt ;;
  *) echo "usage: $0 build|test" >&2; exit 2 ;;
esac

fail() {
  printf 'install-deps: %s\n' "$@" >&2
  exit 1
}

# A line is a package, or a package and the command it brings: then the command from anywhere else will do.
missing_packages() {
  local package program
  while read -r package program; do
    [ -n "$package" ] || continue
    [ -z "$program" ] || ! command -v "$program" >/dev/null || continue
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || echo "$package"
  done <"$list"
}

as_root() {
  if [ "$(id -u)" = 0 ]; then
    env DEBIAN_FRONTEND=noninteractive "$@"
  elif command -v sudo >/dev/null; then
    sudo DEBIAN_FRONTEND=noninteractive "$@"
  else
    fail "these packages are missing, and there is neither root nor sudo to install them:" "  ${missing[*]}" \
      "ask for: apt-get install ${missing[*]}"
  fi
}

# Parallel calls (a build in two windows) wait for each other in apt itself.
apt_get() { as_root apt-get -y -qq -o DPkg::Lock::Timeout=300 -o Acquire::Retries=2 "$@" </dev/null; }

command -v dpkg-query >/dev/null || fail "this isn't Debian: install the packages of $list by your own means"

mapfile -t missing < <(missing_packages)
if [ "${#missing[@]}" -gt 0 ]; then
  echo "installing ${#missing[@]} Debian packages: ${missing[*]}"
  apt_get update >/dev/null || true # an old list may do; the install tells
  if ! apt_get install --no-install-recommends "${missing[@]}" >/tmp/freshet-apt.$$ 2>&1; then
    tail -n 5 /tmp/freshet-apt.$$ >&2
    rm -f /tmp/freshet-apt.$$
    fail "apt couldn't install: ${missing[*]}" "is this machine offline, or its package list too old?"
  fi
  rm -f /tmp/freshet-apt.$$
fi

if [ "$1" = build ]; then scripts=(scripts/install-chdb.sh); else scripts=(scripts/install-test-clients.sh scripts/install-kafka.sh); fi
for script in "${scripts[@]}"; do
  [ ! -x "$script" ] || "$script"
done
