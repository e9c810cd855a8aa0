"""The gates after the password, and what a session may do before and behind them (LG-3, UN-4)."""

from dataclasses import replace
from uuid import UUID

import pytest

from services.identity.sessions.reach import Gate, GateName, Standing, gates, scope
from shared.contracts.ids import AccountId
from shared.contracts.reach import SessionScope

pytestmark = pytest.mark.proves("LG-3")

INSIDE = Standing(
    account_id=AccountId(UUID(int=1)),
    account_version=1,
    enrolled=True,
    terms_due=False,
    email_verified=True,
    skipped=frozenset(),
)
TERMS = Gate(name=GateName.TERMS, required=True)
EMAIL = Gate(name=GateName.ACCOUNT_EMAIL, required=False)


def test_who_has_everything_is_inside() -> None:
    assert gates(INSIDE) == ()
    assert scope(INSIDE) is SessionScope.FULL


def test_the_account_email_is_offered_and_not_required() -> None:
    without = replace(INSIDE, email_verified=False)

    assert gates(without) == (EMAIL,)
    assert scope(without) is SessionScope.FULL


def test_the_terms_are_required_and_come_first() -> None:
    both = replace(INSIDE, terms_due=True, email_verified=False)

    assert gates(both) == (TERMS, EMAIL)
    assert scope(both) is SessionScope.GATES


def test_an_offer_that_was_declined_is_none_and_what_is_required_cannot_be() -> None:
    both = replace(INSIDE, terms_due=True, email_verified=False, skipped=frozenset(GateName))

    assert gates(both) == (TERMS,)
    assert scope(both) is SessionScope.GATES


@pytest.mark.proves("UN-4")
def test_without_a_practice_there_are_the_terms_and_no_other_gate() -> None:
    alone = replace(INSIDE, enrolled=False, email_verified=False)

    assert gates(alone) == ()
    assert scope(alone) is SessionScope.SETTINGS
    assert gates(replace(alone, terms_due=True)) == (TERMS,)
    assert scope(replace(alone, terms_due=True)) is SessionScope.GATES
