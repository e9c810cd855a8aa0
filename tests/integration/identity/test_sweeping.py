"""What is long over is forgotten: links, tokens, counts (ID-6, EN-1, RC-3)."""

import pytest

from tests.builders.practices import Postman, PracticeDesk, enrol
from tests.rigs.identity import PASSWORD, Identity, Recovery

pytestmark = pytest.mark.proves("V14.2.7")
ROWS = {
    "verification links": "one_time_secrets WHERE purpose = 'email-verification'",
    "verification mails": "limits WHERE purpose = 'verification-mail'",  # of account and address
    "enrolment tokens": "one_time_secrets WHERE purpose = 'enrolment-token'",
    "refused passwords": "limits WHERE purpose = 'refused-password'",
}


async def left(identity: Identity) -> dict[str, int]:
    """How many rows of each there are after a round."""
    for name in ("one-time-secrets", "limits"):
        await identity.loop(name).once()
    return {what: len(await identity.rows(f"SELECT FROM {rows}")) for what, rows in ROWS.items()}


async def test_each_is_kept_as_long_as_it_is_good_for_something(
    identity: Identity, desk: PracticeDesk, recovery: Recovery, postman: Postman
) -> None:
    token = await desk.a_token()  # 72 h
    person = await identity.an_account()
    access = (await identity.log_on(person.username)).body["access_token"]
    await identity.call("POST", "/account/email", {"address": "a@mail.example"}, token=access)
    grant = await recovery.grant(person)
    await identity.reset(grant, PASSWORD)
    await identity.reset(grant, "Copper!Lantern-9")

    found = []
    for days in (0.99, 0.01, 1.0, 28.0, 60.0, 3.0):
        identity.clock.advance(days=days)
        found.append(await left(identity))

    assert [list(one.values()) for one in found] == [
        [1, 2, 1, 1],
        [1, 0, 1, 1],
        [0, 0, 1, 1],
        [0, 0, 1, 0],
        [0, 0, 1, 0],
        [0, 0, 0, 0],
    ]
    assert (await enrol(identity, token)).code == "token_invalid"
