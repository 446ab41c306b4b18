"""Which page needs what: each route says it, and one that does not lets nobody in."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from starlette.routing import Mount, Route

from tutela.access.roles import Permission
from tutela.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

    Endpoint = Callable[[Request], Awaitable[Response]]


class Door(StrEnum):
    """Who gets in without a permission."""

    ANYBODY = "anybody"
    SIGNED_IN = "signed in"


ANYBODY, SIGNED_IN = Door.ANYBODY, Door.SIGNED_IN
Need = Permission | Door


def page(path: str, endpoint: Endpoint, need: Need) -> Route:
    """Return the route of a page, with what it needs."""
    return Route(path, _declared(endpoint, need))


def form(path: str, endpoint: Endpoint, need: Need) -> Route:
    """Return the route that takes a form, with what it needs."""
    return Route(path, _declared(endpoint, need), methods=["POST"])


def _declared(endpoint: Endpoint, need: Need) -> Endpoint:
    async def declared(request: Request) -> Response:
        request.state.need = need
        return await endpoint(request)

    declared.need = need  # type: ignore[attr-defined]
    return declared


def need_of(request: Request) -> Permission | None:
    """Return the permission that the asked page needs, or None for whoever is signed in.

    Raises `Refused` where its route declares nothing, or is for strangers.
    """
    need = getattr(request.state, "need", None)
    if need is None or need is ANYBODY:
        raise Refused(
            "This page does not say who may see it, so nobody may.",
            "This is a defect in Tutela: please report it.",
        )
    return need if isinstance(need, Permission) else None


def needs(routes: Iterable[BaseRoute]) -> dict[tuple[str, str], Need]:
    """Return what each page needs. Raises `TypeError` for a route that does not say."""
    found: dict[tuple[str, str], Need] = {}
    for route in routes:
        if isinstance(route, Mount):
            continue
        declared = getattr(getattr(route, "endpoint", None), "need", None)
        if declared is None or not isinstance(route, Route):
            raise TypeError(f"{route} does not say what it needs: use `page` or `form`")
        methods = (route.methods or set()) - {"HEAD"}
        found |= {(method, route.path): declared for method in methods}
    return found
