"""Accounts as merge knows them."""

from dataclasses import dataclass

from shared.contracts.identity import AccountState
from shared.contracts.ids import PatientId


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account as its newest snapshot told it."""

    version: int
    state: AccountState
    security_version: int
    time_zone: str
    patient_ids: frozenset[PatientId]
    absorbed: bool  # by a merge that was completed here, whatever its snapshot says
