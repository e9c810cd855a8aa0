"""The operator's verbs: practices and gateways are made on the command line (ST-1, ST-2)."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import pytest
from msgspec.structs import asdict

from services.identity.__main__ import PROGRAM
from shared.contracts.practice_settings import PracticeSettings
from shared.program.commands import main
from tests.rigs.identity import ENVIRONMENT, PRACTICE, Identity


async def run(identity: Identity, *arguments: str, environ: Mapping[str, str] | None = None) -> int:
    """Run a verb as a process would; exiting early is its exit code."""
    url = {"PORTICO_DATABASE_URL": identity.database.url("identity")}
    try:
        return await asyncio.to_thread(
            main, PROGRAM, arguments, {**ENVIRONMENT, **url, **(environ or {})}
        )
    except SystemExit as end:
        return int(end.code or 0)


async def added(
    identity: Identity, capsys: pytest.CaptureFixture[str], *arguments: str
) -> dict[str, Any]:
    """Run a verb that prints a client as JSON."""
    capsys.readouterr()  # what was logged before
    assert await run(identity, *arguments, "--json") == 0
    printed: dict[str, Any] = json.loads(capsys.readouterr().out)
    return printed


@pytest.mark.proves("ST-1")
async def test_an_added_practice_is_told_and_its_client_logs_on(
    identity: Identity, capsys: pytest.CaptureFixture[str]
) -> None:
    made = await added(
        identity, capsys, "practice", "add", "Elm Street", "--contact", "+1 555 0100"
    )

    answer = await identity.client_token(made["client_id"], made["client_secret"])
    assert answer.status == 200
    [practice] = await identity.events("practice-changed")
    assert practice == {
        "practice_id": made["practice_id"],
        "name": "Elm Street",
        "contact": "+1 555 0100",
        "locale": "en-US",
        "time_zone": "America/New_York",
        "reset_link_minutes": 60,
        "settings": {**asdict(PracticeSettings()), "channels": ["email", "portal"]},
    }


async def test_a_gateways_client_belongs_to_no_practice(
    identity: Identity, capsys: pytest.CaptureFixture[str]
) -> None:
    made = await added(identity, capsys, "gateway", "add", "web")

    assert set(made) == {"client_id", "client_secret"}
    answer = await identity.client_token(made["client_id"], made["client_secret"])
    assert answer.body["scope"] == "introspect"


@pytest.mark.proves("NT-5")
async def test_a_mail_servers_client_hands_over_bounces_and_nothing_else(
    identity: Identity, capsys: pytest.CaptureFixture[str]
) -> None:
    made = await added(identity, capsys, "mail-server", "add", "mx")

    assert set(made) == {"client_id", "client_secret"}
    answer = await identity.client_token(made["client_id"], made["client_secret"])
    assert answer.body["scope"] == "bounces:write"


@pytest.mark.proves("V13.3.1")
async def test_a_clients_secret_is_printed_once_and_kept_as_a_digest(
    identity: Identity, capsys: pytest.CaptureFixture[str]
) -> None:
    made = await added(identity, capsys, "gateway", "add", "web")

    [row] = await identity.rows("SELECT c::text FROM clients c")
    assert made["client_secret"] not in row[0]


@pytest.mark.proves("ST-2")
async def test_a_practice_setting_is_changed_within_its_range(
    identity: Identity, capsys: pytest.CaptureFixture[str]
) -> None:
    made = await added(
        identity, capsys, "practice", "add", "Elm Street", "--contact", "+1 555 0100"
    )
    practice, option = made["practice_id"], "--reset-link-minutes"

    codes = [await run(identity, "practice", "set", practice, option, n) for n in ("15", "1440")]
    codes += [await run(identity, "practice", "set", practice, option, n) for n in ("14", "1441")]

    codes.append(await run(identity, "practice", "set", practice))

    assert codes == [0, 0, 1, 1, 1]
    printed = capsys.readouterr().err
    assert "reset_link_minutes: 15 to 1440" in printed
    assert "name one at least" in printed
    told = await identity.events("practice-changed")
    assert [event["reset_link_minutes"] for event in told] == [60, 15, 1440]


@pytest.mark.proves("ST-2")
async def test_what_is_said_of_a_practice_is_changed_with_its_settings_and_told_at_one_new_version(
    identity: Identity, capsys: pytest.CaptureFixture[str]
) -> None:
    made = await added(
        identity, capsys, "practice", "add", "Elm Street", "--contact", "+1 555 0100"
    )
    said = ("--name", " Oak Street ", "--contact", "desk@oak.example", "--locale", "es-US")
    zone = ("--time-zone", "America/Chicago", "--reset-link-minutes", "30")

    code = await run(identity, "practice", "set", made["practice_id"], *said, *zone)

    assert code == 0
    printed = "Oak Street (desk@oak.example, es-US, America/Chicago)"
    assert capsys.readouterr().out == f"{printed} and its settings are at version 2\n"
    assert await practice_told(identity) == [
        ("Elm Street", "+1 555 0100", "en-US", "America/New_York", 60, 1),
        ("Oak Street", "desk@oak.example", "es-US", "America/Chicago", 30, 2),
    ]
    [row] = await identity.rows(
        "SELECT name, contact, locale, time_zone, (settings ->> 'reset_link_minutes')::int, version"
        " FROM practices WHERE id = $1::text::uuid",
        made["practice_id"],
    )
    assert tuple(row) == (await practice_told(identity))[1]
    [audited] = await identity.rows(
        "SELECT actor, practice, outcome, detail FROM audit_entries WHERE action = 'practice.set'"
    )
    assert tuple(audited) == (
        "operator",
        made["practice_id"],
        "done",
        "contact locale name time_zone reset_link_minutes=30",
    )


@pytest.mark.proves("ST-2")
@pytest.mark.parametrize(
    ("changed", "value"),
    [("name", "Oak"), ("contact", "oak"), ("locale", "es-US"), ("time_zone", "America/Chicago")],
)
async def test_one_thing_that_is_said_of_a_practice_is_changed_alone_and_once(
    identity: Identity, capsys: pytest.CaptureFixture[str], changed: str, value: str
) -> None:
    made = await added(
        identity, capsys, "practice", "add", "Elm Street", "--contact", "+1 555 0100"
    )
    typed = (made["practice_id"], f"--{changed.replace('_', '-')}", value)

    codes = [await run(identity, "practice", "set", *typed) for _ in range(2)]

    assert codes == [0, 0]
    before, after = await identity.events("practice-changed")
    assert after == {**before, changed: value}
    [row] = await identity.rows(
        "SELECT version FROM practices WHERE id = $1::text::uuid", made["practice_id"]
    )
    assert row["version"] == 2


@pytest.mark.proves("ST-2")
async def test_of_parallel_changes_of_a_practice_none_is_lost(
    identity: Identity, capsys: pytest.CaptureFixture[str]
) -> None:
    made = await added(
        identity, capsys, "practice", "add", "Elm Street", "--contact", "+1 555 0100"
    )
    changes = [
        ("--name", "Oak Street"),
        ("--contact", "desk@oak.example"),
        ("--locale", "es-US"),
        ("--time-zone", "America/Chicago"),
        ("--reset-link-minutes", "30"),
    ]

    codes = await asyncio.gather(
        *(run(identity, "practice", "set", made["practice_id"], *change) for change in changes)
    )

    assert codes == [0] * 5
    told = await practice_told(identity)
    assert [practice[-1] for practice in told] == [1, 2, 3, 4, 5, 6]
    assert told[-1] == ("Oak Street", "desk@oak.example", "es-US", "America/Chicago", 30, 6)


@pytest.mark.parametrize(
    ("option", "value", "why"),
    [
        ("--name", "\u2800", "expected one line of text that can be seen"),
        ("--name", "E" * 201, "expected at most 200 characters"),
        ("--contact", "x\u2028y", "expected one line of text that can be seen"),
        ("--locale", "", "expected one line of text that can be seen"),
        ("--time-zone", "Mars/Olympus", "no such time zone"),
    ],
)
async def test_what_cannot_be_said_of_a_practice_is_told_alike_as_it_is_added_and_changed(
    identity: Identity, capsys: pytest.CaptureFixture[str], option: str, value: str, why: str
) -> None:
    named = ("Elm", option, value) if option != "--name" else (value,)
    contact = () if option == "--contact" else ("--contact", "x")

    codes = [
        await run(identity, "practice", "add", *named, *contact),
        await run(identity, "practice", "set", str(PRACTICE.id), option, value),
    ]

    assert codes == [2, 2]
    adding, changing = (
        line for line in capsys.readouterr().err.splitlines() if " error: argument " in line
    )
    assert adding.endswith(f" error: argument {option.replace('--name', 'NAME')}: {why}")
    assert changing.endswith(f" error: argument {option}: {why}")


async def practice_told(identity: Identity) -> list[tuple[Any, ...]]:
    """What each `practice-changed` says, in order, and its version."""
    rows = await identity.rows(
        "SELECT convert_from(body, 'UTF8')::json AS body FROM outbox"
        " WHERE routing_key = 'identity.practice-changed.v1' ORDER BY id"
    )
    told = [json.loads(row["body"]) for row in rows]
    names = ("name", "contact", "locale", "time_zone", "reset_link_minutes")
    return [(*(event["data"][name] for name in names), event["aggregateversion"]) for event in told]


async def test_an_unknown_practice_is_told(
    identity: Identity, capsys: pytest.CaptureFixture[str]
) -> None:
    changes = (("--reset-link-minutes", "60"), ("--name", "Oak Street"))
    codes = [await run(identity, "practice", "set", str(uuid4()), *change) for change in changes]

    assert codes == [1, 1]
    assert capsys.readouterr().err.count("there is none, or no more") == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ("practice", "add", "Elm"),
        ("practice", "add", "", "--contact", "x"),
        ("practice", "add", "Elm\n", "--contact", "a\x00b"),
        ("practice", "add", "Elm", "--contact", "x", "--time-zone", "Mars/Olympus"),
        ("practice", "add", "E" * 201, "--contact", "x"),
        ("practice", "add", "Elm", "--contact", "x" * 201),
        ("practice", "add", "\u2800\u2800", "--contact", "x"),
        ("practice", "add", "Elm\u202eStreet", "--contact", "x"),
        ("practice", "add", "Elm", "--contact", "x\u2028y"),
        ("practice", "set", str(PRACTICE.id), "--name", ""),
        ("practice", "set", str(PRACTICE.id), "--name", "E" * 201),
        ("practice", "set", str(PRACTICE.id), "--name", "Elm\u202eStreet"),
        ("practice", "set", str(PRACTICE.id), "--contact", "x\u2028y"),
        ("practice", "set", str(PRACTICE.id), "--locale", ""),
        ("practice", "set", str(PRACTICE.id), "--time-zone", "Mars/Olympus"),
        ("gateway", "add", "web\ufffc"),
        ("client", "add", str(PRACTICE.id), "web\ufffc"),
        ("client", "add", str(PRACTICE.id), "w" * 201),
    ],
)
async def test_what_does_not_fit_changes_nothing(
    identity: Identity, arguments: tuple[str, ...]
) -> None:
    assert await run(identity, *arguments) == 2
    rows = await identity.rows("SELECT id, version FROM practices")
    assert [tuple(row) for row in rows] == [(PRACTICE.id, 1)]
    assert await identity.rows("SELECT id FROM clients") == []
