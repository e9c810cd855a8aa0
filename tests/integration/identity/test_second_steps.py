"""The second step at log-on and after a reset: taken once, counted exactly (MF-3, LG-3, RC-10)."""

import asyncio
from collections import Counter
from dataclasses import dataclass

import bcrypt
import pytest

from shared.contracts.identity import ResetRoute
from tests.builders.practices import PracticeDesk, practice_desk
from tests.builders.two_step import WRONG_CODE, TwoStepper, turned_on
from tests.rigs.identity import PASSWORD, Identity, Person, Recovery
from tests.rigs.replica import Answer

NEW = "Copper!Lantern-42"
RACERS = 64
WAITING = 32  # of the fifty sessions that an account has at most: two racers in each


def outcomes(answers: list[Answer]) -> Counter[str | int]:
    return Counter(answer.status if answer.status < 400 else answer.code for answer in answers)


@pytest.mark.proves("LG-3", "SE-4")
async def test_a_session_without_its_second_step_does_only_what_a_gate_lets_it(
    identity: Identity,
) -> None:
    june = await turned_on(identity)
    half = await june.log_on()

    async def status(method: str, path: str, body: dict[str, str] | None = None) -> int:
        return (await identity.call(method, path, body, token=half["access_token"])).status

    assert half["scope"] == "gates"
    assert await status("GET", "/account") == 200
    for method, path in (
        ("GET", "/sessions"),
        ("POST", "/sessions/end-others"),
        ("POST", "/account/two-step/app"),
        ("POST", "/account/two-step/off"),
        ("POST", "/gates/account-email/skip"),
    ):
        assert await status(method, path) == 403
    refreshed = await identity.refresh(half["refresh_token"])
    assert (refreshed.body["scope"], refreshed.body["gates"][0]["name"]) == ("gates", "second-step")


@pytest.mark.proves("LG-3", "EN-9")
@pytest.mark.parametrize("accepted", [True, False])
async def test_the_terms_come_after_the_second_step(identity: Identity, accepted: bool) -> None:
    june = await turned_on(identity)
    await identity.publish_terms("2026-02")
    half = await june.log_on()
    answer = {"version": "2026-02", "accepted": accepted}

    early = await identity.call("POST", "/gates/terms", answer, token=half["access_token"])
    full = (await june.step(half["access_token"], june.codes[0])).body

    assert early.refused() == (409, "gate_closed")
    assert full["gates"][0]["name"] == "terms"


@pytest.mark.proves("MF-1", "MF-3", "LG-3")
async def test_a_code_opens_a_full_session_and_ends_the_one_that_waited(identity: Identity) -> None:
    june = await turned_on(identity)
    half = await june.log_on()
    code = await june.next_code()

    answer = await june.step(half["access_token"], f" {code[:3]} {code[3:]} ")

    assert (answer.status, answer.body["scope"]) == (201, "full")
    assert answer.body["session_id"] != half["session_id"]
    assert (await identity.refresh(half["refresh_token"])).code == "refresh_invalid"
    assert (await june.step(half["access_token"], june.codes[0])).status == 401
    done = await june.step(answer.body["access_token"], june.codes[0])
    assert done.refused() == (409, "gate_closed")


@pytest.mark.proves("SE-4")
async def test_it_takes_resource(identity: Identity) -> None:
    june = await turned_on(identity)
    half = await june.log_on()

    answer = await june.step(half["access_token"], june.codes[0], resource=["notify", "identity"])

    assert list(answer.body["access_tokens"]) == ["notify", "identity"]
    for service, token in answer.body["access_tokens"].items():
        claims = await identity.introspected(token)
        assert (claims["active"], claims["aud"]) == (True, f"https://portico.example/{service}")


@pytest.mark.proves("MF-1", "V6.5.1")
async def test_a_step_is_accepted_once_also_for_a_b_a(identity: Identity) -> None:
    june = await turned_on(identity)
    identity.clock.advance(seconds=60)
    half = await june.log_on()
    a, b = june.code(), june.code(shift=1)

    async def taken(code: str) -> int:
        token = (await june.log_on())["access_token"]
        return (await june.step(token, code)).status

    first = await june.step(half["access_token"], a)

    assert (first.status, await taken(a), await taken(b), await taken(a)) == (201, 403, 201, 403)
    assert await taken(b) == 403


@pytest.mark.proves("MF-1")
@pytest.mark.parametrize(("shift", "status"), [(-2, 403), (-1, 201), (0, 201), (1, 201), (2, 403)])
async def test_a_clock_may_be_a_step_off_and_no_more(
    identity: Identity, shift: int, status: int
) -> None:
    june = await turned_on(identity)
    identity.clock.advance(minutes=5)
    half = await june.log_on()

    assert (await june.step(half["access_token"], june.code(shift=shift))).status == status


@pytest.mark.proves("MF-3")
async def test_five_wrong_codes_end_the_log_on(identity: Identity) -> None:
    june = await turned_on(identity)
    half = await june.log_on()

    answers = [await june.step(half["access_token"], WRONG_CODE) for _ in range(5)]

    assert [answer.code for answer in answers] == ["second_step_failed"] * 4 + ["second_step_over"]
    assert (await june.step(half["access_token"], june.codes[0])).status == 401
    assert (await identity.refresh(half["refresh_token"])).code == "refresh_invalid"
    again = await june.log_on()
    assert (await june.step(again["access_token"], june.codes[0])).status == 201


@pytest.mark.proves("MF-3")
async def test_of_64_guesses_at_once_in_one_log_on_five_are_looked_at(
    identity: Identity, second: Identity
) -> None:
    june = await turned_on(identity)
    token = (await june.log_on())["access_token"]
    body = {"code": WRONG_CODE}

    answers = await asyncio.gather(
        *(
            (identity, second)[number % 2].call("POST", "/sessions/second-step", body, token=token)
            for number in range(RACERS)
        )
    )

    told = outcomes(answers)
    assert (told.pop("second_step_failed"), told.pop("second_step_over")) == (4, 1)
    assert set(told) == {"unauthenticated"}


@pytest.mark.proves("MF-3")
async def test_ten_wrong_within_15_minutes_lock_for_20_wherever_they_were_given(
    identity: Identity,
) -> None:
    june = await turned_on(identity)
    identity.clock.advance(minutes=4)
    half = await june.log_on()
    for _ in range(4):
        await june.step(half["access_token"], WRONG_CODE)
    full = (await june.step(half["access_token"], june.codes[0])).body
    for _ in range(6):
        await june.reauthenticate(full["access_token"], "username", WRONG_CODE)

    waiting = await june.log_on()
    locked = await june.step(waiting["access_token"], june.codes[1])
    wrong = await june.step(waiting["access_token"], WRONG_CODE)
    identity.clock.advance(minutes=14)
    waiting = (await identity.refresh(waiting["refresh_token"])).body
    identity.clock.advance(minutes=5, seconds=59)
    waiting = (await identity.refresh(waiting["refresh_token"])).body
    still = await june.step(waiting["access_token"], june.codes[1])
    identity.clock.advance(seconds=1)
    over = await june.step(waiting["access_token"], june.codes[1])

    assert locked.alike() == wrong.alike() == still.alike()
    assert locked.refused() == (403, "second_step_failed")
    assert over.status == 201  # the lock used nothing up
    [row] = await identity.rows("SELECT * FROM audit_entries WHERE action = 'second-step.lock'")
    assert row["subject"] == f"account:{june.person.id}"
    assert len(await identity.events("second-step-locked")) == 1


@pytest.mark.proves("MF-3")
async def test_nine_wrong_and_one_after_15_minutes_do_not_lock(identity: Identity) -> None:
    june = await turned_on(identity)
    for wrong in (4, 4, 1):
        half = await june.log_on()
        for _ in range(wrong):
            await june.step(half["access_token"], WRONG_CODE)
    identity.clock.advance(minutes=15)
    half = await june.log_on()
    await june.step(half["access_token"], WRONG_CODE)

    assert (await june.step(half["access_token"], june.codes[0])).status == 201


@pytest.mark.proves("MF-3")
async def test_of_64_guesses_at_once_over_two_replicas_ten_are_told(
    identity: Identity, second: Identity
) -> None:
    june = await turned_on(identity)
    sessions = [await june.log_on() for _ in range(WAITING)] * (RACERS // WAITING)

    answers = await asyncio.gather(
        *(
            (identity, second)[number % 2].call(
                "POST", "/sessions/second-step", {"code": WRONG_CODE}, token=half["access_token"]
            )
            for number, half in enumerate(sessions)
        )
    )

    assert {answer.code for answer in answers} == {"second_step_failed"}
    counted = await identity.rows(
        "SELECT detail, count(*) FROM audit_entries WHERE action = 'second-step.take' GROUP BY 1"
    )
    assert {row["detail"]: row["count"] for row in counted} == {"wrong": 10, "locked": RACERS - 10}
    assert (await june.step(sessions[0]["access_token"], june.codes[0])).status == 403


@pytest.mark.proves("MF-1", "MF-4", "V6.5.1")
@pytest.mark.parametrize("means", ["app", "recovery-code"])
async def test_of_64_with_one_good_code_one_wins(
    identity: Identity, second: Identity, means: str
) -> None:
    june = await turned_on(identity)
    code = await june.next_code() if means == "app" else june.codes[0]
    sessions = [await june.log_on() for _ in range(WAITING)] * (RACERS // WAITING)

    answers = await asyncio.gather(
        *(
            (identity, second)[number % 2].call(
                "POST", "/sessions/second-step", {"code": code}, token=half["access_token"]
            )
            for number, half in enumerate(sessions)
        )
    )

    told = outcomes(answers)
    assert told[201] == 1
    assert told["second_step_failed"] + told["unauthenticated"] == RACERS - 1
    assert told["unauthenticated"] <= 1  # in the session that ended with it


@pytest.mark.proves("MF-4")
async def test_the_holder_is_told_once_three_recovery_codes_are_left(identity: Identity) -> None:
    june = await turned_on(identity)
    told = []
    for code in june.codes[:8]:
        half = await june.log_on()
        assert (await june.step(half["access_token"], code)).status == 201
        told.append(len(await identity.events("recovery-codes-low")))

    assert told == [0] * 6 + [1, 1]


@pytest.mark.proves("MF-3", "SE-3")
async def test_in_a_session_that_waits_wrong_codes_count_together_whatever_they_are_for(
    identity: Identity,
) -> None:
    june = await turned_on(identity)
    half = await june.log_on()
    token = half["access_token"]

    first = [await june.step(token, WRONG_CODE) for _ in range(2)]
    beside = [await june.reauthenticate(token, "merge", WRONG_CODE) for _ in range(2)]
    fifth = await june.reauthenticate(token, "merge", WRONG_CODE)

    assert {answer.refused() for answer in (*first, *beside)} == {(403, "second_step_failed")}
    assert fifth.refused() == (403, "second_step_over")
    assert (await june.step(token, june.codes[0])).status == 401
    assert (await identity.refresh(half["refresh_token"])).code == "refresh_invalid"
    [row] = await identity.rows("SELECT ended_by FROM sessions WHERE id = $1", half["session_id"])
    assert row["ended_by"] == "second-step-failed"


@pytest.mark.proves("MF-3", "SE-3", "V6.5.1")
async def test_of_64_wrong_codes_at_once_at_both_doors_of_a_session_five_are_told(
    identity: Identity,
) -> None:
    june = await turned_on(identity)
    token = (await june.log_on())["access_token"]

    answers = await asyncio.gather(
        *(
            june.reauthenticate(token, "merge", WRONG_CODE)
            if number % 2
            else june.step(token, WRONG_CODE)
            for number in range(RACERS)
        )
    )

    told = outcomes(answers)
    assert (told["second_step_failed"], told["second_step_over"]) == (4, 1)
    assert sum(told.values()) == RACERS
    assert {answer.status for answer in answers} <= {401, 403, 429}


@pytest.mark.proves("MF-3", "SE-3")
async def test_in_a_full_session_wrong_codes_end_nothing_before_the_tenth_locks(
    identity: Identity,
) -> None:
    june = await turned_on(identity)

    wrong = [await june.reauthenticate(june.token, "merge", WRONG_CODE) for _ in range(10)]
    locked = await june.reauthenticate(june.token, "merge", june.codes[0])

    assert {answer.refused() for answer in (*wrong, locked)} == {(403, "second_step_failed")}
    assert (await identity.call("GET", "/sessions", token=june.token)).status == 200


@pytest.mark.proves("RC-10", "V6.4.3")
@pytest.mark.parametrize("route", ResetRoute)
async def test_a_reset_opens_no_full_session_without_the_second_step(
    identity: Identity, recovery: Recovery, route: ResetRoute
) -> None:
    june = await turned_on(identity)
    grant = await recovery.grant(june.person, security_version=2, route=route)

    reset = await identity.reset(grant, NEW)
    session = reset.body
    if route is ResetRoute.VALIDATION:  # RC-6: the first session is that of her log-on
        assert reset.body == {"ends": "log-on"}
        session = (await identity.log_on(june.person.username, NEW)).body

    assert reset.status == 200
    assert (session["scope"], session["gates"][0]["name"]) == ("gates", "second-step")
    stepped = (await june.step(session["access_token"], june.codes[0])).body
    left = ["account-email"] if route is ResetRoute.VALIDATION else []
    assert [gate["name"] for gate in stepped["gates"] if gate["required"]] == left
    assert stepped["scope"] == ("gates" if left else "full")


@pytest.mark.proves("ID-7", "SE-3")
async def test_a_password_changed_with_a_code_asks_for_no_other(identity: Identity) -> None:
    june = await turned_on(identity)
    body = {"new_password": NEW, "reauthenticated": await june.proof(june.token, "password")}

    changed = await identity.call("PUT", "/account/password", body, token=june.token)

    assert (changed.status, changed.body["scope"]) == (200, "full")


async def test_a_log_on_counts_as_one_with_its_second_step(identity: Identity) -> None:
    june = await turned_on(identity)
    query = "SELECT last_log_on_at FROM accounts"
    [before] = await identity.rows(query)
    identity.clock.advance(minutes=7)

    half = await june.log_on()
    [waiting] = await identity.rows(query)
    await june.step(half["access_token"], june.codes[0])
    [after] = await identity.rows(query)

    assert waiting == before
    assert after["last_log_on_at"] == identity.clock.now()


@pytest.mark.proves("EN-5", "MF-4")
async def test_a_practice_is_added_by_name_password_and_code_and_asked_again_it_is_once(
    identity: Identity, desk: PracticeDesk
) -> None:
    await desk.enrolled()  # as maria.garcia
    [row] = await identity.rows("SELECT id FROM accounts WHERE username = 'maria.garcia'")
    maria = Person(id=row["id"], username="maria.garcia", password=PASSWORD, email=None)
    june = await turned_on(identity, maria)
    token = await (await practice_desk(identity)).a_token()
    body = {"token": token, "name": maria.username, "password": PASSWORD}

    async def add(**more: str) -> Answer:
        return await identity.call(
            "POST",
            "/enrolments/existing-account",
            {**body, **more},
            headers={"Idempotency-Key": "a-key-of-mine" + more.get("code", "")},
        )

    assert (await add()).refused() == (403, "code_required")
    assert (await add(code=WRONG_CODE)).refused() == (403, "second_step_failed")
    added = await add(code=june.codes[0])
    again = await add(code=june.codes[0])

    assert (added.status, again.body) == (201, added.body)
    assert len(await identity.events("enrolment-added")) == 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Adding:
    """June, who has two-step on and is of the record, and a token of another practice for her."""

    identity: Identity
    june: TwoStepper
    token: str

    async def add(self, code: str, *, token: str | None = None, key: str = "") -> Answer:
        body = {
            "token": token or self.token,
            "name": self.june.person.username,
            "password": PASSWORD,
            "code": code,
        }
        headers = {"Idempotency-Key": key} if key else {}
        path = "/enrolments/existing-account"
        return await self.identity.call("POST", path, body, headers=headers)


async def adding(identity: Identity, desk: PracticeDesk) -> Adding:
    await desk.enrolled()  # as maria.garcia
    [row] = await identity.rows("SELECT id FROM accounts WHERE username = 'maria.garcia'")
    maria = Person(id=row["id"], username="maria.garcia", password=PASSWORD, email=None)
    june = await turned_on(identity, maria)
    token = await (await practice_desk(identity)).a_token()
    return Adding(identity=identity, june=june, token=token)


MISTYPED = "ABCD-EFGH-JKMN-PQRS"


@pytest.mark.proves("EN-5", "MF-3", "AU-1")
async def test_the_audit_tells_a_wrong_code_beside_a_token_from_one_under_the_lock(
    identity: Identity, desk: PracticeDesk
) -> None:
    adding_one = await adding(identity, desk)

    for code in (*[WRONG_CODE] * 10, adding_one.june.codes[0]):
        await adding_one.add(code)

    rows = await identity.rows(
        "SELECT detail FROM audit_entries WHERE action = 'enrol.existing-account'"
    )
    assert Counter(row["detail"] for row in rows) == {"wrong": 10, "locked": 1}


@pytest.mark.proves("EN-5", "MF-1", "MF-4")
@pytest.mark.parametrize("of_app", [True, False])
async def test_a_mistyped_token_uses_no_code_up(
    identity: Identity, desk: PracticeDesk, of_app: bool
) -> None:
    one = await adding(identity, desk)
    code = await one.june.next_code() if of_app else one.june.codes[0]

    mistyped = [await one.add(code, token=MISTYPED) for _ in range(11)]
    added = await one.add(code)

    assert {answer.refused() for answer in mistyped} == {(422, "token_invalid")}
    assert added.status == 201
    half = await one.june.log_on()
    used = await one.june.step(half["access_token"], code)
    assert used.refused() == (403, "second_step_failed")


@pytest.mark.proves("EN-5", "MF-3")
async def test_of_a_token_nothing_is_heard_before_a_right_code_and_wrong_ones_are_counted(
    identity: Identity, desk: PracticeDesk
) -> None:
    one = await adding(identity, desk)

    wrong = [
        await one.add(WRONG_CODE, token=MISTYPED if number % 2 else None) for number in range(10)
    ]
    locked = await one.add(one.june.codes[0])

    assert all(answer.alike() == wrong[0].alike() for answer in (*wrong, locked))
    assert locked.refused() == (403, "second_step_failed")
    assert len(await identity.events("second-step-locked")) == 1


@pytest.mark.proves("EN-5", "MF-3")
async def test_asked_again_it_is_answered_and_its_used_code_counts_as_none(
    identity: Identity, desk: PracticeDesk
) -> None:
    one = await adding(identity, desk)
    code = one.june.codes[0]

    answers = [await one.add(code, key="a-key-of-mine") for _ in range(12)]

    assert {answer.status for answer in answers} == {201}
    half = await one.june.log_on()
    assert (await one.june.step(half["access_token"], one.june.codes[1])).status == 201


@pytest.mark.proves("EN-5", "MF-4", "V6.5.1")
async def test_of_64_practices_added_at_once_by_one_code_one_is(
    identity: Identity, desk: PracticeDesk
) -> None:
    one = await adding(identity, desk)
    desks = [await practice_desk(identity) for _ in range(3)]
    tokens = [await each.a_token() for each in desks]
    code = one.june.codes[0]

    answers = await asyncio.gather(
        *(one.add(code, token=[*tokens, MISTYPED][number % 4]) for number in range(RACERS))
    )

    assert outcomes(answers)[201] == 1
    assert set(outcomes(answers)) <= {
        201,
        "token_invalid",
        "second_step_failed",
        "already_enrolled",
        "too_many_requests",
    }
    assert len(await identity.events("enrolment-added")) == 1


@pytest.mark.proves("MG-1", "MF-4", "MF-1")
@pytest.mark.parametrize("of_app", [True, False])
async def test_the_other_account_is_proven_with_its_code(identity: Identity, of_app: bool) -> None:
    june, own = await turned_on(identity), await turned_on(identity)
    body = {"name": june.person.username, "password": PASSWORD}
    code = await june.next_code() if of_app else june.codes[0]

    async def prove(**more: str) -> Answer:
        path = "/account/ownership-proofs"
        return await identity.call("POST", path, {**body, **more}, token=own.token)

    assert (await prove()).refused() == (403, "code_required")
    assert (await prove(code=code)).status == 200
    assert (await prove(code=code)).refused() == (403, "second_step_failed")


@pytest.mark.proves("MG-5", "MG-1")
async def test_who_has_no_two_step_proves_no_account_that_has_it_and_uses_no_code_up(
    identity: Identity,
) -> None:
    june, person = await turned_on(identity), await identity.an_account()
    token = (await identity.logged_on(person.username))["access_token"]
    body = {"name": june.person.username, "password": PASSWORD, "code": june.codes[0]}

    async def prove(token: str, **more: str) -> Answer:
        return await identity.call(
            "POST", "/account/ownership-proofs", {**body, **more}, token=token
        )

    wrong = await prove(token, password="Wrong-Guess-1234")
    early = [await prove(token, code="000000") for _ in range(11)]
    own = await turned_on(identity, person)

    assert wrong.refused() == (403, "merge_proof_failed")
    assert {answer.refused() for answer in early} == {(409, "merge_needs_two_step")}
    assert (await prove(own.token)).status == 200


@pytest.mark.proves("MG-5")
async def test_an_account_without_two_step_is_proven_by_who_has_it(identity: Identity) -> None:
    own, other = await turned_on(identity), await identity.an_account()
    body = {"name": other.username, "password": PASSWORD}

    answer = await identity.call("POST", "/account/ownership-proofs", body, token=own.token)

    assert answer.status == 200


@pytest.mark.proves("UN-4")
async def test_where_no_practice_is_left_the_second_step_comes_first(identity: Identity) -> None:
    person = await identity.an_account()
    june = await turned_on(identity, person)
    await identity.rows("UPDATE enrolments SET state = 'un-enrolled'")

    half = await june.log_on()
    full = (await june.step(half["access_token"], june.codes[0])).body

    assert [(each["name"], each["required"]) for each in half["gates"]] == [("second-step", True)]
    assert (half["scope"], full["scope"], full["gates"]) == ("gates", "settings", [])


@pytest.mark.proves("MG-1", "MF-4")
async def test_what_could_be_a_recovery_code_costs_nobody_what_it_costs_somebody(
    identity: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    june = await turned_on(identity)
    without = await identity.an_account()
    token = (await identity.logged_on())["access_token"]
    hashed: list[bytes] = []
    hashpw = bcrypt.hashpw

    def counted(password: bytes, salt: bytes) -> bytes:
        hashed.append(salt)
        return hashpw(password, salt)

    monkeypatch.setattr(bcrypt, "hashpw", counted)
    cost = []
    for name in (june.person.username, without.username, "nobody.at.all"):
        hashed.clear()
        body = {"name": name, "password": "Wrong-Guess-1234", "code": WRONG_CODE}
        await identity.call("POST", "/account/ownership-proofs", body, token=token)
        cost.append(len(hashed))

    assert cost == [1, 1, 1]
