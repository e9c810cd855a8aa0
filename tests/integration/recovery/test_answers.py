"""RC-4: a new password by answering two of the five questions."""

import asyncio
import base64
from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

import msgspec
import pytest
import pytest_asyncio

from services.recovery.questions import answering
from services.recovery.questions.bank import BANK, drawn, drawn_of_nobody
from services.recovery.questions.model import Named
from services.recovery.questions.store import questions as store
from shared.contracts.identity import AccountState
from shared.contracts.ids import AccountId, PracticeId
from shared.contracts.practice_settings import PracticeSettings
from shared.contracts.recovery import RECOVERY_LOCKED, RecoveryLocked
from shared.db import Row
from shared.trust.ciphers import KeyPair
from shared.trust.grants import GrantAct, GrantChecker
from tests.builders import events
from tests.builders.people import a_person
from tests.builders.questions import FIVE, OTHERS, WRONG_ANSWER, answered
from tests.rigs.issuer import Issuer
from tests.rigs.recovery import EMAIL, ISSUER, USERNAME, Recovery, a_merge, an_account, replica
from tests.rigs.replica import Answer
from tests.support.clock import FakeClock
from tests.support.database import Database
from tests.support.hashing import meanwhile
from tests.support.statements import noted

WRONG = dict.fromkeys(FIVE, WRONG_ANSWER)
REFUSED = (422, "answers_refused")


@pytest_asyncio.fixture
async def account_id(recovery: Recovery, identity: Issuer) -> AccountId:
    """Juniper Hale's, who has set her five questions."""
    person = a_person()
    await recovery.knows(an_account(account_id=person.account_id), version=person.version)
    assert (await recovery.sets(await identity.token(person))).status == 200
    return person.account_id


async def wrong(recovery: Recovery, times: int, name: str = USERNAME) -> list[Answer]:
    return [await recovery.answers(name, WRONG) for _ in range(times)]


async def locked(recovery: Recovery, clock: FakeClock, times: int) -> None:
    """So many locks, one after the other; the last one goes on."""
    for number in range(times):
        clock.advance(minutes=20 if number else 0)
        await wrong(recovery, 3)


async def told(recovery: Recovery) -> list[RecoveryLocked]:
    """What the holders of locked questions are told."""
    await recovery.features.questions.notices.once()
    return [
        msgspec.json.decode(envelope.data, type=RecoveryLocked)
        for envelope in await recovery.envelopes(RECOVERY_LOCKED)
    ]


@pytest.mark.proves("RC-4")
async def test_right_answers_to_both_give_the_grant_to_set_this_accounts_password(
    recovery: Recovery, account_id: AccountId
) -> None:
    answer = await recovery.answers()

    assert answer.status == 200, answer.body
    assert (answer.body["username"], answer.body["ends"]) == (USERNAME, "home")
    checker = GrantChecker(
        issuer=ISSUER, service="identity", public_keys=recovery.plumbing.public_keys
    )
    grant = await checker.check(
        answer.body["grant"], act=GrantAct.PASSWORD_SET, now=recovery.clock.now()
    )
    assert (grant.account_id, grant.route, grant.security_version) == (account_id, "questions", 1)
    UUID(grant.jti)


@pytest.mark.proves("RC-4")
async def test_answers_are_right_however_their_letters_and_blanks_were_typed(
    recovery: Recovery, account_id: AccountId
) -> None:
    typed = {code: f"  {answer.upper().replace(' ', '   ')}\u200b" for code, answer in FIVE.items()}

    assert (await recovery.answers(answers=typed)).status == 200


@pytest.mark.proves("RC-4")
async def test_two_of_the_five_are_asked_the_same_until_a_success_a_lock_does_not_change_them(
    recovery: Recovery, account_id: AccountId, clock: FakeClock
) -> None:
    first = await recovery.asked()
    await locked(recovery, clock, 1)
    clock.advance(minutes=20)

    assert len(set(first)) == 2
    assert set(first) <= set(FIVE)
    assert await recovery.asked() == first

    drawn = set()
    for _ in range(12):
        drawn.add(tuple(await recovery.asked()))
        assert (await recovery.answers()).status == 200
    assert len(drawn) == 10  # every pair of the five, before one comes again


@pytest.mark.proves("RC-4")
async def test_a_name_that_nobody_has_is_asked_two_of_the_bank_always_the_same(
    recovery: Recovery, second: Recovery
) -> None:
    asked = await recovery.asked("nobody.at.all")

    assert asked == await second.asked(" NOBODY.at.all ")
    assert len(set(asked)) == 2
    assert set(asked) <= set(BANK)
    others = {tuple(await recovery.asked(f"nobody.{number}")) for number in range(12)}
    assert len(others) > 1


@pytest.mark.proves("RC-4", "V6.6.3")
async def test_three_calls_then_a_lock_of_twenty_minutes_for_right_answers_too(
    recovery: Recovery, account_id: AccountId, clock: FakeClock
) -> None:
    replies = await wrong(recovery, 3)
    held = await recovery.answers()
    clock.advance(minutes=19, seconds=59)
    last = await recovery.answers()

    assert {reply.refused() for reply in (*replies, held, last)} == {REFUSED}
    assert len({repr(reply.alike()) for reply in (*replies, held, last)}) == 1
    clock.advance(seconds=1)
    assert (await recovery.answers()).status == 200


@pytest.mark.proves("RC-4")
@pytest.mark.parametrize("locks", [1, 5], ids=["locked", "closed"])
async def test_right_answers_that_may_not_be_told_hold_no_more_than_wrong_ones(
    recovery: Recovery, clock: FakeClock, account_id: AccountId, locks: int
) -> None:
    """A row that is held is written to, and the time of the reply would tell of them."""
    await recovery.answers()
    held = await recovery.rows("SELECT xmax FROM security_questions")
    await locked(recovery, clock, times=locks)

    assert (await recovery.answers()).status == 422
    assert await recovery.rows("SELECT xmax FROM security_questions") == held

    clock.advance(minutes=20)
    assert (await recovery.answers()).status == (200 if locks == 1 else 422)
    assert (await recovery.rows("SELECT xmax FROM security_questions") == held) is (locks == 5)


@pytest.mark.proves("RC-4")
async def test_a_call_with_one_right_answer_is_a_wrong_call_and_says_nothing_of_it(
    recovery: Recovery, account_id: AccountId
) -> None:
    first, second = await recovery.asked()
    half = {first: FIVE[first], second: WRONG_ANSWER}

    one, both = await recovery.answers(answers=half), await recovery.answers(answers=WRONG)

    assert one.refused() == REFUSED
    assert one.alike() == both.alike()
    [row] = await recovery.rows("SELECT attempts FROM question_rounds")
    assert row["attempts"] == 2


@pytest.mark.proves("RC-4")
async def test_a_success_begins_anew(recovery: Recovery, account_id: AccountId) -> None:
    await wrong(recovery, 2)
    assert (await recovery.answers()).status == 200
    await wrong(recovery, 2)

    assert (await recovery.answers()).status == 200


@pytest.mark.proves("RC-4")
async def test_the_holder_is_told_once_a_lock_until_when(
    recovery: Recovery, account_id: AccountId, clock: FakeClock
) -> None:
    await wrong(recovery, 7)

    [lock] = await told(recovery)
    assert (lock.account_id, lock.recipients) == (account_id, (EMAIL,))
    assert (lock.locked_until - clock.now()).total_seconds() == 20 * 60
    assert (lock.closed, lock.closing) == (False, None)
    assert len(await told(recovery)) == 1


@pytest.mark.proves("RC-4")
async def test_five_locks_close_the_route_until_identity_tells_of_a_full_log_on(
    recovery: Recovery, account_id: AccountId, clock: FakeClock
) -> None:
    await locked(recovery, clock, 5)
    *before, closing = await told(recovery)
    clock.advance(days=30)

    assert closing.closed
    assert closing.closing is not None
    assert not [lock for lock in before if lock.closed]
    assert (await recovery.answers()).refused() == REFUSED

    await recovery.knows(an_account(account_id=account_id, reopened=closing.closing))
    assert (await recovery.answers()).status == 200


@pytest.mark.proves("RC-4")
async def test_a_closing_that_was_ended_once_ends_no_later_one(
    recovery: Recovery, account_id: AccountId, clock: FakeClock
) -> None:
    await locked(recovery, clock, 5)
    first = (await told(recovery))[-1].closing
    await recovery.knows(an_account(account_id=account_id, reopened=first))
    clock.advance(minutes=20)
    await locked(recovery, clock, 5)
    second = (await told(recovery))[-1].closing
    clock.advance(days=1)

    assert second not in (None, first)
    assert (await recovery.answers()).refused() == REFUSED
    await recovery.knows(an_account(account_id=account_id, reopened=second))
    assert (await recovery.answers()).status == 200


@pytest.mark.proves("RC-4")
async def test_a_success_between_the_locks_lets_them_be_counted_anew(
    recovery: Recovery, account_id: AccountId, clock: FakeClock
) -> None:
    await locked(recovery, clock, 4)
    clock.advance(minutes=20)
    assert (await recovery.answers()).status == 200
    await locked(recovery, clock, 1)
    clock.advance(minutes=20)

    assert (await recovery.answers()).status == 200


@pytest.mark.proves("RC-4", "V15.4.2")
async def test_of_many_wrong_calls_at_once_three_are_counted(
    recovery: Recovery, second: Recovery, account_id: AccountId
) -> None:
    asked = await recovery.asked()

    replies = await asyncio.gather(
        *((recovery, second)[n % 2].answers(answers=WRONG, asked=asked) for n in range(32))
    )

    assert {reply.refused() for reply in replies} == {REFUSED}
    [row] = await recovery.rows("SELECT attempts, locks FROM question_rounds")
    assert (row["attempts"], row["locks"]) == (3, 1)
    assert len(await told(recovery)) == 1


@pytest.mark.proves("RC-4", "V15.4.2")
async def test_of_many_right_calls_at_once_one_opens_for_another_pair_is_asked_then(
    recovery: Recovery, second: Recovery, account_id: AccountId
) -> None:
    asked = await recovery.asked()

    replies = await asyncio.gather(
        *((recovery, second)[n % 2].answers(asked=asked) for n in range(16))
    )

    assert [reply.status for reply in replies].count(200) == 1
    [row] = await recovery.rows("SELECT draw FROM question_rounds")
    assert row["draw"] == 1


@pytest.mark.proves("RC-4")
async def test_a_repeated_call_burns_no_second_attempt_and_gets_the_same_proof(
    recovery: Recovery, second: Recovery, account_id: AccountId, clock: FakeClock
) -> None:
    asked = await recovery.asked()
    refused = [
        await replica.answers(answers=WRONG, asked=asked, key="twice-asked-1")
        for replica in (recovery, second)
    ]
    [row] = await recovery.rows("SELECT attempts FROM question_rounds")

    assert {reply.refused() for reply in refused} == {REFUSED}
    assert row["attempts"] == 1

    given = await recovery.answers(asked=asked, key="twice-asked-2")
    again = await second.answers(asked=asked, key="twice-asked-2")
    checker = GrantChecker(
        issuer=ISSUER, service="identity", public_keys=recovery.plumbing.public_keys
    )
    proofs = {
        (await checker.check(reply.body["grant"], act=GrantAct.PASSWORD_SET, now=clock.now())).jti
        for reply in (given, again)
    }
    assert len(proofs) == 1

    clock.advance(minutes=10)
    late = await recovery.answers(asked=asked, key="twice-asked-2")
    assert late.refused() == (409, "already_issued")


@pytest.mark.proves("RC-4")
async def test_the_same_key_with_other_answers_compares_nothing(
    recovery: Recovery, account_id: AccountId, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = await recovery.asked()
    await recovery.answers(answers=WRONG, asked=asked, key="reused-key-1")
    hashed: list[str] = []
    hasher = recovery.features.questions.answering.hasher
    verify = hasher.verify

    async def seen(answer: str, stored: str | None) -> bool:
        hashed.append(answer)
        return await verify(answer, stored)

    monkeypatch.setattr(hasher, "verify", seen)

    other = await recovery.answers(asked=asked, key="reused-key-1")

    assert other.refused() == (422, "idempotency_key_reused")
    assert hashed == []
    [row] = await recovery.rows("SELECT attempts FROM question_rounds")
    assert row["attempts"] == 1


@pytest.mark.proves("RC-4")
async def test_of_twins_with_one_key_at_once_one_is_counted(
    recovery: Recovery, second: Recovery, account_id: AccountId
) -> None:
    asked = await recovery.asked()

    replies = await asyncio.gather(
        *(
            (recovery, second)[n % 2].answers(answers=WRONG, asked=asked, key="twins-at-once")
            for n in range(8)
        )
    )

    assert {reply.refused() for reply in replies} == {REFUSED}
    [row] = await recovery.rows("SELECT attempts FROM question_rounds")
    assert row["attempts"] == 1


async def frozen(recovery: Recovery, account_id: AccountId, _: FakeClock) -> None:
    await recovery.knows(an_account(account_id=account_id, state=AccountState.FROZEN, frozen_in=99))


async def thawed(recovery: Recovery, account_id: AccountId, _: FakeClock) -> None:
    await recovery.knows(an_account(account_id=account_id, reset_by_practice=True))


async def turned_off(recovery: Recovery, account_id: AccountId, _: FakeClock) -> None:
    practices = [PracticeId(recovery.plumbing.randomness.uuid()) for _ in range(2)]
    for practice_id, on in zip(practices, (True, False), strict=True):
        settings = PracticeSettings(security_questions=on)
        await recovery.knows_practice(
            msgspec.structs.replace(events.practice(practice_id), settings=settings)
        )
    await recovery.knows(an_account(account_id=account_id, practices=practices))


async def at_a_practice_unheard_of(recovery: Recovery, account_id: AccountId, _: FakeClock) -> None:
    practice_id = PracticeId(recovery.plumbing.randomness.uuid())
    await recovery.knows(an_account(account_id=account_id, practices=[practice_id]))


async def renamed(recovery: Recovery, account_id: AccountId, _: FakeClock) -> None:
    await recovery.knows(an_account(account_id=account_id, username="somebody.else"))


async def without_questions(recovery: Recovery, account_id: AccountId, _: FakeClock) -> None:
    async with recovery.plumbing.database.transaction() as tx:
        await tx.execute("DELETE FROM security_questions WHERE account_id = $1", account_id)


async def is_locked(recovery: Recovery, _: AccountId, clock: FakeClock) -> None:
    await locked(recovery, clock, 1)


async def is_closed(recovery: Recovery, _: AccountId, clock: FakeClock) -> None:
    await locked(recovery, clock, 5)
    clock.advance(hours=1)


State = Callable[[Recovery, AccountId, FakeClock], Awaitable[None]]
STATES: tuple[State, ...] = (
    frozen,
    thawed,
    turned_off,
    at_a_practice_unheard_of,
    renamed,
    without_questions,
    is_locked,
    is_closed,
)


@pytest.mark.proves("RC-4", "ST-2")
@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
async def test_right_answers_in_every_state_that_opens_nothing_look_and_cost_like_nobodys(
    recovery: Recovery, account_id: AccountId, clock: FakeClock, state: State
) -> None:
    asked = await recovery.asked()
    await state(recovery, account_id, clock)
    nobodys = await recovery.asked("nobody.at.all")

    with noted(recovery.plumbing.database) as theirs:
        hers = await recovery.answers(asked=asked)
    with noted(recovery.plumbing.database) as ours:
        nobody = await recovery.answers("nobody.at.all", asked=nobodys)

    assert hers.refused() == REFUSED
    assert hers.alike() == nobody.alike()
    assert theirs == ours


@pytest.mark.proves("RC-4")
async def test_known_and_unknown_names_cost_two_hashes_and_the_same_statements_to_ask_and_answer(
    recovery: Recovery, account_id: AccountId, monkeypatch: pytest.MonkeyPatch
) -> None:
    hasher = recovery.features.questions.answering.hasher
    verify, compared = hasher.verify, 0

    async def counted(answer: str, stored: str | None) -> bool:
        nonlocal compared
        compared += 1
        return await verify(answer, stored)

    monkeypatch.setattr(hasher, "verify", counted)
    costs = []
    for name in (USERNAME, "nobody.at.all"):
        compared = 0
        with noted(recovery.plumbing.database) as sent:
            await recovery.answers(name, WRONG)
        costs.append((compared, sent))

    assert costs[0] == costs[1]
    assert costs[0][0] == 2


@pytest.mark.proves("RC-4")
async def test_to_ask_two_as_much_is_read_and_drawn_of_whosever_name_it_is(
    recovery: Recovery, account_id: AccountId, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To draw of sixteen takes longer than of five, and to read a row longer than to read none."""
    await recovery.knows(an_account(username="pat.reed", email="pat@mail.example"))
    drawn_of: list[int] = []
    read: list[tuple[list[int], list[int]]] = []
    named = store._named

    def drawn_noted(digest: bytes, among: Sequence[str], *, turn: int = 0) -> tuple[str, str]:
        drawn_of.append(len(among))
        return drawn(digest, among, turn=turn)

    def drawn_of_nobody_noted(digest: bytes) -> tuple[str, str]:
        drawn_of.append(len(BANK))
        return drawn_of_nobody(digest)

    def named_noted(row: Row) -> Named | None:
        read.append(([len(each) for each in row["answers"]], [len(row["codes"])]))
        return named(row)

    monkeypatch.setattr(answering, "drawn", drawn_noted)
    monkeypatch.setattr(answering, "drawn_of_nobody", drawn_of_nobody_noted)
    monkeypatch.setattr(store, "_named", named_noted)

    for name in (USERNAME, "pat.reed", "nobody.at.all"):
        assert (await recovery.asked(name)) != []

    assert drawn_of == [5, 16] * 3
    assert len(read) == 3
    assert read[0] == read[1] == read[2]


@pytest.mark.proves("RC-4", "ID-4")
async def test_an_accounts_own_address_is_nobodys_username(
    recovery: Recovery, account_id: AccountId
) -> None:
    assert (await recovery.answers(EMAIL, asked=await recovery.asked())).refused() == REFUSED


@pytest.mark.proves("RC-4", "ID-2")
async def test_a_reserved_name_means_its_holder_and_is_counted_on_her(
    recovery: Recovery, account_id: AccountId
) -> None:
    await recovery.knows(
        an_account(account_id=account_id, username="hale.juniper", reserved=(USERNAME,))
    )
    await wrong(recovery, 2)

    assert (await recovery.asked("hale.juniper")) == (await recovery.asked())
    given = await recovery.answers()
    assert (given.status, given.body["username"]) == (200, "hale.juniper")


@pytest.mark.proves("RC-4", "MG-5")
async def test_the_name_of_an_absorbed_account_asks_the_survivors_questions(
    recovery: Recovery, account_id: AccountId
) -> None:
    absorbed = an_account(username="juniper.before", email=None)
    await recovery.knows(absorbed)
    await recovery.merged(a_merge(absorbed.account_id, into=account_id))

    given = await recovery.answers("juniper.before")

    assert (given.status, given.body["username"]) == (200, USERNAME)


@pytest.mark.proves("RC-4", "RC-8")
async def test_answers_to_questions_that_were_replaced_meanwhile_open_nothing(
    recovery: Recovery,
    identity: Issuer,
    account_id: AccountId,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """They are compared first, which takes its time, and the count decides."""
    hasher = recovery.features.questions.answering.hasher
    verify = hasher.verify

    async def meanwhile(answer: str, stored: str | None) -> bool:
        right = await verify(answer, stored)
        async with recovery.plumbing.database.transaction() as tx:
            await tx.execute("UPDATE security_questions SET set_id = gen_random_uuid()")
        return right

    asked = await recovery.asked()
    monkeypatch.setattr(hasher, "verify", meanwhile)

    assert (await recovery.answers(asked=asked)).refused() == REFUSED


@pytest.mark.proves("RC-4", "LG-4")
async def test_a_source_that_has_used_up_its_budget_is_told_of_no_success(
    recovery: Recovery, account_id: AccountId
) -> None:
    asked = await recovery.asked()
    source = "198.51.100.9"
    body = {
        "name": "nobody.at.all",
        "answers": [{"code": code, "answer": WRONG_ANSWER} for code in asked],
    }
    right = {**body, "name": USERNAME, "answers": [{"code": c, "answer": FIVE[c]} for c in asked]}
    path = "/resets/questions/answers"
    for _ in range(50):
        await recovery.call("POST", path, body, source=source)

    assert (await recovery.call("POST", path, right, source=source)).status == 429
    assert (await recovery.call("POST", path, right)).status == 200


@pytest.mark.proves("RC-4", "LG-4")
async def test_right_answers_whose_budget_is_spent_before_the_commit_are_kept_back_and_count(
    recovery: Recovery,
    account_id: AccountId,
    clock: FakeClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The look at the door came before the fifty refusals, and the answers were compared since."""
    hasher, source = recovery.features.questions.answering.hasher, recovery.a_source()
    asked = await recovery.asked()
    body = {"name": USERNAME, "answers": answered(asked)}
    wrong_body = {"name": "nobody.at.all", "answers": answered(asked, {})}
    path = "/resets/questions/answers"

    async def the_budget_is_spent() -> None:
        for _ in range(50):
            refused = await recovery.call("POST", path, wrong_body, source=source)
            assert refused.refused() == REFUSED

    meanwhile(monkeypatch, hasher, the_budget_is_spent)

    kept_back = await recovery.call("POST", path, body, source=source)

    assert kept_back.refused() == (429, "too_many_requests")
    assert "grant" not in kept_back.body
    assert await recovery.asked() == asked  # as after a wrong one: they were not answered right
    await wrong(recovery, 2)
    assert (await recovery.answers()).refused() == REFUSED  # it was the first of three
    clock.advance(minutes=20)
    assert (await recovery.answers()).status == 200


@pytest.mark.proves("RC-4")
async def test_names_that_nobody_has_are_forgotten_a_day_after_the_last_try(
    recovery: Recovery, account_id: AccountId, clock: FakeClock
) -> None:
    await wrong(recovery, 1)
    await wrong(recovery, 3, "nobody.at.all")
    assert await told(recovery) == []
    clock.advance(hours=24)

    assert await recovery.features.questions.notices.sweep() == 1
    [left] = await recovery.rows("SELECT account_id FROM question_rounds")
    assert left["account_id"] == account_id


@pytest.mark.proves("RC-4")
async def test_a_lock_that_is_told_late_is_told_though_right_answers_came_since(
    recovery: Recovery, account_id: AccountId, clock: FakeClock
) -> None:
    await wrong(recovery, 3)
    locked_at = clock.now()
    clock.advance(minutes=20)
    until = clock.now()
    assert (await recovery.answers()).status == 200

    [lock] = await told(recovery)

    assert (lock.occurred_at, lock.locked_until) == (locked_at, until)


@pytest.mark.proves("RC-4", "AU-1")
async def test_calls_and_locks_stand_in_the_audit_and_no_answer_does(
    recovery: Recovery, account_id: AccountId
) -> None:
    assert (await recovery.answers()).status == 200
    await wrong(recovery, 3)
    await told(recovery)

    rows = await recovery.rows(
        "SELECT action, outcome, subject, detail FROM audit_entries"
        " WHERE action LIKE 'questions.%' AND action <> 'questions.set'"
    )
    hers = f"account:{account_id}"
    assert sorted(tuple(row)[:3] for row in rows) == [
        ("questions.answer", "done", hers),
        *[("questions.answer", "refused", hers)] * 3,
        ("questions.lock", "done", hers),
    ]
    whole = str([tuple(row) for row in await recovery.rows("SELECT * FROM audit_entries")])
    assert not [text for text in (*FIVE.values(), WRONG_ANSWER) if text.casefold() in whole]


@pytest.mark.proves("RC-4")
async def test_each_accounts_answers_open_that_account_alone(
    recovery: Recovery, identity: Issuer
) -> None:
    person = a_person()
    await recovery.knows(
        an_account(account_id=person.account_id, username="ada.hale"), version=person.version
    )
    await recovery.sets(await identity.token(person), OTHERS)

    assert (await recovery.answers("ada.hale", FIVE)).refused() == REFUSED
    assert (await recovery.answers("ada.hale", OTHERS)).status == 200


@pytest.mark.proves("RC-4")
async def test_under_another_digest_key_an_accounts_calls_are_counted_on(
    recovery: Recovery,
    account_id: AccountId,
    database: Database,
    clock: FakeClock,
    notify_key: KeyPair,
) -> None:
    await wrong(recovery, 2)
    key = base64.b64encode(bytes(range(40, 72))).decode()

    async with replica(database, clock, notify_key, digest_key=key) as changed:
        await changed.knows(an_account(account_id=account_id), version=99)
        await wrong(changed, 1)

        assert (await changed.answers()).refused() == REFUSED
