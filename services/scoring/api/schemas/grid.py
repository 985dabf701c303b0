"""The six-block grid."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel


class GridBlock(BaseModel):
    """Customers of one block, what they spent net of refunds, and how many of them are lapsing."""

    currency: str
    block: Literal["A", "B", "C", "D", "E", "F"]
    customers: int
    net_minor: int
    lapsing: int


class Grid(BaseModel):
    """The six-block grid of a run, six blocks for each home currency."""

    run_id: str
    as_of: datetime
    blocks: list[GridBlock]
