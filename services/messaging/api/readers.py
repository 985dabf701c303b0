"""For whom a preview or a test is written."""

from __future__ import annotations

from sqlalchemy.orm import Session

from services.messaging.adapters.sql import message_reading
from services.messaging.api.schemas.templates import Reader
from services.messaging.domain.contacts import Contact


def reader_of(session: Session, asked: Reader) -> Contact:
    """The profile that was named, else the sample. Raises ContactNotFound."""
    return message_reading.contact(session, asked.profile_id) if asked.profile_id else asked.contact()
