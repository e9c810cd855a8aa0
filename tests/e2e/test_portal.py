"""The portal's pages over the whole stack, as a browser without script sends and gets them."""

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import aiohttp
import pytest
import pytest_asyncio

from deploy.client.eventually import eventually
from deploy.local.caught import Mail
from deploy.tour import acts
from deploy.tour.person import Person
from deploy.tour.stage import Stage
from shared.randomness import Randomness
from tests.support.browser import Browser, Page
from tests.support.suite import Suite

SESSION = "portico-session"


def a_source() -> str:
    """An address nobody has called from (RFC 2544: never a real host)."""
    low, high = Randomness().bytes(2)
    return f"198.19.{low}.{high}"


def browser_at(suite: Suite) -> Browser:
    addresses = suite.addresses
    return Browser(addresses.portals, urlsplit(addresses.portal).netloc, a_source())


@pytest_asyncio.fixture
async def browser(suite: Suite) -> AsyncIterator[Browser]:
    async with browser_at(suite) as opened:
        yield opened


async def enrolled(stage: Stage, person: Person) -> Person:
    """Somebody who has an account without a verified address."""
    person.patient_id, token = await acts.enrolment_token(stage, stage.stack.practice, person)
    await acts.enrol(stage, person, token)
    return person


async def verified(stage: Stage, person: Person) -> Person:
    """Somebody who has an account with a verified address."""
    await enrolled(stage, person)
    await acts.log_on(stage, person, person.username, person.password)
    welcome = await stage.mail(person, "Welcome")
    bearer = person.tokens["access_token"]
    body = {"token": acts.secret_of(welcome)}
    await stage.call("verify_email", 200, token=bearer, body=body)
    await stage.call("skip_gate", 204, token=bearer, path={"gate": "two-step"})
    return person


async def logged_on(browser: Browser, person: Person) -> Page:
    page = await browser.get("/log-on")
    return await browser.press(page, "/log-on", username=person.username, password=person.password)


@pytest.mark.proves("RC-3", "ID-6")
async def test_a_mailed_link_is_used_up_by_no_get_and_waits_for_the_log_on(
    stage: Stage, browser: Browser, person: Person
) -> None:
    await enrolled(stage, person)
    welcome = await stage.mail(person, "Welcome")
    for method in ("GET", "HEAD", "GET"):
        await browser.request(method, "/verify-email")

    page = await browser.get("/verify-email")
    page = await browser.press(page, "/verify-email", link=acts.secret_of(welcome))
    assert page.path == "/log-on?said=verify"
    page = await browser.press(page, "/log-on", username=person.username, password=person.password)

    assert page.path == "/gate/two-step"  # verified, and on to what is offered next


@pytest.mark.proves("LG-1", "LG-2", "MG-5", "UN-1")
async def test_the_log_on_page_is_the_same_for_every_account_that_it_refuses(
    stage: Stage, suite: Suite, person: Person
) -> None:
    known = await verified(stage, person)
    locked = await enrolled(stage, Person.met_for_the_first_time(stage.randomness))
    for _ in range(4):
        await acts.log_on(stage, locked, locked.username, "Wrong-Guess-1234", 401)
    gone = await enrolled(stage, Person.met_for_the_first_time(stage.randomness))
    token = await acts.client_token(stage, stage.stack.practice)
    path = {"patient_id": gone.patient_id}
    await stage.call("un_enrol_patient", 204, token=token, path=path, body=acts.AT_THE_DESK)
    tries = {
        "unknown": ("n" * len(known.username), "Wrong-Guess-1234"),
        "known": (known.username, "Wrong-Guess-1234"),
        "locked": (locked.username, "Wrong-Guess-1234"),
        "locked, right password": (locked.username, locked.password),
        "un-enrolled": (gone.username, "Wrong-Guess-1234"),
    }

    pages = {}
    for who, (name, password) in tries.items():
        async with browser_at(suite) as browser:
            page = await browser.get("/log-on")
            page = await browser.press(page, "/log-on", username=name, password=password)
            pages[who] = tuple(
                part.replace(name, "NAME") if isinstance(part, str) else part
                for part in page.alike()
            )

    assert len(set(pages.values())) == 1, pages


@pytest.mark.proves("RC-1", "RC-3")
@pytest.mark.parametrize(
    ("start", "field", "way"),
    [
        ("/forgot-username", "email", None),
        ("/forgot-password", "username", "/forgot-password/link"),
    ],
)
async def test_the_forgotten_pages_are_the_same_for_everybody(
    stage: Stage, suite: Suite, person: Person, start: str, field: str, way: str | None
) -> None:
    known = await verified(stage, person)
    unverified = await enrolled(stage, Person.met_for_the_first_time(stage.randomness))
    nobody = Person.met_for_the_first_time(stage.randomness)
    names = [
        getattr(each, "address" if field == "email" else "username")
        for each in (known, unverified, nobody)
    ]

    seen = set()
    for name in names:
        async with browser_at(suite) as browser:
            page = await browser.get(start)
            taken = await browser.send(start, {**page.forms[start], field: name})
            page = await browser.get(taken.headers["Location"])
            steps = [taken.alike(), page.alike()]
            if way is not None:
                sent = await browser.send(way, page.forms[way])
                steps += [sent.alike(), (await browser.get(sent.headers["Location"])).alike()]
            seen.add(tuple(steps))

    first = next(iter(seen))
    assert seen == {first}


@pytest.mark.proves("SE-1")
async def test_two_tabs_that_refresh_at_once_a_hundred_times_over_three_replicas_stay_logged_on(
    stage: Stage, suite: Suite, browser: Browser, person: Person
) -> None:
    await verified(stage, person)
    await logged_on(browser, person)
    refreshed = set()

    for _ in range(100):
        stage.let_time_pass(61)
        before = browser.cookies[SESSION]
        pages = await asyncio.gather(browser.get("/settings"), browser.get("/settings"))
        assert {page.heading for page in pages} == {"Settings"}
        assert all(SESSION in "".join(page.set_cookies) for page in pages)  # each tab's own reply
        refreshed.add(browser.cookies[SESSION])
        assert browser.cookies[SESSION] != before
    page = await browser.get("/settings/sessions")

    assert len(refreshed) == 100
    assert page.text.count("Last used") == 1  # the one that verified the address idled out
    assert [
        len(set(each)) for each in (suite.addresses.portals, suite.addresses.services["identity"])
    ] == [3, 3]


@pytest.mark.proves("SE-1", "MF-2")
async def test_a_reply_that_never_reached_the_browser_logs_nobody_off(
    stage: Stage, browser: Browser, person: Person
) -> None:
    await verified(stage, person)
    await logged_on(browser, person)
    before = dict(browser.cookies)
    stage.let_time_pass(61)
    assert (await browser.get("/settings")).heading == "Settings"

    browser.cookies = dict(before)
    stage.let_time_pass(61)

    assert (await browser.get("/settings")).heading == "Settings"
    assert browser.cookies[SESSION] != before[SESSION]


async def test_a_late_reply_of_an_old_tab_deletes_no_cookie_of_a_new_log_on(
    stage: Stage, browser: Browser, person: Person
) -> None:
    await verified(stage, person)
    await logged_on(browser, person)
    old = dict(browser.cookies)
    page = await browser.get("/home")
    await browser.press(page, "/log-off")
    await logged_on(browser, person)
    new = dict(browser.cookies)

    browser.cookies = old
    late = await browser.request("GET", "/home")
    stage.let_time_pass(61)
    later = await browser.request("GET", "/home")

    assert [late.status, later.status] == [303, 303]
    assert not [each for each in (*late.set_cookies, *later.set_cookies) if SESSION in each]
    browser.cookies = new
    assert (await browser.get("/home")).heading == "Home"


@pytest.mark.proves("ID-6", "SE-3")
async def test_an_old_session_gives_the_password_before_it_claims_an_address(
    stage: Stage, browser: Browser, person: Person
) -> None:
    person.patient_id, token = await acts.enrolment_token(stage, stage.stack.practice, person)
    terms = await stage.call("read_terms", 200)
    form = {
        "terms_version": terms.body["version"],
        "token": token,
        "birth_date": person.birth_date,
        "last_name": person.last_name,
        "no_email": True,
        "username": person.username,
        "password": person.password,
    }
    await stage.call("enrol", 201, body=form, source=person.source)
    page = await browser.get("/settings/sessions")
    page = await browser.press(page, "/log-on", username=person.username, password=person.password)
    assert page.path == "/gate/e-mail"
    page = await browser.press(page, "/gate/e-mail/skip")
    assert page.path == "/gate/two-step"
    page = await browser.press(page, "/gate/two-step/skip")
    assert page.path == "/settings/sessions"  # what she came for, with the gates in between
    stage.let_time_pass(11 * 60)

    page = await browser.get("/settings/e-mail")
    page = await browser.press(page, "/settings/e-mail", email=person.address)
    assert "Type your password to go on." in page.problems
    wrong = await browser.press(
        page, "/settings/e-mail", email=person.address, password="Wrong-Guess-1234"
    )
    assert "not the password of your account" in wrong.problems
    page = await browser.press(
        wrong, "/settings/e-mail", email=person.address, password=person.password
    )

    assert page.path == "/settings/e-mail?said=sent"
    await stage.mail(person, "onfirm")


async def test_fifty_refusals_of_one_patient_lock_nobody_else_out(
    stage: Stage, suite: Suite, person: Person
) -> None:
    """The services believe the gateway about where a request comes from (LG-4)."""
    await verified(stage, person)
    async with browser_at(suite) as guesser:
        page = await guesser.get("/log-on")
        fields = {**page.forms["/log-on"], "password": "Wrong-Guess-1234"}
        for number in range(51):
            page = await guesser.send("/log-on", {**fields, "username": f"nobody.{number}"})
        assert page.status == 429
        assert "Please wait" in page.problems

    async with browser_at(suite) as other:
        assert (await logged_on(other, person)).heading == "Home"


@pytest.mark.proves("NT-7")
async def test_a_mail_provider_s_one_click_stops_a_topic_and_what_opens_links_does_not(
    stage: Stage, browser: Browser, person: Person
) -> None:
    await verified(stage, person)
    token = await acts.client_token(stage, stage.stack.practice)

    async def written() -> Mail:
        notice = {"patient_id": person.patient_id, "topic": "message"}
        notice["reference"] = stage.randomness.crockford(10)
        await stage.call("submit_communication", 202, token=token, body=notice)
        return await stage.mail(person, "Something new")

    mail = await eventually(written, within=40)  # nothing is mailed before notify knows where to
    headers = dict(mail.headers)
    path = headers["List-Unsubscribe"].strip("<>").partition("/unsubscribe")[2]

    for method in ("GET", "HEAD", "GET"):
        page = await browser.request(method, f"/unsubscribe{path}")
        assert page.status == 200
    nothing = [
        await browser.request("POST", f"/unsubscribe{path}"),
        await browser.request("POST", f"/unsubscribe{path}", data={"List-Unsubscribe": "No"}),
    ]
    still = await browser.get(f"/unsubscribe{path}")
    name, _, value = headers["List-Unsubscribe-Post"].partition("=")
    browser.cookies.clear()
    stopped = await browser.request(
        "POST", f"/unsubscribe{path}", data={name: value}, headers={"Sec-Fetch-Site": "cross-site"}
    )
    with aiohttp.MultipartWriter("form-data") as body:
        body.append(value).set_content_disposition("form-data", name=name)
    again = await browser.request("POST", f"/unsubscribe{path}", data=body)
    foreign = await browser.request("POST", f"/unsubscribe{path[:-3]}aaa", data={name: value})

    assert [page.status for page in nothing] == [400, 400]
    assert f"/unsubscribe{path}" in still.forms, "it is to be stopped yet"
    assert (stopped.status, again.status, foreign.status) == (200, 200, 422)
    assert stopped.text.count("These e-mails are stopped.") == 1
    await acts.log_on(stage, person, person.username, person.password)
    shown = await stage.call(
        "list_notification_preferences", 200, token=person.tokens["access_token"]
    )
    [one] = shown.body["enrolments"]
    assert [way["channel"] for way in one["topics"]["message"]] == ["portal", "none"]


@pytest.mark.proves("LG-2", "MF-2")
async def test_a_new_password_in_a_shared_browser_makes_it_new_to_nobody(
    stage: Stage, browser: Browser, person: Person
) -> None:
    known: dict[str, list[int]] = {}
    other = await verified(stage, Person.met_for_the_first_time(stage.randomness))
    await verified(stage, person)

    async def look(who: Person) -> None:
        page = await browser.get("/settings/devices")
        assert page.text.count("This one") == 1
        known.setdefault(who.username, []).append(page.text.count('<dd class="act">'))
        del browser.cookies[SESSION]

    for who in (other, person):
        await logged_on(browser, who)
        await look(who)
    code = await acts.reset_token(stage, stage.stack.practice, other)
    page = await browser.get("/reset-token")
    page = await browser.press(page, "/reset-token", username=other.username, token=code)
    new = {"password": "Copper-Heron-84", "again": "Copper-Heron-84"}
    await browser.press(page, "/new-password", **new)
    await look(other)
    await logged_on(browser, person)
    await look(person)

    assert known == {other.username: [2, 2], person.username: [2, 2]}
