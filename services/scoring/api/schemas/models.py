"""The models, described for people."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

from services.scoring.domain.scores import VERSIONS

ModelName = Literal["rfm", "lifetime_value"]


class ModelView(BaseModel):
    """A model. `names` is its name in English and traditional Chinese."""

    name: ModelName
    version: str
    names: dict[str, str]
    answers: str
    method: str
    sources: list[str]


MODELS = (
    ModelView(
        name="rfm",
        version=VERSIONS["rfm"],
        names={"en": "RFM and the six-block grid", "zh-TW": "RFM 與六宮格"},
        answers="Who bought recently, often and for much; who is lapsing, and whether that one is worth saving.",
        method=(
            "Scores 1-5 by quantiles that keep ties together; blocks A-F cross two levels of spending with three of "
            "visits; lapsing is a silence of twice the usual gap; worth saving is high spending."
        ),
        sources=["A. Hughes, Strategic Database Marketing (1994)"],
    ),
    ModelView(
        name="lifetime_value",
        version=VERSIONS["lifetime_value"],
        names={"en": "Customer lifetime value", "zh-TW": "顧客終身價值"},
        answers="Whether a customer is still one, how often they will buy, and what the next twelve months bring.",
        method=(
            "BG/NBD, else Pareto/NBD, else MBG/NBD, else empirical rates: the first that converges and forecasts the "
            "held-out part of the history well enough. Spending by Gamma-Gamma, else a shrunk mean. Standard errors "
            "are those of estimation, by the delta method. BG/NBD takes every one-time buyer for alive, by design."
        ),
        sources=[
            "P. Fader, B. Hardie, K. L. Lee, Counting Your Customers the Easy Way, Marketing Science 24 (2005)",
            "D. Schmittlein, D. Morrison, R. Colombo, Counting Your Customers, Management Science 33 (1987)",
            "E. Batislam, M. Denizel, A. Filiztekin, Int. J. of Research in Marketing 24 (2007)",
            "P. Fader, B. Hardie, The Gamma-Gamma Model of Monetary Value (2013)",
        ],
    ),
)
