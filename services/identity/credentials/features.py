"""What a holder can do about her own credentials."""

from dataclasses import dataclass

from services.identity.accounts.tellings import CredentialTellings
from services.identity.credentials.emails import Emails
from services.identity.credentials.locales import Locales
from services.identity.credentials.passkey_changes import PasskeyChanges
from services.identity.credentials.password_changes import PasswordChanges
from services.identity.credentials.settings import AccountSettings
from services.identity.credentials.two_step_changes import TwoStepChanges
from services.identity.credentials.usernames import Usernames
from services.identity.emails import features as emails
from services.identity.passkeys import features as passkeys
from services.identity.passwords.passwords import Passwords
from services.identity.proving.confirmations import Confirmations
from services.identity.sessions.sessions import Sessions
from services.identity.settings import Settings
from services.identity.two_step import features as two_step
from shared.program.program import Plumbing


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    emails: Emails
    locales: Locales
    password_changes: PasswordChanges
    passkeys: PasskeyChanges
    usernames: Usernames
    settings: AccountSettings
    two_step: TwoStepChanges


def compose(
    plumbing: Plumbing[Settings],
    *,
    confirmations: Confirmations,
    tellings: CredentialTellings,
    addresses: emails.Features,
    passwords: Passwords,
    keys: passkeys.Features,
    steps: two_step.Features,
    sessions: Sessions,
) -> Features:
    """Build the group."""
    return Features(
        emails=Emails(
            acts=plumbing.acts,
            tellings=tellings,
            verifications=addresses.verifications,
            confirmations=confirmations,
            sessions=sessions,
            limit=addresses.limit,
        ),
        locales=Locales(acts=plumbing.acts),
        password_changes=PasswordChanges(
            acts=plumbing.acts,
            tellings=tellings,
            passwords=passwords,
            confirmations=confirmations,
            sessions=sessions,
        ),
        passkeys=PasskeyChanges(
            acts=plumbing.acts,
            tellings=tellings,
            confirmations=confirmations,
            ceremonies=keys.ceremonies,
            removals=keys.removals,
            randomness=plumbing.randomness,
        ),
        usernames=Usernames(
            acts=plumbing.acts,
            tellings=tellings,
            confirmations=confirmations,
        ),
        settings=AccountSettings(
            database=plumbing.database,
            passkeys_offered=keys.ceremonies.door is not None,
        ),
        two_step=TwoStepChanges(
            acts=plumbing.acts,
            tellings=tellings,
            confirmations=confirmations,
            sessions=sessions,
            authenticator=steps.authenticator,
            recovery_codes=steps.recovery_codes,
        ),
    )
