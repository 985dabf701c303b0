"""The committed JSON Schemas: they are those of the code, and still keep what was released."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.contract import Contract, all_contracts, without_trace
from shared.contracts.export import SCHEMAS, broken_promises, export, load, schemas
from shared.contracts.profile import SegmentLeftV1
from shared.contracts.topics import BY_NAME

RELEASED = Path(__file__).parent / "released"


def test_the_committed_schemas_are_those_of_the_code() -> None:
    assert load(SCHEMAS) == schemas(), "run: python -m shared.contracts.export"


def test_what_was_released_still_holds() -> None:
    assert load(RELEASED), "there is a baseline"
    assert broken_promises(load(RELEASED), schemas()) == []


@pytest.mark.parametrize("contract", all_contracts().values(), ids=all_contracts())
def test_the_trace_leads_every_contract_and_can_be_cut_off(contract: type[Contract]) -> None:
    assert msgspec.structs.fields(contract)[0].name == "traceparent"


@given(trace=st.none() | st.just("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"), value=st.text())
def test_without_its_trace_a_fact_is_as_it_was(trace: str | None, value: str) -> None:
    untraced = SegmentLeftV1(segment_id=value, profile_id="p", sequence=1, left_at=datetime(2026, 1, 1, tzinfo=UTC))
    told = msgspec.json.encode(msgspec.structs.replace(untraced, traceparent=trace))
    assert without_trace(told) == msgspec.json.encode(untraced)
    assert without_trace(b'{"traceparent":"00"}') == without_trace(b"{}") == b"{}"


def test_every_contract_names_its_topic_kind_and_version() -> None:
    for event_type, contract in all_contracts().items():
        assert event_type.startswith(f"rapport.{contract.topic}."), event_type
        assert event_type.rpartition(".v")[2] == contract.__name__.rpartition("V")[2]
        assert contract.topic in BY_NAME


@pytest.mark.parametrize("name", sorted(schemas()))
def test_no_two_fields_differ_only_by_case_and_all_are_snake_case(name: str) -> None:
    fields = schemas()[name]["properties"]
    assert all(field == field.lower() for field in fields)


def test_an_incompatible_export_is_refused_and_writes_nothing(tmp_path: Path) -> None:
    assert export(tmp_path) == []
    file = tmp_path / "rapport.profiles.merged.v1.json"
    promised = json.loads(file.read_text())
    promised["properties"]["colour"] = {"type": "string"}
    promised["required"].append("colour")
    file.write_text(json.dumps(promised))
    assert export(tmp_path) == ["rapport.profiles.merged.v1/colour is gone"]
    assert json.loads(file.read_text()) == promised
