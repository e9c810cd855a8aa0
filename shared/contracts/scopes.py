"""What OAuth clients may do (ST-1): each verb asks for one scope, each role has some."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Scope(StrEnum):
    """What one kind of verb asks of a client."""

    ACCOUNTS_THAW = "accounts:thaw"
    ACCOUNTS_UNLOCK = "accounts:unlock"
    BOUNCES_WRITE = "bounces:write"
    CLIENTS_READ = "clients:read"
    CLIENTS_WRITE = "clients:write"
    COMMUNICATIONS_WRITE = "communications:write"
    DELIVERIES_READ = "deliveries:read"
    EMAILS_WAIVE = "emails:waive"
    ENROLMENTS_WRITE = "enrolments:write"
    INTROSPECT = "introspect"
    MERGES_READ = "merges:read"
    MERGES_REVIEW = "merges:review"
    PATIENTS_READ = "patients:read"
    PATIENTS_WRITE = "patients:write"
    RESET_TOKENS_WRITE = "reset-tokens:write"
    SETTINGS_READ = "settings:read"
    SETTINGS_WRITE = "settings:write"
    TOKENS_READ = "tokens:read"
    TOKENS_WRITE = "tokens:write"
    TWO_STEPS_RESET = "two-steps:reset"
    USERNAMES_READ = "usernames:read"


class Role(StrEnum):
    """What a client is. Its row keeps this, so a new scope of a role is every such client's."""

    PRACTICE = "practice"  #: a practice's own system
    GATEWAY = "gateway"  #: of no practice, before all of them
    MAIL_SERVER = "mail-server"  #: of no practice, hands over what comes back to our return paths


SCOPES: Mapping[Role, frozenset[Scope]] = MappingProxyType(
    {
        Role.PRACTICE: frozenset(
            {
                Scope.ACCOUNTS_THAW,
                Scope.ACCOUNTS_UNLOCK,
                Scope.CLIENTS_READ,
                Scope.CLIENTS_WRITE,
                Scope.COMMUNICATIONS_WRITE,
                Scope.DELIVERIES_READ,
                Scope.EMAILS_WAIVE,
                Scope.ENROLMENTS_WRITE,
                Scope.MERGES_READ,
                Scope.MERGES_REVIEW,
                Scope.PATIENTS_READ,
                Scope.PATIENTS_WRITE,
                Scope.RESET_TOKENS_WRITE,
                Scope.SETTINGS_READ,
                Scope.SETTINGS_WRITE,
                Scope.TOKENS_READ,
                Scope.TOKENS_WRITE,
                Scope.TWO_STEPS_RESET,
                Scope.USERNAMES_READ,
            }
        ),
        Role.GATEWAY: frozenset({Scope.INTROSPECT}),
        Role.MAIL_SERVER: frozenset({Scope.BOUNCES_WRITE}),
    }
)
