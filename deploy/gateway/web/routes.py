"""A page's address: its method, its path, who may see it, what answers and what it has at hand."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from aiohttp import web

from deploy.gateway.web.forgery import Forgery
from deploy.gateway.web.forms import (
    CSRF,
    FLOW,
    KEY,
    UUID,
    F,
    Filled,
    Form,
    FormPage,
    Reading,
    S,
    V,
    read_form,
    read_posted,
)
from deploy.gateway.web.messages import Problem, of_code, of_refusal
from deploy.gateway.web.refusals import Away, Refused
from deploy.gateway.web.views import Views
from deploy.gateway.web.visits import CODE, Visit
from shared.randomness import Randomness

SLOT = re.compile(r"\{(\w+)\}")
KEY_SHAPE = re.compile(r"[0-9a-f-]{36}")
ISSUED = "already_issued"

C = TypeVar("C", bound=Visit)
Answer = Awaitable[web.Response]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What pages and forms need of a site, the portal's and the desk's alike."""

    views: Views
    forgery: Forgery
    randomness: Randomness

    def forged(self, visit: Visit, token: str) -> bool:
        """Whether this post is none of ours."""
        return not self.forgery.passes(visit.request, visit.visitor, token)

    def page(
        self,
        visit: Visit,
        template: str,
        /,
        *,
        filled: Filled | None = None,
        status: int = 200,
        **values: object,
    ) -> web.Response:
        """Print a page, with the status of its form where it has one."""
        if filled is None:
            return self.views.page(visit, template, status=status, **values)
        return self.views.page(visit, template, status=filled.status, filled=filled, **values)

    def empty(self) -> Filled:
        """A form that nobody has typed in."""
        return Filled(key=str(self.randomness.uuid()))


T = TypeVar("T", bound=Tools)


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard(Generic[S, V]):
    """Who may see a page: `admit` says so, or raises Elsewhere."""

    name: str
    admit: Callable[[S, Visit], Awaitable[V]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route(Generic[S]):
    """One method of one path."""

    method: str
    path: str
    guard: str
    name: str
    handle: Callable[[S, Visit], Answer]

    @property
    def pattern(self) -> str:
        """The path as it is matched: a slot takes an id, and nothing else."""
        return SLOT.sub(rf"{{\1:{UUID}}}", self.path)


def page(path: str, guard: Guard[S, V], show: Callable[[S, V], Answer]) -> tuple[Route[S], ...]:
    """Make a page that only shows."""

    async def handle(site: S, visit: Visit) -> web.Response:
        return await show(site, await guard.admit(site, visit))

    return (Route(method="GET", path=path, guard=guard.name, name=named(show), handle=handle),)


class Mistyped(Exception):
    """A page itself finds a field wrong, beside others or what it remembers: the form is shown
    again with all that was typed. `text` is a marked one.
    """

    def __init__(self, field: str, text: str) -> None:
        super().__init__(field)
        self.field = field
        self.text = text


def form(path: str, guard: Guard[T, C], made: FormPage[T, C, F]) -> tuple[Route[T], ...]:
    """Make a page with a form: shown by GET, sent by POST."""

    async def show(site: T, visit: Visit) -> web.Response:
        seen = await guard.admit(site, visit)
        return await made.show(site, seen, site.empty())

    shown = Route(method="GET", path=path, guard=guard.name, name=named(made.show), handle=show)
    return (shown, *action(path, guard, made))


def action(path: str, guard: Guard[T, C], made: FormPage[T, C, F]) -> tuple[Route[T], ...]:
    """Make what a form or a button does, where another page shows it."""

    async def send(site: T, visit: Visit) -> web.Response:
        posted = await read_posted(visit.request, made.most_bytes)
        visit.flow = posted.get(FLOW, "")
        seen = await guard.admit(site, visit)
        reading = read_form(made.form, posted, visit.language)
        forged = site.forged(visit, posted.get(CSRF, ""))
        key = posted.get(KEY, "")
        if forged or reading.form is None or not KEY_SHAPE.fullmatch(key):
            return await made.show(site, seen, unread(site, visit, reading, forged=forged))
        try:
            return await made.submit(site, seen, reading.form, key)
        except Refused as refused:
            refused.code = made.codes.get(refused.code, refused.code)
            visit.request[CODE] = refused.code
            filled, wait = refilled(site, visit, made, reading, refused, key), refused.retry_after
        except Away as away:
            visit.request[CODE] = f"{away.service}_away"
            filled, wait = without(away, visit, made, reading, key), away.retry_after
        except Mistyped as mistyped:
            filled, wait = corrected(mistyped, visit, reading, key), None
        response = await made.show(site, seen, filled)
        if wait is not None:
            response.headers["Retry-After"] = str(wait)
        return response

    name = named(made.submit)
    return (Route(method="POST", path=path, guard=guard.name, name=name, handle=send),)


class Nothing(Form, frozen=True, kw_only=True):
    """The form of a button: pressing it says everything."""


async def once_more(site: Tools, visit: Visit, filled: Filled) -> web.Response:
    """Ask for a button to be pressed again whose post could not be checked."""
    return site.page(visit, "once_more.html", filled=filled, path=visit.path)


def button(
    path: str,
    guard: Guard[T, C],
    press: Callable[[T, C, Nothing, str], Answer],
    show: Callable[[T, C, Filled], Answer] = once_more,
) -> tuple[Route[T], ...]:
    """Make what a button does, or a script in its place; `show` is the page it is refused on."""
    return action(path, guard, FormPage(form=Nothing, show=show, submit=press))


def unread(site: Tools, visit: Visit, reading: Reading[Any], *, forged: bool) -> Filled:
    """The form again, filled in, where nothing was asked of anybody."""
    visit.request[CODE] = "forged" if forged else "form_invalid"
    if not forged:
        return Filled(
            key=str(site.randomness.uuid()),
            typed=reading.typed,
            problems=reading.problems,
            status=422,
        )
    code = "no_cookies" if visit.newcomer else "forged"
    return Filled(
        key=str(site.randomness.uuid()),
        typed=reading.typed,
        problems=(of_code(code, visit.language, {}),),
        status=403,
    )


def refilled(
    site: Tools,
    visit: Visit,
    made: FormPage[Any, Any, Any],
    reading: Reading[Any],
    refused: Refused,
    key: str,
) -> Filled:
    """The form again, filled in, with what a service refused. A key that was kept with other
    contents is of no more use, nor is one by which something was shown once.
    """
    if refused.code == ISSUED or refused.code.startswith("idempotency_key"):
        key = str(site.randomness.uuid())
    return Filled(
        key=key,
        typed=reading.typed,
        problems=tuple(of_refusal(refused, visit.language, made.field_names())),
        failed=frozenset(error.code for error in refused.errors),
        status=429 if refused.status == 429 else 422,
    )


def without(
    away: Away, visit: Visit, made: FormPage[Any, Any, Any], reading: Reading[Any], key: str
) -> Filled:
    """The form again, filled in, with its key: what was sent may have been done."""
    code = made.codes.get("away", "away")
    return Filled(
        key=key,
        typed=reading.typed,
        problems=(of_code(code, visit.language, made.field_names(), wait=away.retry_after),),
        status=503,
    )


def corrected(mistyped: Mistyped, visit: Visit, reading: Reading[Any], key: str) -> Filled:
    """The form again, filled in, with what its page found wrong."""
    return Filled(
        key=key,
        typed=reading.typed,
        problems=(wrong(visit, mistyped.field, mistyped.text),),
        status=422,
    )


def wrong(visit: Visit, field: str, text: str) -> Problem:
    """Say what is wrong with a field, where a page itself finds it."""
    return Problem(text=visit.say(text), field=field)


def named(handler: Callable[..., Any]) -> str:
    """Name a page in logs and metrics: by its module and function, never by its path."""
    return f"{handler.__module__.rpartition('.')[2]}.{handler.__name__}"
