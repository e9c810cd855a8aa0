"""Whatever changes a credential is told with a link "this was not me" to each (RC-9).

Looked at from both sides: what each of identity's verbs does to the credentials that there are, and
each event that tells of such a change. So neither a new verb nor a new event can be forgotten.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, cast
from uuid import UUID

import msgspec
import pytest
import pytest_asyncio

from shared.contracts import identity as contracts
from shared.contracts.catalogue import published_by
from shared.contracts.contract import Contract
from shared.contracts.envelope import Envelope
from shared.contracts.identity import LINKS_ELSEWHERE, CredentialChanged
from shared.contracts.sealed import Sealed, SealPurpose
from tests.builders.freezes import freeze
from tests.builders.passkeys import a_holder
from tests.builders.two_step import code_of, confirm, set_up, turned_on
from tests.conformance.examples.identity import IdentityStage
from tests.conformance.stage import example, send
from tests.conformance.stages import Stages
from tests.conformance.verbs import NAMED, Verb, those

pytestmark = pytest.mark.proves("RC-9")
EMAIL, OTHER = "june@mail.example", "june@elsewhere.example"
CREDENTIALS = """
    SELECT a.id, row_to_json(x)::text AS credentials FROM accounts a CROSS JOIN LATERAL (
        SELECT a.username, a.password_hash, a.security_version, a.questions_set, a.state,
            (SELECT e.address FROM account_emails e
                WHERE e.account_id = a.id AND e.state = 'verified') AS email,
            (SELECT json_agg(json_build_array(t.on_since, t.mode, t.app_sealed, t.codes_salt))
                FROM two_steps t WHERE t.account_id = a.id AND t.on_since IS NOT NULL) AS two_step,
            (SELECT json_agg(p.id ORDER BY p.id) FROM passkeys p
                WHERE p.account_id = a.id AND p.ended_at IS NULL) AS passkeys
    ) AS x
"""
OTHERWISE = {
    "freeze_account": "its holder has just said so, by such a link; those of before are void",
    "thaw_account": "a practice opens what was shut by one: no credential comes with it (RC-5)",
}


@pytest_asyncio.fixture
async def identity_stage(stages: Stages) -> IdentityStage:
    """Identity, where no verb is named."""
    return cast(IdentityStage, (await stages.of("identity")).stage)


@pytest.mark.parametrize("verb", those(lambda verb: verb.service == "identity" and verb.writes))
async def test_a_verb_that_changes_a_credential_tells_so_with_its_links(
    verb: Verb, stage: IdentityStage
) -> None:
    good = await example(stage, verb)
    before = await credentials(stage)
    await stage.replica.rows("DELETE FROM outbox")

    await send(stage, verb, good)

    after = await credentials(stage)
    changed = {one for one, was in before.items() if after[one] != was}
    told = [data for _, data in await told_of(stage, *REPUDIABLE)]
    expected = set() if verb.name in OTHERWISE else changed
    assert {data.account_id for data in told} == expected
    assert len(told) == len(expected)
    for data in told:
        assert_a_link_for_each(data)
    assert bool(changed) or verb.name not in OTHERWISE


REPUDIABLE: Sequence[Contract[Any]] = [
    contract
    for contract in published_by("identity")
    if issubclass(contract.data, CredentialChanged)
]
RETIRED = {contracts.PASSWORD_RESET_BY_LINK: "a release before this one told so of links"}


async def by_example(stage: IdentityStage, name: str) -> None:
    good = await example(stage, NAMED[name])
    assert (await send(stage, NAMED[name], good)).status < 300


async def email_changed(stage: IdentityStage) -> None:
    for address in (EMAIL, OTHER):
        june = await a_session(stage)
        body: dict[str, str] = {"address": address}
        if address is OTHER:
            body["reauthenticated"] = await stage.proof(june, "email")
        await stage.replica.call("POST", "/account/email", body, token=june)
        *_, link = await stage.postman.tokens("email-verification-requested")
        said = {"token": link}
        answer = await stage.replica.call("POST", "/account/email/verify", said, token=june)
        assert answer.status == 200, answer.body


async def a_session(stage: IdentityStage) -> str:
    """Of one and the same person."""
    name = "june.of.the.links"
    if not await stage.replica.rows("SELECT FROM accounts WHERE username = $1", name):
        await stage.replica.an_account(name)
    return await stage.opened(name)


async def app_replaced(stage: IdentityStage) -> None:
    person = await turned_on(stage.replica, await stage.replica.an_account(email=EMAIL))
    token = await person.logged_on()
    proof = await person.proof(token, "two-step")
    secret = (await set_up(stage.replica, token, reauthenticated=proof)).body["secret"]
    answer = await confirm(stage.replica, token, code_of(secret, stage.replica.clock.now()))
    assert answer.status == 200, answer.body


async def passkey_made(stage: IdentityStage) -> None:
    june = await a_holder(stage.replica, await stage.replica.an_account(email=EMAIL))
    await june.made()


async def passkey_removed(stage: IdentityStage) -> None:
    june = await a_holder(stage.replica, await stage.replica.an_account(email=EMAIL))
    assert (await june.remove(await june.made())).status == 204


def by(verb: str) -> Callable[[IdentityStage], Awaitable[None]]:
    return lambda stage: by_example(stage, verb)


HOW: Mapping[Contract[Any], Callable[[IdentityStage], Awaitable[None]]] = {
    contracts.ACCOUNT_EMAIL_CHANGED: email_changed,
    contracts.ACCOUNT_EMAIL_VERIFIED: by("verify_email"),
    contracts.AUTHENTICATOR_APP_REPLACED: app_replaced,
    contracts.PASSKEY_MADE: passkey_made,
    contracts.PASSKEY_REMOVED: passkey_removed,
    contracts.PASSWORD_CHANGED: by("change_password"),
    contracts.PASSWORD_RESET: by("reset_password"),
    contracts.RECOVERY_CODES_MADE: by("make_recovery_codes"),
    contracts.SECURITY_QUESTIONS_CHANGED: by("hear_questions"),
    contracts.TWO_STEP_MODE_CHANGED: by("change_two_step_mode"),
    contracts.TWO_STEP_RESET: by("reset_two_step"),
    contracts.TWO_STEP_TURNED_OFF: by("turn_off_two_step"),
    contracts.TWO_STEP_TURNED_ON: by("confirm_app"),
    contracts.USERNAME_CHANGED: by("change_username"),
}
"""How each is brought about; whoever adds one says so here, or it fails."""


@pytest.mark.parametrize(
    "contract", [one for one in REPUDIABLE if one not in RETIRED], ids=lambda one: one.name
)
async def test_an_event_of_a_changed_credential_has_a_link_that_freezes_for_each(
    contract: Contract[Any], identity_stage: IdentityStage
) -> None:
    stage = identity_stage
    await HOW[contract](stage)

    (envelope, data) = (await told_of(stage, contract))[-1]
    assert_a_link_for_each(data)
    links = [await opened(stage, envelope, sealed) for sealed in data.not_me]
    assert len(set(links)) == len(links)
    born = await birth_date(stage, data.account_id)
    assert (await freeze(stage.replica, links[-1], born)).status == 204
    assert (await freeze(stage.replica, links[0], born)).code == "link_invalid"


def assert_a_link_for_each(data: CredentialChanged) -> None:
    """One is sealed to each address; without an account e-mail, or where the first one is new, so
    many to the account itself, for the addresses that notify alone knows.
    """
    elsewhere = not data.recipients or isinstance(data, contracts.AccountEmailVerified)
    whom = [*data.recipients, *[str(data.account_id)] * (LINKS_ELSEWHERE if elsewhere else 0)]
    assert sorted(sealed.recipient for sealed in data.not_me) == sorted(whom)
    assert {sealed.purpose for sealed in data.not_me} == {SealPurpose.NOT_ME}


async def credentials(stage: IdentityStage) -> Mapping[UUID, str]:
    """What each account is opened by."""
    rows = await stage.replica.rows(CREDENTIALS)
    return {row["id"]: row["credentials"] for row in rows}


async def birth_date(stage: IdentityStage, account_id: UUID) -> str:
    [row] = await stage.replica.rows(
        "SELECT p.birth_date FROM enrolments e JOIN patients p ON p.id = e.patient_id"
        " WHERE e.account_id = $1",
        account_id,
    )
    return str(row["birth_date"])


async def told_of(
    stage: IdentityStage, *which: Contract[Any]
) -> Sequence[tuple[Envelope, CredentialChanged]]:
    """These events that wait in the outbox."""
    return [
        (envelope, msgspec.json.decode(envelope.data, type=contract.data))
        for contract in which
        for envelope in await stage.replica.envelopes(contract)
    ]


async def opened(stage: IdentityStage, envelope: Envelope, sealed: Sealed) -> str:
    """As notify opens it at the moment of sending."""
    return str(await stage.postman._open(envelope.id, msgspec.to_builtins(sealed)))
