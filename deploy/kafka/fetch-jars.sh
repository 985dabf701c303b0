#!/usr/bin/env bash
# Fetch the jars that DIRECTORY/pom.xml asks for from Maven Central into DIRECTORY/libs, once. Needs Java 17 and Maven.
#
#   fetch-jars.sh DIRECTORY
#
# Several may start at the same moment: one fetches, and libs/ appears only when it is complete.
set -euo pipefail

directory=$(cd "${1:?usage: fetch-jars.sh DIRECTORY}" && pwd)
libs=$directory/libs

exec 9> "$directory/.fetch.lock"
flock 9
if [ ! -d "$libs" ]; then
  rm -rf "$libs.partial"
  mvn -B -q -ntp -Dstyle.color=never -f "$directory/pom.xml" -Dlibs.directory="$libs.partial" process-resources >&2
  mv "$libs.partial" "$libs"
fi
