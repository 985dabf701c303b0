"""What messaging is configured with."""

from __future__ import annotations

from typing import Self

from pydantic import Field, SecretStr, field_validator, model_validator

from services.messaging.adapters.smtp.server import parse_smtp_url
from services.messaging.domain.retries import RETRY_DELAYS_S
from shared.http.patterns import worded
from shared.settings import Delays, ServiceSettings, check_secret, under_data_dir


class MessagingSettings(ServiceSettings):
    """`RAPPORT_MESSAGING_*`, `RAPPORT_SMTP_URL`, `RAPPORT_PUBLIC_URL`, and what all services share."""

    messaging_database_url: str = under_data_dir("messaging.db", scheme="sqlite:///")
    messaging_port: int = Field(8102, ge=1, le=65535)
    messaging_secret: SecretStr | None = Field(
        None,
        description="signs unsubscribe links and is the key to hashes of addresses; development makes one in "
        "RAPPORT_DATA_DIR",
    )
    smtp_url: SecretStr = Field(
        SecretStr("smtp://127.0.0.1:8125"),
        description="the mail server: `smtp[s]://user:password@host:port?starttls&connections=8&timeout=60&ca=file.pem`",
    )
    public_url: str = Field(
        "http://127.0.0.1:8102",
        pattern=worded(
            r"^https?://[A-Za-z0-9.:\[\]_~-]+(/[A-Za-z0-9._~%!$&'()*+,;=:@/-]*)?$",
            "a URL of http or https in ASCII without ? and #, such as https://mail.example.com",
        ),
        max_length=500,
        description="address at which customers reach unsubscribe links (`/u/…`); ASCII, as it stands in mail headers",
    )
    messaging_window: int = Field(
        200,
        ge=1,
        le=1_000,
        description="messages that a sender hands over at once, and so may leave in doubt when it crashes",
    )
    messaging_retry_delays_s: Delays = Field(
        RETRY_DELAYS_S, description="seconds to wait after each attempt that a mail server puts off"
    )
    messaging_sender_timeout_s: int = Field(
        15,
        ge=3,
        le=600,
        description="seconds of silence after which a sender counts as dead, and others finish what it began",
    )

    @field_validator("smtp_url")
    @classmethod
    def _smtp_url_is_one(cls, url: SecretStr) -> SecretStr:
        parse_smtp_url(url.get_secret_value()).tls_context()
        return url

    @model_validator(mode="after")
    def _production_is_safe(self) -> Self:
        in_production = self.environment == "production"
        check_secret("RAPPORT_MESSAGING_SECRET", self.messaging_secret, needed=in_production)
        if in_production and not self.public_url.startswith("https://"):
            raise ValueError("RAPPORT_PUBLIC_URL must begin with https://: mail providers post to nothing else")
        return self
