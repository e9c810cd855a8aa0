"""A service that is away takes its own part of the portal with it, and nothing else."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest
from aiohttp.test_utils import TestServer

from deploy.client.gateway import Gateway as Client
from deploy.gateway import check
from deploy.gateway.app import Gateway, compose
from deploy.gateway.settings import Settings
from deploy.tour.person import Person
from deploy.tour.stage import Stage
from shared.contracts.topology import SERVICES
from shared.settings.loader import load
from tests.e2e.test_portal import a_source, logged_on, verified
from tests.support.browser import Browser
from tests.support.suite import Suite
from tests.unit.gateway.settings import HOST, NOWHERE, environment


def gateway_of(suite: Suite, changed: Mapping[str, str]) -> Gateway:
    urls = {f"{service.upper()}_URL": suite.addresses.services[service][0] for service in SERVICES}
    clock_file = str(suite.addresses.clock_file)
    return compose(load(Settings, environment(**{**urls, "CLOCK_FILE": clock_file, **changed})))


def without(suite: Suite, service: str) -> AbstractAsyncContextManager[Browser]:
    """A browser at a gateway that finds this service away."""
    return at_gateway_of(suite, {f"{service.upper()}_URL": NOWHERE})


@asynccontextmanager
async def at_gateway_of(suite: Suite, changed: Mapping[str, str]) -> AsyncIterator[Browser]:
    """A browser at a gateway inside this process, with other settings."""
    gateway = gateway_of(suite, changed)
    server = TestServer(gateway.portal)
    await server.start_server()
    try:
        async with Browser([str(server.make_url("")).rstrip("/")], HOST, a_source()) as browser:
            yield browser
    finally:
        await server.close()
        await gateway.close()


async def test_without_notify_home_is_there_and_says_what_is_not(
    suite: Suite, stage: Stage, person: Person
) -> None:
    await verified(stage, person)
    async with without(suite, "notify") as browser:
        page = await logged_on(browser, person)
        assert page.status == 200
        assert "Lindenhof" in page.text
        assert "notices cannot be shown at the moment" in page.text

        page = await browser.get("/sent")
        assert page.status == 503
        assert page.headers["Retry-After"]
        assert page.heading == "Not now"
        assert "Log off" in page.text or "/log-off" in page.text


async def test_without_merge_everything_else_goes_on(
    suite: Suite, stage: Stage, person: Person
) -> None:
    await verified(stage, person)
    async with without(suite, "merge") as browser:
        assert (await logged_on(browser, person)).heading == "Home"
        assert (await browser.get("/merge")).status == 503
        assert (await browser.get("/settings")).status == 200


async def test_without_recovery_people_log_on_and_are_told_to_ask_their_practice(
    suite: Suite, stage: Stage, person: Person
) -> None:
    await verified(stage, person)
    async with without(suite, "recovery") as browser:
        page = await browser.get("/forgot-username")
        page = await browser.press(page, "/forgot-username", email=person.address)
        assert page.status == 503
        assert page.forms["/forgot-username"]["email"] == person.address
        assert "Contact your practice" in page.text
        assert (await logged_on(browser, person)).heading == "Home"


async def test_without_identity_nothing_that_was_typed_is_lost(
    suite: Suite, person: Person
) -> None:
    async with without(suite, "identity") as browser:
        page = await logged_on(browser, person)

        assert page.status == 503
        assert page.forms["/log-on"]["username"] == person.username
        assert (await browser.get("/help")).status == 200


@pytest.mark.proves("LG-4")
async def test_the_check_says_who_is_away_and_who_does_not_believe_us(
    suite: Suite, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await check.check(gateway_of(suite, {})) == 0
    assert capsys.readouterr().out.count("ok ") == 4

    assert await check.check(gateway_of(suite, {"MERGE_URL": NOWHERE})) == 1
    assert "!! merge: does not answer" in capsys.readouterr().out

    assert await check.check(gateway_of(suite, {"FORWARDED_HEADER": "X-Other"})) == 1
    told = capsys.readouterr().out
    assert told.count("name our network in its PORTICO_TRUSTED_PROXIES") == 4


@pytest.mark.proves("SE-1", "SE-4")
async def test_a_client_without_cookies_plays_log_on_refresh_account_and_log_off(
    suite: Suite, stage: Stage, person: Person
) -> None:
    """What a mobile gateway would do: the same verbs, bearer tokens, one for each service."""
    await verified(stage, person)
    async with Client(suite.addresses.services) as phone:
        resource = ["identity", "notify"]
        body = {"name": person.address, "password": person.password, "resource": resource}
        session = (await phone.call("log_on", body=body)).must(201)
        tokens = session["access_tokens"]
        account = (await phone.call("read_account", token=tokens["identity"])).must(200)
        assert account["username"] == person.username
        (await phone.call("list_notices", token=tokens["notify"])).must(200)
        (await phone.call("list_notices", token=tokens["identity"])).must(401)

        again = {"refresh_token": session["refresh_token"], "resource": resource}
        renewed = (await phone.call("refresh_session", body=again)).must(200)
        bearer = renewed["access_tokens"]["identity"]
        path = {"session_id": renewed["session_id"]}
        (await phone.call("end_session", token=bearer, path=path)).must(204)
        (await phone.call("read_account", token=bearer)).must(401)
