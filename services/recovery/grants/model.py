"""Who has proven to be whom, and what she is given for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from shared.contracts.identity import ResetRoute
from shared.contracts.ids import AccountId


class Ends(StrEnum):
    """Where its holder stands once the password is set."""

    HOME = "home"  #: in a session, with its second step first
    LOG_ON = "log-on"  #: RC-6: nowhere yet; she logs on with it


ENDS: Mapping[ResetRoute, Ends] = MappingProxyType(
    {
        ResetRoute.LINK: Ends.HOME,
        ResetRoute.QUESTIONS: Ends.HOME,
        ResetRoute.PRACTICE_TOKEN: Ends.HOME,
        ResetRoute.VALIDATION: Ends.LOG_ON,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """Somebody has proven to be the holder of an account, as far as her route demands it.

    `id` is the proof's: each of its grants has it as jti, so identity spends one of them at most.
    `security_version` is the one known as the proof began, so that a change since voids it.
    """

    id: UUID
    route: ResetRoute
    account_id: AccountId
    username: str
    security_version: int
    expires_at: datetime
