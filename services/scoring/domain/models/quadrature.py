"""Gauss quadrature for expectations under Beta distributions, and over [0, 1]."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from services.scoring.domain.repeat_statistics import Floats

BETA_NODES = 40


def beta_rule(a: float, b: Floats, *, nodes: int = BETA_NODES) -> tuple[Floats, Floats]:
    """Points and weights with E[f(p)] = sum(weights * f(points)) for p ~ Beta(a, b[i]), one row for each b.

    Golub & Welsch (1969): points are eigenvalues of the Jacobi matrix, weights squared first components of its
    eigenvectors, which sum to one by construction, so that neither very small nor very large shapes overflow.
    """
    diagonal, off_diagonal = _jacobi_coefficients(a, np.atleast_1d(b), nodes=nodes)
    matrix = np.zeros((diagonal.shape[0], nodes, nodes))
    steps = np.arange(nodes)
    matrix[:, steps, steps] = diagonal
    matrix[:, steps[1:], steps[:-1]] = off_diagonal
    points, vectors = np.linalg.eigh(matrix)
    return np.clip(points, 0.0, 1.0), vectors[:, 0, :] ** 2


def _jacobi_coefficients(a: float, b: Floats, *, nodes: int) -> tuple[Floats, Floats]:
    """Recurrence coefficients of the polynomials orthogonal under Beta(a, b) on [0, 1]."""
    k = np.arange(nodes, dtype=np.float64)[None, :]
    alpha, beta = b[:, None] - 1.0, a - 1.0
    total = 2 * k + alpha + beta
    with np.errstate(divide="ignore", invalid="ignore"):
        centre = (beta**2 - alpha**2) / (total * (total + 2))
        square = 4 * k * (k + alpha) * (k + beta) * (k + alpha + beta) / (total**2 * (total + 1) * (total - 1))
    # The general terms are 0/0 at the start of the recurrence for some shapes; these are their limits.
    centre[:, 0] = (beta - alpha[:, 0]) / (alpha[:, 0] + beta + 2)
    first = 4 * (1 + alpha[:, 0]) * (1 + beta) / ((2 + alpha[:, 0] + beta) ** 2 * (3 + alpha[:, 0] + beta))
    square[:, 1] = first
    return (centre + 1) / 2, np.sqrt(square[:, 1:]) / 2


@lru_cache(maxsize=4)
def unit_rule(nodes: int) -> tuple[Floats, Floats]:
    """Gauss-Legendre points and weights on [0, 1]."""
    points, weights = np.polynomial.legendre.leggauss(nodes)
    return (points + 1) / 2, weights / 2
