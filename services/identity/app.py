"""Identity, put together: plumbing to features, a call a group, from what is lowest up."""

from services.identity.accounts import features as accounts
from services.identity.consumers import subscriptions
from services.identity.credentials import features as credentials
from services.identity.desk import features as desk
from services.identity.devices import features as devices
from services.identity.emails import features as emails
from services.identity.enrolment import features as enrolment
from services.identity.features import Features
from services.identity.freezes import features as freezes
from services.identity.log_on import features as log_on
from services.identity.merging import features as merging
from services.identity.passkeys import features as passkeys
from services.identity.passwords import features as passwords
from services.identity.patients import features as patients
from services.identity.practices import features as practices
from services.identity.proving import features as proving
from services.identity.questions import features as questions
from services.identity.requests import features as requests
from services.identity.sessions import features as sessions
from services.identity.settings import Settings
from services.identity.sweeping import sweepers
from services.identity.two_step import features as two_step
from shared.contracts.keys import KeyPurpose
from shared.one_time import Mint
from shared.program.program import Composition, Plumbing
from shared.trust.access import AccessTokenIssuer
from shared.trust.grants import GrantChecker
from shared.trust.hashing import hasher_of
from shared.trust.own_keys import OwnKeys
from shared.trust.sealing import Sealer


def compose(plumbing: Plumbing[Settings]) -> Composition[Features]:
    """Build what runs, around the features."""
    apps = two_step.authenticator(plumbing)
    own_keys = plumbing.own_keys(KeyPurpose.SIGNING, beside=apps.encrypt_again)
    built = features(plumbing, own_keys)

    async def close_hasher() -> None:
        built.passwords.hasher.close()

    return Composition(
        features=built,
        subscriptions=subscriptions(built, plumbing.public_keys),
        loops=(
            *built.passwords.loops,
            *sweepers(plumbing),
            *built.patients.loops,
            *built.practices.loops,
        ),
        own_keys=own_keys,
        closers=(close_hasher,),
        tokens=built.sessions.tokens,
        clients=built.practices.client_tokens,
    )


def features(plumbing: Plumbing[Settings], own_keys: OwnKeys) -> Features:
    """Build every group after those that it is made of."""
    issuer = AccessTokenIssuer(
        issuer=plumbing.issuer, own_keys=own_keys, randomness=plumbing.randomness
    )
    grants = GrantChecker(
        issuer=plumbing.settings.issuer,
        service=plumbing.service,
        public_keys=plumbing.public_keys,
    )
    mint = Mint(
        randomness=plumbing.randomness,
        digests=plumbing.digests,
        sealer=Sealer(
            public_keys=plumbing.public_keys,
            clock=plumbing.clock,
            issuer=f"{plumbing.settings.issuer}/notify",
        ),
    )
    account = accounts.compose(mint=mint)
    practice = practices.compose(plumbing, issuer=issuer)
    patient = patients.compose(plumbing)
    session = sessions.compose(
        plumbing,
        issuer=issuer,
        own_keys=own_keys,
        revoked=practice.revoked_clients,
    )
    device = devices.compose(plumbing, sessions=session.sessions)
    passkey = passkeys.compose(plumbing, sessions=session.sessions)
    password = passwords.compose(plumbing, hasher=hasher_of(plumbing.settings, plumbing.metrics))
    email = emails.compose(plumbing, mint=mint)
    steps = two_step.compose(
        plumbing,
        hasher=password.hasher,
        answers=passkey.answers,
        sessions=session.sessions,
    )
    proof = proving.compose(
        plumbing,
        own_keys=own_keys,
        secrets=password,
        second_steps=steps.second_steps,
        answers=passkey.answers,
        checker=grants,
    )
    entry = log_on.compose(
        plumbing,
        grants=grants,
        tellings=account.tellings,
        secrets=password,
        second_steps=steps.second_steps,
        keys=passkey,
        confirmations=proof.confirmations,
        sessions=session.sessions,
        arrivals=device.arrivals,
    )
    enrolled = enrolment.compose(
        plumbing,
        mint=mint,
        grants=grants,
        own_keys=own_keys,
        confirmations=proof.confirmations,
        patients=patient.patients,
        addresses=email,
        secrets=password,
        second_steps=steps.second_steps,
        terms=entry.terms,
        sessions=session.sessions,
    )
    return Features(
        desk=desk.compose(
            plumbing,
            tellings=account.tellings,
            secrets=password,
            patients=patient.patients,
            sessions=session.sessions,
        ),
        requests=requests.compose(
            plumbing, patients=patient.patients, invitations=enrolled.invitations
        ),
        enrolment=enrolled,
        log_on=entry,
        credentials=credentials.compose(
            plumbing,
            confirmations=proof.confirmations,
            tellings=account.tellings,
            addresses=email,
            passwords=password.passwords,
            keys=passkey,
            steps=steps,
            sessions=session.sessions,
        ),
        freezes=freezes.compose(
            plumbing,
            patients=patient.patients,
            sessions=session.sessions,
        ),
        questions=questions.compose(
            plumbing, grants=grants, tellings=account.tellings, sessions=session.sessions
        ),
        merging=merging.compose(
            plumbing,
            grants=grants,
            patients=patient.patients,
            sessions=session.sessions,
        ),
        proving=proof,
        two_step=steps,
        devices=device,
        passwords=password,
        sessions=session,
        patients=patient,
        practices=practice,
    )
