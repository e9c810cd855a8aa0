"""Identity, put together: plumbing to features, queues, loops and keys."""

from datetime import timedelta

from services.identity.accounts import Accounts
from services.identity.client_tokens import ClientTokens
from services.identity.clients import Clients, RevokedClients
from services.identity.common_passwords import common_passwords
from services.identity.consumers import subscriptions
from services.identity.emails import Emails
from services.identity.enrolment_tokens import EnrolmentTokens
from services.identity.enrolments import Enrolments
from services.identity.existing_accounts import ExistingAccounts
from services.identity.features import Features
from services.identity.live_tokens import LiveTokens
from services.identity.lock_model import LockPolicy
from services.identity.lockouts import (
    RECORDS_EVERY,
    TICK,
    LockNotices,
    Lockouts,
    LockRecords,
)
from services.identity.logon import LogOn
from services.identity.merges import Merges
from services.identity.model import SendLimits, TokenLives
from services.identity.ownership_proofs import OwnershipProofs
from services.identity.password_policy import password_policy
from services.identity.password_proofs import PasswordProofs
from services.identity.passwords import Passwords
from services.identity.patients import Patients
from services.identity.practices import Practices
from services.identity.proof_grants import ProofGrants
from services.identity.reauthentication import Reauthentication
from services.identity.refreshes import Refreshes
from services.identity.resets import Resets
from services.identity.session_model import SessionLives
from services.identity.sessions import Sessions
from services.identity.settings import Settings
from services.identity.stored_names import StoredNames
from services.identity.sweeping import SWEEP_EVERY, LockoutSweeper, SecretSweeper, SessionSweeper
from services.identity.terms import Terms
from services.identity.unenrolments import Unenrolments
from services.identity.unions import Unions
from services.identity.unlocks import Unlocks
from services.identity.verifications import Verifications
from shared.access import AccessTokenIssuer
from shared.contracts.keys import KeyPurpose
from shared.grants import GrantChecker, GrantIssuer
from shared.hashing import PasswordHasher
from shared.loops import SOON, Loop
from shared.own_keys import OwnKeys
from shared.runtime import Composition, Plumbing
from shared.sealing import Sealer
from shared.transactions import Transactions


def compose(plumbing: Plumbing[Settings]) -> Composition[Features]:
    """Build what runs, around the features."""
    hasher = hasher_of(plumbing)

    async def close_hasher() -> None:
        hasher.close()

    own_keys = plumbing.own_keys(KeyPurpose.SIGNING)
    built = features(plumbing, hasher, own_keys)
    return Composition(
        features=built,
        subscriptions=subscriptions(built, plumbing.public_keys),
        loops=(
            *loops(plumbing),
            Loop(
                name="revoked-clients",
                once=built.revoked_clients.once,
                every=1.0,
                longest_wait=SOON,
            ),
        ),
        own_keys=own_keys,
        closers=(close_hasher,),
        tokens=built.tokens,
        clients=built.client_tokens,
    )


def hasher_of(plumbing: Plumbing[Settings]) -> PasswordHasher:
    """The hasher under this deployment's peppers."""
    settings = plumbing.settings
    return PasswordHasher(
        pepper=settings.pepper.reveal().encode(),
        cost=settings.bcrypt_cost,
        wait=settings.hashing_wait,
        retired=tuple(pepper.reveal().encode() for pepper in settings.peppers_retired),
        metrics=plumbing.metrics,
    )


def loops(plumbing: Plumbing[Settings]) -> tuple[Loop, ...]:
    """What runs by itself."""
    database, clock = plumbing.database, plumbing.clock
    transactions = Transactions(database=database, audit=plumbing.audit)
    notices = LockNotices(
        transactions=transactions,
        outbox=plumbing.outbox,
        clock=clock,
        randomness=plumbing.randomness,
        policy=lock_policy(plumbing.settings),
    )
    records = LockRecords(transactions=transactions, clock=clock, randomness=plumbing.randomness)
    sessions = SessionSweeper(database=database, clock=clock)
    lockouts = LockoutSweeper(database=database, clock=clock)
    secrets = SecretSweeper(database=database, clock=clock)
    return (
        Loop(name="lock-notices", once=notices.once, every=TICK),
        Loop(name="lock-records", once=records.once, every=RECORDS_EVERY),
        Loop(name="session-sweeper", once=sessions.once, every=SWEEP_EVERY),
        Loop(name="lockout-sweeper", once=lockouts.once, every=SWEEP_EVERY),
        Loop(name="secret-sweeper", once=secrets.once, every=SWEEP_EVERY),
    )


def lock_policy(settings: Settings) -> LockPolicy:
    """LG-2 in this deployment's numbers."""
    return LockPolicy(
        failures=settings.lock_failures,
        lasts=timedelta(minutes=settings.lock_minutes),
        notices_a_day=settings.lock_notices_a_day,
        disabled_after=settings.lock_disabled_after,
        unlocks_a_day=settings.unlocks_a_day,
    )


def practices(plumbing: Plumbing[Settings]) -> Practices:
    """What the operator's verbs make practices and gateways with."""
    return Practices(
        transactions=Transactions(database=plumbing.database, audit=plumbing.audit),
        outbox=plumbing.outbox,
        randomness=plumbing.randomness,
        digests=plumbing.digests,
    )


def clients(plumbing: Plumbing[Settings]) -> Clients:
    """What the operator's verbs rotate and revoke clients with."""
    return Clients(
        transactions=Transactions(database=plumbing.database, audit=plumbing.audit),
        randomness=plumbing.randomness,
        digests=plumbing.digests,
    )


def stored_names(plumbing: Plumbing[Settings]) -> StoredNames:
    """What `names re-key` changes and `check` counts."""
    return StoredNames(database=plumbing.database, audit=plumbing.audit)


def sessions_of(plumbing: Plumbing[Settings], issuer: AccessTokenIssuer) -> Sessions:
    """Sessions, which log-on, refresh and reset share."""
    settings = plumbing.settings
    return Sessions(
        transactions=Transactions(database=plumbing.database, audit=plumbing.audit),
        outbox=plumbing.outbox,
        randomness=plumbing.randomness,
        digests=plumbing.digests,
        issuer=issuer,
        lives=SessionLives(
            idle=timedelta(minutes=settings.session_idle_minutes),
            longest=timedelta(hours=settings.session_hours),
            twin=timedelta(seconds=settings.refresh_grace_seconds),
        ),
    )


def proof_grants_of(plumbing: Plumbing[Settings], own_keys: OwnKeys) -> ProofGrants:
    """Grants for a merge and for identity's own verbs."""
    return ProofGrants(
        issuer=GrantIssuer(issuer=plumbing.issuer, own_keys=own_keys),
        randomness=plumbing.randomness,
        prefix=plumbing.settings.issuer,
    )


def features(plumbing: Plumbing[Settings], hasher: PasswordHasher, own_keys: OwnKeys) -> Features:
    """Build every feature in the order of its dependencies."""
    settings, randomness, outbox = plumbing.settings, plumbing.randomness, plumbing.outbox
    digests, idempotency = plumbing.digests, plumbing.idempotency
    transactions = Transactions(database=plumbing.database, audit=plumbing.audit)
    accounts = Accounts(database=plumbing.database, outbox=outbox)
    terms = Terms(version=settings.terms_version, text=settings.terms_text)
    patients = Patients(
        transactions=transactions, outbox=outbox, randomness=randomness, idempotency=idempotency
    )
    passwords = Passwords(
        hasher=hasher,
        policy=password_policy(
            settings.password_policy,
            common=common_passwords(),
            portal_name=settings.portal_name,
        ),
    )
    verifications = Verifications(
        randomness=randomness,
        digests=digests,
        sealer=Sealer(
            public_keys=plumbing.public_keys,
            clock=plumbing.clock,
            issuer=f"{settings.issuer}/notify",
        ),
        life=timedelta(minutes=settings.verify_minutes),
    )
    mail_limits = SendLimits(
        an_hour=settings.verify_mails_an_hour, a_day=settings.verify_mails_a_day
    )
    issuer = AccessTokenIssuer(issuer=plumbing.issuer, own_keys=own_keys, randomness=randomness)
    lockouts = Lockouts(digests=digests, policy=lock_policy(settings))
    proofs = PasswordProofs(
        database=plumbing.database, hasher=hasher, lockouts=lockouts, budget=plumbing.budget
    )
    sessions = sessions_of(plumbing, issuer)
    proof_grants = proof_grants_of(plumbing, own_keys)
    revoked_clients = RevokedClients(database=plumbing.database, clock=plumbing.clock)
    grants = GrantChecker(
        issuer=settings.issuer, service=plumbing.service, public_keys=plumbing.public_keys
    )
    return Features(
        practices=practices(plumbing),
        patients=patients,
        enrolment_tokens=EnrolmentTokens(
            transactions=transactions,
            randomness=randomness,
            digests=digests,
            idempotency=idempotency,
            lives=TokenLives(
                in_person=timedelta(hours=settings.token_hours_in_person),
                post=timedelta(hours=settings.token_hours_post),
                email=timedelta(hours=settings.token_hours_email),
            ),
        ),
        enrolments=Enrolments(
            transactions=transactions,
            idempotency=idempotency,
            outbox=outbox,
            randomness=randomness,
            digests=digests,
            terms=terms,
            passwords=passwords,
            patients=patients,
            accounts=accounts,
            verifications=verifications,
            mail_limits=mail_limits,
        ),
        existing_accounts=ExistingAccounts(
            transactions=transactions,
            idempotency=idempotency,
            outbox=outbox,
            digests=digests,
            proofs=proofs,
            patients=patients,
            accounts=accounts,
        ),
        unenrolments=Unenrolments(
            transactions=transactions, accounts=accounts, sessions=sessions, outbox=outbox
        ),
        passwords=passwords,
        emails=Emails(
            transactions=transactions,
            outbox=outbox,
            accounts=accounts,
            verifications=verifications,
            grants=grants,
            limits=mail_limits,
        ),
        accounts=accounts,
        terms=terms,
        client_tokens=ClientTokens(transactions=transactions, digests=digests, issuer=issuer),
        revoked_clients=revoked_clients,
        log_on=LogOn(transactions=transactions, hasher=hasher, proofs=proofs, sessions=sessions),
        unlocks=Unlocks(
            transactions=transactions, lockouts=lockouts, accounts=accounts, outbox=outbox
        ),
        sessions=sessions,
        refreshes=Refreshes(
            transactions=transactions,
            randomness=randomness,
            digests=digests,
            lives=sessions.lives,
            sessions=sessions,
        ),
        resets=Resets(
            transactions=transactions,
            grants=grants,
            passwords=passwords,
            accounts=accounts,
            lockouts=lockouts,
            sessions=sessions,
            outbox=outbox,
        ),
        reauthentication=Reauthentication(
            transactions=transactions, proofs=proofs, grants=proof_grants
        ),
        ownership_proofs=OwnershipProofs(
            transactions=transactions, proofs=proofs, grants=proof_grants
        ),
        merges=Merges(
            audit=plumbing.audit,
            outbox=outbox,
            clock=plumbing.clock,
            grants=grants,
            accounts=accounts,
            unions=Unions(accounts=accounts, patients=patients, sessions=sessions),
            metrics=plumbing.metrics,
        ),
        tokens=LiveTokens(
            tokens=plumbing.access_tokens, database=plumbing.database, revoked=revoked_clients
        ),
        own_keys=own_keys,
    )
