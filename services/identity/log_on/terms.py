"""The terms of use: published by the operator, accepted by everybody (EN-1, EN-9)."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.identity.actions import Action
from services.identity.log_on.errors import TermsPublished, TermsRequired
from services.identity.log_on.model import PublishedTerms
from services.identity.log_on.store import terms as store
from shared.acts import Acts, By
from shared.errors import NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """One version is current for all languages; what is accepted is the version, not a text."""

    acts: Acts

    async def read(self) -> PublishedTerms:
        """The current version. Raises NotFound before the first is published."""
        found = await self._current()
        if found is None:
            raise NotFound
        return found

    async def require(self, accepted: str) -> None:
        """Only the version shown last counts as accepted. Raises TermsRequired."""
        found = await self._current()
        if found is None or accepted != found.version:
            raise TermsRequired

    async def publish(self, version: str, texts: Mapping[str, str], *, by: By) -> bool:
        """Make it the current version; False: it is already.

        Of two versions that are published at once each gets a place, and the later one is current.
        Raises TermsPublished: what people accepted under a version is never another text, and a
        version that was replaced does not come back.
        """
        asked = PublishedTerms(version=version, texts=texts)
        async with self.acts.begin(by, Action.PUBLISH_TERMS) as act:
            act.detail = version
            while not await store.publish(act.tx, version, texts, now=act.now):
                known = await store.find(act.tx, version)
                if known is None:
                    continue  # another version took the place: the next one is free
                if known != asked or known != await store.current(act.tx):
                    raise TermsPublished
                act.repeated()
                return False
        return True

    async def _current(self) -> PublishedTerms | None:
        async with self.acts.database.connection() as connection:
            return await store.current(connection)
