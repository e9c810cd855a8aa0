"""A request to merge, with the proofs that it was prepared by."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from deploy.client.answers import Answer
from tests.race.merges.racer import FULL, Racer


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """One account asks to absorb another."""

    asker: Racer
    other: Racer
    access: str
    said: Mapping[str, object]
    key: str

    @property
    def parties(self) -> set[UUID]:
        return {self.asker.id, self.other.id}

    async def send(self) -> Answer:
        """The same request, however often it is sent."""
        return await self._send(self.key)

    async def again(self) -> Answer:
        """Another request by the same proofs."""
        return await self._send(self.asker.person.client.key())

    async def _send(self, key: str) -> Answer:
        return await self.asker.tries(
            "request_merge", token=self.access, body=self.said, idempotency_key=key
        )


async def ask(asker: Racer, other: Racer) -> Asking:
    """Prove both, in a session of its own."""
    answer = await asker.steps_in()
    assert answer.body.get("scope") == FULL, answer.body
    owned = await asker.owns(other)
    said = {"reauthenticated": await asker.proves("merge"), "owned": owned, "confirm": True}
    return Asking(
        asker=asker,
        other=other,
        access=asker.full[-1],
        said=said,
        key=asker.person.client.key(),
    )
