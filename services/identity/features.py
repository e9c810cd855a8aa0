"""What identity can do: every feature by its noun."""

from dataclasses import dataclass

from services.identity.accounts import Accounts
from services.identity.client_tokens import ClientTokens
from services.identity.clients import RevokedClients
from services.identity.emails import Emails
from services.identity.enrolment_tokens import EnrolmentTokens
from services.identity.enrolments import Enrolments
from services.identity.existing_accounts import ExistingAccounts
from services.identity.live_tokens import LiveTokens
from services.identity.logon import LogOn
from services.identity.merges import Merges
from services.identity.ownership_proofs import OwnershipProofs
from services.identity.passwords import Passwords
from services.identity.patients import Patients
from services.identity.practices import Practices
from services.identity.reauthentication import Reauthentication
from services.identity.refreshes import Refreshes
from services.identity.resets import Resets
from services.identity.sessions import Sessions
from services.identity.terms import Terms
from services.identity.unenrolments import Unenrolments
from services.identity.unlocks import Unlocks
from shared.own_keys import OwnKeys


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    practices: Practices
    patients: Patients
    enrolment_tokens: EnrolmentTokens
    enrolments: Enrolments
    existing_accounts: ExistingAccounts
    unenrolments: Unenrolments
    unlocks: Unlocks
    passwords: Passwords
    emails: Emails
    accounts: Accounts
    terms: Terms
    client_tokens: ClientTokens
    revoked_clients: RevokedClients
    log_on: LogOn
    sessions: Sessions
    refreshes: Refreshes
    resets: Resets
    reauthentication: Reauthentication
    ownership_proofs: OwnershipProofs
    merges: Merges
    tokens: LiveTokens
    own_keys: OwnKeys
