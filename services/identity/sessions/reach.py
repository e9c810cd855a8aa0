"""What stands between a session and the portal, and so what it may do (LG-3, SE-4, UN-4). Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from shared.contracts.ids import AccountId
from shared.contracts.reach import SessionScope


class GateName(StrEnum):
    TERMS = "terms"
    ACCOUNT_EMAIL = "account-email"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """A step between the password and the portal; a required one must be taken first (LG-3)."""

    name: GateName
    required: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What an account has and a session was told, as both are now."""

    account_id: AccountId
    account_version: int
    enrolled: bool  # at one practice at least
    terms_due: bool
    email_verified: bool
    skipped: frozenset[str]


Asks = Literal["required", "offered"]
Rule = Callable[[Standing], Asks | None]


def _terms(at: Standing) -> Asks | None:
    return "required" if at.terms_due else None


def _account_email(at: Standing) -> Asks | None:
    return None if at.email_verified or not at.enrolled else "offered"


RULES: tuple[tuple[GateName, Rule], ...] = (
    (GateName.TERMS, _terms),
    (GateName.ACCOUNT_EMAIL, _account_email),
)
"""Every gate in the order it is to be taken in (LG-3): a new one is a line at its place.

Without a practice there are none but those of who somebody is and what she agrees to (UN-4).
"""


def gates(at: Standing) -> tuple[Gate, ...]:
    """The open gates, in their order. An offer that was declined is none."""
    asked = ((name, rule(at)) for name, rule in RULES)
    return tuple(
        Gate(name=name, required=asks == "required")
        for name, asks in asked
        if asks == "required" or (asks == "offered" and name not in at.skipped)
    )


def scope(at: Standing) -> SessionScope:
    """What the session may do: its gates come first, then whether a practice is left."""
    if any(gate.required for gate in gates(at)):
        return SessionScope.GATES
    return SessionScope.FULL if at.enrolled else SessionScope.SETTINGS
