"""RC-3, asking for a link: the same reply, whoever the name belongs to."""

import asyncio

import pytest

from shared.contracts.identity import AccountState
from tests.rigs.recovery import EMAIL, USERNAME, Recovery, an_account
from tests.support.clock import FakeClock


async def whole_reply(recovery: Recovery, name: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body, with what differs between any two requests taken out."""
    async with recovery.client.post("/resets/links", json={"name": name}) as reply:
        headers = {
            key: value
            for key, value in reply.headers.items()
            if key not in ("Date", "Correlation-Id", "traceparent")
        }
        return reply.status, headers, await reply.read()


@pytest.mark.proves("V6.3.8", "RC-3")
@pytest.mark.parametrize(
    "name",
    [USERNAME, EMAIL, "nobody.at.all", "nobody@mail.example", "frozen.one", "mailless", " \t", "'"],
)
async def test_hit_and_miss_get_the_same_whole_reply(recovery: Recovery, name: str) -> None:
    await recovery.knows(an_account())
    await recovery.knows(an_account(username="frozen.one", email=None, state=AccountState.FROZEN))
    await recovery.knows(an_account(username="mailless", email=None))

    first = await whole_reply(recovery, "juniper.hale.is.not.here")
    other = await whole_reply(recovery, name)

    assert first[0] == 202
    assert other == first


@pytest.mark.proves("RC-3")
async def test_the_same_row_is_written_for_hit_and_miss(recovery: Recovery) -> None:
    await recovery.knows(an_account())

    await whole_reply(recovery, USERNAME)
    await whole_reply(recovery, "nobody.at.all")

    rows = await recovery.rows("SELECT * FROM link_requests")
    assert len(rows) == 2
    assert {row["requested_at"] for row in rows} == {recovery.clock.now()}
    assert {row["due_at"] for row in rows} == {recovery.clock.now()}
    assert {len(row["name_digest"]) for row in rows} == {32}


async def test_what_was_typed_is_not_kept(recovery: Recovery) -> None:
    await whole_reply(recovery, "My-Passw0rd-by-mistake")

    [row] = await recovery.rows("SELECT r::text AS whole FROM link_requests r")
    assert "passw0rd" not in row["whole"].casefold()


async def test_a_limit_that_is_reached_changes_nothing_in_the_reply(recovery: Recovery) -> None:
    await recovery.knows(an_account())
    first = await whole_reply(recovery, USERNAME)
    await recovery.tick()

    again = await whole_reply(recovery, USERNAME)

    assert again == first


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "malformed_json"),
        (b"{}", "body_invalid"),
        (b'{"name": 7}', "body_invalid"),
        (b'{"name": ""}', "body_invalid"),
        (b'{"name": "a", "email": "b"}', "body_invalid"),
        (b'{"name": "' + b"n" * 321 + b'"}', "body_invalid"),
        (b'{"name": "\\ud800"}', None),
        (b'{"name": "a\\u0000b"}', None),
    ],
)
async def test_a_bad_body_is_told_by_its_field_and_asks_for_nothing(
    recovery: Recovery, body: bytes, code: str | None
) -> None:
    headers = {"Content-Type": "application/json"}
    async with recovery.client.post("/resets/links", data=body, headers=headers) as reply:
        problem = await reply.json()

    assert 400 <= reply.status < 500
    assert code is None or problem["code"] == code
    assert await recovery.rows("SELECT FROM link_requests") == []


@pytest.mark.proves("RC-3")
async def test_thirty_two_parallel_requests_are_one_mail(
    recovery: Recovery, second: Recovery
) -> None:
    await recovery.knows(an_account())

    await asyncio.gather(*(whole_reply(recovery, USERNAME) for _ in range(32)))
    await asyncio.gather(*(side.tick() for side in (recovery, second) * 4))

    assert len(await recovery.mails()) == 1
    assert await recovery.rows("SELECT FROM link_requests") == []


async def test_a_request_is_answered_while_nobody_works_on_it(
    recovery: Recovery, clock: FakeClock
) -> None:
    status, _, _ = await whole_reply(recovery, USERNAME)

    assert status == 202
    assert await recovery.mails() == []
    assert len(await recovery.rows("SELECT FROM link_requests")) == 1
