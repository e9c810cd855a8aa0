"""How one gets in."""

from dataclasses import dataclass

from services.identity.accounts.tellings import CredentialTellings
from services.identity.devices.arrivals import Arrivals
from services.identity.log_on.disclaimers import Disclaimers
from services.identity.log_on.gates import Gates
from services.identity.log_on.log_on import LogOn
from services.identity.log_on.passkey_gate import PasskeyGate
from services.identity.log_on.passkeys import PasskeyLogOn
from services.identity.log_on.resets import Resets
from services.identity.log_on.second_steps import SecondStepGate
from services.identity.log_on.terms import Terms
from services.identity.passkeys import features as passkeys
from services.identity.passwords import features as passwords
from services.identity.proving.confirmations import Confirmations
from services.identity.sessions.sessions import Sessions
from services.identity.settings import Settings
from services.identity.two_step.second_steps import SecondSteps
from shared.program.program import Plumbing
from shared.trust.grants import GrantChecker


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    log_on: LogOn
    resets: Resets
    terms: Terms
    gates: Gates
    disclaimers: Disclaimers
    second_steps: SecondStepGate
    passkeys: PasskeyLogOn
    passkey_gate: PasskeyGate


def compose(
    plumbing: Plumbing[Settings],
    *,
    grants: GrantChecker,
    tellings: CredentialTellings,
    secrets: passwords.Features,
    second_steps: SecondSteps,
    keys: passkeys.Features,
    confirmations: Confirmations,
    sessions: Sessions,
    arrivals: Arrivals,
) -> Features:
    """Build the group."""
    gates = Gates(acts=plumbing.acts, sessions=sessions)
    return Features(
        log_on=LogOn(
            acts=plumbing.acts,
            hasher=secrets.hasher,
            proofs=secrets.proofs,
            sessions=sessions,
            arrivals=arrivals,
        ),
        resets=Resets(
            acts=plumbing.acts,
            grants=grants,
            passwords=secrets.passwords,
            tellings=tellings,
            lockouts=secrets.lockouts,
            sessions=sessions,
            arrivals=arrivals,
        ),
        terms=terms(plumbing),
        gates=gates,
        disclaimers=Disclaimers(acts=plumbing.acts, gates=gates, sessions=sessions),
        second_steps=SecondStepGate(
            acts=plumbing.acts,
            gates=gates,
            second_steps=second_steps,
            answers=keys.answers,
            sessions=sessions,
            arrivals=arrivals,
        ),
        passkeys=PasskeyLogOn(
            acts=plumbing.acts, answers=keys.answers, sessions=sessions, arrivals=arrivals
        ),
        passkey_gate=PasskeyGate(
            acts=plumbing.acts,
            tellings=tellings,
            confirmations=confirmations,
            gates=gates,
            removals=keys.removals,
        ),
    )


def terms(plumbing: Plumbing[Settings]) -> Terms:
    """What the operator publishes the terms with."""
    return Terms(acts=plumbing.acts)
