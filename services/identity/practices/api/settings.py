"""A practice reads and changes its own settings (ST-2)."""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType
from msgspec.structs import asdict

from services.identity.practices.features import Features
from services.identity.practices.model import Practice
from services.identity.practices.settings import SETTINGS
from shared.contracts.practice_settings import Channel
from shared.http.routes import Call, NoBody, Reply, StaffBody
from shared.trust.access import PracticeCaller


class SettingsBody(StaffBody, frozen=True, kw_only=True):
    """Those that are to change. Ranges are judged by rules with a code of their own. Who sends
    `version` as it was read changes nothing that another has changed since.
    """

    version: Annotated[int, Meta(ge=1, le=2**63 - 1)] | UnsetType = UNSET
    reset_link_minutes: int | UnsetType = UNSET
    token_hours_in_person: int | UnsetType = UNSET
    token_days_post: int | UnsetType = UNSET
    token_hours_email: int | UnsetType = UNSET
    invitation_days: int | UnsetType = UNSET
    temporary_hours: int | UnsetType = UNSET
    reset_token_hours: int | UnsetType = UNSET
    reset_token_days_post: int | UnsetType = UNSET
    own_account_age: int | UnsetType = UNSET
    takes_requests: bool | UnsetType = UNSET
    security_questions: bool | UnsetType = UNSET
    channels: tuple[Channel, ...] | UnsetType = UNSET


class SettingsReply(Reply, frozen=True, kw_only=True):
    """`version` goes up by one with each change of the practice."""

    version: int
    reset_link_minutes: int
    token_hours_in_person: int
    token_days_post: int
    token_hours_email: int
    invitation_days: int
    temporary_hours: int
    reset_token_hours: int
    reset_token_days_post: int
    own_account_age: int
    takes_requests: bool
    security_questions: bool
    channels: tuple[str, ...]


for shape, besides in (SettingsBody, StaffBody.__struct_fields__), (SettingsReply, ()):
    if set(shape.__struct_fields__) - {"version", *besides} != set(SETTINGS):
        raise TypeError(f"{shape.__name__}: name every setting of PracticeSettings, and no other")


async def read_practice_settings(
    features: Features, call: Call[NoBody, PracticeCaller]
) -> SettingsReply:
    return _reply(await features.practices.read(call.caller.practice_id))


async def change_practice_settings(
    features: Features, call: Call[SettingsBody, PracticeCaller]
) -> SettingsReply:
    given = {name: getattr(call.body, name) for name in SETTINGS}
    changes = {name: value for name, value in given.items() if value is not UNSET}
    version = None if call.body.version is UNSET else call.body.version
    practice = await features.practices.change(
        call.caller.practice_id, changes, version=version, by=call.by
    )
    return _reply(practice)


def _reply(practice: Practice) -> SettingsReply:
    return SettingsReply(version=practice.version, **asdict(practice.settings))
