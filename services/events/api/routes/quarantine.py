"""/v1/quarantine: calls that a tracking plan blocked, to be corrected and replayed one by one or in bulk."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from services.events.adapters.sql.tracking_plan.quarantine import SqlQuarantine
from services.events.api.dependencies import Wired
from services.events.api.schemas.quarantine import (
    BROKEN_RULE,
    BulkCorrection,
    BulkReplay,
    BulkResult,
    CorrectedCall,
    EntryDetail,
    EntryId,
    EntryView,
    ReplayResult,
)
from services.events.api.schemas.tracking_plan import OfEvent
from services.events.use_cases.tracking_plan.mend_quarantine import (
    correct_call,
    correct_calls,
    remove_call,
    replay_call,
    replay_calls,
)
from services.events.use_cases.tracking_plan.ports import EntryFilter, EntryState
from shared.auth.access import Requires, require
from shared.auth.keys import Caller
from shared.http.idempotency import IdempotencyKey, once
from shared.http.pagination import Page, Paged, Placed
from shared.http.patterns import ID
from shared.http.problems import PROBLEM_RESPONSES
from shared.http.strict_json import StrictRoute

router = APIRouter(prefix="/v1/quarantine", tags=["Quarantine"], route_class=StrictRoute, responses=PROBLEM_RESPONSES)
Writer = Annotated[Caller, Depends(require("quarantine:write"))]
_OfSource = Annotated[str | None, Query(max_length=36, pattern=ID, description="only this source's")]
_OfRule = Annotated[
    str | None, Query(pattern=BROKEN_RULE, description="only those that break this rule of the violations")
]
_OfState = Annotated[EntryState, Query(description="`held`, on its way, or arrived")]


@router.get("", name="list_quarantined_calls", dependencies=[Requires("quarantine:read")])
def list_entries(
    wired: Wired,
    paging: Paged,
    event: OfEvent = None,
    source_id: _OfSource = None,
    rule_id: _OfRule = None,
    state: _OfState = "held",
) -> Page[EntryView]:
    """Blocked calls, newest first."""
    before = paging.after_id()
    with wired.database.reading() as session:
        wanted = EntryFilter(event, source_id, rule_id)
        found = SqlQuarantine(session).page(wanted, state=state, limit=paging.limit + 1, before=before)
    return paging.page(found, EntryView.of)


@router.get("/{entry_id}", name="get_quarantined_call", dependencies=[Requires("quarantine:read")])
def show(entry_id: EntryId, wired: Wired) -> EntryDetail:
    """One call, as it is and as it was."""
    with wired.database.reading() as session:
        return EntryDetail.of(SqlQuarantine(session).get(entry_id))


@router.put("/{entry_id}", name="correct_quarantined_call", dependencies=[Requires("quarantine:write")])
def correct(entry_id: EntryId, body: CorrectedCall, wired: Wired) -> EntryDetail:
    """Replace a held call by a corrected one; the answer says what is still wrong with it."""
    with wired.database.transaction() as session:
        return EntryDetail.of(correct_call(entry_id, body.call, wired.plans.mending(session)))


@router.delete(
    "/{entry_id}", name="delete_quarantined_call", status_code=204, dependencies=[Requires("quarantine:write")]
)
def remove(entry_id: EntryId, wired: Wired) -> None:
    """Delete a call; it never becomes a touchpoint, unless its sender sends it again."""
    with wired.database.transaction() as session:
        remove_call(entry_id, SqlQuarantine(session))


@router.post(
    "/{entry_id}/replay", name="replay_quarantined_call", status_code=202, dependencies=[Requires("quarantine:write")]
)
def replay(entry_id: EntryId, wired: Wired) -> EntryView:
    """Send a call through ingestion again, checked anew. Asking twice has one effect."""
    with wired.database.transaction() as session:
        return EntryView.of(replay_call(entry_id, wired.plans.mending(session), wired.plans.sender(session)))


@router.post("/bulk/corrections", name="correct_quarantined_calls")
def correct_many(
    body: BulkCorrection,
    wired: Wired,
    caller: Writer,
    place: Placed,
    idempotency_key: IdempotencyKey = None,
) -> BulkResult:
    """Apply the same steps to up to 500 held calls; `dry_run` only shows the result."""
    after = place.after_id()
    with wired.database.transaction() as session:

        def act() -> BulkResult:
            steps = [each.step() for each in body.steps]
            mending = wired.plans.mending(session)
            outcome = correct_calls(body.chosen.filter(), steps, mending, after=after, dry=body.dry_run)
            return BulkResult.of(outcome, place)

        described = f"correct:{place.cursor}:{body.model_dump_json()}"
        return once(session, caller=caller.key_id, key=idempotency_key, request=described, answer=BulkResult, act=act)


@router.post("/bulk/replays", name="replay_quarantined_calls", status_code=202)
def replay_many(
    body: BulkReplay, wired: Wired, caller: Writer, place: Placed, idempotency_key: IdempotencyKey = None
) -> ReplayResult:
    """Send up to 500 held calls through ingestion again: those that no longer break a plan."""
    after = place.after_id()
    with wired.database.transaction() as session:

        def act() -> ReplayResult:
            sent, stay, last = replay_calls(
                body.chosen.filter(), wired.plans.mending(session), wired.plans.sender(session), after=after
            )
            next_cursor = place.next(last) if last else None
            return ReplayResult(replaying=sent, still_held=stay, next_cursor=next_cursor)

        described = f"replay:{place.cursor}:{body.model_dump_json()}"
        return once(session, caller=caller.key_id, key=idempotency_key, request=described, answer=ReplayResult, act=act)
