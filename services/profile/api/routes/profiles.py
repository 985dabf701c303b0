"""/v1/profiles: find customers and see what is known of them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response

from services.profile.adapters.sql.profile_reading import ProfileReading
from services.profile.api.dependencies import ProfileId, Wired
from services.profile.api.schemas.profiles import BelongingView, ProfileView, TraitChanges, TraitView, profile_view
from services.profile.bootstrap import Wiring
from services.profile.domain.errors import ProfileNotFound
from services.profile.domain.identifiers import EMAIL, PHONE, Identifier, email
from shared.auth.access import Requires
from shared.http.answer_headers import ETAG, with_headers
from shared.http.etags import SeenVersion, etag
from shared.http.pagination import Page, Paged
from shared.http.patterns import COUNTRY, worded
from shared.http.problems import PROBLEM_RESPONSES
from shared.http.strict_json import StrictRoute

router = APIRouter(prefix="/v1/profiles", tags=["Profiles"], route_class=StrictRoute, responses=PROBLEM_RESPONSES)
_KIND = worded(
    r"^(user_id|anonymous_id|email|phone|external:[a-z0-9][a-z0-9_.-]{0,63})$",
    "user_id, anonymous_id, email, phone, or external: and the name of a system in small letters, such as external:crm",
)
Kind = Annotated[str, Query(pattern=_KIND, examples=["email"])]
Value = Annotated[str, Query(min_length=1, max_length=500, examples=["jane@example.com"])]
Region = Annotated[str | None, Query(pattern=COUNTRY, description="ISO 3166 region of a telephone number without +")]


@router.get("", dependencies=[Requires("profiles:read")])
def list_profiles(
    wired: Wired,
    paging: Paged,
    identified: Annotated[bool | None, Query(description="only those with (or without) a user id")] = None,
) -> Page[ProfileView]:
    """Profiles, oldest first."""
    after = paging.after_id()
    with wired.database.reading() as session:
        found = ProfileReading(session).page(after=after, limit=paging.limit + 1, identified=identified)
    return paging.page(found, profile_view)


@router.get("/lookup", dependencies=[Requires("profiles:read")], responses=with_headers(200, ETAG))
def look_up_profile(
    wired: Wired,
    response: Response,
    kind: Kind,
    value: Value,
    region: Region = None,
) -> ProfileView:
    """The profile with this identifier. E-mail addresses and telephone numbers may be written in any usual form."""
    with wired.database.reading() as session:
        whole = ProfileReading(session).known_as(identifier_of(wired, kind, value, region))
    response.headers["ETag"] = etag(whole.profile.version)
    return profile_view(whole)


@router.get("/{profile_id}", dependencies=[Requires("profiles:read")], responses=with_headers(200, ETAG))
def get_profile(profile_id: ProfileId, wired: Wired, response: Response) -> ProfileView:
    """One profile. The id of a merged profile finds the one that it was merged into."""
    with wired.database.reading() as session:
        whole = ProfileReading(session).get(profile_id)
    response.headers["ETag"] = etag(whole.profile.version)
    return profile_view(whole)


@router.get("/{profile_id}/traits", dependencies=[Requires("profiles:read")])
def list_traits(
    profile_id: ProfileId,
    wired: Wired,
    paging: Paged,
    history: Annotated[
        bool, Query(description="every statement, latest first, instead of only those in force")
    ] = False,
    key: Annotated[str | None, Query(min_length=1, max_length=200)] = None,
) -> Page[TraitView]:
    """The traits of a customer by key, each with its source; `history` also shows earlier values."""
    with wired.database.reading() as session:
        reading = ProfileReading(session)
        living = reading.living_id(profile_id)
        if history:
            before = paging.after(datetime, str, str)
            said = reading.history(living, key=key, before=before, limit=paging.limit + 1)
            return paging.page(said, TraitView.model_validate, by=("observed_at", "touchpoint_id", "key"))
        after = paging.after_id()
        hold = [each for each in reading.get(living).traits if key in (None, each.key)]
    left = [each for each in hold if after is None or each.key > after]
    return paging.page(left, TraitView.model_validate, by=("key",))


@router.patch("/{profile_id}/traits", dependencies=[Requires("profiles:write")], responses=with_headers(200, ETAG))
def set_traits(
    profile_id: ProfileId, changes: TraitChanges, wired: Wired, seen: SeenVersion, response: Response
) -> ProfileView:
    """Set or remove traits, with the API as their source."""
    with wired.writing() as (session, work):
        living = ProfileReading(session).living_id(profile_id)
        wired.outbox.add(session, wired.set_traits(work, living, changes.traits, seen=seen))
        whole = ProfileReading(session).get(living)
    response.headers["ETag"] = etag(whole.profile.version)
    return profile_view(whole)


@router.get("/{profile_id}/segments", dependencies=[Requires("segments:read")])
def list_segments_of_profile(profile_id: ProfileId, wired: Wired, paging: Paged) -> Page[BelongingView]:
    """The segments that a customer is in, oldest first."""
    after = paging.after_id()
    with wired.database.reading() as session:
        reading = ProfileReading(session)
        found = reading.segments_of(reading.living_id(profile_id), after=after, limit=paging.limit + 1)
    return paging.page(found, BelongingView.model_validate, by=("segment_id",))


def identifier_of(wired: Wiring, kind: str, value: str, region: str | None) -> Identifier:
    """The identifier that a caller means, however it is written. Raises ProfileNotFound for what can be nobody's."""
    name: Identifier | None = Identifier(kind, value)
    if kind == EMAIL:
        name = email(value)
    elif kind == PHONE:
        # An unescaped + in a query arrives as a blank.
        number = wired.read_phone(f"+{value[1:]}" if value.startswith(" ") else value, region)
        name = Identifier(PHONE, number) if number else None
    if name is None:
        raise ProfileNotFound(f"nobody is known by this {kind}")
    return name
