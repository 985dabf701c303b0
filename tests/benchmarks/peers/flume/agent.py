"""An agent of Apache Flume as the peer of ingestion: HTTP in, a durable channel, 200 once the channel has committed.

The File Channel calls fdatasync on its log at each commit, and so is the peer of the embedded log; the Kafka Channel
waits for acks=all of the same broker, and so is the peer of our bus on Kafka, with our keys, idempotence and batch
size. Nothing reads the channel, as nothing reads our log here. What is set beyond Flume's defaults makes it faster:
two data directories, no checkpoint within the run, 1 GB of heap.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import msgspec

from shared.bus.kafka.url import connection_of
from shared.bus.opening import open_bus
from shared.bus.ports import Topic
from tests.benchmarks.events_api import Call, calls_of_requests
from tests.benchmarks.peers.peer import Server, post, running
from tests.support.kafka import START
from tests.support.real_servers import ServerMissingError, free_ports

HERE = Path(__file__).parent
_ANSWER_END = b"0\r\n\r\n"
"""The last bytes of Flume's answer, which is chunked and empty."""

_WARM_UP_S = 5.0
"""Java compiles what it has run often."""

_TOPIC = Topic("flume")
_JAVA = ("java", "-Xms1g", "-Xmx1g", f"-Dlog4j2.configurationFile=file:{START.parent}/log4j2.properties")
_MOST_EVENTS = 10_000_000
_CHECKPOINT_MS = 600_000


@contextmanager
def flume_agent(bus_url: str | None) -> Iterator[Server]:
    """An agent with a File Channel, or with a Kafka Channel on the broker of the URL. Raises ServerMissingError."""
    _fetch_jars()
    with tempfile.TemporaryDirectory() as name:
        folder, (port,) = Path(name), free_ports(1)
        channel = _file_channel(folder) if bus_url is None else _kafka_channel(bus_url)
        with running(_command(folder, {**_source(port), **channel}), folder=folder, port=port) as process:
            yield Server(
                port=port,
                process=process,
                requests=partial(_requests, headers_of=_no_headers if bus_url is None else _key),
                answer_end=_ANSWER_END,
                warm_up_s=_WARM_UP_S,
            )


def _requests(events: int, *, headers_of: Callable[[Call], Call]) -> list[bytes]:
    """The events of `tests.benchmarks.events_api.requests`, each as the body of one of Flume's."""
    return [_request(calls, headers_of) for calls in calls_of_requests(events)]


def _no_headers(_: Call) -> Call:
    return {}


def _key(call: Call) -> Call:
    """What the Kafka Channel makes the key of the record, so that one customer's events stay in order."""
    return {"key": call["userId"]}


def _request(calls: Sequence[Call], headers_of: Callable[[Call], Call]) -> bytes:
    events = [{"headers": headers_of(call), "body": msgspec.json.encode(call).decode()} for call in calls]
    return post("/", msgspec.json.encode(events))


def _source(port: int) -> Mapping[str, object]:
    return {
        "sources": "http",
        "channels": "log",
        "sources.http.type": "http",
        "sources.http.bind": "127.0.0.1",
        "sources.http.port": port,
        "sources.http.channels": "log",
    }


def _file_channel(folder: Path) -> Mapping[str, object]:
    return {
        "channels.log.type": "file",
        "channels.log.checkpointDir": folder / "checkpoint",
        "channels.log.dataDirs": f"{folder}/data1,{folder}/data2",
        "channels.log.capacity": _MOST_EVENTS,
        "channels.log.transactionCapacity": 10_000,
        "channels.log.checkpointInterval": _CHECKPOINT_MS,
    }


def _kafka_channel(bus_url: str) -> Mapping[str, object]:
    open_bus(bus_url).create_topics([_TOPIC])
    return {
        "channels.log.type": "org.apache.flume.channel.kafka.KafkaChannel",
        "channels.log.kafka.bootstrap.servers": ",".join(connection_of(bus_url).servers),
        "channels.log.kafka.topic": _TOPIC.name,
        "channels.log.kafka.producer.acks": "all",
        "channels.log.kafka.producer.enable.idempotence": "true",
        "channels.log.kafka.producer.batch.size": 256 * 1024,
        "channels.log.parseAsFlumeEvent": "false",
    }


def _fetch_jars() -> None:
    tools = ("java",) if (HERE / "libs").exists() else ("java", "mvn")
    if missing := [tool for tool in tools if shutil.which(tool) is None]:
        raise ServerMissingError(f"it needs {' and '.join(missing)}, not installed here")
    fetched = subprocess.run([START.with_name("fetch-jars.sh"), HERE], check=False, capture_output=True)
    if fetched.returncode:
        raise ServerMissingError("its jars cannot be fetched from Maven Central")


def _command(folder: Path, settings: Mapping[str, object]) -> list[str | Path]:
    lines = [f"agent.{name} = {value}\n" for name, value in settings.items()]
    (folder / "agent.properties").write_text("".join(lines))
    agent = ["org.apache.flume.node.Application", "-n", "agent", "-f", folder / "agent.properties", "--no-reload-conf"]
    return [*_JAVA, "-cp", f"{HERE}/libs/*", *agent]
