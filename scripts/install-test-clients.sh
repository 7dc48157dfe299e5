#!/usr/bin/env bash
# Fetches the ClickHouse clients that others wrote and that our tests use against freshet-store: Python's
# clickhouse-connect into .tools/clickhouse-clients/VERSIONS/venv, npm's @clickhouse/client into …/node_modules.
# Does nothing when they are there. FRESHET_TOOLS_DIR names another folder than <source>/.tools.
set -euo pipefail

# The last one that runs on Debian 12's Node.js 18.
readonly node_version='1.20.0'
declare -rA node_sha512=(
  [client]='2df1d9f5b65985cecaacd1556bdbfbdc932ac2c3fe9bfe5283074a326c737b852b730ea913417b44da20dcbcf1dc62919c9af71ddd79b839486ea6836bd05b80'
  [client-common]='b34a034b0c50c893bf5f09deeac344ef14c0966b3bd87ab6007cc7001f6848e05f89a5d3cd03b21d0ae1b9f27d95d3c94f0af82f8eff4711b58ba23423c5f2f4'
)

source_dir=$(cd "$(dirname "$0")/.." && pwd)
requirements="$source_dir/tests/store/clients/requirements.txt"
# The pins name the folder, so that another version never meets an old folder.
pins=$(cat "$requirements" <(echo "$node_version ${node_sha512[*]}") | sha256sum | cut -c1-12)
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

for name in "${!node_sha512[@]}"; do
  (cd "$target" && npm pack --silent "@clickhouse/$name@$node_version" >/dev/null)
  archive="$target/clickhouse-$name-$node_version.tgz"
  echo "${node_sha512[$name]}  $archive" | sha512sum --check --quiet -
  mkdir -p "$target/node_modules/@clickhouse/$name"
  tar -xzf "$archive" -C "$target/node_modules/@clickhouse/$name" --strip-components=1 --no-same-owner
done
touch "$target/complete"
