"""Frozen dataclasses read once from PORTICO_*; every problem is told at once."""

import dataclasses
import difflib
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec

from shared.settings.values import Network, Secret

PREFIX = "PORTICO_"


class SettingsInvalid(Exception):
    """Something in the environment does not fit. Values are never repeated, they may be secret."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems: tuple[str, ...] = tuple(problems)
        super().__init__("; ".join(self.problems))


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingRow:
    """One variable, as the `settings` verb and the README tables show it."""

    name: str
    type: str
    default: str
    help: str
    secret: bool
    required: bool


def setting(
    name: str,
    *,
    help: str,
    default: Any = dataclasses.MISSING,
    parse: Callable[[str], Any] | None = None,
) -> Any:
    """Declare a field read from PORTICO_<name>.

    Its type says what it may be: a range or a pattern is msgspec's Meta, and a pattern's
    description is told for it. What no type says `parse` does, and raises ValueError without the
    value.
    """
    metadata = {"setting": name, "help": help, "parse": parse}
    return dataclasses.field(default=default, metadata=metadata)


S = TypeVar("S")


def load(cls: type[S], environ: Mapping[str, str]) -> S:
    """Read every setting. An empty variable counts as not set. Raises SettingsInvalid."""
    problems = unknown(cls, environ)
    values: dict[str, Any] = {}
    for field, kind in declared(cls):
        name = PREFIX + field.metadata["setting"]
        text = environ.get(name, "")
        if text:
            try:
                parse = field.metadata["parse"]
                values[field.name] = parse(text) if parse else converted(text, kind)
            except ValueError as error:
                problems.append(f"{name}: {error}")
        elif field.default is dataclasses.MISSING:
            problems.append(f"{name} is missing: {field.metadata['help']}")
        else:
            values[field.name] = field.default
    problems += contradictions(cls, values)
    if problems:
        raise SettingsInvalid(problems)
    return cls(**values)


def describe(cls: type[Any]) -> tuple[SettingRow, ...]:
    """List every variable with its type, default and help."""
    return tuple(
        SettingRow(
            name=PREFIX + field.metadata["setting"],
            type=name_of(kind).removeprefix("a "),
            default=shown(field.default),
            help=field.metadata["help"],
            secret=is_secret(kind),
            required=field.default is dataclasses.MISSING,
        )
        for field, kind in declared(cls)
    )


def declared(cls: type[Any]) -> list[tuple["dataclasses.Field[Any]", Any]]:
    """List the fields that are settings, with their types."""
    hints = typing.get_type_hints(cls, include_extras=True)
    return [
        (field, hints[field.name])
        for field in dataclasses.fields(cls)
        if "setting" in field.metadata
    ]


def unknown(cls: type[Any], environ: Mapping[str, str]) -> list[str]:
    """Name PORTICO_* variables that nothing reads: a misspelt one must not pass unseen."""
    known = [PREFIX + field.metadata["setting"] for field, _ in declared(cls)]
    problems = []
    for name in sorted(environ):
        if name.startswith(PREFIX) and name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            problems.append(f"{name} is unknown" + (f": {near[0]}?" if near else ""))
    return problems


def contradictions(cls: type[Any], values: Mapping[str, Any]) -> list[str]:
    """Ask each class's own `contradictions`, even where some other value is still wrong."""
    partial = types.SimpleNamespace(**values)
    problems: list[str] = []
    for owner in cls.__mro__:
        check = owner.__dict__.get("contradictions")
        if check is None:
            continue
        try:
            for problem in check(partial):
                problems.append(problem)  # told even where the next raises
        except AttributeError:  # it needs a value that is itself a problem already told
            continue
    return problems


# ---- one value


def converted(text: str, kind: Any) -> Any:
    """Make it a value of this type, never None. Raises ValueError, which names what is expected."""
    bare = without_none(kind)
    try:
        return msgspec.convert(text, bare, strict=False, dec_hook=lambda made, given: made(given))
    except msgspec.ValidationError:  # it repeats some values, and names one end of a range
        raise ValueError(f"expected {name_of(kind)}") from None


def without_none(kind: Any) -> Any:
    """Return the type that an optional one holds."""
    if typing.get_origin(kind) in (types.UnionType, typing.Union):
        held = [argument for argument in typing.get_args(kind) if argument is not types.NoneType]
        return held[0] if len(held) == 1 else kind
    return kind


def is_secret(kind: Any) -> bool:
    return without_none(kind) in (Secret, tuple[Secret, ...])


def name_of(kind: Any) -> str:
    """Name a type as a reader of the README and of a problem expects it."""
    bare = without_none(kind)
    if typing.get_origin(bare) is Annotated:
        held, meta = typing.get_args(bare)
        return meta.description or f"{NAMES[held]} from {meta.ge} to {meta.le}"
    if isinstance(bare, type) and issubclass(bare, Enum):
        return " | ".join(str(member.value) for member in bare)
    return NAMES[bare]


def shown(default: Any) -> str:
    """Write a default as it would stand in the environment."""
    if default is dataclasses.MISSING:
        return "(required)"
    if default in (None, ()):
        return ""
    return f"{default:g}" if isinstance(default, float) else str(default)


NAMES: Mapping[Any, str] = types.MappingProxyType(
    {
        str: "text",
        int: "a whole number",
        float: "seconds",
        Path: "path",
        Secret: "secret",
        tuple[Secret, ...]: "secrets",
        tuple[Network, ...]: "networks",
        tuple[str, ...]: "hosts",
    }
)
