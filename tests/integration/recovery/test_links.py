"""RC-3, the link: how long it opens something, and what ends it."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from services.recovery.grants.grants import RecoveryGrant
from services.recovery.grants.model import Ends
from services.recovery.links.errors import LinkInvalid
from shared.acts import By
from shared.audit.entries import Origin
from shared.contracts.identity import AccountState
from shared.messaging.subscriptions import Undeliverable
from shared.randomness import Randomness
from shared.trust.grants import Grant, GrantAct, GrantChecker
from tests.rigs.recovery import ISSUER, USERNAME, LinkMail, Recovery, an_account
from tests.support.clock import FakeClock

Brought = Callable[[Recovery, LinkMail], Awaitable[str]]


@pytest_asyncio.fixture
async def mail(recovery: Recovery) -> LinkMail:
    """The mail to somebody who has just asked for a link."""
    await recovery.knows(an_account())
    return await recovery.asks_and_is_mailed()


async def redeem(recovery: Recovery, token: str) -> RecoveryGrant:
    origin = Origin(actor="anonymous", source="192.0.2.1", correlation_id=Randomness().uuid())
    return await recovery.features.links.links.redeem(
        token, by=By(origin=origin, now=recovery.clock.now())
    )


async def checked(recovery: Recovery, redeemed: RecoveryGrant) -> Grant:
    """What identity's checker reads in the grant, by recovery's own published key."""
    checker = GrantChecker(
        issuer=ISSUER, service="identity", public_keys=recovery.plumbing.public_keys
    )
    return await checker.check(redeemed.grant, act=GrantAct.PASSWORD_SET, now=recovery.clock.now())


async def told(recovery: Recovery, token: str) -> tuple[int, str]:
    """Status and code of the reply to redeeming."""
    async with recovery.client.post("/resets/links/redeem", json={"token": token}) as reply:
        body = await reply.json()
        return reply.status, body.get("code", "")


@pytest.mark.proves("RC-3")
async def test_a_live_link_gives_a_grant_to_set_this_accounts_password(
    recovery: Recovery,
) -> None:
    account_id = await recovery.knows(an_account(security_version=7))
    mail = await recovery.asks_and_is_mailed()

    grant = await checked(recovery, await redeem(recovery, mail.token))

    [link] = await recovery.rows("SELECT id FROM one_time_secrets")
    assert grant.jti == str(link["id"])
    assert (grant.account_id, grant.security_version) == (account_id, 7)
    assert (grant.act, grant.route) == (GrantAct.PASSWORD_SET, "link")
    assert grant.issuer == f"{ISSUER}/recovery"


@pytest.mark.proves("RC-3")
async def test_a_grant_comes_with_the_username_and_where_the_reset_ends(
    recovery: Recovery, mail: LinkMail
) -> None:
    redeemed = await redeem(recovery, mail.token)

    assert (redeemed.username, redeemed.ends) == (USERNAME, Ends.HOME)


@pytest.mark.proves("RC-3")
async def test_a_link_lives_its_sixty_minutes_and_no_longer(
    recovery: Recovery, mail: LinkMail, clock: FakeClock
) -> None:
    clock.advance(minutes=59, seconds=59)
    last = await redeem(recovery, mail.token)
    clock.advance(seconds=1)

    assert last.expires_in == 1
    with pytest.raises(LinkInvalid):
        await redeem(recovery, mail.token)


@pytest.mark.proves("RC-3")
async def test_a_grant_lives_ten_minutes_and_never_beyond_its_link(
    recovery: Recovery, mail: LinkMail, clock: FakeClock
) -> None:
    early = await redeem(recovery, mail.token)
    clock.advance(minutes=55)
    late = await redeem(recovery, mail.token)

    grant = await checked(recovery, late)
    assert (early.expires_in, late.expires_in) == (600, 300)
    assert grant.expires_at == mail.data.link_expires_at == clock.now() + timedelta(minutes=5)


@pytest.mark.proves("V7.6.2", "RC-3")
async def test_redeeming_uses_nothing_up_and_every_grant_is_of_one_proof(
    recovery: Recovery,
    mail: LinkMail,
) -> None:
    grants = [await redeem(recovery, mail.token) for _ in range(3)]

    [link] = await recovery.rows("SELECT state FROM one_time_secrets")
    assert {(await checked(recovery, grant)).jti for grant in grants} == {
        (await checked(recovery, grants[0])).jti
    }
    assert link["state"] == "live"


@pytest.mark.proves("RC-3")
async def test_older_link_dies_when_a_new_one_is_sent(
    recovery: Recovery, mail: LinkMail, clock: FakeClock
) -> None:
    clock.advance(minutes=1)

    newer = await recovery.asks_and_is_mailed()

    with pytest.raises(LinkInvalid):
        await redeem(recovery, mail.token)
    assert (await redeem(recovery, newer.token)).expires_in == 600


@pytest.mark.proves("RC-3")
async def test_a_link_is_used_up_when_identity_accepts_the_password(
    recovery: Recovery, mail: LinkMail
) -> None:
    grant = await checked(recovery, await redeem(recovery, mail.token))

    await recovery.password_was_reset(mail.data.account_id, grant.jti)
    await recovery.password_was_reset(mail.data.account_id, grant.jti)  # told twice

    [link] = await recovery.rows("SELECT state FROM one_time_secrets")
    assert link["state"] == "used"
    with pytest.raises(LinkInvalid):
        await redeem(recovery, mail.token)


async def test_a_superseded_link_may_still_turn_out_used(
    recovery: Recovery, mail: LinkMail, clock: FakeClock
) -> None:
    grant = await checked(recovery, await redeem(recovery, mail.token))
    clock.advance(minutes=1)
    await recovery.asks_and_is_mailed()

    await recovery.password_was_reset(mail.data.account_id, grant.jti)

    states = await recovery.rows("SELECT state FROM one_time_secrets ORDER BY issued_at")
    assert [row["state"] for row in states] == ["used", "live"]


@pytest.mark.proves("RC-3")
@pytest.mark.parametrize("change", [{"security_version": 2}, {"state": AccountState.FROZEN}])
async def test_a_change_of_credentials_or_a_freeze_voids_the_link_once_heard_of(
    recovery: Recovery, mail: LinkMail, change: dict[str, Any]
) -> None:
    await recovery.knows(an_account(account_id=mail.data.account_id, **change))

    with pytest.raises(LinkInvalid):
        await redeem(recovery, mail.token)


async def test_a_grant_keeps_the_security_version_of_the_links_beginning(
    recovery: Recovery,
) -> None:
    """An older snapshot that comes late must not make the proof younger or older than it is."""
    account_id = await recovery.knows(an_account(security_version=4), version=9)
    mail = await recovery.asks_and_is_mailed()

    await recovery.knows(an_account(account_id=account_id, security_version=3), version=8)

    assert (await checked(recovery, await redeem(recovery, mail.token))).security_version == 4


@pytest.mark.proves("V6.3.2", "RC-3")
async def test_opening_the_link_consumes_nothing(recovery: Recovery, mail: LinkMail) -> None:
    for method in ("GET", "HEAD"):
        async with recovery.client.request(
            method, "/resets/links/redeem", params={"token": mail.token}
        ) as reply:
            assert reply.status == 405

    assert await told(recovery, mail.token) == (200, "")


async def expired(recovery: Recovery, mail: LinkMail) -> str:
    recovery.clock.advance(hours=1)
    return mail.token


async def superseded(recovery: Recovery, mail: LinkMail) -> str:
    recovery.clock.advance(minutes=1)
    await recovery.asks_and_is_mailed()
    return mail.token


async def used(recovery: Recovery, mail: LinkMail) -> str:
    grant = await checked(recovery, await redeem(recovery, mail.token))
    await recovery.password_was_reset(mail.data.account_id, grant.jti)
    return mail.token


async def of_a_frozen_account(recovery: Recovery, mail: LinkMail) -> str:
    frozen = an_account(account_id=mail.data.account_id, state=AccountState.FROZEN)
    await recovery.knows(frozen)
    return mail.token


async def of_another_way(recovery: Recovery, _: LinkMail) -> str:
    """A live secret of recovery's, which is none of a link."""
    fields = {"birth_date": "1988-04-17", "last_name": "Hale", "first_name": "Juniper"}
    said = {"username": USERNAME, "home_phone": "213 555 0142", **fields}
    return str((await recovery.call("POST", "/resets/validations", said)).body["challenge"])


async def of_nobody(recovery: Recovery, _: LinkMail) -> str:
    return Randomness().token()


@pytest.mark.proves("RC-3", "AU-1")
@pytest.mark.parametrize(
    "brought", [expired, superseded, used, of_a_frozen_account, of_another_way, of_nobody]
)
async def test_a_link_that_opens_nothing_leaves_a_row_about_nobody_and_uses_nothing_up(
    recovery: Recovery, mail: LinkMail, brought: Brought
) -> None:
    """It proves nothing, so it is in nobody's history; from where it came is known."""
    token = await brought(recovery, mail)
    before = await recovery.rows("SELECT * FROM one_time_secrets ORDER BY id")

    said, source = {"token": token}, recovery.a_source()
    answer = await recovery.call("POST", "/resets/links/redeem", said, source=source)

    assert answer.refused() == (422, "link_invalid")
    row = {"actor": "anonymous", "source": source, "action": "reset-link.redeem"}
    assert await recovery.refusals(answer) == [
        {**row, "outcome": "refused", "detail": "link_invalid"}
    ]
    assert await recovery.rows("SELECT * FROM one_time_secrets ORDER BY id") == before


@pytest.mark.parametrize("round_", range(10))
async def test_redeeming_beside_a_newer_link_ends_with_one_that_works(
    recovery: Recovery, mail: LinkMail, second: Recovery, clock: FakeClock, round_: int
) -> None:
    clock.advance(minutes=1)
    await recovery.ask(USERNAME)

    await asyncio.gather(
        second.tick(),
        *(redeem(recovery, mail.token) for _ in range(8)),
        return_exceptions=True,
    )

    newer = (await recovery.mails())[-1]
    live = await recovery.rows("SELECT FROM one_time_secrets WHERE state = 'live'")
    assert len(live) == 1
    assert await told(recovery, mail.token) == (422, "link_invalid")
    assert await told(recovery, newer.token) == (200, "")


async def test_a_proof_that_is_no_links_id_is_dead_lettered(recovery: Recovery) -> None:
    account_id = await recovery.knows(an_account())

    with pytest.raises(Undeliverable):
        await recovery.password_was_reset(account_id, "not an id")
    await recovery.password_was_reset(account_id, str(UUID(int=1)))  # swept meanwhile: no matter


async def left(recovery: Recovery) -> tuple[int, int]:
    """How many links and budgets there are after a round of both sweeps."""
    for name in ("one-time-secrets", "limits"):
        await recovery.loop(name).once()
    secrets = await recovery.rows("SELECT FROM one_time_secrets")
    return len(secrets), len(await recovery.rows("SELECT FROM limits"))


@pytest.mark.proves("V14.2.7")
async def test_expired_links_and_idle_budgets_are_swept_in_batches(
    recovery: Recovery, clock: FakeClock
) -> None:
    await recovery.knows(an_account())
    await recovery.asks_and_is_mailed()
    clock.advance(minutes=59, seconds=59)
    kept = await left(recovery)

    clock.advance(seconds=1)
    links = await left(recovery)
    clock.advance(hours=22, minutes=59, seconds=59)
    early = await left(recovery)
    clock.advance(seconds=1)

    assert (kept, links, early, await left(recovery)) == ((1, 1), (0, 1), (0, 1), (0, 0))
