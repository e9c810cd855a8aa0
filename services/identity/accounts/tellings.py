"""What the holder of an account is told of it: the one place that account activity comes from."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

from services.identity.accounts.model import AccountView
from shared.acts import Act
from shared.audit.entries import Origin
from shared.contracts.contract import Contract
from shared.contracts.identity import Activity
from shared.contracts.ids import EventId

A = TypeVar("A", bound=Activity)


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
    account = view.account
    event = contract.data(
        account_id=account.id,
        recipients=tuple(view.recipients if recipients is None else recipients),
        locale=account.locale,
        time_zone=account.time_zone,
        occurred_at=occurred_at or act.now,
        **fields,
    )
    act.publish(contract, event, subject=account.id, event_id=event_id, origin=origin)
