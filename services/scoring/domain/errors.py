"""What can be wrong with a request to score, in the words of the domain.

Errors::

    ScoringError
     +-- UnknownModel        no model has this name
     +-- InvalidRun          a score run that cannot be done now, such as one as of tomorrow
     +-- UnknownRun          no score run has this id
     +-- UnknownProfile      no fact names this profile
     +-- TooFewData          a model cannot be fitted to so few customers
"""

from __future__ import annotations


class ScoringError(Exception):
    """Scoring could not do what was asked."""


class UnknownModel(ScoringError):
    """No model has this name."""


class InvalidRun(ScoringError):
    """A score run that cannot be done now, such as one as of tomorrow."""


class UnknownRun(ScoringError):
    """No score run has this id."""


class UnknownProfile(ScoringError):
    """No fact names this profile."""


class TooFewData(ScoringError):
    """A model cannot be fitted to so few customers; a fall-back is used instead."""
