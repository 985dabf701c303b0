"""/v1/messages: what became of one message."""

from __future__ import annotations

from fastapi import APIRouter

from services.messaging.adapters.sql import message_reading
from services.messaging.adapters.sql.campaigns import SqlCampaigns
from services.messaging.adapters.sql.templates import SqlTemplates
from services.messaging.api.dependencies import MessageId, Wired
from services.messaging.api.schemas.messages import MessageDetail, MessageView
from services.messaging.api.schemas.templates import rendered_view
from services.messaging.domain.errors import ContactNotFound, RenderFailed
from services.messaging.use_cases.dispatch_ports import Programme
from shared.auth.access import Requires
from shared.http.problems import PROBLEM_RESPONSES
from shared.http.strict_json import StrictRoute

router = APIRouter(prefix="/v1/messages", tags=["Messages"], route_class=StrictRoute, responses=PROBLEM_RESPONSES)


@router.get("/{message_id}", dependencies=[Requires("messages:read")])
def get_message(message_id: MessageId, wired: Wired) -> MessageDetail:
    """One message: its outcome, and its text as the customer as known now would read it."""
    rendered = problem = None
    with wired.database.reading() as session:
        row = message_reading.message(session, message_id)
        campaign = SqlCampaigns(session).get(row.campaign_id)
        version = SqlTemplates(session).version(campaign.template_id, campaign.template_version)
        try:
            contact = message_reading.contact(session, row.profile_id)
            rendered = rendered_view(wired.write_letter.preview(Programme(campaign, version), contact))
        except (RenderFailed, ContactNotFound) as error:
            problem = str(error)
    view = MessageView.model_validate(row, from_attributes=True)
    return MessageDetail(**view.model_dump(), rendered=rendered, render_problem=problem)
