"""Where a verb is tried: its service, served, with callers of every kind."""

import importlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol
from uuid import UUID

from yarl import URL

from shared.contracts.ids import PracticeId
from shared.db import Row
from tests.builders.people import a_practice
from tests.conformance.verbs import SCOPES, Verb
from tests.rigs.issuer import Issuer
from tests.rigs.replica import Answer, Caller, Replica


class Stage(Protocol):
    """A service on a database of the test's own."""

    @property
    def replica(self) -> Replica[Any, Any]: ...

    async def session(self, *, service: str | None = None) -> str:
        """The access token of a person's session who has nothing to do with the example.

        It is good at all four services, or at this one.
        """

    async def practice(self, *, without: str = "", service: str | None = None) -> str:
        """The access token of the example's practice, with every scope but this one.

        It is good at all four services, or at this one.
        """

    async def another_practice(self) -> str:
        """The access token of a practice that has nothing to do with the example."""

    async def gateway(self) -> str:
        """The access token of a client of no practice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clients:
    """The clients of a stage whose tokens are signed by hand."""

    issuer: Issuer
    practice_id: PracticeId

    async def practice(self, *, without: str = "", service: str | None = None) -> str:
        return await self.issuer.client_token(
            self.practice_id, *(SCOPES - {without}), service=service
        )

    async def another_practice(self) -> str:
        return await self.issuer.client_token(a_practice(), *SCOPES)

    async def gateway(self) -> str:
        return await self.issuer.client_token(None, *SCOPES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A call that does what its verb is for, made in a world of its own."""

    body: Mapping[str, Any] | None = None
    form: Mapping[str, str] | None = None
    message: bytes | None = None
    path: Mapping[str, object] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    token: str | None = None
    key: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    def but(self, **fields: Any) -> "Example":
        """The same with other fields in its body or form; None leaves one out."""
        given = self.body if self.form is None else self.form
        said = {**(given or {}), **fields}
        left = {name: value for name, value in said.items() if value is not None}
        return replace(self, body=left) if self.form is None else replace(self, form=left)

    def at(self, **path: object) -> "Example":
        """The same about something else."""
        return replace(self, path={**self.path, **path})

    def by(self, token: str | None) -> "Example":
        """The same by another caller."""
        return replace(self, token=token)


async def send(stage: Stage, verb: Verb, example: Example, *, source: str | None = None) -> Answer:
    """Call the verb so, from a source of the call's own where none is named."""
    return await send_by(stage.replica, verb, example, source=source)


async def send_by(
    caller: Caller, verb: Verb, example: Example, *, source: str | None = None
) -> Answer:
    """The same at any of the service's replicas."""
    return await caller.call(
        verb.route.method,
        str(URL(verb.route.path.format(**example.path)).with_query(example.query)),
        example.body,
        form=example.form,
        message=example.message,
        token=example.token,
        source=source,
        headers={**example.headers, **({"Idempotency-Key": example.key} if example.key else {})},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditSince:
    """The audit rows of after a moment."""

    stage: Stage
    known: frozenset[UUID]

    async def rows(self, outcome: str) -> list[Row]:
        """Those with this outcome."""
        return [
            row
            for row in await audit_rows(self.stage)
            if row["outcome"] == outcome and row["id"] not in self.known
        ]


async def audit_since_now(stage: Stage) -> AuditSince:
    """Begin to look at the audit."""
    known = frozenset(row["id"] for row in await audit_rows(stage))
    return AuditSince(stage=stage, known=known)


async def audit_rows(stage: Stage) -> list[Row]:
    return await stage.replica.rows("SELECT * FROM audit_entries")


def example_of(verb: Verb) -> Callable[[Any], Awaitable[Example]] | None:
    """Return who makes the verb's example; None where nobody does."""
    module = importlib.import_module(f"tests.conformance.examples.{verb.service}")
    return getattr(module, verb.name, None)


async def example(stage: Stage, verb: Verb) -> Example:
    """Make the verb's example."""
    made = example_of(verb)
    assert made is not None, verb.name
    return await made(stage)
