"""The one door to asyncpg, and so one piece: a pool that waits a bounded time and says when
PostgreSQL is away.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg

from shared.database_causes import cause_of
from shared.errors import DatabaseUnavailable, TransactionConflict
from shared.tls import of_postgres

if TYPE_CHECKING:
    Connection = (
        asyncpg.Connection[asyncpg.Record] | asyncpg.pool.PoolConnectionProxy[asyncpg.Record]
    )
    Row = asyncpg.Record
    Pool = asyncpg.Pool[asyncpg.Record]
else:
    Connection = asyncpg.Connection
    Row = asyncpg.Record
    Pool = asyncpg.Pool

UniqueViolation = asyncpg.UniqueViolationError  # `.constraint_name` says which key
Raised = asyncpg.RaiseError  # a statement's own word

NameTaken = (asyncpg.DuplicateTableError, asyncpg.DuplicateObjectError)
RightMissing = asyncpg.InsufficientPrivilegeError
StatementFailed = asyncpg.PostgresError

# Another's prepared statement was met: a pooler is in between that was taken for none.
MIXED_UP = (asyncpg.InvalidSQLStatementNameError, asyncpg.DuplicatePreparedStatementError)
AWAY = (
    OSError,  # refused, reset, no such host; a TimeoutError is one too
    asyncpg.PostgresConnectionError,
    asyncpg.exceptions.OperatorInterventionError,  # shutdown, terminated, starting, cancelled
    asyncpg.exceptions.InsufficientResourcesError,  # too many connections, disk full
    asyncpg.ReadOnlySQLTransactionError,  # the old primary after a failover
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.LockNotAvailableError,
    asyncpg.InvalidCachedStatementError,  # migrated under us: the next try prepares again
    asyncpg.OutdatedSchemaCacheError,
    *MIXED_UP,
)
LOST = (asyncpg.DeadlockDetectedError, asyncpg.SerializationError)

CACHED_STATEMENTS = 100  # a connection; asyncpg's own default
UNIQUE_OR_LATER = ("23503", "23505", "23P01")  # may fit once another row has come or gone

_AFTER_COMMIT: dict[int, set[Callable[[], object]]] = {}  # by the connection of an open transaction


def after_commit(tx: Connection, call: Callable[[], object]) -> None:
    """Have this called as soon as the transaction is committed, once; never where it is not.

    Who is woken then finds the rows: a wake inside the transaction would come before them. A
    savepoint that is rolled back takes no call back: one too many must do no harm. Outside of a
    transaction it is called at once.
    """
    calls = _AFTER_COMMIT.get(id(tx))
    if calls is None:
        call()
    else:
        calls.add(call)


def unfit(error: Exception) -> bool:
    """Whether PostgreSQL, or the driver, will never take this value."""
    if not isinstance(error, StatementFailed):
        return False
    state = error.sqlstate or ""
    return state.startswith(("22", "23")) and state not in UNIQUE_OR_LATER


def told_by(error: Exception) -> str:
    """Name an error of PostgreSQL's without its texts: they quote rows, with all their values."""
    parts = (
        type(error).__name__,
        getattr(error, "sqlstate", ""),
        getattr(error, "constraint_name", ""),
    )
    return " ".join(part for part in parts if part)


async def _keep_session(_: Connection) -> None:
    """Skip the pool's reset round trip: no service sets anything on a session."""


class _PoolerFound(Exception):
    """What answers is not the server itself: prepared statements may be somebody else's."""


def _session(command_timeout: float) -> str:
    """A peer that vanished is noticed in half a minute, and leaves nothing running or locked.

    Not sent as start-up parameters, which poolers refuse.
    """
    return f"""
        SET tcp_keepalives_idle = 10;
        SET tcp_keepalives_interval = 5;
        SET tcp_keepalives_count = 4;
        SET statement_timeout = {int((command_timeout + 2) * 1000)};
        SET idle_in_transaction_session_timeout = 60000;
        SET default_transaction_isolation = 'read committed';
        SET jit = off
    """


def _is_gone(connection: Connection) -> bool:
    """The pool takes a dead connection back at once: then its proxy answers nothing any more."""
    try:
        return connection.is_closed()
    except asyncpg.InterfaceError:
        return True


@contextmanager
def _failures(connection: Connection | None = None) -> Iterator[None]:
    """Tell PostgreSQL's absence from a wrong statement.

    The driver's InterfaceError is both; it is absence where the connection is closed by now.
    """
    try:
        yield
    except LOST as error:
        raise TransactionConflict(told_by(error)) from error
    except AWAY as error:
        raise DatabaseUnavailable(cause_of(error)) from error
    except (asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
        if connection is not None and not _is_gone(connection):
            raise
        raise DatabaseUnavailable(cause_of(error)) from error


@contextmanager
def _failures_of_connecting() -> Iterator[None]:
    """Until there is a connection, whatever the server answers means it is not to be had."""
    try:
        with _failures():
            yield
    except asyncpg.PostgresError as error:
        raise DatabaseUnavailable(cause_of(error)) from error


class Database:
    """A lazily filled pool: a process starts, and stays up, while PostgreSQL is down.

    Works through a pooler as well, one that lends a server for each transaction too: each new
    connection is asked whether the server's process is the one that greeted it, and if not,
    statements are prepared anew each time from then on.

    A failure at COMMIT leaves open whether it happened: what is done twice must be harmless
    (unique keys, the inbox). Deadlocks are raised, never retried here: they are faults to mend.
    """

    def __init__(
        self,
        url: str,
        *,
        application: str,
        ca: Path | None = None,
        size: int = 10,
        wait: float = 2.0,
        command_timeout: float = 8.0,
    ) -> None:
        self._url = url
        self._ca = ca
        self._application = application
        self._size = size
        self._wait = wait
        self._command_timeout = command_timeout
        self._pool: Pool | None = None
        self._behind_pooler = False
        self._opening = asyncio.Lock()
        self._closed = False
        self._rehearsing: Connection | None = None

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """One READ COMMITTED transaction. Raises DatabaseUnavailable for every way to be away."""
        async with self.connection() as connection, self.transaction_on(connection):
            yield connection

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Connection]:
        """All its statements read one moment: a reply made of several does not contradict itself.

        Raises DatabaseUnavailable for every way to be away.
        """
        async with (
            self.connection() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            yield connection

    @asynccontextmanager
    async def transaction_on(self, connection: Connection) -> AsyncIterator[None]:
        """The same on a connection that one has: for what follows the transaction on it."""
        calls = _AFTER_COMMIT[id(connection)] = set()
        try:
            async with connection.transaction():
                yield
        finally:
            del _AFTER_COMMIT[id(connection)]
        for call in () if self._rehearsing else calls:
            call()

    @asynccontextmanager
    async def rehearsal(self) -> AsyncIterator[None]:
        """Take back, at its end, all that is done meanwhile: a dry run does what it tells.

        All of it is one transaction on one connection, one piece of work after the other. It waits
        for nobody's lock, and lets nobody wait for longer than it takes; nor than a part of it
        takes, where that is a rehearsal of its own inside it.
        """
        outer = self._rehearsing
        async with self.connection() as connection:
            part = connection.transaction()  # a savepoint inside another
            await part.start()
            try:
                await connection.execute("SET LOCAL lock_timeout = '2s'")
                self._rehearsing = connection
                yield
            finally:
                self._rehearsing = outer
                await part.rollback()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection in autocommit, for single statements."""
        if self._rehearsing is not None:
            yield self._rehearsing
            return
        try:
            pool, connection = await self._acquired()
        except _PoolerFound:
            pool, connection = await self._acquired()
        try:
            with _failures(connection):
                yield connection
        except DatabaseUnavailable as away:
            if isinstance(away.__cause__, MIXED_UP):
                self._give_up(pool)
            raise
        finally:
            await self._release(pool, connection)

    async def ping(self) -> None:
        """Raise DatabaseUnavailable unless a trivial query answers within a second."""
        with _failures():
            async with asyncio.timeout(1), self.connection() as connection:
                await connection.fetchval("SELECT 1")

    async def time(self) -> datetime:
        """The server's own clock, which every replica measures its offset to."""
        async with self.connection() as connection:
            found: datetime = await connection.fetchval("SELECT clock_timestamp()")
            return found

    async def close(self) -> None:
        """Close the pool; waits for what is checked out, then cuts it off."""
        self._closed = True
        pool, self._pool = self._pool, None
        if pool is None:
            return
        try:
            async with asyncio.timeout(self._command_timeout):
                await pool.close()
        except (*AWAY, asyncpg.InterfaceError):
            pool.terminate()

    async def _acquired(self) -> tuple[Pool, Connection]:
        """Raises _PoolerFound once or never: by the next time there is a pool that fits."""
        pool = await self._opened()
        try:
            with _failures_of_connecting():
                async with asyncio.timeout(self._wait):
                    return pool, await pool.acquire()
        except _PoolerFound:
            self._give_up(pool)
            raise

    def _give_up(self, pool: Pool) -> None:
        """The next one fits a pooler. What this one lent comes back to it, and ends with age."""
        if self._pool is pool:
            self._pool, self._behind_pooler = None, True

    async def _opened(self) -> Pool:
        """Make the pool inside the running loop; it connects on first need only."""
        if self._pool is not None:
            return self._pool
        async with self._opening:
            if self._closed:
                raise DatabaseUnavailable("closed")
            if self._pool is None:
                with _failures_of_connecting():
                    self._pool = await asyncpg.create_pool(
                        self._url,
                        ssl=of_postgres(self._url, self._ca),
                        min_size=0,
                        max_size=self._size,
                        timeout=self._wait,
                        command_timeout=self._command_timeout,
                        statement_cache_size=0 if self._behind_pooler else CACHED_STATEMENTS,
                        init=self._accepted if self._behind_pooler else self._looked_at,
                        reset=_keep_session,
                        server_settings={"application_name": self._application},
                    )
            return self._pool

    async def _looked_at(self, connection: Connection) -> None:
        """Take a new connection only if the server's own process greeted it."""
        greeted = connection.get_server_pid()
        if not await self._begun(
            connection, f"SELECT FROM pg_backend_pid() AS p WHERE p = {greeted}"
        ):
            raise _PoolerFound

    async def _accepted(self, connection: Connection) -> None:
        await self._begun(connection, "SELECT")

    async def _begun(self, connection: Connection, question: str) -> bool:
        """Set up a new connection and ask about it, in one round trip.

        As a script, which is never prepared: whether that works is not known yet.
        """
        outcome = await connection.execute(f"{_session(self._command_timeout)}; {question}")
        return outcome == "SELECT 1"

    async def _release(self, pool: Pool, connection: Connection) -> None:
        """What goes wrong on the way back is no matter of the work done: the driver drops it."""
        with suppress(*AWAY, asyncpg.InterfaceError, asyncpg.InternalClientError):
            await pool.release(connection, timeout=self._wait)  # type: ignore[arg-type]


@asynccontextmanager
async def one_connection(
    url: str, *, application: str, ca: Path | None = None
) -> AsyncIterator[Connection]:
    """A connection of its own, outside any pool and without time limits: for `migrate`.

    Nothing is prepared by name, so that it works through a pooler too.
    """
    with _failures_of_connecting():
        connection = await asyncpg.connect(
            url,
            ssl=of_postgres(url, ca),
            timeout=10,
            statement_cache_size=0,
            server_settings={"application_name": application},
        )
    try:
        with _failures(connection):
            yield connection
    finally:
        with suppress(*AWAY, asyncpg.InterfaceError):
            await connection.close(timeout=5)
