"""The OpenTelemetry Collector as a peer of ingestion: logs over OTLP/HTTP in, 200 once they are kept.

Without a broker they are kept in the sending queue of an exporter, on the `file_storage` extension with `fsync`: each
request is a transaction of bbolt with two calls of fdatasync, and so it is a peer of the embedded log. The exporter
finds nobody to send to, as nothing reads our log here. On Kafka the exporter waits for `required_acks: all`, with
idempotence and a record for each event under its customer's key, and so is a peer of our bus.

With `batch` what waits at the same moment is kept together, as our log and bus do: an exporter merges requests and
waits for the result. A queue on the disk cannot do so itself, hence a second receiver of the same process behind it.

What is set beyond the defaults makes it faster: no telemetry, no compression, a queue without an end.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path

import msgspec

from shared.bus.kafka.url import connection_of
from shared.bus.opening import open_bus
from shared.bus.ports import Topic
from tests.benchmarks.events_api import Call, calls_of_requests
from tests.benchmarks.peers.peer import Server, post, running
from tests.support.real_servers import ServerMissingError, free_ports

HERE = Path(__file__).parent
_TOPIC = Topic("collector")
_MOST_REQUESTS = 10_000_000
_MERGING = {
    "wait_for_result": True,
    "sizer": "items",
    "num_consumers": 8,
    "queue_size": _MOST_REQUESTS,
    "batch": {"flush_timeout": "2ms", "min_size": 1600},
}
"""Half of what is under way when batches are sent; single calls wait two milliseconds for company, as ours do."""

Settings = Mapping[str, object]


@contextmanager
def collector(bus_url: str | None, *, batch: bool = False) -> Iterator[Server]:
    """A Collector with a queue on the disk, or with the broker of the URL. Raises ServerMissingError."""
    binary, (port, inner) = _built(), free_ports(2)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "queue").mkdir()
        hop = inner if batch and bus_url is None else None
        exporters = _queue(hop) if bus_url is None else _kafka(bus_url, batch=batch)
        settings = _settings(folder / "queue", exporters, port=port, hop=hop)
        (folder / "collector.yaml").write_bytes(msgspec.json.encode(settings))  # JSON is YAML
        with running([binary, "--config", folder / "collector.yaml"], folder=folder, port=port) as process:
            yield Server(port=port, process=process, requests=partial(_requests, keyed=bus_url is not None))


def _requests(events: int, *, keyed: bool) -> list[bytes]:
    return [_request([[call] for call in calls] if keyed else [calls]) for calls in calls_of_requests(events)]


def _request(groups: Sequence[Sequence[Call]]) -> bytes:
    """Each call as the body of a log record, each group under a resource of its first customer."""
    logs = [{"resource": _customer(calls[0]), "scopeLogs": [{"logRecords": _records(calls)}]} for calls in groups]
    return post("/v1/logs", msgspec.json.encode({"resourceLogs": logs}))


def _records(calls: Sequence[Call]) -> list[object]:
    return [{"body": {"stringValue": msgspec.json.encode(call).decode()}} for call in calls]


def _customer(call: Call) -> object:
    """What the Kafka exporter makes the key of the record, so that one customer's events stay in order."""
    return {"attributes": [{"key": "enduser.id", "value": {"stringValue": call["userId"]}}]}


def _settings(storage: Path, exporters: Settings, *, port: int, hop: int | None) -> Settings:
    """One pipeline from the port to each exporter; each after the first begins at the port that the first sends to."""
    receivers = {"otlp": port} if hop is None else {"otlp": port, "otlp/hop": hop}
    return {
        "extensions": {"file_storage": {"directory": str(storage), "fsync": True}},
        "receivers": {name: {"protocols": {"http": {"endpoint": f"127.0.0.1:{at}"}}} for name, at in receivers.items()},
        "exporters": exporters,
        "service": {
            "extensions": ["file_storage"],
            "telemetry": {"metrics": {"level": "none"}, "logs": {"level": "error"}},
            "pipelines": {
                f"logs/{number}": {"receivers": [receiver], "exporters": [exporter]}
                for number, (receiver, exporter) in enumerate(zip(receivers, exporters, strict=True))
            },
        },
    }


def _queue(hop: int | None) -> Settings:
    keeping = {
        "endpoint": "http://127.0.0.1:1",  # nobody listens there
        "retry_on_failure": {"initial_interval": "10m", "max_interval": "10m", "max_elapsed_time": "0s"},
        "sending_queue": {"storage": "file_storage", "num_consumers": 1, "queue_size": _MOST_REQUESTS},
    }
    if hop is None:
        return {"otlp_http": keeping}
    merging = {"endpoint": f"http://127.0.0.1:{hop}", "compression": "none", "sending_queue": _MERGING}
    return {"otlp_http/hop": merging, "otlp_http": keeping}


def _kafka(bus_url: str, *, batch: bool) -> Settings:
    open_bus(bus_url).create_topics([_TOPIC])
    at_once = {"linger": "0s"} if batch else {}
    return {
        "kafka": {
            "brokers": list(connection_of(bus_url).servers),
            "logs": {"topic": _TOPIC.name},
            "partition_logs_by_resource_attributes": True,
            "sending_queue": _MERGING if batch else {"enabled": False},
            "producer": {"required_acks": "all", **at_once},
        }
    }


@cache
def _built() -> Path:
    """The binary of main.go; Go keeps what it has compiled, so that only the first time takes minutes."""
    if shutil.which("go") is None:
        raise ServerMissingError("it needs Go, not installed here")
    binary = HERE / "build" / "otelcol"
    build = ["go", "build", "-buildvcs=false", "-trimpath", "-ldflags=-s -w", "-o", binary, "."]
    built = subprocess.run(build, cwd=HERE, check=False, capture_output=True, text=True)
    if built.returncode:
        raise ServerMissingError(f"Go could not build it:\n{built.stderr[-2000:]}")
    return binary
