"""A mail's envelope in one write or in three: what is agreed to, and by whom (RFC 2920)."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio

from tests.builders import events
from tests.builders.events import ADDRESS
from tests.builders.patients import file_communications, file_locks
from tests.rigs.blunt_mail_server import (
    DOT,
    HANG_UP,
    POLITE,
    SILENCE,
    WITHOUT_PIPELINING,
    BluntMailServer,
)
from tests.rigs.notify import Office, a_round
from tests.support.clock import FakeClock
from tests.support.database import Database

ENVELOPE = ["MAIL", "RCPT", "DATA"]
ENDLESS_LINE = b"250 " + b"x" * 100_000
ENDLESS_LINES = b"250-on and on\r\n" * 10_000
NO_REPLY = b"Bad Request\r\n"
OFFERED = pytest.mark.parametrize("pipelining", [True, False], ids=["offered", "not-offered"])


@pytest_asyncio.fixture
async def server() -> AsyncIterator[BluntMailServer]:
    made = BluntMailServer()
    await made.start()
    yield made
    await made.stop()


@pytest_asyncio.fixture
async def portal(
    office: Office, database: Database, server: BluntMailServer, clock: FakeClock
) -> AsyncIterator[Office]:
    """A replica that sends to this server, over one connection and with little patience."""
    made = Office.opened(
        database,
        clock,
        smtp_url=f"smtp://127.0.0.1:{server.port}",
        smtp_connections="1",
        smtp_command_seconds="0.5",
        smtp_dot_seconds="0.5",
    )
    yield made
    await made.close()


def offering(server: BluntMailServer, *, pipelining: bool) -> None:
    if not pipelining:
        server.says.update(WITHOUT_PIPELINING)


async def attempted(portal: Office) -> tuple[str, str, int | None]:
    """What the only attempt came to."""
    (attempt,) = await portal.attempts()
    return attempt


@OFFERED
async def test_a_mail_costs_three_commands_and_no_other(
    portal: Office, server: BluntMailServer, pipelining: bool
) -> None:
    offering(server, pipelining=pipelining)
    await file_locks(portal, 3)

    await portal.send_all()

    assert server.heard == ["EHLO", "EHLO", *ENVELOPE * 3]
    assert len(server.mails) == 3
    assert await portal.ledger() == [("sent", None)] * 3


async def test_where_it_is_offered_the_envelope_waits_for_no_reply(
    portal: Office, server: BluntMailServer
) -> None:
    server.together = True  # says nothing before all three are there
    await file_locks(portal, 2)

    await portal.send_all()

    assert await portal.ledger() == [("sent", None)] * 2


@OFFERED
async def test_replies_in_single_bytes_are_read(
    portal: Office, server: BluntMailServer, pipelining: bool
) -> None:
    offering(server, pipelining=pipelining)
    server.in_bytes = True
    await file_locks(portal, 2)

    await portal.send_all()

    assert await portal.ledger() == [("sent", None)] * 2
    assert server.connections == 1


@pytest.mark.proves("NT-5", "NT-6")
@OFFERED
@pytest.mark.parametrize(
    ("command", "said", "state", "attempt"),
    [
        ("MAIL", b"451 4.3.0 later\r\n", "queued", ("before-dot", "deferred", 451)),
        ("MAIL", b"550 5.7.1 not you\r\n", "queued", ("before-dot", "deferred", 550)),
        ("RCPT", b"550 5.2.1 gone\r\n", "failed", ("before-dot", "refused", 550)),
        ("RCPT", b"450 4.2.0 greylisted\r\n", "queued", ("before-dot", "deferred", 450)),
        ("RCPT", b"252 perhaps\r\n", "queued", ("before-dot", "deferred", 252)),
        ("DATA", b"554 5.5.1 no\r\n", "queued", ("before-dot", "deferred", 554)),
        ("DATA", b"250 so be it\r\n", "queued", ("before-dot", "deferred", 250)),
        ("DATA", b"421 4.3.2 closing\r\n", "queued", ("before-dot", "deferred", 421)),
        *(
            (command, said, "queued", ("before-dot", "deferred", None))
            for command in ENVELOPE
            for said in (HANG_UP, SILENCE, ENDLESS_LINE, ENDLESS_LINES, NO_REPLY)
        ),
        (DOT, b"452 4.3.1 full\r\n", "queued", ("answered", "deferred", 452)),
        (DOT, b"554 5.6.0 not this\r\n", "queued", ("answered", "deferred", 554)),
        (DOT, b"354 go on\r\n", "unknown", ("answered", "unanswered", 354)),
        *(
            (DOT, said, "unknown", ("after-dot", "unanswered", None))
            for said in (HANG_UP, SILENCE, ENDLESS_LINE, ENDLESS_LINES, NO_REPLY)
        ),
    ],
)
async def test_content_follows_an_envelope_that_was_agreed_to_and_no_other(
    portal: Office,
    server: BluntMailServer,
    pipelining: bool,
    command: str,
    said: bytes,
    state: str,
    attempt: tuple[str, str, int | None],
) -> None:
    """Whatever it says to DATA besides: where RCPT is refused, it is 354 here."""
    offering(server, pipelining=pipelining)
    server.says[command] = said
    await file_communications(portal)

    await a_round(portal.communications)

    assert await attempted(portal) == attempt
    assert [found for found, _ in await portal.ledger()] == [state]
    assert len(server.mails) == (1 if command == DOT else 0)
    assert not any(server.cut_off)  # not one byte of content


@pytest.mark.proves("NT-5")
@OFFERED
@pytest.mark.parametrize("command", ENVELOPE)
async def test_a_word_on_a_mail_that_came_before_the_mail_is_none(
    portal: Office, server: BluntMailServer, pipelining: bool, command: str
) -> None:
    offering(server, pipelining=pipelining)
    server.says[command] = POLITE[command] + POLITE[DOT]
    await file_communications(portal)

    await a_round(portal.communications)

    assert [state for state, _ in await portal.ledger()] == ["queued"]
    assert server.mails == []
    assert not any(server.cut_off)


async def test_after_a_refusal_the_next_mail_goes_over_a_fresh_connection(
    portal: Office, server: BluntMailServer
) -> None:
    server.says["RCPT"] = b"550 5.2.1 gone\r\n"
    await file_locks(portal)
    await portal.send_all()

    del server.says["RCPT"]
    await file_locks(portal)
    await portal.send_all()

    assert server.connections == 2
    assert len(server.mails) == 1
    assert sorted(await portal.ledger()) == [("failed", "refused"), ("sent", None)]


async def test_an_acceptance_before_a_reset_counts_and_costs_the_next_mail_nothing(
    portal: Office, server: BluntMailServer
) -> None:
    server.resets = True
    await file_locks(portal, 3)

    await portal.send_all()

    assert server.connections == len(server.mails) == 3
    assert {outcome for _, outcome, _ in await portal.attempts()} == {"accepted"}


async def test_a_server_that_ends_while_the_dot_is_marked_got_no_mail(
    portal: Office, server: BluntMailServer
) -> None:
    await file_communications(portal)
    marked = portal.communications.mark

    async def mark(dot: object) -> bool:
        done = await marked(dot)  # type: ignore[arg-type]
        await server.stop()
        await server.start()
        return done

    await a_round(replace(portal.communications, mark=mark))  # type: ignore[arg-type]

    assert await attempted(portal) == ("after-dot", "deferred", None)
    assert [state for state, _ in await portal.ledger()] == ["queued"]
    assert server.mails == []


async def test_a_local_part_beyond_ascii_goes_as_it_is_where_the_server_takes_it(
    portal: Office, server: BluntMailServer
) -> None:
    await portal.file(events.locked(events.new_account(), f"jürgen.{ADDRESS}"))

    await portal.send_all()

    assert await portal.ledger() == [("sent", None)]
    assert f"jürgen.{ADDRESS}".encode() in server.mails[0]
