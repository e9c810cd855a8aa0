"""What a holder can do about her own credentials."""

from dataclasses import dataclass

from services.identity.accounts.accounts import Accounts
from services.identity.credentials.emails import Emails
from services.identity.credentials.settings import AccountSettings
from services.identity.credentials.usernames import Usernames
from services.identity.emails import features as emails
from services.identity.proving.confirmations import Confirmations
from services.identity.sessions.sessions import Sessions
from services.identity.settings import Settings
from shared.program.program import Plumbing


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    emails: Emails
    usernames: Usernames
    settings: AccountSettings


def compose(
    plumbing: Plumbing[Settings],
    *,
    confirmations: Confirmations,
    accounts: Accounts,
    addresses: emails.Features,
    sessions: Sessions,
) -> Features:
    """Build the group."""
    return Features(
        emails=Emails(
            acts=plumbing.acts,
            accounts=accounts,
            verifications=addresses.verifications,
            confirmations=confirmations,
            limit=addresses.limit,
        ),
        usernames=Usernames(acts=plumbing.acts, accounts=accounts, confirmations=confirmations),
        settings=AccountSettings(accounts=accounts, sessions=sessions),
    )
