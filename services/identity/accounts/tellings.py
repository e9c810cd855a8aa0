"""What the holder of an account is told of it: the one place that account activity comes from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from services.identity.accounts.model import NOT_ME, NOT_ME_LIFE, AccountView
from shared import one_time
from shared.acts import Act
from shared.audit.entries import Origin
from shared.contracts.contract import Contract
from shared.contracts.identity import LINKS_ELSEWHERE, Activity, CredentialChanged
from shared.contracts.ids import EventId
from shared.one_time import Mint

A = TypeVar("A", bound=Activity)
C = TypeVar("C", bound=CredentialChanged)


def tell(
    act: Act,
    view: AccountView,
    contract: Contract[A],
    *,
    recipients: Sequence[str] | None = None,
    occurred_at: datetime | None = None,
    event_id: EventId | None = None,
    origin: Origin | None = None,
    **fields: object,
) -> None:
    """Tell it with the act, in the account's language and zone; `fields` are the event's own.

    It goes to the account e-mail, or to `recipients`. Whom it reaches is settled here and now:
    an address that is changed a moment later is still told of it (NT-1).
    """
    told = view.recipients if recipients is None else recipients
    event = _event(contract, view, told, occurred_at or act.now, fields)
    act.publish(contract, event, subject=view.account.id, event_id=event_id, origin=origin)


def _event(
    contract: Contract[A],
    view: AccountView,
    recipients: Sequence[str],
    at: datetime,
    fields: Mapping[str, object],
) -> A:
    account = view.account
    return contract.data(
        account_id=account.id,
        recipients=tuple(recipients),
        locale=account.locale,
        time_zone=account.time_zone,
        occurred_at=at,
        **fields,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialTellings:
    """Tells of changed credentials, with the links that say "this was not me" (RC-9)."""

    mint: Mint

    async def ready(self) -> None:
        """Wait for a key to seal with, before the transaction of `tell`. Raises CatchingUp."""
        await self.mint.sealer.ready()

    async def tell(
        self,
        act: Act,
        view: AccountView,
        contract: Contract[C],
        *,
        recipients: Sequence[str] | None = None,
        elsewhere: bool | None = None,
        **fields: object,
    ) -> None:
        """Tell it with the act, the account being held: a link of 72 h for each address.

        Each has its own, or whoever reads the address that somebody changed to could use up the
        tries of the one before it. `elsewhere` says whether its notification addresses and numbers
        are told as well, as they are where there is no account e-mail: their links are sealed to
        the account, since notify alone knows where they go.
        """
        told = tuple(dict.fromkeys(view.recipients if recipients is None else recipients))
        account_id = view.account.id
        known_by_notify = LINKS_ELSEWHERE if (not told if elsewhere is None else elsewhere) else 0
        event_id = act.new_id()
        minted = [
            (to, self.mint.make(NOT_ME, account_id, life=NOT_ME_LIFE, now=act.now))
            for to in (*told, *[str(account_id)] * known_by_notify)
        ]
        await one_time.issue(act.tx, NOT_ME, [one.secret for _, one in minted], now=act.now)
        seals = await self.mint.sealer.within(act.tx)
        links = tuple(one.seal(seals, event_id=event_id, recipient=to) for to, one in minted)
        event = _event(contract, view, told, act.now, {**fields, "not_me": links})
        act.publish(contract, event, subject=account_id, event_id=event_id)
