#!/usr/bin/env bash
# Fetches a Kafka broker (Java archives, 46 MB) with Maven into .tools/kafka/PINS, for the tests and for make up KAFKA=1.
# Does nothing when it is there. FRESHET_TOOLS_DIR names another folder than <source>/.tools.
#   install-kafka.sh --folder   prints where it is
set -euo pipefail

source_dir=$(cd "$(dirname "$0")/.." && pwd)
checksums="$source_dir/scripts/kafka/checksums"
# The pins name the folder, so that another version never meets an old folder.
pins=$(sha256sum "$checksums" | cut -c1-12)
parent="${FRESHET_TOOLS_DIR:-$source_dir/.tools}/kafka"
target="$parent/$pins"
if [ "${1:-}" = --folder ]; then echo "$target"; exit 0; fi
if [ -e "$target/complete" ]; then exit 0; fi

mkdir -p "$parent"
exec 9>"$parent/.lock"
flock 9
if [ -e "$target/complete" ]; then exit 0; fi
rm -rf "$target" # what a fetch that was cut off has left
mkdir "$target"

echo "Fetching a Kafka broker (46 MB)" >&2
mvn --quiet --batch-mode --file "$source_dir/scripts/kafka/pom.xml" dependency:copy-dependencies \
  -DincludeScope=runtime -DoutputDirectory="$target" -Dmdep.useBaseVersion=true
(cd "$target" && sha256sum --check --quiet --strict "$checksums")
touch "$target/complete"
