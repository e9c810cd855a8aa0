"""The rows of the limits, each by the name that `make bench ROW=` takes."""

from collections.abc import Awaitable, Callable, Mapping

from tests.bench.figures import Result
from tests.bench.rows import (
    alone,
    audit,
    backlog,
    broadcast,
    bulk,
    commit,
    consumer,
    courier,
    drain,
    intake,
    introspection,
    logon,
    merges,
    passkeys,
    rebuild,
    relay,
    resets,
    snapshots,
    storm,
    waiting,
)
from tests.bench.site import Site

Row = Callable[[Site, int], Awaitable[Result]]

ROWS: Mapping[str, Row] = {
    "logon": logon.measure,
    "passkeys": passkeys.measure,
    "introspection": introspection.measure,
    "storm": storm.measure,
    "relay": relay.measure,
    "consumer": consumer.measure,
    "courier": courier.measure,
    "resets": resets.measure,
    "waiting": waiting.measure,
    "alone": alone.measure,
    "broadcast": broadcast.measure,
    "bulk": bulk.measure,
    "snapshots": snapshots.measure,
    "rebuild": rebuild.measure,
    "audit": audit.measure,
    "commit": commit.measure,
    "drain": drain.measure,
    "intake": intake.measure,
    "backlog": backlog.measure,
    "merges": merges.measure,
}
