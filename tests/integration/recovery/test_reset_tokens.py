"""RC-5: a token of eight digits, from a practice's desk to a grant for a new password."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Any

import msgspec
import pytest

from deploy.client.eventually import eventually
from services.recovery.grants.model import Ends
from services.recovery.practice_tokens.errors import (
    AccountFrozen,
    NoLiveResetToken,
    PatientNotEnrolled,
    ResetTokenInvalid,
    ResetTokenLimit,
)
from services.recovery.practice_tokens.issuing import IssuedResetToken
from services.recovery.practice_tokens.model import GivenResetToken, HandedOver
from services.recovery.practice_tokens.store import tokens
from services.recovery.projections.names import name_digest
from shared.contracts.envelope import Received
from shared.contracts.identity import AccountChanged, AccountState
from shared.contracts.ids import AccountId
from shared.contracts.practice_settings import PracticeSettings
from shared.contracts.recovery import RESET_TOKEN_ISSUED, ResetTokenIssued
from shared.db import Row
from shared.errors import NotFound
from shared.randomness import Randomness
from shared.trust.grants import Grant, GrantAct, GrantChecker
from tests.builders import events
from tests.builders.people import a_practice
from tests.builders.reset_tokens import Patient, a_patient, a_record
from tests.rigs.recovery import ISSUER, Recovery, a_merge
from tests.support.clock import FakeClock
from tests.support.database import Database
from tests.support.diagrams import arrows
from tests.support.hashing import meanwhile
from tests.support.statements import noted

INVALID = (422, "reset_token_invalid")
DONE = (200, "")


def another(token: str, by: int = 1) -> str:
    """Eight digits that are not these."""
    return f"{(int(token) + by) % 10**8:08}"


async def told(recovery: Recovery, username: str, token: str) -> tuple[int, str]:
    """Status and code of the reply to redeeming, from a source of its own."""
    said = {"username": username, "token": token}
    answer = await recovery.call("POST", "/resets/tokens/redeem", said)
    return answer.refused()


async def checked(recovery: Recovery, grant: str) -> Grant:
    """What identity's checker reads in the grant, by recovery's own published key."""
    checker = GrantChecker(
        issuer=ISSUER, service="identity", public_keys=recovery.plumbing.public_keys
    )
    return await checker.check(grant, act=GrantAct.PASSWORD_SET, now=recovery.clock.now())


async def states(recovery: Recovery) -> list[str]:
    rows = await recovery.rows("SELECT state FROM one_time_secrets ORDER BY issued_at, id")
    return [row["state"] for row in rows]


# ---- from the desk to the grant


@pytest.mark.proves("RC-5")
async def test_a_live_token_gives_a_grant_that_ends_at_the_home_page(recovery: Recovery) -> None:
    patient = await a_patient(recovery, security_version=7)
    issued = await patient.is_given()

    answer = await recovery.call(
        "POST", "/resets/tokens/redeem", {"username": patient.username, "token": issued.token}
    )

    grant = await checked(recovery, answer.body["grant"])
    [secret] = await recovery.rows("SELECT id FROM one_time_secrets")
    assert grant.jti == str(secret["id"])
    assert (grant.account_id, grant.security_version) == (patient.account_id, 7)
    assert (grant.act, grant.route) == (GrantAct.PASSWORD_SET, "practice-token")
    assert (answer.body["username"], answer.body["ends"]) == (patient.username, Ends.HOME)
    assert answer.body["expires_in"] == 600


@pytest.mark.proves("RC-7", "RC-5")
async def test_who_has_neither_address_nor_questions_gets_in_by_it(recovery: Recovery) -> None:
    patient = await a_patient(recovery, email=None)
    issued = await patient.is_given()

    assert await told(recovery, patient.username, issued.token) == DONE


@pytest.mark.proves("RC-5", "RC-9")
async def test_a_thawed_account_that_only_its_practice_resets_gets_in_by_it(
    recovery: Recovery,
) -> None:
    patient = await a_patient(recovery, reset_by_practice=True)
    issued = await patient.is_given()

    assert await told(recovery, patient.username, issued.token) == DONE


@pytest.mark.proves("RC-5")
async def test_a_token_has_eight_digits_and_those_in_front_may_be_zeros(
    recovery: Recovery, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient = await a_patient(recovery)
    monkeypatch.setattr(Randomness, "digits", lambda _, count: "0" * (count - 2) + "42")

    issued = await patient.is_given()

    assert issued.token == "00000042"
    assert await told(recovery, patient.username, "42") == INVALID
    assert await told(recovery, patient.username, "00000042") == DONE


@pytest.mark.proves("RC-5")
@pytest.mark.parametrize(
    "typed",
    ["04 71 17 02", "0471-1702", " 0471\u20131702\n", "\uff10471\u00a01702", "04.71/17_02"],
)
async def test_blanks_and_dashes_are_ignored(
    recovery: Recovery, monkeypatch: pytest.MonkeyPatch, typed: str
) -> None:
    patient = await a_patient(recovery)
    monkeypatch.setattr(Randomness, "digits", lambda *_: "04711702")
    await patient.is_given()

    assert await told(recovery, patient.username, typed) == DONE


@pytest.mark.proves("RC-5")
async def test_redeeming_uses_nothing_up_and_a_password_that_identity_took_does(
    recovery: Recovery,
) -> None:
    patient = await a_patient(recovery)
    issued = await patient.is_given()
    first = [await told(recovery, patient.username, issued.token) for _ in range(3)]
    [secret] = await recovery.rows("SELECT id FROM one_time_secrets")

    for _ in range(2):  # told twice
        await recovery.password_was_reset(patient.account_id, str(secret["id"]))

    assert first == [DONE] * 3
    assert await states(recovery) == ["used"]
    assert await told(recovery, patient.username, issued.token) == INVALID


@pytest.mark.proves("RC-5")
async def test_the_holder_is_told_of_a_token_and_not_the_token(recovery: Recovery) -> None:
    patient = await a_patient(recovery)

    issued = await patient.is_given()

    [event] = await recovery.envelopes(RESET_TOKEN_ISSUED)
    data = msgspec.json.decode(event.data, type=ResetTokenIssued)
    assert data.account_id == patient.account_id
    assert data.recipients == (patient.account.email,)
    assert (data.practice_name, data.practice_contact) == (events.ELM_STREET, events.CONTACT)
    assert (data.occurred_at, data.expires_at) == (recovery.clock.now(), issued.expires_at)
    assert issued.token not in str(await recovery.rows("SELECT o::text AS whole FROM outbox o"))


@pytest.mark.proves("RC-5")
async def test_of_a_token_a_slow_hash_is_kept_and_with_it_who_gave_it(recovery: Recovery) -> None:
    patient = await a_patient(recovery)

    issued = await patient.is_given(HandedOver.PHONE)

    [row] = await recovery.rows("SELECT *, t::text AS whole FROM practice_tokens t")
    assert row["hash"].startswith("$portico$hmac-sha384$")
    assert "$2b$" in row["hash"]
    assert (row["practice_id"], row["staff"]) == (patient.practice_id, "nurse-7")
    assert str(patient.patient_id) not in row["whole"]
    [secret] = await recovery.rows("SELECT *, s::text AS whole FROM one_time_secrets s")
    assert (secret["owner"], secret["sent_to"]) == (patient.account_id, "phone")
    assert issued.token not in row["whole"] + secret["whole"]
    quick = recovery.plumbing.digests.of("reset-token", issued.token)
    assert secret["digest"] != quick


# ---- how long it lives


@pytest.mark.proves("RC-5", "ST-2")
@pytest.mark.parametrize(
    ("settings", "handed_over", "life"),
    [
        ({}, HandedOver.IN_PERSON, timedelta(hours=24)),
        ({}, HandedOver.PHONE, timedelta(hours=24)),
        ({}, HandedOver.POST, timedelta(days=14)),
        ({"reset_token_hours": 1}, HandedOver.IN_PERSON, timedelta(hours=1)),
        ({"reset_token_hours": 168}, HandedOver.IN_PERSON, timedelta(days=7)),
        ({"reset_token_days_post": 21}, HandedOver.POST, timedelta(days=21)),
        # as another release may tell it: within the bounds of this one
        ({"reset_token_hours": 9000}, HandedOver.PHONE, timedelta(days=7)),
        ({"reset_token_days_post": 90}, HandedOver.POST, timedelta(days=21)),
        ({"reset_token_hours": 0}, HandedOver.PHONE, timedelta(hours=1)),
    ],
)
async def test_it_lives_as_long_as_its_practice_says_by_how_it_was_handed_over(
    recovery: Recovery,
    clock: FakeClock,
    settings: dict[str, Any],
    handed_over: HandedOver,
    life: timedelta,
) -> None:
    patient = await a_patient(recovery)
    told_so = events.practice(patient.practice_id, settings=PracticeSettings(**settings))
    await recovery.knows_practice(told_so, version=2)

    issued = await patient.is_given(handed_over)
    clock.advance(seconds=life.total_seconds() - 1)
    last = await told(recovery, patient.username, issued.token)
    clock.advance(seconds=1)

    assert issued.expires_at == clock.now()
    assert (last, await told(recovery, patient.username, issued.token)) == (DONE, INVALID)


@pytest.mark.proves("RC-5", "ST-2")
async def test_a_change_of_the_setting_counts_for_new_tokens_only(
    recovery: Recovery, clock: FakeClock
) -> None:
    patient = await a_patient(recovery)
    issued = await patient.is_given()
    shorter = events.practice(patient.practice_id, settings=PracticeSettings(reset_token_hours=1))
    await recovery.knows_practice(shorter, version=2)

    clock.advance(hours=23)

    assert await told(recovery, patient.username, issued.token) == DONE


@pytest.mark.proves("RC-5")
async def test_a_newer_token_voids_the_older_whichever_practice_gave_it(
    recovery: Recovery, clock: FakeClock
) -> None:
    patient = await a_patient(recovery)
    elsewhere = await patient.beside()
    older = await patient.is_given()
    clock.advance(seconds=1)

    newer = await elsewhere.is_given()

    assert await states(recovery) == ["superseded", "live"]
    assert await told(recovery, patient.username, older.token) == INVALID
    assert await told(recovery, patient.username, newer.token) == DONE


# ---- what ends it


async def frozen(patient: Patient) -> None:
    await patient.changed(state=AccountState.FROZEN, security_version=2)


async def thawed(patient: Patient) -> None:
    await frozen(patient)
    await patient.changed(security_version=2, reset_by_practice=True)


async def credentials_changed(patient: Patient) -> None:
    await patient.changed(security_version=2)


async def absorbed(patient: Patient) -> None:
    into = await a_patient(patient.recovery)
    await patient.recovery.merged(a_merge(patient.account_id, into=into.account_id))


async def un_enrolled(patient: Patient) -> None:
    await patient.un_enrolled()


async def voided(patient: Patient) -> None:
    await patient.voids()


@pytest.mark.proves("RC-5", "RC-9", "MG-5")
@pytest.mark.parametrize(
    "happens", [frozen, thawed, credentials_changed, absorbed, un_enrolled, voided]
)
async def test_it_ends_with_what_it_rests_on(recovery: Recovery, happens: Any) -> None:
    patient = await a_patient(recovery)
    issued = await patient.is_given()

    await happens(patient)

    assert await told(recovery, patient.username, issued.token) == INVALID


@pytest.mark.proves("RC-5", "UN-1", "UN-3")
async def test_a_token_stays_void_when_she_is_enrolled_again_and_another_is_good(
    recovery: Recovery,
) -> None:
    patient = await a_patient(recovery)
    issued = await patient.is_given()
    await patient.un_enrolled()

    again = await patient.changed()

    assert await told(recovery, patient.username, issued.token) == INVALID
    assert await states(recovery) == ["void"]
    another = await again.is_given()
    assert await told(recovery, patient.username, another.token) == DONE


@pytest.mark.proves("RC-5", "UN-1", "UN-3")
@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["in order", "the other way round"])
async def test_a_token_is_void_though_both_are_heard_at_once_that_she_was_un_enrolled_and_enrolled(
    recovery: Recovery, order: tuple[int, int]
) -> None:
    patient = await a_patient(recovery)
    issued = await patient.is_given()
    left = msgspec.structs.replace(patient.account, enrolments=())
    heard = [
        events.received(account, version=number, time=recovery.clock.now())
        for number, account in enumerate((left, patient.account), start=90)
    ]

    await hear(recovery, *(heard[place] for place in order))

    assert await told(recovery, patient.username, issued.token) == INVALID


@pytest.mark.proves("RC-5", "UN-1", "UN-3")
async def test_a_token_that_somebody_guesses_at_as_she_is_un_enrolled_is_void_all_the_same(
    recovery: Recovery, database: Database
) -> None:
    patient = await a_patient(recovery)
    issued = await patient.is_given()
    name = name_digest(recovery.plumbing.digests, patient.username)

    async with recovery.plumbing.database.transaction() as tx:
        assert await tokens.find_live(tx, name, now=recovery.clock.now(), holding=True)
        left = asyncio.ensure_future(patient.un_enrolled())
        await eventually(partial(database.waits_for_a_lock, "recovery"))
    await left
    await patient.changed()

    assert await told(recovery, patient.username, issued.token) == INVALID
    assert await states(recovery) == ["void"]


async def hear(recovery: Recovery, *snapshots: Received[AccountChanged]) -> None:
    """Let snapshots arrive together."""
    async with recovery.plumbing.database.transaction() as tx:
        await recovery.projections.keep_account(tx, *snapshots)


@pytest.mark.proves("RC-5", "UN-1")
async def test_a_snapshot_of_before_it_was_given_voids_no_token(
    recovery: Recovery, clock: FakeClock
) -> None:
    patient = await a_patient(recovery)
    gone = await patient.un_enrolled()
    again = await patient.changed()
    at = clock.now()
    clock.advance(seconds=1)
    issued = await again.is_given()

    await hear(recovery, events.received(gone.account, version=1, time=at))

    assert await told(recovery, patient.username, issued.token) == DONE


async def test_the_survivors_token_goes_on_and_opens_by_the_absorbed_name_as_well(
    recovery: Recovery,
) -> None:
    survivor, other = await a_patient(recovery), await a_patient(recovery)
    issued = await survivor.is_given()

    await recovery.merged(a_merge(other.account_id, into=survivor.account_id))

    assert await told(recovery, survivor.username, issued.token) == DONE
    assert await told(recovery, other.username, issued.token) == DONE


@pytest.mark.proves("RC-5", "MG-5")
async def test_the_practice_of_an_absorbed_account_gives_a_token_for_the_survivor(
    recovery: Recovery,
) -> None:
    survivor, other = await a_patient(recovery), await a_patient(recovery)
    await recovery.merged(a_merge(other.account_id, into=survivor.account_id))
    both = (*survivor.account.enrolments, *other.account.enrolments)
    await survivor.changed(enrolments=both)

    issued = await other.is_given()

    assert await told(recovery, survivor.username, issued.token) == DONE


@pytest.mark.proves("RC-9")
async def test_a_name_that_was_given_up_still_means_her(recovery: Recovery) -> None:
    """ID-2: a thief may have changed it."""
    patient = await a_patient(recovery, username="taken.over", reserved=("hazel.marsh",))
    issued = await patient.is_given()

    assert await told(recovery, "Hazel.Marsh", issued.token) == DONE


# ---- the README's diagram


async def newer(patient: Patient) -> None:
    await (await patient.beside()).is_given()


async def spent(patient: Patient) -> None:
    rows = "SELECT id FROM one_time_secrets WHERE owner = $1 ORDER BY issued_at, id LIMIT 1"
    [row] = await patient.recovery.rows(rows, patient.account_id)
    await patient.recovery.password_was_reset(patient.account_id, str(row["id"]))


async def guessed(patient: Patient) -> None:
    for number in range(5):
        await told(patient.recovery, patient.username, f"0000000{number}")


async def swept(patient: Patient) -> None:
    patient.recovery.clock.advance(days=1)
    await patient.recovery.loop("one-time-secrets").once()


LEADS: dict[tuple[str, str], Any] = {
    ("live", "superseded"): (newer,),
    ("live", "used"): (spent,),
    ("live", "void"): (guessed, voided, absorbed, un_enrolled),
    ("superseded", "used"): (spent,),
    ("void", "used"): (spent,),
    **{(state, "[*]"): (swept,) for state in ("live", "superseded", "used", "void")},
}
"""Each arrow of the diagram, and all that leads along it."""


@pytest.mark.proves("RC-5")
def test_the_diagram_has_every_way_of_a_token_and_no_other() -> None:
    assert arrows("recovery", "reset token") == set(LEADS)


@pytest.mark.parametrize(
    ("state", "becomes", "act"),
    [(*arrow, act) for arrow, acts in LEADS.items() for act in acts],
    ids=lambda part: getattr(part, "__name__", str(part)),
)
async def test_a_token_goes_the_ways_of_the_diagram(
    recovery: Recovery, clock: FakeClock, state: str, becomes: str, act: Any
) -> None:
    patient = await a_patient(recovery)
    await patient.is_given()
    clock.advance(seconds=1)
    for before in {"superseded": [newer], "used": [spent], "void": [voided]}.get(state, []):
        await before(patient)
    assert (await states(recovery))[0] == state

    await act(patient)

    assert (await states(recovery) or ["[*]"])[0] == becomes


# ---- guessing


@pytest.mark.proves("RC-5", "V6.6.3")
async def test_five_wrong_tries_void_it_and_four_do_not(recovery: Recovery) -> None:
    patient, other = await a_patient(recovery), await a_patient(recovery)
    issued, fine = await patient.is_given(), await other.is_given()

    for number in range(5):
        assert await told(recovery, patient.username, another(issued.token, number + 1)) == INVALID
    for number in range(4):
        assert await told(recovery, other.username, another(fine.token, number + 1)) == INVALID

    assert await told(recovery, patient.username, issued.token) == INVALID
    assert await told(recovery, other.username, fine.token) == DONE
    assert Counter(await states(recovery)) == {"void": 1, "live": 1}


@pytest.mark.proves("RC-5")
async def test_anothers_live_token_is_as_wrong_as_any_and_its_own_holder_pays_nothing(
    recovery: Recovery,
) -> None:
    patient, other = await a_patient(recovery), await a_patient(recovery)
    issued, others = await patient.is_given(), await other.is_given()
    redeem = "/resets/tokens/redeem"
    said = {"username": patient.username, "token": others.token}

    foreign = await recovery.call("POST", redeem, said)
    counted = {row["owner"]: (row["state"], row["tries"]) for row in await tries(recovery)}
    wrong = await recovery.call("POST", redeem, {**said, "token": another(issued.token)})

    assert foreign.refused() == INVALID
    assert foreign.alike() == wrong.alike()
    assert counted == {
        patient.account_id: ("live", '{"wrong": 1}'),
        other.account_id: ("live", "{}"),
    }
    for _ in range(3):
        await recovery.call("POST", redeem, said)
    assert await told(recovery, patient.username, issued.token) == INVALID  # five were wrong
    assert await told(recovery, other.username, others.token) == DONE


async def tries(recovery: Recovery) -> Sequence[Row]:
    """What is counted against each token."""
    return await recovery.rows("SELECT owner, state, tries FROM one_time_secrets")


@pytest.mark.proves("RC-5")
@pytest.mark.parametrize("typed", ["", "1234567", "123456789", "no token", "1234567x"])
async def test_what_can_be_no_token_uses_nothing_up(recovery: Recovery, typed: str) -> None:
    patient = await a_patient(recovery)
    issued = await patient.is_given()

    for _ in range(6):
        assert await told(recovery, patient.username, typed) == INVALID

    [row] = await recovery.rows("SELECT state, tries FROM one_time_secrets")
    assert tuple(row) == ("live", "{}")
    assert await told(recovery, patient.username, issued.token) == DONE


@pytest.mark.proves("RC-5", "V6.6.3")
async def test_of_64_who_guess_at_once_five_are_counted_and_the_right_one_comes_too_late(
    recovery: Recovery, second: Recovery
) -> None:
    patient = await a_patient(recovery)
    issued = await patient.is_given()
    replicas = (recovery, second)

    answers = await asyncio.gather(
        *(
            told(replicas[number % 2], patient.username, another(issued.token, number + 1))
            for number in range(64)
        )
    )

    assert set(answers) == {INVALID}
    [row] = await recovery.rows("SELECT state, tries FROM one_time_secrets")
    assert tuple(row) == ("void", '{"wrong": 5}')
    assert await told(recovery, patient.username, issued.token) == INVALID


@pytest.mark.proves("RC-5")
async def test_of_the_right_one_among_64_guesses_what_was_told_was_told_before_the_fifth(
    recovery: Recovery, second: Recovery
) -> None:
    for _ in range(5):
        patient = await a_patient(recovery)
        issued = await patient.is_given()
        tokens = [another(issued.token, number) for number in range(32)]  # the first is right

        answers = await asyncio.gather(
            *(
                told((recovery, second)[number % 2], patient.username, token)
                for number, token in enumerate(tokens)
            )
        )

        assert set(answers[1:]) == {INVALID}
        [row] = await recovery.rows(
            "SELECT state, tries FROM one_time_secrets WHERE owner = $1", patient.account_id
        )
        assert tuple(row) == ("void", '{"wrong": 5}')


@pytest.mark.proves("RC-5")
async def test_wrong_ones_are_counted_over_all_accounts_and_too_many_are_an_alarm(
    recovery: Recovery, clock: FakeClock
) -> None:
    people = [await a_patient(recovery) for _ in range(21)]
    metrics = recovery.plumbing.metrics
    for patient in people[:20]:
        issued = await patient.is_given()
        for number in range(4):
            await told(recovery, patient.username, another(issued.token, number + 1))
    for _ in range(20):
        await told(recovery, "nobody.at.all", "12345678")
    quiet = metrics.value("reset_token_alarms")

    await told(recovery, "nobody.at.all", "12345678")
    issued = await people[20].is_given()

    assert (quiet, metrics.value("reset_token_alarms")) == (0, 1)
    assert metrics.value("reset_token_guesses") == 101
    assert await told(recovery, people[20].username, issued.token) == DONE  # nobody is shut out
    clock.advance(hours=1)
    await told(recovery, "nobody.at.all", "12345678")
    assert metrics.value("reset_token_alarms") == 1


@pytest.mark.proves("RC-5")
async def test_wrong_ones_are_counted_exactly_however_many_come_at_once_to_two_replicas(
    recovery: Recovery, second: Recovery, database: Database
) -> None:
    people = [await a_patient(recovery) for _ in range(8)]
    issued = [await patient.is_given() for patient in people]
    replicas = (recovery, second)

    async def guess(number: int) -> tuple[int, str]:
        """Every other one at a token that lives or did, the others at nobody's."""
        at = number // 2 % 8
        name = people[at].username if number % 2 else "nobody.at.all"
        token = another(issued[at].token, number + 1)
        return await told(replicas[number // 4 % 2], name, token)

    def counted(what: str) -> float:
        return sum(replica.plumbing.metrics.value(what) for replica in replicas)

    answers = await asyncio.gather(*map(guess, range(64)))
    answers += await asyncio.gather(*map(guess, range(30)))
    quiet = counted("reset_token_alarms")
    async with database.administrator() as held, held.transaction():
        await held.execute(
            "SELECT FROM recovery.limits WHERE purpose = 'reset-token-guess' FOR UPDATE"
        )
        racers = [asyncio.ensure_future(guess(number)) for number in range(0, 128, 2)]
        piled_up = partial(database.waits_for_a_lock, "recovery", at_least=12)
        await eventually(piled_up)  # more than the six that are quiet
    answers += await asyncio.gather(*racers)

    assert set(answers) == {INVALID}
    assert counted("reset_token_guesses") == 158
    assert (quiet, counted("reset_token_alarms")) == (0, 58)  # from the 101st on


@pytest.mark.proves("RC-5", "V6.3.8")
async def test_a_name_that_nobody_has_costs_the_same_hashes_and_statements(
    recovery: Recovery, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient, without = await a_patient(recovery), await a_patient(recovery)
    issued = await patient.is_given()
    redeeming = recovery.features.practice_tokens.redeeming
    hashed: list[bool] = []
    verify = redeeming.hasher.verify

    async def counting(password: str, stored: str | None) -> bool:
        hashed.append(stored is not None)
        return await verify(password, stored)

    monkeypatch.setattr(redeeming.hasher, "verify", counting)
    sent: list[list[str]] = []
    for name in (patient.username, without.username, "nobody.at.all"):
        with noted(recovery.plumbing.database) as statements, pytest.raises(ResetTokenInvalid):
            await redeeming.redeem(name, another(issued.token), by=recovery.by())
        sent.append(list(statements))

    assert hashed == [True, False, False]
    assert sent[0] == sent[1] == sent[2]


@pytest.mark.proves("RC-5", "LG-4")
async def test_the_right_one_is_kept_back_from_a_source_that_guessed_too_often(
    recovery: Recovery,
) -> None:
    patient = await a_patient(recovery)
    issued = await patient.is_given()
    source = recovery.a_source()
    for _ in range(50):
        said = {"username": "nobody.at.all", "token": "12345678"}
        await recovery.call("POST", "/resets/tokens/redeem", said, source=source)

    said = {"username": patient.username, "token": issued.token}
    answer = await recovery.call("POST", "/resets/tokens/redeem", said, source=source)

    assert answer.status == 429
    assert await told(recovery, patient.username, issued.token) == DONE


@pytest.mark.proves("RC-5", "LG-4")
async def test_the_right_one_is_kept_back_where_the_budget_is_spent_before_the_commit(
    recovery: Recovery, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The look at the door came before the fifty refusals, and the token was compared since."""
    patient = await a_patient(recovery)
    issued = await patient.is_given()
    hasher, source = recovery.features.practice_tokens.redeeming.hasher, recovery.a_source()
    miss = {"username": "nobody.at.all", "token": "12345678"}
    said = {"username": patient.username, "token": issued.token}
    path = "/resets/tokens/redeem"

    async def the_budget_is_spent() -> None:
        for _ in range(50):
            refused = await recovery.call("POST", path, miss, source=source)
            assert refused.refused() == INVALID

    meanwhile(monkeypatch, hasher, the_budget_is_spent)

    kept_back = await recovery.call("POST", path, said, source=source)

    assert kept_back.refused() == (429, "too_many_requests")
    assert "grant" not in kept_back.body
    assert await states(recovery) == ["live"]
    assert await told(recovery, patient.username, issued.token) == DONE


# ---- at the desk


@pytest.mark.proves("RC-5", "ST-1")
async def test_a_record_of_another_practice_is_nobodys(recovery: Recovery) -> None:
    patient = await a_patient(recovery)
    foreign = Patient(
        recovery=recovery,
        practice_id=a_practice(),
        patient_id=patient.patient_id,
        account=patient.account,
    )

    with pytest.raises(NotFound):
        await foreign.is_given()


@pytest.mark.proves("RC-5", "ST-1")
async def test_who_has_no_account_or_was_un_enrolled_gets_no_token(recovery: Recovery) -> None:
    patient = await a_patient(recovery)
    record = await a_record(recovery, patient.practice_id)
    unknown = Patient(
        recovery=recovery,
        practice_id=patient.practice_id,
        patient_id=record,
        account=patient.account,
    )
    gone = await patient.un_enrolled()

    for each in (unknown, gone):
        with pytest.raises(PatientNotEnrolled):
            await each.is_given()


@pytest.mark.proves("RC-9")
async def test_a_frozen_account_is_thawed_first(recovery: Recovery) -> None:
    patient = await a_patient(recovery)
    await frozen(patient)

    with pytest.raises(AccountFrozen):
        await patient.is_given()


@pytest.mark.proves("RC-5")
async def test_a_practice_makes_its_own_token_void_and_no_others(recovery: Recovery) -> None:
    patient = await a_patient(recovery)
    elsewhere = await patient.beside()
    issued = await patient.is_given()

    with pytest.raises(NoLiveResetToken):
        await elsewhere.voids()
    still = await told(recovery, patient.username, issued.token)
    await patient.voids()

    assert still == DONE
    assert await told(recovery, patient.username, issued.token) == INVALID
    with pytest.raises(NoLiveResetToken):
        await patient.voids()


@pytest.mark.proves("RC-5", "ST-1")
async def test_a_practice_lists_its_own_live_token_without_the_digits(recovery: Recovery) -> None:
    patient = await a_patient(recovery)
    other = await patient.beside()
    first = await patient.is_given(HandedOver.PHONE)
    listed = [await listing(each) for each in (patient, other)]
    await other.is_given()
    superseded = await listing(patient)
    await other.voids()
    void = await listing(other)
    await patient.is_given()
    await patient.changed(security_version=2, enrolments=other.account.enrolments)
    changed = await listing(patient)

    [token] = listed[0]
    assert token == GivenResetToken(
        handed_over=HandedOver.PHONE,
        staff_id="nurse-7",
        issued_at=recovery.clock.now(),
        expires_at=first.expires_at,
    )
    assert [listed[1], superseded, void, changed] == [[], [], [], []]


async def listing(patient: Patient) -> Sequence[GivenResetToken]:
    return await patient.recovery.features.practice_tokens.given.list(
        patient.practice_id, patient.patient_id, by=patient.by()
    )


@pytest.mark.proves("RC-5")
async def test_an_account_is_given_ten_tokens_a_day_by_all_its_practices(
    recovery: Recovery, clock: FakeClock
) -> None:
    patient = await a_patient(recovery)
    elsewhere = await patient.beside()
    for number in range(10):
        await (patient, elsewhere)[number % 2].is_given()
        clock.advance(minutes=1)

    with pytest.raises(ResetTokenLimit) as refused:
        await patient.is_given()
    clock.advance(hours=23, minutes=50)

    assert refused.value.retry_after == timedelta(hours=23, minutes=50).total_seconds()
    assert (await patient.is_given()).token


@pytest.mark.proves("RC-5")
async def test_of_many_issued_at_once_one_is_live_and_it_is_one_that_was_shown(
    recovery: Recovery, second: Recovery
) -> None:
    patient = await a_patient(recovery)
    elsewhere = await patient.beside()

    issued = await asyncio.gather(
        *(
            (patient, elsewhere)[number % 2].is_given(at=(recovery, second)[number // 2 % 2])
            for number in range(16)
        ),
        return_exceptions=True,
    )

    shown = [one for one in issued if isinstance(one, IssuedResetToken)]
    assert len(shown) == 10
    assert all(isinstance(one, ResetTokenLimit) for one in issued if one not in shown)
    assert Counter(await states(recovery)) == {"superseded": 9, "live": 1}
    [kept] = await recovery.rows(
        "SELECT hash FROM practice_tokens JOIN one_time_secrets s ON s.id = secret_id "
        "WHERE s.state = 'live'"
    )
    compare = recovery.features.practice_tokens.redeeming.hasher.verify
    [live] = [one for one in shown if await compare(one.token, kept["hash"])]  # others would count
    assert await told(recovery, patient.username, live.token) == DONE


@pytest.mark.parametrize("round_", range(5))
async def test_redeeming_beside_a_newer_token_an_end_and_a_merge_ends_with_one_truth(
    recovery: Recovery, second: Recovery, round_: int
) -> None:
    patient, survivor = await a_patient(recovery), await a_patient(recovery)
    issued = await patient.is_given()

    done = await asyncio.gather(
        patient.is_given(at=second),
        patient.voids(),
        recovery.merged(a_merge(patient.account_id, into=survivor.account_id)),
        *(told(second, patient.username, issued.token) for _ in range(8)),
        return_exceptions=True,
    )

    unexpected = [
        one
        for one in done
        if isinstance(one, BaseException)
        and not isinstance(one, NoLiveResetToken | PatientNotEnrolled)
    ]
    assert unexpected == []
    assert await told(recovery, patient.username, issued.token) == INVALID


@pytest.mark.proves("RC-5", "AU-1")
async def test_the_audit_knows_who_gave_it_who_guessed_and_who_got_in(recovery: Recovery) -> None:
    patient = await a_patient(recovery)
    issued = await patient.is_given()
    await told(recovery, patient.username, another(issued.token))
    await told(recovery, patient.username, issued.token)
    await told(recovery, "nobody.at.all", issued.token)

    rows = await recovery.rows(
        "SELECT action, outcome, subject, detail, staff, reason FROM audit_entries ORDER BY at, id"
    )

    whose = f"account:{patient.account_id}"
    assert {tuple(row) for row in rows} == {
        (
            "reset-token.issue",
            "done",
            whose,
            f"patient:{patient.patient_id}",
            "nurse-7",
            "asked at the desk",
        ),
        ("reset-token.redeem", "refused", whose, "wrong", None, None),
        ("reset-token.redeem", "done", whose, None, None, None),
        ("reset-token.redeem", "refused", None, "reset_token_invalid", None, None),
    }


async def expired(patient: Patient, issued: IssuedResetToken) -> str:
    patient.recovery.clock.advance(hours=24)
    return issued.token


async def used(patient: Patient, issued: IssuedResetToken) -> str:
    await spent(patient)
    return issued.token


async def void(patient: Patient, issued: IssuedResetToken) -> str:
    await patient.voids()
    return issued.token


async def of_a_frozen_account(patient: Patient, issued: IssuedResetToken) -> str:
    await frozen(patient)
    return issued.token


async def anothers(patient: Patient, _: IssuedResetToken) -> str:
    """While she has none."""
    await patient.voids()
    return (await (await a_patient(patient.recovery)).is_given()).token


async def no_token(_: Patient, __: IssuedResetToken) -> str:
    return "1234567"


@pytest.mark.proves("RC-5", "AU-1")
@pytest.mark.parametrize("brought", [expired, used, void, of_a_frozen_account, anothers, no_token])
async def test_a_token_that_opens_nothing_leaves_a_row_about_nobody_and_uses_nothing_up(
    recovery: Recovery, brought: Any
) -> None:
    """There is no live one that it could be a wrong guess at."""
    patient = await a_patient(recovery)
    token = await brought(patient, await patient.is_given())
    before = await recovery.rows("SELECT * FROM one_time_secrets ORDER BY id")

    assert await refusal(recovery, patient, token) == {"detail": "reset_token_invalid"}
    assert await recovery.rows("SELECT * FROM one_time_secrets ORDER BY id") == before


@pytest.mark.proves("RC-5", "AU-1")
async def test_a_token_of_before_is_a_wrong_one_in_the_history_of_who_has_a_newer(
    recovery: Recovery, clock: FakeClock
) -> None:
    patient = await a_patient(recovery)
    older = await patient.is_given()
    clock.advance(seconds=1)
    newer = await patient.is_given()

    said = await refusal(recovery, patient, older.token)

    assert said == {"detail": "wrong", "subject": f"account:{patient.account_id}"}
    assert await told(recovery, patient.username, newer.token) == DONE


async def refusal(recovery: Recovery, patient: Patient, token: str) -> dict[str, str]:
    """What the one row of a refused token says, besides who asked from where for what."""
    said, source = {"username": patient.username, "token": token}, recovery.a_source()
    answer = await recovery.call("POST", "/resets/tokens/redeem", said, source=source)
    assert answer.refused() == INVALID
    [row] = await recovery.refusals(answer)
    asked = {"actor": "anonymous", "source": source, "action": "reset-token.redeem"}
    assert row.items() >= {**asked, "outcome": "refused"}.items()
    return {name: said for name, said in row.items() if name not in {*asked, "outcome"}}


async def test_a_token_is_swept_with_what_it_was_compared_with(
    recovery: Recovery, clock: FakeClock
) -> None:
    patient = await a_patient(recovery)
    await patient.is_given()
    clock.advance(hours=24)

    await recovery.loop("one-time-secrets").once()

    assert await recovery.rows("SELECT FROM practice_tokens") == []


async def test_an_account_that_was_never_heard_of_is_not_enrolled(recovery: Recovery) -> None:
    practice_id = a_practice()
    patient = await a_patient(recovery, practice_id)
    nobody = AccountId(Randomness().uuid())
    record = events.person(practice_id, patient.patient_id, nobody)
    await recovery.knows_person(record, version=2)

    with pytest.raises(PatientNotEnrolled):
        await patient.is_given()
