"""Who may be merged: a pure rule."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

import pytest

from services.merge.parties.errors import AccountMerged, MergeProofStale
from services.merge.parties.model import Pair, Party
from services.merge.projections.model import Account
from shared.contracts.identity import AccountState
from shared.contracts.ids import PatientId
from shared.contracts.matching import Named
from shared.trust.grants import Grant, GrantAct

HALE = Named(last_name="Hale", birth_date=date(1988, 4, 17))
THORNE = Named(last_name="Thorne", birth_date=date(1988, 4, 17))


def patient(number: int) -> PatientId:
    return PatientId(UUID(int=number))


def a_party(
    records: Mapping[PatientId, Named] | None = None,
    *,
    account: Account | None = None,
) -> Party:
    """Proven at version 3 and security version 2, and known exactly so."""
    records = {patient(1): HALE} if records is None else records
    return Party(
        proof=Grant(
            jti="proof-1",
            issuer="https://portico.example/identity",
            act=GrantAct.ACCOUNT_OWNED,
            subject=UUID(int=9),
            security_version=2,
            route="password",
            expires_at=datetime(2031, 3, 5, tzinfo=UTC),
            account_version=3,
        ),
        account=account or an_account(patient_ids=frozenset(records)),
        records=records,
    )


def an_account(
    *,
    version: int = 3,
    security_version: int = 2,
    state: AccountState = AccountState.ACTIVE,
    patient_ids: frozenset[PatientId] = frozenset({patient(1)}),
    absorbed: bool = False,
) -> Account:
    return Account(
        version=version,
        state=state,
        security_version=security_version,
        time_zone="UTC",
        patient_ids=patient_ids,
        absorbed=absorbed,
    )


@pytest.mark.parametrize(
    ("account", "known"),
    [
        (an_account(), True),
        (an_account(version=4, security_version=3), True),
        (an_account(version=2), False),
        (an_account(security_version=1), False),
        (an_account(patient_ids=frozenset({patient(1), patient(2)})), False),
        (an_account(patient_ids=frozenset()), True),
        (an_account(version=1, state=AccountState.MERGED), True),
        (an_account(version=1, absorbed=True), True),
    ],
)
def test_enough_is_known_once_it_is_as_new_as_the_proof_with_every_record(
    account: Account, known: bool
) -> None:
    assert a_party(account=account).caught_up is known


def test_an_account_nobody_has_heard_of_is_not_known() -> None:
    assert replace(a_party(), account=None).caught_up is False


@pytest.mark.parametrize("side", ["survivor", "absorbed"])
@pytest.mark.parametrize(
    ("account", "refusal"),
    [
        (an_account(absorbed=True, security_version=3), AccountMerged),
        (an_account(state=AccountState.MERGED, security_version=3), AccountMerged),
        (an_account(security_version=3), MergeProofStale),
        (an_account(state=AccountState.FROZEN), MergeProofStale),
    ],
)
def test_what_became_of_either_account_is_told_before_whose_they_are(
    side: str, account: Account, refusal: type[Exception]
) -> None:
    pair = Pair(survivor=a_party(), absorbed=a_party({patient(2): THORNE}))
    changed = replace(pair, **{side: replace(getattr(pair, side), account=account)})

    with pytest.raises(refusal):
        changed.require_mergeable()


@pytest.mark.parametrize(
    ("records", "same"),
    [
        ({patient(2): HALE}, True),
        ({patient(2): THORNE, patient(3): HALE}, True),
        ({patient(2): THORNE}, False),
        ({}, False),
    ],
)
def test_one_record_of_each_must_match(records: Mapping[PatientId, Named], same: bool) -> None:
    pair = Pair(survivor=a_party(), absorbed=a_party(records))

    pair.require_mergeable()

    assert pair.same_person is same
