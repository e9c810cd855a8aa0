"""In which language and zone the holder of an account is written to (ID-8)."""

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from services.identity.accounts import accounts
from services.identity.accounts.model import Account
from services.identity.accounts.store import accounts as store
from services.identity.actions import Action
from services.identity.credentials.errors import LocaleNotOffered, TimeZoneUnknown
from shared.acts import Acts, By
from shared.contracts.ids import AccountId, SessionId
from shared.contracts.languages import Language, language_of

LOCALE = re.compile(r"\A[a-z]{2}(-[A-Z]{2})?\Z")  # a language, and whose way of writing dates


@dataclass(frozen=True, slots=True, kw_only=True)
class Locales:
    acts: Acts

    async def change(
        self,
        account_id: AccountId,
        *,
        session_id: SessionId,
        locale: str | None,
        time_zone: str | None,
        by: By,
    ) -> Account:
        """Write to the holder so from now on, and return the account; None leaves one as it is.

        What has been told before is still mailed in the language it was told in.
        """
        async with self.acts.begin(by, Action.CHANGE_LOCALE, account=account_id) as act:
            if locale is not None:
                check_locale(locale)
            if time_zone is not None:
                check_time_zone(time_zone)
            view = await accounts.hold(act.tx, account_id, session_id)
            if await store.place(act.tx, account_id, locale=locale, time_zone=time_zone):
                view = await accounts.changed(act, account_id)
        return view.account


def check_locale(locale: str) -> None:
    """Raise LocaleNotOffered for what no mail is written in."""
    if not LOCALE.match(locale) or language_of(locale) is None:
        raise LocaleNotOffered.in_field("locale", f"one of {', '.join(Language)}, such as es-US")


def check_time_zone(name: str) -> None:
    """Raise TimeZoneUnknown for what is no name of the IANA's time zone database."""
    if name not in time_zones():
        raise TimeZoneUnknown.in_field("time_zone", "not in the IANA time zone database")


@cache
def time_zones() -> frozenset[str]:
    """The names of the database that comes with identity, whatever this machine has."""
    return frozenset(files("tzdata").joinpath("zones").read_text().split()) - {"Factory"}
