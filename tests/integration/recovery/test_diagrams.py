"""The README's diagrams, held against what becomes of each thing: the token's has its own test."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest

from shared.contracts.ids import AccountId
from shared.contracts.recovery import RECOVERY_LOCKED, RecoveryLocked
from tests.builders import events
from tests.builders.people import a_person
from tests.builders.questions import FIVE, WRONG_ANSWER
from tests.rigs.issuer import Issuer
from tests.rigs.recovery import ADDRESS, EMAIL, HOME_PHONE, USERNAME, Recovery, a_merge, an_account
from tests.rigs.replica import Answer
from tests.support.clock import FakeClock
from tests.support.diagrams import arrows

GONE = "[*]"
OTHER = "juniper.post@elsewhere.example"


@dataclass(slots=True, kw_only=True)
class Case:
    """One person and what she has under way."""

    recovery: Recovery
    identity: Issuer
    clock: FakeClock
    person: Any = field(default_factory=a_person)
    email: str | None = EMAIL
    question: Answer | None = None

    @property
    def account_id(self) -> AccountId:
        found: AccountId = self.person.account_id
        return found

    async def is_known(self, **said: Any) -> None:
        account = an_account(account_id=self.account_id, email=self.email, **said)
        version = self.recovery.told.get(self.account_id, self.person.version - 1) + 1
        await self.recovery.knows(account, version=version)

    async def first(self, query: str) -> str:
        """What the state of the first of them is; gone where there is none."""
        rows = await self.recovery.rows(query)
        return str(rows[0][0]) if rows else GONE


Act = Callable[[Case], Awaitable[object]]
Ways = Mapping[tuple[str, str], tuple[Act, ...]]


async def known(case: Case) -> None:
    await case.is_known()


async def swept(case: Case) -> None:
    case.clock.advance(days=2)
    await case.recovery.loop("one-time-secrets").once()


async def absorbed(case: Case) -> None:
    await case.recovery.merged(a_merge(case.account_id, into=a_person().account_id))


# ---- a request


async def asked(case: Case) -> None:
    await case.recovery.ask()


async def looked_at(case: Case) -> None:
    await case.recovery.tick()


async def mailed(case: Case) -> None:
    await case.is_known()
    await looked_at(case)
    assert len(await case.recovery.mails()) == 1


async def limited(case: Case) -> None:
    await case.is_known()
    await asked(case)
    await looked_at(case)
    assert len(await case.recovery.mails()) == 1


async def nobodys(case: Case) -> None:
    case.clock.advance(seconds=60)
    await looked_at(case)


async def request_state(case: Case) -> str:
    return await case.first("SELECT 'waiting' FROM link_requests")


def by_username(*person: str, most: int) -> "Diagram":
    """The same of a request for a username: by account e-mail, or by another address with what
    shows whose it is (RC-2). `most` are decided in an hour.
    """

    async def asked_for_it(case: Case) -> None:
        await case.recovery.ask_username(OTHER if person else EMAIL, *person)

    async def looked_for(case: Case) -> None:
        await case.recovery.tick_reminders()

    async def is_hers(case: Case) -> None:
        await case.is_known()
        await case.recovery.knows_record_of(case.account_id)
        await case.recovery.knows_addresses_of(case.account_id, OTHER)

    async def named(case: Case) -> None:
        await is_hers(case)
        await looked_for(case)
        assert len(await case.recovery.reminders()) == 1

    async def shut(case: Case) -> None:
        await is_hers(case)
        for _ in range(most):
            await asked_for_it(case)
        await looked_for(case)
        assert len(await case.recovery.reminders()) == most

    async def unknown(case: Case) -> None:
        case.clock.advance(seconds=60)
        await looked_for(case)
        assert not await case.recovery.reminders()

    async def state(case: Case) -> str:
        return await case.first("SELECT 'waiting' FROM reminder_requests")

    return Diagram(
        drawn="request",
        state=state,
        comes_to={"waiting": (asked_for_it,)},
        ways={("waiting", "waiting"): (looked_for,), ("waiting", GONE): (named, shut, unknown)},
    )


# ---- a link


async def has_link(case: Case) -> None:
    await case.is_known()
    await case.recovery.asks_and_is_mailed()
    case.clock.advance(seconds=60)


async def newer(case: Case) -> None:
    await case.recovery.asks_and_is_mailed()


async def spent(case: Case) -> None:
    link_id = await case.first("SELECT id FROM one_time_secrets ORDER BY issued_at, id")
    await case.recovery.password_was_reset(case.account_id, link_id)


async def link_state(case: Case) -> str:
    return await case.first("SELECT state FROM one_time_secrets ORDER BY issued_at, id")


# ---- questions


async def has_questions(case: Case) -> None:
    await case.is_known()
    assert (await case.recovery.sets(await case.identity.token(case.person))).status == 200


async def opened(case: Case) -> None:
    assert (await case.recovery.answers()).status == 200


async def wrong_thrice(case: Case) -> None:
    for _ in range(3):
        await case.recovery.answers(answers=dict.fromkeys(FIVE, WRONG_ANSWER))


async def twenty_minutes(case: Case) -> None:
    case.clock.advance(minutes=20)


async def locked_five_times(case: Case) -> None:
    for _ in range(4):
        await wrong_thrice(case)
        await twenty_minutes(case)
    await wrong_thrice(case)


async def closed(case: Case) -> None:
    await locked_five_times(case)
    await twenty_minutes(case)


async def logged_on(case: Case) -> None:
    """What identity tells: the closing that a full log-on has ended."""
    await case.recovery.features.questions.notices.once()
    envelope = (await case.recovery.envelopes(RECOVERY_LOCKED))[-1]
    await case.is_known(reopened=msgspec.json.decode(envelope.data, type=RecoveryLocked).closing)


async def frozen(case: Case) -> None:
    await case.is_known(frozen_in=case.recovery.told[case.account_id] + 1)


async def questions_state(case: Case) -> str:
    """As a right pair of answers would find them."""
    rows = await case.recovery.rows(
        """
        SELECT r.locked_until, r.closing IS DISTINCT FROM a.reopened AS closed, r.closing
        FROM security_questions q JOIN accounts a USING (account_id)
        LEFT JOIN question_rounds r USING (account_id)
        """
    )
    if not rows:
        return GONE
    [row] = rows
    if row["locked_until"] is not None and row["locked_until"] > case.clock.now():
        return "locked"
    return "closed" if row["closing"] is not None and row["closed"] else "open"


# ---- a round of validation


async def is_asked(case: Case) -> None:
    case.email = None
    await case.is_known()
    record = await case.recovery.knows_record_of(case.account_id)
    case.question = await case.recovery.call(
        "POST",
        "/resets/validations",
        {
            "username": USERNAME,
            "birth_date": record.birth_date.isoformat(),
            "last_name": record.last_name,
            "first_name": record.first_name,
            "home_phone": HOME_PHONE,
        },
    )


async def picks(case: Case, beside: int) -> Answer:
    assert case.question is not None
    true = list(case.question.body["addresses"]).index(ADDRESS)
    said = {"challenge": case.question.body["challenge"], "choice": (true + beside) % 4}
    return await case.recovery.call("POST", "/resets/validations/answer", said)


async def picks_hers(case: Case) -> None:
    assert (await picks(case, 0)).status == 200


async def picks_another(case: Case) -> None:
    assert (await picks(case, 1)).status == 422


async def picks_when_shut(case: Case) -> None:
    await has_questions(case)
    assert (await picks(case, 0)).status == 422


async def round_state(case: Case) -> str:
    return await case.first(
        "SELECT CASE WHEN answered_at IS NULL THEN 'asked' WHEN passed THEN 'passed'"
        " ELSE 'failed' END FROM validation_rounds"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagram:
    """How its thing is looked at, comes to a state, and goes on."""

    state: Callable[[Case], Awaitable[str]]
    comes_to: Mapping[str, tuple[Act, ...]]
    ways: Ways
    drawn: str = ""  # as what, where it is not under its own name


DIAGRAMS: Mapping[str, Diagram] = {
    "request": Diagram(
        state=request_state,
        comes_to={"waiting": (asked,)},
        ways={
            ("waiting", "waiting"): (looked_at,),
            ("waiting", GONE): (mailed, limited, nobodys),
        },
    ),
    "request for a username": by_username(most=3),
    "request by person": by_username(events.LAST_NAME, "04/17/1988", most=5),
    "link": Diagram(
        state=link_state,
        comes_to={
            "live": (has_link,),
            "superseded": (has_link, newer),
            "used": (has_link, spent),
            "void": (has_link, absorbed),
        },
        ways={
            ("live", "superseded"): (newer,),
            ("live", "used"): (spent,),
            ("live", "void"): (absorbed,),
            ("superseded", "used"): (spent,),
            ("void", "used"): (spent,),
            **{(state, GONE): (swept,) for state in ("live", "superseded", "used", "void")},
        },
    ),
    "questions": Diagram(
        state=questions_state,
        comes_to={
            "open": (has_questions,),
            "locked": (has_questions, wrong_thrice),
            "closed": (has_questions, closed),
        },
        ways={
            ("open", "open"): (opened,),
            ("open", "locked"): (wrong_thrice,),
            ("locked", "open"): (twenty_minutes,),
            ("locked", "closed"): (closed,),
            ("closed", "open"): (logged_on,),
            **{(state, GONE): (frozen, absorbed) for state in ("open", "locked", "closed")},
        },
    ),
    "round": Diagram(
        state=round_state,
        comes_to={
            "asked": (is_asked,),
            "passed": (is_asked, picks_hers),
            "failed": (is_asked, picks_another),
        },
        ways={
            ("asked", "passed"): (picks_hers, picks_when_shut),
            ("asked", "failed"): (picks_another,),
            ("passed", "passed"): (picks_hers,),
            **{(state, GONE): (swept,) for state in ("asked", "passed", "failed")},
        },
    ),
}


@pytest.mark.proves("RC-1", "RC-2", "RC-3", "RC-4", "RC-6")
@pytest.mark.parametrize("thing", DIAGRAMS)
def test_the_diagram_has_every_way_and_no_other(thing: str) -> None:
    assert arrows("recovery", DIAGRAMS[thing].drawn or thing) == set(DIAGRAMS[thing].ways)


@pytest.mark.proves("RC-1", "RC-2", "RC-3", "RC-4", "RC-6")
@pytest.mark.parametrize(
    ("thing", "state", "becomes", "act"),
    [
        (thing, *arrow, act)
        for thing, diagram in DIAGRAMS.items()
        for arrow, acts in diagram.ways.items()
        for act in acts
    ],
    ids=lambda part: getattr(part, "__name__", str(part)),
)
async def test_everything_goes_the_ways_of_its_diagram(
    recovery: Recovery,
    identity: Issuer,
    clock: FakeClock,
    thing: str,
    state: str,
    becomes: str,
    act: Act,
) -> None:
    diagram = DIAGRAMS[thing]
    case = Case(recovery=recovery, identity=identity, clock=clock)
    for before in diagram.comes_to[state]:
        await before(case)
    assert await diagram.state(case) == state

    await act(case)

    assert await diagram.state(case) == becomes
