"""What a campaign's statuses allow around its audience."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from services.messaging.domain.campaigns import Campaign, CampaignStatus, Sender
from services.messaging.domain.errors import TransitionRefused

NOW = datetime(2026, 5, 1, tzinfo=UTC)
DRAFT = Campaign("c", "n", "marketing", "news", "s", "t", 1, Sender("a@example.com"), NOW)
LAUNCHED = DRAFT.launch(NOW)
PREPARING = replace(LAUNCHED, status=CampaignStatus.PREPARING, audience_id="a")
TAKEN = replace(PREPARING, audience_whole_at=NOW)


@pytest.mark.parametrize("waiting", [LAUNCHED, PREPARING, LAUNCHED.pause(), PREPARING.pause()])
def test_one_without_an_audience_fails_and_stays_so(waiting: Campaign) -> None:
    failed = waiting.fail(NOW, "no-segment")
    assert (failed.status, failed.failure, failed.completed_at) == ("failed", "no-segment", NOW)
    assert failed.fail(NOW, "again") is failed
    for step in (lambda: failed.launch(NOW), failed.pause, failed.resume, lambda: failed.cancel(NOW)):
        with pytest.raises(TransitionRefused):
            step()


@pytest.mark.parametrize("status", [s for s in CampaignStatus if s not in ("scheduled", "preparing", "paused")])
def test_one_that_has_gone_further_or_is_over_does_not_fail(status: CampaignStatus) -> None:
    campaign = replace(LAUNCHED, status=status)
    assert campaign.fail(NOW, "no-segment") is campaign


@pytest.mark.parametrize("begun", [TAKEN, TAKEN.pause()])
def test_one_whose_audience_is_being_taken_does_not_fail(begun: Campaign) -> None:
    assert begun.fail(NOW, "no-segment") is begun


def test_only_one_that_is_due_and_not_held_waits() -> None:
    waits = {each.status: each.waiting_for for each in (DRAFT, LAUNCHED, PREPARING, PREPARING.pause())}
    assert waits == {"draft": None, "scheduled": None, "preparing": "members", "paused": None}
    assert TAKEN.waiting_for is None


def test_who_goes_on_after_a_pause_asks_anew() -> None:
    assert PREPARING.pause().resume().audience_id is None
