"""What can be done with practices, gateways and their clients."""

from dataclasses import dataclass

from services.identity.practices.client_tokens import ClientTokens
from services.identity.practices.clients import Clients, RevokedClients
from services.identity.practices.own_clients import OwnClients
from services.identity.practices.practices import Practices
from services.identity.settings import Settings
from shared.loops import SOON, Loop
from shared.program.program import Plumbing
from shared.trust.access import AccessTokenIssuer


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    practices: Practices
    client_tokens: ClientTokens
    own_clients: OwnClients
    clients: Clients
    revoked_clients: RevokedClients

    @property
    def loops(self) -> tuple[Loop, ...]:
        """What runs by itself."""
        return (
            Loop(
                name="revoked-clients",
                once=self.revoked_clients.once,
                every=1.0,
                longest_wait=SOON,
            ),
        )


def compose(plumbing: Plumbing[Settings], *, issuer: AccessTokenIssuer) -> Features:
    """Build the group."""
    return Features(
        practices=practices(plumbing),
        client_tokens=ClientTokens(
            acts=plumbing.acts,
            digests=plumbing.digests,
            issuer=issuer,
        ),
        own_clients=OwnClients(database=plumbing.database, budgets=plumbing.client_budgets),
        clients=clients(plumbing),
        revoked_clients=RevokedClients(database=plumbing.database, clock=plumbing.clock),
    )


def practices(plumbing: Plumbing[Settings]) -> Practices:
    """What the operator's verbs make practices and gateways with."""
    return Practices(
        acts=plumbing.acts,
        randomness=plumbing.randomness,
        digests=plumbing.digests,
    )


def clients(plumbing: Plumbing[Settings]) -> Clients:
    """What the operator's verbs rotate and revoke clients with."""
    return Clients(
        acts=plumbing.acts,
        randomness=plumbing.randomness,
        digests=plumbing.digests,
    )
