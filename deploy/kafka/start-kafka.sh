#!/usr/bin/env bash
# Run one Kafka broker in the foreground, on 127.0.0.1 only; the process becomes the broker.
#
#   start-kafka.sh DIRECTORY [PORT [CONTROLLER_PORT]]     defaults: 9092 9093
#
# DIRECTORY keeps the log: start again on it, after a kill too, and every acknowledged record is there.
# The broker's jars are fetched once from Maven Central into libs/. Needs Java 17 and Maven.
# KAFKA_HEAP (512m) is the broker's largest heap. KAFKA_SYNC_EVERY (1) is after how many records of a partition it
# syncs: with each, as one broker must that is to lose nothing; a cluster leaves it to copies on other brokers.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
directory=${1:?usage: start-kafka.sh DIRECTORY [PORT [CONTROLLER_PORT]]}
port=${2:-9092}
controller_port=${3:-9093}

for tool in java mvn; do
  command -v "$tool" > /dev/null || { echo "start-kafka.sh: $tool is not installed" >&2; exit 69; }
done

[ -d "$here/libs" ] || "$here/fetch-jars.sh" "$here"

mkdir -p "$directory/data"
directory=$(cd "$directory" && pwd)
sed -e "s#@DATA@#$directory/data#" -e "s#@PORT@#$port#" -e "s#@CONTROLLER_PORT@#$controller_port#" \
  -e "s#@SYNC_EVERY@#${KAFKA_SYNC_EVERY:-1}#" \
  "$here/server.properties" > "$directory/server.properties"

java=(java -Xms128m "-Xmx${KAFKA_HEAP:-512m}" -XX:+UseSerialGC -Xshare:auto
  -Djava.awt.headless=true "-Dlog4j2.configurationFile=file:$here/log4j2.properties"
  "-Dkafka.logs.dir=$directory" -cp "$here/libs/*")

if [ ! -f "$directory/data/meta.properties" ]; then
  cluster=$(head -c 16 /dev/urandom | base64 | tr '+/' 'AB' | cut -c 1-22)
  "${java[@]}" kafka.tools.StorageTool format -t "$cluster" -c "$directory/server.properties" >&2
fi
exec "${java[@]}" kafka.Kafka "$directory/server.properties"
