"""ID-2: a username that was given up means its holder while identity keeps it for her."""

import base64

import pytest
from msgspec.structs import replace

from services.recovery.projections.features import stored_names
from shared.progress import Progress
from shared.trust.ciphers import KeyPair
from tests.rigs import recovery as rig
from tests.rigs.recovery import EMAIL, Recovery, an_account
from tests.support.clock import FakeClock
from tests.support.database import Database

pytestmark = pytest.mark.proves("ID-4")
ANOTHER = base64.b64encode(b"another key of digests, 32 bytes").decode()
OLD = "juniper.before"


@pytest.mark.parametrize("typed", [OLD, " JUNIPER.before", "juniper.hale"])
async def test_a_reserved_name_finds_its_holder(recovery: Recovery, typed: str) -> None:
    await recovery.knows(replace(an_account(), reserved=("another", OLD)))

    mail = await recovery.asks_and_is_mailed(typed)

    assert mail.data.recipients == (EMAIL,)


async def test_a_name_that_is_free_again_finds_nobody_and_then_its_next_holder(
    recovery: Recovery,
) -> None:
    account = an_account()
    await recovery.knows(replace(account, reserved=(OLD,)))
    await recovery.knows(account)
    await recovery.ask(OLD)
    await recovery.tick()
    assert await recovery.mails() == []

    next_holder = await recovery.knows(an_account(username=OLD, email="next@mail.example"))

    assert (await recovery.asks_and_is_mailed(OLD)).data.account_id == next_holder


async def test_another_digest_key_loses_no_reserved_name(
    recovery: Recovery, database: Database, clock: FakeClock, notify_key: KeyPair
) -> None:
    account = replace(an_account(), reserved=(OLD,))
    await recovery.knows(account)

    async with rig.replica(database, clock, notify_key, digest_key=ANOTHER) as changed:
        assert await stored_names(changed.plumbing).re_key(Progress(), by=changed.by()) == 1
        assert await stored_names(changed.plumbing).outdated() == 0
        assert (await changed.asks_and_is_mailed(OLD)).data.account_id == account.account_id
