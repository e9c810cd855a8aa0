"""Numbers that answered STOP: no text message goes there, whoever's number it is (NT-3)."""

from dataclasses import dataclass

from services.notify.actions import Action
from services.notify.suppressions.store import stops as store
from shared.acts import Acts, By


@dataclass(frozen=True, slots=True, kw_only=True)
class Stops:
    """Each takes effect at once: what waits for the number is not sent any more."""

    acts: Acts

    async def stop(self, number: str, *, by: By) -> None:
        """Send no text message to this number any more."""
        async with self.acts.begin(by, Action.STOP_NUMBER) as act:
            if not await store.add(act.tx, [number], now=act.now):
                act.repeated()

    async def start(self, number: str, *, by: By) -> None:
        """Let text messages go there again."""
        async with self.acts.begin(by, Action.START_NUMBER) as act:
            if not await store.remove(act.tx, number):
                act.repeated()
