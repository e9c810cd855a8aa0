"""What an owner of snapshots tells besides them for a rebuild: which subjects there are."""

from uuid import UUID

from shared.contracts.contract import Data


class SnapshotsListed(Data, frozen=True, kw_only=True):
    """Which subjects there are, after one and up to another, for one service's rebuild (ST-3).

    Told beside their snapshots by an operator's verb, as they were at one moment after that rebuild
    began: what its projection had before, between the two, and is not among them, is nobody's.
    """

    snapshots: str  # accounts, persons, practices, notification_addresses
    service: str
    generation: int
    after: UUID
    upto: UUID
    subjects: tuple[UUID, ...]
