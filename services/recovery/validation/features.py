"""What can be done by once-only validation."""

from dataclasses import dataclass

from services.recovery.grants.grants import PasswordGrants
from services.recovery.settings import RecoverySettings
from services.recovery.validation.model import SWEEP_EVERY, SWEPT
from services.recovery.validation.validations import Validations
from shared.loops import Loop, Sweep
from shared.one_time import Mint
from shared.program.program import Plumbing


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    validations: Validations

    @property
    def loops(self) -> tuple[Loop, ...]:
        """What runs by itself."""
        return (
            Sweep(
                name="unread-records-sweeper",
                what="first names, phones and addresses that no validation asks for any more",
                once=self.validations.forget_unread,
                full=SWEPT,
            ).loop(SWEEP_EVERY),
        )


def compose(
    plumbing: Plumbing[RecoverySettings], *, mint: Mint, grants: PasswordGrants
) -> Features:
    """Build the group."""
    return Features(
        validations=Validations(
            acts=plumbing.acts, digests=plumbing.digests, mint=mint, grants=grants
        )
    )
