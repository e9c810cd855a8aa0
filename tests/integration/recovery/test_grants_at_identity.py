"""A link's grant at identity (RC-3): whatever else is brought there for it uses nothing up."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

import jwt
import pytest
import pytest_asyncio

from shared.trust.grants import GrantAct, GrantIssuer, Verb
from shared.trust.keys import KEYS_CHANGED
from tests.rigs.identity import Identity, Person, identity_service
from tests.rigs.recovery import EMAIL, ISSUER, USERNAME, Recovery, an_account
from tests.rigs.replica import Answer
from tests.support.clock import FakeClock
from tests.support.database import Database

GOOD, TOO_SHORT = "Copper!Lantern-5821", "Cop!1"


@pytest_asyncio.fixture
async def beside(
    recovery: Recovery, database: Database, clock: FakeClock
) -> AsyncIterator[Identity]:
    """Identity on the same database, which has heard of recovery's keys."""
    key = KEYS_CHANGED["recovery"].routing_key
    async with identity_service(database, clock) as identity:
        for row in await recovery.rows("SELECT body FROM outbox WHERE routing_key = $1", key):
            await identity.trust.hear("recovery", row["body"])
        yield identity


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    """A grant that is one of ours, but none to set a password here."""

    act: GrantAct
    audience: str
    code: str
    by: str = "recovery"
    verb: Verb | None = None


WRONG_ACT, WRONG_SERVICE = "grant_wrong_act", "grant_wrong_service"
WRONG: Mapping[str, Wrong] = {
    "that five questions were set": Wrong(
        act=GrantAct.QUESTIONS_SET, audience="identity", code=WRONG_ACT
    ),
    "to set a password elsewhere": Wrong(
        act=GrantAct.PASSWORD_SET, audience="merge", code=WRONG_SERVICE
    ),
    "that an account to be merged is hers": Wrong(
        by="identity", act=GrantAct.ACCOUNT_OWNED, audience="identity", code=WRONG_ACT
    ),
    "that she gave her password again": Wrong(
        by="identity",
        act=GrantAct.REAUTHENTICATED,
        verb=Verb.PASSWORD,
        audience="identity",
        code=WRONG_ACT,
    ),
    "that a practice's secret is hers": Wrong(
        by="identity", act=GrantAct.ENROLMENT, audience="identity", code=WRONG_ACT
    ),
}


async def made(
    wrong: Wrong, person: Person, jti: str, *, recovery: Recovery, identity: Identity
) -> str:
    """Signed with the very keys of who may sign such a one, with the same proof's id."""
    now = recovery.clock.now()
    own_keys = {"recovery": recovery.own_keys, "identity": identity.own_keys}[wrong.by]
    return await GrantIssuer(issuer=f"{ISSUER}/{wrong.by}", own_keys=own_keys).issue(
        jti=jti,
        act=wrong.act,
        audience=(f"{ISSUER}/{wrong.audience}",),
        subject=person.id,
        security_version=1,
        route="link",
        now=now,
        expires_at=now + timedelta(minutes=10),
        verb=wrong.verb,
        account_version=1,
    )


@pytest.mark.proves("RC-3")
@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
async def test_a_grant_of_another_kind_is_refused_and_the_right_one_of_its_proof_is_as_good_after(
    recovery: Recovery, beside: Identity, wrong: Wrong
) -> None:
    person = await beside.an_account(USERNAME, email=EMAIL)
    await recovery.knows(an_account(account_id=person.id))
    mail = await recovery.asks_and_is_mailed()
    right = await redeemed(recovery, mail.token)
    jti = jwt.decode(right, options={"verify_signature": False})["jti"]
    grant = await made(wrong, person, jti, recovery=recovery, identity=beside)

    refused = [await beside.reset(grant, password) for password in [TOO_SHORT] * 5 + [GOOD]]
    left = [await beside.rows(f"SELECT * FROM {table}") for table in ("limits", "spent_grants")]  # noqa: S608 - ours
    tried = [await beside.reset(right, TOO_SHORT) for _ in range(4)]
    done = await beside.reset(right, GOOD)

    assert {one.refused() for one in refused} == {(400, wrong.code)}
    assert left == [[], []]
    assert {one.code for one in tried} == {
        "password_unacceptable"
    }  # of five, of which none was lost
    assert done.status == 200, done.body
    assert (await beside.log_on(USERNAME, GOOD)).status == 201


async def redeemed(recovery: Recovery, token: str) -> str:
    answer: Answer = await recovery.call("POST", "/resets/links/redeem", {"token": token})
    assert answer.status == 200, answer.body
    return str(answer.body["grant"])
