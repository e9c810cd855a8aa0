"""The public pages for everybody alike: in bytes, headers, cookies, and what they call."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import aiohttp
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
from tests.builders.questions import FIVE, WRONG_ANSWER
from tests.e2e.test_portal import a_source, enrolled
from tests.e2e.test_portal_absence import gateway_of
from tests.e2e.test_questions import opens
from tests.support.browser import MASKED, OWN_TO_A_REPLY, Browser, Page
from tests.support.suite import Suite
from tests.unit.gateway.settings import HOST

R = TypeVar("R", bound=msgspec.Struct)

NOBODYS = "A" * 43  # as long as a link's token
WRONG = "Wrong-Guess-1234"
PAUSE_SECONDS = 5 * 60  # at least between two links
PHONE = "555 0143017"  # of all of them: what is typed with a name is right for each

QUESTIONS, FIELDS = "/forgot-password/questions", "/forgot-password/validation"
ADDRESSES = "/forgot-password/address"
OF_HER = {  # likewise
    "last_name": "Hale",
    "first_name": "Juniper",
    "birth_date_day": "17",
    "birth_date_month": "4",
    "birth_date_year": "1988",
    "home_phone": PHONE,
}
NO_IDEA: Mapping[str, str] = {}
ONCE = re.compile(r"""(?<=challenge)\W+[\w-]{43}""")
LANGUAGES = ("en", "es")


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """What may be another for each name, wherever it stands: nothing but this is left out."""

    texts: re.Pattern[str]
    cookies: frozenset[str] = frozenset()  # that hold it, and are as long as it is

    def without(self, text: str) -> str:
        return self.texts.sub("-", text)


NOTHING = Own(texts=re.compile(r"(?!)"))
ASKED = Own(  # which two of the bank
    texts=re.compile(
        r"""name="code\d" value="[^"]*"|<label for="answer\d" lang="..">[^<]*</label>"""
        r"""|\{"code":"[a-z-]+","text":"[^"]*"\}|Answer\(code='[^']*', answer='[^']*'\)"""
    )
)
GRANTED = Own(texts=re.compile(r'(?<="grant":")[^"]+|(?<="username":")[^"]+'))
DECOYS = Own(  # and the true one among them
    texts=re.compile(r"""<label for="address(?:-\d)?">[^<]*</label>|"\d+ [^"]*"(?=[],])"""),
    cookies=frozenset({"portico-flow-reset"}),
)


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
        try:
            yield await made(stage)
        finally:
            await ask_for_questions(stage, False)


async def made(stage: Stage) -> Everybody:
    """Make them. Who is locked comes last: a lock ends by time."""
    unknown, known, locked, frozen, unverified, survivor, gone, silent = (
        Person.met_for_the_first_time(stage.randomness) for _ in range(8)
    )
    for person in (unknown, known, locked, frozen, unverified, survivor, gone, silent):
        person.home_phone = PHONE
    await enrolled(stage, unverified)
    await enrol_without_email(stage, silent)
    for person in (unverified, silent):
        await acts.log_on(stage, person, person.username, person.password)
        await be_written_to_elsewhere(stage, person)
    await ask_for_questions(stage, True)
    for person in (known, locked, frozen, survivor, gone):
        await enrolled(stage, person)
        await acts.log_on(stage, person, person.username, person.password)
        await be_known(stage, person)
    await second_account(stage, survivor)
    merged = survivor.other_account
    await set_questions(stage, merged)
    for person in (known, locked, frozen, merged, gone):
        await be_written_to_elsewhere(stage, person)
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


async def ask_for_questions(stage: Stage, yes: bool) -> None:
    """Let both practices ask for five, as any does but the demo's: where one asks for none, no
    answers open an account (ST-2).
    """
    for practice in (stage.stack.practice, stage.stack.neighbour):
        token = await acts.client_token(stage, practice)
        said = {**acts.AT_THE_DESK, "security_questions": yes}
        await stage.call("change_practice_settings", 200, token=token, body=said)


async def enrol_without_email(stage: Stage, person: Person) -> None:
    _, token = await acts.enrolment_token(stage, stage.stack.practice, person)
    proof = {"token": token, "birth_date": person.birth_date, "last_name": person.last_name}
    await acts.enrol_by_proof(stage, person, proof)


async def be_known(stage: Stage, person: Person) -> None:
    """Set five questions, whose answers open her account, and verify her e-mail."""
    await set_questions(stage, person)
    await opens(stage, person, FIVE)
    bearer = person.tokens["access_token"]
    link = {"token": acts.secret_of(await stage.mail(person, "Welcome"))}
    await stage.call("verify_email", 200, token=bearer, body=link)
    await stage.call("skip_gate", 204, token=bearer, path={"gate": "two-step"})


async def set_questions(stage: Stage, person: Person) -> None:
    """Set five, which leaves no gate that is required."""
    await acts.set_questions(stage, person, FIVE)


async def be_written_to_elsewhere(stage: Stage, person: Person) -> None:
    """Verify an address that is no account e-mail (NT-2)."""
    await acts.notification_address(stage, person, elsewhere(person))


def username(person: Person) -> str:
    return person.username


def address(person: Person) -> str:
    return person.address


def elsewhere(person: Person) -> str:
    return person.address.replace("@", ".work@")


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


Walk = Callable[[Browser, str], Awaitable[list[Page]]]


@dataclass(slots=True, kw_only=True)
class Watch:
    """Walks through pages as a name, and tells all that could be seen, calls and replies too."""

    url: str
    pages: list[Page] = field(default_factory=list)  # of the last walk
    calls: list[tuple[str, str, Sent | None]] = field(default_factory=list)
    replies: list[tuple[str, int, Mapping[str, str], str]] = field(default_factory=list)

    async def walk(
        self, walk: Walk, name: str, own: Own = NOTHING, language: str = "en"
    ) -> tuple[object, ...]:
        """Return what was seen, with one word in the place of what was typed."""
        self.calls.clear()
        self.replies.clear()
        async with Browser([self.url], HOST, a_source(), language) as browser:
            self.pages = await walk(browser, name)
        seen = (
            *(_page(page, own) for page in self.pages),
            *(own.without(repr(call)) for call in self.calls),
            *(
                (verb, status, _headers(headers, body, own), own.without(MASKED.sub("-", body)))
                for verb, status, headers, body in self.replies
            ),
        )
        return tuple(ONCE.sub("-", repr(each)).replace(name, "NAME") for each in seen)


def _page(page: Page, own: Own) -> tuple[object, ...]:
    """The whole of it but what may be another."""
    cookies = [
        (name, None if name in own.cookies else len(value))
        for name, _, value in (each.partition("=") for each in page.set_cookies)
    ]
    text = own.without(MASKED.sub("-", page.text))
    return page.path, page.status, text, _headers(page.headers, page.text, own), cookies


def _headers(headers: Mapping[str, str], text: str, own: Own) -> tuple[object, ...]:
    """As they would be without what may be another: its length is its own."""
    shorter = len(text.encode()) - len(own.without(text).encode())
    return tuple(
        (name, int(value) - shorter if name == "Content-Length" else value)
        for name, value in sorted(headers.items())
        if name not in OWN_TO_A_REPLY
    )


@pytest_asyncio.fixture
async def watch(suite: Suite, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Watch]:
    """A portal in this process, whose calls are seen as well."""
    gateway = gateway_of(suite, {})
    server = TestServer(gateway.portal)
    await server.start_server()
    watch = Watch(url=str(server.make_url("")).rstrip("/"))
    call, read = Door.call, Door._read

    async def noted(self: Door, verb: Verb[R], asker: Any, **given: Any) -> R:
        watch.calls.append((self.service, verb.name, given.get("body")))
        return await call(self, verb, asker, **given)

    def noted_too(self: Door, verb: Verb[R], response: aiohttp.ClientResponse, raw: bytes) -> R:
        watch.replies.append((verb.name, response.status, response.headers, raw.decode()))
        return read(self, verb, response, raw)

    monkeypatch.setattr(Door, "call", noted)
    monkeypatch.setattr(Door, "_read", noted_too)
    yield watch
    await server.close()
    await gateway.close()


async def wrong_password(browser: Browser, name: str) -> list[Page]:
    page = await browser.get("/log-on")
    refused = await browser.press(page, "/log-on", username=name, password=WRONG)
    return [page, refused]


async def forgotten_username(browser: Browser, name: str) -> list[Page]:
    page = await browser.get("/forgot-username")
    fields = {**page.forms["/forgot-username"], "email": name}
    sent = await browser.send("/forgot-username", fields)
    return [sent, await browser.get(sent.headers["Location"])]


async def forgotten_username_by_who_one_is(browser: Browser, name: str) -> list[Page]:
    page = await browser.get("/forgot-username")
    fields = {**page.forms["/forgot-username"], "email": name, **OF_HER}
    del fields["first_name"], fields["home_phone"]
    sent = await browser.send("/forgot-username", fields)
    return [sent, await browser.get(sent.headers["Location"])]


async def forgotten_password(browser: Browser, name: str) -> list[Page]:
    page = await browser.get("/forgot-password")
    fields = {**page.forms["/forgot-password"], "username": name}
    taken = await browser.send("/forgot-password", fields)
    ways = await browser.get(taken.headers["Location"])
    sent = await browser.send("/forgot-password/link", ways.forms["/forgot-password/link"])
    there = await browser.get(sent.headers["Location"])
    return [taken, ways, sent, there]


async def two_questions(browser: Browser, name: str) -> list[Page]:
    """Answered wrong until they are locked, then right, as far as somebody's own are asked."""
    await name_oneself(browser, name)
    page = await browser.get(QUESTIONS)
    if page.path != QUESTIONS:  # an address may be a username
        page = await browser.press(page, page.path, username=name)
    pages = [page]
    for answers in (NO_IDEA, NO_IDEA, NO_IDEA, FIVE):
        asked = pages[-1].forms[QUESTIONS]
        codes = {place: asked[f"code{place}"] for place in (1, 2)}
        typed = {f"answer{at}": answers.get(code, WRONG_ANSWER) for at, code in codes.items()}
        pages.append(await browser.press(pages[-1], QUESTIONS, **typed))
    return pages


async def who_one_is(browser: Browser, name: str) -> list[Page]:
    """Said as her practice has it; then none of the four addresses is hers, said twice."""
    await name_oneself(browser, name)
    page = await browser.get(FIELDS)
    taken = await browser.send(FIELDS, {**page.forms[FIELDS], "username": name, **OF_HER})
    pages = [page, taken, await browser.get(taken.headers["Location"])]
    for _ in range(2):
        pages.append(await browser.press(pages[-1], ADDRESSES, address="none"))
    return pages


async def name_oneself(browser: Browser, name: str) -> None:
    page = await browser.get("/forgot-password")
    await browser.press(page, "/forgot-password", username=name)


async def practices_code(browser: Browser, name: str) -> list[Page]:
    page = await browser.get("/reset-token")
    fields = {**page.forms["/reset-token"], "username": name, "token": "0123 4567"}
    refused = await browser.send("/reset-token", fields)
    return [page, refused]


async def mailed_link(browser: Browser, token: str) -> list[Page]:
    page = await browser.get("/reset-password")
    fields = {**page.forms["/reset-password"], "link": token}
    sent = await browser.send("/reset-password", fields)
    return [page, sent]


OWN: Mapping[Walk, Own] = {two_questions: ASKED, who_one_is: DECOYS}


@pytest.mark.proves("RC-4", "RC-9")
async def test_right_answers_under_a_lock_or_a_freeze_are_refused_as_wrong_ones_are_before_it(
    everybody: Everybody, watch: Watch
) -> None:
    """The first that answers: later ones find everybody's questions locked."""
    seen = {}
    for who, person in everybody.people.items():
        seen[who] = await watch.walk(two_questions, person.username, ASKED)
        asked, *refused = watch.pages

        assert asked.status == 200
        assert {page.status for page in refused} == {422}
        assert len({page.alike() for page in refused}) == 1  # the same two are asked as well
    assert {who for who in seen if seen[who] != seen["unknown"]} == set()


@pytest.mark.proves("LG-1", "LG-2", "RC-1", "RC-2", "RC-3", "RC-4", "RC-5", "RC-6", "RC-9", "ID-6")
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("walk", "named"),
    [
        (wrong_password, username),
        (wrong_password, address),
        (forgotten_username, address),
        (forgotten_username, elsewhere),
        (forgotten_username_by_who_one_is, address),
        (forgotten_username_by_who_one_is, elsewhere),
        (forgotten_password, username),
        (forgotten_password, address),
        (two_questions, username),
        (two_questions, address),
        (who_one_is, username),
        (who_one_is, address),
        (practices_code, username),
        (practices_code, address),
    ],
    ids=lambda each: getattr(each, "__name__", None),
)
async def test_a_public_page_is_the_same_for_everybody(
    everybody: Everybody, watch: Watch, walk: Walk, named: Callable[[Person], str], language: str
) -> None:
    own = OWN.get(walk, NOTHING)

    seen = {
        who: await watch.walk(walk, named(person), own, language)
        for who, person in everybody.people.items()
    }

    assert {who for who in seen if seen[who] != seen["unknown"]} == set()
    assert len(seen) == 8


@pytest.mark.proves("RC-6")
async def test_the_true_address_alone_tells_whose_fields_are_right_while_the_way_is_open(
    everybody: Everybody, watch: Watch
) -> None:
    """One of three rounds that a name has in a day; the pages above have taken two."""
    shown = {}
    for who, person in everybody.people.items():
        await watch.walk(who_one_is, person.username, DECOYS)
        shown[who] = person.street in watch.pages[2].text

    assert {who for who in shown if shown[who]} == {"unverified", "no e-mail"}


@pytest.mark.proves("LG-2")
async def test_who_is_locked_is_refused_with_the_right_password_as_anybody_is_with_a_wrong_one(
    everybody: Everybody, watch: Watch
) -> None:
    locked, unknown = everybody.people["locked"], everybody.people["unknown"]

    async def right_password(browser: Browser, name: str) -> list[Page]:
        page = await browser.get("/log-on")
        typed = {"username": name, "password": locked.password}
        return [await browser.press(page, "/log-on", **typed)]

    assert await watch.walk(right_password, locked.username) == await watch.walk(
        right_password, unknown.username
    )


@pytest.mark.proves("RC-3", "NT-6")
async def test_a_mailed_link_that_is_void_is_refused_alike_whosever_it_was(
    everybody: Everybody, watch: Watch
) -> None:
    seen = {
        who: await watch.walk(mailed_link, token, GRANTED) for who, token in everybody.links.items()
    }

    assert seen["unknown"] == seen["superseded"] == seen["merged"] == seen["frozen"]
    assert seen["known"] == seen["locked"] != seen["unknown"]
