"""The tour, against four processes: played to its end, ended by a wrong step, and what it logs."""

from dataclasses import replace

import pytest

from deploy import tour
from deploy.local.addresses import PracticeCredentials
from deploy.local.caught import Mail
from deploy.local.provision import connected, in_database
from deploy.tour import acts
from deploy.tour.person import Person
from shared.contracts.topology import SERVICES
from tests.fault.tap import Tap
from tests.support.suite import Suite

TOKENS = ("access_token", "refresh_token")


async def test_a_persons_way_is_played_to_its_end(
    suite: Suite, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await tour.play(suite.addresses) == 0, why(capsys)


async def test_a_step_that_does_not_do_what_its_row_says_ends_the_tour(
    suite: Suite, capsys: pytest.CaptureFixture[str]
) -> None:
    stranger = PracticeCredentials(
        practice_id=suite.addresses.practice.practice_id,
        client_id=suite.addresses.practice.client_id,
        client_secret="not-the-secret",
    )

    assert await tour.play(replace(suite.addresses, practice=stranger)) == 1

    assert "step 1 failed" in capsys.readouterr().out


@pytest.mark.proves("V16.2.5", "V14.2.1")
async def test_no_log_holds_what_is_personal_or_secret_and_no_table_or_message_a_secret(
    suite: Suite, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    met: list[Person] = []
    mailed: list[str] = []
    meet, secret_of = Person.met_for_the_first_time, acts.secret_of

    def remember_person(*arguments: object) -> Person:
        met.append(meet(*arguments))  # type: ignore[arg-type]
        return met[-1]

    def remember_secret(mail: Mail) -> str:
        mailed.append(secret_of(mail))
        return mailed[-1]

    monkeypatch.setattr(Person, "met_for_the_first_time", remember_person)
    monkeypatch.setattr(acts, "secret_of", remember_secret)

    tap = await Tap.into(suite.stack.surroundings.broker)
    assert await tour.play(suite.addresses) == 0, why(capsys)

    person, *guests = met
    people = (person, person.other_account, *guests)
    files = suite.stack.log("identity").parent.glob("*.log")
    logs = "".join(file.read_text() for file in files if file.stem != "catcher")
    assert '"event"' in logs
    assert len(mailed) == 10
    for secret in (*mailed, *(secret for one in people for secret in secrets_of(one))):
        assert secret not in logs
    clients = (suite.addresses.practice, suite.addresses.neighbour, suite.addresses.gateway)
    for client in clients:
        assert client.client_secret not in logs
    kept = await everything_kept(suite)
    sent = await everything_sent(tap)
    assert person.username in kept
    assert person.username in sent
    secrets = [client.client_secret for client in clients]
    assert len(person.second_step) == 11
    for one in people:
        secrets += [one.password, *one.second_step, *one.reset_tokens, *tokens_of(one)]
    for secret in (*mailed, *secrets):
        assert secret not in kept
        assert secret not in sent


async def everything_kept(suite: Suite) -> str:
    """Every row of every table of the four services, bytes as the text that they spell."""
    stack = suite.stack
    async with connected(in_database(stack.servers.postgres_url, stack.name)) as connection:
        tables = await connection.fetch(
            "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables"
            " WHERE schemaname = any($1)",
            SERVICES,
        )
        rows = [
            await connection.fetch(f"SELECT * FROM {table['name']}")  # noqa: S608 - the catalog's
            for table in tables
        ]
    return "\n".join(
        value.decode("latin-1") if isinstance(value, bytes) else str(value)
        for table in rows
        for row in table
        for value in row.values()
    )


async def everything_sent(tap: Tap) -> str:
    """Every event that was on the bus meanwhile, so whatever queues and dead letters may hold."""
    await tap.drain()
    return "\n".join(event.body.decode() for event in tap.events.values())


def secrets_of(person: Person) -> tuple[str, ...]:
    """What is personal or secret of an account of hers."""
    return (
        person.username,
        person.address,
        person.password,
        person.last_name,
        person.first_name,
        person.birth_date,
        person.home_phone,
        person.street,
        *person.second_step,
        *person.reset_tokens,
        *tokens_of(person),
    )


def tokens_of(person: Person) -> tuple[str, ...]:
    """What her last session was given, where she has logged on."""
    tokens = [person.tokens[name] for name in TOKENS if name in person.tokens]
    return (*tokens, person.device) if person.device else tuple(tokens)


def why(capsys: pytest.CaptureFixture[str]) -> str:
    """What the tour said of the step that failed, where a summary of one line shows it."""
    _, _, failed = capsys.readouterr().out.rpartition("step ")
    return f"step {' '.join(failed.split())}"
