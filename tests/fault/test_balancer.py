"""What works without a server goes on through the balancer as shipped, not at a replica alone."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio

from deploy.client.eventually import eventually
from deploy.local.provision import connected
from shared.contracts.topology import SERVICES
from tests.fault.ledger import Ledger, Mails
from tests.fault.people import Person
from tests.fault.portal import CHECKED, Portal, opened
from tests.fault.rig import Rig

NOBODYS_LINK = {"token": "A" * 43}


@pytest_asyncio.fixture(scope="module")
async def the_portal(
    the_rig: Rig, haproxy: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Portal]:
    async with opened(the_rig, haproxy, tmp_path_factory.mktemp("portal")) as portal:
        yield portal


@pytest.fixture
def portal(the_portal: Portal, rig: Rig) -> Portal:
    """The portal, on a rig that is made whole again after each test."""
    assert rig is the_portal.rig
    return the_portal


@pytest_asyncio.fixture
async def person(portal: Portal, ledger: Ledger) -> Person:
    """Somebody with an account, who calls the balancer."""
    made = portal.person(ledger)
    await made.is_ready()
    return made


async def logs_on_and_is_served_everywhere(portal: Portal, person: Person) -> None:
    """Each call once, and answered as ever: log-on, refresh, and a verb of each other service."""
    call = portal.gateway.call
    session = await call("log_on", body={"name": person.username, "password": person.password})
    session.must(201)
    person.ledger.owes(person.account_id, Mails(template="unusual-log-on"))  # without her device
    renewed = await call("refresh_session", body={"refresh_token": session.body["refresh_token"]})
    renewed.must(200)
    bearer = renewed.body["access_token"]
    (await call("read_account", token=bearer)).must(200)
    (await call("list_deliveries", token=bearer)).must(200)
    (await call("list_notices", token=bearer)).must(200)
    nowhere = {"merge_id": "00000000-0000-4000-8000-000000000000"}
    (await call("read_merge", token=bearer, path=nowhere)).must(404)
    (await call("redeem_reset_link", body=NOBODYS_LINK)).refused(422, "link_invalid")


async def test_while_the_broker_is_away_people_log_on_refresh_and_reset_through_the_balancer(
    portal: Portal, person: Person
) -> None:
    await person.asks_for_a_link()
    link = await person.mailed_secret("Set a new")
    redeemed = await portal.gateway.call("redeem_reset_link", body={"token": link})
    redeemed.must(200)

    await portal.rig.own.broker.kill()
    try:
        with portal.none_is_taken_out():
            for part in ("broker", "consumers"):
                await portal.missed(part, *SERVICES)
            await asyncio.sleep(CHECKED)
            await logs_on_and_is_served_everywhere(portal, person)
            person.password = "Copper!Lantern-5821"
            new = {"grant": redeemed.body["grant"], "new_password": person.password}
            (await portal.gateway.call("reset_password", body=new)).must(200)
    finally:
        await portal.rig.own.broker.start()


async def test_replicas_restarted_while_the_broker_is_away_serve_all_the_same(
    portal: Portal, person: Person
) -> None:
    await portal.rig.own.broker.kill()
    try:
        await portal.restart_first()
        portal.kill_second()  # so that who serves has never seen the broker

        for service in SERVICES:
            await eventually(partial(portal.live, service), within=30)
        await logs_on_and_is_served_everywhere(portal, person)
    finally:
        await portal.rig.own.broker.start()
        await portal.start_second()


async def test_while_the_mail_server_is_away_notices_are_read_and_communications_taken_in(
    portal: Portal, person: Person
) -> None:
    await portal.rig.kill_catcher()
    with portal.none_is_taken_out():
        for part in ("smtp", "smtp-practice"):
            await portal.missed(part, "notify")
        await asyncio.sleep(CHECKED)
        await logs_on_and_is_served_everywhere(portal, person)
        before = person.client.unknown
        await person.is_written_to()
        assert person.client.unknown == before  # at the first try
    await portal.rig.restart_catcher()

    await person.ledger.balance()


@asynccontextmanager
async def without_a_database(rig: Rig, service: str) -> AsyncIterator[None]:
    """Take one service's database away and leave the others theirs."""
    async with connected(rig.books.database.administrator_url) as administrator:
        await administrator.execute(f"ALTER ROLE {service} NOLOGIN")
        try:
            await administrator.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1", service
            )
            yield
        finally:
            await administrator.execute(f"ALTER ROLE {service} LOGIN")


async def test_a_service_without_its_database_says_so_itself_and_the_others_go_on(
    portal: Portal, person: Person
) -> None:
    await person.logs_on()
    call = portal.gateway.call
    known = {"name": person.username, "password": person.password}

    with portal.none_is_taken_out():
        async with without_a_database(portal.rig, "identity"):
            await portal.missed("database", "identity")
            await asyncio.sleep(CHECKED)

            await portal.live("identity")
            url = f"{portal.balancer.fronts['identity']}/sessions"
            async with aiohttp.request("POST", url, json=known) as reply:
                assert (reply.status, reply.headers["Retry-After"]) == (503, "1")
                assert (await reply.json())["code"] == "unavailable"
            (await call("list_notices", token=person.access)).must(200)
            (await call("request_reset_link", body={"name": person.username})).must(202)

        async def back() -> None:
            answer = await call("log_on", body=known)
            assert answer.status == 201

        await eventually(back, within=30)
