"""Snapshots published again and projections rebuilt, by real processes on real servers (ST-3)."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from typing import Any

import pytest
import pytest_asyncio

from deploy.client.eventually import eventually
from services.identity.accounts.model import NewAccount
from services.identity.accounts.store import accounts
from services.identity.patients.model import Patient
from services.identity.patients.store import patients
from services.identity.practices.model import Practice
from services.identity.practices.store import practices
from shared.contracts.ids import AccountId, PatientId, PracticeId
from shared.contracts.practice_settings import PracticeSettings
from shared.db import Row
from shared.randomness import Randomness
from tests.rigs.replica import environment
from tests.rigs.verbs import Said, begun, run
from tests.support import broker as brokers
from tests.support import database as databases

pytestmark = pytest.mark.proves("ST-3")
PEOPLE = 30
NOW = datetime(2026, 11, 1, tzinfo=UTC)
ID = Randomness().uuid


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """identity with a practice and its people, and recovery, which has heard of nobody."""

    database: databases.Database
    broker: brokers.Broker

    def environ(self, service: str) -> dict[str, str]:
        urls = {"broker_url": self.broker.url(service), "http_port": "0", "metrics_port": "0"}
        return environment(service, self.database.url(service), **urls)

    async def verb(self, service: str, *argv: str) -> Said:
        return await run(service, self.environ(service), *argv)

    async def rows(self, service: str, query: str) -> list[Row]:
        async with self.database.connection(service) as connection:
            return list(await connection.fetch(query))

    async def by_owner(self, service: str, statement: str) -> None:
        async with self.database.connection(f"{service}_migration") as connection:
            await connection.execute(f"SET search_path = {service}; {statement}")

    async def published(self) -> int | None:
        """How many of what is being published went out; None once all have."""
        rows = await self.rows("identity", "SELECT published FROM publications")
        return rows[0]["published"] if rows else None


@pytest_asyncio.fixture
async def site(database: databases.Database, broker: brokers.Broker) -> AsyncIterator[Site]:
    practice = Practice(
        id=PracticeId(ID()),
        version=1,
        name="Elm Street",
        contact="+1 555 0100",
        locale="en-US",
        time_zone="America/New_York",
        settings=PracticeSettings(),
    )
    async with database.connection("identity") as tx, tx.transaction():
        await practices.add(tx, practice, now=NOW)
        for number in range(PEOPLE):
            patient = a_patient(practice.id, number)
            account_id = AccountId(ID())
            await patients.add(tx, patient, now=NOW)
            await accounts.add(tx, an_account(account_id, number))
            await patients.enrol(tx, patient, account_id, now=NOW)
    yield Site(database=database, broker=broker)


def a_patient(practice_id: PracticeId, number: int) -> Patient:
    return Patient(
        id=PatientId(ID()),
        practice_id=practice_id,
        version=1,
        number=str(number),
        last_name=f"Thorne{number}",
        first_name="Ann",
        birth_date=NOW.date() - timedelta(days=9000),
        home_phone=None,
        address=None,
        email=None,
        account_id=None,
    )


def an_account(account_id: AccountId, number: int) -> NewAccount:
    return NewAccount(
        id=account_id,
        username=f"ann.thorne.{number}",
        password_hash="none",
        history_salt=b"",
        locale="en-US",
        time_zone="UTC",
        created_at=NOW,
    )


async def test_a_projection_that_lost_all_is_rebuilt_while_it_serves(site: Site) -> None:
    """Somebody that identity never had is in it, too, and goes."""
    await site.by_owner(
        "recovery",
        "INSERT INTO practices (practice_id, version, name, contact, settings)"
        " VALUES (gen_random_uuid(), 7, 'Nobody''s', '', '{}')",
    )
    serving = begun("recovery", site.environ("recovery"), "serve")
    async with serving:
        for name in ("practices", "accounts", "persons"):
            rebuild = begun("recovery", site.environ("recovery"), "projection", "rebuild", name)
            async with rebuild as watching:
                assert watching.stdout is not None
                await watching.stdout.readline()
                told = (await watching.stdout.readline()).decode()
                assert told == f"at identity: snapshots publish {name} --rebuild recovery:1\n"

                said = await site.verb("identity", *told.removeprefix("at identity: ").split())

                assert said.code == 0, said.err
                async with asyncio.timeout(60):
                    out, err = await watching.communicate()
                assert watching.returncode == 0, err
                gone = 1 if name == "practices" else 0
                assert out.decode() == f"{name} are what identity has; {gone} were nobody's\n"

    [practice] = await site.rows("recovery", "SELECT name FROM practices")
    assert practice["name"] == "Elm Street"
    heard = await site.rows(
        "recovery",
        "SELECT a.username, p.last_name, a.version FROM accounts a JOIN persons p"
        " USING (account_id) ORDER BY p.last_name",
    )
    numbers = sorted(range(PEOPLE), key=lambda number: f"Thorne{number}")
    assert [tuple(row) for row in heard] == [
        (f"ann.thorne.{number}", f"Thorne{number}", 1) for number in numbers
    ]
    details = await site.rows(
        "recovery", "SELECT detail FROM audit_entries WHERE action = 'projection.rebuild'"
    )
    assert sorted(row["detail"] for row in details) == sorted(
        f"{word}:{name}"
        for word in ("begun", "ended")
        for name in ("practices", "accounts", "persons")
    )


@pytest.mark.proves("RC-2")
async def test_what_notify_knows_of_addresses_is_rebuilt_at_recovery_likewise(site: Site) -> None:
    """Those that were verified before changes were told are all there are."""
    await site.by_owner(
        "recovery",
        "INSERT INTO notification_addresses VALUES"
        " (gen_random_uuid(), 7, ARRAY['nobody@mail.example'], ARRAY[sha256('x')])",
    )
    await site.by_owner(
        "notify",
        "INSERT INTO notification_addresses"
        " (id, account_id, kind, address, key, added_at, verified_at)"
        " SELECT gen_random_uuid(), gen_random_uuid(), 'email', n || '@mail.example',"
        " n || '@mail.example', now(), now() FROM generate_series(1, 30) AS n",
    )
    name = "notification_addresses"
    async with begun("recovery", site.environ("recovery"), "serve"):
        rebuild = begun("recovery", site.environ("recovery"), "projection", "rebuild", name)
        async with rebuild as watching:
            assert watching.stdout is not None
            await watching.stdout.readline()
            told = (await watching.stdout.readline()).decode()
            assert told == f"at notify: snapshots publish {name} --rebuild recovery:1\n"

            said = await site.verb("notify", *told.removeprefix("at notify: ").split())

            assert (said.code, said.out) == (0, f"published {PEOPLE} {name}\ndone\n"), said.err
            async with asyncio.timeout(60):
                out, err = await watching.communicate()
            assert watching.returncode == 0, err
            assert out.decode() == f"{name} are what notify has; 1 were nobody's\n"

    heard = await site.rows(
        "recovery",
        "SELECT addresses, version, length(address_digests[1]) FROM notification_addresses",
    )
    assert sorted((*row[0], row[1], row[2]) for row in heard) == sorted(
        (f"{number}@mail.example", 1, 32) for number in range(1, PEOPLE + 1)
    )


async def test_killed_in_the_middle_the_same_verb_goes_on_there(site: Site) -> None:
    slow = ("snapshots", "publish", "accounts", "--rate", "5")
    async with begun("identity", site.environ("identity"), *slow) as verb:

        async def is_under_way() -> None:
            assert (await site.published() or 0) >= 3

        await eventually(is_under_way, within=60)
        verb.kill()
        await verb.wait()
    done = await site.published()
    assert done is not None

    said = await site.verb("identity", "snapshots", "publish", "accounts")

    assert (said.code, said.out) == (0, f"published {PEOPLE - done} accounts\ndone\n"), said.err
    assert f"goes on after {done} accounts that were published" in said.err
    assert await site.published() is None


async def test_who_goes_on_is_told_since_when_and_from_where_and_may_begin_anew(
    site: Site,
) -> None:
    """What was left long ago: who means all of them, as they are now, is not given the rest."""
    publish = ("snapshots", "publish", "accounts")
    async with begun("identity", site.environ("identity"), *publish, "--rate", "5") as verb:

        async def is_under_way() -> None:
            assert (await site.published() or 0) >= 3

        await eventually(is_under_way, within=60)
        verb.kill()
        await verb.wait()
    await site.by_owner("identity", "UPDATE publications SET begun_at = '2026-01-02T03:04:05Z'")
    [left] = await site.rows("identity", "SELECT after, published FROM publications")
    told = (
        f"goes on after {left['published']} accounts that were published, the last of them"
        f" {left['after']}, in what began at 2026-01-02T03:04:05+00:00; --anew begins at the first"
    )

    would = await site.verb("identity", *publish, "--dry-run", "--rate", "10")
    would_anew = await site.verb("identity", *publish, "--dry-run", "--rate", "10", "--anew")
    unlike = await site.verb("identity", *publish, "--anew", "--rebuild", "recovery:1")
    anew = await site.verb("identity", *publish, "--anew", "--rate", "30")

    rest = PEOPLE - left["published"]
    assert would.err.splitlines() == [told, "dry run: nothing of it was done"]
    assert would.out.startswith(f"would publish {rest} accounts, 10 a second: ")
    assert would_anew.err == "dry run: nothing of it was done\n"
    assert would_anew.out == f"would publish {PEOPLE} accounts, 10 a second: 3 s\n"
    assert (unlike.code, "--anew and --rebuild" in unlike.err) == (2, True)
    assert (anew.code, anew.out) == (0, f"published {PEOPLE} accounts\ndone\n"), anew.err
    assert "goes on" not in anew.err
    assert await site.published() is None


async def test_what_was_begun_anew_says_when_that_was(site: Site) -> None:
    publish = ("snapshots", "publish", "accounts")
    soon_after = datetime.now(UTC) - timedelta(minutes=1)

    async def is_under_way() -> None:
        rows = await site.rows("identity", "SELECT published, begun_at FROM publications")
        assert any(row["published"] >= 3 and row["begun_at"] > soon_after for row in rows)

    for argv in ((), ("--anew",)):
        await site.by_owner("identity", "UPDATE publications SET begun_at = '2026-01-02Z'")
        slow = begun("identity", site.environ("identity"), *publish, "--rate", "5", *argv)
        async with slow as verb:
            await eventually(is_under_way, within=60)
            verb.kill()
            await verb.wait()
    [left] = await site.rows("identity", "SELECT begun_at, published FROM publications")

    said = await site.verb("identity", *publish)

    assert f"in what began at {left['begun_at'].isoformat()}" in said.err
    assert said.out == f"published {PEOPLE - left['published']} accounts\ndone\n"


@pytest.mark.parametrize(
    ("number", "background"),
    [(signal.SIGTERM, False), (signal.SIGINT, False), (signal.SIGTERM, True)],
)
async def test_interrupted_it_says_so_and_the_same_verb_goes_on_there(
    site: Site, number: signal.Signals, background: bool
) -> None:
    slow = ("snapshots", "publish", "accounts", "--rate", "1")
    environ = site.environ("identity")
    async with begun("identity", environ, *slow, background=background) as verb:

        async def is_under_way() -> None:
            assert (await site.published() or 0) >= 3

        await eventually(is_under_way, within=60)
        verb.send_signal(number)
        _, told = await verb.communicate()
    done = await site.published()

    assert (verb.returncode, told.decode().splitlines()[-1]) == (
        130,
        "interrupted: what it was at is undone, what it said is done",
    )
    assert done is not None
    said = await site.verb("identity", "snapshots", "publish", "accounts")
    assert said.out == f"published {PEOPLE - done} accounts\ndone\n", said.err


async def test_a_rebuild_that_is_terminated_says_so_and_goes_on_at_the_next_call(
    site: Site,
) -> None:
    rebuild = ("projection", "rebuild", "persons")
    async with begun("merge", site.environ("merge"), *rebuild) as verb:
        assert verb.stdout is not None
        await verb.stdout.readline()
        verb.terminate()
        _, told = await verb.communicate()

    assert (verb.returncode, "interrupted: " in told.decode()) == (130, True), told
    again = await site.verb("merge", *rebuild, "--no-wait")
    assert again.out.startswith("generation 1 of persons: "), again.err


async def test_of_two_at_once_the_later_one_goes_on_and_the_other_stops(site: Site) -> None:
    slow = ("snapshots", "publish", "accounts", "--rate", "1")
    async with begun("identity", site.environ("identity"), *slow) as first:

        async def is_under_way() -> None:
            assert (await site.published() or 0) >= 1

        await eventually(is_under_way, within=60)
        later = await site.verb("identity", *slow[:3])
        _, told = await first.communicate()

    assert (later.code, first.returncode) == (0, 1), later.err
    assert "another call goes on with the accounts" in told.decode()
    assert await site.published() is None


async def test_a_rebuild_is_not_left_waiting_for_what_is_published_for_another(site: Site) -> None:
    publish = ("snapshots", "publish", "accounts")
    mine = (*publish, "--rebuild", "recovery:1")
    async with begun("identity", site.environ("identity"), *mine, "--rate", "1") as first:

        async def is_under_way() -> None:
            assert (await site.published() or 0) >= 1

        await eventually(is_under_way, within=60)
        others = await asyncio.gather(
            site.verb("identity", *publish, "--rebuild", "merge:1"),
            site.verb("identity", *publish),
            site.verb("identity", *publish, "--dry-run"),
            site.verb("identity", *publish, "--dry-run", "--anew"),
        )
        anew = await site.verb("identity", *publish, "--rebuild", "recovery:2")
        await first.wait()

    for other in others:
        assert (other.code, "go on with it by --rebuild recovery:1" in other.err) == (1, True)
    assert (anew.code, first.returncode) == (0, 1), anew.err
    assert (await site.verb("identity", *publish)).code == 0


async def test_what_it_would_publish_is_said_before(site: Site) -> None:
    said = await site.verb("identity", "snapshots", "publish", "--dry-run", "--rate", "10")

    assert (said.code, said.err) == (0, "dry run: nothing of it was done\n")
    assert said.out.splitlines() == [
        "would publish 1 practices, 10 a second: 0 s",
        f"would publish {PEOPLE} accounts, 10 a second: 3 s",
        f"would publish {PEOPLE} persons, 10 a second: 3 s",
        "would publish 1 keys, 10 a second: 0 s",
    ]
    assert await site.published() is None
    assert await site.rows("identity", "SELECT FROM audit_entries") == []


async def test_only_what_was_told_since_is_published(site: Site) -> None:
    """A practice that an operator adds is told now; who was there before was not."""
    since = datetime.now(UTC).isoformat()
    made = await site.verb("identity", "practice", "add", "Oak", "--contact", "x", "--json")
    assert made.code == 0, made.err

    said = await site.verb(
        "identity", "snapshots", "publish", "practices", "accounts", "--since", since
    )
    too_old = await site.verb(
        "identity", "snapshots", "publish", "practices", "--since", "2020-01-01T00:00:00Z"
    )

    assert said.out == "published 1 practices\npublished 0 accounts\ndone\n", said.err
    assert (too_old.code, "is known since" in too_old.err) == (1, True)


@pytest.mark.parametrize(
    ("service", "argv", "code", "told"),
    [
        ("identity", ["publish", "persona"], 2, "identity has no persona: it has practices, "),
        ("identity", ["publish", "--since", "2026-11-01"], 2, "a time with its zone"),
        ("identity", ["publish", "--rebuild", "recovery"], 2, "recovery:3"),
        ("merge", ["publish"], 1, "merge owns no snapshots"),
    ],
)
async def test_what_does_not_fit_is_told(
    site: Site, service: str, argv: list[str], code: int, told: str
) -> None:
    said = await site.verb(service, "snapshots", *argv)

    assert (said.code, told in said.err) == (code, True), said.err


async def test_a_broker_that_is_away_costs_nothing(site: Site) -> None:
    away = environment("identity", site.database.url("identity"))

    said = await run("identity", away, "snapshots", "publish", "practices")

    assert (said.code, "BrokerUnavailable" in said.err) == (1, True), said.err
    assert await site.published() == 0
    assert (await site.verb("identity", "snapshots", "publish", "practices")).code == 0


async def test_a_rebuild_is_listed_begun_once_and_said_before(site: Site) -> None:
    would = await site.verb("merge", "projection", "rebuild", "persons", "--dry-run")
    both = await asyncio.gather(
        *(site.verb("merge", "projection", "rebuild", "persons", "--no-wait") for _ in range(2))
    )
    listed = await site.verb("merge", "projection", "list")
    nothing = await site.verb("identity", "projection", "rebuild", "persons")

    assert would.out.startswith("would begin generation 1; 0 rows are kept meanwhile\n")
    assert {said.out.splitlines()[1] for said in both} == {
        "at identity: snapshots publish persons --rebuild merge:1"
    }
    found: list[dict[str, Any]] = [json.loads(line) for line in listed.out.splitlines()]
    assert {one["name"]: one["rebuilding"] for one in found} == {
        "practices": False,
        "accounts": False,
        "persons": True,
    }
    assert (nothing.code, "has no such projection" in nothing.err) == (1, True)


async def test_a_schema_of_another_release_has_an_exit_code_of_its_own(site: Site) -> None:
    folder = files("services.recovery") / "migrations"
    name = max(one.name for one in folder.iterdir() if one.name.endswith(".sql"))
    last = f"schema_migrations WHERE folder = 'recovery' AND name = '{name}'"
    await site.by_owner(
        "recovery",
        f"CREATE TABLE kept AS SELECT * FROM {last}; DELETE FROM {last}",  # noqa: S608 - ours
    )

    behind = await site.verb("recovery", "projection", "rebuild", "persons", "--no-wait")

    assert (behind.code, behind.out) == (3, "")
    assert behind.err == f"the schema lacks recovery/{name}: run `migrate`\n"
    assert await site.rows("recovery", "SELECT FROM rebuilds") == []

    await site.by_owner(
        "recovery",
        "INSERT INTO schema_migrations SELECT * FROM kept;"
        "INSERT INTO schema_migrations (folder, number, name, checksum)"
        " VALUES ('recovery', 9999, '9999_later.sql', 'x')",
    )
    ahead = await site.verb("recovery", "projection", "list")

    assert (ahead.code, len(ahead.out.splitlines())) == (0, 4)
    assert "of a later release, which added recovery/9999_later.sql" in ahead.err
