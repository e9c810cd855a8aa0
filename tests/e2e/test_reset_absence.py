"""Every way to a new password while a service is away: without identity a clear answer, and nothing
is used up; without another one to the end.
"""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

import pytest

from deploy.tour import acts
from deploy.tour.person import Person
from deploy.tour.stage import Stage
from deploy.tour.validation import who_has_no_email
from tests.builders.questions import FIVE, chosen
from tests.e2e.test_absence import without
from tests.e2e.test_portal import browser_at, enrolled, verified
from tests.e2e.test_questions import asking_for_questions
from tests.support.browser import Browser, Page
from tests.support.suite import Suite

NEW = "Copper!Lantern-5821"

Walk = Callable[[Browser], Awaitable[Page]]
"""From the beginning to wherever a proof leads."""

Way = Callable[[Stage], AbstractAsyncContextManager[tuple[Person, Walk]]]
"""Somebody who has forgotten her password, and how she goes about it."""

AWAY = {
    "en": ("Not now", "Nothing was lost. Please try again in a few minutes"),
    "es": ("Ahora no", "No se perdió nada. Vuelva a intentarlo en unos minutos"),
}


@asynccontextmanager
async def by_link(stage: Stage) -> AsyncIterator[tuple[Person, Walk]]:
    """RC-3."""
    person = await verified(stage, Person.met_for_the_first_time(stage.randomness))
    await stage.call("request_reset_link", 202, body={"name": person.username})
    link = acts.secret_of(await stage.mail(person, "Set a new"))

    async def walk(browser: Browser) -> Page:
        page = await browser.get("/reset-password")
        return await browser.press(page, "/reset-password", link=link)

    yield person, walk


@asynccontextmanager
async def by_questions(stage: Stage) -> AsyncIterator[tuple[Person, Walk]]:
    """RC-4."""
    async with asking_for_questions(stage):
        person = Person.met_for_the_first_time(stage.randomness)
        _, token = await acts.enrolment_token(stage, stage.stack.neighbour, person)
        await acts.enrol(stage, person, token)
        await acts.log_on(stage, person, person.username, person.password)
        bearer = person.tokens["access_token"]
        link = {"token": acts.secret_of(await stage.mail(person, "Welcome"))}
        await stage.call("verify_email", 200, token=bearer, body=link)
        said = {"questions": chosen()}
        await stage.call("set_security_questions", 200, token=bearer, body=said)
        await stage.mail(person, "security questions")

        async def walk(browser: Browser) -> Page:
            await names_herself(browser, person)
            page = await browser.get("/forgot-password/questions")
            shown = page.forms["/forgot-password/questions"]
            told = {f"answer{at}": FIVE[shown[f"code{at}"]] for at in (1, 2)}
            return await browser.press(page, "/forgot-password/questions", **told)

        yield person, walk


@asynccontextmanager
async def by_practice_token(stage: Stage) -> AsyncIterator[tuple[Person, Walk]]:
    """RC-5."""
    person = await enrolled(stage, Person.met_for_the_first_time(stage.randomness))
    token = await acts.reset_token(stage, stage.stack.practice, person)

    async def walk(browser: Browser) -> Page:
        page = await browser.get("/reset-token")
        return await browser.press(page, "/reset-token", username=person.username, token=token)

    yield person, walk


@asynccontextmanager
async def by_validation(stage: Stage) -> AsyncIterator[tuple[Person, Walk]]:
    """RC-6."""
    person = await who_has_no_email(stage)
    year, month, day = person.birth_date.split("-")

    async def walk(browser: Browser) -> Page:
        await names_herself(browser, person)
        page = await browser.press(
            await browser.get("/forgot-password/validation"),
            "/forgot-password/validation",
            last_name=person.last_name,
            first_name=person.first_name,
            birth_date_day=day,
            birth_date_month=month,
            birth_date_year=year,
            home_phone=person.home_phone,
        )
        found = re.search(rf'value="(\d)"><label [^>]*>{re.escape(person.street)}<', page.text)
        assert found, "her address is not among them"
        return await browser.press(page, "/forgot-password/address", address=found[1])

    yield person, walk


WAYS: Sequence[Way] = (by_link, by_questions, by_practice_token, by_validation)


async def names_herself(browser: Browser, person: Person) -> None:
    page = await browser.get("/forgot-password")
    page = await browser.press(page, "/forgot-password", username=person.username)
    assert page.path == "/forgot-password/ways"


@pytest.mark.proves("RC-3", "RC-4", "RC-5", "RC-6")
@pytest.mark.parametrize("goes", ["after the proof", "before it"])
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
async def test_without_identity_a_new_password_waits_for_it_and_its_proof_is_good_afterwards(
    suite: Suite, stage: Stage, way: Way, goes: str
) -> None:
    async with way(stage) as (person, walk), browser_at(suite) as hers, browser_at(suite) as phone:
        phone.language = "es"
        opened = await walk(hers) if goes == "after the proof" else None

        async with without(suite, "identity"):
            told = {"es": await walk(phone)}
            told["en"] = await (sets(hers, opened) if opened else walk(hers))
        page = await sets(hers, await hers.get("/new-password"))

        for language, each in told.items():
            heading, words = AWAY[language]
            assert (each.path, each.status, each.heading) == ("/new-password", 503, heading)
            assert words in each.text
            assert int(each.headers["Retry-After"]) > 0
        assert (page.status, page.problems) == (200, "")
        assert page.path != "/new-password"
        await acts.log_on(stage, person, person.username, NEW)


@pytest.mark.proves("RC-3", "RC-4", "RC-5", "RC-6")
@pytest.mark.parametrize("service", ["notify", "merge"])
async def test_without_notify_or_merge_every_way_leads_to_a_new_password_and_is_told_afterwards(
    suite: Suite, stage: Stage, service: str
) -> None:
    async with AsyncExitStack() as stack:
        gone = [await stack.enter_async_context(way(stage)) for way in WAYS]
        browsers = [await stack.enter_async_context(browser_at(suite)) for _ in gone]

        async with without(suite, service):
            for (_, walk), browser in zip(gone, browsers, strict=True):
                page = await sets(browser, await walk(browser))
                assert (page.status, page.problems) == (200, "")
                assert page.path != "/new-password"

        for person, _ in gone[:2]:  # the others have no verified e-mail
            await stage.mail(person, "was set anew")


async def sets(browser: Browser, page: Page) -> Page:
    return await browser.press(page, "/new-password", password=NEW, again=NEW)
