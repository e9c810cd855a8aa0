"""What an operator does on identity's command line: practices, gateways, mail servers,
clients, the keys of names, and the terms (ST-1, ST-2, ID-4, EN-9).

One piece: each verb is a line or two, beside what is typed for it.
"""

import argparse
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID
from zoneinfo import available_timezones

import msgspec

from services.identity.emails.features import stored_names
from services.identity.languages import FALLBACK, LANGUAGE, LONGEST_TEXT
from services.identity.log_on.features import terms
from services.identity.practices.features import clients, practices
from services.identity.practices.model import Description
from services.identity.practices.practices import NewClient
from services.identity.practices.settings import SETTINGS, Order, Value
from services.identity.settings import Settings
from shared.contracts.code_points import shows, trimmed
from shared.contracts.ids import PracticeId
from shared.program.bar import shown
from shared.program.program import Plumbing, Verb
from shared.program.terminal import FAILED, OK, named, say, say_json, tell

LONGEST_LINE = 200  # code points


class ClientPrinted(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is printed once; the secret cannot be shown again."""

    client_id: str
    client_secret: str
    practice_id: PracticeId | None = None


async def add_practice(plumbing: Plumbing[Settings], arguments: argparse.Namespace) -> int:
    made = await practices(plumbing).add(
        arguments.practice,
        contact=arguments.contact,
        locale=arguments.locale,
        time_zone=arguments.time_zone,
        settings=_settings(arguments),
        by=plumbing.operator(),
    )
    return _print(made, arguments)


async def set_practice(plumbing: Plumbing[Settings], arguments: argparse.Namespace) -> int:
    with named(arguments.practice_id):
        practice = await practices(plumbing).change(
            PracticeId(arguments.practice_id),
            _settings(arguments),
            description=Description(
                name=arguments.name,
                contact=arguments.contact,
                locale=arguments.locale,
                time_zone=arguments.time_zone,
            ),
            by=plumbing.operator(),
        )
    said = f"{practice.name} ({practice.contact}, {practice.locale}, {practice.time_zone})"
    return say(f"{said} and its settings are at version {practice.version}")


async def add_gateway(plumbing: Plumbing[Settings], arguments: argparse.Namespace) -> int:
    made = await practices(plumbing).add_gateway(arguments.client, by=plumbing.operator())
    return _print(made, arguments)


async def add_mail_server(plumbing: Plumbing[Settings], arguments: argparse.Namespace) -> int:
    made = await practices(plumbing).add_mail_server(arguments.client, by=plumbing.operator())
    return _print(made, arguments)


async def add_client(plumbing: Plumbing[Settings], arguments: argparse.Namespace) -> int:
    with named(arguments.practice_id):
        made = await practices(plumbing).add_client(
            PracticeId(arguments.practice_id), arguments.client, by=plumbing.operator()
        )
    return _print(made, arguments)


class ClientListed(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A line of `client list`."""

    client_id: str
    name: str
    practice_id: PracticeId | None = None
    scopes: list[str]
    former_until: datetime | None = None  # until then the secret before goes on
    revoked_at: datetime | None = None


async def list_clients(plumbing: Plumbing[Settings], _: argparse.Namespace) -> int:
    return say_json(
        *(
            ClientListed(
                client_id=client.id,
                name=client.name,
                practice_id=client.practice_id,
                scopes=sorted(client.scopes),
                former_until=client.former_until,
                revoked_at=client.revoked_at,
            )
            for client in await clients(plumbing).list()
        )
    )


async def rotate_client(plumbing: Plumbing[Settings], arguments: argparse.Namespace) -> int:
    overlap = timedelta(hours=arguments.overlap_hours)
    with named(arguments.client_id):
        made = await clients(plumbing).rotate(
            arguments.client_id, overlap=overlap, by=plumbing.operator()
        )
    return _print(made, arguments)


async def revoke_client(plumbing: Plumbing[Settings], arguments: argparse.Namespace) -> int:
    with named(arguments.client_id):
        await clients(plumbing).revoke(arguments.client_id, by=plumbing.operator())
    return say(f"revoked {arguments.client_id}")


async def re_key_names(plumbing: Plumbing[Settings], _: argparse.Namespace) -> int:
    with shown("addresses") as progress:
        count, collisions = await stored_names(plumbing).re_key(progress, by=plumbing.operator())
    say(f"{count} addresses have a new key")
    kept = (
        f"account {one.account_id} keeps its former key: account {one.holder_id} has the name"
        for one in collisions
    )
    return tell(FAILED if collisions else OK, *kept)


async def publish_terms(plumbing: Plumbing[Settings], arguments: argparse.Namespace) -> int:
    new = await terms(plumbing).publish(arguments.version, arguments.texts, by=plumbing.operator())
    languages = ", ".join(sorted(arguments.texts))
    return say(f"{'published' if new else 'current already:'} {arguments.version} ({languages})")


def _practice_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("practice", metavar="NAME", type=_line)
    parser.add_argument(
        "--contact", required=True, type=_line, help="how patients reach it; printed in mails"
    )
    parser.add_argument("--locale", default="en-US", type=_line, help="of its mails (en-US)")
    parser.add_argument(
        "--time-zone", default="America/New_York", type=_time_zone, help="as in the IANA database"
    )
    _each_setting(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def _setting_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("practice_id", metavar="PRACTICE_ID", type=UUID)
    parser.add_argument("--name", type=_line, help="what patients know it by")
    parser.add_argument("--contact", type=_line, help="how patients reach it; printed in mails")
    parser.add_argument("--locale", type=_line, help="of its mails")
    parser.add_argument("--time-zone", type=_time_zone, help="as in the IANA database")
    _each_setting(parser)


def _each_setting(parser: argparse.ArgumentParser) -> None:
    for setting in SETTINGS.values():
        flag = f"--{setting.name.replace('_', '-')}"
        if isinstance(setting, Order):
            parser.add_argument(flag, type=_in_order, metavar="A,B", help=setting.help)
        elif setting.is_choice:
            parser.add_argument(flag, action=argparse.BooleanOptionalAction, help=setting.help)
        else:
            parser.add_argument(flag, type=int, metavar="N", help=setting.help)


def _in_order(text: str) -> tuple[str, ...]:
    return tuple(text.split(","))


def _settings(arguments: argparse.Namespace) -> Mapping[str, Value]:
    """Those that were given."""
    given = {name: getattr(arguments, name) for name in SETTINGS}
    return {name: value for name, value in given.items() if value is not None}


def _client_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("client", metavar="NAME", type=_line)
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def _another_client_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("practice_id", metavar="PRACTICE_ID", type=UUID)
    _client_arguments(parser)


def _rotation_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("client_id", metavar="CLIENT_ID", type=_client_id)
    parser.add_argument(
        "--overlap-hours",
        default=0,
        type=int,
        choices=range(169),
        metavar="HOURS",
        help="for which the secret before goes on, 0 to 168 (0: it ends at once)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def _revocation_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("client_id", metavar="CLIENT_ID", type=_client_id)


def _terms_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("version", metavar="VERSION", type=_version)
    parser.add_argument(
        "texts",
        metavar="FOLDER",
        type=_texts,
        help="of a file a language, en.txt and others; paragraphs are parted by an empty line",
    )


def _version(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,49}", text):
        raise argparse.ArgumentTypeError("expected up to 50 letters, digits, dots and hyphens")
    return text


def _texts(folder: str) -> Mapping[str, str]:
    """The text of each file, by the language that the file is named after."""
    texts: dict[str, str] = {}
    for file in sorted(Path(folder).glob("*.txt")):
        if not re.fullmatch(LANGUAGE, file.stem):
            raise argparse.ArgumentTypeError(f"{file.name}: expected a language, as in en.txt")
        try:
            text = file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise argparse.ArgumentTypeError(f"{file.name}: {error}") from None
        if not 0 < len(text) <= LONGEST_TEXT or not all(map(shows, "".join(text.split()))):
            raise argparse.ArgumentTypeError(
                f"{file.name}: expected text that can be seen, of at most {LONGEST_TEXT} characters"
            )
        texts[file.stem] = text
    if FALLBACK not in texts:
        raise argparse.ArgumentTypeError(f"expected {FALLBACK}.txt among the files of {folder}")
    return texts


def _client_id(text: str) -> str:
    """An id goes into audit rows: nothing but an id does."""
    return str(UUID(text))


def _line(text: str) -> str:
    """What mails and pages print of a practice."""
    line = trimmed(text)
    if not line or not all(shows(symbol) for symbol in line.replace(" ", "")):
        raise argparse.ArgumentTypeError("expected one line of text that can be seen")
    if len(line) > LONGEST_LINE:
        raise argparse.ArgumentTypeError(f"expected at most {LONGEST_LINE} characters")
    return line


def _time_zone(text: str) -> str:
    if text not in available_timezones():
        raise argparse.ArgumentTypeError("no such time zone")
    return text


def _print(made: NewClient, arguments: argparse.Namespace) -> int:
    """A dry run's secret is nobody's: it is not printed, or somebody might keep it."""
    printed = ClientPrinted(
        client_id=made.client_id,
        client_secret="none: a dry run" if arguments.dry_run else made.secret,
        practice_id=made.practice_id,
    )
    if arguments.json:
        return say_json(printed)
    lines = msgspec.structs.asdict(printed).items()
    return say(*(f"{name}: {value}" for name, value in lines if value is not None))


VERBS: tuple[Verb[Settings], ...] = (
    Verb(
        name="practice add",
        help="add a practice; prints its id and its client's id and secret, once",
        arguments=_practice_arguments,
        run=add_practice,
        changes=True,
    ),
    Verb(
        name="practice set",
        help="change what is said of a practice, or its settings; counts for what comes later",
        arguments=_setting_arguments,
        run=set_practice,
        changes=True,
    ),
    Verb(
        name="gateway add",
        help="add a gateway's client; prints its id and secret, once",
        arguments=_client_arguments,
        run=add_gateway,
        changes=True,
    ),
    Verb(
        name="mail-server add",
        help="add a mail server's client; prints its id and secret, once",
        arguments=_client_arguments,
        run=add_mail_server,
        changes=True,
    ),
    Verb(
        name="client add",
        help="give a practice another client; prints its id and secret, once",
        arguments=_another_client_arguments,
        run=add_client,
        changes=True,
    ),
    Verb(name="client list", help="list every client as JSON lines", run=list_clients),
    Verb(
        name="client rotate",
        help="give a client a new secret; prints it, once",
        arguments=_rotation_arguments,
        run=rotate_client,
        changes=True,
    ),
    Verb(
        name="client revoke",
        help="revoke a client for good; its tokens end here at once, elsewhere in 5 minutes",
        arguments=_revocation_arguments,
        run=revoke_client,
        changes=True,
    ),
    Verb(
        name="terms publish",
        help="make a new version of the terms current; each log-on asks for it from then on",
        arguments=_terms_arguments,
        run=publish_terms,
        changes=True,
    ),
    Verb(
        name="names re-key",
        help="bring the keys of addresses to the form that this release compares",
        run=re_key_names,
        changes=True,
    ),
)
