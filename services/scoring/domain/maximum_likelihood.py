"""Maximum likelihood over positive parameters, with an honest account of whether it worked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import optimize

from services.scoring.domain.repeat_statistics import Floats

LogLikelihood = Callable[[Floats], tuple[float, Floats]]
"""Of positive parameters: the log-likelihood of all data, and its gradient."""

BOUND = 12.0
"""Parameters are sought in exp(-12)..exp(12), about 6e-6 to 160,000."""

GRADIENT_TOLERANCE = 1e-5
"""Largest gradient, by log-parameter and per customer, that counts as a stationary point."""

_STEP = 1e-4


@dataclass(frozen=True, eq=False)
class Estimate:
    """Parameters with standard errors. `log_covariance` is that of the logarithms of the parameters.

    Without convergence `standard_errors` and `log_covariance` are None and `message` says what is wrong.
    """

    names: tuple[str, ...]
    parameters: Floats
    log_likelihood: float
    observations: int
    converged: bool
    message: str
    standard_errors: Floats | None
    log_covariance: Floats | None
    gradient: float

    def delta(self, gradient_by_log: Floats) -> Floats:
        """Standard errors, by the delta method, of quantities whose gradients by log-parameter are the rows given."""
        if self.log_covariance is None:
            return np.full(len(gradient_by_log), np.nan)
        variance = np.einsum("ij,jk,ik->i", gradient_by_log, self.log_covariance, gradient_by_log)
        return np.asarray(np.sqrt(np.maximum(variance, 0.0)))


def maximise(
    log_likelihood: LogLikelihood, *, names: tuple[str, ...], starts: Sequence[Sequence[float]], observations: int
) -> Estimate:
    """Climb from the first start; where that ends at no proper maximum, from the others too, and keep the highest."""

    def cost(log_parameters: Floats) -> tuple[float, Floats]:
        parameters: Floats = np.exp(log_parameters)
        value, gradient = log_likelihood(parameters)
        slope: Floats = -gradient * parameters / observations
        if not np.isfinite(value) or not np.all(np.isfinite(gradient)):
            return 1e10, np.zeros_like(log_parameters)
        return -value / observations, slope

    found: list[Estimate] = []
    for start in starts:
        climb = _climb(cost, np.log(np.asarray(start, dtype=np.float64)))
        found.append(_examine(cost, np.asarray(climb.x, dtype=np.float64), names=names, observations=observations))
        if found[-1].converged:
            return found[-1]
    return max(found, key=lambda estimate: estimate.log_likelihood)


def _climb(cost: LogLikelihood, start: Floats) -> optimize.OptimizeResult:
    bounds = [(-BOUND, BOUND)] * start.size
    options = {"maxiter": 500, "ftol": 1e-13, "gtol": 1e-8}
    return optimize.minimize(cost, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options)


def _examine(cost: LogLikelihood, point: Floats, *, names: tuple[str, ...], observations: int) -> Estimate:
    """Is `point` an interior maximum with a curvature that standard errors can be read from?"""
    value, gradient = cost(point)
    steepest = float(np.abs(gradient).max())
    hessian = _hessian(cost, point)
    covariance = _inverse(hessian * observations)
    message = _complaint(point, steepest=steepest, curved=covariance is not None, names=names)
    errors = None if message or covariance is None else np.exp(point) * np.sqrt(np.diag(covariance))
    return Estimate(
        names=names,
        parameters=np.exp(point),
        log_likelihood=-value * observations,
        observations=observations,
        converged=not message,
        message=message or "converged",
        standard_errors=errors,
        log_covariance=None if message else covariance,
        gradient=steepest,
    )


def _hessian(cost: LogLikelihood, point: Floats) -> Floats:
    """Central differences of the gradient, made symmetric."""
    steps = np.eye(point.size) * _STEP
    columns = [(cost(point + step)[1] - cost(point - step)[1]) / (2 * _STEP) for step in steps]
    hessian = np.array(columns)
    return np.asarray((hessian + hessian.T) / 2)


def _inverse(information: Floats) -> Floats | None:
    """The inverse of a positive definite matrix; None when it is flat or bent upwards in some direction."""
    eigenvalues = np.linalg.eigvalsh(information)
    if not np.all(np.isfinite(eigenvalues)) or eigenvalues[0] <= 1e-9 * max(1.0, eigenvalues[-1]):
        return None
    return np.asarray(np.linalg.inv(information))


def _complaint(point: Floats, *, steepest: float, curved: bool, names: tuple[str, ...]) -> str:
    at_bound = [name for name, value in zip(names, point, strict=True) if abs(value) > BOUND - 0.5]
    if at_bound:
        return f"{', '.join(at_bound)} ran to the edge of the search: the data do not bound the estimate"
    if steepest > GRADIENT_TOLERANCE:
        return f"the gradient is still {steepest:.1e} per customer: no stationary point was reached"
    if not curved:
        return "the likelihood is flat at its maximum: standard errors do not exist"
    return ""
