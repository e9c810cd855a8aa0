"""Codes of an app that is none of ours: oathtool agrees with identity about RFC 6238 (MF-1)."""

import asyncio
import os
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.builders.two_step import confirm, set_up
from tests.conftest import told_at_once
from tests.rigs.identity import Identity
from tests.support import oathtool
from tests.support.infra import one_at_a_time

pytestmark = pytest.mark.proves("MF-1")
STEP = timedelta(seconds=30)


@pytest.fixture(scope="module")
def program(request: pytest.FixtureRequest) -> Path:
    """Installed as a server would be; missing, every test here fails and says so."""
    with one_at_a_time("oathtool"):
        return asyncio.run(oathtool.installed(os.environ, told_at_once(request.config)))


async def test_oathtool_sets_an_app_up_by_the_uri_and_logs_on_by_its_codes(
    identity: Identity, program: Path
) -> None:
    person = await identity.an_account()
    session = await identity.logged_on(person.username)
    begun = await set_up(identity, session["access_token"])
    [secret] = parse_qs(urlsplit(begun.body["uri"]).query)["secret"]

    async def step() -> int:
        half = await identity.logged_on(person.username)
        body = {"code": await oathtool.shown(program, secret, identity.clock.now())}
        answer = await identity.call(
            "POST", "/sessions/second-step", body, token=half["access_token"]
        )
        return answer.status

    first = await oathtool.shown(program, secret, identity.clock.now())
    confirmed = await confirm(identity, session["access_token"], first)
    again = await step()
    identity.clock.advance(seconds=30)

    assert (confirmed.status, again, await step()) == (200, 403, 201)


@pytest.mark.parametrize(
    ("steps", "taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)]
)
async def test_a_clock_of_oathtools_may_be_a_step_off_and_no_more(
    identity: Identity, program: Path, steps: int, taken: bool
) -> None:
    session = await identity.logged_on()
    secret = (await set_up(identity, session["access_token"])).body["secret"]
    moment = identity.clock.now() + steps * STEP

    answer = await confirm(
        identity, session["access_token"], await oathtool.shown(program, secret, moment)
    )

    assert (answer.status == 200) is taken
