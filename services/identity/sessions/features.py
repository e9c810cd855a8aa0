"""What can be done with sessions and their tokens."""

from dataclasses import dataclass
from datetime import timedelta

from services.identity.practices.clients import RevokedClients
from services.identity.sessions.live_tokens import LiveTokens
from services.identity.sessions.model import SessionLives
from services.identity.sessions.refreshes import Refreshes
from services.identity.sessions.revocations import Revocations
from services.identity.sessions.sessions import Sessions
from services.identity.sessions.store import sessions as store
from services.identity.sessions.store import standings
from services.identity.settings import Settings
from shared.group_commit import GroupCommit
from shared.program.program import Plumbing
from shared.trust.access import AccessTokenIssuer
from shared.trust.own_keys import OwnKeys


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    sessions: Sessions
    refreshes: Refreshes
    revocations: Revocations
    tokens: LiveTokens
    own_keys: OwnKeys


def compose(
    plumbing: Plumbing[Settings],
    *,
    issuer: AccessTokenIssuer,
    own_keys: OwnKeys,
    revoked: RevokedClients,
) -> Features:
    """Build the group."""
    settings = plumbing.settings
    sessions = Sessions(
        acts=plumbing.acts,
        randomness=plumbing.randomness,
        digests=plumbing.digests,
        issuer=issuer,
        lives=SessionLives(
            idle=timedelta(minutes=settings.session_idle_minutes),
            longest=timedelta(hours=settings.session_hours),
            twin=timedelta(seconds=settings.refresh_grace_seconds),
        ),
    )
    return Features(
        sessions=sessions,
        refreshes=Refreshes(
            acts=plumbing.acts,
            randomness=plumbing.randomness,
            digests=plumbing.digests,
            lives=sessions.lives,
            sessions=sessions,
        ),
        revocations=Revocations(acts=plumbing.acts, digests=plumbing.digests, sessions=sessions),
        tokens=LiveTokens(
            tokens=plumbing.access_tokens,
            take=GroupCommit(database=plumbing.database, write=store.take),
            look=GroupCommit(database=plumbing.database, write=standings.look),
            revoked=revoked,
        ),
        own_keys=own_keys,
    )
