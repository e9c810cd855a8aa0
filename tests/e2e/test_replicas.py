"""One replica of each service dies while people go on: who goes round the others sees nothing."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import aiohttp
import pytest

from deploy.client.eventually import eventually
from deploy.local.processes import together
from deploy.local.provision import connected, in_database
from deploy.tour.acts import enrolment_token, log_on, notification_address, secret_of
from deploy.tour.one_account import enrolment, first_log_on, forgotten_password
from deploy.tour.person import Person
from deploy.tour.stage import Stage
from shared.contracts.topology import SERVICES
from shared.randomness import Randomness
from tests.fault.client import Client
from tests.support.suite import Suite

PEOPLE = 4
ROUNDS = 3  # of each person after each kill
RACERS = 64
MAILS_AN_HOUR = 5  # to one account (ID-6), of which the welcome is one
NOBODYS_LINK = {"token": "A" * 43}


@dataclass(slots=True)
class Visits:
    """A person who comes again and again, to every service that people call."""

    stage: Stage
    person: Person
    rounds: int = 0
    cut_off: int = 0  # requests that were with a replica when it was killed

    async def go_on(self) -> None:
        """Until cancelled. A reply other than the one expected ends it with an error."""
        while True:
            bearer = self.person.tokens["access_token"]
            await self.call("read_account", 200, token=bearer)
            await self.call("list_deliveries", 200, token=bearer)
            await self.call("redeem_reset_link", 422, body=NOBODYS_LINK, source=a_source())
            self.rounds += 1

    async def call(self, verb: str, status: int, **arguments: Any) -> None:
        try:
            await self.stage.call(verb, status, **arguments)
        except aiohttp.ClientError:
            self.cut_off += 1


def a_source() -> str:
    """Return an address that hardly anybody had before: each has a budget (LG-4)."""
    high, low = Randomness().bytes(2)
    return f"198.19.{high}.{low}"


async def kill_one_of_each(suite: Suite, replica: int) -> None:
    """On return its connections are known to be gone, so that none of them is used again."""
    for service in SERVICES:
        suite.kill(service, replica)

    async def refused(url: str) -> None:
        async with aiohttp.ClientSession() as session:
            try:
                await session.get(url)
            except aiohttp.ClientConnectorError:
                return
        raise AssertionError(f"{url} answers")

    for service in SERVICES:
        await eventually(partial(refused, suite.addresses.services[service][replica]))


async def test_with_one_replica_of_each_service_down_a_persons_way_is_played_without_an_error(
    suite: Suite, stage: Stage, person: Person
) -> None:
    await kill_one_of_each(suite, 0)

    try:
        await enrolment(stage, person)
        await first_log_on(stage, person)
        await forgotten_password(stage, person)
    finally:
        await together(*(suite.restart(service, 0) for service in SERVICES))


async def test_a_replica_that_is_killed_takes_no_more_than_the_requests_it_had(
    suite: Suite, stage: Stage
) -> None:
    people = [Person.met_for_the_first_time(stage.randomness) for _ in range(PEOPLE)]
    for person in people:
        await enrolment(stage, person)
        await log_on(stage, person, person.username, person.password)
    visits = [Visits(stage, person) for person in people]
    going_on = asyncio.gather(*(each.go_on() for each in visits))

    try:
        for service in SERVICES:
            suite.kill(service, 1)
            before = [each.rounds for each in visits]
            await eventually(partial(all_went_on, visits, before, going_on), within=30)
    finally:
        going_on.cancel()
        await asyncio.wait([going_on])
        await together(*(suite.restart(service, 1) for service in SERVICES))

    assert max(each.cut_off for each in visits) <= len(SERVICES)


def all_went_on(
    visits: Sequence[Visits], before: Sequence[int], going_on: "asyncio.Future[Any]"
) -> None:
    """Each person came as often again as ROUNDS says; what ended one of them is raised."""
    if going_on.done():
        going_on.result()
    assert all(each.rounds >= rounds + ROUNDS for each, rounds in zip(visits, before, strict=True))


@pytest.mark.proves("EN-1", "ID-6")
async def test_limits_are_as_exact_over_three_processes_as_in_one(
    stage: Stage, suite: Suite, person: Person
) -> None:
    """A token is guessed at, and mails are asked for, by 64 at once over all replicas."""
    assert len(suite.addresses.services["identity"]) == 3
    _, token = await enrolment_token(stage, stage.stack.practice, person)
    guess = {"token": token, "birth_date": "1999-01-01", "last_name": person.last_name}
    client = Client(gateway=stage.gateway)  # who is told 503 was counted nowhere, and comes again

    async def guessed() -> tuple[int, str]:
        answer = await client.insist("prove_enrolment", 422, body=guess, source=a_source())
        return answer.status, answer.body["code"]

    assert set(await asyncio.gather(*(guessed() for _ in range(RACERS)))) == {
        (422, "token_invalid")
    }
    right = {**guess, "birth_date": person.birth_date}
    await stage.refused("prove_enrolment", 422, "token_invalid", body=right, source=a_source())

    await enrolment(stage, person)
    await log_on(stage, person, person.username, person.password)
    bearer, body = person.tokens["access_token"], {"address": f"other.{person.address}"}

    async def claimed() -> tuple[int, bool]:
        answer = await client.insist("claim_email", 202, 429, token=bearer, body=body)
        return answer.status, "Enough mails" in answer.body.get("title", "")

    outcomes = Counter(await asyncio.gather(*(claimed() for _ in range(RACERS))))
    sent = MAILS_AN_HOUR - 1
    assert outcomes == {(202, False): sent, (429, True): RACERS - sent}
    assert client.unknown == client.away.total(), "a connection broke"


@dataclass(slots=True, kw_only=True)
class Bursts:
    """One thing to be mailed, asked for by 64 at once over three processes, again and again."""

    suite: Suite
    stage: Stage
    account_id: str
    verb: str
    body: Mapping[str, str]
    action: str  # what recovery's audit knows it by
    addresses: Sequence[str]  # each is told of each
    words: str  # in the subject of each mail
    asked: int = 0
    mailed: list[int] = field(default_factory=list)  # of each burst

    async def burst(self, seconds: int = 0) -> None:
        """So many seconds after the one before. What was decided is on record, of each request; as
        many mails come, before time goes on: of a link that is over none is sent.
        """
        self.stage.let_time_pass(seconds)
        client = Client(gateway=self.stage.gateway)
        ask = partial(client.insist, self.verb, 202, body=self.body)
        await asyncio.gather(*(ask(source=a_source()) for _ in range(RACERS)))
        assert client.unknown == client.away.total(), "a connection broke"
        self.asked += RACERS

        async def all_decided() -> int:
            outcomes = await self._decided()
            assert outcomes.total() == self.asked, outcomes
            return outcomes["mailed"]

        self.mailed.append(await eventually(all_decided) - sum(self.mailed))
        await eventually(self._all_here)

    async def _decided(self) -> Counter[str]:
        stack = self.suite.stack
        async with connected(in_database(stack.servers.postgres_url, stack.name)) as connection:
            rows = await connection.fetch(
                "SELECT detail FROM recovery.audit_entries WHERE action = $1 AND subject = $2",
                self.action,
                f"account:{self.account_id}",
            )
        return Counter(row["detail"] for row in rows)

    async def _all_here(self) -> None:
        for address in self.addresses:
            mails = await self.stage.mailbox.to(address)
            assert sum(self.words in mail.subject for mail in mails) == sum(self.mailed)


async def written_to(stage: Stage, person: Person) -> str:
    """Somebody with a verified account e-mail; return the account's id."""
    await enrolment(stage, person)
    await log_on(stage, person, person.username, person.password)
    bearer = person.tokens["access_token"]
    link = {"token": secret_of(await stage.mail(person, "Welcome"))}
    await stage.call("verify_email", 200, token=bearer, body=link)
    account = await stage.call("read_account", 200, token=bearer)
    return str(account.body["account_id"])


@pytest.mark.proves("RC-3")
async def test_links_are_mailed_as_exactly_by_three_processes_as_by_one(
    stage: Stage, suite: Suite, person: Person
) -> None:
    """60 s apart, three in an hour, ten in a day."""
    links = Bursts(
        suite=suite,
        stage=stage,
        account_id=await written_to(stage, person),
        verb="request_reset_link",
        body={"name": person.username},
        action="reset-link.request",
        addresses=(person.address,),
        words="Set a new",
    )

    for seconds in (0, 0, 61, 61, 61):
        await links.burst(seconds)
    for seconds in (3600, 61, 61, 3600, 61, 61, 3600, 61):
        await links.burst(seconds)

    assert links.mailed == [1, 0, 1, 1, 0, 1, 1, 1, 1, 1, 1, 1, 0]


@pytest.mark.proves("RC-1")
async def test_usernames_are_mailed_as_exactly_by_three_processes_as_by_one(
    stage: Stage, suite: Suite, person: Person
) -> None:
    """Three an hour an address."""
    usernames = Bursts(
        suite=suite,
        stage=stage,
        account_id=await written_to(stage, person),
        verb="remind_username",
        body={"email": person.address},
        action="username-reminder.request",
        addresses=(person.address,),
        words="username",
    )

    for seconds in (0, 0, *[3600] * 6):
        await usernames.burst(seconds)

    assert usernames.mailed == [3, 0, *[3] * 6]


@pytest.mark.proves("RC-2")
async def test_usernames_by_name_and_date_are_mailed_as_exactly_by_three_processes_as_by_one(
    stage: Stage, suite: Suite, person: Person
) -> None:
    """Five an hour an address, which is closed for twenty minutes then."""
    account_id = await written_to(stage, person)
    own, other = person.address, person.address.replace("@", ".work@")
    await notification_address(stage, person, other)
    usernames = Bursts(
        suite=suite,
        stage=stage,
        account_id=account_id,
        verb="remind_username",
        body={"email": other, "last_name": person.last_name, "birth_date": person.birth_date},
        action="username-reminder.request",
        addresses=(own, other),
        words="username",
    )

    for seconds in (0, 0, 1201):
        await usernames.burst(seconds)

    assert usernames.mailed == [5, 0, 5]
