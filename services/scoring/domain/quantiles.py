"""Classes of about equal size in which equal values always share a class."""

from __future__ import annotations

import numpy as np

from services.scoring.domain.repeat_statistics import Floats, Ints


def quantile_class(values: Floats | Ints, classes: int) -> Ints:
    """For each value its class, 0 for the lowest to `classes` - 1.

    From the bottom up, each class takes its equal share of those who remain, and with it all who tie with the last one
    taken: where seven in ten bought once, those are the lowest class and the others still spread over the rest.
    """
    result = np.zeros(len(values), dtype=np.int64)
    remaining = np.sort(np.asarray(values))
    for level in range(classes - 1):
        if remaining.size == 0:
            break
        share = int(np.ceil(remaining.size / (classes - level)))
        cut = remaining[share - 1]
        remaining = remaining[np.searchsorted(remaining, cut, side="right") :]
        result[values > cut] = level + 1
    return result
