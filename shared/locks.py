"""Work that one transaction does at a time: a row of the service's own schema, held until its end.

Not advisory locks: those belong to everybody who may connect to the database, so that any
service's role could take another's and keep it.
"""

from shared.db import Connection


async def hold(tx: Connection, name: str) -> None:
    """Wait for this lock. What a savepoint takes back lets it go again.

    A statement of its own, since one sees only what was committed when it began.
    """
    held = await tx.fetchval("SELECT name FROM locks WHERE name = $1 FOR UPDATE", name)
    if held is None:
        raise LookupError(f"the row {name!r} is missing in locks: its migration makes it")
