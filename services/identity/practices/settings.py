"""A practice's settings, checked against the ranges that their types say (ST-2)."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import cast

import msgspec
from msgspec import inspect

from services.identity.practices.errors import SettingOutOfRange
from shared.contracts.practice_settings import PracticeSettings

Value = int | tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One setting, as its line in the record describes it."""

    name: str
    default: int
    lowest: int
    highest: int
    help: str

    @property
    def is_choice(self) -> bool:
        """Whether it is a yes or a no, not a number."""
        return isinstance(self.default, bool)

    def check(self, value: Value) -> None:
        """Raise SettingOutOfRange, which names the range."""
        if not isinstance(value, int) or not self.lowest <= value <= self.highest:
            raise SettingOutOfRange.in_field(
                self.name,
                f"{self.lowest} to {self.highest}",
                minimum=self.lowest,
                maximum=self.highest,
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A setting that puts some of its members in order."""

    name: str
    members: tuple[str, ...]
    help: str

    def check(self, value: Value) -> None:
        """Raise SettingOutOfRange, which names the members: one at least, and each once."""
        order = value if isinstance(value, tuple) else ()
        if not order or len(set(order)) < len(order) or not set(order) <= set(self.members):
            raise SettingOutOfRange.in_field(
                self.name, f"some of {', '.join(self.members)}, each once"
            )


def _described() -> Iterator[Setting | Order]:
    record = cast(inspect.StructType, inspect.type_info(PracticeSettings))
    for field in record.fields:
        match field.type:
            case inspect.Metadata(
                type=inspect.IntType(),
                extra={"lowest": int(lowest), "highest": int(highest)},
                extra_json_schema={"description": str(text)},
            ):
                yield Setting(
                    name=field.name,
                    default=field.default,
                    lowest=lowest,
                    highest=highest,
                    help=f"{text}; {field.default} unless set",
                )
            case inspect.Metadata(
                type=inspect.BoolType(), extra_json_schema={"description": str(text)}
            ):
                yield Setting(
                    name=field.name,
                    default=field.default,
                    lowest=False,
                    highest=True,
                    help=f"{text}; {'yes' if field.default else 'no'} unless set",
                )
            case inspect.Metadata(
                type=inspect.VarTupleType(),
                extra={"of": tuple(members)},
                extra_json_schema={"description": str(text)},
            ):
                yield Order(
                    name=field.name,
                    members=tuple(map(str, members)),
                    help=f"{text}; {','.join(field.default)} unless set",
                )
            case other:
                raise TypeError(f"{field.name}: say how a setting of {other} is checked and typed")


SETTINGS: Mapping[str, Setting | Order] = {setting.name: setting for setting in _described()}


def check_change(changes: Mapping[str, Value], *, besides: Collection[str]) -> None:
    """Raise SettingOutOfRange for the first that is, and for a change of nothing at all."""
    if not changes and not besides:
        raise SettingOutOfRange.in_field("settings", "name one at least")
    _check(changes)


def settled(changes: Mapping[str, Value]) -> PracticeSettings:
    """Return a new practice's: what it chose, and the defaults of the rest."""
    _check(changes)
    return msgspec.convert(changes, PracticeSettings)


def written(value: Value) -> str:
    """Write it as the audit does, and the command line."""
    return ",".join(value) if isinstance(value, tuple) else str(value)


def _check(changes: Mapping[str, Value]) -> None:
    for name, value in changes.items():
        SETTINGS[name].check(value)
