#!/usr/bin/env bash
# Fetches the ClickHouse clients that others wrote and that our tests use against freshet-store: Python's
# clickhouse-connect into .tools/clickhouse-clients/VERSIONS/venv, npm's @clickhouse/client into …/node_modules.
# Does nothing when they are there. FRESHET_TOOLS_DIR names another folder than <source>/.tools.
set -euo pipefail

readonly node_version='1.23.1'
readonly node_sha512='vs3/Zc1dHvT171btW5nMoPsPCJ6QVJ5pp7obxzO5sjqwFx/jjz9wwCAqcFOdc2DhprugDBaVn+4dVY8hG3A9nw=='

source_dir=$(cd "$(dirname "$0")/.." && pwd)
requirements="$source_dir/tests/store/clients/requirements.txt"
# The pins name the folder, so that another version never meets an old folder.
pins=$(cat "$requirements" <(echo "$node_version $node_sha512") | sha256sum | cut -c1-12)
parent="${FRESHET_TOOLS_DIR:-$source_dir/.tools}/clickhouse-clients"
target="$parent/$pins"
if [ "${1:-}" = --folder ]; then echo "$target"; exit 0; fi
if [ -e "$target/complete" ]; then exit 0; fi

mkdir -p "$parent"
exec 9>"$parent/.lock"
flock 9
if [ -e "$target/complete" ]; then exit 0; fi
rm -rf "$target" # what a fetch that was cut off has left
mkdir "$target"

echo "Fetching ClickHouse clients for the tests" >&2
python3 -m venv "$target/venv"
"$target/venv/bin/pip" install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r "$requirements"

(cd "$target" && npm pack --silent "@clickhouse/client@$node_version" >/dev/null)
archive=("$target"/*.tgz)
actual=$(openssl dgst -sha512 -binary "${archive[0]}" | base64 -w0)
[ "$actual" = "$node_sha512" ] || { echo "@clickhouse/client $node_version isn't the one we know" >&2; exit 1; }
mkdir -p "$target/node_modules/@clickhouse/client"
tar -xzf "${archive[0]}" -C "$target/node_modules/@clickhouse/client" --strip-components=1 --no-same-owner
touch "$target/complete"
