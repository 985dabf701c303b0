"""What is left of erased names: a keyed hash and the moment, so that facts from before it do not bring them back."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from shared.batched import batched
from shared.secret_file import secret_of
from shared.settings import ServiceSettings
from shared.sql.advisory_locks import hold
from shared.sql.plumbing import erased_names
from shared.sql.upsert import insert_for

T = TypeVar("T")
_LOOKING_OR_ERASING = 7_235_412
_PARAMETERS = 5_000


@dataclass(frozen=True, slots=True)
class Erased:
    """When a name was erased, and by which erasure."""

    erasure_id: str
    at: datetime


class NameHash:
    """Hashes names under a secret (of 32 characters or more): without it nobody can tell or test which they were."""

    def __init__(self, secret: str) -> None:
        self._key = hashlib.blake2b(secret.encode(), person=b"rapport-erasure").digest()

    @classmethod
    def of(cls, settings: ServiceSettings) -> NameHash:
        """With the secret that settings name; in development with one that is made when it is first needed."""
        return cls(secret_of(settings.erasure_secret, settings.data_dir / "erasure.secret"))

    def __call__(self, name: str) -> str:
        return hashlib.blake2b(name.encode("utf-8", "surrogatepass"), key=self._key, digest_size=16).hexdigest()


class ErasedNames:
    """The erased names of one service, in the session's transaction.

    Who looks and who erases wait for each other until the end of their transactions: nothing is written about a name
    between the look and the erasure.
    """

    def __init__(self, session: Session, hashed: NameHash) -> None:
        self._session = session
        self._hashed = hashed

    def add(self, names: Iterable[str], erased: Erased) -> None:
        """These names are erased; of two erasures of one name the later counts."""
        hold(self._session, _LOOKING_OR_ERASING)
        rows = [
            {"name_hash": self._hashed(name), "erasure_id": erased.erasure_id, "erased_at": erased.at}
            for name in sorted(set(names))
        ]
        made = insert_for(self._session, erased_names)
        later = made.on_conflict_do_update(
            index_elements=["name_hash"],
            set_={"erasure_id": made.excluded.erasure_id, "erased_at": made.excluded.erased_at},
            where=erased_names.c.erased_at < made.excluded.erased_at,
        )
        if rows:
            self._session.execute(later, rows)

    def latest(self) -> datetime | None:
        """When a name was erased last; None when none ever was. Holds erasures up until the transaction ends."""
        hold(self._session, _LOOKING_OR_ERASING, shared=True)
        latest: datetime | None = self._session.scalar(select(func.max(erased_names.c.erased_at)))
        return latest

    def among(self, names: Iterable[str]) -> Mapping[str, Erased]:
        """Those of the names that were erased."""
        by_hash = {self._hashed(name): name for name in names}
        columns = (erased_names.c.name_hash, erased_names.c.erasure_id, erased_names.c.erased_at)
        found: dict[str, Erased] = {}
        for some in batched(by_hash, _PARAMETERS):
            for row in self._session.execute(select(*columns).where(erased_names.c.name_hash.in_(some))):
                found[by_hash[row.name_hash]] = Erased(row.erasure_id, row.erased_at)
        return found

    def without(
        self, facts: Sequence[T], *, names: Callable[[T], Collection[str]], moment: Callable[[T], datetime]
    ) -> list[T]:
        """The facts but for those from before one of their names was erased; cheap while all are later."""
        latest = self.latest()
        early = [] if latest is None else [fact for fact in facts if moment(fact) <= latest]
        if not early:
            return list(facts)
        erased = self.among({name for fact in early for name in names(fact)})
        dropped = {
            id(fact) for fact in early for name in names(fact) if name in erased and moment(fact) <= erased[name].at
        }
        return [fact for fact in facts if id(fact) not in dropped]
