"""One account, two actors and a clock: whatever they do, these things hold (SE-1, SE-3, MF-3)."""

import asyncio

import pytest

from tests.race.one_account.race import do_each, play
from tests.support import database as databases

LIVES = 40
STEPS = 40
EACH = {
    "password.change",
    "password.reset",
    "username.change",
    "email.claim",
    "email.verify",
    "enrol.existing-account",
    "second-step.take",
    "two-step.set-up",
    "two-step.confirm",
    "two-step.turn-on",
    "two-step.change-mode",
    "two-step.turn-off",
    "two-step.reset",
    "recovery-codes.make",
    "device.trust",
    "device.revoke",
    "device.void",
    "passkey.make",
    "passkey.remove",
    "passkeys.keep",
    "log-on.passkey",
    "session.end",
    "session.revoke",
    "account.freeze",
    "account.thaw",
    "account.merge",
    "account.unlock",
    "patient.un-enrol",
    "patient.re-activate",
    "questions.hear",
    "device.rename",
    "log-on by the account e-mail",
    "practice added by name",
    "e-mail link, too late",
    "not me, too late",
    "trust, too late",
}


@pytest.mark.timeout(300)
@pytest.mark.proves("SE-1", "SE-3", "MF-1", "MF-3", "MF-4", "ID-2", "ID-6", "ID-7", "RC-10", "AU-1")
@pytest.mark.proves("LG-2", "LG-3", "UN-4")
async def test_whatever_a_holder_and_a_thief_do_no_secret_or_session_is_good_for_more_than_it_is(
    database: databases.Database,
) -> None:
    await asyncio.to_thread(play, database, examples=LIVES, steps=STEPS, chance=False)


@pytest.mark.proves("MF-2", "MF-8", "MF-9", "MF-10", "EN-5", "RC-8", "RC-9", "MG-5")
@pytest.mark.proves("LG-1", "LG-2", "UN-1", "UN-3", "UN-4", "ID-6")
async def test_each_thing_that_can_be_done_with_an_account_is_on_record_and_told_as_it_is_done(
    database: databases.Database,
) -> None:
    """So what is tried above is not refused for want of trying."""
    done = await asyncio.to_thread(do_each, database)

    assert set(done) == EACH
