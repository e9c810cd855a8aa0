"""Settings: frozen dataclasses read once from PORTICO_*; every problem is told at once."""

import dataclasses
import difflib
import types
import typing
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from pathlib import Path
from typing import Any, TypeVar

from shared.setting_values import (
    REDACTED,
    Network,
    Secret,
    certificates,
    guessable,
    header_name,
    host,
    in_the_clear,
    issuer,
    key_bytes,
    key_of_32_bytes,
    log_level,
    networks,
    number,
    one_of,
    port_number,
    retired_key,
    seconds,
    secrets,
    stated,
    switch,
    url_of,
    whole_number,
    within,
)

__all__ = [
    "REDACTED",
    "Environment",
    "Network",
    "Secret",
    "ServiceSettings",
    "SettingRow",
    "SettingsInvalid",
    "describe",
    "expose_metrics_on",
    "guessable",
    "key_bytes",
    "key_of_32_bytes",
    "listen_on",
    "load",
    "number",
    "one_of",
    "port_number",
    "refused_in_the_clear",
    "seconds",
    "secrets",
    "setting",
    "stated",
    "switch",
    "url_of",
    "whole_number",
    "within",
]

PREFIX = "PORTICO_"
DATABASES = ("DATABASE_URL", "MIGRATION_URL")  # their encryption is a parameter, not a scheme


class SettingsInvalid(Exception):
    """Something in the environment does not fit. Values are never repeated, they may be secret."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems: tuple[str, ...] = tuple(problems)
        super().__init__("; ".join(self.problems))


class Environment(StrEnum):
    PRODUCTION = "production"
    DEVELOPMENT = "development"


class Plaintext(StrEnum):
    REFUSED = "refused"
    ACCEPTED = "accepted"


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
    empty: bool = True,
) -> Any:
    """Declare a field read from PORTICO_<name>; `parse` raises ValueError without the value.

    `empty=False`: one that is set to nothing is a problem, not the default.
    """
    metadata = {"setting": name, "help": help, "parse": parse, "empty": empty}
    return dataclasses.field(default=default, metadata=metadata)


def listen_on(port: int) -> Any:
    """Declare a service's own default HTTP port."""
    return setting("HTTP_PORT", default=port, parse=port_number, help="HTTP port; 0: a free one")


def expose_metrics_on(port: int) -> Any:
    """Declare a service's own default metrics port."""
    return setting(
        "METRICS_PORT", default=port, parse=port_number, help="port of /metrics; 0: a free one"
    )


S = TypeVar("S")


def load(cls: type[S], environ: Mapping[str, str]) -> S:
    """Read every setting. An empty variable counts as not set. Raises SettingsInvalid."""
    problems = unknown(cls, environ)
    values: dict[str, Any] = {}
    for field, kind in declared(cls):
        name = PREFIX + field.metadata["setting"]
        text = environ.get(name, "")
        if text or (name in environ and not field.metadata["empty"]):
            try:
                values[field.name] = (field.metadata["parse"] or parser_of(kind))(text)
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
            type=name_of(kind),
            default=shown(field.default),
            help=field.metadata["help"],
            secret=is_secret(kind),
            required=field.default is dataclasses.MISSING,
        )
        for field, kind in declared(cls)
    )


def declared(cls: type[Any]) -> list[tuple["dataclasses.Field[Any]", Any]]:
    """List the fields that are settings, with their types."""
    hints = typing.get_type_hints(cls)
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
            problems.extend(check(partial))
        except AttributeError:  # it needs a value that is itself a problem already told
            continue
    return problems


# ---- parsing one value


def parser_of(kind: Any) -> Callable[[str], Any]:
    """Find how text becomes a value of this type."""
    bare = without_none(kind)
    if isinstance(bare, type) and issubclass(bare, Enum):
        return one_of(bare)
    found = PARSERS.get(bare)
    if found is None:
        raise TypeError(f"no parser for {bare}: give the setting its own")
    return found


def without_none(kind: Any) -> Any:
    """Return the type that an optional one holds."""
    if isinstance(kind, types.UnionType):
        held = [argument for argument in typing.get_args(kind) if argument is not types.NoneType]
        return held[0] if len(held) == 1 else kind
    return kind


def is_secret(kind: Any) -> bool:
    return without_none(kind) in (Secret, tuple[Secret, ...])


def name_of(kind: Any) -> str:
    """Name a type as a reader of the README expects it."""
    bare = without_none(kind)
    if isinstance(bare, type) and issubclass(bare, Enum):
        return " | ".join(str(member.value) for member in bare)
    if bare in NAMES:
        return NAMES[bare]
    return bare.__name__ if isinstance(bare, type) else str(bare)


def shown(default: Any) -> str:
    """Write a default as it would stand in the environment."""
    match default:
        case dataclasses.MISSING:
            return "(required)"
        case None | ():
            return ""
        case Enum():
            return str(default.value)
        case bool():
            return "true" if default else "false"
        case tuple():
            return ",".join(str(item) for item in default)
        case float():
            return f"{default:g}"
        case _:
            return str(default)


PARSERS: Mapping[Any, Callable[[str], Any]] = types.MappingProxyType(
    {
        str: str,
        int: whole_number,
        float: number,
        bool: switch,
        Path: Path,
        Secret: Secret,
        tuple[Network, ...]: networks,
    }
)
NAMES: Mapping[Any, str] = types.MappingProxyType(
    {
        str: "text",
        int: "whole number",
        float: "number",
        bool: "true | false",
        Path: "path",
        Secret: "secret",
        tuple[Secret, ...]: "secrets",
        tuple[Network, ...]: "networks",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSettings:
    """What every service reads; each adds its own."""

    environment: Environment = setting(
        "ENVIRONMENT", default=Environment.PRODUCTION, help="production refuses a moved clock"
    )
    database_url: Secret = setting(
        "DATABASE_URL",
        parse=url_of("postgresql", "postgres"),
        help="PostgreSQL as the service's own role; another machine's with ?sslmode=verify-full",
    )
    migration_url: Secret | None = setting(
        "MIGRATION_URL",
        default=None,
        parse=url_of("postgresql", "postgres"),
        help="PostgreSQL as the migration role; only `migrate` needs it",
    )
    broker_url: Secret = setting(
        "BROKER_URL", parse=url_of("amqp", "amqps"), help="RabbitMQ as the service's own user"
    )
    broker_admin_url: Secret | None = setting(
        "BROKER_ADMIN_URL",
        default=None,
        parse=url_of("http", "https"),
        help="RabbitMQ's management API; only `topology` needs it",
    )
    plaintext: Plaintext = setting(
        "PLAINTEXT",
        default=Plaintext.REFUSED,
        help="accepted: production speaks to other machines without verified TLS, too",
    )
    tls_ca: Path | None = setting(
        "TLS_CA",
        default=None,
        parse=certificates,
        help="PEM file of a private CA, believed besides the system's: for PostgreSQL, RabbitMQ "
        "and the mail server",
    )
    http_host: str = setting(
        "HTTP_HOST", default="127.0.0.1", parse=host, help="address to listen on"
    )
    http_port: int = listen_on(8100)
    metrics_port: int = expose_metrics_on(9100)
    clock_file: Path | None = setting(
        "CLOCK_FILE", default=None, help="file with seconds added to the time; not in production"
    )
    trusted_proxies: tuple[Network, ...] = setting(
        "TRUSTED_PROXIES", default=(), help="networks whose forwarded address is believed (LG-4)"
    )
    forwarded_header: str = setting(
        "FORWARDED_HEADER",
        default="X-Forwarded-For",
        parse=header_name,
        help="header with the client's address, each proxy's own appended",
    )
    key_encryption_key: Secret = setting(
        "KEY_ENCRYPTION_KEY",
        parse=key_of_32_bytes,
        help="32 bytes in base64: encrypts private keys at rest",
    )
    key_encryption_keys_retired: tuple[Secret, ...] = setting(
        "KEY_ENCRYPTION_KEYS_RETIRED",
        default=(),
        parse=secrets(retired_key),
        help="those before it, with commas between, until `keys re-encrypt` is done",
    )
    digest_key: Secret = setting(
        "DIGEST_KEY",
        parse=key_of_32_bytes,
        help="32 bytes in base64: key of the digests of tokens, links, clients' secrets, names and "
        "counters; changing it voids them all, at recovery names until `names re-key`",
    )
    issuer: str = setting(
        "ISSUER",
        default="https://portico.example",
        parse=issuer,
        help="`iss` of tokens is this and /<service>",
    )
    body_limit: int = setting(
        "BODY_LIMIT", default=65536, parse=within(1024, 16777216), help="bytes of a request body"
    )
    request_seconds: float = setting(
        "REQUEST_SECONDS", default=10.0, parse=seconds(0.1, 300), help="time limit of a request"
    )
    source_budget: int = setting(
        "SOURCE_BUDGET",
        default=50,
        parse=within(1, 100000),
        help="refusals told to one source in the window (LG-4)",
    )
    source_window: float = setting(
        "SOURCE_WINDOW", default=300.0, parse=seconds(1, 86400), help="that window, in seconds"
    )
    source_alarm: int = setting(
        "SOURCE_ALARM",
        default=1000,
        parse=within(1, 10**9),
        help="refusals over all sources in the window that raise the alarm (LG-4)",
    )
    log_level: str = setting(
        "LOG_LEVEL", default="INFO", parse=log_level, help="debug, info, warning or error"
    )
    pool_size: int = setting(
        "POOL_SIZE", default=10, parse=within(2, 500), help="connections to PostgreSQL"
    )
    pool_wait_seconds: float = setting(
        "POOL_WAIT_SECONDS",
        default=2.0,
        parse=seconds(0.1, 60),
        help="how long to wait for one of them before 503",
    )

    def contradictions(self) -> Iterable[str]:
        """Name what fits alone but not together."""
        if self.environment is Environment.PRODUCTION and self.clock_file is not None:
            yield f"{PREFIX}CLOCK_FILE is refused in production: deadlines would move with it"
        elif self.clock_file is not None and not self.clock_file.is_file():
            yield f"{PREFIX}CLOCK_FILE: there is no such file"
        if self.digest_key == self.key_encryption_key:
            yield f"{PREFIX}DIGEST_KEY is the key-encryption key, which then could not be changed"
        urls = {
            "DATABASE_URL": self.database_url,
            "MIGRATION_URL": self.migration_url,
            "BROKER_URL": self.broker_url,
            "BROKER_ADMIN_URL": self.broker_admin_url,
            "ISSUER": Secret(self.issuer),
        }
        yield from refused_in_the_clear(self, urls)


def refused_in_the_clear(
    settings: ServiceSettings, urls: Mapping[str, Secret | None]
) -> Iterator[str]:
    """Name the URLs, by their settings, that production may not speak to (V12.3.1)."""
    if settings.environment is not Environment.PRODUCTION:
        return
    if settings.plaintext is Plaintext.ACCEPTED:
        return
    for name, url in urls.items():
        if url is not None and in_the_clear(url.reveal()):
            wanted = "sslmode=verify-full" if name in DATABASES else "TLS"
            yield (
                f"{PREFIX}{name}: production wants {wanted} towards another machine, "
                f"or {PREFIX}PLAINTEXT={Plaintext.ACCEPTED}"
            )
