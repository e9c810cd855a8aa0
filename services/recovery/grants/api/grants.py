"""What every way back answers with in the end."""

from typing import Self

from services.recovery.grants.model import Ends, PasswordGrant
from shared.http.routes import Reply


class RecoveryGrant(Reply, frozen=True, kw_only=True):
    """For identity's `reset_password`, which takes it once; seconds are counted from now.

    `username` is for a password manager to keep the new password with. `ends` is where the reset
    leads: `home`, a session, or `log-on`, none.
    """

    grant: str
    expires_in: int
    username: str
    ends: Ends

    @classmethod
    def of(cls, given: PasswordGrant) -> Self:
        """As it is told."""
        return cls(
            grant=given.grant,
            expires_in=given.expires_in,
            username=given.username,
            ends=given.ends,
        )
