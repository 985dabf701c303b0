"""One way to build a service's FastAPI application."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Protocol

from fastapi import APIRouter, FastAPI
from sqlalchemy.orm import Session

from shared.auth.access import Access
from shared.auth.routes import router as api_key_routes
from shared.auth.scopes import scopes_of
from shared.http.dead_letters import router as dead_letter_routes
from shared.http.docs import router as docs_routes
from shared.http.health import router as health_routes
from shared.http.limits import LimitRequests
from shared.http.observation import ObserveRequests
from shared.http.openapi import Document, describe
from shared.http.problems import ProblemSpec, install_problems
from shared.http.reads import AnswerReads
from shared.settings import ServiceSettings
from shared.sql.database import Database

MAX_BODY = 1024 * 1024
_MANNERS = (
    "Fields and query parameters that are not in this document are refused (422), and so is a parameter that is given "
    "twice. A `next_cursor` belongs to the list and the filters that it came with. What can be read with GET answers "
    "HEAD, too, and 304 to an `If-None-Match` with its `ETag`."
)


class Lifespan(Protocol):
    """Opens what the service needs when the process starts, and closes it when it ends."""

    def __call__(self, app: FastAPI, /) -> AbstractAsyncContextManager[None]: ...


class Wired(Protocol):
    """The wiring of a service, as far as its application needs to know it."""

    @property
    def settings(self) -> ServiceSettings:
        """What the environment says."""
        ...

    @property
    def database(self) -> Database:
        """Where the service keeps everything."""
        ...


@asynccontextmanager
async def _nothing_to_open(_app: FastAPI) -> AsyncIterator[None]:
    yield


def _nothing_to_do(_session: Session, _owner: str) -> None:
    pass


def _nothing_to_add(_document: Document) -> None:
    pass


@dataclass(frozen=True, kw_only=True)
class Extras:
    """What an application has beyond what all four have in common.

    `larger_bodies` are the limits, in bytes, of single paths that take more than MAX_BODY; `further_scopes` are
    demanded elsewhere than in its routers; `owner_left` is called in the transaction that revokes the last key of an
    owner; `further_description` adds to the OpenAPI document what stands elsewhere, too.
    """

    lifespan: Lifespan = _nothing_to_open
    larger_bodies: Mapping[str, int] = field(default_factory=dict)
    further_scopes: Collection[str] = ()
    owner_left: Callable[[Session, str], None] = _nothing_to_do
    further_description: Callable[[Document], None] = _nothing_to_add


_NOTHING_MORE = Extras()


def build_app(
    wiring: Wired,
    *,
    name: str,
    description: str,
    routers: Sequence[APIRouter],
    problems: Mapping[type[Exception], ProblemSpec],
    extras: Extras = _NOTHING_MORE,
) -> FastAPI:
    """An application with the service's routes and everything that all four have in common.

    `app.state` holds `wiring`, `database`, `access`, `scopes`, `owner_left` and `draining`.
    """

    @asynccontextmanager
    async def whole_life(app: FastAPI) -> AsyncIterator[None]:
        async with extras.lifespan(app):
            yield
        app.state.draining = True
        wiring.database.dispose()

    app = FastAPI(
        title=f"Rapport {name}",
        description=f"{description}\n\n{_MANNERS}",
        version="1",
        lifespan=whole_life,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        separate_input_output_schemas=False,
        generate_unique_id_function=lambda route: route.name,  # what a generated client's methods are called
    )
    app.state.wiring = wiring
    app.state.database = wiring.database
    app.state.access = Access(wiring.database, wiring.settings)
    app.state.owner_left = extras.owner_left
    app.state.draining = False
    everything = (*routers, api_key_routes, dead_letter_routes, health_routes, docs_routes)
    app.state.scopes = scopes_of(everything, extras.further_scopes)
    for router in everything:
        app.include_router(router)
    install_problems(app, problems)
    app.add_middleware(AnswerReads)
    app.add_middleware(LimitRequests, max_body=MAX_BODY, larger=extras.larger_bodies)
    app.add_middleware(ObserveRequests)
    describe(app, extras.further_description)
    return app
