"""The public pages for everybody alike: in bytes, headers, cookies, and what they call."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec
import pytest
import pytest_asyncio
from aiohttp.test_utils import TestServer
from rich.console import Console

from deploy.client.gateway import Gateway as Client
from deploy.client.mailbox import Mailbox
from deploy.gateway.doors.http import Door, Sent, Verb
from deploy.tour import acts
from deploy.tour.person import Person
from deploy.tour.stage import Stage
from deploy.tour.two_accounts import merging, second_account
from tests.e2e.test_portal import a_source, enrolled, verified
from tests.e2e.test_portal_absence import gateway_of
from tests.support.browser import Browser
from tests.support.suite import Suite
from tests.unit.gateway.settings import HOST

R = TypeVar("R", bound=msgspec.Struct)

NOBODYS = "A" * 43  # as long as a link's token
WRONG = "Wrong-Guess-1234"
PAUSE_SECONDS = 5 * 60  # at least between two links


@dataclass(slots=True, kw_only=True)
class Everybody:
    """One of each kind, and the links that were mailed to some of them."""

    people: dict[str, Person] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)


@pytest_asyncio.fixture(scope="module")
async def everybody(suite: Suite) -> AsyncIterator[Everybody]:
    addresses = suite.addresses
    async with Client(addresses.services) as gateway, Mailbox(addresses.mails) as mailbox:
        stage = Stage(
            stack=addresses, gateway=gateway, mailbox=mailbox, console=Console(quiet=True)
        )
        yield await made(stage)


async def made(stage: Stage) -> Everybody:
    """Make them. Who is locked comes last: a lock ends by time."""
    unknown, known, locked, frozen, unverified, survivor, gone, silent = (
        Person.met_for_the_first_time(stage.randomness) for _ in range(8)
    )
    for person in (known, locked, frozen, survivor, gone):
        await verified(stage, person)
    await enrolled(stage, unverified)
    await second_account(stage, survivor)
    merged = survivor.other_account
    links = {}
    for who, person in {"superseded": known, "merged": merged, "frozen": frozen}.items():
        links[who] = await link_of(stage, person)
    await freeze(stage, frozen)
    await merging(stage, survivor)
    stage.let_time_pass(PAUSE_SECONDS)
    for who, person in {"known": known, "locked": locked}.items():
        links[who] = await link_of(stage, person)
    token = await acts.client_token(stage, stage.stack.practice)
    path = {"patient_id": gone.patient_id}
    await stage.call("un_enrol_patient", 204, token=token, path=path, body=acts.AT_THE_DESK)
    _, token = await acts.enrolment_token(stage, stage.stack.practice, silent)
    terms = await stage.call("read_terms", 200)
    body = {
        "terms_version": terms.body["version"],
        "token": token,
        "birth_date": silent.birth_date,
        "last_name": silent.last_name,
        "no_email": True,
        "username": silent.username,
        "password": silent.password,
    }
    await stage.call("enrol", 201, body=body, source=silent.source)
    for _ in range(4):
        await acts.log_on(stage, locked, locked.username, WRONG, 401, elsewhere=True)
    people = {
        "unknown": unknown,
        "known": known,
        "locked": locked,
        "frozen": frozen,
        "unverified": unverified,
        "merged": merged,
        "un-enrolled": gone,
        "no e-mail": silent,
    }
    return Everybody(people=people, links={"unknown": NOBODYS, **links})


async def link_of(stage: Stage, person: Person) -> str:
    """Have a link to a new password mailed, and take its token."""
    body = {"name": person.username}
    await stage.call("request_reset_link", 202, body=body, source=person.source)
    return acts.secret_of(await stage.mail(person, "Set a new"))


async def freeze(stage: Stage, person: Person) -> None:
    """Let a change that was not hers be told, and her say so."""
    bearer = person.tokens["access_token"]
    proof = await acts.proof(stage, person, "password")
    body = {"new_password": f"{person.password}9", "reauthenticated": proof}
    await stage.call("change_password", 200, token=bearer, body=body)
    link = acts.secret_of(await stage.mail(person, "password was changed"))
    freeze = {"token": link, "birth_date": person.birth_date}
    await stage.call("freeze_account", 204, body=freeze, source=person.source)


Seen = tuple[object, ...]
Walk = Callable[[Browser, str], Awaitable[list[Seen]]]


@pytest_asyncio.fixture
async def watched(suite: Suite, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Any]:
    """Return what walks through pages as a name, and tells all that could be seen, calls too."""
    calls: list[tuple[str, str, Sent | None]] = []
    call = Door.call

    async def noted(self: Door, verb: Verb[R], asker: Any, **given: Any) -> R:
        calls.append((self.service, verb.name, given.get("body")))
        return await call(self, verb, asker, **given)

    monkeypatch.setattr(Door, "call", noted)
    gateway = gateway_of(suite, {})
    server = TestServer(gateway.portal)
    await server.start_server()

    async def as_name(walk: Walk, name: str) -> tuple[object, ...]:
        calls.clear()
        url = str(server.make_url("")).rstrip("/")
        async with Browser([url], HOST, a_source()) as browser:
            seen = await walk(browser, name)
        return masked((*seen, *calls), name)

    yield as_name
    await server.close()
    await gateway.close()


def masked(seen: Iterable[object], name: str) -> tuple[object, ...]:
    """Put one word in the place of what was typed."""
    return tuple(repr(each).replace(name, "NAME") for each in seen)


async def wrong_password(browser: Browser, name: str) -> list[Seen]:
    page = await browser.get("/log-on")
    refused = await browser.press(page, "/log-on", username=name, password=WRONG)
    return [page.alike(), refused.alike()]


async def forgotten_username(browser: Browser, name: str) -> list[Seen]:
    page = await browser.get("/forgot-username")
    fields = {**page.forms["/forgot-username"], "email": name}
    sent = await browser.send("/forgot-username", fields)
    return [sent.alike(), (await browser.get(sent.headers["Location"])).alike()]


async def forgotten_password(browser: Browser, name: str) -> list[Seen]:
    page = await browser.get("/forgot-password")
    fields = {**page.forms["/forgot-password"], "username": name}
    taken = await browser.send("/forgot-password", fields)
    ways = await browser.get(taken.headers["Location"])
    sent = await browser.send("/forgot-password/link", ways.forms["/forgot-password/link"])
    there = await browser.get(sent.headers["Location"])
    return [taken.alike(), ways.alike(), sent.alike(), there.alike()]


async def practices_code(browser: Browser, name: str) -> list[Seen]:
    page = await browser.get("/reset-token")
    fields = {**page.forms["/reset-token"], "username": name, "token": "0123 4567"}
    refused = await browser.send("/reset-token", fields)
    return [page.alike(), refused.alike()]


async def mailed_link(browser: Browser, token: str) -> list[Seen]:
    page = await browser.get("/reset-password")
    fields = {**page.forms["/reset-password"], "link": token}
    sent = await browser.send("/reset-password", fields)
    return [page.alike(), sent.alike()]


@pytest.mark.proves("LG-1", "LG-2", "RC-1", "RC-3", "RC-5", "RC-9", "ID-6")
@pytest.mark.parametrize(
    ("walk", "named"),
    [
        (wrong_password, "username"),
        (wrong_password, "address"),
        (forgotten_username, "address"),
        (forgotten_password, "username"),
        (forgotten_password, "address"),
        (practices_code, "username"),
        (practices_code, "address"),
    ],
    ids=lambda each: each if isinstance(each, str) else each.__name__,
)
async def test_a_public_page_is_the_same_for_everybody(
    everybody: Everybody, watched: Any, walk: Walk, named: str
) -> None:
    seen = {
        who: await watched(walk, getattr(person, named)) for who, person in everybody.people.items()
    }

    assert {who for who in seen if seen[who] != seen["unknown"]} == set()
    assert len(seen) == 8


@pytest.mark.proves("LG-2")
async def test_who_is_locked_is_refused_with_the_right_password_as_anybody_is_with_a_wrong_one(
    everybody: Everybody, watched: Any
) -> None:
    locked, unknown = everybody.people["locked"], everybody.people["unknown"]

    async def right_password(browser: Browser, name: str) -> list[Seen]:
        page = await browser.get("/log-on")
        typed = {"username": name, "password": locked.password}
        return [(await browser.press(page, "/log-on", **typed)).alike()]

    assert await watched(right_password, locked.username) == await watched(
        right_password, unknown.username
    )


@pytest.mark.proves("RC-3", "NT-6")
async def test_a_mailed_link_that_is_void_is_refused_alike_whosever_it_was(
    everybody: Everybody, watched: Any
) -> None:
    seen = {who: await watched(mailed_link, token) for who, token in everybody.links.items()}

    assert seen["unknown"] == seen["superseded"] == seen["merged"] == seen["frozen"]
    assert seen["known"] == seen["locked"] != seen["unknown"]
