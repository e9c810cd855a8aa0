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


async def test_an_unknown_practice_is_told(
    identity: Identity, capsys: pytest.CaptureFixture[str]
) -> None:
    code = await run(identity, "practice", "set", str(uuid4()), "--reset-link-minutes", "60")

    assert (code, bool(capsys.readouterr().err)) == (1, True)


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
        ("gateway", "add", "web\ufffc"),
    ],
)
async def test_what_does_not_fit_changes_nothing(
    identity: Identity, arguments: tuple[str, ...]
) -> None:
    assert await run(identity, *arguments) == 2
    rows = await identity.rows("SELECT id FROM practices")
    assert [row["id"] for row in rows] == [PRACTICE.id]
