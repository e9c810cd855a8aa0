"""Practices, their settings and the clients that speak for them (ST-1, ST-2)."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.identity.actions import Action
from services.identity.practices.errors import SettingsChanged
from services.identity.practices.model import NOTHING_SAID, Client, Description, Practice
from services.identity.practices.settings import Value, check_change, settled, written
from services.identity.practices.store import clients
from services.identity.practices.store import practices as store
from shared.acts import Act, Acts, By
from shared.contracts.identity import PRACTICE_CHANGED, PracticeChanged
from shared.contracts.ids import PracticeId
from shared.contracts.scopes import Role
from shared.randomness import Randomness
from shared.trust.tokens import Digests

CLIENT_SECRET = "client-secret"  # noqa: S105 - the digests' domain, not a secret


@dataclass(frozen=True, slots=True, kw_only=True)
class NewClient:
    """A client with its secret, which is shown this once."""

    client_id: str
    secret: str
    practice_id: PracticeId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Practices:
    acts: Acts
    randomness: Randomness
    digests: Digests

    async def add(
        self,
        name: str,
        *,
        contact: str,
        locale: str,
        time_zone: str,
        settings: Mapping[str, Value],
        by: By,
    ) -> NewClient:
        """Make a practice and its first client."""
        practice = Practice(
            id=PracticeId(self.randomness.uuid()),
            version=1,
            name=name,
            contact=contact,
            locale=locale,
            time_zone=time_zone,
            settings=settled(settings),
        )
        async with self.acts.begin(by, Action.ADD_PRACTICE) as act:
            await store.add(act.tx, practice, now=act.now)
            made = await self._add_client(act, name, practice.id, Role.PRACTICE)
            self._announce(act, practice)
            act.about(practice=practice.id)
        return made

    async def change(
        self,
        practice_id: PracticeId,
        changes: Mapping[str, Value],
        *,
        description: Description = NOTHING_SAID,
        version: int | None = None,
        by: By,
    ) -> Practice:
        """Change the settings that are named, each within its range, and what is said of the
        practice; others may change beside (ST-2). But who names the `version` that was read changes
        nothing that has changed since: of two such at once one is done, and the other is told.

        Where all of it is so already, the version stays and nobody is told; nor is it refused for a
        `version`, since it may be its own change, sent again after a lost reply. The audit has the
        values of settings, and of a description its names alone: a contact may be a person.
        An operator's `by` says so; a practice's carries the staff member and the reason.
        """
        async with self.acts.begin(by, Action.SET_PRACTICE, practice=practice_id) as act:
            act.detail = " ".join(
                (
                    *sorted(description.given),
                    *(f"{name}={written(value)}" for name, value in sorted(changes.items())),
                )
            )
            check_change(changes, besides=description.given)
            changed = await store.change(act.tx, practice_id, changes, description, version=version)
            practice = changed or await store.find(act.tx, practice_id)
            if version is not None and not practice.has(changes, description):
                raise SettingsChanged
            if changed:
                self._announce(act, changed)
        return practice

    async def read(self, practice_id: PracticeId) -> Practice:
        """The practice with its settings as they stand."""
        async with self.acts.database.connection() as connection:
            return await store.find(connection, practice_id)

    async def tell(self, act: Act, practice_id: PracticeId) -> None:
        """Tell its snapshot as it stands, once more."""
        self._announce(act, await store.find(act.tx, practice_id))

    async def add_client(self, practice_id: PracticeId, name: str, *, by: By) -> NewClient:
        """Make a practice another client, of every scope of its role, whatever became of others.

        Raises NotFound.
        """
        async with self.acts.begin(by, Action.ADD_CLIENT, practice=practice_id) as act:
            await store.find(act.tx, practice_id)  # raises NotFound; what is there stays
            made = await self._add_client(act, name, practice_id, Role.PRACTICE)
            act.about(client=made.client_id)
        return made

    async def add_gateway(self, name: str, *, by: By) -> NewClient:
        """Make a gateway's client: it may introspect, and belongs to no practice."""
        async with self.acts.begin(by, Action.ADD_GATEWAY) as act:
            made = await self._add_client(act, name, None, Role.GATEWAY)
            act.about(client=made.client_id)
        return made

    async def add_mail_server(self, name: str, *, by: By) -> NewClient:
        """Make a mail server's client: it hands over bounces (NT-5), and belongs to no practice."""
        async with self.acts.begin(by, Action.ADD_MAIL_SERVER) as act:
            made = await self._add_client(act, name, None, Role.MAIL_SERVER)
            act.about(client=made.client_id)
        return made

    async def _add_client(
        self,
        act: Act,
        name: str,
        practice_id: PracticeId | None,
        role: Role,
    ) -> NewClient:
        client_id, secret = str(self.randomness.uuid()), self.randomness.token()
        await clients.add(
            act.tx,
            Client(
                id=client_id,
                role=role,
                practice_id=practice_id,
                name=name,
                secret_digest=self.digests.of(CLIENT_SECRET, secret),
            ),
            now=act.now,
        )
        return NewClient(client_id=client_id, secret=secret, practice_id=practice_id)

    def _announce(self, act: Act, practice: Practice) -> None:
        act.publish(
            PRACTICE_CHANGED,
            PracticeChanged(
                practice_id=practice.id,
                name=practice.name,
                contact=practice.contact,
                locale=practice.locale,
                time_zone=practice.time_zone,
                reset_link_minutes=practice.settings.reset_link_minutes,
                settings=practice.settings,
            ),
            subject=practice.id,
            version=practice.version,
        )
