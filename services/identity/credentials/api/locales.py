"""Language and time zone: change them (ID-8)."""

from services.identity.credentials.features import Features
from services.identity.fields import Line
from shared.http.routes import Body, Call, Reply
from shared.trust.access import SessionCaller


class LocaleBody(Body, frozen=True, kw_only=True):
    """What is left out stays. `locale` is a language, with a country where that matters: `es-US`;
    `time_zone` a name of the IANA's database.
    """

    locale: Line | None = None
    time_zone: Line | None = None


class LocaleReply(Reply, frozen=True, kw_only=True):
    locale: str
    time_zone: str


async def change_locale(features: Features, call: Call[LocaleBody, SessionCaller]) -> LocaleReply:
    account = await features.locales.change(
        call.caller.account_id,
        session_id=call.caller.session_id,
        locale=call.body.locale,
        time_zone=call.body.time_zone,
        by=call.by,
    )
    return LocaleReply(locale=account.locale, time_zone=account.time_zone)
