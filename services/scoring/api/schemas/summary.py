"""What scoring knows of, in counts."""

from __future__ import annotations

from pydantic import BaseModel, Field

from services.scoring.use_cases.summarise_facts import FactSummary, PurchaseCounts


class PurchaseCountsView(BaseModel):
    """Customers with a purchase, their orders and paid lines, refunds; money in minor units by currency."""

    customers: int = Field(examples=[4338])
    orders: int = Field(examples=[18532])
    lines: int = Field(description="lines with a positive quantity and price", examples=[397884])
    refunds: int = Field(examples=[3654])
    gross_minor: dict[str, int] = Field(examples=[{"GBP": 891140790}])
    net_minor: dict[str, int] = Field(description="after refunds", examples=[{"GBP": 830006589}])


class FactSummaryView(BaseModel):
    """Customers known by more than a device, and the others, apart."""

    identified: PurchaseCountsView
    anonymous: PurchaseCountsView
    without_profile: int = Field(description="customers that profile has not told of yet", examples=[0])


def summary_view(summary: FactSummary) -> FactSummaryView:
    """A summary as it is shown."""
    return FactSummaryView(
        identified=_counts(summary.identified),
        anonymous=_counts(summary.anonymous),
        without_profile=summary.without_profile,
    )


def _counts(counts: PurchaseCounts) -> PurchaseCountsView:
    return PurchaseCountsView.model_validate(counts, from_attributes=True)
