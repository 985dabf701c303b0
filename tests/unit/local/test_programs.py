"""What supervisord is told."""

from __future__ import annotations

from configparser import RawConfigParser
from dataclasses import replace
from pathlib import Path

import pytest

from deploy.local.configuration import SETTINGS, WORKERS, Configuration
from deploy.local.programs import programs_of, write_supervisor_file
from services.events.settings import EventsSettings
from services.events.workers.loops import loops


@pytest.fixture
def configuration(tmp_path: Path) -> Configuration:
    return Configuration(
        host="127.0.0.1",
        data_dir=tmp_path,
        bus_url=str(tmp_path / "bus"),
        databases={},
        ports=dict.fromkeys(SETTINGS, 1),
        worker_ports={},
        mail_port=2,
        environment={},
    )


def test_every_service_has_an_api_and_a_worker_and_mail_is_caught(configuration: Configuration) -> None:
    names = {program.name for program in programs_of(configuration)}
    assert names == {"mail-catcher", *(f"{s}-{role}" for s in SETTINGS for role in ("api", "worker")), *WORKERS}


def test_what_one_worker_of_events_leaves_out_the_other_runs(tmp_path: Path) -> None:
    settings = EventsSettings(events_database_url=f"sqlite:///{tmp_path}/events.db", data_dir=tmp_path)
    known = set(loops(settings))
    chosen = [
        {option.partition("=")[2] for option in WORKERS[name][2:]} for name in ("events-worker", "events-second-worker")
    ]
    assert chosen[0] == chosen[1]
    assert chosen[0] < known


def test_no_mail_is_caught_when_another_server_sends_it(configuration: Configuration) -> None:
    names = {program.name for program in programs_of(replace(configuration, mail_port=None))}
    assert "mail-catcher" not in names


def test_each_worker_has_a_port_of_its_own(configuration: Configuration, tmp_path: Path) -> None:
    ports = dict(zip(WORKERS, range(9100, 9105), strict=True))
    path = tmp_path / "supervisord.conf"
    programs = programs_of(replace(configuration, worker_ports=ports))
    write_supervisor_file(path, programs, socket=tmp_path / "s.sock", logs=tmp_path)
    file = RawConfigParser()
    file.read(path)
    told = {name: file[f"program:{name}"]["environment"] for name in WORKERS}
    assert told == {name: f'RAPPORT_WORKER_PORT="{port}"' for name, port in ports.items()}


def test_percent_signs_in_paths_survive(configuration: Configuration, tmp_path: Path) -> None:
    logs = tmp_path / "100%s"
    path = tmp_path / "supervisord.conf"
    write_supervisor_file(path, programs_of(configuration), socket=tmp_path / "s.sock", logs=logs)
    file = RawConfigParser()
    file.read(path)
    assert file["program:events-api"]["stdout_logfile"] % {} == str(logs / "events-api.log")


def test_apis_end_before_the_workers_that_finish_their_work(configuration: Configuration) -> None:
    order = {program.name: program.order for program in programs_of(configuration)}
    assert order["mail-catcher"] < order["messaging-worker"] < order["messaging-api"]
