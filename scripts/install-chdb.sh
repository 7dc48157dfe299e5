#!/usr/bin/env bash
# Fetches libchdb, the ClickHouse engine that freshet-store hosts, into .tools/chdb/VERSION/libchdb.so.
# Does nothing when it is there. FRESHET_TOOLS_DIR names another folder than <source>/.tools, so that several
# checkouts share the 570 MB.
set -euo pipefail

readonly package='@chdb/lib-linux-x64-gnu'
readonly version='26.7.3-stable.1'
readonly sha256='c0d32b129e988f2b9a9a31c9141aecf5e1e2453f9a079efc4d36ab8e3f92b2ad'

source_dir=$(cd "$(dirname "$0")/.." && pwd)
target="${FRESHET_TOOLS_DIR:-$source_dir/.tools}/chdb/$version"
if [ -e "$target/libchdb.so" ]; then exit 0; fi
if [ "$(uname -sm)" != 'Linux x86_64' ]; then echo "libchdb $version is for Linux on x86-64 only" >&2; exit 1; fi

mkdir -p "$target"
work=$(mktemp -d "$target/.fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT

echo "Fetching libchdb $version (170 MB)" >&2
(cd "$work" && npm pack --silent "$package@$version" >/dev/null)
archive=("$work"/*.tgz)
echo "$sha256  ${archive[0]}" | sha256sum --check --quiet -
tar -xzf "${archive[0]}" -C "$work" --no-same-owner package/libchdb.so
# A rename within one folder: whoever looks sees no file or the whole one.
mv "$work/package/libchdb.so" "$target/libchdb.so"
echo "libchdb $version is in $target" >&2
