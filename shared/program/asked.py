"""A verb as it was typed, and what it gets: settings, plumbing, the service's own keys."""

import argparse
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, Generic

from shared.contracts.topology import user
from shared.messaging.topology import Administrator
from shared.migrate import MigrationRefused, difference
from shared.program.program import F, Plumbing, Program, S
from shared.program.runtime import plumbing_for
from shared.program.terminal import OK, tell
from shared.settings.loader import PREFIX, SettingsInvalid, load
from shared.settings.service import ServiceSettings
from shared.tls import of_broker
from shared.trust.own_keys import OwnKeys


class NeedsSetting(Exception):
    """This verb needs a setting that is optional for the others; the argument names it."""


class OtherSchema(Exception):
    """The schema is of another release than the verb; the message says which way."""


class NoKeys(Exception):
    """This service signs and opens nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked(Generic[F, S]):
    """A verb as it was typed."""

    program: Program[F, S]
    environ: Mapping[str, str]
    arguments: argparse.Namespace

    @property
    def dry_run(self) -> bool:
        """Whether it is only to say what it would do: what it does to rows is then taken back.

        Whatever else it would do, as at the broker, the verb itself leaves undone.
        """
        return bool(getattr(self.arguments, "dry_run", False))

    def settings(self) -> S:
        """Raises SettingsInvalid."""
        settings = load(self.program.settings, self.environ)
        if user(settings.broker_url.reveal()) != self.program.service:
            problem = f"its user must be {self.program.service}, by which its readers know it"
            raise SettingsInvalid([f"{PREFIX}BROKER_URL: {problem}"])
        return settings

    @asynccontextmanager
    async def plumbing(self, *, ready: bool = True) -> AsyncIterator[Plumbing[S]]:
        """Hold the plumbing for one verb; its clock is measured, and its schema looked at, first.

        Raises OtherSchema: half of a verb could work on a schema that lacks something.
        """
        plumbing, _ = plumbing_for(self.program, self.settings())
        try:
            if ready:
                await plumbing.measured()
                await self._look_at_schema(plumbing)
            if not self.dry_run:
                yield plumbing
                return
            async with plumbing.database.rehearsal():
                yield plumbing
            tell(OK, "dry run: nothing of it was done")
        finally:
            await plumbing.database.close()

    async def _look_at_schema(self, plumbing: Plumbing[S]) -> None:
        """A later release's does, since a release keeps what the one before it reads."""
        try:
            async with plumbing.database.connection() as connection:
                missing, later = await difference(connection, folders_of(self.program))
        except MigrationRefused as other:
            raise OtherSchema(str(other)) from other
        if missing:
            raise OtherSchema(f"the schema lacks {', '.join(missing)}: run `migrate`")
        if later:
            tell(OK, f"the schema is of a later release, which added {', '.join(later)}")

    @asynccontextmanager
    async def own_keys(self) -> AsyncIterator[tuple[OwnKeys, Plumbing[S]]]:
        """Hold the service's own keys for one verb. Raises NoKeys."""
        async with self.plumbing() as plumbing:
            composition = self.program.compose(plumbing)
            try:
                if composition.own_keys is None:
                    raise NoKeys(f"{plumbing.service} has no keys of its own")
                yield composition.own_keys, plumbing
            finally:
                for closer in composition.closers:
                    await closer()


def folders_of(program: Program[F, S]) -> Sequence[Traversable]:
    """Where the migrations of a service are: what all have, then its own."""
    return files("shared") / "migrations", program.migrations


def administrator(settings: ServiceSettings) -> Administrator:
    """Return who makes the topology. Raises NeedsSetting."""
    if settings.broker_admin_url is None:
        raise NeedsSetting("BROKER_ADMIN_URL")
    admin_url = settings.broker_admin_url.reveal()
    return Administrator(
        admin_url=admin_url,
        broker_url=settings.broker_url.reveal(),
        tls=of_broker(admin_url, settings.tls_ca),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A verb that every service has."""

    name: str
    help: str
    run: Callable[[Asked[Any, Any]], Coroutine[Any, Any, int]]
    arguments: Callable[[argparse.ArgumentParser], object] = lambda _: None
    changes: bool = False  # it takes --dry-run
