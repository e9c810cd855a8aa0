"""Take any one service away and the other three go on with what they own; nothing is lost."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio
from rich.console import Console

from deploy.tour.person import Person
from deploy.tour.stage import Stage
from deploy.tour.stories import enrolment, first_log_on, forgotten_password, log_on, secret_of
from tests.support.clients import Gateway
from tests.support.mail import Mailbox
from tests.support.suite import Suite


@pytest_asyncio.fixture
async def stage(suite: Suite) -> AsyncIterator[Stage]:
    addresses = suite.addresses
    async with Gateway(addresses.services) as gateway, Mailbox(addresses.mails) as mailbox:
        yield Stage(stack=addresses, gateway=gateway, mailbox=mailbox, console=Console(quiet=True))


@pytest.fixture
def person(stage: Stage) -> Person:
    return Person.met_for_the_first_time(stage.randomness)


@asynccontextmanager
async def without(suite: Suite, service: str) -> AsyncIterator[None]:
    """Kill a service for a while."""
    program = suite.stack.programs[service]
    program.process.kill()
    program.process.wait()
    try:
        yield
    finally:
        await suite.restart(service)


async def test_without_notify_people_enrol_and_log_on_and_the_mail_comes_later(
    suite: Suite, stage: Stage, person: Person
) -> None:
    async with without(suite, "notify"):
        await enrolment(stage, person)
        await log_on(stage, person, person.username, person.password)

    assert secret_of(await stage.mail(person, "Welcome"))


async def test_without_recovery_people_enrol_verify_and_log_on(
    suite: Suite, stage: Stage, person: Person
) -> None:
    async with without(suite, "recovery"):
        await enrolment(stage, person)
        await first_log_on(stage, person)


async def test_without_identity_a_reset_link_is_asked_for_mailed_and_redeemed(
    suite: Suite, stage: Stage, person: Person
) -> None:
    await enrolment(stage, person)
    await first_log_on(stage, person)

    async with without(suite, "identity"):
        await stage.call("request_reset_link", 202, body={"name": person.username})
        link = secret_of(await stage.mail(person, "password"))
        redeemed = await stage.call("redeem_reset_link", 200, body={"token": link})

    new = {"grant": redeemed.body["grant"], "new_password": "Copper!Lantern-5821"}
    await stage.call("reset_password", 200, body=new)


async def test_without_merge_nothing_is_missed_yet(
    suite: Suite, stage: Stage, person: Person
) -> None:
    async with without(suite, "merge"):
        await enrolment(stage, person)
        await first_log_on(stage, person)
        await forgotten_password(stage, person)
