"""What introspection tells of a token (RFC 7662)."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from services.identity.sessions.api.introspection import introspected
from services.identity.sessions.reach import Sight
from shared.contracts.ids import AccountId, SessionId
from shared.contracts.reach import SessionScope
from shared.trust.access import SessionCaller
from tests.unit.identity.test_gates import INSIDE

pytestmark = pytest.mark.proves("SE-1", "SE-3")

NOW = datetime(2031, 3, 5, 9, 0, tzinfo=UTC)
SIGHT = Sight(standing=INSIDE, practices=())


@pytest.mark.parametrize(
    ("auth_time", "told"),
    [(NOW, int(NOW.timestamp())), (datetime.fromtimestamp(0, UTC), None)],
    ids=["said", "of-before-it-was-said"],
)
def test_when_a_password_was_given_is_told_where_the_token_says_it(
    auth_time: datetime, told: int | None
) -> None:
    caller = SessionCaller(
        account_id=AccountId(UUID(int=1)),
        session_id=SessionId(UUID(int=2)),
        account_version=3,
        scope=SessionScope.FULL,
        auth_time=auth_time,
        issued_at=NOW,
        expires_at=NOW + timedelta(minutes=5),
    )

    assert introspected(caller, SIGHT).auth_time == told
