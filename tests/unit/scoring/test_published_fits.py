"""The models reproduce their papers' tables, on the data the papers used.

CDNOW 1/10 sample, calibration weeks 1-39: Fader, Hardie & Lee (2005), Marketing Science 24, table 2; Fader & Hardie
(2005) for Pareto/NBD; Fader & Hardie (2013) for Gamma-Gamma.
"""

from __future__ import annotations

import numpy as np
import pytest

from services.scoring.domain.forecast import FittedFamily
from services.scoring.domain.models import gamma_gamma
from services.scoring.domain.models.beta_geometric import BG_NBD, MBG_NBD
from services.scoring.domain.models.pareto_nbd import PARETO_NBD
from services.scoring.domain.models.purchase_family import PurchaseFamily
from services.scoring.domain.selection import HoldoutPolicy, fit, select
from services.scoring.domain.tracking import track
from services.scoring.domain.visits import Visits
from tests.support.cdnow import cdnow_summary
from tests.unit.scoring.conftest import CDNOW_START

CALIBRATION_END = CDNOW_START + 272
HOLDOUT_END = CDNOW_START + 545


@pytest.mark.parametrize(
    ("family", "parameters", "log_likelihood", "holdout"),
    [
        (BG_NBD, (0.243, 4.414, 0.793, 2.426), -9582.4, 1653),
        (PARETO_NBD, (0.553, 10.578, 0.606, 11.669), -9595.0, 1666),
    ],
)
def test_cdnow_fits_and_forecasts_as_published(
    cdnow: Visits,
    family: PurchaseFamily,
    parameters: tuple[float, ...],
    log_likelihood: float,
    holdout: float,
) -> None:
    known = cdnow.until(CALIBRATION_END)
    seen = known.statistics(CALIBRATION_END)
    estimate = fit(family, seen)
    assert estimate.converged
    assert estimate.parameters == pytest.approx(parameters, rel=2e-3)
    assert estimate.log_likelihood == pytest.approx(log_likelihood, abs=0.06)
    expected = FittedFamily(family, estimate).purchases(seen, np.array([39.0]))[:, 0] @ seen.weight
    assert expected == pytest.approx(holdout, abs=1.5)


def test_cdnow_holdout_has_the_published_repeats(cdnow: Visits) -> None:
    known = cdnow.until(CALIBRATION_END)
    assert known.customers == 2357
    assert known.statistics(CALIBRATION_END).repeats == 2457  # weekly buckets would leave 2,248
    assert cdnow.counts_between(CALIBRATION_END, HOLDOUT_END).sum() == 1882


def test_mbg_lies_near_bg_on_cdnow(cdnow: Visits) -> None:
    """Leaving after the first purchase adds nothing much here; the likelihoods differ by less than one."""
    seen = cdnow.until(CALIBRATION_END).statistics(CALIBRATION_END)
    assert fit(MBG_NBD, seen).log_likelihood == pytest.approx(fit(BG_NBD, seen).log_likelihood, abs=1.0)


def test_gamma_gamma_fits_cdnow_as_published() -> None:
    table = cdnow_summary()
    repeaters = table[table["frequency"] > 0]
    estimate = gamma_gamma.fit(
        repeaters["frequency"].to_numpy(dtype=np.int64), repeaters["monetary_value"].to_numpy(dtype=np.float64)
    )
    assert estimate.observations == 946
    assert estimate.converged
    assert estimate.parameters == pytest.approx((6.25, 3.74, 15.44), rel=2e-3)
    assert estimate.log_likelihood == pytest.approx(-4055.92, abs=0.01)


def test_standard_errors_are_those_of_repeated_samples(cdnow: Visits) -> None:
    """BG/NBD's standard errors on CDNOW agree with the spread of the estimate over bootstrap samples of customers."""
    seen = cdnow.until(CALIBRATION_END).statistics(CALIBRATION_END)
    estimate = fit(BG_NBD, seen)
    assert estimate.standard_errors is not None
    random = np.random.default_rng(7)
    rows = [random.choice(seen.row_of, seen.customers) for _ in range(40)]
    drawn = [
        fit(
            BG_NBD,
            type(seen).group(x=seen.x[row], t_x_days=seen.t_x_days[row], t_days=seen.t_days[row]),
        ).parameters
        for row in rows
    ]
    spread = np.std(np.log(drawn), axis=0) * estimate.parameters
    assert estimate.standard_errors == pytest.approx(spread, rel=0.5)


def test_cdnow_is_taken_by_bg_and_tracked_well(cdnow: Visits) -> None:
    selection = select(cdnow, day=HOLDOUT_END, policy=HoldoutPolicy(days=273))
    assert selection.chosen.name == "bg_nbd"
    assert [attempt.accepted for attempt in selection.attempts] == [True]
    assert selection.calibrated is not None
    weeks = track(selection.calibrated, cdnow, cohort_end=CALIBRATION_END, day=HOLDOUT_END)
    assert len(weeks) == 78
    assert sum(week.actual for week in weeks) == 2457 + 1882
    before = [week for week in weeks if not week.holdout]
    assert sum(w.expected for w in before) == pytest.approx(sum(w.actual for w in before), rel=0.05)
