"""One-time secrets: links and tokens that are made once, kept as a digest and taken back once.

One piece: each statement moves a secret between states that all the others know.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from shared.contracts.ids import EventId
from shared.contracts.sealed import Sealed
from shared.db import Connection, Row
from shared.randomness import CROCKFORD, Randomness
from shared.trust.sealing import Sealer, Seals
from shared.trust.tokens import Digests
from shared.trust.typed_secrets import typed_symbols

GROUP = 4  # symbols between two hyphens
READ_AS = {"O": "0", "I": "1", "L": "1"}  # Crockford: what people read for what

SWEEP = """
DELETE FROM one_time_secrets
WHERE id IN (
    SELECT id FROM one_time_secrets
    WHERE kept_until <= $1
    ORDER BY id
    LIMIT $2
    FOR UPDATE SKIP LOCKED
)
RETURNING 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Purpose:
    """What a secret is for, and with it how it is written, how long it lives and what voids it."""

    name: str
    """Also the domain of its digests and, where it is mailed, the purpose of its seal."""
    longest: timedelta
    """No secret of the purpose lives longer, whatever a setting says."""
    symbols: int | None = None
    """Crockford symbols for people to type, five bits each; None: 256 bits, for a link."""
    digits: int | None = None
    """Decimal digits for people to type. They are so few that whoever has their digests finds them
    all, so it is known by its id, found by its owner, and who makes it keeps a slow hash (RC-5)."""
    tries: Mapping[str, int] = field(default_factory=dict)
    """How many of a kind of try are counted until it is void; none where there is no second proof
    to be guessed at beside a secret that nobody guesses."""
    kept: timedelta = timedelta()
    """Past its expiry, until it is swept."""
    several: bool = False
    """An owner may have more than one that lives, and a newer one ends none."""

    def digest(self, digests: Digests, typed: str) -> bytes:
        """Return what is kept of a secret; of one to be typed, however it was typed or pasted."""
        if self.symbols is not None:
            typed = typed_symbols(typed, alphabet=CROCKFORD, read_as=READ_AS)
        return digests.of(self.name, typed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """A secret as it is kept."""

    id: UUID
    digest: bytes
    owner: UUID
    issued_at: datetime
    expires_at: datetime
    sent_to: str | None = None
    security_version: int | None = None
    withheld: bool = False
    """Made for nobody to have, so that a miss takes the steps of a hit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Minted:
    """A secret just made: its text leaves once, shown or sealed."""

    purpose: Purpose
    text: str = field(repr=False)
    secret: Secret

    def seal(self, seals: Seals, *, event_id: EventId, recipient: str) -> Sealed:
        """Seal it to notify for the one event that carries it."""
        return seals.seal(
            self.text,
            event_id=event_id,
            purpose=self.purpose.name,
            recipient=recipient,
            expires_at=self.secret.expires_at,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Mint:
    """Makes secrets of every purpose; nothing is written, so that nobody's are made as well."""

    randomness: Randomness
    digests: Digests
    sealer: Sealer

    def make(
        self,
        purpose: Purpose,
        owner: UUID,
        *,
        life: timedelta,
        now: datetime,
        sent_to: str | None = None,
        security_version: int | None = None,
        withheld: bool = False,
        text: str | None = None,
    ) -> Minted:
        """Make a secret and the record of it that `issue` keeps.

        `text` is one that `write` made before, where its slow hash had to be made before as well.
        """
        if life > purpose.longest:
            raise ValueError(f"{purpose.name} lives {purpose.longest} at most, not {life}")
        text, secret_id = text or self.write(purpose), self.randomness.uuid()
        known_by = text if purpose.digits is None else str(secret_id)
        return Minted(
            purpose=purpose,
            text=text,
            secret=Secret(
                id=secret_id,
                digest=purpose.digest(self.digests, known_by),
                owner=owner,
                issued_at=now,
                expires_at=now + life,
                sent_to=sent_to,
                security_version=security_version,
                withheld=withheld,
            ),
        )

    async def seal(
        self, tx: Connection, minted: Minted, *, event_id: EventId, recipient: str
    ) -> Sealed:
        """Seal the only one of a transaction. Raises CatchingUp (no key yet)."""
        seals = await self.sealer.within(tx)
        return minted.seal(seals, event_id=event_id, recipient=recipient)

    def write(self, purpose: Purpose) -> str:
        """Write the text of a secret, which nobody knows yet."""
        if purpose.digits is not None:
            return self.randomness.digits(purpose.digits)
        if purpose.symbols is None:
            return self.randomness.token()
        symbols = self.randomness.crockford(purpose.symbols)
        return "-".join(symbols[at : at + GROUP] for at in range(0, purpose.symbols, GROUP))


async def issue(
    tx: Connection, purpose: Purpose, secrets: Sequence[Secret], *, now: datetime
) -> None:
    """Keep these, one an owner, each in place of the owner's live one; or beside those there are,
    where the purpose lets an owner have several.

    Without any the statements are the same: a miss takes them too.
    """
    if not purpose.several:
        await supersede(tx, purpose, [secret.owner for secret in secrets], now=now)
    await tx.execute(
        """
        INSERT INTO one_time_secrets (
            id, purpose, digest, owner, sent_to, security_version, state, issued_at, expires_at,
            kept_until, ended_at, several
        )
        SELECT
            id, $1, digest, owner, sent_to, security_version,
            CASE WHEN withheld THEN 'withheld' ELSE 'live' END,
            issued_at, expires_at, expires_at + $2::interval, CASE WHEN withheld THEN issued_at END,
            $11::boolean
        FROM unnest(
            $3::uuid[], $4::bytea[], $5::uuid[], $6::text[], $7::bigint[], $8::boolean[],
            $9::timestamptz[], $10::timestamptz[]
        ) AS made (
            id, digest, owner, sent_to, security_version, withheld, issued_at, expires_at
        )
        """,
        purpose.name,
        purpose.kept,
        [secret.id for secret in secrets],
        [secret.digest for secret in secrets],
        [secret.owner for secret in secrets],
        [secret.sent_to for secret in secrets],
        [secret.security_version for secret in secrets],
        [secret.withheld for secret in secrets],
        [secret.issued_at for secret in secrets],
        [secret.expires_at for secret in secrets],
        purpose.several,
    )


async def supersede(
    tx: Connection, purpose: Purpose, owners: Sequence[UUID], *, now: datetime
) -> None:
    """End the live ones of these owners, since a newer one or nothing at all is good from now on.

    Rows are locked in the order of their owners, as the consumer's batches take them.
    """
    await tx.execute(
        """
        WITH held AS (
            SELECT id FROM one_time_secrets
            WHERE purpose = $1 AND owner = ANY($2::uuid[]) AND state = 'live'
            ORDER BY owner
            FOR UPDATE
        )
        UPDATE one_time_secrets AS s SET state = 'superseded', ended_at = $3
        FROM held
        WHERE s.id = held.id AND s.state = 'live'
        """,
        purpose.name,
        list(owners),
        now,
    )


async def live(
    connection: Connection, purpose: Purpose, digest: bytes, *, now: datetime
) -> Secret | None:
    """Return a secret that still opens something, and use nothing up."""
    row = await connection.fetchrow(
        """
        SELECT id, digest, owner, sent_to, security_version, issued_at, expires_at
        FROM one_time_secrets
        WHERE digest = $2 AND purpose = $1 AND state = 'live' AND expires_at > $3
        """,
        purpose.name,
        digest,
        now,
    )
    return _secret_of(row) if row else None


async def use(
    tx: Connection,
    purpose: Purpose,
    digest: bytes,
    *,
    owner: UUID | None = None,
    now: datetime,
) -> Secret | None:
    """Use a secret up and return it: to one caller only, while it lives, and to its `owner` alone
    where one is named.
    """
    row = await tx.fetchrow(
        """
        UPDATE one_time_secrets SET state = 'used', ended_at = $3
        WHERE digest = $2 AND purpose = $1 AND state = 'live' AND expires_at > $3
          AND ($4::uuid IS NULL OR owner = $4)
        RETURNING id, digest, owner, sent_to, security_version, issued_at, expires_at
        """,
        purpose.name,
        digest,
        now,
        owner,
    )
    return _secret_of(row) if row else None


async def live_until(
    connection: Connection, purpose: Purpose, owner: UUID, *, now: datetime
) -> datetime | None:
    """Return until when the owner's secret is good; None: she has none that is."""
    expires_at: datetime | None = await connection.fetchval(
        """
        SELECT expires_at FROM one_time_secrets
        WHERE purpose = $1 AND owner = $2 AND state = 'live' AND expires_at > $3
        """,
        purpose.name,
        owner,
        now,
    )
    return expires_at


async def void(
    tx: Connection, purpose: Purpose, owner: UUID, *, now: datetime, wait: bool = True
) -> bool:
    """Void the owner's live secret, or all there are. False where there is none that was good.

    Who holds rows that are locked after secrets does not `wait`: that could end in a deadlock, and
    whoever holds the secret at this moment is about to end it.
    """
    was_good = await tx.fetchval(
        f"""
        UPDATE one_time_secrets SET state = 'void', ended_at = $3
        WHERE id IN (
            SELECT id FROM one_time_secrets
            WHERE purpose = $1 AND owner = $2 AND state = 'live'
            FOR UPDATE {"" if wait else "SKIP LOCKED"}
        ) AND state = 'live'
        RETURNING expires_at > $3
        """,  # noqa: S608 - a clause of ours
        purpose.name,
        owner,
        now,
    )
    return bool(was_good)


async def count_try(
    tx: Connection, purpose: Purpose, digest: bytes, kind: str, *, now: datetime
) -> None:
    """Count a try against a live secret; the last one that the purpose allows of the kind voids it.

    Keep the owner's row locked from the comparison until this is committed. Otherwise parallel
    guesses would all be compared before the last try voids the secret.
    """
    await tx.execute(
        """
        UPDATE one_time_secrets AS s
        SET (tries, state, ended_at) = (
            SELECT
                s.tries || jsonb_build_object($3::text, counted),
                CASE WHEN counted >= $5 THEN 'void' ELSE s.state END,
                CASE WHEN counted >= $5 THEN $4::timestamptz END
            FROM (SELECT coalesce((s.tries ->> $3::text)::int, 0) + 1 AS counted) AS next
        )
        WHERE digest = $2 AND purpose = $1 AND state = 'live' AND expires_at > $4
        """,
        purpose.name,
        digest,
        kind,
        now,
        purpose.tries[kind],
    )


def _secret_of(row: Row) -> Secret:
    """A row of the table as a secret."""
    return Secret(
        id=row["id"],
        digest=row["digest"],
        owner=row["owner"],
        sent_to=row["sent_to"],
        security_version=row["security_version"],
        issued_at=row["issued_at"],
        expires_at=row["expires_at"],
    )
