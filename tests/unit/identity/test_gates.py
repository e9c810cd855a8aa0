"""The gates after the password (LG-3)."""

from uuid import UUID

import pytest

from services.identity.accounts.model import SessionAccount
from services.identity.sessions.model import Gate, GateName, gates
from shared.contracts.ids import AccountId

pytestmark = pytest.mark.proves("LG-3")


def account(*, email_verified: bool) -> SessionAccount:
    return SessionAccount(
        account_id=AccountId(UUID(int=1)), version=1, email_verified=email_verified
    )


def test_the_account_email_is_offered_and_not_required() -> None:
    offered = Gate(name=GateName.ACCOUNT_EMAIL, required=False)

    assert gates(account(email_verified=False)) == (offered,)
    assert gates(account(email_verified=True)) == ()
