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
from tests.fault.ways_back import WAYS, Way, asks_for_questions, by_validation

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


@pytest_asyncio.fixture
async def forgetful(portal: Portal, ledger: Ledger) -> AsyncIterator[Person]:
    """Somebody new, who is about to forget her password."""
    person = portal.person(ledger)
    yield person
    await asks_for_questions(person, False)


def set_by(grant: str, person: Person) -> dict[str, str]:
    """What sets another password with that grant."""
    person.password = "Copper!Lantern-5821"
    return {"grant": grant, "new_password": person.password}


@pytest.mark.proves("RC-3", "RC-4", "RC-5", "RC-6")
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
async def test_while_the_broker_is_away_every_way_leads_to_a_new_password_and_is_told_later(
    portal: Portal, forgetful: Person, way: Way
) -> None:
    """Where the credentials have not changed since: of a change recovery would not have heard."""
    person, call = forgetful, portal.gateway.call
    proves = await way(person)
    await person.ledger.books.settled()
    old, told = person.password, "SELECT template FROM notify.deliveries WHERE account_id = $1"
    before = await person.ledger.books.rows(told, person.account_id)

    await portal.rig.own.broker.kill()
    try:
        for part in ("broker", "consumers"):
            await portal.missed(part, *SERVICES)
        proven = (await proves()).must(200)
        (await call("reset_password", body=set_by(proven["grant"], person))).must(200)
        for password, status in ((old, 401), (person.password, 201)):
            known = {"name": person.username, "password": password, "device": person.device}
            (await call("log_on", body={k: v for k, v in known.items() if v})).must(status)
        assert await person.ledger.books.rows(told, person.account_id) == before
    finally:
        await portal.rig.own.broker.start()

    unsent = way is by_validation  # she has no address: a notice, and a row that says so
    person.ledger.owes(person.account_id, Mails(template="password-reset", refused=unsent))
    await person.ledger.balance()


@pytest.mark.proves("RC-3", "RC-4", "RC-5", "RC-6")
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
async def test_while_identity_is_away_a_new_password_is_told_503_and_its_proof_is_good_afterwards(
    portal: Portal, forgetful: Person, way: Way
) -> None:
    person = forgetful
    proves = await way(person)
    await person.ledger.books.settled()

    async with portal.without("identity"):
        proven = (await proves()).must(200)
        again = (await proves()).must(200)
        said = set_by(proven["grant"], person)
        url = f"{portal.balancer.fronts['identity']}/passwords/reset"
        async with aiohttp.request("POST", url, json=said) as reply:
            assert reply.status == 503

    assert again["username"] == person.username
    (await portal.gateway.call("reset_password", body=said)).must(200)


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
