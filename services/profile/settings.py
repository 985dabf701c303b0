"""What profile is configured with."""

from __future__ import annotations

from pydantic import Field

from shared.settings import ServiceSettings, under_data_dir


class ProfileSettings(ServiceSettings):
    """`RAPPORT_PROFILE_*`, and what all services share."""

    profile_database_url: str = under_data_dir("profile.db", scheme="sqlite:///")
    profile_port: int = Field(8101, ge=1, le=65535)
    profile_segment_refresh_s: int = Field(
        300, ge=1, le=86_400, description="seconds between two evaluations of a segment that moves with time"
    )
    profile_default_region: str | None = Field(
        None,
        pattern="^[A-Z]{2}$",
        description="ISO 3166 region of telephone numbers that name none, such as `TW`; unset: those are not read",
    )
