"""The latest scores in SQL, and their figures as columns that segments compare."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from sqlalchemy import Row, Table, bindparam, delete, select
from sqlalchemy.orm import Session

from services.profile.adapters.sql.bulk import CHUNK, put
from services.profile.adapters.sql.tables import score_figures, scores
from services.profile.domain.scores import Score
from shared.batched import batched


class SqlScores:
    """`Scores` in one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def of(self, profile_ids: Collection[str]) -> dict[tuple[str, str], Score]:
        found: dict[tuple[str, str], Score] = {}
        for chunk in batched(profile_ids, CHUNK):
            for row in self._session.execute(select(scores).where(scores.c.profile_id.in_(chunk))):
                found[row.profile_id, row.model] = _score(row)
        return found

    def save(self, changed: Sequence[Score]) -> None:
        if not changed:
            return
        put(self._session, scores, list(map(_row, changed)))
        self._delete(score_figures, [(score.profile_id, score.model) for score in changed])
        self._session.execute(score_figures.insert(), [row for score in changed for row in _figure_rows(score)])

    def withdraw(self, places: Collection[tuple[str, str]]) -> None:
        for table in (scores, score_figures):
            self._delete(table, places)

    def _delete(self, table: Table, places: Collection[tuple[str, str]]) -> None:
        mine = (table.c.profile_id == bindparam("whose")) & (table.c.model == bindparam("what"))
        if places:
            rows = [{"whose": profile_id, "what": model} for profile_id, model in places]
            self._session.execute(delete(table).where(mine), rows)

    def remove(self, profile_ids: Collection[str]) -> None:
        for chunk in batched(profile_ids, CHUNK):
            for table in (scores, score_figures):
                self._session.execute(delete(table).where(table.c.profile_id.in_(chunk)))


def _score(row: Row[Any]) -> Score:
    return Score(
        profile_id=row.profile_id,
        model=row.model,
        value=row.value,
        label=row.label,
        values=row._mapping["values"],
        # One that an older version wrote: no score looks at a later moment than when it is computed.
        as_of=row.as_of or row.computed_at,
        computed_at=row.computed_at,
    )


def _row(score: Score) -> dict[str, Any]:
    return {
        "profile_id": score.profile_id,
        "model": score.model,
        "value": score.value,
        "label": score.label,
        "values": score.values,
        "as_of": score.as_of,
        "computed_at": score.computed_at,
    }


def _figure_rows(score: Score) -> Iterator[dict[str, Any]]:
    for field, term in score.figures().items():
        yield {
            "profile_id": score.profile_id,
            "model": score.model,
            "field": field,
            "text": term.text,
            "number": term.number,
            "flag": term.flag,
        }
