"""The life of an OAuth client: its secret is rotated, it is revoked (ST-1)."""

from dataclasses import dataclass
from datetime import timedelta

from services.identity.actions import Action
from services.identity.practices.errors import ClientSecretWrong
from services.identity.practices.model import Client
from services.identity.practices.practices import CLIENT_SECRET, NewClient
from services.identity.practices.store import clients as store
from shared.acts import Acts, By
from shared.clock import Clock
from shared.contracts.ids import PracticeId
from shared.db import Database
from shared.errors import NotFound, Refused
from shared.kept import Kept
from shared.randomness import Randomness
from shared.trust.access import LIFE_SECONDS
from shared.trust.tokens import Digests

TOKENS_LIVE = timedelta(seconds=LIFE_SECONDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clients:
    acts: Acts
    randomness: Randomness
    digests: Digests

    async def list(self) -> tuple[Client, ...]:
        """Every client there ever was, the oldest first."""
        async with self.acts.database.connection() as connection:
            return await store.list_all(connection)

    async def rotate(
        self,
        client_id: str,
        *,
        overlap: timedelta,
        by: By,
        practice_id: PracticeId | None = None,
        presented: str | None = None,
    ) -> NewClient:
        """Give a new secret; the one before goes on for the overlap, or ends at once.

        Tokens obtained with it live on, five minutes at most. A client that rotates its own
        presents the secret of now: else a stolen token could shut its practice out, and of two at
        once one would show a secret that is over. An operator presents none.

        Raises NotFound, ClientSecretWrong.
        """
        secret = self.randomness.token()
        async with self.acts.begin(
            by, Action.ROTATE_CLIENT, client=client_id, practice=practice_id
        ) as act:
            client = await store.rotate(
                act.tx,
                client_id,
                secret_digest=self.digests.of(CLIENT_SECRET, secret),
                former_until=act.now + overlap if overlap else None,
                presented=self._digest(presented),
            )
            if client is None:
                raise _refusal(presented)
            act.about(practice=client.practice_id)
        return NewClient(client_id=client_id, secret=secret, practice_id=client.practice_id)

    async def revoke(
        self,
        client_id: str,
        *,
        by: By,
        practice_id: PracticeId | None = None,
        presented: str | None = None,
    ) -> None:
        """No token for it any more; identity refuses those it has within a second.

        A client that revokes itself presents its secret. Raises NotFound, ClientSecretWrong.
        """
        async with self.acts.begin(
            by, Action.REVOKE_CLIENT, client=client_id, practice=practice_id
        ) as act:
            client = await store.revoke(
                act.tx, client_id, now=act.now, presented=self._digest(presented)
            )
            if client is None:
                raise _refusal(presented)
            act.about(practice=client.practice_id)

    def _digest(self, presented: str | None) -> bytes | None:
        return None if presented is None else self.digests.of(CLIENT_SECRET, presented)


def _refusal(presented: str | None) -> Refused:
    """Say why nothing fitted: an operator names a client, a client presents its secret."""
    return NotFound() if presented is None else ClientSecretWrong()


class RevokedClients:
    """Clients whose tokens may not have expired yet, read each second and never by a request."""

    def __init__(self, *, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._kept: Kept[frozenset[str]] = Kept(self._read, before=frozenset())

    async def once(self) -> int:
        """Read what is there, always 0."""
        await self._kept.look()
        return 0

    async def includes(self, client_id: str) -> bool:
        """Whether that client's tokens are refused."""
        return client_id in await self._kept.fresh()

    async def _read(self) -> frozenset[str]:
        since = self._clock.now() - TOKENS_LIVE
        async with self._database.connection() as connection:
            return await store.revoked_since(connection, since)
