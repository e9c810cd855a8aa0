"""Under which key a caller is counted (LG-4), so that a proxy's set-up can be seen from outside."""

from dataclasses import replace
from typing import Any

from shared.http.guards import Counted, Public
from shared.http.routes import Call, NoBody, Reply, Route, route
from shared.http.sources import place_of
from shared.trust.access import Caller


class SourceReply(Reply, frozen=True, kw_only=True):
    """`wider`: the IPv6 networks around it, which have larger budgets of their own."""

    source: str
    wider: tuple[str, ...]


async def read_source(_: Any, call: Call[NoBody, Caller]) -> SourceReply:
    """Show the caller's own; many people who are shown one address stand behind one proxy."""
    source = call.origin.source
    return SourceReply(source=source, wider=place_of(source).wider)


READ: Route[Any] = route(
    "GET",
    "/source",
    Public(Counted.NOTHING),
    read_source,
    summary="See under which address attempts from here are counted",
    rows=("LG-4",),
)


def source_at(service: str) -> Route[Any]:
    """The same verb of one service; who calls them all knows verbs by their names."""
    return replace(READ, name=f"read_source_at_{service}")
