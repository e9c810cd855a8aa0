"""The holder of a session: opened from its cookie, refreshed in time, ended (SE-1)."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from typing import Concatenate, ParamSpec, TypeVar
from urllib.parse import quote

import msgspec

from deploy.gateway.doors.identity import RESOURCES, Gate, Identity, Session
from deploy.gateway.web.refusals import Away, Refused
from deploy.gateway.web.visits import Elsewhere, Visit

P = ParamSpec("P")
T = TypeVar("T")

COOKIE = "portico-session"
HOME = "/home"
DUE = timedelta(seconds=60)  # idle counts from the last refresh: one a minute keeps that exact
ENDED = ("token_stale", "unauthenticated")
OVER = "refresh_invalid"
TOLD_APART = 5  # seconds: the idle end is told as so many from a reply on, the last end as a moment


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What the session's cookie holds. No script ever sees it, and only the gateway opens it."""

    session_id: str
    access: dict[str, str]  # by service: each gets a token for itself alone
    refresh: str
    gates: tuple[Gate, ...]
    scope: str  # what identity lets it do
    refreshed_at: int
    idle_until: int
    ends_at: int
    wanted: str = HOME  # the page one came for; gates come before it
    asked: bool = False  # merge, whether it offers anything: once a log-on (MG-7)
    merged: bool = False  # then nothing more is offered before the next log-on

    @property
    def refreshed(self) -> datetime:
        """When identity renewed it last."""
        return datetime.fromtimestamp(self.refreshed_at, UTC)

    def alive(self, now: datetime) -> bool:
        """Whether it may still be renewed, as far as can be told without asking."""
        return self.left(now) > 0

    def left(self, now: datetime) -> int:
        """For how many seconds it lives without a renewal."""
        return max(0, min(self.idle_until, self.ends_at) - int(now.timestamp()))

    @property
    def renewable(self) -> bool:
        """Whether a renewal makes it live longer: not where its longest life is over before."""
        return self.idle_until + TOLD_APART < self.ends_at

    def due(self, now: datetime) -> bool:
        """Whether it is to be renewed before anything else."""
        return now >= self.refreshed + DUE


@dataclass(slots=True, kw_only=True)
class Inside(Visit):
    """A visit of somebody who is logged on."""

    kept: Kept


def inside(visit: Visit, kept: Kept) -> Inside:
    """Let a visit in."""
    given = {each.name: getattr(visit, each.name) for each in fields(Visit)}
    return Inside(**{**given, "logged_on": True}, kept=kept)


def fetched_ahead(visit: Visit) -> bool:
    """Whether a browser only guesses that its person will come here: no use of a session."""
    return "prefetch" in visit.request.headers.get("Sec-Purpose", "")


def log_on_path(visit: Visit) -> str:
    """The way to the log-on page and back here; a post is not repeated, so it leads home."""
    if visit.request.method != "GET":
        return "/log-on"
    return f"/log-on?next={quote(visit.path, safe='/')}"


@dataclass(slots=True)
class Sessions:
    """Opens, renews and ends what the cookie holds."""

    identity: Identity
    _flights: "dict[str, asyncio.Task[Session]]" = field(default_factory=dict)

    def begin(self, visit: Visit, session: Session, before: Kept | None = None) -> Kept:
        """Keep a session in its cookie; whatever was kept before is gone, but what is of the same
        log-on still, where this session took the place of that one.
        """
        now = int(visit.now.timestamp())
        kept = Kept(
            session_id=session.session_id,
            access={each: session.access_tokens[each] for each in RESOURCES},
            refresh=session.refresh_token,
            gates=session.gates,
            scope=session.scope,
            refreshed_at=now,
            idle_until=now + session.idle_seconds,
            ends_at=int(session.ends_at.timestamp()),
        )
        if before is not None:
            kept = msgspec.structs.replace(
                kept, wanted=before.wanted, asked=before.asked, merged=before.merged
            )
        self.keep(visit, kept)
        return kept

    def keep(self, visit: Visit, kept: Kept) -> None:
        """Write it into its cookie, which goes with the browser's session."""
        visit.jar.seal(COOKIE, kept, seconds=None)

    def look(self, visit: Visit) -> Kept | None:
        """Return what the cookie holds; nothing is asked of anybody."""
        return visit.jar.record(COOKIE, Kept)

    async def open(self, visit: Visit) -> Inside:
        """Let the holder in, renewed where it is due. Raises Elsewhere, to the log-on page.

        The cookie is left as it is then: another tab may have logged on anew meanwhile, and its
        cookie must not be deleted by this one's late reply.
        """
        kept = self.look(visit)
        if kept is None or not kept.alive(visit.now):
            raise Elsewhere(log_on_path(visit))
        if kept.due(visit.now) and not fetched_ahead(visit):
            with suppress(Away):  # the access token goes on while it lives
                kept = await self.renew(visit, kept)
        return inside(visit, kept)

    async def renew(self, visit: Visit, kept: Kept) -> Kept:
        """Refresh at identity. Raises Elsewhere where the session is over; Away."""
        return self.begin(visit, await self._renewed(visit, kept), kept)

    async def _renewed(self, visit: Visit, kept: Kept, *also: str) -> Session:
        try:
            return await self._flown(visit, kept.refresh, *also)
        except Refused as refused:
            if refused.code == OVER:
                raise Elsewhere(log_on_path(visit)) from None
            raise Away("identity", retry_after=refused.retry_after or 5) from None

    async def ask(
        self,
        visit: Inside,
        service: str,
        question: Callable[Concatenate[Inside, str, P], Awaitable[T]],
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Ask a service as the holder; once more with a renewed token where this one is too old
        for it, or void: the session itself may well go on. Raises Elsewhere where it does not;
        Away where a new token is not taken either, for logging on would bring no better one.

        One that is asked seldom gets a token that is not kept: a cookie has no room for one more.
        """
        token = visit.kept.access.get(service)
        if token is not None:
            try:
                return await question(visit, token, *args, **kwargs)
            except Refused as refused:
                if refused.code not in ENDED:
                    raise
        also = (service,) if token is None else ()
        session = await self._renewed(visit, visit.kept, *also)
        visit.kept = self.begin(visit, session, visit.kept)
        try:
            return await question(visit, session.access_tokens[service], *args, **kwargs)
        except Refused as refused:
            if refused.code not in ENDED:
                raise
            raise Away(service) from None

    async def _flown(self, visit: Visit, refresh_token: str, *also: str) -> Session:
        """One flight a refresh token in this process; identity sees to other replicas."""
        name = " ".join((refresh_token, *also))
        flight = self._flights.get(name)
        if flight is None:
            flight = asyncio.create_task(self.identity.refresh(visit, refresh_token, *also))
            self._flights[name] = flight
            flight.add_done_callback(lambda done: self._landed(name, done))
        return await asyncio.shield(flight)

    def _landed(self, name: str, flight: "asyncio.Task[Session]") -> None:
        """Forget a flight. Who waited for it may have gone: then nobody else looks at its end."""
        del self._flights[name]
        if not flight.cancelled():
            flight.exception()
